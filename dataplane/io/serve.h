// SPDX-License-Identifier: BSD-3-Clause
/* The request step that every way in shares (sockets, dpdk, TCP): bytes in → parse → answer cache → reply bytes, or a
 * miss that goes to the resolver thread that owns hash(qname, qtype, qclass) and comes back later. No socket, no clock,
 * no system call (the eventfd that wakes a sleeping resolver thread aside), no allocation, no lock.
 *
 * One hf_serve belongs to one thread, a registered QSBR reader. A packet worker's loop:
 *
 *   fill requests[0..n) from a received burst; now = hf_clock_now();
 *   hf_serve_burst(serve, requests, n, now);
 *   for each request:
 *     HF_OUTCOME_REPLY  send request->reply, request->reply_length octets, back to where it came from
 *     HF_OUTCOME_MISS   ticket = hf_serve_take_ticket(serve, request, now);
 *                       if (ticket) { write ticket->arrival; hf_serve_submit(serve, ticket); }
 *                       (the packet's memory is free from here on; without a ticket the drop is counted already)
 *     HF_OUTCOME_DROP   forget it (counted already)
 *   while ((ticket = hf_serve_next_answer(serve))) {
 *     send ticket->reply, ticket->reply_length octets, by ticket->arrival (length 0: nothing to send);
 *     hf_serve_answered(serve, ticket); hf_serve_release(serve, ticket);
 *   }
 *   hf_serve_wake(serve);
 *   rcu_quiescent_state();
 *
 * Replies that could not be sent: hf_counters_drop(serve->counters, HF_DROP_send_failed).
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/now.h"
#include "cache/cache.h"
#include "io/clients.h"
#include "io/counters.h"
#include "io/mailbox.h"
#include "io/promotion.h"
#include "io/ticket.h"
#include "policy/access.h"
#include "policy/local.h"
#include "wire/message.h"
#include "wire/reply.h"

#define HF_SERVE_BURST_MAX HF_CACHE_BURST_MAX
#define HF_SERVE_QUERY_MAX 4096 /* octets; a longer message is no query that we take */

/* Settings that a reload may change while workers run. Main and housekeeping write, workers read; relaxed. */
struct hf_serve_settings {
	_Atomic uint16_t edns_size; /* what we announce; the UDP ceiling is this, at most HF_TICKET_REPLY_MAX */
	_Atomic bool prefetch;
	/* Who may ask; NULL: everybody. Release, acquire; the old one is freed after a grace period. */
	_Atomic(const struct hf_access *) access;
	/* Cookies, NSID; NULL: none. Published as `access` is. */
	_Atomic(const struct hf_clients *) clients;
	_Atomic(struct hf_local *) local; /* names answered here; NULL: none. As above */
	_Atomic uint32_t wait_limit;	    /* unanswered misses for each client address over UDP; 0: no limit */
	_Atomic uint32_t discard_timeout_ms; /* later answers but SERVFAIL are not sent over UDP (DNSBomb, CVE-2024-33655); 0: all are */
};

static inline const struct hf_access *hf_serve_access(const struct hf_serve_settings *settings)
{
	return atomic_load_explicit(&settings->access, memory_order_acquire);
}

static inline const struct hf_clients *hf_serve_clients(const struct hf_serve_settings *settings)
{
	return atomic_load_explicit(&settings->clients, memory_order_acquire);
}

/* For the reply to `query`; what it points to lives until the next quiescent state. */
static inline struct hf_reply_options hf_serve_reply_options(const struct hf_serve_settings *settings,
							     const struct hf_query *query)
{
	uint16_t size = atomic_load_explicit(&settings->edns_size, memory_order_relaxed);
	struct hf_reply_options options = {.edns_size = size, .udp_ceiling = hf_udp_ceiling(size)};
	const struct hf_clients *clients;

	if (query->options.asked & HF_ASKED_NSID && (clients = hf_serve_clients(settings))) {
		options.nsid = clients->nsid;
		options.nsid_length = clients->nsid_length;
	}
	return options;
}

/* The resolver threads, as seen by those who have questions. Made by main before any thread starts, then constant. */
struct hf_dispatch {
	unsigned count;
	struct hf_mailbox **mailboxes; /* of resolver thread 0 … count-1 */
	uint64_t secret[2];	       /* the cache's: keys hash(qname, qtype, qclass) */
};

/* The thread that all questions of this name, type and class go to. `name` lower-cased and padded. */
struct hf_mailbox *hf_dispatch_pick(const struct hf_dispatch *dispatch, const uint8_t *name, unsigned name_length,
				    uint16_t qtype, uint16_t qclass);

enum hf_outcome { HF_OUTCOME_DROP, HF_OUTCOME_REPLY, HF_OUTCOME_MISS };

struct hf_request {
	/* in */
	const uint8_t *packet; /* the DNS message: UDP payload or TCP message without its length prefix */
	size_t length;
	uint8_t *reply;	 /* where the reply goes; may be `packet` itself (reply in place) */
	size_t capacity; /* of `reply`, ≥ 12 + question + 11 for anything to be sent */
	struct hf_address client;
	/* out */
	enum hf_outcome outcome;
	size_t reply_length;
	struct hf_query query; /* points into `packet`; after a reply in place its pointers are dead */
};

struct hf_serve {
	struct hf_cache *cache;
	const struct hf_serve_settings *settings;
	const struct hf_dispatch *dispatch;
	struct hf_ticket_pool *tickets;
	struct hf_admission *admission;
	struct hf_mailbox mailbox;	/* answers come back here */
	struct hf_wakes wakes;		/* resolver threads that have mail from here */
	struct hf_promotion *promotion; /* NULL: no kernel tier behind this way in */
	bool tcp;
	uint16_t keepalive; /* what TCP clients that ask are told, in tenths of a second; the listener keeps it */
	struct hf_counters counters;	/* this thread writes, any reads */
	struct hf_serve_recent *recent; /* what was lately offered for promotion or refetched */
};

/* `promotion` may be NULL. NULL without memory or descriptors. */
struct hf_serve *hf_serve_new(struct hf_cache *cache, const struct hf_serve_settings *settings,
			      const struct hf_dispatch *dispatch, unsigned tickets, struct hf_promotion *promotion,
			      bool tcp);
void hf_serve_free(struct hf_serve *serve); /* after all threads ended */

/* Whether a client is to get nothing at all, not even a connection; counted as a drop when so. */
bool hf_serve_drops(struct hf_serve *serve, const struct hf_address *client);

/* Handles up to HF_SERVE_BURST_MAX requests, looking all of them up in the answer cache at once. */
void hf_serve_burst(struct hf_serve *serve, struct hf_request *requests, unsigned count, struct hf_now now);

/* A ticket with the query of a missed request copied into it; NULL when too many misses are under way, of all or (over UDP: TCP clients
 * are bounded by their connections) of the name's zone or the client (counted, and logged once a minute and zone). */
struct hf_ticket *hf_serve_take_ticket(struct hf_serve *serve, const struct hf_request *request, struct hf_now now);
void hf_serve_submit(struct hf_serve *serve, struct hf_ticket *ticket);
/* Wakes the resolver threads that got something: at the end of each turn, before this thread sleeps. */
void hf_serve_wake(struct hf_serve *serve);

/* The next answered ticket, NULL for none at present. */
struct hf_ticket *hf_serve_next_answer(struct hf_serve *serve);
void hf_serve_answered(struct hf_serve *serve,
		       const struct hf_ticket *ticket); /* counts and logs a reply that was sent */
void hf_serve_release(struct hf_serve *serve, struct hf_ticket *ticket);
