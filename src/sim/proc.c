#include "rackmux/sim/proc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/sim/device.h"

#include "co.h"
#include "proc_self.h"

/*
 * A coroutine that is resumed by what it waits for: input, room for output, a
 * timer, its turn. It is never resumed from within proc_input() and the like,
 * but by a task, so that the far end's callbacks do not nest.
 */

#define IN_MAX (1024 * 1024)
#define SECONDS_MAX 1000000u

static void
body(void *arg)
{
	struct proc *p = arg;

	p->status = p->main(p, p->arg);
}

static void
resume(struct proc *p)
{
	p->wait = WAIT_NONE;
	p->running = true;
	co_resume(p->co);
	p->running = false;
	if (p->wait == WAIT_INPUT)
		co_trim(p->co);
	if (!co_done(p->co) || p->told)
		return;
	p->told = true;
	kids_hangup(p);
	if (p->io.ended != NULL)
		p->io.ended(p->io_arg, p->status);
}

static void
on_task(void *arg)
{
	resume(arg);
}

static void
on_timer(void *arg)
{
	struct proc *p = arg;

	if (p->wait == WAIT_TIME || (p->wait == WAIT_INPUT && p->timed))
		task_post(p->task);
}

void
proc_wait_for(struct proc *p, enum wait w)
{
	p->wait = w;
	co_wait(p->co);
}

struct proc *
proc_new(struct machine *m, bool tty, const struct proc_io *io, void *io_arg,
    proc_main *main_fn, void *arg)
{
	struct proc *p = mem_alloc(sizeof *p);

	p->machine = m;
	p->io = *io;
	p->io_arg = io_arg;
	p->main = main_fn;
	p->arg = arg;
	p->std.out.kind = OUT_FAR;
	p->std.err.kind = OUT_FAR_ERR;
	buf_init(&p->in, IN_MAX);
	if (tty) {
		p->tty = mem_alloc(sizeof *p->tty);
		tty_init(p->tty);
	}
	p->co = co_new(body, p);
	p->task = task_new(m->loop, on_task, p);
	p->timer = timer_new(m->loop, on_timer, p);
	p->wait = WAIT_TURN;
	task_post(p->task);
	return p;
}

void
proc_free(struct proc *p)
{
	if (p == NULL)
		return;
	kids_free(p);
	p->dead = true;
	p->told = true;
	/* Each wait ends at once now, so this comes to an end. */
	while (!co_done(p->co))
		resume(p);
	task_free(p->task);
	timer_free(p->timer);
	if (p->tty != NULL)
		tty_release(p->tty);
	free(p->tty);
	buf_release(&p->in);
	co_free(p->co);
	free(p);
}

void
proc_wake_if(struct proc *p, enum wait w)
{
	if (p->wait == w)
		task_post(p->task);
}

void
proc_input(struct proc *p, const char *s, size_t len)
{
	struct buf echo;

	if (p->tty == NULL) {
		buf_add(&p->in, s, len);
		proc_wake_if(p, WAIT_INPUT);
		return;
	}
	buf_init(&echo, 0);
	tty_input(p->tty, s, len, &p->in, &echo);
	/* An echo that finds no room is lost, as on a real line. */
	if (echo.len > 0)
		p->io.write(p->io_arg, echo.data, echo.len, false);
	buf_release(&echo);
	if (p->tty->interrupt)
		proc_wake_if(p, WAIT_TIME);
	proc_wake_if(p, WAIT_INPUT);
}

void
proc_input_eof(struct proc *p)
{
	p->in_eof = true;
	proc_wake_if(p, WAIT_INPUT);
}

void
proc_writable(struct proc *p)
{
	proc_wake_if(p, WAIT_ROOM);
	kids_writable(p);
}

void
proc_send(struct proc *p, const char *s, size_t len)
{
	if (!p->told && !p->dead)
		p->io.write(p->io_arg, s, len, false);
}

void
proc_wake(struct proc *p)
{
	proc_wake_if(p, WAIT_INPUT);
}

void
proc_hangup(struct proc *p)
{
	p->dead = true;
	if (p->wait != WAIT_NONE)
		task_post(p->task);
}

struct machine *
proc_machine(struct proc *p)
{
	return p->machine;
}

/* --- inside ------------------------------------------------------------- */

bool
proc_dead(const struct proc *p)
{
	return p->dead;
}

struct proc_std *
proc_std(struct proc *p)
{
	return &p->std;
}

struct sh **
proc_shell(struct proc *p)
{
	return &p->shell;
}

struct tty *
proc_tty(struct proc *p)
{
	return p->tty;
}

bool
proc_interrupted(struct proc *p, bool clear)
{
	bool was = p->tty != NULL && p->tty->interrupt;

	if (was && clear)
		p->tty->interrupt = false;
	return was;
}

bool
proc_in_is_far(const struct proc *p)
{
	const struct proc_in_from *in = &p->std.in;

	return in->text == NULL && !in->null && !in->zero && in->device == NULL;
}

bool
proc_out_is_far(const struct proc *p)
{
	return p->std.out.kind == OUT_FAR;
}

void
proc_breathe(struct proc *p)
{
	if (p->dead)
		return;
	task_post(p->task);
	proc_wait_for(p, WAIT_TURN);
}

static ssize_t
read_text(struct proc_in_from *f, char *out, size_t size)
{
	size_t left = f->len - *f->off;

	if (size > left)
		size = left;
	memcpy(out, f->text + *f->off, size);
	*f->off += size;
	return (ssize_t)size;
}

/* For input, but not beyond the deadline. */
static void
wait_input(struct proc *p)
{
	uint64_t now = loop_now(p->machine->loop);

	if (p->deadline == 0) {
		proc_wait_for(p, WAIT_INPUT);
		return;
	}
	p->timed = true;
	timer_start(p->timer, p->deadline > now ? p->deadline - now : 0);
	proc_wait_for(p, WAIT_INPUT);
	timer_stop(p->timer);
	p->timed = false;
	if (loop_now(p->machine->loop) >= p->deadline)
		p->late = true;
}

static ssize_t
read_device(struct proc *p, char *out, size_t size)
{
	const struct proc_in_from *f = &p->std.in;
	struct device_wait w = { .proc = p };
	ssize_t n;

	for (;;) {
		if (p->dead)
			return -1;
		if (p->late || (p->tty != NULL && p->tty->interrupt))
			return 0;
		n = device_take(f->device, f->opening, out, size);
		if (n != 0)
			return n > 0 ? n : 0;
		device_wait(f->device, &w);
		wait_input(p);
		device_wait_end(f->device, &w);
	}
}

ssize_t
proc_read(struct proc *p, char *out, size_t size)
{
	struct proc_in_from *f = &p->std.in;

	if (f->null)
		return 0;
	if (f->zero) {
		memset(out, 0, size);
		return p->dead ? -1 : (ssize_t)size;
	}
	if (f->text != NULL)
		return read_text(f, out, size);
	if (f->device != NULL)
		return read_device(p, out, size);
	while (!p->dead && p->in.len == 0 && !p->in_eof) {
		if (p->late)
			return 0;
		if (p->tty != NULL && p->tty->interrupt)
			return 0;
		if (p->tty != NULL && p->tty->eof) {
			p->tty->eof = false;
			return 0;
		}
		wait_input(p);
	}
	if (p->dead)
		return -1;
	if (p->in.len == 0)
		return 0;
	if (size > p->in.len)
		size = p->in.len;
	memcpy(out, p->in.data, size);
	buf_drop(&p->in, size);
	/* An idle shell keeps no buffer. */
	if (p->in.len == 0)
		buf_release(&p->in);
	return (ssize_t)size;
}

ssize_t
proc_read_for(struct proc *p, char *out, size_t size, unsigned ms)
{
	if (p->in.len == 0 && !p->in_eof && !p->dead) {
		p->timed = true;
		timer_start(p->timer, ms);
		proc_wait_for(p, WAIT_INPUT);
		timer_stop(p->timer);
		p->timed = false;
	}
	if (p->in.len == 0 && !p->in_eof && !p->dead)
		return -2;
	return proc_read(p, out, size);
}

void
proc_raw(struct proc *p, bool raw)
{
	struct tty *t = p->tty;

	if (t == NULL)
		return;
	tty_sane(t);
	if (raw) {
		t->echo = t->icanon = t->isig = t->icrnl = false;
		t->onlcr = t->opost = false;
	}
}

int
proc_read_line(struct proc *p, struct buf *out)
{
	char c;
	ssize_t n;

	if (!proc_in_is_far(p)) {
		while ((n = proc_read(p, &c, 1)) == 1) {
			buf_add(out, &c, 1);
			if (c == '\n' || out->cut)
				return 1;
		}
		return n < 0 ? -1 : out->len > 0;
	}
	for (;;) {
		const char *nl =
		    p->in.len > 0 ? memchr(p->in.data, '\n', p->in.len) : NULL;
		size_t take =
		    nl != NULL ? (size_t)(nl - p->in.data) + 1 : p->in.len;

		buf_add(out, buf_str(&p->in), take);
		buf_drop(&p->in, take);
		if (nl != NULL)
			return 1;
		/* Nothing is left: proc_read waits for more. */
		n = proc_read(p, &c, 1);
		if (n <= 0)
			return n < 0 ? -1 : out->len > 0;
		buf_add(out, &c, 1);
		if (c == '\n')
			return 1;
	}
}

static int
write_far(struct proc *p, const char *s, size_t len, bool err)
{
	while (len > 0) {
		size_t n;

		if (p->dead)
			return -1;
		n = p->io.write(p->io_arg, s, len, err);
		s += n;
		len -= n;
		if (len > 0)
			proc_wait_for(p, WAIT_ROOM);
	}
	return 0;
}

static int
write_to(
    struct proc *p, const struct proc_out_to *to, const char *s, size_t len)
{
	struct buf cooked;
	int rc;

	switch (to->kind) {
	case OUT_NULL:
		return 0;
	case OUT_BUF:
		return buf_add(to->buf, s, len) ? 0 : -1;
	case OUT_DEVICE:
		return device_write(to->device, to->opening, s, len) == 0 ? 0
									  : -1;
	case OUT_FAR:
	case OUT_FAR_ERR:
		break;
	}
	if (p->tty == NULL)
		return write_far(p, s, len, to->kind == OUT_FAR_ERR);
	buf_init(&cooked, 0);
	tty_output(p->tty, s, len, &cooked);
	rc = write_far(p, buf_str(&cooked), cooked.len, false);
	buf_release(&cooked);
	return rc;
}

int
proc_out(struct proc *p, const char *s, size_t len)
{
	return write_to(p, &p->std.out, s, len);
}

int
proc_puts(struct proc *p, const char *s)
{
	return proc_out(p, s, strlen(s));
}

/* s is freed. */
static int
write_whole(struct proc *p, const struct proc_out_to *to, char *s)
{
	int rc = write_to(p, to, s, strlen(s));

	free(s);
	return rc;
}

int
proc_printf(struct proc *p, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	return write_whole(p, &p->std.out, s);
}

int
proc_err(struct proc *p, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	return write_whole(p, &p->std.err, s);
}

unsigned
proc_ms(double seconds)
{
	/* No number is not more than nothing either. */
	if (!(seconds > 0))
		return 0;
	return seconds < SECONDS_MAX ? (unsigned)(seconds * 1000)
				     : SECONDS_MAX * 1000;
}

int
proc_sleep(struct proc *p, unsigned ms)
{
	uint64_t now = loop_now(p->machine->loop);

	if (p->dead || p->late)
		return -1;
	if (p->deadline != 0 && now + ms >= p->deadline) {
		ms = p->deadline > now ? (unsigned)(p->deadline - now) : 0;
		p->late = true;
	}
	timer_start(p->timer, ms);
	proc_wait_for(p, WAIT_TIME);
	timer_stop(p->timer);
	return p->dead || p->late ? -1 : 0;
}

uint64_t
proc_deadline(struct proc *p, unsigned ms)
{
	uint64_t outer = p->deadline;
	uint64_t mine = loop_now(p->machine->loop) + ms;

	if (outer == 0 || mine < outer)
		p->deadline = mine;
	return outer;
}

bool
proc_deadline_end(struct proc *p, uint64_t outer)
{
	bool late = p->late;

	p->deadline = outer;
	p->late = outer != 0 && loop_now(p->machine->loop) >= outer;
	return late;
}

bool
proc_late(const struct proc *p)
{
	return p->late;
}

const struct command *
machine_command(const struct machine *m, const char *name)
{
	const struct command *const tables[] = { m->commands, m->more };
	const struct command *c;
	size_t i;

	for (i = 0; i < ARRAY_LEN(tables); i++)
		for (c = tables[i]; c != NULL && c->name != NULL; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}
