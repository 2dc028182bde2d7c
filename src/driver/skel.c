#include "rackmux/driver/drivers.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "report.h"
#include "script.h"

/*
 * The template of a driver: docs/adding-a-board.md goes through it step by
 * step. It is built and tested as it stands, and is in no table.
 */

#define ACT_TIMEOUT 8000

struct skel {
	struct drv drv; /* first: a struct drv * is one of these */
	struct report report;
	bool
	    defined; /* the link knows our functions, also when it reconnects */
	bool told; /* what this board cannot have was said */
	bool is_root;
};

/* Plain POSIX sh, sent once per connection; a poll is its name. */
static const char probe_body[] =
    "R=${RACKMUX_ROOT-}\n"
    "q='\n'\n"
    "b=\n" SCRIPT_UP_LOAD_MEM
    "rm_get \"$R/sys/class/thermal/thermal_zone0/temp\"\n"
    "b=\"$b${q}temp $x\"\n"
    "printf '%s\\nuid %s\\nend\\n' \"$b\" \"$(id -u)\"\n";

static const struct driver_setting settings[] = {
	{ "reset_command", SETTING_TEXT, 1, 200, "reboot",
	    "what is run to reset the node" },
	{ NULL, SETTING_TEXT, 0, 0, NULL, NULL },
};

static struct drv *
skel_open(void)
{
	struct skel *s = mem_alloc(sizeof *s);

	report_init(&s->report, &s->drv, SOURCE_NODE);
	return &s->drv;
}

static void
skel_close(struct drv *d)
{
	struct skel *s = (struct skel *)d;

	drv_orders_drop(d);
	report_release(&s->report);
	free(s);
}

/* Another machine may answer now. */
static void
skel_reset(struct drv *d)
{
	struct skel *s = (struct skel *)d;

	s->told = s->is_root = false;
	report_clear(&s->report);
}

/* What cannot be known here, and why; and what can be done is known now. */
static void
tell_once(struct skel *s)
{
	struct drv *d = &s->drv;

	if (s->told)
		return;
	s->told = true;
	drv_unknown(d, d->config.slot, NAME_POWER_WATTS, NULL, SOURCE_NODE,
	    "This machine does not measure its power.");
	d->sink.can_changed(d->sink_arg);
}

/* One line of the answer. What does not fit is ignored: a board that says
 * something new must not be lost for it. */
static void
parse_line(struct skel *s, char *line)
{
	int slot = s->drv.config.slot;
	char *key = str_word(&line), *value = str_word(&line);

	if (key == NULL || value == NULL)
		return;
	if (strcmp(key, "up") == 0)
		report_field(&s->report, slot, NAME_UPTIME, NULL, value, 1,
		    "/proc/uptime cannot be read.");
	else if (strcmp(key, "temp") == 0)
		report_field(&s->report, slot, NAME_TEMP_SOC, NULL, value,
		    0.001, "The kernel shows no thermal zone.");
	else if (strcmp(key, "uid") == 0)
		s->is_root = strcmp(value, "0") == 0;
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct skel *s = arg;
	char *copy, *at, *line;

	if (!answer_open(&s->drv, r, &copy))
		return; /* the round was told stale */
	at = copy;
	while ((line = str_line(&at)) != NULL)
		parse_line(s, line);
	free(copy);
	report_text(&s->report, s->drv.config.slot, NAME_POWER_STATE, NULL,
	    "on"); /* it answers */
	tell_once(s);
	report_sweep(&s->report, "It is not reported any more.");
	drv_fresh(&s->drv); /* last: the sink may poll again */
}

static void
skel_poll(struct drv *d)
{
	struct skel *s = (struct skel *)d;

	if (!s->defined) {
		d->link.define(d->link.arg, "rm_get", script_get_body);
		d->link.define(d->link.arg, "rm_skel", probe_body);
		s->defined = true;
	}
	d->link.run(d->link.arg, "rm_skel", POLL_TIMEOUT(d), on_answer, d);
}

/* NULL: it can. Else a sentence: why not, and what to do instead. */
static const char *
skel_can(struct drv *d, int slot, enum act act)
{
	struct skel *s = (struct skel *)d;

	if (slot != d->config.slot)
		return "This link belongs to another slot.";
	if (act != ACT_POWER_RESET)
		return "The template of a driver can only reset: write what "
		       "your board can do.";
	if (s->told && !s->is_root)
		return "Only root may reset this machine: log in as root.";
	return NULL;
}

static void
skel_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	const struct order order = {
		.ticket = ticket, .slot = slot, .act = act, .ends_link = true
	};

	drv_order(d, &order, drv_setting(d, "reset_command"), ACT_TIMEOUT);
}

/* 0 to 100: how sure this is our board, from driver_facts_script. */
static int
skel_match(const char *facts)
{
	return fact_is(facts, "model", "The template of a board") ? 90 : 0;
}

const struct driver driver_skel = {
	.type = "skel",
	.title = "Template",
	.settings = settings,
	.open = skel_open,
	.poll = skel_poll,
	.close = skel_close,
	.can = skel_can,
	.match = skel_match,
	.act = skel_act,
	.reset = skel_reset,
};
