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
	enum cb_cause cause;
} known[] = {
	{ "sudo: bladectl: command not found", CB_SUDO_BLIND },
	{ "password is required", CB_SUDO_PASSWORD },
	{ "a terminal is required", CB_SUDO_PASSWORD },
	{ "is not in the sudoers file", CB_SUDO_REFUSED },
	{ "is not allowed to execute", CB_SUDO_REFUSED },
	{ "may not run sudo", CB_SUDO_REFUSED },
	{ "no new privileges", CB_SUDO_REFUSED },
	{ "sudo: not found", CB_NO_SUDO },
	{ "sudo: command not found", CB_NO_SUDO },
	{ "bladectl: not found", CB_NO_BLADECTL },
	{ "bladectl: command not found", CB_NO_BLADECTL },
	{ "produced zero addresses", CB_SOCKET_NAME },
	{ "code = Unimplemented", CB_OLD },
	{ "agent.sock: connect: no such file", CB_DOWN },
	{ "agent.sock: connect: connection refused", CB_STALE },
	{ "agent.sock: connect: permission denied", CB_DENIED },
	{ "error reading server preface", CB_SLOW },
	{ "code = DeadlineExceeded", CB_SLOW },
	{ "context deadline exceeded", CB_SLOW },
	{ "connect: connection refused", CB_ELSEWHERE },
	{ "connect: no route to host", CB_ELSEWHERE },
	{ "i/o timeout", CB_ELSEWHERE },
	{ "Config File \"config\" Not Found", CB_NO_CONFIG },
	{ "current blade not found", CB_NO_BLADE },
	{ "x509:", CB_CERTIFICATE },
	{ "failed to decode certificate", CB_CERTIFICATE },
	{ "authentication handshake failed", CB_CERTIFICATE },
	{ "remote error: tls:", CB_CERTIFICATE },
	{ "unknown command", CB_NO_COMMAND },
};

enum cb_cause
cb_cause_of(const char *out, long status)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(out, known[i].words) != NULL)
			return known[i].cause;
	/* timeout(1) of coreutils, of busybox, and its last resort. */
	if (status == 124 || status == 143 || status == 137)
		return CB_SLOW;
	return status == 0 ? CB_FINE : CB_OTHER;
}

const char *
cb_cause_text(enum cb_cause cause)
{
	static const char *const text[CB_CAUSES] = {
		[CB_NO_BLADECTL] =
		    "bladectl is not on the blade: install "
		    "compute-blade-agent, whose package brings it.",
		[CB_NO_SUDO] = "bladectl needs root, and there is no sudo: log "
			       "in as root, or install sudo.",
		[CB_SUDO_PASSWORD] =
		    "sudo asks for a password: let this user run bladectl "
		    "without one (NOPASSWD: /usr/bin/bladectl in "
		    "/etc/sudoers.d).",
		[CB_SUDO_REFUSED] =
		    "sudo does not let this user run bladectl: allow it "
		    "(NOPASSWD: /usr/bin/bladectl in /etc/sudoers.d), or log "
		    "in as root.",
		[CB_SUDO_BLIND] = "sudo does not find bladectl: put it into "
				  "/usr/bin, or its folder into secure_path.",
		[CB_SOCKET_NAME] =
		    "bladectl's default socket name is broken: in "
		    "/root/.config/bladectl/config.yaml set server: "
		    "unix:///tmp/compute-blade-agent.sock.",
		[CB_DOWN] = "The blade's agent does not run: sudo systemctl "
			    "start compute-blade-agent.",
		[CB_STALE] = "The agent ended and its old socket keeps it from "
			     "starting: remove /tmp/compute-blade-agent.sock, "
			     "restart compute-blade-agent.",
		[CB_NO_SOCKET] =
		    "The agent runs, but is not where bladectl looks: restart "
		    "it, or correct server: in "
		    "/root/.config/bladectl/config.yaml.",
		[CB_DENIED] = "Only root may use the agent's socket: let this "
			      "user run bladectl by sudo, or log in as root.",
		[CB_NO_CONFIG] =
		    "bladectl finds no configuration in root's home: restart "
		    "compute-blade-agent, which writes "
		    "/root/.config/bladectl/config.yaml.",
		[CB_NO_BLADE] =
		    "bladectl's current-blade is none of its blades: correct "
		    "/root/.config/bladectl/config.yaml.",
		[CB_OLD] = "The agent that runs is older than bladectl: update "
			   "and restart compute-blade-agent.",
		[CB_NO_COMMAND] = "This bladectl knows no command for it: "
				  "update compute-blade-agent.",
		[CB_ELSEWHERE] =
		    "Nobody listens where bladectl looks for the agent: start "
		    "it, or correct server: in "
		    "/root/.config/bladectl/config.yaml.",
		[CB_CERTIFICATE] =
		    "The agent's certificates, good for a year, do not fit: "
		    "delete them and root's bladectl/config.yaml, restart "
		    "compute-blade-agent.",
		[CB_SLOW] = "The blade's agent hangs: sudo systemctl restart "
			    "compute-blade-agent.",
	};

	return text[cause];
}
