#include "rackmux/app/status.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A table for people and for awk: one line a board or node, columns as wide
 * as what stands in them, no blanks within a column but the last. printf
 * pads by bytes, so that the padding is ours.
 */

enum column {
	COL_NODE,
	COL_NAME,
	COL_STATE,
	COL_TEMP,
	COL_WATTS,
	COL_LINK,
	COL_LOAD,
	COL_UPTIME,
	COL_WHY,
	COLUMNS
};

static const char *const heads[COLUMNS] = { "NODE", "NAME", "STATE", "TEMP",
	"POWER", "LINK", "LOAD", "UPTIME", "WHY" };

struct row {
	char *cell[COLUMNS];
};

struct table {
	struct row *rows;
	size_t n;
	bool utf8;
};

/* Blanks become nothing within a value ("48.2 °C"), and what the reader
 * cannot show is left out. */
static char *
squeeze(const char *s, bool utf8)
{
	char *out = mem_alloc(strlen(s) + 2), *to = out;

	for (; *s != '\0'; s++)
		if (*s != ' ' && (utf8 || (*s & 0x80) == 0))
			*to++ = *s;
	if (to == out)
		*to++ = '-';
	return out;
}

static char *
ascii_only(const char *s, bool utf8)
{
	char *out = mem_strdup(s);

	for (char *c = out; !utf8 && *c != '\0'; c++)
		if (*c & 0x80)
			*c = '?';
	return out;
}

static char *
cell(const struct table *t, const struct value *v)
{
	char text[128];

	if (value_state(v) == VALUE_UNKNOWN)
		return mem_strdup("-");
	value_format(v, text, sizeof text);
	if (value_state(v) == VALUE_STALE && strlen(text) + 2 < sizeof text) {
		size_t len = strlen(text);

		text[len] = '*'; /* too old */
		text[len + 1] = '\0';
	}
	return squeeze(text, t->utf8);
}

static struct row *
add_row(struct table *t)
{
	t->rows = mem_grow(t->rows, t->n + 1, sizeof *t->rows);
	memset(&t->rows[t->n], 0, sizeof *t->rows);
	return &t->rows[t->n++];
}

static void
add_board(struct table *t, const struct board *b)
{
	char why[256] = "";
	struct row *r = add_row(t);

	if (!board_trouble(b, why, sizeof why) && b->origin != NULL &&
	    b->origin->link != LINK_UP)
		str_copy(why, sizeof why, b->origin->why_text);
	r->cell[COL_NODE] = mem_strdup(b->name);
	r->cell[COL_NAME] = mem_strdup(b->type[0] != '\0' ? b->type : "-");
	r->cell[COL_STATE] =
	    mem_strdup(b->origin ? link_state_name(b->origin->link) : "-");
	r->cell[COL_TEMP] = cell(t, board_value(b, NAME_BOARD_TEMP, NULL));
	r->cell[COL_WATTS] = cell(t, board_value(b, NAME_BOARD_WATTS, NULL));
	r->cell[COL_LINK] = mem_strdup("-");
	r->cell[COL_LOAD] = cell(t, board_value(b, NAME_BOARD_LOAD, NULL));
	r->cell[COL_UPTIME] = cell(t, board_value(b, NAME_BOARD_UPTIME, NULL));
	r->cell[COL_WHY] = ascii_only(why, t->utf8);
}

/* Its whole output, and what is wrong with it. */
static void
add_feed(struct table *t, const struct feed *f)
{
	char why[256] = "", watts[32] = "-";
	struct row *r = add_row(t);
	double w;
	int ports;

	if (!feed_trouble(f, why, sizeof why) && f->origin != NULL &&
	    f->origin->link != LINK_UP)
		str_copy(why, sizeof why, f->origin->why_text);
	if (model_feed_totals(f, &w, &ports))
		str_format(watts, sizeof watts, "%.1fW", w);
	r->cell[COL_NODE] = mem_strdup(f->name);
	r->cell[COL_NAME] = mem_strdup(f->type);
	r->cell[COL_STATE] =
	    mem_strdup(f->origin ? link_state_name(f->origin->link) : "-");
	r->cell[COL_WATTS] = mem_strdup(watts);
	for (size_t c = 0; c < COLUMNS; c++)
		if (r->cell[c] == NULL)
			r->cell[c] = c == COL_WHY ? ascii_only(why, t->utf8)
						  : mem_strdup("-");
}

static char *
link_cell(const struct table *t, const struct node *n)
{
	const struct value *state = node_value(n, NAME_LINK_STATE, NULL);
	const struct value *speed = node_value(n, NAME_LINK_SPEED, NULL);

	if (value_state(speed) == VALUE_KNOWN && !value_is(state, "down"))
		return cell(t, speed);
	return cell(t, state);
}

static void
add_node(struct table *t, const struct node *n)
{
	char path[96], why[256] = "";
	struct row *r = add_row(t);

	(void)node_trouble(n, why, sizeof why);
	r->cell[COL_NODE] = mem_strdup(node_path(n, path, sizeof path));
	r->cell[COL_NAME] = mem_strdup(n->name[0] != '\0' ? n->name : "-");
	r->cell[COL_STATE] = mem_strdup(node_state_name(node_state(n)));
	r->cell[COL_TEMP] = cell(t, node_value(n, NAME_TEMP_SOC, NULL));
	r->cell[COL_WATTS] = cell(t, node_value(n, NAME_POWER_WATTS, NULL));
	r->cell[COL_LINK] = link_cell(t, n);
	r->cell[COL_LOAD] = cell(t, node_value(n, NAME_LOAD_1M, NULL));
	r->cell[COL_UPTIME] = cell(t, node_value(n, NAME_UPTIME, NULL));
	r->cell[COL_WHY] = ascii_only(why, t->utf8);
}

static bool
right_aligned(size_t c)
{
	return c >= COL_TEMP && c <= COL_UPTIME;
}

static void
print_row(FILE *f, const char *const *cells, const int *widths)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		int pad = widths[c] - text_width(cells[c]);

		if (c == COL_WHY) {
			fprintf(f, "%s%s\n", cells[c][0] ? "  " : "", cells[c]);
			return;
		}
		if (c > 0)
			fputs("  ", f);
		/* Blanks at the end of a line are only in the way. */
		if (right_aligned(c))
			fprintf(f, "%*s%s", pad, "", cells[c]);
		else
			fprintf(f, "%s%*s", cells[c], pad, "");
	}
}

static void
print_table(FILE *f, const struct table *t)
{
	int widths[COLUMNS];

	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = (int)strlen(heads[c]);
		for (size_t i = 0; i < t->n; i++) {
			int w = text_width(t->rows[i].cell[c]);

			if (w > widths[c])
				widths[c] = w;
		}
	}
	print_row(f, heads, widths);
	for (size_t i = 0; i < t->n; i++) {
		const char *cells[COLUMNS];

		for (size_t c = 0; c < COLUMNS; c++)
			cells[c] = t->rows[i].cell[c];
		print_row(f, cells, widths);
	}
}

void
status_text(
    FILE *f, const struct model *m, const struct selector *sel, bool utf8)
{
	struct table t = { .utf8 = utf8 };

	for (size_t i = 0; i < m->n_boards; i++) {
		const struct board *b = m->boards[i];

		if (!selector_board(sel, b))
			continue;
		if (b->origin != NULL || b->slots == 0)
			add_board(&t, b);
		for (int k = 0; k < b->slots; k++)
			if (selector_node(sel, b->nodes[k]))
				add_node(&t, b->nodes[k]);
	}
	for (size_t i = 0; i < m->n_feeds; i++)
		if (selector_feed(sel, m->feeds[i]))
			add_feed(&t, m->feeds[i]);
	print_table(f, &t);
	for (size_t i = 0; i < t.n; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			free(t.rows[i].cell[c]);
	free(t.rows);
}
