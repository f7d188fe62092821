// SPDX-License-Identifier: BSD-3-Clause
/* The clients of a scenario; see client.h. */
#include <stdlib.h>
#include <string.h>
#include "client.h"
#include "target.h"

void sim_client_begin(struct sim_client *client, struct sim_world *world)
{
	*client = (struct sim_client){.world = world};
	world->client = client;
}

void sim_client_end(struct sim_client *client)
{
	for (size_t i = 0; i < client->question_count; i++) {
		free(client->questions[i].bytes);
		sim_message_free(client->questions[i].reply);
	}
	free(client->questions);
}

void sim_client_receive(struct sim_client *client, size_t number, const uint8_t *bytes, size_t length)
{
	struct sim_question *question = &client->questions[number];

	sim_world_tell(client->world, "   client %zu gets %zu octets", number, length);
	if (question->answered) {
		sim_world_break(client->world, "client %zu got a second reply", number);
		return;
	}
	question->answered = ++client->answers;
	question->reply = sim_message_read(bytes, length, question->tcp, &question->fault);
}

void sim_client_ask(struct sim_client *client, const struct hf_address *from, const uint8_t *bytes, size_t length, bool tcp)
{
	static const struct hf_address usual = {.family = 4, .bytes = SIM_CLIENT_ADDRESS};

	client->questions = realloc(client->questions, (client->question_count + 1) * sizeof(*client->questions));
	struct sim_question *question = &client->questions[client->question_count++];
	*question = (struct sim_question){
		.bytes = malloc(length + 1), .length = length, .tcp = tcp, .from = from->family ? *from : usual,
		.asked_ns = client->world->now.mono_ns};
	question->from.port = 40000;
	memcpy(question->bytes, bytes, length);
	sim_target_ask(client->world, client->question_count - 1);
}

static bool last_is_answered(void *state)
{
	return sim_client_last(state)->answered;
}

void sim_client_wait(struct sim_client *client)
{
	struct sim_question *last = sim_client_last(client);

	sim_world_run(client->world, last->asked_ns + SIM_CLIENT_PATIENCE_NS, last_is_answered, client);
	if (last->reply && !last->tcp && ldns_pkt_tc(last->reply->packet)) {
		sim_world_tell(client->world, "   truncated: the client asks again over TCP");
		sim_message_free(last->reply);
		last->reply = NULL;
		last->answered = 0;
		last->tcp = true;
		sim_target_ask(client->world, client->question_count - 1);
		sim_world_run(client->world, last->asked_ns + SIM_CLIENT_PATIENCE_NS, last_is_answered, client);
	}
}

struct sim_question *sim_client_last(struct sim_client *client)
{
	return client->question_count ? &client->questions[client->question_count - 1] : NULL;
}

struct sim_question *sim_client_oldest(struct sim_client *client)
{
	struct sim_question *oldest = NULL;

	for (size_t i = 0; i < client->question_count; i++) {
		struct sim_question *question = &client->questions[i];

		if (question->answered && !question->checked && (!oldest || question->answered < oldest->answered))
			oldest = question;
	}
	return oldest;
}
