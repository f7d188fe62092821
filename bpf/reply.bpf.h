/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* Turns the question's frame into its answer, in place: the question stays where it is, in the client's spelling; the body of the record
 * is put behind it, OPT behind that; headers are turned round.
 *
 * Checksums. Nothing of the frame as received goes into one (a frame that began as a local packet carries a partial UDP
 * checksum). Sums here are of 16-bit words as they lie in memory, unfolded in 64 bits; a part that starts at an odd
 * octet counts 256-fold, which modulo 65535 swaps its octets. The record brings the sum of its body.
 */
#pragma once
#include "bpf/parse.bpf.h"

/* A place in the hot table, as the functions below are given it: so many octets may be read. */
struct hf_slot {
	__u64 words[HF_SLOT_MAX / 8];
};

#define HF_MISMATCH (~0ULL)

/* Longer bodies are copied by a helper; for shorter ones the call costs more than the words. */
#define HF_COPY_BY_HELPER 256 /* a power of two */

/* Keeps offsets into a body small enough for the verifier to add them to a packet pointer; what is wrong meets the frame's end. */
#define HF_BODY_MASK 0x7ff

static __always_inline __u64 hf_sum_fold16(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u64 hf_sum_word(__u64 word)
{
	return (word & 0xffffffff) + (word >> 32);
}

/* Whether the record is for the question at `offset` (its name, and `question_word`). If so, the sum of the
 * question as the client spelled it; else HF_MISMATCH. */
__attribute__((noinline)) __u64 hf_reply_match(struct xdp_md *ctx, __u32 offset, __u32 name_length,
					       __u64 question_word, struct hf_slot *slot)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	struct hf_answer_record *record = (void *)slot;
	__u32 words = name_length >> 3, rest = name_length & 7;
	__u64 sum = 0, word;
	const __u64 *name;

	if (!slot || offset > HF_DNS_OFFSET_MAX || name_length > 255)
		return HF_MISMATCH;
	if (*(const __u64 *)&record->qtype != question_word)
		return HF_MISMATCH;

	at += offset + HF_DNS_HEADER - 8; /* as in hf_parse_key() */
	name = (const __u64 *)record->data;
	for (__u32 i = 0; i < words; i++) {
		HF_HOLD(at);
		if (at + 16 > end)
			return HF_MISMATCH;
		word = hf_load64(at + 8);
		if (word != *name && hf_key_lower(word) != *name) /* most come in lower case */
			return HF_MISMATCH;
		sum += hf_sum_word(word);
		at += 8;
		name++;
	}
	at += rest;
	HF_HOLD(at);
	if (at + 8 + HF_QUESTION_TAIL > end)
		return HF_MISMATCH;
	if (rest) {
		word = hf_parse_partial(at, rest);
		if (word != *name && hf_key_lower(word) != *name)
			return HF_MISMATCH;
		sum += hf_sum_word(word);
	}
	return sum + ((__u64)hf_load32(at + 8) << (8 * (rest & 1)));
}

/* Moves the first `length` octets of the frame down by `by`, after the frame has grown at its head. */
__attribute__((noinline)) int hf_reply_move(struct xdp_md *ctx, __u32 by, __u32 length)
{
	void *end = (void *)(long)ctx->data_end, *to = (void *)(long)ctx->data, *from = to;
	__u32 words = length >> 3, rest = length & 7;

	if (by > HF_SLOT_MAX || length > HF_DNS_OFFSET_MAX + HF_QUERY_MAX)
		return -1;
	from += by;
	for (__u32 i = 0; i < (HF_DNS_OFFSET_MAX + HF_QUERY_MAX) / 8; i++) {
		if (i >= words)
			break;
		HF_HOLD(from);
		HF_HOLD(to);
		if (from + 8 > end || to + 8 > end)
			return -1;
		*(__u64 *)to = hf_load64(from);
		to += 8;
		from += 8;
	}
	for (__u32 i = 0; i < 7; i++) {
		if (i >= rest)
			break;
		HF_HOLD(from);
		HF_HOLD(to);
		if (from + 1 > end || to + 1 > end)
			return -1;
		*(__u8 *)to = *(__u8 *)from;
		to++;
		from++;
	}
	return 0;
}

/* Copies the record's body of `length` octets (0, or at least one RR) to `offset` of the frame and takes `seconds` from its TTLs.
 * Returns what the TTLs' change subtracts from the body's sum, or HF_MISMATCH when the record does not hold
 * together or is no longer the one with `sequence`: then nothing of what was copied may be used. */
__attribute__((noinline)) __u64 hf_reply_body(struct xdp_md *ctx, __u64 offset_length, struct hf_slot *slot, __u64 seconds,
					      __u32 sequence)
{
	void *end = (void *)(long)ctx->data_end, *body = (void *)(long)ctx->data, *to;
	__u32 offset = offset_length >> 32, length = (__u32)offset_length;
	struct hf_answer_record *record = (void *)slot;
	const void *source, *from;
	__u64 weight;

	if (!slot || offset < 8 || offset > HF_DNS_OFFSET_MAX + HF_QUERY_MAX || length > HF_RECORD_BODY_MAX)
		return HF_MISMATCH;
	/* The verifier forgets what it knew of `length` as half of the argument. */
	HF_HOLD(length);
	length &= HF_BODY_MASK;
	source = (const void *)record->data + HF_RECORD_NAME_SPACE((__u32)record->name_length);
	from = source;
	body += offset;
	if (length && length < 8) /* less than any RR */
		return HF_MISMATCH;
	if (length > HF_COPY_BY_HELPER) {
		if (bpf_xdp_store_bytes(ctx, offset, (void *)from, length))
			return HF_MISMATCH;
	} else if (length) {
		/* In pieces of 32 octets, then of 8; the last overlaps the one before it, as the frame may end here. */
		__u32 pieces = length >> 5, words = length >> 3 & 3;

		to = (void *)(long)ctx->data + (offset - 8); /* as above */
		for (__u32 i = 0; i < pieces; i++) {
			HF_HOLD(to);
			if (to + 40 > end)
				return HF_MISMATCH;
			*(__u64 *)(to + 8) = hf_load64(from);
			*(__u64 *)(to + 16) = hf_load64(from + 8);
			*(__u64 *)(to + 24) = hf_load64(from + 16);
			*(__u64 *)(to + 32) = hf_load64(from + 24);
			to += 32;
			from += 32;
		}
		for (__u32 i = 0; i < words; i++) {
			HF_HOLD(to);
			if (to + 16 > end)
				return HF_MISMATCH;
			*(__u64 *)(to + 8) = hf_load64(from);
			to += 8;
			from += 8;
		}
		to += length & 7;
		from += length & 7;
		HF_HOLD(to);
		if (to + 8 > end)
			return HF_MISMATCH;
		*(__u64 *)to = hf_load64(from - 8);
	}

	if (seconds) {
		__u32 count = record->ttl_count;

		if (count > HF_RECORD_TTLS_MAX)
			return HF_MISMATCH;
		for (__u32 i = 0; i < count; i++) {
			__u32 at;
			void *ttl = body;

			at = record->ttl_offsets[i];
			if (at > HF_RECORD_BODY_MAX - 4)
				return HF_MISMATCH;
			ttl += at;
			HF_HOLD(ttl);
			if (ttl + 4 > end)
				return HF_MISMATCH;
			/* Read from the record: what was just written to the frame in other pieces could not be forwarded. */
			*(__u32 *)ttl = bpf_htonl(bpf_ntohl(hf_load32(source + at)) - (__u32)seconds);
		}
	}
	/* An odd place counts 256-fold. */
	weight = *(volatile __u8 *)&record->ttl_count + 255U * *(volatile __u8 *)&record->odd_ttls;
	asm volatile("" ::: "memory");
	if (*(volatile __u32 *)&record->sequence != sequence)
		return HF_MISMATCH;
	return seconds * weight;
}

/* What the headers are made of, beside what the frame holds. */
struct hf_reply {
	__u64 sum;	      /* of the DNS message, as it lies in memory */
	__u32 message_length; /* without UDP header */
	__u32 l3;
	bool v6;
};

static __always_inline void hf_reply_turn_ethernet(void *data)
{
	__u64 first = hf_load64(data);	  /* destination, two octets of the source */
	__u32 source_rest = hf_load32(data + 8);

	*(__u16 *)(data + 6) = (__u16)first;
	*(__u32 *)(data + 8) = (__u32)(first >> 16);
	*(__u16 *)data = (__u16)(first >> 48);
	*(__u32 *)(data + 2) = source_rest;
}

/* Turns addresses and ports round, sets lengths, fills in both checksums. False when the frame is not what it was. */
static __always_inline bool hf_reply_turn(struct xdp_md *ctx, const struct hf_reply *reply)
{
	void *end = (void *)(long)ctx->data_end, *data = (void *)(long)ctx->data, *l3 = data;
	__u32 udp_length = reply->message_length + sizeof(struct udphdr), ports;
	__u64 sum = reply->sum + bpf_htons(IPPROTO_UDP) + 2 * (__u64)bpf_htons(udp_length);
	struct udphdr *udp;

	l3 += reply->l3;
	HF_HOLD(l3);
	if (reply->v6) {
		struct ipv6hdr *ip = l3;
		__u64 *address = (void *)&ip->saddr, first, second;

		if (l3 + sizeof(*ip) + sizeof(*udp) > end || l3 < data + ETH_HLEN)
			return false;
		*(__u32 *)ip = bpf_htonl(6U << 28);
		ip->payload_len = bpf_htons(udp_length);
		ip->hop_limit = 64;
		first = address[0];
		second = address[1];
		sum += hf_sum_word(first) + hf_sum_word(second) + hf_sum_word(address[2]) + hf_sum_word(address[3]);
		address[0] = address[2];
		address[1] = address[3];
		address[2] = first;
		address[3] = second;
		udp = l3 + sizeof(*ip);
	} else {
		struct iphdr *ip = l3;
		__u32 total = udp_length + sizeof(*ip), source;
		__u64 addresses, head;

		if (l3 + sizeof(*ip) + sizeof(*udp) > end)
			return false;
		source = ip->saddr;
		addresses = (__u64)source + ip->daddr;
		/* Version, length, no class of service, total length, ID 0 with DF (an atomic datagram, RFC 6864), TTL, UDP. */
		head = (__u64)bpf_htons(0x4500) + bpf_htons(total) + bpf_htons(0x4000) + bpf_htons(64 << 8 | IPPROTO_UDP);
		*(__u64 *)l3 = (__u64)bpf_htons(0x4500) | (__u64)bpf_htons(total) << 16 |
			       (__u64)bpf_htons(0x4000) << 48;
		*(__u32 *)(l3 + 8) = bpf_htons(64 << 8 | IPPROTO_UDP) |
				     ((__u32)(__u16)~hf_sum_fold16(head + addresses)) << 16;
		ip->saddr = ip->daddr;
		ip->daddr = source;
		sum += addresses;
		udp = l3 + sizeof(*ip);
	}
	ports = hf_load32(udp);
	sum += ports; /* the halves' order does not matter to a sum */
	*(__u32 *)udp = ports << 16 | ports >> 16;
	udp->len = bpf_htons(udp_length);
	sum = (__u16)~hf_sum_fold16(sum);
	udp->check = sum ? sum : 0xffff; /* 0 would say "no checksum", RFC 768 */
	hf_reply_turn_ethernet(data);
	return true;
}
