// SPDX-License-Identifier: BSD-3-Clause
/* Bailiwick rules per section; see scrub.h. */
#include "resolver/scrub.h"
#include <string.h>
#include "resolver/delegation.h"
#include "wire/octets.h"

/* Bounds on work for messages made to be slow: names of an NS set and additional sets that are compared with each other. */
#define GLUE_TARGETS_MAX 32
#define GLUE_SETS_MAX 128

#define SOA_TAIL 20	  /* the five numbers of an SOA; MINIMUM is the last */
#define TTL_WITHOUT_SOA 5 /* RFC 2308 §5: not to be cached; so long the question is not repeated */

const uint8_t *hf_scrub_target(const struct hf_rrset *rrset)
{
	struct hf_rdata first = hf_rrset_first(rrset);

	return first.bytes && first.length > 0 ? first.bytes : NULL;
}

uint32_t hf_scrub_negative_ttl(const struct hf_rrset *soa)
{
	struct hf_rdata rdata;
	uint32_t minimum;

	if (!soa)
		return TTL_WITHOUT_SOA;
	rdata = hf_rrset_first(soa);
	if (rdata.length < SOA_TAIL + 2)
		return TTL_WITHOUT_SOA;
	minimum = hf_octets_u32(rdata.bytes + rdata.length - 4);
	return minimum < soa->ttl ? minimum : soa->ttl;
}

bool hf_scrub_substitute(const uint8_t *name, const struct hf_rrset *dname, uint8_t out[HF_NAME_MAX])
{
	const uint8_t *target = hf_scrub_target(dname);
	size_t prefix = hf_name_length(name) - hf_name_length(hf_rrset_owner(dname));

	return target && hf_name_join(name, prefix, target, out) != 0;
}

static bool below(const uint8_t *name, const uint8_t *ancestor)
{
	return hf_name_is_below_or_equal(name, ancestor) && !hf_name_equal(name, ancestor);
}

/* Where the server that was asked may speak. */
struct bailiwick {
	const uint8_t *zone;
	const struct hf_resolver_config *config;
	const struct hf_route *route; /* of the question */
};

static bool is_inside(const struct bailiwick *bailiwick, const uint8_t *name)
{
	return hf_name_is_below_or_equal(name, bailiwick->zone) &&
	       hf_delegation_route(bailiwick->config, name) == bailiwick->route;
}

static const struct hf_rrset *find_in_answer(const struct hf_message *message, const uint8_t *name, uint16_t type,
					     uint16_t class)
{
	for (unsigned i = 0; i < message->section_counts[HF_SECTION_ANSWER]; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_ANSWER][i];

		if (rrset->type == type && rrset->class == class && hf_name_equal(hf_rrset_owner(rrset), name))
			return rrset;
	}
	return NULL;
}

/* The DNAME above `name` and in the zone that is nearest to it. */
static const struct hf_rrset *find_dname(const struct hf_message *message, const uint8_t *name,
					 const struct bailiwick *bailiwick, uint16_t class)
{
	const struct hf_rrset *best = NULL;

	for (unsigned i = 0; i < message->section_counts[HF_SECTION_ANSWER]; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_ANSWER][i];

		if (rrset->type == HF_TYPE_DNAME && rrset->class == class && below(name, hf_rrset_owner(rrset)) &&
		    is_inside(bailiwick, hf_rrset_owner(rrset)) &&
		    (!best || rrset->owner_length > best->owner_length))
			best = rrset;
	}
	return best;
}

static bool scrub_answer(struct hf_arena *arena, const struct hf_message *message, const uint8_t *qname,
			 uint16_t qtype, uint16_t class, const struct bailiwick *bailiwick, struct hf_scrubbed *out)
{
	unsigned count = message->section_counts[HF_SECTION_ANSWER];

	out->final_name = qname;
	out->final_inside = true;
	if (!count)
		return true;
	out->chain = hf_arena_take(arena, (count + HF_SCRUB_CHAIN_MAX) * sizeof(out->chain[0]));
	if (!out->chain)
		return false;
	if (qtype == HF_TYPE_ANY) {
		for (unsigned i = 0; i < count; i++) {
			const struct hf_rrset *rrset = message->sections[HF_SECTION_ANSWER][i];

			if (rrset->class == class && hf_name_equal(hf_rrset_owner(rrset), qname))
				out->chain[out->chain_count++] = rrset;
		}
		out->answered = out->chain_count > 0;
		return true;
	}
	for (unsigned step = 0; step < HF_SCRUB_CHAIN_MAX; step++) {
		const uint8_t *name = out->final_name;
		const struct hf_rrset *rrset = find_in_answer(message, name, qtype, class);

		if (rrset) {
			out->chain[out->chain_count++] = rrset;
			out->answered = true;
			return true;
		}
		/* Nothing can be below a DNAME: a CNAME beside it is the synthesised one (RFC 6672 §2.4, §3.1). */
		rrset = find_dname(message, name, bailiwick, class);
		if (rrset) {
			uint8_t *target = hf_arena_take(arena, HF_NAME_MAX);

			if (!target)
				return false;
			if (!hf_scrub_substitute(name, rrset, target)) {
				out->chain[out->chain_count++] = rrset;
				out->too_long = true;
				return true;
			}
			out->final_name = target;
		} else {
			rrset = find_in_answer(message, name, HF_TYPE_CNAME, class);
			if (!rrset)
				return true;
			out->final_name = hf_scrub_target(rrset);
		}
		if (!out->final_name) {
			out->final_name = name;
			return true;
		}
		out->chain[out->chain_count++] = rrset;
		out->final_inside = is_inside(bailiwick, out->final_name);
		if (!out->final_inside)
			return true;
	}
	return true;
}

static void add_negative_ns(const struct hf_message *message, uint16_t class, struct hf_scrubbed *out)
{
	for (unsigned i = 0; i < message->section_counts[HF_SECTION_AUTHORITY]; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_AUTHORITY][i];

		if (rrset->type != HF_TYPE_NS || rrset->class != class ||
		    !hf_name_equal(hf_rrset_owner(rrset), hf_rrset_owner(out->soa)))
			continue;
		/* First of the proofs: they are given only to who sets DO, this to all. */
		memmove(&out->proofs[1], &out->proofs[0], out->proof_count * sizeof(out->proofs[0]));
		out->proofs[0] = rrset;
		out->proof_count++;
		return;
	}
}

/* Some answer a question for DS with the referral that they would give for any other: it has the DS set. */
static bool take_ds(struct hf_arena *arena, const struct hf_message *message, uint16_t class, struct hf_scrubbed *out)
{
	for (unsigned i = 0; i < message->section_counts[HF_SECTION_AUTHORITY]; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_AUTHORITY][i];

		if (rrset->type != HF_TYPE_DS || rrset->class != class || !hf_name_equal(hf_rrset_owner(rrset), out->final_name))
			continue;
		out->chain = hf_arena_take(arena, sizeof(out->chain[0]));
		if (!out->chain)
			return false;
		out->chain[out->chain_count++] = rrset;
		out->answered = true;
		break;
	}
	return true;
}

static bool scrub_authority(struct hf_arena *arena, const struct hf_message *message, uint16_t qtype, uint16_t class,
			    const uint8_t *zone, const struct hf_resolver_config *config, struct hf_scrubbed *out)
{
	unsigned count = message->section_counts[HF_SECTION_AUTHORITY];

	if (!count)
		return true;
	out->proofs = hf_arena_take(arena, count * sizeof(out->proofs[0]));
	if (!out->proofs)
		return false;
	for (unsigned i = 0; i < count; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_AUTHORITY][i];
		const uint8_t *owner = hf_rrset_owner(rrset);
		bool inside = rrset->class == class && hf_name_is_below_or_equal(owner, zone);
		bool above_name = hf_name_is_below_or_equal(out->final_name, owner);

		out->dropped += !inside;
		switch (rrset->type) {
		case HF_TYPE_SOA:
			if (inside && above_name && out->final_inside)
				out->soa = out->soa ? out->soa : rrset;
			else if (below(zone, owner))
				out->soa_above = true;
			break;
		case HF_TYPE_NS:
			if (hf_name_equal(owner, zone))
				out->ns_of_zone = true;
			else if (!inside || !above_name)
				out->ns_elsewhere = true;
			else if (!out->chain_count && !out->referral &&
				 /* DS is the parent's (RFC 4035 §3.1.4.1): a cut at the name itself leads nowhere. */
				 !(qtype == HF_TYPE_DS && hf_name_equal(owner, out->final_name)))
				out->referral = rrset;
			break;
		case HF_TYPE_NSEC:
		case HF_TYPE_NSEC3:
			if (inside)
				out->proofs[out->proof_count++] = rrset;
			break;
		default:
			break;
		}
	}
	if (qtype == HF_TYPE_DS && !out->chain_count && !take_ds(arena, message, class, out))
		return false;
	/* A reply with SOA says "no such data here", whatever NS stand beside it (RFC 2308 §2.2). */
	if (out->soa)
		out->referral = NULL;
	/* Those of the SOA's zone may go to the client (type 1 of §2.1); they are never kept as a delegation. */
	if (out->soa && config->negative_ns)
		add_negative_ns(message, class, out);
	for (unsigned i = 0; out->referral && i < count; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_AUTHORITY][i];

		if (rrset->type == HF_TYPE_DS && rrset->class == class &&
		    hf_name_equal(hf_rrset_owner(rrset), hf_rrset_owner(out->referral)))
			out->ds = rrset;
	}
	return true;
}

static bool is_target(const struct hf_rrset *ns, const uint8_t *name)
{
	unsigned seen = 0;

	for (struct hf_rdata r = hf_rrset_first(ns); r.bytes && r.index < ns->count; r = hf_rrset_next(ns, r)) {
		if (seen++ == GLUE_TARGETS_MAX)
			return false;
		if (hf_name_equal(r.bytes, name))
			return true;
	}
	return false;
}

static bool scrub_additional(struct hf_arena *arena, const struct hf_message *message, uint16_t class,
			     const struct bailiwick *bailiwick, struct hf_scrubbed *out)
{
	unsigned count = message->section_counts[HF_SECTION_ADDITIONAL];
	const struct hf_rrset *ns = out->referral;

	if (out->answered && out->chain[out->chain_count - 1]->type == HF_TYPE_NS)
		ns = out->chain[out->chain_count - 1];
	if (count > GLUE_SETS_MAX)
		count = GLUE_SETS_MAX;
	if (!ns || !count)
		return true;
	out->glue = hf_arena_take(arena, count * sizeof(out->glue[0]));
	if (!out->glue)
		return false;
	for (unsigned i = 0; i < count; i++) {
		const struct hf_rrset *rrset = message->sections[HF_SECTION_ADDITIONAL][i];

		if (rrset->class != class || (rrset->type != HF_TYPE_A && rrset->type != HF_TYPE_AAAA))
			continue;
		if (!is_inside(bailiwick, hf_rrset_owner(rrset)))
			out->dropped++;
		else if (is_target(ns, hf_rrset_owner(rrset)))
			out->glue[out->glue_count++] = rrset;
	}
	return true;
}

bool hf_scrub_message(struct hf_arena *arena, const struct hf_message *message, const uint8_t *qname, uint16_t qtype,
		      uint16_t qclass, const uint8_t *zone, const struct hf_resolver_config *config,
		      struct hf_scrubbed *scrubbed)
{
	/* DS is asked of the parent, who may be outside of the route that the name begins. */
	const uint8_t *routed = qtype == HF_TYPE_DS && qname[0] ? hf_name_parent(qname) : qname;
	const struct bailiwick bailiwick = {zone, config, hf_delegation_route(config, routed)};

	*scrubbed = (struct hf_scrubbed){0};
	if (!scrub_answer(arena, message, qname, qtype, qclass, &bailiwick, scrubbed) ||
	    !scrub_authority(arena, message, qtype, qclass, zone, config, scrubbed) ||
	    !scrub_additional(arena, message, qclass, &bailiwick, scrubbed))
		return false;
	for (unsigned i = 0; i < message->section_counts[HF_SECTION_ANSWER]; i++)
		scrubbed->dropped += !hf_name_is_below_or_equal(
			hf_rrset_owner(message->sections[HF_SECTION_ANSWER][i]), zone);
	return true;
}
