#include "tty.h"

#include <string.h>

#include "rackmux/base/text.h"

/*
 * What Linux's N_TTY does to a getty's line, as far as a peer on the wire can
 * notice: echo, editing, CR and NL, Ctrl-C, and the limit of 4095 bytes in a
 * line that is edited.
 */

#define LINE_MAX_TTY 4095

void
tty_init(struct tty *t)
{
	memset(t, 0, sizeof *t);
	buf_init(&t->line, 0);
	tty_sane(t);
	t->rows = 24;
	t->cols = 80;
}

void
tty_release(struct tty *t)
{
	buf_release(&t->line);
}

void
tty_sane(struct tty *t)
{
	t->echo = t->icanon = t->isig = t->icrnl = true;
	t->onlcr = t->opost = true;
}

static void
echo_char(const struct tty *t, unsigned char c, struct buf *echo)
{
	char s[2] = { (char)c, '\0' };

	if (!t->echo)
		return;
	if (c == '\n') {
		tty_output(t, "\n", 1, echo);
	} else if (c < 0x20 && c != '\t' && t->icanon) {
		s[0] = (char)(c + 0x40);
		buf_add(echo, "^", 1);
		buf_add(echo, s, 1);
	} else {
		buf_add(echo, s, 1);
	}
}

static void
rub_out(struct tty *t, struct buf *echo)
{
	if (t->line.len == 0)
		return;
	/* A whole character, not one byte of it. */
	do
		t->line.len--;
	while (t->line.len > 0 &&
	    ((unsigned char)t->line.data[t->line.len] & 0xc0) == 0x80);
	if (t->echo)
		buf_puts(echo, "\b \b");
}

static void
end_line(struct tty *t, struct buf *in)
{
	if (t->line.len > 0)
		buf_add(in, t->line.data, t->line.len);
	buf_clear(&t->line);
}

static void
edited(struct tty *t, unsigned char c, struct buf *in, struct buf *echo)
{
	switch (c) {
	case 0x7f:
	case '\b':
		rub_out(t, echo);
		return;
	case 0x15:
		while (t->line.len > 0)
			rub_out(t, echo);
		return;
	case 0x04:
		if (t->line.len == 0)
			t->eof = true;
		end_line(t, in);
		return;
	case '\n':
		buf_add(&t->line, "\n", 1);
		echo_char(t, c, echo);
		end_line(t, in);
		return;
	default:
		/* Linux drops what does not fit, and still echoes it. */
		if (t->line.len < LINE_MAX_TTY)
			buf_add(&t->line, &c, 1);
		echo_char(t, c, echo);
	}
}

void
tty_input(
    struct tty *t, const char *s, size_t len, struct buf *in, struct buf *echo)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\r' && t->icrnl)
			c = '\n';
		if (t->isig && (c == 0x03 || c == 0x1c)) {
			buf_clear(&t->line);
			buf_clear(in);
			t->interrupt = true;
			echo_char(t, c, echo);
			continue;
		}
		if (t->icanon) {
			edited(t, c, in, echo);
		} else {
			buf_add(in, &c, 1);
			echo_char(t, c, echo);
		}
	}
}

void
tty_output(const struct tty *t, const char *s, size_t len, struct buf *out)
{
	if (!t->opost || !t->onlcr) {
		buf_add(out, s, len);
		return;
	}
	while (len > 0) {
		const char *nl = memchr(s, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - s) : len;

		buf_add(out, s, n);
		if (nl == NULL)
			return;
		buf_add(out, "\r\n", 2);
		s += n + 1;
		len -= n + 1;
	}
}

bool
tty_set(struct tty *t, const char *word)
{
	bool on = word[0] != '-';
	const char *name = on ? word : word + 1;
	static const char *const ignored[] = { "echoe", "echok", "echoctl",
		"echoke", "echonl", "ixon", "ixoff", "ixany", "iexten",
		"brkint", "istrip", "inlcr", "igncr", "ignbrk", "parmrk",
		"hupcl", "clocal", "cs8", "cstopb", "parenb", "crtscts",
		"cread", "noflsh", "imaxbel", "iutf8" };

	if (strcmp(name, "echo") == 0)
		t->echo = on;
	else if (strcmp(name, "icanon") == 0)
		t->icanon = on;
	else if (strcmp(name, "isig") == 0)
		t->isig = on;
	else if (strcmp(name, "icrnl") == 0)
		t->icrnl = on;
	else if (strcmp(name, "onlcr") == 0)
		t->onlcr = on;
	else if (strcmp(name, "opost") == 0)
		t->opost = on;
	else if (strcmp(name, "sane") == 0 || strcmp(word, "-raw") == 0)
		tty_sane(t);
	else if (strcmp(word, "raw") == 0)
		t->icanon = t->isig = t->icrnl = t->opost = false;
	else {
		for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
			if (strcmp(name, ignored[i]) == 0)
				return true;
		/* A speed. */
		return word[0] >= '1' && word[0] <= '9';
	}
	return true;
}
