// SPDX-License-Identifier: BSD-3-Clause
/* A hash table of nodes that live inside the things they index: no allocation after init, so adding never fails.
 * The caller computes the hash (keyed where outsiders choose the keys) and compares the things themselves.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_index_node {
	struct hf_index_node *next;
	uint64_t hash;
};

struct hf_index {
	struct hf_index_node **buckets;
	uint32_t mask;
	uint32_t count;
};

#define hf_index_entry(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

/* `expected` nodes will usually be in it; more only make it slower. False without memory. */
bool hf_index_init(struct hf_index *index, uint32_t expected);
void hf_index_free(struct hf_index *index); /* the buckets, not the nodes */
void hf_index_add(struct hf_index *index, struct hf_index_node *node, uint64_t hash);
void hf_index_remove(struct hf_index *index, struct hf_index_node *node);

/* Walk: for (n = hf_index_first(i, hash); n; n = hf_index_next(n)) — all nodes of exactly this hash. */
struct hf_index_node *hf_index_first(const struct hf_index *index, uint64_t hash);
struct hf_index_node *hf_index_next(const struct hf_index_node *node);

/* Some node, NULL when empty: to take all of them out. */
struct hf_index_node *hf_index_any(const struct hf_index *index);

/* Keyed hash of a name, its case folded, with whatever else tells two keys apart. */
uint64_t hf_index_hash_name(const uint64_t secret[2], const uint8_t *name, uint64_t tail);
/* Keyed hash of plain bytes. */
uint64_t hf_index_hash_bytes(const uint64_t secret[2], const void *bytes, size_t length);
