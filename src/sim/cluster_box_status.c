/*
 * "nodectl status" of v2: every node is asked at once whether it answers, and
 * one that does not holds the answer up for a second and a half.
 */
#include "cluster_box.h"

#include <string.h>

#include "rackmux/base/text.h"

#define PROBE_MS 1500
#define LANES 2

struct link {
	int gen, width, max_gen, max_width; /* 0: not known */
};

const char *
cb_address(const struct cluster_box *box, int slot, char out[16])
{
	out[0] = '\0';
	if (box->addresses)
		str_format(out, 16, "10.20.0.%d", slot + 2);
	return out;
}

bool
cb_reachable(const struct cb_node *cn)
{
	return cn->n->rail && cn->n->stage == STAGE_LOGIN &&
	    !fault_is(&cn->n->faults, FAULT_DROP);
}

static bool
powered(const struct cluster_box *box, int slot)
{
	return cb_gpio_get(box, cb_pin(slot, CB_EN));
}

/* Only root reads that far into a device's configuration. */
static int
link_state(const struct cb_node *cn, bool root)
{
	return !root ? -1 : cn->n->rail && node_running(cn->n);
}

static struct link
link_of(const struct cb_node *cn, bool root)
{
	struct link l = { 0 };

	if (link_state(cn, root) != 1)
		return l;
	l.gen = l.max_gen = 3;
	l.width = l.max_width = LANES;
	if (fault_is(&cn->n->faults, FAULT_PCIEDEGRADED))
		l.width = 1;
	return l;
}

static const char *
busy(const struct cb_node *cn, bool root)
{
	if (!root)
		return "";
	if (cn->op[0] == '\0' && fault_is(&cn->n->faults, FAULT_NODEBUSY))
		return "flash";
	return cn->op;
}

static void
name_of(const struct cb_node *cn, char *out, size_t size)
{
	if (cn->n->name[0] != '\0')
		str_copy(out, size, cn->n->name);
	else
		str_format(out, size, "blade%d", cn->n->slot);
}

/* --- JSON --- */

static const char *
truth(int v)
{
	return v < 0 ? "null" : v ? "true" : "false";
}

static void
string(struct buf *out, const char *key, const char *value)
{
	if (*value == '\0')
		buf_printf(out, "\"%s\":null,", key);
	else
		buf_printf(out, "\"%s\":\"%s\",", key, value);
}

static void
number(struct buf *out, const char *key, int v)
{
	if (v > 0)
		buf_printf(out, "\"%s\":%d,", key, v);
	else
		buf_printf(out, "\"%s\":null,", key);
}

static void
node_link_json(struct buf *out, const struct cb_node *cn, bool root)
{
	struct link l = link_of(cn, root);

	number(out, "link_gen", l.gen);
	number(out, "link_width", l.width);
	number(out, "link_max_gen", l.max_gen);
	number(out, "link_max_width", l.max_width);
}

static void
node_json(
    struct buf *out, struct cluster_box *box, int slot, bool root, bool reached)
{
	const struct cb_node *cn = &box->nodes[slot];
	bool on = powered(box, slot), old = box->gen == CB_V2_OLD;
	char name[32], ip[16];

	name_of(cn, name, sizeof(name));
	cb_address(box, slot, ip);
	buf_printf(out, "{\"id\":%d,\"name\":\"%s\",\"power\":%s,\"pcie\":%s,",
	    slot + 1, name, truth(on), truth(cn->seen));
	if (!old)
		buf_printf(
		    out, "\"pcie_link\":%s,", truth(link_state(cn, root)));
	buf_printf(out, "\"prz\":%d,", cb_gpio_get(box, cb_pin(slot, CB_PRZ)));
	if (!old)
		node_link_json(out, cn, root);
	string(out, "ipaddr", ip);
	if (old) {
		buf_printf(
		    out, "\"ping\":%s,", *ip == '\0' ? "null" : truth(reached));
	} else {
		string(out, "check", *ip == '\0' ? "" : "tcp/22");
		buf_printf(out, "\"reachable\":%s,",
		    *ip == '\0' || !on ? "null" : truth(reached));
	}
	string(out, "busy", busy(cn, root));
	buf_printf(out, "\"tty\":\"/dev/ttyCH343USB%d\",", cb_tty(slot));
	if (!old)
		buf_puts(out, "\"baud\":\"1500000\",");
	buf_puts(out, "\"tty_present\":true,");
	if (!old)
		buf_printf(out, "\"console_server\":%s,",
		    truth(root && cb_console_served(cn)));
	buf_puts(out, "\"autostart\":true}");
}

void
cb_status_json(struct cluster_box *box, bool root, unsigned mask,
    unsigned reached, struct buf *out)
{
	bool first = true;
	int k;

	buf_puts(out, "{\"nodes\":[");
	for (k = 0; k < CB_SLOTS; k++) {
		if (!(mask >> (k + 1) & 1))
			continue;
		buf_puts(out, first ? "" : ",");
		node_json(out, box, k, root, reached >> (k + 1) & 1);
		first = false;
	}
	buf_puts(out, "],");
	if (box->gen != CB_V2_OLD)
		buf_printf(out,
		    "\"chassis\":{\"ext_power\":%s,\"fan_duty\":%d,"
		    "\"temp_mc\":null},",
		    truth(box->ext_power),
		    box->period[0] > 0
			? (int)((int64_t)box->duty[0] * 100 / box->period[0])
			: -1);
	buf_printf(out, "\"gpio_base\":%d}\n", box->base);
}

/* --- the table --- */

static const char *
state_of(const struct cluster_box *box, int slot, bool root, bool reached)
{
	const struct cb_node *cn = &box->nodes[slot];
	const char *op = busy(cn, root);

	if (*op != '\0')
		return op;
	if (!powered(box, slot))
		return "off";
	if (reached)
		return "online";
	if (box->gen == CB_V2_OLD)
		return cn->seen ? "booting" : "no-link";
	return box->addresses ? "booting" : "powered";
}

static void
link_text(const struct cb_node *cn, bool root, char *out, size_t size)
{
	struct link l = link_of(cn, root);

	if (l.gen == 0)
		str_copy(out, size, "-");
	else if (l.width < l.max_width)
		str_format(
		    out, size, "Gen%d x%d/x%d!", l.gen, l.width, l.max_width);
	else
		str_format(out, size, "Gen%d x%d", l.gen, l.width);
}

static void
row(struct proc *p, int slot, bool root, bool reached)
{
	struct cluster_box *box = cb_of(p);
	const struct cb_node *cn = &box->nodes[slot];
	const char *state = state_of(box, slot, root, reached);
	int prz = cb_gpio_get(box, cb_pin(slot, CB_PRZ));
	char name[32], ip[16], link[24];

	name_of(cn, name, sizeof(name));
	cb_address(box, slot, ip);
	link_text(cn, root, link, sizeof(link));
	if (box->gen == CB_V2_OLD)
		proc_printf(p, "%-4d %-10s %-6s %-5s %-4d %-16s %-6s %s\n",
		    slot + 1, name, powered(box, slot) ? "on" : "off",
		    cn->seen ? "yes" : "no", prz, *ip != '\0' ? ip : "-",
		    *ip == '\0'   ? "-"
			: reached ? "ok"
				  : "fail",
		    state);
	else
		proc_printf(p,
		    "%-4d %-10s %-6s %-9s %-13s %-4d %-16s %-10s %s\n",
		    slot + 1, name, powered(box, slot) ? "on" : "off",
		    cn->seen                        ? "endpoint"
			: link_state(cn, root) == 1 ? "link"
						    : "down",
		    link, prz, *ip != '\0' ? ip : "-",
		    *ip == '\0'   ? "-"
			: reached ? "ok"
				  : "fail",
		    state);
}

static void
table(struct proc *p, bool root, unsigned mask, unsigned reached)
{
	int k;

	if (cb_of(p)->gen == CB_V2_OLD)
		proc_printf(p, "%-4s %-10s %-6s %-5s %-4s %-16s %-6s %s\n",
		    "NODE", "NAME", "POWER", "PCIE", "PRZ", "IP", "PING",
		    "STATE");
	else
		proc_printf(p,
		    "%-4s %-10s %-6s %-9s %-13s %-4s %-16s %-10s %s\n", "NODE",
		    "NAME", "POWER", "PCIE", "LINK", "PRZ", "IP", "CHECK",
		    "STATE");
	for (k = 0; k < CB_SLOTS; k++)
		if (mask >> (k + 1) & 1)
			row(p, k, root, reached >> (k + 1) & 1);
}

int
cb_status(struct proc *p, unsigned mask, bool json)
{
	struct cluster_box *box = cb_of(p);
	bool root = proc_is_root(p), wait = false;
	unsigned reached = 0;
	struct buf out;
	int k;

	for (k = 0; k < CB_SLOTS && box->addresses; k++) {
		if (!(mask >> (k + 1) & 1) || !powered(box, k))
			continue;
		if (cb_reachable(&box->nodes[k]))
			reached |= 1u << (k + 1);
		else
			wait = true;
	}
	if (wait && proc_sleep(p, PROBE_MS) != 0)
		return 1;
	if (!json) {
		table(p, root, mask, reached);
		return 0;
	}
	buf_init(&out, 0);
	cb_status_json(box, root, mask, reached, &out);
	proc_out(p, out.data, out.len);
	buf_release(&out);
	return 0;
}
