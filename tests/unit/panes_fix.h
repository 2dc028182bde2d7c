/*
 * panes_fix - a screen on the rack of ui_rack.h, with consoles of its nodes,
 * whose far ends are what the test says or programs that echo.
 */
#ifndef RM_TESTS_PANES_FIX_H
#define RM_TESTS_PANES_FIX_H

#include "console_fix.h"

#include "../../src/console/console_in.h"
#include "rackmux/ui/copy.h"
#include "rackmux/ui/screen.h"
#include "ui_rack.h"

enum { PFIX_MOST = 8 };

struct pfix {
	struct cfix c;
	struct model *model;
	struct screen screen;
	struct canvas canvas;
	struct console *consoles[PFIX_MOST];
	struct link *links[PFIX_MOST];
	size_t n;
	int w, h;
	char kept[4][512]; /* layouts: name, a space, text */
	char clip[4096];
	unsigned quits;
};

static struct pfix pf;

static void
pfix_on_action(void *arg, enum action a, struct board *b, struct node *n)
{
	(void)arg;
	(void)b;
	(void)n;
	pf.quits += a == ACTION_QUIT;
}

static bool
pfix_save(void *arg, const char *name, const char *text, char *err, size_t size)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(pf.kept); i++) {
		if (pf.kept[i][0] != '\0')
			continue;
		str_format(pf.kept[i], sizeof pf.kept[i], "%s %s", name, text);
		return true;
	}
	str_copy(err, size, "the disk is full");
	return false;
}

static const char *
pfix_name(void *arg, size_t i)
{
	static char name[64];

	(void)arg;
	if (i >= ARRAY_LEN(pf.kept) || pf.kept[i][0] == '\0')
		return NULL;
	str_format(name, sizeof name, "%.*s", (int)strcspn(pf.kept[i], " "),
	    pf.kept[i]);
	return name;
}

static const char *
pfix_load(void *arg, const char *want)
{
	const char *name;

	for (size_t i = 0; (name = pfix_name(arg, i)) != NULL; i++)
		if (strcmp(name, want) == 0)
			return pf.kept[i] + strlen(name) + 1;
	return NULL;
}

static bool
pfix_clip(void *arg, const char *text, size_t len)
{
	(void)arg;
	if (len >= sizeof pf.clip)
		return false;
	str_format(pf.clip, sizeof pf.clip, "%.*s", (int)len, text);
	return true;
}

static const struct screen_host pfix_host = {
	.on_action = pfix_on_action,
	.save_layout = pfix_save,
	.load_layout = pfix_load,
	.layout_name = pfix_name,
	.on_clip = pfix_clip,
};

RM_UNUSED static void
pdraw(void)
{
	if (pf.canvas.w != pf.w || pf.canvas.h != pf.h)
		canvas_resize(&pf.canvas, pf.w, pf.h);
	screen_draw(&pf.screen, &pf.canvas);
}

RM_UNUSED static struct console *
pfix_add(const char *name, const char *title)
{
	struct console_new n = { .name = name, .title = title, .line = name };

	pf.consoles[pf.n] = console_new(pf.c.set, &n);
	console_route(pf.consoles[pf.n], NULL, &pf.c.way, "");
	return pf.consoles[pf.n++];
}

/* Consoles of tp2-a/1 to 4, on a screen of w x h. */
RM_UNUSED static void
pbegin(struct model *(*make)(struct loop *), int w, int h)
{
	static const char *const titles[] = { "tp2-a/1 web-a", "tp2-a/2 web-b",
		"tp2-a/3 db-a", "tp2-a/4 spare" };

	memset(&pf, 0, sizeof pf);
	setenv("TZ", "UTC", 1);
	cfix_new(&pf.c, far_echo());
	pf.model = make(pf.c.loop);
	for (int i = 0; i < 4; i++) {
		char name[16];

		str_format(name, sizeof name, "tp2-a/%d", i + 1);
		pfix_add(name, titles[i]);
	}
	pf.c.console = pf.consoles[0];
	screen_init(&pf.screen, pf.model);
	pf.screen.host = &pfix_host;
	panes_set(&pf.screen.panes, pf.c.set);
	canvas_init(&pf.canvas);
	pf.w = w;
	pf.h = h;
	pdraw();
}

RM_UNUSED static void
pend(void)
{
	screen_release(&pf.screen);
	canvas_release(&pf.canvas);
	model_free(pf.model);
	pf.c.n_routes = 0;
	consoles_free(pf.c.set);
	for (size_t i = 0; i < PFIX_MOST; i++)
		link_free(pf.links[i]);
	pf.c.set = consoles_new(
	    pf.c.loop, &(struct consoles_config){ 0 }, &cfix_sink, &pf.c);
	cfix_free(&pf.c);
}

/* As if it came over the line. */
RM_UNUSED static void
psay(size_t i, const char *text)
{
	(void)console_ingest(pf.consoles[i], text, strlen(text));
	(void)panes_changed(&pf.screen.panes, pf.consoles[i]);
}

/* The console is open on a program, once it has said something. */
RM_UNUSED static void
popen_far(size_t i, const char *url)
{
	unsigned long long had = console_bytes(pf.consoles[i]);

	pf.c.console = pf.consoles[i];
	pf.links[i] = cfix_link(&pf.c, url);
	cfix_route(&pf.c, pf.consoles[i], pf.links[i]);
	link_start(pf.links[i]);
	CUNTIL(&pf.c,
	    (loop_advance(pf.c.loop, 1), console_bytes(pf.consoles[i]) > had));
}

RM_UNUSED static void
popen_echo(size_t i)
{
	popen_far(i, far_echo());
}

RM_UNUSED static void
pkeys(const char *names)
{
	char copy[256], *p = copy, *word;
	struct key k;

	str_copy(copy, sizeof copy, names);
	while ((word = str_word(&p)) != NULL) {
		if (!key_parse(word, &k))
			test_fail(__FILE__, __LINE__, "no key: %s", word);
		screen_key(&pf.screen, k);
		pdraw();
	}
}

RM_UNUSED static void
pmouse(enum mouse_what what, int x, int y, unsigned mods)
{
	struct mouse m = { what, 1, x, y, (uint8_t)mods };

	screen_mouse(&pf.screen, &m);
	pdraw();
}

RM_UNUSED static bool
pshows(const char *text)
{
	char *dump = canvas_dump(&pf.canvas);
	char *cut = strstr(dump, "\n--- roles");
	bool yes;

	if (cut != NULL)
		*cut = '\0';
	yes = strstr(dump, text) != NULL;
	free(dump);
	return yes;
}

/* One row as it is drawn. */
RM_UNUSED static const char *
prow(int y)
{
	static char out[2048];
	size_t n = 0;

	for (int x = 0; x < pf.canvas.w && n + 8 < sizeof out; x++) {
		uint32_t cp = pf.canvas.cells[y * pf.canvas.w + x].cp;

		if (cp != 0)
			n += text_encode(cp, out + n);
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

RM_UNUSED static const char *
pmessage(void)
{
	return pf.screen.message;
}

RM_UNUSED static struct pane *
ppane(size_t i)
{
	return panes_find(&pf.screen.panes, console_name(pf.consoles[i]));
}

RM_UNUSED static const char *
pfocus(void)
{
	const struct pane *p = panes_focused(&pf.screen.panes);

	return p != NULL ? p->name : "rack";
}

RM_UNUSED static const char *
playout(void)
{
	static struct buf b;

	buf_clear(&b);
	panes_save(&pf.screen.panes, &b);
	return buf_str(&b);
}

#endif
