#!/bin/sh
# run-fuzz.sh BUILD SECONDS - run each fuzzer for so long, two at a time.
#
# Starts from tests/fuzz/corpus/NAME and what earlier runs kept in
# BUILD/corpus/NAME. One line a fuzzer. A finding fails, and its input stays
# in BUILD/findings: BUILD/fuzz/NAME FILE shows it again.
set -u
build=$1 seconds=$2
case $seconds in
'' | *[!0-9]* | 0) echo "fuzz: T is a number of seconds" >&2; exit 2 ;;
esac
work=$build/run
rm -rf "$work"
mkdir -p "$work/home" "$work/log" "$build/findings"
export HOME=$work/home TMPDIR=$work LC_ALL=C.UTF-8 TZ=UTC
unset XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_STATE_HOME SSH_AUTH_SOCK DISPLAY
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0
export UBSAN_OPTIONS=print_stacktrace=1
# libconfig 1.5 loses the piece of a string that a syntax error ends.
printf 'leak:strbuf_append\nleak:libconfig_yylex\n' >"$work/lsan"
export LSAN_OPTIONS=suppressions=$work/lsan:print_suppressions=0

one() {
	seeds=tests/fuzz/corpus/$1
	mkdir -p "$build/corpus/$1"
	[ -d "$seeds" ] || seeds=
	"$build/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=5 \
	    -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 \
	    -artifact_prefix="$build/findings/$1-" \
	    "$build/corpus/$1" $seeds >"$work/log/$1" 2>&1 </dev/null
	rc=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log/$1")
	if [ $rc -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "  $1: ok, $runs inputs"
		return
	fi
	touch "$work/failed"
	echo "  $1: FAILED (exit $rc), see $work/log/$1"
	grep -E '^(tests|src)/|ERROR: |runtime error: |Test unit written' \
	    "$work/log/$1" | sed 's/^/    /'
}

running=0
for f in tests/fuzz/fuzz_*.c; do
	name=${f##*/fuzz_}
	one "${name%.c}" &
	running=$((running + 1))
	if [ $running -ge 2 ]; then
		wait
		running=0
	fi
done
wait
[ ! -e "$work/failed" ]
