/*
 * As bmcd offers it: a self-signed RSA certificate that nobody renews, made
 * when it is asked for first, and expired since. One for all boards of a
 * rack: making a key costs more than anything else here. TLS runs on memory,
 * because an SSH channel may carry it.
 */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "rackmux/base/mem.h"

#define KEY_BITS 2048
#define DAY (24 * 60 * 60L)

struct tls {
	SSL *ssl;
	BIO *in, *out;
	struct tls_ops ops;
	void *arg;
	bool over;
};

static SSL_CTX *shared;

static X509 *
make_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name;

	if (x == NULL)
		abort();
	name = X509_get_subject_name(x);
	if (X509_set_version(x, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -400 * DAY) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), -35 * DAY) == NULL ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"Turing-Pi self signed", -1, -1,
		0) != 1 ||
	    X509_set_issuer_name(x, name) != 1 ||
	    X509_set_pubkey(x, key) != 1 ||
	    X509_sign(x, key, EVP_sha256()) == 0)
		abort();
	return x;
}

static void
forget(void)
{
	SSL_CTX_free(shared);
	shared = NULL;
}

static SSL_CTX *
context(void)
{
	EVP_PKEY *key;
	X509 *x;

	if (shared != NULL)
		return shared;
	key = EVP_RSA_gen(KEY_BITS);
	shared = SSL_CTX_new(TLS_server_method());
	if (key == NULL || shared == NULL)
		abort();
	x = make_certificate(key);
	if (SSL_CTX_use_certificate(shared, x) != 1 ||
	    SSL_CTX_use_PrivateKey(shared, key) != 1 ||
	    SSL_CTX_set_min_proto_version(shared, TLS1_2_VERSION) != 1)
		abort();
	X509_free(x);
	EVP_PKEY_free(key);
	(void)atexit(forget);
	return shared;
}

struct tls *
tls_new(const struct tls_ops *ops, void *arg)
{
	struct tls *t = mem_alloc(sizeof(*t));

	t->ops = *ops;
	t->arg = arg;
	t->ssl = SSL_new(context());
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (t->ssl == NULL || t->in == NULL || t->out == NULL)
		abort();
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_accept_state(t->ssl);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	free(t);
}

static void
flush(struct tls *t)
{
	char *p;
	long n = BIO_get_mem_data(t->out, &p);

	if (n > 0)
		t->ops.wire(t->arg, p, (size_t)n);
	(void)BIO_reset(t->out);
}

bool
tls_input(struct tls *t, const char *p, size_t len)
{
	char text[16384];
	int n;

	if (t->over || BIO_write(t->in, p, (int)len) != (int)len)
		return false;
	ERR_clear_error();
	while ((n = SSL_read(t->ssl, text, sizeof(text))) > 0)
		t->ops.plain(t->arg, text, (size_t)n);
	if (SSL_get_error(t->ssl, n) != SSL_ERROR_WANT_READ)
		t->over = true;
	flush(t);
	return !t->over;
}

bool
tls_send(struct tls *t, const char *p, size_t len)
{
	if (t->over || len == 0)
		return !t->over;
	ERR_clear_error();
	if (SSL_write(t->ssl, p, (int)len) != (int)len)
		t->over = true;
	flush(t);
	return !t->over;
}

void
tls_end(struct tls *t)
{
	if (!t->over)
		(void)SSL_shutdown(t->ssl);
	t->over = true;
	flush(t);
}
