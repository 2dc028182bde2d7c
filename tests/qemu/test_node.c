/*
 * A real Linux on a console that carries a break, seen through rackmux: its
 * boot, a login, programs that own the screen, new sizes, SysRq, its end. What
 * the log holds is what the console printed, byte for byte.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "simproc.h"
#include "test.h"

/* Without KVM, on a machine that is busy. */
#define BOOT 90000
#define SOON 20000
#define ALL_S 240

static struct guest g;
static struct vtx x;
static char config[400];

static void
configure(unsigned port)
{
	char *text = text_of(
	    "boards = ( { name = \"lab\"; type = \"linux\"; slots = 1;\n"
	    "  nodes = ( { slot = 1; name = \"n1\";\n"
	    "    console = \"telnet://127.0.0.1:%u\"; } ); } );\n"
	    "console = { log_dir = \"%s/logs\"; };\n",
	    port, test_dir());

	snprintf(config, sizeof config, "%s", test_write("node.cfg", text));
	free(text);
}

static bool
is_connected(struct vtx *v, const void *arg)
{
	(void)v;
	(void)arg;
	return guest_connected(&g);
}

/* The row of the pane's title has this word. */
static bool
title_has(struct vtx *v, const void *word)
{
	char *text = vtx_text(v), *row = strstr(text, "lab/1 n1 "), *hit;
	bool has = false;

	if (row != NULL) {
		row[strcspn(row, "\n")] = '\0';
		hit = strstr(row, word);
		has = hit != NULL;
	}
	free(text);
	return has;
}

static void
wait_title(const char *word, int ms)
{
	if (!vtx_wait(&x, title_has, word, ms))
		test_fail(
		    __FILE__, __LINE__, "its title never said \"%s\"", word);
}

/* The shell's prompt is where the cursor is, and nothing is under way. */
static bool
at_prompt(struct vtx *v, const void *arg)
{
	static const char prompt[] = "node1:/root# ";
	int col = v->cursor.col, n = (int)sizeof prompt - 1;

	(void)arg;
	if (col != n)
		return false;
	for (int i = 0; i < n; i++)
		if (vtx_cell(v, i, v->cursor.row).chars[0] !=
			(uint32_t)prompt[i] &&
		    !(prompt[i] == ' ' &&
			vtx_cell(v, i, v->cursor.row).chars[0] == 0))
			return false;
	return true;
}

static void
wait_prompt(void)
{
	CHECK(vtx_wait(&x, at_prompt, NULL, SOON));
	/* Each prompt asks where the cursor is; a late answer would be taken
	 * for typing. */
	vtx_settle(&x, 150);
}

/* A command, what it prints, and the prompt after it. */
static void
run(const char *command, const char *prints)
{
	wait_prompt();
	vtx_send(&x, command);
	vtx_send(&x, "\r");
	CHECK(vtx_wait_text(&x, prints, SOON));
}

static int
title_row(void)
{
	int col, row;

	CHECK(vtx_find(&x, "lab/1 n1 ", &col, &row));
	return row;
}

static char *
row_text(int row)
{
	char *text = vtx_text(&x), *at = text, *out;

	for (int i = 0; i < row; i++)
		at = strchr(at, '\n') + 1;
	out = text_of("%.*s", (int)strcspn(at, "\n"), at);
	free(text);
	return out;
}

/* --- the parts ------------------------------------------------------------ */

static void
open_pane(void)
{
	const char *argv[] = { "-c", config, NULL };

	configure(guest_node(&g, true));
	dash_start(&x, 100, 32, program_env(), argv);
	CHECK(vtx_wait_text(&x, "n1", SOON));
	vtx_send(&x, "c");
	wait_title("log", SOON);
	CHECK(vtx_wait(&x, is_connected, NULL, SOON));
	/* The whole screen for it. */
	vtx_send(&x, "\035z");
	CHECK(vtx_wait_text(&x, "lab/1 n1", SOON));
}

/* U-Boot has the kernel and its root from QEMU. It finds nothing else to boot,
 * so that it waits for commands even if the key comes late. */
static void
load(void)
{
	wait_title("loader", BOOT);
	CHECK(vtx_wait_text(&x, "Hit any key to stop autoboot", SOON));
	vtx_send(&x, " ");
	CHECK(vtx_wait_text(&x, "=>", SOON));
	wait_title("loader-prompt", SOON);
	vtx_settle(&x, 150);
	vtx_send(&x, "qfw load\r");
	CHECK(vtx_wait_text(&x, "loading kernel to address", SOON));
	vtx_settle(&x, 150);
	vtx_send(&x, "zboot $loadaddr - $ramdisk_addr_r $filesize\r");
}

static void
boot(void)
{
	long long from = now_in_ms();

	guest_go(&g);
	load();
	printf("# loaded after %lld ms\n", now_in_ms() - from);
	wait_title("kernel", BOOT);
	wait_title("init", BOOT);
	wait_title("login", BOOT);
	CHECK(vtx_wait_text(&x, "node1 login:", SOON));
	printf("# login after %lld ms\n", now_in_ms() - from);
	vtx_settle(&x, 150);
	vtx_send(&x, "root\r");
	wait_prompt();
	wait_title("shell", SOON);
}

/* What the node takes for its screen is the pane. */
static void
agree_on_size(void)
{
	int rows = 0, cols = 0, at;
	char *row;

	wait_prompt();
	vtx_send(&x, "clear\r");
	wait_prompt();
	run("size", "size is ");
	wait_prompt();
	row = row_text(title_row() + 2);
	CHECK(sscanf(row, "size is %d %d", &rows, &cols) == 2);
	free(row);
	CHECK_INT(cols, x.w);
	at = title_row();
	/* Its last row is the last but the footer, or the last. */
	CHECK(rows >= 5 && at + rows < x.h && at + rows >= x.h - 2);
	printf("# the node's screen is %d rows of %d\n", rows, cols);
}

static bool
top_is_right(struct vtx *v, const void *arg)
{
	static const char head[] = "  PID  PPID USER     STAT";
	int at = title_row(), row, col;
	char *first = row_text(at + 1), *second = row_text(at + 2);
	bool right = strncmp(first, "Mem: ", 5) == 0 &&
	    strncmp(second, "CPU: ", 5) == 0 && vtx_find(v, head, &col, &row) &&
	    row == at + 4 && col == 0;

	(void)arg;
	free(first);
	free(second);
	/* The heading is in reverse, the list below is not. */
	return right && vtx_cell(v, 2, row).attrs.reverse &&
	    !vtx_cell(v, 2, row + 1).attrs.reverse;
}

static void
see_top(void)
{
	wait_prompt();
	vtx_send(&x, "top\r");
	CHECK(vtx_wait(&x, top_is_right, NULL, SOON));
	vtx_send(&x, "q");
	wait_prompt();
}

static void
edit_with_vi(void)
{
	run("vi /tmp/note", "- /tmp/note");
	vtx_settle(&x, 150);
	CHECK(vtx_cell(&x, 0, title_row() + 2).chars[0] == '~');
	vtx_send(&x, "i");
	vtx_settle(&x, 150);
	vtx_send(&x, "grüße 日本語 漢字 한국어\rsecond");
	CHECK(vtx_wait_text(&x, "second", SOON));
	vtx_send(&x, "\033");
	vtx_settle(&x, 150);
	vtx_send(&x, ":wq\r");
	wait_prompt();
	vtx_send(&x, "clear\r");
	wait_prompt();
	run("cat /tmp/note", "second");
	CHECK(vtx_wait_text(&x, "grüße 日本語 漢字 한국어", SOON));
	/* What was typed, in UTF-8. */
	run("wc -c /tmp/note", "42 /tmp/note");
}

static void
resize(void)
{
	vtx_settle(&x, 150);
	vtx_resize(&x, 132, 43);
	vtx_settle(&x, 150);
	agree_on_size();
	see_top();
	vtx_resize(&x, 80, 24);
	vtx_settle(&x, 150);
	agree_on_size();
	see_top();
	run("vi /tmp/note", "- /tmp/note");
	vtx_settle(&x, 150);
	CHECK(vtx_has(&x, "grüße 日本語 漢字 한국어"));
	CHECK(vtx_has(&x, "second"));
	vtx_send(&x, ":q\r");
	wait_prompt();
}

static void
send_sysrq(const char *key)
{
	vtx_settle(&x, 150);
	vtx_send(&x, "\035b");
	/* Its answer to the break, if any, is part of the same second. */
	CHECK(vtx_wait_text(&x, "break sent", SOON));
	vtx_send(&x, key);
}

static void
end_with_sysrq(void)
{
	int status = -1;

	wait_prompt();
	vtx_send(&x, "clear\r");
	wait_prompt();
	send_sysrq("h");
	CHECK(vtx_wait_text(&x, "sysrq: HELP", SOON));
	vtx_send(&x, "\r");
	wait_prompt();
	send_sysrq("b");
	CHECK(guest_ended(&g, &status, SOON));
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	wait_title("waiting", SOON);
	CHECK(vtx_has(&x, "sysrq: Resetting"));
	CHECK(vtx_wait_text(&x, "Its link is lost", SOON));
}

/* --- the log -------------------------------------------------------------- */

static int
hex(const char *p)
{
	char two[3] = { p[0], p[1], '\0' };

	return (int)strtol(two, NULL, 16);
}

/* One line of a log, as docs/console-log.md has it; the new end of out. */
static char *
take_line(char *out, const char *line, size_t len)
{
	static const char stamp[] = "2025-11-21T14:31:10.123Z ";
	const char *p = line + sizeof stamp - 1, *end = line + len;

	CHECK(len >= sizeof stamp - 1 && p[-1] == ' ' && p[-2] == 'Z');
	if (end - p >= 3 && memcmp(p, "-- ", 3) == 0)
		return out;
	while (p < end) {
		if (*p != '\\') {
			*out++ = *p++;
		} else if (p + 1 == end) {
			return out;
		} else if (p[1] == '\\') {
			*out++ = '\\';
			p += 2;
		} else if (p[1] == 'x' && end - p >= 4) {
			*out++ = (char)hex(p + 2);
			p += 4;
		} else {
			CHECK(p[1] == 'n' && p + 2 == end);
			*out++ = '\n';
			return out;
		}
	}
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

static size_t
decode(char *out, const char *log)
{
	char *at = out;

	while (*log != '\0') {
		size_t len = strcspn(log, "\n");

		if (log[len] == '\0')
			break;
		at = take_line(at, log, len);
		log += len + 1;
	}
	return (size_t)(at - out);
}

static char *
file_bytes(const char *path, size_t *len)
{
	char *text = file_read(path);
	FILE *f = fopen(path, "re");

	CHECK(text != NULL && f != NULL);
	CHECK(fseek(f, 0, SEEK_END) == 0);
	*len = (size_t)ftell(f);
	fclose(f);
	/* Nothing that the harness's strings could not hold. */
	CHECK_INT(strlen(text), *len);
	return text;
}

static void
log_is_what_was_printed(void)
{
	char *path = text_of("%s/logs/lab/1.log", test_dir());
	char *log = file_read(path), *printed, *said;
	size_t want, have, i = 0;

	if (log == NULL)
		test_fail(__FILE__, __LINE__, "%s: there is no log", path);
	printed = file_bytes(g.printed, &want);
	said = malloc(strlen(log) + 1);
	have = decode(said, log);
	while (i < want && i < have && printed[i] == said[i])
		i++;
	if (i < want || i < have)
		test_fail(__FILE__, __LINE__,
		    "the log has %zu bytes, printed were %zu; they differ at "
		    "%zu: \"%.40s\", not \"%.40s\"",
		    have, want, i, said + i, printed + i);
	CHECK(want > 10000);
	printf("# the log is what was printed: %zu bytes\n", want);
	free(path);
	free(log);
	free(printed);
	free(said);
}

TEST(a_real_linux_from_its_first_byte_to_its_last)
{
	int status = -1;

	alarm(ALL_S);
	open_pane();
	boot();
	agree_on_size();
	see_top();
	edit_with_vi();
	resize();
	end_with_sysrq();
	vtx_send(&x, "\035r");
	CHECK(vtx_wait_text(&x, "? help", SOON));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	check_terminal_clean(&x);
	vtx_close(&x);
	log_is_what_was_printed();
	guest_stop(&g);
}

/* --- in a pipe ------------------------------------------------------------ */

static int
shell(void *command)
{
	execl("/bin/sh", "sh", "-c", (char *)command, (char *)NULL);
	return 127;
}

static bool
all_heard(struct vtx *v, const void *arg)
{
	char *path = text_of("%s/heard", test_dir());
	char *heard = file_read(path), *printed = file_read(g.printed);
	bool all = heard != NULL && printed != NULL &&
	    strstr(printed, "node1 login: ") != NULL &&
	    strcmp(heard, printed) == 0;

	(void)v;
	(void)arg;
	free(path);
	free(heard);
	free(printed);
	return all;
}

TEST(a_boot_in_a_pipe_is_every_byte_of_it)
{
	char *command;
	int status = -1;

	alarm(ALL_S);
	configure(guest_node(&g, false));
	command = text_of("exec %s console -c %s --read-only n1 </dev/null "
			  ">%s/heard",
	    program_path("rackmux"), config, test_dir());
	vtx_spawn(&x, 80, 24, program_env(), shell, command);
	CHECK(vtx_wait(&x, is_connected, NULL, SOON));
	guest_go(&g);
	CHECK(vtx_wait(&x, all_heard, NULL, BOOT));
	kill(x.pid, SIGTERM);
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(WEXITSTATUS(status), 128 + SIGTERM);
	vtx_close(&x);
	guest_stop(&g);
	free(command);
}
