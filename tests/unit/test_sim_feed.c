/*
 * A node on a feed's port has power while the port is on, and no feed does
 * more than its ports say.
 */
#include <stdio.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/sshd.h"
#include "rackmux/sim/writeconf.h"
#include "sim_run.h"

static void
feed_init(struct sim_board *b)
{
	b->machine.loop = b->rack->loop;
	b->machine.vfs = vfs_new();
	/* One port is off as it was left. */
	b->nodes[1].intent = false;
}

static void
feed_write(const struct sim_board *b, struct buf *out)
{
	buf_printf(out, "ports = %d;", b->slots);
}

static const struct personality test_feed = {
	.type = "test-feed",
	.config_type = "unifi",
	.user = "admin",
	.slots = 4,
	.feed = true,
	.reboot_ms = 3000,
	.init = feed_init,
	.write = feed_write,
};

static struct loop *loop;
static struct rack *rack;
static struct sim_board *sw, *pis;
static struct sshd *sshd;

static struct sim_node *
on_port(int port)
{
	size_t board = 0;
	int slot = 0;

	return feed_next(&sw->nodes[port - 1], &board, &slot);
}

static struct sim_node *
add_node(int slot, int port)
{
	struct sim_node *n = &pis->nodes[slot - 1];

	n->model = node_model_find("pi4");
	n->inband = n->intent = true;
	n->feed = port > 0 ? sw : NULL;
	n->feed_port = port;
	return n;
}

static void
begin_served(bool served)
{
	char err[128];

	loop = loop_new();
	loop_freeze(loop);
	sshd = served ? sshd_new(loop, err, sizeof(err)) : NULL;
	CHECK(served == (sshd != NULL));
	rack = rack_new(loop, 3);
	pis = rack_add(rack, "pis", personality_find("linux"), 4);
	sw = rack_add(rack, "sw", &test_feed, 4);
	(void)add_node(1, 1);
	(void)add_node(2, 2);
	(void)add_node(3, 1);
	(void)add_node(4, 0);
	CHECK_INT(rack_start(rack, sshd, err, sizeof(err)), 0);
}

static void
begin(void)
{
	begin_served(false);
}

static void
end(void)
{
	rack_free(rack);
	sshd_free(sshd);
	sshd = NULL;
	loop_free(loop);
}

TEST(feed_port_decides_over_its_nodes)
{
	begin();
	CHECK_INT(pis->nodes[0].stage, STAGE_LOGIN);
	CHECK_INT(pis->nodes[1].stage, STAGE_OFF);
	CHECK(on_port(1) == &pis->nodes[0]);
	CHECK(on_port(2) == &pis->nodes[1]);
	CHECK(on_port(3) == NULL);
	node_power(&sw->nodes[0], false);
	CHECK(!pis->nodes[0].rail && !pis->nodes[2].rail);
	CHECK(pis->nodes[3].rail);
	CHECK_INT(node_watts(&pis->nodes[0]), 0);
	CHECK(node_watts(&pis->nodes[3]) > 1);
	node_power(&sw->nodes[1], true);
	node_power(&sw->nodes[0], true);
	sim_pass(loop, 10);
	CHECK_INT(pis->nodes[0].stage, STAGE_LOGIN);
	CHECK_INT(pis->nodes[1].stage, STAGE_LOGIN);
	end();
}

TEST(feed_that_loses_power_takes_its_nodes_along)
{
	begin();
	CHECK_INT(fault_apply(rack, "sw", FAULT_POWER, true, 0), 0);
	CHECK(!pis->nodes[0].rail && pis->nodes[3].rail);
	CHECK_INT(fault_apply(rack, "sw", FAULT_POWER, false, 0), 0);
	sim_pass(loop, 1);
	CHECK(!pis->nodes[0].rail);
	/* It is up again, with its ports as they were. */
	sim_pass(loop, 3);
	CHECK(pis->nodes[0].rail && !pis->nodes[1].rail);
	/* The power fault of a port alone. */
	CHECK_INT(fault_apply(rack, "sw/1", FAULT_POWER, true, 0), 0);
	CHECK(!pis->nodes[0].rail && pis->nodes[3].rail);
	CHECK_INT(fault_apply(rack, "sw/1", FAULT_POWER, false, 0), 0);
	CHECK(pis->nodes[0].rail);
	end();
}

TEST(feed_does_not_power_what_is_pulled)
{
	begin();
	CHECK_INT(fault_apply(rack, "pis/1", FAULT_POWER, true, 0), 0);
	node_power(&sw->nodes[0], false);
	node_power(&sw->nodes[0], true);
	CHECK(!pis->nodes[0].rail && pis->nodes[2].rail);
	CHECK_INT(fault_apply(rack, "pis/1", FAULT_POWER, false, 0), 0);
	CHECK(pis->nodes[0].rail);
	end();
}

static bool
written(const char *path, const char *text)
{
	char got[8192];
	FILE *f = fopen(path, "re");
	size_t n;

	CHECK(f != NULL);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	return strstr(got, text) != NULL;
}

TEST(feed_is_written_apart_and_nodes_name_their_port)
{
	char path[300], err[160], line[160];

	begin_served(true);
	str_format(path, sizeof(path), "%s/feed.cfg", test_dir());
	CHECK_INT(writeconf(rack, sshd, path, err, sizeof(err)), 0);
	str_format(line, sizeof(line),
	    "feeds = (\n  { name = \"sw\"; type = \"unifi\";\n"
	    "    link = \"ssh://admin@127.0.0.1:%u\";\n    ports = 4;\n",
	    endpoint_port(sw->endpoint));
	CHECK(written(path, line));
	CHECK(written(path, " feed = \"sw/2\"; }"));
	CHECK(!written(path, "type = \"unifi\"; slots"));
	CHECK(written(path, "boards = (\n  { name = \"pis\"; "));
	end();
}
