/*
 * values - the readings of a board or node, kept sorted.
 */
#ifndef RM_MODEL_VALUES_H
#define RM_MODEL_VALUES_H

#include "rackmux/model/model.h"

/* Take a reading in; true when something that is shown became different. */
bool	 values_set(struct values *, struct origin *, const struct reading *,
	    uint64_t now);
/* Forget all that came from origin; NULL forgets all and frees. */
void	 values_forget(struct values *, const struct origin *);
const struct value *values_best(const struct values *, enum name_id,
	    const char *instance);
const struct value **values_best_all(const struct values *, size_t *n);

#endif
