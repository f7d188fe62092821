// SPDX-License-Identifier: BSD-3-Clause
/* Places for records in the chunks of the hot table: which are free, which rest, and in what order the live ones are let go.
 *
 * A chunk is cut into slots of one size class when it is first needed. Each class has a SIEVE queue (Zhang et al., NSDI '24): new records enter
 * at the head; the hand walks from the tail towards the head, clears marks, and lets go the first record without one.
 * A slot given back rests for HF_SLOTS_REST_NS before it is handed out again: a program run that found it lasts microseconds.
 * Only the table's writer calls these functions.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "bpf/fastpath_abi.h"

#define HF_SLOTS_REST_NS (20 * HF_NS_PER_MS)

enum { HF_SLOTS_CLASSES = 4 };

/* Beside each unit of the chunks, in the writer's own memory. Those of units inside a slot are unused. */
struct hf_slot_meta {
	uint32_t newer, older; /* live: neighbours in the SIEVE queue; else `newer` is the next in its list. 0 ends both */
	uint32_t word;	       /* live: bucket * HF_BUCKET_WAYS + way that refers here */
	uint32_t hits;	       /* taken from the mark so far, and before that from the records replaced by this one */
	uint8_t class;
	bool live;
	bool was_marked; /* since it was published */
	bool refreshing; /* its refresh was asked for */
};

struct hf_slots;

/* `chunks` is chunk_count * HF_CHUNK_SIZE octets; chunks that carry a header of a former writer keep their class. */
struct hf_slots *hf_slots_new(uint8_t *chunks, uint32_t chunk_count);
void hf_slots_free(struct hf_slots *slots);

struct hf_slot_meta *hf_slots_meta(struct hf_slots *slots, uint32_t place);
struct hf_answer_record *hf_slots_record(const struct hf_slots *slots, uint32_t place);
/* Whether `place` is the start of a slot in a chunk that has a class; `size` receives the slot's octets. */
bool hf_slots_is_slot(const struct hf_slots *slots, uint32_t place, size_t *size);
uint32_t hf_slots_end(const struct hf_slots *slots); /* one more than the highest place */

/* While finding what a former writer left: `place` holds a live record. */
void hf_slots_adopt(struct hf_slots *slots, uint32_t place, uint32_t word);
/* Then, once: all slots not adopted become free. */
void hf_slots_adopted(struct hf_slots *slots);

/* The class that a record of `size` octets goes into, -1 when it is too large. */
int hf_slots_class(size_t size);
/* A slot to fill, 0 when none is free and rested. */
uint32_t hf_slots_take(struct hf_slots *slots, int class, struct hf_now now);
/* The filled slot is referred to by `word` and enters its queue. */
void hf_slots_enter(struct hf_slots *slots, uint32_t place, uint32_t word);
/* Nothing refers to the live slot any more: out of its queue, to rest. */
void hf_slots_retire(struct hf_slots *slots, uint32_t place, struct hf_now now);
/* The live slot that SIEVE lets go next for the sake of `class`; 0 when nothing is live. The caller retires it. */
uint32_t hf_slots_victim(struct hf_slots *slots, int class);
/* True when taking from `class` will soon fail for want of free or resting slots. */
bool hf_slots_is_short(const struct hf_slots *slots, int class);
size_t hf_slots_live(const struct hf_slots *slots);
