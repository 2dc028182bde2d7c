#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "sh.h"

/*
 * A raw word becomes a row of characters, each of which remembers where it
 * came from: written plainly, quoted, or brought in by an expansion. What was
 * brought in is split at IFS, what was not quoted is a pattern.
 */

enum from { PLAIN, QUOTED, BROUGHT, BREAK, EMPTY };

struct row {
	struct buf text, from; /* same length */
};

static void
row_init(struct row *r)
{
	buf_init(&r->text, 512 * 1024);
	buf_init(&r->from, 512 * 1024);
}

static void
row_release(struct row *r)
{
	buf_release(&r->text);
	buf_release(&r->from);
}

static void
row_add(struct row *r, const char *s, size_t len, enum from from)
{
	char f = (char)from;

	for (size_t i = 0; i < len; i++) {
		buf_add(&r->text, s + i, 1);
		buf_add(&r->from, &f, 1);
	}
}

static void
row_puts(struct row *r, const char *s, enum from from)
{
	row_add(r, s, strlen(s), from);
}

void
fields_add(struct fields *f, const char *s, size_t len)
{
	if (f->n + 2 > f->cap) {
		f->cap = f->cap > 0 ? f->cap * 2 : 8;
		f->v = mem_grow(f->v, (size_t)f->cap, sizeof *f->v);
	}
	f->v[f->n++] = mem_strndup(s, len);
	f->v[f->n] = NULL;
}

void
fields_free(struct fields *f)
{
	for (int i = 0; i < f->n; i++)
		free(f->v[i]);
	free(f->v);
	memset(f, 0, sizeof *f);
}

static bool expand_text(struct sh *, const char *s, size_t len, bool quoted,
    bool here, struct row *);

/* --- parameters --------------------------------------------------------- */

static void
add_args(struct sh *sh, bool quoted, char which, struct row *r)
{
	const char *ifs = sh_get(sh, "IFS");
	char sep = ifs == NULL ? ' ' : ifs[0];

	for (int i = 0; i < sh->n_args; i++) {
		if (i > 0 && quoted && which == '*') {
			if (sep != '\0')
				row_add(r, &sep, 1, QUOTED);
		} else if (i > 0) {
			row_add(r, "", 1, BREAK);
		}
		if (quoted && which == '@')
			row_add(r, "", 1, EMPTY);
		row_puts(r, sh->args[i], quoted ? QUOTED : BROUGHT);
	}
}

/* The value of a special parameter or variable; NULL: unset. */
static const char *
param(struct sh *sh, const char *name, char *tmp, size_t size)
{
	long n;

	if (name[1] == '\0' && strchr("?#$!-0", name[0]) != NULL) {
		switch (name[0]) {
		case '?':
			snprintf(tmp, size, "%d", sh->status);
			return tmp;
		case '#':
			snprintf(tmp, size, "%d", sh->n_args);
			return tmp;
		case '$':
			return "4711";
		case '!':
			snprintf(tmp, size, "%d", sh->last_job);
			return sh->last_job != 0 ? tmp : "";
		case '-':
			return sh->interactive ? "i" : "";
		default:
			return sh->name;
		}
	}
	if (name[0] >= '1' && name[0] <= '9') {
		if (!str_long(name, 1, 100000, &n) || n > sh->n_args)
			return NULL;
		return sh->args[n - 1];
	}
	return sh_get(sh, name);
}

static size_t
name_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len &&
	    (s[n] == '_' || (s[n] >= 'a' && s[n] <= 'z') ||
		(s[n] >= 'A' && s[n] <= 'Z') ||
		(n > 0 && s[n] >= '0' && s[n] <= '9')))
		n++;
	return n;
}

static char *
expand_part(struct sh *sh, const char *s, size_t len, bool pattern)
{
	char *raw = mem_strndup(s, len), *v;

	v = pattern ? sh_expand_pattern(sh, raw) : sh_expand_one(sh, raw);
	free(raw);
	return v;
}

/* ${x%pat} and its like. */
static void
strip(
    const char *v, const char *op, const char *pat, bool quoted, struct row *r)
{
	size_t n = strlen(v), best = 0;
	bool found = false, longest = op[1] == op[0], suffix = op[0] == '%';
	char *part = mem_alloc(n + 1);

	for (size_t k = 0; k <= n; k++) {
		/* The shortest piece first, or the longest. */
		size_t cut = longest ? n - k : k;

		if (suffix) {
			memcpy(part, v + n - cut, cut);
		} else {
			memcpy(part, v, cut);
		}
		part[cut] = '\0';
		if (fnmatch(pat, part, 0) == 0) {
			best = cut;
			found = true;
			break;
		}
	}
	free(part);
	if (!found)
		best = 0;
	row_add(r, suffix ? v : v + best, n - best, quoted ? QUOTED : BROUGHT);
}

static bool
bad_subst(struct sh *sh)
{
	sh_error(sh, "Bad substitution");
	sh->flow = sh->interactive ? FLOW_NONE : FLOW_EXIT;
	sh->status = 2;
	return false;
}

/* :- := :? :+ with or without the colon; rest is the word. */
static bool
with_default(struct sh *sh, const char *name, const char *v, const char *op,
    const char *rest, size_t len, bool quoted, struct row *r)
{
	bool colon = op[0] == ':', set = v != NULL && !(colon && v[0] == '\0');
	char kind = colon ? op[1] : op[0], *w;
	size_t from;

	if (kind == '+' ? !set : set) {
		if (kind != '+')
			row_puts(r, v, quoted ? QUOTED : BROUGHT);
		return true;
	}
	switch (kind) {
	case '-':
	case '+':
		from = r->from.len;
		if (!expand_text(sh, rest, len, quoted, false, r))
			return false;
		/* What stands plainly in the default is split as well. */
		for (; from < r->from.len; from++)
			if (r->from.data[from] == PLAIN)
				r->from.data[from] = BROUGHT;
		return true;
	case '=':
		w = expand_part(sh, rest, len, false);
		if (w == NULL)
			return false;
		sh_set(sh, name, w);
		row_puts(r, w, quoted ? QUOTED : BROUGHT);
		free(w);
		return true;
	default:
		w = expand_part(sh, rest, len, false);
		sh_error(sh, "%s: %s", name,
		    w != NULL && w[0] != '\0' ? w : "parameter not set");
		free(w);
		sh->flow = FLOW_EXIT;
		sh->status = 2;
		return false;
	}
}

/* The inside of ${...}. */
static bool
braces(struct sh *sh, const char *s, size_t len, bool quoted, struct row *r)
{
	char name[128], tmp[32];
	bool length = s[0] == '#' && len > 1 && name_len(s + 1, len - 1) > 0;
	size_t n;
	const char *v, *op;

	if (length || (s[0] == '#' && len == 2)) {
		s++;
		len--;
		length = true;
	}
	n = name_len(s, len);
	if (n == 0 && len > 0)
		for (n = 1; s[0] >= '1' && s[0] <= '9' && n < len &&
		     s[n] >= '0' && s[n] <= '9';)
			n++;
	if (n == 0 || n >= sizeof name)
		return bad_subst(sh);
	memcpy(name, s, n);
	name[n] = '\0';
	if ((name[0] == '@' || name[0] == '*') && n == 1 && len == 1) {
		add_args(sh, quoted, name[0], r);
		return true;
	}
	v = param(sh, name, tmp, sizeof tmp);
	if (length) {
		snprintf(tmp, sizeof tmp, "%zu", v ? strlen(v) : 0);
		row_puts(r, tmp, quoted ? QUOTED : BROUGHT);
		return true;
	}
	op = s + n;
	len -= n;
	if (len == 0) {
		if (v != NULL)
			row_puts(r, v, quoted ? QUOTED : BROUGHT);
		return true;
	}
	if (op[0] == '%' || op[0] == '#') {
		bool twice = len > 1 && op[1] == op[0];
		char *pat =
		    expand_part(sh, op + 1 + twice, len - 1 - twice, true);

		if (pat == NULL)
			return false;
		strip(v ? v : "",
		    twice              ? op
			: op[0] == '%' ? "% "
				       : "# ",
		    pat, quoted, r);
		free(pat);
		return true;
	}
	if (op[0] == ':' && len > 1 && strchr("-=?+", op[1]) != NULL)
		return with_default(
		    sh, name, v, op, op + 2, len - 2, quoted, r);
	if (strchr("-=?+", op[0]) != NULL)
		return with_default(
		    sh, name, v, op, op + 1, len - 1, quoted, r);
	return bad_subst(sh);
}

static bool
arithmetic(struct sh *sh, const char *s, size_t len, bool quoted, struct row *r)
{
	char *text = mem_strndup(s, len), *e, num[32];
	long long v = 0;
	bool ok;

	e = sh_expand_here(sh, text);
	free(text);
	ok = e != NULL && sh_arith(sh, e, &v);
	free(e);
	if (!ok) {
		sh_error(sh, "arithmetic expression: expecting primary");
		sh->flow = sh->interactive ? sh->flow : FLOW_EXIT;
		sh->status = 2;
		return false;
	}
	snprintf(num, sizeof num, "%lld", v);
	row_puts(r, num, quoted ? QUOTED : BROUGHT);
	return true;
}

/* `...`: a backslash before $, ` and \ falls away first. */
static bool
backquote(struct sh *sh, const char *s, size_t len, bool quoted, struct row *r)
{
	char *cmd = mem_alloc(len + 1), *out;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len &&
		    strchr("$`\\", s[i + 1]) != NULL)
			i++;
		cmd[n++] = s[i];
	}
	out = sh_capture(sh, cmd, n);
	free(cmd);
	row_puts(r, out, quoted ? QUOTED : BROUGHT);
	free(out);
	return true;
}

/* At a $ or `: *used bytes are eaten. */
static bool
dollar(struct sh *sh, const char *s, size_t len, bool quoted, struct row *r,
    size_t *used)
{
	char name[128], tmp[32], *out;
	const char *v;
	bool more;
	size_t n = sh_skip_dollar(s, len, 0, &more);

	*used = n;
	if (n == 0)
		return bad_subst(sh);
	if (s[0] == '`')
		return backquote(sh, s + 1, n - 2, quoted, r);
	if (n > 2 && s[1] == '{')
		return braces(sh, s + 2, n - 3, quoted, r);
	if (n > 4 && s[1] == '(' && s[2] == '(' && s[n - 2] == ')')
		return arithmetic(sh, s + 3, n - 5, quoted, r);
	if (n > 2 && s[1] == '(') {
		out = sh_capture(sh, s + 2, n - 3);
		row_puts(r, out, quoted ? QUOTED : BROUGHT);
		free(out);
		return true;
	}
	n = name_len(s + 1, len - 1);
	if (n == 0 && len > 1 && strchr("?#$!-0123456789", s[1]) != NULL)
		n = 1;
	if (n == 0 && len > 1 && (s[1] == '@' || s[1] == '*')) {
		*used = 2;
		add_args(sh, quoted, s[1], r);
		return true;
	}
	*used = n + 1;
	if (n == 0 || n >= sizeof name) {
		row_add(r, "$", 1, quoted ? QUOTED : PLAIN);
		*used = 1;
		return true;
	}
	memcpy(name, s + 1, n);
	name[n] = '\0';
	v = param(sh, name, tmp, sizeof tmp);
	if (v != NULL) {
		row_puts(r, v, quoted ? QUOTED : BROUGHT);
	} else if (sh->nounset) {
		sh_error(sh, "%s: parameter not set", name);
		sh->flow = FLOW_EXIT;
		sh->status = 2;
		return false;
	}
	return true;
}

/* --- quoting ------------------------------------------------------------ */

/* Inside double quotes from s[1] on; *used goes past the closing one. */
static bool
double_quoted(
    struct sh *sh, const char *s, size_t len, struct row *r, size_t *used)
{
	size_t i = 1, start = r->from.len;

	while (i < len && s[i] != '"') {
		size_t n = 1;

		if (s[i] == '\\' && i + 1 < len &&
		    strchr("$`\"\\\n", s[i + 1]) != NULL) {
			if (s[i + 1] != '\n')
				row_add(r, s + i + 1, 1, QUOTED);
			n = 2;
		} else if (s[i] == '$' || s[i] == '`') {
			if (!dollar(sh, s + i, len - i, true, r, &n))
				return false;
		} else {
			row_add(r, s + i, 1, QUOTED);
		}
		i += n;
	}
	*used = i < len ? i + 1 : len;
	/* "" is a word; "$@" without arguments is none. */
	if (r->from.len == start &&
	    !(*used == 4 && memcmp(s, "\"$@\"", 4) == 0))
		row_add(r, "", 1, EMPTY);
	return true;
}

static bool
expand_text(struct sh *sh, const char *s, size_t len, bool quoted, bool here,
    struct row *r)
{
	size_t i = 0;

	while (i < len) {
		size_t n = 1;

		if (s[i] == '\\' && i + 1 < len) {
			bool kept = (here || quoted) &&
			    strchr("$`\\\n\"", s[i + 1]) == NULL;

			if (here && s[i + 1] == '"')
				kept = true;
			if (kept)
				row_add(r, s + i, 1, QUOTED);
			if (s[i + 1] != '\n')
				row_add(r, s + i + 1, 1, QUOTED);
			n = 2;
		} else if (s[i] == '\'' && !here && !quoted) {
			const char *e = memchr(s + i + 1, '\'', len - i - 1);
			size_t k = e ? (size_t)(e - s) - i - 1 : len - i - 1;

			row_add(r, s + i + 1, k, QUOTED);
			if (k == 0)
				row_add(r, "", 1, EMPTY);
			n = k + 2;
		} else if (s[i] == '"' && !here) {
			if (!double_quoted(sh, s + i, len - i, r, &n))
				return false;
		} else if (s[i] == '$' || s[i] == '`') {
			if (!dollar(sh, s + i, len - i, quoted || here, r, &n))
				return false;
		} else {
			row_add(r, s + i, 1, quoted || here ? QUOTED : PLAIN);
		}
		i += n;
	}
	return true;
}

/* --- fields ------------------------------------------------------------- */

static void
glob_in(struct sh *sh, const char *dir, const char *pat, struct fields *out)
{
	size_t len = strcspn(pat, "/");
	const char *rest = pat + len + strspn(pat + len, "/"), *name;
	char part[256], path[600], abs[600];

	if (len >= sizeof part)
		return;
	memcpy(part, pat, len);
	part[len] = '\0';
	sh_path(sh, dir[0] != '\0' ? dir : ".", abs, sizeof abs);
	for (size_t i = 0;
	     (name = vfs_list(proc_machine(sh->p)->vfs, abs, i)) != NULL; i++) {
		if (fnmatch(part, name, FNM_PERIOD) != 0)
			continue;
		str_format(path, sizeof path, "%s%s%s", dir,
		    dir[0] != '\0' && !str_ends(dir, "/") ? "/" : "", name);
		if (*rest != '\0') {
			glob_in(sh, path, rest, out);
			continue;
		}
		fields_add(out, path, strlen(path));
	}
}

/* Leading parts without a pattern are taken as they are: they may be links
 * or folders that are not listed. */
static bool
glob(struct sh *sh, const char *pat, struct fields *out)
{
	size_t n = strcspn(pat, "*?[\\"), plain = 0;
	int before = out->n;
	char dir[600];

	for (size_t i = 0; i < n; i++)
		if (pat[i] == '/')
			plain = i + 1;
	if (plain >= sizeof dir)
		return false;
	memcpy(dir, pat, plain);
	dir[plain] = '\0';
	glob_in(sh, dir, pat + plain, out);
	/* A pattern with folders behind it: keep what exists. */
	for (int i = before; i < out->n;) {
		char abs[600];

		sh_path(sh, out->v[i], abs, sizeof abs);
		if (vfs_stat(proc_machine(sh->p)->vfs, abs, false) !=
		    VFS_NONE) {
			i++;
			continue;
		}
		free(out->v[i]);
		memmove(&out->v[i], &out->v[i + 1],
		    (size_t)(out->n - i) * sizeof *out->v);
		out->n--;
	}
	return out->n > before;
}

/* One field: [from, to) of the row. */
static void
end_field(struct sh *sh, const struct row *r, size_t from, size_t to,
    struct fields *out)
{
	struct buf plain, pat;
	bool magic = false;

	buf_init(&plain, 0);
	buf_init(&pat, 0);
	for (size_t i = from; i < to; i++) {
		char c = r->text.data[i];
		enum from f = (enum from)r->from.data[i];

		if (f == EMPTY || f == BREAK)
			continue;
		buf_add(&plain, &c, 1);
		if (f == QUOTED && strchr("*?[]\\", c) != NULL && c != '\0')
			buf_add(&pat, "\\", 1);
		else if (c == '*' || c == '?' || c == '[')
			magic = true;
		buf_add(&pat, &c, 1);
	}
	if (!magic || sh->noglob || !glob(sh, buf_str(&pat), out))
		fields_add(out, buf_str(&plain), plain.len);
	buf_release(&plain);
	buf_release(&pat);
}

static void
split(struct sh *sh, const struct row *r, struct fields *out)
{
	const char *ifs = sh_get(sh, "IFS");
	size_t start = 0;
	bool in_field = false;

	if (ifs == NULL)
		ifs = " \t\n";
	for (size_t i = 0; i < r->from.len; i++) {
		char c = r->text.data[i];
		enum from f = (enum from)r->from.data[i];
		bool sep = f == BROUGHT && c != '\0' && strchr(ifs, c) != NULL;

		if (f == BREAK || sep) {
			/* Hard separators make empty fields, spaces none. */
			bool hard = sep && strchr(" \t\n", c) == NULL;

			if (in_field || hard)
				end_field(sh, r, in_field ? start : i, i, out);
			in_field = false;
			continue;
		}
		if (!in_field)
			start = i;
		in_field = true;
	}
	if (in_field)
		end_field(sh, r, start, r->from.len, out);
}

/* ~ and ~/x at the start of an unquoted word. */
static const char *
tilde(struct sh *sh, const char *raw, struct row *r)
{
	const char *home;

	if (raw[0] != '~' || (raw[1] != '\0' && raw[1] != '/'))
		return raw;
	home = sh_get(sh, "HOME");
	row_puts(r, home ? home : "~", QUOTED);
	return raw + 1;
}

bool
sh_expand(struct sh *sh, const char *raw, struct fields *out)
{
	struct row r;
	bool ok;

	/* Most words are plain. */
	if (strpbrk(raw, "$`\"'\\*?[~") == NULL) {
		fields_add(out, raw, strlen(raw));
		return true;
	}
	row_init(&r);
	raw = tilde(sh, raw, &r);
	ok = expand_text(sh, raw, strlen(raw), false, false, &r);
	if (ok)
		split(sh, &r, out);
	row_release(&r);
	return ok;
}

static char *
joined(const struct row *r, bool pattern)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	for (size_t i = 0; i < r->from.len; i++) {
		char c = r->text.data[i];
		enum from f = (enum from)r->from.data[i];

		if (f == EMPTY)
			continue;
		if (f == BREAK)
			c = ' ';
		if (pattern && f == QUOTED && c != '\0' &&
		    strchr("*?[]\\", c) != NULL)
			buf_add(&b, "\\", 1);
		buf_add(&b, &c, 1);
	}
	s = mem_strndup(buf_str(&b), b.len);
	buf_release(&b);
	return s;
}

static char *
expand_whole(struct sh *sh, const char *raw, bool here, bool pattern)
{
	struct row r;
	char *s = NULL;

	row_init(&r);
	if (!here)
		raw = tilde(sh, raw, &r);
	if (expand_text(sh, raw, strlen(raw), false, here, &r))
		s = joined(&r, pattern);
	row_release(&r);
	return s;
}

char *
sh_expand_one(struct sh *sh, const char *raw)
{
	return expand_whole(sh, raw, false, false);
}

char *
sh_expand_here(struct sh *sh, const char *raw)
{
	return expand_whole(sh, raw, true, false);
}

char *
sh_expand_pattern(struct sh *sh, const char *raw)
{
	return expand_whole(sh, raw, false, true);
}
