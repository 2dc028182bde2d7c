#!/bin/sh
# run-tests.sh DIR PROGRAM... - run test programs, two at a time, and count.
#
# A program prints "ok NAME" or "not ok NAME" a test and exits 0 or 1. One
# that ends otherwise (a sanitizer's report, a crash of the harness) counts as
# one failure more. The last line is "N passed, N failed".
set -u
dir=$1
shift
logs=$dir/log
rm -rf "$logs"
mkdir -p "$logs" "$dir/home" "$dir/tmp"
chmod 700 "$dir/home"
export HOME=$dir/home TMPDIR=$dir/tmp LC_ALL=C.UTF-8 TZ=UTC
export XDG_CONFIG_HOME=$HOME/.config XDG_STATE_HOME=$HOME/.local/state
unset SSH_AUTH_SOCK SSH_ASKPASS DISPLAY NO_COLOR COLORTERM
unset TMUX
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=0
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=report_objects=0

one() {
	name=$(basename "$1")
	# Consoles are shared by what is in here: to each program its own, and
	# never the user's, which unset would mean /run/user/UID.
	export XDG_RUNTIME_DIR="$dir/run/$name"
	mkdir -p -m 700 "$XDG_RUNTIME_DIR"
	timeout -k 5 600 "$1" >"$logs/$name.out" 2>"$logs/$name.err" </dev/null
	echo $? >"$logs/$name.rc"
}

running=0
for t; do
	one "$t" &
	running=$((running + 1))
	# Two at a time: wait for the pair. Most programs are short.
	if [ $running -ge 2 ]; then
		wait
		running=0
	fi
done
wait

passed=0 failed=0
for t; do
	name=$(basename "$t")
	rc=$(cat "$logs/$name.rc" 2>/dev/null || echo none)
	p=$(grep -c '^ok ' "$logs/$name.out")
	f=$(grep -c '^not ok ' "$logs/$name.out")
	[ "$rc" = 0 ] || [ "$f" -gt 0 ] || f=1
	[ $((p + f)) -gt 0 ] || f=1
	passed=$((passed + p))
	failed=$((failed + f))
	[ "$f" -eq 0 ] && { echo "  $name: $p"; continue; }
	echo "  $name: $p passed, $f FAILED (exit $rc)"
	grep '^not ok ' "$logs/$name.out"
	tail -n 60 "$logs/$name.err"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
