/*
 * Typing at many: consoles on real programs, some of which do not echo, echo
 * something else, print all the time, or go.
 */
#include "console_fix.h"

#include "rackmux/console/chorus.h"

enum { MOST = 6 };

static struct cfix f;
static struct console *consoles[MOST];
static struct link *links[MOST];
static struct chorus *chorus;
static char whys[2000];

static void
on_state(void *arg, struct console *c, enum chorus_state state, const char *why)
{
	static const char *const names[] = { "out", "sings", "differs",
		"silent", "gone" };
	size_t n = strlen(whys);

	(void)arg;
	str_format(whys + n, sizeof whys - n, "%s %s: %s\n", console_name(c),
	    names[state], why);
}

static const struct chorus_sink sink = { on_state };

/* What each far end does, once it has said R. */
#define ECHO "exec cat"
#define MUTE "exec cat >/dev/null"
/* Not a byte comes back until a Q was typed. */
#define PASSWORD \
	"while c=$(dd bs=1 count=1 2>/dev/null); [ \"$c\" != Q ]; do :; " \
	"done; exec cat"
#define WRONG \
	"while c=$(dd bs=1 count=1 2>/dev/null); [ -n \"$c\" ]; do " \
	"printf '#'; done"
#define CHATTY \
	"i=0; while [ $i -lt 2000 ]; do echo '12345 67890'; i=$((i+1)); " \
	"done & exec cat"
/* Ends when it is typed an x. */
#define SHORT \
	"while c=$(dd bs=1 count=1 2>/dev/null); [ \"$c\" != x ]; do " \
	"printf \"$c\"; done"

static void
add(size_t i, const char *what)
{
	char name[16], file[16], body[300];

	str_format(name, sizeof name, "b/%zu", i + 1);
	str_format(file, sizeof file, "far%zu.sh", i);
	str_format(body, sizeof body, "printf R; %s", what);
	links[i] = cfix_link(&f, far_script(file, body));
	consoles[i] = cfix_console(&f, name, true);
	cfix_route(&f, consoles[i], links[i]);
	link_start(links[i]);
	CUNTIL(&f, (loop_advance(f.loop, 1), console_bytes(consoles[i]) > 0));
	chorus_add(chorus, consoles[i]);
}

static void
begin(const char *const *what)
{
	cfix_new(&f, far_echo());
	whys[0] = '\0';
	chorus = chorus_new(f.loop, &sink, NULL);
	for (size_t i = 0; i < MOST; i++) {
		consoles[i] = NULL;
		links[i] = NULL;
		if (what[i] != NULL)
			add(i, what[i]);
		else
			break;
	}
}

static void
end(void)
{
	chorus_free(chorus);
	f.n_routes = 0;
	consoles_free(f.set);
	f.set = consoles_new(
	    f.loop, &(struct consoles_config){ 0 }, &cfix_sink, &f);
	for (size_t i = 0; i < MOST; i++)
		link_free(links[i]);
	f.console = NULL;
	cfix_free(&f);
}

static size_t
type(const char *text)
{
	return chorus_type(chorus, text, strlen(text));
}

static bool
shows(size_t i, const char *text)
{
	return on_screen(consoles[i], text) > 0;
}

/* Until it holds, with time passing for the judge too. */
#define SOON(cond) CUNTIL(&f, (loop_advance(f.loop, 10), (cond)))
#define STATE(i) ((int)chorus_state(chorus, consoles[i]))

/* What is under way is over: a while without a byte. */
static void
settle(void)
{
	for (int i = 0; i < 100; i++) {
		loop_turn(f.loop, 2);
		loop_advance(f.loop, 10);
	}
}

TEST(all_get_what_is_typed)
{
	begin((const char *const[MOST]){ ECHO, ECHO, ECHO });
	CHECK_INT(chorus_count(chorus), 3);
	CHECK_INT(type("uname -a"), 3);
	SOON(shows(0, "Runame -a") && shows(1, "Runame -a") &&
	    shows(2, "Runame -a"));
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(STATE(i), CHORUS_SINGS);
	CHECK_STR(whys, "");
	end();
}

TEST(one_that_does_not_echo_gets_one_character_and_no_more)
{
	begin((const char *const[MOST]){ ECHO, ECHO, MUTE });
	CHECK_INT(type("secret"), 3);
	SOON(shows(0, "Rsecret") && shows(1, "Rsecret"));
	CHECK_INT(STATE(2), CHORUS_SILENT);
	CHECK(strstr(whys, "b/3 silent: It does not echo") != NULL);
	CHECK_INT(type("x"), 2);
	SOON(shows(0, "Rsecretx"));
	end();
}

TEST(a_password_asked_by_all_is_typed_at_all)
{
	begin((const char *const[MOST]){ PASSWORD, PASSWORD });
	CHECK_INT(type("geheimQ"), 2);
	settle();
	CHECK_INT(STATE(0), CHORUS_SINGS);
	CHECK_INT(STATE(1), CHORUS_SINGS);
	CHECK_INT(type("ls"), 2);
	SOON(shows(0, "Rls") && shows(1, "Rls"));
	CHECK_STR(whys, "");
	end();
}

TEST(the_odd_one_that_echoes_among_passwords_stops_all)
{
	begin((const char *const[MOST]){ MUTE, ECHO, MUTE });
	CHECK_INT(type("geheim"), 3);
	SOON(STATE(1) == CHORUS_DIFFERS);
	settle();
	/* One character went astray; the rest never goes anywhere. */
	CHECK(shows(1, "Rg") && !shows(1, "Rge"));
	CHECK_INT(STATE(0), CHORUS_SILENT);
	CHECK_INT(type("heim"), 0);
	end();
}

TEST(an_echo_that_differs_is_paused)
{
	begin((const char *const[MOST]){ ECHO, WRONG, ECHO });
	CHECK_INT(type("abc"), 3);
	SOON(STATE(1) == CHORUS_DIFFERS);
	SOON(shows(0, "Rabc") && shows(2, "Rabc"));
	CHECK(strstr(whys, "b/2 differs: Its echo differs") != NULL);
	CHECK(!shows(1, "##"));
	end();
}

TEST(what_a_node_prints_by_itself_is_no_echo_and_hides_none)
{
	begin((const char *const[MOST]){ ECHO, CHATTY });
	CHECK_INT(type("uptime"), 2);
	SOON(shows(0, "Ruptime"));
	settle();
	CHECK_INT(STATE(1), CHORUS_SINGS);
	CHECK_INT(type("abc"), 2);
	SOON(shows(0, "Ruptimeabc"));
	CHECK_STR(whys, "");
	end();
}

TEST(confirmed_it_goes_on_until_its_next_line)
{
	begin((const char *const[MOST]){ ECHO, ECHO, PASSWORD });
	CHECK_INT(type("x"), 3);
	SOON(STATE(2) == CHORUS_SILENT);
	chorus_confirm(chorus, NULL);
	CHECK_INT(STATE(2), CHORUS_SINGS);
	/* It is not judged now, though it does not echo. */
	CHECK_INT(type("pwQ"), 3);
	SOON(shows(0, "RxpwQ"));
	settle();
	CHECK_INT(STATE(2), CHORUS_SINGS);
	CHECK_INT(type("\rls"), 3);
	SOON(shows(2, "ls"));
	settle();
	CHECK_INT(STATE(2), CHORUS_SINGS);
	end();
}

TEST(confirmed_and_still_silent_on_the_next_line_it_is_paused_again)
{
	begin((const char *const[MOST]){ ECHO, ECHO, MUTE });
	CHECK_INT(type("x"), 3);
	SOON(STATE(2) == CHORUS_SILENT);
	chorus_confirm(chorus, consoles[2]);
	CHECK_INT(type("y"), 3);
	settle();
	CHECK_INT(STATE(2), CHORUS_SINGS);
	CHECK_INT(type("\rz"), 3);
	SOON(STATE(2) == CHORUS_SILENT);
	end();
}

TEST(one_that_cannot_be_typed_at_is_flagged)
{
	begin((const char *const[MOST]){ ECHO, SHORT });
	CHECK_INT(type("a"), 2);
	SOON(shows(0, "Ra") && shows(1, "Ra"));
	CHECK_INT(type("x"), 2);
	SOON(console_state(consoles[1]) != CONSOLE_OPEN);
	(void)type("b");
	SOON(STATE(1) != CHORUS_SINGS);
	SOON(shows(0, "Raxb"));
	CHECK(strstr(whys, "b/2 ") != NULL);
	end();
}

TEST(members_come_and_go)
{
	begin((const char *const[MOST]){ ECHO, ECHO, ECHO });
	chorus_add(chorus, consoles[0]);
	CHECK_INT(chorus_count(chorus), 3);
	chorus_remove(chorus, consoles[1]);
	CHECK_INT(STATE(1), CHORUS_OUT);
	CHECK(chorus_at(chorus, 2) == NULL);
	CHECK_INT(type("ab"), 2);
	SOON(shows(0, "Rab") && shows(2, "Rab"));
	CHECK(!shows(1, "Ra"));
	chorus_remove(chorus, consoles[0]);
	chorus_remove(chorus, consoles[2]);
	CHECK_INT(type("c"), 0);
	end();
}

/* A reload takes it away while its echo is waited for. */
TEST(a_console_that_is_freed_is_forgotten)
{
	begin((const char *const[MOST]){ ECHO, MUTE, ECHO });
	CHECK_INT(type("abc"), 3);
	loop_turn(f.loop, 1);
	cfix_forget(&f, consoles[1]);
	console_free(consoles[1]);
	consoles[1] = NULL;
	f.console = consoles[0];
	SOON(shows(0, "Rabc") && shows(2, "Rabc"));
	CHECK_INT(chorus_count(chorus), 2);
	end();
}

TEST(a_queue_that_is_full_takes_no_more)
{
	char big[40000];

	begin((const char *const[MOST]){ MUTE, ECHO });
	memset(big, 'q', sizeof big);
	CHECK_INT(chorus_type(chorus, big, sizeof big), 2);
	(void)chorus_type(chorus, big, sizeof big);
	settle();
	chorus_free(chorus);
	chorus = NULL;
	end();
}
