// SPDX-License-Identifier: BSD-3-Clause
/* Owner names in the compressed body of an answer record. */
#include "cache/record_names.h"
#include <endian.h>
#include <string.h>
#include "wire/message.h"
#include "wire/name.h"

#define RR_FIXED 10 /* type, class, TTL, RDLENGTH */

bool hf_record_names_any(const struct hf_answer_record *record, bool (*matches)(void *state, const uint8_t *name),
			 void *state)
{
	/* Pointers in the body count from the start of a message, so the question has to stand before it. */
	uint8_t message[HF_HEADER_SIZE + HF_NAME_MAX + 4 + HF_RECORD_BODY_MAX];
	size_t offset = HF_HEADER_SIZE + record->name_length + 4u, length = offset + record->body_length;
	unsigned count = be16toh(record->ancount) + be16toh(record->nscount) + be16toh(record->arcount);
	uint8_t owner[HF_NAME_MAX];

	if (matches(state, record->data))
		return true;
	memset(message, 0, HF_HEADER_SIZE);
	memcpy(message + HF_HEADER_SIZE, record->data, record->name_length);
	memset(message + offset - 4, 0, 4);
	memcpy(message + offset, record->data + HF_RECORD_NAME_SPACE(record->name_length), record->body_length);
	while (count-- > 0) {
		size_t rdata;

		if (!hf_name_parse(message, length, &offset, owner) || length - offset < RR_FIXED)
			return false;
		if (matches(state, owner))
			return true;
		rdata = (size_t)message[offset + RR_FIXED - 2] << 8 | message[offset + RR_FIXED - 1];
		if (length - offset - RR_FIXED < rdata)
			return false;
		offset += RR_FIXED + rdata;
	}
	return false;
}

bool hf_record_names_wanted(void *state, const uint8_t *owner)
{
	const struct hf_record_names_wanted *wanted = state;

	return wanted->subtree ? hf_name_is_below_or_equal(owner, wanted->name) : hf_name_equal(owner, wanted->name);
}
