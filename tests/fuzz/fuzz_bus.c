/* What a peer on the bus may say: messages, streams, and whole conversations
 * with the registry, which must never contradict itself. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/console/bus_in.h"
#include "fuzz.h"

#define PEERS 3

/* What was understood is understood again when it is said again. */
static void
messages(const char *p, size_t len)
{
	const char *why = NULL;
	struct bus_msg m, again;
	struct buf a, b;

	if (!bus_msg_parse(&m, p, len, &why)) {
		CHECK(why != NULL);
		return;
	}
	fuzz_check_clean(m.who);
	fuzz_check_clean(m.user);
	fuzz_check_clean(m.why);
	fuzz_check_clean(m.version);
	if (m.type == BUS_MSG_OTHER)
		return;
	buf_init(&a, 0);
	buf_init(&b, 0);
	bus_msg_print(&m, &a);
	CHECK(a.data[a.len - 1] == '\n' && a.len <= BUS_MSG);
	CHECK(bus_msg_parse(&again, a.data, a.len - 1, &why));
	bus_msg_print(&again, &b);
	CHECK_STR(buf_str(&b), buf_str(&a));
	buf_release(&a);
	buf_release(&b);
}

/* Frames are the same in whatever pieces they come, and bounded. */
static void
frames(const char *p, size_t len, size_t piece)
{
	unsigned long long sum[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		size_t step = i == 0 ? len : piece, n = 0;
		const char *data, *why = NULL;
		struct bus_frames f;
		int type = 0;

		bus_frames_init(&f);
		for (size_t at = 0; at < len && type >= 0; at += step) {
			bus_frames_add(
			    &f, p + at, len - at < step ? len - at : step);
			while (
			    (type = bus_frames_next(&f, &data, &n, &why)) > 0) {
				CHECK(n <= BUS_SNAPSHOT);
				sum[i] = sum[i] * 31 + (unsigned)type + n;
				for (size_t k = 0; k < n; k++)
					sum[i] = sum[i] * 31 +
					    (unsigned char)data[k];
			}
			CHECK(type == 0 || why != NULL);
		}
		bus_frames_release(&f);
	}
	CHECK(sum[0] == sum[1]);
}

/* Each line begins with the peer that says it; '!' is its end. */
static void
registry(const uint8_t *data, size_t left)
{
	static const char hello[] = "{\"t\":\"hello\",\"bus\":1}\n";
	struct loop *l = loop_new();
	struct bus_hub *hub = bus_hub_new(l, -1, false);
	int fds[PEERS][2];
	const char *part;
	size_t len;

	for (int i = 0; i < PEERS; i++) {
		CHECK(socketpair(AF_UNIX,
			  SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			  fds[i]) == 0);
		bus_hub_adopt(hub, fds[i][1], i + 1);
		CHECK(send(fds[i][0], hello, sizeof hello - 1, 0) > 0);
	}
	while ((part = fuzz_part(&data, &left, &len)) != NULL) {
		int *fd = len > 0 ? &fds[(uint8_t)part[0] % PEERS][0] : NULL;

		if (fd == NULL || *fd < 0)
			continue;
		if (len > 1 && part[1] == '!') {
			(void)close(*fd);
			*fd = -1;
		} else {
			(void)send(*fd, part + 1, len - 1, MSG_NOSIGNAL);
			(void)send(*fd, "\n", 1, MSG_NOSIGNAL);
		}
		loop_turn(l, 0);
		bus_hub_check(hub);
	}
	for (int i = 0; i < PEERS; i++)
		if (fds[i][0] >= 0)
			(void)close(fds[i][0]);
	loop_turn(l, 0);
	loop_turn(l, 0);
	bus_hub_check(hub);
	bus_hub_free(hub);
	loop_free(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *s;

	if (len < 2)
		return 0;
	s = fuzz_text(data + 2, len - 2);
	if (data[0] % 3 == 0)
		messages(s, len - 2);
	else if (data[0] % 3 == 1)
		frames(s, len - 2, 1 + data[1] % 16u);
	else
		registry(data + 2, len - 2);
	free(s);
	return 0;
}
