// SPDX-License-Identifier: BSD-3-Clause
/* Clients' queries, and the errors we answer them with. Input: a packet. */
#include <string.h>
#include "bpf/fastpath_abi.h"
#include "fuzz.h"
#include "wire/edns.h"
#include "wire/message.h"
#include "wire/reply.h"

static void check_question(const uint8_t *data, size_t size, const struct hf_query *query)
{
	uint8_t lowered[HF_NAME_MAX];
	size_t offset = HF_HEADER_SIZE;

	FUZZ_CHECK(query->question == data + HF_HEADER_SIZE);
	FUZZ_CHECK(query->question_length == query->name_length + 4u &&
		   query->question_length <= size - HF_HEADER_SIZE);
	FUZZ_CHECK(hf_name_parse(data, size, &offset, lowered) == query->name_length);
	FUZZ_CHECK(offset == (size_t)HF_HEADER_SIZE + query->name_length);
	hf_name_lower(lowered, lowered);
	FUZZ_CHECK(memcmp(lowered, query->name, query->name_length) == 0);
	for (unsigned i = query->name_length; i < HF_RECORD_NAME_SPACE(query->name_length); i++)
		FUZZ_CHECK(query->name[i] == 0);
}

static void check_edns(const uint8_t *data, size_t size, const struct hf_edns *edns)
{
	FUZZ_CHECK(edns->udp_size >= HF_UDP_PLAIN_MAX);
	FUZZ_CHECK(edns->options >= data && edns->options + edns->options_length <= data + size);
}

/* What was asked for is in the reply, and nothing else. */
static void check_options(const struct hf_query *query, const struct hf_edns *reply)
{
	const uint8_t *data;
	uint16_t length;

	data = hf_edns_find(reply, HF_EDNS_OPTION_COOKIE, &length);
	FUZZ_CHECK((data != NULL) == !!(query->options.asked & HF_ASKED_COOKIE));
	FUZZ_CHECK(!data || (length == HF_COOKIE_SIZE && memcmp(data, query->options.cookie, length) == 0));
	data = hf_edns_find(reply, HF_EDNS_OPTION_NSID, &length);
	FUZZ_CHECK((data != NULL) == !!(query->options.asked & HF_ASKED_NSID));
	FUZZ_CHECK(!data || (length == 2 && memcmp(data, "ns", 2) == 0));
	data = hf_edns_find(reply, HF_EDNS_OPTION_KEEPALIVE, &length);
	FUZZ_CHECK((data != NULL) == !!(query->options.asked & HF_ASKED_KEEPALIVE));
	FUZZ_CHECK(!data || length == 2);
}

/* What the request step does with a cookie. The client part is what was sent first. */
static void answer_cookie(struct hf_query *query)
{
	static const struct hf_cookie_secrets secrets = {.count = 2, .keys = {{1}, {2}}};
	static const struct hf_address client = {.family = 4, .bytes = {192, 0, 2, 1}};
	uint16_t length;
	const uint8_t *sent = hf_edns_find(&query->edns, HF_EDNS_OPTION_COOKIE, &length);

	FUZZ_CHECK(sent && length == query->options.cookie_length && hf_cookie_length_valid(length));
	FUZZ_CHECK(memcmp(query->options.cookie, sent, length) == 0);
	hf_cookie_answer(query->options.cookie, length, &client, 1559731985, &secrets);
	query->options.cookie_length = HF_COOKIE_SIZE;
	FUZZ_CHECK(memcmp(query->options.cookie, sent, HF_COOKIE_CLIENT) == 0);
	FUZZ_CHECK(hf_cookie_answer(query->options.cookie, HF_COOKIE_SIZE, &client, 1559731985 + 60, &secrets) ==
		   HF_COOKIE_VALID);
}

static void check_error_reply(const struct hf_query *query, enum hf_query_verdict verdict, struct hf_arena *arena)
{
	static const unsigned rcodes[] = {
		[HF_QUERY_OK] = HF_RCODE_REFUSED,
		[HF_QUERY_FORMERR] = HF_RCODE_FORMERR,
		[HF_QUERY_NOTIMP] = HF_RCODE_NOTIMP,
		[HF_QUERY_BADVERS] = HF_RCODE_BADVERS,
		[HF_QUERY_COOKIE] = HF_RCODE_BADCOOKIE,
	};
	static const struct hf_reply_options options = {
		.edns_size = 1232, .udp_ceiling = 1232, .nsid = (const uint8_t *)"ns", .nsid_length = 2};
	const struct hf_ede ede = {18, "prohibited"};
	struct hf_message message;
	uint8_t reply[HF_UDP_PLAIN_MAX];
	size_t length = hf_reply_write_error(query, rcodes[verdict], &ede, 1, &options, reply, sizeof(reply));

	FUZZ_CHECK(length >= HF_HEADER_SIZE && length <= sizeof(reply));
	FUZZ_CHECK(hf_message_parse(reply, length, arena, &message, NULL));
	FUZZ_CHECK(message.id == query->id && (message.flags & HF_FLAG_QR) && message.rcode == rcodes[verdict]);
	FUZZ_CHECK(message.has_question == (query->question_length > 0));
	FUZZ_CHECK(message.edns.present == query->edns.present && message.edns.dnssec_ok == query->edns.dnssec_ok);
	check_options(query, &message.edns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_arena *arena;
	struct hf_query query;
	enum hf_query_verdict verdict;

	memset(&query, 0xaa, sizeof(query));
	verdict = hf_query_parse(data, size, &query);
	FUZZ_CHECK((verdict == HF_QUERY_DROP) == (size < HF_HEADER_SIZE || (data[2] & 0x80)));
	if (verdict == HF_QUERY_DROP)
		return 0;
	if (query.question_length > 0)
		check_question(data, size, &query);
	else
		FUZZ_CHECK(verdict != HF_QUERY_OK && verdict != HF_QUERY_BADVERS);
	FUZZ_CHECK(!query.options.asked || (query.edns.present && query.edns.version == 0));
	if (query.options.asked & HF_ASKED_COOKIE)
		answer_cookie(&query);
	FUZZ_CHECK((verdict == HF_QUERY_COOKIE) == (query.question_length == 0 && query.options.asked & HF_ASKED_COOKIE));
	if (query.edns.present)
		check_edns(data, size, &query.edns);
	if (verdict == HF_QUERY_OK) {
		FUZZ_CHECK(query.edns.version == 0);
		FUZZ_CHECK(!(query.reply_class & HF_REPLY_DO) == !query.edns.dnssec_ok);
		FUZZ_CHECK(!(query.reply_class & HF_REPLY_CD) == !(query.flags & HF_FLAG_CD));
	}
	arena = hf_arena_new(1 << 16);
	if (!arena)
		return 0;
	check_error_reply(&query, verdict, arena);
	hf_arena_free(arena);
	return 0;
}
