/*
 * curl on the controller, for asking bmcd. Its certificate is self-signed,
 * so without -k there is error 60; port 80 sends everybody to https, but for
 * /info.
 */
#include "turing_pi.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define HANDSHAKE_MS 60

struct curl {
	struct proc *p;
	bool insecure, silent, show_error, fail, fail_early, connected;
	const char *write_out, *output, *data;
	const char *urls[16];
	int n_urls;
};

/* Options with their one-letter names; those of long ones that have none are
 * our own. */
static const struct {
	const char *name;
	char letter;
	bool value;
} longs[] = {
	{ "--insecure", 'k', false },
	{ "--silent", 's', false },
	{ "--show-error", 'S', false },
	{ "--fail", 'f', false },
	{ "--fail-early", 'E', false },
	{ "--max-time", 'm', true },
	{ "--write-out", 'w', true },
	{ "--output", 'o', true },
	{ "--data", 'd', true },
	{ "--request", 'X', true },
	{ "--header", 'H', true },
	{ "--connect-timeout", 'C', true },
};

static void
set_flag(struct curl *c, char letter)
{
	if (letter == 'k')
		c->insecure = true;
	else if (letter == 's')
		c->silent = true;
	else if (letter == 'S')
		c->show_error = true;
	else if (letter == 'f')
		c->fail = true;
	else if (letter == 'E')
		c->fail_early = true;
}

static void
set_value(struct curl *c, char letter, const char *value)
{
	if (letter == 'd')
		c->data = value;
	else if (letter == 'o')
		c->output = value;
	else if (letter == 'w')
		c->write_out = value;
}

/* -sk, -skm5, -m 5: returns how many words after a were taken. */
static int
short_options(struct curl *c, const char *a, const char *next)
{
	for (a++; *a != '\0'; a++) {
		if (strchr("mowXdHuA", *a) == NULL) {
			set_flag(c, *a);
			continue;
		}
		set_value(c, *a, a[1] != '\0' ? a + 1 : next);
		return a[1] == '\0';
	}
	return 0;
}

static int
long_option(struct curl *c, const char *a, const char *next)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(longs); i++) {
		if (strcmp(a, longs[i].name) != 0)
			continue;
		if (longs[i].value)
			set_value(c, longs[i].letter, next);
		else
			set_flag(c, longs[i].letter);
		return longs[i].value;
	}
	return 0;
}

RM_PRINTF(3, 4)
static int
complain(struct curl *c, int status, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (c->silent && !c->show_error)
		return status;
	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	proc_err(c->p, "curl: (%d) %s\n", status, text);
	free(text);
	return status;
}

static void
write_out(struct curl *c, int http)
{
	const char *w = c->write_out;

	for (; w != NULL && *w != '\0'; w++) {
		if (strncmp(w, "%{http_code}", 12) == 0) {
			proc_printf(c->p, "%03d", http);
			w += 11;
		} else if (w[0] == '\\' && w[1] == 'n') {
			proc_puts(c->p, "\n");
			w++;
		} else {
			proc_out(c->p, w, 1);
		}
	}
}

static int
answer(struct curl *c, int http, const struct buf *body)
{
	if (http >= 400 && c->fail)
		return complain(
		    c, 22, "The requested URL returned error: %d", http);
	if (c->output == NULL || strcmp(c->output, "-") == 0)
		proc_out(c->p, buf_str(body), body->len);
	else
		(void)vfs_write(proc_machine(c->p)->vfs, c->output,
		    buf_str(body), body->len, false);
	write_out(c, http);
	return 0;
}

static int
request(struct curl *c, const char *path, bool tls, struct buf *body)
{
	if (!tls && strcmp(path, "/info") == 0)
		return bmcd_api(c->p, "opt=get&type=other", body);
	if (!tls)
		return 308;
	if (c->data != NULL &&
	    strcmp(path, "/api/bmc?opt=set&type=node_info") == 0)
		return bmcd_store_info(tp_board(c->p), c->data, body);
	if (str_starts(path, "/api/bmc?"))
		return bmcd_api(c->p, path + 9, body);
	if (str_starts(path, "/api/bmc/upload/") && str_ends(path, "/cancel")) {
		flash_cancel(tp_board(c->p));
		return 200;
	}
	return 404;
}

static bool
is_here(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 ||
	    strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	    strcmp(host, "turingpi") == 0 || strcmp(host, "10.0.0.5") == 0 ||
	    strcmp(host, "turingpi.local") == 0;
}

static int
fetch_one(struct curl *c, const char *url)
{
	bool tls = str_starts(url, "https://");
	const char *rest = tls           ? url + 8
	    : str_starts(url, "http://") ? url + 7
					 : url;
	const char *path = strchr(rest, '/');
	struct buf body;
	char host[64];
	int http, rc;

	if (path == NULL)
		path = rest + strlen(rest);
	str_format(host, sizeof(host), "%.*s", (int)(path - rest), rest);
	if (!is_here(host))
		return complain(c, 6, "Could not resolve host: %s", host);
	if (!bmcd_up(tp_board(c->p)))
		return complain(c, 7,
		    "Failed to connect to %s port 443 after 0 ms: Couldn't "
		    "connect to server",
		    host);
	if (tls && !c->insecure)
		return complain(c, 60,
		    "SSL certificate problem: self-signed certificate\n"
		    "More details here: https://curl.se/docs/sslcerts.html");
	if (!c->connected && proc_sleep(c->p, HANDSHAKE_MS) != 0)
		return 28;
	c->connected = true;
	buf_init(&body, 0);
	http = request(c, *path != '\0' ? path : "/", tls, &body);
	rc = http < 0
	    ? complain(c, 56, "Recv failure: Connection reset by peer")
	    : answer(c, http, &body);
	buf_release(&body);
	return rc;
}

/* -w is written even for what failed: its status is then 000. */
static int
fetch(struct curl *c, const char *url)
{
	int rc = fetch_one(c, url);

	if (rc != 0 && rc != 22)
		write_out(c, 0);
	return rc;
}

int
cmd_curl(struct proc *p, int argc, char **argv)
{
	struct curl c = { .p = p };
	int i, rc = 0;

	for (i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (argv[i][0] == '-' && argv[i][1] == '-')
			i += long_option(&c, argv[i], next);
		else if (argv[i][0] == '-' && argv[i][1] != '\0')
			i += short_options(&c, argv[i], next);
		else if (c.n_urls < (int)ARRAY_LEN(c.urls))
			c.urls[c.n_urls++] = argv[i];
	}
	if (c.n_urls == 0) {
		proc_err(p, "curl: (2) no URL specified\n");
		return 2;
	}
	for (i = 0; i < c.n_urls; i++) {
		rc = fetch(&c, c.urls[i]);
		if (rc != 0 && c.fail_early)
			break;
	}
	return rc;
}
