// SPDX-License-Identifier: BSD-3-Clause
/* Out of the answer cache and the kernel's table with what other local names or private addresses would have made otherwise. Housekeeping's
 * thread.
 */
#pragma once
#include "io/parts.h"
#include "policy/local.h"
#include "policy/private.h"

/* After a reload: answers to names that either table speaks of, and those that lead through such names. Facts stay: what servers said is
 * still so, and local names go before it. Either may be NULL. */
void hf_local_flush(struct hf_parts *parts, const struct hf_local *former, const struct hf_local *next);

/* After a reload with other private addresses: everything, facts too, as they are taken out before anything is kept. */
void hf_local_flush_all(struct hf_parts *parts);

/* When the kernel's table was opened: it may hold answers of a process with another configuration. Those with AA came from its local names
 * (others with local data are never kept: see resolver/answer.c); names that are local now and private addresses go too, whoever may have
 * them: the next question brings them back. */
void hf_local_flush_adopted(struct hf_parts *parts, const struct hf_private *private);
