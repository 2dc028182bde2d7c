#!/bin/sh
# run.sh - every figure of docs/benchmarks.md, on this machine, now.
#
# Called by "make bench", which sets RM_BUILD and RM_DAEMONS. Peers and rackmux
# take turns on the same servers in one run; each figure is the median of
# ROUNDS rounds (default 3). Talks to loopback only and ends what it starts.
set -eu
build=${RM_BUILD:?use make bench} daemons=${RM_DAEMONS:?use make bench}
here=$(cd "$(dirname "$0")" && pwd)
rounds=${ROUNDS:-3}
sizes=${SIZES:-64 256}
out=$(mktemp -d "${TMPDIR:-/tmp}/rmbench-XXXXXX")
fleet=$out/fleet
export RM_DAEMONS="$daemons"
cleanup() {
	"$here/fleet.sh" stop "$fleet" 2>/dev/null || :
	[ -z "${agent-}" ] || { kill -CONT "$agent"; kill "$agent"; } || :
	rm -rf "$out"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
chmod 755 "$out"

for p in measure ptyrun; do
	${CC:-cc} -O2 -o "$out/$p" "$here/$p.c" -lutil
done
rackmux=$build/rackmux
pin0= pin1=
if command -v taskset >/dev/null && [ "$(nproc)" -gt 1 ]; then
	pin0='taskset -c 0' pin1='taskset -c 1'
fi

median() {
	sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}
spread() {
	sort -n | awk 'NR == 1 { lo = $1 } { hi = $1 } END {
		printf "%.0f-%.0f", lo, hi }'
}
json() { # FILE KEY
	sed -E "s/.*\"$2\":([0-9.]+).*/\1/" "$1"
}
# once NAME COMMAND...: appends "wall cpu" to $out/NAME
once() {
	name=$1
	shift
	"$out/measure" "$@" 3>"$out/m" >/dev/null 2>"$out/err" || :
	read -r wall user sys _ status <"$out/m"
	[ "$status" = 0 ] || { echo "bench: $name failed:" >&2
	    tail -3 "$out/err" >&2; }
	echo "$wall" >>"$out/$name.wall"
	awk "BEGIN { print $user + $sys }" >>"$out/$name.cpu"
}

echo "$(uname -sr), $(nproc) cores," \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "rackmux $("$rackmux" --version | head -n 1), $(ssh -V 2>&1)"
echo

echo "Start to all values of all boards; peers only run cat /proc/loadavg."
echo "Wall ms (spread), client CPU ms a board, median of $rounds:"
echo
echo "| boards | key exchange | tool | wall | spread | CPU a board |"
echo "|---:|---|---|---:|---:|---:|"
for n in $sizes; do
	"$here/fleet.sh" start "$fleet" "$n" >"$out/fleet.log" 2>&1
	rm -f "$out"/*.wall "$out"/*.cpu
	r=0
	while [ $r -lt "$rounds" ]; do
		once rackmux "$rackmux" -c "$fleet/rackmux.cfg" status
		for kex in default curve25519; do
			conf=$fleet/ssh_config
			[ $kex = default ] || conf=$fleet/ssh_config-25519
			export PDSH_SSH_ARGS_APPEND="-F $conf"
			once "pdsh-$kex" pdsh -R ssh -f "$n" \
			    -w "^$fleet/hosts" cat /proc/loadavg
			once "clush-$kex" clush -q -f "$n" \
			    -O ssh_options="-F $conf" \
			    --hostfile "$fleet/hosts" cat /proc/loadavg
		done
		r=$((r + 1))
	done
	for row in rackmux pdsh-default pdsh-curve25519 clush-default \
	    clush-curve25519; do
		kex=${row#*-} tool=${row%%-*}
		[ "$row" != rackmux ] || kex=curve25519
		printf '| %d | %s | %s | %.0f | %s | %.2f |\n' "$n" "$kex" \
		    "$tool" "$(median <"$out/$row.wall")" \
		    "$(spread <"$out/$row.wall")" \
		    "$(awk "BEGIN { print $(median <"$out/$row.cpu") / $n }")"
	done
	"$here/fleet.sh" stop "$fleet"
done

echo
echo "Connected, 64 boards polled each second or 256 each four seconds (more" \
    "is beyond the servers), no screen; client and servers pinned apart:"
echo
echo "| boards | CPU ms a poll | bytes a poll | resident kB a board |"
echo "|---:|---:|---:|---:|"
printf 'poll = 1.0;\nboards = ();\n' >"$out/empty.cfg"
base=$("$out/ptyrun" 50 200 1 0.1 "$rackmux" -c "$out/empty.cfg" |
    cut -d' ' -f3)
for n in $sizes; do
	$pin1 "$here/fleet.sh" start "$fleet" "$n" >"$out/fleet.log" 2>&1
	every=$((n > 64 ? 4 : 1))
	sed -i "s/^poll = .*/poll = $every.0;/" "$fleet/rackmux-1s.cfg"
	# Two runs of different length: what is between them is polls alone.
	$pin0 "$out/ptyrun" 50 200 8 1 "$rackmux" -c "$fleet/rackmux-1s.cfg" \
	    status --watch 1000 --stats "$out/short" >"$out/p1"
	$pin0 "$out/ptyrun" 50 200 8 20 "$rackmux" -c "$fleet/rackmux-1s.cfg" \
	    status --watch 1000 --stats "$out/long" >"$out/p2"
	read -r _ cpu rss <"$out/p2"
	bytes=$(($(json "$out/long" bytes) - $(json "$out/short" bytes)))
	awk "BEGIN { printf \"| %d | %.3f | %.0f | %.0f |\n\", $n,
	    $cpu / ($n * 20 / $every), $bytes / ($n * 19 / $every), ($rss - $base) / $n }"
	"$here/fleet.sh" stop "$fleet"
done

echo
echo "Bytes to the terminal: 64 nodes, 200x50, a tenth changing each second:"
read -r bytes cpu _ <<E
$("$out/ptyrun" 50 200 3 20 "$build/bench_screen")
E
awk "BEGIN { printf \"%.0f bytes/s, %.2f ms of CPU a second\n\",
    $bytes / 20, $cpu / 20 }"

echo
echo "Longest turn of the loop while all connect (64 boards), pinned apart:"
echo
echo "| key | thread CPU ms | wall ms |"
echo "|---|---:|---:|"
$pin1 "$here/fleet.sh" start "$fleet" 64 >"$out/fleet.log" 2>&1
turn() {
	$pin0 "$rackmux" -c "$2" status --timeout 20 --stats "$out/s" \
	    >"$out/status" 2>&1 || :
	up=$(grep -c ' on ' "$out/status" || :)
	awk "BEGIN { printf \"| %s, %d up | %.1f | %.1f |\n\", \"$1\", $up,
	    $(json "$out/s" max_turn_cpu_us) / 1000,
	    $(json "$out/s" max_turn_wall_us) / 1000 }"
}
turn "ed25519" "$fleet/rackmux.cfg"
turn "RSA-3072" "$fleet/rackmux-rsa.cfg"
cp "$fleet/known_hosts" "$fleet/known_hosts.plain"
# A thousand other hosts, each with a key of its own.
i=0
while [ $i -lt 1000 ]; do
	echo "other-$i.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI$(
	    head -c 33 /dev/urandom | base64 | tr -d '\n' | cut -c1-43)"
	i=$((i + 1))
done >>"$fleet/known_hosts"
ssh-keygen -q -H -f "$fleet/known_hosts" >/dev/null 2>&1
turn "ed25519, 1,064 hashed known_hosts lines" "$fleet/rackmux.cfg"
mv "$fleet/known_hosts.plain" "$fleet/known_hosts"
eval "$(ssh-agent -a "$out/agent" -s)" >/dev/null
agent=$SSH_AGENT_PID
ssh-add -q "$fleet/key" 2>/dev/null
kill -STOP "$agent"
sed -E "s,ssh: \{ identity = \"[^\"]*\";,ssh: {," "$fleet/rackmux.cfg" \
    >"$fleet/rackmux-agent.cfg"
turn "in a stopped ssh-agent (nothing connects)" "$fleet/rackmux-agent.cfg"
"$here/fleet.sh" stop "$fleet"

unset SSH_AUTH_SOCK SSH_AGENT_PID

# start_sim OPTIONS...: rackmux-sim, written to $out/sim.cfg; its pid is $sim
start_sim() {
	rm -f "$out/sim.cfg"
	$pin1 "$build/rackmux-sim" "$@" --write-config "$out/sim.cfg" \
	    >/dev/null 2>&1 &
	sim=$!
	while [ ! -e "$out/sim.cfg" ]; do
		kill -0 $sim || exit 1
		# No busy waiting: the file comes within a second or two.
		timeout 0.2 tail -f /dev/null || :
	done
}

echo
echo "From one answer of a board to its next, 64 simulated boards asked each" \
    "second for 20 s, pinned apart; 1 stalls, and is tried again and again:"
echo
echo "| boards | answers | mean ms | longest ms |"
echo "|---|---:|---:|---:|"
for stalled in none 1; do
	fault=
	[ $stalled = none ] || fault='--fault b001:stall@4'
	# shellcheck disable=SC2086 # two words, or none
	start_sim --boards 64 $fault
	sed '1i poll = 1.0;' "$out/sim.cfg" >"$out/sim-1s.cfg"
	$pin0 "$out/ptyrun" 50 200 4 20 "$rackmux" -c "$out/sim-1s.cfg" \
	    status --watch 1000 --stats "$out/s" >/dev/null
	echo "| 64, $stalled stalled | $(json "$out/s" periods) |" \
	    "$(json "$out/s" period_mean_ms | cut -c1-6) |" \
	    "$(json "$out/s" period_max_ms) |"
	kill $sim
	wait $sim 2>/dev/null || :
done

echo
echo "The simulator with 512 boards:"
start_sim --boards 512
"$rackmux" -c "$out/sim.cfg" status --timing --timeout 60 >"$out/t" 2>&1 || :
grep '^rackmux: .*full after' "$out/t" || tail -2 "$out/t"
sed -n 's/^VmHWM:[^0-9]*/simulator resident at most: /p' /proc/$sim/status
kill $sim
wait $sim 2>/dev/null || :

"$here/console.sh"
