/* Whatever a console prints, its meaning is told in clean words, a log of it
 * gives every byte back, and how the bytes are cut changes no line. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/mem.h"
#include "rackmux/console/logfile.h"
#include "rackmux/console/watch.h"
#include "../../src/console/logfile_in.h"

static struct alerts *alerts;

static void
on_stage(void *arg, enum stage from, enum stage to)
{
	(void)arg;
	CHECK(from != to && to < STAGE_COUNT);
}

static void
on_alert(void *arg, const struct alert_pattern *p, const char *line)
{
	(void)arg;
	CHECK(p->name[0] != '\0');
	fuzz_check_clean(line);
}

static void
on_noise(void *arg, bool on, unsigned baud, const char *why)
{
	(void)arg;
	(void)why;
	CHECK(on || baud == 0);
}

static void
watch_all(const char *s, size_t len, size_t piece)
{
	static const struct watch_sink sink = { on_stage, on_alert, on_noise };
	struct cwatch *w = cwatch_new(alerts, 115200, &sink, NULL);
	uint64_t now = 1000;

	for (size_t n; len > 0; s += n, len -= n) {
		n = len < piece ? len : piece;
		cwatch_feed(w, s, n, now);
		now += (unsigned char)s[0] * 16u;
		cwatch_tick(w, now);
		fuzz_check_clean(cwatch_last(w));
		CHECK(strlen(cwatch_last(w)) < WATCH_LINE_MAX);
		CHECK(cwatch_stage_since(w) <= now);
	}
	cwatch_free(w);
}

static void
log_all(const char *s, size_t len, size_t piece)
{
	struct logline l;
	struct buf out;
	size_t left = len, n;
	const char *at = s;

	logline_init(&l, 100);
	buf_init(&out, 0);
	for (; left > 0; at += n, left -= n) {
		n = left < piece ? left : piece;
		logline_add(&l, at, n, 1700000000000);
	}
	logline_close(&l);
	for (at = l.out.data, left = l.out.len; left > 0;) {
		const char *nl = memchr(at, '\n', left);

		CHECK(nl != NULL);
		n = (size_t)(nl + 1 - at);
		logfile_decode(at, n, &out);
		at += n;
		left -= n;
	}
	CHECK(out.len == len);
	CHECK(len == 0 || memcmp(out.data, s, len) == 0);
	buf_release(&out);
	logline_release(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf any;
	char *s, err[80];

	if (alerts == NULL)
		alerts = alerts_new(NULL, 0, NULL, err, sizeof err);
	s = fuzz_text(data, len);
	watch_all(s, len, len + 1);
	watch_all(s, len, 1 + len / 7);
	log_all(s, len, len + 1);
	log_all(s, len, 3);
	/* No line of a log is too odd to be read. */
	buf_init(&any, 0);
	logfile_decode(s, len, &any);
	CHECK(any.len <= len + 2);
	buf_release(&any);
	free(s);
	return 0;
}
