/* Keys, mouse and paste as bytes; what is expected is from xterm's ctlseqs. */
#include "../lib/test.h"

#include <string.h>

#include "rackmux/console/vtkeys.h"

static const struct vt_modes plain = { 0 };
static struct buf out;

static const char *
key(const struct vt_modes *m, uint32_t k, unsigned mods)
{
	buf_release(&out);
	buf_init(&out, 0);
	vt_key_bytes(m, k, mods, &out);
	return buf_str(&out);
}

static const char *
mouse(const struct vt_modes *m, enum vt_mouse_what what, int button, int row,
    int col, unsigned mods)
{
	buf_release(&out);
	buf_init(&out, 0);
	vt_mouse_bytes(m, what, button, row, col, mods, &out);
	return buf_str(&out);
}

static const char *
paste(const struct vt_modes *m, const char *s)
{
	buf_release(&out);
	buf_init(&out, 0);
	vt_paste_bytes(m, s, strlen(s), &out);
	return buf_str(&out);
}

TEST(cursor_keys)
{
	const struct vt_modes app = { .app_cursor = true };

	CHECK_STR(key(&plain, VT_KEY_UP, 0), "\033[A");
	CHECK_STR(key(&plain, VT_KEY_DOWN, 0), "\033[B");
	CHECK_STR(key(&plain, VT_KEY_RIGHT, 0), "\033[C");
	CHECK_STR(key(&plain, VT_KEY_LEFT, 0), "\033[D");
	CHECK_STR(key(&plain, VT_KEY_HOME, 0), "\033[H");
	CHECK_STR(key(&plain, VT_KEY_END, 0), "\033[F");
	CHECK_STR(key(&app, VT_KEY_UP, 0), "\033OA");
	CHECK_STR(key(&app, VT_KEY_LEFT, 0), "\033OD");
	CHECK_STR(key(&app, VT_KEY_HOME, 0), "\033OH");
	CHECK_STR(key(&app, VT_KEY_END, 0), "\033OF");
}

TEST(modifiers_are_a_second_parameter)
{
	const struct vt_modes app = { .app_cursor = true };

	CHECK_STR(key(&plain, VT_KEY_UP, VT_MOD_SHIFT), "\033[1;2A");
	CHECK_STR(key(&plain, VT_KEY_LEFT, VT_MOD_ALT), "\033[1;3D");
	CHECK_STR(key(&app, VT_KEY_RIGHT, VT_MOD_CTRL), "\033[1;5C");
	CHECK_STR(
	    key(&plain, VT_KEY_END, VT_MOD_CTRL | VT_MOD_SHIFT), "\033[1;6F");
	CHECK_STR(
	    key(&plain, VT_KEY_DELETE, VT_MOD_CTRL | VT_MOD_SHIFT | VT_MOD_ALT),
	    "\033[3;8~");
	CHECK_STR(key(&plain, VT_KEY_PAGE_UP, VT_MOD_CTRL), "\033[5;5~");
}

TEST(editing_and_function_keys)
{
	static const char *const want[] = { "\033OP", "\033OQ", "\033OR",
		"\033OS", "\033[15~", "\033[17~", "\033[18~", "\033[19~",
		"\033[20~", "\033[21~", "\033[23~", "\033[24~", "\033[25~",
		"\033[26~", "\033[28~", "\033[29~", "\033[31~", "\033[32~",
		"\033[33~", "\033[34~" };

	for (unsigned i = 0; i < 20; i++)
		CHECK_STR(key(&plain, VT_KEY_F0 + 1 + i, 0), want[i]);
	CHECK_STR(key(&plain, VT_KEY_F0 + 1, VT_MOD_SHIFT), "\033[1;2P");
	CHECK_STR(key(&plain, VT_KEY_F0 + 12, VT_MOD_CTRL), "\033[24;5~");
	CHECK_STR(key(&plain, VT_KEY_F0, 0), "");
	CHECK_STR(key(&plain, VT_KEY_F0 + 21, 0), "");
	CHECK_STR(key(&plain, VT_KEY_INSERT, 0), "\033[2~");
	CHECK_STR(key(&plain, VT_KEY_DELETE, 0), "\033[3~");
	CHECK_STR(key(&plain, VT_KEY_PAGE_UP, 0), "\033[5~");
	CHECK_STR(key(&plain, VT_KEY_PAGE_DOWN, 0), "\033[6~");
}

TEST(enter_tab_backspace_escape)
{
	const struct vt_modes lnm = { .newline = true };

	CHECK_STR(key(&plain, VT_KEY_ENTER, 0), "\r");
	CHECK_STR(key(&lnm, VT_KEY_ENTER, 0), "\r\n");
	CHECK_STR(key(&plain, VT_KEY_ENTER, VT_MOD_ALT), "\033\r");
	CHECK_STR(key(&plain, VT_KEY_TAB, 0), "\t");
	CHECK_STR(key(&plain, VT_KEY_TAB, VT_MOD_SHIFT), "\033[Z");
	CHECK_STR(key(&plain, VT_KEY_BACKSPACE, 0), "\177");
	CHECK_STR(key(&plain, VT_KEY_BACKSPACE, VT_MOD_CTRL), "\b");
	CHECK_STR(key(&plain, VT_KEY_BACKSPACE, VT_MOD_ALT), "\033\177");
	CHECK_STR(key(&plain, VT_KEY_ESCAPE, 0), "\033");
	CHECK_STR(key(&plain, VT_KEY_ESCAPE, VT_MOD_ALT), "\033\033");
}

TEST(characters)
{
	CHECK_STR(key(&plain, 'a', 0), "a");
	CHECK_STR(key(&plain, 0x20ac, 0), "\xe2\x82\xac");
	CHECK_STR(key(&plain, 0x1f600, 0), "\xf0\x9f\x98\x80");
	CHECK_STR(key(&plain, 'x', VT_MOD_ALT), "\033x");
	CHECK_STR(key(&plain, 0xe9, VT_MOD_ALT), "\033\xc3\xa9");
	CHECK_STR(key(&plain, 0xd800, 0), "");
	CHECK_STR(key(&plain, 0x10ffff + 1, 0), "");
	CHECK_STR(key(&plain, VT_KEY_FIRST, 0), "");
	CHECK_STR(key(&plain, 0xffffffff, 0), "");
}

TEST(control)
{
	static const struct {
		uint32_t cp;
		int byte;
	} want[] = { { 'a', 1 }, { 'A', 1 }, { 'z', 26 }, { '[', 27 },
		{ '\\', 28 }, { ']', 29 }, { '^', 30 }, { '_', 31 },
		{ '/', 31 }, { '?', 127 }, { '8', 127 }, { '3', 27 },
		{ '4', 28 }, { '5', 29 }, { '6', 30 }, { '7', 31 }, { ' ', 0 },
		{ '@', 0 }, { '2', 0 }, { '1', '1' }, { '=', '=' } };

	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		key(&plain, want[i].cp, VT_MOD_CTRL);
		CHECK_INT(out.len, 1);
		CHECK_INT((unsigned char)out.data[0], want[i].byte);
	}
	CHECK_STR(key(&plain, 'c', VT_MOD_CTRL | VT_MOD_ALT), "\033\003");
	CHECK_STR(key(&plain, 0xe9, VT_MOD_CTRL), "\xc3\xa9");
	key(&plain, ' ', VT_MOD_CTRL | VT_MOD_ALT);
	CHECK_INT(out.len, 2);
}

TEST(keypad)
{
	const struct vt_modes app = { .app_keypad = true };
	static const char plain_keys[] = "0123456789*+,-./\r=";
	static const char app_keys[] = "pqrstuvwxyjklmnoMX";

	for (unsigned i = 0; i < 18; i++) {
		char one[2] = { plain_keys[i], '\0' };
		char ss3[4] = { '\033', 'O', app_keys[i], '\0' };

		CHECK_STR(key(&plain, VT_KEY_PAD_0 + i, 0), one);
		CHECK_STR(key(&app, VT_KEY_PAD_0 + i, 0), ss3);
	}
	CHECK_STR(key(&app, VT_KEY_PAD_PLUS, VT_MOD_SHIFT), "\033[1;2k");
	CHECK_STR(key(&app, VT_KEY_PAD_EQUAL + 1, 0), "");
}

TEST(mouse_of_the_old_form)
{
	const struct vt_modes m = { .mouse = VT_MOUSE_CLICKS };

	CHECK_STR(mouse(&m, VT_PRESS, 1, 0, 0, 0), "\033[M !!");
	CHECK_STR(mouse(&m, VT_PRESS, 3, 4, 9, 0), "\033[M\"*%");
	CHECK_STR(mouse(&m, VT_RELEASE, 1, 4, 9, 0), "\033[M#*%");
	CHECK_STR(mouse(&m, VT_WHEEL_UP, 0, 4, 9, 0), "\033[M`*%");
	CHECK_STR(mouse(&m, VT_WHEEL_DOWN, 0, 4, 9, 0), "\033[Ma*%");
	CHECK_STR(mouse(&m, VT_PRESS, 1, 0, 0, VT_MOD_CTRL), "\033[M0!!");
	CHECK_STR(mouse(&m, VT_PRESS, 1, 0, 0, VT_MOD_SHIFT | VT_MOD_ALT),
	    "\033[M,!!");
	CHECK_STR(mouse(&m, VT_PRESS, 1, 0, 222, 0), "\033[M \377!");
	CHECK_STR(mouse(&m, VT_PRESS, 1, 0, 223, 0), "");
	CHECK_STR(mouse(&m, VT_PRESS, 1, 223, 0, 0), "");
}

TEST(mouse_of_the_sgr_form)
{
	const struct vt_modes m = { .mouse = VT_MOUSE_DRAGS,
		.mouse_sgr = true };

	CHECK_STR(mouse(&m, VT_PRESS, 1, 0, 0, 0), "\033[<0;1;1M");
	CHECK_STR(mouse(&m, VT_RELEASE, 2, 4, 9, 0), "\033[<1;10;5m");
	CHECK_STR(mouse(&m, VT_DRAG, 1, 4, 9, VT_MOD_SHIFT), "\033[<36;10;5M");
	CHECK_STR(mouse(&m, VT_WHEEL_DOWN, 0, 4, 9, 0), "\033[<65;10;5M");
	CHECK_STR(mouse(&m, VT_PRESS, 1, 499, 999, 0), "\033[<0;1000;500M");
}

TEST(only_what_was_asked_for)
{
	const struct vt_modes x10 = { .mouse = VT_MOUSE_X10 },
			      clicks = { .mouse = VT_MOUSE_CLICKS },
			      drags = { .mouse = VT_MOUSE_DRAGS },
			      all = { .mouse = VT_MOUSE_ALL };

	CHECK_STR(mouse(&plain, VT_PRESS, 1, 0, 0, 0), "");
	CHECK_STR(mouse(&plain, VT_WHEEL_UP, 0, 0, 0, 0), "");
	CHECK_STR(mouse(&x10, VT_PRESS, 2, 0, 0, VT_MOD_CTRL), "\033[M!!!");
	CHECK_STR(mouse(&x10, VT_RELEASE, 2, 0, 0, 0), "");
	CHECK_STR(mouse(&x10, VT_WHEEL_UP, 0, 0, 0, 0), "");
	CHECK_STR(mouse(&clicks, VT_DRAG, 1, 0, 0, 0), "");
	CHECK_STR(mouse(&drags, VT_DRAG, 1, 0, 0, 0), "\033[M@!!");
	CHECK_STR(mouse(&drags, VT_DRAG, 0, 0, 0, 0), "");
	CHECK_STR(mouse(&all, VT_DRAG, 0, 0, 0, 0), "\033[MC!!");
	CHECK_STR(mouse(&all, VT_PRESS, 0, 0, 0, 0), "");
	CHECK_STR(mouse(&all, VT_PRESS, 4, 0, 0, 0), "");
	CHECK_STR(mouse(&all, VT_PRESS, 1, -1, 0, 0), "");
}

TEST(paste_cannot_leave_its_brackets)
{
	const struct vt_modes m = { .paste = true };

	CHECK_STR(paste(&m, "a\033[201~b"), "\033[200~a[201~b\033[201~");
	CHECK_STR(paste(&m,
		      "a\xc2\x9b"
		      "201~b"),
	    "\033[200~a201~b\033[201~");
	CHECK_STR(paste(&m,
		      "a\x9b"
		      "201~b"),
	    "\033[200~a201~b\033[201~");
	CHECK_STR(paste(&m, "a\003\004\177\bb\tc"), "\033[200~ab\tc\033[201~");
	CHECK_STR(paste(&m, ""), "");
}

TEST(paste_presses_return)
{
	CHECK_STR(paste(&plain, "a\nb\r\nc\rd\n"), "a\rb\rc\rd\r");
	CHECK_STR(paste(&plain, "\xc3\xa9\xe4\xb8\x96\xef\xbf\xbd"),
	    "\xc3\xa9\xe4\xb8\x96\xef\xbf\xbd");
}
