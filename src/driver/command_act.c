#include "command.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Orders, and what is left of them. A board that cannot be asked is known by
 * what it was told: that has the source "commanded", so nobody takes it for
 * a measurement.
 */

#define ACT_TIMEOUT 20000u
#define SAID_MAX 150

static const char never[] =
    "Nothing was commanded since rackmux connected, and this board cannot be "
    "asked.";
static const char uncertain[] =
    "Whether the last command was carried out is not known, and this board "
    "cannot be asked.";

static bool
is_power(enum act act)
{
	return act <= ACT_POWER_SOFT;
}

static void
remember(struct cmd *c, const struct order *o, enum act_outcome outcome)
{
	bool off = o->act == ACT_POWER_OFF || o->act == ACT_POWER_SOFT ||
	    o->act == ACT_LOCATE_OFF;
	enum cmd_memory m = off ? CMD_OFF : CMD_ON;

	if (outcome == ACT_FAILED || o->slot < 0 || o->slot > DRIVER_SLOTS_MAX)
		return;
	if (outcome == ACT_UNCERTAIN)
		m = CMD_UNCERTAIN;
	if (is_power(o->act))
		c->power[o->slot] = m;
	else if (o->act == ACT_LOCATE_ON || o->act == ACT_LOCATE_OFF)
		c->locate[o->slot] = m;
}

static void
after(struct order *o, enum act_outcome outcome)
{
	struct cmd *c = (struct cmd *)o->drv;

	remember(c, o, outcome);
	c->again = true;
	cmd_tell_memory(c);
}

static const struct recipe_act *
act_of(struct order *o)
{
	const char *why;

	return recipe_act(
	    ((struct cmd *)o->drv)->drv.config.recipe, o->slot, o->act, &why);
}

/* The line of an answer that a pattern finds; clean. */
static bool
find_line(const struct pattern *p, const char *out, char *text, size_t size)
{
	char line[400];

	while (p->set && out != NULL && *out != '\0') {
		size_t len = strcspn(out, "\r\n");

		str_format(line, sizeof line, "%.*s",
		    (int)(len < sizeof line ? len : sizeof line - 1), out);
		if (len > 0 && pattern_finds(p, line)) {
			len = strlen(line);
			text_clean(
			    text, size, line, len < SAID_MAX ? len : SAID_MAX);
			return true;
		}
		out += len;
		out += strspn(out, "\r\n");
	}
	return false;
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	const struct recipe_act *a = act_of(o);

	if (a == NULL || find_line(&a->fail, r->out, text, size))
		return ACT_FAILED;
	if (a->ok.set ? find_line(&a->ok, r->out, text, size) : r->status == 0)
		return ACT_OK;
	order_said(r, text, size);
	return ACT_FAILED;
}

static void
give(struct cmd *c, const struct order *order, const char *run,
    unsigned timeout_ms)
{
	const char *url = c->drv.link.url(c->drv.link.arg);
	struct order o = *order;
	struct buf script, cmd;

	/* In a process of its own, where the link can do that: a power cycle
	 * takes longer than a round may. */
	o.apart = url == NULL ||
	    (!str_starts(url, "serial:") && !str_starts(url, "exec:"));
	buf_init(&script, 0);
	buf_init(&cmd, 0);
	buf_printf(
	    &script, "%susing() { %s; }; ( ", cmd_preamble, cmd_using_body);
	recipe_expand(c->drv.config.recipe, run, o.slot, true, &script);
	buf_puts(&script, " ) </dev/null 2>&1");
	buf_puts(&cmd, "sh -c ");
	buf_quote(&cmd, buf_str(&script));
	drv_order(&c->drv, &o, buf_str(&cmd), timeout_ms);
	buf_release(&script);
	buf_release(&cmd);
}

void
command_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	struct cmd *c = (struct cmd *)d;
	const struct order order = { .ticket = ticket,
		.slot = slot,
		.act = act,
		.judge = judge,
		.after = after };
	const struct recipe_act *a = NULL;
	const char *why = "A console is opened, not ordered.";

	if (d->config.recipe != NULL && act != ACT_CONSOLE)
		a = recipe_act(d->config.recipe, slot, act, &why);
	give(c, &order, a != NULL ? a->run : "false",
	    a != NULL && a->timeout_ms > 0 ? a->timeout_ms : ACT_TIMEOUT);
}

const char *
cmd_can(struct drv *d, int slot, enum act act)
{
	struct cmd *c = (struct cmd *)d;
	const struct recipe *r = d->config.recipe;
	int slots = c->slots;
	const char *why = NULL;

	if (r == NULL)
		return "This board has no description: name one in its "
		       "'recipe', or describe it with 'ask' and 'acts'.";
	if ((size_t)act >= ACT_MAX)
		return "There is no such action.";
	if (slots == 0)
		slots = r->slots > 0 ? r->slots : DRIVER_SLOTS_MAX;
	if (slot < 0 || slot > slots)
		return "The board has no such slot.";
	if (act == ACT_CONSOLE && slot > 0 && recipe_console(r, slot) != NULL)
		return cmd_console_cannot(d, slot);
	if (recipe_act(r, slot, act, &why) != NULL)
		return NULL;
	return why;
}

/* --- what is known without being asked -------------------------------------- */

static bool
acts(const struct recipe *r, int slot, enum act on, enum act off)
{
	const struct recipe_act *a = slot > 0 ? r->slot_act : r->board_act;

	return a[on].run != NULL || a[off].run != NULL;
}

static void
tell_one(struct cmd *c, int slot, enum name_id id, enum cmd_memory m)
{
	if (m == CMD_NEVER || m == CMD_UNCERTAIN)
		drv_unknown(&c->drv, slot, id, NULL, SOURCE_COMMANDED,
		    m == CMD_NEVER ? never : uncertain);
	else
		drv_text(&c->drv, slot, id, NULL, SOURCE_COMMANDED,
		    m == CMD_ON ? "on" : "off");
}

static bool
is_told(const struct recipe *r, enum name_id id, int slot)
{
	return recipe_tells(r, id, SOURCE_BOARD, slot) ||
	    recipe_tells(r, id, SOURCE_COMMANDED, slot);
}

void
cmd_tell_memory(struct cmd *c)
{
	const struct recipe *r = c->drv.config.recipe;

	for (int s = 0; r != NULL && s <= c->slots; s++) {
		if (s > 0 && acts(r, s, ACT_POWER_ON, ACT_POWER_OFF) &&
		    !recipe_tells(r, NAME_POWER_STATE, SOURCE_BOARD, s) &&
		    !is_told(r, NAME_POWER_COMMANDED, s))
			tell_one(c, s, NAME_POWER_COMMANDED, c->power[s]);
		if (acts(r, s, ACT_LOCATE_ON, ACT_LOCATE_OFF) &&
		    !is_told(r, NAME_LOCATE_STATE, s))
			tell_one(c, s, NAME_LOCATE_STATE, c->locate[s]);
	}
}

static void
tell_consoles(struct cmd *c)
{
	const struct recipe *r = c->drv.config.recipe;
	struct buf b;

	buf_init(&b, 0);
	for (int s = 1; s <= c->slots; s++) {
		const struct recipe_console *con = recipe_console(r, s);

		if (con == NULL || con->device == NULL ||
		    recipe_tells(r, NAME_CONSOLE_DEVICE, SOURCE_BOARD, s))
			continue;
		buf_clear(&b);
		recipe_expand(r, con->device, s, false, &b);
		drv_text(&c->drv, s, NAME_CONSOLE_DEVICE, NULL, SOURCE_BOARD,
		    buf_str(&b));
	}
	buf_release(&b);
}

void
cmd_tell_cannot(struct cmd *c)
{
	static const char by_node[] =
	    "The board's commands do not tell it; the node itself can: give "
	    "it a link.";
	static const struct {
		enum name_id id;
		const char *why;
	} values[] = {
		{ NAME_POWER_STATE,
		    "This board cannot be asked whether a slot is on; "
		    "power.commanded is what it was last told." },
		{ NAME_POWER_WATTS,
		    "No command of this board measures power." },
		{ NAME_TEMP_SOC, by_node },
		{ NAME_FAN_RPM, by_node },
		{ NAME_HEALTH_THROTTLE, by_node },
		{ NAME_LOAD_1M, by_node },
		{ NAME_MEM_USED, by_node },
		{ NAME_UPTIME, by_node },
		{ NAME_NODE_HOSTNAME, by_node },
		{ NAME_NODE_MODEL, by_node },
		{ NAME_LOCATE_STATE,
		    "No command of this board reads a locate LED." },
	};
	const struct recipe *r = c->drv.config.recipe;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		enum name_id id = values[i].id;
		const char *why = recipe_why_unknown(r, id);

		for (int s = 1; s <= c->slots; s++)
			if (!recipe_tells(r, id, SOURCE_BOARD, s))
				drv_unknown(&c->drv, s, id, NULL, SOURCE_BOARD,
				    why != NULL ? why : values[i].why);
	}
	tell_consoles(c);
}
