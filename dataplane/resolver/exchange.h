// SPDX-License-Identifier: BSD-3-Clause
/* One query to one server and the wait for its reply: what was sent, and by which signs a reply to it is known
 * (RFC 5452 §9.1: address, port, ID, question; and the letter case of the question, "0x20").
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/random.h"
#include "resolver/actions.h"
#include "resolver/cookie.h"
#include "resolver/index.h"
#include "resolver/timers.h"
#include "wire/message.h"

#define HF_EXCHANGE_MESSAGE_MAX (HF_HEADER_SIZE + HF_NAME_MAX + 4 + 11 + HF_COOKIE_OPTION_MAX)

struct hf_fetch;
struct hf_server;

struct hf_exchange {
	struct hf_index_node node;
	struct hf_exchange *next_free;
	struct hf_action_node action;
	struct hf_timer timer;
	uint64_t id;
	struct hf_fetch *fetch;
	struct hf_server *counted_at; /* among whose open queries this one is, if it still is of `server` */
	struct hf_address server;
	unsigned address_index; /* in the fetch's delegation */
	uint64_t sent_ns;
	unsigned mismatches;
	bool tcp, edns, mixed_case;
	bool cookie;	     /* the query has one */
	bool forced_tcp;     /* on TCP only because of a flood of forged replies to all */
	uint8_t client_cookie[HF_COOKIE_CLIENT_SIZE];
	bool handed_out; /* the caller has taken the SEND action, so it must be told of the end */
	uint16_t query_id, qtype, qclass, length;
	uint8_t qname[HF_NAME_MAX]; /* as sent */
	uint8_t message[HF_EXCHANGE_MESSAGE_MAX];
};

struct hf_exchange_query {
	const uint8_t *name;
	uint16_t qtype, qclass;
	bool recursion_desired;
	bool mixed_case;
	uint16_t edns_size; /* 0: without EDNS */
	const struct hf_cookie *cookie; /* NULL: none, as always without EDNS */
};

/* Fills in the message with a fresh ID. False when it does not fit (it always does for a valid name). */
bool hf_exchange_write(struct hf_exchange *exchange, const struct hf_exchange_query *query,
		       const struct hf_random *random);

enum hf_match {
	HF_MATCH_OTHER, /* not the reply to this query: go on waiting */
	HF_MATCH_CASE,	/* the reply but for the question's letter case */
	HF_MATCH_OK,
};
enum hf_match hf_exchange_match(const struct hf_exchange *exchange, const struct hf_address *from,
				const uint8_t *message, size_t length);
