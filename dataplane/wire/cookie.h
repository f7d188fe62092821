// SPDX-License-Identifier: BSD-3-Clause
/* DNS cookies as a server gives them out (RFC 7873), in the form that all servers of one address share (RFC 9018 §4):
 *
 *   client cookie (8) | version 1 (1) | reserved (3) | seconds since 1970 (4) | SipHash-2-4 of all that and the client's address (8)
 *
 * Who shows one has got mail at this address: no forged source. Pure functions; any thread.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/siphash.h"

enum {
	HF_COOKIE_CLIENT = 8,	/* octets */
	HF_COOKIE_SIZE = 24,	/* the whole that we give out */
	HF_COOKIE_MAX = 40,	/* RFC 7873 §4: 8, or 16 to 40 */
	HF_COOKIE_SECRETS = 2,	/* one to make cookies with; while it is being replaced in a farm, another that is accepted */
	HF_COOKIE_LIFETIME = 3600,  /* seconds; RFC 9018 §4.3 */
	HF_COOKIE_FUTURE = 300,     /* a clock may be so far ahead */
	HF_COOKIE_RENEWAL = 1800,   /* older ones are replaced */
};

struct hf_cookie_secrets {
	unsigned count; /* 1 or 2; the first makes, all are accepted */
	uint8_t keys[HF_COOKIE_SECRETS][HF_SIPHASH_KEY];
};

static inline bool hf_cookie_length_valid(size_t length)
{
	return length == HF_COOKIE_CLIENT || (length >= 16 && length <= HF_COOKIE_MAX);
}

enum hf_cookie_state {
	HF_COOKIE_UNKNOWN, /* a client that has no server cookie yet */
	HF_COOKIE_INVALID, /* not ours, another's, or out of its time */
	HF_COOKIE_VALID,
};

/* Looks at the option's data, whose length is valid, and replaces it by what goes into the reply: as it came, or with a new
 * server cookie. `wall_s`: seconds since 1970, compared as serial numbers (RFC 1982). */
enum hf_cookie_state hf_cookie_answer(uint8_t cookie[HF_COOKIE_MAX], size_t length, const struct hf_address *client,
				      int64_t wall_s, const struct hf_cookie_secrets *secrets);
