#include "cluster_box.h"

#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Orders. Without v2 they are levels written to pins that are outputs
 * already, and what counts is what is read back: a write that failed for want
 * of root looks like any other. A button that stays down for eight seconds is
 * a forced power off, so a press outlives the connection that began it.
 *
 * v2 is asked through nodectl alone, for before a cut it stops whoever reads
 * from the node over PCIe, which otherwise hangs the box. A command that goes
 * on in the background answers before it finds the node busy; what became of
 * it stands in its log.
 */

#define ACT_TIMEOUT 12000
#define V2_TIMEOUT 20000

/* The text after "KEY " at the start of a line, or NULL. */
static const char *
line_of(const char *out, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = out; p != NULL && *p != '\0';) {
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return p + len + 1;
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	return NULL;
}

static bool
reads(const char *out, const char *key, char level)
{
	const char *v = line_of(out, key);

	return v != NULL && v[0] == level &&
	    (v[1] == '\0' || v[1] == '\n' || v[1] == '\r');
}

/* The first line that is none of ours. */
static void
said(const char *out, char *text, size_t size, const char *otherwise)
{
	static const char *const ours[] = { "was ", "low ", "en " };

	for (const char *p = out; p != NULL && *p != '\0';) {
		size_t len = strcspn(p, "\r\n");
		bool own = len == 0;

		for (size_t i = 0; i < ARRAY_LEN(ours); i++)
			own |= str_starts(p, ours[i]);
		if (!own) {
			text_clean(text, size, p, len < 150 ? len : 150);
			return;
		}
		p += len;
		p += strspn(p, "\r\n");
	}
	str_copy(text, size, otherwise);
}

static enum act_outcome
judge_level(const struct order *o, const char *out, char *text, size_t size)
{
	char want = o->act == ACT_POWER_OFF ? '0' : '1';

	if (o->act == ACT_POWER_CYCLE && !reads(out, "low", '0')) {
		said(out, text, size, "the power enable pin did not go off");
		return ACT_FAILED;
	}
	if (reads(out, "en", want))
		return ACT_OK;
	if (line_of(out, "en") == NULL) {
		said(out, text, size, "the pin could not be read back");
		return ACT_UNCERTAIN;
	}
	said(out, text, size, "the power enable pin did not change");
	return ACT_FAILED;
}

static enum act_outcome
judge_press(const struct order *o, const char *out, char *text, size_t size)
{
	if (reads(out, "was", '0')) {
		str_copy(text, size, "the node is off");
		return ACT_FAILED;
	}
	if (!reads(out, "low", '0')) {
		said(out, text, size, "the pin did not go low");
		return ACT_FAILED;
	}
	if (!reads(out, "en", '1')) {
		said(out, text, size, "the pin did not come up again");
		return ACT_FAILED;
	}
	if (o->act == ACT_POWER_SOFT)
		str_copy(text, size,
		    "the button was pressed; the rail stays on when the node "
		    "has shut down");
	return ACT_OK;
}

static enum act_outcome
judge_gpio(
    struct order *o, const struct link_result *r, char *text, size_t size)
{
	if (o->act == ACT_POWER_RESET || o->act == ACT_POWER_SOFT)
		return judge_press(o, r->out, text, size);
	return judge_level(o, r->out, text, size);
}

static void
busy(const struct order *o, char *text, size_t size)
{
	const struct mcb *cb = (const struct mcb *)o->drv;
	const char *job = cb->job[o->slot - 1];

	str_format(text, size, "node %d is busy%s%s", o->slot,
	    *job != '\0' ? ": " : "", job);
}

static enum act_outcome
judge_v2(struct order *o, const struct link_result *r, char *text, size_t size)
{
	const char *p = NULL;

	/* The last thing that it said. */
	for (const char *at = r->out; (at = strstr(at, "node ")) != NULL; at++)
		p = at;
	if (r->status == 3 || strstr(r->out, " is busy") != NULL) {
		busy(o, text, size);
		return ACT_FAILED;
	}
	if (r->status != 0) {
		order_said(r, text, size);
		return ACT_FAILED;
	}
	if (p != NULL)
		text_clean(text, size, p, strcspn(p, "\r\n"));
	else if (strstr(r->out, "\"started\"") != NULL)
		str_copy(text, size, "the board has begun it");
	return ACT_OK;
}

static void
after(struct order *o, enum act_outcome outcome)
{
	struct mcb *cb = (struct mcb *)o->drv;

	(void)outcome;
	if (cb->gen == MCB_V2)
		cb->slow_now = true;
}

/* --- commands ------------------------------------------------------------- */

static const char *
sudo(const struct mcb *cb)
{
	return cb->is_root ? "" : "sudo -n ";
}

/* cb_w writes a level to a pin, cb_r says what it reads. */
static void
helpers(struct buf *b, const struct mcb *cb)
{
	buf_puts(b, "g=${RACKMUX_ROOT-}/sys/class/gpio/gpio; cb_w() { ");
	buf_puts(b,
	    cb->is_root
		? "echo $2 >\"$g$1/value\"; }; "
		: "echo $2 | sudo -n tee \"$g$1/value\" >/dev/null; }; ");
	buf_puts(
	    b, "cb_r() { x=; read -r x <\"$g$1/value\" && echo \"$2 $x\"; }; ");
}

static void
press(struct buf *b, long en, long pin, const char *seconds)
{
	/* Not every busybox sleeps for less than a second. */
	buf_printf(b,
	    "(trap '' HUP INT TERM PIPE; cb_r %ld was; if [ \"$x\" = 1 ]; then "
	    "cb_w %ld 0 && cb_r %ld low && "
	    "{ sleep %s 2>/dev/null || sleep 1; }; "
	    "cb_w %ld 1; cb_r %ld en; fi)",
	    en, pin, pin, seconds, pin, pin);
}

static void
gpio_command(struct buf *b, const struct mcb *cb, int slot, enum act act)
{
	long en = mcb_gpio(cb, slot, MCB_EN);
	long power = mcb_gpio(cb, slot, MCB_POWER);
	long reset = mcb_gpio(cb, slot, MCB_RESET);

	helpers(b, cb);
	switch (act) {
	case ACT_POWER_RESET:
		press(b, en, reset, "0.2");
		return;
	case ACT_POWER_SOFT:
		press(b, en, power, "0.5");
		return;
	case ACT_POWER_OFF:
		buf_printf(b, "(cb_w %ld 0; ", en);
		break;
	case ACT_POWER_CYCLE:
		/* A pin that cannot be read, or nobody left to tell it to,
		 * must not leave the node without power. */
		buf_printf(b,
		    "(trap '' HUP INT TERM PIPE; cb_w %ld 0 && "
		    "{ cb_r %ld low; sleep 2; "
		    "cb_w %ld 1 && cb_w %ld 1 && cb_w %ld 1; }; ",
		    en, en, power, reset, en);
		break;
	case ACT_POWER_ON:
		buf_printf(b, "(cb_w %ld 1 && cb_w %ld 1 && cb_w %ld 1; ",
		    power, reset, en);
		break;
	default:
		return;
	}
	buf_printf(b, "cb_r %ld en)", en);
}

static void
v2_command(struct buf *b, const struct mcb *cb, int slot, enum act act)
{
	static const struct {
		const char *verb, *flags;
	} words[ACT_MAX] = {
		[ACT_POWER_ON] = { "poweron", "" },
		[ACT_POWER_OFF] = { "poweroff", "" },
		[ACT_POWER_CYCLE] = { "reboot", " --hard" },
		[ACT_POWER_RESET] = { "reset", "" },
		[ACT_POWER_SOFT] = { "shutdown", " --bg" },
	};

	buf_printf(b, "%s\"${RACKMUX_ROOT-}\"/bin/nodectl %s -n %d%s 2>&1",
	    sudo(cb), words[act].verb, slot, words[act].flags);
	if (act == ACT_POWER_SOFT)
		buf_printf(b,
		    " && { sleep 1; cat "
		    "\"${RACKMUX_ROOT-}\"/var/log/nodectl/node%d.log "
		    "2>/dev/null; true; }",
		    slot);
}

/* A LED without a trigger is lit by its brightness, which the timer spoils. */
static void
locate_command(struct buf *b, const struct mcb *cb, bool on)
{
	const char *to = cb->is_root ? ">" : "| sudo -n tee >/dev/null ";
	const char *rest = cb->rest[0] != '\0' ? cb->rest : "none";
	bool lit = !on && strcmp(rest, "none") == 0 &&
	    (cb->level > 0 || cb->rest[0] == '\0');

	buf_puts(b, "d=${RACKMUX_ROOT-}/sys/class/leds/blue:system; echo ");
	buf_quote(b, on ? "timer" : rest);
	buf_printf(b, " %s\"$d/trigger\"", to);
	if (lit)
		buf_printf(b, " && echo %ld %s\"$d/brightness\"",
		    cb->level > 0 ? cb->level : 1, to);
}

void
mcb_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	struct mcb *cb = (struct mcb *)d;
	bool locate = act == ACT_LOCATE_ON || act == ACT_LOCATE_OFF;
	bool power = act <= ACT_POWER_SOFT;
	bool v2 = cb->gen == MCB_V2 && power;
	struct order order = { .ticket = ticket,
		.slot = slot,
		.act = act,
		/* What takes longer than a poll goes beside the polls. */
		.apart = v2 || act == ACT_POWER_CYCLE,
		.judge = v2 ? judge_v2
		    : power ? judge_gpio
			    : NULL,
		.after = after };
	struct buf b;

	buf_init(&b, 0);
	if (locate)
		locate_command(&b, cb, act == ACT_LOCATE_ON);
	else if (v2)
		v2_command(&b, cb, slot, act);
	else if (power)
		gpio_command(&b, cb, slot, act);
	else
		buf_puts(&b, "false"); /* the session's part, not ours */
	drv_order(d, &order, buf_str(&b), v2 ? V2_TIMEOUT : ACT_TIMEOUT);
	buf_release(&b);
}
