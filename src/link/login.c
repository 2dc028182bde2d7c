/*
 * A prompt is judged only when the line has been quiet for a moment: reads
 * tear text anywhere, and "Last login:" begins like a question. What we type
 * is echoed, so nothing that we wait for may stand in what we type.
 */
#include "rackmux/link/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/tidy.h"

#define LOGIN_VERIFY_MS 3000
#define LOGIN_TRIES 3

enum phase {
	PHASE_LISTEN, /* for a prompt */
	PHASE_ASKED, /* our user is thinking */
	PHASE_VERIFY, /* is that prompt a shell's? */
	PHASE_BOOT, /* the loop was typed */
	PHASE_OVER
};

struct login {
	struct login_sink sink;
	void *arg;
	struct timer *settle, *deadline;
	struct tidy tidy;
	struct buf tidied;
	struct seen seen; /* without the kernel's lines */
	struct seen raw; /* with them, to tell what was there */
	enum phase phase;
	char *password; /* given late: kept for the next question */
	char half[2][9]; /* of the word that is to come together */
	bool poked, asked_password, sent_user, sent_password;
	bool denied, quiet_due;
	int tries, users;
};

static void
new_word(struct login *l)
{
	unsigned char r[8];

	hash_random(r, sizeof(r));
	hash_hex(r, 4, l->half[0]);
	hash_hex(r + 4, 4, l->half[1]);
}

static void
type(struct login *l, const char *text)
{
	l->sink.type(l->arg, text, strlen(text));
}

static void
login_fail(struct login *l, enum link_why why, const char *text)
{
	if (l->phase == PHASE_OVER)
		return;
	l->phase = PHASE_OVER;
	timer_stop(l->settle);
	timer_stop(l->deadline);
	l->sink.failed(l->arg, why, text);
}

static void
no_prompt(struct login *l, const char *what)
{
	char tail[120], text[256], *t;

	text_clean(tail, sizeof(tail), l->raw.tail, strlen(l->raw.tail));
	t = str_trim(tail);
	if (*t)
		str_format(
		    text, sizeof(text), "%s; the line said: %s", what, t);
	else
		str_format(text, sizeof(text),
		    "%s; the line said nothing at all", what);
	login_fail(l, LINK_WHY_SHELL, text);
}

/* The part of the line before the cursor, without blanks at its end. */
static void
before_cursor(const struct login *l, char *out, size_t size)
{
	size_t n = l->seen.pos;

	if (n >= size)
		n = size - 1;
	memcpy(out, l->seen.line + l->seen.pos - n, n);
	out[n] = '\0';
	n = strlen(out);
	while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '\t'))
		out[--n] = '\0';
}

static bool
ends_nocase(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcasecmp(s + len - n, end) == 0;
}

bool
login_asks_user(const char *line)
{
	char copy[SEEN_LINE];
	size_t n;

	str_copy(copy, sizeof(copy), line);
	n = strlen(copy);
	while (n > 0 && copy[n - 1] == ' ')
		copy[--n] = '\0';
	return ends_nocase(copy, "login:") && !ends_nocase(copy, "last login:");
}

static bool
shell_prompt(const char *line)
{
	size_t n = strlen(line);

	/* "####" is a bar that grows, not a prompt. */
	return n > 0 && strchr("#$>", line[n - 1]) &&
	    (n == 1 || line[n - 2] != line[n - 1]);
}

static void
verify(struct login *l)
{
	char text[64];

	if (l->tries++ >= LOGIN_TRIES) {
		no_prompt(l, "what looks like a prompt is no POSIX shell");
		return;
	}
	new_word(l);
	l->phase = PHASE_VERIFY;
	timer_start(l->deadline, LOGIN_VERIFY_MS);
	str_format(text, sizeof(text), "printf '%%s%%s\\n' %s %s\r", l->half[0],
	    l->half[1]);
	type(l, text);
}

/*
 * Lines to the loop: "=text" and "+text" add to the frame (+ with a
 * newline), "%" evaluates it, "@A B" runs it between the marks A and B,
 * "?x" says x, "." ends.
 */
static void
boot(struct login *l)
{
	struct buf b;

	buf_init(&b, 0);
	new_word(l);
	l->phase = PHASE_BOOT;
	timer_start(l->deadline, LOGIN_PATIENCE_MS);
	buf_printf(&b,
	    "exec sh -c 'stty raw -echo isig icrnl;"
	    "PATH=$PATH:/usr/sbin:/sbin;export PATH LC_ALL=C;"
	    "b=;n=$(printf \"\\nx\");n=${n%%x};"
	    "_e(){ command eval \"$1\";};"
	    "_r(){ printf \"\\n%%s%%s:\\n\" $1 $2;_e \"$b\" </dev/null 2>&1;"
	    "printf \"\\n%%s%%s %%d\\n\" $1 $2 $?;};"
	    "printf \"\\n%%s%%s\\n\" %s %s;"
	    "while IFS= read -r l;do case $l in "
	    "=*)b=$b${l#=};;+*)b=$b${l#+}$n;;%%*)_e \"$b\";b=;;"
	    "@*)_r ${l#@};b=;;\\?*)printf \"\\n%%s\\n\" \"${l#?}\";;"
	    ".)break;;*)printf \"\\nrackmux> \";;esac;done;stty sane'\r",
	    l->half[0], l->half[1]);
	l->sink.type(l->arg, buf_str(&b), b.len);
	buf_release(&b);
}

static void
ask(struct login *l, bool password)
{
	l->phase = PHASE_ASKED;
	l->asked_password = password;
	timer_stop(l->deadline);
	l->sink.want(l->arg, password);
}

static void
send_password(struct login *l)
{
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, l->password);
	buf_puts(&b, "\r");
	mem_wipe_str(&l->password);
	l->sent_password = true;
	l->phase = PHASE_LISTEN;
	timer_start(l->deadline, LOGIN_PATIENCE_MS);
	l->sink.type(l->arg, b.data, b.len);
	mem_wipe(b.data, b.len);
	buf_release(&b);
}

static void
saw_user_question(struct login *l)
{
	if (l->sent_password || l->denied || l->users++ > 2)
		login_fail(l, LINK_WHY_AUTH, "login refused");
	else
		ask(l, false);
}

static void
saw_password_question(struct login *l)
{
	if (!l->sent_user)
		type(l, "\r"); /* someone else's user name */
	else if (l->password)
		send_password(l);
	else
		ask(l, true);
}

/* The line has settled while we listen. */
static void
judge(struct login *l)
{
	char line[SEEN_LINE];

	before_cursor(l, line, sizeof(line));
	if (login_asks_user(line)) {
		saw_user_question(l);
	} else if (ends_nocase(line, "password:")) {
		saw_password_question(l);
	} else if (ends_nocase(line, "rackmux>")) {
		type(l, ".\r");
	} else if (strcmp(line, ">") == 0) {
		type(l, "\x03");
	} else if (shell_prompt(line)) {
		verify(l);
	} else if (!l->poked) {
		/* Not yet the silence that allows a touch. */
		l->quiet_due = true;
		timer_start(l->settle, LOGIN_QUIET_MS - LOGIN_SETTLE_MS);
	}
}

static void
on_settle(void *arg)
{
	struct login *l = arg;

	if (l->phase == PHASE_ASKED) {
		char line[SEEN_LINE];

		/* The getty gave up waiting and asks anew. */
		before_cursor(l, line, sizeof(line));
		if (l->asked_password && login_asks_user(line))
			l->sent_user = false;
		return;
	}
	if (l->phase != PHASE_LISTEN)
		return;
	if (l->quiet_due && !l->poked) {
		l->quiet_due = false;
		l->poked = true;
		type(l, "\r");
		return;
	}
	judge(l);
}

static void
on_deadline(void *arg)
{
	struct login *l = arg;

	switch (l->phase) {
	case PHASE_LISTEN:
		no_prompt(l, "no prompt within 10 s");
		break;
	case PHASE_VERIFY:
		/* Perhaps it was busy: look at the line again. */
		l->phase = PHASE_LISTEN;
		timer_start(l->deadline, LOGIN_VERIFY_MS);
		judge(l);
		break;
	case PHASE_BOOT:
		no_prompt(l, "the shell does not run our loop");
		break;
	case PHASE_ASKED:
	case PHASE_OVER:
		break;
	}
}

static void
on_line(void *arg, const char *line)
{
	struct login *l = arg;
	char word[20];

	if (l->phase == PHASE_OVER)
		return;
	if ((l->sent_user || l->sent_password) &&
	    (strcasestr(line, "login incorrect") ||
		strcasestr(line, "authentication failure") ||
		strcasestr(line, "permission denied")))
		l->denied = true;
	str_format(word, sizeof(word), "%s%s", l->half[0], l->half[1]);
	if (word[0] == '\0' || !strstr(line, word))
		return;
	if (l->phase == PHASE_VERIFY) {
		boot(l);
	} else if (l->phase == PHASE_BOOT && str_ends(line, word)) {
		l->phase = PHASE_OVER;
		timer_stop(l->deadline);
		timer_stop(l->settle);
	}
}

struct login *
login_new(struct loop *loop, const struct login_sink *sink, void *arg)
{
	struct login *l = mem_alloc(sizeof(*l));

	l->sink = *sink;
	l->arg = arg;
	tidy_init(&l->tidy);
	buf_init(&l->tidied, 0);
	seen_init(&l->seen);
	seen_init(&l->raw);
	l->settle = timer_new(loop, on_settle, l);
	l->deadline = timer_new(loop, on_deadline, l);
	timer_start(l->settle, LOGIN_SETTLE_MS);
	timer_start(l->deadline, LOGIN_PATIENCE_MS);
	return l;
}

void
login_free(struct login *l)
{
	if (!l)
		return;
	timer_free(l->settle);
	timer_free(l->deadline);
	mem_wipe_str(&l->password);
	buf_release(&l->tidied);
	mem_wipe(&l->seen, sizeof(l->seen));
	mem_wipe(&l->raw, sizeof(l->raw));
	free(l);
}

void
login_feed(struct login *l, const char *data, size_t len)
{
	if (l->phase == PHASE_OVER)
		return;
	l->quiet_due = false;
	seen_feed(&l->raw, data, len, NULL, NULL);
	buf_clear(&l->tidied);
	tidy_feed(&l->tidy, data, len, &l->tidied);
	seen_feed(&l->seen, buf_str(&l->tidied), l->tidied.len, on_line, l);
	if (l->phase == PHASE_OVER) {
		l->sink.ready(l->arg);
		return;
	}
	if (l->denied) {
		login_fail(l, LINK_WHY_AUTH,
		    "login refused: wrong user or "
		    "password");
		return;
	}
	timer_start(l->settle, LOGIN_SETTLE_MS);
}

void
login_answer(struct login *l, const char *text)
{
	char user[80];

	if (l->phase != PHASE_ASKED)
		return;
	if (!text) {
		login_fail(l, LINK_WHY_AUTH,
		    l->asked_password
			? "the board wants a password, and there is none"
			: "the board wants a user name, and there is none");
		return;
	}
	l->phase = PHASE_LISTEN;
	timer_start(l->deadline, LOGIN_PATIENCE_MS);
	if (l->asked_password) {
		l->password = mem_strdup(text);
		if (l->sent_user)
			send_password(l);
		else /* it asks for the user again by now */
			judge(l);
		return;
	}
	l->sent_user = true;
	str_format(user, sizeof(user), "%s\r", text);
	type(l, user);
}
