/*
 * co - coroutines: a stack of its own for plain code that waits.
 */
#ifndef RM_SIM_CO_H
#define RM_SIM_CO_H

#include <stdbool.h>

struct co;

struct co *co_new(void (*fn)(void *arg), void *arg);
void	 co_free(struct co *);		/* done, or never resumed */
/* Run it until it yields or returns. Not from within a coroutine. */
void	 co_resume(struct co *);
void	 co_yield(struct co *);		/* from within */
bool	 co_done(const struct co *);

#endif
