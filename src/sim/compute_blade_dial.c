/*
 * How bladectl reaches the agent, and the many ways in which it does not: the
 * configuration is root's, the name of the socket in it may be none, the
 * socket may be missing, forbidden, or without anybody behind it.
 */
#include "compute_blade_ctl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rackmux/base/text.h"

#define CALL_MS 8
#define PREFACE_MS 20000 /* what no --timeout shortens */

void
ctl_time(struct proc *p, char *out, size_t size)
{
	time_t t = (time_t)(loop_wall(proc_machine(p)->loop) / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	(void)strftime(out, size, "%Y/%m/%d %H:%M:%S", &tm);
}

int
ctl_fail(struct ctl *c, const char *why)
{
	char what[64], when[32];

	if (c->no_usage) {
		proc_err(c->p, "%s\n", why);
		return 1;
	}
	str_format(what, sizeof(what), "%s%s%s",
	    c->n_words > 0 ? c->words[0] : "", c->n_words > 1 ? " " : "",
	    c->n_words > 1 ? c->words[1] : "");
	ctl_time(c->p, when, sizeof(when));
	proc_err(c->p,
	    "Error: %s\nUsage:\n  bladectl %s [flags]\n\nFlags:\n"
	    "  -h, --help   help for %s\n\nGlobal Flags:\n"
	    "      --timeout duration   timeout for gRPC requests "
	    "(default 1m0s)\n\n%s %s\n",
	    why, what, what, when, why);
	return 1;
}

static int
unavailable(struct ctl *c, const char *socket, const char *errno_text)
{
	char why[256];

	str_format(why, sizeof(why),
	    "rpc error: code = Unavailable desc = connection error: desc = "
	    "\"transport: Error while dialing: dial unix %s: connect: %s\"",
	    socket, errno_text);
	return ctl_fail(c, why);
}

/* The agent was reached, and hangs. */
static int
hung(struct ctl *c, const char *socket)
{
	bool old = c->blade->ctl->ctl != CTL_STATUS;
	double s = c->timeout != NULL ? strtod(c->timeout, NULL) : 60;
	char why[256];

	if (old) {
		if (proc_sleep(c->p, proc_ms(s)) != 0)
			return 1;
		return ctl_fail(c,
		    "rpc error: code = DeadlineExceeded desc = context "
		    "deadline exceeded");
	}
	if (proc_sleep(c->p, PREFACE_MS) != 0)
		return 1;
	str_format(why, sizeof(why),
	    "rpc error: code = Unavailable desc = connection error: desc = "
	    "\"error reading server preface: read unix @->%s: use of closed "
	    "network connection\"",
	    socket);
	return ctl_fail(c, why);
}

static int
dial(struct ctl *c, const char *socket)
{
	struct blade *blade = c->blade;

	if (vfs_stat(proc_machine(c->p)->vfs, socket, true) == VFS_NONE)
		return unavailable(c, socket, "no such file or directory");
	if (!proc_is_root(c->p))
		return unavailable(c, socket, "permission denied");
	if (blade->state != AGENT_UP ||
	    strcmp(socket, blade->agent->socket) != 0)
		return unavailable(c, socket, "connection refused");
	if (agent_hung(blade))
		return hung(c, socket);
	return proc_sleep(c->p, CALL_MS) == 0 ? 0 : 1;
}

/* The word after key in the configuration. */
static bool
config_word(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);

	if (at == NULL)
		return false;
	at += strlen(key);
	at += strspn(at, " ");
	str_format(out, size, "%.*s", (int)strcspn(at, " \n"), at);
	return true;
}

static int
dial_configured(struct ctl *c, const char *text)
{
	char name[64] = "", server[160] = "";

	(void)config_word(text, "name:", name, sizeof(name));
	(void)config_word(text, "server:", server, sizeof(server));
	if (c->name != NULL && strcmp(c->name, name) != 0)
		return ctl_fail(c,
		    "current blade not found in configuration\n\nTo fix "
		    "this, you can try:\n  - check the blade's name\n  - set "
		    "current-blade in the configuration");
	if (str_starts(server, "unix://"))
		return dial(c, server + 7);
	return ctl_fail(c,
	    "rpc error: code = Unavailable desc = name resolver error: "
	    "produced zero addresses");
}

/* 0: the agent answers; else the exit status, the reason having been said. */
int
ctl_reach(struct ctl *c)
{
	const char *home = proc_env(c->p, "HOME");
	char dir[120], path[160], why[200];
	struct buf text;
	int rc;

	if (c->blade->ctl->ctl == CTL_FIRST)
		return dial(c, c->blade->ctl->socket);
	str_format(
	    dir, sizeof(dir), "%s/.config/bladectl", home != NULL ? home : "");
	str_format(path, sizeof(path), "%s/config.yaml", dir);
	str_format(why, sizeof(why),
	    "Config File \"config\" Not Found in \"[%s]\"", dir);
	buf_init(&text, 0);
	if (!proc_is_root(c->p) && str_starts(path, "/root/"))
		rc = ctl_fail(c, why);
	else if (vfs_read(proc_machine(c->p)->vfs, path, &text) != 0)
		rc = ctl_fail(c, why);
	else
		rc = dial_configured(c, buf_str(&text));
	buf_release(&text);
	return rc;
}
