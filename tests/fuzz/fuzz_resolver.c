// SPDX-License-Identifier: BSD-3-Clause
/* The whole query step with the input as what servers do. Whatever they do: no crash, each client gets exactly one answer,
 * no more queries go out than the work limit allows, and nothing stays open.
 *
 * The input is a row of events, an octet of kind each:
 *   reply    u16 length, then header flags, the three counts, and what stands behind the question (ID and question are
 *            those of the newest query, so that the reply matches)
 *   raw      u16 length, then a message as it is
 *   timeout  the next deadline comes
 *   failed   the newest query's transport fails
 *   ask      another client asks; one octet says what
 */
#include <stdbool.h>
#include <string.h>
#include <urcu/urcu-qsbr.h>
#include "cache/cache.h"
#include "fuzz.h"
#include "resolver/resolver.h"
#include "wire/message.h"

enum { CLIENTS_MAX = 16, OPEN_MAX = 64, QUERIES_MAX = 40, EVENTS_MAX = 200 };
enum event { EVENT_REPLY, EVENT_RAW, EVENT_TIMEOUT, EVENT_FAILED, EVENT_ASK, EVENT_KINDS };

struct sent {
	uint64_t exchange;
	struct hf_address server;
	uint8_t message[600];
	size_t length;
};

static struct {
	struct hf_resolver *resolver;
	struct hf_now now;
	uint64_t seed;
	struct sent open[OPEN_MAX];
	unsigned open_count, sent_count, asked, answered;
	bool client_answered[CLIENTS_MAX];
} world;

static void fill(void *state, void *out, size_t length)
{
	uint64_t *seed = state;
	uint8_t *bytes = out;

	for (size_t i = 0; i < length; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(*seed >> 56);
	}
}

static void close_exchange(uint64_t exchange)
{
	for (unsigned i = 0; i < world.open_count; i++) {
		if (world.open[i].exchange == exchange) {
			memmove(&world.open[i], &world.open[i + 1],
				(world.open_count - i - 1) * sizeof(world.open[0]));
			world.open_count--;
			return;
		}
	}
	FUZZ_CHECK(!"an exchange is cancelled that is not open");
}

static void drain(void)
{
	struct hf_action action;

	while ((action = hf_resolver_next_action(world.resolver)).kind != HF_ACTION_NONE) {
		if (action.kind == HF_ACTION_SEND) {
			struct sent *sent = &world.open[world.open_count++];

			FUZZ_CHECK(world.open_count < OPEN_MAX);
			FUZZ_CHECK(action.send.length <= sizeof(sent->message));
			sent->exchange = action.send.exchange;
			sent->server = action.send.server;
			sent->length = action.send.length;
			memcpy(sent->message, action.send.message, sent->length);
			world.sent_count++;
		} else if (action.kind == HF_ACTION_CANCEL) {
			close_exchange(action.cancel.exchange);
		} else {
			FUZZ_CHECK(action.answer.client < CLIENTS_MAX && !world.client_answered[action.answer.client]);
			FUZZ_CHECK(action.answer.record);
			world.client_answered[action.answer.client] = true;
			world.answered++;
		}
	}
	urcu_qsbr_quiescent_state();
}

static void ask(uint8_t what)
{
	static const char *const names[] = {"www.example.", "a.b.c.example.", "example.", "alias.example.net."};
	static const uint16_t types[] = {HF_TYPE_A, HF_TYPE_NS, HF_TYPE_ANY, HF_TYPE_DS, HF_TYPE_HTTPS, HF_TYPE_CNAME, HF_TYPE_AAAA, HF_TYPE_TXT};
	struct hf_query query = {.flags = what & 0x80 ? 0 : HF_FLAG_RD, .qclass = HF_CLASS_IN, .reply_class = what >> 5 & 3};

	if (world.asked == CLIENTS_MAX)
		return;
	query.name_length = (uint8_t)hf_name_from_text(names[what & 3], query.name);
	query.qtype = types[(what >> 2 & 7) % (sizeof(types) / sizeof(types[0]))];
	if (query.qtype == HF_TYPE_AAAA)
		query.reply_class |= 1 << HF_REPLY_DNS64_SHIFT;
	hf_resolver_ask(world.resolver, world.asked++, &query, world.now);
}

static void reply(const uint8_t *data, size_t length, bool raw)
{
	uint8_t message[HF_MESSAGE_MAX];
	struct sent *sent;
	size_t question;

	if (!world.open_count)
		return;
	sent = &world.open[world.open_count - 1];
	if (raw) {
		hf_resolver_reply(world.resolver, sent->exchange, &sent->server, data, length, world.now);
		return;
	}
	question = HF_HEADER_SIZE;
	while (sent->message[question])
		question += sent->message[question] + 1;
	question += 5;
	if (length < 8 || length + question > sizeof(message))
		return;
	memcpy(message, sent->message, question);
	memcpy(message + 2, data, 2);
	message[2] = (message[2] | 0x80) & 0x87; /* QR, QUERY */
	memcpy(message + 6, data + 2, 6);
	memcpy(message + question, data + 8, length - 8);
	hf_resolver_reply(world.resolver, sent->exchange, &sent->server, message, question + length - 8, world.now);
}

static void pass_to_next_deadline(void)
{
	uint64_t deadline = hf_resolver_next_deadline(world.resolver);

	if (deadline == UINT64_MAX)
		return;
	if (deadline > world.now.mono_ns)
		world.now.mono_ns = deadline;
	hf_resolver_tick(world.resolver, world.now);
}

static void play(const uint8_t *data, size_t size)
{
	size_t at = 0;

	for (unsigned events = 0; at < size && events < EVENTS_MAX; events++) {
		enum event event = data[at++] % EVENT_KINDS;
		size_t length;

		switch (event) {
		case EVENT_REPLY:
		case EVENT_RAW:
			if (size - at < 2)
				return;
			length = (size_t)data[at] << 8 | data[at + 1];
			at += 2;
			if (length > size - at)
				length = size - at;
			reply(data + at, length, event == EVENT_RAW);
			at += length;
			break;
		case EVENT_TIMEOUT:
			pass_to_next_deadline();
			break;
		case EVENT_FAILED:
			if (world.open_count) {
				uint64_t exchange = world.open[world.open_count - 1].exchange;

				world.open_count--;
				hf_resolver_transport_failed(world.resolver, exchange, world.now);
			}
			break;
		default:
			ask(at < size ? data[at++] : 0);
			break;
		}
		drain();
	}
}

/* ". NS ns.root." and "ns.root. A 192.0.2.1", as hints. */
static void make_hints(struct hf_arena *arena, const struct hf_rrset *hints[2])
{
	uint8_t name[HF_NAME_MAX];
	const uint8_t address[4] = {192, 0, 2, 1};
	struct hf_rdata rdata = {.bytes = name, .length = (uint16_t)hf_name_from_text("ns.root.", name)};

	hints[0] = hf_rrset_make(arena, hf_name_root, HF_TYPE_NS, HF_CLASS_IN, 3600, &rdata, 1, 0);
	rdata = (struct hf_rdata){.bytes = address, .length = sizeof(address)};
	hints[1] = hf_rrset_make(arena, name, HF_TYPE_A, HF_CLASS_IN, 3600, &rdata, 1, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hf_cache_config cache_config = {
		.bytes = 1 << 20, .answer_share = 40, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2}};
	struct hf_arena *arena = hf_arena_new(65536);
	const struct hf_rrset *hints[2];
	struct hf_resolver_config config;
	struct hf_random random = {fill, &world.seed};
	struct hf_resolver_stats stats;
	struct hf_cache *cache;

	urcu_qsbr_register_thread();
	memset(&world, 0, sizeof(world));
	world.now = (struct hf_now){.mono_ns = HF_NS_PER_SECOND, .wall_s = 1700000000};
	make_hints(arena, hints);
	hf_resolver_config_defaults(&config);
	config.hints = hints;
	config.hint_count = 2;
	config.max_clients = CLIENTS_MAX / 2;
	config.max_upstream_queries = QUERIES_MAX;
	config.prime = size & 1;
	config.dns64 = (struct hf_dns64_table){.count = 1, .prefixes = {{.family = 6, .length = 96, .bytes = {0x20, 1, 0xd, 0xb8}}}};
	cache = hf_cache_new(&cache_config);
	world.resolver = cache ? hf_resolver_new(&config, cache, &random) : NULL;
	FUZZ_CHECK(world.resolver);
	ask(0);
	drain();
	play(data, size);
	for (unsigned i = 0; i < 10000 && hf_resolver_next_deadline(world.resolver) != UINT64_MAX; i++) {
		pass_to_next_deadline();
		drain();
	}
	FUZZ_CHECK(world.answered == world.asked);
	FUZZ_CHECK(world.open_count == 0);
	/* Each client's question and the prefetch that it may start. */
	FUZZ_CHECK(world.sent_count <= world.asked * 2 * QUERIES_MAX);
	hf_resolver_stats(world.resolver, &stats);
	FUZZ_CHECK(stats.clients_waiting == 0 && stats.fetches_running == 0 && stats.exchanges_open == 0);
	hf_resolver_free(world.resolver);
	hf_cache_free(cache);
	hf_arena_free(arena);
	urcu_qsbr_unregister_thread();
	return 0;
}
