// SPDX-License-Identifier: BSD-3-Clause
/* Limits by zone cut and by server, and silent zones: one's trouble is not everybody's. */
#include "resolver_world.h"

#define VICTIM "192.0.2.66:53"
#define OTHER "192.0.2.77:53"

/* victim.org. and other.org. have a server each. */
static void delegate(struct world *w)
{
	world_ask(w, 1, "www.victim.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns org. 86400 NS a.nic.org.", "ar a.nic.org. 86400 A 192.0.2.10", NULL);
	reply(w, 0, 0, "ns victim.org. 86400 NS ns.victim.org.", "ar ns.victim.org. 86400 A 192.0.2.66", NULL);
	reply(w, HF_FLAG_AA, 0, "an www.victim.org. 60 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	world_ask(w, 2, "www.other.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns other.org. 86400 NS ns.other.org.", "ar ns.other.org. 86400 A 192.0.2.77", NULL);
	reply(w, HF_FLAG_AA, 0, "an www.other.org. 60 A 203.0.113.2", NULL);
	expect_answer(w, 2, HF_RCODE_NOERROR, 1);
}

static void ask_random(struct world *w, unsigned client, const char *zone)
{
	char name[60];

	snprintf(name, sizeof(name), "r%u.%s", client, zone);
	world_ask(w, client, name, HF_TYPE_A);
}

struct seen {
	unsigned count;
	char event[40], fields[1024];
};

static void see(void *state, const char *event, const char *fields)
{
	struct seen *seen = state;

	seen->count++;
	snprintf(seen->event, sizeof(seen->event), "%s", event);
	snprintf(seen->fields, sizeof(seen->fields), "%s", fields);
}

/* ---- fetches at one cut ---- */

static void three_per_zone(struct hf_resolver_config *config)
{
	config->fetches_per_zone = 3;
}

TEST_IN_WORLD(a_zone_cut_holds_so_many_fetches_and_no_more, three_per_zone)
{
	struct seen seen = {0};
	struct world_answer *answer;

	hf_resolver_set_notice(w->resolver, see, &seen);
	delegate(w);
	for (unsigned client = 10; client < 13; client++)
		ask_random(w, client, "victim.org.");
	assert_int_equal(open_sends(w), 3);
	ask_random(w, 13, "victim.org.");
	assert_int_equal(open_sends(w), 3);
	answer = expect_answer(w, 13, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(answer->ede, 22);
	assert_non_null(strstr(answer->ede_text, "victim.org."));
	assert_int_equal(world_stats(w).zone_quota, 1);
	assert_string_equal(seen.event, "zone-limited");
	assert_non_null(strstr(seen.fields, "zone=\"victim.org.\""));

	ask_random(w, 14, "victim.org.");
	assert_int_equal(seen.count, 1); /* told once a minute */
	world_ask(w, 15, "new.other.org.", HF_TYPE_A);
	expect_sent(w, OTHER, "new.other.org.", HF_TYPE_A);
}

TEST_IN_WORLD(who_was_turned_away_may_come_again_at_once, three_per_zone)
{
	delegate(w);
	for (unsigned client = 10; client < 14; client++)
		ask_random(w, client, "victim.org.");
	expect_answer(w, 13, HF_RCODE_SERVFAIL, 0);
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns victim.org. 60 SOA 60", NULL);
	world_ask(w, 14, "r13.victim.org.", HF_TYPE_A); /* no cached failure */
	expect_sent(w, VICTIM, "r13.victim.org.", HF_TYPE_A);
}

TEST_IN_WORLD(a_fetch_counts_where_it_stands, three_per_zone)
{
	delegate(w);
	for (unsigned client = 10; client < 13; client++)
		ask_random(w, client, "victim.org.");
	/* They were referred further down: the zone is free again. */
	for (unsigned i = 0; i < 3; i++) {
		struct world_send *send = NULL;

		for (unsigned k = 0; k < w->send_count && !send; k++)
			if (w->sends[k].open && !strcmp("192.0.2.66:53", hf_address_to_text(&w->sends[k].server, (char[64]){0})))
				send = &w->sends[k];
		assert_non_null(send);
		{
			uint8_t qname[HF_NAME_MAX], bytes[600];
			size_t at = 12;
			char text[HF_NAME_TEXT_MAX], ns[300], glue[300];
			const char *lines[] = {ns, glue, NULL};

			hf_name_parse(send->message, send->length, &at, qname);
			hf_name_to_text(qname, text);
			snprintf(ns, sizeof(ns), "ns %.200s 600 NS ns.%.60s", text, text);
			snprintf(glue, sizeof(glue), "ar ns.%.200s 600 A 192.0.2.%u", text, 80 + i);
			reply_bytes(w, send, bytes, build_reply(w, send, 0, 0, lines, bytes, sizeof(bytes)));
		}
	}
	ask_random(w, 13, "victim.org.");
	expect_sent(w, VICTIM, "r13.victim.org.", HF_TYPE_A);
}

static void few_clients(struct hf_resolver_config *config)
{
	config->max_clients = 160;
}

/* Without a configured number, an eighth of what is free for clients (16 at least). */
TEST_IN_WORLD(one_zone_leaves_most_places_to_others, few_clients)
{
	unsigned refused = 0;

	delegate(w);
	for (unsigned client = 10; client < 60; client++) {
		unsigned before = w->answer_count;

		ask_random(w, client, "victim.org.");
		refused += w->answer_count > before;
	}
	assert_in_range(50 - refused, 16, 20);
}

static void unlimited(struct hf_resolver_config *config)
{
	config->max_clients = 160;
	config->fetches_per_zone = 0;
}

TEST_IN_WORLD(no_limit_is_none, unlimited)
{
	delegate(w);
	for (unsigned client = 10; client < 110; client++)
		ask_random(w, client, "victim.org.");
	assert_int_equal(open_sends(w), 100);
}

/* ---- queries to one server ---- */

static void four_per_server(struct hf_resolver_config *config)
{
	config->fetches_per_server = 4;
}

TEST_IN_WORLD(a_server_gets_so_many_queries_at_once, four_per_server)
{
	struct world_answer *answer;

	delegate(w);
	for (unsigned client = 10; client < 15; client++)
		ask_random(w, client, "victim.org.");
	assert_int_equal(open_sends(w), 4);
	answer = expect_answer(w, 14, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(answer->ede, 22);
	assert_int_equal(world_stats(w).server_quota, 1);
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns victim.org. 60 SOA 60", NULL);
	ask_random(w, 15, "victim.org.");
	expect_sent(w, VICTIM, "r15.victim.org.", HF_TYPE_A);
}

TEST_IN_WORLD(open_queries_are_counted_down_when_they_time_out, four_per_server)
{
	delegate(w);
	for (unsigned client = 10; client < 14; client++)
		ask_random(w, client, "victim.org.");
	pass_ms(w, 30000);
	assert_int_equal(world_stats(w).exchanges_open, 0);
	pass_ms(w, 60000);
	ask_random(w, 20, "victim.org.");
	expect_sent(w, VICTIM, "r20.victim.org.", HF_TYPE_A);
}

/* ---- zones whose servers are all silent ---- */

/* Lets `count` questions fail for want of any reply. Returns how many queries they cost. */
static unsigned fail_silently(struct world *w, unsigned first_client, unsigned count)
{
	unsigned before = w->send_count;

	for (unsigned i = 0; i < count; i++)
		ask_random(w, first_client + i, "victim.org.");
	pass_ms(w, 20000);
	return w->send_count - before;
}

TEST_IN_WORLD(a_silent_zone_costs_one_question_in_a_while, NULL)
{
	struct world_answer *answer;
	unsigned before;

	delegate(w);
	assert_true(fail_silently(w, 10, 8) >= 8);
	/* All eight failed; the next after the hold finds out, the others are told at once. */
	before = w->send_count;
	ask_random(w, 20, "victim.org.");
	assert_int_equal(w->send_count, before + 1);
	ask_random(w, 21, "victim.org.");
	ask_random(w, 22, "victim.org.");
	assert_int_equal(w->send_count, before + 1);
	answer = expect_answer(w, 22, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(answer->ede, 22);
	assert_non_null(strstr(answer->ede_text, "silent"));
	assert_int_equal(world_stats(w).zone_silent, 2);

	/* Other zones are not concerned. */
	world_ask(w, 23, "new.other.org.", HF_TYPE_A);
	expect_sent(w, OTHER, "new.other.org.", HF_TYPE_A);
}

TEST_IN_WORLD(one_reply_and_the_silent_zone_is_asked_as_before, NULL)
{
	delegate(w);
	fail_silently(w, 10, 8);
	ask_random(w, 20, "victim.org.");
	expect_sent(w, VICTIM, "r20.victim.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns victim.org. 60 SOA 60", NULL);
	expect_answer(w, 20, HF_RCODE_NXDOMAIN, 0);
	ask_random(w, 21, "victim.org.");
	ask_random(w, 22, "victim.org.");
	expect_sent(w, VICTIM, "r22.victim.org.", HF_TYPE_A);
	assert_int_equal(open_sends(w), 2);
}

/* The old servers are gone, the parent names others: who finds out gets there. */
TEST_IN_WORLD(a_silent_zone_that_moved_is_found_by_way_of_its_parent, NULL)
{
	delegate(w);
	fail_silently(w, 10, 8);
	ask_random(w, 20, "victim.org.");
	for (unsigned i = 0; i < 20; i++) {
		const struct hf_address parent = address_of("192.0.2.10");

		if (hf_address_equal(&last_sent(w)->server, &parent))
			break;
		time_out(w);
	}
	expect_sent(w, "192.0.2.10:53", "r20.victim.org.", HF_TYPE_A);
	reply(w, 0, 0, "ns victim.org. 86400 NS ns2.victim.org.", "ar ns2.victim.org. 86400 A 192.0.2.99", NULL);
	expect_sent(w, "192.0.2.99:53", "r20.victim.org.", HF_TYPE_A);
}

/* Names or types that a zone's servers drop, asked for in one burst, say nothing of the others. */
TEST_IN_WORLD(what_was_silent_while_others_were_answered_does_not_count, NULL)
{
	delegate(w);
	for (unsigned client = 10; client < 19; client++)
		ask_random(w, client, "victim.org.");
	pass_ms(w, 10);
	ask_random(w, 19, "victim.org.");
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns victim.org. 60 SOA 60", NULL);
	expect_answer(w, 19, HF_RCODE_NXDOMAIN, 0);
	pass_ms(w, 20000);
	assert_int_equal(world_stats(w).fetches_running, 0);
	ask_random(w, 20, "victim.org.");
	ask_random(w, 21, "victim.org.");
	assert_int_equal(open_sends(w), 2);
	assert_int_equal(world_stats(w).zone_silent, 0);
}

TEST_IN_WORLD(a_zone_that_answers_some_is_not_silent, NULL)
{
	delegate(w);
	for (unsigned round = 0; round < 3; round++) {
		fail_silently(w, 10 + 10 * round, 4);
		ask_random(w, 18 + 10 * round, "victim.org.");
		reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns victim.org. 60 SOA 60", NULL);
	}
	assert_int_equal(world_stats(w).zone_silent, 0);
}

/* ---- the budget of a question ---- */

/* CVE-2026-50045 is of a quota that began anew with each restart. */
static void small_budget(struct hf_resolver_config *config)
{
	config->max_upstream_queries = 12;
}

TEST_IN_WORLD(a_chain_does_not_renew_the_budget, small_budget)
{
	unsigned link = 0;

	delegate(w);
	w->send_count = 0;
	world_ask(w, 10, "c0.victim.org.", HF_TYPE_A);
	while (open_sends(w) && link < 40) {
		char line[100];

		/* each link times out once and is then answered with the next */
		time_out(w);
		if (!open_sends(w))
			break;
		snprintf(line, sizeof(line), "an c%u.victim.org. 60 CNAME c%u.victim.org.", link, link + 1);
		reply(w, HF_FLAG_AA, 0, line, NULL);
		link++;
	}
	expect_answer(w, 10, HF_RCODE_SERVFAIL, 0);
	assert_in_range(w->send_count, 10, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_cut_holds_so_many_fetches_and_no_more),
		cmocka_unit_test(who_was_turned_away_may_come_again_at_once),
		cmocka_unit_test(a_fetch_counts_where_it_stands),
		cmocka_unit_test(one_zone_leaves_most_places_to_others),
		cmocka_unit_test(no_limit_is_none),
		cmocka_unit_test(a_server_gets_so_many_queries_at_once),
		cmocka_unit_test(open_queries_are_counted_down_when_they_time_out),
		cmocka_unit_test(a_silent_zone_costs_one_question_in_a_while),
		cmocka_unit_test(one_reply_and_the_silent_zone_is_asked_as_before),
		cmocka_unit_test(a_silent_zone_that_moved_is_found_by_way_of_its_parent),
		cmocka_unit_test(what_was_silent_while_others_were_answered_does_not_count),
		cmocka_unit_test(a_zone_that_answers_some_is_not_silent),
		cmocka_unit_test(a_chain_does_not_renew_the_budget),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
