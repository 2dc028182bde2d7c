/*
 * sh_redir - where a command of the simulated shell reads and writes.
 */
#ifndef RM_SIM_SH_REDIR_H
#define RM_SIM_SH_REDIR_H

#include "sh.h"

#define PIPE_MAX (1024 * 1024)

struct redirected {
	struct proc_std old;
	struct proc_out_to old_fds[SH_FDS];
	struct sh_devices *old_devices, *devices;	/* devices: opened here */
	struct buf in;
	size_t in_off;
	bool has_in;		/* the input is in */
	struct file_out *files;
};

/* False: one of them cannot be; sh_restore() is due all the same. */
bool	 sh_redirect(struct sh *, struct redirected *, const struct redir *);
/* Put everything back, and write the files. */
void	 sh_restore(struct sh *, struct redirected *);
/* "exec" keeps its redirections, but those of files: that they stay open
 * until the shell ends is what a simulated board never needs. */
void	 sh_keep(struct sh *, struct redirected *);

#endif
