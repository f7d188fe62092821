// SPDX-License-Identifier: BSD-3-Clause
/* Which names a composed answer speaks of. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "bpf/fastpath_abi.h"

/* True when `matches` says so of the question's name or of an owner name in the body. */
bool hf_record_names_any(const struct hf_answer_record *record, bool (*matches)(void *state, const uint8_t *name),
			 void *state);

/* For it: a name, or all at and below it; `state` is one of these. */
struct hf_record_names_wanted {
	const uint8_t *name;
	bool subtree;
};
bool hf_record_names_wanted(void *state, const uint8_t *owner);
