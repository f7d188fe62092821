// SPDX-License-Identifier: BSD-3-Clause
/* RRSIG RDATA (RFC 4034 §3.1) read. Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/rrset.h"

enum { HF_RRSIG_FIXED_SIZE = 18 }; /* octets before the signer's name */

/* Points into the RDATA. */
struct hf_rrsig {
	uint16_t type_covered, key_tag;
	uint8_t algorithm, labels;
	uint32_t original_ttl, expiration, inception; /* the last two in serial arithmetic (RFC 1982) */
	const uint8_t *signer;
	const uint8_t *signature;
	size_t signature_length;
};
/* False when it is malformed. */
bool hf_rrsig_read(const struct hf_rdata *rdata, struct hf_rrsig *rrsig);

/* Whether `a` is before `b` (RFC 1982 §3.2); both are seconds modulo 2^32. */
static inline bool hf_rrsig_time_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
