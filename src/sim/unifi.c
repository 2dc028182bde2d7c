/*
 * A UniFi PoE switch: BusyBox over SSH, and swctrl, which ends with status 0
 * whatever it was asked. Two generations of its table are known: the older
 * one has -1 for the limit of a port, and a sum of limits that overflowed.
 */
#include <string.h>

#include "ports.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define VOLTS 53.24
#define RESTART_MS 3000

struct unifi {
	struct ports ports; /* first */
	char prompt[48];
	bool old;
	int budget_mw;
};

static struct unifi *
unifi_of(struct proc *p)
{
	return ((struct sim_board *)proc_machine(p)->board)->state;
}

/* --- swctrl --- */

static void
usage(struct proc *p)
{
	proc_puts(p,
	    "Usage: swctrl poe show [id <port>]\n"
	    "       swctrl poe set <auto|pasv24|passthru|off> id <port>\n"
	    "       swctrl poe restart id <port>\n");
}

static void
head(struct proc *p, const struct unifi *u)
{
	proc_printf(p,
	    "Total Power Limit(mW): %d\n\n"
	    "Port  OpMode      HpMode    PwrLimit   Class   PoEPwr  PwrGood"
	    "  Power(W)  Voltage(V)  Current(mA)\n"
	    "                              (mW)\n",
	    u->old ? -1096017060 : u->budget_mw);
	proc_puts(p,
	    "----  ------  ------------  --------  -------  ------  -------"
	    "  --------  ----------  -----------\n");
}

static void
row(struct proc *p, const struct unifi *u, int port)
{
	const struct ports *s = &u->ports;
	bool gives = ports_delivers(s, port), trip = ports_fault(s, port);
	double w = ports_watts(s, port), v = gives ? VOLTS : 0;

	proc_printf(p,
	    "%4d  %6s  %12s  %8d  %7s  %6s  %7s  %8.2f  %10.2f  %11.2f\n", port,
	    ports_is_on(s, port) ? "Auto" : "Off", "Dot3at",
	    u->old ? -1 : 32000, gives ? "Class 4" : "Unknown",
	    gives || trip ? "On" : "Off", gives ? "Good" : "Bad", w, v,
	    gives ? w / v * 1000 : 0.0);
}

/* "5" or "1-8". */
static bool
range(const struct unifi *u, const char *s, int *from, int *to)
{
	int slots = u->ports.board->slots;
	char first[16];
	size_t n = strcspn(s, "-");
	long a, b;

	str_format(first, sizeof(first), "%.*s", (int)n, s);
	if (!str_long(first, 1, slots, &a))
		return false;
	b = a;
	if (s[n] == '-' && !str_long(s + n + 1, a, slots, &b))
		return false;
	*from = (int)a;
	*to = (int)b;
	return true;
}

static int
swctrl(struct proc *p, int argc, char **argv)
{
	struct unifi *u = unifi_of(p);
	const char *verb = argc > 2 ? argv[2] : "";
	int from = 1, to = u->ports.board->slots, id = 3, k;
	bool set = strcmp(verb, "set") == 0;
	bool restart = strcmp(verb, "restart") == 0;
	bool on = false;

	if (set && argc > 3) {
		on = strcmp(argv[3], "auto") == 0;
		id = on || strcmp(argv[3], "off") == 0 ? 4 : argc;
	}
	if (argc < 3 || strcmp(argv[1], "poe") != 0 ||
	    (!set && !restart && strcmp(verb, "show") != 0) ||
	    ((set || restart) && argc < id + 2) ||
	    (argc > id && strcmp(argv[id], "id") != 0)) {
		usage(p);
		return 0;
	}
	if (argc > id + 1 && !range(u, argv[id + 1], &from, &to)) {
		proc_printf(p, "invalid port id: %s\n", argv[id + 1]);
		return 0;
	}
	if (!set && !restart)
		head(p, u);
	for (k = from; k <= to; k++)
		if (set)
			ports_set(&u->ports, k, on);
		else if (restart)
			ports_cycle(&u->ports, k, RESTART_MS);
		else
			row(p, u, k);
	return 0;
}

/* --- the rest of it --- */

static int
cmd_reboot(struct proc *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	board_reboot(proc_machine(p)->board);
	return 0;
}

static int
read_uptime(void *arg, const char *path, struct buf *out)
{
	const struct sim_board *b = arg;
	double up =
	    (double)((int64_t)loop_now(b->rack->loop) - b->booted_at) / 1000;

	(void)path;
	buf_printf(out, "%.2f %.2f\n", up, up * 0.9);
	return 0;
}

static const struct command unifi_commands[] = {
	{ "swctrl", swctrl },
	{ "reboot", cmd_reboot },
	{ NULL, NULL },
};

static void
unifi_read(struct sim_board *b, struct sim_keys *k)
{
	struct unifi *u = mem_alloc(sizeof(*u));
	const char *firmware = sim_key_text(k, "firmware", "6");

	b->state = u;
	u->old = strcmp(firmware, "4") == 0;
	if (!u->old && strcmp(firmware, "6") != 0)
		sim_key_mistake(
		    k, "firmware \"%s\" is not known: 4 or 6", firmware);
	u->budget_mw = sim_key_int(k, "budget_w", 1, 3000, 150) * 1000;
}

static void
unifi_init(struct sim_board *b)
{
	struct unifi *u = b->state;
	struct machine *m = &b->machine;

	ports_init(&u->ports, b);
	str_format(u->prompt, sizeof(u->prompt), "%s-US.%s# ",
	    u->old ? "US8P150" : "USL16P", u->old ? "4.3.20" : "6.6.61");
	m->loop = b->rack->loop;
	m->vfs = vfs_new();
	m->commands = unifi_commands;
	m->board = b;
	m->hostname = b->name;
	m->prompt = u->prompt;
	m->issue = "";
	m->user = "admin";
	m->password = "ubnt";
	m->kernel = "3.6.5";
	m->arch = "armv7l";
	b->booted_at =
	    (int64_t)loop_now(b->rack->loop) - (int64_t)(86400000 * 12.3);
	vfs_dynamic(m->vfs, "/proc/uptime", read_uptime, NULL, b);
	vfs_static(m->vfs, "/proc/version",
	    "Linux version 3.6.5 (builder@ubnt) (gcc 4.6.3) #1 Tue Mar 12\n");
	vfs_text(m->vfs, "/etc/board.info",
	    u->old ? "board.name=US-8-150W\nboard.shortname=US8P150\n"
		   : "board.name=USW-Lite-16-PoE\nboard.shortname=USL16P\n");
	vfs_dir(m->vfs, "/tmp");
	vfs_dir(m->vfs, "/root");
}

static const char *const unifi_keys[] = { "firmware", "budget_w", NULL };

const struct personality unifi_personality = {
	.type = "unifi",
	.user = "admin",
	.feed = true,
	.reboot_ms = 30000,
	.keys = unifi_keys,
	.read = unifi_read,
	.init = unifi_init,
	.tick = ports_board_tick,
	.down = ports_board_down,
	.up = ports_board_up,
	.node_faulted = ports_node_faulted,
	.release = ports_release,
};
