/*
 * bmcd's HTTP API as its replies go over the wire: one envelope, sets are
 * GETs too, node counts from 0. Power is what bmcd was told, not what the
 * rail is; power_on_time is right for node 1 only, as its bit mask is
 * compared with 1.
 */
#include "turing_pi.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/json.h"
#include "rackmux/base/text.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
query_get(const char *query, const char *name, char *out, size_t size)
{
	size_t len = strlen(name), n = 0;

	for (;;) {
		if (strncmp(query, name, len) == 0 &&
		    strchr("=&", query[len]) != NULL)
			break;
		if ((query = strchr(query, '&')) == NULL)
			return false;
		query++;
	}
	query += len;
	if (*query == '=')
		query++;
	for (; *query != '\0' && *query != '&' && n + 1 < size; query++) {
		if (*query == '%' && hex(query[1]) >= 0 && hex(query[2]) >= 0) {
			out[n++] = (char)(hex(query[1]) * 16 + hex(query[2]));
			query += 2;
		} else {
			out[n++] = *query == '+' ? ' ' : *query;
		}
	}
	out[n] = '\0';
	return true;
}

void
json_escape(struct buf *b, const char *p, size_t len)
{
	char utf8[4];
	size_t i = 0, took, n;
	uint32_t cp;

	while (i < len) {
		took = text_decode(p + i, len - i, &cp, NULL);
		if (cp == '"' || cp == '\\')
			buf_printf(b, "\\%c", (char)cp);
		else if (cp == '\n')
			buf_puts(b, "\\n");
		else if (cp == '\r')
			buf_puts(b, "\\r");
		else if (cp == '\t')
			buf_puts(b, "\\t");
		else if (cp < 0x20)
			buf_printf(b, "\\u%04x", (unsigned)cp);
		else {
			n = text_encode(cp, utf8);
			buf_add(b, utf8, n);
		}
		i += took;
	}
}

const char *
bmcd_power(const struct sim_board *b, int k)
{
	const struct sim_node *n = &b->nodes[k];

	if (fault_is(&n->faults, FAULT_UNKNOWN))
		return "Unknown";
	if (fault_is(&n->faults, FAULT_LIE))
		return n->rail ? "0" : "1";
	return n->intent ? "1" : "0";
}

static int
fail(struct buf *body, int status, const char *why)
{
	buf_puts(body, "{\"response\":[{\"result\":\"");
	json_escape(body, why, strlen(why));
	buf_puts(body, "\"}]}");
	return status;
}

static int
ok(struct buf *body)
{
	buf_puts(body, "{\"response\":[{\"result\":\"ok\"}]}");
	return 200;
}

static bool
node_param(const char *query, const struct sim_board *b, int *out)
{
	char text[8];
	long k;

	if (!query_get(query, "node", text, sizeof(text)) ||
	    !str_long(text, 0, b->slots - 1, &k))
		return false;
	*out = (int)k;
	return true;
}

/* --- get --- */

static int
get_power(struct sim_board *b, struct buf *body)
{
	int k;

	buf_puts(body, "{\"response\":[{\"result\":[{");
	for (k = 0; k < b->slots; k++)
		buf_printf(body, "%s\"node%d\":\"%s\"", k > 0 ? "," : "", k + 1,
		    bmcd_power(b, k));
	buf_puts(body, "}]}]}");
	return 200;
}

static int
get_other(struct sim_board *b, struct buf *body)
{
	const struct tp_firmware *f = b->tp.fw;

	buf_puts(body, "{\"response\":[{\"result\":[{\"api\":\"1.1\",");
	if (f->modern)
		buf_puts(body, "\"build_version\":\"2024.05.1\",");
	buf_printf(body,
	    "\"buildroot\":\"\\\"%s\\\"\",\"buildtime\":\"%s\","
	    "\"ip\":\"%s\",\"mac\":\"%s\",\"version\":\"%s\"}]}]}",
	    f->buildroot, f->buildtime, f->modern ? "Unknown" : "10.0.0.5",
	    f->modern ? "Unknown" : "02:00:5d:11:22:05", f->bmcd);
	return 200;
}

static int
get_about(struct sim_board *b, struct buf *body)
{
	const struct tp_firmware *f = b->tp.fw;

	buf_puts(body, "{\"response\":[{\"result\":{\"api\":\"1.1\",");
	if (f->modern)
		buf_printf(body,
		    "\"board_model\":\"Turing Pi 2\","
		    "\"board_revision\":\"%s\","
		    "\"build_version\":\"2024.05.1\",",
		    b->tp.v25 ? "v2.5" : "v2.4");
	buf_printf(body,
	    "\"buildroot\":\"\\\"%s\\\"\",\"buildtime\":\"%s\",%s"
	    "\"version\":\"%s\"}}]}",
	    f->buildroot, f->buildtime,
	    f->modern ? "\"hostname\":\"turingpi\"," : "", f->bmcd);
	return 200;
}

static int
get_info(struct sim_board *b, struct buf *body)
{
	buf_printf(body,
	    "{\"response\":[{\"result\":{\"ip\":[{\"device\":\"%s\","
	    "\"ip\":\"10.0.0.5\",\"mac\":\"02:00:5d:11:22:05\"}],"
	    "\"storage\":[{\"name\":\"BMC\",\"total_bytes\":51740672,"
	    "\"bytes_free\":9453568},{\"name\":\"SD card\","
	    "\"total_bytes\":31902400512,\"bytes_free\":30669275136}]}}]}",
	    b->tp.fw->modern ? "br0" : "eth0");
	return 200;
}

static int
get_node_info(struct sim_board *b, struct buf *body)
{
	int64_t now = (int64_t)loop_now(b->rack->loop);
	int k;

	buf_puts(body, "{\"response\":[{\"result\":[");
	for (k = 0; k < b->slots; k++) {
		struct sim_node *n = &b->nodes[k];
		int64_t since = k == 0 ? n->powered_at : b->tp.bmcd_since;

		buf_printf(body, "%s{\"module_name\":", k > 0 ? "," : "");
		if (b->tp.stored_module[k][0] != '\0')
			buf_printf(body, "\"%s\"", b->tp.stored_module[k]);
		else
			buf_puts(body, "null");
		buf_puts(body, ",\"name\":");
		if (b->tp.stored_name[k][0] != '\0') {
			buf_puts(body, "\"");
			json_escape(body, b->tp.stored_name[k],
			    strlen(b->tp.stored_name[k]));
			buf_puts(body, "\"");
		} else {
			buf_puts(body, "null");
		}
		if (n->intent)
			buf_printf(body, ",\"power_on_time\":%lld",
			    (long long)(now - since) / 1000);
		else
			buf_puts(body, ",\"power_on_time\":null");
		buf_puts(body, ",\"uart_baud\":null}");
	}
	buf_puts(body, "]}]}");
	return 200;
}

static int
get_usb(struct sim_board *b, struct buf *body)
{
	static const char *const modes[] = { "Host", "Device", "Flash" };

	buf_printf(body,
	    "{\"response\":[{\"result\":[{\"mode\":\"%s\",\"node\":"
	    "\"Node %d\",\"route\":\"%s\"",
	    modes[b->tp.usb_mode], b->tp.usb_node + 1,
	    b->tp.usb_bmc          ? "Bmc"
		: b->tp.fw->modern ? "AlternativePort"
				   : "UsbA");
	if (b->tp.fw->modern)
		buf_printf(body, ",\"bus_type\":\"%s\"",
		    b->tp.v25 ? "Usb hub" : "Single bus");
	buf_puts(body, "}]}]}");
	return 200;
}

static int
get_cooling(struct sim_board *b, struct buf *body)
{
	if (!b->tp.fw->modern)
		return fail(body, 400, "Invalid `type` parameter cooling");
	buf_puts(body, "{\"response\":[{\"result\":[");
	if (b->tp.v25 || b->tp.emc2301)
		buf_printf(body,
		    "{\"device\":\"system fan\",\"speed\":%d,"
		    "\"max_speed\":6}",
		    b->tp.fan);
	buf_puts(body, "]}]}");
	return 200;
}

static int
get_uart(struct sim_board *b, const char *query, struct buf *body)
{
	struct ring *r;
	char *text;
	size_t len;
	int k;

	if (!node_param(query, b, &k))
		return fail(body, 400, "Missing `node` parameter");
	r = &b->nodes[k].uart.ring;
	text = mem_alloc(UART_RING);
	len = ring_peek(r, text, UART_RING);
	if (!b->tp.fw->modern) /* 2.0.5 drains it */
		ring_clear(r);
	buf_puts(body, "{\"response\":[{\"uart\":\"");
	json_escape(body, text, len);
	buf_puts(body, "\"}]}");
	free(text);
	return 200;
}

/* --- set --- */

static int
set_power(
    struct proc *p, struct sim_board *b, const char *query, struct buf *body)
{
	char name[8], value[8];
	int k;

	for (k = 0; k < b->slots; k++) {
		str_format(name, sizeof(name), "node%d", k + 1);
		if (!query_get(query, name, value, sizeof(value)))
			continue;
		if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
			return fail(body, 400, "invalid digit found in string");
		node_power(&b->nodes[k], value[0] == '1');
		if (proc_sleep(p, 100) != 0)
			break;
	}
	b->tp.led_power = 0;
	for (k = 0; k < b->slots; k++)
		b->tp.led_power |= b->nodes[k].intent;
	return ok(body);
}

static int
set_reset(
    struct proc *p, struct sim_board *b, const char *query, struct buf *body)
{
	int k;

	if (!node_param(query, b, &k))
		return fail(body, 400, "Missing `node` parameter");
	/* Straight on the rail: what is stored stays. */
	node_set_rail(&b->nodes[k], false);
	(void)proc_sleep(p, 1000);
	node_set_rail(&b->nodes[k], true);
	return ok(body);
}

static int
set_usb(struct sim_board *b, const char *query, struct buf *body)
{
	char text[8];
	long mode;
	int k;

	if (!node_param(query, b, &k) ||
	    !query_get(query, "mode", text, sizeof(text)) ||
	    !str_long(text, 0, 7, &mode))
		return fail(body, 400, "Missing `mode` parameter");
	if (b->tp.v25 && (mode & 3) == 0)
		return fail(body, 500,
		    "Selecting one of the nodes as USB Host role is not "
		    "supported by the current hardware");
	b->tp.usb_node = k;
	b->tp.usb_mode = (int)(mode & 3) % 3;
	b->tp.usb_bmc = mode & 4;
	return ok(body);
}

static int
set_uart(struct sim_board *b, const char *query, struct buf *body)
{
	char cmd[512];
	int k;

	if (!node_param(query, b, &k))
		return fail(body, 400, "Missing `node` parameter");
	if (!query_get(query, "cmd", cmd, sizeof(cmd)))
		return fail(body, 400, "Missing `cmd` parameter");
	uart_type(&b->nodes[k], cmd, strlen(cmd));
	uart_type(&b->nodes[k], "\r\n", 2);
	return ok(body);
}

static int
set_cooling(struct sim_board *b, const char *query, struct buf *body)
{
	char text[32];
	long speed;

	if (!query_get(query, "device", text, sizeof(text)) ||
	    strcmp(text, "system fan") != 0 || !(b->tp.v25 || b->tp.emc2301))
		return fail(body, 400, "cooling device not found");
	if (!query_get(query, "speed", text, sizeof(text)) ||
	    !str_long(text, 0, 6, &speed))
		return fail(body, 400, "given speed is out of range");
	b->tp.fan = (int)speed;
	return ok(body);
}

static void
store(char *out, size_t size, const struct json *text)
{
	if (json_str(text) != NULL && strpbrk(json_str(text), "\"\\") == NULL)
		str_copy(out, size, json_str(text));
}

int
bmcd_store_info(struct sim_board *b, const char *data, struct buf *body)
{
	struct json *j = json_parse(data, strlen(data), NULL, 0);
	char key[8];
	int k;

	if (!json_is_object(j))
		return fail(body, 400, "Invalid JSON");
	for (k = 0; k < b->slots; k++) {
		struct json *one;

		str_format(key, sizeof(key), "Node%d", k + 1);
		one = json_get(j, key);
		store(b->tp.stored_name[k], sizeof(b->tp.stored_name[k]),
		    json_get(one, "name"));
		store(b->tp.stored_module[k], sizeof(b->tp.stored_module[k]),
		    json_get(one, "module_name"));
	}
	json_free(j);
	return 200;
}

static int
set_flash(struct sim_board *b, const char *query, struct buf *body)
{
	int k;

	if (!node_param(query, b, &k))
		return fail(body, 400, "Missing `node` parameter");
	flash_start(b, k, 636145664);
	buf_printf(
	    body, "{\"handle\":%llu}", (unsigned long long)b->tp.flash.id);
	return 200;
}

static int
api_get(
    struct sim_board *b, const char *type, const char *query, struct buf *body)
{
	if (strcmp(type, "power") == 0)
		return get_power(b, body);
	if (strcmp(type, "other") == 0)
		return get_other(b, body);
	if (strcmp(type, "about") == 0)
		return get_about(b, body);
	if (strcmp(type, "info") == 0)
		return get_info(b, body);
	if (strcmp(type, "node_info") == 0 && b->tp.fw->modern)
		return get_node_info(b, body);
	if (strcmp(type, "usb") == 0)
		return get_usb(b, body);
	if (strcmp(type, "cooling") == 0)
		return get_cooling(b, body);
	if (strcmp(type, "uart") == 0)
		return get_uart(b, query, body);
	if (strcmp(type, "flash") == 0 || strcmp(type, "firmware") == 0) {
		flash_status(b, body);
		return 200;
	}
	if (strcmp(type, "sdcard") == 0) {
		buf_puts(body,
		    "{\"response\":[{\"result\":[{\"total\":"
		    "31902400512,\"use\":1233125376,\"free\":"
		    "30669275136}]}]}");
		return 200;
	}
	return fail(body, 400, "Invalid `type` parameter");
}

static int
api_set(struct proc *p, const char *type, const char *query, struct buf *body)
{
	struct sim_board *b = tp_board(p);

	if (strcmp(type, "power") == 0)
		return set_power(p, b, query, body);
	if (strcmp(type, "reset") == 0)
		return set_reset(p, b, query, body);
	if (strcmp(type, "usb") == 0)
		return set_usb(b, query, body);
	if (strcmp(type, "uart") == 0)
		return set_uart(b, query, body);
	if (strcmp(type, "cooling") == 0 && b->tp.fw->modern)
		return set_cooling(b, query, body);
	if (strcmp(type, "flash") == 0)
		return set_flash(b, query, body);
	if (strcmp(type, "reboot") == 0)
		board_reboot(b);
	else if (strcmp(type, "reload") == 0)
		bmcd_restart(b, 1500);
	else if (strcmp(type, "network") != 0 &&
	    strcmp(type, "node_to_msd") != 0 && strcmp(type, "usb_boot") != 0 &&
	    strcmp(type, "clear_usb_boot") != 0)
		return fail(body, 400, "Invalid `type` parameter");
	return ok(body);
}

int
bmcd_api(struct proc *p, const char *query, struct buf *body)
{
	struct sim_board *b = tp_board(p);
	char opt[8], type[24];

	if (!bmcd_up(b))
		return -1;
	if (!query_get(query, "opt", opt, sizeof(opt)))
		return fail(body, 400, "Missing `opt` parameter");
	if (!query_get(query, "type", type, sizeof(type)))
		return fail(body, 400, "Missing `type` parameter");
	if (fault_is(&b->faults, FAULT_APIERROR))
		return fail(body, 500,
		    strcmp(opt, "set") == 0
			? "Failed to set power state: Input/output error (os "
			  "error 5)"
			: "Failed to get power state: Input/output error (os "
			  "error 5)");
	if (strcmp(opt, "get") == 0)
		return api_get(b, type, query, body);
	if (strcmp(opt, "set") == 0)
		return api_set(p, type, query, body);
	return fail(body, 400, "Invalid `opt` parameter");
}
