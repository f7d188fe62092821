// SPDX-License-Identifier: BSD-3-Clause
/* The core as a target: cache and resolver in this process, entered through the daemon's own request step (io/serve.h);
 * what its resolver thread does with a ticket is done here. All chance comes from the seed.
 */
#include <stdlib.h>
#include <string.h>
#include <urcu-qsbr.h>
#include "cache/cache.h"
#include "io/serve.h"
#include "resolver/resolver.h"
#include "target.h"
#include "wire/reply.h"

#define TICKETS 1024

struct sim_target {
	struct hf_cache *cache;
	struct hf_resolver *resolver;
	struct hf_serve_settings settings;
	struct hf_mailbox mailbox; /* of the resolver */
	struct hf_mailbox *mailboxes[1];
	struct hf_dispatch dispatch;
	struct hf_serve *udp, *tcp;
	uint8_t reply[HF_MESSAGE_MAX];
};

static void trace(void *state, struct hf_now now, const char *text)
{
	(void)now;
	sim_world_tell(state, "  %s", text);
}

bool sim_target_can_begin(const char **what)
{
	(void)what;
	return true;
}

bool sim_target_begin(struct sim_world *world)
{
	struct sim_target *target = world->target = calloc(1, sizeof(*target));
	const struct sim_settings *settings = world->settings;

	rcu_register_thread();
	target->mailbox.event_fd = -1;
	target->settings = (struct hf_serve_settings){
		.edns_size = settings->reply.edns_size, .prefetch = settings->resolver.prefetch, .access = settings->access,
		.local = settings->resolver.local};
	target->cache = hf_cache_new(&settings->cache);
	if (target->cache)
		target->resolver = hf_resolver_new(&settings->resolver, target->cache, &world->random);
	if (target->resolver && hf_mailbox_init(&target->mailbox)) {
		const uint64_t *secret = hf_cache_secret(target->cache);

		hf_resolver_set_trace(target->resolver, trace, world);
		target->mailboxes[0] = &target->mailbox;
		target->dispatch = (struct hf_dispatch){
			.count = 1, .mailboxes = target->mailboxes, .secret = {secret[0], secret[1]}};
		target->udp = hf_serve_new(target->cache, &target->settings, &target->dispatch, TICKETS, NULL, false);
		target->tcp = hf_serve_new(target->cache, &target->settings, &target->dispatch, TICKETS, NULL, true);
	}
	if (target->udp && target->tcp)
		return true;
	sim_world_break(world, "no cache, resolver or way in could be made");
	return false;
}

void sim_target_end(struct sim_world *world, FILE *why)
{
	struct sim_target *target = world->target;

	(void)why; /* the resolver's decisions are in the story */

	for (size_t i = 0; i < world->client->question_count; i++) {
		struct sim_question *question = &world->client->questions[i];

		if (question->way)
			hf_serve_release(question->tcp ? target->tcp : target->udp, question->way);
	}
	hf_serve_free(target->udp);
	hf_serve_free(target->tcp);
	hf_mailbox_fini(&target->mailbox);
	if (target->resolver)
		hf_resolver_free(target->resolver);
	rcu_unregister_thread();
	if (target->cache)
		hf_cache_free(target->cache);
	free(target);
	world->target = NULL;
}

/* ---- clients ---- */

/* As the daemon's resolver thread does. */
static void take_mail(struct sim_world *world)
{
	struct sim_target *target = world->target;

	for (struct hf_mail *mail; (mail = hf_mailbox_take(&target->mailbox));) {
		struct hf_ticket *ticket = (struct hf_ticket *)mail; /* its first member */
		const struct hf_query *query = &ticket->query;

		if (mail->kind == HF_MAIL_PREFETCH) {
			hf_resolver_prefetch(target->resolver, query, world->now);
			hf_mailbox_post(mail->home, mail);
		} else {
			hf_resolver_ask(target->resolver, (uint64_t)(uintptr_t)ticket, query, world->now);
		}
	}
}

void sim_target_ask(struct sim_world *world, size_t number)
{
	struct sim_target *target = world->target;
	struct sim_question *question = &world->client->questions[number];
	struct hf_serve *way = question->tcp ? target->tcp : target->udp;
	struct hf_request request = {
		.packet = question->bytes, .length = question->length, .reply = target->reply,
		.capacity = sizeof(target->reply),
		.client = question->from};
	struct hf_ticket *ticket;

	hf_serve_burst(way, &request, 1, world->now);
	switch (request.outcome) {
	case HF_OUTCOME_DROP:
		sim_world_tell(world, "   dropped");
		break;
	case HF_OUTCOME_REPLY:
		sim_world_tell(world, "   replied at once");
		sim_client_receive(world->client, number, target->reply, request.reply_length);
		break;
	case HF_OUTCOME_MISS:
		question->way = ticket = hf_serve_take_ticket(way, &request, world->now);
		if (ticket)
			hf_serve_submit(way, ticket);
		break;
	}
	take_mail(world);
	/* refetched tickets are given back */
	hf_serve_next_answer(way);
}

static void answer(struct sim_world *world, const struct hf_action *action)
{
	struct sim_target *target = world->target;
	struct sim_client *client = world->client;
	struct hf_ticket *ticket = (struct hf_ticket *)(uintptr_t)action->answer.client;
	struct sim_question *question = NULL;

	for (size_t i = 0; i < client->question_count; i++)
		if (client->questions[i].way == ticket)
			question = &client->questions[i];
	if (!question) {
		sim_world_break(world, "the resolver answered a client that does not wait");
		return;
	}
	size_t length = hf_reply_write(action->answer.record, &ticket->query, action->answer.edes,
				       action->answer.ede_count, question->tcp, &world->settings->reply, world->now,
				       target->reply, sizeof(target->reply));
	if (action->answer.dropped)
		sim_world_tell(world, "   dropped");
	else
		sim_client_receive(client, (size_t)(question - client->questions), target->reply, length);
	question->way = NULL;
	hf_serve_release(question->tcp ? target->tcp : target->udp, ticket);
}

/* ---- what the resolver wants done ---- */

void sim_target_settle(struct sim_world *world)
{
	struct sim_target *target = world->target;

	for (struct hf_action action; (action = hf_resolver_next_action(target->resolver)).kind != HF_ACTION_NONE;)
		switch (action.kind) {
		case HF_ACTION_SEND:
			sim_world_open(world, action.send.exchange, &action.send.server, action.send.tcp,
				       action.send.message, action.send.length);
			break;
		case HF_ACTION_CANCEL:
			if (!sim_world_close(world, action.cancel.exchange))
				sim_world_break(world, "the resolver cancelled an exchange that is not open");
			break;
		case HF_ACTION_ANSWER:
			answer(world, &action);
			break;
		case HF_ACTION_NONE:
			break;
		}
	rcu_quiescent_state();
	struct hf_cache_batch *batch = hf_cache_take_retired(target->cache);
	if (batch) {
		synchronize_rcu();
		hf_cache_free_retired(target->cache, batch);
	}
}

uint64_t sim_target_deadline(struct sim_world *world)
{
	return hf_resolver_next_deadline(world->target->resolver);
}

void sim_target_advance(struct sim_world *world, bool due)
{
	if (due)
		hf_resolver_tick(world->target->resolver, world->now);
}

void sim_target_deliver(struct sim_world *world, struct sim_exchange *exchange)
{
	/* the resolver may cancel the exchange, so nothing of it is used afterwards */
	uint64_t id = exchange->id;
	struct hf_address from = exchange->server;
	uint8_t *reply = exchange->reply;
	size_t length = exchange->reply_length;

	exchange->reply = NULL;
	exchange->due_ns = SIM_NEVER;
	hf_resolver_reply(world->target->resolver, id, &from, reply, length, world->now);
	free(reply);
}
