// SPDX-License-Identifier: BSD-3-Clause
/* Negative trust anchors (RFC 7646): names at and below which nothing is validated, each with an end. A trust anchor further down switches
 * validation on again (§2). */
#pragma once
#include <stdint.h>
#include "base/now.h"
#include "wire/name.h"

#define HF_NTA_NO_END INT64_MAX /* those of the configuration file, unless it says one */
#define HF_NTA_REASON_MAX 80

struct hf_nta {
	uint8_t name[HF_NAME_MAX];
	int64_t ends_s; /* wall clock, seconds since 1970 */
	char reason[HF_NTA_REASON_MAX];
};

/* An immutable set, shared by threads by reference counting. */
struct hf_ntas;
struct hf_ntas *hf_ntas_new(const struct hf_nta *ntas, unsigned count); /* copies; of one name the last counts. NULL without memory */
struct hf_ntas *hf_ntas_hold(struct hf_ntas *ntas); /* NULL is fine */
void hf_ntas_drop(struct hf_ntas *ntas);
/* The closest one at or above `name` that has not ended, NULL for none. Any thread. */
const struct hf_nta *hf_ntas_find(const struct hf_ntas *ntas, const uint8_t *name, struct hf_now now);
unsigned hf_ntas_count(const struct hf_ntas *ntas);
const struct hf_nta *hf_ntas_get(const struct hf_ntas *ntas, unsigned index);
