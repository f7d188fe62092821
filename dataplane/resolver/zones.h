// SPDX-License-Identifier: BSD-3-Clause
/* The zone cuts that fetches stand at: how many at each, and which cuts' servers said nothing lately. A bounded table; the least
 * recently used of those that no fetch stands at makes room. No allocation after hf_zones_new().
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/now.h"
#include "resolver/index.h"
#include "wire/name.h"

enum {
	HF_ZONES_SILENT_FETCHES = 8,  /* in a row, before the zone counts as silent */
	HF_ZONES_HOLD_MIN_MS = 1000,  /* RFC 9520 §3.2: at least so long */
	HF_ZONES_HOLD_MAX_MS = 10000, /* doubled up to this; one question in so much finds out whether they are back */
	HF_ZONES_TELL_MS = 60000,
};

struct hf_zone {
	struct hf_index_node node;
	struct hf_zone *newer, *older; /* by last use, while nobody stands here */
	uint32_t fetches;	       /* that stand here */
	uint32_t silent;	       /* fetches in a row that no server replied to */
	uint32_t round;		       /* ends with each reply and each hold: what began in an earlier one tells nothing new */
	uint32_t hold_ms;	       /* 0: not held */
	uint64_t hold_until_ns;
	uint32_t turned_away; /* since it was last told */
	uint64_t told_ns;
	uint8_t name[HF_NAME_MAX];
};

struct hf_zones;

struct hf_zones *hf_zones_new(uint32_t limit, const uint64_t secret[2]); /* NULL without memory */
void hf_zones_free(struct hf_zones *zones);

/* A fetch comes to the cut; NULL when all entries are in use: then it is not counted. And leaves it. */
struct hf_zone *hf_zones_enter(struct hf_zones *zones, const uint8_t *name);
void hf_zones_leave(struct hf_zones *zones, struct hf_zone *zone);

/* False while the zone's servers are left alone. Then one may try, and the others go on waiting for what comes of it. */
bool hf_zone_may_ask(struct hf_zone *zone, struct hf_now now);
void hf_zone_note_reply(struct hf_zone *zone);
/* Of a whole fetch, which came here in `round`. */
void hf_zone_note_silence(struct hf_zone *zone, uint32_t round, struct hf_now now);

/* Counts one turned away; true once a minute, when that should be told (and then the count is for the caller to reset). */
bool hf_zone_turn_away(struct hf_zone *zone, struct hf_now now);
