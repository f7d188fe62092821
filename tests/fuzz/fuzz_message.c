// SPDX-License-Identifier: BSD-3-Clause
/* Servers' replies: parsed, written again, and parsed again to the same RRsets. Input: a message. */
#include <string.h>
#include "fuzz.h"
#include "wire/message.h"
#include "wire/rdata.h"

static void check_rrset(const struct hf_rrset *set)
{
	const uint8_t *fields = hf_rdata_fields(set->type, set->class);
	unsigned visited = 0;

	FUZZ_CHECK(set->count > 0 && set->size <= HF_RRSET_SIZE_MAX && set->ttl <= 0x7fffffff);
	FUZZ_CHECK(hf_name_length(hf_rrset_owner(set)) == set->owner_length && !hf_type_is_meta(set->type));
	for (struct hf_rdata r = hf_rrset_first(set); r.bytes; r = hf_rrset_next(set, r), visited++) {
		FUZZ_CHECK(r.index == visited && r.bytes + r.length <= (const uint8_t *)set + set->size);
		if (r.index == set->count)
			fields = hf_rdata_fields(HF_TYPE_RRSIG, set->class);
		FUZZ_CHECK(hf_rdata_expand(r.bytes, 0, r.length, fields, NULL) == r.length);
	}
	FUZZ_CHECK(visited == (unsigned)set->count + set->signature_count);
	FUZZ_CHECK(hf_rrset_same_data(set, set));
}

static unsigned write_rrset(struct hf_writer *writer, const struct hf_rrset *set)
{
	for (struct hf_rdata r = hf_rrset_first(set); r.bytes; r = hf_rrset_next(set, r))
		hf_writer_rr(writer, hf_rrset_owner(set), r.index < set->count ? set->type : HF_TYPE_RRSIG, set->class,
			     set->ttl, r.bytes, r.length);
	return (unsigned)set->count + set->signature_count;
}

static void check_written_again(const struct hf_message *message, struct hf_arena *arena)
{
	static uint8_t bytes[HF_MESSAGE_MAX];
	struct hf_writer writer;
	struct hf_message again;
	const char *fault;

	hf_writer_init(&writer, bytes, sizeof(bytes));
	memset(bytes, 0, HF_HEADER_SIZE);
	writer.length = HF_HEADER_SIZE;
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++) {
		unsigned count = 0;

		for (unsigned i = 0; i < message->section_counts[section]; i++)
			count += write_rrset(&writer, message->sections[section][i]);
		bytes[6 + 2 * section] = (uint8_t)(count >> 8);
		bytes[7 + 2 * section] = (uint8_t)count;
	}
	if (writer.failed)
		return; /* a message that was compressed better than we do may not fit */
	FUZZ_CHECK(hf_message_parse(bytes, writer.length, arena, &again, &fault));
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++) {
		FUZZ_CHECK(again.section_counts[section] == message->section_counts[section]);
		for (unsigned i = 0; i < message->section_counts[section]; i++) {
			const struct hf_rrset *a = message->sections[section][i], *b = again.sections[section][i];

			FUZZ_CHECK(a->ttl == b->ttl && a->signature_count == b->signature_count &&
				   hf_rrset_same_data(a, b));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_arena *arena = hf_arena_new(16 << 20);
	struct hf_message message;
	const struct hf_rrset **sets;
	const char *fault;
	unsigned count;

	if (!arena)
		return 0;
	if (hf_message_parse(data, size, arena, &message, &fault)) {
		FUZZ_CHECK(!fault);
		for (unsigned section = 0; section < HF_SECTION_COUNT; section++)
			for (unsigned i = 0; i < message.section_counts[section]; i++)
				check_rrset(message.sections[section][i]);
		check_written_again(&message, arena);
	} else {
		FUZZ_CHECK(fault);
	}
	hf_arena_reset(arena);
	if (hf_message_parse_rrs(data, size, arena, &sets, &count, &fault))
		for (unsigned i = 0; i < count; i++)
			check_rrset(sets[i]);
	else
		FUZZ_CHECK(fault);
	hf_arena_free(arena);
	return 0;
}
