// SPDX-License-Identifier: BSD-3-Clause
/* What a signature is made over (RFC 4034 §3.1.8.1): the RRSIG's RDATA without the signature, then the RRs in canonical form and
 * order (§6). One struct belongs to one thread; its memory is kept from one set to the next.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dnssec/rrsig.h"
#include "wire/rrset.h"

struct hf_canonical {
	const struct hf_rrset *rrset;
	struct hf_rdata *sorted; /* RDATA with names lower-cased, in order, without duplicates */
	unsigned count;
	size_t rdata_size; /* octets of all of it */
	uint8_t *message; /* of the last hf_canonical_write() */
	size_t length, capacity;
};

/* Sorts the set, which has to live as long as the struct is used for it. False without memory. */
bool hf_canonical_begin(struct hf_canonical *canonical, const struct hf_rrset *rrset);
/* Writes what `rrsig`, whose RDATA is given too, is made over; the owner becomes a wildcard where it counts fewer labels. False without
 * memory. Its Labels are not more than the owner's: the caller saw to that. */
bool hf_canonical_write(struct hf_canonical *canonical, const struct hf_rrsig *rrsig, const struct hf_rdata *rdata);
/* Octets that it would write for a set: to charge the work before it is done. */
size_t hf_canonical_size(const struct hf_canonical *canonical);
void hf_canonical_end(struct hf_canonical *canonical); /* keeps moderate memory */
void hf_canonical_free(struct hf_canonical *canonical);
