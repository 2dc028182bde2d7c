/* What is behind a port, from made-up /dev/serial and /proc trees. */
#include "rackmux/link/ports.h"

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "test.h"

static const char *
in_dir(const char *name)
{
	static char path[64][512];
	static int n;
	char *p = path[n++ % 64];

	str_format(p, sizeof(path[0]), "%s/%s", test_dir(), name);
	return p;
}

static void
make_dir(const char *name)
{
	CHECK(mkdir(in_dir(name), 0755) == 0);
}

static void
make_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	CHECK(f != NULL);
	fputs(text, f);
	fclose(f);
}

TEST(guesses)
{
	CHECK(strstr(ports_guess(0x08de, 0x1234), "Turing Pi"));
	CHECK(strstr(ports_guess(0x2e8a, 0x000a), "mini-CM4"));
	CHECK(strstr(ports_guess(0x2e8a, 0x0005), "MicroPython"));
	CHECK(strstr(ports_guess(0x2e8a, 0x7777), "microcontroller"));
	CHECK(strstr(ports_guess(0x0403, 0x6001), "FT232"));
	CHECK(strstr(ports_guess(0x1a86, 0x7523), "CH340"));
	CHECK(strstr(ports_guess(0x1a86, 0x55d4), "CH343"));
	CHECK(strstr(ports_guess(0x1a86, 0x55d5), "CH344"));
	CHECK(strstr(ports_guess(0x10c4, 0xea60), "CP210x"));
	CHECK(strstr(ports_guess(0x0525, 0xa4a7), "gadget"));
	CHECK_STR(ports_guess(0x1234, 0x5678), "");
	CHECK_STR(ports_guess(0, 0), "");
}

TEST(stable_names)
{
	struct ports_roots roots = { .serial = in_dir("serial") };
	struct port_info p = { 0 };

	make_file("ttyACM0", "");
	make_file("ttyACM1", "");
	make_dir("serial");
	make_dir("serial/by-id");
	make_dir("serial/by-path");
	CHECK(symlink("../../ttyACM1", in_dir("serial/by-id/usb-other")) == 0);
	CHECK(symlink("../../ttyACM0", in_dir("serial/by-id/.#usb-tmp")) == 0);
	CHECK(symlink("../../ttyACM0", in_dir("serial/by-id/usb-it")) == 0);
	CHECK(symlink("../../gone", in_dir("serial/by-path/dead")) == 0);
	str_copy(p.path, sizeof(p.path), in_dir("ttyACM0"));
	ports_names(&p, &roots);
	CHECK_STR(p.by_id, in_dir("serial/by-id/usb-it"));
	CHECK_STR(p.by_path, "");
	CHECK(symlink("../../ttyACM0", in_dir("serial/by-path/pci-1")) == 0);
	ports_names(&p, &roots);
	CHECK_STR(p.by_path, in_dir("serial/by-path/pci-1"));
}

/* What a device is, without a word to it. */
TEST(identity_of_one)
{
	struct ports_roots roots = { .serial = in_dir("serial") };
	struct port_info p;

	make_file("ttyACM0", "");
	make_dir("serial");
	make_dir("serial/by-id");
	CHECK(symlink("../../ttyACM0", in_dir("serial/by-id/usb-it")) == 0);
	ports_identity(in_dir("ttyACM0"), &roots, &p);
	CHECK_STR(ports_by_id(&p), "usb-it");
	CHECK_INT(p.vid, 0);
	ports_identity(in_dir("serial/by-id/usb-it"), &roots, &p);
	CHECK_STR(ports_by_id(&p), "usb-it");
	/* Unplugged, and of another machine's folder. */
	ports_identity(in_dir("serial/by-id/usb-gone"), &roots, &p);
	CHECK_STR(ports_by_id(&p), "usb-gone");
	ports_identity("/x/by-id/usb-far", &roots, &p);
	CHECK_STR(ports_by_id(&p), "usb-far");
	ports_identity("/x/not-by-id/usb-far", &roots, &p);
	CHECK_STR(ports_by_id(&p), "");
	ports_identity("/dev/ttyNone", &roots, &p);
	CHECK_STR(ports_by_id(&p), "");
	ports_identity("", &roots, &p);
	CHECK_STR(ports_by_id(&p), "");
}

TEST(no_such_folder)
{
	struct ports_roots roots = { .serial = in_dir("no"),
		.proc = in_dir("no") };
	struct port_info p = { 0 };

	make_file("ttyACM0", "");
	str_copy(p.path, sizeof(p.path), in_dir("ttyACM0"));
	ports_names(&p, &roots);
	CHECK_STR(p.by_id, "");
	CHECK_INT(ports_holder(p.path, &roots, NULL, 0), 0);
	CHECK_INT(ports_holder("/does/not/exist", &roots, NULL, 0), 0);
}

TEST(who_holds_a_port)
{
	struct ports_roots roots = { .proc = in_dir("proc") };
	char name[32] = "x", me[64];

	make_file("tty", "");
	make_dir("proc");
	make_dir("proc/self");
	make_dir("proc/12");
	make_dir("proc/12/fd");
	CHECK(symlink("/dev/null", in_dir("proc/12/fd/0")) == 0);
	make_dir("proc/4711");
	make_dir("proc/4711/fd");
	make_file("proc/4711/comm", "pico\033com\n");
	/* Our own does not count. */
	str_format(me, sizeof(me), "proc/%ld", (long)getpid());
	make_dir(me);
	str_format(me, sizeof(me), "proc/%ld/fd", (long)getpid());
	make_dir(me);
	str_format(me, sizeof(me), "proc/%ld/fd/5", (long)getpid());
	CHECK(symlink(in_dir("tty"), in_dir(me)) == 0);
	CHECK_INT(ports_holder(in_dir("tty"), &roots, name, sizeof(name)), 0);
	CHECK_STR(name, "");
	CHECK(symlink(in_dir("tty"), in_dir("proc/4711/fd/3")) == 0);
	CHECK_INT(
	    ports_holder(in_dir("tty"), &roots, name, sizeof(name)), 4711);
	CHECK(str_starts(name, "pico"));
	CHECK(!strchr(name, '\033'));
}

TEST(the_list_of_this_machine)
{
	struct port_info *list = NULL;
	size_t i, n = ports_list(&list, NULL);

	for (i = 0; i < n; i++) {
		CHECK(str_starts(list[i].path, "/dev/"));
		CHECK(list[i].guess != NULL);
	}
	free(list);
}
