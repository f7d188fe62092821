// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/base/address.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/address.h"

static void every_form_is_read_and_written_back(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1:53"},
		{"192.0.2.1:5353", "192.0.2.1:5353"},
		{"2001:db8::1", "[2001:db8::1]:53"},
		{"[2001:DB8:0:0::1]:65535", "[2001:db8::1]:65535"},
		{"::", "[::]:53"},
		{"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:53"},
		{"0.0.0.0:1", "0.0.0.0:1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_address address;
		char text[HF_ADDRESS_TEXT_MAX];

		assert_true(hf_address_from_text(rows[i].in, 53, &address));
		assert_string_equal(hf_address_to_text(&address, text), rows[i].out);
	}
}

static void anything_else_is_refused_and_leaves_the_output_alone(void **state)
{
	static const char *const rows[] = {
		"",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:+53",
		"192.0.2.1: 53",
		"192.0.2.1:53x",
		"[2001:db8::1]",
		"[2001:db8::1]53",
		"[2001:db8::1",
		"[192.0.2.1]:53",
		"2001:db8::1::",
		"2001:db8::1]:53",
		"example.",
		"fe80::1%eth0",
		"192.0.2.1 ",
		":53",
		"[]:53",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
		"192.0.2.1:99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_address address = {.family = 9, .port = 9};

		if (hf_address_from_text(rows[i], 53, &address))
			fail_msg("\"%s\" was accepted", rows[i]);
		assert_int_equal(address.family, 9);
		assert_int_equal(address.port, 9);
	}
}

static void equality_looks_at_family_port_and_address(void **state)
{
	struct hf_address a, b;

	(void)state;
	hf_address_from_text("192.0.2.1:53", 0, &a);
	hf_address_from_text("192.0.2.1", 53, &b);
	assert_true(hf_address_equal(&a, &b));
	b.port = 54;
	assert_false(hf_address_equal(&a, &b));
	hf_address_from_text("192.0.2.2", 53, &b);
	assert_false(hf_address_equal(&a, &b));
	hf_address_from_text("c000:201::", 53, &b); /* the same first four octets */
	assert_false(hf_address_equal(&a, &b));
}

static void an_empty_address_reads_none(void **state)
{
	struct hf_address address = {0};
	char text[HF_ADDRESS_TEXT_MAX];

	(void)state;
	assert_string_equal(hf_address_to_text(&address, text), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_read_and_written_back),
		cmocka_unit_test(anything_else_is_refused_and_leaves_the_output_alone),
		cmocka_unit_test(equality_looks_at_family_port_and_address),
		cmocka_unit_test(an_empty_address_reads_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
