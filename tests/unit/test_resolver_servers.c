// SPDX-License-Identifier: BSD-3-Clause
/* resolver/servers.c, failures.c and timers.c: what is remembered, for how long, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "resolver/failures.h"
#include "resolver/servers.h"
#include "resolver/timers.h"
#include "wire/type.h"

static const uint64_t secret[2] = {3, 4};
static const struct hf_servers_bounds bounds = {400, 50, 3000, 0};
static const uint8_t *const zone = (const uint8_t *)"\7example\3com";
static const uint8_t *const other_zone = (const uint8_t *)"\5other\3com";

static struct hf_now at_ms(uint64_t ms)
{
	return (struct hf_now){.mono_ns = 1000 * HF_NS_PER_SECOND + ms * HF_NS_PER_MS};
}

static struct hf_address address(uint8_t last)
{
	return (struct hf_address){.family = 4, .port = 53, .bytes = {192, 0, 2, last}};
}

static struct hf_server *server(struct hf_servers *servers, uint8_t last, uint64_t ms)
{
	const struct hf_address a = address(last);

	return hf_servers_get(servers, &a, at_ms(ms));
}

static void counting_fill(void *state, void *out, size_t length)
{
	uint8_t *next = state;

	for (size_t i = 0; i < length; i++)
		((uint8_t *)out)[i] = *next += 37;
}

static void an_unmeasured_server_gets_the_initial_timeout(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);

	(void)state;
	assert_int_equal(hf_server_timeout_ns(server(servers, 1, 0), &bounds), 400 * HF_NS_PER_MS);
	hf_servers_free(servers);
}

static void timeout_follows_the_measured_rtt_within_bounds(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);

	(void)state;
	hf_server_note_rtt(server(servers, 1, 0), 100 * HF_NS_PER_MS, at_ms(0)); /* RFC 6298: SRTT + 4·RTT/2 */
	assert_int_equal(hf_server_timeout_ns(server(servers, 1, 0), &bounds), 300 * HF_NS_PER_MS);
	for (int i = 0; i < 50; i++)
		hf_server_note_rtt(server(servers, 1, 0), 2 * HF_NS_PER_MS, at_ms(0));
	assert_int_equal(hf_server_timeout_ns(server(servers, 1, 0), &bounds), 50 * HF_NS_PER_MS);
	for (int i = 0; i < 50; i++)
		hf_server_note_rtt(server(servers, 1, 0), 5000 * HF_NS_PER_MS, at_ms(0));
	assert_int_equal(hf_server_timeout_ns(server(servers, 1, 0), &bounds), 3000 * HF_NS_PER_MS);
	hf_servers_free(servers);
}

static void timeouts_in_a_row_double_the_wait_and_a_reply_ends_them(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);

	(void)state;
	hf_server_note_timeout(server(servers, 1, 0), at_ms(0));
	hf_server_note_timeout(server(servers, 1, 0), at_ms(0));
	assert_int_equal(hf_server_timeout_ns(server(servers, 1, 0), &bounds), 1600 * HF_NS_PER_MS);
	assert_false(hf_server_is_dead(server(servers, 1, 0)));
	hf_server_note_timeout(server(servers, 1, 0), at_ms(0));
	assert_true(hf_server_is_dead(server(servers, 1, 0)));
	hf_server_note_rtt(server(servers, 1, 0), 100 * HF_NS_PER_MS, at_ms(0));
	assert_false(hf_server_is_dead(server(servers, 1, 0)));
	hf_servers_free(servers);
}

static void a_dead_server_is_given_another_chance_after_a_minute(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);

	(void)state;
	for (int i = 0; i < 5; i++)
		hf_server_note_timeout(server(servers, 1, 0), at_ms(0));
	assert_true(hf_server_is_dead(server(servers, 1, 60000)));
	assert_int_equal(server(servers, 1, 60001)->timeouts, 1);
	hf_servers_free(servers);
}

static void the_least_recently_used_is_forgotten_first(void **state)
{
	struct hf_servers *servers = hf_servers_new(2, secret);

	(void)state;
	hf_server_note_rtt(server(servers, 1, 0), HF_NS_PER_MS, at_ms(0));
	hf_server_note_rtt(server(servers, 2, 0), HF_NS_PER_MS, at_ms(0));
	assert_int_not_equal(server(servers, 1, 0)->srtt_us, 0);
	server(servers, 3, 0);
	assert_int_not_equal(server(servers, 1, 0)->srtt_us, 0);
	assert_int_equal(server(servers, 2, 0)->srtt_us, 0);
	hf_servers_free(servers);
}

static void lameness_is_of_one_zone_and_ends(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);
	const struct hf_address a = address(1), b = address(2);

	(void)state;
	hf_servers_mark_lame(servers, &a, zone, at_ms(0));
	assert_true(hf_servers_is_lame(servers, &a, zone, at_ms(1000)));
	assert_false(hf_servers_is_lame(servers, &a, other_zone, at_ms(0)));
	assert_false(hf_servers_is_lame(servers, &b, zone, at_ms(0)));
	assert_false(hf_servers_is_lame(servers, &a, zone, at_ms(900000)));
	hf_servers_free(servers);
}

static void many_lame_marks_overwrite_the_oldest(void **state)
{
	struct hf_servers *servers = hf_servers_new(4, secret);

	(void)state;
	for (uint8_t i = 0; i < 6; i++) {
		const struct hf_address a = address(i);

		hf_servers_mark_lame(servers, &a, zone, at_ms(0));
	}
	for (uint8_t i = 0; i < 6; i++) {
		const struct hf_address a = address(i);

		assert_int_equal(hf_servers_is_lame(servers, &a, zone, at_ms(0)), i >= 2);
	}
	hf_servers_free(servers);
}

static void picks_from_the_band_of_the_fastest(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);
	struct hf_address a[4];
	const struct hf_address *all[4];
	unsigned picked[4] = {0};
	uint8_t seed = 1;
	const struct hf_random random = {counting_fill, &seed};

	(void)state;
	for (uint8_t i = 0; i < 4; i++) {
		a[i] = address(i);
		all[i] = &a[i];
	}
	hf_server_note_rtt(server(servers, 0, 0), 10 * HF_NS_PER_MS, at_ms(0));
	hf_server_note_rtt(server(servers, 1, 0), 40 * HF_NS_PER_MS, at_ms(0));
	hf_server_note_rtt(server(servers, 2, 0), 200 * HF_NS_PER_MS, at_ms(0));
	for (int i = 0; i < 3; i++)
		hf_server_note_timeout(server(servers, 3, 0), at_ms(0));
	for (int i = 0; i < 200; i++)
		picked[hf_servers_pick(servers, all, 4, &bounds, &random, at_ms(0))]++;
	assert_true(picked[0] > 20 && picked[1] > 20);
	assert_int_equal(picked[2] + picked[3], 0);
	hf_servers_free(servers);
}

static void without_chance_picks_the_first_that_is_not_dead(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);
	const struct hf_address a = address(1), b = address(2);
	const struct hf_address *all[] = {&a, &b};

	(void)state;
	hf_server_note_rtt(server(servers, 1, 0), 200 * HF_NS_PER_MS, at_ms(0));
	assert_int_equal(hf_servers_pick(servers, all, 2, &bounds, NULL, at_ms(0)), 0);
	for (int i = 0; i < 3; i++)
		hf_server_note_timeout(server(servers, 1, 0), at_ms(0));
	assert_int_equal(hf_servers_pick(servers, all, 2, &bounds, NULL, at_ms(0)), 1);
	hf_servers_free(servers);
}

static void a_server_silent_for_one_zone_is_lame_for_that_one(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);
	const struct hf_address a = address(1);

	(void)state;
	for (unsigned i = 0; i < HF_SERVERS_DEAD_TIMEOUTS; i++) {
		assert_false(hf_servers_is_lame(servers, &a, zone, at_ms(0)));
		hf_servers_note_deaf(servers, &a, zone, at_ms(0));
	}
	assert_true(hf_servers_is_lame(servers, &a, zone, at_ms(59000)));
	assert_false(hf_servers_is_lame(servers, &a, other_zone, at_ms(0)));
	assert_false(hf_server_is_dead(server(servers, 1, 0)));
	assert_false(hf_servers_is_lame(servers, &a, zone, at_ms(61000)));
	hf_servers_note_deaf(servers, &a, zone, at_ms(61000));
	assert_true(hf_servers_is_lame(servers, &a, zone, at_ms(62000)));
	hf_servers_clear_deaf(servers, &a, zone);
	assert_false(hf_servers_is_lame(servers, &a, zone, at_ms(62000)));
	hf_servers_note_deaf(servers, &a, zone, at_ms(62000)); /* the first in a row again */
	assert_false(hf_servers_is_lame(servers, &a, zone, at_ms(62000)));
	/* What it said itself is not forgotten for a reply. */
	hf_servers_mark_lame(servers, &a, other_zone, at_ms(62000));
	hf_servers_clear_deaf(servers, &a, other_zone);
	assert_true(hf_servers_is_lame(servers, &a, other_zone, at_ms(63000)));
	hf_servers_free(servers);
}

static void the_quota_of_open_queries_follows_the_timeouts(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);
	struct hf_server *s = server(servers, 1, 0);

	(void)state;
	assert_int_equal(hf_server_quota(s, 2000), 2000);
	for (int i = 0; i < 5000; i++)
		hf_server_note_timeout(s, at_ms(0));
	assert_int_equal(hf_server_quota(s, 2000), 20);
	assert_int_equal(hf_server_quota(s, 10), 4); /* some are always let through */
	for (int i = 0; i < 5000; i++)
		hf_server_note_rtt(s, HF_NS_PER_MS, at_ms(0));
	assert_int_equal(hf_server_quota(s, 2000), 2000);
	for (int i = 0; i < 5000; i++) { /* one in five lost is no reason */
		if (i % 5)
			hf_server_note_rtt(s, HF_NS_PER_MS, at_ms(0));
		else
			hf_server_note_timeout(s, at_ms(0));
	}
	assert_int_equal(hf_server_quota(s, 2000), 2000);
	hf_servers_free(servers);
}

static void servers_with_their_quota_open_are_passed_over(void **state)
{
	struct hf_servers *servers = hf_servers_new(16, secret);
	const struct hf_servers_bounds few = {400, 50, 3000, 8};
	const struct hf_address a = address(1), b = address(2);
	const struct hf_address *all[] = {&a, &b};
	uint8_t seed = 0;
	const struct hf_random random = {counting_fill, &seed};

	(void)state;
	server(servers, 1, 0)->open = 8;
	for (int i = 0; i < 20; i++)
		assert_int_equal(hf_servers_pick(servers, all, 2, &few, i % 2 ? &random : NULL, at_ms(0)), 1);
	for (int i = 0; i < 3; i++) /* rather a dead one than one that is full */
		hf_server_note_timeout(server(servers, 2, 0), at_ms(0));
	assert_int_equal(hf_servers_pick(servers, all, 2, &few, NULL, at_ms(0)), 1);
	assert_int_equal(hf_servers_pick(servers, all, 2, &few, &random, at_ms(0)), 1);
	server(servers, 2, 0)->open = 8;
	assert_int_equal(hf_servers_pick(servers, all, 2, &few, NULL, at_ms(0)), 2);
	assert_int_equal(hf_servers_pick(servers, all, 2, &few, &random, at_ms(0)), 2);
	assert_int_not_equal(hf_servers_pick(servers, all, 2, &bounds, &random, at_ms(0)), 2);
	hf_servers_free(servers);
}

/* ---- failures.c ---- */

static void note(struct hf_failures *failures, uint64_t ms)
{
	hf_failures_note(failures, zone, HF_TYPE_A, HF_CLASS_IN, 1000, 22, "why", at_ms(ms));
}

static bool holds(const struct hf_failures *failures, uint64_t ms)
{
	return hf_failures_lookup(failures, zone, HF_TYPE_A, HF_CLASS_IN, at_ms(ms)) != NULL;
}

static void a_failure_holds_for_its_time_and_its_question(void **state)
{
	struct hf_failures *failures = hf_failures_new(8, secret);

	(void)state;
	assert_false(holds(failures, 0));
	note(failures, 0);
	assert_true(holds(failures, 999));
	assert_false(holds(failures, 1000));
	assert_null(hf_failures_lookup(failures, zone, HF_TYPE_TXT, HF_CLASS_IN, at_ms(0)));
	assert_null(hf_failures_lookup(failures, other_zone, HF_TYPE_A, HF_CLASS_IN, at_ms(0)));
	assert_string_equal(hf_failures_lookup(failures, (const uint8_t *)"\7EXAMPLE\3com", HF_TYPE_A, HF_CLASS_IN, at_ms(0))->text,
			    "why");
	hf_failures_free(failures);
}

static void failures_in_a_row_hold_longer_up_to_five_minutes(void **state)
{
	struct hf_failures *failures = hf_failures_new(8, secret);
	uint64_t now = 0;

	(void)state;
	note(failures, now);
	now += 1000;
	note(failures, now);
	assert_true(holds(failures, now + 1999));
	assert_false(holds(failures, now + 2000));
	for (int i = 0; i < 20; i++) {
		now += 300000;
		note(failures, now);
	}
	assert_true(holds(failures, now + 299999) || holds(failures, now + 999));
	assert_false(holds(failures, now + 300000));
	hf_failures_free(failures);
}

static void a_failure_long_after_the_last_begins_anew(void **state)
{
	struct hf_failures *failures = hf_failures_new(8, secret);

	(void)state;
	note(failures, 0);
	note(failures, 60000);
	assert_false(holds(failures, 61000));
	hf_failures_free(failures);
}

static void success_clears_a_failure(void **state)
{
	struct hf_failures *failures = hf_failures_new(8, secret);

	(void)state;
	note(failures, 0);
	hf_failures_clear(failures, zone, HF_TYPE_A, HF_CLASS_IN);
	assert_false(holds(failures, 1));
	note(failures, 2);
	assert_false(holds(failures, 1002));
	hf_failures_free(failures);
}

static void the_oldest_failure_makes_room(void **state)
{
	struct hf_failures *failures = hf_failures_new(2, secret);

	(void)state;
	note(failures, 0);
	for (uint16_t type = 2; type < 4; type++)
		hf_failures_note(failures, zone, type, HF_CLASS_IN, 1000, 0, NULL, at_ms(0));
	assert_false(holds(failures, 0));
	assert_non_null(hf_failures_lookup(failures, zone, 2, HF_CLASS_IN, at_ms(0)));
	assert_non_null(hf_failures_lookup(failures, zone, 3, HF_CLASS_IN, at_ms(0)));
	hf_failures_free(failures);
}

/* ---- timers.c ---- */

static void timers_fire_in_order_of_their_time_whatever_was_moved_or_cancelled(void **state)
{
	enum { COUNT = 300 };
	struct hf_timers timers = {0};
	struct hf_timer all[COUNT] = {0};
	uint64_t last = 0;
	unsigned fired = 0;
	uint32_t chance = 1;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		assert_true(hf_timers_reserve(&timers));
		hf_timers_set(&timers, &all[i], (chance = chance * 1103515245 + 12345) >> 8);
	}
	for (int i = 0; i < COUNT; i += 3)
		hf_timers_set(&timers, &all[i], (chance = chance * 1103515245 + 12345) >> 8);
	for (int i = 1; i < COUNT; i += 3) {
		hf_timers_cancel(&timers, &all[i]);
		hf_timers_cancel(&timers, &all[i]);
	}
	assert_null(hf_timers_pop(&timers, hf_timers_next(&timers) - 1));
	for (struct hf_timer *timer; (timer = hf_timers_pop(&timers, UINT64_MAX)); fired++) {
		assert_true(timer->due_ns >= last);
		assert_int_not_equal((timer - all) % 3, 1);
		last = timer->due_ns;
	}
	assert_int_equal(fired, COUNT / 3 * 2);
	assert_true(hf_timers_next(&timers) == UINT64_MAX);
	hf_timers_free(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unmeasured_server_gets_the_initial_timeout),
		cmocka_unit_test(timeout_follows_the_measured_rtt_within_bounds),
		cmocka_unit_test(timeouts_in_a_row_double_the_wait_and_a_reply_ends_them),
		cmocka_unit_test(a_dead_server_is_given_another_chance_after_a_minute),
		cmocka_unit_test(the_least_recently_used_is_forgotten_first),
		cmocka_unit_test(lameness_is_of_one_zone_and_ends),
		cmocka_unit_test(many_lame_marks_overwrite_the_oldest),
		cmocka_unit_test(picks_from_the_band_of_the_fastest),
		cmocka_unit_test(a_server_silent_for_one_zone_is_lame_for_that_one),
		cmocka_unit_test(the_quota_of_open_queries_follows_the_timeouts),
		cmocka_unit_test(servers_with_their_quota_open_are_passed_over),
		cmocka_unit_test(without_chance_picks_the_first_that_is_not_dead),
		cmocka_unit_test(a_failure_holds_for_its_time_and_its_question),
		cmocka_unit_test(failures_in_a_row_hold_longer_up_to_five_minutes),
		cmocka_unit_test(a_failure_long_after_the_last_begins_anew),
		cmocka_unit_test(success_clears_a_failure),
		cmocka_unit_test(the_oldest_failure_makes_room),
		cmocka_unit_test(timers_fire_in_order_of_their_time_whatever_was_moved_or_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
