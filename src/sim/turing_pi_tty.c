/*
 * picocom on a node's line. It locks the port against another picocom, but
 * bmcd does not lock and goes on reading, so both lose bytes.
 */
#include "turing_pi.h"

#include <string.h>

#include "picocom.h"
#include "rackmux/base/text.h"

#define LOOK_MS 20
#define TAP_MAX (256 * 1024)

/* Pass typed bytes on; false after C-a C-x or C-a C-q. */
static bool
type(
    struct proc *p, struct sim_node *n, const char *s, size_t len, bool *escape)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (*escape) {
			*escape = false;
			if (s[i] == 0x18 || s[i] == 0x11)
				return false;
			if (s[i] == 0x01)
				uart_type(n, s + i, 1);
			if (s[i] != 0x1c)
				continue;
			uart_break(n);
			proc_puts(p, "\r\n*** break sent ***\r\n");
		} else if (s[i] == 0x01) {
			*escape = true;
		} else {
			uart_type(n, s + i, 1);
		}
	}
	return true;
}

static void
session(struct proc *p, struct sim_node *n)
{
	struct uart_tap tap = { 0 };
	bool escape = false;
	char text[256];
	ssize_t got;

	buf_init(&tap.got, TAP_MAX);
	uart_tap_add(n, &tap);
	proc_raw(p, true);
	for (;;) {
		got = proc_read_for(p, text, sizeof(text), LOOK_MS);
		if (got == 0 || got == -1)
			break;
		if (got > 0 && !type(p, n, text, (size_t)got, &escape))
			break;
		if (tap.got.len > 0) {
			struct buf b = tap.got;

			buf_init(&tap.got, TAP_MAX);
			(void)proc_out(p, b.data, b.len);
			buf_release(&b);
		}
	}
	proc_raw(p, false);
	uart_tap_remove(n, &tap);
	buf_release(&tap.got);
}

static int
attach(struct proc *p, int node, const char *path)
{
	struct sim_board *b = tp_board(p);

	if (b->tp.locked[node]) {
		proc_printf(p,
		    "\nFATAL: cannot lock %s: Resource temporarily "
		    "unavailable\n",
		    path);
		return 1;
	}
	b->tp.locked[node] = true;
	picocom_greet(p, path, "115200");
	proc_puts(
	    p, "Type [C-a] [C-h] to see available commands\nTerminal ready\n");
	session(p, &b->nodes[node]);
	b->tp.locked[node] = false;
	proc_puts(p, "\nTerminating...\nThanks for using picocom\n");
	return 0;
}

int
cmd_picocom(struct proc *p, int argc, char **argv)
{
	const char *path = NULL;
	int i, node;

	for (i = 1; i < argc; i++)
		if (str_starts(argv[i], "/dev/"))
			path = argv[i];
	if (path == NULL) {
		proc_err(p, "No port given\n");
		return 1;
	}
	node = str_starts(path, "/dev/ttyS")
	    ? tp_node_of_tty(tp_board(p), path[strlen(path) - 1] - '0')
	    : -1;
	if (node < 0) {
		proc_printf(p,
		    "\nFATAL: cannot open %s: No such file or directory\n",
		    path);
		return 1;
	}
	return attach(p, node, path);
}

int
cmd_node_console(struct proc *p, int argc, char **argv)
{
	char path[16];
	int node = argv[0][strlen(argv[0]) - 1] - '1';

	(void)argc;
	str_format(path, sizeof(path), "/dev/ttyS%d",
	    tp_tty_of_node(tp_board(p), node));
	return attach(p, node, path);
}
