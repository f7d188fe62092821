// SPDX-License-Identifier: BSD-3-Clause
/* Integers in network byte order at any address. The caller has checked the bounds. */
#pragma once
#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t hf_octets_u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return be16toh(value);
}

static inline uint32_t hf_octets_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static inline void hf_octets_put_u16(uint8_t *at, uint16_t value)
{
	value = htobe16(value);
	memcpy(at, &value, sizeof(value));
}

static inline void hf_octets_put_u32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}
