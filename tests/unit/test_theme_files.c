/*
 * The theme files that we ship say what is built in, so that a copy of one
 * is a true start for a theme of one's own.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/test.h"
#include "rackmux/app/config.h"
#include "rackmux/app/themefile.h"
#include "rackmux/base/mem.h"

TEST(shipped_files_are_the_builtin_themes)
{
	static const char *const names[] = { "default", "high-contrast",
		"mono" };
	const char *slash = strrchr(__FILE__, '/');
	int len = slash != NULL ? (int)(slash - __FILE__) : 1;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct theme *want = theme_builtin(names[i]);
		struct theme got;
		struct diags d = { 0 };
		char *path = mem_printf("%.*s/../../themes/%s.theme", len,
		    slash != NULL ? __FILE__ : ".", names[i]);

		CHECK(themefile_load(path, &got, &d));
		CHECK_STR(got.name, names[i]);
		for (int r = 0; r < ROLE_COUNT; r++) {
			CHECK_INT(got.roles[r].fg, want->roles[r].fg);
			CHECK_INT(got.roles[r].bg, want->roles[r].bg);
			CHECK_INT(got.roles[r].flags, want->roles[r].flags);
		}
		free(path);
	}
}

TEST(the_light_theme_has_no_mistake)
{
	const char *slash = strrchr(__FILE__, '/');
	char *path = mem_printf("%.*s/../../themes/light.theme",
	    slash != NULL ? (int)(slash - __FILE__) : 1,
	    slash != NULL ? __FILE__ : ".");
	struct theme got;
	struct diags d = { 0 };

	CHECK(themefile_load(path, &got, &d));
	CHECK_STR(got.name, "light");
	CHECK_INT(got.roles[ROLE_HOT].fg, COLOUR_RGB | 0xc25700);
	free(path);
}
