/* The table of keys, and the guess at what was meant. */
#include "../lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/app/options.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

TEST(table_is_whole)
{
	for (size_t i = 0; i < option_table_len; i++) {
		const struct option *o = &option_table[i];

		CHECK(o->meaning[0] != '\0');
		CHECK(option_find(o->group, o->key) == o);
		if (o->type == OPT_INT || o->type == OPT_NUMBER) {
			CHECK(o->min < o->max);
		} else if (o->type != OPT_BOOL && o->type != OPT_GROUP) {
			CHECK(o->max >= 1);
		}
	}
}

TEST(defaults_are_in_range)
{
	for (size_t i = 0; i < option_table_len; i++) {
		const struct option *o = &option_table[i];
		double v;

		if ((o->type != OPT_INT && o->type != OPT_NUMBER) ||
		    o->standard[0] == '(' || o->standard[0] == '\0')
			continue;
		CHECK(str_double(o->standard, &v));
		CHECK(v >= o->min && v <= o->max);
	}
}

TEST(defaults_are_set)
{
	struct opts_top top = { 0 };
	struct opts_board board = { 0 };

	options_default(OPT_TOP, &top);
	CHECK(top.poll == 2.0);
	CHECK_STR(top.theme, "default");
	CHECK_INT(top.max_rate, 0);
	options_release(OPT_TOP, &top);
	CHECK(top.theme == NULL);
	options_default(OPT_BOARD, &board);
	CHECK_INT(board.height, 1);
	CHECK(board.user == NULL);
	options_release(OPT_BOARD, &board);
}

TEST(the_meant_word_is_found)
{
	static const char *const words[] = { "name", "type", "unit", "height",
		"link", "slots", "identity", "known_hosts", "poll", "nodes" };
	const size_t n = ARRAY_LEN(words);

	CHECK_STR(diag_nearest("nmae", words, n), "name");
	CHECK_STR(diag_nearest("Name", words, n), "name");
	CHECK_STR(diag_nearest("hieght", words, n), "height");
	CHECK_STR(diag_nearest("slot", words, n), "slots");
	CHECK_STR(diag_nearest("known_host", words, n), "known_hosts");
	CHECK_STR(diag_nearest("ident", words, n), "identity");
	CHECK_STR(diag_nearest("poll_interval", words, n), "poll");
	CHECK(diag_nearest("colour", words, n) == NULL);
	CHECK(diag_nearest("x", words, n) == NULL);
	CHECK(diag_nearest("", words, n) == NULL);
	CHECK(diag_nearest("a-word-that-is-longer-than-any-key-there-ever-was",
		  words, n) == NULL);
}

TEST(paths_begin_at_home_or_at_the_file)
{
	char *p;

	CHECK(setenv("HOME", "/home/op", 1) == 0);
	p = option_path("~/k", "/etc/rackmux");
	CHECK_STR(p, "/home/op/k");
	free(p);
	p = option_path("/k", "/etc/rackmux");
	CHECK_STR(p, "/k");
	free(p);
	p = option_path("k", "/etc/rackmux");
	CHECK_STR(p, "/etc/rackmux/k");
	free(p);
	p = option_path("k", ".");
	CHECK_STR(p, "k");
	free(p);
}
