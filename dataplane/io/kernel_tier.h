// SPDX-License-Identifier: BSD-3-Clause
/* The hot table as housekeeping uses it: opened when its pins are there (looked for once a second), fed from the
 * promotion rings, tended. All functions are housekeeping's thread's, except hf_kernel_tier_new (main, before threads)
 * and hf_kernel_tier_stats.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cache/cache.h"
#include "control/config.h"
#include "hot/table.h"
#include "io/promotion.h"
#include "wire/message.h"

struct hf_kernel_tier;

/* Tries to open the pins at once; when that works, `secret` receives the boot secret, so that the cache's keys
 * are the kernel's. NULL without memory. */
struct hf_kernel_tier *hf_kernel_tier_new(const struct hf_config *config, uint64_t secret[2], bool *opened);
void hf_kernel_tier_free(struct hf_kernel_tier *tier);

bool hf_kernel_tier_open(const struct hf_kernel_tier *tier);
/* Once a second: opens the pins when they are there now, opens them anew when the loader replaced them. A missing table
 * is said in the log once. True when a table was opened: it may hold what a former process put there. */
bool hf_kernel_tier_check(struct hf_kernel_tier *tier);

/* Publishes up to `limit` of the answers offered in `ring`, as they stand in the cache now. Returns how many offers
 * were taken. */
unsigned hf_kernel_tier_promote(struct hf_kernel_tier *tier, struct hf_promotion *ring, struct hf_cache *cache,
				unsigned limit, struct hf_now now);
/* Replaces what the kernel holds for a question (all reply classes) by what the cache has now, after a refetch. */
void hf_kernel_tier_renew(struct hf_kernel_tier *tier, const struct hf_query *query, struct hf_cache *cache,
			  struct hf_now now);
void hf_kernel_tier_tend(struct hf_kernel_tier *tier, struct hf_now now,
			 void (*refresh)(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass),
			 void *state);
size_t hf_kernel_tier_flush(struct hf_kernel_tier *tier, const uint8_t *name, bool subtree);
size_t hf_kernel_tier_flush_if(struct hf_kernel_tier *tier,
			       bool (*matches)(void *state, const struct hf_answer_record *record), void *state);
/* Whether the kernel holds a fresh answer to the question of `record`. */
bool hf_kernel_tier_holds(const struct hf_kernel_tier *tier, const struct hf_answer_record *record, struct hf_now now);
void hf_kernel_tier_visit(struct hf_kernel_tier *tier, struct hf_now now,
			  void (*visit)(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
					const struct hf_answer_record *record, uint64_t hits),
			  void *state);
bool hf_kernel_tier_stats(const struct hf_kernel_tier *tier, struct hf_hot_stats *stats); /* false: not open */
