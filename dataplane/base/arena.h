// SPDX-License-Identifier: BSD-3-Clause
/* Memory that lives exactly as long as one query or one message: many small pieces, freed at once.
 * One arena belongs to one thread at a time. Pieces are aligned for any object and zeroed.
 */
#pragma once
#include <stddef.h>

struct hf_arena;

struct hf_arena *hf_arena_new(size_t limit); /* limit in bytes; NULL without memory */
/* The same; what all that share `left` hold together is bounded too: it is taken from *left and given back to it. NULL: no such bound.
 * They belong to one thread. */
struct hf_arena *hf_arena_new_sharing(size_t limit, size_t *left);
void *hf_arena_take(struct hf_arena *arena, size_t size); /* NULL when over the limit */
void *hf_arena_copy(struct hf_arena *arena, const void *bytes, size_t size);
void hf_arena_reset(struct hf_arena *arena);		   /* gives all pieces back, keeps the first block */
void hf_arena_free(struct hf_arena *arena);		   /* NULL is fine */
