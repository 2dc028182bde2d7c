#include "net.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Three facts: reading carrier or speed of an interface that is down fails
 * with EINVAL (the probe prints "-"); a link without speed says -1, or the
 * same as an unsigned number on old kernels; and a driver that does not
 * know its state says "unknown" although there is a carrier.
 */

bool
netif_parse(struct netif *n, char *rest)
{
	const struct {
		char *out;
		size_t size;
	} f[] = {
		{ n->name, sizeof n->name },
		{ n->operstate, sizeof n->operstate },
		{ n->carrier, sizeof n->carrier },
		{ n->speed, sizeof n->speed },
		{ n->duplex, sizeof n->duplex },
		{ n->count[0], sizeof n->count[0] },
		{ n->count[1], sizeof n->count[1] },
		{ n->count[2], sizeof n->count[2] },
		{ n->count[3], sizeof n->count[3] },
	};

	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		char *w = str_word(&rest);

		if (w == NULL || !str_copy(f[i].out, f[i].size, w))
			return false;
	}
	return str_word(&rest) == NULL;
}

const char *
netif_state(const struct netif *n)
{
	if (strcmp(n->operstate, "up") == 0)
		return "up";
	if (strcmp(n->operstate, "down") == 0 ||
	    strcmp(n->operstate, "lowerlayerdown") == 0 ||
	    strcmp(n->operstate, "notpresent") == 0 ||
	    strcmp(n->operstate, "dormant") == 0)
		return "down";
	if (strcmp(n->carrier, "1") == 0)
		return "up";
	if (strcmp(n->carrier, "0") == 0)
		return "down";
	return NULL;
}

static void
report_speed(struct report *rp, int slot, enum name_id id, const char *instance,
    const struct netif *n, const char *state)
{
	long mbit;

	if (state != NULL && strcmp(state, "down") == 0)
		report_unknown(rp, slot, id, instance, "The link is down.");
	else if (str_long(n->speed, 1, 10000000, &mbit))
		report_number(rp, slot, id, instance, (double)mbit);
	else
		report_unknown(rp, slot, id, instance,
		    "The interface does not tell its speed.");
}

void
netif_report_as(struct report *rp, int slot, const struct netif *n,
    enum name_id state_id, enum name_id speed_id, const char *instance)
{
	const char *state = netif_state(n);

	if (state != NULL)
		report_text(rp, slot, state_id, instance, state);
	else
		report_unknown(rp, slot, state_id, instance,
		    "The interface does not tell its state.");
	report_speed(rp, slot, speed_id, instance, n, state);
}

void
netif_report_primary(struct report *rp, int slot, const struct netif *n)
{
	static const enum name_id counters[] = { NAME_LINK_RX_BYTES,
		NAME_LINK_TX_BYTES, NAME_LINK_RX_ERRORS, NAME_LINK_TX_ERRORS };
	const char *state = netif_state(n);

	netif_report_as(rp, slot, n, NAME_LINK_STATE, NAME_LINK_SPEED, NULL);
	if (state != NULL && strcmp(state, "down") == 0)
		report_unknown(
		    rp, slot, NAME_LINK_DUPLEX, NULL, "The link is down.");
	else if (strcmp(n->duplex, "full") == 0 ||
	    strcmp(n->duplex, "half") == 0)
		report_text(rp, slot, NAME_LINK_DUPLEX, NULL, n->duplex);
	else
		report_unknown(rp, slot, NAME_LINK_DUPLEX, NULL,
		    "The interface does not tell its duplex.");
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		report_field(rp, slot, counters[i], NULL, n->count[i], 1,
		    "The interface does not count this.");
}
