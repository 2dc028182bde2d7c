/*
 * spark - graphs made of braille: two samples a cell, four levels a row.
 */
#ifndef RM_UI_SPARK_H
#define RM_UI_SPARK_H

#include <stddef.h>

#include "rackmux/ui/canvas.h"

/* A scale that does not move with each sample: whole steps, and at least
 * span wide. */
struct scale { double lo, hi; };
struct scale scale_of(const float *, size_t n, double step, double span);

/* The newest samples are on the right; NAN leaves a gap. A bar reaches from
 * the bottom, at least one dot for what is known. */
void	 spark_draw(struct canvas *, struct rect, struct style, const float *,
	    size_t n, struct scale);
/* A bar of w cells filled to part (0..1). */
void	 gauge_draw(struct canvas *, int x, int y, int w, struct style full,
	    struct style empty, double part);

#endif
