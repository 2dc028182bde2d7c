/* What was done is written down, and what was interrupted is found again. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/app/journal.h"
#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define NOW 1700000000000

static const char *
path_of(const char *name)
{
	static char path[600];

	str_format(path, sizeof path, "%s/%s", test_dir(), name);
	return path;
}

static char *
content(const char *name)
{
	FILE *f = fopen(path_of(name), "re");
	char *text = mem_alloc(1 << 20);
	size_t n;

	CHECK(f != NULL);
	n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static void
save(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(path_of(name), "we");

	CHECK(f != NULL && fwrite(text, 1, len, f) == len);
	CHECK(fclose(f) == 0);
}

static size_t
interrupted(struct journal_open_cycle *out)
{
	return journal_interrupted(test_dir(), "/etc/r.cfg", NOW, out, 8);
}

TEST(an_action_is_two_lines)
{
	struct journal *j = journal_open(test_dir(), "/etc/r.cfg");
	char id[JOURNAL_ID], *text, *end;
	struct json *line;
	struct stat st;
	double at;

	CHECK(j != NULL);
	CHECK(stat(path_of("journal.jsonl"), &st) != 0);
	journal_begin(j, NOW, "tp2-a/1", ACT_POWER_CYCLE, id);
	CHECK(stat(path_of("journal.jsonl"), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	text = content("journal.jsonl");
	CHECK(strstr(text, "\"phase\":\"begin\"") != NULL);
	free(text);
	journal_end(j, NOW + 5, id, "tp2-a/1", ACT_POWER_CYCLE, ACT_OK,
	    "port \"5\"\nis on");
	text = content("journal.jsonl");
	end = strchr(text, '\n');
	CHECK(end != NULL && end[1] == '{' && strchr(end + 1, '\n')[1] == '\0');
	line = json_parse(end + 1, strlen(end + 1), NULL, 0);
	CHECK_STR(json_str(json_get(line, "node")), "tp2-a/1");
	CHECK_STR(json_str(json_get(line, "act")), "power.cycle");
	CHECK_STR(json_str(json_get(line, "outcome")), "ok");
	CHECK_STR(json_str(json_get(line, "id")), id);
	CHECK(json_num(json_get(line, "at"), &at) && at > NOW);
	CHECK(json_str(json_get(line, "who")) != NULL);
	json_free(line);
	free(text);
	journal_close(j);
}

TEST(a_begin_without_an_end_is_found)
{
	struct journal *j = journal_open(test_dir(), "/etc/r.cfg");
	struct journal_open_cycle v[8];
	char a[JOURNAL_ID], b[JOURNAL_ID], c[JOURNAL_ID];

	CHECK_INT(interrupted(v), 0);
	journal_begin(j, NOW - 9000, "box/1", ACT_POWER_CYCLE, a);
	journal_begin(j, NOW - 8000, "box/2", ACT_POWER_CYCLE, b);
	journal_begin(j, NOW - 8000, "box/3", ACT_POWER_OFF, c);
	CHECK_INT(interrupted(v), 2);
	journal_end(j, NOW, b, "box/2", ACT_POWER_CYCLE, ACT_FAILED, "no");
	CHECK_INT(interrupted(v), 1);
	CHECK_STR(v[0].node, "box/1");
	CHECK_STR(v[0].id, a);
	CHECK_INT(v[0].at, NOW - 9000);
	CHECK(v[0].who[0] != '\0');
	/* Of another configuration it is another node. */
	CHECK_INT(journal_interrupted(test_dir(), "/x", NOW, v, 8), 0);
	/* What its own program did not know is not known afterwards. */
	journal_end(j, NOW, a, "box/1", ACT_POWER_CYCLE, ACT_UNCERTAIN, "lost");
	CHECK_INT(interrupted(v), 1);
	/* A switch-on that failed leaves it so, one that went well does not. */
	journal_begin(j, NOW, "box/1", ACT_POWER_ON, b);
	journal_end(j, NOW, b, "box/1", ACT_POWER_ON, ACT_FAILED, "no");
	CHECK_INT(interrupted(v), 1);
	journal_begin(j, NOW, "box/1", ACT_POWER_ON, b);
	journal_end(j, NOW, b, "box/1", ACT_POWER_ON, ACT_OK, "on");
	CHECK_INT(interrupted(v), 0);
	journal_close(j);
}

/* A crash tears the last line; garbage is no line at all. */
TEST(torn_and_strange_lines_are_passed_over)
{
	static const char good[] =
	    "{\"at\":1699999990000,\"who\":\"ann\",\"id\":\"999999999-1-1\","
	    "\"config\":\"/etc/r.cfg\",\"node\":\"b/1\","
	    "\"act\":\"power.cycle\",\"phase\":\"begin\"}\n";
	static const char bad[] = "\0\xff{{{\n[]\n{\"at\":\"x\"}\n"
				  "{\"at\":1e300,\"phase\":\"begin\"}\n"
				  "{\"at\":1,\"phase\":7,\"id\":{}}\n\n";
	struct journal_open_cycle v[8];
	char text[2048];
	size_t n = sizeof good - 1, m = sizeof bad - 1;

	memcpy(text, bad, m);
	memcpy(text + m, good, n);
	memcpy(text + m + n, good, n - 20);
	save("journal.jsonl", text, m + n + n - 20);
	CHECK_INT(interrupted(v), 1);
	CHECK_STR(v[0].who, "ann");
	save("journal.jsonl", good, n - 1);
	CHECK_INT(interrupted(v), 0);
	save("journal.jsonl", "", 0);
	CHECK_INT(interrupted(v), 0);
}

/* What is written after a torn line is not torn with it. */
TEST(a_line_after_a_torn_one_is_whole)
{
	static const char half[] = "{\"at\":1699999990000,\"who\":\"ann\"";
	struct journal_open_cycle v[8];
	char id[JOURNAL_ID];
	struct journal *j;

	save("journal.jsonl", half, sizeof half - 1);
	j = journal_open(test_dir(), "/etc/r.cfg");
	journal_begin(j, NOW - 9000, "b/1", ACT_POWER_CYCLE, id);
	CHECK_INT(interrupted(v), 1);
	CHECK_STR(v[0].node, "b/1");
	journal_end(j, NOW, id, "b/1", ACT_POWER_CYCLE, ACT_OK, "on");
	CHECK_INT(interrupted(v), 0);
	journal_close(j);
}

TEST(a_journal_that_was_taken_away_is_begun_anew)
{
	struct journal *j = journal_open(test_dir(), "/etc/r.cfg");
	struct journal_open_cycle v[8];
	char id[JOURNAL_ID];

	journal_begin(j, NOW, "b/1", ACT_LOCATE_ON, id);
	CHECK(unlink(path_of("journal.jsonl")) == 0);
	journal_begin(j, NOW - 9000, "b/2", ACT_POWER_CYCLE, id);
	CHECK_INT(interrupted(v), 1);
	CHECK_STR(v[0].node, "b/2");
	journal_close(j);
}

/* While another program is still at it, nothing was interrupted; but numbers
 * of processes come again. */
TEST(what_another_program_does_now_is_not_interrupted)
{
	struct journal_open_cycle v[8];
	char text[512];

	str_format(text, sizeof text,
	    "{\"at\":%lld,\"who\":\"ann\",\"id\":\"%ld-1-1\","
	    "\"config\":\"/etc/r.cfg\",\"node\":\"b/1\","
	    "\"act\":\"power.cycle\",\"phase\":\"begin\"}\n",
	    (long long)NOW - 5000, (long)getppid());
	save("journal.jsonl", text, strlen(text));
	CHECK_INT(interrupted(v), 0);
	CHECK_INT(
	    journal_interrupted(test_dir(), "/etc/r.cfg", NOW + 600000, v, 8),
	    1);
}

TEST(it_is_bounded)
{
	struct journal_open_cycle v[8];
	struct journal *j, *other;
	char id[JOURNAL_ID], *text;
	struct stat st;
	int fd;

	j = journal_open(test_dir(), "/etc/r.cfg");
	other = journal_open(test_dir(), "/etc/r.cfg");
	journal_begin(j, NOW, "b/8", ACT_LOCATE_ON, id);
	journal_begin(other, NOW, "b/9", ACT_LOCATE_ON, id);
	fd = open(path_of("journal.jsonl"), O_WRONLY);
	CHECK(fd >= 0 && ftruncate(fd, JOURNAL_MAX - 200) == 0);
	CHECK(pwrite(fd, "\n", 1, JOURNAL_MAX - 201) == 1 && close(fd) == 0);
	journal_begin(j, NOW, "b/1", ACT_POWER_CYCLE, id);
	CHECK(stat(path_of("journal.jsonl.1"), &st) != 0);
	journal_begin(j, NOW, "b/2", ACT_LOCATE_ON, id);
	journal_begin(j, NOW, "b/3", ACT_LOCATE_ON, id);
	CHECK(stat(path_of("journal.jsonl.1"), &st) == 0);
	/* The other one notices, and does not rename the new file. */
	journal_begin(other, NOW, "b/4", ACT_LOCATE_ON, id);
	text = content("journal.jsonl");
	CHECK(strstr(text, "b/4") != NULL && strlen(text) < 1000);
	free(text);
	/* What began before the change of files is still found. */
	CHECK_INT(interrupted(v), 1);
	CHECK_STR(v[0].node, "b/1");
	journal_close(j);
	journal_close(other);
}

TEST(a_link_in_its_place_is_not_followed)
{
	struct journal_open_cycle v[8];
	char target[700], id[JOURNAL_ID];
	struct journal *j;

	str_format(target, sizeof target, "%s/elsewhere", test_dir());
	CHECK(symlink(target, path_of("journal.jsonl")) == 0);
	j = journal_open(test_dir(), "");
	journal_begin(j, NOW, "b/1", ACT_POWER_CYCLE, id);
	journal_close(j);
	CHECK(access(target, F_OK) != 0);
	CHECK_INT(interrupted(v), 0);
	CHECK(unlink(path_of("journal.jsonl")) == 0);
	CHECK(mkfifo(path_of("journal.jsonl"), 0600) == 0);
	CHECK_INT(interrupted(v), 0);
}

TEST(without_a_folder_nothing_is_kept)
{
	char id[JOURNAL_ID];

	CHECK(journal_open(NULL, NULL) == NULL);
	CHECK_INT(journal_interrupted(NULL, NULL, NOW, NULL, 0), 0);
	journal_begin(NULL, NOW, "b/1", ACT_POWER_ON, id);
	CHECK(id[0] != '\0');
	journal_end(NULL, NOW, id, "b/1", ACT_POWER_ON, ACT_OK, "done");
	journal_close(NULL);
}
