/*
 * uart_device - a node's serial line as a device of its board's controller,
 * with nobody to keep what was printed while it was not open.
 */
#ifndef RM_SIM_UART_DEVICE_H
#define RM_SIM_UART_DEVICE_H

#include "rackmux/sim/rack.h"

struct uart_device;

/* Below path in the files of n's board. */
struct uart_device *uart_device_new(struct sim_node *n, const char *path);
/* The same of a tty that a daemon of the board's reads too, as raw: who reads
 * it takes bytes away from that. */
struct uart_device *uart_device_shared(struct sim_node *n, const char *path);
/* Before its node's line goes. */
void	 uart_device_free(struct uart_device *);
void	 uart_device_plug(struct uart_device *, bool in);

#endif
