/*
 * Real programs on a pty, and what they draw as our terminal shows it: the
 * same as libvterm and, where it is installed, tmux make of the same bytes.
 * What is typed is encoded by vtkeys under the modes that the program set.
 * A program that is not installed is passed over.
 */
#include "conform_ours.h"

#include <stdlib.h>
#include <unistd.h>

#include "../lib/vtx.h"
#include "rackmux/console/vtkeys.h"

#define WAIT_MS 15000
#define QUIET_MS 60
#define ROWS 24
#define COLS 80

static struct {
	struct vtx x;
	struct vt *vt;
	size_t fed; /* of x.raw */
	struct cf_step step[CF_STEPS]; /* bytes NULL: a size */
	int n_steps;
	bool tmux;
	struct cf_screen ours, theirs; /* too large for the stack */
} run;

/* --- running one -----------------------------------------------------------*/

static bool
installed(const char *name)
{
	static const char *const in[] = { "/usr/bin", "/bin", "/usr/sbin" };
	char path[128];

	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		str_format(path, sizeof path, "%s/%s", in[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	printf("# %s is not installed\n", name);
	return false;
}

static int
exec_program(void *arg)
{
	union {
		const char *const *from;
		char *const *to;
	} argv = { arg };

	execvp(argv.to[0], argv.to);
	return 127;
}

static void
start(const char *const *argv)
{
	static char home[300];
	const char *env[] = { "TERM=xterm-256color", "LC_ALL=C.UTF-8",
		"PATH=/usr/bin:/bin:/usr/sbin", home, NULL };
	union {
		const char *const *from;
		void *to;
	} arg = { argv };

	str_format(home, sizeof home, "HOME=%s", test_dir());
	run.vt = vt_new(ROWS, COLS, 100);
	run.tmux = installed("tmux") && cf_tmux_start();
	vtx_spawn(&run.x, COLS, ROWS, env, exec_program, arg.to);
}

static void
finish(void)
{
	vtx_close(&run.x);
	vt_free(run.vt);
	if (run.tmux)
		cf_tmux_stop();
}

/* What came since is given to ours too. */
static void
feed(void)
{
	struct cf_step *s = run.n_steps > 0 ? &run.step[run.n_steps - 1] : NULL;
	size_t len;

	vtx_settle(&run.x, QUIET_MS);
	len = run.x.raw_len - run.fed;
	vt_feed(run.vt, run.x.raw + run.fed, len);
	run.fed += len;
	if (s == NULL || s->rows > 0) {
		CHECK(run.n_steps < CF_STEPS);
		s = &run.step[run.n_steps++];
	}
	s->len += len;
}

static void
resize(int rows, int cols)
{
	feed();
	CHECK(run.n_steps < CF_STEPS);
	run.step[run.n_steps].rows = rows;
	run.step[run.n_steps++].cols = cols;
	vt_resize(run.vt, rows, cols);
	vtx_resize(&run.x, cols, rows);
}

static void
type(const char *keys)
{
	feed();
	vtx_send(&run.x, keys);
}

static void
press(uint32_t key, unsigned mods)
{
	struct buf b;

	feed();
	buf_init(&b, 0);
	vt_key_bytes(vt_modes(run.vt), key, mods, &b);
	vtx_send(&run.x, buf_str(&b));
	buf_release(&b);
}

static void
see(const char *text)
{
	CHECK(vtx_wait_text(&run.x, text, WAIT_MS));
	feed();
}

/* --- comparing -------------------------------------------------------------*/

static void
compare_styles(const char *who)
{
	for (int row = 0; row < run.ours.rows; row++) {
		for (int col = 0; col < run.ours.cols; col++) {
			const struct cf_cell *a = &run.ours.cell[row][col],
					     *b = &run.theirs.cell[row][col];
			unsigned known = run.theirs.attrs_known;

			/* Of blanks only the background is seen. */
			if (b->bg == CF_ANY || b->text[0] == '\0' ||
			    (a->bg == b->bg &&
				(a->text[0] == ' ' ||
				    (a->fg == b->fg &&
					(a->attrs & known) ==
					    (b->attrs & known)))))
				continue;
			test_fail(__FILE__, __LINE__,
			    "%s: %d,%d '%s' is fg=%x bg=%x attrs=%x, not "
			    "fg=%x bg=%x attrs=%x",
			    who, row + 1, col + 1, a->text, (unsigned)a->fg,
			    (unsigned)a->bg, a->attrs & known, (unsigned)b->fg,
			    (unsigned)b->bg, b->attrs);
		}
	}
}

static void
compare(struct cf_case *c, const char *who,
    bool (*render)(const struct cf_case *, struct cf_screen *))
{
	static char why[8192];

	if (!render(c, &run.theirs)) {
		printf("# %s could not\n", who);
		return;
	}
	run.theirs.reply_len = 0; /* theirs answer more than ours does */
	if (!cf_same(c, &run.theirs, why, sizeof why))
		test_fail(__FILE__, __LINE__,
		    "after %zu bytes %s has ('not': what ours has)\n%s",
		    run.fed, who, why);
	compare_styles(who);
}

/* Ours is the case, so to say: the others must agree with it. */
static void
same(void)
{
	struct cf_case c = { .name = "program",
		.rows = ROWS,
		.cols = COLS,
		.n_back = -1,
		.bells = -1 };
	char *at;

	feed();
	at = run.x.raw;
	take_screen(run.vt, &run.ours);
	c.n_rows = run.ours.rows;
	c.cur_row = run.ours.row + 1;
	c.cur_col = run.ours.col + 1;
	for (int i = 0; i < c.n_rows; i++) {
		char *text = calloc(1, CF_COLS * CF_TEXT);

		CHECK(text != NULL);
		vt_text(run.vt, vt_lines(run.vt) - (unsigned)(c.n_rows - i),
		    text, CF_COLS * CF_TEXT);
		c.row[i] = text;
	}
	for (c.n_steps = 0; c.n_steps < run.n_steps; c.n_steps++) {
		struct cf_step *s = &c.step[c.n_steps];

		*s = run.step[c.n_steps];
		if (s->rows > 0)
			continue;
		s->bytes = at;
		at += s->len;
	}
	compare(&c, "libvterm", cf_libvterm);
	if (run.tmux)
		compare(&c, "tmux", cf_tmux);
	for (int i = 0; i < c.n_rows; i++)
		free(c.row[i]);
}

/* --- the programs ----------------------------------------------------------*/

/* A text of several screens: long lines, tabs, and unless the program knows
 * bytes alone, wide characters, marks and bold by overstriking. */
static const char *
text_file(bool utf8)
{
	static char text[20000], path[512];
	size_t n = 0;

	for (int i = 1; i <= 150; i++) {
		static const char *const kind[] = { "plain words",
			"\ttabs\tin\tit",
			"caf\xc3\xa9 na\xc3\xafve \xe2\x82\xac",
			"\xe4\xb8\x96\xe7\x95\x8c wide \xe3\x81\x8b",
			"e\xcc\x81 with a mark",
			"B\bBO\bOL\bLD\bD and _\bu_\bn_\bd_\be_\br" };

		n += (size_t)snprintf(text + n, sizeof text - n,
		    "line %d: %s%s\n", i, kind[i % (utf8 ? 6 : 2)],
		    i % 10 == 0 ? " and a long tail that goes on and on, "
				  "past the edge of a screen of eighty"
				: "");
	}
	str_copy(path, sizeof path, test_write("text", text));
	return path;
}

TEST(less)
{
	const char *argv[] = { "less", text_file(true), NULL };

	if (!installed("less"))
		return;
	start(argv);
	see("line 20:");
	same();
	press(VT_KEY_PAGE_DOWN, 0);
	see("line 40:");
	press(VT_KEY_UP, 0);
	press(VT_KEY_DOWN, 0);
	press(VT_KEY_DOWN, 0);
	same();
	type("G");
	see("line 150:");
	same();
	type("/wide\r");
	feed();
	type("?line 77\r");
	see("line 77:");
	same();
	resize(16, 60);
	feed();
	type("g");
	see("line 1:");
	same();
	type("q");
	CHECK(vtx_wait_exit(&run.x, &(int){ 0 }, WAIT_MS));
	same();
	CHECK(!vt_modes(run.vt)->alt);
	finish();
}

static void
edit(const char *const *argv)
{
	start(argv);
	see("line 20:");
	same();
	type("5jdd3ddOA new line \xe4\xb8\x96 here\033");
	see("A new line");
	same();
	type("GoThe end");
	press(VT_KEY_BACKSPACE, 0);
	type("\033");
	see("The en");
	same();
	type("1G/line 60\r");
	see("line 60:");
	type("xxJ");
	same();
	resize(16, 60);
	feed();
	type("\014");
	type("1G");
	see("line 1:");
	same();
	type(":q!\r");
	CHECK(vtx_wait_exit(&run.x, &(int){ 0 }, WAIT_MS));
	finish();
}

TEST(vi_of_vim)
{
	const char *argv[] = { "vim.tiny", "-u", "NONE", "-n", text_file(true),
		NULL };

	if (installed("vim.tiny"))
		edit(argv);
}

TEST(vi_of_busybox)
{
	const char *argv[] = { "busybox", "vi", text_file(false), NULL };

	if (installed("busybox"))
		edit(argv);
}

TEST(top_of_procps)
{
	const char *argv[] = { "top", "-d", "600", NULL };

	if (!installed("top"))
		return;
	start(argv);
	see("PID");
	see("Tasks:");
	same();
	type("z");
	feed();
	type("1");
	feed();
	same();
	type("h");
	see("Help for Interactive Commands");
	same();
	type("q");
	type("q");
	CHECK(vtx_wait_exit(&run.x, &(int){ 0 }, WAIT_MS));
	finish();
}

TEST(top_of_busybox)
{
	const char *argv[] = { "busybox", "top", "-d", "600", NULL };

	if (!installed("busybox"))
		return;
	start(argv);
	see("PID");
	see("Load average:");
	same();
	type("q");
	CHECK(vtx_wait_exit(&run.x, &(int){ 0 }, WAIT_MS));
	finish();
}

/* Clicked with the mouse as it asked for it; F10, the last of its buttons, is
 * the one that ends it. */
TEST(htop_with_the_mouse)
{
	const char *argv[] = { "htop", "-d", "100", NULL };
	struct buf b;
	int x, y;

	if (!installed("htop"))
		return;
	start(argv);
	see("F10");
	same();
	CHECK(vt_modes(run.vt)->mouse >= VT_MOUSE_CLICKS);
	press(VT_KEY_F0 + 1, 0);
	see("htop 3");
	same();
	press(VT_KEY_ESCAPE, 0);
	see("F10");
	same();
	CHECK(vtx_find(&run.x, "F10", &x, &y));
	buf_init(&b, 0);
	vt_mouse_bytes(vt_modes(run.vt), VT_PRESS, 1, y, x + 1, 0, &b);
	vt_mouse_bytes(vt_modes(run.vt), VT_RELEASE, 1, y, x + 1, 0, &b);
	vtx_send(&run.x, buf_str(&b));
	buf_release(&b);
	CHECK(vtx_wait_exit(&run.x, &(int){ 0 }, WAIT_MS));
	feed();
	CHECK_INT(vt_modes(run.vt)->mouse, VT_MOUSE_OFF);
	finish();
}
