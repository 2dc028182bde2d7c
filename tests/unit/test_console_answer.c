/* What the node's terminal asks is answered only where somebody sits, and only
 * where a program reads it; and the files of a console have safe names. */
#include "console_fix.h"

#define ASK "\033[6n"

static int
count(const struct buf *b, const char *text)
{
	const char *at = buf_str(b);
	int n = 0;

	while ((at = strstr(at, text))) {
		n++;
		at += strlen(text);
	}
	return n;
}

static void
say(struct cfix *f, const char *text)
{
	size_t want = f->got.len + strlen(text);

	CHECK_INT(console_type(f->console, text, strlen(text)), 0);
	CUNTIL(f, f->got.len >= want);
	for (int i = 0; i < 10; i++)
		loop_turn(f->loop, 1);
}

/* The far end sends back what it is typed: so typing is its question too. */
static void
echo_new(struct cfix *f)
{
	cfix_new(f, far_echo());
	cfix_open(f, false);
	far_ready(f, 1);
	say(f, "\r");
	buf_clear(&f->got);
}

TEST(answers_only_who_is_focused)
{
	struct cfix f;

	echo_new(&f);
	say(&f, ASK);
	CHECK_INT(count(&f.got, ";1R"), 0);
	console_focus(f.console, f.viewer);
	for (int i = 0; i < 5; i++)
		loop_turn(f.loop, 1);
	CHECK_INT(count(&f.got, ";1R"), 0); /* nor late */
	say(&f, ASK);
	CUNTIL(&f, count(&f.got, ";1R") == 1);
	console_focus(f.console, NULL);
	say(&f, ASK);
	CHECK_INT(count(&f.got, ";1R"), 1);
	console_focus(f.console, f.viewer);
	console_unlook(f.viewer);
	f.viewer = console_look(f.console, &cfix_viewer, &f);
	say(&f, ASK);
	CHECK_INT(count(&f.got, ";1R"), 1);
	cfix_free(&f);
}

TEST(answers_five_a_second)
{
	struct cfix f;

	echo_new(&f);
	console_focus(f.console, f.viewer);
	for (int i = 0; i < 20; i++)
		say(&f, "\033[5n");
	CHECK_INT(count(&f.got, "\033[0n"), 5);
	loop_advance(f.loop, 1000);
	say(&f, "\033[5n\033[5n");
	CHECK_INT(count(&f.got, "\033[0n"), 7);
	cfix_free(&f);
}

/* Any byte would stop an autoboot. */
TEST(answers_no_loader)
{
	struct cfix f;

	echo_new(&f);
	console_focus(f.console, f.viewer);
	say(&f, "\r\nU-Boot SPL 2022.04 (Apr 04 2022 - 14:31:32 +0000)\r\n");
	CHECK(cwatch_stage(console_watch(f.console)) != STAGE_UNKNOWN);
	say(&f, ASK);
	CHECK_INT(count(&f.got, ";1R"), 0);
	say(&f, "[    0.000000] Booting Linux on physical CPU 0x0\r\n");
	say(&f, "[    0.000000] Linux version 5.10.0\r\n");
	say(&f, ASK);
	CHECK_INT(count(&f.got, ";1R"), 0);
	say(&f, "\r\nDebian GNU/Linux 11 web-a ttyS0\r\n\r\nweb-a login: ");
	loop_advance(f.loop, 2000);
	for (int i = 0; i < 5; i++)
		loop_turn(f.loop, 1);
	CHECK_INT(cwatch_stage(console_watch(f.console)), STAGE_LOGIN);
	CHECK(strstr(buf_str(&f.stages), "login"));
	say(&f, ASK);
	CUNTIL(&f, strstr(buf_str(&f.got), ";1") != NULL);
	cfix_free(&f);
}

/* Nobody has typed: it may be anything. */
TEST(answers_nothing_unknown_unless_typed_at)
{
	struct cfix f;

	cfix_new(&f, far_script("asks.sh", "printf '\\033[6n'; exec cat"));
	cfix_open(&f, false);
	console_focus(f.console, f.viewer);
	CUNTIL(&f, f.got.len == 4);
	for (int i = 0; i < 10; i++)
		loop_turn(f.loop, 1);
	CHECK_INT(f.got.len, 4);
	cfix_free(&f);
}

TEST(answers_no_replay)
{
	struct cfix f;

	cfix_new(&f, far_echo());
	f.way.repeats = true;
	cfix_open(&f, false);
	CUNTIL(&f, f.got.len == 1);
	console_focus(f.console, f.viewer);
	say(&f, ASK);
	CHECK_INT(count(&f.got, ";2R"), 0);
	loop_advance(f.loop, 1000);
	say(&f, ASK);
	CUNTIL(&f, count(&f.got, ";2R") == 1);
	cfix_free(&f);
}

/* --- files ------------------------------------------------------------------ */

static const char *
log_of(struct cfix *f, const char *name)
{
	static char rest[400];

	cfix_console(f, name, true);
	cfix_route(f, f->console, f->link);
	CUNTIL(f, console_logging(f->console));
	str_copy(rest, sizeof rest,
	    console_log_path(f->console) + strlen(cfix_log_dir()));
	cfix_forget(f, f->console);
	console_free(f->console);
	f->console = NULL;
	return rest;
}

TEST(log_files_have_safe_names)
{
	struct stat st;
	struct cfix f;
	char path[600];

	cfix_new(&f, "exec:cat");
	link_start(f.link);
	CHECK_STR(log_of(&f, "tp2-a/1"), "/tp2-a/1.log");
	CHECK_STR(log_of(&f, "web"), "/web.log");
	CHECK_STR(log_of(&f, "a b/ü"), "/a%20b/%C3%BC.log");
	CHECK_STR(log_of(&f, "../../etc"), "/%2E./%2E.%2Fetc.log");
	CHECK_STR(log_of(&f, "-rf/.x"), "/%2Drf/%2Ex.log");
	CHECK_STR(log_of(&f, "a\nb"), "/a%0Ab.log");
	CHECK_STR(log_of(&f, "/"), "/%/%.log");
	str_format(path, sizeof path, "%s/tp2-a", cfix_log_dir());
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	str_format(path, sizeof path, "%s/tp2-a/1.log", cfix_log_dir());
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	cfix_free(&f);
}

TEST(recordings_are_named_by_time)
{
	char err[300] = "", path[600];
	struct cfix f;
	struct tm tm;
	char stamp[32];
	time_t now;

	cfix_new(&f, far_echo());
	cfix_open(&f, false);
	far_ready(&f, 1);
	say(&f, "seen");
	now = (time_t)(loop_wall(f.loop) / 1000);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	QUIET(&f, CHECK(console_record(f.console, true, err, sizeof err)));
	CHECK(console_recording(f.console));
	/* It keeps the console open by itself. */
	console_unlook(f.viewer);
	for (int i = 0; i < 5; i++)
		loop_turn(f.loop, 1);
	CHECK(IS_STATE(&f, OPEN));
	QUIET(&f, CHECK(console_record(f.console, false, err, sizeof err)));
	CHECK(!console_recording(f.console));
	CUNTIL(&f, IS_STATE(&f, IDLE));
	str_format(
	    path, sizeof path, "%s/tp2-a/1-%s.cast", cfix_log_dir(), stamp);
	CHECK_INT(access(path, R_OK), 0);
	CHECK(console_record(f.console, true, err, sizeof err));
	str_format(
	    path, sizeof path, "%s/tp2-a/1-%s-2.cast", cfix_log_dir(), stamp);
	CHECK_INT(access(path, R_OK), 0);
	cfix_free(&f);
}

TEST(nothing_is_written_without_a_folder)
{
	struct consoles_config config = { .scrollback = 10 };
	struct console_new n = { .name = "a/1", .capture = true };
	struct consoles *set;
	char err[300] = "";
	struct cfix f;

	cfix_new(&f, "exec:cat");
	set = consoles_new(f.loop, &config, NULL, NULL);
	f.console = console_new(set, &n);
	link_start(f.link);
	cfix_route(&f, f.console, f.link);
	CUNTIL(&f, IS_STATE(&f, OPEN));
	CHECK(!console_logging(f.console));
	CHECK_STR(console_log_path(f.console), "");
	CHECK(!console_record(f.console, true, err, sizeof err));
	CHECK(strlen(err) > 10);
	f.n_routes = 0;
	consoles_free(set);
	f.console = NULL;
	cfix_free(&f);
}

/* Nobody types it: a loader would stop at it. */
TEST(reports_go_only_where_an_answer_would)
{
	struct cfix f;

	echo_new(&f);
	console_report(f.console, "\033[I", 3);
	console_focus(f.console, f.viewer);
	say(&f, "\r\nU-Boot SPL 2022.04 (Apr 04 2022 - 14:31:32 +0000)\r\n");
	console_report(f.console, "\033[I", 3);
	say(&f, "\r\nDebian GNU/Linux 11 web-a ttyS0\r\n\r\nweb-a login: ");
	loop_advance(f.loop, 2000);
	CUNTIL(&f, cwatch_stage(console_watch(f.console)) == STAGE_LOGIN);
	CHECK_INT(count(&f.got, "\033[I"), 0);
	console_report(f.console, "\033[O", 3);
	CUNTIL(&f, count(&f.got, "\033[O") == 1);
	cfix_free(&f);
}
