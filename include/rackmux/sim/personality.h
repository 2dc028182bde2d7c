/*
 * personality - a kind of board or power feed, as the rack needs it. Each is
 * a table in a file of its own, and a line in personalities.def.
 */
#ifndef RM_SIM_PERSONALITY_H
#define RM_SIM_PERSONALITY_H

#include "rackmux/base/buf.h"
#include "rackmux/sim/rack.h"

/* The group of a board in RACK.cfg. A key that is not there gives dflt, one
 * of the wrong type is told with its line and gives dflt too. */
struct sim_keys;
const char *sim_key_text(struct sim_keys *, const char *key, const char *dflt);
int	 sim_key_int(struct sim_keys *, const char *key, int min, int max,
	    int dflt);
bool	 sim_key_bool(struct sim_keys *, const char *key, bool dflt);
void	 sim_key_mistake(struct sim_keys *, const char *fmt, ...)
	    RM_PRINTF(2, 3);

struct personality {
	const char *type;	/* in RACK.cfg: "turing-pi" */
	const char *config_type;	/* in the written configuration; NULL:
					 * the same */
	int slots;		/* or ports; 0: the configuration says */
	const char *model;	/* of nodes that name none: "cm4" */
	const char *user;	/* of links to its controller; NULL: root */
	bool shelf;		/* it has no controller, only nodes */
	bool uarts;		/* its controller holds its nodes' lines */
	bool feed;		/* a power feed: its slots are ports */
	unsigned reboot_ms;	/* of its controller; 0: 8 s */
	const char *const *keys;	/* of its own in RACK.cfg, or NULL */
	const char *const *node_keys;	/* the same in its nodes' groups */
	/* All may be NULL. b->state and n->state are the personality's.
	 * What all have was read already (ssh, serial, port, ...). */
	void (*read)(struct sim_board *, struct sim_keys *);
	void (*read_node)(struct sim_node *, struct sim_keys *);
	/* Make the controller's machine (b->machine, its vfs too, empty or
	 * not: without one there is no controller), before the nodes. */
	void (*init)(struct sim_board *);
	/* The node's own machine stands, if it has a module (n->model is not
	 * NULL): add to it. Called for each slot. */
	void (*node_init)(struct sim_node *);
	void (*tick)(struct sim_board *, double dt);	/* every 100 ms */
	/* The controller goes down for a reboot; it is back, or has power
	 * again (NULL: board_apply_rails()). */
	void (*down)(struct sim_board *);
	void (*up)(struct sim_board *);
	/* degC that the board's own fans take off a node. */
	double (*cooling)(const struct sim_node *);
	/* A fault of the board began or ended (faults are set already). */
	void (*faulted)(struct sim_board *, enum fault_kind, bool on);
	void (*node_faulted)(struct sim_node *, enum fault_kind, bool on);
	void (*release)(struct sim_board *);
	/* Name below by-id/ of its USB serial console; the caller frees.
	 * NULL: it has no link there. */
	char *(*by_id)(const struct sim_board *);
	/* What runs on that line; NULL: getty and login. A kind that has one
	 * is reached by serial, not by SSH, if RACK.cfg says nothing. */
	proc_main *serial_main;
	/* Further keys for the written configuration: "key = value;". */
	void (*write)(const struct sim_board *, struct buf *);
	void (*write_node)(const struct sim_node *, struct buf *);
};

#define PERSONALITY(id) extern const struct personality id##_personality;
#include "rackmux/sim/personalities.def"
#undef PERSONALITY

extern const struct personality *const personalities[];	/* ends with NULL */
const struct personality *personality_find(const char *type);

#endif
