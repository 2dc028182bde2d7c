/*
 * The output of a password command, in memory that is wiped.
 *
 * A minute, because such commands may ask for a passphrase of their own in a
 * window; servers wait two.
 */
#include "ssh_secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define PATIENCE_MS 60000

struct secret {
	struct loop *loop;
	struct task *task;
	struct timer *deadline;
	struct child *child;
	char *cmd;
	char out[1024], err[512];
	size_t len, err_len;
	secret_fn *fn;
	void *arg;
};

void
secret_cancel(struct secret *s)
{
	if (s == NULL)
		return;
	task_free(s->task);
	timer_free(s->deadline);
	child_free(s->child);
	free(s->cmd);
	mem_wipe(s->out, sizeof s->out);
	free(s);
}

static void
answer(struct secret *s, bool good, const char *why)
{
	secret_fn *fn = s->fn;
	void *arg = s->arg;
	char copy[sizeof s->out], text[256];

	s->out[s->len < sizeof s->out ? s->len : sizeof s->out - 1] = '\0';
	s->out[strcspn(s->out, "\r\n")] = '\0';
	memcpy(copy, s->out, sizeof copy);
	text_clean(text, sizeof text, why, strlen(why));
	secret_cancel(s);
	if (good && copy[0] == '\0')
		fn(arg, NULL, "it printed nothing");
	else
		fn(arg, good ? copy : NULL, text);
	mem_wipe(copy, sizeof copy);
}

static void
drain(int fd, char *into, size_t size, size_t *len)
{
	char more[256];
	ssize_t n;

	for (;;) {
		if (*len < size)
			n = read(fd, into + *len, size - *len);
		else
			n = read(fd, more, sizeof more);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (*len < size)
			*len += (size_t)n;
	}
	mem_wipe(more, sizeof more);
}

static void
on_exit_status(void *arg, int status)
{
	struct secret *s = arg;
	char why[512];

	drain(child_fd(s->child), s->out, sizeof s->out - 1, &s->len);
	drain(child_stderr(s->child), s->err, sizeof s->err - 1, &s->err_len);
	s->err[s->err_len] = '\0';
	s->err[strcspn(s->err, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		answer(s, true, "");
		return;
	}
	str_format(why, sizeof why, "%s",
	    s->err[0] != '\0' ? s->err : "it ended with an error");
	answer(s, false, why);
}

static void
on_deadline(void *arg)
{
	answer(arg, false, "it does not end");
}

static void
begin(void *arg)
{
	struct secret *s = arg;
	char sh[] = "/bin/sh", c[] = "-c";
	char *argv[] = { sh, c, s->cmd, NULL };
	struct child_options o = { .argv = argv, .io = CHILD_PIPES };
	int err = 0;

	s->child = child_start(s->loop, &o, on_exit_status, s, &err);
	if (s->child == NULL) {
		answer(s, false, strerror(-err));
		return;
	}
	child_eof(s->child);
	timer_start(s->deadline, PATIENCE_MS);
}

struct secret *
secret_get(struct loop *loop, const char *cmd, secret_fn *fn, void *arg)
{
	struct secret *s = mem_alloc(sizeof *s);

	s->loop = loop;
	s->cmd = mem_strdup(cmd);
	s->fn = fn;
	s->arg = arg;
	s->task = task_new(loop, begin, s);
	s->deadline = timer_new(loop, on_deadline, s);
	task_post(s->task);
	return s;
}
