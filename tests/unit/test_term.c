/*
 * What only a terminal can tell: the dashboard on a pty, read by libvterm.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/vtx.h"
#include "rackmux/ui/ui.h"
#include "ui_rack.h"

#define WAIT 8000

static const char *const env_256[] = { "TERM=xterm-256color", "LC_ALL=C.UTF-8",
	"TZ=UTC", NULL };

struct child {
	const char *stdin_path;
	bool ask, deaf; /* deaf: SIGHUP alone does not end it */
	unsigned max_rate;
	int report; /* descriptor for what the test reads */
};

struct run {
	struct loop *loop;
	struct model *model;
	struct ui *ui;
	struct timer *beat;
	const struct child *child;
	int step;
};

static void
stop(void *arg)
{
	loop_stop(((struct run *)arg)->loop);
}

static void
on_signal(void *arg, int signum)
{
	(void)signum;
	stop(arg);
}

static void
ignore(void *arg, int signum)
{
	(void)arg;
	(void)signum;
}

static void
on_action(void *arg, enum action a, struct board *b, struct node *n)
{
	struct run *r = arg;

	(void)b;
	(void)n;
	if (a == ACTION_REFRESH)
		ui_message(r->ui, EVENT_INFO, "asking again");
}

static void
on_answer(void *arg, unsigned id, const char *answer)
{
	struct run *r = arg;
	char text[64];

	str_format(text, sizeof text, "answer %u %s", id,
	    answer != NULL ? answer : "(none)");
	ui_message(r->ui, EVENT_GOOD, text);
}

static void
start_ui(struct run *r)
{
	struct ui_options o = { .loop = r->loop,
		.model = r->model,
		.max_rate = r->child->max_rate,
		.on_quit = stop,
		.on_action = on_action,
		.on_answer = on_answer,
		.arg = r };
	char err[256];

	r->ui = ui_new(&o, err, sizeof err);
	if (r->ui == NULL) {
		printf("%s\n", err);
		fflush(stdout);
		_exit(2);
	}
}

static void
beat(void *arg)
{
	struct run *r = arg;
	ssize_t n = write(r->child->report, ".", 1);

	(void)n;
	fix_poll(r->model, r->step++);
	timer_start(r->beat, 20);
}

static struct model *
small_model(struct loop *l)
{
	static const char *const names[] = { "web-a", "web-b", "db-a",
		"spare" };
	struct model *m = model_new(l);

	str_copy(m->rack, sizeof m->rack, "homelab");
	fix_add_turing(m, "tp2-a", 12, names);
	fix_up(m);
	fix_poll(m, 0);
	return m;
}

/* The program under test, in its own process. */
static int
dashboard(void *arg)
{
	const struct link_ask ask = { ASK_PASSWORD, 5, "Password of root@tp2-a",
		"", false };
	struct run r = { .child = arg };
	struct sig *term, *hup = NULL;

	if (r.child->stdin_path != NULL) {
		close(0);
		if (open(r.child->stdin_path, O_RDONLY) != 0)
			return 9;
	}
	r.loop = loop_new();
	r.model = small_model(r.loop);
	start_ui(&r);
	term = sig_new(r.loop, SIGTERM, on_signal, &r);
	if (r.child->deaf)
		hup = sig_new(r.loop, SIGHUP, ignore, NULL);
	if (r.child->ask)
		ui_ask(r.ui, "tp2-a", &ask);
	if (r.child->report > 0) {
		r.beat = timer_new(r.loop, beat, &r);
		timer_start(r.beat, 0);
	}
	loop_run(r.loop);
	timer_free(r.beat);
	sig_free(term);
	sig_free(hup);
	ui_free(r.ui);
	model_free(r.model);
	loop_free(r.loop);
	return 0;
}

static struct vtx x;
static struct termios modes;

static void
begin(int w, int h, const char *const *env, const struct child *c)
{
	static const struct child none;

	vtx_spawn(&x, w, h, env, dashboard,
	    (void *)(uintptr_t)(c != NULL ? c : &none));
}

static void
begin_up(int w, int h, const char *const *env, const struct child *c)
{
	begin(w, h, env, c);
	tcgetattr(x.fd, &modes);
	CHECK(vtx_wait_text(&x, "web-a", WAIT));
	vtx_settle(&x, 50);
}

/* The terminal is as it was found. */
static void
check_clean(void)
{
	struct termios now;

	CHECK(!x.alt);
	CHECK(x.cursor_on);
	CHECK_INT(x.mouse, VTERM_PROP_MOUSE_NONE);
	CHECK(vtx_raw_has(&x, "\033[?2004l"));
	CHECK(vtx_raw_has(&x, "\033[?1004l"));
	if (tcgetattr(x.fd, &now) == 0) {
		CHECK((now.c_lflag & (ICANON | ECHO | ISIG)) ==
		    (ICANON | ECHO | ISIG));
		CHECK((now.c_oflag & OPOST) != 0);
	}
}

static void
check_quit(void)
{
	int status;

	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, WAIT));
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	check_clean();
	vtx_close(&x);
}

TEST(start_takes_the_screen_and_quit_gives_it_back)
{
	begin_up(80, 24, env_256, NULL);
	CHECK(x.alt);
	CHECK(!x.cursor_on);
	CHECK(x.mouse != VTERM_PROP_MOUSE_NONE);
	CHECK(vtx_has(&x, "homelab"));
	check_quit();
}

TEST(sigterm_leaves_the_terminal_clean)
{
	int status;

	begin_up(80, 24, env_256, NULL);
	kill(x.pid, SIGTERM);
	CHECK(vtx_wait_exit(&x, &status, WAIT));
	CHECK(WIFEXITED(status));
	check_clean();
	vtx_close(&x);
}

static void
crash_by(int signum)
{
	int status;

	begin_up(80, 24, env_256, NULL);
	kill(x.pid, signum);
	CHECK(vtx_wait_exit(&x, &status, WAIT));
	CHECK(WIFSIGNALED(status));
	CHECK_INT(WTERMSIG(status), signum);
	check_clean();
	vtx_close(&x);
}

TEST(a_segfault_leaves_the_terminal_clean)
{
	crash_by(SIGSEGV);
}

TEST(an_abort_leaves_the_terminal_clean)
{
	crash_by(SIGABRT);
}

static bool
lacks(struct vtx *v, const void *text)
{
	return !vtx_has(v, text);
}

TEST(a_terminal_that_goes_away_ends_it)
{
	static const struct child c = { .deaf = true };
	int status = -1, fd;

	begin_up(80, 24, env_256, &c);
	fd = x.fd;
	x.fd = open("/dev/null", O_RDWR);
	close(fd);
	for (int i = 0; i < WAIT / 10; i++) {
		if (waitpid(x.pid, &status, WNOHANG) == x.pid) {
			x.pid = 0;
			break;
		}
		poll(NULL, 0, 10);
	}
	CHECK_INT(x.pid, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	vtx_close(&x);
}

TEST(keys_and_sequences_in_pieces)
{
	begin_up(120, 36, env_256, NULL);
	vtx_send(&x, "?");
	CHECK(vtx_wait_text(&x, "this help", WAIT));
	vtx_send(&x, "\033");
	CHECK(vtx_wait(&x, lacks, "this help", WAIT));
	vtx_send(&x, "\033[");
	vtx_pump(&x, 10);
	vtx_send(&x, "C");
	CHECK(vtx_wait_text(&x, "\342\227\217 web-b", WAIT));
	vtx_send(&x, "\033OC");
	CHECK(vtx_wait_text(&x, "\342\227\217 db-a", WAIT));
	vtx_send(&x, "h\r");
	CHECK(vtx_wait_text(&x, "slot 2 of Turing Pi 2", WAIT));
	vtx_send(&x, "q");
	CHECK(vtx_wait_text(&x, "spare", WAIT));
	vtx_send(&x, "r");
	CHECK(vtx_wait_text(&x, "asking again", WAIT));
	check_quit();
}

TEST(the_mouse_selects_and_opens)
{
	char click[64];
	int cx, cy;

	begin_up(120, 36, env_256, NULL);
	CHECK(vtx_find(&x, "db-a", &cx, &cy));
	str_format(click, sizeof click, "\033[<0;%d;%dM\033[<0;%d;%dm", cx + 1,
	    cy + 2, cx + 1, cy + 2);
	vtx_send(&x, click);
	CHECK(vtx_wait_text(&x, "\342\227\217 db-a", WAIT));
	vtx_send(&x, click);
	CHECK(vtx_wait_text(&x, "slot 3 of Turing Pi 2", WAIT));
	vtx_send(&x, "q");
	CHECK(vtx_wait_text(&x, "spare", WAIT));
	check_quit();
}

/* The frame's corner stands in that column. */
static bool
corner_at(struct vtx *v, const void *column)
{
	return vtx_cell(v, *(const int *)column, 1).chars[0] == 0x256e;
}

TEST(resize_is_followed)
{
	begin_up(80, 24, env_256, NULL);
	vtx_resize(&x, 120, 36);
	CHECK(vtx_wait(&x, corner_at, &(int){ 119 }, WAIT));
	vtx_resize(&x, 10, 3);
	CHECK(vtx_wait_text(&x, "too small", WAIT));
	vtx_resize(&x, 40, 12);
	CHECK(vtx_wait_text(&x, "homelab", WAIT));
	check_quit();
}

TEST(two_hundred_and_fifty_six_colours)
{
	begin_up(80, 24, env_256, NULL);
	CHECK(vtx_raw_has(&x, "38;5;"));
	CHECK(!vtx_raw_has(&x, "38;2;"));
	CHECK(!vtx_raw_has(&x, "\033]4;"));
	check_quit();
}

TEST(true_colour_without_a_direct_terminfo)
{
	static const char *const env[] = { "TERM=xterm-256color",
		"COLORTERM=truecolor", "LC_ALL=C.UTF-8", "TZ=UTC", NULL };
	VTermScreenCell cell;
	int cx, cy;

	begin_up(80, 24, env, NULL);
	CHECK(vtx_raw_has(&x, "38;2;"));
	CHECK(!vtx_raw_has(&x, "\033]4;"));
	CHECK(vtx_find(&x, "\342\225\255", &cx, &cy));
	cell = vtx_cell(&x, cx, cy);
	CHECK(VTERM_COLOR_IS_RGB(&cell.fg));
	CHECK_INT(cell.fg.rgb.red, 0x7b);
	CHECK_INT(cell.fg.rgb.green, 0xa0);
	CHECK_INT(cell.fg.rgb.blue, 0xc9);
	check_quit();
}

TEST(no_color_is_honoured)
{
	static const char *const env[] = { "TERM=xterm-256color", "NO_COLOR=1",
		"COLORTERM=truecolor", "LC_ALL=C.UTF-8", "TZ=UTC", NULL };

	begin_up(80, 24, env, NULL);
	CHECK(!vtx_raw_has(&x, "38;"));
	CHECK(!vtx_raw_has(&x, "48;"));
	for (char c = '0'; c <= '7'; c++) {
		char sgr[16];

		str_format(sgr, sizeof sgr, "\033[3%cm", c);
		CHECK(!vtx_raw_has(&x, sgr));
	}
	CHECK(vtx_cell(&x, 0, 0).attrs.reverse);
	check_quit();
}

TEST(eight_colours)
{
	static const char *const env[] = { "TERM=xterm", "LC_ALL=C.UTF-8",
		"TZ=UTC", NULL };

	begin_up(80, 24, env, NULL);
	CHECK(!vtx_raw_has(&x, "38;5"));
	CHECK(vtx_raw_has(&x, "\033[32m") || vtx_raw_has(&x, "\033[36m"));
	check_quit();
}

TEST(no_byte_above_ascii_without_utf8)
{
	static const char *const env[] = { "TERM=xterm-256color", "LC_ALL=C",
		"TZ=UTC", NULL };

	begin_up(80, 24, env, NULL);
	for (size_t i = 0; i < x.raw_len; i++)
		CHECK((unsigned char)x.raw[i] < 0x80);
	CHECK(vtx_has(&x, "+- tp2-a"));
	check_quit();
}

static void
refused(const char *const *env, const struct child *c, const char *sentence)
{
	int status;

	begin(80, 24, env, c);
	CHECK(vtx_wait_exit(&x, &status, WAIT));
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 2);
	CHECK(vtx_has(&x, sentence));
	CHECK(!vtx_raw_has(&x, "\033"));
	vtx_close(&x);
}

TEST(terminals_that_cannot_are_refused)
{
	static const char *const dumb[] = { "TERM=dumb", "LC_ALL=C.UTF-8",
		NULL };
	static const char *const none[] = { "LC_ALL=C.UTF-8", NULL };
	static const char *const odd[] = { "TERM=no-such-thing",
		"LC_ALL=C.UTF-8", NULL };
	static const struct child no_stdin = { .stdin_path = "/dev/null" };

	refused(dumb, NULL, "cannot place its cursor");
	refused(none, NULL, "TERM is not set");
	refused(odd, NULL, "is not known on this machine");
	refused(env_256, &no_stdin, "standard input is not a terminal");
}

TEST(paste_answers_a_question_and_hides_it)
{
	static const struct child c = { .ask = true };

	begin(80, 24, env_256, &c);
	CHECK(vtx_wait_text(&x, "Password of root@tp2-a", WAIT));
	vtx_settle(&x, 50);
	CHECK(x.cursor_on);
	vtx_send(&x, "\033[200~qgeheim\033[201~");
	CHECK(vtx_wait_text(&x, "\342\200\242\342\200\242\342\200\242", WAIT));
	CHECK(!vtx_has(&x, "geheim"));
	vtx_send(&x, "\r");
	CHECK(vtx_wait_text(&x, "answer 5 qgeheim", WAIT));
	check_quit();
}

TEST(frames_are_marked_and_whole)
{
	size_t on = 0, off = 0;

	begin_up(80, 24, env_256, NULL);
	vtx_send(&x, "ll?");
	CHECK(vtx_wait_text(&x, "this help", WAIT));
	vtx_settle(&x, 50);
	for (char *p = x.raw; (p = strstr(p, "\033[?2026")) != NULL; p++) {
		on += p[7] == 'h';
		off += p[7] == 'l';
	}
	CHECK(on >= 2);
	CHECK_INT(on, off);
	vtx_send(&x, "q");
	check_quit();
}

TEST(an_idle_second_costs_no_more_than_the_clock)
{
	size_t before;

	begin_up(80, 24, env_256, NULL);
	vtx_settle(&x, 300);
	before = x.raw_len;
	for (int i = 0; i < 20; i++)
		vtx_pump(&x, 100);
	/* Clock and the ages of two seconds or so. */
	CHECK(x.raw_len - before < 400);
	check_quit();
}

TEST(a_stalled_terminal_does_not_stall_the_loop)
{
	struct child c = { 0 };
	char byte[4096];
	int p[2];
	size_t beats = 0;

	CHECK(pipe(p) == 0);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	c.report = p[1];
	begin_up(200, 60, env_256, &c);
	x.stopped = true;
	/* Repaints that nobody reads, far more than a pty holds. */
	for (int i = 0; i < 100; i++) {
		vtx_send(&x, "\014");
		poll(NULL, 0, 10);
	}
	while (read(p[0], byte, sizeof byte) > 0)
		;
	for (int i = 0; i < 400 && beats < 20; i++) {
		ssize_t n = read(p[0], byte, sizeof byte);

		beats += n > 0 ? (size_t)n : 0;
		poll(NULL, 0, 10);
	}
	CHECK(beats >= 20);
	x.stopped = false;
	vtx_send(&x, "?");
	CHECK(vtx_wait_text(&x, "this help", WAIT));
	vtx_send(&x, "q");
	check_quit();
}

/* A shell's part: it sees its job stop, says so, and continues it. */
static int
shell(void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(dashboard(arg));
	while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) {
		char go;

		printf("stopped\r\n");
		fflush(stdout);
		if (read(0, &go, 1) != 1)
			return 1;
		kill(pid, SIGCONT);
	}
	/* The shell's own descriptor must not have become non-blocking. */
	if (fcntl(0, F_GETFL) & O_NONBLOCK || fcntl(1, F_GETFL) & O_NONBLOCK)
		return 3;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

TEST(ctrl_z_gives_the_terminal_back_for_a_while)
{
	static const struct child none;
	struct termios now;

	vtx_spawn(&x, 80, 24, env_256, shell, (void *)(uintptr_t)&none);
	CHECK(vtx_wait_text(&x, "web-a", WAIT));
	vtx_settle(&x, 50);
	vtx_send(&x, "\032");
	CHECK(vtx_wait_text(&x, "stopped", WAIT));
	CHECK(!x.alt);
	CHECK(x.cursor_on);
	CHECK(tcgetattr(x.fd, &now) == 0);
	CHECK(now.c_lflag & ICANON);
	vtx_send(&x, "\n");
	CHECK(vtx_wait_text(&x, "web-a", WAIT));
	CHECK(x.alt);
	check_quit();
}

TEST(ctrl_z_without_a_shell_is_refused)
{
	begin_up(80, 24, env_256, NULL);
	vtx_send(&x, "\032");
	CHECK(vtx_wait_text(&x, "no shell to go back to", WAIT));
	CHECK(x.alt);
	check_quit();
}

/*
 * Until the terminal has taken what was drawn. The loop's clock stands still
 * here, and whoever reads the terminal may be slow.
 */
static void
drain(struct run *r)
{
	struct pollfd p = { .fd = 1, .events = POLLOUT };

	/* What the rate keeps back waits for the clock, not for the reader. */
	if (r->child->max_rate > 0)
		(void)poll(&p, 1, WAIT);
	else
		for (int i = 0; ui_pending(r->ui) > 0 && i < WAIT / 10; i++)
			loop_turn(r->loop, 10);
}

/* Sixty-four nodes, a tenth of them with new numbers each second. */
static void
nothing(void *arg)
{
	(void)arg;
}

static int
steady(void *arg)
{
	struct run r = { .child = arg };
	struct task *turn;
	unsigned long long before, most = 0;
	char text[64];
	int n;

	r.loop = loop_new();
	r.model = fix_big(r.loop, 16);
	start_ui(&r);
	turn = task_new(r.loop, nothing, NULL);
	task_post(turn);
	loop_turn(r.loop, 0);
	before = ui_bytes(r.ui);
	for (int second = 0; second < 60; second++) {
		for (int i = 0; i < 64; i++) {
			struct board *b = r.model->boards[i / 4];
			struct origin *o = b->nodes[i % 4]->inband;

			if ((i + second) % 10 == 0)
				fix_number(o, b, i % 4 + 1, NAME_TEMP_SOC,
				    SOURCE_NODE, fix_temp(i, second));
			origin_fresh(b, o);
		}
		unsigned long long sent = ui_bytes(r.ui) - ui_pending(r.ui);

		for (int k = 0; k < 20; k++) {
			loop_advance(r.loop, 50);
			drain(&r);
			task_post(turn);
			loop_turn(r.loop, 0);
		}
		sent = ui_bytes(r.ui) - ui_pending(r.ui) - sent;
		if (sent > most)
			most = sent;
	}
	n = (int)((ui_bytes(r.ui) - before) / 60);
	task_free(turn);
	ui_free(r.ui);
	model_free(r.model);
	loop_free(r.loop);
	str_format(
	    text, sizeof text, "%d bytes a second, %llu at most\n", n, most);
	printf("%s", text);
	fflush(stdout);
	/* No second has more, not even that of the first frame. */
	if (r.child->max_rate > 0)
		return n > 20 && most > 20 && most <= r.child->max_rate ? 0 : 1;
	return n > 20 && n < 1000 ? 0 : 1;
}

TEST(sixty_four_nodes_cost_less_than_a_kilobyte_a_second)
{
	static const struct child none;
	int status;

	vtx_spawn(&x, 200, 50, env_256, steady, (void *)(uintptr_t)&none);
	CHECK(vtx_wait_exit(&x, &status, WAIT));
	if (status != 0)
		vtx_wait_text(&x, "(the figure above)", 0);
	CHECK_INT(status, 0);
	vtx_close(&x);
}

TEST(the_rate_to_the_terminal_is_kept)
{
	static const struct child c = { .max_rate = 400 };
	int status;

	vtx_spawn(&x, 120, 36, env_256, steady, (void *)(uintptr_t)&c);
	CHECK(vtx_wait_exit(&x, &status, WAIT));
	if (status != 0)
		vtx_wait_text(&x, "(the figure above)", 0);
	CHECK_INT(status, 0);
	vtx_close(&x);
}
