#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "util.h"

/* Utilities that are about lines of text. */

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
