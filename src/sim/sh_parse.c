#include <stdio.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "sh.h"

/*
 * A recursive descent over the text itself: words stay raw, quotes and all,
 * until they are expanded. When the text ends in the middle of something the
 * whole is parsed again with the next line added; commands are short.
 */

struct here {
	struct redir *r;
	char *end;
	bool strip;
	struct here *next;
};

struct ps {
	struct arena *arena;
	const char *s;
	size_t len, pos;
	int line, depth;
	bool eof, more, bad;
	struct here *heres, **last_here;
	char *err;
	size_t err_size;
};

static struct tree *parse_list(struct ps *);
static struct tree *parse_and_or(struct ps *);

static void *
fail(struct ps *ps, const char *what)
{
	if (!ps->bad && !ps->more)
		snprintf(ps->err, ps->err_size, "%d: Syntax error: %s",
		    ps->line, what);
	ps->bad = true;
	return NULL;
}

/* The text ended too early: ask for more, or it is an error. */
static void *
need_more(struct ps *ps, const char *what)
{
	if (ps->eof)
		return fail(ps, what);
	ps->more = true;
	return NULL;
}

static bool
stop(const struct ps *ps)
{
	return ps->bad || ps->more;
}

static int
peek(const struct ps *ps)
{
	return ps->pos < ps->len ? (unsigned char)ps->s[ps->pos] : -1;
}

static void
skip_blanks(struct ps *ps)
{
	for (;;) {
		int c = peek(ps);

		if (c == ' ' || c == '\t' || c == '\r') {
			ps->pos++;
		} else if (c == '\\' && ps->pos + 1 < ps->len &&
		    ps->s[ps->pos + 1] == '\n') {
			ps->pos += 2;
			ps->line++;
		} else if (c == '#') {
			while (ps->pos < ps->len && ps->s[ps->pos] != '\n')
				ps->pos++;
		} else {
			return;
		}
	}
}

/* --- words -------------------------------------------------------------- */

size_t
sh_skip_command(const char *s, size_t len, int depth, bool *more)
{
	char err[80];
	struct arena *a = arena_new();
	struct ps ps = { .arena = a,
		.s = s,
		.len = len,
		.pos = 2,
		.line = 1,
		.depth = depth + 1,
		.err = err,
		.err_size = sizeof err };
	size_t used = 0;

	ps.last_here = &ps.heres;
	parse_list(&ps);
	if (!stop(&ps) && peek(&ps) == ')')
		used = ps.pos + 1;
	else if (ps.more || (!ps.bad && peek(&ps) < 0))
		*more = true;
	arena_unref(a);
	return used;
}

static bool
ends_word(int c)
{
	return c < 0 || strchr(" \t\r\n;&|<>()", c) != NULL;
}

/* A raw word, or NULL when there is none here. */
static char *
parse_word(struct ps *ps)
{
	size_t start = ps->pos;

	while (!ends_word(peek(ps))) {
		const char *s = ps->s + ps->pos;
		size_t left = ps->len - ps->pos, n = 1;
		bool more = false;

		if (*s == '\\') {
			if (left < 2)
				return need_more(ps, "end of file after \\");
			n = 2;
		} else if (*s == '\'' || *s == '"') {
			n = sh_skip_quoted(s, left, ps->depth, &more);
		} else if (*s == '$' || *s == '`') {
			n = sh_skip_dollar(s, left, ps->depth, &more);
		}
		if (n == 0)
			return more ? need_more(ps,
					  "Unterminated quoted "
					  "string")
				    : fail(ps, "Bad substitution");
		for (size_t i = 0; i < n; i++)
			ps->line += s[i] == '\n';
		ps->pos += n;
	}
	if (ps->pos == start)
		return NULL;
	return arena_dup(ps->arena, ps->s + start, ps->pos - start);
}

/* --- here-documents ----------------------------------------------------- */

static void
read_here(struct ps *ps, struct here *h)
{
	struct buf text;
	bool raw = strpbrk(h->end, "'\"\\") != NULL;
	char *end = arena_dup(ps->arena, h->end, strlen(h->end)), *o = end;

	for (const char *i = h->end; *i != '\0'; i++)
		if (strchr("'\"\\", *i) == NULL)
			*o++ = *i;
	*o = '\0';
	h->r->kind = raw ? R_HERE_RAW : R_HERE;
	buf_init(&text, 0);
	for (;;) {
		const char *s = ps->s + ps->pos, *nl;
		size_t left = ps->len - ps->pos, n;

		nl = memchr(s, '\n', left);
		if (nl == NULL && !ps->eof) {
			need_more(ps, "");
			break;
		}
		n = nl != NULL ? (size_t)(nl - s) : left;
		if (left == 0)
			break;
		ps->pos += n + (nl != NULL);
		ps->line++;
		while (h->strip && n > 0 && *s == '\t') {
			s++;
			n--;
		}
		if (n == strlen(end) && memcmp(s, end, n) == 0)
			break;
		buf_add(&text, s, n);
		buf_add(&text, "\n", 1);
	}
	h->r->word = arena_dup(ps->arena, buf_str(&text), text.len);
	buf_release(&text);
}

/* After the newline that ends a line: the here-documents of that line. */
static void
newline(struct ps *ps)
{
	ps->pos++;
	ps->line++;
	while (ps->heres != NULL && !stop(ps)) {
		struct here *h = ps->heres;

		ps->heres = h->next;
		if (ps->heres == NULL)
			ps->last_here = &ps->heres;
		read_here(ps, h);
	}
}

static void
skip_newlines(struct ps *ps)
{
	skip_blanks(ps);
	while (peek(ps) == '\n' && !stop(ps)) {
		newline(ps);
		skip_blanks(ps);
	}
}

/* --- redirections ------------------------------------------------------- */

/* True and parsed when one is here: [fd]<file and so on. */
static bool
parse_redir(struct ps *ps, struct redir ***last)
{
	size_t save = ps->pos;
	struct redir *r;
	int fd = -1, c;
	bool here = false, strip = false;

	if (peek(ps) >= '0' && peek(ps) <= '9') {
		fd = peek(ps) - '0';
		ps->pos++;
	}
	c = peek(ps);
	if (c != '<' && c != '>') {
		ps->pos = save;
		return false;
	}
	ps->pos++;
	r = arena_alloc(ps->arena, sizeof *r);
	r->fd = fd >= 0 ? fd : c == '<' ? 0 : 1;
	r->kind = c == '<' ? R_IN : R_OUT;
	if (peek(ps) == '&') {
		r->kind = R_DUP;
		ps->pos++;
	} else if (c == '>' && peek(ps) == '>') {
		r->kind = R_APPEND;
		ps->pos++;
	} else if (c == '>' && peek(ps) == '|') {
		ps->pos++;
	} else if (c == '<' && peek(ps) == '>') {
		ps->pos++;
	} else if (c == '<' && peek(ps) == '<') {
		here = true;
		ps->pos++;
		strip = peek(ps) == '-';
		ps->pos += strip;
	}
	skip_blanks(ps);
	r->word = parse_word(ps);
	if (r->word == NULL) {
		if (!stop(ps))
			fail(ps, "redirection without a word");
		return true;
	}
	**last = r;
	*last = &r->next;
	if (here) {
		struct here *h = arena_alloc(ps->arena, sizeof *h);

		h->r = r;
		h->end = arena_dup(ps->arena, r->word, strlen(r->word));
		h->strip = strip;
		*ps->last_here = h;
		ps->last_here = &h->next;
	}
	return true;
}

/* --- commands ----------------------------------------------------------- */

static struct tree *
tree_new(struct ps *ps, enum node_kind kind)
{
	struct tree *t = arena_alloc(ps->arena, sizeof *t);

	t->kind = kind;
	t->line = ps->line;
	return t;
}

/* Is the next word the reserved word w? It is eaten if so. */
static bool
eat_word(struct ps *ps, const char *w)
{
	size_t n = strlen(w);

	skip_blanks(ps);
	if (ps->len - ps->pos < n || memcmp(ps->s + ps->pos, w, n) != 0 ||
	    (ps->pos + n < ps->len &&
		!ends_word((unsigned char)ps->s[ps->pos + n])))
		return false;
	ps->pos += n;
	return true;
}

static bool
at_word(struct ps *ps, const char *w)
{
	size_t save = ps->pos;
	bool is = eat_word(ps, w);

	ps->pos = save;
	return is;
}

static bool
expect(struct ps *ps, const char *w)
{
	char what[80];

	if (stop(ps))
		return false;
	skip_newlines(ps);
	if (eat_word(ps, w))
		return true;
	snprintf(what, sizeof what, "expected \"%s\"", w);
	if (peek(ps) < 0)
		need_more(ps, what);
	else
		fail(ps, what);
	return false;
}

static bool
at_list_end(struct ps *ps)
{
	static const char *const ends[] = { "then", "else", "elif", "fi", "do",
		"done", "esac", "}" };
	int c;

	skip_blanks(ps);
	c = peek(ps);
	if (c < 0 || c == ')')
		return true;
	if (c == ';' && ps->pos + 1 < ps->len && ps->s[ps->pos + 1] == ';')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (at_word(ps, ends[i]))
			return true;
	return false;
}

static struct tree *
body(struct ps *ps)
{
	struct tree *t = parse_list(ps);

	if (t == NULL && !stop(ps)) {
		if (peek(ps) < 0)
			return need_more(ps, "end of file unexpected");
		return fail(ps, "unexpected word");
	}
	return t;
}

static struct tree *
parse_if(struct ps *ps)
{
	struct tree *t = tree_new(ps, N_IF);

	t->a = body(ps);
	if (!expect(ps, "then"))
		return NULL;
	t->b = body(ps);
	if (stop(ps))
		return NULL;
	if (eat_word(ps, "elif")) {
		t->c = parse_if(ps);
		return t;
	}
	if (eat_word(ps, "else"))
		t->c = body(ps);
	return expect(ps, "fi") ? t : NULL;
}

static struct tree *
parse_loop(struct ps *ps, enum node_kind kind)
{
	struct tree *t = tree_new(ps, kind);

	t->a = body(ps);
	if (!expect(ps, "do"))
		return NULL;
	t->b = body(ps);
	return expect(ps, "done") ? t : NULL;
}

static struct tree *
parse_for(struct ps *ps)
{
	struct tree *t = tree_new(ps, N_FOR);
	struct word **last = &t->words;

	skip_blanks(ps);
	t->name = parse_word(ps);
	if (t->name == NULL)
		return stop(ps) ? NULL : fail(ps, "Bad for loop variable");
	skip_newlines(ps);
	if (eat_word(ps, "in")) {
		t->has_in = true;
		for (;;) {
			char *w;

			skip_blanks(ps);
			w = parse_word(ps);
			if (w == NULL)
				break;
			*last = arena_alloc(ps->arena, sizeof **last);
			(*last)->raw = w;
			last = &(*last)->next;
		}
	}
	skip_blanks(ps);
	if (peek(ps) == ';')
		ps->pos++;
	if (!expect(ps, "do"))
		return NULL;
	t->b = body(ps);
	return expect(ps, "done") ? t : NULL;
}

static struct tree *
parse_case_item(struct ps *ps)
{
	struct tree *item = tree_new(ps, N_CASE);
	struct word **last = &item->words;

	skip_blanks(ps);
	if (peek(ps) == '(')
		ps->pos++;
	do {
		char *w;

		skip_blanks(ps);
		w = parse_word(ps);
		if (w == NULL)
			return stop(ps)    ? NULL
			    : peek(ps) < 0 ? need_more(ps, "case")
					   : fail(ps, "bad case pattern");
		*last = arena_alloc(ps->arena, sizeof **last);
		(*last)->raw = w;
		last = &(*last)->next;
		skip_blanks(ps);
	} while (peek(ps) == '|' && ps->pos++ < ps->len);
	if (peek(ps) != ')')
		return peek(ps) < 0 ? need_more(ps, "case")
				    : fail(ps, "expected \")\"");
	ps->pos++;
	item->a = parse_list(ps);
	if (stop(ps))
		return NULL;
	skip_newlines(ps);
	if (ps->len - ps->pos >= 2 && memcmp(ps->s + ps->pos, ";;", 2) == 0)
		ps->pos += 2;
	else if (!at_word(ps, "esac"))
		return peek(ps) < 0 ? need_more(ps, "case")
				    : fail(ps, "expected \";;\"");
	return item;
}

static struct tree *
parse_case(struct ps *ps)
{
	struct tree *t = tree_new(ps, N_CASE), **last = &t->a;

	skip_blanks(ps);
	t->name = parse_word(ps);
	if (t->name == NULL || !expect(ps, "in"))
		return stop(ps) ? NULL : fail(ps, "case without a word");
	for (;;) {
		skip_newlines(ps);
		if (stop(ps) || eat_word(ps, "esac"))
			break;
		if (peek(ps) < 0)
			return need_more(ps, "end of file in case");
		*last = parse_case_item(ps);
		if (*last == NULL)
			return NULL;
		last = &(*last)->next;
	}
	return t;
}

static struct tree *
parse_compound(struct ps *ps)
{
	struct tree *t;

	if (eat_word(ps, "if"))
		return parse_if(ps);
	if (eat_word(ps, "while"))
		return parse_loop(ps, N_WHILE);
	if (eat_word(ps, "until"))
		return parse_loop(ps, N_UNTIL);
	if (eat_word(ps, "for"))
		return parse_for(ps);
	if (eat_word(ps, "case"))
		return parse_case(ps);
	if (eat_word(ps, "{")) {
		t = tree_new(ps, N_GROUP);
		t->a = body(ps);
		return expect(ps, "}") ? t : NULL;
	}
	if (peek(ps) == '(') {
		ps->pos++;
		t = tree_new(ps, N_SUBSHELL);
		t->a = body(ps);
		if (stop(ps))
			return NULL;
		skip_newlines(ps);
		if (peek(ps) != ')')
			return peek(ps) < 0 ? need_more(ps, "\"(\" unmatched")
					    : fail(ps, "expected \")\"");
		ps->pos++;
		return t;
	}
	return NULL;
}

/* name() compound-command, after the name. */
static struct tree *
parse_function(struct ps *ps, const char *name)
{
	struct tree *t = tree_new(ps, N_FUNC);
	struct redir **last;

	t->name = name;
	skip_newlines(ps);
	t->a = parse_compound(ps);
	if (t->a == NULL)
		return stop(ps)    ? NULL
		    : peek(ps) < 0 ? need_more(ps, "function without a body")
				   : fail(ps, "bad function body");
	last = &t->a->redirs;
	skip_blanks(ps);
	while (!stop(ps) && parse_redir(ps, &last))
		skip_blanks(ps);
	return stop(ps) ? NULL : t;
}

static bool
at_parens(struct ps *ps)
{
	size_t save = ps->pos;

	skip_blanks(ps);
	if (peek(ps) == '(') {
		ps->pos++;
		skip_blanks(ps);
		if (peek(ps) == ')') {
			ps->pos++;
			return true;
		}
	}
	ps->pos = save;
	return false;
}

static struct tree *
parse_simple(struct ps *ps)
{
	struct tree *t = tree_new(ps, N_SIMPLE);
	struct redir **last_redir = &t->redirs;
	struct word **last = &t->words;

	for (;;) {
		char *w;

		skip_blanks(ps);
		if (parse_redir(ps, &last_redir)) {
			if (stop(ps))
				return NULL;
			continue;
		}
		w = parse_word(ps);
		if (stop(ps))
			return NULL;
		if (w == NULL)
			break;
		if (t->words == NULL && t->redirs == NULL && at_parens(ps))
			return parse_function(ps, w);
		*last = arena_alloc(ps->arena, sizeof **last);
		(*last)->raw = w;
		last = &(*last)->next;
	}
	return t->words != NULL || t->redirs != NULL ? t : NULL;
}

static struct tree *
parse_command(struct ps *ps)
{
	struct tree *t;
	struct redir **last;

	if (++ps->depth > SH_PARSE_MAX)
		return fail(ps, "nested too deep");
	skip_blanks(ps);
	t = parse_compound(ps);
	if (t == NULL && !stop(ps))
		t = parse_simple(ps);
	else if (t != NULL) {
		last = &t->redirs;
		skip_blanks(ps);
		while (!stop(ps) && parse_redir(ps, &last))
			skip_blanks(ps);
	}
	ps->depth--;
	return stop(ps) ? NULL : t;
}

static struct tree *
missing(struct ps *ps)
{
	char what[40];

	if (stop(ps))
		return NULL;
	if (peek(ps) < 0)
		return need_more(ps, "end of file unexpected");
	snprintf(what, sizeof what, "\"%c\" unexpected",
	    peek(ps) == '\n' ? 'n' : peek(ps));
	return fail(ps, what);
}

static struct tree *
parse_pipe(struct ps *ps)
{
	bool negate = eat_word(ps, "!");
	struct tree *t = parse_command(ps), *p = NULL, **last = NULL;

	if (t == NULL)
		return negate ? missing(ps) : NULL;
	for (;;) {
		skip_blanks(ps);
		if (peek(ps) != '|' ||
		    (ps->pos + 1 < ps->len && ps->s[ps->pos + 1] == '|'))
			break;
		ps->pos++;
		skip_newlines(ps);
		if (p == NULL) {
			p = tree_new(ps, N_PIPE);
			p->a = t;
			last = &t->next;
		}
		*last = parse_command(ps);
		if (*last == NULL)
			return missing(ps);
		last = &(*last)->next;
	}
	if (p == NULL)
		p = t;
	if (negate) {
		t = tree_new(ps, N_NOT);
		t->a = p;
		p = t;
	}
	return p;
}

static struct tree *
parse_and_or(struct ps *ps)
{
	struct tree *t = parse_pipe(ps);

	while (t != NULL && !stop(ps)) {
		struct tree *op;
		const char *s = ps->s + ps->pos;

		skip_blanks(ps);
		s = ps->s + ps->pos;
		if (ps->len - ps->pos < 2 ||
		    (memcmp(s, "&&", 2) != 0 && memcmp(s, "||", 2) != 0))
			break;
		op = tree_new(ps, *s == '&' ? N_AND : N_OR);
		ps->pos += 2;
		skip_newlines(ps);
		op->a = t;
		op->b = parse_pipe(ps);
		if (op->b == NULL)
			return missing(ps);
		t = op;
	}
	return t;
}

/* Commands up to a word or sign that ends a list. */
static struct tree *
parse_list(struct ps *ps)
{
	struct tree *seq = NULL, **last = NULL;

	for (;;) {
		struct tree *t;

		skip_newlines(ps);
		if (stop(ps) || at_list_end(ps))
			return seq;
		t = parse_and_or(ps);
		if (t == NULL)
			return missing(ps);
		if (seq == NULL) {
			seq = tree_new(ps, N_SEQ);
			last = &seq->a;
		}
		/* A node hangs in one list only: ->next is free. */
		*last = t;
		last = &t->next;
		skip_blanks(ps);
		t->bg = peek(ps) == '&';
		if (at_list_end(ps))
			return seq;
		if (peek(ps) == ';' || peek(ps) == '&')
			ps->pos++;
		else if (peek(ps) != '\n')
			return missing(ps);
	}
}

/* One line's worth of commands, with its newline. */
static struct tree *
parse_line(struct ps *ps)
{
	struct tree *seq = NULL, **last = NULL;

	while (!stop(ps)) {
		struct tree *t;

		skip_blanks(ps);
		if (peek(ps) < 0)
			break;
		if (peek(ps) == '\n') {
			newline(ps);
			break;
		}
		t = parse_and_or(ps);
		if (t == NULL)
			return missing(ps);
		if (seq == NULL) {
			seq = tree_new(ps, N_SEQ);
			last = &seq->a;
		}
		*last = t;
		last = &t->next;
		skip_blanks(ps);
		t->bg = peek(ps) == '&';
		if (peek(ps) == ';' || peek(ps) == '&')
			ps->pos++;
		else if (peek(ps) >= 0 && peek(ps) != '\n')
			return missing(ps);
	}
	if (!stop(ps) && ps->heres != NULL)
		need_more(ps, "end of file in here-document");
	return stop(ps) ? NULL : seq;
}

enum parse
sh_parse(struct arena *a, const char *text, size_t len, bool eof, size_t *used,
    struct tree **out, char *err, size_t size)
{
	struct ps ps = { .arena = a,
		.s = text,
		.len = len,
		.line = 1,
		.eof = eof,
		.err = err,
		.err_size = size };

	ps.last_here = &ps.heres;
	*out = parse_line(&ps);
	*used = ps.pos;
	if (ps.bad)
		return PARSE_BAD;
	if (ps.more)
		return PARSE_MORE;
	return *out != NULL ? PARSE_OK : PARSE_EMPTY;
}
