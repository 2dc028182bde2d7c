/*
 * cluster_box - what the files of the Cluster Box driver share.
 */
#ifndef RM_DRIVER_CLUSTER_BOX_H
#define RM_DRIVER_CLUSTER_BOX_H

#include "net.h"
#include "report.h"

#define CB_SLOTS 4
#define CB_LEASES 16
#define CB_BASE 496	/* where the PCA9555 is when nothing says so */

/* Which nodectl there is. All but v2 are switched by GPIO, without it. */
enum cb_gen { CB_NONE, CB_VENDOR, CB_GO, CB_V2 };

/* What the kernel shows of a pin in sysfs. */
enum cb_pin { CB_PIN_ABSENT, CB_PIN_IN, CB_PIN_OUT };
enum cb_line { CB_EN, CB_POWER, CB_RESET, CB_LINES };

struct cb_lease {
	char ip[48], mac[20], host[64];
};

struct cb {
	struct drv drv; /* first */
	struct report fast;	/* each poll */
	struct report slow;	/* nodectl's part, and the fans' speed */
	bool defined;		/* the link knows our functions */
	bool once;		/* the static part was read */
	bool told;		/* and what follows from it was told */
	enum cb_gen gen;
	long base;		/* first GPIO of the PCA9555 */
	bool is_root, has_sudo;
	char hostname[64];
	enum cb_pin pin[CB_SLOTS][CB_LINES];
	char job[CB_SLOTS][16];	/* v2: what the board does to it, or "" */
	struct cb_lease lease[CB_LEASES];
	size_t leases;
	bool has_led;
	char rest[24];		/* its trigger when it does not locate */
	long level;		/* and its brightness */
	char cannot[CB_SLOTS][160];
	/* The slow part. */
	bool slow_open;		/* under way */
	bool round_waits;	/* the first round ends with it */
	bool slow_now;		/* wanted at the end of this round */
	unsigned limit;		/* seconds that nodectl was given */
	uint64_t slow_at;	/* when it was last begun */
};

extern const char cb_once_body[], cb_node_body[], cb_body[];

/* cluster_box_script.c: the number of a pin. */
long	 cb_gpio(const struct cb *, int slot, enum cb_line);
/* cluster_box_parse.c: a whole answer of the fast part; text is cut up. */
void	 cb_parse_round(struct cb *, char *text);
/* The rail of all nodes; on: 1, 0, or -1, not known. */
void	 cb_report_rail(struct report *, int on);
/* The address that a lease gives to a slot (name: as the board calls it, or
 * NULL), or why none does. */
void	 cb_report_address(struct cb *, struct report *, int slot,
	    const char *name);
/* cluster_box_pcie.c: "Gen3 x2", and what both ends could do. */
void	 cb_report_speed(struct report *, int slot, int gen, int width,
	    int max_gen, int max_width);
/* A "pci" line of a node whose power is known to be on. */
void	 cb_report_pci(struct report *, int slot, char *files);
/* cluster_box_status.c: a whole answer of the slow part. */
void	 cb_parse_slow(struct cb *, char *text);
/* nodectl was not heard: all that it tells is unknown. */
void	 cb_slow_unknown(struct cb *, const char *why);
/* cluster_box_cannot.c: once per connection. */
void	 cb_tell_cannot(struct cb *);
const char *cb_cannot(struct cb *, int slot, enum act);
/* cluster_box_act.c */
void	 cb_act(struct drv *, unsigned ticket, int slot, enum act);

#endif
