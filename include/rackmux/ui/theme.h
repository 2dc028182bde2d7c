/*
 * theme - roles to colours. Themes are libconfig files of named roles; app
 * loads them and hands the roles over.
 */
#ifndef RM_UI_THEME_H
#define RM_UI_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum role {
#define ROLE(id, name, letter, meaning) ROLE_##id,
#include "rackmux/ui/roles.def"
#undef ROLE
	ROLE_COUNT
};

/* A colour: -1 the terminal's own, 0..15 by number, 16..255 of the 256
 * palette, or COLOUR_RGB | 0xrrggbb. The terminal gets the nearest that it
 * has. */
#define COLOUR_RGB 0x1000000
#define COLOUR_DEFAULT (-1)

struct theme_role {
	int32_t fg, bg;
	uint8_t flags;		/* STYLE_* of canvas.h */
};

struct theme {
	char name[32];
	struct theme_role roles[ROLE_COUNT];
};

/* Always there, without a file: "default", "high-contrast", "mono". */
const struct theme *theme_builtin(const char *name);
const char *theme_role_name(enum role);
char	 theme_role_letter(enum role);
enum role theme_role_find(const char *name);	/* ROLE_COUNT: none */
/* What the terminal can show. */
enum colour_depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_RGB };
/* A role with flags as a terminal of that depth shows it: colours nearest to
 * the theme's, the background of selection, bar or popup mixed in. fg and bg
 * are COLOUR_DEFAULT when depth is DEPTH_MONO. */
struct look { int32_t fg, bg; uint8_t flags; };
struct look theme_look(const struct theme *, enum role, uint8_t flags,
	    enum colour_depth);
int32_t	 colour_nearest(int32_t, enum colour_depth);

/* "#rrggbb", "red", "bright-red", "0".."255", "default"; false: no colour. */
bool	 theme_colour(const char *, int32_t *out);

#endif
