#include "rackmux/ui/term.h"

#include <curses.h>
#include <term.h>

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * curses writes into a memory file and not to the terminal: what it wrote is
 * taken from there, wrapped in synchronized-output marks and queued, so that
 * a terminal which does not drain cannot block us inside doupdate().
 *
 * That also gives true colour without a "-direct" entry (Debian has those in
 * ncurses-term only): each colour of the theme takes a number of the 256
 * palette, and "38;5;N" becomes "38;2;R;G;B" on its way out. The palette of
 * the terminal itself is never changed.
 */

#define EXTRA_ON "\033[?1002h\033[?1006h\033[?1004h\033[?2004h"
#define EXTRA_OFF "\033[?2004l\033[?1004l\033[?1006l\033[?1002l"
#define SYNC_ON "\033[?2026h"
#define SYNC_OFF "\033[?2026l"
#define SLOT_FIRST 16
#define SLOTS (256 - SLOT_FIRST)

/* What curses draws a style with; found once for each that is used. */
struct ink {
	attr_t attrs;
	int pair;
	bool known;
};

struct terminal {
	struct tty *tty;
	int memory; /* what curses wrote */
	FILE *out, *in;
	SCREEN *screen;
	enum colour_depth depth;
	bool rewrite; /* palette numbers stand for slots[] */
	bool direct; /* curses takes 0xrrggbb itself */
	bool ascii;
	int32_t slots[SLOTS];
	int n_slots;
	int w, h;
	struct canvas shown; /* what curses was given last */
	const struct theme *theme;
	struct ink inks[ROLE_COUNT][256]; /* by role and flags */
	struct ink painted; /* of the cell that is being drawn */
	int32_t last_fg, last_bg; /* and its pair, most often the next's too */
	int last_pair;
	bool left;
	struct buf bytes;
};

/* --- what the terminal is ----------------------------------------------- */

static const char *
capability(const char *name)
{
	const char *s = tigetstr(name);

	return s == NULL || s == (char *)-1 ? "" : s;
}

/* Does setaf speak of the 256 palette as xterm does? */
static bool
has_palette_form(void)
{
	const char *s = capability("setaf");

	return strstr(s, "38;5;%p1") != NULL;
}

static bool
wants_true_colour(void)
{
	const char *s = getenv("COLORTERM");

	return s != NULL &&
	    (strcmp(s, "truecolor") == 0 || strcmp(s, "24bit") == 0);
}

static void
find_depth(struct terminal *t)
{
	const char *no_color = getenv("NO_COLOR");
	int colors = tigetnum("colors");

	t->depth = DEPTH_MONO;
	if ((no_color != NULL && no_color[0] != '\0') || colors < 8)
		return;
	if (colors >= 1 << 24) {
		t->depth = DEPTH_RGB;
		t->direct = true;
	} else if (colors >= 256) {
		t->rewrite = wants_true_colour() && has_palette_form();
		t->depth = t->rewrite ? DEPTH_RGB : DEPTH_256;
	} else
		t->depth = colors >= 16 ? DEPTH_16 : DEPTH_8;
}

static bool
check_type(const char *type, char *err, size_t size)
{
	int why = 0;
	bool moves;

	if (type == NULL || type[0] == '\0') {
		str_copy(err, size,
		    "TERM is not set, so the terminal is not "
		    "known");
		return false;
	}
	if (setupterm(type, STDOUT_FILENO, &why) != OK) {
		str_format(err, size,
		    "the terminal type \"%.40s\" (TERM) is not known on this "
		    "machine; try TERM=xterm-256color",
		    type);
		return false;
	}
	moves = capability("cup")[0] != '\0';
	del_curterm(cur_term);
	if (!moves)
		str_format(err, size,
		    "a terminal of type \"%.40s\" (TERM) cannot place its "
		    "cursor; try TERM=xterm-256color, or rackmux status",
		    type);
	return moves;
}

/* --- taking what curses wrote ------------------------------------------- */

/* "5;N" at s: the true colour of slot N, or false. */
static bool
slot_at(const struct terminal *t, const char *s, const char *end, int32_t *rgb,
    size_t *used)
{
	int n = 0;
	const char *p = s + 2;

	if (end - s < 3 || s[0] != '5' || s[1] != ';')
		return false;
	for (; p < end && *p >= '0' && *p <= '9' && n < 1000; p++)
		n = n * 10 + (*p - '0');
	if (n < SLOT_FIRST || n >= SLOT_FIRST + t->n_slots)
		return false;
	*rgb = t->slots[n - SLOT_FIRST];
	*used = (size_t)(p - s);
	return true;
}

static void
add_rewritten(
    const struct terminal *t, struct buf *b, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *at = memchr(s, 0x1b, (size_t)(end - s));
		int32_t rgb;
		size_t used;

		if (at == NULL || end - at < 8) {
			buf_add(b, s, (size_t)(end - s));
			return;
		}
		if (at[1] != '[' || (at[2] != '3' && at[2] != '4') ||
		    at[3] != '8' || at[4] != ';' ||
		    !slot_at(t, at + 5, end, &rgb, &used)) {
			buf_add(b, s, (size_t)(at + 1 - s));
			s = at + 1;
			continue;
		}
		buf_add(b, s, (size_t)(at + 5 - s));
		buf_printf(b, "2;%d;%d;%d", rgb >> 16 & 0xff, rgb >> 8 & 0xff,
		    rgb & 0xff);
		s = at + 5 + used;
	}
}

/* Move what curses wrote into t->bytes. */
static void
collect(struct terminal *t)
{
	char chunk[8192];
	struct buf raw;
	off_t at = 0;
	ssize_t n;

	fflush(t->out);
	buf_init(&raw, 0);
	while ((n = pread(t->memory, chunk, sizeof chunk, at)) > 0) {
		buf_add(&raw, chunk, (size_t)n);
		at += n;
	}
	if (ftruncate(t->memory, 0) == 0)
		lseek(t->memory, 0, SEEK_SET);
	if (raw.len > 0 && t->rewrite)
		add_rewritten(t, &t->bytes, raw.data, raw.len);
	else if (raw.len > 0)
		buf_add(&t->bytes, raw.data, raw.len);
	buf_release(&raw);
}

static size_t
send_bytes(struct terminal *t)
{
	size_t n = t->bytes.len;

	if (n > 0)
		tty_write(t->tty, t->bytes.data, n);
	buf_clear(&t->bytes);
	return n;
}

/* --- life --------------------------------------------------------------- */

static void
guard_now(struct terminal *t)
{
	char restore[256];

	str_format(restore, sizeof restore, "%s%s%s%s%s%s", SYNC_OFF, EXTRA_OFF,
	    capability("rmkx"), capability("sgr0"), capability("cnorm"),
	    capability("rmcup"));
	tty_guard(t->tty, restore);
}

/* Set (or with NULL unset) a variable; its old value goes to *old. */
static void
swap_env(const char *name, const char *value, char **old)
{
	if (old != NULL)
		*old = mem_strdup(getenv(name));
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* The memory file has no size to ask for, and a wrong one would set a wrong
 * scrolling region: the size goes in by LINES and COLUMNS. */
static void
make_screen(struct terminal *t, const char *type)
{
	char text[16], *old_lines, *old_columns;

	tty_size(t->tty, &t->w, &t->h);
	str_format(text, sizeof text, "%d", t->h);
	swap_env("LINES", text, &old_lines);
	str_format(text, sizeof text, "%d", t->w);
	swap_env("COLUMNS", text, &old_columns);
	t->screen = newterm(type, t->out, t->in);
	swap_env("LINES", old_lines, NULL);
	swap_env("COLUMNS", old_columns, NULL);
	free(old_lines);
	free(old_columns);
}

/* newterm() takes signals for itself; they are the loop's. */
static bool
start_curses(struct terminal *t, const char *type)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	struct sigaction old[ARRAY_LEN(taken)];

	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		sigaction(taken[i], NULL, &old[i]);
	make_screen(t, type);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		sigaction(taken[i], &old[i], NULL);
	if (t->screen == NULL)
		return false;
	set_term(t->screen);
	typeahead(-1);
	nonl();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	find_depth(t);
	if (t->depth != DEPTH_MONO) {
		start_color();
		use_default_colors();
	}
	resize_term(t->h, t->w);
	return true;
}

static void
term_drop(struct terminal *t)
{
	if (t->screen != NULL)
		delscreen(t->screen);
	if (t->out != NULL)
		fclose(t->out);
	if (t->in != NULL)
		fclose(t->in);
	canvas_release(&t->shown);
	buf_release(&t->bytes);
	free(t);
}

struct terminal *
term_new(struct tty *tty, const char *type, char *err, size_t size)
{
	struct terminal *t;

	setlocale(LC_CTYPE, "");
	if (!check_type(type, err, size))
		return NULL;
	t = mem_alloc(sizeof *t);
	t->tty = tty;
	canvas_init(&t->shown);
	buf_init(&t->bytes, 0);
	/* The Linux console's font has neither braille nor round corners. */
	t->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 ||
	    strcmp(type, "linux") == 0;
	t->memory = memfd_create("curses", MFD_CLOEXEC);
	t->in = fopen("/dev/null", "re");
	t->out = t->memory >= 0 ? fdopen(t->memory, "w") : NULL;
	if (t->in == NULL || t->out == NULL || !start_curses(t, type)) {
		str_format(err, size,
		    "curses cannot drive a terminal of type "
		    "\"%.40s\"",
		    type);
		term_drop(t);
		return NULL;
	}
	tty_raw(tty);
	guard_now(t);
	collect(t);
	buf_puts(&t->bytes, EXTRA_ON);
	send_bytes(t);
	return t;
}

void
term_leave(struct terminal *t)
{
	if (t->left)
		return;
	t->left = true;
	buf_puts(&t->bytes, EXTRA_OFF);
	endwin();
	collect(t);
	tty_flush(t->tty, 300);
	send_bytes(t);
	tty_flush(t->tty, 300);
	tty_guard(t->tty, NULL);
	tty_cooked(t->tty);
}

void
term_enter(struct terminal *t)
{
	if (!t->left)
		return;
	t->left = false;
	tty_raw(t->tty);
	guard_now(t);
	buf_puts(&t->bytes, EXTRA_ON);
	term_repaint(t);
}

void
term_free(struct terminal *t)
{
	if (t == NULL)
		return;
	term_leave(t);
	term_drop(t);
}

bool
term_ascii(const struct terminal *t)
{
	return t->ascii;
}

bool
term_size(struct terminal *t, int *w, int *h)
{
	bool differs;

	tty_size(t->tty, w, h);
	differs = *w != t->w || *h != t->h;
	if (differs) {
		t->w = *w;
		t->h = *h;
		resize_term(*h, *w);
		term_repaint(t);
	}
	return differs;
}

#define CLIP_MAX 65536

bool
term_clip(struct terminal *t, const char *text, size_t len)
{
	char *coded;

	if (t->left || len > CLIP_MAX)
		return false;
	coded = mem_alloc(4 * ((len + 2) / 3) + 1);
	hash_base64(text, len, coded);
	buf_printf(&t->bytes, "\033]52;c;%s\a", coded);
	free(coded);
	send_bytes(t);
	return true;
}

void
term_repaint(struct terminal *t)
{
	clearok(curscr, TRUE);
	canvas_release(&t->shown);
}

/* --- drawing ------------------------------------------------------------ */

/* What curses calls a colour. */
static int
curses_colour(struct terminal *t, int32_t c)
{
	if (c == COLOUR_DEFAULT)
		return -1;
	if (t->direct) {
		int rgb = c & COLOUR_RGB ? c & 0xffffff : c;

		/* 0..7 are palette colours there, 8.. are 0xrrggbb. */
		return c & COLOUR_RGB && rgb < 8 ? 8 : rgb;
	}
	if (!t->rewrite || (c & COLOUR_RGB) == 0)
		return c;
	for (int i = 0; i < t->n_slots; i++)
		if (t->slots[i] == c)
			return SLOT_FIRST + i;
	if (t->n_slots == SLOTS)
		return colour_nearest(c, DEPTH_256);
	t->slots[t->n_slots] = c;
	return SLOT_FIRST + t->n_slots++;
}

static attr_t
curses_attrs(uint8_t flags)
{
	return (flags & STYLE_REVERSE ? A_REVERSE : 0) |
	    (flags & STYLE_BOLD ? A_BOLD : 0) |
	    (flags & STYLE_UNDERLINE ? A_UNDERLINE : 0) |
	    (flags & STYLE_DIM ? A_DIM : 0) |
	    (flags & STYLE_BLINK ? A_BLINK : 0);
}

/* One ink for each pair of colours would be too many to keep; curses finds a
 * pair that it has in a tenth of a microsecond. */
static const struct ink *
painted_ink(struct terminal *t, const struct cell *cell)
{
	struct ink *ink = &t->painted;
	uint8_t f = cell->style.flags;

	ink->attrs = curses_attrs(f & 0x1f) | (f & PAINT_ITALIC ? A_ITALIC : 0);
	ink->pair = 0;
	if (t->depth == DEPTH_MONO ||
	    (cell->fg == COLOUR_DEFAULT && cell->bg == COLOUR_DEFAULT))
		return ink;
	if (cell->fg != t->last_fg || cell->bg != t->last_bg) {
		t->last_fg = cell->fg;
		t->last_bg = cell->bg;
		t->last_pair = alloc_pair(
		    curses_colour(t, colour_nearest(cell->fg, t->depth)),
		    curses_colour(t, colour_nearest(cell->bg, t->depth)));
	}
	ink->pair = t->last_pair < 0 ? 0 : t->last_pair;
	return ink;
}

static const struct ink *
ink_of(struct terminal *t, const struct theme *theme, struct style st)
{
	enum role role = st.role < ROLE_COUNT ? (enum role)st.role : ROLE_TEXT;
	struct ink *ink = &t->inks[role][st.flags];
	struct look look;

	if (ink->known)
		return ink;
	look = theme_look(theme, role, st.flags, t->depth);
	ink->attrs = curses_attrs(look.flags);
	if (t->depth != DEPTH_MONO)
		ink->pair = alloc_pair(
		    curses_colour(t, look.fg), curses_colour(t, look.bg));
	if (ink->pair < 0)
		ink->pair = 0;
	ink->known = true;
	return ink;
}

static void
draw_cell(struct terminal *t, const struct theme *theme, int x, int y,
    const struct cell *cell)
{
	const struct ink *ink = cell->style.role == ROLE_PAINTED
	    ? painted_ink(t, cell)
	    : ink_of(t, theme, cell->style);
	wchar_t text[CELL_MARKS + 2] = { 0 };
	int n = 0;
	cchar_t cc;

	/* Where the C library disagrees about the width, it would push the
	 * rest of the row about. */
	if (wcwidth((wchar_t)cell->cp) == text_cp_width(cell->cp))
		text[n++] = (wchar_t)cell->cp;
	else {
		if (text_cp_width(cell->cp) == 2)
			mvaddch(y, x + 1, ' ');
		text[n++] = L'?';
	}
	for (size_t i = 0; i < CELL_MARKS && cell->marks[i] != 0; i++)
		if (wcwidth((wchar_t)cell->marks[i]) == 0)
			text[n++] = (wchar_t)cell->marks[i];
	setcchar(&cc, text, ink->attrs, 0, &ink->pair);
	mvadd_wch(y, x, &cc);
}

static void
draw_rows(struct terminal *t, const struct canvas *c, const struct theme *theme,
    bool all)
{
	size_t width = (size_t)c->w;

	for (int y = 0; y < c->h; y++) {
		const struct cell *row = &c->cells[(size_t)y * width];
		struct cell *old = &t->shown.cells[(size_t)y * width];

		if (!all &&
		    (!c->touched[y] ||
			memcmp(row, old, width * sizeof *row) == 0))
			continue;
		for (int x = 0; x < c->w; x++)
			if (row[x].cp != 0 &&
			    (all || memcmp(&row[x], &old[x], sizeof *row) != 0))
				draw_cell(t, theme, x, y, &row[x]);
		memcpy(old, row, width * sizeof *row);
	}
}

size_t
term_draw(struct terminal *t, struct canvas *c, const struct theme *theme)
{
	bool all =
	    t->shown.w != c->w || t->shown.h != c->h || t->theme != theme;
	size_t before;

	if (t->left)
		return 0;
	if (all)
		canvas_resize(&t->shown, c->w, c->h);
	if (all || t->theme != theme)
		memset(t->inks, 0, sizeof t->inks);
	t->theme = theme;
	t->last_fg = t->last_bg = COLOUR_DEFAULT;
	t->last_pair = 0;
	draw_rows(t, c, theme, all);
	canvas_settled(c);
	if (c->cursor_x >= 0) {
		curs_set(1);
		move(c->cursor_y, c->cursor_x);
	} else
		curs_set(0);
	buf_puts(&t->bytes, SYNC_ON);
	before = t->bytes.len;
	wnoutrefresh(stdscr);
	doupdate();
	collect(t);
	if (t->bytes.len == before && before == strlen(SYNC_ON)) {
		buf_clear(&t->bytes);
		return 0;
	}
	buf_puts(&t->bytes, SYNC_OFF);
	return send_bytes(t);
}
