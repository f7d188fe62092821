// SPDX-License-Identifier: BSD-3-Clause
/* From RRsets to an answer record. */
#include <endian.h>
#include <string.h>
#include "wire/octets.h"
#include "wire/reply.h"

/* One composition: the writer sees a message that begins so far before the body that the body's offsets come out
 * right. Its question is written where it would stand, only for names to be compressed against; that overlaps the
 * record's own copy of the name, which is therefore written last. */
struct composition {
	struct hf_writer writer;
	bool with_signatures;
	size_t body_at; /* in the writer's message */
	uint16_t counts[HF_SECTION_COUNT];
	uint32_t lowest_ttl;
	unsigned rr_count;
	uint16_t ttl_offsets[HF_RECORD_TTLS_MAX];
};

static void write_rrset(struct composition *composition, const struct hf_rrset *rrset, uint32_t ttl,
			enum hf_section section)
{
	if (rrset->type == HF_TYPE_RRSIG && !composition->with_signatures)
		return;
	for (struct hf_rdata rdata = hf_rrset_first(rrset); rdata.bytes; rdata = hf_rrset_next(rrset, rdata)) {
		bool is_signature = rdata.index >= rrset->count;
		size_t ttl_at;

		if (is_signature && !composition->with_signatures)
			break;
		ttl_at = hf_writer_rr(&composition->writer, hf_rrset_owner(rrset),
				      is_signature ? HF_TYPE_RRSIG : rrset->type, rrset->class, ttl, rdata.bytes,
				      rdata.length);
		if (composition->writer.failed)
			return;
		if (composition->rr_count < HF_RECORD_TTLS_MAX)
			composition->ttl_offsets[composition->rr_count] = (uint16_t)(ttl_at - composition->body_at);
		composition->rr_count++;
		composition->counts[section]++;
	}
	if (ttl < composition->lowest_ttl)
		composition->lowest_ttl = ttl;
}

/* As fastpath_abi.h defines it. 32767 words of 16 bits cannot overflow. */
static uint32_t body_sum(const uint8_t *body, size_t length)
{
	uint32_t sum = 0;

	for (; length >= 2; body += 2, length -= 2)
		sum += hf_octets_u16(body);
	if (length > 0)
		sum += (uint32_t)*body << 8;
	return sum;
}

size_t hf_answer_compose(const struct hf_answer *answer, const uint64_t secret[2], const uint8_t *qname_lower,
			 uint16_t qtype, uint16_t qclass, uint8_t reply_class, uint32_t ttl_cap, struct hf_now now,
			 struct hf_answer_record *record, size_t capacity)
{
	struct composition composition;
	struct hf_writer *writer = &composition.writer;
	uint8_t name[HF_RECORD_NAME_SPACE(HF_NAME_MAX)];
	size_t name_length = hf_name_length(qname_lower), name_space = HF_RECORD_NAME_SPACE(name_length);
	size_t question_length = name_length + 4, body_length;
	uint8_t *body = record->data + name_space;
	const __u64 key_secret[2] = {secret[0], secret[1]}; /* __u64 is not uint64_t to the compiler's alias rules */

	if (capacity < HF_RECORD_SIZE(name_length, 0))
		return 0;
	memset(name + name_space - 8, 0, 8);
	memcpy(name, qname_lower, name_length);

	_Static_assert(sizeof(struct hf_answer_record) >= HF_HEADER_SIZE + 4,
		       "the writer's message begins inside the record");
	composition.body_at = HF_HEADER_SIZE + question_length;
	capacity -= HF_RECORD_SIZE(name_length, 0);
	if (capacity > HF_MESSAGE_MAX - composition.body_at)
		capacity = HF_MESSAGE_MAX - composition.body_at;
	hf_writer_init(writer, body - composition.body_at, composition.body_at + capacity);
	writer->length = HF_HEADER_SIZE;
	hf_writer_name(writer, name, true);
	writer->length = composition.body_at;
	composition.with_signatures = (reply_class & HF_REPLY_DO) || qtype == HF_TYPE_RRSIG || qtype == HF_TYPE_ANY;
	composition.lowest_ttl = ttl_cap;
	composition.rr_count = 0;
	for (unsigned section = 0; section < HF_SECTION_COUNT; section++) {
		composition.counts[section] = 0;
		for (unsigned i = 0; i < answer->section_counts[section]; i++) {
			const struct hf_rrset *rrset = answer->sections[section][i];
			const uint32_t *ttls = answer->ttls[section];

			write_rrset(&composition, rrset, ttls ? ttls[i] : rrset->ttl, section);
		}
	}
	if (writer->failed)
		return 0;

	body_length = writer->length - composition.body_at;
	memset(record, 0, sizeof(*record));
	hf_question_key(key_secret, name, (__u32)name_length, qtype, qclass, reply_class, record->key);
	record->base_ns = now.mono_ns;
	record->fresh_until_ns = now.mono_ns + composition.lowest_ttl * HF_NS_PER_SECOND;
	record->stale_until_ns = record->fresh_until_ns;
	record->flags = htobe16((uint16_t)(HF_FLAG_QR | HF_FLAG_RA | (answer->authentic ? HF_FLAG_AD : 0) |
					   (answer->authoritative ? HF_FLAG_AA : 0) |
					   (answer->rcode & HF_RCODE_MASK)));
	record->ancount = htobe16(composition.counts[HF_SECTION_ANSWER]);
	record->nscount = htobe16(composition.counts[HF_SECTION_AUTHORITY]);
	record->arcount = htobe16(composition.counts[HF_SECTION_ADDITIONAL]);
	record->body_length = (uint16_t)body_length;
	record->body_sum = body_sum(body, body_length);
	record->name_length = (uint8_t)name_length;
	record->qtype = qtype;
	record->qclass = qclass;
	record->reply_class = reply_class;
	record->ttl_count = HF_RECORD_NOT_CACHEABLE;
	if (composition.rr_count <= HF_RECORD_TTLS_MAX && body_length <= HF_RECORD_BODY_MAX) {
		record->ttl_count = (uint8_t)composition.rr_count;
		memcpy(record->ttl_offsets, composition.ttl_offsets, composition.rr_count * sizeof(uint16_t));
	}
	memcpy(record->data, name, name_space);
	return HF_RECORD_SIZE(name_length, body_length);
}
