#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/app.h"
#include "rackmux/app/session.h"
#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/console/bus.h"
#include "rackmux/console/console.h"

#include "console_cmd.h"

/*
 * A console in a pipe. What the reader does not take waits in a queue, and
 * once that is long the console is held back, down to the node's line.
 */

enum {
	QUEUE_HIGH = 1 << 20,
	QUEUE_LOW = 1 << 18,
	LOOK_MS = 50,
	SILENCE_MS = 1000,
	TYPED_MAX = 16384
};
#define TIMEOUT_S 15

struct pipe_run {
	const struct cli *cli;
	struct loop *loop;
	struct session *session;
	struct bus *bus;
	const char *name;
	bool read_only;
	unsigned generation;
	struct console *console;
	unsigned long long serial; /* of that console */
	struct console_viewer *viewer;
	enum console_state told;
	bool was_open;
	struct buf out; /* for stdout */
	struct buf in; /* from stdin, for the node */
	struct io *out_io, *in_io;
	bool held, in_over;
	uint64_t heard_at, deadline;
	uint64_t typed_until; /* by then the line has carried what was typed */
	struct timer *look;
	int status;
};

static void
finish(struct pipe_run *r, int status)
{
	r->status = status;
	loop_stop(r->loop);
}

/* --- to stdout ------------------------------------------------------------ */

static void
hold(struct pipe_run *r)
{
	bool want = r->held ? r->out.len > QUEUE_LOW : r->out.len > QUEUE_HIGH;

	if (want == r->held || r->viewer == NULL)
		return;
	r->held = want;
	console_hold(r->viewer, want);
}

static void
push(struct pipe_run *r)
{
	while (r->out.len > 0) {
		ssize_t n = write(1, r->out.data, r->out.len);

		if (n > 0)
			buf_drop(&r->out, (size_t)n);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR) {
			/* The reader has gone: that is how a pipe ends. */
			if (errno != EPIPE)
				fprintf(stderr, "rackmux: stdout: %s\n",
				    strerror(errno));
			finish(r,
			    errno == EPIPE ? EXIT_ALL_DONE : EXIT_SOME_FAILED);
			buf_clear(&r->out);
			return;
		}
	}
	if (r->out_io != NULL)
		io_want(r->out_io, r->out.len > 0 ? IO_WRITE : 0);
	hold(r);
}

static void
on_out(void *arg, int events)
{
	(void)events;
	push(arg);
}

static void
on_bytes(void *arg, const char *bytes, size_t len)
{
	struct pipe_run *r = arg;

	r->heard_at = loop_now(r->loop);
	buf_add(&r->out, bytes, len);
	push(r);
}

static void
on_note(void *arg, const char *text)
{
	const struct pipe_run *r = arg;

	fprintf(stderr, "rackmux: %s: %s\n", r->name, text);
}

/* --- from stdin ----------------------------------------------------------- */

/* A serial line takes its time for what is queued for it: ten bits a byte. */
static void
count_typed(struct pipe_run *r)
{
	const struct way *way = console_way(r->console);
	uint64_t now = loop_now(r->loop);

	if (r->typed_until < now)
		r->typed_until = now;
	if (way != NULL && way->baud > 0)
		r->typed_until += (uint64_t)r->in.len * 10000 / way->baud;
}

static void
type_on(struct pipe_run *r)
{
	int err;

	if (r->in.len == 0 || r->console == NULL ||
	    console_state(r->console) != CONSOLE_OPEN)
		return;
	err = console_type(r->console, r->in.data, r->in.len);
	if (err == -ENOBUFS)
		return;
	if (err != 0) {
		fprintf(stderr, "rackmux: %s: %s\n", r->name,
		    console_why_not(r->console, err));
		finish(r, EXIT_SOME_FAILED);
		r->in_over = true;
	}
	count_typed(r);
	buf_clear(&r->in);
	r->heard_at = loop_now(r->loop);
	if (r->in_io != NULL)
		io_want(r->in_io, IO_READ);
}

static void
take_in(struct pipe_run *r)
{
	char bytes[4096];
	ssize_t n = read(0, bytes, sizeof bytes);

	if (n > 0)
		buf_add(&r->in, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		r->in_over = true;
		r->heard_at = loop_now(r->loop);
		io_free(r->in_io);
		r->in_io = NULL;
	}
	if (r->in_io != NULL && r->in.len > TYPED_MAX)
		io_want(r->in_io, 0);
	type_on(r);
}

static void
on_in(void *arg, int events)
{
	(void)events;
	take_in(arg);
}

/* A file says never that there is more: it is read as it is typed. */
static void
take_in_file(struct pipe_run *r)
{
	while (!r->read_only && r->in_io == NULL && !r->in_over &&
	    r->in.len < TYPED_MAX)
		take_in(r);
}

/* --- following the console ------------------------------------------------ */

static void
find_console(struct pipe_run *r)
{
	struct consoles *set = session_consoles(r->session);
	static const struct console_viewer_sink sink = { on_bytes, on_note };
	struct console *c;

	if (r->generation == consoles_generation(set) && r->console != NULL)
		return;
	r->generation = consoles_generation(set);
	c = consoles_find(set, r->name);
	if (r->serial == (c != NULL ? console_serial(c) : 0))
		return;
	r->console = c;
	r->serial = c != NULL ? console_serial(c) : 0;
	r->viewer = c != NULL ? console_look(c, &sink, r) : NULL;
	r->held = false;
	if (r->viewer != NULL)
		console_focus(c, r->read_only ? NULL : r->viewer);
	hold(r);
}

static bool
is_away(enum console_state st)
{
	return st == CONSOLE_LOST || st == CONSOLE_WAITING;
}

static void
tell_state(struct pipe_run *r)
{
	enum console_state st = console_state(r->console);
	bool open = st == CONSOLE_OPEN || st == CONSOLE_JOINED;
	bool news = st == CONSOLE_JOINED || st == CONSOLE_HELD ||
	    st == CONSOLE_NO_WAY ||
	    (r->was_open && is_away(st) && !is_away(r->told)) ||
	    (r->was_open && st == CONSOLE_OPEN && is_away(r->told));

	if (st != r->told && news)
		fprintf(stderr, "rackmux: %s: %s%s%s\n", r->name,
		    console_state_name(st),
		    console_why(r->console)[0] != '\0' ? ": " : "",
		    console_why(r->console));
	/* Trouble stays told until it is over. */
	if (news || st == CONSOLE_OPEN)
		r->told = st;
	r->was_open = r->was_open || open;
	if (st == CONSOLE_NO_WAY || (st == CONSOLE_HELD && !r->was_open))
		finish(r, EXIT_SOME_FAILED);
	if (st == CONSOLE_JOINED && r->in.len > 0) {
		fprintf(stderr,
		    "rackmux: %s: nothing was typed: another rackmux has the "
		    "line\n",
		    r->name);
		finish(r, EXIT_SOME_FAILED);
	}
}

/* Also while there is nothing to write. */
static void
look_for_reader(struct pipe_run *r)
{
	struct pollfd p = { .fd = 1, .events = 0 };

	if (poll(&p, 1, 0) > 0 && (p.revents & POLLERR))
		finish(r, EXIT_ALL_DONE);
}

static bool
has_spoken(const struct origin *o, int slot)
{
	return o == NULL || o->cannot_slots >= slot;
}

/* Whoever could know says that it has none. */
static bool
hopeless(const struct pipe_run *r, const struct node *n)
{
	return r->console == NULL && n != NULL &&
	    (n->board->origin != NULL || n->inband != NULL) &&
	    has_spoken(n->board->origin, n->slot) &&
	    has_spoken(n->inband, n->slot) && !n->has_console &&
	    node_cannot(n, ACT_CONSOLE) != NULL;
}

static void
look(void *arg)
{
	struct pipe_run *r = arg;
	const struct node *n =
	    model_find_node(session_model(r->session), r->name);
	uint64_t now = loop_now(r->loop);

	look_for_reader(r);
	find_console(r);
	timer_start(r->look, LOOK_MS);
	if (r->console != NULL)
		tell_state(r);
	type_on(r);
	take_in_file(r);
	if (hopeless(r, n) || (!r->was_open && now >= r->deadline)) {
		fprintf(stderr, "rackmux: %s: %s\n", r->name,
		    r->console != NULL ? console_why(r->console)
			: n != NULL && node_cannot(n, ACT_CONSOLE) != NULL
			? node_cannot(n, ACT_CONSOLE)
			: "no console of it was found in time");
		finish(r, EXIT_SOME_FAILED);
	}
	if (r->in_over && r->in.len == 0 && r->out.len == 0 && r->was_open &&
	    now >= r->heard_at + SILENCE_MS &&
	    now >= r->typed_until + SILENCE_MS)
		finish(r, EXIT_ALL_DONE);
}

static void
open_ends(struct pipe_run *r)
{
	(void)fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	r->out_io = io_new(r->loop, 1, on_out, r);
	if (r->read_only)
		return;
	r->in_io = io_new(r->loop, 0, on_in, r);
	if (r->in_io != NULL)
		io_want(r->in_io, IO_READ);
	else
		take_in_file(r);
}

int
console_pipe(const struct cli *cli, struct loop *loop, struct config *c,
    const char *name)
{
	struct pipe_run r = { .cli = cli, .loop = loop, .name = name };
	struct app_signals *signals = app_signals_new(loop);
	double timeout = cli->given[CLIOPT_TIMEOUT]
	    ? cli->number[CLIOPT_TIMEOUT]
	    : TIMEOUT_S;
	char *dir = config_state_dir();
	int out_flags = fcntl(1, F_GETFL);

	r.read_only = cli->given[CLIOPT_READ_ONLY] || c->top.read_only;
	r.deadline = loop_now(loop) + (uint64_t)(timeout * 1000);
	buf_init(&r.out, 0);
	buf_init(&r.in, 0);
	r.look = timer_new(loop, look, &r);
	r.bus = bus_new(loop, NULL, name);
	r.session = session_new(loop, NULL, NULL);
	session_open_consoles(r.session, c, dir, r.bus);
	session_apply(r.session, c, NULL);
	open_ends(&r);
	look(&r);
	loop_run(loop);
	console_unlook(r.viewer);
	timer_free(r.look);
	session_free(r.session);
	bus_free(r.bus);
	io_free(r.in_io);
	io_free(r.out_io);
	(void)fcntl(1, F_SETFL, out_flags);
	buf_release(&r.out);
	buf_release(&r.in);
	free(dir);
	if (app_signals_caught(signals) != 0)
		r.status = 128 + app_signals_caught(signals);
	app_signals_free(signals);
	return r.status;
}
