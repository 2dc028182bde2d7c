/*
 * What a command of the machine's may ask of the shell that runs it: its
 * environment, and to run another program, as sudo does.
 */
#include <string.h>

#include "sh.h"

const char *
proc_env(struct proc *p, const char *name)
{
	struct sh *sh = *proc_shell(p);

	return sh != NULL ? sh_get(sh, name) : NULL;
}

bool
proc_is_root(struct proc *p)
{
	const char *user = proc_env(p, "USER");

	return user == NULL || strcmp(user, "root") == 0;
}

/* A file below /bin on the real machine; a function is none. */
static bool
is_program(struct sh *sh, const char *name)
{
	const char *base = strrchr(name, '/');
	const struct builtin *b;

	base = base != NULL ? base + 1 : name;
	if (machine_command(proc_machine(sh->p), base) != NULL ||
	    util_find(base) != NULL)
		return true;
	b = sh_builtin(base);
	return b != NULL && !b->special && strcmp(base, "cd") != 0;
}

int
proc_run_as_root(struct proc *p, bool home, int argc, char **argv)
{
	struct sh *sh = *proc_shell(p);
	struct local *before;
	int status;

	if (sh == NULL || argc == 0 || !is_program(sh, argv[0]))
		return 127;
	before = sh->locals;
	sh_local(sh, "USER");
	(void)sh_set(sh, "USER", "root");
	if (home) {
		sh_local(sh, "HOME");
		(void)sh_set(sh, "HOME", "/root");
	}
	status = sh_run_args(sh, argc, argv);
	sh_undo_locals(sh, before);
	return status;
}
