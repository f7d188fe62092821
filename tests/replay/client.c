// SPDX-License-Identifier: BSD-3-Clause
/* The clients of a scenario; see client.h. */
#include <stdlib.h>
#include <string.h>
#include "client.h"
#include "wire/reply.h"

/* Room for what UDP can carry. */
static uint8_t reply_bytes[HF_MESSAGE_MAX];

static void receive(struct sim_client *client, struct sim_question *question, size_t length)
{
	const char *fault = NULL;

	question->answered = ++client->answers;
	sim_message_free(question->reply);
	question->reply = sim_message_read(reply_bytes, length, question->tcp, &fault);
	question->fault = fault;
}

static void reply_error(struct sim_client *client, struct sim_question *question, unsigned rcode)
{
	receive(client, question,
		hf_reply_write_error(&question->query, rcode, NULL, 0, &client->world->settings->reply, reply_bytes,
				     sizeof(reply_bytes)));
}

/* From the packet to a reply from the cache, an error, or the resolver. */
static void serve(struct sim_client *client, struct sim_question *question)
{
	struct sim_world *world = client->world;
	struct hf_query *query = &question->query;

	switch (hf_query_parse(question->bytes, question->length, query)) {
	case HF_QUERY_DROP:
		return;
	case HF_QUERY_FORMERR:
		reply_error(client, question, HF_RCODE_FORMERR);
		return;
	case HF_QUERY_NOTIMP:
		reply_error(client, question, HF_RCODE_NOTIMP);
		return;
	case HF_QUERY_BADVERS:
		reply_error(client, question, HF_RCODE_BADVERS);
		return;
	case HF_QUERY_OK:
		break;
	}
	__u64 key[2];
	hf_question_key((const __u64 *)hf_cache_secret(world->cache), query->name, query->name_length, query->qtype,
			query->qclass, query->reply_class, key);
	const struct hf_answer_record *record =
		hf_cache_answer(world->cache, (const uint64_t *)key, query->name, query->name_length, world->now);
	if (record) {
		sim_world_tell(world, "   from the answer cache");
		receive(client, question,
			hf_reply_write(record, query, NULL, 0, question->tcp, &world->settings->reply, world->now,
				       reply_bytes, sizeof(reply_bytes)));
		/* a hit in the last tenth of the TTL has the entry fetched anew */
		if (world->settings->resolver.prefetch &&
		    record->fresh_until_ns - world->now.mono_ns < (record->fresh_until_ns - record->base_ns) / 10)
			hf_resolver_prefetch(world->resolver, query->name, query->qtype, query->qclass, world->now);
		return;
	}
	if (!(query->flags & HF_FLAG_RD) || query->qclass != HF_CLASS_IN) {
		reply_error(client, question, HF_RCODE_REFUSED);
		return;
	}
	hf_resolver_ask(world->resolver, (uint64_t)(question - client->questions), query, world->now);
}

static void on_answer(void *state, const struct hf_action *action)
{
	struct sim_client *client = state;
	struct sim_world *world = client->world;

	if (action->answer.client >= client->question_count || client->questions[action->answer.client].answered) {
		world->broken = true;
		snprintf(world->fault, sizeof(world->fault), "the resolver answered a client that does not wait");
		return;
	}
	struct sim_question *question = &client->questions[action->answer.client];
	size_t length = hf_reply_write(action->answer.record, &question->query, action->answer.edes,
				       action->answer.ede_count, question->tcp, &world->settings->reply, world->now,
				       reply_bytes, sizeof(reply_bytes));
	sim_world_tell(world, "   client %u gets %zu octets", (unsigned)action->answer.client, length);
	receive(client, question, length);
}

void sim_client_begin(struct sim_client *client, struct sim_world *world)
{
	*client = (struct sim_client){.world = world};
	world->on_answer = on_answer;
	world->on_answer_state = client;
}

void sim_client_end(struct sim_client *client)
{
	for (size_t i = 0; i < client->question_count; i++) {
		free(client->questions[i].bytes);
		sim_message_free(client->questions[i].reply);
	}
	free(client->questions);
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
