#include "rackmux/app/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/json.h"
#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Several programs may append at once, so a line is one write. It is kept by
 * the kernel when we die, which is what it is for; it is not forced to the
 * disk, since that may take longer than the screen may stand still.
 */

#define NAME "journal.jsonl"

struct journal {
	char *path, *old;
	char *config;
	char who[64];
	int fd;
};

static int
open_file(const char *path)
{
	return open(path,
	    O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0600);
}

static void
find_who(char *out, size_t size)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (pw != NULL)
		str_copy(out, size, pw->pw_name);
	else
		str_format(out, size, "user %u", (unsigned)geteuid());
}

void
journal_who(const struct journal *j, char *out, size_t size)
{
	if (j != NULL)
		str_copy(out, size, j->who);
	else
		find_who(out, size);
}

struct journal *
journal_open(const char *dir, const char *config)
{
	struct journal *j;

	if (dir == NULL)
		return NULL;
	j = mem_alloc(sizeof *j);
	j->path = mem_printf("%s/" NAME, dir);
	j->old = mem_printf("%s.1", j->path);
	j->config = mem_strdup(config != NULL ? config : "");
	j->fd = -1;
	find_who(j->who, sizeof j->who);
	return j;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		(void)close(j->fd);
	free(j->path);
	free(j->old);
	free(j->config);
	free(j);
}

/* Full: begin a new one, unless another program did so already; between its
 * look and its renaming nobody else may do the same, or the full one is lost.
 * Nobody waits for it: a line more does no harm to a full file. Or somebody
 * took the file away. */
static void
rotate(struct journal *j)
{
	struct stat mine, there;
	bool same;

	if (j->fd < 0 || flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		return;
	if (fstat(j->fd, &mine) == 0) {
		same = lstat(j->path, &there) == 0 &&
		    there.st_ino == mine.st_ino && there.st_dev == mine.st_dev;
		if (!same ||
		    (mine.st_size >= JOURNAL_MAX &&
			rename(j->path, j->old) == 0)) {
			(void)close(j->fd);
			j->fd = open_file(j->path);
			return;
		}
	}
	(void)flock(j->fd, LOCK_UN);
}

/* A crash, or a full disk, left half a line: the next one begins anew. */
static bool
is_torn(const struct journal *j)
{
	struct stat st;
	char last;

	return fstat(j->fd, &st) == 0 && st.st_size > 0 &&
	    pread(j->fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static void
append(struct journal *j, struct json *line)
{
	char *text = json_text(line), *whole;
	ssize_t done = -1;
	size_t len;

	if (j->fd < 0)
		j->fd = open_file(j->path);
	rotate(j);
	whole =
	    mem_printf("%s%s\n", j->fd >= 0 && is_torn(j) ? "\n" : "", text);
	len = strlen(whole);
	if (j->fd >= 0)
		done = write(j->fd, whole, len);
	if (done != (ssize_t)len)
		log_warn("%s: %s", j->path,
		    done < 0 ? strerror(errno) : "half a line was written");
	free(whole);
	free(text);
	json_free(line);
}

static struct json *
new_line(const struct journal *j, int64_t at, const char *id, const char *node,
    enum act act, const char *phase)
{
	struct json *line = json_new_object();

	json_set_int(line, "at", at);
	json_set_str(line, "who", j->who);
	json_set_str(line, "id", id);
	json_set_str(line, "config", j->config);
	json_set_str(line, "node", node);
	json_set_str(line, "act", act_name(act));
	json_set_str(line, "phase", phase);
	return line;
}

/* The time is in it because numbers of processes come again. */
void
journal_begin(
    struct journal *j, int64_t at, const char *node, enum act act, char *id)
{
	static unsigned n;

	str_format(
	    id, JOURNAL_ID, "%ld-%u-%lld", (long)getpid(), ++n, (long long)at);
	if (j != NULL)
		append(j, new_line(j, at, id, node, act, "begin"));
}

void
journal_end(struct journal *j, int64_t at, const char *id, const char *node,
    enum act act, enum act_outcome outcome, const char *text)
{
	static const char *const outcomes[] = { [ACT_OK] = "ok",
		[ACT_FAILED] = "failed",
		[ACT_UNCERTAIN] = "uncertain" };
	struct json *line;

	if (j == NULL)
		return;
	line = new_line(j, at, id, node, act, "end");
	json_set_str(line, "outcome", outcomes[outcome]);
	json_set_str(line, "text", text);
	append(j, line);
}

/* --- what was interrupted ----------------------------------------------- */

#define CYCLES_MAX 256
#define UNDER_WAY_MS 120000

struct reader {
	const char *config;
	struct journal_open_cycle v[CYCLES_MAX];
	size_t n;
};

static void
forget(struct reader *r, size_t i)
{
	memmove(&r->v[i], &r->v[i + 1], (r->n - i - 1) * sizeof r->v[0]);
	r->n--;
}

/* Whatever is done to a node later makes an older cycle history. */
static void
take_begin(struct reader *r, const struct journal_open_cycle *c,
    const char *act, const char *phase)
{
	bool cycle = strcmp(act, act_name(ACT_POWER_CYCLE)) == 0;

	if (strcmp(phase, "begin") != 0 || !cycle)
		return;
	for (size_t i = r->n; i-- > 0;)
		if (strcmp(r->v[i].node, c->node) == 0)
			forget(r, i);
	if (r->n == CYCLES_MAX)
		forget(r, 0);
	r->v[r->n++] = *c;
}

static void
take_end(struct reader *r, const struct journal_open_cycle *c, const char *act,
    const char *outcome)
{
	bool cycle = strcmp(act, act_name(ACT_POWER_CYCLE)) == 0;
	bool failed = strcmp(outcome, "failed") == 0;

	/* A cycle of which even its own program did not know the end. */
	if (cycle && strcmp(outcome, "uncertain") == 0)
		return;
	for (size_t i = r->n; i-- > 0;)
		if (strcmp(r->v[i].id, c->id) == 0 ||
		    (strcmp(r->v[i].node, c->node) == 0 && !failed &&
			r->v[i].at <= c->at && str_starts(act, "power.")))
			forget(r, i);
}

static const char *
member(const struct json *j, const char *key)
{
	const char *s = json_str(json_get(j, key));

	return s != NULL ? s : "";
}

static void
take_line(struct reader *r, const char *line, size_t len)
{
	struct json *j = json_parse(line, len, NULL, 0);
	struct journal_open_cycle c = { .at = 0 };
	double at;

	if (json_num(json_get(j, "at"), &at) && at > 0 && at < 9e15 &&
	    strcmp(member(j, "config"), r->config) == 0) {
		c.at = (int64_t)at;
		str_copy(c.id, sizeof c.id, member(j, "id"));
		str_copy(c.node, sizeof c.node, member(j, "node"));
		str_copy(c.who, sizeof c.who, member(j, "who"));
		if (strcmp(member(j, "phase"), "end") == 0)
			take_end(r, &c, member(j, "act"), member(j, "outcome"));
		else
			take_begin(r, &c, member(j, "act"), member(j, "phase"));
	}
	json_free(j);
}

/* The last lines of a file; one that was torn is no line. */
static void
read_tail(struct reader *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text, *at, *end;
	struct stat st;
	ssize_t len;
	size_t left;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	text = mem_alloc(JOURNAL_TAIL);
	len = pread(fd, text, JOURNAL_TAIL,
	    st.st_size > JOURNAL_TAIL ? st.st_size - JOURNAL_TAIL : 0);
	(void)close(fd);
	at = text;
	left = len > 0 ? (size_t)len : 0;
	for (bool whole = st.st_size <= JOURNAL_TAIL; left > 0; whole = true) {
		end = memchr(at, '\n', left);
		if (end == NULL)
			break;
		if (whole)
			take_line(r, at, (size_t)(end - at));
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	free(text);
}

static bool
is_under_way(const struct journal_open_cycle *c, int64_t now)
{
	char pid[16];
	long n;

	str_format(pid, sizeof pid, "%.*s", (int)strcspn(c->id, "-"), c->id);
	if (!str_long(pid, 1, 0x7fffffff, &n) || n == getpid())
		return false;
	return now - c->at < UNDER_WAY_MS &&
	    (kill((pid_t)n, 0) == 0 || errno == EPERM);
}

size_t
journal_interrupted(const char *dir, const char *config, int64_t now,
    struct journal_open_cycle *out, size_t max)
{
	struct reader *r;
	char *path;
	size_t n = 0;

	if (dir == NULL)
		return 0;
	r = mem_alloc(sizeof *r);
	r->config = config != NULL ? config : "";
	path = mem_printf("%s/" NAME ".1", dir);
	read_tail(r, path);
	path[strlen(path) - 2] = '\0';
	read_tail(r, path);
	free(path);
	for (size_t i = 0; i < r->n; i++) {
		if (is_under_way(&r->v[i], now))
			continue;
		if (n < max)
			out[n] = r->v[i];
		n++;
	}
	free(r);
	return n;
}
