// SPDX-License-Identifier: BSD-3-Clause
/* cache/facts.c through cache.h: what is found, what replaces what, and for how long. */
#include "cache_fixture.h"

#define TEST_WITH_CACHE(name)                                    \
	static void name##_in(struct hf_cache *cache);           \
	static void name(void **state)                           \
	{                                                        \
		struct hf_cache *cache = test_cache();           \
                                                                 \
		(void)state;                                     \
		name##_in(cache);                                \
		hf_cache_free(cache);                            \
	}                                                        \
	static void name##_in(struct hf_cache *cache)

/* ---- finding ---- */

TEST_WITH_CACHE(finds_what_was_put_whatever_the_case)
{
	const struct hf_cache_entry *entry;

	assert_true(put(cache, "www.Example.COM.", HF_TYPE_A, 300, 7, HF_RANK_ANSWER_AUTH, at(0)));
	entry = get(cache, "WWW.example.com.", HF_TYPE_A, at(1));
	assert_non_null(entry);
	assert_int_equal(entry->fact, HF_FACT_RRSET);
	assert_int_equal(entry->rank, HF_RANK_ANSWER_AUTH);
	assert_int_equal(fill_of(entry), 7);
	assert_memory_equal(hf_rrset_owner(entry->rrset), wire("www.Example.COM."), 17); /* case as received */
	assert_null(get(cache, "www.example.com.", HF_TYPE_AAAA, at(1)));
	assert_null(get(cache, "example.com.", HF_TYPE_A, at(1)));
	assert_null(hf_cache_lookup(cache, wire("www.example.com."), HF_TYPE_A, HF_CLASS_CH, at(1)));
}

TEST_WITH_CACHE(keeps_a_copy_of_its_own)
{
	struct hf_rrset *rrset = rrset_filled(wire("a."), HF_TYPE_TXT, 60, 3, 100);

	assert_true(hf_cache_put(cache, rrset, HF_RANK_ANSWER_AUTH, at(0)));
	memset(rrset->data, 0xff, 50);
	free(rrset);
	assert_int_equal(fill_of(get(cache, "a.", HF_TYPE_TXT, at(0))), 3);
}

TEST_WITH_CACHE(refuses_meta_types)
{
	assert_false(put(cache, "a.", HF_TYPE_OPT, 60, 1, HF_RANK_ANSWER_AUTH, at(0)));
	assert_false(put(cache, "a.", HF_TYPE_ANY, 60, 1, HF_RANK_ANSWER_AUTH, at(0)));
	assert_false(put(cache, "a.", 0, 60, 1, HF_RANK_ANSWER_AUTH, at(0)));
	assert_false(put_negative(cache, HF_FACT_NODATA, "a.", HF_TYPE_ANY, 60, at(0)));
	assert_false(put_negative(cache, HF_FACT_RRSET, "a.", HF_TYPE_A, 60, at(0)));
}

/* ---- time ---- */

TEST_WITH_CACHE(counts_begun_seconds_and_ends_on_time)
{
	const struct hf_cache_entry *entry;

	put(cache, "a.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	entry = get(cache, "a.", HF_TYPE_A, at(0));
	assert_int_equal(hf_cache_entry_ttl(entry, at(0)), 300);
	assert_int_equal(hf_cache_entry_ttl(entry, at(0.5)), 300);
	assert_int_equal(hf_cache_entry_ttl(entry, at(1)), 299);
	assert_int_equal(hf_cache_entry_ttl(entry, at(299.9)), 1);
	assert_int_equal(hf_cache_entry_ttl(entry, at(300)), 0);
	assert_int_equal(hf_cache_entry_ttl(entry, at(5000)), 0);
	assert_non_null(get(cache, "a.", HF_TYPE_A, at(299.9)));
	assert_null(get(cache, "a.", HF_TYPE_A, at(300)));
}

TEST_WITH_CACHE(clamps_ttls_when_stored)
{
	hf_cache_set_ttls(cache, 10, 1000, 100);
	put(cache, "low.", HF_TYPE_A, 5, 1, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, "zero.", HF_TYPE_A, 0, 1, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, "high.", HF_TYPE_A, 2147483647, 1, HF_RANK_ANSWER_AUTH, at(0));
	put_negative(cache, HF_FACT_NODATA, "none.", HF_TYPE_A, 86400, at(0));
	put_negative(cache, HF_FACT_NXDOMAIN, "gone.", 0, 0, at(0));
	assert_int_equal(hf_cache_entry_ttl(get(cache, "low.", HF_TYPE_A, at(0)), at(0)), 10);
	assert_int_equal(hf_cache_entry_ttl(get(cache, "zero.", HF_TYPE_A, at(0)), at(0)), 10);
	assert_int_equal(hf_cache_entry_ttl(get(cache, "high.", HF_TYPE_A, at(0)), at(0)), 1000);
	assert_int_equal(hf_cache_entry_ttl(get(cache, "none.", HF_TYPE_A, at(0)), at(0)), 100);
	assert_int_equal(hf_cache_entry_ttl(get(cache, "gone.", HF_TYPE_A, at(0)), at(0)), 10);
	assert_int_equal(get(cache, "high.", HF_TYPE_A, at(0))->rrset->ttl, 1000);
	assert_int_equal(get(cache, "none.", HF_TYPE_A, at(0))->rrset->ttl, 100);
}

TEST_WITH_CACHE(ttl_0_lasts_for_the_resolution_in_progress)
{
	const struct hf_cache_entry *entry;

	assert_true(put(cache, "a.", HF_TYPE_A, 0, 1, HF_RANK_ANSWER_AUTH, at(0)));
	entry = get(cache, "a.", HF_TYPE_A, at(0.9));
	assert_non_null(entry);
	assert_int_equal(entry->rrset->ttl, 0);
	assert_int_equal(hf_cache_entry_ttl(entry, at(0.9)), 0);
	assert_null(get(cache, "a.", HF_TYPE_A, at(1)));
}

/* ---- ranks, RFC 2181 §5.4.1 ---- */

TEST_WITH_CACHE(a_lower_rank_never_replaces_a_fresh_higher_one)
{
	assert_true(put(cache, "a.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0)));
	for (enum hf_rank rank = HF_RANK_HINTS; rank < HF_RANK_ANSWER_AUTH; rank++) {
		assert_false(put(cache, "a.", HF_TYPE_A, 300, 2, rank, at(1)));
		assert_int_equal(fill_of(get(cache, "a.", HF_TYPE_A, at(1))), 1);
	}
}

TEST_WITH_CACHE(a_lower_rank_replaces_an_expired_higher_one)
{
	put(cache, "a.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_true(put(cache, "a.", HF_TYPE_A, 300, 2, HF_RANK_ADDITIONAL, at(300)));
	assert_int_equal(fill_of(get(cache, "a.", HF_TYPE_A, at(300))), 2);
}

TEST_WITH_CACHE(equal_and_higher_ranks_replace)
{
	struct hf_cache_stats stats;

	for (int rank = HF_RANK_HINTS; rank <= HF_RANK_ANSWER_AUTH; rank++) {
		assert_true(put(cache, "a.", HF_TYPE_A, 300, (uint8_t)(2 * rank), (enum hf_rank)rank, at(1)));
		assert_true(put(cache, "a.", HF_TYPE_A, 300, (uint8_t)(2 * rank + 1), (enum hf_rank)rank, at(2)));
		assert_int_equal(fill_of(get(cache, "a.", HF_TYPE_A, at(2))), 2 * rank + 1);
	}
	hf_cache_stats(cache, &stats);
	assert_int_equal(stats.facts, 1);
	assert_int_equal(stats.fact_rejections, 0);
}

TEST_WITH_CACHE(a_child_cannot_prolong_its_delegation)
{
	const struct hf_cache_entry *entry;

	put(cache, "zone.example.", HF_TYPE_NS, 100, 1, HF_RANK_REFERRAL, at(0));
	assert_true(put(cache, "zone.example.", HF_TYPE_NS, 86400, 2, HF_RANK_AUTHORITY, at(10)));
	entry = get(cache, "zone.example.", HF_TYPE_NS, at(10));
	assert_int_equal(fill_of(entry), 2);
	assert_int_equal(hf_cache_entry_ttl(entry, at(10)), 90);
	assert_true(put(cache, "zone.example.", HF_TYPE_NS, 86400, 3, HF_RANK_ANSWER_AUTH, at(99)));
	assert_null(get(cache, "zone.example.", HF_TYPE_NS, at(100)));
	/* The parent may; and what has ended bounds nothing. */
	put(cache, "zone.example.", HF_TYPE_NS, 100, 4, HF_RANK_REFERRAL, at(100));
	put(cache, "zone.example.", HF_TYPE_NS, 100, 5, HF_RANK_REFERRAL, at(150));
	assert_int_equal(fill_of(get(cache, "zone.example.", HF_TYPE_NS, at(249))), 5);
	/* The root has no parent: its hints bound nothing, nor does an older set of its own. */
	put(cache, ".", HF_TYPE_NS, 100, 1, HF_RANK_HINTS, at(0));
	put(cache, ".", HF_TYPE_NS, 1000, 2, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, ".", HF_TYPE_NS, 1000, 3, HF_RANK_ANSWER_AUTH, at(900));
	assert_non_null(get(cache, ".", HF_TYPE_NS, at(1500)));
}

/* ---- negative facts, RFC 2308 and 8020 ---- */

TEST_WITH_CACHE(nodata_is_for_one_type)
{
	const struct hf_cache_entry *entry;

	put(cache, "a.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_true(put_negative(cache, HF_FACT_NODATA, "a.example.", HF_TYPE_AAAA, 300, at(0)));
	entry = get(cache, "A.example.", HF_TYPE_AAAA, at(1));
	assert_non_null(entry);
	assert_int_equal(entry->fact, HF_FACT_NODATA);
	assert_int_equal(entry->rrset->type, HF_TYPE_SOA);
	assert_int_equal(fill_of(get(cache, "a.example.", HF_TYPE_A, at(1))), 1);
	assert_null(get(cache, "a.example.", HF_TYPE_TXT, at(1)));
	assert_null(hf_cache_lookup_nxdomain(cache, wire("a.example."), HF_CLASS_IN, at(1)));
	/* Newer data of that type replaces it, and the reverse. */
	assert_true(put(cache, "a.example.", HF_TYPE_AAAA, 300, 9, HF_RANK_ANSWER_AUTH, at(2)));
	assert_int_equal(fill_of(get(cache, "a.example.", HF_TYPE_AAAA, at(2))), 9);
	assert_true(put_negative(cache, HF_FACT_NODATA, "a.example.", HF_TYPE_AAAA, 300, at(3)));
	assert_int_equal(get(cache, "a.example.", HF_TYPE_AAAA, at(3))->fact, HF_FACT_NODATA);
}

TEST_WITH_CACHE(nxdomain_covers_the_name_and_all_below)
{
	const struct hf_cache_entry *entry;

	assert_true(put_negative(cache, HF_FACT_NXDOMAIN, "gone.example.", 0, 300, at(0)));
	assert_int_equal(get(cache, "gone.example.", HF_TYPE_A, at(1))->fact, HF_FACT_NXDOMAIN);
	assert_int_equal(get(cache, "gone.example.", HF_TYPE_TXT, at(1))->fact, HF_FACT_NXDOMAIN);
	assert_null(get(cache, "www.gone.example.", HF_TYPE_A, at(1))); /* exactly this name */
	entry = hf_cache_lookup_nxdomain(cache, wire("x.y.WWW.Gone.example."), HF_CLASS_IN, at(1));
	assert_non_null(entry);
	assert_int_equal(entry->fact, HF_FACT_NXDOMAIN);
	assert_non_null(hf_cache_lookup_nxdomain(cache, wire("gone.example."), HF_CLASS_IN, at(1)));
	assert_null(hf_cache_lookup_nxdomain(cache, wire("notgone.example."), HF_CLASS_IN, at(1)));
	assert_null(hf_cache_lookup_nxdomain(cache, wire("example."), HF_CLASS_IN, at(1)));
	assert_null(hf_cache_lookup_nxdomain(cache, wire("gone.example."), HF_CLASS_CH, at(1)));
	assert_null(hf_cache_lookup_nxdomain(cache, wire("www.gone.example."), HF_CLASS_IN, at(300)));
}

TEST_WITH_CACHE(data_ends_nxdomain_and_the_reverse)
{
	put_negative(cache, HF_FACT_NXDOMAIN, "a.example.", 0, 300, at(0));
	assert_true(put(cache, "a.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(1)));
	assert_null(hf_cache_lookup_nxdomain(cache, wire("a.example."), HF_CLASS_IN, at(1)));
	assert_null(get(cache, "a.example.", HF_TYPE_TXT, at(1)));
	assert_true(put_negative(cache, HF_FACT_NXDOMAIN, "a.example.", 0, 300, at(2)));
	assert_int_equal(get(cache, "a.example.", HF_TYPE_A, at(2))->fact, HF_FACT_NXDOMAIN);
}

TEST_WITH_CACHE(glue_does_not_revive_a_name_that_its_zone_denies)
{
	put_negative(cache, HF_FACT_NXDOMAIN, "ns.example.", 0, 300, at(0));
	assert_false(put(cache, "ns.example.", HF_TYPE_A, 300, 1, HF_RANK_ADDITIONAL, at(1)));
	assert_int_equal(get(cache, "ns.example.", HF_TYPE_A, at(1))->fact, HF_FACT_NXDOMAIN);
}

TEST_WITH_CACHE(proofs_are_kept_with_the_denial)
{
	struct hf_rrset *soa = rrset_filled(wire("example."), HF_TYPE_SOA, 900, 1, 22);
	struct hf_rrset *nsec1 = rrset_filled(wire("a.example."), HF_TYPE_NSEC, 900, 2, 33);
	struct hf_rrset *nsec2 = rrset_filled(wire("example."), HF_TYPE_NSEC, 100, 3, 7);
	const struct hf_rrset *const proofs[] = {nsec1, nsec2};
	const struct hf_cache_entry *entry;

	assert_true(hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, wire("b.example."), 0, HF_CLASS_IN, 300, soa, proofs,
					  2, HF_RANK_AUTHORITY, at(0)));
	soa->data[0] = nsec1->data[0] = nsec2->data[0] = 0xff;
	free(soa);
	free(nsec1);
	free(nsec2);
	entry = get(cache, "b.example.", HF_TYPE_A, at(1));
	assert_int_equal(entry->proof_count, 2);
	assert_int_equal(entry->rrset->type, HF_TYPE_SOA);
	assert_true(hf_name_equal(hf_rrset_owner(entry->proofs[0]), wire("a.example.")));
	assert_int_equal(entry->proofs[0]->ttl, 300);
	assert_int_equal(entry->proofs[1]->ttl, 100);
	assert_int_equal(entry->proofs[1]->data[entry->proofs[1]->owner_length + 2], 3);
}

TEST_WITH_CACHE(a_denial_without_soa_is_kept_too)
{
	assert_true(hf_cache_put_negative(cache, HF_FACT_NODATA, wire("a."), HF_TYPE_A, HF_CLASS_IN, 5, NULL, NULL, 0,
					  HF_RANK_ANSWER_AUTH, at(0)));
	assert_null(get(cache, "a.", HF_TYPE_A, at(0))->rrset);
	assert_int_equal(hf_cache_entry_ttl(get(cache, "a.", HF_TYPE_A, at(1)), at(1)), 4);
}

/* ---- CNAME, RFC 8767 §7 ---- */

TEST_WITH_CACHE(a_cname_displaces_other_data_and_the_reverse)
{
	put(cache, "a.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, "a.example.", HF_TYPE_TXT, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put_negative(cache, HF_FACT_NODATA, "a.example.", HF_TYPE_AAAA, 300, at(0));
	put(cache, "b.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_true(put(cache, "a.example.", HF_TYPE_CNAME, 300, 2, HF_RANK_ANSWER_AUTH, at(1)));
	assert_null(get(cache, "a.example.", HF_TYPE_A, at(1)));
	assert_null(get(cache, "a.example.", HF_TYPE_TXT, at(1)));
	assert_null(get(cache, "a.example.", HF_TYPE_AAAA, at(1)));
	assert_non_null(get(cache, "b.example.", HF_TYPE_A, at(1)));
	assert_int_equal(fill_of(get(cache, "a.example.", HF_TYPE_CNAME, at(1))), 2);
	assert_true(put(cache, "a.example.", HF_TYPE_A, 300, 3, HF_RANK_ANSWER_AUTH, at(2)));
	assert_null(get(cache, "a.example.", HF_TYPE_CNAME, at(2)));
	/* That a name has no CNAME contradicts nothing. */
	assert_true(put_negative(cache, HF_FACT_NODATA, "a.example.", HF_TYPE_CNAME, 300, at(3)));
	assert_int_equal(fill_of(get(cache, "a.example.", HF_TYPE_A, at(3))), 3);
}

TEST_WITH_CACHE(what_may_stand_beside_a_cname_stays)
{
	static const uint16_t types[] = {HF_TYPE_NSEC, HF_TYPE_RRSIG, HF_TYPE_DS, HF_TYPE_NS};

	for (unsigned i = 0; i < 4; i++)
		put(cache, "a.example.", types[i], 300, 1, HF_RANK_REFERRAL, at(0));
	assert_true(put(cache, "a.example.", HF_TYPE_CNAME, 300, 2, HF_RANK_ANSWER_AUTH, at(1)));
	for (unsigned i = 0; i < 4; i++) {
		assert_non_null(get(cache, "a.example.", types[i], at(1)));
		assert_true(put(cache, "a.example.", types[i], 300, 1, HF_RANK_REFERRAL, at(2)));
	}
	assert_non_null(get(cache, "a.example.", HF_TYPE_CNAME, at(2)));
}

TEST_WITH_CACHE(glue_does_not_displace_a_cname)
{
	put(cache, "ns.example.", HF_TYPE_CNAME, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_false(put(cache, "ns.example.", HF_TYPE_A, 300, 2, HF_RANK_ADDITIONAL, at(1)));
	assert_non_null(get(cache, "ns.example.", HF_TYPE_CNAME, at(1)));
}

/* ---- bounds ---- */

TEST_WITH_CACHE(one_name_with_all_types_costs_no_long_walk)
{
	struct hf_cache_stats stats;

	put(cache, "neighbour.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	for (unsigned type = 256; type < 20000; type++) {
		assert_true(put_negative(cache, HF_FACT_NODATA, "victim.example.", (uint16_t)type, 300, at(1)));
		drain(cache);
	}
	hf_cache_stats(cache, &stats);
	assert_in_range(stats.facts, 2, 65);
	assert_true(stats.fact_evictions > 19000);
	assert_non_null(get(cache, "victim.example.", 19999, at(1)));
}

TEST_WITH_CACHE(an_entry_too_large_is_refused_and_harms_nothing)
{
	struct hf_rrset *big = rrset_filled(wire("big."), HF_TYPE_TXT, 300, 1, 65000);
	const struct hf_rrset *const proofs[] = {big, big, big};

	put(cache, "a.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_true(hf_cache_put(cache, big, HF_RANK_ANSWER_AUTH, at(0)));
	assert_false(hf_cache_put_negative(cache, HF_FACT_NXDOMAIN, wire("x."), 0, HF_CLASS_IN, 300, NULL, proofs, 3,
					   HF_RANK_ANSWER_AUTH, at(0)));
	assert_non_null(get(cache, "a.", HF_TYPE_A, at(0)));
	assert_non_null(get(cache, "big.", HF_TYPE_TXT, at(0)));
	free(big);
}

static void bad_configurations_are_refused(void **state)
{
	struct hf_cache_config good = test_config(1 << 20), bad;

	(void)state;
	hf_cache_free(hf_cache_new(&good));
	bad = good, bad.bytes = (1 << 20) - 1;
	assert_null(hf_cache_new(&bad));
	bad = good, bad.answer_share = 9;
	assert_null(hf_cache_new(&bad));
	bad = good, bad.answer_share = 91;
	assert_null(hf_cache_new(&bad));
	bad = good, bad.min_ttl = 5, bad.max_ttl = 4;
	assert_null(hf_cache_new(&bad));
	hf_cache_free(NULL);
}

/* ---- flush and visit ---- */

TEST_WITH_CACHE(flushes_a_name_with_all_its_types)
{
	put(cache, "a.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, "a.example.", HF_TYPE_TXT, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, "x.a.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_int_equal(hf_cache_flush(cache, wire("A.Example."), false), 2);
	assert_null(get(cache, "a.example.", HF_TYPE_A, at(0)));
	assert_non_null(get(cache, "x.a.example.", HF_TYPE_A, at(0)));
	assert_int_equal(hf_cache_flush(cache, wire("a.example."), false), 0);
}

TEST_WITH_CACHE(flushes_a_subtree)
{
	put(cache, "example.", HF_TYPE_NS, 300, 1, HF_RANK_REFERRAL, at(0));
	put(cache, "a.b.EXAMPLE.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put_negative(cache, HF_FACT_NXDOMAIN, "gone.example.", 0, 300, at(0));
	put(cache, "notexample.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	assert_int_equal(hf_cache_flush(cache, wire("example."), true), 3);
	assert_non_null(get(cache, "notexample.", HF_TYPE_A, at(0)));
	assert_int_equal(hf_cache_flush(cache, wire("."), true), 1);
}

struct seen {
	unsigned count;
	uint32_t types;
};

static void see_fact(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry)
{
	struct seen *seen = state;

	assert_int_equal(class, HF_CLASS_IN);
	assert_non_null(entry);
	seen->count++;
	seen->types |= UINT32_C(1) << type;
}

TEST_WITH_CACHE(visits_every_fact_of_a_name)
{
	struct seen seen = {0};

	put(cache, "a.example.", HF_TYPE_A, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put(cache, "a.example.", HF_TYPE_MX, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	put_negative(cache, HF_FACT_NODATA, "a.example.", HF_TYPE_AAAA, 300, at(0));
	put(cache, "b.example.", HF_TYPE_TXT, 300, 1, HF_RANK_ANSWER_AUTH, at(0));
	hf_cache_visit(cache, wire("A.example."), see_fact, NULL, &seen);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.types, 1u << HF_TYPE_A | 1u << HF_TYPE_MX | 1u << HF_TYPE_AAAA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_put_whatever_the_case),
		cmocka_unit_test(keeps_a_copy_of_its_own),
		cmocka_unit_test(refuses_meta_types),
		cmocka_unit_test(counts_begun_seconds_and_ends_on_time),
		cmocka_unit_test(clamps_ttls_when_stored),
		cmocka_unit_test(ttl_0_lasts_for_the_resolution_in_progress),
		cmocka_unit_test(a_lower_rank_never_replaces_a_fresh_higher_one),
		cmocka_unit_test(a_lower_rank_replaces_an_expired_higher_one),
		cmocka_unit_test(equal_and_higher_ranks_replace),
		cmocka_unit_test(a_child_cannot_prolong_its_delegation),
		cmocka_unit_test(nodata_is_for_one_type),
		cmocka_unit_test(nxdomain_covers_the_name_and_all_below),
		cmocka_unit_test(data_ends_nxdomain_and_the_reverse),
		cmocka_unit_test(glue_does_not_revive_a_name_that_its_zone_denies),
		cmocka_unit_test(proofs_are_kept_with_the_denial),
		cmocka_unit_test(a_denial_without_soa_is_kept_too),
		cmocka_unit_test(a_cname_displaces_other_data_and_the_reverse),
		cmocka_unit_test(what_may_stand_beside_a_cname_stays),
		cmocka_unit_test(glue_does_not_displace_a_cname),
		cmocka_unit_test(one_name_with_all_types_costs_no_long_walk),
		cmocka_unit_test(an_entry_too_large_is_refused_and_harms_nothing),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(flushes_a_name_with_all_its_types),
		cmocka_unit_test(flushes_a_subtree),
		cmocka_unit_test(visits_every_fact_of_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
