#include <stdlib.h>
#include <string.h>

#include "nodeboot.h"
#include "rackmux/base/text.h"
#include "sh.h"

/*
 * getty, login and a shell on a serial line, for ever: who logs out meets the
 * next login prompt, as on the real console.
 */

static bool
ask(struct proc *p, const char *prompt, bool echo, char *out, size_t size)
{
	struct tty *t = proc_tty(p);
	struct buf line;
	bool ok;

	proc_puts(p, prompt);
	if (t != NULL)
		t->echo = echo;
	buf_init(&line, 4096);
	ok = proc_read_line(p, &line) > 0;
	if (t != NULL)
		t->echo = true;
	proc_interrupted(p, true);
	if (!echo)
		proc_puts(p, "\n");
	str_copy(out, size, buf_str(&line));
	out[strcspn(out, "\r\n")] = '\0';
	buf_release(&line);
	return ok;
}

/* prompt NULL: the user's own. */
static void
session(struct proc *p, const char *prompt)
{
	struct sh sh;

	sh_init(&sh, p);
	sh.interactive = true;
	if (prompt != NULL)
		sh_set(&sh, "PS1", prompt);
	free(sh.name);
	sh.name = mem_strdup("-sh");
	sh_run_input(&sh);
	sh_release(&sh);
}

int
proc_main_login(struct proc *p, void *unused)
{
	const struct machine *m = proc_machine(p);
	char prompt[128], user[64], password[64];

	(void)unused;
	str_format(prompt, sizeof prompt, "%s login: ", m->hostname);
	while (!proc_dead(p)) {
		if (proc_tty(p) != NULL)
			tty_sane(proc_tty(p));
		proc_printf(p, "\n%s", m->issue ? m->issue : "");
		do {
			if (proc_dead(p))
				return 0;
			ask(p, prompt, true, user, sizeof user);
		} while (user[0] == '\0');
		ask(p, "Password: ", false, password, sizeof password);
		if (proc_dead(p))
			return 0;
		if (m->user != NULL && strcmp(user, m->user) == 0 &&
		    (m->password == NULL ||
			strcmp(password, m->password) == 0)) {
			session(p, NULL);
			continue;
		}
		proc_sleep(p, 1000);
		proc_puts(p, "Login incorrect\n");
	}
	return 0;
}

int
proc_main_rescue(struct proc *p, void *unused)
{
	const struct machine *m = proc_machine(p);
	char prompt[128], password[64];

	(void)unused;
	str_format(prompt, sizeof prompt, "root@%s:~# ", m->hostname);
	while (!proc_dead(p)) {
		tty_sane(proc_tty(p));
		proc_puts(p, "Give root password for maintenance\n");
		if (!ask(p, "(or press Control-D to continue): ", false,
			password, sizeof password))
			return 0;
		if (m->password == NULL || strcmp(password, m->password) == 0) {
			session(p, prompt);
			return 0;
		}
		proc_sleep(p, 1000);
		proc_puts(p, "\nLogin incorrect\n\n");
	}
	return 0;
}
