/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* What the bench of the fast path runs around it. BPF_PROG_TEST_RUN with a repeat gives the program the frame as it left it the last time; so
 * hf_bench_restore puts the next of many frames in its place and then tail-calls the program under test, which is thus
 * measured as it is. Its own cost is measured with hf_bench_verdict behind it, and taken off.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { FRAME_ROOM = 192 };

struct bench_frame {
	__u8 bytes[FRAME_ROOM];
};

const volatile __u32 frame_length = 60;	/* of all frames */
const volatile __u32 word_offset = 8;	/* where in the frame its part of the name goes */
const volatile __u32 word_mask;		/* how many words there are, a power of two, minus one */

__u32 next_word;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_frame);
} frame SEC(".maps");

/* Eight octets that tell one name from another; so the list takes little of the caches that the table is to be measured in. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} words SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

SEC("xdp.frags")
int hf_bench_restore(struct xdp_md *ctx)
{
	__u32 index = next_word++ & word_mask, zero = 0;
	struct bench_frame *from = bpf_map_lookup_elem(&frame, &zero);
	__u64 *word = bpf_map_lookup_elem(&words, &index);
	void *data, *end;

	if (!from || !word)
		return XDP_ABORTED;
	if (ctx->data_end - ctx->data != frame_length &&
	    bpf_xdp_adjust_tail(ctx, (int)(frame_length - (ctx->data_end - ctx->data))))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + frame_length > end)
		return XDP_ABORTED;
#pragma unroll
	for (__u32 at = 0; at + 8 <= FRAME_ROOM; at += 8)
		if (at + 8 <= frame_length)
			*(__u64 *)(data + at) = *(__u64 *)(from->bytes + at);
	*(__u64 *)(data + frame_length - 8) = *(__u64 *)(from->bytes + frame_length - 8);
	*(__u64 *)(data + word_offset) = *word;
	/* Some 25 ns, in which the stores above leave the store buffer. A NIC's frame never was in there, and reading it in other pieces
	 * than it was written would stall the program under test. */
	if (!bpf_ktime_get_ns())
		return XDP_ABORTED;
	bpf_tail_call_static(ctx, &under_test, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int hf_bench_verdict(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_TX;
}

/* The least that a server of any kind has to do to a frame: check that it is UDP to port 53 over IPv4, turn it round, send it back. */
SEC("xdp.frags")
int hf_bench_swap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = data + sizeof(*ethernet);
	struct udphdr *udp = (void *)(ip + 1);
	__u64 *dns = (void *)(udp + 1);
	__u8 mac[ETH_ALEN];
	__be32 address;
	__be16 port;

	if ((void *)dns + 12 > end)
		return XDP_PASS;
	if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_UDP ||
	    udp->dest != bpf_htons(53) || (*dns >> 16 & 0x80))
		return XDP_PASS;
	__builtin_memcpy(mac, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, mac, ETH_ALEN);
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	port = udp->source;
	udp->source = udp->dest;
	udp->dest = port;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
