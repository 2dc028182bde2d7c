#include "rackmux/ui/spark.h"

#include <math.h>

/*
 * Bars from the bottom and not single dots: a dot moves with every tenth of
 * a degree, the top of a bar is read at a glance.
 */

struct scale
scale_of(const float *v, size_t n, double step, double span)
{
	double lo = NAN, hi = NAN;
	struct scale s;

	for (size_t i = 0; i < n; i++) {
		if (isnan(v[i]))
			continue;
		lo = isnan(lo) || v[i] < lo ? v[i] : lo;
		hi = isnan(hi) || v[i] > hi ? v[i] : hi;
	}
	if (isnan(lo))
		return (struct scale){ 0, span };
	s.lo = floor(lo / step) * step;
	s.hi = ceil(hi / step) * step;
	if (s.hi < s.lo + span)
		s.hi = s.lo + span;
	return s;
}

/* Dots of one column, from the bottom, in a graph of rows * 4 dots. */
static int
dots_of(float v, struct scale s, int rows)
{
	int top = rows * 4, dots;

	if (isnan(v))
		return 0;
	dots = 1 + (int)lround((v - s.lo) / (s.hi - s.lo) * (top - 1));
	return dots < 1 ? 1 : dots > top ? top : dots;
}

static uint32_t
braille(int left, int right)
{
	static const uint8_t lefts[5] = { 0, 0x40, 0x44, 0x46, 0x47 };
	static const uint8_t rights[5] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };

	left = left < 0 ? 0 : left > 4 ? 4 : left;
	right = right < 0 ? 0 : right > 4 ? 4 : right;
	return 0x2800u | lefts[left] | rights[right];
}

void
spark_draw(struct canvas *c, struct rect r, struct style st, const float *v,
    size_t n, struct scale s)
{
	for (int x = 0; x < r.w; x++) {
		/* Sample of this cell's left column; the last is rightmost. */
		long at = (long)n - 2L * (r.w - x);
		float a = at >= 0 && at < (long)n ? v[at] : NAN;
		float b = at + 1 >= 0 && at + 1 < (long)n ? v[at + 1] : NAN;
		int da = dots_of(a, s, r.h), db = dots_of(b, s, r.h);

		for (int y = 0; y < r.h; y++) {
			int base = (r.h - 1 - y) * 4;
			uint32_t cp = braille(da - base, db - base);

			canvas_put(
			    c, r.x + x, r.y + y, st, cp == 0x2800 ? ' ' : cp);
		}
	}
}

void
gauge_draw(struct canvas *c, int x, int y, int w, struct style full,
    struct style empty, double part)
{
	int cells = (int)lround((part < 0 ? 0 : part > 1 ? 1 : part) * w);

	for (int i = 0; i < w; i++)
		canvas_put(c, x + i, y, i < cells ? full : empty,
		    i < cells ? 0x2586 : 0x2581);
}
