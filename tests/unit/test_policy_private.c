// SPDX-License-Identifier: BSD-3-Clause
/* policy/private.c: which records a set of a server loses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "policy/private.h"

#define NAME "\3www\7example\0"
#define HINT4 "\0\1\0\0\4\0\4"
#define HINT6 "\0\1\0\0\1\0\3\2h2\0\6\0\20"

static struct hf_prefix prefixes[4];
static const uint8_t *const domains[1] = {(const uint8_t *)"\4corp\7example"};
static const struct hf_private private = {prefixes, 4, domains, 1};

static int make_prefixes(void **state)
{
	static const char *const texts[4] = {"10.0.0.0/8", "172.16.0.0/12", "fd00::/8", "2001:db8:0:1::1"};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_null(hf_prefix_from_text(texts[i], &prefixes[i]));
	return 0;
}

static const struct row {
	const char *what, *owner;
	uint16_t type;
	unsigned count; /* of records, each `length` octets long */
	uint16_t length;
	const char *bytes;
	unsigned left;
} rows[] = {
	{"a public address", NAME, HF_TYPE_A, 1, 4, "\300\0\2\1", 1},
	{"a private address", NAME, HF_TYPE_A, 1, 4, "\12\0\2\1", 0},
	{"one of three", NAME, HF_TYPE_A, 3, 4, "\12\0\0\1\1\2\3\4\254\37\377\377", 1},
	{"beside a prefix that ends inside an octet", NAME, HF_TYPE_A, 2, 4, "\254\17\0\1\254\40\0\1", 2},
	{"IPv6", NAME, HF_TYPE_AAAA, 2, 16, "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\40\1\15\270\0\0\0\1\0\0\0\0\0\0\0\2", 1},
	{"a prefix of all bits", NAME, HF_TYPE_AAAA, 1, 16, "\40\1\15\270\0\0\0\1\0\0\0\0\0\0\0\1", 0},
	{"IPv4 inside IPv6", NAME, HF_TYPE_AAAA, 1, 16, "\0\0\0\0\0\0\0\0\0\0\377\377\12\0\0\1", 0},
	{"public IPv4 inside IPv6", NAME, HF_TYPE_AAAA, 1, 16, "\0\0\0\0\0\0\0\0\0\0\377\377\1\0\0\1", 1},
	{"a name that may", "\1a\4corp\7example", HF_TYPE_A, 1, 4, "\12\0\2\1", 1},
	{"a name beside those that may", "\5xcorp\7example", HF_TYPE_A, 1, 4, "\12\0\2\1", 0},
	{"a type without addresses", NAME, HF_TYPE_TXT, 1, 4, "\3\12\0\0", 1},
	{"HTTPS with a private hint", NAME, HF_TYPE_HTTPS, 1, 11, HINT4 "\12\0\0\1", 0},
	{"HTTPS with a public hint", NAME, HF_TYPE_HTTPS, 1, 11, HINT4 "\1\0\0\1", 1},
	{"SVCB with an IPv6 hint behind another parameter", NAME, HF_TYPE_SVCB, 1, 30,
	 HINT6 "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 0},
	{"HTTPS that ends inside a parameter", NAME, HF_TYPE_HTTPS, 1, 9, HINT4 "\12\0", 1},
	{"HTTPS without parameters", NAME, HF_TYPE_HTTPS, 1, 3, "\0\1\0", 1},
};

static const struct hf_rrset *make(const struct row *row, struct hf_arena *arena)
{
	struct hf_rdata rdata[4];

	for (unsigned i = 0; i < row->count; i++)
		rdata[i] = (struct hf_rdata){(const uint8_t *)row->bytes + i * row->length, row->length, (uint16_t)i};
	return hf_rrset_make(arena, (const uint8_t *)row->owner, row->type, HF_CLASS_IN, 60, rdata, (uint16_t)row->count, 0);
}

static void listed_addresses_go_and_the_others_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_arena *arena = hf_arena_new(65536);
		const struct hf_rrset *before = make(&rows[i], arena), *after;
		unsigned removed = 0;

		after = hf_private_strip(&private, before, arena, &removed);
		if ((after ? after->count : 0u) != rows[i].left || removed != rows[i].count - rows[i].left)
			fail_msg("%s: %u left, %u removed", rows[i].what, after ? after->count : 0u, removed);
		if (rows[i].left == rows[i].count)
			assert_ptr_equal(after, before);
		hf_arena_free(arena);
	}
}

static void nothing_listed_means_nothing_removed(void **state)
{
	static const struct hf_private none;
	struct hf_arena *arena = hf_arena_new(65536);
	const struct hf_rrset *set = make(&rows[1], arena);
	unsigned removed = 0;

	(void)state;
	assert_ptr_equal(hf_private_strip(&none, set, arena, &removed), set);
	assert_int_equal(removed, 0);
	hf_arena_free(arena);
}

static void sets_leave_each_section_of_a_message(void **state)
{
	struct hf_arena *arena = hf_arena_new(65536);
	const struct hf_rrset *answer[2] = {make(&rows[1], arena), make(&rows[0], arena)}, *additional[1] = {make(&rows[2], arena)};
	struct hf_message message = {
		.sections = {[HF_SECTION_ANSWER] = answer, [HF_SECTION_ADDITIONAL] = additional},
		.section_counts = {[HF_SECTION_ANSWER] = 2, [HF_SECTION_ADDITIONAL] = 1},
	};

	(void)state;
	assert_int_equal(hf_private_strip_message(&private, &message, arena), 3);
	assert_int_equal(message.section_counts[HF_SECTION_ANSWER], 1);
	assert_int_equal(hf_rrset_first(answer[0]).bytes[0], 0300);
	assert_int_equal(message.section_counts[HF_SECTION_ADDITIONAL], 1);
	assert_int_equal(additional[0]->count, 1);
	hf_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_addresses_go_and_the_others_stay),
		cmocka_unit_test(nothing_listed_means_nothing_removed),
		cmocka_unit_test(sets_leave_each_section_of_a_message),
	};

	return cmocka_run_group_tests(tests, make_prefixes, NULL);
}
