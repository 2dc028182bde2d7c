/*
 * input - bytes of the terminal into events.
 *
 * Decodes keys, mouse reports, pasted text and focus. A sequence may come in
 * pieces; a lone ESC is Escape once nothing follows it for 50 ms.
 */
#ifndef RM_UI_INPUT_H
#define RM_UI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/loop.h"

/* A key is a code point or one of these, beyond Unicode. */
enum keysym {
	SYM_FIRST = 0x110000,
	SYM_UP, SYM_DOWN, SYM_LEFT, SYM_RIGHT, SYM_HOME, SYM_END, SYM_PAGE_UP,
	SYM_PAGE_DOWN, SYM_INSERT, SYM_DELETE, SYM_BACKSPACE, SYM_TAB,
	SYM_ENTER, SYM_ESCAPE, SYM_F0,	/* F1 is SYM_F0 + 1 */
	SYM_LAST = SYM_F0 + 24
};
enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

struct key {
	uint32_t code;
	uint8_t mods;
};

enum mouse_what {
	MOUSE_PRESS, MOUSE_DRAG, MOUSE_RELEASE, MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN
};
struct mouse {
	enum mouse_what what;
	int button;		/* 1 left, 2 middle, 3 right */
	int x, y;		/* from 0 */
	uint8_t mods;
};

struct input_sink {
	void (*on_key)(void *arg, struct key);
	void (*on_mouse)(void *arg, const struct mouse *);
	/* Raw text as pasted, not cleaned; at most INPUT_PASTE_MAX bytes. */
	void (*on_paste)(void *arg, const char *, size_t len);
	void (*on_focus)(void *arg, bool in);
};
#define INPUT_PASTE_MAX 65536
#define INPUT_ESC_MS 50

struct input;

/* term: the terminal type, for its key strings. NULL when it is unknown. */
struct input	*input_new(struct loop *, const char *term,
		    const struct input_sink *, void *arg);
void		 input_free(struct input *);
void		 input_feed(struct input *, const char *, size_t len);

/* "C-l", "S-Tab", "Up", "q", "Space": false when it names no key. */
bool	 key_parse(const char *, struct key *out);
bool	 key_same(struct key, struct key);
/* As it is written in the configuration and in hints: "Ctrl-]", "F12". */
const char *key_label(struct key, char *out, size_t size);

#endif
