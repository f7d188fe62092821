// SPDX-License-Identifier: BSD-3-Clause
/* RRsets and negative facts: a table of chains, sized once. */
#include "cache/facts.h"
#include <stdlib.h>
#include <string.h>
#include "cache/ranking.h"

/* A chain of more ends with an eviction from it. Honest load is about one a bucket, and no honest name has this many types: the bound
 * is for someone who asks for 65,535 types of one name, or has found names that share a bucket. */
#define CHAIN_MAX 64

/* Index bytes are 8 for each of these: about one fact a bucket when the level is full. */
#define BYTES_PER_BUCKET 256

/* TTL 0 is for the resolution in progress alone (RFC 1035 §3.2.1), which spans several events; a second covers
 * them. Its rrset->ttl stays 0, so it is never composed into a cached answer and never served stale. */
#define TTL_0_LIFE_NS HF_NS_PER_SECOND

/* A name is hashed in words of 8 octets: zeros stand behind it. */
#define OWNER_SPACE (HF_NAME_MAX + 9)

struct hf_fact_node {
	struct hf_block block;
	struct hf_fact_node *next; /* chain; written under the shard's lock, read by all */
	uint64_t hash;
	uint16_t type, class;
	uint8_t owner_length;
	uint8_t visited; /* any reader sets, the evicting writer clears */
	const uint8_t *owner;	/* lower-cased, behind the rest */
	struct hf_rrset *rrset; /* what entry.rrset shows as const; changed only before the node is in the index */
	struct hf_cache_entry entry;
};

/* A lower-cased name with its hash, alive as long as the buffer it was made in. */
struct owner {
	const uint8_t *name;
	unsigned length;
	uint64_t hash;
};

static struct hf_fact_node *follow(struct hf_fact_node *const *link)
{
	return __atomic_load_n(link, __ATOMIC_ACQUIRE);
}

static void point(struct hf_fact_node **link, struct hf_fact_node *node)
{
	__atomic_store_n(link, node, __ATOMIC_RELEASE);
}

static struct hf_fact_node **bucket_of(const struct hf_facts *facts, uint64_t hash)
{
	uint64_t within = ((hash & UINT32_MAX) * facts->buckets_per_shard) >> 32;

	return &facts->buckets[(size_t)hf_shard_of(hash) * facts->buckets_per_shard + within];
}

static bool is_fresh(const struct hf_cache_entry *entry, struct hf_now now)
{
	return now.mono_ns < entry->expires_ns;
}

static bool owned_by(const struct hf_fact_node *node, const struct owner *owner)
{
	return node->hash == owner->hash && node->owner_length == owner->length &&
	       memcmp(node->owner, owner->name, owner->length) == 0;
}

/* ---- level callbacks ---- */

static bool spare(struct hf_block *block, struct hf_now now)
{
	struct hf_fact_node *node = (struct hf_fact_node *)block;

	if (!__atomic_load_n(&node->visited, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&node->visited, 0, __ATOMIC_RELAXED);
	return is_fresh(&node->entry, now);
}

static void unlink_block(struct hf_level *level, unsigned shard, struct hf_block *block)
{
	struct hf_fact_node *node = (struct hf_fact_node *)block;
	struct hf_fact_node **link = bucket_of((struct hf_facts *)level, node->hash);

	(void)shard;
	while (*link != node)
		link = &(*link)->next;
	/* The node keeps its own `next`: a reader standing on it walks on. */
	point(link, node->next);
}

/* ---- life ---- */

bool hf_facts_init(struct hf_facts *facts, size_t limit, struct hf_block **retired, const uint64_t secret[2])
{
	size_t bytes;

	hf_level_init(&facts->level);
	hf_pool_init(&facts->level.pool, 0, limit, retired);
	facts->level.spare = spare;
	facts->level.unlink = unlink_block;
	facts->secret[0] = secret[0];
	facts->secret[1] = secret[1];
	facts->buckets_per_shard = (uint32_t)(limit / BYTES_PER_BUCKET / HF_SHARDS) + 1;
	bytes = (size_t)facts->buckets_per_shard * HF_SHARDS * sizeof(facts->buckets[0]);
	facts->buckets = calloc(1, bytes);
	return facts->buckets && hf_pool_count_index(&facts->level.pool, bytes + sizeof(*facts));
}

void hf_facts_free(struct hf_facts *facts)
{
	hf_level_free(&facts->level);
	free(facts->buckets);
}

static void hash_owner(const struct hf_facts *facts, struct owner *owner)
{
	__u64 key[2];

	hf_question_key(facts->secret, owner->name, owner->length, 0, 0, 0, key);
	owner->hash = key[0];
}

static struct owner make_owner(const struct hf_facts *facts, const uint8_t *name, uint8_t buffer[OWNER_SPACE])
{
	struct owner owner = {.name = buffer, .length = (unsigned)hf_name_lower(name, buffer)};

	memset(buffer + owner.length, 0, 8);
	hash_owner(facts, &owner);
	return owner;
}

/* ---- reading ---- */

static const struct hf_cache_entry *find(const struct hf_facts *facts, const struct owner *owner, uint16_t type,
					 uint16_t class, struct hf_now now)
{
	struct hf_fact_node *node;

	for (node = follow(bucket_of(facts, owner->hash)); node; node = follow(&node->next)) {
		if ((node->type != type && node->type != HF_TYPE_OF_NXDOMAIN) || node->class != class ||
		    !owned_by(node, owner) || !is_fresh(&node->entry, now))
			continue;
		if (!__atomic_load_n(&node->visited, __ATOMIC_RELAXED))
			__atomic_store_n(&node->visited, 1, __ATOMIC_RELAXED);
		return &node->entry;
	}
	return NULL;
}

const struct hf_cache_entry *hf_facts_lookup(struct hf_facts *facts, const uint8_t *name, uint16_t type, uint16_t class,
					     struct hf_now now)
{
	uint8_t buffer[OWNER_SPACE];
	struct owner owner = make_owner(facts, name, buffer);
	struct hf_shard *shard = &facts->level.shards[hf_shard_of(owner.hash)];
	const struct hf_cache_entry *entry = find(facts, &owner, type, class, now);

	hf_shard_count(entry ? &shard->hits : &shard->misses);
	return entry;
}

const struct hf_cache_entry *hf_facts_lookup_nxdomain(struct hf_facts *facts, const uint8_t *name, uint16_t class,
						      struct hf_now now)
{
	uint8_t buffer[OWNER_SPACE];
	struct owner owner = make_owner(facts, name, buffer);

	/* Not counted: nearly every walk ends at the root without a find, and that is no miss. */
	for (;;) {
		const struct hf_cache_entry *entry = find(facts, &owner, HF_TYPE_OF_NXDOMAIN, class, now);

		if (entry || owner.length == 1)
			return entry;
		owner.length -= owner.name[0] + 1u;
		owner.name += owner.name[0] + 1u;
		hash_owner(facts, &owner);
	}
}

void hf_facts_visit(struct hf_facts *facts, const uint8_t *name,
		    void (*visit)(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry),
		    void *state)
{
	uint8_t buffer[OWNER_SPACE];
	struct owner owner = make_owner(facts, name, buffer);
	struct hf_fact_node *node;

	for (node = follow(bucket_of(facts, owner.hash)); node; node = follow(&node->next)) {
		if (owned_by(node, &owner))
			visit(state, node->type, node->class, &node->entry);
	}
}

/* ---- writing ---- */

/* What is to be stored, before and after it has become a node. */
struct claim {
	struct owner owner;
	uint16_t type, class;
	enum hf_fact fact;
	enum hf_rank rank;
	enum hf_security security;
	uint8_t zone_labels;
	uint32_t ttl;
	const struct hf_rrset *rrset;
	const struct hf_rrset *const *proofs;
	unsigned proof_count;
};

static bool contradicts(const struct claim *claim, const struct hf_fact_node *old)
{
	return old->class == claim->class && owned_by(old, &claim->owner) &&
	       hf_ranking_contradict(claim->type, claim->fact, old->type, old->entry.fact);
}

/* Whether something better is known and still fresh; under the lock of the shard. */
static bool is_outranked(const struct hf_fact_node *chain, const struct claim *claim, struct hf_now now)
{
	for (; chain; chain = chain->next) {
		if (hf_ranking_outranks(&chain->entry, claim->rank, claim->security) && is_fresh(&chain->entry, now) &&
		    contradicts(claim, chain))
			return true;
	}
	return false;
}

static size_t aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static struct hf_rrset *copy_rrset(uint8_t **at, const struct hf_rrset *rrset, uint32_t ttl)
{
	struct hf_rrset *copy = (struct hf_rrset *)*at;

	memcpy(copy, rrset, rrset->size);
	copy->ttl = ttl;
	*at += aligned(rrset->size);
	return copy;
}

/* One block: node, proof pointers, RRsets, owner. NULL when there is no room. */
static struct hf_fact_node *make_node(struct hf_facts *facts, const struct claim *claim, struct hf_now now)
{
	size_t size = sizeof(struct hf_fact_node) + claim->proof_count * sizeof(claim->proofs[0]) + claim->owner.length;
	const struct hf_rrset **proofs;
	struct hf_fact_node *node;
	/* What proves a negative fact is part of it, what proves a wildcard's use has its own life. */
	uint32_t longest = claim->fact == HF_FACT_RRSET ? __atomic_load_n(&facts->max_ttl, __ATOMIC_RELAXED) : claim->ttl;
	uint8_t *at;

	size += claim->rrset ? aligned(claim->rrset->size) : 0;
	for (unsigned i = 0; i < claim->proof_count && size <= HF_POOL_BLOCK_MAX; i++)
		size += aligned(claim->proofs[i]->size);
	if (size > HF_POOL_BLOCK_MAX)
		return NULL;
	hf_level_make_room(&facts->level, hf_shard_of(claim->owner.hash), size, now);
	node = hf_pool_take(&facts->level.pool, size);
	if (!node)
		return NULL;
	proofs = (const struct hf_rrset **)(node + 1);
	at = (uint8_t *)(proofs + claim->proof_count);
	node->rrset = claim->rrset ? copy_rrset(&at, claim->rrset, claim->ttl) : NULL;
	for (unsigned i = 0; i < claim->proof_count; i++)
		proofs[i] = copy_rrset(&at, claim->proofs[i],
				       claim->proofs[i]->ttl < longest ? claim->proofs[i]->ttl : longest);
	node->owner = memcpy(at, claim->owner.name, claim->owner.length);
	node->owner_length = (uint8_t)claim->owner.length;
	node->hash = claim->owner.hash;
	node->type = claim->type;
	node->class = claim->class;
	node->visited = 0;
	node->entry = (struct hf_cache_entry){
		.fact = claim->fact,
		.rank = claim->rank,
		.security = claim->security,
		.zone_labels = claim->zone_labels,
		.stored_ns = now.mono_ns,
		.expires_ns = now.mono_ns + (claim->ttl ? claim->ttl * HF_NS_PER_SECOND : TTL_0_LIFE_NS),
		.rrset = node->rrset,
		.proofs = claim->proof_count ? proofs : NULL,
		.proof_count = claim->proof_count,
	};
	return node;
}

/* A full chain gives up its oldest unvisited entry; new ones go to the front, so that is the last such. */
static void bound_chain(struct hf_facts *facts, unsigned shard, struct hf_fact_node *chain)
{
	struct hf_fact_node *coldest = chain;
	unsigned length = 0;

	for (; chain; chain = chain->next, length++) {
		if (!__atomic_load_n(&chain->visited, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&coldest->visited, __ATOMIC_RELAXED))
			coldest = chain;
	}
	if (length >= CHAIN_MAX)
		hf_level_evict(&facts->level, shard, &coldest->block);
}

/* Puts `node` into the index in place of all that it contradicts; under the lock of the shard. */
static void replace(struct hf_facts *facts, unsigned shard, struct hf_fact_node **bucket, const struct claim *claim,
		    struct hf_fact_node *node, struct hf_now now)
{
	struct hf_fact_node *old, *next;

	if (claim->type == HF_TYPE_NS && claim->fact == HF_FACT_RRSET) {
		for (old = *bucket; old; old = old->next) {
			if (old->type == HF_TYPE_NS && contradicts(claim, old) && is_fresh(&old->entry, now))
				node->entry.expires_ns = hf_ranking_ns_end(&node->entry, &old->entry);
		}
		node->rrset->ttl = hf_cache_entry_ttl(&node->entry, now);
	}
	bound_chain(facts, shard, *bucket);
	/* First in with the new, then out with the old: a reader in between sees the new one, never none. */
	node->next = *bucket;
	point(bucket, node);
	for (old = node->next; old; old = next) {
		next = old->next;
		if (contradicts(claim, old))
			hf_level_remove(&facts->level, shard, &old->block);
	}
	hf_level_add(&facts->level, shard, &node->block);
}

static bool store(struct hf_facts *facts, const struct claim *claim, struct hf_now now)
{
	unsigned shard = hf_shard_of(claim->owner.hash);
	pthread_mutex_t *lock = &facts->level.shards[shard].lock;
	struct hf_fact_node **bucket = bucket_of(facts, claim->owner.hash), *node;
	bool outranked;

	/* Asked before anything is evicted for it, and again when it is ready: another writer may have been faster. */
	pthread_mutex_lock(lock);
	outranked = is_outranked(*bucket, claim, now);
	pthread_mutex_unlock(lock);
	if (outranked)
		return false;
	node = make_node(facts, claim, now);
	if (!node) {
		hf_shard_count(&facts->level.shards[shard].rejections);
		return false;
	}
	pthread_mutex_lock(lock);
	outranked = is_outranked(*bucket, claim, now);
	if (!outranked)
		replace(facts, shard, bucket, claim, node, now);
	pthread_mutex_unlock(lock);
	if (outranked)
		hf_pool_give_back(&facts->level.pool, &node->block);
	return !outranked;
}

/* A delegation lives no longer than the parent says, whatever the floor: withdrawn zones could use it to live on ("ghost domains"). */
static uint32_t clamp_ttl(const struct hf_facts *facts, uint32_t ttl, uint16_t type, bool negative)
{
	uint32_t min = type == HF_TYPE_NS && !negative ? 0 : __atomic_load_n(&facts->min_ttl, __ATOMIC_RELAXED);
	uint32_t max = __atomic_load_n(&facts->max_ttl, __ATOMIC_RELAXED);
	uint32_t max_negative = __atomic_load_n(&facts->max_negative_ttl, __ATOMIC_RELAXED);

	if (negative && max_negative < max)
		max = max_negative;
	if (ttl < min)
		ttl = min;
	return ttl < max ? ttl : max; /* the upper bound wins over a contradicting lower one */
}

bool hf_facts_put(struct hf_facts *facts, const struct hf_cache_claim *put, struct hf_now now)
{
	const bool negative = put->fact != HF_FACT_RRSET;
	uint8_t buffer[OWNER_SPACE];
	struct claim claim = {
		.owner = make_owner(facts, negative ? put->name : hf_rrset_owner(put->rrset), buffer),
		.type = negative ? put->type : put->rrset->type,
		.class = negative ? put->class : put->rrset->class,
		.fact = put->fact,
		.rank = put->rank,
		.security = put->security,
		.zone_labels = put->zone_labels,
		.rrset = put->rrset,
		.proofs = put->proofs,
		.proof_count = put->proof_count,
	};

	if (put->fact != HF_FACT_NXDOMAIN && (claim.type == HF_TYPE_OF_NXDOMAIN || hf_type_is_meta(claim.type)))
		return false;
	if (put->fact == HF_FACT_NXDOMAIN)
		claim.type = HF_TYPE_OF_NXDOMAIN;
	/* A negative answer shows in the authority section (RFC 2308 §2), but it answers the question: it ranks with the answers of
	 * its time. */
	if (negative && claim.rank == HF_RANK_AUTHORITY)
		claim.rank = HF_RANK_ANSWER_AUTH;
	claim.ttl = clamp_ttl(facts, negative ? put->ttl : put->rrset->ttl, claim.type, negative);
	return store(facts, &claim, now);
}

/* ---- flushing ---- */

static size_t flush_bucket(struct hf_facts *facts, unsigned shard, struct hf_fact_node **bucket, const struct owner *owner,
			   bool subtree)
{
	struct hf_fact_node *node, *next;
	size_t removed = 0;

	if (!follow(bucket))
		return 0;
	pthread_mutex_lock(&facts->level.shards[shard].lock);
	for (node = *bucket; node; node = next) {
		next = node->next;
		if (subtree ? hf_name_is_below_or_equal(node->owner, owner->name) : owned_by(node, owner)) {
			hf_level_remove(&facts->level, shard, &node->block);
			removed++;
		}
	}
	pthread_mutex_unlock(&facts->level.shards[shard].lock);
	return removed;
}

size_t hf_facts_flush(struct hf_facts *facts, const uint8_t *name, bool subtree)
{
	uint8_t buffer[OWNER_SPACE];
	struct owner owner = make_owner(facts, name, buffer);
	size_t removed = 0;

	if (!subtree)
		return flush_bucket(facts, hf_shard_of(owner.hash), bucket_of(facts, owner.hash), &owner, false);
	/* The lock is taken bucket by bucket: other writers go on between. */
	for (size_t i = 0; i < (size_t)facts->buckets_per_shard * HF_SHARDS; i++)
		removed += flush_bucket(facts, (unsigned)(i / facts->buckets_per_shard), &facts->buckets[i], &owner, true);
	return removed;
}
