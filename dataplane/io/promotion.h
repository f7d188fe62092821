// SPDX-License-Identifier: BSD-3-Clause
/* From whoever answers to the hot table's one writer: "this answer is asked for, the kernel may have it". Only the
 * question travels; housekeeping looks the record up in the answer cache, so that nothing that was flushed or replaced
 * in the meantime reaches the kernel. One bounded ring per sender (one sender thread, one consumer thread), no system
 * call.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/name.h"

struct hf_promotion_offer {
	uint16_t qtype, qclass;
	uint8_t reply_class;
	uint8_t name_length;
	uint8_t name[HF_NAME_MAX + 1]; /* lower-cased, zero-padded to a multiple of 8 octets */
};

struct hf_promotion;

struct hf_promotion *hf_promotion_new(unsigned capacity); /* a power of two; NULL without memory */
void hf_promotion_free(struct hf_promotion *promotion);

/* Sender. False when the ring is full. */
bool hf_promotion_offer(struct hf_promotion *promotion, const uint8_t *name, unsigned name_length, uint16_t qtype,
			uint16_t qclass, uint8_t reply_class);
/* Consumer. The oldest offer, NULL for none; it stays valid until hf_promotion_done(). */
const struct hf_promotion_offer *hf_promotion_peek(struct hf_promotion *promotion);
void hf_promotion_done(struct hf_promotion *promotion);
