/*
 * The kernel's time stamp is exactly `[%5lu.%06lu] `, or `][` with the
 * caller's name: six decimals keep other brackets safe. It may be glued to
 * half a line of output, whose rest then follows the kernel's newline.
 */
#include "rackmux/link/tidy.h"

#include <string.h>

enum { TIDY_TEXT, TIDY_PAD, TIDY_SECONDS, TIDY_MICROS, TIDY_CLOSED, TIDY_DROP };

void
tidy_init(struct tidy *t)
{
	memset(t, 0, sizeof(*t));
}

static void
tidy_give_up(struct tidy *t, struct buf *out)
{
	buf_add(out, t->pending, t->len);
	t->len = 0;
	t->state = TIDY_TEXT;
}

/* The next state while a stamp is under way, or TIDY_TEXT if it is none. */
static int
tidy_stamp(const struct tidy *t, char c)
{
	bool digit = c >= '0' && c <= '9';
	const char *dot;

	switch (t->state) {
	case TIDY_PAD:
		if (c == ' ')
			return TIDY_PAD;
		return digit ? TIDY_SECONDS : TIDY_TEXT;
	case TIDY_SECONDS:
		if (c == '.')
			return TIDY_MICROS;
		return digit ? TIDY_SECONDS : TIDY_TEXT;
	case TIDY_MICROS:
		dot = memchr(t->pending, '.', t->len);
		if (digit)
			return TIDY_MICROS;
		return c == ']' && dot && t->pending + t->len - dot == 7
		    ? TIDY_CLOSED
		    : TIDY_TEXT;
	case TIDY_CLOSED:
		return c == ' ' || c == '[' ? TIDY_DROP : TIDY_TEXT;
	default:
		return TIDY_TEXT;
	}
}

static void
tidy_byte(struct tidy *t, char c, struct buf *out)
{
	if (t->state == TIDY_DROP) {
		if (c == '\n')
			t->state = TIDY_TEXT;
		return;
	}
	if (t->state != TIDY_TEXT) {
		t->state = tidy_stamp(t, c);
		if (t->state == TIDY_DROP) {
			t->len = 0;
			return;
		}
		if (t->state != TIDY_TEXT && t->len < sizeof(t->pending)) {
			t->pending[t->len++] = c;
			return;
		}
		tidy_give_up(t, out);
	}
	if (c == '[') {
		t->pending[t->len++] = c;
		t->state = TIDY_PAD;
		return;
	}
	buf_add(out, &c, 1);
}

void
tidy_feed(struct tidy *t, const char *data, size_t len, struct buf *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (t->cr && data[i] != '\n')
			tidy_byte(t, '\r', out);
		t->cr = data[i] == '\r';
		if (!t->cr)
			tidy_byte(t, data[i], out);
	}
}

enum { SEEN_TEXT, SEEN_ESC, SEEN_CSI, SEEN_OSC, SEEN_OSC_ESC };

void
seen_init(struct seen *s)
{
	memset(s, 0, sizeof(*s));
}

static void
seen_tail(struct seen *s, char c)
{
	size_t len = strlen(s->tail);

	if (len + 1 >= sizeof(s->tail)) {
		memmove(s->tail, s->tail + sizeof(s->tail) / 2,
		    len - sizeof(s->tail) / 2 + 1);
		len = strlen(s->tail);
	}
	s->tail[len] = c;
	s->tail[len + 1] = '\0';
}

/* False when c belongs to an escape sequence. */
static bool
seen_escape(struct seen *s, char c)
{
	switch (s->esc) {
	case SEEN_TEXT:
		if (c != 0x1b)
			return true;
		s->esc = SEEN_ESC;
		break;
	case SEEN_ESC:
		s->esc = c == '['                      ? SEEN_CSI
		    : c == ']' || c == 'P' || c == '_' ? SEEN_OSC
						       : SEEN_TEXT;
		break;
	case SEEN_CSI:
		if (c >= 0x40 && c <= 0x7e) {
			s->esc = SEEN_TEXT;
			if (c == 'K' || c == 'J')
				s->line[s->pos] = '\0';
		} else if (c == 0x1b)
			s->esc = SEEN_ESC;
		else if (c == '\n' || c == '\r') {
			s->esc = SEEN_TEXT; /* noise, no sequence */
			return true;
		}
		break;
	case SEEN_OSC:
		if (c == 0x07)
			s->esc = SEEN_TEXT;
		else if (c == 0x1b)
			s->esc = SEEN_OSC_ESC;
		else if (c == '\n') {
			s->esc = SEEN_TEXT;
			return true;
		}
		break;
	default:
		s->esc = c == '\\' ? SEEN_TEXT : SEEN_OSC;
		break;
	}
	return false;
}

static void
seen_put(struct seen *s, char c)
{
	size_t len = strlen(s->line);

	if (s->pos + 1 >= sizeof(s->line)) {
		/* Keep the end: a prompt is there. */
		memmove(s->line, s->line + sizeof(s->line) / 2,
		    len - sizeof(s->line) / 2 + 1);
		s->pos -= sizeof(s->line) / 2;
		len = strlen(s->line);
	}
	s->line[s->pos++] = c;
	if (s->pos > len)
		s->line[s->pos] = '\0';
}

void
seen_feed(struct seen *s, const char *data, size_t len,
    void (*line_fn)(void *arg, const char *line), void *arg)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = data[i];

		if (!seen_escape(s, c))
			continue;
		if (c == '\n') {
			memcpy(s->last, s->line, sizeof(s->last));
			s->line[0] = '\0';
			s->pos = 0;
			seen_tail(s, ' ');
			if (line_fn)
				line_fn(arg, s->last);
		} else if (c == '\r') {
			s->pos = 0;
		} else if (c == '\b') {
			if (s->pos > 0)
				s->pos--;
		} else if ((unsigned char)c >= 0x20 && c != 0x7f) {
			seen_put(s, c);
			seen_tail(s, c);
		}
	}
}
