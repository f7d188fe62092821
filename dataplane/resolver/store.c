// SPDX-License-Identifier: BSD-3-Clause
/* What of a reply goes to the cache; see store.h. */
#include "resolver/store.h"
#include "resolver/fetch.h"
#include "resolver/state.h"
#include "resolver/trust.h"

enum {
	BOGUS_TTL = 60,	 /* seconds that bogus data is kept for clients with CD */
	HINT_TTL = 3600, /* at most; proofs have their own */
	HINTS_MAX = 4,
};

static uint8_t zone_labels(const struct hf_fetch *fetch, const uint8_t *owner)
{
	/* A forwarder speaks of all zones; which one this is from, it does not say. */
	if (fetch->delegation.source == HF_DELEGATION_FORWARD || !hf_name_is_below_or_equal(owner, fetch->delegation.zone))
		return 0;
	return (uint8_t)(hf_name_label_count(fetch->delegation.zone) + 1);
}

/* An NS set lives no longer than the delegation lets it. */
static void store_set(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_rrset *rrset,
		      const struct hf_scrubbed *scrubbed, enum hf_rank rank, enum hf_security security)
{
	uint64_t end = rrset->type == HF_TYPE_NS ?
			       hf_delegation_latest_end(&fetch->delegation, hf_rrset_owner(rrset)) :
			       UINT64_MAX;
	struct hf_cache_claim claim = {
		.fact = HF_FACT_RRSET,
		.rrset = rrset,
		.rank = rank,
		.security = security,
		.zone_labels = zone_labels(fetch, hf_rrset_owner(rrset)),
	};
	uint64_t now = resolver->now.mono_ns, left = UINT64_MAX;

	if (end != UINT64_MAX)
		left = end > now ? (end - now) / HF_NS_PER_SECOND : 0;
	if (security == HF_SECURITY_BOGUS && left > BOGUS_TTL)
		left = BOGUS_TTL;
	if (!left)
		return;
	claim.rrset = hf_rrset_bound_ttl(resolver->scratch, rrset, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX);
	if (!claim.rrset)
		return;
	if (hf_rrset_is_expanded(rrset)) {
		claim.proofs = scrubbed->proofs;
		claim.proof_count = scrubbed->proof_count;
	}
	hf_cache_store(resolver->cache, &claim, resolver->now);
}

/* For other names that the wildcard stands for (RFC 8198 §5.3): as it is in the zone. */
static void store_wildcard(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_rrset *rrset,
			   const struct hf_scrubbed *scrubbed, enum hf_rank rank)
{
	uint8_t wildcard[HF_NAME_MAX];
	const struct hf_rrset *copy;

	if (!hf_name_wildcard(hf_rrset_owner(rrset), hf_rrset_signed_labels(rrset), wildcard))
		return;
	copy = hf_rrset_with_owner(resolver->scratch, wildcard, rrset);
	if (copy)
		store_set(resolver, fetch, copy, scrubbed, rank, HF_SECURITY_SECURE);
}

static void store_chain(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_finding *finding)
{
	const struct hf_scrubbed *scrubbed = &finding->scrubbed;
	enum hf_rank rank = finding->authoritative ? HF_RANK_ANSWER_AUTH : HF_RANK_ANSWER_NONAUTH;

	for (unsigned i = 0; i < scrubbed->chain_count; i++) {
		enum hf_security security = finding->securities ? finding->securities[i] : HF_SECURITY_UNCHECKED;

		store_set(resolver, fetch, scrubbed->chain[i], scrubbed, rank, security);
		if (security == HF_SECURITY_SECURE && resolver->config.aggressive_nsec && hf_rrset_is_expanded(scrubbed->chain[i]))
			store_wildcard(resolver, fetch, scrubbed->chain[i], scrubbed, rank);
	}
	for (unsigned i = 0; i < scrubbed->glue_count; i++)
		hf_cache_put(resolver->cache, scrubbed->glue[i], HF_RANK_ADDITIONAL, resolver->now);
}

/* What may prove that the delegation has no DS: whoever validates looks at it. */
static void store_no_ds(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed,
			const uint8_t *cut, uint32_t ttl)
{
	struct hf_cache_claim claim = {
		.fact = HF_FACT_NODATA,
		.name = cut,
		.type = HF_TYPE_DS,
		.class = fetch->qclass,
		.ttl = ttl,
		.rank = HF_RANK_REFERRAL,
		.proofs = scrubbed->proofs,
		.proof_count = scrubbed->proof_count,
		.zone_labels = zone_labels(fetch, cut),
	};

	if (!hf_trust_is_on(resolver))
		return;
	/* What is not proven is not known any longer than the proof's records say. */
	for (unsigned i = 0; i < scrubbed->proof_count; i++)
		if (scrubbed->proofs[i]->ttl < claim.ttl)
			claim.ttl = scrubbed->proofs[i]->ttl;
	if (claim.ttl)
		hf_cache_store(resolver->cache, &claim, resolver->now);
}

void hf_store_referral(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed)
{
	store_set(resolver, fetch, scrubbed->referral, scrubbed, HF_RANK_REFERRAL, HF_SECURITY_UNCHECKED);
	if (scrubbed->ds)
		store_set(resolver, fetch, scrubbed->ds, scrubbed, HF_RANK_REFERRAL, HF_SECURITY_UNCHECKED);
	else
		store_no_ds(resolver, fetch, scrubbed, hf_rrset_owner(scrubbed->referral), scrubbed->referral->ttl);
	for (unsigned i = 0; i < scrubbed->glue_count; i++)
		hf_cache_put(resolver->cache, scrubbed->glue[i], HF_RANK_ADDITIONAL, resolver->now);
}

static void store_negative(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_finding *finding,
			   enum hf_fact fact, uint16_t type)
{
	const struct hf_scrubbed *scrubbed = &finding->scrubbed;
	struct hf_cache_claim claim = {
		.fact = fact,
		.name = scrubbed->final_name,
		.type = fact == HF_FACT_NXDOMAIN ? 0 : type,
		.class = fetch->qclass,
		.ttl = finding->negative_ttl,
		.rrset = scrubbed->soa,
		.proofs = scrubbed->proofs,
		.proof_count = scrubbed->proof_count,
		.rank = finding->authoritative ? HF_RANK_AUTHORITY : HF_RANK_ANSWER_NONAUTH,
		.security = finding->negative_security,
		.zone_labels = zone_labels(fetch, scrubbed->final_name),
	};

	if (claim.security == HF_SECURITY_BOGUS && claim.ttl > BOGUS_TTL)
		claim.ttl = BOGUS_TTL;
	hf_cache_store(resolver->cache, &claim, resolver->now);
	/* Proofs at hand deny other names of the zone only with its SOA (RFC 8198 §5.4). */
	if (scrubbed->soa &&
	    ((finding->authoritative && resolver->config.negative_soa_newest) ||
	     (resolver->config.aggressive_nsec && finding->negative_security == HF_SECURITY_SECURE)))
		store_set(resolver, fetch, scrubbed->soa, scrubbed, HF_RANK_AUTHORITY, finding->negative_security);
}

void hf_store_finding(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_finding *finding)
{
	store_chain(resolver, fetch, finding);
	if (hf_finding_denies(finding))
		store_negative(resolver, fetch, finding,
			       finding->kind == HF_KIND_NXDOMAIN ? HF_FACT_NXDOMAIN : HF_FACT_NODATA, fetch->qtype);
}

void hf_store_shortened(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_finding *finding)
{
	store_chain(resolver, fetch, finding);
	if (finding->kind == HF_KIND_NODATA && !finding->scrubbed.chain_count && finding->scrubbed.soa)
		store_negative(resolver, fetch, finding, HF_FACT_NODATA, hf_fetch_ask_type(fetch));
}

void hf_store_proofs(struct hf_resolver *resolver, const struct hf_finding *finding)
{
	const struct hf_scrubbed *scrubbed = &finding->scrubbed;
	uint32_t longest = hf_finding_denies(finding) ? finding->negative_ttl : UINT32_MAX;

	if (!resolver->config.aggressive_nsec || !finding->proofs_verified)
		return;
	for (unsigned i = 0; i < scrubbed->proof_count; i++) {
		const struct hf_rrset *proof = scrubbed->proofs[i];
		const uint8_t *zone = hf_verify_signer(proof);

		if (!zone || (proof->type != HF_TYPE_NSEC && proof->type != HF_TYPE_NSEC3))
			continue;
		proof = hf_rrset_bound_ttl(resolver->scratch, proof, longest);
		if (proof)
			hf_denials_put(resolver->denials, zone, proof, resolver->now);
	}
}

void hf_store_hints(struct hf_resolver *resolver, const struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed)
{
	unsigned labels = hf_name_label_count(scrubbed->final_name), zone = hf_name_label_count(fetch->delegation.zone);

	if (!scrubbed->chain_count || scrubbed->answered || !scrubbed->final_inside || scrubbed->soa || !scrubbed->proof_count)
		return;
	for (unsigned i = zone + 1; i <= labels && i <= zone + HINTS_MAX; i++)
		store_no_ds(resolver, fetch, scrubbed, hf_name_strip(scrubbed->final_name, labels - i), HINT_TTL);
}
