// SPDX-License-Identifier: BSD-3-Clause
/* Hashed owner names of NSEC3 (RFC 5155 §5). Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/rrset.h"

enum { HF_NSEC3_HASH_SIZE = 20, HF_NSEC3_OPT_OUT = 1 };

struct hf_nsec3 { /* of one NSEC3 RR; points into its RDATA */
	uint8_t hash_algorithm, flags;
	uint16_t iterations;
	uint8_t salt_length, next_length;
	const uint8_t *salt, *next;
	const uint8_t *bitmap;
	uint16_t bitmap_length;
};
bool hf_nsec3_read(const struct hf_rdata *rdata, struct hf_nsec3 *nsec3); /* false: malformed */
/* The hash that an owner's first label stands for (base32hex, RFC 4648 §7); false when it is none. */
bool hf_nsec3_owner_hash(const uint8_t *owner, uint8_t hash[HF_NSEC3_HASH_SIZE]);
/* SHA-1 over the lower-cased name, `iterations` more times with the salt. */
bool hf_nsec3_hash(const uint8_t *name, const uint8_t *salt, uint8_t salt_length, uint16_t iterations,
		   uint8_t hash[HF_NSEC3_HASH_SIZE]);
