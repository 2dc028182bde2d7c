#include "driver_fake.h"

static const char *
type_of(const char *facts)
{
	const struct driver *d = driver_detect(facts);

	return d != NULL ? d->type : NULL;
}

TEST(detect_by_facts)
{
	CHECK_STR(
	    type_of("model Turing Pi 2 (v2.5)\nuname Linux 6.8.12 armv7l\n"
		    "tpi yes\nrail yes\nend\n"),
	    "turing-pi");
	/* The vendor's kernel may have another model; the rails do not lie. */
	CHECK_STR(
	    type_of("model sun8iw20\nuname Linux 5.4.61 armv7l\nrail yes\n"),
	    "turing-pi");
	CHECK_STR(type_of("model Raspberry Pi 4 Model B Rev 1.4\n"
			  "uname Linux 6.6.31 aarch64\nvcgencmd yes\n"),
	    "linux");
	CHECK_STR(type_of("uname Linux 6.1.0 x86_64\n"), "linux");
	/* Somebody's laptop with tpi on it is no BMC. */
	CHECK_STR(type_of("uname Linux 6.1.0 x86_64\ntpi yes\n"), "linux");
	/* A blade by its agent; by bladectl where no operator sits. */
	CHECK_STR(type_of("model Raspberry Pi Compute Module 4 Rev 1.1\n"
			  "uname Linux 6.6.31 aarch64\nbladectl yes\n"
			  "blade_agent yes\n"),
	    "compute-blade");
	CHECK_STR(type_of("model Radxa CM5\nuname Linux 6.1.43 aarch64\n"
			  "bladectl yes\n"),
	    "compute-blade");
	CHECK_STR(type_of("model Raspberry Pi Compute Module 5 Rev 1.0\n"
			  "uname Linux 6.12.1 armv7l\nbladectl yes\n"),
	    "compute-blade");
	CHECK_STR(
	    type_of("uname Linux 6.1.0 x86_64\nbladectl yes\nos aarch64\n"),
	    "linux");
	CHECK_STR(type_of("model Raspberry Pi Compute Module 4 Rev 1.1\n"
			  "uname Linux 6.6.31 aarch64\nvcgencmd yes\n"),
	    "linux");
	CHECK_STR(type_of("model Cluster Box Control V1.2\n"
			  "uname Linux 5.15.134 mips\nnodectl yes\n"
			  "nodectl_config yes\nmixtile yes\nch343 yes\n"),
	    "cluster-box");
	/* The vendor's firmware has no file of settings. */
	CHECK_STR(type_of("uname Linux 5.15.134 mips\nnodectl yes\n"
			  "ch343 yes\n"),
	    "cluster-box");
	/* A program of the same name somewhere else. */
	CHECK_STR(type_of("uname Linux 6.1.0 x86_64\nnodectl yes\n"), "linux");
	CHECK_STR(type_of("uname Linux 6.1.0 x86_64\nch343 yes\n"), "linux");
	CHECK_STR(type_of("uname FreeBSD 14.0 amd64\n"), NULL);
	CHECK_STR(type_of(""), NULL);
	CHECK_STR(type_of("xuname Linux\nsay uname Linux\n"), NULL);
	CHECK_STR(type_of("uname"), NULL);
}

struct answer {
	char *text;
};

static void
keep(void *arg, const struct link_result *r)
{
	struct answer *a = arg;

	a->text = mem_strdup(r->out);
}

static char *
facts_by(const char *shell)
{
	struct fake *f = fake_new(&driver_skel, 0);
	struct answer a = { NULL };

	f->drv->link.run(f->drv->link.arg, driver_facts_script, 5000, keep, &a);
	fake_shell(f, shell);
	fake_free(f);
	return a.text;
}

static void
lay_out(void)
{
	put("bin/tpi", "#!/bin/sh\necho called >>\"$RACKMUX_ROOT/called\"\n");
	put("bin/nodectl",
	    "#!/bin/sh\necho called >>\"$RACKMUX_ROOT/called\"\n");
	put_tool("tr");
	put_tool("uname");
	put("root/proc/cpuinfo", "processor : 0\nModel : Pi \"x\"\n");
	put("root/etc/os-release",
	    "NAME=Buildroot\nPRETTY_NAME=\"Buildroot 2024.05.1\"\n");
	put("root/etc/config/nodectl", "");
	put("root/sys/bus/platform/devices/node1-power/state", "enabled\n");
	put("root/proc/device-tree/model", "Turing Pi 2 (v2.5)");
}

/* Each of an agent's traces alone; bladectl is not run for it. */
TEST(detect_script_sees_a_blade)
{
	static const char *const traces[] = {
		"root/etc/compute-blade-agent/config.yaml",
		"root/etc/computeblade-agent/config.yaml",
		"root/etc/systemd/system/compute-blade-agent.service",
		"root/lib/systemd/system/compute-blade-agent.service",
		"root/usr/lib/systemd/system/computeblade-agent.service",
		"root/tmp/compute-blade-agent.sock",
		"root/tmp/computeblade-agent.sock",
	};

	put_tool("tr");
	put_tool("uname");
	put("bin/bladectl",
	    "#!/bin/sh\necho called >>\"$RACKMUX_ROOT/called\"\n");
	for (size_t k = 0; k < ARRAY_LEN(traces) * 2; k++) {
		char *facts, path[600], *slash;

		put(traces[k / 2], "");
		facts = facts_by(shells[k % 2]);
		CHECK(strstr(facts, "\nbladectl yes\nblade_agent yes\n"));
		CHECK_STR(type_of(facts), "compute-blade");
		free(facts);
		str_format(
		    path, sizeof path, "%s/%s", test_dir(), traces[k / 2]);
		CHECK_INT(unlink(path), 0);
		slash = strrchr(path, '/');
		*slash = '\0';
		if (str_ends(path, "-agent"))
			CHECK_INT(rmdir(path), 0);
		str_format(path, sizeof path, "%s/root/called", test_dir());
		CHECK(access(path, F_OK) != 0);
		facts = facts_by(shells[k % 2]);
		CHECK(strstr(facts, "blade_agent") == NULL);
		free(facts);
	}
}

/* In both shells; and neither tpi nor nodectl is run for it. */
TEST(detect_script_runs_everywhere)
{
	lay_out();
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		char *facts, called[600];

		facts = facts_by(shells[i]);
		CHECK(str_starts(facts, "model Turing Pi 2 (v2.5)\nuname "));
		CHECK(strstr(facts, "\nos \"Buildroot 2024.05.1\"\n") != NULL);
		CHECK(strstr(facts, "\ntpi yes\nnodectl yes\n") != NULL);
		CHECK(
		    strstr(facts, "\nnodectl_config yes\nrail yes\n") != NULL);
		CHECK(strstr(facts, "\ncpuinfo Model Pi \"x\"\n") != NULL);
		CHECK(str_ends(facts, "\nend\n"));
		CHECK_STR(type_of(facts), "turing-pi");
		str_format(called, sizeof called, "%s/root/called", test_dir());
		CHECK(access(called, F_OK) != 0);
		free(facts);
	}
}
