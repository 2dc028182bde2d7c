/*
 * What the control board's shell has beside busybox.
 */
#include "cluster_box.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "sudo.h"

static int
cmd_nodectl(struct proc *p, int argc, char **argv)
{
	switch (cb_of(p)->gen) {
	case CB_V0:
	case CB_V1:
		return cmd_nodectl_vendor(p, argc, argv);
	case CB_GO:
		return cmd_nodectl_go(p, argc, argv);
	default:
		return cmd_nodectl_v2(p, argc, argv);
	}
}

/* %sudo ALL=(ALL:ALL) NOPASSWD: ALL */
static int
cmd_sudo(struct proc *p, int argc, char **argv)
{
	struct cluster_box *box = cb_of(p);
	int status;

	box->sudo++;
	status = sudo_run(p, box->board, NULL, argc, argv);
	box->sudo--;
	return status;
}

static int
cmd_reboot(struct proc *p, int argc, char **argv)
{
	(void)argc;
	if (!proc_is_root(p)) {
		proc_err(p, "%s: Operation not permitted\n", argv[0]);
		return 1;
	}
	board_reboot(cb_of(p)->board);
	return 0;
}

static int
cmd_ip(struct proc *p, int argc, char **argv)
{
	const char *what = "";
	int i;

	for (i = argc - 1; i > 0; i--)
		if (argv[i][0] != '-')
			what = argv[i];
	if (what[0] == 'r')
		proc_puts(p,
		    "default via 10.0.0.1 dev eth0 \n"
		    "10.20.0.0/24 dev pci0 scope link  src 10.20.0.1 \n");
	else
		proc_puts(p,
		    "1: lo    inet 127.0.0.1/8 scope host lo\\       "
		    "valid_lft forever preferred_lft forever\n"
		    "2: eth0    inet 10.0.0.7/24 brd 10.0.0.255 scope global "
		    "eth0\\       valid_lft forever preferred_lft forever\n"
		    "5: pci0    inet 10.20.0.1/24 brd 10.20.0.255 scope "
		    "global pci0\\       valid_lft forever preferred_lft "
		    "forever\n");
	return 0;
}

/* --- ubus, which prints JSON in its own fashion --- */

static void
line_break(struct buf *out, int depth)
{
	buf_puts(out, "\n");
	while (depth-- > 0)
		buf_puts(out, "\t");
}

static void
indent(const char *s, struct buf *out)
{
	bool quoted = false;
	int depth = 0;

	for (; *s != '\0' && *s != '\n'; s++) {
		if (*s == '"')
			quoted = !quoted;
		if (!quoted && (*s == '}' || *s == ']'))
			line_break(out, --depth);
		buf_add(out, s, 1);
		if (quoted)
			continue;
		if (*s == ':')
			buf_puts(out, " ");
		else if (*s == '{' || *s == '[')
			line_break(out, ++depth);
		else if (*s == ',')
			line_break(out, depth);
	}
	buf_puts(out, "\n");
}

static int
cmd_ubus(struct proc *p, int argc, char **argv)
{
	struct cluster_box *box = cb_of(p);
	struct buf text, out;
	unsigned reached = 0;
	int k;

	if (!cb_is_v2(box) || argc < 4 || strcmp(argv[1], "call") != 0 ||
	    strcmp(argv[2], "nodectl") != 0 || strcmp(argv[3], "status") != 0) {
		proc_err(p, "Command failed: Not found\n");
		return 4;
	}
	for (k = 0; k < CB_SLOTS && box->addresses; k++)
		if (cb_reachable(&box->nodes[k]))
			reached |= 1u << (k + 1);
	buf_init(&text, 0);
	buf_init(&out, 0);
	cb_status_json(box, true, 0x1e, reached, &text);
	indent(buf_str(&text), &out);
	proc_out(p, out.data, out.len);
	buf_release(&text);
	buf_release(&out);
	return 0;
}

const struct command cluster_box_commands[] = {
	{ "nodectl", cmd_nodectl },
	{ "lspci", cmd_cb_lspci },
	{ "picocom", cmd_cb_picocom },
	{ "sudo", cmd_sudo },
	{ "reboot", cmd_reboot },
	{ "ip", cmd_ip },
	{ "ubus", cmd_ubus },
	{ NULL, NULL },
};
