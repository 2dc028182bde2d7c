/*
 * Compute Blades: a shelf of PoE blades, each a Linux machine of its own with
 * an agent for its fan, LEDs and button. Nothing but the switch port can
 * take a blade's power, and nothing out of band sees it.
 */
#include "compute_blade.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define NEW_UNIT "compute-blade-agent"
#define OLD_UNIT "computeblade-agent"
#define NEW_SOCKET "/tmp/compute-blade-agent.sock"
#define OLD_SOCKET "/tmp/computeblade-agent.sock"
#define UNSTAMPED "unknown", "1970-01-01T00:00:00Z"
#define CTL_CONFIG "/root/.config/bladectl/config.yaml"

static const struct blade_release releases[] = {
	{ "0.6.5", UNSTAMPED, CTL_FIRST, false, false, '\0', false, true,
	    OLD_UNIT, OLD_SOCKET },
	{ "0.6.6", UNSTAMPED, CTL_FIRST, false, false, '\0', false, true,
	    NEW_UNIT, NEW_SOCKET },
	{ "0.7.0", UNSTAMPED, CTL_VERBS, false, false, '\0', false, false,
	    NEW_UNIT, NEW_SOCKET },
	{ "0.9.1", UNSTAMPED, CTL_VERBS, false, false, '\0', false, false,
	    NEW_UNIT, NEW_SOCKET },
	{ "0.10.0", UNSTAMPED, CTL_STATUS, true, false, 'a', false, false,
	    NEW_UNIT, NEW_SOCKET },
	{ "0.11.0", UNSTAMPED, CTL_STATUS, true, true, 'a', false, false,
	    NEW_UNIT, NEW_SOCKET },
	{ "0.11.2", "1f6fecf", "2026-03-04T14:33:04Z", CTL_STATUS, true, true,
	    'A', true, false, NEW_UNIT, NEW_SOCKET },
};

/* What a shelf gives to blades that say nothing themselves. */
struct shelf {
	const struct blade_release *agent, *ctl;
	bool config_fixed, smart;
};

static const struct blade_release *
blade_release_find(const char *version)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(releases); i++)
		if (strcmp(releases[i].version, version) == 0)
			return &releases[i];
	return NULL;
}

static struct shelf *
shelf_of(struct sim_board *b)
{
	struct shelf *s = b->state;

	if (s != NULL)
		return s;
	s = b->state = mem_alloc(sizeof(*s));
	s->agent = s->ctl = &releases[ARRAY_LEN(releases) - 1];
	return s;
}

bool
fan_unit_is_smart(const struct sim_board *b)
{
	const struct shelf *s = b->state;

	return s != NULL && s->smart;
}

struct blade *
blade_of(struct sim_node *n)
{
	const struct shelf *s = shelf_of(n->board);
	struct blade *blade = n->state;

	if (blade != NULL)
		return blade;
	blade = n->state = mem_alloc(sizeof(*blade));
	blade->n = n;
	blade->agent = s->agent;
	blade->ctl = s->ctl;
	blade->config_fixed = s->config_fixed;
	blade->poe_plus = true;
	blade->override = blade->duty = -1;
	return blade;
}

/* --- RACK.cfg --- */

static void
read_release(
    struct sim_keys *k, const char *key, const struct blade_release **release)
{
	const char *version = sim_key_text(k, key, NULL);
	const struct blade_release *found;

	if (version == NULL)
		return;
	found = blade_release_find(version);
	if (found != NULL)
		*release = found;
	else
		sim_key_mistake(k,
		    "%s \"%s\" is not known: 0.6.5, 0.6.6, 0.7.0, 0.9.1, "
		    "0.10.0, 0.11.0 or 0.11.2",
		    key, version);
}

/* bladectl comes with the agent, but a package may be newer than the agent
 * that still runs. */
static void
read_releases(struct sim_keys *k, const struct blade_release **agent,
    const struct blade_release **ctl)
{
	if (sim_key_text(k, "agent", NULL) != NULL) {
		read_release(k, "agent", agent);
		*ctl = *agent;
	}
	read_release(k, "bladectl", ctl);
}

static void
compute_blade_read(struct sim_board *b, struct sim_keys *k)
{
	struct shelf *s = shelf_of(b);
	const char *fan = sim_key_text(k, "fan", "standard");

	read_releases(k, &s->agent, &s->ctl);
	s->config_fixed = sim_key_bool(k, "config_fixed", false);
	s->smart = strcmp(fan, "smart") == 0;
	if (!s->smart && strcmp(fan, "standard") != 0)
		sim_key_mistake(
		    k, "fan \"%s\" is not known: standard or smart", fan);
}

static void
compute_blade_read_node(struct sim_node *n, struct sim_keys *k)
{
	struct blade *blade = blade_of(n);

	read_releases(k, &blade->agent, &blade->ctl);
	blade->config_fixed =
	    sim_key_bool(k, "config_fixed", blade->config_fixed);
	blade->poe_plus = sim_key_bool(k, "poe_plus", true);
	blade->sudo_ctl_only = sim_key_bool(k, "sudo_ctl_only", false);
}

/* --- a blade's files --- */

static void
write_ctl_config(struct blade *blade, bool broken)
{
	char text[160];

	if (blade->ctl->ctl == CTL_FIRST)
		return;
	str_format(text, sizeof(text),
	    "blades:\n    - name: %s\n      blade:\n        server: %s%s\n"
	    "current-blade: %s\n",
	    blade->n->hostname, broken ? "" : "unix://", blade->agent->socket,
	    blade->n->hostname);
	vfs_text(blade->n->machine.vfs, CTL_CONFIG, text);
}

static void
add_files(struct blade *blade)
{
	static const char config[] =
	    "listen:\n  metrics: \":9666\"\n  grpc: %s\n"
	    "  authenticated: false\n  mode: unix\n\n"
	    "hal:\n  rpm_reporting_standard_fan_unit: true\n\n"
	    "idle_led_color:\n  red: 0\n  green: 16\n  blue: 0\n\n"
	    "identify_led_color:\n  red: 16\n  green: 0\n  blue: 16\n\n"
	    "stealth_mode: false\n\ncriticalLedColor:\n  red: 32\n\n"
	    "fan_controller:\n  steps:\n"
	    "    - temperature: 45\n      percent: 40\n"
	    "    - temperature: 55\n      percent: 80\n\n"
	    "critical_temperature_threshold: 60\n";
	struct vfs *v = blade->n->machine.vfs;
	char path[64], text[sizeof(config) + 64];

	str_format(text, sizeof(text), config, blade->agent->socket);
	str_format(
	    path, sizeof(path), "/etc/%s/config.yaml", blade->agent->unit);
	vfs_text(v, path, text);
	str_format(path, sizeof(path), "/usr/bin/%s", blade->agent->unit);
	vfs_static(v, path, "\177ELF");
	vfs_static(v, "/usr/bin/bladectl", "\177ELF");
	str_format(path, sizeof(path), "/lib/systemd/system/%s.service",
	    blade->agent->unit);
	vfs_static(v, path,
	    "[Unit]\nDescription=ComputeBlade Agent\n"
	    "After=network-online.target\n\n[Service]\nUser=root\n"
	    "Restart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n");
	if (fan_unit_is_smart(blade->n->board))
		vfs_static(v,
		    blade->n->model->pmic ? "/dev/ttyAMA4" : "/dev/ttyAMA5",
		    "");
	vfs_dir(v, "/home/pi");
	write_ctl_config(
	    blade, blade->agent->bad_server && !blade->config_fixed);
}

static void
compute_blade_node_init(struct sim_node *n)
{
	struct blade *blade = blade_of(n);
	struct machine *m = &n->machine;

	if (n->model == NULL)
		return;
	m->more = m->commands;
	m->commands = compute_blade_commands;
	m->http = blade_http;
	m->home = "/home/pi";
	add_files(blade);
	if (n->stage != STAGE_LOGIN)
		return;
	/* It has been running for long. */
	agent_start(blade);
	agent_tick(blade, blade->curve_at);
	fan_unit_tick(n->board, 3600);
	blade->rpm_gauge = fan_unit_rpm(n);
}

/* --- its life --- */

/* The agent comes with the machine; what lies in /tmp goes with it. */
static void
follow(struct blade *blade, uint64_t now)
{
	struct sim_node *n = blade->n;
	bool up = n->stage == STAGE_LOGIN;

	if (!up && blade->state != AGENT_AWAY) {
		if (n->stage == STAGE_STOPPING && blade->state == AGENT_UP)
			agent_stop(blade);
		else if (!n->rail)
			blade->duty = -1;
		blade->state = AGENT_AWAY;
	} else if (up && blade->state == AGENT_AWAY) {
		vfs_remove(n->machine.vfs, blade->agent->socket);
		agent_start(blade);
		if (fault_is(&n->faults, FAULT_AGENTDOWN))
			agent_stop(blade);
		else if (fault_is(&n->faults, FAULT_STALESOCKET))
			agent_kill(blade);
	}
	agent_tick(blade, now);
}

static void
compute_blade_tick(struct sim_board *b, double dt)
{
	uint64_t now = loop_now(b->rack->loop);
	int k;

	for (k = 0; k < b->slots; k++)
		if (b->nodes[k].model != NULL)
			follow(blade_of(&b->nodes[k]), now);
	fan_unit_tick(b, dt);
}

static double
compute_blade_cooling(const struct sim_node *n)
{
	return fan_unit_rpm(&n->board->nodes[n->slot - 1]) / 350;
}

static void
compute_blade_node_faulted(struct sim_node *n, enum fault_kind k, bool on)
{
	struct blade *blade = blade_of(n);

	if (k == FAULT_BUTTON)
		fault_end(&n->faults, k);
	if (n->model == NULL || (k != FAULT_SOCKETNAME && !node_running(n)))
		return;
	if (k == FAULT_AGENTDOWN && on)
		agent_stop(blade);
	else if (k == FAULT_STALESOCKET && on)
		agent_kill(blade);
	else if (k == FAULT_STALESOCKET)
		vfs_remove(n->machine.vfs, blade->agent->socket);
	if (!on && (k == FAULT_AGENTDOWN || k == FAULT_STALESOCKET))
		agent_start(blade);
	if (k == FAULT_SOCKETNAME)
		write_ctl_config(blade, on);
	if (k == FAULT_FANINF && on && !fan_unit_is_smart(n->board))
		blade->inf = true;
	if (k == FAULT_BUTTON && on)
		agent_button(blade);
}

static void
compute_blade_release(struct sim_board *b)
{
	int k;

	for (k = 0; k < b->slots; k++)
		free(b->nodes[k].state);
	free(b->state);
}

static const char *const board_keys[] = { "agent", "bladectl", "fan",
	"config_fixed", NULL };
static const char *const node_keys[] = { "agent", "bladectl", "config_fixed",
	"poe_plus", "sudo_ctl_only", NULL };

const struct personality compute_blade_personality = {
	.type = "compute-blade",
	.model = "cm4",
	.shelf = true,
	.keys = board_keys,
	.node_keys = node_keys,
	.read = compute_blade_read,
	.read_node = compute_blade_read_node,
	.node_init = compute_blade_node_init,
	.tick = compute_blade_tick,
	.cooling = compute_blade_cooling,
	.node_faulted = compute_blade_node_faulted,
	.release = compute_blade_release,
};
