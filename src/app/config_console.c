#include <stdlib.h>
#include <string.h>

#include "rackmux/app/config.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/watch.h"
#include "rackmux/link/url.h"
#include "rackmux/ui/input.h"

/*
 * What the configuration says of consoles: what holds for all, patterns that
 * raise alerts, and of each node by which way and whether always. "capture"
 * is inherited: what a node does not say its board does, and what a board does
 * not say holds for all.
 */

static void
check_prefix(
    const struct config *c, const struct cfg_node *group, struct diags *d)
{
	const struct cfg_node *at = config_at(group, "prefix");
	struct key k;

	if (at == NULL || c->console.prefix == NULL)
		return;
	if (!key_parse(c->console.prefix, &k))
		diags_add(d, at->file, at->line,
		    "'%s' names no key: write it as in \"C-]\", \"C-a\", "
		    "\"A-x\" or \"F12\"",
		    c->console.prefix);
	else if (k.mods == 0 && k.code < SYM_FIRST)
		diags_add(d, at->file, at->line,
		    "'%s' could never be typed at a node: take a key with "
		    "Ctrl or Alt, such as \"C-]\"",
		    c->console.prefix);
}

static void
read_alert(struct config *c, const struct cfg_node *at, const char *base,
    struct diags *d)
{
	struct config_alert *a = &c->alerts[c->n_alerts++];

	options_read(OPT_ALERT, at, base, &a->o, d);
	if (a->o.name == NULL && cfg_get(at, "name") == NULL)
		diags_add(d, at->file, at->line, "this alert has no 'name'");
	if (a->o.match == NULL && cfg_get(at, "match") == NULL)
		diags_add(d, at->file, at->line, "this alert has no 'match'");
	a->bad = a->o.level != NULL && strcmp(a->o.level, "bad") == 0;
	if (a->o.level != NULL && !a->bad && strcmp(a->o.level, "warn") != 0)
		diags_add(d, config_at(at, "level")->file,
		    config_at(at, "level")->line,
		    "level '%s' of an alert is neither \"warn\" nor \"bad\"",
		    a->o.level);
}

/* Expressions are tried one by one, so that each mistake has its line. */
static void
check_match(
    const struct config_alert *a, const struct cfg_node *at, struct diags *d)
{
	const struct alert_pattern p = { .name = a->o.name,
		.match = a->o.match };
	struct alerts *alerts;
	char err[160];
	size_t bad;

	if (a->o.name == NULL || a->o.match == NULL)
		return;
	alerts = alerts_new(&p, 1, &bad, err, sizeof err);
	if (alerts == NULL)
		diags_add(d, config_at(at, "match")->file,
		    config_at(at, "match")->line,
		    "'match' of alert '%s' is no regular expression: %s",
		    a->o.name, err);
	alerts_free(alerts);
}

static void
read_alerts(struct config *c, const struct cfg_node *list, const char *base,
    struct diags *d)
{
	size_t n;

	if (list == NULL || list->type != CFG_LIST)
		return;
	n = list->n > CONFIG_ALERTS_MAX ? CONFIG_ALERTS_MAX : list->n;
	c->alerts = mem_array(n + 1, sizeof *c->alerts);
	for (size_t i = 0; i < n; i++) {
		const struct cfg_node *at = &list->child[i];

		if (at->type != CFG_GROUP) {
			diags_add(d, at->file, at->line,
			    "an alert must be a group, not %s",
			    cfg_type_name(at->type));
			continue;
		}
		read_alert(c, at, base, d);
		check_match(&c->alerts[c->n_alerts - 1], at, d);
	}
}

static void
check_console(const struct config_node *n, struct diags *d)
{
	const struct cfg_node *at = config_at(n->at, "console");
	const char *s = n->o.console;
	struct url url;
	char err[256];

	if (s == NULL || strcmp(s, "none") == 0)
		return;
	if (strcmp(s, "ssh") == 0) {
		if (n->o.link == NULL)
			diags_add(d, at->file, at->line,
			    "console = \"ssh\" needs a link of the node: add "
			    "'link', or write console = \"ssh://user@host\"");
		return;
	}
	if (strchr(s, ':') == NULL)
		diags_add(d, at->file, at->line,
		    "console '%s' is neither a link, nor \"ssh\", nor "
		    "\"none\"; a link begins with serial:, tcp://, telnet://, "
		    "exec: or ssh://",
		    s);
	else if (!url_parse(&url, s, false, err, sizeof err))
		diags_add(d, at->file, at->line, "console: %s", err);
}

void
config_read_consoles(struct config *c, const struct cfg_node *root,
    const char *base, struct diags *d)
{
	const struct cfg_node *group = cfg_get(root, "console");

	options_read(OPT_CONSOLE, group, base, &c->console, d);
	if (group != NULL && group->type == CFG_GROUP)
		check_prefix(c, group, d);
	read_alerts(c, cfg_get(root, "alerts"), base, d);
	for (size_t i = 0; i < c->n_boards; i++) {
		struct config_board *b = &c->boards[i];

		if (cfg_get(b->at, "capture") == NULL)
			b->o.capture = c->console.capture;
		for (size_t k = 0; k < b->n_nodes; k++) {
			if (cfg_get(b->nodes[k].at, "capture") == NULL)
				b->nodes[k].o.capture = b->o.capture;
			check_console(&b->nodes[k], d);
		}
	}
}

void
config_console_release(struct config *c)
{
	for (size_t i = 0; i < c->n_alerts; i++)
		options_release(OPT_ALERT, &c->alerts[i].o);
	free(c->alerts);
	options_release(OPT_CONSOLE, &c->console);
}
