// SPDX-License-Identifier: BSD-3-Clause
/* Which misses a thread may hand on: shares of its tickets by zone and by client. One struct belongs to one thread; a look
 * costs a hash of each suffix down to the zone, no allocation, no lock.
 *
 * Tickets on their way are what a slow zone holds, be it that its servers are silent or that the resolver threads have more to do
 * than they can. A zone may hold an eighth of what is free (Choudhury and Hahne, "Dynamic queue length thresholds", 1998), so n
 * flooded zones leave 8/(8+n) of all to the others, and always HF_ADMISSION_FLOOR. What there is to share is a quarter of the tickets; it shrinks
 * while misses wait too long for a resolver thread, so that those of other zones do not wait behind a flood, and grows up to all of them
 * while they do not and more are wanted.
 *
 * A zone is what the resolver says the answer came from. Of a name that none of the known zones is known to hold, the label below the deepest
 * known one stands for it while mostly delegations are found there (com., co.uk.); such strangers with few under
 * way each hold no more below that zone than is free.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/now.h"
#include "wire/message.h"

enum {
	HF_ADMISSION_FLOOR = 8,	       /* tickets a zone may hold in any case */
	HF_ADMISSION_DEPTH_MAX = 12,   /* labels looked at; a zone below counts as part of that at this depth */
	HF_ADMISSION_TARGET_MS = 20,   /* a miss may wait so long for a resolver thread */
	HF_ADMISSION_CLOSED_MS = 500,
	HF_ADMISSION_INTERVAL_MS = 50, /* when all waited longer for so long, there is less to share */
};

struct hf_admission;

/* What a ticket holds of the shares. Zeroed: nothing. */
struct hf_admission_pass {
	uint32_t zone, above, client; /* places plus one, 0 for none */
	uint8_t depth;		      /* labels of the zone */
	bool taken;
};

enum hf_admission_verdict { HF_ADMISSION_YES, HF_ADMISSION_ZONE_SHARE, HF_ADMISSION_CLIENT_SHARE };

struct hf_admission *hf_admission_new(unsigned tickets, const uint64_t secret[2]); /* NULL without memory */
void hf_admission_free(struct hf_admission *admission);

/* `wait_limit`: unanswered questions for each client address (IPv6: /64), 0 for any number. */
enum hf_admission_verdict hf_admission_take(struct hf_admission *admission, const struct hf_query *query,
					    const struct hf_address *client, unsigned wait_limit, struct hf_now now,
					    struct hf_admission_pass *pass);
/* What became of a ticket. Times are monotonic; `taken_ns` 0: no resolver thread took it. */
struct hf_admission_result {
	uint8_t cut;	  /* labels plus one of the zone that its answer came from, 0 when unknown */
	bool turned_away; /* by a limit of the zone: for HF_ADMISSION_CLOSED_MS one miss at a time finds out whether it still holds */
	uint64_t arrived_ns, taken_ns, answered_ns;
};
void hf_admission_return(struct hf_admission *admission, const struct hf_admission_pass *pass,
			 const struct hf_query *query, const struct hf_admission_result *result);

/* After HF_ADMISSION_ZONE_SHARE: the zone that was turned away, as a suffix of the query's name, when it was not told for a
 * minute; else NULL. `turned_away`: how many were since the last time. */
const uint8_t *hf_admission_to_tell(struct hf_admission *admission, const struct hf_query *query, struct hf_now now,
				    uint32_t *turned_away);

/* For tests and figures: what may be under way at present, and what is. */
unsigned hf_admission_room(const struct hf_admission *admission);
unsigned hf_admission_held(const struct hf_admission *admission);
