#include "vt_in.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The state machine of Paul Williams' "A parser for DEC's ANSI-compatible
 * video terminals", with two differences that UTF-8 asks for: bytes from 80
 * on are characters and never C1 controls, and inside a sequence they are
 * passed over. DCS, APC, PM, SOS and the title of screen (ESC k) are all the
 * same here: a string that is swallowed up to its end.
 */

enum {
	C_CTL,
	C_BEL,
	C_CAN,
	C_ESC,
	C_INTER,
	C_DIGIT,
	C_COLON,
	C_SEMI,
	C_PRIV,
	C_FINAL,
	C_DEL,
	C_HIGH,
	C_N
};

enum {
	A_NONE,
	A_EXEC,
	A_CLEAR,
	A_COLLECT,
	A_ESC,
	A_PARAM,
	A_PREFIX,
	A_CSI,
	A_OSC,
	A_OSC_END,
	A_STRING
};

struct step {
	uint8_t act, next;
};

#define STAY(s) \
	[C_CTL] = { A_EXEC, s }, [C_BEL] = { A_EXEC, s }, \
	[C_CAN] = { A_NONE, ST_GROUND }, [C_ESC] = { A_CLEAR, ST_ESCAPE }, \
	[C_DEL] = { A_NONE, s }, [C_HIGH] = { A_NONE, s }

static const struct step steps[ST_N][C_N] = {
	[ST_GROUND] = {
	    STAY(ST_GROUND),
	},
	[ST_ESCAPE] = {
	    STAY(ST_ESCAPE),
	    [C_INTER] = { A_COLLECT, ST_ESC_INTER },
	    [C_DIGIT] = { A_ESC, 0 },
	    [C_COLON] = { A_ESC, 0 },
	    [C_SEMI] = { A_ESC, 0 },
	    [C_PRIV] = { A_ESC, 0 },
	    [C_FINAL] = { A_ESC, 0 },
	},
	[ST_ESC_INTER] = {
	    STAY(ST_ESC_INTER),
	    [C_INTER] = { A_COLLECT, ST_ESC_INTER },
	    [C_DIGIT] = { A_ESC, 0 },
	    [C_COLON] = { A_ESC, 0 },
	    [C_SEMI] = { A_ESC, 0 },
	    [C_PRIV] = { A_ESC, 0 },
	    [C_FINAL] = { A_ESC, 0 },
	},
	[ST_CSI_ENTRY] = {
	    STAY(ST_CSI_ENTRY),
	    [C_INTER] = { A_COLLECT, ST_CSI_INTER },
	    [C_DIGIT] = { A_PARAM, ST_CSI_PARAM },
	    [C_COLON] = { A_PARAM, ST_CSI_PARAM },
	    [C_SEMI] = { A_PARAM, ST_CSI_PARAM },
	    [C_PRIV] = { A_PREFIX, ST_CSI_PARAM },
	    [C_FINAL] = { A_CSI, ST_GROUND },
	},
	[ST_CSI_PARAM] = {
	    STAY(ST_CSI_PARAM),
	    [C_INTER] = { A_COLLECT, ST_CSI_INTER },
	    [C_DIGIT] = { A_PARAM, ST_CSI_PARAM },
	    [C_COLON] = { A_PARAM, ST_CSI_PARAM },
	    [C_SEMI] = { A_PARAM, ST_CSI_PARAM },
	    [C_PRIV] = { A_NONE, ST_CSI_IGNORE },
	    [C_FINAL] = { A_CSI, ST_GROUND },
	},
	[ST_CSI_INTER] = {
	    STAY(ST_CSI_INTER),
	    [C_INTER] = { A_COLLECT, ST_CSI_INTER },
	    [C_DIGIT] = { A_NONE, ST_CSI_IGNORE },
	    [C_COLON] = { A_NONE, ST_CSI_IGNORE },
	    [C_SEMI] = { A_NONE, ST_CSI_IGNORE },
	    [C_PRIV] = { A_NONE, ST_CSI_IGNORE },
	    [C_FINAL] = { A_CSI, ST_GROUND },
	},
	[ST_CSI_IGNORE] = {
	    STAY(ST_CSI_IGNORE),
	    [C_INTER] = { A_NONE, ST_CSI_IGNORE },
	    [C_DIGIT] = { A_NONE, ST_CSI_IGNORE },
	    [C_COLON] = { A_NONE, ST_CSI_IGNORE },
	    [C_SEMI] = { A_NONE, ST_CSI_IGNORE },
	    [C_PRIV] = { A_NONE, ST_CSI_IGNORE },
	    [C_FINAL] = { A_NONE, ST_GROUND },
	},
	[ST_OSC] = {
	    [C_CTL] = { A_NONE, ST_OSC },
	    [C_BEL] = { A_OSC_END, ST_GROUND },
	    [C_CAN] = { A_NONE, ST_GROUND },
	    [C_ESC] = { A_CLEAR, ST_ESCAPE },
	    [C_INTER] = { A_OSC, ST_OSC },
	    [C_DIGIT] = { A_OSC, ST_OSC },
	    [C_COLON] = { A_OSC, ST_OSC },
	    [C_SEMI] = { A_OSC, ST_OSC },
	    [C_PRIV] = { A_OSC, ST_OSC },
	    [C_FINAL] = { A_OSC, ST_OSC },
	    [C_DEL] = { A_NONE, ST_OSC },
	    [C_HIGH] = { A_OSC, ST_OSC },
	},
	[ST_STRING] = {
	    [C_CTL] = { A_NONE, ST_STRING },
	    [C_BEL] = { A_NONE, ST_STRING },
	    [C_CAN] = { A_NONE, ST_GROUND },
	    [C_ESC] = { A_CLEAR, ST_ESCAPE },
	    [C_INTER] = { A_NONE, ST_STRING },
	    [C_DIGIT] = { A_NONE, ST_STRING },
	    [C_COLON] = { A_NONE, ST_STRING },
	    [C_SEMI] = { A_NONE, ST_STRING },
	    [C_PRIV] = { A_NONE, ST_STRING },
	    [C_FINAL] = { A_NONE, ST_STRING },
	    [C_DEL] = { A_NONE, ST_STRING },
	    [C_HIGH] = { A_NONE, ST_STRING },
	},
};

static unsigned
class_of(unsigned char c)
{
	if (c >= 0x80)
		return C_HIGH;
	if (c >= 0x40)
		return c == 0x7f ? C_DEL : C_FINAL;
	if (c >= 0x30)
		return c <= '9' ? C_DIGIT
		    : c == ':'  ? C_COLON
		    : c == ';'  ? C_SEMI
				: C_PRIV;
	if (c >= 0x20)
		return C_INTER;
	return c == 0x07             ? C_BEL
	    : c == 0x18 || c == 0x1a ? C_CAN
	    : c == 0x1b              ? C_ESC
				     : C_CTL;
}

static void
param(struct csi *s, unsigned char c)
{
	unsigned v;

	if (s->n == 0)
		s->n = 1;
	if (c == ';' || c == ':') {
		if (s->n == VT_PARAMS) {
			s->full = true;
			return;
		}
		s->par[s->n] = 0;
		if (c == ':')
			s->sub |= 1u << s->n;
		s->n++;
		return;
	}
	if (s->full)
		return;
	v = s->par[s->n - 1] * 10u + (c - '0');
	s->par[s->n - 1] = (uint16_t)(v > VT_PARAM_MAX ? VT_PARAM_MAX : v);
}

/* A second intermediate makes it a sequence that nobody knows. */
static void
collect(struct csi *s, unsigned char c)
{
	s->inter = s->inter == 0 ? (char)c : '?';
}

static void
begin(struct vt *vt)
{
	vt->osc_ends = vt->state == ST_OSC;
	memset(&vt->csi, 0, sizeof vt->csi);
}

/* A string that has no end was line noise and not a string: what follows is
 * not swallowed for ever. */
enum { STRING_LINES = 4 };

static void
count_lines(struct vt *vt, unsigned char c)
{
	if (vt->state != ST_OSC && vt->state != ST_STRING)
		vt->string_lines = 0;
	else if (c == '\n' && ++vt->string_lines > STRING_LINES)
		vt->state = ST_GROUND;
}

static void
step(struct vt *vt, unsigned char c)
{
	struct step s;

	count_lines(vt, c);
	s = steps[vt->state][class_of(c)];
	switch (s.act) {
	case A_EXEC:
		vt_control(vt, c);
		break;
	case A_CLEAR:
		begin(vt);
		break;
	case A_COLLECT:
		collect(&vt->csi, c);
		break;
	case A_ESC:
		vt->state = (uint8_t)vt_esc(vt, vt->csi.inter, (char)c);
		return;
	case A_PARAM:
		param(&vt->csi, c);
		break;
	case A_PREFIX:
		vt->csi.prefix = (char)c;
		break;
	case A_CSI:
		vt->state = ST_GROUND;
		vt_csi(vt, (char)c);
		return;
	case A_OSC:
		if (vt->n_osc < sizeof vt->osc)
			vt->osc[vt->n_osc] = (char)c;
		vt->n_osc += vt->n_osc <= sizeof vt->osc;
		break;
	case A_OSC_END:
		vt_osc_end(vt);
		break;
	}
	vt->state = s.next;
}

/* Goes on with a character whose start came in an earlier piece; how many
 * bytes of p belong to it. */
static size_t
finish_part(struct vt *vt, const char *p, size_t len)
{
	char all[sizeof vt->part];
	size_t had = vt->n_part, n = sizeof all - had, took;
	uint32_t cp;
	bool more;

	if (n > len)
		n = len;
	memcpy(all, vt->part, had);
	memcpy(all + had, p, n);
	took = text_decode(all, had + n, &cp, &more);
	if (more) {
		memcpy(vt->part, all, had + n);
		vt->n_part = (uint8_t)(had + n);
		return n;
	}
	vt->n_part = 0;
	vt_print_cp(vt, cp);
	return took - had;
}

/* Characters above ASCII as long as they come; returns the bytes taken. */
static size_t
print_utf8(struct vt *vt, const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && (unsigned char)p[n] >= 0x80) {
		uint32_t cp;
		bool more;
		size_t took = text_decode(p + n, len - n, &cp, &more);

		if (more) {
			vt->n_part = (uint8_t)(len - n);
			memcpy(vt->part, p + n, len - n);
			return len;
		}
		vt_print_cp(vt, cp);
		n += took;
	}
	return n;
}

static size_t
run_length(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= 0x20 && p[n] < 0x7f)
		n++;
	return n;
}

/* The start of p that is text; returns its length. */
static size_t
print(struct vt *vt, const char *p, size_t len)
{
	size_t n;

	if ((unsigned char)*p >= 0x80)
		return print_utf8(vt, p, len);
	n = run_length(p, len);
	if (n > 0)
		vt_print_run(vt, p, n);
	return n;
}

static void
feed(struct vt *vt, const char *p, size_t len)
{
	size_t n = 0;

	if (vt->n_part > 0 && len > 0)
		n = finish_part(vt, p, len);
	while (n < len) {
		if (vt->state == ST_GROUND) {
			size_t took = print(vt, p + n, len - n);

			if (took > 0) {
				n += took;
				continue;
			}
		}
		step(vt, (unsigned char)p[n++]);
	}
}

void
vt_feed(struct vt *vt, const char *p, size_t len)
{
	int row = vt->row, col = vt->col;
	struct vt_modes was = vt->modes;

	feed(vt, p, len);
	if (row != vt->row || col != vt->col ||
	    was.cursor_hidden != vt->modes.cursor_hidden ||
	    was.reverse != vt->modes.reverse)
		vt->stamp++;
}
