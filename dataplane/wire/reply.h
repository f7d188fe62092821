// SPDX-License-Identifier: BSD-3-Clause
/* From RRsets to an answer record, and from an answer record to a client's reply.
 * Pure functions; any thread.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "bpf/fastpath_abi.h"
#include "wire/message.h"
#include "wire/rrset.h"

#define HF_REPLY_EDE_MAX 4

/* Extended DNS Error (RFC 8914): INFO-CODE and a text that names the server or zone. */
struct hf_ede {
	uint16_t code;
	const char *text; /* UTF-8 without NUL in the option; NULL for none; owned by whoever made it */
};

/* What the core found for one question, before it becomes bytes. */
struct hf_answer {
	unsigned rcode; /* 0–15 */
	bool authentic; /* AD */
	bool authoritative; /* AA: of local data */
	const struct hf_rrset *const *sections[HF_SECTION_COUNT];
	unsigned section_counts[HF_SECTION_COUNT];
	/* Seconds already gone from each set's TTL are subtracted by the composer's caller: ttl of a set in a
	 * section is what is left now. NULL uses rrset->ttl. */
	const uint32_t *ttls[HF_SECTION_COUNT];
};

/* Composes the record for (qname lower-cased, qtype, qclass, reply_class) at `now`. RRSIGs are written only with
 * HF_REPLY_DO (or when qtype is RRSIG or ANY). fresh_until is now + the lowest TTL of all sections
 * (for a negative answer the caller has already bounded the SOA's TTL by RFC 2308 §5); `ttl_cap` bounds it further.
 * Writes at most `capacity` octets (≥ sizeof record + name + body) and returns the record's size, 0 when it does
 * not fit or a name is faulty. A record with more than HF_RECORD_TTLS_MAX RRs or a body over HF_RECORD_BODY_MAX
 * comes out with ttl_count = 0xff: it may be sent at this instant but not cached. */
size_t hf_answer_compose(const struct hf_answer *answer, const uint64_t secret[2], const uint8_t *qname_lower,
			 uint16_t qtype, uint16_t qclass, uint8_t reply_class, uint32_t ttl_cap, struct hf_now now,
			 struct hf_answer_record *record, size_t capacity);
#define HF_RECORD_NOT_CACHEABLE 0xff /* ttl_count of such a record */

/* How one listener answers. */
struct hf_reply_options {
	uint16_t edns_size;   /* what we announce in OPT */
	uint16_t udp_ceiling; /* largest UDP reply whatever the client allows */
	uint16_t nsid_length; /* 0: none */
	const uint8_t *nsid;  /* for who asks (RFC 5001) */
};

/* Writes the whole reply for `query` from `record`: client's ID and question bytes, RD and CD copied, TTLs aged to `now`
 * (never below 0), AD only for a client that set AD or DO (RFC 6840 §5.7–5.8), OPT when the client sent one, with what it
 * asked for and the EDEs given. Over UDP (`tcp` false), what exceeds min(client's size, ceiling, capacity) loses the EDEs' texts and the
 * NSID, then the EDEs (and gets TC, RFC 8914 §3), then becomes an empty reply with TC; the cookie is always there. `out` may be the
 * packet that `query` was parsed from. Returns the length; 0 when capacity is below header, question and least OPT. */
size_t hf_reply_write(const struct hf_answer_record *record, const struct hf_query *query, const struct hf_ede *edes,
		      unsigned ede_count, bool tcp, const struct hf_reply_options *options, struct hf_now now,
		      uint8_t *out, size_t capacity);

/* A reply without data: FORMERR, NOTIMP, BADVERS, BADCOOKIE, REFUSED, SERVFAIL … Question copied when there
 * is one. Of an opcode that is not QUERY, no flag is copied: what they mean there we do not know. */
size_t hf_reply_write_error(const struct hf_query *query, unsigned rcode, const struct hf_ede *edes, unsigned ede_count,
			    const struct hf_reply_options *options, uint8_t *out, size_t capacity);

/* Makes of a reply written by the above one with TC and nothing but its question (no OPT either: this is for links that take hardly
 * anything). Returns its new length. */
size_t hf_reply_truncate(uint8_t *reply, size_t length);
