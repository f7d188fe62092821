// SPDX-License-Identifier: BSD-3-Clause
/* Making the table of local names: zones and data in any order, then sets, SOAs and the names between. */
#include "policy/local.h"
#include <stdlib.h>
#include <string.h>
#include "policy/local_table.h"
#include "wire/octets.h"
#include "wire/type.h"

#define MEMORY_MAX ((size_t)4 << 30) /* some ten million names */
#define BUCKETS_FIRST 256

/* RFC 6303 §3: what the field puts into its empty zones. An entry that the operator takes back should not live on with
 * clients for hours, as the nothingness of 10.in-addr.arpa may. */
#define NEGATIVE_TTL_SPECIAL_USE 10800
#define NEGATIVE_TTL_CONFIGURED 300

const char *const hf_local_type_texts[HF_LOCAL_TYPE_COUNT + 1] = {
	[HF_LOCAL_TRANSPARENT] = "transparent", [HF_LOCAL_TYPE_TRANSPARENT] = "type-transparent",
	[HF_LOCAL_STATIC] = "static",		[HF_LOCAL_REDIRECT] = "redirect",
	[HF_LOCAL_REFUSE] = "refuse",		[HF_LOCAL_DROP] = "drop",
	[HF_LOCAL_NXDOMAIN] = "nxdomain",	[HF_LOCAL_NODATA] = "nodata",
	[HF_LOCAL_NONE] = "none",
};

static const char no_memory[] = "out of memory";

/* ---- life ---- */

static bool grow(struct hf_local *local)
{
	size_t count = local->bucket_count ? 2 * local->bucket_count : BUCKETS_FIRST;
	struct hf_local_node **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return false;
	free(local->buckets);
	local->buckets = buckets;
	local->bucket_count = count;
	for (struct hf_local_node *node = local->made; node; node = node->next_made) {
		struct hf_local_node **bucket = &buckets[hf_local_bucket(local, node->hash)];

		node->next = *bucket;
		*bucket = node;
	}
	return true;
}

struct hf_local *hf_local_new(void)
{
	struct hf_local *local = calloc(1, sizeof(*local));

	if (!local)
		return NULL;
	local->references = 1;
	local->content = HF_LOCAL_HASH_ROOT;
	local->arena = hf_arena_new(MEMORY_MAX);
	if (!local->arena || !grow(local)) {
		hf_local_drop(local);
		return NULL;
	}
	return local;
}

struct hf_local *hf_local_hold(struct hf_local *local)
{
	if (local)
		__atomic_add_fetch(&local->references, 1, __ATOMIC_RELAXED);
	return local;
}

void hf_local_drop(struct hf_local *local)
{
	if (!local || __atomic_sub_fetch(&local->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	hf_arena_free(local->arena);
	free(local->buckets);
	free(local);
}

/* ---- adding ---- */

static void note(struct hf_local *local, const void *bytes, size_t length)
{
	const uint8_t *octets = bytes;

	for (size_t i = 0; i < length; i++)
		local->content = (local->content ^ octets[i]) * 0x100000001b3u;
}

static uint64_t hash_of(const uint8_t *name)
{
	const uint8_t *labels[HF_NAME_LABELS_MAX];
	unsigned count = 0;
	uint64_t hash = HF_LOCAL_HASH_ROOT;

	for (; name[0]; name += 1 + name[0])
		labels[count++] = name;
	while (count > 0)
		hash = hf_local_hash(hash, labels[--count]);
	return hash;
}

static struct hf_local_node *find_node(const struct hf_local *local, const uint8_t *name, uint64_t hash)
{
	struct hf_local_node *node = local->buckets[hf_local_bucket(local, hash)];

	while (node && (node->hash != hash || !hf_name_equal(node->name, name)))
		node = node->next;
	return node;
}

static struct hf_local_node *make_node(struct hf_local *local, const uint8_t *name)
{
	uint64_t hash = hash_of(name);
	struct hf_local_node *node = find_node(local, name, hash), **bucket;
	unsigned labels = hf_name_label_count(name);

	if (node)
		return node;
	if (local->node_count >= local->bucket_count && !grow(local))
		return NULL;
	node = hf_arena_take(local->arena, sizeof(*node));
	if (!node || !(node->name = hf_arena_copy(local->arena, name, hf_name_length(name))))
		return NULL;
	hf_name_lower(node->name, node->name);
	node->hash = hash;
	bucket = &local->buckets[hf_local_bucket(local, hash)];
	node->next = *bucket;
	*bucket = node;
	node->next_made = local->made;
	local->made = node;
	local->node_count++;
	if (labels > local->labels_max)
		local->labels_max = labels;
	return node;
}

const char *hf_local_add_zone(struct hf_local *local, const uint8_t *name, enum hf_local_type type,
			      enum hf_local_origin origin)
{
	struct hf_local_node *node = make_node(local, name);

	if (!node)
		return no_memory;
	if (node->is_zone)
		return origin == HF_LOCAL_SPECIAL_USE ? NULL : "is a local zone already";
	node->is_zone = true;
	node->type = type;
	node->origin = origin;
	note(local, node->name, hf_name_length(node->name));
	note(local, &type, sizeof(type));
	note(local, &origin, sizeof(origin));
	return NULL;
}

const char *hf_local_add_data(struct hf_local *local, const struct hf_rrset *rrset, enum hf_local_origin origin)
{
	struct hf_local_node *node;

	if (rrset->class != HF_CLASS_IN)
		return "is not of class IN";
	if (hf_type_is_meta(rrset->type) || rrset->type == HF_TYPE_RRSIG || rrset->type == HF_TYPE_NSEC ||
	    rrset->type == HF_TYPE_NSEC3)
		return "is of a type that cannot be local data";
	node = make_node(local, hf_rrset_owner(rrset));
	if (!node)
		return no_memory;
	node->authoritative |= origin != HF_LOCAL_HOSTS;
	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes && r.index < rrset->count; r = hf_rrset_next(rrset, r)) {
		struct hf_local_rr *rr = hf_arena_take(local->arena, sizeof(*rr) + r.length);

		if (!rr)
			return no_memory;
		*rr = (struct hf_local_rr){node->rrs, rrset->ttl, rrset->type, r.length};
		memcpy(rr->rdata, r.bytes, r.length);
		node->rrs = rr;
		note(local, &rr->ttl, sizeof(rr->ttl));
		note(local, &rr->type, sizeof(rr->type));
		note(local, rr->rdata, r.length);
	}
	note(local, node->name, hf_name_length(node->name));
	note(local, &origin, sizeof(origin));
	return NULL;
}

bool hf_local_has_zone(const struct hf_local *local, const uint8_t *name)
{
	const struct hf_local_node *node = find_node(local, name, hash_of(name));

	return node && node->is_zone;
}

static const struct hf_local_node *closest_zone(const struct hf_local *local, const uint8_t *name)
{
	for (; name; name = hf_name_parent(name)) {
		const struct hf_local_node *node = find_node(local, name, hash_of(name));

		if (node && node->is_zone)
			return node;
	}
	return NULL;
}

bool hf_local_in_special_use(const struct hf_local *local, const uint8_t *name)
{
	const struct hf_local_node *zone = name[0] ? closest_zone(local, hf_name_parent(name)) : NULL;

	return zone && zone->origin == HF_LOCAL_SPECIAL_USE;
}

bool hf_local_has_data(const struct hf_local *local, const uint8_t *name, uint16_t type)
{
	const struct hf_local_node *node = find_node(local, name, hash_of(name));

	for (const struct hf_local_rr *rr = node ? node->rrs : NULL; rr; rr = rr->next)
		if (rr->type == type)
			return true;
	return false;
}

/* ---- finishing ---- */

/* All RRs of the type of the list's first, which leave the list, as a set. */
static const struct hf_rrset *take_set(struct hf_local *local, struct hf_local_node *node)
{
	uint16_t type = node->rrs->type, count = 0;
	uint32_t ttl = node->rrs->ttl;
	struct hf_local_rr **link = &node->rrs;
	struct hf_rdata *rdata;
	struct hf_rrset *rrset;
	size_t wanted = 0;

	for (const struct hf_local_rr *rr = node->rrs; rr; rr = rr->next)
		wanted += rr->type == type;
	rdata = wanted <= UINT16_MAX ? calloc(wanted, sizeof(*rdata)) : NULL;
	if (!rdata)
		return NULL;
	while (*link) {
		const struct hf_local_rr *rr = *link;

		if (rr->type != type) {
			link = &(*link)->next;
			continue;
		}
		/* They were put in front of each other. */
		rdata[wanted - ++count] = (struct hf_rdata){.bytes = rr->rdata, .length = rr->length};
		if (rr->ttl < ttl)
			ttl = rr->ttl; /* RFC 2181 §5.2 */
		*link = rr->next;
	}
	rrset = hf_rrset_make(local->arena, node->name, type, HF_CLASS_IN, ttl, rdata, count, 0);
	free(rdata);
	return rrset;
}

static const char *make_sets(struct hf_local *local, struct hf_local_node *node)
{
	unsigned types = 0;

	for (const struct hf_local_rr *rr = node->rrs; rr; rr = rr->next) {
		const struct hf_local_rr *other = node->rrs;

		while (other != rr && other->type != rr->type)
			other = other->next;
		types += other == rr;
	}
	node->sets = hf_arena_take(local->arena, types * sizeof(node->sets[0]));
	if (!node->sets)
		return no_memory;
	while (node->rrs) {
		const struct hf_rrset *rrset = take_set(local, node);

		if (!rrset)
			return "has too much data of one type";
		node->sets[node->set_count++] = rrset;
		if ((rrset->type == HF_TYPE_CNAME || rrset->type == HF_TYPE_DNAME || rrset->type == HF_TYPE_SOA) &&
		    rrset->count > 1)
			return "has several records of a type of which there can be one";
	}
	if (node->set_count > 1 && hf_local_node_set(node, HF_TYPE_CNAME))
		return "has a CNAME and other data"; /* RFC 1034 §3.6.2 */
	return NULL;
}

static const struct hf_rrset *make_soa(struct hf_local *local, const uint8_t *owner, uint32_t ttl)
{
	static const uint8_t names[] = "\x09localhost\0\x06nobody\x07invalid"; /* its NUL is the last root label */
	const uint32_t numbers[5] = {1, 3600, 1200, 604800, ttl};
	uint8_t bytes[sizeof(names) + sizeof(numbers)];
	const struct hf_rdata rdata = {.bytes = bytes, .length = sizeof(bytes)};

	memcpy(bytes, names, sizeof(names));
	for (unsigned i = 0; i < 5; i++)
		hf_octets_put_u32(bytes + sizeof(names) + 4 * i, numbers[i]);
	return hf_rrset_make(local->arena, owner, HF_TYPE_SOA, HF_CLASS_IN, ttl, &rdata, 1, 0);
}

/* The SOA as negative answers show it (RFC 2308 §3). */
static const struct hf_rrset *negative_soa(struct hf_local *local, const struct hf_local_node *node)
{
	const struct hf_rrset *given = hf_local_node_set(node, HF_TYPE_SOA);
	struct hf_rrset *soa;
	struct hf_rdata rdata;
	uint32_t minimum;

	if (!given)
		return make_soa(local, node->name,
				node->is_zone && node->origin == HF_LOCAL_SPECIAL_USE ? NEGATIVE_TTL_SPECIAL_USE
										      : NEGATIVE_TTL_CONFIGURED);
	soa = hf_rrset_copy(local->arena, given);
	rdata = hf_rrset_first(given);
	if (!soa || rdata.length < 4)
		return NULL;
	minimum = hf_octets_u32(rdata.bytes + rdata.length - 4);
	if (minimum < soa->ttl)
		soa->ttl = minimum;
	return soa;
}

/* The names between data and their zone exist (RFC 8020); so does what a wildcard stands below. */
static bool make_names_between(struct hf_local *local, const struct hf_local_node *node, const struct hf_local_node *zone)
{
	const uint8_t *end = zone ? zone->name : NULL;

	if (!zone && node->name[0] == 1 && node->name[1] == '*')
		return make_node(local, node->name + 2) != NULL;
	for (const uint8_t *name = node->name; end && !hf_name_equal(name, end); name = hf_name_parent(name))
		if (!make_node(local, name))
			return false;
	return true;
}

const char *hf_local_finish(struct hf_local *local, const uint8_t **where)
{
	/* What is made on the way has no data: it is in front of the list, where nobody looks any more. */
	for (struct hf_local_node *node = local->made; node; node = node->next_made) {
		const struct hf_local_node *zone = closest_zone(local, node->name);
		const char *fault = node->rrs ? make_sets(local, node) : NULL;

		*where = node->name;
		if (fault)
			return fault;
		if (node->set_count && !make_names_between(local, node, zone))
			return no_memory;
		if (node->is_zone || (node->set_count && node->authoritative && !zone)) {
			node->soa = negative_soa(local, node);
			if (!node->soa)
				return no_memory;
		}
	}
	return NULL;
}

/* ---- the server's own texts ---- */

bool hf_local_set_server(struct hf_local *local, const char *identity, const char *version)
{
	const char *texts[2] = {identity ? identity : "", version ? version : ""};
	char *fields[2] = {local->identity, local->version};

	for (unsigned i = 0; i < 2; i++) {
		size_t length = strlen(texts[i]);

		if (length >= sizeof(local->identity))
			return false;
		memcpy(fields[i], texts[i], length + 1);
		note(local, texts[i], length + 1);
	}
	return true;
}

const char *hf_local_identity(const struct hf_local *local)
{
	return local->identity;
}

const char *hf_local_version(const struct hf_local *local)
{
	return local->version;
}

uint64_t hf_local_content(const struct hf_local *local)
{
	return local ? local->content : 0;
}
