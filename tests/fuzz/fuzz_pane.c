/* Whatever nodes print, of whatever size their panes are and whatever is typed
 * and clicked at them: the cursor is inside, every cell whole, a pane draws
 * nothing outside its rectangle, and what it drew bit by bit is what it would
 * draw at once. 0xff ends a piece; its first byte says what is done. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/text.h"
#include "rackmux/console/console.h"
#include "rackmux/ui/screen.h"

enum { NODES = 3, MAX_W = 72, MAX_H = 30 };

static const struct driver driver = {
	.type = "linux", .title = "Linux", .slots = NODES
};

static struct loop *loop;
static struct model *model;
static struct consoles *set;
static struct console *consoles[NODES];
static struct screen screen;
static struct canvas canvas, other;
static struct cell *before;

/* Once for all inputs, for a console is dear to make. */
static void
begin_all(void)
{
	static const struct consoles_config config = { .scrollback = 40 };
	static const struct consoles_sink sink = { 0 };

	loop = loop_new();
	loop_freeze(loop);
	model = model_new(loop);
	(void)model_add_board(model, "b", &driver, 0, 1, NODES);
	set = consoles_new(loop, &config, &sink, NULL);
	for (int i = 0; i < NODES; i++) {
		char name[8];
		struct console_new n = { .name = name };

		str_format(name, sizeof name, "b/%d", i + 1);
		consoles[i] = console_new(set, &n);
	}
	before = calloc(MAX_W * MAX_H, sizeof *before);
}

static void
begin(void)
{
	if (loop == NULL)
		begin_all();
	for (int i = 0; i < NODES; i++) {
		struct vt *vt = console_vt(consoles[i]);

		console_resize(consoles[i], 24, 80);
		vt_reset(vt);
		vt_clear_scrollback(vt);
	}
	screen_init(&screen, model);
	panes_set(&screen.panes, set);
	canvas_init(&canvas);
	canvas_init(&other);
}

static void
end(void)
{
	screen_release(&screen);
	canvas_release(&canvas);
	canvas_release(&other);
	loop_turn(loop, 0);
}

/* --- what must hold ------------------------------------------------------- */

static void
check_cells(const struct canvas *c)
{
	for (int i = 0; i < c->w * c->h; i++) {
		const struct cell *cell = &c->cells[i];

		if (cell->cp >= ' ' && cell->cp < 0x7f)
			continue;
		if (cell->cp == 0) {
			CHECK(i % c->w > 0);
			CHECK(text_cp_width(cell[-1].cp) == 2);
			continue;
		}
		CHECK(cell->cp == TEXT_BAD || text_cp_ok(cell->cp));
		if (text_cp_width(cell->cp) == 2)
			CHECK(i % c->w + 1 < c->w && cell[1].cp == 0);
	}
	CHECK(c->cursor_x < c->w && c->cursor_y < c->h);
	CHECK(c->cursor_x >= -1 && c->cursor_y >= -1);
}

static bool
same_cell(const struct cell *a, const struct cell *b)
{
	return a->cp == b->cp && a->fg == b->fg && a->bg == b->bg &&
	    a->style.role == b->style.role &&
	    a->style.flags == b->style.flags &&
	    memcmp(a->marks, b->marks, sizeof a->marks) == 0;
}

static void
keep_cells(void)
{
	memcpy(before, canvas.cells,
	    (size_t)(canvas.w * canvas.h) * sizeof *before);
}

static void
check_outside(struct rect r)
{
	for (int i = 0; i < canvas.w * canvas.h; i++)
		if (!rect_has(r, i % canvas.w, i / canvas.w))
			CHECK(same_cell(&before[i], &canvas.cells[i]));
}

/* Drawn anew on a canvas of its own it is what stands there. */
static void
check_pane(struct pane *p)
{
	struct rect r = p->in;

	if (p->dirty || r.h < 1)
		return;
	p->whole = true;
	canvas_resize(&other, canvas.w, canvas.h);
	canvas_clear(&other);
	pane_draw(&screen.panes, p, &other);
	check_cells(&other);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			CHECK(same_cell(&canvas.cells[y * canvas.w + x],
			    &other.cells[y * other.w + x]));
}

static bool
in_sight(void)
{
	return !screen_all_due(&screen, &canvas) && !screen.was_covered &&
	    canvas.w >= 20 && canvas.h >= 5;
}

static void
check_panes(void)
{
	struct panes *ps = &screen.panes;

	if (!in_sight())
		return;
	for (size_t i = 0; i < ps->n; i++) {
		CHECK(ps->v[i]->r.x >= 0 && ps->v[i]->r.y >= 0);
		CHECK(ps->v[i]->r.x + ps->v[i]->r.w <= canvas.w);
		CHECK(ps->v[i]->r.y + ps->v[i]->r.h <= canvas.h);
		check_pane(ps->v[i]);
	}
}

/* --- what is done --------------------------------------------------------- */

static void
draw(bool whole)
{
	struct panes *ps = &screen.panes;

	if (whole || !in_sight())
		screen_draw(&screen, &canvas);
	else
		for (size_t i = 0; i < ps->n; i++) {
			keep_cells();
			pane_draw(ps, ps->v[i], &canvas);
			check_outside(ps->v[i]->r);
		}
	check_cells(&canvas);
	check_panes();
}

static void
size_screen(int a, int b)
{
	canvas_resize(&canvas, 1 + a % MAX_W, 1 + b % MAX_H);
	screen_draw(&screen, &canvas);
	check_cells(&canvas);
}

/* 0x80 and on: keys that are no characters. */
static struct key
key_of(uint8_t c)
{
	struct key k = { c, 0 };

	if (c >= 0x80) {
		k.code = SYM_FIRST + 1 + (c & 0x1fu) % (SYM_LAST - SYM_FIRST);
		k.mods = (c >> 5) & 3;
	} else if (c < 0x20) {
		k.code = (uint32_t)c + (c > 26 ? '@' : '`');
		k.mods = MOD_CTRL;
	}
	return k;
}

static void
press(const char *s, size_t n)
{
	for (size_t i = 0; i < n && i < 200; i++)
		screen_key(&screen, key_of((uint8_t)s[i]));
}

static void
mouse(const char *s, size_t n)
{
	for (; n >= 4; s += 4, n -= 4) {
		struct mouse m = { (enum mouse_what)((uint8_t)s[0] % 5),
			1 + (s[0] >> 4 & 1), (uint8_t)s[1] % MAX_W,
			(uint8_t)s[2] % MAX_H, (uint8_t)s[3] & 7 };

		screen_mouse(&screen, &m);
	}
}

static void
open_panes(unsigned which)
{
	const char *names[NODES];
	size_t n = 0;

	for (unsigned i = 0; i < NODES; i++)
		if (which >> i & 1)
			names[n++] = console_name(consoles[i]);
	if ((which & 8) != 0)
		panes_open_many(&screen.panes, names, n);
	else
		for (size_t i = 0; i < n; i++)
			panes_split(&screen.panes,
			    which & 16 ? TREE_BESIDE : TREE_BELOW, names[i]);
}

static void
do_part(const char *s, size_t n)
{
	unsigned what = n > 0 ? (uint8_t)*s : 0, arg = what >> 4;
	struct console *c = consoles[arg % NODES];
	char *text;

	s++;
	n = n > 0 ? n - 1 : 0;
	switch (what & 15) {
	case 0:
		open_panes(n > 0 ? (uint8_t)*s : 7);
		break;
	case 1:
		if (n >= 2)
			size_screen((uint8_t)s[0], (uint8_t)s[1]);
		break;
	case 2:
	case 3:
		press(s, n);
		break;
	case 4:
		mouse(s, n);
		break;
	case 5:
		loop_advance(loop, arg * 60);
		break;
	case 6: /* what follows the prefix */
		screen.panes.leading = true;
		press(s, n);
		break;
	case 7: /* another process, or another pane, has its size */
		if (n >= 2)
			console_resize(
			    c, (uint8_t)s[0] % 40, (uint8_t)s[1] % 90);
		(void)panes_changed(&screen.panes, c);
		break;
	case 8:
		screen_paste(&screen, s, n);
		break;
	case 9:
		text = fuzz_text((const uint8_t *)s, n);
		(void)panes_load(&screen.panes, text);
		free(text);
		break;
	default:
		vt_feed(console_vt(c), s, n);
		(void)panes_changed(&screen.panes, c);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *part;
	size_t n, parts = 0;

	begin();
	size_screen(59, 23);
	open_panes(7);
	draw(true);
	while (parts++ < 64 && (part = fuzz_part(&data, &len, &n)) != NULL) {
		do_part(part, n);
		draw(n > 1 && (part[1] & 1) != 0);
	}
	end();
	return 0;
}
