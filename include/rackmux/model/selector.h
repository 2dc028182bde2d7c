/*
 * selector - which nodes are meant.
 *
 *   *               all                      tp2-a     a board, or a node's name
 *   tp2-a/3         a slot                   tp2-a/1-3 some slots
 *   web-*           by pattern               tp2-?/2   the same
 *   state=off       by state                 type=linux, name=..., board=...
 *   @hot            warm, hot, critical, trouble, throttled
 *   a,b             either                   a+b       both
 *   !a              not a; alone: all but a
 */
#ifndef RM_MODEL_SELECTOR_H
#define RM_MODEL_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/model/model.h"

struct selector;

/* NULL, and err says why, when it cannot be read. */
struct selector	*selector_parse(const char *, char *err, size_t size);
void		 selector_free(struct selector *);
/* True when names, slots and types alone decide, not what nodes do. */
bool		 selector_is_static(const struct selector *);
/* NULL selects all. */
bool		 selector_node(const struct selector *, const struct node *);
/* True when the board itself is meant, or a node of it. */
bool		 selector_board(const struct selector *, const struct board *);
/* True when it is meant by its name or type (NULL selects all). */
bool		 selector_feed(const struct selector *, const struct feed *);
/* How many nodes, feeds by name, and boards without nodes, it selects. */
size_t		 selector_count(const struct selector *, const struct model *);

#endif
