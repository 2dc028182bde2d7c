/* The command line: as it is parsed, and as the built program answers. */
#include "../lib/simproc.h"
#include "../lib/test.h"

#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/app/cli.h"

#define ARGS_MAX 16

static char err[512];
/* The words of a command line live as long as those of a program. */
static char *words[512];
static size_t n_words;

static char *
word(const char *s)
{
	CHECK(n_words < sizeof words / sizeof *words);
	words[n_words] = strdup(s);
	return words[n_words++];
}

static bool
parse(struct cli *c, const char *first, ...)
{
	static char program[] = "rackmux";
	char *argv[ARGS_MAX] = { program };
	int argc = 1;
	va_list ap;
	bool good;

	va_start(ap, first);
	for (const char *a = first; a != NULL; a = va_arg(ap, const char *))
		argv[argc++] = word(a);
	va_end(ap);
	err[0] = '\0';
	good = cli_parse(c, argc, argv, err, sizeof err);
	return good;
}

TEST(nothing_is_the_dashboard)
{
	struct cli c;

	CHECK(parse(&c, NULL));
	CHECK_INT(c.command, COMMAND_DASHBOARD);
	CHECK_INT(c.n_args, 0);
}

TEST(targets_and_options_mix)
{
	struct cli c;

	CHECK(parse(&c, "root@10.0.0.5", "--read-only", "-c", "f.cfg", "pi01",
	    "--max-rate=9600", NULL));
	CHECK_INT(c.command, COMMAND_DASHBOARD);
	CHECK_INT(c.n_args, 2);
	CHECK_STR(c.args[0], "root@10.0.0.5");
	CHECK_STR(c.args[1], "pi01");
	CHECK(c.given[CLIOPT_READ_ONLY]);
	CHECK_STR(c.text[CLIOPT_CONFIG], "f.cfg");
	CHECK(c.number[CLIOPT_MAX_RATE] == 9600);
}

TEST(commands_are_found)
{
	struct cli c;

	CHECK(parse(&c, "status", "tp2-a/1-3", "--json", "--watch", "2", NULL));
	CHECK_INT(c.command, COMMAND_STATUS);
	CHECK_STR(c.args[0], "tp2-a/1-3");
	CHECK(c.number[CLIOPT_WATCH] == 2);
	CHECK(parse(&c, "--json", "status", NULL));
	CHECK_INT(c.command, COMMAND_STATUS);
	CHECK(parse(&c, "--", "status", NULL));
	CHECK_INT(c.command, COMMAND_DASHBOARD);
	CHECK(parse(&c, "-cf.cfg", "check", "-h", NULL));
	CHECK_STR(c.text[CLIOPT_CONFIG], "f.cfg");
}

TEST(usage_errors_say_what_to_do)
{
	struct cli c;

	CHECK(!parse(&c, "--jsn", NULL));
	CHECK(strstr(err, "did you mean --json") != NULL);
	CHECK(!parse(&c, "-x", NULL));
	CHECK(strstr(err, "--help") != NULL);
	CHECK(!parse(&c, "-c", NULL));
	CHECK(strstr(err, "wants an argument: FILE") != NULL);
	CHECK(!parse(&c, "status", "--json=yes", NULL));
	CHECK(strstr(err, "takes no argument") != NULL);
	CHECK(!parse(&c, "status", "--watch", "soon", NULL));
	CHECK(strstr(err, "wants a number from 0.2") != NULL);
	CHECK(!parse(&c, "--json", NULL));
	CHECK(strstr(err, "does not go with the dashboard") != NULL);
	CHECK(!parse(&c, "status", "a", "b", NULL));
	CHECK(strstr(err, "a,b,c") != NULL);
	CHECK(!parse(&c, "ports", "x", NULL));
	CHECK(!parse(&c, "staus", NULL));
	CHECK(strstr(err, "did you mean 'status'") != NULL);
	CHECK(strstr(err, "ssh://staus") != NULL);
	CHECK(!parse(&c, "power", "on", "tp2-a", "tp2-b", NULL));
	CHECK(strstr(err, "a,b,c") != NULL);
	CHECK(!parse(&c, "locate", "on", "tp2-a", "--yes", NULL));
	CHECK(strstr(err, "--yes does not go with rackmux locate") != NULL);
	CHECK(!parse(&c, "powre", NULL));
	CHECK(strstr(err, "did you mean 'power'") != NULL);
	CHECK(parse(&c, "pi01", NULL));
	CHECK(parse(&c, "ssh://status", NULL));
}

/* --- the program -------------------------------------------------------- */

static struct ran ran = { 0 };
#define program_out ran.out
#define program_err ran.err
#define program_run(...) ran_words(&ran, __VA_ARGS__)

TEST(help_and_version)
{
	CHECK_INT(program_run("--help", NULL), 0);
	CHECK(strstr(program_out, "rackmux status [SELECTOR]") != NULL);
	CHECK(strstr(program_out, "--read-only") != NULL);
	CHECK_STR(program_err, "");
	CHECK_INT(program_run("--version", NULL), 0);
	CHECK(strncmp(program_out, "rackmux ", 8) == 0);
	ran_release(&ran);
}

TEST(unknown_option_ends_with_2)
{
	CHECK_INT(program_run("--bogus", NULL), 2);
	CHECK_STR(program_out, "");
	CHECK(strstr(program_err, "--bogus") != NULL);
	CHECK(strstr(program_err, "--help") != NULL);
	ran_release(&ran);
}

TEST(check_prints_every_mistake)
{
	const char *top = getenv("RM_TOP");
	char path[512];
	int lines = 0;

	snprintf(
	    path, sizeof path, "%s/tests/config/mistakes.cfg", top ? top : ".");
	CHECK_INT(program_run("check", path, NULL), 1);
	for (const char *s = program_out; *s != '\0'; s++)
		lines += *s == '\n';
	CHECK_INT(lines, 10);
	CHECK(strstr(program_out, "mistakes.cfg:3: 'poll' must be a number") !=
	    NULL);
	CHECK_STR(program_err, "");
	snprintf(
	    path, sizeof path, "%s/tests/config/good.cfg", top ? top : ".");
	CHECK_INT(program_run("check", path, NULL), 0);
	CHECK(strstr(program_out, "good: 2 boards") != NULL);
	ran_release(&ran);
}

TEST(no_configuration_ends_with_2)
{
	CHECK_INT(program_run("status", NULL), 2);
	if (access("/etc/rackmux/rackmux.cfg", F_OK) != 0)
		CHECK(strstr(program_err, "/etc/rackmux/rackmux.cfg") != NULL);
	CHECK_INT(program_run("-c", "/nonexistent.cfg", "status", NULL), 2);
	CHECK(strstr(program_err, "/nonexistent.cfg") != NULL);
	ran_release(&ran);
}

TEST(no_terminal_is_said)
{
	CHECK_INT(program_run("root@127.0.0.1", NULL), 2);
	CHECK(strstr(program_err, "terminal") != NULL);
	CHECK(strstr(program_err, "rackmux status") != NULL);
	CHECK_STR(program_out, "");
	CHECK_INT(program_run("demo", NULL), 2);
	CHECK(strstr(program_err, "terminal") != NULL);
	ran_release(&ran);
}

TEST(selector_without_a_match_ends_with_3)
{
	char path[512];

	snprintf(path, sizeof path, "%s",
	    test_write("c.cfg",
		"ssh: { config = \"none\"; };\n"
		"boards = ( { name = \"a\"; type = \"linux\"; "
		"link = \"ssh://x@127.0.0.1:1\"; } );\n"));
	CHECK_INT(program_run("-c", path, "status", "nosuch", NULL), 3);
	CHECK(strstr(program_err, "nothing matches 'nosuch'") != NULL);
	CHECK_STR(program_out, "");
	CHECK_INT(program_run("-c", path, "status", "a/x", NULL), 2);
	CHECK(strstr(program_err, "is no slot") != NULL);
	ran_release(&ran);
}

/* Port 1 of the loopback refuses: an answer at once, and the reason. */
TEST(a_board_that_refuses_ends_with_1)
{
	char path[512];

	snprintf(path, sizeof path, "%s",
	    test_write("c.cfg",
		"ssh: { config = \"none\"; };\n"
		"boards = ( { name = \"a\"; type = \"turing-pi\"; "
		"link = \"ssh://x@127.0.0.1:1\"; } );\n"));
	CHECK_INT(program_run("-c", path, "status", NULL), 1);
	CHECK(strstr(program_out, "a/1") != NULL);
	CHECK(strstr(program_err, "rackmux: a: ") != NULL);
	CHECK(strstr(program_err, "refuses") != NULL);
	CHECK_INT(program_run("-c", path, "status", "--json", NULL), 1);
	CHECK(strncmp(program_out, "{\"kind\":\"board\",\"board\":\"a\"", 27) ==
	    0);
	ran_release(&ran);
}

/* Nobody answers at all: what is known by then is printed. */
TEST(the_timeout_ends_the_wait)
{
	char path[512];

	snprintf(path, sizeof path, "%s",
	    test_write("c.cfg",
		"boards = ( { name = \"a\"; type = \"turing-pi\"; "
		"link = \"exec:sleep 100\"; }, { name = \"b\"; "
		"type = \"linux\"; link = \"exec:sh\"; } );\n"));
	/* A board that is not meant is not waited for. */
	CHECK_INT(program_run("-c", path, "status", "b", NULL), 0);
	CHECK(strstr(program_out, "b/1") != NULL &&
	    strstr(program_out, "a/1") == NULL);
	CHECK_INT(
	    program_run("-c", path, "status", "--timeout", "0.3", NULL), 1);
	CHECK(strstr(program_out, "a/4") != NULL);
	CHECK(strstr(program_err, "rackmux: a: no answer") != NULL);
	ran_release(&ran);
}

TEST(a_full_disk_is_no_success)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), status;
	pid_t pid;

	if (full < 0)
		return;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(full, 1);
		execl(
		    program_path("rackmux"), "rackmux", "--help", (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(full);
}

/* The whole path: simulator, SSH and a serial console, drivers, model,
 * table. A node that is off does not answer, and is no failure. */
TEST(demo_prints_a_living_rack_and_leaves_nothing)
{
	char pattern[512];
	glob_t g;

	if (program_run("demo", "--status", NULL) != 0)
		fprintf(stderr, "# %s", program_err);
	CHECK_STR(program_err, "");
	CHECK(strstr(program_out, "\ntp2-a ") != NULL);
	CHECK(strstr(program_out, "\ntp2-a/1  web-a        on ") != NULL);
	CHECK(strstr(program_out, "\npis/15   pi15         on ") != NULL);
	CHECK(strstr(program_out, "\ntp2-c/2  lab-2        off ") != NULL);
	snprintf(
	    pattern, sizeof pattern, "%s/xdg-run/rackmux-demo-*", test_dir());
	CHECK_INT(glob(pattern, 0, NULL, &g), GLOB_NOMATCH);
	ran_release(&ran);
}

TEST(log_is_private_and_goes_to_the_state_folder)
{
	char path[512];
	struct stat st;

	CHECK_INT(program_run("--log", "r.log", "status", NULL), 2);
	snprintf(path, sizeof path, "%s/xdg-state/rackmux/r.log", test_dir());
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	*strrchr(path, '/') = '\0';
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	ran_release(&ran);
}
