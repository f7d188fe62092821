// SPDX-License-Identifier: BSD-3-Clause
/* The whole way of an answer: a server's message is parsed, its RRsets are composed to a record for the client's query,
 * the reply is written, and what the client reads must be the same RRsets with aged TTLs.
 * Input: eight octets of circumstances (struct circumstances), then a message with a question. */
#include <endian.h>
#include <string.h>
#include "fuzz.h"
#include "wire/octets.h"
#include "wire/reply.h"

enum { TCP = 1, EDNS = 2, DO = 4, WITH_EDE = 8, IN_PLACE = 16, RD = 32, CD = 64 };

struct circumstances {
	uint8_t flags;
	uint8_t ceiling;		   /* times 16 */
	uint16_t edns_size, capacity, age; /* network order */
};
_Static_assert(sizeof(struct circumstances) == 8, "the input's head");

static const struct hf_now start = {.mono_ns = 1000 * HF_NS_PER_SECOND};

static void check_section(const struct hf_answer *answer, const struct hf_message *reply, unsigned section,
			  bool signatures, uint32_t age)
{
	unsigned read = 0;

	for (unsigned i = 0; i < answer->section_counts[section]; i++) {
		const struct hf_rrset *given = answer->sections[section][i], *got;

		if (given->type == HF_TYPE_RRSIG && !signatures)
			continue;
		FUZZ_CHECK(read < reply->section_counts[section]);
		got = reply->sections[section][read++];
		FUZZ_CHECK(got->ttl == (given->ttl > age ? given->ttl - age : 0));
		FUZZ_CHECK(got->signature_count == (signatures ? given->signature_count : 0));
		FUZZ_CHECK(hf_rrset_same_data(given, got));
	}
	FUZZ_CHECK(read == reply->section_counts[section]);
}

static void check_record(const struct hf_answer_record *record, size_t size, const struct hf_query *query)
{
	const uint8_t *body = record->data + HF_RECORD_NAME_SPACE(record->name_length);
	uint32_t sum = 0;

	FUZZ_CHECK(size == HF_RECORD_SIZE(record->name_length, record->body_length));
	FUZZ_CHECK(record->name_length == query->name_length);
	FUZZ_CHECK(memcmp(record->data, query->name, HF_RECORD_NAME_SPACE(query->name_length)) == 0);
	FUZZ_CHECK(record->base_ns == start.mono_ns && record->fresh_until_ns >= start.mono_ns);
	for (unsigned i = 0; i < record->body_length; i++)
		sum += (uint32_t)body[i] << (i % 2 ? 0 : 8);
	FUZZ_CHECK(record->body_sum == sum);
	if (record->ttl_count == HF_RECORD_NOT_CACHEABLE)
		return;
	FUZZ_CHECK(record->ttl_count <= HF_RECORD_TTLS_MAX && record->body_length <= HF_RECORD_BODY_MAX);
	for (unsigned i = 0; i < record->ttl_count; i++)
		FUZZ_CHECK(record->ttl_offsets[i] + 4u <= record->body_length);
}

/* `record` is answered to `query` under these circumstances; `packet` holds the query. */
static void check_reply(const struct circumstances *of, const struct hf_answer *answer,
			const struct hf_answer_record *record, const struct hf_query *query, const uint8_t *packet,
			size_t packet_length, struct hf_arena *arena)
{
	const struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = (uint16_t)(of->ceiling * 16)};
	const struct hf_ede edes[] = {{3, "stale"}, {22, NULL}};
	struct hf_now now = {.mono_ns = start.mono_ns + be16toh(of->age) * HF_NS_PER_SECOND};
	size_t capacity = of->capacity ? be16toh(of->capacity) : HF_MESSAGE_MAX, length;
	uint8_t *out = malloc(capacity + packet_length);
	struct hf_query here = *query;
	struct hf_message reply;

	if (!out)
		return;
	if ((of->flags & IN_PLACE) && capacity >= packet_length) {
		memcpy(out, packet, packet_length);
		FUZZ_CHECK(hf_query_parse(out, packet_length, &here) == HF_QUERY_OK);
	}
	length = hf_reply_write(record, &here, edes, of->flags & WITH_EDE ? 2 : 0, of->flags & TCP, &options, now, out,
				capacity);
	if (length == 0) {
		FUZZ_CHECK(capacity < HF_HEADER_SIZE + query->question_length + 11u);
		free(out);
		return;
	}
	FUZZ_CHECK(length <= capacity);
	FUZZ_CHECK(hf_message_parse(out, length, arena, &reply, NULL));
	FUZZ_CHECK(memcmp(out + HF_HEADER_SIZE, query->question, query->question_length) == 0);
	FUZZ_CHECK(reply.id == query->id && reply.rcode == answer->rcode);
	FUZZ_CHECK(reply.edns.present == query->edns.present && reply.edns.dnssec_ok == query->edns.dnssec_ok);
	if (reply.flags & HF_FLAG_TC &&
	    reply.section_counts[0] + reply.section_counts[1] + reply.section_counts[2] == 0) {
		free(out);
		return;
	}
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++)
		check_section(answer, &reply, section,
			      (query->reply_class & HF_REPLY_DO) || query->qtype == HF_TYPE_RRSIG ||
				      query->qtype == HF_TYPE_ANY,
			      record->ttl_count == HF_RECORD_NOT_CACHEABLE ? 0 : be16toh(of->age));
	free(out);
}

static void run(const struct circumstances *of, const struct hf_message *message, struct hf_arena *arena)
{
	static const uint64_t secret[2] = {1, 2};
	struct hf_answer answer = {.rcode = message->rcode & HF_RCODE_MASK, .authentic = message->flags & HF_FLAG_AD};
	uint16_t flags = (of->flags & RD ? HF_FLAG_RD : 0) | (of->flags & CD ? HF_FLAG_CD : 0);
	uint8_t packet[HF_HEADER_SIZE + HF_NAME_MAX + 4 + 11];
	size_t packet_length, capacity = HF_MESSAGE_MAX, size;
	struct hf_answer_record *record;
	struct hf_query query;

	packet_length = hf_query_write(packet, sizeof(packet), message->id, flags, message->qname, message->qtype,
				       message->qclass, of->flags & EDNS ? be16toh(of->edns_size) : 0, of->flags & DO);
	FUZZ_CHECK(packet_length > 0 && hf_query_parse(packet, packet_length, &query) == HF_QUERY_OK);
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++) {
		answer.sections[section] = message->sections[section];
		answer.section_counts[section] = message->section_counts[section];
	}
	/* First with room, then with just the room it took and one octet less. */
	for (unsigned round = 0; round < 3; round++) {
		record = malloc(capacity > 0 ? capacity : 1);
		if (!record)
			return;
		size = hf_answer_compose(&answer, secret, query.name, query.qtype, query.qclass, query.reply_class,
					 86400, start, record, capacity);
		if (size > 0) {
			check_record(record, size, &query);
			if (round == 0)
				check_reply(of, &answer, record, &query, packet, packet_length, arena);
		}
		free(record);
		FUZZ_CHECK(round == 0 || (size > 0) == (round == 1));
		if (size == 0)
			return;
		capacity = round == 0 ? size : size - 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct circumstances of;
	struct hf_message message;
	struct hf_arena *arena;

	if (size < sizeof(of))
		return 0;
	memcpy(&of, data, sizeof(of));
	arena = hf_arena_new(16 << 20);
	if (!arena)
		return 0;
	if (hf_message_parse(data + sizeof(of), size - sizeof(of), arena, &message, NULL) && message.has_question)
		run(&of, &message, arena);
	hf_arena_free(arena);
	return 0;
}
