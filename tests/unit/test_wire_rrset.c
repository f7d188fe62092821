// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/rrset.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wire/rrset.h"

static const uint8_t owner[] = "\7Example";

static struct hf_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = hf_arena_new(8 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hf_arena_free(arena);
	return 0;
}

static struct hf_rdata rdata(const char *text)
{
	return (struct hf_rdata){.bytes = (const uint8_t *)text, .length = (uint16_t)strlen(text)};
}

static void a_walk_visits_rrs_then_signatures_in_order(void **state)
{
	const struct hf_rdata all[] = {rdata("one"), rdata(""), rdata("three"), rdata("sig")};
	struct hf_rrset *set = hf_rrset_make(arena, owner, 16, 1, 300, all, 3, 1);
	unsigned seen = 0;

	(void)state;
	assert_int_equal(set->count, 3);
	assert_int_equal(set->signature_count, 1);
	assert_memory_equal(hf_rrset_owner(set), owner, sizeof(owner)); /* case kept */
	for (struct hf_rdata r = hf_rrset_first(set); r.bytes; r = hf_rrset_next(set, r), seen++) {
		assert_int_equal(r.index, seen);
		assert_int_equal(r.length, all[seen].length);
		assert_memory_equal(r.bytes, all[seen].bytes, r.length);
	}
	assert_int_equal(seen, 4);
}

static void duplicates_are_dropped_and_the_size_is_exact(void **state)
{
	const struct hf_rdata all[] = {rdata("x"), rdata("y"), rdata("x"), rdata("x"), rdata("s"), rdata("s")};
	struct hf_rrset *set = hf_rrset_make(arena, owner, 16, 1, 300, all, 4, 2);

	(void)state;
	assert_int_equal(set->count, 2);
	assert_int_equal(set->signature_count, 1);
	assert_int_equal(set->size, offsetof(struct hf_rrset, data) + sizeof(owner) + 3 * 3);
}

static void a_set_may_be_64_kib_and_no_more(void **state)
{
	static uint8_t large[65536];
	struct hf_rdata all[2] = {{.bytes = large, .length = 65000}, {.bytes = large, .length = 600}};

	(void)state;
	assert_non_null(hf_rrset_make(arena, owner, 65280, 1, 1, all, 1, 0));
	assert_null(hf_rrset_make(arena, owner, 65280, 1, 1, all, 2, 0));
	assert_null(hf_rrset_make(arena, owner, 65280, 1, 1, all, 1, 1));
	assert_null(hf_rrset_make(arena, owner, 65280, 1, 1, all, 0, 1));
}

static void same_data_does_not_depend_on_order_case_of_owner_ttl_or_signatures(void **state)
{
	const struct hf_rdata forward[] = {rdata("a"), rdata("bb"), rdata("c"), rdata("sig")};
	const struct hf_rdata backward[] = {rdata("c"), rdata("bb"), rdata("a"), rdata("other")};
	const struct hf_rdata other[] = {rdata("c"), rdata("bb"), rdata("d")};
	const uint8_t lower[] = "\7example", stranger[] = "\7exbmple";
	struct hf_rrset *set = hf_rrset_make(arena, owner, 16, 1, 300, forward, 3, 1);

	(void)state;
	assert_true(hf_rrset_same_data(set, hf_rrset_make(arena, lower, 16, 1, 1, backward, 3, 1)));
	assert_true(hf_rrset_same_data(set, hf_rrset_make(arena, lower, 16, 1, 1, forward, 3, 0)));
	assert_false(hf_rrset_same_data(set, hf_rrset_make(arena, owner, 16, 1, 1, other, 3, 0)));
	assert_false(hf_rrset_same_data(set, hf_rrset_make(arena, owner, 16, 1, 1, forward, 2, 0)));
	assert_false(hf_rrset_same_data(set, hf_rrset_make(arena, owner, 99, 1, 1, forward, 3, 0)));
	assert_false(hf_rrset_same_data(set, hf_rrset_make(arena, owner, 16, 3, 1, forward, 3, 0)));
	assert_false(hf_rrset_same_data(set, hf_rrset_make(arena, stranger, 16, 1, 1, forward, 3, 0)));
}

static void names_in_rdata_are_the_same_in_any_case_and_other_octets_are_not(void **state)
{
	const struct hf_rdata both[] = {{.bytes = (const uint8_t *)"\0\1\1a\0", .length = 5},
					{.bytes = (const uint8_t *)"\0\1\1A\0", .length = 5}};
	struct hf_rrset *lower = hf_rrset_make(arena, owner, 15, 1, 300, both, 1, 0);

	(void)state;
	assert_true(hf_rrset_same_data(lower, hf_rrset_make(arena, owner, 15, 1, 300, both + 1, 1, 0)));
	assert_int_equal(hf_rrset_make(arena, owner, 15, 1, 300, both, 2, 0)->count, 1);
	assert_int_equal(hf_rrset_make(arena, owner, 65280, 1, 300, both, 2, 0)->count, 2);
	lower = hf_rrset_make(arena, owner, 65280, 1, 300, both, 1, 0);
	assert_false(hf_rrset_same_data(lower, hf_rrset_make(arena, owner, 65280, 1, 300, both + 1, 1, 0)));
}

static void a_copy_is_the_block(void **state)
{
	const struct hf_rdata all[] = {rdata("a"), rdata("b")};
	struct hf_rrset *set = hf_rrset_make(arena, owner, 16, 1, 300, all, 2, 0), *copy = hf_rrset_copy(arena, set);

	(void)state;
	assert_ptr_not_equal(set, copy);
	assert_memory_equal(set, copy, set->size);
}

/* 250 RRs in reverse order are still told to be the same, and 8000 are handled in bounded work whatever the result. */
static void large_sets_are_compared_in_bounded_work(void **state)
{
	enum { MANY = 8000, FEW = 250 };
	static uint8_t bytes[MANY][4];
	static struct hf_rdata forward[MANY], backward[MANY];
	struct hf_rrset *a, *b;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		memcpy(bytes[i], &i, 4);
		forward[i] = (struct hf_rdata){.bytes = bytes[i], .length = 4};
		backward[MANY - 1 - i] = forward[i];
	}
	a = hf_rrset_make(arena, owner, 1, 1, 300, forward, FEW, 0);
	b = hf_rrset_make(arena, owner, 1, 1, 300, backward + MANY - FEW, FEW, 0);
	assert_int_equal(a->count, FEW);
	assert_true(hf_rrset_same_data(a, b));
	a = hf_rrset_make(arena, owner, 1, 1, 300, forward, MANY, 0);
	b = hf_rrset_make(arena, owner, 1, 1, 300, backward, MANY, 0);
	assert_int_equal(a->count, MANY);
	assert_true(hf_rrset_same_data(a, a));
	assert_false(hf_rrset_same_data(a, b)); /* given up, as the header says */
}

/* RFC 4035 §5.3.4, by the labels field of the RRSIG (RFC 4034 §3.1.3). */
static void what_a_wildcard_made_shows_in_its_signatures(void **state)
{
	static const uint8_t host[] = "\1a\1w\7example";
	const struct hf_rdata rr = rdata("x");
	const struct hf_rdata same = {.bytes = (const uint8_t *)"\0\20\15\3\0\0", .length = 6};
	const struct hf_rdata fewer = {.bytes = (const uint8_t *)"\0\20\15\2\0\0", .length = 6};
	const struct hf_rdata cut = {.bytes = (const uint8_t *)"\0\20\15", .length = 3};
	const struct hf_rdata plain[] = {fewer}, one[] = {rr, same}, expanded[] = {rr, fewer}, second[] = {rr, same, fewer},
			      short_one[] = {rr, cut};

	(void)state;
	assert_false(hf_rrset_is_expanded(hf_rrset_make(arena, host, 16, 1, 300, plain, 1, 0))); /* no signature */
	assert_false(hf_rrset_is_expanded(hf_rrset_make(arena, host, 16, 1, 300, one, 1, 1)));
	assert_true(hf_rrset_is_expanded(hf_rrset_make(arena, host, 16, 1, 300, expanded, 1, 1)));
	assert_true(hf_rrset_is_expanded(hf_rrset_make(arena, host, 16, 1, 300, second, 1, 2)));
	assert_false(hf_rrset_is_expanded(hf_rrset_make(arena, host, 16, 1, 300, short_one, 1, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_visits_rrs_then_signatures_in_order),
		cmocka_unit_test(duplicates_are_dropped_and_the_size_is_exact),
		cmocka_unit_test(a_set_may_be_64_kib_and_no_more),
		cmocka_unit_test(same_data_does_not_depend_on_order_case_of_owner_ttl_or_signatures),
		cmocka_unit_test(names_in_rdata_are_the_same_in_any_case_and_other_octets_are_not),
		cmocka_unit_test(a_copy_is_the_block),
		cmocka_unit_test(large_sets_are_compared_in_bounded_work),
		cmocka_unit_test(what_a_wildcard_made_shows_in_its_signatures),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
