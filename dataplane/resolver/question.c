// SPDX-License-Identifier: BSD-3-Clause
/* Walking a chain from a question to its answer; see question.h. */
#include "resolver/question.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "resolver/answer.h"
#include "resolver/inflight.h"
#include "resolver/scrub.h"
#include "resolver/state.h"

/* ---- life ---- */

void hf_budget_drop(struct hf_budget *budget)
{
	if (budget && --budget->references == 0)
		free(budget);
}

static struct hf_budget *new_budget(const struct hf_resolver *resolver)
{
	struct hf_budget *budget = malloc(sizeof(*budget));

	if (budget)
		*budget = (struct hf_budget){.references = 0, .queries_left = resolver->config.max_upstream_queries};
	return budget;
}

struct hf_question *hf_question_new(struct hf_resolver *resolver, enum hf_question_kind kind, const uint8_t *name,
				    uint16_t qtype, uint16_t qclass, struct hf_budget *budget, unsigned depth)
{
	struct hf_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	question->arena = hf_resolver_take_arena(resolver);
	question->budget = budget ? budget : new_budget(resolver);
	if (!question->arena || !question->budget) {
		if (question->arena)
			hf_resolver_give_arena(resolver, question->arena);
		if (!budget)
			free(question->budget);
		free(question);
		return NULL;
	}
	question->budget->references++;
	question->kind = kind;
	question->depth = depth;
	question->started_ns = resolver->now.mono_ns;
	question->name_length = (uint8_t)hf_name_lower(name, question->name);
	memcpy(question->current, question->name, question->name_length);
	question->qtype = qtype;
	question->qclass = qclass;
	question->ttl_cap = resolver->config.max_ttl;
	question->next = resolver->all_questions;
	if (question->next)
		question->next->previous = question;
	resolver->all_questions = question;
	return question;
}

static void stop_waiting(struct hf_question *question)
{
	struct hf_question **link;

	if (!question->waiting_on)
		return;
	for (link = &question->waiting_on->waiters; *link; link = &(*link)->next_waiter) {
		if (*link == question) {
			*link = question->next_waiter;
			break;
		}
	}
	question->waiting_on = NULL;
}

void hf_question_free(struct hf_resolver *resolver, struct hf_question *question)
{
	if (resolver->record_question == question)
		resolver->record_question = NULL;
	if (question->spare) {
		question->done = false; /* free for the next one */
		return;
	}
	stop_waiting(question);
	if (question->indexed)
		hf_index_remove(&resolver->questions, &question->node);
	*(question->previous ? &question->previous->next : &resolver->all_questions) = question->next;
	if (question->next)
		question->next->previous = question->previous;
	hf_resolver_give_arena(resolver, question->arena);
	hf_budget_drop(question->budget);
	free(question);
}

void hf_question_release(struct hf_resolver *resolver, struct hf_question *question)
{
	if (question->done && !question->clients)
		hf_question_free(resolver, question);
}

/* ---- the end ---- */

static void add_ede(struct hf_question *question, uint16_t code, const char *text)
{
	struct hf_ede *ede = &question->edes[question->ede_count];

	if (!code || question->ede_count == HF_REPLY_EDE_MAX)
		return;
	ede->code = code;
	ede->text = text && text[0] ? hf_arena_copy(question->arena, text, strlen(text) + 1) : NULL;
	question->ede_count++;
}

static void finish(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result)
{
	struct hf_fetch *owner = question->owner;
	char text[HF_TRACE_QUESTION_MAX];

	question->done = true;
	if (question->indexed) {
		hf_index_remove(&resolver->questions, &question->node);
		question->indexed = false;
	}
	hf_trace(resolver, "question %s done: %s, %u sets", hf_trace_question(question->name, question->qtype, text),
		 hf_rcode_to_text(question->rcode), question->set_count);
	switch (question->kind) {
	case HF_QUESTION_CLIENT:
	case HF_QUESTION_CACHE_ONLY:
		hf_resolver_answer_clients(resolver, question);
		if (question->kind == HF_QUESTION_CLIENT && question->expiring && !question->upstream_used &&
		    resolver->config.prefetch)
			hf_question_prefetch(resolver, question->name, question->qtype, question->qclass);
		break;
	case HF_QUESTION_PREFETCH:
		hf_answer_refresh(resolver, question);
		break;
	case HF_QUESTION_ADDRESS:
	case HF_QUESTION_PRIME:
		if (owner)
			hf_fetch_sub_done(resolver, owner, question, result);
		break;
	}
	hf_question_release(resolver, question);
}

static void fail(struct hf_resolver *resolver, struct hf_question *question, uint16_t ede, const char *text,
		 const struct hf_result *result)
{
	question->rcode = HF_RCODE_SERVFAIL;
	question->set_count = question->authority_count = 0;
	question->negative = question->expiring = false;
	add_ede(question, ede, text);
	finish(resolver, question, result);
}

void hf_question_fail(struct hf_resolver *resolver, struct hf_question *question, uint16_t ede, const char *text)
{
	fail(resolver, question, ede, text, NULL);
}

/* ---- one link ---- */

enum link {
	LINK_UNKNOWN, /* nothing is known of the current name */
	LINK_NEXT,    /* a step along the chain */
	LINK_END,     /* the answer is complete */
	LINK_FAULT,   /* no memory, or too much */
};

static bool add_set(struct hf_question *question, const struct hf_rrset *rrset, uint32_t ttl)
{
	if (!question->sets) {
		question->sets = hf_arena_take(question->arena, HF_QUESTION_SETS_MAX * sizeof(question->sets[0]));
		question->ttls = hf_arena_take(question->arena, HF_QUESTION_SETS_MAX * sizeof(question->ttls[0]));
		if (!question->sets || !question->ttls)
			return false;
	}
	if (question->set_count == HF_QUESTION_SETS_MAX)
		return false;
	rrset = hf_rrset_copy(question->arena, rrset);
	if (!rrset)
		return false;
	question->sets[question->set_count] = rrset;
	question->ttls[question->set_count++] = ttl;
	return true;
}

static enum link step_to(struct hf_question *question, const uint8_t *target)
{
	if (!target)
		return LINK_FAULT;
	hf_name_lower(target, question->current);
	question->steps++;
	return LINK_NEXT;
}

static enum link follow_dname(struct hf_question *question, const struct hf_rrset *dname, uint32_t ttl)
{
	uint8_t target[HF_NAME_MAX];
	struct hf_rdata rdata = {.bytes = target};
	const struct hf_rrset *cname;

	if (!add_set(question, dname, ttl))
		return LINK_FAULT;
	if (!hf_scrub_substitute(question->current, dname, target)) {
		question->rcode = HF_RCODE_YXDOMAIN; /* RFC 6672 §2.2 */
		return LINK_END;
	}
	rdata.length = (uint16_t)hf_name_length(target);
	cname = hf_rrset_make(question->arena, question->current, HF_TYPE_CNAME, dname->class, ttl, &rdata, 1, 0);
	if (!cname || !add_set(question, cname, ttl))
		return LINK_FAULT;
	return step_to(question, target);
}

static enum link end_negative(struct hf_question *question, bool nxdomain, uint32_t ttl, const struct hf_rrset *soa,
			      const struct hf_rrset *const *proofs, unsigned proof_count)
{
	question->rcode = nxdomain ? HF_RCODE_NXDOMAIN : HF_RCODE_NOERROR;
	question->negative = true;
	if (ttl < question->ttl_cap)
		question->ttl_cap = ttl;
	question->authority = hf_arena_take(question->arena, (proof_count + 1) * sizeof(question->authority[0]));
	question->authority_ttls =
		hf_arena_take(question->arena, (proof_count + 1) * sizeof(question->authority_ttls[0]));
	if (!question->authority || !question->authority_ttls)
		return LINK_FAULT;
	for (unsigned i = 0; soa && i <= proof_count; i++) {
		const struct hf_rrset *rrset = hf_rrset_copy(question->arena, i ? proofs[i - 1] : soa);

		if (!rrset)
			return LINK_FAULT;
		question->authority[i] = rrset;
		question->authority_ttls[i] = rrset->ttl < ttl ? rrset->ttl : ttl; /* RFC 2308 §3 */
		question->authority_count++;
	}
	return LINK_END;
}

/* ---- from the cache ---- */

static bool in_last_tenth(const struct hf_cache_entry *entry, struct hf_now now)
{
	return (entry->expires_ns - now.mono_ns) * 10 <= entry->expires_ns - entry->stored_ns;
}

/* Notes that the entry nears its end; when the question is there to renew such entries, it does not count. */
static bool is_usable(const struct hf_resolver *resolver, struct hf_question *question,
		      const struct hf_cache_entry *entry)
{
	if (!in_last_tenth(entry, resolver->now))
		return true;
	if (question->kind == HF_QUESTION_PREFETCH)
		return entry->stored_ns >= question->started_ns;
	question->expiring = true;
	return true;
}

static uint32_t ttl_left(const struct hf_cache_entry *entry, struct hf_now now)
{
	uint32_t left = hf_cache_entry_ttl(entry, now);

	/* What was stored with TTL 0 lives a moment for the resolution's sake, and still has TTL 0. */
	return entry->rrset && entry->fact == HF_FACT_RRSET && entry->rrset->ttl < left ? entry->rrset->ttl : left;
}

static const struct hf_cache_entry *find_answer(const struct hf_resolver *resolver, struct hf_question *question,
						const uint8_t *name, uint16_t type)
{
	const struct hf_cache_entry *entry =
		hf_cache_lookup(resolver->cache, name, type, question->qclass, resolver->now);

	if (!entry || (entry->fact == HF_FACT_RRSET && entry->rank < HF_RANK_ANSWER_NONAUTH))
		return NULL;
	return is_usable(resolver, question, entry) ? entry : NULL;
}

static enum link negative_from_cache(const struct hf_resolver *resolver, struct hf_question *question,
				     const struct hf_cache_entry *entry)
{
	return end_negative(question, entry->fact == HF_FACT_NXDOMAIN, hf_cache_entry_ttl(entry, resolver->now),
			    entry->rrset, entry->proofs, entry->proof_count);
}

struct any_visit {
	const struct hf_resolver *resolver;
	struct hf_question *question;
	bool fault;
};

static void visit_any(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry)
{
	struct any_visit *visit = state;
	struct hf_question *question = visit->question;

	if (entry->fact != HF_FACT_RRSET || class != question->qclass || entry->rank < HF_RANK_ANSWER_NONAUTH ||
	    entry->expires_ns <= visit->resolver->now.mono_ns || !is_usable(visit->resolver, question, entry))
		return;
	for (unsigned i = 0; i < question->set_count; i++)
		if (question->sets[i]->type == type)
			return;
	if (!add_set(question, entry->rrset, ttl_left(entry, visit->resolver->now)))
		visit->fault = true;
}

/* RFC 8482 §4.1: some of what there is will do for ANY: what happens to be here, else what a server says. */
static enum link any_from_cache(const struct hf_resolver *resolver, struct hf_question *question)
{
	struct any_visit visit = {.resolver = resolver, .question = question};
	const struct hf_cache_entry *entry;

	hf_cache_visit(resolver->cache, question->current, visit_any, NULL, &visit);
	if (question->set_count)
		return LINK_END;
	if (visit.fault)
		return LINK_FAULT;
	entry = hf_cache_lookup_nxdomain(resolver->cache, question->current, question->qclass, resolver->now);
	if (entry && is_usable(resolver, question, entry))
		return negative_from_cache(resolver, question, entry);
	return LINK_UNKNOWN;
}

static enum link link_from_cache(const struct hf_resolver *resolver, struct hf_question *question)
{
	const uint8_t *name = question->current;
	const struct hf_cache_entry *entry;

	if (question->qtype == HF_TYPE_ANY)
		return any_from_cache(resolver, question);
	entry = find_answer(resolver, question, name, question->qtype);
	if (entry && entry->fact != HF_FACT_RRSET)
		return negative_from_cache(resolver, question, entry);
	if (entry)
		return add_set(question, entry->rrset, ttl_left(entry, resolver->now)) ? LINK_END : LINK_FAULT;
	if (question->qtype != HF_TYPE_CNAME) {
		entry = find_answer(resolver, question, name, HF_TYPE_CNAME);
		if (entry && entry->fact == HF_FACT_RRSET) {
			if (!add_set(question, entry->rrset, ttl_left(entry, resolver->now)))
				return LINK_FAULT;
			return step_to(question, hf_scrub_target(entry->rrset));
		}
	}
	for (const uint8_t *above = name; above[0] && (above = hf_name_parent(above))[0];) {
		entry = find_answer(resolver, question, above, HF_TYPE_DNAME);
		if (entry && entry->fact == HF_FACT_RRSET)
			return follow_dname(question, entry->rrset, ttl_left(entry, resolver->now));
	}
	entry = hf_cache_lookup_nxdomain(resolver->cache, name, question->qclass, resolver->now);
	if (entry && is_usable(resolver, question, entry))
		return negative_from_cache(resolver, question, entry);
	return LINK_UNKNOWN;
}

/* ---- from a fetch, for what the cache would not keep ---- */

static enum link link_from_result(const struct hf_resolver *resolver, struct hf_question *question,
				  const struct hf_result *result)
{
	const uint32_t max_ttl = resolver->config.max_ttl;
	enum link link = LINK_UNKNOWN;

	for (unsigned i = 0; i < result->chain_count; i++) {
		const struct hf_rrset *rrset = result->chain[i];
		uint32_t ttl = rrset->ttl < max_ttl ? rrset->ttl : max_ttl;
		bool here = hf_name_equal(hf_rrset_owner(rrset), question->current);

		if (here && (rrset->type == question->qtype || question->qtype == HF_TYPE_ANY)) {
			if (!add_set(question, rrset, ttl))
				return LINK_FAULT;
			if (question->qtype != HF_TYPE_ANY)
				return LINK_END;
			link = LINK_END;
		} else if (here && rrset->type == HF_TYPE_CNAME) {
			return add_set(question, rrset, ttl) ? step_to(question, hf_scrub_target(rrset)) : LINK_FAULT;
		} else if (!here && rrset->type == HF_TYPE_DNAME &&
			   hf_name_is_below_or_equal(question->current, hf_rrset_owner(rrset))) {
			return follow_dname(question, rrset, ttl);
		}
	}
	if (link == LINK_UNKNOWN && result->kind != HF_RESULT_ANSWER &&
	    hf_name_equal(question->current, result->final_name))
		return end_negative(question, result->kind == HF_RESULT_NXDOMAIN, result->negative_ttl, result->soa,
				    result->proofs, result->proof_count);
	return link;
}

/* ---- the walk ---- */

static void fail_again(struct hf_resolver *resolver, struct hf_question *question)
{
	const struct hf_failure *failure = hf_failures_lookup(resolver->failures, question->current, question->qtype,
							      question->qclass, resolver->now);

	hf_count(resolver, failure_cached);
	if (failure)
		add_ede(question, failure->ede, failure->text);
	hf_question_fail(resolver, question, 13, "resolution failed a moment ago");
}

static void walk(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result)
{
	enum link link = LINK_NEXT;

	while (link == LINK_NEXT) {
		if (question->steps > resolver->config.max_chain) {
			fail(resolver, question, 0, NULL, result);
			return;
		}
		link = link_from_cache(resolver, question);
		if (link == LINK_UNKNOWN && result)
			link = link_from_result(resolver, question, result);
	}
	if (link == LINK_END) {
		finish(resolver, question, result);
		return;
	}
	if (link == LINK_FAULT || (result && question->fetched_steps == question->steps)) {
		/* The latter: the fetch was for this very name and left nothing. */
		fail(resolver, question, 0, NULL, result);
		return;
	}
	if (question->kind == HF_QUESTION_CACHE_ONLY) {
		question->give_referral = !question->set_count;
		finish(resolver, question, NULL);
		return;
	}
	question->fetched_steps = question->steps;
	switch (hf_inflight_join(resolver, question, question->current, question->qtype)) {
	case HF_JOIN_WAITING:
		break;
	case HF_JOIN_FAILED_BEFORE:
		fail_again(resolver, question);
		break;
	case HF_JOIN_REFUSED:
		fail(resolver, question, 0, NULL, result);
		break;
	}
}

void hf_question_walk(struct hf_resolver *resolver, struct hf_question *question)
{
	walk(resolver, question, NULL);
}

void hf_question_fetched(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result)
{
	if (result->kind != HF_RESULT_FAILED) {
		walk(resolver, question, result);
		return;
	}
	if (result->cause == HF_CAUSE_BUDGET) {
		/* Another's limit is no reason to fail here: once, on the own one. */
		if (result->budget != question->budget && !question->restarted) {
			question->restarted = true;
			walk(resolver, question, NULL);
			return;
		}
		if (question->kind == HF_QUESTION_CLIENT)
			hf_failures_note(resolver->failures, question->name, question->qtype, question->qclass,
					 resolver->config.failure_ttl_ms, result->ede, result->text, resolver->now);
	}
	fail(resolver, question, result->ede, result->text, result);
}

/* ---- prefetch ---- */

static uint64_t hash_of(const struct hf_resolver *resolver, enum hf_question_kind kind, const uint8_t *name,
			uint16_t qtype, uint16_t qclass)
{
	return hf_index_hash_name(resolver->secret, name, (uint64_t)kind << 32 | (uint64_t)qtype << 16 | qclass);
}

struct hf_question *hf_question_find(const struct hf_resolver *resolver, enum hf_question_kind kind,
				     const uint8_t *name, uint16_t qtype, uint16_t qclass)
{
	uint64_t hash = hash_of(resolver, kind, name, qtype, qclass);

	for (struct hf_index_node *n = hf_index_first(&resolver->questions, hash); n; n = hf_index_next(n)) {
		struct hf_question *question = hf_index_entry(n, struct hf_question, node);

		if (question->kind == kind && question->qtype == qtype && question->qclass == qclass &&
		    hf_name_equal(question->name, name))
			return question;
	}
	return NULL;
}

void hf_question_index(struct hf_resolver *resolver, struct hf_question *question)
{
	hf_index_add(&resolver->questions, &question->node,
		     hash_of(resolver, question->kind, question->name, question->qtype, question->qclass));
	question->indexed = true;
}

void hf_question_prefetch(struct hf_resolver *resolver, const uint8_t *name, uint16_t qtype, uint16_t qclass)
{
	struct hf_question *question;

	if (hf_question_find(resolver, HF_QUESTION_PREFETCH, name, qtype, qclass))
		return;
	question = hf_question_new(resolver, HF_QUESTION_PREFETCH, name, qtype, qclass, NULL, 0);
	if (!question)
		return;
	hf_count(resolver, prefetches);
	hf_question_index(resolver, question);
	hf_question_walk(resolver, question);
}
