// SPDX-License-Identifier: BSD-3-Clause
/* Checking signatures; see verify.h. */
#include "dnssec/verify.h"
#include <stdlib.h>
#include <string.h>
#include "dnssec/algorithm.h"
#include "dnssec/canonical.h"
#include "dnssec/key_set.h"
#include "dnssec/rrsig.h"
#include "dnssec/verdicts.h"
#include "wire/octets.h"

enum {
	DS_FIXED_SIZE = 4,  /* key tag, algorithm, digest type */
	NS_PER_OCTET = 6,   /* of putting in order and hashing what is signed */
};

struct hf_validator {
	struct hf_dnssec_policy policy;
	struct hf_costs costs;
	struct hf_verdicts *verdicts;
	EVP_MD_CTX *digester;
	struct hf_canonical canonical;
	struct hf_validator_stats stats;
};

struct hf_validator *hf_validator_new(const struct hf_dnssec_policy *policy, const struct hf_costs *costs,
				      struct hf_verdicts *verdicts)
{
	struct hf_validator *validator = calloc(1, sizeof(*validator));

	if (!validator)
		return NULL;
	validator->policy = *policy;
	validator->costs = *costs;
	validator->verdicts = verdicts;
	validator->digester = EVP_MD_CTX_new();
	if (!validator->digester) {
		free(validator);
		return NULL;
	}
	return validator;
}

void hf_validator_configure(struct hf_validator *validator, const struct hf_dnssec_policy *policy)
{
	validator->policy = *policy;
}

void hf_validator_free(struct hf_validator *validator)
{
	if (!validator)
		return;
	hf_canonical_free(&validator->canonical);
	EVP_MD_CTX_free(validator->digester);
	free(validator);
}

const struct hf_dnssec_policy *hf_validator_policy(const struct hf_validator *validator)
{
	return &validator->policy;
}

const struct hf_costs *hf_validator_costs(const struct hf_validator *validator)
{
	return &validator->costs;
}

void hf_validator_stats(const struct hf_validator *validator, struct hf_validator_stats *stats)
{
	*stats = validator->stats;
}

/* ---- signatures ---- */

static unsigned signed_labels(const uint8_t *owner)
{
	return hf_name_label_count(owner) - hf_name_is_wildcard(owner);
}

const uint8_t *hf_verify_signer(const struct hf_rrset *rrset)
{
	const uint8_t *best = NULL;
	struct hf_rrsig rrsig;

	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes; r = hf_rrset_next(rrset, r)) {
		if (r.index < rrset->count || !hf_rrsig_read(&r, &rrsig) ||
		    !hf_name_is_below_or_equal(hf_rrset_owner(rrset), rrsig.signer))
			continue;
		if (!best || hf_name_label_count(rrsig.signer) > hf_name_label_count(best))
			best = rrsig.signer;
	}
	return best;
}

/* How near a signature came to being right: the cause of the nearest is told. */
enum nearness { NOTHING, MISFIT, NO_KEY, OUT_OF_TIME, NO_MATCH };

/* One RRset being checked. */
struct subject {
	struct hf_validator *validator;
	const struct hf_rrset *rrset;
	struct hf_work *work;
	struct hf_now now;
	struct hf_check *check;
	enum nearness nearness;
	bool exhausted;
};

static void blame(struct subject *subject, enum nearness nearness, uint16_t ede, const struct hf_rrsig *rrsig, const char *why)
{
	char owner[HF_NAME_TEXT_MAX], type[HF_TYPE_TEXT_MAX];

	if (nearness <= subject->nearness)
		return;
	subject->nearness = nearness;
	hf_cause_set(&subject->check->cause, ede, "bogus: RRSIG %s %.90s keytag %u %s(%u) %s",
		     hf_type_to_text(subject->rrset->type, type), hf_name_to_text(hf_rrset_owner(subject->rrset), owner),
		     rrsig->key_tag, hf_algorithm_to_text(rrsig->algorithm), rrsig->algorithm, why);
}

static void note_exhausted(struct subject *subject)
{
	char owner[HF_NAME_TEXT_MAX], type[HF_TYPE_TEXT_MAX];

	subject->exhausted = true;
	hf_cause_set(&subject->check->cause, HF_EDE_INDETERMINATE, "not validated: %s %.100s costs more than one question may",
		     hf_type_to_text(subject->rrset->type, type), hf_name_to_text(hf_rrset_owner(subject->rrset), owner));
}

/* What costs nothing to find out. */
static bool fits(struct subject *subject, const struct hf_rrsig *rrsig, const uint8_t *zone)
{
	const uint8_t *owner = hf_rrset_owner(subject->rrset);
	const char *why = NULL;

	if (rrsig->type_covered != subject->rrset->type)
		why = "covers another type";
	else if (!hf_name_equal(rrsig->signer, zone) || !hf_name_is_below_or_equal(owner, zone))
		why = "is of another signer"; /* RFC 4035 §5.3.1 */
	else if (rrsig->labels > signed_labels(owner))
		why = "counts more labels than the owner has";
	else if (rrsig->labels < hf_name_label_count(zone))
		why = "counts fewer labels than the zone has"; /* a wildcard above the zone: CVE-2026-44690 */
	else if (!hf_algorithm_is_known(rrsig->algorithm, &subject->validator->policy))
		why = "is of an unknown algorithm";
	if (why)
		blame(subject, MISFIT, HF_EDE_BOGUS, rrsig, why);
	return !why;
}

/* RFC 4035 §5.3.1, in serial arithmetic (RFC 4034 §3.1.5). */
static bool is_in_time(struct subject *subject, const struct hf_rrsig *rrsig)
{
	const uint32_t now = (uint32_t)subject->now.wall_s, skew = subject->validator->policy.skew_s;

	if (hf_rrsig_time_before(rrsig->expiration, rrsig->inception))
		blame(subject, OUT_OF_TIME, HF_EDE_SIGNATURE_EXPIRED_BEFORE_VALID, rrsig, "expires before it becomes valid");
	else if (hf_rrsig_time_before(rrsig->expiration + skew, now))
		blame(subject, OUT_OF_TIME, HF_EDE_SIGNATURE_EXPIRED, rrsig, "has expired");
	else if (hf_rrsig_time_before(now + skew, rrsig->inception))
		blame(subject, OUT_OF_TIME, HF_EDE_SIGNATURE_NOT_YET_VALID, rrsig, "is not valid yet");
	else
		return true;
	return false;
}

/* The key can be used for a check; what cannot be read costs as much to find out as some checks (CVE-2025-8677). */
static bool prepare(struct subject *subject, struct hf_public_key *key, const struct hf_rrsig *rrsig)
{
	const char *why = "does not verify: the key cannot be read";

	if (!key->tried && !hf_work_spend(subject->work, subject->validator->costs.digest)) {
		note_exhausted(subject);
		return false;
	}
	if (hf_public_key_make_ready(key)) {
		if (!key->bits || key->bits >= subject->validator->policy.rsa_bits_min)
			return true;
		why = "does not count: the key is shorter than the policy wants";
	} else if (!hf_work_fail(subject->work)) {
		note_exhausted(subject);
		return false;
	}
	blame(subject, NO_MATCH, HF_EDE_BOGUS, rrsig, why);
	return false;
}

static bool verifies(struct subject *subject, struct hf_public_key *key, const struct hf_rrsig *rrsig)
{
	struct hf_validator *validator = subject->validator;
	const struct hf_canonical *canonical = &validator->canonical;
	struct hf_verdict_key verdict_key;
	enum hf_verdict verdict;
	bool good;

	if (!key->has_part) {
		key->part = hf_verdicts_part(validator->verdicts, key->rdata, key->length);
		key->has_part = true;
	}
	verdict_key = hf_verdicts_key(validator->verdicts, canonical->message, canonical->length, rrsig->signature,
				      rrsig->signature_length, &key->part);
	verdict = hf_verdicts_find(validator->verdicts, &verdict_key);
	good = verdict == HF_VERDICT_GOOD;
	if (verdict != HF_VERDICT_UNKNOWN) {
		validator->stats.repeated++;
	} else {
		if (!hf_work_spend(subject->work, hf_public_key_cost(key, &validator->costs))) {
			note_exhausted(subject);
			return false;
		}
		subject->work->checks++;
		validator->stats.checks++;
		good = hf_public_key_check(key, validator->digester, canonical->message, canonical->length, rrsig->signature,
					   rrsig->signature_length);
		hf_verdicts_put(validator->verdicts, &verdict_key, good);
		validator->stats.failed_checks += !good;
		if (!good && !hf_work_fail(subject->work))
			note_exhausted(subject);
	}
	if (!good)
		blame(subject, NO_MATCH, HF_EDE_BOGUS, rrsig, "does not verify");
	return good;
}

static bool write_message(struct subject *subject, const struct hf_rrsig *rrsig, const struct hf_rdata *rdata)
{
	struct hf_canonical *canonical = &subject->validator->canonical;

	if ((canonical->rrset != subject->rrset && !hf_canonical_begin(canonical, subject->rrset)) ||
	    !hf_work_spend(subject->work, subject->validator->costs.digest + NS_PER_OCTET * hf_canonical_size(canonical)) ||
	    !hf_canonical_write(canonical, rrsig, rdata)) {
		note_exhausted(subject);
		return false;
	}
	return true;
}

/* Whether one of the signatures verifies by a key of the zone; by this very `only` if it is given. */
static bool find_good(struct subject *subject, struct hf_keys *keys, const struct hf_public_key *only)
{
	const struct hf_rrset *rrset = subject->rrset;
	struct hf_rrsig rrsig;

	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes; r = hf_rrset_next(rrset, r)) {
		bool any_key = false, written = false;

		if (r.index < rrset->count || !hf_rrsig_read(&r, &rrsig) || !fits(subject, &rrsig, hf_keys_zone(keys)) ||
		    !is_in_time(subject, &rrsig))
			continue;
		for (unsigned i = 0; i < keys->count; i++) {
			struct hf_public_key *key = &keys->keys[i];

			if (key->tag != rrsig.key_tag || key->algorithm != rrsig.algorithm || (only && key != only))
				continue;
			any_key = true;
			if (!prepare(subject, key, &rrsig)) {
				if (subject->exhausted)
					return false;
				continue;
			}
			written = written || write_message(subject, &rrsig, &r);
			if (!written)
				return false;
			if (verifies(subject, key, &rrsig)) {
				uint32_t left = rrsig.expiration - (uint32_t)subject->now.wall_s;

				subject->check->labels = rrsig.labels;
				subject->check->expanded = rrsig.labels < signed_labels(hf_rrset_owner(rrset));
				subject->check->ttl = rrset->ttl < rrsig.original_ttl ? rrset->ttl : rrsig.original_ttl;
				if (left > INT32_MAX)
					left = 0; /* expired, but for the skew allowed */
				if (left < subject->check->ttl)
					subject->check->ttl = left;
				return true;
			}
			if (subject->exhausted)
				return false;
		}
		if (!any_key)
			blame(subject, NO_KEY, HF_EDE_DNSKEY_MISSING, &rrsig, "is of no key that the zone has");
	}
	return false;
}

static void conclude(struct subject *subject, struct hf_keys *keys, bool good)
{
	struct hf_check *check = subject->check;
	char owner[HF_NAME_TEXT_MAX], type[HF_TYPE_TEXT_MAX];

	hf_canonical_end(&subject->validator->canonical);
	check->security = good ? HF_SECURITY_SECURE : subject->exhausted ? HF_SECURITY_UNCHECKED : HF_SECURITY_BOGUS;
	if (good) {
		check->cause = (struct hf_cause){0};
		return;
	}
	if (subject->nearness == NOTHING && !subject->exhausted)
		hf_cause_set(&check->cause, HF_EDE_RRSIGS_MISSING, "bogus: %s %.100s has no signature",
			     hf_type_to_text(subject->rrset->type, type), hf_name_to_text(hf_rrset_owner(subject->rrset), owner));
	else if (!keys->any_zone_key)
		check->cause.ede = HF_EDE_NO_ZONE_KEY;
}

void hf_verify_rrset(struct hf_validator *validator, const struct hf_rrset *rrset, struct hf_keys *keys, struct hf_work *work,
		     struct hf_now now, struct hf_check *check)
{
	struct subject subject = {validator, rrset, work, now, check};

	*check = (struct hf_check){.ttl = rrset->ttl};
	conclude(&subject, keys, find_good(&subject, keys, NULL));
}

/* ---- keys ---- */

struct ds {
	uint16_t tag;
	uint8_t algorithm, digest_type;
	const uint8_t *digest;
	size_t length;
};

static bool read_ds(const struct hf_rdata *rdata, struct ds *ds)
{
	if (rdata->length < DS_FIXED_SIZE)
		return false;
	*ds = (struct ds){
		.tag = hf_octets_u16(rdata->bytes),
		.algorithm = rdata->bytes[2],
		.digest_type = rdata->bytes[3],
		.digest = rdata->bytes + DS_FIXED_SIZE,
		.length = rdata->length - DS_FIXED_SIZE,
	};
	return true;
}

static bool is_usable(const struct ds *ds, const struct hf_dnssec_policy *policy)
{
	return hf_algorithm_is_known(ds->algorithm, policy) && hf_digest_is_known(ds->digest_type, policy);
}

bool hf_verify_ds_is_usable(const struct hf_rrset *rrset, const struct hf_dnssec_policy *policy, struct hf_cause *cause)
{
	char zone[HF_NAME_TEXT_MAX];
	bool algorithm_known = false;
	struct ds ds = {0}, last = {0};

	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes && r.index < rrset->count; r = hf_rrset_next(rrset, r)) {
		if (!read_ds(&r, &ds))
			continue;
		if (is_usable(&ds, policy))
			return true;
		if (hf_algorithm_is_known(ds.algorithm, policy)) {
			algorithm_known = true;
			last = ds;
		} else if (!algorithm_known) {
			last = ds;
		}
	}
	hf_name_to_text(hf_rrset_owner(rrset), zone);
	if (algorithm_known)
		hf_cause_set(cause, HF_EDE_UNSUPPORTED_DIGEST, "insecure: DS %.100s keytag %u has digest type %u, which is not known", zone,
			     last.tag, last.digest_type);
	else
		hf_cause_set(cause, HF_EDE_UNSUPPORTED_KEY_ALGORITHM, "insecure: DS %.100s keytag %u is of %s(%u), which is not known", zone,
			     last.tag, hf_algorithm_to_text(last.algorithm), last.algorithm);
	return false;
}

/* RFC 4034 §5.1.4: of the lower-cased owner and the DNSKEY's RDATA. */
static bool digest_matches(struct hf_validator *validator, const struct ds *ds, const uint8_t *zone, const struct hf_public_key *key)
{
	static const uint8_t algorithms[] = { /* whose hash the digest type is */
		[HF_DIGEST_SHA1] = HF_ALGORITHM_RSASHA1,
		[HF_DIGEST_SHA256] = HF_ALGORITHM_RSASHA256,
		[HF_DIGEST_SHA384] = HF_ALGORITHM_ECDSAP384,
	};
	uint8_t owner[HF_NAME_MAX], digest[EVP_MAX_MD_SIZE];
	size_t owner_length = hf_name_lower(zone, owner);
	unsigned length;

	return EVP_DigestInit_ex(validator->digester, hf_public_key_digest(algorithms[ds->digest_type]), NULL) > 0 &&
	       EVP_DigestUpdate(validator->digester, owner, owner_length) > 0 &&
	       EVP_DigestUpdate(validator->digester, key->rdata, key->length) > 0 &&
	       EVP_DigestFinal_ex(validator->digester, digest, &length) > 0 && length == ds->length &&
	       memcmp(digest, ds->digest, length) == 0;
}

static bool has_better_digest(const struct hf_rrset *set, const struct hf_dnssec_policy *policy)
{
	struct ds ds;

	for (struct hf_rdata r = hf_rrset_first(set); r.bytes && r.index < set->count; r = hf_rrset_next(set, r))
		if (read_ds(&r, &ds) && is_usable(&ds, policy) && ds.digest_type != HF_DIGEST_SHA1)
			return true;
	return false;
}

/* Keys that trusted data names, and what came of them. */
struct vouching {
	struct subject subject;
	struct hf_keys *keys;
	unsigned vouched;   /* records of a known algorithm that each vouch for a key */
	unsigned too_short; /* of them: those whose key is in the set, and too short by the policy */
	bool named;	    /* a key of the set is named */
};

static bool try_key(struct vouching *vouching, struct hf_public_key *key)
{
	const struct hf_dnssec_policy *policy = &vouching->subject.validator->policy;

	vouching->named = true;
	if (hf_public_key_make_ready(key) && key->bits && key->bits < policy->rsa_bits_min) {
		vouching->too_short++;
		return false;
	}
	return find_good(&vouching->subject, vouching->keys, key);
}

static bool try_ds(struct vouching *vouching, const struct hf_rrset *set)
{
	struct hf_validator *validator = vouching->subject.validator;
	const bool better = has_better_digest(set, &validator->policy);
	struct ds ds;

	for (struct hf_rdata r = hf_rrset_first(set); r.bytes && r.index < set->count; r = hf_rrset_next(set, r)) {
		if (!read_ds(&r, &ds) || !is_usable(&ds, &validator->policy))
			continue;
		if (ds.digest_type == HF_DIGEST_SHA1 && better)
			continue;
		vouching->vouched++;
		for (unsigned i = 0; i < vouching->keys->count; i++) {
			struct hf_public_key *key = &vouching->keys->keys[i];

			if (key->tag != ds.tag || key->algorithm != ds.algorithm)
				continue;
			if (!hf_work_spend(vouching->subject.work, validator->costs.digest)) {
				note_exhausted(&vouching->subject);
				return false;
			}
			if (digest_matches(validator, &ds, hf_keys_zone(vouching->keys), key)) {
				if (try_key(vouching, key))
					return true;
			} else if (!hf_work_fail(vouching->subject.work)) {
				note_exhausted(&vouching->subject); /* digests and keys by the hundred, all of one tag */
			}
			if (vouching->subject.exhausted)
				return false;
		}
	}
	return false;
}

static bool try_dnskey(struct vouching *vouching, const struct hf_rrset *set)
{
	const struct hf_dnssec_policy *policy = &vouching->subject.validator->policy;

	for (struct hf_rdata r = hf_rrset_first(set); r.bytes && r.index < set->count; r = hf_rrset_next(set, r)) {
		if (r.length <= 4 || !hf_algorithm_is_known(r.bytes[3], policy))
			continue;
		vouching->vouched++;
		for (unsigned i = 0; i < vouching->keys->count; i++) {
			struct hf_public_key *key = &vouching->keys->keys[i];

			if (key->length != r.length || memcmp(key->rdata, r.bytes, r.length) != 0)
				continue;
			if (try_key(vouching, key))
				return true;
			if (vouching->subject.exhausted)
				return false;
		}
	}
	return false;
}

static void blame_keys(struct vouching *vouching, const struct hf_rrset *const *trusted, unsigned trusted_count)
{
	struct hf_check *check = vouching->subject.check;
	char zone[HF_NAME_TEXT_MAX];
	struct ds ds = {0};

	hf_name_to_text(hf_keys_zone(vouching->keys), zone);
	if (vouching->subject.exhausted)
		return;
	/* All that vouches has to come to nothing: the set itself is not verified, and a key that is not in it may have been taken out. */
	if (vouching->too_short == vouching->vouched) {
		check->security = HF_SECURITY_INSECURE;
		if (vouching->vouched)
			hf_cause_set(&check->cause, HF_EDE_UNSUPPORTED_KEY_ALGORITHM,
				     "insecure: DNSKEY %.100s is shorter than the policy wants", zone);
		else if (trusted_count && trusted[0]->type == HF_TYPE_DS)
			hf_verify_ds_is_usable(trusted[0], &vouching->subject.validator->policy, &check->cause);
		else
			hf_cause_set(&check->cause, HF_EDE_UNSUPPORTED_KEY_ALGORITHM,
				     "insecure: the trust anchor of %.100s is of an unknown algorithm", zone);
		return;
	}
	if (vouching->too_short && vouching->subject.nearness == NOTHING)
		hf_cause_set(&check->cause, HF_EDE_DNSKEY_MISSING,
			     "bogus: DNSKEY %.90s: of the keys that are trusted one is shorter than the policy wants, others are not there", zone);
	if (vouching->named)
		return;
	if (!vouching->keys->any_zone_key) {
		hf_cause_set(&check->cause, HF_EDE_NO_ZONE_KEY, "bogus: DNSKEY %.100s has no zone key", zone);
		return;
	}
	for (unsigned i = 0; i < trusted_count; i++)
		if (trusted[i]->type == HF_TYPE_DS) {
			const struct hf_rdata first = hf_rrset_first(trusted[i]);

			read_ds(&first, &ds);
		}
	if (ds.digest)
		hf_cause_set(&check->cause, HF_EDE_DNSKEY_MISSING, "bogus: DNSKEY %.90s has no key that DS keytag %u %s(%u) names", zone,
			     ds.tag, hf_algorithm_to_text(ds.algorithm), ds.algorithm);
	else
		hf_cause_set(&check->cause, HF_EDE_DNSKEY_MISSING, "bogus: DNSKEY %.90s has no key that is a trust anchor", zone);
}

void hf_verify_dnskey(struct hf_validator *validator, struct hf_keys *keys, const struct hf_rrset *const *trusted,
		      unsigned trusted_count, struct hf_work *work, struct hf_now now, struct hf_check *check)
{
	struct vouching vouching = {.subject = {validator, keys->rrset, work, now, check}, .keys = keys};
	bool good = false;

	*check = (struct hf_check){.ttl = keys->rrset->ttl};
	for (unsigned i = 0; i < trusted_count && !good && !vouching.subject.exhausted; i++)
		good = trusted[i]->type == HF_TYPE_DS ? try_ds(&vouching, trusted[i]) : try_dnskey(&vouching, trusted[i]);
	conclude(&vouching.subject, keys, good);
	if (!good)
		blame_keys(&vouching, trusted, trusted_count);
}
