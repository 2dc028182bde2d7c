/*
 * uart_noise - what a receiver makes of bytes that were sent at another
 * speed, and what a bad cable does to them.
 */
#ifndef RM_SIM_UART_NOISE_H
#define RM_SIM_UART_NOISE_H

#include <stdint.h>

#include "rackmux/base/buf.h"

/* Sent at tx baud, one byte right after the other, sampled at rx baud. */
void	 uart_noise(const char *, size_t len, unsigned tx, unsigned rx,
	    struct buf *out);
/* A piece lost, a run of noise in the middle, as the dice say. */
void	 uart_hurt(const char *, size_t len, uint64_t dice, struct buf *out);

#endif
