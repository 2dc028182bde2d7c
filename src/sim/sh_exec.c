#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/device.h"
#include "sh.h"

/*
 * Running trees. A pipeline runs its commands one after the other, each into
 * a bounded buffer that the next one reads: a writer whose reader would have
 * gone meets a full buffer, as it would a broken pipe. A file that was
 * redirected to is written once, when the redirection ends, because files in
 * /sys take a value in one write.
 */

#define PIPE_MAX (1024 * 1024)
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

/* --- redirections ------------------------------------------------------- */

struct file_out {
	char path[600];
	struct buf buf;
	bool append;
	struct file_out *next;
};

struct redirected {
	struct proc_std old;
	struct proc_out_to old_fds[SH_FDS];
	struct sh_devices *old_devices, *devices; /* devices: opened here */
	struct buf in;
	size_t in_off;
	bool has_in;
	struct file_out *files;
};

static const char *
reason(int err)
{
	return err == -ENOENT ? "nonexistent directory"
	    : err == -EISDIR  ? "Is a directory"
	    : err == -EACCES  ? "Permission denied"
			      : strerror(-err);
}

static struct proc_out_to *
out_slot(struct sh *sh, int fd)
{
	struct proc_std *std = proc_std(sh->p);

	return fd == 1 ? &std->out : fd == 2 ? &std->err : &sh->fds[fd];
}

/* A device is open for both ways, whatever the sign said. */
static void
open_device(struct sh *sh, struct redirected *rd, const struct redir *r,
    struct device *d)
{
	struct sh_device at = { d, device_open(d) };

	if (rd->devices == NULL) {
		rd->devices = mem_alloc(sizeof *rd->devices);
		if (sh->devices != NULL)
			memcpy(rd->devices->ins, sh->devices->ins,
			    sizeof rd->devices->ins);
		sh->devices = rd->devices;
	}
	if (rd->devices->held[r->fd].device != NULL)
		device_close(rd->devices->held[r->fd].device,
		    rd->devices->held[r->fd].opening);
	rd->devices->held[r->fd] = rd->devices->ins[r->fd] = at;
	if (r->fd == 0)
		proc_std(sh->p)->in =
		    (struct proc_in_from){ .device = d, .opening = at.opening };
	else
		*out_slot(sh, r->fd) = (struct proc_out_to){
			.kind = OUT_DEVICE, .device = d, .opening = at.opening
		};
}

static bool
open_in(struct sh *sh, struct redirected *rd, const char *name)
{
	struct proc_in_from *in = &proc_std(sh->p)->in;
	char path[600];
	int err;

	memset(in, 0, sizeof *in);
	if (strcmp(name, "/dev/null") == 0) {
		in->null = true;
		return true;
	}
	if (strcmp(name, "/dev/zero") == 0) {
		in->zero = true;
		return true;
	}
	if (strcmp(name, "/dev/stdin") == 0 || strcmp(name, "/dev/tty") == 0) {
		*in = rd->old.in;
		return true;
	}
	sh_path(sh, name, path, sizeof path);
	buf_release(&rd->in);
	err = vfs_read(proc_machine(sh->p)->vfs, path, &rd->in);
	/* A file that cannot be read can still be opened: the reader finds
	 * the error, as with carrier of an interface that is down. */
	if (err == -EINVAL || err == -EIO)
		err = 0;
	if (err < 0) {
		sh_error(sh, "cannot open %s: %s", name,
		    err == -ENOENT ? "No such file" : reason(err));
		return false;
	}
	rd->has_in = true;
	rd->in_off = 0;
	in->text = buf_str(&rd->in);
	in->len = rd->in.len;
	in->off = &rd->in_off;
	return true;
}

static bool
open_out(
    struct sh *sh, struct redirected *rd, int fd, const char *name, bool append)
{
	struct proc_out_to *to = out_slot(sh, fd);
	struct vfs *vfs = proc_machine(sh->p)->vfs;
	struct file_out *f;
	char path[600], dir[600], *slash;

	if (strcmp(name, "/dev/null") == 0) {
		to->kind = OUT_NULL;
		return true;
	}
	if (strcmp(name, "/dev/stdout") == 0 || strcmp(name, "/dev/tty") == 0) {
		*to = rd->old.out;
		return true;
	}
	if (strcmp(name, "/dev/stderr") == 0) {
		*to = rd->old.err;
		return true;
	}
	sh_path(sh, name, path, sizeof path);
	str_copy(dir, sizeof dir, path);
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	if (vfs_stat(vfs, path, true) == VFS_DIR ||
	    (dir[0] != '\0' && vfs_stat(vfs, dir, true) != VFS_DIR)) {
		sh_error(sh, "cannot create %s: %s", name,
		    vfs_stat(vfs, path, true) == VFS_DIR
			? "Is a directory"
			: "Directory nonexistent");
		return false;
	}
	f = mem_alloc(sizeof *f);
	str_copy(f->path, sizeof f->path, path);
	buf_init(&f->buf, PIPE_MAX);
	f->append = append;
	f->next = rd->files;
	rd->files = f;
	to->kind = OUT_BUF;
	to->buf = &f->buf;
	return true;
}

/* exec 3>&- */
static void
close_held(struct sh *sh, int fd)
{
	struct sh_device *held;

	if (sh->devices == NULL)
		return;
	held = &sh->devices->held[fd];
	if (held->device != NULL)
		device_close(held->device, held->opening);
	memset(held, 0, sizeof *held);
	memset(&sh->devices->ins[fd], 0, sizeof *held);
}

static bool
dup_fd(struct sh *sh, const struct redir *r, const char *word)
{
	struct proc_std *std = proc_std(sh->p);

	if (strcmp(word, "-") == 0) {
		close_held(sh, r->fd);
		if (r->fd == 0) {
			memset(&std->in, 0, sizeof std->in);
			std->in.null = true;
		} else {
			out_slot(sh, r->fd)->kind = OUT_NULL;
		}
		return true;
	}
	if (word[0] < '0' || word[0] > '9' || word[1] != '\0') {
		sh_error(sh, "%s: bad fd number", word);
		return false;
	}
	if (r->fd == 0 && sh->devices != NULL &&
	    sh->devices->ins[word[0] - '0'].device != NULL) {
		const struct sh_device *from = &sh->devices->ins[word[0] - '0'];

		std->in = (struct proc_in_from){ .device = from->device,
			.opening = from->opening };
		return true;
	}
	if (r->fd == 0 || word[0] == '0')
		return true; /* <&0, <&3: what is read stays what it is */
	*out_slot(sh, r->fd) = *out_slot(sh, word[0] - '0');
	return true;
}

static bool
redirect_one(struct sh *sh, struct redirected *rd, const struct redir *r)
{
	struct proc_in_from *in = &proc_std(sh->p)->in;
	bool here = r->kind == R_HERE || r->kind == R_HERE_RAW, ok = true;
	char *word = r->kind == R_HERE_RAW ? mem_strdup(r->word)
	    : r->kind == R_HERE            ? sh_expand_here(sh, r->word)
					   : sh_expand_one(sh, r->word);
	struct device *d;

	if (word == NULL)
		return false;
	if (here) {
		buf_release(&rd->in);
		buf_puts(&rd->in, word);
		rd->in_off = 0;
		*in = (struct proc_in_from){ .text = buf_str(&rd->in),
			.len = rd->in.len,
			.off = &rd->in_off };
	} else if (r->kind != R_DUP && (d = sh_find_device(sh, word)) != NULL) {
		open_device(sh, rd, r, d);
	} else if (r->kind == R_IN) {
		ok = open_in(sh, rd, word);
	} else if (r->kind == R_DUP) {
		ok = dup_fd(sh, r, word);
	} else {
		ok = open_out(sh, rd, r->fd, word, r->kind == R_APPEND);
	}
	free(word);
	return ok;
}

static bool
redirect(struct sh *sh, struct redirected *rd, const struct redir *r)
{
	memset(rd, 0, sizeof *rd);
	rd->old = *proc_std(sh->p);
	rd->old_devices = sh->devices;
	memcpy(rd->old_fds, sh->fds, sizeof rd->old_fds);
	buf_init(&rd->in, PIPE_MAX);
	for (; r != NULL; r = r->next)
		if (!redirect_one(sh, rd, r))
			return false;
	return true;
}

/* Put everything back, and write the files. */
static void
restore(struct sh *sh, struct redirected *rd)
{
	struct vfs *vfs = proc_machine(sh->p)->vfs;

	*proc_std(sh->p) = rd->old;
	memcpy(sh->fds, rd->old_fds, sizeof rd->old_fds);
	sh->devices = rd->old_devices;
	sh_close_devices(rd->devices);
	while (rd->files != NULL) {
		struct file_out *f = rd->files;
		int err = vfs_write(
		    vfs, f->path, buf_str(&f->buf), f->buf.len, f->append);

		rd->files = f->next;
		if (err < 0) {
			sh_error(
			    sh, "cannot create %s: %s", f->path, reason(err));
			sh->status = err == -EACCES ? 2 : 1;
		}
		buf_release(&f->buf);
		free(f);
	}
	buf_release(&rd->in);
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

static void
take_devices(struct sh_devices *to, struct sh_devices *from)
{
	for (int i = 0; i < SH_FDS; i++) {
		struct sh_device *held = &to->held[i];

		if (from->held[i].device == NULL)
			continue;
		if (held->device != NULL)
			device_close(held->device, held->opening);
		*held = to->ins[i] = from->held[i];
	}
	free(from);
}

/* "exec" keeps its redirections, but those of files: that they stay open
 * until the shell ends is what a simulated board never needs. */
static void
keep_redirections(struct sh *sh, struct redirected *rd)
{
	struct proc_std now = *proc_std(sh->p);

	if (rd->files != NULL || rd->in.len > 0) {
		restore(sh, rd);
		return;
	}
	*proc_std(sh->p) = now;
	buf_release(&rd->in);
	if (rd->devices != NULL && rd->old_devices != NULL)
		take_devices(rd->old_devices, rd->devices);
	sh->devices = rd->old_devices != NULL ? rd->old_devices : rd->devices;
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
	if (!redirect(sh, &rd, t->redirs)) {
		restore(sh, &rd);
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
		keep_redirections(sh, &rd);
	} else {
		restore(sh, &rd);
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
		if (redirect(sh, &rd, t->redirs))
			run_bare(sh, t);
		else
			sh->status = 2;
		restore(sh, &rd);
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
