/*
 * net - one line of a probe about a network interface:
 * NAME operstate carrier speed duplex rx_bytes tx_bytes rx_errors tx_errors
 */
#ifndef RM_DRIVER_NET_H
#define RM_DRIVER_NET_H

#include "report.h"

struct netif {
	char name[32];
	char operstate[20], carrier[8], speed[16], duplex[12];
	char count[4][24];	/* rx_bytes tx_bytes rx_errors tx_errors */
};

/* False when the line is torn. Cuts rest into words. */
bool	 netif_parse(struct netif *, char *rest);
/* "up", "down", or NULL: it does not tell. */
const char *netif_state(const struct netif *);
/* Report it as the slot's primary link (link.state ...). */
void	 netif_report_primary(struct report *, int slot, const struct netif *);
/* Report state and speed under names with an instance. */
void	 netif_report_as(struct report *, int slot, const struct netif *,
	    enum name_id state, enum name_id speed, const char *instance);

/* What the script reads, in this order, below /sys/class/net/NAME/. */
#define NETIF_FILES                                                        \
	"operstate carrier speed duplex statistics/rx_bytes"               \
	" statistics/tx_bytes statistics/rx_errors statistics/tx_errors"

#endif
