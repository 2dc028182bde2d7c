/*
 * rackmux-sim: a rack that is not there, over real SSH and real ptys.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rackmux/base/fd.h"
#include "rackmux/base/loop.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/conf.h"
#include "rackmux/sim/control.h"
#include "rackmux/sim/demo.h"
#include "rackmux/sim/fault.h"
#include "rackmux/sim/local.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/rack.h"
#include "rackmux/sim/sshd.h"
#include "rackmux/sim/writeconf.h"

#define FAULTS_MAX 64

struct options {
	const char *config, *write, *scenario, *control, *shell, *getty;
	const char *faults[FAULTS_MAX];
	int n_faults;
	long boards, seed;
	bool with_parent, quiet;
};

struct sim {
	struct options o;
	struct loop *loop;
	struct rack *rack;
	struct sshd *sshd;
	struct fault_plan *plan;
	struct demo *demo;
	struct control *control;
	struct sig *sigs[3];
	char *dir, *write;
};

static const char usage[] =
    "Usage: rackmux-sim [-c RACK.cfg] [--write-config FILE] [OPTION...]\n"
    "Serves a simulated rack on loopback until it is told to end.\n\n"
    "  -c, --config FILE      the rack; without it, that of the demo, in "
    "which\n"
    "                         things happen unless faults are given\n"
    "      --boards N         instead: N boards of one Linux node each\n"
    "      --write-config FILE  write a rackmux configuration that reaches "
    "it\n"
    "      --fault T:KIND[=ARG][@SECONDS[+DURATION]]\n"
    "      --scenario FILE    faults, one a line; SIGHUP reads it again\n"
    "      --control PATH     a socket that takes such lines\n"
    "      --list-faults      what KIND can be\n"
    "      --print-rack       the demo's rack, to begin one's own with\n"
    "      --seed N           the same seed, the same story\n"
    "      --with-parent      end when the parent does\n"
    "      --shell BOARD[/NODE]  that machine's shell, here\n"
    "      --getty BOARD[/NODE]  its login, on this terminal\n"
    "  -q, --quiet            do not say where things are\n"
    "      --version, --help\n";

static void
list_faults(void)
{
	char name[48];
	int i;

	for (i = 0; i < FAULT_COUNT; i++) {
		enum fault_kind k = (enum fault_kind)i;
		const char *arg = fault_arg_name(k);

		str_format(name, sizeof(name), "%s%s%s", fault_name(k),
		    *arg != '\0' ? "=" : "", arg);
		printf("%-18s %s\n", name, fault_meaning(k));
	}
}

static bool
number(const char *text, long min, long max, long *out)
{
	if (str_long(text, min, max, out))
		return true;
	fprintf(stderr, "rackmux-sim: \"%s\" is no number from %ld to %ld\n",
	    text, min, max);
	return false;
}

/* An option with its value. 0: go on; else exit with that status - 1. */
static int
set_option(struct options *o, int c, const char *value)
{
	switch (c) {
	case 'c':
		o->config = value;
		return 0;
	case 'w':
		o->write = value;
		return 0;
	case 'f':
		if (o->n_faults < FAULTS_MAX)
			o->faults[o->n_faults++] = value;
		return 0;
	case 's':
		o->scenario = value;
		return 0;
	case 'C':
		o->control = value;
		return 0;
	case 'b':
		return number(value, 1, 4096, &o->boards) ? 0 : 3;
	case 'S':
		return number(value, 0, 2147483647, &o->seed) ? 0 : 3;
	case 'x':
		o->shell = value;
		return 0;
	case 'g':
		o->getty = value;
		return 0;
	default:
		fputs("Try rackmux-sim --help.\n", stderr);
		return 3;
	}
}

static int
set_flag(struct options *o, int c)
{
	switch (c) {
	case 'p':
		o->with_parent = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'l':
		list_faults();
		return 1;
	case 'r':
		fputs(demo_rack(), stdout);
		return 1;
	case 'V':
		printf("rackmux-sim %s\n", RM_VERSION);
		return 1;
	default:
		fputs(usage, stdout);
		return 1;
	}
}

static int
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "write-config", required_argument, NULL, 'w' },
		{ "fault", required_argument, NULL, 'f' },
		{ "scenario", required_argument, NULL, 's' },
		{ "control", required_argument, NULL, 'C' },
		{ "boards", required_argument, NULL, 'b' },
		{ "seed", required_argument, NULL, 'S' },
		{ "shell", required_argument, NULL, 'x' },
		{ "getty", required_argument, NULL, 'g' },
		{ "list-faults", no_argument, NULL, 'l' },
		{ "print-rack", no_argument, NULL, 'r' },
		{ "with-parent", no_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, rc = 0;

	while (
	    rc == 0 && (c = getopt_long(argc, argv, "c:qh", longs, NULL)) != -1)
		rc = strchr("lrpqVh", c) != NULL ? set_flag(o, c)
						 : set_option(o, c, optarg);
	if (rc != 0 || optind == argc)
		return rc;
	fprintf(stderr, "rackmux-sim: what is \"%s\"?\n", argv[optind]);
	return 3;
}

static int
fail(const char *why)
{
	fprintf(stderr, "rackmux-sim: %s\n", why);
	return 1;
}

/* --- the rack --- */

static char *
absolute(const char *path)
{
	char *cwd, *out;

	if (path[0] == '/')
		return mem_strdup(path);
	cwd = getcwd(NULL, 0);
	out = mem_printf("%s/%s", cwd != NULL ? cwd : "", path);
	free(cwd);
	return out;
}

/* False with messages on stderr. */
static bool
build_rack(struct sim *s, struct buf *faults)
{
	struct buf err;
	int mistakes = 0;

	buf_init(&err, 0);
	if (s->o.boards > 0)
		demo_many(s->rack, (int)s->o.boards);
	else if (s->o.config != NULL)
		mistakes = conf_read(s->rack, s->o.config, faults, &err);
	else
		mistakes =
		    conf_read_text(s->rack, demo_rack(), "demo", faults, &err);
	fputs(buf_str(&err), stderr);
	buf_release(&err);
	return mistakes == 0;
}

static bool
plan_faults(struct sim *s, char *from_conf)
{
	char err[256], *line;
	int i;

	while ((line = str_line(&from_conf)) != NULL)
		if (fault_plan_line(s->plan, line, err, sizeof(err)) != 0) {
			fail(err);
			return false;
		}
	for (i = 0; i < s->o.n_faults; i++)
		if (fault_plan_line(
			s->plan, s->o.faults[i], err, sizeof(err)) != 0) {
			fail(err);
			return false;
		}
	if (s->o.scenario == NULL ||
	    fault_plan_file(s->plan, s->o.scenario, err, sizeof(err)) == 0)
		return true;
	fail(err);
	return false;
}

static void
on_signal(void *arg, int signum)
{
	struct sim *s = arg;
	char err[256];

	if (signum != SIGHUP) {
		loop_stop(s->loop);
		return;
	}
	if (s->o.scenario == NULL)
		return;
	fault_plan_clear(s->plan);
	if (fault_plan_file(s->plan, s->o.scenario, err, sizeof(err)) != 0)
		fail(err);
}

static void
tell(const struct sim *s)
{
	size_t i;
	int k, nodes = 0, feeds = 0;

	if (s->o.quiet)
		return;
	for (i = 0; i < s->rack->n_boards; i++) {
		feeds += s->rack->boards[i]->kind->feed;
		for (k = 0; k < s->rack->boards[i]->slots; k++)
			nodes += s->rack->boards[i]->nodes[k].model != NULL;
	}
	printf("%d boards, %d nodes, %d power feeds\n",
	    (int)s->rack->n_boards - feeds, nodes, feeds);
	if (s->write != NULL)
		printf("rackmux -c %s\n", s->write);
	fflush(stdout);
}

static int
serve(struct sim *s, struct buf *faults)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	char err[256];
	size_t i;

	if (s->o.write != NULL) {
		char *slash;

		s->write = absolute(s->o.write);
		s->dir = mem_strdup(s->write);
		if ((slash = strrchr(s->dir, '/')) != NULL)
			*slash = '\0';
		s->rack->dev_dir = s->dir;
	}
	if ((s->sshd = sshd_new(s->loop, err, sizeof(err))) == NULL ||
	    rack_start(s->rack, s->sshd, err, sizeof(err)) != 0)
		return fail(err);
	s->plan = fault_plan_new(s->rack);
	if (!plan_faults(s, faults->data))
		return 2;
	if (s->o.control != NULL &&
	    (s->control = control_new(
		 s->loop, s->plan, s->o.control, err, sizeof(err))) == NULL)
		return fail(err);
	if (s->o.config == NULL && s->o.boards == 0 && s->o.n_faults == 0 &&
	    s->o.scenario == NULL && s->o.control == NULL)
		s->demo = demo_new(s->rack);
	for (i = 0; i < ARRAY_LEN(signals); i++)
		s->sigs[i] = sig_new(s->loop, signals[i], on_signal, s);
	if (s->write != NULL &&
	    writeconf(s->rack, s->sshd, s->write, err, sizeof(err)) != 0)
		return fail(err);
	tell(s);
	loop_run(s->loop);
	return 0;
}

static void
release(struct sim *s)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(s->sigs); i++)
		sig_free(s->sigs[i]);
	demo_free(s->demo);
	control_free(s->control);
	fault_plan_free(s->plan);
	rack_free(s->rack);
	sshd_free(s->sshd);
	loop_free(s->loop);
	free(s->dir);
	free(s->write);
}

int
main(int argc, char **argv)
{
	struct sim s = { .o = { .seed = 1 } };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct buf faults;
	int rc = parse_options(&s.o, argc, argv);

	if (rc != 0)
		return rc - 1;
	if (s.o.with_parent) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == 1)
			return 1;
	}
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)fd_raise_limit();
	buf_init(&faults, 0);
	s.loop = loop_new();
	s.rack = rack_new(s.loop, (uint64_t)s.o.seed);
	if (!build_rack(&s, &faults))
		rc = 2;
	else if (s.o.shell != NULL || s.o.getty != NULL)
		rc =
		    local_run(s.rack, s.o.shell != NULL ? s.o.shell : s.o.getty,
			s.o.getty != NULL);
	else
		rc = serve(&s, &faults);
	release(&s);
	buf_release(&faults);
	return rc;
}
