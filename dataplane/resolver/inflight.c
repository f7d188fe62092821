// SPDX-License-Identifier: BSD-3-Clause
/* Running fetches; see inflight.h. */
#include "resolver/inflight.h"
#include <stdlib.h>
#include <string.h>
#include "resolver/bulkhead.h"
#include "resolver/question.h"
#include "resolver/state.h"

/* Fetches running at once, as a multiple of the clients that may wait. */
#define FETCHES_PER_CLIENT 4
/* A fetch that nobody's patience bounds any more ends after so many client deadlines. */
#define FETCH_LIFE_DEADLINES 3

/* Fetches that wait for one another in a row. */
#define WAIT_CHAIN_MAX 64

static uint64_t hash_of(const struct hf_resolver *resolver, const uint8_t *name, uint16_t qtype, uint16_t qclass)
{
	return hf_index_hash_name(resolver->secret, name, (uint64_t)qtype << 16 | qclass);
}

static struct hf_fetch *find(const struct hf_resolver *resolver, uint64_t hash, const uint8_t *name, uint16_t qtype,
			     uint16_t qclass)
{
	for (struct hf_index_node *n = hf_index_first(&resolver->fetches, hash); n; n = hf_index_next(n)) {
		struct hf_fetch *fetch = hf_index_entry(n, struct hf_fetch, node);

		if (fetch->qtype == qtype && fetch->qclass == qclass && hf_name_equal(fetch->name, name))
			return fetch;
	}
	return NULL;
}

/* Whether `from` waits, over any number of steps, for `target`. Each fetch is looked at once; a chain too long to look
 * through counts as a circle (chains join each other, so max_depth does not bound them). */
static bool waits_for(const struct hf_fetch *target, struct hf_fetch *from, uint64_t visit, unsigned steps)
{
	if (from == target || steps == WAIT_CHAIN_MAX)
		return true;
	if (from->visit == visit)
		return false;
	from->visit = visit;
	for (const struct hf_question *sub = from->subs; sub; sub = sub->next_sub)
		if (sub->waiting_on && waits_for(target, sub->waiting_on, visit, steps + 1))
			return true;
	return false;
}

static struct hf_fetch *start(struct hf_resolver *resolver, struct hf_question *question, const uint8_t *name,
			      uint16_t qtype, uint64_t hash)
{
	struct hf_fetch *fetch;

	/* Below what a validation waits for lie its parents' keys, each with its own wait. */
	unsigned deepest = resolver->config.max_depth * (question->kind == HF_QUESTION_TRUST ? 3u : 1u);

	if (question->depth > deepest ||
	    resolver->fetches.count / FETCHES_PER_CLIENT > resolver->config.max_clients)
		return NULL;
	fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return NULL;
	fetch->arena = hf_resolver_take_arena(resolver);
	if (!fetch->arena) {
		free(fetch);
		return NULL;
	}
	hf_name_lower(name, fetch->name);
	fetch->qtype = qtype;
	fetch->qclass = question->qclass;
	fetch->depth = question->depth;
	fetch->budget = question->budget;
	fetch->budget->references++;
	fetch->deadline_ns = resolver->now.mono_ns +
			     FETCH_LIFE_DEADLINES * (uint64_t)resolver->config.query_deadline_ms * HF_NS_PER_MS;
	/* DS is served by the parent of the cut (RFC 4035 §3.1.4.1). */
	fetch->search_from = qtype == HF_TYPE_DS && fetch->name[0] ? hf_name_parent(fetch->name) : fetch->name;
	hf_index_add(&resolver->fetches, &fetch->node, hash);
	hf_inflight_ready(resolver, fetch);
	return fetch;
}

enum hf_join hf_inflight_join(struct hf_resolver *resolver, struct hf_question *question, const uint8_t *name,
			      uint16_t qtype)
{
	uint64_t hash = hash_of(resolver, name, qtype, question->qclass);
	struct hf_fetch *fetch = find(resolver, hash, name, qtype, question->qclass);

	if (fetch) {
		if (question->owner && waits_for(question->owner, fetch, ++resolver->last_visit, 0))
			return HF_JOIN_REFUSED;
		hf_count(resolver, coalesced);
	} else {
		const struct hf_failure *failure =
			hf_failures_lookup(resolver->failures, name, qtype, question->qclass, resolver->now);

		/* That data is bogus is no failure for who sets CD. */
		if (failure && !(question->checking_disabled && hf_ede_is_of_validation(failure->ede)))
			return HF_JOIN_FAILED_BEFORE;
		fetch = start(resolver, question, name, qtype, hash);
		if (!fetch)
			return HF_JOIN_REFUSED;
	}
	question->waiting_on = fetch;
	question->next_waiter = fetch->waiters;
	fetch->waiters = question;
	question->upstream_used = true;
	return HF_JOIN_WAITING;
}

void hf_inflight_remove(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	hf_index_remove(&resolver->fetches, &fetch->node);
}

void hf_inflight_ready(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	if (fetch->ready)
		return;
	fetch->ready = true;
	fetch->next_ready = NULL;
	*(resolver->ready_last ? &resolver->ready_last->next_ready : &resolver->ready_first) = fetch;
	resolver->ready_last = fetch;
}

static void remove_ready(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	struct hf_fetch *previous = NULL;

	if (!fetch->ready)
		return;
	for (struct hf_fetch *at = resolver->ready_first; at; previous = at, at = at->next_ready) {
		if (at != fetch)
			continue;
		*(previous ? &previous->next_ready : &resolver->ready_first) = fetch->next_ready;
		if (resolver->ready_last == fetch)
			resolver->ready_last = previous;
		break;
	}
	fetch->ready = false;
}

void hf_inflight_free(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	remove_ready(resolver, fetch);
	hf_bulkhead_leave(resolver, fetch);
	/* Address questions still under way go on for the cache's sake; they have no one to tell. */
	for (struct hf_question *sub = fetch->subs, *next; sub; sub = next) {
		next = sub->next_sub;
		sub->owner = NULL;
		sub->next_sub = NULL;
	}
	if (fetch->exchange)
		hf_resolver_close_exchange(resolver, fetch->exchange, true);
	hf_resolver_give_arena(resolver, fetch->arena);
	hf_budget_drop(fetch->budget);
	free(fetch);
}
