// SPDX-License-Identifier: BSD-3-Clause
/* Type bitmaps of NSEC and NSEC3 (RFC 4034 §4.1.2). Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool hf_bitmap_is_valid(const uint8_t *bitmap, size_t length);
bool hf_bitmap_has(const uint8_t *bitmap, size_t length, uint16_t type); /* false in a malformed one */
