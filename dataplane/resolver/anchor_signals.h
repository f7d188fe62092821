// SPDX-License-Identifier: BSD-3-Clause
/* What is told to others of the trust anchors here: to clients that ask by sentinel names (RFC 8509), to the servers of an anchored
 * zone by a query (RFC 8145 §5).
 */
#pragma once
#include <stdbool.h>
#include "resolver/question.h"

/* Whether a finished, secure answer has to be SERVFAIL instead: its name asks about a root key, and the answer is no (RFC 8509 §3). */
bool hf_anchor_signals_deny(const struct hf_resolver *resolver, const struct hf_question *question);

/* The zone's keys were validated: if it has a trust anchor, its servers are told which keys are trusted. */
void hf_anchor_signals_send(struct hf_resolver *resolver, const uint8_t *zone);
