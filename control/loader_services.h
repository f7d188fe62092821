// SPDX-License-Identifier: BSD-3-Clause
/* For whom the fast path answers: the half of the map `services` that is written next.
 * Pure; any thread.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "bpf/fastpath_abi.h"

/* Fills `half` (HF_SERVICE_SLOTS entries) with `services` and, as sources never to be answered, `own` addresses, as many as there is room for.
 * Wildcards among the services stand for all of `own` in their family. Returns the seed, its top bit clear, for
 * hf_service_index(); 0 on a fault, with the text in `error`: more than HF_SERVICE_ADDRESSES_MAX addresses or more than
 * HF_SERVICE_PORTS_MAX ports on one. */
uint64_t hf_loader_services_fill(struct hf_service half[HF_SERVICE_SLOTS], const struct hf_address *services,
				 size_t service_count, const struct hf_address *own, size_t own_count,
				 char *error, size_t error_size);

/* All addresses of this host but loopback (port 0), and the IPv4 broadcast addresses of its networks (port 1, which tells
 * them apart: a wildcard does not stand for them). Returns how many, at most `capacity`. */
size_t hf_loader_services_own(struct hf_address *own, size_t capacity);
