/*
 * Faults: their syntax, when they come and go, and what they do to a rack.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/control.h"
#include "rackmux/sim/fault.h"
#include "sim_run.h"

static const char two[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\";\n"
    " nodes = ({ slot = 1; name = \"one\"; }, { slot = 2; }); },\n"
    " { name = \"pis\"; type = \"linux\"; slots = 2;\n"
    " nodes = ({ slot = 1; name = \"pi1\"; }, { slot = 2; }); });\n";

static bool
parse(const char *text, struct fault_spec *f)
{
	char err[160];

	return fault_parse(text, f, err, sizeof(err));
}

TEST(fault_syntax)
{
	struct fault_spec f;

	CHECK(parse("tp/1:hot=91.5@10+30", &f));
	CHECK_STR(f.target, "tp/1");
	CHECK_INT(f.kind, FAULT_HOT);
	CHECK(f.arg > 91.4 && f.arg < 91.6);
	CHECK(f.at > 9.9 && f.at < 10.1);
	CHECK(f.duration > 29.9 && f.duration < 30.1);
	CHECK(parse("*:drop", &f));
	CHECK_INT(f.kind, FAULT_DROP);
	CHECK(f.duration < 0.1);
	CHECK(parse("a:stall=5", &f));
	CHECK(f.duration > 4.9);
	CHECK(parse("a:drop@+4", &f));
	CHECK(f.duration > 3.9);
	CHECK(parse("clear tp/1", &f) && f.clear);
	CHECK_INT(f.kind, FAULT_COUNT);
	CHECK(parse("clear tp/1:hot", &f) && f.clear);
	CHECK_INT(f.kind, FAULT_HOT);
}

TEST(fault_syntax_mistakes)
{
	static const char *const bad[] = { "", "a", ":drop", "a:", "a:none",
		"a:drop=4", "a:hot=warm", "a:drop@x", "a:drop@-1", "clear",
		"a:drop@1+x" };
	struct fault_spec f;
	char err[160];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		err[0] = '\0';
		if (fault_parse(bad[i], &f, err, sizeof(err)))
			test_fail(
			    __FILE__, __LINE__, "\"%s\" is taken", bad[i]);
		CHECK(err[0] != '\0');
	}
}

TEST(fault_comes_and_goes_in_time)
{
	struct loop *loop = loop_new();
	struct rack *r = sim_rack(loop, two);
	struct fault_plan *plan = fault_plan_new(r);
	struct sim_node *n = rack_node(r, "one");
	char err[160];

	CHECK_INT(fault_plan_line(plan, "one:hot@5+10", err, sizeof(err)), 0);
	CHECK_INT(fault_plan_line(plan, "# a comment", err, sizeof(err)), 0);
	CHECK(fault_plan_line(plan, "tree:hot", err, sizeof(err)) < 0);
	CHECK_STR(err, "no board or node \"tree\"");
	sim_pass(loop, 4.8);
	CHECK(!fault_is(&n->faults, FAULT_HOT));
	sim_pass(loop, 0.4);
	CHECK(fault_is(&n->faults, FAULT_HOT));
	sim_pass(loop, 10);
	CHECK(!fault_is(&n->faults, FAULT_HOT));
	fault_plan_free(plan);
	rack_free(r);
	loop_free(loop);
}

TEST(fault_reaches_who_is_meant)
{
	struct loop *loop = loop_new();
	struct rack *r = sim_rack(loop, two);
	struct sim_board *tp = rack_board(r, "tp");
	struct sim_board *pis = rack_board(r, "pis");

	/* A board without a controller has its nodes' servers. */
	CHECK_INT(fault_apply(r, "pis", FAULT_DROP, true, 0), 0);
	CHECK(fault_is(&pis->nodes[0].faults, FAULT_DROP));
	CHECK_INT(fault_apply(r, "tp", FAULT_DROP, true, 0), 0);
	CHECK(fault_is(&tp->faults, FAULT_DROP));
	CHECK(!fault_is(&tp->nodes[0].faults, FAULT_DROP));
	/* What only a node can have goes to all nodes of a board. */
	CHECK_INT(fault_apply(r, "tp", FAULT_UNKNOWN, true, 0), 0);
	CHECK(fault_is(&tp->nodes[1].faults, FAULT_UNKNOWN));
	/* And what only a board can have to the board of a node. */
	CHECK_INT(fault_apply(r, "one", FAULT_NOBMCD, true, 0), 0);
	CHECK(!bmcd_up(tp));
	CHECK(fault_apply(r, "nobody", FAULT_DROP, true, 0) < 0);
	rack_free(r);
	loop_free(loop);
}

TEST(fault_power_cuts_the_rail_and_a_boot_follows)
{
	struct loop *loop = loop_new();
	struct rack *r = sim_rack(loop, two);
	struct sim_node *n = rack_node(r, "one");

	CHECK_INT(n->stage, STAGE_LOGIN);
	fault_apply(r, "one", FAULT_POWER, true, 0);
	CHECK(!n->rail && n->intent);
	CHECK_INT(n->stage, STAGE_OFF);
	node_power(n, true); /* nobody can switch it on now */
	CHECK(!n->rail);
	fault_apply(r, "one", FAULT_POWER, false, 0);
	CHECK(n->rail);
	CHECK_INT(n->stage, STAGE_LOADER);
	CHECK(!node_has_link(n));
	sim_pass(loop, 7);
	CHECK_INT(n->stage, STAGE_LOGIN);
	CHECK(node_has_link(n));
	CHECK(node_uptime(n) < 10);
	rack_free(r);
	loop_free(loop);
}

TEST(fault_hot_node_throttles_and_cools_again)
{
	struct loop *loop = loop_new();
	struct rack *r = sim_rack(loop, two);
	struct sim_node *n = rack_node(r, "pi1");

	CHECK(n->temp < 75);
	CHECK_INT(n->throttled, 0);
	fault_apply(r, "pi1", FAULT_HOT, true, 88);
	sim_pass(loop, 150);
	CHECK(n->temp > 84);
	CHECK(n->throttled & 0x8);
	fault_apply(r, "pi1", FAULT_HOT, false, 0);
	sim_pass(loop, 200);
	CHECK(n->temp < 70);
	CHECK_INT(n->throttled & 0xf, 0);
	CHECK(n->throttled & 0x80000); /* it has happened since boot */
	rack_free(r);
	loop_free(loop);
}

TEST(fault_same_seed_same_story)
{
	double temp[2];
	int i;

	for (i = 0; i < 2; i++) {
		struct loop *loop = loop_new();
		struct rack *r = sim_rack(loop, two);

		sim_pass(loop, 30);
		temp[i] = rack_node(r, "pi1")->temp;
		rack_free(r);
		loop_free(loop);
	}
	CHECK(temp[0] == temp[1]);
}

TEST(fault_scenario_file_names_its_bad_line)
{
	struct loop *loop = loop_new();
	struct rack *r = sim_rack(loop, two);
	struct fault_plan *plan = fault_plan_new(r);
	char path[300], err[256], want[400];
	FILE *f;

	str_format(path, sizeof(path), "%s/s", test_dir());
	f = fopen(path, "we");
	CHECK(f != NULL);
	fputs("# two faults\none:hot\n\npi1:bogus\n", f);
	fclose(f);
	CHECK(fault_plan_file(plan, path, err, sizeof(err)) < 0);
	str_format(want, sizeof(want), "%s:4: no such fault", path);
	CHECK(str_starts(err, want));
	CHECK(fault_is(&rack_node(r, "one")->faults, FAULT_HOT));
	fault_plan_free(plan);
	rack_free(r);
	loop_free(loop);
}

/* --- the control socket --- */

static int
dial(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	str_copy(sun.sun_path, sizeof(sun.sun_path), path);
	CHECK_INT(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Send text, and turn until as many lines have come back. */
static void
converse(
    struct loop *loop, int fd, const char *text, int lines, struct buf *got)
{
	char reply[512];
	ssize_t n;
	int i;

	buf_clear(got);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	for (i = 0; i < 200 && lines > 0; i++) {
		loop_turn(loop, 5);
		while ((n = read(fd, reply, sizeof(reply))) > 0) {
			buf_add(got, reply, (size_t)n);
			for (; n > 0; n--)
				lines -= reply[n - 1] == '\n';
		}
	}
	CHECK_INT(lines, 0);
}

TEST(control_takes_lines_and_answers_each)
{
	struct loop *loop = loop_new();
	struct rack *r = sim_rack(loop, two);
	struct fault_plan *plan = fault_plan_new(r);
	struct sim_node *n = rack_node(r, "one");
	struct control *c;
	struct stat st;
	struct buf got;
	char path[300], err[160];
	int fd;

	str_format(path, sizeof(path), "%s/ctl", test_dir());
	c = control_new(loop, plan, path, err, sizeof(err));
	CHECK(c != NULL);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	buf_init(&got, 0);
	fd = dial(path);
	converse(loop, fd, "one:hot=90\nbogus\n", 2, &got);
	CHECK_STR(buf_str(&got),
	    "ok\nerror: a fault is TARGET:KIND: "
	    "\"bogus\"\n");
	CHECK(fault_is(&n->faults, FAULT_HOT));
	converse(loop, fd, "clear one\n", 1, &got);
	CHECK_STR(buf_str(&got), "ok\n");
	CHECK(!fault_is(&n->faults, FAULT_HOT));
	close(fd);
	loop_turn(loop, 5);
	control_free(c);
	CHECK(stat(path, &st) != 0);
	buf_release(&got);
	fault_plan_free(plan);
	rack_free(r);
	loop_free(loop);
}
