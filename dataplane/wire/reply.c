// SPDX-License-Identifier: BSD-3-Clause
/* From an answer record to a client's reply; replies without data. */
#include "wire/reply.h"
#include <endian.h>
#include <string.h>
#include "wire/edns.h"
#include "wire/octets.h"

enum { EDE_HEAD_SIZE = HF_EDNS_OPTION_HEAD + 2 }; /* with INFO-CODE */

/* What goes into OPT beside cookie and keepalive. Ordered from least to most. */
enum opt_detail { OPT_LEAST, OPT_EDE_CODES, OPT_ALL };

/* All of a reply's OPT. */
struct opt {
	const struct hf_query *query;
	const struct hf_reply_options *options;
	const struct hf_ede *edes;
	unsigned ede_count;
	enum opt_detail detail;
};

/* Only one that was answered: else there may be less octets than a reply's cookie has. */
static bool opt_has_cookie(const struct hf_query_options *options)
{
	return options->asked & HF_ASKED_COOKIE && options->cookie_length == HF_COOKIE_SIZE;
}

static bool opt_has_nsid(const struct opt *opt)
{
	return opt->detail == OPT_ALL && opt->query->options.asked & HF_ASKED_NSID && opt->options->nsid_length > 0;
}

static size_t ede_text_length(const struct opt *opt, unsigned number)
{
	return opt->detail == OPT_ALL && opt->edes[number].text ? strlen(opt->edes[number].text) : 0;
}

static size_t opt_length_with_options(const struct opt *opt)
{
	uint8_t asked = opt->query->options.asked;
	size_t length = HF_EDNS_OPT_SIZE;

	if (asked) {
		length += opt_has_cookie(&opt->query->options) ? HF_EDNS_OPTION_HEAD + HF_COOKIE_SIZE : 0;
		length += asked & HF_ASKED_KEEPALIVE ? HF_EDNS_OPTION_HEAD + 2 : 0;
		length += opt_has_nsid(opt) ? HF_EDNS_OPTION_HEAD + opt->options->nsid_length : 0;
	}
	if (opt->detail == OPT_LEAST)
		return length;
	for (unsigned i = 0; i < opt->ede_count; i++)
		length += EDE_HEAD_SIZE + ede_text_length(opt, i);
	return length;
}

static inline size_t opt_length(const struct opt *opt)
{
	if (!opt->query->edns.present)
		return 0;
	return opt->query->options.asked || opt->ede_count > 0 ? opt_length_with_options(opt) : HF_EDNS_OPT_SIZE;
}

static uint8_t *write_option(uint8_t *out, uint16_t code, const void *data, size_t length)
{
	hf_octets_put_u16(out, code);
	hf_octets_put_u16(out + 2, (uint16_t)length);
	memcpy(out + HF_EDNS_OPTION_HEAD, data, length);
	return out + HF_EDNS_OPTION_HEAD + length;
}

/* OPT's fixed part is eleven octets: root, type, class, TTL, RDLENGTH. */
static void write_opt(uint8_t *out, size_t length, unsigned rcode, const struct opt *opt)
{
	const struct hf_query *query = opt->query;

	out[0] = 0;
	hf_octets_put_u16(out + 1, HF_TYPE_OPT);
	hf_octets_put_u16(out + 3, opt->options->edns_size);
	/* Version 0 whatever was asked (RFC 6891 §6.1.3), DO copied (RFC 3225 §3), no other flag. */
	hf_octets_put_u32(out + 5, (uint32_t)(rcode >> 4) << 24 | (query->edns.dnssec_ok ? 0x8000 : 0));
	hf_octets_put_u16(out + 9, (uint16_t)(length - HF_EDNS_OPT_SIZE));
	if (length == HF_EDNS_OPT_SIZE)
		return;
	out += HF_EDNS_OPT_SIZE;
	if (opt_has_cookie(&query->options))
		out = write_option(out, HF_EDNS_OPTION_COOKIE, query->options.cookie, HF_COOKIE_SIZE);
	if (query->options.asked & HF_ASKED_KEEPALIVE) {
		uint8_t timeout[2];

		hf_octets_put_u16(timeout, query->options.keepalive);
		out = write_option(out, HF_EDNS_OPTION_KEEPALIVE, timeout, sizeof(timeout));
	}
	if (opt_has_nsid(opt))
		out = write_option(out, HF_EDNS_OPTION_NSID, opt->options->nsid, opt->options->nsid_length);
	if (opt->detail == OPT_LEAST)
		return;
	for (unsigned i = 0; i < opt->ede_count; i++) {
		size_t text_length = ede_text_length(opt, i);

		hf_octets_put_u16(out, HF_EDNS_OPTION_EDE);
		hf_octets_put_u16(out + 2, (uint16_t)(2 + text_length));
		hf_octets_put_u16(out + 4, opt->edes[i].code);
		if (text_length > 0)
			memcpy(out + EDE_HEAD_SIZE, opt->edes[i].text, text_length);
		out += EDE_HEAD_SIZE + text_length;
	}
}

static void write_head(uint8_t *out, const struct hf_query *query, uint16_t flags, uint16_t ancount_be,
		       uint16_t nscount_be, uint16_t arcount)
{
	hf_octets_put_u16(out, query->id);
	hf_octets_put_u16(out + 2, flags);
	hf_octets_put_u16(out + 4, query->question_length > 0);
	memcpy(out + 6, &ancount_be, 2);
	memcpy(out + 8, &nscount_be, 2);
	hf_octets_put_u16(out + 10, arcount);
	/* A reply built in the frame of its query finds the question in place. */
	if (query->question_length > 0 && query->question != out + HF_HEADER_SIZE)
		memcpy(out + HF_HEADER_SIZE, query->question, query->question_length);
}

static void age_ttls(uint8_t *body, const struct hf_answer_record *record, struct hf_now now)
{
	uint64_t age;

	/* Another thread may have composed the record after our clock was read. */
	if (record->ttl_count == HF_RECORD_NOT_CACHEABLE || now.mono_ns <= record->base_ns)
		return;
	age = (now.mono_ns - record->base_ns) / HF_NS_PER_SECOND;
	if (age == 0)
		return;
	for (unsigned i = 0; i < record->ttl_count; i++) {
		uint8_t *at = body + record->ttl_offsets[i];
		uint32_t ttl = hf_octets_u32(at);

		hf_octets_put_u32(at, ttl > age ? ttl - (uint32_t)age : 0);
	}
}

static size_t udp_limit(const struct hf_query *query, const struct hf_reply_options *options, size_t capacity)
{
	size_t limit = query->edns.present ? query->edns.udp_size : HF_UDP_PLAIN_MAX;

	if (limit > options->udp_ceiling)
		limit = options->udp_ceiling;
	return limit < capacity ? limit : capacity;
}

size_t hf_reply_write(const struct hf_answer_record *record, const struct hf_query *query, const struct hf_ede *edes,
		      unsigned ede_count, bool tcp, const struct hf_reply_options *options, struct hf_now now,
		      uint8_t *out, size_t capacity)
{
	size_t head_length = HF_HEADER_SIZE + query->question_length, body_length = record->body_length;
	uint16_t flags = be16toh(record->flags) | (query->flags & (HF_FLAG_RD | HF_FLAG_CD));
	uint16_t ancount = record->ancount, nscount = record->nscount, arcount = be16toh(record->arcount);
	struct opt opt = {.query = query, .options = options, .edes = edes, .ede_count = ede_count};
	size_t limit, opt_octets = opt_length(&opt);

	if (capacity > HF_MESSAGE_MAX)
		capacity = HF_MESSAGE_MAX;
	if (capacity < head_length + opt_octets)
		return 0;
	/* AD means nothing to those who do not ask for it (RFC 6840 §5.7–5.8). */
	if (!query->edns.dnssec_ok && !(query->flags & HF_FLAG_AD))
		flags &= (uint16_t)~HF_FLAG_AD;
	limit = tcp ? capacity : udp_limit(query, options, capacity);
	if (ede_count > 0 || query->options.asked & HF_ASKED_NSID) {
		opt.detail = OPT_ALL;
		opt_octets = opt_length(&opt);
	}
	while (head_length + body_length + opt_octets > limit && opt.detail > OPT_LEAST) {
		opt.detail--;
		opt_octets = opt_length(&opt);
		if (opt.detail == OPT_LEAST && ede_count > 0)
			flags |= HF_FLAG_TC; /* a dropped EDE counts as truncation, RFC 8914 §3 */
	}
	if (head_length + body_length + opt_octets > limit) {
		flags |= HF_FLAG_TC;
		body_length = 0;
		ancount = nscount = arcount = 0;
		opt.detail = OPT_EDE_CODES;
		opt_octets = opt_length(&opt);
		if (head_length + opt_octets > limit) {
			opt.detail = OPT_LEAST;
			opt_octets = opt_length(&opt);
		}
	}
	write_head(out, query, flags, ancount, nscount, (uint16_t)(arcount + (opt_octets > 0)));
	if (body_length > 0) {
		memcpy(out + head_length, record->data + HF_RECORD_NAME_SPACE(record->name_length), body_length);
		age_ttls(out + head_length, record, now);
	}
	if (opt_octets > 0)
		write_opt(out + head_length + body_length, opt_octets, 0, &opt);
	return head_length + body_length + opt_octets;
}

size_t hf_reply_write_error(const struct hf_query *query, unsigned rcode, const struct hf_ede *edes, unsigned ede_count,
			    const struct hf_reply_options *options, uint8_t *out, size_t capacity)
{
	struct opt opt = {.query = query, .options = options, .edes = edes, .ede_count = ede_count};
	size_t head_length = HF_HEADER_SIZE + query->question_length, limit, opt_octets = opt_length(&opt);
	uint16_t flags = HF_FLAG_QR | HF_FLAG_RA | (query->flags & (HF_FLAG_RD | HF_FLAG_CD));

	if (capacity < head_length + opt_octets)
		return 0;
	if (query->flags & HF_OPCODE_MASK)
		flags = HF_FLAG_QR | (query->flags & HF_OPCODE_MASK);
	/* Without OPT only four bits of the rcode fit. */
	if (rcode > HF_RCODE_MASK && !query->edns.present)
		rcode = HF_RCODE_SERVFAIL;
	limit = udp_limit(query, options, capacity);
	opt.detail = OPT_ALL;
	while (head_length + (opt_octets = opt_length(&opt)) > limit && opt.detail > OPT_LEAST)
		opt.detail--;
	write_head(out, query, flags | (rcode & HF_RCODE_MASK), 0, 0, opt_octets > 0);
	if (opt_octets > 0)
		write_opt(out + head_length, opt_octets, rcode, &opt);
	return head_length + opt_octets;
}

size_t hf_reply_truncate(uint8_t *reply, size_t length)
{
	size_t kept = HF_HEADER_SIZE;

	if (hf_octets_u16(reply + 4) > 0) {
		while (kept < length && reply[kept] != 0)
			kept += reply[kept] + 1u;
		kept += 1 + 4;
	}
	if (kept > length)
		return length;
	reply[2] |= HF_FLAG_TC >> 8;
	memset(reply + 6, 0, 6);
	return kept;
}
