// SPDX-License-Identifier: BSD-3-Clause
/* Unpredictable bytes, given to the core by its caller.
 *
 * In production `fill` is a CSPRNG; in a simulation it is seeded and repeatable.
 * One struct belongs to one thread.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct hf_random {
	void (*fill)(void *state, void *out, size_t length); /* never fails */
	void *state;
};

static inline uint64_t hf_random_u64(const struct hf_random *random)
{
	uint64_t value;

	random->fill(random->state, &value, sizeof(value));
	return value;
}

/* Uniform in [0, bound); bound must not be 0. Multiply-shift, so no modulo bias
 * worth speaking of for bounds far below 2^64 (Lemire 2019). */
static inline uint32_t hf_random_below(const struct hf_random *random, uint32_t bound)
{
	uint64_t high = hf_random_u64(random) >> 32;

	return (uint32_t)((high * bound) >> 32);
}
