#include "cfginclude.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/app/cfgtree.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * libconfig 1.5 ends the whole program ("input in flex scanner failed") when
 * an @include names a folder, waits for ever on a FIFO, and does not say
 * which file it could not open. A dashboard that reloads must survive what
 * is saved, so that the includes are looked at first. Where an @include
 * stands is found as libconfig's scanner finds it: at the start of a line,
 * outside comments and strings.
 */

#define DEPTH_MAX 10 /* as libconfig */
#define INCLUDES_MAX 1000

static FILE *
open_file(const char *path, struct diags *d)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *f;

	if (fd < 0) {
		diags_add(d, path, 0, "%s", strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		diags_add(d, path, 0, "is no file%s",
		    S_ISDIR(st.st_mode) ? " but a folder" : "");
		close(fd);
		return NULL;
	}
	if (st.st_size > CFG_FILE_MAX) {
		diags_add(d, path, 0, "is larger than %d MB",
		    CFG_FILE_MAX / 1024 / 1024);
		close(fd);
		return NULL;
	}
	f = fdopen(fd, "re");
	if (f == NULL)
		close(fd);
	return f;
}

char *
cfg_read_file(const char *path, struct diags *d)
{
	FILE *f = open_file(path, d);
	char *text;
	size_t len;
	bool bad;

	if (f == NULL)
		return NULL;
	text = mem_alloc(CFG_FILE_MAX + 2);
	len = fread(text, 1, CFG_FILE_MAX + 1, f);
	bad = ferror(f) || len > CFG_FILE_MAX || memchr(text, '\0', len);
	if (bad) {
		diags_add(d, path, 0, "cannot be read: %s",
		    ferror(f)                ? strerror(errno)
			: len > CFG_FILE_MAX ? "too large"
					     : "it is no text");
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

struct walk {
	const char *dir;
	struct diags *diags;
	unsigned count;
};

static bool
tell(struct walk *w, const char *file, unsigned line, const char *name,
    const char *why)
{
	diags_add(w->diags, file, line, "cannot include \"%s\": %s", name, why);
	return false;
}

static bool walk(struct walk *, char *text, const char *path, int depth);

static bool
check_one(struct walk *w, const char *name, const char *file, unsigned line,
    int depth)
{
	char *path = name[0] == '/' ? mem_strdup(name)
				    : mem_printf("%s/%s", w->dir, name);
	struct stat st;
	bool good = true;
	char *text;

	if (w->count++ > INCLUDES_MAX)
		good = tell(w, file, line, name, "too many files");
	else if (depth >= DEPTH_MAX)
		good = tell(w, file, line, name, "too deep");
	else if (stat(path, &st) < 0)
		good = tell(w, file, line, name, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		good = tell(w, file, line, name, "it is no file");
	else if (access(path, R_OK) < 0)
		good = tell(w, file, line, name, strerror(errno));
	if (good) {
		text = cfg_read_file(path, w->diags);
		good = text != NULL && walk(w, text, path, depth + 1);
		free(text);
	}
	free(path);
	return good;
}

/* text begins a line; the name of its @include, to free, or NULL. */
static char *
include_name(const char *text)
{
	const char *end;

	text += strspn(text, " \t");
	if (!str_starts(text, "@include"))
		return NULL;
	text += strlen("@include");
	if (*text != ' ' && *text != '\t')
		return NULL;
	text += strspn(text, " \t");
	if (*text != '"')
		return NULL;
	end = strpbrk(++text, "\"\n");
	return end != NULL && *end == '"'
	    ? mem_strndup(text, (size_t)(end - text))
	    : NULL;
}

/* The end of what begins here: a comment, a string, or one byte. */
static char *
skip(char *s)
{
	char *end;

	if (s[0] == '#' || (s[0] == '/' && s[1] == '/'))
		return s + strcspn(s, "\n");
	if (s[0] == '/' && s[1] == '*') {
		end = strstr(s + 2, "*/");
		return end != NULL ? end + 2 : s + strlen(s);
	}
	if (s[0] != '"')
		return s + 1;
	for (s++; *s != '\0' && *s != '"'; s++)
		if (s[0] == '\\' && s[1] != '\0')
			s++;
	return *s == '"' ? s + 1 : s;
}

static bool
walk(struct walk *w, char *text, const char *path, int depth)
{
	unsigned line = 1;
	bool good = true, start = true;

	for (char *s = text, *next; *s != '\0'; s = next) {
		char *name = start ? include_name(s) : NULL;

		if (name != NULL) {
			next = s + strcspn(s, "\n");
			if (!check_one(w, name, path, line, depth)) {
				memset(s, ' ', (size_t)(next - s));
				good = false;
			}
			free(name);
		} else {
			next = skip(s);
		}
		for (const char *c = s; c < next; c++)
			line += *c == '\n';
		start = next[-1] == '\n';
	}
	return good;
}

bool
cfg_check_includes(
    char *text, const char *path, const char *dir, struct diags *d)
{
	struct walk w = { .dir = dir, .diags = d };

	return walk(&w, text, path, 0);
}
