/*
 * tmux on conformance cases: a server of its own on a socket of its own. The
 * program in the pane writes the bytes of a step and says so with a file, then
 * waits for the next; in the end it keeps what the terminal answers.
 *
 * A pane's bytes are read in turn with the commands of clients, so after some
 * commands more the server has seen them all.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conform.h"
#include "test.h"

#define WORDS 24

static struct {
	char socket[512], conf[512];
	bool up;
} server;

/* --- running it ------------------------------------------------------------*/

/* Its output, which the caller frees; NULL when it failed. */
static char *
tmux(const char *const *args)
{
	const char *argv[WORDS + 8] = { "tmux", "-S", server.socket, "-f",
		server.conf };
	size_t len = 0, cap = 1 << 20;
	char *out = malloc(cap);
	int fd[2], n = 5, status = -1;
	ssize_t got;
	pid_t pid;

	CHECK(out != NULL && pipe2(fd, O_CLOEXEC) == 0);
	while (*args != NULL && n < WORDS + 7)
		argv[n++] = *args++;
	pid = fork();
	if (pid == 0) {
		union {
			const char **from;
			char *const *to;
		} words = { argv };

		dup2(fd[1], 1);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(127);
		execvp("tmux", words.to);
		_exit(127);
	}
	close(fd[1]);
	while (
	    len + 1 < cap && (got = read(fd[0], out + len, cap - len - 1)) > 0)
		len += (size_t)got;
	close(fd[0]);
	out[len] = '\0';
	waitpid(pid, &status, 0);
	if (status == 0)
		return out;
	free(out);
	return NULL;
}

#define TMUX(...) tmux((const char *const[]){ __VA_ARGS__, NULL })

static bool
tmux_do(char *out)
{
	bool good = out != NULL;

	free(out);
	return good;
}

bool
cf_tmux_start(void)
{
	char guard[700];

	snprintf(server.socket, sizeof server.socket, "%s/tmux", test_dir());
	snprintf(server.conf, sizeof server.conf, "%s",
	    test_write("tmux.conf",
		"set -g status off\n"
		"set -g history-limit 1000\n"
		"set -g exit-empty off\n"
		"set -s escape-time 0\n"));
	setenv("LC_ALL", "C.UTF-8", 1);
	/* It ends with this process, also when a test fails. */
	snprintf(guard, sizeof guard,
	    "while kill -0 %d; do sleep 1; done; tmux -S %s kill-server",
	    (int)getpid(), server.socket);
	server.up = tmux_do(TMUX("new-session", "-d", "-s", "first", guard));
	return server.up;
}

void
cf_tmux_stop(void)
{
	if (server.up)
		tmux_do(TMUX("kill-server"));
	server.up = false;
}

/* --- one case --------------------------------------------------------------*/

static const char *
path(const char *what, int i)
{
	static char all[4][600];
	static unsigned turn;
	char *p = all[turn++ % 4];

	snprintf(p, sizeof all[0], "%s/case-%s%d", test_dir(), what, i);
	return p;
}

static void
write_bytes(const char *name, const char *bytes, size_t len)
{
	FILE *f = fopen(name, "we");

	CHECK(f != NULL && fwrite(bytes, 1, len, f) == len);
	CHECK(fclose(f) == 0);
}

/* The program for the pane: each step's bytes, a mark, and a wait. */
static void
write_script(const struct cf_case *c)
{
	FILE *f = fopen(path("script", 0), "we");

	CHECK(f != NULL);
	fputs("stty raw -echo\n", f);
	for (int i = 0; i < c->n_steps; i++) {
		unlink(path("done", i));
		unlink(path("go", i));
		if (c->step[i].bytes != NULL) {
			write_bytes(
			    path("in", i), c->step[i].bytes, c->step[i].len);
			fprintf(f, "cat %s\n", path("in", i));
		}
		CHECK(mkfifo(path("go", i), 0600) == 0);
		fprintf(
		    f, ": >%s\nread x <%s\n", path("done", i), path("go", i));
	}
	fprintf(f, "exec cat >%s\n", path("reply", 0));
	fclose(f);
	write_bytes(path("reply", 0), "", 0);
}

/* One turn of the server a command, and 4 kB are read in a turn. */
static bool
turns(size_t bytes)
{
	size_t n = 2 + (bytes < 65536 ? bytes : 65536) / 2048;

	while (n-- > 0)
		if (!tmux_do(TMUX("display-message", "-p", "x")))
			return false;
	return true;
}

static bool
wait_done(int i, size_t bytes)
{
	for (int n = 0; n < 1000; n++) {
		if (access(path("done", i), F_OK) == 0)
			return turns(bytes);
		poll(NULL, 0, 5);
	}
	return false;
}

/* What it answered: the pane's program gets it all before a mark of ours. */
static void
read_reply(struct cf_screen *out)
{
	const char *mark = "<END>";
	char *at;

	tmux_do(TMUX("send-keys", "-t", "case", "-l", mark));
	for (int n = 0; n < 200; n++) {
		FILE *f = fopen(path("reply", 0), "re");

		CHECK(f != NULL);
		out->reply_len = fread(out->reply, 1, sizeof out->reply - 1, f);
		fclose(f);
		at = memmem(out->reply, out->reply_len, mark, strlen(mark));
		if (at != NULL) {
			out->reply_len = (size_t)(at - out->reply);
			return;
		}
		poll(NULL, 0, 5);
	}
}

/* --- its screen ------------------------------------------------------------*/

struct pen {
	unsigned attrs;
	int32_t fg, bg;
	bool graphics;
};

static int32_t
extended(const int *p, int n, int *i)
{
	int32_t c = CF_DEFAULT;

	if (*i + 2 < n && p[*i + 1] == 5) {
		c = p[*i + 2];
		*i += 2;
	} else if (*i + 4 < n && p[*i + 1] == 2) {
		c = CF_RGB | p[*i + 2] << 16 | p[*i + 3] << 8 | p[*i + 4];
		*i += 4;
	}
	return c;
}

static void
sgr(struct pen *pen, const int *p, int n)
{
	static const unsigned bit[10] = { 0, CF_BOLD, CF_DIM, CF_ITALIC,
		CF_UNDERLINE, CF_BLINK, CF_BLINK, CF_REVERSE, CF_HIDDEN,
		CF_STRIKE };

	for (int i = 0; i < n; i++) {
		int v = p[i];

		if (v == 0) {
			pen->attrs = 0;
			pen->fg = pen->bg = CF_DEFAULT;
		} else if (v < 10) {
			pen->attrs |= bit[v];
		} else if (v == 38) {
			pen->fg = extended(p, n, &i);
		} else if (v == 48) {
			pen->bg = extended(p, n, &i);
		} else if (v == 58) {
			extended(p, n, &i); /* of an underline */
		} else if (v >= 30 && v <= 39) {
			pen->fg = v == 39 ? CF_DEFAULT : v - 30;
		} else if (v >= 40 && v <= 49) {
			pen->bg = v == 49 ? CF_DEFAULT : v - 40;
		} else if (v >= 90 && v <= 97) {
			pen->fg = v - 82;
		} else if (v >= 100 && v <= 107) {
			pen->bg = v - 92;
		}
	}
}

/* After "ESC [": the parameters of an SGR. */
static const char *
escape(struct pen *pen, const char *p)
{
	int v[32] = { 0 }, n = 1;
	bool sub = false; /* "4:3": the 3 is not for us */

	for (; *p != '\0' && *p != 'm'; p++) {
		if (*p == ';' && n < 31) {
			n++;
			sub = false;
		} else if (*p == ':')
			sub = v[n - 1] < 38;
		else if (!sub && *p >= '0' && *p <= '9')
			v[n - 1] = v[n - 1] * 10 + *p - '0';
	}
	sgr(pen, v, n);
	return *p != '\0' ? p + 1 : p;
}

static const char *const graphics[] = { "◆", "▒", "␉", "␌", "␍", "␊", "°", "±",
	"␤", "␋", "┘", "┐", "┌", "└", "┼", "⎺", "⎻", "─", "⎼", "⎽", "├", "┤",
	"┴", "┬", "│", "≤", "≥", "π", "≠", "£", "·" };

static size_t
char_len(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* tmux does not tell the columns of a character: those of our cases. */
static int
columns(const char *p)
{
	const unsigned char *s = (const unsigned char *)p;

	if ((s[0] == 0xcc && s[1] >= 0x80) || (s[0] == 0xcd && s[1] < 0xb0) ||
	    (s[0] == 0xef && s[1] == 0xb8 && s[2] < 0x90))
		return 0;
	if ((s[0] == 0xe3 && s[1] >= 0x81) || (s[0] >= 0xe4 && s[0] <= 0xe9) ||
	    (s[0] >= 0xea && s[0] <= 0xed) || (s[0] == 0xef && s[1] == 0xbc) ||
	    (s[0] == 0xf0 && s[1] == 0x9f))
		return 2;
	return 1;
}

static void
put(struct cf_screen *out, int row, int *col, const struct pen *pen,
    const char *text, size_t len, int wide)
{
	struct cf_cell *cell;

	if (wide == 0) {
		char *t = *col > 0 ? out->cell[row][*col - 1].text : NULL;

		if (t != NULL && t[0] == '\0' && *col > 1)
			t = out->cell[row][*col - 2].text;
		if (t != NULL && strlen(t) + len < CF_TEXT)
			memcpy(t + strlen(t), text, len + 1);
		return;
	}
	for (int i = 0; i < wide && *col < out->cols; i++, ++*col) {
		cell = &out->cell[row][*col];
		cell->fg = pen->fg;
		cell->bg = pen->bg;
		cell->attrs = pen->attrs;
		snprintf(cell->text, sizeof cell->text, "%.*s",
		    i == 0 ? (int)len : 0, text);
	}
}

static void
read_row(struct cf_screen *out, int row, struct pen *pen, const char *p)
{
	int col = 0;

	while (*p != '\0') {
		char one[5] = { 0 };

		if (p[0] == '\033' && p[1] == '[') {
			p = escape(pen, p + 2);
		} else if (*p == '\016' || *p == '\017') {
			pen->graphics = *p++ == '\016';
		} else if (pen->graphics && *p >= '`' && *p <= '~') {
			const char *g = graphics[*p++ - '`'];

			put(out, row, &col, pen, g, strlen(g), 1);
		} else {
			size_t n = strnlen(p, char_len((unsigned char)*p));

			memcpy(one, p, n);
			put(out, row, &col, pen, one, n, columns(one));
			p += n;
		}
	}
}

/* The colour of blanks at the end of a row is not told by capture-pane. */
static void
clear(struct cf_screen *out)
{
	for (int row = 0; row < CF_ROWS; row++) {
		for (int col = 0; col < CF_COLS; col++) {
			struct cf_cell *c = &out->cell[row][col];

			c->text[0] = ' ';
			c->text[1] = '\0';
			c->fg = c->bg = CF_ANY;
		}
	}
}

static void
read_screen(struct cf_screen *out)
{
	struct pen pen = { .fg = CF_DEFAULT, .bg = CF_DEFAULT };
	char *text = TMUX("capture-pane", "-p", "-e", "-N", "-t", "case");
	char *p = text;

	for (int row = 0; p != NULL && row < out->rows; row++) {
		char *end = strchr(p, '\n');

		if (end == NULL)
			break;
		*end = '\0';
		read_row(out, row, &pen, p);
		p = end + 1;
	}
	free(text);
}

static void
read_back(struct cf_screen *out)
{
	char *text =
	    TMUX("capture-pane", "-p", "-S", "-", "-E", "-1", "-t", "case");
	char *p = text, *end;

	for (; p != NULL && (end = strchr(p, '\n')) != NULL &&
	     out->n_back < CF_BACK;
	     p = end + 1) {
		char *last = end;

		*last = '\0';
		while (last > p && last[-1] == ' ')
			*--last = '\0';
		snprintf(out->back[out->n_back++], CF_LINE, "%s", p);
	}
	free(text);
}

static void
read_state(struct cf_screen *out)
{
	char *text = TMUX("display-message", "-p", "-t", "case",
	    "#{cursor_x} #{cursor_y} #{history_size} #{alternate_on} "
	    "#{cursor_flag} #{keypad_cursor_flag} #{keypad_flag} "
	    "#{mouse_standard_flag} #{mouse_button_flag} "
	    "#{mouse_all_flag} #{mouse_sgr_flag} #{pane_title}");
	static const unsigned bits[8] = { CF_ALT, CF_NO_CURSOR, CF_APP_CURSOR,
		CF_APP_KEYPAD, CF_CLICKS, CF_DRAGS, CF_MOTION, CF_SGR };
	char *p = text;
	long v[11] = { 0 };

	for (int i = 0; p != NULL && i < 11; i++)
		v[i] = strtol(p, &p, 10);
	out->col = (int)(v[0] < out->cols ? v[0] : out->cols - 1);
	out->row = (int)v[1];
	v[4] = !v[4];
	for (int i = 0; i < 8; i++) {
		out->modes_known |= bits[i];
		out->modes |= v[3 + i] ? bits[i] : 0;
	}
	if (p != NULL && *p == ' ')
		snprintf(out->title, sizeof out->title, "%.*s",
		    (int)strcspn(p + 1, "\n"), p + 1);
	out->attrs_known = 255;
	out->bells = -1;
	if (v[2] > 0)
		read_back(out);
	free(text);
}

static bool
steps(const struct cf_case *c, struct cf_screen *out)
{
	char rows[16], cols[16];

	for (int i = 0; i < c->n_steps; i++) {
		const struct cf_step *t = &c->step[i];
		int fd;

		if (!wait_done(i, t->len))
			return false;
		if (t->bytes == NULL) {
			snprintf(rows, sizeof rows, "%d", t->rows);
			snprintf(cols, sizeof cols, "%d", t->cols);
			if (!tmux_do(TMUX("resize-window", "-t", "case", "-x",
				cols, "-y", rows)))
				return false;
			out->rows = t->rows;
			out->cols = t->cols;
		}
		fd = open(path("go", i), O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

bool
cf_tmux(const struct cf_case *c, struct cf_screen *out)
{
	char rows[16], cols[16], command[700];
	bool good;

	memset(out, 0, sizeof *out);
	clear(out);
	out->rows = c->rows;
	out->cols = c->cols;
	write_script(c);
	snprintf(rows, sizeof rows, "%d", c->rows);
	snprintf(cols, sizeof cols, "%d", c->cols);
	snprintf(command, sizeof command, "sh %s", path("script", 0));
	good = tmux_do(TMUX("new-session", "-d", "-s", "case", "-x", cols, "-y",
		   rows, command)) &&
	    steps(c, out);
	if (good) {
		read_state(out);
		read_screen(out);
		read_reply(out);
	}
	tmux_do(TMUX("kill-session", "-t", "case"));
	return good;
}
