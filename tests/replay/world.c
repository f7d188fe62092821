// SPDX-License-Identifier: BSD-3-Clause
/* The world of a scenario; see world.h. Servers' replies are made in server.c. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "server.h"
#include "target.h"
#include "world.h"

#define EVENTS_AT_ONE_INSTANT_MAX 20000

void sim_world_tell(struct sim_world *world, const char *format, ...)
{
	va_list arguments;

	fprintf(world->story, "  %10.3f  ", (double)(world->now.mono_ns - SIM_BEGIN_NS) / 1e9);
	va_start(arguments, format);
	vfprintf(world->story, format, arguments);
	va_end(arguments);
	fputc('\n', world->story);
}

void sim_world_break(struct sim_world *world, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!world->broken)
		vsnprintf(world->fault, sizeof(world->fault), format, arguments);
	va_end(arguments);
	world->broken = true;
}

/* splitmix64 (Steele et al. 2014): repeatable, and good enough to tell IDs apart. */
static void fill_random(void *state, void *out, size_t length)
{
	uint64_t *seed = state;

	for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
		uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		memcpy((char *)out + at, &z, length - at < sizeof(z) ? length - at : sizeof(z));
	}
}

void sim_world_begin(struct sim_world *world, struct sim_scenario *scenario, const struct sim_settings *settings,
		     uint64_t seed, FILE *story)
{
	*world = (struct sim_world){
		.scenario = scenario, .settings = settings, .random_state = seed, .story = story,
		.now = {.mono_ns = SIM_BEGIN_NS, .wall_s = settings->wall_s}};
	world->random = (struct hf_random){fill_random, &world->random_state};
}

static void end_exchange(struct sim_exchange *exchange)
{
	sim_message_free(exchange->query);
	free(exchange->reply);
}

void sim_world_end(struct sim_world *world)
{
	for (size_t i = 0; i < world->exchange_count; i++)
		end_exchange(&world->exchanges[i]);
	free(world->exchanges);
	sim_world_forget_sent(world);
	free(world->sent);
}

/* ---- upstream ---- */

void sim_world_open(struct sim_world *world, uint64_t id, const struct hf_address *server, bool tcp,
		    const uint8_t *message, size_t length)
{
	char text[HF_ADDRESS_TEXT_MAX];
	const char *fault = NULL;
	struct sim_message *query = sim_message_read(message, length, tcp, &fault);

	hf_address_to_text(server, text);
	if (!query) {
		sim_world_break(world, "what was sent to %s is no DNS message: %s", text, fault);
		return;
	}
	world->exchanges = realloc(world->exchanges, (world->exchange_count + 1) * sizeof(*world->exchanges));
	struct sim_exchange *exchange = &world->exchanges[world->exchange_count++];
	*exchange = (struct sim_exchange){.id = id, .server = *server, .query = query, .due_ns = SIM_NEVER};

	world->sent = realloc(world->sent, (world->sent_count + 1) * sizeof(*world->sent));
	world->sent[world->sent_count++] =
		(struct sim_sent){.server = *server, .query = sim_message_read(message, length, tcp, &fault)};
	world->queries++;

	char *question = NULL;
	size_t size;
	FILE *out = open_memstream(&question, &size);
	sim_message_print_question(out, query->packet);
	fclose(out);
	sim_world_tell(world, "-> %s%s %s", text, tcp ? " (TCP)" : "", question);
	free(question);
	sim_server_reply(world, exchange);
}

bool sim_world_close(struct sim_world *world, uint64_t id)
{
	for (size_t i = 0; i < world->exchange_count; i++)
		if (world->exchanges[i].id == id) {
			end_exchange(&world->exchanges[i]);
			memmove(&world->exchanges[i], &world->exchanges[i + 1],
				(--world->exchange_count - i) * sizeof(*world->exchanges));
			return true;
		}
	return false;
}

static void deliver(struct sim_world *world, struct sim_exchange *exchange)
{
	char server[HF_ADDRESS_TEXT_MAX];

	sim_world_tell(world, "<- %s %zu octets", hf_address_to_text(&exchange->server, server),
		       exchange->reply_length);
	uint64_t id = exchange->id;
	struct sim_entry *extra = exchange->extra;
	sim_target_deliver(world, exchange);
	if (!extra)
		return;
	sim_target_settle(world);
	for (size_t i = 0; i < world->exchange_count; i++)
		if (world->exchanges[i].id == id)
			sim_server_give(world, &world->exchanges[i], extra);
}

static struct sim_exchange *first_due(const struct sim_world *world)
{
	struct sim_exchange *first = NULL;

	for (size_t i = 0; i < world->exchange_count; i++)
		if (world->exchanges[i].reply && (!first || world->exchanges[i].due_ns < first->due_ns))
			first = &world->exchanges[i];
	return first;
}

/* ---- time ---- */

static void jump(struct sim_world *world, uint64_t to_ns, bool due)
{
	bool moved = to_ns > world->now.mono_ns;

	if (moved)
		world->now.mono_ns = to_ns;
	world->now.wall_s =
		world->settings->wall_s + (int64_t)((world->now.mono_ns - SIM_BEGIN_NS) / HF_NS_PER_SECOND);
	if (moved || due)
		sim_target_advance(world, due);
}

void sim_world_run(struct sim_world *world, uint64_t until_ns, bool (*done)(void *state), void *state)
{
	unsigned events = 0;

	for (;;) {
		sim_target_settle(world);
		if (world->broken)
			return;
		if (done && done(state))
			until_ns = world->now.mono_ns; /* what is due at this instant still happens */
		struct sim_exchange *exchange = first_due(world);
		uint64_t due = exchange ? exchange->due_ns : SIM_NEVER;
		uint64_t deadline = sim_target_deadline(world);
		uint64_t next = due < deadline ? due : deadline;

		if (next > until_ns) {
			jump(world, until_ns, false);
			return;
		}
		if (next > world->now.mono_ns)
			events = 0;
		if (++events > EVENTS_AT_ONE_INSTANT_MAX) {
			sim_world_break(world, "the resolver does not come to rest");
			return;
		}
		jump(world, next, deadline < due);
		if (due <= deadline)
			deliver(world, exchange);
	}
}

size_t sim_world_pending(const struct sim_world *world)
{
	size_t pending = 0;

	for (size_t i = 0; i < world->exchange_count; i++)
		pending += !world->exchanges[i].reply;
	return pending;
}

bool sim_world_time_out(struct sim_world *world)
{
	uint64_t deadline = sim_target_deadline(world);

	if (!sim_world_pending(world) || deadline == SIM_NEVER)
		return false;
	sim_world_run(world, deadline, NULL, NULL);
	return true;
}

bool sim_world_reply_pending(struct sim_world *world, struct sim_step *step)
{
	for (size_t i = 0; i < world->exchange_count; i++) {
		struct sim_exchange *exchange = &world->exchanges[i];

		if (!exchange->reply && sim_server_step_fits(step, exchange)) {
			sim_server_give(world, exchange, step->entry);
			step->replied = true;
			return true;
		}
	}
	return false;
}

/* ---- what was sent ---- */

const struct sim_sent *sim_world_find_sent(struct sim_world *world, const struct sim_step *step)
{
	for (size_t i = 0; i < world->sent_count; i++) {
		struct sim_sent *sent = &world->sent[i];

		if (!sent->checked && (!step->address.family || hf_address_equal(&step->address, &sent->server)) &&
		    (!step->entry || sim_check(step->entry, sent->query, NULL))) {
			sent->checked = true;
			return sent;
		}
	}
	return NULL;
}

void sim_world_forget_sent(struct sim_world *world)
{
	for (size_t i = 0; i < world->sent_count; i++)
		sim_message_free(world->sent[i].query);
	world->sent_count = 0;
}
