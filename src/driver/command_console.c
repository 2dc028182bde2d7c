#include "command.h"

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Consoles of a described board: a tty on the machine that the link leads to,
 * or a command, which gets a terminal, the same PATH as all others, and using().
 */

static const char too_long[] =
    "The console's command is too long once its settings are put in: put it "
    "into a script on the far side.";

static bool
by_command(const struct recipe *r, const char *run, int slot, struct way *w)
{
	struct buf script, cmd;
	bool fits;

	buf_init(&script, 0);
	buf_init(&cmd, 0);
	buf_printf(
	    &script, "%susing() { %s; }; ", cmd_preamble, cmd_using_body);
	recipe_expand(r, run, slot, true, &script);
	buf_puts(&cmd, "exec sh -c ");
	buf_quote(&cmd, buf_str(&script));
	w->kind = WAY_PTY;
	fits = str_copy(w->cmd, sizeof w->cmd, buf_str(&cmd));
	buf_release(&script);
	buf_release(&cmd);
	way_manners(w);
	str_copy(w->limits, sizeof w->limits,
	    "What was printed before its command was started is lost.");
	return fits;
}

static bool
fill(struct cmd *c, int slot, struct way *w)
{
	const struct recipe *r = c->drv.config.recipe;
	const struct recipe_console *con =
	    r != NULL && slot > 0 ? recipe_console(r, slot) : NULL;
	struct buf device;
	bool fits;

	way_init(w);
	if (con == NULL)
		return false;
	if (con->device == NULL)
		return by_command(r, con->run, slot, w);
	buf_init(&device, 0);
	recipe_expand(r, con->device, slot, false, &device);
	fits = device.len < sizeof w->device;
	way_tty(w, buf_str(&device), (unsigned)con->speed);
	buf_release(&device);
	return fits;
}

const char *
cmd_console_cannot(struct drv *d, int slot)
{
	struct way w;

	return fill((struct cmd *)d, slot, &w) ? NULL : too_long;
}

bool
cmd_console(struct drv *d, int slot, struct way *w)
{
	bool fits = fill((struct cmd *)d, slot, w);

	w->by = WAY_BY_BOARD;
	if (!fits)
		way_init(w);
	return fits;
}
