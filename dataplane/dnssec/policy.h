// SPDX-License-Identifier: BSD-3-Clause
/* What the operator lets validation believe. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct hf_dnssec_policy {
	bool sha1;		       /* RSASHA1 (5) and RSASHA1-NSEC3-SHA1 (7); else they are unknown algorithms (RFC 9905) */
	bool sha1_digest;	       /* DS with digest type 1, where no better one stands beside it */
	uint16_t rsa_bits_min;	       /* shorter RSA keys are of an unknown algorithm; 512–4096 */
	uint16_t nsec3_iterations_max; /* more: insecure, EDE 27 (RFC 9276 §3.2) */
	uint32_t skew_s;	       /* by which a signature's window is widened on either side, for clocks that go wrong */
};
extern const struct hf_dnssec_policy hf_dnssec_policy_default; /* SHA-1 on, 512 bits, 50, 0 s: as peers have it */
