// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/writer.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wire/message.h"
#include "wire/octets.h"

static uint8_t bytes[65536];
static struct hf_writer writer;

static const uint8_t *name(const char *text)
{
	static uint8_t buffers[4][HF_NAME_MAX];
	static unsigned turn;
	uint8_t *out = buffers[turn++ % 4];

	assert_int_not_equal(hf_name_from_text(text, out), 0);
	return out;
}

static void numbers_are_in_network_order(void **state)
{
	(void)state;
	hf_writer_init(&writer, bytes, 7);
	hf_writer_u8(&writer, 1);
	hf_writer_u16(&writer, 0x0203);
	hf_writer_u32(&writer, 0x04050607);
	assert_false(writer.failed);
	assert_memory_equal(bytes, "\1\2\3\4\5\6\7", 7);
}

static void a_fault_sticks_and_writes_nothing_behind_the_capacity(void **state)
{
	(void)state;
	memset(bytes, 0xee, 32);
	hf_writer_init(&writer, bytes, 3);
	hf_writer_u16(&writer, 1);
	hf_writer_u16(&writer, 2);
	assert_true(writer.failed);
	hf_writer_u8(&writer, 3); /* would fit, but the message is broken already */
	assert_int_equal(writer.length, 2);
	assert_int_equal(bytes[2], 0xee);
	assert_int_equal(hf_writer_rr(&writer, hf_name_root, 1, 1, 1, (const uint8_t *)"\1\1\1\1", 4), 0);
}

static void the_longest_known_suffix_is_pointed_at_in_any_case(void **state)
{
	uint8_t out[HF_NAME_MAX];
	size_t offset = 0;

	(void)state;
	hf_writer_init(&writer, bytes, sizeof(bytes));
	hf_writer_name(&writer, name("www.example.com."), true); /* 0, example at 4, com at 12 */
	hf_writer_name(&writer, name("ftp.EXAMPLE.com."), true);
	hf_writer_name(&writer, name("www.example.COM."), true);
	hf_writer_name(&writer, name("x.ftp.example.com."), true);
	hf_writer_name(&writer, name("org."), true);
	hf_writer_name(&writer, hf_name_root, true);
	assert_memory_equal(bytes + 17,
			    "\3ftp\xc0\4"
			    "\xc0\0"
			    "\1x\xc0\x11"
			    "\3org\0"
			    "\0",
			    6 + 2 + 4 + 5 + 1);
	assert_int_equal(writer.length, 17 + 18);
	offset = 25;
	assert_int_equal(hf_name_parse(bytes, writer.length, &offset, out), 19);
	assert_true(hf_name_equal(out, name("x.ftp.example.com.")));
}

static void an_equal_ending_inside_a_label_is_no_suffix(void **state)
{
	(void)state;
	hf_writer_init(&writer, bytes, sizeof(bytes));
	hf_writer_name(&writer, name("badexample."), true);
	hf_writer_name(&writer, name("example."), true);
	assert_int_equal(writer.length, 12 + 9);
}

static void only_rfc1035_names_in_rdata_are_compressed(void **state)
{
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t length, written;
	} rows[] = {
		{2, "\2ns\7example", 12, 5}, {15, "\0\1\2mx\7example", 14, 7},	    {12, "\7example", 9, 2},
		{39, "\7example", 9, 9},     {33, "\0\0\0\0\0\0\7example", 15, 15}, {65, "\0\1\7example", 11, 11},
		{65280, "\7example", 9, 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t ttl_at;

		hf_writer_init(&writer, bytes, sizeof(bytes));
		ttl_at = hf_writer_rr(&writer, name("example."), rows[i].type, 1, 77, (const uint8_t *)rows[i].rdata,
				      (uint16_t)rows[i].length);
		assert_int_equal(ttl_at, 9 + 4);
		assert_int_equal(hf_octets_u32(bytes + ttl_at), 77);
		assert_int_equal(hf_octets_u16(bytes + ttl_at + 4), rows[i].written);
		assert_int_equal(writer.length, 9 + 10 + rows[i].written);
	}
}

static void rdata_that_does_not_fit_its_type_is_a_fault(void **state)
{
	(void)state;
	hf_writer_init(&writer, bytes, sizeof(bytes));
	assert_int_equal(hf_writer_rr(&writer, name("a."), 1, 1, 1, (const uint8_t *)"\1\1\1", 3), 0);
	assert_true(writer.failed);
	hf_writer_init(&writer, bytes, sizeof(bytes));
	assert_int_equal(hf_writer_rr(&writer, name("a."), 2, 1, 1, (const uint8_t *)"\1a\0x", 4), 0);
	hf_writer_init(&writer, bytes, sizeof(bytes));
	assert_int_equal(hf_writer_rr(&writer, name("a."), 2, 1, 1, (const uint8_t *)"\300\0", 2), 0);
}

/* More names than the table holds, behind 16 KiB too: still right, and no pointer leads where 14 bits do not reach. */
static void thousands_of_names_stay_right_when_the_table_is_full(void **state)
{
	static const char *const ends[] = {"example.com.", "example.org.", "sub.example.com."};
	size_t starts[3000], offset;
	uint8_t out[HF_NAME_MAX];
	char text[64];

	(void)state;
	hf_writer_init(&writer, bytes, sizeof(bytes));
	for (unsigned i = 0; i < 3000; i++) {
		starts[i] = writer.length;
		snprintf(text, sizeof(text), "h%u.%s", i, ends[i % 3]);
		hf_writer_name(&writer, name(text), true);
	}
	assert_false(writer.failed);
	assert_true(writer.length > 0x4000 && writer.length < 3000 * 10);
	for (unsigned i = 0; i < 3000; i++) {
		offset = starts[i];
		snprintf(text, sizeof(text), "h%u.%s", i, ends[i % 3]);
		assert_int_not_equal(hf_name_parse(bytes, writer.length, &offset, out), 0);
		assert_true(hf_name_equal(out, name(text)));
		assert_int_equal(offset, i + 1 < 3000 ? starts[i + 1] : writer.length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_network_order),
		cmocka_unit_test(a_fault_sticks_and_writes_nothing_behind_the_capacity),
		cmocka_unit_test(the_longest_known_suffix_is_pointed_at_in_any_case),
		cmocka_unit_test(an_equal_ending_inside_a_label_is_no_suffix),
		cmocka_unit_test(only_rfc1035_names_in_rdata_are_compressed),
		cmocka_unit_test(rdata_that_does_not_fit_its_type_is_a_fault),
		cmocka_unit_test(thousands_of_names_stay_right_when_the_table_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
