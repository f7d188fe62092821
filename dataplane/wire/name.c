// SPDX-License-Identifier: BSD-3-Clause
/* Domain names: reading them out of messages, and what can be asked of them. */
#include "wire/name.h"
#include <string.h>
#include "bpf/fastpath_abi.h"

const uint8_t hf_name_root[1] = {0};

/* A well-behaved compressor never points at a pointer, so a name has at most one pointer per label. Some
 * do; but a chain of bare pointers through the whole message, named by each of thousands of RRs,
 * would make parsing quadratic (the CVE-2024-8508 class). */
enum { POINTERS_MAX = HF_NAME_LABELS_MAX };

size_t hf_name_parse(const uint8_t *message, size_t length, size_t *offset, uint8_t out[HF_NAME_MAX])
{
	size_t at = *offset, lowest = *offset, behind = 0, written = 0;
	unsigned pointers = 0;

	for (;;) {
		uint8_t label;

		if (at >= length)
			return 0;
		label = message[at];
		if (label <= HF_LABEL_MAX) {
			/* Leaves room for the root label: written + 1 + label + 1 ≤ 255. */
			if (label > length - at - 1 || written + label + 1 > HF_NAME_MAX - (label != 0))
				return 0;
			memcpy(out + written, message + at, label + 1u);
			written += label + 1u;
			at += label + 1u;
			if (label == 0)
				break;
		} else if (label >= 0xc0) {
			size_t target;

			if (length - at < 2 || ++pointers > POINTERS_MAX)
				return 0;
			target = (size_t)(label & 0x3f) << 8 | message[at + 1];
			if (target >= lowest)
				return 0;
			if (!behind)
				behind = at + 2;
			at = lowest = target;
		} else {
			return 0; /* 0x40 and 0x80 are reserved (RFC 6891 §5) */
		}
	}
	*offset = behind ? behind : at;
	return written;
}

size_t hf_name_length(const uint8_t *name)
{
	size_t length = 0;

	while (name[length])
		length += name[length] + 1u;
	return length + 1;
}

unsigned hf_name_label_count(const uint8_t *name)
{
	unsigned count = 0;

	for (; *name; name += *name + 1)
		count++;
	return count;
}

/* Equal without case. Length octets are at most 63 and so below 'A': lowering leaves them alone. */
static bool octets_equal(const uint8_t *a, const uint8_t *b, size_t length)
{
	uint64_t left, right;

	for (; length >= 8; a += 8, b += 8, length -= 8) {
		memcpy(&left, a, 8);
		memcpy(&right, b, 8);
		if (left != right && hf_key_lower(left) != hf_key_lower(right))
			return false;
	}
	for (; length > 0; a++, b++, length--)
		if (hf_name_lower_octet(*a) != hf_name_lower_octet(*b))
			return false;
	return true;
}

bool hf_name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t length = hf_name_length(a);

	return length == hf_name_length(b) && octets_equal(a, b, length);
}

bool hf_name_is_below_or_equal(const uint8_t *name, const uint8_t *ancestor)
{
	size_t name_length = hf_name_length(name), ancestor_length = hf_name_length(ancestor);
	const uint8_t *end = name + name_length;

	if (name_length < ancestor_length)
		return false;
	/* The suffix must begin at a label: "xa.example." is not below "a.example.". */
	while ((size_t)(end - name) > ancestor_length)
		name += *name + 1;
	return (size_t)(end - name) == ancestor_length && octets_equal(name, ancestor, ancestor_length);
}

const uint8_t *hf_name_parent(const uint8_t *name)
{
	return *name ? name + *name + 1 : NULL;
}

const uint8_t *hf_name_strip(const uint8_t *name, unsigned labels)
{
	for (; labels > 0 && *name; labels--)
		name += *name + 1;
	return name;
}

static int label_compare(const uint8_t *a, const uint8_t *b)
{
	unsigned shorter = *a < *b ? *a : *b;

	for (unsigned i = 1; i <= shorter; i++) {
		int difference = hf_name_lower_octet(a[i]) - hf_name_lower_octet(b[i]);

		if (difference)
			return difference;
	}
	return *a - *b;
}

static unsigned label_offsets(const uint8_t *name, uint8_t offsets[HF_NAME_LABELS_MAX])
{
	unsigned count = 0;

	for (size_t at = 0; name[at]; at += name[at] + 1u)
		offsets[count++] = (uint8_t)at;
	return count;
}

int hf_name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t offsets_a[HF_NAME_LABELS_MAX], offsets_b[HF_NAME_LABELS_MAX];
	unsigned left_a = label_offsets(a, offsets_a), left_b = label_offsets(b, offsets_b);

	while (left_a > 0 && left_b > 0) {
		int order = label_compare(a + offsets_a[--left_a], b + offsets_b[--left_b]);

		if (order)
			return order;
	}
	return (int)left_a - (int)left_b;
}

size_t hf_name_copy(const uint8_t *name, uint8_t out[HF_NAME_MAX])
{
	size_t length = hf_name_length(name);

	memmove(out, name, length);
	return length;
}

size_t hf_name_lower(const uint8_t *name, uint8_t out[HF_NAME_MAX])
{
	size_t length = hf_name_length(name);

	for (size_t i = 0; i < length; i++)
		out[i] = hf_name_lower_octet(name[i]);
	return length;
}

size_t hf_name_join(const uint8_t *prefix, size_t prefix_length_without_root, const uint8_t *suffix,
		    uint8_t out[HF_NAME_MAX])
{
	size_t suffix_length = hf_name_length(suffix);

	if (prefix_length_without_root + suffix_length > HF_NAME_MAX)
		return 0;
	memcpy(out, prefix, prefix_length_without_root);
	memcpy(out + prefix_length_without_root, suffix, suffix_length);
	return prefix_length_without_root + suffix_length;
}

size_t hf_name_wildcard(const uint8_t *name, unsigned labels, uint8_t out[HF_NAME_MAX])
{
	static const uint8_t star[] = {1, '*'};

	return hf_name_join(star, sizeof(star), hf_name_strip(name, hf_name_label_count(name) - labels), out);
}

unsigned hf_name_common_labels(const uint8_t *a, const uint8_t *b)
{
	while (!hf_name_is_below_or_equal(a, b))
		b = hf_name_parent(b);
	return hf_name_label_count(b);
}
