// SPDX-License-Identifier: BSD-3-Clause
/* Between the answer cache and the kernel's hot table. */
#include "io/kernel_tier.h"
#include <stdlib.h>
#include "control/log.h"
#include "hot/pins.h"

struct hf_kernel_tier {
	char pin_dir[HF_PINS_PATH_MAX]; /* empty: the configuration does not want it */
	bool complained;   /* about missing pins; said once until they come */
	struct hf_hot_table *table;
};

static bool try_open(struct hf_kernel_tier *tier, uint64_t secret[2])
{
	char error[256];

	tier->table = hf_hot_table_open(tier->pin_dir, secret, error);
	if (tier->table) {
		hf_log(HF_LOG_INFO, "hot-table-open", "path=\"%s\"", tier->pin_dir);
		tier->complained = false;
		return true;
	}
	if (!tier->complained)
		hf_log(HF_LOG_WARNING, "hot-table-missing", "path=\"%s\" text=\"%s\" retry=1s", tier->pin_dir, error);
	tier->complained = true;
	return false;
}

struct hf_kernel_tier *hf_kernel_tier_new(const struct hf_config *config, uint64_t secret[2], bool *opened)
{
	struct hf_kernel_tier *tier = calloc(1, sizeof(*tier));

	*opened = false;
	if (!tier || !config->fastpath)
		return tier;
	if (!hf_pins_directory(config->bpffs, config->interface, tier->pin_dir)) {
		hf_log(HF_LOG_ERROR, "hot-table-path", "path=\"%s\" text=\"too long\"", config->bpffs);
		tier->pin_dir[0] = '\0';
		return tier;
	}
	*opened = try_open(tier, secret);
	return tier;
}

bool hf_kernel_tier_check(struct hf_kernel_tier *tier)
{
	if (tier->table && !hf_hot_table_is_current(tier->table)) {
		hf_log(HF_LOG_WARNING, "hot-table-replaced", "path=\"%s\"", tier->pin_dir);
		hf_hot_table_close(tier->table);
		tier->table = NULL;
	}
	return tier->pin_dir[0] && !tier->table && try_open(tier, NULL);
}

void hf_kernel_tier_free(struct hf_kernel_tier *tier)
{
	if (tier && tier->table)
		hf_hot_table_close(tier->table);
	free(tier);
}

/* The answer as the cache has it now: it may have expired, been evicted or flushed since somebody spoke of it. */
static const struct hf_answer_record *find(struct hf_cache *cache, const uint8_t *name, unsigned name_length,
					   uint16_t qtype, uint16_t qclass, uint8_t reply_class, struct hf_now now)
{
	uint64_t key[2];

	hf_question_key((const __u64 *)hf_cache_secret(cache), name, name_length, qtype, qclass, reply_class,
			(__u64 *)key);
	return hf_cache_answer(cache, key, name, name_length, now);
}

/* A worker offers what the kernel handed on; if the kernel holds it all the same, the query was of a kind it does not
 * answer. */
static void publish(struct hf_kernel_tier *tier, const struct hf_promotion_offer *offer, struct hf_cache *cache,
		    struct hf_now now)
{
	const struct hf_answer_record *record =
		find(cache, offer->name, offer->name_length, offer->qtype, offer->qclass, offer->reply_class, now);

	if (record && !hf_hot_table_holds(tier->table, record, now))
		hf_hot_table_publish(tier->table, record, now);
}

void hf_kernel_tier_renew(struct hf_kernel_tier *tier, const struct hf_query *query, struct hf_cache *cache,
			  struct hf_now now)
{
	for (uint8_t reply_class = 0; tier->table && reply_class <= (HF_REPLY_DO | HF_REPLY_CD); reply_class++) {
		const struct hf_answer_record *record =
			find(cache, query->name, query->name_length, query->qtype, query->qclass, reply_class, now);

		if (record && hf_hot_table_holds(tier->table, record, now))
			hf_hot_table_publish(tier->table, record, now);
	}
}

unsigned hf_kernel_tier_promote(struct hf_kernel_tier *tier, struct hf_promotion *ring, struct hf_cache *cache,
				unsigned limit, struct hf_now now)
{
	const struct hf_promotion_offer *offer;
	unsigned taken = 0;

	while (taken < limit && (offer = hf_promotion_peek(ring))) {
		if (tier->table)
			publish(tier, offer, cache, now);
		hf_promotion_done(ring);
		taken++;
	}
	return taken;
}

void hf_kernel_tier_tend(struct hf_kernel_tier *tier, struct hf_now now,
			 void (*refresh)(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass),
			 void *state)
{
	if (tier->table)
		hf_hot_table_tend(tier->table, now, refresh, state);
}

size_t hf_kernel_tier_flush(struct hf_kernel_tier *tier, const uint8_t *name, bool subtree)
{
	return tier->table ? hf_hot_table_flush(tier->table, name, subtree) : 0;
}

size_t hf_kernel_tier_flush_if(struct hf_kernel_tier *tier,
			       bool (*matches)(void *state, const struct hf_answer_record *record), void *state)
{
	return tier->table ? hf_hot_table_flush_if(tier->table, matches, state) : 0;
}

bool hf_kernel_tier_holds(const struct hf_kernel_tier *tier, const struct hf_answer_record *record, struct hf_now now)
{
	return tier->table && hf_hot_table_holds(tier->table, record, now);
}

void hf_kernel_tier_visit(struct hf_kernel_tier *tier, struct hf_now now,
			  void (*visit)(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
					const struct hf_answer_record *record, uint64_t hits),
			  void *state)
{
	if (tier->table)
		hf_hot_table_visit(tier->table, now, visit, state);
}

bool hf_kernel_tier_stats(const struct hf_kernel_tier *tier, struct hf_hot_stats *stats)
{
	if (!tier->table)
		return false;
	hf_hot_table_stats(tier->table, stats);
	return true;
}

bool hf_kernel_tier_open(const struct hf_kernel_tier *tier)
{
	return tier->table != NULL;
}
