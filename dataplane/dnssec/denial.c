// SPDX-License-Identifier: BSD-3-Clause
/* Which kind of proof there is; see denial.h. */
#include "dnssec/denial.h"
#include "dnssec/bitmap.h"
#include "dnssec/denial_parts.h"

bool hf_denial_has_type(const struct hf_denial_bitmap *bitmap, uint16_t type)
{
	return hf_bitmap_has(bitmap->bytes, bitmap->length, type);
}

bool hf_denial_bitmap_denies(const struct hf_denial_bitmap *bitmap, uint16_t type, const char **why)
{
	if (hf_denial_has_type(bitmap, type))
		*why = "says that it is there";
	else if (hf_denial_has_type(bitmap, HF_TYPE_CNAME))
		*why = "says that there is an alias"; /* RFC 6840 §4.3 */
	else if (type != HF_TYPE_DS && hf_bitmap_is_delegation(bitmap->bytes, bitmap->length))
		*why = "is of the parent's side of a zone cut"; /* RFC 6840 §4.1 */
	else
		return true;
	return false;
}

static bool has(const struct hf_denial_proofs *proofs, uint16_t type)
{
	for (unsigned i = 0; i < proofs->count; i++)
		if (proofs->sets[i]->type == type)
			return true;
	return false;
}

static enum hf_denial missing(const uint8_t *name, uint16_t type, struct hf_cause *cause)
{
	char text[HF_NAME_TEXT_MAX], type_text[HF_TYPE_TEXT_MAX];

	hf_name_to_text(name, text);
	if (type)
		hf_cause_set(cause, HF_EDE_NSEC_MISSING, "bogus: no NSEC or NSEC3 proves that %.100s has no %s", text,
			     hf_type_to_text(type, type_text));
	else
		hf_cause_set(cause, HF_EDE_NSEC_MISSING, "bogus: no NSEC or NSEC3 proves that %.100s does not exist", text);
	return HF_DENIAL_NOT_PROVEN;
}

/* A zone that changes from one kind to the other may have both in a reply. */
static enum hf_denial either(enum hf_denial by_nsec, enum hf_denial by_nsec3)
{
	return by_nsec == HF_DENIAL_PROVEN ? by_nsec : by_nsec3;
}

enum hf_denial hf_denial_nxdomain(const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause)
{
	enum hf_denial denial = missing(name, 0, cause);

	if (has(proofs, HF_TYPE_NSEC))
		denial = hf_denial_by_nsec_nxdomain(proofs, name, cause);
	if (denial != HF_DENIAL_PROVEN && has(proofs, HF_TYPE_NSEC3))
		denial = either(denial, hf_denial_by_nsec3_nxdomain(proofs, name, cause));
	return denial;
}

enum hf_denial hf_denial_nodata(const struct hf_denial_proofs *proofs, const uint8_t *name, uint16_t type, bool *nxname,
				struct hf_cause *cause)
{
	enum hf_denial denial = missing(name, type, cause);

	if (nxname)
		*nxname = false;
	if (has(proofs, HF_TYPE_NSEC))
		denial = hf_denial_by_nsec_nodata(proofs, name, type, nxname, cause);
	if (denial != HF_DENIAL_PROVEN && has(proofs, HF_TYPE_NSEC3))
		denial = either(denial, hf_denial_by_nsec3_nodata(proofs, name, type, nxname, cause));
	return denial;
}

enum hf_denial hf_denial_expansion(const struct hf_denial_proofs *proofs, const uint8_t *name, unsigned labels,
				   struct hf_cause *cause)
{
	enum hf_denial denial = missing(name, 0, cause);

	if (cause)
		cause->ede = HF_EDE_BOGUS; /* nothing was denied: data came that should not be there */

	if (has(proofs, HF_TYPE_NSEC))
		denial = hf_denial_by_nsec_expansion(proofs, name, labels, cause);
	if (denial != HF_DENIAL_PROVEN && has(proofs, HF_TYPE_NSEC3))
		denial = either(denial, hf_denial_by_nsec3_expansion(proofs, name, labels, cause));
	return denial;
}

enum hf_denial hf_denial_ds(const struct hf_denial_proofs *proofs, const uint8_t *name, enum hf_cut *cut,
			    struct hf_cause *cause)
{
	enum hf_denial denial = missing(name, HF_TYPE_DS, cause);

	if (has(proofs, HF_TYPE_NSEC))
		denial = hf_denial_by_nsec_ds(proofs, name, cut, cause);
	if (denial != HF_DENIAL_PROVEN && has(proofs, HF_TYPE_NSEC3))
		denial = either(denial, hf_denial_by_nsec3_ds(proofs, name, cut, cause));
	return denial;
}
