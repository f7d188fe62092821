// SPDX-License-Identifier: BSD-3-Clause
/* Queries: a client's, read in one pass on the hot path, and ours towards servers, written. */
#include <endian.h>
#include <string.h>
#include "bpf/fastpath_abi.h"
#include "wire/edns.h"
#include "wire/message.h"
#include "wire/octets.h"

/* Length of the name at packet[HF_HEADER_SIZE], 0 when it is no valid uncompressed name. */
static size_t question_name_length(const uint8_t *packet, size_t length)
{
	size_t at = HF_HEADER_SIZE;

	while (at < length) {
		uint8_t label = packet[at++];

		if (label == 0)
			return at - HF_HEADER_SIZE;
		at += label;
		if (label > HF_LABEL_MAX || at >= HF_HEADER_SIZE + HF_NAME_MAX)
			return 0;
	}
	return 0;
}

/* Lower-cases by words and pads the last with zeros. The last word is loaded so that it ends with the name: what
 * lies before it is the header at worst, and nothing behind the packet is touched. */
static void lower_padded(const uint8_t *name, size_t length, uint8_t *out)
{
	size_t whole = length & ~(size_t)7, rest = length & 7;
	uint64_t word;

	for (size_t i = 0; i < whole; i += 8) {
		memcpy(&word, name + i, 8);
		word = hf_key_lower(word);
		memcpy(out + i, &word, 8);
	}
	if (rest) {
		memcpy(&word, name + length - 8, 8);
		word = htole64(le64toh(hf_key_lower(word)) >> (64 - 8 * rest));
		memcpy(out + whole, &word, 8);
	}
}
_Static_assert(HF_HEADER_SIZE >= 8, "lower_padded reads up to seven octets before the question");

/* The additional section: at most one OPT, and as the last RR a TSIG (RFC 8945 §5.1) or SIG(0) (RFC 2931 §3),
 * which are not looked into. */
static enum hf_query_verdict additional_parse(const uint8_t *packet, size_t length, size_t at, unsigned count,
					      struct hf_query *query)
{
	for (; count > 0; count--) {
		uint8_t owner[HF_NAME_MAX];
		uint16_t type, rdata_length;
		bool owner_is_root;

		owner_is_root = at < length && packet[at] == 0;
		if (owner_is_root)
			at++;
		else if (!hf_name_parse(packet, length, &at, owner))
			return HF_QUERY_FORMERR;
		if (length - at < 10)
			return HF_QUERY_FORMERR;
		type = hf_octets_u16(packet + at);
		rdata_length = hf_octets_u16(packet + at + 8);
		if (rdata_length > length - at - 10)
			return HF_QUERY_FORMERR;
		if (type == HF_TYPE_OPT) {
			if (!owner_is_root || query->edns.present)
				return HF_QUERY_FORMERR; /* RFC 6891 §6.1.1 */
			if (!hf_edns_read(hf_octets_u16(packet + at + 2), hf_octets_u32(packet + at + 4),
					  packet + at + 10, rdata_length, &query->edns))
				return HF_QUERY_FORMERR;
		} else if ((type != HF_TYPE_TSIG && type != HF_TYPE_SIG) || count != 1) {
			return HF_QUERY_FORMERR;
		}
		at += 10u + rdata_length;
	}
	if (at != length)
		return HF_QUERY_FORMERR;
	if (query->edns.version != 0)
		return HF_QUERY_BADVERS;
	if (query->edns.options_length > 0 && !hf_edns_read_options(&query->edns, &query->options)) {
		query->options.asked = 0;
		return HF_QUERY_FORMERR;
	}
	return HF_QUERY_OK;
}

enum hf_query_verdict hf_query_parse(const uint8_t *packet, size_t length, struct hf_query *query)
{
	enum hf_query_verdict verdict;
	uint16_t qdcount, ancount, nscount;
	size_t name_length, at = HF_HEADER_SIZE;

	query->id = query->flags = 0;
	query->qtype = query->qclass = 0;
	query->question_length = 0;
	query->name_length = 0;
	query->reply_class = 0;
	query->question = NULL;
	query->edns = (struct hf_edns){0};
	query->options.asked = 0;
	query->options.cookie_state = HF_COOKIE_UNKNOWN;
	if (length < HF_HEADER_SIZE)
		return HF_QUERY_DROP;
	query->id = hf_octets_u16(packet);
	query->flags = hf_octets_u16(packet + 2);
	if (query->flags & HF_FLAG_QR)
		return HF_QUERY_DROP;
	if (query->flags & HF_OPCODE_MASK)
		return HF_QUERY_NOTIMP;
	qdcount = hf_octets_u16(packet + 4);
	if (qdcount > 1)
		return HF_QUERY_FORMERR;

	if (qdcount == 1) {
		name_length = question_name_length(packet, length);
		at += name_length;
		if (name_length == 0 || length - at < 4)
			return HF_QUERY_FORMERR;
		query->question = packet + HF_HEADER_SIZE;
		query->question_length = (uint16_t)(name_length + 4);
		query->qtype = hf_octets_u16(packet + at);
		query->qclass = hf_octets_u16(packet + at + 2);
		query->name_length = (uint8_t)name_length;
		lower_padded(packet + HF_HEADER_SIZE, name_length, query->name);
		at += 4;
	}

	ancount = hf_octets_u16(packet + 6);
	nscount = hf_octets_u16(packet + 8);
	if (ancount | nscount) /* IXFR is right to bring a SOA (RFC 1995 §3), but we transfer no zones */
		return query->qtype == HF_TYPE_IXFR && ancount == 0 ? HF_QUERY_NOTIMP : HF_QUERY_FORMERR;
	verdict = additional_parse(packet, length, at, hf_octets_u16(packet + 10), query);
	query->reply_class = (query->edns.dnssec_ok ? HF_REPLY_DO : 0) | (query->flags & HF_FLAG_CD ? HF_REPLY_CD : 0);
	if (qdcount == 1)
		return verdict;
	if (verdict == HF_QUERY_OK && query->options.asked & HF_ASKED_COOKIE) /* RFC 7873 §5.4 */
		return HF_QUERY_COOKIE;
	query->options.asked = 0;
	return HF_QUERY_FORMERR;
}

size_t hf_query_write(uint8_t *out, size_t capacity, uint16_t id, uint16_t flags, const uint8_t *qname, uint16_t qtype,
		      uint16_t qclass, uint16_t edns_size, bool dnssec_ok)
{
	struct hf_writer writer;

	hf_writer_init(&writer, out, capacity);
	hf_writer_u16(&writer, id);
	hf_writer_u16(&writer, flags);
	hf_writer_u16(&writer, 1);
	hf_writer_u32(&writer, 0);
	hf_writer_u16(&writer, edns_size > 0);
	hf_writer_name(&writer, qname, false);
	hf_writer_u16(&writer, qtype);
	hf_writer_u16(&writer, qclass);
	if (edns_size > 0) {
		hf_writer_u8(&writer, 0);
		hf_writer_u16(&writer, HF_TYPE_OPT);
		hf_writer_u16(&writer, edns_size);
		hf_writer_u32(&writer, dnssec_ok ? 0x8000 : 0);
		hf_writer_u16(&writer, 0);
	}
	return writer.failed ? 0 : writer.length;
}
