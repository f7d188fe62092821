// SPDX-License-Identifier: BSD-3-Clause
/* Four words of state; two rounds for each eight octets, four at the end. */
#include "base/siphash.h"
#include <endian.h>
#include <string.h>

static uint64_t little_endian(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

static inline uint64_t rotate(uint64_t word, unsigned by)
{
	return word << by | word >> (64 - by);
}

static inline void rounds(uint64_t v[4], unsigned count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t hf_siphash(const uint8_t key[HF_SIPHASH_KEY], const void *bytes, size_t length)
{
	const uint8_t *at = bytes, *end = at + (length & ~(size_t)7);
	uint64_t k0 = little_endian(key), k1 = little_endian(key + 8), last = (uint64_t)length << 56;
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
			 k1 ^ 0x7465646279746573};

	for (; at < end; at += 8)
		absorb(v, little_endian(at));
	for (unsigned i = 0; i < (length & 7); i++)
		last |= (uint64_t)at[i] << (8 * i);
	absorb(v, last);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
