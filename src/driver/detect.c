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
    "for c in tpi nodectl bladectl vcgencmd nanoctl; do\n"
    "command -v $c >/dev/null 2>&1 && printf '%s yes\\n' $c\n"
    "done\n"
    "for n in compute-blade-agent computeblade-agent; do\n"
    "for f in etc/$n etc/systemd/system/$n.service"
    " lib/systemd/system/$n.service usr/lib/systemd/system/$n.service"
    " tmp/$n.sock; do\n"
    "[ -e \"$R/$f\" ] && printf 'blade_agent yes\\n' && break 2\n"
    "done\n"
    "done\n"
    "if [ -r \"$R/etc/default/clusterctrl\" ]; then\n"
    "while IFS== read -r k v; do\n"
    "case $k in TYPE) printf 'clusterctrl %s\\n' \"$v\" ;; esac\n"
    "done <\"$R/etc/default/clusterctrl\"\n"
    "fi\n"
    "[ -e \"$R/etc/config/nodectl\" ] && printf 'nodectl_config yes\\n'\n"
    "[ -e \"$R/etc/mixtile-release\" ] && printf 'mixtile yes\\n'\n"
    "[ -e \"$R/dev/ttyCH343USB0\" ] && printf 'ch343 yes\\n'\n"
    "[ -e \"$R/sys/bus/platform/devices/node1-power\" ] &&"
    " printf 'rail yes\\n'\n"
    "for f in \"$R\"/dev/serial/by-id/usb-Raspberry_Pi_Pico_*; do\n"
    "[ -e \"$f\" ] && printf 'pico yes\\n' && break\n"
    "done\n"
    "for f in \"$R\"/sys/bus/usb/devices/*/product"
    " \"$R\"/sys/bus/usb/devices/*/manufacturer; do\n"
    "[ -e \"$f\" ] && read -r x <\"$f\" || continue\n"
    "case $x in WillWhang*|RaspberryPiCluster*)"
    " printf 'usb_hub %s\\n' \"$x\" ;; esac\n"
    "done 2>/dev/null\n"
    "for f in \"$R\"/sys/class/hwmon/hwmon*/name; do\n"
    "[ -e \"$f\" ] && read -r x <\"$f\" || continue\n"
    "case $x in ina226|emc2301) printf 'hwmon_%s yes\\n' \"$x\" ;; esac\n"
    "done 2>/dev/null\n"
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

const struct driver *
driver_detect_usb(unsigned vid, unsigned pid, const char *by_id)
{
	const struct driver *best = NULL;
	int sure = 0;

	for (size_t i = 0; i < driver_table_len; i++) {
		const struct driver *d = driver_table[i];
		int m =
		    d->match_usb != NULL ? d->match_usb(vid, pid, by_id) : 0;

		if (m > sure) {
			sure = m;
			best = d;
		}
	}
	return best;
}
