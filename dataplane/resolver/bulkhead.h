// SPDX-License-Identifier: BSD-3-Clause
/* What keeps one zone's or server's trouble from being everybody's: how many fetches may stand at a zone cut, how many queries may be
 * open towards a server, and that a zone whose servers are all silent is left alone for a while. Forwarders are spared: whatever they
 * are asked, it is one zone.
 */
#pragma once
#include <stdbool.h>
#include "resolver/fetch.h"

/* The fetch has a new delegation. False when it may not go on there; it has ended and is gone. */
bool hf_bulkhead_enter(struct hf_resolver *resolver, struct hf_fetch *fetch);
/* It leaves that delegation (or had none). */
void hf_bulkhead_leave(struct hf_resolver *resolver, struct hf_fetch *fetch);
/* One of the delegation's servers replied, whatever it was. */
void hf_bulkhead_note_reply(struct hf_fetch *fetch);
/* The fetch failed there. */
void hf_bulkhead_note_failure(struct hf_resolver *resolver, struct hf_fetch *fetch);
/* Every server that could be asked has too many queries open: ends the fetch. */
void hf_bulkhead_servers_full(struct hf_resolver *resolver, struct hf_fetch *fetch);
