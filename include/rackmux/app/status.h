/*
 * status - the model as text or as JSON Lines.
 */
#ifndef RM_APP_STATUS_H
#define RM_APP_STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include "rackmux/base/json.h"
#include "rackmux/model/feed.h"
#include "rackmux/model/model.h"
#include "rackmux/model/selector.h"

/* One object; the caller frees it. */
struct json	*status_json_board(const struct board *);
struct json	*status_json_node(const struct node *);
struct json	*status_json_feed(const struct feed *);
/* A line for each feed, board and node that is selected (NULL: all), feeds
 * first, a board's before those of its nodes. */
void	 status_json(FILE *, const struct model *, const struct selector *);
/* An aligned table of the same. utf8: the reader shows more than ASCII. */
void	 status_text(FILE *, const struct model *, const struct selector *,
	    bool utf8);

#endif
