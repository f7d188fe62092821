// SPDX-License-Identifier: BSD-3-Clause
/* RRsets as one block of memory. */
#include "wire/rrset.h"
#include <stddef.h>
#include <string.h>
#include "wire/rdata.h"

static struct hf_rdata entry_at(const struct hf_rrset *rrset, const uint8_t *at, unsigned index)
{
	struct hf_rdata entry = {0};

	if (index < (unsigned)rrset->count + rrset->signature_count) {
		memcpy(&entry.length, at, sizeof(entry.length));
		entry.bytes = at + sizeof(entry.length);
		entry.index = (uint16_t)index;
	}
	return entry;
}

struct hf_rdata hf_rrset_first(const struct hf_rrset *rrset)
{
	return entry_at(rrset, rrset->data + rrset->owner_length, 0);
}

struct hf_rdata hf_rrset_next(const struct hf_rrset *rrset, struct hf_rdata current)
{
	return entry_at(rrset, current.bytes + current.length, current.index + 1u);
}

unsigned hf_rrset_signed_labels(const struct hf_rrset *rrset)
{
	enum { LABELS_AT = 3 }; /* RFC 4034 §3.1 */
	unsigned labels = hf_name_label_count(hf_rrset_owner(rrset));

	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes; r = hf_rrset_next(rrset, r)) {
		if (r.index >= rrset->count && r.length > LABELS_AT && r.bytes[LABELS_AT] < labels)
			labels = r.bytes[LABELS_AT];
	}
	return labels;
}

bool hf_rrset_is_expanded(const struct hf_rrset *rrset)
{
	const uint8_t *owner = hf_rrset_owner(rrset);

	/* Of the wildcard itself the first label does not count (RFC 4034 §3.1.3). */
	return hf_rrset_signed_labels(rrset) < hf_name_label_count(owner) - hf_name_is_wildcard(owner);
}

static bool same_rdata(struct hf_rdata a, struct hf_rdata b, const uint8_t *fields)
{
	return a.length == b.length && hf_rdata_equal(a.bytes, b.bytes, a.length, fields);
}

/* A table of RDATA seen so far, to find duplicates without comparing each with each. Probes are
 * bounded, so RDATA made to collide costs a server its own duplicates staying in, and us nothing. */
struct seen {
	uint16_t *slots; /* index + 1; 0 is empty */
	uint32_t mask;
};
enum { PROBES_MAX = 16 };

static bool seen_before(struct seen *seen, const struct hf_rdata *rdata, unsigned index, const uint8_t *fields)
{
	uint32_t hash = 2166136261u;

	for (unsigned i = 0; i < rdata[index].length; i++) /* without case, as names in it may differ there */
		hash = (hash ^ hf_name_lower_octet(rdata[index].bytes[i])) * 16777619u;
	hash ^= hash >> 15;
	for (unsigned probe = 0; probe < PROBES_MAX; probe++) {
		uint16_t *slot = &seen->slots[(hash + probe) & seen->mask];

		if (*slot == 0) {
			*slot = (uint16_t)(index + 1);
			return false;
		}
		if (same_rdata(rdata[*slot - 1], rdata[index], fields))
			return true;
	}
	return false;
}

static bool seen_init(struct seen *seen, struct hf_arena *arena, unsigned count)
{
	uint32_t size = 4;

	while (size < 2 * count)
		size *= 2;
	seen->mask = size - 1;
	seen->slots = hf_arena_take(arena, size * sizeof(*seen->slots));
	return seen->slots != NULL;
}

/* Appends what of `rdata` is not a duplicate; returns how many, -1 when memory or the bound runs out. */
static int append(struct hf_rrset *rrset, size_t capacity, struct hf_arena *arena, const struct hf_rdata *rdata,
		  unsigned count, uint16_t type)
{
	const uint8_t *fields = hf_rdata_fields(type, rrset->class);
	struct seen seen = {0};
	int kept = 0;

	if (count > 1 && !seen_init(&seen, arena, count))
		return -1;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *at = (uint8_t *)rrset + rrset->size;

		if (seen.slots && seen_before(&seen, rdata, i, fields))
			continue;
		if (rrset->size + sizeof(rdata->length) + rdata[i].length > capacity)
			return -1;
		memcpy(at, &rdata[i].length, sizeof(rdata->length));
		if (rdata[i].length > 0)
			memcpy(at + sizeof(rdata->length), rdata[i].bytes, rdata[i].length);
		rrset->size += sizeof(rdata->length) + rdata[i].length;
		kept++;
	}
	return kept;
}

struct hf_rrset *hf_rrset_make(struct hf_arena *arena, const uint8_t *owner, uint16_t type, uint16_t class,
			       uint32_t ttl, const struct hf_rdata *rdata, uint16_t count, uint16_t signature_count)
{
	size_t owner_length = hf_name_length(owner), capacity = offsetof(struct hf_rrset, data) + owner_length;
	struct hf_rrset *rrset;
	int kept;

	if (count == 0)
		return NULL;
	for (unsigned i = 0; i < (unsigned)count + signature_count; i++)
		capacity += sizeof(rdata->length) + rdata[i].length;
	if (capacity > HF_RRSET_SIZE_MAX)
		return NULL;
	rrset = hf_arena_take(arena, capacity);
	if (!rrset)
		return NULL;
	rrset->size = (uint32_t)(offsetof(struct hf_rrset, data) + owner_length);
	rrset->ttl = ttl;
	rrset->type = type;
	rrset->class = class;
	rrset->owner_length = (uint8_t)owner_length;
	memcpy(rrset->data, owner, owner_length);
	kept = append(rrset, capacity, arena, rdata, count, type);
	if (kept < 0)
		return NULL;
	rrset->count = (uint16_t)kept;
	kept = append(rrset, capacity, arena, rdata + count, signature_count, HF_TYPE_RRSIG);
	if (kept < 0)
		return NULL;
	rrset->signature_count = (uint16_t)kept;
	return rrset;
}

struct hf_rrset *hf_rrset_with_owner(struct hf_arena *arena, const uint8_t *owner, const struct hf_rrset *rrset)
{
	size_t length = hf_name_length(owner), rdata = rrset->size - offsetof(struct hf_rrset, data) - rrset->owner_length;
	size_t size = offsetof(struct hf_rrset, data) + length + rdata;
	struct hf_rrset *copy = size <= HF_RRSET_SIZE_MAX ? hf_arena_take(arena, size) : NULL;

	if (!copy)
		return NULL;
	*copy = *rrset;
	copy->size = (uint32_t)size;
	copy->owner_length = (uint8_t)length;
	memcpy(copy->data, owner, length);
	memcpy(copy->data + length, rrset->data + rrset->owner_length, rdata);
	return copy;
}

const struct hf_rrset *hf_rrset_bound_ttl(struct hf_arena *arena, const struct hf_rrset *rrset, uint32_t ttl)
{
	struct hf_rrset *copy;

	if (ttl >= rrset->ttl)
		return rrset;
	copy = hf_rrset_copy(arena, rrset);
	if (copy)
		copy->ttl = ttl;
	return copy;
}

struct hf_rrset *hf_rrset_copy(struct hf_arena *arena, const struct hf_rrset *rrset)
{
	return hf_arena_copy(arena, rrset, rrset->size);
}

/* Of a set in any order up to this many RRs every pair is compared. Larger ones are compared
 * as long as their orders differ little; without a bound a server could make us compare millions. */
enum { COMPARISONS_MAX = 256 * 256 };

bool hf_rrset_same_data(const struct hf_rrset *a, const struct hf_rrset *b)
{
	struct hf_rdata wanted = hf_rrset_first(a), at = hf_rrset_first(b);
	const uint8_t *fields = hf_rdata_fields(a->type, a->class);
	unsigned comparisons = 0;

	if (a->count != b->count || a->type != b->type || a->class != b->class ||
	    !hf_name_equal(hf_rrset_owner(a), hf_rrset_owner(b)))
		return false;
	/* Neither set has duplicates, so equal counts and a ⊆ b suffice. Looking on from the last
	 * match makes equal and rotated orders linear. */
	for (; wanted.bytes && wanted.index < a->count; wanted = hf_rrset_next(a, wanted)) {
		unsigned left = b->count;
		bool found = false;

		while (!found) {
			if (left-- == 0 || comparisons++ == COMPARISONS_MAX)
				return false;
			found = same_rdata(wanted, at, fields);
			at = hf_rrset_next(b, at);
			if (!at.bytes || at.index >= b->count)
				at = hf_rrset_first(b);
		}
	}
	return true;
}
