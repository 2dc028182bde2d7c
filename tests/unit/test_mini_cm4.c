#include "mini_peer.h"

#define SERIAL "serial:/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00"

/* --- transcripts ---------------------------------------------------------- */

#define REPLAY(name, file)                                                 \
	TEST(mini_cm4_##name)                                              \
	{                                                                  \
		peer_transcript(                                           \
		    &driver_mini_cm4, SERIAL, "mini-cm4/" file);           \
	}

REPLAY(is_identified_before_anything_else, "identify")
REPLAY(has_an_older_help, "old-help")
REPLAY(keeps_every_order, "orders")
REPLAY(boots_from_usb_and_back, "usb-boot")
REPLAY(puts_orders_before_rounds, "queue")
REPLAY(shares_its_port, "other-user")
REPLAY(sends_nothing_after_a_wrong_echo, "wrong-echo")
REPLAY(says_what_was_half_done, "half-cycle")
REPLAY(survives_torn_lines, "torn")
REPLAY(does_not_type_at_strangers, "stranger")
REPLAY(wants_more_than_a_help, "help-only")
REPLAY(does_not_type_at_unknown_ports, "unknown-port")
REPLAY(does_not_type_at_others, "other-by-id")
REPLAY(takes_the_operators_word, "word")
REPLAY(lends_its_line, "borrowed")
REPLAY(forgets_in_a_reset, "reset")
REPLAY(sees_a_reset_by_the_currents, "fell")
REPLAY(answers_once_when_the_line_is_lost, "lost")
