/*
 * What keys and the mouse do, and what happens when the model changes under
 * the screen.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/test.h"
#include "rackmux/model/feed.h"
#include "rackmux/ui/screen.h"
#include "ui_rack.h"

static struct loop *loop;
static struct model *model;
static struct screen screen;
static struct canvas canvas;
static char told[256];

static void
on_action(void *arg, enum action a, struct board *b, struct node *n)
{
	char path[96] = "";

	(void)arg;
	(void)b;
	if (n != NULL)
		node_path(n, path, sizeof path);
	str_format(told, sizeof told, "%s %s", action_table[a].name, path);
}

static void
on_answer(void *arg, unsigned id, const char *answer)
{
	(void)arg;
	str_format(
	    told, sizeof told, "%u=%s", id, answer != NULL ? answer : "(none)");
}

static void
on_act(void *arg, struct node *n, enum act act)
{
	char path[96];
	size_t len = strlen(told);

	(void)arg;
	str_format(told + len, sizeof told - len, "%s%s %s", len > 0 ? "," : "",
	    act_name(act), node_path(n, path, sizeof path));
}

static const struct screen_host host = {
	.on_action = on_action, .on_answer = on_answer, .on_act = on_act
};

static void
draw(void)
{
	canvas_resize(&canvas, 120, 36);
	screen_draw(&screen, &canvas);
}

static void
begin(void)
{
	setenv("TZ", "UTC", 1);
	loop = loop_new();
	model = fix_rack(loop);
	screen_init(&screen, model);
	screen.host = &host;
	canvas_init(&canvas);
	draw();
}

static void
end(void)
{
	screen_release(&screen);
	canvas_release(&canvas);
	model_free(model);
	loop_free(loop);
}

static void
keys(const char *names)
{
	char copy[128], *p = copy, *word;
	struct key k;

	str_copy(copy, sizeof copy, names);
	while ((word = str_word(&p)) != NULL) {
		CHECK(key_parse(word, &k));
		screen_key(&screen, k);
		draw();
	}
}

static const char *
selected(void)
{
	static char path[96];
	struct node *n = screen_node(&screen);

	return n != NULL ? node_path(n, path, sizeof path) : "";
}

static bool
shows(const char *text)
{
	char *dump = canvas_dump(&canvas);
	bool yes = strstr(dump, text) != NULL;

	free(dump);
	return yes;
}

TEST(arrows_and_hjkl_walk_the_rack)
{
	begin();
	CHECK_STR(selected(), "tp2-a/1");
	keys("Right l");
	CHECK_STR(selected(), "tp2-a/3");
	keys("Down");
	CHECK_STR(selected(), "tp2-b/3");
	keys("j h");
	CHECK_STR(selected(), "pis/2");
	keys("Tab");
	CHECK_STR(selected(), "tp2-a/1");
	keys("S-Tab");
	CHECK_STR(selected(), "pis/1");
	keys("G");
	CHECK_STR(selected(), "pis/15");
	keys("PgUp");
	CHECK_STR(selected(), "tp2-a/3");
	keys("g");
	CHECK_STR(selected(), "tp2-a/1");
	end();
}

TEST(space_marks_and_escape_unmarks)
{
	begin();
	keys("Space Space");
	CHECK(model->boards[0]->nodes[0]->marked);
	CHECK(model->boards[0]->nodes[1]->marked);
	CHECK(shows("2 marked"));
	keys("Esc");
	CHECK(!model->boards[0]->nodes[0]->marked);
	CHECK(!shows("marked"));
	end();
}

TEST(views_stack_and_quit_closes_them_first)
{
	begin();
	keys("Enter");
	CHECK(shows("slot 1 of Turing Pi 2"));
	keys("Right");
	CHECK(shows("slot 2 of Turing Pi 2"));
	keys("b e");
	CHECK(shows("Events"));
	keys("q");
	CHECK(shows("rack unit 12"));
	keys("Esc q");
	CHECK_STR(told, "");
	CHECK_STR(selected(), "tp2-a/2");
	keys("q");
	CHECK_STR(told, "quit tp2-a/2");
	end();
}

TEST(ctrl_c_quits_from_anywhere)
{
	begin();
	keys("Enter ? C-c");
	CHECK_STR(told, "quit tp2-a/1");
	end();
}

TEST(refresh_names_what_is_selected)
{
	begin();
	keys("Right r");
	CHECK_STR(told, "refresh tp2-a/2");
	end();
}

TEST(the_selection_survives_what_the_model_loses)
{
	begin();
	keys("G Enter");
	model_remove_board(model, model->boards[2]);
	draw();
	CHECK_STR(selected(), "tp2-a/1");
	keys("Right r Tab b q q");
	while (model->n_boards > 0)
		model_remove_board(model, model->boards[0]);
	draw();
	CHECK(screen_node(&screen) == NULL);
	CHECK(shows("There is no board"));
	keys("Up Down Left Right Tab S-Tab PgUp PgDn g G Space Enter b e r");
	end();
}

TEST(a_layout_of_yesterday_is_not_walked)
{
	begin();
	model_remove_board(model, model->boards[1]);
	/* No drawing in between: the layout still knows three boards. */
	screen_do(&screen, ACTION_DOWN);
	screen_do(&screen, ACTION_PAGE_DOWN);
	screen_mouse(&screen,
	    &(struct mouse){
		.what = MOUSE_PRESS, .button = 1, .x = 10, .y = 20 });
	draw();
	CHECK_STR(selected(), "tp2-a/1");
	end();
}

TEST(slots_that_go_away_take_the_selection_along)
{
	struct board *b;

	begin();
	b = model_add_board(model, "tmp", &fix_turing, 1, 1, 4);
	screen_select(&screen, b, 3);
	draw();
	CHECK_STR(selected(), "tmp/4");
	board_set_slots(b, 2);
	draw();
	CHECK_STR(selected(), "tmp/2");
	board_set_slots(b, 0);
	draw();
	CHECK(screen_node(&screen) == NULL);
	keys("Enter");
	CHECK(shows("rack unit 1"));
	end();
}

TEST(a_click_selects_and_a_double_click_opens)
{
	struct mouse m = { .what = MOUSE_PRESS, .button = 1 };
	struct rect t;

	begin();
	t = layout_tile(&screen.layout, 2, 4);
	m.x = t.x + 2;
	m.y = t.y + screen.body.y;
	screen_mouse(&screen, &m);
	draw();
	CHECK_STR(selected(), "pis/5");
	CHECK(!shows("slot 5 of Linux"));
	loop_advance(loop, 1000);
	screen_mouse(&screen, &m);
	draw();
	CHECK(!shows("slot 5 of Linux"));
	loop_advance(loop, 100);
	screen_mouse(&screen, &m);
	draw();
	CHECK(shows("slot 5 of Linux"));
	m.button = 3;
	screen_mouse(&screen, &m);
	draw();
	CHECK(!shows("slot 5 of Linux"));
	end();
}

static void
ask(enum link_ask_kind kind, unsigned id)
{
	const struct link_ask q = { kind, id, "A question", "with a text",
		false };

	screen_ask(&screen, "tp2-a", &q);
	draw();
}

TEST(a_host_key_needs_the_whole_word)
{
	begin();
	ask(ASK_HOSTKEY, 3);
	keys("y Enter");
	CHECK_STR(told, "");
	CHECK(shows("whole word"));
	keys("e s Enter");
	CHECK_STR(told, "3=yes");
	CHECK(!shows("A question"));
	end();
}

TEST(declining_is_an_answer_too)
{
	begin();
	ask(ASK_HOSTKEY, 3);
	keys("n o Enter");
	CHECK_STR(told, "3=(none)");
	ask(ASK_PASSWORD, 4);
	keys("x Esc");
	CHECK_STR(told, "4=(none)");
	ask(ASK_PASSWORD, 5);
	keys("C-c");
	CHECK_STR(told, "5=(none)");
	end();
}

TEST(questions_queue_and_one_that_is_over_goes)
{
	begin();
	ask(ASK_PASSWORD, 1);
	ask(ASK_PASSWORD, 2);
	ask(ASK_PASSWORD, 3);
	CHECK(shows("more follow"));
	screen_ask_over(&screen, 2);
	keys("a Enter");
	CHECK_STR(told, "1=a");
	keys("b Enter");
	CHECK_STR(told, "3=b");
	CHECK(screen.asks == NULL);
	screen_ask_over(&screen, 99);
	end();
}

TEST(editing_an_answer)
{
	begin();
	ask(ASK_PASSWORD, 1);
	screen_paste(&screen, "g\303\244x\033[A\nrest", 12);
	keys("Backspace Backspace");
	/* ESC is no character; "[A" of the paste went, "x" is left. */
	keys("Enter");
	CHECK_STR(told, "1=g\303\244x");
	ask(ASK_PASSWORD, 2);
	keys("a b C-u c Enter");
	CHECK_STR(told, "2=c");
	ask(ASK_PASSWORD, 3);
	for (int i = 0; i < 2000; i++)
		screen_key(&screen, (struct key){ 0x20ac, 0 });
	draw();
	CHECK(screen.asks->len < ASK_INPUT_MAX);
	end();
}

TEST(keys_do_not_pass_a_question)
{
	begin();
	ask(ASK_PASSWORD, 1);
	keys("q Right Enter");
	CHECK_STR(told, "1=q");
	CHECK_STR(selected(), "tp2-a/1");
	end();
}

TEST(a_message_goes_after_a_while)
{
	begin();
	screen_message(&screen, EVENT_WARN, "bad \033[31mthing");
	draw();
	CHECK(shows("bad \357\277\275[31mthing"));
	loop_advance(loop, 10000);
	draw();
	CHECK(!shows("thing"));
	end();
}

TEST(scrolling_ends_at_both_ends)
{
	begin();
	keys("Enter");
	for (int i = 0; i < 200; i++)
		screen_do(&screen, ACTION_DOWN);
	draw();
	draw();
	CHECK(shows("usb.boot"));
	keys("g");
	CHECK(shows("links"));
	screen_do(&screen, ACTION_PAGE_UP);
	draw();
	CHECK(shows("links"));
	end();
}

/* The rows past the end were drawn, which are blank, until the next second. */
TEST(the_end_of_a_list_is_drawn_at_once)
{
	begin();
	keys("Enter");
	draw();
	screen_do(&screen, ACTION_LAST);
	draw();
	CHECK(shows("usb.boot"));
	screen_do(&screen, ACTION_PAGE_DOWN);
	draw();
	CHECK(shows("usb.boot"));
	end();
}

/* --- the card of actions --- */

static void
can_power(struct board *b, bool can)
{
	for (int slot = 1; slot <= b->slots; slot++) {
		for (int a = 0; a < ACT_MAX; a++)
			origin_cannot(b, b->origin, slot, (enum act)a,
			    can && a <= ACT_POWER_RESET
				? NULL
				: "Its board cannot: give it a feed.");
	}
}

TEST(the_card_greys_out_with_a_sentence)
{
	begin();
	can_power(model->boards[0], false);
	told[0] = '\0';
	keys("p");
	CHECK(shows("power cycle"));
	CHECK(shows("Its board cannot: give it a feed."));
	keys("Enter y");
	CHECK_STR(told, "");
	CHECK(screen.card.open);
	keys("Esc");
	CHECK(!screen.card.open);
	end();
}

TEST(a_cut_asks_once_more_and_enter_does_not_answer)
{
	begin();
	can_power(model->boards[0], true);
	told[0] = '\0';
	keys("p Down Enter");
	CHECK(shows("what runs there is lost"));
	CHECK(shows("tp2-a/1"));
	keys("Enter");
	CHECK_STR(told, "");
	keys("Enter y");
	CHECK_STR(told, "power.off tp2-a/1");
	CHECK(!screen.card.open);
	told[0] = '\0';
	keys("p Enter");
	CHECK_STR(told, "power.on tp2-a/1");
	end();
}

TEST(marked_nodes_are_meant_together)
{
	begin();
	can_power(model->boards[0], true);
	origin_cannot(model->boards[0], model->boards[0]->origin, 2,
	    ACT_POWER_ON, "Not this one: see its board.");
	told[0] = '\0';
	keys("Space Space Space p");
	CHECK(shows("2 of 3 can"));
	CHECK(shows("3 nodes"));
	keys("Enter");
	CHECK_STR(told, "power.on tp2-a/1,power.on tp2-a/3");
	end();
}

TEST(a_read_only_screen_does_nothing)
{
	begin();
	can_power(model->boards[0], true);
	screen.read_only = true;
	told[0] = '\0';
	keys("p Enter");
	CHECK_STR(told, "");
	CHECK(shows("read-only"));
	end();
}

/* The board goes away under the open card: what is selected then is another
 * node, which nobody meant. */
TEST(a_card_closes_when_its_node_goes)
{
	begin();
	can_power(model->boards[0], true);
	told[0] = '\0';
	keys("p Down Enter");
	model_remove_board(model, model->boards[0]);
	keys("y");
	CHECK_STR(told, "");
	CHECK(!screen.card.open);
	end();
}

/* A reload makes a board anew: the same name, perhaps at the same place in
 * memory, and yet another board. */
TEST(a_card_closes_when_its_board_is_made_anew)
{
	begin();
	can_power(model->boards[0], true);
	told[0] = '\0';
	keys("p Down Enter");
	for (size_t i = 0; i < model->n_boards; i++)
		model->boards[i]->serial += 1000;
	keys("y");
	CHECK_STR(told, "");
	CHECK(!screen.card.open);
	CHECK(shows("nothing was done"));
	end();
}

TEST(a_card_is_about_the_nodes_for_which_it_was_opened)
{
	begin();
	can_power(model->boards[0], true);
	told[0] = '\0';
	keys("p Down Enter");
	screen_select(&screen, model->boards[0], 2);
	keys("y");
	CHECK_STR(told, "power.off tp2-a/1");
	end();
}

/* Asked about one of two; the other one comes back before the answer. */
TEST(a_node_that_was_not_asked_about_is_not_cut)
{
	struct board *b;

	begin();
	b = model->boards[0];
	can_power(b, true);
	origin_cannot(b, b->origin, 2, ACT_POWER_OFF, "Not connected.");
	told[0] = '\0';
	keys("Space Space p Down Enter");
	origin_cannot(b, b->origin, 2, ACT_POWER_OFF, NULL);
	keys("y");
	CHECK_STR(told, "power.off tp2-a/1");
	end();
}

TEST(a_card_of_marks_never_turns_to_the_selected_node)
{
	begin();
	can_power(model->boards[0], true);
	told[0] = '\0';
	keys("Space p Down Enter");
	model->boards[0]->nodes[0]->marked = false;
	keys("y");
	CHECK_STR(told, "");
	end();
}

TEST(a_click_chooses_in_the_card)
{
	struct mouse m = { .what = MOUSE_PRESS, .button = 1 };

	begin();
	can_power(model->boards[0], true);
	told[0] = '\0';
	keys("p");
	m.x = screen.card.rows.x + 2;
	m.y = screen.card.rows.y + ACT_POWER_RESET;
	screen_mouse(&screen, &m);
	CHECK_INT(screen.card.at, ACT_POWER_RESET);
	screen_mouse(&screen, &m);
	CHECK(screen.card.sure);
	m.x = 0;
	screen_mouse(&screen, &m);
	CHECK(!screen.card.open);
	CHECK_STR(told, "");
	end();
}

/* --- power feeds --- */

static struct feed *
add_feed(double watts)
{
	static const struct driver unifi = { .type = "unifi",
		.title = "UniFi switch" };
	struct feed *f = model_add_feed(model, "poe-sw", &unifi, 60);
	const struct reading w = { .id = NAME_POWER_WATTS,
		.source = SOURCE_FEED,
		.known = true,
		.number = watts };

	(void)feed_add_origin(f, &unifi, "ssh://admin@switch");
	feed_set_link(f, LINK_UP, LINK_WHY_NONE, "");
	feed_set_ports(f, 8);
	node_set_feed(model->boards[0]->nodes[0], f, 5);
	node_set_feed(model->boards[0]->nodes[1], f, 5);
	feed_set(f, 5, &w);
	feed_fresh(f);
	return f;
}

TEST(details_show_what_feeds_a_node)
{
	begin();
	(void)add_feed(7.5);
	draw();
	CHECK(!shows("feed trouble"));
	keys("Enter");
	CHECK(shows("poe-sw: 7.5 W of 60 W"));
	CHECK(shows("port 5, which also feeds"));
	keys("Esc b");
	CHECK(shows("poe-sw: 7.5 W of 60 W"));
	end();
}

TEST(a_feed_over_its_budget_is_seen_in_the_header)
{
	begin();
	(void)add_feed(61);
	draw();
	CHECK(shows("1 feed trouble"));
	keys("b");
	CHECK(shows("more than its budget of 60.0 W"));
	end();
}

TEST(the_question_names_who_hangs_on_the_same_port)
{
	struct feed *f;

	begin();
	f = add_feed(7);
	can_power(model->boards[0], false);
	feed_cannot(f, 5, ACT_POWER_OFF, NULL);
	keys("p Down Enter");
	CHECK(shows("Its port also feeds"));
	CHECK(shows("web-b"));
	end();
}

/* Every view at every size: what is drawn stays on the canvas (the
 * sanitizers watch) and nothing loops. */
TEST(every_view_at_every_size)
{
	static const enum view_id ids[] = { VIEW_RACK, VIEW_NODE, VIEW_BOARD,
		VIEW_EVENTS };

	begin();
	for (int w = 1; w < 140; w += 3)
		for (int h = 1; h < 50; h += 4)
			for (int v = 0; v < 8; v++) {
				screen.depth = 1;
				screen_open(&screen, ids[v % 4]);
				screen.help = v == 4;
				if (v == 5 && screen.asks == NULL)
					ask(ASK_HOSTKEY, 1);
				if (v == 6)
					screen_ask_over(&screen, 1);
				if (v == 7)
					screen_do(&screen, ACTION_ACT);
				screen.card.sure = w % 2 == 0;
				screen.card.at = ACT_POWER_OFF;
				canvas_resize(&canvas, w, h);
				screen_draw(&screen, &canvas);
			}
	end();
}
