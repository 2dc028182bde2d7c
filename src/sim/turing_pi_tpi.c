/*
 * tpi, the board's own command line, as it prints and as it exits: 0 whenever
 * bmcd answered, even when the answer was an error. What it says goes to
 * stdout, but a flash that failed tells stderr, and still exits 0.
 */
#include "turing_pi.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/* A TLS handshake with an RSA-4096 key, on a small ARM. */
#define HANDSHAKE_MS 60

struct tpi {
	struct proc *p;
	struct sim_board *b;
	const char *cmd, *arg[3];
	int n_args;
	int node; /* from 1, 0: not given */
	const char *text; /* --cmd */
	const char *image;
	bool json, version, help, bad_option, to_bmc;
};

static const char usage[] =
    "Official Turing-Pi2 CLI tool\n\n"
    "Usage: tpi [OPTIONS] [COMMAND]\n\n"
    "Commands:\n"
    "  power     Power on/off or reset specific nodes\n"
    "  usb       Change the USB device/host configuration\n"
    "  firmware  Upgrade the firmware of the BMC\n"
    "  flash     Flash a given node\n"
    "  eth       Configure the on-board Ethernet switch\n"
    "  uart      Read or write over UART\n"
    "  advanced  Advanced node modes\n"
    "  info      Print turing-pi info\n"
    "  reboot    Reboot the BMC chip\n"
    "  help      Print this message or the help of the given subcommand(s)\n";

static bool
takes_value(const char *a)
{
	static const char *const with[] = { "--host", "--port", "--user",
		"--password", "-a", "-g", "--sha256", "-f", "--file" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(with); i++)
		if (strcmp(a, with[i]) == 0)
			return true;
	return false;
}

static int
parse_value(struct tpi *t, const char *a, const char *value)
{
	long n;

	if (strcmp(a, "-n") == 0 || strcmp(a, "--node") == 0) {
		if (value == NULL || !str_long(value, 1, 4, &n)) {
			proc_err(t->p,
			    "error: invalid value '%s' for '--node <NODE>': "
			    "%s is not in 1..=4\n",
			    value != NULL ? value : "",
			    value != NULL ? value : "");
			return 2;
		}
		t->node = (int)n;
	} else if (strcmp(a, "-c") == 0 || strcmp(a, "--cmd") == 0) {
		t->text = value;
	} else if (strcmp(a, "-i") == 0 || strcmp(a, "--image-path") == 0) {
		t->image = value;
	} else if (!takes_value(a)) {
		return -1;
	}
	return 0;
}

static int
parse_flag(struct tpi *t, const char *a)
{
	if (strcmp(a, "--json") == 0)
		t->json = true;
	else if (strcmp(a, "-V") == 0 || strcmp(a, "--version") == 0)
		t->version = true;
	else if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0)
		t->help = true;
	else if (strcmp(a, "-b") == 0 || strcmp(a, "--bmc") == 0)
		t->to_bmc = true;
	else if (strcmp(a, "-l") == 0 || strcmp(a, "--local") == 0 ||
	    strcmp(a, "--skip-crc") == 0)
		;
	else {
		proc_err(t->p,
		    "error: unexpected argument '%s' found\n\n"
		    "Usage: tpi [OPTIONS] [COMMAND]\n\n"
		    "For more information, try '--help'.\n",
		    a);
		return 2;
	}
	return 0;
}

static int
parse(struct tpi *t, int argc, char **argv)
{
	int i, rc;

	for (i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (a[0] != '-') {
			if (t->cmd == NULL)
				t->cmd = a;
			else if (t->n_args < 3)
				t->arg[t->n_args++] = a;
			continue;
		}
		rc = parse_value(t, a, i + 1 < argc ? argv[i + 1] : NULL);
		if (rc > 0)
			return rc;
		if (rc == 0)
			i++;
		else if ((rc = parse_flag(t, a)) != 0)
			return rc;
	}
	return 0;
}

/* --- talking to bmcd --- */

/* The body, or false after having said that bmcd is not there. */
static bool
ask(struct tpi *t, struct buf *body, const char *query)
{
	buf_init(body, 0);
	if (proc_sleep(t->p, HANDSHAKE_MS) == 0 &&
	    bmcd_api(t->p, query, body) > 0)
		return true;
	proc_printf(t->p,
	    "error sending request for url (https://127.0.0.1/api/bmc?%s): "
	    "error trying to connect: tcp connect error: Connection refused "
	    "(os error 111)\n",
	    query);
	buf_release(body);
	return false;
}

/* The words of an error reply, between "result":" and the next quote. */
static void
print_result(struct tpi *t, const struct buf *body)
{
	static const char key[] = "\"result\":\"";
	const char *at = strstr(buf_str(body), key);
	const char *end;

	if (at == NULL)
		return;
	at += sizeof(key) - 1;
	end = strchr(at, '"');
	if (end != NULL)
		proc_printf(t->p, "%.*s\n", (int)(end - at), at);
}

static int
set(struct tpi *t, const char *query)
{
	struct buf body;

	if (!ask(t, &body, query))
		return 1;
	if (t->json)
		proc_printf(t->p, "%s\n", buf_str(&body));
	else
		print_result(t, &body);
	buf_release(&body);
	return 0;
}

/* True when the reply is an array to be printed as text; otherwise what tpi
 * says instead has been said. */
static bool
is_table(struct tpi *t, const struct buf *body)
{
	static const char key[] = "{\"response\":[{\"result\":\"";

	if (t->json) {
		proc_printf(t->p, "%s\n", buf_str(body));
		return false;
	}
	if (!str_starts(buf_str(body), key))
		return true;
	proc_printf(t->p, "{\"result\":\"%.*s\nAPI error\n",
	    (int)(body->len - (sizeof(key) - 1) - 3),
	    buf_str(body) + sizeof(key) - 1);
	return false;
}

/* --- commands --- */

static int
power_status(struct tpi *t)
{
	struct buf body;
	bool table;
	int k;

	if (!ask(t, &body, "opt=get&type=power"))
		return 1;
	table = is_table(t, &body);
	for (k = 0; table && k < t->b->slots; k++) {
		const char *v = bmcd_power(t->b, k);

		if (v[0] == 'U') {
			/* The reply's own part, then the parser's words. */
			proc_printf(t->p,
			    "%.*s\ninvalid digit found in "
			    "string\n",
			    (int)(body.len - 15), buf_str(&body) + 13);
			break;
		}
		proc_printf(
		    t->p, "node%d: %s\n", k + 1, v[0] == '1' ? "On" : "off");
	}
	buf_release(&body);
	return 0;
}

static int
power(struct tpi *t)
{
	const char *what = t->arg[0] != NULL ? t->arg[0] : "";
	struct buf query;
	int k, rc;

	if (strcmp(what, "status") == 0)
		return power_status(t);
	if (strcmp(what, "reset") == 0) {
		char text[48];

		if (t->node == 0) {
			proc_puts(t->p, "`--node` argument must be set.\n");
			return 1;
		}
		str_format(text, sizeof(text), "opt=set&type=reset&node=%d",
		    t->node - 1);
		return set(t, text);
	}
	if (strcmp(what, "on") != 0 && strcmp(what, "off") != 0) {
		proc_err(t->p,
		    "error: invalid value '%s' for '<CMD>'\n"
		    "  [possible values: on, off, reset, status]\n\n"
		    "For more information, try '--help'.\n",
		    what);
		return 2;
	}
	buf_init(&query, 0);
	buf_puts(&query, "opt=set&type=power");
	for (k = 1; k <= t->b->slots; k++)
		if (t->node == 0 || t->node == k)
			buf_printf(
			    &query, "&node%d=%d", k, strcmp(what, "on") == 0);
	rc = set(t, buf_str(&query));
	buf_release(&query);
	return rc;
}

static int
usb_status(struct tpi *t)
{
	const struct tp *tp = &t->b->tp;
	static const char *const modes[] = { "Host", "Device", "Flash" };
	struct buf body;
	char node[16];

	if (!ask(t, &body, "opt=get&type=usb"))
		return 1;
	str_format(node, sizeof(node), "node %d", tp->usb_node + 1);
	if (t->json && t->b->tp.fw->modern) {
		proc_printf(t->p,
		    "{\"response\":[{\"result\":[{\"bus_type\":\"%s\","
		    "\"mode\":\"%s\",\"node\":\"Node %d\",\"route\":"
		    "\"%s\"}]}]}\n",
		    tp->v25 ? "Usb hub" : "Single bus", modes[tp->usb_mode],
		    tp->usb_node + 1, tp->usb_bmc ? "Bmc" : "AlternativePort");
	} else if (is_table(t, &body)) {
		const char *route = tp->usb_bmc ? "bmc"
		    : tp->fw->modern            ? "alternativeport"
						: "usba";

		/* Host and device stand in the wrong columns for Host. */
		proc_printf(t->p, "  USB Host  --> USB Device \n");
		if (tp->usb_mode == 1)
			proc_printf(t->p, "%12s-->%12s\n", node, route);
		else
			proc_printf(t->p, "%12s-->%12s   \n", route, node);
	}
	buf_release(&body);
	return 0;
}

static int
usb(struct tpi *t)
{
	static const char *const modes[] = { "host", "device", "flash" };
	const char *what = t->arg[0] != NULL ? t->arg[0] : "";
	char query[64];
	int i;

	if (strcmp(what, "status") == 0)
		return usb_status(t);
	for (i = 0; i < 3; i++) {
		if (strcmp(what, modes[i]) != 0)
			continue;
		if (t->node == 0) {
			proc_puts(t->p, "`--node` argument missing\n");
			return 1;
		}
		str_format(query, sizeof(query),
		    "opt=set&type=usb&node=%d&mode=%d", t->node - 1,
		    i | (t->to_bmc ? 4 : 0));
		return set(t, query);
	}
	proc_err(t->p,
	    "error: invalid value '%s' for '<MODE>'\n"
	    "  [possible values: device, host, flash, status]\n",
	    what);
	return 2;
}

static int
uart(struct tpi *t)
{
	const char *what = t->arg[0] != NULL ? t->arg[0] : "";
	struct sim_board *b = t->b;
	struct buf q;
	char text[48];
	const char *s;
	int rc;

	if (t->node == 0) {
		proc_err(t->p,
		    "error: the following required arguments were "
		    "not provided:\n  --node <NODE>\n");
		return 2;
	}
	if (strcmp(what, "set") != 0) {
		struct ring *r = &b->nodes[t->node - 1].uart.ring;
		char *raw = mem_alloc(UART_RING);
		size_t len = ring_peek(r, raw, UART_RING);
		struct buf body;

		str_format(text, sizeof(text), "opt=get&type=uart&node=%d",
		    t->node - 1);
		rc = ask(t, &body, text) ? 0 : 1;
		if (rc == 0 && t->json)
			proc_printf(t->p, "%s\n", buf_str(&body));
		else if (rc == 0)
			proc_out(t->p, raw, len);
		if (rc == 0)
			buf_release(&body);
		free(raw);
		return rc;
	}
	if (t->text == NULL) {
		proc_puts(t->p,
		    "uart set command requires `--cmd` "
		    "argument.\n");
		return 1;
	}
	buf_init(&q, 0);
	buf_printf(&q, "opt=set&type=uart&node=%d&cmd=", t->node - 1);
	for (s = t->text; *s != '\0'; s++)
		buf_printf(&q, "%%%02X", (unsigned char)*s);
	rc = set(t, buf_str(&q));
	buf_release(&q);
	return rc;
}

static int
cooling(struct tpi *t)
{
	const char *what = t->arg[0] != NULL ? t->arg[0] : "";
	struct buf body;
	char query[128];

	if (strcmp(what, "set") == 0) {
		if (t->n_args < 3) {
			proc_puts(t->p,
			    "Device and speed arguments are "
			    "required for the set command\n");
			return 1;
		}
		str_format(query, sizeof(query),
		    "opt=set&type=cooling&device=%s&speed=%s", t->arg[1],
		    t->arg[2]);
		return set(t, query);
	}
	if (!ask(t, &body, "opt=get&type=cooling"))
		return 1;
	if (t->json)
		proc_printf(t->p,
		    t->b->tp.v25 || t->b->tp.emc2301
			? "{\"response\":[{\"result\":[{\"device\":\"system "
			  "fan\",\"max_speed\":6,\"speed\":%d}]}]}\n"
			: "{\"response\":[{\"result\":[]}]}\n",
		    t->b->tp.fan);
	else if (!is_table(t, &body))
		;
	else if (!t->b->tp.v25 && !t->b->tp.emc2301)
		proc_puts(t->p, "No cooling devices found\n");
	else
		proc_printf(t->p,
		    "|----Device-----|-Speed-|-Max Speed-|\n"
		    "|system fan     |%7d|%11d|\n",
		    t->b->tp.fan, 6);
	buf_release(&body);
	return 0;
}

static int
info(struct tpi *t)
{
	const struct tp_firmware *f = t->b->tp.fw;
	struct buf body;

	if (!ask(t, &body, "opt=get&type=other"))
		return 1;
	if (is_table(t, &body)) {
		proc_puts(t->p,
		    "|---key----|-----------value------------|\n"
		    " api       : 1.1\n");
		if (f->modern)
			proc_puts(t->p, " build_version: 2024.05.1\n");
		proc_printf(t->p,
		    " buildroot : \"%s\"\n buildtime : %s\n ip        : %s\n"
		    " mac       : %s\n version   : %s\n"
		    "|----------|----------------------------|\n",
		    f->buildroot, f->buildtime,
		    f->modern ? "Unknown" : "10.0.0.5",
		    f->modern ? "Unknown" : "02:00:5d:11:22:05", f->bmcd);
	}
	buf_release(&body);
	return 0;
}

static int
flash(struct tpi *t)
{
	struct flash_job *f = &t->b->tp.flash;
	struct buf body;

	if (t->node == 0 || t->image == NULL) {
		proc_err(t->p,
		    "error: the following required arguments were "
		    "not provided:\n  --image-path <IMAGE_PATH>\n"
		    "  --node <NODE>\n");
		return 2;
	}
	if (!ask(t, &body, "opt=get&type=flash"))
		return 1;
	buf_release(&body);
	proc_printf(t->p, "Flashing from image file %s...\n", t->image);
	flash_start(t->b, t->node - 1, 636145664);
	while (f->active && proc_sleep(t->p, 500) == 0)
		continue;
	if (f->failed)
		proc_err(
		    t->p, "Error occured during flashing: \"%s\"\n", f->error);
	else if (f->done)
		proc_puts(t->p, "Done\n");
	return 0;
}

static int
simple(struct tpi *t, const char *type)
{
	char query[64];

	str_format(query, sizeof(query), "opt=set&type=%s&node=%d", type,
	    t->node > 0 ? t->node - 1 : 0);
	return set(t, query);
}

static int
dispatch(struct tpi *t)
{
	const char *c = t->cmd;

	if (strcmp(c, "power") == 0)
		return power(t);
	if (strcmp(c, "usb") == 0)
		return usb(t);
	if (strcmp(c, "uart") == 0)
		return uart(t);
	if (strcmp(c, "cooling") == 0 && t->b->tp.fw->modern)
		return cooling(t);
	if (strcmp(c, "info") == 0)
		return info(t);
	if (strcmp(c, "flash") == 0)
		return flash(t);
	if (strcmp(c, "reboot") == 0)
		return simple(t, "reboot");
	if (strcmp(c, "eth") == 0)
		return simple(t, "network");
	if (strcmp(c, "advanced") == 0)
		return simple(t,
		    t->arg[0] != NULL && strcmp(t->arg[0], "msd") == 0
			? "node_to_msd"
			: "clear_usb_boot");
	proc_err(t->p,
	    "error: unrecognized subcommand '%s'\n\n"
	    "Usage: tpi [OPTIONS] [COMMAND]\n\n"
	    "For more information, try '--help'.\n",
	    c);
	return 2;
}

int
cmd_tpi(struct proc *p, int argc, char **argv)
{
	struct tpi t = { .p = p, .b = tp_board(p) };
	int rc = parse(&t, argc, argv);

	if (rc != 0)
		return rc;
	if (t.version) {
		proc_printf(p, "tpi %s\n", t.b->tp.fw->tpi);
		return 0;
	}
	if (t.help || t.cmd == NULL || strcmp(t.cmd, "help") == 0) {
		proc_puts(p, usage);
		if (t.b->tp.fw->modern && t.cmd == NULL)
			proc_puts(p,
			    "  cooling   Configure the cooling "
			    "devices\n");
		return 0;
	}
	return dispatch(&t);
}
