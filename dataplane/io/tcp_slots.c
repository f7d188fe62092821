// SPDX-License-Identifier: BSD-3-Clause
/* Which connections stay: coming, going, and who gives way to whom. */
#include "io/tcp_slots.h"
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	SLEEP_MAX_MS = 1000,
	SLOW_READERS_LOOKED_AT = 64, /* to make room for one client */
	IDLE_SHARE_MIN = 8,	     /* the idle timeout shrinks to an eighth while few slots are free */
	KEEPALIVE_MAX = 0xffff,	     /* RFC 7828 §3.1 */
};
#define SLOW_READER_NS (2 * HF_NS_PER_SECOND) /* output stuck for so long: gives way to a new client */
#define WAITING_NS HF_NS_PER_SECOND /* waiting for slow names for so long, and no answer meanwhile: gives way, too */

void hf_tcp_slots_enter(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, enum hf_tcp_state state)
{
	TAILQ_REMOVE(&all->in[connection->state], connection, link);
	TAILQ_INSERT_TAIL(&all->in[state], connection, link);
	connection->state = state;
}

void hf_tcp_slots_touch(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	connection->active_ns = all->now.mono_ns;
	hf_tcp_slots_enter(all, connection, connection->state);
}

void hf_tcp_slots_drop_output(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	all->out_total -= connection->out_room;
	free(connection->out);
	connection->out = NULL;
	connection->out_used = connection->out_sent = connection->out_room = 0;
}

void hf_tcp_slots_close(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	connection->generation = (connection->generation + 1) & 0x7fffffff;
	hf_tcp_slots_drop_output(all, connection);
	hf_tcp_sources_remove(&connection->source);
	hf_tcp_slots_enter(all, connection, HF_TCP_FREE);
	atomic_fetch_sub_explicit(&all->count, 1, memory_order_relaxed);
}

void hf_tcp_slots_close_counted(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, enum hf_drop reason)
{
	hf_counters_drop(&all->serve->counters, reason);
	hf_tcp_slots_close(all, connection);
}

void hf_tcp_slots_settle(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	enum hf_tcp_state state = hf_tcp_slots_pending(connection) ? HF_TCP_WRITING : connection->under_way > 0 ? HF_TCP_WAITING : HF_TCP_IDLE;

	if (state == connection->state)
		return;
	connection->active_ns = all->now.mono_ns;
	hf_tcp_slots_enter(all, connection, state);
}

/* ---- coming and going ---- */

static uint64_t quiet_ns(const struct hf_tcp_connections *all, const struct hf_tcp_connection *connection)
{
	return all->now.mono_ns - connection->active_ns;
}

static bool is_slow_reader(const struct hf_tcp_connections *all, const struct hf_tcp_connection *connection)
{
	return connection->state == HF_TCP_WRITING && all->now.mono_ns - connection->pending_ns >= SLOW_READER_NS;
}

static bool is_long_waiting(const struct hf_tcp_connections *all, const struct hf_tcp_connection *connection)
{
	return connection->state == HF_TCP_WAITING && quiet_ns(all, connection) >= WAITING_NS;
}

/* Closes one that may give way: idle, or not taking its answers, or waiting for slow names. */
static bool displace_one(struct hf_tcp_connections *all, struct hf_tcp_connection *connection)
{
	if (connection && (connection->state == HF_TCP_IDLE || is_long_waiting(all, connection))) {
		hf_counter_add(&all->serve->counters.tcp_displaced, 1);
		hf_tcp_slots_close(all, connection);
		return true;
	}
	if (connection && is_slow_reader(all, connection)) {
		hf_tcp_slots_close_counted(all, connection, HF_DROP_tcp_slow_reader);
		return true;
	}
	return false;
}

bool hf_tcp_connections_displace(struct hf_tcp_connections *all)
{
	struct hf_tcp_connection *connection;
	unsigned looked_at = 0;

	if (displace_one(all, TAILQ_FIRST(&all->in[HF_TCP_IDLE])))
		return true;
	/* Who reads a little now and then is never idle; a few hundred such would keep everybody else out. */
	TAILQ_FOREACH(connection, &all->in[HF_TCP_WRITING], link)
	{
		if (displace_one(all, connection))
			return true;
		if (++looked_at == SLOW_READERS_LOOKED_AT)
			break;
	}
	return displace_one(all, TAILQ_FIRST(&all->in[HF_TCP_WAITING]));
}

/* Whether one more of this source may come in; else the source's own connections give way. So a client that opens them over and over
 * pushes out nobody else. */
static bool source_has_room(struct hf_tcp_connections *all, const struct hf_address *client)
{
	const struct hf_clients *clients = hf_serve_clients(all->serve->settings);
	unsigned limit = clients ? clients->tcp_per_source : 0, count = 0;
	struct hf_tcp_connection *oldest[HF_TCP_STATES] = {NULL};

	if (limit == 0)
		return true;
	for (struct hf_tcp_source *node = NULL; (node = hf_tcp_sources_next(all->sources, node, client));) {
		struct hf_tcp_connection *connection = caa_container_of(node, struct hf_tcp_connection, source);
		struct hf_tcp_connection **of_state = &oldest[connection->state];

		count++;
		if (!*of_state || connection->active_ns < (*of_state)->active_ns)
			*of_state = connection;
	}
	return count < limit || displace_one(all, oldest[HF_TCP_IDLE]) || displace_one(all, oldest[HF_TCP_WRITING]) ||
	       displace_one(all, oldest[HF_TCP_WAITING]);
}

static void turn_away(struct hf_tcp_connections *all, int fd, enum hf_drop reason)
{
	hf_counters_drop(&all->serve->counters, reason);
	close(fd);
}

void hf_tcp_connections_admit(struct hf_tcp_connections *all, int fd, const union hf_sockaddr *remote)
{
	struct hf_address client = hf_sockaddr_to_address(remote);
	struct hf_tcp_connection *connection;
	struct epoll_event event = {.events = EPOLLIN};
	int one = 1;

	if (!source_has_room(all, &client)) {
		turn_away(all, fd, HF_DROP_tcp_source);
		return;
	}
	if (TAILQ_EMPTY(&all->in[HF_TCP_FREE]) && !hf_tcp_connections_displace(all)) {
		turn_away(all, fd, HF_DROP_tcp_clients);
		return;
	}
	connection = TAILQ_FIRST(&all->in[HF_TCP_FREE]);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	event.data.u64 = (uint64_t)connection->generation << 32 | (uint64_t)(connection - all->connections);
	if (epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		turn_away(all, fd, HF_DROP_tcp_clients);
		return;
	}
	connection->fd = fd;
	connection->watched = EPOLLIN;
	connection->client = client;
	connection->active_ns = all->now.mono_ns;
	connection->under_way = connection->queries = 0;
	connection->finished = false;
	connection->in_used = 0;
	hf_tcp_slots_enter(all, connection, HF_TCP_IDLE);
	hf_tcp_sources_add(all->sources, &connection->source, &client);
	atomic_fetch_add_explicit(&all->count, 1, memory_order_relaxed);
	hf_counter_add(&all->serve->counters.tcp_accepted, 1);
}

/* The configured timeout while at least half of the slots are free; then it shrinks with them (RFC 7766 §6.2.3 lets a busy server). */
static uint64_t idle_ns_now(const struct hf_tcp_connections *all)
{
	uint64_t configured = atomic_load_explicit(&all->idle_ms, memory_order_relaxed) * HF_NS_PER_MS;
	uint64_t free_slots = all->slots - hf_tcp_connections_count(all), shrunk = configured * 2 * free_slots / all->slots;

	if (free_slots * 2 >= all->slots)
		return configured;
	return shrunk > configured / IDLE_SHARE_MIN ? shrunk : configured / IDLE_SHARE_MIN;
}

void hf_tcp_connections_set_now(struct hf_tcp_connections *all, struct hf_now now)
{
	uint64_t free_slots = all->slots - hf_tcp_connections_count(all);
	uint64_t tenths = idle_ns_now(all) / (100 * HF_NS_PER_MS);

	all->now = now;
	/* 0 asks clients to close when they have their answers (RFC 7828 §3.3.2). */
	if (free_slots * IDLE_SHARE_MIN < all->slots)
		tenths = 0;
	all->serve->keepalive = (uint16_t)(tenths < KEEPALIVE_MAX ? tenths : KEEPALIVE_MAX);
}

/* Those that wait for us are let be; the resolver's deadline ends that. */
void hf_tcp_connections_expire(struct hf_tcp_connections *all)
{
	uint64_t taken_ns = atomic_load_explicit(&all->idle_ms, memory_order_relaxed) * HF_NS_PER_MS;
	struct hf_tcp_connection *connection;

	while ((connection = TAILQ_FIRST(&all->in[HF_TCP_IDLE])) && quiet_ns(all, connection) >= idle_ns_now(all)) {
		hf_counter_add(&all->serve->counters.tcp_idle_closed, 1);
		hf_tcp_slots_close(all, connection);
	}
	while ((connection = TAILQ_FIRST(&all->in[HF_TCP_WRITING])) && quiet_ns(all, connection) >= taken_ns)
		hf_tcp_slots_close_counted(all, connection, HF_DROP_tcp_slow_reader);
}

int hf_tcp_connections_sleep_ms(const struct hf_tcp_connections *all)
{
	uint64_t idle_ns = idle_ns_now(all), left = SLEEP_MAX_MS * HF_NS_PER_MS;

	for (enum hf_tcp_state state = HF_TCP_IDLE; state < HF_TCP_STATES; state++) {
		const struct hf_tcp_connection *oldest = TAILQ_FIRST(&all->in[state]);
		uint64_t end = oldest ? oldest->active_ns + idle_ns : UINT64_MAX;

		if (state != HF_TCP_WAITING && end < all->now.mono_ns + left)
			left = end > all->now.mono_ns ? end - all->now.mono_ns : 0;
	}
	return (int)((left + HF_NS_PER_MS - 1) / HF_NS_PER_MS);
}

/* ---- making and freeing ---- */

struct hf_tcp_connections *hf_tcp_connections_new(int epoll_fd, struct hf_serve *serve, unsigned slots,
						  unsigned idle_ms)
{
	struct hf_tcp_connections *all = calloc(1, sizeof(*all));
	uint8_t key[HF_SIPHASH_KEY];

	if (!all)
		return NULL;
	_Static_assert(sizeof(serve->dispatch->secret) == sizeof(key), "the cache's secret serves here, too");
	memcpy(key, serve->dispatch->secret, sizeof(key));
	all->connections = calloc(slots, sizeof(*all->connections));
	all->sources = hf_tcp_sources_new(slots, key);
	if (!all->connections || !all->sources) {
		hf_tcp_sources_free(all->sources);
		free(all->connections);
		free(all);
		return NULL;
	}
	all->epoll_fd = epoll_fd;
	all->serve = serve;
	all->slots = slots;
	atomic_init(&all->idle_ms, idle_ms);
	for (enum hf_tcp_state state = HF_TCP_FREE; state < HF_TCP_STATES; state++)
		TAILQ_INIT(&all->in[state]);
	for (unsigned i = 0; i < slots; i++) {
		all->connections[i].fd = -1;
		TAILQ_INSERT_TAIL(&all->in[HF_TCP_FREE], &all->connections[i], link);
	}
	return all;
}

void hf_tcp_connections_free(struct hf_tcp_connections *all)
{
	struct hf_tcp_connection *connection;

	if (!all)
		return;
	for (enum hf_tcp_state state = HF_TCP_IDLE; state < HF_TCP_STATES; state++)
		while ((connection = TAILQ_FIRST(&all->in[state])))
			hf_tcp_slots_close(all, connection);
	hf_tcp_sources_free(all->sources);
	free(all->connections);
	free(all);
}

void hf_tcp_connections_set_idle(struct hf_tcp_connections *all, unsigned idle_ms)
{
	atomic_store_explicit(&all->idle_ms, idle_ms, memory_order_relaxed);
}

unsigned hf_tcp_connections_count(const struct hf_tcp_connections *all)
{
	return atomic_load_explicit((_Atomic unsigned *)&all->count, memory_order_relaxed);
}
