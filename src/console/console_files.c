/*
 * The files of a console: its log, FOLDER/BOARD/SLOT.log, and recordings,
 * FOLDER/BOARD/SLOT-TIME.cast. A name is taken apart at its slash, and what
 * could mislead a shell or a file system in it is written as %XX, so that no
 * two consoles share a file.
 */
#include "console_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/text.h"

#define PART_MAX 180 /* of a name; a file name has 255 */

static bool
plain(const char *s, size_t i)
{
	char ch = s[i];

	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	    (ch >= '0' && ch <= '9') || ch == '_' || (ch == '-' && i > 0) ||
	    (ch == '.' && i > 0);
}

static void
add_part(struct buf *path, const char *s, size_t len)
{
	size_t i, start = path->len;

	for (i = 0; i < len && path->len - start < PART_MAX; i++) {
		if (plain(s, i))
			buf_add(path, &s[i], 1);
		else
			buf_printf(path, "%%%02X", (unsigned char)s[i]);
	}
	if (len == 0)
		buf_puts(path, "%");
}

/* FOLDER/BOARD/SLOT, without what ends it. */
static void
stem(const struct console *c, struct buf *path)
{
	const char *slash = strchr(c->name, '/');

	buf_puts(path, c->set->config.log_dir);
	buf_puts(path, "/");
	if (slash) {
		add_part(path, c->name, (size_t)(slash - c->name));
		buf_puts(path, "/");
		add_part(path, slash + 1, strlen(slash + 1));
	} else {
		add_part(path, c->name, strlen(c->name));
	}
}

/* All folders above a file. Those that are there stay as they are. */
static void
make_folders(char *path)
{
	char *p;

	for (p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
}

/* --- the log -------------------------------------------------------------- */

static void
on_trouble(void *arg, const char *why)
{
	struct console *c = arg;

	c->log_trouble = why != NULL;
	if (why)
		console_event(c, 2, "%s", why);
	else
		console_event(c, 0, "Its log is written again.");
	console_changed(c);
}

void
console_log_begin(struct console *c)
{
	const struct consoles_config *config = &c->set->config;
	struct logfile_config log = { .size = config->log_size,
		.files = config->log_files };
	struct buf path;

	if (c->logfile || !config->log_dir)
		return;
	buf_init(&path, 0);
	stem(c, &path);
	buf_puts(&path, ".log");
	make_folders(path.data);
	free(c->log_path);
	c->log_path = mem_strdup(buf_str(&path));
	buf_release(&path);
	log.path = c->log_path;
	c->log_trouble = false;
	c->logfile = logfile_new(c->set->loop, &log, on_trouble, c);
	console_log_note(c, "opened");
}

void
console_log_end(struct console *c)
{
	struct logfile *log = c->logfile;

	if (!log)
		return;
	console_log_note(c, "closed");
	c->logfile = NULL;
	logfile_free(log);
	free(c->log_path);
	c->log_path = NULL;
}

void
console_log_note(struct console *c, const char *text)
{
	if (c->logfile)
		logfile_note(c->logfile, loop_wall(c->set->loop), text);
}

bool
console_logging(const struct console *c)
{
	return c->logfile && logfile_good(c->logfile);
}

const char *
console_log_path(const struct console *c)
{
	return c->log_path ? c->log_path : "";
}

/* --- recordings ----------------------------------------------------------- */

static void
record_path_new(const struct console *c, struct buf *path)
{
	time_t now = (time_t)(loop_wall(c->set->loop) / 1000);
	char stamp[32];
	struct tm tm;
	size_t len;
	int n;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	stem(c, path);
	buf_printf(path, "-%s", stamp);
	len = path->len;
	buf_puts(path, ".cast");
	for (n = 2; n < 100 && access(buf_str(path), F_OK) == 0; n++) {
		buf_drop(path, 0);
		path->len = len;
		buf_printf(path, "-%d.cast", n);
	}
}

static bool
record_open(struct console *c, char *err, size_t size)
{
	struct consoles *s = c->set;
	struct vt *vt = console_vt_make(c);
	struct buf path, screen;

	if (!s->config.log_dir) {
		str_format(err, size,
		    "No log folder is configured, so there is no place for "
		    "a recording.");
		return false;
	}
	buf_init(&path, 0);
	record_path_new(c, &path);
	make_folders(path.data);
	c->record = record_new(s->loop, buf_str(&path), c->title, vt_rows(vt),
	    vt_cols(vt), loop_wall(s->loop), err, size);
	buf_release(&path);
	if (!c->record)
		return false;
	/* It begins with what is on the screen. */
	buf_init(&screen, 0);
	vt_snapshot(vt, 0, &screen);
	if (c->bytes > 0)
		record_output(
		    c->record, buf_str(&screen), screen.len, loop_now(s->loop));
	buf_release(&screen);
	console_flow_go(c);
	console_changed(c);
	return true;
}

/* As the configuration asks. */
void
console_record_begin(struct console *c)
{
	char err[300] = "";

	c->record_start = false;
	if (!c->record && !record_open(c, err, sizeof(err)))
		console_event(c, 2, "%s", err);
}

void
console_record_end(struct console *c)
{
	struct record *r = c->record;

	c->record = NULL;
	c->record_kept = false;
	record_free(r);
}

/* The disk may refuse. */
void
console_record_check(struct console *c)
{
	const char *why = record_trouble(c->record);

	if (!why)
		return;
	console_event(c, 2, "%s", why);
	console_record_end(c);
	console_due(c);
	console_changed(c);
}

bool
console_record(struct console *c, bool on, char *err, size_t size)
{
	if (!on) {
		console_record_end(c);
		console_due(c);
		console_changed(c);
		return true;
	}
	if (!c->record && !record_open(c, err, size))
		return false;
	c->record_kept = true;
	console_due(c);
	return true;
}

bool
console_recording(const struct console *c)
{
	return c->record != NULL && !record_trouble(c->record);
}
