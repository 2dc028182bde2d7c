/*
 * What reaches the rack that now listens: a configuration, a private key and
 * the host keys. The configuration is renamed into place last, so whoever
 * waits for it finds the rest there.
 */
#include "rackmux/sim/writeconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/adapter.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/pty.h"

/* A libconfig string. */
static void
add_string(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_puts(b, "\\");
		buf_add(b, s, 1);
	}
	buf_puts(b, "\"");
}

/* What a personality added, if it did. */
static void
add_own(struct buf *b, const char *before, struct buf *own)
{
	if (own->len > 0)
		buf_printf(b, "%s%s", before, buf_str(own));
	buf_release(own);
}

static void
add_node(struct buf *b, const struct sim_node *n)
{
	struct buf own;

	buf_printf(b, "      { slot = %d;", n->slot);
	if (n->name[0] != '\0')
		buf_printf(b, " name = \"%s\";", n->name);
	if (n->endpoint != NULL)
		buf_printf(b, " link = \"ssh://%s@127.0.0.1:%u\";",
		    n->model->user, endpoint_port(n->endpoint));
	if (n->uart.adapter != NULL) {
		buf_init(&own, 0);
		adapter_url(n->uart.adapter, &own);
		buf_puts(b, " console = ");
		add_string(b, buf_str(&own));
		buf_puts(b, ";");
		buf_release(&own);
	}
	if (n->uart.capture)
		buf_puts(b, " capture = true;");
	if (n->feed != NULL)
		buf_printf(
		    b, " feed = \"%s/%d\";", n->feed->name, n->feed_port);
	if (n->board->kind->write_node != NULL) {
		buf_init(&own, 0);
		n->board->kind->write_node(n, &own);
		add_own(b, " ", &own);
	}
	buf_puts(b, " }");
}

static void
add_link(struct buf *b, const struct sim_board *board)
{
	const char *user = board->kind->user;
	struct buf own;

	if (board->endpoint != NULL)
		buf_printf(b, "\n    link = \"ssh://%s@127.0.0.1:%u\";",
		    user != NULL ? user : "root",
		    endpoint_port(board->endpoint));
	else if (board->pty != NULL) {
		char *url = mem_printf("serial:%s",
		    pty_link(board->pty) != NULL ? pty_link(board->pty)
						 : pty_path(board->pty));

		buf_puts(b, "\n    link = ");
		add_string(b, url);
		buf_puts(b, ";");
		free(url);
	}
	if (board->kind->write != NULL) {
		buf_init(&own, 0);
		board->kind->write(board, &own);
		add_own(b, "\n    ", &own);
	}
}

static const char *
config_type(const struct personality *kind)
{
	return kind->config_type != NULL ? kind->config_type : kind->type;
}

static void
add_feed(struct buf *b, const struct sim_board *feed)
{
	buf_printf(b, "  { name = \"%s\"; type = \"%s\";", feed->name,
	    config_type(feed->kind));
	add_link(b, feed);
	buf_puts(b, "\n  }");
}

static bool
worth_telling(const struct sim_node *n)
{
	return n->name[0] != '\0' || n->endpoint != NULL || n->feed != NULL;
}

static void
add_board(struct buf *b, const struct sim_board *board)
{
	bool first = true;
	int k;

	buf_printf(b, "  { name = \"%s\"; type = \"%s\";", board->name,
	    config_type(board->kind));
	if (board->unit > 0)
		buf_printf(b, " unit = %d;", board->unit);
	if (board->kind->slots == 0)
		buf_printf(b, " slots = %d;", board->slots);
	add_link(b, board);
	buf_puts(b, "\n    nodes = (\n");
	for (k = 0; k < board->slots; k++) {
		const struct sim_node *n = &board->nodes[k];

		if (!worth_telling(n))
			continue;
		buf_puts(b, first ? "" : ",\n");
		add_node(b, n);
		first = false;
	}
	buf_puts(b, ");\n  }");
}

static void
add_feeds(struct buf *b, const struct rack *r)
{
	bool first = true;
	size_t i;

	buf_puts(b, "feeds = (\n");
	for (i = 0; i < r->n_boards; i++) {
		if (!r->boards[i]->kind->feed)
			continue;
		buf_puts(b, first ? "" : ",\n");
		add_feed(b, r->boards[i]);
		first = false;
	}
	buf_puts(b, "\n);\n");
}

static void
add_config(
    struct buf *b, const struct rack *r, const char *key, const char *hosts)
{
	bool first = true, feeds = false;
	size_t i;

	buf_printf(b,
	    "rack: { name = \"%s\"; units = %d; "
	    "power_budget_w = %.1f; };\n",
	    r->name, r->units, r->power_budget);
	buf_puts(b, "ssh: {\n  identity = ");
	add_string(b, key);
	buf_puts(b, ";\n  known_hosts = ");
	add_string(b, hosts);
	buf_puts(b, ";\n  config = \"none\";\n};\nboards = (\n");
	for (i = 0; i < r->n_boards; i++) {
		if (r->boards[i]->kind->feed) {
			feeds = true;
			continue;
		}
		buf_puts(b, first ? "" : ",\n");
		add_board(b, r->boards[i]);
		first = false;
	}
	buf_puts(b, "\n);\n");
	if (feeds)
		add_feeds(b, r);
}

static void
add_host(struct buf *b, const struct endpoint *e)
{
	if (e != NULL)
		buf_printf(b, "[127.0.0.1]:%u %s\n", endpoint_port(e),
		    endpoint_key(e));
}

static void
add_hosts(struct buf *b, const struct rack *r)
{
	size_t i;
	int k;

	for (i = 0; i < r->n_boards; i++) {
		add_host(b, r->boards[i]->endpoint);
		for (k = 0; k < r->boards[i]->slots; k++)
			add_host(b, r->boards[i]->nodes[k].endpoint);
	}
}

static int
save(const char *path, const struct buf *b, char *err, size_t size)
{
	char *tmp = mem_printf("%s.%ld", path, (long)getpid());
	int fd, rc = 0;

	(void)unlink(tmp);
	fd = open(
	    tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, b->data, b->len) != (ssize_t)b->len)
		rc = errno != 0 ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	if (rc == 0 && rename(tmp, path) != 0)
		rc = -errno;
	if (rc != 0)
		str_format(err, size, "%s: %s", path, strerror(-rc));
	free(tmp);
	return rc;
}

int
writeconf(
    struct rack *r, struct sshd *sshd, const char *path, char *err, size_t size)
{
	char *key = mem_printf("%s.key", path);
	char *hosts = mem_printf("%s.known_hosts", path);
	struct buf b;
	int rc;

	buf_init(&b, 0);
	rc = sshd_write_key(sshd, key, err, size);
	if (rc == 0) {
		add_hosts(&b, r);
		rc = save(hosts, &b, err, size);
	}
	if (rc == 0) {
		buf_clear(&b);
		add_config(&b, r, key, hosts);
		rc = save(path, &b, err, size);
	}
	buf_release(&b);
	free(key);
	free(hosts);
	return rc;
}
