#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "watch_in.h"

/*
 * At which rate was it sent? A receiver at a wrong rate samples the line at
 * the wrong moments: slower, and it skips bits; faster, and it takes each many
 * times and sees bytes where there are edges. The time between bytes is not
 * known to us, and with it most of the line, so it cannot be sampled anew.
 * But which bytes come how often is as good as a signature: we send a sample
 * of a boot log through the model of a receiver, for each rate, and look which
 * makes the bytes at hand the likeliest. Receivers differ in what they do when
 * there is no stop bit: each manner is tried (16550: takes it for a start bit,
 * unless all was zero; others wait for the line to rise).
 */

#define SAMPLES 8000 /* bytes that are received from the sample */
#define CLOCKS 16
#define FARTHEST 16 /* fewer than one bit in so many tells nothing */
#define UNSEEN 2.0 /* what the sample lacks may come all the same */
#define MARGIN 0.25 /* measured: below, the second best is as good */
#define TIMES 4 /* the sample, with other gaps between its lines */
#define BITS_MAX 65536

static const unsigned rates[] = { 9600, 19200, 38400, 57600, 115200, 230400,
	460800, 921600, 1500000 };

static const char sample[] =
    "U-Boot 2017.09-gd2e5a38 (Jan 08 2024 - 10:21:33 +0800)\r\n"
    "Model: Rockchip RK3588 Evaluation Board\r\n"
    "DRAM:  15.7 GiB\r\nmmc@fe2c0000: 1, mmc@fe2e0000: 0\r\n"
    "Net:   eth0: ethernet@fe1c0000\r\nHit any key to stop autoboot:  0 \r\n"
    "Starting kernel ...\r\n\r\n"
    "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x412fd050]"
    "\r\n[    0.000000] Linux version 5.10.160-rockchip (gcc 11.4.0) #1 SMP"
    "\r\n[    0.014382] Calibrating delay loop (skipped), value calculated "
    "using timer frequency.. 48.00 BogoMIPS (lpj=80000)\r\n"
    "[    1.731914] mmc0: new HS400 Enhanced strobe MMC card at address 0001"
    "\r\n[    2.605113] EXT4-fs (mmcblk0p2): mounted filesystem with ordered "
    "data mode. Opts: (null)\r\n"
    "[    3.290416] systemd[1]: Detected architecture arm64.\r\n"
    "Welcome to Ubuntu 22.04.3 LTS!\r\n"
    "         Starting Load Kernel Module drm...\r\n"
    "[  OK  ] Started Network Time Synchronization.\r\n"
    "[  OK  ] Reached target Basic System.\r\n"
    "\r\nUbuntu 22.04.3 LTS node1 ttyS2\r\n\r\nnode1 login: \r\n";

struct line {
	unsigned char *bits;
	size_t n;
};

static void
hold(struct line *l, int bit, size_t n)
{
	while (n-- > 0 && l->n < BITS_MAX)
		l->bits[l->n++] = (unsigned char)bit;
}

/* The sample as it is on the wire; between lines it rests for a moment. */
static void
send_sample(struct line *l)
{
	uint32_t dice = 12345;

	for (int i = 0; i < TIMES; i++)
		for (const char *s = sample; *s != '\0'; s++) {
			hold(l, 0, 1);
			for (int k = 0; k < 8; k++)
				hold(l, *s >> k & 1, 1);
			hold(l, 1, 1);
			dice = dice * 1664525u + 1013904223u;
			if (*s == '\n')
				hold(l, 1, dice >> 24);
		}
	hold(l, 1, 7);
}

static int
level(const struct line *l, double at)
{
	return l->bits[(size_t)at % l->n];
}

/* The start of the next low, when it is high first; at is a whole number. */
static double
next_edge(const struct line *l, double at)
{
	at = floor(at);
	while (level(l, at) == 0)
		at++;
	while (level(l, at) != 0)
		at++;
	return at;
}

enum manner { WAITS, GOES_ON, MANNERS };

/* How often each byte is received when a bit takes ratio bits of the line, in
 * the mean over clocks that are up to 0.75 % too fast or too slow. Where one
 * bit in ten is looked at, that changes all. */
static void
receive(const struct line *l, double ratio, enum manner how, double *count)
{
	double at = next_edge(l, 0);

	for (int i = 0; i < 256; i++)
		count[i] = UNSEEN;
	for (int i = 0; i < SAMPLES; i++) {
		double bit = ratio * (1 + (i * CLOCKS / SAMPLES - 7.5) / 1000);
		unsigned c = 0;

		for (int k = 1; k <= 8; k++)
			c |= (unsigned)level(l, at + (k + 0.5) * bit)
			    << (k - 1);
		count[c]++;
		if (level(l, at + 9.5 * bit) == 0 && how == GOES_ON && c != 0)
			at += 9 * bit;
		else
			at = next_edge(l, at + 9.5 * bit);
	}
}

/* The mean surprise of the bytes when the counts are right. */
static double
surprise(const double *count, const unsigned *seen, size_t len)
{
	double all = SAMPLES + 256 * UNSEEN, sum = 0;

	for (int i = 0; i < 256; i++)
		if (seen[i] > 0)
			sum -= seen[i] * log(count[i] / all);
	return sum / (double)len;
}

unsigned
noise_rate(const unsigned char *bytes, size_t len, unsigned baud)
{
	struct line l = { mem_alloc(BITS_MAX), 0 };
	unsigned seen[256] = { 0 }, best = 0;
	double count[256], least = INFINITY, second = INFINITY;

	for (size_t i = 0; i < len; i++)
		seen[bytes[i]]++;
	send_sample(&l);
	for (size_t r = 0; r < ARRAY_LEN(rates) && len > 0; r++) {
		double mine = INFINITY;

		for (enum manner m = 0; m < MANNERS; m++) {
			receive(&l, (double)rates[r] / baud, m, count);
			mine = fmin(mine, surprise(count, seen, len));
		}
		if (mine < least) {
			second = least;
			least = mine;
			best = rates[r];
		} else if (mine < second) {
			second = mine;
		}
	}
	free(l.bits);
	if (best == baud || best / baud >= FARTHEST)
		return 0;
	return second - least > MARGIN ? best : 0;
}
