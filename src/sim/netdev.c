#include "rackmux/sim/netdev.h"

#include <errno.h>
#include <string.h>

int
netdev_read(const struct netdev *d, const char *path, struct buf *out)
{
	const char *what = strrchr(path, '/') + 1;

	if (strcmp(what, "operstate") == 0)
		buf_printf(out, "%s\n", d->up ? "up" : d->down);
	else if (strcmp(what, "carrier") == 0)
		buf_puts(out, d->up ? "1\n" : "0\n");
	else if (strcmp(what, "speed") == 0)
		buf_puts(out, d->up ? "1000\n" : "-1\n");
	else if (strcmp(what, "duplex") == 0)
		buf_puts(out, d->up ? "full\n" : "unknown\n");
	else if (strcmp(what, "rx_bytes") == 0)
		buf_printf(out, "%.0f\n", d->rx);
	else if (strcmp(what, "tx_bytes") == 0)
		buf_printf(out, "%.0f\n", d->tx);
	else
		return -ENOENT;
	return 0;
}

int
netdev_read_fails(void *arg, const char *path, struct buf *out)
{
	(void)arg;
	(void)path;
	(void)out;
	return -EINVAL;
}
