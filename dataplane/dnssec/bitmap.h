// SPDX-License-Identifier: BSD-3-Clause
/* Type bitmaps of NSEC and NSEC3 (RFC 4034 §4.1.2). Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool hf_bitmap_is_valid(const uint8_t *bitmap, size_t length);
bool hf_bitmap_has(const uint8_t *bitmap, size_t length, uint16_t type); /* false in a malformed one */
/* The parent's side of a zone cut: NS without SOA. */
bool hf_bitmap_is_delegation(const uint8_t *bitmap, size_t length);
/* What is below the owner is another zone's, or nobody's: a delegation or a DNAME (RFC 6840 §4.1, RFC 5155 §8.3). */
bool hf_bitmap_ends_zone(const uint8_t *bitmap, size_t length);
