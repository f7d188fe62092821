// SPDX-License-Identifier: BSD-3-Clause
/* cache/pool.c and cache/shard.c through cache.h: the byte limit holds, and what is asked for stays. */
#include <malloc.h>
#include "cache_fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_HEAP 0 /* the sanitizer's allocator: mallinfo2 knows nothing */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_HEAP 0
#endif
#endif
#ifndef OWN_HEAP
#define OWN_HEAP 1
#endif

static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static uint64_t chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One insertion of a kind, name and size that the seed decides; sizes from a few octets to 60 KiB, mostly small. */
static bool insert_any(struct hf_cache *cache, uint64_t *seed, struct hf_now now)
{
	uint64_t draw = chance(seed);
	const uint8_t *name = numbered(draw >> 40);
	uint16_t length = (uint16_t)(draw % 1000 == 0 ? draw / 1000 % 60000 : draw / 1000 % 300);
	struct hf_rrset *rrset;
	union test_record record;
	uint8_t rdata[300];
	bool stored;

	switch (draw / 7 % 4) {
	case 0:
		memset(rdata, 1, sizeof(rdata));
		record_begin(&record, name, HF_TYPE_TXT, 60 + draw % 1000, now);
		record_rr(&record, question_pointer, 2, HF_TYPE_TXT, rdata, length % 300);
		return hf_cache_put_answer(cache, &record.record, now);
	case 1:
		rrset = rrset_filled(name, HF_TYPE_SOA, 300, 1, 60);
		stored = hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, name, 0, HF_CLASS_IN, 300, rrset,
					       (const struct hf_rrset *const[]){rrset, rrset}, draw % 3,
					       HF_RANK_AUTHORITY, now);
		free(rrset);
		return stored;
	default:
		rrset = rrset_filled(name, HF_TYPE_TXT, (uint32_t)(draw % 500), 1, length);
		stored = hf_cache_put(cache, rrset, HF_RANK_ANSWER_AUTH, now);
		free(rrset);
		return stored;
	}
}

static void the_limit_holds_over_a_million_insertions(void **state)
{
	struct hf_cache_config config = test_config(8 << 20);
	size_t heap_before = heap_bytes(), heap_most = 0;
	struct hf_cache *cache = hf_cache_new(&config);
	struct hf_cache_stats stats;
	uint64_t seed = 42, stored = 0;

	(void)state;
	assert_non_null(cache);
	for (unsigned i = 0; i < 1000000; i++) {
		stored += insert_any(cache, &seed, at(i / 1000.0));
		if (i % 64 == 0)
			hf_cache_stats(cache, &stats), assert_true(stats.bytes_used <= config.bytes);
		if (i % 4096 == 0 && OWN_HEAP && heap_bytes() - heap_before > heap_most)
			heap_most = heap_bytes() - heap_before;
		if (i % 500 == 0)
			drain(cache);
	}
	drain(cache);
	hf_cache_stats(cache, &stats);
	print_message("%llu of 1000000 stored; %zu of %zu bytes used; heap at most %zu; %zu facts, %zu answers\n",
		      (unsigned long long)stored, stats.bytes_used, stats.bytes_limit, heap_most, stats.facts,
		      stats.answers);
	assert_true(stored > 990000);
	assert_true(stats.bytes_used > config.bytes * 8 / 10); /* the limit is used, too */
	assert_true(stats.bytes_limit <= config.bytes);
	assert_int_equal(stats.bytes_retired, 0);
	/* What the allocator gave away is what we counted. */
	if (OWN_HEAP)
		assert_true(heap_most <= config.bytes);
	hf_cache_free(cache);
	if (OWN_HEAP) /* malloc's per-thread stock of freed chunks counts as in use */
		assert_in_range(heap_bytes(), 0, heap_before + (256 << 10));
}

static void the_limit_holds_when_nobody_drains(void **state)
{
	struct hf_cache_config config = test_config(2 << 20);
	struct hf_cache *cache = hf_cache_new(&config);
	struct hf_cache_stats stats;
	uint64_t seed = 43;
	size_t live;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		insert_any(cache, &seed, at(0));
		hf_cache_stats(cache, &stats);
		assert_true(stats.bytes_used <= config.bytes);
	}
	/* Insertions fail and are counted; what was live before is not thrown away for nothing. */
	assert_true(stats.fact_rejections > 10000);
	assert_true(stats.answer_rejections > 1000);
	assert_true(stats.bytes_retired < config.bytes / 4);
	live = stats.facts;
	assert_true(live > 1000);
	assert_false(put(cache, "late.", HF_TYPE_TXT, 60, 1, HF_RANK_ANSWER_AUTH, at(0)));
	drain(cache);
	assert_true(put(cache, "late.", HF_TYPE_TXT, 60, 1, HF_RANK_ANSWER_AUTH, at(0)));
	hf_cache_free(cache);
}

static void a_large_entry_finds_room_in_a_small_full_cache(void **state)
{
	struct hf_cache_config config = test_config(1 << 20);
	struct hf_cache *cache = hf_cache_new(&config);
	struct hf_rrset *large = rrset_filled(wire("large."), HF_TYPE_TXT, 300, 1, 60000);
	bool stored = false;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		put(cache, "x.", (uint16_t)(256 + i % 30), 300, 1, HF_RANK_ANSWER_AUTH, at(0));
		hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, numbered(i), 0, HF_CLASS_IN, 300, NULL, NULL, 0,
				      HF_RANK_AUTHORITY, at(0));
		drain(cache);
	}
	/* Each try evicts as much as the headroom bears. */
	for (unsigned tries = 0; tries < 5 && !stored; tries++) {
		stored = hf_cache_put(cache, large, HF_RANK_ANSWER_AUTH, at(0));
		drain(cache);
	}
	assert_true(stored);
	free(large);
	hf_cache_free(cache);
}

static void what_is_asked_for_survives_a_flood_of_names_asked_once(void **state)
{
	struct hf_cache *cache = test_cache();
	struct hf_cache_stats stats;
	unsigned facts_left = 0, answers_left = 0;
	union test_record record;

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct hf_rrset *rrset = rrset_filled(numbered(i), HF_TYPE_A, 3600, 1, 4);

		hf_cache_put(cache, rrset, HF_RANK_ANSWER_AUTH, at(0));
		free(rrset);
		record_address(&record, numbered(i), 1, 3600, at(0));
		hf_cache_put_answer(cache, &record.record, at(0));
	}
	for (unsigned i = 0; i < 100000; i++) {
		hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, numbered(1000000 + i), 0, HF_CLASS_IN, 300, NULL, NULL, 0,
				      HF_RANK_AUTHORITY, at(1));
		record_address(&record, numbered(1000000 + i), 1, 3600, at(1));
		hf_cache_put_answer(cache, &record.record, at(1));
		hf_cache_lookup(cache, numbered(i % 500), HF_TYPE_A, HF_CLASS_IN, at(1));
		get_answer(cache, numbered(i % 500), HF_TYPE_A, at(1));
		if (i % 100 == 0)
			drain(cache);
	}
	for (unsigned i = 0; i < 500; i++) {
		const struct hf_cache_entry *entry =
			hf_cache_lookup(cache, numbered(i), HF_TYPE_A, HF_CLASS_IN, at(1));

		facts_left += entry && entry->fact == HF_FACT_RRSET;
		answers_left += get_answer(cache, numbered(i), HF_TYPE_A, at(1)) != NULL;
	}
	hf_cache_stats(cache, &stats);
	print_message("%u facts and %u answers of 500 left after %llu and %llu evictions\n", facts_left, answers_left,
		      (unsigned long long)stats.fact_evictions, (unsigned long long)stats.answer_evictions);
	assert_true(stats.fact_evictions > 50000 && stats.answer_evictions > 50000);
	assert_true(facts_left >= 490 && answers_left >= 490);
	hf_cache_free(cache);
}

static void expired_entries_go_first_though_they_were_visited(void **state)
{
	struct hf_cache *cache = test_cache();
	struct hf_cache_stats before, after;
	unsigned i, left = 0;

	(void)state;
	/* Fill one half with what ends at 10 s and was visited, then the other with what lasts and was not. */
	for (i = 0; i < 4000; i++) {
		struct hf_rrset *rrset = rrset_filled(numbered(i), HF_TYPE_A, 10, 1, 4);

		hf_cache_put(cache, rrset, HF_RANK_ANSWER_AUTH, at(0));
		hf_cache_lookup(cache, numbered(i), HF_TYPE_A, HF_CLASS_IN, at(1));
		free(rrset);
	}
	for (; i < 5000; i++)
		hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, numbered(i), 0, HF_CLASS_IN, 3600, NULL, NULL, 0,
				      HF_RANK_AUTHORITY, at(2));
	hf_cache_stats(cache, &before);
	assert_int_equal(before.fact_evictions, 0);
	for (; hf_cache_stats(cache, &after), after.fact_evictions < 2000; i++) {
		hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, numbered(i), 0, HF_CLASS_IN, 3600, NULL, NULL, 0,
				      HF_RANK_AUTHORITY, at(20));
		drain(cache);
	}
	for (i = 4000; i < 5000; i++)
		left += hf_cache_lookup(cache, numbered(i), HF_TYPE_A, HF_CLASS_IN, at(20)) != NULL;
	assert_int_equal(left, 1000);
	hf_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_holds_over_a_million_insertions),
		cmocka_unit_test(the_limit_holds_when_nobody_drains),
		cmocka_unit_test(a_large_entry_finds_room_in_a_small_full_cache),
		cmocka_unit_test(what_is_asked_for_survives_a_flood_of_names_asked_once),
		cmocka_unit_test(expired_entries_go_first_though_they_were_visited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
