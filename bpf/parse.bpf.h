/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* From a frame to "a plain query for a service of this host", or to the reason why it is not.
 *
 * clang likes to compute pointers in ways that the verifier cannot follow ("pointer arithmetic on pkt_end prohibited");
 * HF_HOLD keeps a pointer in one register across its bounds check, and a loop's counter from being replaced by it. Loops live in global functions: the verifier
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
	HF_REVERSE6_NAME = 32 * 2 + 10, /* octets of an IPv6 address's name below ip6.arpa */
	HF_L3_MAX = ETH_HLEN + 2 * 4,
	HF_DNS_OFFSET_MAX = HF_L3_MAX + sizeof(struct ipv6hdr) + sizeof(struct udphdr),
	HF_QUERY_MAX = HF_DNS_HEADER + 255 + HF_QUESTION_TAIL + HF_OPT_SIZE,
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
static __always_inline struct hf_service *hf_parse_service(__u64 seed, __u64 high, __u64 low, __u16 family)
{
	__u32 index = hf_service_index(high, low, seed);
	struct hf_service *service = bpf_map_lookup_elem(&services, &index);

	if (!service || service->family != family || service->address[1] != low || service->address[0] != high)
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

/* What the access rules give a client: enum hf_client_verdict. `table` is settings.access. */
__attribute__((noinline)) __u32 hf_parse_client(__u64 high, __u64 low, __u32 table, __u32 v6)
{
	const __u32 mask = (1 << HF_CLIENT_COUNT_BITS) - 1;
	__u32 at = table >> 31 ? HF_CLIENT_RANGES : 0, span = table & mask;
	struct hf_client_range *range;

	if (v6) {
		at += span;
		span = table >> HF_CLIENT_COUNT_BITS & mask;
	}
	for (__u32 i = 0; i < HF_CLIENT_COUNT_BITS && span > 1; i++) {
		__u32 half = span >> 1, middle = at + half;

		range = bpf_map_lookup_elem(&clients, &middle);
		if (!range)
			return HF_CLIENT_SLOW;
		if (high > range->high || (high == range->high && low >= range->low))
			at = middle;
		span -= half;
	}
	range = bpf_map_lookup_elem(&clients, &at);
	return range ? range->client : HF_CLIENT_SLOW;
}

/* The last `octets` (1 to 7) of the eight at `at`, zero-padded. */
static __always_inline __u64 hf_parse_partial(const void *at, __u32 octets)
{
	return hf_load64(at) >> (64 - 8 * octets);
}

/* hf_question_key()[0] of the name that is `name_length` octets long in the message at `offset`; 0 when the frame ends before. */
__attribute__((noinline)) __u64 hf_parse_key(struct xdp_md *ctx, __u32 offset, __u32 name_length, __u64 question_word)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	__u32 words = name_length >> 3, rest = name_length & 7;
	struct hf_key_lane lane = {0, hf_secret};

	if (offset > HF_DNS_OFFSET_MAX || name_length > 255)
		return 0;
	/* `at` stands eight octets before what is read, so that the last, partial word can be taken with the octets before it:
	 * the verifier allows no access below a packet pointer. */
	at += offset + HF_DNS_HEADER - 8;
	for (__u32 i = 0; i < words; i++) {
		HF_HOLD(at);
		if (at + 16 > end)
			return 0;
		hf_key_word(&lane, hf_load64(at + 8));
		at += 8;
	}
	if (rest) {
		at += rest;
		HF_HOLD(at);
		if (at + 8 > end)
			return 0;
		hf_key_word(&lane, hf_parse_partial(at, rest));
	}
	return hf_key_finish(&lane, question_word);
}
