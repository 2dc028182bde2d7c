/*
 * With the fault nosudo it asks for a password, which nobody types: but never
 * root, whom sudo does not ask.
 */
#include "sudo.h"

#include <string.h>

static bool
refuses(struct proc *p, const struct sim_board *b, const struct sim_node *n)
{
	if (proc_is_root(p))
		return false;
	return fault_is(&b->faults, FAULT_NOSUDO) ||
	    (n != NULL && fault_is(&n->faults, FAULT_NOSUDO));
}

int
sudo_run(struct proc *p, const struct sim_board *b, const struct sim_node *n,
    int argc, char **argv)
{
	bool home = false;
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-'; i++) {
		home = home || strchr(argv[i], 'H') != NULL;
		if (strcmp(argv[i], "-u") == 0)
			i++;
	}
	if (i >= argc)
		return 1;
	if (refuses(p, b, n)) {
		proc_err(p, "sudo: a password is required\n");
		return 1;
	}
	status = proc_run_as_root(p, home, argc - i, argv + i);
	if (status != 127)
		return status;
	proc_err(p, "sudo: %s: command not found\n", argv[i]);
	return 1;
}
