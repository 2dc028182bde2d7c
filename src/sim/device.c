#include "rackmux/sim/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/proc.h"
#include "tty.h"

/*
 * Linux gives a serial device a line discipline that begins cooked and with
 * echo, and keeps what stty said while the device is there. So who opens one
 * without `stty raw -echo` sends all that the far side says back to it, and
 * a controller that acts on single characters acts on its own words.
 */

#define IN_MAX (256 * 1024)
#define ECHO_MAX 256 /* it must not outrun the line */
#define ECHO_MS 10

struct device {
	struct loop *loop;
	struct device_ops ops;
	void *arg;
	struct tty tty;
	struct buf in, echo;
	struct timer *echoing;
	struct device_wait *waiting;
	unsigned opening, speed, opens;
	bool pulled, reading;
};

static void
on_echo(void *arg)
{
	struct device *d = arg;
	struct buf b = d->echo;

	buf_init(&d->echo, ECHO_MAX);
	d->ops.typed(d->arg, buf_str(&b), b.len);
	buf_release(&b);
}

struct device *
device_new(struct loop *loop, const struct device_ops *ops, void *arg)
{
	struct device *d = mem_alloc(sizeof *d);

	d->loop = loop;
	d->ops = *ops;
	d->arg = arg;
	d->speed = 9600;
	tty_init(&d->tty);
	buf_init(&d->in, IN_MAX);
	buf_init(&d->echo, ECHO_MAX);
	d->echoing = timer_new(loop, on_echo, d);
	return d;
}

void
device_free(struct device *d)
{
	if (d == NULL)
		return;
	timer_free(d->echoing);
	tty_release(&d->tty);
	buf_release(&d->in);
	buf_release(&d->echo);
	free(d);
}

static void
wake(struct device *d)
{
	struct device_wait *w;

	for (w = d->waiting; w != NULL; w = w->next)
		proc_wake(w->proc);
}

void
device_say(struct device *d, const char *s, size_t len)
{
	if (d->opens == 0 || d->pulled)
		return;
	tty_input(&d->tty, s, len, &d->in, &d->echo);
	if (d->echo.len > 0 && !timer_active(d->echoing))
		timer_start(d->echoing, ECHO_MS);
	wake(d);
}

size_t
device_backlog(const struct device *d)
{
	return d->in.len;
}

static void
forget(struct device *d)
{
	buf_clear(&d->in);
	buf_clear(&d->echo);
	buf_clear(&d->tty.line);
	d->tty.eof = d->tty.interrupt = false;
	timer_stop(d->echoing);
}

static void
set_reading(struct device *d, bool on)
{
	if (d->reading == on)
		return;
	d->reading = on;
	if (d->ops.reads != NULL)
		d->ops.reads(d->arg, on);
}

void
device_plug(struct device *d, bool in)
{
	if (in != d->pulled)
		return;
	d->pulled = !in;
	d->opening++;
	d->opens = 0;
	set_reading(d, false);
	d->speed = 9600;
	forget(d);
	tty_sane(&d->tty);
	wake(d);
}

bool
device_plugged(const struct device *d)
{
	return !d->pulled;
}

static void
tell_speed(struct device *d)
{
	if (d->ops.speed != NULL)
		d->ops.speed(d->arg, d->speed);
}

unsigned
device_open(struct device *d)
{
	unsigned opening = d->opening;

	if (d->opens++ > 0)
		return opening;
	if (d->ops.held != NULL)
		d->ops.held(d->arg, true);
	tell_speed(d);
	return opening;
}

void
device_close(struct device *d, unsigned opening)
{
	if (opening != d->opening || d->opens == 0 || --d->opens > 0)
		return;
	set_reading(d, false);
	forget(d);
	if (d->ops.held != NULL)
		d->ops.held(d->arg, false);
}

int
device_write(struct device *d, unsigned opening, const char *s, size_t len)
{
	struct buf b;

	if (opening != d->opening || d->pulled)
		return -EIO;
	buf_init(&b, 0);
	tty_output(&d->tty, s, len, &b);
	d->ops.typed(d->arg, buf_str(&b), b.len);
	buf_release(&b);
	return 0;
}

void
device_break(struct device *d, unsigned opening)
{
	if (opening == d->opening && !d->pulled && d->ops.brk != NULL)
		d->ops.brk(d->arg);
}

ssize_t
device_take(struct device *d, unsigned opening, char *out, size_t size)
{
	if (opening != d->opening || d->pulled)
		return -1;
	set_reading(d, true);
	if (d->in.len == 0 && d->tty.eof) {
		d->tty.eof = false;
		return -1;
	}
	d->tty.interrupt = false;
	if (size > d->in.len)
		size = d->in.len;
	if (size == 0)
		return 0;
	memcpy(out, d->in.data, size);
	buf_drop(&d->in, size);
	return (ssize_t)size;
}

bool
device_set(struct device *d, const char *word)
{
	long speed;

	if (str_long(word, 50, 4000000, &speed)) {
		d->speed = (unsigned)speed;
		tell_speed(d);
		return true;
	}
	return tty_set(&d->tty, word);
}

void
device_settings(const struct device *d, struct proc *p)
{
	const struct tty *t = &d->tty;

	proc_printf(p,
	    "speed %u baud; rows 0; columns 0; line = 0;\n"
	    "%sicanon %secho %sisig %sicrnl %sonlcr\n",
	    d->speed, t->icanon ? "" : "-", t->echo ? "" : "-",
	    t->isig ? "" : "-", t->icrnl ? "" : "-", t->onlcr ? "" : "-");
}

void
device_wait(struct device *d, struct device_wait *w)
{
	w->next = d->waiting;
	d->waiting = w;
}

void
device_wait_end(struct device *d, struct device_wait *w)
{
	struct device_wait **at = &d->waiting;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}
