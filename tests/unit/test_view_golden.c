/*
 * Goldens: what the operator sees, as text, roles and flags of each cell.
 * UPDATE=1 rewrites them; look at the difference before committing it.
 */
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "rackmux/ui/screen.h"
#include "ui_rack.h"

static struct loop *loop;
static struct model *model;
static struct screen screen;
static struct canvas canvas;

static void
begin(struct model *(*make)(struct loop *))
{
	setenv("TZ", "UTC", 1);
	loop = loop_new();
	model = make(loop);
	screen_init(&screen, model);
	canvas_init(&canvas);
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
golden(const char *name, int w, int h)
{
	golden_check(&screen, &canvas, name, w, h);
}

static void
at_all_sizes(const char *name)
{
	golden(name, 40, 12);
	golden(name, 80, 24);
	golden(name, 120, 36);
	golden(name, 200, 60);
}

static void
act(enum action a)
{
	screen_do(&screen, a);
}

TEST(a_healthy_rack)
{
	begin(fix_rack);
	at_all_sizes("rack");
	end();
}

TEST(a_rack_with_trouble)
{
	begin(fix_troubled);
	screen_select(&screen, model->boards[0], 2);
	at_all_sizes("trouble");
	end();
}

TEST(a_rack_in_ascii)
{
	begin(fix_troubled);
	canvas.ascii = true;
	golden("ascii", 80, 24);
	golden("ascii", 120, 36);
	end();
}

TEST(a_rack_without_boards)
{
	begin(fix_model);
	golden("empty", 40, 12);
	golden("empty", 80, 24);
	end();
}

static struct model *
big(struct loop *l)
{
	return fix_big(l, 16);
}

static struct model *
huge(struct loop *l)
{
	return fix_big(l, 256);
}

TEST(sixty_four_nodes)
{
	begin(big);
	golden("nodes64", 200, 50);
	golden("nodes64", 80, 24);
	end();
}

TEST(a_thousand_nodes)
{
	begin(huge);
	golden("nodes1024", 200, 60);
	golden("nodes1024", 80, 24);
	end();
}

TEST(marked_nodes)
{
	begin(fix_rack);
	act(ACTION_MARK);
	act(ACTION_DOWN);
	canvas_resize(&canvas, 80, 24);
	screen_draw(&screen, &canvas);
	act(ACTION_MARK);
	act(ACTION_RIGHT);
	act(ACTION_MARK);
	golden("marked", 80, 24);
	end();
}

TEST(details_of_a_node)
{
	begin(fix_troubled);
	screen_select(&screen, model->boards[0], 2);
	act(ACTION_DETAILS);
	at_all_sizes("node");
	end();
}

TEST(details_of_a_lost_node)
{
	begin(fix_troubled);
	screen_select(&screen, model->boards[2], 5);
	act(ACTION_DETAILS);
	golden("node-lost", 80, 24);
	end();
}

/* What consoles tell: how far a node has booted, else its last line. */
static struct model *
talking(struct loop *l)
{
	struct model *m = fix_rack(l);
	struct node **tp = m->boards[0]->nodes, **pi = m->boards[2]->nodes;

	node_hears(tp[0], true, "");
	node_heard(tp[0], "kernel", 4, 0, "[    3.1] usb 1-1: new device");
	node_hears(tp[1], true, "");
	node_heard(tp[1], "login", 86400, 3600, "web-b login:");
	node_hears(tp[2], true, "");
	node_heard(tp[2], "panic", 42, 42, "---[ end Kernel panic ]---");
	node_alarm(tp[2], true, "kernel panic", "Kernel panic - not syncing");
	node_hears(pi[0], true, "");
	node_heard(pi[0], "loader", 2, 1, "U-Boot 2024.01");
	fix_clock(m);
	return m;
}

TEST(what_consoles_tell)
{
	begin(talking);
	at_all_sizes("heard");
	act(ACTION_DETAILS);
	golden("heard-node", 120, 36);
	end();
}

TEST(details_of_a_board)
{
	begin(fix_troubled);
	act(ACTION_BOARD);
	golden("board", 80, 24);
	golden("board", 120, 36);
	end();
}

TEST(details_of_a_lost_board)
{
	begin(fix_troubled);
	act(ACTION_NEXT_BOARD);
	act(ACTION_BOARD);
	golden("board-lost", 80, 24);
	end();
}

TEST(events)
{
	begin(fix_troubled);
	act(ACTION_EVENTS);
	golden("events", 40, 12);
	golden("events", 80, 24);
	end();
}

TEST(help)
{
	begin(fix_rack);
	act(ACTION_HELP);
	golden("help", 40, 12);
	golden("help", 80, 24);
	golden("help", 120, 36);
	end();
}

TEST(a_host_key_is_asked_for)
{
	const struct link_ask q = { ASK_HOSTKEY, 7,
		"Unknown host key of tp2-a.local",
		"The server tp2-a.local (10.0.0.5), port 22, showed a host "
		"key that is not in ~/.ssh/known_hosts.\n\n"
		"ED25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n\n"
		"Is this key right?",
		true };

	begin(fix_rack);
	screen_ask(&screen, "tp2-a", &q);
	golden("hostkey", 80, 24);
	golden("hostkey", 40, 12);
	screen_paste(&screen, "maybe", 5);
	screen_key(&screen, (struct key){ SYM_ENTER, 0 });
	golden("hostkey-wrong", 80, 24);
	end();
}

TEST(a_password_is_not_shown)
{
	const struct link_ask q = { ASK_PASSWORD, 8,
		"Password of root@turingpi.local", "", false };

	begin(fix_rack);
	screen_ask(&screen, "tp2-a", &q);
	screen_paste(&screen, "geheim", 6);
	golden("password", 80, 24);
	end();
}

TEST(the_card_of_actions)
{
	struct board *b;

	begin(fix_rack);
	b = model->boards[0];
	for (int a = 0; a < ACT_MAX; a++)
		origin_cannot(b, b->origin, 1, (enum act)a,
		    a <= ACT_POWER_RESET
			? NULL
			: "The BMC can only cut power: give the node an "
			  "in-band link, and it can be shut down.");
	screen_do(&screen, ACTION_ACT);
	golden("card", 40, 12);
	golden("card", 80, 24);
	golden("card", 120, 36);
	screen.card.at = ACT_POWER_SOFT;
	golden("card-cannot", 80, 24);
	screen.card.at = ACT_POWER_CYCLE;
	screen_key(&screen, (struct key){ SYM_ENTER, 0 });
	golden("card-sure", 80, 24);
	end();
}

TEST(too_small)
{
	begin(fix_rack);
	golden("tiny", 10, 3);
	golden("tiny", 1, 1);
	end();
}

TEST(a_message)
{
	begin(fix_rack);
	screen_message(&screen, EVENT_WARN,
	    "rackmux.cfg:14: unknown key \"nmae\"; the old one stays");
	golden("message", 80, 24);
	end();
}
