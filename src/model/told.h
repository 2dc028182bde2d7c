/*
 * told - turns changes into events, each change once.
 */
#ifndef RM_MODEL_TOLD_H
#define RM_MODEL_TOLD_H

#include "rackmux/model/model.h"

/* The link of o went from old to what it is now. */
void	 told_link(struct board *, struct origin *, enum link_state old,
	    enum link_why old_why);
/* A round of o is over, well or not. */
void	 told_values(struct board *, struct origin *);
/* The same for what is no board: where is its name. */
void	 told_origin_link(struct model *, const char *where,
	    const struct origin *, enum link_state old, enum link_why old_why);
/* What is known of n may differ. */
void	 told_node(struct node *);

#endif
