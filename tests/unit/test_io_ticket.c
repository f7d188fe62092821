// SPDX-License-Identifier: BSD-3-Clause
/* io/ticket.c: the pool is bounded, tickets come back clean, the question outlives its packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "io/ticket.h"

static void gives_no_more_than_its_capacity(void **state)
{
	struct hf_ticket_pool *pool = hf_ticket_pool_new(3);
	struct hf_mailbox home;
	struct hf_ticket *tickets[3];

	(void)state;
	assert_non_null(pool);
	for (int i = 0; i < 3; i++) {
		tickets[i] = hf_ticket_take(pool, &home);
		assert_non_null(tickets[i]);
		assert_ptr_equal(tickets[i]->mail.home, &home);
	}
	assert_int_equal(hf_ticket_pool_available(pool), 0);
	assert_null(hf_ticket_take(pool, &home));
	hf_ticket_give(pool, tickets[1]);
	assert_int_equal(hf_ticket_pool_available(pool), 1);
	assert_ptr_equal(hf_ticket_take(pool, &home), tickets[1]);
	assert_null(hf_ticket_take(pool, &home));
	hf_ticket_pool_free(pool);
}

/* The sanitizer sees a reply that is not freed. */
static void frees_long_replies_with_the_ticket_or_the_pool(void **state)
{
	struct hf_ticket_pool *pool = hf_ticket_pool_new(2);
	struct hf_ticket *ticket;

	(void)state;
	ticket = hf_ticket_take(pool, NULL);
	ticket->reply = malloc(40000);
	ticket->reply_length = 40000;
	hf_ticket_give(pool, ticket);
	ticket = hf_ticket_take(pool, NULL);
	assert_null(ticket->reply);
	assert_int_equal(ticket->reply_length, 0);
	ticket->reply = ticket->inline_reply;
	hf_ticket_give(pool, ticket);
	ticket = hf_ticket_take(pool, NULL);
	ticket->reply = malloc(2000); /* still under way when the program stops */
	hf_ticket_pool_free(pool);
}

static void keeps_the_question_when_the_packet_is_gone(void **state)
{
	/* ID 7, RD, "wWw.example." A IN, OPT with a cookie */
	static const uint8_t packet[] = "\0\7\1\0\0\1\0\0\0\0\0\1\3wWw\7example\0\0\1\0\1"
					"\0\0\51\4\320\0\0\0\0\0\14\0\12\0\010abcdefgh";
	uint8_t copy[sizeof(packet) - 1];
	struct hf_ticket_pool *pool = hf_ticket_pool_new(1);
	struct hf_ticket *ticket = hf_ticket_take(pool, NULL);
	struct hf_query query;

	(void)state;
	memcpy(copy, packet, sizeof(copy));
	assert_int_equal(hf_query_parse(copy, sizeof(copy), &query), HF_QUERY_OK);
	assert_int_equal(query.edns.options_length, 12);
	hf_ticket_set_query(ticket, &query);
	memset(copy, 0xff, sizeof(copy));
	assert_int_equal(ticket->query.id, 7);
	assert_int_equal(ticket->query.question_length, 17);
	assert_memory_equal(ticket->query.question, "\3wWw\7example\0\0\1\0\1", 17);
	assert_memory_equal(ticket->query.name, "\3www\7example\0\0\0\0", 16);
	assert_true(ticket->query.edns.present);
	assert_null(ticket->query.edns.options);
	assert_int_equal(ticket->query.edns.options_length, 0);
	hf_ticket_pool_free(pool);
}

/* A worker's clock may be ahead of the resolver thread's; no age may become a huge number by that. */
static void is_never_taken_before_it_came(void **state)
{
	struct hf_ticket_pool *pool = hf_ticket_pool_new(1);
	struct hf_ticket *ticket = hf_ticket_take(pool, NULL);

	(void)state;
	ticket->arrived_ns = 1000;
	assert_int_equal(hf_ticket_time(ticket, 999), 1000);
	assert_int_equal(hf_ticket_time(ticket, 1000), 1000);
	assert_int_equal(hf_ticket_time(ticket, 1001), 1001);
	hf_ticket_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_no_more_than_its_capacity),
		cmocka_unit_test(frees_long_replies_with_the_ticket_or_the_pool),
		cmocka_unit_test(keeps_the_question_when_the_packet_is_gone),
		cmocka_unit_test(is_never_taken_before_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
