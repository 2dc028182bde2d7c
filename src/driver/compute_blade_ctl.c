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
cb_ctl_command(const struct cb *cb, struct buf *b, unsigned limit)
{
	buf_puts(b, "sh -c ");
	buf_quote(b, cb_ctl_body);
	buf_printf(b, " rm_cb_ctl %u %s %s", limit,
	    cb->lx.is_root        ? "root"
		: cb->lx.has_sudo ? "sudo"
				  : "none",
	    cb->heard == CB_HUNG ? "wait" : "ask");
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
said(struct cb *cb, const char *text)
{
	const char *p = text + strspn(text, "\r\n\t ");

	if (str_starts(p, "Error: "))
		p += 7;
	text_clean(cb->said, sizeof cb->said, p, strcspn(p, "\r\n"));
	if (cb->said[0] == '\0')
		str_copy(cb->said, sizeof cb->said,
		    "bladectl failed and does not say why.");
}

static void
blame(struct cb *cb, const char *text, long status)
{
	enum cb_cause cause = cb_cause_of(text, status);

	if (cause == CB_OTHER)
		said(cb, text);
	/* What the first trouble is hides the second. */
	if (cb->cause == CB_FINE)
		cb->cause = cause;
}

/* "  set   Configure a blade": a command, not the usage of one. */
static void
parse_help(struct cb *cb, char *text)
{
	struct {
		const char *name;
		bool *has;
	} verbs[] = {
		{ "identify", &cb->has_identify },
		{ "set", &cb->has_set },
		{ "unset", &cb->has_unset },
		{ "remove", &cb->has_remove },
		{ "describe", &cb->has_describe },
	};
	char *line, *word;

	while ((line = str_line(&text)) != NULL) {
		bool listed = line[0] == ' ' && line[1] == ' ';

		word = str_word(&line);
		if (word == NULL)
			continue;
		if (!listed && strcmp(word, "mode") == 0 && line != NULL) {
			word = str_word(&line);
			cb->mode = word == NULL          ? CB_MODE_UNKNOWN
			    : strcmp(word, "timed") == 0 ? CB_MODE_TIMED
			    : strcmp(word, "bare") == 0  ? CB_MODE_BARE
							 : CB_MODE_PLAIN;
		}
		for (size_t i = 0; listed && i < ARRAY_LEN(verbs); i++)
			*verbs[i].has |= strcmp(word, verbs[i].name) == 0;
	}
}

static void
parse_version(struct cb *cb, const char *text, long status)
{
	int slot = cb->lx.drv.config.slot;
	char out[24];

	if (find_release(text, out, sizeof out)) {
		report_text(&cb->agent, slot, NAME_AGENT_VERSION, NULL, out);
		return;
	}
	report_unknown(&cb->agent, slot, NAME_AGENT_VERSION, NULL,
	    cb->has_set ? "bladectl did not tell its release."
			: "bladectl tells its release from 0.7 on only.");
	if (cb->has_set && !cb->has_describe)
		blame(cb, text, status);
}

static void
section(struct cb *cb, const char *name, long status, char *text)
{
	if (strcmp(name, "sudo") == 0)
		blame(cb,
		    strspn(text, "\r\n ") < strlen(text)
			? text
			: "sudo does not answer in time.",
		    1);
	else if (strcmp(name, "help") == 0)
		parse_help(cb, text);
	else if (strcmp(name, "get") == 0) {
		blame(cb, text, status);
		cb->ctl_heard = status == 0 || cb->cause == CB_OLD;
	} else if (strcmp(name, "version") == 0)
		parse_version(cb, text, status);
}

static void
forget(struct cb *cb)
{
	cb->installed = cb->ctl_heard = false;
	cb->has_set = cb->has_unset = cb->has_remove = false;
	cb->has_describe = cb->has_identify = false;
	cb->mode = CB_MODE_UNKNOWN;
	cb->cause = CB_FINE;
}

static void
parse(struct cb *cb, char *text)
{
	char *at = text, *line, name[12] = "";
	long status = 0;
	struct buf body;

	buf_init(&body, 64 * 1024);
	while ((line = str_line(&at)) != NULL) {
		char *word, *number;

		if (!str_starts(line, "@ ")) {
			if (name[0] == '\0')
				cb->installed |=
				    strcmp(line, "installed yes") == 0;
			buf_puts(&body, line);
			buf_puts(&body, "\n");
			continue;
		}
		line += 2;
		word = str_word(&line);
		number = str_word(&line);
		if (body.data != NULL)
			section(cb, name, status, body.data);
		buf_clear(&body);
		str_copy(name, sizeof name, word != NULL ? word : "");
		if (number == NULL || !str_long(number, 0, 255, &status))
			status = 1;
	}
	buf_release(&body);
}

void
cb_take_ctl(struct cb *cb, char *text)
{
	struct drv *d = &cb->lx.drv;
	int slot = d->config.slot;

	forget(cb);
	parse(cb, text);
	cb->ctl_known = true;
	if (cb->mode == CB_MODE_UNKNOWN) {
		cb->cause = CB_NO_BLADECTL;
		report_unknown(&cb->agent, slot, NAME_AGENT_VERSION, NULL,
		    cb_cause_text(CB_NO_BLADECTL));
	} else if (cb->mode == CB_MODE_PLAIN && cb->cause == CB_FINE)
		cb->cause = CB_NO_SUDO;
	else if (cb->cause == CB_FINE && !cb->has_set && !cb->has_identify)
		cb->cause = CB_NO_COMMAND;
	if (cb->heard == CB_UP &&
	    (cb->cause == CB_DOWN || cb->cause == CB_STALE))
		cb->cause = CB_NO_SOCKET;
	cb_report_state(cb);
	d->sink.can_changed(d->sink_arg);
}

void
cb_ctl_missing(struct cb *cb, const char *why)
{
	struct drv *d = &cb->lx.drv;

	if (cb->ctl_known)
		return;
	report_unknown(
	    &cb->agent, d->config.slot, NAME_AGENT_VERSION, NULL, why);
}
