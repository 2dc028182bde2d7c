/*
 * app - what the commands share.
 */
#ifndef RM_APP_APP_H
#define RM_APP_APP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rackmux/app/cli.h"
#include "rackmux/app/config.h"
#include "rackmux/app/session.h"
#include "rackmux/base/loop.h"
#include "rackmux/model/selector.h"

void	 print_diags(FILE *, const struct diags *);	/* check.c */

/* The configuration that the command line names, or the one that is found;
 * NULL when it is broken or missing, which was told on stderr. */
struct config *app_config(const struct cli *);

/* Let the session write down what it does, in the state folder. config is
 * what it will be given, or NULL. */
void	 app_journal(struct session *, const struct config *);

/* Ends the loop on SIGINT, SIGTERM and SIGHUP. */
struct app_signals;
struct app_signals *app_signals_new(struct loop *);
void	 app_signals_free(struct app_signals *);
int	 app_signals_caught(const struct app_signals *);	/* 0: none */

/* What the run cost, for --stats; taken before session and loop are freed. */
void	 app_write_stats(const struct cli *, struct loop *,
	    struct session *, uint64_t started_ms);

/* Forget the boards that a selector (NULL: all) cannot mean, as far as names
 * tell, so that they are not even connected to; false: none is left. */
bool	 app_keep_selected(struct config *, const struct selector *,
	    struct loop *);
void	 app_no_match(const char *selector);	/* on stderr */
/* "pis/3 (pi03)" */
void	 app_node_label(const struct node *, char *out, size_t size);

/* Whether the dashboard can be shown; says on stderr why not. */
bool	 app_terminal(void);

/* The dashboard, or the status, of a configuration file. */
int	 app_dashboard(const struct cli *, struct loop *, const char *path);
int	 app_status(const struct cli *, struct loop *, struct config *);

#endif
