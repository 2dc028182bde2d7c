/*
 * console_fix - a set of consoles, a link, and a far end that says what the
 * test writes: a program that reads a FIFO, which is new for each connection
 * so that one that is about to end takes nothing from the next. The clock
 * stands still.
 */
#ifndef RM_TESTS_CONSOLE_FIX_H
#define RM_TESTS_CONSOLE_FIX_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/console/console.h"
#include "rackmux/link/stream.h"
#include "test.h"

struct cfix {
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	struct consoles *set;
	struct alerts *alert_set;
	struct console *console;
	struct console_viewer *viewer;
	struct way way;
	struct {
		struct console *console;
		struct link *link;
	} routes[40];
	size_t n_routes;
	int far;		/* what is written here the far end says */
	bool inside;		/* a call of ours: nothing may call back */
	unsigned changes, wants, events, alerts;
	bool wanted;
	char alert[300];	/* the last one, and its pattern's name */
	struct buf said;	/* events, a line each */
	struct buf stages;
	struct buf got;		/* what a viewer got */
	struct buf notes;
	/* What a callback does, once. */
	void (*act)(struct cfix *);
};

static void
cfix_called(struct cfix *f)
{
	void (*act)(struct cfix *) = f->act;

	CHECK(!f->inside);
	f->act = NULL;
	if (act)
		act(f);
}

static void
cfix_on_change(void *arg, struct console *c)
{
	struct cfix *f = arg;

	(void)c;
	f->changes++;
}

static void
cfix_on_stage(void *arg, struct console *c, enum stage from, enum stage to)
{
	struct cfix *f = arg;

	(void)c;
	(void)from;
	buf_printf(&f->stages, "%s ", stage_name(to));
	cfix_called(f);
}

static void
cfix_on_alert(void *arg, struct console *c, const struct alert_pattern *p,
    const char *line)
{
	struct cfix *f = arg;

	(void)c;
	str_format(f->alert, sizeof f->alert, "%s: %s", p->name, line);
	f->alerts++;
	cfix_called(f);
}

static void
cfix_on_event(void *arg, struct console *c, int level, const char *text)
{
	struct cfix *f = arg;

	(void)c;
	f->events++;
	buf_printf(&f->said, "%d %s\n", level, text);
	cfix_called(f);
}

static void
cfix_on_want(void *arg, struct console *c, bool wanted)
{
	struct cfix *f = arg;

	(void)c;
	f->wants++;
	f->wanted = wanted;
	cfix_called(f);
}

static const struct consoles_sink cfix_sink = {
	.on_change = cfix_on_change,
	.on_stage = cfix_on_stage,
	.on_alert = cfix_on_alert,
	.on_event = cfix_on_event,
	.on_want = cfix_on_want,
};

static void
cfix_on_bytes(void *arg, const char *data, size_t len)
{
	struct cfix *f = arg;

	buf_add(&f->got, data, len);
	cfix_called(f);
}

static void
cfix_on_note(void *arg, const char *text)
{
	struct cfix *f = arg;

	buf_printf(&f->notes, "%s\n", text);
	cfix_called(f);
}

static const struct console_viewer_sink cfix_viewer = {
	.on_bytes = cfix_on_bytes,
	.on_note = cfix_on_note,
};

static void
cfix_on_state(void *arg, struct link *l, enum link_state state,
    enum link_why why, const char *text)
{
	struct cfix *f = arg;

	(void)why;
	for (size_t i = 0; i < f->n_routes; i++)
		if (f->routes[i].link == l)
			console_link_state(f->routes[i].console, state, text);
}

/* Before it is freed. */
RM_UNUSED static void
cfix_forget(struct cfix *f, const struct console *c)
{
	for (size_t i = 0; i < f->n_routes; i++)
		if (f->routes[i].console == c)
			f->routes[i].link = NULL;
}

RM_UNUSED static void
cfix_route(struct cfix *f, struct console *c, struct link *l)
{
	cfix_forget(f, c);
	CHECK(f->n_routes < ARRAY_LEN(f->routes));
	f->routes[f->n_routes].console = c;
	f->routes[f->n_routes++].link = l;
	f->inside = true;
	console_route(c, l, &f->way, "");
	f->inside = false;
}

static const struct link_sink cfix_link_sink = { .on_state = cfix_on_state };

/* --- the far end ---------------------------------------------------------- */

/* The next connection reads a FIFO of its own. */
RM_UNUSED static void
far_new(struct cfix *f)
{
	char path[300];

	str_format(path, sizeof path, "%s/fifo", test_dir());
	(void)unlink(path);
	if (f->far >= 0)
		(void)close(f->far);
	CHECK_INT(mkfifo(path, 0600), 0);
	f->far = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(f->far >= 0);
}

/* All of it, while the loop turns. */
RM_UNUSED static void
far_say_len(struct cfix *f, const char *data, size_t len)
{
	time_t end = time(NULL) + 20;

	while (len > 0) {
		ssize_t n = write(f->far, data, len < 4096 ? len : 4096);

		if (n < 0 && errno != EAGAIN)
			test_fail(__FILE__, __LINE__, "far: %s",
			    strerror(errno));
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else {
			loop_turn(f->loop, 5);
			loop_advance(f->loop, 10);
		}
		if (time(NULL) > end)
			test_fail(__FILE__, __LINE__, "nobody reads");
	}
}

RM_UNUSED static void
far_say(struct cfix *f, const char *text)
{
	far_say_len(f, text, strlen(text));
}

/* --- the fixture ---------------------------------------------------------- */

RM_UNUSED static struct link *
cfix_link(struct cfix *f, const char *url)
{
	struct link_config config = { .name = "far",
		.url = url,
		.no_shell = true }; /* or it runs twice */
	char err[256] = "";
	struct link *l = link_new(f->pool, &config, &cfix_link_sink, f, err,
	    sizeof err);

	if (!l)
		test_fail(__FILE__, __LINE__, "%s", err);
	return l;
}

RM_UNUSED static const char *
cfix_log_dir(void)
{
	static char dir[300];

	str_format(dir, sizeof dir, "%s/logs", test_dir());
	return dir;
}

/* A program on the terminal that a console gives it, eight bits clean. */
RM_UNUSED static const char *
far_script(const char *name, const char *body)
{
	static char url[400];
	char text[500];

	str_format(text, sizeof text, "stty raw -echo\n%s\n", body);
	str_format(url, sizeof url, "exec:sh %s", test_write(name, text));
	return url;
}

/* It sends back what it is typed, after an R. */
RM_UNUSED static const char *
far_echo(void)
{
	return far_script("echo.sh", "printf R; exec cat");
}

/* url NULL: the program that reads the FIFO. */
RM_UNUSED static void
cfix_new(struct cfix *f, const char *url)
{
	struct consoles_config config = { .scrollback = 1000,
		.log_dir = cfix_log_dir(),
		.log_size = 1 << 28,
		.log_files = 3 };
	char script[400], err[200];

	memset(f, 0, sizeof *f);
	f->alert_set = alerts_new(NULL, 0, NULL, err, sizeof err);
	config.alerts = f->alert_set;
	f->far = -1;
	f->loop = loop_new();
	loop_freeze(f->loop);
	f->pool = link_pool_new(f->loop);
	buf_init(&f->said, 0);
	buf_init(&f->stages, 0);
	buf_init(&f->got, 0);
	buf_init(&f->notes, 0);
	f->set = consoles_new(f->loop, &config, &cfix_sink, f);
	if (!url) {
		far_new(f);
		str_format(script, sizeof script, "exec cat %s/fifo",
		    test_dir());
		url = far_script("far.sh", script);
	}
	f->link = cfix_link(f, url);
	way_init(&f->way);
	f->way.kind = WAY_LINE;
	f->way.by = WAY_BY_OWN;
}

RM_UNUSED static struct console *
cfix_console(struct cfix *f, const char *name, bool capture)
{
	struct console_new n = { .name = name,
		.title = name,
		.line = name,
		.capture = capture };

	f->console = console_new(f->set, &n);
	return f->console;
}

RM_UNUSED static void
cfix_free(struct cfix *f)
{
	f->n_routes = 0;
	consoles_free(f->set);
	f->set = NULL;
	alerts_free(f->alert_set);
	link_free(f->link);
	link_pool_free(f->pool);
	loop_free(f->loop);
	buf_release(&f->said);
	buf_release(&f->stages);
	buf_release(&f->got);
	buf_release(&f->notes);
	if (f->far >= 0)
		(void)close(f->far);
}

/* In steps: what rests on its way is asked for again. */
#define CUNTIL(f, cond) \
	do { \
		time_t end_ = time(NULL) + 20; \
		while (!(cond) && time(NULL) < end_) \
			loop_turn((f)->loop, 5); \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "never: %s (%s)\n%s", \
			    #cond, \
			    (f)->console ? console_why((f)->console) : "", \
			    buf_str(&(f)->said)); \
	} while (0)

#define IS_STATE(f, s) (console_state((f)->console) == CONSOLE_##s)

/* The call, with nothing called back from within it. */
#define QUIET(f, call) \
	do { \
		(f)->inside = true; \
		call; \
		(f)->inside = false; \
	} while (0)

/* A console that is open, on a link that is up. */
RM_UNUSED static void
cfix_open(struct cfix *f, bool capture)
{
	cfix_console(f, "tp2-a/1", capture);
	if (!capture)
		QUIET(f,
		    f->viewer = console_look(f->console, &cfix_viewer, f));
	cfix_route(f, f->console, f->link);
	link_start(f->link);
	CUNTIL(f, IS_STATE(f, OPEN));
}

/* The R of far_echo(). */
RM_UNUSED static void
far_ready(struct cfix *f, unsigned long long bytes)
{
	CUNTIL(f,
	    (loop_advance(f->loop, 5), console_bytes(f->console) == bytes));
	buf_clear(&f->got);
}

/* How often text stands on the screen and above it. */
RM_UNUSED static int
on_screen(struct console *c, const char *text)
{
	struct vt *vt = console_vt(c);
	char line[2048];
	unsigned i;
	int n = 0;

	for (i = 0; i < vt_lines(vt); i++) {
		vt_text(vt, i, line, sizeof line);
		n += strstr(line, text) != NULL;
	}
	return n;
}

#endif
