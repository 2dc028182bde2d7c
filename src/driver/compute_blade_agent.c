#include "compute_blade.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The agent's metrics, into values. Not every number in them is a reading: a
 * gauge that was never set is 0, and so is the temperature of a sensor that
 * is not there; the speed of a standard fan unit becomes +Inf for ever after
 * two edges of its tachometer within a millisecond, and is 0 when the agent
 * does not count them; the power source is set by whoever asks for the
 * status, and stands from then on.
 */

enum metric {
	IDENTIFY,
	CRITICAL,
	STEALTH,
	RPM,
	DUTY,
	AIRFLOW,
	PRESSES,
	SOC,
	POE_OR_USB,
	POE_PLUS,
	METRICS
};

static const struct {
	const char *name, *label; /* after computeblade_ */
} metric_of[METRICS] = {
	[IDENTIFY] = { "state_state", "identify" },
	[CRITICAL] = { "state_state", "critical" },
	[STEALTH] = { "stealth_mode_enabled", NULL },
	[RPM] = { "fan_speed", NULL },
	[DUTY] = { "fan_target_percent", NULL },
	[AIRFLOW] = { "airflow_temperature", NULL },
	[PRESSES] = { "edge_button_event_count", NULL },
	[SOC] = { "soc_temperature", NULL },
	[POE_OR_USB] = { "power_status", "0" },
	[POE_PLUS] = { "power_status", "1" },
};

struct metrics {
	size_t lines;
	struct {
		bool there, is_number;
		double v;
		char said[16];
	} of[METRICS];
	char unit[24], module[24];
	char client[8];
	long status;
};

static const char not_told[] = "The agent's answer does not tell it.";
static const char not_heat[] =
    "The agent enters it only when it is told to, never by its thermometer.";
static const char just_started[] =
    "The agent has just started and has not measured yet.";

/* --- lines ---------------------------------------------------------------- */

/* 'name{type="label"} value' and 'name value', cut up. */
static bool
split(char *line, char **name, char **label, char **value)
{
	char *brace = strchr(line, '{'), *end, *quote;

	*name = line;
	*label = NULL;
	if (brace == NULL) {
		end = strchr(line, ' ');
		if (end == NULL)
			return false;
		*end = '\0';
		*value = str_trim(end + 1);
		return true;
	}
	*brace = '\0';
	quote = strchr(brace + 1, '"');
	end = quote != NULL ? strchr(quote + 1, '"') : NULL;
	if (end == NULL)
		return false;
	*end = '\0';
	*label = quote + 1;
	end = strchr(end + 1, '}');
	if (end == NULL)
		return false;
	*value = str_trim(end + 1);
	return true;
}

static void
keep(struct metrics *m, size_t i, const char *value)
{
	m->of[i].there = true;
	m->of[i].is_number = str_double(value, &m->of[i].v);
	str_copy(m->of[i].said, sizeof m->of[i].said, value);
}

static void
parse_metric(struct metrics *m, char *line)
{
	char *name, *label, *value;
	double v;

	if (!split(line, &name, &label, &value))
		return;
	m->lines++;
	for (size_t i = 0; i < METRICS; i++)
		if (strcmp(name, metric_of[i].name) == 0 &&
		    (metric_of[i].label == NULL ||
			(label != NULL &&
			    strcmp(label, metric_of[i].label) == 0)))
			keep(m, i, value);
	if (label == NULL || !str_double(value, &v) || v < 1)
		return;
	if (strcmp(name, "fan_unit") == 0)
		str_copy(m->unit, sizeof m->unit, label);
	/* Up to 0.6.6 it was misspelt. */
	else if (strcmp(name, "compute_module_present") == 0 ||
	    strcmp(name, "compute_modul_present") == 0)
		str_copy(m->module, sizeof m->module, label);
}

static void
parse_asked(struct blade *blade, struct metrics *m, char *line)
{
	char *what = str_word(&line), *rest = str_word(&line);

	if (rest == NULL)
		return;
	if (strcmp(what, "sock") == 0) {
		blade->sock = true;
		return;
	}
	str_copy(m->client, sizeof m->client, what);
	if (!str_long(rest, 0, 255, &m->status))
		m->status = -1;
}

static enum blade_heard
heard(const struct metrics *m)
{
	bool curl = strcmp(m->client, "curl") == 0;

	if (m->lines > 0)
		return BLADE_UP;
	if (strcmp(m->client, "none") == 0)
		return BLADE_NO_CLIENT;
	if (m->client[0] == '\0')
		return BLADE_STRANGE;
	switch (m->status) {
	case 28: /* curl's own limit */
	case 124: /* timeout(1)'s, and busybox's */
	case 143:
		return BLADE_HUNG;
	case 1: /* busybox's wget, whatever the matter is */
	case 4: /* wget's */
	case 7: /* curl's, and that of our bash */
		return curl && m->status != 7 ? BLADE_STRANGE : BLADE_REFUSED;
	default:
		return BLADE_STRANGE;
	}
}

/* --- values ---------------------------------------------------------------- */

static void
report_flag(struct blade *blade, const struct metrics *m, enum metric i,
    enum name_id id)
{
	int slot = blade->lx.drv.config.slot;

	if (m->of[i].is_number && m->of[i].v >= 0 && m->of[i].v <= 1)
		report_text_noted(&blade->agent, slot, id, NULL,
		    m->of[i].v > 0.5 ? "on" : "off",
		    i == CRITICAL ? not_heat : NULL);
	else
		report_unknown(&blade->agent, slot, id, NULL, not_told);
}

static void
report_word(struct blade *blade, enum name_id id, const char *word)
{
	int slot = blade->lx.drv.config.slot;

	if (*word != '\0')
		report_text(&blade->agent, slot, id, NULL, word);
	else
		report_unknown(&blade->agent, slot, id, NULL, not_told);
}

static void
report_rpm(struct blade *blade, const struct metrics *m)
{
	int slot = blade->lx.drv.config.slot;
	bool smart = strcmp(m->unit, "smart") == 0;
	const char *why = NULL;

	if (!m->of[RPM].there)
		why = not_told;
	else if (!m->of[RPM].is_number)
		why = "The agent's count of the fan's turns overflowed (+Inf): "
		      "only a restart of compute-blade-agent mends it.";
	else if (m->of[RPM].v > 0 || smart)
		report_number_noted(&blade->agent, slot, NAME_FAN_RPM, NULL,
		    m->of[RPM].v,
		    smart && m->of[RPM].v < 100
			? "A smart unit's fan that stands still reads as 82."
			: NULL);
	else if (strcmp(m->unit, "sysfs") == 0)
		why = "The kernel's driver of this fan tells no speed.";
	else
		why = "The agent does not count a standard unit's turns: "
		      "hal.rpm_reporting_standard_fan_unit in its "
		      "configuration switches it on.";
	if (why != NULL)
		report_unknown(&blade->agent, slot, NAME_FAN_RPM, NULL, why);
}

static void
report_duty(struct blade *blade, const struct metrics *m)
{
	int slot = blade->lx.drv.config.slot;
	bool fresh = m->of[SOC].is_number && !(m->of[SOC].v > 0);
	const char *note = "What the agent asks for, not a measurement.";

	if (strcmp(m->unit, "smart") == 0)
		note = "What this blade asks for: the fan unit takes the "
		       "higher of what its two blades ask.";
	else if (strcmp(m->unit, "standard") == 0 && slot > 0 && slot % 2 == 0)
		note = "Asked for without effect: only the left blade of a "
		       "pair drives a standard fan unit.";
	if (!m->of[DUTY].is_number)
		report_unknown(
		    &blade->agent, slot, NAME_FAN_DUTY, NULL, not_told);
	else if (!(m->of[DUTY].v > 0) && fresh)
		report_unknown(
		    &blade->agent, slot, NAME_FAN_DUTY, NULL, just_started);
	else
		report_number_noted(&blade->agent, slot, NAME_FAN_DUTY, NULL,
		    m->of[DUTY].v, note);
}

static void
report_airflow(struct blade *blade, const struct metrics *m)
{
	int slot = blade->lx.drv.config.slot;
	const char *why = NULL;

	if (strcmp(m->unit, "smart") != 0)
		why = "Only a smart fan unit measures the air.";
	else if (!m->of[AIRFLOW].is_number)
		why = not_told;
	else if (!(m->of[AIRFLOW].v > 0) && !(m->of[AIRFLOW].v < 0))
		why = "The smart fan unit has told nothing yet: it needs its "
		      "firmware, and its UART (uart5) switched on.";
	if (why != NULL)
		report_unknown(
		    &blade->agent, slot, NAME_TEMP_AIRFLOW, NULL, why);
	else
		report_number(&blade->agent, slot, NAME_TEMP_AIRFLOW, NULL,
		    m->of[AIRFLOW].v);
}

static void
report_source(struct blade *blade, const struct metrics *m)
{
	static const char note[] =
	    "A hint, as old as the last status that bladectl asked for; its "
	    "makers' papers contradict each other on its polarity.";
	int slot = blade->lx.drv.config.slot;
	bool plus = m->of[POE_PLUS].is_number && m->of[POE_PLUS].v > 0;
	bool less = m->of[POE_OR_USB].is_number && m->of[POE_OR_USB].v > 0;

	if (plus != less)
		report_text_noted(&blade->agent, slot, NAME_POWER_SOURCE, NULL,
		    plus ? "poe+" : "poe-or-usb-c", note);
	else
		report_unknown(&blade->agent, slot, NAME_POWER_SOURCE, NULL,
		    m->of[POE_PLUS].there || m->of[POE_OR_USB].there
			? "The agent names both sources, or none."
			: "The agent tells it only after somebody asked for "
			  "its status (bladectl get power).");
}

static void
report_metrics(struct blade *blade, const struct metrics *m)
{
	int slot = blade->lx.drv.config.slot;

	report_flag(blade, m, IDENTIFY, NAME_LOCATE_STATE);
	report_flag(blade, m, STEALTH, NAME_STEALTH_STATE);
	report_flag(blade, m, CRITICAL, NAME_HEALTH_CRITICAL);
	report_word(blade, NAME_FAN_UNIT, m->unit);
	report_word(blade, NAME_NODE_MODULE, m->module);
	report_rpm(blade, m);
	report_duty(blade, m);
	report_airflow(blade, m);
	report_source(blade, m);
	if (m->of[PRESSES].is_number && m->of[PRESSES].v >= 0)
		report_number(&blade->agent, slot, NAME_BUTTON_PRESSES, NULL,
		    m->of[PRESSES].v);
	else
		report_unknown(
		    &blade->agent, slot, NAME_BUTTON_PRESSES, NULL, not_told);
}

static void
report_nothing(struct blade *blade, const char *why)
{
	static const enum name_id names[] = { NAME_LOCATE_STATE,
		NAME_STEALTH_STATE, NAME_HEALTH_CRITICAL, NAME_FAN_UNIT,
		NAME_NODE_MODULE, NAME_FAN_RPM, NAME_FAN_DUTY,
		NAME_TEMP_AIRFLOW, NAME_POWER_SOURCE, NAME_BUTTON_PRESSES };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		report_unknown(&blade->agent, blade->lx.drv.config.slot,
		    names[i], NULL, why);
}

/* --- the agent itself ------------------------------------------------------ */

static bool
absent(const struct blade *blade)
{
	return blade->ctl_known && !blade->installed && !blade->installed_old &&
	    !blade->sock && blade->cause == BLADE_NO_BLADECTL;
}

const char *
blade_agent_why(const struct blade *blade)
{
	switch (blade->heard) {
	case BLADE_NEVER:
		return "The agent was not asked yet.";
	case BLADE_UP:
		break;
	case BLADE_REFUSED:
		if (blade->ctl_heard)
			return "The agent runs, but not its metrics: set "
			       "listen.metrics to \":9666\" in its "
			       "configuration.";
		if (absent(blade))
			return "The blade has no agent: install "
			       "compute-blade-agent, or it is plain Linux.";
		return blade_cause_text(
		    blade, blade->sock ? BLADE_STALE : BLADE_DOWN);
	case BLADE_HUNG:
		return blade_cause_text(blade, BLADE_SLOW);
	case BLADE_STRANGE:
		return "What answers on the blade's port 9666 is no agent of a "
		       "blade: see listen.metrics in its configuration.";
	case BLADE_NO_CLIENT:
		return "Nothing on the blade can ask its agent: install curl.";
	case BLADE_NOT_ASKED:
		return blade->why;
	}
	return NULL;
}

/* bladectl's trouble is told where the operator looks for the agent's. */
static const char *
trouble(const struct blade *blade)
{
	if (!blade->ctl_known || blade->cause == BLADE_FINE)
		return NULL;
	return blade->cause == BLADE_OTHER
	    ? blade->said
	    : blade_cause_text(blade, blade->cause);
}

void
blade_report_state(struct blade *blade)
{
	int slot = blade->lx.drv.config.slot;
	const char *why = blade_agent_why(blade), *word = NULL;

	switch (blade->heard) {
	case BLADE_UP:
		word = "up";
		why = trouble(blade);
		break;
	case BLADE_REFUSED:
		word = blade->ctl_heard ? "up"
		    : absent(blade)     ? "absent"
					: "down";
		break;
	case BLADE_HUNG:
		word = "hung";
		break;
	case BLADE_NEVER:
	case BLADE_STRANGE:
	case BLADE_NO_CLIENT:
	case BLADE_NOT_ASKED:
		break;
	}
	if (word != NULL)
		report_text_noted(
		    &blade->agent, slot, NAME_AGENT_STATE, NULL, word, why);
	else
		report_unknown(
		    &blade->agent, slot, NAME_AGENT_STATE, NULL, why);
	if (blade->heard != BLADE_UP)
		report_nothing(blade, why);
}

/* can() hears of the agent too. */
static void
now_is(struct blade *blade, enum blade_heard now, bool sock_was)
{
	struct drv *d = &blade->lx.drv;
	bool changed = blade->heard != now || blade->sock != sock_was;

	if (changed) {
		blade->ctl_now = true;
		blade->ctl_heard = false;
	}
	blade->heard = now;
	blade_report_state(blade);
	if (changed)
		d->sink.can_changed(d->sink_arg);
}

void
blade_take_agent(struct blade *blade, char *text)
{
	static const char prefix[] = "computeblade_";
	struct metrics m = { .status = -1 };
	char *at = text, *line;
	bool sock_was = blade->sock;
	enum blade_heard now;

	blade->sock = false;
	while ((line = str_line(&at)) != NULL)
		if (str_starts(line, prefix))
			parse_metric(&m, line + sizeof prefix - 1);
		else if (str_starts(line, "asked "))
			parse_asked(blade, &m, line + 6);
	now = heard(&m);
	if (now == BLADE_HUNG && blade->heard == BLADE_UP && !blade->missed) {
		blade->missed = true;
		return;
	}
	blade->missed = false;
	now_is(blade, now, sock_was);
	if (blade->heard == BLADE_UP)
		report_metrics(blade, &m);
}

void
blade_agent_missing(struct blade *blade, const char *why)
{
	str_copy(blade->why, sizeof blade->why, why);
	now_is(blade, BLADE_NOT_ASKED, blade->sock);
}
