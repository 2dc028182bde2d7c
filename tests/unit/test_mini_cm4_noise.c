#include "mini_peer.h"

/* Whatever the controller and other users of its port say, and when: nothing
 * is typed that was not ordered, and all that was begun ends once. */

#define SERIAL "serial:/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00"

static const char *
noise(void)
{
	static const char *const said[] = { "h\r\nCommands:\r\n", "a\r\n",
		"386.879883 mA,412.254639 mA,0.000000 mA,9.909668 mA\r\n",
		"386.879883 mA,412.2", "c0\r\nSwitched to channel 0\r\n",
		"Switched to channel 1\r\n", "c2\r\nSwitched to channel 2\r\n",
		"Switched to channel 3\r\n", "eEnable:0\r\n", "Enable:2\r\n",
		"dDisable:1\r\n", "rReseting:3\r\n", "UUSB boot assert:2\r\n",
		"uUSB boot deassert:2\r\n", "Unknown input channel\r\n",
		"\nUnrecognised command: 2\r\n", "\x1b[2J\xff", "\r\n", "d",
		"Enable:", "999999999999\r\n" };

	return said[roll(ARRAY_LEN(said))];
}

/* What the controller answers to what was typed last. */
static void
answer_last(void)
{
	static const char letters[] = "edrUu";
	static const char *const words[] = { "Enable", "Disable", "Reseting",
		"USB boot assert", "USB boot deassert" };
	const char *all = buf_str(&peer.all);
	size_t n = peer.all.len;
	char text[80], last = n > 0 ? all[n - 1] : 'h';
	const char *p = strchr(letters, last);

	if (last == 'h')
		peer_say("h\r\nCommands:\r\n");
	else if (last == 'a')
		peer_say("a\r\n386.8 mA,412.2 mA,0.0 mA,9.9 mA\r\n");
	else if (p != NULL && n > 1) {
		str_format(text, sizeof text, "%c%s:%c\r\n", last,
		    words[p - letters], all[n - 2]);
		peer_say(text);
	} else {
		str_format(text, sizeof text,
		    "c%c\r\nSwitched to channel %c\r\n", last, last);
		peer_say(text);
	}
}

/* Each letter that does something stands behind its channel, and was
 * ordered. */
static void
check_typed(const char *typed, const char *allowed)
{
	for (size_t i = 0; typed[i] != '\0'; i++) {
		if (strchr("ha", typed[i]) != NULL)
			continue;
		if (typed[i] == 'c') {
			CHECK(typed[i + 1] >= '0' && typed[i + 1] <= '3');
			i++;
			continue;
		}
		if (strchr(allowed, typed[i]) == NULL || i < 2 ||
		    typed[i - 2] != 'c')
			test_fail(__FILE__, __LINE__, "typed %c in %s",
			    typed[i], typed);
	}
}

static unsigned
play(const enum act *acts, size_t n, const char *allowed)
{
	struct fake *f = peer_fake(&driver_mini_cm4, SERIAL);
	struct loop *loop = f->loop;
	unsigned tickets = 0, rounds = 0, done;

	f->tolerant = true;
	for (unsigned k = 0; k < 4000; k++) {
		int slot = 1 + (int)roll(4);

		switch (roll(16)) {
		case 0:
			peer_close("gone");
			driver_mini_cm4.reset(f->drv);
			CHECK_INT(f->acted, tickets);
			break;
		case 1:
		case 2:
			peer_wait(f, roll(3000));
			break;
		case 3:
		case 4:
			if (f->fresh + f->stale == rounds) {
				rounds++;
				driver_mini_cm4.poll(f->drv);
			}
			break;
		case 5:
			if (n > 0) {
				enum act act = acts[roll((unsigned)n)];

				if (driver_mini_cm4.can(f->drv, slot, act))
					break;
				driver_mini_cm4.act(
				    f->drv, ++tickets, slot, act);
			}
			break;
		case 6:
		case 7:
			peer_say(noise());
			break;
		default:
			answer_last();
			break;
		}
		CHECK(f->fresh + f->stale <= rounds);
		CHECK(f->acted <= tickets);
	}
	/* All comes to an end. */
	peer_close("gone");
	peer_wait(f, 5000);
	CHECK_INT(f->acted, tickets);
	CHECK_INT(f->fresh + f->stale, rounds);
	check_typed(buf_str(&peer.all), allowed);
	done = tickets;
	fake_free(f);
	peer_end(loop);
	return done;
}

TEST(mini_cm4_cuts_power_only_when_told_to)
{
	static const enum act on[] = { ACT_POWER_ON, ACT_POWER_RESET };
	static const enum act off[] = { ACT_POWER_OFF };
	static const enum act all[] = { ACT_POWER_ON, ACT_POWER_OFF,
		ACT_POWER_CYCLE, ACT_POWER_RESET, ACT_USB_BOOT };

	play(NULL, 0, "");
	/* u too: another user may have asked for USB boot. */
	CHECK(play(on, ARRAY_LEN(on), "eru") > 20);
	CHECK(play(off, ARRAY_LEN(off), "d") > 20);
	CHECK(play(all, ARRAY_LEN(all), "edrUu") > 20);
}
