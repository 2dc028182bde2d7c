/*
 * curl and wget, for asking what listens on the machine itself; what that
 * answers is the machine's (struct machine, http).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/proc.h"

bool
machine_is_host(const struct machine *m, const char *host)
{
	size_t len = m->hostname != NULL ? strlen(m->hostname) : 0;

	return strcmp(host, "127.0.0.1") == 0 ||
	    strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	    (len > 0 && strncmp(host, m->hostname, len) == 0 &&
		(host[len] == '\0' || strcmp(host + len, ".local") == 0));
}

/* Ask for url; host is filled in for messages. */
static int
ask_url(struct proc *p, const char *url, struct http_ask *ask, char *host,
    size_t size, struct buf *body)
{
	const struct machine *m = proc_machine(p);
	const char *rest = url, *path;
	long port = 80;
	char *colon;

	ask->tls = str_starts(url, "https://");
	if (ask->tls || str_starts(url, "http://"))
		rest += ask->tls ? 8 : 7;
	path = rest + strcspn(rest, "/");
	str_format(host, size, "%.*s", (int)(path - rest), rest);
	colon = strrchr(host, ':');
	if (ask->tls)
		port = 443;
	if (colon != NULL && str_long(colon + 1, 1, 65535, &port))
		*colon = '\0';
	ask->host = host;
	ask->port = (int)port;
	ask->path = *path != '\0' ? path : "/";
	if (m->http == NULL)
		return machine_is_host(m, host) ? HTTP_REFUSED : HTTP_NO_HOST;
	return m->http(p, ask, body);
}

/* --- curl --- */

struct curl {
	struct proc *p;
	bool insecure, silent, show_error, fail, fail_early, connected;
	const char *write_out, *output, *data, *max_time, *user;
	char *config; /* the text of -K, cut up */
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
	{ "--config", 'K', true },
	{ "--user", 'u', true },
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

/* user = "name:password" */
static void
read_config(struct curl *c, const char *path)
{
	struct buf b;
	char *at, *line, *from;

	buf_init(&b, 65536);
	if (vfs_read(proc_machine(c->p)->vfs, path, &b) != 0)
		proc_err(c->p, "curl: cannot read config from '%s'\n", path);
	free(c->config);
	at = c->config = mem_strdup(buf_str(&b));
	buf_release(&b);
	while ((line = str_line(&at)) != NULL) {
		line = str_trim(line);
		if (!str_starts(line, "user") || line[4] == '-')
			continue;
		from = line + 4 + strspn(line + 4, " =:\"");
		from[strcspn(from, "\"")] = '\0';
		c->user = from;
	}
}

static void
set_value(struct curl *c, char letter, const char *value)
{
	if (value == NULL)
		return;
	if (letter == 'K')
		read_config(c, value);
	else if (letter == 'u')
		c->user = value;
	if (letter == 'd')
		c->data = value;
	else if (letter == 'o')
		c->output = value;
	else if (letter == 'w')
		c->write_out = value;
	else if (letter == 'm')
		c->max_time = value;
}

/* -sk, -skm5, -m 5: returns how many words after a were taken. */
static int
short_options(struct curl *c, const char *a, const char *next)
{
	for (a++; *a != '\0'; a++) {
		if (strchr("mowXdHuAK", *a) == NULL) {
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
failed(struct curl *c, const struct http_ask *ask, int error)
{
	switch (error) {
	case HTTP_NO_HOST:
		return complain(c, 6, "Could not resolve host: %s", ask->host);
	case HTTP_REFUSED:
		return complain(c, 7,
		    "Failed to connect to %s port %d after 0 ms: Couldn't "
		    "connect to server",
		    ask->host, ask->port);
	case HTTP_BAD_CERT:
		return complain(c, 60,
		    "SSL certificate problem: self-signed certificate\n"
		    "More details here: https://curl.se/docs/sslcerts.html");
	default:
		return complain(
		    c, 56, "Recv failure: Connection reset by peer");
	}
}

static int
fetch_one(struct curl *c, const char *url)
{
	struct http_ask ask = { .data = c->data,
		.user = c->user,
		.insecure = c->insecure,
		.again = c->connected };
	double s = c->max_time != NULL ? strtod(c->max_time, NULL) : 0;
	uint64_t outer = 0;
	struct buf body;
	char host[64];
	int http, rc;
	bool limit = s > 0 && s < 1e6;

	buf_init(&body, 0);
	if (limit)
		outer = proc_deadline(c->p, (unsigned)(s * 1000));
	http = ask_url(c->p, url, &ask, host, sizeof(host), &body);
	if (limit && proc_deadline_end(c->p, outer))
		rc = complain(c, 28,
		    "Operation timed out after %.0f milliseconds with 0 bytes "
		    "received",
		    s * 1000);
	else if (http < 0)
		rc = failed(c, &ask, http);
	else
		rc = answer(c, http, &body);
	c->connected = c->connected || http > 0;
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
		free(c.config);
		return 2;
	}
	for (i = 0; i < c.n_urls; i++) {
		rc = fetch(&c, c.urls[i]);
		if (rc != 0 && c.fail_early)
			break;
	}
	free(c.config);
	return rc;
}

/* --- wget --- */

/* -qO-, -T 5, --timeout=5: only what says where the answer goes and how long
 * it may take matters. */
struct wget {
	const char *output, *url;
	double seconds;
	bool quiet;
};

static bool
wget_options(struct wget *w, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (a[0] != '-') {
			w->url = a;
			continue;
		}
		if (str_starts(a, "--timeout="))
			w->seconds = strtod(a + 10, NULL);
		if (a[1] == '-')
			continue;
		for (a++; *a != '\0'; a++) {
			const char *value = a[1] != '\0' ? a + 1 : argv[i + 1];

			w->quiet = w->quiet || *a == 'q';
			if (strchr("OTt", *a) == NULL || value == NULL)
				continue;
			if (*a == 'O')
				w->output = value;
			else if (*a == 'T')
				w->seconds = strtod(value, NULL);
			i += a[1] == '\0';
			break;
		}
	}
	return w->url != NULL;
}

static int
wget_failed(struct proc *p, const struct wget *w, const char *why, int status)
{
	if (!w->quiet)
		proc_err(p, "wget: %s: %s\n", w->url, why);
	return status;
}

int
cmd_wget(struct proc *p, int argc, char **argv)
{
	struct wget w = { .seconds = 900 };
	struct http_ask ask = { 0 };
	struct buf body;
	uint64_t outer;
	char host[64];
	int http, rc = 0;

	if (!wget_options(&w, argc, argv)) {
		proc_err(p, "wget: missing URL\n");
		return 1;
	}
	buf_init(&body, 0);
	outer = proc_deadline(p, proc_ms(w.seconds));
	http = ask_url(p, w.url, &ask, host, sizeof(host), &body);
	if (proc_deadline_end(p, outer))
		rc = wget_failed(p, &w, "timed out", 4);
	else if (http == HTTP_BAD_CERT)
		rc = wget_failed(p, &w, "certificate is not trusted", 5);
	else if (http < 0)
		rc = wget_failed(p, &w, "Connection refused.", 4);
	else if (http >= 400)
		rc = wget_failed(p, &w, "server returned an error", 8);
	else if (w.output != NULL && strcmp(w.output, "-") == 0)
		proc_out(p, buf_str(&body), body.len);
	else
		(void)vfs_write(proc_machine(p)->vfs,
		    w.output != NULL ? w.output : "/tmp/index.html",
		    buf_str(&body), body.len, false);
	buf_release(&body);
	return rc;
}
