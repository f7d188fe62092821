// SPDX-License-Identifier: BSD-3-Clause
/* Answers for the tests of the fast path: composed by the core, published into a table that the loaded program reads.
 */
#pragma once
#include <stdint.h>
#include "base/now.h"
#include "control/loader.h"
#include "hot/table.h"

/* A loaded program, attached to nothing, and the writer of its table. */
struct answers {
	struct hf_loader *loader;
	struct hf_hot_table *table;
	struct hf_hot_memory memory;
	uint64_t secret[2];
};

/* Serves FRAME_SERVICE4 and FRAME_SERVICE6 on port 53. Exits 77 with the reason when the kernel does not let us. */
void answers_open(struct answers *answers, unsigned entries);
void answers_close(struct answers *answers);

struct hf_now answers_now(void);

/* What is published. The record's RRs are `count` of `type` with `rdata_length` octets of RDATA each, TTL `ttl`, `ttl` + 1 …
 * at `name`; with count 0 the answer is negative: an SOA in the authority section. */
struct answer {
	const char *name;
	uint16_t type;
	uint8_t reply_class;
	unsigned rcode;
	unsigned count;
	uint16_t rdata_length;
	uint32_t ttl;
	uint32_t age;		/* seconds since it was composed */
	bool authentic;
	bool bare;		/* count 0 without SOA: an empty body */
};

#define ANSWER_SIZE_MAX 4096
/* Composes into `record`; returns its size. */
size_t answers_compose(const struct answers *answers, const struct answer *answer, struct hf_answer_record *record);
void answers_publish(struct answers *answers, const struct answer *answer);
