#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "sh.h"

/*
 * What must run in the shell itself, because it changes the shell.
 */

static int
b_true(struct sh *sh, int argc, char **argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 0;
}

static int
b_false(struct sh *sh, int argc, char **argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 1;
}

static int
number(const char *s, int otherwise)
{
	long v;

	return s != NULL && str_long(s, 0, 255, &v) ? (int)v : otherwise;
}

static int
b_exit(struct sh *sh, int argc, char **argv)
{
	int status = number(argc > 1 ? argv[1] : NULL, sh->status);

	sh->flow = FLOW_EXIT;
	return status;
}

static int
b_return(struct sh *sh, int argc, char **argv)
{
	int status = number(argc > 1 ? argv[1] : NULL, sh->status);

	sh->flow = sh->calls > 0 ? FLOW_RETURN : FLOW_EXIT;
	return status;
}

static int
b_break(struct sh *sh, int argc, char **argv)
{
	if (sh->loops == 0)
		return 0;
	sh->flow = argv[0][0] == 'b' ? FLOW_BREAK : FLOW_CONTINUE;
	sh->flow_n = number(argc > 1 ? argv[1] : NULL, 1);
	return 0;
}

static int
b_cd(struct sh *sh, int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : sh_get(sh, "HOME");
	char path[600];

	if (to == NULL)
		return 0;
	sh_path(sh, to, path, sizeof path);
	if (vfs_stat(proc_machine(sh->p)->vfs, path, true) != VFS_DIR) {
		sh_error(sh, "cd: can't cd to %s", to);
		return 2;
	}
	if (strcmp(to, "..") == 0) {
		char *slash = strrchr(sh->cwd, '/');

		if (slash != NULL)
			slash[slash == sh->cwd] = '\0';
	} else if (strcmp(to, ".") != 0) {
		str_copy(sh->cwd, sizeof sh->cwd, path);
	}
	if (strlen(sh->cwd) > 1 && str_ends(sh->cwd, "/"))
		sh->cwd[strlen(sh->cwd) - 1] = '\0';
	sh_set(sh, "PWD", sh->cwd);
	return 0;
}

static int
b_pwd(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_printf(sh->p, "%s\n", sh->cwd);
	return 0;
}

static int
b_echo(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	bool nl = true;
	int i = 1, rc;

	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		nl = false;
		i++;
	} else if (argc > 1 && strcmp(argv[1], "-e") == 0) {
		i++;
	}
	buf_init(&b, 0);
	for (int k = i; k < argc; k++) {
		if (k > i)
			buf_add(&b, " ", 1);
		buf_puts(&b, argv[k]);
	}
	if (nl)
		buf_add(&b, "\n", 1);
	rc = proc_out(sh->p, buf_str(&b), b.len);
	buf_release(&b);
	return rc < 0 ? 1 : 0;
}

static int
b_set(struct sh *sh, int argc, char **argv)
{
	int i = 1;

	if (argc == 1) {
		for (struct var *v = sh->vars; v != NULL; v = v->next)
			if (v->value != NULL)
				proc_printf(
				    sh->p, "%s='%s'\n", v->name, v->value);
		return 0;
	}
	for (; i < argc; i++) {
		bool on = argv[i][0] == '-';

		if (strcmp(argv[i], "--") == 0) {
			sh_set_args(sh, argc - i - 1, argv + i + 1);
			return 0;
		}
		if (!on && argv[i][0] != '+')
			break;
		if (strcmp(argv[i] + 1, "o") == 0) {
			i++;
			continue;
		}
		for (const char *c = argv[i] + 1; *c != '\0'; c++) {
			if (*c == 'e')
				sh->errexit = on;
			else if (*c == 'u')
				sh->nounset = on;
			else if (*c == 'x')
				sh->xtrace = on;
			else if (*c == 'f')
				sh->noglob = on;
		}
	}
	if (i < argc)
		sh_set_args(sh, argc - i, argv + i);
	return 0;
}

static int
b_shift(struct sh *sh, int argc, char **argv)
{
	int n = number(argc > 1 ? argv[1] : NULL, 1);
	char **rest;

	if (n > sh->n_args) {
		sh_error(sh, "shift: can't shift that many");
		sh->flow = sh->interactive ? FLOW_NONE : FLOW_EXIT;
		return 2;
	}
	rest = mem_array((size_t)(sh->n_args - n) + 1, sizeof *rest);
	for (int i = n; i < sh->n_args; i++)
		rest[i - n] = sh->args[i];
	sh_set_args(sh, sh->n_args - n, rest);
	free(rest);
	return 0;
}

static int
mark(struct sh *sh, int argc, char **argv, bool readonly)
{
	for (int i = 1; i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		struct var *v;

		if (argv[i][0] == '-')
			continue;
		if (eq != NULL) {
			*eq = '\0';
			if (!sh_set(sh, argv[i], eq + 1))
				return 2;
		}
		v = sh_var(sh, argv[i], true);
		if (readonly)
			v->readonly = true;
		else
			v->exported = true;
	}
	return 0;
}

static int
b_export(struct sh *sh, int argc, char **argv)
{
	return mark(sh, argc, argv, false);
}

static int
b_readonly(struct sh *sh, int argc, char **argv)
{
	return mark(sh, argc, argv, true);
}

static int
b_local(struct sh *sh, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (eq != NULL)
			*eq = '\0';
		sh_local(sh, argv[i]);
		if (eq != NULL)
			sh_set(sh, argv[i], eq + 1);
	}
	return 0;
}

static void
forget_function(struct sh *sh, const char *name)
{
	for (struct function **p = &sh->functions; *p != NULL;
	     p = &(*p)->next) {
		struct function *f = *p;

		if (strcmp(f->name, name) != 0)
			continue;
		*p = f->next;
		arena_unref(f->arena);
		free(f->name);
		free(f);
		return;
	}
}

static int
b_unset(struct sh *sh, int argc, char **argv)
{
	bool functions = argc > 1 && strcmp(argv[1], "-f") == 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (functions)
			forget_function(sh, argv[i]);
		else
			sh_unset(sh, argv[i]);
	}
	return 0;
}

static int
b_eval(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	int status;

	buf_init(&b, 0);
	for (int i = 1; i < argc; i++) {
		if (i > 1)
			buf_add(&b, " ", 1);
		buf_puts(&b, argv[i]);
	}
	status = sh_run_text(sh, buf_str(&b), b.len);
	buf_release(&b);
	return status;
}

/* sh, ash, bash, dash: -c TEXT [NAME [ARG...]], a file, or its input. */
static int
b_sh(struct sh *sh, int argc, char **argv)
{
	struct sh sub;
	struct buf text;
	int i = 1, status;
	bool command = false;

	if (sh->depth >= SH_DEPTH_MAX) {
		sh_error(sh, "Cannot fork");
		return 2;
	}
	sh_clone(&sub, sh);
	sub.depth++;
	while (sub.functions != NULL)
		forget_function(&sub, sub.functions->name);
	sub.flow = FLOW_NONE;
	sub.calls = 0;
	sub.errexit = false;
	for (; i < argc && argv[i][0] == '-'; i++) {
		command = command || strchr(argv[i], 'c') != NULL;
		sub.errexit = sub.errexit || strchr(argv[i], 'e') != NULL;
	}
	buf_init(&text, 512 * 1024);
	if (command && i < argc) {
		if (argc > i + 1) {
			free(sub.name);
			sub.name = mem_strdup(argv[i + 1]);
			sh_set_args(&sub, argc - i - 2, argv + i + 2);
		} else {
			sh_set_args(&sub, 0, NULL);
		}
		status = sh_run_text(&sub, argv[i], strlen(argv[i]));
	} else if (i < argc) {
		if (!util_slurp(&sub, argv[i], &text)) {
			sub.status = 127;
		} else {
			sh_set_args(&sub, argc - i - 1, argv + i + 1);
			sh_run_text(&sub, buf_str(&text), text.len);
		}
		status = sub.status;
	} else {
		sh_set_args(&sub, 0, NULL);
		sub.interactive = proc_tty(sh->p) != NULL &&
		    proc_in_is_far(sh->p) && proc_out_is_far(sh->p);
		status = sh_run_input(&sub);
	}
	if (sub.on_exit != NULL) {
		sub.flow = FLOW_NONE;
		sh_run_text(&sub, sub.on_exit, strlen(sub.on_exit));
	}
	buf_release(&text);
	sh_release(&sub);
	return status;
}

static int
b_exec(struct sh *sh, int argc, char **argv)
{
	int status;

	if (argc == 1)
		return 0;
	status = sh_run_args(sh, argc - 1, argv + 1);
	sh->flow = FLOW_EXIT;
	return status;
}

static bool
exists(struct sh *sh, const char *name, const char **where)
{
	*where = "/usr/bin/";
	return machine_command(proc_machine(sh->p), name) != NULL ||
	    util_find(name) != NULL;
}

static int
b_command(struct sh *sh, int argc, char **argv)
{
	bool ask = argc > 1 &&
	    (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "-V") == 0);
	const char *where;
	int missing = 0;

	if (argc > 1 && strcmp(argv[1], "-p") == 0)
		return sh_run_args(sh, argc - 2, argv + 2);
	if (!ask && strcmp(argv[0], "command") == 0)
		return argc > 1 ? sh_run_args(sh, argc - 1, argv + 1) : 0;
	for (int i = ask ? 2 : 1; i < argc; i++) {
		if (sh_builtin(argv[i]) != NULL ||
		    sh_function(sh, argv[i]) != NULL)
			proc_printf(sh->p, "%s\n", argv[i]);
		else if (exists(sh, argv[i], &where))
			proc_printf(sh->p, "%s%s\n", where, argv[i]);
		else
			missing = 1;
	}
	return missing ? (strcmp(argv[0], "command") == 0 ? 127 : 1) : 0;
}

static int
b_dot(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	int status = 2;

	if (argc < 2)
		return 2;
	buf_init(&b, 512 * 1024);
	if (util_slurp(sh, argv[1], &b))
		status = sh_run_text(sh, buf_str(&b), b.len);
	buf_release(&b);
	return status;
}

static int
b_trap(struct sh *sh, int argc, char **argv)
{
	if (argc > 2 &&
	    (strcmp(argv[2], "EXIT") == 0 || strcmp(argv[2], "0") == 0)) {
		free(sh->on_exit);
		sh->on_exit =
		    strcmp(argv[1], "-") == 0 ? NULL : mem_strdup(argv[1]);
	}
	return 0;
}

static int
b_umask(struct sh *sh, int argc, char **argv)
{
	if (argc > 1)
		sh->umask = (unsigned char)strtol(argv[1], NULL, 8);
	else
		proc_printf(sh->p, "%04o\n", sh->umask);
	return 0;
}

static int
b_getopts(struct sh *sh, int argc, char **argv)
{
	const char *ind = sh_get(sh, "OPTIND");
	int i = number(ind, 1);
	char c[2] = { '\0', '\0' }, next[16];
	const char *arg, *spec;

	if (argc < 3 || i < 1 || i > sh->n_args)
		return 1;
	arg = sh->args[i - 1];
	if (arg[0] != '-' || arg[1] == '\0' || strcmp(arg, "--") == 0)
		return 1;
	c[0] = arg[1];
	spec = strchr(argv[1], c[0]);
	i++;
	if (spec != NULL && spec[1] == ':') {
		if (arg[2] != '\0')
			sh_set(sh, "OPTARG", arg + 2);
		else if (i <= sh->n_args)
			sh_set(sh, "OPTARG", sh->args[i++ - 1]);
	}
	snprintf(next, sizeof next, "%d", i);
	sh_set(sh, "OPTIND", next);
	sh_set(sh, argv[2], spec != NULL ? c : "?");
	return 0;
}

static const struct builtin builtins[] = {
	{ ":", b_true, true },
	{ ".", b_dot, true },
	{ "[", sh_test, false },
	{ "ash", b_sh, false },
	{ "bash", b_sh, false },
	{ "break", b_break, true },
	{ "cd", b_cd, false },
	{ "command", b_command, false },
	{ "continue", b_break, true },
	{ "dash", b_sh, false },
	{ "echo", b_echo, false },
	{ "eval", b_eval, true },
	{ "exec", b_exec, true },
	{ "exit", b_exit, true },
	{ "export", b_export, true },
	{ "false", b_false, false },
	{ "getopts", b_getopts, false },
	{ "hash", b_true, false },
	{ "local", b_local, false },
	{ "logout", b_exit, false },
	{ "printf", sh_printf, false },
	{ "pwd", b_pwd, false },
	{ "read", sh_read, false },
	{ "readonly", b_readonly, true },
	{ "return", b_return, true },
	{ "set", b_set, true },
	{ "sh", b_sh, false },
	{ "shift", b_shift, true },
	{ "stty", sh_stty, false },
	{ "test", sh_test, false },
	{ "times", b_true, true },
	{ "trap", b_trap, true },
	{ "true", b_true, false },
	{ "type", b_command, false },
	{ "ulimit", b_true, false },
	{ "umask", b_umask, false },
	{ "unset", b_unset, true },
	{ "wait", sh_wait, false },
	{ "which", b_command, false },
};

const struct builtin *
sh_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

int
proc_main_shell(struct proc *p, void *arg)
{
	const struct shell_args *a = arg;
	struct sh sh;
	int status;

	sh_init(&sh, p);
	if (a != NULL && a->command != NULL) {
		status = sh_run_text(&sh, a->command, strlen(a->command));
	} else {
		sh.interactive = proc_tty(p) != NULL;
		status = sh_run_input(&sh);
	}
	if (sh.on_exit != NULL) {
		sh.flow = FLOW_NONE;
		sh_run_text(&sh, sh.on_exit, strlen(sh.on_exit));
	}
	sh_release(&sh);
	return status;
}
