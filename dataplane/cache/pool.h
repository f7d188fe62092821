// SPDX-License-Identifier: BSD-3-Clause
/* The bytes of one cache level: a limit that holds, the blocks that count against it, and the blocks that were taken
 * out of the index but may still be read.
 *
 * used = index + live blocks + retired ones ≤ limit, at every moment. Taking a block out of the index does not make room: it stays
 * counted until a grace period has passed and the shell has freed it. So live blocks are kept below
 * limit − headroom, and the headroom carries what is retired between two drains. When nobody drains, the headroom
 * fills and insertions fail; they never go over the limit.
 *
 * Counted is what malloc gave (usable size and its chunk header), not what was asked for.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First member of everything that is stored. */
struct hf_block {
	struct hf_block *newer;	/* eviction queue; under the shard's lock */
	struct hf_block *older;	/* the same; afterwards the link of the retired list */
	uint32_t cost;		/* bytes counted for it */
	uint8_t pool;		/* index of its pool, for whoever frees a mixed list */
};

struct hf_pool {
	size_t limit, headroom;
	size_t used, retired_bytes; /* relaxed atomics, any thread */
	struct hf_block **retired;  /* shared list head: pushed by any writer, taken whole by one thread */
	uint8_t index;
};

/* Blocks beyond this are refused: below malloc's mmap threshold, so their cost stays predictable. */
#define HF_POOL_BLOCK_MAX (96u << 10)

void hf_pool_init(struct hf_pool *pool, uint8_t index, size_t limit, struct hf_block **retired);
/* Counts memory that lives as long as the pool; false when the limit cannot bear it. */
bool hf_pool_count_index(struct hf_pool *pool, size_t bytes);

/* True while live blocks should be evicted before `size` more octets come, and evicting would help. */
bool hf_pool_wants_room(const struct hf_pool *pool, size_t size);

/* A block of `size` octets (head included, head initialised, rest not), NULL when over the limit or without memory. */
void *hf_pool_take(struct hf_pool *pool, size_t size);
/* Gives back a block that no reader has seen. */
void hf_pool_give_back(struct hf_pool *pool, struct hf_block *block);
/* The block has left the index and the queue; readers may still hold it. */
void hf_pool_retire(struct hf_pool *pool, struct hf_block *block);
/* Frees a retired block after its grace period. */
void hf_pool_free_retired(struct hf_pool *pool, struct hf_block *block);
