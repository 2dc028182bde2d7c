/*
 * bmcd's web server as a connection to it meets it: HTTPS on port 443, and
 * the nodes' serial lines as WebSockets. Port 80 sends everybody there. It
 * is reached over the controller's own loopback, inside SSH, so it asks
 * nobody who he is. A client that does not take what a node prints is
 * dropped, as one whose channel lagged.
 */
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/tcp.h"
#include "tls.h"
#include "turing_pi.h"
#include "websocket.h"

#define HTTPS 443
#define LAG_MAX (256 * 1024)

struct tp_web {
	struct tp_web *next;
	struct sim_board *b;
	struct tcp *tcp;
	struct tls *tls; /* NULL: port 80 */
	struct buf in; /* of requests */
	struct http_request request;
	struct proc *proc; /* that answers one */
	struct task *task;
	struct buf body;
	int status;
	bool done; /* the proc has ended */
	struct websocket *ws;
	struct sim_node *n; /* its line */
	struct uart_watch watch;
};

static void
web_send(struct tp_web *w, const char *p, size_t len)
{
	if (w->tls != NULL)
		(void)tls_send(w->tls, p, len);
	else
		tcp_send(w->tcp, p, len);
}

static void
web_end(struct tp_web *w)
{
	if (w->tls != NULL)
		tls_end(w->tls);
	tcp_end(w->tcp);
}

static void
reply(struct tp_web *w, int status, const char *type, const struct buf *body)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "HTTP/1.1 %d %s\r\ncontent-length: %zu\r\n", status,
	    http_reason(status), body->len);
	if (w->request.close)
		buf_puts(&b, "connection: close\r\n");
	if (body->len > 0)
		buf_printf(&b, "content-type: %s\r\n", type);
	if (status == 308)
		buf_printf(
		    &b, "location: https://127.0.0.1%s\r\n", w->request.target);
	buf_puts(&b, "date: Fri, 17 Jan 2025 17:12:52 GMT\r\n\r\n");
	buf_add(&b, buf_str(body), body->len);
	web_send(w, b.data, b.len);
	buf_release(&b);
	if (w->request.close)
		web_end(w);
}

static void
reply_text(struct tp_web *w, int status, const char *text)
{
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, text);
	reply(w, status, "text/plain; charset=utf-8", &b);
	buf_release(&b);
}

/* --- the lines --- */

static void
on_ws_wire(void *arg, const char *p, size_t len)
{
	web_send(arg, p, len);
}

static void
on_ws_data(void *arg, const char *p, size_t len)
{
	uart_type(((struct tp_web *)arg)->n, p, len);
}

static void
on_ws_over(void *arg)
{
	web_end(arg);
}

static void
on_line(void *arg, const char *p, size_t len)
{
	struct tp_web *w = arg;

	if (tcp_waiting(w->tcp) > LAG_MAX)
		websocket_close(w->ws, WS_ERROR, "channel lagged by 1");
	else
		websocket_send(w->ws, p, len);
}

static size_t
on_backlog(void *arg)
{
	return tcp_waiting(((struct tp_web *)arg)->tcp);
}

static void
serve_line(struct tp_web *w, int node)
{
	static const struct websocket_ops ops = {
		.wire = on_ws_wire,
		.data = on_ws_data,
		.over = on_ws_over,
	};
	char accept[32], head[256];

	websocket_accept(w->request.key, accept);
	str_format(head, sizeof(head),
	    "HTTP/1.1 101 Switching Protocols\r\n"
	    "connection: upgrade\r\nsec-websocket-accept: %s\r\n"
	    "upgrade: websocket\r\n"
	    "date: Fri, 17 Jan 2025 17:12:52 GMT\r\n\r\n",
	    accept);
	web_send(w, head, strlen(head));
	w->ws = websocket_new(w->b->rack->loop, &ops, w);
	w->n = &w->b->nodes[node];
	w->watch.got = on_line;
	w->watch.backlog = on_backlog;
	w->watch.arg = w;
	uart_watch_add(w->n, &w->watch);
}

static const char *
not_a_handshake(const struct http_request *r)
{
	if (!r->upgrade)
		return "WebSocket upgrade is expected";
	if (!r->connection)
		return "Connection upgrade is expected";
	if (r->version[0] == '\0')
		return "WebSocket version header is required";
	if (strcmp(r->version, "13") != 0 && strcmp(r->version, "8") != 0 &&
	    strcmp(r->version, "7") != 0)
		return "Unsupported WebSocket version";
	return r->key[0] == '\0' ? "Unknown WebSocket key" : NULL;
}

static void
open_line(struct tp_web *w, const char *query)
{
	const char *why = NULL;
	char text[16];
	struct buf b;
	long node = 0;

	if (!query_get(query, "node", text, sizeof(text)))
		why = "Missing `node` parameter";
	else if (!str_long(text, -1000000, 1000000, &node))
		why = "Parameter `node` is not a number";
	else if (node < 0 || node >= w->b->slots)
		why = "Parameter `node` is out of range 0..3 of node IDs";
	if (why != NULL) {
		buf_init(&b, 0);
		buf_printf(&b, "{\"response\":[{\"result\":\"%s\"}]}", why);
		reply(w, 400, "application/json", &b);
		buf_release(&b);
	} else if ((why = not_a_handshake(&w->request)) != NULL) {
		reply_text(w, 400, why);
	} else {
		serve_line(w, (int)node);
	}
}

/* --- everything else: as curl on the controller gets it --- */

static size_t
no_output(void *arg, const char *p, size_t len, bool err)
{
	(void)arg;
	(void)p;
	(void)err;
	return len;
}

static void
on_answered(void *arg, int status)
{
	struct tp_web *w = arg;

	w->status = status;
	w->done = true;
	task_post(w->task);
}

static int
answer_main(struct proc *p, void *arg)
{
	struct tp_web *w = arg;
	char *data = w->request.body > 0
	    ? mem_strndup(w->in.data + w->request.head, w->request.body)
	    : NULL;
	struct http_ask ask = {
		.host = "127.0.0.1",
		.path = w->request.target,
		.data = data,
		.port = w->tls != NULL ? HTTPS : 80,
		.tls = w->tls != NULL,
		.insecure = true,
		.again = true,
	};
	int status = turing_pi_http(p, &ask, &w->body);

	free(data);
	return status;
}

static void
answer(struct tp_web *w)
{
	static const struct proc_io io = {
		.write = no_output,
		.ended = on_answered,
	};

	w->proc = proc_new(&w->b->machine, false, &io, w, answer_main, w);
}

static void
handle(struct tp_web *w)
{
	const struct http_request *r = &w->request;
	const char *query = strchr(r->target, '?');
	size_t len = strcspn(r->target, "?");
	bool modern = w->b->tp.fw->modern, get = strcmp(r->method, "GET") == 0;

	query = query != NULL ? query + 1 : "";
	if (modern && w->tls != NULL && len == 18 &&
	    strncmp(r->target, "/api/bmc/serial/ws", len) == 0)
		open_line(w, query);
	else if (modern && w->tls != NULL && !get &&
	    strcmp(r->target, "/api/bmc/serial/status") == 0)
		reply_text(w, 200,
		    "[\"Running\",\"Running\",\"Running\",\"Running\"]");
	else
		answer(w);
}

/* Requests one after another, while no answer is under way. */
static void
next_request(struct tp_web *w)
{
	while (w->proc == NULL && w->ws == NULL && !w->tcp->ended) {
		int rc = http_parse(&w->in, &w->request);

		if (rc == 0)
			return;
		if (rc < 0) {
			w->request.close = true;
			reply_text(w, 400, "");
			return;
		}
		handle(w);
		if (w->proc == NULL)
			buf_drop(&w->in, w->request.head + w->request.body);
	}
}

static void
on_task(void *arg)
{
	struct tp_web *w = arg;
	struct proc *p = w->proc;
	const char *type = "application/json";

	if (!w->done)
		return;
	w->done = false;
	w->proc = NULL;
	proc_free(p);
	buf_drop(&w->in, w->request.head + w->request.body);
	if (w->status < 0) {
		tcp_reset(w->tcp);
		return;
	}
	reply(w, w->status, type, &w->body);
	buf_clear(&w->body);
	next_request(w);
}

/* --- the connection --- */

static void
on_plain(void *arg, const char *p, size_t len)
{
	struct tp_web *w = arg;

	if (w->ws != NULL) {
		websocket_input(w->ws, p, len);
		return;
	}
	buf_add(&w->in, p, len);
	next_request(w);
	if (w->ws != NULL && w->in.len > 0) { /* sent without waiting */
		struct buf b = w->in;

		buf_init(&w->in, 0);
		websocket_input(w->ws, b.data, b.len);
		buf_release(&b);
	}
}

static void
on_wire(void *arg, const char *p, size_t len)
{
	tcp_send(((struct tp_web *)arg)->tcp, p, len);
}

static void
on_input(void *arg, const char *p, size_t len)
{
	struct tp_web *w = arg;

	if (w->tls == NULL)
		on_plain(w, p, len);
	else if (!tls_input(w->tls, p, len))
		tcp_end(w->tcp);
}

static void
on_eof(void *arg)
{
	tcp_end(((struct tp_web *)arg)->tcp);
}

static void
on_gone(void *arg)
{
	struct tp_web *w = arg, **at = &w->b->tp.webs;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (w->n != NULL)
		uart_watch_remove(w->n, &w->watch);
	proc_free(w->proc);
	websocket_free(w->ws);
	tls_free(w->tls);
	task_free(w->task);
	buf_release(&w->in);
	buf_release(&w->body);
	free(w);
}

bool
turing_pi_tcp(struct machine *m, unsigned port, struct tcp *t)
{
	static const struct tcp_service service = {
		.input = on_input,
		.eof = on_eof,
		.gone = on_gone,
	};
	static const struct tls_ops ops = {
		.wire = on_wire,
		.plain = on_plain,
	};
	struct sim_board *b = m->board;
	struct tp_web *w;

	if ((port != HTTPS && port != 80) || !bmcd_up(b))
		return false;
	if (t == NULL)
		return true;
	w = mem_alloc(sizeof(*w));
	w->b = b;
	w->tcp = t;
	buf_init(&w->in, HTTP_HEAD_MAX + HTTP_BODY_MAX);
	buf_init(&w->body, 0);
	w->task = task_new(b->rack->loop, on_task, w);
	if (port == HTTPS)
		w->tls = tls_new(&ops, w);
	w->next = b->tp.webs;
	b->tp.webs = w;
	t->service = &service;
	t->arg = w;
	return true;
}

void
turing_pi_web_reset(struct sim_board *b)
{
	struct tp_web *w;

	for (w = b->tp.webs; w != NULL; w = w->next)
		tcp_reset(w->tcp);
}

void
turing_pi_web_drop(struct sim_board *b, const struct sim_node *n)
{
	struct tp_web *w;

	for (w = b->tp.webs; w != NULL; w = w->next)
		if (w->ws != NULL && (n == NULL || w->n == n))
			websocket_close(
			    w->ws, WS_NORMAL, "websocket channel closed");
}
