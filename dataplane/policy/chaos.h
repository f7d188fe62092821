// SPDX-License-Identifier: BSD-3-Clause
/* What a server tells of itself in class CH (RFC 4892): id.server and hostname.bind give its identity, version.server and version.bind its
 * version, as TXT with TTL 0.
 */
#pragma once
#include <stddef.h>
#include "bpf/fastpath_abi.h"
#include "policy/local.h"
#include "wire/message.h"

#define HF_CHAOS_RECORD_SPACE 1024 /* octets; suffices for every answer */

/* The answer to a query of class CH, for hf_reply_write(). False when there is none to give: REFUSED. `local` may be NULL. */
bool hf_chaos_answer(const struct hf_local *local, const struct hf_query *query, struct hf_answer_record *record,
		     size_t capacity);
