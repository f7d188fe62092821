// SPDX-License-Identifier: BSD-3-Clause
/* The scenario's servers: which entry replies to an upstream query, and how the reply's octets come to be. */
#pragma once
#include <stdbool.h>
#include "check.h"
#include "scenario.h"
#include "world.h"

/* Gives the exchange its reply, due now or after the entry's sleep; none when its server is a black hole.
 * In order: the first range of this step and address, and in it the first entry that matches; the first one-shot reply of this step or a later one that
 * matches (Deckard's dialect; testbound's are given at their own step); SERVFAIL when the server has a range but no entry. */
void sim_server_reply(struct sim_world *world, struct sim_exchange *exchange);

/* Could this step's entry reply to the exchange? */
bool sim_server_step_fits(const struct sim_step *step, const struct sim_exchange *exchange);
void sim_server_give(struct sim_world *world, struct sim_exchange *exchange, struct sim_entry *entry);
