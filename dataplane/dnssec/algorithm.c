// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/algorithm.h"

const struct hf_dnssec_policy hf_dnssec_policy_default = {
	.sha1 = true,
	.sha1_digest = true,
	.rsa_bits_min = 512,
	.nsec3_iterations_max = 50,
};

bool hf_algorithm_is_known(uint8_t algorithm, const struct hf_dnssec_policy *policy)
{
	switch (algorithm) {
	case HF_ALGORITHM_RSASHA1:
	case HF_ALGORITHM_RSASHA1_NSEC3:
		return policy->sha1;
	case HF_ALGORITHM_RSASHA256:
	case HF_ALGORITHM_RSASHA512:
	case HF_ALGORITHM_ECDSAP256:
	case HF_ALGORITHM_ECDSAP384:
	case HF_ALGORITHM_ED25519:
	case HF_ALGORITHM_ED448:
		return true;
	}
	return false;
}

bool hf_digest_is_known(uint8_t digest_type, const struct hf_dnssec_policy *policy)
{
	switch (digest_type) {
	case HF_DIGEST_SHA1:
		return policy->sha1_digest;
	case HF_DIGEST_SHA256:
	case HF_DIGEST_SHA384:
		return true;
	}
	return false;
}

const char *hf_algorithm_to_text(uint8_t algorithm)
{
	static const char *const texts[] = {
		[1] = "RSAMD5",
		[3] = "DSA",
		[HF_ALGORITHM_RSASHA1] = "RSASHA1",
		[6] = "DSA-NSEC3-SHA1",
		[HF_ALGORITHM_RSASHA1_NSEC3] = "RSASHA1-NSEC3-SHA1",
		[HF_ALGORITHM_RSASHA256] = "RSASHA256",
		[HF_ALGORITHM_RSASHA512] = "RSASHA512",
		[12] = "ECC-GOST",
		[HF_ALGORITHM_ECDSAP256] = "ECDSAP256SHA256",
		[HF_ALGORITHM_ECDSAP384] = "ECDSAP384SHA384",
		[HF_ALGORITHM_ED25519] = "ED25519",
		[HF_ALGORITHM_ED448] = "ED448",
	};

	return algorithm < sizeof(texts) / sizeof(texts[0]) && texts[algorithm] ? texts[algorithm] : "ALGORITHM";
}

uint16_t hf_key_tag(const uint8_t *rdata, size_t length)
{
	uint32_t sum = 0;

	/* RFC 4034 appendix B.1: of RSAMD5 it is two octets of the modulus. */
	if (length >= 7 && rdata[3] == 1)
		return (uint16_t)(rdata[length - 3] << 8 | rdata[length - 2]);
	for (size_t i = 0; i < length; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}
