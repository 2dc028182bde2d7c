/*
 * Alone in a file, because the kernel's struct termios2 and <termios.h> do
 * not go together.
 */
#include "pty_speed.h"

#include <asm/termbits.h>
#include <sys/ioctl.h>

unsigned
tty_speed(int fd)
{
	struct termios2 t;

	return ioctl(fd, TCGETS2, &t) == 0 ? t.c_ospeed : 0;
}
