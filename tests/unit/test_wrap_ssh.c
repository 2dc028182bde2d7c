/* A WebSocket on a TCP port of the far side, through a real sshd. */
#include "rackmux/base/hash.h"
#include "rackmux/base/text.h"
#include "rackmux/link/wrap.h"
#include "ssh_peer.h"

struct far {
	struct peer *p;
	struct stream_request request;
};

static struct stream *
open_far(const void *with, const struct stream_sink *sink_, void *arg, int *err)
{
	const struct far *f = with;

	return f->p->t->ops->open(f->p->t, &f->request, sink_, arg, err);
}

static void
open_socket(struct far *f, struct ear *e)
{
	const struct wrap_websocket ws = { .loop = loop,
		.below = { open_far, f },
		.host = "localhost",
		.path = "/api/bmc/serial/ws?node=0" };
	int err = 0;

	memset(e, 0, sizeof *e);
	e->s = websocket_open(&ws, &stream_sink, e, &err);
	CHECK(e->s != NULL);
}

/* What has come so far. */
static void
hear(int fd, struct buf *b)
{
	char data[4096];
	ssize_t n = recv(fd, data, sizeof data, MSG_DONTWAIT);

	if (n > 0)
		buf_add(b, data, (size_t)n);
}

static void
upgrade(int fd, struct buf *b)
{
	unsigned char digest[HASH_SHA1_LEN];
	char text[100], answer[64], head[300];
	const char *sent;

	UNTIL((hear(fd, b), strstr(buf_str(b), "\r\n\r\n") != NULL));
	sent = strstr(b->data, "Sec-WebSocket-Key: ");
	CHECK(sent != NULL);
	str_format(text, sizeof text, "%.24s%s", sent + 19,
	    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	hash_sha1(text, strlen(text), digest);
	hash_base64(digest, sizeof digest, answer);
	str_format(head, sizeof head,
	    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n\x82\x05hello",
	    answer);
	CHECK_INT(send(fd, head, strlen(head), 0), strlen(head));
	buf_clear(b);
}

TEST(a_console_inside_the_connection_and_its_goodbye)
{
	struct far f = { .request = {
			     .kind = STREAM_TCP, .host = "127.0.0.1" } };
	struct sshd d;
	struct peer p;
	struct ear e;
	struct buf b;
	int fd, conn;

	buf_init(&b, 0);
	meet(&d, &p);
	f.p = &p;
	fd = listener(&f.request.port, 1);
	open_socket(&f, &e);
	conn = accept_one(fd);
	upgrade(conn, &b);
	UNTIL(e.open && e.out.len == 5);
	CHECK_STR(buf_str(&e.out), "hello");
	CHECK_INT(stream_write(e.s, "ls\r", 3), 0);
	/* Two bytes, the mask, three bytes. */
	UNTIL((hear(conn, &b), b.len == 9));
	CHECK_INT((unsigned char)b.data[0], 0x82);
	buf_clear(&b);
	forget(&e);
	UNTIL((hear(conn, &b), b.len >= 8));
	CHECK_INT((unsigned char)b.data[0], 0x88);
	UNTIL(recv(conn, b.data, 1, MSG_DONTWAIT) == 0);
	close(conn);

	/* The connection goes in the middle of a goodbye. */
	open_socket(&f, &e);
	conn = accept_one(fd);
	buf_clear(&b);
	upgrade(conn, &b);
	UNTIL(e.open);
	forget(&e);
	part(&d, &p);
	close(conn);
	close(fd);
	buf_release(&b);
}

TEST(a_refusal_comes_through)
{
	static const char no[] = "HTTP/1.1 401 Unauthorized\r\n\r\n";
	struct far f = { .request = {
			     .kind = STREAM_TCP, .host = "127.0.0.1" } };
	struct sshd d;
	struct peer p;
	struct ear e;
	int fd, conn;

	meet(&d, &p);
	f.p = &p;
	fd = listener(&f.request.port, 1);
	open_socket(&f, &e);
	conn = accept_one(fd);
	CHECK_INT(send(conn, no, sizeof no - 1, 0), sizeof no - 1);
	UNTIL(e.closed);
	SAYS(e.why, "HTTP 401");
	forget(&e);
	close(conn);
	/* And a port where nobody listens. */
	close(fd);
	open_socket(&f, &e);
	UNTIL(e.closed);
	SAYS(e.why, "refused");
	forget(&e);
	part(&d, &p);
}
