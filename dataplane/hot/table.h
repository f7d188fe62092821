// SPDX-License-Identifier: BSD-3-Clause
/* The kernel tier as its one writer sees it: pinned, memory-mapped arrays; plain stores, no system call per record.
 *
 * One process holds the table for writing (an flock on a file beside nothing in bpffs: a lock file named after the pin path),
 * one thread in it calls these functions. A record is written whole into a free slot, then the bucket's tag is flipped to it; the old slot rests
 * until no program run can still be reading it. What a killed writer left half done is never referenced, and hf_hot_table_open finds the live slots by walking the buckets.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "bpf/fastpath_abi.h"

struct hf_hot_table;

/* Opens the maps pinned in `pin_dir` (bpffs/INTERFACE). NULL on a fault, with the text in `error`: not pinned, other ABI
 * version, another writer. `secret` receives the boot secret that both sides hash with (the cache must use the same). */
struct hf_hot_table *hf_hot_table_open(const char *pin_dir, uint64_t secret[2], char error[256]);
void hf_hot_table_close(struct hf_hot_table *table); /* records stay and go on being served */

/* Publishes a cacheable record, replacing one of the same question. When the table or its size class is full, evicts by SIEVE over the marks.
 * False when it cannot be held (too large, expired). */
bool hf_hot_table_publish(struct hf_hot_table *table, const struct hf_answer_record *record, struct hf_now now);

/* Takes one question's record out / all records of `name` [and below]; returns how many. */
size_t hf_hot_table_flush(struct hf_hot_table *table, const uint8_t *name, bool subtree);
bool hf_hot_table_holds(struct hf_hot_table *table, const uint64_t key[2], struct hf_now now);

/* Upkeep, some hundred entries a call: frees expired records and rested slots; calls `refresh` for records in the last tenth of their TTL whose mark was set
 * since they were published (so that hits in the kernel trigger a prefetch too, once per entry). */
void hf_hot_table_tend(struct hf_hot_table *table, struct hf_now now,
		       void (*refresh)(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass), void *state);

/* Calls `visit` for every live record; for `hot` and `lookup`. qtype, qclass, reply_class come from the bucket's side table. */
void hf_hot_table_visit(struct hf_hot_table *table, struct hf_now now,
			void (*visit)(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
				      const struct hf_answer_record *record, uint64_t hits),
			void *state);

struct hf_hot_stats {
	size_t entries, capacity;
	uint64_t published, replaced, evicted, expired, rejected;
};
void hf_hot_table_stats(const struct hf_hot_table *table, struct hf_hot_stats *stats); /* any thread */
