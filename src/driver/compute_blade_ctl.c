#include "compute_blade.h"

#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What bladectl can do on this blade, from its help: 0.6 has "identify", 0.7
 * and later "set" and "unset" (which since 0.10 is an alias of "remove").
 * "describe" came with the commands that ask the agent, so with it one
 * question tells whether bladectl reaches the agent at all, before an
 * operator needs it. The answer comes in sections, each begun by a line
 * "@ NAME STATUS".
 */

void
blade_ctl_command(const struct blade *blade, struct buf *b, unsigned limit)
{
	buf_puts(b, "sh -c ");
	buf_quote(b, blade_ctl_body);
	buf_printf(b, " rm_blade_ctl %u %s %s", limit,
	    blade->lx.is_root        ? "root"
		: blade->lx.has_sudo ? "sudo"
				     : "none",
	    blade->heard == BLADE_HUNG ? "wait" : "ask");
}

/* A release: "0.11.2", "v0.9.1", not "2026-03-04T14:33:04Z". */
static bool
release(const char *word, char *out, size_t size)
{
	size_t dots = 0, len;

	word += *word == 'v';
	len = strspn(word, "0123456789.");
	for (size_t i = 0; i < len; i++)
		dots += word[i] == '.';
	if (len < 3 || dots == 0 || word[0] == '.' || len >= size ||
	    strchr(" ,-+;)", word[len]) == NULL)
		return false;
	str_format(out, size, "%.*s", (int)len, word);
	return true;
}

/* The first release in what "bladectl version" printed: its own stands before
 * those of the agents. */
static bool
find_release(const char *text, char *out, size_t size)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((p == text || strchr(" \n(:", p[-1]) != NULL) &&
		    release(p, out, size))
			return true;
	return false;
}

static void
said(struct blade *blade, const char *text)
{
	const char *p = text + strspn(text, "\r\n\t ");

	if (str_starts(p, "Error: "))
		p += 7;
	text_clean(blade->said, sizeof blade->said, p, strcspn(p, "\r\n"));
	if (blade->said[0] == '\0')
		str_copy(blade->said, sizeof blade->said,
		    "bladectl failed and does not say why.");
}

static void
blame(struct blade *blade, const char *text, long status)
{
	enum blade_cause cause = blade_cause_of(text, status);

	if (cause == BLADE_OTHER)
		said(blade, text);
	/* What the first trouble is hides the second. */
	if (blade->cause == BLADE_FINE)
		blade->cause = cause;
}

/* "  set   Configure a blade": a command, not the usage of one. */
static void
parse_help(struct blade *blade, char *text)
{
	struct {
		const char *name;
		bool *has;
	} verbs[] = {
		{ "identify", &blade->has_identify },
		{ "set", &blade->has_set },
		{ "unset", &blade->has_unset },
		{ "remove", &blade->has_remove },
		{ "describe", &blade->has_describe },
	};
	char *line, *word;

	while ((line = str_line(&text)) != NULL) {
		bool listed = line[0] == ' ' && line[1] == ' ';

		word = str_word(&line);
		if (word == NULL)
			continue;
		if (!listed && strcmp(word, "mode") == 0 && line != NULL) {
			word = str_word(&line);
			blade->mode = word == NULL       ? BLADE_MODE_UNKNOWN
			    : strcmp(word, "timed") == 0 ? BLADE_MODE_TIMED
			    : strcmp(word, "bare") == 0  ? BLADE_MODE_BARE
							 : BLADE_MODE_PLAIN;
		}
		for (size_t i = 0; listed && i < ARRAY_LEN(verbs); i++)
			*verbs[i].has |= strcmp(word, verbs[i].name) == 0;
	}
}

static void
parse_version(struct blade *blade, const char *text, long status)
{
	int slot = blade->lx.drv.config.slot;
	char out[24];

	if (find_release(text, out, sizeof out)) {
		report_text(&blade->agent, slot, NAME_AGENT_VERSION, NULL, out);
		return;
	}
	report_unknown(&blade->agent, slot, NAME_AGENT_VERSION, NULL,
	    blade->has_set ? "bladectl did not tell its release."
			   : "bladectl tells its release from 0.7 on only.");
	if (blade->has_set && !blade->has_describe)
		blame(blade, text, status);
}

static void
section(struct blade *blade, const char *name, long status, char *text)
{
	if (strcmp(name, "sudo") == 0)
		blame(blade,
		    strspn(text, "\r\n ") < strlen(text)
			? text
			: "sudo does not answer in time.",
		    1);
	else if (strcmp(name, "help") == 0)
		parse_help(blade, text);
	else if (strcmp(name, "get") == 0) {
		blame(blade, text, status);
		blade->ctl_heard = status == 0 || blade->cause == BLADE_OLD;
	} else if (strcmp(name, "version") == 0)
		parse_version(blade, text, status);
}

static void
forget(struct blade *blade)
{
	blade->installed = blade->installed_old = blade->ctl_heard = false;
	blade->has_set = blade->has_unset = blade->has_remove = false;
	blade->has_describe = blade->has_identify = false;
	blade->mode = BLADE_MODE_UNKNOWN;
	blade->cause = BLADE_FINE;
}

static void
parse_installed(struct blade *blade, const char *line)
{
	blade->installed |= strcmp(line, "installed compute-blade-agent") == 0;
	blade->installed_old |=
	    strcmp(line, "installed computeblade-agent") == 0;
}

static void
parse(struct blade *blade, char *text)
{
	char *at = text, *line, name[12] = "";
	long status = 0;
	struct buf body;

	buf_init(&body, 64 * 1024);
	while ((line = str_line(&at)) != NULL) {
		char *word, *number;

		if (!str_starts(line, "@ ")) {
			if (name[0] == '\0')
				parse_installed(blade, line);
			buf_puts(&body, line);
			buf_puts(&body, "\n");
			continue;
		}
		line += 2;
		word = str_word(&line);
		number = str_word(&line);
		if (body.data != NULL)
			section(blade, name, status, body.data);
		buf_clear(&body);
		str_copy(name, sizeof name, word != NULL ? word : "");
		if (number == NULL || !str_long(number, 0, 255, &status))
			status = 1;
	}
	buf_release(&body);
}

void
blade_take_ctl(struct blade *blade, char *text)
{
	struct drv *d = &blade->lx.drv;
	int slot = d->config.slot;

	forget(blade);
	parse(blade, text);
	blade->ctl_known = true;
	if (blade->mode == BLADE_MODE_UNKNOWN) {
		blade->cause = BLADE_NO_BLADECTL;
		report_unknown(&blade->agent, slot, NAME_AGENT_VERSION, NULL,
		    blade_cause_text(blade, BLADE_NO_BLADECTL));
	} else if (blade->mode == BLADE_MODE_PLAIN &&
	    blade->cause == BLADE_FINE)
		blade->cause = BLADE_NO_SUDO;
	else if (blade->cause == BLADE_FINE && !blade->has_set &&
	    !blade->has_identify)
		blade->cause = BLADE_NO_COMMAND;
	if (blade->heard == BLADE_UP &&
	    (blade->cause == BLADE_DOWN || blade->cause == BLADE_STALE))
		blade->cause = BLADE_NO_SOCKET;
	blade_report_state(blade);
	d->sink.can_changed(d->sink_arg);
}

void
blade_ctl_missing(struct blade *blade, const char *why)
{
	struct drv *d = &blade->lx.drv;

	if (blade->ctl_known)
		return;
	report_unknown(
	    &blade->agent, d->config.slot, NAME_AGENT_VERSION, NULL, why);
}
