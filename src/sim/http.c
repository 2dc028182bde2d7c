#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rackmux/base/text.h"

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} all[] = {
		{ 200, "OK" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 413, "Payload Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].status == status)
			return all[i].reason;
	return "Unknown";
}

/* "GET /path HTTP/1.1" */
static bool
first_line(char *line, struct http_request *r)
{
	const char *method = str_word(&line), *target = str_word(&line),
		   *version = str_word(&line);

	if (version == NULL || !str_starts(version, "HTTP/1.") ||
	    target[0] != '/')
		return false;
	r->close = strcmp(version, "HTTP/1.0") == 0;
	return str_copy(r->method, sizeof(r->method), method) &&
	    str_copy(r->target, sizeof(r->target), target);
}

static bool
header(char *line, struct http_request *r)
{
	char *value = strchr(line, ':');
	long n;

	if (value == NULL || value == line)
		return false;
	*value++ = '\0';
	value = str_trim(value);
	if (strcasecmp(line, "Content-Length") == 0) {
		if (!str_long(value, 0, HTTP_BODY_MAX, &n))
			return false;
		r->body = (size_t)n;
	} else if (strcasecmp(line, "Upgrade") == 0) {
		r->upgrade = strcasecmp(value, "websocket") == 0;
	} else if (strcasecmp(line, "Connection") == 0) {
		r->connection = strcasestr(value, "upgrade") != NULL;
		r->close = r->close || strcasecmp(value, "close") == 0;
	} else if (strcasecmp(line, "Sec-WebSocket-Key") == 0) {
		return str_copy(r->key, sizeof(r->key), value);
	} else if (strcasecmp(line, "Sec-WebSocket-Version") == 0) {
		return str_copy(r->version, sizeof(r->version), value);
	}
	return true;
}

static bool
parse_head(char *text, struct http_request *r)
{
	char *line = str_line(&text);

	if (line == NULL || !first_line(line, r))
		return false;
	while ((line = str_line(&text)) != NULL && *line != '\0')
		if (!header(line, r))
			return false;
	return true;
}

int
http_parse(const struct buf *b, struct http_request *r)
{
	const char *end =
	    b->len > 0 ? memmem(b->data, b->len, "\r\n\r\n", 4) : NULL;
	char *text;
	bool ok;

	memset(r, 0, sizeof(*r));
	if (end == NULL)
		return b->len < HTTP_HEAD_MAX ? 0 : -1;
	r->head = (size_t)(end - b->data) + 4;
	text = mem_strndup(b->data, r->head);
	ok = r->head <= HTTP_HEAD_MAX && parse_head(text, r);
	free(text);
	if (!ok)
		return -1;
	return b->len - r->head >= r->body;
}
