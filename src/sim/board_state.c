/*
 * Who can reach a board's controller, and what its daemon does to the nodes.
 * A controller that loses power or reboots forgets its TCP sessions: they
 * stay silent while it is away and are reset by the first packet after.
 */
#include "rackmux/sim/rack.h"

#include "rackmux/sim/pty.h"
#include "rackmux/sim/sshd.h"

#define REBOOT_MS 8000

bool
board_dark(const struct sim_board *b)
{
	return fault_is(&b->faults, FAULT_POWER) ||
	    fault_is(&b->faults, FAULT_CABLE);
}

bool
bmcd_up(const struct sim_board *b)
{
	return b->tp.bmcd_back == 0 && !fault_is(&b->faults, FAULT_NOBMCD);
}

void
bmcd_restart(struct sim_board *b, uint64_t after_ms)
{
	b->tp.bmcd_back = loop_now(b->rack->loop) + after_ms;
}

void
board_reboot(struct sim_board *b)
{
	b->stopping = true;
}

static enum endpoint_mode
endpoint_mode_of(const struct faults *f)
{
	if (fault_is(f, FAULT_DROP))
		return ENDPOINT_REFUSED;
	if (fault_is(f, FAULT_STALL))
		return ENDPOINT_STALLED;
	if (fault_is(f, FAULT_BANNER))
		return ENDPOINT_NO_BANNER;
	return ENDPOINT_UP;
}

static struct endpoint_trouble
trouble_of(const struct faults *f)
{
	struct endpoint_trouble t = { 0 };

	t.refuse_auth = fault_is(f, FAULT_AUTH);
	if (fault_is(f, FAULT_GARBAGE))
		t.garbage = (double)f->arg[FAULT_GARBAGE] / 100;
	if (fault_is(f, FAULT_SLOW))
		t.slow_ms = (unsigned)(f->arg[FAULT_SLOW] * 20);
	if (fault_is(f, FAULT_FLOOD))
		t.flood_kbps = (unsigned)f->arg[FAULT_FLOOD];
	return t;
}

/* The console is a gadget of the controller: it is there while that runs. */
static void
plug_console(struct sim_board *b)
{
	if (b->pty != NULL)
		(void)pty_plug(b->pty,
		    b->down_until == 0 && !fault_is(&b->faults, FAULT_POWER) &&
			!fault_is(&b->faults, FAULT_UNPLUG));
}

void
board_refresh(struct sim_board *b)
{
	struct endpoint_trouble t = trouble_of(&b->faults);
	int k;

	if (b->endpoint != NULL) {
		endpoint_trouble(b->endpoint, &t);
		if (board_dark(b) || b->down_until != 0) {
			endpoint_set(b->endpoint, ENDPOINT_DARK);
		} else {
			if (b->forgot)
				endpoint_reset(b->endpoint);
			b->forgot = false;
			endpoint_set(b->endpoint, endpoint_mode_of(&b->faults));
		}
	}
	plug_console(b);
	if (b->pty != NULL) {
		pty_trouble(b->pty, &t);
		pty_noise(b->pty, fault_is(&b->faults, FAULT_WRONGSPEED));
		pty_silence(b->pty, fault_is(&b->faults, FAULT_STALL));
	}
	for (k = 0; k < b->slots; k++)
		node_refresh(&b->nodes[k]);
}

/* bmcd puts the rails to what it has stored. */
static void
apply_stored(struct sim_board *b)
{
	int k;

	for (k = 0; k < b->slots; k++)
		node_set_rail(&b->nodes[k], b->nodes[k].intent);
}

void
board_power_fault(struct sim_board *b, bool on)
{
	int k;

	b->forgot = true;
	if (on) {
		for (k = 0; k < b->slots; k++)
			node_set_rail(&b->nodes[k], false);
		return;
	}
	b->down_until = loop_now(b->rack->loop) + REBOOT_MS;
}

static void
go_down(struct sim_board *b)
{
	int k;

	b->stopping = false;
	if (b->endpoint != NULL)
		endpoint_close(b->endpoint);
	b->forgot = true;
	b->down_until = loop_now(b->rack->loop) + REBOOT_MS;
	/* A v2.4 drops the nodes' rails with its controller. */
	for (k = 0; k < b->slots && !b->tp.v25; k++)
		node_set_rail(&b->nodes[k], false);
	board_refresh(b);
}

/* It puts all rails to what it has stored, and after a crash each goes off
 * and on on the way there. */
static void
bmcd_is_back(struct sim_board *b, uint64_t now)
{
	int k;

	b->tp.bmcd_back = 0;
	b->tp.bmcd_since = (int64_t)now;
	if (!b->tp.bounce) {
		apply_stored(b);
		return;
	}
	b->tp.bounce = false;
	b->tp.bmcd_back = now + 500;
	for (k = 0; k < b->slots; k++)
		node_set_rail(&b->nodes[k], false);
}

void
board_tick(struct sim_board *b, double dt)
{
	uint64_t now = loop_now(b->rack->loop);

	if (b->type != BOARD_TURING_PI)
		return;
	if (b->stopping)
		go_down(b);
	if (b->down_until != 0 && now >= b->down_until &&
	    !fault_is(&b->faults, FAULT_POWER)) {
		b->down_until = 0;
		b->booted_at = b->tp.bmcd_since = (int64_t)now;
		apply_stored(b);
		board_refresh(b);
	}
	if (b->tp.bmcd_back != 0 && now >= b->tp.bmcd_back) {
		bmcd_is_back(b, now);
	}
	turing_pi_tick(b, dt);
}

/* What nodes share with boards: the state of a port. */
void
node_refresh(struct sim_node *n)
{
	bool away = n->stage < STAGE_INIT || n->stage == STAGE_HALTED ||
	    n->stage == STAGE_PANIC;
	struct endpoint_trouble t = trouble_of(&n->faults);
	bool cut = fault_is(&n->faults, FAULT_CABLE) || board_dark(n->board);

	n->dirty = false;
	if (away)
		n->forgot = true;
	if (n->endpoint == NULL)
		return;
	endpoint_trouble(n->endpoint, &t);
	if (away || cut) {
		endpoint_set(n->endpoint, ENDPOINT_DARK);
		return;
	}
	if (n->forgot)
		endpoint_reset(n->endpoint);
	n->forgot = false;
	endpoint_set(n->endpoint,
	    n->stage == STAGE_LOGIN ? endpoint_mode_of(&n->faults)
				    : ENDPOINT_REFUSED);
}
