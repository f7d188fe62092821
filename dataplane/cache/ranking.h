// SPDX-License-Identifier: BSD-3-Clause
/* Which of two facts about one owner name is believed (RFC 2181 §5.4.1, RFC 8767 §7). Pure functions. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "cache/cache.h"

/* NXDOMAIN is a fact about the name, not about a type; type 0 is reserved (RFC 6895 §3.1). */
#define HF_TYPE_OF_NXDOMAIN 0

/* Whether two facts of one owner and class cannot both hold. */
bool hf_ranking_contradict(uint16_t type_a, enum hf_fact fact_a, uint16_t type_b, enum hf_fact fact_b);

/* Whether a fact of this rank and security is not to replace `old`, which is fresh. */
bool hf_ranking_outranks(const struct hf_cache_entry *old, enum hf_rank rank, enum hf_security security);

/* When `entry`, an NS set of `type` NS that is to replace `old`, has to end: its own end, or that of the delegation it continues. */
uint64_t hf_ranking_ns_end(const struct hf_cache_entry *entry, const struct hf_cache_entry *old);
