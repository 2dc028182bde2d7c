/* Where a board is. A host or a user that begins with '-' is refused: both
 * reach ssh's own configuration reader as arguments. */
#include "rackmux/link/url.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

static bool
bad(char *err, size_t size, const char *why, const char *what)
{
	str_format(err, size, "%s: %s", what, why);
	return false;
}

static bool
plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/* A user or host name: printable, no blanks, no option. */
static bool
name_ok(const char *s)
{
	const char *bad_chars = " \"'\\`$;&|<>(){}*?!#/@";

	if (*s == '-' || *s == '\0')
		return false;
	return plain(s) && s[strcspn(s, bad_chars)] == '\0';
}

static bool
take(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

static bool
parse_port(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	long port;

	if (s[strspn(s, "0123456789")] != '\0' || !str_long(s, 1, 65535, &port))
		return bad(err, size, "the port must be 1 to 65535", what);
	u->port = (unsigned)port;
	return true;
}

/* [user@]host[:port], and [::1]:22 */
static bool
parse_ssh(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	const char *at = strrchr(s, '@'), *end;
	char rest[320];

	if (at) {
		if (memchr(s, ':', (size_t)(at - s)))
			return bad(err, size,
			    "no password in a URL: use an "
			    "agent, a key or password_cmd",
			    what);
		if (!take(u->user, sizeof(u->user), s, (size_t)(at - s)) ||
		    !name_ok(u->user))
			return bad(err, size, "that is no user name", what);
		s = at + 1;
	}
	if (!str_copy(rest, sizeof(rest), s))
		return bad(err, size, "the host is too long", what);
	if (*rest && rest[strlen(rest) - 1] == '/')
		rest[strlen(rest) - 1] = '\0';
	if (strchr(rest, '/'))
		return bad(err, size,
		    "a path makes no sense here; write "
		    "ssh://user@host:port",
		    what);
	if (*rest == '[') {
		end = strchr(rest, ']');
		if (!end)
			return bad(err, size,
			    "a ']' is missing, as in "
			    "ssh://[::1]:22",
			    what);
		if (!take(u->host, sizeof(u->host), rest + 1,
			(size_t)(end - rest - 1)) ||
		    !name_ok(u->host))
			return bad(err, size, "that is no IPv6 address", what);
		if (end[1] == '\0')
			return true;
		if (end[1] != ':')
			return bad(
			    err, size, "only :port may follow the ']'", what);
		return parse_port(u, end + 2, what, err, size);
	}
	end = strchr(rest, ':');
	if (end && strchr(end + 1, ':'))
		return bad(err, size,
		    "an IPv6 address is written in "
		    "brackets: ssh://[::1]:22",
		    what);
	if (!take(u->host, sizeof(u->host), rest,
		end ? (size_t)(end - rest) : strlen(rest)))
		return bad(err, size, "the host is too long", what);
	if (u->host[0] == '\0')
		return bad(err, size,
		    "the host is missing; write "
		    "ssh://user@host",
		    what);
	if (!name_ok(u->host))
		return bad(err, size, "that is no host name", what);
	return !end || parse_port(u, end + 1, what, err, size);
}

/* host:port and [::1]:port; a console server asks for no user. */
static bool
parse_tcp(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	bool telnet = strcmp(u->scheme, "telnet") == 0;

	if (strchr(s, '@'))
		return bad(err, size,
		    "no user in this kind of link; write host:port", what);
	if (*s == '\0' || (*s == ':' && s[1] != ':'))
		return bad(err, size,
		    "the host is missing; write tcp://host:port", what);
	if (!parse_ssh(u, s, what, err, size))
		return false;
	if (u->port == 0 && !telnet)
		return bad(err, size,
		    "the port is missing; write tcp://host:port", what);
	if (u->port == 0)
		u->port = 23;
	return true;
}

static bool
is_frame(const char *s)
{
	return s[0] >= '5' && s[0] <= '8' && s[1] && strchr("NEOneo", s[1]) &&
	    (s[2] == '1' || s[2] == '2') && s[3] == '\0';
}

/* "on", "off" after the name and '='. */
static bool
parse_pin(const char *s, const char *name, enum url_pin *pin)
{
	size_t n = strlen(name);

	if (strncmp(s, name, n) != 0)
		return false;
	if (strcmp(s + n, "=on") == 0)
		*pin = PIN_ON;
	else if (strcmp(s + n, "=off") == 0)
		*pin = PIN_OFF;
	else
		return false;
	return true;
}

static bool
parse_setting(struct url *u, const char *s)
{
	if (is_frame(s)) {
		u->bits = (unsigned)(s[0] - '0');
		u->parity = (char)(s[1] & ~0x20);
		u->stops = (unsigned)(s[2] - '0');
		return true;
	}
	if (strcmp(s, "rtscts") == 0) {
		u->rtscts = true;
		return true;
	}
	return parse_pin(s, "dtr", &u->dtr) || parse_pin(s, "rts", &u->rts);
}

/* What follows the '@': a speed, then settings in any order. */
static bool
parse_speed(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	char text[URL_MAX], *next = text, *word;
	long baud;

	str_copy(text, sizeof(text), s);
	word = strsep(&next, ",");
	if (!str_long(word, 50, 4000000, &baud))
		return bad(err, size,
		    "the speed must be 50 to "
		    "4000000 baud",
		    what);
	if (baud == 1200)
		return bad(err, size,
		    "1200 baud resets an RP2040 "
		    "into its bootloader, so it is never used",
		    what);
	u->baud = (unsigned)baud;
	while ((word = strsep(&next, ",")))
		if (!parse_setting(u, word))
			return bad(err, size,
			    "after the speed may follow 8N1 (5 to 8 bits, N, "
			    "E or O, 1 or 2 stop bits), rtscts, dtr=on|off "
			    "and rts=on|off",
			    what);
	if (u->rtscts && u->rts != PIN_LEAVE)
		return bad(err, size,
		    "rtscts and rts= exclude each other: with flow control "
		    "RTS is the driver's",
		    what);
	return true;
}

/* True when what follows the '@' is a speed, and no part of a by-id name. */
static bool
is_speed(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && (s[n] == '\0' || s[n] == ',');
}

static bool
parse_serial(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	const char *at = strrchr(s, '@');
	size_t len = strlen(s);

	u->baud = 115200;
	u->bits = 8;
	u->parity = 'N';
	u->stops = 1;
	if (at && is_frame(at + 1))
		return bad(err, size,
		    "the speed comes first, as in @115200,8N1", what);
	if (at && is_speed(at + 1)) {
		if (!parse_speed(u, at + 1, what, err, size))
			return false;
		len = (size_t)(at - s);
	}
	if (*s != '/' || len < 2)
		return bad(err, size,
		    "the device must be a full path, as in "
		    "serial:/dev/serial/by-id/...",
		    what);
	if (!plain(s))
		return bad(err, size, "control characters in the path", what);
	if (!take(u->host, sizeof(u->host), s, len))
		return bad(err, size, "the path is too long", what);
	return true;
}

static bool
parse_exec(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	s += strspn(s, " ");
	if (*s == '\0')
		return bad(err, size,
		    "the program is missing; write "
		    "exec:program argument ...",
		    what);
	if (!plain(s))
		return bad(
		    err, size, "control characters in the command", what);
	if (!str_copy(u->cmd, sizeof(u->cmd), s))
		return bad(err, size, "the command is too long", what);
	return true;
}

static bool
parse_short(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	const char *colon = strchr(s, ':');

	if (*s == '/')
		return bad(
		    err, size, "a device is written serial:/dev/...", what);
	if (*s != '[' && colon &&
	    (colon[1] == '\0' || colon[1 + strspn(colon + 1, "0123456789")]))
		return bad(err, size,
		    "unknown kind of link; write "
		    "ssh://user@host, serial:/dev/... or exec:program",
		    what);
	str_copy(u->scheme, sizeof(u->scheme), "ssh");
	return parse_ssh(u, s, what, err, size);
}

bool
url_parse(
    struct url *u, const char *s, bool allow_short, char *err, size_t size)
{
	static const struct {
		const char *start, *scheme;
		bool (*parse)(
		    struct url *, const char *, const char *, char *, size_t);
	} kinds[] = {
		{ "ssh://", "ssh", parse_ssh },
		{ "serial:", "serial", parse_serial },
		{ "exec:", "exec", parse_exec },
		{ "tcp://", "tcp", parse_tcp },
		{ "telnet://", "telnet", parse_tcp },
	};
	char what[96];
	size_t i;

	memset(u, 0, sizeof(*u));
	text_clean(what, sizeof(what), s, strlen(s));
	if (*s == '\0') {
		str_format(err, size,
		    "an empty link; write ssh://user@host, "
		    "serial:/dev/... or exec:program");
		return false;
	}
	if (strlen(s) >= URL_MAX)
		return bad(err, size, "the link is too long", what);
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_starts(s, kinds[i].start)) {
			str_copy(u->scheme, sizeof(u->scheme), kinds[i].scheme);
			return kinds[i].parse(
			    u, s + strlen(kinds[i].start), what, err, size);
		}
	if (allow_short && !strstr(s, "://"))
		return parse_short(u, s, what, err, size);
	return bad(err, size,
	    "unknown kind of link; write ssh://user@host, "
	    "serial:/dev/... or exec:program",
	    what);
}

bool
url_console_only(const struct url *u)
{
	return strcmp(u->scheme, "tcp") == 0 ||
	    strcmp(u->scheme, "telnet") == 0;
}
