#include "util.h"

#include <errno.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * What a small Linux has in /bin, over the simulated files. Options are those
 * that scripts use; an unknown one is passed over, as an old busybox would.
 */

#define SLURP_MAX (1024 * 1024)

const struct builtin *
util_find(const char *name)
{
	const struct builtin *const tables[] = { util_files_table,
		util_text_table, util_system_table };

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct builtin *b = tables[t]; b->name != NULL; b++)
			if (strcmp(b->name, name) == 0)
				return b;
	return NULL;
}

bool
util_option(int argc, char **argv, char c)
{
	for (int i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0';
	     i++) {
		if (strcmp(argv[i], "--") == 0)
			return false;
		if (argv[i][1] != '-' && strchr(argv[i] + 1, c) != NULL)
			return true;
	}
	return false;
}

int
util_operand(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++)
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
	return i;
}

static bool
slurp_stdin(struct sh *sh, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = proc_read(sh->p, chunk, sizeof chunk)) > 0) {
		sh_step(sh);
		if (!buf_add(out, chunk, (size_t)n))
			break;
	}
	return n >= 0;
}

bool
util_slurp(struct sh *sh, const char *name, struct buf *out)
{
	char path[600];
	int err;

	if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdin") == 0)
		return slurp_stdin(sh, out);
	if (strcmp(name, "/dev/null") == 0)
		return true;
	if (strcmp(name, "/dev/zero") == 0 ||
	    strcmp(name, "/dev/urandom") == 0) {
		static const char zeros[4096];

		while (out->len < 65536)
			buf_add(out, zeros, sizeof zeros);
		return true;
	}
	sh_path(sh, name, path, sizeof path);
	err = vfs_read(proc_machine(sh->p)->vfs, path, out);
	if (err < 0)
		proc_err(sh->p, "%s: %s\n", name, strerror(-err));
	return err >= 0;
}

bool
util_gather(struct sh *sh, int argc, char **argv, int from, struct buf *out)
{
	bool ok = true;

	if (from >= argc)
		return slurp_stdin(sh, out);
	for (int i = from; i < argc; i++)
		ok = util_slurp(sh, argv[i], out) && ok;
	return ok;
}

bool
util_line(const char **s, size_t *left, const char **line, size_t *len)
{
	const char *nl;

	if (*left == 0)
		return false;
	nl = memchr(*s, '\n', *left);
	*line = *s;
	*len = nl != NULL ? (size_t)(nl - *s) : *left;
	*s += *len + (nl != NULL);
	*left -= *len + (nl != NULL);
	return true;
}
