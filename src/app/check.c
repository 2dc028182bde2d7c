#include <stdio.h>
#include <stdlib.h>

#include "rackmux/app/app.h"
#include "rackmux/app/cli.h"
#include "rackmux/app/config.h"
#include "rackmux/app/themefile.h"

/* The mistakes go to stdout, because they are what was asked for. */

void
print_diags(FILE *f, const struct diags *d)
{
	char line[1024];

	for (size_t i = 0; i < d->n; i++)
		fprintf(f, "%s\n", diag_format(&d->v[i], line, sizeof line));
	if (d->dropped > 0)
		fprintf(f, "and %zu more\n", d->dropped);
}

static void
summary(const struct config *c)
{
	size_t nodes = 0, links = 0;

	for (size_t i = 0; i < c->n_boards; i++) {
		links += c->boards[i].o.link != NULL;
		nodes += c->boards[i].n_nodes;
		for (size_t k = 0; k < c->boards[i].n_nodes; k++)
			links += c->boards[i].nodes[k].o.link != NULL;
	}
	printf("%s: good: %zu board%s, %zu named node%s, %zu link%s\n", c->path,
	    c->n_boards, c->n_boards == 1 ? "" : "s", nodes,
	    nodes == 1 ? "" : "s", links, links == 1 ? "" : "s");
}

int
cmd_check(const struct cli *cli)
{
	struct diags d = { 0 };
	struct config *c = NULL;
	struct theme theme;
	int status = EXIT_SOME_FAILED;
	char *path =
	    cli->n_args > 0 ? option_path(cli->args[0], NULL) : config_find(&d);

	if (path == NULL)
		status = EXIT_USAGE;
	else
		c = config_load(path, &d);
	if (c != NULL && theme_find(c->top.theme, &theme, &d)) {
		summary(c);
		status = EXIT_ALL_DONE;
	}
	print_diags(stdout, &d);
	diags_release(&d);
	config_free(c);
	free(path);
	return status;
}
