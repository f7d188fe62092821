// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/compose.c and reply.c: from RRsets to a record to a client's reply. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wire/octets.h"
#include "wire/reply.h"

static struct hf_arena *arena;
static const uint64_t secret[2] = {0x0123456789abcdef, 0xfedcba9876543210};
static const struct hf_now start = {.mono_ns = 5000 * HF_NS_PER_SECOND};
static const struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = 1232};

static union {
	struct hf_answer_record record;
	uint8_t bytes[80000];
} composed;
static uint8_t packet[512], out[65536];
static struct hf_query query;

static int set_up(void **state)
{
	(void)state;
	arena = hf_arena_new(16 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hf_arena_free(arena);
	return 0;
}

static const struct hf_rrset *set(const char *owner, uint16_t type, uint32_t ttl, const void *rdata, size_t length,
				  bool with_signature)
{
	/* covers `type`; signer: the root; one octet of signature */
	const uint8_t signature[20] = {(uint8_t)(type >> 8), (uint8_t)type, 8, 1};
	const struct hf_rdata all[2] = {{.bytes = rdata, .length = (uint16_t)length},
					{.bytes = signature, .length = sizeof(signature)}};
	uint8_t name[HF_NAME_MAX];

	assert_int_not_equal(hf_name_from_text(owner, name), 0);
	return hf_rrset_make(arena, name, type, 1, ttl, all, 1, with_signature);
}

static struct hf_now after(unsigned seconds)
{
	return (struct hf_now){.mono_ns = start.mono_ns + seconds * HF_NS_PER_SECOND};
}

/* The client's query becomes `query`. An edns_size of 0: no OPT. */
static void ask(const char *name_text, uint16_t type, uint16_t flags, uint16_t edns_size, bool dnssec_ok)
{
	uint8_t name[HF_NAME_MAX];
	size_t length;

	assert_int_not_equal(hf_name_from_text(name_text, name), 0);
	length = hf_query_write(packet, sizeof(packet), 0x4242, flags, name, type, 1, edns_size, dnssec_ok);
	assert_int_equal(hf_query_parse(packet, length, &query), HF_QUERY_OK);
}

static size_t compose(const struct hf_answer *answer)
{
	return hf_answer_compose(answer, secret, query.name, query.qtype, query.qclass, query.reply_class, 86400, start,
				 &composed.record, sizeof(composed));
}

/* A CNAME and its target, signed; an NS set and glue. */
static struct hf_answer usual_answer(void)
{
	static const struct hf_rrset *answer[2], *authority[1], *additional[1];

	answer[0] = set("www.example.", 5, 300, "\3web\7example", 13, true);
	answer[1] = set("web.example.", 1, 60, "\300\0\2\1", 4, true);
	authority[0] = set("example.", 2, 3600, "\2ns\7example", 12, false);
	additional[0] = set("ns.example.", 1, 7200, "\300\0\2\2", 4, false);
	return (struct hf_answer){.sections = {answer, authority, additional}, .section_counts = {2, 1, 1}};
}

static void a_record_holds_key_name_times_and_counts(void **state)
{
	struct hf_answer answer = usual_answer();
	const struct hf_answer_record *record = &composed.record;
	const __u64 key_secret[2] = {secret[0], secret[1]};
	__u64 key[2];
	size_t size;

	(void)state;
	ask("wWw.Example.", 1, HF_FLAG_RD, 1232, true);
	answer.authentic = true;
	size = compose(&answer);
	assert_int_equal(size, HF_RECORD_SIZE(13, record->body_length));
	hf_question_key(key_secret, query.name, 13, 1, 1, HF_REPLY_DO, key);
	assert_memory_equal(record->key, key, sizeof(key));
	assert_memory_equal(record->data, "\3www\7example\0\0\0\0", 16);
	assert_int_equal(record->name_length, 13);
	assert_int_equal(record->qtype, 1);
	assert_int_equal(record->qclass, 1);
	assert_int_equal(record->reply_class, HF_REPLY_DO);
	assert_int_equal(record->base_ns, start.mono_ns);
	assert_int_equal(record->fresh_until_ns, after(60).mono_ns);
	assert_int_equal(record->stale_until_ns, record->fresh_until_ns);
	assert_int_equal(be16toh(record->flags), HF_FLAG_QR | HF_FLAG_RA | HF_FLAG_AD);
	assert_int_equal(be16toh(record->ancount), 4);
	assert_int_equal(be16toh(record->nscount), 1);
	assert_int_equal(be16toh(record->arcount), 1);
	assert_int_equal(record->ttl_count, 6);
	assert_int_equal(record->sequence, 0);
	assert_int_equal(record->mark, 0);
}

static void the_body_is_compressed_against_the_question(void **state)
{
	static const struct hf_rrset *sets[1];
	struct hf_answer answer = {.sections = {sets}, .section_counts = {1}};

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	sets[0] = set("WWW.Example.", 1, 60, "\300\0\2\1", 4, false);
	compose(&answer);
	assert_int_equal(composed.record.body_length, 16);
	assert_memory_equal(composed.record.data + 16, "\300\14\0\1\0\1\0\0\0\74\0\4\300\0\2\1", 16);
	assert_int_equal(composed.record.ttl_count, 1);
	assert_int_equal(composed.record.ttl_offsets[0], 6);
}

static void the_body_sum_is_that_of_network_order_words(void **state)
{
	static const struct hf_rrset *sets[1];
	struct hf_answer answer = {.sections = {sets}, .section_counts = {1}};
	uint32_t sum = 0xc00c + 0x0001 + 0x0001 + 0x0000 + 0x003c + 0x0004 + 0xc000 + 0x0201;

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	sets[0] = set("www.example.", 1, 60, "\300\0\2\1", 4, false);
	compose(&answer);
	assert_int_equal(composed.record.body_sum, sum);
	/* An odd last octet is the high half of a word. */
	ask("www.example.", 65280, 0, 0, false);
	sets[0] = set("www.example.", 65280, 60, "\300", 1, false);
	compose(&answer);
	assert_int_equal(composed.record.body_length, 13);
	assert_int_equal(composed.record.body_sum, 0xc00c + 0xff00 + 0x0001 + 0x0000 + 0x003c + 0x0001 + 0xc000);
}

static void signatures_are_for_do_and_for_those_who_ask_for_them(void **state)
{
	struct hf_answer answer = usual_answer();

	(void)state;
	ask("www.example.", 1, 0, 1232, false);
	compose(&answer);
	assert_int_equal(be16toh(composed.record.ancount), 2);
	ask("www.example.", 255, 0, 1232, false);
	compose(&answer);
	assert_int_equal(be16toh(composed.record.ancount), 4);
	ask("www.example.", 46, 0, 0, false);
	compose(&answer);
	assert_int_equal(be16toh(composed.record.ancount), 4);
}

static void given_ttls_replace_those_of_the_sets_and_the_cap_bounds_freshness(void **state)
{
	static const uint32_t ttls[] = {11, 22};
	struct hf_answer answer = usual_answer();
	const uint8_t *body = composed.record.data + 16;

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	answer.ttls[HF_SECTION_ANSWER] = ttls;
	compose(&answer);
	assert_int_equal(composed.record.fresh_until_ns, after(11).mono_ns);
	assert_int_equal(hf_octets_u32(body + composed.record.ttl_offsets[0]), 11);
	assert_int_equal(hf_octets_u32(body + composed.record.ttl_offsets[1]), 22);
	hf_answer_compose(&answer, secret, query.name, 1, 1, 0, 5, start, &composed.record, sizeof(composed));
	assert_int_equal(composed.record.fresh_until_ns, after(5).mono_ns);
}

static void an_answer_without_rrs_lives_as_long_as_the_cap(void **state)
{
	struct hf_answer answer = {.rcode = HF_RCODE_SERVFAIL};

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	assert_int_equal(
		hf_answer_compose(&answer, secret, query.name, 1, 1, 0, 5, start, &composed.record, sizeof(composed)),
		HF_RECORD_SIZE(13, 0));
	assert_int_equal(composed.record.fresh_until_ns, after(5).mono_ns);
	assert_int_equal(be16toh(composed.record.flags), HF_FLAG_QR | HF_FLAG_RA | HF_RCODE_SERVFAIL);
}

/* One set of `count` A RRs. */
static const struct hf_rrset *many_addresses(unsigned count)
{
	static uint8_t addresses[4000][4];
	static struct hf_rdata rdata[4000];
	uint8_t name[HF_NAME_MAX];

	for (unsigned i = 0; i < count; i++) {
		hf_octets_put_u32(addresses[i], i);
		rdata[i] = (struct hf_rdata){.bytes = addresses[i], .length = 4};
	}
	hf_name_from_text("www.example.", name);
	return hf_rrset_make(arena, name, 1, 1, 60, rdata, (uint16_t)count, 0);
}

static void more_than_sixteen_rrs_or_a_long_body_cannot_be_cached(void **state)
{
	static uint8_t text[2000];
	static const struct hf_rrset *sets[1];
	struct hf_answer answer = {.sections = {sets}, .section_counts = {1}};

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	sets[0] = many_addresses(16);
	assert_int_not_equal(compose(&answer), 0);
	assert_int_equal(composed.record.ttl_count, 16);
	sets[0] = many_addresses(17);
	assert_int_not_equal(compose(&answer), 0);
	assert_int_equal(composed.record.ttl_count, HF_RECORD_NOT_CACHEABLE);
	sets[0] = set("www.example.", 65280, 60, text, HF_RECORD_BODY_MAX - 12, false);
	assert_int_not_equal(compose(&answer), 0);
	assert_int_equal(composed.record.ttl_count, 1);
	sets[0] = set("www.example.", 65280, 60, text, HF_RECORD_BODY_MAX - 11, false);
	assert_int_not_equal(compose(&answer), 0);
	assert_int_equal(composed.record.ttl_count, HF_RECORD_NOT_CACHEABLE);
}

static void what_does_not_fit_is_not_composed(void **state)
{
	struct hf_answer answer = usual_answer();
	size_t size;

	(void)state;
	ask("www.example.", 1, 0, 1232, true);
	size = compose(&answer);
	for (size_t capacity = 0; capacity <= size; capacity++) {
		/* The octet behind the capacity is watched by the sanitizers. */
		struct hf_answer_record *record = test_malloc(capacity + 1);

		assert_int_equal(
			hf_answer_compose(&answer, secret, query.name, 1, 1, 1, 86400, start, record, capacity),
			capacity < size ? 0 : size);
		test_free(record);
	}
}

static void the_question_is_echoed_with_the_clients_id_case_rd_and_cd(void **state)
{
	struct hf_answer answer = usual_answer();
	size_t length;

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	compose(&answer);
	ask("wWW.eXAMPLE.", 1, HF_FLAG_RD | HF_FLAG_CD, 0, false);
	length = hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_int_equal(length, 12 + 17 + composed.record.body_length);
	assert_int_equal(hf_octets_u16(out), 0x4242);
	assert_int_equal(hf_octets_u16(out + 2), HF_FLAG_QR | HF_FLAG_RA | HF_FLAG_RD | HF_FLAG_CD);
	assert_memory_equal(out + 4, "\0\1\0\2\0\1\0\1", 8);
	assert_memory_equal(out + 12, "\3wWW\7eXAMPLE\0\0\1\0\1", 17);
	ask("www.example.", 1, 0, 0, false);
	hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_int_equal(hf_octets_u16(out + 2), HF_FLAG_QR | HF_FLAG_RA);
}

static void ad_is_sent_only_to_those_who_set_ad_or_do(void **state)
{
	struct hf_answer answer = usual_answer();

	(void)state;
	answer.authentic = true;
	ask("www.example.", 1, 0, 0, false);
	compose(&answer);
	hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_AD, 0);
	ask("www.example.", 1, HF_FLAG_AD, 0, false);
	hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_AD, HF_FLAG_AD);
	ask("www.example.", 1, 0, 1232, true);
	hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_AD, HF_FLAG_AD);
}

static void ttls_age_by_whole_seconds_and_never_below_zero(void **state)
{
	static const struct {
		uint64_t age_ns;
		uint32_t cname, address;
	} rows[] = {{0, 300, 60},
		    {HF_NS_PER_SECOND - 1, 300, 60},
		    {HF_NS_PER_SECOND, 299, 59},
		    {60 * HF_NS_PER_SECOND, 240, 0},
		    {299 * HF_NS_PER_SECOND, 1, 0},
		    {UINT64_C(5000000000) * HF_NS_PER_SECOND, 0, 0}};
	struct hf_answer answer = usual_answer();
	struct hf_now before = {.mono_ns = start.mono_ns - HF_NS_PER_SECOND};

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	compose(&answer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_now now = {.mono_ns = start.mono_ns + rows[i].age_ns};

		hf_reply_write(&composed.record, &query, NULL, 0, false, &options, now, out, sizeof(out));
		assert_int_equal(hf_octets_u32(out + 29 + composed.record.ttl_offsets[0]), rows[i].cname);
		assert_int_equal(hf_octets_u32(out + 29 + composed.record.ttl_offsets[1]), rows[i].address);
	}
	/* composed after this thread's clock was read */
	hf_reply_write(&composed.record, &query, NULL, 0, false, &options, before, out, sizeof(out));
	assert_int_equal(hf_octets_u32(out + 29 + composed.record.ttl_offsets[0]), 300);
}

static void a_record_that_cannot_be_cached_is_sent_as_it_is(void **state)
{
	static const struct hf_rrset *sets[1];
	struct hf_answer answer = {.sections = {sets}, .section_counts = {1}};
	struct hf_message message;
	size_t length;

	(void)state;
	ask("www.example.", 1, 0, 0, false);
	sets[0] = many_addresses(3000);
	assert_int_not_equal(compose(&answer), 0);
	length = hf_reply_write(&composed.record, &query, NULL, 0, true, &options, after(30), out, sizeof(out));
	assert_true(hf_message_parse(out, length, arena, &message, NULL));
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 1);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->ttl, 60);
	assert_true(hf_rrset_same_data(message.sections[HF_SECTION_ANSWER][0], sets[0]));
}

static void opt_is_for_those_who_sent_one_with_our_size_and_their_do(void **state)
{
	struct hf_answer answer = usual_answer();
	size_t length;

	(void)state;
	ask("www.example.", 1, 0, 4096, true);
	compose(&answer);
	length = hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_memory_equal(out + length - 11, "\0\0\51\4\320\0\0\200\0\0\0", 11);
	assert_int_equal(hf_octets_u16(out + 10), 2);
	ask("www.example.", 1, 0, 4096, false);
	length = hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_memory_equal(out + length - 11, "\0\0\51\4\320\0\0\0\0\0\0", 11);
}

static void edes_stand_in_opt_and_only_there(void **state)
{
	static const struct hf_ede edes[] = {{3, NULL}, {22, "de."}};
	struct hf_answer answer = usual_answer();
	size_t length;

	(void)state;
	ask("www.example.", 1, 0, 1232, false);
	compose(&answer);
	length = hf_reply_write(&composed.record, &query, edes, 2, false, &options, start, out, sizeof(out));
	assert_memory_equal(out + length - 15 - 11,
			    "\0\0\51\4\320\0\0\0\0\0\17"
			    "\0\17\0\2\0\3"
			    "\0\17\0\5\0\26de.",
			    26);
	ask("www.example.", 1, 0, 0, false);
	assert_int_equal(hf_reply_write(&composed.record, &query, edes, 2, false, &options, start, out, sizeof(out)),
			 12 + 17 + composed.record.body_length);
}

/* A record with a body of `length` octets for www.example. */
static void compose_body(size_t length)
{
	static uint8_t rdata[65536];
	static const struct hf_rrset *sets[1];
	struct hf_answer answer = {.sections = {sets}, .section_counts = {1}};

	hf_arena_reset(arena);
	sets[0] = set("www.example.", 65280, 60, rdata, length - 12, false);
	assert_int_not_equal(compose(&answer), 0);
	assert_int_equal(composed.record.body_length, length);
}

static void what_exceeds_the_clients_or_our_udp_size_becomes_empty_with_tc(void **state)
{
	static const struct {
		uint16_t edns_size, ceiling;
		size_t capacity, limit;
	} rows[] = {
		{0, 1232, 65535, 512},	 {0, 400, 65535, 400},	    {512, 1232, 65535, 512}, {100, 1232, 65535, 512},
		{900, 1232, 65535, 900}, {4096, 1232, 65535, 1232}, {4096, 1232, 300, 300},  {4096, 4096, 65535, 4096},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_reply_options of_row = {.edns_size = 1232, .udp_ceiling = rows[i].ceiling};
		size_t opt = rows[i].edns_size ? 11 : 0, body = rows[i].limit - 12 - 17 - opt;

		ask("www.example.", 65280, HF_FLAG_RD, rows[i].edns_size, false);
		compose_body(body);
		assert_int_equal(
			hf_reply_write(&composed.record, &query, NULL, 0, false, &of_row, start, out, rows[i].capacity),
			rows[i].limit);
		assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_TC, 0);
		compose_body(body + 1);
		assert_int_equal(
			hf_reply_write(&composed.record, &query, NULL, 0, false, &of_row, start, out, rows[i].capacity),
			12 + 17 + opt);
		assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_TC, HF_FLAG_TC);
		assert_memory_equal(out + 4, opt ? "\0\1\0\0\0\0\0\1" : "\0\1\0\0\0\0\0\0", 8);
	}
}

static void tcp_takes_up_to_64_kib(void **state)
{
	(void)state;
	ask("www.example.", 65280, HF_FLAG_RD, 512, false);
	compose_body(65535 - 12 - 17 - 11);
	assert_int_equal(hf_reply_write(&composed.record, &query, NULL, 0, true, &options, start, out, sizeof(out)),
			 65535);
	assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_TC, 0);
}

static void edes_give_way_before_data_texts_first(void **state)
{
	static const struct hf_ede ede = {3, "a text of thirty octets, about"};
	struct hf_message message;
	size_t length;

	(void)state;
	ask("www.example.", 65280, 0, 512, false);
	compose_body(512 - 12 - 17 - 11 - 6); /* room for the code alone */
	length = hf_reply_write(&composed.record, &query, &ede, 1, false, &options, start, out, sizeof(out));
	assert_int_equal(length, 512);
	assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_TC, 0);
	assert_memory_equal(out + 512 - 6, "\0\17\0\2\0\3", 6);
	compose_body(512 - 12 - 17 - 11 - 5); /* not even that: RFC 8914 §3 wants TC then */
	length = hf_reply_write(&composed.record, &query, &ede, 1, false, &options, start, out, sizeof(out));
	assert_int_equal(length, 512 - 5);
	assert_int_equal(hf_octets_u16(out + 2) & HF_FLAG_TC, HF_FLAG_TC);
	assert_true(hf_message_parse(out, length, arena, &message, NULL));
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 1);
}

/* What the request step found the client to ask for. */
static void ask_options(uint8_t asked)
{
	query.options.asked = asked;
	query.options.keepalive = 100;
	query.options.cookie_length = HF_COOKIE_SIZE;
	memcpy(query.options.cookie, "client!!0123456789abcdef", HF_COOKIE_SIZE);
}

#define COOKIE_OUT "\0\12\0\30client!!0123456789abcdef"
#define KEEPALIVE_OUT "\0\13\0\2\0\144"
#define NSID_OUT "\0\3\0\4ns-1"

static void options_asked_for_are_in_opt(void **state)
{
	static const struct hf_reply_options with_nsid = {.edns_size = 1232, .udp_ceiling = 1232, .nsid = (const uint8_t *)"ns-1",
							  .nsid_length = 4};
	static const struct hf_ede ede = {22, "de."};
	struct hf_answer answer = usual_answer();
	size_t length, body;

	(void)state;
	ask("www.example.", 1, HF_FLAG_RD, 1232, false);
	compose(&answer);
	body = 12 + 17 + composed.record.body_length;
	ask_options(HF_ASKED_NSID | HF_ASKED_COOKIE | HF_ASKED_KEEPALIVE);
	length = hf_reply_write(&composed.record, &query, &ede, 1, true, &with_nsid, start, out, sizeof(out));
	assert_int_equal(length, body + 11 + 28 + 6 + 8 + 9);
	assert_memory_equal(out + body + 9, "\0\63" COOKIE_OUT KEEPALIVE_OUT NSID_OUT "\0\17\0\5\0\26de.", 2 + 28 + 6 + 8 + 9);
	/* No NSID here, or none asked for: nothing. */
	length = hf_reply_write(&composed.record, &query, NULL, 0, true, &options, start, out, sizeof(out));
	assert_int_equal(length, body + 11 + 28 + 6);
	ask_options(0);
	length = hf_reply_write(&composed.record, &query, NULL, 0, true, &with_nsid, start, out, sizeof(out));
	assert_int_equal(length, body + 11);
	/* Errors bring them as well. */
	ask_options(HF_ASKED_NSID | HF_ASKED_COOKIE);
	length = hf_reply_write_error(&query, HF_RCODE_BADCOOKIE, NULL, 0, &with_nsid, out, sizeof(out));
	assert_int_equal(length, 12 + 17 + 11 + 28 + 8);
	assert_int_equal(out[3] & HF_RCODE_MASK, HF_RCODE_BADCOOKIE & HF_RCODE_MASK);
	assert_memory_equal(out + 29, "\0\0\51\4\320\1\0\0\0\0\44" COOKIE_OUT NSID_OUT, 11 + 28 + 8);
}

/* Least needed first: EDE texts and NSID, the EDEs, the answer. The cookie stays: without it the client may not take the reply. */
static void a_cookie_stays_whatever_else_gives_way(void **state)
{
	static const struct hf_reply_options with_nsid = {.edns_size = 1232, .udp_ceiling = 1232, .nsid = (const uint8_t *)"ns-1",
							  .nsid_length = 4};
	static const struct hf_ede ede = {22, "de."};
	static const struct {
		size_t room; /* beside header, question, body, least OPT */
		const char *options;
		size_t options_length;
		bool tc;
	} rows[] = {
		{28 + 8 + 9, COOKIE_OUT NSID_OUT "\0\17\0\5\0\26de.", 28 + 8 + 9, false},
		{28 + 8 + 8, COOKIE_OUT "\0\17\0\2\0\26", 28 + 6, false},
		{28 + 6, COOKIE_OUT "\0\17\0\2\0\26", 28 + 6, false},
		{28 + 5, COOKIE_OUT, 28, true},
		{28, COOKIE_OUT, 28, true},
		{27, COOKIE_OUT "\0\17\0\2\0\26", 28 + 6, true}, /* the body went */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length, at;

		ask("www.example.", 65280, 0, 512, false);
		ask_options(HF_ASKED_NSID | HF_ASKED_COOKIE);
		compose_body(512 - 12 - 17 - 11 - rows[i].room);
		length = hf_reply_write(&composed.record, &query, &ede, 1, false, &with_nsid, start, out, sizeof(out));
		at = length - rows[i].options_length;
		assert_true(length <= 512);
		assert_int_equal(!!(out[2] & HF_FLAG_TC >> 8), rows[i].tc);
		assert_memory_equal(out + at, rows[i].options, rows[i].options_length);
		assert_int_equal(hf_octets_u16(out + at - 2), rows[i].options_length);
		assert_int_equal(hf_octets_u16(out + 6), rows[i].room >= 28);
	}
}

static void a_reply_can_be_built_over_its_query(void **state)
{
	struct hf_answer answer = usual_answer();
	static uint8_t frame[2048];
	size_t length, expected;

	(void)state;
	ask("wWw.example.", 1, HF_FLAG_RD, 1232, true);
	compose(&answer);
	expected = hf_reply_write(&composed.record, &query, NULL, 0, false, &options, after(3), out, sizeof(out));
	length = hf_query_write(frame, sizeof(frame), 0x4242, HF_FLAG_RD, (const uint8_t *)"\3wWw\7example", 1, 1, 1232,
				true);
	assert_int_equal(hf_query_parse(frame, length, &query), HF_QUERY_OK);
	assert_int_equal(
		hf_reply_write(&composed.record, &query, NULL, 0, false, &options, after(3), frame, sizeof(frame)),
		expected);
	assert_memory_equal(frame, out, expected);
}

static void nothing_is_written_behind_a_small_buffer(void **state)
{
	struct hf_answer answer = usual_answer();
	static const struct hf_ede ede = {3, "text"};

	(void)state;
	ask("www.example.", 1, 0, 4096, true);
	compose(&answer);
	for (size_t capacity = 0; capacity < 300; capacity++) {
		uint8_t *buffer = test_malloc(capacity + 1);
		size_t length = hf_reply_write(&composed.record, &query, &ede, 1, capacity % 2, &options, start, buffer,
					       capacity);

		assert_int_equal(length > 0, capacity >= 12 + 17 + 11);
		assert_true(length <= capacity);
		length = hf_reply_write_error(&query, HF_RCODE_SERVFAIL, &ede, 1, &options, buffer, capacity);
		assert_int_equal(length > 0, capacity >= 12 + 17 + 11);
		assert_true(length <= capacity);
		test_free(buffer);
	}
}

static void errors_say_what_the_query_allows_them_to(void **state)
{
	static const uint8_t notify[] = "\x12\x34\x25\0\0\1\0\0\0\0\0\0";
	static const struct hf_ede ede = {30, "too new"};
	size_t length;

	(void)state;
	ask("www.example.", 1, HF_FLAG_RD | HF_FLAG_CD, 1232, true);
	length = hf_reply_write_error(&query, HF_RCODE_BADVERS, &ede, 1, &options, out, sizeof(out));
	assert_int_equal(length, 12 + 17 + 11 + 13);
	assert_int_equal(hf_octets_u16(out + 2), HF_FLAG_QR | HF_FLAG_RA | HF_FLAG_RD | HF_FLAG_CD);
	assert_memory_equal(out + 4, "\0\1\0\0\0\0\0\1", 8);
	assert_memory_equal(out + 12, "\3www\7example\0\0\1\0\1", 17);
	assert_memory_equal(out + 29, "\0\0\51\4\320\1\0\200\0\0\15\0\17\0\11\0\36too new", 24);

	ask("www.example.", 1, 0, 0, false);
	length = hf_reply_write_error(&query, HF_RCODE_REFUSED, &ede, 1, &options, out, sizeof(out));
	assert_int_equal(length, 12 + 17);
	assert_int_equal(hf_octets_u16(out + 2), HF_FLAG_QR | HF_FLAG_RA | HF_RCODE_REFUSED);

	/* The opcode comes back, the question does not: it was not read. */
	assert_int_equal(hf_query_parse(notify, sizeof(notify) - 1, &query), HF_QUERY_NOTIMP);
	length = hf_reply_write_error(&query, HF_RCODE_NOTIMP, NULL, 0, &options, out, sizeof(out));
	assert_int_equal(length, 12);
	/* Nor do flags: another opcode may mean something else by them. */
	assert_memory_equal(out, "\x12\x34\xa0\x04\0\0\0\0\0\0\0\0", 12);
}

static void a_reply_can_be_truncated_afterwards(void **state)
{
	struct hf_answer answer = usual_answer();
	struct hf_message message;
	size_t length;

	(void)state;
	ask("wWw.example.", 1, HF_FLAG_RD, 1232, true);
	compose(&answer);
	length = hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_int_equal(hf_reply_truncate(out, length), 12 + 17);
	assert_int_equal(hf_octets_u16(out + 2), HF_FLAG_QR | HF_FLAG_TC | HF_FLAG_RD | HF_FLAG_RA);
	assert_true(hf_message_parse(out, 12 + 17, arena, &message, NULL));
	assert_memory_equal(message.qname, "\3wWw\7example", 13);
	assert_int_equal(hf_reply_truncate(out, 12 + 17), 12 + 17);
	/* Without question, and what is none of ours. */
	memset(out, 0, 12);
	assert_int_equal(hf_reply_truncate(out, 23), 12);
	memcpy(out, "\0\0\0\0\0\1\0\0\0\0\0\0\77a", 14);
	assert_int_equal(hf_reply_truncate(out, 14), 14);
}

/* What RRsets go in come out of the reply that a client reads. */
static void a_reply_read_back_holds_the_rrsets(void **state)
{
	struct hf_answer answer = usual_answer();
	struct hf_message message;
	size_t length;

	(void)state;
	ask("www.example.", 1, HF_FLAG_RD, 1232, true);
	compose(&answer);
	length = hf_reply_write(&composed.record, &query, NULL, 0, false, &options, start, out, sizeof(out));
	assert_true(hf_message_parse(out, length, arena, &message, NULL));
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++) {
		assert_int_equal(message.section_counts[section], answer.section_counts[section]);
		for (unsigned i = 0; i < message.section_counts[section]; i++) {
			assert_true(hf_rrset_same_data(message.sections[section][i], answer.sections[section][i]));
			assert_int_equal(message.sections[section][i]->signature_count,
					 answer.sections[section][i]->signature_count);
			assert_int_equal(message.sections[section][i]->ttl, answer.sections[section][i]->ttl);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_holds_key_name_times_and_counts),
		cmocka_unit_test(the_body_is_compressed_against_the_question),
		cmocka_unit_test(the_body_sum_is_that_of_network_order_words),
		cmocka_unit_test(signatures_are_for_do_and_for_those_who_ask_for_them),
		cmocka_unit_test(given_ttls_replace_those_of_the_sets_and_the_cap_bounds_freshness),
		cmocka_unit_test(an_answer_without_rrs_lives_as_long_as_the_cap),
		cmocka_unit_test(more_than_sixteen_rrs_or_a_long_body_cannot_be_cached),
		cmocka_unit_test(what_does_not_fit_is_not_composed),
		cmocka_unit_test(the_question_is_echoed_with_the_clients_id_case_rd_and_cd),
		cmocka_unit_test(ad_is_sent_only_to_those_who_set_ad_or_do),
		cmocka_unit_test(ttls_age_by_whole_seconds_and_never_below_zero),
		cmocka_unit_test(a_record_that_cannot_be_cached_is_sent_as_it_is),
		cmocka_unit_test(opt_is_for_those_who_sent_one_with_our_size_and_their_do),
		cmocka_unit_test(edes_stand_in_opt_and_only_there),
		cmocka_unit_test(what_exceeds_the_clients_or_our_udp_size_becomes_empty_with_tc),
		cmocka_unit_test(tcp_takes_up_to_64_kib),
		cmocka_unit_test(edes_give_way_before_data_texts_first),
		cmocka_unit_test(options_asked_for_are_in_opt),
		cmocka_unit_test(a_reply_can_be_truncated_afterwards),
		cmocka_unit_test(a_cookie_stays_whatever_else_gives_way),
		cmocka_unit_test(a_reply_can_be_built_over_its_query),
		cmocka_unit_test(nothing_is_written_behind_a_small_buffer),
		cmocka_unit_test(errors_say_what_the_query_allows_them_to),
		cmocka_unit_test(a_reply_read_back_holds_the_rrsets),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
