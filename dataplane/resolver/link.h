// SPDX-License-Identifier: BSD-3-Clause
/* One link of the chain from a question to its answer: what is known of the name where the question stands. It is
 * added to the answer, and the question moved along.
 */
#pragma once
#include "resolver/question.h"

enum hf_link {
	HF_LINK_UNKNOWN, /* nothing is known of the current name */
	HF_LINK_NEXT,    /* a step along the chain */
	HF_LINK_END,     /* the answer is complete */
	HF_LINK_FAULT,   /* no memory, or too much */
};

/* Adds a copy of the set to the answer; false when there is no room. */
bool hf_link_add(struct hf_question *question, const struct hf_rrset *rrset, uint32_t ttl, enum hf_security security);
/* Moves the question to `target`; NULL is a fault. */
enum hf_link hf_link_step(struct hf_question *question, const uint8_t *target);

/* From local data and the rules of local zones. For a server's address only data count: rules are about what clients ask. Of the rules, refuse
 * and drop count for the name asked for alone, not for what an alias leads to. */
enum hf_link hf_link_from_local(struct hf_resolver *resolver, struct hf_question *question);
/* From the cache; data of rank ANSWER_NONAUTH or better only. */
enum hf_link hf_link_from_cache(struct hf_resolver *resolver, struct hf_question *question);
/* From a fetch just done, for what the cache would not keep. */
enum hf_link hf_link_from_result(const struct hf_resolver *resolver, struct hf_question *question,
				 const struct hf_result *result);
