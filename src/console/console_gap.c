/*
 * What could not be had: the time in which a console was not open, and bytes
 * that a ring at the far side had already dropped. Both are said where the
 * bytes would stand, so that nobody takes what is there for all there was.
 */
#include "console_in.h"

#include <stdlib.h>

#include "rackmux/base/text.h"

void
console_gap_begin(struct console *c, const char *why)
{
	if (c->in_gap)
		return;
	c->in_gap = true;
	c->gap_quiet = false;
	c->gap_since = loop_now(c->set->loop);
	free(c->gap_why);
	c->gap_why = mem_strdup(why);
	cwatch_gap(c->watch);
}

void
console_gap_earlier(struct console *c, uint64_t ms)
{
	c->gap_since -= ms < c->gap_since ? ms : c->gap_since;
}

static void
duration(uint64_t ms, char *out, size_t size)
{
	unsigned long long s = ms / 1000;

	if (s < 60)
		str_format(out, size, "%llu.%llu s", s,
		    (unsigned long long)ms / 100 % 10);
	else if (s < 3600)
		str_format(out, size, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		str_format(out, size, "%llu h %llu min", s / 3600, s / 60 % 60);
	else
		str_format(
		    out, size, "%llu d %llu h", s / 86400, s / 3600 % 24);
}

bool
console_gap_end(struct console *c)
{
	char text[400], length[40];

	if (!c->in_gap)
		return true;
	c->in_gap = false;
	c->gaps++;
	duration(loop_now(c->set->loop) - c->gap_since, length, sizeof(length));
	str_format(text, sizeof(text), "gap of %s: %s", length, c->gap_why);
	if (!c->gap_quiet)
		console_event(c, 0, "A %s.", text);
	return console_mark(c, text);
}

bool
console_gap_bytes(struct console *c, unsigned long long bytes)
{
	char text[100];

	c->gaps++;
	c->lost += bytes;
	if (bytes > 0)
		str_format(text, sizeof(text),
		    "at least %llu bytes could not be had", bytes);
	else
		str_format(text, sizeof(text),
		    "bytes could not be had, and nobody knows how many");
	console_event(c, 1, "Here %s.", text);
	return console_mark(c, text);
}
