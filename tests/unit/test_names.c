#include "test.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/driver/driver.h"

static bool
well_formed(const char *s)
{
	bool word = false;

	for (; *s != '\0'; s++) {
		if (*s == '.') {
			if (!word)
				return false;
			word = false;
		} else if ((*s >= 'a' && *s <= 'z') ||
		    (*s >= '0' && *s <= '9') || *s == '_')
			word = true;
		else if (*s == '*' && !word && (s[1] == '.' || s[1] == '\0'))
			word = true;
		else
			return false;
	}
	return word;
}

TEST(names_are_unique_and_well_formed)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		const struct name *n = &name_table[i];
		const char *star = strchr(n->name, '*');

		CHECK(well_formed(n->name));
		CHECK(star == NULL || strchr(star + 1, '*') == NULL);
		CHECK(n->meaning[0] != '\0');
		CHECK(n->unit != NULL);
		CHECK(n->decimals >= 0 && n->decimals <= 6);
		CHECK(n->type == NAME_NUMBER ||
		    (n->unit[0] == '\0' && n->decimals == 0 && !n->history));
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(name_table[k].name, n->name) != 0);
	}
}

/* Each name is found again, with its instance, and is no other's. */
TEST(names_are_found_again)
{
	char full[96], inst[40];

	for (size_t i = 0; i < NAME_COUNT; i++) {
		bool star = strchr(name_table[i].name, '*') != NULL;

		name_full((enum name_id)i, star ? "end0-x_1" : NULL, full,
		    sizeof full);
		CHECK_INT(name_find(full, inst, sizeof inst), i);
		CHECK_STR(inst, star ? "end0-x_1" : "");
	}
	CHECK_STR(name_full(NAME_LINK_IF_SPEED, "eth0", full, sizeof full),
	    "link.eth0.speed");
	CHECK_STR(name_full(NAME_BOARD_DISK_FREE, "sd", full, sizeof full),
	    "board.disk.sd.free");
	CHECK_STR(name_full(NAME_COUNT, "x", full, sizeof full), "");
	CHECK_STR(name_full(NAME_POWER_STATE, NULL, full, 6), "power");
}

TEST(names_that_are_none)
{
	char inst[40] = "x";

	CHECK_INT(name_find("", inst, sizeof inst), NAME_COUNT);
	CHECK_STR(inst, "");
	CHECK_INT(name_find("power", NULL, 0), NAME_COUNT);
	CHECK_INT(name_find("power.state.", NULL, 0), NAME_COUNT);
	CHECK_INT(name_find("link..speed", NULL, 0), NAME_COUNT);
	CHECK_INT(name_find("link.a.b.speed", NULL, 0), NAME_COUNT);
	CHECK_INT(name_find("temp.zone.", NULL, 0), NAME_COUNT);
	CHECK_INT(name_find("link.\x1b.speed", NULL, 0), NAME_COUNT);
	CHECK_INT(name_find("link.*.speed", NULL, 0), NAME_COUNT);
}

TEST(names_instances)
{
	CHECK(name_instance_ok("eth0"));
	CHECK(name_instance_ok("bigcore0-thermal"));
	CHECK(name_instance_ok("1234567890123456789012345678901"));
	CHECK(!name_instance_ok("12345678901234567890123456789012"));
	CHECK(!name_instance_ok(""));
	CHECK(!name_instance_ok(NULL));
	CHECK(!name_instance_ok("eth0.100"));
	CHECK(!name_instance_ok("a b"));
	CHECK(!name_instance_ok("\xc3\xa9"));
}

TEST(names_of_sources_and_acts)
{
	for (int s = SOURCE_BOARD; s <= SOURCE_DERIVED; s++) {
		CHECK(strcmp(source_name((enum source)s), "?") != 0);
		for (int k = SOURCE_BOARD; k < s; k++)
			CHECK(strcmp(source_name((enum source)s),
				  source_name((enum source)k)) != 0);
	}
	CHECK_STR(source_name((enum source)99), "?");
	CHECK_STR(act_name(ACT_POWER_ON), "power.on");
	CHECK_STR(act_name(ACT_MAX), "?");
	for (int a = 0; a < ACT_MAX; a++)
		CHECK(act_name((enum act)a) != NULL);
}
