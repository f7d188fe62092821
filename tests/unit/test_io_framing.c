// SPDX-License-Identifier: BSD-3-Clause
/* io/framing.h: messages in a byte stream, however it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "io/framing.h"

static void writes_what_it_reads(void **state)
{
	static const size_t lengths[] = {1, 12, 255, 256, 4096, 65535};
	uint8_t prefix[HF_FRAMING_PREFIX];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		hf_framing_write_prefix(prefix, lengths[i]);
		assert_int_equal(hf_framing_read_prefix(prefix), lengths[i]);
	}
	hf_framing_write_prefix(prefix, 0x1234);
	assert_int_equal(prefix[0], 0x12);
	assert_int_equal(prefix[1], 0x34);
}

static void waits_for_the_whole_message(void **state)
{
	static const uint8_t stream[] = {0, 5, 'h', 'e', 'l', 'l', 'o', 0, 2, 'y', 'o'};
	const uint8_t *message = NULL;
	size_t length = 0;

	(void)state;
	for (size_t have = 0; have < 7; have++)
		assert_int_equal(hf_framing_next(stream, have, 4096, &message, &length), HF_FRAMING_PARTIAL);
	for (size_t have = 7; have <= sizeof(stream); have++) {
		assert_int_equal(hf_framing_next(stream, have, 4096, &message, &length), HF_FRAMING_MESSAGE);
		assert_ptr_equal(message, stream + 2);
		assert_int_equal(length, 5);
	}
	assert_int_equal(hf_framing_next(stream + 7, 4, 4096, &message, &length), HF_FRAMING_MESSAGE);
	assert_int_equal(length, 2);
}

static void refuses_a_length_of_zero_or_beyond_the_largest(void **state)
{
	static const uint8_t zero[] = {0, 0, 'x'}, large[] = {0x10, 0x01}, largest[] = {0x10, 0x00};
	const uint8_t *message;
	size_t length;

	(void)state;
	assert_int_equal(hf_framing_next(zero, 2, 4096, &message, &length), HF_FRAMING_FAULT);
	assert_int_equal(hf_framing_next(large, 2, 4096, &message, &length), HF_FRAMING_FAULT);
	assert_int_equal(hf_framing_next(largest, 2, 4096, &message, &length), HF_FRAMING_PARTIAL);
	assert_int_equal(hf_framing_next(zero, 1, 4096, &message, &length), HF_FRAMING_PARTIAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(waits_for_the_whole_message),
		cmocka_unit_test(refuses_a_length_of_zero_or_beyond_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
