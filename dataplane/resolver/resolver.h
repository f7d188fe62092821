// SPDX-License-Identifier: BSD-3-Clause
/* Recursive resolution, stepped: events go in with their time, actions come out, the next deadline can be asked for.
 *
 * One resolver belongs to one thread (a registered QSBR reader, see cache/cache.h); several share a cache. It opens
 * no socket, reads no clock, starts no thread; chance comes from `random`. After each event the caller drains
 * hf_resolver_next_action() and carries the actions out, then calls rcu_quiescent_state() when it holds nothing.
 *
 * One upstream fetch is in flight per (name, type, class), however many clients ask (RFC 9520 and the birthday
 * attack); the caller sends equal questions to the same resolver.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/now.h"
#include "base/random.h"
#include "cache/cache.h"
#include "cache/denials.h"
#include "dnssec/anchors.h"
#include "dnssec/verify.h"
#include "policy/dns64.h"
#include "policy/local.h"
#include "policy/nta.h"
#include "policy/private.h"
#include "wire/message.h"
#include "wire/reply.h"

struct hf_resolver;

/* A zone whose questions go to named servers instead of down the tree from the root. Without servers: down the tree, an
 * exception from a route above. */
struct hf_route {
	uint8_t zone[HF_NAME_MAX];
	bool forward; /* true: recursive servers (RD=1 is sent); false: stub, authoritative servers */
	bool first;   /* when its servers fail, down the tree as if there were no route */
	const struct hf_address *servers;
	unsigned server_count;
};

/* All memory is copied by hf_resolver_new / hf_resolver_configure. */
struct hf_resolver_config {
	const struct hf_rrset *const *hints; /* root NS, A and AAAA sets */
	unsigned hint_count;
	const struct hf_route *routes;
	unsigned route_count;
	bool prime;		     /* ask the root for its NS before first use (RFC 9609) */
	bool use_ipv4, use_ipv6;     /* towards servers */
	bool query_loopback;	     /* allow servers on 127/8 and ::1 */
	const struct hf_prefix *do_not_query; /* no server in these is asked, routes and hints included */
	unsigned do_not_query_count;
	bool case_randomization;     /* 0x20 */
	bool server_order_randomization; /* false: servers in the order learned, for repeatable tests */
	bool minimal_answers;	     /* no authority and additional data that a client does not need */
	bool negative_ns;	     /* hand on the zone's NS set that came beside the SOA of a negative answer (RFC 2308 §2.1, type 1) */
	bool negative_soa_newest;    /* show the zone's newest SOA with a cached negative answer, with that one's TTL, not the answer's own */
	bool prefetch;		     /* refetch an entry asked for in the last tenth of its TTL */
	bool qname_minimisation;     /* RFC 9156, relaxed */
	uint16_t edns_size;	     /* towards servers */
	uint32_t timeout_initial_ms; /* for a server without measured RTT (RFC 6298-like afterwards) */
	uint32_t timeout_min_ms, timeout_max_ms;
	uint32_t query_deadline_ms;  /* a client gets SERVFAIL after this much */
	uint16_t max_upstream_queries; /* per client question with all it drags in */
	uint16_t max_depth;	     /* nested fetches of server addresses */
	uint16_t max_chain;	     /* CNAME/DNAME steps */
	uint32_t max_clients;	     /* waiting at once; more get SERVFAIL */
	uint32_t failure_ttl_ms;     /* RFC 9520 §3.2: 1 s – 5 min, doubled at each repeat up to its bound */
	uint32_t max_ttl;	     /* also for composed answers */
	struct hf_dns64_table dns64; /* the prefixes that reply classes name */
	bool dns64_synthesise_all;   /* for all names, whatever AAAA they have */
	const uint8_t *dns64_ignore_aaaa; /* names, one behind the other: the same at and below these */
	unsigned dns64_ignore_count;
	bool server_cookies;	     /* RFC 7873 towards servers */
	uint32_t fetches_per_zone;   /* at one zone cut at once; 0: no limit. Zones of less than two labels may have eight times as many */
	uint32_t fetches_per_server; /* queries open towards one address, fewer while many time out; 0: no limit */
	uint32_t spoof_threshold;    /* replies of one server within 10 s that match no query, before TCP; 0: never */
	struct hf_local *local;	     /* names answered here; the copy holds a reference. NULL: none */
	struct hf_private private;   /* addresses that are taken out of what servers say */

	/* DNSSEC validation. */
	struct hf_anchors *anchors;  /* the copy holds a reference; NULL or empty: nothing is validated */
	struct hf_ntas *ntas;	     /* likewise */
	struct hf_dnssec_policy dnssec;
	struct hf_costs costs;	     /* of this machine */
	struct hf_verdicts *verdicts; /* shared by resolvers, lives longer than they; NULL: an own table */
	uint32_t validation_limit_us; /* CPU that one question with all it drags in may cost */
	uint16_t validation_failures; /* signatures of one question that may fail to verify */
	uint16_t validation_zone_share; /* of a core, in thousandths: for a zone with its relatives under one parent */
	uint16_t validation_share;   /* likewise: for all zones together, in this resolver */
	bool aggressive_nsec;	     /* negative answers from proofs that are at hand (RFC 8198) */
	/* These; shared by resolvers, lives longer than they. Whoever flushes the cache flushes it before. NULL: an own store. */
	struct hf_denials *denials;
	bool root_key_sentinel;	     /* RFC 8509 */
	bool trust_anchor_signals;   /* RFC 8145 */
};
void hf_resolver_config_defaults(struct hf_resolver_config *config);

struct hf_resolver *hf_resolver_new(const struct hf_resolver_config *config, struct hf_cache *cache,
				    const struct hf_random *random); /* NULL without memory */
bool hf_resolver_configure(struct hf_resolver *resolver, const struct hf_resolver_config *config); /* running fetches go on */
void hf_resolver_free(struct hf_resolver *resolver);

/* ---- events ---- */

/* A client's question (its name lower-cased in query->name; DO, CD and the number of a DNS64 prefix in reply_class). `client` comes back in
 * HF_ACTION_ANSWER exactly once, if the caller drains its actions after each event. With RD=0 the cache alone answers, with a referral
 * where it knows no more (RFC 1034 §4.3.1); a caller that minds others looking into the cache refuses such questions
 * itself. Classes other than IN are the caller's to refuse. Transfers get REFUSED, other meta types NOTIMP. */
void hf_resolver_ask(struct hf_resolver *resolver, uint64_t client, const struct hf_query *query, struct hf_now now);
/* Refetch a question nearing its end, with all that its answer is made of; nobody is answered. */
void hf_resolver_prefetch(struct hf_resolver *resolver, const struct hf_query *query, struct hf_now now);
/* The caller gave up on this client (TCP closed); no answer will come back for it. */
void hf_resolver_forget(struct hf_resolver *resolver, uint64_t client);

/* Bytes that came for an exchange, as received; `from` is the sender. Whatever does not match (address, port, ID,
 * question, case) is counted and ignored: the exchange goes on waiting. */
void hf_resolver_reply(struct hf_resolver *resolver, uint64_t exchange, const struct hf_address *from,
		       const uint8_t *message, size_t length, struct hf_now now);
/* The transport failed at once: ICMP unreachable, connection refused or closed, no port free. The exchange is over on both sides:
 * no HF_ACTION_CANCEL follows. */
void hf_resolver_transport_failed(struct hf_resolver *resolver, uint64_t exchange, struct hf_now now);
/* Lets due timers fire, some dozens at most. Call when now ≥ hf_resolver_next_deadline(). */
void hf_resolver_tick(struct hf_resolver *resolver, struct hf_now now);
uint64_t hf_resolver_next_deadline(const struct hf_resolver *resolver); /* monotonic ns, UINT64_MAX for none */

/* ---- actions ---- */

enum hf_action_kind {
	HF_ACTION_NONE = 0, /* queue is empty */
	HF_ACTION_SEND,	    /* open an exchange: a new socket with an unpredictable source port, one message */
	HF_ACTION_CANCEL,   /* close an exchange; nothing more is wanted of it. Comes after a reply that was taken, too */
	HF_ACTION_ANSWER,   /* reply to a client */
};

struct hf_action {
	enum hf_action_kind kind;
	union {
		struct {
			uint64_t exchange;
			struct hf_address server;
			bool tcp;
			const uint8_t *message; /* without the two TCP length octets */
			size_t length;
		} send;
		struct {
			uint64_t exchange;
		} cancel;
		struct {
			uint64_t client;
			const struct hf_answer_record *record; /* for hf_reply_write(); never NULL */
			const struct hf_ede *edes;
			unsigned ede_count;
			bool dropped;	  /* a local zone's rule: there is to be no reply */
			bool from_cache;  /* no upstream query was needed */
			bool cacheable;	  /* it was put into the answer cache: may be promoted */
			bool turned_away; /* by a limit of its zone or servers: so would others be now */
			uint8_t zone_labels; /* plus one, of the zone whose servers were asked for the name itself; 0: none was */
		} answer;
	};
};

/* The next action; what it points to lives until the next call into the resolver. */
struct hf_action hf_resolver_next_action(struct hf_resolver *resolver);

/* ---- looking inside ---- */

/* One line per decision, for sim stories and `holdfastctl trace`; `text` lives for the call only. */
typedef void (*hf_trace_fn)(void *state, struct hf_now now, const char *text);
void hf_resolver_set_trace(struct hf_resolver *resolver, hf_trace_fn trace, void *state);

/* What an operator should see, some lines a minute at most: `event` and `fields` are of the form of a log line; both live for the call
 * only. */
typedef void (*hf_notice_fn)(void *state, const char *event, const char *fields);
void hf_resolver_set_notice(struct hf_resolver *resolver, hf_notice_fn notice, void *state);

#define HF_RESOLVER_COUNTERS(X)                                                                           \
	X(questions, "client questions taken")                                                            \
	X(answers, "client answers given")                                                                \
	X(answers_from_cache, "answers that needed no upstream query")                                    \
	X(servfail, "answers with SERVFAIL")                                                              \
	X(coalesced, "questions that joined a running fetch")                                             \
	X(upstream_udp, "queries sent over UDP")                                                          \
	X(upstream_tcp, "queries sent over TCP")                                                          \
	X(upstream_timeouts, "upstream queries that got no reply in time")                                \
	X(upstream_failures, "upstream transports that failed at once")                                   \
	X(reply_mismatch, "replies ignored: wrong address, port, ID, question or case")                   \
	X(reply_malformed, "replies that do not parse")                                                   \
	X(reply_lame, "replies of servers that do not serve the zone")                                    \
	X(reply_truncated, "replies with TC, repeated over TCP")                                          \
	X(reply_edns_fallback, "servers asked again without EDNS")                                        \
	X(scrubbed_rrsets, "RRsets dropped as out of bailiwick")                                          \
	X(private_records, "records dropped for a private address")                                       \
	X(local_answers, "questions that local data or a local zone answered")                            \
	X(budget_exhausted, "questions that hit a work limit")                                            \
	X(failure_cached, "questions answered from a cached failure")                                     \
	X(zone_quota, "fetches ended: too many at their zone cut")                                        \
	X(zone_silent, "fetches ended at once: all servers of their zone cut were silent before")         \
	X(server_quota, "fetches ended: too many queries open towards all servers they could ask")        \
	X(spoof_floods, "times that so many forged replies came that TCP was chosen for a while")         \
	X(cookie_wrong, "replies ignored: another client's cookie")                                       \
	X(cookie_missing, "replies without the cookie that their server gives, repeated over TCP")        \
	X(cookie_bad, "replies with BADCOOKIE, repeated with the new cookie")                             \
	X(clients_refused, "questions refused because too many clients wait")                             \
	X(prefetches, "entries refetched before their end")                                               \
	X(replies_validated, "replies found secure or insecure")                                          \
	X(aggressive_answers, "negative links answered from proofs at hand")                              \
	X(bogus_replies, "replies that did not validate")                                                 \
	X(signature_checks, "public-key operations of validation")                                        \
	X(signature_failures, "of these, those that came to nothing")                                     \
	X(signatures_known, "signatures whose check was remembered")                                      \
	X(validation_shares_used, "times that nothing was checked because a zone, or all, had used up its share of CPU")

struct hf_resolver_stats {
#define X(name, text) uint64_t name;
	HF_RESOLVER_COUNTERS(X)
#undef X
	uint64_t clients_waiting, fetches_running, exchanges_open; /* gauges */
};
/* The resolver's thread writes, any thread reads (relaxed atomics). */
void hf_resolver_stats(const struct hf_resolver *resolver, struct hf_resolver_stats *stats);
