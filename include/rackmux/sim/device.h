/*
 * device - a serial device of a simulated machine, as its shell finds it in
 * /dev: opened, read, written and set by stty. The far side of the wire is a
 * controller or a node's line.
 */
#ifndef RM_SIM_DEVICE_H
#define RM_SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "rackmux/base/loop.h"

struct device;
struct proc;

struct device_ops {
	/* Bytes from the machine. */
	void (*typed)(void *arg, const char *, size_t len);
	/* The line was set to this speed, or NULL. */
	void (*speed)(void *arg, unsigned baud);
	/* The first one has opened it, the last one has closed it, or NULL. */
	void (*held)(void *arg, bool);
	/* One of them begins to read; nobody does any more; or NULL. */
	void (*reads)(void *arg, bool);
	/* A BREAK, or NULL. */
	void (*brk)(void *arg);
};

struct device *device_new(struct loop *, const struct device_ops *,
	    void *arg);
void	 device_free(struct device *);
/* Bytes for the machine: lost when nobody has the device open. */
void	 device_say(struct device *, const char *, size_t len);
/* Bytes that nobody has read yet. */
size_t	 device_backlog(const struct device *);
/* Its USB cable: who has it open finds it hung up when it is pulled. */
void	 device_plug(struct device *, bool in);
bool	 device_plugged(const struct device *);

/* --- what the shell does with it --- */
/* What a later use of this opening must give: it ends with the cable. */
unsigned device_open(struct device *);
void	 device_close(struct device *, unsigned opening);
/* 0, or -EIO when it was pulled. */
int	 device_write(struct device *, unsigned opening, const char *,
	    size_t len);
void	 device_break(struct device *, unsigned opening);
/* Bytes that are there, 0 when there are none, -1 at the end (it was pulled,
 * Ctrl-D came in cooked mode). Two readers share them. */
ssize_t	 device_take(struct device *, unsigned opening, char *, size_t);
/* A word of stty; false: unknown. */
bool	 device_set(struct device *, const char *word);
/* stty -a */
void	 device_settings(const struct device *, struct proc *);
/* proc waits for bytes; it is woken by proc_wake(). */
struct device_wait { struct proc *proc; struct device_wait *next; };
void	 device_wait(struct device *, struct device_wait *);
void	 device_wait_end(struct device *, struct device_wait *);

#endif
