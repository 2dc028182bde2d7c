#include "origin.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * An origin is one driver at work on one link. While its link tries again,
 * what went wrong the last time still stands.
 */

struct origin *
origin_new(
    struct loop *loop, int slot, const struct driver *driver, const char *url)
{
	struct origin *o = mem_alloc(sizeof *o);

	o->slot = slot;
	o->driver = driver;
	o->cannot_slots = -1;
	o->since = loop_now(loop);
	text_clean(o->url, sizeof o->url, url, strlen(url));
	return o;
}

void
origin_free(struct origin *o)
{
	if (o == NULL)
		return;
	for (int s = 0; s <= o->cannot_slots; s++)
		for (int a = 0; a < ACT_MAX; a++)
			free(o->cannot[s][a]);
	free(o->cannot);
	free(o);
}

void
origin_take_link(struct loop *loop, struct origin *o, enum link_state state,
    enum link_why why, const char *text)
{
	if (o->link != state)
		o->since = loop_now(loop);
	if (state == LINK_UP || state == LINK_LOST || state == LINK_DOWN) {
		o->why = state == LINK_UP ? LINK_WHY_NONE : why;
		text_clean(o->why_text, sizeof o->why_text, text ? text : "",
		    text ? strlen(text) : 0);
	}
	o->link = state;
	if (state == LINK_UP) {
		o->was_up = true;
		o->retry_at = 0;
	}
}

void
origin_take_fresh(struct loop *loop, struct origin *o)
{
	o->fresh_at = loop_now(loop);
	o->stale = false;
	o->stale_why[0] = '\0';
}

void
origin_take_stale(struct origin *o, const char *why)
{
	o->stale = true;
	text_clean(o->stale_why, sizeof o->stale_why, why, strlen(why));
}

void
origin_take_cannot(struct origin *o, int slot, enum act act, const char *why)
{
	if (slot < 0 || slot > DRIVER_SLOTS_MAX || (int)act >= ACT_MAX)
		return;
	if (slot > o->cannot_slots) {
		int old = o->cannot_slots;

		o->cannot =
		    mem_grow(o->cannot, (size_t)slot + 1, sizeof *o->cannot);
		for (int s = old + 1; s <= slot; s++)
			memset(o->cannot[s], 0, sizeof o->cannot[s]);
		o->cannot_slots = slot;
	}
	free(o->cannot[slot][act]);
	o->cannot[slot][act] = mem_strdup(why);
}

bool
origin_link_trouble(
    const struct origin *o, const char *what, char *out, size_t size)
{
	if (o == NULL || o->link == LINK_UP || o->why == LINK_WHY_NONE)
		return false;
	switch (o->why) {
	case LINK_WHY_TIMEOUT:
		str_format(out, size,
		    "%s does not answer: power, cable or network", what);
		return true;
	case LINK_WHY_SILENT:
		str_format(out, size,
		    "%s stopped answering: power, cable or network", what);
		return true;
	case LINK_WHY_REFUSED:
		str_format(out, size,
		    "SSH refused: %s is up, its sshd is not running", what);
		return true;
	default:
		str_copy(out, size,
		    o->why_text[0] ? o->why_text : link_why_name(o->why));
		return true;
	}
}
