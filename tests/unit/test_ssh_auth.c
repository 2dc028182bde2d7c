/* Keys, agents, passphrases, passwords. */
#include "ssh_peer.h"

#include <sys/prctl.h>

static char agent_dir[300];
static pid_t agent_pid;

/* A real ssh-agent on a socket of the test. */
static void
start_agent(void)
{
	static char path[320];

	snprintf(path, sizeof path, "%s/agent", test_dir());
	fflush(NULL);
	agent_pid = fork();
	if (agent_pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("ssh-agent", "ssh-agent", "-D", "-a", path, NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && access(path, F_OK) < 0; i++)
		loop_turn(loop, 10);
	CHECK(access(path, F_OK) == 0);
	setenv("SSH_AUTH_SOCK", path, 1);
	snprintf(agent_dir, sizeof agent_dir, "%s/agentkeys", test_dir());
	mkdir(agent_dir, 0700);
}

static void
stop_agent(void)
{
	kill(agent_pid, SIGKILL);
}

static void
add_to_agent(const char *path)
{
	const char *argv[] = { "ssh-add", "-q", path, NULL };

	CHECK_INT(run_program(argv), 0);
}

static void
add_foreign(int n)
{
	for (int i = 0; i < n; i++) {
		char path[400];

		snprintf(path, sizeof path, "%s/foreign%d", agent_dir, i);
		make_key(path, "ed25519", "");
		add_to_agent(path);
	}
}

static void
serve_with(struct sshd *d, const char *type, const char *passphrase,
    const char *options)
{
	char pub[310];

	make_key(key, type, passphrase);
	snprintf(pub, sizeof pub, "%s.pub", key);
	sshd_start(d, pub, options);
	sshd_known(d, known);
}

TEST(trap09_rsa_keys_work_at_once)
{
	struct sshd d;
	struct peer p[8];

	setup();
	serve_with(&d, "rsa", "", NULL);
	for (int i = 0; i < 8; i++)
		dial(&p[i], d.url);
	for (int i = 0; i < 8; i++) {
		COMES_UP(&p[i]);
		hang_up(&p[i]);
	}
	setdown();
	sshd_stop(&d);
}

TEST(ecdsa_keys_too)
{
	struct sshd d;
	struct peer p;

	setup();
	serve_with(&d, "ecdsa", "", NULL);
	bring_up(&p, d.url);
	part(&d, &p);
}

TEST(a_wrong_key_is_final)
{
	struct sshd d;
	struct peer p;
	char wrong[310];

	setup();
	serve(&d, NULL);
	snprintf(wrong, sizeof wrong, "%s/wrong", test_dir());
	make_key(wrong, "ed25519", "");
	config.identity = wrong;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK(!p.retry);
	SAYS(p.text, wrong);
	SAYS(p.text, "publickey");
	SAYS(p.text, "ssh-copy-id");
	part(&d, &p);
}

TEST(no_key_at_all_is_explained)
{
	struct sshd d;
	struct peer p;
	char missing[310];

	setup();
	serve(&d, NULL);
	snprintf(missing, sizeof missing, "%s/missing", test_dir());
	config.identity = missing;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "Tried: nothing");
	SAYS(p.text, "is not there");
	hang_up(&p);
	write_file(missing, "this is no key\n");
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "is no key");
	part(&d, &p);
}

TEST(trap04_disconnected_by_too_many_failures)
{
	struct sshd d;
	struct peer p;
	char file[310], conf[2000];
	size_t len = 0;

	setup();
	serve(&d, "MaxAuthTries 2");
	len += (size_t)snprintf(conf, sizeof conf, "IdentityAgent none\n");
	for (int i = 0; i < 4; i++) {
		snprintf(file, sizeof file, "%s/wrong%d", test_dir(), i);
		make_key(file, "ed25519", "");
		len += (size_t)snprintf(
		    conf + len, sizeof conf - len, "IdentityFile %s\n", file);
	}
	snprintf(file, sizeof file, "%s/config", test_dir());
	write_file(file, conf);
	config.ssh_config = file;
	config.identity = NULL;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK(!p.retry);
	SAYS(p.text, "Too many authentication failures");
	part(&d, &p);
}

TEST(agent_key_is_enough)
{
	struct sshd d;
	struct peer p;

	setup();
	serve_with(&d, "rsa", "", NULL);
	start_agent();
	add_to_agent(key);
	config.identity = NULL;
	for (int i = 0; i < 3; i++) {
		bring_up(&p, d.url);
		CHECK_STR(ask_for(&p, "echo agent"), "agent");
		hang_up(&p);
	}
	stop_agent();
	setdown();
	sshd_stop(&d);
}

TEST(trap10_the_right_one_of_eight_agent_keys)
{
	struct sshd d;
	struct peer p;
	char renamed[400];

	setup();
	serve(&d, NULL);
	start_agent();
	add_foreign(7);
	add_to_agent(key);
	/* Only the public half is there: the agent must sign. */
	snprintf(renamed, sizeof renamed, "%s.away", key);
	CHECK_INT(rename(key, renamed), 0);
	bring_up(&p, d.url);
	hang_up(&p);
	/* Not named, it is the eighth: refused, without an endless loop. */
	config.identity = NULL;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK(!p.retry);
	SAYS(p.text, "More keys were there");
	hang_up(&p);
	stop_agent();
	setdown();
	sshd_stop(&d);
}

TEST(trap10_identities_only)
{
	struct sshd d;
	struct peer p;
	char conf[1000], file[310];

	setup();
	serve(&d, "MaxAuthTries 2");
	start_agent();
	add_foreign(6);
	snprintf(file, sizeof file, "%s/config", test_dir());
	snprintf(
	    conf, sizeof conf, "IdentitiesOnly yes\nIdentityFile %s\n", key);
	write_file(file, conf);
	config.ssh_config = file;
	config.identity = NULL;
	bring_up(&p, d.url);
	hang_up(&p);
	stop_agent();
	setdown();
	sshd_stop(&d);
}

TEST(trap10_a_stopped_agent_is_left_alone)
{
	struct sshd d;
	struct peer p;
	uint64_t before;

	setup();
	serve(&d, NULL);
	start_agent();
	add_foreign(1);
	kill(agent_pid, SIGSTOP);
	before = loop_now(loop);
	bring_up(&p, d.url);
	CHECK(loop_now(loop) - before >= 4900);
	hang_up(&p);
	/* Not asked again for a minute. */
	before = loop_now(loop);
	bring_up(&p, d.url);
	CHECK(loop_now(loop) - before < 2500);
	hang_up(&p);
	stop_agent();
	setdown();
	sshd_stop(&d);
}

TEST(trap10_an_agent_that_stops_before_it_signs)
{
	struct sshd d;
	struct peer p;
	uint64_t before;

	setup();
	serve(&d, NULL);
	start_agent();
	add_to_agent(key);
	dial(&p, d.url);
	UNTIL(p.state == LINK_CONNECTING);
	kill(agent_pid, SIGSTOP);
	before = loop_now(loop);
	UNTIL(p.up || p.down);
	CHECK(p.down);
	CHECK_INT(p.why, LINK_WHY_AUTH);
	CHECK(loop_now(loop) - before < 9000);
	hang_up(&p);
	/* And one can leave at once while it hangs. */
	stop_agent();
	setdown();
	sshd_stop(&d);
}

TEST(leaving_while_a_thread_has_the_session)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d, NULL);
	start_agent();
	add_to_agent(key);
	for (int i = 0; i < 40; i++) {
		dial(&p, d.url);
		UNTIL(p.state == LINK_AUTH || p.up);
		for (int n = 0; n < i % 8 && !p.up; n++)
			loop_turn(loop, 2);
		hang_up(&p);
	}
	stop_agent();
	setdown();
	sshd_stop(&d);
}

TEST(an_agent_that_is_not_there_is_no_hindrance)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d, NULL);
	setenv("SSH_AUTH_SOCK", "/nowhere/agent", 1);
	bring_up(&p, d.url);
	part(&d, &p);
}

TEST(trap25_passphrase_is_asked_once)
{
	struct sshd d;
	struct peer p, q;

	setup();
	serve_with(&d, "ed25519", "correct horse", NULL);
	config.interactive = true;
	dial(&p, d.url);
	dial(&q, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	GOES_DOWN(&q, LINK_WHY_ASKING);
	CHECK_INT(p.ask.kind, ASK_PASSPHRASE);
	CHECK_INT(p.ask.id, q.ask.id);
	CHECK(!p.ask.echo);
	SAYS(p.title, key);
	hang_up(&p);
	hang_up(&q);

	/* A wrong one is asked for again. */
	CHECK(pool_answer(pool, p.ask.id, "wrong"));
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	CHECK(p.ask.id != q.ask.id);
	SAYS(p.question, "not it");
	hang_up(&p);
	CHECK(pool_answer(pool, p.ask.id, "correct horse"));
	for (int i = 0; i < 3; i++) {
		bring_up(&p, d.url);
		CHECK_INT(p.asks, 0);
		hang_up(&p);
	}
	setdown();
	sshd_stop(&d);
}

TEST(passphrase_declined_or_nobody_to_ask)
{
	struct sshd d;
	struct peer p;

	setup();
	serve_with(&d, "ed25519", "correct horse", NULL);
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "ssh-agent");
	CHECK(!p.retry);
	hang_up(&p);
	config.interactive = true;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	hang_up(&p);
	CHECK(pool_answer(pool, p.ask.id, NULL));
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "was not given");
	CHECK_INT(p.asks, 0);
	part(&d, &p);
}

TEST(password_from_a_command)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d, "PasswordAuthentication yes");
	config.identity = NULL;
	config.password_cmd = "echo sesame; echo not this";
	for (int i = 0; i < 2; i++) {
		bring_up(&p, d.url);
		CHECK_STR(ask_for(&p, "echo in"), "in");
		hang_up(&p);
	}
	setdown();
	sshd_stop(&d);
}

TEST(a_wrong_password_is_tried_once)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d, "PasswordAuthentication yes");
	config.identity = NULL;
	config.password_cmd = "echo wrong";
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	CHECK(!p.retry);
	SAYS(p.text, "Tried: password.");
	hang_up(&p);
	config.password_cmd = "echo no vault here >&2; exit 3";
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "no vault here");
	SAYS(p.text, "Tried: nothing");
	part(&d, &p);
}

TEST(password_is_asked_for)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d, "PasswordAuthentication yes");
	config.identity = NULL;
	config.interactive = true;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	CHECK_INT(p.ask.kind, ASK_PASSWORD);
	CHECK(!p.ask.echo);
	SAYS(p.title, d.user);
	hang_up(&p);
	CHECK(pool_answer(pool, p.ask.id, "wrong"));
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	SAYS(p.question, "did not accept");
	hang_up(&p);
	CHECK(pool_answer(pool, p.ask.id, "sesame"));
	for (int i = 0; i < 2; i++) {
		bring_up(&p, d.url);
		CHECK_INT(p.asks, 0);
		hang_up(&p);
	}
	setdown();
	sshd_stop(&d);
}

TEST(trap24_a_key_and_a_password)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d,
	    "PasswordAuthentication yes\n"
	    "AuthenticationMethods publickey,password");
	config.password_cmd = "echo sesame";
	bring_up(&p, d.url);
	hang_up(&p);
	config.password_cmd = NULL;
	setdown();
	setup();
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "password_command");
	part(&d, &p);
}

TEST(preferred_authentications_are_honoured)
{
	struct sshd d;
	struct peer p;
	char file[310];

	setup();
	serve(&d, "PasswordAuthentication yes");
	snprintf(file, sizeof file, "%s/config", test_dir());
	write_file(file,
	    "PreferredAuthentications password\n"
	    "IdentityAgent none\n");
	config.ssh_config = file;
	config.password_cmd = "echo wrong";
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_AUTH);
	SAYS(p.text, "Tried: password.");
	part(&d, &p);
}
