/*
 * list - rows that are longer than the screen, as details are.
 *
 * Rows are produced in order, every time; those outside the rectangle are
 * counted and not drawn.
 */
#ifndef RM_UI_LIST_H
#define RM_UI_LIST_H

#include "rackmux/model/model.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/screen.h"

struct list {
	struct canvas *c;
	struct rect r;
	int scroll;
	int rows;		/* produced so far */
};

void	 list_begin(struct list *, struct screen *, struct canvas *,
	    struct rect);
/* Clamps the scroll position to what there was. */
void	 list_end(struct list *, struct screen *);
/* The next row; false when it is not in sight, the pen then draws nothing. */
bool	 list_row(struct list *, struct pen *);
void	 list_gap(struct list *);
void	 list_head(struct list *, const char *title);
/* A sentence, wrapped. */
void	 list_text(struct list *, enum role, const char *);
/* Label and text in columns. */
void	 list_pair(struct list *, const char *label, enum role, const char *);
/* All values in groups by the first word of their names. */
void	 list_values(struct list *, const struct model *,
	    const struct value *const *, size_t n);
void	 list_origin(struct list *, const struct model *, const char *label,
	    const struct origin *);
/* What feeds a node, and what feeds the nodes of a board; nothing if none. */
void	 list_feed(struct list *, const struct model *, const struct node *);
void	 list_feeds(struct list *, const struct model *, const struct board *);
void	 list_acts(struct list *, const struct node *);

#endif
