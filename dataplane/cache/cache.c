// SPDX-License-Identifier: BSD-3-Clause
/* The cache as its users see it: two levels, one byte limit, one list of retired blocks. */
#include "cache/cache.h"
#include <stdlib.h>
#include "cache/answers.h"
#include "cache/facts.h"
#include "cache/record_names.h"

#define BYTES_MIN ((size_t)1 << 20)

struct hf_cache {
	uint64_t secret[2];
	uint64_t flushes;
	struct hf_block *retired; /* writers push, hf_cache_take_retired takes all */
	struct hf_facts facts;
	struct hf_answers answers;
};

uint32_t hf_cache_entry_ttl(const struct hf_cache_entry *entry, struct hf_now now)
{
	uint64_t left;

	if (now.mono_ns >= entry->expires_ns)
		return 0;
	/* Begun seconds count whole, as where the kernel ages a TTL by the seconds gone: 0 means expired. */
	left = (entry->expires_ns - now.mono_ns + HF_NS_PER_SECOND - 1) / HF_NS_PER_SECOND;
	/* TTL 0 stays 0, though such an entry is kept for a moment. */
	return entry->rrset && left > entry->rrset->ttl ? entry->rrset->ttl : (uint32_t)left;
}

struct hf_cache *hf_cache_new(const struct hf_cache_config *config)
{
	struct hf_cache *cache;
	size_t answer_bytes, fact_bytes;
	bool complete;

	if (config->bytes < BYTES_MIN || config->answer_share < 10 || config->answer_share > 90 ||
	    config->min_ttl > config->max_ttl)
		return NULL;
	cache = aligned_alloc(_Alignof(struct hf_cache), sizeof(*cache));
	if (!cache)
		return NULL;
	*cache = (struct hf_cache){.secret = {config->secret[0], config->secret[1]}};
	answer_bytes = config->bytes / 100 * config->answer_share;
	fact_bytes = config->bytes - answer_bytes;
	/* Both are initialised whatever comes of it, so that hf_cache_free finds both in order. */
	complete = hf_facts_init(&cache->facts, fact_bytes, &cache->retired, cache->secret);
	complete = hf_answers_init(&cache->answers, answer_bytes, &cache->retired) && complete;
	if (!complete) {
		hf_cache_free(cache);
		return NULL;
	}
	hf_cache_set_ttls(cache, config->min_ttl, config->max_ttl, config->max_negative_ttl);
	return cache;
}

void hf_cache_free(struct hf_cache *cache)
{
	if (!cache)
		return;
	hf_cache_free_retired(cache, hf_cache_take_retired(cache));
	hf_facts_free(&cache->facts);
	hf_answers_free(&cache->answers);
	free(cache);
}

const uint64_t *hf_cache_secret(const struct hf_cache *cache)
{
	return cache->secret;
}

void hf_cache_set_ttls(struct hf_cache *cache, uint32_t min_ttl, uint32_t max_ttl, uint32_t max_negative_ttl)
{
	__atomic_store_n(&cache->facts.min_ttl, min_ttl, __ATOMIC_RELAXED);
	__atomic_store_n(&cache->facts.max_ttl, max_ttl, __ATOMIC_RELAXED);
	__atomic_store_n(&cache->facts.max_negative_ttl, max_negative_ttl, __ATOMIC_RELAXED);
}

/* ---- facts ---- */

const struct hf_cache_entry *hf_cache_lookup(struct hf_cache *cache, const uint8_t *name, uint16_t type,
					     uint16_t class, struct hf_now now)
{
	return hf_facts_lookup(&cache->facts, name, type, class, now);
}

const struct hf_cache_entry *hf_cache_lookup_nxdomain(struct hf_cache *cache, const uint8_t *name, uint16_t class,
						      struct hf_now now)
{
	return hf_facts_lookup_nxdomain(&cache->facts, name, class, now);
}

bool hf_cache_store(struct hf_cache *cache, const struct hf_cache_claim *claim, struct hf_now now)
{
	return hf_facts_put(&cache->facts, claim, now);
}

bool hf_cache_put(struct hf_cache *cache, const struct hf_rrset *rrset, enum hf_rank rank, struct hf_now now)
{
	const struct hf_cache_claim claim = {.fact = HF_FACT_RRSET, .rrset = rrset, .rank = rank};

	return hf_facts_put(&cache->facts, &claim, now);
}

bool hf_cache_put_negative(struct hf_cache *cache, enum hf_fact fact, const uint8_t *name, uint16_t type,
			   uint16_t class, uint32_t ttl, const struct hf_rrset *soa,
			   const struct hf_rrset *const *proofs, unsigned proof_count, enum hf_rank rank,
			   struct hf_now now)
{
	const struct hf_cache_claim claim = {
		.fact = fact,
		.name = name,
		.type = type,
		.class = class,
		.ttl = ttl,
		.rrset = soa,
		.proofs = proofs,
		.proof_count = proof_count,
		.rank = rank,
	};

	return fact != HF_FACT_RRSET && hf_facts_put(&cache->facts, &claim, now);
}

/* ---- answers ---- */

const struct hf_answer_record *hf_cache_answer(struct hf_cache *cache, const uint64_t key[2], const uint8_t *name,
					       unsigned name_length, struct hf_now now)
{
	const struct hf_cache_question question = {{key[0], key[1]}, name, name_length};

	return hf_answers_lookup(&cache->answers, &question, now);
}

void hf_cache_answer_burst(struct hf_cache *cache, unsigned count, const struct hf_cache_question *questions,
			   struct hf_now now, const struct hf_answer_record **results)
{
	hf_answers_lookup_burst(&cache->answers, count, questions, now, results);
}

bool hf_cache_put_answer(struct hf_cache *cache, const struct hf_answer_record *record, struct hf_now now)
{
	return hf_answers_put(&cache->answers, record, now);
}

/* ---- both ---- */

size_t hf_cache_flush(struct hf_cache *cache, const uint8_t *name, bool subtree)
{
	/* Facts first: an answer composed from one in between would outlive the flush. */
	struct hf_record_names_wanted wanted = {name, subtree};
	size_t removed;

	__atomic_add_fetch(&cache->flushes, 1, __ATOMIC_ACQ_REL);
	removed = hf_facts_flush(&cache->facts, name, subtree);
	/* Again: who began in between may have found a fact that has gone since. */
	__atomic_add_fetch(&cache->flushes, 1, __ATOMIC_ACQ_REL);
	return removed + hf_answers_flush(&cache->answers, hf_record_names_wanted, &wanted);
}

size_t hf_cache_flush_answers(struct hf_cache *cache, bool (*matches)(void *state, const uint8_t *name), void *state)
{
	__atomic_add_fetch(&cache->flushes, 1, __ATOMIC_ACQ_REL);
	return hf_answers_flush(&cache->answers, matches, state);
}

uint64_t hf_cache_flushes(const struct hf_cache *cache)
{
	return __atomic_load_n(&cache->flushes, __ATOMIC_ACQUIRE);
}

void hf_cache_visit(struct hf_cache *cache, const uint8_t *name,
		    void (*fact)(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry),
		    void (*answer)(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
				   const struct hf_answer_record *record),
		    void *state)
{
	if (fact)
		hf_facts_visit(&cache->facts, name, fact, state);
	if (answer)
		hf_answers_visit(&cache->answers, name, answer, state);
}

/* A batch is the taken list itself; the type exists in the header only. */
struct hf_cache_batch *hf_cache_take_retired(struct hf_cache *cache)
{
	return (struct hf_cache_batch *)__atomic_exchange_n(&cache->retired, NULL, __ATOMIC_ACQUIRE);
}

void hf_cache_free_retired(struct hf_cache *cache, struct hf_cache_batch *batch)
{
	struct hf_pool *pools[] = {&cache->facts.level.pool, &cache->answers.level.pool};
	struct hf_block *block = (struct hf_block *)batch;

	while (block) {
		struct hf_block *next = block->older;

		hf_pool_free_retired(pools[block->pool], block);
		block = next;
	}
}

static uint64_t sum(const struct hf_level *level, size_t offset)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < HF_SHARDS; i++)
		total += __atomic_load_n((const uint64_t *)((const char *)&level->shards[i] + offset),
					 __ATOMIC_RELAXED);
	return total;
}

void hf_cache_stats(const struct hf_cache *cache, struct hf_cache_stats *stats)
{
	const struct hf_level *facts = &cache->facts.level, *answers = &cache->answers.level;

	*stats = (struct hf_cache_stats){
		.bytes_limit = facts->pool.limit + answers->pool.limit,
		.bytes_used = __atomic_load_n(&facts->pool.used, __ATOMIC_RELAXED) +
			      __atomic_load_n(&answers->pool.used, __ATOMIC_RELAXED),
		.bytes_retired = __atomic_load_n(&facts->pool.retired_bytes, __ATOMIC_RELAXED) +
				 __atomic_load_n(&answers->pool.retired_bytes, __ATOMIC_RELAXED),
		.facts = sum(facts, offsetof(struct hf_shard, entries)),
		.answers = sum(answers, offsetof(struct hf_shard, entries)),
		.fact_hits = sum(facts, offsetof(struct hf_shard, hits)),
		.fact_misses = sum(facts, offsetof(struct hf_shard, misses)),
		.fact_inserts = sum(facts, offsetof(struct hf_shard, inserts)),
		.fact_evictions = sum(facts, offsetof(struct hf_shard, evictions)),
		.fact_rejections = sum(facts, offsetof(struct hf_shard, rejections)),
		.answer_inserts = sum(answers, offsetof(struct hf_shard, inserts)),
		.answer_evictions = sum(answers, offsetof(struct hf_shard, evictions)),
		.answer_rejections = sum(answers, offsetof(struct hf_shard, rejections)),
	};
}
