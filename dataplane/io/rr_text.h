// SPDX-License-Identifier: BSD-3-Clause
/* RRs in presentation form, for people. */
#pragma once
#include <jansson.h>
#include "wire/rrset.h"

/* "192.0.2.1", "10 mail.example." … of every RR and RRSIG of the set, without owner, TTL, class and type: a new JSON
 * array. */
json_t *hf_rr_text(const struct hf_rrset *rrset);
