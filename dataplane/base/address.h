// SPDX-License-Identifier: BSD-3-Clause
/* A transport address without any socket header, so that the core can name servers. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HF_ADDRESS_TEXT_MAX 64 /* "[v6]:65535" and "v4:65535" fit, NUL included */

struct hf_address {
	uint8_t family;	   /* 4, 6, or 0 for "none" */
	uint16_t port;	   /* host byte order */
	uint8_t bytes[16]; /* network byte order; IPv4 in the first four, rest zero */
};

static inline bool hf_address_equal(const struct hf_address *a, const struct hf_address *b)
{
	return a->family == b->family && a->port == b->port &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* "192.0.2.1:53" or "[2001:db8::1]:53" into out; returns out. */
const char *hf_address_to_text(const struct hf_address *address, char out[HF_ADDRESS_TEXT_MAX]);

/* Parses "192.0.2.1", "192.0.2.1:53", "2001:db8::1" or "[2001:db8::1]:53".
 * Without a port, `default_port` is taken. Returns false on anything else. */
bool hf_address_from_text(const char *text, uint16_t default_port, struct hf_address *out);
