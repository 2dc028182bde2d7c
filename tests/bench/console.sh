#!/bin/sh
# console.sh - the figures of consoles: rackmux beside tmux, conman, conserver
# and tio, in turns, on pseudo-terminals and loopback only.
#
# Called by run.sh. RM_BUILD is the build tree, RM_DAEMONS and RM_PEERS are
# what tests/tools/fetch-daemons.sh unpacked; ROUNDS rounds (default 2);
# QUICK=1 makes everything short and small, to see that it works; ONLY names
# the parts to run, of: bytes parse memory logging keys attach replug whole.
# Ends what it starts, by its number, and touches nobody's home.
set -eu
build=${RM_BUILD:?use make bench}
here=$(cd "$(dirname "$0")" && pwd)
rounds=${ROUNDS:-2}
quick=${QUICK:-0}
only=${ONLY:-bytes parse memory logging keys attach replug whole}
out=$(mktemp -d "${TMPDIR:-/tmp}/rmcons-XXXXXX")
mkdir -p "$out/home" "$out/state" "$out/run" "$out/logs" "$out/p"
chmod 700 "$out/run"
export HOME="$out/home" XDG_STATE_HOME="$out/state" XDG_RUNTIME_DIR="$out/run"
export TMUX_TMPDIR="$out/run"
unset TMUX
rackmux=$build/rackmux
feed=$out/console_feed
drive=$out/console_drive
tmux="tmux -L bench -f $out/tmux.conf"
conmand=conmand conserver=conserver
if [ -n "${RM_PEERS-}" ]; then
	libs=$(echo "$RM_PEERS"/usr/lib/*-linux-gnu):$(echo \
	    "$RM_PEERS"/lib/*-linux-gnu)
	conmand="env LD_LIBRARY_PATH=$libs $RM_PEERS/usr/sbin/conmand"
	conserver="env LD_LIBRARY_PATH=$libs $RM_PEERS/usr/sbin/conserver"
fi
lead=$(printf '\035')
pids=

# Whatever is left of what we started ends with us.
cleanup() {
	$tmux kill-server 2>/dev/null || :
	for p in $pids; do
		kill "$p" 2>/dev/null || :
	done
	rm -rf "$out"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

for p in feed check; do
	${CC:-cc} -D_GNU_SOURCE -O2 -o "$out/console_$p" "$here/console_$p.c" -lutil
done
for p in drive replug; do
	${CC:-cc} -D_GNU_SOURCE -O2 -o "$out/console_$p" "$here/console_$p.c" \
	    "$here/console_run.c" -lutil
done
cat >"$out/tmux.conf" <<E
set -g default-shell /bin/sh
set -g default-terminal screen-256color
set -g history-limit 10000
set -g exit-empty off
E

big=$([ "$quick" = 1 ] && echo 16 || echo 256)
[ "$quick" = 0 ] || rounds=1

calc() {
	awk "BEGIN { printf \"$1\", $2 }"
}
median() {
	sort -n | awk '{ a[NR] = $1 } END {
		print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'
}
range() {
	sort -n | awk 'NR == 1 { lo = $1 } { hi = $1 } END {
		printf "%.4g-%.4g", lo, hi }'
}
wait_for() { # COMMAND...: until it succeeds, 30 s at most
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 300 ] || { echo "bench: waited in vain: $*" >&2
		    exit 1; }
		timeout 0.1 tail -f /dev/null || :
	done
}
rest() { # SECONDS
	timeout "$1" tail -f /dev/null || :
}
end() { # PID
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}
# keep ROW WHAT VALUE: one round's figure
keep() {
	echo "$3" >>"$out/$1.$2"
}
# row ROW TEXT PEER AIM: a line of a table, peer beside rackmux
row() {
	r=$(median <"$out/$1.rackmux") p=$(median <"$out/$1.$3")
	echo "| $2 | $3 | $(calc %.4g "$p") ($(range <"$out/$1.$3")) |" \
	    "$(calc %.4g "$r") ($(range <"$out/$1.rackmux")) |" \
	    "$(calc %.3f "$r / ($p + 1e-9)") | $4 |"
}
table() { # UNIT
	echo
	echo "| | peer | $1 (spread) | rackmux (spread) | rackmux / peer | aim |"
	echo "|---|---|---:|---:|---:|---|"
}

# config N PRINTF-OF-URL [SETTINGS]: N captured consoles, 64 a board
config() {
	echo "poll = 3600.0; console: { capture = true; ${3-} };"
	echo "boards = ("
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		if [ $((i % 64)) = 1 ]; then
			[ $i = 1 ] || echo '  ); },'
			echo "{ name = \"r$((i / 64 + 1))\"; type = \"linux\";"
			echo "  slots = 64; nodes = ("
		else
			echo ,
		fi
		# shellcheck disable=SC2059 # the caller's format
		printf "    { slot = %d; name = \"c%03d\"; console = \"$2\"; }" \
		    $(((i - 1) % 64 + 1)) $i $i
	done
	echo '); } );'
}

# --- bytes to the terminal ----------------------------------------------------

# Marks four nodes and opens them, the rack above made as small as it gets.
open_four='=c004 ~500 \s \s \s \s c ~700'

bytes() {
	s=$([ "$quick" = 1 ] && echo 2 || echo 4)
	f="$feed out log 12000 0"
	config 4 "exec:$f%.0s" | sed 's/slots = 64/slots = 4/' >"$out/four.cfg"
	shrink="${lead} r ${lead} K K K K K K K K K K K K K K K K K K K K K K ${lead} j"
	n=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		# shellcheck disable=SC2046,SC2086 # words
		{
		set -- $("$drive" bytes 60 200 "$s" $open_four $shrink ~500 \
		    -- "$rackmux" -c "$out/four.cfg")
		keep tiled rackmux "$(calc %.0f "$1 / $s")"
		set -- $("$drive" bytes 60 200 "$s" $open_four "$lead" \\s \
		    $shrink ~500 -- "$rackmux" -c "$out/four.cfg")
		keep stacked rackmux "$(calc %.0f "$1 / $s")"
		[ $n -gt 1 ] || {
		set -- $("$drive" bytes 60 200 $((s + 2)) $open_four ~500 \
		    -- "$rackmux" -c "$out/four.cfg" --max-rate 4000)
		keep limited rackmux "$(calc %.0f "$1 / ($s + 2)")"
		worst=$4
		}
		for shape in tiled even-vertical; do
			set -- $("$drive" bytes 60 200 "$s" ~1500 -- \
			    $tmux new-session "exec $f" \; \
			    split-window "exec $f" \; \
			    split-window "exec $f" \; \
			    select-layout $shape \; split-window "exec $f" \; \
			    select-layout $shape)
			keep $shape tmux "$(calc %.0f "$1 / $s")"
			$tmux kill-server 2>/dev/null || :
			rest 0.3
		done
		}
	done
	mv "$out/even-vertical.tmux" "$out/stacked.tmux"
	cp "$out/tiled.tmux" "$out/limited.tmux"
	echo
	echo "Bytes to the terminal: 4 consoles printing 12 kB/s each, 200x60:"
	table "bytes/s"
	row tiled "tiled" tmux "0.167"
	row stacked "stacked" tmux ""
	row limited "tiled, --max-rate 4000" tmux "4000"
	echo
	echo "The most bytes in one second with --max-rate 4000: $worst."
}

# shellcheck source=tests/bench/console_load.sh
. "$here/console_load.sh"
# shellcheck source=tests/bench/console_time.sh
. "$here/console_time.sh"

for part in $only; do
	"$part"
done
