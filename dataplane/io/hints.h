// SPDX-License-Identifier: BSD-3-Clause
/* Root hints (RFC 9609): a zone file with the root's NS set and the addresses of its servers. */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "control/config.h"
#include "wire/rrset.h"

/* Sets and their array are the arena's. False with "FILE:LINE: what is wrong" in `error`. */
bool hf_hints_load(const char *path, struct hf_arena *arena, const struct hf_rrset *const **sets, unsigned *count,
		   char error[HF_CONFIG_ERROR_MAX]);
