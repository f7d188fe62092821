// SPDX-License-Identifier: BSD-3-Clause
/* The kernel tier as its one writer sees it: pinned, memory-mapped arrays; plain stores, no system call per record.
 *
 * One process holds the table for writing (a lock on the directory `writer` among the pins), one thread in it calls these
 * functions. A record is written whole into a free slot, then the bucket's word is flipped to it; the old slot rests
 * until no program run can still be reading it. What a killed writer left half done is never referenced, and
 * hf_hot_table_open finds the live slots by walking the buckets.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "bpf/fastpath_abi.h"

struct hf_hot_table;

/* Opens the maps pinned in `pin_dir` (see hot/pins.h). NULL on a fault, with the text in `error`: not pinned, other ABI
 * version, another writer. `secret` (may be NULL) receives the boot secret that the kernel hashes with; records are
 * published under it whatever key they carry. */
struct hf_hot_table *hf_hot_table_open(const char *pin_dir, uint64_t secret[2], char error[256]);
void hf_hot_table_close(struct hf_hot_table *table); /* records stay and go on being served */

/* The same over memory that the caller owns and keeps: settings filled in, bucket_count buckets (64-octet aligned) and chunk_count
 * chunks of HF_CHUNK_SIZE, all zero or as a former writer left them. No lock is taken. */
struct hf_hot_memory {
	struct hf_fastpath_settings *settings;
	struct hf_hot_bucket *buckets;
	uint8_t *chunks;
};
struct hf_hot_table *hf_hot_table_over(const struct hf_hot_memory *memory, char error[256]);

/* False once the loader has put other maps in the place of these (a new ABI version or size) or taken them away: nobody reads this table
 * any more, close and open it again. One system call; ask now and then, not per record. */
bool hf_hot_table_is_current(const struct hf_hot_table *table);

/* Publishes a cacheable record, replacing one of the same question. When the table or its size class is full, evicts by SIEVE over
 * the marks. False when it cannot be held: expired, not cacheable, class other than IN, or no room at this instant. */
bool hf_hot_table_publish(struct hf_hot_table *table, const struct hf_answer_record *record, struct hf_now now);

/* Takes out all records that speak of `name` [or a name below it], as the question or as an owner in the body (an answer may lead
 * through it by CNAME); returns how many. `name` in any case. Walks the whole table. */
size_t hf_hot_table_flush(struct hf_hot_table *table, const uint8_t *name, bool subtree);
/* The same for records of which `matches` says so. */
size_t hf_hot_table_flush_if(struct hf_hot_table *table,
			     bool (*matches)(void *state, const struct hf_answer_record *record), void *state);
/* Whether the question of `record` has a fresh answer here. */
bool hf_hot_table_holds(const struct hf_hot_table *table, const struct hf_answer_record *record, struct hf_now now);

/* Upkeep, some hundred entries a call: frees expired records; calls `refresh` (may be NULL) for records in the last tenth of their TTL whose
 * mark was set since they were published (so that hits in the kernel trigger a prefetch too, once per entry). `name` lives
 * for the call. */
void hf_hot_table_tend(struct hf_hot_table *table, struct hf_now now,
		       void (*refresh)(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass), void *state);

/* Calls `visit` for every fresh record; for `hot` and `lookup`. `hits` is estimated from samples (HF_MARK_SAMPLE). */
void hf_hot_table_visit(struct hf_hot_table *table, struct hf_now now,
			void (*visit)(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
				      const struct hf_answer_record *record, uint64_t hits),
			void *state);

struct hf_hot_stats {
	size_t entries, capacity;
	uint64_t published, replaced, evicted, expired, rejected;
};
void hf_hot_table_stats(const struct hf_hot_table *table, struct hf_hot_stats *stats); /* any thread */
