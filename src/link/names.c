/* Words for states and reasons: one table each, also used in --json. */
#include "rackmux/link/link.h"

#include "rackmux/base/mem.h"

const char *
link_state_name(enum link_state state)
{
	static const char *const names[] = {
		[LINK_DOWN] = "down",
		[LINK_RESOLVING] = "resolving",
		[LINK_CONNECTING] = "connecting",
		[LINK_HOSTKEY] = "host key?",
		[LINK_AUTH] = "authenticating",
		[LINK_UP] = "up",
		[LINK_LOST] = "lost",
	};

	return (size_t)state < ARRAY_LEN(names) ? names[state] : "?";
}

const char *
link_why_name(enum link_why why)
{
	static const char *const names[] = {
		[LINK_WHY_NONE] = "none",
		[LINK_WHY_NAME] = "name",
		[LINK_WHY_REFUSED] = "refused",
		[LINK_WHY_RESET] = "reset",
		[LINK_WHY_TIMEOUT] = "timeout",
		[LINK_WHY_UNREACHABLE] = "unreachable",
		[LINK_WHY_BANNER] = "banner",
		[LINK_WHY_PROTOCOL] = "protocol",
		[LINK_WHY_HOSTKEY] = "hostkey",
		[LINK_WHY_AUTH] = "auth",
		[LINK_WHY_ASKING] = "asking",
		[LINK_WHY_SILENT] = "silent",
		[LINK_WHY_BUSY] = "busy",
		[LINK_WHY_GONE] = "gone",
		[LINK_WHY_SHELL] = "shell",
		[LINK_WHY_LOCAL] = "local",
	};

	return (size_t)why < ARRAY_LEN(names) ? names[why] : "?";
}
