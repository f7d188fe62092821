// SPDX-License-Identifier: BSD-3-Clause
/* Byte accounting of one cache level, and its retired blocks. */
#include "cache/pool.h"
#include <malloc.h>
#include <stdlib.h>

/* An eighth for retired blocks: at 256 MiB some 100,000 insertions between two drains. */
#define HEADROOM_SHIFT 3

/* glibc keeps one word before each chunk, rounds to 16 and may leave a remainder too small to split. */
#define CHUNK_HEAD sizeof(size_t)
#define CHUNK_SLACK 48u

static size_t load(const size_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void add(size_t *counter, size_t bytes)
{
	__atomic_add_fetch(counter, bytes, __ATOMIC_RELAXED);
}

static void subtract(size_t *counter, size_t bytes)
{
	__atomic_sub_fetch(counter, bytes, __ATOMIC_RELAXED);
}

/* By compare and exchange, so that not even the counter is over the limit for a moment. */
static bool reserve(struct hf_pool *pool, size_t bytes)
{
	size_t used = load(&pool->used);

	do {
		if (bytes > pool->limit - used)
			return false;
	} while (!__atomic_compare_exchange_n(&pool->used, &used, used + bytes, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

void hf_pool_init(struct hf_pool *pool, uint8_t index, size_t limit, struct hf_block **retired)
{
	*pool = (struct hf_pool){
		.limit = limit, .headroom = limit >> HEADROOM_SHIFT, .retired = retired, .index = index};
}

bool hf_pool_count_index(struct hf_pool *pool, size_t bytes)
{
	return reserve(pool, bytes);
}

bool hf_pool_wants_room(const struct hf_pool *pool, size_t size)
{
	size_t retired = load(&pool->retired_bytes), used = load(&pool->used);

	/* Index and live blocks together must leave the headroom free. With the headroom already full of retired
	 * blocks, evicting more would empty the cache for an insertion that fails all the same. */
	return retired < pool->headroom && used + size + CHUNK_SLACK > pool->limit - pool->headroom + retired;
}

void *hf_pool_take(struct hf_pool *pool, size_t size)
{
	size_t reserved = size + CHUNK_SLACK, cost;
	struct hf_block *block;

	if (size > HF_POOL_BLOCK_MAX || !reserve(pool, reserved))
		return NULL;
	block = malloc(size);
	if (!block) {
		subtract(&pool->used, reserved);
		return NULL;
	}
	cost = malloc_usable_size(block) + CHUNK_HEAD;
	if (cost > reserved && !reserve(pool, cost - reserved)) {
		free(block);
		subtract(&pool->used, reserved);
		return NULL;
	}
	if (cost < reserved)
		subtract(&pool->used, reserved - cost);
	*block = (struct hf_block){.cost = (uint32_t)cost, .pool = pool->index};
	return block;
}

void hf_pool_give_back(struct hf_pool *pool, struct hf_block *block)
{
	subtract(&pool->used, block->cost);
	free(block);
}

void hf_pool_retire(struct hf_pool *pool, struct hf_block *block)
{
	struct hf_block *head = __atomic_load_n(pool->retired, __ATOMIC_RELAXED);

	add(&pool->retired_bytes, block->cost);
	/* Push only, taken whole: no ABA. Release: whoever takes the list and then waits for a grace period has
	 * waited for every reader that could have found the block before it left the index. */
	do
		block->older = head;
	while (!__atomic_compare_exchange_n(pool->retired, &head, block, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

void hf_pool_free_retired(struct hf_pool *pool, struct hf_block *block)
{
	size_t cost = block->cost;

	free(block);
	subtract(&pool->retired_bytes, cost);
	subtract(&pool->used, cost);
}
