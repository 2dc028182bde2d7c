#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/app/recipe_file.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "rackmux/link/ports.h"
#include "rackmux/link/url.h"

/*
 * `rackmux root@10.0.0.5`: the board has a name and a link but no type yet.
 * Until its answer to one script says what it is, an origin without a driver
 * stands in for it, so that the screen shows how far the link got. A machine
 * that is no board we know stays as it is, with the reason: asking the same
 * again would give the same answer.
 */

#define FACTS_MS 10000

static void
give_up(struct wire *w, const char *why)
{
	w->hopeless = true;
	str_copy(w->rig->board->title, sizeof w->rig->board->title, "unknown");
	origin_stale(w->rig->board, w->unknown, why);
	model_event(
	    w->session->model, EVENT_BAD, w->rig->board, NULL, "%s", why);
}

static void
name_type(struct board *b, const struct driver *driver)
{
	int slots = driver->slots > 0 ? driver->slots
	    : driver->whole_board     ? 0
				      : 1;

	str_copy(b->type, sizeof b->type, driver->type);
	str_copy(b->title, sizeof b->title, driver->title);
	board_set_slots(b, driver->whole_board ? slots : 1);
}

static void
become(struct wire *w, const struct driver *driver, const struct recipe *recipe)
{
	struct board *b = w->rig->board;
	const struct driver_config config = { .slot =
						  driver->whole_board ? 0 : 1,
		.poll_ms = w->poll_ms,
		.recipe = recipe };

	name_type(b, driver);
	if (recipe != NULL) {
		session_describe(b, recipe);
		board_set_slots(b, recipe->slots);
	}
	board_remove_origin(b, w->unknown);
	w->unknown = NULL;
	wire_feed(w, driver, &config);
	model_event(
	    w->session->model, EVENT_INFO, b, NULL, "found: %s", b->title);
	intake_link_state(w->intake, LINK_UP, LINK_WHY_NONE, "");
}

static void
on_facts(void *arg, const struct link_result *r)
{
	struct wire *w = arg;
	const struct driver *driver;
	struct recipe *recipe = NULL;
	int sure;

	/* Freed or lost meanwhile: the link asks again when it is up. */
	if (w->link == NULL || w->unknown == NULL || w->ticket == 0)
		return;
	w->ticket = 0;
	if (r->outcome == LINK_TIMED_OUT) {
		link_lost(w->link, LINK_WHY_SHELL,
		    "it did not say what kind of board it is");
	} else if (r->outcome == LINK_CANNOT) {
		give_up(w,
		    "this link runs no commands, so it cannot be asked "
		    "what it is: name its type in a configuration");
	} else if (r->outcome == LINK_DONE) {
		driver = driver_detect(r->out);
		recipe = recipe_detect(r->out, &sure);
		if (recipe != NULL &&
		    (driver == NULL || sure > driver->match(r->out)))
			become(w, &driver_command, recipe);
		else if (driver != NULL)
			become(w, driver, NULL);
		else
			give_up(w,
			    "a shell answers, but it is no board that is "
			    "known, nor a Linux machine");
	}
	recipe_unref(recipe);
	wire_news(w);
}

void
detect_start(struct wire *w)
{
	if (w->ticket != 0 || w->hopeless)
		return;
	w->ticket =
	    link_run(w->link, driver_facts_script, FACTS_MS, on_facts, w);
}

/* A name for the board from where it is: the host, the device, the program.
 */
static void
name_of(const struct url *u, char *out, size_t size)
{
	const char *from = strcmp(u->scheme, "exec") == 0 ? u->cmd : u->host;
	size_t len = strcspn(from, " ");
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (from[i] == '/' && i + 1 < len) {
			from += i + 1;
			len -= i + 1;
			i = (size_t)-1;
		}
	for (size_t i = 0; i < len && n + 1 < size; i++) {
		char c = from[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';

		out[n++] = good ? c : '_';
	}
	if (n == 0)
		out[n++] = '_';
	out[n] = '\0';
}

static void
make_unique(const struct session *s, char *name, size_t size)
{
	char base[52];

	str_copy(base, sizeof base, name);
	for (unsigned i = 2; model_find_board(s->model, name) != NULL; i++)
		str_format(name, size, "%s-%u", base, i);
}

/* A serial port that USB knows by name is not typed at to find out what it
 * is: on some boards any letter is a command. */
static const struct driver *
driver_of_port(const struct url *u)
{
	struct port_info port;

	if (strcmp(u->scheme, "serial") != 0)
		return NULL;
	ports_identity(u->host, NULL, &port);
	return driver_detect_usb(port.vid, port.pid, ports_by_id(&port));
}

bool
session_target(struct session *s, const char *text, char *err, size_t size)
{
	struct config standard = { 0 };
	const struct config *c = s->config != NULL ? s->config : &standard;
	struct plan p = { .user = c->ssh.user,
		.identity = c->ssh.identity,
		.known_hosts = c->ssh.known_hosts,
		.ssh_config = c->ssh.config,
		.password_cmd = c->ssh.password_command,
		.poll_ms = s->model->poll_ms };
	char name[64], *url;
	struct board *b;
	struct rig *rig;
	struct url u;

	if (!url_parse(&u, text, true, err, size))
		return false;
	if (url_console_only(&u)) {
		str_format(err, size,
		    "%s:// carries a console only: there is nothing to ask",
		    u.scheme);
		return false;
	}
	url = strcmp(u.scheme, "ssh") == 0 && !str_starts(text, "ssh://")
	    ? mem_printf("ssh://%s", text)
	    : mem_strdup(text);
	p.url = url;
	name_of(&u, name, sizeof name);
	make_unique(s, name, sizeof name);
	b = model_add_board(s->model, name, NULL, 0, 1, 0);
	p.driver = driver_of_port(&u);
	if (p.driver != NULL) {
		name_type(b, p.driver);
		p.slot = p.driver->whole_board ? 0 : 1;
	} else
		str_copy(b->title, sizeof b->title, "detecting");
	rig = session_add_rig(s, b, NULL);
	rig->target = true;
	(void)wire_new(rig, s, &p);
	free(url);
	return true;
}
