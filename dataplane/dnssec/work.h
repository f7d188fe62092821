// SPDX-License-Identifier: BSD-3-Clause
/* What validation may cost, in nanoseconds of CPU. The core reads no clock: each operation is charged what it costs on this machine,
 * measured once at the start by the shell. Counting operations alone would not do: one P-384 check costs as much as eleven of
 * P-256 (KeyTrap, CVE-2023-50387).
 *
 * Pure; each struct belongs to one thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/now.h"

/* ns of one operation. */
struct hf_costs {
	uint32_t rsa_2048; /* one check; other sizes go by the square */
	uint32_t ecdsa_p256, ecdsa_p384, ed25519, ed448;
	uint32_t digest;   /* of a DS or of what is signed, a hundred octets */
	uint32_t nsec3_hash; /* one iteration */
};
extern const struct hf_costs hf_costs_default; /* of a slow core of 2020 */

/* A share of CPU time that fills up again: `share_per_mille` ns each µs, up to `burst_ns`. Zeroed is full at first use. */
struct hf_allowance {
	uint64_t filled_ns; /* mono time up to which it was filled; 0: never used */
	int64_t left_ns;    /* may be negative by the last operation's cost */
};
/* Whether something is left at `now`; and: takes. */
bool hf_allowance_has(struct hf_allowance *allowance, uint32_t share_per_mille, uint64_t burst_ns, struct hf_now now);
void hf_allowance_take(struct hf_allowance *allowance, uint64_t ns);

enum { HF_WORK_ALLOWANCES_MAX = 6 };

/* What is done on behalf of one question, with all that it drags in. */
struct hf_work {
	uint64_t spent_ns, limit_ns;
	unsigned checks, failed_checks, hashes;
	unsigned failed_max; /* signatures that do not verify; the same for keys that cannot be read (CVE-2025-8677) */
	/* Of the zone in whose name the work is done now, of those above it, of all: each is charged. */
	struct hf_allowance *allowances[HF_WORK_ALLOWANCES_MAX];
	unsigned allowance_count;
	bool exhausted; /* something was not done for want of it */
};
/* False, and exhausted, when the limit is reached; else charges. */
bool hf_work_spend(struct hf_work *work, uint64_t ns);
/* A check or a key came to nothing. False, and exhausted, when that was one too many. */
bool hf_work_fail(struct hf_work *work);
