/*
 * journal - what was done to which node, by whom, and what came of it: one
 * line of JSON before an action is sent, and one after its outcome. Only
 * appended to, so that what a crash interrupted can be told afterwards.
 */
#ifndef RM_APP_JOURNAL_H
#define RM_APP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/driver/driver.h"

#define JOURNAL_MAX (4 * 1024 * 1024)	/* then it becomes journal.jsonl.1 */
#define JOURNAL_TAIL (256 * 1024)	/* of it is read at the start */
#define JOURNAL_ID 48

struct journal;

/* Of actions begun with the configuration (its path; a node of the same name
 * in another one is another node). The file is made when something is written
 * to it. NULL when dir is. */
struct journal	*journal_open(const char *dir, const char *config);
void		 journal_close(struct journal *);
/* Who writes it. */
void		 journal_who(const struct journal *, char *out, size_t size);
/* id (JOURNAL_ID bytes) is for journal_end(). at is ms since 1970. NULL
 * journals take everything and keep nothing. */
void		 journal_begin(struct journal *, int64_t at, const char *node,
		    enum act, char *id);
void		 journal_end(struct journal *, int64_t at, const char *id,
		    const char *node, enum act, enum act_outcome,
		    const char *text);

/* A power cycle that began and of which nobody knows how it ended. Text of
 * the file: to be cleaned. */
struct journal_open_cycle {
	char id[JOURNAL_ID];
	char node[96];
	char who[64];
	int64_t at;
};
/* How many there are; out gets at most max of them. One of another process
 * that still runs is none, for as long as a cycle may take. */
size_t	 journal_interrupted(const char *dir, const char *config,
	    int64_t now, struct journal_open_cycle *out, size_t max);

#endif
