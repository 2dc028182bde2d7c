#include "rackmux/driver/drivers.h"

#include <stddef.h>

/*
 * Features, not versions: what is there decides. The script reads files and
 * asks for the existence of programs, and starts none of them but uname,
 * because a board's own tool may do more than its name says (nodectl without
 * arguments asks its controller, and not all controllers take that well).
 */
const char driver_facts_script[] =
    "R=${RACKMUX_ROOT-}\n"
    "x=$( { tr -d '\\000' <\"$R/proc/device-tree/model\"; } 2>/dev/null)\n"
    "printf 'model %s\\n' \"$x\"\n"
    "printf 'uname %s\\n' \"$(uname -srm 2>/dev/null)\"\n"
    "if [ -r \"$R/etc/os-release\" ]; then\n"
    "while read -r l; do\n"
    "case $l in PRETTY_NAME=*) printf 'os %s\\n' \"${l#*=}\" ;; esac\n"
    "done <\"$R/etc/os-release\"\n"
    "fi\n"
    "for c in tpi nodectl bladectl vcgencmd; do\n"
    "command -v $c >/dev/null 2>&1 && printf '%s yes\\n' $c\n"
    "done\n"
    "for f in etc/compute-blade-agent etc/computeblade-agent"
    " etc/systemd/system/compute-blade-agent.service"
    " lib/systemd/system/compute-blade-agent.service"
    " usr/lib/systemd/system/compute-blade-agent.service"
    " tmp/compute-blade-agent.sock tmp/computeblade-agent.sock; do\n"
    "[ -e \"$R/$f\" ] && printf 'blade_agent yes\\n' && break\n"
    "done\n"
    "[ -e \"$R/etc/config/nodectl\" ] && printf 'nodectl_config yes\\n'\n"
    "[ -e \"$R/etc/mixtile-release\" ] && printf 'mixtile yes\\n'\n"
    "[ -e \"$R/dev/ttyCH343USB0\" ] && printf 'ch343 yes\\n'\n"
    "[ -e \"$R/sys/bus/platform/devices/node1-power\" ] &&"
    " printf 'rail yes\\n'\n"
    "if [ -r \"$R/proc/cpuinfo\" ]; then\n"
    "while read -r k c v; do\n"
    "case $k in Hardware|Model) printf 'cpuinfo %s %s\\n' \"$k\" \"$v\" ;;"
    " esac\n"
    "done <\"$R/proc/cpuinfo\"\n"
    "fi\n"
    "printf 'end\\n'\n";

const struct driver *
driver_detect(const char *facts)
{
	const struct driver *best = NULL;
	int sure = 0;

	for (size_t i = 0; i < driver_table_len; i++) {
		int m = driver_table[i]->match(facts);

		if (m > sure) {
			sure = m;
			best = driver_table[i];
		}
	}
	return best;
}
