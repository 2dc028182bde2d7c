/*
 * console_run.h - a program on a pseudo-terminal of our own.
 */
#ifndef CONSOLE_RUN_H
#define CONSOLE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct run {
	pid_t pid;
	int fd;
	/* The end of what it wrote, without escape sequences. */
	char text[65536];
	size_t len;
	int escape;
	unsigned long long bytes;
	double last_ms; /* when it wrote last */
};

double run_now_ms(void);

/* With rows 0 its stdout is a pipe. */
bool run_start(struct run *r, int rows, int cols, char **argv);

/* Reads what it writes for so long; false when it has ended. */
bool run_drain(struct run *r, double ms);

/* Reads until TEXT has come since the text was forgotten; false: not in ms. */
bool run_wait(struct run *r, const char *text, double ms);

/* Reads until it wrote nothing for quiet_ms, ms at most. */
void run_settle(struct run *r, double quiet_ms, double ms);

void run_forget(struct run *r);
void run_type(struct run *r, const char *keys);

/*
 * A script, word by word: "~500" reads for 500 ms, "=text" waits for it (20 s
 * at most, or the program ends with a complaint), "!" for a second without
 * output, all else is typed, "\e" and "\r" meant as escape and return. Ends
 * at "--", after which the command stands that is started first.
 */
void run_script(struct run *r, int rows, int cols, char **words, int n);

/* SIGTERM, and what it writes at its end. */
void run_end(struct run *r);

/* A process and all its descendants; it alone. Resident kB, or another key. */
struct spent {
	double cpu_ms;
	unsigned long long read; /* bytes */
};
void run_tree_spent(pid_t pid, struct spent *sum);
double run_cpu_ms(pid_t pid);
long run_rss_kb(pid_t pid, const char *key);

#endif
