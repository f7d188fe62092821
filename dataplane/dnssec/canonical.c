// SPDX-License-Identifier: BSD-3-Clause
/* Canonical form and order; see canonical.h. */
#include "dnssec/canonical.h"
#include <stdlib.h>
#include <string.h>
#include "wire/rdata.h"

enum {
	KEEP_SIZE = 65536,
	RR_FIXED_SIZE = 10, /* type, class, TTL, RDLENGTH */
};

/* RFC 4034 §6.2 (3), without NSEC (RFC 6840 §5.1), and of HINFO, which has no names. Those of other types stay as they are (RFC 3597 §7). */
static bool has_lowered_names(uint16_t type)
{
	switch (type) {
	case HF_TYPE_NS:
	case 3: /* MD */
	case 4: /* MF */
	case HF_TYPE_CNAME:
	case HF_TYPE_SOA:
	case 7: /* MB */
	case 8: /* MG */
	case 9: /* MR */
	case HF_TYPE_PTR:
	case 14: /* MINFO */
	case HF_TYPE_MX:
	case 17: /* RP */
	case 18: /* AFSDB */
	case 21: /* RT */
	case HF_TYPE_SIG:
	case 26: /* PX */
	case 30: /* NXT */
	case HF_TYPE_SRV:
	case HF_TYPE_NAPTR:
	case 36: /* KX */
	case HF_TYPE_DNAME:
	case HF_TYPE_RRSIG:
		return true;
	}
	return false;
}

/* RDATA that does not parse stays as it is. */
static void lower_names(uint8_t *bytes, size_t length, const uint8_t *fields)
{
	size_t at = 0;

	for (; *fields != HF_FIELD_END; fields++) {
		size_t size = hf_rdata_field_length(*fields, bytes + at, length - at);

		if (size == HF_RDATA_FAULT)
			return;
		if (*fields == HF_FIELD_NAME || *fields == HF_FIELD_NAME_PLAIN)
			hf_name_lower(bytes + at, bytes + at);
		at += size;
	}
}

/* RFC 4034 §6.3: as octet sequences, where the end comes before any octet. */
static int compare(const void *left, const void *right)
{
	const struct hf_rdata *a = left, *b = right;
	int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);

	return order ? order : (int)a->length - (int)b->length;
}

bool hf_canonical_begin(struct hf_canonical *canonical, const struct hf_rrset *rrset)
{
	const uint8_t *fields = has_lowered_names(rrset->type) ? hf_rdata_fields(rrset->type, rrset->class) : NULL;
	uint8_t *at;
	unsigned count = 0;

	canonical->rrset = rrset;
	canonical->count = 0;
	canonical->rdata_size = 0;
	canonical->sorted = malloc(rrset->count * sizeof(canonical->sorted[0]) + rrset->size);
	if (!canonical->sorted)
		return false;
	at = (uint8_t *)(canonical->sorted + rrset->count);
	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes && r.index < rrset->count; r = hf_rrset_next(rrset, r)) {
		memcpy(at, r.bytes, r.length);
		if (fields)
			lower_names(at, r.length, fields);
		canonical->sorted[count++] = (struct hf_rdata){at, r.length, r.index};
		at += r.length;
	}
	if (count > 1)
		qsort(canonical->sorted, count, sizeof(canonical->sorted[0]), compare);
	for (unsigned i = 0; i < count; i++) {
		if (i && compare(&canonical->sorted[i], &canonical->sorted[canonical->count - 1]) == 0)
			continue;
		canonical->rdata_size += canonical->sorted[i].length;
		canonical->sorted[canonical->count++] = canonical->sorted[i];
	}
	return true;
}

size_t hf_canonical_size(const struct hf_canonical *canonical)
{
	return HF_RRSIG_FIXED_SIZE + HF_NAME_MAX + canonical->rdata_size +
	       canonical->count * (size_t)(canonical->rrset->owner_length + RR_FIXED_SIZE);
}

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

/* RFC 4035 §5.3.2: the name that was signed. */
static size_t signed_owner(const uint8_t *owner, unsigned labels, uint8_t out[HF_NAME_MAX])
{
	/* Of the wildcard itself the first label does not count (RFC 4034 §3.1.3). */
	if (labels >= hf_name_label_count(owner) - hf_name_is_wildcard(owner))
		return hf_name_lower(owner, out);
	hf_name_wildcard(owner, labels, out); /* no longer than the owner: at least one label goes for it */
	return hf_name_lower(out, out);
}

bool hf_canonical_write(struct hf_canonical *canonical, const struct hf_rrsig *rrsig, const struct hf_rdata *rdata)
{
	const struct hf_rrset *rrset = canonical->rrset;
	uint8_t owner[HF_NAME_MAX];
	size_t owner_length = signed_owner(hf_rrset_owner(rrset), rrsig->labels, owner);
	size_t size = hf_canonical_size(canonical);
	uint8_t *at;

	if (size > canonical->capacity) {
		free(canonical->message);
		canonical->capacity = 0;
		canonical->message = malloc(size);
		if (!canonical->message)
			return false;
		canonical->capacity = size;
	}
	at = put_bytes(canonical->message, rdata->bytes, HF_RRSIG_FIXED_SIZE);
	at += hf_name_lower(rrsig->signer, at);
	for (unsigned i = 0; i < canonical->count; i++) {
		at = put_bytes(at, owner, owner_length);
		at = put_u16(at, rrset->type);
		at = put_u16(at, rrset->class);
		at = put_bytes(at, rdata->bytes + 4, 4); /* the original TTL */
		at = put_u16(at, canonical->sorted[i].length);
		at = put_bytes(at, canonical->sorted[i].bytes, canonical->sorted[i].length);
	}
	canonical->length = (size_t)(at - canonical->message);
	return true;
}

void hf_canonical_end(struct hf_canonical *canonical)
{
	free(canonical->sorted);
	canonical->sorted = NULL;
	canonical->rrset = NULL;
	if (canonical->capacity > KEEP_SIZE) {
		free(canonical->message);
		canonical->message = NULL;
		canonical->capacity = 0;
	}
}

void hf_canonical_free(struct hf_canonical *canonical)
{
	hf_canonical_end(canonical);
	free(canonical->message);
	canonical->message = NULL;
	canonical->capacity = 0;
}
