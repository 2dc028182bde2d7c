/*
 * Panes on the screen: opened, moved, zoomed, kept, and what is typed and
 * clicked in them.
 */
#include "panes_fix.h"

#include "rackmux/console/chorus.h"

static struct panes *const ps = &pf.screen.panes;

static void
open_first(size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK(panes_open(ps, console_name(pf.consoles[i])));
	pdraw();
}

TEST(c_opens_the_console_of_the_node)
{
	pbegin(fix_rack, 80, 24);
	pkeys("c");
	CHECK_STR(pfocus(), "tp2-a/1");
	CHECK(pshows("tp2-a/1 web-a"));
	/* The rack keeps what it needs and is still to be seen. */
	CHECK(pshows("homelab") && ps->rack.h >= 6);
	/* Again: it is there already. */
	pkeys("C-] r c");
	CHECK_INT(ps->n, 1);
	CHECK_STR(pfocus(), "tp2-a/1");
	pend();
}

TEST(a_node_without_a_console_says_why)
{
	pbegin(fix_rack, 80, 24);
	pkeys("Down c");
	CHECK_INT(ps->n, 0);
	CHECK(strstr(pmessage(), "tp2-b/1: ") != NULL);
	pend();
}

TEST(consoles_of_all_marked_nodes_at_once)
{
	pbegin(fix_rack, 120, 36);
	pkeys("Space Space Space c");
	CHECK_INT(ps->n, 3);
	CHECK_STR(pfocus(), "tp2-a/1");
	CHECK(ps->rack.w == 120 && ps->rack.h > 2);
	CHECK(strstr(playout(), "beside(tp2-a/1") != NULL);
	for (size_t i = 0; i < 3; i++)
		CHECK(ppane(i)->in.h > 0);
	pend();
}

TEST(panes_are_split_and_closed)
{
	pbegin(fix_rack, 120, 36);
	open_first(1);
	pkeys("C-] |");
	CHECK(pf.screen.pick.open);
	/* What is open already is not offered. */
	CHECK(pshows("tp2-a/2 web-b"));
	pkeys("Enter");
	CHECK_INT(ps->n, 2);
	CHECK_STR(pfocus(), "tp2-a/2");
	CHECK_INT(ppane(0)->r.y, ppane(1)->r.y);
	pkeys("C-] - d b - a Enter");
	CHECK_STR(pfocus(), "tp2-a/3");
	CHECK(ppane(2)->r.y > ppane(1)->r.y);
	pkeys("C-] - Esc");
	CHECK_INT(ps->n, 3);
	/* The focus goes back to where it was. */
	pkeys("C-] x");
	CHECK_STR(pfocus(), "tp2-a/2");
	pkeys("C-] x C-] x");
	CHECK_STR(pfocus(), "rack");
	panes_close(ps, ppane(0)->id);
	CHECK_STR(playout(), "rack");
	pkeys("C-] x");
	CHECK_INT(ps->rack.h, 34);
	pend();
}

TEST(zoom_and_back)
{
	pbegin(fix_rack, 80, 24);
	open_first(2);
	pkeys("C-] z");
	CHECK(ps->zoomed && ppane(1)->r.h == 22);
	CHECK(ps->rack.h == 0 && ppane(0)->r.h == 0);
	CHECK(!pshows("tp2-a/1"));
	/* The next one takes its place, as large. */
	pkeys("C-] n");
	CHECK_STR(pfocus(), "rack");
	CHECK_INT(ps->rack.h, 22);
	pkeys("C-] n C-] z");
	CHECK(!ps->zoomed && ppane(0)->r.h > 0 && ppane(1)->r.h > 0);
	pend();
}

TEST(keys_move_the_focus)
{
	pbegin(fix_rack, 120, 36);
	CHECK(panes_load(
	    ps, "below(rack:1,beside(tp2-a/1:1,tp2-a/2:1):1,tp2-a/3:1)"));
	pdraw();
	CHECK_STR(pfocus(), "rack");
	pkeys("C-] Down C-] l");
	CHECK_STR(pfocus(), "tp2-a/2");
	pkeys("C-] j");
	CHECK_STR(pfocus(), "tp2-a/3");
	pkeys("C-] j");
	CHECK_STR(pfocus(), "tp2-a/3");
	pkeys("C-] Up C-] Right C-] Left C-] Left");
	CHECK_STR(pfocus(), "tp2-a/1");
	pkeys("C-] k");
	CHECK_STR(pfocus(), "rack");
	pkeys("C-] n C-] Tab C-] n C-] n");
	CHECK_STR(pfocus(), "rack");
	pkeys("C-] n C-] d");
	CHECK_STR(pfocus(), "rack");
	pend();
}

TEST(panes_change_places_and_arrangement)
{
	pbegin(fix_rack, 120, 36);
	CHECK(panes_load(ps, "below(rack:1,tp2-a/1:1,tp2-a/2:1)"));
	pdraw();
	pkeys("C-] n C-] }");
	CHECK_STR(playout(), "below(rack:1,tp2-a/2:1,tp2-a/1:1)");
	pkeys("C-] {");
	CHECK_STR(playout(), "below(rack:1,tp2-a/1:1,tp2-a/2:1)");
	CHECK_STR(pfocus(), "tp2-a/1");
	for (int i = 0; i < SHAPE_COUNT; i++) {
		pkeys("C-] Space");
		CHECK_INT(tree_count(ps->tree), 3);
		CHECK_STR(pfocus(), "tp2-a/1");
	}
	pkeys("C-] =");
	CHECK(ppane(0)->r.h > 0 && ppane(1)->r.h > 0);
	pend();
}

TEST(keys_resize_again_without_the_prefix)
{
	int h;

	pbegin(fix_rack, 120, 36);
	CHECK(panes_load(ps, "below(rack:1,beside(tp2-a/1:1,tp2-a/2:1):1)"));
	pdraw();
	pkeys("C-] n");
	h = ppane(0)->r.h;
	pkeys("C-] J");
	CHECK_INT(ppane(0)->r.h, h + 1);
	pkeys("J S-Down K");
	CHECK_INT(ppane(0)->r.h, h + 2);
	CHECK_INT(ppane(0)->r.w, 59);
	pkeys("L L H");
	CHECK_INT(ppane(0)->r.w, 61);
	/* Another key ends it; it is no key for the node. */
	pkeys("z");
	CHECK(ps->zoomed && !ps->leading);
	pend();
}

TEST(the_mouse_gives_the_focus_and_drags_edges)
{
	int y;

	pbegin(fix_rack, 120, 36);
	CHECK(panes_load(ps, "below(rack:1,beside(tp2-a/1:1,tp2-a/2:1):1)"));
	pdraw();
	y = ppane(0)->r.y;
	pmouse(MOUSE_PRESS, 100, y + 3, 0);
	CHECK_STR(pfocus(), "tp2-a/2");
	pmouse(MOUSE_RELEASE, 100, y + 3, 0);
	/* A title is the edge above its pane. */
	pmouse(MOUSE_PRESS, 10, y, 0);
	pmouse(MOUSE_DRAG, 10, y - 4, 0);
	pmouse(MOUSE_RELEASE, 10, y - 4, 0);
	CHECK_INT(ppane(0)->r.y, y - 4);
	CHECK_STR(pfocus(), "tp2-a/1");
	pmouse(MOUSE_PRESS, 59, y + 3, 0);
	pmouse(MOUSE_DRAG, 40, y + 3, 0);
	pmouse(MOUSE_RELEASE, 40, y + 3, 0);
	CHECK_INT(ppane(0)->r.w, 40);
	/* Nothing is dragged any more. */
	pmouse(MOUSE_DRAG, 70, y + 3, 0);
	CHECK_INT(ppane(0)->r.w, 40);
	pmouse(MOUSE_PRESS, 10, 3, 0);
	CHECK_STR(pfocus(), "rack");
	pend();
}

/* --- typing ---------------------------------------------------------------- */

static int
echoed(size_t i, const char *text)
{
	return on_screen(pf.consoles[i], text);
}

#define SOON(cond) CUNTIL(&pf.c, (loop_advance(pf.c.loop, 10), (cond)))

TEST(all_keys_go_to_the_node_but_the_prefix)
{
	pbegin(fix_rack, 80, 24);
	open_first(1);
	popen_echo(0);
	pkeys("q h e l p ? / c");
	SOON(echoed(0, "Rqhelp?/c") == 1);
	CHECK_INT(pf.quits, 0);
	pkeys("C-c");
	CHECK_INT(pf.quits, 0);
	/* Twice is the key itself: 0x1d. */
	SOON(console_bytes(pf.consoles[0]) == 10);
	pkeys("C-] C-]");
	SOON(console_bytes(pf.consoles[0]) == 11);
	CHECK(!ps->leading);
	/* An unknown key after it does nothing, nor does it reach the node. */
	pkeys("C-] F7 z");
	SOON(echoed(0, "z") == 1);
	CHECK(screen_types(&pf.screen, (struct key){ 'a', 0 }));
	CHECK(!screen_types(&pf.screen, ps->prefix));
	pend();
}

TEST(another_prefix)
{
	pbegin(fix_rack, 80, 24);
	CHECK(key_parse("C-a", &ps->prefix));
	open_first(1);
	popen_echo(0);
	pkeys("C-] C-a r");
	CHECK_STR(pfocus(), "rack");
	SOON(console_bytes(pf.consoles[0]) == 2);
	pend();
}

TEST(pasted_text_cannot_leave_its_brackets)
{
	static const char text[] = "a\033[201~rm\nb";

	pbegin(fix_rack, 80, 24);
	open_first(1);
	popen_echo(0);
	screen_paste(&pf.screen, text, sizeof text - 1);
	SOON(echoed(0, "b") > 0);
	CHECK(echoed(0, "[201~rm") > 0);
	CHECK_INT(console_bytes(pf.consoles[0]), 1 + sizeof text - 1 - 1);
	pend();
}

TEST(read_only_types_nothing)
{
	pbegin(fix_rack, 80, 24);
	open_first(1);
	popen_echo(0);
	pf.screen.read_only = true;
	pkeys("l s");
	screen_paste(&pf.screen, "x", 1);
	CHECK(strstr(pmessage(), "read-only") != NULL);
	vt_feed(console_vt(pf.consoles[0]), "\033[?1000h\033[?1004h", 16);
	pmouse(MOUSE_PRESS, 10, ppane(0)->in.y, 0);
	panes_terminal_focus(ps, true);
	pkeys("C-] b");
	CHECK(strstr(pmessage(), "read-only") != NULL);
	pkeys("C-] O");
	for (int i = 0; i < 20; i++)
		loop_turn(pf.c.loop, 2);
	CHECK_INT(console_bytes(pf.consoles[0]), 1);
	pend();
}

TEST(a_console_that_is_not_open_says_why)
{
	pbegin(fix_rack, 80, 24);
	console_route(pf.consoles[0], NULL, NULL,
	    "The board has no serial console; ssh would do.");
	loop_turn(pf.c.loop, 1);
	pkeys("c");
	for (int i = 0; i < 5; i++)
		loop_turn(pf.c.loop, 1);
	pdraw();
	CHECK(pshows("The board has no serial console; ssh would do."));
	CHECK(strstr(prow(ppane(0)->r.y), "no way") != NULL);
	pkeys("a");
	CHECK(strstr(pmessage(), "no serial console") != NULL);
	pend();
}

/* --- the mouse in a pane ---------------------------------------------------- */

TEST(the_mouse_goes_to_a_program_that_asked_for_it)
{
	pbegin(fix_rack, 80, 24);
	open_first(1);
	popen_echo(0);
	vt_feed(console_vt(pf.consoles[0]), "\033[?1000h\033[?1006h", 16);
	pmouse(MOUSE_PRESS, 4, ppane(0)->in.y + 2, 0);
	/* ESC [ < 0 ; 5 ; 3 M, back from the far end: 9 bytes. */
	SOON(console_bytes(pf.consoles[0]) == 1 + 9);
	/* With Shift it is ours. */
	pmouse(MOUSE_PRESS, 4, ppane(0)->in.y + 2, MOD_SHIFT);
	pmouse(MOUSE_DRAG, 9, ppane(0)->in.y + 2, MOD_SHIFT);
	CHECK(ppane(0)->copy != NULL);
	pend();
}

TEST(the_wheel_looks_back_and_is_arrows_on_the_alternate_screen)
{
	char text[16];

	pbegin(fix_rack, 80, 24);
	open_first(1);
	popen_echo(0);
	for (int i = 0; i < 60; i++) {
		str_format(text, sizeof text, "line %d\r\n", i);
		psay(0, text);
	}
	pdraw();
	pmouse(MOUSE_WHEEL_UP, 4, ppane(0)->in.y + 2, 0);
	CHECK(ppane(0)->back && ppane(0)->copy == NULL);
	CHECK(pshows("3 lines back"));
	CHECK(!pshows("line 59"));
	/* What comes does not move it; a key brings it back. */
	psay(0, "more\r\n");
	pdraw();
	CHECK(pshows("4 lines back"));
	pmouse(MOUSE_WHEEL_DOWN, 4, ppane(0)->in.y + 2, 0);
	pmouse(MOUSE_WHEEL_DOWN, 4, ppane(0)->in.y + 2, 0);
	CHECK(!ppane(0)->back && pshows("more"));
	psay(0, "\033[?1049h\033[?1h");
	pmouse(MOUSE_WHEEL_UP, 4, ppane(0)->in.y + 2, 0);
	CHECK(!ppane(0)->back);
	/* Three times ESC O A, echoed: it does nothing but move. */
	SOON(console_bytes(pf.consoles[0]) >= 60 * 8 && pf.c.changes > 0);
	pend();
}

TEST(the_bell_is_seen_for_a_while)
{
	pbegin(fix_rack, 80, 24);
	open_first(1);
	psay(0, "x");
	pdraw();
	CHECK(!pshows(" bell "));
	for (int i = 0; i < 1000; i++)
		psay(0, "\a");
	loop_advance(pf.c.loop, 1000);
	pdraw();
	CHECK(pshows(" bell "));
	loop_advance(pf.c.loop, 2000);
	pdraw();
	CHECK(!pshows(" bell "));
	pend();
}

/* --- layouts ---------------------------------------------------------------- */

TEST(a_layout_is_kept_and_opened)
{
	pbegin(fix_rack, 120, 36);
	pkeys("C-] o");
	CHECK(strstr(pmessage(), "No layout is kept yet") != NULL);
	CHECK(panes_load(ps, "below(rack:5,beside(tp2-a/1:2,tp2-a/2:1):4)"));
	pdraw();
	pkeys("C-] w w o r k Enter");
	CHECK_STR(
	    pf.kept[0], "work below(rack:5,beside(tp2-a/1:2,tp2-a/2:1):4)");
	CHECK(strstr(pmessage(), "comes back at the next start") != NULL);
	CHECK_STR(ps->layout, "work");
	/* What was changed since is none that has a name. */
	pkeys("C-] n C-] x");
	CHECK_STR(ps->layout, "");
	pkeys("C-] o Enter");
	CHECK_STR(ps->layout, "work");
	CHECK_STR(playout(), "below(rack:5,beside(tp2-a/1:2,tp2-a/2:1):4)");
	panes_open_layout(ps, "none");
	CHECK(strstr(pmessage(), "\"none\" is not kept") != NULL);
	for (size_t i = 1; i < ARRAY_LEN(pf.kept); i++)
		str_copy(pf.kept[i], sizeof pf.kept[i], "x rack");
	pkeys("C-] w o t h e r Enter");
	CHECK(strstr(pmessage(), "the disk is full") != NULL);
	pend();
}

TEST(a_layout_of_nodes_that_are_gone_keeps_the_rest)
{
	pbegin(fix_rack, 120, 36);
	CHECK(panes_load(ps, "below(rack:1,tp2-a/1:1,gone/1:1,tp2-z/9:1)"));
	CHECK_STR(playout(), "below(rack:1,tp2-a/1:1)");
	CHECK(!panes_load(ps, "below(tp2-a/1:1,tp2-a/2:1)"));
	CHECK(!panes_load(ps, "below(rack:1"));
	CHECK(!panes_load(ps, ""));
	CHECK_STR(playout(), "below(rack:1,tp2-a/1:1)");
	pend();
}

/* The last layout is opened at the start, when nothing has answered yet. */
TEST(consoles_may_come_after_their_panes)
{
	pbegin(fix_rack, 80, 24);
	CHECK(panes_load(ps, "below(rack:1,pis/1:1)"));
	pdraw();
	CHECK(pshows("no console"));
	CHECK(panes_find(ps, "pis/1")->console == NULL);
	pkeys("C-] n a b C-] [ C-] b C-] t C-] R C-] C");
	CHECK_STR(pfocus(), "pis/1");
	screen_paste(&pf.screen, "x", 1);
	pmouse(MOUSE_WHEEL_UP, 5, 20, 0);
	pfix_add("pis/1", "pis/1 pi01");
	pdraw();
	CHECK(panes_find(ps, "pis/1")->console == pf.consoles[4]);
	psay(4, "hello");
	pdraw();
	CHECK(pshows("pis/1 pi01") && pshows("hello"));
	CHECK_INT(vt_cols(console_vt(pf.consoles[4])), 80);
	pend();
}

TEST(a_reload_takes_a_console_away_and_gives_it_back)
{
	pbegin(fix_rack, 80, 24);
	open_first(2);
	psay(1, "before");
	pkeys("C-] t C-] [");
	CHECK_INT(chorus_count(ps->chorus), 1);
	console_free(pf.consoles[1]);
	/* Whatever comes first. */
	pkeys("x C-] C C-] b");
	screen_paste(&pf.screen, "y", 1);
	pmouse(MOUSE_PRESS, 10, ppane(0)->in.y, 0);
	CHECK_INT(chorus_count(ps->chorus), 0);
	CHECK_INT(ps->n, 2);
	CHECK(pshows("no console") && !pshows("before"));
	pf.consoles[1] = NULL;
	pf.n = 1;
	pfix_add("tp2-a/2", "tp2-a/2 again");
	pdraw();
	CHECK(pshows("tp2-a/2 again"));
	psay(1, "after");
	pdraw();
	CHECK(pshows("after"));
	panes_set(ps, NULL);
	pdraw();
	panes_set(ps, pf.c.set);
	pend();
}

/* Before anything was drawn. */
TEST(panes_of_consoles_that_went_may_go_in_any_way)
{
	for (int way = 0; way < 4; way++) {
		pbegin(fix_rack, 80, 24);
		open_first(2);
		pkeys("C-] T");
		CHECK_INT(chorus_count(ps->chorus), 2);
		console_free(pf.consoles[0]);
		console_free(pf.consoles[1]);
		if (way == 0)
			CHECK(panes_load(ps, "below(rack:1,tp2-a/3:1)"));
		else if (way == 1)
			panes_close(ps, ps->v[0]->id);
		else if (way == 2)
			CHECK(panes_open(ps, "tp2-a/1"));
		pend();
	}
}

/* The new one may have the address of the old, and be none of its viewer. */
TEST(another_console_at_the_same_address_is_another)
{
	const struct console *old;
	struct pane *p;

	pbegin(fix_rack, 80, 24);
	open_first(2);
	p = ppane(1);
	old = p->console;
	for (int i = 0; i < 64; i++) {
		console_free(pf.consoles[1]);
		pf.n = 1;
		if (pfix_add("tp2-a/2", "tp2-a/2 again") == old)
			break;
	}
	pdraw();
	CHECK(p->console == pf.consoles[1]);
	CHECK(TAILQ_FIRST(&p->console->viewers) == p->viewer);
	/* It has the focus, as its pane has. */
	CHECK(p->viewer != NULL && p->console->focus == p->viewer);
	pend();
}

/* --- many ------------------------------------------------------------------- */

static int
many_cells(int y)
{
	int n = 0;

	for (int x = 0; x < pf.canvas.w; x++)
		n += pf.canvas.cells[y * pf.canvas.w + x].style.role ==
		    ROLE_MANY;
	return n;
}

TEST(typing_at_many_is_unmissable)
{
	pbegin(fix_rack, 120, 36);
	open_first(3);
	for (size_t i = 0; i < 3; i++)
		popen_echo(i);
	pkeys("C-] T");
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(many_cells(ppane(i)->r.y), 120);
	CHECK_INT(many_cells(35), 120);
	CHECK(pshows("TYPED AT 3 CONSOLES"));
	pkeys("l s");
	SOON(echoed(0, "Rls") && echoed(1, "Rls") && echoed(2, "Rls"));
	/* This one not. */
	pkeys("C-] t");
	CHECK_INT(many_cells(35), 0);
	CHECK_INT(many_cells(ppane(2)->r.y), 0);
	pkeys("x");
	SOON(echoed(2, "Rlsx"));
	CHECK(!echoed(0, "Rlsx"));
	pkeys("C-] k y");
	SOON(echoed(0, "Rlsy") && echoed(1, "Rlsy"));
	CHECK(!echoed(2, "Rlsxy"));
	pkeys("C-] T");
	CHECK_INT(many_cells(ppane(0)->r.y), 0);
	CHECK(ps->chorus == NULL);
	pend();
}

TEST(too_much_for_many_is_refused_with_a_word)
{
	static char text[100000];

	pbegin(fix_rack, 120, 36);
	open_first(2);
	popen_echo(0);
	popen_echo(1);
	pkeys("C-] T");
	memset(text, 'x', sizeof text);
	screen_paste(&pf.screen, text, sizeof text);
	CHECK(strstr(pmessage(), "too much to type at many") != NULL);
	pend();
}

TEST(one_that_is_paused_is_flagged_and_goes_on_when_confirmed)
{
	pbegin(fix_rack, 120, 36);
	open_first(3);
	popen_echo(0);
	popen_echo(1);
	pkeys("C-] T a");
	SOON(chorus_state(ps->chorus, pf.consoles[2]) == CHORUS_GONE);
	SOON(echoed(0, "Ra") && echoed(1, "Ra"));
	CHECK(strstr(pmessage(), "tp2-a/3") != NULL);
	loop_advance(pf.c.loop, 10000);
	pdraw();
	CHECK(pshows("PAUSED: gone") && pshows("1 paused: Ctrl-] y goes on"));
	pkeys("C-] y");
	CHECK(!pshows("PAUSED"));
	pkeys("C-] t C-] k C-] t C-] k C-] t");
	CHECK_INT(chorus_count(ps->chorus), 0);
	pend();
}

/* --- what drawing costs ------------------------------------------------------ */

static int
touched(void)
{
	int n = 0;

	for (int y = 0; y < pf.canvas.h; y++)
		n += pf.canvas.touched[y];
	return n;
}

TEST(what_changed_is_drawn_and_no_more)
{
	uint64_t now;

	pbegin(fix_rack, 80, 24);
	open_first(2);
	psay(0, "one\r\ntwo");
	psay(1, "three");
	pdraw();
	canvas_settled(&pf.canvas);
	loop_advance(pf.c.loop, 1000);
	now = loop_now(pf.c.loop);
	CHECK(!screen_draw_panes(&pf.screen, &pf.canvas, now));
	CHECK_INT(touched(), 0);
	psay(0, "x");
	CHECK(screen_draw_panes(&pf.screen, &pf.canvas, now));
	/* Its line and its title. */
	CHECK_INT(touched(), 2);
	CHECK(pf.canvas.touched[ppane(0)->in.y + 1]);
	canvas_settled(&pf.canvas);
	/* A cursor that moves alone writes no line. */
	psay(0, "\033[1;1H");
	CHECK(screen_draw_panes(&pf.screen, &pf.canvas, now + 200));
	CHECK_INT(touched(), 1);
	pend();
}

TEST(a_pane_that_cost_much_rests)
{
	uint64_t now;

	pbegin(fix_rack, 80, 24);
	open_first(2);
	psay(0, "a");
	psay(1, "b");
	loop_advance(pf.c.loop, 1000);
	now = loop_now(pf.c.loop);
	CHECK(screen_draw_panes(&pf.screen, &pf.canvas, now));
	panes_cost(ps, 8000);
	psay(0, "a");
	psay(1, "b");
	/* 4,000 bytes each: 100 ms at 40 kB/s where one looks, 1 s beside. */
	CHECK_INT(ppane(1)->rest_ms, 100);
	CHECK_INT(ppane(0)->rest_ms, 1000);
	CHECK_INT(panes_due(ps, now), now + 100);
	CHECK(!screen_draw_panes(&pf.screen, &pf.canvas, now + 99));
	/* Its echo does not wait for that. */
	ps->typed_at = now;
	CHECK_INT(panes_due(ps, now + 1), now + 1);
	/* Under a window nothing is due but the whole. */
	pkeys("C-] ?");
	psay(0, "c");
	CHECK(screen_panes_due(&pf.screen, now) == UINT64_MAX);
	CHECK(!screen_draw_panes(&pf.screen, &pf.canvas, now + 9999));
	pkeys("Esc");
	pend();
}

/* --- small screens, and one console alone ------------------------------------ */

TEST(small_screens_show_what_fits)
{
	pbegin(fix_rack, 40, 12);
	open_first(3);
	psay(2, "here I am");
	pdraw();
	CHECK(pshows("here I am"));
	for (pf.h = 1; pf.h < 14; pf.h++)
		for (pf.w = 1; pf.w < 60; pf.w += 3)
			pdraw();
	pf.w = 2000;
	pf.h = 700;
	pdraw();
	pkeys("C-] z");
	CHECK_INT(ppane(2)->in.h, VT_ROWS_MAX);
	pf.w = 80;
	pf.h = 24;
	pdraw();
	CHECK(pshows("here I am"));
	pend();
}

/* It would be drawn without end. */
TEST(a_pane_of_a_title_alone_is_drawn_once)
{
	pbegin(fix_rack, 40, 24);
	open_first(2);
	panes_place(ps, rect_of(0, 1, 40, 3));
	CHECK(ppane(1)->r.h == 1 || ppane(0)->r.h == 1);
	for (size_t i = 0; i < 2; i++) {
		psay(i, "x");
		pane_draw(ps, ppane(i), &pf.canvas);
	}
	CHECK(panes_due(ps, loop_now(pf.c.loop)) == UINT64_MAX);
	pend();
}

TEST(sixty_three_consoles_and_a_word_about_the_next)
{
	char name[32];

	pbegin(fix_rack, 200, 60);
	for (int i = 0; i < 63; i++) {
		str_format(name, sizeof name, "n/%d", i);
		CHECK(panes_open(ps, name));
	}
	CHECK(!panes_open(ps, "n/63"));
	CHECK(strstr(pmessage(), "too many panes") != NULL);
	CHECK_INT(ps->n, 63);
	panes_split(ps, TREE_BESIDE, "n/64");
	CHECK_INT(ps->n, 63);
	pdraw();
	while (ps->n > 0)
		panes_close(ps, ps->v[0]->id);
	pdraw();
	CHECK_STR(playout(), "rack");
	pend();
}

TEST(one_console_alone_says_how_to_leave)
{
	pbegin(fix_rack, 80, 24);
	panes_solo(ps, "tp2-a/1");
	pdraw();
	CHECK_INT(ppane(0)->in.h, 21);
	CHECK(strstr(prow(23), "Ctrl-] r leaves") != NULL);
	pkeys("C-]");
	CHECK(strstr(prow(23), "r leave") != NULL);
	pkeys("x C-] - C-] | C-] w C-] o C-] z C-] T");
	CHECK_INT(ps->n, 1);
	CHECK(!pf.screen.pick.open && !ps->zoomed);
	CHECK(strstr(pmessage(), "shows one console") != NULL);
	CHECK_INT(pf.quits, 0);
	pkeys("C-] r");
	CHECK_INT(pf.quits, 1);
	pkeys("C-] d");
	CHECK_INT(pf.quits, 2);
	pend();
}

TEST(every_action_does_something_or_says_why_not)
{
	pbegin(fix_rack, 120, 36);
	for (int i = 0; i < 2; i++) {
		for (int a = ACTION_PANE_RACK; a < ACTION_COUNT; a++) {
			CHECK_INT(action_table[a].where, WHERE_PANE);
			screen_do(&pf.screen, (enum action)a);
			pdraw();
			if (pf.screen.pick.open)
				pkeys("Esc");
			pf.screen.help = false;
		}
		/* Each key leads to its action, and to one only. */
		open_first(2);
		popen_echo((size_t)i);
	}
	for (int a = ACTION_PANE_RACK; a < ACTION_COUNT; a++) {
		char keys[64], *p = keys, *word;
		struct key k;

		str_copy(keys, sizeof keys, action_table[a].keys);
		while ((word = str_word(&p)) != NULL) {
			CHECK(key_parse(word, &k));
			CHECK_INT(action_of_pane_key(k), a);
		}
	}
	pend();
}

TEST(a_recording_is_begun_and_ended)
{
	pbegin(fix_rack, 120, 36);
	open_first(1);
	popen_echo(0);
	pkeys("C-] R");
	CHECK(strstr(pmessage(), ": recording") != NULL);
	CHECK(pshows("\342\227\217 rec"));
	pkeys("C-] R");
	CHECK(!pshows("\342\227\217 rec"));
	pkeys("C-] b");
	CHECK(pmessage()[0] != '\0');
	pend();
}
