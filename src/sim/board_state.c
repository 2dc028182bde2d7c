/*
 * Who can reach a board's controller, and its way down and up again.
 * A controller that loses power or reboots forgets its TCP sessions: they
 * stay silent while it is away and are reset by the first packet after.
 */
#include "rackmux/sim/rack.h"

#include "rackmux/sim/personality.h"
#include "rackmux/sim/pty.h"
#include "rackmux/sim/sshd.h"

#define REBOOT_MS 8000

bool
board_dark(const struct sim_board *b)
{
	return fault_is(&b->faults, FAULT_POWER) ||
	    fault_is(&b->faults, FAULT_CABLE);
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
		    b->down_until == 0 && !b->no_console &&
			!fault_is(&b->faults, FAULT_POWER) &&
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

void
board_apply_rails(struct sim_board *b)
{
	int k;

	for (k = 0; k < b->slots; k++)
		node_set_rail(&b->nodes[k], b->nodes[k].intent);
}

static uint64_t
back_at(const struct sim_board *b)
{
	return loop_now(b->rack->loop) +
	    (b->kind->reboot_ms != 0 ? b->kind->reboot_ms : REBOOT_MS);
}

void
board_power_fault(struct sim_board *b, bool on)
{
	int k;

	b->forgot = true;
	machine_kill_jobs(&b->machine);
	if (on)
		for (k = 0; k < b->slots; k++)
			node_set_rail(&b->nodes[k], false);
	else if (b->machine.vfs != NULL)
		b->down_until = back_at(b);
	else
		board_apply_rails(b);
}

static void
go_down(struct sim_board *b)
{
	b->stopping = false;
	machine_kill_jobs(&b->machine);
	if (b->endpoint != NULL)
		endpoint_close(b->endpoint);
	b->forgot = true;
	b->down_until = back_at(b);
	if (b->kind->down != NULL)
		b->kind->down(b);
	board_refresh(b);
}

static void
come_up(struct sim_board *b)
{
	b->down_until = 0;
	b->booted_at = (int64_t)loop_now(b->rack->loop);
	if (b->kind->up != NULL)
		b->kind->up(b);
	else
		board_apply_rails(b);
	board_refresh(b);
}

void
board_tick(struct sim_board *b, double dt)
{
	if (b->stopping)
		go_down(b);
	if (b->down_until != 0 && loop_now(b->rack->loop) >= b->down_until &&
	    !fault_is(&b->faults, FAULT_POWER))
		come_up(b);
	if (b->kind->tick != NULL)
		b->kind->tick(b, dt);
}

/* What nodes share with boards: the state of a port. */
void
node_refresh(struct sim_node *n)
{
	bool away = n->stage < STAGE_INIT || n->stage >= STAGE_HALTED;
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
