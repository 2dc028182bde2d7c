/* Links are typed by people: what is right parses, what is wrong is told. */
#include "rackmux/link/url.h"

#include <string.h>

#include "test.h"

static void
good(const char *s, const char *user, const char *host, unsigned port)
{
	char err[256] = "";
	struct url u;

	if (!url_parse(&u, s, true, err, sizeof(err)))
		test_fail(__FILE__, __LINE__, "%s: %s", s, err);
	CHECK_STR(u.scheme, "ssh");
	CHECK_STR(u.user, user);
	CHECK_STR(u.host, host);
	CHECK_INT(u.port, port);
}

static void
bad(const char *s, bool allow_short, const char *part)
{
	char err[256] = "";
	struct url u;

	if (url_parse(&u, s, allow_short, err, sizeof(err)))
		test_fail(__FILE__, __LINE__, "%s was accepted", s);
	if (!strstr(err, part))
		test_fail(__FILE__, __LINE__, "%s: \"%s\" lacks \"%s\"", s, err,
		    part);
}

TEST(ssh_urls)
{
	good("ssh://10.0.0.5", "", "10.0.0.5", 0);
	good("ssh://root@turingpi.local", "root", "turingpi.local", 0);
	good("ssh://root@turingpi.local/", "root", "turingpi.local", 0);
	good("ssh://pi@blade-01:2222", "pi", "blade-01", 2222);
	good("ssh://[::1]:22", "", "::1", 22);
	good("ssh://pi@[fe80::1%eth0]", "pi", "fe80::1%eth0", 0);
	good("tp2", "", "tp2", 0);
	good("root@tp2", "root", "tp2", 0);
	good("root@tp2:2200", "root", "tp2", 2200);
	good("[::1]", "", "::1", 0);
}

TEST(ssh_urls_that_are_wrong)
{
	bad("ssh://", true, "host is missing");
	bad("ssh://root@", true, "host is missing");
	bad("ssh://@host", true, "user name");
	bad("ssh://root:secret@host", true, "no password");
	bad("ssh://host:0", true, "1 to 65535");
	bad("ssh://host:65536", true, "1 to 65535");
	bad("ssh://host:22x", true, "1 to 65535");
	bad("ssh://host:", true, "1 to 65535");
	bad("ssh://::1", true, "brackets");
	bad("ssh://[::1", true, "']'");
	bad("ssh://[::1]22", true, ":port");
	bad("ssh://host/path", true, "path");
	bad("ssh://-oProxyCommand=x", true, "host name");
	bad("ssh://-l@host", true, "user name");
	bad("-oProxyCommand=x", true, "host name");
	bad("ssh://ho st", true, "host name");
	bad("ssh://h$(x)", true, "host name");
	bad("", true, "empty");
	bad("tp2", false, "unknown kind");
	bad("udp://host", true, "unknown kind");
	bad("sreial:/dev/ttyUSB0", true, "unknown kind");
	bad("/dev/ttyUSB0", true, "serial:/dev/");
}

TEST(serial_urls)
{
	char err[256];
	struct url u;

	CHECK(url_parse(&u, "serial:/dev/serial/by-id/usb-A@B-if00", false, err,
	    sizeof(err)));
	CHECK_STR(u.scheme, "serial");
	CHECK_STR(u.host, "/dev/serial/by-id/usb-A@B-if00");
	CHECK_INT(u.baud, 115200);
	CHECK(
	    url_parse(&u, "serial:/dev/ttyUSB0@9600", false, err, sizeof(err)));
	CHECK_STR(u.host, "/dev/ttyUSB0");
	CHECK_INT(u.baud, 9600);
	bad("serial:ttyUSB0", true, "full path");
	bad("serial:", true, "full path");
	bad("serial:/dev/ttyACM0@1200", true, "bootloader");
	bad("serial:/dev/ttyACM0@49", true, "50 to");
	bad("serial:/dev/ttyACM0@99999999999", true, "50 to");
	bad("serial:/dev/a\nb", true, "control");
}

static void
serial(const char *s, struct url want)
{
	char err[256] = "";
	struct url u;

	if (!url_parse(&u, s, false, err, sizeof(err)))
		test_fail(__FILE__, __LINE__, "%s: %s", s, err);
	CHECK_STR(u.host, "/dev/ttyUSB0");
	CHECK_INT(u.baud, want.baud);
	CHECK_INT(u.bits, want.bits);
	CHECK_INT(u.parity, want.parity);
	CHECK_INT(u.stops, want.stops);
	CHECK_INT(u.rtscts, want.rtscts);
	CHECK_INT(u.dtr, want.dtr);
	CHECK_INT(u.rts, want.rts);
}

TEST(serial_settings)
{
	serial("serial:/dev/ttyUSB0",
	    (struct url){
		.baud = 115200, .bits = 8, .parity = 'N', .stops = 1 });
	serial("serial:/dev/ttyUSB0@9600,7E1",
	    (struct url){ .baud = 9600, .bits = 7, .parity = 'E', .stops = 1 });
	serial("serial:/dev/ttyUSB0@250000,rtscts,5o2",
	    (struct url){ .baud = 250000,
		.bits = 5,
		.parity = 'O',
		.stops = 2,
		.rtscts = true });
	serial("serial:/dev/ttyUSB0@115200,dtr=off,rts=on",
	    (struct url){ .baud = 115200,
		.bits = 8,
		.parity = 'N',
		.stops = 1,
		.dtr = PIN_OFF,
		.rts = PIN_ON });
	bad("serial:/dev/ttyUSB0@9600,", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,9N1", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,8X1", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,8N3", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,8N1x", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,dtr", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,dtr=maybe", true, "after the speed");
	bad("serial:/dev/ttyUSB0@9600,rtscts,rts=on", true, "exclude");
	bad("serial:/dev/ttyUSB0@8N1", true, "speed comes first");
	bad("serial:/dev/ttyUSB0@1200,8N1", true, "bootloader");
}

static void
tcp(const char *s, const char *scheme, const char *host, unsigned port)
{
	char err[256] = "";
	struct url u;

	if (!url_parse(&u, s, false, err, sizeof(err)))
		test_fail(__FILE__, __LINE__, "%s: %s", s, err);
	CHECK_STR(u.scheme, scheme);
	CHECK_STR(u.host, host);
	CHECK_INT(u.port, port);
	CHECK(url_console_only(&u));
}

TEST(tcp_urls)
{
	struct url u;
	char err[256];

	tcp("tcp://rack-1:2001", "tcp", "rack-1", 2001);
	tcp("tcp://[::1]:2001", "tcp", "::1", 2001);
	tcp("telnet://10.0.0.9", "telnet", "10.0.0.9", 23);
	tcp("telnet://10.0.0.9:3001/", "telnet", "10.0.0.9", 3001);
	CHECK(url_parse(&u, "ssh://x", false, err, sizeof(err)));
	CHECK(!url_console_only(&u));
	bad("tcp://rack-1", false, "port is missing");
	bad("tcp://rack-1:0", false, "1 to 65535");
	bad("tcp://:2001", false, "host is missing");
	bad("tcp://", false, "host is missing");
	bad("tcp://me@rack-1:2001", false, "no user");
	bad("telnet://-x:23", false, "host name");
	bad("telnet://::1", false, "brackets");
}

TEST(exec_urls)
{
	char err[256], big[URL_MAX + 20];
	struct url u;

	CHECK(url_parse(&u, "exec:sh -c 'a b'", false, err, sizeof(err)));
	CHECK_STR(u.scheme, "exec");
	CHECK_STR(u.cmd, "sh -c 'a b'");
	bad("exec:", false, "program is missing");
	bad("exec:   ", false, "program is missing");
	bad("exec:a\033b", false, "control");
	memset(big, 'x', sizeof(big));
	memcpy(big, "exec:", 5);
	big[sizeof(big) - 1] = '\0';
	bad(big, false, "too long");
}

TEST(errors_show_hostile_text_clean)
{
	char err[256];
	struct url u;

	CHECK(!url_parse(&u, "ssh://\033[2Jx", false, err, sizeof(err)));
	CHECK(!strchr(err, '\033'));
}
