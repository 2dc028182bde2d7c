#include "rackmux/ui/screen.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/pen.h"

/*
 * A question that a link has. A host key wants the whole word: it is the one
 * question whose answer nobody should be able to give with a stray key.
 */

void
prompt_free(struct ask *a)
{
	if (a == NULL)
		return;
	mem_wipe(a->input, sizeof a->input);
	free(a->name);
	free(a->title);
	free(a->text);
	free(a);
}

/* Rows that the text takes; drawn when c is not NULL. */
static int
wrap(struct canvas *c, struct rect r, enum role role, const char *text)
{
	struct style st = { (uint8_t)role, STYLE_ON_POPUP };
	char row[512];
	int rows = 0;
	size_t n;

	while ((n = pen_wrap(text, r.w, row, sizeof row)) > 0) {
		if (c != NULL && rows < r.h)
			canvas_text(c, r.x, r.y + rows, r.w, st, row);
		rows++;
		text += n;
	}
	return rows;
}

static void
draw_input(struct canvas *c, struct rect row, const struct ask *a)
{
	struct pen p = pen_at(c, row, 0);
	char shown[ASK_INPUT_MAX * 4] = "";
	const char *text = shown;
	int width;

	canvas_fill(c, row, (struct style){ ROLE_INPUT, 0 }, ' ');
	pen_gap(&p, 1);
	if (a->echo)
		str_copy(shown, sizeof shown, a->input);
	else
		for (size_t i = 0, n = 0; i < a->len && n + 4 < sizeof shown;
		     i++)
			if (((unsigned char)a->input[i] & 0xc0) != 0x80)
				n += text_encode(0x2022, shown + n);
	/* The end is what is being typed: that stays in sight. */
	for (width = text_width(text); width > row.w - 3 && *text != '\0';) {
		uint32_t cp;

		text += text_decode(text, strlen(text), &cp, NULL);
		width = text_width(text);
	}
	pen_text(&p, ROLE_INPUT, text);
	c->cursor_x = p.x < c->w ? p.x : c->w - 1;
	c->cursor_y = row.y;
	mem_wipe(shown, sizeof shown);
}

void
prompt_draw(struct screen *s, struct canvas *c, struct rect r)
{
	const struct ask *a = s->asks;
	int w = r.w > 78 ? 74 : r.w, rows, y;
	struct rect in, body;
	struct pen p;

	if (a == NULL)
		return;
	rows = wrap(NULL, rect_of(0, 0, w - 4, 0), ROLE_POPUP, a->text);
	in = popup_draw(c, r, w, rows + 6, a->title);
	body = rect_of(in.x, in.y + (in.h > rows + 3), in.w, in.h - 3);
	wrap(c, body, ROLE_POPUP, a->text);
	y = in.y + in.h - 2;
	draw_input(c, rect_of(in.x, y, in.w, 1), a);
	p = pen_at(c, rect_of(in.x, y + 1, in.w, 1), STYLE_ON_POPUP);
	if (a->hint != NULL) {
		pen_text(&p, ROLE_WARN, a->hint);
		return;
	}
	if (a->kind == ASK_HOSTKEY) {
		pen_text(&p, ROLE_KEY, "yes");
		pen_text(&p, ROLE_DIM, " trusts it from now on   ");
	} else {
		pen_text(&p, ROLE_KEY, "enter");
		pen_text(&p, ROLE_DIM, " answers   ");
	}
	pen_text(&p, ROLE_KEY, "esc");
	pen_text(&p, ROLE_DIM, " declines");
	if (a->next != NULL)
		pen_text(&p, ROLE_DIM, "   (more follow)");
}

/* The question leaves the screen before its answer leaves us. */
static void
answer(struct screen *s, bool yes)
{
	struct ask *a = s->asks;

	s->asks = a->next;
	if (s->host != NULL && s->host->on_answer != NULL)
		s->host->on_answer(s->arg, a->id, yes ? a->input : NULL);
	prompt_free(a);
}

static void
enter(struct screen *s)
{
	struct ask *a = s->asks;

	if (a->kind != ASK_HOSTKEY)
		answer(s, true);
	else if (strcmp(a->input, "yes") == 0)
		answer(s, true);
	else if (strcmp(a->input, "no") == 0)
		answer(s, false);
	else
		a->hint = "Type the whole word: yes or no.";
}

static void
add(struct ask *a, uint32_t cp)
{
	char utf8[8];
	size_t n;

	if (cp < 0x20 || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) ||
	    cp > 0x10ffff)
		return;
	n = text_encode(cp, utf8);
	if (a->len + n >= sizeof a->input)
		return;
	memcpy(a->input + a->len, utf8, n);
	a->len += n;
	a->input[a->len] = '\0';
}

static void
clear(struct ask *a)
{
	mem_wipe(a->input, sizeof a->input);
	a->len = 0;
}

void
prompt_key(struct screen *s, struct key k)
{
	struct ask *a = s->asks;

	a->hint = NULL;
	if (k.code == SYM_ENTER)
		enter(s);
	else if (k.code == SYM_ESCAPE || (k.code == 'c' && k.mods == MOD_CTRL))
		answer(s, false);
	else if (k.code == SYM_BACKSPACE && a->len > 0) {
		do
			a->len--;
		while (a->len > 0 &&
		    ((unsigned char)a->input[a->len] & 0xc0) == 0x80);
		memset(a->input + a->len, 0, sizeof a->input - a->len);
	} else if (k.code == 'u' && k.mods == MOD_CTRL)
		clear(a);
	else if (k.code < SYM_FIRST && (k.mods & ~MOD_SHIFT) == 0)
		add(a, k.code);
}

void
prompt_paste(struct screen *s, const char *text, size_t len)
{
	while (len > 0 && *text != '\n' && *text != '\r') {
		uint32_t cp;
		size_t n = text_decode(text, len, &cp, NULL);

		add(s->asks, cp);
		text += n;
		len -= n;
	}
}
