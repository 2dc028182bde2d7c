#include "rackmux/ui/list.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"

/*
 * Power feeds in the details: where a node hangs and who hangs there with it;
 * what a board's feeds draw of what they may.
 */

static void
feed_load(const struct feed *f, char *out, size_t size)
{
	double watts, budget = feed_budget(f);
	int ports;

	if (!model_feed_totals(f, &watts, &ports))
		str_copy(out, size, "its power is not measured");
	else if (budget > 0)
		str_format(out, size, "%.1f W of %.0f W", watts, budget);
	else
		str_format(out, size, "%.1f W, no budget", watts);
}

/* The link of a feed, what it draws, and what is wrong with it. */
static void
list_one(struct list *l, const struct model *m, const struct feed *f)
{
	char text[256], load[96];

	if (f->origin != NULL)
		list_origin(l, m, "feed", f->origin);
	feed_load(f, load, sizeof load);
	str_format(text, sizeof text, "%s: %s", f->name, load);
	list_pair(l, "", ROLE_TEXT, text);
	if (feed_trouble(f, text, sizeof text))
		list_pair(l, "", ROLE_BAD, text);
}

void
list_feed(struct list *l, const struct model *m, const struct node *n)
{
	char text[256], others[200];

	if (n->feed == NULL)
		return;
	list_one(l, m, n->feed);
	if (feed_others(n, others, sizeof others) > 0) {
		str_format(text, sizeof text, "port %d, which also feeds %s",
		    n->feed_port, others);
		list_pair(l, "", ROLE_WARN, text);
	}
}

void
list_feeds(struct list *l, const struct model *m, const struct board *b)
{
	bool any = false;

	for (size_t i = 0; i < m->n_feeds; i++) {
		const struct feed *f = m->feeds[i];
		bool ours = false;

		for (size_t k = 0; k < f->n_fed && !ours; k++)
			ours = f->fed[k]->board == b;
		if (!ours)
			continue;
		if (!any)
			list_head(l, "feeds");
		any = true;
		list_one(l, m, f);
	}
}
