// SPDX-License-Identifier: BSD-3-Clause
/* The iteration for one (name, type, class): from the closest known zone cut down to the servers that know. One at a
 * time for a triple (inflight.h); several questions may wait for it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "dnssec/security.h"
#include "resolver/delegation.h"
#include "resolver/exchange.h"
#include "resolver/index.h"
#include "wire/rrset.h"

struct hf_budget;
struct hf_finding;
struct hf_question;
struct hf_resolver;
struct hf_zone;

enum hf_result_kind {
	HF_RESULT_ANSWER,   /* `chain` begins at the fetch's name; its end is data or leads out of what the server knows */
	HF_RESULT_NODATA,   /* of the chain's final name */
	HF_RESULT_NXDOMAIN, /* of the chain's final name */
	HF_RESULT_FAILED,
};

enum hf_failure_cause {
	HF_CAUSE_SERVERS, /* every server failed */
	HF_CAUSE_BUDGET,  /* the asker's work limit */
	HF_CAUSE_LIMIT,	  /* depth, cycle, memory */
	HF_CAUSE_TURNED_AWAY, /* limits of zones and servers: bulkhead.h; of work for validation: trust.h */
};

/* Lives for the call that delivers it. */
struct hf_result {
	enum hf_result_kind kind;
	const struct hf_rrset *const *chain;
	const enum hf_security *securities; /* of the chain's sets; NULL: all unchecked */
	enum hf_security negative_security;
	unsigned chain_count;
	const uint8_t *final_name;
	const struct hf_rrset *soa;
	uint32_t negative_ttl;
	const struct hf_rrset *const *proofs; /* of the negative end, and of what wildcards made in the chain */
	unsigned proof_count;
	/* HF_RESULT_FAILED */
	enum hf_failure_cause cause;
	const struct hf_budget *budget; /* whose work limit it ran on */
	bool hindered; /* see struct hf_fetch */
	uint16_t ede; /* also with NODATA that records with private addresses left behind, and of what is insecure for want of understanding */
	const char *text;
	const char *zone_text; /* where it failed, for EDE 22 beside another; NULL for none */
	/* Addresses of the fetch's own name that parents gave as glue on the way: the last resort for who asked. */
	const struct hf_rrset *const *glue;
	unsigned glue_count;
};

enum { HF_FETCH_GLUE_MAX = 4, HF_FETCH_TEXT_MAX = 200 };

struct hf_fetch {
	struct hf_index_node node;
	struct hf_fetch *next_ready;
	bool ready; /* in the resolver's list of fetches to step */
	uint8_t name[HF_NAME_MAX + 1];
	uint16_t qtype, qclass;
	struct hf_arena *arena;
	struct hf_budget *budget;
	unsigned depth;
	uint64_t deadline_ns;
	uint64_t visit; /* stamp of the last search for a cycle */

	struct hf_question *waiters;
	struct hf_question *subs; /* questions it waits for itself */
	struct hf_exchange *exchange; /* the one under way */

	struct hf_delegation delegation;
	struct hf_zone *zone; /* where it is counted as standing; NULL: nowhere */
	uint32_t zone_round;
	unsigned sends_before; /* it came there */
	bool silence_noted;   /* as the fault of the first zone that was silent */
	bool probing;	      /* one of few that ask a zone whose servers were all silent */
	bool heard;	      /* one of the delegation's servers replied */
	bool hindered;	      /* a circle or another limit kept a server's name from being looked up: for others there may be a way */
	bool servers_full;    /* one was passed over that has too many queries open */
	uint8_t bad_cookies;  /* replies with BADCOOKIE to the present question */
	const uint8_t *search_from; /* suffix of `name` at which the search for a cut begins */
	bool primed, retried_parent;
	bool left_route; /* its servers failed, and the tree may be asked instead */
	bool accept_recursive;
	bool between_seen;	/* a DS question came to a server of the child too: names between the zones are asked about */
	bool trust_refreshed; /* keys or DS were fetched anew for it */
	struct hf_finding *pending; /* a reply whose validation waits for something */
	unsigned trust_subs;	    /* questions under way for that */
	unsigned bogus_replies;
	struct hf_cause bogus; /* of the first of them */
	bool answer_stripped; /* the last reply's answer lost RRsets with private addresses */
	unsigned empties;	 /* replies with nothing in them */
	unsigned sends;		 /* all told */
	unsigned referrals;
	unsigned server_fetches; /* names whose addresses were fetched for the present delegation */

	/* QNAME minimisation (RFC 9156) */
	bool minimise_off;
	bool minimise_by_ns;	 /* with type NS: A met an error */
	unsigned minimise_silences; /* shortened names that got no reply */
	unsigned ask_labels;	/* of the name in the present query; 0: not chosen yet */
	unsigned minimise_count; /* names shortened so far */

	const struct hf_rrset *glue[HF_FETCH_GLUE_MAX];
	unsigned glue_count;
	uint16_t ede; /* what went wrong last */
	char text[HF_FETCH_TEXT_MAX];
};

/* Sends the next query, or waits, or finishes (and then is gone). */
void hf_fetch_step(struct hf_resolver *resolver, struct hf_fetch *fetch);

/* What became of its exchange. */
void hf_fetch_reply(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange,
		    const uint8_t *message, size_t length);
/* Its replies cannot be told from forgeries (letter case not kept, or too many that do not match): asks over TCP. */
void hf_fetch_distrust(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange,
		       bool case_changed);
void hf_fetch_timeout(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange);
void hf_fetch_transport_failed(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_exchange *exchange);

/* One of its own questions is done; `question` goes away after the call. */
void hf_fetch_sub_done(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_question *question,
		       const struct hf_result *result);

/* Labels plus one of the zone it stands at, when it is for `name`; else, and before it has one, 0. */
uint8_t hf_fetch_zone_labels(const struct hf_fetch *fetch, const uint8_t *name);

/* Whether the present query carries a shortened name, and what it asks. */
bool hf_fetch_is_minimised(const struct hf_fetch *fetch);
const uint8_t *hf_fetch_ask_name(const struct hf_fetch *fetch);
uint16_t hf_fetch_ask_type(const struct hf_fetch *fetch);

/* Asks for DS or DNSKEY that a validation waits for; it is stepped when that is done. False when it cannot be asked for. */
bool hf_fetch_want(struct hf_resolver *resolver, struct hf_fetch *fetch, const uint8_t *name, uint16_t type);
/* Looks again at the reply whose validation waited. */
void hf_fetch_resume(struct hf_resolver *resolver, struct hf_fetch *fetch);
/* Gives the result to those who wait with CD, who are then no longer waiting. */
void hf_fetch_deliver_unchecked(struct hf_resolver *resolver, struct hf_fetch *fetch, const struct hf_result *result);

/* For fetch_reply.c: shows the servers more of the name / asks if one is left that was not asked / sends the query to one
 * address / ends the fetch (which is gone after the last three if they end it). */
void hf_fetch_show_more(struct hf_resolver *resolver, struct hf_fetch *fetch);
bool hf_fetch_has_untried(struct hf_resolver *resolver, const struct hf_fetch *fetch);
void hf_fetch_send(struct hf_resolver *resolver, struct hf_fetch *fetch, unsigned address_index, bool tcp);
void hf_fetch_finish(struct hf_resolver *resolver, struct hf_fetch *fetch, struct hf_result *result);
void hf_fetch_fail(struct hf_resolver *resolver, struct hf_fetch *fetch, enum hf_failure_cause cause);
void hf_fetch_set_error(struct hf_fetch *fetch, uint16_t ede, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
