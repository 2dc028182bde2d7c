#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Plugs that speak HTTP, by curl or else wget on the machine that the link
 * leads to. A plug that is not there must not hold up the shell for longer
 * than a round, or its link would be taken for lost.
 */

static const char http_body[] = "if command -v curl >/dev/null 2>&1; then\n"
				"curl -sS --max-time 3 ${2:+-K \"$2\"} \"$1\"\n"
				"else\n"
				"wget -q -T 3 -O - \"$1\"\n"
				"fi\n";

void
plug_define(struct supply *s)
{
	if (s->defined)
		return;
	s->drv.link.define(s->drv.link.arg, "rm_http", http_body);
	s->defined = true;
}

void
plug_request(const struct supply *s, struct buf *b, const char *path)
{
	const char *file = drv_setting(&s->drv, "curl_config");
	char *url =
	    mem_printf("http://%s%s", drv_setting(&s->drv, "host"), path);

	buf_puts(b, "rm_http ");
	buf_quote(b, url);
	if (file[0] != '\0') {
		buf_puts(b, " ");
		buf_quote(b, file);
	}
	free(url);
}

void
plug_said(const char *answer, char *out, size_t size)
{
	const char *from = answer + strspn(answer, " \r\n");
	char raw[160];

	str_format(raw, sizeof raw, "%.*s", (int)strcspn(from, "\r\n"), from);
	if (strstr(raw, "Need user=") != NULL ||
	    strstr(raw, "nauthorized") != NULL || strstr(raw, "401") != NULL)
		str_copy(
		    out, size, "the plug wants a password: see curl_config");
	else if (strstr(raw, "not found") != NULL && strstr(raw, "wget"))
		str_copy(out, size,
		    "there is neither curl nor wget where its link leads");
	else if (raw[0] == '\0')
		str_copy(out, size, "the plug did not answer");
	else
		text_clean(out, size, raw, strlen(raw));
}
