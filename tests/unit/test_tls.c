/* TLS over a stream that the test holds in its hand, against a server of
 * OpenSSL's in the same process. */
#include "rackmux/link/wrap.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "wrap_peer.h"

struct fix {
	struct loop *loop;
	struct under u;
	struct above a;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
	struct buf heard; /* plain text that the server got */
	size_t piece; /* ciphertext comes in such pieces; 0: whole */
	bool server_ended; /* it saw our close_notify */
};

/* A certificate that signed itself and expired, as a BMC's. */
static void
give_certificate(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	CHECK(key);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(cert), -3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"bmc", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
	CHECK(SSL_CTX_use_certificate(ctx, cert) == 1);
	CHECK(SSL_CTX_use_PrivateKey(ctx, key) == 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
setup_version(struct fix *f, int version)
{
	struct under *u = &f->u;
	struct wrap_tls way = { .below = { under_open, &u }, .name = "bmc" };
	int err = 0;

	memset(f, 0, sizeof(*f));
	f->loop = loop_new();
	loop_freeze(f->loop);
	f->ctx = SSL_CTX_new(TLS_server_method());
	give_certificate(f->ctx);
	if (version) {
		SSL_CTX_set_security_level(f->ctx, 0);
		SSL_CTX_set_min_proto_version(f->ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(f->ctx, version);
	}
	f->ssl = SSL_new(f->ctx);
	f->in = BIO_new(BIO_s_mem());
	f->out = BIO_new(BIO_s_mem());
	SSL_set_bio(f->ssl, f->in, f->out);
	SSL_set_accept_state(f->ssl);
	way.loop = f->loop;
	f->a.s = tls_open(&way, &above_sink, &f->a, &err);
	CHECK(f->a.s);
}

static void
setup(struct fix *f)
{
	setup_version(f, 0);
}

static void
teardown(struct fix *f)
{
	above_release(&f->a);
	loop_advance(f->loop, WRAP_LINGER_MS);
	CHECK(!f->u.in_use);
	under_release(&f->u);
	buf_release(&f->heard);
	SSL_free(f->ssl);
	SSL_CTX_free(f->ctx);
	loop_free(f->loop);
}

/* The server looks at what came. */
static void
serve(struct fix *f)
{
	char data[4096];
	int n;

	if (f->u.sent.len > 0)
		CHECK_INT(BIO_write(f->in, f->u.sent.data, (int)f->u.sent.len),
		    f->u.sent.len);
	buf_clear(&f->u.sent);
	ERR_clear_error();
	while ((n = SSL_read(f->ssl, data, sizeof(data))) > 0)
		buf_add(&f->heard, data, (size_t)n);
	if (SSL_get_error(f->ssl, n) == SSL_ERROR_ZERO_RETURN)
		f->server_ended = true;
}

/* What the server has said arrives. */
static void
carry(struct fix *f)
{
	char data[200000];
	int n, at, size;

	while ((n = BIO_read(f->out, data, sizeof(data))) > 0)
		for (at = 0; at < n; at += size) {
			size = f->piece ? (int)f->piece : n;
			if (size > n - at)
				size = n - at;
			under_say(&f->u, data + at, (size_t)size);
		}
}

static void
shake(struct fix *f)
{
	int i;

	under_is_open(&f->u);
	for (i = 0; i < 10 && (f->a.opens == 0 || f->u.sent.len > 0); i++) {
		serve(f);
		carry(f);
	}
}

static void
say(struct fix *f, const char *data, size_t len)
{
	CHECK(SSL_write(f->ssl, data, (int)len) == (int)len);
	carry(f);
}

TEST(bytes_both_ways)
{
	struct fix f;

	setup(&f);
	CHECK_INT(f.u.sent.len, 0);
	CHECK_INT(stream_write(f.a.s, "early ", 6), 0);
	shake(&f);
	CHECK_INT(f.a.opens, 1);
	CHECK_STR(SSL_get_servername(f.ssl, TLSEXT_NAMETYPE_host_name), "bmc");
	CHECK_INT(stream_write(f.a.s, "bird", 4), 0);
	serve(&f);
	CHECK_STR(buf_str(&f.heard), "early bird");
	say(&f, "hello", 5);
	CHECK_STR(buf_str(&f.a.got), "hello");
	under_drained(&f.u);
	CHECK_INT(f.a.drains, 1);
	CHECK_INT(stream_resize(f.a.s, 30, 90), 0);
	CHECK_INT(f.u.rows, 30);
	CHECK_INT(stream_break(f.a.s), 0);
	CHECK_INT(f.u.breaks, 1);
	teardown(&f);
}

TEST(torn_into_single_bytes)
{
	char data[50000];
	struct fix f;

	setup(&f);
	f.piece = 1;
	shake(&f);
	CHECK_INT(f.a.opens, 1);
	memset(data, 'x', sizeof(data));
	say(&f, data, sizeof(data));
	CHECK_INT(f.a.got.len, sizeof(data));
	teardown(&f);
}

TEST(the_older_version_that_is_still_good)
{
	struct fix f;

	setup_version(&f, TLS1_2_VERSION);
	shake(&f);
	CHECK_INT(f.a.opens, 1);
	say(&f, "hello", 5);
	CHECK_STR(buf_str(&f.a.got), "hello");
	teardown(&f);
	setup_version(&f, TLS1_1_VERSION);
	shake(&f);
	CHECK_INT(f.a.opens, 0);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "TLS"));
	teardown(&f);
}

TEST(what_is_not_taken_is_held_below)
{
	static char data[150000];
	struct fix f;
	int i;

	setup(&f);
	shake(&f);
	memset(data, 'x', sizeof(data));
	f.a.limit = 10;
	say(&f, data, sizeof(data));
	CHECK_INT(f.a.got.len, 10);
	CHECK(f.u.waiting.len >= sizeof(data) - 2 * 16384);
	loop_turn(f.loop, 0);
	CHECK_INT(f.a.got.len, 10);
	f.a.limit = 0;
	stream_resume(f.a.s);
	loop_turn(f.loop, 0);
	CHECK(f.u.resumed);
	for (i = 0; i < 100 && f.u.waiting.len > 0; i++)
		under_offer(&f.u);
	CHECK_INT(f.a.got.len, sizeof(data));
	teardown(&f);
}

TEST(the_queue_is_bounded_and_drains)
{
	static char data[65536];
	size_t total = 0;
	struct fix f;
	int i;

	setup(&f);
	shake(&f);
	f.u.room = 20000;
	while (total < 100 * sizeof(data) &&
	    stream_write(f.a.s, data, sizeof(data)) == 0)
		total += sizeof(data);
	CHECK(total <= 2 * STREAM_QUEUE_MAX);
	for (i = 0; i < 200 && f.heard.len < total; i++) {
		serve(&f);
		under_drained(&f.u);
	}
	CHECK_INT(f.heard.len, total);
	under_drained(&f.u);
	CHECK_INT(f.a.drains, 1);
	teardown(&f);
}

TEST(a_goodbye_from_either_side)
{
	struct fix f;

	setup(&f);
	shake(&f);
	SSL_write(f.ssl, "last", 4);
	SSL_shutdown(f.ssl);
	carry(&f);
	CHECK_STR(buf_str(&f.a.got), "last");
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "ended the TLS session"));
	teardown(&f);
	setup(&f);
	shake(&f);
	stream_free(f.a.s);
	f.a.s = NULL;
	CHECK(f.u.in_use);
	serve(&f);
	CHECK(f.server_ended);
	under_drained(&f.u);
	CHECK(!f.u.in_use);
	teardown(&f);
	setup(&f);
	shake(&f);
	stream_eof(f.a.s);
	serve(&f);
	CHECK(f.server_ended);
	CHECK_INT(stream_write(f.a.s, "x", 1), -EPIPE);
	say(&f, "rest", 4);
	CHECK_STR(buf_str(&f.a.got), "rest");
	teardown(&f);
}

TEST(what_is_no_tls)
{
	struct fix f;

	setup(&f);
	under_is_open(&f.u);
	under_says(&f.u, "HTTP/1.1 400 Bad Request\r\n\r\n");
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "no TLS session"));
	CHECK_INT(stream_write(f.a.s, "x", 1), -EPIPE);
	teardown(&f);
}

TEST(bytes_that_were_changed_on_the_way)
{
	char data[2000];
	struct fix f;
	int n;

	setup(&f);
	shake(&f);
	SSL_write(f.ssl, "hello", 5);
	n = BIO_read(f.out, data, sizeof(data));
	CHECK(n > 10);
	data[n - 1] ^= 1;
	under_say(&f.u, data, (size_t)n);
	CHECK_INT(f.a.got.len, 0);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "broke"));
	teardown(&f);
}

TEST(it_does_not_answer_or_hangs_up)
{
	struct fix f;

	setup(&f);
	under_is_open(&f.u);
	loop_advance(f.loop, WRAP_OPEN_MS);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "did not answer"));
	teardown(&f);
	setup(&f);
	under_is_open(&f.u);
	under_close(&f.u, "the cable is out");
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "in the TLS handshake"));
	CHECK(strstr(f.a.why, "the cable is out"));
	teardown(&f);
	setup(&f);
	shake(&f);
	under_close(&f.u, "the cable is out");
	CHECK_STR(f.a.why, "the cable is out");
	teardown(&f);
}

TEST(freed_in_its_own_callbacks)
{
	struct fix f;

	setup(&f);
	f.a.free_in_open = true;
	shake(&f);
	CHECK(!f.a.s);
	teardown(&f);
	setup(&f);
	shake(&f);
	f.a.free_in_data = true;
	say(&f, "x", 1);
	CHECK(!f.a.s);
	teardown(&f);
}

/* As a Turing Pi's console is reached: WebSocket over TLS over the far TCP. */
TEST(they_nest)
{
	struct under *u;
	struct wrap_tls tls = { .below = { under_open, &u } };
	struct wrap_websocket ws = {
		.below = { tls_open, &tls }, .host = "localhost", .path = "/ws"
	};
	struct fix f;
	int err = 0;

	setup(&f);
	stream_free(f.a.s);
	u = &f.u;
	ws.loop = tls.loop = f.loop;
	f.a.s = websocket_open(&ws, &above_sink, &f.a, &err);
	CHECK(f.a.s);
	shake(&f);
	serve(&f);
	CHECK(str_starts(buf_str(&f.heard), "GET /ws HTTP/1.1\r\n"));
	say(&f, "HTTP/1.1 404 Not Found\r\n\r\n", 26);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "HTTP 404"));
	teardown(&f);
}
