/*
 * feed - a power feed of the model: a switch or plug whose ports power nodes.
 *
 * What a feed says of a port becomes values of the nodes that hang on it
 * (source "feed"), so that views need not know where they came from; its
 * origin is the feed's, so they go stale together. The feed keeps them too:
 * its budget counts ports on which no node of ours hangs.
 */
#ifndef RM_MODEL_FEED_H
#define RM_MODEL_FEED_H

#include "rackmux/model/model.h"

struct feed {
	struct model *model;
	char name[64];
	char type[32];
	char title[48];
	double budget_w;	/* 0: none */
	struct origin *origin;	/* or NULL */
	int ports;		/* as far as they are known */
	struct values *port;	/* [ports]; index = port - 1 */
	struct values values;	/* of the feed itself */
	struct node **fed;	/* the nodes that it powers */
	size_t n_fed;
	bool told_over;		/* over its budget, and that was told */
};

struct feed	*model_add_feed(struct model *, const char *name,
		    const struct driver *, double budget_w);
/* Its nodes lose what it said. */
void		 model_remove_feed(struct model *, struct feed *);
struct origin	*feed_add_origin(struct feed *, const struct driver *,
		    const char *url);
void		 feed_remove_origin(struct feed *);

/* NULL: nothing feeds it. port 0: the only one, which is port 1. */
void	 node_set_feed(struct node *, struct feed *, int port);

/* --- filled by intake --- */
void	 feed_set_ports(struct feed *, int n);
void	 feed_set_link(struct feed *, enum link_state, enum link_why,
	    const char *text);
void	 feed_set(struct feed *, int port, const struct reading *);
void	 feed_fresh(struct feed *);
void	 feed_stale(struct feed *, const char *why);
void	 feed_cannot(struct feed *, int port, enum act, const char *why);

/* --- read --- */
const struct value *feed_port_value(const struct feed *, int port,
	    enum name_id);
const struct value *feed_value(const struct feed *, enum name_id);
/* All of them, of a port or (0) of the feed itself; as node_values(). */
const struct value **feed_values(const struct feed *, int port, size_t *n);
/* What all its ports draw together, as far as they say; false when none of
 * them does, nor the feed itself. */
bool	 model_feed_totals(const struct feed *, double *watts,
	    int *known_ports);
/* What it may deliver: the budget of the configuration, else what it says
 * itself; 0: not known. */
double	 feed_budget(const struct feed *);
/* What is wrong with it, one sentence; false when nothing is. */
bool	 feed_trouble(const struct feed *, char *out, size_t size);
/* The other nodes on the port of n ("b02, b03"), which lose power with it;
 * how many they are. */
size_t	 feed_others(const struct node *n, char *out, size_t size);

#endif
