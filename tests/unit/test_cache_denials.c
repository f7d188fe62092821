// SPDX-License-Identifier: BSD-3-Clause
/* cache/denials.c against the truth: of random zones any part of the chain is at hand, and what exists must never be denied. And its
 * bounds: memory, time, hashing; what is flushed; what is never taken. */
#include "random_zone.h"
#include <stdio.h>
#include "cache/denials.h"

enum { ZONES = 300, QUESTIONS = 60, STORE = 1 << 20 };

static const uint64_t secret[2] = {1, 2};
static struct zone zone;
static struct hf_denials *denials;
static struct hf_denials_found found;
static struct hf_work work;

static struct hf_now at(unsigned seconds)
{
	return (struct hf_now){.mono_ns = (1000ULL + seconds) * HF_NS_PER_SECOND, .wall_s = 1700000000 + seconds};
}

static int set_up(void **state)
{
	(void)state;
	zone = (struct zone){.arena = hf_arena_new(64 << 20)};
	denials = hf_denials_new(STORE, secret);
	seed = 1;
	return !zone.arena || !denials;
}

static int tear_down(void **state)
{
	(void)state;
	hf_denials_free(denials);
	hf_arena_free(zone.arena);
	return 0;
}

static bool find(const uint8_t *name, uint16_t type, unsigned seconds)
{
	work = (struct hf_work){.limit_ns = UINT64_MAX / 2, .failed_max = 100};
	return hf_denials_find(denials, name, type, &hf_dnssec_policy_default, &hf_costs_default, &work, at(seconds), zone.arena,
			       &found);
}

static const uint8_t *name_of(const char *text)
{
	static uint8_t names[4][HF_NAME_MAX];
	static unsigned turn;
	uint8_t *name = names[turn++ % 4];

	assert_true(hf_name_from_text(text, name) != 0);
	return name;
}

/* An NSEC of types A and NSEC, as from the zone given. */
static void put_nsec(const char *zone_text, const char *owner_text, const char *next_text, uint32_t ttl)
{
	struct owner owner = {.types = {HF_TYPE_A, HF_TYPE_NSEC}, .type_count = 2};
	struct hf_rrset *copy;

	hf_name_copy(name_of(owner_text), owner.name);
	copy = hf_rrset_copy(zone.arena, make_nsec(&zone, &owner, name_of(next_text)));
	assert_non_null(copy);
	copy->ttl = ttl;
	hf_denials_put(denials, name_of(zone_text), copy, at(0));
}

/* ---- the truth ---- */

static unsigned kinds[3];

static void compare(const uint8_t *name, uint16_t type, bool whole)
{
	const struct truth truth = look_up(&zone, name);
	bool there = truth.owner && (has_type(truth.owner, type) || has_type(truth.owner, HF_TYPE_CNAME) || is_cut(truth.owner));

	if (!find(name, type, 1)) {
		/* All is at hand: what is not there has to be denied, and what a wildcard stands for has to be found. */
		assert_true(!whole || is_outside(&zone, name) || (there && !truth.expanded));
		return;
	}
	kinds[found.kind]++;
	assert_false(is_outside(&zone, name));
	assert_true(hf_name_equal(found.zone, zone.apex));
	assert_int_equal(found.ttl, 299);
	assert_true(found.proof_count > 0);
	switch (found.kind) {
	case HF_DENIALS_NXDOMAIN:
		assert_null(truth.owner);
		break;
	case HF_DENIALS_NODATA:
		assert_non_null(truth.owner);
		assert_false(there);
		break;
	case HF_DENIALS_WILDCARD:
		/* Where the wildcard's own record is missing, that it exists is not known: then it stands for nothing. */
		assert_true(truth.expanded ? hf_name_equal(found.wildcard, truth.owner->name) : !truth.owner);
		break;
	}
}

static void put_some(unsigned of_ten)
{
	hf_denials_flush(denials, hf_name_root);
	for (unsigned i = 0; i < zone.set_count; i++)
		if (any(10) < of_ten)
			hf_denials_put(denials, zone.apex, zone.sets[i], at(0));
}

static void try_zone(unsigned of_ten)
{
	uint8_t name[HF_NAME_MAX];

	put_some(of_ten);
	for (unsigned i = 0; i < zone.count; i++)
		for (unsigned type = 0; type < 4; type++)
			compare(zone.owners[i].name, some_types[type], of_ten == 10);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		any_name(&zone, name, false);
		compare(name, some_types[any(4)], of_ten == 10);
	}
}

static void try_zones(bool nsec3)
{
	memset(kinds, 0, sizeof(kinds));
	for (unsigned i = 0; i < ZONES; i++) {
		make_zone(&zone);
		if (nsec3)
			chain_by_nsec3(&zone, false, 1);
		else
			chain_by_nsec(&zone);
		try_zone(i % 3 ? 1 + any(9) : 10);
	}
	for (unsigned kind = 0; kind < 3; kind++)
		assert_true(kinds[kind] > 100);
}

static void nsec_denies_nothing_that_exists(void **state)
{
	(void)state;
	try_zones(false);
}

static void nsec3_denies_nothing_that_exists(void **state)
{
	(void)state;
	try_zones(true);
}

static void opt_out_is_not_kept(void **state)
{
	(void)state;
	make_zone(&zone);
	chain_by_nsec3(&zone, true, 0);
	put_some(10);
	assert_int_equal(hf_denials_bytes(denials), 0);
}

static void a_next_name_outside_the_zone_denies_nothing(void **state)
{
	(void)state;
	put_nsec("example.", "a.example.", "victim.test.", 300);
	assert_false(find(name_of("b.example."), HF_TYPE_A, 1));
	assert_false(find(name_of("a.victim.test."), HF_TYPE_A, 1));
	assert_false(find(name_of("test."), HF_TYPE_A, 1));
}

static void what_stands_at_cuts_or_belongs_to_proofs_is_not_denied(void **state)
{
	static const uint16_t types[] = {HF_TYPE_DS, HF_TYPE_NSEC, HF_TYPE_NSEC3, HF_TYPE_RRSIG, HF_TYPE_ANY};

	(void)state;
	put_nsec("example.", "example.", "example.", 300);
	assert_true(find(name_of("www.example."), HF_TYPE_A, 1));
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_false(find(name_of("www.example."), types[i], 1));
}

static void the_closest_zone_alone_is_looked_into(void **state)
{
	(void)state;
	put_nsec("example.", "example.", "example.", 300);
	put_nsec("sub.example.", "a.sub.example.", "c.sub.example.", 300);
	assert_false(find(name_of("x.sub.example."), HF_TYPE_A, 1));
	assert_true(find(name_of("x.example."), HF_TYPE_A, 1));
}

/* ---- bounds ---- */

static void proofs_live_as_long_as_their_ttl(void **state)
{
	(void)state;
	put_nsec("example.", "example.", "example.", 300);
	assert_true(find(name_of("www.example."), HF_TYPE_A, 100));
	assert_int_equal(found.kind, HF_DENIALS_NXDOMAIN);
	assert_int_equal(found.ttl, 200);
	assert_int_equal(found.proofs[0]->ttl, 200);
	assert_true(find(name_of("www.example."), HF_TYPE_A, 299));
	assert_false(find(name_of("www.example."), HF_TYPE_A, 300));
	put_nsec("test.", "test.", "test.", 0);
	assert_false(find(name_of("www.test."), HF_TYPE_A, 0));
}

static void the_least_ttl_counts(void **state)
{
	(void)state;
	put_nsec("example.", "example.", "m.example.", 50);
	put_nsec("example.", "m.example.", "example.", 300);
	assert_true(find(name_of("www.example."), HF_TYPE_A, 10));
	assert_int_equal(found.proof_count, 2);
	assert_int_equal(found.ttl, 40);
	/* Whether there is a wildcard is not known any more. */
	assert_true(find(name_of("www.example."), HF_TYPE_A, 60));
	assert_int_equal(found.kind, HF_DENIALS_WILDCARD);
	assert_int_equal(found.ttl, 240);
}

static void memory_is_bounded_and_the_newest_stays(void **state)
{
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "%u.example.", any(1000000));
		put_nsec(i % 2 ? "example." : text, text, text, 300);
		assert_true(hf_denials_bytes(denials) <= STORE);
		if (i % 1000 == 0)
			assert_true(find(name_of(text), HF_TYPE_TXT, 1));
		hf_arena_reset(zone.arena);
	}
	assert_true(hf_denials_bytes(denials) > STORE / 2);
	hf_denials_flush(denials, hf_name_root);
	assert_int_equal(hf_denials_bytes(denials), 0);
}

/* A zone that shrinks keeps its array: that is counted too. */
static void arrays_are_counted(void **state)
{
	size_t before = 0, last = 0, added = 0;

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		char text[32];

		snprintf(text, sizeof(text), "%u.example.", i);
		before = hf_denials_bytes(denials);
		put_nsec("example.", text, "a.example.", 300);
		last = added;
		added = hf_denials_bytes(denials) - before;
	}
	assert_int_equal(added, last + 8 * sizeof(void *));
}

static void the_same_record_again_takes_no_more(void **state)
{
	size_t bytes;

	(void)state;
	put_nsec("example.", "example.", "m.example.", 300);
	bytes = hf_denials_bytes(denials);
	put_nsec("EXAMPLE.", "Example.", "example.", 200);
	assert_true(hf_denials_bytes(denials) <= bytes);
	assert_true(find(name_of("www.example."), HF_TYPE_A, 0));
	assert_int_equal(found.ttl, 200);
}

static void hashing_is_bounded(void **state)
{
	static const uint8_t deep[] = "\1a\1a\1a\1a\1a\1a\1a\1a\1a";
	uint8_t name[HF_NAME_MAX];

	(void)state;
	make_zone(&zone);
	chain_by_nsec3(&zone, false, 11);
	put_some(10);
	assert_int_equal(hf_denials_bytes(denials), 0);

	zone.count = zone.set_count = 0;
	add_type(add_owner(&zone, zone.apex), HF_TYPE_SOA);
	chain_by_nsec3(&zone, false, 1);
	put_some(10);
	hf_name_join(deep, 2, zone.apex, name);
	assert_true(find(name, HF_TYPE_A, 1));
	assert_true(work.spent_ns > 0);
	work = (struct hf_work){.limit_ns = 1, .failed_max = 1};
	assert_false(hf_denials_find(denials, name, HF_TYPE_A, &hf_dnssec_policy_default, &hf_costs_default, &work, at(1), zone.arena,
				     &found));
	assert_false(work.exhausted); /* what the question does next is not to fail for it */
	hf_name_join(deep, 16, zone.apex, name);
	assert_true(find(name, HF_TYPE_A, 1));
	hf_name_join(deep, 18, zone.apex, name);
	assert_false(find(name, HF_TYPE_A, 1));
	assert_int_equal(work.spent_ns, 0);
}

/* ---- changes ---- */

static void a_zone_signed_in_another_way_is_begun_anew(void **state)
{
	uint8_t name[HF_NAME_MAX];

	(void)state;
	make_zone(&zone);
	zone.count = 0;
	add_type(add_owner(&zone, zone.apex), HF_TYPE_SOA);
	hf_name_join((const uint8_t *)"\3www", 4, zone.apex, name);
	chain_by_nsec3(&zone, false, 1);
	hf_denials_put(denials, zone.apex, zone.sets[0], at(0));
	assert_true(find(name, HF_TYPE_A, 1));
	add_type(add_owner(&zone, name), HF_TYPE_A);
	zone.set_count = 0;
	chain_by_nsec3(&zone, false, 2);
	hf_denials_put(denials, zone.apex, zone.sets[0], at(1));
	assert_false(find(name, HF_TYPE_A, 1));
	zone.set_count = 0;
	chain_by_nsec(&zone);
	put_some(10);
	assert_true(find(name, HF_TYPE_TXT, 1));
	assert_int_equal(found.proofs[0]->type, HF_TYPE_NSEC);
}

static void a_flush_takes_zones_below_and_above(void **state)
{
	static const char *const zones[] = {"example.", "sub.example.", "deep.sub.example.", "other.example.", "test."};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		put_nsec(zones[i], zones[i], zones[i], 300);
	hf_denials_flush(denials, name_of("SUB.example."));
	assert_false(find(name_of("x.example."), HF_TYPE_A, 1));
	assert_false(find(name_of("x.sub.example."), HF_TYPE_A, 1));
	assert_false(find(name_of("x.deep.sub.example."), HF_TYPE_A, 1));
	assert_true(find(name_of("x.other.example."), HF_TYPE_A, 1));
	assert_true(find(name_of("x.test."), HF_TYPE_A, 1));
	hf_denials_flush(denials, hf_name_root);
	assert_int_equal(hf_denials_bytes(denials), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nsec_denies_nothing_that_exists),
		TEST(nsec3_denies_nothing_that_exists),
		TEST(opt_out_is_not_kept),
		TEST(a_next_name_outside_the_zone_denies_nothing),
		TEST(what_stands_at_cuts_or_belongs_to_proofs_is_not_denied),
		TEST(the_closest_zone_alone_is_looked_into),
		TEST(proofs_live_as_long_as_their_ttl),
		TEST(the_least_ttl_counts),
		TEST(memory_is_bounded_and_the_newest_stays),
		TEST(arrays_are_counted),
		TEST(the_same_record_again_takes_no_more),
		TEST(hashing_is_bounded),
		TEST(a_zone_signed_in_another_way_is_begun_anew),
		TEST(a_flush_takes_zones_below_and_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
