// SPDX-License-Identifier: BSD-3-Clause
/* Resolutions that failed, remembered so that they are not repeated at once (RFC 9520): for `first_ms`, doubled at each failure
 * in a row up to five minutes (§3.2). Bounded: the oldest entry makes room.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/now.h"
#include "resolver/index.h"
#include "wire/name.h"

#define HF_FAILURES_TEXT_MAX 200
#define HF_FAILURES_TTL_MAX_MS 300000
/* Of bogus data, at first and at most: looking again costs several servers' time, and it is seldom mended within seconds; but when it is, nobody should
 * wait for minutes. */
#define HF_FAILURES_BOGUS_MS 30000
#define HF_FAILURES_BOGUS_MAX_MS 60000

struct hf_failure {
	struct hf_index_node node;
	uint64_t until_ns;  /* asked again before: fails at once */
	uint64_t forget_ns; /* failed again before: counts as in a row */
	uint32_t hold_ms;
	uint16_t type, class;
	uint16_t ede; /* INFO-CODE of the cause, 0 for none */
	bool used;
	uint8_t name[HF_NAME_MAX];
	char text[HF_FAILURES_TEXT_MAX];
};

struct hf_failures;

struct hf_failures *hf_failures_new(uint32_t limit, const uint64_t secret[2]); /* NULL without memory */
void hf_failures_free(struct hf_failures *failures);

/* `ede` and `text` (may be NULL) tell clients the cause. */
void hf_failures_note(struct hf_failures *failures, const uint8_t *name, uint16_t type, uint16_t class,
		      uint32_t first_ms, uint16_t ede, const char *text, struct hf_now now);
/* It works again. */
void hf_failures_clear(struct hf_failures *failures, const uint8_t *name, uint16_t type, uint16_t class);
/* All that validation brought about: what it believes has changed. */
void hf_failures_clear_bogus(struct hf_failures *failures);
/* The failure that still holds, NULL for none. Usable until the next call that changes the table. */
const struct hf_failure *hf_failures_lookup(const struct hf_failures *failures, const uint8_t *name, uint16_t type,
					    uint16_t class, struct hf_now now);
