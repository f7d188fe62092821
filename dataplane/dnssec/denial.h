// SPDX-License-Identifier: BSD-3-Clause
/* What NSEC (RFC 4034, 4035 §5.4) and NSEC3 (RFC 5155 §8) records prove of a name. The records' signatures have been verified by the
 * zone's keys; whether they belong where they stand is looked at here: owner and next name inside the zone, the right side of a zone cut,
 * no wildcard's expansion among them.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "dnssec/policy.h"
#include "dnssec/security.h"
#include "dnssec/work.h"
#include "wire/rrset.h"

enum hf_denial {
	HF_DENIAL_PROVEN,
	HF_DENIAL_OPT_OUT,    /* proven but for unsigned delegations (RFC 5155 §6): the answer is insecure */
	HF_DENIAL_ITERATIONS, /* the NSEC3 records want more hashing than the policy lets: insecure, EDE 27 */
	HF_DENIAL_NOT_PROVEN, /* bogus */
	HF_DENIAL_WORK,	      /* the work allowed ran out */
};

/* NSEC and NSEC3 sets (others among them are passed over) of the zone `zone`, verified. Of NSEC3, those with parameters other than the
 * first usable one's are passed over (RFC 5155 §8.2); flags other than opt-out and unknown hash algorithms too (§8.1, §8.2). */
struct hf_denial_proofs {
	const struct hf_rrset *const *sets;
	unsigned count;
	const uint8_t *zone;
	const struct hf_dnssec_policy *policy;
	const struct hf_costs *costs;
	struct hf_work *work; /* NSEC3 hashes are charged */
};

/* In all of them `cause` is filled when not PROVEN; names in any case. */

/* The name does not exist, nor a wildcard that would stand for it. */
enum hf_denial hf_denial_nxdomain(const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause);
/* The name, or the wildcard that stands for it, exists without this type and without CNAME; or is an empty non-terminal; or does not exist by
 * compact denial (RFC 9824: NXNAME in the bitmap). For type DS: hf_denial_ds() is meant. `nxname` may be NULL: set when by NXNAME. */
enum hf_denial hf_denial_nodata(const struct hf_denial_proofs *proofs, const uint8_t *name, uint16_t type, bool *nxname,
				struct hf_cause *cause);
/* No name closer to `name` exists than the wildcard's parent, which has `labels` labels (the RRSIG's Labels field): RFC 4035 §5.3.4. */
enum hf_denial hf_denial_expansion(const struct hf_denial_proofs *proofs, const uint8_t *name, unsigned labels,
				   struct hf_cause *cause);

/* That there is no DS at `name` (RFC 4035 §5.2, RFC 5155 §8.6, §8.9), and what that means. */
enum hf_cut {
	HF_CUT_UNSIGNED, /* an unsigned delegation: what is below is insecure. With opt-out also what may be one */
	HF_CUT_NONE,	 /* the name is no zone cut: it belongs to the zone like its parent */
	HF_CUT_NO_NAME,	 /* it does not exist */
};
/* OPT_OUT: HF_CUT_UNSIGNED, and the answer that there is no DS is insecure too (RFC 5155 §9.2). `cut` is set with both. */
enum hf_denial hf_denial_ds(const struct hf_denial_proofs *proofs, const uint8_t *name, enum hf_cut *cut,
			    struct hf_cause *cause);
