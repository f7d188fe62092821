/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The fast path: a plain query for a service of this host, whose answer lies fresh in the hot table, goes out as its reply by the
 * interface it came in. Everything else goes to the slow path: to the AF_XDP socket of its RX queue where one is, else to the
 * kernel's network stack. Frames that are not for a service of ours are none of our business: XDP_PASS, not counted.
 *
 * The steps: parse -> for whom? -> plain query? -> key -> bucket -> record -> same question? -> fresh? -> room -> reply.
 */
#include "bpf/reply.bpf.h"

/* Every way out of a frame that was for us, but the reply: counts, and decides where the frame goes. Not inlined, and told
 * apart by an empty instruction that names the reason, so that the compiler does not carry the reason along the whole way. */
#define HF_LEAVE(reason)                                                                                                \
	do {                                                                                                            \
		asm volatile("" : : "i"(HF_COUNT_##reason));                                                            \
		return hf_leave(ctx, HF_COUNT_##reason);                                                                \
	} while (0)

static __attribute__((noinline)) int hf_leave(struct xdp_md *ctx, enum hf_fastpath_count reason)
{
	__u32 zero = 0;
	struct hf_fastpath_counters *count = bpf_map_lookup_elem(&counters, &zero);
	int verdict;

	if (!count || reason >= HF_COUNT_END)
		return XDP_PASS;
	((__u64 *)count)[reason]++;
	if (reason == HF_COUNT_pass_ip)
		return XDP_PASS;
	if (reason > HF_COUNT_pass_ip)
		return XDP_DROP;
	verdict = bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
	if (verdict == XDP_REDIRECT)
		count->to_xsk++;
	else
		count->to_stack++;
	return verdict;
}

/* All ones for a word with our tag, which is now its place alone, below 2^32; else 0. */
static __always_inline __u64 hf_find_mask(__u64 word)
{
	__u64 below = (word >> 32) - 1;

	HF_HOLD(below); /* or it becomes a branch */
	return (__s64)below >> 63;
}

/* Looked at whole and without branches: which of the ways matches is as good as random, and a branch foretold wrongly would hold up the
 * way to the record. */
static __always_inline __u32 hf_find_in(__u32 number, __u64 tag)
{
	struct hf_hot_bucket *bucket = bpf_map_lookup_elem(&buckets, &number);
	__u64 place = 0;

	if (!bucket)
		return 0;
#pragma unroll
	for (int i = 0; i < HF_BUCKET_WAYS; i++) {
		__u64 word = *(volatile __u64 *)&bucket->words[i] ^ tag;

		place |= word & hf_find_mask(word);
	}
	return place;
}

/* Where a question's record lies, 0 when it is not in the table. The writer uses the second bucket only when the first is full. */
static __always_inline __u32 hf_find(__u64 key)
{
	__u64 tag = (__u64)hf_hot_tag(key) << 32;
	__u32 place = hf_find_in(hf_hot_first(key, hf_bucket_count), tag);

	return place ? place : hf_find_in(hf_hot_second(key, hf_bucket_count), tag);
}

static __always_inline struct hf_slot *hf_slot_at(__u32 place)
{
	__u32 number = place / HF_CHUNK_UNITS, at = place % HF_CHUNK_UNITS * HF_CHUNK_UNIT;
	struct hf_chunk *chunk = bpf_map_lookup_elem(&chunks, &number);

	if (!chunk || at > HF_CHUNK_LAST_UNIT * HF_CHUNK_UNIT)
		return NULL;
	return (void *)chunk->octets + at;
}

/* Named, and marked below, as libxdp's own program for AF_XDP: so DPDK's stock af_xdp driver, finding it attached, puts its sockets
 * into xsks_map instead of attaching a program of its own, and it outlives the driver's process. */
SEC("xdp.frags")
int xsk_def_prog(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end, *data = (void *)(long)ctx->data, *at;
	__u32 zero = 0, frame_length = end - data, dns, name_length, body_at, length, ip_length, udp_length, wanted;
	__u32 edns, reply_class, sequence, place, mark, largest, client = 0;
	struct hf_fastpath_settings *setting = bpf_map_lookup_elem(&settings, &zero);
	struct hf_reply reply = {.l3 = ETH_HLEN};
	struct hf_fastpath_counters *count;
	struct hf_answer_record *record;
	struct hf_service *service;
	__u64 question_word, key, now, age, sum, aged, body_sum, head;
	__be16 proto, flags, id, source_port;
	struct udphdr *udp;
	struct hf_slot *slot;

	/* ---- for whom is it? ---- */

	if (!setting || data + HF_FRAME_MIN > end)
		return XDP_PASS;
	if ((hf_load64(data) ^ setting->mac) << 16)
		return XDP_PASS;
	proto = hf_load16(data + 12);
	if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
		proto = hf_load16(data + 16);
		reply.l3 += 4;
		if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
			proto = hf_load16(data + 20);
			reply.l3 += 4;
		}
	}
	at = data + reply.l3;
	HF_HOLD(at);
	if (proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = at;

		udp = at + sizeof(*ip);
		if ((void *)(udp + 1) > end || ip->protocol != IPPROTO_UDP)
			return XDP_PASS;
		service = hf_parse_service(setting->service_seed, 0, ip->daddr, 4);
		if (!service)
			return XDP_PASS;
		if (*(__u8 *)at != 0x45 || ip->frag_off & bpf_htons(0x3fff)) { /* options, or a fragment */
			if (!service->ports[0])
				return XDP_PASS;
			HF_LEAVE(pass_ip);
		}
		if (!hf_parse_serves(service, udp->dest))
			return XDP_PASS;
		/* 0/8, 127/8, multicast, class E and broadcast (RFC 1122 §3.2.1.3); ourselves. */
		if ((__u8)ip->saddr == 0 || (__u8)ip->saddr == 127 || (__u8)ip->saddr >= 224)
			HF_LEAVE(drop_source_address);
		if (setting->service_filter & hf_service_filter(0, ip->saddr) &&
		    hf_parse_service(setting->service_seed, 0, ip->saddr, 4))
			HF_LEAVE(drop_source_address);
		if (setting->access)
			client = hf_parse_client(0, bpf_ntohl(ip->saddr), setting->access, false);
		dns = reply.l3 + sizeof(*ip) + sizeof(*udp);
		ip_length = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = at;

		udp = at + sizeof(*ip);
		if ((void *)(udp + 1) > end || (ip->nexthdr != IPPROTO_UDP && !hf_parse_is_extension(ip->nexthdr)))
			return XDP_PASS;
		service = hf_parse_service(setting->service_seed, hf_load64(at + 24), hf_load64(at + 32), 6);
		if (!service)
			return XDP_PASS;
		if (ip->nexthdr != IPPROTO_UDP) {
			if (!service->ports[0])
				return XDP_PASS;
			HF_LEAVE(pass_ip);
		}
		if (!hf_parse_serves(service, udp->dest))
			return XDP_PASS;
		/* Multicast; what begins with 64 zero bits: ::, ::1, IPv4-mapped (RFC 4291 §2.5, §2.7); ourselves. */
		if (*(__u8 *)(at + 8) == 0xff || hf_load64(at + 8) == 0)
			HF_LEAVE(drop_source_address);
		if (setting->service_filter & hf_service_filter(hf_load64(at + 8), hf_load64(at + 16)) &&
		    hf_parse_service(setting->service_seed, hf_load64(at + 8), hf_load64(at + 16), 6))
			HF_LEAVE(drop_source_address);
		if (setting->access)
			client = hf_parse_client(bpf_be64_to_cpu(hf_load64(at + 8)), bpf_be64_to_cpu(hf_load64(at + 16)),
						 setting->access, true);
		dns = reply.l3 + sizeof(*ip) + sizeof(*udp);
		ip_length = bpf_ntohs(ip->payload_len);
		reply.v6 = true;
	} else {
		return XDP_PASS;
	}
	if (((__u8 *)data)[6] & 1) /* multicast bit of the source's MAC */
		HF_LEAVE(drop_source_address);
	source_port = udp->source;
	if (source_port == 0 || source_port == bpf_htons(53)) /* a reply to these can start a loop between servers */
		HF_LEAVE(drop_source_port);
	if (client & HF_CLIENT_DROP)
		HF_LEAVE(drop_access);

	/* ---- is it a plain query? ---- */

	udp_length = bpf_ntohs(udp->len);
	length = udp_length - sizeof(*udp);
	at = data + dns;
	HF_HOLD(at);
	if (udp_length != ip_length || udp_length < sizeof(*udp) + HF_DNS_HEADER || dns + length > frame_length ||
	    at + HF_DNS_HEADER > end)
		HF_LEAVE(slow_length);
	id = hf_load16(at);
	flags = hf_load16(at + 2);
	if (flags & HF_WIRE_QR)
		HF_LEAVE(drop_response);
	if (client & HF_CLIENT_SLOW)
		HF_LEAVE(slow_access);
	if (flags & ~(HF_WIRE_RD | HF_WIRE_AD | HF_WIRE_CD))
		HF_LEAVE(slow_header);
	if (!(flags & HF_WIRE_RD))
		HF_LEAVE(slow_rd);
	/* One question, no answer, no authority, at most one additional record. */
	edns = hf_load32(at + 8);
	if (hf_load32(at + 4) != bpf_htonl(1U << 16) || edns & ~bpf_htonl(1))
		HF_LEAVE(slow_header);

	/* The name is not walked. With one question and at most one OPT without options, the length of the message alone tells where
	 * the name must end; if there is anything else in it, the "name" taken here is no name, and so equals none in the
	 * table: it is a miss, and the slow path looks at the message properly. */
	name_length = length - (HF_DNS_HEADER + HF_QUESTION_TAIL) - (edns ? HF_OPT_SIZE : 0);
	if (name_length - 1 > 254)
		HF_LEAVE(slow_question);
	at += HF_DNS_HEADER + name_length;
	HF_HOLD(at);
	if (at + HF_QUESTION_TAIL > end || hf_load16(at + 2) != bpf_htons(1)) /* class IN */
		HF_LEAVE(slow_question);
	if (client & HF_CLIENT_DNS64 &&
	    (hf_load16(at) == bpf_htons(28) || (hf_load16(at) == bpf_htons(12) && name_length == HF_REVERSE6_NAME)))
		HF_LEAVE(slow_dns64); /* AAAA, PTR */
	reply_class = flags & HF_WIRE_CD ? HF_REPLY_CD : 0;
	largest = HF_UDP_PLAIN;
	if (edns) {
		__u64 front;
		__u32 back, size;

		if (at + HF_QUESTION_TAIL + HF_OPT_SIZE > end)
			HF_LEAVE(slow_question);
		front = hf_load64(at + 4);    /* root, type, size, extended rcode, version, flags' first octet */
		back = hf_load32(at + 4 + 7); /* flags, length of options */
		/* RFC 6891 §6.1.2: owner is the root, type 41. Only version 0, no flag but DO, no options. */
		if ((front & 0x00ffff0000ffffffULL) != 0x290000 || (back & ~0x80U))
			HF_LEAVE(slow_edns);
		size = bpf_ntohs((__u16)(front >> 24));
		if (size > HF_UDP_PLAIN) /* below 512 counts as 512, RFC 6891 §6.2.3 */
			largest = size;
		reply_class |= back >> 7; /* HF_REPLY_DO */
	}
	if (largest > setting->udp_ceiling)
		largest = setting->udp_ceiling;

	/* ---- do we hold the answer? ---- */

	question_word = hf_question_word(bpf_ntohs(hf_load16(at)), 1, reply_class, name_length);
	key = hf_parse_key(ctx, dns, name_length, question_word);
	place = hf_find(key);
	if (!place)
		HF_LEAVE(slow_miss);
	slot = hf_slot_at(place);
	if (!slot)
		HF_LEAVE(slow_miss);
	record = (void *)slot;
	sequence = *(volatile __u32 *)&record->sequence;
	asm volatile("" ::: "memory");
	if (sequence & 1)
		HF_LEAVE(slow_miss);
	sum = hf_reply_match(ctx, dns, name_length, question_word, slot);
	if (sum == HF_MISMATCH)
		HF_LEAVE(slow_miss);
	now = bpf_ktime_get_coarse_ns();
	if (now >= record->fresh_until_ns)
		HF_LEAVE(slow_expired);
	age = hf_record_age(now, record->base_ns);

	/* ---- make it the reply ---- */

	length = record->body_length;
	body_sum = record->body_sum;
	head = hf_load64(&record->flags);
	reply.message_length = HF_DNS_HEADER + name_length + HF_QUESTION_TAIL + length + (edns ? HF_OPT_SIZE : 0);
	if (reply.message_length > largest)
		HF_LEAVE(slow_size);
	wanted = dns + reply.message_length;
	body_at = dns + HF_DNS_HEADER + name_length + HF_QUESTION_TAIL;
	if (wanted != frame_length && bpf_xdp_adjust_tail(ctx, (int)(wanted - frame_length))) {
		/* A frame that began as a local packet has little room behind it, but always some before it. */
		if (wanted < frame_length || bpf_xdp_adjust_head(ctx, -(int)(wanted - frame_length)))
			HF_LEAVE(slow_room);
		if (hf_reply_move(ctx, wanted - frame_length, body_at))
			HF_LEAVE(drop_changed);
	}
	aged = hf_reply_body(ctx, (__u64)body_at << 32 | length, slot, age, sequence);
	if (aged == HF_MISMATCH)
		HF_LEAVE(drop_changed);
	/* The body's words count in network order, hence 256-fold; 256-fold again behind a name of odd length. To subtract, add a
	 * multiple of 65535 less by so much: ages and TTLs make 2^36 at most. */
	body_sum += (0xffffULL << 24) - aged;
	sum += name_length & 1 ? body_sum : body_sum << 8;

	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	at = data + dns;
	HF_HOLD(at);
	/* In a frame of several buffers it may be another part than the one we see that grew. */
	if (end - data != wanted || at + HF_DNS_HEADER > end)
		HF_LEAVE(drop_changed);

	/* The record's flags and counts lie as in a header, but for QDCOUNT between them. AD only to those who asked for it
	 * (RFC 6840 §5.7, §5.8). */
	if (!(flags & HF_WIRE_AD) && !(reply_class & HF_REPLY_DO))
		head &= ~(__u64)HF_WIRE_AD;
	flags = (__u16)head | (flags & (HF_WIRE_RD | HF_WIRE_CD));
	head = (head & ~0xffffULL) + bpf_htons(1) + ((__u64)edns << 32);
	*(__u16 *)(at + 2) = flags;
	*(__u64 *)(at + 4) = head;
	sum += (__u64)id + flags + hf_sum_word(head);

	if (edns) {
		__u64 opt_at = body_at + length;
		__u64 front = 0x290000ULL | (__u64)bpf_htons(setting->edns_size) << 24 |
			      (__u64)(reply_class & HF_REPLY_DO) << 63;

		at = data;
		HF_HOLD(opt_at);
		if (opt_at > HF_DNS_OFFSET_MAX + HF_QUERY_MAX + HF_RECORD_BODY_MAX)
			HF_LEAVE(drop_changed);
		at += opt_at;
		HF_HOLD(at);
		if (at + HF_OPT_SIZE > end)
			HF_LEAVE(drop_changed);
		*(__u64 *)at = front;
		*(__u16 *)(at + 8) = 0;
		*(__u8 *)(at + 10) = 0;
		sum += hf_sum_word(front) << (8 * ((name_length + length) & 1));
	}
	reply.sum = sum;
	if (!hf_reply_turn(ctx, &reply))
		HF_LEAVE(drop_changed);

	/* A record's line is written as seldom as will do: a hot name is read on all CPUs. */
	mark = record->mark;
	if (mark == 0)
		record->mark = 1;
	else if ((id & bpf_htons(HF_MARK_SAMPLE - 1)) == 0)
		record->mark = mark + HF_MARK_SAMPLE;
	count = bpf_map_lookup_elem(&counters, &zero);
	if (count)
		count->answered++;
	return XDP_TX;
}

__uint(xsk_prog_version, 1) SEC("xdp_metadata");

char LICENSE[] SEC("license") = "Dual BSD/GPL";
