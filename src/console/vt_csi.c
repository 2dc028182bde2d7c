#include "vt_in.h"

#include "rackmux/base/text.h"

/*
 * Control sequences: what is listed here is done, and nothing else is.
 */

/* Parameter i, 0 and a missing one meaning the default. */
static int
par(const struct vt *vt, unsigned i, int otherwise)
{
	if (i >= vt->csi.n || vt->csi.par[i] == 0)
		return otherwise;
	return vt->csi.par[i];
}

static void
erase_line(struct vt *vt, int row, int how)
{
	static const bool from_start[] = { false, true, true };
	static const bool to_end[] = { true, false, true };

	if (how > 2)
		return;
	row_erase(vt, vt_row(vt, row), from_start[how] ? 0 : vt->col,
	    to_end[how] ? vt->cols : vt->col + 1, vt_bce(vt));
	if (from_start[how] && row > 0)
		vt_row(vt, row - 1)->wrapped = false;
}

static void
erase_screen(struct vt *vt, int how)
{
	switch (how) {
	case 0:
		erase_line(vt, vt->row, 0);
		vt_erase_rows(vt, vt->row + 1, vt->rows, vt_bce(vt));
		break;
	case 1:
		vt_erase_rows(vt, 0, vt->row, vt_bce(vt));
		erase_line(vt, vt->row, 1);
		break;
	case 2:
		vt_erase_rows(vt, 0, vt->rows, vt_bce(vt));
		break;
	case 3:
		vt_clear_scrollback(vt);
		return;
	}
}

static void
margins(struct vt *vt)
{
	int top = par(vt, 0, 1), bottom = par(vt, 1, vt->rows);

	if (bottom > vt->rows)
		bottom = vt->rows;
	if (top >= bottom)
		return;
	vt->top = top - 1;
	vt->bottom = bottom - 1;
	vt_goto_origin(vt, 0, 0);
}

static void
lines(struct vt *vt, bool insert, int n)
{
	if (vt->row < vt->top || vt->row > vt->bottom)
		return;
	if (insert)
		vt_scroll_down(vt, vt->row, vt->bottom, n);
	else
		vt_scroll_up(vt, vt->row, vt->bottom, n, false);
	vt_goto(vt, vt->row, 0);
}

static void
tabs(struct vt *vt, bool forward, int n)
{
	int col = vt->col;

	n = n > vt->cols ? vt->cols : n;
	while (n-- > 0)
		col = forward ? tab_next(vt, col) : tab_prev(vt, col);
	vt_goto(vt, vt->row, col);
}

static void
tab_clear(struct vt *vt, int how)
{
	if (how == 0)
		vt->tabs[vt->col / 8] &= (uint8_t) ~(1u << (vt->col & 7));
	for (unsigned i = 0; how == 3 && i < sizeof vt->tabs; i++)
		vt->tabs[i] = 0;
}

static void
report(struct vt *vt, int what)
{
	char s[VT_REPLY_MAX];

	if (what == 5)
		vt_answer(vt, "\033[0n");
	if (what != 6)
		return;
	str_format(s, sizeof s, "\033[%d;%dR",
	    vt->row + 1 - (vt->origin ? vt->top : 0), vt->col + 1);
	vt_answer(vt, s);
}

/* Moves of the cursor; false: it is none. */
static bool
move(struct vt *vt, char final)
{
	int n = par(vt, 0, 1);

	switch (final) {
	case 'A':
		vt_up(vt, n);
		break;
	case 'B':
		vt_down(vt, n);
		break;
	case 'C':
	case 'a':
		vt_goto(vt, vt->row, vt->col + n);
		break;
	case 'D':
		vt_goto(vt, vt->row, vt->col - n);
		break;
	case 'E':
		vt_down(vt, n);
		vt->col = 0;
		break;
	case 'F':
		vt_up(vt, n);
		vt->col = 0;
		break;
	case 'G':
	case '`':
		vt_goto(vt, vt->row, n - 1);
		break;
	case 'H':
	case 'f':
		vt_goto_origin(vt, n - 1, par(vt, 1, 1) - 1);
		break;
	case 'd':
		vt_goto_origin(vt, n - 1, vt->col);
		break;
	case 'e':
		vt_goto_origin(
		    vt, vt->row - (vt->origin ? vt->top : 0) + n, vt->col);
		break;
	case 'I':
	case 'Z':
		tabs(vt, final == 'I', n);
		break;
	default:
		return false;
	}
	return true;
}

static bool
edit(struct vt *vt, char final)
{
	struct row *r = vt_row(vt, vt->row);
	int n = par(vt, 0, 1);

	switch (final) {
	case '@':
		row_insert(vt, r, vt->col, n, vt_bce(vt));
		break;
	case 'P':
		row_delete(vt, r, vt->col, n, vt_bce(vt));
		break;
	case 'X':
		n = n > vt->cols - vt->col ? vt->cols - vt->col : n;
		row_erase(vt, r, vt->col, vt->col + n, vt_bce(vt));
		break;
	case 'J':
		erase_screen(vt, par(vt, 0, 0));
		break;
	case 'K':
		erase_line(vt, vt->row, par(vt, 0, 0));
		break;
	case 'L':
	case 'M':
		lines(vt, final == 'L', n);
		break;
	default:
		return false;
	}
	vt->pending = false;
	return true;
}

static void
other(struct vt *vt, char final)
{
	int n = par(vt, 0, 1);

	switch (final) {
	case 'S':
		vt_scroll_up(vt, vt->top, vt->bottom, n, true);
		break;
	case 'T':
		/* With more parameters it starts xterm's mouse tracking. */
		if (vt->csi.n > 1)
			break;
		/* FALLTHROUGH */
	case '^':
		vt_scroll_down(vt, vt->top, vt->bottom, n);
		break;
	case 'b':
		vt_repeat(vt, n);
		break;
	case 'c':
		if (par(vt, 0, 0) == 0)
			vt_answer(vt, "\033[?6c");
		break;
	case 'g':
		tab_clear(vt, par(vt, 0, 0));
		break;
	case 'h':
	case 'l':
		vt_mode(vt, final == 'h');
		break;
	case 'm':
		vt_sgr(vt);
		break;
	case 'n':
		report(vt, par(vt, 0, 0));
		break;
	case 'r':
		margins(vt);
		break;
	case 's':
		if (vt->csi.n == 0)
			vt_save(vt);
		break;
	case 'u':
		if (vt->csi.n == 0)
			vt_restore(vt);
		break;
	}
}

/* Selective erasing erases all: nothing here is protected. */
static void private(struct vt *vt, char final)
{
	switch (final) {
	case 'h':
	case 'l':
		vt_mode(vt, final == 'h');
		break;
	case 'J':
		if (par(vt, 0, 0) < 3)
			edit(vt, final);
		break;
	case 'K':
		edit(vt, final);
		break;
	}
}

void
vt_csi(struct vt *vt, char final)
{
	/* Only SGR has parameters with parts. */
	if (vt->csi.sub != 0 && final != 'm')
		return;
	if (vt->csi.inter != 0) {
		if (vt->csi.inter == '!' && final == 'p' && vt->csi.prefix == 0)
			vt_soft_reset(vt);
	} else if (vt->csi.prefix == '?') {
		private(vt, final);
	} else if (vt->csi.prefix == 0) {
		if (!move(vt, final) && !edit(vt, final))
			other(vt, final);
	}
}
