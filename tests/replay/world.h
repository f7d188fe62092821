// SPDX-License-Identifier: BSD-3-Clause
/* The world of a scenario: a clock that jumps, servers that reply by the scenario, and what goes to and fro between them and
 * the target (target.h), which is the core in this process or the daemon on sockets.
 *
 * Time stands still while anything is due; then it jumps to the next due reply or to the target's next deadline.
 * Replies without sleep= take no time at all.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/now.h"
#include "base/random.h"
#include "message.h"
#include "scenario.h"
#include "settings.h"

#define SIM_NEVER UINT64_MAX
#define SIM_BEGIN_NS (1000 * HF_NS_PER_SECOND) /* the monotonic clock at step 0 */

struct sim_client;
struct sim_target;

/* An upstream query from its sending until the target waits for no reply any more. */
struct sim_exchange {
	uint64_t id; /* the target's */
	struct hf_address server;
	struct sim_message *query;
	uint8_t *reply; /* NULL: none is to come */
	struct sim_entry *extra; /* what comes behind the reply; NULL: nothing */
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
	struct sim_target *target;
	struct sim_client *client;
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
	bool broken;	   /* the target did what cannot be; `fault` says what */
	char fault[SIM_FAULT_MAX];
};

void sim_world_begin(struct sim_world *world, struct sim_scenario *scenario, const struct sim_settings *settings,
		     uint64_t seed, FILE *story);
void sim_world_end(struct sim_world *world);

/* Lets things happen until `until_ns`, or until `done` says so (NULL: never) and nothing more is due at that instant. */
void sim_world_run(struct sim_world *world, uint64_t until_ns, bool (*done)(void *state), void *state);

/* An entry's reply to the oldest query that waits without one and matches; false when there is none. */
bool sim_world_reply_pending(struct sim_world *world, struct sim_step *step);
/* Jumps to the target's next deadline; false when no query waits for a reply. */
bool sim_world_time_out(struct sim_world *world);
size_t sim_world_pending(const struct sim_world *world); /* exchanges without a reply on its way */

/* The first query sent that matches the entry and was not checked before, or NULL. */
const struct sim_sent *sim_world_find_sent(struct sim_world *world, const struct sim_step *step);
void sim_world_forget_sent(struct sim_world *world);

/* What the target tells while it settles. */
void sim_world_open(struct sim_world *world, uint64_t id, const struct hf_address *server, bool tcp,
		    const uint8_t *message, size_t length); /* a query went out */
bool sim_world_close(struct sim_world *world, uint64_t id); /* its reply is not waited for; false: no such exchange */

/* The first fault of the target counts. */
void sim_world_break(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_world_tell(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
