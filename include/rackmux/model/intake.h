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
void		 intake_free(struct intake *);
/* Pass on what the link's sink is told. */
void		 intake_link_state(struct intake *, enum link_state,
		    enum link_why, const char *text);
struct inst	*intake_inst(struct intake *);
struct origin	*intake_origin(struct intake *);

#endif
