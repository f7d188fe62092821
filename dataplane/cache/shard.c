// SPDX-License-Identifier: BSD-3-Clause
/* Shards of a cache level: queue upkeep and SIEVE eviction. */
#include "cache/shard.h"
#include <stdlib.h>

/* Single writer at a time (the lock's holder), any reader. */
#define OWNED_ADD(field, n) __atomic_store_n(&(field), (field) + (n), __ATOMIC_RELAXED)

void hf_level_init(struct hf_level *level)
{
	for (unsigned i = 0; i < HF_SHARDS; i++)
		pthread_mutex_init(&level->shards[i].lock, NULL);
}

void hf_level_free(struct hf_level *level)
{
	for (unsigned i = 0; i < HF_SHARDS; i++) {
		struct hf_block *block = level->shards[i].newest;

		while (block) {
			struct hf_block *older = block->older;

			free(block);
			block = older;
		}
		pthread_mutex_destroy(&level->shards[i].lock);
	}
}

void hf_level_add(struct hf_level *level, unsigned shard, struct hf_block *block)
{
	struct hf_shard *s = &level->shards[shard];

	block->newer = NULL;
	block->older = s->newest;
	if (s->newest)
		s->newest->newer = block;
	else
		s->oldest = block;
	s->newest = block;
	OWNED_ADD(s->entries, 1);
	OWNED_ADD(s->inserts, 1);
}

static void queue_remove(struct hf_shard *shard, struct hf_block *block)
{
	if (shard->hand == block)
		shard->hand = block->newer;
	if (block->newer)
		block->newer->older = block->older;
	else
		shard->newest = block->older;
	if (block->older)
		block->older->newer = block->newer;
	else
		shard->oldest = block->newer;
	OWNED_ADD(shard->entries, -1);
}

void hf_level_remove(struct hf_level *level, unsigned shard, struct hf_block *block)
{
	level->unlink(level, shard, block);
	queue_remove(&level->shards[shard], block);
	hf_pool_retire(&level->pool, block);
}

void hf_level_evict(struct hf_level *level, unsigned shard, struct hf_block *block)
{
	hf_level_remove(level, shard, block);
	OWNED_ADD(level->shards[shard].evictions, 1);
}

static bool evict_one(struct hf_level *level, unsigned shard, struct hf_now now)
{
	struct hf_shard *s = &level->shards[shard];
	struct hf_block *block = s->hand ? s->hand : s->oldest;

	if (!block)
		return false;
	/* Ends: a spared block loses its mark, so at the latest the second round finds one, unless readers
	 * set marks as fast as we take them; hence the bound. */
	for (size_t steps = 2 * s->entries; steps > 0 && level->spare(block, now); steps--)
		block = block->newer ? block->newer : s->oldest;
	s->hand = block;
	hf_level_evict(level, shard, block);
	return true;
}

void hf_level_make_room(struct hf_level *level, unsigned first, size_t size, struct hf_now now)
{
	/* Usually the entry's own shard suffices. With few large entries it may be empty while others are full. */
	for (unsigned i = 0; i < HF_SHARDS && hf_pool_wants_room(&level->pool, size); i++) {
		unsigned shard = (first + i) % HF_SHARDS;

		pthread_mutex_lock(&level->shards[shard].lock);
		while (hf_pool_wants_room(&level->pool, size) && evict_one(level, shard, now))
			;
		pthread_mutex_unlock(&level->shards[shard].lock);
	}
}
