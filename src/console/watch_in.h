/*
 * watch_in - what the files that read a console's meaning share.
 *
 * watch.c cuts the stream into lines, watch_scan.c finds all literals of all
 * rules in one pass over a line, stage.c and alert.c judge what was found,
 * noise.c sees whether it is text at all.
 */
#ifndef RM_CONSOLE_WATCH_IN_H
#define RM_CONSOLE_WATCH_IN_H

#include <regex.h>

#include "rackmux/console/watch.h"

/* --- literals ----------------------------------------------------------- */

/* Which literal of which rule: stage rules come first. */
#define SCAN_HITS 24

struct scan;
struct scan_hits {
	unsigned short v[SCAN_HITS];	/* rules, as given to scan_add */
	unsigned short end[SCAN_HITS];	/* where the literal ended */
	unsigned n;
	bool full;	/* there were more: try every rule */
};

struct scan	*scan_new(void);
void		 scan_free(struct scan *);
void		 scan_add(struct scan *, const char *literal, size_t len,
		    unsigned rule);
void		 scan_build(struct scan *);
/* Adds what is found in text to hits; stops at the first byte that is neither
 * printable ASCII nor a tab, and returns how many bytes it saw. */
size_t		 scan_plain(const struct scan *, const char *text, size_t len,
		    struct scan_hits *);
/* The same over any text, to its end. */
void		 scan_text(const struct scan *, const char *text, size_t len,
		    struct scan_hits *);

/* --- alerts ------------------------------------------------------------- */

struct alert_rule {
	struct alert_pattern p;		/* strings of our own */
	regex_t re;
};

struct alerts {
	struct alert_rule *v;
	size_t n;
	unsigned short *always;		/* rules of which no literal is known */
	size_t n_always;
	struct scan *scan;		/* stage rules, then v[i] */
};

/* Literals of which each match of an extended regular expression contains at
 * least one. False: none could be found, and every line must be tried. */
bool	 alert_needs(const char *match,
	    void (*found)(void *arg, const char *literal, size_t len),
	    void *arg);

/* --- stages ------------------------------------------------------------- */

enum stage_where {
	AT_START,	/* of the line, or behind the kernel's time */
	AT_LINE,	/* the very start */
	ANYWHERE,
	IN_UNIT,	/* a line of systemd's: "[  OK  ] ..." */
	GREETING,	/* at the start of a line that ends with "!" */
	SPOKEN_OVER,	/* the kernel's time stands behind a prompt */
};

struct stage_rule {
	const char *literal;
	enum stage_where where;
	enum stage to;
};

size_t	 stage_rules(void);
const struct stage_rule *stage_rule(unsigned);
void	 stage_literals(struct scan *);

enum prompt {
	PROMPT_NONE,
	PROMPT_LOGIN,
	PROMPT_SHELL,	/* "root@node1:~# " */
	PROMPT_BARE,	/* "# ", "sunxi# ": a shell's or a loader's */
	PROMPT_LOADER,
	PROMPT_RESCUE,
	PROMPT_PAGER,	/* more text is to come when a key is pressed */
};
/* What a line looks like that has no end. */
enum prompt stage_prompt(const char *line, size_t len);
/* Past "[   12.345678] ", which is read into *sec; -1 there: none. */
size_t	 stage_stamp(const char *line, size_t len, double *sec);

/* A shell may show any text, that of an old boot too: what a line says there
 * is a suspicion until it is confirmed (stage.c). */
struct stager {
	enum stage now, suspect;	/* suspect: STAGE_COUNT: none */
	uint64_t since, suspected;	/* loop ms */
	unsigned lines;			/* since it is suspected */
	bool screen;			/* a full-screen program draws */
};

void	 stage_init(struct stager *);
/* A whole line, and which stage rules have their literal in it. */
void	 stage_line(struct stager *, const char *line, size_t len,
	    const struct scan_hits *, uint64_t now);
/* The line has no end (yet), and nothing came for quiet ms. */
void	 stage_pause(struct stager *, const char *line, size_t len,
	    uint64_t quiet, uint64_t now);
void	 stage_power(struct stager *, bool on, uint64_t now);

/* --- noise -------------------------------------------------------------- */

#define NOISE_BLOCK 64
#define NOISE_BLOCKS 10
#define NOISE_WINDOW (NOISE_BLOCK * NOISE_BLOCKS)

struct noise {
	unsigned baud;
	unsigned in_block, bad;	/* bytes of this block, those that are bad */
	unsigned need;		/* continuation bytes of UTF-8 to come */
	unsigned char low, high;	/* bounds of the next of them */
	unsigned bad_blocks;	/* a bit a block, the newest is 1 */
	bool seq;		/* a whole escape sequence in this block */
	bool on;
	unsigned n;		/* of window */
	unsigned char *window;	/* bytes since the first bad block, a ring */
};

void	 noise_reset(struct noise *, unsigned baud);
void	 noise_free(struct noise *);
/* True when n->on changed. */
bool	 noise_plain(struct noise *, size_t len);
/* The same, and kept when others around it are bad. */
bool	 noise_text(struct noise *, const char *, size_t len);
bool	 noise_bytes(struct noise *, const char *, size_t len);
/* noise_rate() of what was kept. */
unsigned noise_guess(const struct noise *);
/* The rate at which text was likely sent that gives these bytes when it is
 * read at baud; 0: cannot be told. */
unsigned noise_rate(const unsigned char *bytes, size_t len, unsigned baud);

#endif
