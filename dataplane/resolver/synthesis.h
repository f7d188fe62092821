// SPDX-License-Identifier: BSD-3-Clause
/* DNS64 (RFC 6147) as part of a question's walk: an AAAA question that finds no address goes on for A, and what it finds becomes
 * AAAA. The caches of facts hold only what servers said; the answer is kept under the reply class of its prefix.
 *
 * A question without a prefix (question->dns64.family 0) passes through untouched.
 */
#pragma once
#include <stdbool.h>
#include "resolver/link.h"

/* Before the walk: ipv4only.arpa is known already, and the name of an address in the prefix is an alias (RFC 6147 §5.3.1). HF_LINK_NEXT:
 * walk on. */
enum hf_link hf_synthesis_begin(struct hf_resolver *resolver, struct hf_question *question);

/* The walk has come to an end for what it sought: HF_LINK_END when that is the answer, HF_LINK_NEXT to walk on for another type. */
enum hf_link hf_synthesis_end(struct hf_resolver *resolver, struct hf_question *question);

/* What was sought cannot be found out. True: walk on, for another type. */
bool hf_synthesis_after_failure(struct hf_resolver *resolver, struct hf_question *question);

/* Nothing more is known here and nobody may be asked: the answer is what there was for AAAA, if anything. */
void hf_synthesis_give_up(struct hf_resolver *resolver, struct hf_question *question);
