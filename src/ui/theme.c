#include "rackmux/ui/theme.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/canvas.h"

/*
 * The built-in themes and the way from their colours to what a terminal has.
 *
 * The default theme is made for 24 bits and falls to the 256 palette by
 * nearest colour, which keeps its muted hues. Sixteen colours have none of
 * them: nearest would make every muted hue grey, so there it has a table of
 * its own.
 */

#define RGB(x) (COLOUR_RGB | 0x##x)
#define DEF COLOUR_DEFAULT

static const struct theme themes[] = {
	{ .name = "default",
	    .roles = {
		    [ROLE_TEXT] = { DEF, DEF, 0 },
		    [ROLE_DIM] = { RGB(7a8290), DEF, 0 },
		    [ROLE_BRIGHT] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_TITLE] = { RGB(7fb4e6), RGB(262a31), STYLE_BOLD },
		    [ROLE_BAR] = { RGB(c8ccd4), RGB(262a31), 0 },
		    [ROLE_BAR_DIM] = { RGB(8a92a0), RGB(262a31), 0 },
		    [ROLE_FRAME] = { RGB(4a515d), DEF, 0 },
		    [ROLE_FRAME_FOCUS] = { RGB(7ba0c9), DEF, 0 },
		    [ROLE_UNIT] = { RGB(626a77), DEF, 0 },
		    [ROLE_SELECTED] = { RGB(e6e9ef), RGB(2b3d54), 0 },
		    [ROLE_MARK] = { RGB(e5b567), DEF, STYLE_BOLD },
		    [ROLE_ON] = { RGB(7fbf7f), DEF, 0 },
		    [ROLE_OFF] = { RGB(6f7785), DEF, 0 },
		    [ROLE_BOOTING] = { RGB(6cb6c9), DEF, 0 },
		    [ROLE_LOST] = { RGB(ef6b6b), DEF, STYLE_BOLD },
		    [ROLE_UNKNOWN] = { RGB(7a8290), DEF, 0 },
		    [ROLE_STALE] = { RGB(687080), DEF, 0 },
		    [ROLE_LOCATE] = { RGB(5cb8ff), DEF,
			STYLE_BOLD | STYLE_BLINK },
		    [ROLE_COOL] = { RGB(7fb8ad), DEF, 0 },
		    [ROLE_WARM] = { RGB(d9c07c), DEF, 0 },
		    [ROLE_HOT] = { RGB(f0954a), DEF, 0 },
		    [ROLE_CRITICAL] = { RGB(ff5f56), DEF, STYLE_BOLD },
		    [ROLE_GOOD] = { RGB(7fbf7f), DEF, 0 },
		    [ROLE_WARN] = { RGB(e5b567), DEF, 0 },
		    [ROLE_BAD] = { RGB(ef6b6b), DEF, 0 },
		    [ROLE_KEY] = { RGB(a8c7e8), DEF, 0 },
		    [ROLE_INPUT] = { RGB(e6e9ef), RGB(363c47), 0 },
		    [ROLE_POPUP] = { RGB(d0d4dc), RGB(22262d), 0 },
		    [ROLE_POPUP_FRAME] = { RGB(7ba0c9), RGB(22262d), 0 },
		    [ROLE_GRAPH] = { RGB(7ba0c9), DEF, 0 },
		    [ROLE_MANY] = { RGB(ffffff), RGB(b8336a), STYLE_BOLD },
		    [ROLE_MATCH] = { RGB(1e2127), RGB(e5c07b), 0 },
		    [ROLE_PICKED] = { RGB(1e2127), RGB(9fc3e8), 0 },
	    } },
	{ .name = "high-contrast",
	    .roles = {
		    [ROLE_TEXT] = { RGB(ffffff), RGB(000000), 0 },
		    [ROLE_DIM] = { RGB(c6c6c6), RGB(000000), 0 },
		    [ROLE_BRIGHT] = { RGB(ffffff), RGB(000000), STYLE_BOLD },
		    [ROLE_TITLE] = { RGB(ffff00), RGB(303030), STYLE_BOLD },
		    [ROLE_BAR] = { RGB(ffffff), RGB(303030), 0 },
		    [ROLE_BAR_DIM] = { RGB(d0d0d0), RGB(303030), 0 },
		    [ROLE_FRAME] = { RGB(a8a8a8), RGB(000000), 0 },
		    [ROLE_FRAME_FOCUS] = { RGB(ffff00), RGB(000000),
			STYLE_BOLD },
		    [ROLE_UNIT] = { RGB(c6c6c6), RGB(000000), 0 },
		    [ROLE_SELECTED] = { RGB(ffffff), RGB(0000af), STYLE_BOLD },
		    [ROLE_MARK] = { RGB(ffff00), RGB(000000), STYLE_BOLD },
		    [ROLE_ON] = { RGB(00ff5f), RGB(000000), 0 },
		    [ROLE_OFF] = { RGB(c6c6c6), RGB(000000), 0 },
		    [ROLE_BOOTING] = { RGB(00ffff), RGB(000000), 0 },
		    [ROLE_LOST] = { RGB(ff5f5f), RGB(000000), STYLE_BOLD },
		    [ROLE_UNKNOWN] = { RGB(c6c6c6), RGB(000000), 0 },
		    [ROLE_STALE] = { RGB(b2b2b2), RGB(000000),
			STYLE_UNDERLINE },
		    [ROLE_LOCATE] = { RGB(00afff), RGB(000000),
			STYLE_BOLD | STYLE_BLINK },
		    [ROLE_COOL] = { RGB(5fffd7), RGB(000000), 0 },
		    [ROLE_WARM] = { RGB(ffff5f), RGB(000000), 0 },
		    [ROLE_HOT] = { RGB(ffaf00), RGB(000000), STYLE_BOLD },
		    [ROLE_CRITICAL] = { RGB(ffffff), RGB(d70000), STYLE_BOLD },
		    [ROLE_GOOD] = { RGB(00ff5f), RGB(000000), 0 },
		    [ROLE_WARN] = { RGB(ffff00), RGB(000000), STYLE_BOLD },
		    [ROLE_BAD] = { RGB(ff5f5f), RGB(000000), STYLE_BOLD },
		    [ROLE_KEY] = { RGB(00ffff), RGB(000000), STYLE_BOLD },
		    [ROLE_INPUT] = { RGB(000000), RGB(ffff5f), 0 },
		    [ROLE_POPUP] = { RGB(ffffff), RGB(1c1c1c), 0 },
		    [ROLE_POPUP_FRAME] = { RGB(ffff00), RGB(1c1c1c),
			STYLE_BOLD },
		    [ROLE_GRAPH] = { RGB(5fd7ff), RGB(000000), 0 },
		    [ROLE_MANY] = { RGB(000000), RGB(ff5fff), STYLE_BOLD },
		    [ROLE_MATCH] = { RGB(000000), RGB(ffff00), STYLE_BOLD },
		    [ROLE_PICKED] = { RGB(000000), RGB(5fd7ff), STYLE_BOLD },
	    } },
	{ .name = "mono",
	    .roles = {
		    [ROLE_TEXT] = { DEF, DEF, 0 },
		    [ROLE_DIM] = { DEF, DEF, STYLE_DIM },
		    [ROLE_BRIGHT] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_TITLE] = { DEF, DEF, STYLE_REVERSE | STYLE_BOLD },
		    [ROLE_BAR] = { DEF, DEF, STYLE_REVERSE },
		    [ROLE_BAR_DIM] = { DEF, DEF, STYLE_REVERSE },
		    [ROLE_FRAME] = { DEF, DEF, STYLE_DIM },
		    [ROLE_FRAME_FOCUS] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_UNIT] = { DEF, DEF, STYLE_DIM },
		    [ROLE_SELECTED] = { DEF, DEF, STYLE_REVERSE },
		    [ROLE_MARK] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_ON] = { DEF, DEF, 0 },
		    [ROLE_OFF] = { DEF, DEF, STYLE_DIM },
		    [ROLE_BOOTING] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_LOST] = { DEF, DEF, STYLE_BOLD | STYLE_UNDERLINE },
		    [ROLE_UNKNOWN] = { DEF, DEF, STYLE_DIM },
		    [ROLE_STALE] = { DEF, DEF, STYLE_DIM },
		    [ROLE_LOCATE] = { DEF, DEF, STYLE_BOLD | STYLE_BLINK },
		    [ROLE_COOL] = { DEF, DEF, 0 },
		    [ROLE_WARM] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_HOT] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_CRITICAL] = { DEF, DEF,
			STYLE_BOLD | STYLE_UNDERLINE },
		    [ROLE_GOOD] = { DEF, DEF, 0 },
		    [ROLE_WARN] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_BAD] = { DEF, DEF, STYLE_BOLD | STYLE_UNDERLINE },
		    [ROLE_KEY] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_INPUT] = { DEF, DEF, STYLE_UNDERLINE },
		    [ROLE_POPUP] = { DEF, DEF, 0 },
		    [ROLE_POPUP_FRAME] = { DEF, DEF, STYLE_BOLD },
		    [ROLE_GRAPH] = { DEF, DEF, 0 },
		    [ROLE_MANY] = { DEF, DEF, STYLE_REVERSE | STYLE_BOLD },
		    [ROLE_MATCH] = { DEF, DEF, STYLE_REVERSE },
		    [ROLE_PICKED] = { DEF, DEF, STYLE_REVERSE },
	    } },
};

/* The default theme where there are sixteen colours or eight. */
static const struct theme default_16 = { .name = "default",
	.roles = {
	    [ROLE_TEXT] = { DEF, DEF, 0 },
	    [ROLE_DIM] = { 8, DEF, 0 },
	    [ROLE_BRIGHT] = { DEF, DEF, STYLE_BOLD },
	    [ROLE_TITLE] = { 14, DEF, STYLE_BOLD },
	    [ROLE_BAR] = { DEF, DEF, 0 },
	    [ROLE_BAR_DIM] = { 8, DEF, 0 },
	    [ROLE_FRAME] = { 8, DEF, 0 },
	    [ROLE_FRAME_FOCUS] = { 14, DEF, 0 },
	    [ROLE_UNIT] = { 8, DEF, 0 },
	    [ROLE_SELECTED] = { 15, 4, 0 },
	    [ROLE_MARK] = { 11, DEF, STYLE_BOLD },
	    [ROLE_ON] = { 2, DEF, 0 },
	    [ROLE_OFF] = { 8, DEF, 0 },
	    [ROLE_BOOTING] = { 14, DEF, 0 },
	    [ROLE_LOST] = { 9, DEF, STYLE_BOLD },
	    [ROLE_UNKNOWN] = { 8, DEF, 0 },
	    [ROLE_STALE] = { 8, DEF, 0 },
	    [ROLE_LOCATE] = { 13, DEF, STYLE_BOLD | STYLE_BLINK },
	    [ROLE_COOL] = { 6, DEF, 0 },
	    [ROLE_WARM] = { 3, DEF, 0 },
	    [ROLE_HOT] = { 11, DEF, STYLE_BOLD },
	    [ROLE_CRITICAL] = { 9, DEF, STYLE_BOLD },
	    [ROLE_GOOD] = { 2, DEF, 0 },
	    [ROLE_WARN] = { 3, DEF, 0 },
	    [ROLE_BAD] = { 9, DEF, 0 },
	    [ROLE_KEY] = { 14, DEF, 0 },
	    [ROLE_INPUT] = { DEF, DEF, STYLE_UNDERLINE },
	    [ROLE_POPUP] = { DEF, DEF, 0 },
	    [ROLE_POPUP_FRAME] = { 14, DEF, 0 },
	    [ROLE_GRAPH] = { 14, DEF, 0 },
	    [ROLE_MANY] = { 15, 5, STYLE_BOLD },
	    [ROLE_MATCH] = { 0, 3, 0 },
	    [ROLE_PICKED] = { 0, 6, 0 },
	} };

const struct theme *
theme_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(themes); i++)
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	return NULL;
}

static const struct {
	const char *name;
	char letter;
} role_table[ROLE_COUNT] = {
#define ROLE(id, name, letter, meaning) { name, letter },
#include "rackmux/ui/roles.def"
#undef ROLE
};

const char *
theme_role_name(enum role r)
{
	return r < ROLE_COUNT ? role_table[r].name : "?";
}

char
theme_role_letter(enum role r)
{
	return r < ROLE_COUNT ? role_table[r].letter : '?';
}

enum role
theme_role_find(const char *name)
{
	int r;

	for (r = 0; r < ROLE_COUNT; r++)
		if (strcmp(role_table[r].name, name) == 0)
			break;
	return (enum role)r;
}

/* --- colours ------------------------------------------------------------ */

static bool
parse_rgb(const char *s, int32_t *out)
{
	unsigned long v = 0;

	if (strlen(s) != 6)
		return false;
	for (; *s != '\0'; s++) {
		static const char digits[] = "0123456789abcdef";
		char low = (char)(*s >= 'A' && *s <= 'F' ? *s + 32 : *s);
		const char *at = strchr(digits, low);

		if (at == NULL || *at == '\0')
			return false;
		v = v << 4 | (unsigned long)(at - digits);
	}
	*out = COLOUR_RGB | (int32_t)v;
	return true;
}

bool
theme_colour(const char *s, int32_t *out)
{
	static const char *const names[] = { "black", "red", "green", "yellow",
		"blue", "magenta", "cyan", "white" };
	bool bright = str_starts(s, "bright-");
	const char *plain = bright ? s + strlen("bright-") : s;
	long number;

	if (s[0] == '#')
		return parse_rgb(s + 1, out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(plain, names[i]) == 0) {
			*out = (int32_t)i + (bright ? 8 : 0);
			return true;
		}
	}
	if (strcmp(s, "default") == 0)
		*out = COLOUR_DEFAULT;
	else if (strcmp(s, "grey") == 0 || strcmp(s, "gray") == 0)
		*out = 8;
	else if (s[0] >= '0' && s[0] <= '9' && str_long(s, 0, 255, &number))
		*out = (int32_t)number;
	else
		return false;
	return true;
}

/* What xterm shows for 0..255. */
static void
palette_rgb(int n, int *rgb)
{
	static const unsigned basic[16] = { 0x000000, 0xcd0000, 0x00cd00,
		0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f,
		0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
		0xffffff };
	unsigned v;

	if (n < 16)
		v = basic[n];
	else if (n < 232) {
		static const unsigned steps[6] = { 0, 95, 135, 175, 215, 255 };
		unsigned i = (unsigned)n - 16;

		v = steps[i / 36] << 16 | steps[i / 6 % 6] << 8 | steps[i % 6];
	} else
		v = ((unsigned)n - 232) * 0x0a0a0a + 0x080808;
	for (int i = 0; i < 3; i++)
		rgb[i] = (int)(v >> (16 - 8 * i) & 0xff);
}

static int32_t
nearest_of(const int *want, int from, int to)
{
	long best = -1;
	int found = from;

	for (int n = from; n < to; n++) {
		int has[3];
		long d, dr, dg, db;

		palette_rgb(n, has);
		dr = want[0] - has[0];
		dg = want[1] - has[1];
		db = want[2] - has[2];
		d = 3 * dr * dr + 4 * dg * dg + 2 * db * db;
		if (best < 0 || d < best) {
			best = d;
			found = n;
		}
	}
	return found;
}

int32_t
colour_nearest(int32_t colour, enum colour_depth depth)
{
	int rgb[3], limit = depth == DEPTH_8 ? 8 : depth == DEPTH_16 ? 16 : 256;

	if (depth == DEPTH_MONO || colour == COLOUR_DEFAULT)
		return COLOUR_DEFAULT;
	if (depth == DEPTH_RGB || (colour & COLOUR_RGB) == 0) {
		if (depth == DEPTH_RGB || colour < limit)
			return colour;
		if (colour < 16)
			return colour - 8;
	}
	if (colour & COLOUR_RGB) {
		rgb[0] = colour >> 16 & 0xff;
		rgb[1] = colour >> 8 & 0xff;
		rgb[2] = colour & 0xff;
	} else
		palette_rgb(colour, rgb);
	/* The first sixteen are the operator's own: never a 256 answer. */
	return nearest_of(rgb, depth == DEPTH_256 ? 16 : 0, limit);
}

/* What is drawn on bar, popup or selection takes its background from it, and
 * where it has no colour of its own the foreground too. */
static struct theme_role
on_ground(const struct theme *t, struct theme_role r, uint8_t flags)
{
	const struct theme_role *g;

	if (flags & STYLE_ON_SELECTED)
		g = &t->roles[ROLE_SELECTED];
	else if (flags & STYLE_ON_BAR)
		g = &t->roles[ROLE_BAR];
	else if (flags & STYLE_ON_POPUP)
		g = &t->roles[ROLE_POPUP];
	else
		return r;
	if (r.fg == COLOUR_DEFAULT || r.fg == g->bg ||
	    r.fg == t->roles[ROLE_TEXT].fg)
		r.fg = g->fg;
	r.bg = g->bg;
	r.flags |= g->flags;
	return r;
}

struct look
theme_look(const struct theme *t, enum role role, uint8_t flags,
    enum colour_depth depth)
{
	uint8_t ground = STYLE_ON_SELECTED | STYLE_ON_BAR | STYLE_ON_POPUP;
	struct theme_role r;
	struct look look;

	if (depth == DEPTH_MONO)
		t = theme_builtin("mono");
	else if (depth <= DEPTH_16 && strcmp(t->name, "default") == 0)
		t = &default_16;
	r = on_ground(t, t->roles[role < ROLE_COUNT ? role : ROLE_TEXT], flags);
	look.fg = colour_nearest(r.fg, depth);
	look.bg = colour_nearest(r.bg, depth);
	look.flags = (uint8_t)((r.flags | flags) & ~ground);
	/* Grey does not exist among eight; black on black is no answer. */
	if (depth == DEPTH_8 && look.fg <= 0 && r.fg != COLOUR_DEFAULT &&
	    look.bg <= 0) {
		look.fg = COLOUR_DEFAULT;
		look.flags |= STYLE_DIM;
	}
	if (depth <= DEPTH_16 && (look.fg == 8 || look.fg == 0) &&
	    look.bg > 0 && look.bg != 7 && look.bg != 15)
		look.fg = 7;
	if (look.fg != COLOUR_DEFAULT && look.fg == look.bg)
		look.fg = COLOUR_DEFAULT;
	return look;
}
