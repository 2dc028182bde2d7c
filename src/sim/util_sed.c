#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* sed, as far as the boards' scripts go. */

struct sed_addr {
	long line; /* 0: none; -1: $ */
	bool re;
	regex_t rx;
};

struct sed_cmd {
	struct sed_addr from, to;
	bool negate, in_range;
	char op;
	regex_t rx;
	char *with;
	bool global, print;
};

#define SED_MAX 16

struct sed {
	struct sed_cmd cmds[SED_MAX];
	int n;
};

char *
util_part(const char **p, char delim)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	while (**p != '\0' && **p != delim) {
		if (**p == '\\' && (*p)[1] == delim)
			(*p)++;
		else if (**p == '\\' && (*p)[1] != '\0')
			buf_add(&b, (*p)++, 1);
		buf_add(&b, (*p)++, 1);
	}
	if (**p == delim)
		(*p)++;
	s = mem_strndup(buf_str(&b), b.len);
	buf_release(&b);
	return s;
}

static bool
sed_address(const char **p, struct sed_addr *a, int flags)
{
	if (isdigit((unsigned char)**p)) {
		char *end;

		a->line = strtol(*p, &end, 10);
		*p = end;
	} else if (**p == '$') {
		a->line = -1;
		(*p)++;
	} else if (**p == '/') {
		char *re;

		(*p)++;
		re = util_part(p, '/');
		a->re = regcomp(&a->rx, re, flags) == 0;
		free(re);
		return a->re;
	}
	return true;
}

static bool
sed_parse(struct sed *sed, const char *p, int flags)
{
	while (*p != '\0') {
		struct sed_cmd *c = &sed->cmds[sed->n];

		p += strspn(p, " \t;\n");
		if (*p == '\0')
			break;
		if (sed->n == SED_MAX)
			return false;
		if (!sed_address(&p, &c->from, flags))
			return false;
		if (*p == ',') {
			p++;
			if (!sed_address(&p, &c->to, flags))
				return false;
		}
		p += strspn(p, " ");
		if (*p == '!') {
			c->negate = true;
			p++;
		}
		c->op = *p++;
		if (c->op == 's' || c->op == 'y') {
			char delim = *p++, *re;

			re = util_part(&p, delim);
			c->with = util_part(&p, delim);
			if (regcomp(&c->rx, re, flags) != 0) {
				free(re);
				free(c->with);
				return false;
			}
			free(re);
			for (; *p == 'g' || *p == 'p'; p++) {
				c->global = c->global || *p == 'g';
				c->print = c->print || *p == 'p';
			}
		} else if (strchr("pdq", c->op) == NULL || c->op == '\0') {
			return false;
		}
		sed->n++;
	}
	return true;
}

static bool
sed_at(const struct sed_addr *a, const char *line, long n, bool last)
{
	if (a->re)
		return regexec(&a->rx, line, 0, NULL, 0) == 0;
	return a->line == -1 ? last : a->line == n;
}

static bool
sed_selected(struct sed_cmd *c, const char *line, long n, bool last)
{
	bool two = c->to.re || c->to.line != 0, hit;

	if (!c->from.re && c->from.line == 0)
		return true;
	if (!two)
		return sed_at(&c->from, line, n, last) != c->negate;
	if (!c->in_range) {
		hit = sed_at(&c->from, line, n, last);
		c->in_range = hit && !(c->to.line > 0 && c->to.line <= n);
	} else {
		hit = true;
		c->in_range = !sed_at(&c->to, line, n, last);
	}
	return hit != c->negate;
}

static bool
sed_subst(const struct sed_cmd *c, struct buf *line)
{
	const char *s = buf_str(line);
	regmatch_t m[10];
	struct buf out;
	bool any = false;
	int flags = 0;

	buf_init(&out, 0);
	while (regexec(&c->rx, s, 10, m, flags) == 0) {
		any = true;
		buf_add(&out, s, (size_t)m[0].rm_so);
		for (const char *w = c->with; *w != '\0'; w++) {
			int g = -1;

			if (*w == '&')
				g = 0;
			else if (*w == '\\' && isdigit((unsigned char)w[1]))
				g = *++w - '0';
			else if (*w == '\\' && w[1] == 'n' && w++)
				buf_add(&out, "\n", 1);
			else if (*w == '\\' && w[1] != '\0')
				buf_add(&out, ++w, 1);
			else
				buf_add(&out, w, 1);
			if (g >= 0 && m[g].rm_so >= 0)
				buf_add(&out, s + m[g].rm_so,
				    (size_t)(m[g].rm_eo - m[g].rm_so));
		}
		if (m[0].rm_eo == m[0].rm_so) {
			if (s[m[0].rm_eo] == '\0') {
				s += m[0].rm_eo;
				break;
			}
			buf_add(&out, s + m[0].rm_eo, 1);
			s += m[0].rm_eo + 1;
		} else {
			s += m[0].rm_eo;
		}
		flags = REG_NOTBOL;
		if (!c->global)
			break;
	}
	buf_puts(&out, s);
	if (any) {
		struct buf old = *line;

		*line = out;
		out = old;
	}
	buf_release(&out);
	return any;
}

static void
sed_run(struct sh *sh, struct sed *sed, const struct buf *in, bool quiet)
{
	const char *s = buf_str(in), *line;
	size_t left = in->len, len;
	long n = 0;

	while (util_line(&s, &left, &line, &len) && !proc_dead(sh->p)) {
		struct buf b;
		bool deleted = false, quit = false;

		buf_init(&b, 0);
		buf_add(&b, line, len);
		n++;
		sh_step(sh);
		for (int i = 0; i < sed->n && !deleted; i++) {
			struct sed_cmd *c = &sed->cmds[i];

			if (!sed_selected(c, buf_str(&b), n, left == 0))
				continue;
			if (c->op == 'd')
				deleted = true;
			else if (c->op == 'p' ||
			    (c->op == 's' && sed_subst(c, &b) && c->print))
				proc_printf(sh->p, "%s\n", buf_str(&b));
			quit = quit || c->op == 'q';
		}
		if (!deleted && !quiet)
			proc_printf(sh->p, "%s\n", buf_str(&b));
		buf_release(&b);
		if (quit)
			break;
	}
}

static void
sed_release(struct sed *sed)
{
	for (int i = 0; i < sed->n; i++) {
		struct sed_cmd *c = &sed->cmds[i];

		if (c->from.re)
			regfree(&c->from.rx);
		if (c->to.re)
			regfree(&c->to.rx);
		if (c->with != NULL)
			regfree(&c->rx);
		free(c->with);
	}
	free(sed);
}

/* sed -i: each file becomes what would have been printed of it. */
static bool
sed_in_place(struct sh *sh, struct sed *sed, char *name, bool quiet)
{
	struct proc_std *std = proc_std(sh->p), saved = *std;
	char *argv[] = { name }, path[600];
	struct buf in, out;
	bool ok;

	buf_init(&in, 4 * 1024 * 1024);
	buf_init(&out, 4 * 1024 * 1024);
	ok = util_gather(sh, 1, argv, 0, &in);
	if (ok) {
		std->out.kind = OUT_BUF;
		std->out.buf = &out;
		sed_run(sh, sed, &in, quiet);
		*std = saved;
		ok = vfs_write(proc_machine(sh->p)->vfs,
			 sh_path(sh, name, path, sizeof path), buf_str(&out),
			 out.len, false) == 0;
	}
	buf_release(&in);
	buf_release(&out);
	return ok;
}

int
u_sed(struct sh *sh, int argc, char **argv)
{
	struct sed *sed = mem_alloc(sizeof *sed);
	bool quiet = false, have = false, ok = true, in_place = false;
	int i = 1, flags = 0;
	struct buf b;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		quiet = quiet || strchr(argv[i], 'n') != NULL;
		in_place = in_place || argv[i][1] == 'i';
		if (strpbrk(argv[i], "Er") != NULL)
			flags = REG_EXTENDED;
		if (strchr(argv[i], 'e') != NULL && i + 1 < argc) {
			ok = sed_parse(sed, argv[++i], flags) && ok;
			have = true;
		}
	}
	if (!have && i < argc)
		ok = sed_parse(sed, argv[i++], flags);
	buf_init(&b, 4 * 1024 * 1024);
	if (!ok)
		proc_err(sh->p, "sed: unsupported command\n");
	else if (in_place)
		for (; i < argc; i++)
			ok = sed_in_place(sh, sed, argv[i], quiet) && ok;
	else if (util_gather(sh, argc, argv, i, &b))
		sed_run(sh, sed, &b, quiet);
	else
		ok = false;
	buf_release(&b);
	sed_release(sed);
	return ok ? 0 : 1;
}
