#include "cluster_box.h"
#include "script.h"

/*
 * What runs on the control board: a 580 MHz MIPS with busybox. The part of
 * each poll reads files with the shell's own read and starts no process.
 *
 * The vendor's nodectl sets up its GPIOs before it looks at its arguments,
 * and a pin that is set up anew drives 0, which cuts the node; so no nodectl
 * is run to learn which one it is: its strings tell. (A file of settings that
 * v2 left behind outlives a change back to the vendor's firmware, so it alone
 * proves nothing when the program itself says otherwise.) tr goes before
 * grep because busybox's grep ends a line at a NUL.
 */

/* Offsets on the PCA9555: power enable, power button, reset. */
static const unsigned char offsets[MCB_SLOTS][MCB_LINES] = { { 3, 12, 8 },
	{ 2, 13, 9 }, { 0, 15, 11 }, { 1, 14, 10 } };

long
mcb_gpio(const struct mcb *cb, int slot, enum mcb_line line)
{
	return cb->base + offsets[slot - 1][line];
}

const char mcb_once_body[] =
    "R=${RACKMUX_ROOT-}\n" SCRIPT_BOARD_ONCE
    "for f in openwrt_release mixtile-release; do\n"
    "[ -r \"$R/etc/$f\" ] || continue\n"
    "while read -r l; do\n"
    "case $l in FIRMWARE_VERSION=*|DISTRIB_DESCRIPTION=*)\n"
    "printf 'release %s\\n' \"${l#*=}\" ;;\n"
    "esac\n"
    "done <\"$R/etc/$f\"\n"
    "done\n"
    "x=$(id -u)\n"
    "printf 'uid %s\\n' \"$x\"\n"
    "if [ \"$x\" != 0 ]; then\n"
    "sudo -n true >/dev/null 2>&1 && printf 'have sudo\\n'\n"
    "fi\n"
    "f=$R/bin/nodectl\n"
    "g=vendor\n"
    "u=\n"
    "if [ -r \"$f\" ]; then\n"
    "u=$(tr -c ' -~' '\\n' <\"$f\" | grep -m1 -o -e 'Usage: nodectl <command>'"
    " -e 'Usage: nodectl commands' -e active-only)\n"
    "elif [ -e \"$f\" ]; then\n"
    "g=hidden\n"
    "else\n"
    "g=none\n"
    "fi\n"
    "case $u in\n"
    "'Usage: nodectl <command>') g=v2 ;;\n"
    "'Usage: nodectl commands') ;;\n"
    "active-only) g=go ;;\n"
    "*) if [ $g = vendor ] && [ -f \"$R/etc/config/nodectl\" ]; then\n"
    "g=v2\n"
    "fi ;;\n"
    "esac\n"
    "printf 'nodectl %s\\n' $g\n"
    "cb_a=-\n"
    "if [ $g != v2 ]; then\n"
    "cb_a=496\n"
    "for d in \"$R\"/sys/class/gpio/gpiochip*; do\n"
    "rm_get \"$d/device/name\"\n"
    "l=$x\n"
    "rm_get \"$d/label\"\n"
    "case \"$l $x\" in *pca9555*|*-0024)\n"
    "rm_get \"$d/base\"\n"
    "case $x in *[!0-9]*) ;; *) cb_a=$x ;; esac\n"
    "break ;;\n"
    "esac\n"
    "done\n"
    "printf 'base %s\\n' $cb_a\n"
    "fi\n"
    "o=\n"
    "for n in 0 1 2 3; do\n"
    "[ -e \"$R/dev/ttyCH343USB$n\" ] && o=\"$o $n\"\n"
    "done\n"
    "printf 'tty%s -\\n' \"$o\"\n"
    "printf 'once yes\\n'\n";

/* Slot, the numbers of its three pins, its PCI bus. Nothing is read of a
 * device that may be without power, nor while power is being switched. */
const char mcb_node_body[] =
    "rm_get \"$g/gpio$2/direction\"\n"
    "o=$x\n"
    "v=-\n"
    "if [ \"$x\" != - ]; then\n"
    "rm_get \"$g/gpio$2/value\"\n"
    "v=$x\n"
    "fi\n"
    "rm_get \"$g/gpio$3/direction\"\n"
    "p=$x\n"
    "rm_get \"$g/gpio$4/direction\"\n"
    "b=\"$b${q}pin $1 $o $v $p $x\"\n"
    "d=$R/sys/bus/pci/devices/0000:$5:00.0\n"
    "if [ -e \"$d\" ]; then\n"
    "o=\"pci $1\"\n"
    "if [ \"$v$Q\" = 1 ]; then\n"
    "for f in current_link_speed current_link_width max_link_speed"
    " max_link_width; do\n"
    "rm_get \"$d/$f\"\n"
    "o=\"$o ${x%% *}\"\n"
    "done\n"
    "fi\n"
    "b=\"$b$q$o\"\n"
    "fi\n";

/* The first pin, or "-" where nodectl is asked instead; then "q": power is
 * being switched. */
const char mcb_body[] = "R=${RACKMUX_ROOT-}\n"
			"q='\n'\n"
			"b=\n"
			"Q=${2-}\n"
			"if [ \"$1\" != - ]; then\n"
			"g=$R/sys/class/gpio\n"
			"rm_cb_node 1 $(($1+3)) $(($1+12)) $(($1+8)) 06\n"
			"rm_cb_node 2 $(($1+2)) $(($1+13)) $(($1+9)) 05\n"
			"rm_cb_node 3 $1 $(($1+15)) $(($1+11)) 03\n"
			"rm_cb_node 4 $(($1+1)) $(($1+14)) $(($1+10)) 04\n"
			"rm_get \"$g/ext_en_power/value\"\n"
			"b=\"$b${q}rail $x\"\n"
			"fi\n" SCRIPT_UP_LOAD_MEM "for c in 0 1; do\n"
			"d=$R/sys/class/pwm/pwmchip$c/pwm0\n"
			"[ -e \"$d\" ] || continue\n"
			"o=\"pwm $c\"\n"
			"for f in duty_cycle period enable capture; do\n"
			"rm_get \"$d/$f\"\n"
			"o=\"$o ${x##* }\"\n"
			"done\n"
			"b=\"$b$q$o\"\n"
			"done\n"
			"for i in eth0 br-lan pci0 eth0.1 eth0.2 wan; do\n"
			"d=$R/sys/class/net/$i\n" SCRIPT_NETIF "done\n"
			"d=$R/sys/class/leds/blue:system\n"
			"if [ -e \"$d/trigger\" ]; then\n"
			"rm_get \"$d/trigger\"\n"
			"x=${x#*\\[}\n"
			"o=${x%%\\]*}\n"
			"rm_get \"$d/brightness\"\n"
			"b=\"$b${q}led ${o%% *} $x\"\n"
			"fi\n"
			"if [ -r \"$R/tmp/dhcp.leases\" ]; then\n"
			"n=0\n"
			"while [ $n -lt 16 ] && { read -r e m i h c"
			" || [ -n \"$e\" ]; }; do\n"
			"n=$((n+1))\n"
			"b=\"$b${q}lease $i $m $h\"\n"
			"done <\"$R/tmp/dhcp.leases\"\n"
			"fi\n"
			"printf '%s\\nend\\n' \"$b\"\n";
