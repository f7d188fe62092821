// SPDX-License-Identifier: BSD-3-Clause
/* Validation of one reply (RFC 4035 §5): every RRset that is to be kept of it, and the proof of what it denies. Nothing waits here: what
 * is missing of the chain of trust is named, and when it is there the whole is looked at again; what was verified once is not verified anew.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "dnssec/security.h"
#include "resolver/classify.h"
#include "resolver/scrub.h"

struct hf_fetch;
struct hf_resolver;

/* What a reply says of the name that was asked for, on its way to the cache. */
struct hf_finding {
	struct hf_scrubbed scrubbed;
	enum hf_kind kind; /* ANSWER, NODATA or NXDOMAIN; NXDOMAIN becomes NODATA when that is what is proven */
	bool authoritative;
	unsigned address_index; /* whose reply it is, in the fetch's delegation */
	unsigned rounds;	/* times that something had to be fetched for it */

	uint32_t negative_ttl;

	/* Of validation, which may also have changed sets and TTLs. */
	enum hf_security *securities; /* of scrubbed.chain; NULL: not validated */
	enum hf_security negative_security;
	bool proofs_verified; /* all NSEC and NSEC3 sets that are left */
	bool chain_broken;    /* bogus above the data: other servers for it would not help */
	struct hf_cause cause; /* of what is bogus, or insecure for want of understanding */
};

enum hf_validation {
	HF_VALIDATION_DONE, /* all is secure or insecure */
	HF_VALIDATION_WANTED,
	HF_VALIDATION_BOGUS,
	HF_VALIDATION_WORK, /* the work allowed ran out */
};

struct hf_validation_want {
	uint8_t name[HF_NAME_MAX];
	uint16_t type;
};

/* Whether replies to the fetch are validated: somebody waits for it who did not set CD. */
bool hf_validate_is_wanted(const struct hf_resolver *resolver, const struct hf_fetch *fetch);

/* Fills in `finding` with what of `found` may be kept; memory is the resolver's scratch arena. A chain is cut before its first bogus set: what
 * that alias leads to has to be asked for. */
enum hf_validation hf_validate(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found,
			       struct hf_finding *finding, struct hf_validation_want *want);

/* Whether the reply is about its final name, and denies it or the type. Of a name outside the zone the server knows nothing, whatever it
 * says. */
bool hf_finding_denies(const struct hf_finding *finding);
/* A copy in the fetch's arena, NULL without memory. */
struct hf_finding *hf_finding_copy(struct hf_fetch *fetch, const struct hf_finding *finding);
