// SPDX-License-Identifier: BSD-3-Clause
/* From a finished question to the record that clients get. */
#pragma once
#include <stdbool.h>
#include "resolver/question.h"

/* The record of a question that is done, for clients of one reply class; also put into the answer cache when it may be.
 * Lives until the next call. `too_late`: SERVFAIL whatever came out. Never NULL. */
const struct hf_answer_record *hf_answer_for_class(struct hf_resolver *resolver, const struct hf_question *question,
						   uint8_t reply_class, bool too_late, bool *cacheable);

/* Replaces the cached answers to a question that was prefetched. */
void hf_answer_refresh(struct hf_resolver *resolver, const struct hf_question *question);
