#include "rackmux/ui/keymap.h"

#include <string.h>

#include "rackmux/base/text.h"

/*
 * The table is small and keys are pressed by people: it is searched as it
 * stands, so that there is no second copy to keep in step.
 */

const struct action_info action_table[ACTION_COUNT] = {
#define ACTION(id, name, keys, where, help) { name, keys, WHERE_##where, help },
#include "rackmux/ui/actions.def"
#undef ACTION
};

static enum action
find(struct key key, bool pane)
{
	int a;

	for (a = 0; a < ACTION_COUNT; a++) {
		char keys[64], *p = keys, *word;
		struct key k;

		if ((action_table[a].where == WHERE_PANE) != pane)
			continue;
		str_copy(keys, sizeof keys, action_table[a].keys);
		while ((word = str_word(&p)) != NULL)
			if (key_parse(word, &k) && key_same(k, key))
				return (enum action)a;
	}
	return ACTION_COUNT;
}

enum action
action_of_key(struct key key)
{
	return find(key, false);
}

enum action
action_of_pane_key(struct key key)
{
	return find(key, true);
}

const char *
action_key(enum action a)
{
	static char first[ACTION_COUNT][16];
	const char *keys = action_table[a].keys;
	size_t n = strcspn(keys, " ");

	if (first[a][0] == '\0' && n < sizeof first[a]) {
		memcpy(first[a], keys, n);
		first[a][n] = '\0';
	}
	return first[a];
}
