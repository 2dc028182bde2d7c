/*
 * Asking "ssh -G" for the configuration of a host.
 *
 * 4 ms a host, in a child of its own; libssh's parser lacks IdentitiesOnly,
 * HostKeyAlias, AddressFamily and all but the first known_hosts file, and may
 * run "Match exec" commands on our thread. Answers are kept for half a minute
 * at most, because an Include may change without the main file changing.
 */
#include "rackmux/link/sshconfig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define OUTPUT_MAX (128 * 1024)
#define ANSWER_MS 10000
#define KEEP_MS 30000
#define KEEP_MAX 2048

struct kept {
	struct kept *next;
	char *id;
	uint64_t at;
	struct sshconfig config;
};

struct sshconfigs {
	struct loop *loop;
	struct kept *kept;
	size_t n;
	struct sshconfig_wait *waits;
};

struct sshconfig_wait {
	struct sshconfig_wait *next;
	struct sshconfigs *all;
	char *id;
	char *host, *user, *file;
	unsigned port;
	struct task *task;
	struct timer *deadline;
	struct child *child;
	struct io *io, *io_err;
	struct buf out, err;
	bool eof, exited;
	int status;
	sshconfig_fn *fn;
	void *arg;
};

/* --- the cache ---------------------------------------------------------- */

static void
stamp(struct buf *out, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		buf_puts(out, " -");
	else
		buf_printf(out, " %lld.%ld.%lld", (long long)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec, (long long)st.st_size);
}

/* What was asked, and the state of the files when it was. */
static char *
query_id(const struct sshconfig_query *q)
{
	struct buf out;
	char *id, *path;

	buf_init(&out, 4096);
	buf_printf(&out, "%s\n%s\n%u\n%s\n", q->host,
	    q->user != NULL ? q->user : "", q->port,
	    q->file != NULL ? q->file : "");
	if (q->file != NULL) {
		stamp(&out, q->file);
	} else {
		path = mem_printf("%s/.ssh/config", sshconfig_home());
		stamp(&out, path);
		free(path);
		stamp(&out, "/etc/ssh/ssh_config");
		stamp(&out, "/etc/ssh/ssh_config.d");
	}
	id = mem_strdup(buf_str(&out));
	buf_release(&out);
	return id;
}

static void
kept_drop(struct sshconfigs *all, struct kept **p)
{
	struct kept *k = *p;

	*p = k->next;
	all->n--;
	free(k->id);
	sshconfig_release(&k->config);
	free(k);
}

static const struct sshconfig *
kept_find(struct sshconfigs *all, const char *id)
{
	struct kept **p = &all->kept;

	while (*p != NULL) {
		if (loop_now(all->loop) - (*p)->at >= KEEP_MS)
			kept_drop(all, p);
		else if (strcmp((*p)->id, id) == 0)
			return &(*p)->config;
		else
			p = &(*p)->next;
	}
	return NULL;
}

static void
keep(struct sshconfigs *all, const char *id, const struct sshconfig *config)
{
	struct kept *k;

	if (all->n >= KEEP_MAX || kept_find(all, id) != NULL)
		return;
	k = mem_alloc(sizeof *k);
	k->id = mem_strdup(id);
	k->at = loop_now(all->loop);
	sshconfig_copy(&k->config, config);
	k->next = all->kept;
	all->kept = k;
	all->n++;
}

struct sshconfigs *
sshconfigs_new(struct loop *loop)
{
	struct sshconfigs *all = mem_alloc(sizeof *all);

	all->loop = loop;
	return all;
}

void
sshconfigs_free(struct sshconfigs *all)
{
	if (all == NULL)
		return;
	while (all->waits != NULL)
		sshconfig_cancel(all->waits);
	while (all->kept != NULL)
		kept_drop(all, &all->kept);
	free(all);
}

/* --- asking ------------------------------------------------------------- */

void
sshconfig_cancel(struct sshconfig_wait *w)
{
	struct sshconfig_wait **p;

	if (w == NULL)
		return;
	for (p = &w->all->waits; *p != NULL; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	io_free(w->io);
	io_free(w->io_err);
	child_free(w->child);
	timer_free(w->deadline);
	task_free(w->task);
	buf_release(&w->out);
	buf_release(&w->err);
	free(w->id);
	free(w->host);
	free(w->user);
	free(w->file);
	free(w);
}

static void
answer(struct sshconfig_wait *w, const struct sshconfig *c, const char *why)
{
	sshconfig_fn *fn = w->fn;
	void *arg = w->arg;
	struct sshconfig copy;
	char *text = mem_strdup(why);

	memset(&copy, 0, sizeof copy);
	if (c != NULL)
		sshconfig_copy(&copy, c);
	sshconfig_cancel(w);
	fn(arg, c != NULL ? &copy : NULL, text);
	sshconfig_release(&copy);
	free(text);
}

static struct sshconfig_query
query_of(const struct sshconfig_wait *w)
{
	return (struct sshconfig_query){ .host = w->host,
		.user = w->user,
		.port = w->port,
		.file = w->file };
}

static void
answer_defaults(struct sshconfig_wait *w)
{
	struct sshconfig_query q = query_of(w);
	struct sshconfig c;

	sshconfig_defaults(&c, &q);
	answer(w, &c, NULL);
	sshconfig_release(&c);
}

/* Both the output and the exit status are wanted, in either order. */
static void
finish(struct sshconfig_wait *w)
{
	struct sshconfig_query q = query_of(w);
	struct sshconfig c;
	char text[512];

	if (!w->eof || !w->exited)
		return;
	if (!WIFEXITED(w->status) || WEXITSTATUS(w->status) == 127) {
		answer_defaults(w);
		return;
	}
	if (WEXITSTATUS(w->status) != 0 || w->out.len == 0 || w->out.cut) {
		text_clean(text, sizeof text, buf_str(&w->err), w->err.len);
		answer(w, NULL,
		    text[0] != '\0'
			? str_trim(text)
			: "ssh -G could not read its configuration");
		return;
	}
	sshconfig_defaults(&c, &q);
	sshconfig_parse(&c, w->out.data);
	keep(w->all, w->id, &c);
	answer(w, &c, NULL);
	sshconfig_release(&c);
}

/* False when there will be no more. */
static bool
drain(int fd, struct buf *into)
{
	char data[8192];
	ssize_t n;

	while (
	    (n = read(fd, data, sizeof data)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(into, data, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

static void
on_output(void *arg, int events)
{
	struct sshconfig_wait *w = arg;

	if (drain(child_fd(w->child), &w->out) && (events & IO_HUP) == 0)
		return;
	io_free(w->io);
	w->io = NULL;
	w->eof = true;
	finish(w);
}

static void
on_error_output(void *arg, int events)
{
	struct sshconfig_wait *w = arg;

	if (drain(child_stderr(w->child), &w->err) && (events & IO_HUP) == 0)
		return;
	io_free(w->io_err);
	w->io_err = NULL;
}

static void
on_exit_status(void *arg, int status)
{
	struct sshconfig_wait *w = arg;

	w->exited = true;
	w->status = status;
	drain(child_stderr(w->child), &w->err);
	/* A "Match exec" may have left something that holds our pipe. */
	if (!w->eof) {
		drain(child_fd(w->child), &w->out);
		io_free(w->io);
		w->io = NULL;
		w->eof = true;
	}
	finish(w);
}

static void
on_deadline(void *arg)
{
	answer(arg, NULL, "ssh -G does not answer");
}

static void
run(struct sshconfig_wait *w)
{
	char port[16], *argv[16];
	size_t n = 0;
	int err = 0;
	char prog[] = "ssh", g[] = "-G", p[] = "-p", l[] = "-l", f[] = "-F",
	     end[] = "--";
	struct child_options options = { .argv = argv, .io = CHILD_PIPES };

	str_format(port, sizeof port, "%u", w->port);
	argv[n++] = prog;
	argv[n++] = g;
	if (w->port != 0) {
		argv[n++] = p;
		argv[n++] = port;
	}
	if (w->user != NULL) {
		argv[n++] = l;
		argv[n++] = w->user;
	}
	if (w->file != NULL) {
		argv[n++] = f;
		argv[n++] = w->file;
	}
	argv[n++] = end;
	argv[n++] = w->host;
	argv[n] = NULL;
	w->child = child_start(w->all->loop, &options, on_exit_status, w, &err);
	if (w->child == NULL) {
		answer_defaults(w);
		return;
	}
	child_eof(w->child);
	w->io = io_new(w->all->loop, child_fd(w->child), on_output, w);
	io_want(w->io, IO_READ);
	w->io_err =
	    io_new(w->all->loop, child_stderr(w->child), on_error_output, w);
	io_want(w->io_err, IO_READ);
	timer_start(w->deadline, ANSWER_MS);
}

static void
begin(void *arg)
{
	struct sshconfig_wait *w = arg;
	const struct sshconfig *c;

	if (w->file != NULL && strcmp(w->file, "none") == 0) {
		answer_defaults(w);
		return;
	}
	c = kept_find(w->all, w->id);
	if (c != NULL)
		answer(w, c, NULL);
	else
		run(w);
}

struct sshconfig_wait *
sshconfig_get(struct sshconfigs *all, const struct sshconfig_query *q,
    sshconfig_fn *fn, void *arg)
{
	struct sshconfig_wait *w = mem_alloc(sizeof *w);

	w->all = all;
	w->id = query_id(q);
	w->host = mem_strdup(q->host);
	w->user = mem_strdup(q->user);
	w->file = mem_strdup(q->file);
	w->port = q->port;
	w->fn = fn;
	w->arg = arg;
	w->task = task_new(all->loop, begin, w);
	w->deadline = timer_new(all->loop, on_deadline, w);
	buf_init(&w->out, OUTPUT_MAX);
	buf_init(&w->err, 4096);
	w->next = all->waits;
	all->waits = w;
	task_post(w->task);
	return w;
}
