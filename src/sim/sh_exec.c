#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "sh_redir.h"

/*
 * Running trees. A pipeline runs its commands one after the other, each into
 * a bounded buffer that the next one reads: a writer whose reader would have
 * gone meets a full buffer, as it would a broken pipe.
 */

#define BREATHE_STEPS 2000

void
sh_error(struct sh *sh, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	proc_err(
	    sh->p, "%s: %s%s\n", sh->name, sh->interactive ? "" : "1: ", s);
	free(s);
}

bool
sh_stop(struct sh *sh)
{
	return sh->flow != FLOW_NONE || proc_dead(sh->p) || proc_late(sh->p) ||
	    proc_interrupted(sh->p, false);
}

void
sh_step(struct sh *sh)
{
	if (++sh->steps % BREATHE_STEPS == 0)
		proc_breathe(sh->p);
}

/* --- simple commands ---------------------------------------------------- */

static size_t
assignment(const char *raw)
{
	size_t n = 0;

	while (raw[n] == '_' || (raw[n] >= 'a' && raw[n] <= 'z') ||
	    (raw[n] >= 'A' && raw[n] <= 'Z') ||
	    (n > 0 && raw[n] >= '0' && raw[n] <= '9'))
		n++;
	return n > 0 && raw[n] == '=' ? n : 0;
}

static bool
assign(struct sh *sh, const char *raw, size_t n, bool keep_old)
{
	char *name = mem_strndup(raw, n);
	char *value = sh_expand_one(sh, raw + n + 1);
	bool ok = value != NULL;

	if (ok && keep_old)
		sh_local(sh, name);
	ok = ok && sh_set(sh, name, value);
	free(name);
	free(value);
	return ok;
}

/* It may ask its shell for the environment, and for other commands. */
static int
run_of_machine(struct sh *sh, const struct command *c, int argc, char **argv)
{
	struct sh **shell = proc_shell(sh->p), *outer = *shell;
	int status;

	*shell = sh;
	status = c->fn(sh->p, argc, argv);
	*shell = outer;
	return status;
}

static int
run_command(struct sh *sh, int argc, char **argv)
{
	const struct builtin *b = sh_builtin(argv[0]);
	struct function *f = sh_function(sh, argv[0]);
	const struct command *c;
	const char *base = strrchr(argv[0], '/');

	if (f != NULL && (b == NULL || !b->special))
		return sh_call(sh, f, argc, argv);
	if (b != NULL)
		return b->fn(sh, argc, argv);
	/* By a path, or by name: the machine's own come first. */
	base = base != NULL ? base + 1 : argv[0];
	if ((c = machine_command(proc_machine(sh->p), base)) != NULL)
		return run_of_machine(sh, c, argc, argv);
	b = util_find(base);
	if (b == NULL && base != argv[0])
		b = sh_builtin(base);
	if (b != NULL)
		return b->fn(sh, argc, argv);
	sh_error(sh, "%s: not found", argv[0]);
	return 127;
}

int
sh_run_args(struct sh *sh, int argc, char **argv)
{
	return sh->status = run_command(sh, argc, argv);
}

static bool
is_exec_only(const struct fields *f)
{
	return f->n == 1 && strcmp(f->v[0], "exec") == 0;
}

static int
run_simple(struct sh *sh, struct tree *t)
{
	struct fields f = { 0 };
	struct redirected rd;
	struct local *before = sh->locals;
	struct word *w = t->words, *first;
	bool ok = true;

	while (w != NULL && assignment(w->raw) > 0)
		w = w->next;
	sh->last_subst = 0;
	for (first = w; w != NULL && ok; w = w->next)
		ok = sh_expand(sh, w->raw, &f);
	if (!ok) {
		fields_free(&f);
		return sh->status ? sh->status : 1;
	}
	if (!sh_redirect(sh, &rd, t->redirs)) {
		sh_restore(sh, &rd);
		fields_free(&f);
		return sh->status = 2;
	}
	for (w = t->words; w != first && ok; w = w->next)
		ok = assign(sh, w->raw, assignment(w->raw), f.n > 0);
	if (!ok) {
		sh->status = sh->status ? sh->status : 2;
	} else if (f.n == 0) {
		sh->status = sh->last_subst;
	} else {
		if (sh->xtrace)
			proc_err(sh->p, "+ %s\n", f.v[0]);
		sh->status = run_command(sh, f.n, f.v);
	}
	if (f.n > 0 && is_exec_only(&f)) {
		sh_keep(sh, &rd);
	} else {
		sh_restore(sh, &rd);
	}
	if (f.n > 0 && strcmp(f.v[0], "local") != 0)
		/* Assignments before a command end with it. */
		sh_undo_locals(sh, before);
	fields_free(&f);
	return sh->status;
}

/* --- compound commands -------------------------------------------------- */

static int
run_subshell(struct sh *sh, struct tree *t)
{
	struct sh sub;

	if (sh->depth > SH_DEPTH_MAX) {
		sh_error(sh, "Cannot fork");
		return sh->status = 2;
	}
	sh_clone(&sub, sh);
	sub.depth++;
	sh_run(&sub, t);
	if (sub.on_exit != NULL)
		sh_run_text(&sub, sub.on_exit, strlen(sub.on_exit));
	sh->status = sub.status;
	sh_release(&sub);
	return sh->status;
}

static int
run_pipe(struct sh *sh, struct tree *t)
{
	struct proc_std old = *proc_std(sh->p);
	struct buf left, right;
	size_t off = 0;

	buf_init(&left, PIPE_MAX);
	buf_init(&right, PIPE_MAX);
	for (struct tree *c = t->a; c != NULL; c = c->next) {
		struct proc_std *std = proc_std(sh->p);
		struct buf swap;

		if (c != t->a) {
			off = 0;
			std->in = (struct proc_in_from){ .text = buf_str(&left),
				.len = left.len,
				.off = &off };
		}
		if (c->next != NULL)
			std->out =
			    (struct proc_out_to){ OUT_BUF, .buf = &right };
		else
			std->out = old.out;
		run_subshell(sh, c);
		*proc_std(sh->p) = old;
		swap = left;
		left = right;
		right = swap;
		buf_clear(&right);
	}
	buf_release(&left);
	buf_release(&right);
	return sh->status;
}

/* After the body of a loop: true when the loop is over. */
static bool
loop_over(struct sh *sh)
{
	struct proc_out_to *out = &proc_std(sh->p)->out;

	if (sh->flow == FLOW_BREAK || sh->flow == FLOW_CONTINUE) {
		bool leave = sh->flow == FLOW_BREAK || sh->flow_n > 1;

		if (--sh->flow_n <= 0)
			sh->flow = FLOW_NONE;
		return leave;
	}
	/* Nobody reads what a loop writes any more: SIGPIPE would end it. */
	if (out->kind == OUT_BUF && out->buf->cut)
		return true;
	return sh_stop(sh);
}

static int
run_while(struct sh *sh, struct tree *t)
{
	int status = 0;

	sh->loops++;
	for (;;) {
		bool cond;
		bool was = sh->in_cond;

		sh_step(sh);
		sh->in_cond = true;
		cond = sh_run(sh, t->a) == 0;
		sh->in_cond = was;
		if (sh_stop(sh)) {
			if (loop_over(sh))
				break;
			continue;
		}
		if (cond != (t->kind == N_WHILE))
			break;
		status = sh_run(sh, t->b);
		if (loop_over(sh))
			break;
	}
	sh->loops--;
	return sh->status = status;
}

static int
run_for(struct sh *sh, struct tree *t)
{
	struct fields f = { 0 };
	int status = 0;
	bool ok = true;

	if (t->has_in) {
		for (struct word *w = t->words; w != NULL && ok; w = w->next)
			ok = sh_expand(sh, w->raw, &f);
	} else {
		for (int i = 0; i < sh->n_args; i++)
			fields_add(&f, sh->args[i], strlen(sh->args[i]));
	}
	sh->loops++;
	for (int i = 0; ok && i < f.n; i++) {
		sh_step(sh);
		sh_set(sh, t->name, f.v[i]);
		status = sh_run(sh, t->b);
		if (loop_over(sh))
			break;
	}
	sh->loops--;
	fields_free(&f);
	return sh->status = ok ? status : 1;
}

static int
run_case(struct sh *sh, struct tree *t)
{
	char *word = sh_expand_one(sh, t->name);

	sh->status = 0;
	for (struct tree *item = t->a; item != NULL && word != NULL;
	     item = item->next) {
		bool hit = false;

		for (struct word *w = item->words; w != NULL && !hit;
		     w = w->next) {
			char *pat = sh_expand_pattern(sh, w->raw);

			hit = pat != NULL && fnmatch(pat, word, 0) == 0;
			free(pat);
		}
		if (!hit)
			continue;
		if (item->a != NULL)
			sh_run(sh, item->a);
		break;
	}
	free(word);
	return sh->status;
}

static int
run_if(struct sh *sh, struct tree *t)
{
	bool was = sh->in_cond;
	int cond;

	sh->in_cond = true;
	cond = sh_run(sh, t->a);
	sh->in_cond = was;
	if (sh_stop(sh))
		return sh->status;
	if (cond == 0)
		return sh_run(sh, t->b);
	if (t->c != NULL)
		return t->c->kind == N_IF && t->c->redirs == NULL
		    ? run_if(sh, t->c)
		    : sh_run(sh, t->c);
	return sh->status = 0;
}

static int
define(struct sh *sh, struct tree *t)
{
	struct function *f = sh_function(sh, t->name);

	if (f == NULL) {
		f = mem_alloc(sizeof *f);
		f->name = mem_strdup(t->name);
		f->next = sh->functions;
		sh->functions = f;
	} else {
		arena_unref(f->arena);
	}
	f->arena = sh->arena;
	f->arena->refs++;
	f->body = t->a;
	return sh->status = 0;
}

static int
run_seq(struct sh *sh, struct tree *t)
{
	for (struct tree *c = t->a; c != NULL && !sh_stop(sh); c = c->next)
		if (!c->bg || !sh_background(sh, c))
			sh_run(sh, c);
	return sh->status;
}

static int
run_bare(struct sh *sh, struct tree *t)
{
	bool was = sh->in_cond;

	switch (t->kind) {
	case N_SIMPLE:
		return run_simple(sh, t);
	case N_PIPE:
		return run_pipe(sh, t);
	case N_AND:
	case N_OR:
		sh->in_cond = true;
		sh_run(sh, t->a);
		sh->in_cond = was;
		if (!sh_stop(sh) && (sh->status == 0) == (t->kind == N_AND))
			sh_run(sh, t->b);
		return sh->status;
	case N_NOT:
		sh->in_cond = true;
		sh_run(sh, t->a);
		sh->in_cond = was;
		return sh->status = sh->status == 0;
	case N_SEQ:
		return run_seq(sh, t);
	case N_SUBSHELL:
		return run_subshell(sh, t->a);
	case N_GROUP:
		return sh_run(sh, t->a);
	case N_IF:
		return run_if(sh, t);
	case N_WHILE:
	case N_UNTIL:
		return run_while(sh, t);
	case N_FOR:
		return run_for(sh, t);
	case N_CASE:
		return run_case(sh, t);
	case N_FUNC:
		return define(sh, t);
	}
	return 0;
}

int
sh_run(struct sh *sh, struct tree *t)
{
	struct redirected rd;

	if (t == NULL || proc_dead(sh->p))
		return sh->status;
	sh_step(sh);
	if (t->redirs == NULL || t->kind == N_SIMPLE) {
		run_bare(sh, t);
	} else {
		if (sh_redirect(sh, &rd, t->redirs))
			run_bare(sh, t);
		else
			sh->status = 2;
		sh_restore(sh, &rd);
	}
	if (sh->errexit && sh->status != 0 && !sh->in_cond &&
	    (t->kind == N_SIMPLE || t->kind == N_PIPE ||
		t->kind == N_SUBSHELL) &&
	    sh->flow == FLOW_NONE)
		sh->flow = FLOW_EXIT;
	return sh->status;
}

/* --- text --------------------------------------------------------------- */

static int
run_parsed(struct sh *sh, struct arena *a, struct tree *t)
{
	struct arena *outer = sh->arena;

	sh->arena = a;
	sh->status = sh_run(sh, t);
	sh->arena = outer;
	return sh->status;
}

int
sh_run_text(struct sh *sh, const char *text, size_t len)
{
	char err[160];

	sh->status = 0;
	while (len > 0 && !sh_stop(sh)) {
		struct arena *a = arena_new();
		struct tree *t;
		size_t used;
		enum parse p =
		    sh_parse(a, text, len, true, &used, &t, err, sizeof err);

		if (p == PARSE_BAD || p == PARSE_MORE) {
			proc_err(sh->p, "%s: %s\n", sh->name, err);
			sh->status = 2;
			if (!sh->interactive)
				sh->flow = FLOW_EXIT;
			arena_unref(a);
			break;
		}
		if (p == PARSE_OK) {
			sh_share(text, used, &a, &t);
			run_parsed(sh, a, t);
		}
		arena_unref(a);
		text += used;
		len -= used;
	}
	return sh->status;
}

char *
sh_capture(struct sh *sh, const char *text, size_t len)
{
	struct proc_std old = *proc_std(sh->p);
	struct sh sub;
	struct buf out;
	char *s;

	buf_init(&out, PIPE_MAX);
	if (sh->depth < SH_DEPTH_MAX) {
		sh_clone(&sub, sh);
		sub.depth++;
		proc_std(sh->p)->out =
		    (struct proc_out_to){ OUT_BUF, .buf = &out };
		sh_run_text(&sub, text, len);
		*proc_std(sh->p) = old;
		sh->status = sh->last_subst = sub.status;
		sh_release(&sub);
	}
	while (out.len > 0 && out.data[out.len - 1] == '\n')
		out.len--;
	s = mem_strndup(buf_str(&out), out.len);
	buf_release(&out);
	return s;
}

static void
prompt(struct sh *sh, bool more)
{
	const char *ps = sh_get(sh, more ? "PS2" : "PS1");

	if (!sh->interactive)
		return;
	proc_err(sh->p, "%s", ps ? ps : "");
	if (proc_machine(sh->p)->cursor_query)
		proc_err(sh->p, "\033[6n");
}

/* After an error or Ctrl-C an interactive shell begins a new line. */
static void
settle(struct sh *sh)
{
	if (proc_interrupted(sh->p, true)) {
		proc_err(sh->p, "\n");
		sh->status = 130;
	}
}

int
sh_run_input(struct sh *sh)
{
	struct buf text;
	char err[160];
	int got = 1;

	buf_init(&text, 512 * 1024);
	while (got > 0 && sh->flow != FLOW_EXIT && !proc_dead(sh->p)) {
		struct arena *a;
		struct tree *t;
		size_t used;
		enum parse p;

		prompt(sh, text.len > 0);
		got = proc_read_line(sh->p, &text);
		if (proc_interrupted(sh->p, false)) {
			settle(sh);
			buf_clear(&text);
			got = 1;
			continue;
		}
		if (text.len == 0)
			continue;
		a = arena_new();
		p = sh_parse(a, text.data, text.len, got <= 0 || text.cut,
		    &used, &t, err, sizeof err);
		if (p == PARSE_MORE) {
			arena_unref(a);
			continue;
		}
		if (p == PARSE_BAD) {
			proc_err(sh->p, "%s: %s\n", sh->name, err);
			sh->status = 2;
			if (!sh->interactive)
				sh->flow = FLOW_EXIT;
		}
		if (p == PARSE_OK && used == text.len)
			sh_share(text.data, text.len, &a, &t);
		buf_release(&text); /* an idle shell keeps no buffer */
		if (p == PARSE_OK)
			run_parsed(sh, a, t);
		arena_unref(a);
		settle(sh);
		if (sh->flow != FLOW_EXIT)
			sh->flow = FLOW_NONE;
	}
	buf_release(&text);
	return sh->status;
}
