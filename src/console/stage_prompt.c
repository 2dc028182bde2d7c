#include <ctype.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "watch_in.h"

/*
 * Prompts have no newline, and little in common: what is asked is only whether
 * a line could be one. That nothing follows it for a while is what makes it
 * one (stage.c).
 */

struct span {
	const char *s;
	size_t len;
};

static bool
is(struct span p, const char *text)
{
	return p.len == strlen(text) && memcmp(p.s, text, p.len) == 0;
}

static bool
begins(struct span p, const char *text)
{
	size_t n = strlen(text);

	return p.len >= n && memcmp(p.s, text, n) == 0;
}

static bool
ends(struct span p, const char *text)
{
	size_t n = strlen(text);

	return p.len >= n && memcmp(p.s + p.len - n, text, n) == 0;
}

static bool
has(struct span p, char c)
{
	return p.len > 0 && memchr(p.s, c, p.len) != NULL;
}

static bool
is_name(struct span p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!isalnum((unsigned char)p.s[i]) &&
		    strchr("._-", p.s[i]) == NULL)
			return false;
	return p.len > 0;
}

/* "node1 login:", "login:", "node1 ttyS0 login:" of some gettys. */
static bool
is_login(struct span p)
{
	struct span host = p;

	if (is(p, "login:") || is(p, "Username:"))
		return true;
	if (!ends(p, " login:"))
		return false;
	host.len -= strlen(" login:");
	if (memchr(host.s, ' ', host.len) != NULL)
		host.len =
		    (size_t)((const char *)memchr(host.s, ' ', host.len) -
			host.s);
	return is_name(host) && !begins(p, "Last ");
}

static bool
is_loader(struct span p)
{
	static const char *const prompts[] = { "=>", "U-Boot>", "u-boot>",
		"grub>", "grub rescue>", "Hobot>", "barebox>" };
	struct span name = p;

	for (size_t i = 0; i < ARRAY_LEN(prompts); i++)
		if (is(p, prompts[i]))
			return true;
	if (!ends(p, "=>"))
		return false;
	name.len -= 2;
	return is_name(name);
}

static bool
is_rescue(struct span p)
{
	return is(p, "(initramfs)") ||
	    begins(p, "Give root password for maintenance") ||
	    begins(p, "(or press Control-D to continue):") ||
	    begins(p, "Press Enter for maintenance") || begins(p, "dracut:/");
}

static bool
is_pager(struct span p)
{
	return is(p, ":") || ends(p, "(END)") || begins(p, "--More--") ||
	    begins(p, "lines ") || begins(p, ":/");
}

/* What stands before the sign: nobody but a shell says "user@host", a path, or
 * its own name and version. */
static enum prompt
shell_of(struct span p)
{
	char sign = p.s[p.len - 1];
	struct span head = { p.s, p.len - 1 };

	while (head.len > 0 && head.s[head.len - 1] == ' ')
		head.len--;
	if (sign == '>')
		return has(head, '@') && !has(head, '<') ? PROMPT_SHELL
							 : PROMPT_NONE;
	if (sign == '%' && !has(head, '@'))
		return PROMPT_NONE;
	if (head.len == 0)
		return PROMPT_BARE;
	if (has(head, '@') || head.s[0] == '/' || head.s[0] == '~')
		return PROMPT_SHELL;
	if (head.s[0] == '[')
		return ends(head, "]") ? PROMPT_SHELL : PROMPT_NONE;
	if (begins(head, "bash-") || begins(head, "sh-") ||
	    (has(head, ':') && !has(head, ' ')))
		return PROMPT_SHELL;
	return is_name(head) ? PROMPT_BARE : PROMPT_NONE;
}

#define PROMPT_MAX 160

enum prompt
stage_prompt(const char *line, size_t len)
{
	struct span p = { line, len };

	while (p.len > 0 && p.s[p.len - 1] == ' ')
		p.len--;
	if (p.len == 0 || p.len > PROMPT_MAX)
		return PROMPT_NONE;
	if (is_login(p))
		return PROMPT_LOGIN;
	if (is_loader(p))
		return PROMPT_LOADER;
	if (is_rescue(p))
		return PROMPT_RESCUE;
	if (is_pager(p))
		return PROMPT_PAGER;
	if (strchr("$#%>", p.s[p.len - 1]) != NULL && len - p.len <= 1)
		return shell_of(p);
	return PROMPT_NONE;
}

size_t
stage_stamp(const char *line, size_t len, double *sec)
{
	size_t i = 1, digits = 0;
	double value = 0, unit = 1;
	bool point = false;

	*sec = -1;
	if (len < 4 || line[0] != '[')
		return 0;
	while (i < len && line[i] == ' ')
		i++;
	for (; i < len && digits < 20; i++) {
		if (line[i] == '.' && !point && digits > 0) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)line[i]))
			break;
		unit = point ? unit / 10 : unit;
		value = point ? value + (line[i] - '0') * unit
			      : value * 10 + (line[i] - '0');
		digits++;
	}
	if (!point || i >= len || line[i] != ']')
		return 0;
	*sec = value;
	i++;
	/* "[    T1]": who said it, with CONFIG_PRINTK_CALLER. */
	if (i < len && line[i] == '[') {
		const char *end = memchr(line + i, ']', len - i);

		i = end != NULL ? (size_t)(end - line) + 1 : i;
	}
	return i < len && line[i] == ' ' ? i + 1 : i;
}
