/*
 * The one door to libconfig here. Every mistake is told, each with its line,
 * and reading goes on, so that one run shows them all.
 */
#include "rackmux/sim/conf.h"

#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/adapter.h"
#include "rackmux/sim/personality.h"

#define SLOTS_MAX 64

/* A node's feed, which may come later in the file. */
struct fed {
	struct fed *next;
	struct sim_node *node;
	const config_setting_t *at;
};

struct conf {
	struct rack *rack;
	struct fed *fed;
	struct buf *faults, *err;
	const char *path;
	int mistakes;
};

struct sim_keys {
	struct conf *conf;
	const config_setting_t *group;
};

RM_PRINTF(3, 0)
static void
vmistake(
    struct conf *c, const config_setting_t *at, const char *fmt, va_list ap)
{
	char *text = mem_vprintf(fmt, ap);

	buf_printf(c->err, "%s:%u: %s\n", c->path,
	    at != NULL ? config_setting_source_line(at) : 1u, text);
	free(text);
	c->mistakes++;
}

RM_PRINTF(3, 4)
static void
mistake(struct conf *c, const config_setting_t *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmistake(c, at, fmt, ap);
	va_end(ap);
}

/* --- values --- */

static const char *
get_string(struct conf *c, const config_setting_t *g, const char *key,
    const char *dflt)
{
	const config_setting_t *s = config_setting_get_member(g, key);

	if (s == NULL)
		return dflt;
	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		mistake(c, s, "%s must be a string", key);
		return dflt;
	}
	return config_setting_get_string(s);
}

static int
get_int(struct conf *c, const config_setting_t *g, const char *key, int min,
    int max, int dflt)
{
	const config_setting_t *s = config_setting_get_member(g, key);
	int n;

	if (s == NULL)
		return dflt;
	n = config_setting_get_int(s);
	if (config_setting_type(s) != CONFIG_TYPE_INT || n < min || n > max) {
		mistake(
		    c, s, "%s must be a number from %d to %d", key, min, max);
		return dflt;
	}
	return n;
}

static bool
get_bool(struct conf *c, const config_setting_t *g, const char *key, bool dflt)
{
	const config_setting_t *s = config_setting_get_member(g, key);

	if (s == NULL)
		return dflt;
	if (config_setting_type(s) != CONFIG_TYPE_BOOL) {
		mistake(c, s, "%s must be true or false", key);
		return dflt;
	}
	return config_setting_get_bool(s) != 0;
}

/* --- what personalities read --- */

const char *
sim_key_text(struct sim_keys *k, const char *key, const char *dflt)
{
	return get_string(k->conf, k->group, key, dflt);
}

int
sim_key_int(struct sim_keys *k, const char *key, int min, int max, int dflt)
{
	return get_int(k->conf, k->group, key, min, max, dflt);
}

bool
sim_key_bool(struct sim_keys *k, const char *key, bool dflt)
{
	return get_bool(k->conf, k->group, key, dflt);
}

void
sim_key_mistake(struct sim_keys *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmistake(k->conf, k->group, fmt, ap);
	va_end(ap);
}

static bool
is_in(const char *name, const char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* Keys are known by one of two lists, of which either may be NULL. */
static void
check_keys(struct conf *c, const config_setting_t *g, const char *const *known,
    const char *const *more)
{
	int i, n = config_setting_length(g);

	for (i = 0; i < n; i++) {
		const config_setting_t *s =
		    config_setting_get_elem(g, (unsigned)i);
		const char *name = config_setting_name(s);

		if (!is_in(name, known) && !is_in(name, more))
			mistake(c, s, "unknown key \"%s\"", name);
	}
}

static bool
is_name(const char *s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return *s != '\0' && s[strspn(s, ok)] == '\0' && strlen(s) < 32;
}

/* --- nodes --- */

static void
read_model(struct conf *c, struct sim_node *n, const config_setting_t *g)
{
	const char *dflt = n->board->kind->model;
	const char *model =
	    get_string(c, g, "model", dflt != NULL ? dflt : "pi4");
	struct buf names;

	if (strcmp(model, "none") == 0)
		return;
	n->model = node_model_find(model);
	if (n->model != NULL)
		return;
	buf_init(&names, 0);
	node_model_names(&names);
	mistake(c, g, "model \"%s\" is not known: %s or none", model,
	    buf_str(&names));
	buf_release(&names);
}

static void
read_feed(struct conf *c, struct sim_node *n, const config_setting_t *g)
{
	struct fed *f;

	if (*get_string(c, g, "feed", "") == '\0')
		return;
	f = mem_alloc(sizeof(*f));
	f->node = n;
	f->at = config_setting_get_member(g, "feed");
	f->next = c->fed;
	c->fed = f;
}

/* How its serial line is reached outside its board, and what it says. */
static void
read_console(struct conf *c, struct sim_node *n, const config_setting_t *g)
{
	const char *kind = get_string(c, g, "console", "");
	struct uart *u = &n->uart;

	u->outside = (int)adapter_kind(kind);
	if (*kind != '\0' && u->outside == (int)ADAPTER_NONE)
		mistake(c, g, "console \"%s\" is not known: usb, tcp or telnet",
		    kind);
	u->outside_port = (unsigned)get_int(c, g, "console_port", 0, 65535, 0);
	u->baud = (unsigned)get_int(c, g, "baud", 0, 4000000, 0);
	u->talk_seconds = (unsigned)get_int(c, g, "talk", 0, 3600, 0);
	u->pattern_rate = get_int(c, g, "pattern_rate", -1, 1000000000, -1);
	u->pattern_bytes =
	    (unsigned)get_int(c, g, "pattern_bytes", 0, 2147483647, 0);
	u->capture = get_bool(c, g, "capture", false);
}

static struct sim_node *
slot_of(struct conf *c, struct sim_board *b, const config_setting_t *g)
{
	int slot = get_int(c, g, "slot", 1, b->slots, 0);

	if (slot == 0) {
		mistake(c, g, "a node needs its slot, 1 to %d", b->slots);
		return NULL;
	}
	if (b->nodes[slot - 1].model != NULL) {
		mistake(c, g, "slot %d of %s is taken twice", slot, b->name);
		return NULL;
	}
	return &b->nodes[slot - 1];
}

static void
read_node(struct conf *c, struct sim_board *b, const config_setting_t *g)
{
	static const char *const keys[] = { "slot", "name", "model", "on",
		"inband", "port", "keyboard_interactive", "two_step", "feed",
		"console", "console_port", "baud", "talk", "pattern_rate",
		"pattern_bytes", "capture", NULL };
	struct sim_keys own = { c, g };
	struct sim_node *n;
	const char *name;

	check_keys(c, g, keys, b->kind->node_keys);
	if ((n = slot_of(c, b, g)) == NULL)
		return;
	name = get_string(c, g, "name", "");
	if (*name != '\0' && !is_name(name))
		mistake(c, g, "\"%s\" is no name", name);
	str_copy(n->name, sizeof(n->name), name);
	n->intent = get_bool(c, g, "on", true);
	n->inband = get_bool(c, g, "inband", true);
	n->port = (unsigned)get_int(c, g, "port", 0, 65535, 0);
	n->kbdint = get_bool(c, g, "keyboard_interactive", false);
	n->two_step = get_bool(c, g, "two_step", false);
	read_feed(c, n, g);
	read_console(c, n, g);
	read_model(c, n, g);
	if (b->kind->read_node != NULL)
		b->kind->read_node(n, &own);
}

/* "name/port"; the name alone of a feed that has one. */
static bool
find_feed(const struct rack *r, struct sim_node *n, const char *text)
{
	size_t len = strcspn(text, "/");
	long port = 1;
	char name[32];

	if (len >= sizeof(name))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	n->feed = rack_board(r, name);
	if (n->feed == NULL || !n->feed->kind->feed ||
	    (text[len] == '\0' && n->feed->slots != 1) ||
	    (text[len] != '\0' &&
		!str_long(text + len + 1, 1, n->feed->slots, &port))) {
		n->feed = NULL;
		return false;
	}
	n->feed_port = (int)port;
	return true;
}

static void
resolve_feeds(struct conf *c)
{
	struct fed *f;

	while ((f = c->fed) != NULL) {
		const char *text = config_setting_get_string(f->at);

		c->fed = f->next;
		if (!find_feed(c->rack, f->node, text))
			mistake(
			    c, f->at, "no power feed has a port \"%s\"", text);
		free(f);
	}
}

/* --- boards --- */

/* How its controller is reached. */
static void
read_controller(struct conf *c, struct sim_board *b, const config_setting_t *g)
{
	b->ssh = get_bool(c, g, "ssh", b->ssh);
	b->serial = get_bool(c, g, "serial", b->serial);
	b->port = (unsigned)get_int(c, g, "port", 0, 65535, 0);
	b->kbdint = get_bool(c, g, "keyboard_interactive", false);
	b->two_step = get_bool(c, g, "two_step", false);
	if (!b->serial && !b->ssh)
		mistake(c, g, "%s cannot be reached at all", b->name);
}

static void
read_nodes(struct conf *c, struct sim_board *b, const config_setting_t *g)
{
	const config_setting_t *nodes = config_setting_get_member(g, "nodes");
	int i;

	if (nodes == NULL)
		return;
	if (!config_setting_is_list(nodes))
		mistake(c, nodes, "nodes must be a list, ( ... )");
	else if (b->kind->feed)
		mistake(c, nodes, "a power feed has no nodes");
	else
		for (i = 0; i < config_setting_length(nodes); i++)
			read_node(
			    c, b, config_setting_get_elem(nodes, (unsigned)i));
}

static const struct personality *
read_kind(struct conf *c, const config_setting_t *g)
{
	const char *type = get_string(c, g, "type", "");
	const struct personality *kind = personality_find(type);
	struct buf names;
	size_t i;

	if (kind != NULL)
		return kind;
	buf_init(&names, 0);
	for (i = 0; personalities[i] != NULL; i++)
		buf_printf(
		    &names, "%s%s", i > 0 ? ", " : "", personalities[i]->type);
	mistake(c, g, "type \"%s\" is not known: %s", type, buf_str(&names));
	buf_release(&names);
	return NULL;
}

static void
read_board(struct conf *c, const config_setting_t *g)
{
	static const char *const keys[] = { "name", "type", "unit", "slots",
		"nodes", "ssh", "serial", "port", "keyboard_interactive",
		"two_step", NULL };
	const struct personality *kind;
	struct sim_keys own = { c, g };
	struct sim_board *b;
	const char *name;

	if (!config_setting_is_group(g)) {
		mistake(c, g, "a board is a group, { ... }");
		return;
	}
	name = get_string(c, g, "name", "");
	if (!is_name(name))
		mistake(c, g, "a board needs a name");
	else if (rack_board(c->rack, name) != NULL)
		mistake(c, g, "there are two boards \"%s\"", name);
	if ((kind = read_kind(c, g)) == NULL)
		return;
	check_keys(c, g, keys, kind->keys);
	b = rack_add(c->rack, name, kind,
	    kind->slots != 0 ? kind->slots
			     : get_int(c, g, "slots", 1, SLOTS_MAX, 1));
	b->unit = get_int(c, g, "unit", 0, 200, 0);
	if (!kind->shelf)
		read_controller(c, b, g);
	if (kind->read != NULL)
		kind->read(b, &own);
	read_nodes(c, b, g);
}

static void
read_rack(struct conf *c, const config_setting_t *g)
{
	static const char *const keys[] = { "name", "units", "power_budget_w",
		NULL };
	const config_setting_t *s;

	check_keys(c, g, keys, NULL);
	str_copy(c->rack->name, sizeof(c->rack->name),
	    get_string(c, g, "name", "rack"));
	c->rack->units = get_int(c, g, "units", 0, 200, 0);
	s = config_setting_get_member(g, "power_budget_w");
	if (s != NULL)
		c->rack->power_budget = config_setting_get_float(s);
}

static void
read_faults(struct conf *c, const config_setting_t *list)
{
	struct fault_spec f;
	char why[160];
	int i;

	for (i = 0; i < config_setting_length(list); i++) {
		const char *text = config_setting_get_string_elem(list, i);

		if (text == NULL)
			mistake(c, list, "a fault is a string");
		else if (!fault_parse(text, &f, why, sizeof(why)))
			mistake(c, list, "%s", why);
		else
			buf_printf(c->faults, "%s\n", text);
	}
}

static void
read_all(struct conf *c, const config_t *config)
{
	static const char *const keys[] = { "rack", "boards", "faults", NULL };
	const config_setting_t *root = config_root_setting(config), *s;
	int i;

	check_keys(c, root, keys, NULL);
	if ((s = config_setting_get_member(root, "rack")) != NULL)
		read_rack(c, s);
	s = config_setting_get_member(root, "boards");
	if (s == NULL || !config_setting_is_list(s))
		mistake(c, s, "boards is missing, or no list, ( ... )");
	else
		for (i = 0; i < config_setting_length(s); i++)
			read_board(c, config_setting_get_elem(s, (unsigned)i));
	resolve_feeds(c);
	if ((s = config_setting_get_member(root, "faults")) != NULL)
		read_faults(c, s);
}

static int
conf_done(struct conf *c, config_t *config, int read)
{
	if (read == CONFIG_TRUE) {
		read_all(c, config);
	} else {
		bool file = config_error_type(config) == CONFIG_ERR_FILE_IO;

		buf_printf(c->err, "%s:%d: %s\n", c->path,
		    file ? 1 : config_error_line(config),
		    file ? "cannot be read" : config_error_text(config));
		c->mistakes++;
	}
	config_destroy(config);
	return c->mistakes;
}

int
conf_read(struct rack *r, const char *path, struct buf *faults, struct buf *err)
{
	struct conf c = {
		.rack = r, .faults = faults, .err = err, .path = path
	};
	config_t config;

	config_init(&config);
	return conf_done(&c, &config, config_read_file(&config, path));
}

int
conf_read_text(struct rack *r, const char *text, const char *name,
    struct buf *faults, struct buf *err)
{
	struct conf c = {
		.rack = r, .faults = faults, .err = err, .path = name
	};
	config_t config;

	config_init(&config);
	return conf_done(&c, &config, config_read_string(&config, text));
}
