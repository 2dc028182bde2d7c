/*
 * turing_pi - what the files of the Turing Pi driver share.
 */
#ifndef RM_DRIVER_TURING_PI_H
#define RM_DRIVER_TURING_PI_H

#include "net.h"
#include "report.h"

#define TP_SLOTS 4

enum tp_rail { TP_RAIL_UNKNOWN, TP_RAIL_OFF, TP_RAIL_ON };

struct tp {
	struct drv drv; /* first */
	struct report fast;	/* each poll */
	struct report slow;	/* bmcd's part, every half a minute */
	struct report intent;	/* what bmcd was last told */
	bool defined;		/* the link knows our functions */
	bool once;		/* the static part was read */
	/* Found out, not concluded from a version. */
	bool has_curl, has_tpi, has_sudo, is_root;
	bool managed;		/* the switch shows its ports */
	bool has_fan;		/* the kernel drives one */
	char firmware[48];	/* VERSION of os-release */
	char bmcd[24];
	char led[16];		/* the status LED, "" when there is none */
	bool old_ttys;		/* the UARTs are in the order of kernel 5.4 */
	bool bmcd_down;		/* nobody listened where bmcd should */
	enum tp_rail rail[TP_SLOTS];
	/* The slow part. */
	bool slow_open;		/* under way */
	bool round_waits;	/* the first round ends with it */
	bool slow_now;		/* wanted at the end of this round */
	uint64_t slow_at;	/* when it was last begun */
	int64_t slow_wall;
};

extern const char tp_once_body[], tp_body[], tp_api_body[];

/* turing_pi_parse.c: a whole answer of the fast part; text is cut up. */
void	 tp_parse_round(struct tp *, char *text);
/* turing_pi_api.c: a whole answer of the slow part. */
void	 tp_parse_slow(struct tp *, char *text);
/* bmcd was not heard: all that it tells is unknown. */
void	 tp_slow_unknown(struct tp *, const char *why);
/* turing_pi_cannot.c: once per connection. */
void	 tp_tell_cannot(struct tp *);
const char *tp_cannot(struct tp *, int slot, enum act);
/* turing_pi_console.c */
const char *tp_tty(const struct tp *, int slot);
const char *tp_console_cannot(struct tp *, int slot);
bool	 tp_console(struct drv *, int slot, struct way *);
/* turing_pi_act.c */
void	 tp_act(struct drv *, unsigned ticket, int slot, enum act);

#endif
