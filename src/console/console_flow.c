/*
 * How much is taken of what comes, and when.
 *
 * A console takes 16 KiB a turn, so that one that floods leaves the loop to
 * others; what is left is asked for in the next turn, in the order in which
 * consoles had to wait.
 *
 * A stream that nobody watches rests after it was read: what comes meanwhile
 * waits in the kernel, and one wake-up then carries all of it. The rests grow
 * while little comes and shrink when much does, and stay short enough that a
 * tty's 4,096 bytes do not overflow at the line's speed. Rests end together
 * (REST_GRID_MS), so that 256 streams wake the program a few times a second
 * and not thousands.
 *
 * Who is offered something again that did not ask for it is offered it for the
 * last time: its stream is about to close. That is taken whole.
 */
#include "console_in.h"

#define REST_MAX_MS 50
#define REST_MIN_MS 4
#define REST_GRID_MS 16
#define REST_FEW 1024 /* bytes a wake-up: rest longer */
#define REST_MANY 2560 /* rest less: a pty holds no more than 4,096 */
#define TTY_HALF 2048 /* half of what a tty keeps */

static void
unhold(struct console *c)
{
	struct consoles *s = c->set;

	if (c->hold == HOLD_TURN) {
		TAILQ_REMOVE(&s->held, c, hold_next);
		s->held_n--;
	} else if (c->hold == HOLD_REST) {
		TAILQ_REMOVE(&s->resting, c, hold_next);
	}
	c->hold = HOLD_NONE;
}

static void
turn_due(struct consoles *s)
{
	if (s->turn_due)
		return;
	s->turn_due = true;
	task_post(s->task);
}

static void
rest_until(struct consoles *s, uint64_t when)
{
	uint64_t now = loop_now(s->loop);

	if (!timer_active(s->rest))
		timer_start(s->rest, when > now ? when - now : 0);
}

static void
hold(struct console *c, enum hold how)
{
	struct consoles *s = c->set;

	unhold(c);
	c->hold = how;
	c->unfinished = true;
	if (how == HOLD_TURN) {
		TAILQ_INSERT_TAIL(&s->held, c, hold_next);
		s->held_n++;
		turn_due(s);
	} else if (how == HOLD_REST) {
		TAILQ_INSERT_TAIL(&s->resting, c, hold_next);
		rest_until(s, c->rest_until);
	}
}

/* Nobody would see it sooner, and no time is written beside each piece. */
static bool
may_rest(const struct console *c)
{
	return TAILQ_EMPTY(&c->viewers) && !c->armed && !c->record &&
	    !(c->claim && bus_joined(c->claim) > 0);
}

static unsigned
longest_rest(const struct console *c)
{
	unsigned long ms, baud = c->way ? c->way->baud : 0;

	if (baud == 0)
		return REST_MAX_MS;
	ms = TTY_HALF * 10000ul / baud; /* ten bits a byte */
	return ms < REST_MAX_MS ? (unsigned)ms : REST_MAX_MS;
}

static void
begin_rest(struct console *c, size_t got)
{
	unsigned most = longest_rest(c), grid;
	uint64_t now = loop_now(c->set->loop);

	if (got >= REST_MANY)
		c->rest_ms /= 2;
	else if (got < REST_FEW)
		c->rest_ms = c->rest_ms ? c->rest_ms * 2 : REST_MIN_MS;
	if (c->rest_ms > most)
		c->rest_ms = most;
	if (c->rest_ms < REST_MIN_MS) {
		c->rest_ms = 0;
		return;
	}
	grid = c->rest_ms < REST_GRID_MS ? REST_MIN_MS : REST_GRID_MS;
	c->rest_until = (now + c->rest_ms) / grid * grid;
}

static bool
viewer_full(const struct console *c)
{
	const struct console_viewer *v;

	TAILQ_FOREACH(v, &c->viewers, next)
	if (v->full && !v->gone)
		return true;
	return false;
}

size_t
console_take(struct console *c, size_t len)
{
	struct consoles *s = c->set;
	size_t room;

	if (c->unfinished)
		return len; /* the last offer */
	if (viewer_full(c)) {
		hold(c, HOLD_VIEWER);
		return 0;
	}
	if (may_rest(c) && loop_now(s->loop) < c->rest_until) {
		hold(c, HOLD_REST);
		return 0;
	}
	if (c->turn != s->turn) {
		c->turn = s->turn;
		c->turn_taken = 0;
	}
	turn_due(s);
	room = CONSOLE_TURN_MAX - c->turn_taken;
	if (len > room) {
		c->turn_taken = CONSOLE_TURN_MAX;
		hold(c, HOLD_TURN);
		return room;
	}
	c->turn_taken += len;
	if (may_rest(c))
		begin_rest(c, len);
	return len;
}

void
console_hold(struct console_viewer *v, bool full)
{
	struct console *c = v->console;

	v->full = full;
	if (c->hold == HOLD_VIEWER && !viewer_full(c))
		hold(c, HOLD_TURN);
}

/* Not at once: the bytes may come from within reach_resume(), and who looks
 * at them may free anything. The set's task asks for them. */
void
console_flow_go(struct console *c)
{
	c->rest_until = 0;
	if (c->hold == HOLD_REST)
		hold(c, HOLD_TURN);
}

void
console_flow_forget(struct console *c)
{
	unhold(c);
	c->unfinished = false;
	c->rest_until = 0;
}

/* The end of a turn: who had enough may go on, and gets a turn's bytes. Who
 * has to wait again then waits behind all others. */
void
consoles_flow_turn(struct consoles *s)
{
	struct console *c;
	size_t n;

	if (!s->turn_due)
		return;
	s->turn_due = false;
	s->turn++;
	for (n = s->held_n; n > 0 && (c = TAILQ_FIRST(&s->held)); n--) {
		unhold(c);
		c->unfinished = false;
		if (c->reach)
			reach_resume(c->reach);
	}
}

void
consoles_flow_rest(void *set)
{
	struct consoles *s = set;
	uint64_t now = loop_now(s->loop), next = UINT64_MAX;
	struct console *c, *after;

	for (c = TAILQ_FIRST(&s->resting); c; c = after) {
		after = TAILQ_NEXT(c, hold_next);
		if (c->rest_until <= now)
			hold(c, HOLD_TURN);
		else if (c->rest_until < next)
			next = c->rest_until;
	}
	if (next != UINT64_MAX)
		rest_until(s, next);
}
