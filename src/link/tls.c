/*
 * TLS over any stream; the only file with OpenSSL's. The library reads and
 * writes memory only, so it never sees a descriptor and never blocks.
 *
 * The certificate is not checked: a BMC's is self-signed, and what carries the
 * session (SSH to the BMC's own loopback) is what is trusted. Renegotiation is
 * off: with it a write may have to wait for a read.
 */
#include "rackmux/link/wrap.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "wrap_in.h"

#define RECORD 16384

struct tls {
	struct wrap wrap;
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
};

static SSL_CTX *
context(void)
{
	static SSL_CTX *ctx;

	if (ctx)
		return ctx;
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	/* 1,024-bit keys of old BMCs: no less checked than any other. */
	SSL_CTX_set_security_level(ctx, 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	return ctx;
}

/* What the library wants sent. */
static void
pump_out(struct tls *t)
{
	char data[RECORD];
	int n;

	while ((n = BIO_read(t->out, data, sizeof(data))) > 0)
		wrap_send(&t->wrap, data, (size_t)n);
}

static void
tls_fail(struct tls *t)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	char text[WRAP_WHY], clean[200];

	if (!reason)
		reason = "it makes no sense";
	text_clean(clean, sizeof(clean), reason, strlen(reason));
	str_format(text, sizeof(text),
	    t->wrap.opened ? "the TLS session broke: %s"
			   : "no TLS session with the far side: %s",
	    clean);
	pump_out(t); /* the alert */
	wrap_end(&t->wrap, -1, text);
}

/* True when it went on; else it waits for more, or is over. */
static bool
went_on(struct tls *t, int rc)
{
	if (rc > 0)
		return true;
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		break;
	case SSL_ERROR_ZERO_RETURN:
		wrap_end(&t->wrap, -1, "the far side ended the TLS session");
		break;
	default:
		tls_fail(t);
		break;
	}
	return false;
}

static void
tls_step(struct tls *t)
{
	char data[RECORD];
	int n;

	ERR_clear_error();
	if (!t->wrap.opened) {
		if (!went_on(t, SSL_do_handshake(t->ssl))) {
			pump_out(t);
			return;
		}
		pump_out(t);
		wrap_opened(&t->wrap);
	}
	while (!t->wrap.over) {
		ERR_clear_error();
		n = SSL_read(t->ssl, data, sizeof(data));
		if (!went_on(t, n))
			break;
		wrap_give(&t->wrap, data, (size_t)n);
	}
	pump_out(t);
}

static void
tls_begin(struct wrap *w)
{
	tls_step((struct tls *)w);
}

static void
tls_decode(struct wrap *w, const char *data, size_t len)
{
	struct tls *t = (struct tls *)w;

	if (BIO_write(t->in, data, (int)len) != (int)len) {
		wrap_end(w, -1, "no memory for the TLS session");
		return;
	}
	tls_step(t);
}

static void
tls_encode(struct wrap *w, const char *data, size_t len)
{
	struct tls *t = (struct tls *)w;

	if (len == 0)
		return;
	ERR_clear_error();
	if (SSL_write(t->ssl, data, (int)len) <= 0)
		tls_fail(t);
	pump_out(t);
}

static void
tls_bye(struct wrap *w)
{
	struct tls *t = (struct tls *)w;

	ERR_clear_error();
	SSL_shutdown(t->ssl);
	pump_out(t);
}

static int
tls_resize(struct wrap *w, int rows, int cols)
{
	return stream_resize(w->below, rows, cols);
}

static int
tls_break(struct wrap *w)
{
	return stream_break(w->below);
}

static void
tls_free(struct wrap *w)
{
	struct tls *t = (struct tls *)w;

	SSL_free(t->ssl);
	ERR_clear_error();
	free(t);
}

static const struct wrap_ops tls_ops = {
	.late = "the far side did not answer the TLS handshake",
	.cut = "the connection ended in the TLS handshake",
	.begin = tls_begin,
	.decode = tls_decode,
	.encode = tls_encode,
	.bye = tls_bye,
	.resize = tls_resize,
	.send_break = tls_break,
	.free = tls_free,
};

static bool
tls_setup(struct tls *t, const char *name)
{
	SSL_CTX *ctx = context();
	char host[256];

	t->ssl = ctx ? SSL_new(ctx) : NULL;
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		SSL_free(t->ssl);
		return false;
	}
	BIO_set_mem_eof_return(t->in, -1);
	BIO_set_mem_eof_return(t->out, -1);
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	/* The macro takes away a const. */
	if (name && str_copy(host, sizeof(host), name))
		SSL_set_tlsext_host_name(t->ssl, host);
	return true;
}

struct stream *
tls_open(const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	const struct wrap_tls *c = with;
	struct tls *t = mem_alloc(sizeof(*t));

	if (!tls_setup(t, c->name)) {
		free(t);
		*err = -ENOMEM;
		return NULL;
	}
	return wrap_start(
	    &t->wrap, &tls_ops, c->loop, &c->below, c->open_ms, sink, arg, err);
}
