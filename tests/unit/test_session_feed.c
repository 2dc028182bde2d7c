/* Power feeds in a session: fake switches behind exec: links, whose ports are
 * files in a folder. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/app/journal.h"
#include "rackmux/app/session.h"
#include "rackmux/app/status.h"
#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"

static struct loop *loop;
static struct session *session;
static struct model *m;

static void
save(const char *name, const char *text)
{
	char path[600];
	FILE *f;

	str_format(path, sizeof path, "%s/%s", test_dir(), name);
	f = fopen(path, "we");
	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	(void)chmod(path, 0755);
}

static const char *
port_file(const char *name)
{
	static char text[32];
	char path[600];
	FILE *f;

	str_format(path, sizeof path, "%s/%s", test_dir(), name);
	text[0] = '\0';
	f = fopen(path, "re");
	if (f != NULL) {
		if (fgets(text, sizeof text, f) == NULL)
			text[0] = '\0';
		fclose(f);
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* A switch with ports 1 to 3. */
static void
make_switch(void)
{
	save("swctrl",
	    "#!/bin/sh\n"
	    "cd \"${0%/*}\"\n"
	    "show() { if [ \"$(cat port$1)\" = on ]\n"
	    "then echo \" $1 Auto Dot3at 32000 Class 4 On Good 6.00 53.00 "
	    "113.00\"\n"
	    "else echo \" $1 Off Dot3at 32000 Unknown Off Bad 0.00 0.00 "
	    "0.00\"\n"
	    "fi; }\n"
	    "put() { echo $2 >tmp$1; mv tmp$1 port$1; }\n"
	    "case $2 in\n"
	    "show) echo 'Total Power Limit(mW): 15000'\n"
	    "if [ -n \"$4\" ]; then show $4; else for p in 1 2 3; do "
	    "show $p; done; fi ;;\n"
	    "set) [ -e broken ] || case $3 in off) put $5 off ;; "
	    "auto) put $5 on ;; esac ;;\n"
	    "restart) put $4 off; ( ( while [ ! -e go ]; do sleep 0.05; done; "
	    "put $4 on ) </dev/null >/dev/null 2>&1 & ) ;;\n"
	    "esac\n"
	    "exit 0\n");
	save("port1", "on\n");
	save("port2", "on\n");
	save("port3", "on\n");
}

/* %s in the text is the folder. */
static struct config *
config_of(const char *text)
{
	struct diags d = { 0 };
	char path[600], line[700];
	struct config *c;
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, "poll = 20;\nssh: { config = \"none\"; };\n");
	for (const char *s = text; *s != '\0'; s++)
		if (*s == '@')
			buf_puts(&b, test_dir());
		else
			buf_add(&b, s, 1);
	save("r.cfg", buf_str(&b));
	buf_release(&b);
	str_format(path, sizeof path, "%s/r.cfg", test_dir());
	c = config_load(path, &d);
	for (size_t i = 0; i < d.n; i++)
		fprintf(stderr, "# %s\n", diag_format(&d.v[i], line, 700));
	CHECK(c != NULL);
	return c;
}

#define SWITCH \
	"feeds = ( { name = \"sw\"; type = \"unifi\"; " \
	"link = \"exec:env PATH=@:/usr/bin:/bin sh\"; } );\n"
#define NODES \
	"boards = ( { name = \"b\"; type = \"linux\"; slots = 3; nodes = (\n" \
	"{ slot = 1; name = \"one\"; feed = \"sw/1\"; },\n" \
	"{ slot = 2; name = \"two\"; feed = \"sw/2\"; },\n" \
	"{ slot = 3; name = \"three\"; feed = \"sw/2\"; } ); } );\n"

static void
begin(const char *text)
{
	CHECK(setenv("HOME", test_dir(), 1) == 0);
	loop = loop_new();
	session = session_new(loop, NULL, NULL);
	m = session_model(session);
	session_journal(session, test_dir(), "r.cfg");
	session_apply(session, config_of(text), NULL);
}

static void
start(const char *text)
{
	make_switch();
	begin(text);
}

static void
end(void)
{
	session_free(session);
	loop_free(loop);
}

static const struct node *
node(const char *name)
{
	const struct node *n = model_find_node(m, name);

	CHECK(n != NULL);
	return n;
}

/* Rounds are far apart, so that a slow machine is not taken for a lost one;
 * here they are asked for. */
static void
wait_state(const char *name, enum node_state want)
{
	while (node_state(node(name)) != want) {
		session_refresh(session, NULL);
		loop_turn(loop, 50);
	}
}

struct told {
	unsigned n;
	enum act_outcome outcome;
	char text[256];
};

static void
on_acted(void *arg, enum act_outcome outcome, const char *text)
{
	struct told *t = arg;

	t->n++;
	t->outcome = outcome;
	str_copy(t->text, sizeof t->text, text);
}

static void
act(const char *name, enum act a, struct told *t)
{
	memset(t, 0, sizeof *t);
	CHECK(session_act(session, node(name), a, on_acted, t) == NULL);
	CHECK_INT(t->n, 0);
}

static void
wait_told(const struct told *t)
{
	while (t->n == 0) {
		session_refresh(session, NULL);
		loop_turn(loop, 50);
	}
	CHECK_INT(t->n, 1);
}

TEST(what_a_port_says_is_what_its_nodes_say)
{
	const struct value *v;
	struct totals t;
	char text[96];

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	v = node_value(node("one"), NAME_POWER_WATTS, NULL);
	CHECK(v->source == SOURCE_FEED && value_note(v) == NULL);
	v = node_value(node("two"), NAME_POWER_WATTS, NULL);
	CHECK(value_note(v) != NULL);
	v = node_value(node("two"), NAME_FEED_PORT, NULL);
	CHECK_STR(v->text, "sw/2");
	CHECK_INT(feed_others(node("two"), text, sizeof text), 1);
	CHECK_STR(text, "three");
	CHECK_INT(feed_others(node("one"), text, sizeof text), 0);
	model_totals(m, &t);
	CHECK_INT(t.on, 3);
	CHECK(t.watts > 11.9 && t.watts < 12.1);
	CHECK(session_settled(session));
	CHECK_INT(session_failures(session, NULL, 0), 0);
	CHECK(node_cannot(node("one"), ACT_POWER_CYCLE) == NULL);
	CHECK(node_cannot(node("one"), ACT_POWER_SOFT) != NULL);
	CHECK(feed_trouble(m->feeds[0], text, sizeof text));
	CHECK_STR(text, "draws 18.0 W, more than its budget of 15.0 W");
	end();
}

TEST(a_node_is_switched_by_its_feed)
{
	struct told t, second;

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	act("one", ACT_POWER_OFF, &t);
	wait_told(&t);
	CHECK_INT(t.outcome, ACT_OK);
	CHECK_STR(port_file("port1"), "off");
	CHECK_STR(port_file("port2"), "on");
	wait_state("one", NODE_OFF);
	act("one", ACT_POWER_ON, &t);
	act("two", ACT_POWER_OFF, &second);
	wait_told(&t);
	wait_told(&second);
	CHECK_INT(t.outcome, ACT_OK);
	wait_state("three", NODE_OFF);
	/* The tool says nothing and ends with 0: only the port tells. */
	save("broken", "");
	act("two", ACT_POWER_ON, &t);
	wait_told(&t);
	CHECK_INT(t.outcome, ACT_FAILED);
	CHECK_STR(t.text, "port 2 stayed off");
	CHECK_STR(
	    session_act(session, node("one"), ACT_POWER_RESET, on_acted, &t),
	    "A power feed has no reset line: use power cycle, or power reset "
	    "by the node's own link.");
	end();
}

/* The rounds go on while it is off, and the outcome comes with its return. */
TEST(a_cycle_ends_when_the_port_is_on_again)
{
	struct told t;

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	act("one", ACT_POWER_CYCLE, &t);
	wait_state("one", NODE_OFF);
	CHECK_INT(t.n, 0);
	save("go", "");
	wait_told(&t);
	CHECK_INT(t.outcome, ACT_OK);
	CHECK_STR(t.text, "port 1 was off, and is on again");
	CHECK_INT(node_state(node("one")), NODE_ON);
	end();
}

/* A configuration that drops the feed, and the end of everything: each
 * action has its outcome all the same. */
TEST(an_action_is_told_also_when_its_feed_goes)
{
	struct told t, last;

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	act("one", ACT_POWER_CYCLE, &t);
	wait_state("one", NODE_OFF);
	session_apply(session,
	    config_of("boards = ( { name = \"b\"; type = \"linux\"; slots = 3; "
		      "link = \"exec:false\"; } );\n"),
	    NULL);
	CHECK_INT(t.n, 1);
	CHECK_INT(t.outcome, ACT_UNCERTAIN);
	CHECK_INT(m->n_feeds, 0);
	CHECK(node("b/1")->feed == NULL);
	CHECK(node_value(node("b/1"), NAME_FEED_STATE, NULL) == NULL);
	session_apply(session, config_of(SWITCH NODES), NULL);
	wait_state("two", NODE_ON);
	act("two", ACT_POWER_CYCLE, &last);
	end();
	CHECK_INT(last.n, 1);
	CHECK_INT(last.outcome, ACT_UNCERTAIN);
}

/* What did not change keeps its link; a node that moves takes its port's
 * values with it. */
TEST(a_new_configuration_touches_only_what_changed)
{
	struct session_change change;
	struct feed *f;
	struct origin *o;

	start(SWITCH NODES);
	save("port1", "off\n");
	wait_state("one", NODE_OFF);
	f = m->feeds[0];
	o = f->origin;
	session_apply(session, config_of("# more\n" SWITCH NODES), &change);
	CHECK_INT(change.feeds + change.changed + change.added, 0);
	CHECK_INT(change.kept, 1);
	CHECK(m->feeds[0] == f && f->origin == o);
	CHECK_INT(node_state(node("one")), NODE_OFF);
	session_apply(session,
	    config_of(SWITCH
		"boards = ( { name = \"b\"; type = \"linux\"; slots = 3; "
		"nodes = ( { slot = 1; name = \"one\"; feed = \"sw/2\"; },"
		"{ slot = 2; name = \"two\"; feed = \"sw/1\"; },"
		"{ slot = 3; name = \"three\"; } ); } );\n"),
	    &change);
	/* At once, by what the feed had said of the ports. */
	CHECK_INT(change.feeds + change.changed + change.added, 0);
	CHECK(m->feeds[0] == f && f->origin == o);
	CHECK_INT(f->n_fed, 2);
	CHECK_INT(node_state(node("two")), NODE_OFF);
	CHECK_INT(node_state(node("one")), NODE_ON);
	CHECK_INT(node_state(node("three")), NODE_UNKNOWN);
	session_apply(session,
	    config_of("boards = ( { name = \"b\"; type = \"linux\"; slots = 3; "
		      "link = \"exec:false\"; } );\n"),
	    &change);
	CHECK_INT(change.feeds, 1);
	end();
}

TEST(a_budget_that_changed_is_told_and_costs_no_link)
{
	struct session_change change;
	struct origin *o;

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	o = m->feeds[0]->origin;
	session_apply(session,
	    config_of(
		"feeds = ( { name = \"sw\"; type = \"unifi\"; "
		"budget_w = 60.0; "
		"link = \"exec:env PATH=@:/usr/bin:/bin sh\"; } );\n" NODES),
	    &change);
	CHECK_INT(change.feeds, 1);
	CHECK(m->feeds[0]->origin == o && o->fresh_at > 0);
	CHECK(feed_budget(m->feeds[0]) == 60);
	end();
}

/* The link to the machine that asks is well, the plug is not. */
TEST(a_plug_that_does_not_answer_has_failed)
{
	struct session_failure v[4];

	start("feeds = ( { name = \"plug\"; type = \"tasmota\"; "
	      "host = \"127.0.0.1:1\"; } );\n"
	      "boards = ( { name = \"b\"; type = \"linux\"; nodes = ( "
	      "{ slot = 1; name = \"one\"; feed = \"plug\"; } ); } );\n");
	while (!session_settled(session))
		loop_turn(loop, 1000);
	CHECK_INT(session_failures(session, v, 4), 1);
	CHECK(v[0].board == NULL && v[0].feed == m->feeds[0]);
	CHECK(v[0].why[0] != '\0');
	CHECK_STR(node("one")->feed_ref, "plug");
	CHECK_INT(node_state(node("one")), NODE_UNKNOWN);
	end();
}

/* The node's own link is lost because its port is off: no failure. */
TEST(a_node_whose_port_is_off_does_not_fail)
{
	struct session_failure v[4];

	start(SWITCH "boards = ( { name = \"b\"; type = \"linux\"; nodes = ( "
		     "{ slot = 1; name = \"one\"; feed = \"sw/1\"; "
		     "link = \"exec:false\"; } ); } );\n");
	save("port1", "off\n");
	wait_state("one", NODE_OFF);
	CHECK(session_settled(session));
	CHECK_INT(session_failures(session, v, 4), 1);
	CHECK(v[0].board != NULL && v[0].slot == 1);
	end();
}

TEST(status_tells_of_feeds)
{
	struct json *j;
	double w;

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	j = status_json_feed(m->feeds[0]);
	CHECK_STR(json_str(json_get(j, "kind")), "feed");
	CHECK_STR(json_str(json_get(j, "feed")), "sw");
	CHECK_STR(json_str(json_get(j, "link")), "up");
	CHECK(json_num(json_get(j, "watts"), &w) && w > 17.9 && w < 18.1);
	CHECK(json_num(json_get(j, "budget_w"), &w) && w > 14.9 && w < 15.1);
	CHECK_INT(json_size(json_get(j, "ports")), 3);
	CHECK_INT(
	    json_size(json_get(json_at(json_get(j, "ports"), 1), "nodes")), 2);
	json_free(j);
	j = status_json_node(node("two"));
	CHECK_STR(json_str(json_get(j, "feed")), "sw/2");
	json_free(j);
	end();
}

/* --- the journal ------------------------------------------------------------ */

/* A program that dies in the middle of a cycle. */
static void
die_in_a_cycle(void)
{
	char path[600], line[700];
	FILE *f;

	str_format(path, sizeof path, "%s/journal.jsonl", test_dir());
	f = fopen(path, "ae");
	CHECK(f != NULL);
	str_format(line, sizeof line,
	    "{\"at\":1600000000000,\"who\":\"ann\",\"id\":\"1-1-1\","
	    "\"config\":\"r.cfg\",\"node\":\"b/1\",\"act\":\"power.cycle\","
	    "\"phase\":\"begin\"}\n");
	CHECK(fputs(line, f) >= 0 && fclose(f) == 0);
}

static size_t
interrupted(void)
{
	struct journal_open_cycle v[4];

	return journal_interrupted(test_dir(), "r.cfg", 1700000000000, v, 4);
}

TEST(an_interrupted_cycle_is_told_until_it_is_over)
{
	const struct event *e;
	char text[200];
	struct told t;
	bool found = false;

	die_in_a_cycle();
	make_switch();
	save("port1", "off\n");
	begin(SWITCH NODES);
	for (size_t i = 0; (e = model_event_at(m, i)) != NULL; i++)
		found = found ||
		    (strcmp(e->where, "b/1") == 0 &&
			strstr(e->text, "was interrupted") != NULL);
	CHECK(found);
	wait_state("one", NODE_OFF);
	wait_state("two", NODE_ON);
	CHECK(node_trouble(node("one"), text, sizeof text));
	CHECK(str_starts(
	    text, "off since an interrupted power cycle at 2020-09-1"));
	CHECK(str_ends(text, " by ann: power on"));
	CHECK(!node_trouble(node("two"), text, sizeof text));
	/* A board that is made anew is told so too; nothing is repeated. */
	session_apply(session,
	    config_of(SWITCH
		"boards = ( { name = \"b\"; type = \"linux\"; slots = 1; "
		"nodes = ( { slot = 1; name = \"one\"; feed = \"sw/1\"; } "
		"); } );\n"),
	    NULL);
	wait_state("one", NODE_OFF);
	CHECK(node_trouble(node("one"), text, sizeof text));
	CHECK_STR(port_file("port1"), "off");
	end();
	CHECK_INT(interrupted(), 1);
	/* An action that went well ends it. */
	begin(SWITCH NODES);
	wait_state("one", NODE_OFF);
	act("one", ACT_POWER_ON, &t);
	wait_told(&t);
	CHECK_INT(t.outcome, ACT_OK);
	CHECK_INT(interrupted(), 0);
	save("port1", "off\n");
	session_apply(session,
	    config_of(SWITCH
		"boards = ( { name = \"b\"; type = \"linux\"; slots = 1; "
		"nodes = ( { slot = 1; name = \"one\"; feed = \"sw/1\"; } "
		"); } );\n"),
	    NULL);
	wait_state("one", NODE_OFF);
	CHECK(!node_trouble(node("one"), text, sizeof text));
	end();
}

TEST(a_node_that_is_on_again_was_not_left_off)
{
	char text[200];

	die_in_a_cycle();
	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	save("port1", "off\n");
	wait_state("one", NODE_OFF);
	CHECK(!node_trouble(node("one"), text, sizeof text));
	end();
	CHECK_INT(interrupted(), 0);
}

/* One whose end this program did not see is as good as interrupted. */
TEST(an_uncertain_cycle_counts_as_interrupted)
{
	char text[200];
	struct told t;

	start(SWITCH NODES);
	wait_state("one", NODE_ON);
	act("one", ACT_POWER_CYCLE, &t);
	wait_state("one", NODE_OFF);
	end();
	CHECK_INT(t.outcome, ACT_UNCERTAIN);
	CHECK_INT(interrupted(), 1);
	begin(SWITCH NODES);
	wait_state("one", NODE_OFF);
	CHECK(node_trouble(node("one"), text, sizeof text));
	save("port1", "on\n");
	wait_state("one", NODE_ON);
	CHECK(!node_trouble(node("one"), text, sizeof text));
	end();
	CHECK_INT(interrupted(), 0);
}
