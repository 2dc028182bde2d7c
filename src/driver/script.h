/*
 * script - pieces of probes that every Linux machine answers alike, be it a
 * BMC or a node. R is the root, b gathers the answer, q is a newline.
 */
#ifndef RM_DRIVER_SCRIPT_H
#define RM_DRIVER_SCRIPT_H

#include "net.h"

/* To be defined as rm_get: x is the first line of the file $1, "-" when it
 * cannot be read. The shell's own read, which starts no process. */
extern const char script_get_body[];

/* What a controller is: the lines model, kernel and hostname. */
#define SCRIPT_BOARD_ONCE \
	"x=$( { tr -d '\\000' <\"$R/proc/device-tree/model\"; } " \
	"2>/dev/null)\n" \
	"printf 'model %s\\n' \"${x:--}\"\n" \
	"rm_get \"$R/proc/sys/kernel/osrelease\"\n" \
	"[ \"$x\" != - ] || x=$(uname -r)\n" \
	"printf 'kernel %s\\n' \"$x\"\n" \
	"rm_get \"$R/proc/sys/kernel/hostname\"\n" \
	"[ \"$x\" != - ] || x=$(uname -n)\n" \
	"printf 'hostname %s\\n' \"$x\"\n"

/* The lines up, load and mem (total and available kB). */
#define SCRIPT_UP_LOAD_MEM \
	"rm_get \"$R/proc/uptime\"\n" \
	"b=\"$b${q}up ${x%% *}\"\n" \
	"rm_get \"$R/proc/loadavg\"\n" \
	"b=\"$b${q}load ${x%% *}\"\n" \
	"t=-\n" \
	"a=-\n" \
	"if [ -r \"$R/proc/meminfo\" ]; then\n" \
	"while read -r k v z; do\n" \
	"case $k in\n" \
	"MemTotal:) t=$v ;;\n" \
	"MemAvailable:) a=$v ; break ;;\n" \
	"esac\n" \
	"done <\"$R/proc/meminfo\"\n" \
	"fi\n" \
	"b=\"$b${q}mem $t $a\"\n"

/* In a loop over folders d of /sys/class/net: the line of one that is there. */
#define SCRIPT_NETIF \
	"[ -e \"$d\" ] || continue\n" \
	"o=\"net ${d##*/}\"\n" \
	"for f in " NETIF_FILES "; do\n" \
	"rm_get \"$d/$f\"\n" \
	"o=\"$o $x\"\n" \
	"done\n" \
	"b=\"$b${q}$o\"\n"

/* A controller's lines up, load and mem, as values of the board; false when
 * the line is none of them. Cuts rest into words. */
bool	 script_board_line(struct report *, const char *key, char *rest);

#endif
