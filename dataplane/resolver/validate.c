// SPDX-License-Identifier: BSD-3-Clause
/* Validation of one reply; see validate.h. */
#include "resolver/validate.h"
#include <string.h>
#include "dnssec/denial.h"
#include "resolver/state.h"
#include "resolver/trust.h"

/* Data below a negative trust anchor is believed as long as that is there, and looked at when it has ended: so it is not called insecure. */
static const enum hf_security under_negative_anchor = HF_SECURITY_UNCHECKED;

enum {
	PROOFS_MAX = 12,		  /* looked at in one reply (CVE-2026-11605); four are needed at most, by each wildcard along a chain */
	KEYS_REFRESH_S = 60,		  /* keys so old are fetched anew, once, before data is called bogus for them */
};

struct validation {
	struct hf_resolver *resolver;
	struct hf_fetch *fetch;
	struct hf_finding *finding;
	struct hf_work *work;
	struct hf_validation_want *want;
	struct hf_trust trust;
	bool *proofs_secure; /* of the finding's proofs: verified */
};

/* What came of one set. */
struct verified {
	enum hf_security security;
	struct hf_check check;
	const uint8_t *signer;
};

bool hf_validate_is_wanted(const struct hf_resolver *resolver, const struct hf_fetch *fetch)
{
	if (!hf_trust_is_on(resolver) || fetch->qclass != HF_CLASS_IN)
		return false;
	for (const struct hf_question *waiter = fetch->waiters; waiter; waiter = waiter->next_waiter)
		if (!waiter->checking_disabled)
			return true;
	return false;
}

static enum hf_validation bogus(struct validation *v, uint16_t ede, const char *why, const uint8_t *name, uint16_t type)
{
	char question[HF_TRACE_QUESTION_MAX];

	hf_cause_set(&v->finding->cause, ede, "bogus: %.120s %s", hf_trace_question(name, type, question), why);
	return HF_VALIDATION_BOGUS;
}

static enum hf_validation want(struct validation *v, const uint8_t *name, uint16_t type)
{
	hf_name_copy(name, v->want->name);
	v->want->type = type;
	return HF_VALIDATION_WANTED;
}

/* Of a zone whose trust is neither SECURE nor NO_CUT. */
static enum hf_validation by_trust(struct validation *v, enum hf_security *security)
{
	*security = HF_SECURITY_INSECURE;
	switch (v->trust.state) {
	case HF_TRUST_WANTED:
		return want(v, v->trust.wanted_name, v->trust.wanted_type);
	case HF_TRUST_BOGUS:
		v->finding->cause = v->trust.cause;
		v->finding->chain_broken = true;
		return HF_VALIDATION_BOGUS;
	case HF_TRUST_WORK:
		v->finding->cause = v->trust.cause;
		return HF_VALIDATION_WORK;
	default:
		if (v->trust.negative_anchor)
			*security = under_negative_anchor;
		if (v->trust.cause.ede)
			v->finding->cause = v->trust.cause;
		return HF_VALIDATION_DONE;
	}
}

static bool is_settled(const struct validation *v)
{
	return v->trust.state != HF_TRUST_SECURE && v->trust.state != HF_TRUST_NO_CUT;
}

/* The zone that was asked, or that of the trust anchor if that is further down. */
static unsigned zone_labels(const struct validation *v, const uint8_t *name)
{
	const uint8_t *anchored = hf_trust_anchor_zone(v->resolver, name);
	unsigned asked = hf_name_label_count(v->fetch->delegation.zone), trusted = anchored ? hf_name_label_count(anchored) : 0;

	return trusted > asked ? trusted : asked;
}

/* Nothing is signed: then a delegation on the way from the zone that was asked down to the owner has to be proven unsigned. */
static enum hf_validation unsigned_data(struct validation *v, const uint8_t *owner, uint16_t type, enum hf_security *security)
{
	const unsigned labels = hf_name_label_count(owner), first = zone_labels(v, owner);
	/* DS is the parent's: what the owner's own zone is does not matter. */
	unsigned last = type == HF_TYPE_DS && labels ? labels - 1 : labels;

	for (unsigned i = first; i <= last; i++) {
		enum hf_validation validation;

		hf_trust_of(v->resolver, hf_name_strip(owner, labels - i), v->work, &v->trust);
		if (!is_settled(v))
			continue;
		validation = by_trust(v, security);
		if (i > first)
			v->finding->chain_broken = false; /* it may be this server that knows nothing of signatures */
		return validation;
	}
	*security = HF_SECURITY_BOGUS;
	return bogus(v, HF_EDE_RRSIGS_MISSING, "is not signed", owner, type);
}

static enum hf_validation by_check(struct validation *v, struct verified *verified)
{
	verified->security = verified->check.security;
	if (verified->security == HF_SECURITY_SECURE)
		return HF_VALIDATION_DONE;
	v->finding->cause = verified->check.cause;
	return verified->security == HF_SECURITY_UNCHECKED ? HF_VALIDATION_WORK :
	       verified->security == HF_SECURITY_BOGUS	   ? HF_VALIDATION_BOGUS :
							     HF_VALIDATION_DONE;
}

/* Once for a fetch: what the chain rests on may have been changed since it was learned (.nz, May 2023). */
static bool is_worth_refreshing(struct validation *v, uint64_t since_ns)
{
	if (v->fetch->trust_refreshed || v->resolver->now.mono_ns - since_ns < KEYS_REFRESH_S * HF_NS_PER_SECOND)
		return false;
	v->fetch->trust_refreshed = true;
	return true;
}

/* By the keys of `verified->signer`, which are in v->trust. */
static enum hf_validation verify(struct validation *v, const struct hf_rrset *rrset, struct verified *verified)
{
	enum hf_validation validation;

	if (!hf_trust_charge(v->resolver, v->work, verified->signer, &v->finding->cause))
		return HF_VALIDATION_WORK;
	hf_verify_rrset(v->resolver->validator, rrset, v->trust.keys, v->work, v->resolver->now, &verified->check);
	validation = by_check(v, verified);
	if (validation == HF_VALIDATION_BOGUS && verified->check.cause.ede != HF_EDE_SIGNATURE_EXPIRED &&
	    is_worth_refreshing(v, v->trust.since_ns))
		return want(v, verified->signer, HF_TYPE_DNSKEY);
	return validation;
}

/* A zone's own key set, which its parent vouches for. */
static enum hf_validation verify_keys(struct validation *v, const struct hf_rrset *rrset, struct verified *verified)
{
	struct hf_resolver *resolver = v->resolver;
	const uint8_t *zone = hf_rrset_owner(rrset);
	enum hf_validation validation;
	const struct hf_cache_entry *ds;
	struct hf_keys *keys;

	hf_trust_ds(resolver, zone, v->work, &v->trust);
	if (v->trust.state == HF_TRUST_NO_CUT)
		return bogus(v, HF_EDE_BOGUS, "is not the set of a zone", zone, HF_TYPE_DNSKEY);
	if (v->trust.state != HF_TRUST_SECURE)
		return by_trust(v, &verified->security);
	if (!hf_trust_charge(resolver, v->work, zone, &v->finding->cause))
		return HF_VALIDATION_WORK;
	keys = hf_keys_new(rrset);
	if (!keys)
		return HF_VALIDATION_WORK;
	hf_verify_dnskey(resolver->validator, keys, v->trust.trusted, v->trust.trusted_count, v->work, resolver->now,
			 &verified->check);
	validation = by_check(v, verified);
	if (verified->security == HF_SECURITY_SECURE) {
		uint64_t end = resolver->now.mono_ns + verified->check.ttl * HF_NS_PER_SECOND;

		hf_trust_learn(resolver, zone, keys, end < v->trust.ends_ns ? end : v->trust.ends_ns);
		return validation;
	}
	hf_keys_free(keys);
	ds = hf_cache_lookup(resolver->cache, zone, HF_TYPE_DS, HF_CLASS_IN, resolver->now);
	if (validation == HF_VALIDATION_BOGUS && ds && is_worth_refreshing(v, ds->stored_ns))
		return want(v, zone, HF_TYPE_DS);
	return validation;
}

static bool speaks_for(const uint8_t *signer, const uint8_t *owner, uint16_t type)
{
	/* The child's word on its own delegation does not count. */
	return signer && hf_name_is_below_or_equal(owner, signer) &&
	       (type != HF_TYPE_DS || !owner[0] || !hf_name_equal(owner, signer));
}

static enum hf_validation validate_set(struct validation *v, const struct hf_rrset *rrset, struct verified *verified)
{
	const uint8_t *owner = hf_rrset_owner(rrset), *signer = hf_verify_signer(rrset);
	enum hf_validation validation;
	struct hf_cause cause;

	*verified = (struct verified){.security = HF_SECURITY_INSECURE, .check.ttl = rrset->ttl};
	if (hf_trust_has_negative_anchor(v->resolver, owner)) {
		verified->security = under_negative_anchor;
		return HF_VALIDATION_DONE;
	}
	if (rrset->type == HF_TYPE_RRSIG)
		return HF_VALIDATION_DONE; /* is not signed itself (RFC 4035 §2.2) */
	if (rrset->type == HF_TYPE_DNSKEY && (!signer || hf_name_equal(signer, owner)))
		return verify_keys(v, rrset, verified);
	if (!signer)
		return unsigned_data(v, owner, rrset->type, &verified->security);
	verified->signer = signer;
	if (!speaks_for(signer, owner, rrset->type))
		return bogus(v, HF_EDE_BOGUS, "is signed by another zone than its own", owner, rrset->type);
	hf_trust_of(v->resolver, signer, v->work, &v->trust);
	if (v->trust.state == HF_TRUST_NO_CUT)
		return bogus(v, HF_EDE_BOGUS, "is signed in the name of what is no zone", owner, rrset->type);
	if (v->trust.state != HF_TRUST_SECURE)
		return by_trust(v, &verified->security);
	validation = verify(v, rrset, verified);
	if (validation != HF_VALIDATION_BOGUS || hf_name_is_below_or_equal(signer, v->fetch->delegation.zone))
		return validation;
	/* A signature in the name of a zone above that whose server we asked says nothing when this one is unsigned. */
	cause = v->finding->cause;
	hf_trust_of(v->resolver, hf_name_strip(owner, hf_name_label_count(owner) - zone_labels(v, owner)), v->work, &v->trust);
	if (v->trust.state == HF_TRUST_INSECURE || v->trust.state == HF_TRUST_WANTED)
		return by_trust(v, &verified->security);
	v->finding->cause = cause;
	return validation;
}

/* ---- proofs ---- */

static bool is_proof(const struct hf_rrset *rrset)
{
	return rrset->type == HF_TYPE_NSEC || rrset->type == HF_TYPE_NSEC3;
}

/* Verifies those of the zone `signer`, whose keys are in v->trust, and gives them as a denial's proofs. */
static enum hf_validation verify_proofs(struct validation *v, const uint8_t *signer, struct hf_denial_proofs *proofs, uint32_t *ttl)
{
	struct hf_scrubbed *scrubbed = &v->finding->scrubbed;
	const struct hf_rrset **sets = hf_arena_take(v->resolver->scratch, PROOFS_MAX * sizeof(sets[0]));
	struct verified verified = {.signer = signer};

	if (!sets)
		return HF_VALIDATION_WORK;
	*proofs = (struct hf_denial_proofs){
		.sets = sets,
		.zone = signer,
		.policy = hf_validator_policy(v->resolver->validator),
		.costs = hf_validator_costs(v->resolver->validator),
		.work = v->work,
	};
	for (unsigned i = 0; i < scrubbed->proof_count; i++) {
		const struct hf_rrset *set = scrubbed->proofs[i];
		const uint8_t *of = is_proof(set) ? hf_verify_signer(set) : NULL;
		enum hf_validation validation;

		/* Stripped of its signature it is not there, and what the others then seem to say is not what was meant. */
		if (is_proof(set) && !of && hf_name_is_below_or_equal(hf_rrset_owner(set), signer))
			return bogus(v, HF_EDE_RRSIGS_MISSING, "is not signed", hf_rrset_owner(set), set->type);
		if (!of || !hf_name_equal(of, signer))
			continue;
		if (proofs->count == PROOFS_MAX)
			return bogus(v, HF_EDE_BOGUS, "comes with too many proofs", v->fetch->name, v->fetch->qtype);
		validation = verify(v, set, &verified);
		if (validation != HF_VALIDATION_DONE)
			return validation;
		if (verified.check.ttl < *ttl)
			*ttl = verified.check.ttl;
		v->proofs_secure[i] = true;
		scrubbed->proofs[i] = hf_rrset_bound_ttl(v->resolver->scratch, set, verified.check.ttl);
		if (!scrubbed->proofs[i])
			return HF_VALIDATION_WORK;
		sets[proofs->count++] = scrubbed->proofs[i];
	}
	return HF_VALIDATION_DONE;
}

static enum hf_validation by_denial(struct validation *v, enum hf_denial denial, const struct hf_cause *cause,
				    enum hf_security *security)
{
	*security = HF_SECURITY_INSECURE;
	switch (denial) {
	case HF_DENIAL_PROVEN:
		*security = HF_SECURITY_SECURE;
		return HF_VALIDATION_DONE;
	case HF_DENIAL_OPT_OUT:
		return HF_VALIDATION_DONE;
	case HF_DENIAL_ITERATIONS:
		v->finding->cause = *cause;
		return HF_VALIDATION_DONE;
	case HF_DENIAL_WORK:
		v->finding->cause = *cause;
		return HF_VALIDATION_WORK;
	case HF_DENIAL_NOT_PROVEN:
		break;
	}
	*security = HF_SECURITY_BOGUS;
	v->finding->cause = *cause;
	return HF_VALIDATION_BOGUS;
}

/* A wildcard made the set: that nothing closer exists has to be proven (RFC 4035 §5.3.4). The signer's keys are in v->trust. */
static enum hf_validation prove_expansion(struct validation *v, const struct hf_rrset *rrset, struct verified *verified)
{
	struct hf_denial_proofs proofs;
	struct hf_cause cause = {0};
	uint32_t ttl = UINT32_MAX;
	enum hf_validation validation = verify_proofs(v, verified->signer, &proofs, &ttl);

	if (validation != HF_VALIDATION_DONE)
		return validation;
	return by_denial(v, hf_denial_expansion(&proofs, hf_rrset_owner(rrset), verified->check.labels, &cause), &cause,
			 &verified->security);
}

/* ---- the answer section ---- */

/* Where a chain stands behind `rrset`. */
static const uint8_t *next_name(struct validation *v, const uint8_t *name, const struct hf_rrset *rrset)
{
	uint8_t *target;

	if (rrset->type == HF_TYPE_CNAME)
		return hf_scrub_target(rrset);
	if (rrset->type != HF_TYPE_DNAME)
		return name;
	target = hf_arena_take(v->resolver->scratch, HF_NAME_MAX);
	return target && hf_scrub_substitute(name, rrset, target) ? target : name;
}

/* Keeps what comes before the set `count`: where the last alias leads to, which is `name`, has to be asked for by itself. */
static enum hf_validation ask_for_rest(struct validation *v, unsigned count, const uint8_t *name)
{
	struct hf_finding *finding = v->finding;

	hf_trace(v->resolver, "%s: left to be asked for", finding->cause.text);
	finding->scrubbed.chain_count = count;
	finding->scrubbed.answered = finding->scrubbed.too_long = false;
	finding->scrubbed.final_name = name;
	finding->scrubbed.final_inside = false;
	finding->scrubbed.soa = NULL;
	finding->kind = HF_KIND_ANSWER;
	finding->chain_broken = false;
	finding->cause = (struct hf_cause){0};
	return HF_VALIDATION_DONE;
}

static enum hf_validation validate_chain(struct validation *v)
{
	struct hf_finding *finding = v->finding;
	struct hf_scrubbed *scrubbed = &finding->scrubbed;
	const uint8_t *name = v->fetch->name;

	for (unsigned i = 0; i < scrubbed->chain_count; i++) {
		struct verified verified;
		enum hf_validation validation = validate_set(v, scrubbed->chain[i], &verified);

		/* What it would mean for names below other names is not defined (RFC 6672 §3.3). */
		if (validation == HF_VALIDATION_DONE && verified.check.expanded && scrubbed->chain[i]->type == HF_TYPE_DNAME)
			validation = bogus(v, HF_EDE_BOGUS, "was made by a wildcard", hf_rrset_owner(scrubbed->chain[i]), HF_TYPE_DNAME);
		if (validation == HF_VALIDATION_DONE && verified.security == HF_SECURITY_SECURE && verified.check.expanded)
			validation = prove_expansion(v, scrubbed->chain[i], &verified);
		if (validation == HF_VALIDATION_BOGUS && i > 0 && v->fetch->qtype != HF_TYPE_ANY)
			return ask_for_rest(v, i, name);
		if (validation != HF_VALIDATION_DONE)
			return validation;
		finding->securities[i] = verified.security;
		scrubbed->chain[i] = hf_rrset_bound_ttl(v->resolver->scratch, scrubbed->chain[i], verified.check.ttl);
		if (!scrubbed->chain[i])
			return HF_VALIDATION_WORK;
		name = next_name(v, name, scrubbed->chain[i]);
	}
	return HF_VALIDATION_DONE;
}

/* ---- denials ---- */

static const uint8_t *denial_signer(const struct validation *v)
{
	const struct hf_scrubbed *scrubbed = &v->finding->scrubbed;

	for (unsigned i = 0; i < scrubbed->proof_count; i++)
		if (is_proof(scrubbed->proofs[i]) &&
		    speaks_for(hf_verify_signer(scrubbed->proofs[i]), scrubbed->final_name, v->fetch->qtype))
			return hf_verify_signer(scrubbed->proofs[i]);
	if (scrubbed->soa && speaks_for(hf_verify_signer(scrubbed->soa), scrubbed->final_name, v->fetch->qtype))
		return hf_verify_signer(scrubbed->soa);
	return NULL;
}

/* A zone without keys cannot prove so by its keys: what its parent says decides. */
static enum hf_validation validate_no_keys(struct validation *v)
{
	struct hf_finding *finding = v->finding;

	hf_trust_ds(v->resolver, v->fetch->name, v->work, &v->trust);
	if (v->trust.state == HF_TRUST_SECURE)
		return bogus(v, HF_EDE_DNSKEY_MISSING, "is not there, though the parent has DS", v->fetch->name, HF_TYPE_DNSKEY);
	return by_trust(v, &finding->negative_security);
}

static enum hf_denial find_denial(struct validation *v, const struct hf_denial_proofs *proofs, struct hf_cause *cause)
{
	struct hf_finding *finding = v->finding;
	const uint8_t *name = finding->scrubbed.final_name;
	struct hf_cause ignored;
	enum hf_denial denial;
	enum hf_cut cut;

	if (finding->kind == HF_KIND_NXDOMAIN) {
		denial = hf_denial_nxdomain(proofs, name, cause);
		/* The name may be there, and only the rcode wrong (empty non-terminals). */
		if (denial == HF_DENIAL_NOT_PROVEN && hf_denial_nodata(proofs, name, v->fetch->qtype, NULL, &ignored) == HF_DENIAL_PROVEN) {
			finding->kind = HF_KIND_NODATA;
			return HF_DENIAL_PROVEN;
		}
		return denial;
	}
	if (v->fetch->qtype == HF_TYPE_DS && name[0]) {
		denial = hf_denial_ds(proofs, name, &cut, cause);
		/* The reverse: the rcode is not signed, and AD must not say that the name is there. */
		if (denial == HF_DENIAL_PROVEN && cut == HF_CUT_NO_NAME)
			finding->kind = HF_KIND_NXDOMAIN;
		return denial;
	}
	return hf_denial_nodata(proofs, name, v->fetch->qtype, NULL, cause);
}

static enum hf_validation validate_denial(struct validation *v)
{
	struct hf_finding *finding = v->finding;
	struct hf_scrubbed *scrubbed = &finding->scrubbed;
	const uint8_t *name = scrubbed->final_name, *signer;
	struct verified verified;
	struct hf_denial_proofs proofs;
	struct hf_cause cause = {0};
	uint32_t ttl = finding->negative_ttl;
	enum hf_validation validation;

	finding->negative_security = HF_SECURITY_INSECURE;
	if (hf_trust_has_negative_anchor(v->resolver, name)) {
		finding->negative_security = under_negative_anchor;
		return HF_VALIDATION_DONE;
	}
	signer = denial_signer(v);
	if (v->fetch->qtype == HF_TYPE_DNSKEY && hf_name_equal(name, v->fetch->name) &&
	    hf_name_equal(name, signer ? signer : v->fetch->delegation.zone))
		return validate_no_keys(v);
	if (!signer)
		return unsigned_data(v, name, v->fetch->qtype, &finding->negative_security);
	hf_trust_of(v->resolver, signer, v->work, &v->trust);
	if (v->trust.state == HF_TRUST_NO_CUT)
		return bogus(v, HF_EDE_BOGUS, "is denied in the name of what is no zone", name, v->fetch->qtype);
	if (v->trust.state != HF_TRUST_SECURE)
		return by_trust(v, &finding->negative_security);
	if (scrubbed->soa) {
		const uint8_t *soa_signer = hf_verify_signer(scrubbed->soa);

		if (!soa_signer || !hf_name_equal(soa_signer, signer))
			return bogus(v, HF_EDE_RRSIGS_MISSING, "is not signed", hf_rrset_owner(scrubbed->soa), HF_TYPE_SOA);
		verified.signer = signer;
		validation = verify(v, scrubbed->soa, &verified);
		if (validation != HF_VALIDATION_DONE)
			return validation;
		if (verified.check.ttl < ttl)
			ttl = verified.check.ttl;
	}
	validation = verify_proofs(v, signer, &proofs, &ttl);
	if (validation != HF_VALIDATION_DONE)
		return validation;
	finding->negative_ttl = ttl;
	return by_denial(v, find_denial(v, &proofs, &cause), &cause, &finding->negative_security);
}

bool hf_finding_denies(const struct hf_finding *finding)
{
	const struct hf_scrubbed *scrubbed = &finding->scrubbed;

	return !scrubbed->answered && scrubbed->final_inside && !scrubbed->too_long &&
	       (finding->kind == HF_KIND_NXDOMAIN || !scrubbed->chain_count || scrubbed->soa);
}

/* Nobody gets proofs that were not verified in an answer that was. */
static void drop_unverified_proofs(struct validation *v)
{
	struct hf_scrubbed *scrubbed = &v->finding->scrubbed;
	bool any_secure = v->finding->negative_security == HF_SECURITY_SECURE;
	unsigned kept = 0;

	for (unsigned i = 0; i < scrubbed->chain_count; i++)
		any_secure |= v->finding->securities[i] == HF_SECURITY_SECURE;
	if (!any_secure)
		return;
	v->finding->proofs_verified = true;
	for (unsigned i = 0; i < scrubbed->proof_count; i++)
		if (v->proofs_secure[i] || !is_proof(scrubbed->proofs[i]))
			scrubbed->proofs[kept++] = scrubbed->proofs[i];
	scrubbed->proof_count = kept;
}

static void count_checks(struct hf_resolver *resolver)
{
	struct hf_validator_stats stats;

	hf_validator_stats(resolver->validator, &stats);
	__atomic_store_n(&resolver->stats.signature_checks, stats.checks, __ATOMIC_RELAXED);
	__atomic_store_n(&resolver->stats.signature_failures, stats.failed_checks, __ATOMIC_RELAXED);
	__atomic_store_n(&resolver->stats.signatures_known, stats.repeated, __ATOMIC_RELAXED);
}

static void tell(struct validation *v, enum hf_validation validation)
{
	static const char *const texts[] = {"validated", "waits for", "bogus", "not validated"};
	struct hf_finding *finding = v->finding;
	char question[HF_TRACE_QUESTION_MAX], wanted[HF_TRACE_QUESTION_MAX];
	enum hf_security security = HF_SECURITY_SECURE;

	if (!v->resolver->trace)
		return;
	for (unsigned i = 0; i < finding->scrubbed.chain_count; i++)
		if (finding->securities[i] < security)
			security = finding->securities[i];
	if (hf_finding_denies(finding) && finding->negative_security < security)
		security = finding->negative_security;
	hf_trace_question(v->fetch->name, v->fetch->qtype, question);
	if (validation == HF_VALIDATION_WANTED)
		hf_trace(v->resolver, "validation of %s %s %s", question, texts[validation],
			 hf_trace_question(v->want->name, v->want->type, wanted));
	else
		hf_trace(v->resolver, "%s is %s%s%s", question,
			 validation == HF_VALIDATION_DONE ? hf_security_to_text(security) : texts[validation],
			 finding->cause.text[0] ? ": " : "", finding->cause.text);
}

/* The lists are changed on the way, and the finding may have to be looked at again as it was. */
static bool own_lists(struct hf_arena *arena, struct hf_scrubbed *scrubbed)
{
	scrubbed->chain = hf_arena_copy(arena, scrubbed->chain, scrubbed->chain_count * sizeof(scrubbed->chain[0]));
	scrubbed->proofs = hf_arena_copy(arena, scrubbed->proofs, scrubbed->proof_count * sizeof(scrubbed->proofs[0]));
	return scrubbed->chain && scrubbed->proofs;
}

enum hf_validation hf_validate(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found,
			       struct hf_finding *finding, struct hf_validation_want *wanted)
{
	struct hf_arena *arena = resolver->scratch;
	struct validation v = {
		.resolver = resolver,
		.fetch = fetch,
		.finding = finding,
		.work = &fetch->budget->work,
		.want = wanted,
		.proofs_secure = hf_arena_take(arena, found->scrubbed.proof_count + 1),
	};
	enum hf_validation validation;

	*finding = *found;
	finding->securities = hf_arena_take(arena, (found->scrubbed.chain_count + 1) * sizeof(finding->securities[0]));
	if (!v.proofs_secure || !finding->securities || !own_lists(arena, &finding->scrubbed))
		return HF_VALIDATION_WORK;
	validation = validate_chain(&v);
	if (validation == HF_VALIDATION_DONE && hf_finding_denies(finding)) {
		validation = validate_denial(&v);
		if (validation == HF_VALIDATION_BOGUS && finding->scrubbed.chain_count)
			validation = ask_for_rest(&v, finding->scrubbed.chain_count, finding->scrubbed.final_name);
	}
	if (validation == HF_VALIDATION_DONE)
		drop_unverified_proofs(&v);
	count_checks(resolver);
	tell(&v, validation);
	return validation;
}

/* ---- keeping it while something is fetched ---- */

static bool copy_sets(struct hf_arena *arena, const struct hf_rrset ***sets, unsigned count)
{
	const struct hf_rrset **copies = hf_arena_take(arena, (count + 1) * sizeof(copies[0]));

	for (unsigned i = 0; copies && i < count; i++) {
		copies[i] = hf_rrset_copy(arena, (*sets)[i]);
		if (!copies[i])
			return false;
	}
	*sets = copies;
	return copies != NULL;
}

struct hf_finding *hf_finding_copy(struct hf_fetch *fetch, const struct hf_finding *finding)
{
	struct hf_finding *copy = hf_arena_copy(fetch->arena, finding, sizeof(*finding));
	struct hf_scrubbed *scrubbed = copy ? &copy->scrubbed : NULL;

	if (!copy || !copy_sets(fetch->arena, &scrubbed->chain, scrubbed->chain_count) ||
	    !copy_sets(fetch->arena, &scrubbed->proofs, scrubbed->proof_count))
		return NULL;
	copy->securities = NULL;
	scrubbed->glue = NULL;
	scrubbed->glue_count = 0;
	scrubbed->referral = scrubbed->ds = NULL;
	scrubbed->final_name = hf_arena_copy(fetch->arena, scrubbed->final_name, hf_name_length(scrubbed->final_name));
	if (scrubbed->soa)
		scrubbed->soa = hf_rrset_copy(fetch->arena, scrubbed->soa);
	return scrubbed->final_name && (!finding->scrubbed.soa || scrubbed->soa) ? copy : NULL;
}
