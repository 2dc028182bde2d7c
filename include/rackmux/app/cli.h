/*
 * cli - the command line, read from two tables.
 */
#ifndef RM_APP_CLI_H
#define RM_APP_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum command {
#define COMMAND(id, name, letter, args, meaning) COMMAND_##id,
#include "rackmux/app/commands.def"
#undef COMMAND
	COMMAND_COUNT
};

enum cliopt {
#define CLIOPT(id, name, letter, commands, arg, meaning) CLIOPT_##id,
#include "rackmux/app/cliopts.def"
#undef CLIOPT
	CLIOPT_COUNT
};

/* Exit status. */
enum { EXIT_ALL_DONE = 0, EXIT_SOME_FAILED = 1, EXIT_USAGE = 2,
	EXIT_NO_MATCH = 3 };

#define CLI_ARGS_MAX 256

struct cli {
	enum command command;
	bool given[CLIOPT_COUNT];
	const char *text[CLIOPT_COUNT];	/* the argument, NULL: not given */
	double number[CLIOPT_COUNT];	/* of those that take a number */
	const char *args[CLI_ARGS_MAX];
	size_t n_args;
};

/* False, and err says what to do, when it cannot be read. */
bool	 cli_parse(struct cli *, int argc, char **argv, char *err,
	    size_t size);
void	 cli_help(FILE *);

/* The commands; each returns an exit status. */
int	 cmd_dashboard(const struct cli *);
int	 cmd_status(const struct cli *);
int	 cmd_act(const struct cli *);	/* power, locate, flash */
int	 cmd_node_console(const struct cli *);
int	 cmd_check(const struct cli *);
int	 cmd_ports(const struct cli *);
int	 cmd_demo(const struct cli *);

#endif
