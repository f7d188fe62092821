// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/query.c: clients' queries, a row per case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "bpf/fastpath_abi.h"
#include "wire/edns.h"
#include "wire/message.h"
#include "wire/octets.h"

/* clang-format off: rows, however long */
#define HEADER(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define RD "\1\0"
#define QUESTION "\3wWw\7Example\0\0\1\0\1"
#define OPT(version, do_bit, rdlength) "\0\0\51\x04\xd0\0" version do_bit "\0\0" rdlength
#define TSIG "\1k\0\0\372\0\377\0\0\0\0\0\3abc"
#define SIG0 "\0\0\30\0\377\0\0\0\0\0\3abc"
#define COOKIE "\0\12\0\10cookie!!"
#define ROW(name, packet, ...)                                \
	{                                                     \
		name, packet, sizeof(packet) - 1, __VA_ARGS__ \
	}

static const struct row {
	const char *what, *packet;
	size_t length;
	enum hf_query_verdict verdict;
	unsigned question_length;
	bool edns;
} rows[] = {
	ROW("a plain query", HEADER(RD, "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_OK, 17, false),
	ROW("the root", HEADER(RD, "\1", "\0", "\0", "\0") "\0\0\2\0\1", HF_QUERY_OK, 5, false),
	ROW("without RD", HEADER("\0\0", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_OK, 17, false),
	ROW("with OPT", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\0"), HF_QUERY_OK, 17, true),
	ROW("with DO", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\x80", "\0"), HF_QUERY_OK, 17, true),
	ROW("unknown EDNS flags", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\x7f", "\0"), HF_QUERY_OK, 17,
	    true),
	ROW("cookie, ECS, padding and an unknown option",
	    HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\44") "\0\12\0\10cookie!!"
									       "\0\10\0\7\0\1\30\0\300\0\2"
									       "\0\14\0\1\0"
									       "\0\144\0\4abcd",
	    HF_QUERY_OK, 17, true),
	ROW("with TSIG", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION TSIG, HF_QUERY_OK, 17, false),
	ROW("with OPT and TSIG", HEADER(RD, "\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0", "\0") TSIG, HF_QUERY_OK,
	    17, true),
	ROW("with OPT and SIG(0)", HEADER(RD, "\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0", "\0") SIG0, HF_QUERY_OK,
	    17, true),
	ROW("TC, AA, AD, Z and an rcode set", HEADER("\7\x7f", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_OK, 17,
	    false),

	ROW("nothing", "", HF_QUERY_DROP, 0, false),
	ROW("eleven octets", "\x12\x34\1\0\0\1\0\0\0\0\0", HF_QUERY_DROP, 0, false),
	ROW("a response", HEADER("\x81\0", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_DROP, 0, false),
	ROW("a response with another opcode", HEADER("\xa0\0", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_DROP, 0,
	    false),

	ROW("IQUERY", HEADER("\x08\0", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_NOTIMP, 0, false),
	ROW("NOTIFY", HEADER("\x24\0", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_NOTIMP, 0, false),
	ROW("UPDATE", HEADER("\x28\0", "\1", "\0", "\0", "\0") QUESTION, HF_QUERY_NOTIMP, 0, false),
	ROW("opcode 15, header alone", HEADER("\x78\0", "\0", "\0", "\0", "\0"), HF_QUERY_NOTIMP, 0, false),
	ROW("IXFR with its SOA",
	    HEADER(RD, "\1", "\0", "\1", "\0") "\1a\0\0\373\0\1"
					       "\1a\0\0\6\0\1\0\0\0\0\0\0",
	    HF_QUERY_NOTIMP, 7, false),

	ROW("version 1", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\1", "\0", "\0"), HF_QUERY_BADVERS, 17, true),
	ROW("version 255 with octets that are no options",
	    HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\377", "\x80", "\3") "abc", HF_QUERY_BADVERS, 17, true),

	ROW("no question", HEADER(RD, "\0", "\0", "\0", "\0"), HF_QUERY_FORMERR, 0, false),
	ROW("two questions", HEADER(RD, "\2", "\0", "\0", "\0") QUESTION QUESTION, HF_QUERY_FORMERR, 0, false),
	ROW("a question missing", HEADER(RD, "\1", "\0", "\0", "\0"), HF_QUERY_FORMERR, 0, false),
	ROW("a question cut in its name", HEADER(RD, "\1", "\0", "\0", "\0") "\3ww", HF_QUERY_FORMERR, 0, false),
	ROW("a question cut in its class", HEADER(RD, "\1", "\0", "\0", "\0") "\1a\0\0\1\0", HF_QUERY_FORMERR, 0,
	    false),
	ROW("a compressed question", HEADER(RD, "\1", "\0", "\0", "\0") "\300\14\0\1\0\1", HF_QUERY_FORMERR, 0, false),
	ROW("a reserved label type", HEADER(RD, "\1", "\0", "\0", "\0") "\101a\0\0\1\0\1", HF_QUERY_FORMERR, 0, false),
	ROW("an answer", HEADER(RD, "\1", "\1", "\0", "\0") QUESTION "\0\0\1\0\1\0\0\0\0\0\0", HF_QUERY_FORMERR, 17,
	    false),
	ROW("an authority", HEADER(RD, "\1", "\0", "\1", "\0") QUESTION "\0\0\6\0\1\0\0\0\0\0\0", HF_QUERY_FORMERR, 17,
	    false),
	ROW("IXFR with an answer", HEADER(RD, "\1", "\1", "\0", "\0") "\1a\0\0\373\0\1\0\0\1\0\1\0\0\0\0\0\0",
	    HF_QUERY_FORMERR, 7, false),
	ROW("octets behind", HEADER(RD, "\1", "\0", "\0", "\0") QUESTION "!", HF_QUERY_FORMERR, 17, false),
	ROW("octets behind OPT", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\0") "!",
	    HF_QUERY_FORMERR, 17, true),
	ROW("OPT uncounted", HEADER(RD, "\1", "\0", "\0", "\0") QUESTION OPT("\0", "\0", "\0"), HF_QUERY_FORMERR, 17,
	    false),
	ROW("OPT counted, missing", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION, HF_QUERY_FORMERR, 17, false),
	ROW("OPT cut", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION "\0\0\51\4\320\0\0\0\0\0", HF_QUERY_FORMERR, 17,
	    false),
	ROW("OPT's RDATA cut", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\5") "abcd",
	    HF_QUERY_FORMERR, 17, false),
	ROW("two OPTs", HEADER(RD, "\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0", "\0") OPT("\0", "\0", "\0"),
	    HF_QUERY_FORMERR, 17, true),
	ROW("OPT not at the root", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION "\1a" OPT("\0", "\0", "\0"),
	    HF_QUERY_FORMERR, 17, false),
	ROW("an option's head cut", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\3") "\0\12\0",
	    HF_QUERY_FORMERR, 17, true),
	ROW("an option longer than RDATA",
	    HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\4") "\0\12\0\1", HF_QUERY_FORMERR, 17, true),
	ROW("no question, a cookie", HEADER(RD, "\0", "\0", "\0", "\1") OPT("\0", "\0", "\14") COOKIE, HF_QUERY_COOKIE, 0,
	    true),
	ROW("no question, no cookie", HEADER(RD, "\0", "\0", "\0", "\1") OPT("\0", "\0", "\0"), HF_QUERY_FORMERR, 0, true),
	ROW("no question, a cookie of nine octets", HEADER(RD, "\0", "\0", "\0", "\1") OPT("\0", "\0", "\15") "\0\12\0\11cookie!!!",
	    HF_QUERY_FORMERR, 0, true),
	ROW("no question, a cookie, an answer", HEADER(RD, "\0", "\1", "\0", "\1") "\0\0\1\0\1\0\0\0\0\0\0" OPT("\0", "\0", "\14") COOKIE,
	    HF_QUERY_FORMERR, 0, false),
	ROW("no question, a cookie, octets behind", HEADER(RD, "\0", "\0", "\0", "\1") OPT("\0", "\0", "\14") COOKIE "!",
	    HF_QUERY_FORMERR, 0, true),
	ROW("no question, version 1", HEADER(RD, "\0", "\0", "\0", "\1") OPT("\1", "\0", "\14") COOKIE, HF_QUERY_FORMERR, 0, true),
	ROW("two questions and a cookie", HEADER(RD, "\2", "\0", "\0", "\1") QUESTION QUESTION OPT("\0", "\0", "\14") COOKIE,
	    HF_QUERY_FORMERR, 0, false),
	ROW("TSIG before OPT", HEADER(RD, "\1", "\0", "\0", "\2") QUESTION TSIG OPT("\0", "\0", "\0"), HF_QUERY_FORMERR,
	    17, false),
	ROW("two TSIGs", HEADER(RD, "\1", "\0", "\0", "\2") QUESTION TSIG TSIG, HF_QUERY_FORMERR, 17, false),
	ROW("an A in additional", HEADER(RD, "\1", "\0", "\0", "\1") QUESTION "\0\0\1\0\1\0\0\0\0\0\0",
	    HF_QUERY_FORMERR, 17, false),
};
/* clang-format on */

static void every_row_gets_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* A block of just that size, so that the sanitizers see a read behind it. */
		uint8_t *packet = test_malloc(rows[i].length + 1);
		enum hf_query_verdict verdict;
		struct hf_query query;

		memcpy(packet + 1, rows[i].packet, rows[i].length);
		memset(&query, 0xaa, sizeof(query));
		verdict = hf_query_parse(packet + 1, rows[i].length, &query);
		if (verdict != rows[i].verdict)
			fail_msg("%s: verdict %d, not %d", rows[i].what, verdict, rows[i].verdict);
		if (query.question_length != rows[i].question_length || query.edns.present != rows[i].edns)
			fail_msg("%s: question of %u octets, EDNS %d", rows[i].what, query.question_length,
				 query.edns.present);
		if (rows[i].length >= HF_HEADER_SIZE)
			assert_int_equal(query.id, 0x1234);
		test_free(packet);
	}
}

static void all_of_a_query_is_read(void **state)
{
	static const uint8_t packet[] =
		HEADER("\1\20", "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\x80", "\4") "\375\351\0\0";
	struct hf_query query;

	(void)state;
	assert_int_equal(hf_query_parse(packet, sizeof(packet) - 1, &query), HF_QUERY_OK);
	assert_int_equal(query.flags, HF_FLAG_RD | HF_FLAG_CD);
	assert_int_equal(query.qtype, 1);
	assert_int_equal(query.qclass, 1);
	assert_int_equal(query.name_length, 13);
	assert_int_equal(query.reply_class, HF_REPLY_DO | HF_REPLY_CD);
	assert_ptr_equal(query.question, packet + 12);
	assert_int_equal(query.edns.udp_size, 1232);
	assert_int_equal(query.edns.options_length, 4);
}

#define COOKIE40 "0123456789012345678901234567890123456789"
/* clang-format off */
static const struct options_row {
	const char *what, *options;
	size_t length;
	bool well_formed;
	uint8_t asked, cookie_length;
} options_rows[] = {
#define ROW_OF(what, options, ...) {what, options, sizeof(options) - 1, __VA_ARGS__}
	ROW_OF("none", "", true, 0, 0),
	ROW_OF("NSID", "\0\3\0\0", true, HF_ASKED_NSID, 0),
	ROW_OF("NSID with octets", "\0\3\0\2ab", true, HF_ASKED_NSID, 0),
	ROW_OF("a client cookie", COOKIE, true, HF_ASKED_COOKIE, 8),
	ROW_OF("the shortest server cookie", "\0\12\0\20cookie!!12345678", true, HF_ASKED_COOKIE, 16),
	ROW_OF("the longest server cookie", "\0\12\0\50" COOKIE40, true, HF_ASKED_COOKIE, 40),
	ROW_OF("cookie: empty", "\0\12\0\0", false, 0, 0),
	ROW_OF("cookie: 7 octets", "\0\12\0\7cookie!", false, 0, 0),
	ROW_OF("cookie: 9 octets", "\0\12\0\11cookie!!1", false, 0, 0),
	ROW_OF("cookie: 15 octets", "\0\12\0\17cookie!!1234567", false, 0, 0),
	ROW_OF("cookie: 41 octets", "\0\12\0\51" COOKIE40 "!", false, 0, 0),
	ROW_OF("two cookies: the first counts", COOKIE "\0\12\0\20cookie!?12345678", true, HF_ASKED_COOKIE, 8),
	ROW_OF("two cookies, the second malformed", COOKIE "\0\12\0\1x", true, HF_ASKED_COOKIE, 8),
	ROW_OF("keepalive", "\0\13\0\0", true, HF_ASKED_KEEPALIVE, 0),
	ROW_OF("keepalive with a time, which only servers tell", "\0\13\0\2\0\144", true, 0, 0),
	ROW_OF("all", "\0\3\0\0" COOKIE "\0\13\0\0", true, HF_ASKED_NSID | HF_ASKED_COOKIE | HF_ASKED_KEEPALIVE, 8),
	ROW_OF("all, but the cookie is malformed", "\0\3\0\0\0\12\0\1c\0\13\0\0", false, 0, 0),
	ROW_OF("padding", "\0\14\0\4\0\0\0\0", true, 0, 0),
	ROW_OF("key tags", "\0\16\0\2\117\146", true, 0, 0),
	ROW_OF("EXPIRE", "\0\11\0\0", true, 0, 0),
	ROW_OF("DAU, DHU, N3U", "\0\5\0\1\10\0\6\0\1\2\0\7\0\1\1", true, 0, 0),
	ROW_OF("a reported channel", "\0\22\0\1\0", true, 0, 0),
	ROW_OF("an EDE", "\0\17\0\2\0\26", true, 0, 0),
	ROW_OF("subnet 192.0.2.0/24", "\0\10\0\7\0\1\30\0\300\0\2", true, 0, 0),
	ROW_OF("subnet 0.0.0.0/0", "\0\10\0\4\0\1\0\0", true, 0, 0),
	ROW_OF("subnet 192.0.2.128/25", "\0\10\0\10\0\1\31\0\300\0\2\200", true, 0, 0),
	ROW_OF("subnet 192.0.2.192/25: a bit behind the prefix", "\0\10\0\10\0\1\31\0\300\0\2\300", false, 0, 0),
	ROW_OF("subnet 2001:db8::/32", "\0\10\0\10\0\2\40\0\40\1\15\270", true, 0, 0),
	ROW_OF("subnet: IPv4 prefix of 33", "\0\10\0\11\0\1\41\0\300\0\2\0\0", false, 0, 0),
	ROW_OF("subnet: octets too many", "\0\10\0\10\0\1\30\0\300\0\2\0", false, 0, 0),
	ROW_OF("subnet: octets too few", "\0\10\0\6\0\1\30\0\300\0", false, 0, 0),
	ROW_OF("subnet: with a scope", "\0\10\0\7\0\1\30\30\300\0\2", false, 0, 0),
	ROW_OF("subnet: three octets", "\0\10\0\3\0\1\30", false, 0, 0),
	ROW_OF("subnet: of a family that nobody knows", "\0\10\0\5\0\11\100\0\1", true, 0, 0),
#undef ROW_OF
};
/* clang-format on */

static void options_ask_for_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(options_rows) / sizeof(options_rows[0]); i++) {
		static const char head[] = HEADER(RD, "\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0", "\0");
		const struct options_row *row = &options_rows[i];
		size_t head_length = sizeof(head) - 1, length = head_length + row->length;
		uint8_t *packet = test_malloc(length);
		enum hf_query_verdict verdict;
		struct hf_query query;

		memcpy(packet, head, head_length);
		packet[head_length - 1] = (uint8_t)row->length;
		memcpy(packet + head_length, row->options, row->length);
		memset(&query, 0xaa, sizeof(query));
		verdict = hf_query_parse(packet, length, &query);
		if (verdict != (row->well_formed ? HF_QUERY_OK : HF_QUERY_FORMERR) || !query.edns.present ||
		    query.options.asked != row->asked)
			fail_msg("%s: verdict %d, asked %u", row->what, verdict, query.options.asked);
		if (row->asked & HF_ASKED_COOKIE) {
			assert_int_equal(query.options.cookie_length, row->cookie_length);
			assert_memory_equal(query.options.cookie, row->cookie_length == 40 ? COOKIE40 : "cookie!!", 8);
		}
		/* Options of a version to come are not looked at. */
		packet[head_length - 5] = 1;
		assert_int_equal(hf_query_parse(packet, length, &query), HF_QUERY_BADVERS);
		assert_int_equal(query.options.asked, 0);
		test_free(packet);
	}
}

static void an_option_is_found_by_its_code(void **state)
{
	static const uint8_t options[] = "\0\3\0\0\0\12\0\10cookie!!\0\12\0\1x\0\17\0\2\0\26";
	struct hf_edns edns;
	uint16_t length;

	(void)state;
	assert_true(hf_edns_read(1232, 0, options, sizeof(options) - 1, &edns));
	assert_ptr_equal(hf_edns_find(&edns, HF_EDNS_OPTION_NSID, &length), options + 4);
	assert_int_equal(length, 0);
	assert_ptr_equal(hf_edns_find(&edns, HF_EDNS_OPTION_COOKIE, &length), options + 8);
	assert_int_equal(length, 8);
	assert_ptr_equal(hf_edns_find(&edns, HF_EDNS_OPTION_EDE, &length), options + 25);
	assert_int_equal(length, 2);
	assert_null(hf_edns_find(&edns, HF_EDNS_OPTION_KEEPALIVE, &length));
}

static void a_udp_size_below_512_counts_as_512(void **state)
{
	static const uint8_t packet[] = HEADER(RD, "\1", "\0", "\0", "\1") QUESTION "\0\0\51\0\17\0\0\0\0\0\0";
	struct hf_query query;

	(void)state;
	assert_int_equal(hf_query_parse(packet, sizeof(packet) - 1, &query), HF_QUERY_OK);
	assert_int_equal(query.edns.udp_size, 512);
}

/* Names of every length from 1 to 255, all octet values, checked against the simple functions. */
static void names_are_lowered_and_padded_with_zeros_to_eight(void **state)
{
	(void)state;
	for (unsigned length = 1; length <= 256; length++) {
		uint8_t packet[HF_HEADER_SIZE + 256 + 4] = "\x12\x34\1\0\0\1", expected[HF_NAME_MAX];
		uint8_t *name = packet + HF_HEADER_SIZE;
		struct hf_query query;
		size_t at = 0;

		if (length == 2)
			continue; /* no name has two octets */
		for (unsigned i = 0; i < length - 1; i++)
			name[i] = (uint8_t)(i * 7 + length);
		for (size_t left = length - 1; left > 0; left -= name[at] + 1u, at += name[at] + 1u)
			name[at] = (uint8_t)(left > 65 ? 63 : left == 65 ? 62 : left - 1);
		name[length - 1] = 0;
		hf_octets_put_u16(name + length, 1);
		hf_octets_put_u16(name + length + 2, 1);
		if (length == 256) {
			assert_int_equal(hf_query_parse(packet, HF_HEADER_SIZE + length + 4, &query), HF_QUERY_FORMERR);
			continue;
		}
		memset(&query, 0xaa, sizeof(query));
		assert_int_equal(hf_query_parse(packet, HF_HEADER_SIZE + length + 4, &query), HF_QUERY_OK);
		assert_int_equal(query.name_length, length);
		hf_name_lower(name, expected);
		assert_memory_equal(query.name, expected, length);
		for (unsigned i = length; i < HF_RECORD_NAME_SPACE(length); i++)
			assert_int_equal(query.name[i], 0);
	}
}

static void our_queries_are_what_the_parsers_read(void **state)
{
	uint8_t name[HF_NAME_MAX], out[HF_HEADER_SIZE + HF_NAME_MAX + 15];
	struct hf_query query;
	size_t length;

	(void)state;
	hf_name_from_text("wWw.eXample.", name);
	length = hf_query_write(out, sizeof(out), 7, HF_FLAG_RD, name, 65, 1, 1400, true);
	assert_int_equal(length, 12 + 13 + 4 + 11);
	assert_int_equal(hf_query_parse(out, length, &query), HF_QUERY_OK);
	assert_int_equal(query.id, 7);
	assert_int_equal(query.flags, HF_FLAG_RD);
	assert_int_equal(query.qtype, 65);
	assert_memory_equal(query.question, name, 13);
	assert_int_equal(query.edns.udp_size, 1400);
	assert_true(query.edns.dnssec_ok);
	assert_int_equal(hf_query_write(out, length - 1, 7, HF_FLAG_RD, name, 65, 1, 1400, true), 0);
	length = hf_query_write(out, sizeof(out), 7, 0, name, 65, 1, 0, true);
	assert_int_equal(length, 12 + 13 + 4);
	assert_int_equal(hf_query_parse(out, length, &query), HF_QUERY_OK);
	assert_false(query.edns.present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_gets_its_verdict),
		cmocka_unit_test(all_of_a_query_is_read),
		cmocka_unit_test(options_ask_for_what_they_say),
		cmocka_unit_test(an_option_is_found_by_its_code),
		cmocka_unit_test(a_udp_size_below_512_counts_as_512),
		cmocka_unit_test(names_are_lowered_and_padded_with_zeros_to_eight),
		cmocka_unit_test(our_queries_are_what_the_parsers_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
