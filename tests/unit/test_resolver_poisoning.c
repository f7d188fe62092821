// SPDX-License-Identifier: BSD-3-Clause
/* What hostile zones try against the resolver's cache: to outlive their delegation, to speak for zones that are configured to
 * be asked elsewhere, and to have old data outlive a flush. */
#include "resolver_world.h"

#define PARENT "192.0.2.10:53"
#define GHOST "192.0.2.66:53"

/* org. delegates ghost.org. for ten minutes. */
static void delegate(struct world *w)
{
	world_ask(w, 1, "www.ghost.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns org. 86400 NS a.nic.org.", "ar a.nic.org. 86400 A 192.0.2.10", NULL);
	expect_sent(w, PARENT, "www.ghost.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns ghost.org. 600 NS ns.ghost.org.", "ar ns.ghost.org. 600 A 192.0.2.66", NULL);
	expect_sent(w, GHOST, "www.ghost.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.ghost.org. 86400 A 203.0.113.66", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	world_ask(w, 2, "ns.ghost.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an ns.ghost.org. 86400 A 192.0.2.66", NULL);
}

TEST_IN_WORLD(a_zone_does_not_prolong_its_own_delegation, NULL)
{
	delegate(w);
	pass_ms(w, 590000);
	world_ask(w, 3, "ghost.org.", HF_TYPE_NS);
	expect_sent(w, GHOST, "ghost.org.", HF_TYPE_NS);
	reply(w, HF_FLAG_AA, 0, "an ghost.org. 86400 NS ns.ghost.org.", NULL);
	pass_ms(w, 11000);
	world_ask(w, 4, "x.ghost.org.", HF_TYPE_A);
	expect_sent(w, PARENT, "x.ghost.org.", HF_TYPE_A);
}

/* CVE-2022-30699: the reply is held back until the delegation has just ended. */
TEST_IN_WORLD(a_late_reply_does_not_prolong_the_delegation, NULL)
{
	delegate(w);
	w->now.mono_ns += 599900 * MS;
	world_ask(w, 3, "ghost.org.", HF_TYPE_NS);
	expect_sent(w, GHOST, "ghost.org.", HF_TYPE_NS);
	w->now.mono_ns += 200 * MS;
	reply(w, HF_FLAG_AA, 0, "an ghost.org. 86400 NS ns.ghost.org.", NULL);
	expect_answer(w, 3, HF_RCODE_NOERROR, 1);
	world_ask(w, 4, "x.ghost.org.", HF_TYPE_A);
	expect_sent(w, PARENT, "x.ghost.org.", HF_TYPE_A);
}

/* CVE-2022-30698: a cut further down is not bound to what its parent says of it, but to the cut above. */
TEST_IN_WORLD(a_cut_ends_with_the_one_above_it, NULL)
{
	delegate(w);
	w->now.mono_ns += 590000 * MS;
	world_ask(w, 3, "www.sub.ghost.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns sub.ghost.org. 86400 NS ns.sub.ghost.org.", "ar ns.sub.ghost.org. 86400 A 192.0.2.67", NULL);
	expect_sent(w, "192.0.2.67:53", "www.sub.ghost.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.sub.ghost.org. 60 A 203.0.113.67", NULL);
	world_ask(w, 4, "sub.ghost.org.", HF_TYPE_NS);
	reply(w, HF_FLAG_AA, 0, "an sub.ghost.org. 86400 NS ns.sub.ghost.org.", NULL);
	world_ask(w, 5, "x.sub.ghost.org.", HF_TYPE_A);
	expect_sent(w, "192.0.2.67:53", "x.sub.ghost.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an x.sub.ghost.org. 60 A 203.0.113.67", NULL);
	w->now.mono_ns += 11000 * MS;
	world_ask(w, 6, "y.sub.ghost.org.", HF_TYPE_A);
	expect_sent(w, PARENT, "y.sub.ghost.org.", HF_TYPE_A);
}

/* Zones of the top are not ghosts: what they delegate does not end all at once with them. */
TEST_IN_WORLD(a_cut_outlives_that_of_its_top_level_domain, NULL)
{
	world_ask(w, 1, "www.example.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns org. 60 NS a.nic.org.", "ar a.nic.org. 60 A 192.0.2.10", NULL);
	reply(w, 0, 0, "ns example.org. 600 NS ns.example.org.", "ar ns.example.org. 600 A 192.0.2.20", NULL);
	reply(w, HF_FLAG_AA, 0, "an www.example.org. 60 A 203.0.113.1", NULL);
	w->now.mono_ns += 61000 * MS;
	world_ask(w, 2, "x.example.org.", HF_TYPE_A);
	expect_sent(w, "192.0.2.20:53", "x.example.org.", HF_TYPE_A);
}

/* CVE-2026-50251 is of this kind: glue that is no server's address is left out, and nothing else comes of it. */
TEST_IN_WORLD(addresses_that_are_no_servers_are_not_asked, NULL)
{
	static const char *const glue[] = {"ar ns.x.example. 60 A 0.0.0.0", "ar ns.x.example. 60 A 0.1.2.3",
					   "ar ns.x.example. 60 A 127.0.0.1", "ar ns.x.example. 60 A 224.0.0.1",
					   "ar ns.x.example. 60 A 255.255.255.255"};

	world_ask(w, 1, "www.example.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.example. 3600 A 203.0.113.1", NULL);
	for (unsigned i = 0; i < sizeof(glue) / sizeof(glue[0]); i++) {
		char name[40];

		snprintf(name, sizeof(name), "n%u.x.example.", i);
		world_ask(w, 10 + i, name, HF_TYPE_A);
		expect_sent(w, ROOT, name, HF_TYPE_A);
		reply(w, 0, 0, "ns x.example. 60 NS ns.x.example.", glue[i], NULL);
		while (open_sends(w)) {
			/* What the zone's parent is asked for, to find another address, is denied. */
			const struct hf_address root = address_of(ROOT);

			assert_true(hf_address_equal(&last_sent(w)->server, &root));
			reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns . 60 SOA 60", NULL);
		}
		assert_int_equal(w->answers[w->answer_count - 1].client, 10 + i);
		hf_cache_flush(w->cache, wire_name(w, "x.example."), true);
	}
	world_ask(w, 2, "www.example.", HF_TYPE_A);
	assert_true(expect_answer(w, 2, HF_RCODE_NOERROR, 1)->from_cache);
}

/* ---- routes ---- */

static void with_route(struct hf_resolver_config *config)
{
	static struct hf_address stub = {.family = 4, .port = 53, .bytes = {192, 0, 2, 60}};
	static struct hf_route route = {.zone = "\3lab\4corp", .servers = &stub, .server_count = 1};

	config->routes = &route;
	config->route_count = 1;
}

TEST_IN_WORLD(nxdomain_above_a_route_does_not_hide_it, with_route)
{
	world_ask(w, 1, "corp.", HF_TYPE_A);
	expect_sent(w, ROOT, "corp.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns . 3600 SOA 3600", NULL);
	expect_answer(w, 1, HF_RCODE_NXDOMAIN, 0);
	world_ask(w, 2, "www.lab.corp.", HF_TYPE_A);
	expect_sent(w, "192.0.2.60:53", "www.lab.corp.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns lab.corp. 3600 SOA 3600", NULL);
	expect_answer(w, 2, HF_RCODE_NXDOMAIN, 0);
	world_ask(w, 3, "a.www.lab.corp.", HF_TYPE_A); /* but inside it holds */
	assert_true(expect_answer(w, 3, HF_RCODE_NXDOMAIN, 0)->from_cache);
}

TEST_IN_WORLD(dname_above_a_route_does_not_hide_it, with_route)
{
	world_ask(w, 1, "x.corp.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an corp. 3600 DNAME example.", "an x.example. 3600 A 203.0.113.66", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 3);
	world_ask(w, 2, "www.lab.corp.", HF_TYPE_A);
	expect_sent(w, "192.0.2.60:53", "www.lab.corp.", HF_TYPE_A);
}

TEST_IN_WORLD(the_zone_above_does_not_speak_for_a_route, with_route)
{
	world_ask(w, 1, "x.corp.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an x.corp. 3600 CNAME www.lab.corp.", "an www.lab.corp. 3600 A 203.0.113.66", NULL);
	expect_sent(w, "192.0.2.60:53", "www.lab.corp.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.lab.corp. 3600 A 10.0.0.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 2);
}

/* ---- time and flushes ---- */

TEST_IN_WORLD(a_link_ages_while_the_next_is_fetched, NULL)
{
	world_ask(w, 1, "www.example.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.example. 10 CNAME b.other.", NULL);
	w->now.mono_ns += 300 * MS;
	reply(w, 0, 0, "ns other. 600 NS ns.other.", "ar ns.other. 600 A 192.0.2.20", NULL);
	time_out(w);
	time_out(w);
	w->now.mono_ns += 700 * MS;
	assert_true(w->now.mono_ns >= 1002 * HF_NS_PER_SECOND);
	reply(w, HF_FLAG_AA, 0, "an b.other. 600 A 203.0.113.1", NULL);
	assert_true(ttl_of(expect_answer(w, 1, HF_RCODE_NOERROR, 2), 0) <= 8);
}

TEST_IN_WORLD(what_was_flushed_is_not_composed_into_a_cached_answer, NULL)
{
	uint8_t name[HF_NAME_MAX + 8] = {0};
	uint64_t key[2];
	size_t length;

	world_ask(w, 1, "www.example.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.example. 3600 CNAME b.other.", NULL);
	expect_sent(w, ROOT, "b.other.", HF_TYPE_A);
	hf_cache_flush(w->cache, wire_name(w, "www.example."), false);
	reply(w, HF_FLAG_AA, 0, "an b.other. 3600 A 203.0.113.1", NULL);
	assert_false(expect_answer(w, 1, HF_RCODE_NOERROR, 2)->cacheable);
	length = hf_name_copy(wire_name(w, "www.example."), name);
	hf_question_key((const __u64 *)hf_cache_secret(w->cache), name, (__u32)length, HF_TYPE_A, HF_CLASS_IN, 0,
			(__u64 *)key);
	assert_null(hf_cache_answer(w->cache, key, name, (unsigned)length, w->now));
	world_ask(w, 2, "www.example.", HF_TYPE_A);
	expect_sent(w, ROOT, "www.example.", HF_TYPE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_does_not_prolong_its_own_delegation),
		cmocka_unit_test(a_late_reply_does_not_prolong_the_delegation),
		cmocka_unit_test(a_cut_ends_with_the_one_above_it),
		cmocka_unit_test(a_cut_outlives_that_of_its_top_level_domain),
		cmocka_unit_test(addresses_that_are_no_servers_are_not_asked),
		cmocka_unit_test(nxdomain_above_a_route_does_not_hide_it),
		cmocka_unit_test(dname_above_a_route_does_not_hide_it),
		cmocka_unit_test(the_zone_above_does_not_speak_for_a_route),
		cmocka_unit_test(a_link_ages_while_the_next_is_fetched),
		cmocka_unit_test(what_was_flushed_is_not_composed_into_a_cached_answer),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
