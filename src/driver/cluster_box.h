/*
 * cluster_box - what the files of the Cluster Box driver share.
 */
#ifndef RM_DRIVER_CLUSTER_BOX_H
#define RM_DRIVER_CLUSTER_BOX_H

#include "net.h"
#include "report.h"

#define MCB_SLOTS 4
#define MCB_LEASES 16
#define MCB_BASE 496	/* where the PCA9555 is when nothing says so */

/* Which nodectl there is. All but v2 are switched by GPIO, without it. */
/* MCB_HIDDEN: a nodectl that this login may not read: nothing is run, and
 * nothing written. */
enum mcb_gen { MCB_NONE, MCB_VENDOR, MCB_GO, MCB_V2, MCB_HIDDEN };

/* What the kernel shows of a pin in sysfs. */
enum mcb_pin { MCB_PIN_ABSENT, MCB_PIN_IN, MCB_PIN_OUT };
enum mcb_line { MCB_EN, MCB_POWER, MCB_RESET, MCB_LINES };

struct mcb_lease {
	char ip[48], mac[20], host[64];
};

struct mcb {
	struct drv drv; /* first */
	struct report fast;	/* each poll */
	struct report slow;	/* v2: what nodectl tells */
	bool defined;		/* the link knows our functions */
	bool once;		/* the static part was read */
	bool told;		/* and what follows from it was told */
	enum mcb_gen gen;
	bool sorted;		/* which one it is was told */
	bool based;		/* and where its pins are */
	long base;		/* first GPIO of the PCA9555 */
	bool is_root, has_sudo;
	char hostname[64];
	enum mcb_pin pin[MCB_SLOTS][MCB_LINES];
	struct mcb_port {
		bool there;	/* /dev shows it */
		char tty[64];	/* as v2 is set to, or "" */
		char baud[12];
		int served;	/* v2: by its console server; -1 not, 0 untold */
	} port[MCB_SLOTS];
	char job[MCB_SLOTS][16];	/* v2: what the board does to it, or "" */
	struct mcb_lease lease[MCB_LEASES];
	size_t leases;
	bool has_led;
	char rest[24];		/* its trigger when it does not locate */
	long level;		/* and its brightness */
	char cannot[MCB_SLOTS][160];
	/* v2: nodectl's status. */
	bool slow_open;		/* under way */
	bool round_waits;	/* the first round ends with it */
	bool slow_now;		/* wanted at the end of this round */
	unsigned limit;		/* seconds that nodectl was given */
	uint64_t slow_at;	/* when it was last begun */
};

extern const char mcb_once_body[], mcb_node_body[], mcb_body[];

/* cluster_box_script.c: the number of a pin. */
long	 mcb_gpio(const struct mcb *, int slot, enum mcb_line);
/* cluster_box_parse.c: a whole answer of the fast part; text is cut up. */
void	 mcb_parse_round(struct mcb *, char *text);
/* The rail of all nodes; on: 1, 0, or -1, not known. */
void	 mcb_report_rail(struct report *, int on);
/* The address that a lease gives to a slot (name: as the board calls it, or
 * NULL), or why none does. */
void	 mcb_report_address(struct mcb *, struct report *, int slot,
	    const char *name);
/* cluster_box_pcie.c: "Gen3 x2", and what both ends could do. */
void	 mcb_report_speed(struct report *, int slot, int gen, int width,
	    int max_gen, int max_width);
/* A "pci" line of a node whose power is known to be on. */
void	 mcb_report_pci(struct report *, int slot, char *files);
/* cluster_box_status.c: a whole answer of the slow part. */
void	 mcb_parse_slow(struct mcb *, char *text);
/* nodectl was not heard: all that it tells is unknown. */
void	 mcb_slow_unknown(struct mcb *, const char *why);
/* cluster_box_cannot.c: once per connection. */
void	 mcb_tell_cannot(struct mcb *);
const char *mcb_cannot(struct mcb *, int slot, enum act);
/* cluster_box_console.c */
const char *mcb_console_cannot(struct mcb *, int slot);
bool	 mcb_console(struct drv *, int slot, struct way *);
/* cluster_box_act.c */
void	 mcb_act(struct drv *, unsigned ticket, int slot, enum act);

#endif
