/* Where a board is. A host or a user that begins with '-' is refused: both
 * reach ssh's own configuration reader as arguments. */
#include "rackmux/link/url.h"

#include <string.h>

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

static bool
parse_serial(
    struct url *u, const char *s, const char *what, char *err, size_t size)
{
	const char *at = strrchr(s, '@');
	size_t len = strlen(s);
	long baud;

	u->baud = 115200;
	if (at && at[1] != '\0' &&
	    at[1 + strspn(at + 1, "0123456789")] == '\0') {
		if (!str_long(at + 1, 50, 4000000, &baud))
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
	char what[96];

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
	if (str_starts(s, "ssh://")) {
		str_copy(u->scheme, sizeof(u->scheme), "ssh");
		return parse_ssh(u, s + 6, what, err, size);
	}
	if (str_starts(s, "serial:")) {
		str_copy(u->scheme, sizeof(u->scheme), "serial");
		return parse_serial(u, s + 7, what, err, size);
	}
	if (str_starts(s, "exec:")) {
		str_copy(u->scheme, sizeof(u->scheme), "exec");
		return parse_exec(u, s + 5, what, err, size);
	}
	if (allow_short && !strstr(s, "://"))
		return parse_short(u, s, what, err, size);
	return bad(err, size,
	    "unknown kind of link; write ssh://user@host, "
	    "serial:/dev/... or exec:program",
	    what);
}
