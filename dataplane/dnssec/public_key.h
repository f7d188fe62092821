// SPDX-License-Identifier: BSD-3-Clause
/* One public key of a DNSKEY RR made ready for OpenSSL, and checking a signature with it. For the files of this directory, and for who measures what a
 * check costs. Belongs to one thread.
 */
#pragma once
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dnssec/work.h"

enum { HF_DNSKEY_ZONE = 0x0100, HF_DNSKEY_REVOKED = 0x0080 };

/* A keyed hash of 128 bits, in verdicts.h. */
struct hf_verdict_key {
	uint64_t words[2];
};

struct hf_public_key {
	uint16_t flags, tag;
	uint8_t protocol, algorithm;
	const uint8_t *rdata; /* of the whole DNSKEY */
	uint16_t length;
	uint16_t bits;	    /* of an RSA modulus; else 0 */
	bool tried, broken; /* made ready; but cannot be read */
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *verifier; /* RSA and ECDSA */
	bool has_part;
	struct hf_verdict_key part; /* of the verdicts on its signatures */
};

/* Reads the fixed fields; false when it is too short. */
bool hf_public_key_read(struct hf_public_key *key, const uint8_t *rdata, uint16_t length);
/* A key of the zone that may sign (RFC 4034 §2.1.1, §2.1.2; RFC 5011 §2.1). */
bool hf_public_key_may_sign(const struct hf_public_key *key);
void hf_public_key_free(struct hf_public_key *key); /* what OpenSSL holds */

/* Parses at first use; false when it cannot be read. */
bool hf_public_key_make_ready(struct hf_public_key *key);
/* What one check costs; of a key that is ready. */
uint32_t hf_public_key_cost(const struct hf_public_key *key, const struct hf_costs *costs);
/* Whether the signature verifies. The key is ready. `digester` is reused from check to check. */
bool hf_public_key_check(struct hf_public_key *key, EVP_MD_CTX *digester, const uint8_t *message, size_t length,
			 const uint8_t *signature, size_t signature_length);

/* Fetched once for the process, which OpenSSL makes costly (any thread); NULL when it is not there. */
const EVP_MD *hf_public_key_digest(uint8_t algorithm);
