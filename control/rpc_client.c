// SPDX-License-Identifier: BSD-3-Clause
/* Connect, one line out, one line back, all before one deadline. */
#include "control/rpc_client.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/clock.h"
#include "control/rpc_protocol.h"
#include "control/wait.h"

__attribute__((format(printf, 2, 3))) static enum hf_rpc_outcome unreachable(char *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, HF_RPC_ERROR_MAX, format, arguments);
	va_end(arguments);
	return HF_RPC_UNREACHABLE;
}

/* A connected non-blocking socket, or -1 with errno. */
static int connect_socket(const char *path, uint64_t deadline_ns)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int fault = errno;

		/* EAGAIN: the listener's queue is full (unix(7)); there is nothing to poll for. */
		if (fault == EAGAIN && hf_clock_now().mono_ns < deadline_ns) {
			poll(NULL, 0, 10);
			continue;
		}
		if (fault == EINTR)
			continue;
		close(fd);
		errno = fault;
		return -1;
	}
	return fd;
}

static bool send_all(int fd, const char *bytes, size_t length, uint64_t deadline_ns)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent >= 0) {
			bytes += sent;
			length -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (!hf_wait_ready(fd, POLLOUT, deadline_ns))
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* One line without its newline, allocated; NULL with errno (0: the peer closed first). */
static char *receive_line(int fd, uint64_t deadline_ns, size_t *out_length)
{
	size_t length = 0, capacity = 4096;
	char *line = malloc(capacity);

	while (line) {
		ssize_t got = recv(fd, line + length, capacity - length, 0);

		if (got > 0) {
			char *end = memchr(line + length, '\n', (size_t)got);

			if (end) {
				*out_length = (size_t)(end - line);
				return line;
			}
			length += (size_t)got;
			if (length > HF_RPC_LINE_MAX) {
				errno = EMSGSIZE;
				break;
			}
			if (length == capacity) {
				char *larger = realloc(line, capacity *= 2);

				if (!larger)
					break;
				line = larger;
			}
		} else if (got == 0) {
			errno = 0;
			break;
		} else if (errno == EAGAIN) {
			if (!hf_wait_ready(fd, POLLIN, deadline_ns))
				break;
		} else if (errno != EINTR) {
			break;
		}
	}
	int fault = errno;

	free(line);
	errno = fault;
	return NULL;
}

static enum hf_rpc_outcome read_answer(const char *path, const char *line, size_t length, json_t **result, char *error)
{
	json_error_t fault;
	json_t *answer = json_loadb(line, length, 0, &fault), *member;
	enum hf_rpc_outcome outcome;

	if (json_is_object(answer) && (member = json_object_get(answer, "result"))) {
		*result = json_incref(member);
		outcome = HF_RPC_RESULT;
	} else if (json_is_object(answer) && json_is_string(member = json_object_get(answer, "error"))) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s", json_string_value(member));
		outcome = HF_RPC_ERROR;
	} else {
		outcome = unreachable(error, "%s: the answer has neither result nor error", path);
	}
	json_decref(answer);
	return outcome;
}

enum hf_rpc_outcome hf_rpc_call(const char *socket_path, const char *method, const json_t *params, int timeout_ms,
				json_t **result, char error[HF_RPC_ERROR_MAX])
{
	uint64_t deadline_ns = hf_clock_now().mono_ns + (uint64_t)timeout_ms * HF_NS_PER_MS;
	enum hf_rpc_outcome outcome;
	json_t *request;
	char *line = NULL, *answer;
	size_t length;
	int fd;

	*result = NULL;
	error[0] = '\0';
	fd = connect_socket(socket_path, deadline_ns);
	if (fd < 0)
		return unreachable(error, "%s: %s", socket_path, strerror(errno));
	request = json_pack("{s:s, s:O*}", "method", method, "params", params);
	if (request)
		line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!line) {
		outcome = unreachable(error, "the request cannot be written as JSON");
	} else if (!send_all(fd, line, strlen(line), deadline_ns) || !send_all(fd, "\n", 1, deadline_ns)) {
		outcome = unreachable(error, "%s: sending failed: %s", socket_path, strerror(errno));
	} else if (!(answer = receive_line(fd, deadline_ns, &length))) {
		outcome = errno == ETIMEDOUT ? unreachable(error, "%s: no answer within %d ms", socket_path, timeout_ms)
					     : unreachable(error, "%s: no answer: %s", socket_path,
							   errno ? strerror(errno) : "connection closed");
	} else {
		outcome = read_answer(socket_path, answer, length, result, error);
		free(answer);
	}
	free(line);
	close(fd);
	return outcome;
}
