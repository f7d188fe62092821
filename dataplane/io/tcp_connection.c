// SPDX-License-Identifier: BSD-3-Clause
/* One connection's life: octets in, queries, replies as they come, octets out. */
#include "io/tcp_slots.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include "io/tcp.h"

enum {
	ANSWERS_A_TURN = 256,
	DISCARDED_OCTETS = 1 << 20, /* unread, when no more is taken */
	OUTPUT_OCTETS = 256 << 10, /* replies not yet taken; above, the connection is not read */
	OUTPUT_OCTETS_MAX = 1 << 20, /* answers to what was read before still come; above, it is closed */
	OUTPUT_TOTAL_MAX = 64 << 20, /* of all connections; above, who has something waiting gets no more and is closed */
};
/* The way a query came, kept in its ticket. */
struct arrival {
	uint32_t slot, generation;
};

/* Whether the next query of this connection may be taken now. */
static bool may_take(const struct hf_tcp_connection *connection)
{
	return connection->under_way < HF_TCP_PIPELINE && hf_tcp_slots_pending(connection) < OUTPUT_OCTETS;
}

/* Watches for what the connection can use. Reading stops while it may not have more queries, and resumes with its
 * next reply: the client feels the kernel's window close. */
static void watch(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	bool room = connection->in_used < HF_TCP_INPUT_OCTETS;
	uint32_t wanted = (!connection->finished && room && may_take(connection) ? EPOLLIN : 0) |
			  (hf_tcp_slots_pending(connection) ? EPOLLOUT : 0);
	struct epoll_event event = {.events = wanted};

	if (wanted == connection->watched)
		return;
	event.data.u64 = (uint64_t)connection->generation << 32 | (uint64_t)(connection - all->connections);
	if (epoll_ctl(all->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) == 0)
		connection->watched = wanted;
}

/* ---- writing ---- */

/* False when the connection failed. */
static bool write_out(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	while (hf_tcp_slots_pending(connection)) {
		ssize_t sent = send(connection->fd, connection->out + connection->out_sent, hf_tcp_slots_pending(connection),
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN;
		connection->out_sent += (size_t)sent;
		hf_tcp_slots_touch(all, connection);
	}
	/* An idle connection holds no memory beside its slot. */
	hf_tcp_slots_drop_output(all, connection);
	return true;
}

/* Puts octets behind what still waits to be sent. */
static bool append(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, const uint8_t *bytes, size_t length)
{
	if (connection->out_sent > 0) {
		memmove(connection->out, connection->out + connection->out_sent, hf_tcp_slots_pending(connection));
		connection->out_used -= connection->out_sent;
		connection->out_sent = 0;
	}
	if (connection->out_used + length > connection->out_room) {
		size_t room = connection->out_room ? connection->out_room : 2048;
		uint8_t *grown;

		while (room < connection->out_used + length)
			room *= 2;
		grown = realloc(connection->out, room);
		if (!grown)
			return false;
		connection->out = grown;
		all->out_total += room - connection->out_room;
		connection->out_room = room;
	}
	memcpy(connection->out + connection->out_used, bytes, length);
	connection->out_used += length;
	return true;
}

/* False when there is no memory, or the client takes nothing. */
static bool send_reply(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, const uint8_t *reply,
		       size_t length)
{
	uint8_t prefix[HF_FRAMING_PREFIX];

	if (!hf_tcp_slots_pending(connection))
		connection->pending_ns = all->now.mono_ns;
	if (hf_tcp_slots_pending(connection) + sizeof(prefix) + length > OUTPUT_OCTETS_MAX ||
	    (hf_tcp_slots_pending(connection) && all->out_total > OUTPUT_TOTAL_MAX)) {
		hf_counters_drop(&all->serve->counters, HF_DROP_tcp_slow_reader);
		return false;
	}
	hf_framing_write_prefix(prefix, length);
	return append(all, connection, prefix, sizeof(prefix)) && append(all, connection, reply, length);
}

/* ---- queries ---- */

static bool take_query(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, const uint8_t *message,
		       size_t length)
{
	struct hf_request *request = &all->request;
	struct hf_ticket *ticket;

	request->packet = message;
	request->length = length;
	request->reply = all->reply;
	request->capacity = HF_MESSAGE_MAX;
	request->client = connection->client;
	hf_serve_burst(all->serve, request, 1, all->now);
	switch (request->outcome) {
	case HF_OUTCOME_REPLY:
		return send_reply(all, connection, request->reply, request->reply_length);
	case HF_OUTCOME_MISS:
		ticket = hf_serve_take_ticket(all->serve, request, all->now);
		if (!ticket)
			return true; /* counted */
		*(struct arrival *)ticket->arrival = (struct arrival){
			.slot = (uint32_t)(connection - all->connections),
			.generation = connection->generation,
		};
		connection->under_way++;
		hf_serve_submit(all->serve, ticket);
		return true;
	case HF_OUTCOME_DROP:
		break;
	}
	return true;
}

/* A connection that is closed with octets unread is reset, and the client may lose the last replies to that. */
static void stop_reading(struct hf_tcp_connection *connection)
{
	connection->finished = true;
	connection->in_used = 0;
	(void)!recv(connection->fd, NULL, DISCARDED_OCTETS, MSG_TRUNC | MSG_DONTWAIT);
}

static bool had_its_queries(const struct hf_tcp_connections *all, const struct hf_tcp_connection *connection)
{
	const struct hf_clients *clients = hf_serve_clients(all->serve->settings);

	return clients && clients->tcp_queries > 0 && connection->queries >= clients->tcp_queries;
}

/* Takes what whole queries there are, writes replies, closes when nothing is left to wait for. The connection may be
 * gone afterwards. */
static void advance(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	size_t at = 0;
	bool good = true;

	while (good && may_take(connection)) {
		const uint8_t *message;
		size_t length;
		enum hf_framing framing = hf_framing_next(connection->in + at, connection->in_used - at,
							  HF_SERVE_QUERY_MAX, &message, &length);

		if (framing == HF_FRAMING_PARTIAL)
			break;
		if (framing == HF_FRAMING_FAULT) {
			hf_tcp_slots_close_counted(all, connection, HF_DROP_tcp_framing);
			return;
		}
		if (hf_ticket_pool_available(all->serve->tickets) == 0) {
			all->starved = true; /* goes on when a ticket comes back */
			break;
		}
		/* While it waits, only answers count: who keeps asking for slow names gives way all the same. */
		if (connection->state != HF_TCP_WAITING)
			hf_tcp_slots_touch(all, connection);
		good = take_query(all, connection, message, length);
		at += HF_FRAMING_PREFIX + length;
		connection->queries++;
		if (had_its_queries(all, connection)) {
			stop_reading(connection);
			at = 0;
			break;
		}
	}
	if (at > 0) {
		memmove(connection->in, connection->in + at, connection->in_used - at);
		connection->in_used -= at;
	}
	if (!good || !write_out(all, connection)) {
		hf_tcp_slots_close(all, connection);
		return;
	}
	/* A client may close its side and still wait for answers (RFC 7766 §6.2.3 leaves it to us; be kind). */
	if (connection->finished && connection->under_way == 0 && !hf_tcp_slots_pending(connection) &&
	    (!all->starved || connection->in_used == 0)) {
		hf_tcp_slots_close(all, connection);
		return;
	}
	hf_tcp_slots_settle(all, connection);
	watch(all, connection);
}

static void read_in(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	ssize_t got = recv(connection->fd, connection->in + connection->in_used, HF_TCP_INPUT_OCTETS - connection->in_used,
			   MSG_DONTWAIT);

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			hf_tcp_slots_close(all, connection);
		return;
	}
	if (got == 0)
		connection->finished = true;
	connection->in_used += (size_t)got;
	advance(all, connection);
}

void hf_tcp_connections_ready(struct hf_tcp_connections *all, uint64_t data, uint32_t events)
{
	uint32_t slot = (uint32_t)data;
	struct hf_tcp_connection *connection;

	if (slot >= all->slots)
		return;
	connection = &all->connections[slot];
	if (connection->fd < 0 || connection->generation != data >> 32)
		return; /* closed earlier in this turn */
	if (events & (EPOLLERR | EPOLLHUP)) {
		hf_tcp_slots_close(all, connection);
		return;
	}
	if (events & EPOLLIN)
		read_in(all, connection);
	else if (events & EPOLLOUT)
		advance(all, connection);
}

bool hf_tcp_connections_take_answers(struct hf_tcp_connections *all)
{
	struct hf_ticket *ticket = NULL;
	unsigned taken = 0;

	for (; taken < ANSWERS_A_TURN && (ticket = hf_serve_next_answer(all->serve)); taken++) {
		struct arrival arrival = *(struct arrival *)ticket->arrival;
		struct hf_tcp_connection *connection = &all->connections[arrival.slot];
		bool good;

		if (connection->fd < 0 || connection->generation != arrival.generation) {
			hf_counters_drop(&all->serve->counters, HF_DROP_client_gone);
			hf_serve_release(all->serve, ticket);
			continue;
		}
		connection->under_way--;
		hf_serve_answered(all->serve, ticket);
		good = ticket->reply_length == 0 || send_reply(all, connection, ticket->reply, ticket->reply_length);
		hf_serve_release(all->serve, ticket);
		if (good)
			advance(all, connection);
		else
			hf_tcp_slots_close(all, connection);
	}
	if (all->starved && hf_ticket_pool_available(all->serve->tickets) > 0) {
		all->starved = false;
		/* From where the last round ended, so that each gets its turn. */
		for (unsigned i = 0; i < all->slots && !all->starved; i++) {
			struct hf_tcp_connection *connection = &all->connections[all->starved_next];

			all->starved_next = (all->starved_next + 1) % all->slots;
			if (connection->fd >= 0 && connection->in_used > 0)
				advance(all, connection);
		}
	}
	return ticket != NULL;
}

