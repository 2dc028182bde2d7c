/*
 * Goldens: what the operator sees, as text, roles and flags of each cell.
 * UPDATE=1 rewrites them; look at the difference before committing it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/test.h"
#include "rackmux/base/buf.h"
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

/* The day's clock stands in the header; it is not what we look at. */
static void
hide_clock(char *dump)
{
	char *line = strchr(dump, '\n') + 1, *stop = strchr(line, '\n');

	for (char *p = line; p + 8 <= stop; p++)
		if (p[2] == ':' && p[5] == ':' && strchr("012", p[0]) != NULL)
			memcpy(p, "21:04:12", 8);
}

/* The folder of the goldens lies beside this file in the source. */
static char *
golden_path(const char *name)
{
	const char *file = __FILE__, *slash = strrchr(file, '/');

	return mem_printf("%.*s/../golden/%s.txt",
	    slash != NULL ? (int)(slash - file) : 1, slash != NULL ? file : ".",
	    name);
}

static void
read_all(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	buf_init(b, 0);
	if (f == NULL)
		return;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(b, chunk, n);
	fclose(f);
}

static void
write_all(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		test_fail(path, 0, "%s", strerror(errno));
	fputs(text, f);
	fclose(f);
}

static void
show_difference(const char *want, const char *got)
{
	char *w = mem_strdup(want), *g = mem_strdup(got);
	char *pw = w, *pg = g, *lw, *lg;
	int line = 0;

	do {
		lw = str_line(&pw);
		lg = str_line(&pg);
		line++;
		if (!test_same(lw, lg))
			fprintf(stderr, "%4d -%s\n     +%s\n", line,
			    lw ? lw : "(end)", lg ? lg : "(end)");
	} while (lw != NULL || lg != NULL);
	free(w);
	free(g);
}

static void
golden(const char *name, int w, int h)
{
	char *full = mem_printf("%s-%dx%d", name, w, h);
	char *path = golden_path(full), *dump;
	const char *update = getenv("UPDATE");
	struct buf want;

	canvas_resize(&canvas, w, h);
	screen_draw(&screen, &canvas);
	dump = canvas_dump(&canvas);
	hide_clock(dump);
	if (update != NULL && strcmp(update, "1") == 0)
		write_all(path, dump);
	read_all(path, &want);
	if (strcmp(buf_str(&want), dump) != 0) {
		show_difference(buf_str(&want), dump);
		test_fail(path, 1, "the screen differs (UPDATE=1 rewrites)");
	}
	buf_release(&want);
	free(full);
	free(path);
	free(dump);
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
