#include "rackmux/app/app.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"

/* What more than one command does. */

struct config *
app_config(const struct cli *cli)
{
	struct diags d = { 0 };
	struct config *c = NULL;
	char *path = cli->text[CLIOPT_CONFIG] != NULL
	    ? mem_strdup(cli->text[CLIOPT_CONFIG])
	    : config_find(&d);

	if (path != NULL)
		c = config_load(path, &d);
	if (c == NULL) {
		fprintf(stderr, "rackmux: the configuration cannot be used:\n");
		print_diags(stderr, &d);
	}
	diags_release(&d);
	free(path);
	return c;
}

struct app_signals {
	struct loop *loop;
	struct sig *sigs[3];
	int caught;
};

static void
on_signal(void *arg, int signum)
{
	struct app_signals *s = arg;

	s->caught = signum;
	loop_stop(s->loop);
}

struct app_signals *
app_signals_new(struct loop *loop)
{
	static const int which[] = { SIGINT, SIGTERM, SIGHUP };
	struct app_signals *s = mem_alloc(sizeof *s);

	s->loop = loop;
	for (size_t i = 0; i < ARRAY_LEN(which); i++) {
		struct sigaction now;

		/* Started by nohup: SIGHUP stays ignored. */
		if (sigaction(which[i], NULL, &now) == 0 &&
		    now.sa_handler == SIG_IGN)
			continue;
		s->sigs[i] = sig_new(loop, which[i], on_signal, s);
	}
	return s;
}

void
app_signals_free(struct app_signals *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(s->sigs); i++)
		sig_free(s->sigs[i]);
	free(s);
}

int
app_signals_caught(const struct app_signals *s)
{
	return s->caught;
}

static double
ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* How steadily boards were asked: from one answer to the next. */
static void
add_periods(struct json *j, const struct model *m)
{
	unsigned long long n = 0, sum = 0, max = 0;

	for (size_t i = 0; i < m->n_boards; i++)
		for (int k = 0; k <= m->boards[i]->slots; k++) {
			const struct board *b = m->boards[i];
			const struct origin *o =
			    k == 0 ? b->origin : b->nodes[k - 1]->inband;

			if (o == NULL)
				continue;
			n += o->periods;
			sum += o->period_sum;
			max = o->period_max > max ? o->period_max : max;
		}
	json_set_int(j, "periods", (long long)n);
	json_set_num(j, "period_mean_ms", n > 0 ? (double)sum / (double)n : 0);
	json_set_int(j, "period_max_ms", (long long)max);
}

/* By its real path: the same file named in two ways is one configuration. */
void
app_journal(struct session *s, const struct config *c)
{
	char *dir = config_state_dir();
	char *path = c != NULL ? realpath(c->path, NULL) : NULL;

	session_journal(s, dir, path);
	free(path);
	free(dir);
}

void
app_write_stats(const struct cli *cli, struct loop *loop, struct session *s,
    uint64_t started_ms)
{
	const char *path = cli->text[CLIOPT_STATS];
	struct loop_stats turns;
	struct rusage use;
	unsigned long long bytes;
	struct json *j;
	char *text;
	FILE *f;

	if (path == NULL)
		return;
	loop_stats(loop, &turns);
	getrusage(RUSAGE_SELF, &use);
	j = json_new_object();
	json_set_int(j, "wall_ms", (long long)(loop_now(loop) - started_ms));
	json_set_num(j, "user_ms", ms_of(use.ru_utime));
	json_set_num(j, "system_ms", ms_of(use.ru_stime));
	json_set_int(j, "max_rss_kb", use.ru_maxrss);
	json_set_int(j, "links", (long long)session_links(s, &bytes));
	json_set_int(j, "bytes", (long long)bytes);
	json_set_int(j, "turns", (long long)turns.turns);
	json_set_int(j, "max_turn_wall_us", (long long)turns.max_wall_us);
	json_set_int(j, "max_turn_cpu_us", (long long)turns.max_cpu_us);
	add_periods(j, session_model(s));
	text = json_text(j);
	f = fopen(path, "we");
	if (f == NULL || fprintf(f, "%s\n", text) < 0)
		fprintf(stderr, "rackmux: cannot write %s\n", path);
	if (f != NULL)
		fclose(f);
	free(text);
	json_free(j);
}
