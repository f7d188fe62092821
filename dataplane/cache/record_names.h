// SPDX-License-Identifier: BSD-3-Clause
/* Which names a composed answer speaks of. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "bpf/fastpath_abi.h"

/* True when the question's name or any owner name in the body is `name` (or below it, with `subtree`). */
bool hf_record_names_match(const struct hf_answer_record *record, const uint8_t *name, bool subtree);
