/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The one border between the kernel program and userspace: the answer record, the key of a
 * question, the pinned maps and what they count. Included by the programs in bpf/, by the core (the record is also what
 * the answer cache holds) and by the tools; so it includes linux/types.h and nothing else.
 *
 * Clock: every *_ns field is CLOCK_MONOTONIC in nanoseconds, the clock that
 * bpf_ktime_get_coarse_ns() and the dataplane share.
 * Byte order: as said beside each field; unsaid means host order. Words of names are loaded as they lie in memory, and
 * the mask tricks below want the first octet lowest: little-endian hosts only.
 */
#ifndef HOLDFAST_FASTPATH_ABI_H
#define HOLDFAST_FASTPATH_ABI_H

#include <linux/types.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the kernel tier's layout is little-endian"
#endif

#define HF_ABI_VERSION 3 /* a mismatch between program, maps and a daemon refuses to start */

/* ---- the answer record ---- */

/* What of a query, beside name, type and class, selects another answer. */
enum hf_reply_class {
	HF_REPLY_DO = 1, /* the client set DO: RRSIGs and proofs are in the answer */
	HF_REPLY_CD = 2, /* the client set CD: unvalidated data may be in it */
};
/* Above these, the number of the client's DNS64 prefix where one has a part in the answer (policy/dns64.h), else 0. Such an answer is never in
 * the kernel's table. */
enum { HF_REPLY_DNS64_SHIFT = 2 };

enum { HF_RECORD_TTLS_MAX = 16 };    /* RRs in a record; an answer with more is composed anew each time */
enum { HF_RECORD_BODY_MAX = 1232 };  /* octets of answer body in a record that may be cached */
enum { HF_UDP_REPLY_MAX = 1232 };    /* octets of a UDP reply, whatever is announced or allowed (RFC 9715 §3) */

/* The largest UDP reply when our OPT announces `edns_size`; the same for the kernel and the slow path. */
static inline __u16 hf_udp_ceiling(__u16 edns_size)
{
	return edns_size < HF_UDP_REPLY_MAX ? edns_size : HF_UDP_REPLY_MAX;
}

/* One composed answer: everything of the reply behind the question, ready to copy.
 *
 * data[]: the question's name, lower-cased, uncompressed, zero-padded to a multiple of 8 octets;
 * then the body: answer, authority and additional RRs without OPT, compressed against a
 * message whose question stands at offset 12. The question's length does not depend on its case, so
 * the body fits below any client's spelling (0x20 survives).
 * TTLs in the body are as of base_ns; ttl_offsets say where they stand (from the body's start).
 *
 * The first 64 octets, one cache line, are all that a hit needs beside name and body.
 */
struct hf_answer_record {
	__u32 sequence;	     /* odd while the writer is inside (kernel tier only; 0 elsewhere) */
	__u32 mark;	     /* set to 1 by a reader at a hit if it is 0; cleared by the evicting writer. The kernel also adds
			      * HF_MARK_SAMPLE at about one hit in HF_MARK_SAMPLE, so that the mark estimates the hits */
	__u64 key[2];	     /* hf_question_key() */
	__u64 fresh_until_ns;
	__u64 stale_until_ns;/* ≥ fresh_until_ns; equal: never served stale */
	__u64 base_ns;
	__be16 flags;	     /* header flags to send, network order: QR, AA, RA, AD, rcode; RD, CD come from the client */
	__be16 ancount, nscount, arcount; /* network order, OPT not counted */
	__u16 body_length;
	__u8 ttl_count;	     /* ≤ HF_RECORD_TTLS_MAX in a cached record */
	__u8 odd_ttls;	     /* how many of ttl_offsets are odd (kernel tier only; 0 elsewhere) */
	__u32 body_sum;	     /* sum of the body's 16-bit words, each in network order, an odd last octet counting as the high
			      * half; unfolded, not complemented; for the UDP checksum */
	__u16 ttl_offsets[HF_RECORD_TTLS_MAX];
	/* The question beside its name, for exact comparison and for people; together hf_question_word(). */
	__u16 qtype, qclass;
	__u8 reply_class;
	__u8 name_length;
	__u8 reserved[2];    /* 0 */
	__u8 data[];
};

#define HF_RECORD_NAME_SPACE(name_length) (((name_length) + 7u) & ~7u)
#define HF_RECORD_SIZE(name_length, body_length) \
	(sizeof(struct hf_answer_record) + HF_RECORD_NAME_SPACE(name_length) + (body_length))

_Static_assert(sizeof(struct hf_answer_record) == 104, "record head is 104 octets");
_Static_assert(__builtin_offsetof(struct hf_answer_record, qtype) % 8 == 0, "the question word is one aligned load");

/* Whole seconds since the record was made, without a division: 2^20 * 2^40 / 10^9 as a product. Up to a millisecond late, never early. A record
 * published within the tick of a coarse clock seems to come from the future. Ages up to 2^53 ns (104 days). */
static inline __u64 hf_record_age(__u64 now_ns, __u64 base_ns)
{
	return now_ns > base_ns ? (((now_ns - base_ns) >> 20) * 1152921504ULL) >> 40 : 0;
}

enum { HF_MARK_SAMPLE = 64 }; /* a power of two: hits are sampled by the low bits of the query's ID */

/* ---- the key of a question ---- */

/* Lower-cases the ASCII letters among eight octets (RFC 4343). Label lengths are at most 63 and 'A' is 65, so whole names
 * may be passed through, lengths included. */
static inline __u64 hf_key_lower(__u64 word)
{
	__u64 low = word & 0x7f7f7f7f7f7f7f7fULL;
	__u64 from_a = low + 0x3f3f3f3f3f3f3f3fULL;  /* top bit: ≥ 'A' */
	__u64 above_z = low + 0x2525252525252525ULL; /* top bit: > 'Z' */

	return word | ((from_a & ~above_z & ~word & 0x8080808080808080ULL) >> 2);
}

/* One of two independent 64-bit lanes. The sum is that of NH (Black et al., UMAC, RFC 4418 §5.2): every 8-octet word is added
 * to a secret word and its halves are multiplied. The multiplications do not wait for one another, and which
 * names collide depends on the secret: an outsider cannot choose questions that share a bucket. (A chain of xor, multiply,
 * rotate has differences that cancel whatever the seed.) */
struct hf_key_lane {
	__u64 sum, secret;
};

/* Case is folded by setting one bit of every octet: what case cannot tell apart, the key does not either. (Neither some other octets, as '_'
 * and DEL: the names are compared.) */
static inline void hf_key_word(struct hf_key_lane *lane, __u64 word)
{
	__u64 x = (word | 0x2020202020202020ULL) + lane->secret;

	lane->sum += (x & 0xffffffffULL) * (x >> 32);
	lane->secret = (lane->secret ^ lane->secret >> 32) * 0x9fb21c651e98df25ULL;
}

/* All of a question but its name, as it lies in a record from qtype on. */
static inline __u64 hf_question_word(__u16 qtype, __u16 qclass, __u8 reply_class, __u8 name_length)
{
	return (__u64)qtype | (__u64)qclass << 16 | (__u64)reply_class << 32 | (__u64)name_length << 40;
}

static inline __u64 hf_key_finish(const struct hf_key_lane *lane, __u64 question_word)
{
	__u64 x = (lane->sum ^ lane->secret) + question_word * 0xd6e8feb86659fd93ULL;

	x ^= x >> 32;
	x *= 0xff51afd7ed558ccdULL;
	return x ^ x >> 32;
}

/* 128-bit keyed hash of a question. `name` is wire form in any case, zero-padded to a multiple of 8 octets and readable
 * that far; `secret` is drawn at boot. Each half of the key comes from one lane alone; the kernel computes only key[0], as it
 * compares name, type, class and reply class exactly. */
static inline void hf_question_key(const __u64 secret[2], const __u8 *name, __u32 name_length, __u16 qtype,
				   __u16 qclass, __u8 reply_class, __u64 key[2])
{
	struct hf_key_lane a = {0, secret[0]}, b = {0, secret[1]};
	__u64 rest = hf_question_word(qtype, qclass, reply_class, (__u8)name_length);

	for (__u32 i = 0; i < name_length; i += 8) {
		__u64 word;

		__builtin_memcpy(&word, name + i, 8);
		hf_key_word(&a, word);
		hf_key_word(&b, word);
	}
	key[0] = hf_key_finish(&a, rest);
	key[1] = hf_key_finish(&b, rest);
}

/* ---- the hot table: maps `buckets` and `chunks` ---- */

/* A bucket is four words, each 0 or tag << 32 | place. A question has two candidate buckets; it is put into the
 * second only when the first is full.
 * Places: chunks of 64 KiB cut into units of 256 octets; place = chunk * HF_CHUNK_UNITS + unit. Unit 0 of a chunk is its
 * header (userspace only), so place 0 is never a record. A chunk holds records of one size class; which, is the
 * writer's affair: the kernel sees a place and reads at most HF_SLOT_MAX octets there.
 *
 * Reading without locks: the writer fills a free place (sequence odd, then the record, then sequence even), then stores the
 * bucket word, one aligned 64-bit store. A replaced place rests before it is filled again, and a reader
 * that was held up longer sees that the sequence changed before it sends. Stores are seen in order and loads are done in order on x86-64. */
enum { HF_BUCKET_WAYS = 4 };
enum { HF_CHUNK_SIZE = 65536, HF_CHUNK_UNIT = 256, HF_CHUNK_UNITS = HF_CHUNK_SIZE / HF_CHUNK_UNIT };
enum { HF_SLOT_MAX = 7 * HF_CHUNK_UNIT };
/* The last unit at which a record may begin, whatever its size: from there HF_SLOT_MAX octets are still inside the chunk, which is
 * what the verifier has to be shown. */
enum { HF_CHUNK_LAST_UNIT = HF_CHUNK_UNITS - HF_SLOT_MAX / HF_CHUNK_UNIT };

struct hf_hot_bucket {
	__u64 words[HF_BUCKET_WAYS];
};

_Static_assert(HF_RECORD_SIZE(255, HF_RECORD_BODY_MAX) <= HF_SLOT_MAX, "every cacheable record fits into a slot");
_Static_assert(sizeof(struct hf_hot_bucket) == 32, "a bucket never spans two cache lines");

/* What the loader sizes the maps to, for so many live records: buckets half full, at which some three in a hundred questions find their
 * first bucket full, and less than one in a hundred both; 384 octets a record (most are below 256), which leaves
 * room for replaced ones to rest. */
static inline __u32 hf_hot_bucket_count(__u32 entries)
{
	return entries / (HF_BUCKET_WAYS / 2) + 1;
}

static inline __u32 hf_hot_chunk_count(__u32 entries)
{
	return (__u32)((__u64)entries * 384 / (HF_CHUNK_SIZE - HF_CHUNK_UNIT)) + 16;
}

static inline __u32 hf_hot_first(__u64 key, __u32 bucket_count)
{
	return (key >> 32) * bucket_count >> 32;
}

static inline __u32 hf_hot_second(__u64 key, __u32 bucket_count)
{
	return (key & 0xffffffffULL) * bucket_count >> 32;
}

/* Mixes both halves, so that inside either candidate bucket (whose number fixes the top bits of one half) 32 bits still tell apart. */
static inline __u32 hf_hot_tag(__u64 key)
{
	return (__u32)key ^ (__u32)(key >> 48) ^ (__u32)(key >> 16 & 0xffff0000);
}

/* ---- for whom a frame is: map `services` ---- */

/* Two halves of HF_SERVICE_SLOTS entries, each indexed by a hash whose seed the loader chose so that no two addresses collide: one
 * look decides. The loader fills the unused half, then stores the seed, whose top bit names the half. */
enum { HF_SERVICE_SLOTS = 512, HF_SERVICE_ADDRESSES_MAX = 64, HF_SERVICE_PORTS_MAX = 6 };

struct hf_service {
	__u64 address[2];		      /* as they lie in a packet; IPv4: 0, and the address in the low half */
	__be16 ports[HF_SERVICE_PORTS_MAX]; /* 0: unused. None used: an address of this host that must not be answered, as a
					       * source, and that serves nothing */
	__u16 family;			      /* 4, 6; 0: unused entry */
	__u16 reserved;
};

_Static_assert(sizeof(struct hf_service) == 32, "two services in a cache line");

static inline __u32 hf_service_index(__u64 high, __u64 low, __u64 seed)
{
	__u64 x = high * 0x9fb21c651e98df25ULL ^ low;

	/* The top bit names the half and must not move the place within it: it is shifted out of the multiplier. */
	return (__u32)(seed >> 63) * HF_SERVICE_SLOTS + (__u32)((x ^ x >> 32) * (seed << 1 | 1) >> 55);
}

/* One bit of 64 for an address: whether it may be one of the table's. Spares most sources the look. */
static inline __u64 hf_service_filter(__u64 high, __u64 low)
{
	__u64 x = high ^ low;

	return 1ULL << ((x ^ x >> 32) * 0x9fb21c651e98df25ULL >> 58);
}

/* ---- who is answered: map `clients` ---- */

/* Two halves of HF_CLIENT_RANGES entries, in each the ranges of IPv4 clients, then those of IPv6 clients, sorted by their first
 * addresses, the lowest address first of all: the last range that begins at or below a client's address tells what he gets. The
 * loader fills the unused half, then stores hf_client_table(), which names it: a frame meets the rules of before or those of
 * after, whole. */
enum { HF_CLIENT_RULES_MAX = 4096, HF_CLIENT_RANGES = 2 * HF_CLIENT_RULES_MAX + 2 };
enum { HF_CLIENT_COUNT_BITS = 14 }; /* of the number of a family's ranges */

enum hf_client_verdict {
	HF_CLIENT_SLOW = 1,  /* refused: by the slow path, in words */
	HF_CLIENT_DROP = 2,  /* gets nothing */
	HF_CLIENT_DNS64 = 4, /* AAAA and names of IPv6 addresses are answered by the slow path */
};

struct hf_client_range {
	__u64 high, low; /* the first address, host order; IPv4: in the low half */
	__u32 client;	 /* enum hf_client_verdict, 0: answered */
	__u32 reserved;
};

static inline __u32 hf_client_table(__u32 half, __u32 count4, __u32 count6)
{
	return half << 31 | count6 << HF_CLIENT_COUNT_BITS | count4;
}

_Static_assert(HF_CLIENT_RANGES < 1 << HF_CLIENT_COUNT_BITS, "counts fit");

/* ---- map `settings`, one element ---- */

struct hf_fastpath_settings {
	/* Fixed while the maps live; abi_version becomes 0 when the loader gives them up. */
	__u32 abi_version;
	__u32 entries; /* live records at most */
	__u32 bucket_count, chunk_count;
	__u64 secret[2]; /* for hf_question_key() */
	/* May change at any time. */
	__u64 mac;	    /* the interface's address, first octet lowest; a frame to another one is not looked at */
	__u64 service_seed; /* see hf_service_index() */
	__u64 service_filter; /* hf_service_filter() of all addresses in the table; more bits while it changes */
	__u16 edns_size;    /* what OPT announces */
	__u16 udp_ceiling;  /* larger replies are the slow path's */
	__u32 access;	    /* hf_client_table(), 0: everybody is answered, and no look is needed */
};

_Static_assert(sizeof(struct hf_fastpath_settings) == 64, "settings are one cache line");

/* ---- map `counters`, per CPU, one element ---- */

/* Frames for a configured service, by what became of them. Every such frame is counted once among the answers, the
 * reasons to hand on (slow_*, pass_ip) and the drops (drop_*); to_xsk and to_stack say where those handed on went. */
#define HF_FASTPATH_COUNTERS(X)                                                                                 \
	X(answered, "answered in the kernel")                                                                   \
	X(slow_miss, "handed on: not in the kernel table")                                                      \
	X(slow_expired, "handed on: the answer has expired")                                                    \
	X(slow_length, "handed on: lengths of frame, IP and UDP do not agree")                                  \
	X(slow_header, "handed on: not a plain query (opcode, flags or record counts)")                         \
	X(slow_rd, "handed on: recursion not desired")                                                          \
	X(slow_question, "handed on: no room for one question, or class other than IN")                         \
	X(slow_access, "handed on: the client's access rule refuses")                                           \
	X(slow_dns64, "handed on: AAAA or a reverse name, asked by a client with DNS64")                        \
	X(slow_edns, "handed on: EDNS with options, another version or unknown flags")                          \
	X(slow_size, "handed on: the answer exceeds the client's UDP size")                                     \
	X(slow_room, "handed on: the frame cannot grow enough")                                                 \
	X(pass_ip, "left to the host: IP options, fragments or extension headers")                              \
	X(drop_response, "dropped: a response (QR=1)")                                                          \
	X(drop_source_port, "dropped: source port 0 or 53")                                                     \
	X(drop_source_address, "dropped: source is multicast, broadcast, loopback, unspecified or this host")   \
	X(drop_access, "dropped: the client's access rule")                                                     \
	X(drop_changed, "dropped: the record changed while it was copied, or the frame did")                    \
	X(to_xsk, "handed to the AF_XDP socket of the queue")                                                   \
	X(to_stack, "handed to the kernel's network stack")

#define HF_FASTPATH_COUNTER_FIELD(name, text) __u64 name;
struct hf_fastpath_counters {
	HF_FASTPATH_COUNTERS(HF_FASTPATH_COUNTER_FIELD)
};
#undef HF_FASTPATH_COUNTER_FIELD

/* The same by number, as the kernel program counts. */
#define HF_FASTPATH_COUNTER_NUMBER(name, text) HF_COUNT_##name,
enum hf_fastpath_count {
	HF_FASTPATH_COUNTERS(HF_FASTPATH_COUNTER_NUMBER)
	HF_COUNT_END,
};
#undef HF_FASTPATH_COUNTER_NUMBER

_Static_assert(sizeof(struct hf_fastpath_counters) == HF_COUNT_END * sizeof(__u64), "a counter a number");

/* ---- pins, below BPFFS/INTERFACE/ ---- */

#define HF_PIN_SETTINGS "settings"
#define HF_PIN_SERVICES "services"
#define HF_PIN_CLIENTS "clients"
#define HF_PIN_BUCKETS "buckets"
#define HF_PIN_CHUNKS "chunks"
#define HF_PIN_COUNTERS "counters"
#define HF_PIN_XSKS "xsks_map"
#define HF_PIN_LINK "link"
#define HF_PIN_WRITER "writer" /* a directory, locked (flock) by the one writer of the hot table */

#endif
