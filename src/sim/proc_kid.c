/*
 * Procs in the background of another one: they write where it writes, and end
 * with it, but for those that write elsewhere: these are the machine's then.
 */
#include <stdlib.h>

#include "proc_self.h"

struct kid {
	struct proc *proc, *parent;
	int pid, status;
	bool ended, detached;
	void (*release)(void *arg);
	void *arg;
	struct kid *next;
};

/* Those that are detached are nobody's from now on. */
static void
leave(struct proc *p)
{
	struct kid **at = &p->kids, *kid;

	while ((kid = *at) != NULL) {
		if (!kid->detached || kid->ended) {
			at = &kid->next;
			continue;
		}
		*at = kid->next;
		kid->parent = NULL;
		kid->next = p->machine->jobs;
		p->machine->jobs = kid;
	}
}

static void
kid_free(struct kid **at)
{
	struct kid *kid = *at;

	*at = kid->next;
	proc_free(kid->proc);
	if (kid->release != NULL)
		kid->release(kid->arg);
	free(kid);
}

static void
kid_drop(struct kid **list, const struct kid *kid)
{
	while (*list != kid)
		list = &(*list)->next;
	kid_free(list);
}

void
kids_hangup(struct proc *p)
{
	struct kid *kid;

	leave(p);
	for (kid = p->kids; kid != NULL; kid = kid->next)
		proc_hangup(kid->proc);
}

void
kids_free(struct proc *p)
{
	leave(p);
	while (p->kids != NULL)
		kid_free(&p->kids);
}

void
kids_writable(struct proc *p)
{
	struct kid *kid;

	for (kid = p->kids; kid != NULL; kid = kid->next)
		proc_writable(kid->proc);
}

static size_t
kid_write(void *arg, const char *s, size_t len, bool err)
{
	const struct kid *kid = arg;
	struct proc *p = kid->parent;
	struct buf cooked;

	if (p == NULL || p->told || p->dead)
		return len;
	if (p->tty == NULL)
		return p->io.write(p->io_arg, s, len, err);
	buf_init(&cooked, 0);
	tty_output(p->tty, s, len, &cooked);
	p->io.write(p->io_arg, buf_str(&cooked), cooked.len, false);
	buf_release(&cooked);
	return len;
}

static void
kid_ended(void *arg, int status)
{
	struct kid *kid = arg;

	kid->ended = true;
	kid->status = status;
	if (kid->parent != NULL)
		proc_wake_if(kid->parent, WAIT_KID);
	else
		kid_drop(&kid->proc->machine->jobs, kid);
}

int
proc_spawn(struct proc *p, bool detached, proc_main *main_fn, void *arg,
    void (*release)(void *arg))
{
	static const struct proc_io io = {
		.write = kid_write,
		.ended = kid_ended,
	};
	struct kid *kid, *next;

	for (kid = p->kids; kid != NULL; kid = next) {
		next = kid->next;
		if (kid->ended && kid->pid != p->last_pid)
			kid_drop(&p->kids, kid);
	}
	kid = mem_alloc(sizeof *kid);
	kid->parent = p;
	kid->detached = detached;
	kid->pid = p->last_pid = (p->last_pid != 0 ? p->last_pid : 4711) + 1;
	kid->release = release;
	kid->arg = arg;
	kid->proc = proc_new(p->machine, false, &io, kid, main_fn, arg);
	kid->proc->std.in.null = true;
	kid->next = p->kids;
	p->kids = kid;
	return kid->pid;
}

static struct kid *
kid_find(struct proc *p, int pid)
{
	struct kid *kid = p->kids;

	while (kid != NULL && kid->pid != pid)
		kid = kid->next;
	return kid;
}

int
proc_await(struct proc *p, int pid)
{
	struct kid *kid;
	int status;

	/* When the waiting one is freed, those it waits for are so first. */
	while ((kid = kid_find(p, pid)) != NULL && !kid->ended && !p->dead)
		proc_wait_for(p, WAIT_KID);
	if (kid == NULL)
		return 127;
	status = kid->status;
	if (kid->ended)
		kid_drop(&p->kids, kid);
	return status;
}

void
proc_await_all(struct proc *p)
{
	while (p->kids != NULL && !p->dead)
		(void)proc_await(p, p->kids->pid);
}

bool
proc_kill(struct proc *p, int pid)
{
	struct kid *kid = kid_find(p, pid);

	if (kid != NULL)
		proc_hangup(kid->proc);
	return kid != NULL;
}

void
machine_kill_jobs(struct machine *m)
{
	struct kid *kid;

	for (kid = m->jobs; kid != NULL; kid = kid->next)
		proc_hangup(kid->proc);
}

void
machine_end_jobs(struct machine *m)
{
	while (m->jobs != NULL)
		kid_free(&m->jobs);
}

void
machine_release(struct machine *m)
{
	machine_end_jobs(m);
	vfs_free(m->vfs);
	m->vfs = NULL;
}
