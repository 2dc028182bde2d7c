/*
 * A board's USB serial console: it is a terminal device behind a stable
 * name, comes and goes with the cable, and logs in like the real one.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/pty.h"
#include "sim_run.h"

static const char rack_text[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\"; });";

static struct loop *loop;
static struct rack *rack;
static struct pty *pty;
static char path[300];

static void
begin(void)
{
	char err[160];

	loop = loop_new();
	rack = sim_rack(loop, rack_text);
	str_format(path, sizeof(path), "%s/by-id/usb-board-if00", test_dir());
	pty = pty_new(loop, &rack_board(rack, "tp")->machine, NULL, path, err,
	    sizeof(err));
	CHECK(pty != NULL);
}

static void
end(void)
{
	pty_free(pty);
	CHECK(access(path, F_OK) != 0);
	rack_free(rack);
	loop_free(loop);
}

/* Turn until want was read from fd, or for two seconds. */
static bool
expect(int fd, const char *want)
{
	struct buf got;
	char text[512];
	bool found = false;
	ssize_t n;
	int i;

	buf_init(&got, 0);
	for (i = 0; i < 200 && !found; i++) {
		loop_turn(loop, 10);
		loop_advance(loop, 10);
		while ((n = read(fd, text, sizeof(text))) > 0)
			buf_add(&got, text, (size_t)n);
		found = strstr(buf_str(&got), want) != NULL;
	}
	buf_release(&got);
	return found;
}

static int
open_line(void)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);

	CHECK(fd >= 0);
	CHECK(isatty(fd));
	return fd;
}

static void
type(int fd, const char *s)
{
	CHECK_INT(write(fd, s, strlen(s)), strlen(s));
}

TEST(pty_logs_in_and_runs_commands)
{
	int fd;

	begin();
	fd = open_line();
	type(fd, "\r");
	CHECK(expect(fd, "login: "));
	type(fd, "root\r");
	CHECK(expect(fd, "assword: "));
	type(fd, "turing\r");
	CHECK(expect(fd, "$ "));
	type(fd, "tpi --version\r");
	CHECK(expect(fd, "tpi 1.0.6\r\n"));
	close(fd);
	/* Nobody hung up: the shell is still there for the next one. */
	fd = open_line();
	type(fd, "tpi --version\r");
	CHECK(expect(fd, "tpi 1.0.6\r\n"));
	close(fd);
	end();
}

TEST(pty_unplug_takes_device_and_name_away)
{
	char old[64];
	struct termios t;
	int fd;

	begin();
	fd = open_line();
	str_copy(old, sizeof(old), pty_path(pty));
	CHECK_INT(pty_plug(pty, false), 0);
	CHECK(!pty_plugged(pty));
	CHECK(access(path, F_OK) != 0);
	CHECK(tcgetattr(fd, &t) != 0);
	close(fd);
	CHECK_INT(pty_plug(pty, true), 0);
	fd = open_line();
	type(fd, "\r");
	CHECK(expect(fd, "login: "));
	close(fd);
	end();
}

TEST(pty_at_a_wrong_speed_is_noise)
{
	int fd;

	begin();
	pty_noise(pty, true);
	fd = open_line();
	type(fd, "\r");
	CHECK(expect(fd, "\xdb")); /* an echo, but of what? */
	CHECK(!expect(fd, "login: "));
	close(fd);
	pty_noise(pty, false);
	end();
}
