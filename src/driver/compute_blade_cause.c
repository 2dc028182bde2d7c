#include "compute_blade.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What bladectl and sudo say when they fail, and what helps. bladectl exits
 * with 1 whatever the matter is, and prints its usage after the reason; the
 * words before it are all that tells one from another. The first that matches
 * counts: sudo's come first, since then bladectl was not reached.
 */

static const struct {
	const char *words;
	enum blade_cause cause;
} known[] = {
	{ "sudo: bladectl: command not found", BLADE_SUDO_BLIND },
	{ "password is required", BLADE_SUDO_PASSWORD },
	{ "a terminal is required", BLADE_SUDO_PASSWORD },
	{ "is not in the sudoers file", BLADE_SUDO_REFUSED },
	{ "is not allowed to execute", BLADE_SUDO_REFUSED },
	{ "may not run sudo", BLADE_SUDO_REFUSED },
	{ "no new privileges", BLADE_SUDO_REFUSED },
	{ "sudo: not found", BLADE_NO_SUDO },
	{ "sudo: command not found", BLADE_NO_SUDO },
	{ "bladectl: not found", BLADE_NO_BLADECTL },
	{ "bladectl: command not found", BLADE_NO_BLADECTL },
	{ "produced zero addresses", BLADE_SOCKET_NAME },
	{ "code = Unimplemented", BLADE_OLD },
	{ "agent.sock: connect: no such file", BLADE_DOWN },
	{ "agent.sock: connect: connection refused", BLADE_STALE },
	{ "agent.sock: connect: permission denied", BLADE_DENIED },
	{ "error reading server preface", BLADE_SLOW },
	{ "code = DeadlineExceeded", BLADE_SLOW },
	{ "context deadline exceeded", BLADE_SLOW },
	{ "connect: connection refused", BLADE_ELSEWHERE },
	{ "connect: no route to host", BLADE_ELSEWHERE },
	{ "i/o timeout", BLADE_ELSEWHERE },
	{ "Config File \"config\" Not Found", BLADE_NO_CONFIG },
	{ "current blade not found", BLADE_NO_BLADE },
	{ "x509:", BLADE_CERTIFICATE },
	{ "failed to decode certificate", BLADE_CERTIFICATE },
	{ "authentication handshake failed", BLADE_CERTIFICATE },
	{ "remote error: tls:", BLADE_CERTIFICATE },
	{ "unknown command", BLADE_NO_COMMAND },
};

enum blade_cause
blade_cause_of(const char *out, long status)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(out, known[i].words) != NULL)
			return known[i].cause;
	/* timeout(1) of coreutils, of busybox, and its last resort. */
	if (status == 124 || status == 143 || status == 137)
		return BLADE_SLOW;
	return status == 0 ? BLADE_FINE : BLADE_OTHER;
}

static const char *const text[BLADE_CAUSES] = {
	[BLADE_NO_BLADECTL] = "bladectl is not on the blade: install "
			      "compute-blade-agent, whose package brings it.",
	[BLADE_NO_SUDO] = "bladectl needs root, and there is no sudo: log "
			  "in as root, or install sudo.",
	[BLADE_SUDO_PASSWORD] =
	    "sudo asks for a password: let this user run bladectl "
	    "without one (NOPASSWD: /usr/bin/bladectl in "
	    "/etc/sudoers.d).",
	[BLADE_SUDO_REFUSED] =
	    "sudo does not let this user run bladectl: allow it "
	    "(NOPASSWD: /usr/bin/bladectl in /etc/sudoers.d), or log "
	    "in as root.",
	[BLADE_SUDO_BLIND] = "sudo does not find bladectl: put it into "
			     "/usr/bin, or its folder into secure_path.",
	[BLADE_SOCKET_NAME] = "bladectl's default socket name is broken: in "
			      "/root/.config/bladectl/config.yaml set server: "
			      "unix:///tmp/compute-blade-agent.sock.",
	[BLADE_DOWN] = "The blade's agent does not run: sudo systemctl "
		       "start compute-blade-agent.",
	[BLADE_STALE] = "The agent ended and its old socket keeps it from "
			"starting: remove /tmp/compute-blade-agent.sock, "
			"restart compute-blade-agent.",
	[BLADE_NO_SOCKET] =
	    "The agent runs, but is not where bladectl looks: restart "
	    "it, or correct server: in "
	    "/root/.config/bladectl/config.yaml.",
	[BLADE_DENIED] = "Only root may use the agent's socket: let this "
			 "user run bladectl by sudo, or log in as root.",
	[BLADE_NO_CONFIG] =
	    "bladectl finds no configuration in root's home: restart "
	    "compute-blade-agent, which writes "
	    "/root/.config/bladectl/config.yaml.",
	[BLADE_NO_BLADE] =
	    "bladectl's current-blade is none of its blades: correct "
	    "/root/.config/bladectl/config.yaml.",
	[BLADE_OLD] = "The agent that runs is older than bladectl: update "
		      "and restart compute-blade-agent.",
	[BLADE_NO_COMMAND] = "This bladectl knows no command for it: "
			     "update compute-blade-agent.",
	[BLADE_ELSEWHERE] =
	    "Nobody listens where bladectl looks for the agent: start "
	    "it, or correct server: in "
	    "/root/.config/bladectl/config.yaml.",
	[BLADE_CERTIFICATE] =
	    "The agent's certificates, good for a year, do not fit: "
	    "delete them and root's bladectl/config.yaml, restart "
	    "compute-blade-agent.",
	[BLADE_SLOW] = "The blade's agent hangs: sudo systemctl restart "
		       "compute-blade-agent.",
};

/* Those for an agent of before 0.6.6, which had another name. */
static const char *
old_text(enum blade_cause cause)
{
	switch (cause) {
	case BLADE_DOWN:
		return "The blade's agent does not run: sudo systemctl start "
		       "computeblade-agent.";
	case BLADE_STALE:
		return "The agent ended and its old socket keeps it from "
		       "starting: remove /tmp/computeblade-agent.sock, "
		       "restart computeblade-agent.";
	case BLADE_SLOW:
		return "The blade's agent hangs: sudo systemctl restart "
		       "computeblade-agent.";
	default:
		return NULL;
	}
}

const char *
blade_cause_text(const struct blade *blade, enum blade_cause cause)
{
	if (blade->installed_old && !blade->installed &&
	    old_text(cause) != NULL)
		return old_text(cause);
	return text[cause];
}
