/*
 * tile - one node, in the space there is.
 */
#ifndef RM_UI_TILE_H
#define RM_UI_TILE_H

#include "rackmux/model/model.h"
#include "rackmux/ui/layout.h"

/* One LED a node: its glyph and its role. */
struct led { uint32_t glyph; enum role role; };
struct led tile_led(const struct node *);
enum role tile_heat_role(const struct node *);
/* Of what is wrong with it. */
enum role tile_trouble_role(const struct node *);
/* How a value's text is shown, and the text itself when it is no number. */
enum role tile_value_role(const struct value *, enum role known);
/* name, else what the node or its board calls it, else "". */
const char *tile_name(const struct node *, char *out, size_t size);
/* even: columns of the narrowest tile of its board, so that all of them show
 * the same. */
void	 tile_draw(struct canvas *, const struct node *, struct rect,
	    enum density, int even, bool selected);

#endif
