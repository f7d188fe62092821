// SPDX-License-Identifier: BSD-3-Clause
/* The clients of a scenario; see client.h. */
#include <stdlib.h>
#include <string.h>
#include "client.h"
#include "wire/reply.h"

#define TICKETS 1024

static uint8_t reply_bytes[HF_MESSAGE_MAX];

static void receive(struct sim_client *client, struct sim_question *question, const uint8_t *bytes, size_t length)
{
	const char *fault = NULL;

	question->answered = ++client->answers;
	sim_message_free(question->reply);
	question->reply = sim_message_read(bytes, length, question->tcp, &fault);
	question->fault = fault;
}

/* As the daemon's resolver thread does. */
static void take_mail(struct sim_client *client)
{
	for (struct hf_mail *mail; (mail = hf_mailbox_take(&client->mailbox));) {
		struct hf_ticket *ticket = (struct hf_ticket *)mail; /* its first member */
		const struct hf_query *query = &ticket->query;

		if (mail->kind == HF_MAIL_PREFETCH) {
			hf_resolver_prefetch(client->world->resolver, query->name, query->qtype, query->qclass,
					     client->world->now);
			hf_mailbox_post(mail->home, mail);
		} else {
			hf_resolver_ask(client->world->resolver, (uint64_t)(uintptr_t)ticket, query, client->world->now);
		}
	}
}

static void serve(struct sim_client *client, struct sim_question *question)
{
	struct hf_serve *way = question->tcp ? client->tcp : client->udp;
	struct hf_request request = {
		.packet = question->bytes, .length = question->length, .reply = reply_bytes,
		.capacity = sizeof(reply_bytes),
		.client = {.family = 4, .port = 40000, .bytes = {192, 0, 2, 200}}};

	hf_serve_burst(way, &request, 1, client->world->now);
	switch (request.outcome) {
	case HF_OUTCOME_DROP:
		sim_world_tell(client->world, "   dropped");
		break;
	case HF_OUTCOME_REPLY:
		sim_world_tell(client->world, "   replied at once: %zu octets", request.reply_length);
		receive(client, question, reply_bytes, request.reply_length);
		break;
	case HF_OUTCOME_MISS:
		question->ticket = hf_serve_take_ticket(way, &request, client->world->now);
		if (question->ticket)
			hf_serve_submit(way, question->ticket);
		break;
	}
	take_mail(client);
	/* refetched tickets are given back */
	hf_serve_next_answer(way);
}

static void on_answer(void *state, const struct hf_action *action)
{
	struct sim_client *client = state;
	struct sim_world *world = client->world;
	struct hf_ticket *ticket = (struct hf_ticket *)(uintptr_t)action->answer.client;
	struct sim_question *question = NULL;

	for (size_t i = 0; i < client->question_count; i++)
		if (client->questions[i].ticket == ticket)
			question = &client->questions[i];
	if (!question) {
		world->broken = true;
		snprintf(world->fault, sizeof(world->fault), "the resolver answered a client that does not wait");
		return;
	}
	size_t length = hf_reply_write(action->answer.record, &ticket->query, action->answer.edes,
				       action->answer.ede_count, question->tcp, &world->settings->reply, world->now,
				       reply_bytes, sizeof(reply_bytes));
	sim_world_tell(world, "   client %zu gets %zu octets", (size_t)(question - client->questions), length);
	receive(client, question, reply_bytes, length);
	question->ticket = NULL;
	hf_serve_release(question->tcp ? client->tcp : client->udp, ticket);
}

bool sim_client_begin(struct sim_client *client, struct sim_world *world)
{
	const uint64_t *secret = hf_cache_secret(world->cache);

	*client = (struct sim_client){
		.world = world,
		.settings = {.edns_size = world->settings->reply.edns_size,
			     .prefetch = world->settings->resolver.prefetch,
			     .allow_snoop = true},
		.mailbox = {.event_fd = -1},
		.dispatch = {.count = 1, .secret = {secret[0], secret[1]}}};
	client->mailboxes[0] = &client->mailbox;
	client->dispatch.mailboxes = client->mailboxes;
	world->on_answer = on_answer;
	world->on_answer_state = client;
	if (!hf_mailbox_init(&client->mailbox))
		return false;
	client->udp = hf_serve_new(world->cache, &client->settings, &client->dispatch, TICKETS, NULL, false);
	client->tcp = hf_serve_new(world->cache, &client->settings, &client->dispatch, TICKETS, NULL, true);
	return client->udp && client->tcp;
}

void sim_client_end(struct sim_client *client)
{
	for (size_t i = 0; i < client->question_count; i++) {
		struct sim_question *question = &client->questions[i];

		if (question->ticket)
			hf_serve_release(question->tcp ? client->tcp : client->udp, question->ticket);
		free(question->bytes);
		sim_message_free(question->reply);
	}
	free(client->questions);
	hf_serve_free(client->udp);
	hf_serve_free(client->tcp);
	hf_mailbox_fini(&client->mailbox);
}

void sim_client_ask(struct sim_client *client, const uint8_t *bytes, size_t length, bool tcp)
{
	client->questions = realloc(client->questions, (client->question_count + 1) * sizeof(*client->questions));
	struct sim_question *question = &client->questions[client->question_count++];
	*question = (struct sim_question){
		.bytes = malloc(length + 1), .length = length, .tcp = tcp, .asked_ns = client->world->now.mono_ns};
	memcpy(question->bytes, bytes, length);
	serve(client, question);
}

static bool last_is_answered(void *state)
{
	struct sim_client *client = state;

	return client->questions[client->question_count - 1].answered;
}

void sim_client_wait(struct sim_client *client)
{
	struct sim_question *last = sim_client_last(client);

	sim_world_run(client->world, last->asked_ns + SIM_CLIENT_PATIENCE_NS, last_is_answered, client);
	last = sim_client_last(client);
	if (last->reply && !last->tcp && ldns_pkt_tc(last->reply->packet)) {
		sim_world_tell(client->world, "   truncated: the client asks again over TCP");
		last->answered = 0;
		last->tcp = true;
		serve(client, last);
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
