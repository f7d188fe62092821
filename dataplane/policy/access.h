// SPDX-License-Identifier: BSD-3-Clause
/* Who may ask, and what each client gets: rules by client prefix, of which the most specific one that holds the address counts.
 *
 * The rules are laid out as ranges that do not overlap, sorted by their first address, one table for each family; a look-up is a
 * binary search among them. Made once, then constant: any thread may read. A reload makes a new one and puts it in the
 * old one's place; who frees the old one waits for a grace period.
 */
#pragma once
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/address.h"
#include "base/prefix.h"
#include "policy/dns64.h"

enum hf_access_action {
	HF_ACCESS_ALLOW,       /* RD=0 is refused: the answer would tell what others have asked */
	HF_ACCESS_ALLOW_SNOOP, /* RD=0 is answered from the cache */
	HF_ACCESS_REFUSE,      /* REFUSED, EDE 18 */
	HF_ACCESS_DROP,	       /* nothing */
};

struct hf_access_verdict {
	uint8_t action;
	uint8_t dns64; /* hf_dns64_number() of the client's prefix, 0: no synthesis */
};

struct hf_access_rule {
	struct hf_prefix clients;
	struct hf_access_verdict verdict;
};

/* From `first` up to the next range. IPv4: the address in the low half. Host byte order. */
struct hf_access_range {
	uint64_t high, low;
	struct hf_access_verdict verdict;
};

struct hf_access {
	struct hf_dns64_table dns64;
	size_t counts[2]; /* of IPv4 and IPv6 ranges; each begins with the lowest address */
	const struct hf_access_range *tables[2];
	struct hf_access_range ranges[];
};

/* `otherwise` is for whom no rule holds. Of two rules for one prefix, the latter counts. `dns64` is what the verdicts' numbers
 * mean. NULL without memory. */
struct hf_access *hf_access_new(const struct hf_access_rule *rules, size_t count, struct hf_access_verdict otherwise,
				const struct hf_dns64_table *dns64);
void hf_access_free(struct hf_access *access);

static inline struct hf_access_verdict hf_access_find(const struct hf_access *access, const struct hf_address *client)
{
	const struct hf_access_range *at = access->tables[client->family == 6];
	size_t span = access->counts[client->family == 6];
	uint64_t high = 0, low;

	if (client->family == 6) {
		memcpy(&high, client->bytes, 8);
		memcpy(&low, client->bytes + 8, 8);
		high = be64toh(high);
		low = be64toh(low);
	} else {
		uint32_t word;

		memcpy(&word, client->bytes, 4);
		low = be32toh(word);
	}
	while (span > 1) {
		size_t half = span / 2;

		at += (high > at[half].high || (high == at[half].high && low >= at[half].low)) ? half : 0;
		span -= half;
	}
	return at->verdict;
}

/* What a client gets; without rules (`access` NULL) everybody may ask. */
static inline struct hf_access_verdict hf_access_of(const struct hf_access *access, const struct hf_address *client)
{
	return access ? hf_access_find(access, client) : (struct hf_access_verdict){HF_ACCESS_ALLOW, 0};
}
