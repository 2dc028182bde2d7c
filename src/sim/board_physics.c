/*
 * Load is a slow wave with noise, temperature follows it as a body with one
 * time constant, and the firmware holds back the clock as a Pi's does: bits
 * now, and the same bits << 16 until the next boot.
 */
#include "rackmux/sim/rack.h"

#include <math.h>

#include "rackmux/sim/personality.h"

#define AIR 26.0
#define WARMING_S 25.0

enum { UNDERVOLTAGE = 1, CAPPED = 2, THROTTLED = 4, SOFT_LIMIT = 8 };

double
node_air(const struct sim_node *n)
{
	/* Nodes in a row warm each other a little. */
	return AIR + 0.4 * (n->slot % 5);
}

void
node_physics_init(struct sim_node *n)
{
	struct rack *r = n->board->rack;

	n->phase = rack_uniform(r) * 6.28;
	n->period = 90 + rack_uniform(r) * 400;
	n->base = 0.08 + rack_uniform(r) * 0.35;
	n->swing = 0.05 + rack_uniform(r) * 0.3;
	n->rx = 1e8 + rack_uniform(r) * 5e10;
	n->tx = 1e8 + rack_uniform(r) * 2e10;
	n->volts = 5.1;
	n->busy = n->base;
	if (n->model == NULL)
		return;
	n->temp =
	    node_air(n) + n->model->idle_rise + n->model->load_rise * n->base;
	n->load[0] = n->load[1] = n->load[2] = n->base * n->model->cores;
}

static void
step_load(struct sim_node *n, double dt)
{
	static const double window[] = { 60, 300, 900 };
	struct rack *r = n->board->rack;
	double t = (double)(loop_now(r->loop) - r->born) / 1000;
	int i;

	n->busy = n->base + n->swing * sin(6.28318 * t / n->period + n->phase) +
	    0.04 * (rack_uniform(r) - 0.5);
	if (fault_is(&n->faults, FAULT_HOT))
		n->busy += 0.6;
	n->busy = fmin(1, fmax(0.005, n->busy));
	for (i = 0; i < 3; i++)
		n->load[i] += (n->busy * n->model->cores - n->load[i]) *
		    (1 - exp(-dt / window[i]));
	n->rx += dt * (2e4 + n->busy * 3e6);
	n->tx += dt * (1e4 + n->busy * 2e6);
}

static void
step_fan(struct sim_node *n)
{
	static const struct {
		double at;
		int pwm;
	} curve[] = {
		{ 75, 250 },
		{ 67.5, 175 },
		{ 60, 125 },
		{ 50, 75 },
	};
	size_t i;

	n->fan_pwm = 0;
	for (i = 0; i < ARRAY_LEN(curve) && n->fan_pwm == 0; i++)
		if (n->temp >= curve[i].at)
			n->fan_pwm = curve[i].pwm;
	n->fan_rpm = fault_is(&n->faults, FAULT_FANFAIL) || n->fan_pwm == 0
	    ? 0
	    : n->fan_pwm * 32.0 + 40 * rack_uniform(n->board->rack);
}

static void
step_temp(struct sim_node *n, double dt)
{
	const struct node_model *m = n->model;
	double target = node_air(n);

	if (n->rail && n->stage != STAGE_OFF && n->stage != STAGE_HALTED)
		target += m->idle_rise + m->load_rise * n->busy;
	if (m->fan)
		target -= n->fan_rpm / 900;
	if (n->board->kind->cooling != NULL)
		target -= n->board->kind->cooling(n);
	if (fault_is(&n->faults, FAULT_FANFAIL))
		target += 12;
	if (n->rail && fault_is(&n->faults, FAULT_HOT))
		target = (double)n->faults.arg[FAULT_HOT];
	n->temp += (target - n->temp) * (1 - exp(-dt / WARMING_S)) +
	    0.3 * (rack_uniform(n->board->rack) - 0.5) * fmin(dt, 1);
}

static void
step_throttle(struct sim_node *n)
{
	unsigned now = 0;

	n->volts = 5.12 - 0.06 * n->busy;
	if (fault_is(&n->faults, FAULT_BROWNOUT)) {
		n->volts = (double)n->faults.arg[FAULT_BROWNOUT];
		now |= UNDERVOLTAGE | THROTTLED;
	}
	if (n->temp >= n->model->throttle_at)
		now |= SOFT_LIMIT | CAPPED;
	if (n->temp >= n->model->throttle_at + 4)
		now |= THROTTLED;
	if (fault_is(&n->faults, FAULT_THROTTLE))
		now |= (unsigned)n->faults.arg[FAULT_THROTTLE] & 0xf;
	n->throttled = (n->throttled & 0xf0000) | now | now << 16;
}

int
node_mhz(const struct sim_node *n)
{
	if (n->throttled & (THROTTLED | UNDERVOLTAGE))
		return n->model->min_mhz;
	if (n->throttled & (CAPPED | SOFT_LIMIT))
		return (n->model->mhz * 2 + n->model->min_mhz) / 3;
	return n->busy > 0.12 ? n->model->mhz : n->model->min_mhz;
}

double
node_watts(const struct sim_node *n)
{
	if (n->model == NULL || !n->rail)
		return 0;
	if (!node_running(n) && n->stage != STAGE_STOPPING)
		return 1.4;
	return 0.17 * (n->model->idle_rise + n->model->load_rise * n->busy);
}

void
node_physics(struct sim_node *n, double dt)
{
	if (n->model == NULL)
		return;
	if (node_running(n)) {
		step_load(n, dt);
		step_fan(n);
		step_throttle(n);
	}
	step_temp(n, dt);
}
