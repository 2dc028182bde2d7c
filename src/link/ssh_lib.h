/*
 * ssh_lib - as much of libssh as rackmux needs, without its traps.
 *
 * Implemented by ssh.c, the only file that sees libssh. Nothing here blocks
 * except key_load(), which is for a worker thread, and sess_auth_agent(),
 * which talks to the agent's socket and is for one, too.
 *
 * After every call that may talk to the peer ask sess_dead(): libssh goes on
 * saying "again" on a session that has ended.
 */
#ifndef RM_LINK_SSH_LIB_H
#define RM_LINK_SSH_LIB_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/link/hostkeys.h"

struct sess;
struct chan;
struct key;

enum ssh_rc {
	RC_OK,
	RC_AGAIN,
	RC_DENIED,
	RC_PARTIAL,	/* accepted, but the server wants one more method */
	RC_INFO,	/* keyboard-interactive: there are prompts */
	RC_ERROR,
};

enum { METHOD_KEY = 1, METHOD_KBDINT = 2, METHOD_PASSWORD = 4 };

struct sess_options {
	int fd;			/* connected; the session works on a copy */
	unsigned port;
	const char *user;
	const char *hostkeys;	/* algorithms in order of preference */
};

void	 ssh_lib_init(void);
struct sess *sess_new(const struct sess_options *);
void	 sess_free(struct sess *);
bool	 sess_dead(const struct sess *);
bool	 sess_wants_write(struct sess *);
/* Clean text, valid until the next call; "" when libssh has nothing to say. */
const char *sess_error(struct sess *);
unsigned long long sess_in(const struct sess *);
unsigned long long sess_out(const struct sess *);
bool	 sess_has_banner(struct sess *);

enum ssh_rc sess_connect(struct sess *);
bool	 sess_hostkey(struct sess *, struct hostkey *);

/* The first must be tried first: it fetches the list of methods, and lets
 * the server say which RSA signatures it takes. */
enum ssh_rc sess_auth_none(struct sess *);
unsigned sess_methods(struct sess *);	/* METHOD_* */
enum ssh_rc sess_auth_offer(struct sess *, struct key *);
enum ssh_rc sess_auth_key(struct sess *, struct key *);
enum ssh_rc sess_auth_password(struct sess *, const char *);
enum ssh_rc sess_auth_kbdint(struct sess *);
int	 sess_kbdint_count(struct sess *);
const char *sess_kbdint_prompt(struct sess *, int i, bool *echo);
const char *sess_kbdint_intro(struct sess *);
void	 sess_kbdint_answer(struct sess *, int i, const char *);
/* The session takes over fd. */
void	 sess_set_agent(struct sess *, int fd);
enum ssh_rc sess_auth_agent(struct sess *);

/* After authentication. False when it broke. */
bool	 sess_begin(struct sess *);
/* Handle what arrived, within reason. *more: call again soon. RC_AGAIN when
 * there was nothing. */
enum ssh_rc sess_pump(struct sess *, bool *more);

enum key_state { KEY_OK, KEY_MISSING, KEY_ENCRYPTED, KEY_BAD };
/* The private key, or with public_only what can be known of it without its
 * passphrase. NULL and why not. */
struct key *key_load(const char *path, const char *passphrase,
	    enum key_state *);
struct key *key_load_public(const char *path);
void	 key_free(struct key *);
/* Its public part in base64; "" when unknown. Owned by the key. */
const char *key_base64(const struct key *);

/* The bytes that arrived, while libssh is at work: copy them and return how
 * many fitted; call nothing. */
typedef size_t chan_data_fn(void *arg, const char *, size_t len, bool err);

struct chan *chan_new(struct sess *, chan_data_fn *, void *arg);
/* Frees it at once where the session is over; otherwise closes it first and
 * keeps it among the session's closing ones. No callback comes any more. */
void	 chan_free(struct chan *);
/* Each is called again while it returns RC_AGAIN. */
enum ssh_rc chan_open(struct chan *);
enum ssh_rc chan_open_tcp(struct chan *, const char *host, unsigned port);
enum ssh_rc chan_pty(struct chan *, int rows, int cols);
enum ssh_rc chan_shell(struct chan *);
enum ssh_rc chan_exec(struct chan *, const char *cmd);
/* Bytes taken, 0 when the peer or the wire is not ready, -1 broken. */
long	 chan_write(struct chan *, const char *, size_t len);
/* Read what libssh holds back; 0 none. */
long	 chan_read(struct chan *, char *, size_t size, bool err);
enum ssh_rc chan_eof(struct chan *);
bool	 chan_resize(struct chan *, int rows, int cols);
bool	 chan_break(struct chan *);
bool	 chan_at_eof(const struct chan *);	/* the peer sends no more */
bool	 chan_closed(const struct chan *);
int	 chan_status(const struct chan *);	/* -1: none */
const char *chan_signal(const struct chan *);	/* "" or its name */

#endif
