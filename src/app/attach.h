/*
 * attach - a node's console in a session: by which way it is reached, and
 * what of it goes into the model. Private to the session.
 */
#ifndef RM_APP_ATTACH_H
#define RM_APP_ATTACH_H

#include "rackmux/console/console.h"
#include "wire.h"

struct attached {
	struct session *session;
	struct board *board;
	int slot;
	struct console *console;
	char *line;
	struct link *own;	/* of this console alone, or NULL */
	char *own_url;
	bool own_up;		/* it was, and its loss was not told */
	struct link *told;	/* the console knows the state of this one */
	bool wanted;
	int power;		/* as the console was told: -1 nothing yet */
	bool powered;		/* it was told something */
	bool hears;
};

/* By which way a node's console is reached, as far as is known by now. */
struct route {
	bool found;
	bool configured;	/* the configuration says so, or that not */
	struct way way;
	struct link *link;	/* of the board or the node; may be NULL */
	struct link_config own;	/* WAY_BY_OWN: strings borrowed, or in url */
	char url[512];
	char line[768];		/* names the physical line */
	const char *why;	/* not found */
	bool capture, log;
};

/* route.c */
/* What the configuration says of a rig's board, NULL: nothing. *at is where it
 * is looked for first, and then the place behind it: rigs are mostly in the
 * order of the configuration, and all of them are asked for each second. */
const struct config_board *route_config(const struct session *,
	    const struct rig *, size_t *at);
void	 route_find(struct session *, const struct config_board *, struct rig *,
	    const struct node *, struct route *);

/* attach_model.c */
void	 attached_tell(struct attached *, struct node *);
void	 attached_power(struct attached *, const struct node *);

#endif
