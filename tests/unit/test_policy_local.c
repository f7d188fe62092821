// SPDX-License-Identifier: BSD-3-Clause
/* policy/local.c and local_find.c: what each type of zone says of each kind of name. */
#include "local_fixture.h"

enum { A = HF_TYPE_A, MX = HF_TYPE_MX };

/* Each zone has a.ZONE with an A record, deep.down.ZONE, and the zone's own name with one. */
static void every_type_has_its_rule(void **state)
{
	static const struct {
		enum hf_local_type type;
		enum hf_local_verdict with_data, other_type, without_data, between, apex;
	} rows[] = {
		{HF_LOCAL_TRANSPARENT, HF_LOCAL_ANSWER, HF_LOCAL_EMPTY, HF_LOCAL_UNKNOWN, HF_LOCAL_UNKNOWN, HF_LOCAL_ANSWER},
		{HF_LOCAL_NONE, HF_LOCAL_ANSWER, HF_LOCAL_EMPTY, HF_LOCAL_UNKNOWN, HF_LOCAL_UNKNOWN, HF_LOCAL_ANSWER},
		{HF_LOCAL_TYPE_TRANSPARENT, HF_LOCAL_ANSWER, HF_LOCAL_UNKNOWN, HF_LOCAL_UNKNOWN, HF_LOCAL_UNKNOWN,
		 HF_LOCAL_ANSWER},
		{HF_LOCAL_STATIC, HF_LOCAL_ANSWER, HF_LOCAL_EMPTY, HF_LOCAL_ABSENT, HF_LOCAL_EMPTY, HF_LOCAL_ANSWER},
		{HF_LOCAL_REDIRECT, HF_LOCAL_ANSWER, HF_LOCAL_EMPTY, HF_LOCAL_ANSWER, HF_LOCAL_ANSWER, HF_LOCAL_ANSWER},
		{HF_LOCAL_REFUSE, HF_LOCAL_ANSWER, HF_LOCAL_REFUSED, HF_LOCAL_REFUSED, HF_LOCAL_REFUSED, HF_LOCAL_ANSWER},
		{HF_LOCAL_DROP, HF_LOCAL_ANSWER, HF_LOCAL_DROPPED, HF_LOCAL_DROPPED, HF_LOCAL_DROPPED, HF_LOCAL_ANSWER},
		{HF_LOCAL_NXDOMAIN, HF_LOCAL_ABSENT, HF_LOCAL_ABSENT, HF_LOCAL_ABSENT, HF_LOCAL_ABSENT, HF_LOCAL_ABSENT},
		{HF_LOCAL_NODATA, HF_LOCAL_EMPTY, HF_LOCAL_EMPTY, HF_LOCAL_EMPTY, HF_LOCAL_EMPTY, HF_LOCAL_EMPTY},
	};
	struct table *table = *state;
	char text[80];

	assert_int_equal(sizeof(rows) / sizeof(rows[0]), HF_LOCAL_TYPE_COUNT);
	for (unsigned i = 0; i < HF_LOCAL_TYPE_COUNT; i++) {
		snprintf(text, sizeof(text), "z%u.example.", i);
		add_zone(table, text, rows[i].type);
		add(table, text, A, "192.0.2.1");
		snprintf(text, sizeof(text), "a.z%u.example.", i);
		add(table, text, A, "192.0.2.2");
		snprintf(text, sizeof(text), "deep.down.z%u.example.", i);
		add(table, text, A, "192.0.2.3");
	}
	finish(table);
	for (unsigned i = 0; i < HF_LOCAL_TYPE_COUNT; i++) {
		snprintf(text, sizeof(text), "A.Z%u.EXAMPLE.", i);
		expect(table, text, A, rows[i].with_data);
		expect(table, text, MX, rows[i].other_type);
		snprintf(text, sizeof(text), "b.z%u.example.", i);
		expect(table, text, A, rows[i].without_data);
		snprintf(text, sizeof(text), "down.z%u.example.", i);
		expect(table, text, A, rows[i].between);
		snprintf(text, sizeof(text), "z%u.example.", i);
		expect(table, text, A, rows[i].apex);
		snprintf(text, sizeof(text), "xz%u.example.", i);
		expect(table, text, A, HF_LOCAL_UNKNOWN);
	}
	expect(table, "example.", A, HF_LOCAL_UNKNOWN);
	expect(table, ".", A, HF_LOCAL_UNKNOWN);
}

static void the_closest_zone_rules(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	add_zone(table, ".", HF_LOCAL_REFUSE);
	add_zone(table, "example.", HF_LOCAL_TRANSPARENT);
	add_zone(table, "bad.example.", HF_LOCAL_NXDOMAIN);
	add_zone(table, "good.bad.example.", HF_LOCAL_TRANSPARENT);
	finish(table);
	expect(table, ".", HF_TYPE_NS, HF_LOCAL_REFUSED);
	expect(table, "org.", A, HF_LOCAL_REFUSED);
	expect(table, "www.example.", A, HF_LOCAL_UNKNOWN);
	found = expect(table, "x.y.z.bad.example.", A, HF_LOCAL_ABSENT);
	assert_int_equal(found.type, HF_LOCAL_NXDOMAIN);
	assert_true(hf_name_equal(found.zone, wire(table, "bad.example.")));
	expect(table, "a.good.bad.example.", A, HF_LOCAL_UNKNOWN);
}

static void data_outside_of_zones_leave_the_names_around_them_alone(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	add(table, "printer.corp.example.", A, "192.0.2.7");
	finish(table);
	found = expect(table, "printer.corp.example.", A, HF_LOCAL_ANSWER);
	assert_int_equal(found.count, 1);
	assert_false(found.other_owner);
	assert_true(found.authoritative);
	assert_null(found.zone);
	found = expect(table, "printer.corp.example.", HF_TYPE_AAAA, HF_LOCAL_EMPTY);
	assert_non_null(found.soa);
	assert_int_equal(found.soa->ttl, 300);
	expect(table, "corp.example.", A, HF_LOCAL_UNKNOWN);
	expect(table, "www.printer.corp.example.", A, HF_LOCAL_UNKNOWN);
}

static void sets_of_one_name_are_grouped_and_repetitions_dropped(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;
	struct hf_rdata first;

	add(table, "a.example.", A, "192.0.2.1");
	add(table, "a.example.", HF_TYPE_NS, "ns.example.");
	add(table, "A.example.", A, "192.0.2.2");
	add(table, "a.example.", A, "192.0.2.1");
	finish(table);
	found = expect(table, "a.example.", A, HF_LOCAL_ANSWER);
	assert_int_equal(found.sets[0]->count, 2);
	first = hf_rrset_first(found.sets[0]);
	assert_int_equal(first.bytes[3], 1); /* in the order given */
	found = expect(table, "a.example.", HF_TYPE_ANY, HF_LOCAL_ANSWER);
	assert_int_equal(found.count, 2);
}

static void a_cname_answers_for_every_type(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	add_zone(table, "example.", HF_LOCAL_STATIC);
	add(table, "www.example.", HF_TYPE_CNAME, "host.example.");
	finish(table);
	found = expect(table, "www.example.", A, HF_LOCAL_ALIAS);
	assert_int_equal(found.sets[0]->type, HF_TYPE_CNAME);
	expect(table, "www.example.", HF_TYPE_CNAME, HF_LOCAL_ANSWER);
	found = expect(table, "www.example.", HF_TYPE_ANY, HF_LOCAL_ANSWER);
	assert_int_equal(found.count, 1);
}

static void a_dname_is_above_all_that_is_below_it(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	add_zone(table, "example.", HF_LOCAL_STATIC);
	add(table, "old.example.", HF_TYPE_DNAME, "new.example.");
	add(table, "*.old.example.", A, "192.0.2.1");
	finish(table);
	found = expect(table, "a.b.old.example.", A, HF_LOCAL_ALIAS);
	assert_int_equal(found.sets[0]->type, HF_TYPE_DNAME);
	expect(table, "old.example.", HF_TYPE_DNAME, HF_LOCAL_ANSWER);
	expect(table, "old.example.", A, HF_LOCAL_EMPTY);
}

static void a_wildcard_stands_for_names_that_do_not_exist(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	add_zone(table, "example.", HF_LOCAL_STATIC);
	add(table, "*.w.example.", A, "192.0.2.1");
	add(table, "is.w.example.", HF_TYPE_NS, "ns.example.");
	add(table, "x.between.w.example.", A, "192.0.2.2");
	add(table, "*.outside.test.", A, "192.0.2.3");
	finish(table);
	found = expect(table, "a.b.w.example.", A, HF_LOCAL_ANSWER);
	assert_true(found.other_owner);
	expect(table, "a.b.w.example.", MX, HF_LOCAL_EMPTY);
	expect(table, "is.w.example.", A, HF_LOCAL_EMPTY);
	expect(table, "below.is.w.example.", A, HF_LOCAL_ABSENT); /* RFC 4592 §2.2.1: the closest encloser has no wildcard */
	expect(table, "between.w.example.", A, HF_LOCAL_EMPTY);
	expect(table, "w.example.", A, HF_LOCAL_EMPTY);
	expect(table, "*.w.example.", A, HF_LOCAL_ANSWER);
	expect(table, "a.outside.test.", A, HF_LOCAL_ANSWER);
	expect(table, "outside.test.", A, HF_LOCAL_UNKNOWN);
}

static void ds_is_the_parents(void **state)
{
	struct table *table = *state;

	add_zone(table, "alone.example.", HF_LOCAL_STATIC);
	add_zone(table, "static.", HF_LOCAL_STATIC);
	add_zone(table, "in.static.", HF_LOCAL_TRANSPARENT);
	add(table, "alone.example.", A, "192.0.2.1");
	finish(table);
	expect(table, "alone.example.", HF_TYPE_DS, HF_LOCAL_UNKNOWN);
	expect(table, "a.alone.example.", HF_TYPE_DS, HF_LOCAL_ABSENT);
	expect(table, "in.static.", HF_TYPE_DS, HF_LOCAL_EMPTY);
	expect(table, "in.static.", A, HF_LOCAL_UNKNOWN);
}

static void an_soa_among_the_data_is_shown_with_its_minimum(void **state)
{
	static const uint8_t soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c";
	const struct hf_rdata rdata = {.bytes = soa, .length = sizeof(soa) - 1};
	struct table *table = *state;
	struct hf_local_found found;

	add_zone(table, "given.example.", HF_LOCAL_STATIC);
	add_zone(table, "made.example.", HF_LOCAL_NXDOMAIN);
	assert_null(hf_local_add_data(table->local,
				      hf_rrset_make(table->arena, wire(table, "given.example."), HF_TYPE_SOA, HF_CLASS_IN,
						    3600, &rdata, 1, 0),
				      HF_LOCAL_CONFIGURED));
	finish(table);
	found = expect(table, "a.given.example.", A, HF_LOCAL_ABSENT);
	assert_int_equal(found.soa->ttl, 60);
	found = expect(table, "given.example.", HF_TYPE_SOA, HF_LOCAL_ANSWER);
	assert_int_equal(found.sets[0]->ttl, 3600);
	found = expect(table, "a.made.example.", A, HF_LOCAL_ABSENT);
	assert_int_equal(found.soa->ttl, 300);
	assert_true(hf_name_equal(hf_rrset_owner(found.soa), wire(table, "made.example.")));
}

static void what_cannot_be_is_refused(void **state)
{
	struct table *table = *state;
	const uint8_t *where;
	const struct hf_rdata rdata = {.bytes = (const uint8_t *)"\1x", .length = 2};

	add_zone(table, "example.", HF_LOCAL_STATIC);
	assert_non_null(hf_local_add_zone(table->local, wire(table, "EXAMPLE."), HF_LOCAL_STATIC, HF_LOCAL_CONFIGURED));
	assert_null(hf_local_add_zone(table->local, wire(table, "example."), HF_LOCAL_REDIRECT, HF_LOCAL_SPECIAL_USE));
	assert_non_null(hf_local_add_data(table->local,
					  hf_rrset_make(table->arena, wire(table, "a.example."), HF_TYPE_TXT, HF_CLASS_CH, 1,
							&rdata, 1, 0),
					  HF_LOCAL_CONFIGURED));
	assert_non_null(hf_local_add_data(table->local, set_of(table, "a.example.", HF_TYPE_NSEC, "b."),
					  HF_LOCAL_CONFIGURED));
	add(table, "c.example.", HF_TYPE_CNAME, "d.example.");
	add(table, "c.example.", A, "192.0.2.1");
	assert_string_equal(hf_local_finish(table->local, &where), "has a CNAME and other data");
	assert_true(hf_name_equal(where, wire(table, "c.example.")));
}

static void two_cnames_are_refused(void **state)
{
	struct table *table = *state;
	const uint8_t *where;

	add(table, "c.example.", HF_TYPE_CNAME, "d.example.");
	add(table, "c.example.", HF_TYPE_CNAME, "e.example.");
	assert_non_null(hf_local_finish(table->local, &where));
}

/* Thousands of names, so that the table grows; and the longest name there is. */
static void a_large_table_finds_all_its_names(void **state)
{
	struct table *table = *state;
	char text[64];

	for (unsigned i = 0; i < 5000; i++) {
		uint8_t name[HF_NAME_MAX];

		snprintf(text, sizeof(text), "n%u.d%u.example.", i, i % 7);
		hf_name_from_text(text, name);
		assert_null(hf_local_add_zone(table->local, name, HF_LOCAL_NXDOMAIN, HF_LOCAL_CONFIGURED));
	}
	finish(table);
	for (unsigned i = 0; i < 5000; i++) {
		struct hf_local_found found;
		uint8_t name[HF_NAME_MAX];

		snprintf(text, sizeof(text), "www.n%u.d%u.example.", i, i % 7);
		hf_name_from_text(text, name);
		assert_int_equal(hf_local_find(table->local, name, A, &found), HF_LOCAL_ABSENT);
		snprintf(text, sizeof(text), "n%u.d%u.example.", i, i % 7 + 1);
		hf_name_from_text(text, name);
		assert_int_equal(hf_local_find(table->local, name, A, &found), HF_LOCAL_UNKNOWN);
	}
	expect(table,
	       "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
	       "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
	       "a.a.a.n7.d0.example.",
	       A, HF_LOCAL_ABSENT);
}

static void the_same_content_has_the_same_number(void **state)
{
	struct table *table = *state, other = {hf_local_new(), table->arena}, third = {hf_local_new(), table->arena};

	for (int i = 0; i < 3; i++) {
		struct table *one = i == 0 ? table : i == 1 ? &other : &third;

		add_zone(one, "example.", HF_LOCAL_STATIC);
		add(one, "a.example.", A, i == 2 ? "192.0.2.9" : "192.0.2.1");
		finish(one);
	}
	assert_true(hf_local_content(table->local) == hf_local_content(other.local));
	assert_true(hf_local_content(table->local) != hf_local_content(third.local));
	assert_true(hf_local_content(table->local) != hf_local_content(NULL));
	hf_local_drop(other.local);
	hf_local_drop(third.local);
}

static void an_empty_or_missing_table_says_nothing(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	finish(table);
	expect(table, "a.example.", A, HF_LOCAL_UNKNOWN);
	assert_int_equal(hf_local_find(NULL, wire(table, "a.example."), A, &found), HF_LOCAL_UNKNOWN);
}

static void the_last_reference_frees(void **state)
{
	struct table *table = *state;

	assert_ptr_equal(hf_local_hold(table->local), table->local);
	hf_local_drop(table->local);
	finish(table);
	assert_null(hf_local_hold(NULL));
	hf_local_drop(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_type_has_its_rule),
		TEST(the_closest_zone_rules),
		TEST(data_outside_of_zones_leave_the_names_around_them_alone),
		TEST(sets_of_one_name_are_grouped_and_repetitions_dropped),
		TEST(a_cname_answers_for_every_type),
		TEST(a_dname_is_above_all_that_is_below_it),
		TEST(a_wildcard_stands_for_names_that_do_not_exist),
		TEST(ds_is_the_parents),
		TEST(an_soa_among_the_data_is_shown_with_its_minimum),
		TEST(what_cannot_be_is_refused),
		TEST(two_cnames_are_refused),
		TEST(a_large_table_finds_all_its_names),
		TEST(the_same_content_has_the_same_number),
		TEST(an_empty_or_missing_table_says_nothing),
		TEST(the_last_reference_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
