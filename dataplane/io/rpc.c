// SPDX-License-Identifier: BSD-3-Clause
/* Connections of the control socket: lines in, lines out, in order. */
#include "io/rpc.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/rpc_protocol.h"
#include "control/rpc_text.h"

enum {
	CONNECTIONS = 16,
	BACKLOG = 16,
	READ_OCTETS = 4096,
	IDLE_SECONDS = 5,
	OUT_OCTETS = 256 << 10, /* of answers; above, the next request waits until they are written */
};
#define LISTENER_EVENT (UINT64_C(1) << 63)

struct connection {
	int fd;
	uint32_t generation;
	bool waiting;  /* for a trace: the next line is not looked at before */
	bool finished; /* the peer will send no more */
	bool full;     /* lines wait until the answers before them are written */
	char *in;
	size_t in_used, in_room;
	char *out;
	size_t out_used, out_sent;
	uint64_t active_ns; /* when it was accepted, or last read from or written to */
};

struct hf_rpc {
	int epoll_fd, listener;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct hf_parts *parts;
	struct hf_housekeeping *housekeeping;
	struct hf_now now;
	struct connection connections[CONNECTIONS];
};

static uint64_t name_of(const struct hf_rpc *rpc, const struct connection *connection)
{
	return (uint64_t)connection->generation << 32 | (uint64_t)(connection - rpc->connections);
}

static struct connection *by_name(struct hf_rpc *rpc, uint64_t name)
{
	struct connection *connection;

	if ((uint32_t)name >= CONNECTIONS)
		return NULL;
	connection = &rpc->connections[(uint32_t)name];
	return connection->fd >= 0 && connection->generation == name >> 32 ? connection : NULL;
}

static void close_connection(struct connection *connection)
{
	close(connection->fd);
	free(connection->in);
	free(connection->out);
	*connection = (struct connection){.fd = -1, .generation = (connection->generation + 1) & 0x7fffffff};
}

/* ---- writing ---- */

static void watch(struct hf_rpc *rpc, struct connection *connection)
{
	struct epoll_event event = {.data.u64 = name_of(rpc, connection)};

	if (connection->out_used > connection->out_sent || connection->full)
		event.events |= EPOLLOUT;
	else if (!connection->waiting && !connection->finished)
		event.events |= EPOLLIN;
	epoll_ctl(rpc->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
}

/* False when the connection failed and is closed. */
static bool write_out(struct connection *connection)
{
	while (connection->out_sent < connection->out_used) {
		ssize_t sent = send(connection->fd, connection->out + connection->out_sent,
				    connection->out_used - connection->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return true;
		if (sent < 0) {
			close_connection(connection);
			return false;
		}
		connection->out_sent += (size_t)sent;
	}
	free(connection->out);
	connection->out = NULL;
	connection->out_used = connection->out_sent = 0;
	return true;
}

/* Takes over `message`. */
static void send_line(struct connection *connection, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	size_t length = text ? strlen(text) : 0;
	char *grown = text ? realloc(connection->out, connection->out_used + length + 1) : NULL;

	json_decref(message);
	if (grown) {
		memcpy(grown + connection->out_used, text, length);
		grown[connection->out_used + length] = '\n';
		connection->out = grown;
		connection->out_used += length + 1;
	} else {
		hf_log(HF_LOG_ERROR, "rpc", "text=\"no memory for a reply\"");
	}
	free(text);
}

/* ---- requests ---- */

static void answer_line(struct hf_rpc *rpc, struct connection *connection, const char *line, size_t length)
{
	struct hf_rpc_call call = {
		.parts = rpc->parts,
		.housekeeping = rpc->housekeeping,
		.now = rpc->now,
		.connection = name_of(rpc, connection),
	};
	json_error_t fault;
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault), *params = NULL, *result = NULL;
	const char *method = json_string_value(json_object_get(request, "method"));

	params = json_object_get(request, "params");
	call.params = params;
	if (!request)
		snprintf(call.error, sizeof(call.error), "not JSON: %s", fault.text);
	else if (!method)
		snprintf(call.error, sizeof(call.error), "a request is {\"method\": \"…\", \"params\": {…}}");
	else if (params && !json_is_object(params))
		snprintf(call.error, sizeof(call.error), "params is not an object");
	else
		result = hf_rpc_methods_call(method, &call);
	json_decref(request);
	if (call.later)
		connection->waiting = true;
	else if (result)
		send_line(connection, json_pack("{s:o}", "result", result));
	else
		send_line(connection, json_pack("{s:o}", "error", hf_rpc_text(call.error)));
}

/* Answers whole lines until one's answer comes later. The connection may be gone afterwards. */
static void advance(struct hf_rpc *rpc, struct connection *connection)
{
	size_t at = 0;

	connection->full = false;
	while (!connection->waiting) {
		char *line = connection->in ? connection->in + at : NULL;
		char *end = line ? memchr(line, '\n', connection->in_used - at) : NULL;

		if (!end)
			break;
		if (connection->out_used >= OUT_OCTETS) {
			connection->full = true;
			break;
		}
		if (end > line)
			answer_line(rpc, connection, line, (size_t)(end - line));
		at += (size_t)(end - line) + 1;
	}
	if (at > 0) {
		memmove(connection->in, connection->in + at, connection->in_used - at);
		connection->in_used -= at;
	}
	if (!write_out(connection))
		return;
	if (connection->finished && !connection->waiting && !connection->full && !connection->out_used) {
		close_connection(connection);
		return;
	}
	watch(rpc, connection);
}

static void read_in(struct hf_rpc *rpc, struct connection *connection)
{
	ssize_t got;

	if (connection->in_room - connection->in_used < READ_OCTETS) {
		size_t room = connection->in_room ? connection->in_room * 2 : 2 * READ_OCTETS;
		char *grown = room <= 2 * HF_RPC_LINE_MAX ? realloc(connection->in, room) : NULL;

		if (!grown) { /* a line longer than any request */
			close_connection(connection);
			return;
		}
		connection->in = grown;
		connection->in_room = room;
	}
	got = recv(connection->fd, connection->in + connection->in_used, connection->in_room - connection->in_used,
		   MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		close_connection(connection);
		return;
	}
	connection->finished = got == 0;
	connection->in_used += (size_t)got;
	advance(rpc, connection);
}

void hf_rpc_traced(struct hf_rpc *rpc, uint64_t name, unsigned rcode, const char *story)
{
	struct connection *connection = by_name(rpc, name);
	json_t *lines = json_array();

	if (!connection) {
		json_decref(lines);
		return;
	}
	for (const char *line = story; line && *line;) {
		const char *end = strchrnul(line, '\n');
		json_t *text = json_stringn(line, (size_t)(end - line));

		/* Not UTF-8: cannot be, names are escaped; but an RDATA text could slip through. */
		json_array_append_new(lines, text ? text : json_string("?"));
		line = *end ? end + 1 : end;
	}
	connection->waiting = false;
	connection->active_ns = rpc->now.mono_ns;
	send_line(connection, json_pack("{s:{s:s,s:o}}", "result", "rcode", hf_rcode_to_text(rcode), "story", lines));
	advance(rpc, connection);
}

/* ---- events ---- */

/* When all are taken, the one that has been idle longest makes room, if that was IDLE_SECONDS: a program that hangs or
 * forgets its connections must not shut the operator out. Who waits for a trace is not idle. NULL when all are in use.
 */
static struct connection *free_connection(struct hf_rpc *rpc)
{
	struct connection *oldest = NULL;

	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &rpc->connections[i];

		if (connection->fd < 0)
			return connection;
		if (!connection->waiting && (!oldest || connection->active_ns < oldest->active_ns))
			oldest = connection;
	}
	if (!oldest || rpc->now.mono_ns - oldest->active_ns < IDLE_SECONDS * HF_NS_PER_SECOND)
		return NULL;
	close_connection(oldest);
	return oldest;
}

void hf_rpc_expire(struct hf_rpc *rpc, struct hf_now now)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &rpc->connections[i];

		if (connection->fd >= 0 && !connection->waiting &&
		    now.mono_ns - connection->active_ns >= HF_RPC_IDLE_MS * HF_NS_PER_MS)
			close_connection(connection);
	}
}

static void accept_one(struct hf_rpc *rpc)
{
	int fd = accept4(rpc->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *connection;
	struct epoll_event event = {.events = EPOLLIN};

	if (fd < 0)
		return;
	connection = free_connection(rpc);
	if (!connection) {
		hf_log(HF_LOG_WARNING, "rpc", "text=\"more than %d control connections\"", CONNECTIONS);
		close(fd);
		return;
	}
	connection->fd = fd;
	connection->active_ns = rpc->now.mono_ns;
	event.data.u64 = name_of(rpc, connection);
	if (epoll_ctl(rpc->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		close_connection(connection);
}

void hf_rpc_ready(struct hf_rpc *rpc, uint64_t data, uint32_t events, struct hf_now now)
{
	struct connection *connection;

	rpc->now = now;
	if (data == LISTENER_EVENT) {
		accept_one(rpc);
		return;
	}
	connection = by_name(rpc, data);
	if (!connection)
		return;
	connection->active_ns = now.mono_ns;
	if (events & EPOLLIN)
		read_in(rpc, connection);
	else if (events & (EPOLLERR | EPOLLHUP))
		close_connection(connection);
	else if (events & EPOLLOUT)
		advance(rpc, connection);
}

/* ---- making and freeing ---- */

/* What a killed process left is removed; a socket that somebody serves is not. */
static bool clear_way(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool served;

	if (fd < 0)
		return false;
	served = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	close(fd);
	if (served) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(address->sun_path) == 0 || errno == ENOENT;
}

/* The directories above are made when missing: /run is empty after boot. */
static bool make_parents(const char *path)
{
	char parent[sizeof(((struct sockaddr_un *)0)->sun_path)];

	snprintf(parent, sizeof(parent), "%s", path);
	for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(parent, 0755) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return true;
}

struct hf_rpc *hf_rpc_new(int epoll_fd, const char *path, struct hf_parts *parts, struct hf_housekeeping *housekeeping,
			  char error[HF_IO_ERROR_MAX])
{
	struct hf_rpc *rpc = calloc(1, sizeof(*rpc));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = LISTENER_EVENT};

	if (!rpc)
		return NULL;
	rpc->epoll_fd = epoll_fd;
	rpc->listener = -1;
	rpc->parts = parts;
	rpc->housekeeping = housekeeping;
	for (int i = 0; i < CONNECTIONS; i++)
		rpc->connections[i].fd = -1;
	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(error, HF_IO_ERROR_MAX, "control.dataplane-socket: %.200s: path too long", path);
		goto fault;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (!make_parents(path) || !clear_way(&address) ||
	    (rpc->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0 ||
	    bind(rpc->listener, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		snprintf(error, HF_IO_ERROR_MAX, "control.dataplane-socket: %s: %s%s", path, strerror(errno),
			 errno == EADDRINUSE ? " (another holdfast-dataplane is running)" : "");
		goto fault;
	}
	memcpy(rpc->path, address.sun_path, sizeof(rpc->path));
	if (chmod(path, 0660) != 0 || listen(rpc->listener, BACKLOG) != 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, rpc->listener, &event) != 0) {
		snprintf(error, HF_IO_ERROR_MAX, "control.dataplane-socket: %s: %s", path, strerror(errno));
		goto fault;
	}
	return rpc;
fault:
	hf_rpc_free(rpc);
	return NULL;
}

void hf_rpc_free(struct hf_rpc *rpc)
{
	if (!rpc)
		return;
	for (int i = 0; i < CONNECTIONS; i++)
		if (rpc->connections[i].fd >= 0)
			close_connection(&rpc->connections[i]);
	if (rpc->listener >= 0)
		close(rpc->listener);
	if (rpc->path[0])
		unlink(rpc->path);
	free(rpc);
}
