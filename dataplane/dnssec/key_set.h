// SPDX-License-Identifier: BSD-3-Clause
/* What is inside struct hf_keys; for the files of this directory. */
#pragma once
#include "dnssec/key.h"
#include "dnssec/public_key.h"

struct hf_keys {
	struct hf_rrset *rrset;
	unsigned count;
	bool any_zone_key; /* with the zone key bit; else EDE 11 */
	struct hf_public_key keys[]; /* those that may sign */
};
