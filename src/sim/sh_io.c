#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "sh.h"

/*
 * test, printf and read: small languages of their own.
 */

/* --- test --------------------------------------------------------------- */

struct tests {
	struct sh *sh;
	char **v;
	int n, at;
	bool bad;
};

static bool t_or(struct tests *);

static const char *
next_is(const struct tests *t, int ahead)
{
	return t->at + ahead < t->n ? t->v[t->at + ahead] : "";
}

static bool
t_file(struct tests *t, char op, const char *name)
{
	struct vfs *vfs = proc_machine(t->sh->p)->vfs;
	char path[600];
	enum vfs_kind k;
	struct buf b;
	bool some;

	sh_path(t->sh, name, path, sizeof path);
	if (str_starts(path, "/dev/") && strchr("ecrwb", op) != NULL &&
	    (strcmp(path, "/dev/null") == 0 || strcmp(path, "/dev/tty") == 0))
		return true;
	k = vfs_stat(vfs, path, op != 'L' && op != 'h');
	switch (op) {
	case 'c':
		return k == VFS_DEVICE;
	case 'f':
	case 'p':
	case 'b':
		return k == VFS_FILE;
	case 'S':
		return k == VFS_SOCKET;
	case 'd':
		return k == VFS_DIR;
	case 'L':
	case 'h':
		return k == VFS_LINK;
	case 's':
		buf_init(&b, 1024 * 1024);
		some =
		    k == VFS_DIR || (vfs_read(vfs, path, &b) == 0 && b.len > 0);
		buf_release(&b);
		return some;
	default:
		return k != VFS_NONE;
	}
}

static bool
t_number(struct tests *t, const char *a, const char *op, const char *b)
{
	long x, y;

	if (!str_long(a, -999999999999L, 999999999999L, &x) ||
	    !str_long(b, -999999999999L, 999999999999L, &y)) {
		sh_error(t->sh, "[: Illegal number: %s",
		    str_long(a, -999999999999L, 999999999999L, &x) ? b : a);
		t->bad = true;
		return false;
	}
	return strcmp(op, "-eq") == 0 ? x == y
	    : strcmp(op, "-ne") == 0  ? x != y
	    : strcmp(op, "-lt") == 0  ? x < y
	    : strcmp(op, "-le") == 0  ? x <= y
	    : strcmp(op, "-gt") == 0  ? x > y
				      : x >= y;
}

static bool
is_binary(const char *s)
{
	static const char *const all[] = { "=", "==", "!=", "-eq", "-ne", "-lt",
		"-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">" };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i], s) == 0)
			return true;
	return false;
}

static bool
t_binary(struct tests *t)
{
	const char *a = t->v[t->at], *op = t->v[t->at + 1];
	const char *b = t->v[t->at + 2];

	t->at += 3;
	if (op[0] == '=')
		return strcmp(a, b) == 0;
	if (op[0] == '!')
		return strcmp(a, b) != 0;
	if (op[0] == '<')
		return strcmp(a, b) < 0;
	if (op[0] == '>')
		return strcmp(a, b) > 0;
	if (strcmp(op, "-nt") == 0 || strcmp(op, "-ot") == 0 ||
	    strcmp(op, "-ef") == 0)
		return false;
	return t_number(t, a, op, b);
}

static bool
t_primary(struct tests *t)
{
	const char *w = next_is(t, 0), *arg;
	bool v;

	if (t->at >= t->n) {
		t->bad = true;
		return false;
	}
	if (t->n - t->at >= 3 && is_binary(t->v[t->at + 1]))
		return t_binary(t);
	if (strcmp(w, "!") == 0 && t->n - t->at > 1) {
		t->at++;
		return !t_primary(t);
	}
	if (strcmp(w, "(") == 0 && t->n - t->at > 2) {
		t->at++;
		v = t_or(t);
		if (strcmp(next_is(t, 0), ")") != 0)
			t->bad = true;
		t->at++;
		return v;
	}
	if (w[0] == '-' && w[1] != '\0' && w[2] == '\0' && t->n - t->at >= 2) {
		arg = t->v[t->at + 1];
		t->at += 2;
		if (w[1] == 'n' || w[1] == 'z')
			return (arg[0] != '\0') == (w[1] == 'n');
		if (w[1] == 't')
			return proc_tty(t->sh->p) != NULL &&
			    (arg[0] == '0' ? proc_in_is_far(t->sh->p)
					   : proc_out_is_far(t->sh->p));
		return t_file(t, w[1], arg);
	}
	t->at++;
	return w[0] != '\0';
}

static bool
t_and(struct tests *t)
{
	bool v = t_primary(t);

	while (strcmp(next_is(t, 0), "-a") == 0 && !t->bad) {
		t->at++;
		v = t_primary(t) && v;
	}
	return v;
}

static bool
t_or(struct tests *t)
{
	bool v = t_and(t);

	while (strcmp(next_is(t, 0), "-o") == 0 && !t->bad) {
		t->at++;
		v = t_and(t) || v;
	}
	return v;
}

int
sh_test(struct sh *sh, int argc, char **argv)
{
	struct tests t = { .sh = sh, .v = argv + 1, .n = argc - 1 };
	bool v;

	if (strcmp(argv[0], "[") == 0) {
		if (argc < 2 || strcmp(argv[argc - 1], "]") != 0) {
			sh_error(sh, "[: missing ]");
			return 2;
		}
		t.n--;
	}
	if (t.n == 0)
		return 1;
	v = t_or(&t);
	if (!t.bad && t.at < t.n) {
		sh_error(sh, "[: %s: unexpected operator", t.v[t.at]);
		t.bad = true;
	}
	return t.bad ? 2 : !v;
}

/* --- printf ------------------------------------------------------------- */

/* One escape after the backslash at s; returns the bytes eaten. */
static size_t
escape(const char *s, bool zero_octal, struct buf *out, bool *stop)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *p = s[0] != '\0' ? strchr(from, s[0]) : NULL;
	size_t n = 0;
	unsigned v = 0;

	if (p != NULL) {
		buf_add(out, &to[p - from], 1);
		return 1;
	}
	if (s[0] == 'c') {
		*stop = true;
		return 1;
	}
	if (s[0] == 'e') {
		buf_add(out, "\033", 1);
		return 1;
	}
	if (s[0] == 'x' && isxdigit((unsigned char)s[1])) {
		char hex[3] = { s[1],
			isxdigit((unsigned char)s[2]) ? s[2] : '\0', '\0' };
		char c = (char)strtol(hex, NULL, 16);

		buf_add(out, &c, 1);
		return 1 + strlen(hex);
	}
	if (s[0] >= '0' && s[0] <= '7') {
		size_t max = zero_octal && s[0] == '0' ? 4 : 3;
		char c;

		for (; n < max && s[n] >= '0' && s[n] <= '7'; n++)
			v = v * 8 + (unsigned)(s[n] - '0');
		c = (char)v;
		buf_add(out, &c, 1);
		return n;
	}
	buf_add(out, "\\", 1);
	return 0;
}

static void
unescape(const char *s, struct buf *out, bool *stop)
{
	while (*s != '\0' && !*stop) {
		if (*s == '\\') {
			s++;
			s += escape(s, true, out, stop);
			continue;
		}
		buf_add(out, s++, 1);
	}
}

static void
pad(struct buf *out, const char *s, size_t len, int width, bool left)
{
	int fill = width - (int)len;

	for (int i = 0; !left && i < fill; i++)
		buf_add(out, " ", 1);
	buf_add(out, s, len);
	for (int i = 0; left && i < fill; i++)
		buf_add(out, " ", 1);
}

struct spec {
	char flags[8];
	int width, precision;
	char conv;
};

static const char *
parse_spec(const char *s, struct spec *sp, char ***args)
{
	size_t n = 0;

	memset(sp, 0, sizeof *sp);
	sp->precision = -1;
	while (*s != '\0' && strchr("-+ #0", *s) != NULL) {
		if (n + 1 < sizeof sp->flags)
			sp->flags[n++] = *s;
		s++;
	}
	if (*s == '*') {
		if (**args != NULL)
			sp->width = (int)strtol(*(*args)++, NULL, 10);
		s++;
	}
	while (isdigit((unsigned char)*s) && sp->width < 10000)
		sp->width = sp->width * 10 + (*s++ - '0');
	if (*s == '.') {
		sp->precision = 0;
		s++;
		while (isdigit((unsigned char)*s) && sp->precision < 10000)
			sp->precision = sp->precision * 10 + (*s++ - '0');
	}
	while (*s == 'l')
		s++;
	sp->conv = *s;
	return *s != '\0' ? s + 1 : s;
}

static bool
one_number(struct sh *sh, const char *arg, long long *v)
{
	char *end;

	if (arg == NULL || arg[0] == '\0') {
		*v = 0;
		return arg == NULL;
	}
	if (arg[0] == '\'' || arg[0] == '"') {
		*v = (unsigned char)arg[1];
		return true;
	}
	*v = strtoll(arg, &end, 0);
	if (*end == '\0')
		return true;
	sh_error(sh, "printf: %s: expected numeric value", arg);
	return false;
}

static int
convert(struct sh *sh, const struct spec *sp, const char *arg, struct buf *out,
    bool *stop)
{
	char tmp[512];
	long long v;
	bool left = strchr(sp->flags, '-') != NULL, ok = true;
	int width = sp->width > 400 ? 400 : sp->width;
	int prec = sp->precision > 60 ? 60 : sp->precision;
	struct buf b;
	bool zero = strchr(sp->flags, '0') != NULL && !left;
	bool plus = strchr(sp->flags, '+') != NULL;
	size_t len;

	switch (sp->conv) {
	case 's':
	case 'b':
		buf_init(&b, 0);
		if (sp->conv == 'b')
			unescape(arg ? arg : "", &b, stop);
		else
			buf_puts(&b, arg ? arg : "");
		len = sp->precision >= 0 && (size_t)sp->precision < b.len
		    ? (size_t)sp->precision
		    : b.len;
		pad(out, buf_str(&b), len, sp->width, left);
		buf_release(&b);
		return 0;
	case 'c':
		pad(out, arg ? arg : "", arg && arg[0] ? 1 : 0, sp->width,
		    left);
		return 0;
	case 'd':
	case 'i':
		ok = one_number(sh, arg, &v);
		snprintf(tmp, sizeof tmp, plus ? "%+0*lld" : "%0*lld",
		    zero           ? width
			: prec > 0 ? prec
				   : 1,
		    v);
		break;
	case 'u':
		ok = one_number(sh, arg, &v);
		snprintf(tmp, sizeof tmp, "%0*llu", zero ? width : 1,
		    (unsigned long long)v);
		break;
	case 'x':
	case 'X':
	case 'o':
		ok = one_number(sh, arg, &v);
		snprintf(tmp, sizeof tmp,
		    sp->conv == 'x'       ? "%0*llx"
			: sp->conv == 'X' ? "%0*llX"
					  : "%0*llo",
		    zero           ? width
			: prec > 0 ? prec
				   : 1,
		    (unsigned long long)v);
		break;
	case 'f':
	case 'e':
	case 'g':
		snprintf(tmp, sizeof tmp,
		    sp->conv == 'f'       ? "%.*f"
			: sp->conv == 'e' ? "%.*e"
					  : "%.*g",
		    prec >= 0 ? prec : 6, strtod(arg ? arg : "0", NULL));
		break;
	default:
		sh_error(sh, "printf: %%%c: invalid directive", sp->conv);
		*stop = true;
		return 2;
	}
	pad(out, tmp, strlen(tmp), width, left);
	return ok ? 0 : 1;
}

int
sh_printf(struct sh *sh, int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	char **args = argv + first + 1, **before;
	int status = 0;
	bool stop = false;
	struct buf out;

	if (argc <= first) {
		sh_error(sh, "printf: usage: printf format [arg ...]");
		return 2;
	}
	buf_init(&out, 1024 * 1024);
	do {
		const char *s = argv[first];

		before = args;
		while (*s != '\0' && !stop) {
			struct spec sp;

			if (*s == '\\') {
				s++;
				s += escape(s, false, &out, &stop);
			} else if (*s == '%' && s[1] == '%') {
				buf_add(&out, "%", 1);
				s += 2;
			} else if (*s == '%') {
				int rc;

				s = parse_spec(s + 1, &sp, &args);
				rc = convert(sh, &sp, *args, &out, &stop);
				status = rc > status ? rc : status;
				if (*args != NULL)
					args++;
			} else {
				buf_add(&out, s++, 1);
			}
		}
	} while (*args != NULL && args > before && !stop);
	if (proc_out(sh->p, buf_str(&out), out.len) < 0)
		status = 1;
	buf_release(&out);
	return status;
}

/* --- read --------------------------------------------------------------- */

/* A line of input; without -r a backslash takes the next character in. */
static int
read_line(struct sh *sh, bool raw, struct buf *line)
{
	int got = proc_read_line(sh->p, line);

	while (got > 0 && !raw && line->len >= 2 &&
	    line->data[line->len - 1] == '\n' &&
	    line->data[line->len - 2] == '\\') {
		line->len -= 2;
		got = proc_read_line(sh->p, line);
	}
	if (got > 0 && line->len > 0 && line->data[line->len - 1] == '\n') {
		line->data[--line->len] = '\0';
		return 0;
	}
	return 1;
}

static bool
in_ifs(const char *ifs, char c)
{
	return c != '\0' && strchr(ifs, c) != NULL;
}

static bool
is_blank_ifs(const char *ifs, char c)
{
	return in_ifs(ifs, c) && (c == ' ' || c == '\t' || c == '\n');
}

/* The next field of *s; the last variable takes the rest. */
static void
next_field(
    const char **s, const char *ifs, bool last, bool raw, struct buf *out)
{
	const char *p = *s;

	while (is_blank_ifs(ifs, *p))
		p++;
	while (*p != '\0' && (last || !in_ifs(ifs, *p))) {
		if (*p == '\\' && !raw && p[1] != '\0')
			p++;
		buf_add(out, p++, 1);
	}
	if (last) {
		while (
		    out->len > 0 && is_blank_ifs(ifs, out->data[out->len - 1]))
			out->data[--out->len] = '\0';
		/* One hard separator at the end goes too. */
		if (out->len > 0 && in_ifs(ifs, out->data[out->len - 1]) &&
		    strcspn(out->data, ifs) == out->len - 1)
			out->data[--out->len] = '\0';
	} else {
		while (is_blank_ifs(ifs, *p))
			p++;
		if (in_ifs(ifs, *p) && !is_blank_ifs(ifs, *p))
			p++;
	}
	*s = p;
}

int
sh_read(struct sh *sh, int argc, char **argv)
{
	const char *ifs = sh_get(sh, "IFS"), *s;
	struct buf line, field;
	bool raw = false;
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-'; i++) {
		raw = raw || strchr(argv[i], 'r') != NULL;
		if (strcmp(argv[i], "-p") == 0 && i + 1 < argc)
			proc_err(sh->p, "%s", argv[++i]);
		else if (strcmp(argv[i], "-t") == 0)
			i++;
	}
	if (ifs == NULL)
		ifs = " \t\n";
	buf_init(&line, 1024 * 1024);
	status = read_line(sh, raw, &line);
	s = buf_str(&line);
	if (i == argc)
		sh_set(sh, "REPLY", s);
	for (; i < argc; i++) {
		buf_init(&field, 0);
		next_field(&s, ifs, i + 1 == argc, raw, &field);
		if (!sh_set(sh, argv[i], buf_str(&field)))
			status = 2;
		buf_release(&field);
	}
	buf_release(&line);
	return status;
}
