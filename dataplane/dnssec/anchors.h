// SPDX-License-Identifier: BSD-3-Clause
/* Trust anchors: DS or DNSKEY RRsets by zone. */
#pragma once
#include <stdint.h>
#include "wire/rrset.h"

struct hf_anchor {
	const struct hf_rrset *ds, *dnskey; /* one may be NULL */
};

/* An immutable set, shared by threads by reference counting. */
struct hf_anchors;

/* Copies RRsets of type DS and DNSKEY (several of one owner and type are put together); other types are refused. NULL without memory,
 * with a wrong type, or when one is too large. `count` 0 is fine: nothing is validated. */
struct hf_anchors *hf_anchors_new(const struct hf_rrset *const *rrsets, unsigned count);
struct hf_anchors *hf_anchors_hold(struct hf_anchors *anchors); /* another reference; NULL is fine */
void hf_anchors_drop(struct hf_anchors *anchors);		/* NULL is fine */

/* The closest zone at or above `name` with an anchor, NULL for none; *anchor is filled. Any thread. */
const uint8_t *hf_anchors_find(const struct hf_anchors *anchors, const uint8_t *name, struct hf_anchor *anchor);
unsigned hf_anchors_count(const struct hf_anchors *anchors); /* of zones */
/* The zone numbered `index` < count. */
const uint8_t *hf_anchors_zone(const struct hf_anchors *anchors, unsigned index, struct hf_anchor *anchor);
