// SPDX-License-Identifier: BSD-3-Clause
/* cache/answers.c through cache.h (and its own header for the table's fill). */
#include "cache/answers.h"
#include "cache_fixture.h"

static bool put_address(struct hf_cache *cache, const uint8_t *name, uint8_t x, uint32_t ttl, struct hf_now now)
{
	union test_record record;

	record_address(&record, name, x, ttl, now);
	return hf_cache_put_answer(cache, &record.record, now);
}

/* Last octet of the address in a record_address(). */
static int address_of(const struct hf_answer_record *record)
{
	if (!record)
		return -1;
	return record->data[HF_RECORD_NAME_SPACE(record->name_length) + record->body_length - 1];
}

static void finds_an_answer_until_it_ends(void **state)
{
	struct hf_cache *cache = test_cache();
	const struct hf_answer_record *record;

	(void)state;
	assert_true(put_address(cache, wire("www.example."), 7, 60, at(0)));
	record = get_answer(cache, wire("www.example."), HF_TYPE_A, at(1));
	assert_non_null(record);
	assert_int_equal(address_of(record), 7);
	assert_int_equal(record->qtype, HF_TYPE_A);
	assert_null(get_answer(cache, wire("www.example."), HF_TYPE_AAAA, at(1)));
	assert_null(get_answer(cache, wire("ww.example."), HF_TYPE_A, at(1)));
	assert_non_null(get_answer(cache, wire("www.example."), HF_TYPE_A, at(59.9)));
	assert_null(get_answer(cache, wire("www.example."), HF_TYPE_A, at(60)));
	hf_cache_free(cache);
}

static void a_newer_answer_replaces_the_older(void **state)
{
	struct hf_cache *cache = test_cache();
	struct hf_cache_stats stats;

	(void)state;
	put_address(cache, wire("www.example."), 1, 60, at(0));
	put_address(cache, wire("www.example."), 2, 60, at(1));
	assert_int_equal(address_of(get_answer(cache, wire("www.example."), HF_TYPE_A, at(1))), 2);
	hf_cache_stats(cache, &stats);
	assert_int_equal(stats.answers, 1);
	assert_int_equal(stats.answer_inserts, 2);
	assert_int_equal(stats.answer_evictions, 0);
	assert_true(stats.bytes_retired > 0);
	drain(cache);
	hf_cache_stats(cache, &stats);
	assert_int_equal(stats.bytes_retired, 0);
	hf_cache_free(cache);
}

static void equal_keys_of_two_names_never_answer_for_each_other(void **state)
{
	struct hf_cache *cache = test_cache();
	const uint8_t a_name[16] = "\1a\7example", b_name[16] = "\1b\7example";
	struct hf_cache_question questions[2] = {{{5, 6}, a_name, 11}, {{5, 6}, b_name, 11}};
	const struct hf_answer_record *results[2];
	union test_record a, b;

	(void)state;
	record_address(&a, a_name, 1, 60, at(0));
	record_address(&b, b_name, 2, 60, at(0));
	a.record.key[0] = b.record.key[0] = 5;
	a.record.key[1] = b.record.key[1] = 6;
	assert_true(hf_cache_put_answer(cache, &a.record, at(0)));
	assert_null(hf_cache_answer(cache, questions[1].key, b_name, 11, at(0)));
	hf_cache_answer_burst(cache, 2, questions, at(0), results);
	assert_int_equal(address_of(results[0]), 1);
	assert_null(results[1]);
	assert_true(hf_cache_put_answer(cache, &b.record, at(0)));
	hf_cache_answer_burst(cache, 2, questions, at(0), results);
	assert_int_equal(address_of(results[0]), 1);
	assert_int_equal(address_of(results[1]), 2);
	hf_cache_free(cache);
}

static void refuses_what_may_not_be_cached(void **state)
{
	struct hf_cache *cache = test_cache();
	union test_record record;

	(void)state;
	record_address(&record, wire("a."), 1, 60, at(0));
	record.record.ttl_count = 0xff; /* HF_RECORD_NOT_CACHEABLE */
	assert_false(hf_cache_put_answer(cache, &record.record, at(0)));
	record_address(&record, wire("a."), 1, 0, at(0)); /* TTL 0 */
	assert_false(hf_cache_put_answer(cache, &record.record, at(0)));
	record_address(&record, wire("a."), 1, 60, at(0));
	assert_false(hf_cache_put_answer(cache, &record.record, at(60)));
	record.record.body_length = HF_RECORD_BODY_MAX + 1;
	assert_false(hf_cache_put_answer(cache, &record.record, at(0)));
	hf_cache_free(cache);
}

static void read_mark(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
		      const struct hf_answer_record *record)
{
	(void)type, (void)class, (void)reply_class;
	*(uint32_t *)state = record->mark;
}

static void a_hit_marks_the_stored_record(void **state)
{
	struct hf_cache *cache = test_cache();
	const uint8_t *name = wire("a.example.");
	union test_record record;
	uint32_t mark = 9;

	(void)state;
	record_address(&record, name, 1, 60, at(0));
	record.record.mark = 1;
	record.record.sequence = 8;
	hf_cache_put_answer(cache, &record.record, at(0));
	hf_cache_visit(cache, name, NULL, read_mark, &mark); /* looking at it is no hit */
	assert_int_equal(mark, 0);
	assert_int_equal(get_answer(cache, name, HF_TYPE_A, at(0))->sequence, 0);
	hf_cache_visit(cache, name, NULL, read_mark, &mark);
	assert_int_equal(mark, 1);
	hf_cache_free(cache);
}

static void a_burst_finds_what_single_lookups_find(void **state)
{
	struct hf_cache *cache = test_cache();
	const __u64 secret[2] = {test_secret[0], test_secret[1]};
	static uint8_t names[HF_CACHE_BURST_MAX][64];
	struct hf_cache_question questions[HF_CACHE_BURST_MAX];
	const struct hf_answer_record *results[HF_CACHE_BURST_MAX];
	unsigned hits = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++)
		assert_true(put_address(cache, numbered(i), (uint8_t)i, 60, at(0)));
	for (unsigned round = 0; round < 200; round++) {
		unsigned count = 1 + round % HF_CACHE_BURST_MAX;

		for (unsigned i = 0; i < count; i++) {
			unsigned number = (round * 7919 + i * 104729) % 8000; /* about half of them are misses */
			__u64 key[2];

			memcpy(names[i], numbered(number), 64);
			questions[i].name = names[i];
			questions[i].name_length = (unsigned)hf_name_length(names[i]);
			hf_question_key(secret, names[i], questions[i].name_length, HF_TYPE_A, HF_CLASS_IN, 0, key);
			questions[i].key[0] = key[0];
			questions[i].key[1] = key[1];
		}
		hf_cache_answer_burst(cache, count, questions, at(1), results);
		for (unsigned i = 0; i < count; i++) {
			assert_ptr_equal(results[i], hf_cache_answer(cache, questions[i].key, names[i],
								     questions[i].name_length, at(1)));
			hits += results[i] != NULL;
		}
	}
	assert_true(hits > 2000);
	hf_cache_answer_burst(cache, 0, NULL, at(1), NULL);
	hf_cache_free(cache);
}

static uint64_t evictions_of(const struct hf_answers *answers)
{
	uint64_t evictions = 0;

	for (unsigned s = 0; s < HF_SHARDS; s++)
		evictions += answers->level.shards[s].evictions;
	return evictions;
}

static void free_retired(struct hf_answers *answers, struct hf_block **retired)
{
	while (*retired) {
		struct hf_block *block = *retired;

		*retired = block->older;
		hf_pool_free_retired(&answers->level.pool, block);
	}
}

static void the_table_fills_beyond_90_percent(void **state)
{
	struct hf_answers *answers = aligned_alloc(64, sizeof(*answers));
	struct hf_block *retired = NULL;
	union test_record record;
	uint64_t i = 0, early = UINT64_MAX, words;

	(void)state;
	memset(answers, 0, sizeof(*answers));
	assert_true(hf_answers_init(answers, 16 << 20, &retired));
	words = (uint64_t)answers->buckets_per_shard * HF_SHARDS * 8;
	/* No name and no RR make the smallest record, so that words run out before bytes. */
	for (; i < words * 2; i++) {
		record_begin(&record, numbered(i), HF_TYPE_A, 60, at(0));
		record.record.name_length = 0;
		assert_true(hf_answers_put(answers, &record.record, at(0)));
		if (i == words * 92 / 100)
			early = evictions_of(answers);
		if (i % 1024 == 0)
			free_retired(answers, &retired);
	}
	free_retired(answers, &retired);
	print_message("%llu words, filled with 92 %%: %llu records lost; in the end %.1f %% full\n",
		      (unsigned long long)words, (unsigned long long)early, 100 * hf_answers_fill(answers));
	assert_true(early < words / 1000);
	assert_true(hf_answers_fill(answers) > 0.97);
	hf_answers_free(answers);
	free(answers);
}

/* ---- flush and visit ---- */

/* alias. CNAME target. ; target. A 192.0.2.1 */
static void put_chain(struct hf_cache *cache, const char *alias, const char *target)
{
	const uint8_t *target_wire = wire(target), address[4] = {192, 0, 2, 1};
	union test_record record;
	unsigned target_at;

	record_begin(&record, wire(alias), HF_TYPE_A, 60, at(0));
	target_at = record_rr(&record, question_pointer, 2, HF_TYPE_CNAME, target_wire,
			      (uint16_t)hf_name_length(target_wire));
	record_rr(&record, (const uint8_t[]){(uint8_t)(0xc0 | target_at >> 8), (uint8_t)target_at}, 2, HF_TYPE_A,
		  address, 4);
	assert_true(hf_cache_put_answer(cache, &record.record, at(0)));
}

static void flushing_a_name_takes_the_answers_that_lead_through_it(void **state)
{
	struct hf_cache *cache = test_cache();

	(void)state;
	put_chain(cache, "www.shop.example.", "edge.cdn.example.");
	put_chain(cache, "www.other.example.", "edge.other.example.");
	put_address(cache, wire("edge.cdn.example."), 1, 60, at(0));
	assert_int_equal(hf_cache_flush(cache, wire("EDGE.cdn.example."), false), 2);
	assert_null(get_answer(cache, wire("www.shop.example."), HF_TYPE_A, at(0)));
	assert_null(get_answer(cache, wire("edge.cdn.example."), HF_TYPE_A, at(0)));
	assert_non_null(get_answer(cache, wire("www.other.example."), HF_TYPE_A, at(0)));
	hf_cache_free(cache);
}

static void flushing_a_subtree_takes_chains_into_it_too(void **state)
{
	struct hf_cache *cache = test_cache();

	(void)state;
	put_chain(cache, "www.shop.example.", "edge.cdn.test.");
	put_address(cache, wire("a.b.cdn.test."), 1, 60, at(0));
	put_address(cache, wire("notcdn.test."), 1, 60, at(0));
	put(cache, "x.cdn.test.", HF_TYPE_A, 60, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_int_equal(hf_cache_flush(cache, wire("cdn.test."), true), 3);
	assert_non_null(get_answer(cache, wire("notcdn.test."), HF_TYPE_A, at(0)));
	assert_int_equal(hf_cache_flush(cache, wire("."), true), 1);
	hf_cache_free(cache);
}

static void a_malformed_body_matches_by_its_question_only(void **state)
{
	struct hf_cache *cache = test_cache();
	union test_record record;

	(void)state;
	record_address(&record, wire("a.example."), 1, 60, at(0));
	record.record.ancount = htobe16(9); /* more than are there */
	record.record.data[HF_RECORD_NAME_SPACE(record.record.name_length)] = 0xff; /* pointer to nowhere */
	assert_true(hf_cache_put_answer(cache, &record.record, at(0)));
	assert_int_equal(hf_cache_flush(cache, wire("b.example."), false), 0);
	assert_int_equal(hf_cache_flush(cache, wire("a.example."), false), 1);
	hf_cache_free(cache);
}

static void count_answer(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
			 const struct hf_answer_record *record)
{
	unsigned *types = state;

	assert_int_equal(class, HF_CLASS_IN);
	assert_int_equal(reply_class, 0);
	assert_non_null(record);
	*types += type;
}

static void visits_every_answer_of_a_name(void **state)
{
	struct hf_cache *cache = test_cache();
	unsigned types = 0;
	union test_record record;

	(void)state;
	put_address(cache, wire("a.example."), 1, 60, at(0));
	put_address(cache, wire("b.example."), 1, 60, at(0));
	record_begin(&record, wire("a.example."), HF_TYPE_AAAA, 60, at(0));
	hf_cache_put_answer(cache, &record.record, at(0));
	hf_cache_visit(cache, wire("A.example."), NULL, count_answer, &types);
	assert_int_equal(types, HF_TYPE_A + HF_TYPE_AAAA);
	hf_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_an_answer_until_it_ends),
		cmocka_unit_test(a_newer_answer_replaces_the_older),
		cmocka_unit_test(equal_keys_of_two_names_never_answer_for_each_other),
		cmocka_unit_test(refuses_what_may_not_be_cached),
		cmocka_unit_test(a_hit_marks_the_stored_record),
		cmocka_unit_test(a_burst_finds_what_single_lookups_find),
		cmocka_unit_test(the_table_fills_beyond_90_percent),
		cmocka_unit_test(flushing_a_name_takes_the_answers_that_lead_through_it),
		cmocka_unit_test(flushing_a_subtree_takes_chains_into_it_too),
		cmocka_unit_test(a_malformed_body_matches_by_its_question_only),
		cmocka_unit_test(visits_every_answer_of_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
