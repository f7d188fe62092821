// SPDX-License-Identifier: BSD-3-Clause
/* What public-key checks came to (struct hf_verdicts, verify.h); for the files of this directory. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "dnssec/public_key.h"
#include "dnssec/verify.h"

/* The part of it that a DNSKEY's RDATA makes: the same for all checks with the key. */
struct hf_verdict_key hf_verdicts_part(const struct hf_verdicts *verdicts, const uint8_t *bytes, size_t length);
/* Of one check: what is signed, the signature, and the key's part. */
struct hf_verdict_key hf_verdicts_key(const struct hf_verdicts *verdicts, const uint8_t *message, size_t length,
				      const uint8_t *signature, size_t signature_length, const struct hf_verdict_key *dnskey);

enum hf_verdict { HF_VERDICT_UNKNOWN, HF_VERDICT_GOOD, HF_VERDICT_BAD };
enum hf_verdict hf_verdicts_find(const struct hf_verdicts *verdicts, const struct hf_verdict_key *key);
void hf_verdicts_put(struct hf_verdicts *verdicts, const struct hf_verdict_key *key, bool good);
