/*
 * A MikroTik switch. RouterOS has no POSIX shell: a command line of its own,
 * over SSH as a prompt or as one command, in both the old way to write a path
 * ("/interface ethernet poe print") and the new one ("/interface/ethernet/poe/
 * print"). Lines end with CR LF. It is silent when all went well, and its exit
 * status is 0 even when nothing did.
 */
#include "routeros.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define LINE 512

/* --- the language --- */

static void
bad_command(struct ros_run *r, const char *word, size_t column)
{
	proc_printf(r->p, "bad command name %s (line 1 column %zu)\r\n", word,
	    column + 1);
}

/* The next word of *s into out; '/' parts words of a path. "a b" is one. */
static bool
next_word(const char **s, bool path, char *out, size_t size)
{
	size_t n = 0;
	bool quoted = false;

	*s += strspn(*s, path ? " /" : " ");
	if (**s == '\0')
		return false;
	for (; **s != '\0'; ++*s) {
		if (**s == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && (**s == ' ' || (path && **s == '/')))
			break;
		if (n + 1 < size)
			out[n++] = **s;
	}
	out[n] = '\0';
	return true;
}

static const char *const menus[] = { "interface", "interface ethernet",
	"interface ethernet poe", "system", "system identity",
	"system resource", NULL };

static bool
is_menu(const char *path)
{
	int i;

	for (i = 0; menus[i] != NULL; i++)
		if (strcmp(menus[i], path) == 0)
			return true;
	return false;
}

/* Without a verb: the prompt is in that menu from now on. */
static void
run_command(struct ros_run *r, const char *text)
{
	char path[96] = "", word[64], longer[160];
	const char *s = text, *before;
	const struct ros_verb *v;

	if (*s != '/')
		str_copy(path, sizeof(path), r->menu);
	if (strcmp(text, "/") == 0)
		r->menu[0] = '\0';
	for (before = s; next_word(&s, true, word, sizeof(word)); before = s) {
		str_format(longer, sizeof(longer), "%s%s%s", path,
		    *path != '\0' ? " " : "", word);
		if (is_menu(longer)) {
			str_copy(path, sizeof(path), longer);
			continue;
		}
		for (v = ros_verbs; v->verb != NULL; v++)
			if (strcmp(v->verb, word) == 0 &&
			    (v->menu == NULL || strcmp(v->menu, path) == 0))
				break;
		if (v->verb == NULL) {
			before += strspn(before, " /");
			bad_command(r, word, (size_t)(before - text));
			return;
		}
		v->fn(r, s);
		return;
	}
	str_copy(r->menu, sizeof(r->menu), path);
}

/* Commands are parted by ';' and by lines. */
static void
run_text(struct ros_run *r, const char *text)
{
	char one[LINE];
	size_t n;

	while (*text != '\0' && !r->quit) {
		text += strspn(text, " ;\r\n");
		n = strcspn(text, ";\r\n");
		str_format(one, sizeof(one), "%.*s", (int)n, text);
		text += n;
		if (one[0] != '\0' && one[0] != '#')
			run_command(r, str_trim(one));
	}
}

bool
ros_argument(
    const char **s, char *key, size_t key_size, char *value, size_t size)
{
	char word[128], *eq;

	value[0] = '\0';
	if (!next_word(s, false, word, sizeof(word)))
		return false;
	eq = strchr(word, '=');
	if (eq != NULL)
		*eq = '\0';
	str_copy(key, key_size, word);
	if (eq != NULL)
		str_copy(value, size, eq + 1);
	return true;
}

/* --- the prompt --- */

static void
prompt(struct ros_run *r)
{
	char path[100], *s;

	str_format(
	    path, sizeof(path), "%s%s", *r->menu != '\0' ? "/" : "", r->menu);
	for (s = path; *s != '\0'; s++)
		if (*s == ' ')
			*s = '/';
	proc_printf(r->p, "\r[%s@%s] %s> ", "admin",
	    proc_machine(r->p)->hostname, path[0] != '\0' ? path : "");
}

/* It edits its lines itself, so it echoes itself. False: the end. */
static bool
read_line(struct proc *p, char *line, size_t size)
{
	size_t n = 0;
	char c;

	for (;;) {
		if (proc_read(p, &c, 1) <= 0 || (c == 0x04 && n == 0))
			return false;
		if (c == '\r' || c == '\n')
			break;
		if (c == 0x03) {
			n = 0;
			break;
		}
		if ((c == 0x7f || c == '\b') && n > 0) {
			n--;
			proc_puts(p, "\b \b");
		} else if (c >= ' ' && n + 1 < size) {
			line[n++] = c;
			proc_out(p, &c, 1);
		}
	}
	line[n] = '\0';
	proc_puts(p, "\r\n");
	return true;
}

static void
banner(struct proc *p)
{
	proc_puts(p,
	    "\r\n\r\n\r\n"
	    "  MMM      MMM       KKK                          TTTTTTTTTTT      "
	    "KKK\r\n"
	    "  MMMM    MMMM       KKK                          TTTTTTTTTTT      "
	    "KKK\r\n"
	    "  MMM MMMM MMM  III  KKK  KKK  RRRRRR     OOOOOO      TTT     III  "
	    "KKK  KKK\r\n"
	    "  MMM  MM  MMM  III  KKKKK     RRR  RRR  OOO  OOO     TTT     III  "
	    "KKKKK\r\n"
	    "\r\n"
	    "  MikroTik RouterOS 7.11.2 (c) 1999-2023       "
	    "https://www.mikrotik.com/\r\n\r\n"
	    "Press F1 for help\r\n\r\n");
}

static int
ros_main(struct proc *p, void *arg)
{
	const struct shell_args *a = arg;
	struct ros_run r = { .p = p };
	char line[LINE];

	r.board = proc_machine(p)->board;
	proc_raw(p, true);
	if (a != NULL && a->command != NULL) {
		run_text(&r, a->command);
		return 0;
	}
	banner(p);
	while (!r.quit) {
		prompt(&r);
		if (!read_line(p, line, sizeof(line)))
			break;
		run_text(&r, line);
	}
	proc_puts(p, "interrupted\r\n");
	return 0;
}

/* --- the switch --- */

static void
ros_init(struct sim_board *b)
{
	struct machine *m = &b->machine;
	struct ros *s = mem_alloc(sizeof(*s));

	b->state = s;
	ports_init(&s->ports, b);
	m->loop = b->rack->loop;
	m->vfs = vfs_new();
	m->board = b;
	m->hostname = "MikroTik";
	m->user = "admin";
	m->password = "";
	m->shell_main = ros_main;
	b->booted_at =
	    (int64_t)loop_now(b->rack->loop) - (int64_t)(86400000 * 33.7);
}

const struct personality routeros_personality = {
	.type = "routeros",
	.user = "admin",
	.feed = true,
	.reboot_ms = 25000,
	.init = ros_init,
	.tick = ports_board_tick,
	.down = ports_board_down,
	.up = ports_board_up,
	.node_faulted = ports_node_faulted,
	.release = ports_release,
};
