// SPDX-License-Identifier: BSD-3-Clause
/* Plays one scenario; see play.h.
 *
 * Deckard's dialect: a QUERY step ends when its client has its answer or has waited long enough. Testbound's: it ends as soon as
 * nothing more is due at that instant, ranges are chosen by the number of the step that follows, and time moves only
 * by TIME_PASSES and TIMEOUT (and while CHECK_ANSWER still waits for an answer). A TIMEOUT step before the
 * answer is checked makes a query of Deckard's dialect not wait either.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "client.h"
#include "expression.h"
#include "play.h"
#include "settings.h"
#include "target.h"
#include "world.h"

/* How long a CHECK_OUT_QUERY without an entry lets things happen. */
#define SHORT_PAUSE_NS (100 * HF_NS_PER_MS)

struct play {
	const struct sim_options *options;
	struct sim_scenario *scenario;
	struct sim_settings settings;
	struct sim_world world;
	struct sim_client client;
	unsigned checks; /* made so far */
	struct sim_variable *variables; /* their names are the steps' */
	size_t variable_count;
	FILE *why;
};

static bool fail(struct play *play, const struct sim_step *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool fail(struct play *play, const struct sim_step *step, const char *format, ...)
{
	va_list arguments;

	if (step)
		fprintf(play->why, "step %u %s (line %d): ", step->number, sim_step_kind_text(step->kind), step->line);
	va_start(arguments, format);
	vfprintf(play->why, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- steps ---- */

static bool times_out_before_check(const struct play *play, size_t index)
{
	for (size_t i = index + 1; i < play->scenario->step_count; i++) {
		enum sim_step_kind kind = play->scenario->steps[i].kind;

		if (kind == SIM_STEP_TIMEOUT || kind == SIM_STEP_NOTHING)
			return true;
		if (kind == SIM_STEP_QUERY || kind == SIM_STEP_CHECK_ANSWER)
			return false;
	}
	return false;
}

static void settle(struct play *play)
{
	sim_world_run(&play->world, play->world.now.mono_ns, NULL, NULL);
}

static bool play_query(struct play *play, size_t index)
{
	const struct sim_step *step = &play->scenario->steps[index];
	bool testbound = play->scenario->dialect == SIM_TESTBOUND;
	const struct sim_entry *entry = step->entry;
	uint8_t *bytes = entry->raw;
	size_t length = entry->raw_length;

	if (testbound && index + 1 < play->scenario->step_count)
		play->world.range_number = play->scenario->steps[index + 1].number;
	if (!bytes) {
		ldns_pkt *packet = ldns_pkt_clone(entry->packet);

		ldns_pkt_set_id(packet, (uint16_t)hf_random_u64(&play->world.random));
		/* testbound's clients speak EDNS only when they want DNSSEC */
		if (testbound && !ldns_pkt_edns_do(packet) && !ldns_pkt_edns_data(packet))
			ldns_pkt_set_edns_udp_size(packet, 0);
		bool written = sim_message_write(packet, &bytes, &length);
		ldns_pkt_free(packet);
		if (!written)
			return fail(play, step, "the entry cannot be written as a message\n");
	}
	sim_world_forget_sent(&play->world);
	sim_client_ask(&play->client, &step->address, bytes, length, entry->match & SIM_MATCH_TCP);
	if (!entry->raw)
		free(bytes);
	if (testbound || times_out_before_check(play, index))
		settle(play);
	else
		sim_client_wait(&play->client);
	return true;
}

static bool play_check_answer(struct play *play, const struct sim_step *step)
{
	bool testbound = play->scenario->dialect == SIM_TESTBOUND;
	struct sim_question *question = testbound ? sim_client_oldest(&play->client) : sim_client_last(&play->client);

	play->checks++;
	if (!question && !(question = sim_client_last(&play->client)))
		return fail(play, step, "no question was asked\n");
	if (!question->answered)
		sim_client_wait(&play->client); /* for the last one, which is the only one left to wait for */
	if (play->world.broken)
		return true; /* said by the caller */
	question = testbound ? sim_client_oldest(&play->client) : sim_client_last(&play->client);
	if (!question || !question->answered)
		return fail(play, step, "no answer within %d s\n", (int)(SIM_CLIENT_PATIENCE_NS / HF_NS_PER_SECOND));
	if (!question->reply)
		return fail(play, step, "the answer is no DNS message: %s\n", question->fault);
	question->checked = true;
	if (step->entry->raw) {
		if (step->entry->raw_length == question->reply->length &&
		    memcmp(step->entry->raw, question->reply->bytes, question->reply->length) == 0)
			return true;
		fail(play, step, "expected other octets, got");
		for (size_t i = 0; i < question->reply->length; i++)
			fprintf(play->why, " %02x", question->reply->bytes[i]);
		return fail(play, NULL, "\n");
	}
	char *reason = NULL;
	if (sim_check(step->entry, question->reply, &reason))
		return true;
	fail(play, step, "%s", reason);
	free(reason);
	return false;
}

static bool play_check_out_query(struct play *play, const struct sim_step *step)
{
	if (!step->entry) {
		sim_world_run(&play->world, play->world.now.mono_ns + SHORT_PAUSE_NS, NULL, NULL);
		return true;
	}
	play->checks++;
	settle(play);
	if (sim_world_find_sent(&play->world, step))
		return true;
	return fail(play, step, "no such query went out (%zu since the last QUERY)\n", play->world.sent_count);
}

static bool play_reply(struct play *play, struct sim_step *step)
{
	/* Deckard's: taken as soon as a query that it fits goes out, or left over */
	if (play->scenario->dialect == SIM_DECKARD || step->replied)
		return true;
	if (!sim_world_reply_pending(&play->world, step))
		return fail(play, step, "no query waits that this could reply to\n");
	settle(play);
	return true;
}

static bool value_of(struct play *play, const struct sim_step *step, double *value)
{
	static struct sim_variable none;
	uint64_t deadline = sim_target_deadline(&play->world), now = play->world.now.mono_ns;
	const struct sim_scope scope = {
		.variables = play->variables ? play->variables : &none,
		.count = play->variable_count,
		.time = (double)play->world.now.wall_s,
		.timeout = deadline == SIM_NEVER || deadline < now ? 0 : (double)(deadline - now) / 1e9,
	};

	return sim_expression_value(step->elapse, &scope, value) ||
	       fail(play, step, "no value in '%s'\n", step->elapse);
}

static bool play_assign(struct play *play, const struct sim_step *step)
{
	struct sim_variable *variable = NULL;
	double value;

	if (!value_of(play, step, &value))
		return false;
	for (size_t i = 0; i < play->variable_count && !variable; i++)
		if (strcmp(play->variables[i].name, step->variable) == 0)
			variable = &play->variables[i];
	if (!variable) {
		play->variables =
			realloc(play->variables, (play->variable_count + 1) * sizeof(*play->variables));
		variable = &play->variables[play->variable_count++];
		variable->name = step->variable;
	}
	variable->value = value;
	return true;
}

static bool play_time_passes(struct play *play, const struct sim_step *step)
{
	double seconds;

	if (!value_of(play, step, &seconds))
		return false;
	if (seconds < 0 || seconds > 1e9)
		return fail(play, step, "%g seconds cannot pass\n", seconds);
	sim_world_run(&play->world, play->world.now.mono_ns + (uint64_t)(seconds * HF_NS_PER_SECOND), NULL, NULL);
	return true;
}

static bool play_step(struct play *play, size_t index)
{
	struct sim_step *step = &play->scenario->steps[index];

	sim_world_tell(&play->world, "step %u %s", step->number, sim_step_kind_text(step->kind));
	play->world.step = index;
	play->world.range_number = step->number;
	switch (step->kind) {
	case SIM_STEP_QUERY:
		return play_query(play, index);
	case SIM_STEP_CHECK_ANSWER:
		return play_check_answer(play, step);
	case SIM_STEP_CHECK_OUT_QUERY:
		return play_check_out_query(play, step);
	case SIM_STEP_REPLY:
		return play_reply(play, step);
	case SIM_STEP_TIME_PASSES:
		return play_time_passes(play, step);
	case SIM_STEP_TIMEOUT:
		return sim_world_time_out(&play->world) || fail(play, step, "no query waits for a reply\n");
	case SIM_STEP_NOTHING:
		play->checks++;
		settle(play);
		return play->scenario->dialect == SIM_TESTBOUND || sim_world_pending(&play->world) == 0 ||
		       fail(play, step, "%zu queries wait for a reply\n", sim_world_pending(&play->world));
	case SIM_STEP_TRAFFIC:
		settle(play);
		return true;
	case SIM_STEP_ASSIGN:
		return play_assign(play, step);
	case SIM_STEP_CHECK_FILE:
		return fail(play, step, "no such file is written here\n");
	case SIM_STEP_INFRA_RTT:
	case SIM_STEP_FLUSH_MESSAGE:
	case SIM_STEP_EXPIRE_MESSAGE:
		sim_world_tell(&play->world, "   ignored: nothing corresponds to it");
		return true;
	}
	return true;
}

/* ---- the whole ---- */

static bool at_the_end(struct play *play)
{
	for (size_t i = 0; i < play->scenario->range_count; i++) {
		const struct sim_range *range = &play->scenario->ranges[i];

		for (size_t k = 0; k < range->entry_count; k++)
			if (range->entries[k].mandatory && !range->entries[k].fired)
				return fail(play, NULL, "the mandatory entry of line %d was never asked for\n",
					    range->entries[k].line);
	}
	if (play->options->strict && play->world.unmatched)
		return fail(play, NULL, "%u queries that their server has no entry for (--strict)\n",
			    play->world.unmatched);
	if (play->settings.queries_at_most && play->world.queries > play->settings.queries_at_most)
		return fail(play, NULL, "%u upstream queries, at most %u were expected\n", play->world.queries,
			    play->settings.queries_at_most);
	if (!play->checks)
		return fail(play, NULL, "the scenario checks nothing\n");
	return true;
}

static bool play_all(struct play *play)
{
	for (size_t i = 0; i < play->scenario->step_count; i++) {
		bool good = play_step(play, i);

		if (play->world.broken)
			return fail(play, &play->scenario->steps[i], "%s\n", play->world.fault);
		if (!good)
			return false;
	}
	return at_the_end(play);
}

static void play_world(struct play *play, FILE *story, struct sim_result *result)
{
	struct sim_world *world = &play->world;

	sim_world_begin(world, play->scenario, &play->settings, play->options->seed, story);
	sim_client_begin(&play->client, world);
	if (sim_target_begin(world))
		result->passed = play_all(play);
	else
		fail(play, NULL, "%s\n", world->fault);
	bool broken = world->broken;
	sim_target_end(world, play->why);
	if (world->broken && !broken)
		result->passed = fail(play, NULL, "%s\n", world->fault);
	result->unmatched = world->unmatched;
	result->queries = world->queries;
	sim_client_end(&play->client);
	sim_world_end(world);
	free(play->variables);
}

void sim_play(const char *path, const struct sim_options *options, FILE *story, struct sim_result *result)
{
	struct play play = {.options = options};
	char fault[SIM_FAULT_MAX] = "";
	size_t size;

	*result = (struct sim_result){0};
	play.why = open_memstream(&result->reason, &size);
	play.scenario = sim_scenario_read(path, fault);
	if (!play.scenario) {
		fprintf(play.why, "%s\n", fault);
	} else {
		if (!sim_settings_read(play.scenario, &play.settings, fault)) {
			fprintf(play.why, "%s\n", fault);
		} else {
			play_world(&play, story, result);
		}
		result->ignored = play.settings.ignored;
		play.settings.ignored = NULL;
		sim_settings_end(&play.settings);
		sim_scenario_free(play.scenario);
	}
	fclose(play.why);
}

void sim_result_end(struct sim_result *result)
{
	free(result->reason);
	free(result->ignored);
}
