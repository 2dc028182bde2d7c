/*
 * command - what the files of the driver of described boards share.
 */
#ifndef RM_DRIVER_COMMAND_H
#define RM_DRIVER_COMMAND_H

#include "rackmux/driver/recipe.h"
#include "report.h"

/* The answers to one command: of the board, or of one slot. A report each, so
 * that what one of them does not tell any more is not confused with what was
 * not asked this time. */
struct cmd_place {
	struct report board, commanded;
	bool done;	/* it was answered */
	bool asked;	/* in this round, and no answer yet */
};

struct cmd_ask {
	struct cmd_place *place;	/* [0]: the board; else by slot */
	size_t places;
	uint64_t asked_at;	/* 0: never */
	bool sent;		/* in the round under way */
};

/* What was commanded last, where nobody can be asked. */
enum cmd_memory { CMD_NEVER, CMD_ON, CMD_OFF, CMD_UNCERTAIN };

struct cmd {
	struct drv drv; /* first */
	const struct recipe *recipe; /* that of the configuration */
	int slots;		/* 0: not known yet */
	bool defined, told;
	bool again;		/* ask everything, after an action */
	struct cmd_ask ask[RECIPE_ASKS_MAX];
	enum cmd_memory power[DRIVER_SLOTS_MAX + 1];
	enum cmd_memory locate[DRIVER_SLOTS_MAX + 1];
};

/* --- command.c --- */
/* What stands before each command, as a script of its own: where
 * administrators' programs are, C's language, and the helper using(). */
extern const char cmd_preamble[], cmd_using_body[];
void	 cmd_set_slots(struct cmd *, int n);

/* --- command_parse.c --- */
/* All answers of a round; text is cut up. */
void	 cmd_parse(struct cmd *, char *text);

/* --- command_console.c --- */
/* Of a slot that the recipe names a console of. */
const char *cmd_console_cannot(struct drv *, int slot);
bool	 cmd_console(struct drv *, int slot, struct way *);

/* --- command_act.c --- */
const char *cmd_can(struct drv *, int slot, enum act);
void	 command_act(struct drv *, unsigned ticket, int slot, enum act);
/* Power and locate where only the last command is known. */
void	 cmd_tell_memory(struct cmd *);
/* What no command of the recipe tells, once a connection. */
void	 cmd_tell_cannot(struct cmd *);

#endif
