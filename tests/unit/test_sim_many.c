/*
 * 512 boards in one process, a session with a live shell on each, and what
 * memory that takes.
 */
#include <libssh/libssh.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/demo.h"
#include "rackmux/sim/rack.h"
#include "rackmux/sim/sshd.h"
#include "rackmux/sim/writeconf.h"
#include "../lib/test.h"

#if defined(__SANITIZE_ADDRESS__)
#define BOARDS 64 /* each costs many times what it does otherwise */
#define LIMIT_KB (1024 * 1024)
#else
#define BOARDS 512
#define LIMIT_KB (64 * 1024)
#endif

static void
more_files(void)
{
	struct rlimit l;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &l), 0);
	l.rlim_cur = l.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &l), 0);
}

/* The simulator, in a process of its own, until it is killed. */
static pid_t
start_rack(const char *cfg)
{
	struct loop *loop;
	struct rack *rack;
	struct sshd *sshd;
	char err[160];
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	loop = loop_new();
	rack = rack_new(loop, 1);
	demo_many(rack, BOARDS);
	sshd = sshd_new(loop, err, sizeof(err));
	if (sshd == NULL || rack_start(rack, sshd, err, sizeof(err)) != 0 ||
	    writeconf(rack, sshd, cfg, err, sizeof(err)) != 0)
		_exit(1);
	loop_run(loop);
	_exit(0);
}

static int
read_ports(const char *cfg, unsigned *ports)
{
	char line[512], *at, *user;
	FILE *f = NULL;
	int i, n = 0;

	for (i = 0; i < 500 && (f = fopen(cfg, "re")) == NULL; i++)
		(void)poll(NULL, 0, 20);
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		long port = 0;

		at = strstr(line, "127.0.0.1:");
		user = strstr(line, "ssh://");
		if (at == NULL || user == NULL)
			continue;
		at[10 + strcspn(at + 10, "\"")] = '\0';
		CHECK(str_long(at + 10, 1, 65535, &port));
		CHECK(n < BOARDS);
		/* The user's first letter rides above the port. */
		ports[n++] = (unsigned)port | (unsigned)user[6] << 16;
	}
	fclose(f);
	return n;
}

static int
dial(unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK_INT(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static ssh_channel
open_shell(unsigned port, ssh_key key)
{
	ssh_session s = ssh_new();
	ssh_channel c;
	bool no = false;
	int fd = dial(port & 0xffff);

	ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(s, SSH_OPTIONS_HOST, "127.0.0.1");
	ssh_options_set(
	    s, SSH_OPTIONS_USER, port >> 16 == 'u' ? "ubuntu" : "pi");
	ssh_options_set(s, SSH_OPTIONS_FD, &fd);
	CHECK_INT(ssh_connect(s), SSH_OK);
	CHECK_INT(ssh_userauth_publickey(s, NULL, key), SSH_AUTH_SUCCESS);
	c = ssh_channel_new(s);
	CHECK_INT(ssh_channel_open_session(c), SSH_OK);
	CHECK_INT(ssh_channel_request_exec(c, "sh"), SSH_OK);
	return c;
}

static long
resident_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = -1;
	FILE *f;

	str_format(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "re");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (str_starts(line, "VmHWM:")) {
			char *p = line + 6, *word = str_word(&p);

			CHECK(word != NULL && str_long(word, 0, 1L << 40, &kb));
		}
	fclose(f);
	return kb;
}

TEST(many_boards_with_a_live_shell_each_in_64_mb)
{
	static const char probe[] = "cat /proc/loadavg\n";
	static unsigned ports[BOARDS];
	static ssh_channel c[BOARDS];
	char cfg[300], key_path[310], text[128];
	ssh_key key;
	pid_t pid;
	long kb;
	int i;

	more_files();
	str_format(cfg, sizeof(cfg), "%s/c.cfg", test_dir());
	str_format(key_path, sizeof(key_path), "%s.key", cfg);
	pid = start_rack(cfg);
	CHECK_INT(read_ports(cfg, ports), BOARDS);
	CHECK_INT(ssh_pki_import_privkey_file(key_path, NULL, NULL, NULL, &key),
	    SSH_OK);
	for (i = 0; i < BOARDS; i++)
		c[i] = open_shell(ports[i], key);
	for (i = 0; i < BOARDS; i++)
		CHECK(ssh_channel_write(c[i], probe, sizeof(probe) - 1) > 0);
	for (i = 0; i < BOARDS; i++) {
		CHECK(ssh_channel_read_timeout(
			  c[i], text, sizeof(text), 0, 5000) > 10);
		CHECK(text[0] >= '0' && text[0] <= '9');
	}
	kb = resident_kb(pid);
	printf("# %d boards, %d sessions: %ld kB\n", BOARDS, BOARDS, kb);
	CHECK(kb > 0 && kb < LIMIT_KB);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	for (i = 0; i < BOARDS; i++) {
		ssh_session s = ssh_channel_get_session(c[i]);

		ssh_channel_free(c[i]);
		ssh_free(s);
	}
	ssh_key_free(key);
}
