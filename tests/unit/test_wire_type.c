// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/type.c and rdata.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wire/rdata.h"
#include "wire/type.h"

static void every_type_survives_text_and_back(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		char text[HF_TYPE_TEXT_MAX];
		uint16_t back;

		assert_true(hf_type_from_text(hf_type_to_text((uint16_t)type, text), &back));
		assert_int_equal(back, type);
	}
}

static void mnemonics_are_read_in_any_case_and_numbers_too(void **state)
{
	static const struct {
		const char *text;
		uint16_t type;
	} rows[] = {{"a", 1},	    {"Https", 65},	  {"NSEC3param", 51}, {"nsap-ptr", 23},
		    {"TYPE1", 1},   {"type65535", 65535}, {"TYPE0", 0},	      {"CAA", 257},
		    {"DLV", 32769}, {"any", 255}};
	static const char *const bad[] = {"", "AA", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "TYPE99999999999", "*"};
	uint16_t type;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(hf_type_from_text(rows[i].text, &type));
		assert_int_equal(type, rows[i].type);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hf_type_from_text(bad[i], &type));
}

static void only_rfc1035_types_may_send_compressed_names(void **state)
{
	static const uint16_t compressible[] = {2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15};

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool expected = false, found = false;

		for (size_t i = 0; i < sizeof(compressible) / sizeof(compressible[0]); i++)
			expected |= compressible[i] == type;
		for (const uint8_t *field = hf_type_fields((uint16_t)type); *field != HF_FIELD_END; field++)
			found |= *field == HF_FIELD_NAME;
		assert_int_equal(found, expected);
	}
}

static void every_other_type_with_names_is_known(void **state)
{
	static const uint16_t plain[] = {17, 18, 21, 23, 24, 26, 30, 33,  35,  36,
					 39, 46, 47, 58, 64, 65, 66, 107, 249, 250};

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool expected = false, found = false;
		unsigned names = 0;

		for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
			expected |= plain[i] == type;
		for (const uint8_t *field = hf_type_fields((uint16_t)type); *field != HF_FIELD_END; field++) {
			found |= *field == HF_FIELD_NAME_PLAIN;
			names += *field == HF_FIELD_NAME_PLAIN || *field == HF_FIELD_NAME;
		}
		assert_int_equal(found, expected);
		assert_in_range(names, 0, 2); /* HF_RDATA_GROWTH_MAX */
	}
}

static void meta_types_are_opt_zero_and_128_to_255(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++)
		assert_int_equal(hf_type_is_meta((uint16_t)type),
				 type == 0 || type == 41 || (type >= 128 && type <= 255));
}

static void rcodes_have_names_and_unassigned_ones_are_reserved(void **state)
{
	(void)state;
	assert_string_equal(hf_rcode_to_text(0), "NOERROR");
	assert_string_equal(hf_rcode_to_text(3), "NXDOMAIN");
	assert_string_equal(hf_rcode_to_text(16), "BADVERS");
	assert_string_equal(hf_rcode_to_text(23), "BADCOOKIE");
	assert_string_equal(hf_rcode_to_text(12), "RESERVED");
	assert_string_equal(hf_rcode_to_text(4095), "RESERVED");
}

static void rdata_must_fill_its_fields_exactly(void **state)
{
	static const struct {
		uint16_t type, class;
		const char *rdata;
		size_t length;
		bool good;
	} rows[] = {
		{1, 1, "\1\2\3\4", 4, true},
		{1, 1, "\1\2\3", 3, false},
		{1, 1, "\1\2\3\4\5", 5, false},
		{1, 3, "\1a\0\0\7", 5, true}, /* A in class CH is another thing */
		{28, 1, "0123456789abcdef", 16, true},
		{28, 1, "0123456789abcde", 15, false},
		{2, 1, "\1a\0", 3, true},
		{2, 1, "\1a\0!", 4, false},
		{2, 1, "\1a", 2, false},
		{2, 1, "", 0, false},
		{15, 1, "\0\1\0", 3, true},
		{15, 1, "\0\1", 2, false},
		{16, 1, "", 0, false},
		{16, 1, "\0", 1, true},
		{16, 1, "\5abcd", 5, false},
		{65, 1, "\0\1\0", 3, true},
		{65, 1, "\0\1\0\0\1\0\3\2h2", 10, true},
		{257, 1, "\0\5issue", 7, true},
		{257, 1, "\0\6issue", 7, false},
		{51, 1, "\1\0\0\0\0", 5, true},
		{65280, 1, "", 0, true},
		{65280, 1, "anything", 8, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length = hf_rdata_expand((const uint8_t *)rows[i].rdata, 0, rows[i].length,
						hf_rdata_fields(rows[i].type, rows[i].class), NULL);

		if (length != (rows[i].good ? rows[i].length : HF_RDATA_FAULT))
			fail_msg("row %zu (type %u)", i, rows[i].type);
	}
}

static void names_are_expanded_and_may_not_reach_over_the_rdata(void **state)
{
	/*                               0          9            13 */
	static const uint8_t message[] = "\7example\0"
					 "\1a\xc0\0"
					 "\3www\xc0\0"
					 "xx";
	uint8_t out[64];

	(void)state;
	assert_int_equal(hf_rdata_expand(message, 9, 4, hf_type_fields(2), out), 11);
	assert_memory_equal(out, "\1a\7example", 11);
	assert_int_equal(hf_rdata_expand(message, 9, 3, hf_type_fields(2), out), HF_RDATA_FAULT);
	assert_int_equal(hf_rdata_expand(message, 9, 5, hf_type_fields(2), out), HF_RDATA_FAULT);
	/* NSEC's bitmap follows the name */
	assert_int_equal(hf_rdata_expand(message, 13, 8, hf_type_fields(47), out), 15);
	assert_memory_equal(out, "\3www\7example\0xx", 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_survives_text_and_back),
		cmocka_unit_test(mnemonics_are_read_in_any_case_and_numbers_too),
		cmocka_unit_test(only_rfc1035_types_may_send_compressed_names),
		cmocka_unit_test(every_other_type_with_names_is_known),
		cmocka_unit_test(meta_types_are_opt_zero_and_128_to_255),
		cmocka_unit_test(rcodes_have_names_and_unassigned_ones_are_reserved),
		cmocka_unit_test(rdata_must_fill_its_fields_exactly),
		cmocka_unit_test(names_are_expanded_and_may_not_reach_over_the_rdata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
