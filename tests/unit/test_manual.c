/* The manual pages say what the tables say; UPDATE=1 rewrites them. */
#include "../lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/app/options.h"
#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/keymap.h"

/* Text as roff: nothing in it may be taken for a request or an escape. */
static void
add_text(struct buf *b, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_puts(b, "\\&");
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			buf_puts(b, "\\e");
		else if (*s == '-')
			buf_puts(b, "\\-");
		else
			buf_add(b, s, 1);
	}
}

static void
item(struct buf *b, const char *bold, const char *rest)
{
	buf_puts(b, ".TP\n\\fB");
	add_text(b, bold);
	buf_puts(b, "\\fP");
	if (rest[0] != '\0') {
		buf_puts(b, " \\fI");
		add_text(b, rest);
		buf_puts(b, "\\fP");
	}
	buf_puts(b, "\n");
}

static void
commands(struct buf *b)
{
#define COMMAND(id, name, letter, args, meaning) \
	item(b, name[0] != '\0' ? "rackmux " name : "rackmux", args); \
	add_text(b, meaning); \
	buf_puts(b, "\n");
#include "rackmux/app/commands.def"
#undef COMMAND
}

static void
option(struct buf *b, const char *name, char letter, const char *used,
    const char *arg, const char *meaning)
{
	static const struct {
		char letter;
		const char *name;
	} uses[] = {
#define COMMAND(id, command, l, args, m) \
	{ l, command[0] != '\0' ? command : "the dashboard" },
#include "rackmux/app/commands.def"
#undef COMMAND
	};
	char both[64];
	const char *sep = "";

	if (letter != 0)
		str_format(both, sizeof both, "-%c, --%s", letter, name);
	else
		str_format(both, sizeof both, "--%s", name);
	item(b, both, arg);
	add_text(b, meaning);
	if (strlen(used) < sizeof uses / sizeof *uses) {
		buf_puts(b, "\n(");
		for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
			if (strchr(used, uses[i].letter) != NULL) {
				buf_printf(b, "%s%s", sep, uses[i].name);
				sep = ", ";
			}
		buf_puts(b, ")");
	}
	buf_puts(b, "\n");
}

static void
options(struct buf *b)
{
#define CLIOPT(id, name, letter, used, arg, meaning) \
	option(b, name, letter, used, arg, meaning);
#include "rackmux/app/cliopts.def"
#undef CLIOPT
}

static void
action(struct buf *b, const char *keys, const char *help)
{
	item(b, keys, "");
	add_text(b, help);
	buf_puts(b, "\n");
}

static void
actions(struct buf *b)
{
	bool pane = false;

	buf_puts(b, ".SS In the rack and its lists\n");
#define ACTION(id, name, keys, where, help) \
	if (WHERE_##where == WHERE_PANE && !pane) { \
		pane = true; \
		buf_puts(b, \
		    ".SS After the prefix key, Ctrl\\-] unless configured\n"); \
	} \
	action(b, keys, help);
#include "rackmux/ui/actions.def"
#undef ACTION
}

static const char *
type_text(const struct option *o, char *out, size_t size)
{
	static const char *const types[] = {
		[OPT_STRING] = "string",
		[OPT_NAME] = "name",
		[OPT_PATH] = "path",
		[OPT_INT] = "whole number",
		[OPT_NUMBER] = "number",
		[OPT_BOOL] = "true or false",
		[OPT_GROUP] = "group",
		[OPT_LIST] = "list of groups",
	};

	if (o->type == OPT_INT || o->type == OPT_NUMBER)
		str_format(out, size, "%s, %g to %.10g", types[o->type], o->min,
		    o->max);
	else
		str_copy(out, size, types[o->type]);
	return out;
}

static void
keys(struct buf *b)
{
	static const char *const heads[OPT_GROUPS] = {
		[OPT_TOP] = "At the top",
		[OPT_RACK] = "rack",
		[OPT_SSH] = "ssh",
		[OPT_THRESHOLDS] = "thresholds",
		[OPT_CONSOLE] = "console",
		[OPT_ALERT] = "Each of alerts",
		[OPT_BOARD] = "Each of boards",
		[OPT_NODE] = "Each of nodes of a board",
		[OPT_FEED] = "Each of feeds",
	};
	int group = -1;
	char type[96];

	for (size_t i = 0; i < option_table_len; i++) {
		const struct option *o = &option_table[i];

		if ((int)o->group != group)
			buf_printf(b, ".SS %s\n", heads[o->group]);
		group = (int)o->group;
		item(b, o->key, type_text(o, type, sizeof type));
		add_text(b, o->meaning);
		if (o->standard[0] == '(')
			buf_printf(b, "\n%s", o->standard);
		else if (o->standard[0] != '\0')
			buf_printf(b, "\n(default %s)", o->standard);
		buf_puts(b, "\n");
	}
}

static const char *
setting_type(const struct driver_setting *k, char *out, size_t size)
{
	static const char *const types[] = { [SETTING_TEXT] = "string",
		[SETTING_NUMBER] = "number",
		[SETTING_INT] = "whole number",
		[SETTING_BOOL] = "true or false" };

	if (k->type == SETTING_NUMBER || k->type == SETTING_INT)
		str_format(out, size, "%s, %g to %.10g", types[k->type], k->min,
		    k->max);
	else
		str_copy(out, size, types[k->type]);
	return out;
}

static void
settings_of(struct buf *b, const char *what, const struct driver *d)
{
	char type[96];

	if (d->settings == NULL || d->settings->key == NULL)
		return;
	buf_printf(b, ".SS %s\n", what);
	add_text(b, d->type);
	buf_printf(b, " (%s)\n", d->title);
	for (const struct driver_setting *k = d->settings; k->key; k++) {
		item(b, k->key, setting_type(k, type, sizeof type));
		add_text(b, k->meaning);
		if (k->standard[0] != '\0') {
			buf_puts(b, "\n(default ");
			add_text(b, k->standard);
			buf_puts(b, ")");
		}
		buf_puts(b, "\n");
	}
}

static void
settings(struct buf *b)
{
	for (size_t i = 0; i < driver_table_len; i++)
		settings_of(b, "A board of type", driver_table[i]);
	for (size_t i = 0; i < feed_table_len; i++)
		settings_of(b, "A feed of type", feed_table[i]);
}

static void
roles(struct buf *b)
{
	char key[64];

#define ROLE(id, name, letter, meaning) \
	str_copy(key, sizeof key, name); \
	for (char *s = key; *s != '\0'; s++) \
		if (*s == '.') \
			*s = '_'; \
	item(b, key, ""); \
	add_text(b, meaning); \
	buf_puts(b, "\n");
#include "rackmux/ui/roles.def"
#undef ROLE
}

static void
faults(struct buf *b)
{
#define FAULT(id, name, scope, arg, standard, meaning) \
	item(b, name, arg[0] != '\0' ? "=" arg : ""); \
	add_text(b, meaning); \
	buf_puts(b, "\n");
#include "rackmux/sim/faults.def"
#undef FAULT
}

static void
check_page(const char *page, const char *table, void (*write)(struct buf *))
{
	char path[512], begin[64], end[64], *text, *from, *to;
	const char *top = getenv("RM_TOP");
	struct buf want, file;
	FILE *f;
	int c;

	snprintf(path, sizeof path, "%s/docs/%s", top ? top : ".", page);
	snprintf(begin, sizeof begin, ".\\\" BEGIN %s\n", table);
	snprintf(end, sizeof end, ".\\\" END %s\n", table);
	buf_init(&want, 0);
	write(&want);
	buf_init(&file, 0);
	f = fopen(path, "re");
	CHECK(f != NULL);
	while ((c = fgetc(f)) != EOF)
		buf_add(&file, &(char){ (char)c }, 1);
	fclose(f);
	text = file.data;
	from = strstr(text, begin);
	to = strstr(text, end);
	CHECK(from != NULL && to != NULL && from < to);
	from += strlen(begin);
	if (getenv("UPDATE") != NULL) {
		f = fopen(path, "we");
		CHECK(f != NULL);
		fprintf(f, "%.*s%s%s", (int)(from - text), text, buf_str(&want),
		    to);
		CHECK(fclose(f) == 0);
	} else {
		*to = '\0';
		CHECK_STR(from, buf_str(&want));
	}
	buf_release(&want);
	buf_release(&file);
}

TEST(manual_has_every_command)
{
	check_page("rackmux.1", "commands.def", commands);
}

TEST(manual_has_every_option)
{
	check_page("rackmux.1", "cliopts.def", options);
}

TEST(manual_has_every_action)
{
	check_page("rackmux.1", "actions.def", actions);
}

TEST(manual_has_every_configuration_key)
{
	check_page("rackmux.cfg.5", "options.def", keys);
}

TEST(manual_has_every_setting_of_a_driver)
{
	check_page("rackmux.cfg.5", "settings", settings);
}

TEST(manual_has_every_theme_role)
{
	check_page("rackmux.cfg.5", "roles.def", roles);
}

TEST(manual_has_every_fault_of_the_simulator)
{
	check_page("rackmux-sim.1", "faults.def", faults);
}
