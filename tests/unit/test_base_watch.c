#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/watch.h"
#include "test.h"

/* Nothing more comes for this long: then nothing will. */
#define QUIET_MS 30

static struct loop *l;
static int hits;

static void
on_change(void *arg)
{
	++*(int *)arg;
}

static const char *
at(const char *name)
{
	static char paths[4][512];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof paths[next], "%s/%s", test_dir(), name);
	return paths[next];
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t len = strlen(text);

	CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
}

/* Told since the last time? Waits for it, 5 s at most. */
static bool
told(void)
{
	bool any;

	for (int i = 0; i < 100 && hits == 0; i++)
		loop_turn(l, 50);
	any = hits > 0;
	for (int was = -1; was != hits;) {
		was = hits;
		loop_turn(l, QUIET_MS);
	}
	hits = 0;
	return any;
}

static bool
quiet(void)
{
	loop_turn(l, QUIET_MS);
	return hits == 0;
}

TEST(a_file_written_and_renamed_over_again_and_again)
{
	struct watch *w;

	l = loop_new();
	put(at("conf"), "1");
	w = watch_new(l, at("conf"), on_change, &hits);
	CHECK(quiet());
	put(at("conf"), "2");
	CHECK(told());
	for (int i = 0; i < 3; i++) {
		put(at("conf.new"), "3");
		CHECK(quiet());
		CHECK(rename(at("conf.new"), at("conf")) == 0);
		CHECK(told());
	}
	put(at("conf"), "4");
	CHECK(told());
	CHECK(unlink(at("conf")) == 0);
	CHECK(told());
	put(at("conf"), "5");
	CHECK(told());
	watch_free(w);
	loop_free(l);
}

TEST(a_neighbour_is_not_told_of)
{
	struct watch *w;

	l = loop_new();
	put(at("conf"), "1");
	w = watch_new(l, at("conf"), on_change, &hits);
	put(at("conf2"), "1");
	put(at("con"), "1");
	CHECK(unlink(at("conf2")) == 0);
	CHECK(quiet());
	watch_free(w);
	watch_free(NULL);
	loop_free(l);
}

TEST(folders_that_come_later_and_go_and_come_again)
{
	struct watch *w;

	l = loop_new();
	w = watch_new(l, at("a/b/c/file"), on_change, &hits);
	for (int round = 0; round < 3; round++) {
		CHECK(mkdir(at("a"), 0700) == 0);
		told();
		CHECK(mkdir(at("a/b"), 0700) == 0);
		told();
		CHECK(mkdir(at("a/b/c"), 0700) == 0);
		told();
		put(at("a/b/c/file"), "1");
		CHECK(told());
		put(at("a/b/c/file"), "2");
		CHECK(told());
		CHECK(unlink(at("a/b/c/file")) == 0);
		CHECK(told());
		CHECK(rmdir(at("a/b/c")) == 0);
		CHECK(rmdir(at("a/b")) == 0);
		CHECK(rmdir(at("a")) == 0);
		told();
	}
	watch_free(w);
	loop_free(l);
}

/* All at once: no folder was watched yet when the next one came. */
TEST(a_whole_path_that_comes_at_once)
{
	struct watch *w;

	l = loop_new();
	w = watch_new(l, at("a/b/c/file"), on_change, &hits);
	CHECK(mkdir(at("a"), 0700) == 0 && mkdir(at("a/b"), 0700) == 0 &&
	    mkdir(at("a/b/c"), 0700) == 0);
	put(at("a/b/c/file"), "1");
	CHECK(told());
	put(at("a/b/c/file"), "2");
	CHECK(told());
	watch_free(w);
	loop_free(l);
}

TEST(what_comes_into_a_watched_folder_and_links)
{
	struct watch *w;

	l = loop_new();
	CHECK(mkdir(at("by-id"), 0700) == 0);
	/* with a slash at its end, too */
	w = watch_new(l, at("by-id/"), on_change, &hits);
	CHECK(symlink("/dev/null", at("by-id/.#x")) == 0);
	CHECK(rename(at("by-id/.#x"), at("by-id/x")) == 0);
	CHECK(told());
	CHECK(unlink(at("by-id/x")) == 0);
	CHECK(told());
	CHECK(rmdir(at("by-id")) == 0);
	CHECK(told());
	CHECK(mkdir(at("by-id"), 0700) == 0);
	CHECK(told());
	CHECK(symlink("/dev/null", at("by-id/y")) == 0);
	CHECK(told());
	watch_free(w);
	loop_free(l);
}

TEST(the_file_behind_a_link)
{
	struct watch *w;

	l = loop_new();
	CHECK(mkdir(at("dots"), 0700) == 0);
	put(at("dots/conf"), "1");
	CHECK(symlink("dots/conf", at("conf")) == 0);
	w = watch_new(l, at("conf"), on_change, &hits);
	put(at("dots/conf"), "2");
	CHECK(told());
	put(at("dots/new"), "3");
	CHECK(rename(at("dots/new"), at("dots/conf")) == 0);
	CHECK(told());
	put(at("dots/conf"), "4");
	CHECK(told());
	watch_free(w);
	loop_free(l);
}

TEST(a_path_from_here)
{
	struct watch *w;

	l = loop_new();
	CHECK(chdir(test_dir()) == 0);
	w = watch_new(l, "here", on_change, &hits);
	CHECK(chdir("/") == 0);
	put(at("here"), "1");
	CHECK(told());
	watch_free(w);
	loop_free(l);
}

/* A user may have 128 inotify descriptors, and a rack more serial ports. */
TEST(hundreds_of_watches)
{
	static struct watch *w[300];
	static int n[300];
	char name[32];

	l = loop_new();
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		snprintf(name, sizeof name, "tty%zu", i);
		w[i] = watch_new(l, at(name), on_change, &n[i]);
		CHECK(w[i] != NULL);
	}
	put(at("tty7"), "1");
	put(at("tty299"), "1");
	for (int i = 0; i < 100 && (n[7] == 0 || n[299] == 0); i++)
		loop_turn(l, 50);
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		CHECK((n[i] > 0) == (i == 7 || i == 299));
		watch_free(w[i]);
	}
	loop_free(l);
}

/* Two on the same path, and one of them goes. */
TEST(one_that_goes_takes_nothing_from_the_other)
{
	struct watch *a, *b;
	int other = 0;

	l = loop_new();
	put(at("conf"), "1");
	a = watch_new(l, at("conf"), on_change, &other);
	b = watch_new(l, at("conf"), on_change, &hits);
	watch_free(a);
	put(at("conf"), "2");
	CHECK(told());
	put(at("new"), "3");
	CHECK(rename(at("new"), at("conf")) == 0);
	CHECK(told());
	CHECK_INT(other, 0);
	watch_free(b);
	loop_free(l);
}

/* The kernel knows a folder once, whoever wants what of it. */
TEST(a_folder_and_a_file_in_it)
{
	struct watch *a, *b;
	int other = 0;

	l = loop_new();
	CHECK(mkdir(at("d"), 0700) == 0);
	put(at("d/x"), "1");
	a = watch_new(l, at("d"), on_change, &hits);
	b = watch_new(l, at("d/conf"), on_change, &other);
	put(at("d/x"), "2");
	CHECK(told());
	CHECK_INT(other, 0);
	put(at("d/conf"), "1");
	CHECK(told());
	CHECK(other > 0);
	watch_free(b);
	put(at("d/x"), "3");
	CHECK(told());
	watch_free(a);
	loop_free(l);
}

/* What another process does at the worst moment: it makes this folder after
 * it was found missing, before the one above it is watched. */
static const char *appears, *before_watching;

int
inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (before_watching != NULL && strcmp(path, before_watching) == 0) {
		before_watching = NULL;
		CHECK(mkdir(appears, 0700) == 0);
	}
	return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

TEST(a_folder_that_comes_between_looking_and_watching)
{
	struct watch *w;

	l = loop_new();
	CHECK(mkdir(at("a"), 0700) == 0);
	appears = at("a/b");
	before_watching = at("a");
	w = watch_new(l, at("a/b/file"), on_change, &hits);
	CHECK(before_watching == NULL);
	put(at("a/b/file"), "1");
	CHECK(told());
	watch_free(w);
	loop_free(l);
}

static struct watch *pair[2];

static void
free_both(void *arg)
{
	(void)arg;
	hits++;
	for (int i = 0; i < 2; i++) {
		watch_free(pair[i]);
		pair[i] = NULL;
	}
}

TEST(free_in_the_callback_itself_and_another)
{
	l = loop_new();
	for (int i = 0; i < 2; i++)
		pair[i] = watch_new(l, at("conf"), free_both, NULL);
	put(at("conf"), "1");
	for (int i = 0; i < 100 && hits == 0; i++)
		loop_turn(l, 50);
	CHECK_INT(hits, 1);
	loop_turn(l, QUIET_MS);
	CHECK_INT(hits, 1);
	loop_free(l);
}
