// SPDX-License-Identifier: BSD-3-Clause
/* DNSSEC algorithm and digest type numbers (IANA), and which of them we can check. Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dnssec/policy.h"

enum hf_algorithm {
	HF_ALGORITHM_RSASHA1 = 5, HF_ALGORITHM_RSASHA1_NSEC3 = 7, HF_ALGORITHM_RSASHA256 = 8, HF_ALGORITHM_RSASHA512 = 10,
	HF_ALGORITHM_ECDSAP256 = 13, HF_ALGORITHM_ECDSAP384 = 14, HF_ALGORITHM_ED25519 = 15, HF_ALGORITHM_ED448 = 16,
};
enum hf_digest_type { HF_DIGEST_SHA1 = 1, HF_DIGEST_SHA256 = 2, HF_DIGEST_SHA384 = 4 };

bool hf_algorithm_is_known(uint8_t algorithm, const struct hf_dnssec_policy *policy);
bool hf_digest_is_known(uint8_t digest_type, const struct hf_dnssec_policy *policy);
/* "ECDSAP256SHA256", or "ALGORITHM" for unknown ones (the number is said beside it). */
const char *hf_algorithm_to_text(uint8_t algorithm);

/* RFC 4034 appendix B, of DNSKEY RDATA (≥ 4 octets). */
uint16_t hf_key_tag(const uint8_t *rdata, size_t length);
