// SPDX-License-Identifier: BSD-3-Clause
/* holdfast's core on each case: a cache and a resolver of its own, the client asks with DO, the servers' replies are there at once.
 *
 *   mutation-holdfast CORPUS CASES [--asked]      one line a case; --asked: what was asked instead of what had no reply
 *
 * Every answer is asked for a second time: what the cache then gives must have the same verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <urcu-qsbr.h>
#include "cache/cache.h"
#include "corpus.h"
#include "resolver/resolver.h"
#include "wire/reply.h"

enum { EVENTS_MAX = 2000, PENDING_MAX = 64 };

struct run {
	struct corpus_case *asked;
	struct hf_resolver *resolver;
	struct hf_now now;
	struct hf_query query;
	uint8_t question[300];
	struct {
		uint64_t exchange;
		struct hf_address server;
		uint8_t query[600];
		size_t length;
	} pending[PENDING_MAX];
	unsigned pending_count;
	uint8_t reply[HF_MESSAGE_MAX];
	size_t reply_length;
	char edes[1024], notes[8192];
};

static struct corpus corpus;
static bool note_all;
static struct hf_arena *arena;
static const struct hf_rrset *hints[2];
static struct hf_anchors *anchors;

static void fill(void *state, void *out, size_t length)
{
	uint64_t *seed = state;
	uint8_t *bytes = out;

	for (size_t i = 0; i < length; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(*seed >> 56);
	}
}

static void fail(const char *what)
{
	fprintf(stderr, "mutation-holdfast: %s\n", what);
	exit(2);
}

static const struct hf_rrset *make_set(const char *owner_text, uint16_t type, const void *bytes, size_t length)
{
	uint8_t owner[HF_NAME_MAX];
	const struct hf_rdata rdata = {.bytes = bytes, .length = (uint16_t)length};
	const struct hf_rrset *set;

	if (hf_name_from_text(owner_text, owner) == 0)
		fail("a name of the setting");
	set = hf_rrset_make(arena, owner, type, HF_CLASS_IN, 3600, &rdata, 1, 0);
	if (!set)
		fail("no memory");
	return set;
}

static void set_the_stage(void)
{
	static const uint8_t root[] = "\1a\4root", address[] = {198, 51, 100, 1};
	const struct hf_rrset *ds;

	arena = hf_arena_new(1 << 20);
	if (!arena)
		fail("no memory");
	hints[0] = make_set(".", HF_TYPE_NS, root, sizeof(root));
	hints[1] = make_set("a.root.", HF_TYPE_A, address, sizeof(address));
	ds = make_set(".", HF_TYPE_DS, corpus.ds, corpus.ds_length);
	anchors = hf_anchors_new(&ds, 1);
	if (!anchors)
		fail("no trust anchor could be made");
}

static void answer(struct run *run, const struct hf_action *action)
{
	const struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = 4096};

	run->edes[0] = '\0';
	for (unsigned i = 0; i < action->answer.ede_count; i++) {
		size_t used = strlen(run->edes);

		snprintf(run->edes + used, sizeof(run->edes) - used, "%s%u %s", i ? "; " : "", action->answer.edes[i].code,
			 action->answer.edes[i].text ? action->answer.edes[i].text : "");
	}
	run->reply_length = hf_reply_write(action->answer.record, &run->query, action->answer.edes, action->answer.ede_count, true,
					   &options, run->now, run->reply, sizeof(run->reply));
	if (run->reply_length == 0)
		fail("an answer could not be written");
}

static void carry_out(struct run *run)
{
	for (struct hf_action action; (action = hf_resolver_next_action(run->resolver)).kind != HF_ACTION_NONE;) {
		switch (action.kind) {
		case HF_ACTION_SEND:
			if (run->pending_count == PENDING_MAX || action.send.length > sizeof(run->pending[0].query))
				fail("too many or too long queries");
			run->pending[run->pending_count].exchange = action.send.exchange;
			run->pending[run->pending_count].server = action.send.server;
			run->pending[run->pending_count].length = action.send.length;
			memcpy(run->pending[run->pending_count++].query, action.send.message, action.send.length);
			break;
		case HF_ACTION_CANCEL:
			for (unsigned i = 0; i < run->pending_count; i++)
				if (run->pending[i].exchange == action.cancel.exchange) {
					memmove(&run->pending[i], &run->pending[i + 1],
						(--run->pending_count - i) * sizeof(run->pending[0]));
					break;
				}
			break;
		case HF_ACTION_ANSWER:
			answer(run, &action);
			break;
		case HF_ACTION_NONE:
			break;
		}
	}
	rcu_quiescent_state();
}

/* The oldest query gets its reply. */
static void deliver(struct run *run)
{
	uint64_t exchange = run->pending[0].exchange;
	struct hf_address server = run->pending[0].server;
	uint32_t address = (uint32_t)server.bytes[0] << 24 | (uint32_t)server.bytes[1] << 16 | (uint32_t)server.bytes[2] << 8 |
			   server.bytes[3];
	unsigned level = address - CORPUS_ADDRESS(0);
	static uint8_t message[65536];
	size_t length = run->pending[0].length;
	const struct corpus_reply *found = NULL;

	if (server.family == 4 && level < CORPUS_LEVELS)
		found = corpus_find(&corpus, run->asked, level, run->pending[0].query, length);
	if (note_all || !found)
		corpus_note(run->notes, sizeof(run->notes), level, run->pending[0].query, length);
	memcpy(message, run->pending[0].query, length);
	if (found) {
		memcpy(message + 2, found->message + 2, found->length - 2u);
		length = found->length;
	} else {
		message[2] |= 0x80;
		message[3] = HF_RCODE_REFUSED;
	}
	run->now.mono_ns += HF_NS_PER_MS;
	hf_resolver_reply(run->resolver, exchange, &server, message, length, run->now);
}

/* Fills run->reply; false when there was no answer. */
static bool ask(struct run *run)
{
	uint8_t packet[400];
	size_t length = hf_query_write(packet, sizeof(packet), 7, HF_FLAG_RD, run->asked->name, run->asked->type, HF_CLASS_IN, 4096, true);

	run->reply_length = 0;
	if (hf_query_parse(packet, length, &run->query) != HF_QUERY_OK)
		fail("a question that is none");
	memcpy(run->question, run->query.question, run->query.question_length);
	run->query.question = run->question;
	hf_resolver_ask(run->resolver, 1, &run->query, run->now);
	carry_out(run);
	for (unsigned i = 0; i < EVENTS_MAX && run->reply_length == 0; i++) {
		if (run->pending_count) {
			deliver(run);
		} else {
			uint64_t deadline = hf_resolver_next_deadline(run->resolver);

			if (deadline == UINT64_MAX)
				return false;
			if (deadline > run->now.mono_ns)
				run->now.mono_ns = deadline;
			hf_resolver_tick(run->resolver, run->now);
		}
		carry_out(run);
	}
	return run->reply_length > 0;
}

static const char *verdict_of(const struct run *run)
{
	if ((run->reply[3] & 15) == HF_RCODE_SERVFAIL)
		return "bogus";
	return run->reply[3] & 0x20 ? "secure" : "insecure";
}

static void resolve(struct corpus_case *asked)
{
	static struct run run;
	const struct hf_cache_config cache_config = {
		.bytes = 1 << 20, .answer_share = 40, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2}};
	uint64_t seed = asked->number;
	const struct hf_random random = {fill, &seed};
	struct hf_cache *cache = hf_cache_new(&cache_config);
	struct hf_resolver_config config;
	const char *first;

	memset(&run, 0, sizeof(run));
	hf_resolver_config_defaults(&config);
	config.hints = hints;
	config.hint_count = 2;
	config.prime = false;
	config.use_ipv6 = false;
	config.qname_minimisation = false;
	config.case_randomization = false;
	config.server_cookies = false;
	config.server_order_randomization = false;
	config.trust_anchor_signals = false;
	config.max_clients = 8;
	config.anchors = anchors;
	run.asked = asked;
	run.now = (struct hf_now){.mono_ns = 1000 * HF_NS_PER_SECOND, .wall_s = corpus.now_s};
	run.resolver = cache ? hf_resolver_new(&config, cache, &random) : NULL;
	if (!run.resolver)
		fail("no memory");
	if (!ask(&run))
		fail("a client got no answer");
	first = verdict_of(&run);
	if (run.notes[0] && !note_all)
		run.notes[sizeof(run.notes) - 1] = '\0';
	corpus_tell(asked, first, run.notes, run.edes, run.reply, run.reply_length);
	if (!ask(&run))
		fail("a client got no second answer");
	if (strcmp(first, verdict_of(&run)) != 0)
		printf("%u\tsecond %s\n", asked->number, verdict_of(&run));
	hf_resolver_free(run.resolver);
	hf_cache_free(cache);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: mutation-holdfast CORPUS CASES [--asked]\n");
		return 2;
	}
	note_all = argc > 3 && strcmp(argv[3], "--asked") == 0;
	corpus_load(&corpus, argv[1]);
	corpus_load_cases(&corpus, argv[2]);
	rcu_register_thread();
	set_the_stage();
	for (uint32_t i = 0; i < corpus.case_count; i++)
		resolve(&corpus.cases[i]);
	hf_anchors_drop(anchors);
	hf_arena_free(arena);
	rcu_unregister_thread();
	return 0;
}
