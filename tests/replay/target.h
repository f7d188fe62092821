// SPDX-License-Identifier: BSD-3-Clause
/* What a scenario is played against. Two programs are linked from the same players and one of two targets: `sim` has the core in
 * its own process (core.c), `network` the daemon on sockets in a network namespace (network.c).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "client.h"
#include "world.h"

/* Whether a target can be made here at all; false with errno, `what` then says what could not be done. */
bool sim_target_can_begin(const char **what);

/* Sets world->target. False with world->broken and its fault; sim_target_end() is right also then. */
bool sim_target_begin(struct sim_world *world);
/* Breaks the world when the target does not end as it should. What the target itself has to say about a broken world goes to `why`. */
void sim_target_end(struct sim_world *world, FILE *why);

/* Returns when all that is due at this instant has happened. What went out was told by sim_world_open(), exchanges that are over by
 * sim_world_close(), answers by sim_client_receive(). */
void sim_target_settle(struct sim_world *world);
/* The target's own next deadline, monotonic; SIM_NEVER for none. Only right after settling. */
uint64_t sim_target_deadline(struct sim_world *world);
/* world->now moved. `due`: the deadline was reached. */
void sim_target_advance(struct sim_world *world, bool due);
/* Gives the target the exchange's reply, which is then gone; the exchange may be over. */
void sim_target_deliver(struct sim_world *world, struct sim_exchange *exchange);
/* Hands the target a client's question, by its number among client->questions. */
void sim_target_ask(struct sim_world *world, size_t question);
