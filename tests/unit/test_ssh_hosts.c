/* Host keys: known, unknown, changed, and what the operator is asked. */
#include "ssh_peer.h"

static char text[4096];

static const char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");

	text[0] = '\0';
	if (f != NULL) {
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

static void
serve_unknown(struct sshd *d)
{
	serve(d, NULL);
	CHECK_INT(unlink(known), 0);
}

TEST(unknown_without_an_operator)
{
	struct sshd d;
	struct peer p;

	setup();
	serve_unknown(&d);
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_HOSTKEY);
	CHECK(!p.retry);
	CHECK_INT(p.asks, 0);
	SAYS(p.text, "SHA256:");
	SAYS(p.text, "ssh-keyscan");
	CHECK(access(known, F_OK) < 0);
	part(&d, &p);
}

TEST(trap28_unknown_is_asked_while_disconnected)
{
	struct sshd d;
	struct peer p;
	struct stat st;
	char want[100];

	setup();
	serve_unknown(&d);
	config.interactive = true;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	CHECK(!p.retry);
	CHECK_INT(p.asks, 1);
	CHECK_INT(p.ask.kind, ASK_HOSTKEY);
	CHECK(p.ask.id != 0);
	SAYS(p.title, "127.0.0.1");
	SAYS(p.question, "SHA256:");
	SAYS(p.question, "ssh-ed25519");
	SAYS(p.question, known);
	CHECK(access(known, F_OK) < 0);
	hang_up(&p);
	CHECK(!pool_answer(pool, p.ask.id + 1, "yes"));
	CHECK(pool_answer(pool, p.ask.id, "yes"));
	bring_up(&p, d.url);
	CHECK_INT(p.asks, 0);
	hang_up(&p);
	snprintf(want, sizeof want, "[127.0.0.1]:%u ssh-ed25519 ", d.port);
	SAYS(read_file(known), want);
	CHECK_INT(stat(known, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	/* It is a line once, and known from now on. */
	bring_up(&p, d.url);
	hang_up(&p);
	CHECK(strchr(read_file(known), '\n') == strrchr(text, '\n'));
	setdown();
	sshd_stop(&d);
}

TEST(ten_links_ask_once)
{
	struct sshd d;
	struct peer p[10];

	setup();
	serve_unknown(&d);
	config.interactive = true;
	for (int i = 0; i < 10; i++)
		dial(&p[i], d.url);
	for (int i = 0; i < 10; i++) {
		GOES_DOWN(&p[i], LINK_WHY_ASKING);
		CHECK_INT(p[i].ask.id, p[0].ask.id);
		hang_up(&p[i]);
	}
	CHECK(pool_answer(pool, p[0].ask.id, "YES"));
	for (int i = 0; i < 10; i++) {
		bring_up(&p[i], d.url);
		hang_up(&p[i]);
	}
	setdown();
	sshd_stop(&d);
}

TEST(declined_and_asked_again_later)
{
	struct sshd d;
	struct peer p;
	const char *answers[] = { NULL, "no", "" };

	setup();
	serve_unknown(&d);
	config.interactive = true;
	for (int i = 0; i < 3; i++) {
		dial(&p, d.url);
		GOES_DOWN(&p, LINK_WHY_ASKING);
		hang_up(&p);
		CHECK(pool_answer(pool, p.ask.id, answers[i]));
		dial(&p, d.url);
		GOES_DOWN(&p, LINK_WHY_HOSTKEY);
		CHECK(!p.retry);
		SAYS(p.text, "not accepted");
		hang_up(&p);
		/* A change of mind is possible soon. */
		loop_freeze(loop);
		loop_advance(loop, 3000);
		loop_turn(loop, 0);
		if (i == 0)
			break;
	}
	setdown();
	sshd_stop(&d);
}

TEST(a_file_that_cannot_be_written_is_no_hindrance)
{
	struct sshd d;
	struct peer p;

	setup();
	serve_unknown(&d);
	config.interactive = true;
	config.known_hosts = "/proc/no/such/known_hosts";
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_ASKING);
	hang_up(&p);
	CHECK(pool_answer(pool, p.ask.id, "yes"));
	for (int i = 0; i < 2; i++) {
		bring_up(&p, d.url);
		hang_up(&p);
	}
	setdown();
	sshd_stop(&d);
}

TEST(changed_is_never_accepted)
{
	struct sshd d, other;
	struct peer p;
	char wrong[9000], port[40], real[40];
	char *at;

	setup();
	serve(&d, NULL);
	sshd_start(&other, NULL, NULL);
	/* The other's key under our name. */
	CHECK_INT(unlink(known), 0);
	sshd_known(&other, known);
	snprintf(port, sizeof port, ":%u ", other.port);
	snprintf(real, sizeof real, ":%u ", d.port);
	read_file(known);
	at = strstr(text, port);
	CHECK(at != NULL);
	*at = '\0';
	snprintf(wrong, sizeof wrong, "# one\n%s%s%s", text, real,
	    at + strlen(port));
	write_file(known, wrong);
	for (int i = 0; i < 2; i++) {
		config.interactive = i == 1;
		dial(&p, d.url);
		GOES_DOWN(&p, LINK_WHY_HOSTKEY);
		CHECK(!p.retry);
		CHECK_INT(p.asks, 0);
		SAYS(p.text, "CHANGED");
		SAYS(p.text, "known_hosts:2)");
		SAYS(p.text, "ssh-keygen -R");
		at = strstr(p.text, "SHA256:");
		CHECK(at != NULL && strstr(at + 1, "SHA256:") != NULL);
		hang_up(&p);
	}
	CHECK_STR(read_file(known), wrong);
	setdown();
	sshd_stop(&d);
	sshd_stop(&other);
}

TEST(trap12_only_another_type_known)
{
	struct sshd d;
	struct peer p;
	char rsa[310], cmd[2000];
	const char *argv[] = { "/bin/sh", "-c", cmd, NULL };

	setup();
	serve(&d, NULL);
	snprintf(rsa, sizeof rsa, "%s/rsa", test_dir());
	make_key(rsa, "rsa", "");
	snprintf(cmd, sizeof cmd,
	    "{ printf '[127.0.0.1]:%u '; cut -d' ' -f1,2 '%s.pub'; } >'%s'",
	    d.port, rsa, known);
	CHECK_INT(run_program(argv), 0);
	config.interactive = true;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_HOSTKEY);
	SAYS(p.text, "CHANGED");
	part(&d, &p);
}

TEST(the_known_type_is_asked_for)
{
	struct sshd d;
	struct peer p;
	char rsa[310], cmd[2000], option[400];
	const char *argv[] = { "/bin/sh", "-c", cmd, NULL };

	setup();
	/* A server with two keys, of which we know the RSA one. */
	snprintf(rsa, sizeof rsa, "%s/rsa", test_dir());
	make_key(rsa, "rsa", "");
	snprintf(
	    cmd, sizeof cmd, "chmod 755 '%s'; chmod 644 '%s'", test_dir(), rsa);
	CHECK_INT(run_program(argv), 0);
	snprintf(cmd, sizeof cmd,
	    "id -u 64017 >/dev/null 2>&1; "
	    "chown 64017 '%s' 2>/dev/null; chmod 600 "
	    "'%s'",
	    rsa, rsa);
	CHECK_INT(run_program(argv), 0);
	snprintf(option, sizeof option, "HostKey %s", rsa);
	serve(&d, option);
	snprintf(cmd, sizeof cmd,
	    "{ printf '[127.0.0.1]:%u '; cut -d' ' -f1,2 '%s.pub'; } >'%s'",
	    d.port, rsa, known);
	CHECK_INT(run_program(argv), 0);
	bring_up(&p, d.url);
	CHECK_STR(ask_for(&p, "echo yes"), "yes");
	part(&d, &p);
}

TEST(revoked_is_refused)
{
	struct sshd d;
	struct peer p;
	char line[9000];

	setup();
	serve(&d, NULL);
	read_file(known);
	snprintf(
	    line, sizeof line, "%s@revoked * %s", text, strchr(text, ' ') + 1);
	write_file(known, line);
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_HOSTKEY);
	SAYS(p.text, "revoked");
	CHECK(!p.retry);
	part(&d, &p);
}

TEST(ssh_config_names_alias_and_files)
{
	struct sshd d;
	struct peer p;
	char conf[9000], file[320], mine[320];

	setup();
	serve(&d, NULL);
	snprintf(mine, sizeof mine, "%s/mine", test_dir());
	read_file(known);
	snprintf(conf, sizeof conf, "rack-one %s", strchr(text, ' ') + 1);
	write_file(mine, conf);
	snprintf(file, sizeof file, "%s/config", test_dir());
	snprintf(conf, sizeof conf,
	    "Host one\n HostName 127.0.0.1\n Port %u\n User %s\n"
	    " IdentityFile %s\n HostKeyAlias rack-one\n"
	    " UserKnownHostsFile /nowhere %s\n IdentityAgent none\n",
	    d.port, d.user, key, mine);
	write_file(file, conf);
	config.ssh_config = file;
	config.identity = NULL;
	config.known_hosts = NULL;
	bring_up(&p, "ssh://one");
	CHECK_STR(ask_for(&p, "echo alias"), "alias");
	part(&d, &p);
}

TEST(accept_new_accepts_only_new)
{
	struct sshd d;
	struct peer p;
	char conf[3000], file[320];

	setup();
	serve_unknown(&d);
	snprintf(file, sizeof file, "%s/config", test_dir());
	snprintf(conf, sizeof conf,
	    "Host *\n StrictHostKeyChecking accept-new\n"
	    " HashKnownHosts yes\n IdentityAgent none\n");
	write_file(file, conf);
	config.ssh_config = file;
	bring_up(&p, d.url);
	hang_up(&p);
	SAYS(read_file(known), "|1|");
	bring_up(&p, d.url);
	hang_up(&p);
	CHECK(strchr(text, '\n') == strrchr(text, '\n'));
	setdown();
	sshd_stop(&d);
}

TEST(a_bad_ssh_config_is_said)
{
	struct sshd d;
	struct peer p;
	char file[320];

	setup();
	serve(&d, NULL);
	snprintf(file, sizeof file, "%s/config", test_dir());
	write_file(file, "Bananas yes\n");
	config.ssh_config = file;
	dial(&p, d.url);
	GOES_DOWN(&p, LINK_WHY_LOCAL);
	SAYS(p.text, "anana");
	CHECK(!p.retry);
	part(&d, &p);
}
