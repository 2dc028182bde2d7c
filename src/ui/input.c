#include "rackmux/ui/input.h"

#include <stdlib.h>
#include <string.h>
#include <termkey.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * libtermkey decodes; it never sees the descriptor, so it can never block.
 * Bracketed paste is cut out before it, since it would decode pasted text as
 * keys: bytes that could be the start of a paste mark are held back, and let
 * go with the same timer that settles a lone ESC.
 *
 * Version 0.22 takes the final byte of a CSI together with its private and
 * intermediate bytes as the index of a table of 64, and reads far behind it
 * ("CSI ? 1 A"): such a sequence gets a final byte that has no handler.
 */

static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";

struct input {
	TermKey *tk;
	struct timer *settle;
	struct input_sink sink;
	void *arg;
	struct buf held; /* not given to tk yet */
	struct buf paste;
	bool pasting;
	bool *freed; /* set while dispatching */
	/* where in a sequence the last byte that tk was given stands */
	enum { AT_TEXT, AT_ESC, AT_CSI, AT_MOUSE } at;
	unsigned more; /* bytes of a character or old mouse report to come */
	unsigned seps;
	uint8_t private; /* '<' to '?' */
	bool odd; /* has what no key or mouse report has */
};

static void settle(void *arg);

/* Newer entries give "CSI <" as the start of a mouse report, which libtermkey
 * would take for the old form of three bytes. It knows both forms without. */
static const char *
without_mouse(const char *name, const char *value, void *data)
{
	(void)data;
	return strcmp(name, "key_mouse") == 0 ? NULL : value;
}

struct input *
input_new(struct loop *loop, const char *term, const struct input_sink *sink,
    void *arg)
{
	int flags =
	    TERMKEY_FLAG_UTF8 | TERMKEY_FLAG_NOTERMIOS | TERMKEY_FLAG_NOSTART;
	struct input *in;
	TermKey *tk = NULL;

	if (term != NULL)
		tk = termkey_new_abstract(term, flags);
	if (tk == NULL)
		tk = termkey_new_abstract("xterm", flags);
	if (tk == NULL)
		return NULL;
	in = mem_alloc(sizeof *in);
	in->tk = tk;
	termkey_set_canonflags(tk, TERMKEY_CANON_DELBS);
	termkey_set_buffer_size(tk, 1024);
	termkey_hook_terminfo_getstr(tk, without_mouse, NULL);
	termkey_start(tk);
	in->settle = timer_new(loop, settle, in);
	in->sink = *sink;
	in->arg = arg;
	buf_init(&in->held, 0);
	buf_init(&in->paste, INPUT_PASTE_MAX);
	return in;
}

void
input_free(struct input *in)
{
	if (in == NULL)
		return;
	if (in->freed != NULL)
		*in->freed = true;
	termkey_destroy(in->tk);
	timer_free(in->settle);
	buf_release(&in->held);
	buf_release(&in->paste);
	free(in);
}

static uint32_t
sym_code(TermKeySym sym)
{
	static const struct {
		TermKeySym from;
		uint32_t to;
	} table[] = {
		{ TERMKEY_SYM_UP, SYM_UP },
		{ TERMKEY_SYM_DOWN, SYM_DOWN },
		{ TERMKEY_SYM_LEFT, SYM_LEFT },
		{ TERMKEY_SYM_RIGHT, SYM_RIGHT },
		{ TERMKEY_SYM_HOME, SYM_HOME },
		{ TERMKEY_SYM_FIND, SYM_HOME },
		{ TERMKEY_SYM_END, SYM_END },
		{ TERMKEY_SYM_SELECT, SYM_END },
		{ TERMKEY_SYM_PAGEUP, SYM_PAGE_UP },
		{ TERMKEY_SYM_PAGEDOWN, SYM_PAGE_DOWN },
		{ TERMKEY_SYM_INSERT, SYM_INSERT },
		{ TERMKEY_SYM_DELETE, SYM_DELETE },
		{ TERMKEY_SYM_BACKSPACE, SYM_BACKSPACE },
		{ TERMKEY_SYM_DEL, SYM_BACKSPACE },
		{ TERMKEY_SYM_TAB, SYM_TAB },
		{ TERMKEY_SYM_ENTER, SYM_ENTER },
		{ TERMKEY_SYM_KPENTER, SYM_ENTER },
		{ TERMKEY_SYM_ESCAPE, SYM_ESCAPE },
		{ TERMKEY_SYM_SPACE, ' ' },
		{ TERMKEY_SYM_KPPLUS, '+' },
		{ TERMKEY_SYM_KPMINUS, '-' },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].from == sym)
			return table[i].to;
	if (sym >= TERMKEY_SYM_KP0 && sym <= TERMKEY_SYM_KP9)
		return (uint32_t)('0' + (sym - TERMKEY_SYM_KP0));
	return 0;
}

static uint8_t
mods_of(int m)
{
	return (uint8_t)((m & TERMKEY_KEYMOD_SHIFT ? MOD_SHIFT : 0) |
	    (m & TERMKEY_KEYMOD_ALT ? MOD_ALT : 0) |
	    (m & TERMKEY_KEYMOD_CTRL ? MOD_CTRL : 0));
}

static void
give_mouse(struct input *in, const TermKeyKey *k)
{
	struct mouse m = { .mods = mods_of(k->modifiers) };
	TermKeyMouseEvent ev;
	int button, line, col;

	if (termkey_interpret_mouse(in->tk, k, &ev, &button, &line, &col) !=
	    TERMKEY_RES_KEY)
		return;
	/* Counted from 1, but for what no terminal should send. */
	if (col < 1 || line < 1)
		return;
	m.button = button;
	m.x = col - 1;
	m.y = line - 1;
	if (ev == TERMKEY_MOUSE_PRESS && button == 4)
		m.what = MOUSE_WHEEL_UP;
	else if (ev == TERMKEY_MOUSE_PRESS && button == 5)
		m.what = MOUSE_WHEEL_DOWN;
	else if (ev == TERMKEY_MOUSE_PRESS && button >= 1 && button <= 3)
		m.what = MOUSE_PRESS;
	else if (ev == TERMKEY_MOUSE_DRAG)
		m.what = MOUSE_DRAG;
	else if (ev == TERMKEY_MOUSE_RELEASE)
		m.what = MOUSE_RELEASE;
	else
		return;
	in->sink.on_mouse(in->arg, &m);
}

static void
give_csi(struct input *in, TermKeyKey *k)
{
	unsigned long cmd;
	long args[16];
	size_t n = ARRAY_LEN(args);

	if (termkey_interpret_csi(in->tk, k, args, &n, &cmd) != TERMKEY_RES_KEY)
		return;
	if (cmd == 'I' || cmd == 'O')
		in->sink.on_focus(in->arg, cmd == 'I');
}

static void
give(struct input *in, TermKeyKey *k)
{
	struct key key = { .mods = mods_of(k->modifiers) };

	switch (k->type) {
	case TERMKEY_TYPE_MOUSE:
		give_mouse(in, k);
		return;
	case TERMKEY_TYPE_UNKNOWN_CSI:
		give_csi(in, k);
		return;
	case TERMKEY_TYPE_UNICODE:
		key.code = (uint32_t)k->code.codepoint;
		if (key.code == 0xfffd || key.code >= SYM_FIRST)
			return;
		break;
	case TERMKEY_TYPE_FUNCTION:
		if (k->code.number < 1 || k->code.number > 24)
			return;
		key.code = (uint32_t)(SYM_F0 + k->code.number);
		break;
	case TERMKEY_TYPE_KEYSYM:
		key.code = sym_code(k->code.sym);
		break;
	default:
		return;
	}
	if (key.code != 0)
		in->sink.on_key(in->arg, key);
}

/* Everything that tk can tell now. False: freed from a callback. */
static bool
drain(struct input *in, bool force)
{
	bool freed = false;
	TermKeyResult r;
	TermKeyKey k;

	in->freed = &freed;
	for (;;) {
		r = force ? termkey_getkey_force(in->tk, &k)
			  : termkey_getkey(in->tk, &k);
		if (r != TERMKEY_RES_KEY)
			break;
		give(in, &k);
		if (freed)
			return false;
	}
	in->freed = NULL;
	if (r == TERMKEY_RES_AGAIN)
		timer_start(in->settle, INPUT_ESC_MS);
	return true;
}

static void
csi_begin(struct input *in)
{
	in->at = AT_CSI;
	in->more = in->seps = 0;
	in->private = 0;
	in->odd = false;
}

/* A byte of a CSI; what tk is to be given for it. */
static char
csi_byte(struct input *in, uint8_t c)
{
	bool mouse = c == 'M' || c == 'm';

	if (c < 0x40 || c >= 0x80) {
		if (c >= '<' && c <= '?' && in->private == 0)
			in->private = c;
		else if (c == ';')
			in->seps++;
		else if (c < '0' || c > '9')
			in->odd = true;
		return (char)c;
	}
	in->at = AT_TEXT;
	if (in->odd || (in->private != 0 && !(in->private == '<' && mouse)))
		return 'c';
	/* The old report: three bytes of any value follow. */
	if (c == 'M' && in->private == 0 && in->seps < 2) {
		in->at = AT_MOUSE;
		in->more = 3;
	}
	return (char)c;
}

/* Follows tk through the bytes, and changes those that would harm it. */
static void
defuse(struct input *in, char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)s[i];

		if (in->at == AT_CSI) {
			s[i] = csi_byte(in, c);
		} else if (in->at == AT_MOUSE) {
			if (--in->more == 0)
				in->at = AT_TEXT;
		} else if (in->more > 0 && (c & 0xc0) == 0x80) {
			in->more--;
		} else if (c == 0x9b || (in->at == AT_ESC && c == '[')) {
			csi_begin(in);
		} else {
			in->at = c == 0x1b ? AT_ESC : AT_TEXT;
			/* 0xfe and 0xff begin nothing. */
			in->more = c < 0xc0 || c >= 0xfe ? 0u
			    : c < 0xe0                   ? 1u
			    : c < 0xf0                   ? 2u
			    : c < 0xf8                   ? 3u
			    : c < 0xfc                   ? 4u
							 : 5u;
		}
	}
}

static bool
push(struct input *in, char *s, size_t len)
{
	defuse(in, s, len);
	while (len > 0) {
		size_t n = termkey_push_bytes(in->tk, s, len);

		if (n == 0 || n == (size_t)-1) {
			/* It is full of one endless sequence: let go of it. */
			if (!drain(in, true))
				return false;
			n = termkey_push_bytes(in->tk, s, len);
			if (n == 0 || n == (size_t)-1)
				return true;
		}
		s += n;
		len -= n;
		if (!drain(in, false))
			return false;
	}
	return true;
}

/* How many bytes at the end could be the start of mark. */
static size_t
partial(const struct buf *b, const char *mark)
{
	size_t most = strlen(mark) - 1;

	for (size_t n = b->len < most ? b->len : most; n > 0; n--)
		if (memcmp(b->data + b->len - n, mark, n) == 0)
			return n;
	return 0;
}

/* What is typed may be a password. */
static void
wipe(struct buf *b)
{
	if (b->len > 0)
		mem_wipe(b->data, b->len);
	buf_clear(b);
}

/* One step of taking held apart; false when no more can be done. */
static bool
step(struct input *in, bool *alive)
{
	const char *mark = in->pasting ? paste_end : paste_begin;
	char *at = NULL;
	size_t n;

	if (in->held.len > 0)
		at = memmem(in->held.data, in->held.len, mark, strlen(mark));
	n = at != NULL ? (size_t)(at - in->held.data)
		       : in->held.len - partial(&in->held, mark);
	if (in->pasting)
		buf_add(&in->paste, in->held.data, n);
	else if (n > 0) {
		char *now = mem_strndup(in->held.data, n);

		if (!push(in, now, n)) {
			mem_wipe(now, n);
			free(now);
			*alive = false;
			return false;
		}
		mem_wipe(now, n);
		free(now);
	}
	if (at == NULL && n == in->held.len) {
		wipe(&in->held);
		return false;
	}
	if (at == NULL) {
		buf_drop(&in->held, n);
		return false;
	}
	buf_drop(&in->held, n + strlen(mark));
	in->pasting = !in->pasting;
	if (!in->pasting) {
		bool freed = false;

		in->freed = &freed;
		in->sink.on_paste(in->arg, buf_str(&in->paste), in->paste.len);
		if (freed) {
			*alive = false;
			return false;
		}
		in->freed = NULL;
		wipe(&in->paste);
	}
	return true;
}

void
input_feed(struct input *in, const char *s, size_t len)
{
	bool alive = true;

	timer_stop(in->settle);
	buf_add(&in->held, s, len);
	while (step(in, &alive))
		;
	if (alive && in->held.len > 0 && !in->pasting)
		timer_start(in->settle, INPUT_ESC_MS);
}

/* Nothing more came: what is there is meant as it stands. */
static void
settle(void *arg)
{
	struct input *in = arg;
	char now[sizeof paste_begin];
	size_t n = in->held.len;

	if (in->pasting)
		return;
	if (n > 0 && n < sizeof now) {
		memcpy(now, in->held.data, n);
		buf_clear(&in->held);
		if (!push(in, now, n))
			return;
	}
	timer_stop(in->settle);
	in->at = AT_TEXT;
	in->more = 0;
	drain(in, true);
}

/* --- names of keys ------------------------------------------------------ */

static const struct {
	const char *name;
	uint32_t code;
} key_names[] = {
	{ "Up", SYM_UP },
	{ "Down", SYM_DOWN },
	{ "Left", SYM_LEFT },
	{ "Right", SYM_RIGHT },
	{ "Home", SYM_HOME },
	{ "End", SYM_END },
	{ "PgUp", SYM_PAGE_UP },
	{ "PgDn", SYM_PAGE_DOWN },
	{ "Insert", SYM_INSERT },
	{ "Delete", SYM_DELETE },
	{ "Backspace", SYM_BACKSPACE },
	{ "Tab", SYM_TAB },
	{ "Enter", SYM_ENTER },
	{ "Esc", SYM_ESCAPE },
	{ "Space", ' ' },
};

bool
key_parse(const char *s, struct key *out)
{
	size_t n;
	long f;

	memset(out, 0, sizeof *out);
	while (s[0] != '\0' && s[1] == '-' && s[2] != '\0') {
		if (s[0] == 'C')
			out->mods |= MOD_CTRL;
		else if (s[0] == 'S')
			out->mods |= MOD_SHIFT;
		else if (s[0] == 'A')
			out->mods |= MOD_ALT;
		else
			return false;
		s += 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
		if (strcmp(s, key_names[i].name) == 0) {
			out->code = key_names[i].code;
			return true;
		}
	}
	if (s[0] == 'F' && str_long(s + 1, 1, 24, &f)) {
		out->code = (uint32_t)(SYM_F0 + f);
		return true;
	}
	n = strlen(s);
	return n > 0 && text_decode(s, n, &out->code, NULL) == n &&
	    out->code != TEXT_BAD;
}

bool
key_same(struct key a, struct key b)
{
	return a.code == b.code && a.mods == b.mods;
}

const char *
key_label(struct key k, char *out, size_t size)
{
	char utf8[8] = "";
	const char *name = utf8;

	for (size_t i = 0; i < ARRAY_LEN(key_names); i++)
		if (key_names[i].code == k.code)
			name = key_names[i].name;
	if (k.code > SYM_F0 && k.code <= SYM_LAST)
		str_format(utf8, sizeof utf8, "F%u", k.code - SYM_F0);
	else if (k.code < SYM_FIRST)
		utf8[text_encode(k.code, utf8)] = '\0';
	str_format(out, size, "%s%s%s%s", k.mods & MOD_CTRL ? "Ctrl-" : "",
	    k.mods & MOD_ALT ? "Alt-" : "", k.mods & MOD_SHIFT ? "Shift-" : "",
	    name);
	return out;
}
