/* What the commands of described boards print, whatever it is. */
#include "rackmux/app/recipe_file.h"

#include "drive.h"

static struct recipe *
load(const char *name, const char *board)
{
	struct diags d = { 0 };
	struct cfg_tree *t = cfgtree_parse("board", board, &d);
	char *path;
	struct recipe *r =
	    recipe_of_board(&t->root, name, NULL, false, &path, &d);

	CHECK(r != NULL);
	cfgtree_free(t);
	free(path);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct recipe *all[3];

	if (all[0] == NULL) {
		all[0] = load("clusterhat", "");
		all[1] = load("turing-pi-1", "");
		all[2] = load("ipmi",
		    "settings: { host = [ \"a\", \"b\" ]; user = \"u\"; "
		    "password_file = \"p\"; };");
	}
	if (len < 2)
		return 0;
	drive_recipe = all[data[0] % 3];
	return drive(&driver_command, 0, data + 1, len - 1);
}
