// SPDX-License-Identifier: BSD-3-Clause
/* A replay scenario (.rpl): settings, mock servers and steps, as read from its file.
 *
 * Two dialects are read. Deckard's: "key: value" settings up to CONFIG_END, the first range that fits is the server. Testbound's
 * (Unbound): a "server:" block with zones' blocks, ranges that overlap, replies taken at their own step. In both:
 *   RANGE_BEGIN first last [address]  ADDRESS address …  ENTRY …  RANGE_END
 *   STEP number KIND [argument]  [ENTRY]
 *   ENTRY_BEGIN  MATCH words  ADJUST words  REPLY words  SECTION name, RRs …  RAW hex  MANDATORY  EXTRA_PACKET …  ENTRY_END
 * A ';' begins a comment; an RR may go over several lines in parentheses; $ORIGIN and $TTL hold within their entry.
 */
#pragma once
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

#define SIM_FAULT_MAX 512
#define SIM_DEFAULT_TTL 3600 /* of RRs that do not say theirs */

enum sim_dialect { SIM_DECKARD, SIM_TESTBOUND };

/* What a message must have in common with the entry's message. */
enum sim_match {
	SIM_MATCH_OPCODE = 1 << 0, SIM_MATCH_QTYPE = 1 << 1, SIM_MATCH_QNAME = 1 << 2, SIM_MATCH_QCASE = 1 << 3,
	SIM_MATCH_SUBDOMAIN = 1 << 4, SIM_MATCH_FLAGS = 1 << 5, SIM_MATCH_RCODE = 1 << 6, SIM_MATCH_ANSWER = 1 << 7,
	SIM_MATCH_AUTHORITY = 1 << 8, SIM_MATCH_ADDITIONAL = 1 << 9, SIM_MATCH_ANSWERTYPES = 1 << 10,
	SIM_MATCH_TTL = 1 << 11, /* in the sections compared */
	SIM_MATCH_EDNS = 1 << 12, SIM_MATCH_NOEDNS = 1 << 13, SIM_MATCH_DO = 1 << 14, SIM_MATCH_NSID = 1 << 15,
	SIM_MATCH_UDP = 1 << 16, SIM_MATCH_TCP = 1 << 17,
	SIM_MATCH_EDE = 1 << 18, /* `ede` is among the message's; SIM_EDE_ANY: any is */
	SIM_MATCH_EDNSDATA = 1 << 19, /* the same options, octet by octet */
	SIM_MATCH_CLIENT_COOKIE = 1 << 20, SIM_MATCH_SERVER_COOKIE = 1 << 21, /* there is one (RFC 7873) */
	SIM_MATCH_SERIAL = 1 << 22, /* `serial` is that of the SOA in authority */
	SIM_MATCH_QUESTION = SIM_MATCH_QNAME | SIM_MATCH_QTYPE,
	SIM_MATCH_ALL = SIM_MATCH_OPCODE | SIM_MATCH_QUESTION | SIM_MATCH_FLAGS | SIM_MATCH_RCODE | SIM_MATCH_ANSWER |
			SIM_MATCH_AUTHORITY | SIM_MATCH_ADDITIONAL,
};
#define SIM_EDE_ANY -1

/* What a mock server changes in the entry's message before it goes out. */
enum sim_adjust {
	SIM_ADJUST_ID = 1 << 0,	   /* the query's ID, and its spelling of the name */
	SIM_ADJUST_QUERY = 1 << 1, /* the query's whole question */
	SIM_ADJUST_SILENT = 1 << 2,
	SIM_ADJUST_RAW_ID = 1 << 3, /* the query's ID into RAW octets */
	SIM_ADJUST_OPTIONS = 1 << 4, /* the query's EDNS options; the scope of a client subnet is its source prefix */
};

struct sim_entry {
	int line;
	uint32_t match;
	int ede;
	uint32_t serial;
	uint32_t adjust;
	unsigned sleep_s;
	bool mandatory; /* must have replied once when the scenario ends */
	unsigned fired;
	ldns_pkt *packet;
	uint8_t *raw; /* instead of `packet`; NULL for none */
	size_t raw_length;
	struct sim_entry *extra; /* a further message that goes out behind this one; NULL for none */
};

struct sim_range {
	int line;
	unsigned first, last; /* steps */
	struct hf_address *addresses;
	size_t address_count; /* 0: any address */
	struct sim_entry *entries;
	size_t entry_count;
};

enum sim_step_kind {
	SIM_STEP_QUERY, SIM_STEP_CHECK_ANSWER, SIM_STEP_CHECK_OUT_QUERY, SIM_STEP_REPLY,
	SIM_STEP_TIME_PASSES, SIM_STEP_TIMEOUT, SIM_STEP_NOTHING, SIM_STEP_TRAFFIC,
	/* Testbound's looks into Unbound: read, and said to be ignored. */
	SIM_STEP_INFRA_RTT, SIM_STEP_FLUSH_MESSAGE, SIM_STEP_EXPIRE_MESSAGE,
	SIM_STEP_CHECK_FILE, /* of a trust anchor or a zone, which nothing here writes: fails */
	SIM_STEP_ASSIGN,
};

struct sim_step {
	int line;
	unsigned number;
	enum sim_step_kind kind;
	struct hf_address address; /* a server's, a client's for QUERY; family 0: none said */
	struct sim_entry *entry;   /* NULL for none */
	char *elapse;		   /* seconds, an expression (expression.h) */
	char *variable;		   /* ASSIGN: its name; `elapse` is the value */
	bool replied; /* a REPLY that went out */
};

/* One line of the head. Testbound: `block` is "server", "stub-zone" … with each new block counted in `block_number`. */
struct sim_setting {
	int line;
	const char *block; /* Deckard: "" */
	unsigned block_number;
	char *key, *value;
};

struct sim_scenario {
	char *path, *title;
	enum sim_dialect dialect;
	struct sim_setting *settings;
	size_t setting_count;
	struct sim_range *ranges;
	size_t range_count;
	struct sim_step *steps;
	size_t step_count;
};

/* NULL on any fault, with "FILE:LINE: what is wrong" in `fault`. */
struct sim_scenario *sim_scenario_read(const char *path, char fault[SIM_FAULT_MAX]);
void sim_scenario_free(struct sim_scenario *scenario);

const char *sim_step_kind_text(enum sim_step_kind kind);
