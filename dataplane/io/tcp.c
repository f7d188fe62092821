// SPDX-License-Identifier: BSD-3-Clause
/* The TCP listener and its connections. */
#include "io/tcp.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/framing.h"
#include "io/sockaddr.h"

enum {
	EVENTS_A_TURN = 64,
	ACCEPTS_A_TURN = 32,
	ANSWERS_A_TURN = 256,
	BACKLOG = 512,
	SLEEP_MAX_MS = 1000,
	INPUT_OCTETS = HF_FRAMING_PREFIX + HF_SERVE_QUERY_MAX,
	OUTPUT_OCTETS = 256 << 10, /* replies not yet taken; above, the connection is not read */
};
/* epoll_event.data.u64: generation << 32 | slot for connections. */
#define MAILBOX_EVENT UINT64_MAX
#define LISTENER_EVENT (UINT64_C(1) << 63) /* | number of the listener */

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
	uint8_t in[INPUT_OCTETS];
};
TAILQ_HEAD(connections, connection);

/* The way a query came, kept in its ticket. */
struct arrival {
	uint32_t slot, generation;
};

struct hf_tcp {
	struct hf_serve *serve;
	int epoll_fd;
	unsigned listener_count;
	int *listeners;
	bool listeners_paused; /* no descriptor was left for accept(); tried again at the next turn */
	unsigned slots;
	struct connection *connections;
	struct connections open, free;
	bool starved; /* some connection waits for a ticket */
	_Atomic unsigned clients;
	_Atomic unsigned idle_ms;
	struct hf_now now; /* of this turn */
	struct hf_request request;
	uint8_t reply[HF_FRAMING_PREFIX + HF_MESSAGE_MAX];
};

/* ---- connections ---- */

static void touch(struct hf_tcp *tcp, struct connection *connection)
{
	connection->active_ns = tcp->now.mono_ns;
	TAILQ_REMOVE(&tcp->open, connection, link);
	TAILQ_INSERT_TAIL(&tcp->open, connection, link);
}

static void close_connection(struct hf_tcp *tcp, struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	connection->generation = (connection->generation + 1) & 0x7fffffff;
	free(connection->out);
	connection->out = NULL;
	TAILQ_REMOVE(&tcp->open, connection, link);
	TAILQ_INSERT_HEAD(&tcp->free, connection, link);
	atomic_fetch_sub_explicit(&tcp->clients, 1, memory_order_relaxed);
}

static void close_counted(struct hf_tcp *tcp, struct connection *connection, enum hf_drop reason)
{
	hf_counters_drop(&tcp->serve->counters, reason);
	close_connection(tcp, connection);
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
static void watch(struct hf_tcp *tcp, struct connection *connection)
{
	bool room = connection->in_used < INPUT_OCTETS;
	uint32_t wanted = (!connection->finished && room && may_take(connection) ? EPOLLIN : 0) |
			  (out_pending(connection) ? EPOLLOUT : 0);
	struct epoll_event event = {.events = wanted};

	if (wanted == connection->watched)
		return;
	event.data.u64 = (uint64_t)connection->generation << 32 | (uint64_t)(connection - tcp->connections);
	if (epoll_ctl(tcp->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) == 0)
		connection->watched = wanted;
}

/* ---- writing ---- */

/* False when the connection failed. */
static bool write_out(struct hf_tcp *tcp, struct connection *connection)
{
	while (out_pending(connection)) {
		ssize_t sent = send(connection->fd, connection->out + connection->out_sent, out_pending(connection),
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN;
		connection->out_sent += (size_t)sent;
		touch(tcp, connection);
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

static bool send_reply(struct connection *connection, const uint8_t *reply, size_t length)
{
	uint8_t prefix[HF_FRAMING_PREFIX];

	hf_framing_write_prefix(prefix, length);
	return append(connection, prefix, sizeof(prefix)) && append(connection, reply, length);
}

/* ---- queries ---- */

static bool take_query(struct hf_tcp *tcp, struct connection *connection, const uint8_t *message, size_t length)
{
	struct hf_request *request = &tcp->request;
	struct hf_ticket *ticket;

	request->packet = message;
	request->length = length;
	request->reply = tcp->reply;
	request->capacity = HF_MESSAGE_MAX;
	request->client = connection->client;
	hf_serve_burst(tcp->serve, request, 1, tcp->now);
	switch (request->outcome) {
	case HF_OUTCOME_REPLY:
		return send_reply(connection, request->reply, request->reply_length);
	case HF_OUTCOME_MISS:
		ticket = hf_serve_take_ticket(tcp->serve, request, tcp->now);
		if (!ticket)
			return true; /* counted */
		*(struct arrival *)ticket->arrival = (struct arrival){
			.slot = (uint32_t)(connection - tcp->connections),
			.generation = connection->generation,
		};
		connection->under_way++;
		hf_serve_submit(tcp->serve, ticket);
		return true;
	case HF_OUTCOME_DROP:
		break;
	}
	return true;
}

/* Takes what whole queries there are, writes replies, closes when nothing is left to wait for. The connection may be gone
 * afterwards. */
static void advance(struct hf_tcp *tcp, struct connection *connection)
{
	size_t at = 0;
	bool good = true;

	while (good && may_take(connection)) {
		const uint8_t *message;
		size_t length;
		enum hf_framing framing = hf_framing_next(connection->in + at, connection->in_used - at, HF_SERVE_QUERY_MAX,
							  &message, &length);

		if (framing == HF_FRAMING_PARTIAL)
			break;
		if (framing == HF_FRAMING_FAULT) {
			close_counted(tcp, connection, HF_DROP_tcp_framing);
			return;
		}
		if (hf_ticket_pool_available(tcp->serve->tickets) == 0) {
			tcp->starved = true; /* goes on when a ticket comes back */
			break;
		}
		touch(tcp, connection);
		good = take_query(tcp, connection, message, length);
		at += HF_FRAMING_PREFIX + length;
	}
	if (at > 0) {
		memmove(connection->in, connection->in + at, connection->in_used - at);
		connection->in_used -= at;
	}
	if (!good || !write_out(tcp, connection)) {
		close_connection(tcp, connection);
		return;
	}
	/* A client may close its side and still wait for answers (RFC 7766 §6.2.3 leaves it to us; be kind). */
	if (connection->finished && connection->under_way == 0 && !out_pending(connection) && !tcp->starved) {
		close_connection(tcp, connection);
		return;
	}
	watch(tcp, connection);
}

static void read_in(struct hf_tcp *tcp, struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->in + connection->in_used, INPUT_OCTETS - connection->in_used,
			   MSG_DONTWAIT);

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			close_connection(tcp, connection);
		return;
	}
	if (got == 0)
		connection->finished = true;
	connection->in_used += (size_t)got;
	advance(tcp, connection);
}

static void ready(struct hf_tcp *tcp, uint64_t data, uint32_t events)
{
	uint32_t slot = (uint32_t)data;
	struct connection *connection;

	if (slot >= tcp->slots)
		return;
	connection = &tcp->connections[slot];
	if (connection->fd < 0 || connection->generation != data >> 32)
		return; /* closed earlier in this turn */
	if (events & (EPOLLERR | EPOLLHUP)) {
		close_connection(tcp, connection);
		return;
	}
	if (events & EPOLLIN)
		read_in(tcp, connection);
	else if (events & EPOLLOUT)
		advance(tcp, connection);
}

/* True when there may be more. */
static bool take_answers(struct hf_tcp *tcp)
{
	struct hf_ticket *ticket = NULL;
	unsigned taken = 0;

	for (; taken < ANSWERS_A_TURN && (ticket = hf_serve_next_answer(tcp->serve)); taken++) {
		struct arrival arrival = *(struct arrival *)ticket->arrival;
		struct connection *connection = &tcp->connections[arrival.slot];
		bool good;

		if (connection->fd < 0 || connection->generation != arrival.generation) {
			hf_counters_drop(&tcp->serve->counters, HF_DROP_client_gone);
			hf_serve_release(tcp->serve, ticket);
			continue;
		}
		connection->under_way--;
		hf_serve_answered(tcp->serve, ticket);
		good = ticket->reply_length == 0 || send_reply(connection, ticket->reply, ticket->reply_length);
		hf_serve_release(tcp->serve, ticket);
		if (good)
			advance(tcp, connection);
		else
			close_connection(tcp, connection);
	}
	if (tcp->starved && hf_ticket_pool_available(tcp->serve->tickets) > 0) {
		struct connection *connection, *next;

		tcp->starved = false;
		for (connection = TAILQ_FIRST(&tcp->open); connection; connection = next) {
			next = TAILQ_NEXT(connection, link);
			advance(tcp, connection);
		}
	}
	return ticket != NULL;
}

/* ---- accepting ---- */

/* Closes the connection that has been idle longest, if any is idle. */
static bool displace(struct hf_tcp *tcp)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &tcp->open, link) {
		if (connection->under_way == 0 && !out_pending(connection)) {
			hf_counter_add(&tcp->serve->counters.tcp_displaced, 1);
			close_connection(tcp, connection);
			return true;
		}
	}
	return false;
}

static void admit(struct hf_tcp *tcp, int fd, const union hf_sockaddr *remote)
{
	struct connection *connection;
	struct epoll_event event = {.events = EPOLLIN};
	int one = 1;

	if (TAILQ_EMPTY(&tcp->free) && !displace(tcp)) {
		hf_counters_drop(&tcp->serve->counters, HF_DROP_tcp_clients);
		close(fd);
		return;
	}
	connection = TAILQ_FIRST(&tcp->free);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	event.data.u64 = (uint64_t)connection->generation << 32 | (uint64_t)(connection - tcp->connections);
	if (epoll_ctl(tcp->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		hf_counters_drop(&tcp->serve->counters, HF_DROP_tcp_clients);
		close(fd);
		return;
	}
	TAILQ_REMOVE(&tcp->free, connection, link);
	TAILQ_INSERT_TAIL(&tcp->open, connection, link);
	connection->fd = fd;
	connection->watched = EPOLLIN;
	connection->client = hf_sockaddr_to_address(remote);
	connection->active_ns = tcp->now.mono_ns;
	connection->under_way = 0;
	connection->finished = false;
	connection->in_used = connection->out_used = connection->out_sent = connection->out_room = 0;
	atomic_fetch_add_explicit(&tcp->clients, 1, memory_order_relaxed);
	hf_counter_add(&tcp->serve->counters.tcp_accepted, 1);
}

static void watch_listeners(struct hf_tcp *tcp, bool on)
{
	for (unsigned i = 0; i < tcp->listener_count; i++) {
		struct epoll_event event = {.events = on ? EPOLLIN : 0, .data.u64 = LISTENER_EVENT | i};

		epoll_ctl(tcp->epoll_fd, EPOLL_CTL_MOD, tcp->listeners[i], &event);
	}
	tcp->listeners_paused = !on;
}

static void accept_some(struct hf_tcp *tcp, unsigned listener)
{
	if (listener >= tcp->listener_count)
		return;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		union hf_sockaddr remote;
		socklen_t length = sizeof(remote);
		int fd = accept4(tcp->listeners[listener], &remote.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			admit(tcp, fd, &remote);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			hf_log(HF_LOG_WARNING, "tcp-accept", "text=\"%s\"", strerror(errno));
			if (!displace(tcp))
				watch_listeners(tcp, false); /* else the event would spin */
			return;
		}
		if (errno == EAGAIN)
			return;
		/* Anything else is about the one connection that came and went (accept(2)). */
	}
}

/* ---- the loop ---- */

static void expire(struct hf_tcp *tcp)
{
	uint64_t idle_ns = atomic_load_explicit(&tcp->idle_ms, memory_order_relaxed) * HF_NS_PER_MS;
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&tcp->open)) && tcp->now.mono_ns - connection->active_ns >= idle_ns) {
		if (out_pending(connection)) {
			close_counted(tcp, connection, HF_DROP_tcp_slow_reader);
		} else if (connection->under_way > 0) {
			touch(tcp, connection); /* it waits for us; the resolver's deadline ends that */
		} else {
			hf_counter_add(&tcp->serve->counters.tcp_idle_closed, 1);
			close_connection(tcp, connection);
		}
	}
}

static int sleep_ms(const struct hf_tcp *tcp)
{
	uint64_t idle_ns = atomic_load_explicit(&tcp->idle_ms, memory_order_relaxed) * HF_NS_PER_MS;
	const struct connection *oldest = TAILQ_FIRST(&tcp->open);
	uint64_t end, left;

	if (!oldest)
		return SLEEP_MAX_MS;
	end = oldest->active_ns + idle_ns;
	left = end > tcp->now.mono_ns ? end - tcp->now.mono_ns : 0;
	return left >= SLEEP_MAX_MS * HF_NS_PER_MS ? SLEEP_MAX_MS : (int)((left + HF_NS_PER_MS - 1) / HF_NS_PER_MS);
}

void hf_tcp_run(void *argument, struct hf_thread *self)
{
	struct hf_tcp *tcp = argument;
	struct hf_mailbox *mailbox = &tcp->serve->mailbox;
	struct epoll_event events[EVENTS_A_TURN];

	tcp->now = hf_clock_now();
	while (!hf_thread_stopping(self)) {
		bool more = take_answers(tcp), signalled = false, may_sleep;
		int count;

		hf_thread_beat(self);
		may_sleep = !more && hf_mailbox_sleep(mailbox);
		rcu_thread_offline();
		count = epoll_wait(tcp->epoll_fd, events, EVENTS_A_TURN, may_sleep ? sleep_ms(tcp) : 0);
		rcu_thread_online();
		for (int i = 0; i < count; i++)
			signalled |= events[i].data.u64 == MAILBOX_EVENT;
		hf_mailbox_awake(mailbox, signalled);
		tcp->now = hf_clock_now();
		if (tcp->listeners_paused)
			watch_listeners(tcp, true);
		for (int i = 0; i < count; i++) {
			if (events[i].data.u64 == MAILBOX_EVENT)
				continue;
			if (events[i].data.u64 & LISTENER_EVENT)
				accept_some(tcp, (unsigned)(events[i].data.u64 & ~LISTENER_EVENT));
			else
				ready(tcp, events[i].data.u64, events[i].events);
			rcu_quiescent_state();
		}
		expire(tcp);
	}
}

/* ---- making and freeing ---- */

static int bind_listener(const struct hf_address *address)
{
	union hf_sockaddr local;
	socklen_t length = hf_sockaddr_from_address(address, &local);
	int one = 1, saved, fd = socket(local.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* REUSEADDR: connections of an earlier process in TIME_WAIT do not hold the port; a listening one does. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    (address->family == 4 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, &local.any, length) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

struct hf_tcp *hf_tcp_new(const struct hf_config *config, struct hf_serve *serve, char error[HF_IO_ERROR_MAX])
{
	struct hf_tcp *tcp = calloc(1, sizeof(*tcp));
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = MAILBOX_EVENT};

	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	if (!tcp)
		return NULL;
	tcp->serve = serve;
	TAILQ_INIT(&tcp->open);
	TAILQ_INIT(&tcp->free);
	atomic_init(&tcp->idle_ms, config->tcp_idle_ms);
	tcp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	tcp->listeners = calloc(config->listen_count, sizeof(*tcp->listeners));
	tcp->connections = calloc(config->tcp_clients, sizeof(*tcp->connections));
	if (tcp->epoll_fd < 0 || !tcp->listeners || !tcp->connections ||
	    epoll_ctl(tcp->epoll_fd, EPOLL_CTL_ADD, serve->mailbox.event_fd, &event) != 0)
		goto fault;
	tcp->slots = config->tcp_clients;
	for (unsigned i = 0; i < tcp->slots; i++) {
		tcp->connections[i].fd = -1;
		TAILQ_INSERT_TAIL(&tcp->free, &tcp->connections[i], link);
	}
	for (size_t i = 0; i < config->listen_count; i++) {
		char text[HF_ADDRESS_TEXT_MAX];
		int fd = bind_listener(&config->listen[i]);

		if (fd < 0) {
			snprintf(error, HF_IO_ERROR_MAX, "listen: %s over TCP: %s%s",
				 hf_address_to_text(&config->listen[i], text), strerror(errno),
				 errno == EADDRINUSE ? " (is another name server or holdfast-dataplane running there?)" : "");
			goto fault;
		}
		tcp->listeners[tcp->listener_count++] = fd;
	}
	return tcp;
fault:
	hf_tcp_free(tcp);
	return NULL;
}

bool hf_tcp_listen(struct hf_tcp *tcp, char error[HF_IO_ERROR_MAX])
{
	for (unsigned i = 0; i < tcp->listener_count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = LISTENER_EVENT | i};

		if (listen(tcp->listeners[i], BACKLOG) != 0 ||
		    epoll_ctl(tcp->epoll_fd, EPOLL_CTL_ADD, tcp->listeners[i], &event) != 0) {
			snprintf(error, HF_IO_ERROR_MAX, "listen over TCP: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

void hf_tcp_free(struct hf_tcp *tcp)
{
	struct connection *connection;

	if (!tcp)
		return;
	while ((connection = TAILQ_FIRST(&tcp->open)))
		close_connection(tcp, connection);
	for (unsigned i = 0; i < tcp->listener_count; i++)
		close(tcp->listeners[i]);
	if (tcp->epoll_fd >= 0)
		close(tcp->epoll_fd);
	free(tcp->listeners);
	free(tcp->connections);
	free(tcp);
}

void hf_tcp_set_idle(struct hf_tcp *tcp, unsigned idle_ms)
{
	atomic_store_explicit(&tcp->idle_ms, idle_ms, memory_order_relaxed);
}

unsigned hf_tcp_clients(const struct hf_tcp *tcp)
{
	return atomic_load_explicit((_Atomic unsigned *)&tcp->clients, memory_order_relaxed);
}
