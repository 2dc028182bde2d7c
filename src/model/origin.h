/*
 * origin - what all origins have in common, be they a board's, a node's or a
 * feed's.
 */
#ifndef RM_MODEL_ORIGIN_H
#define RM_MODEL_ORIGIN_H

#include "rackmux/model/model.h"

struct origin	*origin_new(struct loop *, int slot, const struct driver *,
		    const char *url);
void	 origin_free(struct origin *);
void	 origin_take_link(struct loop *, struct origin *, enum link_state,
	    enum link_why, const char *text);
void	 origin_take_fresh(struct loop *, struct origin *);
void	 origin_take_stale(struct origin *, const char *why);
void	 origin_take_cannot(struct origin *, int slot, enum act,
	    const char *why);
/* Its link is down for a reason that an operator should hear of; what is
 * "the board" or "the feed". */
bool	 origin_link_trouble(const struct origin *, const char *what, char *out,
	    size_t size);

#endif
