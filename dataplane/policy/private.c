// SPDX-License-Identifier: BSD-3-Clause
/* Private addresses in what servers say. */
#include "policy/private.h"
#include <string.h>
#include "wire/octets.h"

enum { HINT_IPV4 = 4, HINT_IPV6 = 6 }; /* SvcParamKeys */

static bool is_listed(const struct hf_private *private, uint8_t family, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	for (unsigned i = 0; i < private->address_count; i++)
		if (hf_prefix_holds(&private->addresses[i], family, bytes))
			return true;
	return family == 6 && memcmp(bytes, mapped, sizeof(mapped)) == 0 && is_listed(private, 4, bytes + 12);
}

static bool any_listed(const struct hf_private *private, uint8_t family, const uint8_t *bytes, size_t length)
{
	size_t size = family == 4 ? 4 : 16;

	for (; length >= size; bytes += size, length -= size)
		if (is_listed(private, family, bytes))
			return true;
	return false;
}

/* SvcParams (RFC 9460 §2.2): key, length, value. */
static bool hints_listed(const struct hf_private *private, const struct hf_rdata *rdata)
{
	const uint8_t *at = rdata->bytes + 2, *end = rdata->bytes + rdata->length;

	if (rdata->length < 3)
		return false;
	for (at += hf_name_length(at); end - at >= 4;) {
		uint16_t key = hf_octets_u16(at), length = hf_octets_u16(at + 2);

		at += 4;
		if (length > end - at)
			return false;
		if ((key == HINT_IPV4 || key == HINT_IPV6) &&
		    any_listed(private, key == HINT_IPV4 ? 4 : 6, at, length))
			return true;
		at += length;
	}
	return false;
}

static bool record_listed(const struct hf_private *private, uint16_t type, const struct hf_rdata *rdata)
{
	switch (type) {
	case HF_TYPE_A:
		return any_listed(private, 4, rdata->bytes, rdata->length);
	case HF_TYPE_AAAA:
		return any_listed(private, 6, rdata->bytes, rdata->length);
	case HF_TYPE_SVCB:
	case HF_TYPE_HTTPS:
		return hints_listed(private, rdata);
	default:
		return false;
	}
}

static bool may_have(const struct hf_private *private, const uint8_t *name)
{
	for (unsigned i = 0; i < private->domain_count; i++)
		if (hf_name_is_below_or_equal(name, private->domains[i]))
			return true;
	return false;
}

const struct hf_rrset *hf_private_strip(const struct hf_private *private, const struct hf_rrset *rrset, struct hf_arena *arena,
					unsigned *removed)
{
	struct hf_rdata *left;
	uint16_t count = 0;
	unsigned listed = 0;

	if (!private->address_count || rrset->class != HF_CLASS_IN)
		return rrset;
	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes && r.index < rrset->count; r = hf_rrset_next(rrset, r))
		listed += record_listed(private, rrset->type, &r);
	if (!listed || may_have(private, hf_rrset_owner(rrset)))
		return rrset;
	*removed += listed;
	if (listed == rrset->count)
		return NULL;
	left = hf_arena_take(arena, (rrset->count - listed) * sizeof(*left));
	if (!left)
		return NULL;
	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes && r.index < rrset->count; r = hf_rrset_next(rrset, r))
		if (!record_listed(private, rrset->type, &r))
			left[count++] = r;
	return hf_rrset_make(arena, hf_rrset_owner(rrset), rrset->type, rrset->class, rrset->ttl, left, count, 0);
}

unsigned hf_private_strip_message(const struct hf_private *private, struct hf_message *message, struct hf_arena *arena)
{
	unsigned removed = 0;

	if (!private->address_count)
		return 0;
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++) {
		const struct hf_rrset **sets = message->sections[section];
		unsigned kept = 0;

		for (unsigned i = 0; i < message->section_counts[section]; i++) {
			const struct hf_rrset *rrset = hf_private_strip(private, sets[i], arena, &removed);

			if (rrset)
				sets[kept++] = rrset;
		}
		message->section_counts[section] = kept;
	}
	return removed;
}

uint64_t hf_private_content(const struct hf_private *private)
{
	uint64_t sum = 0xcbf29ce484222325u; /* FNV-1a */

	for (unsigned i = 0; i < private->address_count; i++)
		for (unsigned k = 0; k < sizeof(private->addresses[i].bytes) + 2; k++) {
			const struct hf_prefix *prefix = &private->addresses[i];
			uint8_t octet = k == 0 ? prefix->family : k == 1 ? prefix->length : prefix->bytes[k - 2];

			sum = (sum ^ octet) * 0x100000001b3u;
		}
	for (unsigned i = 0; i < private->domain_count; i++)
		for (size_t k = 0; k < hf_name_length(private->domains[i]); k++)
			sum = (sum ^ private->domains[i][k]) * 0x100000001b3u;
	return sum;
}
