/*
 * screen_in - what screen.c, which draws, and screen_do.c, which does, share.
 */
#ifndef RM_UI_SCREEN_IN_H
#define RM_UI_SCREEN_IN_H

#include "rackmux/ui/screen.h"

/* Make the selection valid against the model as it is now. */
void	 screen_settle(struct screen *);
/* The view that is shown. */
enum view_id screen_top(const struct screen *);
/* A window stands over it. */
bool	 screen_covered(const struct screen *);

#endif
