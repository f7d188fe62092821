// SPDX-License-Identifier: BSD-3-Clause
/* Zone cuts in use; see zones.h. */
#include "resolver/zones.h"
#include <stdlib.h>

struct hf_zones {
	const uint64_t *secret;
	struct hf_index index;
	struct hf_zone *entries;
	uint32_t limit, touched;
	struct hf_zone *newest, *oldest; /* of those that nobody stands at */
};

struct hf_zones *hf_zones_new(uint32_t limit, const uint64_t secret[2])
{
	struct hf_zones *zones = calloc(1, sizeof(*zones));

	if (!zones)
		return NULL;
	zones->secret = secret;
	zones->limit = limit;
	zones->entries = calloc(limit, sizeof(zones->entries[0]));
	if (!zones->entries || !hf_index_init(&zones->index, limit)) {
		hf_zones_free(zones);
		return NULL;
	}
	return zones;
}

void hf_zones_free(struct hf_zones *zones)
{
	if (!zones)
		return;
	hf_index_free(&zones->index);
	free(zones->entries);
	free(zones);
}

static void unlink_idle(struct hf_zones *zones, struct hf_zone *zone)
{
	*(zone->newer ? &zone->newer->older : &zones->newest) = zone->older;
	*(zone->older ? &zone->older->newer : &zones->oldest) = zone->newer;
	zone->newer = zone->older = NULL;
}

static struct hf_zone *make(struct hf_zones *zones, const uint8_t *name, uint64_t hash)
{
	struct hf_zone *zone;

	if (zones->touched < zones->limit) {
		zone = &zones->entries[zones->touched++];
	} else {
		zone = zones->oldest;
		if (!zone)
			return NULL;
		unlink_idle(zones, zone);
		hf_index_remove(&zones->index, &zone->node);
	}
	*zone = (struct hf_zone){.fetches = 0};
	hf_name_lower(name, zone->name);
	hf_index_add(&zones->index, &zone->node, hash);
	return zone;
}

struct hf_zone *hf_zones_enter(struct hf_zones *zones, const uint8_t *name)
{
	uint64_t hash = hf_index_hash_name(zones->secret, name, 0);
	struct hf_zone *zone = NULL;

	for (struct hf_index_node *n = hf_index_first(&zones->index, hash); n; n = hf_index_next(n)) {
		zone = hf_index_entry(n, struct hf_zone, node);
		if (hf_name_equal(zone->name, name))
			break;
		zone = NULL;
	}
	if (!zone)
		zone = make(zones, name, hash);
	else if (!zone->fetches)
		unlink_idle(zones, zone);
	if (zone)
		zone->fetches++;
	return zone;
}

void hf_zones_leave(struct hf_zones *zones, struct hf_zone *zone)
{
	if (--zone->fetches)
		return;
	zone->older = zones->newest;
	*(zones->newest ? &zones->newest->newer : &zones->oldest) = zone;
	zones->newest = zone;
}

bool hf_zone_may_ask(struct hf_zone *zone, struct hf_now now)
{
	if (!zone->hold_ms)
		return true;
	if (zone->hold_until_ns > now.mono_ns)
		return false;
	zone->hold_until_ns = now.mono_ns + zone->hold_ms * HF_NS_PER_MS;
	return true;
}

void hf_zone_note_reply(struct hf_zone *zone)
{
	/* Who waited while others were answered knows of questions that are not, not of silent servers. */
	zone->round++;
	zone->silent = 0;
	zone->hold_ms = 0;
}

void hf_zone_note_silence(struct hf_zone *zone, uint32_t round, struct hf_now now)
{
	if (round != zone->round || ++zone->silent < HF_ZONES_SILENT_FETCHES)
		return;
	zone->round++;
	zone->hold_ms = zone->hold_ms ? zone->hold_ms * 2 : HF_ZONES_HOLD_MIN_MS;
	if (zone->hold_ms > HF_ZONES_HOLD_MAX_MS)
		zone->hold_ms = HF_ZONES_HOLD_MAX_MS;
	zone->hold_until_ns = now.mono_ns + zone->hold_ms * HF_NS_PER_MS;
}

bool hf_zone_turn_away(struct hf_zone *zone, struct hf_now now)
{
	zone->turned_away++;
	if (zone->told_ns && now.mono_ns - zone->told_ns < HF_ZONES_TELL_MS * HF_NS_PER_MS)
		return false;
	zone->told_ns = now.mono_ns;
	return true;
}
