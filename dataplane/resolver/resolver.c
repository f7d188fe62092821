// SPDX-License-Identifier: BSD-3-Clause
/* The resolver as its caller sees it: events in, actions out; clients, and the wiring of the parts. */
#include "resolver/resolver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "resolver/answer.h"
#include "resolver/config_copy.h"
#include "resolver/state.h"
#include "resolver/trust.h"

enum { TIMERS_A_TURN = 64 };

/* ---- configuration ---- */

bool hf_resolver_configure(struct hf_resolver *resolver, const struct hf_resolver_config *config)
{
	struct hf_resolver_config copy;

	if (!hf_config_copy_make(&copy, config))
		return false;
	hf_config_copy_free(&resolver->config);
	resolver->config = copy;
	/* Anchors and what is believed of signatures may be others now; keys are at hand in the cache. */
	hf_validator_configure(resolver->validator, &copy.dnssec);
	hf_trust_zones_clear(resolver->trust_zones);
	hf_failures_clear_bogus(resolver->failures);
	return true;
}

/* ---- life ---- */

static void give_client(struct hf_resolver *resolver, struct hf_client *client)
{
	client->question = NULL;
	client->next = resolver->free_clients;
	resolver->free_clients = client;
}

static bool make_clients(struct hf_resolver *resolver)
{
	uint32_t count = resolver->config.max_clients + HF_RESOLVER_CLIENTS_SPARE;

	resolver->client_limit = resolver->config.max_clients;
	resolver->client_pool = calloc(count, sizeof(resolver->client_pool[0]));
	resolver->spare_questions = calloc(HF_RESOLVER_CLIENTS_SPARE, sizeof(resolver->spare_questions[0]));
	if (!resolver->client_pool || !resolver->spare_questions)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		resolver->client_pool[i].timer.kind = HF_TIMER_CLIENT;
		give_client(resolver, &resolver->client_pool[i]);
		if (!hf_timers_reserve(&resolver->timers))
			return false;
	}
	for (unsigned i = 0; i < HF_RESOLVER_CLIENTS_SPARE; i++)
		resolver->spare_questions[i].spare = true;
	return true;
}

static uint32_t table_size(uint32_t wanted, uint32_t max)
{
	return wanted < HF_RESOLVER_TABLE_MIN ? HF_RESOLVER_TABLE_MIN : wanted < max ? wanted : max;
}

struct hf_resolver *hf_resolver_new(const struct hf_resolver_config *config, struct hf_cache *cache,
				    const struct hf_random *random)
{
	struct hf_resolver *resolver = calloc(1, sizeof(*resolver));
	uint32_t clients = config->max_clients;

	if (!resolver)
		return NULL;
	if (!hf_config_copy_make(&resolver->config, config)) {
		free(resolver);
		return NULL;
	}
	resolver->cache = cache;
	resolver->arena_memory_left = (size_t)HF_RESOLVER_CLIENT_MEMORY *
				      (clients < HF_RESOLVER_CLIENTS_WORTH ? HF_RESOLVER_CLIENTS_WORTH : clients);
	resolver->random = *random;
	random->fill(random->state, resolver->secret, sizeof(resolver->secret));
	resolver->servers = hf_servers_new(table_size(clients, HF_RESOLVER_SERVERS_MAX), resolver->secret);
	resolver->failures = hf_failures_new(table_size(clients / 4, HF_RESOLVER_FAILURES_MAX), resolver->secret);
	resolver->trust_zones = hf_trust_zones_new(table_size(clients, HF_RESOLVER_TRUST_MAX), resolver->secret);
	resolver->trust_shares = calloc(HF_RESOLVER_SHARES, sizeof(resolver->trust_shares[0]));
	resolver->own_verdicts = config->verdicts ? NULL : hf_verdicts_new(HF_RESOLVER_VERDICTS, resolver->secret);
	resolver->own_denials = config->denials ? NULL : hf_denials_new(HF_RESOLVER_DENIALS, resolver->secret);
	resolver->denials = config->denials ? config->denials : resolver->own_denials;
	resolver->validator = hf_validator_new(&config->dnssec, &config->costs,
					       config->verdicts ? config->verdicts : resolver->own_verdicts);
	resolver->zones = hf_zones_new(table_size(clients, HF_RESOLVER_ZONES_MAX), resolver->secret);
	resolver->scratch = hf_arena_new(HF_RESOLVER_SCRATCH_MEMORY);
	resolver->record = malloc(HF_RESOLVER_RECORD_SPACE);
	if (!resolver->trust_zones || !resolver->trust_shares || !resolver->validator ||
	    (!config->verdicts && !resolver->own_verdicts) || !resolver->denials || !resolver->servers || !resolver->failures || !resolver->zones || !resolver->scratch || !resolver->record ||
	    !hf_index_init(&resolver->fetches, clients) || !hf_index_init(&resolver->questions, clients) ||
	    !hf_index_init(&resolver->clients, clients) || !hf_index_init(&resolver->exchanges, clients) ||
	    !make_clients(resolver)) {
		hf_resolver_free(resolver);
		return NULL;
	}
	return resolver;
}

static void free_running(struct hf_resolver *resolver)
{
	struct hf_index_node *node;
	struct hf_action_node *action;

	while (resolver->fetches.buckets && (node = hf_index_any(&resolver->fetches))) {
		struct hf_fetch *fetch = hf_index_entry(node, struct hf_fetch, node);

		for (struct hf_question *waiter = fetch->waiters; waiter; waiter = waiter->next_waiter)
			waiter->waiting_on = NULL;
		hf_inflight_remove(resolver, fetch);
		hf_inflight_free(resolver, fetch);
	}
	while (resolver->all_questions)
		hf_question_free(resolver, resolver->all_questions);
	while ((action = resolver->actions.first)) {
		enum hf_action_kind kind = action->kind;

		hf_actions_remove(&resolver->actions, action);
		if (kind == HF_ACTION_CANCEL)
			free(hf_index_entry(action, struct hf_exchange, action));
	}
	for (struct hf_exchange *exchange = resolver->free_exchanges, *next; exchange; exchange = next) {
		next = exchange->next_free;
		free(exchange);
	}
	free(resolver->closing);
}

void hf_resolver_free(struct hf_resolver *resolver)
{
	if (!resolver)
		return;
	free_running(resolver);
	while (resolver->arena_count)
		hf_arena_free(resolver->arenas[--resolver->arena_count]);
	hf_arena_free(resolver->scratch);
	hf_servers_free(resolver->servers);
	hf_failures_free(resolver->failures);
	hf_zones_free(resolver->zones);
	hf_trust_zones_free(resolver->trust_zones);
	free(resolver->trust_shares);
	hf_validator_free(resolver->validator);
	hf_verdicts_free(resolver->own_verdicts);
	hf_denials_free(resolver->own_denials);
	hf_index_free(&resolver->fetches);
	hf_index_free(&resolver->questions);
	hf_index_free(&resolver->clients);
	hf_index_free(&resolver->exchanges);
	hf_timers_free(&resolver->timers);
	free(resolver->client_pool);
	free(resolver->spare_questions);
	free(resolver->record);
	hf_config_copy_free(&resolver->config);
	free(resolver);
}

struct hf_arena *hf_resolver_take_arena(struct hf_resolver *resolver)
{
	if (resolver->arena_count)
		return resolver->arenas[--resolver->arena_count];
	return hf_arena_new_sharing(HF_RESOLVER_ARENA_MEMORY, &resolver->arena_memory_left);
}

void hf_resolver_give_arena(struct hf_resolver *resolver, struct hf_arena *arena)
{
	if (resolver->arena_count == HF_RESOLVER_ARENAS_KEPT) {
		hf_arena_free(arena);
		return;
	}
	hf_arena_reset(arena);
	resolver->arenas[resolver->arena_count++] = arena;
}

/* ---- exchanges ---- */

static void give_exchange(struct hf_resolver *resolver, struct hf_exchange *exchange)
{
	exchange->next_free = resolver->free_exchanges;
	resolver->free_exchanges = exchange;
}

struct hf_exchange *hf_resolver_open_exchange(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	struct hf_exchange *exchange = resolver->free_exchanges;

	if (exchange) {
		resolver->free_exchanges = exchange->next_free;
	} else {
		exchange = malloc(sizeof(*exchange));
		if (!exchange || !hf_timers_reserve(&resolver->timers)) {
			free(exchange);
			return NULL;
		}
	}
	memset(exchange, 0, offsetof(struct hf_exchange, qname));
	exchange->timer.kind = HF_TIMER_EXCHANGE;
	exchange->id = ++resolver->last_exchange;
	exchange->fetch = fetch;
	exchange->sent_ns = resolver->now.mono_ns;
	fetch->exchange = exchange;
	hf_index_add(&resolver->exchanges, &exchange->node, exchange->id);
	return exchange;
}

void hf_resolver_close_exchange(struct hf_resolver *resolver, struct hf_exchange *exchange, bool tell)
{
	struct hf_server *server = exchange->counted_at;

	hf_timers_cancel(&resolver->timers, &exchange->timer);
	hf_index_remove(&resolver->exchanges, &exchange->node);
	if (server && server->open && hf_address_equal(&server->address, &exchange->server))
		server->open--;
	exchange->fetch->exchange = NULL;
	hf_actions_remove(&resolver->actions, &exchange->action); /* a SEND that the caller has not seen yet */
	if (tell && exchange->handed_out)
		hf_actions_push(&resolver->actions, &exchange->action, HF_ACTION_CANCEL);
	else
		give_exchange(resolver, exchange);
}

static struct hf_exchange *find_exchange(const struct hf_resolver *resolver, uint64_t id)
{
	struct hf_index_node *node = hf_index_first(&resolver->exchanges, id);

	return node ? hf_index_entry(node, struct hf_exchange, node) : NULL;
}

/* ---- clients ---- */

static void unlink_client(struct hf_resolver *resolver, struct hf_client *client)
{
	struct hf_question *question = client->question;

	hf_timers_cancel(&resolver->timers, &client->timer);
	hf_actions_remove(&resolver->actions, &client->action);
	*(client->previous ? &client->previous->next : &question->clients) = client->next;
	if (client->next)
		client->next->previous = client->previous;
	give_client(resolver, client);
	hf_question_release(resolver, question);
}

static void add_client(struct hf_resolver *resolver, struct hf_question *question, struct hf_client *client,
		       uint64_t id, uint8_t reply_class)
{
	client->id = id;
	client->reply_class = reply_class;
	client->too_late = false;
	client->question = question;
	client->previous = NULL;
	client->next = question->clients;
	if (client->next)
		client->next->previous = client;
	question->clients = client;
	hf_index_add(&resolver->clients, &client->node, id);
}

static void queue_answer(struct hf_resolver *resolver, struct hf_client *client)
{
	hf_timers_cancel(&resolver->timers, &client->timer);
	if (client->action.kind == HF_ACTION_NONE)
		hf_actions_push(&resolver->actions, &client->action, HF_ACTION_ANSWER);
}

void hf_resolver_answer_clients(struct hf_resolver *resolver, struct hf_question *question)
{
	for (struct hf_client *client = question->clients; client; client = client->next)
		queue_answer(resolver, client);
}

/* A question object for saying no, when there is no memory for a real one. */
static struct hf_question *take_spare_question(struct hf_resolver *resolver, const struct hf_query *query)
{
	for (unsigned i = 0; i < HF_RESOLVER_CLIENTS_SPARE; i++) {
		struct hf_question *question = &resolver->spare_questions[i];

		if (question->done)
			continue;
		*question = (struct hf_question){.spare = true, .qtype = query->qtype, .qclass = query->qclass};
		question->name_length = (uint8_t)hf_name_lower(query->name, question->name);
		return question;
	}
	return NULL;
}

static void refuse(struct hf_resolver *resolver, struct hf_client *client, uint64_t id, const struct hf_query *query,
		   unsigned rcode)
{
	struct hf_question *question = take_spare_question(resolver, query);

	if (!question) {
		give_client(resolver, client); /* the caller does not drain its actions */
		return;
	}
	add_client(resolver, question, client, id, query->reply_class);
	question->rcode = rcode;
	question->done = true;
	hf_resolver_answer_clients(resolver, question);
}

/* ---- driving ---- */

/* What the last action pointed to is no longer looked at. */
static void let_go(struct hf_resolver *resolver)
{
	if (resolver->answering) {
		struct hf_client *client = resolver->answering;

		resolver->answering = NULL;
		unlink_client(resolver, client);
	}
	if (resolver->closing) {
		give_exchange(resolver, resolver->closing);
		resolver->closing = NULL;
	}
}

static void begin(struct hf_resolver *resolver, struct hf_now now)
{
	let_go(resolver);
	resolver->now = now;
	resolver->record_question = NULL; /* TTLs in it are of another instant */
}

static void run(struct hf_resolver *resolver)
{
	struct hf_fetch *fetch;

	while ((fetch = resolver->ready_first)) {
		resolver->ready_first = fetch->next_ready;
		if (!resolver->ready_first)
			resolver->ready_last = NULL;
		fetch->ready = false;
		hf_fetch_step(resolver, fetch);
	}
}

/* ---- events ---- */

/* What can only be asked of a server, not of a resolver: zone transfers, and types that are no data (RFC 6895 §3.1). */
static unsigned refusal_of(uint16_t qtype)
{
	if (qtype == HF_TYPE_AXFR || qtype == HF_TYPE_IXFR)
		return HF_RCODE_REFUSED;
	if (qtype != HF_TYPE_ANY && hf_type_is_meta(qtype))
		return HF_RCODE_NOTIMP;
	return HF_RCODE_NOERROR;
}

void hf_resolver_ask(struct hf_resolver *resolver, uint64_t client_id, const struct hf_query *query, struct hf_now now)
{
	struct hf_client *client;
	struct hf_question *question;
	unsigned refusal = refusal_of(query->qtype);
	enum hf_question_kind kind = query->flags & HF_FLAG_RD ? HF_QUESTION_CLIENT : HF_QUESTION_CACHE_ONLY;
	const struct hf_prefix *dns64 = hf_dns64_of_class(&resolver->config.dns64, query->reply_class);
	/* A number that the table has not would leave an answer without synthesis where one with it is looked for. */
	const uint8_t reply_class = dns64 ? query->reply_class : query->reply_class & (HF_REPLY_DO | HF_REPLY_CD);
	char text[HF_TRACE_QUESTION_MAX];

	begin(resolver, now);
	hf_count(resolver, questions);
	hf_trace(resolver, "asked %s", hf_trace_question(query->name, query->qtype, text));
	client = resolver->free_clients;
	if (!client) {
		hf_count(resolver, clients_refused);
		return; /* only when the caller lets refusals pile up undrained */
	}
	resolver->free_clients = client->next;
	if (refusal != HF_RCODE_NOERROR) {
		refuse(resolver, client, client_id, query, refusal);
		return;
	}
	if (resolver->clients.count >= resolver->client_limit) {
		hf_count(resolver, clients_refused);
		refuse(resolver, client, client_id, query, HF_RCODE_SERVFAIL);
		return;
	}
	question = kind == HF_QUESTION_CLIENT ?
			   hf_question_find(resolver, kind, query->name, query->qtype, query->qclass,
					    reply_class & HF_REPLY_CD, dns64) :
			   NULL;
	if (question) {
		hf_count(resolver, coalesced);
		add_client(resolver, question, client, client_id, reply_class);
		hf_timers_set(&resolver->timers, &client->timer,
			      now.mono_ns + resolver->config.query_deadline_ms * HF_NS_PER_MS);
		return;
	}
	question = hf_question_new(resolver, kind, query->name, query->qtype, query->qclass, NULL, 0);
	if (!question) {
		refuse(resolver, client, client_id, query, HF_RCODE_SERVFAIL);
		return;
	}
	if (dns64)
		question->dns64 = *dns64;
	question->checking_disabled = reply_class & HF_REPLY_CD;
	add_client(resolver, question, client, client_id, reply_class);
	hf_timers_set(&resolver->timers, &client->timer,
		      now.mono_ns + resolver->config.query_deadline_ms * HF_NS_PER_MS);
	if (kind == HF_QUESTION_CLIENT)
		hf_question_index(resolver, question);
	hf_question_walk(resolver, question);
	run(resolver);
}

void hf_resolver_prefetch(struct hf_resolver *resolver, const struct hf_query *query, struct hf_now now)
{
	begin(resolver, now);
	if (!resolver->config.prefetch || refusal_of(query->qtype) != HF_RCODE_NOERROR)
		return;
	hf_question_prefetch(resolver, query->name, query->qtype, query->qclass);
	if (query->qtype == HF_TYPE_AAAA && query->reply_class >> HF_REPLY_DNS64_SHIFT)
		hf_question_prefetch(resolver, query->name, HF_TYPE_A, query->qclass);
	run(resolver);
}

void hf_resolver_forget(struct hf_resolver *resolver, uint64_t client_id)
{
	struct hf_index_node *node;

	let_go(resolver);
	node = hf_index_first(&resolver->clients, client_id);
	if (!node)
		return;
	hf_index_remove(&resolver->clients, node);
	unlink_client(resolver, hf_index_entry(node, struct hf_client, node));
}

static void note_mismatch(struct hf_resolver *resolver, struct hf_exchange *exchange)
{
	hf_count(resolver, reply_mismatch);
	if (hf_forgery_note(resolver, exchange))
		hf_fetch_distrust(resolver, exchange->fetch, exchange, false);
}

/* False when the reply is not to be looked at (RFC 7873 §5.3). */
static bool take_cookie(struct hf_resolver *resolver, struct hf_exchange *exchange, const uint8_t *message, size_t length)
{
	struct hf_server *server = hf_servers_get(resolver->servers, &exchange->server, resolver->now);
	const uint8_t *cookie;
	size_t cookie_length;

	switch (hf_cookie_check(message, length, exchange->client_cookie, &cookie, &cookie_length)) {
	case HF_COOKIE_GOOD:
		/* Of an earlier client cookie, if another was drawn meanwhile: nothing to keep. */
		if (server && cookie_length &&
		    memcmp(server->cookie.client, exchange->client_cookie, HF_COOKIE_CLIENT_SIZE) == 0)
			hf_cookie_learn(&server->cookie, cookie, cookie_length);
		return true;
	case HF_COOKIE_WRONG:
		hf_count(resolver, cookie_wrong);
		note_mismatch(resolver, exchange);
		return false;
	case HF_COOKIE_ABSENT:
		break;
	}
	if (!server || !server->cookie.server_length)
		return true;
	if (exchange->tcp) {
		server->cookie.server_length = 0; /* it stopped giving them, or is another behind the same address */
		return true;
	}
	hf_count(resolver, cookie_missing);
	hf_fetch_distrust(resolver, exchange->fetch, exchange, false);
	return false;
}

void hf_resolver_reply(struct hf_resolver *resolver, uint64_t exchange_id, const struct hf_address *from,
		       const uint8_t *message, size_t length, struct hf_now now)
{
	struct hf_exchange *exchange;

	begin(resolver, now);
	exchange = find_exchange(resolver, exchange_id);
	if (!exchange || exchange->action.kind != HF_ACTION_NONE) {
		hf_count(resolver, reply_mismatch); /* over already, or not even sent */
		return;
	}
	switch (hf_exchange_match(exchange, from, message, length)) {
	case HF_MATCH_OTHER:
		note_mismatch(resolver, exchange);
		break;
	case HF_MATCH_CASE:
		hf_count(resolver, reply_mismatch);
		hf_fetch_distrust(resolver, exchange->fetch, exchange, true);
		break;
	case HF_MATCH_OK:
		if (exchange->cookie && !take_cookie(resolver, exchange, message, length))
			break;
		hf_fetch_reply(resolver, exchange->fetch, exchange, message, length);
		break;
	}
	run(resolver);
}

void hf_resolver_transport_failed(struct hf_resolver *resolver, uint64_t exchange_id, struct hf_now now)
{
	struct hf_exchange *exchange;

	begin(resolver, now);
	exchange = find_exchange(resolver, exchange_id);
	if (exchange)
		hf_fetch_transport_failed(resolver, exchange->fetch, exchange);
	run(resolver);
}

void hf_resolver_tick(struct hf_resolver *resolver, struct hf_now now)
{
	struct hf_timer *timer;

	begin(resolver, now);
	/* When a server with thousands of questions falls silent, replies of others and new questions get their turn between. */
	for (unsigned i = 0; i < TIMERS_A_TURN && (timer = hf_timers_pop(&resolver->timers, now.mono_ns)); i++) {
		if (timer->kind == HF_TIMER_CLIENT) {
			struct hf_client *client = hf_index_entry(timer, struct hf_client, timer);

			client->too_late = true;
			queue_answer(resolver, client);
		} else {
			struct hf_exchange *exchange = hf_index_entry(timer, struct hf_exchange, timer);

			hf_fetch_timeout(resolver, exchange->fetch, exchange);
		}
		run(resolver);
	}
}

uint64_t hf_resolver_next_deadline(const struct hf_resolver *resolver)
{
	return hf_timers_next(&resolver->timers);
}

/* ---- actions ---- */

static struct hf_action send_action(struct hf_exchange *exchange)
{
	exchange->handed_out = true;
	return (struct hf_action){
		.kind = HF_ACTION_SEND,
		.send = {exchange->id, exchange->server, exchange->tcp, exchange->message, exchange->length},
	};
}

static struct hf_action cancel_action(struct hf_resolver *resolver, struct hf_exchange *exchange)
{
	resolver->closing = exchange;
	return (struct hf_action){.kind = HF_ACTION_CANCEL, .cancel = {exchange->id}};
}

/* RFC 8914 §4.23: the client's patience ended first; say at least whom we were waiting for. */
static const struct hf_ede *late_ede(struct hf_resolver *resolver, const struct hf_question *question)
{
	const struct hf_fetch *fetch = question->waiting_on;
	char zone[HF_NAME_TEXT_MAX] = ".";

	if (fetch && fetch->delegation.source != HF_DELEGATION_NONE)
		hf_name_to_text(fetch->delegation.zone, zone);
	snprintf(resolver->late_text, sizeof(resolver->late_text), "no answer in time, at delegation %.80s", zone);
	resolver->late_ede = (struct hf_ede){22, resolver->late_text};
	return &resolver->late_ede;
}

static struct hf_action answer_action(struct hf_resolver *resolver, struct hf_client *client)
{
	const struct hf_question *question = client->question;
	struct hf_action action = {.kind = HF_ACTION_ANSWER};

	hf_index_remove(&resolver->clients, &client->node);
	resolver->answering = client;
	action.answer.client = client->id;
	action.answer.record = hf_answer_for_class(resolver, question, client->reply_class, client->too_late,
						   &action.answer.cacheable);
	action.answer.edes = client->too_late ? late_ede(resolver, question) : question->edes;
	action.answer.ede_count = client->too_late ? 1 : question->ede_count;
	action.answer.dropped = question->dropped && !client->too_late;
	action.answer.from_cache = !question->upstream_used;
	action.answer.zone_labels = question->zone_labels;
	action.answer.turned_away = question->turned_away;
	if (!question->zone_labels && question->waiting_on)
		action.answer.zone_labels = hf_fetch_zone_labels(question->waiting_on, question->name);
	hf_count(resolver, answers);
	if (action.answer.from_cache)
		hf_count(resolver, answers_from_cache);
	if (client->too_late || question->rcode == HF_RCODE_SERVFAIL)
		hf_count(resolver, servfail);
	return action;
}

struct hf_action hf_resolver_next_action(struct hf_resolver *resolver)
{
	struct hf_action_node *node;
	enum hf_action_kind kind;

	let_go(resolver);
	node = resolver->actions.first;
	if (!node)
		return (struct hf_action){.kind = HF_ACTION_NONE};
	kind = node->kind;
	hf_actions_remove(&resolver->actions, node);
	switch (kind) {
	case HF_ACTION_SEND:
		return send_action(hf_index_entry(node, struct hf_exchange, action));
	case HF_ACTION_CANCEL:
		return cancel_action(resolver, hf_index_entry(node, struct hf_exchange, action));
	default:
		return answer_action(resolver, hf_index_entry(node, struct hf_client, action));
	}
}

/* ---- looking inside ---- */

void hf_resolver_set_notice(struct hf_resolver *resolver, hf_notice_fn notice, void *state)
{
	resolver->notice = notice;
	resolver->notice_state = state;
}

void hf_resolver_set_trace(struct hf_resolver *resolver, hf_trace_fn trace, void *state)
{
	resolver->trace = trace;
	resolver->trace_state = state;
}

void hf_resolver_stats(const struct hf_resolver *resolver, struct hf_resolver_stats *stats)
{
#define X(name, text) stats->name = __atomic_load_n(&resolver->stats.name, __ATOMIC_RELAXED);
	HF_RESOLVER_COUNTERS(X)
#undef X
	stats->clients_waiting = __atomic_load_n(&resolver->clients.count, __ATOMIC_RELAXED);
	stats->fetches_running = __atomic_load_n(&resolver->fetches.count, __ATOMIC_RELAXED);
	stats->exchanges_open = __atomic_load_n(&resolver->exchanges.count, __ATOMIC_RELAXED);
}
