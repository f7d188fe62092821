// SPDX-License-Identifier: BSD-3-Clause
/* Checking signatures: RRSIG over an RRset (RFC 4035 §5.3), and a DNSKEY RRset against DS records or trust anchors (§5.2).
 *
 * A struct hf_validator belongs to one thread. The verdicts table may be shared by several.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/now.h"
#include "dnssec/key.h"
#include "dnssec/policy.h"
#include "dnssec/security.h"
#include "dnssec/work.h"
#include "wire/rrset.h"

/* What public-key checks came to, by a keyed 128-bit hash of key, signature and what is signed: an RRset that comes again unchanged is
 * not verified twice, whether it was good or bad. No time is part of it: windows are looked at each time. Lock-free; any thread; one
 * of a set of four goes. */
struct hf_verdicts;
struct hf_verdicts *hf_verdicts_new(unsigned count, const uint64_t secret[2]); /* rounded up to a power of two; NULL without memory */
void hf_verdicts_free(struct hf_verdicts *verdicts);

struct hf_validator;
struct hf_validator *hf_validator_new(const struct hf_dnssec_policy *policy, const struct hf_costs *costs,
				      struct hf_verdicts *verdicts); /* copies the first two; NULL without memory */
void hf_validator_configure(struct hf_validator *validator, const struct hf_dnssec_policy *policy);
void hf_validator_free(struct hf_validator *validator);
const struct hf_dnssec_policy *hf_validator_policy(const struct hf_validator *validator);
const struct hf_costs *hf_validator_costs(const struct hf_validator *validator);

struct hf_validator_stats { /* since the start; read by the validator's thread */
	uint64_t checks;	/* public-key operations */
	uint64_t failed_checks;
	uint64_t repeated;	/* known from before: no operation */
};
void hf_validator_stats(const struct hf_validator *validator, struct hf_validator_stats *stats);

/* What came of a check. */
struct hf_check {
	enum hf_security security; /* SECURE, INSECURE (hf_verify_dnskey only) or BOGUS; UNCHECKED when the work allowed has run out */
	struct hf_cause cause;	   /* when not SECURE: of the signature that came nearest */
	uint32_t ttl;		   /* RFC 4035 §5.3.3: least of the set's TTL, original TTL, seconds until expiration */
	uint8_t labels;		   /* the RRSIG's Labels field */
	bool expanded;		   /* from a wildcard: the proof that there is no closer match is still to be had */
};

/* The zone that the set's signatures name as signer (of several: one at or above the owner, the longest); NULL when there is none. Points
 * into the set. A set signed in the names of several zones is checked with the keys of the one that the caller chooses. */
const uint8_t *hf_verify_signer(const struct hf_rrset *rrset);

/* Whether one signature by a key of the zone verifies the set. All keys of a signature's tag and algorithm are tried, all signatures,
 * while `work` allows; those that cannot be right (window, signer, labels, algorithm, type covered) cost nothing. RRSIG Labels may not be less than
 * the signer's (CVE-2026-44690), the owner not outside the zone. */
void hf_verify_rrset(struct hf_validator *validator, const struct hf_rrset *rrset, struct hf_keys *keys, struct hf_work *work,
		     struct hf_now now, struct hf_check *check);

/* Whether the zone's DNSKEY set is signed by a key that the trusted set names: `trusted` is DS or DNSKEY RRsets (anchors) of the zone. INSECURE
 * when none of them is of an algorithm and digest that we know (cause EDE 1 or 2). A digest of SHA-1 does not count where a better known one
 * stands beside it (RFC 4509 §3). */
void hf_verify_dnskey(struct hf_validator *validator, struct hf_keys *keys, const struct hf_rrset *const *trusted,
		      unsigned trusted_count, struct hf_work *work, struct hf_now now, struct hf_check *check);

/* Whether a DS set leads anywhere: false when no record is of a known algorithm and digest, the zone is then insecure; cause EDE 1 or 2. */
bool hf_verify_ds_is_usable(const struct hf_rrset *ds, const struct hf_dnssec_policy *policy, struct hf_cause *cause);
