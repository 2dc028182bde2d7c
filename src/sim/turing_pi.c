/*
 * The Turing Pi 2's controller: which firmware on which board, its small
 * commands, and its clock. The rest is in files by subject: its files
 * (turing_pi_sysfs.c), bmcd (turing_pi_api.c), tpi, curl, consoles, flashing.
 */
#include "turing_pi.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#include "uart_device.h"

static const struct tp_firmware firmwares[] = {
	{
	    .release = "2.0.5",
	    .kernel = "5.4.61",
	    .tpi = "1.0.5",
	    .bmcd = "2.0.5",
	    .buildroot = "Buildroot 2022.08",
	    .buildtime = "2023-11-20 10:21:02-00:00",
	    .prompt = "# ",
	    .modern = false,
	},
	{
	    .release = "2.1.0",
	    .kernel = "6.8.12",
	    .tpi = "1.0.6",
	    .bmcd = "2.3.4",
	    .buildroot = "Buildroot 2024.05.1",
	    .buildtime = "2025-01-17 17:12:52-00:00",
	    .prompt = "[root@turingpi ~]$ ",
	    .modern = true,
	},
};

static bool
choose_firmware(struct sim_board *b, const char *firmware, const char *revision,
    char *err, size_t size)
{
	size_t i;

	b->tp.fw = NULL;
	for (i = 0; i < ARRAY_LEN(firmwares); i++)
		if (strcmp(firmwares[i].release, firmware) == 0)
			b->tp.fw = &firmwares[i];
	if (b->tp.fw == NULL) {
		str_format(err, size,
		    "firmware \"%s\" is not known: 2.0.5 or 2.1.0", firmware);
		return false;
	}
	if (strcmp(revision, "2.4") != 0 && strcmp(revision, "2.5") != 0) {
		str_format(err, size, "board \"%s\" is not known: 2.4 or 2.5",
		    revision);
		return false;
	}
	b->tp.v25 = strcmp(revision, "2.5") == 0;
	if (b->tp.v25 && !b->tp.fw->modern) {
		str_copy(
		    err, size, "firmware 2.0.5 does not run on a v2.5 board");
		return false;
	}
	return true;
}

static void
machine_init(struct sim_board *b)
{
	struct machine *m = &b->machine;

	m->loop = b->rack->loop;
	m->vfs = vfs_new();
	/* node1..node4 are the first of them, since 2.1. */
	m->commands = turing_pi_commands + (b->tp.fw->modern ? 0 : 4);
	m->http = turing_pi_http;
	m->tcp = turing_pi_tcp;
	m->board = b;
	m->hostname = "turingpi";
	m->prompt = b->tp.fw->prompt;
	m->issue = "Welcome to Turing Pi\n";
	m->user = "root";
	m->password = "turing";
	m->kernel = b->tp.fw->kernel;
	m->arch = "armv7l";
	m->cursor_query = !b->tp.fw->modern;
}

static void
turing_pi_init(struct sim_board *b)
{
	int64_t now = (int64_t)loop_now(b->rack->loop);

	machine_init(b);
	b->booted_at =
	    now - (int64_t)((rack_uniform(b->rack) * 40 + 0.2) * 86400000);
	b->tp.fan = b->tp.v25 || b->tp.emc2301 ? 3 : 0;
	b->tp.led_power = 1;
	b->tp.bmcd_since = b->booted_at;
	/* Somebody has named the first slot, as the web page offers. */
	if (b->tp.fw->modern && b->nodes[0].name[0] != '\0') {
		str_copy(b->tp.stored_name[0], sizeof(b->tp.stored_name[0]),
		    b->nodes[0].name);
		str_copy(b->tp.stored_module[0], sizeof(b->tp.stored_module[0]),
		    strcmp(
			b->nodes[0].model != NULL ? b->nodes[0].model->id : "",
			"rk1") == 0
			? "RK1"
			: "CM4");
	}
	turing_pi_sysfs(b);
}

static void
turing_pi_read(struct sim_board *b, struct sim_keys *k)
{
	char why[128];

	if (!choose_firmware(b, sim_key_text(k, "firmware", "2.1.0"),
		sim_key_text(k, "board", "2.5"), why, sizeof(why)))
		sim_key_mistake(k, "%s", why);
	b->tp.emc2301 = sim_key_bool(k, "fan", false);
	if (b->serial && b->tp.fw != NULL && !b->tp.fw->modern)
		sim_key_mistake(k, "firmware 2.0.5 has no USB serial console");
}

/* --- bmcd and the rails --- */

bool
bmcd_up(const struct sim_board *b)
{
	return b->tp.bmcd_back == 0 && !fault_is(&b->faults, FAULT_NOBMCD);
}

void
bmcd_restart(struct sim_board *b, uint64_t after_ms)
{
	b->tp.bmcd_back = loop_now(b->rack->loop) + after_ms;
	turing_pi_web_reset(b);
}

static void
rails_off(struct sim_board *b)
{
	int k;

	for (k = 0; k < b->slots; k++)
		node_set_rail(&b->nodes[k], false);
}

/* A v2.4 drops the nodes' rails with its controller. */
static void
turing_pi_down(struct sim_board *b)
{
	if (!b->tp.v25)
		rails_off(b);
}

static void
turing_pi_up(struct sim_board *b)
{
	b->tp.bmcd_since = b->booted_at;
	board_apply_rails(b);
}

/* It puts all rails to what it has stored, and after a crash each goes off
 * and on on the way there. */
static void
bmcd_is_back(struct sim_board *b, uint64_t now)
{
	b->tp.bmcd_back = 0;
	b->tp.bmcd_since = (int64_t)now;
	if (!b->tp.bounce) {
		board_apply_rails(b);
		return;
	}
	b->tp.bounce = false;
	b->tp.bmcd_back = now + 500;
	rails_off(b);
}

static void
turing_pi_tick(struct sim_board *b, double dt)
{
	uint64_t now = loop_now(b->rack->loop);

	if (b->tp.bmcd_back != 0 && now >= b->tp.bmcd_back)
		bmcd_is_back(b, now);
	flash_tick(b, dt);
}

static void
turing_pi_faulted(struct sim_board *b, enum fault_kind k, bool on)
{
	if (k == FAULT_NOBMCD && on)
		turing_pi_web_reset(b);
	if (k != FAULT_BMCDOOM || !on)
		return;
	fault_end(&b->faults, k);
	b->tp.bounce = true;
	bmcd_restart(b, 5000);
}

static void
turing_pi_node_faulted(struct sim_node *n, enum fault_kind k, bool on)
{
	if (k != FAULT_WSDROP || !on)
		return;
	fault_end(&n->faults, k);
	turing_pi_web_drop(n->board, n);
}

static double
turing_pi_cooling(const struct sim_node *n)
{
	return n->board->tp.v25 ? n->board->tp.fan * 1.2 : 0;
}

static char *
turing_pi_by_id(const struct sim_board *b)
{
	return mem_printf(
	    "usb-Turing_Machines__Inc_Turing_Pi_2_%s-if00", b->name);
}

static void
turing_pi_release(struct sim_board *b)
{
	int k;

	for (k = 0; k < TP_SLOTS; k++)
		uart_device_free(b->tp.ttys[k]);
}

/* As it is delivered; a console asks for it. */
static void
turing_pi_write(const struct sim_board *b, struct buf *out)
{
	if (b->pty != NULL && b->endpoint == NULL)
		buf_puts(out, "password_command = \"echo turing\";");
}

/* --- small commands --- */

static int
cmd_reboot(struct proc *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	board_reboot(tp_board(p));
	return 0;
}

static int
cmd_uptime(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = tp_board(p);
	long up =
	    (long)(((int64_t)loop_now(b->rack->loop) - b->booted_at) / 1000);

	(void)argc;
	(void)argv;
	proc_printf(p,
	    " 12:00:00 up %ld days, %2ld:%02ld,  load average: 0.11, 0.07, "
	    "0.02\n",
	    up / 86400, up / 3600 % 24, up / 60 % 60);
	return 0;
}

static void
print_link(
    struct proc *p, int index, const char *name, bool up, const char *extra)
{
	proc_printf(p,
	    "%d: %s: <%sBROADCAST,MULTICAST,UP%s> mtu 1500 qdisc noqueue "
	    "%sstate %s qlen 1000\n"
	    "    link/ether 02:00:5d:11:22:%02x brd ff:ff:ff:ff:ff:ff\n",
	    index, name, up ? "" : "NO-CARRIER,", up ? ",LOWER_UP" : "", extra,
	    up ? "UP" : "LOWERLAYERDOWN", index);
}

static int
cmd_ip(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = tp_board(p);
	const char *dev = b->tp.fw->modern ? "br0" : "eth0";
	const char *what = "", *only = NULL;
	bool one_line = false;
	char name[8];
	int i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-' && *what == '\0')
			what = argv[i];
		if (strcmp(argv[i], "dev") == 0 && i + 1 < argc)
			only = argv[i + 1];
		one_line = one_line || strcmp(argv[i], "-o") == 0;
	}
	if (what[0] == 'r') {
		proc_printf(p, "default via 10.0.0.1 dev %s \n", dev);
		return 0;
	}
	if (what[0] == 'a' && one_line) {
		proc_printf(p,
		    "1: lo    inet 127.0.0.1/8 scope host lo\\       "
		    "valid_lft forever preferred_lft forever\n"
		    "7: %s    inet 10.0.0.5/24 brd 10.0.0.255 scope global "
		    "%s\\       valid_lft forever preferred_lft forever\n",
		    dev, dev);
		return 0;
	}
	for (i = 0; i < b->slots && b->tp.fw->modern; i++) {
		str_format(name, sizeof(name), "node%d", i + 1);
		if (only == NULL || strcmp(only, name) == 0)
			print_link(p, 3 + i, name, node_has_link(&b->nodes[i]),
			    "master br0 ");
	}
	if (only == NULL || strcmp(only, dev) == 0)
		print_link(p, 9, dev, true, "");
	return 0;
}

static int
cmd_bridge(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = tp_board(p);
	int i;

	(void)argc;
	(void)argv;
	for (i = 0; i < b->slots && b->tp.fw->modern; i++)
		if (node_has_link(&b->nodes[i]))
			proc_printf(p, "%s dev node%d master br0\n",
			    b->nodes[i].mac, i + 1);
	return 0;
}

static int
cmd_df(struct proc *p, int argc, char **argv)
{
	bool sd = false, all = true;
	int i;

	for (i = 1; i < argc; i++) {
		sd = sd || strcmp(argv[i], "/mnt/sdcard") == 0;
		all = all && argv[i][0] == '-';
	}
	proc_puts(p,
	    "Filesystem           1K-blocks      Used Available "
	    "Use% Mounted on\n");
	if (!sd || all)
		proc_puts(p,
		    "ubi0:rootfs              50528     41296"
		    "      9232  82% /\n");
	if (sd || all)
		proc_puts(p,
		    "/dev/mmcblk0p1        31154688   1204224"
		    "  29950464   4% /mnt/sdcard\n");
	return 0;
}

static int
cmd_chronyc(struct proc *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_puts(p,
	    "Reference ID    : 5BBD5B9D (ntp.example.org)\n"
	    "Stratum         : 3\n"
	    "System time     : 0.000012345 seconds fast of NTP time\n"
	    "Leap status     : Normal\n");
	return 0;
}

static int
cmd_chassis_off(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = tp_board(p);
	int i;

	(void)argc;
	(void)argv;
	for (i = 0; i < b->slots; i++)
		node_power(&b->nodes[i], false);
	return 0;
}

/* /etc/init.d scripts are run by path on the real board; here the name is
 * enough. */
static int
cmd_bmcd_service(struct proc *p, int argc, char **argv)
{
	if (argc < 2)
		return 1;
	proc_printf(p, "%s bmcd: OK\n", argv[1]);
	bmcd_restart(tp_board(p), 1500);
	return 0;
}

const struct command turing_pi_commands[] = {
	{ "node1", cmd_node_console },
	{ "node2", cmd_node_console },
	{ "node3", cmd_node_console },
	{ "node4", cmd_node_console },
	{ "tpi", cmd_tpi },
	{ "curl", cmd_curl },
	{ "picocom", cmd_picocom },
	{ "microcom", cmd_picocom },
	{ "reboot", cmd_reboot },
	{ "poweroff", cmd_chassis_off },
	{ "uptime", cmd_uptime },
	{ "ip", cmd_ip },
	{ "bridge", cmd_bridge },
	{ "df", cmd_df },
	{ "chronyc", cmd_chronyc },
	{ "S94bmcd", cmd_bmcd_service },
	{ NULL, NULL },
};

static const char *const turing_pi_keys[] = { "firmware", "board", "fan",
	NULL };

const struct personality turing_pi_personality = {
	.type = "turing-pi",
	.slots = TP_SLOTS,
	.model = "cm4",
	.uarts = true,
	.keys = turing_pi_keys,
	.read = turing_pi_read,
	.init = turing_pi_init,
	.tick = turing_pi_tick,
	.down = turing_pi_down,
	.up = turing_pi_up,
	.cooling = turing_pi_cooling,
	.faulted = turing_pi_faulted,
	.node_faulted = turing_pi_node_faulted,
	.by_id = turing_pi_by_id,
	.release = turing_pi_release,
	.write = turing_pi_write,
};
