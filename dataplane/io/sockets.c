// SPDX-License-Identifier: BSD-3-Clause
/* The back end on kernel UDP sockets: one SO_REUSEPORT socket for each listen address, bursts by recvmmsg and sendmmsg.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/io.h"
#include "io/sockaddr.h"

enum {
	BURST = HF_SERVE_BURST_MAX,
	BURSTS_A_TURN = 4,    /* of one socket before the others get their turn */
	ANSWERS_A_TURN = 256, /* completions before queries are looked at again */
	EVENTS_A_TURN = 16,
	SLEEP_MAX_MS = 1000,
	BUFFER_OCTETS = 4 << 20, /* of the kernel, each way: a burst of clients outlives a slice of another process */
};

/* The way a query came, kept in its ticket. */
struct arrival {
	union hf_sockaddr client;
	uint16_t socket;
	bool has_local; /* the socket is a wildcard one: reply from `local` */
	uint8_t local[16];
	uint32_t interface; /* of a link-local `local`, else 0: routing decides */
};
_Static_assert(sizeof(struct arrival) <= HF_TICKET_ARRIVAL_MAX, "an arrival fits into a ticket");

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct listener {
	int fd;
	uint8_t family;
};

/* Messages on their way out of one socket. */
struct outbox {
	unsigned count;
	struct mmsghdr messages[BURST];
	struct iovec vectors[BURST];
	union control controls[BURST];
};

struct sockets {
	struct hf_serve *serve;
	int epoll_fd;
	unsigned count;
	struct listener *listeners;
	/* one burst */
	struct mmsghdr messages[BURST];
	struct iovec vectors[BURST];
	union control controls[BURST];
	struct arrival arrivals[BURST];
	struct hf_request requests[BURST];
	struct outbox out;
	uint8_t queries[BURST][HF_SERVE_QUERY_MAX];
	uint8_t replies[BURST][HF_TICKET_REPLY_MAX];
};

/* ---- sending ---- */

static void put_local(struct msghdr *header, union control *control, const struct arrival *arrival, uint8_t family)
{
	struct cmsghdr *cmsg = &control->align;

	memset(control, 0, sizeof(*control));
	header->msg_control = control;
	if (family == 4) {
		struct in_pktinfo info = {.ipi_ifindex = (int)arrival->interface};

		memcpy(&info.ipi_spec_dst, arrival->local, 4);
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = {.ipi6_ifindex = arrival->interface};

		memcpy(&info.ipi6_addr, arrival->local, 16);
		cmsg->cmsg_level = IPPROTO_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
	}
}

static void post(struct sockets *sockets, struct arrival *arrival, uint8_t *reply, size_t length)
{
	struct outbox *out = &sockets->out;
	const struct listener *listener = &sockets->listeners[arrival->socket];
	struct msghdr *header = &out->messages[out->count].msg_hdr;

	out->vectors[out->count] = (struct iovec){.iov_base = reply, .iov_len = length};
	*header = (struct msghdr){
		.msg_name = &arrival->client,
		.msg_namelen = listener->family == 4 ? sizeof(arrival->client.v4) : sizeof(arrival->client.v6),
		.msg_iov = &out->vectors[out->count],
		.msg_iovlen = 1,
	};
	if (arrival->has_local)
		put_local(header, &out->controls[out->count], arrival, listener->family);
	out->count++;
}

/* A reply that the way back cannot take in one piece: the client comes back over TCP. False when it is as short as can be. */
static bool truncate_reply(struct iovec *vector)
{
	size_t length = hf_reply_truncate(vector->iov_base, vector->iov_len);

	if (length == vector->iov_len)
		return false;
	vector->iov_len = length;
	return true;
}

static void flush(struct sockets *sockets, unsigned socket)
{
	struct outbox *out = &sockets->out;
	unsigned done = 0;

	while (done < out->count) {
		int sent =
			sendmmsg(sockets->listeners[socket].fd, out->messages + done, out->count - done, MSG_DONTWAIT);

		if (sent > 0) {
			done += (unsigned)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EMSGSIZE && truncate_reply(&out->vectors[done]))
			continue;
		/* Either there is no room for any of the rest, or this one reply cannot go (no route, filtered). */
		if (errno == EAGAIN || errno == ENOBUFS) {
			hf_counter_add(&sockets->serve->counters.drops[HF_DROP_send_failed], out->count - done);
			break;
		}
		hf_counters_drop(&sockets->serve->counters, HF_DROP_send_failed);
		done++;
	}
	out->count = 0;
}

/* ---- receiving ---- */

static bool is_link_local(const uint8_t address[16])
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/* Fills in the address that was asked, on wildcard sockets. False when it is not one to answer from. */
static bool take_local(const struct msghdr *header, struct arrival *arrival)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg; cmsg = CMSG_NXTHDR((struct msghdr *)header, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
			memcpy(arrival->local, &info.ipi_spec_dst, 4);
			arrival->interface = 0;
			arrival->has_local = true;
			/* They differ when the packet went to a multicast or broadcast address. */
			return info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr;
		}
		if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
			memcpy(arrival->local, &info.ipi6_addr, 16);
			arrival->interface = is_link_local(arrival->local) ? info.ipi6_ifindex : 0;
			arrival->has_local = true;
			return arrival->local[0] != 0xff;
		}
	}
	arrival->has_local = false;
	return true;
}

/* Readies one slot of the burst for recvmmsg. */
static void arm(struct sockets *sockets, unsigned i)
{
	sockets->vectors[i] = (struct iovec){.iov_base = sockets->queries[i], .iov_len = HF_SERVE_QUERY_MAX};
	sockets->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &sockets->arrivals[i].client,
		.msg_namelen = sizeof(sockets->arrivals[i].client),
		.msg_iov = &sockets->vectors[i],
		.msg_iovlen = 1,
		.msg_control = &sockets->controls[i],
		.msg_controllen = sizeof(sockets->controls[i]),
	};
}

static void dispatch(struct sockets *sockets, const struct hf_request *request, struct arrival *arrival,
		     struct hf_now now)
{
	struct hf_ticket *ticket;

	switch (request->outcome) {
	case HF_OUTCOME_REPLY:
		post(sockets, arrival, request->reply, request->reply_length);
		break;
	case HF_OUTCOME_MISS:
		ticket = hf_serve_take_ticket(sockets->serve, request, now);
		if (!ticket)
			break;
		memcpy(ticket->arrival, arrival, sizeof(*arrival));
		hf_serve_submit(sockets->serve, ticket);
		break;
	case HF_OUTCOME_DROP:
		break;
	}
}

/* One burst of one socket; returns how many messages there were. */
static unsigned serve_burst(struct sockets *sockets, unsigned socket)
{
	struct arrival *from[BURST];
	unsigned count = 0;
	struct hf_now now;
	int got;

	got = recvmmsg(sockets->listeners[socket].fd, sockets->messages, BURST, MSG_DONTWAIT, NULL);
	if (got <= 0)
		return 0;
	now = hf_clock_now();
	for (unsigned i = 0; i < (unsigned)got; i++) {
		struct arrival *arrival = &sockets->arrivals[i];
		struct hf_request *request = &sockets->requests[count];

		arrival->socket = (uint16_t)socket;
		if (!take_local(&sockets->messages[i].msg_hdr, arrival)) {
			hf_counters_drop(&sockets->serve->counters, HF_DROP_destination);
			continue;
		}
		if (sockets->messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
			hf_counters_drop(&sockets->serve->counters, HF_DROP_oversized);
			continue;
		}
		request->packet = sockets->queries[i];
		request->length = sockets->messages[i].msg_len;
		request->reply = sockets->replies[i];
		request->capacity = HF_TICKET_REPLY_MAX;
		request->client = hf_sockaddr_to_address(&arrival->client);
		from[count++] = arrival;
	}
	for (unsigned i = 0; i < (unsigned)got; i++)
		arm(sockets, i); /* the kernel has written lengths and flags into those it filled */
	hf_serve_burst(sockets->serve, sockets->requests, count, now);
	for (unsigned i = 0; i < count; i++)
		dispatch(sockets, &sockets->requests[i], from[i], now);
	flush(sockets, socket);
	return (unsigned)got;
}

/* Answers from the resolver threads, sent in batches: neighbours mostly share a socket. True when there may be more. */
static bool send_answers(struct sockets *sockets)
{
	struct hf_ticket *held[BURST], *ticket = NULL;
	unsigned socket = 0, count = 0;

	for (unsigned taken = 0; taken < ANSWERS_A_TURN && (ticket = hf_serve_next_answer(sockets->serve)); taken++) {
		struct arrival *arrival = (struct arrival *)ticket->arrival;

		if (count == BURST || (count > 0 && arrival->socket != socket)) {
			flush(sockets, socket);
			while (count > 0)
				hf_serve_release(sockets->serve, held[--count]);
		}
		socket = arrival->socket;
		hf_serve_answered(sockets->serve, ticket);
		if (ticket->reply_length)
			post(sockets, arrival, ticket->reply, ticket->reply_length);
		held[count++] = ticket;
	}
	flush(sockets, socket);
	while (count > 0)
		hf_serve_release(sockets->serve, held[--count]);
	return ticket != NULL;
}

static void run(void *io, struct hf_thread *self)
{
	struct sockets *sockets = io;
	struct epoll_event events[EVENTS_A_TURN];

	while (!hf_thread_stopping(self)) {
		bool more = send_answers(sockets);
		int count;

		hf_thread_beat(self);
		count = hf_thread_wait(&sockets->serve->mailbox, sockets->epoll_fd, events, EVENTS_A_TURN,
				       more ? 0 : SLEEP_MAX_MS);
		for (int i = 0; i < count; i++) {
			for (int burst = 0; burst < BURSTS_A_TURN; burst++) {
				unsigned got = serve_burst(sockets, (unsigned)events[i].data.u64);

				rcu_quiescent_state();
				if (got < BURST)
					break;
			}
		}
		hf_serve_wake(sockets->serve);
	}
}

/* ---- opening ---- */

static void set_buffers(int fd)
{
	int octets = BUFFER_OCTETS;

	/* The FORCE forms pass the sysctl bounds and need CAP_NET_ADMIN. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
}

/* Replies go with DF and in one piece, whatever MTU a (forged) ICMP message claims: RFC 9715 §3.1. What the interface cannot take
 * is not fragmented here either but fails with EMSGSIZE. */
static bool set_options(int fd, uint8_t family, bool wildcard)
{
	int one = 1, probe = family == 4 ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE;

	if (family == 4) {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
		return !wildcard || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)) == 0;
	}
	setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof(probe));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0 &&
	       (!wildcard || setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)) == 0);
}

/* `shared` false: a socket that nobody else's SO_REUSEPORT lets in. */
static int open_socket(const struct hf_address *address, bool shared)
{
	union hf_sockaddr local;
	socklen_t length = hf_sockaddr_from_address(address, &local);
	int one = 1, fd = socket(local.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd < 0)
		return -1;
	if (set_options(fd, address->family, hf_address_is_any(address)) &&
	    (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0) &&
	    bind(fd, &local.any, length) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static bool add_listener(struct sockets *sockets, const struct hf_address *address, char error[HF_IO_ERROR_MAX])
{
	struct listener *listener = &sockets->listeners[sockets->count];
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = sockets->count};
	char text[HF_ADDRESS_TEXT_MAX];
	int probe = open_socket(address, false);

	/* A second instance would be let in beside the first by SO_REUSEPORT and take half of its queries. */
	if (probe >= 0) {
		close(probe);
		listener->fd = open_socket(address, true);
	}
	if (probe < 0 || listener->fd < 0) {
		snprintf(error, HF_IO_ERROR_MAX, "listen: %s over UDP: %s%s", hf_address_to_text(address, text),
			 strerror(errno),
			 errno == EADDRINUSE ? " (is another name server or holdfast-dataplane running there?)" : "");
		return false;
	}
	listener->family = address->family;
	sockets->count++;
	set_buffers(listener->fd);
	if (epoll_ctl(sockets->epoll_fd, EPOLL_CTL_ADD, listener->fd, &event) != 0) {
		snprintf(error, HF_IO_ERROR_MAX, "epoll: %s", strerror(errno));
		return false;
	}
	return true;
}

static void close_sockets(void *io)
{
	struct sockets *sockets = io;

	if (!sockets)
		return;
	for (unsigned i = 0; i < sockets->count; i++)
		close(sockets->listeners[i].fd);
	if (sockets->epoll_fd >= 0)
		close(sockets->epoll_fd);
	free(sockets->listeners);
	free(sockets);
}

static void *open_sockets(const struct hf_config *config, struct hf_serve *serve, char error[HF_IO_ERROR_MAX])
{
	struct sockets *sockets = calloc(1, sizeof(*sockets));

	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	if (!sockets)
		return NULL;
	sockets->serve = serve;
	sockets->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sockets->listeners = calloc(config->listen_count, sizeof(*sockets->listeners));
	if (sockets->epoll_fd < 0 || !sockets->listeners ||
	    !hf_mailbox_watch(&serve->mailbox, sockets->epoll_fd)) {
		close_sockets(sockets);
		return NULL;
	}
	for (unsigned i = 0; i < BURST; i++)
		arm(sockets, i);
	for (size_t i = 0; i < config->listen_count; i++) {
		if (!add_listener(sockets, &config->listen[i], error)) {
			close_sockets(sockets);
			return NULL;
		}
	}
	return sockets;
}

const struct hf_io_backend hf_io_sockets = {
	.name = "sockets",
	.open = open_sockets,
	.run = run,
	.close = close_sockets,
};
