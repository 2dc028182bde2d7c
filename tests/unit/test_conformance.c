/*
 * Our terminal on every case of tests/conformance, whole and in single bytes,
 * and through a snapshot; then the table of ours beside tmux and libvterm.
 * Only ours has to pass: what the others do is shown (`make conformance`).
 */
#include "../lib/conform.h"
#include "../lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/console/vt.h"

#define BACK 1000

/* --- ours ------------------------------------------------------------------*/

static unsigned
mode_bits(const struct vt_modes *m)
{
	static const unsigned mouse[] = { [VT_MOUSE_X10] = CF_X10,
		[VT_MOUSE_CLICKS] = CF_CLICKS,
		[VT_MOUSE_DRAGS] = CF_DRAGS,
		[VT_MOUSE_ALL] = CF_MOTION };

	return (m->alt ? CF_ALT : 0u) | (m->app_cursor ? CF_APP_CURSOR : 0u) |
	    (m->app_keypad ? CF_APP_KEYPAD : 0u) | (m->paste ? CF_PASTE : 0u) |
	    (m->focus ? CF_FOCUS : 0u) | (m->newline ? CF_NEWLINE : 0u) |
	    (m->cursor_hidden ? CF_NO_CURSOR : 0u) |
	    (m->reverse ? CF_REVERSED : 0u) | mouse[m->mouse] |
	    (m->mouse_sgr ? CF_SGR : 0u);
}

static unsigned
attr_bits(uint8_t attrs)
{
	static const struct {
		unsigned ours, theirs;
	} map[] = { { VT_BOLD, CF_BOLD }, { VT_DIM, CF_DIM },
		{ VT_ITALIC, CF_ITALIC }, { VT_UNDERLINE, CF_UNDERLINE },
		{ VT_BLINK, CF_BLINK }, { VT_REVERSE, CF_REVERSE },
		{ VT_HIDDEN, CF_HIDDEN }, { VT_STRIKE, CF_STRIKE } };
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if (attrs & map[i].ours)
			bits |= map[i].theirs;
	return bits;
}

static void
take_cell(const struct vt_cell *c, struct cf_cell *to)
{
	size_t n = 0;

	to->fg = c->style.fg;
	to->bg = c->style.bg;
	to->attrs = attr_bits(c->style.attrs);
	if (c->cp != 0)
		n = text_encode(c->cp, to->text);
	for (int i = 0; i < VT_MARKS && c->marks[i] != 0; i++)
		n += text_encode(c->marks[i], to->text + n);
	to->text[n] = '\0';
}

/* What was never written is blank; every cell is whole. */
static void
take_row(const struct vt *vt, unsigned line, struct cf_screen *out, int row)
{
	struct vt_cell cells[CF_COLS];
	int n = vt_line(vt, line, cells, CF_COLS, NULL);

	CHECK(n >= 0 && n <= out->cols);
	for (int i = 0; i < out->cols; i++) {
		struct cf_cell *to = &out->cell[row][i];

		if (i < n) {
			take_cell(&cells[i], to);
			continue;
		}
		snprintf(to->text, sizeof to->text, " ");
		to->fg = to->bg = CF_DEFAULT;
		to->attrs = 0;
	}
	for (int i = 0; i < n; i++) {
		if (cells[i].cp == 0)
			CHECK(i > 0 && cells[i - 1].width == 2);
		else if (cells[i].width == 2)
			CHECK(i + 1 < n && cells[i + 1].cp == 0);
	}
}

static void
take_screen(struct vt *vt, struct cf_screen *out)
{
	unsigned back;

	memset(out, 0, sizeof *out);
	out->rows = vt_rows(vt);
	out->cols = vt_cols(vt);
	vt_cursor(vt, &out->row, &out->col);
	CHECK(out->row >= 0 && out->row < out->rows);
	CHECK(out->col >= 0 && out->col < out->cols);
	out->modes = mode_bits(vt_modes(vt));
	out->modes_known = out->attrs_known = ~0u;
	out->bells = (int)vt_bells(vt);
	str_copy(out->title, sizeof out->title, vt_title(vt));
	back = vt_lines(vt) - (unsigned)out->rows;
	for (unsigned i = 0; i < back && out->n_back < CF_BACK; i++)
		vt_text(vt, i, out->back[out->n_back++], CF_LINE);
	for (int row = 0; row < out->rows; row++)
		take_row(vt, back + (unsigned)row, out, row);
}

static void
take_replies(struct vt *vt, struct cf_screen *out)
{
	struct buf b;

	buf_init(&b, sizeof out->reply);
	while (vt_reply(vt, &b))
		;
	out->reply_len = b.len;
	if (b.len > 0)
		memcpy(out->reply, b.data, b.len);
	buf_release(&b);
}

enum how { WHOLE, BYTES, SNAPSHOT };

static void
ours(const struct cf_case *c, enum how how, struct cf_screen *out)
{
	struct vt *vt = vt_new(c->rows, c->cols, BACK);

	for (int i = 0; i < c->n_steps; i++) {
		const struct cf_step *t = &c->step[i];

		if (t->bytes == NULL)
			vt_resize(vt, t->rows, t->cols);
		else if (how == BYTES)
			for (size_t k = 0; k < t->len; k++)
				vt_feed(vt, t->bytes + k, 1);
		else
			vt_feed(vt, t->bytes, t->len);
	}
	take_screen(vt, out);
	take_replies(vt, out);
	if (how == SNAPSHOT) {
		struct vt *copy = vt_new(vt_rows(vt), vt_cols(vt), BACK);
		struct buf b;

		buf_init(&b, 0);
		vt_snapshot(vt, BACK, &b);
		vt_feed(copy, buf_str(&b), b.len);
		take_screen(copy, out);
		take_replies(copy, out);
		buf_release(&b);
		vt_free(copy);
	}
	vt_free(vt);
}

/* --- ours passes -----------------------------------------------------------*/

static int
run_all(enum how how, const char *suffix)
{
	struct cf_screen *got = calloc(1, sizeof *got);
	int n, failed = 0;
	struct cf_case *all = cf_load(&n);

	CHECK(got != NULL);
	for (int i = 0; i < n; i++) {
		char why[4096];

		ours(&all[i], how, got);
		if (cf_same(&all[i], got, why, sizeof why)) {
			printf("ok %s%s\n", all[i].name, suffix);
			continue;
		}
		failed++;
		printf("not ok %s%s\n", all[i].name, suffix);
		fprintf(stderr, "# %s%s:\n%s", all[i].name, suffix, why);
	}
	cf_free(all, n);
	free(got);
	return failed;
}

TEST(there_are_cases_enough)
{
	int n;
	struct cf_case *all = cf_load(&n);

	CHECK(n >= 120);
	cf_free(all, n);
}

TEST(every_case)
{
	CHECK_INT(run_all(WHOLE, ""), 0);
}

TEST(every_case_in_single_bytes)
{
	CHECK_INT(run_all(BYTES, " (in single bytes)"), 0);
}

/* A snapshot has no questions, no bells and, on the alternate screen, may
 * leave out the scrollback of the other. */
TEST(every_case_through_a_snapshot)
{
	struct cf_screen *got = calloc(1, sizeof *got);
	int n, failed = 0;
	struct cf_case *all = cf_load(&n);

	CHECK(got != NULL);
	for (int i = 0; i < n; i++) {
		char why[4096];

		ours(&all[i], SNAPSHOT, got);
		free(all[i].reply);
		all[i].reply = NULL;
		all[i].bells = -1;
		if (cf_same(&all[i], got, why, sizeof why))
			continue;
		failed++;
		fprintf(stderr, "# %s, by a snapshot:\n%s", all[i].name, why);
	}
	cf_free(all, n);
	free(got);
	CHECK_INT(failed, 0);
}

/* --- the table -------------------------------------------------------------*/

enum { OURS, TMUX, LIBVTERM, N_PEERS };
enum verdict { PASS, DIFFERS, CRASHED, ABSENT, N_VERDICTS };

/* In a child, as the others are: a crash is a verdict too. */
static bool
ours_alone(const struct cf_case *c, struct cf_screen *out)
{
	struct cf_screen *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	CHECK(shared != MAP_FAILED);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		ours(c, WHOLE, shared);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	memcpy(out, shared, sizeof *out);
	munmap(shared, sizeof *shared);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum verdict
judge(const struct cf_case *c, int peer, bool there, struct cf_screen *s)
{
	static bool (*const run[])(const struct cf_case *,
	    struct cf_screen *) = { ours_alone, cf_tmux, cf_libvterm };
	static const char *const who[] = { "ours", "tmux", "libvterm" };
	char why[4096];

	if (!there)
		return ABSENT;
	if (!run[peer](c, s))
		return CRASHED;
	if (cf_same(c, s, why, sizeof why))
		return PASS;
	if (getenv("RM_WHY") != NULL)
		fprintf(stderr, "# %s, %s:\n%s", c->name, who[peer], why);
	return DIFFERS;
}

static void
total(const char *what, int n, int count[N_PEERS][N_VERDICTS])
{
	char cell[N_PEERS][48];

	for (int i = 0; i < N_PEERS; i++) {
		int crashed = count[i][CRASHED];

		if (count[i][ABSENT] == n)
			str_format(cell[i], sizeof cell[i], "-");
		else if (crashed > 0)
			str_format(cell[i], sizeof cell[i], "%d, %d crash",
			    count[i][PASS], crashed);
		else
			str_format(
			    cell[i], sizeof cell[i], "%d", count[i][PASS]);
	}
	printf("%-42.42s %4d  %-7s %-9s %s\n", what, n, cell[OURS], cell[TMUX],
	    cell[LIBVTERM]);
}

static void
table_rows(struct cf_case *all, int n, struct cf_screen *s, bool tmux)
{
	static const char *const word[] = { "pass", "differs", "crash", "-" };
	int count[2][N_PEERS][N_VERDICTS] = { 0 }, of[2] = { 0 };

	printf("%-47s  %-7s %-9s %s\n", "case", "ours", "tmux", "libvterm");
	for (int i = 0; i < n; i++) {
		enum verdict v[N_PEERS];

		for (int k = 0; k < N_PEERS; k++) {
			v[k] = judge(&all[i], k, k != TMUX || tmux, s);
			count[all[i].policy][k][v[k]]++;
		}
		of[all[i].policy]++;
		printf("%-46.46s%s  %-7s %-9s %s\n", all[i].name,
		    all[i].policy ? "*" : " ", word[v[OURS]], word[v[TMUX]],
		    word[v[LIBVTERM]]);
	}
	total("passed of those by the documents", of[0], count[0]);
	total("passed of those by our choice (*)", of[1], count[1]);
}

TEST(table)
{
	struct cf_screen *s = calloc(1, sizeof *s);
	int n;
	struct cf_case *all = cf_load(&n);
	bool tmux;

	CHECK(s != NULL);
	alarm(280); /* a tmux session for each case */
	tmux = cf_tmux_start();
	table_rows(all, n, s, tmux);
	cf_tmux_stop();
	cf_free(all, n);
	free(s);
}
