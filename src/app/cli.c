#include "rackmux/app/cli.h"

#include <string.h>

#include "rackmux/app/diag.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Options may stand anywhere before "--". The first word is a command if it
 * is the name of one. A word that is nearly a command is taken for a slip of
 * the finger and not for a host, because connecting to a host called "staus"
 * is what nobody wants. A host of such a name is written ssh://status.
 */

static const struct {
	const char *name;
	char letter;
	const char *args, *meaning;
} commands[] = {
#define COMMAND(id, name, letter, args, meaning) \
	{ name, letter, args, meaning },
#include "rackmux/app/commands.def"
#undef COMMAND
};

static const struct {
	const char *name;
	char letter;
	const char *commands, *arg, *meaning;
} opts[] = {
#define CLIOPT(id, name, letter, commands, arg, meaning) \
	{ name, letter, commands, arg, meaning },
#include "rackmux/app/cliopts.def"
#undef CLIOPT
};

static bool
set_option(struct cli *c, size_t i, const char *arg, char *err, size_t size)
{
	static const struct {
		enum cliopt opt;
		double min, max;
	} numbers[] = {
		{ CLIOPT_MAX_RATE, 0, 1e8 },
		{ CLIOPT_WATCH, 0.2, 86400 },
		{ CLIOPT_STAGGER, 0, 600000 },
		{ CLIOPT_TIMEOUT, 0.1, 3600 },
		{ CLIOPT_SEED, 0, 4294967295.0 },
	};

	c->given[i] = true;
	c->text[i] = arg;
	for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
		if (numbers[k].opt != (enum cliopt)i)
			continue;
		if (!str_double(arg, &c->number[i]) ||
		    c->number[i] < numbers[k].min ||
		    c->number[i] > numbers[k].max) {
			str_format(err, size,
			    "--%s wants a number from %g to %.10g, not '%s'",
			    opts[i].name, numbers[k].min, numbers[k].max, arg);
			return false;
		}
	}
	return true;
}

static bool
unknown_option(const char *arg, char *err, size_t size)
{
	const char *names[CLIOPT_COUNT], *near, *word = arg;
	char bare[64];

	for (size_t i = 0; i < CLIOPT_COUNT; i++)
		names[i] = opts[i].name;
	while (*word == '-')
		word++;
	str_copy(bare, sizeof bare, word);
	bare[strcspn(bare, "=")] = '\0';
	near =
	    strlen(bare) > 1 ? diag_nearest(bare, names, CLIOPT_COUNT) : NULL;
	if (near != NULL)
		str_format(err, size, "unknown option '%s': did you mean --%s?",
		    arg, near);
	else
		str_format(err, size,
		    "unknown option '%s': rackmux --help lists them", arg);
	return false;
}

static size_t
find_option(const char *arg, size_t *name_len)
{
	for (size_t i = 0; i < CLIOPT_COUNT; i++) {
		*name_len = strlen(opts[i].name) + 2;
		if (arg[1] == '-' &&
		    strncmp(arg + 2, opts[i].name, *name_len - 2) == 0 &&
		    (arg[*name_len] == '\0' || arg[*name_len] == '='))
			return i;
		if (opts[i].letter != 0 && arg[1] == opts[i].letter) {
			*name_len = 2;
			return i;
		}
	}
	return CLIOPT_COUNT;
}

/* Reads argv[*i], and the word after it if that is its argument. */
static bool
read_option(
    struct cli *c, int argc, char **argv, int *i, char *err, size_t size)
{
	const char *arg = argv[*i], *value = NULL;
	size_t len, o = find_option(arg, &len);

	if (o == CLIOPT_COUNT)
		return unknown_option(arg, err, size);
	if (arg[len] != '\0')
		value = arg + len + (arg[len] == '=' ? 1 : 0);
	if (opts[o].arg[0] == '\0') {
		if (value == NULL)
			return set_option(c, o, NULL, err, size);
		if (arg[1] != '-')
			return unknown_option(arg, err, size);
		str_format(err, size, "--%s takes no argument", opts[o].name);
		return false;
	}
	if (value == NULL && *i + 1 < argc)
		value = argv[++*i];
	if (value == NULL || value[0] == '\0') {
		str_format(err, size, "--%s wants an argument: %s",
		    opts[o].name, opts[o].arg);
		return false;
	}
	return set_option(c, o, value, err, size);
}

static enum command
find_command(const char *word)
{
	for (size_t i = 1; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, word) == 0)
			return (enum command)i;
	return COMMAND_DASHBOARD;
}

static bool
like_a_command(const char *word, char *err, size_t size)
{
	const char *names[COMMAND_COUNT], *near;

	if (strpbrk(word, "@:./0123456789") != NULL)
		return false;
	for (size_t i = 1; i < COMMAND_COUNT; i++)
		names[i - 1] = commands[i].name;
	near = diag_nearest(word, names, COMMAND_COUNT - 1);
	if (near == NULL)
		return false;
	str_format(err, size,
	    "unknown command '%s': did you mean '%s'? A host of that name is "
	    "written ssh://%s",
	    word, near, word);
	return true;
}

static bool
check_fit(const struct cli *c, char *err, size_t size)
{
	static const size_t most[COMMAND_COUNT] = {
		[COMMAND_DASHBOARD] = CLI_ARGS_MAX,
		[COMMAND_STATUS] = 1,
		[COMMAND_POWER] = 2,
		[COMMAND_LOCATE] = 2,
		[COMMAND_CONSOLE] = 1,
		[COMMAND_FLASH] = 2,
		[COMMAND_CHECK] = 1,
	};

	if (c->given[CLIOPT_HELP] || c->given[CLIOPT_VERSION])
		return true;
	for (size_t i = 0; i < CLIOPT_COUNT; i++)
		if (c->given[i] &&
		    strchr(opts[i].commands, commands[c->command].letter) ==
			NULL) {
			str_format(err, size, "--%s does not go with %s%s",
			    opts[i].name,
			    c->command == COMMAND_DASHBOARD ? "the dashboard"
							    : "rackmux ",
			    commands[c->command].name);
			return false;
		}
	if (c->n_args > most[c->command]) {
		str_format(err, size,
		    "rackmux %s: '%s' is one argument too many%s",
		    commands[c->command].name, c->args[most[c->command]],
		    c->command == COMMAND_STATUS ||
			    c->command == COMMAND_POWER ||
			    c->command == COMMAND_LOCATE
			? "; a list of nodes is written a,b,c"
			: "");
		return false;
	}
	return true;
}

bool
cli_parse(struct cli *c, int argc, char **argv, char *err, size_t size)
{
	bool words = false, first = true;

	memset(c, 0, sizeof *c);
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (!words && strcmp(arg, "--") == 0) {
			words = true;
			continue;
		}
		if (!words && arg[0] == '-' && arg[1] != '\0') {
			if (!read_option(c, argc, argv, &i, err, size))
				return false;
			continue;
		}
		if (first && !words) {
			first = false;
			c->command = find_command(arg);
			if (c->command != COMMAND_DASHBOARD)
				continue;
			if (like_a_command(arg, err, size))
				return false;
		}
		if (c->n_args == CLI_ARGS_MAX) {
			str_format(
			    err, size, "more than %d arguments", CLI_ARGS_MAX);
			return false;
		}
		c->args[c->n_args++] = arg;
	}
	return check_fit(c, err, size);
}

void
cli_help(FILE *f)
{
	char left[40];

	fputs("rackmux - racks of small cluster boards, in a terminal\n\n", f);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		str_format(left, sizeof left, "%s%s%s", commands[i].name,
		    commands[i].name[0] != '\0' ? " " : "", commands[i].args);
		fprintf(f, "  rackmux %-20s  %s\n", left, commands[i].meaning);
	}
	fputs("\nOptions:\n", f);
	for (size_t i = 0; i < CLIOPT_COUNT; i++) {
		char letter[8] = "    ";

		if (opts[i].letter != 0)
			str_format(
			    letter, sizeof letter, "-%c, ", opts[i].letter);
		str_format(left, sizeof left, "%s--%s%s%s", letter,
		    opts[i].name, opts[i].arg[0] != '\0' ? " " : "",
		    opts[i].arg);
		fprintf(f, "  %-22s  %s\n", left, opts[i].meaning);
	}
	fputs("\nExit status: 0 all done, 1 some node failed, 2 usage or "
	      "configuration, 3 nothing matched.\n"
	      "Manual: rackmux(1), rackmux.cfg(5).\n",
	    f);
}
