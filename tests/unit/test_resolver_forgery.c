// SPDX-License-Identifier: BSD-3-Clause
/* What a forger has to guess, and what happens while he tries: cookies (RFC 7873), unpredictable IDs and letter case, one query in
 * flight, floods of forged replies. */
#include "resolver_world.h"
#include "resolver/cookie.h"


/* ---- cookies ---- */

/* The COOKIE option of a query that went out; NULL for none. */
static const uint8_t *cookie_sent(const struct world_send *send, size_t *length)
{
	struct hf_query query;
	uint8_t packet[600];
	static uint8_t copy[64];

	memcpy(packet, send->message, send->length);
	assert_int_equal(hf_query_parse(packet, send->length, &query), HF_QUERY_OK);
	if (query.edns.options_length < 4)
		return NULL;
	assert_int_equal(query.edns.options[0] << 8 | query.edns.options[1], 10);
	*length = (size_t)(query.edns.options[2] << 8 | query.edns.options[3]);
	assert_int_equal(*length + 4, query.edns.options_length);
	memcpy(copy, query.edns.options + 4, *length);
	return copy;
}

/* The newest query's server says this, with an OPT that holds a cookie of `length` octets (-1: an OPT without). */
static void reply_cookie(struct world *w, unsigned rcode, const uint8_t *cookie, int length, const char *line)
{
	struct world_send *send = last_sent(w);
	const char *lines[] = {line, NULL};
	uint8_t bytes[1000], *at;
	size_t size = build_reply(w, send, HF_FLAG_AA, rcode & 15, lines, bytes, sizeof(bytes));
	size_t rdata = length < 0 ? 0 : 4 + (size_t)length;

	bytes[11]++; /* ARCOUNT */
	at = bytes + size;
	memcpy(at, (const uint8_t[]){0, 0, 41, 4, 208, (uint8_t)(rcode >> 4), 0, 0, 0, 0, (uint8_t)rdata}, 11);
	if (length >= 0) {
		memcpy(at + 11, (const uint8_t[]){0, 10, 0, (uint8_t)length}, 4);
		memcpy(at + 15, cookie, (size_t)length);
	}
	reply_bytes(w, send, bytes, size + 11 + rdata);
}

static const uint8_t server_part[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* Asks; the server answers and gives its cookie. */
static void learn_cookie(struct world *w, uint8_t whole[24])
{
	size_t length;

	world_ask(w, 1, "first.", HF_TYPE_A);
	memcpy(whole, cookie_sent(last_sent(w), &length), 8);
	assert_int_equal(length, 8);
	memcpy(whole + 8, server_part, sizeof(server_part));
	reply_cookie(w, 0, whole, 24, "an first. 60 A 203.0.113.1");
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(the_server_cookie_is_sent_back, NULL)
{
	uint8_t whole[24];
	size_t length;

	learn_cookie(w, whole);
	world_ask(w, 2, "second.", HF_TYPE_A);
	assert_memory_equal(cookie_sent(last_sent(w), &length), whole, 24);
	assert_int_equal(length, 24);
}

TEST_IN_WORLD(each_server_gets_another_client_cookie, NULL)
{
	size_t length;
	uint8_t root[8];

	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	memcpy(root, cookie_sent(last_sent(w), &length), 8);
	reply(w, 0, 0, "ns com. 86400 NS a.gtld.com.", "ar a.gtld.com. 86400 A 192.0.2.1", NULL);
	assert_memory_not_equal(cookie_sent(last_sent(w), &length), root, 8);
}

TEST_IN_WORLD(a_reply_with_another_cookie_is_not_looked_at, NULL)
{
	uint8_t whole[24];
	size_t length;

	world_ask(w, 1, "www.", HF_TYPE_A);
	memcpy(whole, cookie_sent(last_sent(w), &length), 8);
	memcpy(whole + 8, server_part, 16);
	whole[3] ^= 1;
	reply_cookie(w, 0, whole, 24, "an www. 60 A 203.0.113.66");
	assert_int_equal(w->answer_count, 0);
	whole[3] ^= 1;
	for (int size = 9; size < 16; size++) { /* sizes that no cookie has */
		reply_cookie(w, 0, whole, size, "an www. 60 A 203.0.113.66");
		assert_int_equal(w->answer_count, 0);
	}
	reply_cookie(w, 0, whole, 7, "an www. 60 A 203.0.113.66");
	assert_int_equal(w->answer_count, 0);
	assert_int_equal(world_stats(w).cookie_wrong, 9);
	assert_int_equal(world_stats(w).reply_mismatch, 9);
	reply_cookie(w, 0, whole, 24, "an www. 60 A 203.0.113.1");
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(a_reply_without_the_usual_cookie_leads_to_tcp, NULL)
{
	uint8_t whole[24];
	size_t length;

	learn_cookie(w, whole);
	world_ask(w, 2, "second.", HF_TYPE_A);
	reply_cookie(w, 0, NULL, -1, "an second. 60 A 203.0.113.66");
	assert_int_equal(w->answer_count, 1);
	assert_true(last_sent(w)->tcp);
	assert_int_equal(world_stats(w).cookie_missing, 1);
	reply_cookie(w, 0, NULL, -1, "an second. 60 A 203.0.113.2");
	expect_answer(w, 2, HF_RCODE_NOERROR, 1);
	/* It gives none any more: no TCP for ever. */
	world_ask(w, 3, "third.", HF_TYPE_A);
	cookie_sent(last_sent(w), &length);
	assert_int_equal(length, 8);
	reply_cookie(w, 0, NULL, -1, "an third. 60 A 203.0.113.3");
	expect_answer(w, 3, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(a_server_without_cookies_is_as_good_as_any, NULL)
{
	world_ask(w, 1, "www.", HF_TYPE_A);
	reply(w, HF_FLAG_AA, 0, "an www. 60 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
}

TEST_IN_WORLD(badcookie_is_answered_with_the_new_cookie_once_then_over_tcp, NULL)
{
	uint8_t whole[24];
	size_t length;

	world_ask(w, 1, "www.", HF_TYPE_A);
	memcpy(whole, cookie_sent(last_sent(w), &length), 8);
	memcpy(whole + 8, server_part, 16);
	reply_cookie(w, 23, whole, 24, NULL);
	assert_false(last_sent(w)->tcp);
	assert_memory_equal(cookie_sent(last_sent(w), &length), whole, 24);
	whole[9] ^= 1;
	reply_cookie(w, 23, whole, 24, NULL);
	assert_true(last_sent(w)->tcp);
	assert_memory_equal(cookie_sent(last_sent(w), &length), whole, 24);
	assert_int_equal(w->answer_count, 0);
	reply_cookie(w, 0, whole, 24, "an www. 60 A 203.0.113.1");
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	assert_int_equal(w->send_count, 3);
}

TEST_IN_WORLD(badcookie_over_tcp_too_ends_somewhere, NULL)
{
	world_ask(w, 1, "www.", HF_TYPE_A);
	for (unsigned i = 0; i < 50 && open_sends(w); i++) {
		uint8_t whole[24];
		size_t length;
		const uint8_t *sent = cookie_sent(last_sent(w), &length);

		assert_non_null(sent);
		memcpy(whole, sent, 8);
		memcpy(whole + 8, server_part, 16);
		reply_cookie(w, 23, whole, 24, NULL);
	}
	expect_answer(w, 1, HF_RCODE_SERVFAIL, 0);
	assert_true(w->send_count <= 4);
}

TEST_IN_WORLD(formerr_with_opt_leads_to_edns_without_cookie, NULL)
{
	size_t length;

	world_ask(w, 1, "www.", HF_TYPE_A);
	reply_cookie(w, HF_RCODE_FORMERR, NULL, -1, NULL);
	assert_null(cookie_sent(last_sent(w), &length));
	assert_int_not_equal(last_sent(w)->message[11], 0); /* but an OPT */
	reply(w, HF_FLAG_AA, 0, "an www. 60 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	world_ask(w, 2, "again.", HF_TYPE_A);
	assert_null(cookie_sent(last_sent(w), &length));
}

static void without_cookies(struct hf_resolver_config *config)
{
	config->server_cookies = false;
}

TEST_IN_WORLD(cookies_can_be_switched_off, without_cookies)
{
	size_t length;

	world_ask(w, 1, "www.", HF_TYPE_A);
	assert_null(cookie_sent(last_sent(w), &length));
}

/* The server's record is renewed after a day, and with it what identifies us there. */
TEST_IN_WORLD(the_client_cookie_changes_after_a_day, NULL)
{
	uint8_t whole[24];
	size_t length;

	learn_cookie(w, whole);
	w->now.mono_ns += 90000 * HF_NS_PER_SECOND;
	world_ask(w, 2, "later.", HF_TYPE_A);
	assert_memory_not_equal(cookie_sent(last_sent(w), &length), whole, 8);
	assert_int_equal(length, 8);
}

static void options_that_do_not_fit_are_no_cookie(void **state)
{
	/* header with ARCOUNT 1, OPT with RDLENGTH 12, COOKIE of 8 */
	uint8_t message[12 + 11 + 12] = {[2] = 0x80, [11] = 1, [14] = 41, [22] = 12, [24] = 10, [26] = 8, 1, 2, 3, 4, 5, 6, 7, 8};
	const uint8_t client[8] = {1, 2, 3, 4, 5, 6, 7, 8}, *server;
	size_t length;

	(void)state;
	assert_int_equal(hf_cookie_check(message, sizeof(message), client, &server, &length), HF_COOKIE_GOOD);
	assert_int_equal(length, 0);
	for (size_t cut = 0; cut < sizeof(message); cut++) {
		uint8_t *copy = malloc(cut + 1); /* so that the sanitizer sees a look behind the end */

		copy = realloc(copy, cut ? cut : 1);
		memcpy(copy, message, cut);
		assert_int_equal(hf_cookie_check(copy, cut, client, &server, &length), HF_COOKIE_ABSENT);
		free(copy);
	}
	message[26] = 9; /* longer than the OPT */
	assert_int_equal(hf_cookie_check(message, sizeof(message), client, &server, &length), HF_COOKIE_ABSENT);
	message[26] = 8;
	message[5] = 1; /* a question that is not there */
	assert_int_equal(hf_cookie_check(message, sizeof(message), client, &server, &length), HF_COOKIE_ABSENT);
}

/* ---- what is to be guessed ---- */

static void with_case(struct hf_resolver_config *config)
{
	config->case_randomization = true;
	config->max_clients = 512;
	config->fetches_per_zone = config->fetches_per_server = 0;
}

/* Each bit of the ID is set about half of the time, none goes with another, and 300 of them hardly repeat. (The source port is the
 * shell's: tests/unit/test_io_upstream.c.) */
TEST_IN_WORLD(ids_and_case_use_their_whole_range, with_case)
{
	unsigned ones[16] = {0}, equal[15] = {0}, repeated = 0, upper[20] = {0};
	enum { QUERIES = 300 };

	for (unsigned i = 0; i < QUERIES; i++) {
		char name[40];

		snprintf(name, sizeof(name), "abcdefghijklmnopqrst%u.", i);
		world_ask(w, i, name, HF_TYPE_A);
	}
	assert_int_equal(w->send_count, QUERIES);
	for (unsigned i = 0; i < QUERIES; i++) {
		const uint8_t *message = w->sends[i].message;
		unsigned id = (unsigned)(message[0] << 8 | message[1]);

		for (unsigned bit = 0; bit < 16; bit++)
			ones[bit] += id >> bit & 1;
		for (unsigned bit = 0; bit < 15; bit++)
			equal[bit] += (id >> bit & 1) == (id >> (bit + 1) & 1);
		for (unsigned k = 0; k < 20; k++)
			upper[k] += message[13 + k] < 'a';
		for (unsigned k = 0; k < i; k++)
			repeated += w->sends[k].message[0] == message[0] && w->sends[k].message[1] == message[1];
	}
	for (unsigned bit = 0; bit < 16; bit++)
		assert_in_range(ones[bit], QUERIES / 2 - 60, QUERIES / 2 + 60);
	for (unsigned bit = 0; bit < 15; bit++)
		assert_in_range(equal[bit], QUERIES / 2 - 60, QUERIES / 2 + 60);
	for (unsigned k = 0; k < 20; k++)
		assert_in_range(upper[k], QUERIES / 2 - 60, QUERIES / 2 + 60);
	assert_true(repeated < 8); /* 0.7 are to be expected */
}

/* The birthday attack needs many queries of one question under way (RFC 5452 §5; CVE-2025-5994 and CVE-2025-30192 by way of client
 * subnets, which are not sent). */
TEST_IN_WORLD(one_query_in_flight_however_many_ask, NULL)
{
	for (unsigned client = 0; client < 60; client++)
		world_ask(w, client, "www.example.", HF_TYPE_A);
	assert_int_equal(w->send_count, 1);
	reply(w, HF_FLAG_AA, 0, "an www.example. 60 A 203.0.113.1", NULL);
	assert_int_equal(w->answer_count, 60);
}

/* Aliases of an attacker's must not open what equal questions cannot: many queries for one name, any of which a forgery may hit. */
TEST_IN_WORLD(one_query_in_flight_however_many_aliases_lead_there, NULL)
{
	char name[40], line[80];

	for (unsigned client = 0; client < 30; client++) {
		snprintf(name, sizeof(name), "a%u.evil.", client);
		snprintf(line, sizeof(line), "an %s 60 CNAME www.example.", name);
		world_ask(w, client, name, HF_TYPE_A);
		expect_sent(w, ROOT, name, HF_TYPE_A);
		reply(w, HF_FLAG_AA, 0, line, NULL);
		assert_int_equal(open_sends(w), 1);
	}
	expect_sent(w, ROOT, "www.example.", HF_TYPE_A);
	assert_int_equal(w->send_count, 31);
}

/* ---- floods ---- */

/* `count` replies with a wrong ID to the newest query. False when it was given up meanwhile. */
static bool forge(struct world *w, unsigned count)
{
	struct world_send *send = last_sent(w);
	const char *lines[] = {"an www.example. 86400 A 203.0.113.66", NULL};
	uint8_t bytes[600];
	size_t length = build_reply(w, send, HF_FLAG_AA, 0, lines, bytes, sizeof(bytes));

	bytes[0] ^= 1;
	for (unsigned i = 0; i < count && send->open; i++)
		reply_bytes(w, send, bytes, length);
	return send->open;
}

static void threshold_ten(struct hf_resolver_config *config)
{
	config->spoof_threshold = 10;
}

TEST_IN_WORLD(a_flood_at_one_query_sends_it_over_tcp, NULL)
{
	world_ask(w, 1, "www.example.", HF_TYPE_A);
	assert_true(forge(w, 19));
	assert_false(forge(w, 1));
	assert_true(last_sent(w)->tcp);
	reply(w, HF_FLAG_AA, 0, "an www.example. 60 A 203.0.113.1", NULL);
	expect_answer(w, 1, HF_RCODE_NOERROR, 1);
	world_ask(w, 2, "other.example.", HF_TYPE_A);
	assert_false(last_sent(w)->tcp);
}

/* Spread over many questions, so that none sees twenty. */
TEST_IN_WORLD(a_flood_at_one_server_sends_all_its_queries_over_tcp_for_a_minute, threshold_ten)
{
	char name[40];

	for (unsigned i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "n%u.", i);
		world_ask(w, i, name, HF_TYPE_A);
		assert_false(last_sent(w)->tcp);
		assert_true(forge(w, 1));
	}
	assert_false(forge(w, 1));
	assert_true(last_sent(w)->tcp);
	assert_int_equal(world_stats(w).spoof_floods, 1);
	world_ask(w, 20, "next.", HF_TYPE_A);
	assert_true(last_sent(w)->tcp);
	reply(w, HF_FLAG_AA, 0, "an next. 60 A 203.0.113.1", NULL);
	expect_answer(w, 20, HF_RCODE_NOERROR, 1);
	pass_ms(w, 61000);
	world_ask(w, 21, "later.", HF_TYPE_A);
	assert_false(last_sent(w)->tcp);
}

TEST_IN_WORLD(forged_replies_now_and_then_are_no_flood, threshold_ten)
{
	for (unsigned i = 0; i < 30; i++) {
		char name[40];

		snprintf(name, sizeof(name), "n%u.", i);
		world_ask(w, i, name, HF_TYPE_A);
		assert_true(forge(w, 1));
		reply(w, HF_FLAG_AA, HF_RCODE_NXDOMAIN, "ns . 60 SOA 60", NULL);
		w->now.mono_ns += 2000 * MS;
	}
	assert_int_equal(world_stats(w).spoof_floods, 0);
}

static void threshold_two(struct hf_resolver_config *config)
{
	config->spoof_threshold = 2;
}

/* Twenty servers see one forged reply each: nothing to one of them, but together they are a flood. */
TEST_IN_WORLD(a_flood_at_many_servers_sends_all_queries_over_tcp, threshold_two)
{
	char line[80], glue[80], name[40];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "www.t%u.", i);
		snprintf(line, sizeof(line), "ns t%u. 60 NS ns.t%u.", i, i);
		snprintf(glue, sizeof(glue), "ar ns.t%u. 60 A 192.0.2.%u", i, 100 + i);
		world_ask(w, i, name, HF_TYPE_A);
		reply(w, 0, 0, line, glue, NULL);
		forge(w, 1);
	}
	assert_int_equal(world_stats(w).spoof_floods, 1);
	world_ask(w, 50, "next.", HF_TYPE_A);
	expect_sent(w, ROOT, "next.", HF_TYPE_A);
	assert_true(last_sent(w)->tcp);
	/* This one does not listen on TCP, and nobody forges its replies. */
	IN_RESOLVER(hf_resolver_transport_failed(w->resolver, last_sent(w)->exchange, w->now));
	last_sent(w)->open = false;
	world_drain(w);
	expect_sent(w, ROOT, "next.", HF_TYPE_A);
	assert_false(last_sent(w)->tcp);
	reply(w, HF_FLAG_AA, 0, "an next. 60 A 203.0.113.1", NULL);
	expect_answer(w, 50, HF_RCODE_NOERROR, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_cookie_is_sent_back),
		cmocka_unit_test(each_server_gets_another_client_cookie),
		cmocka_unit_test(a_reply_with_another_cookie_is_not_looked_at),
		cmocka_unit_test(a_reply_without_the_usual_cookie_leads_to_tcp),
		cmocka_unit_test(a_server_without_cookies_is_as_good_as_any),
		cmocka_unit_test(badcookie_is_answered_with_the_new_cookie_once_then_over_tcp),
		cmocka_unit_test(badcookie_over_tcp_too_ends_somewhere),
		cmocka_unit_test(formerr_with_opt_leads_to_edns_without_cookie),
		cmocka_unit_test(cookies_can_be_switched_off),
		cmocka_unit_test(the_client_cookie_changes_after_a_day),
		cmocka_unit_test(options_that_do_not_fit_are_no_cookie),
		cmocka_unit_test(ids_and_case_use_their_whole_range),
		cmocka_unit_test(one_query_in_flight_however_many_ask),
		cmocka_unit_test(one_query_in_flight_however_many_aliases_lead_there),
		cmocka_unit_test(a_flood_at_one_query_sends_it_over_tcp),
		cmocka_unit_test(a_flood_at_one_server_sends_all_its_queries_over_tcp_for_a_minute),
		cmocka_unit_test(forged_replies_now_and_then_are_no_flood),
		cmocka_unit_test(a_flood_at_many_servers_sends_all_queries_over_tcp),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
