#include "picocom.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/device.h"

#define LOOK_MS 20
#define CTRL_A 0x01
#define CTRL_Q 0x11
#define CTRL_X 0x18
#define CTRL_BACKSLASH 0x1c

void
picocom_greet(struct proc *p, const char *path, const char *baud)
{
	proc_printf(p,
	    "picocom v3.1\n\nport is        : %s\nflowcontrol    : none\n"
	    "baudrate is    : %s\nparity is      : none\n"
	    "databits are   : 8\nstopbits are   : 1\n"
	    "escape is      : C-a\nlocal echo is  : no\n"
	    "noinit is      : no\nnoreset is     : no\n"
	    "hangup is      : no\nnolock is      : no\n"
	    "send_cmd is    : sz -vv\nreceive_cmd is : rz -vv -E\n"
	    "imap is        : \nomap is        : \n"
	    "emap is        : crcrlf,delbs,\nlogfile is     : none\n"
	    "initstring     : none\nexit_after is  : not set\n"
	    "exit is        : no\n\n",
	    path, baud);
}

static bool
type(struct proc *p, struct device *d, unsigned opening, const char *s,
    size_t len, bool *escape)
{
	size_t i;

	for (i = 0; i < len; i++) {
		bool was = *escape;

		*escape = !was && s[i] == CTRL_A;
		if (was && (s[i] == CTRL_X || s[i] == CTRL_Q))
			return false;
		if (was && s[i] == CTRL_BACKSLASH) {
			device_break(d, opening);
			proc_puts(p, "\r\n*** break sent ***\r\n");
			continue;
		}
		if (!*escape)
			(void)device_write(d, opening, s + i, 1);
	}
	return true;
}

static void
pass(struct proc *p, struct device *d, unsigned opening)
{
	bool escape = false;
	char text[1024];
	ssize_t n;

	for (;;) {
		n = proc_read_for(p, text, sizeof(text), LOOK_MS);
		if (n == 0 || n == -1)
			break;
		if (n > 0 && !type(p, d, opening, text, (size_t)n, &escape))
			break;
		while ((n = device_take(d, opening, text, sizeof(text))) > 0)
			(void)proc_out(p, text, (size_t)n);
		if (n < 0)
			break;
	}
}

void
picocom_session(struct proc *p, struct device *d, const char *baud, bool quiet)
{
	unsigned opening = device_open(d);

	(void)device_set(d, baud);
	(void)device_set(d, "raw");
	(void)device_set(d, "-echo");
	if (!quiet)
		proc_puts(p,
		    "Type [C-a] [C-h] to see available commands\n"
		    "Terminal ready\n");
	proc_raw(p, true);
	pass(p, d, opening);
	proc_raw(p, false);
	device_close(d, opening);
	if (!quiet)
		proc_puts(p, "\nTerminating...\nThanks for using picocom\n");
}

int
cmd_device_picocom(struct proc *p, int argc, char **argv)
{
	const char *path = "", *baud = "9600";
	struct device *d;
	int i;

	for (i = 1; i < argc; i++) {
		if (str_starts(argv[i], "/dev/"))
			path = argv[i];
		else if (strcmp(argv[i], "-b") == 0 && i + 1 < argc)
			baud = argv[++i];
	}
	d = vfs_find_device(proc_machine(p)->vfs, path);
	if (d == NULL) {
		proc_printf(p,
		    "\nFATAL: cannot open %s: No such file or directory\n",
		    path);
		return 1;
	}
	picocom_greet(p, path, baud);
	picocom_session(p, d, baud, false);
	return 0;
}
