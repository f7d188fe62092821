// SPDX-License-Identifier: BSD-3-Clause
/* Flushing by what tables of local names say. */
#include "io/local_flush.h"
#include <endian.h>
#include <string.h>
#include "cache/denials.h"
#include "cache/record_names.h"
#include "control/log.h"
#include "wire/octets.h"

enum { PARSE_MEMORY = 1 << 20 };

/* ---- names ---- */

struct tables {
	const struct hf_local *former, *next;
};

/* ANY: whether anything is said of the name at all. */
static bool is_local(void *state, const uint8_t *name)
{
	const struct tables *tables = state;
	struct hf_local_found found;

	return hf_local_find(tables->former, name, HF_TYPE_ANY, &found) != HF_LOCAL_UNKNOWN ||
	       hf_local_find(tables->next, name, HF_TYPE_ANY, &found) != HF_LOCAL_UNKNOWN;
}

static bool speaks_of_local(void *state, const struct hf_answer_record *record)
{
	return hf_record_names_any(record, is_local, state);
}

/* ---- addresses ---- */

static bool has_private(const struct hf_private *private, const struct hf_answer_record *record)
{
	uint8_t bytes[HF_HEADER_SIZE + HF_NAME_MAX + 4 + HF_RECORD_BODY_MAX] = {0};
	size_t length = HF_HEADER_SIZE;
	struct hf_arena *arena;
	struct hf_message message;
	bool found;

	if (!private->address_count || record->body_length > HF_RECORD_BODY_MAX)
		return false;
	arena = hf_arena_new(PARSE_MEMORY);
	bytes[2] = HF_FLAG_QR >> 8;
	bytes[5] = 1;
	memcpy(bytes + 6, &record->ancount, 2);
	memcpy(bytes + 8, &record->nscount, 2);
	memcpy(bytes + 10, &record->arcount, 2);
	memcpy(bytes + length, record->data, record->name_length);
	length += record->name_length;
	hf_octets_put_u16(bytes + length, record->qtype);
	hf_octets_put_u16(bytes + length + 2, record->qclass);
	length += 4;
	memcpy(bytes + length, record->data + HF_RECORD_NAME_SPACE(record->name_length), record->body_length);
	length += record->body_length;
	/* What cannot be read may as well go. */
	found = !arena || !hf_message_parse(bytes, length, arena, &message, NULL) ||
		hf_private_strip_message(private, &message, arena) > 0;
	hf_arena_free(arena);
	return found;
}

struct present {
	struct tables tables;
	const struct hf_private *private;
};

static bool may_be_of_another(void *state, const struct hf_answer_record *record)
{
	struct present *present = state;

	return be16toh(record->flags) & HF_FLAG_AA || speaks_of_local(&present->tables, record) ||
	       has_private(present->private, record);
}

/* ---- flushing ---- */

void hf_local_flush(struct hf_parts *parts, const struct hf_local *former, const struct hf_local *next)
{
	struct tables tables = {former, next};
	/* The cache first: what was offered for promotion is looked up there again, so nothing comes back. */
	size_t removed = hf_cache_flush_answers(parts->cache, is_local, &tables);
	size_t hot = hf_kernel_tier_flush_if(parts->kernel_tier, speaks_of_local, &tables);

	hf_log(HF_LOG_INFO, "local-names-changed", "removed=%zu removed-hot=%zu", removed, hot);
}

void hf_local_flush_all(struct hf_parts *parts)
{
	size_t removed, hot;

	hf_denials_flush(parts->shared.denials, hf_name_root);
	removed = hf_cache_flush(parts->cache, hf_name_root, true);
	hot = hf_kernel_tier_flush(parts->kernel_tier, hf_name_root, true);
	hf_log(HF_LOG_INFO, "private-addresses-changed", "removed=%zu removed-hot=%zu", removed, hot);
}

void hf_local_flush_adopted(struct hf_parts *parts, const struct hf_private *private)
{
	struct present present = {
		.tables = {.next = atomic_load_explicit(&parts->serve_settings.local, memory_order_acquire)},
		.private = private,
	};
	size_t hot = hf_kernel_tier_flush_if(parts->kernel_tier, may_be_of_another, &present);

	if (hot)
		hf_log(HF_LOG_INFO, "hot-table-checked", "removed-hot=%zu", hot);
}
