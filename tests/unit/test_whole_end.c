/*
 * However the dashboard ends, or stops for a while, the terminal is as it
 * was and no process is left; and a configuration that is saved while it
 * runs is taken in, or refused with file and line.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "simproc.h"
#include "test.h"

#define SOON 15000

static const char rack[] =
    "boards = ({ name = \"pis\"; type = \"linux\"; slots = 1; nodes = (\n"
    "  { slot = 1; name = \"pa\"; model = \"pi4\"; }); });\n";

static void
open_dash(struct simproc *sim, struct vtx *x)
{
	const char *argv[] = { "-c", NULL, NULL };

	simproc_start(sim, rack, NULL);
	argv[1] = simproc_config(sim, "my.cfg", "poll = 0.5;");
	dash_start(x, 120, 36, program_env(), argv);
	CHECK(vtx_wait_text(x, "1/1 on", SOON));
	CHECK(x->alt);
}

static void
modes_are_cooked(struct vtx *x)
{
	struct termios t;

	CHECK(tcgetattr(x->fd, &t) == 0);
	CHECK((t.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
	CHECK((t.c_oflag & OPOST) != 0);
}

/* signum 0: by key. */
static void
ends_by(int signum, const char *key, int want)
{
	struct simproc sim;
	struct vtx x;
	int status = -1;

	open_dash(&sim, &x);
	if (signum != 0)
		kill(x.pid, signum);
	else
		vtx_send(&x, key);
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), want);
	check_terminal_clean(&x);
	CHECK(!vtx_raw_has(&x, "Sanitizer"));
	vtx_close(&x);
	simproc_stop(&sim);
}

TEST(q_leaves_the_terminal_clean)
{
	ends_by(0, "q", 0);
}

TEST(control_c_leaves_the_terminal_clean)
{
	ends_by(0, "\003", 0);
}

TEST(sigterm_leaves_the_terminal_clean)
{
	ends_by(SIGTERM, NULL, 128 + SIGTERM);
}

TEST(sighup_leaves_the_terminal_clean)
{
	ends_by(SIGHUP, NULL, 128 + SIGHUP);
}

TEST(sigint_leaves_the_terminal_clean)
{
	ends_by(SIGINT, NULL, 128 + SIGINT);
}

static bool
left(struct vtx *x, const void *arg)
{
	(void)arg;
	return !x->alt;
}

static int
shell_main(void *arg)
{
	(void)arg;
	/* dash: unlike bash it leaves the modes of the terminal alone. */
	execl("/bin/dash", "dash", "-i", (char *)NULL);
	return 127;
}

TEST(control_z_gives_the_terminal_back_until_fg)
{
	struct simproc sim;
	struct vtx x;
	char *command;
	int status = -1;

	simproc_start(&sim, rack, NULL);
	command = text_of("%s -c %s\n", program_path("rackmux"),
	    simproc_config(&sim, "my.cfg", "poll = 0.5;"));
	vtx_spawn(
	    &x, 120, 36, program_env_with("PS1=ready> "), shell_main, NULL);
	CHECK(vtx_wait_text(&x, "ready> ", SOON));
	vtx_send(&x, command);
	free(command);
	CHECK(vtx_wait_text(&x, "1/1 on", SOON));
	vtx_send(&x, "\032");
	CHECK(vtx_wait(&x, left, NULL, SOON));
	CHECK(vtx_wait_text(&x, "Stopped", SOON));
	check_terminal_clean(&x);
	modes_are_cooked(&x);
	vtx_send(&x, "fg\n");
	CHECK(vtx_wait_text(&x, "1/1 on", SOON));
	CHECK(x.alt);
	vtx_send(&x, "q");
	CHECK(vtx_wait(&x, left, NULL, SOON));
	vtx_send(&x, "exit\n");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	check_terminal_clean(&x);
	vtx_close(&x);
	simproc_stop(&sim);
}

/* The simulator of a demo, by its parent. */
static bool
has_child(struct vtx *x, const void *arg)
{
	(void)arg;
	return count_children(x->pid) > 0;
}

/* But the folder in which consoles are shared. */
static void
check_nothing_left(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;

	CHECK(dir != NULL);
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "rackmux") != 0)
			test_fail(__FILE__, __LINE__, "%s is left in %s",
			    e->d_name, path);
	closedir(dir);
}

static void
demo_ends_by(int signum)
{
	const char *argv[] = { "demo", NULL };
	char path[512], *children;
	struct vtx x;
	pid_t sim = 0;
	int status = -1;

	dash_start(&x, 120, 36, program_env(), argv);
	CHECK(vtx_wait(&x, has_child, NULL, SOON));
	CHECK(vtx_wait_text(&x, "tp2-a", SOON));
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)x.pid,
	    (int)x.pid);
	children = file_read(path);
	if (children != NULL)
		sim = (pid_t)strtol(children, NULL, 10);
	free(children);
	CHECK(sim > 0);
	CHECK(kill(sim, 0) == 0);
	if (signum == 0)
		vtx_send(&x, "q");
	else
		kill(x.pid, signum);
	CHECK(vtx_wait_exit(&x, &status, SOON));
	check_terminal_clean(&x);
	for (int i = 0; i < 500 && kill(sim, 0) == 0; i++)
		poll(NULL, 0, 10);
	CHECK(kill(sim, 0) != 0);
	snprintf(path, sizeof path, "%s/xdg-run", test_dir());
	check_nothing_left(path);
	vtx_close(&x);
}

TEST(the_simulator_of_the_demo_ends_with_it)
{
	demo_ends_by(0);
}

TEST(the_demo_told_to_end_leaves_nothing)
{
	demo_ends_by(SIGTERM);
}

TEST(a_saved_configuration_is_taken_in_and_a_broken_one_refused)
{
	struct simproc sim;
	struct vtx x;
	char *good, *broken, *more, *at;
	char path[400];
	int status = -1;

	open_dash(&sim, &x);
	snprintf(path, sizeof path, "%s/my.cfg", sim.dir);
	good = file_read(path);
	broken = text_of("%sboads = 1;\n", good);
	file_write(path, broken);
	CHECK(vtx_wait_text(&x, "configuration not taken", SOON));
	CHECK(vtx_wait_text(&x, "my.cfg:", SOON));
	CHECK(vtx_has(&x, "1/1 on"));
	at = strstr(good, "boards = (");
	CHECK(at != NULL);
	more = text_of("%.*sboards = (\n{ name = \"second\"; type = \"linux\"; "
		       "link = \"ssh://pi@127.0.0.1:1\"; },\n%s",
	    (int)(at - good), good, at + strlen("boards = ("));
	file_write(path, more);
	CHECK(vtx_wait_text(&x, "second", SOON));
	CHECK(vtx_wait_text(&x, "boards: 1 added", SOON));
	CHECK(vtx_has(&x, "pa"));
	free(good);
	free(broken);
	free(more);
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	check_terminal_clean(&x);
	vtx_close(&x);
	simproc_stop(&sim);
}
