// SPDX-License-Identifier: BSD-3-Clause
/* The clients of a scenario: a query's octets in, a reply's octets out. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "message.h"
#include "world.h"

#define SIM_CLIENT_PATIENCE_NS (5 * HF_NS_PER_SECOND)
#define SIM_CLIENT_ADDRESS {192, 0, 2, 200} /* where the step does not say another */

struct sim_question {
	uint8_t *bytes;
	size_t length;
	bool tcp;
	struct hf_address from;
	uint64_t asked_ns;
	unsigned answered; /* 0: not yet; else the how-manieth answer this was */
	bool checked;
	struct sim_message *reply; /* NULL when nothing came or what came was no DNS message */
	const char *fault;	   /* why not */
	void *way;		   /* the target's */
};

struct sim_client {
	struct sim_world *world;
	struct sim_question *questions;
	size_t question_count;
	unsigned answers;
};

void sim_client_begin(struct sim_client *client, struct sim_world *world);
void sim_client_end(struct sim_client *client); /* after the target's end */
/* `from` of family 0: SIM_CLIENT_ADDRESS. Asks over UDP, and again over TCP when the reply is truncated, unless `tcp` already. Does not wait. */
void sim_client_ask(struct sim_client *client, const struct hf_address *from, const uint8_t *bytes, size_t length, bool tcp);
/* Runs the world until the last question is answered or its client has waited long enough. */
void sim_client_wait(struct sim_client *client);
struct sim_question *sim_client_last(struct sim_client *client);    /* NULL before the first */
struct sim_question *sim_client_oldest(struct sim_client *client); /* answered first and not yet checked; NULL for none */

/* The target tells that this question's reply came. */
void sim_client_receive(struct sim_client *client, size_t question, const uint8_t *bytes, size_t length);
