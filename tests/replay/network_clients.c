// SPDX-License-Identifier: BSD-3-Clause
/* The scenario's clients on sockets; see network_clients.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "io/framing.h"
#include "io/sockaddr.h"
#include "network_clients.h"
#include "network_config.h"
#include "wire/message.h"

/* A question's `way`. */
struct way {
	int fd; /* -1: closed by the daemon */
	bool tcp;
	size_t used;
	uint8_t in[HF_FRAMING_PREFIX + HF_MESSAGE_MAX];
};

static void end_way(struct sim_question *question)
{
	struct way *way = question->way;

	if (way && way->fd >= 0)
		close(way->fd);
	free(way);
	question->way = NULL;
}

static bool connect_to_daemon(int fd, const struct sim_question *question)
{
	const char *text = question->from.family == 4 ? SIM_DAEMON_ADDRESS : SIM_DAEMON_ADDRESS6;
	struct hf_address own = question->from, daemon;
	union hf_sockaddr local, remote;
	socklen_t length;
	int one = 1;

	own.port = 0;
	if (!hf_address_from_text(text, SIM_DAEMON_PORT, &daemon))
		return false;
	length = hf_sockaddr_from_address(&own, &local);
	hf_sockaddr_from_address(&daemon, &remote);
	/* An IPv6 address of a local route is not yet one to bind to. */
	return (own.family == 4 || setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one)) == 0) &&
	       bind(fd, &local.any, length) == 0 && connect(fd, &remote.any, length) == 0;
}

static bool send_question(int fd, const struct sim_question *question)
{
	uint8_t *bytes = malloc(HF_FRAMING_PREFIX + question->length);
	size_t length = question->length + (question->tcp ? HF_FRAMING_PREFIX : 0), prefix = length - question->length;
	bool sent;

	if (prefix)
		hf_framing_write_prefix(bytes, question->length);
	memcpy(bytes + prefix, question->bytes, question->length);
	sent = send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
	free(bytes);
	return sent;
}

bool sim_clients_ask(struct sim_client *client, size_t number)
{
	struct sim_question *question = &client->questions[number];
	struct way *way = calloc(1, sizeof(*way));

	end_way(question);
	question->way = way;
	way->tcp = question->tcp;
	way->fd = socket(question->from.family == 4 ? AF_INET : AF_INET6, (way->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	return way->fd >= 0 && connect_to_daemon(way->fd, question) && send_question(way->fd, question) &&
	       fcntl(way->fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool read_stream(struct sim_client *client, size_t number, struct way *way)
{
	const uint8_t *message;
	size_t length;
	bool any = false;

	for (;;) {
		ssize_t got = recv(way->fd, way->in + way->used, sizeof(way->in) - way->used, 0);

		if (got < 0 && errno == EAGAIN)
			return any;
		any = true;
		if (got <= 0) {
			close(way->fd);
			way->fd = -1;
			return true;
		}
		way->used += (size_t)got;
		while (hf_framing_next(way->in, way->used, HF_MESSAGE_MAX, &message, &length) == HF_FRAMING_MESSAGE) {
			sim_client_receive(client, number, message, length);
			way->used -= HF_FRAMING_PREFIX + length;
			memmove(way->in, message + length, way->used);
		}
	}
}

static bool read_datagrams(struct sim_client *client, size_t number, struct way *way)
{
	bool any = false;
	ssize_t got;

	while ((got = recv(way->fd, way->in, sizeof(way->in), 0)) >= 0) {
		sim_client_receive(client, number, way->in, (size_t)got);
		any = true;
	}
	return any;
}

bool sim_clients_read(struct sim_client *client)
{
	bool any = false;

	for (size_t i = 0; i < client->question_count; i++) {
		struct way *way = client->questions[i].way;

		if (way && way->fd >= 0)
			any |= way->tcp ? read_stream(client, i, way) : read_datagrams(client, i, way);
	}
	return any;
}

void sim_clients_close(struct sim_client *client)
{
	for (size_t i = 0; i < client->question_count; i++)
		end_way(&client->questions[i]);
}
