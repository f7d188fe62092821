// SPDX-License-Identifier: BSD-3-Clause
/* Between the core's addresses and the kernel's. */
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include "base/address.h"

union hf_sockaddr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static inline socklen_t hf_sockaddr_from_address(const struct hf_address *address, union hf_sockaddr *out)
{
	memset(out, 0, sizeof(*out));
	if (address->family == 4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(address->port);
		memcpy(&out->v4.sin_addr, address->bytes, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(address->port);
	memcpy(&out->v6.sin6_addr, address->bytes, 16);
	return sizeof(out->v6);
}

static inline struct hf_address hf_sockaddr_to_address(const union hf_sockaddr *from)
{
	struct hf_address address = {0};

	if (from->any.sa_family == AF_INET) {
		address.family = 4;
		address.port = ntohs(from->v4.sin_port);
		memcpy(address.bytes, &from->v4.sin_addr, 4);
	} else if (from->any.sa_family == AF_INET6) {
		address.family = 6;
		address.port = ntohs(from->v6.sin6_port);
		memcpy(address.bytes, &from->v6.sin6_addr, 16);
	}
	return address;
}

static inline bool hf_address_is_any(const struct hf_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, 16) == 0;
}
