// SPDX-License-Identifier: BSD-3-Clause
/* One connection's life: octets in, queries, replies as they come, octets out. */
#include "io/tcp_connection.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>
#include "io/framing.h"
#include "io/tcp.h"

enum {
	ANSWERS_A_TURN = 256,
	SLEEP_MAX_MS = 1000,
	INPUT_OCTETS = HF_FRAMING_PREFIX + HF_SERVE_QUERY_MAX,
	OUTPUT_OCTETS = 256 << 10, /* replies not yet taken; above, the connection is not read */
	OUTPUT_OCTETS_MAX = 1 << 20, /* answers to what was read before still come; above, it is closed */
};
#define SLOW_READER_NS (2 * HF_NS_PER_SECOND) /* output stuck for so long: gives way to a new client */

struct connection {
	TAILQ_ENTRY(connection) link; /* among the open ones by activity, longest idle first; or among the free */
	int fd;
	uint32_t generation;
	uint32_t watched; /* epoll events */
	struct hf_address client;
	uint64_t active_ns;
	unsigned under_way; /* misses */
	bool finished;	    /* the client will send no more */
	size_t in_used;
	uint8_t *out;
	size_t out_used, out_sent, out_room;
	uint64_t pending_ns; /* since when there is output */
	uint8_t in[INPUT_OCTETS];
};
TAILQ_HEAD(connections, connection);

/* The way a query came, kept in its ticket. */
struct arrival {
	uint32_t slot, generation;
};

struct hf_tcp_connections {
	struct hf_serve *serve;
	int epoll_fd;
	unsigned slots;
	struct connection *connections;
	struct connections open, free;
	bool starved; /* some connection waits for a ticket */
	_Atomic unsigned count;
	_Atomic unsigned idle_ms;
	struct hf_now now; /* of this turn */
	struct hf_request request;
	uint8_t reply[HF_FRAMING_PREFIX + HF_MESSAGE_MAX];
};

/* ---- connections ---- */

static void touch(struct hf_tcp_connections *all, struct connection *connection)
{
	connection->active_ns = all->now.mono_ns;
	TAILQ_REMOVE(&all->open, connection, link);
	TAILQ_INSERT_TAIL(&all->open, connection, link);
}

static void close_connection(struct hf_tcp_connections *all, struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	connection->generation = (connection->generation + 1) & 0x7fffffff;
	free(connection->out);
	connection->out = NULL;
	TAILQ_REMOVE(&all->open, connection, link);
	TAILQ_INSERT_HEAD(&all->free, connection, link);
	atomic_fetch_sub_explicit(&all->count, 1, memory_order_relaxed);
}

static void close_counted(struct hf_tcp_connections *all, struct connection *connection, enum hf_drop reason)
{
	hf_counters_drop(&all->serve->counters, reason);
	close_connection(all, connection);
}

static size_t out_pending(const struct connection *connection)
{
	return connection->out_used - connection->out_sent;
}

/* Whether the next query of this connection may be taken now. */
static bool may_take(const struct connection *connection)
{
	return connection->under_way < HF_TCP_PIPELINE && out_pending(connection) < OUTPUT_OCTETS;
}

/* Watches for what the connection can use. Reading stops while it may not have more queries, and resumes with its
 * next reply: the client feels the kernel's window close. */
static void watch(struct hf_tcp_connections *all, struct connection *connection)
{
	bool room = connection->in_used < INPUT_OCTETS;
	uint32_t wanted = (!connection->finished && room && may_take(connection) ? EPOLLIN : 0) |
			  (out_pending(connection) ? EPOLLOUT : 0);
	struct epoll_event event = {.events = wanted};

	if (wanted == connection->watched)
		return;
	event.data.u64 = (uint64_t)connection->generation << 32 | (uint64_t)(connection - all->connections);
	if (epoll_ctl(all->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) == 0)
		connection->watched = wanted;
}

/* ---- writing ---- */

/* False when the connection failed. */
static bool write_out(struct hf_tcp_connections *all, struct connection *connection)
{
	while (out_pending(connection)) {
		ssize_t sent = send(connection->fd, connection->out + connection->out_sent, out_pending(connection),
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN;
		connection->out_sent += (size_t)sent;
		touch(all, connection);
	}
	/* An idle connection holds no memory beside its slot. */
	free(connection->out);
	connection->out = NULL;
	connection->out_used = connection->out_sent = connection->out_room = 0;
	return true;
}

/* Puts octets behind what still waits to be sent. */
static bool append(struct connection *connection, const uint8_t *bytes, size_t length)
{
	if (connection->out_sent > 0) {
		memmove(connection->out, connection->out + connection->out_sent, out_pending(connection));
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
		connection->out_room = room;
	}
	memcpy(connection->out + connection->out_used, bytes, length);
	connection->out_used += length;
	return true;
}

/* False when there is no memory, or the client takes nothing. */
static bool send_reply(struct hf_tcp_connections *all, struct connection *connection, const uint8_t *reply,
		       size_t length)
{
	uint8_t prefix[HF_FRAMING_PREFIX];

	if (!out_pending(connection))
		connection->pending_ns = all->now.mono_ns;
	if (out_pending(connection) + sizeof(prefix) + length > OUTPUT_OCTETS_MAX) {
		hf_counters_drop(&all->serve->counters, HF_DROP_tcp_slow_reader);
		return false;
	}
	hf_framing_write_prefix(prefix, length);
	return append(connection, prefix, sizeof(prefix)) && append(connection, reply, length);
}

/* ---- queries ---- */

static bool take_query(struct hf_tcp_connections *all, struct connection *connection, const uint8_t *message,
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

/* Takes what whole queries there are, writes replies, closes when nothing is left to wait for. The connection may be
 * gone afterwards. */
static void advance(struct hf_tcp_connections *all, struct connection *connection)
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
			close_counted(all, connection, HF_DROP_tcp_framing);
			return;
		}
		if (hf_ticket_pool_available(all->serve->tickets) == 0) {
			all->starved = true; /* goes on when a ticket comes back */
			break;
		}
		touch(all, connection);
		good = take_query(all, connection, message, length);
		at += HF_FRAMING_PREFIX + length;
	}
	if (at > 0) {
		memmove(connection->in, connection->in + at, connection->in_used - at);
		connection->in_used -= at;
	}
	if (!good || !write_out(all, connection)) {
		close_connection(all, connection);
		return;
	}
	/* A client may close its side and still wait for answers (RFC 7766 §6.2.3 leaves it to us; be kind). */
	if (connection->finished && connection->under_way == 0 && !out_pending(connection) && !all->starved) {
		close_connection(all, connection);
		return;
	}
	watch(all, connection);
}

static void read_in(struct hf_tcp_connections *all, struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->in + connection->in_used, INPUT_OCTETS - connection->in_used,
			   MSG_DONTWAIT);

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			close_connection(all, connection);
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
	struct connection *connection;

	if (slot >= all->slots)
		return;
	connection = &all->connections[slot];
	if (connection->fd < 0 || connection->generation != data >> 32)
		return; /* closed earlier in this turn */
	if (events & (EPOLLERR | EPOLLHUP)) {
		close_connection(all, connection);
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
		struct connection *connection = &all->connections[arrival.slot];
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
			close_connection(all, connection);
	}
	if (all->starved && hf_ticket_pool_available(all->serve->tickets) > 0) {
		struct connection *connection, *next;

		all->starved = false;
		for (connection = TAILQ_FIRST(&all->open); connection; connection = next) {
			next = TAILQ_NEXT(connection, link);
			advance(all, connection);
		}
	}
	return ticket != NULL;
}

/* ---- coming and going ---- */

bool hf_tcp_connections_displace(struct hf_tcp_connections *all)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &all->open, link)
	{
		if (connection->under_way == 0 && !out_pending(connection)) {
			hf_counter_add(&all->serve->counters.tcp_displaced, 1);
			close_connection(all, connection);
			return true;
		}
	}
	/* Who reads a little now and then is never idle; a few hundred such would keep everybody else out. */
	TAILQ_FOREACH(connection, &all->open, link)
	{
		if (out_pending(connection) && all->now.mono_ns - connection->pending_ns >= SLOW_READER_NS) {
			close_counted(all, connection, HF_DROP_tcp_slow_reader);
			return true;
		}
	}
	return false;
}

void hf_tcp_connections_admit(struct hf_tcp_connections *all, int fd, const union hf_sockaddr *remote)
{
	struct connection *connection;
	struct epoll_event event = {.events = EPOLLIN};
	int one = 1;

	if (TAILQ_EMPTY(&all->free) && !hf_tcp_connections_displace(all)) {
		hf_counters_drop(&all->serve->counters, HF_DROP_tcp_clients);
		close(fd);
		return;
	}
	connection = TAILQ_FIRST(&all->free);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	event.data.u64 = (uint64_t)connection->generation << 32 | (uint64_t)(connection - all->connections);
	if (epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		hf_counters_drop(&all->serve->counters, HF_DROP_tcp_clients);
		close(fd);
		return;
	}
	TAILQ_REMOVE(&all->free, connection, link);
	TAILQ_INSERT_TAIL(&all->open, connection, link);
	connection->fd = fd;
	connection->watched = EPOLLIN;
	connection->client = hf_sockaddr_to_address(remote);
	connection->active_ns = all->now.mono_ns;
	connection->under_way = 0;
	connection->finished = false;
	connection->in_used = connection->out_used = connection->out_sent = connection->out_room = 0;
	atomic_fetch_add_explicit(&all->count, 1, memory_order_relaxed);
	hf_counter_add(&all->serve->counters.tcp_accepted, 1);
}

void hf_tcp_connections_expire(struct hf_tcp_connections *all)
{
	uint64_t idle_ns = atomic_load_explicit(&all->idle_ms, memory_order_relaxed) * HF_NS_PER_MS;
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&all->open)) && all->now.mono_ns - connection->active_ns >= idle_ns) {
		if (out_pending(connection)) {
			close_counted(all, connection, HF_DROP_tcp_slow_reader);
		} else if (connection->under_way > 0) {
			touch(all, connection); /* it waits for us; the resolver's deadline ends that */
		} else {
			hf_counter_add(&all->serve->counters.tcp_idle_closed, 1);
			close_connection(all, connection);
		}
	}
}

int hf_tcp_connections_sleep_ms(const struct hf_tcp_connections *all)
{
	uint64_t idle_ns = atomic_load_explicit(&all->idle_ms, memory_order_relaxed) * HF_NS_PER_MS;
	const struct connection *oldest = TAILQ_FIRST(&all->open);
	uint64_t end, left;

	if (!oldest)
		return SLEEP_MAX_MS;
	end = oldest->active_ns + idle_ns;
	left = end > all->now.mono_ns ? end - all->now.mono_ns : 0;
	return left >= SLEEP_MAX_MS * HF_NS_PER_MS ? SLEEP_MAX_MS : (int)((left + HF_NS_PER_MS - 1) / HF_NS_PER_MS);
}

/* ---- making and freeing ---- */

struct hf_tcp_connections *hf_tcp_connections_new(int epoll_fd, struct hf_serve *serve, unsigned slots,
						  unsigned idle_ms)
{
	struct hf_tcp_connections *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->connections = calloc(slots, sizeof(*all->connections));
	if (!all->connections) {
		free(all);
		return NULL;
	}
	all->epoll_fd = epoll_fd;
	all->serve = serve;
	all->slots = slots;
	atomic_init(&all->idle_ms, idle_ms);
	TAILQ_INIT(&all->open);
	TAILQ_INIT(&all->free);
	for (unsigned i = 0; i < slots; i++) {
		all->connections[i].fd = -1;
		TAILQ_INSERT_TAIL(&all->free, &all->connections[i], link);
	}
	return all;
}

void hf_tcp_connections_free(struct hf_tcp_connections *all)
{
	struct connection *connection;

	if (!all)
		return;
	while ((connection = TAILQ_FIRST(&all->open)))
		close_connection(all, connection);
	free(all->connections);
	free(all);
}

void hf_tcp_connections_set_now(struct hf_tcp_connections *all, struct hf_now now)
{
	all->now = now;
}

void hf_tcp_connections_set_idle(struct hf_tcp_connections *all, unsigned idle_ms)
{
	atomic_store_explicit(&all->idle_ms, idle_ms, memory_order_relaxed);
}

unsigned hf_tcp_connections_count(const struct hf_tcp_connections *all)
{
	return atomic_load_explicit((_Atomic unsigned *)&all->count, memory_order_relaxed);
}
