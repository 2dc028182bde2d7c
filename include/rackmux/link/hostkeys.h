/*
 * hostkeys - which host keys are known, from files in known_hosts format.
 *
 * An index of its own, because libssh reads the files twice a session (15 ms
 * for a thousand hashed lines), knows one file only, and ignores @revoked and
 * host key aliases. Files are read again when they change.
 */
#ifndef RM_LINK_HOSTKEYS_H
#define RM_LINK_HOSTKEYS_H

#include <stdbool.h>
#include <stddef.h>

struct hostkeys;

enum hostkey_verdict {
	HOSTKEY_OK,
	HOSTKEY_UNKNOWN,
	HOSTKEY_CHANGED,	/* another key, or only keys of other types */
	HOSTKEY_REVOKED,
};

struct hostkey {
	char type[64];		/* "ssh-ed25519" */
	char base64[4096];	/* the public key */
	char print[64];		/* "SHA256:..." */
};

/* Where the verdict comes from. file is "" when there is no line. */
struct hostkey_found {
	char file[512];
	unsigned line;
	struct hostkey key;	/* the key of that line */
	bool authority;	/* a @cert-authority line covers this host */
};

#define HOSTKEYS_FILES 8

struct hostkeys *hostkeys_new(void);
void	 hostkeys_free(struct hostkeys *);
/* name is what hostkeys_name() makes. Files that are not there are empty. */
enum hostkey_verdict hostkeys_check(struct hostkeys *,
	    const char *const *files, size_t n, const char *name,
	    const struct hostkey *, struct hostkey_found *);
/* The key types known of a host, as a list for HostKeyAlgorithms, known ones
 * first, then all others that are worth having. */
void	 hostkeys_order(struct hostkeys *, const char *const *files, size_t n,
	    const char *name, char *out, size_t size);
/* Append a line to a file (0600, its folder 0700 when it must be made).
 * 0 or negative errno. */
int	 hostkeys_add(const char *file, const char *name,
	    const struct hostkey *, bool hashed);
/* "host", or "[host]:port" for a port that is not 22; lower case. */
void	 hostkeys_name(char *out, size_t size, const char *host,
	    unsigned port);
/* "SHA256:..." of a key in base64; false when it is none. */
bool	 hostkeys_print(char *out, size_t size, const char *base64);

#endif
