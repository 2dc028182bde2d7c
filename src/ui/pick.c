#include "rackmux/ui/pick.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/screen.h"

/*
 * Typing narrows the list: every word typed must be in the text or its note.
 * done() is called once, after the window is closed, so that it may open the
 * next one.
 */

void
pick_open(struct pick *p, const char *title, void (*done)(void *, const char *),
    void *arg)
{
	pick_release(p);
	p->open = true;
	p->title = mem_strdup(title);
	p->done = done;
	p->arg = arg;
}

void
pick_add(struct pick *p, const char *text, const char *note, const char *value)
{
	p->v = mem_grow(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = (struct pick_item){ mem_strdup(text), mem_strdup(note),
		mem_strdup(value) };
}

void
pick_release(struct pick *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].text);
		free(p->v[i].note);
		free(p->v[i].value);
	}
	free(p->v);
	free(p->title);
	memset(p, 0, sizeof *p);
}

static bool
holds(const char *s, const char *word, size_t len)
{
	for (; s != NULL && *s != '\0'; s++)
		if (strncasecmp(s, word, len) == 0)
			return true;
	return false;
}

static bool
matches(const struct pick *p, const struct pick_item *it)
{
	const char *s = p->text;

	while (*s != '\0') {
		size_t n = strcspn(s, " ");

		if (n > 0 && !holds(it->text, s, n) && !holds(it->note, s, n))
			return false;
		s += n + strspn(s + n, " ");
	}
	return true;
}

/* The k-th that matches, or NULL. */
static const struct pick_item *
item_at(const struct pick *p, size_t k)
{
	for (size_t i = 0; i < p->n; i++)
		if (matches(p, &p->v[i]) && k-- == 0)
			return &p->v[i];
	return NULL;
}

static size_t
matching(const struct pick *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += matches(p, &p->v[i]);
	return n;
}

static void
finish(struct pick *p, bool chosen)
{
	const struct pick_item *it = item_at(p, p->at);
	void (*done)(void *, const char *) = p->done;
	void *arg = p->arg;
	char *value = NULL;

	if (chosen && p->free_text && p->len > 0 &&
	    (it == NULL || p->text_first))
		value = mem_strdup(p->text);
	else if (chosen && it != NULL)
		value = mem_strdup(it->value);
	else if (chosen)
		return;
	pick_release(p);
	done(arg, value);
	free(value);
}

static void
add_text(struct pick *p, const char *s, size_t len)
{
	if (p->len + len >= sizeof p->text)
		return;
	memcpy(p->text + p->len, s, len);
	p->len += len;
	p->text[p->len] = '\0';
	p->at = 0;
}

static void
rub_out(struct pick *p)
{
	while (
	    p->len > 0 && ((unsigned char)p->text[p->len - 1] & 0xc0) == 0x80)
		p->len--;
	if (p->len > 0)
		p->len--;
	p->text[p->len] = '\0';
	p->at = 0;
}

void
pick_key(struct pick *p, struct key k)
{
	size_t n = matching(p);
	char utf8[8];

	if (k.code == SYM_ESCAPE || (k.code == 'c' && k.mods == MOD_CTRL) ||
	    (k.code == 'g' && k.mods == MOD_CTRL))
		finish(p, false);
	else if (k.code == SYM_ENTER)
		finish(p, true);
	else if (k.code == SYM_UP && p->at > 0)
		p->at--;
	else if (k.code == SYM_DOWN && p->at + 1 < n)
		p->at++;
	else if (k.code == SYM_BACKSPACE)
		rub_out(p);
	else if (k.code == 'u' && k.mods == MOD_CTRL) {
		p->len = 0;
		p->text[0] = '\0';
		p->at = 0;
	} else if (k.mods == 0 && k.code >= ' ' && k.code < SYM_FIRST)
		add_text(p, utf8, text_encode(k.code, utf8));
}

void
pick_paste(struct pick *p, const char *s, size_t len)
{
	char clean[PICK_TEXT_MAX];

	text_clean(clean, sizeof clean, s, len);
	add_text(p, clean, strlen(clean));
}

void
pick_mouse(struct pick *p, const struct mouse *m)
{
	if (m->what == MOUSE_WHEEL_UP && p->at > 0)
		p->at--;
	else if (m->what == MOUSE_WHEEL_DOWN && p->at + 1 < matching(p))
		p->at++;
	else if (m->what == MOUSE_PRESS && rect_has(p->rows, m->x, m->y)) {
		size_t at = p->first + (size_t)(m->y - p->rows.y);

		if (at < matching(p)) {
			p->at = at;
			finish(p, true);
		}
	} else if (m->what == MOUSE_PRESS)
		finish(p, false);
}

static void
draw_text(struct pick *p, struct canvas *c, struct rect row)
{
	struct pen pen = pen_at(c, row, 0);

	canvas_fill(c, row, (struct style){ ROLE_INPUT, 0 }, ' ');
	pen_gap(&pen, 1);
	pen_fit(&pen, ROLE_INPUT, row.w - 3, p->text);
	c->cursor_x = pen.x;
	c->cursor_y = row.y;
}

static void
draw_item(struct canvas *c, struct rect row, const struct pick_item *it,
    bool selected)
{
	uint8_t flags = selected ? STYLE_ON_SELECTED : STYLE_ON_POPUP;
	struct pen pen = pen_at(c, row, flags);

	if (selected)
		canvas_fill(
		    c, row, (struct style){ ROLE_SELECTED, flags }, ' ');
	pen_gap(&pen, 1);
	pen_fit(&pen, selected ? ROLE_SELECTED : ROLE_POPUP, pen_room(&pen),
	    it->text);
	if (it->note == NULL || pen_room(&pen) < 4)
		return;
	pen_gap(&pen, 2);
	pen_fit(&pen, ROLE_DIM, pen_room(&pen), it->note);
}

void
pick_draw(struct pick *p, struct canvas *c, struct rect r)
{
	size_t n = matching(p);
	int rows = n > 14 ? 14 : (int)n;
	struct rect in = popup_draw(
	    c, r, r.w > 64 ? 60 : r.w, rows + 4 + (n == 0), p->title);

	draw_text(p, c, rect_of(in.x, in.y, in.w, 1));
	rows = in.h - 2 < rows ? in.h - 2 : rows;
	if (p->at >= n)
		p->at = n > 0 ? n - 1 : 0;
	if (p->at < p->first)
		p->first = p->at;
	if (rows > 0 && p->at >= p->first + (size_t)rows)
		p->first = p->at - (size_t)rows + 1;
	p->rows = rect_of(in.x, in.y + 1, in.w, rows > 0 ? rows : 0);
	for (int i = 0; i < rows; i++) {
		const struct pick_item *it = item_at(p, p->first + (size_t)i);

		if (it != NULL)
			draw_item(c, rect_of(in.x, in.y + 1 + i, in.w, 1), it,
			    p->first + (size_t)i == p->at);
	}
	if (n == 0 && !p->free_text)
		canvas_text(c, in.x + 1, in.y + 1, in.w,
		    (struct style){ ROLE_WARN, STYLE_ON_POPUP },
		    "nothing matches");
}
