/*
 * The kernel's own termios2, for any speed; its header and <termios.h> exclude
 * each other, hence a file of its own. A standard speed is set by its name, so
 * that stty and the like understand it.
 *
 * TCSETS2 succeeds when any of it could be done, so all is read back: libraries
 * that do not look set CRTSCTS in the wrong word and never know.
 */
#include "serial_line.h"

#include <asm/termbits.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define LEAVE_MS 100 /* that the loop may wait for what leaves */

/* What must be as it was asked for. */
#define FRAME (CSIZE | PARENB | PARODD | CSTOPB)

static tcflag_t
speed_of(unsigned baud)
{
	static const struct {
		unsigned baud;
		tcflag_t speed;
	} speeds[] = {
		{ 300, B300 },
		{ 600, B600 },
		{ 2400, B2400 },
		{ 4800, B4800 },
		{ 9600, B9600 },
		{ 19200, B19200 },
		{ 38400, B38400 },
		{ 57600, B57600 },
		{ 115200, B115200 },
		{ 230400, B230400 },
		{ 460800, B460800 },
		{ 500000, B500000 },
		{ 576000, B576000 },
		{ 921600, B921600 },
		{ 1000000, B1000000 },
		{ 1152000, B1152000 },
		{ 1500000, B1500000 },
		{ 2000000, B2000000 },
		{ 2500000, B2500000 },
		{ 3000000, B3000000 },
		{ 3500000, B3500000 },
		{ 4000000, B4000000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(speeds); i++)
		if (speeds[i].baud == baud)
			return speeds[i].speed;
	return BOTHER;
}

static tcflag_t
frame_of(const struct url *u)
{
	static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
	tcflag_t flags = sizes[u->bits - 5];

	if (u->parity != 'N')
		flags |= PARENB;
	if (u->parity == 'O')
		flags |= PARODD;
	if (u->stops == 2)
		flags |= CSTOPB;
	return flags;
}

/* Raw, no hang-up on close; a break or a bad byte is not invented. */
static void
make(struct termios2 *t, const struct url *u)
{
	t->c_iflag = IGNPAR | IGNBRK;
	t->c_oflag &= ~(tcflag_t)OPOST;
	t->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t->c_cflag &= ~(tcflag_t)(FRAME | CRTSCTS | HUPCL | CBAUD |
	    ((tcflag_t)CBAUD << IBSHIFT));
	t->c_cflag |= CLOCAL | CREAD | frame_of(u) | speed_of(u->baud);
	if (u->rtscts)
		t->c_cflag |= CRTSCTS;
	t->c_ispeed = t->c_ospeed = u->baud;
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

/* A UART's divisor may miss by a little; 5 % is what a receiver bears. */
static bool
near(unsigned is, unsigned want)
{
	unsigned off = is > want ? is - want : want - is;

	return is == 0 || off <= want / 20;
}

static int
check(int fd, const struct termios2 *want, const struct url *u, char *why,
    size_t size)
{
	struct termios2 is;

	if (ioctl(fd, TCGETS2, &is) < 0)
		return -errno;
	if (!near(is.c_ospeed, u->baud)) {
		str_format(why, size, "cannot do %u baud", u->baud);
		return -EINVAL;
	}
	if ((is.c_cflag & FRAME) != (want->c_cflag & FRAME)) {
		str_format(why, size, "cannot do %u%c%u", u->bits, u->parity,
		    u->stops);
		return -EINVAL;
	}
	if ((is.c_cflag & CRTSCTS) != (want->c_cflag & CRTSCTS)) {
		str_copy(why, size,
		    u->rtscts ? "has no RTS/CTS flow control"
			      : "does not do without flow control");
		return -EINVAL;
	}
	return 0;
}

static int
set_pin(int fd, int pin, enum url_pin what)
{
	if (what == PIN_LEAVE)
		return 0;
	return ioctl(fd, what == PIN_ON ? TIOCMBIS : TIOCMBIC, &pin) < 0
	    ? -errno
	    : 0;
}

static int
set_pins(int fd, const struct url *u, char *why, size_t size)
{
	int err = set_pin(fd, TIOCM_DTR, u->dtr);

	if (err == 0)
		err = set_pin(fd, TIOCM_RTS, u->rts);
	if (err == -ENOTTY || err == -EINVAL) {
		str_copy(why, size, "has no DTR and RTS lines to set");
		return -EINVAL;
	}
	return err;
}

int
serial_line_set(int fd, const struct url *u, char *why, size_t size)
{
	struct termios2 t;
	int err;

	if (ioctl(fd, TCGETS2, &t) < 0)
		return -errno;
	make(&t, u);
	if (ioctl(fd, TCSETS2, &t) < 0 && errno != EINVAL)
		return -errno;
	err = check(fd, &t, u, why, size);
	return err != 0 ? err : set_pins(fd, u, why, size);
}

void
serial_line_leave(int fd, const struct url *u)
{
	int left = 0, lines = 0;
	bool stuck;

	if (ioctl(fd, TIOCOUTQ, &left) < 0 || left <= 0)
		return;
	/* Ten bits a byte. */
	stuck = (unsigned)left > u->baud / 10 * LEAVE_MS / 1000;
	if (u->rtscts && ioctl(fd, TIOCMGET, &lines) == 0)
		stuck = stuck || !(lines & TIOCM_CTS);
	if (stuck)
		ioctl(fd, TCFLSH, TCOFLUSH);
}
