/*
 * golden - a screen beside the file that says how it was: text, roles and
 * flags of each cell. UPDATE=1 rewrites it; look at the difference before
 * committing it.
 */
#ifndef RM_TESTS_GOLDEN_H
#define RM_TESTS_GOLDEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/screen.h"
#include "test.h"

/* The day's clock stands in the header; it is not what we look at. */
static void
hide_clock(char *dump)
{
	char *line = strchr(dump, '\n') + 1, *stop = strchr(line, '\n');

	for (char *p = line; p + 8 <= stop; p++)
		if (p[2] == ':' && p[5] == ':' && strchr("012", p[0]) != NULL)
			memcpy(p, "21:04:12", 8);
}

/* The folder of the goldens lies beside this file in the source. */
static char *
golden_path(const char *name)
{
	const char *file = __FILE__, *slash = strrchr(file, '/');

	return mem_printf("%.*s/../golden/%s.txt",
	    slash != NULL ? (int)(slash - file) : 1, slash != NULL ? file : ".",
	    name);
}

static void
read_all(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	buf_init(b, 0);
	if (f == NULL)
		return;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(b, chunk, n);
	fclose(f);
}

static void
write_all(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		test_fail(path, 0, "%s", strerror(errno));
	fputs(text, f);
	fclose(f);
}

static void
show_difference(const char *want, const char *got)
{
	char *w = mem_strdup(want), *g = mem_strdup(got);
	char *pw = w, *pg = g, *lw, *lg;
	int line = 0;

	do {
		lw = str_line(&pw);
		lg = str_line(&pg);
		line++;
		if (!test_same(lw, lg))
			fprintf(stderr, "%4d -%s\n     +%s\n", line,
			    lw ? lw : "(end)", lg ? lg : "(end)");
	} while (lw != NULL || lg != NULL);
	free(w);
	free(g);
}

static void
golden_check(
    struct screen *screen, struct canvas *canvas, const char *name, int w,
    int h)
{
	char *full = mem_printf("%s-%dx%d", name, w, h);
	char *path = golden_path(full), *dump;
	const char *update = getenv("UPDATE");
	struct buf want;

	canvas_resize(canvas, w, h);
	screen_draw(screen, canvas);
	dump = canvas_dump(canvas);
	hide_clock(dump);
	if (update != NULL && strcmp(update, "1") == 0)
		write_all(path, dump);
	read_all(path, &want);
	if (strcmp(buf_str(&want), dump) != 0) {
		show_difference(buf_str(&want), dump);
		test_fail(path, 1, "the screen differs (UPDATE=1 rewrites)");
	}
	buf_release(&want);
	free(full);
	free(path);
	free(dump);
}

#endif
