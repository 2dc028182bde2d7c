#include <stdlib.h>
#include <string.h>

#include "rackmux/app/config.h"
#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Power feeds, and which node hangs on which port. A feed is asked for the
 * ports that are used, so they are handed to its driver as a setting.
 */

void
config_feed_release(struct config_feed *f)
{
	settings_free(f->settings, f->n_settings);
	options_release(OPT_FEED, &f->o);
}

void
config_drop_feed(struct config *c, size_t i)
{
	config_feed_release(&c->feeds[i]);
	memmove(&c->feeds[i], &c->feeds[i + 1],
	    (c->n_feeds - i - 1) * sizeof *c->feeds);
	c->n_feeds--;
}

bool
config_feed_ref(const char *ref, char *name, size_t size, int *port)
{
	const char *slash = strchr(ref, '/');
	long n = 0;

	*port = 0;
	if (slash == NULL)
		return str_copy(name, size, ref);
	if ((size_t)(slash - ref) >= size)
		return false;
	memcpy(name, ref, (size_t)(slash - ref));
	name[slash - ref] = '\0';
	if (slash[1] < '0' || slash[1] > '9' ||
	    !str_long(slash + 1, 1, DRIVER_SLOTS_MAX, &n))
		return false;
	*port = (int)n;
	return true;
}

void
config_read_feeds(struct config *c, const struct cfg_node *list,
    const char *base, struct diags *d)
{
	size_t max = (size_t)option_find(OPT_TOP, "feeds")->max, n;

	if (list == NULL || list->type != CFG_LIST)
		return;
	n = list->n > max ? max : list->n;
	c->feeds = mem_array(n + 1, sizeof *c->feeds);
	for (size_t i = 0; i < n; i++) {
		const struct cfg_node *at = &list->child[i];
		struct config_feed *f = &c->feeds[c->n_feeds];
		const struct cfg_node *type;

		if (at->type != CFG_GROUP) {
			diags_add(d, at->file, at->line,
			    "a feed must be a group, not %s",
			    cfg_type_name(at->type));
			continue;
		}
		c->n_feeds++;
		f->at = at;
		type = cfg_get(at, "type");
		if (type != NULL && type->type == CFG_STRING)
			f->driver = feed_find(type->s);
		options_read_own(OPT_FEED, at, base, &f->o,
		    f->driver != NULL ? f->driver->settings : NULL,
		    &f->settings, &f->n_settings, d);
	}
}

static bool
needs(const struct driver *driver, const char *key)
{
	const struct driver_setting *s = driver->settings;

	for (; s != NULL && s->key != NULL; s++)
		if (strcmp(s->key, key) == 0)
			return true;
	return false;
}

static void
missing(const struct config_feed *f, const char *key, struct diags *d)
{
	if (cfg_get(f->at, key) == NULL)
		diags_add(d, f->at->file, f->at->line, "feed '%s' has no '%s'",
		    f->o.name != NULL ? f->o.name : "?", key);
}

static void
check_feed(const struct config_feed *f, bool partial, struct diags *d)
{
	const struct cfg_node *at = config_at(f->at, "type");

	config_check_link(f->at, f->o.link, d);
	if (f->driver == NULL && f->o.type != NULL)
		config_unknown_type(
		    at, "feed", f->o.type, feed_table, feed_table_len, d);
	if (partial)
		return;
	if (cfg_get(f->at, "name") == NULL)
		diags_add(
		    d, f->at->file, f->at->line, "this feed has no 'name'");
	missing(f, "type", d);
	if (f->driver == NULL)
		return;
	if (f->driver->link == NULL)
		missing(f, "link", d);
	if (needs(f->driver, "host"))
		missing(f, "host", d);
	if (needs(f->driver, "on"))
		missing(f, "on", d);
	if (needs(f->driver, "off"))
		missing(f, "off", d);
}

static struct config_feed *
find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_feeds; i++)
		if (c->feeds[i].o.name != NULL &&
		    strcmp(c->feeds[i].o.name, name) == 0)
			return &c->feeds[i];
	return NULL;
}

static void
unknown_feed(const struct config *c, const struct cfg_node *at,
    const char *name, struct diags *d)
{
	const char **names = mem_array(c->n_feeds + 1, sizeof *names), *near;
	size_t n = 0;

	for (size_t i = 0; i < c->n_feeds; i++)
		if (c->feeds[i].o.name != NULL)
			names[n++] = c->feeds[i].o.name;
	near = diag_nearest(name, names, n);
	if (near != NULL)
		diags_add(d, at->file, at->line,
		    "there is no feed '%s': did you mean '%s'?", name, near);
	else
		diags_add(d, at->file, at->line,
		    "there is no feed '%s': it must stand in 'feeds'", name);
	free(names);
}

/* NULL unless the node hangs on a port that can be. */
static struct config_feed *
check_ref(const struct config *c, const struct config_node *n, bool partial,
    int *port, struct diags *d)
{
	const struct cfg_node *at = config_at(n->at, "feed");
	struct config_feed *f;
	char name[80];

	if (n->o.feed == NULL)
		return NULL;
	if (!config_feed_ref(n->o.feed, name, sizeof name, port)) {
		diags_add(d, at->file, at->line,
		    "'feed' is \"%s\", but must be the name of a feed and a "
		    "port from 1 to %d, as in \"poe-sw/5\"",
		    n->o.feed, DRIVER_SLOTS_MAX);
		return NULL;
	}
	f = find(c, name);
	if (f == NULL) {
		if (!partial)
			unknown_feed(c, at, name, d);
		return NULL;
	}
	if (f->o.ports > 0 && *port > f->o.ports) {
		diags_add(d, at->file, at->line,
		    "'feed' is port %d, but feed '%s' has %d port%s", *port,
		    name, f->o.ports, f->o.ports == 1 ? "" : "s");
		return NULL;
	}
	if (*port == 0 &&
	    (f->o.ports > 1 ||
		(f->driver != NULL && !needs(f->driver, "curl_config") &&
		    f->driver->link == NULL))) {
		diags_add(d, at->file, at->line,
		    "'feed' names no port of feed '%s': write \"%s/1\" for its "
		    "first",
		    name, name);
		return NULL;
	}
	if (*port == 0)
		*port = 1;
	return f;
}

static void
add_setting(struct config_feed *f, const char *key, char *text)
{
	f->settings =
	    mem_grow(f->settings, f->n_settings + 1, sizeof *f->settings);
	f->settings[f->n_settings++] = (struct setting){ key, text };
}

/* "1,5": the ports that are used, each once, in order. */
static void
tell_driver(struct config_feed *f, const bool *used)
{
	struct buf b;

	buf_init(&b, 0);
	for (int p = 1; p <= DRIVER_SLOTS_MAX; p++)
		if (used[p])
			buf_printf(&b, "%s%d", b.len > 0 ? "," : "", p);
	add_setting(f, "used", mem_strdup(buf_str(&b)));
	buf_release(&b);
	if (f->o.ports > 0)
		add_setting(f, "ports", mem_printf("%d", f->o.ports));
}

void
config_check_feeds(struct config *c, bool partial, struct diags *d)
{
	bool(*used)[DRIVER_SLOTS_MAX + 1] =
	    mem_array(c->n_feeds + 1, sizeof *used);

	for (size_t i = 0; i < c->n_feeds; i++)
		check_feed(&c->feeds[i], partial, d);
	for (size_t i = 0; i < c->n_boards; i++)
		for (size_t k = 0; k < c->boards[i].n_nodes; k++) {
			int port;
			struct config_feed *f = check_ref(
			    c, &c->boards[i].nodes[k], partial, &port, d);

			if (f != NULL)
				used[f - c->feeds][port] = true;
		}
	for (size_t i = 0; i < c->n_feeds; i++)
		tell_driver(&c->feeds[i], used[i]);
	free(used);
}
