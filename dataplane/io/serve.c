// SPDX-License-Identifier: BSD-3-Clause
/* From a client's message to a reply or to a waiting miss. */
#include "io/serve.h"
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/log.h"
#include "io/notices.h"
#include "policy/chaos.h"

enum { RECENT_SLOTS = 4096 };

/* Why a question is not answered, for who speaks EDNS (RFC 8914 §4; 30: RFC 9824 §10.2). */
static const struct hf_ede ede_prohibited = {18, NULL};
static const struct hf_ede ede_no_recursion = {20, "recursion was not asked for, and this server holds no zones"};
static const struct hf_ede ede_class = {21, "this server resolves names of class IN"};
static const struct hf_ede ede_transfer = {21, "this server transfers no zones"};
static const struct hf_ede ede_type = {30, NULL};

/* What was lately offered or refetched, by a tag per slot. A tag that another question displaced costs a second offer,
 * which its receiver recognises. */
struct hf_serve_recent {
	uint64_t offered[RECENT_SLOTS], refetched[RECENT_SLOTS];
};

struct hf_mailbox *hf_dispatch_pick(const struct hf_dispatch *dispatch, const uint8_t *name, unsigned name_length,
				    uint16_t qtype, uint16_t qclass)
{
	__u64 key[2];

	/* Reply class 0 for all: DO and CD variants of a question share one fetch. */
	hf_question_key((const __u64 *)dispatch->secret, name, name_length, qtype, qclass, 0, key);
	return dispatch->mailboxes[((key[0] >> 32) * dispatch->count) >> 32];
}

struct hf_serve *hf_serve_new(struct hf_cache *cache, const struct hf_serve_settings *settings,
			      const struct hf_dispatch *dispatch, unsigned tickets, struct hf_promotion *promotion,
			      bool tcp)
{
	struct hf_serve *serve = aligned_alloc(64, (sizeof(*serve) + 63) & ~(size_t)63);

	if (!serve)
		return NULL;
	memset(serve, 0, sizeof(*serve));
	serve->cache = cache;
	serve->settings = settings;
	serve->dispatch = dispatch;
	serve->promotion = promotion;
	serve->tcp = tcp;
	serve->mailbox.event_fd = -1;
	serve->recent = calloc(1, sizeof(*serve->recent));
	serve->tickets = hf_ticket_pool_new(tickets);
	serve->admission = hf_admission_new(tickets, dispatch->secret);
	if (!serve->recent || !serve->tickets || !serve->admission || !hf_mailbox_init(&serve->mailbox)) {
		hf_serve_free(serve);
		return NULL;
	}
	return serve;
}

void hf_serve_free(struct hf_serve *serve)
{
	if (!serve)
		return;
	hf_mailbox_fini(&serve->mailbox);
	hf_ticket_pool_free(serve->tickets);
	hf_admission_free(serve->admission);
	free(serve->recent);
	free(serve);
}

static void log_query(const struct hf_query *query, const struct hf_address *client, bool tcp, unsigned rcode,
		      size_t length, const char *source)
{
	char name[HF_NAME_TEXT_MAX], type[HF_TYPE_TEXT_MAX], address[HF_ADDRESS_TEXT_MAX];

	hf_log_write(NULL, HF_LOG_INFO, "query",
		     "client=%s transport=%s name=\"%s\" type=%s rcode=%s octets=%zu source=%s",
		     hf_address_to_text(client, address), tcp ? "tcp" : "udp",
		     query->question_length ? hf_name_to_text(query->name, name) : "",
		     hf_type_to_text(query->qtype, type), hf_rcode_to_text(rcode), length, source);
}

static void count_reply(struct hf_counters *counters, const uint8_t *reply, unsigned rcode)
{
	hf_counter_add(&counters->replies, 1);
	if (reply[2] & HF_FLAG_TC >> 8)
		hf_counter_add(&counters->truncated, 1);
	switch (rcode) {
	case HF_RCODE_NOERROR:
		hf_counter_add(&counters->noerror, 1);
		break;
	case HF_RCODE_NXDOMAIN:
		hf_counter_add(&counters->nxdomain, 1);
		break;
	case HF_RCODE_SERVFAIL:
		hf_counter_add(&counters->servfail, 1);
		break;
	default:
		hf_counter_add(&counters->other_rcodes, 1);
	}
}

static void drop(struct hf_serve *serve, struct hf_request *request, enum hf_drop reason)
{
	request->outcome = HF_OUTCOME_DROP;
	request->reply_length = 0;
	hf_counters_drop(&serve->counters, reason);
}

/* The reply stands in request->reply, or `length` is 0. */
static void finish(struct hf_serve *serve, struct hf_request *request, size_t length, unsigned rcode,
		   const char *source)
{
	if (length == 0) {
		drop(serve, request, HF_DROP_no_reply);
		return;
	}
	request->outcome = HF_OUTCOME_REPLY;
	request->reply_length = length;
	count_reply(&serve->counters, request->reply, rcode);
	if (hf_log_query_due())
		log_query(&request->query, &request->client, serve->tcp, rcode, length, source);
}

/* A reply without data. `more_flags`: HF_FLAG_TC or 0. */
static void reply_empty(struct hf_serve *serve, struct hf_request *request, unsigned rcode, uint16_t more_flags,
			const struct hf_ede *ede)
{
	struct hf_reply_options options = hf_serve_reply_options(serve->settings, &request->query);
	size_t length = hf_reply_write_error(&request->query, rcode, ede, ede ? 1 : 0, &options, request->reply,
					     request->capacity);

	if (length > 0)
		request->reply[2] |= (uint8_t)(more_flags >> 8);
	finish(serve, request, length, rcode, "refusal");
}

static void refuse(struct hf_serve *serve, struct hf_request *request, unsigned rcode, const struct hf_ede *ede,
		   _Atomic uint64_t *counter)
{
	hf_counter_add(counter, 1);
	reply_empty(serve, request, rcode, 0, ede);
}

bool hf_serve_drops(struct hf_serve *serve, const struct hf_address *client)
{
	if (hf_access_of(hf_serve_access(serve->settings), client).action != HF_ACCESS_DROP)
		return false;
	hf_counters_drop(&serve->counters, HF_DROP_access);
	return true;
}

/* ---- cookies ---- */

static void count_cookie(struct hf_counters *counters, enum hf_cookie_state state)
{
	switch (state) {
	case HF_COOKIE_UNKNOWN:
		hf_counter_add(&counters->cookies_new, 1);
		break;
	case HF_COOKIE_VALID:
		hf_counter_add(&counters->cookies_valid, 1);
		break;
	case HF_COOKIE_INVALID:
		hf_counter_add(&counters->cookies_invalid, 1);
		break;
	}
}

/* A query that wants nothing but a cookie (RFC 7873 §5.4). */
static void give_cookie(struct hf_serve *serve, struct hf_request *request)
{
	const struct hf_query_options *options = &request->query.options;

	if (!(options->asked & HF_ASKED_COOKIE)) /* we give none: this is a query without question */
		refuse(serve, request, HF_RCODE_FORMERR, NULL, &serve->counters.formerr);
	else if (options->cookie_state == HF_COOKIE_INVALID)
		refuse(serve, request, HF_RCODE_BADCOOKIE, NULL, &serve->counters.badcookie);
	else
		reply_empty(serve, request, HF_RCODE_NOERROR, 0, NULL);
}

/* Over UDP, while cookies are required: who sends one learns a good one and asks again (RFC 7873 §5.2.3), anybody else comes back over
 * TCP. The rcode is not REFUSED, at which stub resolvers go to another server. */
static void ask_for_cookie(struct hf_serve *serve, struct hf_request *request)
{
	if (request->query.options.asked & HF_ASKED_COOKIE) {
		refuse(serve, request, HF_RCODE_BADCOOKIE, NULL, &serve->counters.badcookie);
		return;
	}
	hf_counter_add(&serve->counters.cookie_missing, 1);
	reply_empty(serve, request, HF_RCODE_NOERROR, HF_FLAG_TC, NULL);
}

/* ---- local names ---- */

/* Class CH: what the server tells of itself. */
static bool answer_chaos(struct hf_serve *serve, struct hf_request *request, const struct hf_local *local)
{
	struct hf_reply_options options = hf_serve_reply_options(serve->settings, &request->query);
	union {
		struct hf_answer_record record;
		uint8_t space[HF_CHAOS_RECORD_SPACE];
	} answer;

	if (request->query.qclass != HF_CLASS_CH ||
	    !hf_chaos_answer(local, &request->query, &answer.record, sizeof(answer)))
		return false;
	hf_counter_add(&serve->counters.answered_chaos, 1);
	finish(serve, request,
	       hf_reply_write(&answer.record, &request->query, NULL, 0, serve->tcp, &options, (struct hf_now){0},
			      request->reply, request->capacity),
	       HF_RCODE_NOERROR, "server");
	return true;
}

/* Whether a question without RD gives nothing away: what is local is for everybody. */
static bool is_local(const struct hf_local *local, const struct hf_query *query)
{
	struct hf_local_found found;

	return hf_local_find(local, query->name, query->qtype, &found) != HF_LOCAL_UNKNOWN;
}

/* Sorts out what never reaches the cache. True when the question is to be looked up. */
static bool admit(struct hf_serve *serve, const struct hf_access *access, const struct hf_clients *clients,
		  struct hf_request *request, struct hf_now now)
{
	const struct hf_access_verdict client = hf_access_of(access, &request->client);
	const struct hf_local *local = atomic_load_explicit(&serve->settings->local, memory_order_acquire);
	struct hf_counters *counters = &serve->counters;
	struct hf_query *query = &request->query;
	enum hf_query_verdict verdict;

	hf_counter_add(&counters->queries, 1);
	if (serve->tcp)
		hf_counter_add(&counters->queries_tcp, 1);
	/* Nothing listens there: such a query is forged, and answering would let two servers talk for ever. */
	if (!serve->tcp && (request->client.port == 0 || request->client.port == 53)) {
		drop(serve, request, HF_DROP_source_port);
		return false;
	}
	if (request->length >= HF_HEADER_SIZE && request->packet[2] & HF_FLAG_QR >> 8) {
		drop(serve, request, HF_DROP_response);
		return false;
	}
	if (client.action == HF_ACCESS_DROP) {
		drop(serve, request, HF_DROP_access);
		return false;
	}
	verdict = hf_query_parse(request->packet, request->length, query);
	if (query->options.asked) {
		hf_clients_answer_options(clients, &query->options, &request->client, serve->tcp, serve->keepalive,
					  now.wall_s);
		if (query->options.asked & HF_ASKED_COOKIE)
			count_cookie(counters, query->options.cookie_state);
	}
	if (client.action == HF_ACCESS_REFUSE && verdict != HF_QUERY_DROP) {
		refuse(serve, request, HF_RCODE_REFUSED, &ede_prohibited, &counters->refused_client);
		return false;
	}
	switch (verdict) {
	case HF_QUERY_OK:
		break;
	case HF_QUERY_FORMERR:
		refuse(serve, request, HF_RCODE_FORMERR, NULL, &counters->formerr);
		return false;
	case HF_QUERY_NOTIMP:
		refuse(serve, request, HF_RCODE_NOTIMP, NULL, &counters->notimp);
		return false;
	case HF_QUERY_BADVERS:
		refuse(serve, request, HF_RCODE_BADVERS, NULL, &counters->badvers);
		return false;
	case HF_QUERY_COOKIE:
		give_cookie(serve, request);
		return false;
	case HF_QUERY_DROP:
	default:
		drop(serve, request, HF_DROP_malformed);
		return false;
	}
	if (clients && clients->require_cookies && !serve->tcp && query->options.cookie_state != HF_COOKIE_VALID) {
		ask_for_cookie(serve, request);
		return false;
	}
	switch (query->qtype) {
	case HF_TYPE_AXFR:
	case HF_TYPE_IXFR:
		refuse(serve, request, HF_RCODE_REFUSED, &ede_transfer, &counters->refused_transfer);
		return false;
	case HF_TYPE_ANY:
		break;
	default:
		if (!hf_type_is_meta(query->qtype))
			break;
		/* No RRset can have such a type (RFC 6895 §3.1). */
		refuse(serve, request, HF_RCODE_FORMERR, &ede_type, &counters->formerr);
		return false;
	}
	if (query->qclass != HF_CLASS_IN) {
		if (answer_chaos(serve, request, local))
			return false;
		refuse(serve, request, HF_RCODE_REFUSED, &ede_class, &counters->refused_class);
		return false;
	}
	/* Without RD the answer would come from what is held, here or in the resolver, and nobody be asked (RFC 1034
	 * §4.3.1). EDE: RFC 8914 §4.21. */
	if (!(query->flags & HF_FLAG_RD) && client.action != HF_ACCESS_ALLOW_SNOOP && !is_local(local, query)) {
		refuse(serve, request, HF_RCODE_REFUSED, &ede_no_recursion, &counters->refused_no_recursion);
		return false;
	}
	if (client.dns64)
		query->reply_class |= hf_dns64_class(&access->dns64, client.dns64, query->name, query->qtype, query->reply_class);
	return true;
}

/* Once per second and question: the record may be in the kernel already, or this query was of a kind it hands on. */
static void offer(struct hf_serve *serve, const struct hf_query *query, const struct hf_answer_record *record,
		  struct hf_now now)
{
	uint64_t *slot = &serve->recent->offered[record->key[0] % RECENT_SLOTS];
	uint64_t tag = record->key[1] ^ (now.mono_ns / HF_NS_PER_SECOND + 1);

	if (*slot == tag)
		return;
	*slot = tag;
	if (hf_promotion_offer(serve->promotion, query->name, query->name_length, query->qtype, query->qclass,
			       query->reply_class))
		hf_counter_add(&serve->counters.promotions, 1);
	else
		hf_counters_drop(&serve->counters, HF_DROP_promotion_queue);
}

/* Once per entry: in the last tenth of its lifetime it is asked for anew, so that a popular name never expires. */
static void refetch(struct hf_serve *serve, const struct hf_query *query, const struct hf_answer_record *record,
		    struct hf_now now)
{
	uint64_t left = record->fresh_until_ns - now.mono_ns;
	uint64_t *slot = &serve->recent->refetched[record->key[0] % RECENT_SLOTS];
	uint64_t tag = record->key[1] ^ record->fresh_until_ns;
	struct hf_ticket *ticket;

	if (left > (record->fresh_until_ns - record->base_ns) / 10 || *slot == tag)
		return;
	*slot = tag;
	ticket = hf_ticket_take(serve->tickets, &serve->mailbox);
	if (!ticket) {
		hf_counters_drop(&serve->counters, HF_DROP_prefetch_skipped);
		return;
	}
	hf_ticket_set_query(ticket, query);
	ticket->mail.kind = HF_MAIL_PREFETCH;
	hf_mailbox_post_quietly(
		hf_dispatch_pick(serve->dispatch, query->name, query->name_length, query->qtype, query->qclass),
		&ticket->mail, &serve->wakes);
	hf_counter_add(&serve->counters.prefetches, 1);
}

static void answer(struct hf_serve *serve, struct hf_request *request, const struct hf_answer_record *record,
		   struct hf_now now)
{
	struct hf_reply_options options = hf_serve_reply_options(serve->settings, &request->query);

	hf_counter_add(&serve->counters.cache_hits, 1);
	/* Before the reply: written in place, it lies where the question was. */
	if (serve->promotion && !(request->query.reply_class >> HF_REPLY_DNS64_SHIFT))
		offer(serve, &request->query, record, now);
	if (request->query.flags & HF_FLAG_RD && atomic_load_explicit(&serve->settings->prefetch, memory_order_relaxed))
		refetch(serve, &request->query, record, now);
	finish(serve, request,
	       hf_reply_write(record, &request->query, NULL, 0, serve->tcp, &options, now, request->reply,
			      request->capacity),
	       be16toh(record->flags) & HF_RCODE_MASK, "cache");
}

void hf_serve_burst(struct hf_serve *serve, struct hf_request *requests, unsigned count, struct hf_now now)
{
	struct hf_cache_question questions[HF_SERVE_BURST_MAX];
	const struct hf_answer_record *records[HF_SERVE_BURST_MAX];
	struct hf_request *asked[HF_SERVE_BURST_MAX];
	const struct hf_access *access = hf_serve_access(serve->settings);
	const struct hf_clients *clients = hf_serve_clients(serve->settings);
	unsigned ask = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct hf_query *query = &requests[i].query;

		if (!admit(serve, access, clients, &requests[i], now))
			continue;
		questions[ask].name = query->name;
		questions[ask].name_length = query->name_length;
		hf_question_key((const __u64 *)serve->dispatch->secret, query->name, query->name_length, query->qtype,
				query->qclass, query->reply_class, (__u64 *)questions[ask].key);
		asked[ask++] = &requests[i];
	}
	if (ask == 0)
		return;
	hf_cache_answer_burst(serve->cache, ask, questions, now, records);
	for (unsigned i = 0; i < ask; i++) {
		if (records[i]) {
			answer(serve, asked[i], records[i], now);
			continue;
		}
		asked[i]->outcome = HF_OUTCOME_MISS;
		asked[i]->reply_length = 0;
	}
}

/* Silence, as for want of a ticket: a client whose question was one of a flood's asks again, the flood's forged senders get nothing.
 */
static void turn_away(struct hf_serve *serve, const struct hf_request *request, enum hf_admission_verdict verdict,
		      struct hf_now now)
{
	const uint8_t *zone;
	uint32_t count;
	char text[HF_NAME_TEXT_MAX], fields[HF_NOTICES_FIELDS_MAX];

	if (verdict == HF_ADMISSION_CLIENT_SHARE) {
		hf_counters_drop(&serve->counters, HF_DROP_client_share);
		hf_log(HF_LOG_WARNING, "client-limited",
		       "client=%s text=\"too many unanswered questions (clients.wait-limit), dropped\"",
		       hf_address_to_text(&request->client, text));
		return;
	}
	hf_counters_drop(&serve->counters, HF_DROP_zone_share);
	zone = hf_admission_to_tell(serve->admission, &request->query, now, &count);
	if (!zone)
		return;
	hf_name_to_text(zone, text);
	snprintf(fields, sizeof(fields),
		 "zone=\"%s\" dropped=%u text=\"its questions hold their share of those under way\"",
		 hf_name_cut_text(text, HF_NAME_NOTICE_MAX), count);
	hf_notices_add("zone-limited", fields);
}

struct hf_ticket *hf_serve_take_ticket(struct hf_serve *serve, const struct hf_request *request, struct hf_now now)
{
	struct hf_admission_pass pass = {0};
	struct hf_ticket *ticket;

	if (!hf_ticket_pool_available(serve->tickets)) {
		hf_counters_drop(&serve->counters, HF_DROP_tickets_exhausted);
		return NULL;
	}
	if (!serve->tcp) {
		unsigned wait_limit = atomic_load_explicit(&serve->settings->wait_limit, memory_order_relaxed);
		enum hf_admission_verdict verdict = hf_admission_take(serve->admission, &request->query,
								      &request->client, wait_limit, now, &pass);

		if (verdict != HF_ADMISSION_YES) {
			turn_away(serve, request, verdict, now);
			return NULL;
		}
	}
	ticket = hf_ticket_take(serve->tickets, &serve->mailbox);
	ticket->pass = pass;
	hf_ticket_set_query(ticket, &request->query);
	ticket->mail.kind = HF_MAIL_QUESTION;
	ticket->tcp = serve->tcp;
	ticket->arrived_ns = now.mono_ns;
	ticket->client = request->client;
	return ticket;
}

void hf_serve_submit(struct hf_serve *serve, struct hf_ticket *ticket)
{
	const struct hf_query *query = &ticket->query;

	hf_counter_add(&serve->counters.misses, 1);
	hf_mailbox_post_quietly(
		hf_dispatch_pick(serve->dispatch, query->name, query->name_length, query->qtype, query->qclass),
		&ticket->mail, &serve->wakes);
}

void hf_serve_wake(struct hf_serve *serve)
{
	hf_wakes_flush(&serve->wakes);
}

struct hf_ticket *hf_serve_next_answer(struct hf_serve *serve)
{
	struct hf_mail *mail;

	while ((mail = hf_mailbox_take(&serve->mailbox))) {
		struct hf_ticket *ticket = caa_container_of(mail, struct hf_ticket, mail);

		if (mail->kind == HF_MAIL_QUESTION)
			return ticket;
		hf_ticket_give(serve->tickets, ticket);
	}
	return NULL;
}

void hf_serve_answered(struct hf_serve *serve, const struct hf_ticket *ticket)
{
	if (ticket->reply_length == 0) {
		hf_counters_drop(&serve->counters, ticket->too_late  ? HF_DROP_too_late
						   : ticket->dropped ? HF_DROP_local_zone
								     : HF_DROP_no_reply);
		return;
	}
	hf_counter_add(&serve->counters.answered_misses, 1);
	count_reply(&serve->counters, ticket->reply, ticket->rcode);
	if (hf_log_query_due())
		log_query(&ticket->query, &ticket->client, ticket->tcp, ticket->rcode, ticket->reply_length,
			  "resolver");
}

void hf_serve_release(struct hf_serve *serve, struct hf_ticket *ticket)
{
	const struct hf_admission_result result = {
		.cut = ticket->zone_labels,
		.turned_away = ticket->turned_away,
		.arrived_ns = ticket->arrived_ns,
		.taken_ns = ticket->taken_ns,
		.answered_ns = ticket->answered_ns,
	};

	hf_admission_return(serve->admission, &ticket->pass, &ticket->query, &result);
	hf_ticket_give(serve->tickets, ticket);
}
