/*
 * Known host keys, indexed in memory.
 *
 * A hashed line costs an HMAC to compare, about a microsecond; a thousand of
 * them for each of 256 hosts is a quarter of a second. So the lines that
 * belong to a name are found once and remembered with the file, until the
 * file changes. A bad line is skipped, as ssh does: one typing error must not
 * make every host unknown.
 */
#include "rackmux/link/hostkeys.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define FILE_MAX (16 * 1024 * 1024)
#define FILES_KEPT 64
#define BUCKETS 256
#define SALT_LEN 20

enum marker { MARK_NONE, MARK_AUTHORITY, MARK_REVOKED };

struct line {
	char *hosts; /* NULL: hashed */
	char *type, *base64;
	enum marker marker;
	unsigned no;
	unsigned char salt[SALT_LEN], hash[HASH_SHA1_LEN];
};

/* The lines of a name, by number in the file's array. */
struct name {
	struct name *next;
	char *name;
	unsigned *lines;
	size_t n;
};

struct file {
	char *path;
	bool there;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	char *text;
	struct line *lines;
	size_t n;
	struct name *names[BUCKETS];
};

struct hostkeys {
	struct file *files[FILES_KEPT];
	size_t n;
};

struct hostkeys *
hostkeys_new(void)
{
	return mem_alloc(sizeof(struct hostkeys));
}

static void
file_clear(struct file *f)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct name *name;

		while ((name = f->names[i]) != NULL) {
			f->names[i] = name->next;
			free(name->name);
			free(name->lines);
			free(name);
		}
	}
	free(f->lines);
	free(f->text);
	f->lines = NULL;
	f->text = NULL;
	f->n = 0;
	f->there = false;
}

static void
file_free(struct file *f)
{
	file_clear(f);
	free(f->path);
	free(f);
}

void
hostkeys_free(struct hostkeys *hk)
{
	if (hk == NULL)
		return;
	for (size_t i = 0; i < hk->n; i++)
		file_free(hk->files[i]);
	free(hk);
}

/* --- reading ------------------------------------------------------------ */

/* The blob starts with its own type as a counted string. */
static bool
key_ok(const char *type, const char *base64)
{
	unsigned char blob[3072];
	size_t len = strlen(type);
	long n = hash_unbase64(base64, strlen(base64), blob, sizeof blob);

	return n > (long)len + 4 && blob[0] == 0 && blob[1] == 0 &&
	    (size_t)(blob[2] << 8 | blob[3]) == len &&
	    memcmp(blob + 4, type, len) == 0;
}

static bool
parse_hashed(struct line *line, const char *hosts)
{
	const char *bar = strchr(hosts + 3, '|');

	return bar != NULL &&
	    hash_unbase64(hosts + 3, (size_t)(bar - hosts - 3), line->salt,
		SALT_LEN) == SALT_LEN &&
	    hash_unbase64(bar + 1, strlen(bar + 1), line->hash,
		HASH_SHA1_LEN) == HASH_SHA1_LEN;
}

static bool
parse_line(struct line *line, char *text)
{
	char *p = text, *word = str_word(&p);

	if (word == NULL || word[0] == '#')
		return false;
	if (word[0] == '@') {
		if (strcmp(word, "@cert-authority") == 0)
			line->marker = MARK_AUTHORITY;
		else if (strcmp(word, "@revoked") == 0)
			line->marker = MARK_REVOKED;
		else
			return false;
		word = str_word(&p);
	}
	line->hosts = word;
	line->type = str_word(&p);
	line->base64 = str_word(&p);
	if (line->base64 == NULL || !key_ok(line->type, line->base64))
		return false;
	if (str_starts(word, "|")) {
		line->hosts = NULL;
		return str_starts(word, "|1|") && parse_hashed(line, word);
	}
	for (char *c = word; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return true;
}

static char *
slurp(int fd, size_t size)
{
	char *text = mem_alloc(size + 1);
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, text + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	/* A NUL would hide the rest of the file. */
	for (size_t i = 0; i < have; i++)
		if (text[i] == '\0')
			text[i] = '?';
	return text;
}

static void
file_parse(struct file *f)
{
	size_t room = 0;
	unsigned no = 0;
	char *p = f->text, *text;

	while ((text = str_line(&p)) != NULL) {
		struct line line = { .no = ++no };

		if (!parse_line(&line, text))
			continue;
		if (f->n == room) {
			room = room == 0 ? 64 : room * 2;
			f->lines = mem_grow(f->lines, room, sizeof line);
		}
		f->lines[f->n++] = line;
	}
}

static void
file_refresh(struct file *f)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_MAX) {
		file_clear(f);
		if (fd >= 0)
			close(fd);
		return;
	}
	if (!f->there || st.st_dev != f->dev || st.st_ino != f->ino ||
	    st.st_size != f->size || st.st_mtim.tv_sec != f->mtime.tv_sec ||
	    st.st_mtim.tv_nsec != f->mtime.tv_nsec) {
		file_clear(f);
		f->there = true;
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		f->size = st.st_size;
		f->mtime = st.st_mtim;
		f->text = slurp(fd, (size_t)st.st_size);
		file_parse(f);
	}
	close(fd);
}

static struct file *
file_get(struct hostkeys *hk, const char *path)
{
	struct file *f = NULL;

	for (size_t i = 0; i < hk->n && f == NULL; i++)
		if (strcmp(hk->files[i]->path, path) == 0)
			f = hk->files[i];
	if (f == NULL) {
		if (hk->n == FILES_KEPT)
			file_free(hk->files[--hk->n]);
		f = mem_alloc(sizeof *f);
		f->path = mem_strdup(path);
		hk->files[hk->n++] = f;
	}
	file_refresh(f);
	return f;
}

/* --- names -------------------------------------------------------------- */

/* '*' and '?' as ssh knows them; no backtracking beyond the last star. */
static bool
wild(const char *pattern, size_t len, const char *s)
{
	const char *p = pattern, *end = pattern + len;
	const char *star = NULL, *back = NULL;

	while (*s != '\0') {
		if (p < end && *p == '*') {
			star = ++p;
			back = s;
		} else if (p < end && (*p == '?' || *p == *s)) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++back;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

static bool
match_patterns(const char *hosts, const char *name)
{
	bool yes = false;

	for (const char *p = hosts; *p != '\0';) {
		size_t len = strcspn(p, ",");
		bool not = *p == '!';

		if (wild(p + not, len - not, name)) {
			if (not )
				return false;
			yes = true;
		}
		p += len + (p[len] == ',');
	}
	return yes;
}

static bool
match_line(const struct line *line, const char *name)
{
	unsigned char hash[HASH_SHA1_LEN];

	if (line->hosts != NULL)
		return match_patterns(line->hosts, name);
	hash_hmac_sha1(line->salt, SALT_LEN, name, strlen(name), hash);
	return memcmp(hash, line->hash, sizeof hash) == 0;
}

static struct name *
file_name(struct file *f, const char *text)
{
	struct name *name;
	uint32_t h = 2166136261u;

	for (const char *p = text; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (name = f->names[h % BUCKETS]; name != NULL; name = name->next)
		if (strcmp(name->name, text) == 0)
			return name;
	name = mem_alloc(sizeof *name);
	name->name = mem_strdup(text);
	for (unsigned i = 0; i < f->n; i++) {
		if (!match_line(&f->lines[i], text))
			continue;
		name->lines = mem_grow(name->lines, name->n + 1, sizeof i);
		name->lines[name->n++] = i;
	}
	name->next = f->names[h % BUCKETS];
	f->names[h % BUCKETS] = name;
	return name;
}

void
hostkeys_name(char *out, size_t size, const char *host, unsigned port)
{
	if (port == 0 || port == 22)
		str_copy(out, size, host);
	else
		str_format(out, size, "[%s]:%u", host, port);
	for (char *p = out; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* --- judging ------------------------------------------------------------ */

static bool
same_base64(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return n == strcspn(b, "=") && memcmp(a, b, n) == 0;
}

static void
found_set(
    struct hostkey_found *found, const struct file *f, const struct line *line)
{
	str_copy(found->file, sizeof found->file, f->path);
	found->line = line->no;
	str_copy(found->key.type, sizeof found->key.type, line->type);
	str_copy(found->key.base64, sizeof found->key.base64, line->base64);
	hostkeys_print(found->key.print, sizeof found->key.print, line->base64);
}

struct judgement {
	const struct hostkey *key;
	struct hostkey_found *found;
	bool ok, revoked, same_type, other;
};

static void
judge_line(struct judgement *j, const struct file *f, const struct line *line)
{
	bool same = strcmp(line->type, j->key->type) == 0 &&
	    same_base64(line->base64, j->key->base64);

	if (line->marker == MARK_REVOKED) {
		if (same) {
			j->revoked = true;
			found_set(j->found, f, line);
		}
	} else if (line->marker == MARK_AUTHORITY) {
		j->found->authority = true;
	} else if (same) {
		j->ok = true;
		if (!j->revoked)
			found_set(j->found, f, line);
	} else if (!j->ok && !j->revoked && !j->same_type) {
		j->same_type = strcmp(line->type, j->key->type) == 0;
		if (j->same_type || !j->other)
			found_set(j->found, f, line);
		j->other = true;
	}
}

enum hostkey_verdict
hostkeys_check(struct hostkeys *hk, const char *const *files, size_t n,
    const char *name, const struct hostkey *key, struct hostkey_found *found)
{
	struct judgement j = { .key = key, .found = found };

	memset(found, 0, sizeof *found);
	for (size_t i = 0; i < n; i++) {
		struct file *f = file_get(hk, files[i]);
		const struct name *lines = file_name(f, name);

		for (size_t k = 0; k < lines->n; k++)
			judge_line(&j, f, &f->lines[lines->lines[k]]);
	}
	if (j.revoked)
		return HOSTKEY_REVOKED;
	if (j.ok)
		return HOSTKEY_OK;
	return j.other ? HOSTKEY_CHANGED : HOSTKEY_UNKNOWN;
}

/* Types and the signature algorithms that go with them, best first. */
static const struct {
	const char *type, *algorithms;
} algorithms[] = {
	{ "ssh-ed25519", "ssh-ed25519" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256" },
};

static bool
type_known(struct file *f, const char *name, const char *type)
{
	const struct name *lines = file_name(f, name);

	for (size_t k = 0; k < lines->n; k++) {
		const struct line *line = &f->lines[lines->lines[k]];

		if (line->marker == MARK_NONE && strcmp(line->type, type) == 0)
			return true;
	}
	return false;
}

void
hostkeys_order(struct hostkeys *hk, const char *const *files, size_t n,
    const char *name, char *out, size_t size)
{
	bool known[ARRAY_LEN(algorithms)] = { false };
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct file *f = file_get(hk, files[i]);

		for (size_t k = 0; k < ARRAY_LEN(algorithms); k++)
			known[k] =
			    known[k] || type_known(f, name, algorithms[k].type);
	}
	out[0] = '\0';
	for (int want = 1; want >= 0; want--)
		for (size_t k = 0; k < ARRAY_LEN(algorithms); k++) {
			if (known[k] != (want == 1))
				continue;
			str_format(out + len, size - len, "%s%s",
			    len > 0 ? "," : "", algorithms[k].algorithms);
			len += strlen(out + len);
		}
}

bool
hostkeys_print(char *out, size_t size, const char *base64)
{
	unsigned char blob[3072], sum[HASH_SHA256_LEN];
	char text[4 * ((HASH_SHA256_LEN + 2) / 3) + 1];
	long n = hash_unbase64(base64, strlen(base64), blob, sizeof blob);

	out[0] = '\0';
	if (n <= 0)
		return false;
	hash_sha256(blob, (size_t)n, sum);
	hash_base64(sum, sizeof sum, text);
	text[strcspn(text, "=")] = '\0';
	return str_format(out, size, "SHA256:%s", text);
}

/* --- adding ------------------------------------------------------------- */

static void
hashed_name(char *out, size_t size, const char *name)
{
	unsigned char salt[SALT_LEN], hash[HASH_SHA1_LEN];
	char a[32], b[32];

	hash_random(salt, sizeof salt);
	hash_hmac_sha1(salt, sizeof salt, name, strlen(name), hash);
	hash_base64(salt, sizeof salt, a);
	hash_base64(hash, sizeof hash, b);
	str_format(out, size, "|1|%s|%s", a, b);
}

static void
make_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *dir;

	if (slash == NULL || slash == file)
		return;
	dir = mem_strndup(file, (size_t)(slash - file));
	mkdir(dir, 0700);
	free(dir);
}

int
hostkeys_add(
    const char *file, const char *name, const struct hostkey *key, bool hashed)
{
	char host[512], last = '\n', *line;
	ssize_t n;
	size_t len;
	int fd, rc = 0;

	make_folder(file);
	fd = open(
	    file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return -errno;
	str_copy(host, sizeof host, name);
	if (hashed)
		hashed_name(host, sizeof host, name);
	if (lseek(fd, -1, SEEK_END) >= 0 && read(fd, &last, 1) < 0)
		last = '\n';
	line = mem_printf("%s%s %s %s\n", last == '\n' ? "" : "\n", host,
	    key->type, key->base64);
	len = strlen(line);
	n = write(fd, line, len);
	if (n < 0)
		rc = -errno;
	else if ((size_t)n != len)
		rc = -ENOSPC;
	free(line);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}
