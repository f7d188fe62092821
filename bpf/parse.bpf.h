/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* From a frame to "a plain query for a service of this host", or to the reason why it is not.
 *
 * clang likes to compute pointers in ways that the verifier cannot follow ("pointer arithmetic on pkt_end prohibited");
 * HF_HOLD keeps a pointer in one register across its bounds check. Loops live in global functions: the verifier
 * takes each of them on its own, once, instead of once for every way to reach it.
 */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bpf/maps.bpf.h"

#define HF_HOLD(pointer) asm volatile("" : "+r"(pointer))

enum {
	HF_DNS_HEADER = 12,
	HF_QUESTION_TAIL = 4, /* type and class */
	HF_OPT_SIZE = 11,     /* an OPT record without options */
	HF_UDP_PLAIN = 512,   /* RFC 1035 §4.2.1 */
	HF_L3_MAX = ETH_HLEN + 2 * 4,
	HF_DNS_OFFSET_MAX = HF_L3_MAX + sizeof(struct ipv6hdr) + sizeof(struct udphdr),
	HF_MESSAGE_MAX = HF_DNS_HEADER + 255 + HF_QUESTION_TAIL + HF_OPT_SIZE,
	/* Ethernet, IPv4, UDP, header, the root's question: no query is shorter. */
	HF_FRAME_MIN = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + HF_DNS_HEADER + 1 + HF_QUESTION_TAIL,
};

/* Flags as they lie in the header, network order. */
#define HF_WIRE_QR bpf_htons(0x8000)
#define HF_WIRE_RD bpf_htons(0x0100)
#define HF_WIRE_AD bpf_htons(0x0020)
#define HF_WIRE_CD bpf_htons(0x0010)

/* Reads of any alignment; the caller has checked the bounds. */
static __always_inline __u16 hf_load16(const void *at)
{
	return *(const __u16 *)at;
}

static __always_inline __u32 hf_load32(const void *at)
{
	return *(const __u32 *)at;
}

static __always_inline __u64 hf_load64(const void *at)
{
	return *(const __u64 *)at;
}

/* The entry of one address, NULL when it is none of ours. */
static __always_inline struct hf_service *hf_parse_service(__u64 seed, __u32 a0, __u32 a1, __u32 a2, __u32 a3,
							   __u16 family)
{
	const __u32 address[4] = {a0, a1, a2, a3};
	__u32 index = hf_service_index(address, seed);
	struct hf_service *service = bpf_map_lookup_elem(&services, &index);

	if (!service || service->family != family || service->address[3] != a3 || service->address[2] != a2 ||
	    service->address[1] != a1 || service->address[0] != a0)
		return NULL;
	return service;
}

static __always_inline bool hf_parse_serves(const struct hf_service *service, __be16 port)
{
	for (int i = 0; i < HF_SERVICE_PORTS_MAX; i++)
		if (service->ports[i] == port)
			return port != 0;
	return false;
}

/* Extension headers that may stand between IPv6 and UDP (RFC 8200 §4.1 and the IANA list). */
static __always_inline bool hf_parse_is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_AH || next == IPPROTO_MH || next == 139 || next == 140;
}

/* What a hit needs to know of the question, filled by hf_parse_question(). */
struct hf_question {
	__u64 key;	    /* hf_question_key()[0] */
	__u32 tail;	    /* hf_key_tail() */
	__u16 name_length;
	__u16 client_size;  /* largest UDP reply that the client takes */
	__u16 edns;	    /* 1: the client sent OPT */
	__u16 dnssec_ok;    /* 1: with DO */
	__u32 reserved;
};

enum hf_question_verdict { HF_QUESTION_PLAIN, HF_QUESTION_SHAPE, HF_QUESTION_EDNS };

/* The last `octets` (1 to 7) of the eight at `at`, zero-padded. */
static __always_inline __u64 hf_parse_partial(const void *at, __u32 octets)
{
	return hf_load64(at) >> (64 - 8 * octets);
}

/* Question and OPT of the message of `length` octets at `offset`, whose header said QDCOUNT 1 and ARCOUNT `additional`.
 *
 * The name is not walked. With one question and at most one OPT without options, the length of the message alone tells where
 * the name must end; if there is anything else in it, the "name" taken here is no name, and so equals none in the table: it
 * is a miss, and the slow path looks at the message properly. */
__attribute__((noinline)) int hf_parse_question(struct xdp_md *ctx, __u32 offset, __u32 length, __u32 header,
						struct hf_question *question)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	__u32 additional = header & 1, reply_class = header & 2 ? HF_REPLY_CD : 0;
	__u32 fixed = HF_DNS_HEADER + HF_QUESTION_TAIL + (additional ? HF_OPT_SIZE : 0);
	struct hf_key_lane lane = {0, hf_secret};
	__u32 name_length, words, rest;

	if (!question || offset > HF_DNS_OFFSET_MAX || length > HF_MESSAGE_MAX || length <= fixed)
		return HF_QUESTION_SHAPE;
	name_length = length - fixed;
	if (name_length > 255)
		return HF_QUESTION_SHAPE;
	words = name_length >> 3;
	rest = name_length & 7;

	/* `at` stands eight octets before what is read, so that the last, partial word can be taken with the octets before it:
	 * the verifier allows no access below a packet pointer. */
	at += offset + HF_DNS_HEADER - 8;
	for (__u32 i = 0; i < 32; i++) {
		if (i >= words)
			break;
		HF_HOLD(at);
		if (at + 16 > end)
			return HF_QUESTION_SHAPE;
		hf_key_word(&lane, hf_key_lower(hf_load64(at + 8)));
		at += 8;
	}
	at += rest;
	HF_HOLD(at);
	if (at + 8 + HF_QUESTION_TAIL > end)
		return HF_QUESTION_SHAPE;
	if (rest)
		hf_key_word(&lane, hf_key_lower(hf_parse_partial(at, rest)));
	at += 8;
	if (hf_load16(at + 2) != bpf_htons(1)) /* class IN */
		return HF_QUESTION_SHAPE;

	question->edns = additional;
	question->dnssec_ok = 0;
	question->client_size = HF_UDP_PLAIN;
	if (additional) {
		__u64 front;
		__u32 back;
		__u16 size;

		if (at + HF_QUESTION_TAIL + HF_OPT_SIZE > end)
			return HF_QUESTION_SHAPE;
		front = hf_load64(at + 4);	/* root, type, size, extended rcode, version, flags' first octet */
		back = hf_load32(at + 4 + 7); /* flags, length of options */
		/* RFC 6891 §6.1.2: owner is the root, type 41. Only version 0, no flag but DO, no options. */
		if ((front & 0x00ffff0000ffffffULL) != 0x290000 || (back & ~0x80U))
			return HF_QUESTION_EDNS;
		size = bpf_ntohs((__u16)(front >> 24));
		if (size > HF_UDP_PLAIN) /* below 512 counts as 512, RFC 6891 §6.2.3 */
			question->client_size = size;
		if (back & 0x80) {
			question->dnssec_ok = 1;
			reply_class |= HF_REPLY_DO;
		}
	}
	question->name_length = name_length;
	question->tail = hf_key_tail(bpf_ntohs(hf_load16(at)), 1, reply_class);
	question->key = hf_key_finish(&lane, name_length, question->tail);
	return HF_QUESTION_PLAIN;
}
