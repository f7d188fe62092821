// SPDX-License-Identifier: BSD-3-Clause
/* Composed answers: lookup alone and in bursts, insertion, flushing. */
#include "cache/answers.h"
#include <stdlib.h>
#include <string.h>
#include "cache/record_names.h"

#define SLOTS 8
#define TAG_SHIFT 48
#define POINTER_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)

/* What an answer with a single address costs: with those alone, the byte limit (less its headroom) is reached when seven
 * eighths of the words are in use. Larger ones leave more of them free. */
#define BYTES_PER_SLOT 176

struct hf_bucket {
	_Alignas(64) uint64_t words[SLOTS]; /* 0: free */
};
_Static_assert(sizeof(struct hf_bucket) == 64, "a bucket is one cache line");
_Static_assert(sizeof(void *) == 8, "words hold 48-bit pointers");

struct answer {
	struct hf_block block;
	struct hf_answer_record record;
};

/* Where a question may stand. */
struct place {
	struct hf_bucket *buckets[2];
	uint64_t tag; /* in place: the upper 16 bits */
};

static struct answer *answer_of(const struct hf_answer_record *record)
{
	return (struct answer *)((uintptr_t)record - offsetof(struct answer, record));
}

static struct hf_answer_record *record_of(uint64_t word)
{
	return (struct hf_answer_record *)(uintptr_t)(word & POINTER_MASK);
}

static uint64_t word_of(struct place place, const struct hf_answer_record *record)
{
	return place.tag | (uint64_t)(uintptr_t)record;
}

/* Pairs with store_word: what a word points to is complete. */
static uint64_t load_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store_word(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* By value: the record's key is of __u64, ours of uint64_t, which are not one type to the compiler. */
static struct place place_of(const struct hf_answers *answers, uint64_t key0, uint64_t key1)
{
	struct hf_bucket *first = answers->buckets + (size_t)hf_shard_of(key0) * answers->buckets_per_shard;
	uint64_t n = answers->buckets_per_shard;

	return (struct place){
		.buckets = {first + (((key0 & UINT32_MAX) * n) >> 32), first + (((key1 & UINT32_MAX) * n) >> 32)},
		.tag = (key1 | UINT64_C(1) << TAG_SHIFT) & ~POINTER_MASK, /* never 0, so never that of a free word */
	};
}

static struct place place_of_record(const struct hf_answers *answers, const struct hf_answer_record *record)
{
	return place_of(answers, record->key[0], record->key[1]);
}

static bool is_of(const struct hf_answer_record *record, const struct hf_cache_question *question)
{
	return record->key[0] == question->key[0] && record->key[1] == question->key[1] &&
	       record->name_length == question->name_length &&
	       memcmp(record->data, question->name, question->name_length) == 0;
}

/* ---- level callbacks ---- */

static bool spare(struct hf_block *block, struct hf_now now)
{
	struct hf_answer_record *record = &((struct answer *)block)->record;

	if (!__atomic_load_n(&record->mark, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&record->mark, 0, __ATOMIC_RELAXED);
	return now.mono_ns < record->fresh_until_ns;
}

static uint64_t *find_word(struct place place, uint64_t word)
{
	for (unsigned b = 0; b < 2; b++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			if (place.buckets[b]->words[i] == word)
				return &place.buckets[b]->words[i];
		}
	}
	return NULL;
}

static void unlink_block(struct hf_level *level, unsigned shard, struct hf_block *block)
{
	const struct hf_answer_record *record = &((struct answer *)block)->record;
	struct place place = place_of_record((struct hf_answers *)level, record);
	uint64_t *word = find_word(place, word_of(place, record));

	(void)shard;
	if (word) /* else its word already names its successor */
		store_word(word, 0);
}

/* ---- life ---- */

bool hf_answers_init(struct hf_answers *answers, size_t limit, struct hf_block **retired)
{
	size_t bytes;

	hf_level_init(&answers->level);
	hf_pool_init(&answers->level.pool, 1, limit, retired);
	answers->level.spare = spare;
	answers->level.unlink = unlink_block;
	answers->buckets_per_shard = (uint32_t)(limit / BYTES_PER_SLOT / SLOTS / HF_SHARDS) + 1;
	bytes = (size_t)answers->buckets_per_shard * HF_SHARDS * sizeof(answers->buckets[0]);
	answers->buckets = aligned_alloc(sizeof(answers->buckets[0]), bytes);
	if (!answers->buckets || !hf_pool_count_index(&answers->level.pool, bytes + sizeof(*answers)))
		return false;
	memset(answers->buckets, 0, bytes);
	return true;
}

void hf_answers_free(struct hf_answers *answers)
{
	hf_level_free(&answers->level);
	free(answers->buckets);
}

double hf_answers_fill(const struct hf_answers *answers)
{
	size_t used = 0, words = (size_t)answers->buckets_per_shard * HF_SHARDS * SLOTS;

	for (size_t i = 0; i < words; i++)
		used += load_word(&answers->buckets[i / SLOTS].words[i % SLOTS]) != 0;
	return (double)used / (double)words;
}

/* ---- reading ---- */

static const struct hf_answer_record *take_hit(struct hf_answer_record *record, struct hf_now now)
{
	if (now.mono_ns >= record->fresh_until_ns)
		return NULL;
	/* Written only when clear: a hot record's line stays shared between the readers' caches. */
	if (!__atomic_load_n(&record->mark, __ATOMIC_RELAXED))
		__atomic_store_n(&record->mark, 1, __ATOMIC_RELAXED);
	return record;
}

static struct hf_answer_record *find(const struct place *place, const struct hf_cache_question *question)
{
	for (unsigned b = 0; b < 2; b++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			uint64_t word = load_word(&place->buckets[b]->words[i]);

			if ((word & ~POINTER_MASK) == place->tag && is_of(record_of(word), question))
				return record_of(word);
		}
	}
	return NULL;
}

const struct hf_answer_record *hf_answers_lookup(struct hf_answers *answers, const struct hf_cache_question *question,
						 struct hf_now now)
{
	struct place place = place_of(answers, question->key[0], question->key[1]);
	struct hf_answer_record *record = find(&place, question);

	return record ? take_hit(record, now) : NULL;
}

/* The first record whose tag fits; 0 for a sure miss. */
static struct hf_answer_record *candidate(const struct place *place)
{
	for (unsigned b = 0; b < 2; b++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			uint64_t word = load_word(&place->buckets[b]->words[i]);

			if ((word & ~POINTER_MASK) == place->tag)
				return record_of(word);
		}
	}
	return NULL;
}

void hf_answers_lookup_burst(struct hf_answers *answers, unsigned count, const struct hf_cache_question *questions,
			     struct hf_now now, const struct hf_answer_record **results)
{
	struct place places[HF_CACHE_BURST_MAX];
	struct hf_answer_record *candidates[HF_CACHE_BURST_MAX];

	for (unsigned i = 0; i < count; i++) {
		places[i] = place_of(answers, questions[i].key[0], questions[i].key[1]);
		__builtin_prefetch(places[i].buckets[0]);
		__builtin_prefetch(places[i].buckets[1]);
	}
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *record = (const uint8_t *)(candidates[i] = candidate(&places[i]));

		if (!record)
			continue;
		__builtin_prefetch(record); /* key, times */
		__builtin_prefetch(record + offsetof(struct hf_answer_record, data));
		__builtin_prefetch(record + offsetof(struct hf_answer_record, data) + questions[i].name_length);
	}
	for (unsigned i = 0; i < count; i++) {
		struct hf_answer_record *record = candidates[i];

		if (record && !is_of(record, &questions[i])) /* a stranger with the same tag */
			record = find(&places[i], &questions[i]);
		results[i] = record ? take_hit(record, now) : NULL;
	}
}

void hf_answers_visit(struct hf_answers *answers, const uint8_t *name,
		      void (*visit)(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
				    const struct hf_answer_record *record),
		      void *state)
{
	size_t buckets = (size_t)answers->buckets_per_shard * HF_SHARDS;
	unsigned length = (unsigned)hf_name_length(name);

	for (size_t b = 0; b < buckets; b++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			const struct hf_answer_record *record = record_of(load_word(&answers->buckets[b].words[i]));

			if (record && record->name_length == length && hf_name_equal(record->data, name))
				visit(state, record->qtype, record->qclass, record->reply_class, record);
		}
	}
}

/* ---- writing; all under the lock of the shard ---- */

static uint64_t *free_word(struct hf_bucket *bucket)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (bucket->words[i] == 0)
			return &bucket->words[i];
	}
	return NULL;
}

static unsigned free_count(const struct hf_bucket *bucket)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		count += bucket->words[i] == 0;
	return count;
}

/* Makes a word free by moving a resident to its other bucket. It stands in both for a moment; a reader who
 * looked at one before and at the other after may miss it, which costs a resolution and nothing else. */
static uint64_t *displace(struct hf_answers *answers, struct place place)
{
	for (unsigned b = 0; b < 2; b++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			uint64_t *word = &place.buckets[b]->words[i], *other;
			struct place resident = place_of_record(answers, record_of(*word));
			bool in_first = resident.buckets[0] == place.buckets[b];

			other = free_word(resident.buckets[in_first ? 1 : 0]);
			if (!other)
				continue;
			store_word(other, *word);
			return word;
		}
	}
	return NULL;
}

/* Neither bucket has room: one of the residents goes, one that was not asked for lately if there is any. */
static uint64_t *evict_from(struct hf_answers *answers, unsigned shard, struct place place, struct hf_now now)
{
	uint64_t *victim = &place.buckets[0]->words[0];

	for (unsigned i = 0; i < 2 * SLOTS; i++) {
		uint64_t *word = &place.buckets[i / SLOTS]->words[i % SLOTS];

		if (!spare(&answer_of(record_of(*word))->block, now)) {
			victim = word;
			break;
		}
	}
	hf_level_evict(&answers->level, shard, &answer_of(record_of(*victim))->block);
	return victim;
}

bool hf_answers_put(struct hf_answers *answers, const struct hf_answer_record *record, struct hf_now now)
{
	size_t size = HF_RECORD_SIZE(record->name_length, record->body_length);
	unsigned shard = hf_shard_of(record->key[0]);
	struct place place = place_of_record(answers, record);
	const struct hf_cache_question question = {
		{record->key[0], record->key[1]}, record->data, record->name_length};
	struct hf_answer_record *old;
	struct answer *answer;
	uint64_t *word;

	if (record->ttl_count > HF_RECORD_TTLS_MAX || record->body_length > HF_RECORD_BODY_MAX ||
	    record->fresh_until_ns <= now.mono_ns)
		return false;
	hf_level_make_room(&answers->level, shard, offsetof(struct answer, record) + size, now);
	answer = hf_pool_take(&answers->level.pool, offsetof(struct answer, record) + size);
	if (!answer) {
		hf_shard_count(&answers->level.shards[shard].rejections);
		return false;
	}
	memcpy(&answer->record, record, size);
	answer->record.sequence = 0;
	answer->record.mark = 0;

	pthread_mutex_lock(&answers->level.shards[shard].lock);
	old = find(&place, &question);
	if (old) {
		word = find_word(place, word_of(place, old));
	} else {
		bool second = free_count(place.buckets[1]) > free_count(place.buckets[0]);

		word = free_word(place.buckets[second]);
		if (!word)
			word = displace(answers, place);
		if (!word)
			word = evict_from(answers, shard, place, now);
	}
	store_word(word, word_of(place, &answer->record));
	if (old)
		hf_level_remove(&answers->level, shard, &answer_of(old)->block);
	hf_level_add(&answers->level, shard, &answer->block);
	pthread_mutex_unlock(&answers->level.shards[shard].lock);
	return true;
}

size_t hf_answers_flush(struct hf_answers *answers, bool (*matches)(void *state, const uint8_t *name), void *state)
{
	size_t removed = 0;

	for (unsigned shard = 0; shard < HF_SHARDS; shard++) {
		struct hf_bucket *bucket = answers->buckets + (size_t)shard * answers->buckets_per_shard;

		/* Held for the whole shard (some milliseconds): between two buckets a writer could move a record
		 * from one still to come into one already seen, and it would survive the flush. */
		pthread_mutex_lock(&answers->level.shards[shard].lock);
		for (size_t i = 0; i < (size_t)answers->buckets_per_shard * SLOTS; i++) {
			struct hf_answer_record *record = record_of(bucket[i / SLOTS].words[i % SLOTS]);

			if (record && hf_record_names_any(record, matches, state)) {
				hf_level_remove(&answers->level, shard, &answer_of(record)->block);
				removed++;
			}
		}
		pthread_mutex_unlock(&answers->level.shards[shard].lock);
	}
	return removed;
}
