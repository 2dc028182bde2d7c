#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/app/cli.h"
#include "rackmux/link/ports.h"

/*
 * The name to configure comes first on its line, because it is what is
 * copied; /dev/ttyACM0 is another board after the next boot.
 */

static void
print_port(const struct port_info *p)
{
	const char *stable = p->by_id[0] != '\0' ? p->by_id
	    : p->by_path[0] != '\0'              ? p->by_path
						 : p->path;

	printf("serial:%s\n", stable);
	printf("    %s", p->path);
	if (p->vid != 0)
		printf("  %04x:%04x", p->vid, p->pid);
	if (p->description[0] != '\0')
		printf("  %s", p->description);
	if (p->serial[0] != '\0')
		printf("  serial number %s", p->serial);
	putchar('\n');
	if (p->guess[0] != '\0')
		printf("    likely: %s\n", p->guess);
	if (p->holder > 0)
		printf("    in use by %s (process %ld)\n",
		    p->holder_name[0] != '\0' ? p->holder_name : "a program",
		    (long)p->holder);
}

int
cmd_ports(const struct cli *cli)
{
	struct port_info *ports = NULL;
	size_t n = ports_list(&ports, NULL);

	(void)cli;
	for (size_t i = 0; i < n; i++)
		print_port(&ports[i]);
	if (n == 0)
		printf("no serial ports: none is plugged in, or this is a "
		       "container that does not see them\n");
	free(ports);
	return EXIT_ALL_DONE;
}
