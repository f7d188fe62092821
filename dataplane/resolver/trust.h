// SPDX-License-Identifier: BSD-3-Clause
/* The chain of trust (RFC 4035 §5): what is known of a zone, from the nearest trust anchor down. Worked out bottom-up from what the cache
 * holds: the DS set of the zone, or the proof that there is none, which came with the referral or was fetched; whose signer is the
 * parent; and so on. Nothing waits here: what is missing is named, the caller fetches it and asks again.
 *
 * A table of zones with their keys made ready belongs to each resolver. It is an index of what the cache holds, and may be emptied at
 * any time; the least recently used zone makes room.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "dnssec/key.h"
#include "dnssec/security.h"
#include "dnssec/work.h"
#include "wire/rrset.h"

struct hf_resolver;

enum hf_trust_state {
	HF_TRUST_SECURE,   /* signed, and its keys are known */
	HF_TRUST_INSECURE, /* below an unsigned delegation, a negative trust anchor, or no anchor at all */
	HF_TRUST_BOGUS,	   /* the chain is broken */
	HF_TRUST_NO_CUT,   /* no zone of its own: a name in a secure zone above */
	HF_TRUST_WANTED,   /* `wanted_name`, `wanted_type` has to be fetched first */
	HF_TRUST_WORK,	   /* the work allowed ran out */
};

struct hf_trust {
	enum hf_trust_state state;
	struct hf_keys *keys; /* SECURE; owned by the table, usable until the next call */
	const struct hf_rrset *trusted[2]; /* of hf_trust_ds(): DS or anchors */
	unsigned trusted_count;
	uint64_t since_ns, ends_ns; /* monotonic: when the keys were learned; until when it holds */
	bool negative_anchor;	    /* INSECURE by the operator's word */
	struct hf_cause cause;	    /* BOGUS, WORK, and INSECURE where something was not understood */
	uint8_t wanted_name[HF_NAME_MAX];
	uint16_t wanted_type; /* DS or DNSKEY */
};

struct hf_trust_zones;
struct hf_trust_zones *hf_trust_zones_new(uint32_t limit, const uint64_t secret[2]); /* NULL without memory */
void hf_trust_zones_free(struct hf_trust_zones *zones);
void hf_trust_zones_clear(struct hf_trust_zones *zones);

/* Whether anything is validated here at all. */
bool hf_trust_is_on(const struct hf_resolver *resolver);
/* Whether a negative trust anchor covers the name: no trust anchor is nearer. */
bool hf_trust_has_negative_anchor(const struct hf_resolver *resolver, const uint8_t *name);

/* The nearest zone at or above the name with a trust anchor that counts; NULL for none. */
const uint8_t *hf_trust_anchor_zone(const struct hf_resolver *resolver, const uint8_t *name);

/* What is known of the zone `zone`. */
void hf_trust_of(struct hf_resolver *resolver, const uint8_t *zone, struct hf_work *work, struct hf_trust *trust);
/* The same, but only as far as its parent's word on it: SECURE then means that `trusted` says how its keys are known. */
void hf_trust_ds(struct hf_resolver *resolver, const uint8_t *zone, struct hf_work *work, struct hf_trust *trust);
/* What is in the table came from the cache, and goes with what was flushed there; so do the resolver's own proofs at hand. */
void hf_trust_follow_flushes(struct hf_resolver *resolver);
/* A DNSKEY set of the zone, just verified; takes `keys`. */
void hf_trust_learn(struct hf_resolver *resolver, const uint8_t *zone, struct hf_keys *keys, uint64_t ends_ns);

/* What is checked from here on is done in the name of the zone: it is charged, with its parents (but top-level domains and the root have
 * shares of their own, see the settings). False when one of them has used up its share: then nothing is to be checked. */
bool hf_trust_charge(struct hf_resolver *resolver, struct hf_work *work, const uint8_t *zone, struct hf_cause *cause);
