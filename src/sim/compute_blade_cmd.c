/*
 * Commands of a blade beside those of any Pi: systemd's of the agent's unit,
 * and who runs; and the boxes that bladectl draws.
 */
#include "compute_blade.h"

#include <string.h>

#include "rackmux/base/text.h"

#define PID 812

static struct blade *
blade_here(struct proc *p)
{
	return blade_of(proc_machine(p)->board);
}

/* What a Pi's own command of that name does. */
static int
as_any_pi(struct proc *p, int argc, char **argv)
{
	const struct command *c;

	for (c = proc_machine(p)->more; c->name != NULL; c++)
		if (strcmp(c->name, argv[0]) == 0)
			return c->fn(p, argc, argv);
	return 127;
}

/* --- boxes --- */

static void
rule(struct buf *b, const int *width, size_t columns, const char *left,
    const char *middle, const char *right)
{
	size_t k;
	int i;

	buf_puts(b, left);
	for (k = 0; k < columns; k++) {
		for (i = 0; i < width[k] + 2; i++)
			buf_puts(b, "─");
		buf_puts(b, k + 1 < columns ? middle : right);
	}
	buf_puts(b, "\n");
}

void
blade_table(
    struct proc *p, const char *const *cells, size_t columns, size_t rows)
{
	int width[8] = { 0 };
	struct buf b;
	size_t k, r;

	for (k = 0; k < columns * rows; k++)
		if (text_width(cells[k]) > width[k % columns])
			width[k % columns] = text_width(cells[k]);
	buf_init(&b, 0);
	rule(&b, width, columns, "┌", "┬", "┐");
	for (r = 0; r < rows; r++) {
		for (k = 0; k < columns; k++) {
			const char *cell = cells[r * columns + k];

			buf_printf(&b, "│ %s%*s ", cell,
			    width[k] - text_width(cell), "");
		}
		buf_puts(&b, "│\n");
		if (r == 0)
			rule(&b, width, columns, "├", "┼", "┤");
	}
	rule(&b, width, columns, "└", "┴", "┘");
	proc_out(p, buf_str(&b), b.len);
	buf_release(&b);
}

/* --- systemctl --- */

static bool
is_unit(const struct blade *blade, const char *name)
{
	size_t len = strlen(blade->agent->unit);

	return strncmp(name, blade->agent->unit, len) == 0 &&
	    (name[len] == '\0' || strcmp(name + len, ".service") == 0);
}

static const char *
unit_state(const struct blade *blade)
{
	switch (blade->state) {
	case AGENT_UP:
		return "active";
	case AGENT_CRASHING:
		return "activating";
	default:
		return "inactive";
	}
}

static int
show_status(struct proc *p, const struct blade *blade)
{
	const char *unit = blade->agent->unit;

	proc_printf(p,
	    "%s %s.service - ComputeBlade Agent\n"
	    "     Loaded: loaded (/lib/systemd/system/%s.service; enabled; "
	    "preset: enabled)\n",
	    blade->state == AGENT_UP ? "●" : "○", unit, unit);
	if (blade->state == AGENT_UP)
		proc_printf(p,
		    "     Active: active (running)\n   Main PID: %d (%.15s)\n",
		    PID, unit);
	else if (blade->state == AGENT_CRASHING)
		proc_printf(p,
		    "     Active: activating (auto-restart) (Result: "
		    "exit-code)\n    Process: %d ExecStart=/usr/bin/%s "
		    "(code=exited, status=2)\n",
		    PID, unit);
	else
		proc_puts(p, "     Active: inactive (dead)\n");
	return blade->state == AGENT_UP ? 0 : 3;
}

static int
change(struct proc *p, struct blade *blade, const char *verb)
{
	if (!proc_is_root(p)) {
		proc_err(p,
		    "Failed to %s %s.service: Interactive authentication "
		    "required.\n",
		    verb, blade->agent->unit);
		return 1;
	}
	if (strcmp(verb, "start") != 0)
		agent_stop(blade);
	if (strcmp(verb, "stop") != 0)
		agent_start(blade);
	return 0;
}

static int
of_unit(struct proc *p, struct blade *blade, const char *verb, bool quiet,
    bool value)
{
	const char *state = unit_state(blade);

	if (strcmp(verb, "is-active") == 0) {
		if (!quiet)
			proc_printf(p, "%s\n", state);
		return blade->state == AGENT_UP ? 0 : 3;
	}
	if (strcmp(verb, "is-enabled") == 0) {
		if (!quiet)
			proc_puts(p, "enabled\n");
		return 0;
	}
	if (strcmp(verb, "show") == 0) {
		proc_printf(p, "%s%s\n", value ? "" : "ActiveState=", state);
		return 0;
	}
	if (strcmp(verb, "start") == 0 || strcmp(verb, "stop") == 0 ||
	    strcmp(verb, "restart") == 0)
		return change(p, blade, verb);
	return show_status(p, blade);
}

static int
cmd_systemctl(struct proc *p, int argc, char **argv)
{
	struct blade *blade = blade_here(p);
	const char *verb = NULL;
	bool quiet = false, value = false, mine = false;
	int i;

	for (i = 1; i < argc; i++) {
		quiet = quiet || strcmp(argv[i], "--quiet") == 0 ||
		    strcmp(argv[i], "-q") == 0;
		value = value || strcmp(argv[i], "--value") == 0;
		mine = mine || is_unit(blade, argv[i]);
		if (verb == NULL && argv[i][0] != '-')
			verb = argv[i];
	}
	if (mine && verb != NULL)
		return of_unit(p, blade, verb, quiet, value);
	return as_any_pi(p, argc, argv);
}

static int
cmd_journalctl(struct proc *p, int argc, char **argv)
{
	const struct blade *blade = blade_here(p);
	const char *unit = blade->agent->unit;

	(void)argc;
	(void)argv;
	if (blade->state != AGENT_CRASHING) {
		proc_puts(p, "-- No entries --\n");
		return 0;
	}
	proc_printf(p,
	    "%s[%d]: panic: runtime error: invalid memory address or nil "
	    "pointer dereference\n"
	    "systemd[1]: %s.service: Main process exited, code=exited, "
	    "status=2/INVALIDARGUMENT\n"
	    "systemd[1]: %s.service: Failed with result 'exit-code'.\n",
	    unit, PID, unit, unit);
	return 0;
}

/* --- sudo --- */

/* A careful owner lets bladectl through without a password, and no more. */
static int
cmd_sudo(struct proc *p, int argc, char **argv)
{
	const char *program = "";
	int i = 1;

	while (i < argc && argv[i][0] == '-')
		i++;
	if (i < argc)
		program = strrchr(argv[i], '/') != NULL
		    ? strrchr(argv[i], '/') + 1
		    : argv[i];
	if (!blade_here(p)->sudo_ctl_only || strcmp(program, "bladectl") == 0)
		return as_any_pi(p, argc, argv);
	proc_err(p, "sudo: a password is required\n");
	return 1;
}

/* --- processes --- */

static int
cmd_pidof(struct proc *p, int argc, char **argv)
{
	const struct blade *blade = blade_here(p);

	if (argc < 2 || blade->state != AGENT_UP ||
	    strcmp(argv[argc - 1], blade->agent->unit) != 0)
		return 1;
	proc_printf(p, "%d\n", PID);
	return 0;
}

/* Without -f it sees no more than fifteen characters of a name. */
static int
cmd_pgrep(struct proc *p, int argc, char **argv)
{
	const struct blade *blade = blade_here(p);
	const char *word = argc > 1 ? argv[argc - 1] : "";
	bool exact = false, full = false, found;
	char name[64];
	int i;

	for (i = 1; i + 1 < argc; i++) {
		exact = exact || strchr(argv[i], 'x') != NULL;
		full = full || strchr(argv[i], 'f') != NULL;
	}
	if (full)
		str_format(
		    name, sizeof(name), "/usr/bin/%s", blade->agent->unit);
	else
		str_format(name, sizeof(name), "%.15s", blade->agent->unit);
	found = exact ? strcmp(name, word) == 0 : strstr(name, word) != NULL;
	if (blade->state != AGENT_UP || !found)
		return 1;
	proc_printf(p, "%d\n", PID);
	return 0;
}

const struct command compute_blade_commands[] = {
	{ "bladectl", cmd_bladectl },
	{ "sudo", cmd_sudo },
	{ "systemctl", cmd_systemctl },
	{ "journalctl", cmd_journalctl },
	{ "pidof", cmd_pidof },
	{ "pgrep", cmd_pgrep },
	{ "curl", cmd_curl },
	{ "wget", cmd_wget },
	{ NULL, NULL },
};
