#include <string.h>

#include "watch_in.h"

/*
 * Which stage follows from what is read depends on the stage before it. A
 * node that boots says so itself, and is believed at once: nobody else can
 * write to its console then. In a shell anybody can, and `cat bootlog` or
 * `dmesg` show lines that are true to the letter. So what a line claims while
 * a shell is up is only suspected. It is believed
 *
 *   - when the text then pauses for CONFIRM_MS without a shell's prompt or a
 *     pager's: every boot pauses somewhere (the loader counts down, the root
 *     is waited for, a login prompt waits), while a program that shows text
 *     ends in a prompt at once; or
 *   - when a prompt follows that no shell gives: a login's, or a loader's
 *     after a loader's text.
 *
 * It is dropped when the shell's prompt returns, and when the kernel's times
 * run ahead of the clock: dmesg tells in a second what took hours. While a
 * full-screen program draws, pauses prove nothing, unless more lines came than
 * any screen has.
 *
 * A prompt is believed after PROMPT_MS of silence, and where it may be: no
 * loader's after a login, no shell's after a panic. What still comes right
 * after the power was cut was under way.
 */

#define PROMPT_MS 200
#define CONFIRM_MS 1500
#define AHEAD_S 60
#define BOOT_MAX_S 900
#define SCREEN_LINES 200
#define SETTLE_MS 2000 /* after the power was cut */
#define STOP_MS 5000 /* a prompt while it stops is still the old one */

#define BIT(s) (1u << STAGE_##s)
#define EARLY \
	(BIT(UNKNOWN) | BIT(OFF) | BIT(ROM) | BIT(MASKROM) | BIT(LOADER) | \
	    BIT(LOADER_PROMPT) | BIT(KERNEL))

static const struct {
	const char *name, *meaning;
} stages[] = {
#define STAGE(id, name, meaning) [STAGE_##id] = { name, meaning },
#include "rackmux/console/stages.def"
#undef STAGE
};

/* From which stages a line may lead to one; 0: from all. */
static const unsigned from[STAGE_COUNT] = {
	[STAGE_INIT] = EARLY | BIT(RESCUE),
	[STAGE_LOGIN] = EARLY | BIT(INIT) | BIT(RESCUE),
	[STAGE_RESCUE] = EARLY | BIT(INIT) | BIT(LOGIN) | BIT(SHELL),
	[STAGE_STOPPING] = ~(BIT(HALTED) | BIT(PANIC)),
};

const char *
stage_name(enum stage s)
{
	return stages[(unsigned)s < STAGE_COUNT ? s : STAGE_UNKNOWN].name;
}

const char *
stage_meaning(enum stage s)
{
	return stages[(unsigned)s < STAGE_COUNT ? s : STAGE_UNKNOWN].meaning;
}

void
stage_init(struct stager *s)
{
	memset(s, 0, sizeof *s);
	s->suspect = STAGE_COUNT;
}

static void
believe(struct stager *s, enum stage to, uint64_t now)
{
	s->suspect = STAGE_COUNT;
	if (to == s->now)
		return;
	s->now = to;
	s->since = now;
}

static bool
is_shell(enum stage s)
{
	return s == STAGE_SHELL || s == STAGE_RESCUE;
}

/* What the stage would be if all that was read were true. */
static enum stage
claimed(const struct stager *s)
{
	return s->suspect != STAGE_COUNT ? s->suspect : s->now;
}

static void
claim(struct stager *s, enum stage to, uint64_t now)
{
	enum stage at = claimed(s);

	if (at == to || (from[to] != 0 && (from[to] & 1u << at) == 0))
		return;
	if (!is_shell(s->now)) {
		/* The screen of a program that ran is gone with it. */
		s->screen = false;
		believe(s, to, now);
		return;
	}
	if (s->suspect == STAGE_COUNT) {
		s->suspected = now;
		s->lines = 0;
	}
	s->suspect = to == s->now ? STAGE_COUNT : to;
}

/* "node1 login: [   12.345678] ...": the kernel spoke behind the prompt. */
static bool
is_spoken_over(const char *line, size_t len)
{
	const char *open = len > 0 ? memchr(line, '[', len) : NULL;
	double sec;

	if (open == NULL || open == line)
		return false;
	(void)stage_stamp(open, len - (size_t)(open - line), &sec);
	return sec >= 0 &&
	    stage_prompt(line, (size_t)(open - line)) == PROMPT_LOGIN;
}

static bool
is_there(const struct stage_rule *r, const char *line, size_t len, size_t start,
    size_t end)
{
	size_t at = end - strlen(r->literal);

	switch (r->where) {
	case AT_START:
		return at == start;
	case AT_LINE:
		return at == 0;
	case IN_UNIT:
		return len > 8 && memcmp(line, "[  OK  ]", 8) == 0;
	case GREETING:
		return at == 0 && len > 0 && line[len - 1] == '!';
	case SPOKEN_OVER:
		return is_spoken_over(line, len);
	case ANYWHERE:
		break;
	}
	return true;
}

static bool
runs_ahead(const struct stager *s, double sec, uint64_t now)
{
	return s->suspect != STAGE_COUNT && sec >= 0 &&
	    sec > (double)(now - s->suspected) / 1000 + AHEAD_S;
}

/* A unit that starts after days is no boot, whatever else it looks like. */
static bool
in_boot(enum stage st)
{
	return st == STAGE_KERNEL || st == STAGE_INIT;
}

void
stage_line(struct stager *s, const char *line, size_t len,
    const struct scan_hits *h, uint64_t now)
{
	size_t n = stage_rules(), start;
	double sec;

	if (s->now == STAGE_OFF && now - s->since < SETTLE_MS)
		return;
	s->lines++;
	start = stage_stamp(line, len, &sec);
	if (runs_ahead(s, sec, now))
		s->suspect = STAGE_COUNT;
	for (unsigned i = 0; i < h->n; i++) {
		const struct stage_rule *r;

		if (h->v[i] >= n)
			continue;
		r = stage_rule(h->v[i]);
		if (sec > BOOT_MAX_S && in_boot(r->to))
			continue;
		if (is_there(r, line, len, start, h->end[i]))
			claim(s, r->to, now);
	}
	if (s->now == STAGE_OFF && len > 0)
		believe(s, STAGE_UNKNOWN, now);
}

/* Whether what was asked from it may still be the old system. */
static bool
is_old(const struct stager *s, uint64_t now)
{
	switch (s->now) {
	case STAGE_STOPPING:
		return now - s->since < STOP_MS;
	case STAGE_OFF:
		return now - s->since < SETTLE_MS;
	case STAGE_PANIC:
	case STAGE_HALTED:
		return true;
	default:
		return false;
	}
}

static void
at_shell(struct stager *s, bool bare, uint64_t now)
{
	unsigned at = 1u << s->now;

	s->suspect = STAGE_COUNT;
	s->screen = false;
	if (bare &&
	    (at &
		(BIT(ROM) | BIT(MASKROM) | BIT(LOADER) | BIT(LOADER_PROMPT))) !=
		0)
		believe(s, STAGE_LOADER_PROMPT, now);
	else if (!is_shell(s->now) && !is_old(s, now))
		believe(s, STAGE_SHELL, now);
}

static void
at_loader(struct stager *s, uint64_t now)
{
	unsigned at = 1u << claimed(s);

	if ((at &
		(BIT(KERNEL) | BIT(INIT) | BIT(LOGIN) | BIT(SHELL) |
		    BIT(RESCUE))) == 0)
		believe(s, STAGE_LOADER_PROMPT, now);
}

static void
at_rescue(struct stager *s, uint64_t now)
{
	unsigned at = 1u << claimed(s);

	if ((at & (EARLY | BIT(INIT) | BIT(LOGIN) | BIT(RESCUE))) != 0)
		believe(s, STAGE_RESCUE, now);
}

void
stage_pause(struct stager *s, const char *line, size_t len, uint64_t quiet,
    uint64_t now)
{
	if (quiet < PROMPT_MS)
		return;
	switch (stage_prompt(line, len)) {
	case PROMPT_LOGIN:
		if (!is_old(s, now))
			believe(s, STAGE_LOGIN, now);
		return;
	case PROMPT_SHELL:
		at_shell(s, false, now);
		return;
	case PROMPT_BARE:
		at_shell(s, true, now);
		return;
	case PROMPT_LOADER:
		at_loader(s, now);
		return;
	case PROMPT_RESCUE:
		at_rescue(s, now);
		return;
	case PROMPT_PAGER:
		return;
	case PROMPT_NONE:
		break;
	}
	if (s->suspect != STAGE_COUNT && quiet >= CONFIRM_MS &&
	    (!s->screen || s->lines > SCREEN_LINES)) {
		s->screen = false;
		believe(s, s->suspect, now);
	}
}

void
stage_power(struct stager *s, bool on, uint64_t now)
{
	if (!on)
		believe(s, STAGE_OFF, now);
	else if (s->now == STAGE_OFF)
		believe(s, STAGE_UNKNOWN, now);
	if (!on)
		s->screen = false;
}
