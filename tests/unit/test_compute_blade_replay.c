#include "transcript.h"

/* A blade of each release of its agent, and each of their troubles. */

#define REPLAY(name, slot, file) \
	TEST(compute_blade_##name) \
	{ \
		transcript_run( \
		    &driver_compute_blade, slot, "compute-blade/" file); \
	}

REPLAY(of_0_11_with_a_cm4, 1, "v0.11-cm4")
REPLAY(of_0_11_with_a_cm5_and_a_smart_unit, 4, "v0.11-cm5-smart")
REPLAY(of_0_10, 1, "v0.10")
REPLAY(of_0_9, 1, "v0.9")
REPLAY(of_0_6, 1, "v0.6")
REPLAY(tells_readings_from_numbers, 2, "readings")
REPLAY(whose_agent_is_down, 1, "down")
REPLAY(whose_agent_hangs, 1, "hung")
REPLAY(whose_agent_hangs_from_the_start, 1, "hung-first")
REPLAY(without_an_agent, 1, "absent")
REPLAY(without_a_client, 1, "no-client")
REPLAY(whose_bladectl_is_in_trouble, 1, "bladectl-trouble")
REPLAY(as_root, 1, "root")
REPLAY(and_sudo, 1, "sudo")
REPLAY(on_a_link_with_one_process, 1, "one-session")
REPLAY(hostile, 1, "hostile")
