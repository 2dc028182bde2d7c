#include "rackmux/driver/way.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What is common to all ways, and the manners of the programs that operators
 * and boards put in between. picocom says "Terminal ready" as the last of some
 * twenty lines; it and nodectl pass their escape on when it is typed twice.
 */

void
way_init(struct way *w)
{
	memset(w, 0, sizeof *w);
}

bool
way_quote(char *out, unsigned size, const char *word)
{
	struct buf b;
	bool fits;

	buf_init(&b, 0);
	buf_quote(&b, word);
	fits = b.len < size;
	if (size > 0)
		str_copy(out, size, fits ? buf_str(&b) : "");
	buf_release(&b);
	return fits;
}

static bool
same_place(const struct way *a, const struct way *b)
{
	return a->port == b->port && a->tls == b->tls && a->baud == b->baud &&
	    strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 &&
	    strcmp(a->device, b->device) == 0;
}

static bool
same_manners(const struct way *a, const struct way *b)
{
	return strcmp(a->ready, b->ready) == 0 &&
	    strcmp(a->quit, b->quit) == 0 && strcmp(a->bye, b->bye) == 0 &&
	    strcmp(a->brk, b->brk) == 0 && strcmp(a->said, b->said) == 0 &&
	    strcmp(a->held, b->held) == 0;
}

static bool
same_question(const struct way *a, const struct way *b)
{
	return strcmp(a->type_cmd, b->type_cmd) == 0 &&
	    strcmp(a->field, b->field) == 0 && a->ask_ms == b->ask_ms &&
	    a->ring == b->ring && a->window == b->window;
}

/* What is only said of it (limits, repeats, steals) does not count. */
bool
way_same(const struct way *a, const struct way *b)
{
	return a->kind == b->kind && a->by == b->by &&
	    strcmp(a->cmd, b->cmd) == 0 && same_place(a, b) &&
	    same_manners(a, b) && same_question(a, b);
}

/* --- programs in between -------------------------------------------------- */

static const struct manners {
	const char *program, *also; /* both are in the command */
	const char *ready, *quit, *bye, *brk, *said, *held;
} known[] = {
	{ "picocom", "", "Terminal ready", "\001\030",
	    "Terminating...|Skipping tty|Thanks for using picocom", "\001\034",
	    "*** break sent ***", "cannot lock|Device or resource busy" },
	{ "nodectl", "console", "console - exit: Ctrl-] then q]", "\035q",
	    "[detached]", "", "", "cannot lock|is in use by another program" },
	/* Its ~. is an escape at the start of a line only, and goes to the
	 * node elsewhere: so it is not typed. */
	{ "ipmitool", "sol activate", "[SOL Session operational", "",
	    "[terminated ipmitool]", "", "",
	    "SOL payload already active on another session" },
};

/* What follows the word of the command that is this program, with or without
 * its folder; NULL: it is another. */
static const char *
runs(const char *cmd, const char *program)
{
	const size_t len = strlen(program);

	for (const char *p = cmd; (p = strstr(p, program)) != NULL; p += len) {
		char before = p == cmd ? ' ' : p[-1];

		if (strchr(" /\"';(&|", before) != NULL &&
		    strchr(" \"'", p[len]) != NULL)
			return p + len;
	}
	return NULL;
}

/* Another escape, or none: what picocom would take for its own, the node gets
 * instead. Nothing of that kind is typed then. */
static bool
other_escape(const char *options)
{
	return strstr(options, " -e") != NULL ||
	    strstr(options, " -n") != NULL ||
	    strstr(options, " --escape") != NULL ||
	    strstr(options, " --no-escape") != NULL;
}

void
way_manners(struct way *w)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const struct manners *m = &known[i];
		const char *options = runs(w->cmd, m->program);
		bool quiet, keys;

		if (options == NULL || strstr(options, m->also) == NULL)
			continue;
		quiet = strstr(options, " -q ") != NULL ||
		    strstr(options, " --quiet") != NULL;
		keys = m->brk[0] == '\0' || !other_escape(options);
		str_copy(w->ready, sizeof w->ready, quiet ? "" : m->ready);
		str_copy(w->quit, sizeof w->quit, keys ? m->quit : "");
		str_copy(w->bye, sizeof w->bye, m->bye);
		str_copy(w->brk, sizeof w->brk, keys ? m->brk : "");
		str_copy(w->said, sizeof w->said, keys ? m->said : "");
		str_copy(w->held, sizeof w->held, m->held);
		w->sends_break = w->brk[0] != '\0';
		return;
	}
}
