#include "vt_in.h"

#include <string.h>

#include "rackmux/base/text.h"

/*
 * Single controls, escape sequences and titles. Of C0 only BEL to SI do
 * anything; ENQ above all is not answered.
 */

static void
line_feed(struct vt *vt)
{
	vt_index(vt);
	if (vt->modes.newline)
		vt->col = 0;
}

void
vt_control(struct vt *vt, unsigned char c)
{
	switch (c) {
	case '\a':
		vt->bells++;
		return;
	case '\b':
		vt_goto(vt, vt->row, vt->col - 1);
		break;
	case '\t':
		/* As in xterm, a tab does not take back a pending wrap. */
		vt->col = tab_next(vt, vt->col);
		break;
	case '\n':
	case '\v':
	case '\f':
		line_feed(vt);
		break;
	case '\r':
		vt_goto(vt, vt->row, 0);
		break;
	case 0x0e:
	case 0x0f:
		vt->gl = c == 0x0e;
		return;
	default:
		return;
	}
	vt->last = 0;
}

static void
charset(struct vt *vt, char inter, char final)
{
	if (inter == '(' || inter == ')')
		vt->graphics[inter == ')'] = final == '0' || final == '2'
		    ? SET_GRAPHICS
		    : final == 'A' ? SET_UK
				   : SET_ASCII;
	else if (inter == '#' && final == '8')
		vt_align(vt);
}

static enum vt_state
string(struct vt *vt, char kind)
{
	vt->kind = kind;
	vt->n_osc = 0;
	return kind == ']' ? ST_OSC : ST_STRING;
}

static void
simple(struct vt *vt, char final)
{
	switch (final) {
	case '7':
		vt_save(vt);
		break;
	case '8':
		vt_restore(vt);
		break;
	case '=':
	case '>':
		vt->modes.app_keypad = final == '=';
		break;
	case 'D':
		vt_index(vt);
		break;
	case 'E':
		vt_index(vt);
		vt->col = 0;
		break;
	case 'H':
		vt->tabs[vt->col / 8] |= (uint8_t)(1u << (vt->col & 7));
		break;
	case 'M':
		vt_reverse_index(vt);
		break;
	case 'c':
		vt_reset(vt);
		break;
	case '\\':
		if (vt->osc_ends)
			vt_osc_end(vt);
		break;
	}
}

enum vt_state
vt_esc(struct vt *vt, char inter, char final)
{
	if (inter != 0) {
		charset(vt, inter, final);
		return ST_GROUND;
	}
	switch (final) {
	case '[':
		return ST_CSI_ENTRY;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
	case 'k':
		return string(vt, final);
	}
	vt->last = 0;
	simple(vt, final);
	return ST_GROUND;
}

/* OSC 0 and 2 are titles; a longer one than may be is cut. */
void
vt_osc_end(struct vt *vt)
{
	size_t n = vt->n_osc < sizeof vt->osc ? vt->n_osc : sizeof vt->osc;

	if (n < 2 || (vt->osc[0] != '0' && vt->osc[0] != '2') ||
	    vt->osc[1] != ';')
		return;
	text_clean(vt->title, sizeof vt->title, vt->osc + 2, n - 2);
	vt->stamp++;
}

void
vt_answer(struct vt *vt, const char *s)
{
	if (vt->n_replies < VT_REPLIES)
		str_copy(vt->replies[vt->n_replies++], VT_REPLY_MAX, s);
}
