/*
 * vtx - a function of ours on a real pty, its screen read by an emulator.
 *
 * The child runs in a forked process with an environment of its own, so that
 * nothing of the developer's leaks in. One primitive waits, all else is a
 * predicate on the screen; nothing sleeps.
 */
#ifndef RM_TESTS_VTX_H
#define RM_TESTS_VTX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <vterm.h>

struct vtx {
	pid_t pid;
	int fd;
	VTerm *vt;
	VTermScreen *screen;
	int w, h;
	VTermPos cursor;
	bool cursor_on, alt;
	int mouse;		/* VTERM_PROP_MOUSE_* */
	char *raw;		/* all bytes that came */
	size_t raw_len, raw_cap;
	bool eof, stopped;	/* stopped: vtx_pump reads nothing */
};

/* env: NULL-terminated "NAME=value"; what is missing is not set. */
typedef int vtx_main(void *arg);
void	 vtx_spawn(struct vtx *, int w, int h, const char *const *env,
	    vtx_main *, void *arg);
void	 vtx_close(struct vtx *);
void	 vtx_send(struct vtx *, const char *);
void	 vtx_resize(struct vtx *, int w, int h);
/* Read what comes within ms; false after the end. */
bool	 vtx_pump(struct vtx *, int ms);

typedef bool vtx_pred(struct vtx *, const void *);
/* Until the predicate holds; shows the screen when it never does. */
bool	 vtx_wait(struct vtx *, vtx_pred *, const void *arg, int ms);
bool	 vtx_wait_text(struct vtx *, const char *, int ms);
bool	 vtx_wait_exit(struct vtx *, int *status, int ms);
/* Pump until nothing came for ms. */
void	 vtx_settle(struct vtx *, int ms);

char	*vtx_text(struct vtx *);	/* rows by \n; caller frees */
bool	 vtx_has(struct vtx *, const void *text);
bool	 vtx_raw_has(const struct vtx *, const char *);
/* Position of text on the screen. */
bool	 vtx_find(struct vtx *, const char *, int *x, int *y);
VTermScreenCell vtx_cell(struct vtx *, int x, int y);

#endif
