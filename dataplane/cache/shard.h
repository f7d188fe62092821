// SPDX-License-Identifier: BSD-3-Clause
/* One lock's worth of a cache level: its eviction queue and its counters. Both levels are cut into HF_SHARDS by the top
 * bits of the hash, so that writers seldom meet; readers never take the lock.
 *
 * The queue is SIEVE (Zhang et al., NSDI '24): new blocks at one end, a hand that walks from old to new, passes over what was
 * visited since it last came by and evicts the first that was not. A hit sets a bit and moves nothing.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "cache/pool.h"

#define HF_SHARDS_SHIFT 6
#define HF_SHARDS (1u << HF_SHARDS_SHIFT)

struct hf_shard {
	_Alignas(64) pthread_mutex_t lock;
	struct hf_block *newest, *oldest; /* under the lock */
	struct hf_block *hand;		  /* next to be looked at; NULL: start at the oldest */
	/* Written under the lock, read by any thread (relaxed). */
	size_t entries;
	uint64_t inserts, evictions;
	/* Written by any thread (relaxed). */
	uint64_t hits, misses, rejections;
};

static inline unsigned hf_shard_of(uint64_t hash)
{
	return (unsigned)(hash >> (64 - HF_SHARDS_SHIFT));
}

static inline void hf_shard_count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* What the two levels do differently. */
struct hf_level {
	struct hf_pool pool;
	/* True when `block` was visited since the last call (which takes the mark away) and has not expired. */
	bool (*spare)(struct hf_block *block, struct hf_now now);
	/* Takes `block` out of the index; called under the lock of its shard. */
	void (*unlink)(struct hf_level *level, unsigned shard, struct hf_block *block);
	struct hf_shard shards[HF_SHARDS];
};

void hf_level_init(struct hf_level *level);
void hf_level_free(struct hf_level *level); /* frees all live blocks; no reader is left */

/* Evicts until `size` more octets leave the headroom free, from shard `first` on; takes one lock at a time. */
void hf_level_make_room(struct hf_level *level, unsigned first, size_t size, struct hf_now now);

/* Under the lock of the shard: a block that was put into the index; one that is to leave index and queue; the same,
 * counted as an eviction. */
void hf_level_add(struct hf_level *level, unsigned shard, struct hf_block *block);
void hf_level_remove(struct hf_level *level, unsigned shard, struct hf_block *block);
void hf_level_evict(struct hf_level *level, unsigned shard, struct hf_block *block);
