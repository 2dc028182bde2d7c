/*
 * text_table - what is known of code points: base/text.c asks.
 */
#ifndef RM_BASE_TEXT_TABLE_H
#define RM_BASE_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct text_range {
	uint32_t from, to;
};

/* Sorted, without overlaps. */
extern const struct text_range text_marks[], text_wide[], text_hostile[];
extern const size_t text_marks_n, text_wide_n, text_hostile_n;

#endif
