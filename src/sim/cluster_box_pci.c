/*
 * The nodes as PCI devices of the control board. The list is made when the
 * bus is scanned, at boot and when somebody asks for it, and nobody takes
 * anything off it: a node that was cut is still there, and reads as ones.
 */
#include "cluster_box.h"

#include <errno.h>
#include <string.h>

#include "rackmux/base/text.h"

#define DEVICES "/sys/bus/pci/devices/"
#define LANES 2

/* Slot order is not bus order. */
static const int buses[CB_SLOTS] = { 6, 5, 3, 4 };
static const int by_bus[CB_SLOTS] = { 2, 3, 1, 0 };

int
cb_bus(int slot)
{
	return buses[slot];
}

static struct cb_node *
node_in(struct cluster_box *box, const char *path)
{
	const char *at = strstr(path, "0000:0");
	int k;

	for (k = 0; at != NULL && k < CB_SLOTS; k++)
		if (buses[k] == at[6] - '0')
			return &box->nodes[k];
	return NULL;
}

static int
read_link(void *arg, const char *path, struct buf *out)
{
	const struct cb_node *cn = node_in(arg, path);
	bool up, speed = str_ends(path, "_speed");
	bool max = strstr(path, "/max_") != NULL;

	if (cn == NULL)
		return -EIO;
	up = node_running(cn->n) && cn->n->rail;
	if (!up)
		buf_puts(out,
		    !speed    ? "63\n"
			: max ? "64.0 GT/s PCIe\n"
			      : "Unknown\n");
	else if (speed)
		buf_puts(out, "8.0 GT/s PCIe\n");
	else
		buf_printf(out, "%d\n",
		    !max && fault_is(&cn->n->faults, FAULT_PCIEDEGRADED)
			? LANES / 2
			: LANES);
	return 0;
}

static bool
open_miop(const struct cluster_box *box)
{
	return cb_is_v2(box);
}

static void
dev_path(int bus, const char *file, char *out, size_t size)
{
	str_format(out, size, DEVICES "0000:%02x:00.0%s", bus, file);
}

static void
add_device(struct cluster_box *box, int slot)
{
	static const char *const links[] = { "/current_link_speed",
		"/current_link_width", "/max_link_speed", "/max_link_width" };
	struct vfs *v = box->board->machine.vfs;
	bool open = open_miop(box);
	char path[80];
	size_t i;

	dev_path(buses[slot], "/vendor", path, sizeof(path));
	vfs_static(v, path, open ? "0x1d87\n" : "0x4586\n");
	dev_path(buses[slot], "/device", path, sizeof(path));
	vfs_static(v, path, open ? "0x4f4d\n" : "0xb6f2\n");
	dev_path(buses[slot], "/class", path, sizeof(path));
	vfs_static(v, path, "0x028000\n");
	dev_path(buses[slot], "/enable", path, sizeof(path));
	vfs_static(v, path, "1\n");
	for (i = 0; i < ARRAY_LEN(links); i++) {
		dev_path(buses[slot], links[i], path, sizeof(path));
		vfs_dynamic(v, path, read_link, NULL, box);
	}
}

void
cb_pci_rescan(struct cluster_box *box)
{
	int k;

	for (k = 0; k < CB_SLOTS; k++) {
		struct cb_node *cn = &box->nodes[k];

		if (cn->seen || !node_running(cn->n))
			continue;
		cn->seen = true;
		add_device(box, k);
	}
}

void
cb_pci_forget(struct cluster_box *box)
{
	char path[80];
	int k;

	for (k = 0; k < CB_SLOTS; k++) {
		box->nodes[k].seen = false;
		dev_path(buses[k], "", path, sizeof(path));
		vfs_remove(box->board->machine.vfs, path);
	}
}

static int
write_rescan(void *arg, const char *path, const char *s, size_t len)
{
	struct cluster_box *box = arg;

	(void)path;
	if (!cb_may_write(box))
		return -EACCES;
	if (len == 0 || s[0] < '0' || s[0] > '9')
		return -EINVAL;
	if (s[0] != '0')
		cb_pci_rescan(box);
	return 0;
}

void
cb_pci_init(struct cluster_box *box)
{
	static const char *const bridges[] = { "00:00", "01:00", "02:00",
		"02:04", "02:08", "02:0c" };
	struct vfs *v = box->board->machine.vfs;
	char path[80];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bridges); i++) {
		str_format(
		    path, sizeof(path), DEVICES "0000:%s.0/class", bridges[i]);
		vfs_static(v, path, "0x060400\n");
		str_format(
		    path, sizeof(path), DEVICES "0000:%s.0/vendor", bridges[i]);
		vfs_static(v, path, i == 0 ? "0x14c3\n" : "0x1b21\n");
		str_format(
		    path, sizeof(path), DEVICES "0000:%s.0/device", bridges[i]);
		vfs_static(v, path, i == 0 ? "0x0801\n" : "0x2824\n");
	}
	vfs_dynamic(
	    v, "/sys/bus/pci/rescan", vfs_write_only, write_rescan, box);
}

/* --- lspci --- */

int
cb_list(struct proc *p)
{
	struct cluster_box *box = cb_of(p);
	int k, n = 0;

	for (k = 0; k < CB_SLOTS; k++) {
		if (!box->nodes[by_bus[k]].seen)
			continue;
		proc_printf(p, "%02x:00.0 Network controller: %s (rev 01)\n",
		    buses[by_bus[k]],
		    open_miop(box) ? "Rockchip Electronics Co., Ltd Device 4f4d"
				   : "Mixtile Limited Blade 3");
		n++;
	}
	return n;
}

int
cmd_cb_lspci(struct proc *p, int argc, char **argv)
{
	int i;

	(void)argc;
	(void)argv;
	proc_puts(p,
	    "00:00.0 PCI bridge: MEDIATEK Corp. Device 0801 (rev 01)\n"
	    "01:00.0 PCI bridge: ASMedia Technology Inc. ASM2824 PCIe Gen3 "
	    "Packet Switch (rev 01)\n");
	for (i = 0; i < CB_SLOTS; i++)
		proc_printf(p,
		    "02:%02x.0 PCI bridge: ASMedia Technology Inc. ASM2824 "
		    "PCIe Gen3 Packet Switch (rev 01)\n",
		    i * 4);
	(void)cb_list(p);
	return 0;
}
