/*
 * U-Boot's prompt, where Ctrl-C stops an RK3588 on its way.
 */
#include <string.h>

#include "nodeboot.h"
#include "rackmux/base/text.h"

void
uboot_prompt(struct sim_node *n)
{
	nodeboot_stage(n, STAGE_PROMPT);
	buf_clear(&n->uart.typed);
	uart_puts(n, "<INTERRUPT>\r\n=> ");
}

static void
help(struct sim_node *n)
{
	uart_puts(n,
	    "boot      - boot default, i.e., run 'bootcmd'\r\n"
	    "help      - print command description/usage\r\n"
	    "printenv  - print environment variables\r\n"
	    "rbrom     - Perform RESET of the CPU and enter bootrom\r\n"
	    "reset     - Perform RESET of the CPU\r\n"
	    "version   - print monitor, compiler and linker version\r\n");
}

static void
run(struct sim_node *n, const char *cmd)
{
	if (strcmp(cmd, "boot") == 0) {
		uart_puts(n, "Starting kernel ...\r\n\r\n");
		nodeboot_stage(n, STAGE_KERNEL);
		return;
	}
	if (strcmp(cmd, "reset") == 0) {
		uart_puts(n, "resetting ...\r\n");
		nodeboot_stage(n, STAGE_LOADER);
		return;
	}
	if (strcmp(cmd, "rbrom") == 0) {
		uart_puts(n, "# Reset the board to bootrom #\r\n");
		nodeboot_stage(n, STAGE_MASKROM);
		return;
	}
	if (strcmp(cmd, "help") == 0 || strcmp(cmd, "?") == 0)
		help(n);
	else if (strcmp(cmd, "printenv") == 0)
		uart_puts(n,
		    "baudrate=1500000\r\nbootdelay=0\r\n"
		    "bootcmd=run distro_bootcmd\r\n"
		    "stdout=serial,vidconsole\r\n");
	else if (strcmp(cmd, "version") == 0)
		uart_puts(
		    n, "U-Boot 2017.09 (Nov 20 2023 - 15:36:53 +0000)\r\n");
	else if (cmd[0] != '\0') {
		uart_puts(n, "Unknown command '");
		uart_puts(n, cmd);
		uart_puts(n, "' - try 'help'\r\n");
	}
	uart_puts(n, "=> ");
}

void
uboot_typed(struct sim_node *n, const char *p, size_t len)
{
	struct buf *b = &n->uart.typed;
	size_t i;

	for (i = 0; i < len && n->stage == STAGE_PROMPT; i++) {
		if (p[i] == '\r' || p[i] == '\n') {
			uart_puts(n, "\r\n");
			run(n, str_trim(b->len > 0 ? b->data : (char[]){ 0 }));
			buf_clear(b);
		} else if (p[i] == 0x03) {
			uart_puts(n, "<INTERRUPT>\r\n=> ");
			buf_clear(b);
		} else if ((p[i] == '\b' || p[i] == 0x7f) && b->len > 0) {
			b->data[--b->len] = '\0';
			uart_puts(n, "\b \b");
		} else if ((unsigned char)p[i] >= ' ' && p[i] != 0x7f) {
			if (buf_add(b, p + i, 1))
				uart_print(n, p + i, 1);
		}
	}
}
