/*
 * driver_fake - a driver without a link: what it says is kept in a table, and
 * what it runs is answered by the test, or by a real shell on a machine that
 * is laid out in a folder.
 */
#ifndef RM_TESTS_DRIVER_FAKE_H
#define RM_TESTS_DRIVER_FAKE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "test.h"

struct fake_value {
	int slot;
	enum name_id id;
	enum source source;
	char instance[40];
	bool known;
	char text[256];	/* the value as text, or why it is unknown */
	char note[200];	/* of a known value */
	unsigned sets;
};

struct fake_run {
	char *cmd;
	link_done_fn *fn;
	void *arg;
};

struct fake {
	struct drv *drv;
	struct fake_value value[600];
	size_t values;
	bool tolerant;	/* of more values than there is room for */
	struct fake_run run[16];	/* not answered yet */
	size_t runs;
	struct buf defined;	/* the functions, as a script */
	unsigned defines;
	unsigned fresh, stale, acted, can_changed;
	int slots;
	char stale_why[256], acted_text[256];
	enum link_why stale_kind;
	enum act_outcome outcome;
	unsigned ticket;
	uint64_t now;
	int64_t wall;
	const char *url;	/* of the link; NULL: some SSH one */
	struct loop *loop;	/* for drivers with timers */
	struct stream *(*open_fn)(struct fake *, const struct stream_request *,
	    const struct stream_sink *, void *, int *);
};

RM_UNUSED static struct fake_value *
fake_find(struct fake *f, int slot, const char *name, enum source source)
{
	char inst[40];
	enum name_id id = name_find(name, inst, sizeof inst);

	if (id == NAME_COUNT)
		test_fail(__FILE__, __LINE__, "no such name: %s", name);
	for (size_t i = 0; i < f->values; i++)
		if (f->value[i].slot == slot && f->value[i].id == id &&
		    f->value[i].source == source &&
		    strcmp(f->value[i].instance, inst) == 0)
			return &f->value[i];
	return NULL;
}

static void
fake_set(void *arg, int slot, const struct reading *r)
{
	struct fake *f = arg;
	struct fake_value *v = NULL;
	char name[96];
	const char *s = r->known ? r->text : r->why;

	if (r->instance != NULL && !name_instance_ok(r->instance))
		test_fail(__FILE__, __LINE__, "instance %s", r->instance);
	name_full(r->id, r->instance, name, sizeof name);
	if ((strchr(name_table[r->id].name, '*') != NULL) !=
	    (r->instance != NULL))
		test_fail(__FILE__, __LINE__, "%s and its instance", name);
	if (!r->known && (r->why == NULL || *r->why == '\0'))
		test_fail(__FILE__, __LINE__, "%s unknown, no reason", name);
	v = fake_find(f, slot, name, r->source);
	if (v == NULL) {
		if (f->values == ARRAY_LEN(f->value) && f->tolerant)
			return;
		if (f->values == ARRAY_LEN(f->value))
			test_fail(__FILE__, __LINE__, "too many values");
		v = &f->value[f->values++];
		memset(v, 0, sizeof *v);
		v->slot = slot;
		v->id = r->id;
		v->source = r->source;
		str_copy(v->instance, sizeof v->instance,
		    r->instance ? r->instance : "");
	}
	v->known = r->known;
	str_copy(v->note, sizeof v->note,
	    r->known && r->why != NULL ? r->why : "");
	v->sets++;
	if (r->known && name_table[r->id].type == NAME_NUMBER)
		str_format(v->text, sizeof v->text, "%.*f",
		    name_table[r->id].decimals, r->number);
	else
		text_clean(v->text, sizeof v->text, s, strlen(s));
}

static void
fake_fresh(void *arg)
{
	struct fake *f = arg;

	f->fresh++;
}

static void
fake_stale(void *arg, enum link_why kind, const char *why)
{
	struct fake *f = arg;

	f->stale++;
	f->stale_kind = kind;
	str_copy(f->stale_why, sizeof f->stale_why, why);
}

static void
fake_acted(void *arg, unsigned ticket, enum act_outcome o, const char *text)
{
	struct fake *f = arg;

	f->acted++;
	f->ticket = ticket;
	f->outcome = o;
	str_copy(f->acted_text, sizeof f->acted_text, text);
}

static void
fake_slots(void *arg, int n)
{
	struct fake *f = arg;

	f->slots = n;
}

static void
fake_can_changed(void *arg)
{
	struct fake *f = arg;

	f->can_changed++;
}

static const struct driver_sink fake_sink = {
	.set = fake_set,
	.fresh = fake_fresh,
	.stale = fake_stale,
	.acted = fake_acted,
	.slots = fake_slots,
	.can_changed = fake_can_changed,
};

static void
fake_define(void *arg, const char *name, const char *body)
{
	struct fake *f = arg;

	f->defines++;
	buf_printf(&f->defined, "%s() {\n%s\n}\n", name, body);
}

static void
fake_run(void *arg, const char *cmd, unsigned timeout_ms, link_done_fn *fn,
    void *done_arg)
{
	struct fake *f = arg;

	if (timeout_ms == 0 || f->runs == ARRAY_LEN(f->run))
		test_fail(__FILE__, __LINE__, "run: %s", cmd);
	f->run[f->runs++] = (struct fake_run){ mem_strdup(cmd), fn, done_arg };
}

/* A test that has a dialogue sets f->open_fn. */
static struct stream *
fake_open(void *arg, const struct stream_request *request,
    const struct stream_sink *sink, void *stream_arg, int *err)
{
	struct fake *f = arg;

	if (f->open_fn != NULL)
		return f->open_fn(f, request, sink, stream_arg, err);
	*err = -ENOTSUP;
	return NULL;
}

static const char *
fake_url(void *arg)
{
	struct fake *f = arg;

	return f->url != NULL ? f->url : "ssh://root@board";
}

static struct loop *
fake_loop(void *arg)
{
	return ((struct fake *)arg)->loop;
}

static uint64_t
fake_now(void *arg)
{
	return ((struct fake *)arg)->now;
}

static int64_t
fake_wall(void *arg)
{
	return ((struct fake *)arg)->wall;
}

RM_UNUSED static struct fake *
fake_new(const struct driver *driver, int slot)
{
	struct fake *f = mem_alloc(sizeof *f);

	buf_init(&f->defined, 0);
	f->now = 1000;
	f->wall = 1700000000000;
	f->drv = driver->open();
	f->drv->driver = driver;
	f->drv->config = (struct driver_config){ .slot = slot,
		.poll_ms = 2000 };
	f->drv->sink = fake_sink;
	f->drv->sink_arg = f;
	f->drv->link = (struct driver_link){ .arg = f,
		.define = fake_define,
		.run = fake_run,
		.exec = fake_run,
		.open = fake_open,
		.url = fake_url,
		.loop = fake_loop,
		.now = fake_now,
		.wall = fake_wall };
	return f;
}

RM_UNUSED static void
fake_free(struct fake *f)
{
	f->drv->driver->close(f->drv);
	for (size_t i = 0; i < f->runs; i++)
		free(f->run[i].cmd);
	buf_release(&f->defined);
	free(f);
}

/* Answer the oldest command. */
RM_UNUSED static void
fake_answer_len(struct fake *f, enum link_outcome outcome, int status,
    const char *out, size_t len, const char *why)
{
	struct fake_run r;
	struct link_result result = { .outcome = outcome,
		.status = status,
		.out = out,
		.len = len,
		.why = why };

	if (f->runs == 0)
		test_fail(__FILE__, __LINE__, "nothing was run");
	r = f->run[0];
	memmove(f->run, f->run + 1, --f->runs * sizeof f->run[0]);
	r.fn(r.arg, &result);
	free(r.cmd);
}

RM_UNUSED static void
fake_answer(struct fake *f, enum link_outcome outcome, int status,
    const char *out, const char *why)
{
	fake_answer_len(f, outcome, status, out, strlen(out), why);
}

/* --- a machine in a folder ------------------------------------------------ */

RM_UNUSED static void
put(const char *path, const char *content)
{
	char full[512];
	FILE *fp;

	str_format(full, sizeof full, "%s/%s", test_dir(), path);
	for (char *p = full + strlen(test_dir()) + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(full, 0755);
			*p = '/';
		}
	/* It may be a link of put_tool()'s: never write through that. */
	(void)unlink(full);
	fp = fopen(full, "w");
	if (fp == NULL || fputs(content, fp) < 0 || fclose(fp) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", full, strerror(errno));
	if (str_starts(path, "bin/"))
		(void)chmod(full, 0755);
}

RM_UNUSED static void
put_tool(const char *name)
{
	static const char *const where[] = { "/usr/bin", "/bin", "/usr/sbin" };
	char from[256], to[512];

	str_format(to, sizeof to, "%s/bin", test_dir());
	(void)mkdir(to, 0755);
	str_format(to, sizeof to, "%s/bin/%s", test_dir(), name);
	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		str_format(from, sizeof from, "%s/%s", where[i], name);
		if (access(from, X_OK) == 0 && symlink(from, to) == 0)
			return;
	}
}

RM_UNUSED static const char *const shells[] = { "dash", "busybox" };

/* Run the oldest command in a real shell, one of the above, with nothing
 * in PATH but what was put there, and give the driver its output. */
RM_UNUSED static void
fake_shell(struct fake *f, const char *shell)
{
	struct buf out;
	char chunk[4096], path[600], root[600], script[600];
	char *const env[] = { path, root, NULL };
	bool busybox = strcmp(shell, "busybox") == 0;
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;
	struct buf text;

	buf_init(&text, 0);
	buf_puts(&text, buf_str(&f->defined));
	buf_puts(&text, f->run[0].cmd);
	buf_puts(&text, "\n");
	put("script", buf_str(&text));
	buf_release(&text);
	str_format(path, sizeof path, "PATH=%s/bin", test_dir());
	str_format(root, sizeof root, "RACKMUX_ROOT=%s/root", test_dir());
	str_format(script, sizeof script, "%s/script", test_dir());
	if (pipe(fds) != 0)
		test_fail(__FILE__, __LINE__, "pipe");
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		if (busybox)
			execle("/bin/busybox", "busybox", "sh", script,
			    (char *)NULL, env);
		else
			execle("/bin/dash", "dash", script, (char *)NULL, env);
		_exit(126);
	}
	close(fds[1]);
	buf_init(&out, 0);
	while ((n = read(fds[0], chunk, sizeof chunk)) > 0)
		buf_add(&out, chunk, (size_t)n);
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (getenv("SHOW") != NULL)
		fprintf(stderr, "--- %s\n%s\n", f->run[0].cmd, buf_str(&out));
	fake_answer(f, LINK_DONE, WIFEXITED(status) ? WEXITSTATUS(status) : 1,
	    buf_str(&out), NULL);
	buf_release(&out);
}

/* want: the value, or NULL for unknown, and then why holds that. */
RM_UNUSED static void
fake_expect(const char *file, int line, struct fake *f, int slot,
    const char *name, enum source source, const char *want, const char *why)
{
	struct fake_value *v = fake_find(f, slot, name, source);

	if (v == NULL)
		test_fail(file, line, "%d %s was never reported by %s", slot,
		    name, source_name(source));
	if (want != NULL && (!v->known || strcmp(v->text, want) != 0))
		test_fail(file, line, "%d %s is %s\"%s\", not \"%s\"", slot,
		    name, v->known ? "" : "unknown: ", v->text, want);
	if (want == NULL && (v->known || strstr(v->text, why) == NULL))
		test_fail(file, line, "%d %s is %s\"%s\", not unknown: \"%s\"",
		    slot, name, v->known ? "" : "unknown: ", v->text, why);
}

#define IS(f, slot, name, source, want)                                    \
	fake_expect(__FILE__, __LINE__, f, slot, name, SOURCE_##source,    \
	    want, NULL)
#define UNKNOWN(f, slot, name, source, why)                                \
	fake_expect(__FILE__, __LINE__, f, slot, name, SOURCE_##source,    \
	    NULL, why)

/* --- garbage -------------------------------------------------------------- */

/* The same numbers in each run, so that a failure can be seen again. */
RM_UNUSED static unsigned
roll(unsigned n)
{
	static unsigned long long seed = 88172645463325252ull;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

#endif
