// SPDX-License-Identifier: BSD-3-Clause
/* Addresses that only names of the operator may have. Else a name of somebody's would make a browser take a host inside for one of the
 * name's owner (DNS rebinding). Pure functions; any thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/prefix.h"
#include "wire/message.h"

struct hf_private {
	const struct hf_prefix *addresses;
	unsigned address_count; /* 0: all addresses may come from everywhere */
	const uint8_t *const *domains; /* lower-cased; names at or below them may have such addresses */
	unsigned domain_count;
};

/* The set without A and AAAA records of such addresses, also those that an IPv6 address only wraps (::ffff:0:0/96), and without SVCB and HTTPS
 * records that hint at them (RFC 9460 §7.3). The same set when it has none of them or its owner may have them; NULL when nothing is left, or without
 * memory. RRSIGs go with the records. Adds to *removed. */
const struct hf_rrset *hf_private_strip(const struct hf_private *private, const struct hf_rrset *rrset, struct hf_arena *arena,
					unsigned *removed);
/* A number that other lists would not have; the same in every process. */
uint64_t hf_private_content(const struct hf_private *private);
/* The same for all sets of a server's message. Returns how many records went. */
unsigned hf_private_strip_message(const struct hf_private *private, struct hf_message *message, struct hf_arena *arena);
