// SPDX-License-Identifier: BSD-3-Clause
/* From AAAA to A and back; see synthesis.h. */
#include "resolver/synthesis.h"
#include <string.h>
#include "policy/dns64.h"
#include "resolver/state.h"

enum {
	TTL_MAX = 600,	       /* where no SOA bounds it, RFC 6147 §5.1.7 */
	KNOWN_TTL = 86400,     /* of what needs no question: ipv4only.arpa and aliases */
};

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- before the walk ---- */

static bool ignores_aaaa(const struct hf_resolver_config *config, const uint8_t *name)
{
	const uint8_t *zone = config->dns64_ignore_aaaa;

	for (unsigned i = 0; i < config->dns64_ignore_count; i++, zone += hf_name_length(zone)) {
		if (hf_name_is_below_or_equal(name, zone))
			return true;
	}
	return config->dns64_synthesise_all;
}

enum hf_link hf_synthesis_begin(struct hf_resolver *resolver, struct hf_question *question)
{
	const uint32_t ttl = lower(KNOWN_TTL, resolver->config.max_ttl);
	uint8_t target[HF_NAME_MAX];
	struct hf_rdata rdata = {.bytes = target};

	if (!question->dns64.family)
		return HF_LINK_NEXT;
	if (question->qtype == HF_TYPE_AAAA && hf_name_equal(question->name, hf_dns64_ipv4only_name)) {
		const struct hf_rrset *known = hf_dns64_ipv4only(&question->dns64, ttl, question->arena);

		return known && hf_link_add(question, known, ttl, HF_SECURITY_UNCHECKED) ? HF_LINK_END : HF_LINK_FAULT;
	}
	if (question->qtype == HF_TYPE_PTR && hf_dns64_reverse(&question->dns64, question->name, target)) {
		const struct hf_rrset *alias;

		rdata.length = (uint16_t)hf_name_length(target);
		alias = hf_rrset_make(question->arena, question->name, HF_TYPE_CNAME, question->qclass, ttl, &rdata, 1, 0);
		return alias && hf_link_add(question, alias, ttl, HF_SECURITY_UNCHECKED) ? hf_link_step(question, target) : HF_LINK_FAULT;
	}
	if (question->qtype == HF_TYPE_AAAA && ignores_aaaa(&resolver->config, question->name)) {
		question->a_first = true;
		question->sought = HF_TYPE_A;
		question->synthesis_ttl = resolver->config.max_ttl;
		question->aaaa.since_ns = resolver->now.mono_ns;
	}
	return HF_LINK_NEXT;
}

/* ---- from AAAA to A ---- */

/* There is no A to make AAAA of: then those that were to be ignored. */
static enum hf_link seek_aaaa(struct hf_question *question)
{
	question->negative = false;
	question->authority_count = 0;
	question->sought = HF_TYPE_AAAA;
	return HF_LINK_NEXT;
}

/* Walks on for A. What was found for AAAA is kept, in case there is no A either. */
static enum hf_link seek_a(struct hf_resolver *resolver, struct hf_question *question, bool known, uint32_t ttl)
{
	question->aaaa = (struct hf_negative){
		.known = known,
		.since_ns = resolver->now.mono_ns,
		.authority = question->authority,
		.authority_ttls = question->authority_ttls,
		.authority_count = question->authority_count,
		.set_count = question->set_count,
	};
	question->synthesis_ttl = lower(ttl, resolver->config.max_ttl);
	question->negative = false;
	question->authority_count = 0;
	question->sought = HF_TYPE_A;
	hf_trace(resolver, "no usable AAAA: A is sought for DNS64");
	return HF_LINK_NEXT;
}

static uint32_t aged(uint32_t ttl, struct hf_resolver *resolver, const struct hf_question *question)
{
	uint64_t age = (resolver->now.mono_ns - question->aaaa.since_ns) / HF_NS_PER_SECOND;

	return ttl > age ? ttl - (uint32_t)age : 0;
}

/* There is nothing to make AAAA of: the answer is that there is none. */
static enum hf_link restore(struct hf_resolver *resolver, struct hf_question *question)
{
	question->sought = HF_TYPE_AAAA;
	question->set_count = question->aaaa.set_count;
	question->rcode = HF_RCODE_NOERROR;
	question->negative = true;
	question->authority = question->aaaa.authority;
	question->authority_ttls = question->aaaa.authority_ttls;
	question->authority_count = question->aaaa.authority_count;
	for (unsigned i = 0; i < question->authority_count; i++)
		question->authority_ttls[i] = aged(question->authority_ttls[i], resolver, question);
	question->ttl_cap = aged(question->ttl_cap, resolver, question);
	return HF_LINK_END;
}

static enum hf_link end_of_aaaa(struct hf_resolver *resolver, struct hf_question *question)
{
	const unsigned last = question->set_count - 1;
	const struct hf_rrset *usable;

	if (question->rcode != HF_RCODE_NOERROR) /* NXDOMAIN is the answer, RFC 6147 §5.1.2 */
		return HF_LINK_END;
	if (question->negative && question->a_first)
		return HF_LINK_END;
	if (question->negative) {
		/* RFC 6147 §5.1.7: what is made up lives no longer than that there is none. */
		uint32_t ttl = question->authority_count ? question->authority_ttls[0] : TTL_MAX;

		return seek_a(resolver, question, true, ttl);
	}
	if (!hf_dns64_usable(question->sets[last], question->arena, &usable))
		return HF_LINK_FAULT;
	if (usable) {
		question->sets[last] = usable;
		return HF_LINK_END;
	}
	if (question->a_first)
		return HF_LINK_END;
	question->set_count--; /* RFC 6147 §5.1.4: as if there were no AAAA */
	return seek_a(resolver, question, true, lower(question->ttls[last], TTL_MAX));
}

static enum hf_link end_of_a(struct hf_resolver *resolver, struct hf_question *question)
{
	const unsigned last = question->set_count - 1;
	const struct hf_rrset *made;
	uint32_t ttl;

	if (question->negative || question->rcode != HF_RCODE_NOERROR) {
		if (question->a_first)
			return question->rcode == HF_RCODE_NOERROR ? seek_aaaa(question) : HF_LINK_END;
		if (question->aaaa.known)
			return restore(resolver, question);
		/* That the name does not exist holds for all types; that there is no A says nothing of AAAA. */
		return question->rcode == HF_RCODE_NOERROR ? HF_LINK_FAULT : HF_LINK_END;
	}
	ttl = lower(question->ttls[last], aged(question->synthesis_ttl, resolver, question));
	if (!hf_dns64_synthesise(&question->dns64, question->sets[last], ttl, question->arena, &made))
		return HF_LINK_FAULT;
	if (!made && question->a_first) {
		question->set_count--;
		return seek_aaaa(question);
	}
	if (!made) /* no address that may be embedded */
		return question->aaaa.known ? restore(resolver, question) : HF_LINK_FAULT;
	question->sets[last] = made;
	question->security = HF_SECURITY_UNCHECKED; /* nobody signed it */
	question->ttls[last] = ttl;
	return HF_LINK_END;
}

enum hf_link hf_synthesis_end(struct hf_resolver *resolver, struct hf_question *question)
{
	if (!question->dns64.family || question->qtype != HF_TYPE_AAAA)
		return HF_LINK_END;
	return question->sought == HF_TYPE_AAAA ? end_of_aaaa(resolver, question) : end_of_a(resolver, question);
}

bool hf_synthesis_after_failure(struct hf_resolver *resolver, struct hf_question *question)
{
	if (!question->dns64.family || question->qtype != HF_TYPE_AAAA || question->kind != HF_QUESTION_CLIENT ||
	    question->sought != (question->a_first ? HF_TYPE_A : HF_TYPE_AAAA))
		return false;
	if (question->a_first) {
		seek_aaaa(question);
		return true;
	}
	/* RFC 6147 §5.1.2, §5.1.3: any rcode but NXDOMAIN, and silence, count as no AAAA. */
	seek_a(resolver, question, false, TTL_MAX);
	return true;
}

void hf_synthesis_give_up(struct hf_resolver *resolver, struct hf_question *question)
{
	if (question->sought != question->qtype && question->aaaa.known)
		restore(resolver, question);
}
