/*
 * The board's USB hub as its host sees it: port 1 is the RP2040, 2 to 5 are
 * the nodes, which are on the bus only while their boot ROM waits there.
 */
#include <string.h>

#include "mini_cm4.h"
#include "rackmux/base/text.h"

#define BUS "/sys/bus/usb/devices/"

static void
set(struct vfs *v, const char *dev, const char *key, const char *value)
{
	char path[96], line[64];

	str_format(path, sizeof(path), BUS "%s/%s", dev, key);
	str_format(line, sizeof(line), "%s\n", value);
	vfs_text(v, path, line);
}

static void
forget(struct vfs *v, const char *dev)
{
	char path[96];

	str_format(path, sizeof(path), BUS "%s", dev);
	vfs_remove(v, path);
}

static void
device(struct vfs *v, const char *dev, const char *vid, const char *pid,
    const char *maker, const char *product, const char *serial)
{
	set(v, dev, "idVendor", vid);
	set(v, dev, "idProduct", pid);
	set(v, dev, "manufacturer", maker);
	set(v, dev, "product", product);
	set(v, dev, "serial", serial);
}

void
mini_usb_init(struct mini *m)
{
	struct vfs *v = m->board->machine.vfs;

	device(v, "usb1", "1d6b", "0002", "Linux 6.1.21-v8+ xhci-hcd",
	    "xHCI Host Controller", "0000:01:00.0");
	device(v, "1-1", "0424", "2517", "WillWhang", "RaspberryPiCluster",
	    "00000000");
	mini_usb_refresh(m);
}

/* ttyACM0 and its names, or none. */
static void
show_console(struct mini *m)
{
	struct vfs *v = m->board->machine.vfs;
	char path[96], name[16], target[64];

	vfs_remove(v, "/dev/ttyACM0");
	vfs_remove(v, "/dev/ttyACM1");
	vfs_remove(v, "/dev/serial");
	vfs_remove(v, "/sys/class/tty");
	forget(v, "1-1.1:1.0");
	forget(v, "1-1.1");
	if (m->bootsel)
		device(v, "1-1.1", "2e8a", "0003", "Raspberry Pi", "RP2 Boot",
		    "E0C9125B0D9B");
	if (!device_plugged(m->acm))
		return;
	device(v, "1-1.1", "2e8a", "000a", "Raspberry Pi", "Pico", m->serial);
	str_format(name, sizeof(name), "ttyACM%d", m->acm_index);
	str_format(path, sizeof(path), "/dev/%s", name);
	vfs_device(v, path, m->acm);
	str_format(path, sizeof(path),
	    "/dev/serial/by-id/usb-Raspberry_Pi_Pico_%s-if00", m->serial);
	str_format(target, sizeof(target), "../../%s", name);
	vfs_link(v, path, target);
	vfs_link(v,
	    "/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-"
	    "0:1.1:1.0",
	    target);
	str_format(path, sizeof(path), BUS "1-1.1:1.0/tty/%s/dev", name);
	vfs_static(v, path, "166:0\n");
	str_format(path, sizeof(path), "/sys/class/tty/%s/device", name);
	vfs_link(v, path, BUS "1-1.1:1.0");
}

void
mini_usb_refresh(struct mini *m)
{
	struct vfs *v;
	char dev[16], path[64];
	bool shown;
	int k;

	if (m->host == NULL)
		return;
	v = m->board->machine.vfs;
	str_format(path, sizeof(path), "/dev/ttyACM%d", m->acm_index);
	shown = vfs_find_device(v, path) == m->acm;
	if (shown != device_plugged(m->acm) || m->bootsel)
		show_console(m);
	for (k = 0; k < MINI_SLOTS; k++) {
		str_format(dev, sizeof(dev), "1-1.%d", k + 2);
		if (m->usb_boot[k] && m->board->nodes[k].stage == STAGE_LOADER)
			device(v, dev, "0a5c", "2711", "Broadcom",
			    "BCM2711 Boot", "");
		else
			forget(v, dev);
	}
}
