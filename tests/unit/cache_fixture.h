// SPDX-License-Identifier: BSD-3-Clause
/* What the cache's tests share: names, RRsets and answer records made by hand, and a clock that is set. */
#pragma once
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cache/cache.h"
#include "wire/name.h"
#include "wire/rrset.h"
#include "wire/type.h"

static const uint64_t test_secret[2] = {0x0123456789abcdef, 0xfedcba9876543210};

static inline struct hf_now at(double seconds)
{
	return (struct hf_now){.mono_ns = (uint64_t)((1000 + seconds) * 1e9), .wall_s = 1700000000};
}

static inline struct hf_cache_config test_config(size_t bytes)
{
	return (struct hf_cache_config){
		.bytes = bytes,
		.answer_share = 50,
		.max_ttl = 86400,
		.max_negative_ttl = 3600,
		.secret = {test_secret[0], test_secret[1]},
	};
}

static inline struct hf_cache *test_cache(void)
{
	struct hf_cache_config config = test_config(4 << 20);
	struct hf_cache *cache = hf_cache_new(&config);

	assert_non_null(cache);
	return cache;
}

/* Wire form of `text`, in one of some buffers that take turns. */
static inline const uint8_t *wire(const char *text)
{
	static _Thread_local uint8_t buffers[8][HF_NAME_MAX + 9];
	static _Thread_local unsigned turn;
	uint8_t *out = buffers[turn++ % 8];

	memset(out, 0, sizeof(buffers[0]));
	assert_int_not_equal(hf_name_from_text(text, out), 0);
	return out;
}

/* One RR with `length` octets of RDATA that all are `fill`. The caller frees. */
static inline struct hf_rrset *rrset_filled(const uint8_t *owner, uint16_t type, uint32_t ttl, uint8_t fill,
					    uint16_t length)
{
	size_t owner_length = hf_name_length(owner), size = sizeof(struct hf_rrset) + owner_length + 2 + length;
	struct hf_rrset *rrset = calloc(1, size);

	assert_non_null(rrset);
	*rrset = (struct hf_rrset){.size = (uint32_t)size,
				   .ttl = ttl,
				   .type = type,
				   .class = HF_CLASS_IN,
				   .count = 1,
				   .owner_length = (uint8_t)owner_length};
	memcpy(rrset->data, owner, owner_length);
	memcpy(rrset->data + owner_length, &length, 2);
	memset(rrset->data + owner_length + 2, fill, length);
	return rrset;
}

static inline bool put(struct hf_cache *cache, const char *owner, uint16_t type, uint32_t ttl, uint8_t fill,
		       enum hf_rank rank, struct hf_now now)
{
	struct hf_rrset *rrset = rrset_filled(wire(owner), type, ttl, fill, type == HF_TYPE_AAAA ? 16 : 4);
	bool stored = hf_cache_put(cache, rrset, rank, now);

	free(rrset);
	return stored;
}

static inline bool put_negative(struct hf_cache *cache, enum hf_fact fact, const char *name, uint16_t type,
				uint32_t ttl, struct hf_now now)
{
	struct hf_rrset *soa = rrset_filled(wire("example."), HF_TYPE_SOA, ttl, 1, 22);
	bool stored = hf_cache_put_negative(cache, fact, wire(name), type, HF_CLASS_IN, ttl, soa, NULL, 0,
					    HF_RANK_AUTHORITY, now);

	free(soa);
	return stored;
}

static inline const struct hf_cache_entry *get(struct hf_cache *cache, const char *name, uint16_t type,
					       struct hf_now now)
{
	return hf_cache_lookup(cache, wire(name), type, HF_CLASS_IN, now);
}

/* First octet of the first RDATA: tells test RRsets apart. */
static inline int fill_of(const struct hf_cache_entry *entry)
{
	return entry && entry->rrset ? entry->rrset->data[entry->rrset->owner_length + 2] : -1;
}

/* Frees what is retired, as the shell does after a grace period; the test is the only reader. */
static inline void drain(struct hf_cache *cache)
{
	struct hf_cache_batch *batch = hf_cache_take_retired(cache);

	if (batch)
		hf_cache_free_retired(cache, batch);
}

/* ---- answer records ---- */

union test_record {
	struct hf_answer_record record;
	uint8_t bytes[HF_RECORD_SIZE(256, HF_RECORD_BODY_MAX)];
};

static inline void record_begin(union test_record *out, const uint8_t *name_lower, uint16_t qtype, uint32_t ttl,
				struct hf_now now)
{
	struct hf_answer_record *record = &out->record;
	const __u64 secret[2] = {test_secret[0], test_secret[1]};

	memset(out, 0, sizeof(*out));
	record->name_length = (uint8_t)hf_name_length(name_lower);
	memcpy(record->data, name_lower, record->name_length);
	record->qtype = qtype;
	record->qclass = HF_CLASS_IN;
	hf_question_key(secret, record->data, record->name_length, qtype, HF_CLASS_IN, 0, record->key);
	record->base_ns = now.mono_ns;
	record->fresh_until_ns = record->stale_until_ns = now.mono_ns + ttl * HF_NS_PER_SECOND;
}

/* Appends an answer RR with an owner as it stands in `owner` (a pointer, or a whole name). */
static inline unsigned record_rr(union test_record *out, const uint8_t *owner, size_t owner_length, uint16_t type,
				 const uint8_t *rdata, uint16_t rdata_length)
{
	struct hf_answer_record *record = &out->record;
	uint8_t *body = record->data + HF_RECORD_NAME_SPACE(record->name_length), *p = body + record->body_length;
	const uint8_t fixed[10] = {(uint8_t)(type >> 8), (uint8_t)type, 0, HF_CLASS_IN, 0, 0, 1, 44,
				   (uint8_t)(rdata_length >> 8), (uint8_t)rdata_length};
	unsigned rdata_at; /* in the message, for a pointer */

	memcpy(p, owner, owner_length);
	memcpy(p + owner_length, fixed, sizeof(fixed));
	memcpy(p + owner_length + sizeof(fixed), rdata, rdata_length);
	rdata_at = 12u + record->name_length + 4u + record->body_length + (unsigned)owner_length + sizeof(fixed);
	record->ttl_offsets[record->ttl_count++] = (uint16_t)(record->body_length + owner_length + 4);
	record->body_length += (uint16_t)(owner_length + sizeof(fixed) + rdata_length);
	record->ancount = htobe16((uint16_t)(be16toh(record->ancount) + 1));
	return rdata_at;
}

static const uint8_t question_pointer[2] = {0xc0, 12};

/* `name` A 192.0.2.x */
static inline void record_address(union test_record *out, const uint8_t *name_lower, uint8_t x, uint32_t ttl,
				  struct hf_now now)
{
	const uint8_t address[4] = {192, 0, 2, x};

	record_begin(out, name_lower, HF_TYPE_A, ttl, now);
	record_rr(out, question_pointer, 2, HF_TYPE_A, address, 4);
}

static inline const struct hf_answer_record *get_answer(struct hf_cache *cache, const uint8_t *name_lower,
							uint16_t qtype, struct hf_now now)
{
	const __u64 secret[2] = {test_secret[0], test_secret[1]};
	uint8_t name[HF_NAME_MAX + 9] = {0};
	unsigned length = (unsigned)hf_name_copy(name_lower, name);
	__u64 key[2];

	hf_question_key(secret, name, length, qtype, HF_CLASS_IN, 0, key);
	return hf_cache_answer(cache, (const uint64_t[2]){key[0], key[1]}, name, length, now);
}

/* "nNUMBER.example." in wire form, lower-cased and zero-padded. */
static inline const uint8_t *numbered(uint64_t number)
{
	static _Thread_local uint8_t name[HF_NAME_MAX + 9];
	char label[32];
	int length = snprintf(label, sizeof(label), "n%llu", (unsigned long long)number);

	memset(name, 0, 64);
	name[0] = (uint8_t)length;
	memcpy(name + 1, label, (size_t)length);
	memcpy(name + 1 + length, "\7example", 9);
	return name;
}
