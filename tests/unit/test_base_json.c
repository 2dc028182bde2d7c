#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/json.h"
#include "rackmux/base/text.h"
#include "test.h"

static struct json *
parse(const char *s)
{
	return json_parse(s, strlen(s), NULL, 0);
}

TEST(reads_what_is_there_and_nothing_else)
{
	struct json *j = parse("{\"a\":[1,2.5,\"x\",true,null],\"b\":{}}");
	struct json *a = json_get(j, "a");
	double d = 7;
	bool b = false;

	CHECK(json_is_object(j) && json_is_array(a));
	CHECK_INT(json_size(a), 5);
	CHECK_INT(json_size(j), 2);
	CHECK(json_num(json_at(a, 1), &d) && d > 2.4 && d < 2.6);
	CHECK_STR(json_str(json_at(a, 2)), "x");
	CHECK(json_bool(json_at(a, 3), &b) && b);
	CHECK(json_str(json_at(a, 0)) == NULL);
	CHECK(!json_num(json_at(a, 2), &d));
	CHECK(!json_num(json_at(a, 4), &d));
	CHECK(!json_bool(json_at(a, 0), &b));
	CHECK(json_at(a, 5) == NULL);
	CHECK(json_get(j, "none") == NULL);
	CHECK(json_get(a, "a") == NULL);
	json_free(j);
}

TEST(nothing_in_gives_nothing_out)
{
	double d;
	bool b;

	CHECK(json_get(NULL, "a") == NULL);
	CHECK(json_at(NULL, 0) == NULL);
	CHECK_INT(json_size(NULL), 0);
	CHECK(!json_is_array(NULL) && !json_is_object(NULL));
	CHECK(json_str(NULL) == NULL);
	CHECK(!json_num(NULL, &d) && !json_bool(NULL, &b));
	json_free(NULL);
}

TEST(what_is_no_json_is_refused_with_a_reason)
{
	static const char *const t[] = { "", " ", "{", "[1,]", "{\"a\":}",
		"{'a':1}", "nul", "1 2", "\"\xff\"", "\"a\nb\"", "\"\\ud800\"",
		"\"\\u0000\"", "NaN", "Infinity", "1e999", "{\"a\":1}}",
		"\x1b[31m" };
	char err[200];

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		err[0] = '\0';
		if (json_parse(t[i], strlen(t[i]), err, sizeof err) != NULL)
			test_fail(__FILE__, __LINE__, "took %s", t[i]);
		CHECK(str_starts(err, "line "));
		CHECK(strchr(err, 0x1b) == NULL);
	}
	CHECK(parse("[") == NULL);
}

TEST(depth_is_bounded)
{
	size_t n = 200000;
	char *s = malloc(n);

	memset(s, '[', n);
	CHECK(json_parse(s, n, NULL, 0) == NULL);
	free(s);
}

TEST(a_counter_beyond_64_bits_hurts_no_other_value)
{
	struct json *j = parse("{\"n\":99999999999999999999,\"m\":3}");
	double d;

	CHECK(json_num(json_get(j, "n"), &d) && d > 9e19);
	CHECK(json_num(json_get(j, "m"), &d) && d > 2.9 && d < 3.1);
	json_free(j);
}

TEST(writes_in_order_on_one_line)
{
	struct json *j = json_new_object(), *a = json_new_array();
	char *s;

	json_set_str(j, "z", "x\n\"");
	json_set_num(j, "a", 4);
	json_set_num(j, "m", 0.1);
	json_set_num(j, "nan", NAN);
	json_set_num(j, "inf", INFINITY);
	json_set_int(j, "big", 1234567890123456789);
	json_set_bool(j, "b", true);
	json_set_null(j, "n");
	json_set_str(j, "none", NULL);
	json_set_str(j, "bad", "a\xff");
	json_add(a, json_new_object());
	json_add_str(a, "y");
	json_set(j, "list", a);
	s = json_text(j);
	CHECK_STR(s,
	    "{\"z\":\"x\\n\\\"\",\"a\":4,\"m\":0.1,\"nan\":null,\"inf\":null,"
	    "\"big\":1234567890123456789,\"b\":true,\"n\":null,\"none\":null,"
	    "\"bad\":\"a\xef\xbf\xbd\",\"list\":[{},\"y\"]}");
	free(s);
	json_free(j);
}
