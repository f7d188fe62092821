// SPDX-License-Identifier: BSD-3-Clause
/* wire/cookie.c: the examples of RFC 9018 (appendix A), the time window, rolling the secret. base/siphash.c under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wire/cookie.h"

static size_t octets(const char *hex, uint8_t *out)
{
	size_t count = 0;

	for (unsigned value; sscanf(hex, "%2x", &value) == 1; hex += 2)
		out[count++] = (uint8_t)value;
	return count;
}

static struct hf_cookie_secrets secrets_of(const char *first, const char *second)
{
	struct hf_cookie_secrets secrets = {.count = second ? 2 : 1};

	assert_int_equal(octets(first, secrets.keys[0]), HF_SIPHASH_KEY);
	if (second)
		assert_int_equal(octets(second, secrets.keys[1]), HF_SIPHASH_KEY);
	return secrets;
}

/* The hash's authors' own table: key and input are 0, 1, 2 … */
static void siphash_of_the_paper(void **state)
{
	uint8_t key[HF_SIPHASH_KEY], input[64];

	(void)state;
	for (uint8_t i = 0; i < sizeof(input); i++)
		input[i] = i;
	memcpy(key, input, sizeof(key));
	assert_true(hf_siphash(key, input, 0) == 0x726fdb47dd0e0e31);
	assert_true(hf_siphash(key, input, 1) == 0x74f839c593dc67fd);
	assert_true(hf_siphash(key, input, 8) == 0x93f5f5799a932462);
	assert_true(hf_siphash(key, input, 15) == 0xa129ca6149be45e5);
	assert_true(hf_siphash(key, input, 63) == 0x958a324ceb064572);
}

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"

static const struct example {
	const char *what, *client, *given;
	int64_t wall_s;
	const char *secret, *former, *wanted;
	enum hf_cookie_state state;
} examples[] = {
	{"A.1: learning a new server cookie", "198.51.100.100", "2464c4abcf10c957", 1559731985, SECRET, NULL,
	 "2464c4abcf10c957010000005cf79f111f8130c3eee29480", HF_COOKIE_UNKNOWN},
	{"A.2: the same client, 40 minutes later: renewed", "198.51.100.100",
	 "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559734385, SECRET, NULL,
	 "2464c4abcf10c957010000005cf7a871d4a564a1442aca77", HF_COOKIE_VALID},
	{"A.3: another client, reserved bits set, nearly two hours old: renewed", "203.0.113.203",
	 "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1559734700, SECRET, NULL,
	 "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", HF_COOKIE_INVALID},
	{"the same in its time: good, reserved bits and all", "203.0.113.203",
	 "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1559727985 + 60, SECRET, NULL,
	 "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", HF_COOKIE_VALID},
	{"A.4: IPv6, the secret was replaced", "2001:db8:220:1:59de:d0f4:8769:82b8",
	 "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961, "445536bcd2513298075a5d379663c962",
	 "dd3bdf9344b678b185a6f5cb60fca715", "22681ab97d52c298010000005cf7c609a6bb79d16625507a", HF_COOKIE_VALID},
	{"the former secret forgotten", "2001:db8:220:1:59de:d0f4:8769:82b8",
	 "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961, "445536bcd2513298075a5d379663c962", NULL,
	 "22681ab97d52c298010000005cf7c609a6bb79d16625507a", HF_COOKIE_INVALID},
	{"still young: handed back as it came", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
	 1559731985 + 1800, SECRET, NULL, "2464c4abcf10c957010000005cf79f111f8130c3eee29480", HF_COOKIE_VALID},
	{"five minutes ahead of us", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
	 1559731985 - 300, SECRET, NULL, "2464c4abcf10c957010000005cf79f111f8130c3eee29480", HF_COOKIE_VALID},
	{"another client's address", "198.51.100.101", "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559731985,
	 SECRET, NULL, NULL, HF_COOKIE_INVALID},
	{"an hour and a second old", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
	 1559731985 + 3601, SECRET, NULL, NULL, HF_COOKIE_INVALID},
	{"more than five minutes ahead", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
	 1559731985 - 301, SECRET, NULL, NULL, HF_COOKIE_INVALID},
	{"one bit of the hash changed", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29481",
	 1559731985, SECRET, NULL, NULL, HF_COOKIE_INVALID},
	{"one bit of the client cookie changed", "198.51.100.100", "2464c4abcf10c956010000005cf79f111f8130c3eee29480",
	 1559731985, SECRET, NULL, NULL, HF_COOKIE_INVALID},
	{"version 2", "198.51.100.100", "2464c4abcf10c957020000005cf79f111f8130c3eee29480", 1559731985, SECRET, NULL,
	 "2464c4abcf10c957010000005cf79f111f8130c3eee29480", HF_COOKIE_INVALID},
	{"a server cookie of another length", "198.51.100.100", "2464c4abcf10c9570100000011223344", 1559731985, SECRET,
	 NULL, "2464c4abcf10c957010000005cf79f111f8130c3eee29480", HF_COOKIE_INVALID},
};

static void cookies_of_the_rfc_and_around_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *example = &examples[i];
		struct hf_cookie_secrets secrets = secrets_of(example->secret, example->former);
		uint8_t cookie[HF_COOKIE_MAX] = {0}, given[HF_COOKIE_MAX], wanted[HF_COOKIE_MAX];
		size_t length = octets(example->given, cookie);
		struct hf_address client;

		memcpy(given, cookie, sizeof(given));
		assert_true(hf_address_from_text(example->client, 53, &client));
		if (hf_cookie_answer(cookie, length, &client, example->wall_s, &secrets) != example->state)
			fail_msg("%s: wrong state", example->what);
		assert_memory_equal(cookie, given, HF_COOKIE_CLIENT);
		if (example->wanted) {
			assert_int_equal(octets(example->wanted, wanted), HF_COOKIE_SIZE);
			if (memcmp(cookie, wanted, HF_COOKIE_SIZE) != 0)
				fail_msg("%s: another cookie", example->what);
		}
		/* What was made is good from now on. */
		if (hf_cookie_answer(cookie, HF_COOKIE_SIZE, &client, example->wall_s + 60, &secrets) !=
		    HF_COOKIE_VALID)
			fail_msg("%s: what was given out is refused", example->what);
	}
}

/* Seconds since 1970 will not fit into 32 bits after February 2106. */
static void time_wraps_round(void **state)
{
	struct hf_cookie_secrets secrets = secrets_of(SECRET, NULL);
	struct hf_address client = {.family = 4, .bytes = {192, 0, 2, 1}};
	uint8_t cookie[HF_COOKIE_MAX] = "12345678";

	(void)state;
	assert_int_equal(hf_cookie_answer(cookie, 8, &client, 0xffffff00, &secrets), HF_COOKIE_UNKNOWN);
	assert_int_equal(hf_cookie_answer(cookie, 24, &client, INT64_C(0x100000100), &secrets), HF_COOKIE_VALID);
	assert_int_equal(hf_cookie_answer(cookie, 24, &client, INT64_C(0x100000100) + 3600, &secrets),
			 HF_COOKIE_INVALID);
}

static void lengths(void **state)
{
	(void)state;
	for (size_t length = 0; length < 64; length++)
		assert_int_equal(hf_cookie_length_valid(length), length == 8 || (length >= 16 && length <= 40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_of_the_paper),
		cmocka_unit_test(cookies_of_the_rfc_and_around_them),
		cmocka_unit_test(time_wraps_round),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
