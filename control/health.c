// SPDX-License-Identifier: BSD-3-Clause
/* One real query with its own socket, bounded in time. ". NS" is what every resolver from the root holds (RFC 9609) and
 * what a forwarder answers as well, so a node that cannot answer it has lost its upstream or its resolver threads.
 */
#include "control/health.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/clock.h"
#include "control/wait.h"
#include "wire/message.h"
#include "wire/type.h"

enum { QUESTION_SIZE = 1 + 2 + 2 }; /* root label, type, class */

static socklen_t fill_sockaddr(const struct hf_address *address, struct sockaddr_storage *out)
{
	static const uint8_t zero[16];
	bool wildcard = memcmp(address->bytes, zero, sizeof(zero)) == 0;

	memset(out, 0, sizeof(*out));
	if (address->family == 4) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;

		v4->sin_family = AF_INET;
		v4->sin_port = htons(address->port);
		memcpy(&v4->sin_addr, address->bytes, 4);
		if (wildcard)
			v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(address->port);
	memcpy(&v6->sin6_addr, address->bytes, 16);
	if (wildcard)
		v6->sin6_addr = in6addr_loopback;
	return sizeof(*v6);
}

/* Receives exactly `length` octets. */
static bool receive_all(int fd, uint8_t *bytes, size_t length, uint64_t deadline_ns)
{
	while (length > 0) {
		ssize_t got;

		if (!hf_wait_ready(fd, POLLIN, deadline_ns))
			return false;
		got = recv(fd, bytes, length, 0);
		if (got == 0)
			errno = ECONNRESET;
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (got > 0) {
			bytes += got;
			length -= (size_t)got;
		}
	}
	return true;
}

/* The length of the reply, 0 with errno. `message` has room for two octets of length before the query. */
static size_t exchange(int fd, bool tcp, const uint8_t *query, size_t query_length, uint8_t *reply, size_t capacity,
		       uint64_t deadline_ns)
{
	uint8_t framed[2 + 64], prefix[2];
	size_t length;
	ssize_t got;

	if (!tcp) {
		if (send(fd, query, query_length, 0) < 0)
			return 0;
		for (;;) { /* the socket is connected: only the server's datagrams come in, or its ICMP error */
			if (!hf_wait_ready(fd, POLLIN, deadline_ns))
				return 0;
			got = recv(fd, reply, capacity, 0);
			if (got >= HF_HEADER_SIZE && memcmp(reply, query, 2) == 0)
				return (size_t)got;
			if (got < 0 && errno != EAGAIN && errno != EINTR)
				return 0;
		}
	}
	framed[0] = (uint8_t)(query_length >> 8);
	framed[1] = (uint8_t)query_length;
	memcpy(framed + 2, query, query_length);
	if (!hf_wait_ready(fd, POLLOUT, deadline_ns))
		return 0;
	if (send(fd, framed, 2 + query_length, MSG_NOSIGNAL) != (ssize_t)(2 + query_length))
		return 0;
	if (!receive_all(fd, prefix, 2, deadline_ns))
		return 0;
	length = (size_t)prefix[0] << 8 | prefix[1];
	if (length < HF_HEADER_SIZE || length > capacity) {
		errno = EPROTO;
		return 0;
	}
	return receive_all(fd, reply, length, deadline_ns) ? length : 0;
}

static bool check_reply(const uint8_t *query, const uint8_t *reply, size_t length, char *reason, size_t reason_size)
{
	unsigned flags = (unsigned)reply[2] << 8 | reply[3], rcode = flags & HF_RCODE_MASK;

	if (memcmp(reply, query, 2) != 0 || !(flags & HF_FLAG_QR) || length < HF_HEADER_SIZE + QUESTION_SIZE ||
	    memcmp(reply + HF_HEADER_SIZE, query + HF_HEADER_SIZE, QUESTION_SIZE) != 0) {
		snprintf(reason, reason_size, "the reply does not match the query");
		return false;
	}
	if (rcode != HF_RCODE_NOERROR && rcode != HF_RCODE_NXDOMAIN) {
		snprintf(reason, reason_size, "a query for . NS is answered with %s", hf_rcode_to_text(rcode));
		return false;
	}
	return true;
}

bool hf_health_ask(const struct hf_address *address, bool tcp, int timeout_ms, char *reason, size_t reason_size)
{
	uint64_t deadline_ns = hf_clock_now().mono_ns + (uint64_t)timeout_ms * HF_NS_PER_MS;
	uint8_t query[64], reply[4096];
	char text[HF_ADDRESS_TEXT_MAX];
	struct sockaddr_storage to;
	socklen_t to_length = fill_sockaddr(address, &to);
	size_t query_length, length = 0;
	uint16_t id;
	int fd;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = (uint16_t)deadline_ns;
	query_length = hf_query_write(query, sizeof(query), id, HF_FLAG_RD, hf_name_root, HF_TYPE_NS, HF_CLASS_IN,
				      HF_EDNS_SIZE_DEFAULT, false);
	fd = socket(to.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (connect(fd, (struct sockaddr *)&to, to_length) == 0 || errno == EINPROGRESS))
		length = exchange(fd, tcp, query, query_length, reply, sizeof(reply), deadline_ns);
	if (length == 0) {
		int fault = errno;

		if (fd >= 0)
			close(fd);
		hf_address_to_text(address, text);
		if (fault == ETIMEDOUT)
			snprintf(reason, reason_size, "no answer from %s over %s within %d ms", text,
				 tcp ? "TCP" : "UDP", timeout_ms);
		else
			snprintf(reason, reason_size, "no answer from %s over %s: %s", text, tcp ? "TCP" : "UDP",
				 strerror(fault));
		return false;
	}
	close(fd);
	return check_reply(query, reply, length, reason, reason_size);
}
