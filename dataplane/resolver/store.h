// SPDX-License-Identifier: BSD-3-Clause
/* What of a reply goes to the cache: of what scrub.c let through, with what validate.c said of it. Called by the thread that the resolver
 * belongs to; nothing is owned by the callee, the cache copies. Without memory nothing is kept. */
#pragma once
#include "resolver/validate.h"

/* NS, glue, and DS or what may prove that there is none; nobody has looked at their signatures yet. */
void hf_store_referral(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed);

/* Of the name that was asked for, and of where it leads. Bogus data is kept briefly, for clients with CD. */
void hf_store_finding(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_finding *finding);

/* The same of a shortened name (RFC 9156). */
void hf_store_shortened(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_finding *finding);

/* NSEC and NSEC3 for other names and types that they deny (RFC 8198). All that validation left in the finding are verified. */
void hf_store_proofs(struct hf_resolver *resolver, const struct hf_finding *finding);

/* Beside an alias to another name of the zone, proofs may say that this one is below an unsigned delegation. Where exactly that is shows only
 * when they are looked at. */
void hf_store_hints(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed);
