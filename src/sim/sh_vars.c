#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "sh.h"

/*
 * What a shell knows: variables, functions, arguments, where it is.
 */

struct var *
sh_var(struct sh *sh, const char *name, bool make)
{
	struct var *v;

	for (v = sh->vars; v != NULL; v = v->next)
		if (strcmp(v->name, name) == 0)
			return v;
	if (!make)
		return NULL;
	v = mem_alloc(sizeof *v);
	v->name = mem_strdup(name);
	v->next = sh->vars;
	sh->vars = v;
	return v;
}

const char *
sh_get(struct sh *sh, const char *name)
{
	struct var *v = sh_var(sh, name, false);

	return v != NULL ? v->value : NULL;
}

bool
sh_set(struct sh *sh, const char *name, const char *value)
{
	struct var *v = sh_var(sh, name, true);
	char *copy;

	if (v->readonly) {
		sh_error(sh, "%s: is read only", name);
		sh->status = 2;
		return false;
	}
	copy = mem_strdup(value);
	free(v->value);
	v->value = copy;
	return true;
}

static void
var_free(struct var *v)
{
	free(v->name);
	free(v->value);
	free(v);
}

void
sh_unset(struct sh *sh, const char *name)
{
	for (struct var **p = &sh->vars; *p != NULL; p = &(*p)->next) {
		struct var *v = *p;

		if (strcmp(v->name, name) != 0)
			continue;
		if (!v->readonly) {
			*p = v->next;
			var_free(v);
		}
		return;
	}
}

struct function *
sh_function(struct sh *sh, const char *name)
{
	for (struct function *f = sh->functions; f != NULL; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

void
sh_set_args(struct sh *sh, int n, char **args)
{
	char **copy = mem_array((size_t)n + 1, sizeof *copy);

	for (int i = 0; i < n; i++)
		copy[i] = mem_strdup(args[i]);
	for (int i = 0; i < sh->n_args; i++)
		free(sh->args[i]);
	free(sh->args);
	sh->args = copy;
	sh->n_args = n;
}

void
sh_init(struct sh *sh, struct proc *p)
{
	struct machine *m = proc_machine(p);

	memset(sh, 0, sizeof *sh);
	sh->p = p;
	sh->name = mem_strdup("sh");
	sh->umask = 022;
	str_copy(sh->cwd, sizeof sh->cwd, m->home ? m->home : "/root");
	if (vfs_stat(m->vfs, sh->cwd, true) != VFS_DIR)
		str_copy(sh->cwd, sizeof sh->cwd, "/");
	for (int i = 0; i < SH_FDS; i++)
		sh->fds[i].kind = OUT_NULL;
	sh_set_args(sh, 0, NULL);
	sh_set(sh, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	sh_set(sh, "HOME", sh->cwd);
	sh_set(sh, "PWD", sh->cwd);
	sh_set(sh, "USER", m->user ? m->user : "root");
	sh_set(sh, "SHELL", "/bin/sh");
	for (struct var *v = sh->vars; v != NULL; v = v->next)
		v->exported = true;
	sh_set(sh, "IFS", " \t\n");
	sh_set(sh, "PS1", m->prompt ? m->prompt : "# ");
	sh_set(sh, "PS2", "> ");
}

void
sh_release(struct sh *sh)
{
	while (sh->vars != NULL) {
		struct var *v = sh->vars;

		sh->vars = v->next;
		var_free(v);
	}
	while (sh->functions != NULL) {
		struct function *f = sh->functions;

		sh->functions = f->next;
		arena_unref(f->arena);
		free(f->name);
		free(f);
	}
	sh_close_devices(sh->devices);
	for (int i = 0; i < sh->n_args; i++)
		free(sh->args[i]);
	free(sh->args);
	free(sh->name);
	free(sh->on_exit);
}

/* A subshell: all of it copied, but traps. */
void
sh_clone(struct sh *to, const struct sh *from)
{
	struct var **last = &to->vars;
	struct function **flast = &to->functions;

	*to = *from;
	to->vars = NULL;
	to->functions = NULL;
	to->args = NULL;
	to->n_args = 0;
	to->locals = NULL;
	if (from->devices != NULL) {
		to->devices = mem_alloc(sizeof *to->devices);
		memcpy(to->devices->ins, from->devices->ins,
		    sizeof to->devices->ins);
	}
	to->on_exit = NULL;
	to->loops = 0;
	to->interactive = false;
	to->name = mem_strdup(from->name);
	sh_set_args(to, from->n_args, from->args);
	for (const struct var *v = from->vars; v != NULL; v = v->next) {
		struct var *c = mem_alloc(sizeof *c);

		*c = *v;
		c->name = mem_strdup(v->name);
		c->value = mem_strdup(v->value);
		c->next = NULL;
		*last = c;
		last = &c->next;
	}
	for (const struct function *f = from->functions; f != NULL;
	     f = f->next) {
		struct function *c = mem_alloc(sizeof *c);

		*c = *f;
		c->name = mem_strdup(f->name);
		c->arena->refs++;
		c->next = NULL;
		*flast = c;
		flast = &c->next;
	}
}

void
sh_local(struct sh *sh, const char *name)
{
	const char *old = sh_get(sh, name);
	struct local *l = mem_alloc(sizeof *l);

	l->name = mem_strdup(name);
	l->was_set = old != NULL;
	l->value = mem_strdup(old);
	l->next = sh->locals;
	sh->locals = l;
}

void
sh_undo_locals(struct sh *sh, struct local *until)
{
	while (sh->locals != until) {
		struct local *l = sh->locals;

		sh->locals = l->next;
		if (l->was_set)
			sh_set(sh, l->name, l->value);
		else
			sh_unset(sh, l->name);
		free(l->name);
		free(l->value);
		free(l);
	}
}

int
sh_call(struct sh *sh, struct function *f, int argc, char **argv)
{
	struct local *outer = sh->locals;
	struct arena *arena = f->arena, *outer_arena = sh->arena;
	struct tree *body = f->body;
	char **args = sh->args;
	int n = sh->n_args, loops = sh->loops;

	if (++sh->calls > SH_DEPTH_MAX) {
		sh->calls--;
		sh_error(sh, "%s: Maximum function recursion depth reached",
		    f->name);
		sh->flow = FLOW_EXIT;
		return sh->status = 2;
	}
	sh->args = NULL;
	sh->n_args = 0;
	sh_set_args(sh, argc - 1, argv + 1);
	sh->locals = NULL;
	sh->loops = 0;
	arena->refs++; /* it may redefine itself */
	sh->arena = arena;
	sh_run(sh, body);
	sh->arena = outer_arena;
	arena_unref(arena);
	if (sh->flow == FLOW_RETURN)
		sh->flow = FLOW_NONE;
	sh_undo_locals(sh, NULL);
	sh->locals = outer;
	sh->loops = loops;
	sh_set_args(sh, 0, NULL);
	free(sh->args);
	sh->args = args;
	sh->n_args = n;
	sh->calls--;
	return sh->status;
}

/* An absolute path, without doubled slashes; .. is the file system's. */
char *
sh_path(struct sh *sh, const char *path, char *out, size_t size)
{
	if (path[0] == '/')
		str_copy(out, size, path);
	else
		str_format(out, size, "%s/%s",
		    strcmp(sh->cwd, "/") == 0 ? "" : sh->cwd, path);
	return out;
}
