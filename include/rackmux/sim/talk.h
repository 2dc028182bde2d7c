/*
 * talk - what a node's console prints by itself: log lines now and then, or,
 * for tests and benchmarks, a pattern of which every byte is known.
 */
#ifndef RM_SIM_TALK_H
#define RM_SIM_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "rackmux/sim/rack.h"

/* Line k of the pattern has 80 bytes: k in twelve digits, a space, 65
 * characters of which the i-th is '!' + (31 * k + 7 * i) % 94, CR LF. */
#define PATTERN_LINE 80
void	 pattern_line(uint64_t k, char out[PATTERN_LINE]);

/* A line every so many seconds on average, by dice of its own. */
void	 talk_start(struct sim_node *, unsigned seconds, uint64_t seed);
/* Instead of a getty, while it is up: so many bytes a second from the
 * beginning on, or, with 0, as fast as they are read, once a byte was typed.
 * At most so many in all, 0: without end. A byte that is typed later begins
 * it anew. */
void	 talk_pattern(struct sim_node *, unsigned rate, uint64_t bytes);

#endif
