// SPDX-License-Identifier: BSD-3-Clause
/* Validated NSEC and NSEC3 RRsets, kept by zone and in order, so that a name or type can be denied without asking again (RFC 8198).
 *
 * Shared by threads: a lock for each part of the zones, held for a search or an insertion; only misses come here. Bounded: the oldest
 * makes room. It reads no clock.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/now.h"
#include "dnssec/denial.h"

struct hf_denials;

struct hf_denials *hf_denials_new(size_t bytes, const uint64_t secret[2]); /* NULL without memory; `bytes` ≥ 64 KiB */
void hf_denials_free(struct hf_denials *denials);

/* Copies an NSEC or NSEC3 set of one RR, whose signature by the zone was verified; others are passed over. It lives as long as its
 * TTL, which the caller bounded by the signature and by what negative answers of the zone may live (RFC 9077). One of opt-out (RFC 8198 §5.1
 * leaves them out), of many iterations, or made by a wildcard is not kept. */
void hf_denials_put(struct hf_denials *denials, const uint8_t *zone, const struct hf_rrset *rrset, struct hf_now now);

enum hf_denials_kind {
	HF_DENIALS_NXDOMAIN,
	HF_DENIALS_NODATA,
	HF_DENIALS_WILDCARD, /* no nearer name than the wildcard's exists: what this one has, the name has (RFC 8198 §5.3) */
};
struct hf_denials_found {
	enum hf_denials_kind kind;
	uint8_t wildcard[HF_NAME_MAX];
	uint8_t zone[HF_NAME_MAX];
	const struct hf_rrset *proofs[4]; /* with what is left of their TTLs */
	unsigned proof_count;
	uint32_t ttl; /* the least of these */
};
/* Whether what is kept proves something of (name, type); memory is the arena's. Looks into the closest zone at or above the name that
 * it knows. Types that stand at zone cuts or belong to the proofs (DS, NSEC, NSEC3, RRSIG, ANY) are never denied here. */
bool hf_denials_find(struct hf_denials *denials, const uint8_t *name, uint16_t type, const struct hf_dnssec_policy *policy,
		     const struct hf_costs *costs, struct hf_work *work, struct hf_now now, struct hf_arena *arena,
		     struct hf_denials_found *found);

/* Forgets what belongs to zones at or below `name`, and to those above it. */
void hf_denials_flush(struct hf_denials *denials, const uint8_t *name);

size_t hf_denials_bytes(const struct hf_denials *denials); /* held; any thread */
