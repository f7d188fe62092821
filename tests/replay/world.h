// SPDX-License-Identifier: BSD-3-Clause
/* The world around the core: a clock that jumps, chance from a seed, servers that reply by the scenario.
 *
 * Time stands still while anything is due; then it jumps to the next due reply or to the resolver's next deadline.
 * Replies without sleep= take no time at all.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/now.h"
#include "base/random.h"
#include "cache/cache.h"
#include "message.h"
#include "resolver/resolver.h"
#include "scenario.h"
#include "settings.h"

#define SIM_NEVER UINT64_MAX

/* An upstream query from its sending until the resolver cancels the exchange. */
struct sim_exchange {
	uint64_t id;
	struct hf_address server;
	struct sim_message *query;
	uint8_t *reply; /* NULL: none is to come */
	size_t reply_length;
	uint64_t due_ns;
};

/* An upstream query as remembered for CHECK_OUT_QUERY. */
struct sim_sent {
	struct hf_address server;
	struct sim_message *query;
	bool checked;
};

struct sim_world {
	struct sim_scenario *scenario;
	const struct sim_settings *settings;
	struct hf_cache *cache;
	struct hf_resolver *resolver;
	struct hf_random random;
	uint64_t random_state;
	struct hf_now now;
	size_t step;	       /* index of the step being played: its one-shot replies and the later ones count */
	unsigned range_number; /* ranges are chosen by this step number */
	struct sim_exchange *exchanges;
	size_t exchange_count;
	struct sim_sent *sent; /* since sim_world_forget_sent() */
	size_t sent_count;
	unsigned queries;  /* sent upstream in all */
	FILE *story;	   /* dated lines of what happened; never NULL */
	unsigned unmatched; /* queries for which a server had no entry */
	bool broken;	   /* the core did what cannot be; `fault` says what */
	char fault[256];
	void (*on_answer)(void *state, const struct hf_action *action);
	void *on_answer_state;
};

/* Registers the calling thread with QSBR until sim_world_end(). False without memory. */
bool sim_world_begin(struct sim_world *world, struct sim_scenario *scenario, const struct sim_settings *settings,
		     uint64_t seed, FILE *story);
void sim_world_end(struct sim_world *world);

/* Lets things happen until `until_ns`, or until `done` says so (NULL: never) and nothing more is due at that instant. */
void sim_world_run(struct sim_world *world, uint64_t until_ns, bool (*done)(void *state), void *state);

/* An entry's reply to the oldest query that waits without one and matches; false when there is none. */
bool sim_world_reply_pending(struct sim_world *world, struct sim_step *step);
/* Jumps to the resolver's next deadline; false when no query waits for a reply. */
bool sim_world_time_out(struct sim_world *world);
size_t sim_world_pending(const struct sim_world *world); /* queries without a reply so far */
/* The oldest query sent that matches and was not looked at before; NULL for none. */
const struct sim_sent *sim_world_find_sent(struct sim_world *world, const struct sim_step *step);
void sim_world_forget_sent(struct sim_world *world);
void sim_world_tell(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
