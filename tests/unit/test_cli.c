/* The command line: as it is parsed, and as the built program answers. */
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
	CHECK(!parse(&c, "power", "on", "tp2-a", NULL));
	CHECK(strstr(err, "no command 'power'") != NULL);
	CHECK(parse(&c, "pi01", NULL));
	CHECK(parse(&c, "ssh://status", NULL));
}

/* --- the program -------------------------------------------------------- */

static char out[65536], said[65536];

static void
read_back(const char *name, char *to, size_t size)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", test_dir(), name);
	f = fopen(path, "re");
	CHECK(f != NULL);
	n = fread(to, 1, size - 1, f);
	to[n] = '\0';
	fclose(f);
}

static void
become(char *const *argv)
{
	char path[512];
	int fd;

	CHECK(setenv("HOME", test_dir(), 1) == 0);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("RACKMUX_LOG");
	fd = open("/dev/null", O_RDONLY);
	dup2(fd, 0);
	snprintf(path, sizeof path, "%s/out", test_dir());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	snprintf(path, sizeof path, "%s/err", test_dir());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 2);
	execv(argv[0], argv);
	_exit(127);
}

/* Runs the program that was built beside this test; its exit status. */
static int
run(const char *first, ...)
{
	static char program[512];
	char *argv[ARGS_MAX] = { program };
	const char *build = getenv("RM_BUILD");
	int argc = 1, status = 0;
	va_list ap;
	pid_t pid;

	if (build != NULL) {
		snprintf(program, sizeof program, "%s/rackmux", build);
	} else {
		ssize_t n = readlink("/proc/self/exe", program, 480);

		CHECK(n > 0);
		program[n] = '\0';
		*strrchr(program, '/') = '\0';
		snprintf(strrchr(program, '/'), 16, "/rackmux");
	}
	va_start(ap, first);
	for (const char *a = first; a != NULL; a = va_arg(ap, const char *))
		argv[argc++] = word(a);
	va_end(ap);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv);
	CHECK(waitpid(pid, &status, 0) == pid);
	read_back("out", out, sizeof out);
	read_back("err", said, sizeof said);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const char *
write_file(const char *name, const char *text)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", test_dir(), name);
	f = fopen(path, "we");
	CHECK(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
	return path;
}

TEST(help_and_version)
{
	CHECK_INT(run("--help", NULL), 0);
	CHECK(strstr(out, "rackmux status [SELECTOR]") != NULL);
	CHECK(strstr(out, "--read-only") != NULL);
	CHECK_STR(said, "");
	CHECK_INT(run("--version", NULL), 0);
	CHECK(strncmp(out, "rackmux ", 8) == 0);
}

TEST(unknown_option_ends_with_2)
{
	CHECK_INT(run("--bogus", NULL), 2);
	CHECK_STR(out, "");
	CHECK(strstr(said, "--bogus") != NULL);
	CHECK(strstr(said, "--help") != NULL);
}

TEST(check_prints_every_mistake)
{
	const char *top = getenv("RM_TOP");
	char path[512];
	int lines = 0;

	snprintf(
	    path, sizeof path, "%s/tests/config/mistakes.cfg", top ? top : ".");
	CHECK_INT(run("check", path, NULL), 1);
	for (const char *s = out; *s != '\0'; s++)
		lines += *s == '\n';
	CHECK_INT(lines, 10);
	CHECK(strstr(out, "mistakes.cfg:3: 'poll' must be a number") != NULL);
	CHECK_STR(said, "");
	snprintf(
	    path, sizeof path, "%s/tests/config/good.cfg", top ? top : ".");
	CHECK_INT(run("check", path, NULL), 0);
	CHECK(strstr(out, "good: 2 boards") != NULL);
}

TEST(no_configuration_ends_with_2)
{
	CHECK_INT(run("status", NULL), 2);
	if (access("/etc/rackmux/rackmux.cfg", F_OK) != 0)
		CHECK(strstr(said, "/etc/rackmux/rackmux.cfg") != NULL);
	CHECK_INT(run("-c", "/nonexistent.cfg", "status", NULL), 2);
	CHECK(strstr(said, "/nonexistent.cfg") != NULL);
}

TEST(no_terminal_is_said)
{
	CHECK_INT(run("root@127.0.0.1", NULL), 2);
	CHECK(strstr(said, "terminal") != NULL);
	CHECK(strstr(said, "rackmux status") != NULL);
	CHECK_STR(out, "");
	CHECK_INT(run("demo", NULL), 2);
	CHECK(strstr(said, "terminal") != NULL);
}

TEST(selector_without_a_match_ends_with_3)
{
	char path[512];

	snprintf(path, sizeof path, "%s",
	    write_file("c.cfg",
		"ssh: { config = \"none\"; };\n"
		"boards = ( { name = \"a\"; type = \"linux\"; "
		"link = \"ssh://x@127.0.0.1:1\"; } );\n"));
	CHECK_INT(run("-c", path, "status", "nosuch", NULL), 3);
	CHECK(strstr(said, "nothing matches 'nosuch'") != NULL);
	CHECK_STR(out, "");
	CHECK_INT(run("-c", path, "status", "a/x", NULL), 2);
	CHECK(strstr(said, "is no slot") != NULL);
}

/* Port 1 of the loopback refuses: an answer at once, and the reason. */
TEST(a_board_that_refuses_ends_with_1)
{
	char path[512];

	snprintf(path, sizeof path, "%s",
	    write_file("c.cfg",
		"ssh: { config = \"none\"; };\n"
		"boards = ( { name = \"a\"; type = \"turing-pi\"; "
		"link = \"ssh://x@127.0.0.1:1\"; } );\n"));
	CHECK_INT(run("-c", path, "status", NULL), 1);
	CHECK(strstr(out, "a/1") != NULL);
	CHECK(strstr(said, "rackmux: a: ") != NULL);
	CHECK(strstr(said, "refuses") != NULL);
	CHECK_INT(run("-c", path, "status", "--json", NULL), 1);
	CHECK(strncmp(out, "{\"kind\":\"board\",\"board\":\"a\"", 27) == 0);
}

/* Nobody answers at all: what is known by then is printed. */
TEST(the_timeout_ends_the_wait)
{
	char path[512];

	snprintf(path, sizeof path, "%s",
	    write_file("c.cfg",
		"boards = ( { name = \"a\"; type = \"turing-pi\"; "
		"link = \"exec:sleep 100\"; }, { name = \"b\"; "
		"type = \"linux\"; link = \"exec:sh\"; } );\n"));
	/* A board that is not meant is not waited for. */
	CHECK_INT(run("-c", path, "status", "b", NULL), 0);
	CHECK(strstr(out, "b/1") != NULL && strstr(out, "a/1") == NULL);
	CHECK_INT(run("-c", path, "status", "--timeout", "0.3", NULL), 1);
	CHECK(strstr(out, "a/4") != NULL);
	CHECK(strstr(said, "rackmux: a: no answer") != NULL);
}

TEST(a_full_disk_is_no_success)
{
	char path[512];

	if (access("/dev/full", W_OK) != 0)
		return;
	snprintf(path, sizeof path, "%s/out", test_dir());
	CHECK(symlink("/dev/full", path) == 0);
	CHECK_INT(run("--help", NULL), 1);
	CHECK(strstr(said, "cannot write to stdout") != NULL);
}

/* The whole path: simulator, SSH and a serial console, drivers, model,
 * table. A node that is off does not answer, and is no failure. */
TEST(demo_prints_a_living_rack_and_leaves_nothing)
{
	char pattern[512];
	glob_t g;

	CHECK(setenv("XDG_RUNTIME_DIR", test_dir(), 1) == 0);
	if (run("demo", "--status", NULL) != 0)
		fprintf(stderr, "# %s", said);
	CHECK_STR(said, "");
	CHECK(strstr(out, "\ntp2-a ") != NULL);
	CHECK(strstr(out, "\ntp2-a/1  web-a      on ") != NULL);
	CHECK(strstr(out, "\npis/15   pi15       on ") != NULL);
	CHECK(strstr(out, "\ntp2-c/2  lab-2      off ") != NULL);
	snprintf(pattern, sizeof pattern, "%s/rackmux-demo-*", test_dir());
	CHECK_INT(glob(pattern, 0, NULL, &g), GLOB_NOMATCH);
}

TEST(log_is_private_and_goes_to_the_state_folder)
{
	char path[512];
	struct stat st;

	CHECK_INT(run("--log", "r.log", "status", NULL), 2);
	snprintf(
	    path, sizeof path, "%s/.local/state/rackmux/r.log", test_dir());
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	*strrchr(path, '/') = '\0';
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0700);
}
