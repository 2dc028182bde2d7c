/*
 * Programs that take the whole screen: top as procps draws it (cursor home,
 * each line cleared to its end), htop as ncurses does (alternate screen,
 * cursor addressing, scroll-free, the mouse asked for). And a pattern for
 * whoever measures a line.
 */
#include "node_screen.h"

#include <stdlib.h>
#include <string.h>

#include "proc_in.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/talk.h"

#define REFRESH_MS 2000

static const struct row {
	const char *user, *command;
	int pid, virt, res;
	double cpu, mem;
} rows[] = {
	{ "root", "systemd", 1, 167552, 11904, 0.0, 0.1 },
	{ "pi", "node /srv/app/server.js", 812, 1182132, 94112, 11.6, 1.2 },
	{ "postgres", "postgres: writer", 641, 217344, 18944, 2.3, 0.2 },
	{ "root", "dockerd", 588, 1899028, 81012, 1.7, 1.0 },
	{ "root", "kworker/u8:2-events_unbound", 2117, 0, 0, 0.7, 0.0 },
	{ "root", "systemd-journald", 214, 50112, 16224, 0.3, 0.2 },
	{ "root", "sshd", 702, 15272, 8576, 0.0, 0.1 },
	{ "root", "agetty", 690, 5512, 1792, 0.0, 0.0 },
	{ "pi", "bash", 1204, 8400, 4864, 0.0, 0.1 },
};

static struct sim_node *
node_of(struct proc *p)
{
	return proc_machine(p)->board;
}

static double
busy_of(const struct sim_node *n, size_t row)
{
	return rows[row].cpu * (0.6 + n->busy);
}

/* --- top --- */

static void
draw_top(struct proc *p)
{
	struct sim_node *n = node_of(p);
	long up = (long)node_uptime(n);
	struct buf b;
	size_t i;

	buf_init(&b, 0);
	buf_printf(&b,
	    "\033[H\033[mtop - 12:00:00 up %ld days, %2ld:%02ld,  1 user,  "
	    "load average: %.2f, %.2f, %.2f\033[K\n",
	    up / 86400, up / 3600 % 24, up / 60 % 60, n->load[0], n->load[1],
	    n->load[2]);
	buf_printf(&b,
	    "Tasks:\033[1m 131 \033[mtotal,\033[1m   1 \033[mrunning\033[K\n"
	    "%%Cpu(s):\033[1m %4.1f \033[mus,\033[1m  1.2 \033[msy,"
	    "\033[1m %4.1f \033[mid\033[K\n"
	    "MiB Mem :\033[1m %8.1f \033[mtotal\033[K\n\033[K\n"
	    "\033[7m    PID USER         VIRT    RES  %%CPU  %%MEM "
	    "COMMAND\033[K\033[m\n",
	    n->busy * 100, 98.8 - n->busy * 98,
	    (double)n->model->mem_kb / 1024);
	for (i = 0; i < ARRAY_LEN(rows); i++)
		buf_printf(&b, "%7d %-9s %7d %6d %5.1f %5.1f %s\033[K\n",
		    rows[i].pid, rows[i].user, rows[i].virt, rows[i].res,
		    busy_of(n, i), rows[i].mem, rows[i].command);
	buf_puts(&b, "\033[J");
	(void)proc_out(p, b.data, b.len);
	buf_release(&b);
}

/* --- htop --- */

static void
meter(struct buf *b, int row, int col, const char *name, double share)
{
	int full = (int)(share * 20), i;

	buf_printf(
	    b, "\033[%d;%dH\033[36m%s\033[1;39m[\033[0;32m", row, col, name);
	for (i = 0; i < 20; i++)
		buf_puts(b, i == full ? "\033[1;30m " : i < full ? "|" : " ");
	buf_printf(b, "%5.1f%%\033[1;39m]\033[m", share * 100);
}

static void
draw_htop(struct proc *p, int chosen)
{
	struct sim_node *n = node_of(p);
	char name[8];
	struct buf b;
	int i;

	buf_init(&b, 0);
	for (i = 0; i < n->model->cores; i++) {
		str_format(name, sizeof(name), "%3d", i);
		meter(&b, 1 + i % 4, 3 + i / 4 * 36, name,
		    n->busy * (0.5 + 0.12 * i) > 1
			? 1
			: n->busy * (0.5 + 0.12 * i));
	}
	meter(&b, 5, 3, "Mem", 0.31);
	buf_printf(&b,
	    "\033[6;3HLoad average: \033[1m%.2f\033[m   \033[7;1H\033[30;42m"
	    "%-80s\033[m",
	    n->load[0], "    PID USER       CPU%  MEM%  Command");
	for (i = 0; i < (int)ARRAY_LEN(rows); i++)
		buf_printf(&b,
		    "\033[%d;1H%s%7d %-10s %4.1f  %4.1f  %-47s\033[m", 8 + i,
		    i == chosen ? "\033[30;46m" : "", rows[i].pid, rows[i].user,
		    busy_of(n, (size_t)i), rows[i].mem, rows[i].command);
	buf_puts(&b,
	    "\033[24;1HF1\033[30;46mHelp  \033[mF10\033[30;46mQuit\033[m"
	    "\033[K");
	(void)proc_out(p, b.data, b.len);
	buf_release(&b);
}

/* The row of a click: ESC [ < 0 ; x ; y M */
static int
clicked(const char *keys)
{
	const char *at = strstr(keys, "\033[<0;");
	char *end;
	long y;

	if (at == NULL || (at = strchr(at + 5, ';')) == NULL)
		return -1;
	y = strtol(at + 1, &end, 10);
	return *end == 'M' && y >= 8 && y < 8 + (long)ARRAY_LEN(rows)
	    ? (int)y - 8
	    : -1;
}

/* False: it was told to end. */
static bool
keys(struct proc *p, int *chosen)
{
	char text[64];
	ssize_t n = proc_read_for(p, text, sizeof(text) - 1, REFRESH_MS);
	int row;

	if (n == -2)
		return true;
	if (n <= 0)
		return false;
	text[n] = '\0';
	row = clicked(text);
	if (row >= 0)
		*chosen = row;
	else if (strstr(text, "\033[B") || strstr(text, "\033OB"))
		*chosen += *chosen + 1 < (int)ARRAY_LEN(rows);
	else if (strstr(text, "\033[A") || strstr(text, "\033OA"))
		*chosen -= *chosen > 0;
	else if (strcspn(text, "q\003") < (size_t)n)
		return false;
	return true;
}

static int
full_screen(struct proc *p, const char *begin, const char *finish, bool htop)
{
	struct tty *t = proc_tty(p);
	int chosen = 0;

	if (t == NULL) {
		proc_err(p, "failed tty get\n");
		return 1;
	}
	proc_raw(p, true);
	t->onlcr = t->opost = true;
	proc_puts(p, begin);
	do
		if (htop)
			draw_htop(p, chosen);
		else
			draw_top(p);
	while (keys(p, &chosen));
	proc_raw(p, false);
	proc_puts(p, finish);
	return 0;
}

int
cmd_top(struct proc *p, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (argv[i][0] == '-' && strchr(argv[i], 'b') != NULL) {
			draw_top(p);
			return 0;
		}
	return full_screen(p, "\033[?1h\033=\033[?25l\033[H\033[2J",
	    "\033[?1l\033>\033[?25h\n", false);
}

int
cmd_htop(struct proc *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return full_screen(p,
	    "\033[?1049h\033[22;0;0t\033[?1h\033=\033[?25l\033[?1000h"
	    "\033[?1006h\033[H\033[2J",
	    "\033[?1006l\033[?1000l\033[24;1H\033[K\033[?12l\033[?25h"
	    "\033[?1049l\033[23;0;0t\033[?1l\033>",
	    true);
}

/* pattern BYTES: that many, as they are taken. */
int
cmd_pattern(struct proc *p, int argc, char **argv)
{
	char line[PATTERN_LINE];
	struct tty *t = proc_tty(p);
	uint64_t k = 0;
	long left;
	int rc = 0;

	if (argc != 2 || !str_long(argv[1], 0, 4000000000l, &left)) {
		proc_err(p, "usage: pattern BYTES\n");
		return 2;
	}
	if (t != NULL)
		t->onlcr = false;
	while (left > 0 && rc == 0 && !proc_interrupted(p, false)) {
		pattern_line(k++, line);
		rc = proc_out(
		    p, line, left < PATTERN_LINE ? (size_t)left : PATTERN_LINE);
		left -= PATTERN_LINE;
	}
	if (t != NULL)
		t->onlcr = true;
	return rc;
}
