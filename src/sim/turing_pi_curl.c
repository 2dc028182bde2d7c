/*
 * bmcd's web server, as curl on the controller meets it. Its certificate is
 * self-signed, so without -k there is error 60; port 80 sends everybody to
 * https, but for /info.
 */
#include "turing_pi.h"

#include <string.h>

#include "rackmux/base/text.h"

#define HANDSHAKE_MS 60

static int
request(struct proc *p, const struct http_ask *ask, struct buf *body)
{
	struct sim_board *b = tp_board(p);

	if (!ask->tls && strcmp(ask->path, "/info") == 0)
		return bmcd_api(p, "opt=get&type=other", body);
	if (!ask->tls)
		return 308;
	if (ask->data != NULL &&
	    strcmp(ask->path, "/api/bmc?opt=set&type=node_info") == 0)
		return bmcd_store_info(b, ask->data, body);
	if (str_starts(ask->path, "/api/bmc?"))
		return bmcd_api(p, ask->path + 9, body);
	if (str_starts(ask->path, "/api/bmc/upload/") &&
	    str_ends(ask->path, "/cancel")) {
		flash_cancel(b);
		return 200;
	}
	return 404;
}

int
turing_pi_http(struct proc *p, const struct http_ask *ask, struct buf *body)
{
	int http;

	if (!machine_is_host(proc_machine(p), ask->host) &&
	    strcmp(ask->host, "10.0.0.5") != 0)
		return HTTP_NO_HOST;
	if (!bmcd_up(tp_board(p)))
		return HTTP_REFUSED;
	if (ask->tls && !ask->insecure)
		return HTTP_BAD_CERT;
	if (!ask->again && proc_sleep(p, HANDSHAKE_MS) != 0)
		return HTTP_RESET;
	http = request(p, ask, body);
	return http < 0 ? HTTP_RESET : http;
}
