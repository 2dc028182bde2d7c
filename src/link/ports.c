/*
 * USB tells what an adapter is, not what hangs on it: a guess names the
 * usual things. A port is best configured by its by-id name; adapters
 * without a serial number share one, and then only by-path is unique.
 */
#include "rackmux/link/ports.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

static const struct {
	unsigned vid, pid, mask;
	const char *guess;
} guesses[] = {
	{ 0x08de, 0x1234, 0xffff, "Turing Pi 2: console of the BMC" },
	{ 0x2e8a, 0x000a, 0xffff,
	    "RP2040: controller of a mini-CM4 cluster, or a Pico" },
	{ 0x2e8a, 0x0005, 0xffff, "RP2040 with MicroPython" },
	{ 0x2e8a, 0x0009, 0xffff, "RP2350: a Pico 2" },
	{ 0x2e8a, 0x000c, 0xffff, "Raspberry Pi Debug Probe: a UART" },
	{ 0x2e8a, 0x0000, 0x0000, "a Raspberry Pi microcontroller" },
	{ 0x0525, 0xa4a7, 0xffff, "Linux USB gadget: console of a board" },
	{ 0x1d6b, 0x0104, 0xffff, "Linux USB gadget: console of a board" },
	{ 0x0403, 0x6001, 0xffff, "FTDI FT232 adapter: a UART" },
	{ 0x0403, 0x6010, 0xffff, "FTDI FT2232 adapter: two UARTs" },
	{ 0x0403, 0x6011, 0xffff, "FTDI FT4232 adapter: four UARTs" },
	{ 0x0403, 0x6015, 0xffff, "FTDI FT230X adapter: a UART" },
	{ 0x0403, 0x0000, 0x0000, "FTDI adapter: a UART" },
	{ 0x1a86, 0x7523, 0xffff, "CH340 adapter: a UART" },
	{ 0x1a86, 0x55d5, 0xffff, "CH344 adapter: four UARTs" },
	{ 0x1a86, 0x55d0, 0xfff0, "CH343 adapter: a UART" },
	{ 0x1a86, 0x0000, 0x0000, "WCH adapter: a UART" },
	{ 0x10c4, 0xea60, 0xffff, "CP210x adapter: a UART" },
	{ 0x10c4, 0xea70, 0xffff, "CP2105 adapter: two UARTs" },
	{ 0x10c4, 0xea71, 0xffff, "CP2108 adapter: four UARTs" },
	{ 0x067b, 0x0000, 0x0000, "PL2303 adapter: a UART" },
	{ 0x303a, 0x0000, 0x0000, "an Espressif microcontroller" },
	{ 0x2341, 0x0000, 0x0000, "an Arduino" },
};

const char *
ports_guess(unsigned vid, unsigned pid)
{
	size_t i;

	for (i = 0; vid != 0 && i < ARRAY_LEN(guesses); i++)
		if (guesses[i].vid == vid &&
		    guesses[i].pid == (pid & guesses[i].mask))
			return guesses[i].guess;
	return "";
}

/* The link in dir that leads to real, if there is one. */
static void
find_link(const char *dir, const char *real, char *out, size_t size)
{
	char path[PATH_MAX], to[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.') /* also udev's temporaries */
			continue;
		if (!str_format(path, sizeof(path), "%s/%s", dir, e->d_name) ||
		    !realpath(path, to) || strcmp(to, real) != 0)
			continue;
		/* Two ports may claim one name; an untruncated one only. */
		if (strlen(path) < size)
			str_copy(out, size, path);
		break;
	}
	closedir(d);
}

void
ports_names(struct port_info *p, const struct ports_roots *roots)
{
	const char *root =
	    roots && roots->serial ? roots->serial : "/dev/serial";
	char dir[PATH_MAX], real[PATH_MAX];

	if (!realpath(p->path, real))
		return;
	if (str_format(dir, sizeof(dir), "%s/by-id", root))
		find_link(dir, real, p->by_id, sizeof(p->by_id));
	if (str_format(dir, sizeof(dir), "%s/by-path", root))
		find_link(dir, real, p->by_path, sizeof(p->by_path));
}

void
ports_identity(
    const char *path, const struct ports_roots *roots, struct port_info *out)
{
	char real[PATH_MAX];
	const char *name = strrchr(path, '/');

	memset(out, 0, sizeof(*out));
	out->guess = "";
	str_copy(out->path, sizeof(out->path), path);
	if (realpath(path, real)) {
		if (strlen(real) < sizeof(out->path))
			serial_port(real, out);
		ports_names(out, roots);
	}
	if (out->by_id[0] == '\0' && name && name - path >= 6 &&
	    strncmp(name - 6, "/by-id", 6) == 0)
		str_copy(out->by_id, sizeof(out->by_id), path);
}

const char *
ports_by_id(const struct port_info *p)
{
	const char *name = strrchr(p->by_id, '/');

	return name ? name + 1 : p->by_id;
}

static bool
has_open(const char *fds, const char *real)
{
	char path[PATH_MAX], to[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d = opendir(fds);
	ssize_t n;

	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] == '.' ||
		    !str_format(path, sizeof(path), "%s/%s", fds, e->d_name))
			continue;
		n = readlink(path, to, sizeof(to) - 1);
		if (n <= 0)
			continue;
		to[n] = '\0';
		found = strcmp(to, real) == 0;
	}
	closedir(d);
	return found;
}

/* Who plays a pty, as a simulator does, may have both ends open. */
static bool
plays(const char *fds, const char *real)
{
	return str_starts(real, "/dev/pts/") &&
	    (has_open(fds, "/dev/ptmx") || has_open(fds, "/dev/pts/ptmx"));
}

static void
read_name(const char *proc, long pid, char *name, size_t size)
{
	char path[PATH_MAX], line[64] = "";
	FILE *f;

	if (!str_format(path, sizeof(path), "%s/%ld/comm", proc, pid))
		return;
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		text_clean(name, size, line, strlen(line));
	}
	fclose(f);
}

pid_t
ports_holder(
    const char *path, const struct ports_roots *roots, char *name, size_t size)
{
	const char *proc = roots && roots->proc ? roots->proc : "/proc";
	char real[PATH_MAX], fds[PATH_MAX];
	struct dirent *e;
	pid_t holder = 0;
	DIR *d;
	long pid;

	if (name && size > 0)
		name[0] = '\0';
	if (!realpath(path, real) || !(d = opendir(proc)))
		return 0;
	while (holder == 0 && (e = readdir(d))) {
		if (!str_long(e->d_name, 1, INT_MAX, &pid) || pid == getpid() ||
		    !str_format(fds, sizeof(fds), "%s/%ld/fd", proc, pid))
			continue;
		if (!has_open(fds, real) || plays(fds, real))
			continue;
		holder = (pid_t)pid;
		if (name)
			read_name(proc, pid, name, size);
	}
	closedir(d);
	return holder;
}

static int
by_path_name(const void *a, const void *b)
{
	const struct port_info *x = a, *y = b;

	return strverscmp(x->path, y->path);
}

size_t
ports_list(struct port_info **out, const struct ports_roots *roots)
{
	size_t i, n = serial_ports(out);

	for (i = 0; i < n; i++) {
		struct port_info *p = &(*out)[i];

		ports_names(p, roots);
		p->guess = ports_guess(p->vid, p->pid);
		p->holder = ports_holder(
		    p->path, roots, p->holder_name, sizeof(p->holder_name));
	}
	if (n > 1)
		qsort(*out, n, sizeof(**out), by_path_name);
	return n;
}
