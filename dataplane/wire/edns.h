// SPDX-License-Identifier: BSD-3-Clause
/* The OPT pseudo-RR (RFC 6891 §6.1), read. Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/message.h"

#define HF_EDNS_OPT_SIZE 11 /* octets of an OPT without options, its root owner included */
enum { HF_EDNS_OPTION_EDE = 15 };

/* From the four fields behind OPT's type. False when version 0 has options that do not add up to
 * their length; other versions' options are not looked into (nobody knows their form). */
bool hf_edns_read(uint16_t class, uint32_t ttl, const uint8_t *options, uint16_t options_length, struct hf_edns *edns);
