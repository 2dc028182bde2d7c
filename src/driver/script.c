#include "script.h"

#include <string.h>

#include "rackmux/base/text.h"

const char script_get_body[] = "x=\n"
			       "{ read -r x <\"$1\"; } 2>/dev/null\n"
			       "[ -n \"$x\" ] || x=-\n";

static void
board_mem(struct report *rp, char *rest)
{
	char *total = str_word(&rest), *avail = str_word(&rest);
	static const char why[] = "/proc/meminfo cannot be read.";
	double t, a;

	if (avail == NULL)
		return;
	if (str_double(total, &t) && t > 0 && str_double(avail, &a)) {
		report_number(rp, 0, NAME_BOARD_MEM_TOTAL, NULL, t / 1024);
		report_number(
		    rp, 0, NAME_BOARD_MEM_USED, NULL, 100 * (t - a) / t);
		return;
	}
	report_unknown(rp, 0, NAME_BOARD_MEM_TOTAL, NULL, why);
	report_unknown(rp, 0, NAME_BOARD_MEM_USED, NULL, why);
}

bool
script_board_line(struct report *rp, const char *key, char *rest)
{
	if (strcmp(key, "up") == 0)
		report_field(rp, 0, NAME_BOARD_UPTIME, NULL, rest, 1,
		    "/proc/uptime cannot be read.");
	else if (strcmp(key, "load") == 0)
		report_field(rp, 0, NAME_BOARD_LOAD, NULL, rest, 1,
		    "/proc/loadavg cannot be read.");
	else if (strcmp(key, "mem") == 0)
		board_mem(rp, rest);
	else
		return false;
	return true;
}
