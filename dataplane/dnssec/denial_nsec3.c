// SPDX-License-Identifier: BSD-3-Clause
/* Proofs by NSEC3 (RFC 5155 §8). */
#include <string.h>
#include "dnssec/bitmap.h"
#include "dnssec/denial_parts.h"
#include "dnssec/nsec3.h"

enum {
	SHA1 = 1,
	/* Iterations of hashing that one question may cost, the first of each hash included (CVE-2023-50868): a name of ten labels with 50
	 * iterations, six hundred with none. */
	ITERATIONS_A_QUESTION = 600,
};

struct record {
	uint8_t owner[HF_NSEC3_HASH_SIZE];
	struct hf_nsec3 nsec3;
	struct hf_denial_bitmap bitmap;
};

/* Records of one chain. */
struct chain {
	const struct hf_denial_proofs *proofs;
	struct record records[HF_DENIAL_SETS_MAX];
	unsigned count;
	struct hf_cause *cause;
	bool out_of_work;
};

static bool is_usable(const struct hf_denial_proofs *proofs, const struct hf_rrset *set, struct record *record)
{
	const struct hf_rdata rdata = hf_rrset_first(set);
	const uint8_t *owner = hf_rrset_owner(set);

	if (set->type != HF_TYPE_NSEC3 || set->count != 1 || !hf_nsec3_read(&rdata, &record->nsec3))
		return false;
	record->bitmap.bytes = record->nsec3.bitmap;
	record->bitmap.length = record->nsec3.bitmap_length;
	/* RFC 5155 §8.1, §8.2: unknown ones are not there. */
	return record->nsec3.hash_algorithm == SHA1 && !(record->nsec3.flags & ~HF_NSEC3_OPT_OUT) &&
	       record->nsec3.next_length == HF_NSEC3_HASH_SIZE && owner[0] && hf_name_equal(hf_name_parent(owner), proofs->zone) &&
	       hf_nsec3_owner_hash(owner, record->owner);
}

static bool same_parameters(const struct hf_nsec3 *a, const struct hf_nsec3 *b)
{
	return a->iterations == b->iterations && a->salt_length == b->salt_length && memcmp(a->salt, b->salt, a->salt_length) == 0;
}

/* False with *denial when there is nothing to look into. */
static bool begin(struct chain *chain, const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause,
		  enum hf_denial *denial)
{
	char text[HF_NAME_TEXT_MAX];

	chain->proofs = proofs;
	chain->count = 0;
	chain->cause = cause;
	chain->out_of_work = false;
	for (unsigned i = 0; i < proofs->count && chain->count < HF_DENIAL_SETS_MAX; i++) {
		struct record *record = &chain->records[chain->count];

		if (is_usable(proofs, proofs->sets[i], record) &&
		    (!chain->count || same_parameters(&record->nsec3, &chain->records[0].nsec3)))
			chain->count++;
	}
	if (!chain->count) {
		hf_cause_set(cause, HF_EDE_NSEC_MISSING, "bogus: no usable NSEC3 for %.100s", hf_name_to_text(name, text));
		*denial = HF_DENIAL_NOT_PROVEN;
		return false;
	}
	if (chain->records[0].nsec3.iterations > proofs->policy->nsec3_iterations_max) {
		hf_cause_set(cause, HF_EDE_NSEC3_ITERATIONS, "insecure: NSEC3 of %.100s has %u iterations, more than %u",
			     hf_name_to_text(proofs->zone, text), chain->records[0].nsec3.iterations,
			     proofs->policy->nsec3_iterations_max);
		*denial = HF_DENIAL_ITERATIONS;
		return false;
	}
	return true;
}

static bool hash(struct chain *chain, const uint8_t *name, uint8_t out[HF_NSEC3_HASH_SIZE])
{
	const struct hf_nsec3 *parameters = &chain->records[0].nsec3;
	struct hf_work *work = chain->proofs->work;
	unsigned iterations = parameters->iterations + 1u;
	char text[HF_NAME_TEXT_MAX];

	if (work->hashes + iterations > ITERATIONS_A_QUESTION ||
	    !hf_work_spend(work, (uint64_t)iterations * chain->proofs->costs->nsec3_hash) ||
	    !hf_nsec3_hash(name, parameters->salt, parameters->salt_length, parameters->iterations, out)) {
		work->exhausted = chain->out_of_work = true;
		hf_cause_set(chain->cause, HF_EDE_INDETERMINATE, "not validated: NSEC3 of %.100s cost more hashing than one question may",
			     hf_name_to_text(chain->proofs->zone, text));
		return false;
	}
	work->hashes += iterations;
	return true;
}

static const struct record *find_match(const struct chain *chain, const uint8_t hashed[HF_NSEC3_HASH_SIZE])
{
	for (unsigned i = 0; i < chain->count; i++)
		if (memcmp(chain->records[i].owner, hashed, HF_NSEC3_HASH_SIZE) == 0)
			return &chain->records[i];
	return NULL;
}

static const struct record *find_cover(const struct chain *chain, const uint8_t hashed[HF_NSEC3_HASH_SIZE])
{
	for (unsigned i = 0; i < chain->count; i++) {
		const struct record *record = &chain->records[i];
		bool after_owner = memcmp(record->owner, hashed, HF_NSEC3_HASH_SIZE) < 0;
		bool before_next = memcmp(hashed, record->nsec3.next, HF_NSEC3_HASH_SIZE) < 0;
		bool last = memcmp(record->owner, record->nsec3.next, HF_NSEC3_HASH_SIZE) >= 0;

		if (memcmp(record->owner, hashed, HF_NSEC3_HASH_SIZE) == 0)
			continue;
		if (last ? after_owner || before_next : after_owner && before_next)
			return record;
	}
	return NULL;
}

/* RFC 5155 §8.3. */
struct encloser {
	unsigned labels; /* of the closest encloser */
	const struct record *match; /* of the name itself; NULL: it does not exist */
	const struct record *cover; /* of the next closer name, NULL: there is none */
};

static enum hf_denial not_proven(struct chain *chain, const char *what, const uint8_t *name)
{
	char text[HF_NAME_TEXT_MAX];

	if (chain->out_of_work)
		return HF_DENIAL_WORK;
	hf_cause_set(chain->cause, HF_EDE_BOGUS, "bogus: no NSEC3 %s %.100s", what, hf_name_to_text(name, text));
	return HF_DENIAL_NOT_PROVEN;
}

static enum hf_denial contradicted(struct chain *chain, const uint8_t *name, uint16_t type, const char *why)
{
	char text[HF_NAME_TEXT_MAX], type_text[HF_TYPE_TEXT_MAX];

	hf_cause_set(chain->cause, HF_EDE_BOGUS, "bogus: %.100s %s is denied, but its NSEC3 %s", hf_name_to_text(name, text),
		     hf_type_to_text(type, type_text), why);
	return HF_DENIAL_NOT_PROVEN;
}

/* PROVEN when there is a closest encloser, and either the name itself matches or the next closer name is covered. */
static enum hf_denial find_encloser(struct chain *chain, const uint8_t *name, struct encloser *encloser)
{
	const unsigned all = hf_name_label_count(name), least = hf_name_label_count(chain->proofs->zone);
	uint8_t hashed[HF_NSEC3_HASH_SIZE], closer[HF_NSEC3_HASH_SIZE];

	*encloser = (struct encloser){0};
	if (!hf_name_is_below_or_equal(name, chain->proofs->zone))
		return not_proven(chain, "is of the zone of", name);
	for (unsigned labels = all;; labels--) {
		const uint8_t *candidate = hf_name_strip(name, all - labels);
		const struct record *match;

		if (!hash(chain, candidate, hashed))
			return HF_DENIAL_WORK;
		match = find_match(chain, hashed);
		if (match && labels == all) {
			encloser->labels = labels;
			encloser->match = match;
			return HF_DENIAL_PROVEN;
		}
		if (match) {
			if (hf_bitmap_ends_zone(match->bitmap.bytes, match->bitmap.length))
				return not_proven(chain, "of the right zone is at the closest encloser", candidate);
			encloser->labels = labels;
			encloser->cover = find_cover(chain, closer);
			if (!encloser->cover)
				return not_proven(chain, "covers the next closer name", hf_name_strip(name, all - labels - 1));
			return HF_DENIAL_PROVEN;
		}
		if (labels == least)
			return not_proven(chain, "is at a closest encloser of", name);
		memcpy(closer, hashed, sizeof(closer));
	}
}

static enum hf_denial begin_with_encloser(struct chain *chain, const struct hf_denial_proofs *proofs, const uint8_t *name,
					  struct hf_cause *cause, struct encloser *encloser)
{
	enum hf_denial denial;

	return begin(chain, proofs, name, cause, &denial) ? find_encloser(chain, name, encloser) : denial;
}

static bool is_opt_out(const struct record *record)
{
	return record->nsec3.flags & HF_NSEC3_OPT_OUT;
}

/* The wildcard at the closest encloser; false without work. */
static bool hash_wildcard(struct chain *chain, const uint8_t *name, unsigned labels, uint8_t wildcard[HF_NAME_MAX],
			  uint8_t hashed[HF_NSEC3_HASH_SIZE], bool *possible)
{
	*possible = hf_name_wildcard(name, labels, wildcard) != 0;
	return !*possible || hash(chain, wildcard, hashed);
}

static enum hf_denial or_opt_out(const struct encloser *encloser)
{
	return is_opt_out(encloser->cover) ? HF_DENIAL_OPT_OUT : HF_DENIAL_PROVEN;
}

static enum hf_denial deny_wildcard(struct chain *chain, const uint8_t *name, const struct encloser *encloser)
{
	uint8_t wildcard[HF_NAME_MAX], hashed[HF_NSEC3_HASH_SIZE];
	bool possible;

	if (!hash_wildcard(chain, name, encloser->labels, wildcard, hashed, &possible))
		return HF_DENIAL_WORK;
	if (possible && !find_cover(chain, hashed))
		return not_proven(chain, "covers the wildcard", wildcard);
	return or_opt_out(encloser);
}

/* RFC 5155 §8.4. */
enum hf_denial hf_denial_by_nsec3_nxdomain(const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause)
{
	struct chain chain;
	struct encloser encloser;
	enum hf_denial denial = begin_with_encloser(&chain, proofs, name, cause, &encloser);

	if (denial != HF_DENIAL_PROVEN)
		return denial;
	if (encloser.match)
		return not_proven(&chain, "denies, there is one at", name);
	return deny_wildcard(&chain, name, &encloser);
}

/* RFC 5155 §8.5, §8.7. */
static enum hf_denial deny_type(struct chain *chain, const uint8_t *name, uint16_t type, const struct encloser *encloser, bool *nxname)
{
	uint8_t wildcard[HF_NAME_MAX], hashed[HF_NSEC3_HASH_SIZE];
	const struct record *match;
	const char *why;
	bool possible;

	if (encloser->match) {
		if (!hf_denial_bitmap_denies(&encloser->match->bitmap, type, &why))
			return contradicted(chain, name, type, why);
		if (nxname)
			*nxname = hf_denial_has_type(&encloser->match->bitmap, HF_TYPE_NXNAME);
		return HF_DENIAL_PROVEN;
	}
	if (!hash_wildcard(chain, name, encloser->labels, wildcard, hashed, &possible))
		return HF_DENIAL_WORK;
	match = possible ? find_match(chain, hashed) : NULL;
	if (match) {
		if (!hf_denial_bitmap_denies(&match->bitmap, type, &why))
			return contradicted(chain, wildcard, type, why);
		return or_opt_out(encloser);
	}
	/* Empty non-terminals that only unsigned delegations make have no record of their own (RFC 5155 §7.1). */
	return is_opt_out(encloser->cover) ? HF_DENIAL_OPT_OUT : not_proven(chain, "is at", name);
}

enum hf_denial hf_denial_by_nsec3_nodata(const struct hf_denial_proofs *proofs, const uint8_t *name, uint16_t type, bool *nxname,
					 struct hf_cause *cause)
{
	struct chain chain;
	struct encloser encloser;
	enum hf_denial denial = begin_with_encloser(&chain, proofs, name, cause, &encloser);

	return denial == HF_DENIAL_PROVEN ? deny_type(&chain, name, type, &encloser, nxname) : denial;
}

/* RFC 5155 §8.8: the closest encloser is known by the signature's Labels. */
enum hf_denial hf_denial_by_nsec3_expansion(const struct hf_denial_proofs *proofs, const uint8_t *name, unsigned labels,
					    struct hf_cause *cause)
{
	const unsigned all = hf_name_label_count(name);
	uint8_t hashed[HF_NSEC3_HASH_SIZE];
	const uint8_t *next_closer;
	const struct record *cover;
	struct chain chain;
	enum hf_denial denial;

	if (!begin(&chain, proofs, name, cause, &denial))
		return denial;
	next_closer = hf_name_strip(name, all > labels ? all - labels - 1 : 0);
	if (!hash(&chain, next_closer, hashed))
		return HF_DENIAL_WORK;
	cover = find_cover(&chain, hashed);
	if (!cover)
		return not_proven(&chain, "covers the next closer name", next_closer);
	return is_opt_out(cover) ? HF_DENIAL_OPT_OUT : HF_DENIAL_PROVEN;
}

/* RFC 5155 §8.6, §8.9. */
enum hf_denial hf_denial_by_nsec3_ds(const struct hf_denial_proofs *proofs, const uint8_t *name, enum hf_cut *cut, struct hf_cause *cause)
{
	const struct hf_denial_bitmap *bitmap;
	struct chain chain;
	struct encloser encloser;
	enum hf_denial denial = begin_with_encloser(&chain, proofs, name, cause, &encloser);

	if (denial != HF_DENIAL_PROVEN)
		return denial;
	if (!encloser.match) {
		*cut = HF_CUT_UNSIGNED;
		if (is_opt_out(encloser.cover))
			return HF_DENIAL_OPT_OUT;
		*cut = HF_CUT_NONE;
		denial = deny_type(&chain, name, HF_TYPE_DS, &encloser, NULL);
		if (denial != HF_DENIAL_NOT_PROVEN)
			return denial;
		*cut = HF_CUT_NO_NAME;
		return deny_wildcard(&chain, name, &encloser);
	}
	bitmap = &encloser.match->bitmap;
	if (hf_denial_has_type(bitmap, HF_TYPE_DS))
		return contradicted(&chain, name, HF_TYPE_DS, "says that it is there");
	/* The child's own record says nothing of what its parent has (CVE-2026-10723). */
	if (hf_denial_has_type(bitmap, HF_TYPE_SOA) && name[0])
		return contradicted(&chain, name, HF_TYPE_DS, "is of the child's side of the zone cut");
	*cut = hf_denial_has_type(bitmap, HF_TYPE_NS) ? HF_CUT_UNSIGNED : HF_CUT_NONE;
	return HF_DENIAL_PROVEN;
}
