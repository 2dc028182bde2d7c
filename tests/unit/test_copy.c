/*
 * Copy mode: looking back, searching, selecting, and what is taken.
 */
#include "panes_fix.h"

#include "../../src/ui/copy_in.h"

static struct panes *const ps = &pf.screen.panes;

/* A console with the lines "line 0" to "line 99", the last is "tail". */
static void
begin(void)
{
	char text[64];

	pbegin(fix_rack, 80, 24);
	CHECK(panes_open(ps, "tp2-a/1"));
	pdraw();
	for (int i = 0; i < 100; i++) {
		str_format(text, sizeof text, "line %d\r\n", i);
		psay(0, text);
	}
	psay(0, "tail");
	pdraw();
}

/* The row in which the cursor stands. */
static const char *
here(void)
{
	return pf.canvas.cursor_y >= 0 ? prow(pf.canvas.cursor_y) : "";
}

static int
role_cells(enum role role)
{
	int n = 0;

	for (int i = 0; i < pf.canvas.w * pf.canvas.h; i++)
		n += pf.canvas.cells[i].style.role == role;
	return n;
}

TEST(the_cursor_walks_and_the_pane_follows)
{
	begin();
	pkeys("C-] [");
	CHECK_STR(here(), "tail");
	pkeys("k k");
	CHECK_STR(here(), "line 98");
	pkeys("g");
	CHECK_STR(here(), "line 0");
	pkeys("j PgDn");
	CHECK(strncmp(here(), "line ", 5) == 0);
	CHECK(!pshows("line 0 "));
	pkeys("G");
	CHECK_STR(here(), "tail");
	pkeys("C-u C-d C-b C-f Up Down k w w");
	CHECK(pf.canvas.cursor_x >= 0);
	pkeys("q");
	CHECK(ppane(0)->copy == NULL && !ppane(0)->back);
	CHECK_STR(here(), "tail");
	pend();
}

TEST(what_is_printed_meanwhile_does_not_move_it)
{
	begin();
	pkeys("C-] PgUp k");
	CHECK_STR(here(), "line 99");
	for (int i = 0; i < 3000; i++)
		psay(0, i < 50 ? "\r\nmore" : "");
	pdraw();
	CHECK_STR(here(), "line 99");
	CHECK(!pshows("more"));
	/* Lines that the scrollback drops take it along. */
	for (int i = 0; i < 3000; i++)
		psay(0, "flood\r\n");
	pdraw();
	CHECK_STR(here(), "flood");
	pkeys("g k h");
	CHECK_STR(here(), "flood");
	pkeys("Esc");
	CHECK(ppane(0)->copy == NULL);
	pend();
}

TEST(searching_up_and_down)
{
	begin();
	pkeys("C-] / L I N E Space 4 2 Enter");
	CHECK_STR(here(), "line 42");
	CHECK_INT(pf.canvas.cursor_x, 0);
	CHECK(role_cells(ROLE_MATCH) == 7);
	pkeys("n");
	CHECK(pshows("not found above"));
	CHECK_STR(here(), "line 42");
	pkeys("/ e Space 5 Enter");
	CHECK_STR(here(), "line 5");
	CHECK_INT(pf.canvas.cursor_x, 3);
	pkeys("N");
	CHECK_STR(here(), "line 50");
	pkeys("N n n");
	CHECK_STR(here(), "line 5");
	pkeys("? t a i l Enter");
	CHECK_STR(here(), "tail");
	pkeys("/ x y Backspace Backspace Enter Esc");
	pend();
}

TEST(searching_wide_and_marked_text)
{
	begin();
	psay(0, "\r\n\344\270\255\346\226\207 ok \344\270\255e\314\201x\r\n");
	pkeys("C-] [ / o k Enter");
	CHECK_INT(pf.canvas.cursor_x, 5);
	pkeys("/");
	screen_key(&pf.screen, (struct key){ 0x4e2d, 0 });
	pkeys("Enter");
	CHECK_INT(pf.canvas.cursor_x, 0);
	pkeys("N");
	CHECK_INT(pf.canvas.cursor_x, 8);
	pkeys("? x Enter");
	CHECK_INT(pf.canvas.cursor_x, 11);
	pend();
}

TEST(a_selection_is_taken_and_goes_nowhere_else)
{
	begin();
	pkeys("C-] [ k k 0 v j $");
	CHECK(role_cells(ROLE_PICKED) > 7);
	pkeys("y");
	CHECK_STR(copy_taken(ps), "line 98\nline 99");
	CHECK(ppane(0)->copy == NULL);
	CHECK_STR(pf.clip, "");
	/* Upwards it is the same; the clipboard gets it only when asked. */
	pkeys("C-] [ k $ v k 0 Y");
	CHECK_STR(copy_taken(ps), "line 98\nline 99");
	CHECK_STR(pf.clip, "line 98\nline 99");
	CHECK(strstr(pmessage(), "clipboard") != NULL);
	pkeys("C-] [ k V k y");
	CHECK_STR(copy_taken(ps), "line 98\nline 99\n");
	pkeys("C-] [ y");
	CHECK(pshows("nothing is selected"));
	pkeys("v Esc");
	CHECK(ppane(0)->copy != NULL && !ppane(0)->copy->selecting);
	pkeys("C-c");
	CHECK(ppane(0)->copy == NULL);
	pend();
}

TEST(lines_that_were_wrapped_are_one_again)
{
	char text[260];

	begin();
	memset(text, 'w', 200);
	str_copy(text + 200, 60, "END\r\nnext   \r\n");
	psay(0, "\r\n");
	psay(0, text);
	pkeys("C-] [ / E N D Enter 0 k k v G k $ y");
	str_copy(text + 203, 57, "\nnext");
	CHECK_STR(copy_taken(ps), text);
	pend();
}

TEST(what_was_taken_is_pasted)
{
	begin();
	popen_echo(0);
	pkeys("C-] [ k k 0 v $ y C-] ]");
	CUNTIL(&pf.c,
	    (loop_advance(pf.c.loop, 5),
		on_screen(pf.consoles[0], "tailRline 98") > 0));
	pend();
}

TEST(the_mouse_selects_and_releases)
{
	int y;

	begin();
	y = ppane(0)->in.y + ppane(0)->in.h - 2;
	CHECK_STR(prow(y), "line 99");
	pmouse(MOUSE_PRESS, 2, y - 1, 0);
	pmouse(MOUSE_DRAG, 4, y, 0);
	CHECK(ppane(0)->copy != NULL && ppane(0)->copy->selecting);
	/* The pane gave its last row away and moved; what is selected did
	 * not. */
	CHECK_STR(here(), "line 99");
	pmouse(MOUSE_RELEASE, 4, y, 0);
	CHECK_STR(copy_taken(ps), "ne 98\nline ");
	CHECK_STR(pf.clip, "");
	CHECK(ppane(0)->copy == NULL);
	/* A press alone selects nothing. */
	pmouse(MOUSE_PRESS, 2, y, 0);
	pmouse(MOUSE_RELEASE, 2, y, 0);
	CHECK(ppane(0)->copy == NULL);
	/* In copy mode the wheel looks back, a press moves the cursor. */
	pkeys("C-] [");
	pmouse(MOUSE_WHEEL_UP, 2, y, 0);
	CHECK_STR(here(), "line 97");
	pmouse(MOUSE_PRESS, 3, ppane(0)->in.y, 0);
	CHECK_INT(pf.canvas.cursor_x, 3);
	CHECK_INT(pf.canvas.cursor_y, ppane(0)->in.y);
	pmouse(MOUSE_DRAG, 500, 500, 0);
	pmouse(MOUSE_RELEASE, 500, 500, 0);
	CHECK(copy_taken(ps)[0] != '\0');
	pend();
}

TEST(what_is_too_much_for_the_clipboard_is_said_to_be)
{
	char text[64];

	begin();
	for (int i = 0; i < 800; i++) {
		str_format(text, sizeof text, "line %d\r\n", i);
		psay(0, text);
	}
	pkeys("C-] [ g V G Y");
	CHECK(strlen(copy_taken(ps)) > sizeof pf.clip);
	CHECK_STR(pf.clip, "");
	CHECK(strstr(pmessage(), "too many") != NULL);
	pend();
}

TEST(the_cursor_stays_inside_when_the_pane_shrinks)
{
	begin();
	pkeys("C-] [ k 0 $");
	for (pf.h = 5; pf.h < 30; pf.h += 3)
		for (pf.w = 20; pf.w < 90; pf.w += 9) {
			pdraw();
			CHECK(pf.canvas.cursor_x < pf.w);
			CHECK(pf.canvas.cursor_y < pf.h);
		}
	pkeys("C-] k G g $ j");
	psay(0, "\033[2J\033[3J\033c");
	pkeys("k j n N / a Enter q");
	pend();
}

TEST(a_pane_without_room_selects_nothing_outside)
{
	struct pane *p;

	begin();
	psay(0, "some text");
	pkeys("C-] [ 0 v");
	p = ppane(0);
	p->in = rect_of(0, 0, 0, 0);
	copy_key(&pf.screen.panes, p, (struct key){ 'l', 0 });
	CHECK(p->copy != NULL);
	copy_key(&pf.screen.panes, p, (struct key){ 'v', 0 });
	copy_key(&pf.screen.panes, p, (struct key){ 'v', 0 });
	copy_key(&pf.screen.panes, p, (struct key){ 'k', 0 });
	copy_key(&pf.screen.panes, p, (struct key){ 'y', 0 });
	pend();
}

TEST(a_query_is_bounded_and_may_be_any_text)
{
	begin();
	pkeys("C-] /");
	for (int i = 0; i < 300; i++)
		screen_key(&pf.screen, (struct key){ 0x4e2d, 0 });
	pkeys("Backspace Enter");
	CHECK(pshows("not found above"));
	pkeys("/ ( [ * \\ Enter");
	CHECK(pshows("not found above"));
	pkeys("/ Esc");
	CHECK(!ppane(0)->copy->asking);
	pend();
}
