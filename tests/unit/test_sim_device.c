/*
 * Serial devices of a simulated machine, and the jobs that read them: what
 * `cat DEVICE & cat >DEVICE` does on a real one, its traps included.
 */
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/device.h"
#include "sim_run.h"

static const char rack_text[] =
    "boards = ({ name = \"pis\"; type = \"linux\"; slots = 1;\n"
    "   nodes = ({ slot = 1; model = \"pi4\"; }); });\n";

static struct loop *loop;
static struct rack *rack;
static struct machine *m;
static struct device *dev;
static struct buf typed;
static unsigned speed;

static void
on_typed(void *arg, const char *s, size_t len)
{
	(void)arg;
	buf_add(&typed, s, len);
}

static void
on_speed(void *arg, unsigned baud)
{
	(void)arg;
	speed = baud;
}

static void
begin(void)
{
	static const struct device_ops ops = {
		.typed = on_typed,
		.speed = on_speed,
	};

	loop = loop_new();
	rack = sim_rack(loop, rack_text);
	m = &rack_node(rack, "pis/1")->machine;
	dev = device_new(loop, &ops, NULL);
	vfs_device(m->vfs, "/dev/ttyACM0", dev);
	vfs_link(m->vfs, "/dev/serial/by-id/usb-x-if00", "../../ttyACM0");
	buf_init(&typed, 0);
}

static void
end(void)
{
	buf_release(&typed);
	device_free(dev);
	rack_free(rack);
	loop_free(loop);
}

static void
say(const char *s)
{
	device_say(dev, s, strlen(s));
}

#define STTY "stty -F /dev/ttyACM0 115200 raw -echo; "

TEST(device_is_a_character_device)
{
	begin();
	CHECK_STR(sim_out(m, "[ -c /dev/serial/by-id/usb-x-if00 ] && echo yes"),
	    "yes\n");
	CHECK_STR(sim_out(m, "[ -f /dev/ttyACM0 ] || echo no"), "no\n");
	CHECK_STR(sim_out(m, "printf hello >/dev/ttyACM0"), "");
	CHECK_STR(buf_str(&typed), "hello");
	end();
}

TEST(device_copies_both_ways)
{
	struct shell_args args = { STTY
		"cat /dev/ttyACM0 & cat >/dev/ttyACM0; kill $!" };
	struct sim_run r;
	struct proc *p;

	begin();
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.2);
	say("c0\r\n");
	sim_pass(loop, 0.2);
	CHECK_STR(buf_str(&r.out), "c0\r\n");
	proc_input(p, "e", 1);
	sim_pass(loop, 0.2);
	CHECK_STR(buf_str(&typed), "e");
	CHECK_INT(r.ended, false);
	proc_input_eof(p);
	sim_pass(loop, 0.2);
	CHECK_INT(r.ended, true);
	CHECK_INT(r.status, 0);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(device_copies_both_ways_by_descriptor)
{
	struct shell_args args = { "exec 3<>/dev/ttyACM0; stty raw -echo <&3;"
				   "cat <&3 & cat >&3" };
	struct sim_run r;
	struct proc *p;

	begin();
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.2);
	say("ok");
	proc_input(p, "h", 1);
	sim_pass(loop, 0.2);
	CHECK_STR(buf_str(&r.out), "ok");
	CHECK_STR(buf_str(&typed), "h");
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(device_without_a_reader_loses_what_it_says)
{
	begin();
	say("lost");
	CHECK_STR(
	    sim_out(m, STTY "timeout 1 cat /dev/ttyACM0; echo $?"), "124\n");
	end();
}

TEST(device_as_it_is_delivered_answers_with_an_echo)
{
	struct shell_args args = { "timeout 5 cat /dev/ttyACM0" };
	struct sim_run r;
	struct proc *p;

	begin();
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.2);
	say("Disable");
	sim_pass(loop, 0.2);
	CHECK_STR(buf_str(&typed), "Disable");
	CHECK_STR(buf_str(&r.out), ""); /* a line is not over */
	say("\r\n");
	sim_pass(loop, 0.2);
	CHECK_STR(buf_str(&r.out), "Disable\n\n");
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(device_pulled_ends_who_reads_it)
{
	struct shell_args args = { STTY "cat /dev/ttyACM0; echo end $?" };
	struct sim_run r;
	struct proc *p;

	begin();
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.2);
	device_plug(dev, false);
	device_plug(dev, true);
	sim_pass(loop, 0.2);
	CHECK_STR(buf_str(&r.out), "end 0\n");
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(device_hears_its_speed)
{
	begin();
	CHECK_INT(
	    sim_status(m, "stty -F /dev/serial/by-id/usb-x-if00 1200"), 0);
	CHECK_INT(speed, 1200);
	CHECK_INT(sim_status(m, "stty -F /dev/ttyACM9 1200"), 1);
	CHECK_INT(sim_status(m, "stty -F /dev/ttyACM0 nonsense"), 1);
	end();
}

TEST(jobs_of_their_own_outlive_their_session)
{
	begin();
	CHECK_STR(sim_out(m,
		      "( ( trap '' HUP; sleep 5; echo x >/tmp/done )"
		      " </dev/null >/dev/null 2>&1 & ); echo told"),
	    "told\n");
	CHECK_STR(sim_out(m, "cat /tmp/done 2>/dev/null"), "");
	sim_pass(loop, 6);
	CHECK_STR(sim_out(m, "cat /tmp/done"), "x\n");
	CHECK(m->jobs == NULL);
	/* But not the machine's end. */
	(void)sim_out(m, "(sleep 5; echo y >/tmp/done) >/dev/null 2>&1 &");
	node_power(rack_node(rack, "pis/1"), false);
	sim_pass(loop, 6);
	CHECK_STR(sim_out(m, "cat /tmp/done"), "x\n");
	(void)sim_out(m, "(sleep 99) >/dev/null 2>&1 &");
	end();
}

/* As a session that is dropped while its jobs wait for jobs of theirs. */
TEST(jobs_that_wait_for_jobs_end_with_their_session)
{
	struct shell_args args = { "(sleep 99 & wait $!; echo no) & wait $!" };
	struct sim_run r;
	struct proc *p;

	begin();
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.3);
	proc_free(p);
	CHECK_STR(buf_str(&r.out), "");
	sim_run_release(&r);
	end();
}

TEST(jobs_run_beside_their_shell)
{
	begin();
	CHECK_STR(sim_out(m, "sleep 5 & echo first; wait; echo last"),
	    "first\nlast\n");
	CHECK_STR(sim_out(m, "(sleep 1; echo late) & echo now; wait $!"),
	    "now\nlate\n");
	CHECK_STR(sim_out(m, "sh -c 'exit 3' & wait $!; echo $?"), "3\n");
	CHECK_STR(sim_out(m, "sleep 99 & kill $!; echo $?; wait"), "0\n");
	CHECK_INT(sim_status(m, "kill 99999 2>/dev/null"), 1);
	/* Where output is gathered they run at once. */
	CHECK_STR(sim_out(m, "x=$(echo a & echo b); echo $x"), "a b\n");
	end();
}
