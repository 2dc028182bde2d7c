#include "rackmux/driver/drivers.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "report.h"

/*
 * The template of a driver. To write one:
 *
 *  1. Copy this file, name the driver, add it to drivers.h and to table.c.
 *  2. Write the probe: plain POSIX sh that prints "name value" lines and ends
 *     with a line "end". It is sent once per connection; a poll is its name.
 *     Read files with rm_..._get (a builtin: no process is started), start a
 *     program only for what no file tells, and print "-" for what is not
 *     there. ${RACKMUX_ROOT-} stands before each path, so that a test can lay
 *     out a machine in a folder. No tabs: on a serial console they would be
 *     taken for completion.
 *  3. Parse its lines. What a board says is hostile: ignore lines that do not
 *     fit, and report through struct report, which checks the numbers.
 *  4. For each value of names.def that an operator would look for and that
 *     this board cannot have, say so once per connection with drv_unknown()
 *     and a sentence. Unknown is not zero.
 *  5. Answer can() for every action: NULL, or a sentence that says why not and
 *     what to do instead.
 *  6. Put transcripts of real answers into tests/transcripts/.
 */

struct skel {
	struct drv drv; /* first: a struct drv * is one of these */
	struct report report;
	bool
	    defined; /* the link knows our functions, also when it reconnects */
	bool told; /* what this board cannot have was said */
};

static const char get_body[] = "x=\n"
			       "{ read -r x <\"$1\"; } 2>/dev/null\n"
			       "[ -n \"$x\" ] || x=-\n";

static const char probe_body[] = "R=${RACKMUX_ROOT-}\n"
				 "rm_skel_get \"$R/proc/uptime\"\n"
				 "printf 'up %s\\n' \"${x%% *}\"\n"
				 "printf 'end\\n'\n";

static struct drv *
skel_open(void)
{
	struct skel *s = mem_alloc(sizeof *s);

	report_init(&s->report, &s->drv, SOURCE_NODE);
	return &s->drv;
}

static void
skel_close(struct drv *d)
{
	struct skel *s = (struct skel *)d;

	report_release(&s->report);
	free(s);
}

static void
skel_reset(struct drv *d)
{
	struct skel *s = (struct skel *)d;

	s->told = false;
	report_clear(&s->report);
}

/* What cannot be known here, and why. */
static void
tell_missing(struct skel *s)
{
	if (s->told)
		return;
	s->told = true;
	drv_unknown(&s->drv, s->drv.config.slot, NAME_POWER_WATTS, NULL,
	    SOURCE_NODE, "This machine does not measure its power.");
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct skel *s = arg;
	char *copy, *at, *line;

	if (!answer_open(&s->drv, r, &copy))
		return; /* the round was told stale */
	at = copy;
	while ((line = str_line(&at)) != NULL) {
		char *key = str_word(&line);
		char *value = str_word(&line);

		if (key != NULL && strcmp(key, "up") == 0)
			report_field(&s->report, s->drv.config.slot,
			    NAME_UPTIME, NULL, value, 1,
			    "/proc/uptime cannot be read.");
	}
	tell_missing(s);
	report_sweep(&s->report, "It is not reported any more.");
	free(copy);
	drv_fresh(&s->drv); /* last: the sink may poll again */
}

static void
skel_poll(struct drv *d)
{
	struct skel *s = (struct skel *)d;

	if (!s->defined) {
		d->link.define(d->link.arg, "rm_skel_get", get_body);
		d->link.define(d->link.arg, "rm_skel", probe_body);
		s->defined = true;
	}
	d->link.run(d->link.arg, "rm_skel", POLL_TIMEOUT(d), on_answer, d);
}

static const char *
skel_can(struct drv *d, int slot, enum act act)
{
	(void)d;
	(void)slot;
	(void)act;
	return "The template of a driver does nothing: copy it.";
}

static int
skel_match(const char *facts)
{
	(void)facts;
	return 0;
}

const struct driver driver_skel = {
	.type = "skel",
	.title = "Template",
	.open = skel_open,
	.poll = skel_poll,
	.close = skel_close,
	.can = skel_can,
	.match = skel_match,
	.reset = skel_reset,
};
