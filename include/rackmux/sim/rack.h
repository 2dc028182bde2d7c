/*
 * rack - the simulated rack: boards, their nodes, and the clock that moves
 * them.
 *
 * A board may have a machine of its own (a Turing Pi's controller) or be
 * only a shelf for nodes (a row of Pis). Everything runs on the loop's
 * clock, so that a test can freeze it and advance it.
 */
#ifndef RM_SIM_RACK_H
#define RM_SIM_RACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/loop.h"
#include "rackmux/base/buf.h"
#include "rackmux/base/ring.h"
#include "rackmux/sim/fault.h"
#include "rackmux/sim/proc.h"
#include "rackmux/sim/vfs.h"

#define RACK_TICK_MS 100
#define UART_RING 16384
#define TP_SLOTS 4

struct sshd;
struct endpoint;
struct personality;
struct pty;
struct rack;
struct sim_board;
struct adapter;
struct talk;
struct tp_web;
struct uart_device;
struct uart_tap;
struct uart_watch;

enum stage {
	STAGE_OFF, STAGE_LOADER, STAGE_KERNEL, STAGE_INIT, STAGE_LOGIN,
	STAGE_STOPPING,	/* a soft reboot or power-off is under way */
	STAGE_HALTED, STAGE_PANIC,
	STAGE_PROMPT,	/* its loader was stopped and takes commands */
	STAGE_RESCUE,	/* an emergency shell on its console */
	STAGE_MASKROM,	/* nothing to boot was found */
};

struct node_model {
	const char *id;		/* in the configuration: "pi4" */
	const char *model;	/* /proc/device-tree/model */
	const char *kernel, *os_name, *os_id, *os_version;
	const char *user, *password;
	const char *iface;
	int cores;
	unsigned mem_kb;
	int mhz, min_mhz;
	bool vcgencmd, pmic, fan, wlan;
	bool busybox;		/* its shell asks where the cursor is */
	const char *const *zones;	/* further thermal zones, or NULL */
	double idle_rise, load_rise;	/* degC over the air */
	double throttle_at;
};

/* Another reader of the line: from now on each byte reaches either it or
 * bmcd's ring. The tap is the caller's. */
struct uart_tap {
	struct uart_tap *next;
	struct buf got;
	void (*wake)(void *arg);	/* or NULL */
	size_t (*backlog)(void *arg);	/* or NULL: beside got */
	void *arg;
};

/* A node's serial console as its board sees it. */
struct uart {
	struct ring ring;	/* what bmcd keeps */
	struct uart_tap *taps;	/* picocom and the like */
	struct uart_watch *watches;	/* of what reaches the ring */
	struct uart_watch *wires;	/* receivers on the wire itself */
	struct adapter *adapter;	/* one of them, or NULL */
	struct proc *getty;
	struct timer *drain;	/* the line has room again */
	struct proc *dying[4];	/* freed at the next tick */
	size_t boot_line;	/* next line of the boot text */
	bool unkept;		/* no daemon reads it into the ring */
	double flood_debt;
	unsigned baud;		/* 0: 115200 */
	/* From the configuration. */
	int outside;		/* enum adapter_kind */
	unsigned outside_port;	/* wanted, 0: any */
	unsigned talk_seconds;	/* 0: it says nothing by itself */
	int pattern_rate;	/* bytes a second, 0: full speed; -1: none */
	unsigned pattern_bytes;	/* 0: without end */
	bool capture;		/* said in the written configuration */
	uint64_t sysrq_until;	/* loop ms: a BREAK was heard */
	struct uart_tap thief;	/* of FAULT_TTYSTOLEN */
	bool full;		/* what prints waits for room */
	struct buf typed;	/* at the loader's prompt */
	struct talk *talk;	/* what it prints by itself, or NULL */
};

struct sim_node {
	struct sim_board *board;
	int slot;		/* from 1 */
	char name[32];		/* "" if none */
	const struct node_model *model;	/* NULL: an empty slot */
	bool inband;		/* has an SSH server of its own */
	bool has_uart;		/* its board holds its serial line */
	struct sim_board *feed;	/* what powers it, or NULL: its board */
	int feed_port;		/* from 1 */
	void *state;		/* its personality's */
	unsigned port;		/* wanted, 0: any */
	bool kbdint, two_step;
	struct machine machine;
	struct endpoint *endpoint;
	char hostname[40], serial[20], mac[20], prompt[80];

	bool intent, rail;	/* what bmcd was told; what the rail is */
	enum stage stage;
	uint64_t stage_at;	/* loop ms */
	bool stop_reboots;	/* STAGE_STOPPING ends in a reboot */
	int64_t booted_at;	/* loop ms; may be negative */
	int64_t powered_at;
	double phase, period, base, swing;	/* the load wave */
	double load[3], busy;
	double temp, volts;
	unsigned throttled;	/* bits now and, << 16, since boot */
	int fan_pwm;
	double fan_rpm;
	double rx, tx;		/* bytes */
	bool dirty;		/* node_refresh() is due */
	bool forgot;		/* has lost its TCP sessions */
	char trigger[2][16];	/* of ACT and PWR */
	int led[2];
	struct faults faults;
	struct uart uart;
};

/* What differs between Turing Pi firmwares. */
struct tp_firmware {
	const char *release;	/* "2.1.0" */
	const char *kernel, *tpi, *bmcd, *buildroot, *buildtime;
	const char *prompt;
	bool modern;		/* >= 2.1: DSA, new tty map, ring kept */
};

struct flash_job {
	bool active, verifying, failed;
	int node;		/* from 0 */
	uint64_t id, size, written;
	uint64_t started;
	double fail_at;
	char error[96];
	double seconds;
	bool done;
};

struct tp {
	const struct tp_firmware *fw;
	bool v25;		/* the board: v2.5, else v2.4 */
	bool emc2301;		/* a fan fitted to a v2.4 */
	int fan;
	int usb_node, usb_mode;	/* node from 0; 0 host, 1 device, 2 flash */
	bool usb_bmc;
	int led_power, led_status;
	bool locked[TP_SLOTS];	/* picocom holds the line */
	char stored_name[TP_SLOTS][32];
	char stored_module[TP_SLOTS][16];
	uint64_t bmcd_back;	/* loop ms when bmcd is up again, 0: up */
	int64_t bmcd_since;	/* loop ms when it started */
	bool bounce;		/* it takes the nodes with it */
	struct flash_job flash;
	struct tp_web *webs;	/* connections to bmcd */
	struct uart_device *ttys[TP_SLOTS];	/* /dev/ttySn */
};

struct sim_board {
	struct rack *rack;
	char name[32];
	const struct personality *kind;
	void *state;		/* its personality's */
	int unit, slots;
	struct sim_node *nodes;	/* [slots] */
	unsigned port;		/* wanted, 0: any */
	bool ssh, serial;	/* ways in to the controller */
	bool kbdint, two_step;
	struct machine machine;	/* the controller; vfs NULL: none */
	struct endpoint *endpoint;
	struct pty *pty;
	int64_t booted_at;
	bool stopping;		/* a reboot was asked for */
	uint64_t down_until;	/* rebooting until then, 0: up */
	bool forgot;
	bool no_console;	/* its USB console is away by itself */
	struct faults faults;
	struct tp tp;
};

struct rack {
	struct loop *loop;
	struct sshd *sshd;	/* borrowed; NULL: nothing listens */
	char name[64];
	int units;
	double power_budget;
	uint64_t rng;
	struct sim_board **boards;
	size_t n_boards;
	struct timer *tick;
	struct task *refresh;	/* of nodes that are dirty */
	uint64_t ticked, born;
	unsigned ticks;
	const char *dev_dir;	/* where by-id/ links are made, or NULL */
};

struct rack *rack_new(struct loop *, uint64_t seed);
void	 rack_free(struct rack *);
/* A board with slots empty ones; fill in, then rack_start(). */
struct sim_board *rack_add(struct rack *, const char *name,
	    const struct personality *, int slots);
/* Build machines, listen, start the clock. -errno with err. */
int	 rack_start(struct rack *, struct sshd *, char *err, size_t size);
struct sim_board *rack_board(const struct rack *, const char *name);
struct sim_node *rack_node(const struct rack *, const char *path);
/* Deterministic in the seed. */
uint64_t rack_random(struct rack *);
double	 rack_uniform(struct rack *);	/* [0, 1) */

/* --- boards (board_state.c) --- */
/* Something that decides who can reach it, or its nodes, has changed. Not
 * from inside a proc. */
void	 board_refresh(struct sim_board *);
bool	 board_dark(const struct sim_board *);
/* Both take effect at the next tick, so a proc may call them. */
void	 board_reboot(struct sim_board *);
/* All rails as its controller was last told. */
void	 board_apply_rails(struct sim_board *);
void	 board_power_fault(struct sim_board *, bool on);
void	 board_tick(struct sim_board *, double dt);

/* --- power feeds (feed.c) ---
 * A feed's slots are its ports; a port that is off has intent and rail
 * false. A proc may call these. */
/* The next node on that port after *board and *slot, which begin at 0; NULL:
 * there is no other. */
struct sim_node *feed_next(const struct sim_node *port, size_t *board,
	    int *slot);
/* Not held off by its feed. */
bool	 feed_powers(const struct sim_node *);
/* The rail of port has changed: so do those of the nodes on it. */
void	 feed_port_changed(struct sim_node *port);

/* --- nodes (board_node.c, board_physics.c) ---
 * node_power, node_set_rail, node_stop may be called by a proc. */
void	 node_init(struct sim_node *);
void	 node_power(struct sim_node *, bool on);	/* by its controller */
void	 node_set_rail(struct sim_node *, bool on);
void	 node_stop(struct sim_node *, bool reboot);	/* from inside */
void	 node_panic(struct sim_node *);
/* Something that decides who can reach it has changed. */
void	 node_refresh(struct sim_node *);
/* Its kernel runs and its port has carrier. */
bool	 node_has_link(const struct sim_node *);
bool	 node_running(const struct sim_node *);
void	 node_tick(struct sim_node *, double dt);
void	 node_physics(struct sim_node *, double dt);
void	 node_physics_init(struct sim_node *);
double	 node_uptime(const struct sim_node *);		/* seconds */
int	 node_mhz(const struct sim_node *);
double	 node_watts(const struct sim_node *);
double	 node_air(const struct sim_node *);

/* --- booting and the console (nodeboot.c, uart.c) --- */
void	 nodeboot_init(struct sim_node *);
void	 nodeboot_release(struct sim_node *);
void	 nodeboot_tick(struct sim_node *, double dt);
void	 nodeboot_stage(struct sim_node *, enum stage);
/* Bytes on the node's transmit line; bytes for its receive line. */
void	 uart_print(struct sim_node *, const char *, size_t len);
void	 uart_puts(struct sim_node *, const char *);
void	 uart_type(struct sim_node *, const char *, size_t len);
void	 uart_break(struct sim_node *);	/* on the receive line */
unsigned uart_baud(const struct sim_node *);	/* as it sends now */
/* Bytes that the slowest listener has not taken. */
size_t	 uart_backlog(const struct sim_node *);
void	 uart_tap_add(struct sim_node *, struct uart_tap *);
void	 uart_tap_remove(struct sim_node *, struct uart_tap *);
/* Told of what the ring gets, as who reads by the same daemon. */
struct uart_watch {
	struct uart_watch *next;
	void (*got)(void *arg, const char *, size_t len);
	size_t (*backlog)(void *arg);	/* bytes not yet taken from it */
	void *arg;
};
void	 uart_watch_add(struct sim_node *, struct uart_watch *);
void	 uart_watch_remove(struct sim_node *, struct uart_watch *);
/* Told of all that is on the wire: it takes nothing from anybody. */
void	 uart_wire_add(struct sim_node *, struct uart_watch *);
void	 uart_wire_remove(struct sim_node *, struct uart_watch *);

/* --- machines --- */
const struct node_model *node_model_find(const char *id);
void	 node_model_names(struct buf *);	/* "pi4, pi5 ..." */
void	 linux_node_init(struct sim_node *);	/* its machine's files */
extern const struct command linux_node_commands[];
/* Turing Pi's daemon (turing_pi.c). */
void	 bmcd_restart(struct sim_board *, uint64_t after_ms);
bool	 bmcd_up(const struct sim_board *);

#endif
