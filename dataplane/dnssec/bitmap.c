// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/bitmap.h"
#include "wire/type.h"

enum { WINDOW_MAX = 32 };

bool hf_bitmap_is_valid(const uint8_t *bitmap, size_t length)
{
	int last = -1;

	while (length) {
		if (length < 3 || bitmap[0] <= last || bitmap[1] == 0 || bitmap[1] > WINDOW_MAX || bitmap[1] > length - 2)
			return false;
		last = bitmap[0];
		length -= 2u + bitmap[1];
		bitmap += 2u + bitmap[1];
	}
	return true;
}

bool hf_bitmap_has(const uint8_t *bitmap, size_t length, uint16_t type)
{
	const uint8_t window = (uint8_t)(type >> 8), octet = (uint8_t)type / 8;

	if (!hf_bitmap_is_valid(bitmap, length))
		return false;
	for (; length; length -= 2u + bitmap[1], bitmap += 2u + bitmap[1])
		if (bitmap[0] == window)
			return octet < bitmap[1] && (bitmap[2 + octet] & 0x80 >> type % 8);
	return false;
}

bool hf_bitmap_is_delegation(const uint8_t *bitmap, size_t length)
{
	return hf_bitmap_has(bitmap, length, HF_TYPE_NS) && !hf_bitmap_has(bitmap, length, HF_TYPE_SOA);
}

bool hf_bitmap_ends_zone(const uint8_t *bitmap, size_t length)
{
	return hf_bitmap_is_delegation(bitmap, length) || hf_bitmap_has(bitmap, length, HF_TYPE_DNAME);
}
