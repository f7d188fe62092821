/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The one border between the kernel program and userspace: the answer record, the key of a
 * question, the pinned maps' sizes. Included by bpf/*.bpf.c, by the core (the record is also what
 * the answer cache holds) and by the tools; so it includes linux/types.h and nothing else.
 *
 * Clock: every *_ns field is CLOCK_MONOTONIC in nanoseconds, the clock that
 * bpf_ktime_get_coarse_ns() and the dataplane share.
 * Byte order: as said beside each field; unsaid means host order.
 */
#ifndef HOLDFAST_FASTPATH_ABI_H
#define HOLDFAST_FASTPATH_ABI_H

#include <linux/types.h>

#define HF_ABI_VERSION 1 /* a mismatch between program, maps and a daemon refuses to start */

/* What of a query, beside name, type and class, selects another answer. */
enum hf_reply_class {
	HF_REPLY_DO = 1, /* the client set DO: RRSIGs and proofs are in the answer */
	HF_REPLY_CD = 2, /* the client set CD: unvalidated data may be in it */
};

enum { HF_RECORD_TTLS_MAX = 16 };    /* RRs in a record; an answer with more is composed anew each time */
enum { HF_RECORD_BODY_MAX = 1232 };  /* octets of answer body in a record that may be cached */

/* One composed answer: everything of the reply behind the question, ready to copy.
 *
 * data[]: the question's name, lower-cased, uncompressed, zero-padded to a multiple of 8 octets;
 * then the body: answer, authority and additional RRs without OPT, compressed against a
 * message whose question stands at offset 12. The question's length does not depend on its case, so
 * the body fits below any client's spelling (0x20 survives).
 * TTLs in the body are as of base_ns; ttl_offsets say where they stand (from the body's start).
 */
struct hf_answer_record {
	__u32 sequence;	     /* odd while the writer is inside (kernel tier only; 0 elsewhere) */
	__u32 mark;	     /* set to 1 by a reader at a hit if it is 0; cleared by the evicting writer */
	__u64 key[2];	     /* hf_question_key() */
	__u64 fresh_until_ns;
	__u64 stale_until_ns;/* ≥ fresh_until_ns; equal: never served stale */
	__u64 base_ns;
	__be16 flags;	     /* header flags to send, network order: QR, RA, AD, rcode; RD, CD come from the client */
	__be16 ancount, nscount, arcount; /* network order, OPT not counted */
	__u16 body_length;
	__u8 name_length;
	__u8 ttl_count;	     /* ≤ HF_RECORD_TTLS_MAX in a cached record */
	__u32 body_sum;	     /* ones' complement sum of the body as stored, unfolded; for the UDP checksum */
	__u16 ttl_offsets[HF_RECORD_TTLS_MAX];
	__u8 data[];
};

#define HF_RECORD_NAME_SPACE(name_length) (((name_length) + 7u) & ~7u)
#define HF_RECORD_SIZE(name_length, body_length) \
	(sizeof(struct hf_answer_record) + HF_RECORD_NAME_SPACE(name_length) + (body_length))

_Static_assert(sizeof(struct hf_answer_record) == 96, "record head is 96 octets");

/* 128-bit keyed hash of a question. `name` is lower-cased wire form, zero-padded to a multiple of 8
 * octets and readable that far; `secret` is drawn at boot. Speed matters more than strength: the whole name is compared
 * in the record, so a collision costs a miss and never a wrong answer; the secret keeps an outsider
 * from choosing which questions share a bucket. Each 8-octet word is folded into two lanes by a
 * 32x32->64 multiply-free mix that costs the verifier nothing (xor, rotate, odd multiply). */
static inline __u64 hf_key_mix(__u64 lane, __u64 word)
{
	lane ^= word;
	lane *= 0x9fb21c651e98df25ULL;
	return (lane << 29) | (lane >> 35);
}

static inline void hf_key_finish(__u64 a, __u64 b, __u32 type_class_reply, __u64 key[2])
{
	a = hf_key_mix(a, type_class_reply);
	b = hf_key_mix(b, a);
	a ^= b >> 31;
	key[0] = a * 0xd6e8feb86659fd93ULL;
	key[1] = b ^ (key[0] >> 32);
}

static inline __u32 hf_key_tail(__u16 qtype, __u16 qclass, __u8 reply_class)
{
	/* qclass has 16 bits but only IN, CH, HS, NONE and ANY exist: eight bits tell them apart, and a class
	 * above 255 never reaches a table (answered or refused before). */
	return (__u32)qtype | (__u32)(qclass & 0xff) << 16 | (__u32)reply_class << 24;
}

static inline void hf_question_key(const __u64 secret[2], const __u8 *name, __u32 name_length, __u16 qtype,
				   __u16 qclass, __u8 reply_class, __u64 key[2])
{
	__u64 a = secret[0] ^ name_length, b = secret[1];

	for (__u32 i = 0; i < name_length; i += 8) {
		__u64 word;

		__builtin_memcpy(&word, name + i, 8);
		a = hf_key_mix(a, word);
		b = hf_key_mix(b, word + a);
	}
	hf_key_finish(a, b, hf_key_tail(qtype, qclass, reply_class), key);
}

#endif
