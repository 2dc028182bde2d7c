#include "layouts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/fd.h"
#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * layouts.json is one object {"layouts":[{config, name, text, last}]} for all
 * configurations. It is read anew before it is written, so that two rackmux do
 * not undo each other's, and replaced as a whole. What cannot be read is moved
 * aside, not overwritten.
 */

enum { FILE_MAX = 1 << 20 };

struct entry {
	char *config, *name, *text;
	bool last;
};

struct layouts {
	char *path, *config;
	struct entry *v;
	size_t n;
};

static void
forget(struct layouts *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].config);
		free(l->v[i].name);
		free(l->v[i].text);
	}
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static struct entry *
add(struct layouts *l, const char *config, const char *name, const char *text)
{
	l->v = mem_grow(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n] = (struct entry){ mem_strdup(config), mem_strdup(name),
		mem_strdup(text), false };
	return &l->v[l->n++];
}

static bool
slurp(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char chunk[8192];
	ssize_t n = 0;

	if (fd < 0)
		return false;
	while (out->len < FILE_MAX && (n = read(fd, chunk, sizeof chunk)) > 0)
		buf_add(out, chunk, (size_t)n);
	close(fd);
	return n == 0;
}

static void
take(struct layouts *l, const struct json *o)
{
	const char *config = json_str(json_get(o, "config"));
	const char *name = json_str(json_get(o, "name"));
	const char *text = json_str(json_get(o, "text"));
	struct entry *e;

	if (config == NULL || name == NULL || text == NULL)
		return;
	e = add(l, config, name, text);
	(void)json_bool(json_get(o, "last"), &e->last);
}

/* False when there is a file that is none of ours. */
static bool
load(struct layouts *l)
{
	struct buf text;
	struct json *j = NULL;
	const struct json *list;
	bool good;

	forget(l);
	if (l->path == NULL)
		return true;
	buf_init(&text, 0);
	good = slurp(l->path, &text);
	if (good)
		j = json_parse(buf_str(&text), text.len, NULL, 0);
	else
		good = errno == ENOENT;
	if (j == NULL && text.len > 0)
		good = false;
	list = json_get(j, "layouts");
	for (size_t i = 0; i < json_size(list); i++)
		take(l, json_at(list, i));
	json_free(j);
	buf_release(&text);
	return good;
}

struct layouts *
layouts_open(const char *dir, const char *config)
{
	struct layouts *l = mem_alloc(sizeof *l);

	l->config = mem_strdup(config != NULL ? config : "");
	if (dir != NULL)
		l->path = mem_printf("%s/layouts.json", dir);
	(void)load(l);
	return l;
}

void
layouts_free(struct layouts *l)
{
	if (l == NULL)
		return;
	forget(l);
	free(l->path);
	free(l->config);
	free(l);
}

static struct entry *
find(const struct layouts *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].config, l->config) == 0 &&
		    strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

const char *
layouts_text(const struct layouts *l, const char *name)
{
	const struct entry *e = find(l, name);

	return e != NULL ? e->text : NULL;
}

const char *
layouts_name(const struct layouts *l, size_t k)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].config, l->config) == 0 && k-- == 0)
			return l->v[i].name;
	return NULL;
}

const char *
layouts_last(const struct layouts *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].last && strcmp(l->v[i].config, l->config) == 0)
			return l->v[i].name;
	return NULL;
}

static char *
as_text(const struct layouts *l)
{
	struct json *top = json_new_object(), *list = json_new_array();
	char *text;

	for (size_t i = 0; i < l->n; i++) {
		struct json *o = json_new_object();

		json_set_str(o, "config", l->v[i].config);
		json_set_str(o, "name", l->v[i].name);
		json_set_str(o, "text", l->v[i].text);
		json_set_bool(o, "last", l->v[i].last);
		json_add(list, o);
	}
	json_set(top, "layouts", list);
	text = json_text(top);
	json_free(top);
	return text;
}

static bool
write_all(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

static bool
store(const struct layouts *l, char *err, size_t size)
{
	char *text, *fresh;
	bool good;
	int fd;

	if (l->path == NULL) {
		str_copy(err, size, "there is no state folder");
		return false;
	}
	text = as_text(l);
	fresh = mem_printf("%s.%ld", l->path, (long)getpid());
	fd = open(
	    fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	good = fd >= 0 && write_all(fd, text, strlen(text));
	if (fd >= 0 && close(fd) < 0)
		good = false;
	good = good && rename(fresh, l->path) == 0;
	if (!good) {
		str_format(err, size, "%s: %s", l->path, strerror(errno));
		(void)unlink(fresh);
	}
	free(fresh);
	free(text);
	return good;
}

static bool
load_for_change(struct layouts *l, char *err, size_t size)
{
	char *aside;
	bool good;

	if (load(l))
		return true;
	aside = mem_printf("%s.broken", l->path);
	good = rename(l->path, aside) == 0;
	if (!good)
		str_format(err, size, "%s cannot be read: %s", l->path,
		    strerror(errno));
	free(aside);
	return good;
}

bool
layouts_save(struct layouts *l, const char *name, const char *text, char *err,
    size_t size)
{
	struct entry *e;

	if (l->path == NULL) {
		str_copy(err, size, "there is no state folder");
		return false;
	}
	if (!load_for_change(l, err, size))
		return false;
	e = find(l, name);
	if (e == NULL)
		(void)add(l, l->config, name, text);
	else {
		free(e->text);
		e->text = mem_strdup(text);
	}
	return store(l, err, size);
}

bool
layouts_set_last(struct layouts *l, const char *name)
{
	const char *last = layouts_last(l);
	char err[256];

	if (l->path == NULL || strcmp(last != NULL ? last : "", name) == 0)
		return true;
	if (!load(l))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].config, l->config) == 0)
			l->v[i].last = strcmp(l->v[i].name, name) == 0;
	return store(l, err, sizeof err);
}
