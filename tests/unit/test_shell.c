/* Framing and login against a scripted peer: what is typed, when, and what
 * is made of what comes back, however it is torn. */
#include "rackmux/link/shell.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/line.h"
#include "rackmux/link/login.h"
#include "rackmux/link/tidy.h"
#include "test.h"

/* --- what a console adds ------------------------------------------------ */

static void
tidied(const char *in, const char *want)
{
	struct tidy t;
	struct buf out;
	size_t len = strlen(in), cut, i;

	/* Torn at every place, and byte by byte. */
	for (cut = 0; cut <= len; cut++) {
		buf_init(&out, 0);
		tidy_init(&t);
		tidy_feed(&t, in, cut, &out);
		tidy_feed(&t, in + cut, len - cut, &out);
		tidy_feed(&t, "", 0, &out);
		CHECK_STR(buf_str(&out), want);
		buf_release(&out);
	}
	buf_init(&out, 0);
	tidy_init(&t);
	for (i = 0; i < len; i++)
		tidy_feed(&t, in + i, 1, &out);
	CHECK_STR(buf_str(&out), want);
	buf_release(&out);
}

TEST(kernel_lines_are_taken_out)
{
	tidied(
	    "a 1\n[   12.345678] usb 1-1: new device\r\nb 2\n", "a 1\nb 2\n");
	tidied("temp 4[   12.345678] usb 1-1: new\r\n8\n", "temp 48\n");
	tidied("[12345.678901][    T1] x\nok\n", "ok\n");
	tidied("x[    1.000001] a\n[    1.000002] b\ny\n", "xy\n");
}

TEST(other_brackets_stay)
{
	tidied("[root@turingpi ~]$ \n", "[root@turingpi ~]$ \n");
	tidied("[ 12.5] not the kernel\n", "[ 12.5] not the kernel\n");
	tidied("[  12.345678]x\n", "[  12.345678]x\n");
	tidied("[1.2.3] [] [[  [ 5]\n", "[1.2.3] [] [[  [ 5]\n");
	tidied("[[    1.000001] a\n", "[");
	tidied("[ 123456789012345678901234567890123456789]\n",
	    "[ 123456789012345678901234567890123456789]\n");
}

TEST(carriage_returns)
{
	tidied("a\r\nb\r\n", "a\nb\n");
	tidied("a\rb\n", "a\rb\n");
	tidied("a\r\r\nb\n", "a\r\nb\n");
}

static void
looks(const char *in, const char *want)
{
	size_t len = strlen(in), cut;
	struct seen s;

	for (cut = 0; cut <= len; cut++) {
		seen_init(&s);
		seen_feed(&s, in, cut, NULL, NULL);
		seen_feed(&s, in + cut, len - cut, NULL, NULL);
		CHECK_STR(s.line, want);
	}
}

TEST(the_last_line_as_seen)
{
	looks("motd\r\n# \033[6n", "# ");
	looks("\033[?2004h\033[1;32mroot\033[0m# ", "root# ");
	looks("\033]0;title\007$ ", "$ ");
	looks("\033]0;title\033\\$ ", "$ ");
	looks("abc\b\b\033[K", "a");
	looks("garbage\r\033[K# ", "# ");
	looks("a\nb\nlogin: ", "login: ");
}

TEST(a_long_line_keeps_its_end)
{
	struct seen s;
	int i;

	seen_init(&s);
	for (i = 0; i < 5000; i++)
		seen_feed(&s, "x", 1, NULL, NULL);
	seen_feed(&s, "login: ", 7, NULL, NULL);
	CHECK(str_ends(s.line, "xlogin: "));
	CHECK(login_asks_user(s.line));
}

TEST(questions)
{
	CHECK(login_asks_user("turingpi login: "));
	CHECK(login_asks_user("login:"));
	CHECK(login_asks_user("host Login: "));
	CHECK(!login_asks_user("Last login: "));
	CHECK(!login_asks_user("login: root"));
	CHECK(!login_asks_user(""));
}

/* --- a peer on a socket ------------------------------------------------- */

struct fix {
	struct loop *loop;
	struct line *line;
	struct shell *shell;
	int fd, peer;
	int ready, dead;
	enum link_why why;
	char text[512];
	int want_user, want_password;
	char got[65536];
	size_t len;
};

struct answer {
	int n;
	enum link_outcome outcome;
	int status;
	char out[2048];
	size_t len;
};

static void
on_ready(void *arg)
{
	((struct fix *)arg)->ready++;
}

static void
on_dead(void *arg, enum link_why why, const char *text)
{
	struct fix *f = arg;

	f->dead++;
	f->why = why;
	str_copy(f->text, sizeof(f->text), text);
	shell_free(f->shell);
	f->shell = NULL;
}

static void
on_login(void *arg, bool password)
{
	struct fix *f = arg;

	if (password)
		f->want_password++;
	else
		f->want_user++;
}

static const struct shell_sink sink = {
	.on_ready = on_ready,
	.on_dead = on_dead,
	.on_login = on_login,
};

static void
gone(void *arg, int err)
{
	struct fix *f = arg;

	(void)err;
	line_end(f->line, -1, "the peer hung up");
}

static const struct line_hooks hooks = { .gone = gone };

static void
setup(struct fix *f, bool login)
{
	int fds[2], err;

	memset(f, 0, sizeof(*f));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	f->fd = fds[0];
	f->peer = fds[1];
	f->loop = loop_new();
	loop_freeze(f->loop);
	f->line = line_new(f->loop, f->fd, true, &hooks, f);
	f->shell = shell_new(f->loop, login, &sink, f);
	shell_attach(
	    f->shell, line_open(f->line, &shell_stream_sink, f->shell, &err));
}

static void
teardown(struct fix *f)
{
	shell_free(f->shell);
	line_free(f->line);
	close(f->fd);
	if (f->peer >= 0)
		close(f->peer);
	loop_free(f->loop);
}

/* What has been typed since the last call. */
static const char *
typed(struct fix *f)
{
	ssize_t n;

	loop_turn(f->loop, 0);
	loop_turn(f->loop, 0);
	f->len = 0;
	while ((n = read(
		    f->peer, f->got + f->len, sizeof(f->got) - 1 - f->len)) > 0)
		f->len += (size_t)n;
	f->got[f->len] = '\0';
	return f->got;
}

static void
say_bytes(struct fix *f, const char *text, size_t len)
{
	CHECK(write(f->peer, text, len) == (ssize_t)len);
	loop_turn(f->loop, 5);
	loop_turn(f->loop, 0);
}

static void
say(struct fix *f, const char *text)
{
	say_bytes(f, text, strlen(text));
}

static void
settle(struct fix *f)
{
	loop_advance(f->loop, LOGIN_SETTLE_MS);
	loop_turn(f->loop, 0);
}

static void
done(void *arg, const struct link_result *r)
{
	struct answer *a = arg;

	a->n++;
	a->outcome = r->outcome;
	a->status = r->status;
	a->len = r->len;
	if (r->len < sizeof(a->out))
		memcpy(a->out, r->out, r->len + 1);
}

/* The two halves in "..._r A B 'cmd'" or "@A B". */
static void
halves(const char *text, const char *before, char *mark, size_t size)
{
	const char *p = NULL, *q = text;
	char a[16], b[16];

	while ((q = strstr(q, before)))
		p = ++q;
	CHECK(p != NULL);
	CHECK_INT(sscanf(p - 1 + strlen(before), "%15s %15s", a, b), 2);
	b[strcspn(b, "'\r\n;")] = '\0';
	str_format(mark, size, "%s%s", a, b);
}

static void
probe_answered(struct fix *f)
{
	char mark[40], text[64];

	halves(typed(f), "\n_r ", mark, sizeof(mark));
	str_format(text, sizeof(text), "banner\n\n%s 0\n", mark);
	say(f, text);
	CHECK_INT(f->ready, 1);
}

TEST(answers_torn_at_every_byte)
{
	static const char out[] = "value 1\nno newline";
	struct answer a;
	struct fix f;
	char mark[40], text[128];
	size_t i;

	setup(&f, false);
	probe_answered(&f);
	memset(&a, 0, sizeof(a));
	shell_run(f.shell, 1, "x", 1000, done, &a);
	halves(typed(&f), "_r ", mark, sizeof(mark));
	str_format(text, sizeof(text), "%s\n%s 3\n", out, mark);
	for (i = 0; text[i]; i++) {
		CHECK_INT(a.n, 0);
		say_bytes(&f, text + i, 1);
	}
	CHECK_INT(a.n, 1);
	CHECK_INT(a.status, 3);
	CHECK_STR(a.out, out);
	teardown(&f);
}

TEST(the_command_as_sent_holds_no_mark)
{
	struct answer a = { 0 };
	struct fix f;
	char mark[40];

	setup(&f, false);
	probe_answered(&f);
	shell_run(f.shell, 1, "it's", 1000, done, &a);
	halves(typed(&f), "_r ", mark, sizeof(mark));
	CHECK(!strstr(f.got, mark));
	CHECK(strstr(f.got, "'it'\\''s'\n"));
	CHECK(strlen(f.got) < 40);
	/* Its echo is output, not an end. */
	say(&f, f.got);
	CHECK_INT(a.n, 0);
	teardown(&f);
}

TEST(late_output_of_the_last_command_is_not_in_the_next)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;
	char mark[40], text[64];

	setup(&f, false);
	probe_answered(&f);
	shell_run(f.shell, 1, "a", 1000, done, &a);
	halves(typed(&f), "_r ", mark, sizeof(mark));
	str_format(text, sizeof(text), "\n%s 0\nlate", mark);
	say(&f, text);
	say(&f, "r still");
	shell_run(f.shell, 2, "b", 1000, done, &b);
	halves(typed(&f), "_r ", mark, sizeof(mark));
	str_format(text, sizeof(text), "b\n\n%s 0\n", mark);
	say(&f, text);
	CHECK_STR(a.out, "");
	CHECK_STR(b.out, "b\n");
	teardown(&f);
}

TEST(a_close_answers_each_once)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	setup(&f, false);
	probe_answered(&f);
	shell_run(f.shell, 1, "a", 1000, done, &a);
	shell_run(f.shell, 2, "b", 1000, done, &b);
	typed(&f);
	CHECK_INT(shell_queued(f.shell), 2);
	close(f.peer);
	f.peer = -1;
	loop_turn(f.loop, 10);
	loop_turn(f.loop, 10);
	CHECK_INT(f.dead, 1);
	CHECK_INT(a.n, 1);
	CHECK_INT(b.n, 1);
	CHECK_INT(a.outcome, LINK_DIED);
	CHECK_INT(b.outcome, LINK_NOT_SENT);
	teardown(&f);
}

TEST(garbage_is_no_shell)
{
	struct fix f;

	setup(&f, false);
	say(&f, "RouterOS \033[31msays\007 no\n");
	loop_advance(f.loop, 10000);
	CHECK_INT(f.dead, 1);
	CHECK_INT(f.why, LINK_WHY_SHELL);
	CHECK(strstr(f.text, "RouterOS says no"));
	CHECK(!strchr(f.text, '\033'));
	teardown(&f);
}

/* --- logging in --------------------------------------------------------- */

TEST(types_one_return_after_silence_and_nothing_else)
{
	struct fix f;
	int i;

	setup(&f, true);
	CHECK_STR(typed(&f), "");
	loop_advance(f.loop, LOGIN_QUIET_MS - 1);
	CHECK_STR(typed(&f), "");
	loop_advance(f.loop, 1);
	CHECK_STR(typed(&f), "\r");
	for (i = 0; i < 90; i++) {
		say(&f, i % 7 ? "[    1.234567] booting\r\n" : "....");
		loop_advance(f.loop, 105);
		CHECK_STR(typed(&f), "");
	}
	loop_advance(f.loop, 1000);
	CHECK_INT(f.dead, 1);
	CHECK_INT(f.why, LINK_WHY_SHELL);
	CHECK(strstr(f.text, "10 s"));
	CHECK(strstr(f.text, "booting"));
	CHECK_STR(typed(&f), "");
	teardown(&f);
}

TEST(silence_is_told_as_such)
{
	struct fix f;

	setup(&f, true);
	loop_advance(f.loop, LOGIN_PATIENCE_MS);
	CHECK_INT(f.why, LINK_WHY_SHELL);
	CHECK(strstr(f.text, "nothing at all"));
	teardown(&f);
}

TEST(talking_peers_are_not_touched)
{
	struct fix f;
	int i;

	setup(&f, true);
	for (i = 0; i < 40; i++) {
		say(&f, "x");
		loop_advance(f.loop, 90);
		CHECK_STR(typed(&f), "");
	}
	teardown(&f);
}

static void
logged_in(struct fix *f, const char *prompt)
{
	say(f, prompt);
	settle(f);
	CHECK(str_starts(typed(f), "printf "));
}

/* From a shell's prompt to the ready loop, as an echoing shell does it. */
static void
to_ready(struct fix *f, const char *prompt)
{
	char mark[40], text[300];

	logged_in(f, prompt);
	halves(f->got, "\\n' ", mark, sizeof(mark));
	/* The echo, \r\n, then the word, then the prompt again. */
	say(f, f->got);
	CHECK_INT(f->ready, 0);
	str_format(text, sizeof(text), "\r\n%s\r\n%s", mark, prompt);
	say(f, text);
	CHECK(str_starts(typed(f), "exec sh -c '"));
	CHECK(strlen(f->got) < 600);
	halves(f->got, "\\n%s%s\\n\" ", mark, sizeof(mark));
	CHECK(!strstr(f->got, mark));
	say(f, f->got);
	CHECK_INT(f->ready, 0);
	str_format(text, sizeof(text), "\r\n\n%s\n", mark);
	say(f, text);
	CHECK_INT(f->ready, 1);
}

static void
to_password(struct fix *f)
{
	say(f, "\r\nWelcome to Turing Pi\r\nturingpi login: ");
	CHECK_STR(typed(f), "");
	settle(f);
	CHECK_INT(f->want_user, 1);
	shell_login(f->shell, "root");
	CHECK_STR(typed(f), "root\r");
	say(f, "root\r\nPassword: ");
	settle(f);
	CHECK_INT(f->want_password, 1);
	CHECK_STR(typed(f), "");
}

TEST(logs_in_to_a_turing_pi)
{
	struct answer a = { 0 };
	struct fix f;
	char mark[40], text[200];

	setup(&f, true);
	to_password(&f);
	shell_login(f.shell, "turing");
	CHECK_STR(typed(&f), "turing\r");
	to_ready(&f,
	    "\r\nLast login: Sat Nov 21\r\n"
	    "[root@turingpi ~]$ \033[6n");
	shell_run(f.shell, 1, "cat /proc/uptime", 1000, done, &a);
	halves(typed(&f), "@", mark, sizeof(mark));
	CHECK(str_starts(f.got, "=cat /proc/uptime\n@"));
	str_format(text, sizeof(text),
	    "noise\r\n%s:\r\n12[    1.234567] usb"
	    "\r\n.5 3\r\n\r\n%s 0\r\n",
	    mark, mark);
	say(&f, text);
	CHECK_INT(a.n, 1);
	CHECK_STR(a.out, "12.5 3\n");
	teardown(&f);
}

TEST(wrong_password_is_final)
{
	struct fix f;

	setup(&f, true);
	to_password(&f);
	shell_login(f.shell, "wrong");
	say(&f, "\r\nLogin incorrect\r\n");
	CHECK_INT(f.dead, 1);
	CHECK_INT(f.why, LINK_WHY_AUTH);
	teardown(&f);
}

TEST(asked_again_after_a_password_is_a_refusal)
{
	struct fix f;

	setup(&f, true);
	to_password(&f);
	shell_login(f.shell, "wrong");
	say(&f, "\r\nturingpi login: ");
	settle(&f);
	CHECK_INT(f.why, LINK_WHY_AUTH);
	teardown(&f);
}

TEST(no_password_is_final)
{
	struct fix f;

	setup(&f, true);
	to_password(&f);
	shell_login(f.shell, NULL);
	CHECK_INT(f.dead, 1);
	CHECK_INT(f.why, LINK_WHY_AUTH);
	teardown(&f);
}

TEST(someone_elses_failure_is_not_ours)
{
	struct fix f;

	setup(&f, true);
	say(&f, "Password: ");
	settle(&f);
	CHECK_STR(typed(&f), "\r");
	say(&f, "\r\nLogin incorrect\r\nturingpi login: ");
	CHECK_INT(f.dead, 0);
	settle(&f);
	CHECK_INT(f.want_user, 1);
	teardown(&f);
}

TEST(a_password_that_comes_late_is_used_at_the_next_question)
{
	struct fix f;

	setup(&f, true);
	to_password(&f);
	say(&f, "\r\nLogin timed out after 60 seconds\r\nturingpi login: ");
	settle(&f);
	CHECK_STR(typed(&f), "");
	shell_login(f.shell, "turing");
	CHECK_STR(typed(&f), "");
	CHECK_INT(f.want_user, 2);
	shell_login(f.shell, "root");
	CHECK_STR(typed(&f), "root\r");
	say(&f, "root\r\nPassword: ");
	settle(&f);
	CHECK_INT(f.want_password, 1);
	CHECK_STR(typed(&f), "turing\r");
	teardown(&f);
}

TEST(prompts_of_all_sorts)
{
	static const char *const prompts[] = { "# ", "$ ", "~ # ",
		"root@board:~# ", "\033[?2004hroot@x:/# ", "#",
		"user@host:~$ " };
	struct fix f;
	size_t i;

	for (i = 0; i < ARRAY_LEN(prompts); i++) {
		setup(&f, true);
		to_ready(&f, prompts[i]);
		teardown(&f);
	}
}

TEST(a_bar_of_hashes_is_no_prompt)
{
	struct fix f;

	setup(&f, true);
	say(&f, "Loading: ########");
	settle(&f);
	CHECK_STR(typed(&f), "");
	teardown(&f);
}

TEST(an_open_quote_is_left_first)
{
	struct fix f;

	setup(&f, true);
	say(&f, "> ");
	settle(&f);
	CHECK_STR(typed(&f), "\x03");
	to_ready(&f, "\r\n# ");
	teardown(&f);
}

TEST(a_loop_left_behind_is_left)
{
	struct fix f;

	setup(&f, true);
	say(&f, "\nrackmux> ");
	settle(&f);
	CHECK_STR(typed(&f), ".\r");
	teardown(&f);
}

TEST(what_only_looks_like_a_shell)
{
	struct fix f;
	int i;

	setup(&f, true);
	say(&f, "=> ");
	for (i = 0; i < 20 && !f.dead; i++) {
		settle(&f);
		if (*typed(&f))
			say(&f, "Unknown command 'printf'\r\n=> ");
		loop_advance(f.loop, 1000);
	}
	CHECK_INT(f.dead, 1);
	CHECK_INT(f.why, LINK_WHY_SHELL);
	CHECK(strstr(f.text, "no POSIX shell"));
	teardown(&f);
}

static void
console_ready(struct fix *f)
{
	setup(f, true);
	to_ready(f, "# ");
}

TEST(a_getty_that_comes_back_means_the_shell_ended)
{
	struct answer a = { 0 };
	struct fix f;

	console_ready(&f);
	shell_run(f.shell, 1, "poll", 60000, done, &a);
	typed(&f);
	say(&f, "\r\nturingpi login: ");
	loop_advance(f.loop, 999);
	CHECK_INT(f.dead, 0);
	loop_advance(f.loop, 1);
	CHECK_INT(f.dead, 1);
	CHECK_INT(a.n, 1);
	CHECK_INT(a.outcome, LINK_DIED);
	CHECK_INT(f.why, LINK_WHY_RESET);
	typed(&f);
	CHECK_STR(f.got, "");
	teardown(&f);
}

TEST(long_frames_go_in_windows)
{
	char body[4000], text[64], ack[32];
	struct answer a = { 0 };
	size_t total = 0, i, line;
	struct fix f;
	char *p;

	console_ready(&f);
	for (i = 0; i < sizeof(body) - 1; i++)
		body[i] = i % 700 == 699 ? '\n' : (char)('a' + i % 26);
	body[sizeof(body) - 1] = '\0';
	shell_define(f.shell, "rm_poll", body);
	shell_run(f.shell, 1, "rm_poll", 60000, done, &a);
	for (;;) {
		typed(&f);
		CHECK(f.len > 0 && f.len <= 480 + 16);
		for (i = line = 0; i < f.len; i++, line++) {
			CHECK(line < 256);
			if (f.got[i] == '\n')
				line = 0;
		}
		total += f.len;
		p = strrchr(f.got, '?');
		if (!p)
			break;
		str_copy(ack, sizeof(ack), p + 1);
		/* Not before it was acknowledged. */
		CHECK_STR(typed(&f), "");
		str_format(text, sizeof(text), "\n%s", ack);
		say(&f, text);
	}
	CHECK(total > sizeof(body));
	halves(f.got, "@", ack, sizeof(ack));
	str_format(text, sizeof(text), "\n%s:\nyes\n\n%s 0\n", ack, ack);
	say(&f, text);
	CHECK_STR(a.out, "yes\n");
	teardown(&f);
}

TEST(control_characters_stay_off_the_console)
{
	struct answer a = { 0 };
	struct fix f;

	console_ready(&f);
	shell_run(f.shell, 1, "echo \003", 1000, done, &a);
	CHECK_STR(typed(&f), "");
	CHECK_INT(a.n, 1);
	CHECK_INT(a.outcome, LINK_CANNOT);
	teardown(&f);
}

TEST(the_console_is_left_at_its_login)
{
	struct answer a = { 0 };
	struct fix f;

	console_ready(&f);
	shell_free(f.shell);
	f.shell = NULL;
	CHECK_STR(typed(&f), ".\n");
	teardown(&f);

	console_ready(&f);
	shell_run(f.shell, 1, "sleep 100", 1000, done, &a);
	typed(&f);
	shell_free(f.shell);
	f.shell = NULL;
	CHECK_STR(typed(&f), "\x03");
	teardown(&f);
}

/* Random bytes: nothing may crash, loop or be read out of bounds. */
TEST(noise)
{
	unsigned seed = 1, i, n;
	char data[64];
	struct fix f;

	for (seed = 1; seed < 40; seed++) {
		unsigned r = seed * 2654435761u;

		setup(&f, seed % 2);
		for (n = 0; n < 50 && !f.dead; n++) {
			for (i = 0; i < sizeof(data); i++) {
				r = r * 1103515245u + 12345u;
				data[i] = (char)(r >> 17);
			}
			say_bytes(&f, data, sizeof(data));
			loop_advance(f.loop, r % 150);
		}
		teardown(&f);
	}
}
