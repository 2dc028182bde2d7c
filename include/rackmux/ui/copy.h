/*
 * copy - copy mode of a pane: look back, search, select, take.
 *
 * What is taken goes to rackmux's own buffer, which is pasted into a console
 * with the prefix; to the operator's terminal (OSC 52) only when asked.
 */
#ifndef RM_UI_COPY_H
#define RM_UI_COPY_H

#include "rackmux/ui/panes.h"

/* Begin at the cursor; search: ask for what to look for at once. */
void	 copy_begin(struct panes *, struct pane *, bool search);
void	 copy_end(struct pane *);
/* All keys are its own while it is on. */
void	 copy_key(struct panes *, struct pane *, struct key);
/* True when it was for it: a press in a pane whose program takes no mouse
 * begins a selection (with Shift always), the wheel looks back. */
bool	 copy_mouse(struct panes *, struct pane *, const struct mouse *);
/* Over what the pane has drawn: selection, hits, its line at the bottom. */
void	 copy_draw(struct panes *, struct pane *, struct canvas *);
/* What was taken last, "" if nothing was. */
const char *copy_taken(const struct panes *);

#endif
