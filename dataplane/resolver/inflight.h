// SPDX-License-Identifier: BSD-3-Clause
/* The running fetches: one for a (name, type, class), found again by whoever needs the same (RFC 5452 §5: no second
 * query in flight for a birthday attack to hit).
 */
#pragma once
#include <stdint.h>
#include "resolver/fetch.h"

enum hf_join {
	HF_JOIN_WAITING,
	HF_JOIN_FAILED_BEFORE, /* RFC 9520: asked again too soon */
	HF_JOIN_REFUSED,       /* too deep, a circle, too many, or no memory */
};

/* Lets `question` wait for the fetch of (name, type) in its class, starting it if there is none. */
enum hf_join hf_inflight_join(struct hf_resolver *resolver, struct hf_question *question, const uint8_t *name,
			      uint16_t qtype);
/* Takes the fetch out of the index; it takes no more waiters. */
void hf_inflight_remove(struct hf_resolver *resolver, struct hf_fetch *fetch);
/* Puts it on the list of fetches to step. */
void hf_inflight_ready(struct hf_resolver *resolver, struct hf_fetch *fetch);
/* Frees a fetch that is neither waited for nor waiting. */
void hf_inflight_free(struct hf_resolver *resolver, struct hf_fetch *fetch);
