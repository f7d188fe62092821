// SPDX-License-Identifier: BSD-3-Clause
/* An address prefix (RFC 4632 §3.1, RFC 4291 §2.3). Pure functions; any thread. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HF_PREFIX_TEXT_MAX 64 /* "ADDRESS/LENGTH", NUL included */

struct hf_prefix {
	uint8_t family;	   /* 4, 6, or 0 for "none" */
	uint8_t length;	   /* in bits: at most 32 or 128 */
	uint8_t bytes[16]; /* network byte order; bits behind the length are 0, IPv4 in the first four */
};

static inline bool hf_prefix_equal(const struct hf_prefix *a, const struct hf_prefix *b)
{
	return a->family == b->family && a->length == b->length && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* `bytes` is an address of `family`, in network byte order. */
static inline bool hf_prefix_holds(const struct hf_prefix *prefix, uint8_t family, const uint8_t *bytes)
{
	unsigned whole = prefix->length / 8, rest = prefix->length % 8;

	return prefix->family == family && memcmp(prefix->bytes, bytes, whole) == 0 &&
	       (!rest || (prefix->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

/* Parses "192.0.2.0/24", "2001:db8::/32", or an address alone, which stands for itself. Returns NULL, else a constant text that says
 * what is wrong: also bits set behind the length, where either the address or the length is a mistake. */
const char *hf_prefix_from_text(const char *text, struct hf_prefix *out);
const char *hf_prefix_to_text(const struct hf_prefix *prefix, char out[HF_PREFIX_TEXT_MAX]); /* returns out */
