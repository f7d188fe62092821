// SPDX-License-Identifier: BSD-3-Clause
/* Walking a chain from a question to its answer; see question.h. */
#include "resolver/question.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "resolver/anchor_signals.h"
#include "resolver/answer.h"
#include "resolver/inflight.h"
#include "resolver/link.h"
#include "resolver/state.h"
#include "resolver/synthesis.h"
#include "resolver/trust.h"

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
		*budget = (struct hf_budget){
			.queries_left = resolver->config.max_upstream_queries,
			.work = {
				.limit_ns = resolver->config.validation_limit_us * UINT64_C(1000),
				.failed_max = resolver->config.validation_failures,
			},
		};
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
	question->started_ns = question->ttls_ns = resolver->now.mono_ns;
	question->flushes = hf_cache_flushes(resolver->cache);
	question->name_length = (uint8_t)hf_name_lower(name, question->name);
	memcpy(question->current, question->name, question->name_length);
	question->qtype = question->sought = qtype;
	question->qclass = qclass;
	question->ttl_cap = resolver->config.max_ttl;
	question->security = HF_SECURITY_SECURE;
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

/* Renews all that the answer was made of. */
static void prefetch_all(struct hf_resolver *resolver, const struct hf_question *question)
{
	hf_question_prefetch(resolver, question->name, question->qtype, question->qclass);
	if (question->sought != question->qtype)
		hf_question_prefetch(resolver, question->name, question->sought, question->qclass);
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
			prefetch_all(resolver, question);
		break;
	case HF_QUESTION_PREFETCH:
		hf_answer_refresh(resolver, question);
		break;
	case HF_QUESTION_ADDRESS:
	case HF_QUESTION_PRIME:
	case HF_QUESTION_TRUST:
		if (owner)
			hf_fetch_sub_done(resolver, owner, question, result);
		break;
	}
	hf_question_release(resolver, question);
}

static void walk(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result);

static void fail(struct hf_resolver *resolver, struct hf_question *question, uint16_t ede, const char *text,
		 const struct hf_result *result)
{
	if (hf_synthesis_after_failure(resolver, question)) {
		walk(resolver, question, NULL);
		return;
	}
	question->rcode = HF_RCODE_SERVFAIL;
	question->set_count = question->proof_count = question->authority_count = 0;
	question->security = HF_SECURITY_UNCHECKED;
	question->negative = question->expiring = false;
	if (result && result->zone_text)
		add_ede(question, 22, result->zone_text);
	add_ede(question, ede, text);
	finish(resolver, question, result);
}

void hf_question_fail(struct hf_resolver *resolver, struct hf_question *question, uint16_t ede, const char *text)
{
	fail(resolver, question, ede, text, NULL);
}

/* ---- the walk ---- */

static void fail_again(struct hf_resolver *resolver, struct hf_question *question)
{
	const struct hf_failure *failure = hf_failures_lookup(resolver->failures, question->current, question->sought,
							      question->qclass, resolver->now);

	char what[HF_TRACE_QUESTION_MAX], text[HF_FAILURES_TEXT_MAX];

	hf_count(resolver, failure_cached);
	if (failure)
		add_ede(question, failure->ede, failure->text);
	snprintf(text, sizeof(text), "%.80s failed a moment ago",
		 hf_trace_question(question->current, question->sought, what));
	hf_trace(resolver, "%s", text);
	hf_question_fail(resolver, question, 13, text);
}

static bool is_known_bogus(const struct hf_resolver *resolver, const struct hf_question *question)
{
	const struct hf_failure *failure = hf_failures_lookup(resolver->failures, question->current, question->sought,
							      question->qclass, resolver->now);

	return failure && hf_ede_is_of_validation(failure->ede);
}

/* While the next link was fetched, those before it have aged. */
static void age_sets(const struct hf_resolver *resolver, struct hf_question *question)
{
	uint64_t seconds = (resolver->now.mono_ns - question->ttls_ns) / HF_NS_PER_SECOND;

	for (unsigned i = 0; i < question->set_count; i++)
		question->ttls[i] = question->ttls[i] > seconds ? question->ttls[i] - (uint32_t)seconds : 0;
	for (unsigned i = 0; i < question->proof_count; i++)
		question->proof_ttls[i] = question->proof_ttls[i] > seconds ? question->proof_ttls[i] - (uint32_t)seconds : 0;
	question->ttls_ns += seconds * HF_NS_PER_SECOND;
	if (!question->set_count)
		question->ttls_ns = resolver->now.mono_ns;
}

/* RFC 7646: no AD, and clients are told why. What the cache has of before is insecure now, too. */
static void note_negative_anchor(const struct hf_resolver *resolver, struct hf_question *question)
{
	if (question->negative_anchor || !hf_ntas_count(resolver->config.ntas) ||
	    !hf_trust_has_negative_anchor(resolver, question->current))
		return;
	question->negative_anchor = true;
	question->security = HF_SECURITY_UNCHECKED;
}

static void walk(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result)
{
	enum hf_link link = HF_LINK_NEXT;

	age_sets(resolver, question);
	while (link == HF_LINK_NEXT) {
		if (question->steps > resolver->config.max_chain) {
			fail(resolver, question, 0, NULL, result);
			return;
		}
		note_negative_anchor(resolver, question);
		link = hf_link_from_local(resolver, question);
		if (link == HF_LINK_UNKNOWN) {
			question->local = false;
			link = hf_link_from_cache(resolver, question);
			if (link == HF_LINK_UNKNOWN && result)
				link = hf_link_from_result(resolver, question, result);
			question->from_outside |= link == HF_LINK_NEXT;
		}
		if (link == HF_LINK_END) {
			const uint16_t sought = question->sought;

			link = hf_synthesis_end(resolver, question);
			if (question->sought != sought)
				result = NULL; /* it was for the other type */
		}
	}
	if (link == HF_LINK_END) {
		if (hf_anchor_signals_deny(resolver, question)) {
			fail(resolver, question, 0, NULL, result);
			return;
		}
		if (question->negative_anchor)
			add_ede(question, HF_EDE_NEGATIVE_TRUST_ANCHOR, "not validated: a negative trust anchor is set");
		if (question->local && question->rcode == HF_RCODE_REFUSED)
			add_ede(question, 15, NULL); /* RFC 8914 §4.16: by the operator's policy */
		finish(resolver, question, result);
		return;
	}
	if (link == HF_LINK_FAULT || (result && question->fetched_steps == question->steps)) {
		/* The latter: the fetch was for this very name and left nothing. */
		fail(resolver, question, 0, NULL, result);
		return;
	}
	if (question->kind == HF_QUESTION_CACHE_ONLY) {
		hf_synthesis_give_up(resolver, question);
		/* That it is known to be bogus is an answer too. */
		if (!question->checking_disabled && is_known_bogus(resolver, question)) {
			fail_again(resolver, question);
			return;
		}
		question->give_referral = !question->set_count && !question->negative;
		question->security = HF_SECURITY_UNCHECKED;
		finish(resolver, question, NULL);
		return;
	}
	question->fetched_steps = question->steps;
	switch (hf_inflight_join(resolver, question, question->current, question->sought)) {
	case HF_JOIN_WAITING:
		break;
	case HF_JOIN_FAILED_BEFORE:
		fail_again(resolver, question);
		break;
	case HF_JOIN_REFUSED:
		question->hindered = true;
		fail(resolver, question, 0, NULL, result);
		break;
	}
}

/* Whether it comes to something or not, the validation that waits looks for itself. */
static void seek_trust(struct hf_resolver *resolver, struct hf_question *question)
{
	if (hf_inflight_join(resolver, question, question->name, question->qtype) == HF_JOIN_WAITING)
		return;
	question->hindered = true;
	finish(resolver, question, NULL);
}

void hf_question_walk(struct hf_resolver *resolver, struct hf_question *question)
{
	if (question->kind == HF_QUESTION_TRUST) {
		seek_trust(resolver, question);
		return;
	}
	switch (hf_synthesis_begin(resolver, question)) {
	case HF_LINK_END:
		finish(resolver, question, NULL);
		break;
	case HF_LINK_FAULT:
		fail(resolver, question, 0, NULL, NULL);
		break;
	default:
		walk(resolver, question, NULL);
	}
}

void hf_question_fetched(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result)
{
	if (question->kind == HF_QUESTION_TRUST) {
		finish(resolver, question, result);
		return;
	}
	if (result->kind != HF_RESULT_FAILED) {
		add_ede(question, result->ede, result->text);
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
			hf_failures_note(resolver->failures, question->name, question->sought, question->qclass,
					 resolver->config.failure_ttl_ms, result->ede, result->text, resolver->now);
	}
	question->hindered |= result->hindered;
	fail(resolver, question, result->ede, result->text, result);
}

/* ---- prefetch ---- */

static uint64_t hash_of(const struct hf_resolver *resolver, enum hf_question_kind kind, const uint8_t *name,
			uint16_t qtype, uint16_t qclass, bool checking_disabled)
{
	return hf_index_hash_name(resolver->secret, name,
				  (uint64_t)checking_disabled << 40 | (uint64_t)kind << 32 | (uint64_t)qtype << 16 | qclass);
}

struct hf_question *hf_question_find(const struct hf_resolver *resolver, enum hf_question_kind kind,
				     const uint8_t *name, uint16_t qtype, uint16_t qclass, bool checking_disabled,
				     const struct hf_prefix *dns64)
{
	static const struct hf_prefix none;
	uint64_t hash = hash_of(resolver, kind, name, qtype, qclass, checking_disabled);

	for (struct hf_index_node *n = hf_index_first(&resolver->questions, hash); n; n = hf_index_next(n)) {
		struct hf_question *question = hf_index_entry(n, struct hf_question, node);

		if (question->kind == kind && question->qtype == qtype && question->qclass == qclass &&
		    question->checking_disabled == checking_disabled &&
		    hf_name_equal(question->name, name) && hf_prefix_equal(&question->dns64, dns64 ? dns64 : &none))
			return question;
	}
	return NULL;
}

void hf_question_index(struct hf_resolver *resolver, struct hf_question *question)
{
	hf_index_add(&resolver->questions, &question->node,
		     hash_of(resolver, question->kind, question->name, question->qtype, question->qclass,
			     question->checking_disabled));
	question->indexed = true;
}

void hf_question_prefetch(struct hf_resolver *resolver, const uint8_t *name, uint16_t qtype, uint16_t qclass)
{
	struct hf_question *question;

	if (hf_question_find(resolver, HF_QUESTION_PREFETCH, name, qtype, qclass, false, NULL))
		return;
	question = hf_question_new(resolver, HF_QUESTION_PREFETCH, name, qtype, qclass, NULL, 0);
	if (!question)
		return;
	hf_count(resolver, prefetches);
	hf_question_index(resolver, question);
	hf_question_walk(resolver, question);
}
