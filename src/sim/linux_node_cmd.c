/*
 * Commands that a Linux node has beside its shell's own.
 */
#include "rackmux/sim/rack.h"

#include <stdlib.h>
#include <string.h>

#include "node_screen.h"
#include "nodeboot_text.h"
#include "rackmux/base/text.h"
#include "sudo.h"

static struct sim_node *
node_of(struct proc *p)
{
	return proc_machine(p)->board;
}

/* --- vcgencmd --- */

static void
pmic(struct proc *p, struct sim_node *n)
{
	static const struct {
		const char *name;
		double amps, volts;
	} rails[] = {
		{ "3V7_WL_SW", 0.0595, 3.72 },
		{ "3V3_SYS", 0.0653, 3.315 },
		{ "1V8_SYS", 0.1825, 1.797 },
		{ "DDR_VDD2", 0.0215, 1.107 },
		{ "DDR_VDDQ", 0.0, 0.6 },
		{ "1V1_SYS", 0.1822, 1.106 },
		{ "0V8_SW", 0.3386, 0.803 },
		{ "VDD_CORE", 1.6, 0.87 },
		{ "3V3_DAC", 0.0, 3.309 },
		{ "3V3_ADC", 0.0, 3.309 },
		{ "HDMI", 0.0127, 5.11 },
	};
	size_t i;
	int id = 0;

	for (i = 0; i < 10; i++)
		proc_printf(p, "%16s_A current(%d)=%.8fA\n", rails[i].name,
		    id++, rails[i].amps * (i == 7 ? 0.6 + 2.4 * n->busy : 1));
	for (i = 0; i < ARRAY_LEN(rails); i++)
		proc_printf(p, "%16s_V volt(%d)=%.8fV\n", rails[i].name,
		    id++ + 0, rails[i].volts);
	proc_printf(p, "%16s_V volt(24)=%.8fV\n", "EXT5V", n->volts);
	proc_printf(p, "%16s_V volt(25)=%.8fV\n", "BATT", 0.0);
}

static int
vcgencmd(struct proc *p, int argc, char **argv)
{
	struct sim_node *n = node_of(p);
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "get_throttled") == 0)
		proc_printf(p, "throttled=0x%x\n", n->throttled);
	else if (strcmp(what, "measure_temp") == 0)
		proc_printf(p, "temp=%.1f'C\n", n->temp);
	else if (strcmp(what, "measure_volts") == 0)
		proc_printf(p, "volt=%.4fV\n", 0.85 + 0.03 * n->busy);
	else if (strcmp(what, "measure_clock") == 0)
		proc_printf(p, "frequency(%d)=%d%06d\n",
		    n->model->pmic ? 0 : 48, node_mhz(n), 398464);
	else if (strcmp(what, "pmic_read_adc") == 0 && n->model->pmic) {
		if (argc > 2 && strcmp(argv[2], "EXT5V_V") == 0)
			proc_printf(
			    p, "%16s_V volt(24)=%.8fV\n", "EXT5V", n->volts);
		else
			pmic(p, n);
	} else if (strcmp(what, "version") == 0)
		proc_puts(p,
		    "Aug 30 2024 19:17:39 \n"
		    "Copyright (c) 2012 Broadcom\n"
		    "version 2808975b80149bbfe86844655fe45c7de66fc078"
		    " (clean) (release) (start)\n");
	else
		proc_puts(p, "error=1 error_msg=\"Command not registered\"\n");
	return 0;
}

/* --- power --- */

static int
stop(struct proc *p, bool reboot)
{
	node_stop(node_of(p), reboot);
	return 0;
}

static int
cmd_reboot(struct proc *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return stop(p, true);
}

static int
cmd_poweroff(struct proc *p, int argc, char **argv)
{
	(void)argc;
	return stop(p,
	    strcmp(argv[0], "shutdown") == 0 && argc > 1 &&
		strcmp(argv[1], "-r") == 0);
}

static int
cmd_systemctl(struct proc *p, int argc, char **argv)
{
	const char *what = "";
	int i;

	for (i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			what = argv[i];
	if (strcmp(what, "reboot") == 0)
		return stop(p, true);
	if (strcmp(what, "poweroff") == 0 || strcmp(what, "halt") == 0)
		return stop(p, false);
	if (argc > 1 && strcmp(argv[1], "is-system-running") == 0)
		proc_puts(p, "running\n");
	if (argc < 2 || strcmp(argv[1], "is-active") != 0)
		return 0;
	/* None of the services that one might ask for is on a plain node. */
	if (strcmp(argv[argc - 1], "--quiet") != 0 && argc < 4)
		proc_puts(p, "inactive\n");
	return 3;
}

static int
cmd_sudo(struct proc *p, int argc, char **argv)
{
	struct sim_node *n = node_of(p);

	return sudo_run(p, n->board, n, argc, argv);
}

/* What `sudo -n tee FILE` is used for: writing where only root may. */
static int
cmd_tee(struct proc *p, int argc, char **argv)
{
	char text[256];
	size_t len = 0;
	ssize_t n;
	int i, rc = 0;

	while (len < sizeof(text) &&
	    (n = proc_read(p, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	proc_out(p, text, len);
	for (i = 1; i < argc; i++)
		if (vfs_write(
			proc_machine(p)->vfs, argv[i], text, len, false) != 0) {
			proc_err(p, "tee: %s: Permission denied\n", argv[i]);
			rc = 1;
		}
	return rc;
}

/* --- looking around --- */

static int
cmd_ip(struct proc *p, int argc, char **argv)
{
	struct sim_node *n = node_of(p);
	bool up = !fault_is(&n->faults, FAULT_CABLE);
	bool one_line = false, four = false;
	const char *what = "";
	int host = 10 + n->slot, i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-' && *what == '\0')
			what = argv[i];
		one_line = one_line || strcmp(argv[i], "-o") == 0;
		four = four || strcmp(argv[i], "-4") == 0;
	}
	if (what[0] == 'r') {
		if (up)
			proc_printf(p,
			    "default via 10.0.0.1 dev %s proto dhcp src "
			    "10.0.0.%d metric 100 \n",
			    n->model->iface, host);
		return 0;
	}
	if (what[0] == 'a' && one_line) {
		proc_puts(p,
		    "1: lo    inet 127.0.0.1/8 scope host lo\\       "
		    "valid_lft forever preferred_lft forever\n");
		if (up)
			proc_printf(p,
			    "2: %s    inet 10.0.0.%d/24 brd 10.0.0.255 scope "
			    "global dynamic %s\\       valid_lft 80000sec "
			    "preferred_lft 80000sec\n",
			    n->model->iface, host, n->model->iface);
		return 0;
	}
	proc_printf(p,
	    "2: %s: <%sBROADCAST,MULTICAST,UP%s> mtu 1500 qdisc mq state %s "
	    "group default qlen 1000\n    link/ether %s brd "
	    "ff:ff:ff:ff:ff:ff\n",
	    n->model->iface, up ? "" : "NO-CARRIER,", up ? ",LOWER_UP" : "",
	    up ? "UP" : "DOWN", n->mac);
	if (up && what[0] == 'a')
		proc_printf(p, "    inet 10.0.0.%d/24 scope global %s\n", host,
		    n->model->iface);
	return 0;
}

static int
cmd_nproc(struct proc *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_printf(p, "%d\n", node_of(p)->model->cores);
	return 0;
}

static int
cmd_uptime(struct proc *p, int argc, char **argv)
{
	struct sim_node *n = node_of(p);
	long up = (long)node_uptime(n);

	(void)argc;
	(void)argv;
	proc_printf(p,
	    " 12:00:00 up %ld days, %2ld:%02ld,  1 user,  load average: "
	    "%.2f, %.2f, %.2f\n",
	    up / 86400, up / 3600 % 24, up / 60 % 60, n->load[0], n->load[1],
	    n->load[2]);
	return 0;
}

static int
cmd_dmesg(struct proc *p, int argc, char **argv)
{
	struct sim_node *n = node_of(p);
	const struct boot_line *l;
	struct buf b;

	(void)argc;
	(void)argv;
	for (l = boot_text(n, STAGE_KERNEL); l->text != NULL; l++) {
		if (l->text[0] != '[')
			continue;
		buf_init(&b, 0);
		boot_expand(n, l->text, &b);
		proc_printf(p, "%s\n", buf_str(&b));
		buf_release(&b);
	}
	if (n->throttled & 0x10000)
		proc_puts(p,
		    "[  812.114532] hwmon hwmon1: Undervoltage "
		    "detected!\n");
	return 0;
}

const struct command linux_node_commands[] = {
	{ "vcgencmd", vcgencmd },
	{ "reboot", cmd_reboot },
	{ "poweroff", cmd_poweroff },
	{ "halt", cmd_poweroff },
	{ "shutdown", cmd_poweroff },
	{ "systemctl", cmd_systemctl },
	{ "sudo", cmd_sudo },
	{ "tee", cmd_tee },
	{ "ip", cmd_ip },
	{ "nproc", cmd_nproc },
	{ "uptime", cmd_uptime },
	{ "dmesg", cmd_dmesg },
	{ "top", cmd_top },
	{ "htop", cmd_htop },
	{ "pattern", cmd_pattern },
	{ NULL, NULL },
};
