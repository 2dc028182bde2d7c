/* A console's states: wanted, opened, lost, opened again, let go; and that its
 * owner may do anything in a callback. */
#include "console_fix.h"

#include "../../src/console/console_in.h"

#include <malloc.h>

TEST(idle_until_somebody_looks)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_console(&f, "tp2-a/1", false);
	cfix_route(&f, f.console, f.link);
	link_start(f.link);
	CUNTIL(&f, link_state(f.link) == LINK_UP);
	for (int i = 0; i < 5; i++)
		loop_turn(f.loop, 1);
	CHECK(IS_STATE(&f, IDLE));
	CHECK_INT(f.wants, 0);
	QUIET(&f, f.viewer = console_look(f.console, &cfix_viewer, &f));
	CHECK(IS_STATE(&f, IDLE));
	CUNTIL(&f, IS_STATE(&f, OPEN));
	CHECK(f.wanted);
	far_say(&f, "hello\r\nlogin: ");
	CUNTIL(&f, f.got.len == 14);
	CHECK_STR(buf_str(&f.got), "hello\r\nlogin: ");
	CHECK_INT(on_screen(f.console, "login:"), 1);
	CHECK_INT(console_bytes(f.console), 14);
	CHECK(f.changes > 0);
	QUIET(&f, console_unlook(f.viewer));
	CUNTIL(&f, IS_STATE(&f, IDLE));
	CUNTIL(&f, !f.wanted);
	CHECK_INT(f.wants, 2);
	cfix_free(&f);
}

TEST(captured_stays_open)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, true);
	CHECK(console_captured(f.console));
	f.viewer = console_look(f.console, &cfix_viewer, &f);
	console_unlook(f.viewer);
	far_say(&f, "kept");
	CUNTIL(&f, console_bytes(f.console) == 4);
	CHECK(IS_STATE(&f, OPEN));
	CHECK_INT(on_screen(f.console, "kept"), 1);
	QUIET(&f, console_set_capture(f.console, false));
	CUNTIL(&f, IS_STATE(&f, IDLE));
	QUIET(&f, console_set_capture(f.console, true));
	CUNTIL(&f, IS_STATE(&f, OPEN));
	/* What was not read is said to be missing. */
	CHECK_INT(on_screen(f.console, "nobody read it"), 1);
	cfix_free(&f);
}

/* What leads to it is asked for once a second. */
TEST(the_same_way_told_again_forgets_no_prompt)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, true);
	far_say(&f, "Starting syslogd: OK\r\n\r\nnode1 login: ");
	CUNTIL(&f, console_bytes(f.console) == 37);
	cfix_route(&f, f.console, f.link);
	loop_advance(f.loop, 2000);
	CUNTIL(&f, cwatch_stage(console_watch(f.console)) == STAGE_LOGIN);
	cfix_free(&f);
}

TEST(no_way_says_why)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_console(&f, "tp2-a/1", true);
	CUNTIL(&f, IS_STATE(&f, NO_WAY));
	CHECK_STR(console_why(f.console), "No way to it is known yet.");
	QUIET(&f, console_route(f.console, NULL, NULL, "It has no UART."));
	CUNTIL(&f, strcmp(console_why(f.console), "It has no UART.") == 0);
	CHECK(console_way(f.console) == NULL);
	CHECK_INT(f.wants, 0);
	cfix_route(&f, f.console, f.link);
	CUNTIL(&f, IS_STATE(&f, WAITING));
	CHECK(f.wanted);
	CHECK_STR(console_why(f.console), "Its link is down.");
	link_start(f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	CHECK_STR(console_why(f.console), "");
	/* The same again changes nothing. */
	cfix_route(&f, f.console, f.link);
	loop_turn(f.loop, 1);
	CHECK(IS_STATE(&f, OPEN));
	QUIET(&f, console_route(f.console, f.link, NULL, "Gone."));
	CUNTIL(&f, IS_STATE(&f, NO_WAY));
	CHECK(!f.wanted);
	cfix_free(&f);
}

TEST(gap_is_marked_with_its_length)
{
	unsigned gaps;
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, false);
	far_say(&f, "before");
	CUNTIL(&f, f.got.len == 6);
	link_stop(f.link);
	CUNTIL(&f, IS_STATE(&f, WAITING));
	CHECK_STR(console_why(f.console), "Its link is down.");
	loop_advance(f.loop, 12345);
	far_new(&f);
	link_start(f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	CHECK_STR(buf_str(&f.notes), "gap of 12.3 s: the link was lost\n");
	CHECK_INT(
	    on_screen(f.console, "-- gap of 12.3 s: the link was lost --"), 1);
	CHECK_INT(on_screen(f.console, "before--"), 0);
	CHECK_INT(console_lost(f.console, &gaps), 0);
	CHECK_INT(gaps, 1);
	CUNTIL(&f, strstr(buf_str(&f.said), "0 A gap of 12.3 s: ") != NULL);
	far_say(&f, "after");
	CUNTIL(&f, f.got.len == 11);
	CHECK_STR(buf_str(&f.got), "beforeafter");
	CHECK_INT(on_screen(f.console, "after"), 1);
	cfix_free(&f);
}

/* A program on a screen of its own paints it; there is no line of ours. */
TEST(gap_spares_the_alternate_screen)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, false);
	far_say(&f, "\033[?1049h\033[5;5Hvi");
	CUNTIL(&f, f.got.len == 16);
	link_stop(f.link);
	CUNTIL(&f, IS_STATE(&f, WAITING));
	loop_advance(f.loop, 60000 * 61);
	far_new(&f);
	link_start(f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	CHECK_STR(buf_str(&f.notes), "gap of 1 h 1 min: the link was lost\n");
	CHECK_INT(on_screen(f.console, "gap of"), 0);
	CHECK_INT(on_screen(f.console, "vi"), 1);
	cfix_free(&f);
}

/* A program that ends at once is started again ever later; its link is up all
 * the time. */
TEST(way_that_ends_is_opened_again_later)
{
	uint64_t wait, before = 0;
	struct cfix f;
	char url[300];

	str_format(url, sizeof url, "exec:sh %s",
	    test_write("ends.sh",
		"if [ -t 0 ]; then echo bye; exit 3; fi; exec cat\n"));
	cfix_new(&f, url);
	f.way.kind = WAY_LOGIN;
	cfix_console(&f, "tp2-a/1", true);
	cfix_route(&f, f.console, f.link);
	link_start(f.link);
	for (int i = 0; i < 4; i++) {
		CUNTIL(&f, IS_STATE(&f, LOST));
		CHECK_INT(link_state(f.link), LINK_UP);
		CHECK(*console_why(f.console) != '\0');
		wait = console_retry_ms(f.console);
		CHECK(wait >= 375u << i && wait <= 625u << i);
		CHECK(wait > before);
		before = wait;
		loop_advance(f.loop, wait - 1);
		loop_turn(f.loop, 0);
		CHECK(IS_STATE(&f, LOST));
		loop_advance(f.loop, 1);
		CUNTIL(&f, !IS_STATE(&f, LOST));
	}
	CHECK(on_screen(f.console, "-- gap of ") >= 3);
	cfix_free(&f);
}

/* Another program has the line: who, and tried again slowly. */
TEST(held_line_names_its_holder)
{
	static const unsigned waits[] = { 1000, 1000, 1000, 10000, 10000 };
	struct cfix f;
	char url[300];

	str_format(url, sizeof url, "exec:sh %s",
	    test_write("held.sh",
		"[ ! -t 0 ] && exec sh\n"
		"echo 'FATAL: cannot lock /dev/ttyS1'; exit 1\n"));
	cfix_new(&f, url);
	f.way.kind = WAY_LOGIN;
	str_copy(f.way.ready, sizeof f.way.ready, "Terminal ready");
	str_copy(f.way.held, sizeof f.way.held, "cannot lock");
	str_copy(f.way.device, sizeof f.way.device, "/dev/ttyS1");
	cfix_console(&f, "tp2-a/1", true);
	cfix_route(&f, f.console, f.link);
	link_start(f.link);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		CUNTIL(&f, console_retry_ms(f.console) > 0);
		CHECK(IS_STATE(&f, HELD));
		CHECK_INT(console_retry_ms(f.console), waits[i]);
		CHECK(strlen(console_why(f.console)) > 10);
		loop_advance(f.loop, waits[i]);
		CHECK(IS_STATE(&f, HELD));
	}
	CHECK_INT(console_bytes(f.console), 0);
	loop_turn(f.loop, 1);
	CHECK_INT(f.events, 1);
	cfix_free(&f);
}

/* The terminal was asked for with the size of before. */
TEST(a_size_set_while_it_opens_counts)
{
	struct cfix f;

	cfix_new(&f,
	    far_script(
		"size.sh", "printf R; while read -r x; do stty size; done"));
	cfix_console(&f, "tp2-a/1", false);
	cfix_route(&f, f.console, f.link);
	QUIET(&f, f.viewer = console_look(f.console, &cfix_viewer, &f));
	link_start(f.link);
	CUNTIL(&f, IS_STATE(&f, OPENING));
	QUIET(&f, console_resize(f.console, 41, 101));
	CUNTIL(&f, IS_STATE(&f, OPEN));
	far_ready(&f, 1);
	QUIET(&f, CHECK_INT(console_type(f.console, "\n", 1), 0));
	CUNTIL(&f, f.got.len >= 7);
	CHECK_STR(buf_str(&f.got), "41 101\n");
	cfix_free(&f);
}

TEST(typing_is_sent_once)
{
	struct cfix f;

	cfix_new(&f, far_echo());
	cfix_console(&f, "tp2-a/1", false);
	CHECK_INT(console_type(f.console, "x", 1), -ENOTCONN);
	CHECK(strlen(console_why_not(f.console, -ENOTCONN)) > 10);
	cfix_route(&f, f.console, f.link);
	QUIET(&f, f.viewer = console_look(f.console, &cfix_viewer, &f));
	CUNTIL(&f, IS_STATE(&f, WAITING));
	CHECK_INT(console_type(f.console, "x", 1), -ENOTCONN);
	CHECK_STR(console_why_not(f.console, -ENOTCONN), "Its link is down.");
	link_start(f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	far_ready(&f, 1);
	QUIET(&f, CHECK_INT(console_type(f.console, "\0\3\377\r", 4), 0));
	CUNTIL(&f, f.got.len == 4);
	CHECK(memcmp(f.got.data, "\0\3\377\r", 4) == 0);
	CHECK_INT(console_break(f.console), -ENOTSUP);
	CHECK(strlen(console_why_not(f.console, -ENOTSUP)) > 10);
	link_stop(f.link);
	CUNTIL(&f, IS_STATE(&f, WAITING));
	CHECK(strstr(buf_str(&f.said), "1 4 bytes typed just before"));
	CHECK_INT(console_type(f.console, "late", 4), -ENOTCONN);
	link_start(f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	far_ready(&f, 6);
	console_type(f.console, "new", 3);
	CUNTIL(&f, f.got.len >= 3);
	CHECK_STR(buf_str(&f.got), "new");
	cfix_free(&f);
}

/* A queue that is full takes nothing, and says so. */
TEST(typing_is_bounded)
{
	char *much = mem_alloc(65536);
	struct cfix f;
	int err = 0, i;

	cfix_new(&f, NULL); /* reads nothing that is typed */
	cfix_open(&f, false);
	for (i = 0; i < 32 && err == 0; i++)
		err = console_type(f.console, much, 65536);
	CHECK_INT(err, -ENOBUFS);
	CHECK(strlen(console_why_not(f.console, -ENOBUFS)) > 10);
	free(much);
	cfix_free(&f);
}

/* --- freeing in callbacks -------------------------------------------------- */

static void
free_console(struct cfix *f)
{
	cfix_forget(f, f->console);
	console_free(f->console);
	f->console = NULL;
}

static void
free_set(struct cfix *f)
{
	f->n_routes = 0;
	f->console = NULL;
	consoles_free(f->set);
	f->set = NULL;
}

static void
stop_looking(struct cfix *f)
{
	console_unlook(f->viewer);
	f->viewer = NULL;
}

static void
let_free_in(void (*act)(struct cfix *), bool note)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, false);
	if (note) {
		link_stop(f.link);
		CUNTIL(&f, IS_STATE(&f, WAITING));
		far_new(&f);
		f.act = act;
		link_start(f.link);
	} else {
		f.act = act;
		far_say(&f, "bytes");
	}
	CUNTIL(&f, f.act == NULL);
	for (int i = 0; i < 5; i++)
		loop_turn(f.loop, 1);
	cfix_free(&f);
}

TEST(free_when_bytes_come)
{
	let_free_in(free_console, false);
}

TEST(free_the_set_when_bytes_come)
{
	let_free_in(free_set, false);
}

TEST(stop_looking_when_bytes_come)
{
	let_free_in(stop_looking, false);
}

TEST(free_when_a_gap_is_told)
{
	let_free_in(free_console, true);
}

TEST(free_the_set_when_a_gap_is_told)
{
	let_free_in(free_set, true);
}

static void
free_in_event(void (*act)(struct cfix *))
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_console(&f, "tp2-a/1", true);
	cfix_route(&f, f.console, f.link);
	link_start(f.link);
	f.act = act; /* that it is wanted is the first it hears */
	CUNTIL(&f, f.act == NULL);
	for (int i = 0; i < 5; i++)
		loop_turn(f.loop, 1);
	cfix_free(&f);
}

TEST(free_in_an_event)
{
	free_in_event(free_console);
	free_in_event(free_set);
}

/* A reload frees the patterns of which an alert waits to be told. */
TEST(alerts_that_wait_outlive_their_patterns)
{
	static const char oom[] = "Out of memory: Killed process 1 (sh)\r\n";
	struct alerts *more;
	struct cfix f;
	char err[200];

	cfix_new(&f, NULL);
	cfix_open(&f, false);
	console_ingest(f.console, oom, sizeof oom - 1);
	CHECK_INT(f.alerts, 0);
	more = alerts_new(NULL, 0, NULL, err, sizeof err);
	consoles_set_alerts(f.set, more);
	alerts_free(f.alert_set);
	f.alert_set = more;
	CUNTIL(&f, f.alerts == 1);
	CHECK(strstr(f.alert, ": Out of memory: Killed process 1") != NULL);
	cfix_free(&f);
}

TEST(link_may_go_first)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, true);
	QUIET(&f, consoles_no_link(f.set, f.link));
	link_free(f.link);
	f.link = NULL;
	CUNTIL(&f, IS_STATE(&f, WAITING));
	CHECK_STR(console_why(f.console), "Its link is not there.");
	CHECK_INT(console_type(f.console, "x", 1), -ENOTCONN);
	far_new(&f);
	f.link = cfix_link(&f, "exec:cat");
	link_start(f.link);
	cfix_route(&f, f.console, f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	CHECK_INT(on_screen(f.console, "its link was taken away"), 1);
	cfix_free(&f);
}

/* --- armed for a power-on --------------------------------------------------- */

TEST(armed_until_the_first_byte)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_console(&f, "tp2-a/1", false);
	cfix_route(&f, f.console, f.link);
	link_start(f.link);
	QUIET(&f, console_power(f.console, false));
	QUIET(&f, console_arm(f.console, 30000));
	CUNTIL(&f, IS_STATE(&f, OPEN));
	far_say(&f, "noise of the rail");
	CUNTIL(&f, console_bytes(f.console) == 17);
	CHECK(IS_STATE(&f, OPEN)); /* there was no power yet */
	QUIET(&f, console_power(f.console, true));
	loop_turn(f.loop, 1);
	CHECK(IS_STATE(&f, OPEN));
	far_say(&f, "U");
	CUNTIL(&f, IS_STATE(&f, IDLE));
	CHECK_INT(on_screen(f.console, "noise of the railU"), 1);
	cfix_free(&f);
}

TEST(armed_not_for_ever)
{
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_console(&f, "tp2-a/1", false);
	cfix_route(&f, f.console, f.link);
	link_start(f.link);
	console_arm(f.console, 30000);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	loop_advance(f.loop, 29999);
	loop_turn(f.loop, 1);
	CHECK(IS_STATE(&f, OPEN));
	loop_advance(f.loop, 1);
	CUNTIL(&f, IS_STATE(&f, IDLE));
	cfix_free(&f);
}

/* --- many ------------------------------------------------------------------- */

TEST(a_thousand_idle_ones_are_cheap)
{
	size_t before, used;
	struct cfix f;
	char name[40];

	cfix_new(&f, NULL);
	before = mallinfo2().uordblks;
	for (int i = 0; i < 1000; i++) {
		str_format(name, sizeof name, "rack-%d/%d", i / 10, i % 10);
		cfix_console(&f, name, false);
	}
	for (int i = 0; i < 3; i++)
		loop_turn(f.loop, 1);
	used = (mallinfo2().uordblks - before) / 1000;
	/* The way, which comes later, is 3 kB more. */
	if (used > 3000)
		test_fail(__FILE__, __LINE__, "%zu bytes each", used);
	CHECK_INT(consoles_count(f.set), 1000);
	CHECK(consoles_find(f.set, "rack-77/3") == consoles_at(f.set, 773));
	CHECK(consoles_find(f.set, "rack-77/x") == NULL);
	while (consoles_count(f.set) > 0)
		console_free(consoles_at(f.set, consoles_count(f.set) / 2));
	f.console = NULL;
	cfix_free(&f);
}
