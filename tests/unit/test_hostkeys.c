#include "sshd.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/text.h"
#include "rackmux/link/hostkeys.h"

static struct hostkeys *hk;
static char file[300], file2[300];
static struct hostkey_found found;

/* A key of this type whose content is one letter. */
static struct hostkey
key_of(const char *type, char letter)
{
	unsigned char blob[128] = { 0 };
	size_t len = strlen(type);
	struct hostkey k;

	memset(&k, 0, sizeof k);
	blob[3] = (unsigned char)len;
	memcpy(blob + 4, type, len);
	blob[4 + len + 3] = 32;
	memset(blob + 8 + len, letter, 32);
	hash_base64(blob, len + 40, k.base64);
	str_copy(k.type, sizeof k.type, type);
	hostkeys_print(k.print, sizeof k.print, k.base64);
	return k;
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL);
	fputs(text, f);
	fclose(f);
}

static void
put_line(const char *prefix, const struct hostkey *k, const char *suffix)
{
	FILE *f = fopen(file, "a");

	CHECK(f != NULL);
	fprintf(f, "%s %s %s%s\n", prefix, k->type, k->base64, suffix);
	fclose(f);
}

static void
setup(void)
{
	hk = hostkeys_new();
	snprintf(file, sizeof file, "%s/known_hosts", test_dir());
	snprintf(file2, sizeof file2, "%s/global", test_dir());
}

static enum hostkey_verdict
check(const char *name, const struct hostkey *k)
{
	const char *files[] = { file, file2 };

	return hostkeys_check(hk, files, 2, name, k, &found);
}

TEST(no_file_is_unknown)
{
	struct hostkey k = key_of("ssh-ed25519", 'a');

	setup();
	CHECK_INT(check("pi", &k), HOSTKEY_UNKNOWN);
	CHECK_STR(found.file, "");
	hostkeys_free(hk);
}

TEST(plain_line)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	struct hostkey b = key_of("ssh-ed25519", 'b');

	setup();
	put(file, "# a comment\n\n");
	put_line("pi,10.0.0.5", &a, " root@pi");
	CHECK_INT(check("pi", &a), HOSTKEY_OK);
	CHECK_INT(check("10.0.0.5", &a), HOSTKEY_OK);
	CHECK_INT(check("pi2", &a), HOSTKEY_UNKNOWN);
	CHECK_INT(check("pi", &b), HOSTKEY_CHANGED);
	CHECK_INT(found.line, 3);
	CHECK_STR(found.file, file);
	CHECK_STR(found.key.print, a.print);
	hostkeys_free(hk);
}

TEST(another_type_counts_as_changed)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	struct hostkey r = key_of("ssh-rsa", 'r');

	setup();
	put_line("pi", &a, "");
	CHECK_INT(check("pi", &r), HOSTKEY_CHANGED);
	CHECK_STR(found.key.type, "ssh-ed25519");
	hostkeys_free(hk);
}

TEST(two_keys_of_a_host)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	struct hostkey b = key_of("ssh-ed25519", 'b');
	struct hostkey r = key_of("ssh-rsa", 'r');
	struct hostkey s = key_of("ssh-rsa", 's');

	setup();
	put_line("pi", &a, "");
	put_line("pi", &b, "");
	put_line("pi", &r, "");
	CHECK_INT(check("pi", &b), HOSTKEY_OK);
	CHECK_INT(check("pi", &r), HOSTKEY_OK);
	/* The line that is named is the one of the same type. */
	CHECK_INT(check("pi", &s), HOSTKEY_CHANGED);
	CHECK_INT(found.line, 3);
	hostkeys_free(hk);
}

TEST(patterns_and_negation)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');

	setup();
	put_line("*.Lan,!bad.lan,node-??,[10.0.*]:2222", &a, "");
	CHECK_INT(check("good.lan", &a), HOSTKEY_OK);
	CHECK_INT(check("bad.lan", &a), HOSTKEY_UNKNOWN);
	CHECK_INT(check("node-01", &a), HOSTKEY_OK);
	CHECK_INT(check("node-1", &a), HOSTKEY_UNKNOWN);
	CHECK_INT(check("[10.0.7.1]:2222", &a), HOSTKEY_OK);
	CHECK_INT(check("10.0.7.1", &a), HOSTKEY_UNKNOWN);
	hostkeys_free(hk);
}

TEST(names)
{
	char name[64];

	hostkeys_name(name, sizeof name, "Pi.LAN", 22);
	CHECK_STR(name, "pi.lan");
	hostkeys_name(name, sizeof name, "Pi", 2222);
	CHECK_STR(name, "[pi]:2222");
}

TEST(hashed_line_of_openssh)
{
	const char *argv[] = { "ssh-keygen", "-q", "-H", "-f", file, NULL };
	struct hostkey a = key_of("ssh-ed25519", 'a');

	setup();
	put_line("example.org", &a, "");
	put_line("[example.org]:2222", &a, "");
	CHECK_INT(run_program(argv), 0);
	CHECK_INT(check("example.org", &a), HOSTKEY_OK);
	CHECK_INT(check("[example.org]:2222", &a), HOSTKEY_OK);
	CHECK_INT(check("[example.org]:2223", &a), HOSTKEY_UNKNOWN);
	a = key_of("ssh-ed25519", 'b');
	CHECK_INT(check("example.org", &a), HOSTKEY_CHANGED);
	hostkeys_free(hk);
}

TEST(trap11_revoked_and_authority)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	struct hostkey b = key_of("ssh-ed25519", 'b');

	setup();
	put_line("pi", &a, "");
	put_line("@revoked *", &a, "");
	put_line("@cert-authority *.lan", &b, "");
	CHECK_INT(check("pi", &a), HOSTKEY_REVOKED);
	CHECK_INT(found.line, 2);
	CHECK_INT(check("x.lan", &b), HOSTKEY_UNKNOWN);
	CHECK(found.authority);
	hostkeys_free(hk);
}

TEST(trap12_bad_lines_are_skipped)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');

	setup();
	put(file,
	    "pi\n"
	    "pi ssh-ed25519\n"
	    "pi ssh-ed25519 !!!!\n"
	    "pi ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==\n"
	    "@unknown pi ssh-ed25519 AAAA\n"
	    "|1|short|x ssh-ed25519 AAAA\n"
	    "|2|a|b ssh-ed25519 AAAA\n");
	put_line("pi", &a, "");
	CHECK_INT(check("pi", &a), HOSTKEY_OK);
	CHECK_INT(found.line, 8);
	hostkeys_free(hk);
}

TEST(trap11_second_file_counts)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	char text[5000];

	setup();
	put(file, "");
	snprintf(text, sizeof text, "pi %s %s\n", a.type, a.base64);
	put(file2, text);
	CHECK_INT(check("pi", &a), HOSTKEY_OK);
	CHECK_STR(found.file, file2);
	hostkeys_free(hk);
}

TEST(a_changed_file_is_read_again)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');

	setup();
	CHECK_INT(check("pi", &a), HOSTKEY_UNKNOWN);
	put_line("pi", &a, "");
	CHECK_INT(check("pi", &a), HOSTKEY_OK);
	put(file, "");
	CHECK_INT(check("pi", &a), HOSTKEY_UNKNOWN);
	CHECK_INT(unlink(file), 0);
	CHECK_INT(check("pi", &a), HOSTKEY_UNKNOWN);
	hostkeys_free(hk);
}

TEST(nul_bytes_and_no_newline)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	FILE *f;

	setup();
	f = fopen(file, "w");
	CHECK(f != NULL);
	fwrite("x\0y\n", 1, 4, f);
	fprintf(f, "pi %s %s", a.type, a.base64);
	fclose(f);
	CHECK_INT(check("pi", &a), HOSTKEY_OK);
	hostkeys_free(hk);
}

TEST(a_fifo_is_no_file)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');

	setup();
	CHECK_INT(mkfifo(file, 0600), 0);
	CHECK_INT(check("pi", &a), HOSTKEY_UNKNOWN);
	hostkeys_free(hk);
}

TEST(order_puts_known_types_first)
{
	const char *files[] = { file };
	struct hostkey r = key_of("ssh-rsa", 'r');
	char order[400];

	setup();
	hostkeys_order(hk, files, 1, "pi", order, sizeof order);
	CHECK(str_starts(order, "ssh-ed25519,"));
	put_line("pi", &r, "");
	hostkeys_order(hk, files, 1, "pi", order, sizeof order);
	CHECK_STR(order,
	    "rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256,"
	    "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521");
	hostkeys_free(hk);
}

TEST(added_keys_are_known)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	struct hostkey b = key_of("ssh-ed25519", 'b');
	char path[300], text[5000];
	struct stat st;
	FILE *f;

	setup();
	snprintf(path, sizeof path, "%s/new/known_hosts", test_dir());
	memcpy(file, path, sizeof file);
	CHECK_INT(hostkeys_add(path, "pi", &a, false), 0);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	*strrchr(path, '/') = '\0';
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_INT(check("pi", &a), HOSTKEY_OK);

	/* Hashed, and behind a line that has no newline. */
	f = fopen(file, "a");
	CHECK(f != NULL);
	fputs("# no newline", f);
	fclose(f);
	CHECK_INT(hostkeys_add(file, "[pi]:2222", &b, true), 0);
	CHECK_INT(check("[pi]:2222", &b), HOSTKEY_OK);
	f = fopen(file, "r");
	CHECK(f != NULL);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	CHECK(strstr(text, "2222") == NULL);
	CHECK(strstr(text, "\n|1|") != NULL);
	hostkeys_free(hk);
}

TEST(fingerprint_is_that_of_ssh_keygen)
{
	char print[64];

	CHECK(hostkeys_print(print, sizeof print,
	    "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9"
	    "GKJl"));
	CHECK_STR(print, "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
	CHECK(!hostkeys_print(print, sizeof print, "%%%"));
}

TEST(many_hashed_lines_are_found_once)
{
	struct hostkey a = key_of("ssh-ed25519", 'a');
	char name[64];

	setup();
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "h%d", i);
		CHECK_INT(hostkeys_add(file, name, &a, true), 0);
	}
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 300; i++) {
			snprintf(name, sizeof name, "h%d", i);
			CHECK_INT(check(name, &a), HOSTKEY_OK);
			CHECK_INT(found.line, i + 1);
		}
	hostkeys_free(hk);
}
