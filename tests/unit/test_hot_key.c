// SPDX-License-Identifier: BSD-3-Clause
/* The inlines that kernel and userspace share: keys, tags, ages, the table of services.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/fastpath_abi.h"

static uint64_t chance_state = 1;

static uint64_t chance(void)
{
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void lower_case_touches_ascii_letters_alone(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++)
		for (unsigned at = 0; at < 8; at++)
			for (unsigned other = 0; other < 256; other += 51) {
				uint8_t in[8], out[8];
				__u64 word;

				memset(in, (int)other, 8);
				in[at] = (uint8_t)octet;
				memcpy(&word, in, 8);
				word = hf_key_lower(word);
				memcpy(out, &word, 8);
				for (unsigned i = 0; i < 8; i++)
					assert_int_equal(out[i], in[i] >= 'A' && in[i] <= 'Z' ? in[i] + 32 : in[i]);
			}
}

static void key(const __u64 secret[2], const __u64 *words, unsigned length, uint16_t type, __u64 out[2])
{
	hf_question_key(secret, (const __u8 *)words, length, type, 1, 0, out);
}

static void every_part_of_a_question_but_case_changes_both_halves(void **state)
{
	const __u64 secret[2] = {chance(), chance()};
	__u64 words[4] = {chance(), chance(), chance(), chance()}, base[2], other[2];

	(void)state;
	key(secret, words, 32, 1, base);
#define DIFFERS                                  \
	assert_int_not_equal(base[0], other[0]); \
	assert_int_not_equal(base[1], other[1])
	for (unsigned bit = 0; bit < 256; bit++) {
		if (bit % 8 == 5) { /* case */
			words[bit / 64] ^= 1ULL << bit % 64;
			key(secret, words, 32, 1, other);
			words[bit / 64] ^= 1ULL << bit % 64;
			assert_int_equal(base[0], other[0]);
			assert_int_equal(base[1], other[1]);
			continue;
		}
		words[bit / 64] ^= 1ULL << bit % 64;
		key(secret, words, 32, 1, other);
		DIFFERS;
		words[bit / 64] ^= 1ULL << bit % 64;
	}
	key(secret, words, 31, 1, other);
	DIFFERS;
	for (unsigned type = 2; type < 65536; type++) {
		key(secret, words, 32, (uint16_t)type, other);
		DIFFERS;
	}
	hf_question_key(secret, (const __u8 *)words, 32, 1, 3, 0, other);
	DIFFERS;
	hf_question_key(secret, (const __u8 *)words, 32, 1, 1, HF_REPLY_DO, other);
	DIFFERS;
}

/* What breaks hashes of the form "xor, multiply by a constant, rotate": flips of top bits that later words take back whatever the seed. Here no
 * difference of two words makes keys meet under more than a few of many secrets. */
static void no_difference_collides_whatever_the_secret(void **state)
{
	(void)state;
	for (unsigned high = 0; high < 64; high++)
		for (unsigned low = 0; low < 64; low++) {
			unsigned met = 0;

			if (high % 8 == 5 && low % 8 == 5) /* case */
				continue;
			for (unsigned i = 0; i < 16; i++) {
				const __u64 secret[2] = {chance(), chance()};
				__u64 words[2] = {chance(), chance()}, a[2], b[2];

				key(secret, words, 16, 1, a);
				words[0] ^= 1ULL << high;
				words[1] ^= 1ULL << low;
				key(secret, words, 16, 1, b);
				met += a[0] == b[0] || a[1] == b[1];
			}
			assert_true(met <= 1);
		}
}

/* Names that differ in a counter, as generated ones do, spread over buckets like chance: chi squared within six sigma. */
static void counted_names_spread_evenly(void **state)
{
	enum { BUCKETS = 1024, NAMES = 65536 };
	const __u64 secret[2] = {chance(), chance()};
	static unsigned first[BUCKETS], second[BUCKETS], tags[BUCKETS];
	double sums[3] = {0};

	(void)state;
	for (unsigned i = 0; i < NAMES; i++) {
		uint8_t name[24] = "\x08n0000000\x07" "example";
		__u64 words[3], k[2];

		for (unsigned digits = i, at = 8; at > 1; at--, digits /= 10)
			name[at] = (uint8_t)('0' + digits % 10);
		memcpy(words, name, 24);
		key(secret, words, 18, 1, k);
		first[hf_hot_first(k[0], BUCKETS)]++;
		second[hf_hot_second(k[0], BUCKETS)]++;
		tags[hf_hot_tag(k[0]) % BUCKETS]++;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		double expected = (double)NAMES / BUCKETS;

		sums[0] += (first[i] - expected) * (first[i] - expected) / expected;
		sums[1] += (second[i] - expected) * (second[i] - expected) / expected;
		sums[2] += (tags[i] - expected) * (tags[i] - expected) / expected;
	}
	/* 1023 degrees of freedom: mean 1023, deviation 45. */
	for (unsigned i = 0; i < 3; i++)
		assert_true(sums[i] < 1023 + 6 * 45);
}

static void buckets_stay_inside_the_array(void **state)
{
	(void)state;
	for (uint32_t count = 1; count < 1000000; count = count * 3 + 1) {
		assert_true(hf_hot_first(~0ULL, count) < count);
		assert_true(hf_hot_second(~0ULL, count) < count);
	}
}

static void ages_are_whole_seconds_never_early_and_hardly_late(void **state)
{
	const uint64_t second = 1000000000;

	(void)state;
	assert_int_equal(hf_record_age(5, 6), 0);
	assert_int_equal(hf_record_age(6, 6), 0);
	for (uint64_t i = 0; i < 200000; i++) {
		uint64_t elapsed = i < 1000 ? i * second : chance() >> (11 + chance() % 40);
		uint64_t age = hf_record_age(12345 + elapsed, 12345), late = elapsed > 1100000 ? elapsed - 1100000 : 0;

		assert_true(age <= elapsed / second);
		/* 1.1 ms, and a billionth of a year */
		assert_true(age >= (late - late / 1000000000) / second || late == 0);
	}
}

static void a_service_index_stays_in_its_half(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t high = chance(), low = chance(), seed = chance() | 1;
		uint32_t lower = hf_service_index(high, low, seed & INT64_MAX);
		uint32_t upper = hf_service_index(high, low, seed | 1ULL << 63);

		assert_true(lower < HF_SERVICE_SLOTS);
		assert_true(upper >= HF_SERVICE_SLOTS && upper < 2 * HF_SERVICE_SLOTS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_case_touches_ascii_letters_alone),
		cmocka_unit_test(every_part_of_a_question_but_case_changes_both_halves),
		cmocka_unit_test(no_difference_collides_whatever_the_secret),
		cmocka_unit_test(counted_names_spread_evenly),
		cmocka_unit_test(buckets_stay_inside_the_array),
		cmocka_unit_test(ages_are_whole_seconds_never_early_and_hardly_late),
		cmocka_unit_test(a_service_index_stays_in_its_half),
	};

	return cmocka_run_group_tests_name("hot_key", tests, NULL, NULL);
}
