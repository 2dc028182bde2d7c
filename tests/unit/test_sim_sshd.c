/*
 * The simulated SSH server, met by the real ssh client.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/child.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/sshd.h"
#include "rackmux/sim/writeconf.h"
#include "../lib/test.h"
#include "sim_run.h"

static const char rack_text[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\"; serial = false; },\n"
    " { name = \"pis\"; type = \"linux\"; slots = 3;\n"
    " nodes = ({ slot = 1; name = \"pi1\"; },\n"
    "  { slot = 2; name = \"pi2\"; keyboard_interactive = true; },\n"
    "  { slot = 3; name = \"pi3\"; two_step = true; }); });\n";

static struct loop *loop;
static struct rack *rack;
static struct sshd *sshd;
static char cfg[300];

static void
begin(void)
{
	struct buf faults, err;
	char why[160];

	loop = loop_new();
	rack = rack_new(loop, 1);
	buf_init(&faults, 0);
	buf_init(&err, 0);
	CHECK_INT(conf_read_text(rack, rack_text, "r", &faults, &err), 0);
	sshd = sshd_new(loop, why, sizeof(why));
	CHECK(sshd != NULL);
	CHECK_INT(rack_start(rack, sshd, why, sizeof(why)), 0);
	str_format(cfg, sizeof(cfg), "%s/r.cfg", test_dir());
	CHECK_INT(writeconf(rack, sshd, cfg, why, sizeof(why)), 0);
	buf_release(&faults);
	buf_release(&err);
}

static void
end(void)
{
	rack_free(rack);
	sshd_free(sshd);
	loop_free(loop);
}

static struct endpoint *
endpoint_of(const char *name)
{
	struct sim_node *n = rack_node(rack, name);

	return n != NULL ? n->endpoint : rack_board(rack, name)->endpoint;
}

/* --- ssh --- */

struct client {
	struct child *child;
	struct buf out;
	int status;
	bool ended;
};

static void
client_ended(void *arg, int status)
{
	struct client *c = arg;

	c->ended = true;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What it said until now; both of its streams. */
static void
client_read(struct client *c)
{
	char text[4096];
	int fds[2] = { child_fd(c->child), child_stderr(c->child) };
	ssize_t n;
	int i;

	for (i = 0; i < 2; i++)
		while (
		    fds[i] >= 0 && (n = read(fds[i], text, sizeof(text))) > 0)
			buf_add(&c->out, text, (size_t)n);
}

static void
client_start(
    struct client *c, const char *who, const char *extra, const char *command)
{
	char port[16], key[320], hosts[360], user[32];
	char *argv[24];
	int n = 0, err;
	struct sim_node *node = rack_node(rack, who);
	char *env[] = { NULL, NULL, NULL };
	char ask[330];
	struct child_options o = { .argv = argv, .env = env };

	str_format(port, sizeof(port), "%u", endpoint_port(endpoint_of(who)));
	str_format(key, sizeof(key), "-i%s.key", cfg);
	str_format(
	    hosts, sizeof(hosts), "-oUserKnownHostsFile=%s.known_hosts", cfg);
	str_format(
	    user, sizeof(user), "%s@127.0.0.1", node != NULL ? "pi" : "root");
	str_format(ask, sizeof(ask), "SSH_ASKPASS=%s.ask", cfg);
	env[0] = ask;
	env[1] = mem_strdup("SSH_ASKPASS_REQUIRE=force");
	argv[n++] = mem_strdup("ssh");
	argv[n++] = mem_strdup("-Fnone");
	argv[n++] = mem_strdup(key);
	argv[n++] = mem_strdup(hosts);
	argv[n++] = mem_strdup("-oIdentitiesOnly=yes");
	argv[n++] = mem_strdup("-oGlobalKnownHostsFile=/dev/null");
	argv[n++] = mem_strdup("-oConnectTimeout=3");
	if (extra != NULL)
		argv[n++] = mem_strdup(extra);
	argv[n++] = mem_strdup("-p");
	argv[n++] = mem_strdup(port);
	argv[n++] = mem_strdup(user);
	if (command != NULL)
		argv[n++] = mem_strdup(command);
	argv[n] = NULL;
	memset(c, 0, sizeof(*c));
	buf_init(&c->out, 0);
	c->child = child_start(loop, &o, client_ended, c, &err);
	CHECK(c->child != NULL);
	free(env[1]);
	while (n > 0)
		free(argv[--n]);
}

static void
client_type(struct client *c, const char *s)
{
	CHECK_INT(write(child_fd(c->child), s, strlen(s)), strlen(s));
}

/* Turn until it has ended, or said what is wanted. */
static void
client_wait(struct client *c, const char *want)
{
	int i;

	for (i = 0; i < 1500 && !c->ended; i++) {
		client_read(c);
		if (want != NULL && strstr(buf_str(&c->out), want) != NULL)
			return;
		loop_turn(loop, 10);
	}
	client_read(c);
	if (want != NULL && strstr(buf_str(&c->out), want) == NULL)
		test_fail(__FILE__, __LINE__, "no \"%s\" but \"%s\"", want,
		    buf_str(&c->out));
}

static void
client_done(struct client *c)
{
	child_free(c->child);
	buf_release(&c->out);
}

static int
ssh(const char *who, const char *extra, const char *command, char *out,
    size_t size)
{
	struct client c;

	client_start(&c, who, extra, command);
	child_eof(c.child);
	client_wait(&c, NULL);
	CHECK(c.ended);
	str_copy(out, size, buf_str(&c.out));
	client_done(&c);
	return c.status;
}

/* A program that ssh asks for passwords. */
static void
askpass(const char *password)
{
	char path[330];
	FILE *f;

	str_format(path, sizeof(path), "%s.ask", cfg);
	f = fopen(path, "we");
	CHECK(f != NULL);
	fprintf(f, "#!/bin/sh\necho %s\n", password);
	fclose(f);
	CHECK_INT(chmod(path, 0700), 0);
}

TEST(sshd_runs_a_command_and_tells_its_status)
{
	char out[4096];

	begin();
	CHECK_INT(ssh("pi1", NULL, "cat /etc/hostname", out, sizeof(out)), 0);
	CHECK_STR(out, "pi1\n");
	CHECK_INT(ssh("pi1", NULL, "cat /nonexistent", out, sizeof(out)), 1);
	CHECK(strstr(out, "No such file") != NULL);
	CHECK_INT(ssh("pi1", NULL, "nosuchcommand", out, sizeof(out)), 127);
	CHECK_INT(ssh("tp", NULL, "tpi --version", out, sizeof(out)), 0);
	CHECK_STR(out, "tpi 1.0.6\n");
	end();
}

TEST(sshd_shell_without_and_with_a_pty)
{
	struct client c;

	begin();
	client_start(&c, "pi1", "-T", NULL);
	client_type(&c, "cat /etc/hostname\n");
	client_wait(&c, "pi1\n");
	client_type(&c, "exit\n");
	client_wait(&c, NULL);
	CHECK_INT(c.status, 0);
	client_done(&c);
	client_start(&c, "pi1", "-tt", NULL);
	client_wait(&c, "$");
	client_type(&c, "cat /etc/hostname\n");
	client_wait(&c, "pi1\r\n");
	client_type(&c, "exit\n");
	client_wait(&c, NULL);
	CHECK_INT(c.status, 0);
	client_done(&c);
	end();
}

TEST(sshd_password_and_keyboard_interactive)
{
	char out[4096];

	begin();
	askpass("raspberry");
	CHECK_INT(ssh("pi1", "-oPreferredAuthentications=password",
		      "cat /etc/hostname", out, sizeof(out)),
	    0);
	CHECK_INT(ssh("pi2", "-oPreferredAuthentications=keyboard-interactive",
		      "cat /etc/hostname", out, sizeof(out)),
	    0);
	CHECK_STR(out, "pi2\n");
	askpass("wrong");
	CHECK_INT(ssh("pi1", "-oPreferredAuthentications=password",
		      "cat /etc/hostname", out, sizeof(out)),
	    255);
	CHECK(strstr(out, "Permission denied") != NULL);
	CHECK_INT(ssh("pi2", "-oPreferredAuthentications=keyboard-interactive",
		      "cat /etc/hostname", out, sizeof(out)),
	    255);
	end();
}

TEST(sshd_two_steps_want_key_and_password)
{
	char out[4096];

	begin();
	askpass("raspberry");
	CHECK_INT(ssh("pi3", NULL, "cat /etc/hostname", out, sizeof(out)), 0);
	CHECK_STR(out, "pi3\n");
	CHECK_INT(ssh("pi3", "-oPreferredAuthentications=password",
		      "cat /etc/hostname", out, sizeof(out)),
	    255);
	CHECK_INT(ssh("pi3", "-oPreferredAuthentications=publickey",
		      "cat /etc/hostname", out, sizeof(out)),
	    255);
	end();
}

TEST(sshd_refuses_a_forward_and_lives)
{
	char out[4096];

	begin();
	CHECK_INT(ssh("tp", "-W127.0.0.1:8443", NULL, out, sizeof(out)), 255);
	CHECK(strstr(out, "administratively prohibited") != NULL);
	CHECK_INT(ssh("tp", NULL, "tpi --version", out, sizeof(out)), 0);
	end();
}

TEST(sshd_survives_rekeying)
{
	char out[4096];

	begin();
	CHECK_INT(ssh("pi1", "-oRekeyLimit=16K",
		      "i=0; while [ $i -lt 3000 ]; do echo "
		      "0123456789012345678901234567890123456789; "
		      "i=$((i+1)); done | wc -l",
		      out, sizeof(out)),
	    0);
	CHECK(strstr(out, "3000") != NULL);
	end();
}

TEST(sshd_changed_host_key_and_refused_logins)
{
	char out[4096];

	begin();
	fault_apply(rack, "pi1", FAULT_HOSTKEY, true, 0);
	CHECK_INT(ssh("pi1", NULL, "true", out, sizeof(out)), 255);
	CHECK(strstr(out, "IDENTIFICATION HAS CHANGED") != NULL);
	fault_apply(rack, "pi1", FAULT_HOSTKEY, false, 0);
	CHECK_INT(ssh("pi1", NULL, "cat /etc/hostname", out, sizeof(out)), 0);
	fault_apply(rack, "pi1", FAULT_AUTH, true, 0);
	CHECK_INT(ssh("pi1", "-oBatchMode=yes", "cat /etc/hostname", out,
		      sizeof(out)),
	    255);
	CHECK(strstr(out, "Permission denied") != NULL);
	end();
}

TEST(sshd_drop_resets_sessions_and_refuses_new_ones)
{
	struct client c;
	char out[4096];

	begin();
	client_start(&c, "pi1", "-tt", NULL);
	client_wait(&c, "$");
	CHECK_INT(endpoint_sessions(endpoint_of("pi1")), 1);
	fault_apply(rack, "pi1", FAULT_DROP, true, 0);
	client_wait(&c, NULL);
	CHECK_INT(c.status, 255);
	client_done(&c);
	CHECK_INT(ssh("pi1", NULL, "true", out, sizeof(out)), 255);
	CHECK(strstr(out, "Connection refused") != NULL);
	fault_apply(rack, "pi1", FAULT_DROP, false, 0);
	CHECK_INT(ssh("pi1", NULL, "cat /etc/hostname", out, sizeof(out)), 0);
	end();
}

/* Connect without waiting; false when nothing has come after ms. */
static bool
connects(unsigned port, int ms, int *fd_out)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	bool ok;

	CHECK(fd >= 0);
	(void)!connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	ok = poll(&p, 1, ms) == 1;
	*fd_out = fd;
	return ok;
}

TEST(sshd_without_power_nobody_answers)
{
	struct client c;
	char out[4096];
	int fd, i;

	begin();
	client_start(&c, "pi1", "-tt", NULL);
	client_wait(&c, "$");
	fault_apply(rack, "pi1", FAULT_POWER, true, 0);
	CHECK(!connects(endpoint_port(endpoint_of("pi1")), 200, &fd));
	close(fd);
	client_type(&c, "cat /etc/hostname\n");
	for (i = 0; i < 20; i++)
		loop_turn(loop, 5);
	client_read(&c);
	CHECK(strstr(buf_str(&c.out), "\npi1") == NULL);
	CHECK(!c.ended);
	/* Back again, it knows nothing of that session. */
	fault_apply(rack, "pi1", FAULT_POWER, false, 0);
	nodeboot_stage(rack_node(rack, "pi1"), STAGE_LOGIN);
	client_wait(&c, NULL);
	CHECK_INT(c.status, 255);
	client_done(&c);
	CHECK_INT(ssh("pi1", NULL, "cat /etc/hostname", out, sizeof(out)), 0);
	CHECK_STR(out, "pi1\n");
	end();
}

TEST(sshd_cable_out_and_in_keeps_the_session)
{
	struct client c;
	int fd, i;

	begin();
	client_start(&c, "pi1", "-tt", NULL);
	client_wait(&c, "$");
	fault_apply(rack, "pi1", FAULT_CABLE, true, 0);
	CHECK(!connects(endpoint_port(endpoint_of("pi1")), 200, &fd));
	close(fd);
	client_type(&c, "cat /etc/hostname\n");
	for (i = 0; i < 20; i++)
		loop_turn(loop, 5);
	CHECK(!c.ended);
	fault_apply(rack, "pi1", FAULT_CABLE, false, 0);
	client_wait(&c, "pi1\r\n");
	client_type(&c, "exit\n");
	client_wait(&c, NULL);
	CHECK_INT(c.status, 0);
	client_done(&c);
	end();
}

TEST(sshd_stall_and_missing_banner)
{
	struct pollfd p = { .events = POLLIN };
	static const enum fault_kind kinds[] = { FAULT_STALL, FAULT_BANNER };
	size_t k;
	int i, fd;

	begin();
	for (k = 0; k < ARRAY_LEN(kinds); k++) {
		fault_apply(rack, "pi1", kinds[k], true, 0);
		CHECK(connects(endpoint_port(endpoint_of("pi1")), 1000, &fd));
		for (i = 0; i < 20; i++)
			loop_turn(loop, 5);
		p.fd = fd;
		CHECK_INT(poll(&p, 1, 0), 0);
		fault_apply(rack, "pi1", kinds[k], false, 0);
		for (i = 0; i < 20; i++)
			loop_turn(loop, 5);
		CHECK_INT(poll(&p, 1, 0), 1); /* the banner, late */
		close(fd);
	}
	end();
}

TEST(sshd_slow_output_arrives_whole)
{
	char out[65536];

	begin();
	fault_apply(rack, "pi1", FAULT_SLOW, true, 5);
	CHECK_INT(ssh("pi1", NULL, "cat /proc/meminfo", out, sizeof(out)), 0);
	CHECK(strstr(out, "MemAvailable") != NULL);
	CHECK(strstr(out, "SwapFree") != NULL);
	end();
}

TEST(sshd_garbage_hurts_what_is_printed)
{
	char out[65536];

	begin();
	fault_apply(rack, "pi1", FAULT_GARBAGE, true, 100);
	CHECK_INT(ssh("pi1", NULL,
		      "for i in 1 2 3 4 5 6 7 8; do cat /proc/uptime; done",
		      out, sizeof(out)),
	    0);
	fault_apply(rack, "pi1", FAULT_GARBAGE, false, 0);
	CHECK(out[0] != '\0');
	CHECK(strspn(out, "0123456789. \n") != strlen(out) ||
	    strlen(out) < 8 * 16);
	end();
}

TEST(sshd_flood_comes_and_stops)
{
	struct client c;
	int i;

	begin();
	client_start(&c, "pi1", "-tt", NULL);
	client_wait(&c, "$");
	fault_apply(rack, "pi1", FAULT_FLOOD, true, 2000);
	for (i = 0; i < 500 && c.out.len < 200000; i++) {
		loop_turn(loop, 10);
		client_read(&c);
	}
	CHECK(c.out.len >= 200000);
	fault_apply(rack, "pi1", FAULT_FLOOD, false, 0);
	client_type(&c, "exit\n");
	client_wait(&c, NULL);
	CHECK_INT(c.status, 0);
	client_done(&c);
	end();
}

TEST(sshd_written_files_are_private)
{
	static const char *const names[] = { "", ".key", ".known_hosts" };
	struct stat st;
	char path[340];
	size_t i;

	begin();
	for (i = 0; i < ARRAY_LEN(names); i++) {
		str_format(path, sizeof(path), "%s%s", cfg, names[i]);
		CHECK_INT(stat(path, &st), 0);
		CHECK_INT(st.st_mode & 0777, 0600);
	}
	end();
}
