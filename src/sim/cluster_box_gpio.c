/*
 * The PCA9555 that switches the nodes of a Cluster Box, and what the kernel
 * shows of it in sysfs. The traps are the kernel's and the board's: a pin
 * whose direction is written "out" drives 0, which cuts the node, and a write
 * that the expander does not acknowledge is lost in silence.
 */
#include "cluster_box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define PRESS_MS 450 /* nodectl's 500, less what a sleep is short of */
#define FORCE_MS 8000
#define GPIO "/sys/class/gpio"

static const int offsets[CB_SLOTS][CB_LINES] = {
	{ 3, 12, 8, 7 },
	{ 2, 13, 9, 6 },
	{ 0, 15, 11, 4 },
	{ 1, 14, 10, 5 },
};

int
cb_pin(int slot, enum cb_line line)
{
	return offsets[slot][line];
}

bool
cb_may_write(const struct cluster_box *box)
{
	return !box->mixtile || box->sudo > 0;
}

static bool
find(int pin, int *slot, enum cb_line *line)
{
	int k, i;

	for (k = 0; k < CB_SLOTS; k++)
		for (i = 0; i < CB_LINES; i++)
			if (offsets[k][i] == pin) {
				*slot = k;
				*line = (enum cb_line)i;
				return true;
			}
	return false;
}

/* --- what a pin does --- */

static bool
driven_high(const struct cluster_box *box, int slot, enum cb_line line)
{
	const struct cb_pin *pin = &box->pins[cb_pin(slot, line)];

	return pin->out && pin->high;
}

/* Buttons are pulled up, power enables are pulled down. */
static bool
held_low(const struct cluster_box *box, int slot, enum cb_line line)
{
	const struct cb_pin *pin = &box->pins[cb_pin(slot, line)];

	return pin->out && !pin->high;
}

/* With OpenMIOP the board reads from its nodes all the time; a link that
 * goes while a read is under way stops the root complex, and the CPU. */
static void
drop_link(struct cluster_box *box, struct cb_node *cn)
{
	if (box->gen == CB_V2 && !cn->released && cn->seen &&
	    node_running(cn->n))
		box->hung = true;
}

static void
press_soft(struct sim_node *n)
{
	if (!n->rail || n->model == NULL)
		return;
	if (n->stage == STAGE_HALTED)
		nodeboot_stage(n, STAGE_LOADER);
	else
		node_stop(n, false);
}

static void
button(struct cluster_box *box, int slot)
{
	struct cb_node *cn = &box->nodes[slot];
	uint64_t now = loop_now(box->board->rack->loop);

	if (held_low(box, slot, CB_POWER)) {
		if (cn->pressed == 0)
			cn->pressed = now;
		return;
	}
	if (cn->pressed != 0 && now - cn->pressed >= PRESS_MS &&
	    now - cn->pressed < FORCE_MS)
		press_soft(cn->n);
	cn->pressed = 0;
}

static void
follow(struct cluster_box *box, int slot, enum cb_line line)
{
	struct cb_node *cn = &box->nodes[slot];
	struct sim_node *n = cn->n;
	bool on = driven_high(box, slot, CB_EN) && box->ext_power;

	if (line == CB_EN && on != n->intent) {
		if (!on)
			drop_link(box, cn);
		else
			cn->released = false;
		node_power(n, on);
	} else if (line == CB_POWER) {
		button(box, slot);
	} else if (line == CB_RESET && n->rail && n->model != NULL) {
		drop_link(box, cn);
		nodeboot_stage(n, STAGE_LOADER);
	}
}

static void
change(struct cluster_box *box, int pin, bool out, bool high)
{
	struct cb_pin *p = &box->pins[pin];
	bool known, low;
	enum cb_line line;
	int slot;

	if (fault_is(&box->board->faults, FAULT_EXIT0))
		return;
	known = find(pin, &slot, &line);
	low = known && held_low(box, slot, line);
	p->out = out;
	p->high = high;
	if (known && (line == CB_EN || low != held_low(box, slot, line)))
		follow(box, slot, line);
}

static void
set_ext_power(struct cluster_box *box, bool on)
{
	int k;

	if (fault_is(&box->board->faults, FAULT_EXIT0))
		return;
	box->ext_power = on;
	for (k = 0; k < CB_SLOTS; k++)
		follow(box, k, CB_EN);
}

void
cb_gpio_tick(struct cluster_box *box)
{
	uint64_t now = loop_now(box->board->rack->loop);
	int k;

	for (k = 0; k < CB_SLOTS; k++) {
		struct cb_node *cn = &box->nodes[k];
		struct sim_node *n = cn->n;

		if (n->model == NULL || !n->rail)
			continue;
		if (held_low(box, k, CB_RESET))
			n->stage_at = now;
		if (cn->pressed != 0 && now - cn->pressed >= FORCE_MS &&
		    n->stage != STAGE_HALTED)
			nodeboot_stage(n, STAGE_HALTED);
	}
}

/* --- its files --- */

/* The pin that a path names by its number, or -1. */
static int
pin_in(const struct cluster_box *box, const char *path)
{
	const char *at = strstr(path, "/gpio/gpio");
	long n;

	if (at == NULL)
		return -1;
	n = strtol(at + strlen("/gpio/gpio"), NULL, 10) - box->base;
	return n >= 0 && n < CB_PINS ? (int)n : -1;
}

bool
cb_gpio_get(const struct cluster_box *box, int pin)
{
	const struct cb_pin *p = &box->pins[pin];
	enum cb_line line = CB_EN;
	int slot = 0;

	if (p->out)
		return p->high;
	if (!find(pin, &slot, &line) || line == CB_EN)
		return false;
	/* Present is low; the buttons are pulled up. */
	return line != CB_PRZ || box->nodes[slot].n->model == NULL;
}

static int
read_gpio(void *arg, const char *path, struct buf *out)
{
	struct cluster_box *box = arg;
	int pin = pin_in(box, path);

	if (pin < 0)
		return -EIO;
	if (str_ends(path, "/direction"))
		buf_puts(out, box->pins[pin].out ? "out\n" : "in\n");
	else
		buf_puts(out, cb_gpio_get(box, pin) ? "1\n" : "0\n");
	return 0;
}

static int
write_gpio(void *arg, const char *path, const char *s, size_t len)
{
	struct cluster_box *box = arg;
	int pin = pin_in(box, path);
	char text[16], *end;
	long n;

	if (!cb_may_write(box))
		return -EACCES;
	if (pin < 0)
		return -EIO;
	if (!vfs_written(s, len, text, sizeof(text)))
		return -EINVAL;
	if (str_ends(path, "/direction"))
		return cb_gpio_direction(box, pin, text);
	n = strtol(text, &end, 0);
	if (end == text || *end != '\0')
		return -EINVAL;
	return cb_gpio_set(box, pin, n != 0);
}

static int
read_ext(void *arg, const char *path, struct buf *out)
{
	const struct cluster_box *box = arg;

	(void)path;
	buf_puts(out, box->ext_power ? "1\n" : "0\n");
	return 0;
}

static int
write_ext(void *arg, const char *path, const char *s, size_t len)
{
	struct cluster_box *box = arg;

	(void)path;
	if (!cb_may_write(box))
		return -EACCES;
	if (len == 0 || (s[0] != '0' && s[0] != '1'))
		return -EINVAL;
	set_ext_power(box, s[0] == '1');
	return 0;
}

static void
pin_dir(const struct cluster_box *box, int pin, const char *file, char *out,
    size_t size)
{
	str_format(out, size, GPIO "/gpio%d%s", box->base + pin, file);
}

int
cb_gpio_export(struct cluster_box *box, int pin)
{
	struct vfs *v = box->board->machine.vfs;
	char path[64];

	if (pin < 0 || pin >= CB_PINS)
		return -EINVAL;
	if (box->pins[pin].exported)
		return -EBUSY;
	box->pins[pin].exported = true;
	pin_dir(box, pin, "/value", path, sizeof(path));
	vfs_dynamic(v, path, read_gpio, write_gpio, box);
	pin_dir(box, pin, "/direction", path, sizeof(path));
	vfs_dynamic(v, path, read_gpio, write_gpio, box);
	pin_dir(box, pin, "/active_low", path, sizeof(path));
	vfs_static(v, path, "0\n");
	pin_dir(box, pin, "/edge", path, sizeof(path));
	vfs_static(v, path, "none\n");
	return 0;
}

static int
unexport(struct cluster_box *box, int pin)
{
	char path[64];

	if (pin < 0 || pin >= CB_PINS || !box->pins[pin].exported)
		return -EINVAL;
	box->pins[pin].exported = false;
	pin_dir(box, pin, "", path, sizeof(path));
	vfs_remove(box->board->machine.vfs, path);
	return 0;
}

int
cb_gpio_direction(struct cluster_box *box, int pin, const char *to)
{
	if (!box->pins[pin].exported)
		return -ENOENT;
	if (strcmp(to, "out") == 0 || strcmp(to, "low") == 0)
		change(box, pin, true, false);
	else if (strcmp(to, "high") == 0)
		change(box, pin, true, true);
	else if (strcmp(to, "in") == 0)
		change(box, pin, false, box->pins[pin].high);
	else
		return -EINVAL;
	return 0;
}

int
cb_gpio_set(struct cluster_box *box, int pin, bool high)
{
	if (!box->pins[pin].exported)
		return -ENOENT;
	if (!box->pins[pin].out)
		return -EPERM;
	change(box, pin, true, high);
	return 0;
}

static int
write_export(void *arg, const char *path, const char *s, size_t len)
{
	struct cluster_box *box = arg;
	char text[16];
	long n;

	if (!cb_may_write(box))
		return -EACCES;
	if (!vfs_written(s, len, text, sizeof(text)) ||
	    !str_long(text, 0, 511, &n))
		return -EINVAL;
	return str_ends(path, "/unexport")
	    ? unexport(box, (int)n - box->base)
	    : cb_gpio_export(box, (int)n - box->base);
}

static void
add_chip(
    struct vfs *v, int base, int ngpio, const char *label, const char *name)
{
	char path[64], text[24];

	str_format(text, sizeof(text), "%d\n", base);
	str_format(path, sizeof(path), GPIO "/gpiochip%d/base", base);
	vfs_text(v, path, text);
	str_format(text, sizeof(text), "%d\n", ngpio);
	str_format(path, sizeof(path), GPIO "/gpiochip%d/ngpio", base);
	vfs_text(v, path, text);
	str_format(path, sizeof(path), GPIO "/gpiochip%d/label", base);
	vfs_static(v, path, label);
	str_format(path, sizeof(path), GPIO "/gpiochip%d/device/name", base);
	if (name != NULL)
		vfs_static(v, path, name);
}

void
cb_gpio_init(struct cluster_box *box, bool exported)
{
	struct vfs *v = box->board->machine.vfs;
	int k, i;

	add_chip(v, box->base, CB_PINS, "0-0024\n", "pca9555\n");
	add_chip(v, box->base - 24, 24, "10000600.gpio\n", NULL);
	vfs_dynamic(v, GPIO "/export", vfs_write_only, write_export, box);
	vfs_dynamic(v, GPIO "/unexport", vfs_write_only, write_export, box);
	vfs_dynamic(v, GPIO "/ext_en_power/value", read_ext, write_ext, box);
	vfs_static(v, GPIO "/ext_en_power/direction", "out\n");
	box->ext_power = true;
	for (k = 0; k < CB_SLOTS; k++)
		for (i = CB_EN; i < CB_LINES; i++) {
			struct cb_pin *pin = &box->pins[offsets[k][i]];

			pin->out = i != CB_PRZ;
			pin->high = i != CB_EN || box->nodes[k].n->intent;
			if (exported)
				(void)cb_gpio_export(box, offsets[k][i]);
		}
}

void
cb_gpio_clear(struct cluster_box *box)
{
	int i, k;

	for (i = 0; i < CB_PINS; i++) {
		box->pins[i].out = false;
		box->pins[i].high = true;
	}
	for (k = 0; k < CB_SLOTS; k++) {
		box->nodes[k].pressed = 0;
		box->nodes[k].n->intent = false;
	}
}

void
cb_gpio_forget(struct cluster_box *box)
{
	int i;

	for (i = 0; i < CB_PINS; i++)
		(void)unexport(box, i);
}
