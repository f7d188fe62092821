// SPDX-License-Identifier: BSD-3-Clause
/* policy/special_use.c: one row a group of names, and who goes before it. */
#include "local_fixture.h"
#include "policy/special_use.h"

enum { A = HF_TYPE_A, AAAA = HF_TYPE_AAAA, PTR = HF_TYPE_PTR, SOA = HF_TYPE_SOA };

static void add_special_use(struct table *table, const char *routed)
{
	const uint8_t *names[1] = {routed ? wire(table, routed) : NULL};
	const char *fault = hf_special_use_add(table->local, names, routed != NULL);

	if (fault)
		fail_msg("%s", fault);
	finish(table);
}

static void every_group_has_its_answer(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		enum hf_local_verdict verdict;
	} rows[] = {
		{"localhost.", A, HF_LOCAL_ANSWER},
		{"localhost.", AAAA, HF_LOCAL_ANSWER},
		{"localhost.", HF_TYPE_MX, HF_LOCAL_EMPTY},
		{"a.b.localhost.", AAAA, HF_LOCAL_ANSWER},
		{"1.0.0.127.in-addr.arpa.", PTR, HF_LOCAL_ANSWER},
		{"2.0.0.127.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"0.127.in-addr.arpa.", PTR, HF_LOCAL_EMPTY},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", PTR, HF_LOCAL_ANSWER},
		{"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", PTR, HF_LOCAL_EMPTY},
		{"2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"www.invalid.", A, HF_LOCAL_ABSENT},
		{"www.test.", A, HF_LOCAL_ABSENT},
		{"test.", A, HF_LOCAL_EMPTY},
		{"printer.local.", A, HF_LOCAL_ABSENT},
		{"abc.onion.", A, HF_LOCAL_ABSENT},
		{"tv.home.arpa.", A, HF_LOCAL_ABSENT},
		{"ipv4only.arpa.", A, HF_LOCAL_ANSWER},
		{"ipv4only.arpa.", AAAA, HF_LOCAL_EMPTY},
		{"170.0.0.192.in-addr.arpa.", PTR, HF_LOCAL_ANSWER},
		{"171.0.0.192.in-addr.arpa.", PTR, HF_LOCAL_ANSWER},
		{"172.0.0.192.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"_dns.resolver.arpa.", HF_TYPE_SVCB, HF_LOCAL_ABSENT},
		{"resolver.arpa.", HF_TYPE_SVCB, HF_LOCAL_EMPTY},
		{"default.service.arpa.", A, HF_LOCAL_ABSENT},
		{"a.empty.as112.arpa.", A, HF_LOCAL_ABSENT},
		{"1.0.0.0.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.1.254.169.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.2.0.192.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.100.51.198.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.113.0.203.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"255.255.255.255.in-addr.arpa.", PTR, HF_LOCAL_EMPTY},
		{"1.0.0.10.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"10.in-addr.arpa.", SOA, HF_LOCAL_ANSWER},
		{"10.in-addr.arpa.", HF_TYPE_NS, HF_LOCAL_ANSWER},
		{"10.in-addr.arpa.", HF_TYPE_DS, HF_LOCAL_UNKNOWN},
		{"1.1.168.192.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.1.15.172.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"1.1.16.172.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.1.31.172.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.1.32.172.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"1.1.63.100.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"1.1.64.100.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.1.127.100.in-addr.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.1.128.100.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"1.d.f.ip6.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.c.f.ip6.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"1.8.e.f.ip6.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.9.e.f.ip6.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.a.e.f.ip6.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.b.e.f.ip6.arpa.", PTR, HF_LOCAL_ABSENT},
		{"1.c.e.f.ip6.arpa.", PTR, HF_LOCAL_UNKNOWN},
		{"1.8.b.d.0.1.0.0.2.ip6.arpa.", PTR, HF_LOCAL_ABSENT},
		/* no special names of resolvers */
		{"example.", A, HF_LOCAL_UNKNOWN},
		{"www.example.com.", A, HF_LOCAL_UNKNOWN},
		{"x.alt.", A, HF_LOCAL_UNKNOWN},
		{"arpa.", SOA, HF_LOCAL_UNKNOWN},
	};
	struct table *table = *state;

	add_special_use(table, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_local_found found = expect(table, rows[i].name, rows[i].type, rows[i].verdict);

		if (rows[i].verdict == HF_LOCAL_UNKNOWN)
			continue;
		assert_int_equal(found.origin, HF_LOCAL_SPECIAL_USE);
		assert_true(found.authoritative);
		if (rows[i].verdict == HF_LOCAL_ABSENT || rows[i].verdict == HF_LOCAL_EMPTY)
			assert_int_equal(found.soa->ttl, 10800);
	}
}

static void what_is_configured_goes_before(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	add_zone(table, "10.in-addr.arpa.", HF_LOCAL_NONE);
	add_zone(table, "localhost.", HF_LOCAL_STATIC);
	add_zone(table, "lab.test.", HF_LOCAL_NONE);
	add(table, "nas.home.arpa.", A, "192.0.2.9");
	add_special_use(table, NULL);
	expect(table, "1.0.0.10.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN);
	expect(table, "localhost.", A, HF_LOCAL_EMPTY);
	expect(table, "www.lab.test.", A, HF_LOCAL_UNKNOWN);
	expect(table, "www.test.", A, HF_LOCAL_ABSENT);
	found = expect(table, "nas.home.arpa.", A, HF_LOCAL_ANSWER);
	assert_int_equal(found.count, 1);
	expect(table, "tv.home.arpa.", A, HF_LOCAL_ABSENT);
}

static void a_route_to_the_name_or_above_it_goes_before(void **state)
{
	struct table *table = *state;

	add_special_use(table, "in-addr.arpa.");
	expect(table, "1.0.0.10.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN);
	expect(table, "1.0.0.127.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN);
	expect(table, "1.d.f.ip6.arpa.", PTR, HF_LOCAL_ABSENT);
}

static void a_route_inside_a_special_use_zone_leads_out_of_it(void **state)
{
	struct table *table = *state;

	add_special_use(table, "5.10.in-addr.arpa.");
	expect(table, "1.0.5.10.in-addr.arpa.", PTR, HF_LOCAL_UNKNOWN);
	expect(table, "5.10.in-addr.arpa.", SOA, HF_LOCAL_UNKNOWN);
	expect(table, "1.0.6.10.in-addr.arpa.", PTR, HF_LOCAL_ABSENT);
}

static void a_route_for_the_root_changes_nothing(void **state)
{
	struct table *table = *state;

	add_special_use(table, ".");
	expect(table, "1.0.0.10.in-addr.arpa.", PTR, HF_LOCAL_ABSENT);
	expect(table, "org.", A, HF_LOCAL_UNKNOWN);
}

static void a_route_does_not_lead_out_of_a_configured_zone(void **state)
{
	struct table *table = *state;

	add_zone(table, "corp.example.", HF_LOCAL_STATIC);
	add_special_use(table, "lab.corp.example.");
	expect(table, "www.lab.corp.example.", A, HF_LOCAL_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_group_has_its_answer),
		TEST(what_is_configured_goes_before),
		TEST(a_route_to_the_name_or_above_it_goes_before),
		TEST(a_route_inside_a_special_use_zone_leads_out_of_it),
		TEST(a_route_for_the_root_changes_nothing),
		TEST(a_route_does_not_lead_out_of_a_configured_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
