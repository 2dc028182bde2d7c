/* The Miniature CM4 Cluster's controller says anything at any time, while it
 * is polled and told things: rounds end, orders have one outcome, and no
 * letter is typed that was not ordered, nor at another place than behind its
 * channel. */
#include "fuzz.h"

#include "../unit/mini_peer.h"

static void
check_typed(const char *typed)
{
	for (size_t i = 0; typed[i] != '\0'; i++) {
		if (typed[i] == 'c') {
			i++;
			CHECK(typed[i] >= '0' && typed[i] <= '3');
		} else if (typed[i] != 'h' && typed[i] != 'a') {
			CHECK(strchr("edrUu", typed[i]) != NULL);
			CHECK(i >= 2 && typed[i - 2] == 'c');
		}
	}
}

/* One part of the input: its first byte says what it is. */
static void
step(struct fake *f, const char *part, size_t len, unsigned *rounds,
    unsigned *tickets)
{
	uint8_t what = len > 0 ? (uint8_t)part[0] : 0;
	int slot = 1 + (what & 3);
	enum act act = (enum act)((what >> 2) % ACT_MAX);
	char *out;

	switch (what >> 6) {
	case 0:
		if (f->fresh + f->stale < *rounds)
			peer_wait(f, 1000);
		if (f->fresh + f->stale == *rounds) {
			++*rounds;
			driver_mini_cm4.poll(f->drv);
		}
		break;
	case 1:
		if (what == 'Z') {
			peer_close("gone");
			driver_mini_cm4.reset(f->drv);
			CHECK(f->acted == *tickets);
		} else
			peer_wait(f, 700);
		break;
	case 2:
		if (driver_mini_cm4.can(f->drv, slot, act) == NULL)
			driver_mini_cm4.act(f->drv, ++*tickets, slot, act);
		break;
	default:
		break;
	}
	if (len < 2)
		return;
	/* The host's answer first, else the controller's. */
	out = fuzz_text((const uint8_t *)part + 1, len - 1);
	if (f->runs > 0)
		fake_answer_len(f, LINK_DONE, 0, out, len - 1, NULL);
	else
		peer_say_len(out, len - 1);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned rounds = 0, tickets = 0;
	struct loop *loop;
	struct fake *f;
	bool serial;

	if (len == 0)
		return 0;
	serial = (data[0] & 1) != 0;
	data++;
	len--;
	f = peer_fake(&driver_mini_cm4,
	    serial ? "serial:/dev/serial/by-id/usb-Raspberry_Pi_Pico_1-if00"
		   : "ssh://pi@host");
	loop = f->loop;
	f->tolerant = true;
	for (unsigned n = 0; len > 0 && n < 200; n++) {
		size_t part_len = 0;
		const char *part = fuzz_part(&data, &len, &part_len);

		if (part == NULL)
			break;
		step(f, part, part_len, &rounds, &tickets);
		CHECK(f->fresh + f->stale <= rounds);
		CHECK(f->acted <= tickets);
	}
	while (f->runs > 0)
		fake_answer(f, LINK_DIED, 0, "", "gone");
	peer_close("gone");
	peer_wait(f, 3000);
	CHECK(f->fresh + f->stale == rounds);
	CHECK(f->acted == tickets);
	check_typed(buf_str(&peer.all));
	fake_free(f);
	peer_end(loop);
	return 0;
}
