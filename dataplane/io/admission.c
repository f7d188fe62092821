// SPDX-License-Identifier: BSD-3-Clause
/* Shares of the tickets; see admission.h. */
#include "io/admission.h"
#include <stdlib.h>
#include <string.h>
#include "resolver/index.h"

enum {
	ZONE_SHARE = 8,	       /* a zone may hold a part of so many of what is free */
	STRANGERS_FLOOR = 64,
	ROOM_MIN = 64,
	ROOM_REST = 4,	       /* while nothing is known of how it goes: a part of so many of all tickets */
	WAYS = 4,
	LEARNED_ENOUGH = 8,    /* answers before a zone's kind is judged by them */
	LEARNED_MAX = 1024,    /* then both counts are halved */
	DELEGATES_PART = 4,    /* one answer in five from further down makes a zone that delegates */
	CUT_LIFE_S = 900,
	TELL_S = 60,
	FRESH_MS = 200,
	CLIENTS_BITS = 14,
};

struct zone {
	uint64_t hash;		  /* 0: free */
	uint32_t held, strangers; /* tickets: of the zone; of names below that no known zone holds */
	uint32_t used_s, cut_s;	  /* when last looked at; when an answer last came from a zone of this name (0: never) */
	uint16_t here, deeper;	  /* answers that came from here or above, and from zones below */
	uint64_t closed_until_ns; /* the resolver threads turn its misses away */
	uint32_t turned_away;	  /* since it was last told */
	uint32_t told_s;
};

struct hf_admission {
	uint64_t secret[2];
	unsigned capacity, room, held;
	unsigned active; /* zones that hold tickets */
	uint64_t interval_end_ns, least_waited_ns; /* of the interval */
	uint32_t bucket_mask;
	struct zone *zones;
	uint32_t turned_away; /* place plus one of the zone last turned away */
	uint8_t turned_away_depth;
	/* By keyed hash of the address. Those few that share a place share its bound; there are never more tickets than one. */
	uint32_t clients[1 << CLIENTS_BITS];
};

struct hf_admission *hf_admission_new(unsigned tickets, const uint64_t secret[2])
{
	struct hf_admission *admission = calloc(1, sizeof(*admission));
	uint32_t buckets = 64;

	if (!admission)
		return NULL;
	/* Each ticket may hold two zones; twice as many places keep buckets from being full of held ones. */
	while (buckets * WAYS < 4 * (uint64_t)tickets)
		buckets *= 2;
	admission->zones = calloc((size_t)buckets * WAYS, sizeof(admission->zones[0]));
	if (!admission->zones) {
		free(admission);
		return NULL;
	}
	memcpy(admission->secret, secret, sizeof(admission->secret));
	admission->bucket_mask = buckets - 1;
	admission->capacity = tickets;
	admission->room = tickets / ROOM_REST;
	admission->least_waited_ns = UINT64_MAX;
	return admission;
}

void hf_admission_free(struct hf_admission *admission)
{
	if (!admission)
		return;
	free(admission->zones);
	free(admission);
}

/* ---- zones ---- */

static uint64_t hash_suffix(const struct hf_admission *admission, const struct hf_query *query, unsigned offset)
{
	uint64_t hash = hf_index_hash_bytes(admission->secret, query->name + offset, query->name_length - offset);

	return hash ? hash : 1;
}

static struct zone *bucket_of(const struct hf_admission *admission, uint64_t hash)
{
	return &admission->zones[(hash & admission->bucket_mask) * WAYS];
}

static struct zone *find(const struct hf_admission *admission, uint64_t hash)
{
	struct zone *bucket = bucket_of(admission, hash);

	for (unsigned i = 0; i < WAYS; i++)
		if (bucket[i].hash == hash)
			return &bucket[i];
	return NULL;
}

/* NULL when all places it could have are held by tickets. */
static struct zone *find_or_make(const struct hf_admission *admission, uint64_t hash, uint32_t now_s)
{
	struct zone *bucket = bucket_of(admission, hash), *place = find(admission, hash);

	if (place)
		return place;
	for (unsigned i = 0; i < WAYS; i++) {
		struct zone *zone = &bucket[i];

		if (zone->held || zone->strangers)
			continue;
		if (!place || !zone->hash || (place->hash && zone->used_s < place->used_s))
			place = zone;
		if (!zone->hash)
			break;
	}
	if (place)
		*place = (struct zone){.hash = hash, .used_s = now_s};
	return place;
}

static uint32_t place_of(const struct hf_admission *admission, const struct zone *zone)
{
	return zone ? (uint32_t)(zone - admission->zones) + 1 : 0;
}

static struct zone *zone_at(const struct hf_admission *admission, uint32_t place)
{
	return place ? &admission->zones[place - 1] : NULL;
}

static bool is_cut(const struct zone *zone, uint32_t now_s)
{
	return zone && zone->cut_s && now_s - zone->cut_s <= CUT_LIFE_S;
}

static bool delegates(const struct zone *zone, unsigned depth)
{
	unsigned answers = zone ? zone->here + zone->deeper : 0;

	if (answers < LEARNED_ENOUGH)
		return depth <= 1; /* the root and top-level domains do */
	return zone->deeper * DELEGATES_PART >= zone->here;
}

static void learn(struct zone *zone, bool deeper)
{
	if (zone->here + zone->deeper >= LEARNED_MAX) {
		zone->here /= 2;
		zone->deeper /= 2;
	}
	if (deeper)
		zone->deeper++;
	else
		zone->here++;
}

/* Offsets of the name's suffixes of 0, 1, … labels, at most HF_ADMISSION_DEPTH_MAX; returns of how many the longest is. */
static unsigned split(const struct hf_query *query, uint8_t offsets[HF_ADMISSION_DEPTH_MAX + 1])
{
	uint8_t starts[HF_NAME_LABELS_MAX + 1];
	unsigned count = 0, depth;

	for (unsigned at = 0; query->name[at]; at += query->name[at] + 1u)
		starts[count++] = (uint8_t)at;
	depth = count < HF_ADMISSION_DEPTH_MAX ? count : HF_ADMISSION_DEPTH_MAX;
	offsets[0] = (uint8_t)(query->name_length - 1);
	for (unsigned i = 1; i <= depth; i++)
		offsets[i] = starts[count - i];
	return depth;
}

/* ---- how much there is to share ---- */

/* The least wait of an interval tells a queue that stands from a burst (as CoDel does, RFC 8289 §3). */
static void adapt(struct hf_admission *admission, uint64_t arrived_ns, uint64_t taken_ns, uint64_t now_ns)
{
	if (!taken_ns)
		return;
	/* What was long under way after it was taken tells how it was then. */
	if (now_ns - taken_ns < FRESH_MS * HF_NS_PER_MS && taken_ns - arrived_ns < admission->least_waited_ns)
		admission->least_waited_ns = taken_ns - arrived_ns;
	if (now_ns < admission->interval_end_ns)
		return;
	if (admission->least_waited_ns == UINT64_MAX) {
		/* nothing is known */
	} else if (admission->least_waited_ns > HF_ADMISSION_TARGET_MS * HF_NS_PER_MS) {
		unsigned used = admission->held < admission->room ? admission->held : admission->room;

		admission->room = used * 3 / 4 > ROOM_MIN ? used * 3 / 4 : ROOM_MIN;
	} else if (admission->room < admission->capacity / ROOM_REST ||
		   (admission->held > admission->room / 2 && admission->room < admission->capacity)) {
		admission->room += admission->room / 8;
		if (admission->room > admission->capacity)
			admission->room = admission->capacity;
	} else if (admission->held < admission->room / 8 && admission->room > admission->capacity / ROOM_REST) {
		admission->room -= admission->room / 8;
	}
	admission->least_waited_ns = UINT64_MAX;
	admission->interval_end_ns = now_ns + HF_ADMISSION_INTERVAL_MS * HF_NS_PER_MS;
}

static unsigned free_room(const struct hf_admission *admission)
{
	return admission->room > admission->held ? admission->room - admission->held : 0;
}

/* Also when too much is held already, who holds less than half of what zones hold on average is none of those that hold it. */
static unsigned zone_share(const struct hf_admission *admission)
{
	unsigned of_free = free_room(admission) / ZONE_SHARE;
	unsigned of_held = admission->active ? admission->held / admission->active / 2 : 0;
	unsigned share = of_free > of_held ? of_free : of_held;

	return share > HF_ADMISSION_FLOOR ? share : HF_ADMISSION_FLOOR;
}

static unsigned strangers_share(const struct hf_admission *admission)
{
	unsigned share = free_room(admission);

	return share > STRANGERS_FLOOR ? share : STRANGERS_FLOOR;
}

/* ---- clients ---- */

static uint32_t client_place(const struct hf_admission *admission, const struct hf_address *client)
{
	uint64_t hash = hf_index_hash_bytes(admission->secret, client->bytes, client->family == 6 ? 8 : 4);

	return (uint32_t)(hash >> (64 - CLIENTS_BITS));
}

/* ---- taking and giving back ---- */

static enum hf_admission_verdict turn_away(struct hf_admission *admission, struct zone *zone, unsigned depth)
{
	admission->turned_away = place_of(admission, zone);
	admission->turned_away_depth = (uint8_t)depth;
	zone->turned_away++;
	return HF_ADMISSION_ZONE_SHARE;
}

enum hf_admission_verdict hf_admission_take(struct hf_admission *admission, const struct hf_query *query,
					    const struct hf_address *client, unsigned wait_limit, struct hf_now now,
					    struct hf_admission_pass *pass)
{
	uint8_t offsets[HF_ADMISSION_DEPTH_MAX + 1];
	unsigned labels = split(query, offsets), depth = 0;
	uint32_t now_s = (uint32_t)(now.mono_ns / HF_NS_PER_SECOND), place = client_place(admission, client);
	uint64_t hash = hash_suffix(admission, query, offsets[0]), above_hash = 0;
	struct zone *zone = find(admission, hash), *above = NULL;
	bool stranger = false;

	*pass = (struct hf_admission_pass){0};
	if (wait_limit && admission->clients[place] >= wait_limit)
		return HF_ADMISSION_CLIENT_SHARE;
	while (depth < labels && !(stranger && !delegates(zone, depth))) {
		uint64_t below_hash = hash_suffix(admission, query, offsets[depth + 1]);
		struct zone *below = find(admission, below_hash);
		bool known = is_cut(below, now_s) || depth == 0;

		if (!known && !delegates(zone, depth))
			break;
		above_hash = hash;
		zone = below;
		hash = below_hash;
		depth++;
		stranger = !known;
	}
	/* A zone with more than that under way is bounded by its own share. */
	if (stranger && !(zone && zone->held >= HF_ADMISSION_FLOOR)) {
		above = find_or_make(admission, above_hash, now_s);
		if (above && above->strangers >= strangers_share(admission))
			return turn_away(admission, above, depth - 1);
		if (above) {
			above->strangers++; /* now, so that its place is not given to the zone */
			above->used_s = now_s;
		}
	}
	zone = find_or_make(admission, hash, now_s);
	if (zone) {
		zone->used_s = now_s;
		if (zone->held >= (zone->closed_until_ns > now.mono_ns ? 1 : zone_share(admission)) &&
		    !(depth <= 1 && delegates(zone, depth))) {
			if (above)
				above->strangers--;
			return turn_away(admission, zone, depth);
		}
		admission->active += !zone->held++;
	}
	admission->clients[place]++;
	admission->held++;
	*pass = (struct hf_admission_pass){place_of(admission, zone), place_of(admission, above), place + 1,
					   (uint8_t)depth, true};
	return HF_ADMISSION_YES;
}

void hf_admission_return(struct hf_admission *admission, const struct hf_admission_pass *pass,
			 const struct hf_query *query, const struct hf_admission_result *result)
{
	uint32_t now_s = (uint32_t)(result->answered_ns / HF_NS_PER_SECOND);
	unsigned cut = result->cut;
	struct zone *zone = zone_at(admission, pass->zone), *above = zone_at(admission, pass->above), *at;
	uint8_t offsets[HF_ADMISSION_DEPTH_MAX + 1];

	if (!pass->taken)
		return;
	if (zone)
		admission->active -= !--zone->held;
	if (above)
		above->strangers--;
	admission->clients[pass->client - 1]--;
	admission->held--;
	adapt(admission, result->arrived_ns, result->taken_ns, result->answered_ns);
	if (zone && result->turned_away)
		zone->closed_until_ns = result->answered_ns + HF_ADMISSION_CLOSED_MS * HF_NS_PER_MS;
	if (!cut--)
		return;
	if (zone)
		learn(zone, cut > pass->depth);
	if (above)
		learn(above, cut >= pass->depth);
	if (cut > split(query, offsets))
		return; /* further down than is looked at */
	at = cut == pass->depth ? zone : find_or_make(admission, hash_suffix(admission, query, offsets[cut]), now_s);
	if (at)
		at->cut_s = at->used_s = now_s ? now_s : 1;
}

const uint8_t *hf_admission_to_tell(struct hf_admission *admission, const struct hf_query *query, struct hf_now now,
				    uint32_t *turned_away)
{
	uint32_t now_s = (uint32_t)(now.mono_ns / HF_NS_PER_SECOND);
	struct zone *zone = zone_at(admission, admission->turned_away);
	uint8_t offsets[HF_ADMISSION_DEPTH_MAX + 1];

	if (!zone || (zone->told_s && now_s - zone->told_s < TELL_S))
		return NULL;
	zone->told_s = now_s ? now_s : 1;
	*turned_away = zone->turned_away;
	zone->turned_away = 0;
	split(query, offsets);
	return query->name + offsets[admission->turned_away_depth];
}

unsigned hf_admission_room(const struct hf_admission *admission)
{
	return admission->room;
}

unsigned hf_admission_held(const struct hf_admission *admission)
{
	return admission->held;
}
