/* Text drawn anywhere stays inside, and a cell holds nothing that a terminal
 * would act on. The first four bytes: size and place. */
#include <stdlib.h>

#include "fuzz.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/canvas.h"

static void
check(const struct canvas *c)
{
	for (int i = 0; i < c->w * c->h; i++) {
		const struct cell *cell = &c->cells[i];

		if (cell->cp == 0) {
			CHECK(i % c->w > 0);
			CHECK(text_cp_width(cell[-1].cp) == 2);
			continue;
		}
		CHECK(cell->cp >= 0x20);
		CHECK(cell->cp == TEXT_BAD || text_cp_ok(cell->cp));
		if (text_cp_width(cell->cp) == 2)
			CHECK(i % c->w + 1 < c->w && cell[1].cp == 0);
		for (int m = 0; m < CELL_MARKS; m++)
			CHECK(
			    cell->marks[m] == 0 || text_cp_ok(cell->marks[m]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct canvas c;
	char *s;
	int x, y;

	if (len < 4)
		return 0;
	s = fuzz_text(data + 4, len - 4);
	canvas_init(&c);
	canvas_resize(&c, data[0] % 40, data[1] % 8);
	canvas_clear(&c);
	c.ascii = (data[0] & 0x80) != 0;
	x = (int)(int8_t)data[2];
	y = (int)(int8_t)data[3] % 10;
	for (int cols = 0; cols < 50; cols += 7) {
		CHECK(canvas_text(&c, x, y, cols, (struct style){ 0 }, s) <=
		    cols);
		canvas_right(&c, x + cols / 2, y, cols, (struct style){ 0 }, s);
		check(&c);
	}
	free(canvas_dump(&c));
	canvas_release(&c);
	free(s);
	return 0;
}
