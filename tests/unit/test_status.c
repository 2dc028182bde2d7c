/* JSON Lines and the table, against a rack made by hand; selectors; and what
 * a reload changes. */
#include "../lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/app/session.h"
#include "rackmux/app/status.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/selector.h"

struct rack {
	struct loop *loop;
	struct model *model;
	struct board *tp2, *pis;
};

static void
say(struct board *b, struct origin *o, int slot, enum name_id id,
    enum source source, double number, const char *text)
{
	struct reading r = { .id = id,
		.source = source,
		.known = true,
		.number = number,
		.text = text };

	origin_set(b, o, slot, &r);
}

static void
cannot_know(struct board *b, struct origin *o, int slot, enum name_id id,
    const char *why)
{
	struct reading r = { .id = id, .source = SOURCE_BOARD, .why = why };

	origin_set(b, o, slot, &r);
}

static void
rack_make(struct rack *r)
{
	const struct driver *tpi = driver_find("turing-pi");
	const struct driver *lin = driver_find("linux");
	struct origin *o, *in;

	r->loop = loop_new();
	loop_freeze(r->loop);
	loop_advance(r->loop, 1000);
	r->model = model_new(r->loop);
	r->tp2 = model_add_board(r->model, "tp2-a", tpi, 12, 1, 2);
	str_copy(r->tp2->nodes[0]->name, 64, "web-a");
	r->tp2->nodes[0]->configured = true;
	o = board_add_origin(r->tp2, 0, tpi, "ssh://root@tp2-a");
	in = board_add_origin(r->tp2, 1, lin, "ssh://ubuntu@web-a");
	origin_set_link(r->tp2, o, LINK_UP, LINK_WHY_NONE, "");
	origin_set_link(r->tp2, in, LINK_UP, LINK_WHY_NONE, "");
	say(r->tp2, o, 0, NAME_BOARD_FAN_LEVEL, SOURCE_BOARD, 3, NULL);
	say(r->tp2, o, 1, NAME_POWER_STATE, SOURCE_BOARD, 0, "on");
	say(r->tp2, o, 2, NAME_POWER_STATE, SOURCE_BOARD, 0, "off");
	cannot_know(r->tp2, o, 2, NAME_POWER_WATTS, "no sensor for it");
	say(r->tp2, in, 1, NAME_TEMP_SOC, SOURCE_NODE, 48.2, NULL);
	say(r->tp2, in, 1, NAME_UPTIME, SOURCE_NODE, 3600, NULL);
	origin_fresh(r->tp2, o);
	origin_fresh(r->tp2, in);
	r->pis = model_add_board(r->model, "pis", lin, 0, 1, 3);
	str_copy(r->pis->nodes[0]->name, 64, "pi01");
	o = board_add_origin(r->pis, 1, lin, "ssh://pi@pi01");
	origin_set_link(
	    r->pis, o, LINK_LOST, LINK_WHY_REFUSED, "connection refused");
	loop_advance(r->loop, 812);
}

static void
rack_drop(struct rack *r)
{
	model_free(r->model);
	loop_free(r->loop);
}

static const struct json *
value_of(const struct json *j, const char *name)
{
	return json_get(json_get(j, "values"), name);
}

TEST(board_object_has_the_shape_of_the_design)
{
	struct rack r;
	struct json *j;
	char *text;

	rack_make(&r);
	j = status_json_board(r.tp2);
	text = json_text(j);
	CHECK_STR(text,
	    "{\"kind\":\"board\",\"board\":\"tp2-a\",\"type\":\"turing-pi\","
	    "\"link\":\"up\",\"why\":null,\"values\":{\"board.fan.level\":"
	    "{\"value\":3,\"unit\":\"\",\"age_ms\":812,\"source\":\"board\","
	    "\"state\":\"known\",\"why\":null}}}");
	free(text);
	json_free(j);
	j = status_json_board(r.pis);
	CHECK(json_str(json_get(j, "link")) == NULL);
	json_free(j);
	rack_drop(&r);
}

TEST(node_object_has_the_shape_of_the_design)
{
	struct rack r;
	struct json *j, *can;
	char *text;

	rack_make(&r);
	j = status_json_node(r.tp2->nodes[0]);
	text = json_text(j);
	CHECK(str_starts(text,
	    "{\"kind\":\"node\",\"node\":\"tp2-a/1\",\"name\":\"web-a\","
	    "\"board\":\"tp2-a\",\"type\":\"turing-pi\",\"slot\":1,"
	    "\"state\":\"on\",\"values\":{"));
	CHECK(strstr(text,
		  "\"temp.soc\":{\"value\":48.2,\"unit\":\"degC\","
		  "\"age_ms\":812,\"source\":\"node\",\"state\":\"known\","
		  "\"why\":null}") != NULL);
	CHECK(strstr(text, "\"can\":{\"power.on\":") != NULL);
	free(text);
	can = json_get(j, "can");
	CHECK_INT(json_size(can), ACT_MAX);
	json_free(j);
	j = status_json_node(r.tp2->nodes[1]);
	CHECK_STR(json_str(json_get(j, "state")), "off");
	CHECK(json_str(json_get(j, "name")) == NULL);
	CHECK_STR(
	    json_str(json_get(value_of(j, "power.watts"), "state")), "unknown");
	CHECK_STR(json_str(json_get(value_of(j, "power.watts"), "why")),
	    "no sensor for it");
	json_free(j);
	j = status_json_node(r.pis->nodes[0]);
	CHECK_STR(json_str(json_get(j, "state")), "lost");
	json_free(j);
	rack_drop(&r);
}

TEST(stale_values_keep_their_number_and_say_why)
{
	struct rack r;
	struct json *j;
	double v;

	rack_make(&r);
	origin_set_link(r.tp2, r.tp2->nodes[0]->inband, LINK_LOST,
	    LINK_WHY_SILENT, "no answer for 4 s");
	j = status_json_node(r.tp2->nodes[0]);
	CHECK_STR(
	    json_str(json_get(value_of(j, "temp.soc"), "state")), "stale");
	CHECK(json_num(json_get(value_of(j, "temp.soc"), "value"), &v));
	CHECK(v == 48.2);
	CHECK(json_str(json_get(value_of(j, "temp.soc"), "why")) != NULL);
	json_free(j);
	rack_drop(&r);
}

static char *
printed(const struct rack *r, const char *selector, bool json, bool utf8)
{
	struct selector *sel = NULL;
	char err[128], *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CHECK(f != NULL);
	if (selector != NULL) {
		sel = selector_parse(selector, err, sizeof err);
		CHECK(sel != NULL);
	}
	if (json)
		status_json(f, r->model, sel);
	else
		status_text(f, r->model, sel, utf8);
	fclose(f);
	selector_free(sel);
	return text;
}

TEST(a_board_comes_before_its_nodes)
{
	struct rack r;
	char *text, *p;
	int n = 0;

	rack_make(&r);
	text = printed(&r, NULL, true, true);
	p = text;
	for (char *line; (line = str_line(&p)) != NULL; n++) {
		struct json *j = json_parse(line, strlen(line), NULL, 0);
		bool board = n == 0 || n == 3;

		if (line[0] == '\0')
			break;
		CHECK(j != NULL);
		CHECK_STR(
		    json_str(json_get(j, "kind")), board ? "board" : "node");
		CHECK_STR(
		    json_str(json_get(j, "board")), n < 3 ? "tp2-a" : "pis");
		json_free(j);
	}
	CHECK_INT(n, 7);
	free(text);
	text = printed(&r, "tp2-a/2", true, true);
	CHECK(strstr(text, "tp2-a/1") == NULL);
	CHECK(strstr(text, "tp2-a/2") != NULL);
	CHECK(strstr(text, "pis") == NULL);
	free(text);
	rack_drop(&r);
}

TEST(table_is_aligned)
{
	struct rack r;
	char *text, *p;
	int column = 0;

	rack_make(&r);
	text = printed(&r, NULL, false, true);
	p = text;
	for (char *line; (line = str_line(&p)) != NULL && line[0] != '\0';) {
		char *at = strstr(line, "STATE");

		if (at != NULL)
			column = (int)(at - line);
		CHECK((int)strlen(line) > column);
		CHECK(column > 0);
		CHECK(line[column - 1] == ' ' && line[column] != ' ');
	}
	free(text);
	text = printed(&r, NULL, false, false);
	for (const char *s = text; *s != '\0'; s++)
		CHECK((*s & 0x80) == 0);
	CHECK(strstr(text, "48.2") != NULL);
	CHECK(strstr(text, "refused") != NULL);
	free(text);
	rack_drop(&r);
}

/* --- selectors ---------------------------------------------------------- */

static int
count(const struct rack *r, const char *text)
{
	char err[256];
	struct selector *sel = selector_parse(text, err, sizeof err);
	size_t n;

	if (sel == NULL)
		return -1;
	n = selector_count(sel, r->model);
	selector_free(sel);
	return (int)n;
}

TEST(selectors_select)
{
	struct rack r;

	rack_make(&r);
	CHECK_INT(count(&r, "*"), 5);
	CHECK_INT(count(&r, "tp2-a"), 2);
	CHECK_INT(count(&r, "tp2-a/1"), 1);
	CHECK_INT(count(&r, "tp2-a/1-2"), 2);
	CHECK_INT(count(&r, "pis/2-9"), 2);
	CHECK_INT(count(&r, "*/1"), 2);
	CHECK_INT(count(&r, "web-a"), 1);
	CHECK_INT(count(&r, "web-*,pi0?"), 2);
	CHECK_INT(count(&r, "state=off"), 1);
	CHECK_INT(count(&r, "state=lost"), 1);
	CHECK_INT(count(&r, "type=linux"), 3);
	CHECK_INT(count(&r, "!tp2-a"), 3);
	CHECK_INT(count(&r, "*,!pi01"), 4);
	CHECK_INT(count(&r, "!pi01,*"), 4);
	CHECK_INT(count(&r, "tp2-a+state=off"), 1);
	CHECK_INT(count(&r, "pis+state=off"), 0);
	CHECK_INT(count(&r, "!type=linux+state=lost"), 4);
	CHECK_INT(count(&r, "@hot"), 0);
	CHECK_INT(count(&r, "nosuch"), 0);
	CHECK_INT(count(&r, "tp2-a, pis"), 5);
	rack_drop(&r);
}

TEST(static_selectors_need_no_answers)
{
	static const struct {
		const char *text;
		bool is_static;
	} cases[] = { { "*", true }, { "tp2-a/1-3,!web-a", true },
		{ "type=linux+name=pi*", true }, { "state=off", false },
		{ "tp2-a+@hot", false } };
	char err[64];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct selector *sel =
		    selector_parse(cases[i].text, err, sizeof err);

		CHECK(sel != NULL);
		CHECK(selector_is_static(sel) == cases[i].is_static);
		selector_free(sel);
	}
}

TEST(bad_selectors_are_refused)
{
	struct rack r;

	rack_make(&r);
	CHECK_INT(count(&r, ""), -1);
	CHECK_INT(count(&r, "a,,b"), -1);
	CHECK_INT(count(&r, "tp2-a/x"), -1);
	CHECK_INT(count(&r, "tp2-a/3-1"), -1);
	CHECK_INT(count(&r, "tp2-a/0"), -1);
	CHECK_INT(count(&r, "state=onn"), -1);
	CHECK_INT(count(&r, "colour=red"), -1);
	CHECK_INT(count(&r, "@fire"), -1);
	CHECK_INT(count(&r, "!"), -1);
	rack_drop(&r);
}

TEST(patterns_take_no_exponential_time)
{
	struct rack r;
	char pattern[256];

	rack_make(&r);
	memset(pattern, 0, sizeof pattern);
	for (size_t i = 0; i + 3 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	CHECK_INT(count(&r, pattern), 0);
	rack_drop(&r);
}

/* --- reload ------------------------------------------------------------- */

static struct config *
config_of(const char *text)
{
	struct diags d = { 0 };
	char path[512];
	struct config *c;
	FILE *f;

	snprintf(path, sizeof path, "%s/c.cfg", test_dir());
	f = fopen(path, "we");
	CHECK(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
	c = config_load(path, &d);
	for (size_t i = 0; i < d.n; i++)
		fprintf(stderr, "# %u: %s\n", d.v[i].line, d.v[i].text);
	CHECK(c != NULL);
	return c;
}

#define HEAD "ssh: { config = \"none\"; };\nboards = (\n"
#define BOARD_A \
	"{ name = \"a\"; type = \"turing-pi\"; unit = 3; " \
	"link = \"ssh://x@127.0.0.1:1\"; "
#define BOARD_B \
	"{ name = \"b\"; type = \"linux\"; unit = 2; " \
	"link = \"ssh://x@127.0.0.1:1\"; }"

static struct loop *loop;
static struct session *session;
static struct session_change ch;

static void
session_begin(const char *text)
{
	loop = loop_new();
	session = session_new(loop, NULL, NULL);
	session_apply(session, config_of(text), &ch);
}

static void
session_end(void)
{
	session_free(session);
	loop_free(loop);
}

static size_t
links(void)
{
	unsigned long long bytes;

	return session_links(session, &bytes);
}

TEST(reload_keeps_what_did_not_change)
{
	struct model *m;
	struct board *a, *b;
	struct origin *origin;

	session_begin(HEAD BOARD_A "}, " BOARD_B " );");
	m = session_model(session);
	CHECK_INT(ch.added, 2);
	CHECK_INT(links(), 2);
	a = model_find_board(m, "a");
	b = model_find_board(m, "b");
	CHECK(a != NULL && b != NULL && m->boards[0] == a);
	CHECK_INT(a->slots, 4);
	CHECK_INT(b->slots, 1);
	CHECK(b->origin == NULL && b->nodes[0]->inband != NULL);
	origin = a->origin;

	/* Only a comment, and the budget of the rack. */
	session_apply(session,
	    config_of("# x\nrack: { power_budget_w = 9; };\n" HEAD BOARD_A
		      "}, " BOARD_B " );"),
	    &ch);
	CHECK_INT(ch.kept, 2);
	CHECK_INT(ch.changed + ch.added + ch.removed, 0);
	CHECK(model_find_board(m, "a") == a && a->origin == origin);
	CHECK(m->power_budget_w == 9);
	session_end();
}

TEST(reload_touches_only_the_links_that_changed)
{
	struct model *m;
	struct board *a;
	struct origin *origin;

	session_begin(
	    HEAD BOARD_A "nodes = ( { slot = 2; } ); }, " BOARD_B " );");
	m = session_model(session);
	a = model_find_board(m, "a");
	origin = a->origin;

	/* A link of its own for a slot of a: its controller's stays. */
	session_apply(session,
	    config_of(HEAD BOARD_A
		"nodes = ( { slot = 2; link = \"ssh://x@127.0.0.1:1\"; } ); "
		"}, " BOARD_B " );"),
	    &ch);
	CHECK_INT(ch.changed, 1);
	CHECK_INT(ch.kept, 1);
	CHECK(model_find_board(m, "a") == a && a->origin == origin);
	CHECK(a->nodes[1]->inband != NULL);
	CHECK_INT(links(), 3);

	/* b goes. */
	session_apply(session, config_of(HEAD BOARD_A "} );"), &ch);
	CHECK_INT(ch.removed, 1);
	CHECK_INT(ch.changed, 1);
	CHECK(model_find_board(m, "b") == NULL);
	CHECK_INT(links(), 1);

	/* Another key for all links: every link is made anew. */
	session_apply(session,
	    config_of("ssh: { config = \"none\"; identity = \"k\"; };\n"
		      "boards = (\n" BOARD_A "} );"),
	    &ch);
	CHECK_INT(ch.changed, 1);
	session_end();
}

TEST(a_board_may_take_the_place_of_another)
{
	session_begin(HEAD BOARD_B " );");
	session_apply(session,
	    config_of(HEAD "{ name = \"c\"; type = \"linux\"; unit = 2; "
			   "link = \"ssh://x@127.0.0.1:1\"; } );"),
	    &ch);
	CHECK_INT(ch.removed, 1);
	CHECK_INT(ch.added, 1);
	CHECK_INT(session_model(session)->n_boards, 1);
	session_end();
}

TEST(settled_once_every_link_has_failed)
{
	struct session_failure f[4];

	session_begin(HEAD BOARD_A "}, " BOARD_B " );");
	CHECK(!session_settled(session));
	while (!session_settled(session))
		loop_turn(loop, 1000);
	CHECK_INT(session_failures(session, f, 4), 2);
	CHECK(f[0].slot == 0 && strcmp(f[0].board->name, "a") == 0);
	CHECK(f[1].slot == 1 && strcmp(f[1].board->name, "b") == 0);
	CHECK(f[0].why[0] != '\0');
	session_end();
}
