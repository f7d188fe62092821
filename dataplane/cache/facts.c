// SPDX-License-Identifier: BSD-3-Clause
/* RRsets and negative facts: a table of chains, sized once, with one rule for what replaces what. */
#include "cache/facts.h"
#include <stdlib.h>
#include <string.h>

/* A chain of more ends with an eviction from it. Honest load is about one a bucket, and no honest name has this many types: the bound
 * is for someone who asks for 65,535 types of one name, or has found names that share a bucket. */
#define CHAIN_MAX 64

/* Index bytes are 8 for each of these: about one fact a bucket when the level is full. */
#define BYTES_PER_BUCKET 256

/* TTL 0 is for the resolution in progress alone (RFC 1035 §3.2.1), which spans several events; a second covers
 * them. Its rrset->ttl stays 0, so it is never composed into a cached answer and never served stale. */
#define TTL_0_LIFE_NS HF_NS_PER_SECOND

/* NXDOMAIN is a fact about the name, not about a type; type 0 is reserved (RFC 6895 §3.1). */
#define TYPE_OF_NXDOMAIN 0

/* A name is hashed in words of 8 octets: zeros stand behind it. */
#define OWNER_SPACE (HF_NAME_MAX + 9)

struct hf_fact_node {
	struct hf_block block;
	struct hf_fact_node *next; /* chain; written under the shard's lock, read by all */
	uint64_t hash;
	uint16_t type, class;
	uint8_t owner_length;
	uint8_t visited; /* any reader sets, the evicting writer clears */
	const uint8_t *owner; /* lower-cased, behind the rest */
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
		if ((node->type != type && node->type != TYPE_OF_NXDOMAIN) || node->class != class ||
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
		const struct hf_cache_entry *entry = find(facts, &owner, TYPE_OF_NXDOMAIN, class, now);

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
	struct owner owner;
	struct hf_fact_node *node;

	owner = make_owner(facts, name, buffer);
	for (node = follow(bucket_of(facts, owner.hash)); node; node = follow(&node->next)) {
		if (owned_by(node, &owner))
			visit(state, node->type, node->class, &node->entry);
	}
}

/* ---- what replaces what ---- */

/* Types that may stand beside a CNAME: RFC 4035 §2.5 (RRSIG, NSEC), RFC 3007 (KEY), the parent's side of a zone cut
 * (DS, NS). SOA, NS and DNSKEY of an apex that unlawfully has a CNAME too: the resolver needs them
 * to reach that zone, and dropping them at each answer would send it back to the parent each time. */
static bool beside_cname(uint16_t type)
{
	switch (type) {
	case HF_TYPE_RRSIG:
	case HF_TYPE_NSEC:
	case HF_TYPE_KEY:
	case HF_TYPE_NS:
	case HF_TYPE_SOA:
	case HF_TYPE_DS:
	case HF_TYPE_DNSKEY:
		return true;
	}
	return false;
}

static bool is_cname(const struct hf_fact_node *node)
{
	return node->type == HF_TYPE_CNAME && node->entry.fact == HF_FACT_RRSET;
}

/* Whether two facts of one owner and class cannot both hold. */
static bool contradict(const struct hf_fact_node *a, const struct hf_fact_node *b)
{
	if (a->type == b->type)
		return true;
	/* The name does not exist, yet has a type (or exists without one). */
	if (a->type == TYPE_OF_NXDOMAIN || b->type == TYPE_OF_NXDOMAIN)
		return true;
	/* RFC 8767 §7: a newer CNAME displaces other data (and knowledge of its absence), and the reverse. */
	if (is_cname(a))
		return !beside_cname(b->type);
	if (is_cname(b))
		return !beside_cname(a->type);
	return false;
}

/* A zone's own servers must not prolong the delegation that their parent gave: a withdrawn one would live for ever
 * by being asked for ("ghost domains"). So a child's NS set ends with the one it replaces. */
static void bound_by_delegation(struct hf_fact_node *node, const struct hf_fact_node *old, struct hf_now now)
{
	const bool at_root = node->owner_length == 1;
	uint32_t left;

	if (node->type != HF_TYPE_NS || node->entry.fact != HF_FACT_RRSET || at_root || old->type != HF_TYPE_NS ||
	    old->entry.fact != HF_FACT_RRSET || node->entry.rank <= HF_RANK_REFERRAL ||
	    old->entry.rank == HF_RANK_HINTS || node->entry.expires_ns <= old->entry.expires_ns)
		return;
	left = hf_cache_entry_ttl(&old->entry, now);
	node->entry.expires_ns = old->entry.expires_ns;
	if (node->entry.rrset->ttl > left)
		((struct hf_rrset *)node->entry.rrset)->ttl = left; /* still ours alone */
}

/* Puts `node` into the index, or gives it back when what is known is better. */
static bool insert(struct hf_facts *facts, const struct owner *owner, struct hf_fact_node *node,
		   struct hf_now now)
{
	unsigned shard = hf_shard_of(owner->hash), chain = 0;
	struct hf_fact_node **bucket = bucket_of(facts, owner->hash), *old, *next, *coldest = NULL;
	bool outranked = false;

	pthread_mutex_lock(&facts->level.shards[shard].lock);
	for (old = *bucket; old; old = old->next) {
		chain++;
		/* New facts go to the front: the last unvisited one is the oldest. */
		if (!coldest || !__atomic_load_n(&old->visited, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&coldest->visited, __ATOMIC_RELAXED))
			coldest = old;
		if (old->class != node->class || !owned_by(old, owner) || !contradict(node, old) ||
		    !is_fresh(&old->entry, now))
			continue;
		if (old->entry.rank > node->entry.rank)
			outranked = true;
		else
			bound_by_delegation(node, old, now);
	}
	if (outranked) {
		pthread_mutex_unlock(&facts->level.shards[shard].lock);
		hf_pool_give_back(&facts->level.pool, &node->block);
		return false;
	}
	if (chain >= CHAIN_MAX)
		hf_level_evict(&facts->level, shard, &coldest->block);
	/* First the new, then out with the old: a reader in between sees the new one, never none. */
	node->next = *bucket;
	point(bucket, node);
	for (old = node->next; old; old = next) {
		next = old->next;
		if (old->class == node->class && owned_by(old, owner) && contradict(node, old))
			hf_level_remove(&facts->level, shard, &old->block);
	}
	hf_level_add(&facts->level, shard, &node->block);
	pthread_mutex_unlock(&facts->level.shards[shard].lock);
	return true;
}

/* ---- writing ---- */

static size_t aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static const struct hf_rrset *copy_rrset(uint8_t **at, const struct hf_rrset *rrset, uint32_t ttl)
{
	struct hf_rrset *copy = (struct hf_rrset *)*at;

	memcpy(copy, rrset, rrset->size);
	copy->ttl = ttl;
	*at += aligned(rrset->size);
	return copy;
}

/* One block: node, proof pointers, RRsets, owner. NULL (counted) when there is no room. */
static struct hf_fact_node *make_node(struct hf_facts *facts, const struct owner *owner, uint32_t ttl,
				      const struct hf_rrset *rrset, const struct hf_rrset *const *proofs,
				      unsigned proof_count, struct hf_now now)
{
	unsigned shard = hf_shard_of(owner->hash);
	size_t size = sizeof(struct hf_fact_node) + proof_count * sizeof(proofs[0]) + owner->length;
	struct hf_fact_node *node = NULL;
	const struct hf_rrset **kept;
	uint8_t *at;

	size += rrset ? aligned(rrset->size) : 0;
	for (unsigned i = 0; i < proof_count && size <= HF_POOL_BLOCK_MAX; i++)
		size += aligned(proofs[i]->size);
	if (size <= HF_POOL_BLOCK_MAX) {
		hf_level_make_room(&facts->level, shard, size, now);
		node = hf_pool_take(&facts->level.pool, size);
	}
	if (!node) {
		hf_shard_count(&facts->level.shards[shard].rejections);
		return NULL;
	}
	kept = (const struct hf_rrset **)(node + 1);
	at = (uint8_t *)(kept + proof_count);
	node->entry = (struct hf_cache_entry){
		.stored_ns = now.mono_ns,
		.expires_ns = now.mono_ns + (ttl ? ttl * HF_NS_PER_SECOND : TTL_0_LIFE_NS),
		.rrset = rrset ? copy_rrset(&at, rrset, ttl) : NULL,
		.proofs = proof_count ? kept : NULL,
		.proof_count = proof_count,
	};
	for (unsigned i = 0; i < proof_count; i++)
		kept[i] = copy_rrset(&at, proofs[i], proofs[i]->ttl < ttl ? proofs[i]->ttl : ttl);
	node->owner = at;
	memcpy(at, owner->name, owner->length);
	node->owner_length = (uint8_t)owner->length;
	node->hash = owner->hash;
	node->visited = 0;
	return node;
}

static uint32_t clamp_ttl(struct hf_facts *facts, uint32_t ttl, bool negative)
{
	uint32_t min = __atomic_load_n(&facts->min_ttl, __ATOMIC_RELAXED);
	uint32_t max = __atomic_load_n(&facts->max_ttl, __ATOMIC_RELAXED);
	uint32_t max_negative = __atomic_load_n(&facts->max_negative_ttl, __ATOMIC_RELAXED);

	if (negative && max_negative < max)
		max = max_negative;
	if (ttl < min)
		ttl = min;
	return ttl < max ? ttl : max; /* the upper bound wins over a contradicting lower one */
}

bool hf_facts_put(struct hf_facts *facts, const struct hf_rrset *rrset, enum hf_rank rank, struct hf_now now)
{
	uint8_t buffer[OWNER_SPACE];
	struct owner owner;
	struct hf_fact_node *node;

	if (rrset->type == TYPE_OF_NXDOMAIN || hf_type_is_meta(rrset->type))
		return false;
	owner = make_owner(facts, hf_rrset_owner(rrset), buffer);
	node = make_node(facts, &owner, clamp_ttl(facts, rrset->ttl, false), rrset, NULL, 0, now);
	if (!node)
		return false;
	node->entry.fact = HF_FACT_RRSET;
	node->entry.rank = rank;
	node->type = rrset->type;
	node->class = rrset->class;
	return insert(facts, &owner, node, now);
}

bool hf_facts_put_negative(struct hf_facts *facts, enum hf_fact fact, const uint8_t *name, uint16_t type,
			   uint16_t class, uint32_t ttl, const struct hf_rrset *soa,
			   const struct hf_rrset *const *proofs, unsigned proof_count, enum hf_rank rank,
			   struct hf_now now)
{
	uint8_t buffer[OWNER_SPACE];
	struct owner owner;
	struct hf_fact_node *node;

	if (fact == HF_FACT_RRSET || (fact == HF_FACT_NODATA && (type == TYPE_OF_NXDOMAIN || hf_type_is_meta(type))))
		return false;
	owner = make_owner(facts, name, buffer);
	node = make_node(facts, &owner, clamp_ttl(facts, ttl, true), soa, proofs, proof_count, now);
	if (!node)
		return false;
	node->entry.fact = fact;
	/* A negative answer shows in the authority section (RFC 2308 §2), but it answers the question: it
	 * ranks with the answers of its time. */
	node->entry.rank = rank == HF_RANK_AUTHORITY ? HF_RANK_ANSWER_AUTH : rank;
	node->type = fact == HF_FACT_NXDOMAIN ? TYPE_OF_NXDOMAIN : type;
	node->class = class;
	return insert(facts, &owner, node, now);
}

/* ---- flushing ---- */

size_t hf_facts_flush(struct hf_facts *facts, const uint8_t *name, bool subtree)
{
	size_t removed = 0;
	uint8_t buffer[OWNER_SPACE];
	struct owner owner;

	owner = make_owner(facts, name, buffer);
	for (unsigned shard = 0; shard < HF_SHARDS; shard++) {
		struct hf_fact_node **bucket = &facts->buckets[(size_t)shard * facts->buckets_per_shard];

		if (!subtree && shard != hf_shard_of(owner.hash))
			continue;
		/* The lock is taken bucket by bucket: writers of this shard go on between. */
		for (uint32_t i = 0; i < facts->buckets_per_shard; i++) {
			struct hf_fact_node *node, *next;

			if (!follow(&bucket[i]))
				continue;
			pthread_mutex_lock(&facts->level.shards[shard].lock);
			for (node = bucket[i]; node; node = next) {
				next = node->next;
				if (subtree ? hf_name_is_below_or_equal(node->owner, owner.name) : owned_by(node, &owner)) {
					hf_level_remove(&facts->level, shard, &node->block);
					removed++;
				}
			}
			pthread_mutex_unlock(&facts->level.shards[shard].lock);
		}
	}
	return removed;
}
