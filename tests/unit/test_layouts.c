/* Layouts of panes from one start to the next: layouts.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/app/layouts.h"
#include "test.h"

static char err[256];

static bool
save(struct layouts *l, const char *name, const char *text)
{
	err[0] = '\0';
	return layouts_save(l, name, text, err, sizeof err);
}

static char *
kept(const char *name)
{
	char path[512], *text = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", test_dir(), name);
	f = fopen(path, "re");
	if (f == NULL)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

TEST(what_was_saved_is_there_at_the_next_start)
{
	struct layouts *l = layouts_open(test_dir(), "/etc/rack.cfg");

	CHECK(layouts_name(l, 0) == NULL);
	CHECK(layouts_last(l) == NULL);
	CHECK(save(l, "boot", "h(a/1 a/2)"));
	CHECK(save(l, "all \"four\"\n", "v(a/1 a/2 a/3 a/4)"));
	CHECK(save(l, "boot", "h(a/3 a/4)"));
	CHECK(layouts_set_last(l, "boot"));
	layouts_free(l);
	l = layouts_open(test_dir(), "/etc/rack.cfg");
	CHECK_STR(layouts_text(l, "boot"), "h(a/3 a/4)");
	CHECK_STR(layouts_text(l, "all \"four\"\n"), "v(a/1 a/2 a/3 a/4)");
	CHECK_STR(layouts_name(l, 0), "boot");
	CHECK_STR(layouts_name(l, 1), "all \"four\"\n");
	CHECK(layouts_name(l, 2) == NULL);
	CHECK_STR(layouts_last(l), "boot");
	CHECK(layouts_set_last(l, ""));
	CHECK(layouts_last(l) == NULL);
	layouts_free(l);
}

TEST(each_configuration_has_its_own)
{
	struct layouts *a = layouts_open(test_dir(), "/a.cfg");
	struct layouts *b = layouts_open(test_dir(), "/b.cfg");
	struct layouts *none = layouts_open(test_dir(), NULL);

	CHECK(save(a, "x", "of a"));
	/* Both were open: neither undoes the other's. */
	CHECK(save(b, "x", "of b"));
	CHECK(save(none, "x", "of none"));
	CHECK(layouts_set_last(a, "x"));
	layouts_free(a);
	layouts_free(b);
	layouts_free(none);
	a = layouts_open(test_dir(), "/a.cfg");
	b = layouts_open(test_dir(), "/b.cfg");
	none = layouts_open(test_dir(), NULL);
	CHECK_STR(layouts_text(a, "x"), "of a");
	CHECK_STR(layouts_text(b, "x"), "of b");
	CHECK_STR(layouts_text(none, "x"), "of none");
	CHECK(layouts_name(a, 1) == NULL);
	CHECK_STR(layouts_last(a), "x");
	CHECK(layouts_last(b) == NULL);
	layouts_free(a);
	layouts_free(b);
	layouts_free(none);
}

TEST(a_broken_file_is_moved_aside_and_not_overwritten)
{
	static const char *const broken[] = { "{\"layouts\":[{", "\x01\x02",
		"[1" };

	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct layouts *l;
		char *text;

		(void)test_write("layouts.json", broken[i]);
		l = layouts_open(test_dir(), "/a.cfg");
		CHECK(layouts_name(l, 0) == NULL);
		CHECK(save(l, "x", "text"));
		text = kept("layouts.json.broken");
		CHECK_STR(text, broken[i]);
		free(text);
		layouts_free(l);
		l = layouts_open(test_dir(), "/a.cfg");
		CHECK_STR(layouts_text(l, "x"), "text");
		layouts_free(l);
	}
}

TEST(entries_that_are_none_are_passed_over)
{
	struct layouts *l;

	(void)test_write("layouts.json",
	    "{\"layouts\":[1,null,{},{\"config\":\"/a.cfg\"},"
	    "{\"config\":\"/a.cfg\",\"name\":7,\"text\":\"t\"},"
	    "{\"config\":\"/a.cfg\",\"name\":\"x\",\"text\":\"t\","
	    "\"last\":\"yes\"}]}");
	l = layouts_open(test_dir(), "/a.cfg");
	CHECK_STR(layouts_name(l, 0), "x");
	CHECK(layouts_name(l, 1) == NULL);
	CHECK(layouts_last(l) == NULL);
	layouts_free(l);
}

TEST(the_file_is_the_users_alone_and_a_link_is_not_followed)
{
	struct layouts *l = layouts_open(test_dir(), "/a.cfg");
	char path[512], other[512], *text;
	struct stat st;

	CHECK(save(l, "x", "text"));
	snprintf(path, sizeof path, "%s/layouts.json", test_dir());
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK(unlink(path) == 0);
	snprintf(other, sizeof other, "%s", test_write("other", "mine"));
	CHECK(symlink(other, path) == 0);
	(void)save(l, "x", "text");
	text = kept("other");
	CHECK_STR(text, "mine");
	free(text);
	layouts_free(l);
}

TEST(without_a_folder_nothing_is_kept_and_it_is_said)
{
	struct layouts *l = layouts_open(NULL, "/a.cfg");

	CHECK(!save(l, "x", "text"));
	CHECK(strstr(err, "no state folder") != NULL);
	CHECK(layouts_set_last(l, "x"));
	layouts_free(l);
	l = layouts_open("/proc/none", "/a.cfg");
	CHECK(!save(l, "x", "text"));
	CHECK(strstr(err, "/proc/none/layouts.json") != NULL);
	layouts_free(l);
}
