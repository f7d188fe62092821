// SPDX-License-Identifier: BSD-3-Clause
/* Forged replies; see forgery.h. */
#include "resolver/forgery.h"
#include "resolver/state.h"

/* One more in the window; how many there are now. */
static uint32_t count_in_window(struct hf_forgery *forgery, struct hf_now now)
{
	if (now.mono_ns - forgery->since_ns >= HF_FORGERY_WINDOW_NS) {
		forgery->since_ns = now.mono_ns;
		forgery->count = 0;
	}
	return ++forgery->count;
}

static bool begins(struct hf_resolver *resolver, struct hf_forgery *forgery, uint32_t threshold)
{
	if (!threshold || count_in_window(forgery, resolver->now) < threshold ||
	    forgery->tcp_until_ns > resolver->now.mono_ns)
		return false;
	forgery->tcp_until_ns = resolver->now.mono_ns + HF_FORGERY_TCP_NS;
	hf_count(resolver, spoof_floods);
	return true;
}

bool hf_forgery_note(struct hf_resolver *resolver, struct hf_exchange *exchange)
{
	uint32_t threshold = resolver->config.spoof_threshold;
	struct hf_server *server = hf_servers_get(resolver->servers, &exchange->server, resolver->now);
	char address[HF_ADDRESS_TEXT_MAX], question[HF_TRACE_QUESTION_MAX];

	if (exchange->tcp)
		return false;
	exchange->mismatches++;
	if (server && begins(resolver, &server->forgery, threshold)) {
		hf_trace_question(exchange->qname, exchange->qtype, question);
		hf_notice(resolver, "spoof-flood",
			  "server=%s question=\"%s\" replies=%u text=\"replies that match no query; asked over TCP for a while\"",
			  hf_address_to_text(&exchange->server, address), hf_name_cut_text(question, HF_NAME_NOTICE_MAX),
			  server->forgery.count);
	}
	if (begins(resolver, &resolver->forgery, threshold * HF_FORGERY_OVERALL_TIMES))
		hf_notice(resolver, "spoof-flood",
			  "replies=%u text=\"replies of many servers match no query; all are asked over TCP for a while\"",
			  resolver->forgery.count);
	return exchange->mismatches >= HF_FORGERY_EXCHANGE_MAX || (server && hf_forgery_wants_tcp(resolver, server));
}

bool hf_forgery_wants_tcp(const struct hf_resolver *resolver, const struct hf_server *server)
{
	uint64_t now = resolver->now.mono_ns;

	return server->forgery.tcp_until_ns > now ||
	       (resolver->forgery.tcp_until_ns > now && server->no_tcp_until_ns <= now);
}
