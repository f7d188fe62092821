// SPDX-License-Identifier: BSD-3-Clause
/* A bump allocator over a few malloc'ed blocks. */
#include "base/arena.h"
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 64 * 1024 };

#if defined(__SANITIZE_ADDRESS__)
#define ONE_BLOCK_PER_PIECE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_BLOCK_PER_PIECE 1
#endif
#endif
/* Under AddressSanitizer every piece is a malloc of its own: an overrun by one octet, or a use after
 * hf_arena_reset, would otherwise stay unseen inside a block. */
#ifndef ONE_BLOCK_PER_PIECE
#define ONE_BLOCK_PER_PIECE 0
#endif

struct block {
	struct block *older;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct hf_arena {
	struct block *newest;
	size_t limit, taken;
	size_t *left; /* of what it shares with others; NULL: it does not */
	size_t next_block;
};

struct hf_arena *hf_arena_new_sharing(size_t limit, size_t *left)
{
	struct hf_arena *arena = calloc(1, sizeof(*arena));

	if (arena) {
		arena->limit = limit;
		arena->left = left;
		arena->next_block = FIRST_BLOCK;
	}
	return arena;
}

struct hf_arena *hf_arena_new(size_t limit)
{
	return hf_arena_new_sharing(limit, NULL);
}

static bool add_block(struct hf_arena *arena, size_t size)
{
	struct block *block;

	if (!ONE_BLOCK_PER_PIECE && size < arena->next_block)
		size = arena->next_block;
	if (arena->left && sizeof(*block) + size > *arena->left)
		return false;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return false;
	if (arena->left)
		*arena->left -= sizeof(*block) + size;
	block->older = arena->newest;
	block->size = size;
	block->used = 0;
	arena->newest = block;
	if (arena->next_block < LARGEST_BLOCK)
		arena->next_block *= 2;
	return true;
}

void *hf_arena_take(struct hf_arena *arena, size_t size)
{
	size_t rounded;
	void *piece;

	if (size > arena->limit)
		return NULL;
	rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (rounded > arena->limit - arena->taken)
		return NULL;
	if (ONE_BLOCK_PER_PIECE || !arena->newest || rounded > arena->newest->size - arena->newest->used) {
		if (!add_block(arena, ONE_BLOCK_PER_PIECE ? size : rounded))
			return NULL;
	}
	piece = arena->newest->bytes + arena->newest->used;
	arena->newest->used += ONE_BLOCK_PER_PIECE ? size : rounded;
	arena->taken += rounded;
	return memset(piece, 0, size);
}

void *hf_arena_copy(struct hf_arena *arena, const void *bytes, size_t size)
{
	void *piece = hf_arena_take(arena, size);

	if (piece && size > 0)
		memcpy(piece, bytes, size);
	return piece;
}

static void free_blocks(struct hf_arena *arena, bool keep_first)
{
	while (arena->newest && (arena->newest->older || !keep_first)) {
		struct block *older = arena->newest->older;

		if (arena->left)
			*arena->left += sizeof(struct block) + arena->newest->size;
		free(arena->newest);
		arena->newest = older;
	}
}

void hf_arena_reset(struct hf_arena *arena)
{
	free_blocks(arena, !ONE_BLOCK_PER_PIECE);
	if (arena->newest)
		arena->newest->used = 0;
	arena->taken = 0;
	arena->next_block = arena->newest ? 2 * FIRST_BLOCK : FIRST_BLOCK;
}

void hf_arena_free(struct hf_arena *arena)
{
	if (!arena)
		return;
	free_blocks(arena, false);
	free(arena);
}
