#include "rackmux/model/selector.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"

/*
 * A selector is a list of alternatives; each is a list of atoms that must
 * all hold. Alternatives that begin with '!' take away from the others,
 * wherever they stand, so that the order does not matter. Patterns are
 * matched here rather than by fnmatch(), which takes exponential time on
 * some patterns.
 */

enum atom_kind {
	ATOM_NAME,
	ATOM_SLOTS,
	ATOM_STATE,
	ATOM_TYPE,
	ATOM_ONLY_NAME,
	ATOM_ONLY_BOARD,
	ATOM_WARM,
	ATOM_HOT,
	ATOM_CRITICAL,
	ATOM_TROUBLE,
	ATOM_THROTTLED
};

struct atom {
	enum atom_kind kind;
	char *pattern;
	int from, to; /* slots */
	enum node_state state;
};

struct alternative {
	bool not ;
	struct atom *atoms;
	size_t n;
};

struct selector {
	struct alternative *v;
	size_t n;
	bool all; /* no alternative adds: all but the others */
};

static bool
matches(const char *pattern, const char *s)
{
	const char *star = NULL, *back = s;

	while (*s != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			back = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
fail(char *err, size_t size, const char *word, const char *what)
{
	char clean[64];

	text_clean(clean, sizeof clean, word, strlen(word));
	str_format(err, size, "'%s' %s", clean, what);
	return false;
}

static bool
parse_slots(struct atom *a, const char *s, char *err, size_t size)
{
	char *copy = mem_strdup(s);
	char *dash = strchr(copy, '-');
	long from, to;
	bool good;

	a->kind = ATOM_SLOTS;
	if (strcmp(s, "*") == 0) {
		a->from = 1;
		a->to = DRIVER_SLOTS_MAX;
		free(copy);
		return true;
	}
	if (dash != NULL)
		*dash = '\0';
	good = str_long(copy, 1, DRIVER_SLOTS_MAX, &from) &&
	    (dash == NULL || str_long(dash + 1, from, DRIVER_SLOTS_MAX, &to));
	free(copy);
	if (!good)
		return fail(err, size, s,
		    "is no slot: write a number, as in tp2-a/3, or a "
		    "range, as in tp2-a/1-3");
	a->from = (int)from;
	a->to = dash != NULL ? (int)to : (int)from;
	return true;
}

static bool
parse_state(struct atom *a, const char *word, char *err, size_t size)
{
	a->kind = ATOM_STATE;
	for (int s = NODE_UNKNOWN; s <= NODE_LOST; s++)
		if (strcmp(node_state_name((enum node_state)s), word) == 0) {
			a->state = (enum node_state)s;
			return true;
		}
	return fail(err, size, word,
	    "is no state: there are on, off, stale, lost, unknown");
}

static bool
parse_pair(
    struct atom *a, const char *word, const char *eq, char *err, size_t size)
{
	static const struct {
		const char *key;
		enum atom_kind kind;
	} keys[] = { { "type=", ATOM_TYPE }, { "name=", ATOM_ONLY_NAME },
		{ "board=", ATOM_ONLY_BOARD } };

	if (str_starts(word, "state="))
		return parse_state(a, eq + 1, err, size);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_starts(word, keys[i].key)) {
			a->kind = keys[i].kind;
			a->pattern = mem_strdup(eq + 1);
			return true;
		}
	return fail(err, size, word,
	    "cannot be selected by: there are state=, type=, name=, "
	    "board=");
}

static bool
parse_at(struct atom *a, const char *word, char *err, size_t size)
{
	static const struct {
		const char *word;
		enum atom_kind kind;
	} words[] = { { "@warm", ATOM_WARM }, { "@hot", ATOM_HOT },
		{ "@critical", ATOM_CRITICAL }, { "@trouble", ATOM_TROUBLE },
		{ "@throttled", ATOM_THROTTLED } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].word, word) == 0) {
			a->kind = words[i].kind;
			return true;
		}
	return fail(err, size, word,
	    "is not known: there are @warm, @hot, @critical, @trouble, "
	    "@throttled");
}

static bool
parse_atom(struct atom *a, char *word, char *err, size_t size)
{
	char *eq = strchr(word, '='), *slash = strchr(word, '/');

	if (word[0] == '\0')
		return fail(err, size, "", "stands for a part that is empty");
	if (word[0] == '@')
		return parse_at(a, word, err, size);
	if (eq != NULL)
		return parse_pair(a, word, eq, err, size);
	a->kind = ATOM_NAME;
	if (slash != NULL) {
		*slash = '\0';
		if (!parse_slots(a, slash + 1, err, size))
			return false;
	}
	a->pattern = mem_strdup(word);
	return true;
}

static bool
parse_alternative(struct alternative *alt, char *text, char *err, size_t size)
{
	alt->not = text[0] == '!';
	if (alt->not )
		text++;
	for (char *next; text != NULL; text = next) {
		next = strchr(text, '+');
		if (next != NULL)
			*next++ = '\0';
		alt->atoms =
		    mem_grow(alt->atoms, alt->n + 1, sizeof *alt->atoms);
		alt->atoms[alt->n] = (struct atom){ 0 };
		if (!parse_atom(
			&alt->atoms[alt->n++], str_trim(text), err, size))
			return false;
	}
	return true;
}

struct selector *
selector_parse(const char *s, char *err, size_t size)
{
	struct selector *sel = mem_alloc(sizeof *sel);
	char *copy = mem_strdup(s), *text = copy;
	bool good = true;

	sel->all = true;
	for (char *next; good && text != NULL; text = next) {
		struct alternative *alt;

		next = strchr(text, ',');
		if (next != NULL)
			*next++ = '\0';
		sel->v = mem_grow(sel->v, sel->n + 1, sizeof *sel->v);
		alt = &sel->v[sel->n++];
		*alt = (struct alternative){ 0 };
		good = parse_alternative(alt, str_trim(text), err, size);
		sel->all = sel->all && alt->not ;
	}
	free(copy);
	if (good)
		return sel;
	selector_free(sel);
	return NULL;
}

void
selector_free(struct selector *sel)
{
	if (sel == NULL)
		return;
	for (size_t i = 0; i < sel->n; i++) {
		for (size_t k = 0; k < sel->v[i].n; k++)
			free(sel->v[i].atoms[k].pattern);
		free(sel->v[i].atoms);
	}
	free(sel->v);
	free(sel);
}

bool
selector_is_static(const struct selector *sel)
{
	for (size_t i = 0; sel != NULL && i < sel->n; i++)
		for (size_t k = 0; k < sel->v[i].n; k++)
			switch (sel->v[i].atoms[k].kind) {
			case ATOM_NAME:
			case ATOM_SLOTS:
			case ATOM_TYPE:
			case ATOM_ONLY_NAME:
			case ATOM_ONLY_BOARD:
				break;
			default:
				return false;
			}
	return true;
}

static bool
atom_holds(const struct atom *a, const struct node *n)
{
	char why[256];

	switch (a->kind) {
	case ATOM_NAME:
		return matches(a->pattern, n->board->name) ||
		    (n->name[0] != '\0' && matches(a->pattern, n->name));
	case ATOM_SLOTS:
		return matches(a->pattern, n->board->name) &&
		    n->slot >= a->from && n->slot <= a->to;
	case ATOM_STATE:
		return node_state(n) == a->state;
	case ATOM_TYPE:
		return matches(a->pattern, n->board->type);
	case ATOM_ONLY_NAME:
		return matches(a->pattern, n->name);
	case ATOM_ONLY_BOARD:
		return matches(a->pattern, n->board->name);
	case ATOM_WARM:
		return node_heat(n) >= HEAT_WARM;
	case ATOM_HOT:
		return node_heat(n) >= HEAT_HOT;
	case ATOM_CRITICAL:
		return node_heat(n) >= HEAT_CRITICAL;
	case ATOM_TROUBLE:
		return node_trouble(n, why, sizeof why);
	case ATOM_THROTTLED:
		return node_throttled(n);
	}
	return false;
}

static bool
alternative_holds(const struct alternative *alt, const struct node *n)
{
	for (size_t i = 0; i < alt->n; i++)
		if (!atom_holds(&alt->atoms[i], n))
			return false;
	return true;
}

bool
selector_node(const struct selector *sel, const struct node *n)
{
	bool in = sel == NULL || sel->all;

	for (size_t i = 0; sel != NULL && i < sel->n; i++) {
		if (!alternative_holds(&sel->v[i], n))
			continue;
		if (sel->v[i].not )
			return false;
		in = true;
	}
	return in;
}

/* Whether an atom can be said of a board without looking at its nodes. */
static bool
atom_means_board(const struct atom *a, const struct board *b)
{
	switch (a->kind) {
	case ATOM_NAME:
	case ATOM_ONLY_BOARD:
		return matches(a->pattern, b->name);
	case ATOM_TYPE:
		return matches(a->pattern, b->type);
	default:
		return false;
	}
}

static bool
names_board(const struct selector *sel, const struct board *b)
{
	bool in = sel->all;

	for (size_t i = 0; i < sel->n; i++) {
		const struct alternative *alt = &sel->v[i];
		bool holds = true;

		for (size_t k = 0; k < alt->n; k++)
			holds = holds && atom_means_board(&alt->atoms[k], b);
		if (holds && alt->not )
			return false;
		in = in || holds;
	}
	return in;
}

bool
selector_board(const struct selector *sel, const struct board *b)
{
	if (sel == NULL || (b->slots == 0 && names_board(sel, b)))
		return true;
	for (int i = 0; i < b->slots; i++)
		if (selector_node(sel, b->nodes[i]))
			return true;
	return false;
}

static bool
atom_means_feed(const struct atom *a, const struct feed *f)
{
	switch (a->kind) {
	case ATOM_NAME:
		return matches(a->pattern, f->name);
	case ATOM_TYPE:
		return matches(a->pattern, f->type);
	default:
		return false;
	}
}

bool
selector_feed(const struct selector *sel, const struct feed *f)
{
	bool in = sel == NULL;

	for (size_t i = 0; sel != NULL && i < sel->n; i++) {
		const struct alternative *alt = &sel->v[i];
		bool holds = true;

		for (size_t k = 0; k < alt->n; k++)
			holds = holds && atom_means_feed(&alt->atoms[k], f);
		if (holds && alt->not )
			return false;
		in = in || holds;
	}
	return in;
}

size_t
selector_count(const struct selector *sel, const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; sel != NULL && i < m->n_feeds; i++)
		n += selector_feed(sel, m->feeds[i]);
	for (size_t i = 0; i < m->n_boards; i++) {
		const struct board *b = m->boards[i];

		if (b->slots == 0 && selector_board(sel, b))
			n++;
		for (int k = 0; k < b->slots; k++)
			if (selector_node(sel, b->nodes[k]))
				n++;
	}
	return n;
}
