/*
 * human - numbers as they fit into a tile: short, and never wider than said.
 */
#ifndef RM_UI_HUMAN_H
#define RM_UI_HUMAN_H

#include <stddef.h>
#include <stdint.h>

#include "rackmux/ui/canvas.h"

/* "42s", "17m", "3h", "12d", "3y": at most 4 columns. */
const char *human_seconds(double s, char *out, size_t size);
/* "10M", "1G", "2.5G": Mbit/s, at most 4 columns. */
const char *human_speed(double mbit, char *out, size_t size);
/* "0.42", "12.5", "128": at most 4 columns. */
const char *human_load(double, char *out, size_t size);
/* "4 ms", "0.3 ms", "1.2 s" of microseconds. */
const char *human_rtt(unsigned us, char *out, size_t size);
/* "21:04:12" or "Nov 21 21:04" of ms since 1970, local time. */
const char *human_clock(int64_t wall_ms, char *out, size_t size);
const char *human_day(int64_t wall_ms, char *out, size_t size);

#endif
