// SPDX-License-Identifier: BSD-3-Clause
/* Walking RDATA by the field lists of wire/type.c. */
#include "wire/rdata.h"
#include <string.h>
#include "wire/name.h"
#include "wire/type.h"

const uint8_t *hf_rdata_fields(uint16_t type, uint16_t class)
{
	static const uint8_t opaque[] = {HF_FIELD_REST, HF_FIELD_END};

	/* Class CH has an A of its own: a name and an octal address. */
	if (class != HF_CLASS_IN && (type == HF_TYPE_A || type == HF_TYPE_AAAA))
		return opaque;
	return hf_type_fields(type);
}

bool hf_rdata_has_names(const uint8_t *fields)
{
	for (; *fields != HF_FIELD_END; fields++)
		if (*fields == HF_FIELD_NAME || *fields == HF_FIELD_NAME_PLAIN)
			return true;
	return false;
}

static size_t name_field_length(const uint8_t *bytes, size_t left)
{
	size_t length = 0;

	while (length < left && length < HF_NAME_MAX && bytes[length] <= HF_LABEL_MAX) {
		if (bytes[length] == 0)
			return length + 1;
		length += bytes[length] + 1u;
	}
	return HF_RDATA_FAULT;
}

size_t hf_rdata_field_length(uint8_t field, const uint8_t *bytes, size_t left)
{
	size_t length;

	switch (field) {
	case HF_FIELD_NAME:
	case HF_FIELD_NAME_PLAIN:
		length = name_field_length(bytes, left);
		break;
	case HF_FIELD_U8:
		length = 1;
		break;
	case HF_FIELD_U16:
		length = 2;
		break;
	case HF_FIELD_U32:
	case HF_FIELD_IPV4:
		length = 4;
		break;
	case HF_FIELD_IPV6:
		length = 16;
		break;
	case HF_FIELD_STRING:
		length = left > 0 ? bytes[0] + 1u : HF_RDATA_FAULT;
		break;
	case HF_FIELD_REST:
		length = left;
		break;
	default:
		length = HF_RDATA_FAULT;
	}
	return length <= left ? length : HF_RDATA_FAULT;
}

size_t hf_rdata_expand(const uint8_t *message, size_t offset, size_t length, const uint8_t *fields, uint8_t *out)
{
	size_t end = offset + length, written = 0;

	for (; *fields != HF_FIELD_END; fields++) {
		size_t field_length;

		if (*fields == HF_FIELD_NAME || *fields == HF_FIELD_NAME_PLAIN) {
			uint8_t name[HF_NAME_MAX];

			/* Names of every type are let in compressed: a bare pointer could mean nothing else, and
			 * servers that compress where RFC 3597 §4 forbids it exist. */
			field_length = hf_name_parse(message, end, &offset, name);
			if (field_length == 0)
				return HF_RDATA_FAULT;
			if (out)
				memcpy(out + written, name, field_length);
		} else {
			field_length = hf_rdata_field_length(*fields, message + offset, end - offset);
			if (field_length == HF_RDATA_FAULT)
				return HF_RDATA_FAULT;
			if (out)
				memcpy(out + written, message + offset, field_length);
			offset += field_length;
		}
		written += field_length;
	}
	return offset == end && written <= UINT16_MAX ? written : HF_RDATA_FAULT;
}

/* Length octets of labels are below 'A', so names of the same length can be compared as octets. */
static bool equal_without_case(const uint8_t *a, const uint8_t *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (hf_name_lower_octet(a[i]) != hf_name_lower_octet(b[i]))
			return false;
	return true;
}

bool hf_rdata_equal(const uint8_t *a, const uint8_t *b, size_t length, const uint8_t *fields)
{
	size_t at = 0;

	if (length == 0 || memcmp(a, b, length) == 0)
		return true;
	for (; *fields != HF_FIELD_END && at < length; fields++) {
		bool is_name = *fields == HF_FIELD_NAME || *fields == HF_FIELD_NAME_PLAIN;
		size_t field_length = hf_rdata_field_length(*fields, a + at, length - at);

		if (field_length == HF_RDATA_FAULT)
			return false;
		if (!is_name && memcmp(a + at, b + at, field_length) != 0)
			return false;
		if (is_name && !equal_without_case(a + at, b + at, field_length))
			return false;
		at += field_length;
	}
	return at == length;
}
