/*
 * pty_speed - the speed of a tty as a number, also one that has no name.
 */
#ifndef RM_SIM_PTY_SPEED_H
#define RM_SIM_PTY_SPEED_H

unsigned tty_speed(int fd);	/* 0: it is no tty */

#endif
