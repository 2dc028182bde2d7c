/*
 * console_cmd - the two ways in which `rackmux console` shows a console.
 */
#ifndef RM_APP_CONSOLE_CMD_H
#define RM_APP_CONSOLE_CMD_H

#include "rackmux/app/cli.h"
#include "rackmux/app/config.h"
#include "rackmux/base/loop.h"

/* Both take the configuration over and return the exit status. name is the
 * console's ("tp2-a/1"). */

/* On the whole screen: dashboard.c. */
int	 app_console_screen(const struct cli *, struct loop *, struct config *,
	    const char *name);
/* Its bytes to stdout, those of stdin to it (unless read-only), what else is
 * to be said to stderr. Ends at a signal, at the end of the reader, or after
 * the end of stdin when the node has been silent for a second. */
int	 console_pipe(const struct cli *, struct loop *, struct config *,
	    const char *name);

#endif
