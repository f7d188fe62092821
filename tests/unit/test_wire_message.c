// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/message.c: servers' replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "wire/message.h"
#include "wire/octets.h"

static struct hf_arena *arena;
static uint8_t bytes[65536];
static size_t length;
static struct hf_message message;
static const char *fault;

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

/* Header with these counts and the question "example. A", then nothing yet. */
static void begin(uint16_t flags, unsigned an, unsigned ns, unsigned ar)
{
	static const uint8_t question[] = "\7example\0\0\1\0\1";

	memset(bytes, 0, HF_HEADER_SIZE);
	hf_octets_put_u16(bytes, 0xbeef);
	hf_octets_put_u16(bytes + 2, HF_FLAG_QR | flags);
	hf_octets_put_u16(bytes + 4, 1);
	hf_octets_put_u16(bytes + 6, (uint16_t)an);
	hf_octets_put_u16(bytes + 8, (uint16_t)ns);
	hf_octets_put_u16(bytes + 10, (uint16_t)ar);
	memcpy(bytes + HF_HEADER_SIZE, question, sizeof(question) - 1);
	length = HF_HEADER_SIZE + sizeof(question) - 1;
	hf_arena_reset(arena);
}

static void add_owned(const void *owner, size_t owner_length, unsigned type, unsigned class, uint32_t ttl,
		      const void *rdata, size_t rdata_length)
{
	memcpy(bytes + length, owner, owner_length);
	length += owner_length;
	hf_octets_put_u16(bytes + length, (uint16_t)type);
	hf_octets_put_u16(bytes + length + 2, (uint16_t) class);
	hf_octets_put_u32(bytes + length + 4, ttl);
	hf_octets_put_u16(bytes + length + 8, (uint16_t)rdata_length);
	memcpy(bytes + length + 10, rdata, rdata_length);
	length += 10 + rdata_length;
}

/* Owner: a pointer to the question. */
static void add(unsigned type, uint32_t ttl, const void *rdata, size_t rdata_length)
{
	add_owned("\xc0\x0c", 2, type, 1, ttl, rdata, rdata_length);
}

static bool parse(void)
{
	return hf_message_parse(bytes, length, arena, &message, &fault);
}

static void must_fail(const char *part_of_fault)
{
	if (parse())
		fail_msg("accepted, but it should be: %s", part_of_fault);
	assert_non_null(fault);
	if (!strstr(fault, part_of_fault))
		fail_msg("fault is \"%s\", not \"%s\"", fault, part_of_fault);
}

static void header_and_question_are_read(void **state)
{
	(void)state;
	begin(HF_FLAG_AA | HF_RCODE_NXDOMAIN, 0, 0, 0);
	assert_true(parse());
	assert_int_equal(message.id, 0xbeef);
	assert_int_equal(message.flags, HF_FLAG_QR | HF_FLAG_AA | 3);
	assert_int_equal(message.rcode, HF_RCODE_NXDOMAIN);
	assert_true(message.has_question);
	assert_memory_equal(message.qname, "\7example", 9);
	assert_int_equal(message.qtype, 1);
	assert_int_equal(message.qclass, 1);
	assert_false(message.edns.present);
	/* and a message without a question is fine too */
	memset(bytes + 4, 0, 2);
	length = HF_HEADER_SIZE;
	assert_true(parse());
	assert_false(message.has_question);
}

static void rrs_become_rrsets_in_order_of_appearance_with_the_lowest_ttl(void **state)
{
	(void)state;
	begin(0, 4, 0, 0);
	add(16, 50, "\1t", 2);
	add(1, 300, "\1\1\1\1", 4);
	add(16, 90, "\1u", 2);
	add_owned("\7EXAMPLE", 9, 1, 1, 200, "\2\2\2\2", 4);
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 2);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->type, 16);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->count, 2);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->ttl, 50);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->type, 1);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->count, 2);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->ttl, 200);
}

static void sections_and_classes_are_kept_apart(void **state)
{
	(void)state;
	begin(0, 2, 1, 1);
	add(65280, 1, "a", 1);
	add_owned("\xc0\x0c", 2, 65280, 3, 1, "b", 1);
	add(65280, 1, "c", 1);
	add(65280, 1, "d", 1);
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 2);
	assert_int_equal(message.section_counts[HF_SECTION_AUTHORITY], 1);
	assert_int_equal(message.section_counts[HF_SECTION_ADDITIONAL], 1);
	assert_int_equal(hf_rrset_first(message.sections[HF_SECTION_ADDITIONAL][0]).bytes[0], 'd');
}

/* RRSIG RDATA of 18 fixed octets, the signer "example." by pointer and one octet of signature. */
static void add_rrsig(unsigned covered, uint32_t ttl, char signature)
{
	uint8_t rdata[21] = {0};

	hf_octets_put_u16(rdata, (uint16_t)covered);
	memcpy(rdata + 18, "\xc0\x0c", 2);
	rdata[20] = (uint8_t)signature;
	add(46, ttl, rdata, sizeof(rdata));
}

static void signatures_join_the_set_they_cover_even_before_it(void **state)
{
	const struct hf_rrset *set;
	struct hf_rdata signature;

	(void)state;
	begin(0, 4, 0, 0);
	add_rrsig(1, 100, 'x');
	add(1, 300, "\1\1\1\1", 4);
	add_rrsig(1, 100, 'y');
	add(16, 300, "\1t", 2);
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 2);
	set = message.sections[HF_SECTION_ANSWER][0];
	assert_int_equal(set->type, 1);
	assert_int_equal(set->count, 1);
	assert_int_equal(set->signature_count, 2);
	assert_int_equal(set->ttl, 100);
	signature = hf_rrset_next(set, hf_rrset_first(set));
	assert_int_equal(signature.length, 18 + 9 + 1); /* the signer's name is expanded */
	assert_int_equal(signature.bytes[27], 'x');
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->signature_count, 0);
}

static void a_signature_that_covers_nothing_is_a_set_in_its_place(void **state)
{
	(void)state;
	begin(0, 4, 0, 0);
	add(16, 300, "\1t", 2);
	add_rrsig(1, 100, 'x');
	add(15, 300, "\0\1\0", 3);
	add_rrsig(46, 90, 'y'); /* even one that claims to cover signatures */
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 3);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->type, HF_TYPE_RRSIG);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->count, 2);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][1]->ttl, 90);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][2]->type, HF_TYPE_MX);
}

static void a_ttl_with_the_top_bit_set_is_the_largest_ttl(void **state)
{
	(void)state;
	begin(0, 1, 0, 0);
	add(1, 0x80000000, "\1\1\1\1", 4);
	assert_true(parse());
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->ttl, 0x7fffffff);
}

static void opt_gives_edns_and_the_extended_rcode_and_is_no_data(void **state)
{
	(void)state;
	begin(1, 0, 0, 1);
	add_owned("", 1, 41, 1232, 0x01008000, "\0\12\0\2ab", 6);
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ADDITIONAL], 0);
	assert_true(message.edns.present);
	assert_true(message.edns.dnssec_ok);
	assert_int_equal(message.edns.udp_size, 1232);
	assert_int_equal(message.edns.options_length, 6);
	assert_int_equal(message.rcode, 17);
}

static void faulty_opts_are_faults(void **state)
{
	(void)state;
	begin(0, 0, 0, 2);
	add_owned("", 1, 41, 1232, 0, "", 0);
	add_owned("", 1, 41, 1232, 0, "", 0);
	must_fail("second OPT");
	begin(0, 0, 0, 1);
	add(41, 0, "", 0);
	must_fail("not owned by the root");
	begin(0, 1, 0, 0);
	add_owned("", 1, 41, 1232, 0, "", 0);
	must_fail("meta type");
	begin(0, 0, 0, 1);
	add_owned("", 1, 41, 1232, 0, "\0\12\0\3ab", 6);
	must_fail("options");
}

static void tsig_is_dropped_but_only_as_the_last_rr(void **state)
{
	(void)state;
	begin(0, 0, 0, 2);
	add(1, 1, "\1\1\1\1", 4);
	add_owned("\1k\0", 3, 250, 255, 0, "whatever", 8);
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ADDITIONAL], 1);
	begin(0, 0, 0, 2);
	add_owned("\1k\0", 3, 250, 255, 0, "whatever", 8);
	add(1, 1, "\1\1\1\1", 4);
	must_fail("TSIG is not the last");
}

static void malformed_messages_are_refused_with_the_reason(void **state)
{
	(void)state;
	begin(0, 1, 0, 0);
	must_fail("ends too early");
	begin(0, 1, 0, 0);
	add(1, 1, "\1\1\1\1", 4);
	length--;
	must_fail("ends too early");
	begin(0, 1, 0, 0);
	add(1, 1, "\1\1\1", 3);
	must_fail("does not fit its type");
	begin(0, 1, 0, 0);
	add_owned("\x80\x0c", 2, 1, 1, 1, "\1\1\1\1", 4);
	must_fail("name is malformed");
	begin(0, 1, 0, 0);
	add(252, 1, "", 0);
	must_fail("meta type");
	begin(0, 1, 0, 0);
	add(0, 1, "", 0);
	must_fail("meta type");
	begin(0, 0, 0, 0);
	bytes[5] = 2;
	must_fail("more than one question");
	begin(0, 0, 0, 0);
	length = 11;
	must_fail("ends too early");
	begin(0, 0, 0, 0);
	length -= 1;
	must_fail("ends too early");
}

/* Every cut of a good message is refused, in a block of just that size for the sanitizers to watch. */
static void no_cut_of_a_message_is_accepted(void **state)
{
	(void)state;
	begin(0, 2, 1, 1);
	add(2, 1, "\2ns\xc0\x0c", 5);
	add_rrsig(2, 1, 'z');
	add(6, 1,
	    "\1a\xc0\x0c\1b\xc0\x0c"
	    "0123456789abcdefghij",
	    28);
	add_owned("", 1, 41, 1232, 0, "\0\12\0\2ab", 6);
	assert_true(parse());
	for (size_t cut = 0; cut < length; cut++) {
		uint8_t *copy = test_malloc(cut + 1);

		memcpy(copy + 1, bytes, cut);
		hf_arena_reset(arena);
		assert_false(hf_message_parse(copy + 1, cut, arena, &message, NULL));
		test_free(copy);
	}
}

static void a_truncated_message_is_taken_up_to_its_cut(void **state)
{
	(void)state;
	begin(HF_FLAG_TC, 3, 1, 0);
	add(1, 1, "\1\1\1\1", 4);
	add(1, 1, "\2\2\2\2", 4);
	add(1, 1, "\3\3\3\3", 4);
	length -= 3;
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 1);
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->count, 2);
	length -= 12; /* inside the owner's pointer */
	assert_true(parse());
	assert_int_equal(message.sections[HF_SECTION_ANSWER][0]->count, 2);
	begin(HF_FLAG_TC, 1, 0, 0);
	add(1, 1, "\1\1\1", 3);
	must_fail("does not fit its type");
}

static void octets_behind_the_message_are_ignored(void **state)
{
	(void)state;
	begin(0, 1, 0, 0);
	add(1, 1, "\1\1\1\1", 4);
	length += 5;
	assert_true(parse());
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 1);
}

static void too_little_memory_is_a_fault_and_no_crash(void **state)
{
	bool accepted = false;

	(void)state;
	begin(0, 2, 1, 0);
	add(2, 1, "\2ns\xc0\x0c", 5);
	add_rrsig(2, 1, 'z');
	add(6, 1,
	    "\1a\xc0\x0c\1b\xc0\x0c"
	    "0123456789abcdefghij",
	    28);
	for (size_t limit = 0; !accepted; limit += 16) {
		struct hf_arena *small = hf_arena_new(limit);

		accepted = hf_message_parse(bytes, length, small, &message, &fault);
		if (!accepted)
			assert_non_null(strstr(fault, "memory"));
		hf_arena_free(small);
		assert_in_range(limit, 0, 8192);
	}
}

static double seconds_of_parse(bool expected)
{
	struct timespec before, after;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_int_equal(parse(), expected);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

static size_t chain_pointer; /* where a pointer to the chain's end stands */

/* Begins a message with one RR of unknown type whose RDATA is a chain of 120 labels "x", each followed by a pointer to
 * the one before; the first leads to the question's name. Returns the count of RRs. */
static unsigned begin_pointer_chain(void)
{
	size_t rdata_at;

	begin(0, 0, 0, 0);
	add(65280, 1, "", 0);
	rdata_at = length;
	for (unsigned i = 0; i < 120; i++) {
		memcpy(bytes + length, "\1x", 2);
		hf_octets_put_u16(bytes + length + 2, (uint16_t)(0xc000 | (i ? length - 4 : 12)));
		length += 4;
	}
	chain_pointer = length;
	hf_octets_put_u16(bytes + length, (uint16_t)(0xc000 | (length - 4)));
	length += 2;
	hf_octets_put_u16(bytes + rdata_at - 2, (uint16_t)(length - rdata_at));
	return 1;
}

/* The largest messages of the kinds that have hurt resolvers. A quadratic parser needs minutes for them under
 * sanitizers; the bound is far above what a loaded machine needs for the linear one. */
static void hostile_messages_of_64_kib_cost_little(void **state)
{
	unsigned count;

	(void)state;
	/* One set of as many A RRs as fit. */
	count = (65535 - 26) / 16;
	begin(0, count, 0, 0);
	for (unsigned i = 0; i < count; i++)
		add(1, 1, &i, 4);
	assert_true(seconds_of_parse(true) < 2);
	assert_int_equal(message.section_counts[0], 1);
	assert_int_equal(message.sections[0][0]->count, count);

	/* As many sets as fit: each RR has a type of its own. */
	count = (65535 - 26) / 12;
	begin(0, count, 0, 0);
	for (unsigned i = 0; i < count; i++)
		add(1000 + i, 1, "", 0);
	assert_true(seconds_of_parse(true) < 2);
	assert_int_equal(message.section_counts[0], count);

	/* NS RRs whose owner and RDATA are 249 octets long, by one pointer to a chain of pointers; a class, and so a
	 * set, for each. */
	for (count = begin_pointer_chain(); length + 14 <= 65535; count++)
		add_owned(bytes + chain_pointer, 2, 2, count, 1, bytes + chain_pointer, 2);
	hf_octets_put_u16(bytes + 6, (uint16_t)count);
	assert_true(seconds_of_parse(true) < 2);
	assert_int_equal(message.section_counts[0], count);
	assert_int_equal(message.sections[0][1]->owner_length, 249);
}

static void a_set_that_grows_over_64_kib_when_expanded_is_refused(void **state)
{
	unsigned count;

	(void)state;
	for (count = begin_pointer_chain(); count < 300; count++) {
		uint8_t rdata[4];

		hf_octets_put_u16(rdata, (uint16_t)count);
		memcpy(rdata + 2, bytes + chain_pointer, 2);
		add_owned(bytes + chain_pointer, 2, 15, 1, 1, rdata, 4);
	}
	hf_octets_put_u16(bytes + 6, (uint16_t)count);
	must_fail("larger than 64 KiB");
}

/* The parser's hash of an owner of eight octets and the root, as whoever reads the source can compute it. */
static uint32_t slot_of(const uint8_t owner[8], unsigned type)
{
	uint64_t hash = (uint64_t)type << 16 | 1, words[2] = {0};

	memcpy(words, owner, 8);
	for (unsigned i = 0; i < 2; i++) {
		hash = (hash ^ words[i]) * UINT64_C(0x9fb21c651e98df25);
		hash = hash << 29 | hash >> 35;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static void owners_made_to_collide_are_refused_early(void **state)
{
	uint8_t owner[9] = "\7aaaaaaa";
	unsigned count = 0;

	(void)state;
	begin(0, 0, 0, 0);
	for (uint32_t i = 0; count < 100; i++) {
		for (unsigned k = 0; k < 5; k++)
			owner[1 + k] = (uint8_t)('a' + (i >> 4 * k & 15));
		if ((slot_of(owner, 16) & 0x1ff) == 0) { /* 100 RRs make a table of 512 */
			add_owned(owner, 9, 16, 1, 1, "", 1);
			count++;
		}
	}
	hf_octets_put_u16(bytes + 6, 60);
	assert_true(parse()); /* some may share a slot */
	hf_octets_put_u16(bytes + 6, 100);
	must_fail("made to collide");
}

static void the_case_of_a_0x20_question_does_not_spread(void **state)
{
	const uint8_t *lowered;

	(void)state;
	begin(0, 1, 0, 0);
	memcpy(bytes + HF_HEADER_SIZE, "\7ExAmPlE", 8);
	add(2, 1, "\2NS\xc0\x0c", 5);
	lowered = hf_message_lower_question(bytes, length, arena);
	assert_non_null(lowered);
	assert_true(hf_message_parse(lowered, length, arena, &message, &fault));
	assert_memory_equal(hf_rrset_owner(message.sections[0][0]), "\7example", 9);
	assert_memory_equal(hf_rrset_first(message.sections[0][0]).bytes, "\2NS\7example", 12);
	/* whatever the message is */
	for (size_t cut = 0; cut < length; cut++)
		assert_non_null(hf_message_lower_question(bytes, cut, arena));
}

static void rrs_in_wire_form_are_grouped_for_shells(void **state)
{
	const struct hf_rrset **sets;
	unsigned count;

	(void)state;
	length = 0;
	hf_arena_reset(arena);
	add_owned("\0", 1, 2, 1, 518400, "\1a\0", 3);
	add_owned("\1a\0", 3, 1, 1, 518400, "\1\1\1\1", 4);
	add_owned("\0", 1, 2, 1, 518400, "\1b\0", 3);
	assert_true(hf_message_parse_rrs(bytes, length, arena, &sets, &count, &fault));
	assert_int_equal(count, 2);
	assert_int_equal(sets[0]->type, 2);
	assert_int_equal(sets[0]->count, 2);
	assert_false(hf_message_parse_rrs(bytes, length - 1, arena, &sets, &count, &fault));
	assert_false(hf_message_parse_rrs(bytes, length + 1, arena, &sets, &count, &fault));
	add_owned("\0", 1, 41, 1232, 0, "", 0);
	assert_false(hf_message_parse_rrs(bytes, length, arena, &sets, &count, &fault));
	assert_true(hf_message_parse_rrs(bytes, 0, arena, &sets, &count, &fault));
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_question_are_read),
		cmocka_unit_test(rrs_become_rrsets_in_order_of_appearance_with_the_lowest_ttl),
		cmocka_unit_test(sections_and_classes_are_kept_apart),
		cmocka_unit_test(signatures_join_the_set_they_cover_even_before_it),
		cmocka_unit_test(a_signature_that_covers_nothing_is_a_set_in_its_place),
		cmocka_unit_test(a_ttl_with_the_top_bit_set_is_the_largest_ttl),
		cmocka_unit_test(opt_gives_edns_and_the_extended_rcode_and_is_no_data),
		cmocka_unit_test(faulty_opts_are_faults),
		cmocka_unit_test(tsig_is_dropped_but_only_as_the_last_rr),
		cmocka_unit_test(malformed_messages_are_refused_with_the_reason),
		cmocka_unit_test(no_cut_of_a_message_is_accepted),
		cmocka_unit_test(a_truncated_message_is_taken_up_to_its_cut),
		cmocka_unit_test(octets_behind_the_message_are_ignored),
		cmocka_unit_test(too_little_memory_is_a_fault_and_no_crash),
		cmocka_unit_test(hostile_messages_of_64_kib_cost_little),
		cmocka_unit_test(a_set_that_grows_over_64_kib_when_expanded_is_refused),
		cmocka_unit_test(owners_made_to_collide_are_refused_early),
		cmocka_unit_test(the_case_of_a_0x20_question_does_not_spread),
		cmocka_unit_test(rrs_in_wire_form_are_grouped_for_shells),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
