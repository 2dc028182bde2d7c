#include "mini_cm4.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "script.h"

/*
 * Will Whang's Miniature CM4 Cluster: four CM4 behind an RP2040 whose console
 * takes single letters without Enter, echoes them, shows no prompt and cannot
 * tell what is switched on. It hangs on the USB of whoever has it: of our
 * machine (then the link is that serial port, and has no shell), or of the
 * host Pi of the board (then the link leads there, its sensors are read too,
 * and the controller is reached by a stream from there).
 */

#define I2C_MS 10000

static const struct driver_setting settings[] = {
	{ "identified", SETTING_BOOL, 0, 0, "false",
	    "the operator's word that the serial port is this controller's" },
	{ "controller", SETTING_TEXT, 1, 150, "",
	    "the controller's serial port on its host Pi" },
	{ "on_ma", SETTING_NUMBER, 0, 100000, "50",
	    "a node that draws as much, as the controller prints it, is on" },
	{ "current_scale", SETTING_NUMBER, 0.001, 1000, "1",
	    "true current divided by the one that the controller prints" },
	{ "shunt_ohm", SETTING_NUMBER, 0.0001, 10, "0.1",
	    "resistor at the INA226 that measures the whole board" },
	{ "console_1", SETTING_TEXT, 1, 150, "",
	    "serial console of node 1: a device on the host Pi, or a link" },
	{ "console_2", SETTING_TEXT, 1, 150, "",
	    "serial console of node 2: a device on the host Pi, or a link" },
	{ "console_3", SETTING_TEXT, 1, 150, "",
	    "serial console of node 3: a device on the host Pi, or a link" },
	{ "console_4", SETTING_TEXT, 1, 150, "",
	    "serial console of node 4: a device on the host Pi, or a link" },
	{ .key = NULL },
};

bool
mc_serial(const struct mc *mc)
{
	return str_starts(mc->drv.link.url(mc->drv.link.arg), "serial:");
}

bool
mc_is_set(const struct mc *mc, const char *key)
{
	const struct driver_config *c = &mc->drv.config;

	for (size_t i = 0; i < c->n_settings; i++)
		if (strcmp(c->settings[i].key, key) == 0)
			return true;
	return false;
}

static struct drv *
mc_open(void)
{
	struct mc *mc = mem_alloc(sizeof *mc);

	report_init(&mc->host_report, &mc->drv, SOURCE_BOARD);
	mc_forget(mc,
	    "Nothing was sent yet, and the controller cannot tell what it "
	    "was told before.");
	return &mc->drv;
}

static void
mc_close(struct drv *d)
{
	struct mc *mc = (struct mc *)d;

	mc_orders_forget(mc);
	dialogue_free(mc->dialogue);
	report_release(&mc->host_report);
	free(mc);
}

/* On a serial line a new connection means that the port went away, which is
 * how a reset of the controller looks. A host Pi tells by itself. */
static void
mc_reset(struct drv *d)
{
	struct mc *mc = (struct mc *)d;

	mc_talk_drop(mc);
	mc->once = mc->told_cannot = false;
	mc->misses = 0;
	mc->i2c_at = 0;
	memset(&mc->host, 0, sizeof mc->host);
	report_clear(&mc->host_report);
	if (mc_serial(mc))
		mc_forget(mc,
		    "The controller was away and may have been reset, which "
		    "switches all nodes off: it cannot tell.");
}

void
mc_round_done(struct mc *mc)
{
	mc_report_power(mc);
	drv_fresh(&mc->drv);
}

void
mc_round_failed(struct mc *mc, enum link_why kind, const char *why)
{
	bool refused = mc->port_why[0] != '\0';

	mc->recent = false;
	if (refused || !mc_serial(mc))
		mc_power_unknown(mc, why);
	/* What the host measures is fresh all the same. */
	if (!mc_serial(mc))
		drv_fresh(&mc->drv);
	else
		mc->drv.sink.stale(mc->drv.sink_arg, kind, why);
}

static void
on_host(void *arg, const struct link_result *r)
{
	struct mc *mc = arg;
	char *copy;

	if (!answer_open(&mc->drv, r, &copy))
		return;
	mc_parse_host(mc, copy);
	free(copy);
	mc_talk_poll(mc);
}

static void
host_poll(struct mc *mc)
{
	struct drv *d = &mc->drv;
	uint64_t now = d->link.now(d->link.arg);
	const char *cmd = "rm_mc";

	if (!mc->defined) {
		d->link.define(d->link.arg, "rm_get", script_get_body);
		d->link.define(d->link.arg, "rm_mc_once", mc_once_body);
		d->link.define(d->link.arg, "rm_mc_i2c", mc_i2c_body);
		d->link.define(d->link.arg, "rm_mc", mc_body);
		mc->defined = true;
	}
	if (!mc->once)
		cmd = "rm_mc_once; rm_mc i";
	else if (mc->has_i2cget && now - mc->i2c_at >= I2C_MS)
		cmd = "rm_mc i";
	if (strcmp(cmd, "rm_mc") != 0)
		mc->i2c_at = now;
	d->link.run(d->link.arg, cmd, POLL_TIMEOUT(d), on_host, mc);
}

static void
mc_poll(struct drv *d)
{
	struct mc *mc = (struct mc *)d;

	if (!mc->told_cannot) {
		mc->told_cannot = true;
		d->sink.slots(d->sink_arg, MC_SLOTS);
		mc_tell_cannot(mc);
	}
	if (mc_serial(mc))
		mc_talk_poll(mc);
	else
		host_poll(mc);
}

static const char *
mc_can(struct drv *d, int slot, enum act act)
{
	return mc_cannot((struct mc *)d, slot, act);
}

/* A Pico alone may be anybody's; with this board's sensors beside it, or its
 * hub, it is not. */
static int
mc_match(const char *facts)
{
	if (!fact_is(facts, "pico", "yes"))
		return 0;
	if (fact_is(facts, "usb_hub", "WillWhang") ||
	    fact_is(facts, "usb_hub", "RaspberryPiCluster"))
		return 95;
	if (fact_is(facts, "hwmon_ina226", "yes") ||
	    fact_is(facts, "hwmon_emc2301", "yes"))
		return 80;
	return 0;
}

static int
mc_match_usb(unsigned vid, unsigned pid, const char *by_id)
{
	if (vid != 0)
		return vid == 0x2e8a && pid == 0x000a ? 80 : 0;
	return str_starts(by_id, "usb-Raspberry_Pi_Pico_") ? 70 : 0;
}

const struct driver driver_mini_cm4 = {
	.type = "mini-cm4",
	.title = "Miniature CM4 Cluster",
	.user = NULL,
	.slots = MC_SLOTS,
	.whole_board = true,
	.no_shell_serial = true,
	.settings = settings,
	.open = mc_open,
	.poll = mc_poll,
	.close = mc_close,
	.can = mc_can,
	.match = mc_match,
	.match_usb = mc_match_usb,
	.act = mc_act,
	.reset = mc_reset,
	.console = mc_console,
};
