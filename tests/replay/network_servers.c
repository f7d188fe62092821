// SPDX-License-Identifier: BSD-3-Clause
/* The mock servers' sockets; see network_servers.h. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "io/framing.h"
#include "io/sockaddr.h"
#include "network_servers.h"
#include "wire/message.h"

#define PORTS_MAX 16
#define DNS_PORT 53

/* The two ends of an exchange, as long as it is open. */
struct way {
	uint64_t id;
	int udp;			/* the server's socket; -1 over TCP */
	struct sockaddr_in6 server, daemon; /* IPv4 mapped */
};

struct connection {
	int fd;
	uint64_t id; /* of its exchange; 0: the query is not whole */
	struct hf_address server;
	uint8_t *in;
	size_t in_used;
};

struct sim_servers {
	uint16_t ports[PORTS_MAX];
	int udp[PORTS_MAX], tcp[PORTS_MAX];
	unsigned port_count;
	uint64_t last_id;
	struct way *ways;
	size_t way_count;
	struct connection *connections;
	size_t connection_count;
	uint8_t message[HF_MESSAGE_MAX];
};

static struct hf_address address_of(const struct sockaddr_in6 *from)
{
	struct hf_address address = {.port = ntohs(from->sin6_port)};

	if (IN6_IS_ADDR_V4MAPPED(&from->sin6_addr)) {
		address.family = 4;
		memcpy(address.bytes, &from->sin6_addr.s6_addr[12], 4);
	} else {
		address.family = 6;
		memcpy(address.bytes, &from->sin6_addr, 16);
	}
	return address;
}

/* ---- opening ---- */

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* For both families, so that what comes over either is read in its order. */
static int open_socket(int type, uint16_t port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd >= 0 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) && set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) &&
	    (type == SOCK_DGRAM ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) &&
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && (type == SOCK_DGRAM || listen(fd, 512) == 0))
		return fd;
	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

static bool open_port(struct sim_servers *servers, uint16_t port)
{
	for (unsigned i = 0; i < servers->port_count; i++)
		if (servers->ports[i] == port)
			return true;
	if (servers->port_count == PORTS_MAX) {
		errno = EMFILE;
		return false;
	}
	unsigned i = servers->port_count++;
	servers->ports[i] = port;
	servers->udp[i] = open_socket(SOCK_DGRAM, port);
	servers->tcp[i] = open_socket(SOCK_STREAM, port);
	return servers->udp[i] >= 0 && servers->tcp[i] >= 0;
}

struct sim_servers *sim_servers_open(const struct sim_scenario *scenario, const struct sim_settings *settings)
{
	struct sim_servers *servers = calloc(1, sizeof(*servers));
	bool good = open_port(servers, DNS_PORT);

	for (size_t i = 0; i < scenario->range_count; i++)
		for (size_t k = 0; k < scenario->ranges[i].address_count; k++)
			good = good && open_port(servers, scenario->ranges[i].addresses[k].port);
	for (unsigned i = 0; i < settings->resolver.route_count; i++)
		for (unsigned k = 0; k < settings->resolver.routes[i].server_count; k++)
			good = good && open_port(servers, settings->resolver.routes[i].servers[k].port);
	if (good)
		return servers;
	int saved = errno;
	sim_servers_close(servers);
	errno = saved;
	return NULL;
}

void sim_servers_close(struct sim_servers *servers)
{
	if (!servers)
		return;
	for (unsigned i = 0; i < servers->port_count; i++) {
		close(servers->udp[i]);
		close(servers->tcp[i]);
	}
	for (size_t i = 0; i < servers->connection_count; i++) {
		close(servers->connections[i].fd);
		free(servers->connections[i].in);
	}
	free(servers->connections);
	free(servers->ways);
	free(servers);
}

/* ---- reading ---- */

static bool read_datagrams(struct sim_servers *servers, struct sim_world *world, int fd, uint16_t port)
{
	bool any = false;

	for (;;) {
		union {
			struct cmsghdr align;
			uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		} control;
		struct way way = {.id = servers->last_id + 1, .udp = fd,
				  .server = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
		struct iovec vector = {.iov_base = servers->message, .iov_len = sizeof(servers->message)};
		struct msghdr header = {.msg_name = &way.daemon, .msg_namelen = sizeof(way.daemon), .msg_iov = &vector,
					.msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
		ssize_t got = recvmsg(fd, &header, 0);

		if (got < 0)
			return any;
		any = true;
		for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header); cmsg; cmsg = CMSG_NXTHDR(&header, cmsg))
			if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO)
				memcpy(&way.server.sin6_addr, CMSG_DATA(cmsg), sizeof(way.server.sin6_addr));
		servers->last_id++;
		servers->ways = realloc(servers->ways, (servers->way_count + 1) * sizeof(way));
		servers->ways[servers->way_count++] = way;
		struct hf_address server = address_of(&way.server);
		sim_world_open(world, way.id, &server, false, servers->message, (size_t)got);
	}
}

static bool accept_all(struct sim_servers *servers, int listener)
{
	bool any = false;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct sockaddr_in6 local = {0};
		socklen_t length = sizeof(local);

		any = true;
		set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		getsockname(fd, (struct sockaddr *)&local, &length);
		servers->connections = realloc(servers->connections,
					       (servers->connection_count + 1) * sizeof(*servers->connections));
		servers->connections[servers->connection_count++] = (struct connection){
			.fd = fd, .server = address_of(&local), .in = malloc(HF_FRAMING_PREFIX + HF_MESSAGE_MAX)};
	}
	return any;
}

static void remove_connection(struct sim_servers *servers, size_t i)
{
	close(servers->connections[i].fd);
	free(servers->connections[i].in);
	servers->connections[i] = servers->connections[--servers->connection_count];
}

/* A connection carries one query after the other (RFC 7766 §6.2.1): the next is looked at when the one before has its reply. */
static bool take_query(struct sim_servers *servers, struct sim_world *world, struct connection *connection)
{
	const uint8_t *message;
	size_t length;

	if (connection->id || hf_framing_next(connection->in, connection->in_used, HF_MESSAGE_MAX, &message, &length) !=
				      HF_FRAMING_MESSAGE)
		return false;
	connection->id = ++servers->last_id;
	memcpy(servers->message, message, length);
	connection->in_used -= HF_FRAMING_PREFIX + length;
	memmove(connection->in, connection->in + HF_FRAMING_PREFIX + length, connection->in_used);
	sim_world_open(world, connection->id, &connection->server, true, servers->message, length);
	return true;
}

static bool read_connections(struct sim_servers *servers, struct sim_world *world)
{
	bool any = false;

	for (size_t i = 0; i < servers->connection_count;) {
		struct connection *connection = &servers->connections[i];
		ssize_t got = recv(connection->fd, connection->in + connection->in_used,
				   HF_FRAMING_PREFIX + HF_MESSAGE_MAX - connection->in_used, 0);

		if (got > 0) {
			any = true;
			connection->in_used += (size_t)got;
		} else if (got == 0 || errno != EAGAIN) {
			any = true;
			if (connection->id)
				sim_world_close(world, connection->id);
			remove_connection(servers, i);
			continue;
		}
		any |= take_query(servers, world, connection);
		i++;
	}
	return any;
}

bool sim_servers_read(struct sim_servers *servers, struct sim_world *world)
{
	bool any = false;

	for (unsigned i = 0; i < servers->port_count; i++) {
		any |= read_datagrams(servers, world, servers->udp[i], servers->ports[i]);
		any |= accept_all(servers, servers->tcp[i]);
	}
	return read_connections(servers, world) || any;
}

/* ---- what the daemon gave up ---- */

/* Its sockets have their port alone; one that can be bound is free. */
static bool port_is_free(const struct sockaddr_in6 *daemon)
{
	struct hf_address any = address_of(daemon);
	union hf_sockaddr local;
	socklen_t length;
	bool is_free;
	int fd;

	memset(any.bytes, 0, sizeof(any.bytes));
	length = hf_sockaddr_from_address(&any, &local);
	fd = socket(local.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_free = (any.family == 4 || set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) && bind(fd, &local.any, length) == 0;
	close(fd);
	return is_free;
}

void sim_servers_close_abandoned(struct sim_servers *servers, struct sim_world *world)
{
	for (size_t i = 0; i < servers->way_count;) {
		if (!port_is_free(&servers->ways[i].daemon)) {
			i++;
			continue;
		}
		sim_world_close(world, servers->ways[i].id);
		memmove(&servers->ways[i], &servers->ways[i + 1], (--servers->way_count - i) * sizeof(servers->ways[i]));
	}
}

/* ---- sending ---- */

static bool send_datagram(const struct way *way, const uint8_t *reply, size_t length)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = {0};
	struct in6_pktinfo from = {.ipi6_addr = way->server.sin6_addr};
	struct iovec vector = {.iov_base = (uint8_t *)reply, .iov_len = length};
	struct msghdr header = {.msg_name = (void *)&way->daemon, .msg_namelen = sizeof(way->daemon), .msg_iov = &vector,
				.msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	control.align = (struct cmsghdr){
		.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(from))};
	memcpy(CMSG_DATA(&control.align), &from, sizeof(from));
	return sendmsg(way->udp, &header, 0) == (ssize_t)length;
}

/* The daemon reads while this writes. */
static bool send_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			usleep(1000);
			continue;
		}
		if (sent < 0)
			return errno == EPIPE || errno == ECONNRESET; /* not wanted any more */
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

bool sim_servers_send(struct sim_servers *servers, const struct sim_exchange *exchange)
{
	for (size_t i = 0; i < servers->way_count; i++)
		if (servers->ways[i].id == exchange->id)
			return send_datagram(&servers->ways[i], exchange->reply, exchange->reply_length);
	for (size_t i = 0; i < servers->connection_count; i++) {
		struct connection *connection = &servers->connections[i];
		uint8_t prefix[HF_FRAMING_PREFIX];

		if (connection->id != exchange->id)
			continue;
		hf_framing_write_prefix(prefix, exchange->reply_length);
		bool sent = send_all(connection->fd, prefix, sizeof(prefix)) &&
			    send_all(connection->fd, exchange->reply, exchange->reply_length);
		if (!exchange->extra)
			connection->id = 0; /* the next query may come */
		return sent;
	}
	return true;
}
