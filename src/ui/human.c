#include "rackmux/ui/human.h"

#include <math.h>
#include <time.h>

#include "rackmux/base/text.h"

/*
 * Widths are promises: a number that grew by a digit would push its row
 * about and cost the line to the terminal a repaint.
 */

const char *
human_seconds(double s, char *out, size_t size)
{
	static const struct {
		double upto, unit;
		const char *name;
	} steps[] = {
		{ 100, 1, "s" },
		{ 100 * 60, 60, "m" },
		{ 48 * 3600, 3600, "h" },
		{ 999.0 * 86400, 86400, "d" },
		{ 999.0 * 31557600, 31557600, "y" },
	};

	if (!(s >= 0))
		s = 0;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (s < steps[i].upto) {
			str_format(out, size, "%.0f%s",
			    floor(s / steps[i].unit), steps[i].name);
			return out;
		}
	}
	str_copy(out, size, ">1ky");
	return out;
}

const char *
human_speed(double mbit, char *out, size_t size)
{
	double g = mbit / 1000;

	if (mbit < 1000)
		str_format(out, size, "%.0fM", mbit);
	else if (g < 10 && g - floor(g) >= 0.05)
		str_format(out, size, "%.1fG", g);
	else
		str_format(out, size, "%.0fG", g < 999 ? g : 999);
	return out;
}

const char *
human_load(double v, char *out, size_t size)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	str_format(out, size, "%.*f", decimals, v < 9999 ? v : 9999);
	return out;
}

const char *
human_rtt(unsigned us, char *out, size_t size)
{
	if (us < 1000)
		str_format(out, size, "0.%u ms", us / 100 ? us / 100 : 1);
	else if (us < 1000 * 1000)
		str_format(out, size, "%u ms", (us + 500) / 1000);
	else
		str_format(out, size, "%.1f s", (double)us / 1e6);
	return out;
}

static void
local(int64_t wall_ms, struct tm *tm)
{
	time_t t = (time_t)(wall_ms / 1000);

	localtime_r(&t, tm);
}

const char *
human_clock(int64_t wall_ms, char *out, size_t size)
{
	struct tm tm;

	local(wall_ms, &tm);
	str_format(
	    out, size, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}

const char *
human_day(int64_t wall_ms, char *out, size_t size)
{
	struct tm tm;

	local(wall_ms, &tm);
	str_format(out, size, "%04d-%02d-%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday);
	return out;
}
