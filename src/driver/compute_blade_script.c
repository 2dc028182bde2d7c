#include "compute_blade.h"

/*
 * What runs on a blade beside the in-band probe. The metrics come from the
 * blade's own port, so that nothing of it need be open to the network; a
 * metric's line is kept when it can matter here, which leaves a tenth. $1 is
 * the time limit in seconds: a wedged agent takes the connection and says
 * nothing. A proxy that the environment names is not for it.
 *
 * sudo cannot be ended by the user who started it, so the limit stands behind
 * it; but where sudoers allows bladectl and nothing else, that is tried too.
 * $2 is root, sudo or none; $3 is ask, or wait while the agent is known to be
 * hung.
 */

const char blade_agent_body[] =
    "R=${RACKMUX_ROOT-}\n"
    "u=http://127.0.0.1:9666/metrics\n"
    "t=\n"
    "command -v timeout >/dev/null 2>&1 && t=\"timeout $1\"\n"
    "{\n"
    "if command -v curl >/dev/null 2>&1; then\n"
    "http_proxy= all_proxy= ALL_PROXY= curl -s --max-time \"$1\" $u\n"
    "printf 'asked curl %s\\n' $?\n"
    "elif command -v wget >/dev/null 2>&1; then\n"
    "w='wget -q -O -'\n"
    "[ -n \"$t\" ] || w=\"$w -T $1 -t 1\"\n"
    "http_proxy= $t $w $u\n"
    "printf 'asked wget %s\\n' $?\n"
    "elif command -v bash >/dev/null 2>&1; then\n"
    "$t bash -c '{ exec 3<>/dev/tcp/127.0.0.1/9666; } 2>/dev/null || exit 7\n"
    "printf \"GET /metrics HTTP/1.0\\r\\n\\r\\n\" >&3\n"
    "cat <&3'\n"
    "printf 'asked bash %s\\n' $?\n"
    "else\n"
    "printf 'asked none 0\\n'\n"
    "fi\n"
    "for s in compute-blade-agent computeblade-agent; do\n"
    "[ -e \"$R/tmp/$s.sock\" ] && printf 'asked sock yes\\n'\n"
    "done\n"
    "printf 'end\\n'\n"
    "} 2>/dev/null </dev/null | grep -m 60 -e '^computeblade_[^al]'"
    " -e '^computeblade_air' -e '^asked ' -e '^end$'\n";

const char blade_ctl_body[] =
    "R=${RACKMUX_ROOT-}\n"
    "q='\n'\n"
    "for n in compute-blade-agent computeblade-agent; do\n"
    "for f in etc/$n etc/systemd/system/$n.service"
    " lib/systemd/system/$n.service usr/lib/systemd/system/$n.service"
    " tmp/$n.sock; do\n"
    "[ -e \"$R/$f\" ] && printf 'installed %s\\n' $n && break\n"
    "done\n"
    "done\n"
    "if command -v bladectl >/dev/null 2>&1; then\n"
    "t=\n"
    "command -v timeout >/dev/null 2>&1 && t=\"timeout $1\"\n"
    "k=timed\n"
    "[ -n \"$t\" ] || k=bare\n"
    "p=\"$t bladectl\"\n"
    "m=plain\n"
    "s=1\n"
    "case $2 in\n"
    "root)\n"
    "HOME=/root\n"
    "export HOME\n"
    "m=$k ;;\n"
    "sudo)\n"
    "x=$(sudo -n -H $t bladectl --help 2>&1)\n"
    "s=$?\n"
    "[ $s = 0 ] && m=$k && p=\"sudo -n -H $t bladectl\"\n"
    "if [ $s != 0 ] && [ -n \"$t\" ]; then\n"
    "x=$(sudo -n -H bladectl --help 2>&1)\n"
    "s=$?\n"
    "[ $s = 0 ] && m=bare && p='sudo -n -H bladectl'\n"
    "fi\n"
    "[ $s = 0 ] || printf '@ sudo %s\\n%s\\n' $s \"$x\" ;;\n"
    "esac\n"
    "[ $s = 0 ] || x=$(bladectl --help 2>&1)\n"
    "printf '@ help 0\\nmode %s\\n%s\\n' $m \"$x\"\n"
    "s=0\n"
    "case $3$m$q$x in\n"
    "askplain*) ;;\n"
    "ask*\"$q  describe \"*)\n"
    "x=$($p get identify 2>&1)\n"
    "s=$?\n"
    "printf '@ get %s\\n%s\\n' $s \"$x\" ;;\n"
    "esac\n"
    "case $s$3$m in\n"
    "124* | 143* | 137* | *waitbare) ;;\n"
    "*)\n"
    "x=$($p version 2>&1)\n"
    "printf '@ version %s\\n%s\\n' $? \"$x\" ;;\n"
    "esac\n"
    "fi\n"
    "printf '@ end 0\\nend\\n'\n";
