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

#define SLOTS_MAX 64

struct conf {
	struct rack *rack;
	struct buf *faults, *err;
	const char *path;
	int mistakes;
};

RM_PRINTF(3, 4)
static void
mistake(struct conf *c, const config_setting_t *at, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	buf_printf(c->err, "%s:%u: %s\n", c->path,
	    at != NULL ? config_setting_source_line(at) : 1u, text);
	free(text);
	c->mistakes++;
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

static void
check_keys(struct conf *c, const config_setting_t *g, const char *const *known)
{
	int i, k, n = config_setting_length(g);

	for (i = 0; i < n; i++) {
		const config_setting_t *s =
		    config_setting_get_elem(g, (unsigned)i);
		const char *name = config_setting_name(s);

		for (k = 0; known[k] != NULL; k++)
			if (strcmp(known[k], name) == 0)
				break;
		if (known[k] == NULL)
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
read_node(struct conf *c, struct sim_board *b, const config_setting_t *g)
{
	static const char *const keys[] = { "slot", "name", "model", "on",
		"inband", "port", "keyboard_interactive", "two_step", NULL };
	struct sim_node *n;
	const char *name, *model;
	int slot;

	check_keys(c, g, keys);
	slot = get_int(c, g, "slot", 1, b->slots, 0);
	if (slot == 0) {
		mistake(c, g, "a node needs its slot, 1 to %d", b->slots);
		return;
	}
	n = &b->nodes[slot - 1];
	if (n->model != NULL) {
		mistake(c, g, "slot %d of %s is taken twice", slot, b->name);
		return;
	}
	name = get_string(c, g, "name", "");
	if (*name != '\0' && !is_name(name))
		mistake(c, g, "\"%s\" is no name", name);
	str_copy(n->name, sizeof(n->name), name);
	model = get_string(
	    c, g, "model", b->type == BOARD_TURING_PI ? "cm4" : "pi4");
	n->intent = get_bool(c, g, "on", true);
	n->inband = get_bool(c, g, "inband", true);
	n->port = (unsigned)get_int(c, g, "port", 0, 65535, 0);
	n->kbdint = get_bool(c, g, "keyboard_interactive", false);
	n->two_step = get_bool(c, g, "two_step", false);
	if (strcmp(model, "none") == 0)
		return;
	n->model = node_model_find(model);
	if (n->model == NULL)
		mistake(c, g,
		    "model \"%s\" is not known: pi4, pi5, cm4, rk1, ubuntu or "
		    "none",
		    model);
}

/* --- boards --- */

static void
read_turing_pi(struct conf *c, struct sim_board *b, const config_setting_t *g)
{
	char why[128];

	if (!turing_pi_personality(b, get_string(c, g, "firmware", "2.1.0"),
		get_string(c, g, "board", "2.5"), why, sizeof(why)))
		mistake(c, g, "%s", why);
	b->ssh = get_bool(c, g, "ssh", true);
	b->serial = get_bool(c, g, "serial", false);
	b->tp.emc2301 = get_bool(c, g, "fan", false);
	b->port = (unsigned)get_int(c, g, "port", 0, 65535, 0);
	b->kbdint = get_bool(c, g, "keyboard_interactive", false);
	b->two_step = get_bool(c, g, "two_step", false);
	if (b->serial && b->tp.fw != NULL && !b->tp.fw->modern)
		mistake(c, g, "firmware 2.0.5 has no USB serial console");
	if (!b->serial && !b->ssh)
		mistake(c, g, "%s cannot be reached at all", b->name);
}

static void
read_board(struct conf *c, const config_setting_t *g)
{
	static const char *const keys[] = { "name", "type", "unit", "slots",
		"nodes", "firmware", "board", "ssh", "serial", "fan", "port",
		"keyboard_interactive", "two_step", NULL };
	const config_setting_t *nodes;
	const char *name, *type;
	struct sim_board *b;
	bool turing;
	int i;

	if (!config_setting_is_group(g)) {
		mistake(c, g, "a board is a group, { ... }");
		return;
	}
	check_keys(c, g, keys);
	name = get_string(c, g, "name", "");
	type = get_string(c, g, "type", "");
	turing = strcmp(type, "turing-pi") == 0;
	if (!is_name(name))
		mistake(c, g, "a board needs a name");
	else if (rack_board(c->rack, name) != NULL)
		mistake(c, g, "there are two boards \"%s\"", name);
	if (!turing && strcmp(type, "linux") != 0) {
		mistake(
		    c, g, "type \"%s\" is not known: turing-pi or linux", type);
		return;
	}
	b = rack_add(c->rack, name, turing ? BOARD_TURING_PI : BOARD_LINUX,
	    turing ? TP_SLOTS : get_int(c, g, "slots", 1, SLOTS_MAX, 1));
	b->unit = get_int(c, g, "unit", 0, 200, 0);
	if (turing)
		read_turing_pi(c, b, g);
	nodes = config_setting_get_member(g, "nodes");
	if (nodes != NULL && !config_setting_is_list(nodes))
		mistake(c, nodes, "nodes must be a list, ( ... )");
	for (i = 0; nodes != NULL && i < config_setting_length(nodes); i++)
		read_node(c, b, config_setting_get_elem(nodes, (unsigned)i));
}

static void
read_rack(struct conf *c, const config_setting_t *g)
{
	static const char *const keys[] = { "name", "units", "power_budget_w",
		NULL };
	const config_setting_t *s;

	check_keys(c, g, keys);
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

	check_keys(c, root, keys);
	if ((s = config_setting_get_member(root, "rack")) != NULL)
		read_rack(c, s);
	s = config_setting_get_member(root, "boards");
	if (s == NULL || !config_setting_is_list(s))
		mistake(c, s, "boards is missing, or no list, ( ... )");
	else
		for (i = 0; i < config_setting_length(s); i++)
			read_board(c, config_setting_get_elem(s, (unsigned)i));
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
	struct conf c = { r, faults, err, path, 0 };
	config_t config;

	config_init(&config);
	return conf_done(&c, &config, config_read_file(&config, path));
}

int
conf_read_text(struct rack *r, const char *text, const char *name,
    struct buf *faults, struct buf *err)
{
	struct conf c = { r, faults, err, name, 0 };
	config_t config;

	config_init(&config);
	return conf_done(&c, &config, config_read_string(&config, text));
}
