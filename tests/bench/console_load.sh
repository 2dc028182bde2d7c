# console_load.sh - read by console.sh: what consoles cost.
# shellcheck shell=sh disable=SC2154 # the caller's variables

# --- parsing ------------------------------------------------------------------

server_pid() {
	$tmux display-message -p '#{pid}'
}

# tmux_cat FILE COLS ROWS: CPU ms of a detached server that reads it
tmux_cat() {
	$tmux new-session -d -x "$2" -y "$3" 'exec cat'
	rest 0.5
	p=$(server_pid)
	before=$("$drive" spent "$p")
	$tmux new-window -d "cat $1; $tmux wait-for -S read; exec cat"
	$tmux wait-for read
	rest 0.2
	calc %.2f "$("$drive" spent "$p") - $before"
	$tmux kill-server 2>/dev/null || :
	rest 0.3
}

parse() {
	mb=$([ "$quick" = 1 ] && echo 4 || echo 10)
	n=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		"$build/bench_vt" speed >"$out/vt"
		for kind in log:plain colour:coloured utf8:utf8; do
			k=${kind#*:}
			"$feed" out "${kind%:*}" 0 ${mb}000000 >"$out/text" &
			p=$!
			wait_for size_is "$out/text" ${mb}000000
			end $p
			read=$("$drive" read cat "$out/text")
			for size in 80x24 200x60; do
				ms=$(tmux_cat "$out/text" ${size%x*} ${size#*x})
				keep $k-$size tmux "$(calc %.1f \
				    "$mb * 1000 / $ms")"
				keep $k-$size tmux-less-reading "$(calc %.1f \
				    "$mb * 1000 / ($ms - $read)")"
				keep $k-$size rackmux "$(sed -n \
				    "s/^speed $k $size //p" "$out/vt")"
			done
		done
	done
	echo
	echo "Parsing, MB per CPU-second. tmux reads it from a pty; \"less" \
	    "reading\" is without what it takes to read and drop that:"
	table "MB/CPU-s"
	for k in plain coloured utf8; do
		for size in 80x24 200x60; do
			row $k-$size "$k $size" tmux 1.5
			row $k-$size "$k $size" tmux-less-reading ""
		done
	done
}

size_is() { # FILE BYTES
	[ "$(stat -c %s "$1")" -ge "$2" ]
}

# --- memory -------------------------------------------------------------------

# settled PID: its resident kB once they change no more
settled() {
	last=0
	now=$("$drive" rss "$1")
	while [ "$now" != "$last" ]; do
		last=$now
		rest 2
		now=$("$drive" rss "$1")
	done
	echo "$now"
}

# start_feed ARGS...: a producer; its pid is $producer
start_feed() {
	rm -rf "$out/p"
	mkdir "$out/p"
	"$feed" "$@" >"$out/feed.log" &
	producer=$!
	pids="$pids $producer"
	wait_for grep -q ready "$out/feed.log"
}

# in_pty COMMAND...: on a terminal of its own, until end_pty; its pid is $prog
in_pty() {
	rm -f "$out/pid"
	"$drive" hold 50 200 "$@" >"$out/pid" &
	holder=$!
	pids="$pids $holder"
	wait_for test -s "$out/pid"
	prog=$(cat "$out/pid")
}

end_pty() {
	end "$holder"
}

memory() {
	bytes=$((2424 * 81))
	"$feed" out log 0 $bytes >"$out/text" &
	p=$!
	wait_for size_is "$out/text" $bytes
	end $p
	start_feed ptys "$out/p" "$big" 0 $bytes
	config "$big" "serial:$out/p/p%03d@115200" "scrollback = 2400;" \
	    >"$out/many.cfg"
	in_pty "$rackmux" -c "$out/many.cfg"
	full=$(settled "$prog")
	keep memory rackmux "$(calc %.1f "$full / 1024")"
	end_pty
	config "$big" "serial:$out/p/p%03d@115200" "scrollback = 2400;" |
	    sed 's/capture = true;//' >"$out/many.cfg"
	in_pty "$rackmux" -c "$out/many.cfg"
	keep growth rackmux "$(calc %.1f "($full - $(settled "$prog")) / 1024")"
	end_pty
	end $producer
	{
		cat "$out/tmux.conf"
		echo "set -g history-limit 2400"
	} >"$out/tmux-2400.conf"
	t="tmux -L bench -f $out/tmux-2400.conf"
	$t new-session -d -x 80 -y 24 "exec cat"
	bare=$(settled "$(server_pid)")
	i=0
	while [ $i -lt "$big" ]; do
		i=$((i + 1))
		$t new-window -d "cat $out/text; exec cat"
	done
	full=$(settled "$(server_pid)")
	keep memory tmux "$(calc %.1f "$full / 1024")"
	keep growth tmux "$(calc %.1f "($full - $bare) / 1024")"
	$tmux kill-server
	echo
	echo "Memory of $big consoles with 2,400 lines each; growth is what they" \
	    "add to the program without them:"
	table "MiB"
	row growth "growth" tmux "64 MB"
	row memory "the whole program" tmux ""
}

# --- logging ------------------------------------------------------------------

conmand_conf() { # N
	cat <<E
server keepalive=off
server coredump=off
server loopback=on
server port=$port
server pidfile="$out/conmand.pid"
server logdir="$out/logs"
global seropts="115200,8n1"
global log="conman-%N.log"
global logopts="lock,sanitize,timestamp"
E
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		printf 'console name="c%03d" dev="%s/p/p%03d"\n' $i "$out" $i
	done
}

conserver_conf() { # N
	echo "default d { master localhost; type device; baud 115200;"
	echo "  parity none; timestamp 1l; }"
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		printf 'console c%03d { include d; device %s/p/p%03d;' $i \
		    "$out" $i
		printf ' logfile %s/logs/conserver-%03d.log; }\n' "$out" $i
	done
	echo "access * { trusted 127.0.0.1; }"
}

start_conman() {
	$conmand -F -c "$out/conman.conf" >"$out/conman.out" 2>&1 &
	prog=$! holder=$!
	pids="$pids $prog"
}

start_conserver() {
	$conserver -n -E -S -C "$out/conserver.cf" >"$out/conserver.out" 2>&1 ||
	    cat "$out/conserver.out" >&2
	$conserver -E -m 256 -M 127.0.0.1 -p "$((port + 1))" -C "$out/conserver.cf" \
	    -L /dev/null >"$out/conserver.out" 2>&1 &
	prog=$! holder=$!
	pids="$pids $prog"
}

# one_logger TOOL RATE
one_logger() {
	rm -rf "$out/state/rackmux" "$out/logs"/*
	start_feed ptys "$out/p" "$big" "$2" 0
	case $1 in
	rackmux) in_pty "$rackmux" -c "$out/many.cfg" ;;
	*) start_"$1" ;;
	esac
	rest 2
	# shellcheck disable=SC2046 # two words
	set -- "$1" "$2" $("$drive" cpu "$s" "$prog")
	[ "$4" -ge $(($2 * big * s * 8 / 10)) ] ||
	    echo "bench: $1 took $4 bytes only, at $2 bytes/s each" >&2
	keep "logging-$2" "$1" "$(calc %.2f "$3 * 1e6 / $4")"
	# conserver leaves its children to themselves when it is still busy.
	kids=
	[ "$1" != conserver ] ||
	    kids=$(cat "/proc/$prog/task/$prog/children" 2>/dev/null) || :
	end "$holder"
	for kid in $kids; do
		kill "$kid" 2>/dev/null || :
	done
	end "$producer"
}

logging() {
	s=$([ "$quick" = 1 ] && echo 2 || echo 4)
	port=$((20000 + $$ % 20000))
	config "$big" "serial:$out/p/p%03d@115200" >"$out/many.cfg"
	conmand_conf "$big" >"$out/conman.conf"
	conserver_conf "$big" >"$out/conserver.cf"
	n=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		for rate in 1000 12500; do
			for tool in rackmux conman conserver; do
				one_logger $tool $rate
			done
		done
	done
	echo
	echo "CPU of logging $big serial consoles, a time before each line," \
	    "for each MB that was read (rackmux shows and watches them too):"
	table "CPU ms/MB"
	for rate in 1000 12500; do
		row logging-$rate "$rate bytes/s each" conman 0.5
		row logging-$rate "$rate bytes/s each" conserver ""
	done
}
