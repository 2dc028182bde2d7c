#include "rackmux/ui/pen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * A field that does not fit whole is not drawn at all: half a number is a
 * wrong number.
 */

struct pen
pen_at(struct canvas *c, struct rect row, uint8_t flags)
{
	return (struct pen){ c, row.x, row.y, row.x + row.w, flags };
}

int
pen_room(const struct pen *p)
{
	return p->end > p->x ? p->end - p->x : 0;
}

struct style
pen_style(const struct pen *p, enum role role)
{
	return (struct style){ (uint8_t)role, p->flags };
}

void
pen_text(struct pen *p, enum role role, const char *s)
{
	pen_fit(p, role, pen_room(p), s);
}

void
pen_fit(struct pen *p, enum role role, int cols, const char *s)
{
	char fit[1024];

	if (cols > pen_room(p))
		cols = pen_room(p);
	if (cols <= 0)
		return;
	text_fit(fit, sizeof fit, s, cols, p->c->ascii);
	p->x += canvas_text(p->c, p->x, p->y, cols, pen_style(p, role), fit);
}

bool
pen_field(struct pen *p, enum role role, int cols, const char *s)
{
	int x = p->x;

	if (cols > pen_room(p))
		return false;
	pen_fit(p, role, cols, s);
	p->x = x + cols;
	return true;
}

bool
pen_right(struct pen *p, enum role role, int cols, const char *s)
{
	int w = text_width(s);

	if (cols > pen_room(p))
		return false;
	if (w < cols) {
		pen_gap(p, cols - w);
		cols = w;
	}
	return pen_field(p, role, cols, s);
}

void
pen_printf(struct pen *p, enum role role, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	pen_text(p, role, s);
	free(s);
}

void
pen_gap(struct pen *p, int cols)
{
	p->x += cols;
}

void
pen_glyph(struct pen *p, enum role role, uint32_t cp)
{
	if (pen_room(p) > 0)
		canvas_put(p->c, p->x, p->y, pen_style(p, role), cp);
	p->x++;
}

size_t
pen_wrap(const char *text, int cols, char *row, size_t size)
{
	size_t line = strcspn(text, "\n"), take = 0, space = 0;
	int used = 0;

	while (take < line) {
		uint32_t cp;
		size_t n = text_decode(text + take, line - take, &cp, NULL);
		int w = text_cp_width(cp);

		/* At least one character a row, however narrow it is. */
		if ((used + w > cols && take > 0) || take + n >= size)
			break;
		if (cp == ' ')
			space = take;
		used += w;
		take += n;
	}
	if (take < line && space > 0 && text[take] != ' ')
		take = space;
	memcpy(row, text, take);
	row[take] = '\0';
	return take + (text[take] == '\n' || text[take] == ' ');
}
