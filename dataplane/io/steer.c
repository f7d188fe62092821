// SPDX-License-Identifier: BSD-3-Clause
/* The program, its maps and the sockets; packets out and in. */
#include "io/steer.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/now.h"
#include "io/sockaddr.h"
#include "wire/message.h"
#include "steer.skel.h"

enum {
	SOURCES = 1024, /* of lately asked servers; a power of two */
	BUFFER_OCTETS = 4 << 20,
	RECEIVE_MAX = HF_MESSAGE_MAX, /* servers send more than was announced, and the resolver judges that; pages nobody wrote to cost nothing */
	HOPS = 64,
	RECEIVE_TRIES = 3,
};

struct source {
	struct hf_address server;
	uint8_t source[16];
	uint64_t until_ns;
};

struct packet {
	union {
		struct {
			struct ip ip;
			struct udphdr udp;
			uint8_t message[HF_STEER_MESSAGE_MAX];
		} v4;
		struct {
			struct ip6_hdr ip;
			struct udphdr udp;
			uint8_t message[HF_STEER_MESSAGE_MAX];
		} v6;
	};
	union hf_sockaddr to;
	uint16_t port;
};

struct burst {
	unsigned count;
	struct packet packets[HF_STEER_BURST];
	struct mmsghdr messages[HF_STEER_BURST];
	struct iovec vectors[HF_STEER_BURST];
};

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct sockaddr_in6)) + CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6))];
};

struct hf_steer_lane {
	unsigned number;
	struct hf_steer_port *ports;
	int sender[HF_STEER_FAMILIES], receiver[HF_STEER_FAMILIES], prober[HF_STEER_FAMILIES];
	struct burst out[HF_STEER_FAMILIES];
	struct source sources[SOURCES];
	/* one burst in */
	struct mmsghdr messages[HF_STEER_BURST];
	struct iovec vectors[HF_STEER_BURST];
	union hf_sockaddr from[HF_STEER_BURST];
	union control controls[HF_STEER_BURST];
	uint8_t received[HF_STEER_BURST][RECEIVE_MAX];
};

struct hf_steer {
	struct steer *skeleton;
	struct hf_steer_port *ports;
	unsigned others; /* programs attached before ours */
	unsigned count;
	struct hf_steer_lane *lanes[HF_STEER_LANES_MAX];
};

/* ---- making and freeing ---- */

static int silent(enum libbpf_print_level level __attribute__((unused)), const char *format __attribute__((unused)),
		  va_list arguments __attribute__((unused)))
{
	return 0;
}

static unsigned family_place(const struct hf_address *address)
{
	return address->family == 4 ? HF_STEER_IPV4 : HF_STEER_IPV6;
}

static int family_of(unsigned family)
{
	return family == HF_STEER_IPV4 ? AF_INET : AF_INET6;
}

static void set_buffer(int fd, int force, int plain)
{
	int octets = BUFFER_OCTETS;

	if (setsockopt(fd, SOL_SOCKET, force, &octets, sizeof(octets)) != 0)
		setsockopt(fd, SOL_SOCKET, plain, &octets, sizeof(octets));
}

/* Bound to a loopback address, nobody but the program leads anything from outside to it. */
static int open_receiver(unsigned family)
{
	int fd = socket(family_of(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
	union hf_sockaddr local = {.any.sa_family = (sa_family_t)family_of(family)};
	bool good;

	if (fd < 0)
		return -1;
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	if (family == HF_STEER_IPV4) {
		local.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		good = setsockopt(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, &one, sizeof(one)) == 0 &&
		       setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)) == 0 &&
		       bind(fd, &local.any, sizeof(local.v4)) == 0;
	} else {
		local.v6.sin6_addr = in6addr_loopback;
		good = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0 &&
		       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, &one, sizeof(one)) == 0 &&
		       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one)) == 0 &&
		       bind(fd, &local.any, sizeof(local.v6)) == 0;
	}
	if (good)
		return fd;
	close(fd);
	return -1;
}

static void free_lane(struct hf_steer_lane *lane)
{
	if (!lane)
		return;
	for (unsigned f = 0; f < HF_STEER_FAMILIES; f++) {
		int fds[] = {lane->sender[f], lane->receiver[f], lane->prober[f]};

		for (unsigned i = 0; i < 3; i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	free(lane);
}

static void arm(struct hf_steer_lane *lane, unsigned i)
{
	lane->vectors[i] = (struct iovec){.iov_base = lane->received[i], .iov_len = RECEIVE_MAX};
	lane->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &lane->from[i],
		.msg_namelen = sizeof(lane->from[i]),
		.msg_iov = &lane->vectors[i],
		.msg_iovlen = 1,
		.msg_control = &lane->controls[i],
		.msg_controllen = sizeof(lane->controls[i]),
	};
}

/* A host without IPv6 has lanes for IPv4 alone; queries to servers of the other family get a socket each, should it come later. */
static struct hf_steer_lane *make_lane(struct hf_steer *steer, unsigned number, const char **step)
{
	struct hf_steer_lane *lane = calloc(1, sizeof(*lane));
	int map = bpf_map__fd(steer->skeleton->maps.sockets);

	if (!lane)
		return NULL;
	lane->number = number;
	lane->ports = steer->ports;
	for (unsigned f = 0; f < HF_STEER_FAMILIES; f++)
		lane->sender[f] = lane->receiver[f] = lane->prober[f] = -1;
	for (unsigned f = 0; f < HF_STEER_FAMILIES; f++) {
		__u32 place = number * HF_STEER_FAMILIES + f;
		__u64 value;

		*step = "socket";
		lane->receiver[f] = open_receiver(f);
		if (lane->receiver[f] < 0 && f == HF_STEER_IPV6)
			continue;
		lane->prober[f] = socket(family_of(f), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (lane->receiver[f] < 0 || lane->prober[f] < 0)
			goto fault;
		*step = "raw socket";
		lane->sender[f] = socket(family_of(f), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
		if (lane->sender[f] < 0)
			goto fault;
		set_buffer(lane->sender[f], SO_SNDBUFFORCE, SO_SNDBUF);
		*step = "map of sockets";
		value = (__u64)lane->receiver[f];
		if (bpf_map_update_elem(map, &place, &value, BPF_ANY) != 0)
			goto fault;
	}
	for (unsigned i = 0; i < HF_STEER_BURST; i++)
		arm(lane, i);
	return lane;
fault:
	free_lane(lane);
	return NULL;
}

struct hf_steer *hf_steer_new(unsigned lanes, char error[HF_STEER_ERROR_MAX])
{
	struct hf_steer *steer = calloc(1, sizeof(*steer));
	const char *step = "memory";
	int netns = -1;

	if (!steer)
		goto fault;
	steer->ports = MAP_FAILED;
	step = "more resolver threads than lanes";
	errno = ERANGE;
	if (lanes > HF_STEER_LANES_MAX)
		goto fault;
	libbpf_set_print(silent);
	step = "loading the program";
	steer->skeleton = steer__open_and_load();
	if (!steer->skeleton)
		goto fault;
	step = "mapping the ports";
	steer->ports = mmap(NULL, HF_STEER_PORTS * sizeof(*steer->ports), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(steer->skeleton->maps.ports), 0);
	if (steer->ports == MAP_FAILED)
		goto fault;
	while (steer->count < lanes) {
		steer->lanes[steer->count] = make_lane(steer, steer->count, &step);
		if (!steer->lanes[steer->count])
			goto fault;
		steer->count++;
	}
	step = "attaching the program";
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		goto fault;
	bpf_prog_query(netns, BPF_SK_LOOKUP, 0, NULL, NULL, &steer->others);
	steer->skeleton->links.hf_steer = bpf_program__attach_netns(steer->skeleton->progs.hf_steer, netns);
	if (!steer->skeleton->links.hf_steer)
		goto fault;
	close(netns);
	return steer;
fault:
	snprintf(error, HF_STEER_ERROR_MAX, "%s: %s", step, strerror(errno));
	if (netns >= 0)
		close(netns);
	hf_steer_free(steer);
	return NULL;
}

void hf_steer_free(struct hf_steer *steer)
{
	if (!steer)
		return;
	for (unsigned i = 0; i < steer->count; i++)
		free_lane(steer->lanes[i]);
	if (steer->ports != MAP_FAILED)
		munmap(steer->ports, HF_STEER_PORTS * sizeof(*steer->ports));
	steer__destroy(steer->skeleton);
	free(steer);
}

unsigned hf_steer_others(const struct hf_steer *steer)
{
	return steer->others;
}

struct hf_steer_lane *hf_steer_lane(struct hf_steer *steer, unsigned lane)
{
	return steer && lane < steer->count ? steer->lanes[lane] : NULL;
}

int hf_steer_lane_fd(const struct hf_steer_lane *lane, unsigned family)
{
	return lane->receiver[family];
}

/* ---- ports ---- */

bool hf_steer_take_port(struct hf_steer_lane *lane, uint16_t port, const struct hf_address *server)
{
	struct hf_steer_port *place = &lane->ports[port];
	__u32 nobody = 0;

	if (!__atomic_compare_exchange_n(&place->owner, &nobody, lane->number + 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	place->server_port = server->port;
	memcpy(place->server, server->bytes, sizeof(place->server));
	__atomic_store_n(&place->family, server->family, __ATOMIC_RELEASE);
	return true;
}

void hf_steer_give_port(struct hf_steer_lane *lane, uint16_t port)
{
	struct hf_steer_port *place = &lane->ports[port];

	__atomic_store_n(&place->family, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&place->owner, 0, __ATOMIC_RELEASE);
}

/* ---- out ---- */

/* Connecting a UDP socket sends nothing and asks the routing table. */
static bool probe_route(int fd, const struct hf_address *server, uint8_t source[16])
{
	union hf_sockaddr remote, local;
	socklen_t length = hf_sockaddr_from_address(server, &remote), local_length = sizeof(local);
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	bool good;

	if (fd < 0)
		return false;
	good = connect(fd, &remote.any, length) == 0 && getsockname(fd, &local.any, &local_length) == 0;
	/* Else its address would stay for the next time, and its port: a connected socket goes before steering, so the reply to a query
	 * from that port to the same server would end here. */
	connect(fd, &nobody, sizeof(nobody));
	if (good)
		memcpy(source, hf_sockaddr_to_address(&local).bytes, 16);
	return good;
}

/* A raw socket would send from any address. */
static bool probe_address(const struct hf_address *server, const struct hf_address *configured)
{
	struct hf_address source = *configured;
	union hf_sockaddr local;
	socklen_t length;
	bool good;
	int fd;

	source.family = server->family;
	source.port = 0;
	length = hf_sockaddr_from_address(&source, &local);
	fd = socket(local.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	good = fd >= 0 && bind(fd, &local.any, length) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

bool hf_steer_source(struct hf_steer_lane *lane, const struct hf_address *server, const struct hf_address *configured,
		     uint64_t now_ns, uint8_t source[16])
{
	bool any = hf_address_is_any(configured);
	struct source *known;
	uint64_t words[2];

	memcpy(words, server->bytes, sizeof(words));
	words[0] = (words[0] ^ words[1] * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
	known = &lane->sources[words[0] >> 32 & (SOURCES - 1)];
	if (known->until_ns <= now_ns || !hf_address_equal(&known->server, server) ||
	    (!any && memcmp(known->source, configured->bytes, sizeof(known->source)) != 0)) {
		known->until_ns = 0;
		if (any ? !probe_route(lane->prober[family_place(server)], server, known->source)
			: !probe_address(server, configured))
			return false;
		if (!any)
			memcpy(known->source, configured->bytes, sizeof(known->source));
		known->server = *server;
		known->until_ns = now_ns + HF_NS_PER_SECOND;
	}
	memcpy(source, known->source, sizeof(known->source));
	return true;
}

static uint64_t sum_words(const void *octets, size_t length, uint64_t sum)
{
	const uint8_t *at = octets;

	for (; length > 1; at += 2, length -= 2)
		sum += (uint64_t)at[0] << 8 | at[1];
	return length ? sum + ((uint64_t)at[0] << 8) : sum;
}

/* RFC 768 with the pseudo header of RFC 791 or RFC 8200 §8.1. */
static uint16_t checksum(const void *addresses, size_t addresses_length, const struct udphdr *udp, size_t length)
{
	uint64_t sum = sum_words(addresses, addresses_length, IPPROTO_UDP + length);

	sum = sum_words(udp, length, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return htons((uint16_t)(sum ? sum : 0xffff));
}

bool hf_steer_put(struct hf_steer_lane *lane, const uint8_t source[16], uint16_t port, const struct hf_address *server,
		  const uint8_t *message, size_t length)
{
	unsigned family = family_place(server);
	struct burst *out = &lane->out[family];
	struct packet *packet = &out->packets[out->count];
	struct udphdr udp = {.uh_sport = htons(port), .uh_dport = htons(server->port),
			     .uh_ulen = htons((uint16_t)(sizeof(udp) + length))};
	size_t head;

	if (out->count == HF_STEER_BURST || length > HF_STEER_MESSAGE_MAX)
		return false;
	packet->port = port;
	hf_sockaddr_from_address(server, &packet->to);
	if (family == HF_STEER_IPV4) {
		head = sizeof(packet->v4.ip) + sizeof(udp);
		/* The kernel fills in ID and checksum; its raw sockets want the length in network order. */
		packet->v4.ip = (struct ip){.ip_v = 4, .ip_hl = sizeof(struct ip) / 4, .ip_len = htons((uint16_t)(head + length)),
					    .ip_off = htons(IP_DF), .ip_ttl = HOPS, .ip_p = IPPROTO_UDP};
		memcpy(&packet->v4.ip.ip_src, source, 4);
		memcpy(&packet->v4.ip.ip_dst, server->bytes, 4);
		packet->v4.udp = udp;
		memcpy(packet->v4.message, message, length);
		packet->v4.udp.uh_sum = checksum(&packet->v4.ip.ip_src, 8, &packet->v4.udp, sizeof(udp) + length);
	} else {
		head = sizeof(packet->v6.ip) + sizeof(udp);
		packet->to.v6.sin6_port = 0; /* would be taken for a protocol number */
		packet->v6.ip = (struct ip6_hdr){.ip6_flow = htonl(6u << 28), .ip6_plen = udp.uh_ulen, .ip6_nxt = IPPROTO_UDP,
						 .ip6_hlim = HOPS};
		memcpy(&packet->v6.ip.ip6_src, source, 16);
		memcpy(&packet->v6.ip.ip6_dst, server->bytes, 16);
		packet->v6.udp = udp;
		memcpy(packet->v6.message, message, length);
		packet->v6.udp.uh_sum = checksum(&packet->v6.ip.ip6_src, 32, &packet->v6.udp, sizeof(udp) + length);
	}
	out->vectors[out->count] = (struct iovec){.iov_base = packet, .iov_len = head + length};
	out->messages[out->count].msg_hdr = (struct msghdr){
		.msg_name = &packet->to,
		.msg_namelen = family == HF_STEER_IPV4 ? sizeof(packet->to.v4) : sizeof(packet->to.v6),
		.msg_iov = &out->vectors[out->count],
		.msg_iovlen = 1,
	};
	out->count++;
	return true;
}

unsigned hf_steer_flush(struct hf_steer_lane *lane, uint16_t failed[HF_STEER_FAMILIES * HF_STEER_BURST])
{
	unsigned failures = 0;

	for (unsigned f = 0; f < HF_STEER_FAMILIES; f++) {
		struct burst *out = &lane->out[f];
		unsigned done = 0;

		while (done < out->count) {
			int sent = sendmmsg(lane->sender[f], out->messages + done, out->count - done, MSG_DONTWAIT);

			if (sent > 0)
				done += (unsigned)sent;
			else if (errno != EINTR)
				failed[failures++] = out->packets[done++].port;
		}
		out->count = 0;
	}
	return failures;
}

/* ---- in ---- */

static bool take_destination(struct msghdr *header, struct hf_address *to)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg; cmsg = CMSG_NXTHDR(header, cmsg)) {
		union hf_sockaddr address = {0};

		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_ORIGDSTADDR)
			memcpy(&address.v4, CMSG_DATA(cmsg), sizeof(address.v4));
		else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_ORIGDSTADDR)
			memcpy(&address.v6, CMSG_DATA(cmsg), sizeof(address.v6));
		else
			continue;
		*to = hf_sockaddr_to_address(&address);
		return true;
	}
	return false;
}

unsigned hf_steer_receive(struct hf_steer_lane *lane, unsigned family, struct hf_steer_datagram datagrams[HF_STEER_BURST])
{
	unsigned count = 0;
	int got = -1;

	/* An ICMP error is told here once as well, and stays in its own queue. */
	for (int try = 0; got < 0 && try < RECEIVE_TRIES; try++) {
		got = recvmmsg(lane->receiver[family], lane->messages, HF_STEER_BURST, MSG_DONTWAIT, NULL);
		if (got < 0 && errno == EAGAIN)
			break;
	}
	for (int i = 0; i < got; i++) {
		struct hf_steer_datagram *datagram = &datagrams[count];

		if (take_destination(&lane->messages[i].msg_hdr, &datagram->to) &&
		    !(lane->messages[i].msg_hdr.msg_flags & MSG_TRUNC)) {
			datagram->from = hf_sockaddr_to_address(&lane->from[i]);
			datagram->message = lane->received[i];
			datagram->length = lane->messages[i].msg_len;
			count++;
		}
		arm(lane, (unsigned)i); /* the kernel has written lengths into it */
	}
	return count;
}

bool hf_steer_take_error(struct hf_steer_lane *lane, unsigned family, struct hf_address *server, uint8_t *quoted,
			 size_t capacity, size_t *length)
{
	union hf_sockaddr to = {0};
	union control control;
	struct iovec vector = {.iov_base = quoted, .iov_len = capacity};
	struct msghdr header = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &vector, .msg_iovlen = 1,
				.msg_control = &control, .msg_controllen = sizeof(control)};

	for (;;) {
		ssize_t got = recvmsg(lane->receiver[family], &header, MSG_ERRQUEUE | MSG_DONTWAIT);
		bool about_size = false;

		if (got < 0)
			return false;
		for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header); cmsg; cmsg = CMSG_NXTHDR(&header, cmsg))
			if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
			    (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
				struct sock_extended_err fault;

				memcpy(&fault, CMSG_DATA(cmsg), sizeof(fault));
				about_size = fault.ee_errno == EMSGSIZE; /* our query is far below any path MTU */
			}
		*server = hf_sockaddr_to_address(&to);
		*length = (size_t)got;
		if (!about_size)
			return true;
		header.msg_namelen = sizeof(to);
		header.msg_controllen = sizeof(control);
	}
}
