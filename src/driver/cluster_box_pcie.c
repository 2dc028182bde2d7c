#include "cluster_box.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The link between a Blade and the switch of the box. A Blade 3 has two lanes
 * of the third generation; what is less is a bad contact, which costs half of
 * the throughput and is seen nowhere else.
 */

static const char no_speed[] =
    "The board does not tell the speed of the node's PCIe link.";

void
mcb_report_speed(
    struct report *rp, int slot, int gen, int width, int max_gen, int max_width)
{
	char text[48];

	if (gen < 1 || gen > 9 || width < 1 || width > 32) {
		report_unknown(rp, slot, NAME_PCIE_SPEED, NULL, no_speed);
		return;
	}
	if (gen < max_gen && max_gen <= 9)
		str_format(text, sizeof text, "Gen%d x%d of Gen%d x%d", gen,
		    width, max_gen, max_width > width ? max_width : width);
	else if (width < max_width && max_width <= 32)
		str_format(text, sizeof text, "Gen%d x%d of x%d", gen, width,
		    max_width);
	else {
		str_format(text, sizeof text, "Gen%d x%d", gen, width);
		report_text(rp, slot, NAME_PCIE_SPEED, NULL, text);
		return;
	}
	report_text_noted(rp, slot, NAME_PCIE_SPEED, NULL, text,
	    "The link runs below what both its ends can do: reseat the node.");
}

/* "8.0" gigatransfers a second -> 3. */
static int
gen_of(const char *speed)
{
	static const double rates[] = { 2.5, 5, 8, 16, 32 };
	double v;

	for (size_t i = 0;
	     speed != NULL && str_double(speed, &v) && i < ARRAY_LEN(rates);
	     i++)
		if (v > rates[i] - 0.1 && v < rates[i] + 0.1)
			return (int)i + 1;
	return 0;
}

static int
width_of(const char *s)
{
	long n;

	return s != NULL && str_long(s, 1, 32, &n) ? (int)n : 0;
}

/* Nobody takes a node off the list, but one that left reads as ones. */
void
mcb_report_pci(struct report *rp, int slot, char *files)
{
	const char *speed = str_word(&files), *width = str_word(&files);
	const char *max = str_word(&files), *max_width = str_word(&files);
	static const char left[] = "The node does not answer on PCIe.";

	if (width != NULL && strcmp(width, "63") == 0) {
		report_text_noted(
		    rp, slot, NAME_PCIE_STATE, NULL, "down", left);
		report_unknown(rp, slot, NAME_PCIE_SPEED, NULL, left);
		return;
	}
	report_text_noted(rp, slot, NAME_PCIE_STATE, NULL, "up",
	    width_of(width) > 0 ? NULL
				: "As of the last PCI rescan: a node that left "
				  "stays in the list.");
	mcb_report_speed(rp, slot, gen_of(speed), width_of(width), gen_of(max),
	    width_of(max_width));
}
