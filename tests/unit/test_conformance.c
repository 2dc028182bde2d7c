/*
 * Our terminal on every case of tests/conformance, whole and in single bytes,
 * and through a snapshot; then the table of ours beside tmux and libvterm.
 * Only ours has to pass: what the others do is shown (`make conformance`).
 */
#include "conform_ours.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACK 1000

/* --- ours ------------------------------------------------------------------*/

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
