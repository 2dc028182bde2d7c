/*
 * ssh's configuration of a host, by "ssh -G".
 *
 * 4 ms a host, in a child of its own; libssh's parser lacks IdentitiesOnly,
 * HostKeyAlias, AddressFamily and all but the first known_hosts file, and may
 * run "Match exec" commands on our thread. Answers are kept for half a minute
 * at most, because an Include may change without the main file changing.
 */
#include "rackmux/link/sshconfig.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define OUTPUT_MAX (128 * 1024)
#define ANSWER_MS 10000
#define KEEP_MS 30000
#define KEEP_MAX 2048

struct kept {
	struct kept *next;
	char *id;
	uint64_t at;
	struct sshconfig config;
};

struct sshconfigs {
	struct loop *loop;
	struct kept *kept;
	size_t n;
	struct sshconfig_wait *waits;
};

struct sshconfig_wait {
	struct sshconfig_wait *next;
	struct sshconfigs *all;
	char *id;
	char *host, *user, *file;
	unsigned port;
	struct task *task;
	struct timer *deadline;
	struct child *child;
	struct io *io, *io_err;
	struct buf out, err;
	bool eof, exited;
	int status;
	sshconfig_fn *fn;
	void *arg;
};

/* --- the answer --------------------------------------------------------- */

static void
replace(char **p, const char *text)
{
	char *copy = mem_strdup(text);

	free(*p);
	*p = copy;
}

static const char *
home(void)
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
		    mem_printf("%s/.ssh/%s", home(), default_keys[i]));
	list_add(c->user_hosts, &c->n_user_hosts,
	    mem_printf("%s/.ssh/known_hosts", home()));
	list_add(c->user_hosts, &c->n_user_hosts,
	    mem_printf("%s/.ssh/known_hosts2", home()));
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
		return buf_puts(out, home());
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
		buf_puts(&out, home());
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

/* --- the cache ---------------------------------------------------------- */

static void
stamp(struct buf *out, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		buf_puts(out, " -");
	else
		buf_printf(out, " %lld.%ld.%lld", (long long)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec, (long long)st.st_size);
}

/* What was asked, and the state of the files when it was. */
static char *
query_id(const struct sshconfig_query *q)
{
	struct buf out;
	char *id, *path;

	buf_init(&out, 4096);
	buf_printf(&out, "%s\n%s\n%u\n%s\n", q->host,
	    q->user != NULL ? q->user : "", q->port,
	    q->file != NULL ? q->file : "");
	if (q->file != NULL) {
		stamp(&out, q->file);
	} else {
		path = mem_printf("%s/.ssh/config", home());
		stamp(&out, path);
		free(path);
		stamp(&out, "/etc/ssh/ssh_config");
		stamp(&out, "/etc/ssh/ssh_config.d");
	}
	id = mem_strdup(buf_str(&out));
	buf_release(&out);
	return id;
}

static void
kept_drop(struct sshconfigs *all, struct kept **p)
{
	struct kept *k = *p;

	*p = k->next;
	all->n--;
	free(k->id);
	sshconfig_release(&k->config);
	free(k);
}

static const struct sshconfig *
kept_find(struct sshconfigs *all, const char *id)
{
	struct kept **p = &all->kept;

	while (*p != NULL) {
		if (loop_now(all->loop) - (*p)->at >= KEEP_MS)
			kept_drop(all, p);
		else if (strcmp((*p)->id, id) == 0)
			return &(*p)->config;
		else
			p = &(*p)->next;
	}
	return NULL;
}

static void
keep(struct sshconfigs *all, const char *id, const struct sshconfig *config)
{
	struct kept *k;

	if (all->n >= KEEP_MAX || kept_find(all, id) != NULL)
		return;
	k = mem_alloc(sizeof *k);
	k->id = mem_strdup(id);
	k->at = loop_now(all->loop);
	sshconfig_copy(&k->config, config);
	k->next = all->kept;
	all->kept = k;
	all->n++;
}

struct sshconfigs *
sshconfigs_new(struct loop *loop)
{
	struct sshconfigs *all = mem_alloc(sizeof *all);

	all->loop = loop;
	return all;
}

void
sshconfigs_free(struct sshconfigs *all)
{
	if (all == NULL)
		return;
	while (all->waits != NULL)
		sshconfig_cancel(all->waits);
	while (all->kept != NULL)
		kept_drop(all, &all->kept);
	free(all);
}

/* --- asking ------------------------------------------------------------- */

void
sshconfig_cancel(struct sshconfig_wait *w)
{
	struct sshconfig_wait **p;

	if (w == NULL)
		return;
	for (p = &w->all->waits; *p != NULL; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	io_free(w->io);
	io_free(w->io_err);
	child_free(w->child);
	timer_free(w->deadline);
	task_free(w->task);
	buf_release(&w->out);
	buf_release(&w->err);
	free(w->id);
	free(w->host);
	free(w->user);
	free(w->file);
	free(w);
}

static void
answer(struct sshconfig_wait *w, const struct sshconfig *c, const char *why)
{
	sshconfig_fn *fn = w->fn;
	void *arg = w->arg;
	struct sshconfig copy;
	char *text = mem_strdup(why);

	memset(&copy, 0, sizeof copy);
	if (c != NULL)
		sshconfig_copy(&copy, c);
	sshconfig_cancel(w);
	fn(arg, c != NULL ? &copy : NULL, text);
	sshconfig_release(&copy);
	free(text);
}

static struct sshconfig_query
query_of(const struct sshconfig_wait *w)
{
	return (struct sshconfig_query){ .host = w->host,
		.user = w->user,
		.port = w->port,
		.file = w->file };
}

static void
answer_defaults(struct sshconfig_wait *w)
{
	struct sshconfig_query q = query_of(w);
	struct sshconfig c;

	sshconfig_defaults(&c, &q);
	answer(w, &c, NULL);
	sshconfig_release(&c);
}

/* Both the output and the exit status are wanted, in either order. */
static void
finish(struct sshconfig_wait *w)
{
	struct sshconfig_query q = query_of(w);
	struct sshconfig c;
	char text[512];

	if (!w->eof || !w->exited)
		return;
	if (!WIFEXITED(w->status) || WEXITSTATUS(w->status) == 127) {
		answer_defaults(w);
		return;
	}
	if (WEXITSTATUS(w->status) != 0 || w->out.len == 0 || w->out.cut) {
		text_clean(text, sizeof text, buf_str(&w->err), w->err.len);
		answer(w, NULL,
		    text[0] != '\0'
			? str_trim(text)
			: "ssh -G could not read its configuration");
		return;
	}
	sshconfig_defaults(&c, &q);
	sshconfig_parse(&c, w->out.data);
	keep(w->all, w->id, &c);
	answer(w, &c, NULL);
	sshconfig_release(&c);
}

/* False when there will be no more. */
static bool
drain(int fd, struct buf *into)
{
	char data[8192];
	ssize_t n;

	while (
	    (n = read(fd, data, sizeof data)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(into, data, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

static void
on_output(void *arg, int events)
{
	struct sshconfig_wait *w = arg;

	if (drain(child_fd(w->child), &w->out) && (events & IO_HUP) == 0)
		return;
	io_free(w->io);
	w->io = NULL;
	w->eof = true;
	finish(w);
}

static void
on_error_output(void *arg, int events)
{
	struct sshconfig_wait *w = arg;

	if (drain(child_stderr(w->child), &w->err) && (events & IO_HUP) == 0)
		return;
	io_free(w->io_err);
	w->io_err = NULL;
}

static void
on_exit_status(void *arg, int status)
{
	struct sshconfig_wait *w = arg;

	w->exited = true;
	w->status = status;
	drain(child_stderr(w->child), &w->err);
	/* A "Match exec" may have left something that holds our pipe. */
	if (!w->eof) {
		drain(child_fd(w->child), &w->out);
		io_free(w->io);
		w->io = NULL;
		w->eof = true;
	}
	finish(w);
}

static void
on_deadline(void *arg)
{
	answer(arg, NULL, "ssh -G does not answer");
}

static void
run(struct sshconfig_wait *w)
{
	char port[16], *argv[16];
	size_t n = 0;
	int err = 0;
	char prog[] = "ssh", g[] = "-G", p[] = "-p", l[] = "-l", f[] = "-F",
	     end[] = "--";
	struct child_options options = { .argv = argv, .io = CHILD_PIPES };

	str_format(port, sizeof port, "%u", w->port);
	argv[n++] = prog;
	argv[n++] = g;
	if (w->port != 0) {
		argv[n++] = p;
		argv[n++] = port;
	}
	if (w->user != NULL) {
		argv[n++] = l;
		argv[n++] = w->user;
	}
	if (w->file != NULL) {
		argv[n++] = f;
		argv[n++] = w->file;
	}
	argv[n++] = end;
	argv[n++] = w->host;
	argv[n] = NULL;
	w->child = child_start(w->all->loop, &options, on_exit_status, w, &err);
	if (w->child == NULL) {
		answer_defaults(w);
		return;
	}
	child_eof(w->child);
	w->io = io_new(w->all->loop, child_fd(w->child), on_output, w);
	io_want(w->io, IO_READ);
	w->io_err =
	    io_new(w->all->loop, child_stderr(w->child), on_error_output, w);
	io_want(w->io_err, IO_READ);
	timer_start(w->deadline, ANSWER_MS);
}

static void
begin(void *arg)
{
	struct sshconfig_wait *w = arg;
	const struct sshconfig *c;

	if (w->file != NULL && strcmp(w->file, "none") == 0) {
		answer_defaults(w);
		return;
	}
	c = kept_find(w->all, w->id);
	if (c != NULL)
		answer(w, c, NULL);
	else
		run(w);
}

struct sshconfig_wait *
sshconfig_get(struct sshconfigs *all, const struct sshconfig_query *q,
    sshconfig_fn *fn, void *arg)
{
	struct sshconfig_wait *w = mem_alloc(sizeof *w);

	w->all = all;
	w->id = query_id(q);
	w->host = mem_strdup(q->host);
	w->user = mem_strdup(q->user);
	w->file = mem_strdup(q->file);
	w->port = q->port;
	w->fn = fn;
	w->arg = arg;
	w->task = task_new(all->loop, begin, w);
	w->deadline = timer_new(all->loop, on_deadline, w);
	buf_init(&w->out, OUTPUT_MAX);
	buf_init(&w->err, 4096);
	w->next = all->waits;
	all->waits = w;
	task_post(w->task);
	return w;
}
