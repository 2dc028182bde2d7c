/*
 * A mask may stand anywhere before the operands, and the mode, b or w, comes
 * after them. A read that nobody acknowledges ends with 2, a write with 1.
 */
#include "i2c_tools.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

static bool
number(const char *s, long max, long *out)
{
	char *end;

	if (s == NULL)
		return false;
	*out = strtol(s, &end, 0);
	return *s != '\0' && *end == '\0' && *out >= 0 && *out <= max;
}

/* The number of operands, or -1. */
static int
operands(struct i2c *c, int argc, char **argv)
{
	static const long max[] = { 255, 0x7f, 255, 65535 };
	long *const into[] = { &c->bus, &c->addr, &c->reg, &c->value };
	int i, n = 0;

	memset(c, 0, sizeof(*c));
	c->mask = 0xffff;
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-m") == 0) {
			i++;
			if (!number(i < argc ? argv[i] : NULL, 65535, &c->mask))
				return -1;
		} else if (argv[i][0] == '-') {
			c->force = c->force || strchr(argv[i], 'f') != NULL;
		} else if (strcmp(argv[i], "w") == 0) {
			c->word = true;
		} else if (strcmp(argv[i], "b") != 0) {
			if (n == (int)ARRAY_LEN(into) ||
			    !number(argv[i], max[n], into[n]))
				return -1;
			n++;
		}
	}
	return n;
}

static int
parse(struct proc *p, struct i2c *c, int argc, char **argv, int least,
    const char *usage)
{
	if (operands(c, argc, argv) < least) {
		proc_err(p, "%s", usage);
		return 1;
	}
	if (c->bus == I2C_BUS)
		return 0;
	proc_err(p,
	    "Error: Could not open file `/dev/i2c-%ld' or `/dev/i2c/%ld': No "
	    "such file or directory\n",
	    c->bus, c->bus);
	return 1;
}

int
i2cget_parse(struct proc *p, struct i2c *c, int argc, char **argv)
{
	return parse(p, c, argc, argv, 2,
	    "Usage: i2cget [-f] [-y] [-a] I2CBUS CHIP-ADDRESS [DATA-ADDRESS "
	    "[MODE]]\n");
}

int
i2cset_parse(struct proc *p, struct i2c *c, int argc, char **argv)
{
	int rc = parse(p, c, argc, argv, 4,
	    "Usage: i2cset [-f] [-y] [-m MASK] [-r] [-a] I2CBUS CHIP-ADDRESS "
	    "DATA-ADDRESS [VALUE] ... [MODE]\n");

	if (rc != 0 || c->word || c->value <= 0xff)
		return rc;
	proc_err(p, "Error: Data value out of range!\n");
	return 1;
}

int
i2cget_nobody(struct proc *p)
{
	proc_err(p, "Error: Read failed\n");
	return 2;
}

int
i2cset_nobody(struct proc *p)
{
	proc_err(p, "Error: Write failed\n");
	return 1;
}
