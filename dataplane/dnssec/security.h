// SPDX-License-Identifier: BSD-3-Clause
/* What validation says of data (RFC 4035 §4.3), and of what is broken.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Ordered: what is made of several parts has the lowest of theirs. */
enum hf_security {
	HF_SECURITY_UNCHECKED, /* nobody has looked: glue, referrals, what was fetched for a client with CD or without validation */
	HF_SECURITY_BOGUS,
	HF_SECURITY_INSECURE,  /* a proof says that nothing is signed here, or by means we do not know; or no trust anchor above */
	HF_SECURITY_SECURE,    /* signed, by a chain from a trust anchor */
};
const char *hf_security_to_text(enum hf_security security); /* "secure" … */

/* INFO-CODEs of RFC 8914 and the IANA registry that validation gives. */
enum hf_ede_code {
	HF_EDE_UNSUPPORTED_KEY_ALGORITHM = 1,
	HF_EDE_UNSUPPORTED_DIGEST = 2,
	HF_EDE_INDETERMINATE = 5,
	HF_EDE_BOGUS = 6,
	HF_EDE_SIGNATURE_EXPIRED = 7,
	HF_EDE_SIGNATURE_NOT_YET_VALID = 8,
	HF_EDE_DNSKEY_MISSING = 9,
	HF_EDE_RRSIGS_MISSING = 10,
	HF_EDE_NO_ZONE_KEY = 11, /* no DNSKEY with the zone key bit */
	HF_EDE_NSEC_MISSING = 12,
	HF_EDE_SIGNATURE_EXPIRED_BEFORE_VALID = 25,
	HF_EDE_NSEC3_ITERATIONS = 27,
	HF_EDE_NEGATIVE_TRUST_ANCHOR = 33,
};

static inline bool hf_ede_is_of_validation(uint16_t code)
{
	return code == HF_EDE_UNSUPPORTED_KEY_ALGORITHM || code == HF_EDE_UNSUPPORTED_DIGEST ||
	       (code >= HF_EDE_INDETERMINATE && code <= HF_EDE_NSEC_MISSING) ||
	       code == HF_EDE_SIGNATURE_EXPIRED_BEFORE_VALID || code == HF_EDE_NSEC3_ITERATIONS;
}

/* Why something is not secure: what an operator needs to find the broken link. */
enum { HF_CAUSE_TEXT_MAX = 200 };
struct hf_cause {
	uint16_t ede; /* 0: none given */
	char text[HF_CAUSE_TEXT_MAX]; /* names owner, type, key tag, algorithm and why */
};
/* Long names in `format`'s arguments are to be cut by the caller ("%.100s"). `cause` may be NULL. */
void hf_cause_set(struct hf_cause *cause, uint16_t ede, const char *format, ...) __attribute__((format(printf, 3, 4)));
