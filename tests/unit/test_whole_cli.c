/*
 * What goes wrong before or instead of a rack: hosts, keys, ports and
 * terminals that are not as they should be. Each has a clear message, an end
 * in time, and leaves nothing behind.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simproc.h"
#include "sshd.h"
#include "test.h"

#define SOON 15000

static const char rack[] =
    "boards = ({ name = \"pis\"; type = \"linux\"; slots = 1; nodes = (\n"
    "  { slot = 1; name = \"pa\"; model = \"pi4\"; }); });\n";

static void
nothing_left(void)
{
	char path[512];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof path, "%s/tmp", test_dir());
	dir = opendir(path);
	CHECK(dir != NULL);
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			test_fail(__FILE__, __LINE__, "%s is left in %s",
			    e->d_name, path);
	closedir(dir);
}

/* rackmux -c of one linux board with that link and ssh group. */
static const char *
config_of(const char *link, const char *ssh)
{
	static char path[400];
	char *text = text_of("poll = 0.5;\nssh: { config = \"none\"; %s };\n"
			     "boards = ({ name = \"b\"; type = \"linux\"; "
			     "link = \"%s\"; });\n",
	    ssh, link);

	snprintf(path, sizeof path, "%s/one.cfg", test_dir());
	file_write(path, text);
	free(text);
	return path;
}

static void
status_fails(const char *config, const char *words)
{
	const char *argv[] = { "-c", config, "status", NULL };
	struct ran r;

	ran_rackmux(&r, 20000, argv);
	if (strstr(r.err, words) == NULL)
		test_fail(__FILE__, __LINE__,
		    "\"%s\" is not in \"%s\" (\"%s\")", words, r.err, r.out);
	CHECK_INT(r.status, 1);
	ran_release(&r);
	nothing_left();
}

/* The simulator's node, with another known_hosts or identity. */
static const char *
config_with(struct simproc *sim, const char *known, const char *identity)
{
	char *link = text_of("ssh://pi@127.0.0.1:%u", simproc_port(sim, "pa"));
	char *ssh = text_of(
	    "known_hosts = \"%s\"; identity = \"%s\";", known, identity);
	const char *path = config_of(link, ssh);

	free(link);
	free(ssh);
	return path;
}

TEST(a_port_that_nobody_listens_on_is_refused_at_once)
{
	status_fails(
	    config_of("ssh://pi@127.0.0.1:1", ""), "refuses the connection");
}

TEST(a_name_that_is_none_is_told_as_such)
{
	status_fails(config_of("ssh://pi@name.invalid", ""), "name.invalid");
}

TEST(a_wrong_key_ends_with_the_methods_that_the_server_takes)
{
	struct simproc sim;
	char key[512], known[512];

	simproc_start(&sim, rack, NULL);
	snprintf(key, sizeof key, "%s/wrong", test_dir());
	snprintf(known, sizeof known, "%s.known_hosts", sim.config);
	make_key(key, "ed25519", "");
	status_fails(config_with(&sim, known, key), "publickey");
	simproc_stop(&sim);
}

TEST(without_a_terminal_an_unknown_host_key_names_the_remedy)
{
	struct simproc sim;
	char key[512], known[512];

	simproc_start(&sim, rack, NULL);
	snprintf(key, sizeof key, "%s.key", sim.config);
	snprintf(known, sizeof known, "%s/known_hosts", test_dir());
	status_fails(config_with(&sim, known, key), "SHA256:");
	status_fails(config_with(&sim, known, key), "127.0.0.1");
	CHECK(access(known, F_OK) != 0);
	simproc_stop(&sim);
}

TEST(in_the_dashboard_yes_trusts_an_unknown_host_key)
{
	struct simproc sim;
	char key[512], known[512], *text;
	const char *argv[] = { "-c", NULL, NULL };
	struct stat st;
	struct vtx x;
	int status;

	simproc_start(&sim, rack, NULL);
	snprintf(key, sizeof key, "%s.key", sim.config);
	snprintf(known, sizeof known, "%s/known_hosts", test_dir());
	argv[1] = config_with(&sim, known, key);
	dash_start(&x, 120, 36, program_env(), argv);
	CHECK(vtx_wait_text(&x, "Unknown host key", SOON));
	CHECK(vtx_wait_text(&x, "SHA256:", SOON));
	vtx_send(&x, "yes\r");
	CHECK(vtx_wait_text(&x, "1/1 on", SOON));
	text = file_read(known);
	CHECK(text != NULL && strstr(text, "ssh-ed25519 ") != NULL);
	free(text);
	CHECK(stat(known, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	check_terminal_clean(&x);
	vtx_close(&x);
	simproc_stop(&sim);
	nothing_left();
}

TEST(a_changed_host_key_is_never_connected_to)
{
	struct simproc sim;
	char key[512], known[512], *before, *after;
	const char *argv[] = { "-c", NULL, NULL }, *config;
	struct vtx x;
	int status;

	simproc_start(&sim, rack, "--fault pa:hostkey");
	snprintf(key, sizeof key, "%s.key", sim.config);
	snprintf(known, sizeof known, "%s.known_hosts", sim.config);
	before = file_read(known);
	config = config_with(&sim, known, key);
	status_fails(config, "CHANGED");
	status_fails(config, "ssh-keygen -R");
	argv[1] = config;
	dash_start(&x, 120, 36, program_env(), argv);
	CHECK(vtx_wait_text(&x, "CHANGED", SOON));
	vtx_send(&x, "\033");
	for (long long end = now_in_ms() + 2000; now_in_ms() < end;) {
		vtx_pump(&x, 50);
		CHECK(!vtx_has(&x, "1/1 on"));
	}
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	check_terminal_clean(&x);
	vtx_close(&x);
	after = file_read(known);
	CHECK_STR(after, before);
	free(before);
	free(after);
	simproc_stop(&sim);
}

TEST(a_serial_port_that_another_holds_names_the_holder)
{
	int master, slave, ready[2];
	char name[128], *link, byte;
	pid_t holder;

	CHECK(openpty(&master, &slave, name, NULL, NULL) == 0);
	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	/* Who has both ends plays the port, and is not taken for its user. */
	holder = fork();
	if (holder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(master);
		if (flock(slave, LOCK_EX | LOCK_NB) == 0 &&
		    ioctl(slave, TIOCEXCL) == 0)
			(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(slave);
	close(ready[1]);
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	link = text_of("serial:%s", name);
	status_fails(config_of(link, ""), "test_whole_cli");
	free(link);
	CHECK(kill(holder, SIGKILL) == 0);
	close(master);
}

TEST(a_terminal_of_ten_by_three_says_so_and_grows_back)
{
	struct simproc sim;
	const char *argv[] = { "-c", NULL, NULL };
	struct vtx x;
	int status;

	simproc_start(&sim, rack, NULL);
	argv[1] = simproc_config(&sim, "my.cfg", "poll = 0.5;");
	dash_start(&x, 10, 3, program_env(), argv);
	CHECK(vtx_wait_text(&x, "too small", SOON));
	vtx_resize(&x, 80, 24);
	CHECK(vtx_wait_text(&x, "1/1 on", SOON));
	vtx_resize(&x, 10, 3);
	CHECK(vtx_wait_text(&x, "too small", SOON));
	vtx_resize(&x, 120, 36);
	CHECK(vtx_wait_text(&x, "1/1 on", SOON));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	check_terminal_clean(&x);
	vtx_close(&x);
	simproc_stop(&sim);
}

TEST(without_a_terminal_the_dashboard_points_to_status)
{
	const char *argv[] = { "-c", config_of("ssh://pi@127.0.0.1:1", ""),
		NULL };
	struct ran r;

	ran_rackmux(&r, 10000, argv);
	CHECK_INT(r.status, 2);
	CHECK(strstr(r.err, "terminal") != NULL);
	CHECK(strstr(r.err, "rackmux status") != NULL);
	CHECK_STR(r.out, "");
	ran_release(&r);
	nothing_left();
}

static void
refuses_term(const char *pair, const char *words)
{
	const char *argv[] = { "-c", config_of("ssh://pi@127.0.0.1:1", ""),
		NULL };
	struct vtx x;
	int status = 0;

	dash_start(&x, 80, 24, program_env_with(pair), argv);
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK(vtx_wait_text(&x, words, 1000));
	CHECK_INT(WEXITSTATUS(status), 2);
	CHECK(!x.alt);
	vtx_close(&x);
	nothing_left();
}

TEST(a_dumb_terminal_is_refused_in_words)
{
	refuses_term("TERM=dumb", "dumb");
}

TEST(a_terminal_that_is_not_known_is_refused_in_words)
{
	refuses_term("TERM=no-such-terminal", "no-such-terminal");
}

/* A target was asked to trust what the configuration knows, with another key,
 * and could take a board's name. */
TEST(a_target_beside_a_configuration_keeps_to_its_ssh_group)
{
	const char *argv[] = { "-c", NULL, NULL, NULL };
	struct simproc sim;
	struct vtx x;
	char *target;
	int status;

	simproc_start(&sim, rack, NULL);
	argv[1] = simproc_config(&sim, "my.cfg", "poll = 0.5;");
	target = text_of("pi@127.0.0.1:%u", simproc_port(&sim, "pa"));
	argv[2] = target;
	dash_start(&x, 80, 24, program_env(), argv);
	CHECK(vtx_wait_text(&x, "2/2 on", SOON));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	vtx_close(&x);
	free(target);
	simproc_stop(&sim);
}
