#include "reach_peer.h"

/* Consoles that only answer when they are asked. */

static struct way
asking(bool window)
{
	struct way w;

	way_init(&w);
	w.kind = WAY_ASK;
	w.ask_ms = 500;
	w.ring = 64;
	w.window = window;
	str_copy(w.cmd, sizeof w.cmd, "ask");
	str_copy(w.type_cmd, sizeof w.type_cmd, "cat >/dev/ttyS1");
	str_copy(w.field, sizeof w.field, "uart");
	return w;
}

static void
uart(struct peer *p, const char *text)
{
	char out[512];

	str_format(out, sizeof out, "{\"response\":[{\"uart\":\"%s\"}]}", text);
	p_answer(p, LINK_DONE, 0, out);
}

TEST(reach_asks_again_and_again)
{
	struct way w = asking(false);
	struct peer *p = peer(&w);

	turn(p);
	CHECK_STR(p->q[0].cmd, "ask");
	CHECK_INT(p->opens, 0);
	uart(p, "a\\r\\n\\u0000\\u00e9\\ud83d\\ude00\\\"\\\\");
	CHECK_INT(p->opens, 1);
	CHECK_INT(p->got.len, 12);
	CHECK(memcmp(p->got.data, "a\r\n\0\xc3\xa9\xf0\x9f\x98\x80\"\\", 12) ==
	    0);
	CHECK_INT(p->asked, 0);
	loop_advance(p->loop, 500);
	CHECK_INT(p->asked, 1);
	buf_clear(&p->got);
	p->room = 2;
	uart(p, "hello");
	loop_advance(p->loop, 60000); /* not asked while it is not taken */
	CHECK_INT(p->asked, 0);
	p->room = 100;
	reach_resume(p->r);
	CHECK_STR(buf_str(&p->got), "hello");
	loop_advance(p->loop, 500);
	/* The ring is full: something may have been lost. */
	uart(p,
	    "0123456789012345678901234567890123456789012345678901234567890123");
	CHECK_INT(p->losts, 1);
	loop_advance(p->loop, 60);
	CHECK_INT(p->asked, 1); /* soon: there is more */
	peer_free(p);
}

/* Reading drains the ring: an answer that was torn, or came too late, took
 * along what it held. */
TEST(reach_tells_what_a_lost_answer_took)
{
	struct way w = asking(false);
	struct peer *p = peer(&w);

	turn(p);
	uart(p, "a");
	loop_advance(p->loop, 500);
	p_answer(p, LINK_TIMED_OUT, -1, "");
	loop_advance(p->loop, 1000);
	uart(p, "b");
	CHECK_INT(p->losts, 1);
	loop_advance(p->loop, 500);
	uart(p, "c");
	CHECK_INT(p->losts, 1);
	CHECK_STR(buf_str(&p->got), "abc");
	peer_free(p);
}

TEST(reach_asks_in_vain)
{
	struct way w = asking(false);
	struct peer *p = peer(&w);

	turn(p);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(p->closes, 0);
		p_answer(p, LINK_DONE, 0,
		    "{\"response\":[{\"result\":\"no such node\"}]}");
		loop_advance(p->loop, 2000);
	}
	turn(p);
	CHECK_INT(p->end, REACH_REFUSED);
	CHECK(strstr(p->why, "no such node") != NULL);
	peer_free(p);
	p = peer(&w);
	turn(p);
	p_answer(p, LINK_DIED, -1, "The link died.");
	turn(p);
	CHECK_INT(p->end, REACH_LOST);
	peer_free(p);
}

TEST(reach_asks_for_a_window)
{
	struct way w = asking(true);
	struct peer *p = peer(&w);
	char ring[65];

	turn(p);
	uart(p, "one ");
	loop_advance(p->loop, 500);
	uart(p, "one ");
	loop_advance(p->loop, 500);
	uart(p, "one two ");
	CHECK_STR(buf_str(&p->got), "one two ");
	for (int i = 0; i < 64; i++)
		ring[i] = (char)('0' + i);
	ring[64] = '\0';
	ring['\\' - '0'] = '_';
	loop_advance(p->loop, 500);
	uart(p, ring); /* nothing in common: it wrapped */
	CHECK_INT(p->losts, 1);
	buf_clear(&p->got);
	memmove(ring, ring + 10, 54);
	memcpy(ring + 54, "abcdefghij", 10);
	loop_advance(p->loop, 500);
	uart(p, ring);
	CHECK_STR(buf_str(&p->got), "abcdefghij");
	CHECK_INT(p->losts, 1);
	loop_advance(p->loop, 500);
	buf_clear(&p->got);
	uart(p, "bmcd again");
	CHECK_STR(buf_str(&p->got), "bmcd again");
	CHECK_INT(p->losts, 2);
	peer_free(p);
}

TEST(reach_types_by_a_process)
{
	struct way w = asking(false);
	struct peer *p = peer(&w);

	turn(p);
	CHECK_INT(p->n, 0);
	uart(p, "");
	CHECK_INT(reach_write(p->r, "ls\r", 3), 0);
	CHECK_INT(reach_write(p->r, "\003", 1), 0);
	CHECK_INT(p->n, 1);
	CHECK_STR(p->s[0]->cmd, "cat >/dev/ttyS1");
	CHECK_STR(buf_str(&p->s[0]->typed), "ls\r\003");
	loop_advance(p->loop, 50);
	CHECK_INT(p->asked, 1); /* for its echo */
	ends(p, 1, "Permission denied");
	CHECK_INT(reach_write(p->r, "x", 1), -ENOTSUP);
	CHECK_INT(reach_break(p->r), -ENOTSUP);
	peer_free(p);
}

TEST(reach_types_through_the_shell)
{
	struct way w = asking(false);
	struct peer *p = peer(&w);

	p->can = LINK_CAN_RUN | LINK_CAN_BREAK;
	turn(p);
	uart(p, "");
	CHECK_INT(reach_write(p->r, "l\003", 2), 0);
	CHECK_STR(p->q[0].cmd, "printf '\\154\\003' | { cat >/dev/ttyS1; }");
	CHECK_INT(reach_write(p->r, "s", 1), 0);
	CHECK_INT(p->asked, 1); /* in order */
	p_answer(p, LINK_DONE, 0, "");
	CHECK_STR(p->q[0].cmd, "printf '\\163' | { cat >/dev/ttyS1; }");
	peer_free(p);
}

TEST(reach_uart_edges)
{
	struct buf b;
	bool lost;
	char now[] = "\xef\xbf\xbd"
		     "bcdefghijklmnopqrstuvwxyz0123456789NEW";

	buf_init(&b, 0);
	CHECK(!uart_field("{\"uart\":\"abc", 12, "uart", &b));
	CHECK(!uart_field("{\"uart\":null}", 13, "uart", &b));
	CHECK(!uart_field("{\"uart\":\"\\u12\"}", 15, "uart", &b));
	CHECK(!uart_field("{\"uart\":\"\\q\"}", 13, "uart", &b));
	CHECK(!uart_field("", 0, "uart", &b));
	buf_clear(&b);
	CHECK(uart_field("{\"uart\" : \"\\ud800x\"}", 20, "uart", &b));
	CHECK_STR(buf_str(&b), "\xef\xbf\xbdx");
	buf_clear(&b);
	/* A character that the ring cut in two. */
	buf_puts(&b,
	    "__\xc3\xa9"
	    "bcdefghijklmnopqrstuvwxyz0123456789");
	CHECK_INT(uart_new(&b, now, strlen(now), 39, &lost), strlen(now) - 3);
	CHECK(!lost);
	CHECK(uart_full("abc", 3, 6) && !uart_full("ab", 2, 6));
	CHECK(!uart_full("\xef\xbf\xbd\xef\xbf\xbd", 6, 6));
	buf_release(&b);
}
