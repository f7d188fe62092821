// SPDX-License-Identifier: BSD-3-Clause
/* What the table of local names says of a question. */
#include "policy/local_table.h"
#include "wire/type.h"

/* What the walk from the root down to the name has met. */
struct walk {
	const struct hf_local_node *exact;	  /* the name itself */
	const struct hf_local_node *zone, *above; /* the closest zone, and the next one above it */
	const struct hf_local_node *wildcard;	  /* of the closest name that exists */
	const struct hf_rrset *const *dname;	  /* above the name */
};

static const struct hf_local_node *node_at(const struct hf_local *local, uint64_t hash, const uint8_t *name)
{
	const struct hf_local_node *node = local->buckets[hf_local_bucket(local, hash)];

	while (node && (node->hash != hash || !hf_name_equal(node->name, name)))
		node = node->next;
	return node;
}

static const struct hf_local_node *wildcard_below(const struct hf_local *local, const struct hf_local_node *closest)
{
	uint64_t hash = hf_local_hash(closest->hash, (const uint8_t *)"\1*");
	const struct hf_local_node *node = local->buckets[hf_local_bucket(local, hash)];

	while (node && (node->hash != hash || node->name[0] != 1 || node->name[1] != '*' ||
			!hf_name_equal(node->name + 2, closest->name)))
		node = node->next;
	return node;
}

static void walk_down(const struct hf_local *local, const uint8_t *name, struct walk *walk)
{
	const struct hf_local_node *closest = NULL;
	const uint8_t *suffixes[HF_NAME_LABELS_MAX + 1];
	uint64_t hash = HF_LOCAL_HASH_ROOT;
	unsigned labels = 0;

	*walk = (struct walk){0};
	for (const uint8_t *at = name; at; at = at[0] ? at + 1 + at[0] : NULL)
		suffixes[labels++] = at;
	for (unsigned depth = 0; depth < labels && depth <= local->labels_max; depth++) {
		const uint8_t *suffix = suffixes[labels - 1 - depth];
		const struct hf_local_node *node;

		if (depth)
			hash = hf_local_hash(hash, suffix);
		node = node_at(local, hash, suffix);
		if (!node)
			continue;
		closest = node;
		if (node->is_zone) {
			walk->above = walk->zone;
			walk->zone = node;
			walk->dname = NULL; /* a zone is a cut */
		}
		if (suffix == name)
			walk->exact = node;
		else
			for (unsigned i = 0; i < node->set_count; i++)
				if (node->sets[i]->type == HF_TYPE_DNAME)
					walk->dname = &node->sets[i];
	}
	if (!walk->exact && closest)
		walk->wildcard = wildcard_below(local, closest);
}

static void give_data(struct hf_local_found *found, const struct hf_local_node *node, uint16_t type)
{
	for (unsigned i = 0; i < node->set_count; i++) {
		bool wanted = type == HF_TYPE_ANY || node->sets[i]->type == type;

		if (!wanted && node->sets[i]->type != HF_TYPE_CNAME)
			continue;
		found->verdict = wanted ? HF_LOCAL_ANSWER : HF_LOCAL_ALIAS;
		found->authoritative = node->authoritative;
		found->sets = &node->sets[i];
		found->count = type == HF_TYPE_ANY ? node->set_count : 1;
		return;
	}
}

static void say_no(struct hf_local_found *found, const struct hf_local_node *from, bool exists)
{
	found->verdict = exists ? HF_LOCAL_EMPTY : HF_LOCAL_ABSENT;
	found->soa = from ? from->soa : NULL;
}

/* The zone's rule for what its data do not answer. `exists`: the name has data, or names below it have. */
static void apply_rule(struct hf_local_found *found, const struct hf_local_node *zone,
		       const struct hf_local_node *node, bool exists)
{
	switch (zone ? zone->type : HF_LOCAL_TRANSPARENT) {
	case HF_LOCAL_STATIC:
		say_no(found, zone, exists);
		break;
	case HF_LOCAL_REDIRECT:
	case HF_LOCAL_NODATA:
		say_no(found, zone, true);
		break;
	case HF_LOCAL_NXDOMAIN:
		say_no(found, zone, false);
		break;
	case HF_LOCAL_REFUSE:
		found->verdict = HF_LOCAL_REFUSED;
		break;
	case HF_LOCAL_DROP:
		found->verdict = HF_LOCAL_DROPPED;
		break;
	case HF_LOCAL_TRANSPARENT:
	case HF_LOCAL_NONE:
		/* A name between a zone and its data exists for the rules that know all names; here the tree may know more of it. */
		if (node && node->set_count) {
			say_no(found, zone && node->authoritative ? zone : node, true);
			found->authoritative = node->authoritative;
		}
		break;
	case HF_LOCAL_TYPE_TRANSPARENT:
	case HF_LOCAL_TYPE_COUNT:
		break;
	}
}

enum hf_local_verdict hf_local_find(const struct hf_local *local, const uint8_t *name, uint16_t type,
				    struct hf_local_found *found)
{
	const struct hf_local_node *zone, *node;
	struct walk walk;
	bool of_parent;

	*found = (struct hf_local_found){.verdict = HF_LOCAL_UNKNOWN, .authoritative = true};
	if (!local || !local->node_count)
		return HF_LOCAL_UNKNOWN;
	walk_down(local, name, &walk);
	node = walk.exact ? walk.exact : walk.wildcard;
	/* DS is the parent's, also where the zone begins (RFC 4035 §3.1.4.1). */
	of_parent = type == HF_TYPE_DS && walk.exact && walk.exact->is_zone && name[0];
	zone = of_parent ? walk.above : walk.zone;
	if (zone) {
		found->zone = zone->name;
		found->type = zone->type;
		found->origin = zone->origin;
		if (zone->type == HF_LOCAL_NXDOMAIN || zone->type == HF_LOCAL_NODATA) {
			apply_rule(found, zone, NULL, false);
			return found->verdict;
		}
		if (zone->type == HF_LOCAL_REDIRECT && !(walk.exact && walk.exact->set_count))
			node = zone;
	}
	if (walk.dname && !walk.exact) { /* below a DNAME there is nothing else (RFC 6672 §2.4) */
		found->verdict = HF_LOCAL_ALIAS;
		found->sets = walk.dname;
		found->count = 1;
	} else if (node) {
		found->other_owner = node != walk.exact;
		give_data(found, node, type);
	}
	if (found->verdict == HF_LOCAL_UNKNOWN)
		apply_rule(found, zone, of_parent ? NULL : node, node != NULL);
	return found->verdict;
}
