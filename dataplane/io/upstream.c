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
};

struct exchange {
	LIST_ENTRY(exchange) link; /* in its hash bucket, or in the free list */
	uint64_t id;
	uint32_t generation; /* tells events of this use of the slot from those of earlier ones */
	int fd;
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
	unsigned slots, open, bucket_mask;
	struct exchange *exchanges;
	struct exchange_list free;
	struct exchange_list *buckets;
	uint8_t datagram[HF_MESSAGE_MAX];
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

static void close_exchange(struct hf_upstream *upstream, struct exchange *exchange)
{
	close(exchange->fd); /* leaves the epoll set by itself */
	free(exchange->stream);
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

struct hf_upstream *hf_upstream_new(int epoll_fd, unsigned exchanges, const struct hf_source_ports *ports,
				    const struct hf_random *random, const struct hf_upstream_sink *sink)
{
	struct hf_upstream *upstream = calloc(1, sizeof(*upstream));
	unsigned buckets = 1;

	if (!upstream)
		return NULL;
	while (buckets < exchanges)
		buckets *= 2;
	upstream->exchanges = calloc(exchanges, sizeof(*upstream->exchanges));
	upstream->buckets = calloc(buckets, sizeof(*upstream->buckets));
	if (!upstream->exchanges || !upstream->buckets) {
		hf_upstream_free(upstream);
		return NULL;
	}
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
		if (upstream->exchanges[i].fd >= 0)
			close_exchange(upstream, &upstream->exchanges[i]);
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

bool hf_upstream_send(struct hf_upstream *upstream, uint64_t id, const struct hf_address *server, bool tcp,
		      const uint8_t *message, size_t length)
{
	struct exchange *exchange = LIST_FIRST(&upstream->free);
	union hf_sockaddr remote;
	socklen_t remote_length = hf_sockaddr_from_address(server, &remote);
	struct epoll_event event = {.events = tcp ? EPOLLOUT : EPOLLIN};
	int fd;

	if (!exchange || length > HF_MESSAGE_MAX)
		return false;
	fd = socket(remote.any.sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	LIST_REMOVE(exchange, link);
	LIST_INSERT_HEAD(bucket_of(upstream, id), exchange, link);
	upstream->open++;
	exchange->id = id;
	exchange->fd = fd;
	exchange->tcp = tcp;
	exchange->server = *server;
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

void hf_upstream_ready(struct hf_upstream *upstream, uint64_t data, uint32_t events)
{
	uint32_t slot = (uint32_t)data;
	struct exchange *exchange;

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
