// SPDX-License-Identifier: BSD-3-Clause
/* The four names of class CH that have an answer. */
#include "policy/chaos.h"
#include <string.h>
#include "wire/reply.h"

static const struct {
	const char *name;
	const char *(*text)(const struct hf_local *local);
} names[] = {
	{"\2id\6server", hf_local_identity},
	{"\x08hostname\4bind", hf_local_identity},
	{"\7version\6server", hf_local_version},
	{"\7version\4bind", hf_local_version},
};

static const char *text_for(const struct hf_local *local, const uint8_t *name)
{
	for (size_t i = 0; local && i < sizeof(names) / sizeof(names[0]); i++)
		if (hf_name_equal(name, (const uint8_t *)names[i].name) && names[i].text(local)[0])
			return names[i].text(local);
	return NULL;
}

bool hf_chaos_answer(const struct hf_local *local, const struct hf_query *query, struct hf_answer_record *record,
		     size_t capacity)
{
	static const uint64_t no_secret[2]; /* the record is in no cache */
	union {
		struct hf_rrset rrset;
		uint8_t bytes[sizeof(struct hf_rrset) + HF_NAME_MAX + 2 + 256];
	} set = {.bytes = {0}};
	const struct hf_rrset *sets[1] = {&set.rrset};
	const struct hf_answer answer = {.sections[HF_SECTION_ANSWER] = sets, .section_counts[HF_SECTION_ANSWER] = 1};
	const char *text = text_for(local, query->name);
	uint8_t *at = set.bytes + offsetof(struct hf_rrset, data);
	uint16_t length;

	if (!text || (query->qtype != HF_TYPE_TXT && query->qtype != HF_TYPE_ANY))
		return false;
	length = (uint16_t)(strlen(text) + 1);
	set.rrset.type = HF_TYPE_TXT;
	set.rrset.class = HF_CLASS_CH;
	set.rrset.count = 1;
	set.rrset.owner_length = (uint8_t)hf_name_copy(query->name, at);
	at += set.rrset.owner_length;
	memcpy(at, &length, sizeof(length));
	at[2] = (uint8_t)(length - 1);
	memcpy(at + 3, text, length - 1u);
	set.rrset.size = (uint32_t)(at + 2 + length - set.bytes);
	return hf_answer_compose(&answer, no_secret, query->name, query->qtype, query->qclass, query->reply_class, 0,
				 (struct hf_now){0}, record, capacity) > 0;
}
