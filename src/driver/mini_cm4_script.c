#include "mini_cm4.h"
#include "script.h"

/*
 * What runs on the host Pi. Each poll reads files with the shell's own read
 * and starts no process. The sensors on i2c-1 are read through the kernel's
 * drivers where it has them; what it has none for is read from the bare bus
 * by i2cget, one process a register, and so rarely: rm_mc i.
 */

const char mc_once_body[] =
    "R=${RACKMUX_ROOT-}\n" SCRIPT_BOARD_ONCE
    "rm_get \"$R/proc/sys/kernel/random/boot_id\"\n"
    "printf 'boot %s\\n' \"$x\"\n"
    "command -v i2cget >/dev/null 2>&1 && printf 'have i2cget\\n'\n"
    "printf 'once yes\\n'\n";

/* hi, hf and ht say what the kernel already has a driver for. */
const char mc_i2c_body[] =
    "command -v i2cget >/dev/null 2>&1 || return 0\n"
    "l=\n"
    "[ -n \"$hi\" ] || l='shunt:0x40:0x01:w bus:0x40:0x02:w'\n"
    "[ -n \"$hf\" ] ||"
    " l=\"$l duty:0x2f:0x30:b tach0:0x2f:0x3e:b tach1:0x2f:0x3f:b\"\n"
    "for i in 1:0x49 2:0x48 3:0x4b 4:0x4a; do\n"
    "case $ht in *${i%:*}*) ;; *) l=\"$l t$i:0x00:w\" ;; esac\n"
    "done\n"
    "for i in $l; do\n"
    "k=${i%%:*}\n"
    "i=${i#*:}\n"
    "a=${i%%:*}\n"
    "i=${i#*:}\n"
    "x=$(i2cget -y 1 \"$a\" \"${i%:*}\" \"${i#*:}\" 2>/dev/null)\n"
    "b=\"$b${q}i2c $k ${x:--}\"\n"
    "done\n";

const char mc_body[] =
    "R=${RACKMUX_ROOT-}\n"
    "q='\n'\n"
    "b=\n" SCRIPT_UP_LOAD_MEM
    "rm_get \"$R/sys/class/thermal/thermal_zone0/temp\"\n"
    "b=\"$b${q}temp $x\"\n"
    "for f in \"$R\"/dev/serial/by-id/usb-Raspberry_Pi_Pico_*-if00; do\n"
    "[ -e \"$f\" ] && b=\"$b${q}pico ${f#\"$R\"}\"\n"
    "done\n"
    "for d in \"$R\"/sys/bus/usb/devices/*; do\n"
    "[ -e \"$d/idVendor\" ] || continue\n"
    "rm_get \"$d/idVendor\"\n"
    "[ \"$x\" = 2e8a ] || continue\n"
    "rm_get \"$d/idProduct\"\n"
    "[ \"$x\" = 000a ] || continue\n"
    "rm_get \"$d/devnum\"\n"
    "b=\"$b${q}usb ${d##*/}:$x\"\n"
    "done\n"
    "hi=\n"
    "hf=\n"
    "ht=\n"
    "for d in \"$R\"/sys/class/hwmon/hwmon*; do\n"
    "[ -e \"$d/name\" ] || continue\n"
    "rm_get \"$d/name\"\n"
    "case $x in\n"
    "ina226|ina2xx)\n"
    "hi=y\n"
    "rm_get \"$d/shunt_resistor\"\n"
    "o=$x\n"
    "rm_get \"$d/in1_input\"\n"
    "o=\"$o $x\"\n"
    "rm_get \"$d/curr1_input\"\n"
    "b=\"$b${q}ina $o $x\" ;;\n"
    "emc230?)\n"
    "hf=y\n"
    "rm_get \"$d/fan1_input\"\n"
    "o=$x\n"
    "rm_get \"$d/pwm1\"\n"
    "b=\"$b${q}fan $o $x\" ;;\n"
    "esac\n"
    "done\n"
    "for i in 1:49 2:48 3:4b 4:4a; do\n"
    "n=${i%:*}\n"
    "for f in \"$R/sys/bus/i2c/devices/1-00${i#*:}\""
    "/hwmon/hwmon*/temp1_input; do\n"
    "[ -e \"$f\" ] || continue\n"
    "ht=$ht$n\n"
    "rm_get \"$f\"\n"
    "b=\"$b${q}tmp $n $x\"\n"
    "done\n"
    "for f in \"$R/sys/bus/i2c/devices/1-00${i#*:}\""
    "/iio:device*/in_temp_raw; do\n"
    "[ -e \"$f\" ] || continue\n"
    "ht=$ht$n\n"
    "rm_get \"$f\"\n"
    "b=\"$b${q}tmpraw $n $x\"\n"
    "done\n"
    "done\n"
    "case ${1-} in i) rm_mc_i2c ;; esac\n"
    "printf '%s\\nend\\n' \"$b\"\n";
