/*
 * linux - what the files of the in-band driver share, and what the driver of
 * a board whose nodes are reached from inside builds upon: its own struct
 * begins with a struct lx, and it calls lx_can() and the like by itself.
 */
#ifndef RM_DRIVER_LINUX_H
#define RM_DRIVER_LINUX_H

#include "rackmux/base/buf.h"

#include "net.h"
#include "report.h"

/* What the probe found out once per connection. */
struct lx {
	struct drv drv; /* first */
	struct report report;
	bool carried;	/* fan and locate LED are its board's, not its own */
	bool defined;	/* the link knows our functions */
	bool once;	/* the static part has been read */
	bool is_pi, has_vcgencmd, no_vchi, has_pmic;
	bool is_root, has_sudo;
	char led[16];	/* of the activity LED, "" if there is none */
	char rest[24];	/* its trigger when it does not locate */
	char route[32]; /* interface of the default route */
};

#define LX_NET_MAX 16
#define LX_ZONE_MAX 32

/* One answer, line by line, before it is judged as a whole. */
struct lx_round {
	struct netif net[LX_NET_MAX];
	size_t nets;
	struct lx_zone {
		char type[32];
		char temp[24];
		bool hwmon;
		bool used;
	} zone[LX_ZONE_MAX];
	size_t zones;
	char up[24], load[24], mem_total[24], mem_free[24];
	char throttled[80], core[80], arm[80], khz[24];
	char rpm[24], pwm[24], lcrit[24];
	char led[16], trigger[24];
	double watts, supply;
	size_t rails;
	bool has_supply;
};

extern const char lx_once_body[], lx_body[];

void	 lx_init(struct lx *);
void	 lx_release(struct lx *);
/* The link came up again. */
void	 lx_forget(struct lx *);
/* Begin a round: its answer goes to done, which calls lx_take(). */
void	 lx_ask(struct lx *, link_done_fn *done, void *arg);
/* Report a whole answer; text is cut up. */
void	 lx_take(struct lx *, char *text);
const char *lx_can(struct drv *, int slot, enum act);
/* The command of a soft power off, a reset or a locate. */
void	 lx_act_command(struct lx *, struct buf *, enum act);

/* linux_console.c: its login shell. */
bool	 lx_console(struct drv *, int slot, struct way *);

/* A line of the static part; true when it was one. */
bool	 lx_parse_once(struct lx *, const char *key, char *rest);
void	 lx_parse_round(struct lx *, struct lx_round *, char *text);
/* Report what the round says. */
void	 lx_report(struct lx *, struct lx_round *);
void	 lx_report_heat(struct lx *, struct lx_round *);
void	 lx_report_net(struct lx *, struct lx_round *);
void	 lx_report_pi(struct lx *, struct lx_round *);

#endif
