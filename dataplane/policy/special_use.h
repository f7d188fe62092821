// SPDX-License-Identifier: BSD-3-Clause
/* Names that the root and the tree know nothing of, or should not be bothered with (IANA's registries of special-use domain names and
 * of locally-served DNS zones).
 */
#pragma once
#include "policy/local.h"

/* Adds their zones and data to what is configured, which goes first. `routed` are the zones that have configured servers: a special-use
 * name at or below one of them is the servers' affair, and so is one of them inside a special-use zone; the root among them says nothing.
 * Returns NULL, or a constant text that says what is wrong. */
const char *hf_special_use_add(struct hf_local *local, const uint8_t *const *routed, unsigned routed_count);
