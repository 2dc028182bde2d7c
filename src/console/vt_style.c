#include "vt_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Styles by number: cells hold 16 bits for theirs. The list is swept when it
 * is full, but not before a sweep (which looks at each cell) is paid for by
 * as many new styles; a screen that needs more than 65535 at once gets the
 * default for the rest.
 */

#define STYLES_MIN 32u
#define STYLES_MAX 65536u

static unsigned
hash(const struct styles *t, const struct vt_style *s)
{
	uint32_t h = (uint32_t)s->fg * 2654435761u;

	h = (h ^ (h >> 15) ^ (uint32_t)s->bg) * 2246822519u;
	h = (h ^ (h >> 13) ^ s->attrs) * 3266489917u;
	return (h ^ h >> 16) & (t->cap - 1);
}

bool
style_same(const struct vt_style *a, const struct vt_style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static void
grow(struct styles *t, unsigned cap)
{
	t->s = mem_grow(t->s, cap, sizeof *t->s);
	t->next = mem_grow(t->next, cap, sizeof *t->next);
	t->head = mem_grow(t->head, cap, sizeof *t->head);
	t->cap = cap;
}

static void
link_style(struct styles *t, unsigned id)
{
	uint16_t *head = &t->head[hash(t, &t->s[id])];

	t->next[id] = *head;
	*head = (uint16_t)id;
}

/* 0 is the default style: it is never looked up, and ends a chain. */
void
styles_init(struct styles *t)
{
	grow(t, STYLES_MIN);
	memset(t->head, 0, t->cap * sizeof *t->head);
	t->s[0] = (struct vt_style){ VT_DEFAULT, VT_DEFAULT, 0 };
	t->used = 1;
}

static void
mark_row(const struct row *r, uint8_t *live)
{
	live[r->tail] = 1;
	for (int i = 0; i < r->len; i++)
		live[cell_style(r->cells[i])] = 1;
}

static void
mark_screen(const struct vt *vt, const struct screen *s, uint8_t *live)
{
	if (s->rows == NULL)
		return;
	for (int i = 0; i < vt->rows; i++)
		if (s->rows[i] != NULL)
			mark_row(s->rows[i], live);
}

/* Frees what no cell has; returns how many are left. */
static unsigned
sweep(struct vt *vt)
{
	struct styles *t = &vt->styles;
	uint8_t *live = mem_alloc(t->cap);
	unsigned n = 0;

	mark_screen(vt, &vt->main, live);
	mark_screen(vt, &vt->alt, live);
	mark_row(&vt->scratch, live);
	live[vt->pen_id] = live[vt->erase_id] = 1;
	memset(t->head, 0, t->cap * sizeof *t->head);
	t->free = 0;
	for (unsigned i = 1; i < t->used; i++) {
		if (live[i]) {
			link_style(t, i);
			n++;
		} else {
			t->next[i] = t->free;
			t->free = (uint16_t)i;
		}
	}
	free(live);
	return n;
}

static void
make_room(struct vt *vt)
{
	struct styles *t = &vt->styles;
	unsigned cells = (unsigned)(vt->rows * vt->cols), live = t->used;

	if (t->wait > 0) {
		t->wait--;
		return;
	}
	if (t->cap >= STYLES_MAX || t->cap * 16 >= cells)
		live = sweep(vt);
	if (live * 2 <= t->cap)
		return;
	if (t->cap >= STYLES_MAX) {
		t->wait = STYLES_MAX / 8;
		return;
	}
	grow(t, t->cap * 2);
	memset(t->head, 0, t->cap * sizeof *t->head);
	t->free = 0;
	/* Only what was swept tells the living: chain all of them. */
	for (unsigned i = 1; i < t->used; i++)
		link_style(t, i);
}

uint16_t
style_id(struct vt *vt, const struct vt_style *s)
{
	struct styles *t = &vt->styles;
	unsigned id;

	if (style_same(s, &t->s[0]))
		return 0;
	for (id = t->head[hash(t, s)]; id != 0; id = t->next[id])
		if (style_same(s, &t->s[id]))
			return (uint16_t)id;
	if (t->free == 0 && t->used == t->cap)
		make_room(vt);
	if (t->free != 0) {
		id = t->free;
		t->free = t->next[id];
	} else if (t->used < t->cap) {
		id = t->used++;
	} else {
		return 0;
	}
	t->s[id] = *s;
	link_style(t, id);
	return (uint16_t)id;
}

void
pen_settle(struct vt *vt)
{
	struct vt_style erase = { VT_DEFAULT, vt->pen.bg, 0 };

	vt->pen_id = style_id(vt, &vt->pen);
	vt->erase_id = style_id(vt, &erase);
	vt->pen_old = false;
}

/*
 * The one table of widths is searched; what it said is kept, since a screen
 * full of Chinese asks for each character.
 */
int
cp_width(uint32_t cp)
{
	static uint8_t known[0x20000]; /* 1 more than the answer */
	int w;

	if (cp < ARRAY_LEN(known) && known[cp] != 0)
		return known[cp] - 1;
	w = text_cp_ok(cp) ? text_cp_width(cp) : 3;
	if (cp < ARRAY_LEN(known))
		known[cp] = (uint8_t)(w + 1);
	return w;
}
