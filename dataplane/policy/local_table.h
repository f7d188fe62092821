// SPDX-License-Identifier: BSD-3-Clause
/* The inside of the table of local names, for local.c (which makes it) and local_find.c.
 *
 * A hash table over names. The hash of a name is made label by label from the root on, so that those of all names above it fall off on the
 * way; a look-up is one walk down.
 */
#pragma once
#include "base/arena.h"
#include "policy/local.h"

/* One RR on its way into a set. */
struct hf_local_rr {
	struct hf_local_rr *next;
	uint32_t ttl;
	uint16_t type, length;
	uint8_t rdata[];
};

struct hf_local_node {
	struct hf_local_node *next; /* in its bucket */
	struct hf_local_node *next_made;
	uint64_t hash;
	uint8_t *name; /* lower-cased */
	const struct hf_rrset **sets;
	uint16_t set_count;
	bool is_zone;
	bool authoritative; /* some of its data do not come from a hosts file */
	enum hf_local_type type;
	enum hf_local_origin origin; /* of the zone */
	const struct hf_rrset *soa;  /* of a zone, or of data outside of all zones */
	struct hf_local_rr *rrs;     /* until finished */
};

struct hf_local {
	unsigned references;
	struct hf_arena *arena;
	struct hf_local_node **buckets;
	size_t bucket_count, node_count; /* the former a power of two */
	struct hf_local_node *made;
	unsigned labels_max; /* of any name in it */
	uint64_t content;    /* a sum over all that was added */
	char identity[256], version[256];
};

#define HF_LOCAL_HASH_ROOT 0xcbf29ce484222325u /* FNV-1a: names come from the operator, there is nobody to make them collide */

/* The hash of the name that is `label` (with its length octet) in front of one with the hash `above`. */
static inline uint64_t hf_local_hash(uint64_t above, const uint8_t *label)
{
	for (unsigned i = 0; i <= label[0]; i++)
		above = (above ^ hf_name_lower_octet(label[i])) * 0x100000001b3u;
	return above;
}

static inline size_t hf_local_bucket(const struct hf_local *local, uint64_t hash)
{
	return (hash ^ hash >> 32) & (local->bucket_count - 1);
}

static inline const struct hf_rrset *hf_local_node_set(const struct hf_local_node *node, uint16_t type)
{
	for (unsigned i = 0; i < node->set_count; i++)
		if (node->sets[i]->type == type)
			return node->sets[i];
	return NULL;
}
