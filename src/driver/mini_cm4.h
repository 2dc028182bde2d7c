/*
 * mini_cm4 - what the files of the Miniature CM4 Cluster's driver share.
 *
 * mini_cm4.c is the life of it, mini_cm4_talk.c finds the controller and asks
 * it once a round, mini_cm4_act.c keeps orders, mini_cm4_power.c says what the
 * answers mean, mini_cm4_host.c reads what the host Pi measures.
 */
#ifndef RM_DRIVER_MINI_CM4_H
#define RM_DRIVER_MINI_CM4_H

#include "dialogue.h"
#include "report.h"

#define MC_SLOTS 4

enum mc_told { MC_UNTOLD, MC_TOLD_OFF, MC_TOLD_ON };

struct mc_node {
	enum mc_told power, usb;	/* what the controller did last */
	bool power_other;	/* another user of the port asked for it */
	const char *untold;	/* why power is not known as told; static */
	uint64_t power_at;
	double ma;		/* as printed */
	bool measured;
};

/* An order: what is left of it, a letter a step, a space is a pause. */
struct mc_order {
	struct mc_order *next;
	struct mc *mc;
	unsigned ticket;
	int slot;
	const char *steps;
	bool begun;		/* a step was carried out */
	bool typed;		/* the letter of this step was sent */
	struct timer *pause;
	bool resting;
	int echo;		/* the channel that the controller named */
};

/* Read from the host Pi; "-" or "" when it could not be read. */
struct mc_host {
	char shunt_uohm[24], bus_mv[24], curr_ma[24];
	char rpm[24], pwm[24];
	char temp_mc[MC_SLOTS][24];
	/* The same from the bare bus, where the kernel has no driver. */
	char i2c_shunt[16], i2c_bus[16], i2c_duty[16], i2c_tach[2][16];
	char i2c_temp[MC_SLOTS][16];
};

struct mc {
	struct drv drv;		/* first */
	struct report host_report;
	struct mc_host host;
	bool defined, once;	/* the probe on the host */
	bool has_i2cget;
	uint64_t i2c_at;	/* when the bare bus was last read */
	char port[160];		/* of the controller on its host, or "" */
	unsigned ports;		/* how many it could be */
	char boot[48], usb[24], usb_now[24];	/* what a reset would change */
	unsigned usbs;		/* Picos that its USB shows */
	bool told_cannot;
	/* The controller. */
	struct dialogue *dialogue;
	bool known;		/* it answered as this controller does */
	bool greeted;		/* it said "Commands:" */
	unsigned misses;	/* greetings in vain */
	uint64_t missed_at;
	bool wants_poll;	/* a round waits for its turn */
	bool asking;		/* the round's question is under way */
	struct mc_order *orders;
	struct mc_node node[MC_SLOTS];
	bool recent;		/* the last round measured */
	char port_why[300];	/* why nothing may be typed, or "" */
};

extern const char mc_once_body[], mc_body[], mc_i2c_body[];

/* mini_cm4.c */
bool	 mc_serial(const struct mc *);
bool	 mc_is_set(const struct mc *, const char *key);
/* The round's end as far as the controller goes. */
void	 mc_round_done(struct mc *);
void	 mc_round_failed(struct mc *, enum link_why, const char *why);
/* mini_cm4_talk.c */
void	 mc_talk_poll(struct mc *);
void	 mc_talk_drop(struct mc *);
/* Let whoever is next have the line. */
void	 mc_next(struct mc *);
/* The line has ended: orders and the round hear of it. */
void	 mc_lost(struct mc *, const char *why);
unsigned mc_patience(const struct mc *);	/* ms for an answer */

/* mini_cm4_act.c */
void	 mc_act(struct drv *, unsigned ticket, int slot, enum act);
struct mc_order *mc_order_ready(struct mc *);
void	 mc_order_step(struct mc_order *);
/* The line is gone: none of them can go on. */
void	 mc_orders_lost(struct mc *, const char *why);
void	 mc_orders_forget(struct mc *);
const char *mc_cannot(struct mc *, int slot, enum act);
/* mini_cm4_console.c */
const char *mc_console_cannot(const struct mc *, int slot);
bool	 mc_console(struct drv *, int slot, struct way *);
/* mini_cm4_power.c */
bool	 mc_currents(const char *line, double ma[MC_SLOTS]);
/* "eEnable:2": the letter and the channel that the controller names. */
bool	 mc_reply(const char *line, char *letter, int *channel);
void	 mc_overheard(void *mc, const char *line);
void	 mc_measured(struct mc *, const double ma[MC_SLOTS]);
/* What was told is not known any more, of all nodes; why is static. */
void	 mc_forget(struct mc *, const char *why);
void	 mc_report_power(struct mc *);
void	 mc_power_unknown(struct mc *, const char *why);
void	 mc_tell_cannot(struct mc *);
/* mini_cm4_host.c: a whole answer of the probe; text is cut up. */
void	 mc_parse_host(struct mc *, char *text);

#endif
