/*
 * nodeboot_text - what a node's serial line says while it boots, stops and
 * panics.
 */
#ifndef RM_SIM_NODEBOOT_TEXT_H
#define RM_SIM_NODEBOOT_TEXT_H

#include "rackmux/sim/rack.h"

struct boot_line {
	unsigned ms;		/* after the stage began */
	const char *text;	/* "@": the model's name; NULL ends */
};

/* NULL: that stage says nothing. */
const struct boot_line *boot_text(const char *model, enum stage);

#endif
