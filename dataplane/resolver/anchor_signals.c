// SPDX-License-Identifier: BSD-3-Clause
#include "resolver/anchor_signals.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dnssec/algorithm.h"
#include "resolver/state.h"
#include "resolver/trust.h"
#include "wire/octets.h"

enum { TAGS_MAX = 12, TYPE_NULL = 10 };

/* Sorted, without duplicates. */
static unsigned read_tags(const struct hf_anchor *anchor, uint16_t tags[TAGS_MAX])
{
	const struct hf_rrset *sets[] = {anchor->ds, anchor->dnskey};
	unsigned count = 0;

	for (unsigned i = 0; i < 2; i++) {
		for (struct hf_rdata r = sets[i] ? hf_rrset_first(sets[i]) : (struct hf_rdata){0}; r.bytes && count < TAGS_MAX;
		     r = hf_rrset_next(sets[i], r)) {
			uint16_t tag;
			unsigned place = 0;

			if (r.length < 4)
				continue;
			tag = sets[i]->type == HF_TYPE_DS ? hf_octets_u16(r.bytes) : hf_key_tag(r.bytes, r.length);
			while (place < count && tags[place] < tag)
				place++;
			if (place < count && tags[place] == tag)
				continue;
			memmove(&tags[place + 1], &tags[place], (count - place) * sizeof(tags[0]));
			tags[place] = tag;
			count++;
		}
	}
	return count;
}

/* "root-key-sentinel-is-ta-20326" in any case; five digits. */
static bool read_sentinel(const uint8_t *name, bool *is_ta, uint16_t *tag)
{
	static const char is_text[] = "root-key-sentinel-is-ta-", not_text[] = "root-key-sentinel-not-ta-";
	const char *label = (const char *)name + 1, *digits;
	unsigned long number = 0;

	*is_ta = name[0] == sizeof(is_text) - 1 + 5 && strncasecmp(label, is_text, sizeof(is_text) - 1) == 0;
	if (!*is_ta && !(name[0] == sizeof(not_text) - 1 + 5 && strncasecmp(label, not_text, sizeof(not_text) - 1) == 0))
		return false;
	digits = label + name[0] - 5;
	for (unsigned i = 0; i < 5; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		number = number * 10 + (unsigned)(digits[i] - '0');
	}
	*tag = (uint16_t)number;
	return number <= UINT16_MAX;
}

bool hf_anchor_signals_deny(const struct hf_resolver *resolver, const struct hf_question *question)
{
	struct hf_anchor anchor;
	uint16_t tag, tags[TAGS_MAX];
	bool is_ta, trusted = false;
	unsigned count;
	const uint8_t *zone;

	if (!resolver->config.root_key_sentinel || question->checking_disabled || question->security != HF_SECURITY_SECURE ||
	    (question->qtype != HF_TYPE_A && question->qtype != HF_TYPE_AAAA) || !read_sentinel(question->name, &is_ta, &tag))
		return false;
	zone = hf_anchors_find(resolver->config.anchors, hf_name_root, &anchor);
	if (!zone)
		return false;
	count = read_tags(&anchor, tags);
	for (unsigned i = 0; i < count; i++)
		trusted |= tags[i] == tag;
	return is_ta != trusted;
}

void hf_anchor_signals_send(struct hf_resolver *resolver, const uint8_t *zone)
{
	char label[4 + TAGS_MAX * 5 + 1] = "_ta";
	uint8_t prefix[sizeof(label)], name[HF_NAME_MAX];
	uint16_t tags[TAGS_MAX];
	struct hf_anchor anchor;
	const uint8_t *anchored = hf_anchors_find(resolver->config.anchors, zone, &anchor);
	size_t length = 3;
	unsigned count;

	if (!resolver->config.trust_anchor_signals || !anchored || !hf_name_equal(anchored, zone))
		return;
	count = read_tags(&anchor, tags);
	for (unsigned i = 0; i < count; i++)
		length += (size_t)snprintf(label + length, sizeof(label) - length, "-%04x", tags[i]);
	prefix[0] = (uint8_t)length;
	memcpy(prefix + 1, label, length);
	if (length <= HF_LABEL_MAX && hf_name_join(prefix, length + 1, zone, name))
		hf_question_prefetch(resolver, name, TYPE_NULL, HF_CLASS_IN);
}
