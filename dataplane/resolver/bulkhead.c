// SPDX-License-Identifier: BSD-3-Clause
/* Limits by zone cut and by server; see bulkhead.h. */
#include "resolver/bulkhead.h"
#include <stdio.h>
#include "resolver/state.h"

enum {
	ZONE_SHARE = 8,	    /* a zone may hold a part of so many of the places free for clients */
	REGISTRY_SHARE = 2, /* the root and top-level domains, which nearly all pass through */
	REGISTRY_TIMES = 8, /* and so many times the configured number */
	FLOOR = 16,
};

static uint32_t quota_of(const struct hf_resolver *resolver, const uint8_t *zone)
{
	uint32_t free = resolver->config.max_clients > resolver->clients.count ?
				resolver->config.max_clients - resolver->clients.count :
				0;
	bool registry = hf_name_label_count(zone) <= 1;
	uint32_t share = free / (registry ? REGISTRY_SHARE : ZONE_SHARE);
	uint64_t most = (uint64_t)resolver->config.fetches_per_zone * (registry ? REGISTRY_TIMES : 1);

	if (share < FLOOR)
		share = FLOOR;
	return most < share ? (uint32_t)most : share;
}

static void turn_away(struct hf_resolver *resolver, struct hf_fetch *fetch, const char *why)
{
	struct hf_zone *zone = fetch->zone;
	char text[HF_NAME_TEXT_MAX];

	hf_name_to_text(fetch->delegation.zone, text);
	hf_fetch_set_error(fetch, 22, "%s: zone %.80s", why, text);
	if (zone && hf_zone_turn_away(zone, resolver->now)) {
		hf_notice(resolver, "zone-limited", "zone=\"%s\" refused=%u text=\"%s\"",
			  hf_name_cut_text(text, HF_NAME_NOTICE_MAX), zone->turned_away, why);
		zone->turned_away = 0;
	}
	hf_fetch_fail(resolver, fetch, HF_CAUSE_TURNED_AWAY);
}

static void note_silence(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	if (!fetch->zone || fetch->heard || fetch->silence_noted || fetch->sends == fetch->sends_before)
		return;
	fetch->silence_noted = true;
	hf_zone_note_silence(fetch->zone, fetch->zone_round, resolver->now);
}

bool hf_bulkhead_enter(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	note_silence(resolver, fetch);
	hf_bulkhead_leave(resolver, fetch);
	if (fetch->delegation.source == HF_DELEGATION_FORWARD)
		return true;
	fetch->heard = fetch->servers_full = false;
	fetch->sends_before = fetch->sends;
	fetch->zone = hf_zones_enter(resolver->zones, fetch->delegation.zone);
	if (!fetch->zone)
		return true;
	fetch->zone_round = fetch->zone->round;
	/* Who finds out for the others may come back here by way of the parent: the servers may be new ones. */
	if (!fetch->probing && !hf_zone_may_ask(fetch->zone, resolver->now)) {
		hf_count(resolver, zone_silent);
		turn_away(resolver, fetch, "all servers were silent a moment ago");
		return false;
	}
	fetch->probing |= fetch->zone->hold_ms > 0;
	if (resolver->config.fetches_per_zone &&
	    fetch->zone->fetches > quota_of(resolver, fetch->delegation.zone)) {
		hf_count(resolver, zone_quota);
		turn_away(resolver, fetch, "too many questions under way");
		return false;
	}
	return true;
}

void hf_bulkhead_leave(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	if (!fetch->zone)
		return;
	hf_zones_leave(resolver->zones, fetch->zone);
	fetch->zone = NULL;
}

void hf_bulkhead_note_reply(struct hf_fetch *fetch)
{
	fetch->heard = true;
	if (fetch->zone)
		hf_zone_note_reply(fetch->zone);
}

void hf_bulkhead_note_failure(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	note_silence(resolver, fetch);
}

void hf_bulkhead_servers_full(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	hf_count(resolver, server_quota);
	turn_away(resolver, fetch, "too many queries open towards all servers");
}
