// SPDX-License-Identifier: BSD-3-Clause
/* io/admission.c: whose misses are handed on when some zone or client has more of them under way than is fair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "io/admission.h"
#include "wire/name.h"

enum { TICKETS = 1024, MAX = 2048 }; /* to share, of four times as many */

static const uint64_t secret[2] = {5, 6};

struct bench {
	struct hf_admission *admission;
	struct hf_now now;
	struct hf_query queries[MAX];
	struct hf_admission_pass passes[MAX];
	unsigned count; /* admitted and not given back */
	bool turned_away; /* what is given back was */
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->admission = hf_admission_new(4 * TICKETS, secret);
	assert_non_null(bench->admission);
	bench->now.mono_ns = 1000 * HF_NS_PER_SECOND;
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	hf_admission_free(bench->admission);
	free(bench);
	return 0;
}

static struct hf_query query_of(const char *name)
{
	struct hf_query query = {.qtype = HF_TYPE_A, .qclass = HF_CLASS_IN};

	query.name_length = (uint8_t)hf_name_from_text(name, query.name);
	assert_int_not_equal(query.name_length, 0);
	return query;
}

static const struct hf_address somebody = {.family = 4, .port = 4000, .bytes = {192, 0, 2, 1}};

static enum hf_admission_verdict take_from(struct bench *bench, const char *name, const struct hf_address *client,
					   unsigned wait_limit)
{
	struct hf_query query = query_of(name);
	enum hf_admission_verdict verdict = hf_admission_take(bench->admission, &query, client, wait_limit, bench->now,
							      &bench->passes[bench->count]);

	if (verdict == HF_ADMISSION_YES)
		bench->queries[bench->count++] = query;
	return verdict;
}

static bool take(struct bench *bench, const char *name)
{
	return take_from(bench, name, &somebody, 0) == HF_ADMISSION_YES;
}

/* How many of `count` random names below `zone` are admitted. */
static unsigned flood(struct bench *bench, const char *zone, unsigned count)
{
	static unsigned serial;
	char name[100];
	unsigned admitted = 0;

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "r%u.%s", serial++, zone);
		admitted += take(bench, name);
	}
	return admitted;
}

/* Gives the oldest `count` back, as answered from a zone of `labels` (-1: unknown) after a wait for a resolver thread. */
static void give_back(struct bench *bench, unsigned count, int labels, uint64_t waited_ms)
{
	assert_true(count <= bench->count);
	const struct hf_admission_result result = {
		.cut = (uint8_t)(labels + 1),
		.turned_away = bench->turned_away,
		.arrived_ns = bench->now.mono_ns - waited_ms * HF_NS_PER_MS,
		.taken_ns = bench->now.mono_ns,
		.answered_ns = bench->now.mono_ns,
	};

	for (unsigned i = 0; i < count; i++)
		hf_admission_return(bench->admission, &bench->passes[i], &bench->queries[i], &result);
	bench->count -= count;
	memmove(bench->passes, bench->passes + count, bench->count * sizeof(bench->passes[0]));
	memmove(bench->queries, bench->queries + count, bench->count * sizeof(bench->queries[0]));
}

static void a_zone_gets_a_ninth_and_leaves_the_rest(void **state)
{
	struct bench *bench = *state;

	/* x = (room - x) / 8 */
	assert_in_range(flood(bench, "victim.com.", 1000), TICKETS / 9 - 2, TICKETS / 9 + 2);
	assert_true(take(bench, "www.other.com."));
	assert_false(take(bench, "another.victim.com."));
}

static void twenty_zones_leave_room_for_others(void **state)
{
	struct bench *bench = *state;
	char zone[40];

	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < 20; i++) {
			snprintf(zone, sizeof(zone), "victim%u.com.", i);
			flood(bench, zone, 20);
		}
	/* 20·(room/8) / (1 + 20/8), and what rounding adds */
	assert_in_range(bench->count, TICKETS / 2, TICKETS * 4 / 5);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(zone, sizeof(zone), "www.other%u.com.", i);
		assert_true(take(bench, zone));
	}
}

static void what_is_given_back_can_be_taken_again(void **state)
{
	struct bench *bench = *state;
	unsigned first = flood(bench, "victim.com.", 1000);

	give_back(bench, bench->count, 2, 0);
	assert_int_equal(hf_admission_held(bench->admission), 0);
	assert_int_equal(flood(bench, "victim.com.", 1000), first);
}

static void misses_that_wait_for_the_resolver_leave_less_to_share(void **state)
{
	struct bench *bench = *state;
	unsigned full = flood(bench, "victim.com.", 1000);

	for (unsigned i = 0; i < 40; i++) {
		bench->now.mono_ns += 20 * HF_NS_PER_MS;
		give_back(bench, bench->count / 4, 2, HF_ADMISSION_TARGET_MS * 4);
		flood(bench, "victim.com.", 100);
	}
	assert_true(hf_admission_room(bench->admission) < TICKETS / 4);
	assert_true(bench->count < full / 2);
	assert_true(take(bench, "www.other.com."));

	for (unsigned i = 0; i < 200; i++) {
		bench->now.mono_ns += 20 * HF_NS_PER_MS;
		give_back(bench, bench->count / 4, 2, 0);
		flood(bench, "victim.com.", 100);
	}
	assert_in_range(hf_admission_room(bench->admission), TICKETS * 7 / 8, TICKETS * 9 / 8);
}

static void there_is_more_to_share_when_that_goes_well(void **state)
{
	struct bench *bench = *state;
	char name[40];

	for (unsigned i = 0; i < 200; i++) {
		bench->now.mono_ns += 20 * HF_NS_PER_MS;
		for (unsigned k = 0; k < 100 && bench->count < 900; k++) {
			snprintf(name, sizeof(name), "www.zone%u.top%u.", i * 100 + k, k);
			assert_true(take(bench, name));
		}
		if (bench->count > 800)
			give_back(bench, 100, 2, 1);
	}
	assert_in_range(hf_admission_room(bench->admission), 1600, 4 * TICKETS);
	for (unsigned i = 0; i < 100; i++) {
		bench->now.mono_ns += 60 * HF_NS_PER_MS;
		give_back(bench, bench->count, 2, 1);
		flood(bench, "some.com.", 1);
	}
	assert_in_range(hf_admission_room(bench->admission), TICKETS * 7 / 8, TICKETS);
}

static void a_burst_after_idle_is_no_overload(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < 50; i++) {
		bench->now.mono_ns += 60 * HF_NS_PER_MS;
		flood(bench, "some.com.", 4);
		give_back(bench, 2, 2, 0);
		give_back(bench, bench->count, 2, 500);
	}
	assert_int_equal(hf_admission_room(bench->admission), TICKETS);
}

/* Under a registry's zone everybody is a zone of his own, once that is known; before, as under any other. */
static void a_zone_that_delegates_is_not_one_zone(void **state)
{
	struct bench *bench = *state;
	char name[60];
	unsigned admitted = 0;

	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "www.firm%u.co.uk.", i);
		take(bench, name);
	}
	give_back(bench, bench->count, 3, 0);
	for (unsigned i = 100; i < 300; i++) {
		snprintf(name, sizeof(name), "www.firm%u.co.uk.", i);
		admitted += take(bench, name);
	}
	assert_int_equal(admitted, 200);
	/* One of them for itself has no more than its share. */
	assert_true(flood(bench, "firm1.co.uk.", 1000) < TICKETS / 9);
}

/* Random names in a top-level domain: each looks like a zone of its own until their answers tell that they are none. */
static void a_flooded_top_level_domain_spares_the_known_zones_below(void **state)
{
	struct bench *bench = *state;
	unsigned before;

	assert_true(take(bench, "www.known.com."));
	give_back(bench, 1, 2, 0);
	before = flood(bench, "com.", 1000);
	assert_true(before <= TICKETS / 2 + 2); /* half of what is free */
	give_back(bench, bench->count, 1, 0);
	assert_true(flood(bench, "com.", 1000) <= TICKETS / 9 + 2);
	for (unsigned i = 0; i < 5; i++)
		assert_true(take(bench, "mail.known.com."));
}

static void a_client_has_a_bounded_number_of_unanswered_questions(void **state)
{
	struct bench *bench = *state;
	struct hf_address other = somebody;
	char name[40];

	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "www.zone%u.com.", i);
		assert_int_equal(take_from(bench, name, &somebody, 10), HF_ADMISSION_YES);
	}
	assert_int_equal(take_from(bench, "www.zone10.com.", &somebody, 10), HF_ADMISSION_CLIENT_SHARE);
	other.port++; /* the port does not tell clients apart */
	assert_int_equal(take_from(bench, "www.zone10.com.", &other, 10), HF_ADMISSION_CLIENT_SHARE);
	other.bytes[3]++;
	assert_int_equal(take_from(bench, "www.zone10.com.", &other, 10), HF_ADMISSION_YES);
	assert_int_equal(take_from(bench, "www.zone11.com.", &somebody, 0), HF_ADMISSION_YES);
	give_back(bench, 3, -1, 0);
	assert_int_equal(take_from(bench, "www.zone12.com.", &somebody, 10), HF_ADMISSION_YES);
}

static void a_slash_64_is_one_client(void **state)
{
	struct bench *bench = *state;
	struct hf_address client = {.family = 6, .bytes = {0x20, 1, 0xd, 0xb8, [15] = 1}};

	assert_int_equal(take_from(bench, "a.com.", &client, 1), HF_ADMISSION_YES);
	client.bytes[15] = 2;
	assert_int_equal(take_from(bench, "b.com.", &client, 1), HF_ADMISSION_CLIENT_SHARE);
	client.bytes[7] = 1;
	assert_int_equal(take_from(bench, "b.com.", &client, 1), HF_ADMISSION_YES);
}

static void a_zone_that_the_resolver_turns_away_is_asked_one_at_a_time(void **state)
{
	struct bench *bench = *state;

	assert_true(take(bench, "a.victim.com."));
	bench->turned_away = true;
	give_back(bench, 1, 2, 0);
	assert_int_equal(flood(bench, "victim.com.", 100), 1);
	assert_true(take(bench, "a.other.com."));
	bench->now.mono_ns += (HF_ADMISSION_CLOSED_MS + 1) * HF_NS_PER_MS;
	assert_true(flood(bench, "victim.com.", 100) > 50);
	bench->turned_away = false;
	give_back(bench, bench->count, 2, 0);
	assert_true(flood(bench, "victim.com.", 100) > 50);
}

static void who_was_turned_away_is_told_once_a_minute(void **state)
{
	struct bench *bench = *state;
	struct hf_query query = query_of("x.victim.com.");
	uint32_t count = 0;
	const uint8_t *zone;
	char text[HF_NAME_TEXT_MAX];

	flood(bench, "victim.com.", 1000);
	zone = hf_admission_to_tell(bench->admission, &query, bench->now, &count);
	assert_non_null(zone);
	assert_string_equal(hf_name_to_text(zone, text), "victim.com.");
	assert_int_equal(count, 1000 - bench->count);
	flood(bench, "victim.com.", 10);
	assert_null(hf_admission_to_tell(bench->admission, &query, bench->now, &count));
	bench->now.mono_ns += 61 * HF_NS_PER_SECOND;
	flood(bench, "victim.com.", 10);
	assert_non_null(hf_admission_to_tell(bench->admission, &query, bench->now, &count));
	assert_int_equal(count, 20);
}

static void long_names_and_the_root_are_taken(void **state)
{
	struct bench *bench = *state;
	char name[260] = "";

	for (unsigned i = 0; i < 126; i++)
		strcat(name, "a.");
	assert_true(take(bench, name));
	assert_true(take(bench, "."));
	assert_true(take(bench, "com."));
	give_back(bench, 1, 126, 0);
	give_back(bench, 2, 0, 0);
	assert_int_equal(hf_admission_held(bench->admission), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_zone_gets_a_ninth_and_leaves_the_rest),
		TEST(twenty_zones_leave_room_for_others),
		TEST(what_is_given_back_can_be_taken_again),
		TEST(misses_that_wait_for_the_resolver_leave_less_to_share),
		TEST(there_is_more_to_share_when_that_goes_well),
		TEST(a_burst_after_idle_is_no_overload),
		TEST(a_zone_that_delegates_is_not_one_zone),
		TEST(a_flooded_top_level_domain_spares_the_known_zones_below),
		TEST(a_client_has_a_bounded_number_of_unanswered_questions),
		TEST(a_slash_64_is_one_client),
		TEST(a_zone_that_the_resolver_turns_away_is_asked_one_at_a_time),
		TEST(who_was_turned_away_is_told_once_a_minute),
		TEST(long_names_and_the_root_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
