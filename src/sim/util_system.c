#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rackmux/base/text.h"
#include "util.h"

/* Utilities that ask the machine, or run other commands. */

static int
print_file(struct sh *sh, const char *path, const char *otherwise)
{
	struct buf b;

	buf_init(&b, 1024 * 1024);
	if (vfs_read(proc_machine(sh->p)->vfs, path, &b) < 0)
		buf_puts(&b, otherwise);
	proc_out(sh->p, buf_str(&b), b.len);
	buf_release(&b);
	return 0;
}

static int
u_uname(struct sh *sh, int argc, char **argv)
{
	const struct machine *m = proc_machine(sh->p);
	bool all = util_option(argc, argv, 'a'), any = false;
	const char *const parts[] = { "Linux", m->hostname, m->kernel,
		"#1 SMP PREEMPT", m->arch, "GNU/Linux" };
	static const char letters[] = "snrvmo";

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!all && !util_option(argc, argv, letters[i]) &&
		    !(argc == 1 && i == 0))
			continue;
		proc_printf(
		    sh->p, "%s%s", any ? " " : "", parts[i] ? parts[i] : "");
		any = true;
	}
	proc_puts(sh->p, "\n");
	return 0;
}

static int
u_hostname(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_printf(sh->p, "%s\n", proc_machine(sh->p)->hostname);
	return 0;
}

static const char *
user(struct sh *sh)
{
	const char *u = sh_get(sh, "USER");

	return u != NULL ? u : "root";
}

static int
u_whoami(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_printf(sh->p, "%s\n", user(sh));
	return 0;
}

static int
u_id(struct sh *sh, int argc, char **argv)
{
	int uid = strcmp(user(sh), "root") == 0 ? 0 : 1000;

	if (util_option(argc, argv, 'u') && !util_option(argc, argv, 'n'))
		proc_printf(sh->p, "%d\n", uid);
	else if (util_option(argc, argv, 'n'))
		proc_printf(sh->p, "%s\n", user(sh));
	else
		proc_printf(sh->p, "uid=%d(%s) gid=%d(%s) groups=%d(%s)\n", uid,
		    user(sh), uid, user(sh), uid, user(sh));
	return 0;
}

static int
u_date(struct sh *sh, int argc, char **argv)
{
	time_t t = (time_t)(loop_wall(proc_machine(sh->p)->loop) / 1000);
	const char *fmt = "%a %b %e %H:%M:%S UTC %Y";
	char out[256];
	struct tm tm;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '+')
			fmt = argv[i] + 1;
	gmtime_r(&t, &tm);
	/* The format is the caller's, as date's is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strftime(out, sizeof out, fmt, &tm) == 0)
		out[0] = '\0';
#pragma GCC diagnostic pop
	proc_printf(sh->p, "%s\n", out);
	return 0;
}

static int
u_uptime(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	double up = 0, l1 = 0, l5 = 0, l15 = 0;

	(void)argc;
	(void)argv;
	buf_init(&b, 4096);
	vfs_read(proc_machine(sh->p)->vfs, "/proc/uptime", &b);
	up = strtod(buf_str(&b), NULL);
	buf_clear(&b);
	if (vfs_read(proc_machine(sh->p)->vfs, "/proc/loadavg", &b) == 0) {
		char *e;

		l1 = strtod(buf_str(&b), &e);
		l5 = strtod(e, &e);
		l15 = strtod(e, &e);
	}
	buf_release(&b);
	proc_printf(sh->p,
	    " 00:00:00 up %d days, %2d:%02d,  load average: %.2f, %.2f, "
	    "%.2f\n",
	    (int)(up / 86400), (int)(up / 3600) % 24, (int)(up / 60) % 60, l1,
	    l5, l15);
	return 0;
}

static int
u_free(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return print_file(sh, "/proc/meminfo", "");
}

static int
u_ip(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return print_file(sh, "/etc/sim/ip-addr", "");
}

static int
u_dmesg(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return print_file(sh, "/var/log/dmesg", "");
}

static int
u_mount(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return print_file(sh, "/proc/mounts", "");
}

static int
u_ps(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_puts(sh->p,
	    "  PID USER       VSZ STAT COMMAND\n"
	    "    1 root      2800 S    init\n"
	    " 4711 root      2800 S    sh\n");
	return 0;
}

static int
u_nproc(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	int n = 0;

	(void)argc;
	(void)argv;
	buf_init(&b, 64 * 1024);
	vfs_read(proc_machine(sh->p)->vfs, "/proc/cpuinfo", &b);
	for (const char *s = buf_str(&b); (s = strstr(s, "processor")) != NULL;
	     s++)
		n++;
	buf_release(&b);
	proc_printf(sh->p, "%d\n", n > 0 ? n : 1);
	return 0;
}

static int
u_env(struct sh *sh, int argc, char **argv)
{
	int i = 1;

	for (; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (argv[i][0] == '-')
			continue;
		if (eq == NULL)
			break;
		*eq = '\0';
		sh_set(sh, argv[i], eq + 1);
	}
	if (i < argc)
		return sh_run_args(sh, argc - i, argv + i);
	for (struct var *v = sh->vars; v != NULL; v = v->next)
		if (v->exported && v->value != NULL)
			proc_printf(sh->p, "%s=%s\n", v->name, v->value);
	return 0;
}

static int
u_sleep(struct sh *sh, int argc, char **argv)
{
	double s = argc > 1 ? strtod(argv[1], NULL) : 0;

	if (s > 0 && s < 1e6)
		proc_sleep(sh->p, (unsigned)(s * 1000));
	return 0;
}

/* sudo, nice, nohup, env-like prefixes: the rest runs as it is. */
static int
u_prefix(struct sh *sh, int argc, char **argv)
{
	int i = util_operand(argc, argv);

	if (strcmp(argv[0], "sudo") == 0 && i < argc &&
	    strcmp(argv[i - 1], "-u") == 0)
		i++;
	return i < argc ? sh_run_args(sh, argc - i, argv + i) : 0;
}

/* timeout [-s SIGNAL] [-k DURATION] DURATION COMMAND; busybox once had it
 * -t SECONDS. */
static int
u_timeout(struct sh *sh, int argc, char **argv)
{
	int i = 1, status;
	uint64_t outer;
	double s;

	for (; i + 1 < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-t") == 0)
			break;
		if (strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "-k") == 0)
			i++;
	}
	if (i < argc && strcmp(argv[i], "-t") == 0)
		i++;
	if (i + 1 >= argc) {
		proc_err(sh->p, "timeout: missing operand\n");
		return 125;
	}
	s = strtod(argv[i++], NULL);
	if (s <= 0 || s > 1e6)
		return sh_run_args(sh, argc - i, argv + i);
	outer = proc_deadline(sh->p, (unsigned)(s * 1000));
	status = sh_run_args(sh, argc - i, argv + i);
	return proc_deadline_end(sh->p, outer) ? 124 : status;
}

static int
u_yes(struct sh *sh, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "y";
	struct buf b;

	buf_init(&b, 0);
	while (b.len < 4000)
		buf_printf(&b, "%s\n", word);
	while (!sh_stop(sh) && proc_out(sh->p, buf_str(&b), b.len) == 0)
		proc_breathe(sh->p);
	buf_release(&b);
	return 0;
}

static int
u_seq(struct sh *sh, int argc, char **argv)
{
	long from = 1, step = 1, to;

	if (argc < 2)
		return 1;
	to = strtol(argv[argc - 1], NULL, 10);
	if (argc > 2)
		from = strtol(argv[1], NULL, 10);
	if (argc > 3)
		step = strtol(argv[2], NULL, 10);
	if (step == 0)
		return 1;
	for (long i = from; step > 0 ? i <= to : i >= to; i += step) {
		sh_step(sh);
		if (proc_dead(sh->p) || proc_printf(sh->p, "%ld\n", i) < 0)
			return 1;
	}
	return 0;
}

static int
u_expr(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	long long v = 0;
	bool ok;

	buf_init(&b, 0);
	for (int i = 1; i < argc; i++)
		buf_printf(
		    &b, "%s ", strcmp(argv[i], "=") == 0 ? "==" : argv[i]);
	ok = sh_arith(sh, buf_str(&b), &v);
	buf_release(&b);
	if (!ok)
		return 2;
	proc_printf(sh->p, "%lld\n", v);
	return v == 0;
}

static int
u_xargs(struct sh *sh, int argc, char **argv)
{
	struct fields f = { 0 };
	struct buf b;
	char *p, *w;
	int status = 0, i = util_operand(argc, argv);

	buf_init(&b, 256 * 1024);
	util_gather(sh, 0, argv, 0, &b);
	if (i >= argc)
		fields_add(&f, "echo", 4);
	for (; i < argc; i++)
		fields_add(&f, argv[i], strlen(argv[i]));
	for (size_t k = 0; k < b.len; k++)
		if (b.data[k] == '\n')
			b.data[k] = ' ';
	p = b.data;
	while (p != NULL && (w = str_word(&p)) != NULL)
		fields_add(&f, w, strlen(w));
	status = sh_run_args(sh, f.n, f.v);
	fields_free(&f);
	buf_release(&b);
	return status;
}

static int
u_od(struct sh *sh, int argc, char **argv)
{
	struct buf b;

	buf_init(&b, 64 * 1024);
	util_gather(sh, argc, argv, util_operand(argc, argv), &b);
	for (size_t i = 0; i < b.len; i++)
		proc_printf(sh->p, "%s%02x%s", i % 16 == 0 ? "" : " ",
		    (unsigned char)b.data[i],
		    i % 16 == 15 || i + 1 == b.len ? "\n" : "");
	buf_release(&b);
	return 0;
}

static int
u_tty(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (proc_tty(sh->p) == NULL) {
		proc_puts(sh->p, "not a tty\n");
		return 1;
	}
	proc_puts(sh->p, "/dev/pts/0\n");
	return 0;
}

static int
u_clear(struct sh *sh, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	proc_puts(sh->p, "\033[H\033[2J");
	return 0;
}

/* Jobs of its own; others are not told apart from what has ended. */
static int
u_kill(struct sh *sh, int argc, char **argv)
{
	int status = 0;
	long pid;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (!str_long(argv[i], 1, INT_MAX, &pid)) {
			proc_err(sh->p, "kill: invalid pid '%s'\n", argv[i]);
			status = 1;
		} else if (!proc_kill(sh->p, (int)pid)) {
			proc_err(sh->p,
			    "kill: can't kill pid %ld: No such process\n", pid);
			status = 1;
		}
	}
	return status;
}

static int
u_nothing(struct sh *sh, int argc, char **argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 0;
}

const struct builtin util_system_table[] = {
	{ "busybox", u_prefix, false },
	{ "clear", u_clear, false },
	{ "date", u_date, false },
	{ "dmesg", u_dmesg, false },
	{ "env", u_env, false },
	{ "expr", u_expr, false },
	{ "free", u_free, false },
	{ "halt", u_nothing, false },
	{ "hexdump", u_od, false },
	{ "hostname", u_hostname, false },
	{ "id", u_id, false },
	{ "ip", u_ip, false },
	{ "kill", u_kill, false },
	{ "logger", u_nothing, false },
	{ "mount", u_mount, false },
	{ "nice", u_prefix, false },
	{ "nohup", u_prefix, false },
	{ "nproc", u_nproc, false },
	{ "od", u_od, false },
	{ "poweroff", u_nothing, false },
	{ "ps", u_ps, false },
	{ "reboot", u_nothing, false },
	{ "seq", u_seq, false },
	{ "setsid", u_prefix, false },
	{ "sleep", u_sleep, false },
	{ "su", u_prefix, false },
	{ "sudo", u_prefix, false },
	{ "sync", u_nothing, false },
	{ "timeout", u_timeout, false },
	{ "tty", u_tty, false },
	{ "uname", u_uname, false },
	{ "uptime", u_uptime, false },
	{ "usleep", u_nothing, false },
	{ "whoami", u_whoami, false },
	{ "xargs", u_xargs, false },
	{ "yes", u_yes, false },
	{ NULL, NULL, false },
};
