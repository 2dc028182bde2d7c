#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "watch_in.h"

/*
 * Most of what comes is whole lines of plain text: they are searched where
 * they stand, and nothing is copied but the last one. All else goes byte by
 * byte into a line of our own, without escape sequences. A carriage return
 * begins a line anew, as does an erased one; what a line is longer than
 * WATCH_LINE_MAX is not looked at.
 */

enum esc { TEXT, ESC, CSI, STRING, STRING_ESC };
#define STRING_MAX 512 /* longer is no title, but text after a lost end */

struct cwatch {
	const struct alerts *alerts;
	struct scan *own; /* stage rules only, when there are no alerts */
	const struct scan *scan;
	struct watch_sink sink;
	void *arg;
	struct stager stager;
	struct noise noise;
	uint64_t heard;
	uint64_t *quiet; /* a pattern is not raised again before */
	enum esc esc;
	unsigned esc_len;
	bool seen_digit; /* in the sequence */
	size_t len; /* of line */
	char line[WATCH_LINE_MAX];
	char last[WATCH_LINE_MAX];
};

void
cwatch_alerts(struct cwatch *w, const struct alerts *alerts)
{
	scan_free(w->own);
	free(w->quiet);
	w->own = NULL;
	w->quiet = NULL;
	w->alerts = alerts;
	if (alerts == NULL) {
		w->own = scan_new();
		stage_literals(w->own);
		scan_build(w->own);
	} else {
		w->quiet = mem_array(alerts->n, sizeof *w->quiet);
	}
	w->scan = alerts != NULL ? alerts->scan : w->own;
}

struct cwatch *
cwatch_new(const struct alerts *alerts, unsigned baud,
    const struct watch_sink *sink, void *arg)
{
	struct cwatch *w = mem_alloc(sizeof *w);

	cwatch_alerts(w, alerts);
	if (sink != NULL)
		w->sink = *sink;
	w->arg = arg;
	stage_init(&w->stager);
	noise_reset(&w->noise, baud);
	return w;
}

void
cwatch_free(struct cwatch *w)
{
	if (w == NULL)
		return;
	scan_free(w->own);
	noise_free(&w->noise);
	free(w->quiet);
	free(w);
}

static void
tell_stage(struct cwatch *w, enum stage before)
{
	if (w->stager.now != before && w->sink.on_stage != NULL)
		w->sink.on_stage(w->arg, before, w->stager.now);
}

/* --- alerts ------------------------------------------------------------- */

static void
try_rule(struct cwatch *w, size_t i, const char *line, uint64_t now)
{
	const struct alert_rule *r = &w->alerts->v[i];
	char clean[WATCH_LINE_MAX];

	if (w->quiet[i] > now || w->sink.on_alert == NULL ||
	    regexec(&r->re, line, 0, NULL, 0) != 0)
		return;
	w->quiet[i] = now + ALERT_QUIET_MS;
	w->sink.on_alert(
	    w->arg, &r->p, text_clean(clean, sizeof clean, line, strlen(line)));
}

/* Whether an earlier hit was of the same rule: it was tried then. */
static bool
is_again(const struct scan_hits *h, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (h->v[k] == h->v[i])
			return true;
	return false;
}

static void
find_alerts(struct cwatch *w, const char *text, size_t len,
    const struct scan_hits *h, uint64_t now)
{
	const struct alerts *a = w->alerts;
	size_t first = stage_rules();
	char line[WATCH_LINE_MAX];

	memcpy(line, text, len);
	line[len] = '\0';
	for (size_t i = 0; h->full && i < a->n; i++)
		try_rule(w, i, line, now);
	for (unsigned i = 0; !h->full && i < h->n; i++)
		if (h->v[i] >= first && !is_again(h, i))
			try_rule(w, h->v[i] - first, line, now);
	for (size_t i = 0; !h->full && i < a->n_always; i++)
		try_rule(w, a->always[i], line, now);
}

/* --- lines -------------------------------------------------------------- */

/* Judge a line of clean bytes (len < WATCH_LINE_MAX). */
static void
judge(struct cwatch *w, const char *line, size_t len, const struct scan_hits *h,
    uint64_t now)
{
	enum stage before = w->stager.now;

	stage_line(&w->stager, line, len, h, now);
	tell_stage(w, before);
	if (w->alerts != NULL && (h->n > 0 || w->alerts->n_always > 0))
		find_alerts(w, line, len, h, now);
}

static bool
has_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] > ' ')
			return true;
	return false;
}

static void
keep_last(struct cwatch *w, const char *s, size_t len)
{
	size_t cut = len < sizeof w->last ? len : sizeof w->last - 1;

	text_clean(w->last, sizeof w->last, s, cut);
}

static void
end_line(struct cwatch *w, uint64_t now)
{
	struct scan_hits h;

	h.n = 0;
	h.full = false;
	if (w->len > 0 && has_text(w->line, w->len)) {
		scan_text(w->scan, w->line, w->len, &h);
		judge(w, w->line, w->len, &h, now);
		keep_last(w, w->line, w->len);
	}
	w->len = 0;
}

static void
put(struct cwatch *w, char c)
{
	if (w->len < sizeof w->line - 1)
		w->line[w->len++] = c;
}

/* Whole sequences are written by programs, not by a wrong baud rate. */
static void
end_sequence(struct cwatch *w, char final)
{
	w->esc = TEXT;
	w->noise.seq = w->noise.seq || w->seen_digit || final == 'm' ||
	    final == 'H' || final == 'K' || final == 'J';
}

/* ESC [ ? 1049 h and its older kin; digits are gathered in esc_len's place. */
static void
in_sequence(struct cwatch *w, unsigned char c)
{
	static const unsigned screens[] = { 1049, 1047, 47 };

	if (c >= '0' && c <= '9') {
		w->seen_digit = true;
		w->esc_len = w->esc_len < 10000 ? w->esc_len * 10 + (c - '0')
						: w->esc_len;
	} else if (c == ';') {
		w->esc_len = 0;
	} else if (c >= 0x40 && c <= 0x7e) {
		for (size_t i = 0; i < ARRAY_LEN(screens); i++)
			if ((c == 'h' || c == 'l') && w->esc_len == screens[i])
				w->stager.screen = c == 'h';
		end_sequence(w, (char)c);
	} else if (c < ' ' || c > 0x7e) {
		w->esc = TEXT;
	}
}

static void
begin_sequence(struct cwatch *w, unsigned char c)
{
	w->esc_len = 0;
	w->seen_digit = false;
	if (c == '[')
		w->esc = CSI;
	else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X')
		w->esc = STRING;
	else if (c < 0x20 || c > 0x2f)
		w->esc = TEXT;
}

static void
in_string(struct cwatch *w, unsigned char c)
{
	if (c == 0x1b)
		w->esc = STRING_ESC;
	else if (c == '\a' || c == '\n' || c == 0x18 || c == 0x1a ||
	    ++w->esc_len > STRING_MAX)
		w->esc = TEXT;
}

static void
in_text(struct cwatch *w, unsigned char c, uint64_t now)
{
	if (c == '\n' || c == '\r')
		end_line(w, now);
	else if (c == '\b' || c == 0x7f)
		w->len -= w->len > 0;
	else if (c >= ' ' || c == '\t')
		put(w, (char)c);
}

static void
byte(struct cwatch *w, unsigned char c, uint64_t now)
{
	/* A node that restarts ends in the middle of anything. */
	if (c == 0x1b && w->esc != STRING) {
		w->esc = ESC;
		return;
	}
	switch (w->esc) {
	case TEXT:
		in_text(w, c, now);
		break;
	case STRING_ESC:
	case ESC:
		begin_sequence(w, c);
		break;
	case CSI:
		if (c == '\n' || c == '\r')
			w->esc = TEXT;
		if (w->esc == TEXT)
			in_text(w, c, now);
		else
			in_sequence(w, c);
		break;
	case STRING:
		in_string(w, c);
		if (c == '\n')
			in_text(w, c, now);
		break;
	}
}

/* --- bytes -------------------------------------------------------------- */

static void
tell_noise(struct cwatch *w)
{
	struct noise *n = &w->noise;
	unsigned rate = 0;
	char why[200];

	if (n->on) {
		rate = noise_guess(n);
		if (rate != 0)
			str_format(why, sizeof why,
			    "What comes is no text: it looks like %u baud "
			    "read at %u.",
			    rate, n->baud);
		else
			str_copy(why, sizeof why,
			    n->baud != 0
				? "What comes is no text: a wrong baud rate, or "
				  "binary data."
				: "What comes is no text: binary data, or a "
				  "wrong baud rate at the far end.");
	} else {
		str_copy(why, sizeof why, "What comes is text again.");
	}
	if (w->sink.on_noise != NULL)
		w->sink.on_noise(w->arg, n->on, rate, why);
}

static size_t
plain_run(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] < 0x7f)
		n++;
	return n;
}

static void
put_run(struct cwatch *w, const char *s, size_t len)
{
	size_t room = sizeof w->line - 1 - w->len;

	len = len < room ? len : room;
	memcpy(w->line + w->len, s, len);
	w->len += len;
}

static void
slow(struct cwatch *w, const char *s, size_t len, uint64_t now)
{
	while (len > 0) {
		size_t n = w->esc == TEXT ? plain_run(s, len) : 0;
		bool told;

		if (n > 0) {
			put_run(w, s, n);
			told = noise_text(&w->noise, s, n);
		} else {
			n = 1;
			byte(w, (unsigned char)*s, now);
			told = noise_bytes(&w->noise, s, 1);
		}
		if (told)
			tell_noise(w);
		s += n;
		len -= n;
	}
}

/* A whole line of plain text, searched where it stands. False: it is none,
 * or has no end yet. */
static bool
fast(struct cwatch *w, const char *s, const char *nl, uint64_t now)
{
	struct scan_hits h;
	size_t len = (size_t)(nl - s);

	h.n = 0;
	h.full = false;
	len -= len > 0 && s[len - 1] == '\r';
	if (len >= WATCH_LINE_MAX || scan_plain(w->scan, s, len, &h) < len)
		return false;
	if (h.n > 0 || (w->alerts != NULL && w->alerts->n_always > 0) ||
	    w->stager.now == STAGE_OFF || w->stager.suspect != STAGE_COUNT)
		judge(w, s, len, &h, now);
	if (noise_plain(&w->noise, (size_t)(nl - s) + 1))
		tell_noise(w);
	return true;
}

static void
pause_seen(struct cwatch *w, uint64_t now)
{
	enum stage before = w->stager.now;
	uint64_t quiet = now > w->heard ? now - w->heard : 0;

	if (w->heard == 0 || quiet == 0)
		return;
	stage_pause(&w->stager, w->line, w->len, quiet, now);
	tell_stage(w, before);
}

/* Plain text needs no cleaning but of tabs. */
static void
show_last(struct cwatch *w, const char *s, size_t len)
{
	if (s == NULL)
		return;
	len -= s[len - 1] == '\r';
	memcpy(w->last, s, len);
	w->last[len] = '\0';
	for (char *tab = w->last; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
}

void
cwatch_feed(struct cwatch *w, const char *s, size_t len, uint64_t now)
{
	const char *end = s + len, *last = NULL;
	size_t last_len = 0;

	if (len == 0)
		return;
	pause_seen(w, now);
	w->heard = now != 0 ? now : 1;
	while (s < end) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((nl != NULL ? nl + 1 : end) - s);

		if (nl != NULL && w->len == 0 && w->esc == TEXT &&
		    fast(w, s, nl, now)) {
			if (has_text(s, n)) {
				last = s;
				last_len = n - 1;
			}
		} else {
			show_last(w, last, last_len);
			last = NULL;
			slow(w, s, n, now);
		}
		s += n;
	}
	show_last(w, last, last_len);
}

void
cwatch_gap(struct cwatch *w)
{
	w->len = 0;
	w->esc = TEXT;
	w->noise.need = 0;
}

void
cwatch_baud(struct cwatch *w, unsigned baud)
{
	bool was = w->noise.on;

	w->len = 0;
	w->esc = TEXT;
	noise_reset(&w->noise, baud);
	if (was)
		tell_noise(w);
}

void
cwatch_power(struct cwatch *w, bool on, uint64_t now)
{
	enum stage before = w->stager.now;

	stage_power(&w->stager, on, now);
	tell_stage(w, before);
}

void
cwatch_tick(struct cwatch *w, uint64_t now)
{
	pause_seen(w, now);
	if (w->len > 0 && has_text(w->line, w->len))
		keep_last(w, w->line, w->len);
}

enum stage
cwatch_stage(const struct cwatch *w)
{
	return w->stager.now;
}

uint64_t
cwatch_stage_since(const struct cwatch *w)
{
	return w->stager.since;
}

const char *
cwatch_last(const struct cwatch *w)
{
	return w->last;
}

uint64_t
cwatch_heard(const struct cwatch *w)
{
	return w->heard;
}
