/*
 * cluster_box - what the parts of the simulated Mixtile Cluster Box share.
 */
#ifndef RM_SIM_CLUSTER_BOX_H
#define RM_SIM_CLUSTER_BOX_H

#include "rackmux/sim/device.h"
#include "rackmux/sim/rack.h"

#define CB_SLOTS 4
#define CB_PINS 16
#define CB_PINS_AT 496	/* where the first is; the vendor knows no other */

/* In the order in which there were firmwares. */
enum cb_gen { CB_V0, CB_V1, CB_GO, CB_V2_OLD, CB_V2 };
/* In the order in which the vendor's nodectl sets them up. */
enum cb_line { CB_EN, CB_POWER, CB_RESET, CB_PRZ, CB_LINES };

/* A pin of the PCA9555: it keeps its state while the board reboots. */
struct cb_pin {
	bool exported, out, high;
};

struct cb_viewer {
	struct cb_viewer *next;
	struct buf got;
};

struct cb_node {
	struct sim_node *n;
	struct device *line;	/* /dev/ttyCH343USBn */
	struct uart_tap tap;
	bool locked;		/* a picocom has the line */
	struct cb_viewer *viewers;	/* of the console server */
	struct buf log;		/* and its log */
	bool seen;		/* when the PCI bus was scanned */
	bool leased;		/* it has asked for an address */
	bool released;		/* nobody reads from it over PCIe */
	char op[16];		/* what holds nodectl's lock, or "" */
	uint64_t pressed;	/* loop ms, 0: its button is up */
};

struct cluster_box {
	struct sim_board *board;
	enum cb_gen gen;
	bool mixtile;		/* the login is not root's */
	bool addresses;		/* v2 was told where its nodes are */
	int base;
	bool ext_power;
	struct cb_pin pins[CB_PINS];
	struct cb_node nodes[CB_SLOTS];
	int period[2], duty[2];	/* ns, of the fans */
	bool turning[2];
	char trigger[16];	/* of the LED */
	int brightness;
	unsigned sudo;		/* commands that run as root */
	uint64_t boots_at;	/* loop ms of the next step, 0: none */
	int boot_step;
	uint64_t rescan_at;
	bool hung;		/* the root complex, and all with it */
};

static inline struct cluster_box *
cb_of(struct proc *p)
{
	return ((struct sim_board *)proc_machine(p)->board)->state;
}

static inline bool
cb_is_v2(const struct cluster_box *box)
{
	return box->gen >= CB_V2_OLD;
}

/* --- the pins (cluster_box_gpio.c) --- */
void	 cb_gpio_init(struct cluster_box *, bool exported);
/* What the expander is when it gets power: all are inputs. */
void	 cb_gpio_clear(struct cluster_box *);
/* The kernel starts: nothing is exported. */
void	 cb_gpio_forget(struct cluster_box *);
int	 cb_pin(int slot, enum cb_line);	/* slot from 0 */
bool	 cb_gpio_get(const struct cluster_box *, int pin);
/* As a write to export, direction or value by root: 0 or -errno. */
int	 cb_gpio_export(struct cluster_box *, int pin);
int	 cb_gpio_direction(struct cluster_box *, int pin, const char *);
int	 cb_gpio_set(struct cluster_box *, int pin, bool high);
void	 cb_gpio_tick(struct cluster_box *);
/* Who runs now may write to the kernel's files. */
bool	 cb_may_write(const struct cluster_box *);

/* --- files (cluster_box_sysfs.c, cluster_box_pci.c) --- */
void	 cb_sysfs_init(struct cluster_box *);
double	 cb_fan_rpm(const struct cluster_box *, int fan);
void	 cb_pci_init(struct cluster_box *);
void	 cb_pci_rescan(struct cluster_box *);
/* A node has left the bus for ever, as at a boot without it. */
void	 cb_pci_forget(struct cluster_box *);
int	 cb_bus(int slot);
int	 cmd_cb_lspci(struct proc *, int argc, char **argv);
/* The lines of lspci for the nodes, and their number. */
int	 cb_list(struct proc *);

/* --- consoles (cluster_box_tty.c) --- */
void	 cb_tty_init(struct cb_node *);
void	 cb_tty_release(struct cb_node *);
int	 cb_tty(int slot);		/* the n of its /dev/ttyCH343USBn */
bool	 cb_console_served(const struct cb_node *);
int	 cb_attach(struct proc *, struct cb_node *);
int	 cb_picocom(struct proc *, struct cb_node *, bool quiet);
int	 cmd_cb_picocom(struct proc *, int argc, char **argv);

/* --- commands (cluster_box_cmd.c); nodectl, by generation --- */
extern const struct command cluster_box_commands[];
extern const char cb_usage_vendor[], cb_usage_v2[], cb_usage_v2_old[];
int	 cmd_nodectl_vendor(struct proc *, int argc, char **argv);
int	 cmd_nodectl_go(struct proc *, int argc, char **argv);
int	 cmd_nodectl_v2(struct proc *, int argc, char **argv);
/* "nodectl status" of v2 (cluster_box_status.c); mask: bit slot. */
int	 cb_status(struct proc *, unsigned mask, bool json);
void	 cb_status_json(struct cluster_box *, bool root, unsigned mask,
	    unsigned reached, struct buf *out);
/* The address that a node has, "" if v2 was not told. */
const char *cb_address(const struct cluster_box *, int slot, char out[16]);
/* It answers at its address: true at once, or false after a while. */
bool	 cb_reachable(const struct cb_node *);

#endif
