/* Boards named on the command line: what they are is found out. A local
 * shell with a made-up file tree is the far end. */
#include "../lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/app/session.h"
#include "rackmux/base/text.h"

static struct loop *loop;
static struct session *session;
static struct model *model;

static void
start(void)
{
	CHECK(setenv("HOME", test_dir(), 1) == 0);
	loop = loop_new();
	session = session_new(loop, NULL, NULL);
	model = session_model(session);
	model->poll_ms = 200;
}

static void
end(void)
{
	session_free(session);
	loop_free(loop);
}

static struct board *
target(const char *text)
{
	char err[256];
	size_t n = model->n_boards;

	CHECK(session_target(session, text, err, sizeof err));
	CHECK_INT(model->n_boards, n + 1);
	return model->boards[n];
}

/* A link to a shell that sees dir as its root. */
static const char *
far_end(const char *model_text)
{
	static const char *const dirs[] = { "proc", "proc/device-tree" };
	static char url[512];
	char path[512];
	FILE *f;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", test_dir(), dirs[i]);
		CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
	}
	snprintf(path, sizeof path, "%s/proc/device-tree/model", test_dir());
	f = fopen(path, "we");
	CHECK(f != NULL);
	CHECK(fwrite(model_text, 1, strlen(model_text) + 1, f) > 0);
	CHECK(fclose(f) == 0);
	snprintf(url, sizeof url, "exec:env RACKMUX_ROOT=%s sh", test_dir());
	return url;
}

TEST(a_target_is_detecting_until_it_answers)
{
	struct board *b;

	start();
	b = target("exec:sh");
	CHECK_STR(b->title, "detecting");
	CHECK_STR(b->type, "");
	CHECK_STR(b->name, "sh");
	CHECK(!session_settled(session));
	end();
}

TEST(a_linux_machine_becomes_one_node)
{
	struct board *b;

	start();
	b = target("exec:sh");
	while (b->type[0] == '\0')
		loop_turn(loop, 1000);
	CHECK_STR(b->type, "linux");
	CHECK_INT(b->slots, 1);
	CHECK(b->origin == NULL);
	CHECK(b->nodes[0]->inband != NULL);
	while (!session_settled(session))
		loop_turn(loop, 1000);
	CHECK(b->nodes[0]->inband->fresh_at > 0);
	CHECK(value_state(node_value(b->nodes[0], NAME_UPTIME, NULL)) ==
	    VALUE_KNOWN);
	CHECK_INT(session_failures(session, NULL, 0), 0);
	end();
}

TEST(a_turing_pi_becomes_a_whole_board)
{
	struct board *b;

	start();
	b = target(far_end("Turing Pi 2 (v2.5)"));
	while (b->type[0] == '\0')
		loop_turn(loop, 1000);
	CHECK_STR(b->type, "turing-pi");
	CHECK_STR(b->title, "Turing Pi 2");
	CHECK_INT(b->slots, 4);
	CHECK(b->origin != NULL && b->origin->slot == 0);
	CHECK(b->origin->link == LINK_UP);
	end();
}

TEST(several_at_once_and_names_stay_apart)
{
	struct board *a, *b, *c;

	start();
	a = target("exec:sh");
	b = target("exec:sh");
	c = target("root@127.0.0.1:1");
	CHECK_STR(a->name, "sh");
	CHECK_STR(b->name, "sh-2");
	CHECK_STR(c->name, "127.0.0.1");
	while (!session_settled(session))
		loop_turn(loop, 1000);
	CHECK_STR(a->type, "linux");
	CHECK_STR(b->type, "linux");
	CHECK_STR(c->type, "");
	CHECK_INT(session_failures(session, NULL, 0), 1);
	CHECK_STR(link_state_name(c->origin->link), "lost");
	CHECK(c->origin->why == LINK_WHY_REFUSED);
	end();
}

TEST(what_is_no_link_is_refused)
{
	char err[256] = "";

	start();
	CHECK(!session_target(session, "gopher://x", err, sizeof err));
	CHECK(err[0] != '\0');
	CHECK(!session_target(session, "", err, sizeof err));
	CHECK_INT(model->n_boards, 0);
	end();
}

/* The far end ends while it is being asked. */
TEST(a_far_end_that_dies_is_lost)
{
	struct board *b;

	start();
	b = target("exec:true");
	while (!session_settled(session))
		loop_turn(loop, 1000);
	CHECK_STR(b->type, "");
	CHECK_INT(session_failures(session, NULL, 0), 1);
	end();
}

/* A terminal with a name below by-id/, as udev makes them. */
static const char *
port(const char *name, int *master)
{
	static char url[512];
	char tty[128], path[400];
	int slave;

	CHECK(openpty(master, &slave, tty, NULL, NULL) == 0);
	CHECK(fcntl(*master, F_SETFL, O_NONBLOCK) == 0);
	snprintf(path, sizeof path, "%s/by-id", test_dir());
	CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof path, "%s/by-id/%s", test_dir(), name);
	CHECK(symlink(tty, path) == 0);
	snprintf(url, sizeof url, "serial:%s", path);
	return url;
}

/* Turn until the far side was typed at, which was this. */
static void
typed(int master, const char *want)
{
	char got[32] = "";
	ssize_t n;

	while ((n = read(master, got, sizeof got - 1)) <= 0)
		loop_turn(loop, 1000);
	got[n] = '\0';
	CHECK_STR(got, want);
}

/* It is known by its name, so nothing but its own letters is typed at it. */
TEST(a_pico_is_known_without_being_asked)
{
	static const char help[] = "h\r\nCommands:\r\nd\t: Disable power\r\n";
	static const char currents[] =
	    "a\r\n386.8 mA,412.2 mA,0.0 mA,9.9 mA\r\n";
	struct board *b;
	int master;

	start();
	/* No round may pass for lost on a slow machine. */
	model->poll_ms = 20000;
	b = target(port("usb-Raspberry_Pi_Pico_E66-if00", &master));
	CHECK_STR(b->type, "mini-cm4");
	CHECK_STR(b->title, "Miniature CM4 Cluster");
	CHECK_STR(b->name, "usb-Raspberry_Pi_Pico_E66-if00");
	CHECK_INT(b->slots, 4);
	typed(master, "h");
	CHECK(write(master, help, strlen(help)) == (ssize_t)strlen(help));
	typed(master, "a");
	CHECK(write(master, currents, strlen(currents)) ==
	    (ssize_t)strlen(currents));
	while (!session_settled(session))
		loop_turn(loop, 1000);
	CHECK(value_is(node_value(b->nodes[0], NAME_POWER_STATE, NULL), "on"));
	CHECK(value_is(node_value(b->nodes[2], NAME_POWER_STATE, NULL), "off"));
	CHECK(node_cannot(b->nodes[0], ACT_POWER_OFF) == NULL);
	end();
	close(master);
}

/* Of a port without an identity nothing is concluded. */
TEST(another_port_is_detected_by_its_shell)
{
	struct board *b;
	int master;

	start();
	b = target(port("usb-Prolific_USB-Serial-if00", &master));
	CHECK_STR(b->type, "");
	CHECK_STR(b->title, "detecting");
	end();
	close(master);
}
