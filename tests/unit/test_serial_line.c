/* How a serial line is set. A pty has neither pins nor parity; the calls that
 * a test must see go through an ioctl() of its own, which plays the pins. */
#include "rackmux/link/link.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"
#include "test.h"

/* --- the pins ------------------------------------------------------------- */

static bool has_pins;
static int pins; /* as they are */
static int unsent; /* bytes that the line has not taken yet */
static char moves[200]; /* what was done to them, and breaks */

static void
note(const char *what, int bits)
{
	size_t n = strlen(moves);

	snprintf(moves + n, sizeof(moves) - n, "%s%s%s ", what,
	    bits & TIOCM_DTR ? "dtr" : "", bits & TIOCM_RTS ? "rts" : "");
}

static int
play_pins(unsigned long what, int *arg)
{
	int before = pins;

	if (!has_pins) {
		errno = ENOTTY;
		return -1;
	}
	if (what == TIOCMGET)
		*arg = pins;
	else if (what == TIOCMBIS)
		pins |= *arg;
	else if (what == TIOCMBIC)
		pins &= ~*arg;
	else
		pins = *arg;
	if (pins & ~before)
		note("+", pins & ~before);
	if (before & ~pins)
		note("-", before & ~pins);
	return 0;
}

int
ioctl(int fd, unsigned long what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	switch (what) {
	case TIOCMGET:
	case TIOCMSET:
	case TIOCMBIS:
	case TIOCMBIC:
		return play_pins(what, arg);
	case TIOCOUTQ:
		*(int *)arg = unsent;
		return 0;
	case TCFLSH:
		if ((intptr_t)arg == TCOFLUSH)
			note("forget", 0);
		break;
	case TIOCSBRK:
		note("break", 0);
		break;
	case TIOCCBRK:
		note("over", 0);
		break;
	default:
		break;
	}
	return (int)syscall(SYS_ioctl, fd, what, arg);
}

/* --- our side ------------------------------------------------------------- */

struct fix {
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	enum link_state state;
	enum link_why why;
	char text[512];
	int master, slave;
	char path[64];
};

static void
on_state(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct fix *f = arg;

	(void)l;
	f->state = state;
	f->why = why;
	str_copy(f->text, sizeof(f->text), text);
}

static const struct link_sink sink = { .on_state = on_state };

#define UNTIL(f, cond) \
	do { \
		time_t end_ = time(NULL) + 12; \
		while (!(cond) && time(NULL) < end_) \
			loop_turn((f)->loop, 10); \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "never: %s (%s)", #cond, \
			    (f)->text); \
	} while (0)

static void
setup(struct fix *f, const char *settings)
{
	struct link_config config = { .name = "console", .no_shell = true };
	char url[128], err[256] = "";

	memset(f, 0, sizeof(*f));
	f->master = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(f->master >= 0 && grantpt(f->master) == 0);
	CHECK(unlockpt(f->master) == 0);
	CHECK(ptsname_r(f->master, f->path, sizeof(f->path)) == 0);
	f->slave = open(f->path, O_RDWR | O_NOCTTY);
	CHECK(f->slave >= 0);
	str_format(url, sizeof(url), "serial:%s%s", f->path, settings);
	config.url = url;
	f->loop = loop_new();
	f->pool = link_pool_new(f->loop);
	f->link = link_new(f->pool, &config, &sink, f, err, sizeof(err));
	if (!f->link)
		test_fail(__FILE__, __LINE__, "%s", err);
	link_start(f->link);
	UNTIL(f, f->state == LINK_UP || f->why != LINK_WHY_NONE);
}

static void
teardown(struct fix *f)
{
	link_free(f->link);
	link_pool_free(f->pool);
	loop_free(f->loop);
	close(f->master);
	close(f->slave);
}

static struct termios2
line_of(struct fix *f)
{
	struct termios2 t;

	CHECK(ioctl(f->slave, TCGETS2, &t) == 0);
	return t;
}

TEST(any_speed)
{
	static const unsigned speeds[] = { 9600, 115200, 1500000, 250000, 74880,
		31250, 50 };
	char settings[32];
	struct fix f;
	size_t i;

	for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		str_format(settings, sizeof(settings), "@%u", speeds[i]);
		setup(&f, settings);
		CHECK_INT(f.state, LINK_UP);
		CHECK_INT(line_of(&f).c_ospeed, speeds[i]);
		CHECK_INT(line_of(&f).c_ispeed, speeds[i]);
		teardown(&f);
	}
	/* A standard one is set by its name, for those who ask by name. */
	setup(&f, "@1500000");
	CHECK_INT(line_of(&f).c_cflag & CBAUD, B1500000);
	teardown(&f);
}

TEST(stop_bits_and_flow_control)
{
	struct fix f;

	setup(&f, "");
	CHECK(!(line_of(&f).c_cflag & (CSTOPB | CRTSCTS | HUPCL)));
	CHECK((line_of(&f).c_cflag & CSIZE) == CS8);
	teardown(&f);
	setup(&f, "@9600,8N2,rtscts");
	CHECK_INT(f.state, LINK_UP);
	CHECK(line_of(&f).c_cflag & CSTOPB);
	CHECK(line_of(&f).c_cflag & CRTSCTS);
	teardown(&f);
}

/* It is read back: a pty has eight bits and no parity, whatever one sets. */
TEST(what_the_line_cannot_do_is_said)
{
	struct fix f;

	setup(&f, "@9600,7E1");
	CHECK_INT(f.state, LINK_DOWN);
	CHECK_INT(f.why, LINK_WHY_LOCAL);
	CHECK(strstr(f.text, "cannot do 7E1"));
	CHECK(strstr(f.text, f.path));
	CHECK_INT(link_retry_ms(f.link), 0);
	teardown(&f);
	setup(&f, "@9600,dtr=on");
	CHECK_INT(f.state, LINK_DOWN);
	CHECK(strstr(f.text, "no DTR and RTS"));
	teardown(&f);
}

TEST(pins_are_left_alone_unless_asked_for)
{
	struct fix f;

	has_pins = true;
	pins = TIOCM_DTR;
	setup(&f, "");
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
	CHECK_STR(moves, "");
	CHECK_INT(pins, TIOCM_DTR);
	setup(&f, "@9600,dtr=off,rts=on");
	CHECK_INT(f.state, LINK_UP);
	CHECK_STR(moves, "-dtr +rts ");
	teardown(&f);
	CHECK_STR(moves, "-dtr +rts ");
}

TEST(a_break_has_an_end_and_does_not_wait_for_it)
{
	struct stream_request raw = { .kind = STREAM_RAW };
	struct stream_sink taps = { .on_data = NULL };
	struct stream *s;
	struct fix f;
	int err = 0;

	setup(&f, "");
	loop_freeze(f.loop);
	s = link_open(f.link, &raw, &taps, NULL, &err);
	CHECK(s != NULL);
	CHECK_INT(stream_break(s), 0);
	CHECK_STR(moves, "break ");
	loop_advance(f.loop, 249);
	CHECK_STR(moves, "break ");
	loop_advance(f.loop, 2);
	CHECK_STR(moves, "break over ");
	/* One that is under way ends when the line is closed. */
	CHECK_INT(stream_break(s), 0);
	stream_free(s);
	teardown(&f);
	CHECK_STR(moves, "break over break over ");
}

/* The kernel would wait for it, and everything else for us. */
TEST(what_a_line_does_not_take_is_not_waited_for)
{
	struct fix f;

	setup(&f, "@9600");
	unsent = 96; /* a tenth of a second */
	teardown(&f);
	CHECK_STR(moves, "");
	setup(&f, "@9600");
	unsent = 97;
	teardown(&f);
	CHECK_STR(moves, "forget ");
	has_pins = true;
	unsent = 0;
	setup(&f, "@115200,rtscts");
	unsent = 1;
	if (f.state != LINK_UP)
		test_fail(__FILE__, __LINE__, "%s", f.text);
	teardown(&f);
	CHECK_STR(moves, "forget forget ");
	pins = TIOCM_CTS;
	unsent = 0;
	setup(&f, "@115200,rtscts");
	unsent = 1;
	teardown(&f);
	CHECK_STR(moves, "forget forget ");
}

/* The line of another is not touched, not even for a moment. */
TEST(a_held_line_keeps_its_settings)
{
	struct termios2 t;
	struct fix f;
	int status, pipes[2];
	pid_t pid;
	char c;

	setup(&f, "");
	link_stop(f.link);
	CHECK(pipe(pipes) == 0);
	pid = fork();
	if (pid == 0) {
		/* Its own open: the lock belongs to that. */
		flock(open(f.path, O_RDWR | O_NOCTTY), LOCK_EX);
		c = 'x';
		if (write(pipes[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	CHECK(read(pipes[0], &c, 1) == 1);
	t = line_of(&f);
	t.c_cflag = (t.c_cflag & ~(tcflag_t)CBAUD) | B9600;
	CHECK(ioctl(f.slave, TCSETS2, &t) == 0);
	link_start(f.link);
	UNTIL(&f, f.why == LINK_WHY_BUSY);
	CHECK_INT(line_of(&f).c_ospeed, 9600);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	teardown(&f);
}
