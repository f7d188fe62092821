// SPDX-License-Identifier: BSD-3-Clause
/* Composing answers; see answer.h. */
#include "resolver/answer.h"
#include <string.h>
#include "resolver/state.h"

enum { EXTRA_MAX = 32, REPLY_CLASSES = 4 };

/* Authority and additional data taken from the cache: not needed by the client, but RFC 1034 §4.3.2 gives them. */
struct extra {
	const struct hf_rrset *sets[EXTRA_MAX];
	uint32_t ttls[EXTRA_MAX];
	unsigned count;
};

static void add_set(struct extra *extra, const struct hf_rrset *rrset, uint32_t ttl)
{
	if (extra->count == EXTRA_MAX)
		return;
	extra->sets[extra->count] = rrset;
	extra->ttls[extra->count++] = ttl;
}

static void add_extra(struct extra *extra, const struct hf_cache_entry *entry, struct hf_now now)
{
	add_set(extra, entry->rrset, hf_cache_entry_ttl(entry, now));
}

static const struct hf_cache_entry *lookup_set(const struct hf_resolver *resolver, const uint8_t *name, uint16_t type,
					       uint16_t class)
{
	const struct hf_cache_entry *entry = hf_cache_lookup(resolver->cache, name, type, class, resolver->now);

	return entry && entry->fact == HF_FACT_RRSET ? entry : NULL;
}

static bool holds(const struct extra *extra, const struct hf_rrset *rrset)
{
	for (unsigned i = 0; i < extra->count; i++)
		if (extra->sets[i]->type == rrset->type &&
		    hf_name_equal(hf_rrset_owner(extra->sets[i]), hf_rrset_owner(rrset)))
			return true;
	return false;
}

static void add_cached(const struct hf_resolver *resolver, const uint8_t *name, uint16_t type, uint16_t class,
		       struct extra *additional)
{
	const struct hf_cache_entry *entry = lookup_set(resolver, name, type, class);
	struct hf_local_found found;

	/* What is known of a name that is answered here is not what its next question would bring. */
	if (hf_local_find(resolver->config.local, name, type, &found) != HF_LOCAL_UNKNOWN)
		return;
	if (entry && !holds(additional, entry->rrset))
		add_extra(additional, entry, resolver->now);
}

/* The name that one record of an answer leads to, and that its reader will ask for next; NULL for none. */
static const uint8_t *next_name(const struct hf_rrset *rrset, const struct hf_rdata *rdata, bool *alias)
{
	unsigned before; /* octets in front of the name */

	*alias = false;
	switch (rrset->type) {
	case HF_TYPE_NS:
		before = 0;
		break;
	case HF_TYPE_MX:
		before = 2;
		break;
	case HF_TYPE_SRV:
		before = 6;
		break;
	case HF_TYPE_SVCB:
	case HF_TYPE_HTTPS:
		before = 2;
		break;
	default:
		return NULL;
	}
	if (rdata->length <= before)
		return NULL;
	if ((rrset->type == HF_TYPE_SVCB || rrset->type == HF_TYPE_HTTPS) && !rdata->bytes[0] && !rdata->bytes[1])
		*alias = true;
	/* RFC 9460 §2.5: "." is the owner in ServiceMode and nothing in AliasMode. */
	if (rdata->bytes[before])
		return rdata->bytes + before;
	return rrset->type == HF_TYPE_SVCB || rrset->type == HF_TYPE_HTTPS ? (*alias ? NULL : hf_rrset_owner(rrset)) : NULL;
}

/* What is at hand of the names that the answer leads to: RFC 1035 §3.3, RFC 2782, RFC 9460 §4.2. */
static void add_targets(const struct hf_resolver *resolver, const struct hf_question *question,
			struct extra *additional)
{
	const struct hf_rrset *last = question->sets[question->set_count - 1];
	bool alias;

	if (last->type != question->qtype)
		return;
	for (struct hf_rdata r = hf_rrset_first(last); r.bytes && r.index < last->count; r = hf_rrset_next(last, r)) {
		const uint8_t *name = next_name(last, &r, &alias);

		if (!name)
			continue;
		if (alias)
			add_cached(resolver, name, last->type, last->class, additional);
		add_cached(resolver, name, HF_TYPE_A, last->class, additional);
		add_cached(resolver, name, HF_TYPE_AAAA, last->class, additional);
	}
}

/* Where nothing is known, the hints say where to begin (RFC 1034 §5.3.2). */
static void add_hints(const struct hf_resolver *resolver, struct extra *authority, struct extra *additional)
{
	for (unsigned i = 0; i < resolver->config.hint_count; i++) {
		const struct hf_rrset *hint = resolver->config.hints[i];
		struct extra *extra = hint->type == HF_TYPE_NS ? authority : additional;

		add_set(extra, hint, hint->ttl < resolver->config.max_ttl ? hint->ttl : resolver->config.max_ttl);
	}
}

/* The servers of the zone that `name` is in, with their addresses. */
static void add_delegation(const struct hf_resolver *resolver, const uint8_t *name, uint16_t class,
			   struct extra *authority, struct extra *additional)
{
	const struct hf_cache_entry *entry = NULL;
	const struct hf_rrset *ns;

	for (const uint8_t *zone = name; zone && !entry; zone = zone[0] ? hf_name_parent(zone) : NULL)
		entry = lookup_set(resolver, zone, HF_TYPE_NS, class);
	if (!entry)
		return;
	add_extra(authority, entry, resolver->now);
	ns = entry->rrset;
	for (struct hf_rdata r = hf_rrset_first(ns); r.bytes && r.index < ns->count; r = hf_rrset_next(ns, r)) {
		add_cached(resolver, r.bytes, HF_TYPE_A, class, additional);
		add_cached(resolver, r.bytes, HF_TYPE_AAAA, class, additional);
	}
}

/* SOA, where that is wanted the NS of its zone, and for those who can check what proves it. */
static void add_negative(const struct hf_question *question, bool dnssec_ok, struct extra *authority)
{
	unsigned count = question->authority_count > 0 && question->authority[0]->type == HF_TYPE_SOA;

	if (count && question->authority_count > 1 && question->authority[1]->type == HF_TYPE_NS)
		count = 2;
	if (dnssec_ok)
		count = question->authority_count;
	for (unsigned i = 0; i < count; i++)
		add_set(authority, question->authority[i], question->authority_ttls[i]);
}

static size_t compose(struct hf_resolver *resolver, const struct hf_question *question, uint8_t reply_class)
{
	struct extra authority = {.count = 0}, additional = {.count = 0};
	struct hf_answer answer;

	if (question->negative) {
		add_negative(question, reply_class & HF_REPLY_DO, &authority);
	} else if (question->give_referral || (question->set_count && !question->local && !resolver->config.minimal_answers)) {
		if (question->set_count)
			add_targets(resolver, question, &additional);
		/* An answer that is the NS set has said it. */
		if (question->qtype != HF_TYPE_NS || !question->set_count)
			add_delegation(resolver, question->current, question->qclass, &authority, &additional);
		if (question->give_referral && !authority.count)
			add_hints(resolver, &authority, &additional);
	}
	/* Without them a wildcard's data is bogus to who validates (RFC 4035 §5.3.4). */
	for (unsigned i = 0; reply_class & HF_REPLY_DO && i < question->proof_count; i++)
		if (!holds(&authority, question->proofs[i]))
			add_set(&authority, question->proofs[i], question->proof_ttls[i]);
	answer = (struct hf_answer){
		.rcode = question->rcode,
		.authentic = question->security == HF_SECURITY_SECURE && question->rcode != HF_RCODE_SERVFAIL,
		.authoritative = question->authoritative,
		.sections = {question->sets, authority.sets, additional.sets},
		.ttls = {question->ttls, authority.ttls, additional.ttls},
		.section_counts = {question->set_count, authority.count, additional.count},
	};
	return hf_answer_compose(&answer, hf_cache_secret(resolver->cache), question->name, question->qtype,
				 question->qclass, reply_class, question->ttl_cap, resolver->now, resolver->record,
				 HF_RESOLVER_RECORD_SPACE);
}

static void compose_servfail(struct hf_resolver *resolver, const struct hf_question *question, uint8_t reply_class)
{
	const struct hf_answer answer = {.rcode = HF_RCODE_SERVFAIL};

	hf_answer_compose(&answer, hf_cache_secret(resolver->cache), question->name, question->qtype, question->qclass,
			  reply_class, 0, resolver->now, resolver->record, HF_RESOLVER_RECORD_SPACE);
}

static bool may_be_cached(const struct hf_resolver *resolver, const struct hf_question *question)
{
	/* Local data in an answer without AA could not be told apart in the kernel's table, should the next start of this process bring other local
	 * names (io/local_flush.h). */
	if (question->any_local && !question->authoritative)
		return false;
	/* EDE 33 is no part of a record, and has to come with each answer. */
	if (question->negative_anchor)
		return false;
	if (question->negative && resolver->config.negative_soa_newest)
		return false;
	/* What was flushed in the meantime may still be among the question's sets. */
	return question->kind != HF_QUESTION_CACHE_ONLY && question->flushes == hf_cache_flushes(resolver->cache) &&
	       (question->rcode == HF_RCODE_NOERROR || question->rcode == HF_RCODE_NXDOMAIN) &&
	       resolver->record->ttl_count != HF_RECORD_NOT_CACHEABLE &&
	       resolver->record->fresh_until_ns > resolver->now.mono_ns;
}

const struct hf_answer_record *hf_answer_for_class(struct hf_resolver *resolver, const struct hf_question *question,
						   uint8_t reply_class, bool too_late, bool *cacheable)
{
	if (too_late) {
		resolver->record_question = NULL;
		*cacheable = false;
		compose_servfail(resolver, question, reply_class);
		return resolver->record;
	}
	if (resolver->record_question != question || resolver->record_class != reply_class) {
		resolver->record_question = question;
		resolver->record_class = reply_class;
		resolver->record_cacheable = false;
		if (question->rcode == HF_RCODE_SERVFAIL || !compose(resolver, question, reply_class))
			compose_servfail(resolver, question, reply_class);
		else if (may_be_cached(resolver, question))
			resolver->record_cacheable =
				hf_cache_put_answer(resolver->cache, resolver->record, resolver->now);
	}
	*cacheable = resolver->record_cacheable;
	return resolver->record;
}

void hf_answer_refresh(struct hf_resolver *resolver, const struct hf_question *question)
{
	bool cacheable;

	if (question->rcode == HF_RCODE_SERVFAIL)
		return;
	for (uint8_t reply_class = 0; reply_class < REPLY_CLASSES; reply_class++) {
		uint64_t key[2];

		hf_question_key((const __u64 *)hf_cache_secret(resolver->cache), question->name,
				question->name_length, question->qtype, question->qclass, reply_class, (__u64 *)key);
		if (hf_cache_answer(resolver->cache, key, question->name, question->name_length, resolver->now))
			hf_answer_for_class(resolver, question, reply_class, false, &cacheable);
	}
}
