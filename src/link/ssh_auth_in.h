/*
 * ssh_auth_in - what the parts of authentication share: the machine
 * (ssh_auth.c), what there is to show (ssh_creds.c), keys and the agent
 * (ssh_auth_key.c), passwords and prompts (ssh_auth_word.c).
 */
#ifndef RM_LINK_SSH_AUTH_IN_H
#define RM_LINK_SSH_AUTH_IN_H

#include "rackmux/base/buf.h"

#include "ssh_agent.h"
#include "ssh_auth.h"
#include "ssh_keys.h"

#define AUTH_ATTEMPTS 5
#define AUTH_FILES (SSHCONFIG_FILES + 1)
#define AUTH_CREDS 64

/* What is being done. */
enum auth_phase {
	DO_NONE,
	DO_PICK,
	DO_OFFER,
	DO_UNLOCK,
	DO_UNLOCKING,
	DO_SIGN,
	DO_AGENT,
	DO_AGENT_WORK,
	DO_KBDINT,
	DO_KBDINT_WAIT,
	DO_PASSWORD,
	DO_PASSWORD_WAIT,
	DO_OVER,
};

struct auth_file {
	struct auth *auth;
	struct key_wait *wait;
	const struct keyfile *key;
	char *path;
	bool named; /* by the configuration of the link */
};

struct auth_cred {
	const struct auth_file *file; /* NULL: the agent's */
	const struct agent_id *id;
};

struct auth {
	struct auth_options o;
	struct auth_sink sink;
	void *arg;
	enum auth_phase phase;
	char *subject; /* user@host:port */

	struct auth_file files[AUTH_FILES];
	size_t n_files, waiting;
	struct agent_wait *agent_wait;
	struct agent_id ids[AUTH_CREDS];
	size_t n_ids;
	struct auth_cred creds[AUTH_CREDS];
	size_t n_creds, next;
	const struct auth_cred *cred;
	struct key_wait *unlock;
	struct agent_filter *filter;
	const struct agent_id *shown[AUTH_ATTEMPTS];
	unsigned n_shown;

	struct passcmd *secret; /* a password being fetched */
	bool kbdint_over, password_over, used_password, refused_once;
	bool declined; /* the operator: not one more question */
	bool prompted; /* by this round of keyboard-interactive */
	unsigned rounds, prompts;
	int prompt; /* being asked */
	char *prompt_subject;
	char *typed; /* the last hidden answer */
	struct pool_wait *answered;

	struct sess *held; /* by the thread */
	struct agent_job *job;

	unsigned methods, attempts;
	char result[1024];
	struct buf tried, notes;
};

void	 auth_wake(struct auth *);
void	 auth_note_tried(struct auth *, const char *kind, const char *what);
enum auth_result auth_failed(struct auth *);
/* Raise a question that outlives the connection. */
enum auth_result auth_ask(struct auth *, enum link_ask_kind,
	    const char *subject, const char *title, const char *text,
	    bool echo);
/* The answer to an attempt. True: *result is what to return, false: go on
 * with the next phase. So do all the steps below. */
bool	 auth_settled(struct auth *, struct sess *, enum ssh_rc,
	    enum auth_result *result);

/* Named key, agent's keys that files name, the agent's others, files. */
void	 auth_order_creds(struct auth *);

enum auth_result auth_unlock(struct auth *);
enum auth_result auth_agent_step(struct auth *, struct sess *);
bool	 auth_agent_done(struct auth *, struct sess *, enum auth_result *);
/* Leave the thread to itself. */
void	 auth_agent_release(struct auth *);

bool	 auth_password_possible(const struct auth *);
bool	 auth_password_step(struct auth *, struct sess *,
	    enum auth_result *);
bool	 auth_kbdint_step(struct auth *, struct sess *, enum auth_result *);
bool	 auth_kbdint_resume(struct auth *, struct sess *,
	    enum auth_result *);

#endif
