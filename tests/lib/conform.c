#include "conform.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct {
	const char *name;
	unsigned bit;
} attr_names[] = { { "bold", CF_BOLD }, { "dim", CF_DIM },
	{ "italic", CF_ITALIC }, { "underline", CF_UNDERLINE },
	{ "blink", CF_BLINK }, { "reverse", CF_REVERSE },
	{ "hidden", CF_HIDDEN }, { "strike", CF_STRIKE }, { "plain", 0 } },
  mode_names[] = { { "alt", CF_ALT }, { "app-cursor", CF_APP_CURSOR },
	  { "app-keypad", CF_APP_KEYPAD }, { "paste", CF_PASTE },
	  { "focus", CF_FOCUS }, { "newline", CF_NEWLINE },
	  { "no-cursor", CF_NO_CURSOR }, { "reversed", CF_REVERSED },
	  { "x10", CF_X10 }, { "clicks", CF_CLICKS }, { "drags", CF_DRAGS },
	  { "motion", CF_MOTION }, { "sgr", CF_SGR }, { "none", 0 } };
#define N(a) (sizeof(a) / sizeof(a)[0])

struct reader {
	const char *file;
	int line;
};

#define BAD(r, ...) test_fail((r)->file, (r)->line, __VA_ARGS__)

/* --- escapes ---------------------------------------------------------------*/

struct bytes {
	char *data;
	size_t len, cap;
};

static void
add(struct bytes *b, const char *s, size_t len)
{
	if (b->len + len + 1 > b->cap) {
		b->cap = (b->len + len + 1) * 2;
		b->data = realloc(b->data, b->cap);
		if (b->data == NULL)
			abort();
	}
	memcpy(b->data + b->len, s, len);
	b->len += len;
	b->data[b->len] = '\0';
}

static void
add_cp(struct bytes *b, unsigned long c)
{
	char o[4];
	size_t n = 0;

	if (c < 0x80) {
		o[n++] = (char)c;
	} else if (c < 0x800) {
		o[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		o[n++] = (char)(0xe0 | c >> 12);
		o[n++] = (char)(0x80 | (c >> 6 & 63));
	} else {
		o[n++] = (char)(0xf0 | (c >> 18 & 7));
		o[n++] = (char)(0x80 | (c >> 12 & 63));
		o[n++] = (char)(0x80 | (c >> 6 & 63));
	}
	if (c >= 0x80)
		o[n++] = (char)(0x80 | (c & 63));
	add(b, o, n);
}

static unsigned long
hex(struct reader *r, const char **p, int digits)
{
	unsigned long v = 0;

	for (; digits > 0; digits--, ++*p) {
		const char *at, *all = "0123456789abcdef";

		at = **p != '\0' ? strchr(all, **p) : NULL;
		if (at == NULL)
			BAD(r, "hex digits expected");
		v = v << 4 | (unsigned long)(at - all);
	}
	return v;
}

static const char *unescape(
    struct reader *, struct bytes *, const char *, char until);

/* \{12:text} is the text twelve times. */
static const char *
repeat(struct reader *r, struct bytes *b, const char *p)
{
	struct bytes one = { 0 };
	char *colon;
	long n = strtol(p, &colon, 10);

	if (*colon != ':' || n < 1 || n > 100000)
		BAD(r, "\\{COUNT:text} expected");
	p = unescape(r, &one, colon + 1, '}');
	while (n-- > 0)
		add(b, one.data, one.len);
	free(one.data);
	return p;
}

static const char *
escape(struct reader *r, struct bytes *b, const char *p)
{
	char c = *p++, o;

	switch (c) {
	case 'e':
		o = 0x1b;
		break;
	case 'r':
		o = '\r';
		break;
	case 'n':
		o = '\n';
		break;
	case 't':
		o = '\t';
		break;
	case 'b':
		o = '\b';
		break;
	case '\\':
	case '}':
		o = c;
		break;
	case 'x':
		o = (char)hex(r, &p, 2);
		break;
	case 'u':
		add_cp(b, hex(r, &p, 4));
		return p;
	case 'U':
		add_cp(b, hex(r, &p, 6));
		return p;
	case '{':
		return repeat(r, b, p);
	default:
		BAD(r, "no such escape: \\%c", c);
	}
	add(b, &o, 1);
	return p;
}

/* Up to until, which is passed over, or the end. */
static const char *
unescape(struct reader *r, struct bytes *b, const char *p, char until)
{
	add(b, "", 0);
	while (*p != '\0' && *p != until) {
		if (*p == '\\')
			p = escape(r, b, p + 1);
		else
			add(b, p++, 1);
	}
	if (*p != until)
		BAD(r, "'%c' expected", until);
	return *p != '\0' ? p + 1 : p;
}

static struct bytes
value(struct reader *r, const char *s)
{
	struct bytes b = { 0 };

	unescape(r, &b, s, '\0');
	return b;
}

/* --- one line of a case ----------------------------------------------------*/

static void
size_line(struct reader *r, const char *s, int *rows, int *cols)
{
	if (sscanf(s, "%dx%d", rows, cols) != 2 || *rows < 1 ||
	    *rows > CF_ROWS || *cols < 1 || *cols > CF_COLS)
		BAD(r, "ROWSxCOLUMNS expected");
}

static struct cf_step *
step(struct reader *r, struct cf_case *c)
{
	if (c->n_steps == CF_STEPS)
		BAD(r, "too many steps");
	return &c->step[c->n_steps++];
}

/* Lines of input that follow each other are one piece. */
static void
in_line(struct reader *r, struct cf_case *c, const char *s)
{
	struct bytes b = { 0 };
	struct cf_step *t;

	if (c->n_steps > 0 && c->step[c->n_steps - 1].bytes != NULL) {
		t = &c->step[c->n_steps - 1];
		b.data = t->bytes;
		b.len = t->len;
		b.cap = t->len + 1;
	} else {
		t = step(r, c);
	}
	unescape(r, &b, s, '\0');
	t->bytes = b.data;
	t->len = b.len;
}

static int32_t
colour(struct reader *r, const char *s)
{
	char *end;
	long v;

	if (strcmp(s, "any") == 0)
		return CF_ANY;
	if (*s == '#')
		return CF_RGB | (int32_t)strtol(s + 1, NULL, 16);
	v = strtol(s, &end, 10);
	if (*end != '\0' || v < 0 || v > 255)
		BAD(r, "no colour: %s", s);
	return (int32_t)v;
}

static unsigned
attr(struct reader *r, const char *s)
{
	for (size_t i = 0; i < N(attr_names); i++)
		if (strcmp(attr_names[i].name, s) == 0)
			return attr_names[i].bit;
	BAD(r, "no such attribute: %s", s);
}

static unsigned
mode(struct reader *r, const char *s)
{
	for (size_t i = 0; i < N(mode_names); i++)
		if (strcmp(mode_names[i].name, s) == 0)
			return mode_names[i].bit;
	BAD(r, "no such mode: %s", s);
}

static char *
word(char **p)
{
	char *s = *p + strspn(*p, " "), *end = s + strcspn(s, " ");

	if (*s == '\0')
		return NULL;
	*p = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return s;
}

static void
style_line(struct reader *r, struct cf_case *c, char *s)
{
	struct cf_style *t = &c->style[c->n_styles++];
	char *w;
	int n;

	if (c->n_styles > CF_STYLES)
		BAD(r, "too many styles");
	t->fg = t->bg = CF_DEFAULT;
	w = word(&s);
	n = w != NULL ? sscanf(w, "%d,%d-%d", &t->row, &t->from, &t->to) : 0;
	if (n < 2)
		BAD(r, "ROW,COLUMN[-COLUMN] expected");
	if (n == 2)
		t->to = t->from;
	while ((w = word(&s)) != NULL) {
		if (strncmp(w, "fg=", 3) == 0)
			t->fg = colour(r, w + 3);
		else if (strncmp(w, "bg=", 3) == 0)
			t->bg = colour(r, w + 3);
		else
			t->attrs |= attr(r, w);
	}
}

static void
back_line(struct reader *r, struct cf_case *c, const char *s)
{
	if (c->n_back < 0)
		c->n_back = 0;
	if (strcmp(s, "none") == 0)
		return;
	if (c->n_back == CF_BACK || *s != '|')
		BAD(r, "a line of scrollback begins with |");
	c->back[c->n_back++] = value(r, s + 1).data;
}

static void
other_line(struct reader *r, struct cf_case *c, const char *key, char *s)
{
	struct bytes b;
	char *w;

	if (strcmp(key, "from") == 0) {
		snprintf(c->source, sizeof c->source, "%s", s);
		c->policy = strncmp(s, "policy", 6) == 0;
	} else if (strcmp(key, "cursor") == 0) {
		if (sscanf(s, "%d %d", &c->cur_row, &c->cur_col) != 2)
			BAD(r, "ROW COLUMN expected");
	} else if (strcmp(key, "screen") == 0) {
		c->any_screen = true;
	} else if (strcmp(key, "reply") == 0) {
		b = value(r, s);
		c->reply = b.data;
		c->reply_len = b.len;
	} else if (strcmp(key, "title") == 0) {
		c->title = value(r, s).data;
	} else if (strcmp(key, "bells") == 0) {
		c->bells = (int)strtol(s, NULL, 10);
	} else if (strcmp(key, "modes") == 0) {
		c->has_modes = true;
		while ((w = word(&s)) != NULL)
			c->modes |= mode(r, w);
	} else {
		BAD(r, "no such key: %s", key);
	}
}

static void
case_line(struct reader *r, struct cf_case *c, char *s)
{
	char *at;

	if (*s == '|') {
		if (c->n_rows == CF_ROWS)
			BAD(r, "too many rows");
		c->row[c->n_rows++] = value(r, s + 1).data;
		return;
	}
	at = strstr(s, ": ");
	if (at == NULL)
		BAD(r, "'key: value' expected");
	*at = '\0';
	at += 2;
	if (strcmp(s, "size") == 0) {
		size_line(r, at, &c->rows, &c->cols);
	} else if (strcmp(s, "in") == 0) {
		in_line(r, c, at);
	} else if (strcmp(s, "resize") == 0) {
		struct cf_step *t = step(r, c);

		size_line(r, at, &t->rows, &t->cols);
	} else if (strcmp(s, "style") == 0) {
		style_line(r, c, at);
	} else if (strcmp(s, "back") == 0) {
		back_line(r, c, at);
	} else {
		other_line(r, c, s, at);
	}
}

/* --- files -----------------------------------------------------------------*/

static void
whole(struct reader *r, const struct cf_case *c)
{
	if (c->source[0] == '\0' || c->rows == 0 || c->n_steps == 0)
		BAD(r, "%s: needs from, size and in", c->name);
	for (int i = 0; i < c->n_steps; i++)
		if (c->rows > CF_ROWS || c->step[i].rows > CF_ROWS)
			BAD(r, "%s: too large", c->name);
}

static struct cf_case *
load_file(const char *path, struct cf_case *all, int *n)
{
	struct reader r = { path, 0 };
	struct cf_case *c = NULL;
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "re");
	ssize_t len;

	CHECK(f != NULL);
	while ((len = getline(&line, &cap, f)) > 0) {
		r.line++;
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len == 0 || line[0] == '#')
			continue;
		if (strncmp(line, "case: ", 6) != 0) {
			if (c == NULL)
				BAD(&r, "'case: NAME' expected");
			case_line(&r, c, line);
			continue;
		}
		if (c != NULL)
			whole(&r, c);
		all = realloc(all, ((size_t)*n + 1) * sizeof *all);
		if (all == NULL)
			abort();
		c = &all[(*n)++];
		memset(c, 0, sizeof *c);
		c->n_back = c->bells = -1;
		snprintf(c->name, sizeof c->name, "%s", line + 6);
	}
	if (c != NULL)
		whole(&r, c);
	free(line);
	fclose(f);
	return all;
}

struct cf_case *
cf_load(int *n)
{
	const char *src = getenv("RM_SRC");
	struct cf_case *all = NULL;
	char pattern[512];
	glob_t g;

	*n = 0;
	snprintf(pattern, sizeof pattern, "%s/tests/conformance/*.txt",
	    src != NULL ? src : ".");
	if (glob(pattern, 0, NULL, &g) != 0)
		test_fail(__FILE__, __LINE__, "no cases in %s", pattern);
	for (size_t i = 0; i < g.gl_pathc; i++)
		all = load_file(g.gl_pathv[i], all, n);
	globfree(&g);
	for (int i = 0; i < *n; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(all[i].name, all[k].name) == 0)
				test_fail(__FILE__, __LINE__,
				    "two cases are named %s", all[i].name);
	return all;
}

void
cf_free(struct cf_case *all, int n)
{
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < all[i].n_steps; k++)
			free(all[i].step[k].bytes);
		for (int k = 0; k < all[i].n_rows; k++)
			free(all[i].row[k]);
		for (int k = 0; k < all[i].n_back; k++)
			free(all[i].back[k]);
		free(all[i].reply);
		free(all[i].title);
	}
	free(all);
}
