// SPDX-License-Identifier: BSD-3-Clause
/* A question on its way to an answer: it walks a chain of CNAMEs and DNAMEs, link by link. Each link comes from the cache or
 * from a fetch that other questions may share. Asked by clients, or by the resolver itself: for a server's address, for
 * the root's servers, or to refetch data nearing its end.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/prefix.h"
#include "dnssec/security.h"
#include "dnssec/work.h"
#include "resolver/fetch.h"
#include "resolver/index.h"
#include "wire/reply.h"

struct hf_client;
struct hf_resolver;

/* What one client question and everything it drags in may still send. */
struct hf_budget {
	unsigned references;
	unsigned queries_left;
	struct hf_work work; /* for validation */
};

enum hf_question_kind {
	HF_QUESTION_CLIENT,
	HF_QUESTION_CACHE_ONLY, /* a client's, with RD=0: nothing is fetched for it */
	HF_QUESTION_PREFETCH,
	HF_QUESTION_ADDRESS, /* of a server, for the fetch `owner` */
	HF_QUESTION_PRIME,   /* of the root's servers, for the fetch `owner` */
	HF_QUESTION_TRUST,   /* DS or DNSKEY, for the validation of what the fetch `owner` has: always fetched */
};

/* That a question has no data, kept while DNS64 looks for another type. */
struct hf_negative {
	bool known; /* else it could not be found out */
	uint64_t since_ns;
	const struct hf_rrset **authority;
	uint32_t *authority_ttls;
	unsigned authority_count, set_count;
};

enum { HF_QUESTION_SETS_MAX = 48, HF_QUESTION_PROOFS_MAX = 16, HF_QUESTION_NAME_SPACE = 256 };

struct hf_question {
	struct hf_index_node node; /* in the resolver's index while clients may join it */
	bool indexed;
	struct hf_question *next, *previous; /* of all questions */
	enum hf_question_kind kind;
	bool done;

	struct hf_client *clients; /* waiting, or with their answer in the queue */

	struct hf_fetch *owner;
	struct hf_question *next_sub; /* of the owner's */
	int server;		      /* for which of the owner's servers */

	struct hf_fetch *waiting_on;
	struct hf_question *next_waiter;

	struct hf_budget *budget;
	unsigned depth;
	uint64_t started_ns;
	uint64_t flushes; /* of the cache, when it began */
	bool checking_disabled; /* CD: takes data as it comes (RFC 6840 §5.9) */
	bool upstream_used, restarted;
	bool hindered; /* it failed by a limit, or by a fetch that was hindered: fetch.h */
	bool turned_away;    /* its name was, at a zone cut: bulkhead.h */
	uint8_t zone_labels; /* plus one, of the zone that its name was asked in; 0: not known */
	bool spare; /* one of those kept for when memory is out */

	uint8_t name[HF_QUESTION_NAME_SPACE]; /* lower-cased, zero-padded */
	uint8_t name_length;
	uint16_t qtype, qclass;
	uint16_t sought; /* the type that the walk looks for: qtype, but A while DNS64 makes an AAAA of it */

	/* DNS64, for a client's question: its prefix (family 0: none); what was found for AAAA, and how long what is made up may live. */
	struct hf_prefix dns64;
	bool a_first; /* AAAA only where there is no A */
	struct hf_negative aaaa;
	uint32_t synthesis_ttl;

	/* ---- the answer as far as known; memory is the arena's ---- */
	struct hf_arena *arena;
	uint8_t current[HF_NAME_MAX]; /* where the chain stands */
	unsigned steps, fetched_steps; /* along the chain; at the last fetch */
	unsigned rcode;
	bool give_referral; /* RD=0 and nothing known: where to ask instead */
	bool authoritative; /* the name asked for is local, and so is the answer: AA */
	bool local, any_local; /* the last link was; some link was */
	bool from_outside;  /* a link before was not */
	bool dropped;	    /* by a local zone's rule */
	enum hf_security security; /* of the least of its parts so far */
	bool negative_anchor;	   /* insecure by a negative trust anchor: EDE 33 */
	bool expiring;	    /* some of it is in the last tenth of its TTL */
	uint32_t ttl_cap;   /* seconds the whole may be kept */
	const struct hf_rrset **sets;
	uint32_t *ttls; /* what is left at ttls_ns */
	uint64_t ttls_ns;
	unsigned set_count;
	/* For DO clients, of what wildcards made in the chain. No more than there is room for: they change nobody's answer. */
	const struct hf_rrset **proofs;
	uint32_t *proof_ttls; /* as ttls */
	unsigned proof_count;
	const struct hf_rrset **authority;
	uint32_t *authority_ttls;
	unsigned authority_count;
	bool negative; /* NODATA or NXDOMAIN: the first of the authority section is the SOA if there is one, then proofs */
	struct hf_ede edes[HF_REPLY_EDE_MAX];
	unsigned ede_count;
};

/* NULL without memory. Not walked yet. `budget` NULL: an own one. */
struct hf_question *hf_question_new(struct hf_resolver *resolver, enum hf_question_kind kind, const uint8_t *name,
				    uint16_t qtype, uint16_t qclass, struct hf_budget *budget, unsigned depth);
void hf_question_free(struct hf_resolver *resolver, struct hf_question *question);

/* Goes on as far as the cache reaches, then starts or joins a fetch. May finish the question. */
void hf_question_walk(struct hf_resolver *resolver, struct hf_question *question);
/* The fetch it waits on has a result. */
void hf_question_fetched(struct hf_resolver *resolver, struct hf_question *question, const struct hf_result *result);
/* Ends it with SERVFAIL. `ede` 0 for none; `text` may be NULL. */
void hf_question_fail(struct hf_resolver *resolver, struct hf_question *question, uint16_t ede, const char *text);

/* The one of its kind that is under way and can be joined; NULL for none. And: makes one such. `dns64` NULL: without synthesis. */
struct hf_question *hf_question_find(const struct hf_resolver *resolver, enum hf_question_kind kind,
				     const uint8_t *name, uint16_t qtype, uint16_t qclass, bool checking_disabled,
				     const struct hf_prefix *dns64);
void hf_question_index(struct hf_resolver *resolver, struct hf_question *question);

/* Renews what of the answer is in the last tenth of its TTL, once at a time. */
void hf_question_prefetch(struct hf_resolver *resolver, const uint8_t *name, uint16_t qtype, uint16_t qclass);

/* Frees the question if it is done and nobody is to be answered any more. */
void hf_question_release(struct hf_resolver *resolver, struct hf_question *question);

void hf_budget_drop(struct hf_budget *budget);
