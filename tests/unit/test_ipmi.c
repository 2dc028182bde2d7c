/*
 * The description of IPMI servers against a BMC: ipmi_sim of OpenIPMI on
 * loopback, with a chassis that is a shell script, asked by ipmitool. Both
 * are unpacked by tests/tools/fetch-daemons.sh.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "simproc.h"
#include "test.h"

struct bmc {
	pid_t pid;
	unsigned port;
	char tools[4200]; /* where they were unpacked */
	char libs[8600];
};

static void
find_tools(struct bmc *b)
{
	const char *dir = getenv("RM_DAEMONS");
	char path[4300];
	glob_t g = { 0 };

	if (realpath(dir != NULL ? dir : "build/daemons", b->tools) == NULL)
		test_fail(__FILE__, __LINE__,
		    "no ipmi_sim: run tests/tools/fetch-daemons.sh");
	snprintf(path, sizeof path, "%s/usr/lib/*-linux-gnu", b->tools);
	(void)glob(path, 0, NULL, &g);
	snprintf(path, sizeof path, "%s/lib/*-linux-gnu", b->tools);
	(void)glob(path, GLOB_APPEND, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++)
		snprintf(b->libs + strlen(b->libs),
		    sizeof b->libs - strlen(b->libs), "%s%s", i > 0 ? ":" : "",
		    g.gl_pathv[i]);
	globfree(&g);
}

static unsigned
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

static bool
is_bound(unsigned port)
{
	char want[32], *udp = file_read("/proc/net/udp");
	bool bound;

	snprintf(want, sizeof want, "0100007F:%04X ", port);
	bound = udp != NULL && strstr(udp, want) != NULL;
	free(udp);
	return bound;
}

static const char *
at(const char *name)
{
	static char path[4][512];
	static unsigned n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", test_dir(), name);
	return p;
}

static void
put(const char *name, char *text)
{
	file_write(at(name), text);
	free(text);
}

/* A full sensor record: 48 bytes and the name. */
static char *
sensor(unsigned num, unsigned type, unsigned unit, unsigned m, unsigned value,
    const char *name)
{
	unsigned char r[64] = { 0, 0, 0x51, 1, 0, 0x20, 0, 0, 3, 1, 0x7f, 0x68,
		0, 1 };
	size_t len = 48 + strlen(name);
	char *text, bytes[64 * 5 + 1] = "";

	r[4] = (unsigned char)(len - 5);
	r[7] = (unsigned char)num;
	r[12] = (unsigned char)type;
	r[21] = (unsigned char)unit;
	r[24] = (unsigned char)m;
	r[34] = 0xff;
	r[47] = (unsigned char)(0xc0 | strlen(name));
	memcpy(r + 48, name, strlen(name));
	for (size_t i = 0; i < len; i++)
		snprintf(bytes + strlen(bytes), 6, " 0x%02x", r[i]);
	text = text_of(
	    "sensor_add 0x20 0 %u %u 1\n"
	    "sensor_set_event_support 0x20 0 %u enable scanning per-state "
	    "000000000000000 000000000000000 000000000000000 "
	    "000000000000000\n"
	    "sensor_set_value 0x20 0 %u %u 0\nmain_sdr_add 0x20%s\n",
	    num, type, num, num, value, bytes);
	return text;
}

static void
lay_out(const struct bmc *b)
{
	char *cpu = sensor(1, 1, 1, 1, 42, "CPU Temp");
	char *fan = sensor(2, 4, 18, 100, 32, "Fan1");

	put("lan.conf",
	    text_of("name \"bmc\"\nset_working_mc 0x20\nstartlan 1\n"
		    "addr 127.0.0.1 %u\npriv_limit admin\n"
		    "allowed_auths_admin none md2 md5 straight\n"
		    "guid a123456789abcdefa123456789abcdef\nendlan\n"
		    "chassis_control \"%s 0x20\"\n"
		    "user 2 true \"admin\" \"secret\" admin 10 none md2 md5 "
		    "straight\n",
		b->port, at("chassis")));
	put("sim.emu",
	    text_of(
		"mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f "
		"0x1291 0xf02 persist_sdr\nsel_enable 0x20 1000 0x0a\n"
		"%s%smc_enable 0x20\n",
		cpu, fan));
	put("chassis",
	    text_of("#!/bin/sh\ncd %s\nshift\necho \"$*\" >>log\ncase $1 in\n"
		    "get) shift\nfor k; do case $k in power) read -r v <power "
		    ";; *) v=0 ;; esac\necho \"$k:$v\"\ndone ;;\n"
		    "set) case $2 in power) echo \"$3\" >power ;; esac ;;\n"
		    "esac\nexit 0\n",
		test_dir()));
	CHECK(chmod(at("chassis"), 0755) == 0);
	put("power", text_of("1\n"));
	put("password", text_of("secret"));
	(void)mkdir(at("state"), 0700);
	free(cpu);
	free(fan);
}

static void
bmc_start(struct bmc *b)
{
	long long end;

	memset(b, 0, sizeof *b);
	find_tools(b);
	b->port = free_port();
	lay_out(b);
	fflush(NULL);
	b->pid = fork();
	if (b->pid == 0) {
		char *prog = text_of("%s/usr/bin/ipmi_sim", b->tools);
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		setsid();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("LD_LIBRARY_PATH", b->libs, 1);
		execl(prog, "ipmi_sim", "-n", "-c", at("lan.conf"), "-f",
		    at("sim.emu"), "-s", at("state"), (char *)NULL);
		_exit(127);
	}
	end = now_in_ms() + 20000;
	while (!is_bound(b->port)) {
		const struct timespec ms = { 0, 10000000 };

		if (now_in_ms() > end || waitpid(b->pid, NULL, WNOHANG) != 0)
			test_fail(__FILE__, __LINE__,
			    "ipmi_sim does not listen on %u", b->port);
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
	}
}

static void
bmc_stop(struct bmc *b)
{
	kill(b->pid, SIGTERM);
	(void)waitpid(b->pid, NULL, 0);
}

/* The second server refuses us; ipmi_sim knows no cipher suite but 3. */
static void
configure(const struct bmc *b)
{
	put("ipmi.cfg",
	    text_of("boards = ( { name = \"s\"; type = \"ipmi\";\n"
		    "link = \"exec:env PATH=%s/usr/bin:/usr/bin:/bin "
		    "LD_LIBRARY_PATH=%s sh\";\n"
		    "settings = { host = \"127.0.0.1\"; port = %u; cipher = 3; "
		    "user = [ \"admin\", \"nobody\" ]; password_file = "
		    "\"%s\"; }; } );\n",
		b->tools, b->libs, b->port, at("password")));
}

static void
says(struct ran *r, const char *words)
{
	if (strstr(r->out, words) == NULL && strstr(r->err, words) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\" \"%s\"",
		    words, r->out, r->err);
}

static void
is_in(const char *file, const char *want)
{
	char *got = file_read(at(file));

	if (got == NULL || strstr(got, want) == NULL)
		test_fail(__FILE__, __LINE__, "%s holds \"%s\", not \"%s\"",
		    file, got != NULL ? got : "nothing", want);
	free(got);
}

TEST(ipmi_server_is_asked_and_switched)
{
	struct bmc b;
	struct ran r = { 0 };
	char *cfg;

	bmc_start(&b);
	configure(&b);
	cfg = text_of("%s", at("ipmi.cfg"));
	(void)ran_words(&r, "-c", cfg, "status", "--json", NULL);
	says(&r,
	    "\"node\":\"s/1\",\"name\":null,\"board\":\"s\","
	    "\"type\":\"ipmi\",\"slot\":1,\"state\":\"on\"");
	says(&r, "\"temp.soc\":{\"value\":42,");
	says(&r, "\"temp.zone.CPU_Temp\":{\"value\":42,");
	says(&r, "\"fan.rpm\":{\"value\":3200,");
	says(&r, "Unable to establish IPMI v2 / RMCP+ session");
	CHECK(strstr(r.out, "secret") == NULL);
	CHECK_INT(
	    ran_words(&r, "-c", cfg, "power", "off", "s/1", "--yes", NULL), 0);
	says(&r, "Chassis Power Control: Down/Off");
	is_in("power", "0");
	(void)ran_words(&r, "-c", cfg, "status", "--json", NULL);
	says(&r, "\"slot\":1,\"state\":\"off\"");
	CHECK_INT(
	    ran_words(&r, "-c", cfg, "power", "on", "s/1", "--yes", NULL), 0);
	is_in("power", "1");
	CHECK_INT(
	    ran_words(&r, "-c", cfg, "power", "soft", "s/1", "--yes", NULL), 0);
	is_in("log", "set shutdown 1");
	CHECK_INT(ran_words(&r, "-c", cfg, "locate", "on", "s/1", NULL), 0);
	is_in("log", "set identify 0 1");
	CHECK_INT(
	    ran_words(&r, "-c", cfg, "power", "on", "s/2", "--yes", NULL), 1);
	says(&r, "Unable to establish");
	ran_release(&r);
	free(cfg);
	bmc_stop(&b);
}
