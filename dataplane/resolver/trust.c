// SPDX-License-Identifier: BSD-3-Clause
/* The chain of trust; see trust.h. */
#include "resolver/trust.h"
#include <stdlib.h>
#include <string.h>
#include "dnssec/denial.h"
#include "resolver/state.h"

enum {
	REGISTRY_TIMES = 8,	   /* the share of the root and of a top-level domain, as a multiple of a zone's */
	SHARE_PARENTS_MAX = HF_WORK_ALLOWANCES_MAX - 2,
	BURST_MS = 200,		   /* of a share that has filled up */
	PROOFS_MAX = 8,		   /* looked at for one delegation: three are needed at most (RFC 5155 §8.6) */
};

/* ---- the table ---- */

struct zone {
	struct hf_index_node node;
	struct zone *newer, *older; /* by last use */
	enum hf_trust_state state;  /* SECURE, INSECURE, NO_CUT */
	struct hf_keys *keys;
	uint64_t since_ns, ends_ns;
	struct hf_cause cause;
	uint8_t name[HF_NAME_MAX];
};

struct hf_trust_zones {
	struct hf_index index;
	struct zone *newest, *oldest;
	uint32_t count, limit;
	uint64_t secret[2];
};

struct hf_trust_zones *hf_trust_zones_new(uint32_t limit, const uint64_t secret[2])
{
	struct hf_trust_zones *zones = calloc(1, sizeof(*zones));

	if (!zones)
		return NULL;
	zones->limit = limit;
	zones->secret[0] = secret[0];
	zones->secret[1] = secret[1];
	if (!hf_index_init(&zones->index, limit)) {
		free(zones);
		return NULL;
	}
	return zones;
}

static void unlink_zone(struct hf_trust_zones *zones, struct zone *zone)
{
	*(zone->newer ? &zone->newer->older : &zones->newest) = zone->older;
	*(zone->older ? &zone->older->newer : &zones->oldest) = zone->newer;
}

static void link_newest(struct hf_trust_zones *zones, struct zone *zone)
{
	zone->newer = NULL;
	zone->older = zones->newest;
	*(zones->newest ? &zones->newest->newer : &zones->oldest) = zone;
	zones->newest = zone;
}

static void free_zone(struct hf_trust_zones *zones, struct zone *zone)
{
	unlink_zone(zones, zone);
	hf_index_remove(&zones->index, &zone->node);
	hf_keys_free(zone->keys);
	free(zone);
	zones->count--;
}

void hf_trust_zones_clear(struct hf_trust_zones *zones)
{
	while (zones->oldest)
		free_zone(zones, zones->oldest);
}

void hf_trust_zones_free(struct hf_trust_zones *zones)
{
	if (!zones)
		return;
	hf_trust_zones_clear(zones);
	hf_index_free(&zones->index);
	free(zones);
}

static struct zone *find_zone(struct hf_trust_zones *zones, const uint8_t *name)
{
	uint64_t hash = hf_index_hash_name(zones->secret, name, 0);

	for (struct hf_index_node *n = hf_index_first(&zones->index, hash); n; n = hf_index_next(n)) {
		struct zone *zone = hf_index_entry(n, struct zone, node);

		if (hf_name_equal(zone->name, name))
			return zone;
	}
	return NULL;
}

/* Takes `keys`. Without memory it is worked out anew each time. */
static struct zone *put_zone(struct hf_resolver *resolver, const uint8_t *name, enum hf_trust_state state, struct hf_keys *keys,
			     uint64_t ends_ns, const struct hf_cause *cause)
{
	struct hf_trust_zones *zones = resolver->trust_zones;
	struct zone *zone = find_zone(zones, name);

	if (zone)
		free_zone(zones, zone);
	if (zones->count == zones->limit)
		free_zone(zones, zones->oldest);
	zone = calloc(1, sizeof(*zone));
	if (!zone) {
		hf_keys_free(keys);
		return NULL;
	}
	zone->state = state;
	zone->keys = keys;
	zone->since_ns = resolver->now.mono_ns;
	zone->ends_ns = ends_ns;
	if (cause)
		zone->cause = *cause;
	hf_name_lower(name, zone->name);
	hf_index_add(&zones->index, &zone->node, hf_index_hash_name(zones->secret, name, 0));
	link_newest(zones, zone);
	zones->count++;
	return zone;
}

void hf_trust_learn(struct hf_resolver *resolver, const uint8_t *zone, struct hf_keys *keys, uint64_t ends_ns)
{
	put_zone(resolver, zone, HF_TRUST_SECURE, keys, ends_ns, NULL);
}

void hf_trust_follow_flushes(struct hf_resolver *resolver)
{
	uint64_t flushes = hf_cache_flushes(resolver->cache);

	if (resolver->trust_flushes == flushes)
		return;
	resolver->trust_flushes = flushes;
	hf_trust_zones_clear(resolver->trust_zones);
	if (resolver->own_denials)
		hf_denials_flush(resolver->own_denials, hf_name_root);
}

static struct zone *known_zone(struct hf_resolver *resolver, const uint8_t *name)
{
	struct hf_trust_zones *zones = resolver->trust_zones;
	struct zone *zone;

	hf_trust_follow_flushes(resolver);
	zone = find_zone(zones, name);
	if (!zone || zone->ends_ns <= resolver->now.mono_ns)
		return NULL;
	unlink_zone(zones, zone);
	link_newest(zones, zone);
	return zone;
}

/* ---- shares of CPU time ---- */

static bool take_share(struct hf_resolver *resolver, struct hf_work *work, const uint8_t *name, unsigned labels)
{
	uint64_t hash = hf_index_hash_name(resolver->secret, name, 1);
	struct hf_allowance *allowance = &resolver->trust_shares[hash % HF_RESOLVER_SHARES];
	uint32_t share = resolver->config.validation_zone_share * (labels <= 1 ? REGISTRY_TIMES : 1u);

	work->allowances[work->allowance_count++] = allowance;
	return hf_allowance_has(allowance, share, share * (BURST_MS * HF_NS_PER_MS / 1000), resolver->now);
}

bool hf_trust_charge(struct hf_resolver *resolver, struct hf_work *work, const uint8_t *zone, struct hf_cause *cause)
{
	const uint32_t all = resolver->config.validation_share;
	unsigned labels = hf_name_label_count(zone);
	char text[HF_NAME_TEXT_MAX];
	bool all_left, zone_left;

	work->allowances[0] = &resolver->trust_share;
	work->allowance_count = 1;
	all_left = hf_allowance_has(&resolver->trust_share, all, all * (BURST_MS * HF_NS_PER_MS / 1000), resolver->now);
	zone_left = take_share(resolver, work, zone, labels);
	/* A zone's relatives: all that is delegated below the same name. Those above two labels have nothing to do with each other. */
	for (unsigned i = 2; i < labels && i < 2 + SHARE_PARENTS_MAX; i++)
		zone_left = take_share(resolver, work, hf_name_strip(zone, labels - i), i) && zone_left;
	if (all_left && zone_left)
		return true;
	if (!all_left)
		hf_cause_set(cause, HF_EDE_INDETERMINATE, "not validated: the share of CPU for validation is used up");
	else
		hf_cause_set(cause, HF_EDE_INDETERMINATE, "not validated: %.100s has used up its share of CPU",
			     hf_name_to_text(zone, text));
	hf_count(resolver, validation_shares_used);
	work->exhausted = true;
	return false;
}

/* ---- the delegation ---- */

bool hf_trust_is_on(const struct hf_resolver *resolver)
{
	return hf_anchors_count(resolver->config.anchors) > 0;
}

/* The zone of the anchor that counts for the name; NULL when there is none or a negative one is as near (RFC 7646 §2). */
static const uint8_t *anchor_of(const struct hf_resolver *resolver, const uint8_t *name, struct hf_anchor *anchor,
				bool *negative)
{
	const uint8_t *zone = hf_anchors_find(resolver->config.anchors, name, anchor);
	const struct hf_nta *nta = zone ? hf_ntas_find(resolver->config.ntas, name, resolver->now) : NULL;

	*negative = nta && hf_name_label_count(nta->name) >= hf_name_label_count(zone);
	return *negative ? NULL : zone;
}

const uint8_t *hf_trust_anchor_zone(const struct hf_resolver *resolver, const uint8_t *name)
{
	struct hf_anchor anchor;
	bool negative;

	return anchor_of(resolver, name, &anchor, &negative);
}

bool hf_trust_has_negative_anchor(const struct hf_resolver *resolver, const uint8_t *name)
{
	struct hf_anchor anchor;
	bool negative;

	anchor_of(resolver, name, &anchor, &negative);
	return negative;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t ttl_end(const struct hf_resolver *resolver, uint32_t ttl)
{
	return resolver->now.mono_ns + ttl * HF_NS_PER_SECOND;
}

/* Has to be fetched; but if that was tried a moment ago, the chain ends here. */
static void want(struct hf_resolver *resolver, const uint8_t *zone, uint16_t type, struct hf_trust *trust)
{
	const struct hf_failure *failure = hf_failures_lookup(resolver->failures, zone, type, HF_CLASS_IN, resolver->now);
	char what[HF_TRACE_QUESTION_MAX];

	hf_name_lower(zone, trust->wanted_name);
	trust->wanted_type = type;
	trust->state = HF_TRUST_WANTED;
	if (!failure)
		return;
	trust->state = HF_TRUST_BOGUS;
	if (hf_ede_is_of_validation(failure->ede))
		hf_cause_set(&trust->cause, failure->ede, "%s", failure->text);
	else
		hf_cause_set(&trust->cause,
			     type == HF_TYPE_DNSKEY ? HF_EDE_DNSKEY_MISSING :
			     failure->ede	    ? failure->ede :
						      HF_EDE_INDETERMINATE,
			     "bogus: no answer to %.100s: %.80s", hf_trace_question(zone, type, what), failure->text);
}

static void insecure(struct hf_trust *trust, uint64_t ends_ns)
{
	trust->state = HF_TRUST_INSECURE;
	trust->ends_ns = ends_ns;
}

static void note_denial(struct hf_resolver *resolver, const uint8_t *zone, const struct hf_cache_entry *entry,
			const uint8_t *signer, struct hf_work *work, struct hf_trust *trust)
{
	const struct hf_denial_proofs proofs = {
		.sets = entry->proofs,
		.count = entry->proof_count,
		.zone = signer,
		.policy = hf_validator_policy(resolver->validator),
		.costs = hf_validator_costs(resolver->validator),
		.work = work,
	};
	enum hf_cut cut = HF_CUT_NONE;

	trust->ends_ns = entry->expires_ns;
	switch (hf_denial_ds(&proofs, zone, &cut, &trust->cause)) {
	case HF_DENIAL_PROVEN:
	case HF_DENIAL_OPT_OUT:
		trust->state = cut == HF_CUT_UNSIGNED ? HF_TRUST_INSECURE : HF_TRUST_NO_CUT;
		trust->cause.ede = 0;
		break;
	case HF_DENIAL_ITERATIONS:
		trust->state = HF_TRUST_INSECURE;
		break;
	case HF_DENIAL_WORK:
		trust->state = HF_TRUST_WORK;
		break;
	case HF_DENIAL_NOT_PROVEN:
		trust->state = HF_TRUST_BOGUS;
		break;
	}
}

static const uint8_t *proofs_signer(const struct hf_cache_entry *entry)
{
	for (unsigned i = 0; i < entry->proof_count; i++)
		if (entry->proofs[i]->type == HF_TYPE_NSEC || entry->proofs[i]->type == HF_TYPE_NSEC3) {
			const uint8_t *signer = hf_verify_signer(entry->proofs[i]);

			if (signer)
				return signer;
		}
	return NULL;
}

/* What is known of a delegation by data that was validated before. */
static void judge_validated(struct hf_resolver *resolver, const uint8_t *zone, const struct hf_cache_entry *entry,
			    struct hf_work *work, struct hf_trust *trust)
{
	const uint8_t *signer;

	trust->ends_ns = entry->expires_ns;
	switch (entry->fact) {
	case HF_FACT_RRSET:
		if (!hf_verify_ds_is_usable(entry->rrset, hf_validator_policy(resolver->validator), &trust->cause)) {
			trust->state = HF_TRUST_INSECURE;
			return;
		}
		trust->state = HF_TRUST_SECURE;
		trust->trusted[0] = entry->rrset;
		trust->trusted_count = 1;
		return;
	case HF_FACT_NXDOMAIN:
		trust->state = HF_TRUST_NO_CUT;
		return;
	case HF_FACT_NODATA:
		signer = proofs_signer(entry);
		if (!signer) {
			want(resolver, zone, HF_TYPE_DS, trust);
			return;
		}
		note_denial(resolver, zone, entry, signer, work, trust);
		return;
	}
}

static bool verify(struct hf_resolver *resolver, const struct hf_rrset *rrset, struct hf_keys *keys, struct hf_work *work,
		   struct hf_trust *trust, uint32_t *ttl)
{
	struct hf_check check;

	hf_verify_rrset(resolver->validator, rrset, keys, work, resolver->now, &check);
	if (check.security == HF_SECURITY_SECURE && !check.expanded) {
		if (check.ttl < *ttl)
			*ttl = check.ttl;
		return true;
	}
	trust->cause = check.cause;
	trust->state = check.security == HF_SECURITY_UNCHECKED ? HF_TRUST_WORK : HF_TRUST_BOGUS;
	return false;
}

/* What came with the referral, once checked, is as good as the answer to a question for it; but a proof without SOA is no answer that
 * could be given to a client. */
static void keep_validated(struct hf_resolver *resolver, const uint8_t *zone, const struct hf_cache_entry *entry, uint32_t ttl)
{
	struct hf_cache_claim claim = {
		.fact = entry->fact,
		.name = zone,
		.type = HF_TYPE_DS,
		.class = HF_CLASS_IN,
		.ttl = ttl,
		.rrset = entry->rrset,
		.proofs = entry->proofs,
		.proof_count = entry->proof_count,
		.rank = entry->fact == HF_FACT_RRSET ? HF_RANK_ANSWER_AUTH : entry->rank,
		.security = HF_SECURITY_SECURE,
		.zone_labels = entry->zone_labels,
	};

	if (entry->fact == HF_FACT_RRSET)
		claim.rrset = hf_rrset_bound_ttl(resolver->scratch, entry->rrset, ttl);
	if (claim.rrset || entry->fact != HF_FACT_RRSET)
		hf_cache_store(resolver->cache, &claim, resolver->now);
}

/* The referral's word on the delegation, signed by `signer`, whose keys are given. */
static void check_referral(struct hf_resolver *resolver, const uint8_t *zone, const struct hf_cache_entry *entry,
			   const uint8_t *signer, struct hf_keys *keys, struct hf_work *work, struct hf_trust *trust)
{
	uint32_t ttl = hf_cache_entry_ttl(entry, resolver->now);
	unsigned proofs = 0;

	if (!hf_trust_charge(resolver, work, signer, &trust->cause)) {
		trust->state = HF_TRUST_WORK;
		return;
	}
	if (entry->fact == HF_FACT_RRSET) {
		if (!verify(resolver, entry->rrset, keys, work, trust, &ttl))
			return;
		keep_validated(resolver, zone, entry, ttl);
		judge_validated(resolver, zone, entry, work, trust);
		trust->ends_ns = earlier(trust->ends_ns, ttl_end(resolver, ttl));
		return;
	}
	for (unsigned i = 0; i < entry->proof_count; i++) {
		if (entry->proofs[i]->type != HF_TYPE_NSEC && entry->proofs[i]->type != HF_TYPE_NSEC3)
			continue;
		if (++proofs > PROOFS_MAX) {
			hf_cause_set(&trust->cause, HF_EDE_BOGUS, "bogus: more than %u proofs with a referral", PROOFS_MAX);
			trust->state = HF_TRUST_BOGUS;
			return;
		}
		if (!verify(resolver, entry->proofs[i], keys, work, trust, &ttl))
			return;
	}
	note_denial(resolver, zone, entry, signer, work, trust);
	if (trust->state != HF_TRUST_INSECURE && trust->state != HF_TRUST_NO_CUT)
		return;
	keep_validated(resolver, zone, entry, ttl);
	trust->ends_ns = earlier(trust->ends_ns, ttl_end(resolver, ttl));
}

/* What a referral said, and nobody has looked at yet. Where it does not hold, the parent is asked for the DS set itself. */
static void judge_referral(struct hf_resolver *resolver, const uint8_t *zone, const struct hf_cache_entry *entry,
			   struct hf_work *work, struct hf_trust *trust)
{
	const uint8_t *signer = entry->fact == HF_FACT_RRSET ? hf_verify_signer(entry->rrset) : proofs_signer(entry);
	const uint8_t *parent = signer;
	unsigned labels = hf_name_label_count(zone);

	if (!signer && entry->zone_labels && entry->zone_labels - 1u < labels)
		parent = hf_name_strip(zone, labels - (entry->zone_labels - 1u));
	/* The parent's word counts, not the child's (RFC 4035 §2.4). */
	if (!parent || !hf_name_is_below_or_equal(zone, parent) || hf_name_equal(zone, parent)) {
		want(resolver, zone, HF_TYPE_DS, trust);
		return;
	}
	hf_trust_of(resolver, parent, work, trust);
	if (trust->state == HF_TRUST_INSECURE)
		trust->ends_ns = earlier(trust->ends_ns, entry->expires_ns);
	if (trust->state == HF_TRUST_SECURE && signer)
		check_referral(resolver, zone, entry, signer, trust->keys, work, trust);
	else if (trust->state == HF_TRUST_SECURE || trust->state == HF_TRUST_NO_CUT)
		trust->state = HF_TRUST_BOGUS;
	else
		return;
	trust->keys = NULL;
	if (trust->state == HF_TRUST_BOGUS)
		want(resolver, zone, HF_TYPE_DS, trust);
}

void hf_trust_ds(struct hf_resolver *resolver, const uint8_t *zone, struct hf_work *work, struct hf_trust *trust)
{
	const struct hf_cache_entry *entry;
	struct hf_anchor anchor;
	const uint8_t *anchored = anchor_of(resolver, zone, &anchor, &trust->negative_anchor);

	trust->cause.ede = 0;
	trust->cause.text[0] = '\0';
	trust->keys = NULL;
	trust->trusted_count = 0;
	if (!anchored) {
		insecure(trust, UINT64_MAX);
		return;
	}
	if (hf_name_equal(anchored, zone)) {
		trust->state = HF_TRUST_SECURE;
		trust->ends_ns = UINT64_MAX;
		if (anchor.ds)
			trust->trusted[trust->trusted_count++] = anchor.ds;
		if (anchor.dnskey)
			trust->trusted[trust->trusted_count++] = anchor.dnskey;
		return;
	}
	entry = hf_cache_lookup(resolver->cache, zone, HF_TYPE_DS, HF_CLASS_IN, resolver->now);
	if (!entry) {
		/* Where there is an alias, there is no cut (RFC 4035 §2.5). */
		entry = hf_cache_lookup(resolver->cache, zone, HF_TYPE_CNAME, HF_CLASS_IN, resolver->now);
		if (entry && entry->fact == HF_FACT_RRSET && entry->security >= HF_SECURITY_INSECURE) {
			trust->state = entry->security == HF_SECURITY_SECURE ? HF_TRUST_NO_CUT : HF_TRUST_INSECURE;
			trust->ends_ns = entry->expires_ns;
			return;
		}
		want(resolver, zone, HF_TYPE_DS, trust);
		return;
	}
	switch (entry->security) {
	case HF_SECURITY_SECURE:
		judge_validated(resolver, zone, entry, work, trust);
		break;
	case HF_SECURITY_INSECURE:
		insecure(trust, entry->expires_ns);
		break;
	case HF_SECURITY_BOGUS:
		want(resolver, zone, HF_TYPE_DS, trust);
		break;
	case HF_SECURITY_UNCHECKED:
		judge_referral(resolver, zone, entry, work, trust);
		break;
	}
}

/* ---- the keys ---- */

static void note_zone(const struct zone *zone, struct hf_trust *trust)
{
	trust->state = zone->state;
	trust->keys = zone->keys;
	trust->since_ns = zone->since_ns;
	trust->ends_ns = zone->ends_ns;
	trust->negative_anchor = false;
	trust->cause = zone->cause;
}

/* The DNSKEY set that the cache holds, against what the parent says. */
static void judge_keys(struct hf_resolver *resolver, const uint8_t *zone, struct hf_work *work, struct hf_trust *trust)
{
	const struct hf_cache_entry *entry =
		hf_cache_lookup(resolver->cache, zone, HF_TYPE_DNSKEY, HF_CLASS_IN, resolver->now);
	struct hf_keys *keys;
	struct hf_check check;
	const struct zone *known;

	if (!entry || entry->fact != HF_FACT_RRSET || entry->security == HF_SECURITY_BOGUS) {
		want(resolver, zone, HF_TYPE_DNSKEY, trust);
		return;
	}
	keys = hf_keys_new(entry->rrset);
	if (!keys || !hf_trust_charge(resolver, work, zone, &trust->cause)) {
		hf_keys_free(keys);
		trust->state = HF_TRUST_WORK;
		return;
	}
	hf_verify_dnskey(resolver->validator, keys, trust->trusted, trust->trusted_count, work, resolver->now, &check);
	if (check.security == HF_SECURITY_SECURE) {
		known = put_zone(resolver, zone, HF_TRUST_SECURE, keys,
				 earlier(earlier(trust->ends_ns, entry->expires_ns), ttl_end(resolver, check.ttl)), NULL);
		if (known)
			note_zone(known, trust);
		else
			trust->state = HF_TRUST_WORK;
		return;
	}
	hf_keys_free(keys);
	trust->cause = check.cause;
	if (check.security == HF_SECURITY_INSECURE)
		trust->state = HF_TRUST_INSECURE;
	else if (check.security == HF_SECURITY_UNCHECKED)
		trust->state = HF_TRUST_WORK;
	else
		want(resolver, zone, HF_TYPE_DNSKEY, trust);
}

static void tell(struct hf_resolver *resolver, const uint8_t *zone, const struct hf_trust *trust)
{
	static const char *const texts[] = {"secure", "insecure", "bogus", "no zone cut", "wanting", "out of work"};
	char name[HF_NAME_TEXT_MAX];

	if (!resolver->trace)
		return;
	hf_name_to_text(zone, name);
	if (trust->state == HF_TRUST_WANTED)
		hf_trace(resolver, "trust in %s: %s is to be fetched", name, trust->wanted_type == HF_TYPE_DS ? "DS" : "DNSKEY");
	else
		hf_trace(resolver, "trust in %s: %s%s%s", name, texts[trust->state], trust->cause.text[0] ? ", " : "",
			 trust->cause.text);
}

void hf_trust_of(struct hf_resolver *resolver, const uint8_t *zone, struct hf_work *work, struct hf_trust *trust)
{
	const struct zone *known;

	/* Names come from clients and servers: those that an NTA covers are not to be found in the table. */
	if (!hf_ntas_count(resolver->config.ntas) || !hf_trust_has_negative_anchor(resolver, zone)) {
		known = known_zone(resolver, zone);
		if (known) {
			note_zone(known, trust);
			return;
		}
	}
	hf_trust_ds(resolver, zone, work, trust);
	if (trust->state == HF_TRUST_SECURE)
		judge_keys(resolver, zone, work, trust);
	else if ((trust->state == HF_TRUST_INSECURE || trust->state == HF_TRUST_NO_CUT) && trust->ends_ns != UINT64_MAX)
		put_zone(resolver, zone, trust->state, NULL, trust->ends_ns, &trust->cause);
	tell(resolver, zone, trust);
}
