// SPDX-License-Identifier: BSD-3-Clause
/* The steps of a fetch: find the servers, choose one, send; when none is left, look further. What replies mean
 * is in fetch_reply.c.
 */
#include "resolver/fetch.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "resolver/bulkhead.h"
#include "resolver/inflight.h"
#include "resolver/question.h"
#include "resolver/state.h"

enum {
	SENDS_PER_ADDRESS = 3,	    /* of one question; timeouts only, an error is final */
	SENDS_PER_FETCH = 40,	    /* whatever the budget says */
	SERVER_FETCHES_AT_ONCE = 2, /* server names looked up side by side */
	SERVER_FETCHES_MAX = 6,	    /* per delegation: NXNSAttack */
	MINIMISE_MAX = 10, /* RFC 9156 §2.3: MAX_MINIMISE_COUNT */
	MINIMISE_ONE = 4,  /* and MINIMISE_ONE_LAB */
};

void hf_fetch_set_error(struct hf_fetch *fetch, uint16_t ede, const char *format, ...)
{
	va_list arguments;

	fetch->ede = ede;
	va_start(arguments, format);
	vsnprintf(fetch->text, sizeof(fetch->text), format, arguments);
	va_end(arguments);
}

/* ---- the end ---- */

static void deliver(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_question *waiter, const struct hf_result *result)
{
	waiter->waiting_on = NULL;
	waiter->next_waiter = NULL;
	if (!waiter->zone_labels)
		waiter->zone_labels = hf_fetch_zone_labels(fetch, waiter->name);
	waiter->turned_away |= result->cause == HF_CAUSE_TURNED_AWAY && result->kind == HF_RESULT_FAILED &&
			       hf_name_equal(fetch->name, waiter->name);
	hf_question_fetched(resolver, waiter, result);
}

void hf_fetch_deliver_unchecked(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_result *result)
{
	struct hf_question **link = &fetch->waiters, *unchecked = NULL;

	/* Taken out first: an answer may lead to new questions that wait here. */
	while (*link) {
		struct hf_question *waiter = *link;

		if (!waiter->checking_disabled) {
			link = &waiter->next_waiter;
			continue;
		}
		*link = waiter->next_waiter;
		waiter->next_waiter = unchecked;
		unchecked = waiter;
	}
	for (struct hf_question *next; unchecked; unchecked = next) {
		next = unchecked->next_waiter;
		deliver(resolver, fetch, unchecked, result);
	}
}

void hf_fetch_finish(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_result *result)
{
	struct hf_question *waiter = fetch->waiters, *next;

	hf_inflight_remove(resolver, fetch);
	if (fetch->exchange)
		hf_resolver_close_exchange(resolver, fetch->exchange, true);
	result->glue = fetch->glue;
	result->glue_count = fetch->glue_count;
	if (result->kind != HF_RESULT_FAILED)
		hf_failures_clear(resolver->failures, fetch->name, fetch->qtype, fetch->qclass);
	fetch->waiters = NULL;
	for (; waiter; waiter = next) {
		next = waiter->next_waiter;
		deliver(resolver, fetch, waiter, result);
	}
	hf_inflight_free(resolver, fetch);
}

void hf_fetch_fail(struct hf_resolver *resolver, struct hf_fetch *fetch, enum hf_failure_cause cause)
{
	struct hf_result result = {
		.kind = HF_RESULT_FAILED,
		.cause = cause,
		.budget = fetch->budget,
		.hindered = fetch->hindered,
		.final_name = fetch->name,
	};
	char question[HF_TRACE_QUESTION_MAX], zone[HF_NAME_TEXT_MAX] = ".", where[sizeof("at delegation ") + 100];

	if (fetch->delegation.source != HF_DELEGATION_NONE)
		hf_name_to_text(fetch->delegation.zone, zone);
	snprintf(where, sizeof(where), "at delegation %.100s", zone);
	/* Whatever other servers did afterwards: that one's data is bogus is what an operator has to know. */
	if (fetch->bogus.ede && cause != HF_CAUSE_TURNED_AWAY) {
		cause = HF_CAUSE_SERVERS;
		hf_fetch_set_error(fetch, fetch->bogus.ede, "%s", fetch->bogus.text);
		where[0] = '\0';
	}
	if (cause == HF_CAUSE_SERVERS || cause == HF_CAUSE_BUDGET)
		hf_bulkhead_note_failure(resolver, fetch);
	if (cause == HF_CAUSE_SERVERS) {
		/* RFC 8914 §4.23 says where it ended, §4.24 what the last server did. */
		if (!fetch->ede)
			hf_fetch_set_error(fetch, 22, "%s", where);
		else if (where[0])
			result.zone_text = where;
		/* The address of a server that waits, by way of others, for who asks for it: asked for by somebody else it may be
		 * found. What the client wanted is noted in any case. */
		if (!fetch->hindered || !fetch->depth)
			hf_failures_note(resolver->failures, fetch->name, fetch->qtype, fetch->qclass,
					 fetch->bogus.ede ? HF_FAILURES_BOGUS_MS : resolver->config.failure_ttl_ms, fetch->ede,
					 fetch->text, resolver->now);
		result.ede = fetch->ede;
		result.text = fetch->text;
	} else if (cause == HF_CAUSE_BUDGET) {
		hf_count(resolver, budget_exhausted);
		result.ede = 22;
		snprintf(fetch->text, sizeof(fetch->text), "work limit of the question reached %s", where);
		result.text = fetch->text;
	} else if (cause == HF_CAUSE_TURNED_AWAY) {
		result.ede = fetch->ede;
		result.text = fetch->text;
	}
	hf_trace(resolver, "fetch %s failed: %s", hf_trace_question(fetch->name, fetch->qtype, question),
		 result.text ? result.text : "limit");
	hf_fetch_finish(resolver, fetch, &result);
}

uint8_t hf_fetch_zone_labels(const struct hf_fetch *fetch, const uint8_t *name)
{
	if (fetch->delegation.source == HF_DELEGATION_NONE || !hf_name_equal(fetch->name, name))
		return 0;
	return (uint8_t)(hf_name_label_count(fetch->delegation.zone) + 1);
}

/* ---- what to ask ---- */

const uint8_t *hf_fetch_ask_name(const struct hf_fetch *fetch)
{
	return hf_name_strip(fetch->name, hf_name_label_count(fetch->name) - fetch->ask_labels);
}

bool hf_fetch_is_minimised(const struct hf_fetch *fetch)
{
	return fetch->ask_labels < hf_name_label_count(fetch->name);
}

uint16_t hf_fetch_ask_type(const struct hf_fetch *fetch)
{
	if (!hf_fetch_is_minimised(fetch))
		return fetch->qtype;
	/* RFC 9156 §2.1: A hides the type asked for, and nearly every server can answer it. */
	return fetch->minimise_by_ns ? HF_TYPE_NS : HF_TYPE_A;
}

/* How many labels to show the servers of the present zone (RFC 9156 §2.3). */
static void choose_labels(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	unsigned all = hf_name_label_count(fetch->name);
	unsigned shown = fetch->ask_labels;
	unsigned in_zone = hf_name_label_count(fetch->delegation.zone);

	if (fetch->minimise_off || (!resolver->config.qname_minimisation && !fetch->between_seen) ||
	    fetch->delegation.source == HF_DELEGATION_FORWARD || fetch->minimise_count >= MINIMISE_MAX) {
		fetch->ask_labels = all;
		return;
	}
	if (shown < in_zone)
		shown = in_zone;
	while (shown < all) {
		const struct hf_cache_entry *entry;

		if (fetch->minimise_count < MINIMISE_ONE)
			shown++;
		else
			shown += (all - shown + MINIMISE_MAX - fetch->minimise_count - 1) /
				 (MINIMISE_MAX - fetch->minimise_count);
		fetch->minimise_count++;
		if (shown >= all)
			break;
		/* The cache may know that there is no cut here. */
		entry = hf_cache_lookup(resolver->cache, hf_name_strip(fetch->name, all - shown), HF_TYPE_A,
					fetch->qclass, resolver->now);
		if (!entry || entry->fact == HF_FACT_NXDOMAIN ||
		    (entry->fact == HF_FACT_RRSET && entry->rank < HF_RANK_ANSWER_NONAUTH))
			break;
	}
	fetch->ask_labels = shown < all ? shown : all;
}

void hf_fetch_show_more(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	choose_labels(resolver, fetch);
	fetch->bad_cookies = 0;
	for (unsigned i = 0; i < fetch->delegation.address_count; i++)
		fetch->delegation.addresses[i].sends = 0;
}

/* ---- whom to ask ---- */

static bool start_sub(struct hf_resolver *resolver, struct hf_fetch *fetch, enum hf_question_kind kind,
		      const uint8_t *name, uint16_t type, int server)
{
	struct hf_question *sub =
		hf_question_new(resolver, kind, name, type, HF_CLASS_IN, fetch->budget, fetch->depth + 1);

	if (!sub)
		return false;
	sub->owner = fetch;
	sub->server = server;
	/* What servers are found at decides nothing about what they say; and validating it may need those very servers. */
	sub->checking_disabled = kind != HF_QUESTION_TRUST;
	sub->next_sub = fetch->subs;
	fetch->subs = sub;
	hf_question_walk(resolver, sub);
	return true;
}

bool hf_fetch_want(struct hf_resolver *resolver, struct hf_fetch *fetch, const uint8_t *name, uint16_t type)
{
	/* It may be done before the call returns. */
	fetch->trust_subs++;
	if (start_sub(resolver, fetch, HF_QUESTION_TRUST, name, type, -1))
		return true;
	fetch->trust_subs--;
	return false;
}

static void find_delegation(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	const struct hf_delegation_context context = {&resolver->config, resolver->cache, fetch->arena, resolver->now};
	struct hf_delegation *delegation = &fetch->delegation;
	const struct hf_route *route =
		fetch->left_route ? NULL : hf_delegation_route(&resolver->config, fetch->search_from);
	bool priming = !fetch->name[0] && fetch->qtype == HF_TYPE_NS;
	bool found = false;

	fetch->ask_labels = 0;
	fetch->server_fetches = 0;
	if (route && !route->server_count)
		route = NULL;
	if (!route || !route->forward)
		found = hf_delegation_from_cache(delegation, &context, fetch->search_from);
	/* A stub's servers know of cuts below; what the cache has for the stub zone itself or above does not count. */
	if (route && (!found || route->forward ||
		      hf_name_label_count(delegation->zone) <= hf_name_label_count(route->zone))) {
		hf_delegation_from_route(delegation, &context, route);
		return;
	}
	if (found)
		return;
	delegation->source = HF_DELEGATION_NONE;
	if (!priming && resolver->config.prime && !fetch->primed) {
		fetch->primed = true;
		/* RFC 9609 §3. Whatever comes of it, the hints are there. */
		if (!hf_cache_lookup(resolver->cache, hf_name_root, HF_TYPE_NS, HF_CLASS_IN, resolver->now) &&
		    start_sub(resolver, fetch, HF_QUESTION_PRIME, hf_name_root, HF_TYPE_NS, -1) && fetch->subs)
			return;
	}
	hf_delegation_from_root(delegation, &context, priming);
}

/* Whether more addresses may be had by looking the server up. Those inside the zone that have glue could only be asked
 * for at the very servers that do not answer. */
static bool is_worth_fetching(const struct hf_fetch *fetch, const struct hf_delegation_server *server)
{
	const struct hf_delegation *delegation = &fetch->delegation;

	/* Servers with bogus data may know addresses of others. */
	return !server->asked && (fetch->bogus_replies ||
	       !(server->has_address && hf_name_is_below_or_equal(server->name, delegation->zone)));
}

/* Looks up the addresses of some more servers of the delegation. */
static void fetch_server_addresses(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	struct hf_delegation *delegation = &fetch->delegation;

	for (unsigned started = 0; started < SERVER_FETCHES_AT_ONCE && fetch->server_fetches < SERVER_FETCHES_MAX;) {
		unsigned unasked[HF_DELEGATION_SERVERS_MAX], count = 0, chosen = 0;
		const uint8_t *name;

		/* Names without any address first; among them by chance, so that one bad name does not hold up all. */
		for (int with_address = 0; with_address < 2 && !count; with_address++)
			for (unsigned i = 0; i < delegation->server_count; i++)
				if (is_worth_fetching(fetch, &delegation->servers[i]) &&
				    delegation->servers[i].has_address == (with_address == 1))
					unasked[count++] = i;
		if (!count)
			break;
		if (resolver->config.server_order_randomization)
			chosen = hf_random_below(&resolver->random, count);
		chosen = unasked[chosen];
		delegation->servers[chosen].asked = true;
		fetch->server_fetches++;
		started++;
		name = delegation->servers[chosen].name;
		if (resolver->config.use_ipv4)
			start_sub(resolver, fetch, HF_QUESTION_ADDRESS, name, HF_TYPE_A, (int)chosen);
		if (resolver->config.use_ipv6)
			start_sub(resolver, fetch, HF_QUESTION_ADDRESS, name, HF_TYPE_AAAA, (int)chosen);
	}
}

void hf_fetch_sub_done(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_question *question,
		       const struct hf_result *result)
{
	struct hf_question **link = &fetch->subs;
	struct hf_delegation *delegation = &fetch->delegation;

	while (*link && *link != question)
		link = &(*link)->next_sub;
	if (*link)
		*link = question->next_sub;
	question->owner = NULL;
	fetch->hindered |= question->hindered;
	hf_inflight_ready(resolver, fetch);
	if (question->kind == HF_QUESTION_TRUST && fetch->trust_subs)
		fetch->trust_subs--;
	/* The delegation may be another by now. */
	if (question->kind != HF_QUESTION_ADDRESS || (unsigned)question->server >= delegation->server_count ||
	    !hf_name_equal(delegation->servers[question->server].name, question->name))
		return;
	for (unsigned i = 0; i < question->set_count; i++)
		if (question->sets[i]->type == question->qtype)
			hf_delegation_add_addresses(delegation, &resolver->config, question->sets[i], question->server,
						    false);
	for (unsigned i = 0; result && i < result->glue_count; i++)
		if (result->glue[i]->type == question->qtype)
			hf_delegation_add_addresses(delegation, &resolver->config, result->glue[i], question->server,
						    true);
}

static bool is_dead(struct hf_resolver *resolver, const struct hf_address *address)
{
	const struct hf_server *server = hf_servers_get(resolver->servers, address, resolver->now);

	return server && hf_server_is_dead(server);
}

enum eligibility { UNTRIED, RETRY, LAST_RESORT, KNOWN_LAME, RECURSIVE, ELIGIBILITY_COUNT };

static bool is_eligible(struct hf_resolver *resolver, const struct hf_fetch *fetch,
			const struct hf_delegation_address *address, enum eligibility kind)
{
	bool lame;

	if (address->failed || address->sends >= SENDS_PER_ADDRESS)
		return false;
	if (address->recursive)
		return kind == RECURSIVE;
	if (address->last_resort && address->sends == 0 && kind != LAST_RESORT)
		return false;
	lame = hf_servers_is_lame(resolver->servers, &address->address, fetch->delegation.zone, resolver->now);
	switch (kind) {
	case UNTRIED:
		return !lame && address->sends == 0;
	case RETRY:
		return !lame && address->sends > 0 && !is_dead(resolver, &address->address);
	case LAST_RESORT:
		return !lame && address->last_resort;
	case KNOWN_LAME:
		return lame && (address->sends == 0 || !is_dead(resolver, &address->address));
	default:
		return false;
	}
}

bool hf_fetch_has_untried(struct hf_resolver *resolver, const struct hf_fetch *fetch)
{
	for (unsigned i = 0; i < fetch->delegation.address_count; i++)
		if (is_eligible(resolver, fetch, &fetch->delegation.addresses[i], UNTRIED))
			return true;
	return false;
}

/* Sends to the best of the addresses of one kind. False when there is none. */
static bool send_to(struct hf_resolver *resolver, struct hf_fetch *fetch, enum eligibility kind)
{
	const struct hf_address *addresses[HF_DELEGATION_ADDRESSES_MAX];
	unsigned places[HF_DELEGATION_ADDRESSES_MAX], count = 0, least = UINT8_MAX, chosen;
	const struct hf_servers_bounds bounds = hf_resolver_bounds(resolver);
	struct hf_delegation *delegation = &fetch->delegation;

	for (unsigned i = 0; i < delegation->address_count; i++)
		if (is_eligible(resolver, fetch, &delegation->addresses[i], kind) &&
		    delegation->addresses[i].sends < least)
			least = delegation->addresses[i].sends;
	for (unsigned i = 0; i < delegation->address_count; i++) {
		if (delegation->addresses[i].sends != least ||
		    !is_eligible(resolver, fetch, &delegation->addresses[i], kind))
			continue;
		places[count] = i;
		addresses[count++] = &delegation->addresses[i].address;
	}
	if (!count)
		return false;
	chosen = hf_servers_pick(resolver->servers, addresses, count, &bounds,
				 resolver->config.server_order_randomization ? &resolver->random : NULL, resolver->now);
	if (chosen == count) {
		fetch->servers_full = true;
		return false;
	}
	hf_fetch_send(resolver, fetch, places[chosen], false);
	return true;
}

/* The delegation in the cache leads nowhere: perhaps the parent has a better one by now (or its glue is better). */
static bool go_to_parent(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	unsigned labels = hf_name_label_count(fetch->delegation.zone);
	char zone[HF_NAME_TEXT_MAX];

	if (fetch->retried_parent || fetch->delegation.source != HF_DELEGATION_CACHE)
		return false;
	fetch->retried_parent = true;
	fetch->search_from = hf_name_strip(fetch->name, hf_name_label_count(fetch->name) - labels + 1);
	fetch->delegation.source = HF_DELEGATION_NONE;
	hf_trace(resolver, "servers of %s lead nowhere, asking its parent again",
		 hf_name_to_text(fetch->delegation.zone, zone));
	return true;
}

/* A route with `first` is a shortcut, not the only way. */
static bool leave_route(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	const struct hf_route *route = hf_delegation_route(&resolver->config, fetch->search_from);
	char zone[HF_NAME_TEXT_MAX];

	if (!route || !route->first || fetch->left_route)
		return false;
	fetch->left_route = true;
	fetch->retried_parent = fetch->accept_recursive = false;
	fetch->empties = 0;
	fetch->delegation.source = HF_DELEGATION_NONE;
	hf_trace(resolver, "the servers configured for %s failed, asking from the root",
		 hf_name_to_text(route->zone, zone));
	return true;
}

void hf_fetch_step(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	if (fetch->exchange)
		return; /* one query at a time; its end brings us back */
	if (resolver->now.mono_ns >= fetch->deadline_ns) {
		hf_fetch_fail(resolver, fetch, HF_CAUSE_SERVERS);
		return;
	}
	if (fetch->pending) {
		if (!fetch->trust_subs)
			hf_fetch_resume(resolver, fetch);
		return;
	}
	for (;;) {
		if (fetch->delegation.source == HF_DELEGATION_NONE) {
			find_delegation(resolver, fetch);
			if (fetch->delegation.source == HF_DELEGATION_NONE)
				return; /* the root is being primed */
			if (!hf_bulkhead_enter(resolver, fetch))
				return;
		}
		if (!fetch->ask_labels)
			choose_labels(resolver, fetch);
		if (send_to(resolver, fetch, UNTRIED))
			return;
		/* More servers are looked up and those that were only slow asked again side by side: neither may hold up
		 * the other. What the cache knows of the former is there at once. */
		if (!fetch->subs)
			fetch_server_addresses(resolver, fetch);
		if (send_to(resolver, fetch, UNTRIED) || send_to(resolver, fetch, RETRY) || fetch->subs)
			return;
		if (send_to(resolver, fetch, LAST_RESORT) || send_to(resolver, fetch, KNOWN_LAME))
			return;
		if (!fetch->accept_recursive) {
			fetch->accept_recursive = true;
			if (send_to(resolver, fetch, RECURSIVE))
				return;
		}
		/* The parent must not have to bear what its child's servers are spared. */
		if (fetch->servers_full || (!go_to_parent(resolver, fetch) && !leave_route(resolver, fetch)))
			break;
	}
	if (fetch->servers_full)
		hf_bulkhead_servers_full(resolver, fetch);
	else
		hf_fetch_fail(resolver, fetch, HF_CAUSE_SERVERS);
}

/* ---- sending ---- */

/* A first silence sends us quickly to another server. Who is asked again because no other is left gets more time, by what this fetch has
 * waited already: others' replies from there may have been as quick as ever. Four times as much at each turn: who was quick and now
 * takes a second has to be waited for once, or what was learned of him never changes. A forwarder's distance says nothing of how long it has
 * to look itself. */
static uint64_t patience_ns(const struct hf_resolver *resolver, const struct hf_fetch *fetch,
			    const struct hf_delegation_address *address)
{
	unsigned waited = address->sends + (fetch->delegation.source == HF_DELEGATION_FORWARD);
	uint64_t ms = waited ? (uint64_t)resolver->config.timeout_initial_ms << (2 * (waited - 1)) : 0;

	return (ms < resolver->config.timeout_max_ms ? ms : resolver->config.timeout_max_ms) * HF_NS_PER_MS;
}

void hf_fetch_send(struct hf_resolver *resolver, struct hf_fetch *fetch, unsigned address_index, bool tcp)
{
	struct hf_delegation_address *address = &fetch->delegation.addresses[address_index];
	const struct hf_servers_bounds bounds = hf_resolver_bounds(resolver);
	struct hf_exchange_query query = {
		.name = hf_fetch_ask_name(fetch),
		.qtype = hf_fetch_ask_type(fetch),
		.qclass = fetch->qclass,
		.recursion_desired = fetch->delegation.source == HF_DELEGATION_FORWARD || address->recursive,
		.mixed_case = resolver->config.case_randomization && !tcp,
		.edns_size = resolver->config.edns_size,
	};
	struct hf_server *server;
	struct hf_exchange *exchange;
	uint64_t timeout_ns;
	char text[HF_ADDRESS_TEXT_MAX], question[HF_TRACE_QUESTION_MAX], zone[HF_NAME_TEXT_MAX];

	if (!fetch->budget->queries_left || fetch->sends >= SENDS_PER_FETCH) {
		hf_fetch_fail(resolver, fetch, HF_CAUSE_BUDGET);
		return;
	}
	server = hf_servers_get(resolver->servers, &address->address, resolver->now);
	exchange = server ? hf_resolver_open_exchange(resolver, fetch) : NULL;
	if (!exchange) {
		hf_fetch_fail(resolver, fetch, HF_CAUSE_LIMIT);
		return;
	}
	if (!tcp && hf_forgery_wants_tcp(resolver, server)) {
		tcp = true;
		query.mixed_case = false;
		exchange->forced_tcp = server->forgery.tcp_until_ns <= resolver->now.mono_ns;
	}
	if (server->no_edns_until_ns > resolver->now.mono_ns)
		query.edns_size = 0;
	if (resolver->config.server_cookies && server->no_cookie_until_ns <= resolver->now.mono_ns) {
		hf_cookie_refresh(&server->cookie, &resolver->random, resolver->now);
		query.cookie = &server->cookie;
	}
	if (server->no_case_until_ns > resolver->now.mono_ns)
		query.mixed_case = false;
	exchange->server = address->address;
	exchange->address_index = address_index;
	exchange->tcp = tcp;
	if (!hf_exchange_write(exchange, &query, &resolver->random)) {
		hf_resolver_close_exchange(resolver, exchange, false);
		hf_fetch_fail(resolver, fetch, HF_CAUSE_LIMIT);
		return;
	}
	exchange->counted_at = server;
	server->open++;
	timeout_ns = hf_server_timeout_ns(server, &bounds);
	if (timeout_ns < patience_ns(resolver, fetch, address))
		timeout_ns = patience_ns(resolver, fetch, address);
	fetch->budget->queries_left--;
	fetch->sends++;
	address->sends++;
	if (tcp) {
		/* A handshake and a round trip, and a server that may have to think. */
		uint64_t floor_ns = bounds.timeout_max_ms * HF_NS_PER_MS / 2;

		timeout_ns = 2 * timeout_ns > floor_ns ? 2 * timeout_ns : floor_ns;
		hf_count(resolver, upstream_tcp);
	} else {
		hf_count(resolver, upstream_udp);
	}
	hf_timers_set(&resolver->timers, &exchange->timer, resolver->now.mono_ns + timeout_ns);
	hf_actions_push(&resolver->actions, &exchange->action, HF_ACTION_SEND);
	hf_trace(resolver, "send %s to %s%s for zone %s", hf_trace_question(query.name, query.qtype, question),
		 hf_address_to_text(&address->address, text), tcp ? " over TCP" : "",
		 hf_name_to_text(fetch->delegation.zone, zone));
}
