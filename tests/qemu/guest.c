#include "guest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "simproc.h"
#include "test.h"

/*
 * An adapter whose far end is not read stops the whole guest, so that each far
 * end has a process that does nothing else.
 */

enum { ARGS_MAX = 64, ANSWER_MS = 20000 };

static const char *const serials[GUEST_PORTS] = { "NODE17A", "NODE17B" };

static char *
part(const char *name)
{
	const char *dir = getenv("RM_GUEST");

	if (dir == NULL)
		test_fail(__FILE__, __LINE__, "run it by make check-qemu");
	return text_of("%s/%s", dir, name);
}

static void
pair(int *ours, int *theirs)
{
	int fd[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	*ours = fd[0];
	*theirs = fd[1];
}

/* --- starting ------------------------------------------------------------- */

struct args {
	char *v[ARGS_MAX + 1];
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	CHECK(a->n < ARGS_MAX);
	va_start(ap, fmt);
	CHECK(vasprintf(&a->v[a->n++], fmt, ap) >= 0);
	va_end(ap);
	a->v[a->n] = NULL;
}

static void
add_words(struct args *a, const char *words)
{
	char *copy = strdup(words), *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		add(a, "%s", w);
	free(copy);
}

static void
add_common(struct args *a, const char *cpio, const char *append, int monitor)
{
	char *kernel = part("vmlinuz"), *initrd = part(cpio);

	/* KVM may be there and broken. */
	add_words(a,
	    "qemu-system-x86_64 -accel tcg -m 256 -nodefaults -display none "
	    "-no-reboot");
	add(a, "-kernel");
	add(a, "%s", kernel);
	add(a, "-initrd");
	add(a, "%s", initrd);
	add(a, "-append");
	add(a, "console=ttyS0,115200 panic=-1%s", append);
	add(a, "-chardev");
	add(a, "socket,id=m0,fd=%d", monitor);
	add_words(a, "-mon chardev=m0,mode=control");
	free(kernel);
	free(initrd);
}

static void
launch(struct guest *g, struct args *a, const int *theirs, size_t n)
{
	pid_t parent = getpid();

	fflush(NULL);
	g->pid = fork();
	CHECK(g->pid >= 0);
	if (g->pid == 0) {
		alarm(0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
		for (size_t i = 0; i < n; i++)
			fcntl(theirs[i], F_SETFD, 0);
		execvp(a->v[0], a->v);
		perror(a->v[0]);
		_exit(127);
	}
	for (size_t i = 0; i < n; i++)
		close(theirs[i]);
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
}

/* --- the monitor ---------------------------------------------------------- */

/* One line of it, into answer. */
static void
hear(struct guest *g)
{
	struct pollfd p = { .fd = g->monitor, .events = POLLIN };
	size_t n = 0;

	for (;;) {
		if (poll(&p, 1, ANSWER_MS) <= 0 ||
		    read(g->monitor, g->answer + n, 1) != 1)
			test_fail(__FILE__, __LINE__, "QEMU does not answer");
		if (g->answer[n] == '\n')
			break;
		if (n < sizeof g->answer - 2)
			n++;
	}
	g->answer[n] = '\0';
}

static bool
is_event(struct guest *g)
{
	if (strstr(g->answer, "\"DEVICE_DELETED\"") != NULL)
		g->deleted = true;
	return strstr(g->answer, "\"event\"") != NULL;
}

static void
ask(struct guest *g, const char *line)
{
	CHECK(dprintf(g->monitor, "%s\n", line) > 0);
	g->deleted = false;
	do
		hear(g);
	while (is_event(g));
	if (strstr(g->answer, "\"return\"") == NULL)
		test_fail(__FILE__, __LINE__, "%s: %s", line, g->answer);
}

static void
greet(struct guest *g)
{
	hear(g);
	ask(g, "{\"execute\":\"qmp_capabilities\"}");
}

/* --- a node --------------------------------------------------------------- */

unsigned
guest_node(struct guest *g, bool loader)
{
	struct args a = { .n = 0 };
	const char *at;
	int theirs;

	memset(g, 0, sizeof *g);
	g->console = -1;
	pair(&g->monitor, &theirs);
	snprintf(g->printed, sizeof g->printed, "%s/printed", test_dir());
	add_common(&a, "node.cpio", "", theirs);
	/* The BIOS speaks on the serial console too. */
	add_words(&a, "-M pc,graphics=off -S");
	if (loader) {
		char *rom = part("u-boot.rom");

		add(&a, "-bios");
		add(&a, "%s", rom);
		free(rom);
	}
	add(&a, "-chardev");
	add(&a,
	    "socket,id=c0,host=127.0.0.1,port=0,server=on,wait=off,telnet=on,"
	    "logfile=%s",
	    g->printed);
	add_words(&a, "-serial chardev:c0");
	launch(g, &a, &theirs, 1);
	greet(g);
	ask(g, "{\"execute\":\"query-chardev\"}");
	at = strstr(g->answer, "telnet:127.0.0.1:");
	CHECK(at != NULL);
	return (unsigned)strtoul(at + 17, NULL, 10);
}

bool
guest_connected(struct guest *g)
{
	ask(g, "{\"execute\":\"query-chardev\"}");
	return strstr(g->answer, "disconnected:telnet") == NULL;
}

void
guest_go(struct guest *g)
{
	ask(g, "{\"execute\":\"cont\"}");
}

/* --- a host --------------------------------------------------------------- */

static void
send_all(int fd, const char *bytes, ssize_t n)
{
	while (n > 0) {
		ssize_t sent = write(fd, bytes, (size_t)n);

		if (sent <= 0)
			_exit(0);
		bytes += sent;
		n -= sent;
	}
}

static pid_t
far_end(int fd)
{
	char bytes[4096];
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid != 0)
		return pid;
	alarm(0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			bytes[i] = (char)toupper((unsigned char)bytes[i]);
		send_all(fd, bytes, n);
	}
	_exit(0);
}

static void
add_adapter(struct args *a, int port, int fd)
{
	add(a, "-chardev");
	add(a, "socket,id=u%d,fd=%d", port, fd);
	add(a, "-device");
	add(a,
	    "usb-serial,id=a%d,chardev=u%d,serial=%s,port=%d,always-plugged=on",
	    port, port, serials[port], port + 1);
}

void
guest_host(struct guest *g)
{
	struct args a = { .n = 0 };
	int ours[GUEST_PORTS], theirs[2 + GUEST_PORTS];

	memset(g, 0, sizeof *g);
	snprintf(g->trace, sizeof g->trace, "%s/trace", test_dir());
	pair(&g->monitor, &theirs[0]);
	pair(&g->console, &theirs[1]);
	add_common(&a, "host.cpio", " quiet", theirs[0]);
	add_words(&a, "-M pc -chardev");
	add(&a, "socket,id=c0,fd=%d", theirs[1]);
	add_words(&a, "-serial chardev:c0 -device qemu-xhci -trace");
	add(&a, "enable=usb_serial_*,file=%s", g->trace);
	for (int i = 0; i < GUEST_PORTS; i++) {
		pair(&ours[i], &theirs[2 + i]);
		add_adapter(&a, i, theirs[2 + i]);
	}
	launch(g, &a, theirs, 2 + GUEST_PORTS);
	for (int i = 0; i < GUEST_PORTS; i++) {
		g->peers[i] = far_end(ours[i]);
		close(ours[i]);
	}
	greet(g);
}

void
guest_unplug(struct guest *g, int port)
{
	char *line = text_of("{\"execute\":\"device_del\",\"arguments\":"
			     "{\"id\":\"a%d\"}}",
	    port);

	ask(g, line);
	/* Before, the far end is not free for another. */
	while (!g->deleted) {
		hear(g);
		(void)is_event(g);
	}
	free(line);
}

void
guest_plug(struct guest *g, int port)
{
	char *line = text_of(
	    "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
	    "\"usb-serial\",\"id\":\"a%d\",\"chardev\":\"u%d\",\"serial\":"
	    "\"%s\",\"port\":\"%d\",\"always-plugged\":true}}",
	    port, port, serials[port], port + 1);

	ask(g, line);
	free(line);
}

/* --- its console on a terminal -------------------------------------------- */

static int
relay(void *arg)
{
	const struct guest *g = arg;
	struct pollfd p[2] = { { .fd = 0, .events = POLLIN },
		{ .fd = g->console, .events = POLLIN } };
	struct termios t;
	char bytes[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tcgetattr(0, &t);
	cfmakeraw(&t);
	tcsetattr(0, TCSANOW, &t);
	while (poll(p, 2, -1) > 0)
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (p[i].revents == 0)
				continue;
			n = read(p[i].fd, bytes, sizeof bytes);
			if (n <= 0)
				return 0;
			send_all(i == 0 ? g->console : 1, bytes, n);
		}
	return 0;
}

void
guest_terminal(struct guest *g, struct vtx *x, int w, int h)
{
	static const char *const env[] = { "LC_ALL=C.UTF-8", NULL };

	vtx_spawn(x, w, h, env, relay, g);
}

/* --- its end -------------------------------------------------------------- */

bool
guest_ended(struct guest *g, int *status, int ms)
{
	long long end = now_in_ms() + ms;

	while (now_in_ms() < end) {
		if (waitpid(g->pid, status, WNOHANG) == g->pid) {
			g->pid = 0;
			return true;
		}
		poll(NULL, 0, 20);
	}
	return false;
}

static void
end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void
guest_stop(struct guest *g)
{
	end(g->pid);
	for (int i = 0; i < GUEST_PORTS; i++)
		end(g->peers[i]);
	close(g->monitor);
	if (g->console >= 0)
		close(g->console);
}
