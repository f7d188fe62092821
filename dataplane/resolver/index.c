// SPDX-License-Identifier: BSD-3-Clause
/* Intrusive hash table; see index.h. */
#include "resolver/index.h"
#include <stdlib.h>
#include <string.h>
#include "wire/name.h"

bool hf_index_init(struct hf_index *index, uint32_t expected)
{
	uint32_t size = 16;

	while (size < expected && size < (1u << 24))
		size *= 2;
	index->buckets = calloc(size, sizeof(index->buckets[0]));
	index->mask = size - 1;
	index->count = 0;
	return index->buckets != NULL;
}

void hf_index_free(struct hf_index *index)
{
	free(index->buckets);
	index->buckets = NULL;
	index->count = 0;
}

void hf_index_add(struct hf_index *index, struct hf_index_node *node, uint64_t hash)
{
	struct hf_index_node **bucket = &index->buckets[hash & index->mask];

	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	index->count++;
}

void hf_index_remove(struct hf_index *index, struct hf_index_node *node)
{
	struct hf_index_node **link = &index->buckets[node->hash & index->mask];

	while (*link && *link != node)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = node->next;
	node->next = NULL;
	index->count--;
}

static struct hf_index_node *same_hash(struct hf_index_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hf_index_node *hf_index_first(const struct hf_index *index, uint64_t hash)
{
	return same_hash(index->buckets[hash & index->mask], hash);
}

struct hf_index_node *hf_index_next(const struct hf_index_node *node)
{
	return same_hash(node->next, node->hash);
}

struct hf_index_node *hf_index_any(const struct hf_index *index)
{
	if (!index->count)
		return NULL;
	for (uint32_t i = 0; i <= index->mask; i++)
		if (index->buckets[i])
			return index->buckets[i];
	return NULL;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hf_index_hash_bytes(const uint64_t secret[2], const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t hash = secret[0] ^ length;

	for (size_t i = 0; i < length; i += 8) {
		uint64_t word = 0;
		size_t left = length - i;

		memcpy(&word, at + i, left < 8 ? left : 8);
		hash = fold(hash ^ word, secret[1] ^ 0x9e3779b97f4a7c15u);
	}
	return fold(hash ^ secret[1], 0xd6e8feb86659fd93u ^ secret[0]);
}

uint64_t hf_index_hash_name(const uint64_t secret[2], const uint8_t *name, uint64_t tail)
{
	uint8_t bytes[HF_NAME_MAX + sizeof(tail)];
	size_t length = hf_name_lower(name, bytes);

	memcpy(bytes + length, &tail, sizeof(tail));
	return hf_index_hash_bytes(secret, bytes, length + sizeof(tail));
}
