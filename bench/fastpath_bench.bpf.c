/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* What the bench of the fast path runs around it. BPF_PROG_TEST_RUN with a repeat gives the program the frame as it left it the last time; so
 * hf_bench_restore makes it the next query and then tail-calls the program under test, which is thus measured as it is. Its own cost is
 * measured with hf_bench_verdict behind it, and taken off.
 *
 * Restored is what a reply changes, by stores that the program's loads match: a load that spans two stores which are still
 * in the store buffer waits for them, and a frame that a NIC delivered never was in there.
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
const volatile bool over_ipv6, with_opt; /* what they are */
const volatile bool serialised;		/* each frame is done with before the next is begun, as when they come seldom */
const volatile __u32 word_offset = 8;	/* where in the frame the octets that tell names apart go */
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

#define COPY(type, at) (*(type *)(data + (at)) = *(type *)(from->bytes + (at)))

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
	COPY(__u64, 0);
	COPY(__u32, 8);
	if (over_ipv6) {
		COPY(__u32, 14);
		COPY(__u32, 18);
		COPY(__u64, 22);
		COPY(__u64, 30);
		COPY(__u64, 38);
		COPY(__u64, 46);
		COPY(__u32, 54);
		COPY(__u32, 58);
		COPY(__u64, 62);
		COPY(__u32, 70);
	} else {
		COPY(__u64, 14);
		COPY(__u32, 22);
		COPY(__u32, 26);
		COPY(__u32, 30);
		COPY(__u32, 34);
		COPY(__u32, 38);
		COPY(__u64, 42);
		COPY(__u32, 50);
	}
	if (with_opt) {
		COPY(__u64, frame_length - 11);
		COPY(__u32, frame_length - 4);
	}
	*(__u64 *)(data + word_offset) = *word;
	if (serialised && !bpf_ktime_get_ns()) /* reading the time stamp counter waits for all that was begun */
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
