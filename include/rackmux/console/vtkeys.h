/*
 * vtkeys - what a key, a mouse event or a paste is in bytes for the program
 * in a pane, under the modes that it has set.
 */
#ifndef RM_CONSOLE_VTKEYS_H
#define RM_CONSOLE_VTKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/buf.h"
#include "rackmux/console/vt.h"

/* A key is a code point, or one of these. */
enum vt_key {
	VT_KEY_FIRST = 0x110000,
	VT_KEY_UP, VT_KEY_DOWN, VT_KEY_RIGHT, VT_KEY_LEFT, VT_KEY_HOME,
	VT_KEY_END, VT_KEY_PAGE_UP, VT_KEY_PAGE_DOWN, VT_KEY_INSERT,
	VT_KEY_DELETE, VT_KEY_BACKSPACE, VT_KEY_TAB, VT_KEY_ENTER,
	VT_KEY_ESCAPE, VT_KEY_F0,	/* F1 is VT_KEY_F0 + 1, to F20 */
	/* The keypad, where it is told apart: 0 to 9 first. */
	VT_KEY_PAD_0 = VT_KEY_F0 + 32, VT_KEY_PAD_STAR = VT_KEY_PAD_0 + 10,
	VT_KEY_PAD_PLUS, VT_KEY_PAD_COMMA, VT_KEY_PAD_MINUS,
	VT_KEY_PAD_PERIOD, VT_KEY_PAD_SLASH, VT_KEY_PAD_ENTER,
	VT_KEY_PAD_EQUAL
};
enum { VT_MOD_SHIFT = 1, VT_MOD_ALT = 2, VT_MOD_CTRL = 4 };

/* Appends the bytes; nothing when the key has none. Enter is CR (serial lines
 * need it), Backspace is DEL. */
void	 vt_key_bytes(const struct vt_modes *, uint32_t key, unsigned mods,
	    struct buf *out);

enum vt_mouse_what { VT_PRESS, VT_DRAG, VT_RELEASE, VT_WHEEL_UP,
	VT_WHEEL_DOWN };
/* row and col from 0, button 1 to 3; a drag of button 0 is motion alone.
 * Nothing when the program did not ask for such an event, or the encoding it
 * chose cannot tell so far a place. */
void	 vt_mouse_bytes(const struct vt_modes *, enum vt_mouse_what, int button,
	    int row, int col, unsigned mods, struct buf *out);
/* Pasted text, without controls (TAB stays) so that it cannot leave its
 * brackets nor press a key; newlines become CR. */
void	 vt_paste_bytes(const struct vt_modes *, const char *, size_t len,
	    struct buf *out);

#endif
