#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "util.h"

/* awk: only "[/re/] {print $N, ...}". */

static void
awk_print(struct sh *sh, const char *what, const char *line, const char *fs)
{
	struct fields f = { 0 };
	const char *p = line;

	while (*p != '\0') {
		size_t n;

		if (fs == NULL)
			p += strspn(p, " \t");
		n = fs == NULL ? strcspn(p, " \t") : strcspn(p, fs);
		if (n > 0 || fs != NULL)
			fields_add(&f, p, n);
		p += n;
		if (*p != '\0' && fs != NULL)
			p++;
	}
	what += strspn(what, " ");
	if (*what == '}' || *what == '\0')
		proc_puts(sh->p, line);
	while (*what != '\0' && *what != '}') {
		if (*what == '$') {
			char *end;
			long n = strtol(what + 1, &end, 10);

			if (str_starts(what, "$NF")) {
				n = f.n;
				end = (char *)(uintptr_t)what + 3;
			}
			what = end;
			proc_puts(sh->p,
			    n == 0         ? line
				: n <= f.n ? f.v[n - 1]
					   : "");
		} else if (*what == '"') {
			size_t n = strcspn(++what, "\"");

			proc_out(sh->p, what, n);
			what += n + (what[n] == '"');
		} else if (*what == ',') {
			proc_puts(sh->p, " ");
			what++;
		} else {
			what++;
		}
	}
	proc_puts(sh->p, "\n");
	fields_free(&f);
}

int
u_awk(struct sh *sh, int argc, char **argv)
{
	const char *fs = NULL, *prog, *print, *s, *line;
	int i = 1;
	regex_t re;
	bool has_re = false;
	long nr = 0, want = 0;
	size_t left, len;
	struct buf b;

	for (; i < argc && argv[i][0] == '-'; i++)
		if (argv[i][1] == 'F')
			fs = argv[i][2] != '\0' ? argv[i] + 2
			    : i + 1 < argc      ? argv[++i]
						: " ";
	if (i >= argc)
		return 2;
	prog = argv[i] + strspn(argv[i], " ");
	print = strstr(prog, "print");
	if (*prog == '/') {
		char *pat;

		prog++;
		pat = util_part(&prog, '/');
		has_re = regcomp(&re, pat, REG_EXTENDED) == 0;
		free(pat);
	} else if (str_starts(prog, "NR==")) {
		want = strtol(prog + 4, NULL, 10);
	} else if (*prog != '{') {
		proc_err(sh->p, "awk: this program is beyond this machine\n");
		return 2;
	}
	buf_init(&b, 4 * 1024 * 1024);
	util_gather(sh, argc, argv, i + 1, &b);
	s = buf_str(&b);
	left = b.len;
	while (util_line(&s, &left, &line, &len)) {
		char *copy = mem_strndup(line, len);

		nr++;
		if ((!has_re || regexec(&re, copy, 0, NULL, 0) == 0) &&
		    (want == 0 || want == nr))
			awk_print(sh, print ? print + 5 : "", copy, fs);
		free(copy);
	}
	if (has_re)
		regfree(&re);
	buf_release(&b);
	return 0;
}
