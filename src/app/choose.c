#include <stdio.h>
#include <string.h>

#include "rackmux/app/app.h"
#include "rackmux/base/text.h"

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
	model_free(m);
	return c->n_boards > 0;
}
