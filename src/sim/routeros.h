/*
 * routeros - what the parts of the simulated MikroTik switch share.
 */
#ifndef RM_SIM_ROUTEROS_H
#define RM_SIM_ROUTEROS_H

#include "ports.h"

struct ros {
	struct ports ports;	/* first */
};

/* One session. */
struct ros_run {
	struct proc *p;
	struct sim_board *board;
	char menu[96];		/* "interface ethernet poe", or "" */
	bool quit;
};

struct ros_verb {
	const char *menu;	/* NULL: in every one */
	const char *verb;
	void (*fn)(struct ros_run *, const char *arguments);
};
extern const struct ros_verb ros_verbs[];	/* ends with a NULL verb */

/* The next "key=value", or a word without a value (then it is "") as key. */
bool	 ros_argument(const char **, char *key, size_t key_size, char *value,
	    size_t size);

#endif
