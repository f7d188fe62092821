// SPDX-License-Identifier: BSD-3-Clause
/* SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short inputs that an outsider cannot foresee. Pure; any
 * thread. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { HF_SIPHASH_KEY = 16 };

/* Where the result goes on the wire, its least significant octet comes first. */
uint64_t hf_siphash(const uint8_t key[HF_SIPHASH_KEY], const void *bytes, size_t length);
