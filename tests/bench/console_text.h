/*
 * console_text.h - what benched consoles print.
 *
 * The text of console N at any offset can be had again, so that what was
 * captured is compared with what was sent without keeping what was sent.
 */
#ifndef CONSOLE_TEXT_H
#define CONSOLE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* A log's line is 79 columns, CR and LF. */
#define LOG_LINE 81
#define LINE_MAX_BYTES 320

/* Line i of console n: LOG_LINE bytes, and a NUL. */
static inline size_t
log_text(char out[LINE_MAX_BYTES], unsigned n, unsigned long long i)
{
	static const char *const what[] = { "kernel: usb 1-1.4: new device",
		"systemd[1]: Started Session 14 of user",
		"sshd[812]: Accepted publickey for ops",
		"dhclient[590]: bound to 10.0.3.17 renewal" };
	int at =
	    snprintf(out, LINE_MAX_BYTES, "[%8llu.%06llu] node-%03u %s #%llu",
		i / 7, i * 7919 % 1000000, n, what[i % 4], i % 100000000);

	for (; at < LOG_LINE - 2; at++)
		out[at] = (char)('a' + ((unsigned)at * 7 + i) % 26);
	out[LOG_LINE - 2] = '\r';
	out[LOG_LINE - 1] = '\n';
	out[LOG_LINE] = '\0';
	return LOG_LINE;
}

static inline size_t
colour_text(char out[LINE_MAX_BYTES], unsigned long long i)
{
	return (size_t)snprintf(out, LINE_MAX_BYTES,
	    "\033[32m[  OK  ]\033[0m Started \033[1;38;5;%llum%s-%llu\033[0m "
	    "\033[38;2;%llu;%llu;%llum%08llx\033[0;7m done \033[m in \033[33m"
	    "%llu ms\033[39m\r\n",
	    i % 256, "unit", i, i % 256, i / 3 % 256, i / 7 % 256,
	    i * 2654435761u % 0xffffffff, i % 1000);
}

static inline size_t
utf8_text(char out[LINE_MAX_BYTES], unsigned long long i)
{
	static const char *const words[] = { "\xe6\xbc\xa2\xe5\xad\x97",
		"gr\xc3\xbc\xc3\x9f\x65", "\xd0\xbc\xd0\xb8\xd1\x80",
		"e\xcc\x81t\xc3\xa9", "\xf0\x9f\x98\x80",
		"\xe2\x94\x80\xe2\x94\x82" };
	size_t at = 0;

	for (unsigned k = 0; k < 12; k++)
		at += (size_t)snprintf(out + at, LINE_MAX_BYTES - at, "%s ",
		    words[(i + k * k) % 6]);
	return at + (size_t)snprintf(out + at, LINE_MAX_BYTES - at, "\r\n");
}

#endif
