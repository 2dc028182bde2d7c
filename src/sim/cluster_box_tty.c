/*
 * The nodes' serial lines on the control board: a CH344Q, whose ports are in
 * another order than the slots, at 1500000 baud. Nothing keeps what was
 * printed, but for v2, whose console server owns the port, writes a log and
 * lets several look on. picocom locks the port, and so does that server.
 */
#include "cluster_box.h"

#include <stdlib.h>
#include <string.h>

#include "picocom.h"
#include "rackmux/base/text.h"

#define LOG_MAX (512 * 1024)
#define LOG_DIR "/var/log/nodectl"
#define RUN_DIR "/var/run/nodectl"
#define VIEWERS_MAX 8
#define VIEWER_MAX (256 * 1024) /* bytes that one has not read yet */
#define LOOK_MS 20
#define BAUD "1500000"
#define CTRL_BRACKET 0x1d

static const int ttys[CB_SLOTS] = { 1, 2, 3, 0 };

int
cb_tty(int slot)
{
	return ttys[slot];
}

static struct cluster_box *
box_of(const struct cb_node *cn)
{
	return cn->n->board->state;
}

bool
cb_console_served(const struct cb_node *cn)
{
	return box_of(cn)->gen == CB_V2 &&
	    !fault_is(&cn->n->faults, FAULT_TTYBUSY);
}

/* --- the console server --- */

static void
rotate(struct cb_node *cn)
{
	struct vfs *v = cn->n->board->machine.vfs;
	char path[48];

	str_format(path, sizeof(path), LOG_DIR "/console%d.log.1", cn->n->slot);
	vfs_text(v, path, buf_str(&cn->log));
	buf_clear(&cn->log);
}

static void
serve(struct cb_node *cn, const char *s, size_t len)
{
	struct cb_viewer *w;

	if (cn->log.len + len > LOG_MAX)
		rotate(cn);
	buf_add(&cn->log, s, len);
	for (w = cn->viewers; w != NULL; w = w->next)
		buf_add(&w->got, s, len);
}

static void
on_tap(void *arg)
{
	struct cb_node *cn = arg;
	struct buf *got = &cn->tap.got;

	if (cb_console_served(cn))
		serve(cn, got->data, got->len);
	else
		device_say(cn->line, got->data, got->len);
	buf_clear(got);
}

static size_t
on_backlog(void *arg)
{
	const struct cb_node *cn = arg;
	const struct cb_viewer *w;
	size_t max = device_backlog(cn->line);

	for (w = cn->viewers; w != NULL; w = w->next)
		if (w->got.len > max)
			max = w->got.len;
	return max;
}

static void
on_line(void *arg, const char *s, size_t len)
{
	uart_type(((struct cb_node *)arg)->n, s, len);
}

static int
read_log(void *arg, const char *path, struct buf *out)
{
	const struct cb_node *cn = arg;

	(void)path;
	buf_add(out, cn->log.data, cn->log.len);
	return 0;
}

static void
on_break(void *arg)
{
	uart_break(((struct cb_node *)arg)->n);
}

void
cb_tty_init(struct cb_node *cn)
{
	static const struct device_ops ops = {
		.typed = on_line,
		.brk = on_break,
	};
	struct vfs *v = cn->n->board->machine.vfs;
	char path[48];

	cn->n->uart.unkept = true;
	cn->line = device_new(cn->n->board->rack->loop, &ops, cn);
	str_format(
	    path, sizeof(path), "/dev/ttyCH343USB%d", ttys[cn->n->slot - 1]);
	vfs_device(v, path, cn->line);
	buf_init(&cn->log, 0);
	buf_init(&cn->tap.got, 0);
	cn->tap.wake = on_tap;
	cn->tap.backlog = on_backlog;
	if (cn->n->uart.baud == 0)
		cn->n->uart.baud = 1500000;
	cn->tap.arg = cn;
	uart_tap_add(cn->n, &cn->tap);
	if (box_of(cn)->gen != CB_V2)
		return;
	str_format(path, sizeof(path), LOG_DIR "/console%d.log", cn->n->slot);
	vfs_dynamic(v, path, read_log, NULL, cn);
	str_format(path, sizeof(path), RUN_DIR "/console%d.sock", cn->n->slot);
	vfs_socket(v, path);
}

void
cb_tty_release(struct cb_node *cn)
{
	device_free(cn->line);
	buf_release(&cn->tap.got);
	buf_release(&cn->log);
}

/* --- who looks on --- */

static bool
pass_on(struct cb_node *cn, const char *s, size_t len, bool *escape)
{
	size_t i;

	for (i = 0; i < len; i++) {
		bool was = *escape;

		*escape = !was && s[i] == CTRL_BRACKET;
		if (was && (s[i] == 'q' || s[i] == '.'))
			return false;
		if (!*escape)
			uart_type(cn->n, s + i, 1);
	}
	return true;
}

static void
look_on(struct proc *p, struct cb_node *cn, struct cb_viewer *w)
{
	bool escape = false;
	char text[512];
	ssize_t n;

	proc_raw(p, true);
	proc_printf(
	    p, "[node %d console - exit: Ctrl-] then q]\r\n", cn->n->slot);
	for (;;) {
		n = proc_read_for(p, text, sizeof(text), LOOK_MS);
		if (n == 0 || n == -1)
			break;
		if (n > 0 && !pass_on(cn, text, (size_t)n, &escape))
			break;
		if (w->got.len > 0) {
			struct buf b = w->got;

			buf_init(&w->got, VIEWER_MAX);
			(void)proc_out(p, b.data, b.len);
			buf_release(&b);
		}
	}
	proc_raw(p, false);
}

int
cb_attach(struct proc *p, struct cb_node *cn)
{
	struct cb_viewer w = { .next = cn->viewers }, **at;
	int n = 0;

	for (at = &cn->viewers; *at != NULL; at = &(*at)->next)
		n++;
	if (n < VIEWERS_MAX) {
		buf_init(&w.got, VIEWER_MAX);
		cn->viewers = &w;
		look_on(p, cn, &w);
		for (at = &cn->viewers; *at != &w; at = &(*at)->next)
			continue;
		*at = w.next;
		buf_release(&w.got);
	}
	proc_puts(p, "\r\n[detached]\r\n");
	return 0;
}

/* --- picocom --- */

int
cb_picocom(struct proc *p, struct cb_node *cn, bool quiet)
{
	char path[32];

	str_format(
	    path, sizeof(path), "/dev/ttyCH343USB%d", ttys[cn->n->slot - 1]);
	if (!quiet)
		picocom_greet(p, path, BAUD);
	if (cn->locked || cb_console_served(cn) ||
	    fault_is(&cn->n->faults, FAULT_TTYBUSY)) {
		proc_printf(p,
		    "\nFATAL: cannot lock %s: Resource temporarily "
		    "unavailable\n",
		    path);
		return 1;
	}
	cn->locked = true;
	picocom_session(p, cn->line, BAUD, quiet);
	cn->locked = false;
	return 0;
}

int
cmd_cb_picocom(struct proc *p, int argc, char **argv)
{
	struct cluster_box *box = cb_of(p);
	const char *path = NULL;
	bool quiet = false;
	struct device *d;
	int i;

	for (i = 1; i < argc; i++) {
		quiet = quiet || strcmp(argv[i], "-q") == 0;
		if (argv[i][0] == '/')
			path = argv[i];
	}
	if (path == NULL) {
		proc_err(p, "No port given\n");
		return 1;
	}
	d = vfs_find_device(box->board->machine.vfs, path);
	for (i = 0; i < CB_SLOTS; i++)
		if (d != NULL && box->nodes[i].line == d)
			return cb_picocom(p, &box->nodes[i], quiet);
	proc_printf(
	    p, "\nFATAL: cannot open %s: No such file or directory\n", path);
	return 1;
}
