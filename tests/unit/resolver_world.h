// SPDX-License-Identifier: BSD-3-Clause
/* A resolver in a test's hands: a clock that stands still, chance that repeats, and servers that say what the test writes.
 *
 *   world_ask(w, 1, "www.example.com.", HF_TYPE_A);
 *   expect_sent(w, "198.41.0.4:53", "www.example.com.", HF_TYPE_A);
 *   reply(w, HF_FLAG_AA, HF_RCODE_NOERROR, "an www.example.com. 300 A 192.0.2.1", NULL);
 *   expect_answer(w, 1, HF_RCODE_NOERROR, 1);
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <urcu/urcu-qsbr.h>
#include "cache/cache.h"
#include "resolver/resolver.h"
#include "wire/message.h"
#include "wire/reply.h"

/* A test may put something around each call into the resolver. */
#ifndef IN_RESOLVER
#define IN_RESOLVER(call) call
#endif

#define ROOT "198.41.0.4:53"
#define MS HF_NS_PER_MS

struct world_send {
	uint64_t exchange;
	struct hf_address server;
	bool tcp, open;
	uint8_t message[600];
	size_t length;
};

struct world_answer {
	uint64_t client;
	uint8_t bytes[4096];
	size_t length;
	struct hf_message message;
	unsigned ede_count;
	uint16_t ede;
	char ede_text[200];
	uint16_t second_ede;
	char second_text[200];
	bool from_cache, cacheable;
};

struct world {
	struct hf_cache *cache;
	struct hf_resolver *resolver;
	struct hf_resolver_config config;
	uint8_t reply_class; /* added to what questions have of their own */
	struct hf_random random;
	struct hf_arena *arena;
	uint64_t seed;
	struct hf_now now;
	struct world_send sends[400];
	unsigned send_count;
	struct world_answer answers[80];
	unsigned answer_count;
	struct hf_query query; /* the last client's */
};

static inline void world_fill(void *state, void *out, size_t length)
{
	uint64_t *seed = state;
	uint8_t *bytes = out;

	for (size_t i = 0; i < length; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(*seed >> 56);
	}
}

static inline const uint8_t *wire_name(struct world *w, const char *text)
{
	uint8_t *name = hf_arena_take(w->arena, HF_NAME_MAX + 1);

	assert_non_null(name);
	assert_int_not_equal(hf_name_from_text(text, name), 0);
	return name;
}

/* "owner TTL TYPE data": A, AAAA, NS, CNAME, DNAME, SOA (data: minimum alone), TXT (one word), OPT-less others as text. */
static inline const struct hf_rrset *rr(struct world *w, const char *line)
{
	char owner[300], type_text[20], data[300];
	uint8_t bytes[600];
	struct hf_rdata rdata = {.bytes = bytes};
	unsigned ttl;
	uint16_t type;

	assert_int_equal(sscanf(line, "%299s %u %19s %299s", owner, &ttl, type_text, data), 4);
	assert_true(hf_type_from_text(type_text, &type));
	switch (type) {
	case HF_TYPE_A:
		assert_int_equal(inet_pton(AF_INET, data, bytes), 1);
		rdata.length = 4;
		break;
	case HF_TYPE_AAAA:
		assert_int_equal(inet_pton(AF_INET6, data, bytes), 1);
		rdata.length = 16;
		break;
	case HF_TYPE_SOA:
		memset(bytes, 0, 22);
		bytes[20] = (uint8_t)(atoi(data) >> 8);
		bytes[21] = (uint8_t)atoi(data);
		rdata.length = 22;
		break;
	case HF_TYPE_TXT:
		bytes[0] = (uint8_t)strlen(data);
		memcpy(bytes + 1, data, strlen(data));
		rdata.length = (uint16_t)(strlen(data) + 1);
		break;
	default:
		rdata.length = (uint16_t)hf_name_from_text(data, bytes);
		assert_int_not_equal(rdata.length, 0);
		break;
	}
	return hf_rrset_make(w->arena, wire_name(w, owner), type, HF_CLASS_IN, ttl, &rdata, 1, 0);
}

static inline struct world *world_new(void (*adjust)(struct hf_resolver_config *config))
{
	struct world *w = calloc(1, sizeof(*w));
	const struct hf_cache_config cache = {
		.bytes = 4 << 20, .answer_share = 40, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2},
	};
	const struct hf_rrset *hints[2];

	assert_non_null(w);
	w->seed = 42;
	w->random = (struct hf_random){world_fill, &w->seed};
	w->arena = hf_arena_new(16 << 20);
	w->now = (struct hf_now){.mono_ns = 1000 * HF_NS_PER_SECOND, .wall_s = 1700000000};
	w->cache = hf_cache_new(&cache);
	assert_non_null(w->cache);
	hints[0] = rr(w, ". 3600 NS a.root-servers.net.");
	hints[1] = rr(w, "a.root-servers.net. 3600 A 198.41.0.4");
	hf_resolver_config_defaults(&w->config);
	w->config.hints = hints;
	w->config.hint_count = 2;
	w->config.prime = false;
	w->config.use_ipv6 = false;
	w->config.qname_minimisation = false;
	w->config.server_order_randomization = false;
	w->config.max_clients = 64;
	if (adjust)
		adjust(&w->config);
	w->resolver = hf_resolver_new(&w->config, w->cache, &w->random);
	assert_non_null(w->resolver);
	return w;
}

static inline void world_free(struct world *w)
{
	hf_resolver_free(w->resolver);
	hf_cache_free(w->cache);
	hf_arena_free(w->arena);
	free(w);
}

static inline void take_answer(struct world *w, const struct hf_action *action)
{
	struct world_answer *answer = &w->answers[w->answer_count++];
	const struct hf_reply_options options = {1232, 4096};

	assert_true(w->answer_count <= 80);
	answer->client = action->answer.client;
	answer->from_cache = action->answer.from_cache;
	answer->cacheable = action->answer.cacheable;
	answer->ede_count = action->answer.ede_count;
	if (answer->ede_count) {
		answer->ede = action->answer.edes[0].code;
		snprintf(answer->ede_text, sizeof(answer->ede_text), "%s",
			 action->answer.edes[0].text ? action->answer.edes[0].text : "");
	}
	if (answer->ede_count > 1) {
		answer->second_ede = action->answer.edes[1].code;
		snprintf(answer->second_text, sizeof(answer->second_text), "%s",
			 action->answer.edes[1].text ? action->answer.edes[1].text : "");
	}
	answer->length = hf_reply_write(action->answer.record, &w->query, NULL, 0, true, &options, w->now,
					answer->bytes, sizeof(answer->bytes));
	assert_int_not_equal(answer->length, 0);
	assert_true(hf_message_parse(answer->bytes, answer->length, w->arena, &answer->message, NULL));
}

static inline void world_drain(struct world *w)
{
	struct hf_action action;

	while ((action = hf_resolver_next_action(w->resolver)).kind != HF_ACTION_NONE) {
		if (action.kind == HF_ACTION_SEND) {
			struct world_send *send = &w->sends[w->send_count++];

			assert_true(w->send_count <= 400);
			*send = (struct world_send){.exchange = action.send.exchange,
						    .server = action.send.server,
						    .tcp = action.send.tcp,
						    .open = true,
						    .length = action.send.length};
			memcpy(send->message, action.send.message, send->length);
		} else if (action.kind == HF_ACTION_CANCEL) {
			bool found = false;

			for (unsigned i = 0; i < w->send_count; i++) {
				if (w->sends[i].exchange == action.cancel.exchange) {
					assert_true(w->sends[i].open);
					w->sends[i].open = false;
					found = true;
				}
			}
			assert_true(found);
		} else {
			take_answer(w, &action);
		}
	}
	urcu_qsbr_quiescent_state();
}

static inline void world_ask_flags(struct world *w, uint64_t client, const char *name, uint16_t type, uint16_t flags)
{
	uint8_t packet[600];
	size_t length = hf_query_write(packet, sizeof(packet), 7, flags, wire_name(w, name), type, HF_CLASS_IN, 1232,
				       false);

	assert_int_equal(hf_query_parse(packet, length, &w->query), HF_QUERY_OK);
	w->query.reply_class |= w->reply_class;
	IN_RESOLVER(hf_resolver_ask(w->resolver, client, &w->query, w->now));
	/* The question bytes must outlive the packet: replies are written later. */
	w->query.question = hf_arena_copy(w->arena, w->query.question, w->query.question_length);
	world_drain(w);
}

static inline void world_ask(struct world *w, uint64_t client, const char *name, uint16_t type)
{
	world_ask_flags(w, client, name, type, HF_FLAG_RD);
}

/* The newest exchange that is open; fails the test when there is none. */
static inline struct world_send *last_sent(struct world *w)
{
	for (unsigned i = w->send_count; i-- > 0;)
		if (w->sends[i].open)
			return &w->sends[i];
	fail_msg("nothing is being asked");
	return NULL;
}

static inline unsigned open_sends(const struct world *w)
{
	unsigned count = 0;

	for (unsigned i = 0; i < w->send_count; i++)
		count += w->sends[i].open;
	return count;
}

static inline struct hf_address address_of(const char *text)
{
	struct hf_address address;

	assert_true(hf_address_from_text(text, 53, &address));
	return address;
}

/* The newest open exchange goes to this server and asks this. */
static inline void expect_sent(struct world *w, const char *server, const char *name, uint16_t type)
{
	struct world_send *send = last_sent(w);
	const struct hf_address address = address_of(server);
	uint8_t qname[HF_NAME_MAX];
	size_t offset = 12;
	char text[HF_NAME_TEXT_MAX], to[HF_ADDRESS_TEXT_MAX];

	assert_int_not_equal(hf_name_parse(send->message, send->length, &offset, qname), 0);
	if (!hf_address_equal(&send->server, &address) || !hf_name_equal(qname, wire_name(w, name)) ||
	    (send->message[offset] << 8 | send->message[offset + 1]) != type)
		fail_msg("asked %s for %s type %d", hf_address_to_text(&send->server, to), hf_name_to_text(qname, text),
			 send->message[offset] << 8 | send->message[offset + 1]);
}

static inline void write_lines(struct world *w, struct hf_writer *writer, const char *const *lines, unsigned counts[3])
{
	static const char *const sections[] = {"an ", "ns ", "ar "};

	for (unsigned s = 0; s < 3; s++) {
		for (unsigned i = 0; lines[i]; i++) {
			const struct hf_rrset *set;
			struct hf_rdata rdata;

			if (strncmp(lines[i], sections[s], 3) != 0)
				continue;
			set = rr(w, lines[i] + 3);
			rdata = hf_rrset_first(set);
			hf_writer_rr(writer, hf_rrset_owner(set), set->type, set->class, set->ttl, rdata.bytes,
				     rdata.length);
			counts[s]++;
		}
	}
}

static inline size_t build_reply(struct world *w, const struct world_send *send, uint16_t flags, unsigned rcode,
				 const char *const *lines, uint8_t *out, size_t capacity)
{
	struct hf_writer writer;
	unsigned counts[3] = {0};
	size_t offset = 12;
	uint8_t qname[HF_NAME_MAX];

	hf_writer_init(&writer, out, capacity);
	hf_writer_bytes(&writer, send->message, 2);
	hf_writer_u16(&writer, (uint16_t)(HF_FLAG_QR | flags | rcode));
	hf_writer_u16(&writer, 1);
	for (unsigned i = 0; i < 3; i++)
		hf_writer_u16(&writer, 0);
	hf_name_parse(send->message, send->length, &offset, qname);
	hf_writer_bytes(&writer, send->message + 12, offset + 4 - 12);
	write_lines(w, &writer, lines, counts);
	assert_false(writer.failed);
	for (unsigned i = 0; i < 3; i++) {
		out[6 + 2 * i] = (uint8_t)(counts[i] >> 8);
		out[7 + 2 * i] = (uint8_t)counts[i];
	}
	return writer.length;
}

static inline void reply_bytes(struct world *w, const struct world_send *send, const uint8_t *bytes, size_t length)
{
	const struct hf_address from = send->server;

	IN_RESOLVER(hf_resolver_reply(w->resolver, send->exchange, &from, bytes, length, w->now));
	world_drain(w);
}

/* The newest open exchange's server says this; lines are "an|ns|ar owner TTL TYPE data", NULL ends them. */
static inline void reply(struct world *w, uint16_t flags, unsigned rcode, ...)
{
	const char *lines[64];
	unsigned count = 0;
	uint8_t bytes[8192];
	struct world_send *send = last_sent(w);
	va_list arguments;

	va_start(arguments, rcode);
	while ((lines[count] = va_arg(arguments, const char *)))
		count++;
	va_end(arguments);
	reply_bytes(w, send, bytes, build_reply(w, send, flags, rcode, lines, bytes, sizeof(bytes)));
}

static inline void pass_ms(struct world *w, uint64_t ms)
{
	uint64_t end = w->now.mono_ns + ms * MS;

	while (hf_resolver_next_deadline(w->resolver) <= end) {
		w->now.mono_ns = hf_resolver_next_deadline(w->resolver);
		IN_RESOLVER(hf_resolver_tick(w->resolver, w->now));
		world_drain(w);
	}
	w->now.mono_ns = end;
}

/* The exchange's own timer fires. */
static inline void time_out(struct world *w)
{
	w->now.mono_ns = hf_resolver_next_deadline(w->resolver);
	hf_resolver_tick(w->resolver, w->now);
	world_drain(w);
}

static inline struct world_answer *expect_answer(struct world *w, uint64_t client, unsigned rcode, unsigned sets)
{
	struct world_answer *answer = w->answer_count ? &w->answers[w->answer_count - 1] : NULL;

	if (!answer)
		fail_msg("no answer yet");
	assert_int_equal(answer->client, client);
	assert_int_equal(answer->message.rcode, rcode);
	assert_int_equal(answer->message.section_counts[HF_SECTION_ANSWER], sets);
	return answer;
}

/* TTL of one of its answer sets. */
static inline uint32_t ttl_of(const struct world_answer *answer, unsigned set)
{
	return answer->message.sections[HF_SECTION_ANSWER][set]->ttl;
}

static inline struct hf_resolver_stats world_stats(const struct world *w)
{
	struct hf_resolver_stats stats;

	hf_resolver_stats(w->resolver, &stats);
	return stats;
}

static inline int world_setup(void **state)
{
	(void)state;
	urcu_qsbr_register_thread();
	return 0;
}

static inline int world_teardown(void **state)
{
	(void)state;
	urcu_qsbr_unregister_thread();
	return 0;
}

#define TEST_IN_WORLD(name, adjust)                       \
	static void name##_in(struct world *w);           \
	static void name(void **state)                    \
	{                                                 \
		struct world *w = world_new(adjust);      \
                                                          \
		(void)state;                              \
		name##_in(w);                             \
		world_free(w);                            \
	}                                                 \
	static void name##_in(struct world *w)
