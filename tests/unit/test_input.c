#include "rackmux/ui/input.h"

#include <stdio.h>
#include <string.h>

#include "../lib/test.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/keymap.h"

static char seen[1024];
static struct loop *loop;
static struct input *in;

static void
note(const char *text)
{
	size_t n = strlen(seen);

	str_format(seen + n, sizeof seen - n, "%s%s", n > 0 ? " " : "", text);
}

static void
on_key(void *arg, struct key k)
{
	char text[32];

	(void)arg;
	str_format(text, sizeof text, "%s%s%s%x", k.mods & MOD_CTRL ? "C-" : "",
	    k.mods & MOD_ALT ? "A-" : "", k.mods & MOD_SHIFT ? "S-" : "",
	    k.code >= SYM_FIRST ? k.code - SYM_FIRST + 0xff00 : k.code);
	note(text);
}

static void
on_mouse(void *arg, const struct mouse *m)
{
	char text[64];

	(void)arg;
	str_format(
	    text, sizeof text, "m%d:%d@%d,%d", m->what, m->button, m->x, m->y);
	note(text);
}

static void
on_paste(void *arg, const char *s, size_t len)
{
	char text[512];

	(void)arg;
	str_format(text, sizeof text, "paste(%.*s)", (int)len, s);
	note(text);
}

static void
on_focus(void *arg, bool focus)
{
	(void)arg;
	note(focus ? "in" : "out");
}

static void
begin(void)
{
	static const struct input_sink sink = { on_key, on_mouse, on_paste,
		on_focus };

	loop = loop_new();
	loop_freeze(loop);
	in = input_new(loop, "xterm-256color", &sink, NULL);
	CHECK(in != NULL);
}

static void
end(void)
{
	input_free(in);
	loop_free(loop);
}

static void
feed(const char *s)
{
	input_feed(in, s, strlen(s));
}

static const char *
sym(enum keysym s)
{
	static char text[8][16];
	static int i;

	i = (i + 1) % 8;
	str_format(
	    text[i], sizeof text[i], "%x", (unsigned)s - SYM_FIRST + 0xff00);
	return text[i];
}

TEST(plain_keys)
{
	begin();
	feed("aZ ");
	CHECK_STR(seen, "61 5a 20");
	end();
}

TEST(arrows_in_both_forms)
{
	char want[64];

	begin();
	feed("\033[A\033OB\033[5~");
	str_format(want, sizeof want, "%s %s %s", sym(SYM_UP), sym(SYM_DOWN),
	    sym(SYM_PAGE_UP));
	CHECK_STR(seen, want);
	end();
}

TEST(a_sequence_in_pieces_is_one_key)
{
	begin();
	feed("\033");
	feed("[");
	loop_advance(loop, INPUT_ESC_MS - 10);
	CHECK_STR(seen, "");
	feed("A");
	CHECK_STR(seen, sym(SYM_UP));
	end();
}

TEST(escape_alone_is_escape_after_a_moment)
{
	begin();
	feed("\033");
	loop_advance(loop, INPUT_ESC_MS - 1);
	CHECK_STR(seen, "");
	loop_advance(loop, 2);
	CHECK_STR(seen, sym(SYM_ESCAPE));
	feed("k");
	end();
}

TEST(escape_and_a_key_at_once_is_alt)
{
	begin();
	feed("\033x");
	CHECK_STR(seen, "A-78");
	end();
}

TEST(utf8_in_pieces)
{
	begin();
	feed("\346");
	feed("\274");
	feed("\242");
	CHECK_STR(seen, "6f22");
	end();
}

TEST(control_keys)
{
	char want[96];

	begin();
	feed("\014\r\t\177\003");
	str_format(want, sizeof want, "C-6c %s %s %s C-63", sym(SYM_ENTER),
	    sym(SYM_TAB), sym(SYM_BACKSPACE));
	CHECK_STR(seen, want);
	end();
}

TEST(mouse_beyond_column_223)
{
	begin();
	feed("\033[<0;250;12M\033[<0;250;12m\033[<64;1;1M\033[<65;1;1M");
	CHECK_STR(seen, "m0:1@249,11 m2:1@249,11 m3:4@0,0 m4:5@0,0");
	end();
}

TEST(paste_is_not_keys)
{
	begin();
	feed("\033[200~q\033[Aq\033[201~b");
	CHECK_STR(seen, "paste(q\033[Aq) 62");
	end();
}

TEST(paste_in_single_bytes)
{
	static const char all[] = "a\033[200~xy\033[201~z";

	begin();
	for (const char *p = all; *p != '\0'; p++)
		input_feed(in, p, 1);
	CHECK_STR(seen, "61 paste(xy) 7a");
	end();
}

TEST(focus)
{
	begin();
	feed("\033[I\033[O");
	CHECK_STR(seen, "in out");
	end();
}

TEST(garbage_never_stalls_what_follows)
{
	char noise[4000];

	begin();
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)(i * 167 + 13);
	input_feed(in, noise, sizeof noise);
	feed("\033[");
	for (int i = 0; i < 3000; i++)
		feed("1;");
	loop_advance(loop, 1000);
	feed("\033[201~");
	seen[0] = '\0';
	loop_advance(loop, 1000);
	feed("q");
	CHECK_STR(seen, "71");
	end();
}

TEST(keys_are_parsed)
{
	struct key k;

	CHECK(key_parse("C-l", &k) && k.code == 'l' && k.mods == MOD_CTRL);
	CHECK(
	    key_parse("S-Tab", &k) && k.code == SYM_TAB && k.mods == MOD_SHIFT);
	CHECK(key_parse("F1", &k) && k.code == SYM_F0 + 1);
	CHECK(key_parse("?", &k) && k.code == '?');
	CHECK(key_parse("-", &k) && k.code == '-');
	CHECK(!key_parse("Nonsense", &k));
	CHECK(!key_parse("", &k));
	CHECK(!key_parse("X-a", &k));
	CHECK(!key_parse("F99", &k));
}

TEST(every_key_of_the_action_table_is_a_key_and_means_one_thing)
{
	for (int a = 0; a < ACTION_COUNT; a++) {
		char keys[64], *p = keys, *word;
		struct key k;

		str_copy(keys, sizeof keys, action_table[a].keys);
		while ((word = str_word(&p)) != NULL) {
			CHECK(key_parse(word, &k));
			/* After the prefix they have meanings of their own. */
			CHECK_INT(action_table[a].where == WHERE_PANE
				? action_of_pane_key(k)
				: action_of_key(k),
			    a);
		}
	}
}

TEST(a_sequence_with_odd_bytes_does_not_harm)
{
	begin();
	feed("\033[1;35'C\033[?1A\033[>99~\033[/D\233!P\033\033[?5A");
	CHECK_STR(seen, "");
	feed("a");
	CHECK_STR(seen, "61");
	end();
	seen[0] = '\0';
	begin();
	/* Torn, and what comes after it is as ever. */
	feed("\033[1");
	feed(" ");
	feed("A\303\233 A\033[<0;10;5M");
	CHECK_STR(seen, "db 20 41 m0:1@9,4");
	end();
}

TEST(an_old_mouse_report_may_hold_any_byte)
{
	char want[64];

	begin();
	feed("\033[M \233!\033[A");
	str_format(want, sizeof want, "m0:1@122,0 %s", sym(SYM_UP));
	CHECK_STR(seen, want);
	end();
}

TEST(a_mouse_report_from_outside_is_dropped)
{
	begin();
	feed("\033[<0;0;5M\033[<0;5;0M\033[<0;1;1M");
	CHECK_STR(seen, "m0:1@0,0");
	end();
}

TEST(a_byte_that_begins_no_character_hides_no_sequence)
{
	begin();
	feed("\377\233!C\376\233?1A");
	CHECK_STR(seen, "");
	end();
}

TEST(a_character_beyond_unicode_is_no_key)
{
	begin();
	/* The first is SYM_UP, were it let through. */
	feed("\364\220\200\201\365\201\217\236a");
	CHECK_STR(seen, "61");
	end();
}
