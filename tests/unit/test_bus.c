/* Processes that share consoles: several of them in one loop, and real ones
 * that are stopped and killed. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/console/bus_in.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "test.h"

#define WAIT_MS 20000

static struct loop *loop;

/* --- a claim and a join that remember ----------------------------------- */

struct end {
	struct bus *bus;
	struct bus_claim *claim;
	bool mine, unclaim_when_taken;
	int on_mine, on_theirs, snapshots;
	struct bus_owner owner;
	char refused[BUS_WHY];
	bool in_call;
	/* as a joiner */
	struct bus_join *join;
	int rows, cols;
	struct buf got, notes;
	char over[BUS_TEXT + 1];
	bool is_over;
};

static void
mine(void *arg)
{
	struct end *e = arg;

	CHECK(!e->in_call && !e->mine);
	e->mine = true;
	e->on_mine++;
}

static void
theirs(void *arg, const struct bus_owner *o)
{
	struct end *e = arg;

	CHECK(!e->in_call);
	e->mine = false;
	e->on_theirs++;
	e->owner = *o;
	if (e->unclaim_when_taken) {
		bus_unclaim(e->claim);
		e->claim = NULL;
	}
}

static void
snapshot(void *arg, int *rows, int *cols, struct buf *out)
{
	struct end *e = arg;

	e->snapshots++;
	*rows = 30;
	*cols = 100;
	buf_puts(out, "the state");
}

static void
refused(void *arg, const char *why)
{
	struct end *e = arg;

	CHECK(!e->in_call);
	str_copy(e->refused, sizeof e->refused, why);
}

static const struct bus_claim_sink claim_sink = { mine, theirs, snapshot,
	refused };

static void
j_snapshot(void *arg, int rows, int cols, const char *p, size_t len)
{
	struct end *e = arg;

	CHECK(!e->in_call);
	e->rows = rows;
	e->cols = cols;
	buf_puts(&e->got, "[");
	buf_add(&e->got, p, len);
	buf_puts(&e->got, "]");
}

static void
j_bytes(void *arg, const char *p, size_t len)
{
	buf_add(&((struct end *)arg)->got, p, len);
}

static void
j_note(void *arg, const char *text)
{
	buf_printf(&((struct end *)arg)->notes, "%s\n", text);
}

static void
j_size(void *arg, int rows, int cols)
{
	struct end *e = arg;

	e->rows = rows;
	e->cols = cols;
}

static void
j_over(void *arg, const char *why)
{
	struct end *e = arg;

	CHECK(!e->in_call && !e->is_over);
	e->is_over = true;
	str_copy(e->over, sizeof e->over, why);
}

static const struct bus_join_sink join_sink = { j_snapshot, j_bytes, j_note,
	j_size, j_over };

/* --- helpers ------------------------------------------------------------ */

static const char *
run_dir(void)
{
	static char dir[300];

	snprintf(dir, sizeof dir, "%s/run", test_dir());
	return dir;
}

static const char *
in_run_dir(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "%s/%s", run_dir(), name);
	return path;
}

static void
begin(struct end *e, const char *who)
{
	memset(e, 0, sizeof *e);
	buf_init(&e->got, 0);
	buf_init(&e->notes, 0);
	if (loop == NULL)
		loop = loop_new();
	e->bus = bus_new(loop, run_dir(), who);
}

static void
claim(struct end *e, const char *line)
{
	e->in_call = true;
	e->claim = bus_claim(e->bus, line, &claim_sink, e);
	e->in_call = false;
}

static void
join(struct end *e, const char *line)
{
	e->in_call = true;
	e->join = bus_join(e->bus, line, &join_sink, e);
	e->in_call = false;
}

static void
take(struct end *e)
{
	e->in_call = true;
	bus_take(e->claim);
	e->in_call = false;
}

static void
finish(struct end *e)
{
	bus_unclaim(e->claim);
	bus_leave(e->join);
	bus_free(e->bus);
	buf_release(&e->got);
	buf_release(&e->notes);
	memset(e, 0, sizeof *e);
}

/* Until it holds; ends the test when it never does. */
#define UNTIL(x) \
	do { \
		long long until_ = bus_clock() + WAIT_MS; \
		while (!(x) && bus_clock() < until_) \
			loop_turn(loop, 20); \
		CHECK(x); \
	} while (0)

static void
turns(long long ms)
{
	for (long long end = bus_clock() + ms; bus_clock() < end;)
		loop_turn(loop, 10);
}

/* --- one loop ----------------------------------------------------------- */

TEST(the_first_has_it_and_the_second_when_it_lets_go)
{
	struct end a, b;
	struct stat st;

	begin(&a, "dashboard");
	begin(&b, "console tp2-a/1");
	CHECK(stat(run_dir(), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	CHECK(lstat(in_run_dir("bus"), &st) == 0 && S_ISSOCK(st.st_mode));
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK(lstat(in_run_dir("lines.lock"), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	claim(&a, "ssh://root@bmc /dev/ttyS1");
	UNTIL(a.mine);
	claim(&b, "ssh://root@bmc /dev/ttyS1");
	UNTIL(b.on_theirs == 1);
	CHECK_INT(b.owner.pid, getpid());
	CHECK_STR(b.owner.who, "dashboard");
	CHECK(b.owner.user[0] != '\0' && !b.mine);
	CHECK(bus_trouble(a.bus) == NULL && bus_trouble(b.bus) == NULL);
	bus_unclaim(a.claim);
	a.claim = NULL;
	UNTIL(b.mine);
	CHECK_INT(b.on_theirs, 1);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(other_lines_do_not_wait_for_each_other)
{
	struct end a, b;
	char longer[2000];

	begin(&a, "a");
	begin(&b, "b");
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	claim(&a, longer);
	longer[sizeof longer - 2] = 'y';
	claim(&b, longer);
	UNTIL(a.mine && b.mine);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(what_the_owner_publishes_comes_in_order)
{
	struct end a, b;

	begin(&a, "a");
	begin(&b, "b");
	claim(&a, "line");
	UNTIL(a.mine);
	join(&b, "line");
	UNTIL(b.got.len > 0);
	CHECK_STR(b.got.data, "[the state]");
	CHECK_INT(b.rows, 30);
	CHECK_INT(b.cols, 100);
	CHECK_INT(bus_joined(a.claim), 1);
	bus_publish(a.claim, "one ", 4);
	bus_publish_size(a.claim, 50, 132);
	bus_publish(a.claim, "two", 3);
	bus_publish_note(a.claim, "3 s are \033missing");
	UNTIL(b.notes.len > 0);
	CHECK_STR(b.got.data, "[the state]one two");
	CHECK_STR(buf_str(&b.notes), "3 s are \xef\xbf\xbdmissing\n");
	CHECK_INT(b.rows, 50);
	CHECK_INT(b.cols, 132);
	bus_leave(b.join);
	b.join = NULL;
	UNTIL(bus_joined(a.claim) == 0);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(a_joiner_is_told_why_it_is_over)
{
	struct end a, b, c;

	begin(&a, "a");
	begin(&b, "b");
	begin(&c, "carla's");
	join(&b, "line");
	UNTIL(b.is_over);
	CHECK_STR(b.over, "No other rackmux has this console open.");
	bus_leave(b.join);
	b.is_over = false;
	claim(&a, "line");
	UNTIL(a.mine);
	join(&b, "line");
	UNTIL(b.got.len > 0);
	claim(&c, "line");
	UNTIL(c.on_theirs == 1);
	take(&c);
	UNTIL(c.mine);
	CHECK(!a.mine && a.on_theirs == 1);
	CHECK_STR(a.owner.who, "carla's");
	UNTIL(b.is_over);
	CHECK(strstr(b.over, "carla's of ") != NULL);
	CHECK(strstr(b.over, " took this console over.") != NULL);
	/* Who lost it waits for it. */
	bus_unclaim(c.claim);
	c.claim = NULL;
	UNTIL(a.mine);
	finish(&a);
	finish(&b);
	finish(&c);
	loop_free(loop);
}

TEST(the_owner_may_go_in_the_middle_of_being_taken_over)
{
	struct end a, b;

	begin(&a, "a");
	begin(&b, "b");
	claim(&a, "line");
	UNTIL(a.mine);
	a.unclaim_when_taken = true;
	claim(&b, "line");
	take(&b);
	UNTIL(b.mine);
	CHECK(a.claim == NULL);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(what_is_not_read_is_dropped_and_told)
{
	static char chunk[8192];
	struct end a, b;
	unsigned long long sent = 0, missing = 0;
	char *at;

	begin(&a, "a");
	begin(&b, "b");
	claim(&a, "line");
	UNTIL(a.mine);
	join(&b, "line");
	UNTIL(b.got.len > 0);
	buf_clear(&b.got);
	memset(chunk, 'x', sizeof chunk);
	/* All in one turn: nobody reads. */
	for (int i = 0; i < 1000; i++, sent += sizeof chunk)
		bus_publish(a.claim, chunk, sizeof chunk);
	CHECK(bus_stream_waiting(TAILQ_FIRST(&a.claim->readers)->stream) <=
	    BUS_QUEUE + BUS_CHUNK);
	bus_publish(a.claim, "end", 3);
	UNTIL(
	    b.got.len > 3 && memcmp(b.got.data + b.got.len - 3, "end", 3) == 0);
	at = strstr(buf_str(&b.notes), " bytes are missing here");
	CHECK(at != NULL);
	missing = strtoull(buf_str(&b.notes), NULL, 10);
	CHECK(missing > 0);
	CHECK_INT(b.got.len + missing, sent + 3);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(sixteen_may_read_along)
{
	struct end a, b[BUS_JOINERS + 1];
	int n = 0;

	begin(&a, "a");
	claim(&a, "line");
	UNTIL(a.mine);
	for (int i = 0; i <= BUS_JOINERS; i++) {
		begin(&b[i], "b");
		join(&b[i], "line");
		UNTIL(b[i].got.len > 0 || b[i].is_over);
		n += b[i].got.len > 0;
	}
	CHECK_INT(n, BUS_JOINERS);
	CHECK_STR(b[BUS_JOINERS].over,
	    "As many as may read this console do so already.");
	CHECK_INT(bus_joined(a.claim), BUS_JOINERS);
	for (int i = 0; i <= BUS_JOINERS; i++)
		finish(&b[i]);
	finish(&a);
	loop_free(loop);
}

TEST(when_the_hub_leaves_nothing_is_closed)
{
	struct end hub, a, b;

	begin(&hub, "hub");
	begin(&a, "a");
	begin(&b, "b");
	claim(&a, "line");
	UNTIL(a.mine);
	claim(&b, "line");
	join(&b, "line");
	UNTIL(b.on_theirs == 1 && b.got.len > 0);
	finish(&hub);
	UNTIL(a.bus->state == BUS_UP && b.bus->state == BUS_UP &&
	    (a.bus->hub != NULL || b.bus->hub != NULL));
	CHECK((a.bus->hub != NULL) != (b.bus->hub != NULL));
	bus_publish(a.claim, "more", 4);
	UNTIL(strstr(buf_str(&b.got), "more") != NULL);
	CHECK(a.mine && a.on_mine == 1 && a.on_theirs == 0);
	CHECK(!b.mine && b.on_theirs == 1 && !b.is_over);
	/* And the new hub knows whose it is. */
	begin(&hub, "new");
	claim(&hub, "line");
	UNTIL(hub.on_theirs == 1);
	CHECK_STR(hub.owner.who, "a");
	take(&hub);
	UNTIL(hub.mine);
	CHECK(!a.mine);
	finish(&hub);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(everything_goes_in_any_order)
{
	struct end a, b;

	begin(&a, "a");
	begin(&b, "b");
	claim(&a, "line");
	UNTIL(a.mine);
	join(&b, "line");
	UNTIL(b.got.len > 0);
	bus_free(a.bus);
	UNTIL(b.is_over);
	CHECK_STR(b.over, "The rackmux that had this console let it go.");
	bus_publish(a.claim, "x", 1);
	bus_take(a.claim);
	bus_unclaim(a.claim);
	bus_free(b.bus);
	bus_leave(b.join);
	buf_release(&b.got);
	buf_release(&b.notes);
	loop_free(loop);
}

/* --- the folder --------------------------------------------------------- */

/* Alone, and everything is granted. */
static void
check_alone(const char *dir, const char *sentence)
{
	struct end a;

	memset(&a, 0, sizeof a);
	loop = loop_new();
	a.bus = bus_new(loop, dir, "a");
	CHECK(bus_trouble(a.bus) != NULL);
	if (strstr(bus_trouble(a.bus), sentence) == NULL)
		CHECK_STR(bus_trouble(a.bus), sentence);
	claim(&a, "line");
	UNTIL(a.mine);
	join(&a, "line");
	UNTIL(a.is_over);
	finish(&a);
	loop_free(loop);
	loop = NULL;
}

TEST(a_folder_that_will_not_do)
{
	char path[600], deep[200];

	CHECK(mkdir(run_dir(), 0755) == 0);
	check_alone(run_dir(), "is open to others (want mode 0700)");
	snprintf(path, sizeof path, "%s/link", test_dir());
	CHECK(chmod(run_dir(), 0700) == 0);
	CHECK(symlink(run_dir(), path) == 0);
	check_alone(path, "is no folder, or a symbolic link");
	snprintf(path, sizeof path, "%s/none/below", test_dir());
	check_alone(path, "No such file");
	memset(deep, 'd', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	snprintf(path, sizeof path, "%s/%s", test_dir(), deep);
	check_alone(path, "set a shorter XDG_RUNTIME_DIR");
	if (geteuid() == 0 && chown(run_dir(), 65534, 65534) == 0)
		check_alone(run_dir(), "not to us");
}

TEST(no_runtime_folder_at_all)
{
	char path[64], *dir;
	struct stat st;

	/* As in a container, where no login manager has made one. */
	snprintf(path, sizeof path, "/run/user/%u", (unsigned)geteuid());
	unsetenv("XDG_RUNTIME_DIR");
	dir = bus_dir_default();
	if (stat(path, &st) != 0)
		snprintf(
		    path, sizeof path, "/tmp/rackmux-%u", (unsigned)geteuid());
	CHECK(strncmp(dir, path, strlen(path)) == 0);
	free(dir);
	CHECK(setenv("XDG_RUNTIME_DIR", test_dir(), 1) == 0);
	loop = loop_new();
	bus_free(bus_new(loop, NULL, "a"));
	CHECK(chdir(test_dir()) == 0 && stat("rackmux", &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	loop_free(loop);
}

TEST(what_the_dead_left_is_replaced_and_no_link_followed)
{
	struct end a, b;
	struct stat st;
	char victim[400];
	int fd;

	snprintf(victim, sizeof victim, "%s/victim", test_dir());
	fd = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(mkdir(run_dir(), 0700) == 0);
	CHECK(symlink(victim, in_run_dir("bus")) == 0);
	begin(&a, "a");
	begin(&b, "b");
	CHECK(lstat(in_run_dir("bus"), &st) == 0 && S_ISSOCK(st.st_mode));
	CHECK(stat(victim, &st) == 0 && S_ISREG(st.st_mode));
	CHECK_INT(st.st_mode & 0777, 0644);
	claim(&a, "line");
	claim(&b, "line");
	UNTIL(a.on_mine + b.on_mine == 1 && a.on_theirs + b.on_theirs == 1);
	finish(&a);
	finish(&b);
	loop_free(loop);
	loop = NULL;
	CHECK(unlink(in_run_dir("bus.lock")) == 0);
	CHECK(symlink(victim, in_run_dir("bus.lock")) == 0);
	check_alone(run_dir(), "symbolic link");
	CHECK(stat(victim, &st) == 0 && st.st_size == 0);
}

/* --- a hub of another version ------------------------------------------- */

static int
serve(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int lock;

	CHECK(mkdir(run_dir(), 0700) == 0);
	str_copy(sun.sun_path, sizeof sun.sun_path, in_run_dir("bus"));
	CHECK(bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0);
	CHECK(listen(fd, 8) == 0);
	lock = open(in_run_dir("bus.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0);
	return fd;
}

TEST(a_hub_of_another_version)
{
	static const char hello[] =
	    "{\"t\":\"hello\",\"bus\":2,\"minor\":7,\"version\":\"9.8\","
	    "\"new\":[]}\n";
	int listening = serve(), fd;
	struct end a;
	char want[200];

	begin(&a, "a");
	claim(&a, "line");
	join(&a, "other");
	fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0 && !a.mine && bus_trouble(a.bus) == NULL);
	CHECK(write(fd, hello, sizeof hello - 1) == sizeof hello - 1);
	UNTIL(a.mine && a.is_over);
	snprintf(want, sizeof want,
	    "The rackmux that serves the bus (pid %d) speaks version 2 of its "
	    "protocol (rackmux 9.8), this one version 1 (rackmux %s): ",
	    (int)getpid(), RM_VERSION);
	CHECK(str_starts(bus_trouble(a.bus), want));
	finish(&a);
	loop_free(loop);
}

TEST(a_hub_that_says_nothing)
{
	int listening = serve(), fd;
	struct end a, b;
	char p[4096];

	begin(&a, "a");
	claim(&a, "line");
	UNTIL(a.mine);
	CHECK(strstr(bus_trouble(a.bus), "does not answer") != NULL);
	/* Another one has it, and there is nobody to ask. */
	begin(&b, "b");
	claim(&b, "line");
	UNTIL(b.on_theirs == 1);
	CHECK_INT(b.owner.pid, 0);
	take(&b);
	UNTIL(b.refused[0] != '\0');
	CHECK(a.mine && !b.mine);
	bus_unclaim(a.claim);
	a.claim = NULL;
	UNTIL(b.mine);
	fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0 && read(fd, p, sizeof p) > 0);
	finish(&a);
	finish(&b);
	loop_free(loop);
}

TEST(a_hub_that_talks_nonsense)
{
	static const char bad[] = "{\"t\":\"hello\",\"bus\":1}\n{\"t\":3}\n";
	int listening = serve(), fd;
	struct end a;
	char p[4096];

	begin(&a, "a");
	claim(&a, "line");
	fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(write(fd, bad, sizeof bad - 1) == sizeof bad - 1);
	/* It comes again, and works alone. */
	UNTIL(a.bus->state != BUS_UP && recv(fd, p, sizeof p, MSG_DONTWAIT));
	close(listening);
	UNTIL(a.mine);
	finish(&a);
	loop_free(loop);
}

/* --- real processes ----------------------------------------------------- */

struct shared {
	volatile int open_now, most_open, granted;
	volatile bool go;
	struct {
		volatile bool up, mine, hub;
		volatile int bytes, over;
	} of[16];
};

static struct shared *shared;

static void
share(void)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
}

static void
kid_mine(void *arg)
{
	struct end *e = arg;
	int n = __sync_add_and_fetch(&shared->open_now, 1);

	mine(e);
	if (n > shared->most_open)
		shared->most_open = n;
	__sync_add_and_fetch(&shared->granted, 1);
}

static void
kid_theirs(void *arg, const struct bus_owner *o)
{
	struct end *e = arg;

	if (e->mine)
		__sync_sub_and_fetch(&shared->open_now, 1);
	theirs(arg, o);
}

static const struct bus_claim_sink kid_sink = { kid_mine, kid_theirs, snapshot,
	refused };

/* A process that claims the line for ever, and says something a turn. */
static pid_t
kid(int i)
{
	pid_t pid = fork();
	struct end e;
	char who[20];

	CHECK(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	loop = NULL;
	while (!shared->go)
		(void)sched_yield();
	snprintf(who, sizeof who, "kid %d", i);
	begin(&e, who);
	e.claim = bus_claim(e.bus, "line", &kid_sink, &e);
	for (;;) {
		loop_turn(loop, 20);
		shared->of[i].up = e.bus->state == BUS_UP;
		shared->of[i].hub = e.bus->hub != NULL;
		shared->of[i].mine = e.mine;
		if (e.mine)
			bus_publish(e.claim, ".", 1);
	}
}

static void
end_kid(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

static void
stop_kid(pid_t pid)
{
	int status;

	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
}

static int
find_kid(int n, bool hub)
{
	for (int i = 0; i < n; i++)
		if (hub ? shared->of[i].hub : shared->of[i].mine)
			return i;
	return -1;
}

#define KIDS 10

TEST(ten_start_at_once_and_one_has_it)
{
	pid_t pid[KIDS];
	bool all = false;
	int first, granted;

	share();
	loop = loop_new();
	for (int i = 0; i < KIDS; i++)
		pid[i] = kid(i);
	shared->go = true;
	for (long long end = bus_clock() + WAIT_MS;
	     !all && bus_clock() < end;) {
		turns(20);
		all = shared->granted > 0;
		for (int i = 0; i < KIDS; i++)
			all = all && shared->of[i].up;
	}
	CHECK(all);
	turns(200);
	CHECK_INT(shared->granted, 1);
	/* One after another is killed; the next one gets it. */
	for (int left = KIDS; left > 1; left--) {
		UNTIL(find_kid(KIDS, false) >= 0);
		first = find_kid(KIDS, left % 2 == 0);
		CHECK(first >= 0);
		granted = shared->granted;
		shared->of[first].hub = false;
		if (shared->of[first].mine) {
			end_kid(pid[first]);
			shared->of[first].mine = false;
			__sync_sub_and_fetch(&shared->open_now, 1);
			UNTIL(shared->granted == granted + 1);
		} else {
			end_kid(pid[first]);
		}
		shared->of[first].hub = false;
		pid[first] = 0;
		UNTIL(find_kid(KIDS, true) >= 0);
	}
	CHECK_INT(shared->most_open, 1);
	for (int i = 0; i < KIDS; i++)
		end_kid(pid[i]);
	loop_free(loop);
}

TEST(a_killed_hub_breaks_no_stream)
{
	struct end a;
	pid_t hub, owner;
	size_t len;

	share();
	shared->go = true;
	loop = loop_new();
	hub = kid(0);
	UNTIL(shared->of[0].mine);
	/* The hub has the line; another takes it and keeps it. */
	owner = kid(1);
	UNTIL(shared->of[1].up);
	end_kid(hub);
	shared->of[0].mine = shared->of[0].hub = false;
	__sync_sub_and_fetch(&shared->open_now, 1);
	UNTIL(shared->of[1].mine && shared->of[1].hub);
	begin(&a, "a");
	join(&a, "line");
	UNTIL(a.got.len > 20);
	/* Now the owner is the hub: stop it, and nobody is held up. */
	stop_kid(owner);
	claim(&a, "line");
	UNTIL(a.on_theirs == 1);
	CHECK_INT(a.owner.pid, 0);
	UNTIL(bus_trouble(a.bus) != NULL);
	CHECK(strstr(bus_trouble(a.bus), "does not answer") != NULL);
	CHECK(!a.mine && !a.is_over);
	kill(owner, SIGCONT);
	len = a.got.len;
	UNTIL(a.got.len > len && bus_trouble(a.bus) == NULL);
	UNTIL(a.owner.pid == owner);
	CHECK(!a.mine && a.on_mine == 0);
	end_kid(owner);
	UNTIL(a.mine && a.is_over);
	finish(&a);
	loop_free(loop);
}

TEST(a_stopped_owner_keeps_it_and_delays_nobody)
{
	struct end hub, a;
	pid_t owner;

	share();
	begin(&hub, "hub");
	UNTIL(hub.bus->state == BUS_UP);
	owner = kid(0);
	shared->go = true;
	UNTIL(shared->of[0].mine);
	begin(&a, "a");
	claim(&a, "line");
	UNTIL(a.on_theirs == 1);
	CHECK_INT(a.owner.pid, owner);
	stop_kid(owner);
	join(&hub, "line");
	take(&a);
	UNTIL(a.refused[0] != '\0');
	CHECK(strstr(a.refused, "kid 0 of ") != NULL);
	CHECK(strstr(a.refused, "does not answer: it was not taken over.") !=
	    NULL);
	UNTIL(hub.notes.len > 0);
	CHECK_STR(hub.notes.data,
	    "The rackmux that has this console does not answer yet.\n");
	CHECK(!a.mine && hub.got.len == 0);
	/* It reads the request too late, and keeps the line. */
	kill(owner, SIGCONT);
	UNTIL(hub.got.len > 20);
	CHECK(shared->of[0].mine && !a.mine);
	take(&a);
	UNTIL(a.mine);
	CHECK_INT(shared->open_now, 0);
	end_kid(owner);
	finish(&a);
	finish(&hub);
	loop_free(loop);
}
