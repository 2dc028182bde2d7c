/* The terminal's bytes, torn anywhere: known keys, bounded pastes. The first
 * byte is where they are torn. */
#include <stdlib.h>

#include "fuzz.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/input.h"

static void
on_key(void *arg, struct key k)
{
	(void)arg;
	CHECK(k.code < SYM_LAST);
	CHECK((k.mods & ~(MOD_SHIFT | MOD_ALT | MOD_CTRL)) == 0);
}

static void
on_mouse(void *arg, const struct mouse *m)
{
	(void)arg;
	CHECK(m->x >= 0 && m->y >= 0);
	CHECK((int)m->what >= MOUSE_PRESS && m->what <= MOUSE_WHEEL_DOWN);
}

static void
on_paste(void *arg, const char *text, size_t len)
{
	char *s = text_clean_dup(text, len);

	(void)arg;
	CHECK(len <= INPUT_PASTE_MAX);
	fuzz_check_clean(s);
	free(s);
}

static void
on_focus(void *arg, bool in)
{
	(void)arg;
	(void)in;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct input_sink sink = { on_key, on_mouse, on_paste,
		on_focus };
	static struct loop *loop;
	struct input *in;
	struct key key;
	size_t step = len > 0 ? 1 + data[0] % 16 : 1, n;
	char *s = fuzz_text(data, len);

	if (loop == NULL) {
		loop = loop_new();
		loop_freeze(loop);
	}
	in = input_new(loop, "xterm-256color", &sink, NULL);
	CHECK(in != NULL);
	for (size_t at = 1; at < len; at += n) {
		n = len - at < step ? len - at : step;
		input_feed(in, s + at, n);
		if (data[0] & 0x80)
			loop_advance(loop, INPUT_ESC_MS + 1);
	}
	loop_advance(loop, INPUT_ESC_MS + 1);
	input_free(in);
	loop_turn(loop, 0);
	key_parse(s, &key);
	free(s);
	return 0;
}
