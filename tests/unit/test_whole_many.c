/*
 * One simulator serves hundreds of boards, and one client holds them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simproc.h"
#include "test.h"

#define MANY 512
#define FEWER 128 /* under the sanitizers */
#define RESIDENT_KB (64 * 1024)

static long
resident_kb(pid_t pid)
{
	char *path = text_of("/proc/%d/status", (int)pid);
	char *text = file_read(path), *at;
	long kb = 0;

	CHECK(text != NULL);
	at = strstr(text, "VmRSS:");
	if (at != NULL)
		kb = strtol(at + strlen("VmRSS:"), NULL, 10);
	free(path);
	free(text);
	return kb;
}

static bool
all_on(struct vtx *x, const void *text)
{
	return vtx_has(x, text);
}

TEST(the_simulator_serves_512_boards_in_64_mb_and_the_dashboard_holds_them)
{
	int many = program_sanitised() ? FEWER : MANY, status = -1;
	char *more = text_of("--boards %d", many);
	char *want = text_of("%d/%d on", many, many);
	const char *argv[] = { "-c", NULL, NULL };
	struct simproc sim;
	struct vtx x;

	simproc_start(&sim, NULL, more);
	argv[1] = simproc_config(&sim, "my.cfg", "poll = 2;");
	dash_start(&x, 200, 50, program_env(), argv);
	CHECK(vtx_wait(&x, all_on, want, 25000));
	if (!program_sanitised() && resident_kb(sim.pid) >= RESIDENT_KB)
		test_fail(__FILE__, __LINE__, "%ld kB resident",
		    resident_kb(sim.pid));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, 15000));
	CHECK_INT(status, 0);
	check_terminal_clean(&x);
	vtx_close(&x);
	simproc_stop(&sim);
	free(more);
	free(want);
}
