// SPDX-License-Identifier: BSD-3-Clause
/* Proofs by NSEC (RFC 4035 §5.4). */
#include <string.h>
#include "dnssec/bitmap.h"
#include "dnssec/denial_parts.h"
#include "wire/rdata.h"

struct nsec {
	const uint8_t *owner, *next;
	struct hf_denial_bitmap bitmap;
};

/* Owner and next name inside the zone, or what it spans reaches into others (CVE-2026-13321). Made by a wildcard, it would speak of names
 * that it is not about. */
static bool read_nsec(const struct hf_denial_proofs *proofs, const struct hf_rrset *set, struct nsec *nsec)
{
	const struct hf_rdata rdata = hf_rrset_first(set);
	size_t next;

	if (set->type != HF_TYPE_NSEC || set->count != 1)
		return false;
	next = hf_rdata_field_length(HF_FIELD_NAME_PLAIN, rdata.bytes, rdata.length);
	if (next == HF_RDATA_FAULT)
		return false;
	nsec->owner = hf_rrset_owner(set);
	nsec->next = rdata.bytes;
	nsec->bitmap.bytes = rdata.bytes + next;
	nsec->bitmap.length = rdata.length - next;
	return hf_name_is_below_or_equal(nsec->owner, proofs->zone) && hf_name_is_below_or_equal(nsec->next, proofs->zone) &&
	       !hf_rrset_is_expanded(set);
}

static bool is_below(const uint8_t *name, const uint8_t *ancestor)
{
	return hf_name_is_below_or_equal(name, ancestor) && !hf_name_equal(name, ancestor);
}

/* Whether the name is between owner and next in canonical order. What is below a delegation or a DNAME is another zone's, or nobody's (RFC 6840
 * §4.1); its name sorts there all the same. */
static bool covers(const struct hf_denial_proofs *proofs, const struct nsec *nsec, const uint8_t *name)
{
	bool after_owner = hf_name_compare(nsec->owner, name) < 0;

	if (is_below(name, nsec->owner) && hf_bitmap_ends_zone(nsec->bitmap.bytes, nsec->bitmap.length))
		return false;
	if (!hf_name_is_below_or_equal(name, proofs->zone) || !after_owner)
		return false;
	/* The last one of the zone leads back to the apex; nothing sorts before the apex. */
	return hf_name_equal(nsec->next, proofs->zone) || hf_name_compare(name, nsec->next) < 0;
}

static bool find_match(const struct hf_denial_proofs *proofs, const uint8_t *name, struct nsec *nsec)
{
	for (unsigned i = 0; i < proofs->count && i < HF_DENIAL_SETS_MAX; i++)
		if (read_nsec(proofs, proofs->sets[i], nsec) && hf_name_equal(nsec->owner, name))
			return true;
	return false;
}

static bool find_cover(const struct hf_denial_proofs *proofs, const uint8_t *name, struct nsec *nsec)
{
	for (unsigned i = 0; i < proofs->count && i < HF_DENIAL_SETS_MAX; i++)
		if (read_nsec(proofs, proofs->sets[i], nsec) && covers(proofs, nsec, name))
			return true;
	return false;
}

/* The closest encloser of a name that is covered: what it has in common with either neighbour exists. */
static unsigned encloser_labels(const struct nsec *nsec, const uint8_t *name)
{
	unsigned with_owner = hf_name_common_labels(name, nsec->owner), with_next = hf_name_common_labels(name, nsec->next);

	return with_owner > with_next ? with_owner : with_next;
}

static enum hf_denial not_proven(struct hf_cause *cause, const char *what, const uint8_t *name)
{
	char text[HF_NAME_TEXT_MAX];

	hf_cause_set(cause, HF_EDE_BOGUS, "bogus: no NSEC %s %.100s", what, hf_name_to_text(name, text));
	return HF_DENIAL_NOT_PROVEN;
}

static enum hf_denial contradicted(struct hf_cause *cause, const uint8_t *name, uint16_t type, const char *why)
{
	char text[HF_NAME_TEXT_MAX], type_text[HF_TYPE_TEXT_MAX];

	hf_cause_set(cause, HF_EDE_BOGUS, "bogus: %.100s %s is denied, but its NSEC %s", hf_name_to_text(name, text),
		     hf_type_to_text(type, type_text), why);
	return HF_DENIAL_NOT_PROVEN;
}

/* The name that comes next is below it: it exists without data. */
static bool is_empty_non_terminal(const struct nsec *nsec, const uint8_t *name)
{
	return is_below(nsec->next, name);
}

enum hf_denial hf_denial_by_nsec_nxdomain(const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause)
{
	uint8_t wildcard[HF_NAME_MAX];
	struct nsec nsec, unused;

	if (!find_cover(proofs, name, &nsec))
		return not_proven(cause, "covers", name);
	if (is_empty_non_terminal(&nsec, name))
		return not_proven(cause, "denies, it is an empty non-terminal:", name);
	if (!hf_name_wildcard(name, encloser_labels(&nsec, name), wildcard))
		return HF_DENIAL_PROVEN;
	if (!find_cover(proofs, wildcard, &unused) || is_empty_non_terminal(&unused, wildcard))
		return not_proven(cause, "denies the wildcard", wildcard);
	return HF_DENIAL_PROVEN;
}

enum hf_denial hf_denial_by_nsec_nodata(const struct hf_denial_proofs *proofs, const uint8_t *name, uint16_t type, bool *nxname,
					struct hf_cause *cause)
{
	uint8_t wildcard[HF_NAME_MAX];
	struct nsec nsec;
	const char *why;

	if (find_match(proofs, name, &nsec)) {
		if (!hf_denial_bitmap_denies(&nsec.bitmap, type, &why))
			return contradicted(cause, name, type, why);
		if (nxname)
			*nxname = hf_denial_has_type(&nsec.bitmap, HF_TYPE_NXNAME);
		return HF_DENIAL_PROVEN;
	}
	if (!find_cover(proofs, name, &nsec))
		return not_proven(cause, "is at or covers", name);
	if (is_empty_non_terminal(&nsec, name))
		return HF_DENIAL_PROVEN;
	/* RFC 4035 §3.1.3.4: a wildcard stands for the name, without the type. */
	if (!hf_name_wildcard(name, encloser_labels(&nsec, name), wildcard) || !find_match(proofs, wildcard, &nsec))
		return not_proven(cause, "is at", name);
	if (!hf_denial_bitmap_denies(&nsec.bitmap, type, &why))
		return contradicted(cause, wildcard, type, why);
	return HF_DENIAL_PROVEN;
}

enum hf_denial hf_denial_by_nsec_expansion(const struct hf_denial_proofs *proofs, const uint8_t *name, unsigned labels,
					   struct hf_cause *cause)
{
	unsigned all = hf_name_label_count(name);
	const uint8_t *next_closer = hf_name_strip(name, all > labels ? all - labels - 1 : 0);
	struct nsec nsec;

	/* The name itself covered, and no ancestor of it nearer than the wildcard's parent existing. */
	if (!find_cover(proofs, name, &nsec) || is_empty_non_terminal(&nsec, name))
		return not_proven(cause, "covers", name);
	if (encloser_labels(&nsec, name) > labels)
		return not_proven(cause, "denies what is nearer than the wildcard,", next_closer);
	return HF_DENIAL_PROVEN;
}

enum hf_denial hf_denial_by_nsec_ds(const struct hf_denial_proofs *proofs, const uint8_t *name, enum hf_cut *cut, struct hf_cause *cause)
{
	struct nsec nsec;
	const char *why;
	enum hf_denial denial;

	if (find_match(proofs, name, &nsec)) {
		if (!hf_denial_bitmap_denies(&nsec.bitmap, HF_TYPE_DS, &why)) {
			/* No delegation is where an alias is. */
			if (hf_denial_has_type(&nsec.bitmap, HF_TYPE_CNAME) && !hf_denial_has_type(&nsec.bitmap, HF_TYPE_DS)) {
				*cut = HF_CUT_NONE;
				return HF_DENIAL_PROVEN;
			}
			return contradicted(cause, name, HF_TYPE_DS, why);
		}
		/* The child's own record says nothing of what its parent has; but the root has none. */
		if (hf_denial_has_type(&nsec.bitmap, HF_TYPE_SOA) && name[0])
			return contradicted(cause, name, HF_TYPE_DS, "is of the child's side of the zone cut");
		*cut = hf_denial_has_type(&nsec.bitmap, HF_TYPE_NS) ? HF_CUT_UNSIGNED : HF_CUT_NONE;
		return HF_DENIAL_PROVEN;
	}
	denial = hf_denial_by_nsec_nodata(proofs, name, HF_TYPE_DS, NULL, cause);
	*cut = HF_CUT_NONE;
	if (denial == HF_DENIAL_NOT_PROVEN) {
		struct hf_cause unused;

		denial = hf_denial_by_nsec_nxdomain(proofs, name, &unused);
		*cut = HF_CUT_NO_NAME;
	}
	return denial;
}
