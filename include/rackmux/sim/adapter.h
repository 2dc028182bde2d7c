/*
 * adapter - a node's serial line outside its board: a USB adapter on this
 * machine (a pty with a name as udev gives it), or a TCP port, raw or telnet,
 * as ser2net serves one. It is on the wire itself: it hears all and takes
 * nothing from the board's own console, if there is one.
 */
#ifndef RM_SIM_ADAPTER_H
#define RM_SIM_ADAPTER_H

#include <stdbool.h>

#include "rackmux/base/buf.h"
#include "rackmux/sim/rack.h"

enum adapter_kind { ADAPTER_NONE, ADAPTER_USB, ADAPTER_TCP, ADAPTER_TELNET };

struct adapter;

/* "usb", "tcp", "telnet"; ADAPTER_NONE: it is none of these. */
enum adapter_kind adapter_kind(const char *name);
/* Of a node that has a line (has_uart). port 0: any. NULL with err. */
struct adapter	*adapter_new(struct sim_node *, enum adapter_kind,
		    unsigned port, char *err, size_t size);
void		 adapter_free(struct adapter *);
/* Its cable; a TCP port's server ends and starts again. */
void		 adapter_plug(struct adapter *, bool in);
/* Another program has the device open and locked. */
void	 adapter_hold(struct adapter *, bool on);
/* As the written configuration names it: "serial:/dev/...@115200". */
void		 adapter_url(const struct adapter *, struct buf *);

#endif
