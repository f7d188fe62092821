// SPDX-License-Identifier: BSD-3-Clause
/* Names out of messages and out of text. Input: an offset (two octets, taken modulo the rest's length), then a message;
 * the whole input is read as text, too. */
#include <string.h>
#include "fuzz.h"
#include "wire/name.h"

static void check_name(const uint8_t *name, size_t length)
{
	uint8_t other[HF_NAME_MAX], joined[HF_NAME_MAX];
	char text[HF_NAME_TEXT_MAX];
	const uint8_t *parent = hf_name_parent(name);
	unsigned labels = hf_name_label_count(name);
	size_t offset = 0;

	FUZZ_CHECK(length <= HF_NAME_MAX && hf_name_length(name) == length);
	FUZZ_CHECK(labels <= HF_NAME_LABELS_MAX && *hf_name_strip(name, labels) == 0);
	FUZZ_CHECK(strlen(hf_name_to_text(name, text)) < HF_NAME_TEXT_MAX);
	FUZZ_CHECK(hf_name_from_text(text, other) == length && memcmp(name, other, length) == 0);
	FUZZ_CHECK(hf_name_lower(name, other) == length);
	FUZZ_CHECK(hf_name_equal(name, other) && hf_name_compare(name, other) == 0);
	FUZZ_CHECK(hf_name_is_below_or_equal(name, other) && hf_name_is_below_or_equal(name, hf_name_root));
	FUZZ_CHECK(hf_name_parse(name, length, &offset, other) == length && offset == length);
	if (!parent)
		return;
	FUZZ_CHECK(hf_name_is_below_or_equal(name, parent) && !hf_name_is_below_or_equal(parent, name));
	FUZZ_CHECK(hf_name_compare(parent, name) < 0 && hf_name_compare(name, parent) > 0);
	FUZZ_CHECK(hf_name_join(name, (size_t)(parent - name), parent, joined) == length);
	FUZZ_CHECK(hf_name_equal(name, joined));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t name[HF_NAME_MAX];
	size_t offset, start, length;
	char *text;

	if (size < 3)
		return 0;
	start = offset = (size_t)(data[0] << 8 | data[1]) % (size - 2);
	length = hf_name_parse(data + 2, size - 2, &offset, name);
	FUZZ_CHECK(length ? offset > start && offset <= size - 2 : offset == start);
	if (length)
		check_name(name, length);

	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	length = hf_name_from_text(text, name);
	if (length)
		check_name(name, length);
	free(text);
	return 0;
}
