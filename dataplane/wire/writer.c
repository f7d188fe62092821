// SPDX-License-Identifier: BSD-3-Clause
/* Writing messages with name compression.
 *
 * Every suffix of a written name is kept in a small open-addressed table by its hash, so a name costs its own labels
 * and not the names before it. Table and probes are bounded: once it is full, names only compress
 * against what is in it (an unbounded search is CVE-2024-8508).
 */
#include <string.h>
#include "wire/message.h"
#include "wire/octets.h"
#include "wire/rdata.h"

enum { PROBES_MAX = 8, POINTER_OFFSET_MAX = 0x3fff };

void hf_writer_init(struct hf_writer *writer, uint8_t *bytes, size_t capacity)
{
	writer->bytes = bytes;
	writer->capacity = capacity;
	writer->length = 0;
	writer->failed = false;
	writer->name_count = 0;
	memset(writer->name_slots, 0, sizeof(writer->name_slots));
}

/* Room for `size` more octets, or the fault. */
static uint8_t *advance(struct hf_writer *writer, size_t size)
{
	uint8_t *at = writer->bytes + writer->length;

	if (writer->failed || size > writer->capacity - writer->length) {
		writer->failed = true;
		return NULL;
	}
	writer->length += size;
	return at;
}

void hf_writer_u8(struct hf_writer *writer, uint8_t value)
{
	uint8_t *at = advance(writer, 1);

	if (at)
		*at = value;
}

void hf_writer_u16(struct hf_writer *writer, uint16_t value)
{
	uint8_t *at = advance(writer, 2);

	if (at)
		hf_octets_put_u16(at, value);
}

void hf_writer_u32(struct hf_writer *writer, uint32_t value)
{
	uint8_t *at = advance(writer, 4);

	if (at)
		hf_octets_put_u32(at, value);
}

void hf_writer_bytes(struct hf_writer *writer, const void *bytes, size_t length)
{
	uint8_t *at = advance(writer, length);

	if (at && length > 0)
		memcpy(at, bytes, length);
}

static bool labels_equal(const uint8_t *a, const uint8_t *b)
{
	if (*a != *b)
		return false;
	for (unsigned i = 1; i <= *a; i++)
		if (hf_name_lower_octet(a[i]) != hf_name_lower_octet(b[i]))
			return false;
	return true;
}

/* Whether the message holds `name` at `offset`. What stands there was written by us, so pointers lead back and end. */
static bool name_is_at(const struct hf_writer *writer, size_t offset, const uint8_t *name)
{
	const uint8_t *at = writer->bytes + offset;

	for (;; at += *at + 1, name += *name + 1) {
		while (*at >= 0xc0)
			at = writer->bytes + (hf_octets_u16(at) & POINTER_OFFSET_MAX);
		if (!labels_equal(at, name))
			return false;
		if (*name == 0)
			return true;
	}
}

/* Where the message already holds `name`, -1 if nowhere known. */
static int find_name(const struct hf_writer *writer, const uint8_t *name, uint32_t hash)
{
	for (unsigned probe = 0; probe < PROBES_MAX; probe++) {
		uint16_t slot = writer->name_slots[(hash + probe) % HF_WRITER_NAME_SLOTS];

		if (slot == 0)
			return -1;
		if (name_is_at(writer, slot - 1u, name))
			return slot - 1;
	}
	return -1;
}

static void remember_name(struct hf_writer *writer, size_t offset, uint32_t hash)
{
	if (offset > POINTER_OFFSET_MAX || writer->name_count >= HF_WRITER_NAME_SLOTS * 3 / 4)
		return;
	for (unsigned probe = 0; probe < PROBES_MAX; probe++) {
		uint16_t *slot = &writer->name_slots[(hash + probe) % HF_WRITER_NAME_SLOTS];

		if (*slot == 0) {
			*slot = (uint16_t)(offset + 1);
			writer->name_count++;
			return;
		}
	}
}

static uint32_t hash_label(uint32_t hash, const uint8_t *label)
{
	for (unsigned i = 0; i <= *label; i++)
		hash = (hash ^ hf_name_lower_octet(label[i])) * 16777619u;
	return hash ^ hash >> 15;
}

void hf_writer_name(struct hf_writer *writer, const uint8_t *name, bool compress)
{
	uint8_t offsets[HF_NAME_LABELS_MAX];
	uint32_t hashes[HF_NAME_LABELS_MAX], hash = 2166136261u;
	unsigned labels = 0, matched;
	size_t length = 0, start = writer->length;
	int target = -1;

	for (; name[length]; length += name[length] + 1u)
		offsets[labels++] = (uint8_t)length;
	if (!compress) {
		hf_writer_bytes(writer, name, length + 1);
		return;
	}
	if (writer->failed)
		return;
	for (unsigned i = labels; i-- > 0;)
		hashes[i] = hash = hash_label(hash, name + offsets[i]);
	for (matched = 0; matched < labels; matched++) {
		target = find_name(writer, name + offsets[matched], hashes[matched]);
		if (target >= 0)
			break;
	}
	if (target >= 0) {
		hf_writer_bytes(writer, name, offsets[matched]);
		hf_writer_u16(writer, (uint16_t)(0xc000 | target));
	} else {
		hf_writer_bytes(writer, name, length + 1);
	}
	if (writer->failed)
		return;
	for (unsigned i = 0; i < matched; i++)
		remember_name(writer, start + offsets[i], hashes[i]);
}

static void write_rdata(struct hf_writer *writer, uint16_t type, uint16_t class, const uint8_t *rdata, size_t left)
{
	for (const uint8_t *field = hf_rdata_fields(type, class); *field != HF_FIELD_END; field++) {
		size_t length = hf_rdata_field_length(*field, rdata, left);

		if (length == HF_RDATA_FAULT) {
			writer->failed = true;
			return;
		}
		if (*field == HF_FIELD_NAME)
			hf_writer_name(writer, rdata, true);
		else
			hf_writer_bytes(writer, rdata, length);
		rdata += length;
		left -= length;
	}
	if (left > 0)
		writer->failed = true;
}

size_t hf_writer_rr(struct hf_writer *writer, const uint8_t *owner, uint16_t type, uint16_t class, uint32_t ttl,
		    const uint8_t *rdata, uint16_t rdata_length)
{
	size_t ttl_at, rdata_at;

	hf_writer_name(writer, owner, true);
	hf_writer_u16(writer, type);
	hf_writer_u16(writer, class);
	ttl_at = writer->length;
	hf_writer_u32(writer, ttl);
	hf_writer_u16(writer, 0);
	rdata_at = writer->length;
	write_rdata(writer, type, class, rdata, rdata_length);
	if (writer->failed)
		return 0;
	hf_octets_put_u16(writer->bytes + rdata_at - 2, (uint16_t)(writer->length - rdata_at));
	return ttl_at;
}
