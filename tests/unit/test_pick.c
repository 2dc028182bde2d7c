/* The window in which one of several is chosen, or a text typed. */
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/pick.h"
#include "test.h"

static struct pick pick;
static struct canvas canvas;
static char got[200];
static int calls;

static void
done(void *arg, const char *value)
{
	(void)arg;
	/* It is closed by now: the next may be opened from here. */
	CHECK(!pick.open);
	calls++;
	str_copy(got, sizeof got, value != NULL ? value : "(none)");
}

static void
begin(void)
{
	static const char *const names[] = { "web-a", "web-b", "db-a" };

	pick_open(&pick, "Which?", done, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		pick_add(&pick, names[i], i == 2 ? "open now" : NULL, names[i]);
	canvas_init(&canvas);
	canvas_resize(&canvas, 80, 24);
	calls = 0;
	str_copy(got, sizeof got, "");
}

static void
end(void)
{
	pick_release(&pick);
	canvas_release(&canvas);
}

static void
keys(const char *names)
{
	char copy[128], *p = copy, *word;
	struct key k;

	str_copy(copy, sizeof copy, names);
	while ((word = str_word(&p)) != NULL) {
		CHECK(key_parse(word, &k));
		pick_key(&pick, k);
		if (!pick.open)
			continue;
		canvas_clear(&canvas);
		pick_draw(&pick, &canvas, rect_of(0, 0, 80, 24));
	}
}

static bool
shows(const char *text)
{
	char *dump = canvas_dump(&canvas);
	bool yes = strstr(dump, text) != NULL;

	free(dump);
	return yes;
}

TEST(arrows_choose)
{
	begin();
	keys("Down Down Down Up Enter");
	CHECK_STR(got, "web-b");
	CHECK_INT(calls, 1);
	end();
}

TEST(typing_narrows_by_all_words_and_notes_count)
{
	begin();
	keys("A Space W E");
	CHECK(shows("web-a") && !shows("db-a"));
	keys("Enter");
	CHECK_STR(got, "web-a");
	end();
	begin();
	keys("o p e n Enter");
	CHECK_STR(got, "db-a");
	end();
}

TEST(nothing_that_matches_is_nothing_chosen)
{
	begin();
	keys("x x Enter");
	CHECK_INT(calls, 0);
	CHECK(shows("nothing matches"));
	keys("Backspace Backspace Enter");
	CHECK_STR(got, "web-a");
	end();
}

TEST(escape_closes_without_choosing)
{
	begin();
	keys("Down Esc");
	CHECK_STR(got, "(none)");
	CHECK_INT(calls, 1);
	end();
	begin();
	keys("C-c");
	CHECK_STR(got, "(none)");
	end();
}

TEST(free_text_is_taken_as_typed)
{
	begin();
	pick.free_text = pick.text_first = true;
	keys("w e Enter");
	CHECK_STR(got, "we");
	end();
	begin();
	pick.free_text = true;
	keys("w e Enter");
	CHECK_STR(got, "web-a");
	end();
}

TEST(text_is_bounded_and_pasted_text_is_clean)
{
	char big[4096];

	begin();
	pick.free_text = pick.text_first = true;
	memset(big, 'x', sizeof big);
	pick_paste(&pick, big, sizeof big);
	pick_paste(&pick, big, sizeof big);
	CHECK(strlen(pick.text) < PICK_TEXT_MAX);
	keys("C-u");
	CHECK_STR(pick.text, "");
	pick_paste(&pick, "a\033[2Jb\n", 7);
	CHECK(strchr(pick.text, '\033') == NULL);
	CHECK(strchr(pick.text, '\n') == NULL);
	for (int i = 0; i < 200; i++)
		pick_key(&pick, (struct key){ 0x4e2d, 0 });
	keys("Backspace Up");
	CHECK(strlen(pick.text) < PICK_TEXT_MAX);
	end();
}

TEST(the_mouse_chooses_and_a_click_outside_closes)
{
	struct mouse m = { MOUSE_PRESS, 1, 0, 0, 0 };

	begin();
	keys("Up");
	m.x = pick.rows.x + 2;
	m.y = pick.rows.y + 1;
	pick_mouse(&pick, &m);
	CHECK_STR(got, "web-b");
	end();
	begin();
	keys("Up");
	m.what = MOUSE_WHEEL_DOWN;
	pick_mouse(&pick, &m);
	CHECK_INT(pick.at, 1);
	m.what = MOUSE_WHEEL_UP;
	pick_mouse(&pick, &m);
	pick_mouse(&pick, &m);
	CHECK_INT(pick.at, 0);
	m = (struct mouse){ MOUSE_PRESS, 1, 0, 0, 0 };
	pick_mouse(&pick, &m);
	CHECK_STR(got, "(none)");
	end();
}

TEST(a_long_list_scrolls_in_any_size)
{
	begin();
	for (int i = 0; i < 200; i++) {
		char name[16];

		str_format(name, sizeof name, "node%03d", i);
		pick_add(&pick, name, NULL, name);
	}
	for (int i = 0; i < 50; i++)
		pick_key(&pick, (struct key){ SYM_DOWN, 0 });
	keys("Down");
	CHECK(shows("node048"));
	for (int w = 1; w < 30; w += 4)
		for (int h = 1; h < 8; h++) {
			canvas_resize(&canvas, w, h);
			canvas_clear(&canvas);
			pick_draw(&pick, &canvas, rect_of(0, 0, w, h));
		}
	keys("Enter");
	CHECK_STR(got, "node048");
	end();
}
