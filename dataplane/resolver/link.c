// SPDX-License-Identifier: BSD-3-Clause
/* One link of a chain; see link.h. What is kept of it is copied into the question's arena. */
#include "resolver/link.h"
#include "dnssec/verify.h"
#include "resolver/delegation.h"
#include "resolver/scrub.h"
#include "resolver/state.h"
#include "resolver/trust.h"

/* The whole is as secure as its least part (RFC 4035 §3.2.3). */
static void note_security(struct hf_question *question, enum hf_security security)
{
	if (security < question->security)
		question->security = security;
}

bool hf_link_add(struct hf_question *question, const struct hf_rrset *rrset, uint32_t ttl, enum hf_security security)
{
	if (!question->sets) {
		question->sets = hf_arena_take(question->arena, HF_QUESTION_SETS_MAX * sizeof(question->sets[0]));
		question->ttls = hf_arena_take(question->arena, HF_QUESTION_SETS_MAX * sizeof(question->ttls[0]));
		if (!question->sets || !question->ttls)
			return false;
	}
	if (question->set_count == HF_QUESTION_SETS_MAX)
		return false;
	rrset = hf_rrset_copy(question->arena, rrset);
	if (!rrset)
		return false;
	note_security(question, security);
	question->sets[question->set_count] = rrset;
	question->ttls[question->set_count++] = ttl;
	return true;
}

static bool has_proof(const struct hf_question *question, const struct hf_rrset *proof)
{
	for (unsigned i = 0; i < question->proof_count; i++)
		if (question->proofs[i]->type == proof->type &&
		    hf_name_equal(hf_rrset_owner(question->proofs[i]), hf_rrset_owner(proof)))
			return true;
	return false;
}

/* `age` in seconds: one that is older than its TTL still proves, but is not to be kept by who gets it. */
static void add_proofs(struct hf_question *question, const struct hf_rrset *const *proofs, unsigned count, uint64_t age)
{
	if (count && !question->proofs) {
		question->proofs = hf_arena_take(question->arena, HF_QUESTION_PROOFS_MAX * sizeof(question->proofs[0]));
		question->proof_ttls =
			hf_arena_take(question->arena, HF_QUESTION_PROOFS_MAX * sizeof(question->proof_ttls[0]));
	}
	if (!question->proofs || !question->proof_ttls)
		return;
	for (unsigned i = 0; i < count && question->proof_count < HF_QUESTION_PROOFS_MAX; i++) {
		const struct hf_rrset *proof = proofs[i];

		if ((proof->type != HF_TYPE_NSEC && proof->type != HF_TYPE_NSEC3) || has_proof(question, proof))
			continue;
		proof = hf_rrset_copy(question->arena, proof);
		if (!proof)
			return;
		question->proofs[question->proof_count] = proof;
		question->proof_ttls[question->proof_count++] = proof->ttl > age ? proof->ttl - (uint32_t)age : 0;
	}
}

enum hf_link hf_link_step(struct hf_question *question, const uint8_t *target)
{
	if (!target)
		return HF_LINK_FAULT;
	hf_name_lower(target, question->current);
	question->steps++;
	return HF_LINK_NEXT;
}

/* A chain may pass the same DNAME twice; once says it all. */
static bool has_set(const struct hf_question *question, const struct hf_rrset *rrset)
{
	for (unsigned i = 0; i < question->set_count; i++)
		if (question->sets[i]->type == rrset->type &&
		    hf_name_equal(hf_rrset_owner(question->sets[i]), hf_rrset_owner(rrset)))
			return true;
	return false;
}

static enum hf_link follow_dname(struct hf_question *question, const struct hf_rrset *dname, uint32_t ttl, enum hf_security security)
{
	uint8_t target[HF_NAME_MAX];
	struct hf_rdata rdata = {.bytes = target};
	const struct hf_rrset *cname;

	if (!has_set(question, dname) && !hf_link_add(question, dname, ttl, security))
		return HF_LINK_FAULT;
	if (!hf_scrub_substitute(question->current, dname, target)) {
		question->rcode = HF_RCODE_YXDOMAIN; /* RFC 6672 §2.2 */
		return HF_LINK_END;
	}
	rdata.length = (uint16_t)hf_name_length(target);
	cname = hf_rrset_make(question->arena, question->current, HF_TYPE_CNAME, dname->class, ttl, &rdata, 1, 0);
	if (!cname || !hf_link_add(question, cname, ttl, security))
		return HF_LINK_FAULT;
	if (question->sought == HF_TYPE_CNAME)
		return HF_LINK_END;
	return hf_link_step(question, target);
}

static enum hf_link end_negative(struct hf_question *question, bool nxdomain, uint32_t ttl, const struct hf_rrset *soa,
			      const struct hf_rrset *const *proofs, unsigned proof_count, enum hf_security security)
{
	note_security(question, security);
	question->rcode = nxdomain ? HF_RCODE_NXDOMAIN : HF_RCODE_NOERROR;
	question->negative = true;
	if (ttl < question->ttl_cap)
		question->ttl_cap = ttl;
	question->authority = hf_arena_take(question->arena, (proof_count + 1) * sizeof(question->authority[0]));
	question->authority_ttls =
		hf_arena_take(question->arena, (proof_count + 1) * sizeof(question->authority_ttls[0]));
	if (!question->authority || !question->authority_ttls)
		return HF_LINK_FAULT;
	for (unsigned i = !soa; i <= proof_count; i++) {
		const struct hf_rrset *rrset = hf_rrset_copy(question->arena, i ? proofs[i - 1] : soa);

		if (!rrset)
			return HF_LINK_FAULT;
		question->authority[question->authority_count] = rrset;
		question->authority_ttls[question->authority_count] = rrset->ttl < ttl ? rrset->ttl : ttl; /* RFC 2308 §3 */
		question->authority_count++;
	}
	return HF_LINK_END;
}

/* ---- from local data ---- */

static enum hf_link give_local(struct hf_resolver *resolver, struct hf_question *question, const struct hf_local_found *found)
{
	const struct hf_rrset *rrset = NULL;

	for (unsigned i = 0; i < found->count; i++) {
		unsigned removed = 0;

		rrset = found->other_owner ? hf_rrset_with_owner(question->arena, question->current, found->sets[i]) : found->sets[i];
		if (!rrset)
			return HF_LINK_FAULT;
		/* A stranger's alias to a name inside must not do what an address of his may not. */
		if (question->from_outside)
			rrset = hf_private_strip(&resolver->config.private, rrset, question->arena, &removed);
		hf_count_add(&resolver->stats.private_records, removed);
		if (found->verdict == HF_LOCAL_ALIAS && rrset->type == HF_TYPE_DNAME)
			return follow_dname(question, rrset, rrset->ttl, HF_SECURITY_UNCHECKED);
		if (rrset && !hf_link_add(question, rrset, rrset->ttl, HF_SECURITY_UNCHECKED))
			return HF_LINK_FAULT;
	}
	if (found->verdict == HF_LOCAL_ALIAS)
		return hf_link_step(question, hf_scrub_target(rrset));
	if (!rrset)
		return end_negative(question, false, hf_scrub_negative_ttl(NULL), NULL, NULL, 0, HF_SECURITY_UNCHECKED);
	return HF_LINK_END;
}

enum hf_link hf_link_from_local(struct hf_resolver *resolver, struct hf_question *question)
{
	const bool asked = question->steps == 0;
	struct hf_local_found found;
	enum hf_local_verdict verdict = hf_local_find(resolver->config.local, question->current, question->sought, &found);
	char name[HF_NAME_TEXT_MAX];

	if (verdict == HF_LOCAL_UNKNOWN || question->kind == HF_QUESTION_PRIME ||
	    (question->kind == HF_QUESTION_ADDRESS && verdict != HF_LOCAL_ANSWER && verdict != HF_LOCAL_ALIAS) ||
	    (!asked && (verdict == HF_LOCAL_REFUSED || verdict == HF_LOCAL_DROPPED)))
		return HF_LINK_UNKNOWN;
	hf_trace(resolver, "%s is local%s%s", hf_name_to_text(question->current, name), found.zone ? ", in a zone of type " : "",
		 found.zone ? hf_local_type_texts[found.type] : "");
	question->local = question->any_local = true;
	if (asked) {
		question->authoritative = found.authoritative;
		hf_count(resolver, local_answers);
	}
	switch (verdict) {
	case HF_LOCAL_ANSWER:
	case HF_LOCAL_ALIAS:
		return give_local(resolver, question, &found);
	case HF_LOCAL_EMPTY:
	case HF_LOCAL_ABSENT:
		return end_negative(question, verdict == HF_LOCAL_ABSENT,
				    found.soa ? found.soa->ttl : hf_scrub_negative_ttl(NULL), found.soa, NULL, 0, HF_SECURITY_UNCHECKED);
	default:
		question->dropped = verdict == HF_LOCAL_DROPPED;
		question->rcode = HF_RCODE_REFUSED;
		return HF_LINK_END;
	}
}

/* ---- from the cache ---- */

static bool in_last_tenth(const struct hf_cache_entry *entry, struct hf_now now)
{
	return (entry->expires_ns - now.mono_ns) * 10 <= entry->expires_ns - entry->stored_ns;
}

/* Who did not set CD gets what was validated, where anything is. Servers' addresses are looked for as they come, but not what is known to be
 * bogus. */
static bool is_believed(const struct hf_resolver *resolver, const struct hf_question *question, enum hf_security security)
{
	if (!hf_trust_is_on(resolver) || question->qclass != HF_CLASS_IN || security >= HF_SECURITY_INSECURE)
		return true;
	if (!question->checking_disabled)
		return security == HF_SECURITY_UNCHECKED && hf_ntas_count(resolver->config.ntas) &&
		       hf_trust_has_negative_anchor(resolver, question->current);
	return security != HF_SECURITY_BOGUS || (question->kind != HF_QUESTION_ADDRESS && question->kind != HF_QUESTION_PRIME);
}

/* Notes that the entry nears its end; when the question is there to renew such entries, it does not count. */
static bool is_usable(const struct hf_resolver *resolver, struct hf_question *question,
		      const struct hf_cache_entry *entry)
{
	if (!is_believed(resolver, question, entry->security))
		return false;
	/* TTL 0 is for the transaction in progress (RFC 1035 §3.2.1): for who has waited for a fetch, not for who comes later. */
	if (entry->fact == HF_FACT_RRSET && entry->rrset->ttl == 0 && !question->upstream_used)
		return false;
	if (!in_last_tenth(entry, resolver->now))
		return true;
	if (question->kind == HF_QUESTION_PREFETCH)
		return entry->stored_ns >= question->started_ns;
	question->expiring = true;
	return true;
}

static uint32_t ttl_left(const struct hf_cache_entry *entry, struct hf_now now)
{
	uint32_t left = hf_cache_entry_ttl(entry, now);

	/* What was stored with TTL 0 lives a moment for the resolution's sake, and still has TTL 0. */
	return entry->rrset && entry->fact == HF_FACT_RRSET && entry->rrset->ttl < left ? entry->rrset->ttl : left;
}

static const struct hf_cache_entry *find_answer(const struct hf_resolver *resolver, struct hf_question *question,
						const uint8_t *name, uint16_t type)
{
	const struct hf_cache_entry *entry =
		hf_cache_lookup(resolver->cache, name, type, question->qclass, resolver->now);

	/* What a referral says of DS is an answer only to who validates it. */
	if (!entry || entry->rank < HF_RANK_ANSWER_NONAUTH)
		return NULL;
	return is_usable(resolver, question, entry) ? entry : NULL;
}

/* That the name, or one above it, does not exist (RFC 8020). What the tree says of names above a configured route does not count
 * inside. */
static const struct hf_cache_entry *find_nxdomain(const struct hf_resolver *resolver, struct hf_question *question,
						  const uint8_t *name)
{
	const struct hf_route *route = hf_delegation_route(&resolver->config, name);
	const struct hf_cache_entry *entry;

	if (!route) {
		entry = hf_cache_lookup_nxdomain(resolver->cache, name, question->qclass, resolver->now);
		return entry && is_usable(resolver, question, entry) ? entry : NULL;
	}
	for (; name && hf_name_is_below_or_equal(name, route->zone); name = hf_name_parent(name)) {
		entry = hf_cache_lookup(resolver->cache, name, question->sought, question->qclass, resolver->now);
		if (entry && entry->fact == HF_FACT_NXDOMAIN)
			return is_usable(resolver, question, entry) ? entry : NULL;
	}
	return NULL;
}

/* A newer SOA than the negative fact's own, if one is held and to be shown, and what is left of its negative TTL. */
static const struct hf_rrset *newer_soa(const struct hf_resolver *resolver, const struct hf_cache_entry *negative, uint32_t *ttl)
{
	const struct hf_cache_entry *entry;
	uint32_t left, beyond;

	if (!resolver->config.negative_soa_newest || !negative->rrset)
		return NULL;
	entry = hf_cache_lookup(resolver->cache, hf_rrset_owner(negative->rrset), HF_TYPE_SOA, negative->rrset->class, resolver->now);
	if (!entry || entry->fact != HF_FACT_RRSET || entry->rank < HF_RANK_AUTHORITY || entry->security < negative->security || entry->stored_ns <= negative->stored_ns)
		return NULL;
	left = ttl_left(entry, resolver->now);
	beyond = entry->rrset->ttl - hf_scrub_negative_ttl(entry->rrset); /* what the SOA as such lives longer */
	*ttl = left > beyond ? left - beyond : 0;
	return *ttl ? entry->rrset : NULL;
}

static enum hf_link negative_from_cache(const struct hf_resolver *resolver, struct hf_question *question,
				     const struct hf_cache_entry *entry)
{
	uint32_t ttl;
	const struct hf_rrset *newer = newer_soa(resolver, entry, &ttl);
	enum hf_link link = end_negative(question, entry->fact == HF_FACT_NXDOMAIN, hf_cache_entry_ttl(entry, resolver->now),
					 entry->rrset, entry->proofs, entry->proof_count, entry->security);

	if (link != HF_LINK_END || !newer)
		return link;
	question->authority[0] = hf_rrset_copy(question->arena, newer);
	question->authority_ttls[0] = ttl;
	return question->authority[0] ? HF_LINK_END : HF_LINK_FAULT;
}

static bool add_entry(const struct hf_resolver *resolver, struct hf_question *question, const struct hf_cache_entry *entry)
{
	add_proofs(question, entry->proofs, entry->proof_count,
		   (resolver->now.mono_ns - entry->stored_ns) / HF_NS_PER_SECOND);
	return hf_link_add(question, entry->rrset, ttl_left(entry, resolver->now), entry->security);
}

struct any_visit {
	const struct hf_resolver *resolver;
	struct hf_question *question;
	bool fault;
};

static void visit_any(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry)
{
	struct any_visit *visit = state;
	struct hf_question *question = visit->question;

	if (entry->fact != HF_FACT_RRSET || class != question->qclass || entry->rank < HF_RANK_ANSWER_NONAUTH ||
	    entry->expires_ns <= visit->resolver->now.mono_ns || !is_usable(visit->resolver, question, entry))
		return;
	for (unsigned i = 0; i < question->set_count; i++)
		if (question->sets[i]->type == type)
			return;
	if (!add_entry(visit->resolver, question, entry))
		visit->fault = true;
}

/* RFC 8482 §4.1: some of what there is will do for ANY: what happens to be here, else what a server says. */
static enum hf_link any_from_cache(const struct hf_resolver *resolver, struct hf_question *question)
{
	struct any_visit visit = {.resolver = resolver, .question = question};
	const struct hf_cache_entry *entry;

	hf_cache_visit(resolver->cache, question->current, visit_any, NULL, &visit);
	if (question->set_count)
		return HF_LINK_END;
	if (visit.fault)
		return HF_LINK_FAULT;
	entry = find_nxdomain(resolver, question, question->current);
	return entry ? negative_from_cache(resolver, question, entry) : HF_LINK_UNKNOWN;
}

/* The name has what its wildcard has, if that is at hand. */
static enum hf_link expand_wildcard(struct hf_resolver *resolver, struct hf_question *question, const struct hf_denials_found *found)
{
	const uint16_t types[] = {question->sought, HF_TYPE_CNAME};

	for (unsigned i = 0; i < 2; i++) {
		const struct hf_cache_entry *entry =
			hf_cache_lookup(resolver->cache, found->wildcard, types[i], question->qclass, resolver->now);
		const struct hf_rrset *rrset;
		const uint8_t *signer;
		uint32_t ttl;

		if (!entry || entry->fact != HF_FACT_RRSET || entry->security != HF_SECURITY_SECURE || !is_usable(resolver, question, entry))
			continue;
		/* A zone's proofs speak of its own wildcards, not of those of a zone below it. */
		signer = hf_verify_signer(entry->rrset);
		if (!signer || !hf_name_equal(signer, found->zone))
			continue;
		rrset = hf_rrset_with_owner(question->arena, question->current, entry->rrset);
		ttl = ttl_left(entry, resolver->now);
		add_proofs(question, found->proofs, found->proof_count, 0);
		if (!rrset || !hf_link_add(question, rrset, ttl < found->ttl ? ttl : found->ttl, HF_SECURITY_SECURE))
			return HF_LINK_FAULT;
		hf_count(resolver, aggressive_answers);
		hf_trace(resolver, "made of its wildcard by proofs at hand");
		return rrset->type == question->sought ? HF_LINK_END : hf_link_step(question, hf_scrub_target(rrset));
	}
	return HF_LINK_UNKNOWN;
}

/* RFC 8198: what other answers proved of the zone. */
static enum hf_link from_proofs(struct hf_resolver *resolver, struct hf_question *question)
{
	const struct hf_cache_entry *entry;
	struct hf_denials_found found;
	uint32_t ttl, soa_left;

	hf_trust_follow_flushes(resolver);
	if (!resolver->config.aggressive_nsec || question->checking_disabled || question->qclass != HF_CLASS_IN ||
	    question->kind == HF_QUESTION_PREFETCH || !hf_trust_is_on(resolver) ||
	    hf_delegation_route(&resolver->config, question->current) ||
	    hf_failures_lookup(resolver->failures, question->current, question->sought, question->qclass, resolver->now) ||
	    !hf_denials_find(resolver->denials, question->current, question->sought, &resolver->config.dnssec,
			     &resolver->config.costs, &question->budget->work, resolver->now, question->arena, &found) ||
	    hf_trust_has_negative_anchor(resolver, found.zone) || hf_trust_has_negative_anchor(resolver, question->current))
		return HF_LINK_UNKNOWN;
	if (found.kind == HF_DENIALS_WILDCARD)
		return expand_wildcard(resolver, question, &found);
	entry = hf_cache_lookup(resolver->cache, found.zone, HF_TYPE_SOA, question->qclass, resolver->now);
	if (!entry || entry->fact != HF_FACT_RRSET || entry->security != HF_SECURITY_SECURE)
		return HF_LINK_UNKNOWN;
	ttl = hf_scrub_negative_ttl(entry->rrset);
	soa_left = ttl_left(entry, resolver->now);
	if (soa_left < ttl)
		ttl = soa_left;
	if (found.ttl < ttl)
		ttl = found.ttl;
	if (!ttl)
		return HF_LINK_UNKNOWN;
	hf_count(resolver, aggressive_answers);
	hf_trace(resolver, "denied by proofs at hand: %s", found.kind == HF_DENIALS_NXDOMAIN ? "NXDOMAIN" : "NODATA");
	return end_negative(question, found.kind == HF_DENIALS_NXDOMAIN, ttl, entry->rrset, found.proofs, found.proof_count, HF_SECURITY_SECURE);
}

enum hf_link hf_link_from_cache(struct hf_resolver *resolver, struct hf_question *question)
{
	const uint8_t *name = question->current;
	const struct hf_route *route = hf_delegation_route(&resolver->config, name);
	const struct hf_cache_entry *entry;

	if (question->sought == HF_TYPE_ANY)
		return any_from_cache(resolver, question);
	entry = find_answer(resolver, question, name, question->sought);
	if (entry && entry->fact != HF_FACT_RRSET)
		return negative_from_cache(resolver, question, entry);
	if (entry)
		return add_entry(resolver, question, entry) ? HF_LINK_END : HF_LINK_FAULT;
	if (question->sought != HF_TYPE_CNAME) {
		entry = find_answer(resolver, question, name, HF_TYPE_CNAME);
		if (entry && entry->fact == HF_FACT_RRSET) {
			if (!add_entry(resolver, question, entry))
				return HF_LINK_FAULT;
			return hf_link_step(question, hf_scrub_target(entry->rrset));
		}
	}
	for (const uint8_t *above = name; above[0] && (above = hf_name_parent(above))[0];) {
		if (route && !hf_name_is_below_or_equal(above, route->zone))
			break; /* as above for NXDOMAIN */
		entry = find_answer(resolver, question, above, HF_TYPE_DNAME);
		if (entry && entry->fact == HF_FACT_RRSET)
			return follow_dname(question, entry->rrset, ttl_left(entry, resolver->now), entry->security);
	}
	entry = find_nxdomain(resolver, question, name);
	return entry ? negative_from_cache(resolver, question, entry) : from_proofs(resolver, question);
}

/* ---- from a fetch, for what the cache would not keep ---- */

enum hf_link hf_link_from_result(const struct hf_resolver *resolver, struct hf_question *question,
				 const struct hf_result *result)
{
	const uint32_t max_ttl = resolver->config.max_ttl;
	enum hf_link link = HF_LINK_UNKNOWN;

	for (unsigned i = 0; i < result->chain_count; i++) {
		const struct hf_rrset *rrset = result->chain[i];
		uint32_t ttl = rrset->ttl < max_ttl ? rrset->ttl : max_ttl;
		bool here = hf_name_equal(hf_rrset_owner(rrset), question->current);
		enum hf_security security = result->securities ? result->securities[i] : HF_SECURITY_UNCHECKED;

		if (!is_believed(resolver, question, security))
			break;

		if (here && hf_rrset_is_expanded(rrset))
			add_proofs(question, result->proofs, result->proof_count, 0);
		if (here && (rrset->type == question->sought || question->sought == HF_TYPE_ANY)) {
			if (!hf_link_add(question, rrset, ttl, security))
				return HF_LINK_FAULT;
			if (question->sought != HF_TYPE_ANY)
				return HF_LINK_END;
			link = HF_LINK_END;
		} else if (here && rrset->type == HF_TYPE_CNAME) {
			return hf_link_add(question, rrset, ttl, security) ? hf_link_step(question, hf_scrub_target(rrset)) : HF_LINK_FAULT;
		} else if (!here && rrset->type == HF_TYPE_DNAME &&
			   hf_name_is_below_or_equal(question->current, hf_rrset_owner(rrset))) {
			return follow_dname(question, rrset, ttl, security);
		}
	}
	if (link == HF_LINK_UNKNOWN && result->kind != HF_RESULT_ANSWER && is_believed(resolver, question, result->negative_security) &&
	    hf_name_equal(question->current, result->final_name))
		return end_negative(question, result->kind == HF_RESULT_NXDOMAIN, result->negative_ttl, result->soa,
				    result->proofs, result->proof_count, result->negative_security);
	return link;
}
