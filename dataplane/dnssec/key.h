// SPDX-License-Identifier: BSD-3-Clause
/* A zone's DNSKEY RRset with its public keys made ready for OpenSSL, each at its first use and then kept: parsing costs as much as
 * some checks do.
 */
#pragma once
#include <stdint.h>
#include "dnssec/work.h"
#include "wire/rrset.h"

struct hf_keys; /* belongs to one thread, as making a key ready changes it */

/* Copies the set (of type DNSKEY). NULL without memory. Keys that cannot be of use (protocol not 3, no zone key bit, revoked as in RFC 5011
 * §2.1, malformed) are kept apart and never tried. */
struct hf_keys *hf_keys_new(const struct hf_rrset *dnskey);
void hf_keys_free(struct hf_keys *keys); /* NULL is fine */
const uint8_t *hf_keys_zone(const struct hf_keys *keys);
