#include "rackmux/sim/talk.h"

#include <stdlib.h>
#include <string.h>

#include "nodeboot.h"
#include "rackmux/base/text.h"

/*
 * A pattern at a speed does not wait for anybody, as a serial line does not;
 * one at full speed does, so that nothing of it is lost on the way, and ends
 * when nobody listens.
 */

#define FULL_MS 1
#define BACKLOG_MAX 65536
#define CHUNK_LINES 400
#define TICK_LINES 20000

struct talk {
	struct sim_node *n;
	uint64_t dice;
	unsigned seconds; /* between lines; 0: a pattern */
	uint64_t next; /* loop ms */
	unsigned rate;
	uint64_t bytes, sent; /* of the pattern: in all, until now */
	uint64_t began, last; /* loop ms */
	double debt;
	bool running;
	struct timer *timer; /* at full speed */
};

/* --- the pattern --- */

void
pattern_line(uint64_t k, char out[PATTERN_LINE])
{
	unsigned i, c = (unsigned)(k * 31 % 94);

	for (i = 12; i > 0; i--) {
		out[i - 1] = (char)('0' + k % 10);
		k /= 10;
	}
	out[12] = ' ';
	for (i = 0; i < 65; i++) {
		out[13 + i] = (char)('!' + c);
		c += 7;
		if (c >= 94)
			c -= 94;
	}
	out[78] = '\r';
	out[79] = '\n';
}

/* At most so many lines of it. */
static void
emit(struct talk *t, unsigned lines)
{
	char text[CHUNK_LINES * PATTERN_LINE];
	size_t len = 0;
	uint64_t left;

	while (lines-- > 0 && len + PATTERN_LINE <= sizeof(text)) {
		left = t->bytes != 0 ? t->bytes - t->sent : PATTERN_LINE;
		if (left == 0)
			break;
		pattern_line(t->sent / PATTERN_LINE, text + len);
		if (left > PATTERN_LINE)
			left = PATTERN_LINE;
		len += (size_t)left;
		t->sent += left;
	}
	uart_print(t->n, text, len);
	if (t->bytes != 0 && t->sent == t->bytes)
		t->running = false;
}

static void
on_full(void *arg)
{
	struct talk *t = arg;

	while (t->running && t->n->stage == STAGE_LOGIN &&
	    uart_backlog(t->n) < BACKLOG_MAX) {
		size_t before = uart_backlog(t->n);

		emit(t, CHUNK_LINES);
		/* Nobody is there to take it. */
		if (uart_backlog(t->n) == before)
			t->running = false;
	}
	if (t->running)
		timer_start(t->timer, FULL_MS);
}

static void
pattern_begin(struct talk *t)
{
	t->sent = 0;
	t->debt = 0;
	t->began = t->last = loop_now(t->n->board->rack->loop);
	t->running = true;
	if (t->rate == 0)
		timer_start(t->timer, 0);
}

static void
pattern_tick(struct talk *t)
{
	uint64_t now = loop_now(t->n->board->rack->loop);
	double lines;

	if (t->rate == 0 || !t->running || t->n->stage != STAGE_LOGIN) {
		t->last = now;
		return;
	}
	t->debt += (double)(now - t->last) * t->rate / 1000 / PATTERN_LINE;
	t->last = now;
	if (t->debt > TICK_LINES)
		t->debt = TICK_LINES;
	while (t->debt >= 1 && t->running) {
		lines = t->debt < CHUNK_LINES ? t->debt : CHUNK_LINES;
		emit(t, (unsigned)lines);
		t->debt -= (unsigned)lines;
	}
}

/* --- log lines --- */

static uint64_t
roll(struct talk *t)
{
	uint64_t z = (t->dice += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static const char *const kernel_says[] = {
	"usb 1-1.2: new high-speed USB device number 7 using xhci_hcd",
	"usb 1-1.2: USB disconnect, device number 7",
	"IPv6: ADDRCONF(NETDEV_CHANGE): veth4a1b2c3: link becomes ready",
	"br-5f2e81c0a9d4: port 3(veth4a1b2c3) entered forwarding state",
	"br-5f2e81c0a9d4: port 3(veth4a1b2c3) entered disabled state",
	"EXT4-fs (sda1): re-mounted. Opts: (null)",
	"TCP: request_sock_TCP: Possible SYN flooding on port 8080. "
	"Sending cookies.",
	"cfg80211: Loading compiled-in X.509 certificates",
	"audit: type=1400 audit(1732199400.412:87): apparmor=\"STATUS\" "
	"operation=\"profile_replace\" profile=\"unconfined\"",
	"docker0: port 1(vethc0ffee1) entered blocking state",
};

static const char *const systemd_says[] = {
	"Starting logrotate.service - Rotate log files...",
	"Finished logrotate.service - Rotate log files.",
	"Starting apt-daily.service - Daily apt download activities...",
	"Finished apt-daily.service - Daily apt download activities.",
	"Started man-db.service - Daily man-db regeneration.",
};

static const char *const paths[] = { "/", "/api/v1/items", "/static/app.js",
	"/healthz", "/metrics", "/login" };

static void
app_line(struct talk *t, char *line, size_t size)
{
	static const char *const colours[] = { "\033[32m200\033[0m",
		"\033[32m200\033[0m", "\033[36m304\033[0m",
		"\033[33m404\033[0m", "\033[31m502\033[0m" };
	uint64_t r = roll(t);

	str_format(line, size, "app[812]: 10.0.0.%u \"GET %s\" %s %uB %u.%ums",
	    (unsigned)(r & 0x7f) + 2, paths[(r >> 8) % ARRAY_LEN(paths)],
	    colours[(r >> 16) % ARRAY_LEN(colours)],
	    (unsigned)(r >> 24 & 0x3fff), (unsigned)(r >> 40 & 0x3f),
	    (unsigned)(r >> 48) % 10);
}

static void
say_line(struct talk *t)
{
	char line[256], whole[300];
	uint64_t r = roll(t);

	switch (r % 5) {
	case 0:
	case 1:
		node_printk(
		    t->n, kernel_says[(r >> 8) % ARRAY_LEN(kernel_says)]);
		return;
	case 2:
		str_format(line, sizeof(line), "systemd[1]: %s",
		    systemd_says[(r >> 8) % ARRAY_LEN(systemd_says)]);
		node_printk(t->n, line);
		return;
	default:
		app_line(t, line, sizeof(line));
		str_format(whole, sizeof(whole), "%s\r\n", line);
		uart_puts(t->n, whole);
	}
}

static void
talk_next(struct talk *t, uint64_t now)
{
	/* From half as long to one and a half times as long. */
	t->next = now + t->seconds * 500 + roll(t) % (t->seconds * 1000 + 1);
}

/* --- both --- */

static struct talk *
talk_of(struct sim_node *n)
{
	struct talk *t = n->uart.talk;

	if (t != NULL)
		return t;
	t = n->uart.talk = mem_alloc(sizeof(*t));
	t->n = n;
	t->timer = timer_new(n->board->rack->loop, on_full, t);
	return t;
}

void
talk_start(struct sim_node *n, unsigned seconds, uint64_t seed)
{
	struct talk *t = talk_of(n);

	t->seconds = seconds;
	t->dice = seed;
	talk_next(t, loop_now(n->board->rack->loop));
}

void
talk_pattern(struct sim_node *n, unsigned rate, uint64_t bytes)
{
	struct talk *t = talk_of(n);

	t->rate = rate;
	t->bytes = bytes;
	if (rate != 0)
		pattern_begin(t);
}

bool
talk_is_pattern(const struct sim_node *n)
{
	return n->has_uart && n->uart.pattern_rate >= 0;
}

void
talk_typed(struct sim_node *n)
{
	if (n->stage == STAGE_LOGIN)
		pattern_begin(n->uart.talk);
}

void
talk_tick(struct sim_node *n)
{
	struct talk *t = n->uart.talk;
	uint64_t now = loop_now(n->board->rack->loop);

	if (t->seconds == 0) {
		pattern_tick(t);
		return;
	}
	if (now < t->next)
		return;
	if (n->stage == STAGE_LOGIN)
		say_line(t);
	talk_next(t, now);
}

void
talk_release(struct sim_node *n)
{
	if (n->uart.talk == NULL)
		return;
	timer_free(n->uart.talk->timer);
	free(n->uart.talk);
	n->uart.talk = NULL;
}
