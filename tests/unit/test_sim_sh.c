/*
 * The simulator's shell: against dash where both must agree, against the text
 * where a simulated machine is needed.
 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/sim/proc.h"

struct far {
	struct loop *loop;
	struct buf out;
	bool ended;
	int status;
	size_t room; /* bytes that the far end still takes */
};

static size_t
far_write(void *arg, const char *s, size_t len, bool err)
{
	struct far *f = arg;

	(void)err;
	if (len > f->room)
		len = f->room;
	f->room -= len;
	buf_add(&f->out, s, len);
	return len;
}

static void
far_ended(void *arg, int status)
{
	struct far *f = arg;

	f->ended = true;
	f->status = status;
}

static const struct proc_io far_io = { far_write, far_ended };

static int
read_fails(void *arg, const char *path, struct buf *out)
{
	(void)arg;
	(void)path;
	(void)out;
	return -22;
}

static struct machine
machine_new(struct loop *loop)
{
	struct machine m = { .loop = loop,
		.vfs = vfs_new(),
		.hostname = "turingpi",
		.prompt = "# ",
		.user = "root",
		.password = "turing",
		.issue = "Welcome to Turing Pi\n",
		.kernel = "6.8.12",
		.arch = "armv7l" };

	vfs_static(m.vfs, "/proc/loadavg", "0.10 0.20 0.30 1/60 100\n");
	vfs_static(m.vfs, "/sys/class/net/node1/speed", "1000\n");
	vfs_static(m.vfs, "/sys/class/net/node2/speed", "-1\n");
	vfs_dynamic(
	    m.vfs, "/sys/class/net/node2/carrier", read_fails, NULL, NULL);
	vfs_static(m.vfs, "/etc/motd", "one\ntwo\nthree\n");
	vfs_dir(m.vfs, "/tmp");
	vfs_dir(m.vfs, "/root");
	return m;
}

/* Run text as "sh -c" would; the output is left in f. */
static void
run_ours(struct far *f, const char *script)
{
	struct shell_args a = { script };
	struct machine m;
	struct proc *p;

	memset(f, 0, sizeof *f);
	f->loop = loop_new();
	f->room = 1 << 24;
	buf_init(&f->out, 1 << 22);
	m = machine_new(f->loop);
	p = proc_new(&m, false, &far_io, f, proc_main_shell, &a);
	proc_input_eof(p);
	while (!f->ended)
		loop_turn(f->loop, 100);
	proc_free(p);
	vfs_free(m.vfs);
	loop_free(f->loop);
}

static int
run_dash(const char *script, struct buf *out)
{
	int fds[2], status;
	char chunk[4096];
	ssize_t n;
	pid_t pid;

	CHECK(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execlp("dash", "sh", "-c", script, (char *)NULL);
		_exit(99);
	}
	close(fds[1]);
	while ((n = read(fds[0], chunk, sizeof chunk)) > 0)
		buf_add(out, chunk, (size_t)n);
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Neither reads a file, so both must say the same. */
static const char *const scripts[] = {
	"echo hello world",
	"echo 'a  b' \"c  d\" e\\ f",
	"x=1; echo $x ${x} \"$x\" '$x'",
	"echo ${x:-default} ${x-d2}; x=; echo [${x:-e}] [${x-f}]",
	"echo ${x:=set}; echo $x",
	"x=abc; echo ${#x} ${x#a} ${x%c} ${x##*b} ${x%%b*}",
	"p=/a/b/c.tar.gz; echo ${p##*/} ${p%/*} ${p%%.*} ${p#*.}",
	"x=set; echo ${x:+yes} ${y:+no}end",
	"set -- a 'b c' d; for i in \"$@\"; do echo [$i]; done; echo $#",
	"set -- a 'b c' d; for i in $@; do echo [$i]; done",
	"set -- a b c; echo \"$*\"; IFS=,; echo \"$*\"",
	"set -- a b c; shift; echo $1 $#; shift 2; echo $#",
	"for i in 1 2 3; do echo $i; done",
	"for i in; do echo never; done; echo $?",
	"i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done",
	"i=0; until [ $i -ge 2 ]; do i=$((i+1)); done; echo $i",
	"for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; "
	"echo $i; done",
	"for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo "
	"$i$j; done; done",
	"case abc in a*) echo starts;; *) echo no;; esac",
	"case x in a|b|x) echo hit;; esac; case y in x) echo no;; esac; "
	"echo $?",
	"case 'a b' in 'a b') echo quoted;; esac",
	"case '*' in \\*) echo star;; *) echo other;; esac",
	"x='a*'; case abc in \"$x\") echo q;; $x) echo p;; esac",
	"f() { echo in $1; return 3; }; f arg; echo $?",
	"f() { local v=1; v=2; echo $v; }; v=0; f; echo $v",
	"f() { set -- x y; echo $#; }; set -- 1; f; echo $#",
	"f() { f2() { echo inner; }; f2; }; f; f2",
	"if false; then echo a; elif true; then echo b; else echo c; fi",
	"if false; then echo a; fi; echo $?",
	"true && echo yes || echo no; false && echo yes || echo no",
	"! true; echo $?; ! false; echo $?",
	"(x=1; echo $x); echo [$x]",
	"{ echo a; echo b; } | cat",
	"echo one two | cat | cat",
	"x=$(echo sub; echo two); echo \"$x\"; echo $x",
	"x=`echo old \\`echo nested\\``; echo $x",
	"echo $(echo $(echo deep))",
	"echo \"$(echo \"in quotes\")\"",
	"echo $((1+2*3)) $(((1+2)*3)) $((7/2)) $((7%3)) $((-5+2))",
	"x=5; echo $((x*2)) $((x>3)) $((x<3)) $((x==5&&1)) $((!x))",
	"echo $((0x1f)) $((010)) $((1<<4)) $((5&3)) $((5|3)) $((5^3))",
	"x=3; echo $((x=x+1)) $x $((x+=2)) $x",
	"echo $((1?2:3)) $((0?2:3))",
	"printf '%s-%d\\n' a 1 b 2",
	"printf '%5s|%-5s|%05d|%x|%X|%o\\n' ab cd 42 255 255 8",
	"printf 'a\\tb\\n'; printf '%%|%c\\n' xyz",
	"printf '%s\\n' \"\"; printf '%d\\n'; printf 'no newline'",
	"printf '%b' 'a\\nb\\n'; printf '\\101\\n'",
	"printf '%.2s|%.3d\\n' abcdef 5",
	"echo a b c | while read x y; do echo \"$x|$y\"; done",
	"printf 'a\\nb\\nc\\n' | while read l; do echo [$l]; done",
	"printf '  lead  trail  \\n' | { read x; echo \"[$x]\"; }",
	"printf 'a:b:c\\n' | { IFS=: read x y; echo \"$x $y\"; }",
	"printf 'a\\\\b\\n' | { read -r x; printf '%s' \"$x\"; }",
	"printf 'nonl' | { read x; echo \"$? $x\"; }",
	"read x </dev/null; echo $?",
	"cat <<EOF\nhere $((1+1))\n\\$x\nEOF",
	"cat <<'EOF'\nraw $x `no`\nEOF",
	"cat <<-EOF\n\ttabs\n\tgone\n\tEOF",
	"x=v; cat <<EOF | cat\n$x ${x}y\nEOF\necho after",
	"echo out; echo err >&2; echo both 2>&1",
	"{ echo a; echo b >&2; } 2>/dev/null",
	"echo gone >/dev/null; echo $?",
	"exec 2>/dev/null; echo x >&2; echo y",
	"exec <<E\nE\nread x; echo $?",
	"eval 'x=1; echo $x'; eval echo a\\ b",
	"eval 'if'; echo not reached",
	"x='echo hi'; $x; \"$x\" 2>/dev/null; echo $?",
	"nosuchcommand_ 2>/dev/null; echo $?",
	"exit 7",
	"(exit 4); echo $?",
	"false; echo $?; true; echo $?",
	"x=1 y=2; echo $x$y; x=5 true; echo $x",
	"unset x; echo ${x-unset}; x=; echo ${x-unset}.",
	"[ -n a ] && [ -z '' ] && [ a = a ] && [ a != b ] && echo ok",
	"[ 3 -gt 2 ] && [ 2 -le 2 ] && [ ! 1 -eq 2 ] && echo ok",
	"[ a = a -a b = b ] && echo and; [ a = b -o b = b ] && echo or",
	"[ '(' = '(' ]; echo $?; [ ! a ]; echo $?; [ ]; echo $?",
	"test -e /dev/null && echo yes; test -d /nonexistent_; echo $?",
	"echo a; # comment\necho b # more",
	"echo a \\\n b",
	"echo 'multi\nline' \"dou\nble\"",
	"x=\"a   b\"; echo $x \"$x\"",
	"IFS=:; x=a:b::c; for i in $x; do echo [$i]; done",
	"x='*'; echo \"$x\"; set -f; echo $x",
	"echo ~root | grep -c root >/dev/null; echo ${HOME:+home}",
	"a=1; b=a; eval echo \\$$b",
	"set -e; true; false; echo never",
	"set -e; if false; then :; fi; false || true; echo still",
	"set -u; echo ${x-ok}",
	"trap 'echo bye' EXIT; echo hi",
	"command -v cd >/dev/null && echo found",
	": ${v:=assigned}; echo $v",
	"while :; do break; done; echo $?",
	"f() { while :; do return 5; done; }; f; echo $?",
	"echo $(printf 'a\\n\\n\\n')end",
	"x=$(false); echo $?; x=$(exit 3) ; echo $?",
	"printf %s \"a\\\\b\\\"c\\$d\\`e\"",
	"echo 'it'\\''s'",
	"sh -c 'echo $0 $1' name arg",
	"echo ${1-none} ${10-none}; set -- 1 2 3 4 5 6 7 8 9 ten; "
	"echo ${10} $10",
	"echo a | sed 's/a/b/'; echo aXbX | sed 's/X/-/g'",
	"printf '1\\n2\\n3\\n' | sed -n '2p'; printf '1\\n2\\n' | sed 1d",
	"echo 'k: v' | sed -e 's/^\\([a-z]*\\): \\(.*\\)/\\2=\\1/'",
	"printf 'a b c\\n' | cut -d' ' -f2; echo abcdef | cut -c2-4",
	"echo a:b:c | cut -d: -f1,3",
	"echo hello | tr a-z A-Z; echo a-b | tr -d -; printf 'a\\0b' | tr "
	"-d '\\000'",
	"printf 'b\\na\\nb\\n' | sort | uniq; printf '10\\n9\\n' | sort -n",
	"printf 'x\\ny\\nx\\n' | grep -c x; echo abc | grep -q b && echo hit",
	"printf 'foo=1\\nbar=2\\n' | grep '^bar' ; echo a | grep -v a; "
	"echo $?",
	"printf '1\\n2\\n3\\n4\\n' | head -n 2; printf '1\\n2\\n3\\n' | "
	"tail -n 1",
	"printf 'a b\\nc\\n' | wc -l; basename /a/b.txt .txt; dirname /a/b",
	"expr 1 + 2; seq 3; seq 2 4",
	"echo x y z | awk '{print $2}'; echo a:b | awk -F: '{print $2}'",
	"echo a b | xargs echo pre",
	"x=$(case a in a) echo in case;; esac); echo $x",
	"f() { echo \"$#:$*\"; }; f \"\" '' a; f \"$@\"",
	"printf '%s\\n' \"${x:-a b}\" ${y:-c d}",
	"x=abcabc; echo ${x%b*} ${x%%b*} ${x#*b} ${x##*b}",
	"x='a b'; y=${x#* }; echo \"$y\"",
	"( echo sub; exit 2 ) || echo failed $?",
	"echo a && (echo b; false) || echo c",
	"while read l; do echo \"<$l>\"; done <<E\n1\n2\nE",
	"i=5; while [ $((i-=1)) -gt 0 ]; do echo $i; done",
	"echo \"${x:-\"quoted default\"}\"",
	"x=y; echo \"${x:+\"$x\"}\"",
};

TEST(agrees_with_dash)
{
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct buf want;
		struct far f;
		int status;

		buf_init(&want, 0);
		status = run_dash(scripts[i], &want);
		run_ours(&f, scripts[i]);
		/* Words of complaint differ between shells; results not. */
		if (status != 2 &&
		    (strcmp(buf_str(&f.out), buf_str(&want)) != 0 ||
			f.status != status))
			test_fail(__FILE__, __LINE__,
			    "%s\n--- dash (%d)\n%s\n--- ours (%d)\n%s",
			    scripts[i], status, buf_str(&want), f.status,
			    buf_str(&f.out));
		if (status == 2)
			CHECK_INT(f.status, 2);
		buf_release(&want);
		buf_release(&f.out);
	}
}

static void
check_script(const char *script, const char *want, int status)
{
	struct far f;

	run_ours(&f, script);
	if (strcmp(buf_str(&f.out), want) != 0 || f.status != status)
		test_fail(__FILE__, __LINE__,
		    "%s\n--- got (%d)\n%s\n--- want "
		    "(%d)\n%s",
		    script, f.status, buf_str(&f.out), status, want);
	buf_release(&f.out);
}

TEST(reads_the_machines_files)
{
	check_script("read -r a b c < /proc/loadavg; echo $a $c",
	    "0.10 0.30 1/60 100\n", 0);
	check_script("cat /sys/class/net/node?/speed", "1000\n-1\n", 0);
	check_script("for d in /sys/class/net/*; do echo ${d##*/}; done",
	    "node1\nnode2\n", 0);
	check_script("echo /nothing/*", "/nothing/*\n", 0);
	check_script("cat /sys/class/net/node2/carrier",
	    "/sys/class/net/node2/carrier: Invalid argument\n", 1);
	check_script("cat /nosuch", "/nosuch: No such file or directory\n", 1);
	check_script("cat < /nosuch; echo $?",
	    "sh: 1: cannot open /nosuch: No such file\n2\n", 0);
	check_script("[ -e /proc/loadavg ] && [ -d /sys ] && ! [ -e /x ] && "
		     "echo ok",
	    "ok\n", 0);
	check_script("echo hi > /tmp/a; echo more >> /tmp/a; cat /tmp/a",
	    "hi\nmore\n", 0);
	check_script("echo 1 > /sys/class/net/node1/speed; echo $?",
	    "sh: 1: cannot create /sys/class/net/node1/speed: Permission "
	    "denied\n2\n",
	    0);
	check_script(
	    "while read l; do n=$((n+1)); done < /etc/motd; echo $n", "3\n", 0);
	check_script("uname -r; hostname; cd /sys/class && pwd",
	    "6.8.12\nturingpi\n/sys/class\n", 0);
	check_script("nosuch", "sh: 1: nosuch: not found\n", 127);
}

TEST(a_reader_that_goes_ends_its_writer)
{
	check_script("yes | head -n 2", "y\ny\n", 0);
	check_script("while :; do echo loop; done | head -n 1", "loop\n", 0);
}

TEST(hostile_scripts_end)
{
	static const char deep[] = "f() { f; }; f 2>/dev/null; echo $?";
	struct far f;
	char *text;

	check_script(deep, "", 2);
	text = mem_alloc(200000);
	memset(text, '(', 100000);
	run_ours(&f, text);
	CHECK_INT(f.status, 2);
	buf_release(&f.out);
	memset(text, '$', 150000);
	run_ours(&f, text);
	buf_release(&f.out);
	for (size_t i = 0; i < 199999; i++)
		text[i] = (char)(i * 7919 % 251 + 1);
	run_ours(&f, text);
	buf_release(&f.out);
	memcpy(text, "echo $(", 7);
	for (size_t i = 0; i < 30000; i += 2)
		memcpy(text + i, "$(", 2);
	text[30000] = '\0';
	run_ours(&f, text);
	buf_release(&f.out);
	free(text);
}

struct session {
	struct far far;
	struct machine m;
	struct proc *p;
};

static void
session_new(struct session *s, bool tty, proc_main *main_fn)
{
	memset(s, 0, sizeof *s);
	s->far.loop = loop_new();
	s->far.room = 1 << 24;
	buf_init(&s->far.out, 1 << 22);
	s->m = machine_new(s->far.loop);
	s->p = proc_new(&s->m, tty, &far_io, &s->far, main_fn, NULL);
}

static void
session_free(struct session *s)
{
	proc_free(s->p);
	vfs_free(s->m.vfs);
	loop_free(s->far.loop);
	buf_release(&s->far.out);
}

static void
wait_out(struct session *s, const char *text)
{
	for (int i = 0; i < 2000; i++) {
		if (strstr(buf_str(&s->far.out), text) != NULL)
			return;
		loop_turn(s->far.loop, 5);
	}
	test_fail(__FILE__, __LINE__, "no \"%s\" in:\n%s", text,
	    buf_str(&s->far.out));
}

static void
type(struct session *s, const char *text)
{
	proc_input(s->p, text, strlen(text));
}

TEST(a_shell_on_a_pipe_runs_each_command_as_it_comes)
{
	struct session s;

	session_new(&s, false, proc_main_shell);
	type(&s, "x=1\nf() {\n");
	type(&s, "echo called $x $1\n}\n");
	type(&s, "f a\n");
	wait_out(&s, "called 1 a\n");
	type(&s, "if true\nthen echo late\n");
	loop_turn(s.far.loop, 0);
	CHECK(strstr(buf_str(&s.far.out), "late") == NULL);
	type(&s, "fi\n");
	wait_out(&s, "late\n");
	CHECK(strchr(buf_str(&s.far.out), '#') == NULL); /* no prompt */
	proc_input_eof(s.p);
	while (!s.far.ended)
		loop_turn(s.far.loop, 5);
	session_free(&s);
}

TEST(a_busy_loop_lets_others_run_and_can_be_ended)
{
	struct session s, t;

	session_new(&s, true, proc_main_shell);
	session_new(&t, false, proc_main_shell);
	type(&s, "while :; do :; done\r");
	for (int i = 0; i < 20; i++)
		loop_turn(s.far.loop, 0);
	type(&t, "echo alive\n");
	wait_out(&t, "alive");
	type(&s, "\003");
	type(&s, "echo ba''ck\r");
	wait_out(&s, "back\r\n");
	session_free(&s);
	session_free(&t);
}

TEST(a_far_end_that_does_not_read_holds_the_writer)
{
	struct session s;

	session_new(&s, false, proc_main_shell);
	s.far.room = 10;
	type(&s, "seq 1000; echo done\n");
	for (int i = 0; i < 50; i++)
		loop_turn(s.far.loop, 0);
	CHECK_INT(s.far.out.len, 10);
	s.far.room = 1 << 20;
	proc_writable(s.p);
	wait_out(&s, "1000\ndone\n");
	session_free(&s);
}

TEST(hang_up_unwinds_a_shell_that_waits)
{
	struct session s;

	session_new(&s, false, proc_main_shell);
	type(&s, "while read x; do sleep 1000; done\nline\n");
	for (int i = 0; i < 20; i++)
		loop_turn(s.far.loop, 0);
	proc_hangup(s.p);
	for (int i = 0; i < 20 && !s.far.ended; i++)
		loop_turn(s.far.loop, 5);
	CHECK(s.far.ended);
	session_free(&s);
}

TEST(logs_in_as_a_serial_console_does)
{
	struct session s;

	session_new(&s, true, proc_main_login);
	wait_out(&s, "Welcome to Turing Pi\r\nturingpi login: ");
	type(&s, "root\r");
	wait_out(&s, "root\r\nPassword: ");
	type(&s, "wrong\r");
	wait_out(&s, "Login incorrect");
	CHECK(strstr(buf_str(&s.far.out), "wrong") == NULL);
	buf_clear(&s.far.out);
	type(&s, "root\r");
	wait_out(&s, "Password: ");
	type(&s, "turing\r");
	wait_out(&s, "# ");
	type(&s, "echo he''re\r");
	wait_out(&s, "echo he''re\r\nhere\r\n");
	type(&s, "stty -echo\r");
	wait_out(&s, "stty -echo\r\n# ");
	buf_clear(&s.far.out);
	type(&s, "echo qu''iet\r");
	wait_out(&s, "quiet\r\n");
	CHECK(strstr(buf_str(&s.far.out), "qu''iet") == NULL);
	type(&s, "exit\r");
	wait_out(&s, "turingpi login: ");
	session_free(&s);
}

TEST(lines_are_edited)
{
	struct session s;

	session_new(&s, true, proc_main_shell);
	type(&s, "echo abX\177c\r");
	wait_out(&s, "abc\r\n");
	type(&s, "garbage\025echo kept\r");
	wait_out(&s, "\r\nkept\r\n");
	session_free(&s);
}
