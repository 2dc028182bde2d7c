/*
 * libvterm on conformance cases. Debian's 0.1.4 crashes or hangs on some of
 * them, so each runs in a child that fills shared memory, under a deadline.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "conform.h"
#include "test.h"

#define DEADLINE_S 2

static unsigned
mouse_mode(int number)
{
	switch (number) {
	case VTERM_PROP_MOUSE_CLICK:
		return CF_CLICKS;
	case VTERM_PROP_MOUSE_DRAG:
		return CF_DRAGS;
	case VTERM_PROP_MOUSE_MOVE:
		return CF_MOTION;
	default:
		return 0;
	}
}

static void
set(struct cf_screen *s, unsigned mask, unsigned bits)
{
	s->modes = (s->modes & ~mask) | bits;
}

static int
on_prop(VTermProp prop, VTermValue *v, void *arg)
{
	struct cf_screen *s = arg;

	switch (prop) {
	case VTERM_PROP_CURSORVISIBLE:
		set(s, CF_NO_CURSOR, v->boolean ? 0 : CF_NO_CURSOR);
		break;
	case VTERM_PROP_ALTSCREEN:
		set(s, CF_ALT, v->boolean ? CF_ALT : 0);
		break;
	case VTERM_PROP_REVERSE:
		set(s, CF_REVERSED, v->boolean ? CF_REVERSED : 0);
		break;
	case VTERM_PROP_MOUSE:
		set(s, CF_CLICKS | CF_DRAGS | CF_MOTION, mouse_mode(v->number));
		break;
	case VTERM_PROP_TITLE:
		snprintf(s->title, sizeof s->title, "%s", v->string);
		break;
	default:
		break;
	}
	return 1;
}

static int
on_bell(void *arg)
{
	((struct cf_screen *)arg)->bells++;
	return 1;
}

static size_t
put_cp(char *o, uint32_t c)
{
	size_t n = 0;

	if (c < 0x80) {
		o[n++] = (char)c;
		return n;
	}
	if (c < 0x800) {
		o[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		o[n++] = (char)(0xe0 | c >> 12);
		o[n++] = (char)(0x80 | (c >> 6 & 63));
	} else {
		o[n++] = (char)(0xf0 | (c >> 18 & 7));
		o[n++] = (char)(0x80 | (c >> 12 & 63));
		o[n++] = (char)(0x80 | (c >> 6 & 63));
	}
	o[n++] = (char)(0x80 | (c & 63));
	return n;
}

static void
cell_text(const VTermScreenCell *c, char *out)
{
	size_t n = 0;

	if (c->chars[0] == 0)
		out[n++] = ' ';
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && c->chars[i] != 0; i++)
		if (c->chars[i] != UINT32_MAX && n + 5 < CF_TEXT)
			n += put_cp(out + n, c->chars[i]);
	out[n] = '\0';
}

/* What leaves at the top of the screen goes to the scrollback. */
static int
on_push(int cols, const VTermScreenCell *cells, void *arg)
{
	struct cf_screen *s = arg;
	char *line;
	size_t n = 0;

	if (s->n_back == CF_BACK)
		return 1;
	line = s->back[s->n_back++];
	for (int i = 0; i<cols; i += cells[i].width> 1 ? 2 : 1) {
		char text[CF_TEXT];

		cell_text(&cells[i], text);
		n += (size_t)snprintf(line + n, CF_LINE - n, "%s", text);
	}
	while (n > 0 && line[n - 1] == ' ')
		line[--n] = '\0';
	return 1;
}

static const VTermScreenCallbacks callbacks = {
	.settermprop = on_prop, .bell = on_bell, .sb_pushline = on_push
};

static int32_t
colour(const VTermColor *c)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
		return CF_DEFAULT;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return CF_RGB | c->rgb.red << 16 | c->rgb.green << 8 | c->rgb.blue;
}

static unsigned
attributes(const VTermScreenCell *c)
{
	return (c->attrs.bold ? CF_BOLD : 0u) |
	    (c->attrs.underline ? CF_UNDERLINE : 0u) |
	    (c->attrs.italic ? CF_ITALIC : 0u) |
	    (c->attrs.blink ? CF_BLINK : 0u) |
	    (c->attrs.reverse ? CF_REVERSE : 0u) |
	    (c->attrs.strike ? CF_STRIKE : 0u);
}

static void
read_cells(VTermScreen *screen, struct cf_screen *out)
{
	for (int row = 0; row < out->rows; row++) {
		for (int col = 0; col < out->cols; col++) {
			struct cf_cell *to = &out->cell[row][col];
			VTermScreenCell c;

			vterm_screen_get_cell(
			    screen, (VTermPos){ .row = row, .col = col }, &c);
			to->fg = colour(&c.fg);
			to->bg = colour(&c.bg);
			to->attrs = attributes(&c);
			if (out->modes & CF_REVERSED)
				to->attrs ^= CF_REVERSE;
			if (c.chars[0] == UINT32_MAX)
				to->text[0] = '\0';
			else
				cell_text(&c, to->text);
		}
	}
}

static void
run(const struct cf_case *c, struct cf_screen *out)
{
	VTerm *vt = vterm_new(c->rows, c->cols);
	VTermScreen *screen = vterm_obtain_screen(vt);
	VTermPos pos;

	vterm_set_utf8(vt, 1);
	vterm_screen_enable_altscreen(screen, 1);
	vterm_screen_set_callbacks(screen, &callbacks, out);
	vterm_screen_reset(screen, 1);
	out->rows = c->rows;
	out->cols = c->cols;
	out->modes_known = CF_ALT | CF_NO_CURSOR | CF_REVERSED | CF_CLICKS |
	    CF_DRAGS | CF_MOTION;
	out->attrs_known = CF_BOLD | CF_UNDERLINE | CF_ITALIC | CF_BLINK |
	    CF_REVERSE | CF_STRIKE;
	for (int i = 0; i < c->n_steps; i++) {
		const struct cf_step *t = &c->step[i];

		if (t->bytes != NULL) {
			vterm_input_write(vt, t->bytes, t->len);
			continue;
		}
		vterm_set_size(vt, t->rows, t->cols);
		out->rows = t->rows;
		out->cols = t->cols;
	}
	vterm_state_get_cursorpos(vterm_obtain_state(vt), &pos);
	out->row = pos.row;
	out->col = pos.col;
	out->reply_len =
	    vterm_output_read(vt, out->reply, sizeof out->reply - 1);
	read_cells(screen, out);
}

bool
cf_libvterm(const struct cf_case *c, struct cf_screen *out)
{
	struct cf_screen *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	CHECK(shared != MAP_FAILED);
	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		/* What it says when it dies is no finding of ours. */
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		alarm(DEADLINE_S);
		run(c, shared);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	memcpy(out, shared, sizeof *out);
	munmap(shared, sizeof *shared);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
