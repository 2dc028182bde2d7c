/*
 * What the agent tells Prometheus on port 9666, to anybody who asks. Some of
 * it is there only after something happened, and the fan's speed may be
 * infinite.
 */
#include "compute_blade.h"

#include <string.h>

#include "rackmux/base/text.h"

#define PORT 9666

static void
head(struct buf *b, const char *name, const char *type, const char *text)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}

static void
event(struct buf *b, const char *type, unsigned n)
{
	if (n > 0)
		buf_printf(b,
		    "computeblade_agent_events_count{type=\"%s\"} %u\n", type,
		    n);
}

static void
add_events(struct buf *b, const struct blade *blade)
{
	if (blade->edges + blade->identifies + blade->confirms > 0)
		head(b, "computeblade_agent_events_count", "counter",
		    "ComputeBlade agent internal event handler statistics "
		    "(handled events)");
	event(b, "edge_button", blade->edges);
	event(b, "identify", blade->identifies);
	event(b, "identify_confirm", blade->confirms);
}

static void
add_module(struct buf *b, const struct blade *blade)
{
	const char *name = blade->agent->misspelt
	    ? "computeblade_compute_modul_present"
	    : "computeblade_compute_module_present";

	head(b, name, "gauge", "Compute module type");
	buf_printf(b, "%s{type=\"%s\"} 1\n", name,
	    blade->n->model->pmic ? "cm5" : "cm4");
	head(b, "computeblade_edge_button_event_count", "counter",
	    "Number of edge button presses");
	buf_printf(
	    b, "computeblade_edge_button_event_count %u\n", blade->buttons);
}

static void
add_fan(struct buf *b, const struct blade *blade)
{
	head(b, "computeblade_fan_speed", "gauge", "Fan speed in RPM");
	if (blade->inf)
		buf_puts(b, "computeblade_fan_speed +Inf\n");
	else
		buf_printf(
		    b, "computeblade_fan_speed %.9g\n", blade->rpm_gauge);
	head(b, "computeblade_fan_target_percent", "gauge",
	    "Target fan speed in percent");
	buf_printf(
	    b, "computeblade_fan_target_percent %d\n", blade->target_gauge);
	head(b, "computeblade_fan_unit", "gauge", "Fan unit");
	buf_printf(b, "computeblade_fan_unit{type=\"%s\"} 1\n",
	    fan_unit_is_smart(blade->n->board) ? "smart" : "standard");
	head(b, "computeblade_led_color_change_event_count", "counter",
	    "Led color change event_count");
	buf_printf(b, "computeblade_led_color_change_event_count %u\n",
	    blade->colours);
}

static void
add_state(struct buf *b, const struct blade *blade)
{
	if (blade->asked) {
		head(b, "computeblade_power_status", "gauge",
		    "Power status of the blade");
		buf_printf(b,
		    "computeblade_power_status{type=\"0\"} %d\n"
		    "computeblade_power_status{type=\"1\"} %d\n",
		    !blade->poe_plus, blade->poe_plus);
	}
	head(b, "computeblade_soc_temperature", "gauge",
	    "SoC temperature in °C");
	buf_printf(b, "computeblade_soc_temperature %.6g\n", blade->soc_gauge);
	head(b, "computeblade_state_state", "gauge",
	    "ComputeBlade state (label values are critical, identify, "
	    "normal)");
	buf_printf(b,
	    "computeblade_state_state{state=\"critical\"} 0\n"
	    "computeblade_state_state{state=\"identify\"} %d\n"
	    "computeblade_state_state{state=\"normal\"} %d\n",
	    blade->identify, !blade->identify);
	head(b, "computeblade_stealth_mode_enabled", "gauge",
	    "Stealth mode enabled");
	buf_printf(b, "computeblade_stealth_mode_enabled %d\n", blade->stealth);
}

/* What each Go program tells of itself. */
static void
add_go(struct buf *b, const struct blade *blade)
{
	static const struct {
		const char *name, *type, *value;
	} lines[] = {
		{ "go_gc_gogc_percent", "gauge", "100" },
		{ "go_gc_gomemlimit_bytes", "gauge", "9.223372036854776e+18" },
		{ "go_goroutines", "gauge", "21" },
		{ "go_memstats_alloc_bytes", "gauge", "2.876544e+06" },
		{ "go_memstats_alloc_bytes_total", "counter",
		    "1.32876544e+08" },
		{ "go_memstats_frees_total", "counter", "1.187301e+06" },
		{ "go_memstats_heap_alloc_bytes", "gauge", "2.876544e+06" },
		{ "go_memstats_heap_idle_bytes", "gauge", "3.58400e+06" },
		{ "go_memstats_heap_objects", "gauge", "12441" },
		{ "go_memstats_sys_bytes", "gauge", "1.2663048e+07" },
		{ "go_sched_gomaxprocs_threads", "gauge", "4" },
		{ "go_threads", "gauge", "9" },
		{ "process_cpu_seconds_total", "counter", "812.44" },
		{ "process_max_fds", "gauge", "524287" },
		{ "process_open_fds", "gauge", "17" },
		{ "process_resident_memory_bytes", "gauge", "2.2814720e+07" },
		{ "process_virtual_memory_bytes", "gauge", "1.27215616e+09" },
		{ "promhttp_metric_handler_requests_in_flight", "gauge", "1" },
	};
	size_t i;

	(void)blade;
	buf_puts(b,
	    "# HELP go_info Information about the Go environment.\n"
	    "# TYPE go_info gauge\ngo_info{version=\"go1.25.5\"} 1\n");
	for (i = 0; i < ARRAY_LEN(lines); i++) {
		head(b, lines[i].name, lines[i].type, "Of the Go runtime.");
		buf_printf(b, "%s %s\n", lines[i].name, lines[i].value);
	}
}

static void
metrics(const struct blade *blade, struct buf *body)
{
	add_events(body, blade);
	head(body, "computeblade_airflow_temperature", "gauge",
	    "airflow temperature in °C");
	buf_printf(
	    body, "computeblade_airflow_temperature %.6g\n", blade->airflow);
	add_module(body, blade);
	add_fan(body, blade);
	add_state(body, blade);
	add_go(body, blade);
}

int
blade_http(struct proc *p, const struct http_ask *ask, struct buf *body)
{
	struct blade *blade = blade_of(proc_machine(p)->board);

	if (!machine_is_host(proc_machine(p), ask->host))
		return HTTP_NO_HOST;
	if (ask->port != PORT || blade->state != AGENT_UP)
		return HTTP_REFUSED;
	/* The kernel takes the connection; nobody answers on it. */
	while (agent_hung(blade))
		if (proc_sleep(p, 250) != 0)
			return HTTP_RESET;
	if (ask->tls)
		return HTTP_RESET;
	if (strcmp(ask->path, "/metrics") != 0) {
		buf_puts(body, "404 page not found\n");
		return str_starts(ask->path, "/debug/pprof/") ? 200 : 404;
	}
	metrics(blade, body);
	return proc_sleep(p, 5) == 0 ? 200 : HTTP_RESET;
}
