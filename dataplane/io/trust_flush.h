// SPDX-License-Identifier: BSD-3-Clause
/* Out of the caches and the kernel's table with what other trust anchors, positive or negative, or other limits would have let be said otherwise.
 * Housekeeping's thread.
 */
#pragma once
#include "io/parts.h"

/* What a reload changes about validation. */
struct hf_trust_change {
	bool all;	/* anchors, or what is believed of signatures */
	uint8_t (*names)[HF_NAME_MAX]; /* negative trust anchors that came, went or changed */
	size_t count;
};

/* False without memory. */
bool hf_trust_change_find(const struct hf_config *former, const struct hf_config *next, struct hf_trust_change *change);
void hf_trust_change_flush(struct hf_parts *parts, const struct hf_trust_change *change);
void hf_trust_change_free(struct hf_trust_change *change);
