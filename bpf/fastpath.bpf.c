/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The fast path: a plain query for a service of this host, whose answer lies fresh in the hot table, goes out as its reply by the
 * interface it came in. Everything else goes to the slow path: to the AF_XDP socket of its RX queue where one is, else to the
 * kernel's network stack. Frames that are not for a service of ours are none of our business: XDP_PASS, not counted.
 *
 * The steps: parse -> whose is it -> plain query? -> key -> bucket -> record -> fresh? -> same question? -> room -> reply.
 */
#include "bpf/reply.bpf.h"

/* Every way out of a frame that was for us. */
#define HF_HAND_ON(reason)                                                                                              \
	do {                                                                                                            \
		count->reason++;                                                                                        \
		return hf_hand_on(ctx, count);                                                                          \
	} while (0)
#define HF_DROP(reason)                                                                                                 \
	do {                                                                                                            \
		count->reason++;                                                                                        \
		return XDP_DROP;                                                                                        \
	} while (0)

static __always_inline int hf_hand_on(struct xdp_md *ctx, struct hf_fastpath_counters *count)
{
	int verdict = bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);

	if (verdict == XDP_REDIRECT)
		count->to_xsk++;
	else
		count->to_stack++;
	return verdict;
}

/* Where the question's record lies, 0 when it is not in the table. Both buckets are read whole and without branches: which
 * of the ways matches is as good as random, and the two cache lines come in at once. */
static __always_inline __u32 hf_find(__u64 key)
{
	__u32 first = hf_hot_first(key, hf_bucket_count), second = hf_hot_second(key, hf_bucket_count);
	__u64 tag = (__u64)hf_hot_tag(key) << 32, place = 0;
	struct hf_hot_bucket *a = bpf_map_lookup_elem(&buckets, &first), *b = bpf_map_lookup_elem(&buckets, &second);

	if (!a || !b)
		return 0;
#pragma unroll
	for (int i = 0; i < HF_BUCKET_WAYS; i++) {
		__u64 x = *(volatile __u64 *)&a->words[i] ^ tag, y = *(volatile __u64 *)&b->words[i] ^ tag;

		/* A word with our tag is now its place alone, below 2^32. */
		place = x >> 32 ? place : x;
		place = y >> 32 ? place : y;
	}
	return place;
}

static __always_inline int hf_fastpath_run(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end, *data = (void *)(long)ctx->data, *header;
	__u32 zero = 0, l3 = ETH_HLEN, v6, udp_at, udp_length, frame_length, dns, source_bad;
	struct hf_fastpath_settings *setting = bpf_map_lookup_elem(&settings, &zero);
	struct hf_fastpath_counters *count;
	struct hf_answer_record *record;
	struct hf_question question = {};
	struct hf_service *service, *source;
	struct hf_reply reply;
	struct hf_chunk *chunk;
	struct hf_slot *slot;
	__u64 seed, now, seconds, sum, aged;
	__u32 place, sequence, length, at, mark;
	__u16 flags, proto;
	__be16 id;
	int verdict;

	if (!setting || data + HF_FRAME_MIN > end)
		return XDP_PASS;
	frame_length = end - data;
	if ((hf_load64(data) ^ setting->mac) << 16)
		return XDP_PASS;

	proto = hf_load16(data + 12);
	if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
		proto = hf_load16(data + 16);
		l3 += 4;
		if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
			proto = hf_load16(data + 20);
			l3 += 4;
		}
	}

	seed = setting->service_seed;
	header = data + l3;
	HF_HOLD(header);
	if (proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = header;
		struct udphdr *udp;
		__u32 saddr;

		if (header + sizeof(*ip) + sizeof(*udp) > end || ip->protocol != IPPROTO_UDP)
			return XDP_PASS;
		service = hf_parse_service(seed, 0, 0, 0, ip->daddr, 4);
		if (!service)
			return XDP_PASS;
		if (*(__u8 *)header != 0x45 || ip->frag_off & bpf_htons(0x3fff))
			goto odd_ip; /* options, or a fragment: the ports may stand elsewhere */
		udp = header + sizeof(*ip);
		if (!hf_parse_serves(service, udp->dest))
			return XDP_PASS;
		saddr = ip->saddr;
		source = hf_parse_service(seed, 0, 0, 0, saddr, 4);
		/* 0/8, 127/8, multicast, class E and broadcast (RFC 1122 §3.2.1.3). */
		source_bad = (__u8)saddr == 0 || (__u8)saddr == 127 || (__u8)saddr >= 224 || source;
		v6 = 0;
		udp_at = l3 + sizeof(*ip);
		udp_length = bpf_ntohs(udp->len);
		length = bpf_ntohs(ip->tot_len) - sizeof(*ip);
		at = udp->source;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = header;
		const __u32 *address;
		struct udphdr *udp;

		if (header + sizeof(*ip) + sizeof(*udp) > end)
			return XDP_PASS;
		if (ip->nexthdr != IPPROTO_UDP && !hf_parse_is_extension(ip->nexthdr))
			return XDP_PASS;
		address = ip->daddr.in6_u.u6_addr32;
		service = hf_parse_service(seed, address[0], address[1], address[2], address[3], 6);
		if (!service)
			return XDP_PASS;
		if (ip->nexthdr != IPPROTO_UDP)
			goto odd_ip;
		udp = header + sizeof(*ip);
		if (!hf_parse_serves(service, udp->dest))
			return XDP_PASS;
		address = ip->saddr.in6_u.u6_addr32;
		source = hf_parse_service(seed, address[0], address[1], address[2], address[3], 6);
		/* Multicast; and what begins with 64 zero bits: ::, ::1, IPv4-mapped (RFC 4291 §2.5, §2.7). */
		source_bad = (__u8)address[0] == 0xff || (address[0] | address[1]) == 0 || source;
		v6 = 1;
		udp_at = l3 + sizeof(*ip);
		udp_length = bpf_ntohs(udp->len);
		length = bpf_ntohs(ip->payload_len);
		at = udp->source;
	} else {
		return XDP_PASS;
	}

	count = bpf_map_lookup_elem(&counters, &zero);
	if (!count)
		return XDP_PASS;
	if (source_bad || ((__u8 *)data)[6] & 1)
		HF_DROP(drop_source_address);
	if (at == 0 || at == bpf_htons(53)) /* a reply to these can start a loop between servers */
		HF_DROP(drop_source_port);

	if (udp_length != length || udp_at + udp_length > frame_length)
		HF_HAND_ON(slow_length);
	dns = udp_at + sizeof(struct udphdr);
	length = udp_length - sizeof(struct udphdr);
	header = data + dns;
	HF_HOLD(header);
	if (udp_length < sizeof(struct udphdr) + HF_DNS_HEADER || header + HF_DNS_HEADER > end)
		HF_HAND_ON(slow_length);
	id = hf_load16(header);
	flags = hf_load16(header + 2);
	if (flags & HF_WIRE_QR)
		HF_DROP(drop_response);
	if (flags & ~(HF_WIRE_RD | HF_WIRE_AD | HF_WIRE_CD))
		HF_HAND_ON(slow_header);
	if (!(flags & HF_WIRE_RD))
		HF_HAND_ON(slow_rd);
	/* One question, no answer, no authority, at most one additional record. */
	if (hf_load32(header + 4) != bpf_htonl(1U << 16) || hf_load32(header + 8) & ~bpf_htonl(1))
		HF_HAND_ON(slow_header);

	verdict = hf_parse_question(ctx, dns, length,
				    (hf_load32(header + 8) ? 1 : 0) | (flags & HF_WIRE_CD ? 2 : 0), &question);
	if (verdict == HF_QUESTION_SHAPE)
		HF_HAND_ON(slow_question);
	if (verdict == HF_QUESTION_EDNS)
		HF_HAND_ON(slow_edns);

	place = hf_find(question.key);
	if (!place)
		HF_HAND_ON(slow_miss);
	at = place / HF_CHUNK_UNITS;
	chunk = bpf_map_lookup_elem(&chunks, &at);
	at = place % HF_CHUNK_UNITS * HF_CHUNK_UNIT;
	if (!chunk || at > HF_CHUNK_LAST_UNIT * HF_CHUNK_UNIT)
		HF_HAND_ON(slow_miss);
	slot = (void *)chunk + at;
	record = (void *)slot;

	sequence = *(volatile __u32 *)&record->sequence;
	asm volatile("" ::: "memory");
	if (sequence & 1)
		HF_HAND_ON(slow_miss);
	sum = hf_reply_match(ctx, dns, question.name_length, question.tail, slot);
	if (sum == HF_MISMATCH)
		HF_HAND_ON(slow_miss);
	now = bpf_ktime_get_coarse_ns();
	if (now >= record->fresh_until_ns)
		HF_HAND_ON(slow_expired);

	length = record->body_length;
	if (length > HF_RECORD_BODY_MAX || (length && length < 8))
		HF_HAND_ON(slow_miss);
	reply.message_length = HF_DNS_HEADER + question.name_length + HF_QUESTION_TAIL + length +
			       (question.edns ? HF_OPT_SIZE : 0);
	if (reply.message_length > question.client_size || reply.message_length > setting->udp_ceiling)
		HF_HAND_ON(slow_size);

	/* What the record says for the header, read before the sequence is looked at again. */
	flags = (record->flags & ~HF_WIRE_AD) | (flags & (HF_WIRE_RD | HF_WIRE_CD)) |
		/* AD only to those who asked for it (RFC 6840 §5.7, §5.8). */
		(question.dnssec_ok || flags & HF_WIRE_AD ? record->flags & HF_WIRE_AD : 0);
	__u64 counts = (__u64)bpf_htons(1) | (__u64)record->ancount << 16 | (__u64)record->nscount << 32 |
		       (__u64)(__u16)bpf_htons(bpf_ntohs(record->arcount) + question.edns) << 48;
	__u64 body_sum = record->body_sum;
	__u64 base = record->base_ns;

	seconds = hf_record_age(now, base);

	__u32 wanted = dns + reply.message_length;
	if (wanted != frame_length && bpf_xdp_adjust_tail(ctx, (int)(wanted - frame_length))) {
		/* A frame that began as a local packet has little room behind it, but always some before it. */
		__u32 by = wanted - frame_length;

		if (wanted < frame_length || bpf_xdp_adjust_head(ctx, -(int)by))
			HF_HAND_ON(slow_room);
		if (hf_reply_move(ctx, by, dns + HF_DNS_HEADER + question.name_length + HF_QUESTION_TAIL))
			HF_DROP(drop_changed);
	}

	at = dns + HF_DNS_HEADER + question.name_length + HF_QUESTION_TAIL;
	aged = hf_reply_body(ctx, (__u64)at << 32 | length, slot, seconds, sequence);
	if (aged == HF_MISMATCH)
		HF_DROP(drop_changed);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (end - data != wanted) /* frags: what grew was not the part that we see */
		HF_DROP(drop_changed);

	/* The body's words count in network order, hence 256-fold; 256-fold again behind a name of odd length. */
	body_sum = hf_sum_fold16(body_sum) + 0xffff - hf_sum_fold16(aged);
	sum += question.name_length & 1 ? body_sum : body_sum << 8;

	header = data + dns;
	HF_HOLD(header);
	if (header + HF_DNS_HEADER > end)
		HF_DROP(drop_changed);
	*(__u16 *)(header + 2) = flags;
	*(__u64 *)(header + 4) = counts;
	sum += (__u64)id + flags + hf_sum_word(counts);

	if (question.edns) {
		__u64 opt_at = at + length;
		void *opt = data;
		__u64 front = 0x290000ULL | (__u64)bpf_htons(setting->edns_size) << 24 |
			      (question.dnssec_ok ? 0x80ULL << 56 : 0);

		HF_HOLD(opt_at);
		if (opt_at > HF_DNS_OFFSET_MAX + HF_MESSAGE_MAX + HF_RECORD_BODY_MAX)
			HF_DROP(drop_changed);
		opt += opt_at;
		HF_HOLD(opt);
		if (opt + HF_OPT_SIZE > end)
			HF_DROP(drop_changed);
		*(__u64 *)opt = front;
		*(__u16 *)(opt + 8) = 0;
		*(__u8 *)(opt + 10) = 0;
		sum += hf_sum_word(front) << (8 * ((question.name_length + length) & 1));
	}

	reply.sum = sum;
	reply.l3 = l3;
	reply.v6 = v6;
	if (!hf_reply_turn(ctx, &reply))
		HF_DROP(drop_changed);

	mark = record->mark;
	if (mark == 0)
		record->mark = 1;
	else if ((id & bpf_htons(HF_MARK_SAMPLE - 1)) == 0)
		record->mark = mark + HF_MARK_SAMPLE;
	count->answered++;
	return XDP_TX;

odd_ip:
	count = bpf_map_lookup_elem(&counters, &zero);
	if (count && service->ports[0])
		count->pass_ip++;
	return XDP_PASS;
}

/* Named, and marked below, as libxdp's own program for AF_XDP: so DPDK's stock af_xdp driver, finding it attached, puts its sockets
 * into xsks_map instead of attaching a program of its own, and it outlives the driver's process. */
SEC("xdp.frags")
int xsk_def_prog(struct xdp_md *ctx)
{
	return hf_fastpath_run(ctx);
}

__uint(xsk_prog_version, 1) SEC("xdp_metadata");

char LICENSE[] SEC("license") = "Dual BSD/GPL";
