// SPDX-License-Identifier: BSD-3-Clause
/* Accepting, framing and answering; see the header. */
#include "control/rpc_server.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/log.h"
#include "control/rpc_protocol.h"
#include "control/rpc_text.h"

struct hf_rpc_server {
	hf_rpc_handler handler;
	void *state;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int listener, lock, stop_event;
	pthread_t acceptor;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t freed;
	bool stopping;
	int clients[HF_RPC_CLIENTS_MAX]; /* descriptors, -1: free */
	unsigned client_count;
};

struct connection {
	struct hf_rpc_server *server;
	unsigned slot;
	int fd;
};

/* ---- one connection ---- */

static bool send_line(int fd, const json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT);
	bool sent = text != NULL;

	if (text) {
		size_t length = strlen(text), done = 0;

		text[length++] = '\n'; /* in place of the NUL: one buffer, one send in the usual case */
		while (sent && done < length) {
			ssize_t got = send(fd, text + done, length - done, MSG_NOSIGNAL);

			if (got > 0)
				done += (size_t)got;
			else if (got == 0 || errno != EINTR)
				sent = false;
		}
	}
	free(text);
	return sent;
}

static bool send_error(int fd, const char *text)
{
	json_t *answer = json_pack("{s:o}", "error", hf_rpc_text(text));
	bool sent = answer && send_line(fd, answer);

	json_decref(answer);
	return sent;
}

static bool answer_line(const struct connection *connection, const char *line, size_t length)
{
	const struct hf_rpc_server *server = connection->server;
	char error[HF_RPC_ERROR_MAX] = "";
	json_error_t fault;
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault), *result, *answer, *params;
	const char *method;
	bool sent;

	if (!request) {
		snprintf(error, sizeof(error), "not JSON: %s", fault.text);
		return send_error(connection->fd, error);
	}
	method = json_string_value(json_object_get(request, "method"));
	params = json_object_get(request, "params");
	if (!method) {
		sent = send_error(connection->fd, "the request has no method");
	} else if (params && !json_is_object(params) && !json_is_null(params)) {
		sent = send_error(connection->fd, "params is not an object");
	} else {
		result = server->handler(server->state, method, json_is_object(params) ? params : NULL, error);
		if (!result) {
			sent = send_error(connection->fd, error[0] ? error : "failed");
		} else {
			answer = json_pack("{s:o}", "result", result);
			sent = answer && send_line(connection->fd, answer);
			json_decref(answer);
		}
	}
	json_decref(request);
	return sent;
}

/* Closing with octets unread would take the answer away from the peer again (ECONNRESET), so some more are read. */
static void drain(int fd, char *buffer, size_t capacity)
{
	shutdown(fd, SHUT_WR);
	for (unsigned i = 0; i < 64 && recv(fd, buffer, capacity, 0) > 0; i++)
		;
}

static void serve(const struct connection *connection)
{
	size_t length = 0, capacity = 4096;
	char *buffer = malloc(capacity);

	while (buffer) {
		ssize_t got = recv(connection->fd, buffer + length, capacity - length, 0);
		char *start = buffer, *end;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
		while ((end = memchr(start, '\n', length))) {
			if (!answer_line(connection, start, (size_t)(end - start)))
				goto out;
			length -= (size_t)(end + 1 - start);
			start = end + 1;
		}
		memmove(buffer, start, length);
		if (length > HF_RPC_LINE_MAX) {
			/* Where the next request would begin is unknown now. */
			send_error(connection->fd, "the line is longer than any request");
			drain(connection->fd, buffer, capacity);
			break;
		}
		if (length == capacity) {
			char *larger = realloc(buffer, capacity *= 2);

			if (!larger)
				break;
			buffer = larger;
		}
	}
out:
	free(buffer);
}

static void *connection_main(void *argument)
{
	struct connection *connection = argument;
	struct hf_rpc_server *server = connection->server;

	serve(connection);
	pthread_mutex_lock(&server->mutex);
	close(connection->fd); /* inside the lock: stop() must not shut down a descriptor that was reused */
	server->clients[connection->slot] = -1;
	server->client_count--;
	free(connection);
	pthread_cond_broadcast(&server->freed);
	pthread_mutex_unlock(&server->mutex);
	return NULL;
}

/* ---- accepting ---- */

/* False when stopping. */
static bool wait_for_slot(struct hf_rpc_server *server, unsigned *slot)
{
	bool going_on;

	pthread_mutex_lock(&server->mutex);
	while (server->client_count == HF_RPC_CLIENTS_MAX && !server->stopping)
		pthread_cond_wait(&server->freed, &server->mutex);
	going_on = !server->stopping;
	for (*slot = 0; going_on && server->clients[*slot] >= 0;)
		++*slot;
	pthread_mutex_unlock(&server->mutex);
	return going_on;
}

static void start_connection(struct hf_rpc_server *server, int fd, unsigned slot)
{
	const struct timeval idle = {.tv_sec = HF_RPC_IDLE_MS / 1000};
	struct connection *connection = malloc(sizeof(*connection));
	pthread_attr_t detached;
	pthread_t thread;
	int fault = ENOMEM;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof(idle));
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&server->mutex);
	if (connection) {
		*connection = (struct connection){.server = server, .slot = slot, .fd = fd};
		fault = pthread_create(&thread, &detached, connection_main, connection);
	}
	if (fault == 0) {
		server->clients[slot] = fd;
		server->client_count++;
	} else {
		close(fd);
		free(connection);
		hf_log(HF_LOG_WARNING, "rpc-client-refused", "reason=\"%s\"", strerror(fault));
	}
	pthread_mutex_unlock(&server->mutex);
	pthread_attr_destroy(&detached);
}

static void *acceptor_main(void *argument)
{
	struct hf_rpc_server *server = argument;
	unsigned slot;

	while (wait_for_slot(server, &slot)) {
		struct pollfd entries[] = {{.fd = server->stop_event, .events = POLLIN},
					   {.fd = server->listener, .events = POLLIN}};
		int fd;

		if (poll(entries, 2, -1) < 0 && errno != EINTR)
			break;
		if (!(entries[1].revents & POLLIN))
			continue;
		fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			start_connection(server, fd, slot);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			poll(NULL, 0,
			     100); /* the connection stays in the queue; without a pause this loop would spin */
	}
	return NULL;
}

/* ---- start and stop ---- */

static bool make_parent(const char *path, char *error)
{
	char parent[sizeof(((struct hf_rpc_server *)0)->path)];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return true;
	*slash = '\0';
	if (mkdir(parent, 0755) == 0 || errno == EEXIST)
		return true;
	snprintf(error, HF_RPC_ERROR_MAX, "%s cannot be made: %s", parent, strerror(errno));
	return false;
}

/* The lock outlives nobody: the kernel lets go of it when its process ends, however it ends. */
static int take_lock(const char *socket_path, char *error)
{
	char path[sizeof(((struct hf_rpc_server *)0)->path) + 8];
	int fd;

	snprintf(path, sizeof(path), "%s.lock", socket_path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s cannot be opened: %s", path, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		snprintf(error, HF_RPC_ERROR_MAX,
			 errno == EWOULDBLOCK ? "%s is served by another process already" : "%s cannot be locked",
			 socket_path);
		close(fd);
		fd = -1;
	}
	return fd;
}

static int listen_on(const char *path, char *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	if (fd >= 0) {
		unlink(path); /* ours, or of a process that is gone: we hold the lock */
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && chmod(path, 0660) == 0 &&
		    listen(fd, 64) == 0)
			return fd;
	}
	snprintf(error, HF_RPC_ERROR_MAX, "%s cannot be listened on: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct hf_rpc_server *hf_rpc_server_start(const char *path, hf_rpc_handler handler, void *state,
					  char error[HF_RPC_ERROR_MAX])
{
	struct hf_rpc_server *server;

	if (strlen(path) >= sizeof(server->path)) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s is too long for a socket", path);
		return NULL;
	}
	server = calloc(1, sizeof(*server));
	if (!server) {
		snprintf(error, HF_RPC_ERROR_MAX, "out of memory");
		return NULL;
	}
	strcpy(server->path, path);
	server->handler = handler;
	server->state = state;
	server->listener = server->lock = server->stop_event = -1;
	for (unsigned i = 0; i < HF_RPC_CLIENTS_MAX; i++)
		server->clients[i] = -1;
	pthread_mutex_init(&server->mutex, NULL);
	pthread_cond_init(&server->freed, NULL);
	if (!make_parent(path, error) || (server->lock = take_lock(path, error)) < 0 ||
	    (server->listener = listen_on(path, error)) < 0)
		goto failed;
	server->stop_event = eventfd(0, EFD_CLOEXEC);
	if (server->stop_event < 0 || pthread_create(&server->acceptor, NULL, acceptor_main, server) != 0) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s cannot be served: %s", path, strerror(errno));
		unlink(path);
		goto failed;
	}
	return server;

failed:
	if (server->listener >= 0)
		close(server->listener);
	if (server->lock >= 0)
		close(server->lock);
	if (server->stop_event >= 0)
		close(server->stop_event);
	free(server);
	return NULL;
}

void hf_rpc_server_stop(struct hf_rpc_server *server)
{
	const uint64_t one = 1;

	if (!server)
		return;
	pthread_mutex_lock(&server->mutex);
	server->stopping = true;
	pthread_cond_broadcast(&server->freed);
	pthread_mutex_unlock(&server->mutex);
	if (write(server->stop_event, &one, sizeof(one)) != sizeof(one))
		hf_log(HF_LOG_ERROR, "rpc-stop", "reason=\"%s\"", strerror(errno));
	pthread_join(server->acceptor, NULL);
	pthread_mutex_lock(&server->mutex);
	for (unsigned i = 0; i < HF_RPC_CLIENTS_MAX; i++) {
		if (server->clients[i] >= 0)
			shutdown(server->clients[i], SHUT_RDWR);
	}
	while (server->client_count > 0)
		pthread_cond_wait(&server->freed, &server->mutex);
	pthread_mutex_unlock(&server->mutex);
	unlink(server->path); /* while the lock is still held: a successor's socket is never removed */
	close(server->listener);
	close(server->stop_event);
	close(server->lock);
	pthread_cond_destroy(&server->freed);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}
