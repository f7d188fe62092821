// SPDX-License-Identifier: BSD-3-Clause
/* A ring of offers with one writer and one reader; each side owns one index and publishes it with release order. */
#include "io/promotion.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct hf_promotion {
	unsigned mask;
	struct hf_promotion_offer *offers;
	_Atomic unsigned written __attribute__((aligned(64))); /* sender writes */
	_Atomic unsigned read __attribute__((aligned(64)));    /* consumer writes */
};

struct hf_promotion *hf_promotion_new(unsigned capacity)
{
	struct hf_promotion *promotion = aligned_alloc(64, sizeof(*promotion));

	if (!promotion)
		return NULL;
	promotion->offers = calloc(capacity, sizeof(*promotion->offers));
	if (!promotion->offers) {
		free(promotion);
		return NULL;
	}
	promotion->mask = capacity - 1;
	atomic_init(&promotion->written, 0);
	atomic_init(&promotion->read, 0);
	return promotion;
}

void hf_promotion_free(struct hf_promotion *promotion)
{
	if (!promotion)
		return;
	free(promotion->offers);
	free(promotion);
}

bool hf_promotion_offer(struct hf_promotion *promotion, const uint8_t *name, unsigned name_length, uint16_t qtype,
			uint16_t qclass, uint8_t reply_class)
{
	unsigned written = atomic_load_explicit(&promotion->written, memory_order_relaxed);
	struct hf_promotion_offer *offer = &promotion->offers[written & promotion->mask];

	if (written - atomic_load_explicit(&promotion->read, memory_order_acquire) > promotion->mask)
		return false;
	offer->qtype = qtype;
	offer->qclass = qclass;
	offer->reply_class = reply_class;
	offer->name_length = (uint8_t)name_length;
	memcpy(offer->name, name, (name_length + 7) & ~7u);
	atomic_store_explicit(&promotion->written, written + 1, memory_order_release);
	return true;
}

const struct hf_promotion_offer *hf_promotion_peek(struct hf_promotion *promotion)
{
	unsigned read = atomic_load_explicit(&promotion->read, memory_order_relaxed);

	if (read == atomic_load_explicit(&promotion->written, memory_order_acquire))
		return NULL;
	return &promotion->offers[read & promotion->mask];
}

void hf_promotion_done(struct hf_promotion *promotion)
{
	atomic_store_explicit(&promotion->read, atomic_load_explicit(&promotion->read, memory_order_relaxed) + 1,
			      memory_order_release);
}
