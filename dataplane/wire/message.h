// SPDX-License-Identifier: BSD-3-Clause
/* DNS messages (RFC 1035 §4, EDNS: RFC 6891): strict parsing of replies and of client queries.
 * Nothing here trusts a length or a count it has not checked against the end of the message.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "wire/cookie.h"
#include "wire/name.h"
#include "wire/rrset.h"
#include "wire/type.h"

#define HF_HEADER_SIZE 12
#define HF_MESSAGE_MAX 65535
#define HF_UDP_PLAIN_MAX 512 /* without EDNS, RFC 1035 §4.2.1 */
#define HF_EDNS_SIZE_DEFAULT 1232 /* RFC 9715 */

/* Header flags as they stand in octets 2–3, host order. */
enum {
	HF_FLAG_QR = 0x8000, HF_FLAG_AA = 0x0400, HF_FLAG_TC = 0x0200, HF_FLAG_RD = 0x0100,
	HF_FLAG_RA = 0x0080, HF_FLAG_AD = 0x0020, HF_FLAG_CD = 0x0010,
	HF_OPCODE_MASK = 0x7800, HF_OPCODE_SHIFT = 11, HF_RCODE_MASK = 0x000f,
};

struct hf_edns {
	bool present;
	bool dnssec_ok;		/* DO, RFC 3225 */
	uint8_t version;
	uint8_t extended_rcode; /* upper eight bits of the rcode */
	uint16_t udp_size;	/* as sent, 512 when less was sent (RFC 6891 §6.2.3) */
	uint16_t options_length;
	const uint8_t *options; /* well-formed {code, length, data}*; points into the message */
};

/* ---- client queries: no allocation, one look at the packet ---- */

enum hf_query_verdict {
	HF_QUERY_OK = 0,
	HF_QUERY_DROP,	   /* not a query or too short to answer: say nothing */
	HF_QUERY_FORMERR,  /* header is usable, the rest is not */
	HF_QUERY_NOTIMP,   /* opcode other than QUERY */
	HF_QUERY_BADVERS,  /* EDNS version > 0 */
	HF_QUERY_COOKIE,   /* no question, but a COOKIE: it wants a server cookie, no more (RFC 7873 §5.4) */
};

/* What a query's options ask for and the reply's OPT then tells. */
enum { HF_ASKED_NSID = 1, HF_ASKED_COOKIE = 2, HF_ASKED_KEEPALIVE = 4 };
struct hf_query_options {
	uint8_t asked; /* whoever takes the request clears what it does not grant */
	uint8_t cookie_state;  /* enum hf_cookie_state; HF_COOKIE_VALID: the client has shown that it gets mail at its address */
	uint8_t cookie_length; /* as sent: 8, 16–40; HF_COOKIE_SIZE once hf_cookie_answer() has made it the reply's */
	uint16_t keepalive;    /* to tell: how long this connection may be idle, in tenths of a second */
	uint8_t cookie[HF_COOKIE_MAX];
};

struct hf_query {
	uint16_t id;		/* as in the packet, host order */
	uint16_t flags;		/* whole flags word, host order */
	uint16_t qtype, qclass;
	uint16_t question_length; /* octets of name + type + class; 0 when there is no usable question */
	uint8_t name_length;
	uint8_t reply_class;	/* enum hf_reply_class bits of bpf/fastpath_abi.h, from DO and CD */
	const uint8_t *question;  /* into the packet: name as sent (0x20 case kept), type, class */
	uint8_t name[HF_NAME_MAX + 1]; /* lower-cased, zero-padded to a multiple of 8 octets */
	struct hf_edns edns;
	struct hf_query_options options; /* of version 0; nothing asked after any fault */
};

/* Parses a client's message strictly: QR=0, exactly one question whose name is uncompressed, no
 * answer or authority records, at most one OPT and an optional trailing TSIG/SIG(0) that is not
 * looked at, no octets behind. A message without question is taken for its COOKIE only. Whatever the verdict, id, flags, question_length are filled as far as known, and
 * edns.present says whether the reply may hold an OPT. IXFR with its SOA is HF_QUERY_NOTIMP. */
enum hf_query_verdict hf_query_parse(const uint8_t *packet, size_t length, struct hf_query *query);

/* ---- replies of servers ---- */

enum hf_section { HF_SECTION_ANSWER, HF_SECTION_AUTHORITY, HF_SECTION_ADDITIONAL, HF_SECTION_COUNT };

struct hf_message {
	uint16_t id, flags;	/* host order */
	unsigned rcode;		/* with the extended bits */
	bool has_question;
	uint8_t qname[HF_NAME_MAX]; /* case as received */
	uint16_t qtype, qclass;
	struct hf_edns edns;
	/* RRs grouped into RRsets, in the order of first appearance, RRSIGs joined to the set they
	 * cover (an RRSIG covering nothing in its section becomes a set of type RRSIG). OPT and TSIG are not
	 * among them. All memory is the arena's. */
	const struct hf_rrset **sections[HF_SECTION_COUNT];
	unsigned section_counts[HF_SECTION_COUNT];
};

/* False when the message is malformed anywhere; `fault` (may be NULL) then points to a constant
 * text. Names in RDATA are decompressed; TTLs with the top bit set count as 2^31-1 (RFC 8767 §4). A message with
 * TC that ends inside an RR is taken up to there (old servers cut so; the caller asks again by TCP). Octets behind
 * the last RR are ignored, as everybody does. Work is linear in the message's length, whatever it holds. */
bool hf_message_parse(const uint8_t *bytes, size_t length, struct hf_arena *arena, struct hf_message *message,
		      const char **fault);

/* A copy in the arena whose question is in lower case. Servers compress names against the question, so without this the
 * random case of a 0x20 query would show in owners, targets and servers' names. NULL without memory. */
const uint8_t *hf_message_lower_question(const uint8_t *bytes, size_t length, struct hf_arena *arena);

/* RRs in wire form one behind the other, as libraries that read zone files give them (ldns_rr2wire), grouped
 * into RRsets as above. Fails as above, also on OPT and TSIG and on octets left over. */
bool hf_message_parse_rrs(const uint8_t *bytes, size_t length, struct hf_arena *arena, const struct hf_rrset ***rrsets,
			  unsigned *rrset_count, const char **fault);

/* ---- writing ---- */

/* Appends to a fixed buffer with name compression (RFC 1035 §4.1.4, case-insensitive match of owner
 * and well-known RDATA names only). Faults stick: check `failed` once at the end. */
#define HF_WRITER_NAME_SLOTS 128
struct hf_writer {
	uint8_t *bytes;
	size_t capacity, length;
	bool failed;
	uint16_t name_slots[HF_WRITER_NAME_SLOTS]; /* offset + 1 of names and their suffixes, by hash; 0 is empty */
	unsigned name_count;
};
void hf_writer_init(struct hf_writer *writer, uint8_t *bytes, size_t capacity);
void hf_writer_u8(struct hf_writer *writer, uint8_t value);
void hf_writer_u16(struct hf_writer *writer, uint16_t value); /* network order on the wire */
void hf_writer_u32(struct hf_writer *writer, uint32_t value);
void hf_writer_bytes(struct hf_writer *writer, const void *bytes, size_t length);
void hf_writer_name(struct hf_writer *writer, const uint8_t *name, bool compress);
/* One RR, its RDATA uncompressed as in an RRset. RDATA that does not fit its type is a fault. Returns the offset of its
 * TTL field (0 after a fault). */
size_t hf_writer_rr(struct hf_writer *writer, const uint8_t *owner, uint16_t type, uint16_t class, uint32_t ttl,
		    const uint8_t *rdata, uint16_t rdata_length);

/* A query towards a server: header, question (case as given), OPT when edns_size > 0.
 * Returns the length, 0 when it does not fit. */
size_t hf_query_write(uint8_t *out, size_t capacity, uint16_t id, uint16_t flags, const uint8_t *qname,
		      uint16_t qtype, uint16_t qclass, uint16_t edns_size, bool dnssec_ok);
