// SPDX-License-Identifier: BSD-3-Clause
/* resolver/fetch.c, fetch_reply.c and question.c through resolver.h: iteration step by step. */
#include "resolver_world.h"

#define COM "192.0.2.10:53"
#define EXAMPLE "192.0.2.20:53"

static void down_to_example(struct world *w, const char *name)
{
	world_ask(w, 1, name, HF_TYPE_A);
	expect_sent(w, ROOT, name, HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns com. 86400 NS a.nic.com.", "ar a.nic.com. 86400 A 192.0.2.10", NULL);
	expect_sent(w, COM, name, HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns example.com. 3600 NS ns.example.com.", "ar ns.example.com. 3600 A 192.0.2.20",
	      NULL);
	expect_sent(w, EXAMPLE, name, HF_TYPE_A);
}

TEST_IN_WORLD(follows_referrals_from_the_root, NULL)
{
	struct world_answer *answer;

	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	answer = expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	assert_int_equal(ttl_of(answer, 0), 300);
	assert_true(answer->cacheable);
	assert_false(answer->from_cache);
	assert_int_equal(open_sends(w), 0);
}

TEST_IN_WORLD(answers_a_second_time_from_the_cache, NULL)
{
	struct world_answer *answer;

	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	pass_ms(w, 100000);
	world_ask(w, 2, "WWW.example.com.", HF_TYPE_A);
	answer = expect_answer(w, 2, HF_RCODE_NOERROR, 1);
	assert_true(answer->from_cache);
	assert_int_equal(ttl_of(answer, 0), 200);
	assert_int_equal(open_sends(w), 0);
}

TEST_IN_WORLD(starts_at_the_closest_known_cut, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	world_ask(w, 2, "mail.example.com.", HF_TYPE_A);
	expect_sent(w, EXAMPLE, "mail.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(asks_for_ds_above_the_cut, NULL)
{
	down_to_example(w, "www.example.com.");
	world_ask(w, 2, "example.com.", HF_TYPE_DS);
	expect_sent(w, COM, "example.com.", HF_TYPE_DS);
}

TEST_IN_WORLD(one_fetch_serves_all_who_ask_the_same, NULL)
{
	down_to_example(w, "www.example.com.");
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	assert_int_equal(open_sends(w), 1);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	assert_int_equal(w->answer_count, 2);
	assert_int_equal(w->answers[0].client + w->answers[1].client, 3);
}

TEST_IN_WORLD(a_forgotten_client_gets_no_answer, NULL)
{
	down_to_example(w, "www.example.com.");
	hf_resolver_forget(w->resolver, 1);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	assert_int_equal(w->answer_count, 0);
	world_ask(w, 2, "www.example.com.", HF_TYPE_A); /* but the cache has it */
	assert_true(expect_answer(w, 2, HF_RCODE_NOERROR, 1)->from_cache);
}

TEST_IN_WORLD(follows_a_cname_into_another_zone, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 CNAME www.other.org.",
	      "an www.other.org. 300 A 203.0.113.66", NULL); /* not theirs to say */
	expect_sent(w, ROOT, "www.other.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.other.org. 60 A 203.0.113.2", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 2);
	assert_int_equal(ttl_of(&w->answers[0], 1), 60);
	assert_int_equal(world_stats(w).scrubbed_rrsets, 1);
}

TEST_IN_WORLD(a_cname_loop_ends_in_servfail, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 CNAME b.example.com.",
	      "an b.example.com. 300 CNAME www.example.com.", NULL);
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(open_sends(w), 0);
}

TEST_IN_WORLD(a_dname_gives_a_synthesised_cname, NULL)
{
	down_to_example(w, "a.b.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an b.example.com. 300 DNAME c.example.com.",
	      "an a.b.example.com. 300 CNAME a.c.example.com.", "an a.c.example.com. 200 A 203.0.113.3", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 3);
	assert_int_equal(w->answers[0].message.sections[HF_SECTION_ANSWER][0]->type, HF_TYPE_DNAME);
	world_ask(w, 2, "z.b.example.com.", HF_TYPE_A); /* the DNAME is known now */
	expect_sent(w, EXAMPLE, "z.c.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(a_dname_that_makes_a_name_too_long_is_yxdomain, NULL)
{
	char name[400] = "", target[400] = "";
	char line[900];

	for (int i = 0; i < 3; i++)
		strcat(name, "123456789012345678901234567890123456789012345678901234567890.");
	strcat(name, "d.example.com.");
	for (int i = 0; i < 3; i++)
		strcat(target, "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.");
	strcat(target, "example.com.");
	snprintf(line, sizeof(line), "an d.example.com. 300 DNAME %s", target);
	down_to_example(w, name);
	reply(w, HF_FLAG_AA, HF_RCODE_YXDOMAIN, line, NULL);
	expect_answer(w, 1, HF_RCODE_YXDOMAIN, 1);
}

TEST_IN_WORLD(nxdomain_is_cached_as_long_as_the_soa_says_and_covers_what_is_below, NULL)
{
	struct world_answer *answer;

	down_to_example(w, "no.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns example.com. 3600 SOA 60", NULL);
	answer = expect_answer(w, 1, HF_RCODE_NXDOMAIN, 0);
	assert_int_equal(answer->message.sections[HF_SECTION_AUTHORITY][0]->ttl, 60);
	world_ask(w, 2, "a.no.example.com.", HF_TYPE_TXT); /* RFC 8020 */
	assert_true(expect_answer(w, 2, HF_RCODE_NXDOMAIN, 0)->from_cache);
	pass_ms(w, 60000);
	world_ask(w, 3, "no.example.com.", HF_TYPE_A);
	expect_sent(w, EXAMPLE, "no.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(nodata_is_of_one_type, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "ns example.com. 3600 SOA 60", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 0);
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	assert_true(expect_answer(w, 2, HF_RCODE_NOERROR, 0)->from_cache);
	world_ask(w, 3, "www.example.com.", HF_TYPE_TXT);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_TXT);
}

TEST_IN_WORLD(a_negative_answer_without_soa_is_forgotten_soon, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, NULL);
	expect_answer(w, 1, HF_RCODE_NXDOMAIN, 0);
	pass_ms(w, 6000);
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
}

/* ---- servers that misbehave ---- */

static void two_servers(struct world *w)
{
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns example.com. 3600 NS ns1.example.com.",
	      "ns example.com. 3600 NS ns2.example.com.", "ar ns1.example.com. 3600 A 192.0.2.21",
	      "ar ns2.example.com. 3600 A 192.0.2.22", NULL);
	expect_sent(w, "192.0.2.21:53", "www.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(tries_the_next_server_after_servfail, NULL)
{
	two_servers(w);
	reply(w, 0, HF_RCODE_SERVFAIL, NULL);
	expect_sent(w, "192.0.2.22:53", "www.example.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(tries_the_next_server_after_silence_and_then_the_first_again, NULL)
{
	two_servers(w);
	time_out(w);
	expect_sent(w, "192.0.2.22:53", "www.example.com.", HF_TYPE_A);
	time_out(w);
	expect_sent(w, "192.0.2.21:53", "www.example.com.", HF_TYPE_A);
	assert_int_equal(world_stats(w).upstream_timeouts, 2);
}

TEST_IN_WORLD(remembers_a_lame_server, NULL)
{
	two_servers(w);
	reply(w, 0, HF_RCODE_NOERROR, "ns com. 3600 NS a.nic.com.", NULL); /* upward */
	expect_sent(w, "192.0.2.22:53", "www.example.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	world_ask(w, 2, "mail.example.com.", HF_TYPE_A);
	expect_sent(w, "192.0.2.22:53", "mail.example.com.", HF_TYPE_A);
	assert_int_equal(world_stats(w).reply_lame, 1);
}

TEST_IN_WORLD(all_servers_failing_is_servfail_with_the_reason, NULL)
{
	struct world_answer *answer;

	two_servers(w);
	reply(w, 0, HF_RCODE_REFUSED, NULL);
	reply(w, 0, HF_RCODE_REFUSED, NULL);
	answer = expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(answer->ede, 22);
	assert_non_null(strstr(answer->ede_text, "example.com."));
	assert_int_equal(answer->second_ede, 23);
	assert_non_null(strstr(answer->second_text, "192.0.2.22:53"));
	assert_false(answer->cacheable);
}

TEST_IN_WORLD(a_failure_is_not_repeated_at_once, NULL)
{
	unsigned sent;

	two_servers(w);
	reply(w, 0, HF_RCODE_SERVFAIL, NULL);
	reply(w, 0, HF_RCODE_SERVFAIL, NULL);
	sent = w->send_count;
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	expect_answer(w, 2, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(w->send_count, sent);
	assert_int_equal(world_stats(w).failure_cached, 1);
	pass_ms(w, 5000);
	world_ask(w, 3, "www.example.com.", HF_TYPE_A);
	assert_int_equal(w->send_count, sent + 1);
}

TEST_IN_WORLD(silence_everywhere_is_servfail_naming_the_zone, NULL)
{
	struct world_answer *answer;

	two_servers(w);
	pass_ms(w, 20000);
	answer = expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(w->answer_count, 1);
	assert_int_equal(answer->ede, 22);
	assert_non_null(strstr(answer->ede_text, "example.com."));
	assert_int_equal(answer->second_ede, 23);
	assert_non_null(strstr(answer->second_text, "timed out"));
	assert_int_equal(open_sends(w), 0);
}

TEST_IN_WORLD(asks_without_edns_after_formerr_and_remembers, NULL)
{
	down_to_example(w, "www.example.com.");
	assert_int_equal(last_sent(w)->message[11], 1); /* ARCOUNT: OPT */
	reply(w, 0, HF_RCODE_FORMERR, NULL);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	assert_int_equal(last_sent(w)->message[11], 0);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	world_ask(w, 2, "mail.example.com.", HF_TYPE_A);
	assert_int_equal(last_sent(w)->message[11], 0);
	assert_int_equal(world_stats(w).reply_edns_fallback, 1);
}

TEST_IN_WORLD(asks_over_tcp_after_truncation, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA | HF_FLAG_TC, HF_RCODE_NOERROR, NULL);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	assert_true(last_sent(w)->tcp);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(a_malformed_reply_of_the_only_server_is_asked_for_over_tcp, NULL)
{
	static const char *const lines[] = {"an example.com. 60 A 203.0.113.1", NULL};
	uint8_t bytes[600];
	size_t length;

	world_ask(w, 1, "example.com.", HF_TYPE_A);
	length = build_reply(w, last_sent(w), HF_FLAG_AA, 0, lines, bytes, sizeof(bytes));
	reply_bytes(w, last_sent(w), bytes, length - 2);
	expect_sent(w, ROOT, "example.com.", HF_TYPE_A);
	assert_true(last_sent(w)->tcp);
	reply(w, HF_FLAG_AA, 0, lines[0], NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);

	world_ask(w, 2, "example.org.", HF_TYPE_A);
	length = build_reply(w, last_sent(w), HF_FLAG_AA, 0, lines, bytes, sizeof(bytes));
	reply_bytes(w, last_sent(w), bytes, length - 2);
	length = build_reply(w, last_sent(w), HF_FLAG_AA, 0, lines, bytes, sizeof(bytes));
	reply_bytes(w, last_sent(w), bytes, length - 2);
	expect_answer(w, 2, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(open_sends(w), 0);
}

TEST_IN_WORLD(truncation_over_tcp_is_a_failure, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_TC, HF_RCODE_NOERROR, NULL);
	reply(w, HF_FLAG_TC, HF_RCODE_NOERROR, NULL);
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
}

TEST_IN_WORLD(a_refused_connection_leads_to_the_next_server_without_cancel, NULL)
{
	struct world_send *send;

	two_servers(w);
	send = last_sent(w);
	send->open = false;
	hf_resolver_transport_failed(w->resolver, send->exchange, w->now);
	world_drain(w);
	expect_sent(w, "192.0.2.22:53", "www.example.com.", HF_TYPE_A);
}

/* Its distance says nothing of how long it thinks: names of its own have to be looked up elsewhere, or it pauses. */
TEST_IN_WORLD(a_near_server_may_once_be_slow, NULL)
{
	down_to_example(w, "www.example.com.");
	pass_ms(w, 1);
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 300 A 203.0.113.1", NULL);
	world_ask(w, 2, "slow.example.com.", HF_TYPE_A);
	pass_ms(w, 1000);
	expect_sent(w, EXAMPLE, "slow.example.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an slow.example.com. 300 A 203.0.113.1", NULL);
	expect_answer(w, 2, HF_RCODE_NOERROR, 1);
}

/* A client brings the mark about by asking what the server refuses; the zone's other names then need the server all the same. */
TEST_IN_WORLD(a_lame_server_that_is_the_only_one_is_asked_again_after_silence, NULL)
{
	down_to_example(w, "refused.example.com.");
	reply(w, 0, HF_RCODE_REFUSED, NULL);
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	time_out(w);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 300 A 203.0.113.1", NULL);
	expect_answer(w, 2, HF_RCODE_NOERROR, 1);
}

/* ---- forgery ---- */

TEST_IN_WORLD(ignores_replies_that_do_not_match, NULL)
{
	static const char *const lines[] = {"an www.example.com. 300 A 203.0.113.66", NULL};
	struct world_send *send;
	struct hf_address other = address_of("192.0.2.99");
	uint8_t bytes[512];
	size_t length;

	down_to_example(w, "www.example.com.");
	send = last_sent(w);
	length = build_reply(w, send, HF_FLAG_AA, 0, lines, bytes, sizeof(bytes));
	hf_resolver_reply(w->resolver, send->exchange, &other, bytes, length, w->now);
	bytes[0] ^= 1;
	reply_bytes(w, send, bytes, length); /* ID */
	bytes[0] ^= 1;
	bytes[13] = bytes[13] == 'x' ? 'y' : 'x';
	reply_bytes(w, send, bytes, length); /* question */
	assert_int_equal(world_stats(w).reply_mismatch, 3);
	assert_int_equal(w->answer_count, 0);
	assert_true(send->open);
}

TEST_IN_WORLD(asks_over_tcp_when_the_letter_case_comes_back_changed, NULL)
{
	static const char *const lines[] = {"an www.example.com. 300 A 203.0.113.1", NULL};
	struct world_send *send;
	uint8_t bytes[512];
	size_t length;

	down_to_example(w, "www.example.com.");
	send = last_sent(w);
	length = build_reply(w, send, HF_FLAG_AA, 0, lines, bytes, sizeof(bytes));
	bytes[13] ^= 0x20;
	reply_bytes(w, send, bytes, length);
	assert_true(last_sent(w)->tcp);
	assert_int_equal(w->answer_count, 0);
}

TEST_IN_WORLD(many_forgeries_move_the_exchange_to_tcp, NULL)
{
	struct world_send *send;

	down_to_example(w, "www.example.com.");
	send = last_sent(w);
	for (int i = 0; i < 20; i++)
		reply_bytes(w, send, (const uint8_t[12]){0, 0, 0x80}, 12);
	assert_false(send->open);
	assert_true(last_sent(w)->tcp);
}

TEST_IN_WORLD(an_answer_does_not_move_the_delegation, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 203.0.113.1",
	      "ns example.com. 3600 NS evil.example.com.", "ar evil.example.com. 3600 A 203.0.113.66", NULL);
	world_ask(w, 2, "mail.example.com.", HF_TYPE_A);
	expect_sent(w, EXAMPLE, "mail.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(glue_out_of_bailiwick_is_not_used, NULL)
{
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns com. 3600 NS a.nic.com.", "ar a.nic.com. 3600 A 192.0.2.10", NULL);
	reply(w, 0, HF_RCODE_NOERROR, "ns example.com. 3600 NS ns.other.org.", "ar ns.other.org. 3600 A 203.0.113.66",
	      NULL);
	expect_sent(w, ROOT, "ns.other.org.", HF_TYPE_A); /* looked up instead */
}

/* ---- server addresses ---- */

TEST_IN_WORLD(fetches_the_address_of_a_server_without_glue, NULL)
{
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns example.com. 3600 NS ns.other.org.", NULL);
	expect_sent(w, ROOT, "ns.other.org.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an ns.other.org. 3600 A 192.0.2.30", NULL);
	expect_sent(w, "192.0.2.30:53", "www.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(a_slow_server_is_asked_again_while_others_are_looked_up, NULL)
{
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns example.com. 3600 NS ns.example.com.", "ns example.com. 3600 NS ns.other.org.",
	      "ar ns.example.com. 3600 A 192.0.2.20", NULL);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	time_out(w);
	assert_int_equal(open_sends(w), 2); /* for the address of ns.other.org., and */
	for (unsigned i = 0; i < w->send_count; i++)
		if (w->sends[i].open && hf_address_equal(&w->sends[i].server, &(struct hf_address){4, 53, {192, 0, 2, 20}}))
			return;
	fail_msg("the slow server is not asked again");
}

TEST_IN_WORLD(servers_that_need_each_other_end_in_servfail, NULL)
{
	world_ask(w, 1, "www.a.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns a.com. 3600 NS ns.b.com.", NULL);
	expect_sent(w, ROOT, "ns.b.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns b.com. 3600 NS ns.a.com.", NULL);
	/* ns.a.com. is looked up at the root once more, in the hope of better glue. */
	for (int i = 0; i < 10 && !w->answer_count; i++)
		reply(w, 0, HF_RCODE_NOERROR, "ns a.com. 3600 NS ns.b.com.", NULL);
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(open_sends(w), 0);
	assert_int_equal(world_stats(w).fetches_running, 0);
}

/* u.org. is served by ns.v.org., v.org. by ns.u.org. and ns.w.org.: a circle with a way out. z.org. is served by ns.u.org. */
static void serve_circle(struct world *w)
{
	const struct world_send *send = w->sends;
	const char *lines[3] = {NULL};
	uint8_t qname[HF_NAME_MAX], bytes[600];
	char name[HF_NAME_TEXT_MAX], line[400];
	size_t at = 12;
	bool answer;

	while (!send->open) /* the oldest, so that the circle is closed before the way out is found */
		send++;
	hf_name_parse(send->message, send->length, &at, qname);
	hf_name_lower(qname, qname);
	hf_name_to_text(qname, name);
	answer = send->server.bytes[0] != 198 && send->server.bytes[3] != 10;
	snprintf(line, sizeof(line), "an %.300s 300 A 192.0.2.50", name);
	if (answer) {
		lines[0] = line;
	} else if (send->server.bytes[0] == 198) {
		lines[0] = "ns org. 3600 NS ns.nic.org.";
		lines[1] = "ar ns.nic.org. 3600 A 192.0.2.10";
	} else if (strstr(name, "u.org.")) {
		lines[0] = "ns u.org. 3600 NS ns.v.org.";
	} else if (strstr(name, "v.org.")) {
		lines[0] = "ns v.org. 3600 NS ns.u.org.";
		lines[1] = "ns v.org. 3600 NS ns.w.org.";
	} else if (strstr(name, "w.org.")) {
		lines[0] = "ns w.org. 3600 NS ns.w.org.";
		lines[1] = "ar ns.w.org. 3600 A 192.0.2.50";
	} else {
		lines[0] = "ns z.org. 3600 NS ns.u.org.";
	}
	reply_bytes(w, send, bytes, build_reply(w, send, answer ? HF_FLAG_AA : 0, 0, lines, bytes, sizeof(bytes)));
}

TEST_IN_WORLD(who_failed_by_a_circle_may_be_found_by_others, NULL)
{
	world_ask(w, 1, "x.u.org.", HF_TYPE_A);
	for (unsigned i = 0; i < 30 && open_sends(w); i++)
		serve_circle(w);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	world_ask(w, 2, "x.z.org.", HF_TYPE_A); /* no cached failure of ns.u.org. */
	for (unsigned i = 0; i < 30 && open_sends(w); i++)
		serve_circle(w);
	expect_answer(w, 2, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(a_delegation_to_many_names_costs_few_queries, NULL)
{
	const char *lines[32];
	char text[24][80];
	uint8_t bytes[4096];
	struct world_send *send;

	for (int i = 0; i < 24; i++) {
		snprintf(text[i], sizeof(text[i]), "ns victim.com. 3600 NS ns%d.target.org.", i);
		lines[i] = text[i];
	}
	lines[24] = NULL;
	world_ask(w, 1, "www.victim.com.", HF_TYPE_A);
	send = last_sent(w);
	reply_bytes(w, send, bytes, build_reply(w, send, 0, 0, lines, bytes, sizeof(bytes)));
	for (int i = 0; i < 64 && !w->answer_count; i++)
		reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns . 3600 SOA 60", NULL);
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_true(w->send_count <= 8);
}

static void small_budget(struct hf_resolver_config *config)
{
	config->max_upstream_queries = 3;
}

TEST_IN_WORLD(a_question_ends_at_its_work_limit, small_budget)
{
	world_ask(w, 1, "a.b.c.d.e.f.", HF_TYPE_A);
	reply(w, 0, 0, "ns f. 3600 NS ns.f.", "ar ns.f. 3600 A 192.0.2.1", NULL);
	reply(w, 0, 0, "ns e.f. 3600 NS ns.e.f.", "ar ns.e.f. 3600 A 192.0.2.2", NULL);
	reply(w, 0, 0, "ns d.e.f. 3600 NS ns.d.e.f.", "ar ns.d.e.f. 3600 A 192.0.2.3", NULL);
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(w->send_count, 3);
	assert_int_equal(world_stats(w).budget_exhausted, 1);
}

TEST_IN_WORLD(asks_the_parent_again_when_the_cached_delegation_fails, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 30 A 203.0.113.1", NULL);
	world_ask(w, 2, "mail.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_REFUSED, NULL);
	expect_sent(w, COM, "mail.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns example.com. 3600 NS new.example.com.", "ar new.example.com. 3600 A 192.0.2.25",
	      NULL);
	expect_sent(w, "192.0.2.25:53", "mail.example.com.", HF_TYPE_A);
}

/* ---- settings ---- */

static void with_minimisation(struct hf_resolver_config *config)
{
	config->qname_minimisation = true;
}

TEST_IN_WORLD(shows_each_zone_only_one_label_more, with_minimisation)
{
	world_ask(w, 1, "a.www.example.com.", HF_TYPE_TXT);
	expect_sent(w, ROOT, "com.", HF_TYPE_A);
	reply(w, 0, 0, "ns com. 3600 NS a.nic.com.", "ar a.nic.com. 3600 A 192.0.2.10", NULL);
	expect_sent(w, COM, "example.com.", HF_TYPE_A);
	reply(w, 0, 0, "ns example.com. 3600 NS ns.example.com.", "ar ns.example.com. 3600 A 192.0.2.20", NULL);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "ns example.com. 3600 SOA 60", NULL);
	expect_sent(w, EXAMPLE, "a.www.example.com.", HF_TYPE_TXT);
	reply(w, HF_FLAG_AA, 0, "an a.www.example.com. 300 TXT x", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(shows_all_after_nxdomain_for_a_part, with_minimisation)
{
	world_ask(w, 1, "a.b.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns . 3600 SOA 60", NULL);
	expect_sent(w, ROOT, "a.b.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an a.b.com. 300 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(shows_a_part_with_type_ns_before_all_after_an_error, with_minimisation)
{
	world_ask(w, 1, "a.b.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_REFUSED, NULL);
	expect_sent(w, ROOT, "com.", HF_TYPE_NS);
	reply(w, 0, HF_RCODE_REFUSED, NULL);
	expect_sent(w, ROOT, "a.b.com.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an a.b.com. 300 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

static void with_priming(struct hf_resolver_config *config)
{
	config->prime = true;
}

TEST_IN_WORLD(primes_the_root_before_its_first_use, with_priming)
{
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	expect_sent(w, ROOT, ".", HF_TYPE_NS);
	reply(w, HF_FLAG_AA, 0, "an . 3600 NS b.root-servers.net.", "ar b.root-servers.net. 3600 A 192.0.2.1", NULL);
	expect_sent(w, "192.0.2.1:53", "www.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(falls_back_to_the_hints_when_priming_fails, with_priming)
{
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_SERVFAIL, NULL);
	expect_sent(w, ROOT, "www.example.com.", HF_TYPE_A);
}

static void with_routes(struct hf_resolver_config *config)
{
	static struct hf_address forwarder = {.family = 4, .port = 5300, .bytes = {192, 0, 2, 50}};
	static struct hf_address stub = {.family = 4, .port = 53, .bytes = {192, 0, 2, 60}};
	static struct hf_route routes[2] = {
		{.zone = "\4corp\7example", .forward = true, .servers = &forwarder, .server_count = 1},
		{.zone = "\3lab\4corp\7example", .servers = &stub, .server_count = 1},
	};

	config->routes = routes;
	config->route_count = 2;
}

TEST_IN_WORLD(the_longest_route_wins, with_routes)
{
	world_ask(w, 1, "www.corp.example.", HF_TYPE_A);
	expect_sent(w, "192.0.2.50:5300", "www.corp.example.", HF_TYPE_A);
	assert_true(last_sent(w)->message[2] & 1); /* RD */
	reply(w, HF_FLAG_RA, 0, "an www.corp.example. 300 A 10.0.0.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	world_ask(w, 2, "www.lab.corp.example.", HF_TYPE_A);
	expect_sent(w, "192.0.2.60:53", "www.lab.corp.example.", HF_TYPE_A);
	assert_false(last_sent(w)->message[2] & 1);
}

TEST_IN_WORLD(a_forwarder_may_take_its_time, with_routes)
{
	world_ask(w, 1, "www.corp.example.", HF_TYPE_A);
	pass_ms(w, 1);
	reply(w, HF_FLAG_RA, 0, "an www.corp.example. 300 A 10.0.0.1", NULL);
	world_ask(w, 2, "cold.corp.example.", HF_TYPE_A);
	pass_ms(w, 390);
	assert_int_equal(world_stats(w).upstream_timeouts, 0);
	pass_ms(w, 2000);
	expect_sent(w, "192.0.2.50:5300", "cold.corp.example.", HF_TYPE_A);
}

TEST_IN_WORLD(refetches_an_entry_asked_for_in_its_last_tenth_once, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 100 A 203.0.113.1", NULL);
	pass_ms(w, 90000);
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	assert_int_equal(ttl_of(expect_answer(w, 2, HF_RCODE_NOERROR, 1), 0), 10);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
	world_ask(w, 3, "www.example.com.", HF_TYPE_A);
	assert_int_equal(open_sends(w), 1);
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 100 A 203.0.113.1", NULL);
	world_ask(w, 4, "www.example.com.", HF_TYPE_A);
	assert_int_equal(ttl_of(expect_answer(w, 4, HF_RCODE_NOERROR, 1), 0), 100);
	assert_int_equal(world_stats(w).prefetches, 1);
}

/* ---- clients ---- */

TEST_IN_WORLD(transfers_and_meta_types_are_not_asked_upstream, NULL)
{
	world_ask(w, 1, "example.com.", HF_TYPE_AXFR);
	expect_answer(w, 1, HF_RCODE_REFUSED, 0);
	world_ask(w, 2, "example.com.", HF_TYPE_MAILB);
	expect_answer(w, 2, HF_RCODE_NOTIMP, 0);
	assert_int_equal(w->send_count, 0);
}

TEST_IN_WORLD(without_rd_the_cache_alone_answers, NULL)
{
	world_ask_flags(w, 1, "www.example.com.", HF_TYPE_A, 0);
	expect_answer(w, 1, HF_RCODE_NOERROR, 0);
	assert_int_equal(w->send_count, 0);
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 100 A 203.0.113.1", NULL);
	world_ask_flags(w, 2, "www.example.com.", HF_TYPE_A, 0);
	expect_answer(w, 2, HF_RCODE_NOERROR, 1);
	world_ask_flags(w, 3, "mail.example.com.", HF_TYPE_A, 0);
	assert_int_equal(expect_answer(w, 3, HF_RCODE_NOERROR, 0)->message.section_counts[HF_SECTION_AUTHORITY], 1);
}

static void two_clients(struct hf_resolver_config *config)
{
	config->max_clients = 2;
}

TEST_IN_WORLD(more_clients_than_allowed_get_servfail, two_clients)
{
	world_ask(w, 1, "a.example.", HF_TYPE_A);
	world_ask(w, 2, "b.example.", HF_TYPE_A);
	world_ask(w, 3, "c.example.", HF_TYPE_A);
	expect_answer(w, 3, HF_RCODE_SERVFAIL, 0);
	assert_int_equal(world_stats(w).clients_refused, 1);
}

TEST_IN_WORLD(any_takes_what_is_there, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 100 A 203.0.113.1", NULL);
	world_ask(w, 2, "www.example.com.", HF_TYPE_ANY);
	assert_true(expect_answer(w, 2, HF_RCODE_NOERROR, 1)->from_cache);
	world_ask(w, 3, "mail.example.com.", HF_TYPE_ANY);
	reply(w, HF_FLAG_AA, 0, "an mail.example.com. 100 A 203.0.113.1", "an mail.example.com. 100 TXT x", NULL);
	expect_answer(w, 3, HF_RCODE_NOERROR, 2);
}

TEST_IN_WORLD(data_with_ttl_0_is_answered_and_not_kept, NULL)
{
	down_to_example(w, "www.example.com.");
	reply(w, HF_FLAG_AA, 0, "an www.example.com. 0 CNAME b.example.com.", "an b.example.com. 0 A 203.0.113.1", NULL);
	assert_false(expect_answer(w, 1, HF_RCODE_NOERROR, 2)->cacheable);
	assert_int_equal(ttl_of(&w->answers[0], 0), 0);
	pass_ms(w, 1000);
	world_ask(w, 2, "www.example.com.", HF_TYPE_A);
	expect_sent(w, EXAMPLE, "www.example.com.", HF_TYPE_A);
}

TEST_IN_WORLD(running_questions_are_freed_with_the_resolver, NULL)
{
	down_to_example(w, "www.example.com.");
	world_ask(w, 2, "www.other.org.", HF_TYPE_A);
	reply(w, 0, HF_RCODE_NOERROR, "ns other.org. 3600 NS ns.third.org.", NULL);
	assert_int_equal(open_sends(w), 2);
}

static void many_clients(struct hf_resolver_config *config)
{
	config->max_clients = 256;
}

/* A DNAME whose signatures fill 50 KiB. */
static void put_large_dname(struct world *w, const char *owner, const char *target)
{
	enum { SIGNATURES = 50, SIGNATURE_SIZE = 1000 };
	static uint8_t signatures[SIGNATURES][SIGNATURE_SIZE];
	struct hf_rdata rdata[1 + SIGNATURES];
	const struct hf_rrset *rrset;

	rdata[0].bytes = wire_name(w, target);
	rdata[0].length = (uint16_t)hf_name_length(rdata[0].bytes);
	for (int i = 0; i < SIGNATURES; i++) {
		signatures[i][1] = HF_TYPE_DNAME;
		signatures[i][SIGNATURE_SIZE - 1] = (uint8_t)i;
		rdata[1 + i] = (struct hf_rdata){.bytes = signatures[i], .length = SIGNATURE_SIZE};
	}
	rrset = hf_rrset_make(w->arena, wire_name(w, owner), HF_TYPE_DNAME, HF_CLASS_IN, 3600, rdata, 1, SIGNATURES);
	assert_non_null(rrset);
	assert_true(hf_cache_put(w->cache, rrset, HF_RANK_ANSWER_AUTH, w->now));
}

TEST_IN_WORLD(questions_with_large_chains_do_not_take_all_memory, many_clients)
{
	char name[40];
	unsigned waiting;

	for (int i = 0; i < 8; i++) {
		char owner[16], target[16];

		snprintf(owner, sizeof(owner), "d%d.", i);
		snprintf(target, sizeof(target), i < 7 ? "d%d." : "silent.", i + 1);
		put_large_dname(w, owner, target);
	}
	for (unsigned i = 0; i < 110; i++) {
		snprintf(name, sizeof(name), "x%u.d0.", i);
		world_ask(w, i, name, HF_TYPE_A);
	}
	waiting = (unsigned)world_stats(w).clients_waiting;
	assert_true(waiting > 40 && waiting < 90); /* the others got SERVFAIL */
	assert_int_equal(w->answers[w->answer_count - 1].message.rcode, HF_RCODE_SERVFAIL);
	for (unsigned i = 0; i < 110; i++)
		hf_resolver_forget(w->resolver, i);
	pass_ms(w, 60000);
	world_ask(w, 200, "x.d0.", HF_TYPE_A);
	expect_sent(w, ROOT, "x.silent.", HF_TYPE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_referrals_from_the_root),
		cmocka_unit_test(answers_a_second_time_from_the_cache),
		cmocka_unit_test(starts_at_the_closest_known_cut),
		cmocka_unit_test(asks_for_ds_above_the_cut),
		cmocka_unit_test(one_fetch_serves_all_who_ask_the_same),
		cmocka_unit_test(a_forgotten_client_gets_no_answer),
		cmocka_unit_test(follows_a_cname_into_another_zone),
		cmocka_unit_test(a_cname_loop_ends_in_servfail),
		cmocka_unit_test(a_dname_gives_a_synthesised_cname),
		cmocka_unit_test(a_dname_that_makes_a_name_too_long_is_yxdomain),
		cmocka_unit_test(nxdomain_is_cached_as_long_as_the_soa_says_and_covers_what_is_below),
		cmocka_unit_test(nodata_is_of_one_type),
		cmocka_unit_test(a_negative_answer_without_soa_is_forgotten_soon),
		cmocka_unit_test(tries_the_next_server_after_servfail),
		cmocka_unit_test(tries_the_next_server_after_silence_and_then_the_first_again),
		cmocka_unit_test(remembers_a_lame_server),
		cmocka_unit_test(all_servers_failing_is_servfail_with_the_reason),
		cmocka_unit_test(a_failure_is_not_repeated_at_once),
		cmocka_unit_test(silence_everywhere_is_servfail_naming_the_zone),
		cmocka_unit_test(asks_without_edns_after_formerr_and_remembers),
		cmocka_unit_test(asks_over_tcp_after_truncation),
		cmocka_unit_test(a_malformed_reply_of_the_only_server_is_asked_for_over_tcp),
		cmocka_unit_test(truncation_over_tcp_is_a_failure),
		cmocka_unit_test(a_refused_connection_leads_to_the_next_server_without_cancel),
		cmocka_unit_test(a_near_server_may_once_be_slow),
		cmocka_unit_test(a_lame_server_that_is_the_only_one_is_asked_again_after_silence),
		cmocka_unit_test(ignores_replies_that_do_not_match),
		cmocka_unit_test(asks_over_tcp_when_the_letter_case_comes_back_changed),
		cmocka_unit_test(many_forgeries_move_the_exchange_to_tcp),
		cmocka_unit_test(an_answer_does_not_move_the_delegation),
		cmocka_unit_test(glue_out_of_bailiwick_is_not_used),
		cmocka_unit_test(fetches_the_address_of_a_server_without_glue),
		cmocka_unit_test(a_slow_server_is_asked_again_while_others_are_looked_up),
		cmocka_unit_test(servers_that_need_each_other_end_in_servfail),
		cmocka_unit_test(who_failed_by_a_circle_may_be_found_by_others),
		cmocka_unit_test(a_delegation_to_many_names_costs_few_queries),
		cmocka_unit_test(a_question_ends_at_its_work_limit),
		cmocka_unit_test(asks_the_parent_again_when_the_cached_delegation_fails),
		cmocka_unit_test(shows_each_zone_only_one_label_more),
		cmocka_unit_test(shows_all_after_nxdomain_for_a_part),
		cmocka_unit_test(shows_a_part_with_type_ns_before_all_after_an_error),
		cmocka_unit_test(primes_the_root_before_its_first_use),
		cmocka_unit_test(falls_back_to_the_hints_when_priming_fails),
		cmocka_unit_test(the_longest_route_wins),
		cmocka_unit_test(a_forwarder_may_take_its_time),
		cmocka_unit_test(refetches_an_entry_asked_for_in_its_last_tenth_once),
		cmocka_unit_test(transfers_and_meta_types_are_not_asked_upstream),
		cmocka_unit_test(without_rd_the_cache_alone_answers),
		cmocka_unit_test(more_clients_than_allowed_get_servfail),
		cmocka_unit_test(any_takes_what_is_there),
		cmocka_unit_test(data_with_ttl_0_is_answered_and_not_kept),
		cmocka_unit_test(questions_with_large_chains_do_not_take_all_memory),
		cmocka_unit_test(running_questions_are_freed_with_the_resolver),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
