// SPDX-License-Identifier: BSD-3-Clause
/* What we know, at two levels: RRsets with trust ranks (RFC 2181 §5.4.1) and negative facts
 * (RFC 2308), and composed answers, ready to send.
 *
 * Threads. Every thread that calls a function marked [reader] is a registered liburcu QSBR reader and uses what it
 * got only until its next quiescent state (rcu_quiescent_state / rcu_thread_offline). Functions marked
 * [writer] may be called by several threads at once (they take the lock of one shard) and by readers.
 * The cache starts no thread, never waits for a grace period and reads no clock.
 *
 * Memory. `bytes` bounds everything the cache holds, index and retired-but-not-yet-freed entries included, counted as
 * malloc gives it. Insertions evict (SIEVE: Zhang et al., NSDI '24) until the new entry fits; what cannot fit is not
 * stored, which is no fault. A hit only sets a bit. An eighth of the limit is kept free of live entries for the retired ones: it lasts
 * as long as less than that is inserted between two calls of hf_cache_free_retired(). Beyond it insertions fail (and count as
 * rejections) until the next; the limit holds all the same.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/now.h"
#include "bpf/fastpath_abi.h"
#include "dnssec/security.h"
#include "wire/rrset.h"

struct hf_cache;

struct hf_cache_config {
	size_t bytes;		   /* ≥ 1 MiB */
	unsigned answer_share;	   /* percent of `bytes` for composed answers, 10–90 */
	uint32_t min_ttl, max_ttl; /* seconds, min ≤ max; applied when stored, to negative facts too; min_ttl not to NS sets */
	uint32_t max_negative_ttl; /* seconds, RFC 2308 §5; wins over a higher min_ttl */
	uint64_t secret[2];	   /* keys every hash here, and hf_question_key(); from a CSPRNG */
};

/* Ordered: a higher rank replaces a lower one; a lower one never replaces a higher one that is still fresh.
 * Equal ranks: newer replaces older. The same decides between facts of one owner that cannot both hold: data and NODATA
 * of one type, NXDOMAIN and anything, a CNAME and other types (RRSIG, NSEC, KEY and what a zone cut needs,
 * NS, DS, SOA and DNSKEY, may stand beside one). */
enum hf_rank {
	HF_RANK_ADDITIONAL = 1,	   /* glue and other additional data; never given to clients as an answer */
	HF_RANK_REFERRAL,	   /* NS set from the parent side of a zone cut */
	HF_RANK_ANSWER_NONAUTH,	   /* answer section without AA */
	HF_RANK_AUTHORITY,	   /* authority section of an AA reply: SOA, NS of the child side */
	HF_RANK_ANSWER_AUTH,	   /* answer section with AA */
	HF_RANK_HINTS = 0,	   /* root hints: replaced by anything */
};

enum hf_fact {
	HF_FACT_RRSET,	  /* `rrset` is the data */
	HF_FACT_NODATA,	  /* the name exists, the type does not; `rrset` is the SOA or NULL */
	HF_FACT_NXDOMAIN, /* the name does not exist, nor anything below (RFC 8020); `rrset` is the SOA or NULL */
};

/* One cached fact; immutable once visible (visited bit aside). */
struct hf_cache_entry {
	enum hf_fact fact;
	enum hf_rank rank;
	enum hf_security security;
	uint8_t zone_labels; /* of the zone, at or above the owner, whose servers said it; plus one, 0: not known */
	uint64_t stored_ns, expires_ns;
	const struct hf_rrset *rrset; /* its ttl is the clamped one at stored_ns */
	/* From the authority section, for DO clients: NSEC and NSEC3 sets with their RRSIGs that prove a negative fact, or that an RRset
	 * made by a wildcard has no closer match. Their TTLs are those at stored_ns, an RRset's may end before it. */
	const struct hf_rrset *const *proofs;
	unsigned proof_count;
};

/* Seconds left, begun ones counting whole; 0 when expired, and for data that came with TTL 0. */
uint32_t hf_cache_entry_ttl(const struct hf_cache_entry *entry, struct hf_now now);

struct hf_cache *hf_cache_new(const struct hf_cache_config *config); /* NULL without memory or with a bad config */
void hf_cache_free(struct hf_cache *cache); /* after all readers are gone */
const uint64_t *hf_cache_secret(const struct hf_cache *cache);

/* New bounds for TTLs; the byte limit and secret stay. Any thread. */
void hf_cache_set_ttls(struct hf_cache *cache, uint32_t min_ttl, uint32_t max_ttl, uint32_t max_negative_ttl);

/* [reader] Data or NODATA for (name, type, class), or NXDOMAIN of exactly this name; expired entries are NULL. `name` in any case. */
const struct hf_cache_entry *hf_cache_lookup(struct hf_cache *cache, const uint8_t *name, uint16_t type,
					     uint16_t class, struct hf_now now);
/* [reader] The NXDOMAIN fact of the nearest ancestor-or-self of `name`, NULL for none (RFC 8020). */
const struct hf_cache_entry *hf_cache_lookup_nxdomain(struct hf_cache *cache, const uint8_t *name, uint16_t class,
						      struct hf_now now);

/* What is to be stored, with all that is known of it. */
struct hf_cache_claim {
	enum hf_fact fact;
	const uint8_t *name; /* of a negative fact; an RRset has its own, and its own type, class and TTL */
	uint16_t type, class; /* `type` is not looked at with HF_FACT_NXDOMAIN */
	uint32_t ttl;	     /* min(SOA TTL, SOA MINIMUM) by RFC 2308 §5, clamped here again; the kept SOA and proofs have no longer ones */
	const struct hf_rrset *rrset; /* the data, or the SOA or NULL */
	const struct hf_rrset *const *proofs; /* see struct hf_cache_entry */
	unsigned proof_count;
	enum hf_rank rank; /* AUTHORITY of a negative fact, where the SOA stood, counts as ANSWER_AUTH: the reply answered the question */
	enum hf_security security;
	uint8_t zone_labels;
};

/* [writer] Copies. True when stored, false when a better entry stays, for a meta type, or without room. Storing an RRset removes an
 * NXDOMAIN fact of its owner; storing a CNAME removes other types' data at that owner and the reverse (RFC 8767 §7). What was validated (secure
 * or insecure) and is still fresh is replaced by what was validated only, whatever the ranks.
 *
 * TTL 0 (unless min_ttl raises it): kept with rrset->ttl 0 for one second, which is for the resolution in progress (RFC 1035
 * §3.2.1) and those that coalesce with it. It must not be composed into a cached answer (hf_cache_put_answer refuses) nor ever
 * be served stale.
 *
 * An NS set from the child's side of a cut (rank above REFERRAL) that replaces a fresh one ends when that one would have:
 * only the parent prolongs a delegation ("ghost domains"). The root and hints are not bound so. */
bool hf_cache_store(struct hf_cache *cache, const struct hf_cache_claim *claim, struct hf_now now);
/* [writer] The same for an RRset of which no more is known. */
bool hf_cache_put(struct hf_cache *cache, const struct hf_rrset *rrset, enum hf_rank rank, struct hf_now now);
/* [writer] The same for such a negative fact. */
bool hf_cache_put_negative(struct hf_cache *cache, enum hf_fact fact, const uint8_t *name, uint16_t type,
			   uint16_t class, uint32_t ttl, const struct hf_rrset *soa,
			   const struct hf_rrset *const *proofs, unsigned proof_count, enum hf_rank rank,
			   struct hf_now now);

/* [reader] The composed answer for a question, NULL when none or not fresh. `name` lower-cased, zero-padded to 8 octets.
 * Sets the record's mark. */
const struct hf_answer_record *hf_cache_answer(struct hf_cache *cache, const uint64_t key[2], const uint8_t *name,
					       unsigned name_length, struct hf_now now);
/* [reader] The same for a burst of up to HF_CACHE_BURST_MAX, prefetching tags and then records of all of them. results[i] is NULL for a miss. */
#define HF_CACHE_BURST_MAX 64
struct hf_cache_question {
	uint64_t key[2];
	const uint8_t *name;
	unsigned name_length;
};
void hf_cache_answer_burst(struct hf_cache *cache, unsigned count, const struct hf_cache_question *questions,
			   struct hf_now now, const struct hf_answer_record **results);
/* [writer] Copies a cacheable record (replaces one of the same key and name). False for one that is not cacheable
 * (HF_RECORD_NOT_CACHEABLE, too large, TTL 0) and without room. */
bool hf_cache_put_answer(struct hf_cache *cache, const struct hf_answer_record *record, struct hf_now now);

/* [writer] Removes all facts and answers of `name`, or of it and everything below. An answer also goes when the name stands only in its CNAME
 * chain: answers are matched by any owner name in the body. Returns how many entries went. Walks the whole cache, and keeps writers off
 * one shard of the answers (a 64th of them) at a time; readers go on. What another thread composes from what it looked up before must not
 * be stored after it: hf_cache_flushes() tells. */
size_t hf_cache_flush(struct hf_cache *cache, const uint8_t *name, bool subtree);
/* [writer] The same for answers alone, of which `matches` says of the question's name or of an owner name in the body that they are to go. */
size_t hf_cache_flush_answers(struct hf_cache *cache, bool (*matches)(void *state, const uint8_t *name), void *state);
/* Another number after every flush and while one runs; any thread. Noted before the first lookup and compared before
 * hf_cache_put_answer(). */
uint64_t hf_cache_flushes(const struct hf_cache *cache);

/* [reader] Calls back for each fact of `name` (any type) / each composed answer whose question is `name`, expired ones that are still
 * held included; for `holdfastctl lookup`. No hit is counted or marked. Answers are found by walking all of them. Either callback may be NULL. */
void hf_cache_visit(struct hf_cache *cache, const uint8_t *name,
		    void (*fact)(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry),
		    void (*answer)(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
				   const struct hf_answer_record *record),
		    void *state);

/* Reclamation, called by one shell thread now and then:
 *   batch = hf_cache_take_retired(cache); if (batch) { synchronize_rcu(); hf_cache_free_retired(cache, batch); } */
struct hf_cache_batch;
struct hf_cache_batch *hf_cache_take_retired(struct hf_cache *cache);
void hf_cache_free_retired(struct hf_cache *cache, struct hf_cache_batch *batch);

struct hf_cache_stats {
	size_t bytes_limit, bytes_used, bytes_retired;
	size_t facts, answers;				/* live entries */
	/* Rejections: there was no room. What was outranked counts nowhere. */
	uint64_t fact_hits, fact_misses, fact_inserts, fact_evictions, fact_rejections;
	uint64_t answer_inserts, answer_evictions, answer_rejections;
};
void hf_cache_stats(const struct hf_cache *cache, struct hf_cache_stats *stats); /* any thread; each figure is exact, the set is not one instant */
