#include "script.h"
#include "turing_pi.h"

/*
 * What runs on the BMC: a 1 GHz Cortex-A7 with 128 MB, busybox and bash, curl,
 * no jq, no ethtool. The part of each poll reads files with the shell's own
 * read and starts no process at all. bmcd speaks TLS with a key of 4,096 bits,
 * so what it alone knows is asked rarely and over one connection; and it may
 * be wedged, so all has a limit of $1 seconds and the first failure ends it.
 * No tabs, short lines: this is typed at the serial console too. The answer of
 * a poll is gathered in b and leaves in one write.
 */

const char tp_once_body[] =
    "R=${RACKMUX_ROOT-}\n" SCRIPT_BOARD_ONCE
    "if [ -r \"$R/etc/os-release\" ]; then\n"
    "while read -r l; do\n"
    "case $l in VERSION=*) printf 'version %s\\n' \"${l#*=}\" ;; esac\n"
    "done <\"$R/etc/os-release\"\n"
    "fi\n"
    "x=$( { tr -d '\\000'"
    " <\"$R/sys/class/tty/ttyS3/device/of_node/device_type\"; }"
    " 2>/dev/null)\n"
    "printf 'tty3 %s\\n' \"${x:--}\"\n"
    "printf 'uid %s\\n' \"$(id -u)\"\n"
    "for c in curl tpi sudo; do\n"
    "command -v $c >/dev/null 2>&1 && printf 'have %s\\n' $c\n"
    "done\n"
    "printf 'once yes\\n'\n";

const char tp_body[] =
    "R=${RACKMUX_ROOT-}\n"
    "q='\n'\n"
    "b=\n"
    "for n in 1 2 3 4; do\n"
    "rm_get \"$R/sys/bus/platform/devices/node$n-power/state\"\n"
    "b=\"$b${q}rail $n $x\"\n"
    "done\n"
    "for i in node1 node2 node3 node4 ge0 ge1 eth0; do\n"
    "d=$R/sys/class/net/$i\n" SCRIPT_NETIF "done\n" SCRIPT_UP_LOAD_MEM
    "for d in \"$R\"/sys/class/thermal/cooling_device*; do\n"
    "[ -e \"$d/cur_state\" ] || continue\n"
    "rm_get \"$d/cur_state\"\n"
    "c=$x\n"
    "rm_get \"$d/max_state\"\n"
    "m=$x\n"
    "rm_get \"$d/type\"\n"
    "b=\"$b${q}fan $c $m $x\"\n"
    "done\n"
    "for d in \"$R\"/sys/class/hwmon/hwmon*; do\n"
    "[ -e \"$d/fan1_input\" ] || continue\n"
    "rm_get \"$d/fan1_input\"\n"
    "b=\"$b${q}rpm $x\"\n"
    "done\n"
    "if [ -e \"$R/sys/class/thermal/thermal_zone0/temp\" ]; then\n"
    "rm_get \"$R/sys/class/thermal/thermal_zone0/temp\"\n"
    "b=\"$b${q}temp $x\"\n"
    "fi\n"
    "for l in fp::status fp:reset; do\n"
    "if [ -e \"$R/sys/class/leds/$l/brightness\" ]; then\n"
    "rm_get \"$R/sys/class/leds/$l/brightness\"\n"
    "b=\"$b${q}led $l $x\"\n"
    "fi\n"
    "done\n"
    "printf '%s\\nend\\n' \"$b\"\n";

const char tp_api_body[] =
    "R=${RACKMUX_ROOT-}\n"
    "printf 'date %s\\n' \"$(date +%s)\"\n"
    "o=ubi\n"
    "for f in avail_eraseblocks total_eraseblocks bad_peb_count"
    " reserved_for_bad; do\n"
    "rm_get \"$R/sys/class/ubi/ubi0/$f\"\n"
    "o=\"$o $x\"\n"
    "done\n"
    "printf '%s\\n' \"$o\"\n"
    "m=\n"
    "if [ -r \"$R/proc/mounts\" ]; then\n"
    "while read -r d p z; do\n"
    "[ \"$p\" = /mnt/sdcard ] && m=$p\n"
    "done <\"$R/proc/mounts\"\n"
    "fi\n"
    "if [ -n \"$m\" ]; then\n"
    "df -k \"$R$m\" 2>/dev/null | while read -r d t u f z; do\n"
    "printf 'df %s %s\\n' \"$t\" \"$f\"\n"
    "done\n"
    "fi\n"
    "u='https://127.0.0.1/api/bmc?opt=get&type='\n"
    "if command -v curl >/dev/null 2>&1; then\n"
    "t=\n"
    "command -v timeout >/dev/null 2>&1 && t=\"timeout ${1:-2}\"\n"
    "$t curl -sk --fail-early --max-time \"${1:-2}\""
    " -w '\\n@@ %{http_code}\\n'"
    " \"${u}power\" \"${u}usb\" \"${u}about\" \"${u}info\""
    " \"${u}node_info\" \"${u}cooling\"\n"
    "printf 'curl %s\\n' $?\n"
    "elif command -v tpi >/dev/null 2>&1; then\n"
    "tpi --json power status 2>&1\n"
    "printf '\\n@@ 0\\n'\n"
    "tpi --json usb status 2>&1\n"
    "printf '\\n@@ 0\\n'\n"
    "tpi --json info 2>&1\n"
    "printf '\\n@@ 0\\n'\n"
    "fi\n"
    "printf 'end\\n'\n";
