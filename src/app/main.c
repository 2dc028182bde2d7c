#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/cli.h"
#include "rackmux/app/config.h"
#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"

/*
 * Only the character set comes from the locale: numbers are written and read
 * with a point everywhere.
 */

/* A program started without its first three descriptors would get them for
 * a link, and then print into it. */
static void
keep_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_USAGE);
}

static bool
start_log(const struct cli *c)
{
	const char *name = c->text[CLIOPT_LOG];
	char *dir, *path;
	int err;

	if (name == NULL)
		name = getenv("RACKMUX_LOG");
	if (name == NULL || name[0] == '\0')
		return true;
	dir = strchr(name, '/') == NULL ? config_state_dir() : NULL;
	path = dir != NULL ? mem_printf("%s/%s", dir, name) : mem_strdup(name);
	err = log_open(
	    path, getenv("RACKMUX_DEBUG") != NULL ? LOG_LV_DEBUG : LOG_LV_INFO);
	if (err < 0)
		fprintf(stderr, "rackmux: log %s: %s\n", path, strerror(-err));
	free(dir);
	free(path);
	return err >= 0;
}

static int
finish(int status)
{
	struct pollfd out = { .fd = 1, .events = POLLOUT };

	/* A full disk or a closed pipe must not look like success; but whoever
	 * closed the pipe knows it. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (poll(&out, 1, 0) < 0 || (out.revents & POLLERR) == 0)
		fprintf(stderr, "rackmux: cannot write to stdout\n");
	return EXIT_SOME_FAILED;
}

int
main(int argc, char **argv)
{
	static int (*const run[COMMAND_COUNT])(const struct cli *) = {
		[COMMAND_DASHBOARD] = cmd_dashboard,
		[COMMAND_STATUS] = cmd_status,
		[COMMAND_POWER] = cmd_act,
		[COMMAND_LOCATE] = cmd_act,
		[COMMAND_CONSOLE] = cmd_node_console,
		[COMMAND_FLASH] = cmd_act,
		[COMMAND_CHECK] = cmd_check,
		[COMMAND_PORTS] = cmd_ports,
		[COMMAND_DEMO] = cmd_demo,
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct cli cli;
	char err[512];
	int status;

	keep_standard_descriptors();
	setlocale(LC_CTYPE, "");
	sigaction(SIGPIPE, &ignore, NULL);
	if (!cli_parse(&cli, argc, argv, err, sizeof err)) {
		fprintf(stderr, "rackmux: %s\n", err);
		return EXIT_USAGE;
	}
	if (cli.given[CLIOPT_HELP]) {
		cli_help(stdout);
		return finish(EXIT_ALL_DONE);
	}
	if (cli.given[CLIOPT_VERSION]) {
		printf("rackmux %s\n", RM_VERSION);
		return finish(EXIT_ALL_DONE);
	}
	if (!start_log(&cli))
		return EXIT_USAGE;
	status = run[cli.command](&cli);
	log_close();
	return finish(status);
}
