/*
 * bmcd's web server and serial WebSockets, met by a TLS client that writes
 * its own frames.
 */
#include <openssl/ssl.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/fault.h"
#include "rackmux/sim/tcp.h"
#include "sim_board.h"

static const char rack_text[] =
    "boards = ({ name = \"new\"; type = \"turing-pi\"; firmware = \"2.1.0\";\n"
    "   nodes = ({ slot = 1; model = \"rk1\"; }, { slot = 3; name = \"db\"; "
    "}); },\n"
    " { name = \"old\"; type = \"turing-pi\"; firmware = \"2.0.5\"; board = "
    "\"2.4\";\n"
    "   nodes = ({ slot = 1; name = \"n\"; }); });\n";

struct client {
	struct tcp tcp;
	SSL_CTX *ctx;
	SSL *ssl; /* NULL: no TLS */
	BIO *in, *out;
	struct buf got;
	bool over;
};

static void
on_wake(void *arg)
{
	(void)arg;
}

/* False: nobody listens. */
static bool
dial(struct client *c, unsigned port, bool tls)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->got, 0);
	tcp_init(&c->tcp, on_wake, c);
	if (!m->tcp(m, port, NULL)) {
		CHECK(!m->tcp(m, port, &c->tcp));
		return false;
	}
	CHECK(m->tcp(m, port, &c->tcp));
	if (!tls)
		return true;
	c->ctx = SSL_CTX_new(TLS_client_method());
	c->ssl = SSL_new(c->ctx);
	c->in = BIO_new(BIO_s_mem());
	c->out = BIO_new(BIO_s_mem());
	SSL_set_bio(c->ssl, c->in, c->out);
	SSL_set_connect_state(c->ssl);
	return true;
}

static void
hang_up(struct client *c)
{
	tcp_release(&c->tcp);
	buf_release(&c->got);
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
}

/* Move what is under way, both ways. */
static void
move(struct client *c)
{
	char text[8192];
	int n;

	if (c->ssl == NULL) {
		buf_add(&c->got, buf_str(&c->tcp.out), c->tcp.out.len);
	} else {
		while ((n = BIO_read(c->out, text, sizeof(text))) > 0)
			tcp_input(&c->tcp, text, (size_t)n);
		if (c->tcp.out.len > 0)
			(void)BIO_write(
			    c->in, c->tcp.out.data, (int)c->tcp.out.len);
	}
	if (c->tcp.out.len > 0)
		tcp_sent(&c->tcp, c->tcp.out.len);
	while (c->ssl != NULL && (n = SSL_read(c->ssl, text, sizeof(text))) > 0)
		buf_add(&c->got, text, (size_t)n);
	c->over = tcp_over(&c->tcp);
}

static void
pass(struct client *c, double seconds)
{
	int i;

	for (i = 0; i < (int)(seconds * 10) + 1; i++) {
		move(c);
		sim_pass(loop, 0.1);
	}
	move(c);
}

static void
put(struct client *c, const char *p, size_t len)
{
	if (c->ssl == NULL) {
		tcp_input(&c->tcp, p, len);
		return;
	}
	pass(c, 0.3); /* the handshake */
	CHECK_INT(SSL_write(c->ssl, p, (int)len), len);
	move(c);
}

static const char *
ask(struct client *c, const char *request)
{
	buf_clear(&c->got);
	put(c, request, strlen(request));
	pass(c, 0.5);
	return buf_str(&c->got);
}

/* One request on a connection of its own. */
static const char *
once(const char *request)
{
	static char text[8192];
	struct client c;

	CHECK(dial(&c, 443, true));
	str_copy(text, sizeof(text), ask(&c, request));
	hang_up(&c);
	return text;
}

#define UPGRADE(path) \
	"GET " path " HTTP/1.1\r\nHost: 127.0.0.1\r\n" \
	"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static void
frame(struct client *c, unsigned char first, const char *p, size_t len)
{
	unsigned char f[300] = { first, (unsigned char)(0x80 | len), 1, 2, 3,
		4 };
	size_t i;

	for (i = 0; i < len; i++)
		f[6 + i] = (unsigned char)((unsigned char)p[i] ^ f[2 + i % 4]);
	put(c, (const char *)f, len + 6);
}

/* The payloads of the frames with that first byte, one after another. */
static void
payload(const struct client *c, unsigned char first, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)c->got.data;
	size_t at = 0, len, head;

	buf_clear(out);
	while (at + 2 <= c->got.len) {
		len = p[at + 1];
		head = 2;
		CHECK(!(len & 0x80)); /* a server does not mask */
		if (len == 126) {
			len = (size_t)p[at + 2] << 8 | p[at + 3];
			head = 4;
		}
		CHECK(at + head + len <= c->got.len);
		if (p[at] == first)
			buf_add(out, p + at + head, len);
		at += head + len;
	}
}

static void
attach(struct client *c, const char *request)
{
	CHECK(dial(c, 443, true));
	CHECK(str_starts(ask(c, request), "HTTP/1.1 101 "));
	CHECK(strstr(buf_str(&c->got),
		  "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
	    NULL);
	buf_drop(&c->got,
	    (size_t)(strstr(c->got.data, "\r\n\r\n") + 4 - c->got.data));
}

TEST(bmcd_answers_requests_one_after_another)
{
	struct client c;
	const char *text;

	sim_begin(rack_text, "new");
	CHECK(dial(&c, 443, true));
	text = ask(&c, "GET /api/bmc?opt=get&type=power HTTP/1.1\r\n\r\n");
	CHECK(str_starts(text, "HTTP/1.1 200 OK\r\n"));
	CHECK(strstr(text, "[{\"node1\":\"1\",") != NULL);
	text = ask(&c, "GET /nothing HTTP/1.1\r\n\r\n");
	CHECK(str_starts(text, "HTTP/1.1 404 "));
	text = ask(&c, "POST /api/bmc/serial/status HTTP/1.1\r\n\r\n");
	CHECK(strstr(text, "[\"Running\",") != NULL);
	/* A body, and a set that takes its time. */
	text = ask(&c,
	    "POST /api/bmc?opt=set&type=node_info HTTP/1.1\r\n"
	    "Content-Length: 36\r\n\r\n"
	    "{\"Node1\":{\"name\":\"a\",\"x\":\"yyyyyyy\"}}");
	CHECK(str_starts(text, "HTTP/1.1 200 "));
	CHECK_STR(b->tp.stored_name[0], "a");
	(void)ask(
	    &c, "GET /api/bmc?opt=set&type=power&node1=0 HTTP/1.1\r\n\r\n");
	CHECK(!b->nodes[0].rail);
	text = ask(&c, "nonsense\r\n\r\n");
	CHECK(str_starts(text, "HTTP/1.1 400 "));
	CHECK(c.over);
	hang_up(&c);
	end();
}

TEST(bmcd_listens_where_the_real_one_does)
{
	struct client c;
	const char *text;

	sim_begin(rack_text, "new");
	CHECK(!dial(&c, 8443, false));
	CHECK(!m->tcp(m, 22, NULL));
	CHECK(dial(&c, 80, false));
	text = ask(&c, "GET /x HTTP/1.1\r\n\r\n");
	CHECK(str_starts(text, "HTTP/1.1 308 "));
	CHECK(strstr(text, "location: https://") != NULL);
	text = ask(&c, "GET /info HTTP/1.1\r\n\r\n");
	CHECK(strstr(text, "\"version\":\"2.3.4\"") != NULL);
	hang_up(&c);
	/* No TLS where TLS is spoken. */
	CHECK(dial(&c, 443, false));
	CHECK(strstr(ask(&c, "GET / HTTP/1.1\r\n\r\n"), "HTTP") == NULL);
	CHECK(c.over);
	hang_up(&c);
	fault_apply(rack, "new", FAULT_NOBMCD, true, 0);
	CHECK(!m->tcp(m, 443, NULL));
	end();
}

TEST(bmcd_websocket_wants_a_node_and_a_handshake)
{
	sim_begin(rack_text, "new");
	CHECK(str_starts(once(UPGRADE("/api/bmc/serial/ws")), "HTTP/1.1 400 "));
	CHECK(strstr(once(UPGRADE("/api/bmc/serial/ws")),
		  "Missing `node` parameter") != NULL);
	CHECK(strstr(once(UPGRADE("/api/bmc/serial/ws?node=4")),
		  "out of range") != NULL);
	CHECK(strstr(once(UPGRADE("/api/bmc/serial/ws?node=x")),
		  "is not a number") != NULL);
	CHECK(str_starts(once("GET /api/bmc/serial/ws?node=0 HTTP/1.1\r\n\r\n"),
	    "HTTP/1.1 400 "));
	CHECK(str_starts(
	    once(UPGRADE("/api/bmc/serial/wsx?node=0")), "HTTP/1.1 404 "));
	end();
	sim_begin(rack_text, "old");
	CHECK(str_starts(
	    once(UPGRADE("/api/bmc/serial/ws?node=0")), "HTTP/1.1 404 "));
	end();
}

TEST(bmcd_websocket_carries_a_console_to_several)
{
	struct client c, d;
	struct buf got;

	sim_begin(rack_text, "new");
	buf_init(&got, 0);
	attach(&c, UPGRADE("/api/bmc/serial/ws?node=2"));
	attach(&d, UPGRADE("/api/bmc/serial/ws?node=2"));
	frame(&c, 0x82, "\r", 1);
	pass(&c, 0.3);
	frame(&c, 0x81, "pi\r", 3); /* text is taken too */
	pass(&c, 0.3);
	payload(&c, 0x82, &got);
	CHECK(strstr(buf_str(&got), "db login: pi\r\nPassword: ") != NULL);
	move(&d);
	payload(&d, 0x82, &got);
	CHECK(strstr(buf_str(&got), "db login: pi\r\nPassword: ") != NULL);
	/* bmcd keeps what it heard. */
	CHECK(strstr(sim_out(m, "tpi uart get -n 3"), "Password: ") != NULL);
	hang_up(&d);
	frame(&c, 0x89, "hi", 2);
	payload(&c, 0x8a, &got);
	CHECK_STR(buf_str(&got), "hi");
	frame(&c, 0x88, "\003\350", 2);
	pass(&c, 0.2);
	payload(&c, 0x88, &got);
	CHECK_STR(buf_str(&got), "\003\350");
	CHECK(c.over);
	hang_up(&c);
	buf_release(&got);
	end();
}

TEST(bmcd_websocket_ends_who_is_mute_or_fragments)
{
	struct client c;
	struct buf got;

	sim_begin(rack_text, "new");
	buf_init(&got, 0);
	attach(&c, UPGRADE("/api/bmc/serial/ws?node=0"));
	pass(&c, 29);
	CHECK(!c.over);
	frame(&c, 0x8a, "", 0);
	pass(&c, 29);
	CHECK(!c.over);
	pass(&c, 7);
	payload(&c, 0x88, &got);
	CHECK(strstr(buf_str(&got), "has not sent heartbeat") != NULL);
	CHECK(c.over);
	hang_up(&c);
	attach(&c, UPGRADE("/api/bmc/serial/ws?node=0"));
	frame(&c, 0x02, "a", 1);
	pass(&c, 0.2);
	payload(&c, 0x88, &got);
	CHECK(strstr(buf_str(&got), "not supported") != NULL);
	CHECK(c.over);
	hang_up(&c);
	buf_release(&got);
	end();
}

TEST(bmcd_websocket_is_dropped_lags_and_dies_with_it)
{
	struct client c;
	struct buf got;
	char text[4096];
	int i;

	sim_begin(rack_text, "new");
	buf_init(&got, 0);
	attach(&c, UPGRADE("/api/bmc/serial/ws?node=0"));
	fault_apply(rack, "new/1", FAULT_WSDROP, true, 0);
	pass(&c, 0.2);
	payload(&c, 0x88, &got);
	CHECK(strstr(buf_str(&got), "websocket channel closed") != NULL);
	CHECK(c.over);
	CHECK(!fault_is(&b->nodes[0].faults, FAULT_WSDROP));
	hang_up(&c);
	attach(&c, UPGRADE("/api/bmc/serial/ws?node=0"));
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 100; i++)
		uart_print(&b->nodes[0], text, sizeof(text));
	pass(&c, 0.2);
	payload(&c, 0x88, &got);
	CHECK(strstr(buf_str(&got), "channel lagged by") != NULL);
	hang_up(&c);
	attach(&c, UPGRADE("/api/bmc/serial/ws?node=0"));
	fault_apply(rack, "new", FAULT_NOBMCD, true, 0);
	CHECK(c.tcp.reset);
	hang_up(&c);
	buf_release(&got);
	end();
}
