// SPDX-License-Identifier: BSD-3-Clause
/* The resolver's inside, for the files of this directory. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "resolver/actions.h"
#include "resolver/exchange.h"
#include "resolver/failures.h"
#include "resolver/fetch.h"
#include "resolver/forgery.h"
#include "resolver/inflight.h"
#include "resolver/question.h"
#include "resolver/resolver.h"
#include "resolver/servers.h"
#include "resolver/timers.h"
#include "resolver/zones.h"

enum {
	HF_RESOLVER_SERVERS_MAX = 16384, /* one for each client that may wait, at most so many */
	HF_RESOLVER_ZONES_MAX = 8192,	 /* one for each client that may wait, at most so many */
	HF_RESOLVER_FAILURES_MAX = 4096, /* one for four of them, at most so many */
	HF_RESOLVER_TABLE_MIN = 256,
	HF_RESOLVER_TRUST_MAX = 8192, /* zones whose keys are at hand: one for each client that may wait, at most so many */
	HF_RESOLVER_SHARES = 16384,   /* of CPU for validation, by hash of the zone's name */
	HF_RESOLVER_VERDICTS = 4096,  /* in a table of its own */
	HF_RESOLVER_DENIALS = 1 << 20, /* octets of proofs in a store of its own */
	HF_RESOLVER_ARENAS_KEPT = 64,
	HF_RESOLVER_CLIENTS_SPARE = 16, /* beyond max_clients, to tell the refused ones */
	HF_RESOLVER_RECORD_SPACE = 70000, /* the largest record: head, name, a whole message */
};

/* Bounds of one question's or fetch's memory, and of one reply's. */
#define HF_RESOLVER_ARENA_MEMORY (512 * 1024)
/* All together hold so much for each client that may wait, or for HF_RESOLVER_CLIENTS_WORTH of them: one question with a few fetches needs a quarter; thousands
 * that each carry a DNAME with 60 KiB of signatures to a silent server get SERVFAIL. */
#define HF_RESOLVER_CLIENT_MEMORY (32 * 1024)
#define HF_RESOLVER_CLIENTS_WORTH 1024
#define HF_RESOLVER_SCRATCH_MEMORY (4 * 1024 * 1024)

struct hf_client {
	struct hf_index_node node;
	struct hf_action_node action;
	struct hf_timer timer;
	struct hf_client *next, *previous; /* of the question's, or of the free ones */
	struct hf_question *question;
	uint64_t id;
	uint8_t reply_class;
	bool too_late; /* its deadline passed before the answer came */
};

struct hf_resolver {
	struct hf_resolver_config config; /* with own copies of what it points to */
	struct hf_cache *cache;
	struct hf_random random;
	uint64_t secret[2];
	struct hf_now now; /* of the event being handled */

	struct hf_timers timers;
	struct hf_servers *servers;
	struct hf_failures *failures;
	struct hf_zones *zones;
	struct hf_validator *validator;
	struct hf_verdicts *own_verdicts; /* NULL: the configured ones */
	struct hf_denials *denials, *own_denials; /* the latter NULL: the configured ones */
	struct hf_trust_zones *trust_zones;
	uint64_t trust_flushes; /* of the cache, when that table was last in keeping with it */
	struct hf_allowance *trust_shares, trust_share; /* by zone, of all */
	struct hf_forgery forgery; /* of all servers together */
	struct hf_index fetches, questions, clients, exchanges;
	struct hf_action_queue actions;

	struct hf_fetch *ready_first, *ready_last;
	struct hf_question *all_questions;
	uint64_t last_exchange, last_visit;

	struct hf_client *client_pool, *free_clients;
	uint32_t client_limit;
	struct hf_question *spare_questions; /* HF_RESOLVER_CLIENTS_SPARE of them */
	struct hf_exchange *free_exchanges;
	struct hf_exchange *closing;  /* whose CANCEL action the caller holds: freed at the next call */
	struct hf_client *answering; /* whose ANSWER action the caller holds: freed at the next call */

	size_t arena_memory_left;
	struct hf_arena *arenas[HF_RESOLVER_ARENAS_KEPT]; /* spare ones */
	unsigned arena_count;
	struct hf_arena *scratch; /* the reply being parsed, the answer being composed */
	struct hf_answer_record *record; /* the last one composed, and for whom */
	const struct hf_question *record_question;
	uint8_t record_class;
	bool record_cacheable;
	char late_text[HF_FAILURES_TEXT_MAX];
	struct hf_ede late_ede;

	hf_trace_fn trace;
	void *trace_state;
	hf_notice_fn notice;
	void *notice_state;
	struct hf_resolver_stats stats;
};

#define hf_count(resolver, counter) hf_count_add(&(resolver)->stats.counter, 1)
static inline void hf_count_add(uint64_t *counter, int64_t by)
{
	__atomic_store_n(counter, *counter + (uint64_t)by, __ATOMIC_RELAXED);
}

/* Takes a spare arena or makes one; NULL without memory. Both questions and fetches have the same bound. */
struct hf_arena *hf_resolver_take_arena(struct hf_resolver *resolver);
void hf_resolver_give_arena(struct hf_resolver *resolver, struct hf_arena *arena);

/* A new exchange in the index, or NULL; and its end, of which the caller is told when it knows of the exchange. */
struct hf_exchange *hf_resolver_open_exchange(struct hf_resolver *resolver, struct hf_fetch *fetch);
void hf_resolver_close_exchange(struct hf_resolver *resolver, struct hf_exchange *exchange, bool tell);

/* Queues the answers for all clients of a question that is done. */
void hf_resolver_answer_clients(struct hf_resolver *resolver, struct hf_question *question);

static inline struct hf_servers_bounds hf_resolver_bounds(const struct hf_resolver *resolver)
{
	return (struct hf_servers_bounds){resolver->config.timeout_initial_ms, resolver->config.timeout_min_ms,
					  resolver->config.timeout_max_ms, resolver->config.fetches_per_server};
}

/* One line of the story, only when somebody listens. */
#define hf_trace(resolver, ...)                                   \
	do {                                                      \
		if ((resolver)->trace)                            \
			hf_trace_write((resolver), __VA_ARGS__); \
	} while (0)
void hf_trace_write(struct hf_resolver *resolver, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something an operator should see: `format` gives the log line's fields. Rare; whoever calls sees to that. */
void hf_notice(struct hf_resolver *resolver, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "NAME TYPE" for traces and texts; `out` holds HF_TRACE_QUESTION_MAX octets. */
#define HF_TRACE_QUESTION_MAX (HF_NAME_TEXT_MAX + HF_TYPE_TEXT_MAX + 1)
const char *hf_trace_question(const uint8_t *name, uint16_t type, char out[HF_TRACE_QUESTION_MAX]);
