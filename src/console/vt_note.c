/*
 * A line of ours among those of the node: a gap. The node's program knows
 * nothing of it, so its pen, its character sets and its modes are afterwards
 * what they were. On the alternate screen there is none: that one is painted,
 * not written line by line.
 */
#include "vt_in.h"

#include <string.h>

void
vt_note(struct vt *vt, const char *text)
{
	struct vt_style pen = vt->pen;
	uint8_t graphics[2] = { vt->graphics[0], vt->graphics[1] };
	bool insert = vt->insert;
	uint32_t last = vt->last;
	uint8_t gl = vt->gl;

	if (vt->modes.alt)
		return;
	/* A sequence that was begun is not going to end. */
	vt_feed(vt, "\030", 1);
	vt->pen = (struct vt_style){ VT_DEFAULT, VT_DEFAULT, VT_DIM };
	vt->pen_old = true;
	vt->graphics[0] = vt->graphics[1] = vt->insert = false;
	if (vt->col > 0 || vt->pending)
		vt_feed(vt, "\r\n", 2);
	vt_feed(vt, "-- ", 3);
	vt_feed(vt, text, strlen(text));
	vt_feed(vt, " --\r\n", 5);
	vt->pen = pen;
	vt->pen_old = true;
	vt->graphics[0] = graphics[0];
	vt->graphics[1] = graphics[1];
	vt->gl = gl;
	vt->insert = insert;
	vt->last = last;
}
