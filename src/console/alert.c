#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "watch_in.h"

/*
 * What Linux and its loaders print when something is wrong, as the sources of
 * the kernel (5.10 to 6.12, and those of Rockchip and the Raspberry Pi) spell
 * it. Each branch of an expression has a literal of its own, so that a line
 * without trouble costs no regular expression (alert_need.c).
 */

static const struct alert_pattern builtin[] = {
	{ "kernel panic", ALERT_BAD, NULL, "Kernel panic - not syncing" },
	{ "kernel oops", ALERT_BAD, NULL,
	    "Oops: |Oops - |Oops\\[#|kernel BUG at |BUG: (unable|scheduling|"
	    "Bad|sleeping|KASAN|workqueue)|Unable to handle kernel|"
	    "general protection fault|Internal error: " },
	{ "kernel trace", ALERT_WARN, NULL,
	    "Call [Tt]race:|WARNING: CPU: [0-9]" },
	{ "out of memory", ALERT_BAD, NULL,
	    "Out of memory: |Memory cgroup out of memory: |oom-kill:|"
	    "invoked oom-killer" },
	{ "under-voltage", ALERT_BAD, NULL,
	    "[Uu]nder-voltage detected|Undervoltage detected" },
	{ "over-temperature", ALERT_BAD, NULL,
	    "critical temperature reached|"
	    "[Tt]emperature above threshold|Temperature too high|"
	    "thermal_zone[0-9]+: .*(critical|shut)" },
	{ "I/O error", ALERT_BAD, NULL,
	    "I/O error[ ,]|I/O error$|I/O Error|critical medium error|"
	    "critical target error|"
	    "mmc[0-9]+: .*([Ee]rror|[Tt]imeout|stuck|CRC)|"
	    "mmcblk[0-9]+.*([Ee]rror|timed out)|"
	    "nvme.*(timeout|controller is down|not ready|[Ff]ailed|error)|"
	    "ata[0-9.]+: (exception|failed command|error|hard resetting)" },
	{ "filesystem error", ALERT_BAD, NULL,
	    "EXT[234]-fs error|EXT4-fs warning .*(error|corrupt)|"
	    "EXT4-fs .*: failed|"
	    "[Rr]emounting filesystem read-only|Aborting journal on device|"
	    "JBD2: .*([Ee]rror|abort)|BTRFS (error|critical)|BTRFS: error|"
	    "XFS .*([Cc]orrupt|I/O error|Shutting down|shut down)|"
	    "F2FS-fs .*([Ii]nconsist|error|corrupt)|FAT-fs .*[Ee]rror|"
	    "UBIFS error|SQUASHFS error" },
	{ "lockup", ALERT_BAD, NULL,
	    "soft lockup - CPU|hard LOCKUP|hard lockup|"
	    "detected (stall|expedited stall)|detected stalls on|"
	    "self-detected stall|blocked for more than [0-9]+ seconds|"
	    "Tasks blocked on level" },
	{ "watchdog", ALERT_BAD, NULL,
	    "watchdog did not stop|[Ww]atchdog bite|[Ww]atchdog (timeout|"
	    "expired)|watchdog.*(initiating|reset|timed out|bark)|"
	    "NETDEV WATCHDOG: |reset by watchdog|Hardware watchdog timeout" },
	{ "hardware error", ALERT_BAD, NULL,
	    "\\[Hardware Error\\]|EDAC .* UE |SError Interrupt|"
	    "synchronous external abort|AER: .*([Uu]ncorrect|[Ff]atal)" },
	{ "boot failed", ALERT_BAD, NULL,
	    "Unable to mount root fs|You are in emergency mode|"
	    "Dropping to a shell|Please RESET the board|"
	    "failed to boot from all boot devices|Bad Linux ARM64 Image|"
	    "Wrong Image (Format|Type)|Bad Data CRC" },
};

const struct alert_pattern *
alerts_builtin(size_t *n)
{
	*n = ARRAY_LEN(builtin);
	return builtin;
}

struct adding {
	struct scan *scan;
	unsigned rule;
};

static void
add_literal(void *arg, const char *literal, size_t len)
{
	struct adding *a = arg;

	scan_add(a->scan, literal, len, a->rule);
}

static void
add_needs(struct alerts *a, size_t i)
{
	struct adding to = { a->scan, (unsigned)(stage_rules() + i) };
	const struct alert_pattern *p = &a->v[i].p;

	if (p->need != NULL && p->need[0] != '\0') {
		add_literal(&to, p->need, strlen(p->need));
	} else if (!alert_needs(p->match, add_literal, &to)) {
		a->always =
		    mem_grow(a->always, a->n_always + 1, sizeof *a->always);
		a->always[a->n_always++] = (unsigned short)i;
	}
}

/* 0, or why not in err. */
static int
add_rule(
    struct alerts *a, const struct alert_pattern *p, char *err, size_t size)
{
	struct alert_rule *r = &a->v[a->n];
	int fault = regcomp(&r->re, p->match, REG_EXTENDED | REG_NOSUB);

	if (fault != 0) {
		(void)regerror(fault, &r->re, err, size);
		return fault;
	}
	r->p.name = mem_strdup(p->name != NULL ? p->name : "");
	r->p.level = p->level;
	r->p.need = mem_strdup(p->need);
	r->p.match = mem_strdup(p->match);
	add_needs(a, a->n++);
	return 0;
}

struct alerts *
alerts_new(const struct alert_pattern *more, size_t n, size_t *bad, char *err,
    size_t size)
{
	struct alerts *a = mem_alloc(sizeof *a);

	str_copy(err, size, "");
	a->v = mem_array(ARRAY_LEN(builtin) + n, sizeof *a->v);
	a->scan = scan_new();
	stage_literals(a->scan);
	for (size_t i = 0; i < ARRAY_LEN(builtin) + n; i++) {
		bool ours = i < ARRAY_LEN(builtin);
		size_t k = ours ? i : i - ARRAY_LEN(builtin);

		if (add_rule(a, ours ? &builtin[k] : &more[k], err, size) == 0)
			continue;
		if (bad != NULL)
			*bad = k;
		alerts_free(a);
		return NULL;
	}
	scan_build(a->scan);
	return a;
}

void
alerts_free(struct alerts *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n; i++) {
		struct alert_rule *r = &a->v[i];

		regfree(&r->re);
		/* The strings are ours, whatever the contract calls them. */
		free((void *)(uintptr_t)r->p.name);
		free((void *)(uintptr_t)r->p.need);
		free((void *)(uintptr_t)r->p.match);
	}
	free(a->v);
	free(a->always);
	scan_free(a->scan);
	free(a);
}
