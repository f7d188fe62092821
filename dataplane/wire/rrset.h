// SPDX-License-Identifier: BSD-3-Clause
/* An RRset (RFC 2181 §5) with the RRSIGs that cover it, as one immutable block of memory.
 *
 * Layout of `data`: owner name (uncompressed, case as received), then `count` times
 * { u16 length (host order), RDATA }, then `signature_count` times the same for RRSIG RDATA.
 * Names inside RDATA are uncompressed. Blocks can be copied with memcpy(rrset->size).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "wire/name.h"
#include "wire/type.h"

#define HF_RRSET_SIZE_MAX 65536 /* octets of a block; what would be larger is refused */

struct hf_rrset {
	uint32_t size;		  /* of the whole block in octets */
	uint32_t ttl;		  /* seconds; lowest of the RRs seen (RFC 2181 §5.2), ≤ 2^31-1 */
	uint16_t type;
	uint16_t class;
	uint16_t count;		  /* RRs; ≥ 1 */
	uint16_t signature_count; /* RRSIGs; their TTL is the set's */
	uint8_t owner_length;
	uint8_t data[];
};

static inline const uint8_t *hf_rrset_owner(const struct hf_rrset *rrset)
{
	return rrset->data;
}

/* Walk: for (struct hf_rdata r = hf_rrset_first(s); r.bytes; r = hf_rrset_next(s, r)).
 * Visits the RRs, then (index ≥ count) the RRSIGs. */
struct hf_rdata {
	const uint8_t *bytes; /* NULL at the end */
	uint16_t length;
	uint16_t index;
};
struct hf_rdata hf_rrset_first(const struct hf_rrset *rrset);
struct hf_rdata hf_rrset_next(const struct hf_rrset *rrset, struct hf_rdata current);

/* Builds a set in the arena. `rdata` holds count + signature_count entries (their index is not looked at), names
 * uncompressed. Duplicate RRs are dropped (names in RDATA compare without case). NULL when memory or the 64 KiB
 * bound runs out, or count is 0. */
struct hf_rrset *hf_rrset_make(struct hf_arena *arena, const uint8_t *owner, uint16_t type, uint16_t class,
			       uint32_t ttl, const struct hf_rdata *rdata, uint16_t count,
			       uint16_t signature_count);
/* The least of the signatures' Labels fields (RFC 4034 §3.1.3), and no more than the owner's labels. */
unsigned hf_rrset_signed_labels(const struct hf_rrset *rrset);
/* Whether a wildcard made it: a signature counts fewer labels than the owner has (RFC 4035 §5.3.4). */
bool hf_rrset_is_expanded(const struct hf_rrset *rrset);
/* A copy with another owner, its signatures included: what a wildcard makes of a set. NULL without memory, or when it gets too large. */
struct hf_rrset *hf_rrset_with_owner(struct hf_arena *arena, const uint8_t *owner, const struct hf_rrset *rrset);
/* The set itself, or a copy with this lower TTL; NULL without memory. */
const struct hf_rrset *hf_rrset_bound_ttl(struct hf_arena *arena, const struct hf_rrset *rrset, uint32_t ttl);
struct hf_rrset *hf_rrset_copy(struct hf_arena *arena, const struct hf_rrset *rrset);
/* Same owner, type, class and RRs as a set, names in any case; TTL and RRSIGs are not looked at. Sets above 256 RRs in
 * wholly different orders count as different (work is bounded). */
bool hf_rrset_same_data(const struct hf_rrset *a, const struct hf_rrset *b);
