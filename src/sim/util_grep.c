#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "util.h"

/* grep, with as many patterns as -e brings. */

#define PATTERNS 16

struct grep {
	bool quiet, invert, count, number, only, list, fixed, extended, icase;
	bool whole, silent, no_name;
	long max; /* lines a file; negative: all */
	const char *text[PATTERNS];
	regex_t re[PATTERNS];
	size_t n, compiled;
	long hits;
};

static bool
matches_one(const struct grep *g, size_t k, const char *line, regmatch_t *m)
{
	const char *at;

	if (!g->fixed)
		return regexec(&g->re[k], line, 1, m, 0) == 0;
	if ((at = strstr(line, g->text[k])) == NULL)
		return false;
	m->rm_so = (regoff_t)(at - line);
	m->rm_eo = m->rm_so + (regoff_t)strlen(g->text[k]);
	return true;
}

/* The leftmost match of any pattern. */
static bool
matches(const struct grep *g, const char *line, regmatch_t *m)
{
	bool hit = false;
	regmatch_t one;
	size_t k;

	for (k = 0; k < g->n; k++) {
		if (!matches_one(g, k, line, &one) ||
		    (g->whole && (one.rm_so != 0 || line[one.rm_eo] != '\0')))
			continue;
		if (!hit || one.rm_so < m->rm_so)
			*m = one;
		hit = true;
	}
	return hit;
}

static void
print_parts(struct sh *sh, const struct grep *g, const char *line)
{
	regmatch_t m;

	while (*line != '\0' && matches(g, line, &m) && m.rm_eo > m.rm_so) {
		proc_printf(
		    sh->p, "%.*s\n", (int)(m.rm_eo - m.rm_so), line + m.rm_so);
		line += m.rm_eo;
	}
}

static void
print_hit(struct sh *sh, const struct grep *g, const char *line, long n,
    const char *prefix)
{
	if (prefix != NULL)
		proc_printf(sh->p, "%s:", prefix);
	if (g->number)
		proc_printf(sh->p, "%ld:", n);
	if (g->only)
		print_parts(sh, g, line);
	else
		proc_printf(sh->p, "%s\n", line);
}

static void
grep_text(
    struct sh *sh, struct grep *g, const struct buf *b, const char *prefix)
{
	const char *s = buf_str(b), *line;
	size_t left = b->len, len;
	long n = 0, hits = 0;
	regmatch_t m;

	while ((g->max < 0 || hits < g->max) &&
	    util_line(&s, &left, &line, &len)) {
		char *copy = mem_strndup(line, len);
		bool hit = matches(g, copy, &m) != g->invert;

		n++;
		sh_step(sh);
		hits += hit;
		if (hit && !g->quiet && !g->count && !g->list)
			print_hit(sh, g, copy, n, prefix);
		free(copy);
		if (proc_dead(sh->p))
			return;
	}
	g->hits += hits;
	if (g->count && !g->quiet)
		proc_printf(sh->p, "%s%s%ld\n", prefix ? prefix : "",
		    prefix ? ":" : "", hits);
}

static void
set_flag(struct grep *g, char c)
{
	g->quiet = g->quiet || c == 'q';
	g->invert = g->invert || c == 'v';
	g->count = g->count || c == 'c';
	g->number = g->number || c == 'n';
	g->only = g->only || c == 'o';
	g->list = g->list || c == 'l';
	g->fixed = g->fixed || c == 'F';
	g->extended = g->extended || c == 'E';
	g->icase = g->icase || c == 'i';
	g->whole = g->whole || c == 'x';
	g->silent = g->silent || c == 's';
	g->no_name = g->no_name || c == 'h';
}

/* Options of argv[*i]; those with a value may take the next word too. */
static bool
options(struct grep *g, int argc, char **argv, int *i)
{
	const char *a, *value;

	for (a = argv[*i] + 1; *a != '\0'; a++) {
		if (*a != 'e' && *a != 'm') {
			set_flag(g, *a);
			continue;
		}
		value = a[1] != '\0' ? a + 1 : ++*i < argc ? argv[*i] : NULL;
		if (value == NULL)
			return false;
		if (*a == 'm')
			return str_long(value, 0, 1000000000, &g->max);
		if (g->n < PATTERNS)
			g->text[g->n++] = value;
		return true;
	}
	return true;
}

static bool
compile(struct sh *sh, struct grep *g)
{
	int flags =
	    (g->extended ? REG_EXTENDED : 0) | (g->icase ? REG_ICASE : 0);

	if (g->fixed)
		return true;
	for (; g->compiled < g->n; g->compiled++)
		if (regcomp(&g->re[g->compiled], g->text[g->compiled], flags) !=
		    0) {
			proc_err(sh->p, "grep: bad regex '%s'\n",
			    g->text[g->compiled]);
			return false;
		}
	return true;
}

static int
grep_files(struct sh *sh, struct grep *g, int argc, char **argv, int from)
{
	bool names = argc - from > 1 && !g->no_name;
	int k = from, status = 0;
	struct buf b;
	long before;

	do {
		before = g->hits;
		buf_init(&b, 4 * 1024 * 1024);
		if (k < argc && g->silent &&
		    vfs_read(proc_machine(sh->p)->vfs, argv[k], &b) != 0)
			status = 2;
		else if (!(k < argc && g->silent) &&
		    !util_gather(
			sh, k < argc ? k + 1 : 0, argv, k < argc ? k : 0, &b))
			status = 2;
		grep_text(sh, g, &b, names ? argv[k] : NULL);
		if (g->list && g->hits > before)
			proc_printf(
			    sh->p, "%s\n", k < argc ? argv[k] : "(stdin)");
		buf_release(&b);
	} while (++k < argc);
	return g->hits > 0 ? 0 : status > 0 ? status : 1;
}

int
u_grep(struct sh *sh, int argc, char **argv)
{
	struct grep g = { .max = -1,
		.extended = strcmp(argv[0], "egrep") == 0 };
	int i, status = 2;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (!options(&g, argc, argv, &i))
			return 2;
	}
	if (g.n == 0 && i < argc)
		g.text[g.n++] = argv[i++];
	if (g.n > 0 && compile(sh, &g))
		status = grep_files(sh, &g, argc, argv, i);
	while (g.compiled > 0)
		regfree(&g.re[--g.compiled]);
	return status;
}
