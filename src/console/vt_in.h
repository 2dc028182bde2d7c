/*
 * vt_in - what the files of the terminal share.
 *
 * A cell is one word: code point, two flags, the number of its style and that
 * of its marks in the row's own list. A row has cells as far as something was
 * written; what lies beyond has the style `tail`, so that erasing and
 * scrolling cost nothing for what was never there.
 */
#ifndef RM_CONSOLE_VT_IN_H
#define RM_CONSOLE_VT_IN_H

#include "rackmux/console/vt.h"

#define CELL_CP 0x1fffffu
#define CELL_RIGHT (1u << 21)	/* the right half of a wide one */
#define CELL_WIDE (1u << 22)	/* its left half */

static inline uint64_t
cell_make(uint32_t cp, uint16_t style)
{
	return cp | (uint64_t)style << 32;
}

static inline uint16_t
cell_style(uint64_t c)
{
	return (uint16_t)(c >> 32);
}

/* 0: no marks; else 1 more than the place in the row's list. */
static inline uint16_t
cell_marks(uint64_t c)
{
	return (uint16_t)(c >> 48);
}

struct row {
	uint64_t *cells;
	uint64_t stamp;		/* when it was last changed; 0: blank */
	uint32_t (*marks)[VT_MARKS];
	uint16_t len, cap;
	uint16_t tail;		/* style of what lies beyond len */
	uint16_t n_marks, cap_marks;
	bool wrapped;		/* goes on in the next row */
};

/* Stiff: squeezing wins too little. */
enum block_state { BLOCK_OPEN, BLOCK_PLAIN, BLOCK_STIFF, BLOCK_SQUEEZED };

/* A block is full at so many bytes, and then has its last line still. Longer
 * than the most (which is none) is not squeezed. */
#define BLOCK_BYTES 16384
#define LINE_MAX_BYTES (32 + VT_COLS_MAX * (15 + 4 * VT_MARKS))
#define BLOCK_MAX (BLOCK_BYTES + LINE_MAX_BYTES)

/* Lines of the scrollback, packed. */
struct block {
	unsigned long long start;	/* number of its first line */
	uint64_t id;		/* of what is squeezed */
	enum block_state state;
	size_t len;		/* unsqueezed */
	size_t cap;		/* bytes of memory at data */
	unsigned lines;
	unsigned widest;	/* at most so many columns */
	bool wraps;		/* one goes on in the next */
	unsigned char *data;
};

struct scroll {
	struct block *blocks;	/* the last one may be open */
	unsigned n, cap;
	unsigned long long first;	/* number of line 0 */
	unsigned lines, max;
	size_t bytes;		/* unsqueezed */
};

/* One packed line, being read. */
struct packed {
	const unsigned char *text, *text_end, *run, *run_end;
	bool wrapped;
	unsigned left;		/* columns left of the current run */
	struct vt_style style;
};

struct styles {
	struct vt_style *s;
	uint16_t *next, *head;
	unsigned cap, used, wait;
	uint16_t free;
};

/* Character sets; that of the United Kingdom differs in one character. */
enum vt_set { SET_ASCII, SET_GRAPHICS, SET_UK };

struct saved {
	int row, col;
	bool pending, origin;
	uint8_t graphics[2], gl;
	struct vt_style pen;
};

struct screen {
	struct row **rows;	/* NULL: not in use */
	struct saved saved;
};

enum vt_state {
	ST_GROUND, ST_ESCAPE, ST_ESC_INTER, ST_CSI_ENTRY, ST_CSI_PARAM,
	ST_CSI_INTER, ST_CSI_IGNORE, ST_OSC, ST_STRING, ST_N
};

#define VT_PARAMS 16
#define VT_PARAM_MAX 9999
#define VT_OSC_MAX 400		/* bytes that a title may take */

struct csi {
	uint16_t par[VT_PARAMS];
	uint32_t sub;		/* bit i: a colon stands before par[i] */
	uint8_t n;		/* of them; the last is being read */
	bool full;		/* there were more */
	char prefix, inter;	/* '<' to '?' and ' ' to '/', or 0 */
};

#define VT_REPLIES 16
#define VT_REPLY_MAX 24

struct vt {
	int rows, cols;
	struct screen main, alt, *on;
	struct scroll scroll;
	struct styles styles;

	int row, col;
	bool pending;		/* the next character wraps first */
	int top, bottom;	/* margins, both inside */
	bool origin, autowrap, insert;
	uint8_t graphics[2];	/* G0, G1: an enum vt_set */
	uint8_t gl;
	uint32_t last;		/* what REP repeats, 0: nothing */
	struct vt_style pen;
	uint16_t pen_id, erase_id;
	bool pen_old;		/* the two do not follow the pen yet */
	uint8_t tabs[VT_COLS_MAX / 8];
	struct vt_modes modes;
	char title[VT_TITLE_MAX];
	unsigned bells;
	uint64_t stamp;

	uint8_t state;
	struct csi csi;
	char part[4];		/* the start of a character */
	uint8_t n_part;
	char kind;		/* of a string: what followed ESC */
	bool osc_ends;		/* ESC came in an OSC */
	uint8_t string_lines;	/* line feeds in a string so far */
	char osc[VT_OSC_MAX];
	unsigned n_osc;

	char replies[VT_REPLIES][VT_REPLY_MAX];
	unsigned n_replies;
	struct row scratch;	/* of a reflow */
};

/* vt_row.c */
struct row *row_new(void);
void	 row_free(struct row *);
void	 row_release(struct row *);
size_t	 row_memory(const struct row *);
/* Empties it; what it shows is the style. */
void	 row_clear(struct vt *, struct row *, uint16_t style);
void	 row_room(const struct vt *, struct row *, int len);
/* Cells up to col are there. */
void	 row_reach(const struct vt *, struct row *, int col);
/* Nothing wide lies across the edge left of col. */
void	 row_split(struct row *, int col);
void	 row_erase(struct vt *, struct row *, int from, int to,
	    uint16_t style);
void	 row_insert(struct vt *, struct row *, int col, int n,
	    uint16_t style);
void	 row_delete(struct vt *, struct row *, int col, int n,
	    uint16_t style);
void	 row_cut(struct vt *, struct row *, int cols);
/* A combining character on what is in col. */
void	 row_mark(const struct vt *, struct row *, int col, uint32_t cp);
void	 row_cell(const struct vt *, const struct row *, int col,
	    struct vt_cell *);
static inline void
row_touch(struct vt *vt, struct row *r)
{
	r->stamp = ++vt->stamp;
}

/* vt_style.c */
void	 styles_init(struct styles *);
uint16_t style_id(struct vt *, const struct vt_style *);
bool	 style_same(const struct vt_style *, const struct vt_style *);
/* pen_id and erase_id are right. */
void	 pen_settle(struct vt *);
static inline uint16_t
vt_pen(struct vt *vt)
{
	if (vt->pen_old)
		pen_settle(vt);
	return vt->pen_id;
}
static inline uint16_t
vt_bce(struct vt *vt)
{
	if (vt->pen_old)
		pen_settle(vt);
	return vt->erase_id;
}
/* Columns of a code point; 3: it may not be shown. */
int	 cp_width(uint32_t);

/* vt_print.c */
void	 vt_print_run(struct vt *, const char *, size_t);
void	 vt_print_cp(struct vt *, uint32_t cp);
void	 vt_repeat(struct vt *, int n);

/* vt_screen.c */
struct row *vt_row(const struct vt *, int row);
struct row **rows_new(int n);
void	 rows_free(struct row **, int n);
void	 vt_goto(struct vt *, int row, int col);	/* clamped */
/* The same where the origin is that of the margins. */
void	 vt_goto_origin(struct vt *, int row, int col);
void	 vt_up(struct vt *, int n);
void	 vt_down(struct vt *, int n);
/* True when the cursor is on another row now, or the rows scrolled. */
bool	 vt_index(struct vt *);
void	 vt_reverse_index(struct vt *);
void	 vt_scroll_up(struct vt *, int top, int bottom, int n, bool keep);
void	 vt_scroll_down(struct vt *, int top, int bottom, int n);
void	 vt_erase_rows(struct vt *, int from, int to, uint16_t style);
void	 vt_save(struct vt *);
void	 vt_restore(struct vt *);
void	 vt_alt(struct vt *, bool on, bool clear);
void	 vt_align(struct vt *);			/* DECALN */
void	 vt_soft_reset(struct vt *);		/* DECSTR */
void	 tabs_default(struct vt *, int from);
int	 tab_next(const struct vt *, int col);
int	 tab_prev(const struct vt *, int col);

/* vt_csi.c, vt_mode.c, vt_sgr.c, vt_esc.c */
void	 vt_control(struct vt *, unsigned char);
void	 vt_csi(struct vt *, char final);
void	 vt_mode(struct vt *, bool set);
void	 vt_sgr(struct vt *);
/* The state that follows. */
enum vt_state vt_esc(struct vt *, char inter, char final);
void	 vt_osc_end(struct vt *);
void	 vt_answer(struct vt *, const char *);

/* vt_pack.c */
void	 pack_row(const struct vt *, const struct row *, struct block *);
/* Reads the line at p, which has to be one; returns where the next is. */
const unsigned char *pack_open(struct packed *, const unsigned char *p);
const unsigned char *pack_skip(const unsigned char *p);
/* The next cell (without the right half of a wide one); false: none. Then
 * style is that of what lies beyond. */
bool	 pack_next(struct packed *, struct vt_cell *);

/* vt_squeeze.c */
/* In memory of its own, *n bytes; NULL: it cannot be, or is not worth it. */
unsigned char *vt_squeeze(const unsigned char *, size_t len, size_t *n);
/* Of what vt_squeeze() gave; false unless it is len bytes. */
bool	 vt_unsqueeze(const unsigned char *, size_t n, unsigned char *out,
	    size_t len);

/* vt_block.c */
void	 block_room(struct block *, size_t more);
/* Nothing is added from now on. Returns the memory that it had, for the next
 * or to be freed. */
struct block block_close(struct block *);
void	 block_reopen(struct block *);
/* Its lines; they stay until those of another block are asked for. */
const unsigned char *block_data(const struct block *);
void	 block_drop(struct block *);

/* vt_scroll.c */
void	 scroll_push(struct vt *, const struct row *);
/* The first so many stay. */
void	 scroll_truncate(struct scroll *, unsigned lines);
/* Not more than max. */
void	 scroll_trim(struct scroll *);
void	 scroll_release(struct scroll *);
/* Stays until another line is asked for. */
const unsigned char *scroll_line(const struct scroll *, unsigned line);
size_t	 scroll_memory(const struct scroll *);
/* The block that takes the next line. */
struct block *scroll_open(struct scroll *);
/* A line was added to it. */
void	 scroll_added(struct scroll *, struct block *, size_t before,
	    unsigned width, bool wrapped);
/* A whole block becomes the last one. */
void	 scroll_adopt(struct scroll *, const struct block *);

/* vt_resize.c, vt_reflow.c */
struct reflow_point {
	unsigned line;
	int col;
};
/* Breaks every line anew at vt->cols; points follow. */
void	 vt_reflow(struct vt *, struct reflow_point *, unsigned n);
void	 row_unpack(struct vt *, struct row *, const unsigned char *);
void	 row_append(struct vt *, struct row *, const struct vt_cell *);

#endif
