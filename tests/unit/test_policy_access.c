// SPDX-License-Identifier: BSD-3-Clause
/* policy/access.c: the most specific prefix counts, whatever the order of the rules; against a plain search through all rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "policy/access.h"

static const struct hf_dns64_table no_dns64;
static const struct hf_access_verdict allow = {HF_ACCESS_ALLOW, 0};

static struct hf_access_rule rule(const char *clients, uint8_t action)
{
	struct hf_access_rule made = {.verdict.action = action};

	assert_null(hf_prefix_from_text(clients, &made.clients));
	return made;
}

static unsigned action_for(const struct hf_access *access, const char *client)
{
	struct hf_address address;

	assert_true(hf_address_from_text(client, 5353, &address));
	return hf_access_of(access, &address).action;
}

static void without_rules_everybody_may_ask(void **state)
{
	struct hf_access *access = hf_access_new(NULL, 0, (struct hf_access_verdict){HF_ACCESS_REFUSE, 0}, &no_dns64);

	(void)state;
	assert_int_equal(action_for(NULL, "192.0.2.1"), HF_ACCESS_ALLOW);
	assert_int_equal(action_for(NULL, "2001:db8::1"), HF_ACCESS_ALLOW);
	/* The look-up that no rule answers. */
	assert_int_equal(action_for(access, "192.0.2.1"), HF_ACCESS_REFUSE);
	assert_int_equal(action_for(access, "2001:db8::1"), HF_ACCESS_REFUSE);
	hf_access_free(access);
}

static void the_most_specific_rule_counts(void **state)
{
	const struct hf_access_rule rules[] = {
		rule("192.0.2.128/25", HF_ACCESS_DROP), rule("0.0.0.0/0", HF_ACCESS_REFUSE),
		rule("192.0.2.255", HF_ACCESS_ALLOW_SNOOP), rule("192.0.2.0/24", HF_ACCESS_ALLOW),
		rule("255.255.255.255/32", HF_ACCESS_DROP), rule("2001:db8::/32", HF_ACCESS_REFUSE),
		rule("2001:db8:0:1::/64", HF_ACCESS_ALLOW_SNOOP), rule("2001:db8::ffff:ffff:ffff:ffff", HF_ACCESS_DROP),
		rule("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", HF_ACCESS_DROP), rule("::/128", HF_ACCESS_REFUSE),
	};
	static const struct {
		const char *client;
		unsigned action;
	} rows[] = {
		{"0.0.0.0", HF_ACCESS_REFUSE},	      {"192.0.1.255", HF_ACCESS_REFUSE},
		{"192.0.2.0", HF_ACCESS_ALLOW},	      {"192.0.2.127", HF_ACCESS_ALLOW},
		{"192.0.2.128", HF_ACCESS_DROP},      {"192.0.2.254", HF_ACCESS_DROP},
		{"192.0.2.255", HF_ACCESS_ALLOW_SNOOP}, {"192.0.3.0", HF_ACCESS_REFUSE},
		{"255.255.255.254", HF_ACCESS_REFUSE}, {"255.255.255.255", HF_ACCESS_DROP},
		{"::", HF_ACCESS_REFUSE},	      {"::1", HF_ACCESS_ALLOW},
		{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", HF_ACCESS_ALLOW},
		{"2001:db8::", HF_ACCESS_REFUSE},     {"2001:db8::ffff:ffff:ffff:fffe", HF_ACCESS_REFUSE},
		{"2001:db8::ffff:ffff:ffff:ffff", HF_ACCESS_DROP}, {"2001:db8:0:1::", HF_ACCESS_ALLOW_SNOOP},
		{"2001:db8:0:1:ffff:ffff:ffff:ffff", HF_ACCESS_ALLOW_SNOOP}, {"2001:db8:0:2::", HF_ACCESS_REFUSE},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", HF_ACCESS_REFUSE}, {"2001:db9::", HF_ACCESS_ALLOW},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd", HF_ACCESS_ALLOW},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", HF_ACCESS_DROP},
		{"::ffff:192.0.2.128", HF_ACCESS_ALLOW}, /* families do not mix */
	};
	struct hf_access *access = hf_access_new(rules, sizeof(rules) / sizeof(rules[0]), allow, &no_dns64);

	(void)state;
	assert_non_null(access);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (action_for(access, rows[i].client) != rows[i].action)
			fail_msg("%s: %u", rows[i].client, action_for(access, rows[i].client));
	}
	hf_access_free(access);
}

static void ranges_with_one_verdict_are_one(void **state)
{
	const struct hf_access_rule rules[] = {rule("10.0.0.0/8", HF_ACCESS_DROP), rule("10.1.0.0/16", HF_ACCESS_DROP),
					       rule("11.0.0.0/8", HF_ACCESS_DROP)};
	struct hf_access *access = hf_access_new(rules, 3, allow, &no_dns64);

	(void)state;
	assert_int_equal(access->counts[0], 3); /* before, 10 and 11, behind */
	assert_int_equal(access->counts[1], 1);
	assert_int_equal(action_for(access, "9.255.255.255"), HF_ACCESS_ALLOW);
	assert_int_equal(action_for(access, "11.255.255.255"), HF_ACCESS_DROP);
	assert_int_equal(action_for(access, "12.0.0.0"), HF_ACCESS_ALLOW);
	hf_access_free(access);
}

static bool holds(const struct hf_prefix *prefix, const struct hf_address *address)
{
	for (unsigned bit = 0; bit < prefix->length; bit++) {
		if ((prefix->bytes[bit / 8] ^ address->bytes[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return prefix->family == address->family;
}

/* Few octets differ, so that prefixes nest and touch. */
static void draw(struct hf_prefix *prefix)
{
	unsigned octets;

	*prefix = (struct hf_prefix){.family = rand() % 2 ? 4 : 6};
	octets = prefix->family == 4 ? 4 : 16;
	for (unsigned i = 0; i < octets; i++)
		prefix->bytes[i] = (uint8_t)(rand() % 4 == 0 ? rand() : rand() % 2 * 255);
	prefix->length = (uint8_t)(rand() % (int)(8 * octets + 1));
	for (unsigned bit = prefix->length; bit < 128; bit++)
		prefix->bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

static void agrees_with_a_plain_search(void **state)
{
	enum { RULES = 200, ROUNDS = 60, CLIENTS = 600 };
	static struct hf_access_rule rules[RULES];

	(void)state;
	srand(11);
	for (int round = 0; round < ROUNDS; round++) {
		const size_t count = (size_t)(rand() % RULES);
		struct hf_access *access;

		for (size_t i = 0; i < count; i++) {
			draw(&rules[i].clients);
			rules[i].verdict = (struct hf_access_verdict){(uint8_t)(rand() % 4), (uint8_t)(rand() % 3)};
		}
		access = hf_access_new(rules, count, allow, &no_dns64);
		assert_non_null(access);
		assert_true(access->counts[0] + access->counts[1] <= 2 * count + 2);
		for (int i = 0; i < CLIENTS; i++) {
			struct hf_prefix near;
			struct hf_address client = {0};
			struct hf_access_verdict expected = allow, got;
			int longest = -1;

			draw(&near);
			client.family = near.family;
			memcpy(client.bytes, near.bytes, sizeof(client.bytes));
			if (count && i % 2) { /* at the edges of a rule, or one off */
				const struct hf_prefix *prefix = &rules[(size_t)rand() % count].clients;
				int step = rand() % 3 - 1;

				client.family = prefix->family;
				memcpy(client.bytes, prefix->bytes, sizeof(client.bytes));
				for (unsigned bit = prefix->length; i % 4 == 1 && bit < (prefix->family == 4 ? 32 : 128); bit++)
					client.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
				client.bytes[prefix->family == 4 ? 3 : 15] = (uint8_t)(client.bytes[prefix->family == 4 ? 3 : 15] + step);
			}
			for (size_t j = 0; j < count; j++) {
				if (holds(&rules[j].clients, &client) && rules[j].clients.length >= longest) {
					longest = rules[j].clients.length;
					expected = rules[j].verdict;
				}
			}
			got = hf_access_of(access, &client);
			assert_int_equal(got.action, expected.action);
			assert_int_equal(got.dns64, expected.dns64);
		}
		hf_access_free(access);
	}
}

static void prefixes_are_read_strictly(void **state)
{
	static const char *const bad[] = {"",	      "/24",	   "192.0.2.0/",    "192.0.2.0/33", "192.0.2.0/+8", "192.0.2.0/ 8",
					  "192.0.2.0/024", "192.0.2/24", "192.0.2.1/24",  "::/129",	    "::1/0",	    "2001:db8::/32/1",
					  "2001:db8::1%eth0", "example.", "192.0.2.0/24x", "0.0.0.1/0"};
	struct hf_prefix prefix;
	char text[HF_PREFIX_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!hf_prefix_from_text(bad[i], &prefix))
			fail_msg("'%s' was taken", bad[i]);
	}
	assert_null(hf_prefix_from_text("2001:DB8:0::/32", &prefix));
	assert_string_equal(hf_prefix_to_text(&prefix, text), "2001:db8::/32");
	assert_null(hf_prefix_from_text("192.0.2.1", &prefix));
	assert_string_equal(hf_prefix_to_text(&prefix, text), "192.0.2.1/32");
	assert_null(hf_prefix_from_text("0.0.0.0/0", &prefix));
	assert_int_equal(prefix.length, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_everybody_may_ask),
		cmocka_unit_test(the_most_specific_rule_counts),
		cmocka_unit_test(ranges_with_one_verdict_are_one),
		cmocka_unit_test(agrees_with_a_plain_search),
		cmocka_unit_test(prefixes_are_read_strictly),
	};

	return cmocka_run_group_tests_name("policy_access", tests, NULL, NULL);
}
