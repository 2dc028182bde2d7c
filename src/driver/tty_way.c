#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/way.h"

/*
 * A tty on the far side, with nothing there but sh, stty and dd. It is not cat:
 * busybox's gives a tty to a pipe by sendfile(), which holds the pipe while it
 * waits for the tty, and so hangs an SSH server (dropbear) that reads it.
 *
 * One descriptor serves both ways, opened after stty has said that no carrier
 * is waited for. Writing ends when our side does, and then ends the reader: one
 * that was left behind would take every other byte of whoever comes next. The
 * reader ends when the device goes, and then ends the shell, so that the
 * command is over; unless that is gone already, and its number somebody else's
 * by now: so it looks whose child it still is.
 *
 * 1200 baud is never set: a Pico that hears it goes to its boot loader.
 */

#define READY "rackmux: open"
#define HELD "rackmux: held by "

/* By its own name, which is what locks and other programs' arguments have. */
#define REAL \
	"d=$(readlink -f \"$1\" 2>/dev/null)\n" \
	"d=${d:-$1}\n"
/* Who has $d open, its name and pid into h; of a reader of ours, its shell. All
 * descriptors that may be looked into, then the lock files and command lines
 * that everybody may read: a getty of root's is known by these alone. */
#define HOLDER \
	"h=\n" \
	"for f in /proc/[0-9]*/fd/*; do\n" \
	"[ \"$f\" -ef \"$d\" ] || continue\n" \
	"p=${f#/proc/}\n" \
	"p=${p%%/*}\n" \
	"[ \"$p\" != $$ ] || continue\n" \
	"n=program\n" \
	"c=\n" \
	"read -r n <\"/proc/$p/comm\"\n" \
	"read -r c <\"/proc/$p/cmdline\"\n" \
	"case $c in *': rackmux') n='another rackmux' ;; esac\n" \
	"h=\"$n (pid $p)\"\n" \
	"[ \"$n\" = dd ] || break\n" \
	"done 2>/dev/null\n" \
	"for f in /var/lock /run/lock; do\n" \
	"[ -z \"$h\" ] && [ -r \"$f/LCK..${d##*/}\" ] || continue\n" \
	"read -r p n <\"$f/LCK..${d##*/}\"\n" \
	"[ -d \"/proc/${p:-x}\" ] || continue\n" \
	"n=program\n" \
	"read -r n <\"/proc/$p/comm\"\n" \
	"h=\"$n (pid $p)\"\n" \
	"done 2>/dev/null\n" \
	"[ -n \"$h\" ] || for f in /proc/[0-9]*/cmdline; do\n" \
	"p=${f%/*}\n" \
	"n=\n" \
	"c=\n" \
	"read -r n <\"$p/comm\"\n" \
	"case $n in *getty|*com|screen|tio|cu|socat) ;; *) continue ;; esac\n" \
	"read -r c <\"$f\"\n" \
	"case $c in\n" \
	"*\"${d##*/}\"[0-9]*) continue ;;\n" \
	"*getty*\"${d##*/}\"*|*\"$d\"*) h=\"$n (pid ${p##*/})\"; break ;;\n" \
	"esac\n" \
	"done 2>/dev/null\n"

/* $1: the device, $2: its speed. A program's name may hold what echo takes for
 * a newline. */
static const char open_script[] =
    ": rackmux\n" REAL HOLDER "[ -z \"$h\" ] || { printf '%s\\n' \"" HELD
    "$h\"; exit 1; }\n"
    "stty -F \"$d\" $2 raw -echo cs8 -parenb -cstopb -crtscts -ixon clocal"
    " -hupcl 2>&1 || exit 1\n"
    "exec 3<>\"$d\" || exit 1\n"
    "echo \"" READY "\"\n"
    "( dd bs=4096 <&3 2>/dev/null &\n"
    "p=$!\n"
    "trap \"kill $p; exit\" TERM\n"
    "wait $p\n"
    "echo \"$d is gone.\" >&2\n"
    "read -r a b c q z </proc/self/stat\n"
    "[ \"${q:-$$}\" != $$ ] || kill $$ ) &\n"
    "r=$!\n"
    "dd bs=4096 >&3 2>/dev/null\n"
    "kill $r\n";

static const char holder_script[] =
    REAL HOLDER "[ -z \"$h\" ] || printf '%s\\n' \"$h\"\n";

/* $1: the device, $2: its speed, $3: the script. */
static const char enter[] =
    "[ -e \"$1\" ] || { echo \"$1 is not there: look at its cable and driver, "
    "or at the name in the configuration.\"; exit 1; }; "
    "[ -c \"$1\" ] || { echo \"$1 is no serial device.\"; exit 1; }; "
    "[ -r \"$1\" ] && [ -w \"$1\" ] && exec sh -c \"$3\" rackmux \"$1\" $2; "
    "sudo -n true >/dev/null 2>&1 || { echo \"This user may not open $1: add "
    "it to the device's group (often dialout), or let sudo work without a "
    "password.\"; exit 1; }; "
    "exec sudo -n sh -c \"$3\" rackmux \"$1\" $2";

void
way_tty(struct way *w, const char *device, unsigned baud)
{
	w->kind = WAY_PIPE;
	w->cmd[0] = '\0';
	str_copy(w->device, sizeof w->device, device);
	w->baud = baud == 1200 ? 0 : baud;
	str_copy(w->ready, sizeof w->ready, READY);
	str_copy(w->held, sizeof w->held, HELD);
	w->steals = true;
	w->sends_break = false;
	str_copy(w->limits, sizeof w->limits,
	    "No break can be sent this way, and what was printed before it was "
	    "opened is lost.");
}

void
way_tty_cmd(const struct way *w, struct buf *out)
{
	buf_puts(out, "exec sh -c ");
	buf_quote(out, enter);
	buf_puts(out, " rackmux ");
	buf_quote(out, w->device);
	if (w->baud > 0)
		buf_printf(out, " %u ", w->baud);
	else
		buf_puts(out, " '' ");
	buf_quote(out, open_script);
}

void
way_holder_cmd(const char *device, struct buf *out)
{
	buf_puts(out, "sh -c ");
	buf_quote(out,
	    "[ \"$(id -u)\" != 0 ] && sudo -n true >/dev/null 2>&1 && "
	    "exec sudo -n sh -c \"$2\" rackmux \"$1\"; "
	    "exec sh -c \"$2\" rackmux \"$1\"");
	buf_puts(out, " rackmux ");
	buf_quote(out, device);
	buf_puts(out, " ");
	buf_quote(out, holder_script);
}
