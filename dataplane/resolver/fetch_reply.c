// SPDX-License-Identifier: BSD-3-Clause
/* What a reply, or the lack of one, means for a fetch: fall back, go down a referral, try another server, or finish.
 */
#include <string.h>
#include "resolver/anchor_signals.h"
#include "resolver/bulkhead.h"
#include "resolver/classify.h"
#include "resolver/fetch.h"
#include "resolver/inflight.h"
#include "resolver/scrub.h"
#include "resolver/state.h"
#include "resolver/store.h"
#include "resolver/validate.h"
#include "wire/octets.h"

enum {
	BOGUS_MAX = 3,		/* bogus replies to one question before its data is called so */
	WANTS_MAX = 24,		/* times that something of the chain of trust is fetched for one reply */
	SILENCES_MAX = 2,	/* of servers shown a shortened name, before they are shown all of it */
	EMPTIES_MAX = 2,	/* replies without anything in them before the third is believed to mean NODATA */
	RCODE_NOTAUTH = 9,
	RCODE_BADCOOKIE = 23,
};

/* ---- what to do about it ---- */

static void try_others(struct hf_resolver *resolver, struct hf_fetch *fetch, unsigned address_index)
{
	fetch->delegation.addresses[address_index].failed = true;
	hf_inflight_ready(resolver, fetch);
}

static void give_up_minimising(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	/* RFC 9156 §2.3: some servers fail at names that they serve nothing at. */
	fetch->minimise_off = true;
	hf_fetch_show_more(resolver, fetch);
	hf_inflight_ready(resolver, fetch);
}

static void remember_own_glue(struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed)
{
	for (unsigned i = 0; i < scrubbed->glue_count && fetch->glue_count < HF_FETCH_GLUE_MAX; i++) {
		const struct hf_rrset *glue = scrubbed->glue[i];

		if (glue->type != fetch->qtype || !hf_name_equal(hf_rrset_owner(glue), fetch->name))
			continue;
		glue = hf_rrset_copy(fetch->arena, glue);
		if (glue)
			fetch->glue[fetch->glue_count++] = glue;
	}
}

static void go_down(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_scrubbed *scrubbed)
{
	const struct hf_delegation_context context = {&resolver->config, resolver->cache, fetch->arena, resolver->now};
	const struct hf_rrset *ns = scrubbed->referral;
	uint64_t end = resolver->now.mono_ns +
		       (ns->ttl < resolver->config.max_ttl ? ns->ttl : resolver->config.max_ttl) * HF_NS_PER_SECOND;
	uint64_t latest_end = hf_delegation_latest_end(&fetch->delegation, hf_rrset_owner(ns));
	char zone[HF_NAME_TEXT_MAX];

	hf_store_referral(resolver, fetch, scrubbed);
	remember_own_glue(fetch, scrubbed);
	fetch->referrals++;
	fetch->ask_labels = 0;
	fetch->server_fetches = 0;
	fetch->accept_recursive = false;
	fetch->empties = 0;
	hf_trace(resolver, "referral to %s", hf_name_to_text(hf_rrset_owner(ns), zone));
	if (!hf_delegation_from_referral(&fetch->delegation, &context, ns, scrubbed->glue,
					 scrubbed->glue_count)) {
		hf_fetch_fail(resolver, fetch, HF_CAUSE_LIMIT);
		return;
	}
	fetch->delegation.ends_ns = end < latest_end ? end : latest_end;
	if (hf_bulkhead_enter(resolver, fetch))
		hf_inflight_ready(resolver, fetch);
}

/* What those who wait are told. */
static void make_result(struct hf_fetch *fetch, const struct hf_finding *finding, struct hf_result *result)
{
	const struct hf_scrubbed *scrubbed = &finding->scrubbed;

	*result = (struct hf_result){
		.kind = HF_RESULT_ANSWER,
		.chain = scrubbed->chain,
		.securities = finding->securities,
		.negative_security = finding->negative_security,
		.chain_count = scrubbed->chain_count,
		.final_name = scrubbed->final_name,
		.proofs = scrubbed->proofs,
		.proof_count = scrubbed->proof_count,
		.ede = finding->cause.ede,
		.text = finding->cause.text,
	};
	if (hf_finding_denies(finding))
		result->kind = finding->kind == HF_KIND_NXDOMAIN ? HF_RESULT_NXDOMAIN : HF_RESULT_NODATA;
	if (result->kind == HF_RESULT_ANSWER)
		return;
	result->soa = scrubbed->soa;
	result->negative_ttl = finding->negative_ttl;
	if (fetch->answer_stripped && result->kind == HF_RESULT_NODATA) {
		char name[HF_NAME_TEXT_MAX];

		hf_fetch_set_error(fetch, 15, "private addresses of %s removed", hf_name_to_text(scrubbed->final_name, name));
		result->ede = fetch->ede;
		result->text = fetch->text;
	}
}

static void finish_with(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *finding)
{
	struct hf_result result;

	make_result(fetch, finding, &result);
	hf_store_finding(resolver, fetch, finding);
	hf_fetch_finish(resolver, fetch, &result);
}

static void deliver_unchecked(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found)
{
	struct hf_result result;

	make_result(fetch, found, &result);
	hf_fetch_deliver_unchecked(resolver, fetch, &result);
}

/* Another server may have better data; the chain of trust above it is the same for all. */
static void handle_bogus(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found,
			 const struct hf_finding *finding)
{
	struct hf_finding kept = *found;

	hf_count(resolver, bogus_replies);
	if (!fetch->bogus.ede)
		fetch->bogus = finding->cause;
	deliver_unchecked(resolver, fetch, found);
	kept.securities = hf_arena_take(resolver->scratch, (kept.scrubbed.chain_count + 1) * sizeof(kept.securities[0]));
	for (unsigned i = 0; kept.securities && i < kept.scrubbed.chain_count; i++)
		kept.securities[i] = HF_SECURITY_BOGUS;
	kept.negative_security = HF_SECURITY_BOGUS;
	if (kept.securities)
		hf_store_finding(resolver, fetch, &kept);
	fetch->pending = NULL;
	if (++fetch->bogus_replies >= BOGUS_MAX || finding->chain_broken) {
		hf_fetch_fail(resolver, fetch, HF_CAUSE_SERVERS);
		return;
	}
	try_others(resolver, fetch, found->address_index);
}

static void handle_work(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *finding)
{
	hf_fetch_set_error(fetch, finding->cause.ede ? finding->cause.ede : HF_EDE_INDETERMINATE, "%s",
			   finding->cause.text[0] ? finding->cause.text : "not validated: work limit reached");
	hf_fetch_fail(resolver, fetch, HF_CAUSE_TURNED_AWAY);
}

static void validate(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found)
{
	struct hf_finding finding;
	struct hf_validation_want want;

	switch (hf_validate(resolver, fetch, found, &finding, &want)) {
	case HF_VALIDATION_DONE:
		hf_count(resolver, replies_validated);
		hf_store_proofs(resolver, &finding);
		if (fetch->qtype == HF_TYPE_DNSKEY)
			hf_anchor_signals_send(resolver, fetch->name);
		finish_with(resolver, fetch, &finding);
		return;
	case HF_VALIDATION_BOGUS:
		handle_bogus(resolver, fetch, found, &finding);
		return;
	case HF_VALIDATION_WORK:
		deliver_unchecked(resolver, fetch, found);
		handle_work(resolver, fetch, &finding);
		return;
	case HF_VALIDATION_WANTED:
		break;
	}
	if (!fetch->pending) {
		deliver_unchecked(resolver, fetch, found);
		fetch->pending = hf_finding_copy(fetch, found);
	}
	if (!fetch->pending || fetch->pending->rounds++ == WANTS_MAX || !hf_fetch_want(resolver, fetch, want.name, want.type)) {
		fetch->hindered = true;
		hf_cause_set(&finding.cause, HF_EDE_INDETERMINATE, "not validated: the chain of trust could not be followed");
		handle_work(resolver, fetch, &finding);
	}
}

void hf_fetch_resume(struct hf_resolver *resolver, struct hf_fetch *fetch)
{
	hf_arena_reset(resolver->scratch);
	validate(resolver, fetch, fetch->pending);
}

/* A server of both zones answers for the child, where DS is the parent's (RFC 4035 §3.1.4.1). Who the parent's servers are is found as when
 * names are shortened: by what is known of the names between. */
static bool seek_parent(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found)
{
	const struct hf_scrubbed *scrubbed = &found->scrubbed;
	bool by_child = scrubbed->chain_count ? scrubbed->chain[0]->type == HF_TYPE_CNAME :
						scrubbed->soa && hf_name_equal(hf_rrset_owner(scrubbed->soa), fetch->name);

	if (fetch->qtype != HF_TYPE_DS || !by_child || fetch->between_seen || fetch->delegation.source == HF_DELEGATION_FORWARD ||
	    hf_name_label_count(fetch->name) <= hf_name_label_count(fetch->delegation.zone) + 1)
		return false;
	fetch->between_seen = true;
	fetch->minimise_off = false;
	fetch->minimise_count = 0;
	fetch->ask_labels = 0;
	hf_inflight_ready(resolver, fetch);
	return true;
}

/* The reply says something of the name that was asked for, or of where it leads. */
static void conclude(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found)
{
	if (seek_parent(resolver, fetch, found))
		return;
	hf_store_hints(resolver, fetch, &found->scrubbed);
	if (hf_validate_is_wanted(resolver, fetch))
		validate(resolver, fetch, found);
	else
		finish_with(resolver, fetch, found);
}

/* The same for a shortened name: no cut there, so show more. An answer to it is as good as any. */
static void conclude_minimised(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_finding *found)
{
	/* NXDOMAIN where only empty non-terminals are is common enough, so it ends the shortening, not the fetch. */
	if (found->kind == HF_KIND_NXDOMAIN) {
		give_up_minimising(resolver, fetch);
		return;
	}
	hf_store_shortened(resolver, fetch, found);
	hf_fetch_show_more(resolver, fetch);
	hf_inflight_ready(resolver, fetch);
}

static void handle_error(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_exchange *exchange,
			 unsigned rcode)
{
	char address[HF_ADDRESS_TEXT_MAX], question[HF_TRACE_QUESTION_MAX];

	if (hf_fetch_is_minimised(fetch) && fetch->minimise_by_ns) {
		give_up_minimising(resolver, fetch);
		return;
	}
	if (hf_fetch_is_minimised(fetch)) {
		/* Some know nothing but delegations of the names above what they serve. Before all of the name is
		 * shown, they get the type that RFC 7816 used. */
		fetch->minimise_by_ns = true;
		hf_inflight_ready(resolver, fetch);
		return;
	}
	hf_fetch_set_error(fetch, 23, "%s rcode=%s for %s", hf_address_to_text(&exchange->server, address),
			   hf_rcode_to_text(rcode), hf_trace_question(fetch->name, fetch->qtype, question));
	if (rcode == HF_RCODE_REFUSED || rcode == RCODE_NOTAUTH) {
		hf_count(resolver, reply_lame);
		if (fetch->delegation.source != HF_DELEGATION_FORWARD)
			hf_servers_mark_lame(resolver->servers, &exchange->server, fetch->delegation.zone,
					     resolver->now);
	}
	try_others(resolver, fetch, exchange->address_index);
}

static void handle_lame(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_exchange *exchange)
{
	char address[HF_ADDRESS_TEXT_MAX], zone[HF_NAME_TEXT_MAX];

	hf_count(resolver, reply_lame);
	hf_fetch_set_error(fetch, 23, "%s is lame for %s", hf_address_to_text(&exchange->server, address),
			   hf_name_to_text(fetch->delegation.zone, zone));
	hf_servers_mark_lame(resolver->servers, &exchange->server, fetch->delegation.zone, resolver->now);
	try_others(resolver, fetch, exchange->address_index);
}

static void handle_kind(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_exchange *exchange,
			const struct hf_message *message, const struct hf_scrubbed *scrubbed, enum hf_kind kind)
{
	struct hf_finding found = {
		.scrubbed = *scrubbed,
		.kind = kind == HF_KIND_EMPTY ? HF_KIND_NODATA : kind,
		.authoritative = (message->flags & HF_FLAG_AA) && fetch->delegation.source != HF_DELEGATION_FORWARD,
		.address_index = exchange->address_index,
		.negative_ttl = hf_scrub_negative_ttl(scrubbed->soa),
	};

	switch (kind) {
	case HF_KIND_REFERRAL:
		go_down(resolver, fetch, scrubbed);
		break;
	case HF_KIND_LAME:
		handle_lame(resolver, fetch, exchange);
		break;
	case HF_KIND_ERROR:
		handle_error(resolver, fetch, exchange, message->rcode);
		break;
	case HF_KIND_RECURSIVE:
		fetch->delegation.addresses[exchange->address_index].recursive = true;
		hf_inflight_ready(resolver, fetch);
		break;
	case HF_KIND_EMPTY:
		if (!hf_fetch_is_minimised(fetch) && ++fetch->empties <= EMPTIES_MAX &&
		    hf_fetch_has_untried(resolver, fetch)) {
			try_others(resolver, fetch, exchange->address_index);
			break;
		}
		/* fall through */
	case HF_KIND_ANSWER:
	case HF_KIND_NODATA:
	case HF_KIND_NXDOMAIN:
		if (hf_fetch_is_minimised(fetch))
			conclude_minimised(resolver, fetch, &found);
		else
			conclude(resolver, fetch, &found);
		break;
	}
}

/* ---- events ---- */

static void handle_malformed(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_exchange *exchange,
			     const char *fault)
{
	char address[HF_ADDRESS_TEXT_MAX];

	hf_count(resolver, reply_malformed);
	hf_fetch_set_error(fetch, 23, "malformed reply of %s: %s", hf_address_to_text(&exchange->server, address),
			   fault);
	hf_trace(resolver, "%s", fetch->text);
	/* It may have suffered on its way, cut off or altered. Where no other server is left, a connection settles it. */
	if (!exchange->tcp && !hf_fetch_has_untried(resolver, fetch))
		hf_fetch_send(resolver, fetch, exchange->address_index, true);
	else
		try_others(resolver, fetch, exchange->address_index);
}

/* RFC 6891 §7: FORMERR without OPT; NOTIMP is as common. Some send the query back with its OPT: that is tried too. */
static bool rejects_edns(const struct hf_exchange *exchange, const struct hf_message *message)
{
	return exchange->edns && (message->rcode == HF_RCODE_BADVERS || message->rcode == HF_RCODE_FORMERR ||
				  message->rcode == HF_RCODE_NOTIMP);
}

/* True when the query was repeated for the cookie's sake. */
static bool handle_cookie_error(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_exchange *exchange,
				const struct hf_message *message)
{
	struct hf_server *server = hf_servers_get(resolver->servers, &exchange->server, resolver->now);
	char address[HF_ADDRESS_TEXT_MAX];

	if (message->rcode == RCODE_BADCOOKIE && !exchange->tcp) {
		/* RFC 7873 §5.3: with the cookie that came along, once; then over TCP, where none is needed. */
		hf_count(resolver, cookie_bad);
		hf_trace(resolver, "%s says BADCOOKIE", hf_address_to_text(&exchange->server, address));
		hf_fetch_send(resolver, fetch, exchange->address_index, fetch->bad_cookies++ > 0);
		return true;
	}
	if (message->rcode == HF_RCODE_FORMERR && message->edns.present && server) {
		/* It knows EDNS, so the option may be what it dislikes. */
		server->no_cookie_until_ns = resolver->now.mono_ns + HF_SERVERS_MEMORY_NS;
		hf_trace(resolver, "%s answers FORMERR, asking without a cookie",
			 hf_address_to_text(&exchange->server, address));
		hf_fetch_send(resolver, fetch, exchange->address_index, exchange->tcp);
		return true;
	}
	return false;
}

static void handle_message(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_exchange *exchange,
			   const uint8_t *bytes, size_t length)
{
	struct hf_message message;
	struct hf_scrubbed scrubbed;
	const char *fault = "too long";
	enum hf_kind kind;
	unsigned private, answers;
	struct hf_resolver_config no_routes;
	const struct hf_resolver_config *config = &resolver->config;
	bool forwarder = fetch->delegation.source == HF_DELEGATION_FORWARD;
	char address[HF_ADDRESS_TEXT_MAX];

	hf_arena_reset(resolver->scratch);
	if (exchange->mixed_case) {
		bytes = hf_message_lower_question(bytes, length, resolver->scratch);
		if (!bytes) {
			handle_malformed(resolver, fetch, exchange, fault);
			return;
		}
	}
	if (fetch->left_route) {
		no_routes = *config;
		no_routes.route_count = 0;
		config = &no_routes;
	}
	if (!hf_message_parse(bytes, length, resolver->scratch, &message, &fault)) {
		handle_malformed(resolver, fetch, exchange, fault);
		return;
	}
	answers = message.section_counts[HF_SECTION_ANSWER];
	private = hf_private_strip_message(&resolver->config.private, &message, resolver->scratch);
	fetch->answer_stripped = message.section_counts[HF_SECTION_ANSWER] < answers;
	if (!hf_scrub_message(resolver->scratch, &message, hf_fetch_ask_name(fetch), hf_fetch_ask_type(fetch),
			      fetch->qclass, fetch->delegation.zone, config, &scrubbed)) {
		handle_malformed(resolver, fetch, exchange, fault);
		return;
	}
	hf_count_add(&resolver->stats.scrubbed_rrsets, scrubbed.dropped);
	if (exchange->cookie && handle_cookie_error(resolver, fetch, exchange, &message))
		return;
	if (rejects_edns(exchange, &message)) {
		struct hf_server *server = hf_servers_get(resolver->servers, &exchange->server, resolver->now);

		hf_count(resolver, reply_edns_fallback);
		if (server)
			server->no_edns_until_ns = resolver->now.mono_ns + HF_SERVERS_MEMORY_NS;
		hf_trace(resolver, "%s rejects EDNS with %s, asking without",
			 hf_address_to_text(&exchange->server, address), hf_rcode_to_text(message.rcode));
		hf_fetch_send(resolver, fetch, exchange->address_index, exchange->tcp);
		return;
	}
	kind = hf_classify_reply(&message, &scrubbed, forwarder);
	if (kind == HF_KIND_RECURSIVE && fetch->accept_recursive)
		kind = hf_classify_reply(&message, &scrubbed, true);
	if (private) {
		hf_count_add(&resolver->stats.private_records, private);
		hf_trace(resolver, "%u records with private addresses removed", private);
		/* It was an answer. Other servers have the same. */
		if (fetch->answer_stripped && !scrubbed.chain_count && message.rcode == HF_RCODE_NOERROR)
			kind = HF_KIND_NODATA;
	}
	hf_trace(resolver, "reply of %s: %s, %s", hf_address_to_text(&exchange->server, address),
		 hf_rcode_to_text(message.rcode), hf_kind_to_text(kind));
	handle_kind(resolver, fetch, exchange, &message, &scrubbed, kind);
}

void hf_fetch_reply(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange,
		    const uint8_t *message, size_t length)
{
	/* The exchange goes back to its pool, so that another can be opened; what it was is still needed. */
	const struct hf_exchange was = *exchange;
	struct hf_server *server;
	bool truncated = hf_octets_u16(message + 2) & HF_FLAG_TC;

	if (!was.tcp) {
		server = hf_servers_get(resolver->servers, &was.server, resolver->now);
		if (server)
			hf_server_note_rtt(server, resolver->now.mono_ns - was.sent_ns, resolver->now);
	}
	hf_bulkhead_note_reply(fetch);
	hf_servers_clear_deaf(resolver->servers, &was.server, fetch->delegation.zone);
	hf_resolver_close_exchange(resolver, exchange, true);
	if (truncated && !was.tcp) {
		hf_count(resolver, reply_truncated);
		hf_fetch_send(resolver, fetch, was.address_index, true);
	} else if (truncated) {
		handle_malformed(resolver, fetch, &was, "truncated over TCP");
	} else {
		handle_message(resolver, fetch, &was, message, length);
	}
}

void hf_fetch_distrust(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange,
		       bool case_changed)
{
	unsigned address_index = exchange->address_index;
	struct hf_server *server = hf_servers_get(resolver->servers, &exchange->server, resolver->now);

	/* An outsider who guesses ID and port can bring this about too, and wins a TCP connection he cannot see. */
	if (case_changed && server)
		server->no_case_until_ns = resolver->now.mono_ns + HF_SERVERS_MEMORY_NS;
	hf_resolver_close_exchange(resolver, exchange, true);
	hf_fetch_send(resolver, fetch, address_index, true);
}

static void transport_ended(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange,
			    bool tell)
{
	unsigned address_index = exchange->address_index;
	struct hf_server *server = hf_servers_get(resolver->servers, &exchange->server, resolver->now);
	/* Over TCP there is no second try, unless TCP was only tried because the server changes letter case: then UDP is
	 * left, without that protection. Over UDP a timeout is no verdict. */
	bool failed = exchange->tcp ? !server || server->no_case_until_ns <= resolver->now.mono_ns : !tell;

	if (server && exchange->tcp) {
		server->cookie.server_length = 0; /* not to be insisted on for ever where TCP is the only other way */
		if (exchange->forced_tcp) {
			server->no_tcp_until_ns = resolver->now.mono_ns + HF_FORGERY_TCP_NS;
			failed = false;
		}
	} else if (server && server->replied_ns >= exchange->sent_ns) {
		/* It is there, and silent about this zone: that says nothing of others. */
		hf_servers_note_deaf(resolver->servers, &exchange->server, fetch->delegation.zone, resolver->now);
	} else if (server) {
		hf_server_note_timeout(server, resolver->now);
	}
	hf_resolver_close_exchange(resolver, exchange, tell);
	if (failed)
		fetch->delegation.addresses[address_index].failed = true;
	hf_inflight_ready(resolver, fetch);
}

void hf_fetch_timeout(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange)
{
	char address[HF_ADDRESS_TEXT_MAX], question[HF_TRACE_QUESTION_MAX];

	hf_count(resolver, upstream_timeouts);
	hf_address_to_text(&exchange->server, address);
	hf_trace(resolver, "no reply of %s in time", address);
	hf_fetch_set_error(fetch, 23, "%s timed out for %s", address,
			   hf_trace_question(fetch->name, fetch->qtype, question));
	transport_ended(resolver, fetch, exchange, true);
	if (hf_fetch_is_minimised(fetch) && ++fetch->minimise_silences >= SILENCES_MAX)
		give_up_minimising(resolver, fetch); /* some drop what they have no data for */
}

void hf_fetch_transport_failed(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange)
{
	char address[HF_ADDRESS_TEXT_MAX];

	hf_count(resolver, upstream_failures);
	hf_fetch_set_error(fetch, 23, "%s cannot be reached", hf_address_to_text(&exchange->server, address));
	hf_trace(resolver, "%s", fetch->text);
	transport_ended(resolver, fetch, exchange, false);
}
