#include <stdio.h>
#include <string.h>

#include "rackmux/app/app.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"

/* What commands that take a selector have in common. */

void
app_node_label(const struct node *n, char *out, size_t size)
{
	char path[96];

	node_path(n, path, sizeof path);
	if (n->name[0] != '\0')
		str_format(out, size, "%s (%s)", path, n->name);
	else
		str_copy(out, size, path);
}

void
app_no_match(const char *selector)
{
	fprintf(stderr, "rackmux: nothing matches '%s'\n", selector);
}

static bool
feeds_some(const struct config *c, const char *feed)
{
	char name[80];
	int port;

	for (size_t i = 0; i < c->n_boards; i++)
		for (size_t k = 0; k < c->boards[i].n_nodes; k++) {
			const char *ref = c->boards[i].nodes[k].o.feed;

			if (ref != NULL &&
			    config_feed_ref(ref, name, sizeof name, &port) &&
			    strcmp(name, feed) == 0)
				return true;
		}
	return false;
}

/* Feeds stay that are meant, or that power what is. */
static void
keep_feeds(struct config *c, const struct selector *sel, struct model *m)
{
	for (size_t i = c->n_feeds; i-- > 0;) {
		const struct config_feed *cf = &c->feeds[i];
		struct feed *f = model_add_feed(m, cf->o.name, cf->driver, 0);

		if (!selector_feed(sel, f) && !feeds_some(c, cf->o.name))
			config_drop_feed(c, i);
		model_remove_feed(m, f);
	}
}

/* Boards that the selector does not mean are not even connected to, as far as
 * that can be told without asking them. */
bool
app_keep_selected(
    struct config *c, const struct selector *sel, struct loop *loop)
{
	struct model *m;
	struct board *b;

	if (sel == NULL || !selector_is_static(sel))
		return true;
	m = model_new(loop);
	for (size_t i = c->n_boards; i-- > 0;) {
		b = session_make_board(m, &c->boards[i]);
		if (!selector_board(sel, b))
			config_drop_board(c, i);
		model_remove_board(m, b);
	}
	keep_feeds(c, sel, m);
	model_free(m);
	return c->n_boards + c->n_feeds > 0;
}
