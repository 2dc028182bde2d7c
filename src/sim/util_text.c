#include <ctype.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "util.h"

/* Utilities that are about lines of text. */

/* --- grep --------------------------------------------------------------- */

struct grep {
	bool quiet, invert, count, number, only, files, fixed;
	regex_t re;
	const char *text;
	long hits;
};

static bool
grep_hit(const struct grep *g, const char *line, regmatch_t *m)
{
	if (g->fixed)
		return strstr(line, g->text) != NULL;
	return regexec(&g->re, line, 1, m, 0) == 0;
}

static void
grep_only(struct sh *sh, const struct grep *g, const char *line)
{
	regmatch_t m;

	while (*line != '\0' && regexec(&g->re, line, 1, &m, 0) == 0) {
		if (m.rm_eo == m.rm_so)
			break;
		proc_printf(
		    sh->p, "%.*s\n", (int)(m.rm_eo - m.rm_so), line + m.rm_so);
		line += m.rm_eo;
	}
}

static void
grep_text(
    struct sh *sh, struct grep *g, const struct buf *b, const char *prefix)
{
	const char *s = buf_str(b), *line;
	size_t left = b->len, len;
	long n = 0, before = g->hits;

	while (util_line(&s, &left, &line, &len)) {
		char *copy = mem_strndup(line, len);
		regmatch_t m;
		bool hit = grep_hit(g, copy, &m) != g->invert;

		n++;
		sh_step(sh);
		g->hits += hit;
		if (hit && !g->quiet && !g->count) {
			if (prefix != NULL && !g->only)
				proc_printf(sh->p, "%s:", prefix);
			if (g->number)
				proc_printf(sh->p, "%ld:", n);
			if (g->only && !g->fixed)
				grep_only(sh, g, copy);
			else
				proc_printf(sh->p, "%s\n", copy);
		}
		free(copy);
		if (proc_dead(sh->p))
			return;
	}
	if (g->count && !g->quiet)
		proc_printf(sh->p, "%s%s%ld\n", prefix ? prefix : "",
		    prefix ? ":" : "", g->hits - before);
}

static int
u_grep(struct sh *sh, int argc, char **argv)
{
	struct grep g = { .quiet = util_option(argc, argv, 'q'),
		.invert = util_option(argc, argv, 'v'),
		.count = util_option(argc, argv, 'c'),
		.number = util_option(argc, argv, 'n'),
		.only = util_option(argc, argv, 'o'),
		.fixed = util_option(argc, argv, 'F') };
	bool e = util_option(argc, argv, 'e');
	bool ext =
	    util_option(argc, argv, 'E') || strcmp(argv[0], "egrep") == 0;
	int i = util_operand(argc, argv), status = 0;
	struct buf b;

	if (e && i < argc && strcmp(argv[i - 1], "--") == 0)
		i--;
	if (i >= argc)
		return 2;
	g.text = argv[i++];
	if (!g.fixed &&
	    regcomp(&g.re, g.text,
		(ext ? REG_EXTENDED : 0) |
		    (util_option(argc, argv, 'i') ? REG_ICASE : 0)) != 0) {
		proc_err(sh->p, "grep: bad regex '%s'\n", g.text);
		return 2;
	}
	for (int k = i; k < argc || k == i; k++) {
		buf_init(&b, 4 * 1024 * 1024);
		if (!util_gather(
			sh, k < argc ? k + 1 : 0, argv, k < argc ? k : 0, &b))
			status = 2;
		grep_text(sh, &g, &b, argc - i > 1 ? argv[k] : NULL);
		buf_release(&b);
	}
	if (!g.fixed)
		regfree(&g.re);
	return g.hits > 0 ? 0 : status > 0 ? status : 1;
}

/* --- sed ---------------------------------------------------------------- */

struct sed_addr {
	long line; /* 0: none; -1: $ */
	bool re;
	regex_t rx;
};

struct sed_cmd {
	struct sed_addr from, to;
	bool negate, in_range;
	char op;
	regex_t rx;
	char *with;
	bool global, print;
};

#define SED_MAX 16

struct sed {
	struct sed_cmd cmds[SED_MAX];
	int n;
};

/* Text up to the delimiter, which a backslash takes its meaning. */
static char *
sed_part(const char **p, char delim)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	while (**p != '\0' && **p != delim) {
		if (**p == '\\' && (*p)[1] == delim)
			(*p)++;
		else if (**p == '\\' && (*p)[1] != '\0')
			buf_add(&b, (*p)++, 1);
		buf_add(&b, (*p)++, 1);
	}
	if (**p == delim)
		(*p)++;
	s = mem_strndup(buf_str(&b), b.len);
	buf_release(&b);
	return s;
}

static bool
sed_address(const char **p, struct sed_addr *a, int flags)
{
	if (isdigit((unsigned char)**p)) {
		char *end;

		a->line = strtol(*p, &end, 10);
		*p = end;
	} else if (**p == '$') {
		a->line = -1;
		(*p)++;
	} else if (**p == '/') {
		char *re;

		(*p)++;
		re = sed_part(p, '/');
		a->re = regcomp(&a->rx, re, flags) == 0;
		free(re);
		return a->re;
	}
	return true;
}

static bool
sed_parse(struct sed *sed, const char *p, int flags)
{
	while (*p != '\0') {
		struct sed_cmd *c = &sed->cmds[sed->n];

		p += strspn(p, " \t;\n");
		if (*p == '\0')
			break;
		if (sed->n == SED_MAX)
			return false;
		if (!sed_address(&p, &c->from, flags))
			return false;
		if (*p == ',') {
			p++;
			if (!sed_address(&p, &c->to, flags))
				return false;
		}
		p += strspn(p, " ");
		if (*p == '!') {
			c->negate = true;
			p++;
		}
		c->op = *p++;
		if (c->op == 's' || c->op == 'y') {
			char delim = *p++, *re;

			re = sed_part(&p, delim);
			c->with = sed_part(&p, delim);
			if (regcomp(&c->rx, re, flags) != 0) {
				free(re);
				free(c->with);
				return false;
			}
			free(re);
			for (; *p == 'g' || *p == 'p'; p++) {
				c->global = c->global || *p == 'g';
				c->print = c->print || *p == 'p';
			}
		} else if (strchr("pdq", c->op) == NULL || c->op == '\0') {
			return false;
		}
		sed->n++;
	}
	return true;
}

static bool
sed_at(const struct sed_addr *a, const char *line, long n, bool last)
{
	if (a->re)
		return regexec(&a->rx, line, 0, NULL, 0) == 0;
	return a->line == -1 ? last : a->line == n;
}

static bool
sed_selected(struct sed_cmd *c, const char *line, long n, bool last)
{
	bool two = c->to.re || c->to.line != 0, hit;

	if (!c->from.re && c->from.line == 0)
		return true;
	if (!two)
		return sed_at(&c->from, line, n, last) != c->negate;
	if (!c->in_range) {
		hit = sed_at(&c->from, line, n, last);
		c->in_range = hit && !(c->to.line > 0 && c->to.line <= n);
	} else {
		hit = true;
		c->in_range = !sed_at(&c->to, line, n, last);
	}
	return hit != c->negate;
}

static bool
sed_subst(const struct sed_cmd *c, struct buf *line)
{
	const char *s = buf_str(line);
	regmatch_t m[10];
	struct buf out;
	bool any = false;
	int flags = 0;

	buf_init(&out, 0);
	while (regexec(&c->rx, s, 10, m, flags) == 0) {
		any = true;
		buf_add(&out, s, (size_t)m[0].rm_so);
		for (const char *w = c->with; *w != '\0'; w++) {
			int g = -1;

			if (*w == '&')
				g = 0;
			else if (*w == '\\' && isdigit((unsigned char)w[1]))
				g = *++w - '0';
			else if (*w == '\\' && w[1] == 'n' && w++)
				buf_add(&out, "\n", 1);
			else if (*w == '\\' && w[1] != '\0')
				buf_add(&out, ++w, 1);
			else
				buf_add(&out, w, 1);
			if (g >= 0 && m[g].rm_so >= 0)
				buf_add(&out, s + m[g].rm_so,
				    (size_t)(m[g].rm_eo - m[g].rm_so));
		}
		if (m[0].rm_eo == m[0].rm_so) {
			if (s[m[0].rm_eo] == '\0') {
				s += m[0].rm_eo;
				break;
			}
			buf_add(&out, s + m[0].rm_eo, 1);
			s += m[0].rm_eo + 1;
		} else {
			s += m[0].rm_eo;
		}
		flags = REG_NOTBOL;
		if (!c->global)
			break;
	}
	buf_puts(&out, s);
	if (any) {
		struct buf old = *line;

		*line = out;
		out = old;
	}
	buf_release(&out);
	return any;
}

static void
sed_run(struct sh *sh, struct sed *sed, const struct buf *in, bool quiet)
{
	const char *s = buf_str(in), *line;
	size_t left = in->len, len;
	long n = 0;

	while (util_line(&s, &left, &line, &len) && !proc_dead(sh->p)) {
		struct buf b;
		bool deleted = false, quit = false;

		buf_init(&b, 0);
		buf_add(&b, line, len);
		n++;
		sh_step(sh);
		for (int i = 0; i < sed->n && !deleted; i++) {
			struct sed_cmd *c = &sed->cmds[i];

			if (!sed_selected(c, buf_str(&b), n, left == 0))
				continue;
			if (c->op == 'd')
				deleted = true;
			else if (c->op == 'p' ||
			    (c->op == 's' && sed_subst(c, &b) && c->print))
				proc_printf(sh->p, "%s\n", buf_str(&b));
			quit = quit || c->op == 'q';
		}
		if (!deleted && !quiet)
			proc_printf(sh->p, "%s\n", buf_str(&b));
		buf_release(&b);
		if (quit)
			break;
	}
}

static void
sed_release(struct sed *sed)
{
	for (int i = 0; i < sed->n; i++) {
		struct sed_cmd *c = &sed->cmds[i];

		if (c->from.re)
			regfree(&c->from.rx);
		if (c->to.re)
			regfree(&c->to.rx);
		if (c->with != NULL)
			regfree(&c->rx);
		free(c->with);
	}
	free(sed);
}

static int
u_sed(struct sh *sh, int argc, char **argv)
{
	struct sed *sed = mem_alloc(sizeof *sed);
	bool quiet = false, have = false, ok = true;
	int i = 1, flags = 0;
	struct buf b;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		quiet = quiet || strchr(argv[i], 'n') != NULL;
		if (strpbrk(argv[i], "Er") != NULL)
			flags = REG_EXTENDED;
		if (strchr(argv[i], 'e') != NULL && i + 1 < argc) {
			ok = sed_parse(sed, argv[++i], flags) && ok;
			have = true;
		}
	}
	if (!have && i < argc)
		ok = sed_parse(sed, argv[i++], flags);
	buf_init(&b, 4 * 1024 * 1024);
	if (!ok)
		proc_err(sh->p, "sed: unsupported command\n");
	else if (util_gather(sh, argc, argv, i, &b))
		sed_run(sh, sed, &b, quiet);
	else
		ok = false;
	buf_release(&b);
	sed_release(sed);
	return ok ? 0 : 1;
}

/* --- cut, tr ------------------------------------------------------------ */

static bool
in_list(const char *list, long n)
{
	while (*list != '\0') {
		char *end;
		long a = strtol(list, &end, 10), b = a;

		if (end == list)
			a = 1;
		if (*end == '-') {
			list = end + 1;
			b = strtol(list, &end, 10);
			if (end == list)
				b = 1000000;
		}
		if (n >= a && n <= b)
			return true;
		list = end + strspn(end, ",");
		if (*end != ',' && *end != '\0')
			return false;
	}
	return false;
}

static void
cut_fields(struct sh *sh, char *line, char delim, const char *list, bool only)
{
	bool first = true;
	long n = 1;
	char *p = line;

	if (strchr(line, delim) == NULL) {
		if (!only)
			proc_printf(sh->p, "%s\n", line);
		return;
	}
	for (;; n++) {
		char *end = strchr(p, delim);

		if (end != NULL)
			*end = '\0';
		if (in_list(list, n)) {
			proc_printf(sh->p, "%.*s%s", first ? 0 : 1, &delim, p);
			first = false;
		}
		if (end == NULL)
			break;
		p = end + 1;
	}
	proc_puts(sh->p, "\n");
}

static int
u_cut(struct sh *sh, int argc, char **argv)
{
	const char *list = "", *s, *line;
	char delim = '\t', mode = 'f';
	bool only = false;
	size_t left, len;
	struct buf b;
	int i = 1, status = 0;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		const char *v = argv[i] + 2;

		if (argv[i][1] == 's') {
			only = true;
			continue;
		}
		if (*v == '\0' && i + 1 < argc)
			v = argv[++i];
		if (argv[i][0] == '-' || true) {
			char o = v == argv[i] ? argv[i - 1][1] : argv[i][1];

			if (o == 'd')
				delim = v[0];
			else if (strchr("fcb", o) != NULL) {
				mode = o;
				list = v;
			}
		}
	}
	buf_init(&b, 4 * 1024 * 1024);
	if (!util_gather(sh, argc, argv, i, &b))
		status = 1;
	s = buf_str(&b);
	left = b.len;
	while (util_line(&s, &left, &line, &len)) {
		char *copy = mem_strndup(line, len);

		if (mode == 'f') {
			cut_fields(sh, copy, delim, list, only);
		} else {
			size_t k = 0;

			for (size_t c = 0; c < len; c++)
				if (in_list(list, (long)c + 1))
					copy[k++] = copy[c];
			copy[k] = '\0';
			proc_printf(sh->p, "%s\n", copy);
		}
		free(copy);
	}
	buf_release(&b);
	return status;
}

static size_t
tr_set(const char *s, unsigned char out[512])
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = { { "[:upper:]", isupper }, { "[:lower:]", islower },
		{ "[:digit:]", isdigit }, { "[:alpha:]", isalpha },
		{ "[:alnum:]", isalnum }, { "[:space:]", isspace },
		{ "[:cntrl:]", iscntrl }, { "[:print:]", isprint },
		{ "[:punct:]", ispunct } };
	size_t n = 0;

	while (*s != '\0' && n < 500) {
		unsigned c = (unsigned char)*s, to;
		bool class = false;

		for (size_t k = 0; k < ARRAY_LEN(classes) && !class; k++) {
			if (!str_starts(s, classes[k].name))
				continue;
			for (int x = 0; x < 256 && n < 500; x++)
				if (classes[k].is(x))
					out[n++] = (unsigned char)x;
			s += strlen(classes[k].name);
			class = true;
		}
		if (class)
			continue;
		s++;
		if (c == '\\' && *s != '\0') {
			static const char from[] = "nrt0a",
					  to_c[] = "\n\r\t\0\a";
			const char *p = strchr(from, *s);

			c = p != NULL ? (unsigned char)to_c[p - from]
				      : (unsigned char)*s;
			s++;
			if (p != NULL && *p == '0')
				while (*s == '0')
					s++;
		}
		to = c;
		if (*s == '-' && s[1] != '\0') {
			to = (unsigned char)s[1];
			s += 2;
		}
		for (unsigned x = c; x <= to && n < 500; x++)
			out[n++] = (unsigned char)x;
	}
	return n;
}

static int
u_tr(struct sh *sh, int argc, char **argv)
{
	unsigned char a[512], b[512], map[256];
	bool del = util_option(argc, argv, 'd'), in[256] = { false };
	bool squeeze = util_option(argc, argv, 's');
	bool complement = util_option(argc, argv, 'c');
	int i = util_operand(argc, argv), last = -1;
	size_t n, m = 0;
	struct buf text, out;

	if (i >= argc)
		return 1;
	n = tr_set(argv[i], a);
	if (i + 1 < argc)
		m = tr_set(argv[i + 1], b);
	for (int c = 0; c < 256; c++)
		map[c] = (unsigned char)c;
	for (size_t k = 0; k < n; k++) {
		in[a[k]] = true;
		if (m > 0 && !complement)
			map[a[k]] = b[k < m ? k : m - 1];
	}
	for (int c = 0; c < 256 && complement; c++) {
		in[c] = !in[c];
		if (in[c] && m > 0)
			map[c] = b[m - 1];
	}
	buf_init(&text, 4 * 1024 * 1024);
	buf_init(&out, 4 * 1024 * 1024);
	util_gather(sh, 0, argv, 0, &text);
	for (size_t k = 0; k < text.len; k++) {
		unsigned char c = (unsigned char)text.data[k], t = map[c];

		if (del && in[c])
			continue;
		if (squeeze && in[c] && t == last)
			continue;
		buf_add(&out, &t, 1);
		last = t;
	}
	proc_out(sh->p, buf_str(&out), out.len);
	buf_release(&text);
	buf_release(&out);
	return 0;
}

/* --- head, tail, wc, sort, uniq ----------------------------------------- */

static int
u_head(struct sh *sh, int argc, char **argv)
{
	long n = 10, total = 0, at = 0;
	int i = 1;
	bool tail = strcmp(argv[0], "tail") == 0, bytes = false, from = false;
	const char *s, *line;
	size_t left, len;
	struct buf b;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		const char *v = argv[i] + 1;

		if (*v == 'n' || *v == 'c') {
			bytes = *v == 'c';
			v = v[1] != '\0'   ? v + 1
			    : i + 1 < argc ? argv[++i]
					   : "10";
		}
		from = *v == '+';
		n = strtol(v, NULL, 10);
	}
	buf_init(&b, 4 * 1024 * 1024);
	util_gather(sh, argc, argv, i, &b);
	if (bytes) {
		size_t k = (size_t)n < b.len ? (size_t)n : b.len;

		proc_out(sh->p, buf_str(&b) + (tail ? b.len - k : 0), k);
		buf_release(&b);
		return 0;
	}
	s = buf_str(&b);
	left = b.len;
	while (util_line(&s, &left, &line, &len))
		total++;
	s = buf_str(&b);
	left = b.len;
	while (util_line(&s, &left, &line, &len)) {
		at++;
		if (!tail && at > (n < 0 ? total + n : n))
			break;
		if (tail && (from ? at < n : at <= total - n))
			continue;
		proc_out(sh->p, line, (size_t)(s - line));
	}
	buf_release(&b);
	return 0;
}

static int
u_wc(struct sh *sh, int argc, char **argv)
{
	bool l = util_option(argc, argv, 'l'), w = util_option(argc, argv, 'w');
	bool c = util_option(argc, argv, 'c'), in_word = false;
	int i = util_operand(argc, argv);
	size_t lines = 0, words = 0;
	const char *sep = "";
	struct buf b;

	buf_init(&b, 4 * 1024 * 1024);
	util_gather(sh, argc, argv, i, &b);
	for (size_t k = 0; k < b.len; k++) {
		bool space = isspace((unsigned char)b.data[k]);

		lines += b.data[k] == '\n';
		words += !space && !in_word;
		in_word = !space;
	}
	if (!l && !w && !c)
		l = w = c = true;
	if (l) {
		proc_printf(sh->p, "%zu", lines);
		sep = " ";
	}
	if (w) {
		proc_printf(sh->p, "%s%zu", sep, words);
		sep = " ";
	}
	if (c)
		proc_printf(sh->p, "%s%zu", sep, b.len);
	proc_printf(
	    sh->p, "%s%s\n", i < argc ? " " : "", i < argc ? argv[i] : "");
	buf_release(&b);
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
by_number(const void *a, const void *b)
{
	double x = strtod(*(char *const *)a, NULL);
	double y = strtod(*(char *const *)b, NULL);

	return x < y ? -1 : x > y ? 1 : by_text(a, b);
}

static int
u_sort(struct sh *sh, int argc, char **argv)
{
	bool rev = util_option(argc, argv, 'r');
	bool uniq = util_option(argc, argv, 'u');
	struct fields f = { 0 };
	const char *s, *line;
	size_t left, len;
	struct buf b;

	buf_init(&b, 4 * 1024 * 1024);
	util_gather(sh, argc, argv, util_operand(argc, argv), &b);
	s = buf_str(&b);
	left = b.len;
	while (util_line(&s, &left, &line, &len))
		fields_add(&f, line, len);
	if (f.n > 0)
		qsort(f.v, (size_t)f.n, sizeof *f.v,
		    util_option(argc, argv, 'n') ? by_number : by_text);
	for (int i = 0; i < f.n; i++) {
		int k = rev ? f.n - 1 - i : i, p = rev ? k + 1 : k - 1;

		if (uniq && i > 0 && strcmp(f.v[k], f.v[p]) == 0)
			continue;
		proc_printf(sh->p, "%s\n", f.v[k]);
	}
	fields_free(&f);
	buf_release(&b);
	return 0;
}

static int
u_uniq(struct sh *sh, int argc, char **argv)
{
	bool count = util_option(argc, argv, 'c');
	char *last = NULL;
	const char *s, *line;
	size_t left, len;
	long n = 0;
	struct buf b;

	buf_init(&b, 4 * 1024 * 1024);
	util_gather(sh, argc, argv, util_operand(argc, argv), &b);
	s = buf_str(&b);
	left = b.len;
	for (;;) {
		bool more = util_line(&s, &left, &line, &len);

		if (more && last != NULL && strlen(last) == len &&
		    memcmp(last, line, len) == 0) {
			n++;
			continue;
		}
		if (last != NULL) {
			if (count)
				proc_printf(sh->p, "%7ld ", n);
			proc_printf(sh->p, "%s\n", last);
		}
		free(last);
		if (!more)
			break;
		last = mem_strndup(line, len);
		n = 1;
	}
	buf_release(&b);
	return 0;
}

/* --- awk: only "[/re/] {print $N, ...}" --------------------------------- */

static void
awk_print(struct sh *sh, const char *what, const char *line, const char *fs)
{
	struct fields f = { 0 };
	const char *p = line;

	while (*p != '\0') {
		size_t n;

		if (fs == NULL)
			p += strspn(p, " \t");
		n = fs == NULL ? strcspn(p, " \t") : strcspn(p, fs);
		if (n > 0 || fs != NULL)
			fields_add(&f, p, n);
		p += n;
		if (*p != '\0' && fs != NULL)
			p++;
	}
	what += strspn(what, " ");
	if (*what == '}' || *what == '\0')
		proc_puts(sh->p, line);
	while (*what != '\0' && *what != '}') {
		if (*what == '$') {
			char *end;
			long n = strtol(what + 1, &end, 10);

			if (str_starts(what, "$NF")) {
				n = f.n;
				end = (char *)(uintptr_t)what + 3;
			}
			what = end;
			proc_puts(sh->p,
			    n == 0         ? line
				: n <= f.n ? f.v[n - 1]
					   : "");
		} else if (*what == '"') {
			size_t n = strcspn(++what, "\"");

			proc_out(sh->p, what, n);
			what += n + (what[n] == '"');
		} else if (*what == ',') {
			proc_puts(sh->p, " ");
			what++;
		} else {
			what++;
		}
	}
	proc_puts(sh->p, "\n");
	fields_free(&f);
}

static int
u_awk(struct sh *sh, int argc, char **argv)
{
	const char *fs = NULL, *prog, *print, *s, *line;
	int i = 1;
	regex_t re;
	bool has_re = false;
	long nr = 0, want = 0;
	size_t left, len;
	struct buf b;

	for (; i < argc && argv[i][0] == '-'; i++)
		if (argv[i][1] == 'F')
			fs = argv[i][2] != '\0' ? argv[i] + 2
			    : i + 1 < argc      ? argv[++i]
						: " ";
	if (i >= argc)
		return 2;
	prog = argv[i] + strspn(argv[i], " ");
	print = strstr(prog, "print");
	if (*prog == '/') {
		char *pat;

		prog++;
		pat = sed_part(&prog, '/');
		has_re = regcomp(&re, pat, REG_EXTENDED) == 0;
		free(pat);
	} else if (str_starts(prog, "NR==")) {
		want = strtol(prog + 4, NULL, 10);
	} else if (*prog != '{') {
		proc_err(sh->p, "awk: this program is beyond this machine\n");
		return 2;
	}
	buf_init(&b, 4 * 1024 * 1024);
	util_gather(sh, argc, argv, i + 1, &b);
	s = buf_str(&b);
	left = b.len;
	while (util_line(&s, &left, &line, &len)) {
		char *copy = mem_strndup(line, len);

		nr++;
		if ((!has_re || regexec(&re, copy, 0, NULL, 0) == 0) &&
		    (want == 0 || want == nr))
			awk_print(sh, print ? print + 5 : "", copy, fs);
		free(copy);
	}
	if (has_re)
		regfree(&re);
	buf_release(&b);
	return 0;
}

const struct builtin util_text_table[] = {
	{ "awk", u_awk, false },
	{ "cut", u_cut, false },
	{ "egrep", u_grep, false },
	{ "grep", u_grep, false },
	{ "head", u_head, false },
	{ "sed", u_sed, false },
	{ "sort", u_sort, false },
	{ "tail", u_head, false },
	{ "tr", u_tr, false },
	{ "uniq", u_uniq, false },
	{ "wc", u_wc, false },
	{ NULL, NULL, false },
};
