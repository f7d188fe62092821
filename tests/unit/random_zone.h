// SPDX-License-Identifier: BSD-3-Clause
/* Random zones, their chains of NSEC and NSEC3, and what is true of a name in them: for tests of denial. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "dnssec/nsec3.h"
#include "dnssec/work.h"
#include "wire/name.h"
#include "wire/rrset.h"
#include "wire/type.h"

enum { NAMES_MAX = 24, SALT_LENGTH = 4 };

static const uint16_t some_types[] = {HF_TYPE_A, HF_TYPE_TXT, HF_TYPE_AAAA, HF_TYPE_MX};
static const uint8_t salt[SALT_LENGTH] = {0xaa, 0xbb, 0xcc, 0xdd};

struct owner {
	uint8_t name[HF_NAME_MAX];
	uint16_t types[8];
	unsigned type_count; /* 0: an empty non-terminal */
	uint8_t hash[HF_NSEC3_HASH_SIZE];
};

struct zone {
	struct hf_arena *arena;
	uint8_t apex[HF_NAME_MAX];
	struct owner owners[NAMES_MAX * 4];
	unsigned count;
	const struct hf_rrset *sets[NAMES_MAX * 4];
	unsigned set_count;
	struct hf_work work;
};

static uint32_t seed;

static inline unsigned any(unsigned bound)
{
	seed = seed * 1664525 + 1013904223;
	return (unsigned)(((uint64_t)(seed >> 8) * bound) >> 24);
}

static inline bool has_type(const struct owner *owner, uint16_t type)
{
	for (unsigned i = 0; i < owner->type_count; i++)
		if (owner->types[i] == type)
			return true;
	return false;
}

static inline void add_type(struct owner *owner, uint16_t type)
{
	if (!has_type(owner, type))
		owner->types[owner->type_count++] = type;
}

static inline struct owner *find_owner(struct zone *zone, const uint8_t *name)
{
	for (unsigned i = 0; i < zone->count; i++)
		if (hf_name_equal(zone->owners[i].name, name))
			return &zone->owners[i];
	return NULL;
}

static inline bool is_cut(const struct owner *owner)
{
	return has_type(owner, HF_TYPE_NS) && !has_type(owner, HF_TYPE_SOA);
}

/* Below a delegation or a DNAME nothing is the zone's. */
static inline bool is_outside(struct zone *zone, const uint8_t *name)
{
	while (!hf_name_equal(name, zone->apex)) {
		const struct owner *above;

		name = hf_name_parent(name);
		above = find_owner(zone, name);
		if (above && (is_cut(above) || has_type(above, HF_TYPE_DNAME)))
			return true;
	}
	return false;
}

static inline struct owner *add_owner(struct zone *zone, const uint8_t *name)
{
	struct owner *owner = find_owner(zone, name);

	if (owner)
		return owner;
	owner = &zone->owners[zone->count++];
	memset(owner, 0, sizeof(*owner));
	hf_name_copy(name, owner->name);
	if (!hf_name_equal(name, zone->apex))
		add_owner(zone, hf_name_parent(owner->name)); /* at least an empty non-terminal */
	return owner;
}

/* One to three labels of few letters, so that names are near each other. */
static inline void any_name(struct zone *zone, uint8_t *out, bool wildcards)
{
	uint8_t prefix[16];
	size_t length = 0;

	for (unsigned labels = 1 + any(3); labels; labels--) {
		bool first = length == 0;

		prefix[length++] = 1;
		prefix[length++] = wildcards && first && any(6) == 0 ? '*' : (uint8_t)('a' + any(4));
	}
	assert_true(hf_name_join(prefix, length, zone->apex, out) != 0);
}

static inline void make_zone(struct zone *zone)
{
	uint8_t name[HF_NAME_MAX];
	struct owner *owner;

	zone->count = zone->set_count = 0;
	hf_name_from_text("z.example.", zone->apex);
	owner = add_owner(zone, zone->apex);
	add_type(owner, HF_TYPE_SOA);
	add_type(owner, HF_TYPE_NS);
	for (unsigned i = 2 + any(NAMES_MAX - 12); i; i--) {
		any_name(zone, name, true);
		if (is_outside(zone, name))
			continue;
		owner = add_owner(zone, name);
		if (owner->type_count || name[1] == '*') {
			add_type(owner, some_types[any(4)]);
			continue;
		}
		switch (any(8)) {
		case 0:
			add_type(owner, HF_TYPE_NS);
			if (any(2))
				add_type(owner, HF_TYPE_DS);
			break;
		case 1:
			add_type(owner, HF_TYPE_CNAME);
			break;
		case 2:
			add_type(owner, HF_TYPE_DNAME);
			break;
		default:
			add_type(owner, some_types[any(4)]);
			add_type(owner, some_types[any(4)]);
		}
	}
	/* What came to be below a cut or DNAME made later is not the zone's. */
	for (unsigned i = 0; i < zone->count;) {
		if (is_outside(zone, zone->owners[i].name))
			zone->owners[i] = zone->owners[--zone->count];
		else
			i++;
	}
}

/* ---- chains ---- */

static inline int by_name(const void *a, const void *b)
{
	return hf_name_compare(((const struct owner *)a)->name, ((const struct owner *)b)->name);
}

static inline int by_hash(const void *a, const void *b)
{
	return memcmp(((const struct owner *)a)->hash, ((const struct owner *)b)->hash, HF_NSEC3_HASH_SIZE);
}

static inline size_t put_bitmap(uint8_t *out, const struct owner *owner)
{
	uint8_t bits[32] = {0};
	unsigned last = 0;

	for (unsigned i = 0; i < owner->type_count; i++) {
		bits[owner->types[i] / 8] |= (uint8_t)(0x80 >> owner->types[i] % 8);
		if (owner->types[i] / 8 > last)
			last = owner->types[i] / 8;
	}
	if (!owner->type_count)
		return 0;
	out[0] = 0;
	out[1] = (uint8_t)(last + 1);
	memcpy(out + 2, bits, last + 1);
	return last + 3;
}

static inline const struct hf_rrset *make_nsec(struct zone *zone, const struct owner *owner, const uint8_t *next)
{
	uint8_t bytes[HF_NAME_MAX + 40];
	struct hf_rdata rdata = {bytes, 0, 0};
	size_t length = hf_name_copy(next, bytes);

	rdata.length = (uint16_t)(length + put_bitmap(bytes + length, owner));
	return hf_rrset_make(zone->arena, owner->name, HF_TYPE_NSEC, HF_CLASS_IN, 300, &rdata, 1, 0);
}

static inline void chain_by_nsec(struct zone *zone)
{
	struct owner *owners[NAMES_MAX * 4];
	unsigned count = 0;

	qsort(zone->owners, zone->count, sizeof(zone->owners[0]), by_name);
	for (unsigned i = 0; i < zone->count; i++)
		if (zone->owners[i].type_count)
			owners[count++] = &zone->owners[i];
	for (unsigned i = 0; i < count; i++)
		zone->sets[zone->set_count++] = make_nsec(zone, owners[i], owners[(i + 1) % count]->name);
}

static inline void hash_label(const uint8_t hash[HF_NSEC3_HASH_SIZE], uint8_t *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

	out[0] = 32;
	for (unsigned i = 0; i < 32; i++) {
		unsigned bit = i * 5, octet = bit / 8;
		unsigned window = (unsigned)hash[octet] << 8 | (octet + 1 < HF_NSEC3_HASH_SIZE ? hash[octet + 1] : 0);

		out[1 + i] = (uint8_t)digits[window >> (11 - bit % 8) & 31];
	}
}

static inline const struct hf_rrset *make_nsec3(struct zone *zone, const struct owner *owner, const uint8_t *next, bool opt_out,
					 uint16_t iterations)
{
	uint8_t bytes[100] = {1, opt_out, (uint8_t)(iterations >> 8), (uint8_t)iterations, SALT_LENGTH}, label[33], name[HF_NAME_MAX];
	struct hf_rdata rdata = {bytes, 0, 0};

	memcpy(bytes + 5, salt, SALT_LENGTH);
	bytes[5 + SALT_LENGTH] = HF_NSEC3_HASH_SIZE;
	memcpy(bytes + 6 + SALT_LENGTH, next, HF_NSEC3_HASH_SIZE);
	rdata.length = (uint16_t)(6 + SALT_LENGTH + HF_NSEC3_HASH_SIZE);
	rdata.length = (uint16_t)(rdata.length + put_bitmap(bytes + rdata.length, owner));
	hash_label(owner->hash, label);
	assert_true(hf_name_join(label, sizeof(label), zone->apex, name) != 0);
	return hf_rrset_make(zone->arena, name, HF_TYPE_NSEC3, HF_CLASS_IN, 300, &rdata, 1, 0);
}

/* With opt-out, unsigned delegations have no record. */
static inline void chain_by_nsec3(struct zone *zone, bool opt_out, uint16_t iterations)
{
	struct owner *owners[NAMES_MAX * 4];
	unsigned count = 0;

	for (unsigned i = 0; i < zone->count; i++)
		assert_true(hf_nsec3_hash(zone->owners[i].name, salt, SALT_LENGTH, iterations, zone->owners[i].hash));
	qsort(zone->owners, zone->count, sizeof(zone->owners[0]), by_hash);
	for (unsigned i = 0; i < zone->count; i++)
		if (!opt_out || !is_cut(&zone->owners[i]) || has_type(&zone->owners[i], HF_TYPE_DS))
			owners[count++] = &zone->owners[i];
	for (unsigned i = 0; i < count; i++)
		zone->sets[zone->set_count++] = make_nsec3(zone, owners[i], owners[(i + 1) % count]->hash, opt_out, iterations);
}

/* ---- the truth ---- */

struct truth {
	const struct owner *owner; /* of the name itself, or the wildcard's that stands for it; NULL: NXDOMAIN */
	bool expanded;
	unsigned encloser;
};

static inline struct truth look_up(struct zone *zone, const uint8_t *name)
{
	struct truth truth = {.owner = find_owner(zone, name)};
	const uint8_t *above = name;
	uint8_t wildcard[HF_NAME_MAX];

	if (truth.owner)
		return truth;
	while (!find_owner(zone, above))
		above = hf_name_parent(above);
	truth.encloser = hf_name_label_count(above);
	hf_name_join((const uint8_t *)"\1*", 2, above, wildcard);
	truth.owner = find_owner(zone, wildcard);
	truth.expanded = truth.owner != NULL;
	return truth;
}
