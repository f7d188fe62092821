// SPDX-License-Identifier: BSD-3-Clause
/* Whom the fast path answers: the half of the map `clients` that is written next.
 * Pure; any thread.
 */
#pragma once
#include <stddef.h>
#include "bpf/fastpath_abi.h"
#include "policy/access.h"

/* Fills `half` (HF_CLIENT_RANGES entries) with what `access` means for the kernel. Sets the numbers of ranges of both families; 0 and 0 when
 * everybody is answered. False when there is no room. */
bool hf_loader_clients_fill(struct hf_client_range half[HF_CLIENT_RANGES], const struct hf_access *access, __u32 counts[2]);
