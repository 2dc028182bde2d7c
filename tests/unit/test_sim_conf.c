/*
 * RACK.cfg: what is understood, and that all mistakes are told with a line.
 */
#include <string.h>

#include "rackmux/sim/conf.h"
#include "rackmux/sim/demo.h"
#include "../lib/test.h"

static struct loop *loop;
static struct rack *rack;
static struct buf faults, err;

static int
read_text(const char *text)
{
	loop = loop_new();
	rack = rack_new(loop, 1);
	buf_init(&faults, 0);
	buf_init(&err, 0);
	return conf_read_text(rack, text, "r.cfg", &faults, &err);
}

static void
done(void)
{
	rack_free(rack);
	loop_free(loop);
	buf_release(&faults);
	buf_release(&err);
}

TEST(conf_reads_boards_and_nodes)
{
	struct sim_board *b;

	CHECK_INT(
	    read_text("rack: { name = \"r\"; units = 4; };\n"
		      "boards = ({ name = \"a\"; type = \"turing-pi\";\n"
		      " firmware = \"2.0.5\"; board = \"2.4\"; unit = 3;\n"
		      " nodes = ({ slot = 2; name = \"n2\";\n"
		      "   model = \"rk1\"; on = false; }); });\n"
		      "faults = (\"a/2:hot=90@5\");"),
	    0);
	CHECK_STR(buf_str(&err), "");
	b = rack_board(rack, "a");
	CHECK(b != NULL);
	CHECK_INT(b->slots, 4);
	CHECK_INT(b->unit, 3);
	CHECK(!b->tp.v25 && !b->tp.fw->modern);
	CHECK(b->nodes[0].model == NULL);
	CHECK_STR(b->nodes[1].model->id, "rk1");
	CHECK(!b->nodes[1].intent);
	CHECK(rack_node(rack, "n2") == &b->nodes[1]);
	CHECK(rack_node(rack, "a/2") == &b->nodes[1]);
	CHECK(rack_node(rack, "a/n2") == &b->nodes[1]);
	CHECK(rack_node(rack, "a/5") == NULL);
	CHECK_STR(buf_str(&faults), "a/2:hot=90@5\n");
	done();
}

TEST(conf_tells_all_mistakes_with_their_lines)
{
	CHECK_INT(read_text("boards = (\n"
			    " { name = \"a\"; type = \"linux\"; slots = 2;\n"
			    "   colour = 3;\n"
			    "   nodes = ({ slot = 9; },\n"
			    "     { slot = 1; model = \"pdp11\"; }); },\n"
			    " { name = \"a\"; type = \"linux\"; },\n"
			    " { name = \"c\"; type = \"cray\"; },\n"
			    " { name = \"d\"; type = \"turing-pi\";\n"
			    "   firmware = \"2.0.5\"; board = \"2.5\"; }\n"
			    ");\n"
			    "faults = (\"a:explode\");"),
	    8);
	CHECK(strstr(buf_str(&err), "r.cfg:3: unknown key \"colour\"\n"));
	CHECK(strstr(buf_str(&err), "r.cfg:4: slot must be a number from 1"));
	CHECK(strstr(buf_str(&err), "r.cfg:5: model \"pdp11\" is not known"));
	CHECK(strstr(buf_str(&err), "r.cfg:6: there are two boards \"a\""));
	CHECK(strstr(buf_str(&err), "r.cfg:7: type \"cray\" is not known"));
	CHECK(strstr(buf_str(&err), "does not run on a v2.5"));
	CHECK(strstr(buf_str(&err), "r.cfg:11: no such fault"));
	done();
}

TEST(conf_tells_syntax_errors_and_missing_files)
{
	CHECK_INT(read_text("boards = (\n{ name = ; }\n);"), 1);
	CHECK_STR(buf_str(&err), "r.cfg:2: syntax error\n");
	buf_clear(&err);
	CHECK_INT(conf_read(rack, "/nonexistent/x.cfg", &faults, &err), 1);
	CHECK_STR(buf_str(&err), "/nonexistent/x.cfg:1: cannot be read\n");
	done();
}

TEST(conf_reads_the_demo)
{
	CHECK_INT(read_text(demo_rack()), 0);
	CHECK_INT(rack->n_boards, 10);
	CHECK(rack_node(rack, "pis/15") != NULL);
	done();
}
