/*
 * demo - the rack that is there when nothing is configured, and things
 * happening in it.
 */
#ifndef RM_SIM_DEMO_H
#define RM_SIM_DEMO_H

#include "rackmux/sim/rack.h"

struct demo;

const char	*demo_rack(void);	/* as text of a RACK.cfg */
/* n boards of one Linux node each. */
void		 demo_many(struct rack *, int n);
struct demo	*demo_new(struct rack *);
void		 demo_free(struct demo *);

#endif
