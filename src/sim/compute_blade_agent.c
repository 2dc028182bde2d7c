/*
 * compute-blade-agent: fan curve, identify, stealth, and the fan unit that
 * two blades share. It looks at the temperature every 5 s. It never goes into
 * critical mode by itself, whatever its manual says, and what it was told
 * lives in memory only.
 */
#include "compute_blade.h"

#include <math.h>

#include "rackmux/base/text.h"

#define CURVE_MS 5000
#define RETRY_MS 1000
#define RPM_A_PERCENT 58.0
#define SMART_DEFAULT 40 /* percent, until a blade asks */
#define SMART_STALLED 82 /* rpm: its counter is full */
#define SPIN_UP_S 1.5

bool
agent_hung(const struct blade *blade)
{
	return blade->state == AGENT_UP &&
	    fault_is(&blade->n->faults, FAULT_AGENTHUNG);
}

/* --- the fan --- */

static int
curve(double temp)
{
	if (temp <= 45)
		return 40;
	if (temp >= 55)
		return 80;
	return (int)(40 + (temp - 45) * 4);
}

int
agent_percent(const struct blade *blade)
{
	return blade->override >= 0 ? blade->override : curve(blade->n->temp);
}

/* A left blade's; the right one's percent goes nowhere, unless the unit is a
 * smart one. */
static struct sim_node *
left_of(const struct sim_node *n)
{
	return &n->board->nodes[(n->slot - 1) & ~1];
}

static struct sim_node *
right_of(const struct sim_node *n)
{
	int k = (n->slot - 1) | 1;

	return k < n->board->slots ? &n->board->nodes[k] : NULL;
}

double
fan_unit_rpm(struct sim_node *n)
{
	return blade_of(left_of(n))->rpm;
}

int
agent_rpm(const struct blade *blade)
{
	/* The standard unit's reading never gets into the status. */
	return fan_unit_is_smart(blade->n->board) ? (int)blade->rpm_gauge : 0;
}

static int
requested(struct sim_node *n)
{
	return n != NULL && n->model != NULL && n->rail ? blade_of(n)->duty
							: -1;
}

static bool
has(const struct sim_node *n, enum fault_kind k)
{
	return n != NULL && fault_is(&n->faults, k);
}

static int
unit_percent(struct sim_node *left, struct sim_node *right)
{
	bool powered = (left->model != NULL && left->rail) ||
	    (right != NULL && right->model != NULL && right->rail);
	int a = requested(left), b = requested(right);

	if (!powered || has(left, FAULT_FANFAIL) || has(right, FAULT_FANFAIL))
		return 0;
	if (!fan_unit_is_smart(left->board))
		return a < 0 ? 100 : a; /* a fan without a signal runs full */
	if (a < 0 && b < 0)
		return SMART_DEFAULT;
	return a > b ? a : b;
}

void
fan_unit_tick(struct sim_board *b, double dt)
{
	int k;

	for (k = 0; k < b->slots; k += 2) {
		struct sim_node *left = &b->nodes[k];
		struct blade *unit = blade_of(left);
		int percent = unit_percent(left, right_of(left));

		if (percent > 100)
			percent = 100;
		unit->rpm += (percent * RPM_A_PERCENT - unit->rpm) *
		    fmin(1, dt / SPIN_UP_S);
	}
}

/* What the agent makes of the tach. A fan that stands still gives no edges,
 * so the gauge keeps what it was; the smart unit never says less than what
 * its counter can hold. */
static void
measure(struct blade *blade)
{
	struct sim_node *n = blade->n;
	double rpm = fan_unit_rpm(n);
	double noise = 20 * (rack_uniform(n->board->rack) - 0.5);
	bool left = n == left_of(n);

	if (fan_unit_is_smart(n->board)) {
		blade->rpm_gauge = fmax(SMART_STALLED, rpm + noise);
		blade->airflow = floor(node_air(n) + (left ? 3 : 6) +
		    fmax(0, n->temp - 45) / 8 - rpm / 3000);
	} else if (rpm > 60) {
		blade->rpm_gauge += 0.3 * (rpm + noise - blade->rpm_gauge);
	}
}

static void
apply_curve(struct blade *blade)
{
	blade->soc_gauge = blade->n->temp;
	blade->target_gauge = blade->duty = agent_percent(blade);
}

void
agent_set_fan(struct blade *blade, int percent)
{
	blade->override = percent;
	blade->duty = agent_percent(blade);
}

/* --- identify --- */

void
agent_identify(struct blade *blade, bool on)
{
	if (on)
		blade->identifies++;
	else
		blade->confirms++;
	if (blade->identify != on)
		blade->colours += on ? 7 : 1;
	blade->identify = on;
}

void
agent_button(struct blade *blade)
{
	if (blade->state != AGENT_UP || agent_hung(blade))
		return;
	blade->edges++;
	blade->buttons++;
	agent_identify(blade, !blade->identify);
}

/* --- its life --- */

static void
show_process(struct blade *blade, bool on)
{
	struct vfs *v = blade->n->machine.vfs;
	char comm[24];

	if (!on) {
		vfs_remove(v, "/proc/812");
		return;
	}
	str_format(comm, sizeof(comm), "%.15s\n", blade->agent->unit);
	vfs_text(v, "/proc/812/comm", comm);
}

/* With a socket that was left behind it panics, again and again. */
void
agent_start(struct blade *blade)
{
	struct vfs *v = blade->n->machine.vfs;
	uint64_t now = loop_now(blade->n->board->rack->loop);

	if (blade->state == AGENT_UP)
		return;
	if (vfs_stat(v, blade->agent->socket, false) != VFS_NONE) {
		blade->state = AGENT_CRASHING;
		blade->retry_at = now + RETRY_MS;
		return;
	}
	vfs_socket(v, blade->agent->socket);
	show_process(blade, true);
	blade->state = AGENT_UP;
	blade->curve_at = now + CURVE_MS;
	blade->identify = blade->stealth = blade->asked = blade->inf = false;
	blade->override = -1;
	blade->soc_gauge = blade->rpm_gauge = blade->airflow = 0;
	blade->target_gauge = 0;
	blade->edges = blade->buttons = 0;
	blade->identifies = blade->confirms = 0;
	blade->colours = 1;
	if (fault_is(&blade->n->faults, FAULT_FANINF))
		blade->inf = !fan_unit_is_smart(blade->n->board);
	fault_end(&blade->n->faults, FAULT_AGENTDOWN);
	fault_end(&blade->n->faults, FAULT_STALESOCKET);
	fault_end(&blade->n->faults, FAULT_AGENTHUNG);
}

void
agent_stop(struct blade *blade)
{
	if (blade->state == AGENT_UP) {
		vfs_remove(blade->n->machine.vfs, blade->agent->socket);
		blade->duty = 100;
	}
	show_process(blade, false);
	blade->state = AGENT_STOPPED;
}

void
agent_kill(struct blade *blade)
{
	struct rack *r = blade->n->board->rack;

	vfs_socket(blade->n->machine.vfs, blade->agent->socket);
	show_process(blade, false);
	blade->state = AGENT_CRASHING;
	blade->retry_at = loop_now(r->loop) + RETRY_MS;
}

void
agent_tick(struct blade *blade, uint64_t now)
{
	if (blade->state == AGENT_CRASHING && now >= blade->retry_at)
		agent_start(blade);
	if (blade->state != AGENT_UP || agent_hung(blade))
		return;
	if (now >= blade->curve_at) {
		apply_curve(blade);
		blade->curve_at = now + CURVE_MS;
	}
	measure(blade);
}
