/*
 * transcript - a conversation with a board as a text file, replayed.
 *
 *   # a comment
 *   * poll                    the round begins
 *   > rm_tp                   what must be sent (the last line, if it has
 *                             several); what follows, up to the next
 *   rail 1 enabled            line with one of these marks, comes back
 *   end
 *   ~ clusterctrl on p1       the same; what must be sent holds this
 *   = 1 power.state board on  SLOT NAME SOURCE VALUE
 *   = 1 temp.soc board ? why  unknown, and its reason holds "why"
 *   = fresh                   the last round went well
 *   = stale torn              it did not, and the reason holds "torn"
 *   = acted ok done           an action's outcome (ok failed uncertain), text
 *   = idle                    nothing else was sent
 *
 * and further marks: "! OUTCOME" after a ">" (died, timeout, notsent) instead
 * of an answer; "* reset", "* wait MS", "* act SLOT ACTION". \xNN stands for
 * a byte.
 */
#ifndef RM_TESTS_TRANSCRIPT_H
#define RM_TESTS_TRANSCRIPT_H

#include <stdlib.h>

#include "driver_fake.h"

struct transcript {
	const char *path;
	int line;
	struct fake *f;
	struct buf answer;
	bool answering;
	unsigned fresh, stale, acted;
};

#define TFAIL(t, ...) test_fail((t)->path, (t)->line, __VA_ARGS__)

static void
unescape(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		char hex[3] = { 0 };

		if (s[0] == '\\' && s[1] == 'x' && s[2] && s[3]) {
			char c;

			hex[0] = s[2];
			hex[1] = s[3];
			c = (char)strtol(hex, NULL, 16);
			buf_add(out, &c, 1);
			s += 3;
		} else
			buf_add(out, s, 1);
	}
}

static void
transcript_answer(struct transcript *t)
{
	if (!t->answering)
		return;
	t->answering = false;
	fake_answer_len(t->f, LINK_DONE, 0, buf_str(&t->answer),
	    t->answer.len, NULL);
	buf_clear(&t->answer);
}

static void
transcript_sent(struct transcript *t, const char *cmd)
{
	const char *sent, *nl;

	transcript_answer(t);
	if (t->f->runs == 0)
		TFAIL(t, "nothing was sent, not \"%s\"", cmd);
	sent = t->f->run[0].cmd;
	nl = strrchr(sent, '\n');
	if (nl != NULL)
		sent = nl + 1;
	if (strcmp(sent, cmd) != 0)
		TFAIL(t, "sent \"%s\", not \"%s\"", sent, cmd);
	t->answering = true;
}

static void
transcript_sent_part(struct transcript *t, const char *part)
{
	transcript_answer(t);
	if (t->f->runs == 0 || strstr(t->f->run[0].cmd, part) == NULL)
		TFAIL(t, "sent \"%s\", without \"%s\"",
		    t->f->runs > 0 ? t->f->run[0].cmd : "nothing", part);
	t->answering = true;
}

static void
transcript_outcome(struct transcript *t, const char *word)
{
	enum link_outcome o = strcmp(word, "died") == 0 ? LINK_DIED
	    : strcmp(word, "timeout") == 0		? LINK_TIMED_OUT
							: LINK_NOT_SENT;

	t->answering = false;
	fake_answer(t->f, o, 0, "", word);
}

static void
transcript_do(struct transcript *t, char *line)
{
	const struct driver *d = t->f->drv->driver;
	char *verb = str_word(&line), *a = str_word(&line);
	long n = 0;

	transcript_answer(t);
	if (strcmp(verb, "poll") == 0)
		d->poll(t->f->drv);
	else if (strcmp(verb, "reset") == 0)
		d->reset(t->f->drv);
	else if (strcmp(verb, "wait") == 0 && str_long(a, 0, 1000000, &n)) {
		t->f->now += (uint64_t)n;
		t->f->wall += n;
	} else if (strcmp(verb, "act") == 0 && str_long(a, 0, 64, &n)) {
		char *name = str_word(&line);

		for (int act = 0; act < ACT_MAX; act++)
			if (strcmp(act_name((enum act)act), name) == 0) {
				const char *s = d->can(t->f->drv, (int)n,
				    (enum act)act);

				if (s != NULL)
					TFAIL(t, "cannot: %s", s);
				d->act(t->f->drv, 7, (int)n, (enum act)act);
			}
	} else
		TFAIL(t, "no such verb");
}

static void
transcript_value(struct transcript *t, const char *slot, char *line)
{
	char *name = str_word(&line), *source = str_word(&line);
	char *want = line + strspn(line, " ");
	enum source s = SOURCE_BOARD;
	long n;

	if (!str_long(slot, 0, 64, &n) || source == NULL)
		TFAIL(t, "bad expectation");
	while (strcmp(source_name(s), source) != 0)
		if (++s > SOURCE_DERIVED)
			TFAIL(t, "no such source");
	if (strcmp(want, "-") == 0) {
		if (fake_find(t->f, (int)n, name, s) != NULL)
			TFAIL(t, "%s was reported", name);
	} else if (want[0] == '?')
		fake_expect(t->path, t->line, t->f, (int)n, name, s, NULL,
		    want + 1 + strspn(want + 1, " "));
	else
		fake_expect(t->path, t->line, t->f, (int)n, name, s, want,
		    NULL);
}

static void
transcript_expect(struct transcript *t, char *line)
{
	static const char *const outcomes[] = { "ok", "failed", "uncertain" };
	char *word = str_word(&line);

	transcript_answer(t);
	if (strcmp(word, "fresh") == 0) {
		if (t->f->fresh != ++t->fresh || t->f->stale != t->stale)
			TFAIL(t, "not fresh: %s", t->f->stale_why);
	} else if (strcmp(word, "stale") == 0) {
		if (t->f->stale != ++t->stale || t->f->fresh != t->fresh ||
		    strstr(t->f->stale_why, line) == NULL)
			TFAIL(t, "not stale so: %s", t->f->stale_why);
	} else if (strcmp(word, "idle") == 0) {
		if (t->f->runs != 0)
			TFAIL(t, "sent: %s", t->f->run[0].cmd);
	} else if (strcmp(word, "acted") == 0) {
		word = str_word(&line);
		if (t->f->acted != ++t->acted ||
		    strcmp(outcomes[t->f->outcome], word) != 0 ||
		    strstr(t->f->acted_text, line) == NULL)
			TFAIL(t, "acted %u times: %s %s", t->f->acted,
			    outcomes[t->f->outcome], t->f->acted_text);
	} else
		transcript_value(t, word, line);
}

static void
transcript_line(struct transcript *t, char *line)
{
	if (line[0] == '#')
		return;
	if (line[0] == '>' && line[1] == ' ')
		transcript_sent(t, line + 2);
	else if (line[0] == '~' && line[1] == ' ')
		transcript_sent_part(t, line + 2);
	else if (line[0] == '!' && line[1] == ' ')
		transcript_outcome(t, line + 2);
	else if (line[0] == '*' && line[1] == ' ')
		transcript_do(t, line + 2);
	else if (line[0] == '=' && line[1] == ' ')
		transcript_expect(t, line + 2);
	else if (t->answering) {
		unescape(&t->answer, line);
		buf_puts(&t->answer, "\n");
	} else if (line[0] != '\0')
		TFAIL(t, "a line without a mark: %s", line);
}

/* The file below tests/transcripts; the test runs where the source is, or
 * RM_SRC says where that is. line (else transcript_line) takes each line; t->f
 * was made by the caller and is freed here. */
static void
transcript_play(struct transcript *t, const char *name,
    void (*line_fn)(struct transcript *, char *))
{
	const char *src = getenv("RM_SRC");
	char path[512], line[8192];
	FILE *fp;

	t->path = name;
	str_format(path, sizeof path, "%s/tests/transcripts/%s.txt",
	    src != NULL ? src : ".", name);
	fp = fopen(path, "r");
	if (fp == NULL)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	buf_init(&t->answer, 0);
	while (fgets(line, sizeof line, fp) != NULL) {
		t->line++;
		line[strcspn(line, "\n")] = '\0';
		line_fn(t, line);
	}
	transcript_answer(t);
	if (t->f->fresh != t->fresh || t->f->stale != t->stale)
		TFAIL(t, "rounds that no line asked about");
	fclose(fp);
	buf_release(&t->answer);
	fake_free(t->f);
}

RM_UNUSED static void
transcript_run(const struct driver *driver, int slot, const char *name)
{
	struct transcript t = { .f = fake_new(driver, slot) };

	transcript_play(&t, name, transcript_line);
}

#endif
