// SPDX-License-Identifier: BSD-3-Clause
/* Parsing whole messages into RRsets.
 *
 * Nobody may make us work longer than the message is: RRs are grouped through a hash table with bounded probes
 * (its hash needs no secret then: owners made to collide only spoil their own message), names follow a
 * bounded number of pointers, and memory is the arena's.
 */
#include "wire/message.h"
#include <string.h>
#include "bpf/fastpath_abi.h"
#include "wire/edns.h"
#include "wire/octets.h"
#include "wire/rdata.h"

enum {
	RR_SIZE_MIN = 11, /* root owner, type, class, TTL, RDLENGTH */
	PROBES_MAX = 64,  /* of a table at most a quarter full: honest messages need a dozen */
	TTL_MAX = 0x7fffffff,
	NONE = 0xffff,
};

static const char fault_truncated[] = "the message ends too early";
static const char fault_memory[] = "the message needs more memory than it may take";

struct rr {
	const uint8_t *rdata; /* expanded */
	uint32_t ttl;
	uint16_t rdata_length;
	uint16_t owner_at; /* where its owner stands in the message */
	uint16_t type, class;
	uint16_t next;	/* RR of the same group, NONE at the end */
	uint16_t group; /* the one that begins with this RR, NONE for others */
};

/* One RRset in the making. */
struct group {
	const uint8_t *owner;
	uint64_t hash;
	uint32_t ttl;
	uint16_t type, class;
	uint16_t count, signature_count;
	uint16_t first, last;			  /* RRs */
	uint16_t first_signature, last_signature; /* covering RRSIGs */
};

struct section {
	struct rr *rrs;
	unsigned rr_count;
	struct group *groups;
	unsigned group_count;
	uint16_t *slots; /* group + 1; 0 is empty */
	uint32_t slot_mask;
};

struct parser {
	const uint8_t *bytes;
	size_t length, at;
	struct hf_arena *arena;
	struct hf_edns *edns; /* NULL where OPT and TSIG are out of place */
	const char *fault;
};

static bool fail(struct parser *parser, const char *fault)
{
	if (!parser->fault)
		parser->fault = fault;
	return false;
}

/* Tells a name that is cut off from one that is wrong. */
static bool name_is_cut(const uint8_t *bytes, size_t length, size_t at)
{
	while (at < length && bytes[at] != 0 && bytes[at] <= HF_LABEL_MAX)
		at += bytes[at] + 1u;
	return at >= length || (bytes[at] >= 0xc0 && at + 1 == length);
}

static size_t read_name(struct parser *parser, uint8_t out[HF_NAME_MAX])
{
	size_t length = hf_name_parse(parser->bytes, parser->length, &parser->at, out);

	if (length == 0)
		fail(parser,
		     name_is_cut(parser->bytes, parser->length, parser->at) ? fault_truncated : "a name is malformed");
	return length;
}

static bool expand_rdata(struct parser *parser, struct rr *rr, size_t length)
{
	const uint8_t *fields = hf_rdata_fields(rr->type, rr->class);
	uint8_t *copy = NULL;
	size_t expanded;

	if (hf_rdata_has_names(fields)) {
		/* Measured first, so that the arena holds no more than it must. */
		expanded = hf_rdata_expand(parser->bytes, parser->at, length, fields, NULL);
		if (expanded == HF_RDATA_FAULT)
			return fail(parser, "RDATA does not fit its type");
		copy = hf_arena_take(parser->arena, expanded);
		if (!copy)
			return fail(parser, fault_memory);
	}
	expanded = hf_rdata_expand(parser->bytes, parser->at, length, fields, copy);
	if (expanded == HF_RDATA_FAULT)
		return fail(parser, "RDATA does not fit its type");
	rr->rdata = copy ? copy : parser->bytes + parser->at;
	rr->rdata_length = (uint16_t)expanded;
	return true;
}

/* Reads one RR; `*kept` is false when it was an OPT or TSIG. `is_last` says that none follows in the section. */
static bool read_rr(struct parser *parser, bool is_last, struct rr *rr, bool *kept)
{
	uint8_t owner[HF_NAME_MAX];
	const uint8_t *fixed;
	size_t owner_at = parser->at, rdata_length;

	if (!read_name(parser, owner))
		return false;
	if (parser->length - parser->at < 10)
		return fail(parser, fault_truncated);
	fixed = parser->bytes + parser->at;
	parser->at += 10;
	rdata_length = hf_octets_u16(fixed + 8);
	if (rdata_length > parser->length - parser->at)
		return fail(parser, fault_truncated);
	*rr = (struct rr){.owner_at = (uint16_t)owner_at, .next = NONE, .group = NONE};
	rr->type = hf_octets_u16(fixed);
	rr->class = hf_octets_u16(fixed + 2);
	rr->ttl = hf_octets_u32(fixed + 4);
	*kept = false;
	if (rr->type == HF_TYPE_OPT && parser->edns) {
		if (owner[0] != 0 || parser->edns->present)
			return fail(parser, "a second OPT, or one not owned by the root");
		if (!hf_edns_read(rr->class, rr->ttl, parser->bytes + parser->at, (uint16_t)rdata_length, parser->edns))
			return fail(parser, "EDNS options are malformed");
	} else if (rr->type == HF_TYPE_TSIG && parser->edns) {
		if (!is_last)
			return fail(parser, "TSIG is not the last RR"); /* RFC 8945 §5.1 */
	} else if (hf_type_is_meta(rr->type)) {
		return fail(parser, "a meta type among the data");
	} else {
		*kept = true;
		if (rr->ttl > TTL_MAX)
			rr->ttl = TTL_MAX;
		if (!expand_rdata(parser, rr, rdata_length))
			return false;
	}
	parser->at += rdata_length;
	return true;
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
	return hash << 29 | hash >> 35;
}

static uint64_t hash_key(const uint8_t *owner, size_t length, uint16_t type, uint16_t class)
{
	uint64_t hash = (uint64_t)type << 16 | class, word;

	for (; length >= 8; owner += 8, length -= 8) {
		memcpy(&word, owner, 8);
		hash = hash_word(hash, hf_key_lower(word));
	}
	word = 0;
	memcpy(&word, owner, length);
	hash = hash_word(hash, hf_key_lower(word));
	return hash ^ hash >> 32;
}

/* The group of (owner, type, class), made when `add` and there is none. NONE when there is none, or after a fault. */
static unsigned find_group(struct parser *parser, struct section *section, const uint8_t *owner, size_t owner_length,
			   uint16_t type, uint16_t class, bool add)
{
	uint64_t hash = hash_key(owner, owner_length, type, class);
	struct group *group;
	uint16_t *slot = NULL;

	for (unsigned probe = 0; probe < PROBES_MAX; probe++) {
		slot = &section->slots[(hash + probe) & section->slot_mask];
		if (*slot == 0)
			break;
		group = &section->groups[*slot - 1];
		if (group->hash == hash && group->type == type && group->class == class &&
		    hf_name_equal(group->owner, owner))
			return *slot - 1u;
		slot = NULL;
	}
	if (!slot) {
		fail(parser, "owner names are made to collide");
		return NONE;
	}
	if (!add)
		return NONE;
	group = &section->groups[section->group_count];
	*group = (struct group){.hash = hash, .type = type, .class = class, .ttl = TTL_MAX};
	group->first = group->last = group->first_signature = group->last_signature = NONE;
	group->owner = hf_arena_copy(parser->arena, owner, owner_length);
	if (!group->owner) {
		fail(parser, fault_memory);
		return NONE;
	}
	*slot = (uint16_t)(section->group_count + 1);
	return section->group_count++;
}

static void link_rr(struct section *section, unsigned index, uint16_t *first, uint16_t *last, uint16_t *count)
{
	if (*last == NONE)
		*first = (uint16_t)index;
	else
		section->rrs[*last].next = (uint16_t)index;
	*last = (uint16_t)index;
	(*count)++;
}

/* Puts an RR into its group. An RRSIG goes to the set it covers if that is here; `signatures` says which kind is to be
 * placed now: RRSIGs may stand before their set, so they come in a second round. */
static bool place(struct parser *parser, struct section *section, unsigned index, bool signatures)
{
	struct rr *rr = &section->rrs[index];
	uint8_t owner[HF_NAME_MAX];
	size_t at = rr->owner_at, owner_length;
	struct group *group;
	unsigned found = NONE;

	if ((rr->type == HF_TYPE_RRSIG) != signatures)
		return true;
	owner_length = hf_name_parse(parser->bytes, parser->length, &at, owner);
	if (signatures) {
		found = find_group(parser, section, owner, owner_length, hf_octets_u16(rr->rdata), rr->class, false);
		if (found != NONE && section->groups[found].type != HF_TYPE_RRSIG) {
			group = &section->groups[found];
			link_rr(section, index, &group->first_signature, &group->last_signature,
				&group->signature_count);
			if (rr->ttl < group->ttl)
				group->ttl = rr->ttl;
			return true;
		}
	}
	if (!parser->fault)
		found = find_group(parser, section, owner, owner_length, rr->type, rr->class, true);
	if (parser->fault)
		return false;
	group = &section->groups[found];
	if (group->count == 0)
		rr->group = (uint16_t)found;
	link_rr(section, index, &group->first, &group->last, &group->count);
	if (rr->ttl < group->ttl)
		group->ttl = rr->ttl; /* RFC 2181 §5.2 */
	return true;
}

static struct hf_rdata *gather(const struct section *section, unsigned index, struct hf_rdata *out)
{
	for (; index != NONE; index = section->rrs[index].next) {
		out->bytes = section->rrs[index].rdata;
		out->length = section->rrs[index].rdata_length;
		out++;
	}
	return out;
}

static bool make_rrsets(struct parser *parser, const struct section *section, const struct hf_rrset **rrsets)
{
	struct hf_rdata *rdata = hf_arena_take(parser->arena, section->rr_count * sizeof(*rdata));
	unsigned made = 0;

	if (!rdata)
		return fail(parser, fault_memory);
	for (unsigned i = 0; i < section->rr_count; i++) {
		const struct group *group;

		if (section->rrs[i].group == NONE)
			continue;
		group = &section->groups[section->rrs[i].group];
		gather(section, group->first_signature, gather(section, group->first, rdata));
		rrsets[made] = hf_rrset_make(parser->arena, group->owner, group->type, group->class, group->ttl, rdata,
					     group->count, group->signature_count);
		if (!rrsets[made++])
			return fail(parser, "an RRset is larger than 64 KiB or memory ran out");
	}
	return true;
}

/* Up to `count` RRs; fewer when `may_be_cut` and the message ends. */
static bool parse_section(struct parser *parser, unsigned count, bool may_be_cut, const struct hf_rrset ***rrsets,
			  unsigned *rrset_count)
{
	struct section section = {0};
	const struct hf_rrset **made;
	uint32_t slots = 8;

	*rrsets = NULL;
	*rrset_count = 0;
	if (count > (parser->length - parser->at) / RR_SIZE_MIN) {
		if (!may_be_cut)
			return fail(parser, fault_truncated);
		count = (unsigned)((parser->length - parser->at) / RR_SIZE_MIN);
	}
	if (count == 0)
		return true;
	section.rrs = hf_arena_take(parser->arena, count * sizeof(*section.rrs));
	if (!section.rrs)
		return fail(parser, fault_memory);
	for (unsigned i = 0; i < count; i++) {
		bool kept;

		if (!read_rr(parser, i + 1 == count, &section.rrs[section.rr_count], &kept)) {
			if (!may_be_cut || parser->fault != fault_truncated)
				return false;
			parser->fault = NULL;
			parser->at = parser->length;
			break;
		}
		section.rr_count += kept;
	}
	if (section.rr_count == 0)
		return true;
	while (slots < 4 * section.rr_count)
		slots *= 2;
	section.slot_mask = slots - 1;
	section.slots = hf_arena_take(parser->arena, slots * sizeof(*section.slots));
	section.groups = hf_arena_take(parser->arena, section.rr_count * sizeof(*section.groups));
	if (!section.slots || !section.groups)
		return fail(parser, fault_memory);
	for (unsigned signatures = 0; signatures <= 1; signatures++)
		for (unsigned i = 0; i < section.rr_count; i++)
			if (!place(parser, &section, i, signatures))
				return false;
	made = hf_arena_take(parser->arena, section.group_count * sizeof(*made));
	if (!made)
		return fail(parser, fault_memory);
	if (!make_rrsets(parser, &section, made))
		return false;
	*rrsets = made;
	*rrset_count = section.group_count;
	return true;
}

static bool parse_question(struct parser *parser, unsigned count, struct hf_message *message)
{
	if (count > 1)
		return fail(parser, "more than one question"); /* RFC 9619 */
	if (count == 0)
		return true;
	if (!read_name(parser, message->qname))
		return false;
	if (parser->length - parser->at < 4)
		return fail(parser, fault_truncated);
	message->qtype = hf_octets_u16(parser->bytes + parser->at);
	message->qclass = hf_octets_u16(parser->bytes + parser->at + 2);
	message->has_question = true;
	parser->at += 4;
	return true;
}

static bool parse_message(struct parser *parser, struct hf_message *message)
{
	const uint8_t *header = parser->bytes;
	bool truncated;

	memset(message, 0, sizeof(*message));
	if (parser->length < HF_HEADER_SIZE)
		return fail(parser, fault_truncated);
	if (parser->length > HF_MESSAGE_MAX)
		return fail(parser, "the message is longer than 65535 octets");
	message->id = hf_octets_u16(header);
	message->flags = hf_octets_u16(header + 2);
	truncated = message->flags & HF_FLAG_TC;
	parser->at = HF_HEADER_SIZE;
	if (!parse_question(parser, hf_octets_u16(header + 4), message))
		return false;
	for (unsigned i = 0; i < HF_SECTION_COUNT; i++) {
		parser->edns = i == HF_SECTION_ADDITIONAL ? &message->edns : NULL;
		if (!parse_section(parser, hf_octets_u16(header + 6 + 2 * i), truncated, &message->sections[i],
				   &message->section_counts[i]))
			return false;
	}
	message->rcode = (message->flags & HF_RCODE_MASK) | (unsigned)message->edns.extended_rcode << 4;
	return true;
}

const uint8_t *hf_message_lower_question(const uint8_t *bytes, size_t length, struct hf_arena *arena)
{
	uint8_t *copy = hf_arena_copy(arena, bytes, length);
	size_t at = HF_HEADER_SIZE;

	if (!copy)
		return NULL;
	while (at < length && copy[at] != 0 && copy[at] <= HF_LABEL_MAX) {
		size_t end = at + 1 + copy[at];

		for (at++; at < end && at < length; at++)
			copy[at] = hf_name_lower_octet(copy[at]);
	}
	return copy;
}

bool hf_message_parse(const uint8_t *bytes, size_t length, struct hf_arena *arena, struct hf_message *message,
		      const char **fault)
{
	struct parser parser = {.bytes = bytes, .length = length, .arena = arena};
	bool ok = parse_message(&parser, message);

	if (fault)
		*fault = parser.fault;
	return ok;
}

/* How many RRs stand in the octets, as far as their lengths can be followed. */
static unsigned count_rrs(const uint8_t *bytes, size_t length)
{
	uint8_t owner[HF_NAME_MAX];
	unsigned count = 0;

	for (size_t at = 0; at < length; count++) {
		if (!hf_name_parse(bytes, length, &at, owner) || length - at < 10)
			return count + 1;
		at += 10u + hf_octets_u16(bytes + at + 8);
	}
	return count;
}

bool hf_message_parse_rrs(const uint8_t *bytes, size_t length, struct hf_arena *arena, const struct hf_rrset ***rrsets,
			  unsigned *rrset_count, const char **fault)
{
	struct parser parser = {.bytes = bytes, .length = length, .arena = arena};
	bool ok;

	if (length <= HF_MESSAGE_MAX)
		ok = parse_section(&parser, count_rrs(bytes, length), false, rrsets, rrset_count);
	else
		ok = fail(&parser, "more than 65535 octets of RRs");
	if (fault)
		*fault = parser.fault;
	return ok;
}
