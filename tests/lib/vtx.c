#include "vtx.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static int
on_cursor(VTermPos pos, VTermPos old, int visible, void *arg)
{
	struct vtx *x = arg;

	(void)old;
	(void)visible;
	x->cursor = pos;
	return 1;
}

static int
on_prop(VTermProp prop, VTermValue *v, void *arg)
{
	struct vtx *x = arg;

	if (prop == VTERM_PROP_CURSORVISIBLE)
		x->cursor_on = v->boolean != 0;
	else if (prop == VTERM_PROP_ALTSCREEN)
		x->alt = v->boolean != 0;
	else if (prop == VTERM_PROP_MOUSE)
		x->mouse = v->number;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .movecursor = on_cursor,
	.settermprop = on_prop };

static void
run_child(const char *const *env, vtx_main *fn, void *arg)
{
	int status;

	clearenv();
	for (; *env != NULL; env++) {
		char *pair = strdup(*env), *eq = strchr(pair, '=');

		*eq = '\0';
		setenv(pair, eq + 1, 1);
		free(pair);
	}
	alarm(0);
	status = fn(arg);
	fflush(NULL);
	_exit(status);
}

void
vtx_spawn(struct vtx *x, int w, int h, const char *const *env, vtx_main *fn,
    void *arg)
{
	struct winsize ws = { .ws_row = (unsigned short)h,
		.ws_col = (unsigned short)w };

	memset(x, 0, sizeof *x);
	x->w = w;
	x->h = h;
	x->cursor_on = true;
	x->pid = forkpty(&x->fd, NULL, NULL, &ws);
	if (x->pid < 0) {
		perror("forkpty");
		exit(1);
	}
	if (x->pid == 0)
		run_child(env, fn, arg);
	fcntl(x->fd, F_SETFL, O_NONBLOCK);
	x->vt = vterm_new(h, w);
	vterm_set_utf8(x->vt, 1);
	x->screen = vterm_obtain_screen(x->vt);
	vterm_screen_enable_altscreen(x->screen, 1);
	vterm_screen_set_callbacks(x->screen, &callbacks, x);
	vterm_screen_reset(x->screen, 1);
}

void
vtx_close(struct vtx *x)
{
	if (x->pid > 0) {
		kill(x->pid, SIGKILL);
		waitpid(x->pid, NULL, 0);
	}
	close(x->fd);
	vterm_free(x->vt);
	free(x->raw);
}

void
vtx_send(struct vtx *x, const char *s)
{
	size_t len = strlen(s);

	while (len > 0) {
		ssize_t n = write(x->fd, s, len);

		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

void
vtx_resize(struct vtx *x, int w, int h)
{
	struct winsize ws = { .ws_row = (unsigned short)h,
		.ws_col = (unsigned short)w };

	x->w = w;
	x->h = h;
	vterm_set_size(x->vt, h, w);
	ioctl(x->fd, TIOCSWINSZ, &ws);
}

static void
take(struct vtx *x, const char *s, size_t len)
{
	if (x->raw_len + len + 1 > x->raw_cap) {
		x->raw_cap = (x->raw_len + len + 1) * 2;
		x->raw = realloc(x->raw, x->raw_cap);
		if (x->raw == NULL)
			abort();
	}
	memcpy(x->raw + x->raw_len, s, len);
	x->raw_len += len;
	x->raw[x->raw_len] = '\0';
	vterm_input_write(x->vt, s, len);
}

bool
vtx_pump(struct vtx *x, int ms)
{
	struct pollfd p = { .fd = x->fd, .events = POLLIN };
	char buf[8192];
	ssize_t n;

	if (x->eof)
		return false;
	if (x->stopped) {
		poll(NULL, 0, ms < 5 ? ms : 5);
		return true;
	}
	if (poll(&p, 1, ms) <= 0)
		return true;
	while ((n = read(x->fd, buf, sizeof buf)) > 0)
		take(x, buf, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		x->eof = true;
	return !x->eof;
}

bool
vtx_wait(struct vtx *x, vtx_pred *pred, const void *arg, int ms)
{
	long long end = now_ms() + ms, left;
	char *text;

	for (;;) {
		if (pred(x, arg))
			return true;
		left = end - now_ms();
		if (left <= 0)
			break;
		if (!vtx_pump(x, (int)(left < 50 ? left : 50))) {
			if (pred(x, arg))
				return true;
			break;
		}
	}
	text = vtx_text(x);
	fprintf(stderr, "--- screen %dx%d%s\n%s---\n", x->w, x->h,
	    x->eof ? " (ended)" : "", text);
	free(text);
	return false;
}

bool
vtx_wait_text(struct vtx *x, const char *text, int ms)
{
	if (vtx_wait(x, vtx_has, text, ms))
		return true;
	fprintf(stderr, "--- waited for \"%s\"\n", text);
	return false;
}

bool
vtx_wait_exit(struct vtx *x, int *status, int ms)
{
	long long end = now_ms() + ms;

	while (now_ms() < end) {
		if (waitpid(x->pid, status, WNOHANG) == x->pid) {
			while (vtx_pump(x, 20) && !x->eof)
				;
			x->pid = 0;
			return true;
		}
		if (!vtx_pump(x, 20))
			poll(NULL, 0, 5);
	}
	return false;
}

void
vtx_settle(struct vtx *x, int ms)
{
	size_t before;

	do {
		before = x->raw_len;
		vtx_pump(x, ms);
	} while (x->raw_len != before);
}

static size_t
put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		o[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		o[0] = (char)(0xc0 | c >> 6);
		o[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	o[0] = (char)(0xe0 | c >> 12);
	o[1] = (char)(0x80 | (c >> 6 & 63));
	o[2] = (char)(0x80 | (c & 63));
	return 3;
}

VTermScreenCell
vtx_cell(struct vtx *x, int cx, int cy)
{
	VTermScreenCell cell;

	vterm_screen_get_cell(x->screen, (VTermPos){ cy, cx }, &cell);
	return cell;
}

char *
vtx_text(struct vtx *x)
{
	char *out = malloc((size_t)x->h * ((size_t)x->w * 4 + 1) + 1);
	char *p = out;

	if (out == NULL)
		abort();
	for (int y = 0; y < x->h; y++) {
		for (int cx = 0; cx < x->w;) {
			VTermScreenCell cell = vtx_cell(x, cx, y);

			if (cell.chars[0] == 0)
				*p++ = ' ';
			else
				p += put_utf8(p, cell.chars[0]);
			cx += cell.width > 0 ? cell.width : 1;
		}
		*p++ = '\n';
	}
	*p = '\0';
	return out;
}

bool
vtx_has(struct vtx *x, const void *text)
{
	char *screen = vtx_text(x);
	bool has = strstr(screen, text) != NULL;

	free(screen);
	return has;
}

bool
vtx_raw_has(const struct vtx *x, const char *s)
{
	return x->raw != NULL &&
	    memmem(x->raw, x->raw_len, s, strlen(s)) != NULL;
}

bool
vtx_find(struct vtx *x, const char *text, int *fx, int *fy)
{
	char *screen = vtx_text(x), *at = strstr(screen, text);

	*fx = *fy = 0;
	for (char *p = screen; at != NULL && p < at; p++) {
		if (*p == '\n') {
			*fx = 0;
			++*fy;
		} else if (((unsigned char)*p & 0xc0) != 0x80)
			++*fx;
	}
	free(screen);
	return at != NULL;
}
