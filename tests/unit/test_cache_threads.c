// SPDX-License-Identifier: BSD-3-Clause
/* The cache between threads: two that only read, two that write and read, one that flushes, one that reclaims, over few
 * names in a small cache, so that everything is replaced, moved, evicted and freed all the time. Each
 * reader checks that what it found is whole and belongs to the name it asked for.
 *
 * ThreadSanitizer (meson setup -Db_sanitize=thread) sees the cache's own atomics and locks; liburcu's grace periods are made
 * of fences that it does not understand, so the one guarantee they give is told to it by hand below: what a
 * thread did before its quiescent state comes before what the reclaimer does after synchronize_rcu().
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <urcu-qsbr.h>
#include "cache_fixture.h"

#ifndef __SANITIZE_THREAD__
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#endif
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *);
void __tsan_release(void *);
#else
#define __tsan_acquire(at) (void)(at)
#define __tsan_release(at) (void)(at)
#endif

#define NAMES 6000
#define RUN_MS 1500	  /* at least */
#define RUN_MS_MAX 60000 /* on a busy machine until enough has happened, but no longer */

struct stage {
	struct hf_cache *cache;
	bool stop; /* main writes, all read (relaxed) */
	char grace; /* an address for the annotations */
};

struct actor {
	pthread_t thread;
	struct stage *stage;
	uint64_t seed;
	uint64_t rounds, hits, faults; /* own thread writes, main reads (relaxed) */
};

static void quiescent(struct stage *stage)
{
	__tsan_release(&stage->grace);
	rcu_quiescent_state();
}

static bool going_on(const struct stage *stage)
{
	return !__atomic_load_n(&stage->stop, __ATOMIC_RELAXED);
}

static void count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static bool has(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED) > 0;
}

static uint64_t chance(struct actor *actor)
{
	actor->seed ^= actor->seed << 13;
	actor->seed ^= actor->seed >> 7;
	actor->seed ^= actor->seed << 17;
	return actor->seed;
}

/* Skewed: half of the draws fall on a tenth of the names. */
static unsigned draw_name(struct actor *actor)
{
	uint64_t draw = chance(actor);

	return (unsigned)(draw & 1 ? (draw >> 8) % (NAMES / 10) : (draw >> 8) % NAMES);
}

static uint8_t fill_for(unsigned number)
{
	return (uint8_t)(number * 37 + 11);
}

static bool all_are(const uint8_t *bytes, size_t length, uint8_t fill)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != fill)
			return false;
	}
	return true;
}

static void write_fact(struct actor *actor, unsigned number, struct hf_now now)
{
	static const uint16_t types[] = {HF_TYPE_A, HF_TYPE_AAAA, HF_TYPE_CNAME, HF_TYPE_TXT};
	uint64_t draw = chance(actor);
	struct hf_rrset *rrset =
		rrset_filled(numbered(number), types[draw % 4], 300, fill_for(number), (uint16_t)(draw / 8 % 400));

	if (draw / 4 % 8 == 0)
		hf_cache_put_negative(actor->stage->cache, HF_FACT_NXDOMAIN, numbered(number), 0, HF_CLASS_IN, 300, rrset,
				      (const struct hf_rrset *const[]){rrset}, 1, HF_RANK_AUTHORITY, now);
	else
		hf_cache_put(actor->stage->cache, rrset, HF_RANK_ANSWER_AUTH, now);
	free(rrset);
}

static void write_answer(struct actor *actor, unsigned number, struct hf_now now)
{
	union test_record record;
	uint8_t rdata[400];
	uint16_t length = (uint16_t)(chance(actor) % sizeof(rdata));

	memset(rdata, fill_for(number), sizeof(rdata));
	record_begin(&record, numbered(number), HF_TYPE_TXT, 300, now);
	record_rr(&record, question_pointer, 2, HF_TYPE_TXT, rdata, length);
	hf_cache_put_answer(actor->stage->cache, &record.record, now);
}

static void read_facts(struct actor *actor, struct hf_now now)
{
	unsigned number = draw_name(actor);
	const struct hf_cache_entry *entry = hf_cache_lookup(
		actor->stage->cache, numbered(number), chance(actor) & 1 ? HF_TYPE_A : HF_TYPE_CNAME, HF_CLASS_IN, now);

	if (!entry)
		return;
	count(&actor->hits, 1);
	actor->faults += !entry->rrset || !hf_name_equal(hf_rrset_owner(entry->rrset), numbered(number)) ||
			 !all_are(entry->rrset->data + entry->rrset->owner_length + 2,
				  entry->rrset->size - sizeof(*entry->rrset) - entry->rrset->owner_length - 2,
				  fill_for(number));
	if (entry->fact == HF_FACT_NXDOMAIN)
		actor->faults += entry->proof_count != 1 || entry->proofs[0]->size != entry->rrset->size;
	hf_cache_lookup_nxdomain(actor->stage->cache, numbered(number), HF_CLASS_IN, now);
}

static void read_burst(struct actor *actor, struct hf_now now)
{
	const __u64 secret[2] = {test_secret[0], test_secret[1]};
	uint8_t names[32][64];
	unsigned numbers[32];
	struct hf_cache_question questions[32];
	const struct hf_answer_record *results[32];

	for (unsigned i = 0; i < 32; i++) {
		__u64 key[2];

		numbers[i] = draw_name(actor);
		memcpy(names[i], numbered(numbers[i]), 64);
		questions[i].name = names[i];
		questions[i].name_length = (unsigned)hf_name_length(names[i]);
		hf_question_key(secret, names[i], questions[i].name_length, HF_TYPE_TXT, HF_CLASS_IN, 0, key);
		questions[i].key[0] = key[0];
		questions[i].key[1] = key[1];
	}
	hf_cache_answer_burst(actor->stage->cache, 32, questions, now, results);
	for (unsigned i = 0; i < 32; i++) {
		const struct hf_answer_record *record = results[i];

		if (!record)
			continue;
		count(&actor->hits, 1);
		actor->faults += memcmp(record->data, names[i], questions[i].name_length) != 0 ||
				 !all_are(record->data + HF_RECORD_NAME_SPACE(record->name_length) + 12,
					  record->body_length - 12u, fill_for(numbers[i]));
	}
}

static void *reader(void *argument)
{
	struct actor *actor = argument;

	rcu_register_thread();
	while (going_on(actor->stage)) {
		struct hf_now now = at(1 + (double)actor->rounds / 1e6);

		count(&actor->rounds, 1);
		read_burst(actor, now);
		for (unsigned i = 0; i < 8; i++)
			read_facts(actor, now);
		quiescent(actor->stage);
	}
	quiescent(actor->stage);
	rcu_unregister_thread();
	return NULL;
}

static void *writer(void *argument)
{
	struct actor *actor = argument;

	rcu_register_thread();
	while (going_on(actor->stage)) {
		struct hf_now now = at(1 + (double)actor->rounds / 1e6);

		count(&actor->rounds, 1);
		write_fact(actor, draw_name(actor), now);
		write_answer(actor, draw_name(actor), now);
		read_facts(actor, now);
		quiescent(actor->stage);
	}
	rcu_unregister_thread();
	return NULL;
}

static void *flusher(void *argument)
{
	struct actor *actor = argument;
	struct hf_cache_stats stats;

	rcu_register_thread();
	while (going_on(actor->stage)) {
		count(&actor->hits, hf_cache_flush(actor->stage->cache, numbered(draw_name(actor)), actor->rounds % 4 == 0));
		count(&actor->rounds, 1);
		hf_cache_stats(actor->stage->cache, &stats);
		actor->faults += stats.bytes_used > stats.bytes_limit;
		quiescent(actor->stage);
		rcu_thread_offline();
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
		rcu_thread_online();
	}
	rcu_unregister_thread();
	return NULL;
}

static void *reclaimer(void *argument)
{
	struct actor *actor = argument;

	while (going_on(actor->stage)) {
		struct hf_cache_batch *batch = hf_cache_take_retired(actor->stage->cache);

		if (batch) {
			synchronize_rcu();
			__tsan_acquire(&actor->stage->grace);
			hf_cache_free_retired(actor->stage->cache, batch);
			count(&actor->rounds, 1);
		}
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	}
	return NULL;
}

/* It is a test only if everything goes on at once. */
static bool enough_happened(const struct stage *stage, const struct actor *actors)
{
	struct hf_cache_stats stats;

	for (unsigned i = 0; i < 6; i++) {
		if (!has(&actors[i].rounds))
			return false;
	}
	hf_cache_stats(stage->cache, &stats);
	return has(&actors[0].hits) && has(&actors[1].hits) && has(&actors[4].hits) && stats.fact_evictions > 1000 &&
	       stats.answer_evictions > 1000;
}

static void readers_never_see_what_is_not_whole(void **state)
{
	struct hf_cache_config config = test_config(2 << 20);
	struct stage stage = {.cache = hf_cache_new(&config)};
	void *(*const roles[])(void *) = {reader, reader, writer, writer, flusher, reclaimer};
	struct actor actors[6] = {0};
	struct hf_cache_stats stats;
	uint64_t faults = 0;

	(void)state;
	assert_non_null(stage.cache);
	for (unsigned i = 0; i < 6; i++) {
		actors[i].stage = &stage;
		actors[i].seed = 1000 + i;
		assert_int_equal(pthread_create(&actors[i].thread, NULL, roles[i], &actors[i]), 0);
	}
	for (unsigned ms = 0; ms < RUN_MS || (ms < RUN_MS_MAX && !enough_happened(&stage, actors)); ms += 50)
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	__atomic_store_n(&stage.stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 6; i++) {
		pthread_join(actors[i].thread, NULL);
		faults += actors[i].faults;
	}
	hf_cache_stats(stage.cache, &stats);
	for (unsigned i = 0; i < 6; i++)
		if (actors[i].faults)
			print_message("thread %u: %llu faults\n", i, (unsigned long long)actors[i].faults);
	print_message("readers: %llu hits; writers: %llu insertions; evictions: %llu; flushed: %llu; batches freed: %llu\n",
		      (unsigned long long)(actors[0].hits + actors[1].hits),
		      (unsigned long long)(stats.fact_inserts + stats.answer_inserts),
		      (unsigned long long)(stats.fact_evictions + stats.answer_evictions),
		      (unsigned long long)actors[4].hits, (unsigned long long)actors[5].rounds);
	assert_int_equal(faults, 0);
	assert_true(enough_happened(&stage, actors));
	assert_true(stats.bytes_used <= config.bytes);
	hf_cache_free(stage.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_never_see_what_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
