/*
 * Consoles as an operator has them: the program, in a pipe, and the simulated
 * boards with their own ways to a node's line.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "piped.h"
#include "simproc.h"
#include "test.h"

static char config[400];
static struct ran ran = { 0 };

static void
begin(struct simproc *sim, const char *boards, const char *more)
{
	char *rack = text_of("boards = (%s);\n", boards);

	simproc_start(sim, rack, NULL);
	snprintf(config, sizeof config, "%s",
	    simproc_config(sim, "console.cfg", more));
	free(rack);
}

/* --- each board's way ----------------------------------------------------- */

/* A key is typed and the node's getty answers with a prompt of its own name:
 * it was its serial line, and no login shell. */
static void
check_answers(const char *node)
{
	char *prompt = text_of("%s login: ", node);
	struct piped p;

	piped_start(&p, "console", "-c", config, node, NULL);
	piped_type(&p, "\r", 1);
	piped_says(&p, prompt);
	piped_type(&p, "root\r", 5);
	piped_says(&p, "assword");
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	CHECK(strstr(p.said, "picocom") == NULL);
	CHECK(strstr(p.said, "Thanks") == NULL);
	CHECK_STR(p.told, "");
	piped_release(&p);
	free(prompt);
}

static void
check_board(const char *board, const char *node)
{
	struct simproc sim;

	begin(&sim, board, "");
	check_answers(node);
	simproc_stop(&sim);
}

TEST(turing_pi_by_the_websocket_of_its_bmcd)
{
	check_board("{ name = \"tp\"; type = \"turing-pi\"; "
		    "firmware = \"2.1.0\"; nodes = ({ slot = 2; "
		    "name = \"wb\"; model = \"rk1\"; }); }",
	    "wb");
}

TEST(turing_pi_with_old_firmware_by_draining_uart_get)
{
	check_board("{ name = \"tp\"; type = \"turing-pi\"; "
		    "firmware = \"2.0.5\"; board = \"2.4\"; nodes = ({ "
		    "slot = 1; name = \"ci\"; model = \"cm4\"; }); }",
	    "ci");
}

TEST(turing_pi_over_its_usb_serial)
{
	check_board("{ name = \"tp\"; type = \"turing-pi\"; ssh = false; "
		    "serial = true; nodes = ({ slot = 1; name = \"lab\"; "
		    "model = \"rk1\"; }); }",
	    "lab");
}

TEST(cluster_box_v2_by_its_console_server)
{
	check_board("{ name = \"box\"; type = \"cluster-box\"; nodes = ({ "
		    "slot = 1; name = \"k1\"; }); }",
	    "k1");
}

TEST(cluster_box_v1_by_picocom_on_its_tty)
{
	check_board("{ name = \"box\"; type = \"cluster-box\"; "
		    "generation = \"v1\"; nodes = ({ slot = 1; "
		    "name = \"j1\"; }); }",
	    "j1");
}

TEST(cluster_box_v0_by_picocom_on_its_tty)
{
	check_board("{ name = \"box\"; type = \"cluster-box\"; "
		    "generation = \"v0\"; user = \"mixtile\"; nodes = ({ "
		    "slot = 4; name = \"j4\"; }); }",
	    "j4");
}

/* It was locked, then is free, is left and opened again. */
TEST(cluster_box_v1_whose_tty_is_held_for_a_while)
{
	struct simproc sim;

	begin(&sim,
	    "{ name = \"box\"; type = \"cluster-box\"; "
	    "generation = \"v1\"; nodes = ({ slot = 2; name = \"j2\"; }); }",
	    "");
	simproc_fault(&sim, "j2:ttybusy");
	CHECK_INT(ran_words(&ran, "console", "-c", config, "j2", NULL), 1);
	CHECK(strstr(ran.err,
		  "Another program has /dev/ttyCH343USB2: end it "
		  "there, or wait for it") != NULL);
	CHECK_STR(ran.out, "");
	simproc_fault(&sim, "clear j2:ttybusy");
	check_answers("j2");
	check_answers("j2");
	simproc_stop(&sim);
}

TEST(mini_cm4_by_the_uarts_of_its_host)
{
	struct simproc sim;

	begin(&sim,
	    "{ name = \"mini\"; type = \"mini-cm4\"; ssh = true; "
	    "serial = false; nodes = ({ slot = 1; name = \"m1\"; }, "
	    "{ slot = 3; name = \"m3\"; }); }",
	    "");
	check_answers("m1");
	check_answers("m3");
	simproc_stop(&sim);
}

TEST(cluster_hat_by_its_ttypi)
{
	check_board("{ name = \"hat\"; type = \"clusterhat\"; nodes = ({ "
		    "slot = 1; name = \"z1\"; }); }",
	    "z1");
}

TEST(a_node_by_usb_serial_telnet_and_tcp)
{
	struct simproc sim;

	begin(&sim,
	    "{ name = \"pis\"; type = \"linux\"; slots = 3; nodes = ("
	    "{ slot = 1; name = \"pu\"; model = \"pi4\"; console = \"usb\"; },"
	    "{ slot = 2; name = \"pt\"; model = \"pi5\"; "
	    "console = \"telnet\"; },"
	    "{ slot = 3; name = \"pr\"; model = \"pi4\"; "
	    "console = \"tcp\"; }); }",
	    "");
	check_answers("pu");
	check_answers("pt");
	check_answers("pr");
	simproc_stop(&sim);
}

/* A program on this machine: its words are not shown, its escape is typed twice
 * and ends it. */
TEST(a_node_by_a_local_picocom)
{
	char *path = text_of("%s/picocom", test_dir());
	char *heard = text_of("%s/heard", test_dir());
	char *text = text_of("#!/bin/sh\nstty raw -echo\n"
			     "printf 'picocom v3.1\\r\\nTerminal ready\\r\\n'\n"
			     "printf 'login: '\n"
			     "dd bs=1 count=3 of=%s 2>/dev/null\n"
			     "printf 'that was it'\n"
			     "exec cat >/dev/null\n",
	    heard);
	char *boards = text_of("boards = ({ name = \"b\"; type = \"linux\"; "
			       "slots = 1; nodes = ({ slot = 1; "
			       "name = \"n\"; console = \"exec:%s -b 9600 "
			       "/dev/ttyS9\"; }); });\n",
	    path);
	struct piped p;

	file_write(path, text);
	CHECK(chmod(path, 0700) == 0);
	snprintf(config, sizeof config, "%s/own.cfg", test_dir());
	file_write(config, boards);
	piped_start(&p, "console", "-c", config, "n", NULL);
	piped_says(&p, "login: ");
	CHECK_STR(p.said, "login: ");
	piped_type(&p, "\001x", 2);
	piped_says(&p, "that was it");
	piped_release(&p);
	free(text);
	text = file_read(heard);
	CHECK_STR(text, "\001\001x");
	free(text);
	free(boards);
	free(heard);
	free(path);
}

TEST(a_node_without_a_line_by_a_login_shell_that_is_called_so)
{
	struct simproc sim;
	struct piped p;

	begin(&sim,
	    "{ name = \"pis\"; type = \"linux\"; slots = 1; nodes = ("
	    "{ slot = 1; name = \"pa\"; model = \"pi4\"; }); }",
	    "");
	piped_start(&p, "console", "-c", config, "pa", NULL);
	piped_says(&p, "pi@pa:~$ ");
	piped_type(&p, "echo a$((1+1))b\r", 16);
	piped_says(&p, "\na2b\r\n");
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	piped_release(&p);
	simproc_stop(&sim);
}

/* --- what cannot be ------------------------------------------------------- */

TEST(no_such_node_and_no_console_are_told_and_have_their_status)
{
	struct simproc sim;

	begin(&sim,
	    "{ name = \"tp\"; type = \"turing-pi\"; nodes = ({ slot = 1; "
	    "name = \"wa\"; model = \"rk1\"; }); }",
	    "");
	CHECK_INT(ran_words(&ran, "console", "-c", config, "nobody", NULL), 3);
	CHECK(strstr(ran.err, "no node is called 'nobody'") != NULL);
	CHECK_INT(ran_words(&ran, "console", "-c", config, NULL), 2);
	CHECK(strstr(ran.err, "rackmux console NODE") != NULL);
	simproc_fault(&sim, "tp:drop");
	CHECK_INT(ran_words(&ran, "console", "-c", config, "--timeout", "2",
		      "wa", NULL),
	    1);
	CHECK(strstr(ran.err, "tp/1: ") != NULL);
	CHECK_STR(ran.out, "");
	simproc_stop(&sim);
}

/* --- the link drops ------------------------------------------------------- */

TEST(a_dropped_connection_is_a_gap_with_its_length_and_heals)
{
	struct simproc sim;
	struct piped p;

	begin(&sim,
	    "{ name = \"tp\"; type = \"turing-pi\"; nodes = ({ slot = 1; "
	    "name = \"wa\"; model = \"rk1\"; }); }",
	    "");
	piped_start(&p, "console", "-c", config, "wa", NULL);
	piped_type(&p, "\r", 1);
	piped_says(&p, "wa login: ");
	simproc_fault(&sim, "tp:drop");
	piped_tells(&p, "lost");
	simproc_fault(&sim, "clear tp:drop");
	piped_tells(&p, "gap of ");
	piped_tells(&p, "open");
	piped_type(&p, "carla\r", 6);
	piped_says(&p, "assword");
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	piped_release(&p);
	simproc_stop(&sim);
}

/* It is noticed after four seconds, in which bytes were lost already. */
TEST(a_gap_begins_with_the_silence_and_not_when_it_is_noticed)
{
	struct simproc sim;
	struct piped p;
	const char *gap;

	begin(&sim,
	    "{ name = \"tp\"; type = \"turing-pi\"; nodes = ({ slot = 1; "
	    "name = \"wa\"; model = \"rk1\"; }); }",
	    "");
	piped_start(&p, "console", "-c", config, "wa", NULL);
	piped_type(&p, "\r", 1);
	piped_says(&p, "wa login: ");
	simproc_fault(&sim, "tp:cable");
	piped_tells(&p, "no answer");
	simproc_fault(&sim, "clear tp:cable");
	piped_tells(&p, "gap of ");
	piped_tells(&p, "open");
	gap = strstr(p.told, "gap of ");
	CHECK(strstr(gap, " min ") != NULL || strtod(gap + 7, NULL) >= 4);
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	piped_release(&p);
	simproc_stop(&sim);
}

TEST(an_adapter_unplugged_and_plugged_in_again_is_a_gap)
{
	struct simproc sim;
	struct piped p;

	begin(&sim,
	    "{ name = \"pis\"; type = \"linux\"; slots = 1; nodes = ("
	    "{ slot = 1; name = \"pu\"; model = \"pi4\"; "
	    "console = \"usb\"; }); }",
	    "");
	piped_start(&p, "console", "-c", config, "pu", NULL);
	piped_type(&p, "\r", 1);
	piped_says(&p, "pu login: ");
	simproc_fault(&sim, "pu:unplug");
	piped_tells(&p, "lost");
	simproc_fault(&sim, "pu:replug");
	piped_tells(&p, "gap of ");
	piped_tells(&p, "open");
	piped_type(&p, "carla\r", 6);
	piped_says(&p, "assword");
	piped_release(&p);
	simproc_stop(&sim);
}
