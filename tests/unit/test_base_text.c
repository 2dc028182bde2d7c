#include <string.h>

#include "rackmux/base/text.h"
#include "test.h"

#define BAD "\xef\xbf\xbd"

static const char *
cleaned(const char *s)
{
	static char out[256];

	return text_clean(out, sizeof out, s, strlen(s));
}

TEST(what_is_hostile_is_replaced)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "plain", "plain" },
		{ "a\tb\nc\rd", "a b c d" },
		{ "\x1b[31m", BAD "[31m" },
		{ "\x7f\x01\x08", BAD BAD BAD },
		/* C1 as UTF-8 and as a raw byte */
		{ "\xc2\x9b"
		  "2J",
		    BAD "2J" },
		{ "\x9b"
		  "2J",
		    BAD "2J" },
		/* overlong slash, overlong NUL, surrogate, beyond the end */
		{ "\xc0\xaf", BAD BAD },
		{ "\xe0\x80\xaf", BAD BAD BAD },
		{ "\xc0\x80", BAD BAD },
		{ "\xf0\x80\x80\xaf", BAD BAD BAD BAD },
		{ "\xed\xa0\x80", BAD BAD BAD },
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD },
		{ "\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD },
		{ "\xff\xfe", BAD BAD },
		/* RLO, isolate, ALM, ZWSP, ZWJ, BOM, soft hyphen */
		{ "a\xe2\x80\xae"
		  "b",
		    "a" BAD "b" },
		{ "\xe2\x81\xa6", BAD },
		{ "\xd8\x9c", BAD },
		{ "\xe2\x80\x8b", BAD },
		{ "\xe2\x80\x8d", BAD },
		{ "\xef\xbb\xbf", BAD },
		{ "\xc2\xad", BAD },
		/* tag A, private use, noncharacters, line separator */
		{ "\xf3\xa0\x81\x81", BAD },
		{ "\xee\x80\x80", BAD },
		{ "\xef\xbf\xbf", BAD },
		{ "\xef\xb7\x90", BAD },
		{ "\xe2\x80\xa8", BAD },
		/* variation selector, regional indicator, filler */
		{ "\xef\xb8\x8f", BAD },
		{ "\xf0\x9f\x87\xa9", BAD },
		{ "\xe3\x85\xa4", BAD },
		/* unassigned: nobody knows its width */
		{ "\xcd\xb8", BAD },
		/* cut in the middle */
		{ "a\xe2\x82", "a" BAD },
		{ "a\xc3", "a" BAD },
		{ "a\xc3z", "a" BAD "z" },
		/* a mark without a base */
		{ "\xcc\x81", BAD },
		/* what is fine stays */
		{ "\xc3\xa9\xe2\x82\xac\xe6\xbc\xa2\xf0\x9f\x98\x80",
		    "\xc3\xa9\xe2\x82\xac\xe6\xbc\xa2\xf0\x9f\x98\x80" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		CHECK_STR(cleaned(t[i].in), t[i].out);
}

TEST(a_nul_inside_is_replaced)
{
	char out[16];

	CHECK_STR(text_clean(out, sizeof out, "a\0b", 3), "a" BAD "b");
}

TEST(marks_stop_at_five)
{
	char in[64] = "e", want[64] = "e", out[64];

	for (int i = 0; i < 20; i++)
		memcpy(in + 1 + 2 * i, "\xcc\x81", 3);
	for (int i = 0; i < 5; i++)
		memcpy(want + 1 + 2 * i, "\xcc\x81", 3);
	CHECK_STR(text_clean(out, sizeof out, in, strlen(in)), want);
	CHECK_INT(text_width(out), 1);
}

TEST(cleaning_twice_changes_nothing_and_leaves_only_what_is_ok)
{
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		char in[24], once[80], twice[80];
		size_t n = 0, len;

		for (; n < sizeof in; n++) {
			seed = seed * 1103515245u + 12345u;
			in[n] = (char)(seed >> 16);
		}
		text_clean(once, sizeof once, in, n);
		len = strlen(once);
		CHECK_STR(text_clean(twice, sizeof twice, once, len), once);
		for (size_t i = 0; i < len;) {
			uint32_t cp;

			i += text_decode(once + i, len - i, &cp, NULL);
			CHECK(text_cp_ok(cp));
		}
	}
}

TEST(clean_cuts_at_a_character)
{
	char out[6];

	CHECK_STR(text_clean(out, 1, "abc", 3), "");
	CHECK_STR(text_clean(out, 4, "abcdef", 6), "abc");
	CHECK_STR(text_clean(out, 4, "ab\xe2\x82\xac", 5), "ab");
	CHECK_STR(text_clean(out, 6, "ab\xe2\x82\xac", 5), "ab\xe2\x82\xac");
	out[0] = 'x';
	text_clean(out, 0, "abc", 3);
	CHECK(out[0] == 'x');
}

TEST(every_code_point_decodes_to_itself)
{
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char s[4];
		uint32_t back;
		size_t n;
		bool more;

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		n = text_encode(cp, s);
		CHECK_INT(text_decode(s, n, &back, NULL), n);
		CHECK_INT(back, cp);
		for (size_t i = 1; i < n; i++) {
			CHECK_INT(text_decode(s, i, &back, &more), 0);
			CHECK(more);
		}
	}
}

TEST(widths)
{
	static const struct {
		uint32_t cp;
		int width;
	} t[] = {
		{ 'a', 1 },
		{ 0xe9, 1 },
		{ 0x301, 0 },
		{ 0x9cd, 0 }, /* a mark outside of the usual scripts */
		{ 0x1161, 0 }, /* Hangul vowel */
		{ 0x2502, 1 },
		{ 0x2588, 1 },
		{ 0x2800, 1 },
		{ 0x3042, 2 },
		{ 0x6f22, 2 },
		{ 0xff21, 2 },
		{ 0x1f600, 2 },
		{ 0x26a1, 2 },
		{ 0x26a0, 1 },
		{ 0xfffd, 1 },
		/* hostile: drawn as U+FFFD */
		{ 0x200b, 1 },
		{ 0x34f, 1 },
		{ 0xe0041, 1 },
		{ 0x110000, 1 },
	};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		CHECK_INT(text_cp_width(t[i].cp), t[i].width);
	CHECK_INT(text_width("a\xe6\xbc\xa2\xcc\x81z"), 4);
	CHECK_INT(text_width(""), 0);
	CHECK(!text_cp_ok(0x110000));
	CHECK(!text_cp_ok(0));
}

TEST(fit)
{
	char out[32];

	CHECK_STR(text_fit(out, sizeof out, "abc", 3, false), "abc");
	CHECK_STR(text_fit(out, sizeof out, "abcd", 3, true), "ab~");
	CHECK_STR(
	    text_fit(out, sizeof out, "abcd", 3, false), "ab\xe2\x80\xa6");
	CHECK_STR(text_fit(out, sizeof out, "abcd", 1, true), "~");
	CHECK_STR(text_fit(out, sizeof out, "abcd", 0, true), "");
	CHECK_STR(text_fit(out, sizeof out, "abcd", -4, true), "");
	/* half of a wide character does not fit */
	CHECK_STR(text_fit(out, sizeof out, "a\xe6\xbc\xa2z", 3, true), "a~");
	/* its marks stay with the last one */
	CHECK_STR(
	    text_fit(out, sizeof out, "e\xcc\x81xyz", 2, true), "e\xcc\x81~");
}

TEST(long_numbers)
{
	long v = 7;

	CHECK(str_long(" 42 \n", 0, 100, &v));
	CHECK_INT(v, 42);
	CHECK(str_long("-5", -5, 0, &v));
	CHECK_INT(v, -5);
	v = 7;
	CHECK(!str_long("", 0, 100, &v));
	CHECK(!str_long("  ", 0, 100, &v));
	CHECK(!str_long("12abc", 0, 100, &v));
	CHECK(!str_long("1 2", 0, 100, &v));
	CHECK(!str_long("0x10", 0, 100, &v));
	CHECK(!str_long("101", 0, 100, &v));
	CHECK(!str_long("-1", 0, 100, &v));
	CHECK(!str_long("99999999999999999999", 0, __LONG_MAX__, &v));
	CHECK(!str_long("--1", -5, 5, &v));
	CHECK_INT(v, 7);
}

TEST(double_numbers)
{
	double v = 7;

	CHECK(str_double(" 1.5\n", &v) && v > 1.49 && v < 1.51);
	CHECK(str_double("-3e2", &v) && v < -299 && v > -301);
	v = 7;
	CHECK(!str_double("", &v));
	CHECK(!str_double("inf", &v));
	CHECK(!str_double("-INFINITY", &v));
	CHECK(!str_double("nan", &v));
	CHECK(!str_double("0x1p3", &v));
	CHECK(!str_double("1e999", &v));
	CHECK(!str_double("1,5", &v));
	CHECK(!str_double("12V", &v));
	CHECK(v > 6.9 && v < 7.1);
}

TEST(copy_and_format_never_tear_a_character)
{
	char out[6];

	CHECK(str_copy(out, sizeof out, "abcde"));
	CHECK(!str_copy(out, sizeof out, "abcdef"));
	CHECK_STR(out, "abcde");
	CHECK(!str_copy(out, sizeof out, "abc\xe2\x82\xac"));
	CHECK_STR(out, "abc");
	CHECK(!str_copy(out, sizeof out, "ab\xe2\x82\xacz"));
	CHECK_STR(out, "ab\xe2\x82\xac");
	CHECK(!str_format(out, sizeof out, "%d-%s", 12, "xyz"));
	CHECK_STR(out, "12-xy");
	CHECK(!str_copy(out, 0, "a"));
}

TEST(lines_and_words)
{
	char text[] = "one\r\n\ntwo  x\ty ", *p = text, *w;

	CHECK_STR(str_line(&p), "one");
	CHECK_STR(str_line(&p), "");
	w = str_line(&p);
	CHECK_STR(w, "two  x\ty ");
	CHECK(str_line(&p) == NULL);
	CHECK_STR(str_word(&w), "two");
	CHECK_STR(str_word(&w), "x");
	CHECK_STR(str_word(&w), "y");
	CHECK(str_word(&w) == NULL);
}

TEST(trim_starts_ends)
{
	char a[] = " \t x y \n", b[] = "   ";

	CHECK_STR(str_trim(a), "x y");
	CHECK_STR(str_trim(b), "");
	CHECK(str_starts("abc", "ab") && !str_starts("a", "ab"));
	CHECK(str_ends("abc", "bc") && !str_ends("c", "bc"));
}
