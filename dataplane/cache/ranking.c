// SPDX-License-Identifier: BSD-3-Clause
/* Which of two facts about one owner name is believed. */
#include "cache/ranking.h"

/* Types that may stand beside a CNAME: RFC 4035 §2.5 (RRSIG, NSEC), RFC 3007 (KEY), the parent's side of a zone cut
 * (DS, NS). SOA, NS and DNSKEY of an apex that unlawfully has a CNAME too: the resolver needs them
 * to reach that zone, and dropping them at each answer would send it back to the parent each time. */
static bool beside_cname(uint16_t type)
{
	switch (type) {
	case HF_TYPE_RRSIG:
	case HF_TYPE_NSEC:
	case HF_TYPE_KEY:
	case HF_TYPE_NS:
	case HF_TYPE_SOA:
	case HF_TYPE_DS:
	case HF_TYPE_DNSKEY:
		return true;
	}
	return false;
}

bool hf_ranking_contradict(uint16_t type_a, enum hf_fact fact_a, uint16_t type_b, enum hf_fact fact_b)
{
	if (type_a == type_b)
		return true;
	/* The name does not exist, yet has a type (or exists without one). */
	if (type_a == HF_TYPE_OF_NXDOMAIN || type_b == HF_TYPE_OF_NXDOMAIN)
		return true;
	/* RFC 8767 §7: a newer CNAME displaces other data (and knowledge of its absence), and the reverse. */
	if (type_a == HF_TYPE_CNAME && fact_a == HF_FACT_RRSET)
		return !beside_cname(type_b);
	if (type_b == HF_TYPE_CNAME && fact_b == HF_FACT_RRSET)
		return !beside_cname(type_a);
	return false;
}

bool hf_ranking_outranks(const struct hf_cache_entry *old, enum hf_rank rank, enum hf_security security)
{
	const bool validated = security >= HF_SECURITY_INSECURE, was_validated = old->security >= HF_SECURITY_INSECURE;

	/* Who can bring about that something bogus comes, or something that nobody looks at, does not put out what is good. */
	return validated == was_validated ? old->rank > rank : was_validated;
}

/* A zone's own servers must not prolong the delegation that their parent gave: a withdrawn one would live for ever
 * by being asked for ("ghost domains"). So a child's NS set ends with the one it replaces. */
uint64_t hf_ranking_ns_end(const struct hf_cache_entry *entry, const struct hf_cache_entry *old)
{
	bool at_root = hf_rrset_owner(entry->rrset)[0] == 0; /* has no parent */

	if (at_root || entry->rank <= HF_RANK_REFERRAL || old->fact != HF_FACT_RRSET || old->rank == HF_RANK_HINTS ||
	    entry->expires_ns < old->expires_ns)
		return entry->expires_ns;
	return old->expires_ns;
}
