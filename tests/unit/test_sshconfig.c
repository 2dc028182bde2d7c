#include "test.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/loop.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/sshconfig.h"

static struct loop *loop;
static struct sshconfigs *all;

struct got {
	bool done;
	struct sshconfig c;
	char why[400];
};

static void
on_config(void *arg, const struct sshconfig *c, const char *why)
{
	struct got *g = arg;

	CHECK(!g->done);
	g->done = true;
	if (c != NULL)
		sshconfig_copy(&g->c, c);
	snprintf(g->why, sizeof g->why, "%s", why ? why : "");
}

static void
setup(void)
{
	setenv("HOME", test_dir(), 1);
	unsetenv("SSH_AUTH_SOCK");
	loop = loop_new();
	all = sshconfigs_new(loop);
}

static void
setdown(void)
{
	sshconfigs_free(all);
	loop_free(loop);
}

static void
ask(struct got *g, const char *host, const char *user, unsigned port,
    const char *file)
{
	struct sshconfig_query q = {
		.host = host, .user = user, .port = port, .file = file
	};
	uint64_t end = loop_now(loop) + 10000;

	memset(g, 0, sizeof *g);
	CHECK(sshconfig_get(all, &q, on_config, g) != NULL);
	CHECK(!g->done);
	while (!g->done && loop_now(loop) < end)
		loop_turn(loop, 50);
	CHECK(g->done);
}

static const char *
config_file(const char *text)
{
	static char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/config", test_dir());
	f = fopen(path, "w");
	CHECK(f != NULL);
	fputs(text, f);
	fclose(f);
	return path;
}

TEST(none_is_plain_defaults)
{
	struct got g;
	char path[300];

	setup();
	ask(&g, "pi", NULL, 0, "none");
	CHECK_STR(g.c.hostname, "pi");
	CHECK_INT(g.c.port, 22);
	CHECK_STR(g.c.user, getpwuid(getuid())->pw_name);
	snprintf(path, sizeof path, "%s/.ssh/id_ed25519", test_dir());
	CHECK_STR(g.c.identity[0], path);
	snprintf(path, sizeof path, "%s/.ssh/known_hosts", test_dir());
	CHECK_STR(g.c.user_hosts[0], path);
	CHECK(g.c.jump == NULL && g.c.proxy == NULL && g.c.agent == NULL);
	CHECK_INT(g.c.strict, STRICT_ASK);
	sshconfig_release(&g.c);
	setdown();
}

TEST(asks_ssh)
{
	struct got g;
	const char *file = config_file("Host board\n"
				       " HostName 10.0.0.7\n Port 2200\n"
				       " User pi\n IdentityFile ~/one\n"
				       " IdentityFile /two/%%/%h\n"
				       " IdentitiesOnly yes\n"
				       " IdentityAgent none\n"
				       " UserKnownHostsFile /k/a /k/b\n"
				       " GlobalKnownHostsFile none\n"
				       " HostKeyAlias rack\n"
				       " ProxyJump joe@gate:2022,inner\n"
				       " StrictHostKeyChecking accept-new\n"
				       " ConnectTimeout 7\n"
				       " AddressFamily inet\n"
				       " HashKnownHosts yes\n"
				       " PreferredAuthentications password\n");
	char path[300];

	setup();
	ask(&g, "board", NULL, 0, file);
	CHECK_STR(g.why, "");
	CHECK_STR(g.c.hostname, "10.0.0.7");
	CHECK_INT(g.c.port, 2200);
	CHECK_STR(g.c.user, "pi");
	CHECK_INT(g.c.n_identity, 2);
	snprintf(path, sizeof path, "%s/one", test_dir());
	CHECK_STR(g.c.identity[0], path);
	CHECK_STR(g.c.identity[1], "/two/%/10.0.0.7");
	CHECK(g.c.identities_only);
	CHECK(g.c.agent == NULL);
	CHECK_INT(g.c.n_user_hosts, 2);
	CHECK_STR(g.c.user_hosts[1], "/k/b");
	CHECK_INT(g.c.n_global_hosts, 0);
	CHECK_STR(g.c.alias, "rack");
	CHECK_STR(g.c.jump, "joe@gate:2022,inner");
	CHECK_INT(g.c.strict, STRICT_NEW);
	CHECK_INT(g.c.connect_ms, 7000);
	CHECK_INT(g.c.family, AF_INET);
	CHECK(g.c.hash);
	CHECK_STR(g.c.preferred, "password");
	sshconfig_release(&g.c);
	/* What the URL says wins. */
	ask(&g, "board", "root", 22, file);
	CHECK_STR(g.c.user, "root");
	CHECK_INT(g.c.port, 22);
	sshconfig_release(&g.c);
	setdown();
}

TEST(proxy_command_and_tokens)
{
	struct got g;
	char *cmd;

	setup();
	ask(&g, "b", "pi", 2200,
	    config_file("Host b\n HostName ten\n ProxyCommand nc %h %p %r %n "
			"%% %x\n"));
	CHECK(g.c.proxy != NULL);
	cmd = sshconfig_expand(&g.c, "nc %h %p %r %n %% %x", "b");
	CHECK_STR(cmd, "nc ten 2200 pi b % %x");
	free(cmd);
	sshconfig_release(&g.c);
	setdown();
}

TEST(jump_none_is_honoured)
{
	struct got g;

	setup();
	ask(&g, "b", NULL, 0,
	    config_file("Host b\n ProxyJump none\nHost *\n ProxyJump gate\n"));
	CHECK(g.c.jump == NULL);
	CHECK(g.c.proxy == NULL);
	sshconfig_release(&g.c);
	setdown();
}

TEST(a_bad_file_is_said)
{
	struct got g;

	setup();
	ask(&g, "b", NULL, 0, config_file("Bananas yes\n"));
	CHECK(g.c.hostname == NULL);
	CHECK(strstr(g.why, "anana") != NULL);
	setdown();
}

TEST(a_host_like_an_option_is_none)
{
	struct got g;

	setup();
	ask(&g, "-oProxyCommand=touch x", NULL, 0, config_file(""));
	CHECK(g.c.proxy == NULL);
	sshconfig_release(&g.c);
	setdown();
}

TEST(kept_until_the_file_changes)
{
	struct got g;
	char path[300];

	setup();
	ask(&g, "b", NULL, 0, config_file("Host b\n User one\n"));
	CHECK_STR(g.c.user, "one");
	sshconfig_release(&g.c);
	/* No ssh can be found any more: only memory answers. */
	snprintf(path, sizeof path, "%s", getenv("PATH"));
	setenv("PATH", test_dir(), 1);
	snprintf(path, sizeof path, "%s/config", test_dir());
	ask(&g, "b", NULL, 0, path);
	CHECK_STR(g.c.user, "one");
	sshconfig_release(&g.c);
	setdown();
}

TEST(without_ssh_defaults_hold)
{
	struct got g;

	setup();
	setenv("PATH", test_dir(), 1);
	ask(&g, "b", "pi", 0, NULL);
	CHECK_STR(g.why, "");
	CHECK_STR(g.c.hostname, "b");
	CHECK_STR(g.c.user, "pi");
	CHECK_INT(g.c.port, 22);
	sshconfig_release(&g.c);
	setdown();
}

TEST(cancelled_questions_are_silent)
{
	struct sshconfig_query q = { .host = "b" };
	struct got g = { .done = false };

	setup();
	sshconfig_cancel(sshconfig_get(all, &q, on_config, &g));
	sshconfig_get(all, &q, on_config, &g);
	loop_turn(loop, 20);
	/* The rest goes with all of them. */
	setdown();
	CHECK(!g.done);
}

TEST(parse_keeps_what_is_not_said)
{
	struct sshconfig_query q = { .host = "h", .user = "u", .port = 5 };
	struct sshconfig c;
	char text[] = "port 99999\nport x\nunknown thing\nnothing\n"
		      "connecttimeout none\nidentityagent $NOT_THERE_AT_ALL\n";

	sshconfig_defaults(&c, &q);
	sshconfig_parse(&c, text);
	CHECK_INT(c.port, 5);
	CHECK_STR(c.user, "u");
	CHECK_INT(c.connect_ms, 0);
	CHECK(c.agent == NULL);
	CHECK(c.n_identity == 3);
	sshconfig_release(&c);
}
