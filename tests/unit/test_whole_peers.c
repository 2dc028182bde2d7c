/*
 * The same boards behind other SSH servers. The simulator's own must not be
 * the only one that can be talked to: here its shells are forced commands of
 * Debian's OpenSSH and of Dropbear, and what is known must be the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simproc.h"
#include "sshd.h"
#include "test.h"

#define LINES_MAX 1024

typedef void start_fn(struct sshd *, const char *key);

static void
start_openssh(struct sshd *d, const char *key)
{
	sshd_start(d, key, NULL);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A value's own text from the end of its name on. */
static char *
line_of(const char *json, const char *object, const char *colon)
{
	const char *name = colon, *state = strstr(colon, "\"state\":\"");
	const char *source = strstr(colon, "\"source\":\"");

	while (name > json && name[-1] != '"')
		name--;
	CHECK(state != NULL && source != NULL);
	state += strlen("\"state\":\"");
	source += strlen("\"source\":\"");
	return text_of("%.*s %.*s %.*s %.*s\n", (int)strcspn(object, ","),
	    object, (int)(colon - name), name, (int)strcspn(state, "\""), state,
	    (int)strcspn(source, "\""), source);
}

/* "board name state source" of each value, sorted. */
static char *
what_is_known(const char *json)
{
	static char *lines[LINES_MAX];
	const char *at = json, *object = json;
	char *all = strdup("");
	size_t n = 0;

	while ((at = strstr(at, "\":{\"value\":")) != NULL) {
		const char *next;

		while ((next = strchr(object, '\n')) != NULL && next < at)
			object = next + 1;
		CHECK(n < LINES_MAX);
		lines[n++] = line_of(json, strstr(object, "\":\"") + 10, at);
		at++;
	}
	qsort(lines, n, sizeof *lines, by_text);
	for (size_t i = 0; i < n; i++) {
		char *more = text_of("%s%s", all, lines[i]);

		free(all);
		free(lines[i]);
		all = more;
	}
	return all;
}

/* Status of a Turing Pi and a Pi 5 behind these links. */
static char *
status_of(const char *name, const char *tp, const char *pi, const char *key,
    const char *known)
{
	char *path = text_of("%s/%s.cfg", test_dir(), name), *all;
	char *text = text_of("poll = 2;\nssh: { config = \"none\"; "
			     "identity = \"%s\"; known_hosts = \"%s\"; };\n"
			     "boards = (\n{ name = \"tp\"; "
			     "type = \"turing-pi\"; link = \"%s\"; },\n"
			     "{ name = \"pi\"; type = \"linux\"; "
			     "link = \"%s\"; });\n",
	    key, known, tp, pi);
	const char *argv[] = { "-c", path, "status", "--json", NULL };
	struct ran r;

	file_write(path, text);
	ran_rackmux(&r, 20000, argv);
	CHECK_STR(r.err, "");
	CHECK_INT(r.status, 0);
	all = what_is_known(r.out);
	free(path);
	free(text);
	ran_release(&r);
	return all;
}

static char *
status_of_our_own(void)
{
	struct simproc sim;
	char *key, *known, *tp, *pi, *all;

	simproc_start(&sim, NULL, NULL);
	key = text_of("%s.key", sim.config);
	known = text_of("%s.known_hosts", sim.config);
	tp = text_of("ssh://root@127.0.0.1:%u", simproc_port(&sim, "tp2-a"));
	pi = text_of("ssh://pi@127.0.0.1:%u", simproc_port(&sim, "pi03"));
	all = status_of("own", tp, pi, key, known);
	simproc_stop(&sim);
	free(key);
	free(known);
	free(tp);
	free(pi);
	return all;
}

/* A server whose only key runs that machine's shell. */
static void
serve(struct sshd *d, start_fn *start, const char *machine, const char *key,
    const char *known)
{
	char *pub = text_of("%s.pub", key), *line = file_read(pub);
	char *forced = text_of("%s.%s", key, machine), *text;

	CHECK(line != NULL);
	text = text_of("command=\"%s --shell %s\" %s",
	    program_path("rackmux-sim"), machine, line);
	file_write(forced, text);
	start(d, forced);
	sshd_known(d, known);
	free(pub);
	free(line);
	free(forced);
	free(text);
}

static void
same_behind(start_fn *start)
{
	char *own = status_of_our_own(), *theirs;
	char *key = text_of("%s/key", test_dir());
	char *known = text_of("%s/known_hosts", test_dir());
	struct sshd tp, pi;

	make_key(key, "ed25519", "");
	serve(&tp, start, "tp2-a", key, known);
	serve(&pi, start, "pi03", key, known);
	theirs = status_of("theirs", tp.url, pi.url, key, known);
	sshd_stop(&tp);
	sshd_stop(&pi);
	CHECK(strstr(own, "power.state known board") != NULL);
	CHECK(strstr(own, "power.watts known node") != NULL);
	CHECK_STR(theirs, own);
	free(own);
	free(theirs);
	free(key);
	free(known);
}

TEST(behind_openssh_all_is_known_that_is_known_behind_our_own)
{
	same_behind(start_openssh);
}

TEST(behind_dropbear_all_is_known_that_is_known_behind_our_own)
{
	same_behind(dropbear_start);
}
