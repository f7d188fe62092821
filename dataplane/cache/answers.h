// SPDX-License-Identifier: BSD-3-Clause
/* Composed answers in a bucketed tag table.
 *
 * A bucket is one cache line of eight words; a word is a 16-bit tag over a 48-bit pointer to the record, so that one load
 * gives both and one store changes both. A question has two candidate buckets, in the same shard; when both are full, a resident moves to its
 * other bucket. Together that fills the table beyond 90 %. Which lines a question will touch is known from its key
 * alone: a burst prefetches all its buckets, then all its records, and pays for one memory latency twice instead of
 * for each question.
 *
 * The functions are those of cache.h with the cache's level for answers; see there for threads.
 */
#pragma once
#include "cache/cache.h"
#include "cache/shard.h"

struct hf_bucket;

struct hf_answers {
	struct hf_level level; /* first: the level's callbacks get back here */
	struct hf_bucket *buckets;
	uint32_t buckets_per_shard;
};

bool hf_answers_init(struct hf_answers *answers, size_t limit, struct hf_block **retired);
void hf_answers_free(struct hf_answers *answers);

const struct hf_answer_record *hf_answers_lookup(struct hf_answers *answers, const struct hf_cache_question *question,
						 struct hf_now now);
void hf_answers_lookup_burst(struct hf_answers *answers, unsigned count, const struct hf_cache_question *questions,
			     struct hf_now now, const struct hf_answer_record **results);
bool hf_answers_put(struct hf_answers *answers, const struct hf_answer_record *record, struct hf_now now);
size_t hf_answers_flush(struct hf_answers *answers, bool (*matches)(void *state, const uint8_t *name), void *state);
void hf_answers_visit(struct hf_answers *answers, const uint8_t *name,
		      void (*visit)(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
				    const struct hf_answer_record *record),
		      void *state);
/* Share of the table's words in use, 0–1; for tests and the bench. */
double hf_answers_fill(const struct hf_answers *answers);
