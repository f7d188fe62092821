// SPDX-License-Identifier: BSD-3-Clause
/* RRsets and negative facts. All facts of one owner name share a bucket and so a lock: what contradicts a new fact (an
 * older RRset, NXDOMAIN, a CNAME beside other data) is found and replaced in one walk of a short chain.
 *
 * The functions are those of cache.h with the cache's level for facts; see there for threads.
 */
#pragma once
#include "cache/cache.h"
#include "cache/shard.h"

struct hf_fact_node;

struct hf_facts {
	struct hf_level level; /* first: the level's callbacks get back here */
	struct hf_fact_node **buckets;
	uint32_t buckets_per_shard;
	__u64 secret[2];
	/* Seconds; relaxed atomics. */
	uint32_t min_ttl, max_ttl, max_negative_ttl;
};

bool hf_facts_init(struct hf_facts *facts, size_t limit, struct hf_block **retired, const uint64_t secret[2]);
void hf_facts_free(struct hf_facts *facts);

const struct hf_cache_entry *hf_facts_lookup(struct hf_facts *facts, const uint8_t *name, uint16_t type, uint16_t class,
					     struct hf_now now);
const struct hf_cache_entry *hf_facts_lookup_nxdomain(struct hf_facts *facts, const uint8_t *name, uint16_t class,
						      struct hf_now now);
bool hf_facts_put(struct hf_facts *facts, const struct hf_cache_claim *claim, struct hf_now now);
size_t hf_facts_flush(struct hf_facts *facts, const uint8_t *name, bool subtree);
void hf_facts_visit(struct hf_facts *facts, const uint8_t *name,
		    void (*visit)(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry),
		    void *state);
