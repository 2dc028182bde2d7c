#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/app.h"
#include "rackmux/model/selector.h"

#include "console_cmd.h"

/*
 * rackmux console NODE: one node's console, on the whole screen, or in a pipe
 * where there is no screen.
 */

/* The node that was named; the one that is meant when it is the only one of
 * its board. */
static bool
find_name(struct config *c, const char *arg, char *out, size_t size)
{
	struct loop *loop = loop_new();
	struct session *s = session_new(loop, NULL, NULL);
	const struct node *n = NULL;
	struct model *m = session_model(s);

	for (size_t i = 0; i < c->n_boards; i++)
		(void)session_make_board(m, &c->boards[i]);
	n = model_find_node(m, arg);
	for (size_t i = 0; i < m->n_boards && n == NULL; i++)
		if (strcmp(m->boards[i]->name, arg) == 0 &&
		    m->boards[i]->slots == 1)
			n = m->boards[i]->nodes[0];
	if (n != NULL)
		(void)node_path(n, out, size);
	session_free(s);
	loop_free(loop);
	return n != NULL;
}

static bool
select_node(struct config *c, const char *name, struct loop *loop)
{
	char err[160];
	struct selector *sel = selector_parse(name, err, sizeof err);
	bool found;

	if (sel == NULL)
		return false;
	found = app_keep_selected(c, sel, loop);
	selector_free(sel);
	return found;
}

int
cmd_node_console(const struct cli *cli)
{
	struct config *c;
	struct loop *loop;
	char name[96];
	int status = EXIT_NO_MATCH;

	if (cli->n_args != 1) {
		fprintf(stderr, "rackmux: usage: rackmux console NODE\n");
		return EXIT_USAGE;
	}
	c = app_config(cli);
	if (c == NULL)
		return EXIT_USAGE;
	loop = loop_new();
	if (!find_name(c, cli->args[0], name, sizeof name) ||
	    !select_node(c, name, loop)) {
		fprintf(stderr,
		    "rackmux: no node is called '%s': name one as board/slot "
		    "or by its own name; rackmux status lists them\n",
		    cli->args[0]);
		config_free(c);
	} else if (isatty(0) && isatty(1))
		status = app_console_screen(cli, loop, c, name);
	else
		status = console_pipe(cli, loop, c, name);
	loop_free(loop);
	return status;
}
