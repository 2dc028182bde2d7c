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
void	 co_wait(struct co *);		/* from within */
/* It will wait for long: give back the stack that it does not use now. */
void	 co_trim(struct co *);
bool	 co_done(const struct co *);

#endif
