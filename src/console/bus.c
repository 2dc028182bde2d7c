#include "bus_in.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A process on the bus: it looks for the hub, or becomes it, and then is the
 * hub's client like all others. Whatever fails is tried again; meanwhile what
 * cannot be asked is decided by the locks (bus_claim.c).
 */

#define WATCH_MS 250
#define PING_MS 2000
#define LOOK_MS 5000 /* at a folder that will not do, or is still ours */
#define RETRY_MS 20u /* doubled each time, up to */
#define RETRY_MAX 1000u

static void seek(struct bus *);

static void
say(struct bus *b, const char *fmt, const char *more)
{
	str_format(b->trouble, sizeof b->trouble,
	    "The rackmux that serves the bus (pid %d) %s%s: consoles are not "
	    "shared with other rackmux processes.",
	    (int)b->hub_pid, fmt, more);
}

static void
enter(struct bus *b, enum bus_state state)
{
	b->state = state;
	b->since = bus_clock();
}

bool
bus_is_silent(const struct bus *b)
{
	return b->alone ||
	    (b->state == BUS_UP && b->pinged > 0 &&
		bus_clock() - b->pinged > BUS_ANSWER_MS);
}

void
bus_send(struct bus *b, const struct bus_msg *m, int fd)
{
	if (b->wire != NULL && b->state == BUS_UP)
		bus_wire_send(b->wire, m, fd);
	else if (fd >= 0)
		(void)close(fd);
}

void
bus_line_name(char out[BUS_LINE], const char *line)
{
	unsigned char hash[HASH_SHA256_LEN];
	char hex[2 * HASH_SHA256_LEN + 1], clean[400];

	text_clean(clean, sizeof clean, line, strlen(line));
	str_copy(out, BUS_LINE, clean);
	if (strcmp(clean, line) == 0 && line[0] != '\0')
		return;
	/* Too long, or not as it may be said: names must not run together. */
	hash_sha256(line, strlen(line), hash);
	hash_hex(hash, sizeof hash, hex);
	str_format(out, BUS_LINE, "%s#%s", clean, hex);
}

/* --- connected ---------------------------------------------------------- */

static void
register_all(struct bus *b)
{
	struct bus_claim *c;
	struct bus_join *j;

	TAILQ_FOREACH(c, &b->claims, link)
	bus_claim_ask(c);
	TAILQ_FOREACH(j, &b->joins, link)
	if (!j->asked && !j->over)
		bus_join_ask(j);
	bus_watch(b);
}

static void
on_hello(struct bus *b, const struct bus_msg *m)
{
	char more[160];

	if (b->state != BUS_GREETING)
		return;
	if (m->major != BUS_MAJOR) {
		str_format(more, sizeof more,
		    "%lld of its protocol (rackmux %s), this one version %d "
		    "(rackmux %s)",
		    m->major, m->version, BUS_MAJOR, RM_VERSION);
		say(b, "speaks version ", more);
		enter(b, BUS_FOREIGN);
		b->alone = true;
		bus_wire_free(b->wire);
		b->wire = NULL;
		timer_start(b->seek, LOOK_MS);
		bus_watch(b);
		return;
	}
	enter(b, BUS_UP);
	b->alone = false;
	b->was_up = true;
	b->pinged = 0;
	b->trouble[0] = '\0';
	if (b->hub != NULL)
		timer_start(b->seek, LOOK_MS);
	register_all(b);
}

static struct bus_claim *
find_claim(const struct bus *b, long long id)
{
	struct bus_claim *c;

	TAILQ_FOREACH(c, &b->claims, link)
	if (c->id == id)
		return c;
	return NULL;
}

static void
on_over(struct bus *b, const struct bus_msg *m)
{
	struct bus_join *j;

	TAILQ_FOREACH(j, &b->joins, link)
	if (j->id == m->id) {
		bus_join_over(j, m->why);
		return;
	}
}

/* It answers again: its word counts. */
static void
heard(struct bus *b)
{
	struct bus_claim *c;

	if (bus_is_silent(b)) {
		b->trouble[0] = '\0';
		TAILQ_FOREACH(c, &b->claims, link)
		if (c->alone && c->told != BUS_IS_MINE) {
			c->alone = false;
			c->want = BUS_IS_UNTOLD;
		}
	}
	b->pinged = 0;
}

static void
on_msg(void *arg, const struct bus_msg *m, int fd)
{
	struct bus *b = arg;
	struct bus_claim *c;

	if (b->pinged > 0)
		heard(b);
	if (m->type == BUS_HELLO) {
		on_hello(b, m);
	} else if (b->state == BUS_UP && m->type == BUS_OVER) {
		on_over(b, m);
	} else if (b->state == BUS_UP && (c = find_claim(b, m->id)) != NULL) {
		bus_claim_told(c, m, fd);
		return;
	}
	if (fd >= 0)
		(void)close(fd);
}

static void
seek_later(struct bus *b)
{
	unsigned ms = RETRY_MS << (b->fails < 6 ? b->fails : 6);

	b->fails++;
	timer_start(b->seek, ms < RETRY_MAX ? ms : RETRY_MAX);
}

static void
step_down(struct bus *b)
{
	if (b->hub == NULL)
		return;
	bus_hub_free(b->hub);
	b->hub = NULL;
	bus_dir_unlisten(&b->dir);
}

static void
on_gone(void *arg, const char *why)
{
	struct bus *b = arg;
	struct bus_claim *c;

	(void)why;
	bus_wire_free(b->wire);
	b->wire = NULL;
	b->pinged = 0;
	if (b->state == BUS_UP && bus_clock() - b->since > BUS_ANSWER_MS)
		b->fails = 0;
	if (b->state == BUS_UP)
		enter(b, BUS_SEEKING);
	b->state = BUS_SEEKING;
	TAILQ_FOREACH(c, &b->claims, link)
	bus_claim_lost_hub(c);
	seek_later(b);
	bus_watch(b);
}

static const struct bus_wire_sink wire_sink = { on_msg, on_gone };

/* --- looking for it ----------------------------------------------------- */

static void
greet(struct bus *b, int fd)
{
	struct bus_msg m = { .type = BUS_HELLO,
		.major = BUS_MAJOR,
		.minor = BUS_MINOR,
		.version = RM_VERSION,
		.pid = getpid() };

	str_copy(m.who, sizeof m.who, b->who);
	str_copy(m.user, sizeof m.user, b->user);
	if (b->state == BUS_SEEKING)
		b->state = BUS_GREETING;
	else
		enter(b, BUS_GREETING);
	b->wire = bus_wire_new(b->loop, fd, &wire_sink, b);
	bus_wire_send(b->wire, &m, -1);
}

static void
go_alone(struct bus *b, const char *why)
{
	if (why != NULL)
		str_copy(b->trouble, sizeof b->trouble, why);
	b->alone = true;
	bus_watch(b);
}

static void
seek(struct bus *b)
{
	int fd;

	if (b->state == BUS_ALONE || b->state == BUS_FOREIGN)
		enter(b, BUS_SEEKING);
	if (!bus_dir_open(&b->dir)) {
		enter(b, BUS_ALONE);
		go_alone(b, b->dir.trouble);
		if (b->dir.path != NULL)
			timer_start(b->seek, LOOK_MS);
		return;
	}
	fd = b->hub == NULL ? bus_dir_listen(&b->dir) : -1;
	if (fd >= 0)
		b->hub = bus_hub_new(b->loop, fd, b->was_up);
	fd = bus_dir_connect(&b->dir, &b->hub_pid);
	if (fd >= 0) {
		greet(b, fd);
		return;
	}
	if (b->dir.trouble[0] != '\0')
		go_alone(b, b->dir.trouble);
	seek_later(b);
}

static void
on_seek(void *arg)
{
	struct bus *b = arg;

	if (b->state != BUS_UP) {
		seek(b);
		return;
	}
	/* A session's end may take the folder away under us. */
	if (b->hub != NULL && bus_dir_serves(&b->dir))
		timer_start(b->seek, LOOK_MS);
	else
		step_down(b);
}

/* --- what waits --------------------------------------------------------- */

static void
watch_hub(struct bus *b, long long now)
{
	struct bus_msg ping = { .type = BUS_PING };

	if (b->state == BUS_UP && b->pinged == 0 &&
	    now - b->ping_at >= PING_MS) {
		b->pinged = b->ping_at = now;
		bus_send(b, &ping, -1);
	} else if (b->state == BUS_UP && bus_is_silent(b)) {
		say(b, "does not answer", "");
	}
	if (b->state == BUS_UP || b->alone || now - b->since <= BUS_ANSWER_MS)
		return;
	if (b->state == BUS_GREETING)
		say(b, "does not answer", "");
	else if (b->trouble[0] == '\0')
		str_copy(b->trouble, sizeof b->trouble,
		    "The rackmux that serves the bus cannot be reached: "
		    "consoles are not shared with other rackmux processes.");
	go_alone(b, NULL);
}

static void
on_watch(void *arg)
{
	struct bus *b = arg;
	long long now = bus_clock();
	bool more = b->state != BUS_UP && !b->alone;
	struct bus_claim *c;
	struct bus_join *j;

	TAILQ_FOREACH(c, &b->claims, link)
	more |= bus_claim_tick(c, now);
	TAILQ_FOREACH(j, &b->joins, link)
	more |= bus_join_tick(j, now);
	if (!more)
		return;
	watch_hub(b, now);
	timer_start(b->watch, WATCH_MS);
}

void
bus_watch(struct bus *b)
{
	if (b->alone)
		timer_start(b->watch, 0);
	else if (!timer_active(b->watch))
		timer_start(b->watch, WATCH_MS);
}

/* --- the bus ------------------------------------------------------------ */

static void
find_user(char *out, size_t size)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (pw != NULL)
		text_clean(out, size, pw->pw_name, strlen(pw->pw_name));
	else
		str_format(out, size, "user %u", (unsigned)geteuid());
}

struct bus *
bus_new(struct loop *l, const char *dir, const char *who)
{
	struct bus *b = mem_alloc(sizeof *b);

	b->loop = l;
	text_clean(b->who, sizeof b->who, who, strlen(who));
	find_user(b->user, sizeof b->user);
	TAILQ_INIT(&b->claims);
	TAILQ_INIT(&b->joins);
	TAILQ_INIT(&b->leaving);
	b->seek = timer_new(l, on_seek, b);
	b->watch = timer_new(l, on_watch, b);
	bus_dir_init(&b->dir, dir);
	enter(b, BUS_SEEKING);
	seek(b);
	bus_watch(b);
	return b;
}

void
bus_free(struct bus *b)
{
	if (b == NULL)
		return;
	while (!TAILQ_EMPTY(&b->claims))
		bus_claim_detach(TAILQ_FIRST(&b->claims));
	while (!TAILQ_EMPTY(&b->joins))
		bus_join_detach(TAILQ_FIRST(&b->joins));
	while (!TAILQ_EMPTY(&b->leaving))
		bus_reader_free(TAILQ_FIRST(&b->leaving));
	bus_wire_free(b->wire);
	step_down(b);
	timer_free(b->seek);
	timer_free(b->watch);
	bus_dir_release(&b->dir);
	free(b);
}

const char *
bus_trouble(const struct bus *b)
{
	return b->trouble[0] != '\0' ? b->trouble : NULL;
}
