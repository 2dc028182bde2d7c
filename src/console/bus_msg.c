#include "bus_in.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rackmux/base/json.h"
#include "rackmux/base/text.h"

/*
 * One table says which keys a message has; parsing demands them, printing
 * writes them. The peer is the same user, but may be of another version or
 * broken: what it says is bounded and cleaned here, once.
 */

/* Beyond 2^53 a JSON number is not exact. */
#define NUM_MAX 9007199254740992.0

enum {
	HAS_ID = 1,
	HAS_LINE = 2,
	HAS_HAVE = 4,
	HAS_SINCE = 8,
	HAS_UNTIL = 16,
	HAS_OWNER = 32,
	HAS_WHY = 64,
	HAS_VERSION = 128
};

/* join has other keys either way: a line on the way to the hub, who joins on
 * the way from it. What is marked "may" need not be there. */
static const struct {
	const char *name;
	int must, may;
} types[BUS_MSG_TYPES] = {
	[BUS_MSG_OTHER] = { "", 0, 0 },
	[BUS_HELLO] = { "hello", HAS_VERSION, HAS_OWNER },
	[BUS_CLAIM] = { "claim", HAS_ID | HAS_LINE, HAS_HAVE | HAS_SINCE },
	[BUS_HAVE] = { "have", HAS_ID | HAS_SINCE, 0 },
	[BUS_DROP] = { "drop", HAS_ID, 0 },
	[BUS_TAKE] = { "take", HAS_ID, 0 },
	[BUS_GAVE] = { "gave", HAS_ID, 0 },
	[BUS_KEPT] = { "kept", HAS_ID, 0 },
	[BUS_JOIN] = { "join", HAS_ID, HAS_LINE | HAS_OWNER },
	[BUS_PING] = { "ping", 0, 0 },
	[BUS_MINE] = { "mine", HAS_ID, 0 },
	[BUS_THEIRS] = { "theirs", HAS_ID, HAS_OWNER },
	[BUS_GIVE] = { "give", HAS_ID, HAS_UNTIL | HAS_OWNER },
	[BUS_REFUSED] = { "refused", HAS_ID, HAS_WHY },
	[BUS_OVER] = { "over", HAS_ID, HAS_WHY },
	[BUS_PONG] = { "pong", 0, 0 },
};

long long
bus_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
get_num(const struct json *j, const char *key, long long *out)
{
	double d;

	if (!json_num(json_get(j, key), &d) || !(d >= 0 && d <= NUM_MAX))
		return false;
	*out = (long long)d;
	return (double)*out == d;
}

static bool
get_str(const struct json *j, const char *key, char *out, size_t size)
{
	const char *s = json_str(json_get(j, key));

	if (s == NULL)
		return false;
	text_clean(out, size, s, strlen(s));
	return true;
}

/* A name is compared, so a cut one would be another one. */
static bool
get_line(const struct json *j, struct bus_msg *m)
{
	const char *s = json_str(json_get(j, "line"));

	return s != NULL && s[0] != '\0' && strlen(s) < sizeof m->line &&
	    str_copy(m->line, sizeof m->line, s);
}

static int
get_owner(const struct json *j, struct bus_msg *m)
{
	bool any = get_str(j, "who", m->who, sizeof m->who);

	any |= get_str(j, "user", m->user, sizeof m->user);
	any |= get_num(j, "pid", &m->pid);
	return any ? HAS_OWNER : 0;
}

static int
get_all(const struct json *j, struct bus_msg *m)
{
	int has = get_owner(j, m);

	has |= get_num(j, "id", &m->id) ? HAS_ID : 0;
	has |= get_line(j, m) ? HAS_LINE : 0;
	has |= json_bool(json_get(j, "have"), &m->have) ? HAS_HAVE : 0;
	has |= get_num(j, "since", &m->since) ? HAS_SINCE : 0;
	has |= get_num(j, "until", &m->until) ? HAS_UNTIL : 0;
	has |= get_str(j, "why", m->why, sizeof m->why) ? HAS_WHY : 0;
	if (get_num(j, "bus", &m->major)) {
		has |= HAS_VERSION;
		(void)get_num(j, "minor", &m->minor);
		(void)get_str(j, "version", m->version, sizeof m->version);
	}
	return has;
}

static bool
from_json(struct bus_msg *m, const struct json *j, const char **why)
{
	const char *name = json_str(json_get(j, "t"));
	int has;

	*why = "has no type";
	if (!json_is_object(j) || name == NULL)
		return false;
	(void)json_bool(json_get(j, "fd"), &m->fd);
	for (int i = 1; i < BUS_MSG_TYPES; i++)
		if (strcmp(name, types[i].name) == 0)
			m->type = (enum bus_msg_type)i;
	if (m->type == BUS_MSG_OTHER)
		return true;
	has = get_all(j, m);
	*why = "lacks a key, or one has a wrong value";
	return (has & types[m->type].must) == types[m->type].must;
}

bool
bus_msg_parse(struct bus_msg *m, const char *s, size_t len, const char **why)
{
	struct json *j;
	bool ok;

	memset(m, 0, sizeof *m);
	*why = "is too long";
	if (len > BUS_MSG)
		return false;
	*why = "is no JSON";
	j = json_parse(s, len, NULL, 0);
	if (j == NULL)
		return false;
	ok = from_json(m, j, why);
	json_free(j);
	if (ok)
		*why = NULL;
	return ok;
}

static void
put_owner(struct json *j, const struct bus_msg *m)
{
	json_set_int(j, "pid", m->pid);
	json_set_str(j, "who", m->who);
	json_set_str(j, "user", m->user);
}

void
bus_msg_print(const struct bus_msg *m, struct buf *out)
{
	struct json *j = json_new_object();
	int keys = types[m->type].must | types[m->type].may;
	char *text;

	json_set_str(j, "t", types[m->type].name);
	if (keys & HAS_VERSION) {
		json_set_int(j, "bus", m->major);
		json_set_int(j, "minor", m->minor);
		json_set_str(j, "version", m->version);
	}
	if (keys & HAS_ID)
		json_set_int(j, "id", m->id);
	if ((keys & HAS_LINE) && m->line[0] != '\0')
		json_set_str(j, "line", m->line);
	if (keys & HAS_HAVE)
		json_set_bool(j, "have", m->have);
	if (keys & HAS_SINCE)
		json_set_int(j, "since", m->since);
	if (keys & HAS_UNTIL)
		json_set_int(j, "until", m->until);
	if (keys & HAS_OWNER)
		put_owner(j, m);
	if (keys & HAS_WHY)
		json_set_str(j, "why", m->why);
	if (m->fd)
		json_set_bool(j, "fd", true);
	text = json_text(j);
	buf_puts(out, text);
	buf_puts(out, "\n");
	free(text);
	json_free(j);
}
