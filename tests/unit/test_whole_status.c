/*
 * `rackmux status --json` on the simulator: what a board or node can tell is
 * known and says from where, what it cannot tell says why. The lists follow
 * the hardware, not the drivers: a value that silently falls out fails here.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/json.h"
#include "simproc.h"
#include "test.h"

#define OBJECTS_MAX 64

static const char rack[] =
    "rack: { name = \"lab\"; units = 12; };\n"
    "boards = (\n"
    "{ name = \"old\"; type = \"turing-pi\"; unit = 12;\n"
    "  firmware = \"2.0.5\"; board = \"2.4\"; nodes = (\n"
    "  { slot = 1; name = \"o1\"; model = \"cm4\"; },\n"
    "  { slot = 2; name = \"o2\"; model = \"cm4\"; inband = false; },\n"
    "  { slot = 3; name = \"o3\"; model = \"cm4\"; on = false; }); },\n"
    "{ name = \"new\"; type = \"turing-pi\"; unit = 11;\n"
    "  firmware = \"2.1.0\"; board = \"2.5\"; nodes = (\n"
    "  { slot = 1; name = \"n1\"; model = \"rk1\"; },\n"
    "  { slot = 2; name = \"n2\"; model = \"cm4\"; inband = false; },\n"
    "  { slot = 3; name = \"n3\"; model = \"cm4\"; on = false; }); },\n"
    "{ name = \"ser\"; type = \"turing-pi\"; unit = 10; ssh = false;\n"
    "  serial = true; firmware = \"2.1.0\"; board = \"2.5\"; nodes = (\n"
    "  { slot = 1; name = \"s1\"; model = \"cm4\"; inband = false; }); },\n"
    "{ name = \"pis\"; type = \"linux\"; unit = 9; slots = 4; nodes = (\n"
    "  { slot = 1; name = \"p4\"; model = \"pi4\"; },\n"
    "  { slot = 2; name = \"p5\"; model = \"pi5\"; },\n"
    "  { slot = 3; name = \"rk\"; model = \"rk1\"; },\n"
    "  { slot = 4; name = \"ub\"; model = \"ubuntu\"; }); });\n";

/* What stands for itself in a line of a list: name=source is known, name!
 * is unknown and says why. */
static const char tp_board[] =
    "board.model=board board.firmware=board board.daemon=board "
    "board.kernel=board board.hostname=board board.address=board "
    "board.uptime=board board.load=board board.mem.used=board "
    "board.mem.total=board board.disk.bmc.free=board "
    "board.disk.bmc.total=board board.disk.sd.free=board "
    "board.flash.bad=board board.flash.reserve=board board.flash.free=board "
    "board.usb.node=board board.usb.mode=board board.usb.route=board "
    "board.clock.skew=board locate.state=board "
    "board.temp! board.watts! board.fan.rpm! ";
static const char tp_board_old[] = "board.fan.level! board.fan.max! "
				   "board.link.eth0.state=board ";
static const char tp_board_new[] =
    "board.fan.level=board board.fan.max=board "
    "board.link.ge0.state=board board.link.ge0.speed=board "
    "board.link.ge1.state=board board.link.ge1.speed! ";
static const char tp_slot[] =
    "power.state=board power.commanded=commanded console.device=board "
    "power.watts! power.amps! power.volts! temp.board! ";
static const char only_inband[] =
    "temp.soc! load.1m! mem.used! uptime! health.throttle! node.hostname! "
    "node.model! fan.rpm! locate.state! ";
static const char no_switch[] = "link.state! link.speed! link.duplex! "
				"link.rx_bytes! link.tx_errors! ";
static const char switched[] =
    "link.state=board link.speed=board link.duplex=board "
    "link.rx_bytes=board link.tx_bytes=board link.rx_errors=board "
    "link.tx_errors=board ";
static const char node[] =
    "temp.soc=node load.1m=node cpu.count=node mem.used=node "
    "mem.total=node uptime=node clock.arm=node node.hostname=node "
    "node.model=node node.serial=node node.kernel=node node.os=node "
    "node.address=node ";
static const char node_link[] =
    "link.state=node link.speed=node link.duplex=node link.rx_bytes=node "
    "link.tx_bytes=node link.rx_errors=node link.tx_errors=node ";
static const char vcgencmd[] = "health.throttle=node health.throttle_past=node "
			       "health.undervoltage=node volts.core=node ";
static const char no_pmic[] = "power.watts! volts.supply! ";
static const char no_fan[] = "fan.rpm! fan.duty! ";
static const char pmic[] = "power.watts=node volts.supply=node fan.rpm=node "
			   "fan.duty=node ";

struct rack_json {
	struct json *v[OBJECTS_MAX];
	size_t n;
};

static void
parse(struct rack_json *r, const char *out)
{
	char *copy = strdup(out), *save = NULL, *line, err[128];

	memset(r, 0, sizeof *r);
	for (line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		CHECK(r->n < OBJECTS_MAX);
		r->v[r->n] = json_parse(line, strlen(line), err, sizeof err);
		if (r->v[r->n] == NULL)
			test_fail(__FILE__, __LINE__, "%s: %s", err, line);
		r->n++;
	}
	free(copy);
}

static void
release(struct rack_json *r)
{
	while (r->n > 0)
		json_free(r->v[--r->n]);
}

static struct json *
find(const struct rack_json *r, const char *kind, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (test_same(json_str(json_get(r->v[i], "kind")), kind) &&
		    test_same(json_str(json_get(r->v[i], kind)), name))
			return r->v[i];
	test_fail(__FILE__, __LINE__, "no %s \"%s\"", kind, name);
}

static const char *
text(const struct json *o, const char *key)
{
	const char *s = json_str(json_get(o, key));

	return s != NULL ? s : "";
}

static bool
has_value(const struct json *v)
{
	double n;

	if (json_num(json_get(v, "value"), &n))
		return isfinite(n);
	return text(v, "value")[0] != '\0';
}

static int
one(const char *who, const struct json *v, char *want)
{
	char *source = strchr(want, '=');
	bool good;

	if (source == NULL) {
		want[strlen(want) - 1] = '\0';
		good = v != NULL && strcmp(text(v, "state"), "unknown") == 0 &&
		    strlen(text(v, "why")) > 8 && !has_value(v);
	} else {
		good = v != NULL && strcmp(text(v, "state"), "known") == 0 &&
		    strcmp(text(v, "source"), source + 1) == 0 && has_value(v);
	}
	if (!good)
		fprintf(stderr, "# %s: %s is %s, from \"%s\", because \"%s\"\n",
		    who, want, v != NULL ? text(v, "state") : "not there",
		    text(v, "source"), text(v, "why"));
	return good ? 0 : 1;
}

/* lists ends with NULL. */
static int
expect(const struct rack_json *r, const char *kind, const char *name,
    const char *const *lists)
{
	const struct json *o = find(r, kind, name);
	int bad = 0;

	for (; *lists != NULL; lists++) {
		char *copy = strdup(*lists), *save = NULL, *w;

		for (w = strtok_r(copy, " ", &save); w != NULL;
		     w = strtok_r(NULL, " ", &save)) {
			char *key = strdup(w);

			key[strcspn(key, "=!")] = '\0';
			bad +=
			    one(name, json_get(json_get(o, "values"), key), w);
			free(key);
		}
		free(copy);
	}
	return bad;
}

#define EXPECT(r, kind, name, ...) \
	expect(r, kind, name, (const char *const[]){ __VA_ARGS__, NULL })

static int
expect_rack(const struct rack_json *r)
{
	int bad = 0;

	bad += EXPECT(r, "board", "old", tp_board, tp_board_old);
	bad += EXPECT(r, "board", "new", tp_board, tp_board_new);
	bad += EXPECT(r, "board", "ser", tp_board, tp_board_new);
	bad += EXPECT(r, "node", "old/1", tp_slot, node, node_link, vcgencmd);
	bad += EXPECT(r, "node", "old/2", tp_slot, only_inband, no_switch);
	bad += EXPECT(r, "node", "old/3", tp_slot, only_inband, no_switch);
	bad += EXPECT(r, "node", "new/1", tp_slot, node, switched);
	bad += EXPECT(r, "node", "new/2", tp_slot, only_inband, switched);
	bad += EXPECT(
	    r, "node", "new/3", tp_slot, only_inband, "link.state=board");
	bad += EXPECT(r, "node", "ser/1", tp_slot, only_inband, switched);
	bad += EXPECT(r, "node", "pis/1", node, node_link, vcgencmd, no_pmic,
	    no_fan, "power.state=node");
	bad += EXPECT(r, "node", "pis/2", node, node_link, vcgencmd, pmic,
	    "power.state=node");
	bad += EXPECT(r, "node", "pis/3", node, node_link, no_pmic, no_fan,
	    "power.state=node health.throttle! health.undervoltage! "
	    "temp.zone.gpu-thermal=node");
	bad += EXPECT(r, "node", "pis/4", node, node_link, no_pmic, no_fan,
	    "power.state=node health.throttle! health.undervoltage=node");
	return bad;
}

TEST(status_knows_what_there_is_and_says_why_of_the_rest)
{
	struct simproc sim;
	struct rack_json r;
	struct ran ran;
	const char *argv[] = { "-c", NULL, "status", "--json", NULL };

	simproc_start(&sim, rack, NULL);
	argv[1] = simproc_config(&sim, "my.cfg", "poll = 1;");
	ran_rackmux(&ran, 20000, argv);
	CHECK_STR(ran.err, "");
	CHECK_INT(ran.status, 0);
	parse(&r, ran.out);
	CHECK_INT(expect_rack(&r), 0);
	CHECK_STR(text(find(&r, "node", "old/3"), "state"), "off");
	CHECK_STR(text(find(&r, "node", "new/1"), "state"), "on");
	CHECK_STR(text(find(&r, "node", "pis/2"), "name"), "p5");
	CHECK_STR(text(find(&r, "board", "ser"), "link"), "up");
	release(&r);
	ran_release(&ran);
	simproc_stop(&sim);
}

/* No value is a number that nobody measured. */
TEST(nothing_unknown_has_a_value)
{
	struct simproc sim;
	struct ran ran;
	const char *argv[] = { "-c", NULL, "status", "--json", NULL };
	char *at;

	simproc_start(&sim, rack, NULL);
	argv[1] = simproc_config(&sim, "my.cfg", "poll = 1;");
	ran_rackmux(&ran, 20000, argv);
	at = ran.out;
	while ((at = strstr(at, "\"state\":\"unknown\"")) != NULL) {
		char *begin = at;

		while (begin > ran.out && *begin != '{')
			begin--;
		if (strncmp(begin, "{\"value\":null", 13) != 0 &&
		    strncmp(begin, "{\"kind\"", 7) != 0)
			test_fail(__FILE__, __LINE__, "%.80s", begin);
		at++;
	}
	ran_release(&ran);
	simproc_stop(&sim);
}

TEST(status_names_each_failed_node_and_its_cause)
{
	struct simproc sim;
	struct ran ran;
	const char *argv[] = { "-c", NULL, "status", NULL };

	simproc_start(&sim, rack, "--fault p4:drop --fault n1:power");
	argv[1] = simproc_config(&sim, "my.cfg", "poll = 1;");
	ran_rackmux(&ran, 25000, argv);
	CHECK_INT(ran.status, 1);
	CHECK(strstr(ran.err, "pis/1 (p4)") != NULL);
	CHECK(strstr(ran.err, "refuses") != NULL);
	CHECK(strstr(ran.err, "p5") == NULL);
	CHECK(strstr(ran.out, "SSH refused") != NULL);
	ran_release(&ran);
	simproc_stop(&sim);
}

TEST(a_selector_that_matches_nothing_is_an_error_of_its_own)
{
	struct simproc sim;
	struct ran ran;
	const char *argv[] = { "-c", NULL, "status", "nosuch", NULL };

	simproc_start(&sim, rack, NULL);
	argv[1] = simproc_config(&sim, "my.cfg", "");
	ran_rackmux(&ran, 20000, argv);
	CHECK_INT(ran.status, 3);
	CHECK(strstr(ran.err, "nosuch") != NULL);
	CHECK_STR(ran.out, "");
	ran_release(&ran);
	simproc_stop(&sim);
}
