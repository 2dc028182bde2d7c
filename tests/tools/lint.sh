#!/bin/sh
# lint.sh - the rules that have a checker. Says every breach, then fails.
set -u
bad=0
say() { echo "lint: $*"; bad=1; }

sources=$(git ls-files -co --exclude-standard 'src/*.c' 'tests/*.c' 'src/*.h' \
    'include/*.h' 'tests/*.h')
code=$(echo "$sources" | grep '\.c$')
headers=$(echo "$sources" | grep '\.h$')

# 1. Layers: a file includes its own layer and those before it.
order='base link driver model console ui app'
for f in $(echo "$sources" | grep -E '^(src|include/rackmux)/'); do
	layer=$(echo "$f" | sed -E 's,^(src|include/rackmux)/([^/]*)/.*,\2,')
	allowed=
	if [ "$layer" = sim ]; then
		allowed='base sim'
	else
		for l in $order; do
			allowed="$allowed $l"
			[ "$l" = "$layer" ] && break
		done
	fi
	for inc in $(sed -nE 's,^#include "rackmux/([^/]*)/.*,\1,p' "$f" |
	    sort -u); do
		case " $allowed " in
		*" $inc "*) ;;
		*) say "$f ($layer) includes layer $inc" ;;
		esac
	done
done

# 2. A third-party header stands in one file of a program.
third() {
	want=$1
	shift
	for f in $(grep -lE "^#include <($want)" $sources); do
		case " $* " in
		*" $f "*) ;;
		*) case $f in
			tests/*) ;;
			*) say "$f includes <$want>: only $* may" ;;
			esac ;;
		esac
	done
}
third 'uv\.h' src/base/loop.c
third 'jansson\.h' src/base/json.c
third 'openssl/(evp|hmac|sha|rand|crypto|md5)' src/base/hash.c
third 'openssl/(ssl|err|bio|x509|pem)' src/link/tls.c src/sim/tls.c
third 'wslay/' src/link/websocket.c src/sim/websocket.c
third 'libtelnet\.h' src/link/telnet.c src/sim/telnet.c
third 'libssh/' src/link/ssh.c src/sim/sshd.c src/sim/sshd_keys.c
third 'libserialport\.h' src/link/serial.c
third '(n?curses|term)\.h|ncursesw/' src/ui/term.c
third 'termkey\.h' src/ui/input.c
third 'libconfig\.h' src/app/cfgtree.c src/sim/conf.c
third 'zstd\.h' src/console/vt_squeeze.c
third 'vterm\.h' none

# 3. Calls that block, overflow or are not what they seem.
banned='sprintf|vsprintf|strcpy|strcat|strncpy|strncat|strtok|atoi|atol|atof'
banned="$banned|gets|system|popen|sleep|usleep|nanosleep|alloca|getaddrinfo"
banned="$banned|gethostbyname|tmpnam|mktemp|rand|srand|signal|setjmp|longjmp"
for f in $code; do
	# Comments and strings go first; words in prose are no calls.
	sed -E 's,/\*.*\*/,,g; s,"([^"\\]|\\.)*","",g; /^[[:space:]]*\*/d;
	    /^[[:space:]]*\/\*/d' "$f" |
	    grep -nE "(^|[^A-Za-z0-9_.>])($banned)[[:space:]]*\(" |
	    sed "s,^,$f: banned call: ," >>"${TMPDIR:-/tmp}/lint.$$"
done
if [ -s "${TMPDIR:-/tmp}/lint.$$" ]; then
	cat "${TMPDIR:-/tmp}/lint.$$"
	bad=1
fi
rm -f "${TMPDIR:-/tmp}/lint.$$"

# 4. Every header compiles alone, with both compilers.
flags="-std=c11 -D_GNU_SOURCE -Iinclude -Itests/lib -Wall -Wextra -Werror
-Wno-unused-function -fsyntax-only"
for h in $headers; do
	for cc in gcc clang; do
		echo "#include \"$h\"" | $cc $flags -I. -I"$(dirname "$h")" \
		    -x c - >/dev/null 2>&1 ||
		    say "$h does not compile alone ($cc)"
	done
done

# 5. Format.
for f in $code; do
	clang-format --dry-run -Werror "$f" >/dev/null 2>&1 ||
	    say "$f is not formatted: make format"
done

# 6. Long files and functions are said, and do not fail.
for f in $code; do
	n=$(wc -l <"$f")
	[ "$n" -le 600 ] || echo "lint: note: $f has $n lines"
	awk -v f="$f" '/^\{/ { s = NR } /^\}/ { if (s && NR - s > 60)
		printf "lint: note: %s:%d: %d lines in one function\n", f, s,
		    NR - s; s = 0 }' "$f"
done
exit $bad
