/* What OpenSSH only does with PAM, against the simulator's server. */
#include "ssh_peer.h"

#include "simproc.h"

#define PASSWORD "raspberry"

static const char rack[] =
    "rack: { name = \"lab\"; units = 12; };\n"
    "boards = ( { name = \"pis\"; type = \"linux\"; unit = 9; slots = 4;\n"
    "  nodes = ( { slot = 1; name = \"p4\"; model = \"pi4\";\n"
    "              keyboard_interactive = true; },\n"
    "            { slot = 2; name = \"p5\"; model = \"pi5\";\n"
    "              two_step = true; } ); } );\n";

static struct simproc sim;
static char identity[400];

static void
begin(void)
{
	static char hosts[400];

	setup();
	simproc_start(&sim, rack, NULL);
	snprintf(hosts, sizeof hosts, "%s.known_hosts", sim.config);
	snprintf(identity, sizeof identity, "%s.key", sim.config);
	config.known_hosts = hosts;
	config.identity = NULL;
}

static void
end(void)
{
	setdown();
	simproc_stop(&sim);
}

static void
call(struct peer *p, const char *name)
{
	char url[100];

	snprintf(
	    url, sizeof url, "ssh://pi@127.0.0.1:%u", simproc_port(&sim, name));
	dial(p, url);
}

TEST(prompts_are_asked_while_connected)
{
	struct peer p;

	begin();
	config.interactive = true;
	call(&p, "p4");
	UNTIL(p.asks == 1 || p.down);
	CHECK(!p.down);
	CHECK_INT(p.ask.kind, ASK_PROMPT);
	CHECK(!p.ask.echo);
	SAYS(p.question, "Password: ");
	SAYS(p.title, "pi@127.0.0.1");
	p.t->ops->answer(p.t, p.ask.id, "wrong");
	/* Once more, and it is another question. */
	UNTIL(p.asks == 2 || p.down);
	CHECK(!p.down);
	CHECK(pool_answer(pool, p.ask.id, PASSWORD));
	COMES_UP(&p);
	CHECK_STR(ask_for(&p, "echo in"), "in");
	hang_up(&p);
	/* A lone hidden prompt is a password: it is known from now on. */
	call(&p, "p4");
	COMES_UP(&p);
	CHECK_INT(p.asks, 0);
	hang_up(&p);
	end();
}

TEST(a_person_may_think_longer_than_a_handshake)
{
	struct peer p;

	begin();
	config.interactive = true;
	call(&p, "p4");
	UNTIL(p.asks == 1 || p.down);
	CHECK(!p.down);
	loop_freeze(loop);
	loop_advance(loop, 60000);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 5);
	CHECK(!p.down);
	/* But not longer than a server waits. */
	loop_advance(loop, 60000);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 5);
	CHECK(p.down);
	CHECK_INT(p.why, LINK_WHY_TIMEOUT);
	hang_up(&p);
	end();
}

TEST(a_declined_prompt_is_the_end)
{
	struct peer p;

	begin();
	config.interactive = true;
	call(&p, "p4");
	UNTIL(p.asks == 1 || p.down);
	p.t->ops->answer(p.t, p.ask.id, NULL);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK(!p.retry);
	SAYS(p.text, "not answered");
	hang_up(&p);
	end();
}

TEST(a_password_command_answers_prompts)
{
	struct peer p;

	begin();
	config.password_cmd = "echo " PASSWORD;
	for (int i = 0; i < 2; i++) {
		call(&p, "p4");
		COMES_UP(&p);
		CHECK_INT(p.asks, 0);
		hang_up(&p);
	}
	config.password_cmd = "echo wrong";
	setdown();
	loop = loop_new();
	pool = link_pool_new(loop);
	call(&p, "p4");
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK(!p.retry);
	SAYS(p.text, "Tried: keyboard-interactive.");
	hang_up(&p);
	end();
}

TEST(nobody_to_ask)
{
	struct peer p;

	begin();
	call(&p, "p4");
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK_INT(p.asks, 0);
	SAYS(p.text, "password_command");
	hang_up(&p);
	end();
}

TEST(trap24_two_steps_with_a_question_between)
{
	struct peer p;

	begin();
	config.identity = identity;
	config.interactive = true;
	call(&p, "p5");
	GOES_DOWN(&p, LINK_WHY_ASKING);
	CHECK_INT(p.ask.kind, ASK_PASSWORD);
	hang_up(&p);
	CHECK(pool_answer(pool, p.ask.id, PASSWORD));
	call(&p, "p5");
	COMES_UP(&p);
	hang_up(&p);
	end();
}
