#include "rackmux/console/chorus.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#include "console_in.h"

/*
 * What is typed waits in one queue and leaves it in bites: one character until
 * it is known how all members answer it, then whole runs. So at most one
 * character goes astray when some of them stand at a password prompt and others
 * at a shell.
 *
 * A bite is judged when all have echoed it, or JUDGE_MS after it. A member has
 * echoed when the characters typed come in their order in what it printed since:
 * messages of its own between them do no harm. Where nobody echoes (a password
 * asked by all) all go on. Where some do, those that do not are paused; and if
 * those are the more, those that do are too, for then they are the odd ones.
 */

enum { JUDGE_MS = 1000, QUEUE_MAX = 65536, BITE_MAX = 64 };

struct member {
	struct chorus *chorus;
	struct console *console;
	unsigned long long serial; /* of that console */
	struct console_viewer *viewer;
	enum chorus_state state;
	bool forgiven; /* not judged until the next line */
	/* Since the bite: how much of it came back, and whether anything
	 * came. */
	size_t echo;
	bool spoke;
};

struct chorus {
	struct loop *loop;
	struct chorus_sink sink;
	void *arg;
	const struct consoles *set; /* that the members are of, or NULL */
	unsigned generation; /* of the set when all were there last */
	struct member **v;
	size_t n;
	struct buf queue;
	struct buf bite; /* printable bytes that wait to be judged */
	bool waiting;
	bool trust; /* the last bite was answered alike by all */
	struct timer *judge;
	struct task *pump; /* never from within a callback of a console */
	bool judged; /* the task is to judge first */
};

static void judge_now(void *arg);
static void pump_now(void *arg);

struct chorus *
chorus_new(struct loop *loop, const struct chorus_sink *sink, void *arg)
{
	struct chorus *ch = mem_alloc(sizeof *ch);

	ch->loop = loop;
	ch->sink = *sink;
	ch->arg = arg;
	buf_init(&ch->queue, 0);
	buf_init(&ch->bite, 0);
	ch->judge = timer_new(loop, judge_now, ch);
	ch->pump = task_new(loop, pump_now, ch);
	return ch;
}

static void
member_free(struct member *m, bool gone)
{
	if (!gone)
		console_unlook(m->viewer);
	free(m);
}

void
chorus_free(struct chorus *ch)
{
	if (ch == NULL)
		return;
	for (size_t i = 0; i < ch->n; i++)
		member_free(ch->v[i], false);
	free(ch->v);
	timer_free(ch->judge);
	task_free(ch->pump);
	buf_release(&ch->queue);
	buf_release(&ch->bite);
	free(ch);
}

static struct member *
find(const struct chorus *ch, const struct console *c, size_t *at)
{
	for (size_t i = 0; i < ch->n; i++)
		if (ch->v[i]->console == c) {
			if (at != NULL)
				*at = i;
			return ch->v[i];
		}
	return NULL;
}

/* Has it printed the bite, one character after the other? */
static bool
echoed(const struct member *m)
{
	return m->echo == m->chorus->bite.len;
}

static bool
counts(const struct member *m)
{
	return m->state == CHORUS_SINGS && !m->forgiven;
}

static bool
all_echoed(const struct chorus *ch)
{
	for (size_t i = 0; i < ch->n; i++)
		if (counts(ch->v[i]) && !echoed(ch->v[i]))
			return false;
	return true;
}

static void
on_bytes(void *arg, const char *bytes, size_t len)
{
	struct member *m = arg;
	struct chorus *ch = m->chorus;

	if (!ch->waiting)
		return;
	m->spoke = m->spoke || len > 0;
	for (size_t i = 0; i < len && m->echo < ch->bite.len; i++)
		m->echo += bytes[i] == ch->bite.data[m->echo];
	if (all_echoed(ch)) {
		ch->judged = true;
		task_post(ch->pump);
	}
}

static const struct console_viewer_sink viewer_sink = { on_bytes, NULL };

void
chorus_add(struct chorus *ch, struct console *c)
{
	struct member *m;

	if (find(ch, c, NULL) != NULL)
		return;
	m = mem_alloc(sizeof *m);
	m->chorus = ch;
	m->console = c;
	m->serial = console_serial(c);
	m->state = CHORUS_SINGS;
	m->viewer = console_look(c, &viewer_sink, m);
	ch->set = c->set;
	ch->v = mem_grow(ch->v, ch->n + 1, sizeof(*ch->v));
	ch->v[ch->n++] = m;
	ch->trust = false;
}

void
chorus_remove(struct chorus *ch, struct console *c)
{
	size_t at = 0;
	struct member *m = find(ch, c, &at);

	if (m == NULL)
		return;
	ch->v[at] = ch->v[--ch->n];
	member_free(m, false);
	task_post(ch->pump);
}

void
chorus_drop_gone(struct chorus *ch, const struct consoles *set)
{
	for (size_t i = ch->n; i-- > 0;) {
		bool there = false;

		for (size_t k = 0; k < consoles_count(set) && !there; k++)
			there = console_serial(consoles_at(set, k)) ==
			    ch->v[i]->serial;
		if (there)
			continue;
		member_free(ch->v[i], true);
		ch->v[i] = ch->v[--ch->n];
	}
}

/* From the loop nobody may have told us yet. */
static void
drop_gone(struct chorus *ch)
{
	if (ch->set == NULL || ch->generation == ch->set->generation)
		return;
	ch->generation = ch->set->generation;
	chorus_drop_gone(ch, ch->set);
}

size_t
chorus_count(const struct chorus *ch)
{
	return ch->n;
}

struct console *
chorus_at(const struct chorus *ch, size_t i)
{
	return i < ch->n ? ch->v[i]->console : NULL;
}

enum chorus_state
chorus_state(const struct chorus *ch, const struct console *c)
{
	const struct member *m = find(ch, c, NULL);

	return m != NULL ? m->state : CHORUS_OUT;
}

static void
set_state(struct member *m, enum chorus_state state, const char *why)
{
	struct chorus *ch = m->chorus;

	if (m->state == state)
		return;
	m->state = state;
	if (ch->sink.on_state != NULL)
		ch->sink.on_state(ch->arg, m->console, state, why);
}

/* --- typing --------------------------------------------------------------- */

static bool
printable(char c)
{
	return (unsigned char)c >= 0x20 && c != 0x7f;
}

static void
send_to(struct member *m, const char *bytes, size_t len)
{
	int err = console_type(m->console, bytes, len);

	if (err != 0)
		set_state(m, CHORUS_GONE, console_why_not(m->console, err));
}

static void
send_bite(struct chorus *ch, size_t len)
{
	bool text = printable(ch->queue.data[0]);
	char bytes[BITE_MAX];

	memcpy(bytes, ch->queue.data, len);
	buf_drop(&ch->queue, len);
	for (size_t i = 0; i < ch->n; i++) {
		ch->v[i]->echo = 0;
		ch->v[i]->spoke = false;
		if (!text)
			ch->v[i]->forgiven = false;
	}
	buf_clear(&ch->bite);
	ch->waiting = text;
	if (text) {
		buf_add(&ch->bite, bytes, len);
		timer_start(ch->judge, JUDGE_MS);
	} else
		ch->trust = false;
	for (size_t i = 0; i < ch->n; i++)
		if (ch->v[i]->state == CHORUS_SINGS)
			send_to(ch->v[i], bytes, len);
}

/* Bytes of the next bite: a run of one kind; a whole character at least. */
static size_t
bite_len(const struct chorus *ch)
{
	const char *s = ch->queue.data;
	bool text = printable(s[0]);
	size_t n = 1;

	while (n < ch->queue.len && n < BITE_MAX && printable(s[n]) == text &&
	    (ch->trust || !text || ((unsigned char)s[n] & 0xc0) == 0x80))
		n++;
	return n;
}

static void
pump_now(void *arg)
{
	struct chorus *ch = arg;

	drop_gone(ch);
	if (ch->judged && ch->waiting)
		judge_now(ch);
	ch->judged = false;
	while (!ch->waiting && ch->queue.len > 0)
		send_bite(ch, bite_len(ch));
}

bool
chorus_room(const struct chorus *ch, size_t len)
{
	return ch->queue.len + len <= QUEUE_MAX;
}

size_t
chorus_type(struct chorus *ch, const char *bytes, size_t len)
{
	size_t singing = 0;

	for (size_t i = 0; i < ch->n; i++)
		singing += ch->v[i]->state == CHORUS_SINGS;
	if (singing > 0 && chorus_room(ch, len)) {
		buf_add(&ch->queue, bytes, len);
		task_post(ch->pump);
	}
	return singing;
}

/* --- judging -------------------------------------------------------------- */

static void
pause_odd(struct chorus *ch, bool odd_echo)
{
	for (size_t i = 0; i < ch->n; i++) {
		struct member *m = ch->v[i];

		if (!counts(m))
			continue;
		if (!echoed(m) && !m->spoke)
			set_state(m, CHORUS_SILENT,
			    "It does not echo what others do: nothing more is "
			    "typed at it until you confirm.");
		else if (!echoed(m))
			set_state(m, CHORUS_DIFFERS,
			    "Its echo differs from the others': nothing more "
			    "is typed at it until you confirm.");
		else if (odd_echo)
			set_state(m, CHORUS_DIFFERS,
			    "It echoes what most others do not (a password?): "
			    "nothing more is typed at it until you confirm.");
	}
}

static void
judge_now(void *arg)
{
	struct chorus *ch = arg;
	size_t with = 0, without = 0;

	timer_stop(ch->judge);
	drop_gone(ch);
	if (!ch->waiting)
		return;
	ch->waiting = false;
	for (size_t i = 0; i < ch->n; i++)
		if (counts(ch->v[i])) {
			with += echoed(ch->v[i]);
			without += !echoed(ch->v[i]);
		}
	ch->trust = with == 0 || without == 0;
	if (with > 0 && without > 0) {
		pause_odd(ch, without > with);
		/* All are paused: what waits was not meant for later. */
		if (without > with)
			buf_clear(&ch->queue);
	}
	task_post(ch->pump);
}

void
chorus_confirm(struct chorus *ch, struct console *c)
{
	for (size_t i = 0; i < ch->n; i++) {
		struct member *m = ch->v[i];

		if ((c != NULL && m->console != c) || m->state == CHORUS_SINGS)
			continue;
		m->forgiven = true;
		set_state(m, CHORUS_SINGS, "");
	}
}
