/*
 * The encodings of xterm: cursor keys of a PC keyboard with their modifiers as
 * a second parameter, Control as X11 translates it, Alt as ESC before, mouse
 * reports of the X10 form and of the SGR form.
 */
#include "rackmux/console/vtkeys.h"

#include "rackmux/base/text.h"

#define ESC "\033"
#define N(a) (sizeof(a) / sizeof(a)[0])

static void
add_byte(struct buf *out, unsigned char c)
{
	buf_add(out, &c, 1);
}

/* --- keys ------------------------------------------------------------------*/

/* Keys with a final letter: CSI X or SS3 X, CSI 1;m X with modifiers. */
static void
letter_key(struct buf *out, char final, bool ss3, unsigned mods)
{
	if (mods != 0)
		buf_printf(out, ESC "[1;%u%c", mods + 1, final);
	else
		buf_printf(out, ESC "%c%c", ss3 ? 'O' : '[', final);
}

/* Keys with a number: CSI n ~, CSI n;m ~ with modifiers. */
static void
number_key(struct buf *out, int number, unsigned mods)
{
	if (mods != 0)
		buf_printf(out, ESC "[%d;%u~", number, mods + 1);
	else
		buf_printf(out, ESC "[%d~", number);
}

static void
function_key(struct buf *out, unsigned n, unsigned mods)
{
	/* The gaps are those of the VT220's keyboard. */
	static const int number[] = { 15, 17, 18, 19, 20, 21, 23, 24, 25, 26,
		28, 29, 31, 32, 33, 34 };

	if (n >= 1 && n <= 4)
		letter_key(out, (char)('P' + n - 1), true, mods);
	else if (n >= 5 && n - 5 < N(number))
		number_key(out, number[n - 5], mods);
}

/* What Control makes of a character, as X11 does; others stay. */
static uint32_t
with_control(uint32_t cp)
{
	if ((cp >= '@' && cp < 0x7f) || cp == ' ')
		return cp & 0x1f;
	if (cp == '2')
		return 0;
	if (cp >= '3' && cp <= '7')
		return cp - '3' + 0x1b;
	if (cp == '8' || cp == '?')
		return 0x7f;
	return cp == '/' ? 0x1f : cp;
}

static void
character(struct buf *out, uint32_t cp, unsigned mods)
{
	char utf8[4];

	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return;
	if (mods & VT_MOD_CTRL)
		cp = with_control(cp);
	if (mods & VT_MOD_ALT)
		buf_puts(out, ESC);
	buf_add(out, utf8, text_encode(cp, utf8));
}

/* Enter, Tab and their like, which are characters with an exception each. */
static void
control_key(
    const struct vt_modes *m, struct buf *out, uint32_t key, unsigned mods)
{
	if (mods & VT_MOD_ALT)
		buf_puts(out, ESC);
	if (key == VT_KEY_BACKSPACE)
		add_byte(out, mods & VT_MOD_CTRL ? '\b' : 0x7f);
	else if (key == VT_KEY_TAB)
		buf_puts(out, mods & VT_MOD_SHIFT ? ESC "[Z" : "\t");
	else if (key == VT_KEY_ENTER)
		buf_puts(out, m->newline ? "\r\n" : "\r");
	else
		buf_puts(out, ESC);
}

static void
pad_key(const struct vt_modes *m, struct buf *out, unsigned n, unsigned mods)
{
	static const char plain[] = "0123456789*+,-./\r=";
	static const char application[] = "pqrstuvwxyjklmnoMX";

	if (n >= sizeof plain - 1)
		return;
	if (n == VT_KEY_PAD_ENTER - VT_KEY_PAD_0 && !m->app_keypad)
		control_key(m, out, VT_KEY_ENTER, mods);
	else if (m->app_keypad)
		letter_key(out, application[n], true, mods);
	else
		character(out, (unsigned char)plain[n], mods);
}

void
vt_key_bytes(
    const struct vt_modes *m, uint32_t key, unsigned mods, struct buf *out)
{
	mods &= VT_MOD_SHIFT | VT_MOD_ALT | VT_MOD_CTRL;
	switch (key) {
	case VT_KEY_UP:
	case VT_KEY_DOWN:
	case VT_KEY_RIGHT:
	case VT_KEY_LEFT:
		letter_key(
		    out, (char)('A' + (key - VT_KEY_UP)), m->app_cursor, mods);
		break;
	case VT_KEY_HOME:
	case VT_KEY_END:
		letter_key(
		    out, key == VT_KEY_HOME ? 'H' : 'F', m->app_cursor, mods);
		break;
	case VT_KEY_PAGE_UP:
	case VT_KEY_PAGE_DOWN:
		number_key(out, key == VT_KEY_PAGE_UP ? 5 : 6, mods);
		break;
	case VT_KEY_INSERT:
	case VT_KEY_DELETE:
		number_key(out, key == VT_KEY_INSERT ? 2 : 3, mods);
		break;
	case VT_KEY_BACKSPACE:
	case VT_KEY_TAB:
	case VT_KEY_ENTER:
	case VT_KEY_ESCAPE:
		control_key(m, out, key, mods);
		break;
	default:
		if (key >= VT_KEY_PAD_0)
			pad_key(m, out, key - VT_KEY_PAD_0, mods);
		else if (key > VT_KEY_F0)
			function_key(out, key - VT_KEY_F0, mods);
		else
			character(out, key, mods);
	}
}

/* --- the mouse -------------------------------------------------------------*/

/* Where the X10 form ends: a byte holds 32 + 223. */
#define OLD_MAX 223

static bool
wanted(const struct vt_modes *m, enum vt_mouse_what what, int button)
{
	switch (m->mouse) {
	case VT_MOUSE_X10:
		return what == VT_PRESS;
	case VT_MOUSE_CLICKS:
		return what != VT_DRAG;
	case VT_MOUSE_DRAGS:
		return what != VT_DRAG || button != 0;
	case VT_MOUSE_ALL:
		return true;
	default:
		return false;
	}
}

static unsigned
mouse_code(enum vt_mouse_what what, int button, unsigned mods)
{
	unsigned code = button == 0 ? 3 : (unsigned)button - 1;

	if (what == VT_DRAG)
		code += 32;
	else if (what == VT_WHEEL_UP)
		code = 64;
	else if (what == VT_WHEEL_DOWN)
		code = 65;
	return code + (mods & VT_MOD_SHIFT ? 4 : 0) +
	    (mods & VT_MOD_ALT ? 8 : 0) + (mods & VT_MOD_CTRL ? 16 : 0);
}

void
vt_mouse_bytes(const struct vt_modes *m, enum vt_mouse_what what, int button,
    int row, int col, unsigned mods, struct buf *out)
{
	bool wheel = what == VT_WHEEL_UP || what == VT_WHEEL_DOWN;
	unsigned code;

	if (!wheel && (button < (what == VT_DRAG ? 0 : 1) || button > 3))
		return;
	if (!wanted(m, what, button) || row < 0 || col < 0)
		return;
	if (m->mouse == VT_MOUSE_X10)
		mods = 0; /* it does not tell them */
	code = mouse_code(what, button, mods);
	if (m->mouse_sgr) {
		buf_printf(out, ESC "[<%u;%d;%d%c", code, col + 1, row + 1,
		    what == VT_RELEASE ? 'm' : 'M');
		return;
	}
	if (row >= OLD_MAX || col >= OLD_MAX)
		return;
	if (what == VT_RELEASE)
		code |= 3; /* which one is not told */
	buf_puts(out, ESC "[M");
	add_byte(out, (unsigned char)(32 + code));
	add_byte(out, (unsigned char)(33 + col));
	add_byte(out, (unsigned char)(33 + row));
}

/* --- paste -----------------------------------------------------------------*/

static void
paste_one(struct buf *out, const char *s, size_t took, uint32_t cp)
{
	bool newline = cp == '\r' || cp == '\n';

	if (newline)
		add_byte(out, '\r');
	else if (cp == '\t' || (cp >= 0x20 && cp < 0x7f) || cp >= 0xa0)
		buf_add(out, s, took);
}

void
vt_paste_bytes(
    const struct vt_modes *m, const char *s, size_t len, struct buf *out)
{
	if (len == 0)
		return;
	if (m->paste)
		buf_puts(out, ESC "[200~");
	while (len > 0) {
		uint32_t cp;
		size_t took = text_decode(s, len, &cp, NULL);
		/* Bytes that are no UTF-8 may be C1 to who reads them. */
		bool broken =
		    cp == TEXT_BAD && (took < 3 || (unsigned char)s[0] != 0xef);

		if (took == 1 && cp == '\r' && len > 1 && s[1] == '\n')
			took = 2;
		if (!broken)
			paste_one(out, s, took, cp);
		s += took;
		len -= took;
	}
	if (m->paste)
		buf_puts(out, ESC "[201~");
}
