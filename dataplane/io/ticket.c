// SPDX-License-Identifier: BSD-3-Clause
/* The pool: memory is reserved at start and touched at first use, most recently used tickets go out first. */
#include "io/ticket.h"
#include <stdlib.h>
#include <string.h>

struct hf_ticket_pool {
	unsigned capacity, touched, available;
	struct hf_ticket *free;
	struct hf_ticket *tickets;
};

struct hf_ticket_pool *hf_ticket_pool_new(unsigned capacity)
{
	struct hf_ticket_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->tickets = calloc(capacity, sizeof(*pool->tickets));
	if (!pool->tickets) {
		free(pool);
		return NULL;
	}
	pool->capacity = pool->available = capacity;
	return pool;
}

static void drop_reply(struct hf_ticket *ticket)
{
	if (ticket->reply != ticket->inline_reply)
		free(ticket->reply);
	ticket->reply = NULL;
	ticket->reply_length = 0;
}

void hf_ticket_pool_free(struct hf_ticket_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->touched; i++)
		drop_reply(&pool->tickets[i]);
	free(pool->tickets);
	free(pool);
}

unsigned hf_ticket_pool_available(const struct hf_ticket_pool *pool)
{
	return pool->available;
}

struct hf_ticket *hf_ticket_take(struct hf_ticket_pool *pool, struct hf_mailbox *home)
{
	struct hf_ticket *ticket = pool->free;

	if (ticket)
		pool->free = ticket->next_free;
	else if (pool->touched < pool->capacity)
		ticket = &pool->tickets[pool->touched++];
	else
		return NULL;
	pool->available--;
	ticket->mail.home = home;
	ticket->story = NULL;
	ticket->pass = (struct hf_admission_pass){0};
	ticket->taken_ns = ticket->answered_ns = 0;
	ticket->zone_labels = 0;
	ticket->turned_away = ticket->too_late = ticket->dropped = false;
	ticket->reply = NULL;
	ticket->reply_length = 0;
	return ticket;
}

void hf_ticket_give(struct hf_ticket_pool *pool, struct hf_ticket *ticket)
{
	drop_reply(ticket);
	ticket->next_free = pool->free;
	pool->free = ticket;
	pool->available++;
}

uint64_t hf_ticket_time(const struct hf_ticket *ticket, uint64_t now_ns)
{
	return now_ns > ticket->arrived_ns ? now_ns : ticket->arrived_ns;
}

void hf_ticket_set_query(struct hf_ticket *ticket, const struct hf_query *query)
{
	ticket->query = *query;
	/* question_length is at most a name, a type and a class: hf_query_parse() saw to it. */
	if (query->question_length) /* a trace or a prefetch has no packet that it came in */
		memcpy(ticket->question, query->question, query->question_length);
	ticket->query.question = ticket->question;
	ticket->query.edns.options = NULL;
	ticket->query.edns.options_length = 0;
}
