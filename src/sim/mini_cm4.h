/*
 * mini_cm4 - what the parts of the simulated Miniature CM4 Cluster share.
 */
#ifndef RM_SIM_MINI_CM4_H
#define RM_SIM_MINI_CM4_H

#include "rackmux/sim/device.h"
#include "rackmux/sim/rack.h"

#define MINI_SLOTS 4

struct uart_device;

struct mini {
	struct sim_board *board;
	struct sim_node *host;	/* NULL: there is only the USB console */
	char serial[20];	/* of the Pico */
	bool hwmon, old;	/* old: the firmware of 2021 */
	int shunt_mohm;

	/* the RP2040 (mini_cm4_pico.c) */
	int channel;
	bool picking;		/* after a c */
	char doing;		/* r or a: busy until the timer says */
	bool boot[MINI_SLOTS];	/* nRPIBOOT is low */
	bool usb_boot[MINI_SLOTS];	/* and was when the node started */
	double offset[MINI_SLOTS];	/* mA that it reads of nothing */
	struct buf in;
	struct timer *busy;
	struct proc *console;	/* the pty */

	/* its USB (mini_cm4.c) */
	struct device *acm, *uart;	/* on the host */
	int acm_index;
	bool touched;		/* opened at 1200 baud */
	bool bootsel;
	uint64_t usb_back;	/* loop ms, 0: it is there */

	/* the host's I2C (mini_cm4_i2c.c) */
	unsigned calibration, ina_config;
	int fan;		/* 0 to 255 */
	struct uart_device *lines[MINI_SLOTS];
};

static inline struct mini *
mini_of(struct proc *p)
{
	return ((struct sim_node *)proc_machine(p)->board)->board->state;
}

/* The firmware. */
void	 pico_init(struct mini *);
void	 pico_release(struct mini *);
void	 pico_type(struct mini *, const char *, size_t len);
/* It starts anew: every EN is low. */
void	 pico_reset(struct mini *);
void	 pico_tick(struct mini *);
int	 pico_main(struct proc *, void *unused);

/* The host's buses and lines. */
void	 mini_i2c_init(struct mini *);
void	 mini_usb_init(struct mini *);
void	 mini_usb_refresh(struct mini *);	/* who is on the bus */
int	 cmd_i2cget(struct proc *, int argc, char **argv);
int	 cmd_i2cset(struct proc *, int argc, char **argv);
int	 cmd_i2cdetect(struct proc *, int argc, char **argv);

#endif
