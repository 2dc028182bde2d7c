/*
 * Flashing a node, as far as its status tells: the node goes off, the module
 * is looked for on USB, bytes are written, and counted again from 0 while
 * they are read back. The node stays off afterwards.
 */
#include "turing_pi.h"

#include <string.h>

#include "rackmux/base/text.h"

#define LOOK_S 3.0
#define BYTES_PER_S 45e6

bool
flash_start(struct sim_board *b, int node, uint64_t size)
{
	struct flash_job *f = &b->tp.flash;
	struct sim_node *n = &b->nodes[node];

	memset(f, 0, sizeof(*f));
	f->active = true;
	f->node = node;
	f->size = size;
	f->id = rack_random(b->rack) & 0xffffffff;
	f->fail_at = fault_is(&n->faults, FAULT_FLASHFAIL)
	    ? (double)n->faults.arg[FAULT_FLASHFAIL] / 100
	    : 2;
	node_set_rail(n, false);
	return true;
}

static void
end(struct sim_board *b, const char *error)
{
	struct flash_job *f = &b->tp.flash;

	f->active = false;
	f->failed = error != NULL;
	f->done = error == NULL;
	if (error != NULL)
		str_copy(f->error, sizeof(f->error), error);
	else
		b->nodes[f->node].intent = false;
}

void
flash_cancel(struct sim_board *b)
{
	if (b->tp.flash.active)
		end(b, "cancelled by user");
}

void
flash_tick(struct sim_board *b, double dt)
{
	struct flash_job *f = &b->tp.flash;
	struct sim_node *n = &b->nodes[f->node];

	if (!f->active)
		return;
	f->seconds += dt;
	if (f->seconds < LOOK_S)
		return;
	if (n->model == NULL ||
	    (strcmp(n->model->id, "cm4") != 0 &&
		strcmp(n->model->id, "rk1") != 0)) {
		end(b,
		    b->tp.fw->modern
			? "Compute module's USB interface not found or "
			  "supported"
			: "No supported devices found");
		return;
	}
	f->written += (uint64_t)(dt * BYTES_PER_S);
	if (!f->verifying &&
	    (double)f->written >= f->fail_at * (double)f->size) {
		end(b, "Input/output error (os error 5)");
	} else if (f->written >= f->size && !f->verifying) {
		f->verifying = true;
		f->written = 0;
	} else if (f->written >= f->size) {
		f->written = f->size;
		end(b, NULL);
	}
}

void
flash_status(const struct sim_board *b, struct buf *body)
{
	const struct flash_job *f = &b->tp.flash;

	if (f->active)
		buf_printf(body,
		    "{\"Transferring\":{\"id\":%llu,\"process_name\":"
		    "\"Node %d os install service\",\"size\":%llu,"
		    "\"cancelled\":false,\"bytes_written\":%llu}}",
		    (unsigned long long)f->id, f->node + 1,
		    (unsigned long long)f->size,
		    (unsigned long long)f->written);
	else if (f->failed)
		buf_printf(body, "{\"Error\":\"%s\"}", f->error);
	else if (f->done)
		buf_printf(body,
		    "{\"Done\":[{\"secs\":%d,\"nanos\":120000000},%llu]}",
		    (int)f->seconds, (unsigned long long)f->size);
	else
		buf_puts(body, "\"Ready\"");
}
