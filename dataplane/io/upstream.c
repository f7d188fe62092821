// SPDX-License-Identifier: BSD-3-Clause
/* Sockets towards servers. Nothing here looks into a message: what comes in goes to the resolver, which matches it. */
#include "io/upstream.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>
#include "io/framing.h"
#include "io/sockaddr.h"
#include "wire/message.h"

enum {
	PORT_TRIES = 32,      /* draws until a source port is free */
	DATAGRAMS_A_TURN = 8, /* of one exchange, so that a flood at one port does not hold up the others */
	STEERED_BURSTS_A_TURN = 4,
	STEERED_ERRORS_A_TURN = 16,
	QUOTED = 2, /* octets by which an ICMP error's exchange is known, beside the server: the query's ID */
};

/* Slots that events of the sockets for steered replies name, above all real ones. */
#define STEERED_SLOT(family) (UINT32_MAX - (family))

struct exchange {
	LIST_ENTRY(exchange) link; /* in its hash bucket, or in the free list */
	uint64_t id;
	uint32_t generation; /* tells events of this use of the slot from those of earlier ones */
	int fd;		  /* -1: steered, or not in use */
	uint16_t port;	  /* steered: the source port; else 0 */
	uint8_t source[16], quoted[QUOTED]; /* steered: where it was sent from, how it begins */
	bool tcp;
	struct hf_address server;
	/* TCP: the query until it is out, then the reply as it comes in; both with their length prefix. */
	uint8_t *stream;
	size_t length, done;
	bool sending;
	uint8_t prefix[2];
};
LIST_HEAD(exchange_list, exchange);

struct hf_upstream {
	int epoll_fd;
	const struct hf_source_ports *ports;
	struct hf_random random;
	struct hf_upstream_sink sink;
	struct hf_address source_ipv4, source_ipv6;
	struct hf_steer_lane *lane;
	uint32_t *slot_of_port; /* of steered exchanges */
	unsigned slots, open, bucket_mask, touched; /* slots above `touched` were never used */
	struct exchange *exchanges;
	struct exchange_list free;
	struct exchange_list *buckets;
	uint8_t datagram[HF_MESSAGE_MAX];
	struct hf_steer_datagram steered[HF_STEER_BURST];
	/* Source ports of what could not be sent, until hf_upstream_flush() tells of it. */
	unsigned failed_count;
	uint16_t failed[4 * HF_STEER_FAMILIES * HF_STEER_BURST];
};

/* ---- source ports ---- */

static void strike_out(bool *usable, unsigned from, unsigned to)
{
	for (unsigned port = from; port <= to && port < 65536; port++)
		usable[port] = false;
}

static void strike_out_reserved(bool *usable)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_reserved_ports", "re");
	unsigned from, to;

	if (!file)
		return; /* no such file in some containers: then nothing is known to be reserved */
	while (fscanf(file, " %u", &from) == 1) {
		to = from;
		if (fscanf(file, "-%u", &to) != 1)
			to = from;
		strike_out(usable, from, to);
		if (fgetc(file) != ',')
			break;
	}
	fclose(file);
}

struct hf_source_ports *hf_source_ports_new(const struct hf_config *config)
{
	struct hf_source_ports *ports = calloc(1, sizeof(*ports));
	bool usable[65536];

	if (!ports)
		return NULL;
	for (unsigned port = 0; port < 65536; port++)
		usable[port] = port >= 1024;
	strike_out_reserved(usable);
	for (size_t i = 0; i < config->listen_count; i++)
		usable[config->listen[i].port] = false;
	if (config->http.family)
		usable[config->http.port] = false;
	for (unsigned port = 0; port < 65536; port++)
		if (usable[port])
			ports->ports[ports->count++] = (uint16_t)port;
	return ports;
}

/* ---- the table of exchanges ---- */

static struct exchange_list *bucket_of(struct hf_upstream *upstream, uint64_t id)
{
	return &upstream->buckets[(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & upstream->bucket_mask];
}

static struct exchange *find(struct hf_upstream *upstream, uint64_t id)
{
	struct exchange *exchange;

	LIST_FOREACH(exchange, bucket_of(upstream, id), link)
	if (exchange->id == id)
		return exchange;
	return NULL;
}

static bool is_open(const struct exchange *exchange)
{
	return exchange->fd >= 0 || exchange->port;
}

static void close_exchange(struct hf_upstream *upstream, struct exchange *exchange)
{
	if (exchange->port)
		hf_steer_give_port(upstream->lane, exchange->port);
	else
		close(exchange->fd); /* leaves the epoll set by itself */
	free(exchange->stream);
	exchange->port = 0;
	exchange->stream = NULL;
	exchange->fd = -1;
	exchange->generation = (exchange->generation + 1) & 0x7fffffff;
	LIST_REMOVE(exchange, link);
	LIST_INSERT_HEAD(&upstream->free, exchange, link);
	upstream->open--;
}

static void fail(struct hf_upstream *upstream, struct exchange *exchange)
{
	uint64_t id = exchange->id;

	close_exchange(upstream, exchange);
	upstream->sink.failed(upstream->sink.state, id);
}

static bool watch_lane(int epoll_fd, const struct hf_steer_lane *lane)
{
	for (unsigned family = 0; family < HF_STEER_FAMILIES; family++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = STEERED_SLOT(family)};
		int fd = hf_steer_lane_fd(lane, family);

		if (fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
			return false;
	}
	return true;
}

struct hf_upstream *hf_upstream_new(int epoll_fd, unsigned exchanges, const struct hf_source_ports *ports,
				    const struct hf_random *random, const struct hf_upstream_sink *sink,
				    struct hf_steer_lane *lane)
{
	struct hf_upstream *upstream = calloc(1, sizeof(*upstream));
	unsigned buckets = 1;

	if (!upstream)
		return NULL;
	while (buckets < exchanges)
		buckets *= 2;
	upstream->exchanges = calloc(exchanges, sizeof(*upstream->exchanges));
	upstream->buckets = calloc(buckets, sizeof(*upstream->buckets));
	upstream->slot_of_port = lane ? calloc(HF_STEER_PORTS, sizeof(*upstream->slot_of_port)) : NULL;
	if (!upstream->exchanges || !upstream->buckets || (lane && !upstream->slot_of_port) ||
	    (lane && !watch_lane(epoll_fd, lane))) {
		hf_upstream_free(upstream);
		return NULL;
	}
	upstream->lane = lane;
	upstream->epoll_fd = epoll_fd;
	upstream->ports = ports;
	upstream->random = *random;
	upstream->sink = *sink;
	upstream->slots = exchanges;
	upstream->bucket_mask = buckets - 1;
	for (unsigned i = exchanges; i-- > 0;) {
		upstream->exchanges[i].fd = -1;
		LIST_INSERT_HEAD(&upstream->free, &upstream->exchanges[i], link);
	}
	return upstream;
}

void hf_upstream_free(struct hf_upstream *upstream)
{
	if (!upstream)
		return;
	for (unsigned i = 0; i < upstream->slots; i++)
		if (is_open(&upstream->exchanges[i]))
			close_exchange(upstream, &upstream->exchanges[i]);
	free(upstream->slot_of_port);
	free(upstream->exchanges);
	free(upstream->buckets);
	free(upstream);
}

void hf_upstream_set_sources(struct hf_upstream *upstream, const struct hf_address *ipv4, const struct hf_address *ipv6)
{
	upstream->source_ipv4 = *ipv4;
	upstream->source_ipv6 = *ipv6;
}

unsigned hf_upstream_open(const struct hf_upstream *upstream)
{
	return upstream->open;
}

/* ---- opening ---- */

/* Path MTU news come in unauthenticated ICMP: a forged one must not make segments tiny. ICMP errors are wanted, they end
 * an exchange early.
 *
 * A UDP socket lives for one query and has none of these, each would cost a system call: a query is smaller than any path MTU the
 * kernel believes in (552 octets, net.ipv4.route.min_pmtu), so nothing makes it send fragments (RFC 9715); and a
 * connected socket tells of closed ports without an option. */
static void set_tcp_options(int fd, uint8_t family)
{
	int one = 1, omit;

	if (family == 4) {
		omit = IP_PMTUDISC_OMIT;
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof(omit));
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	} else {
		omit = IPV6_PMTUDISC_OMIT;
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit, sizeof(omit));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
	}
}

static bool bind_source(struct hf_upstream *upstream, int fd, uint8_t family, bool tcp)
{
	struct hf_address source = family == 4 ? upstream->source_ipv4 : upstream->source_ipv6;
	union hf_sockaddr local;
	socklen_t length;

	source.family = family;
	if (tcp) {
		int one = 1;

		if (hf_address_is_any(&source))
			return true;
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		source.port = 0;
		length = hf_sockaddr_from_address(&source, &local);
		return bind(fd, &local.any, length) == 0;
	}
	if (upstream->ports->count == 0)
		return false;
	for (int try = 0; try < PORT_TRIES; try++) {
		source.port = upstream->ports->ports[hf_random_below(&upstream->random, upstream->ports->count)];
		length = hf_sockaddr_from_address(&source, &local);
		if (bind(fd, &local.any, length) == 0)
			return true;
		if (errno != EADDRINUSE && errno != EACCES)
			return false;
	}
	return false;
}

static bool start_udp(int fd, const union hf_sockaddr *server, socklen_t server_length, const uint8_t *message,
		      size_t length)
{
	return connect(fd, &server->any, server_length) == 0 &&
	       send(fd, message, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool start_tcp(struct exchange *exchange, const union hf_sockaddr *server, socklen_t server_length,
		      const uint8_t *message, size_t length)
{
	int one = 1;

	exchange->stream = malloc(HF_FRAMING_PREFIX + length);
	if (!exchange->stream)
		return false;
	hf_framing_write_prefix(exchange->stream, length);
	memcpy(exchange->stream + HF_FRAMING_PREFIX, message, length);
	exchange->length = HF_FRAMING_PREFIX + length;
	exchange->done = 0;
	exchange->sending = true;
	setsockopt(exchange->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return connect(exchange->fd, &server->any, server_length) == 0 || errno == EINPROGRESS;
}

static struct exchange *take_exchange(struct hf_upstream *upstream, uint64_t id, const struct hf_address *server, bool tcp)
{
	struct exchange *exchange = LIST_FIRST(&upstream->free);
	unsigned slot = (unsigned)(exchange - upstream->exchanges);

	LIST_REMOVE(exchange, link);
	LIST_INSERT_HEAD(bucket_of(upstream, id), exchange, link);
	upstream->open++;
	if (upstream->touched <= slot)
		upstream->touched = slot + 1;
	exchange->id = id;
	exchange->tcp = tcp;
	exchange->server = *server;
	return exchange;
}

static uint16_t take_port(struct hf_upstream *upstream, const struct hf_address *server)
{
	if (upstream->ports->count == 0)
		return 0;
	for (int try = 0; try < PORT_TRIES; try++) {
		uint16_t port = upstream->ports->ports[hf_random_below(&upstream->random, upstream->ports->count)];

		if (hf_steer_take_port(upstream->lane, port, server))
			return port;
	}
	return 0;
}

static void send_burst(struct hf_upstream *upstream)
{
	uint16_t failed[HF_STEER_FAMILIES * HF_STEER_BURST];
	unsigned count = hf_steer_flush(upstream->lane, failed);

	/* More than there is room for can wait for their timers. */
	for (unsigned i = 0; i < count && upstream->failed_count < sizeof(upstream->failed) / sizeof(upstream->failed[0]); i++)
		upstream->failed[upstream->failed_count++] = failed[i];
}

/* A family that the host had not when the lane was made may have come up since. */
static bool is_steered(const struct hf_upstream *upstream, const struct hf_address *server)
{
	return upstream->lane &&
	       hf_steer_lane_fd(upstream->lane, server->family == 4 ? HF_STEER_IPV4 : HF_STEER_IPV6) >= 0;
}

static bool send_steered(struct hf_upstream *upstream, uint64_t id, const struct hf_address *server,
			 const uint8_t *message, size_t length, struct hf_now now)
{
	const struct hf_address *configured = server->family == 4 ? &upstream->source_ipv4 : &upstream->source_ipv6;
	struct exchange *exchange;
	uint8_t source[16];
	uint16_t port;

	if (!hf_steer_source(upstream->lane, server, configured, now.mono_ns, source))
		return false;
	port = take_port(upstream, server);
	if (!port)
		return false;
	if (!hf_steer_put(upstream->lane, source, port, server, message, length)) {
		send_burst(upstream);
		hf_steer_put(upstream->lane, source, port, server, message, length);
	}
	exchange = take_exchange(upstream, id, server, false);
	exchange->port = port;
	memcpy(exchange->source, source, sizeof(source));
	memcpy(exchange->quoted, message, QUOTED);
	upstream->slot_of_port[port] = (uint32_t)(exchange - upstream->exchanges);
	return true;
}

bool hf_upstream_send(struct hf_upstream *upstream, uint64_t id, const struct hf_address *server, bool tcp,
		      const uint8_t *message, size_t length, struct hf_now now)
{
	struct exchange *exchange;
	union hf_sockaddr remote;
	socklen_t remote_length = hf_sockaddr_from_address(server, &remote);
	struct epoll_event event = {.events = tcp ? EPOLLOUT : EPOLLIN};
	int fd;

	if (!LIST_FIRST(&upstream->free) || length > HF_MESSAGE_MAX)
		return false;
	if (!tcp && is_steered(upstream, server) && length >= QUOTED && length <= HF_STEER_MESSAGE_MAX)
		return send_steered(upstream, id, server, message, length, now);
	fd = socket(remote.any.sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	exchange = take_exchange(upstream, id, server, tcp);
	exchange->fd = fd;
	event.data.u64 = (uint64_t)exchange->generation << 32 | (uint64_t)(exchange - upstream->exchanges);
	if (tcp)
		set_tcp_options(fd, server->family);
	if (bind_source(upstream, fd, server->family, tcp) &&
	    (tcp ? start_tcp(exchange, &remote, remote_length, message, length)
		 : start_udp(fd, &remote, remote_length, message, length)) &&
	    epoll_ctl(upstream->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return true;
	close_exchange(upstream, exchange);
	return false;
}

void hf_upstream_cancel(struct hf_upstream *upstream, uint64_t id)
{
	struct exchange *exchange = find(upstream, id);

	if (exchange)
		close_exchange(upstream, exchange);
}

void hf_upstream_flush(struct hf_upstream *upstream)
{
	if (!upstream->lane)
		return;
	send_burst(upstream);
	/* Who hears of a failure may send again. */
	while (upstream->failed_count > 0) {
		uint16_t port = upstream->failed[--upstream->failed_count];
		struct exchange *exchange = &upstream->exchanges[upstream->slot_of_port[port]];

		if (exchange->port == port)
			fail(upstream, exchange);
		if (upstream->failed_count == 0)
			send_burst(upstream);
	}
}

/* ---- events ---- */

static void receive_datagrams(struct hf_upstream *upstream, struct exchange *exchange)
{
	uint32_t generation = exchange->generation;

	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		ssize_t got = recv(exchange->fd, upstream->datagram, sizeof(upstream->datagram), 0);

		if (got < 0) {
			/* Somebody's wish for a smaller path MTU: our query is far below any. */
			if (errno == EINTR || errno == EMSGSIZE)
				continue;
			if (errno != EAGAIN)
				fail(upstream, exchange);
			return;
		}
		upstream->sink.reply(upstream->sink.state, exchange->id, &exchange->server, upstream->datagram,
				     (size_t)got);
		if (exchange->generation != generation)
			return; /* it was the reply that was waited for, and the exchange is closed */
	}
}

/* The reply is being read: first its prefix, then as much as that says. */
static void receive_stream(struct hf_upstream *upstream, struct exchange *exchange)
{
	for (;;) {
		uint8_t *to = exchange->stream ? exchange->stream : exchange->prefix;
		ssize_t got = recv(exchange->fd, to + exchange->done, exchange->length - exchange->done, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			fail(upstream, exchange);
			return;
		}
		exchange->done += (size_t)got;
		if (exchange->done < exchange->length)
			continue;
		if (exchange->stream)
			break;
		exchange->length = hf_framing_read_prefix(exchange->prefix);
		exchange->done = 0;
		exchange->stream = exchange->length ? malloc(exchange->length) : NULL;
		if (!exchange->stream) {
			fail(upstream, exchange);
			return;
		}
	}

	uint32_t generation = exchange->generation;

	upstream->sink.reply(upstream->sink.state, exchange->id, &exchange->server, exchange->stream, exchange->length);
	/* One message was asked for on this connection. A resolver that did not take it gets no other. */
	if (exchange->generation == generation)
		fail(upstream, exchange);
}

static void send_stream(struct hf_upstream *upstream, struct exchange *exchange)
{
	struct epoll_event event = {.events = EPOLLIN};
	ssize_t sent =
		send(exchange->fd, exchange->stream + exchange->done, exchange->length - exchange->done, MSG_NOSIGNAL);

	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			fail(upstream, exchange);
		return;
	}
	exchange->done += (size_t)sent;
	if (exchange->done < exchange->length)
		return;
	free(exchange->stream);
	exchange->stream = NULL;
	exchange->sending = false;
	exchange->length = HF_FRAMING_PREFIX;
	exchange->done = 0;
	event.data.u64 = (uint64_t)exchange->generation << 32 | (uint64_t)(exchange - upstream->exchanges);
	if (epoll_ctl(upstream->epoll_fd, EPOLL_CTL_MOD, exchange->fd, &event) != 0)
		fail(upstream, exchange);
}

/* The kernel has seen to it that a query to this server is or just was under way from this port. */
static void take_steered(struct hf_upstream *upstream, const struct hf_steer_datagram *datagram)
{
	struct exchange *exchange = &upstream->exchanges[upstream->slot_of_port[datagram->to.port]];

	if (exchange->port == datagram->to.port && hf_address_equal(&exchange->server, &datagram->from) &&
	    memcmp(exchange->source, datagram->to.bytes, sizeof(exchange->source)) == 0)
		upstream->sink.reply(upstream->sink.state, exchange->id, &exchange->server, datagram->message,
				     datagram->length);
}

/* An ICMP error does not say in which way it came to us; its quotation says about which query it is. */
static void take_steered_error(struct hf_upstream *upstream, const struct hf_address *server, const uint8_t *quoted)
{
	for (unsigned i = 0; i < upstream->touched; i++) {
		struct exchange *exchange = &upstream->exchanges[i];

		if (exchange->port && memcmp(exchange->quoted, quoted, QUOTED) == 0 &&
		    hf_address_equal(&exchange->server, server)) {
			fail(upstream, exchange);
			return;
		}
	}
}

static void receive_steered(struct hf_upstream *upstream, unsigned family, uint32_t events)
{
	struct hf_address server;
	uint8_t quoted[QUOTED];
	size_t length;

	for (int i = 0; events & EPOLLERR && i < STEERED_ERRORS_A_TURN &&
			hf_steer_take_error(upstream->lane, family, &server, quoted, sizeof(quoted), &length); i++)
		if (length == sizeof(quoted))
			take_steered_error(upstream, &server, quoted);
	for (int burst = 0; burst < STEERED_BURSTS_A_TURN; burst++) {
		unsigned count = hf_steer_receive(upstream->lane, family, upstream->steered);

		for (unsigned i = 0; i < count; i++)
			take_steered(upstream, &upstream->steered[i]);
		if (count < HF_STEER_BURST)
			break;
	}
}

void hf_upstream_ready(struct hf_upstream *upstream, uint64_t data, uint32_t events)
{
	uint32_t slot = (uint32_t)data;
	struct exchange *exchange;

	for (unsigned family = 0; upstream->lane && family < HF_STEER_FAMILIES; family++)
		if (slot == STEERED_SLOT(family)) {
			receive_steered(upstream, family, events);
			return;
		}
	if (slot >= upstream->slots)
		return;
	exchange = &upstream->exchanges[slot];
	if (exchange->fd < 0 || exchange->generation != data >> 32)
		return;
	if (!exchange->tcp)
		receive_datagrams(upstream, exchange);
	else if (exchange->sending && events & (EPOLLERR | EPOLLHUP))
		fail(upstream, exchange);
	else if (exchange->sending)
		send_stream(upstream, exchange);
	else
		receive_stream(upstream, exchange);
}
