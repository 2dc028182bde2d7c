# console_time.sh - read by console.sh: how long an operator waits, and
# whether all of it came.
# shellcheck shell=sh disable=SC2154 # the caller's variables

# --- keys ----------------------------------------------------------------------

# Both echo by the tty's own hand: cat reads a line, the kernel echoes.
keys() {
	k=$([ "$quick" = 1 ] && echo 40 || echo 200)
	boards=$([ "$quick" = 1 ] && echo 8 || echo 64)
	"$build/rackmux-sim" --boards "$boards" --write-config \
	    "$out/sim.cfg" >/dev/null 2>&1 &
	sim=$!
	pids="$pids $sim"
	wait_for test -s "$out/sim.cfg"
	{
		echo 'poll = 1.0;'
		sed '/^boards = (/a\
  { name = "aaa"; type = "linux"; slots = 1; unit = 199; nodes = (\
    { slot = 1; name = "echo"; console = "exec:cat"; } ); },' \
		    "$out/sim.cfg"
	} >"$out/keys.cfg"
	n=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		# shellcheck disable=SC2046,SC2086
		{
		set -- $("$drive" echo 60 200 "$k" =echo ~3000 c ~1000 -- \
		    "$rackmux" -c "$out/keys.cfg")
		keep p50 rackmux "$1"
		keep p99 rackmux "$2"
		set -- $("$drive" echo 60 200 "$k" ~1500 -- \
		    $tmux new-session 'exec cat')
		keep p50 tmux "$1"
		keep p99 tmux "$2"
		$tmux kill-server 2>/dev/null || :
		rest 0.3
		}
	done
	end $sim
	echo
	echo "From a key to its echo, $k keys at random times a round, nothing" \
	    "pinned; rackmux polls $boards boards each second meanwhile, tmux" \
	    "has nothing else to do:"
	table ms
	row p50 "p50" tmux "0.15 ms"
	row p99 "p99" tmux "2.5 ms"
}

# --- attach --------------------------------------------------------------------

attach() {
	k=$([ "$quick" = 1 ] && echo 5 || echo 10)
	config 1 "exec:$feed fill 200 59%.0s" | sed 's/slots = 64/slots = 1/' \
	    >"$out/full.cfg"
	n=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		# Zoomed, so that it has the screen; closed again each time.
		# shellcheck disable=SC2046,SC2086
		{
		set -- $("$drive" switch 60 200 "$k" "c${lead}z" "${lead}x" \
		    =c001 ~1000 c ~500 "${lead}z" ~500 "${lead}x" ~500 -- \
		    "$rackmux" -c "$out/full.cfg")
		keep attach rackmux "$1"
		keep attach99 rackmux "$2"
		[ "$4" -gt 5000 ] || echo "bench: $4 bytes for a screen" >&2
		set -- $("$drive" switch 60 200 "$k" '\e2' '\e1' ~1500 -- \
		    $tmux new-session 'exec cat' \; \
		    new-window "exec $feed fill 200 59" \; \
		    bind -n M-1 select-window -t :0 \; \
		    bind -n M-2 select-window -t :1 \; select-window -t :0)
		keep attach tmux "$1"
		keep attach99 tmux "$2"
		[ "$4" -gt 5000 ] || echo "bench: $4 bytes for a screen" >&2
		$tmux kill-server 2>/dev/null || :
		rest 0.3
		}
	done
	echo
	echo "From a key to the last byte of a console's kept screen, 200x60" \
	    "(tmux: select-window), $k times a round:"
	table ms
	row attach "p50" tmux "30 ms"
	row attach99 "longest but one in a hundred" tmux ""
}

# --- a device or a connection that comes back ------------------------------------

replug() {
	k=$([ "$quick" = 1 ] && echo 3 || echo 6)
	dev=$out/p/device
	echo "boards = ( { name = \"b\"; type = \"linux\"; slots = 1; nodes =" \
	    "( { slot = 1; name = \"dev\"; capture = true;" \
	    "console = \"serial:$dev@115200\"; } ); } );" >"$out/device.cfg"
	# shellcheck disable=SC2046
	{
	set -- $("$out/console_replug" device pipe "$dev" "$k" \
	    "$rackmux" -c "$out/device.cfg" console dev --read-only 2>"$out/err")
	keep replug rackmux "$1"
	keep replug-most rackmux "$2"
	set -- $("$out/console_replug" device pty "$dev" "$k" tio "$dev")
	keep replug tio "$1"
	keep replug-most tio "$2"
	}
	echo
	echo "From the return of a serial device to the first byte of it that is" \
	    "shown, $k times:"
	table ms
	row replug "p50" tio "100 ms"
	row replug-most "longest" tio "100 ms"
	redial
}

redial() {
	[ -n "${RM_DAEMONS-}" ] || return 0
	fleet=$out/fleet port=$((20000 + $$ % 20000)) user=$(id -un)
	chmod 755 "$out"
	[ "$(id -u)" != 0 ] || user=bench
	"$here/fleet.sh" start "$fleet" 1 >"$out/fleet.log" 2>&1
	sed "s/^[^ ]*/[127.0.0.1]:$port/" "$fleet/known_hosts" >"$out/known"
	cp "$feed" "$fleet/home/feed"
	chmod 755 "$fleet/home/feed"
	echo "ssh: { identity = \"$fleet/key\"; config = \"none\";" \
	    "known_hosts = \"$out/known\"; };" \
	    "boards = ( { name = \"b\"; type = \"linux\"; slots = 1; nodes =" \
	    "( { slot = 1; name = \"far\"; capture = true;" \
	    "console = \"ssh://$user@127.0.0.1:$port\";" \
	    "console_command = \"$fleet/home/feed out log 12000 0\"; }" \
	    "); } );" >"$out/far.cfg"
	# shellcheck disable=SC2046
	set -- $("$out/console_replug" relay pipe $port 22022 \
	    $((k / 2 + 1)) "$rackmux" -c "$out/far.cfg" console far \
	    --read-only 2>"$out/err") || :
	"$here/fleet.sh" stop "$fleet"
	echo
	if [ $# != 6 ]; then
		echo "bench: the console behind SSH was not heard" >&2
		tail -3 "$out/err" >&2
		return 0
	fi
	echo "An SSH connection dropped, its port closed for a second, $5 times" \
	    "($6 missed): $1 ms (longest $2) of back-off left when the port" \
	    "is there again, then $3 ms (longest $4) to the console's first" \
	    "byte."
}

# --- all of it -------------------------------------------------------------------

one_stream() {
	bytes=$([ "$quick" = 1 ] && echo 20000000 || echo 1000000000)
	rm -f "$out/mark"
	"$feed" out log 0 0 | head -c "$bytes" | sha256sum \
	    >"$out/sent.sum" &
	p=$!
	config 1 "exec:$feed out log 0 $bytes $out/mark%.0s" \
	    'log = false;' | sed 's/slots = 64/slots = 1/' \
	    >"$out/stream.cfg"
	wait_for test -s "$out/sent.sum"
	end $p
	# shellcheck disable=SC2046
	set -- $("$drive" until "$bytes" "$out/stream" 240 "$rackmux" \
	    -c "$out/stream.cfg" console c001 --read-only)
	sum=$(sha256sum <"$out/stream")
	equal=equal
	[ "$sum" = "$(cat "$out/sent.sum")" ] || equal="NOT EQUAL"
	rm -f "$out/stream"
	echo
	echo "$bytes bytes through one console (exec) to a file:" \
	    "SHA-256 $equal, $(calc %.1f "$4 / 1000 / $1") MB/s," \
	    "$(calc %.1f "$4 / 1000 / $2") MB per CPU-second," \
	    "$(calc %.1f "$3 / 1024") MB resident at most."
}

whole() {
	one_stream
	secs=$([ "$quick" = 1 ] && echo 10 || echo 60)
	rm -rf "$out/state/rackmux"
	start_feed tcp "$out/p" "$big" 12500 "$secs"
	{
		config "$big" 'tcp://127.0.0.1:PORT%03d' 'log_files = 20;'
	} | awk -v ports="$out/p/ports" 'BEGIN { while ((getline p < ports) > 0)
	    port[++n] = p }
	    match($0, /PORT[0-9]+/) {
		i = substr($0, RSTART + 4, RLENGTH - 4) + 0
		$0 = substr($0, 1, RSTART - 1) port[i] \
		    substr($0, RSTART + RLENGTH)
	    } { print }' >"$out/drops.cfg"
	in_pty "$rackmux" -c "$out/drops.cfg"
	before=$("$drive" spent "$prog")
	wait "$producer" 2>/dev/null || :
	rest 2
	cpu=$(calc %.1f "($("$drive" spent "$prog") - $before) / $secs")
	rss=$(calc %.1f "$("$drive" rss "$prog") / 1024")
	end_pty
	# shellcheck disable=SC2046
	set -- $("$out/console_check" "$out/p" \
	    "$out/state/rackmux/consoles") || :
	echo
	echo "$big consoles (tcp) at 12.5 kB/s for $secs s, connections cut at" \
	    "random: $1 bytes sent, $2 captured, $3 stretches between gaps," \
	    "$4 of them not equal; $cpu ms of CPU a second, $rss MB."
}
