// SPDX-License-Identifier: BSD-3-Clause
/* libmicrohttpd does the protocol; here are two paths and what is said on them. */
#include "control/http.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/control.h"
#include "control/log.h"
#include "control/metrics.h"

#define HTTP_THREADS 2 /* so that a health check that waits does not hold up a scrape */
#define HTTP_CONNECTIONS 32
#define HTTP_IDLE_S 10

struct hf_http {
	struct MHD_Daemon *daemon;
	struct hf_control *control;
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *content_type,
			     const char *allow, const char *text, size_t length)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return reply(connection, status, "text/plain; charset=utf-8", NULL, text, strlen(text));
}

static enum MHD_Result serve_metrics(struct hf_control *control, struct MHD_Connection *connection)
{
	json_t *status = hf_control_status(control), *stats = hf_control_stats(control);
	size_t length = 0;
	char *text = hf_metrics_text(status, stats, &length);
	enum MHD_Result result;

	result = text ? reply(connection, MHD_HTTP_OK, HF_METRICS_CONTENT_TYPE, NULL, text, length)
		      : reply_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	free(text);
	json_decref(status);
	json_decref(stats);
	return result;
}

static enum MHD_Result serve_health(struct hf_control *control, struct MHD_Connection *connection)
{
	char reason[HF_CONTROL_REASON_MAX], text[HF_CONTROL_REASON_MAX + 2];

	if (hf_control_healthy(control, reason))
		return reply_text(connection, MHD_HTTP_OK, "ok\n");
	snprintf(text, sizeof(text), "%s\n", reason);
	return reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static enum MHD_Result handle(void *state, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **request_state)
{
	static char headers_seen;
	struct hf_http *http = state;

	(void)version;
	(void)upload;
	/* The first call comes before the body; a reply to GET belongs to the second, or the connection cannot be kept.
	 */
	if (!*request_state) {
		*request_state = &headers_seen;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0; /* no method here has a body; swallow it */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "GET, HEAD",
			     "only GET and HEAD\n", strlen("only GET and HEAD\n"));
	if (strcmp(url, "/metrics") == 0)
		return serve_metrics(http->control, connection);
	if (strcmp(url, "/healthz") == 0)
		return serve_health(http->control, connection);
	return reply_text(connection, MHD_HTTP_NOT_FOUND, "there are /metrics and /healthz\n");
}

static void log_message(void *state, const char *format, va_list arguments)
{
	char text[256];

	(void)state;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	hf_log(HF_LOG_DEBUG, "http", "text=\"%s\"", text);
}

struct hf_http *hf_http_start(struct hf_control *control, const struct hf_address *address,
			      char error[HF_HTTP_ERROR_MAX])
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | (address->family == 6 ? MHD_USE_IPv6 : 0);
	struct hf_http *http = calloc(1, sizeof(*http));
	char text[HF_ADDRESS_TEXT_MAX];

	if (!http) {
		snprintf(error, HF_HTTP_ERROR_MAX, "out of memory");
		return NULL;
	}
	memcpy(&v4.sin_addr, address->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address->bytes, sizeof(v6.sin6_addr));
	http->control = control;
	errno = 0;
	http->daemon = MHD_start_daemon(flags, address->port, NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER,
					log_message, NULL, MHD_OPTION_SOCK_ADDR,
					address->family == 6 ? (void *)&v6 : (void *)&v4, MHD_OPTION_THREAD_POOL_SIZE,
					(unsigned)HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS,
					MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S, MHD_OPTION_END);
	if (!http->daemon) {
		snprintf(error, HF_HTTP_ERROR_MAX, "HTTP cannot listen on %s: %s", hf_address_to_text(address, text),
			 errno ? strerror(errno) : "libmicrohttpd refused");
		free(http);
		return NULL;
	}
	return http;
}

void hf_http_stop(struct hf_http *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon);
	free(http);
}
