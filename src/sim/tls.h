/*
 * tls - a TLS server's side of a connection, on bytes that somebody else
 * carries.
 */
#ifndef RM_SIM_TLS_H
#define RM_SIM_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls;

struct tls_ops {
	void (*wire)(void *arg, const char *, size_t len);	/* to send */
	void (*plain)(void *arg, const char *, size_t len);	/* came */
};

struct tls	*tls_new(const struct tls_ops *, void *arg);
void		 tls_free(struct tls *);
/* False: the peer is done, or speaks no TLS; its alert was sent. */
bool		 tls_input(struct tls *, const char *, size_t len);
bool		 tls_send(struct tls *, const char *, size_t len);
void		 tls_end(struct tls *);

#endif
