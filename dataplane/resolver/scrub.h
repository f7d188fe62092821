// SPDX-License-Identifier: BSD-3-Clause
/* What of a server's reply may be believed: only data the server can speak for (inside the zone it was asked as a server of), and
 * of that only what the question asked for. Everything else is left behind here and never reaches the cache.
 *
 * NS sets in the authority section of an answer are not kept at all: a forged answer to a random name would
 * otherwise hand over the whole zone. The delegation is what the parent said; a child's own NS set is learned only by asking for it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "resolver/resolver.h"
#include "wire/message.h"
#include "wire/rrset.h"

#define HF_SCRUB_CHAIN_MAX 16 /* CNAME/DNAME steps followed within one reply */

struct hf_scrubbed {
	/* From the question's name along CNAMEs and DNAMEs, in order; without CNAMEs synthesised from a DNAME. */
	const struct hf_rrset **chain;
	unsigned chain_count;
	bool answered;		   /* the last of the chain is what was asked for */
	bool too_long;		   /* a DNAME gives a name over 255 octets (RFC 6672 §2.2) */
	const uint8_t *final_name; /* where the chain ends */
	bool final_inside;	   /* that name is in the zone: what the reply says of it counts */

	const struct hf_rrset *soa;	 /* at or above the final name, in the zone */
	const struct hf_rrset *referral; /* NS of a cut strictly below the zone, at or above the name */
	const struct hf_rrset *ds;	 /* of that cut */
	const struct hf_rrset **glue;	 /* addresses of the targets of the referral, or of an NS set in the answer */
	unsigned glue_count;
	const struct hf_rrset **proofs; /* NSEC and NSEC3 of the authority section; before them, if wanted, the NS of the SOA's zone */
	unsigned proof_count;

	/* Signs of a server that does not serve the zone. */
	bool ns_of_zone;   /* "ask the servers of the zone", from one of them */
	bool ns_elsewhere; /* NS upward or sideways */
	bool soa_above;	   /* SOA of a zone above */

	unsigned dropped; /* RRsets out of bailiwick */
};

/* Memory is the arena's; sets point into `message`. False without memory. Names that another of the configured routes leads to than `qname`
 * are out of the zone: they are for that route's servers to speak of. */
bool hf_scrub_message(struct hf_arena *arena, const struct hf_message *message, const uint8_t *qname, uint16_t qtype,
		      uint16_t qclass, const uint8_t *zone, const struct hf_resolver_config *config,
		      struct hf_scrubbed *scrubbed);

/* RFC 2308 §5: how long what comes with this SOA (NULL for none) may be kept. */
uint32_t hf_scrub_negative_ttl(const struct hf_rrset *soa);

/* The target of a CNAME, DNAME or NS set's first record; NULL when its RDATA is no name. */
const uint8_t *hf_scrub_target(const struct hf_rrset *rrset);

/* RFC 6672 §2.2: `name`, which is below the DNAME's owner, under its target. False when over 255 octets. */
bool hf_scrub_substitute(const uint8_t *name, const struct hf_rrset *dname, uint8_t out[HF_NAME_MAX]);
