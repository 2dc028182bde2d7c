#include "vt_in.h"

/*
 * SM, RM, DECSET and DECRST. Each mode of a list counts, not the first alone:
 * terminfo's cvvis is "CSI ? 12 ; 25 h".
 */

static void
set_mouse(struct vt *vt, enum vt_mouse what, bool set)
{
	vt->modes.mouse = set ? what : VT_MOUSE_OFF;
}

/* 1049 keeps the cursor of the main screen over the change. */
static void
alt_with_cursor(struct vt *vt, bool set)
{
	if (set)
		vt_save(vt);
	vt_alt(vt, set, true);
	if (!set)
		vt_restore(vt);
}

static void
screen_mode(struct vt *vt, int mode, bool set)
{
	switch (mode) {
	case 47:
		vt_alt(vt, set, false);
		break;
	case 1047:
		if (set || vt->modes.alt)
			vt_alt(vt, set, !set);
		break;
	case 1048:
		if (set)
			vt_save(vt);
		else
			vt_restore(vt);
		break;
	case 1049:
		alt_with_cursor(vt, set);
		break;
	}
}

static void
mouse_mode(struct vt *vt, int mode, bool set)
{
	switch (mode) {
	case 9:
		set_mouse(vt, VT_MOUSE_X10, set);
		break;
	case 1000:
		set_mouse(vt, VT_MOUSE_CLICKS, set);
		break;
	case 1002:
		set_mouse(vt, VT_MOUSE_DRAGS, set);
		break;
	case 1003:
		set_mouse(vt, VT_MOUSE_ALL, set);
		break;
	case 1004:
		vt->modes.focus = set;
		break;
	case 1006:
		vt->modes.mouse_sgr = set;
		break;
	case 2004:
		vt->modes.paste = set;
		break;
	default:
		screen_mode(vt, mode, set);
	}
}

static void
dec_mode(struct vt *vt, int mode, bool set)
{
	switch (mode) {
	case 1:
		vt->modes.app_cursor = set;
		break;
	case 5:
		vt->modes.reverse = set;
		break;
	case 6:
		vt->origin = set;
		vt_goto_origin(vt, 0, 0);
		break;
	case 7:
		vt->autowrap = set;
		vt->pending = vt->pending && set;
		break;
	case 25:
		vt->modes.cursor_hidden = !set;
		break;
	case 66:
		vt->modes.app_keypad = set;
		break;
	default:
		mouse_mode(vt, mode, set);
	}
}

void
vt_mode(struct vt *vt, bool set)
{
	for (unsigned i = 0; i < vt->csi.n; i++) {
		int mode = vt->csi.par[i];

		if (vt->csi.prefix == '?')
			dec_mode(vt, mode, set);
		else if (mode == 4)
			vt->insert = set;
		else if (mode == 20)
			vt->modes.newline = set;
	}
}
