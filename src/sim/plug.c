/*
 * Plugs behind a host: what they have in common, and the plainest of them, a
 * command of the operator's own: `plug on|off|status|watts N`.
 */
#include "plug.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define ANSWER_MS 30
#define PLUG_HOST "192.168.1.51"
#define CONNECT_MS 130000

void
plug_read(struct sim_board *b, struct sim_keys *k)
{
	struct plug *s = mem_alloc(sizeof(*s));

	b->state = s;
	s->ports.far = true;
	s->meter = true;
	s->gen = 2;
	str_copy(s->host, sizeof(s->host), PLUG_HOST);
	if (b->kind->keys == NULL)
		return;
	str_copy(s->host, sizeof(s->host), sim_key_text(k, "host", PLUG_HOST));
	str_copy(
	    s->password, sizeof(s->password), sim_key_text(k, "password", ""));
	s->meter = sim_key_bool(k, "meter", true);
}

const struct command plug_web_commands[] = {
	{ "curl", cmd_curl },
	{ "wget", cmd_wget },
	{ NULL, NULL },
};

void
plug_init(struct sim_board *b, const struct command *commands, http_fn *http)
{
	struct plug *s = b->state;

	ports_init(&s->ports, b);
	s->machine_host = linux_host_new(b, commands);
	b->machine.http = http;
	s->total = 40 + rack_uniform(b->rack) * 300;
}

double
plug_watts(const struct plug *s)
{
	double w = 0;
	int k;

	for (k = 1; k <= s->ports.board->slots; k++)
		w += ports_watts(&s->ports, k);
	return w;
}

void
plug_tick(struct sim_board *b, double dt)
{
	struct plug *s = b->state;

	s->total += plug_watts(s) * dt / 3.6e6;
	ports_tick(&s->ports);
	linux_host_tick(s->machine_host, dt);
}

void
plug_down(struct sim_board *b)
{
	linux_host_down(((struct plug *)b->state)->machine_host);
}

void
plug_up(struct sim_board *b)
{
	struct plug *s = b->state;

	linux_host_up(s->machine_host);
	ports_up(&s->ports);
}

void
plug_release(struct sim_board *b)
{
	struct plug *s = b->state;

	if (s != NULL)
		linux_host_free(s->machine_host);
	free(s);
}

/* --- HTTP --- */

int
plug_reach(struct proc *p, const struct http_ask *ask)
{
	const struct plug *s = plug_of(p);

	if (machine_is_host(proc_machine(p), ask->host) || ask->tls)
		return HTTP_REFUSED;
	if (strcmp(ask->host, s->host) != 0 || ports_dead(&s->ports)) {
		/* Packets to where nobody is are lost. */
		(void)proc_sleep(p, CONNECT_MS);
		return HTTP_REFUSED;
	}
	if (ask->port != 80)
		return HTTP_REFUSED;
	return proc_sleep(p, ANSWER_MS) == 0 ? 0 : HTTP_RESET;
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) % 16 : -1;
}

static void
decode(const char *s, size_t len, char *out, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < len && n + 1 < size; i++) {
		if (s[i] == '%' && i + 2 < len && hex(s[i + 1]) >= 0 &&
		    hex(s[i + 2]) >= 0) {
			out[n++] = (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]));
			i += 2;
		} else {
			out[n++] = s[i];
			if (s[i] == '+')
				out[n - 1] = ' ';
		}
	}
	out[n] = '\0';
}

bool
plug_query(const char *path, const char *key, char *out, size_t size)
{
	const char *at = strchr(path, '?');
	size_t klen = strlen(key);

	out[0] = '\0';
	while (at != NULL && *at != '\0') {
		size_t len = strcspn(++at, "&");

		if (len > klen && strncmp(at, key, klen) == 0 &&
		    at[klen] == '=') {
			decode(at + klen + 1, len - klen - 1, out, size);
			return true;
		}
		at += len;
	}
	return false;
}

/* --- a command of somebody's own --- */

static int
cmd_plug(struct proc *p, int argc, char **argv)
{
	struct plug *s = plug_of(p);
	const char *verb = argc > 1 ? argv[1] : "";
	long port;

	if (argc != 3) {
		proc_err(p, "usage: plug on|off|status|watts N\n");
		return 2;
	}
	if (!str_long(argv[2], 1, s->ports.board->slots, &port)) {
		proc_err(p, "plug: there is no outlet %s\n", argv[2]);
		return 1;
	}
	if (ports_dead(&s->ports)) {
		proc_err(p, "plug: the relay board does not answer\n");
		return 1;
	}
	if (strcmp(verb, "on") == 0 || strcmp(verb, "off") == 0) {
		ports_set(&s->ports, (int)port, strcmp(verb, "on") == 0);
		return 0;
	}
	if (strcmp(verb, "status") == 0) {
		proc_printf(p, "outlet %ld is %s\n", port,
		    ports_is_on(&s->ports, (int)port) ? "on" : "off");
		return 0;
	}
	if (strcmp(verb, "watts") == 0) {
		proc_printf(p, "%.1f W\n", ports_watts(&s->ports, (int)port));
		return 0;
	}
	proc_err(p, "plug: what is \"%s\"?\n", verb);
	return 2;
}

static const struct command own_commands[] = {
	{ "plug", cmd_plug },
	{ NULL, NULL },
};

static void
own_init(struct sim_board *b)
{
	plug_init(b, own_commands, NULL);
}

static void
own_write(const struct sim_board *b, struct buf *out)
{
	(void)b;
	buf_puts(out,
	    "on = \"plug on %d\"; off = \"plug off %d\"; "
	    "status = \"plug status %d\";\n    status_on = \"is on\"; "
	    "status_off = \"is off\"; watts = \"plug watts %d\";");
}

const struct personality plug_personality = {
	.type = "plug",
	.config_type = "command",
	.user = "pi",
	.feed = true,
	.reboot_ms = 20000,
	.read = plug_read,
	.init = own_init,
	.tick = plug_tick,
	.down = plug_down,
	.up = plug_up,
	.node_faulted = ports_node_faulted,
	.release = plug_release,
	.write = own_write,
};
