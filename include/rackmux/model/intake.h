/*
 * intake - a driver's sink that fills the model.
 */
#ifndef RM_MODEL_INTAKE_H
#define RM_MODEL_INTAKE_H

#include "rackmux/driver/inst.h"
#include "rackmux/model/model.h"

struct intake;

/* An instance of driver on a link, feeding an origin of board. Owns the
 * instance, borrows the link. The configuration is copied. */
struct intake	*intake_new(struct board *, const struct driver *,
		    const struct driver_config *, struct link *,
		    const char *url);
/* The same for a power feed; the slots of its driver are ports. */
struct intake	*intake_new_feed(struct feed *, const struct driver *,
		    const struct driver_config *, struct link *,
		    const char *url);
/* Which slots or ports there are has changed. */
void		 intake_ask_can(struct intake *);
void		 intake_free(struct intake *);
/* Pass on what the link's sink is told. */
void		 intake_link_state(struct intake *, enum link_state,
		    enum link_why, const char *text);
/* Do it; fn hears exactly one outcome, never from within the call, also when
 * the link dies or the intake is freed. */
typedef void intake_acted_fn(void *arg, enum act_outcome, const char *text);
void		 intake_act(struct intake *, int slot, enum act,
		    intake_acted_fn *, void *arg);
struct inst	*intake_inst(struct intake *);
struct origin	*intake_origin(struct intake *);

#endif
