/*
 * What "ssh -G" prints, as values, and what holds without it.
 *
 * It leaves "~" and some tokens in place, because ssh resolves them later.
 */
#include "rackmux/link/sshconfig.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/* --- the answer --------------------------------------------------------- */

static void
replace(char **p, const char *text)
{
	char *copy = mem_strdup(text);

	free(*p);
	*p = copy;
}

const char *
sshconfig_home(void)
{
	const char *dir = getenv("HOME");
	const struct passwd *pw;

	if (dir != NULL && dir[0] == '/')
		return dir;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_dir : "/";
}

static const char *
local_user(void)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *user = getenv("USER");

	if (pw != NULL)
		return pw->pw_name;
	return user != NULL ? user : "root";
}

static void
list_clear(char **list, size_t *n)
{
	while (*n > 0)
		free(list[--*n]);
}

static void
list_add(char **list, size_t *n, char *text)
{
	if (*n < SSHCONFIG_FILES)
		list[(*n)++] = text;
	else
		free(text);
}

static const char *const default_keys[] = { "id_ed25519", "id_ecdsa",
	"id_rsa" };

void
sshconfig_defaults(struct sshconfig *c, const struct sshconfig_query *q)
{
	memset(c, 0, sizeof *c);
	c->hostname = mem_strdup(q->host);
	c->port = q->port != 0 ? q->port : 22;
	c->user = mem_strdup(q->user != NULL ? q->user : local_user());
	for (size_t i = 0; i < ARRAY_LEN(default_keys); i++)
		list_add(c->identity, &c->n_identity,
		    mem_printf(
			"%s/.ssh/%s", sshconfig_home(), default_keys[i]));
	list_add(c->user_hosts, &c->n_user_hosts,
	    mem_printf("%s/.ssh/known_hosts", sshconfig_home()));
	list_add(c->user_hosts, &c->n_user_hosts,
	    mem_printf("%s/.ssh/known_hosts2", sshconfig_home()));
	list_add(c->global_hosts, &c->n_global_hosts,
	    mem_strdup("/etc/ssh/ssh_known_hosts"));
	list_add(c->global_hosts, &c->n_global_hosts,
	    mem_strdup("/etc/ssh/ssh_known_hosts2"));
	c->agent = mem_strdup(getenv("SSH_AUTH_SOCK"));
}

void
sshconfig_release(struct sshconfig *c)
{
	free(c->hostname);
	free(c->user);
	list_clear(c->identity, &c->n_identity);
	list_clear(c->user_hosts, &c->n_user_hosts);
	list_clear(c->global_hosts, &c->n_global_hosts);
	free(c->agent);
	free(c->alias);
	free(c->jump);
	free(c->proxy);
	free(c->preferred);
	memset(c, 0, sizeof *c);
}

void
sshconfig_copy(struct sshconfig *to, const struct sshconfig *from)
{
	*to = *from;
	to->hostname = mem_strdup(from->hostname);
	to->user = mem_strdup(from->user);
	for (size_t i = 0; i < from->n_identity; i++)
		to->identity[i] = mem_strdup(from->identity[i]);
	for (size_t i = 0; i < from->n_user_hosts; i++)
		to->user_hosts[i] = mem_strdup(from->user_hosts[i]);
	for (size_t i = 0; i < from->n_global_hosts; i++)
		to->global_hosts[i] = mem_strdup(from->global_hosts[i]);
	to->agent = mem_strdup(from->agent);
	to->alias = mem_strdup(from->alias);
	to->jump = mem_strdup(from->jump);
	to->proxy = mem_strdup(from->proxy);
	to->preferred = mem_strdup(from->preferred);
}

static bool
expand_one(
    struct buf *out, const struct sshconfig *c, char token, const char *host)
{
	switch (token) {
	case '%':
		return buf_puts(out, "%");
	case 'h':
		return buf_puts(out, c->hostname);
	case 'n':
		return buf_puts(out, host);
	case 'p':
		return buf_printf(out, "%u", c->port);
	case 'r':
		return buf_puts(out, c->user);
	case 'd':
		return buf_puts(out, sshconfig_home());
	case 'u':
		return buf_puts(out, local_user());
	case 'k':
		return buf_puts(out, c->alias != NULL ? c->alias : host);
	default:
		return buf_printf(out, "%%%c", token);
	}
}

char *
sshconfig_expand(const struct sshconfig *c, const char *text, const char *host)
{
	struct buf out;
	char *copy;

	buf_init(&out, 16384);
	if (str_starts(text, "~/")) {
		buf_puts(&out, sshconfig_home());
		text++;
	}
	for (; *text != '\0'; text++) {
		if (text[0] == '%' && text[1] != '\0')
			expand_one(&out, c, *++text, host);
		else
			buf_add(&out, text, 1);
	}
	copy = mem_strdup(buf_str(&out));
	buf_release(&out);
	return copy;
}

/* --- parsing ------------------------------------------------------------ */

static void
parse_files(struct sshconfig *c, char **list, size_t *n, char *value)
{
	char *word;

	list_clear(list, n);
	while ((word = str_word(&value)) != NULL)
		if (strcmp(word, "none") != 0)
			list_add(
			    list, n, sshconfig_expand(c, word, c->hostname));
}

static void
parse_optional(char **p, const char *value)
{
	replace(p, strcmp(value, "none") == 0 ? NULL : value);
}

static void
parse_agent(struct sshconfig *c, const char *value)
{
	if (strcmp(value, "none") == 0) {
		replace(&c->agent, NULL);
	} else if (strcmp(value, "SSH_AUTH_SOCK") == 0) {
		replace(&c->agent, getenv("SSH_AUTH_SOCK"));
	} else if (value[0] == '$') {
		replace(&c->agent, getenv(value + 1));
	} else {
		free(c->agent);
		c->agent = sshconfig_expand(c, value, c->hostname);
	}
}

static enum sshconfig_strict
parse_strict(const char *value)
{
	if (strcmp(value, "yes") == 0 || strcmp(value, "true") == 0)
		return STRICT_YES;
	if (strcmp(value, "accept-new") == 0)
		return STRICT_NEW;
	if (strcmp(value, "no") == 0 || strcmp(value, "off") == 0 ||
	    strcmp(value, "false") == 0)
		return STRICT_NO;
	return STRICT_ASK;
}

static bool
parse_yes(const char *value)
{
	return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
}

static void
parse_number(struct sshconfig *c, const char *key, const char *value)
{
	long n;

	if (strcmp(key, "port") == 0 && str_long(value, 1, 65535, &n))
		c->port = (unsigned)n;
	else if (strcmp(key, "connecttimeout") == 0 &&
	    str_long(value, 1, 3600, &n))
		c->connect_ms = (unsigned)n * 1000;
}

static void
parse_option(struct sshconfig *c, const char *key, char *value)
{
	if (strcmp(key, "hostname") == 0)
		replace(&c->hostname, value);
	else if (strcmp(key, "user") == 0)
		replace(&c->user, value);
	else if (strcmp(key, "userknownhostsfile") == 0)
		parse_files(c, c->user_hosts, &c->n_user_hosts, value);
	else if (strcmp(key, "globalknownhostsfile") == 0)
		parse_files(c, c->global_hosts, &c->n_global_hosts, value);
	else if (strcmp(key, "identityagent") == 0)
		parse_agent(c, value);
	else if (strcmp(key, "hostkeyalias") == 0)
		parse_optional(&c->alias, value);
	else if (strcmp(key, "proxyjump") == 0)
		parse_optional(&c->jump, value);
	else if (strcmp(key, "proxycommand") == 0)
		parse_optional(&c->proxy, value);
	else if (strcmp(key, "preferredauthentications") == 0)
		replace(&c->preferred, value);
	else if (strcmp(key, "stricthostkeychecking") == 0)
		c->strict = parse_strict(value);
	else if (strcmp(key, "identitiesonly") == 0)
		c->identities_only = parse_yes(value);
	else if (strcmp(key, "hashknownhosts") == 0)
		c->hash = parse_yes(value);
	else if (strcmp(key, "addressfamily") == 0)
		c->family = strcmp(value, "inet") == 0 ? AF_INET
		    : strcmp(value, "inet6") == 0      ? AF_INET6
						       : AF_UNSPEC;
	else
		parse_number(c, key, value);
}

void
sshconfig_parse(struct sshconfig *c, char *text)
{
	char *p = text, *line;
	bool identities = false;

	while ((line = str_line(&p)) != NULL) {
		char *value = strchr(line, ' ');

		if (value == NULL)
			continue;
		*value++ = '\0';
		value = str_trim(value);
		if (strcmp(line, "identityfile") != 0) {
			parse_option(c, line, value);
			continue;
		}
		if (!identities)
			list_clear(c->identity, &c->n_identity);
		identities = true;
		if (strcmp(value, "none") != 0)
			list_add(c->identity, &c->n_identity,
			    sshconfig_expand(c, value, c->hostname));
	}
}
