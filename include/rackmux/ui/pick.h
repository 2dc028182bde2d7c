/*
 * pick - a small window in which one of several is chosen, or a text typed.
 */
#ifndef RM_UI_PICK_H
#define RM_UI_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/ui/canvas.h"
#include "rackmux/ui/input.h"

#define PICK_TEXT_MAX 128

struct pick_item {
	char *text;		/* shown, and looked for */
	char *note;		/* shown dim behind it, or NULL */
	char *value;		/* given back */
};

struct pick {
	bool open;
	char *title;
	struct pick_item *v;
	size_t n;
	bool free_text;		/* what was typed counts too */
	bool text_first;	/* it wins over what is selected */
	char text[PICK_TEXT_MAX];
	size_t len;
	size_t at;		/* among those that match */
	struct rect rows;	/* where they were drawn */
	size_t first;		/* of them in sight */
	/* value is NULL when it was closed without choosing. */
	void (*done)(void *arg, const char *value);
	void *arg;
};

void	 pick_open(struct pick *, const char *title,
	    void (*done)(void *arg, const char *value), void *arg);
void	 pick_add(struct pick *, const char *text, const char *note,
	    const char *value);
void	 pick_release(struct pick *);
void	 pick_draw(struct pick *, struct canvas *, struct rect);
void	 pick_key(struct pick *, struct key);
void	 pick_mouse(struct pick *, const struct mouse *);
void	 pick_paste(struct pick *, const char *, size_t len);

#endif
