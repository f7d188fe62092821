// SPDX-License-Identifier: BSD-3-Clause
/* From a line of a hosts file to local data. */
#include "policy/hosts.h"
#include <stdio.h>
#include <string.h>
#include "base/address.h"

enum { WORD_MAX = HF_NAME_TEXT_MAX };

static const char blanks[] = " \t\r\f\v";

/* The next word into `word`; NULL behind the last one. What is too long for a name comes out as such. */
static const char *next_word(const char *at, char word[WORD_MAX + 1])
{
	size_t length;

	at += strspn(at, blanks);
	length = strcspn(at, " \t\r\f\v#");
	if (!length)
		return NULL;
	snprintf(word, WORD_MAX + 1, "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX), at);
	return at + length;
}

static void reverse_name(const struct hf_address *address, uint8_t out[HF_NAME_MAX])
{
	char text[80];
	const uint8_t *b = address->bytes;
	int used = 0;

	if (address->family == 4)
		snprintf(text, sizeof(text), "%u.%u.%u.%u.in-addr.arpa.", b[3], b[2], b[1], b[0]);
	for (int i = 15; address->family == 6 && i >= 0; i--)
		used += snprintf(text + used, sizeof(text) - (size_t)used, "%x.%x.%s", b[i] & 15, b[i] >> 4,
				 i ? "" : "ip6.arpa.");
	hf_name_from_text(text, out);
}

static const char *add(struct hf_local *local, struct hf_arena *scratch, const uint8_t *owner, uint16_t type,
		       const void *bytes, size_t length)
{
	const struct hf_rdata rdata = {.bytes = bytes, .length = (uint16_t)length};
	const struct hf_rrset *rrset = hf_rrset_make(scratch, owner, type, HF_CLASS_IN, HF_HOSTS_TTL, &rdata, 1, 0);
	const char *fault = rrset ? hf_local_add_data(local, rrset, HF_LOCAL_HOSTS) : "out of memory";

	hf_arena_reset(scratch);
	return fault;
}

static bool is_unspecified(const struct hf_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

const char *hf_hosts_add_line(struct hf_local *local, const char *line, struct hf_arena *scratch)
{
	uint8_t name[HF_NAME_MAX], reverse[HF_NAME_MAX];
	struct hf_address address;
	char word[WORD_MAX + 1];
	bool first = true;
	const char *fault = NULL;

	line = next_word(line, word);
	if (!line)
		return NULL;
	if (strchr(word, ':') && strchr(word, '%'))
		return NULL;
	if (!hf_address_from_text(word, 0, &address) || address.port)
		return "does not begin with an address";
	while (!fault && (line = next_word(line, word))) {
		if (!hf_name_from_text(word, name) || !name[0])
			return "holds what is no domain name";
		fault = add(local, scratch, name, address.family == 4 ? HF_TYPE_A : HF_TYPE_AAAA, address.bytes,
			    address.family == 4 ? 4 : 16);
		if (fault || !first)
			continue;
		first = false;
		reverse_name(&address, reverse);
		if (!is_unspecified(&address) && !hf_local_has_data(local, reverse, HF_TYPE_PTR))
			fault = add(local, scratch, reverse, HF_TYPE_PTR, name, hf_name_length(name));
	}
	if (!fault && first)
		return "has an address and no name";
	return fault;
}
