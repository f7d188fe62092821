// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/anchors.h"
#include <stdlib.h>
#include "base/arena.h"

enum {
	ARENA_SIZE = 4 << 20,
	RECORDS_MAX = 256, /* of one zone and type */
};

struct zone {
	const uint8_t *name;
	struct hf_anchor anchor;
};

struct hf_anchors {
	unsigned references; /* atomic */
	struct hf_arena *arena;
	unsigned count;
	struct zone zones[];
};

static bool is_anchor(const struct hf_rrset *rrset)
{
	return (rrset->type == HF_TYPE_DS || rrset->type == HF_TYPE_DNSKEY) && rrset->class == HF_CLASS_IN;
}

/* All records of the owner and type of `first`, as one set. */
static const struct hf_rrset *gather(struct hf_arena *arena, const struct hf_rrset *const *rrsets, unsigned count,
				     const uint8_t *owner, uint16_t type)
{
	struct hf_rdata rdata[RECORDS_MAX];
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct hf_rrset *set = rrsets[i];

		if (set->type != type || !hf_name_equal(hf_rrset_owner(set), owner))
			continue;
		for (struct hf_rdata r = hf_rrset_first(set); r.bytes && r.index < set->count; r = hf_rrset_next(set, r)) {
			if (found == RECORDS_MAX)
				return NULL;
			rdata[found++] = r;
		}
	}
	return hf_rrset_make(arena, owner, type, HF_CLASS_IN, 0, rdata, (uint16_t)found, 0);
}

static bool has(const struct hf_rrset *const *rrsets, unsigned count, const uint8_t *owner, uint16_t type)
{
	for (unsigned i = 0; i < count; i++)
		if (rrsets[i]->type == type && hf_name_equal(hf_rrset_owner(rrsets[i]), owner))
			return true;
	return false;
}

static struct zone *find_zone(struct hf_anchors *anchors, const uint8_t *name)
{
	for (unsigned i = 0; i < anchors->count; i++)
		if (hf_name_equal(anchors->zones[i].name, name))
			return &anchors->zones[i];
	return NULL;
}

static bool fill(struct hf_anchors *anchors, const struct hf_rrset *const *rrsets, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *owner = hf_rrset_owner(rrsets[i]);
		struct zone *zone;
		uint8_t *name;

		if (!is_anchor(rrsets[i]))
			return false;
		if (find_zone(anchors, owner))
			continue;
		name = hf_arena_take(anchors->arena, hf_name_length(owner));
		if (!name)
			return false;
		hf_name_lower(owner, name);
		zone = &anchors->zones[anchors->count++];
		zone->name = name;
		for (unsigned dnskey = 0; dnskey < 2; dnskey++) {
			const struct hf_rrset **set = dnskey ? &zone->anchor.dnskey : &zone->anchor.ds;
			uint16_t type = dnskey ? HF_TYPE_DNSKEY : HF_TYPE_DS;

			if (!has(rrsets, count, owner, type))
				continue;
			*set = gather(anchors->arena, rrsets, count, name, type);
			if (!*set)
				return false;
		}
	}
	return true;
}

struct hf_anchors *hf_anchors_new(const struct hf_rrset *const *rrsets, unsigned count)
{
	struct hf_anchors *anchors = calloc(1, sizeof(*anchors) + count * sizeof(anchors->zones[0]));

	if (!anchors)
		return NULL;
	anchors->references = 1;
	anchors->arena = hf_arena_new(ARENA_SIZE);
	if (!anchors->arena || !fill(anchors, rrsets, count)) {
		hf_anchors_drop(anchors);
		return NULL;
	}
	return anchors;
}

struct hf_anchors *hf_anchors_hold(struct hf_anchors *anchors)
{
	if (anchors)
		__atomic_add_fetch(&anchors->references, 1, __ATOMIC_RELAXED);
	return anchors;
}

void hf_anchors_drop(struct hf_anchors *anchors)
{
	if (!anchors || __atomic_sub_fetch(&anchors->references, 1, __ATOMIC_ACQ_REL))
		return;
	hf_arena_free(anchors->arena);
	free(anchors);
}

const uint8_t *hf_anchors_find(const struct hf_anchors *anchors, const uint8_t *name, struct hf_anchor *anchor)
{
	const struct zone *best = NULL;

	for (unsigned i = 0; anchors && i < anchors->count; i++) {
		const struct zone *zone = &anchors->zones[i];

		if (hf_name_is_below_or_equal(name, zone->name) &&
		    (!best || hf_name_label_count(zone->name) > hf_name_label_count(best->name)))
			best = zone;
	}
	if (!best)
		return NULL;
	*anchor = best->anchor;
	return best->name;
}

unsigned hf_anchors_count(const struct hf_anchors *anchors)
{
	return anchors ? anchors->count : 0;
}

const uint8_t *hf_anchors_zone(const struct hf_anchors *anchors, unsigned index, struct hf_anchor *anchor)
{
	*anchor = anchors->zones[index].anchor;
	return anchors->zones[index].name;
}
