/*
 * keymap - keys to actions (see actions.def).
 */
#ifndef RM_UI_KEYMAP_H
#define RM_UI_KEYMAP_H

#include "rackmux/ui/input.h"

enum action {
#define ACTION(id, name, keys, where, help) ACTION_##id,
#include "rackmux/ui/actions.def"
#undef ACTION
	ACTION_COUNT
};

enum action_where { WHERE_ANY, WHERE_RACK, WHERE_LIST, WHERE_PANE,
	WHERE_HIDDEN };

struct action_info {
	const char *name;
	const char *keys;
	enum action_where where;
	const char *help;
};
extern const struct action_info action_table[ACTION_COUNT];

/* ACTION_COUNT: the key does nothing. */
enum action action_of_key(struct key);
/* After the prefix. */
enum action action_of_pane_key(struct key);
/* The key that hints show, "enter", "?"; a static string. */
const char *action_key(enum action);

#endif
