// SPDX-License-Identifier: BSD-3-Clause
/* Proofs in order; see denials.h. */
#include "cache/denials.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/fastpath_abi.h"
#include "dnssec/bitmap.h"
#include "dnssec/nsec3.h"

enum {
	SHARDS = 16,
	BUCKETS = 256,	    /* of zones, a shard */
	ITERATIONS_MAX = 10, /* of NSEC3: hashing here must cost little */
	NSEC3_LABELS_MAX = 8, /* that a name may have below the zone, likewise */
	ENTRY_OVERHEAD = 32, /* of the allocator, for an entry and its set */
};

struct zone;

struct entry {
	struct entry *newer, *older; /* of the shard's, by insertion */
	struct zone *zone;
	uint64_t expires_ns;
	uint8_t hash[HF_NSEC3_HASH_SIZE]; /* of the owner, in a zone of NSEC3 */
	struct hf_rrset *rrset;
};

struct zone {
	struct zone *next; /* in the bucket */
	bool nsec3;
	uint16_t iterations;
	uint8_t salt_length;
	uint8_t salt[255];
	struct entry **entries; /* in canonical order of owners, or of hashes */
	unsigned count, capacity;
	uint8_t name[HF_NAME_MAX];
};

struct shard {
	pthread_mutex_t lock;
	struct zone *buckets[BUCKETS];
	struct entry *newest, *oldest;
	size_t bytes; /* relaxed atomic for readers */
};

struct hf_denials {
	uint64_t secret[2];
	size_t shard_limit;
	struct shard shards[SHARDS];
};

struct hf_denials *hf_denials_new(size_t bytes, const uint64_t secret[2])
{
	struct hf_denials *denials = calloc(1, sizeof(*denials));

	if (!denials)
		return NULL;
	denials->secret[0] = secret[0];
	denials->secret[1] = secret[1];
	denials->shard_limit = bytes / SHARDS;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&denials->shards[i].lock, NULL);
	return denials;
}

/* ---- zones and entries; under the shard's lock ---- */

static uint64_t hash_name(const struct hf_denials *denials, const uint8_t *name)
{
	uint8_t padded[HF_NAME_MAX + 9] = {0};
	size_t length = hf_name_lower(name, padded);
	__u64 key[2];

	hf_question_key((const __u64 *)denials->secret, padded, (unsigned)length, 0, 0, 0, key);
	return key[0];
}

static struct shard *shard_of(struct hf_denials *denials, uint64_t hash)
{
	return &denials->shards[hash % SHARDS];
}

static struct zone **find_zone(struct shard *shard, uint64_t hash, const uint8_t *name)
{
	struct zone **link = &shard->buckets[hash / SHARDS % BUCKETS];

	while (*link && !hf_name_equal((*link)->name, name))
		link = &(*link)->next;
	return link;
}

static void count_bytes(struct shard *shard, size_t added, size_t removed)
{
	__atomic_store_n(&shard->bytes, shard->bytes + added - removed, __ATOMIC_RELAXED);
}

static size_t entry_size(const struct entry *entry)
{
	return sizeof(*entry) + entry->rrset->size + ENTRY_OVERHEAD;
}

static int compare(const struct zone *zone, const struct entry *entry, const void *key)
{
	return zone->nsec3 ? memcmp(entry->hash, key, HF_NSEC3_HASH_SIZE) : hf_name_compare(hf_rrset_owner(entry->rrset), key);
}

/* The place of the last entry at or before the key: count of entries at or before it. */
static unsigned place_of(const struct zone *zone, const void *key)
{
	unsigned low = 0, high = zone->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (compare(zone, zone->entries[middle], key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const void *key_of(const struct entry *entry)
{
	return entry->zone->nsec3 ? (const void *)entry->hash : (const void *)hf_rrset_owner(entry->rrset);
}

static void free_zone(struct shard *shard, struct zone **link)
{
	struct zone *zone = *link;

	*link = zone->next;
	count_bytes(shard, 0, sizeof(*zone) + zone->capacity * sizeof(zone->entries[0]));
	free(zone->entries);
	free(zone);
}

static void unlink_entry(struct shard *shard, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &shard->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &shard->oldest) = entry->newer;
	count_bytes(shard, 0, entry_size(entry));
	free(entry->rrset);
	free(entry);
}

/* The zone goes with its last entry. */
static void remove_entry(struct hf_denials *denials, struct shard *shard, struct entry *entry)
{
	struct zone *zone = entry->zone;
	unsigned place = place_of(zone, key_of(entry)) - 1;

	memmove(&zone->entries[place], &zone->entries[place + 1], (zone->count - place - 1) * sizeof(zone->entries[0]));
	zone->count--;
	unlink_entry(shard, entry);
	if (!zone->count)
		free_zone(shard, find_zone(shard, hash_name(denials, zone->name), zone->name));
}

static void empty_zone(struct shard *shard, struct zone *zone)
{
	while (zone->count)
		unlink_entry(shard, zone->entries[--zone->count]);
}

void hf_denials_free(struct hf_denials *denials)
{
	if (!denials)
		return;
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &denials->shards[i];

		while (shard->oldest)
			remove_entry(denials, shard, shard->oldest);
		pthread_mutex_destroy(&shard->lock);
	}
	free(denials);
}

size_t hf_denials_bytes(const struct hf_denials *denials)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		bytes += __atomic_load_n(&denials->shards[i].bytes, __ATOMIC_RELAXED);
	return bytes;
}

/* ---- putting in ---- */

static bool is_wanted(const struct hf_rrset *rrset, struct hf_nsec3 *nsec3, uint8_t hash[HF_NSEC3_HASH_SIZE])
{
	const struct hf_rdata rdata = hf_rrset_first(rrset);

	if (rrset->count != 1 || !rrset->ttl || hf_rrset_is_expanded(rrset))
		return false;
	if (rrset->type == HF_TYPE_NSEC)
		return true;
	return rrset->type == HF_TYPE_NSEC3 && hf_nsec3_read(&rdata, nsec3) && !nsec3->flags && nsec3->iterations <= ITERATIONS_MAX &&
	       hf_nsec3_owner_hash(hf_rrset_owner(rrset), hash);
}

static bool same_parameters(const struct zone *zone, const struct hf_nsec3 *nsec3)
{
	return zone->iterations == nsec3->iterations && zone->salt_length == nsec3->salt_length &&
	       memcmp(zone->salt, nsec3->salt, nsec3->salt_length) == 0;
}

static struct zone *take_zone(struct hf_denials *denials, struct shard *shard, const uint8_t *name, const struct hf_rrset *rrset,
			      const struct hf_nsec3 *nsec3)
{
	const bool wants_nsec3 = rrset->type == HF_TYPE_NSEC3;
	struct zone **link = find_zone(shard, hash_name(denials, name), name), *zone = *link;

	if (!zone) {
		zone = calloc(1, sizeof(*zone));
		if (!zone)
			return NULL;
		hf_name_lower(name, zone->name);
		zone->next = *link;
		*link = zone;
		count_bytes(shard, sizeof(*zone), 0);
	} else if (zone->nsec3 != wants_nsec3 || (wants_nsec3 && !same_parameters(zone, nsec3))) {
		empty_zone(shard, zone); /* the zone is signed in another way now */
	}
	if (!zone->count) {
		zone->nsec3 = wants_nsec3;
		if (wants_nsec3) {
			zone->iterations = nsec3->iterations;
			zone->salt_length = nsec3->salt_length;
			memcpy(zone->salt, nsec3->salt, nsec3->salt_length);
		}
	}
	return zone;
}

static bool grow(struct shard *shard, struct zone *zone)
{
	unsigned capacity = zone->capacity ? zone->capacity * 2 : 8;
	struct entry **entries;

	if (zone->count < zone->capacity)
		return true;
	entries = realloc(zone->entries, capacity * sizeof(entries[0]));
	if (!entries)
		return false;
	count_bytes(shard, (capacity - zone->capacity) * sizeof(entries[0]), 0);
	zone->entries = entries;
	zone->capacity = capacity;
	return true;
}

static void insert(struct hf_denials *denials, struct shard *shard, struct zone *zone, struct entry *entry)
{
	unsigned place;

	entry->zone = zone;
	place = place_of(zone, key_of(entry));
	if (place && compare(zone, zone->entries[place - 1], key_of(entry)) == 0) {
		struct entry *old = zone->entries[place - 1];

		zone->entries[place - 1] = entry;
		unlink_entry(shard, old);
	} else {
		memmove(&zone->entries[place + 1], &zone->entries[place], (zone->count - place) * sizeof(zone->entries[0]));
		zone->entries[place] = entry;
		zone->count++;
	}
	entry->newer = NULL;
	entry->older = shard->newest;
	*(shard->newest ? &shard->newest->newer : &shard->oldest) = entry;
	shard->newest = entry;
	count_bytes(shard, entry_size(entry), 0);
	while (shard->bytes > denials->shard_limit && shard->oldest)
		remove_entry(denials, shard, shard->oldest);
}

void hf_denials_put(struct hf_denials *denials, const uint8_t *zone_name, const struct hf_rrset *rrset, struct hf_now now)
{
	struct shard *shard = shard_of(denials, hash_name(denials, zone_name));
	struct hf_nsec3 nsec3;
	struct entry *entry = calloc(1, sizeof(*entry));
	struct zone *zone;

	if (!entry || !is_wanted(rrset, &nsec3, entry->hash) || !(entry->rrset = malloc(rrset->size))) {
		free(entry);
		return;
	}
	memcpy(entry->rrset, rrset, rrset->size);
	entry->expires_ns = now.mono_ns + rrset->ttl * HF_NS_PER_SECOND;
	pthread_mutex_lock(&shard->lock);
	zone = take_zone(denials, shard, zone_name, rrset, &nsec3);
	if (zone && grow(shard, zone)) {
		insert(denials, shard, zone, entry);
		entry = NULL;
	} else if (zone && !zone->count) {
		free_zone(shard, find_zone(shard, hash_name(denials, zone_name), zone_name));
	}
	pthread_mutex_unlock(&shard->lock);
	if (entry) {
		free(entry->rrset);
		free(entry);
	}
}

/* ---- finding ---- */

struct search {
	const struct zone *zone;
	struct hf_now now;
	struct hf_arena *arena;
	struct hf_denials_found *found;
	bool covered;		/* the name does not exist by itself */
	unsigned encloser;	/* labels of the closest encloser then */
};

/* The entry at or before the key; where that is none, the last one, which leads around. Its copy is among the proofs then. */
static const struct entry *take(struct search *search, const void *key, bool exact)
{
	const struct zone *zone = search->zone;
	unsigned place = place_of(zone, key);
	const struct entry *entry = zone->entries[place ? place - 1 : zone->count - 1];
	struct hf_denials_found *found = search->found;
	uint32_t left;
	struct hf_rrset *copy;

	if ((exact && compare(zone, entry, key) != 0) || entry->expires_ns <= search->now.mono_ns)
		return NULL;
	left = (uint32_t)((entry->expires_ns - search->now.mono_ns + HF_NS_PER_SECOND - 1) / HF_NS_PER_SECOND);
	for (unsigned i = 0; i < found->proof_count; i++)
		if (hf_name_equal(hf_rrset_owner(found->proofs[i]), hf_rrset_owner(entry->rrset)))
			return entry;
	copy = hf_rrset_copy(search->arena, entry->rrset);
	if (!copy || found->proof_count == sizeof(found->proofs) / sizeof(found->proofs[0]))
		return NULL;
	copy->ttl = left;
	found->proofs[found->proof_count++] = copy;
	if (left < found->ttl)
		found->ttl = left;
	return entry;
}

static bool gather_nsec(struct search *search, const uint8_t *name)
{
	const struct entry *entry = take(search, name, false);
	const uint8_t *next;
	uint8_t wildcard[HF_NAME_MAX];
	unsigned with_owner, with_next;

	if (!entry)
		return false;
	if (hf_name_equal(hf_rrset_owner(entry->rrset), name))
		return true;
	next = hf_rrset_first(entry->rrset).bytes; /* a valid name: the set was verified and parsed */
	with_owner = hf_name_common_labels(name, hf_rrset_owner(entry->rrset));
	with_next = hf_name_common_labels(name, next);
	search->covered = true;
	search->encloser = with_owner > with_next ? with_owner : with_next;
	if (hf_name_wildcard(name, search->encloser, wildcard))
		take(search, wildcard, false); /* without it, the name may still be an empty non-terminal */
	return true;
}

static bool hash(struct search *search, const uint8_t *name, const struct hf_costs *costs, struct hf_work *work, uint8_t *out)
{
	const struct zone *zone = search->zone;

	return hf_work_spend(work, (uint64_t)(zone->iterations + 1) * costs->nsec3_hash) &&
	       hf_nsec3_hash(name, zone->salt, zone->salt_length, zone->iterations, out);
}

/* No wildcard of the zone stands for what is below. */
static bool ends_zone(const struct entry *entry)
{
	const struct hf_rdata rdata = hf_rrset_first(entry->rrset);
	struct hf_nsec3 nsec3;

	return !hf_nsec3_read(&rdata, &nsec3) || hf_bitmap_ends_zone(nsec3.bitmap, nsec3.bitmap_length);
}

static bool gather_nsec3(struct search *search, const uint8_t *name, const struct hf_costs *costs, struct hf_work *work)
{
	const unsigned all = hf_name_label_count(name), least = hf_name_label_count(search->zone->name);
	uint8_t hashed[HF_NSEC3_HASH_SIZE], closer[HF_NSEC3_HASH_SIZE], wildcard[HF_NAME_MAX];
	const struct entry *match;

	if (all - least > NSEC3_LABELS_MAX)
		return false;
	for (unsigned labels = all;; labels--) {
		if (!hash(search, hf_name_strip(name, all - labels), costs, work, hashed))
			return false;
		match = take(search, hashed, true);
		if (match) {
			if (labels == all)
				return true;
			if (ends_zone(match) || !take(search, closer, false))
				return false;
			search->covered = true;
			search->encloser = labels;
			if (hf_name_wildcard(name, labels, wildcard) && hash(search, wildcard, costs, work, hashed))
				take(search, hashed, false);
			return true;
		}
		if (labels == least) {
			/* The apex exists, whether its record is here or not: enough for a wildcard there (RFC 5155 §8.8). */
			search->covered = labels < all && take(search, closer, false);
			search->encloser = labels;
			return search->covered;
		}
		memcpy(closer, hashed, sizeof(closer));
	}
}

static bool may_be_denied(uint16_t type)
{
	return type != HF_TYPE_DS && type != HF_TYPE_NSEC && type != HF_TYPE_NSEC3 && type != HF_TYPE_RRSIG && type != HF_TYPE_ANY;
}

static bool gather(struct hf_denials *denials, struct search *search, const uint8_t *name, const struct hf_costs *costs,
		   struct hf_work *work)
{
	for (const uint8_t *zone = name;; zone = hf_name_parent(zone)) {
		uint64_t hashed = hash_name(denials, zone);
		struct shard *shard = shard_of(denials, hashed);
		bool known = false, gathered = false;

		/* Most zones have nothing here, and then nobody waits. */
		if (__atomic_load_n(&shard->bytes, __ATOMIC_RELAXED)) {
			pthread_mutex_lock(&shard->lock);
			search->zone = *find_zone(shard, hashed, zone);
			known = search->zone && search->zone->count;
			if (known) {
				hf_name_copy(search->zone->name, search->found->zone);
				gathered = search->zone->nsec3 ? gather_nsec3(search, name, costs, work) : gather_nsec(search, name);
			}
			pthread_mutex_unlock(&shard->lock);
		}
		if (known || !zone[0])
			return gathered;
	}
}

bool hf_denials_find(struct hf_denials *denials, const uint8_t *name, uint16_t type, const struct hf_dnssec_policy *policy,
		     const struct hf_costs *costs, struct hf_work *work, struct hf_now now, struct hf_arena *arena,
		     struct hf_denials_found *found)
{
	struct search search = {.now = now, .arena = arena, .found = found};
	struct hf_denial_proofs proofs = {.policy = policy, .costs = costs, .work = work};
	const struct hf_work before = *work;
	struct hf_cause cause;
	bool nxname, proven;

	found->proof_count = 0;
	found->ttl = UINT32_MAX;
	proven = may_be_denied(type) && gather(denials, &search, name, costs, work);
	if (proven) {
		proofs.sets = found->proofs;
		proofs.count = found->proof_count;
		proofs.zone = found->zone;
		if (hf_denial_nxdomain(&proofs, name, &cause) == HF_DENIAL_PROVEN)
			found->kind = HF_DENIALS_NXDOMAIN;
		else if (hf_denial_nodata(&proofs, name, type, &nxname, &cause) == HF_DENIAL_PROVEN)
			found->kind = HF_DENIALS_NODATA;
		else if (search.covered && hf_denial_expansion(&proofs, name, search.encloser, &cause) == HF_DENIAL_PROVEN &&
			 hf_name_wildcard(name, search.encloser, found->wildcard))
			found->kind = HF_DENIALS_WILDCARD;
		else
			proven = false;
	}
	/* What was of no use here is not to be held against the resolution that follows. */
	if (!proven)
		*work = before;
	return proven;
}

/* ---- forgetting ---- */

void hf_denials_flush(struct hf_denials *denials, const uint8_t *name)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &denials->shards[i];

		pthread_mutex_lock(&shard->lock);
		for (unsigned b = 0; b < BUCKETS; b++) {
			struct zone **link = &shard->buckets[b];

			while (*link) {
				if (hf_name_is_below_or_equal((*link)->name, name) || hf_name_is_below_or_equal(name, (*link)->name)) {
					empty_zone(shard, *link);
					free_zone(shard, link);
				} else {
					link = &(*link)->next;
				}
			}
		}
		pthread_mutex_unlock(&shard->lock);
	}
}
