// SPDX-License-Identifier: BSD-3-Clause
/* Domain names in presentation form (RFC 1035 §5.1, RFC 4343 §2.1). */
#include "wire/name.h"
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One octet of a label at *text, which does not stand at a dot or the end. False on a broken escape. */
static bool octet_from_text(const char **text, uint8_t *octet)
{
	const char *at = *text;

	if (at[0] != '\\') {
		*octet = (uint8_t)at[0];
		*text = at + 1;
		return true;
	}
	if (!is_digit(at[1])) {
		*octet = (uint8_t)at[1];
		*text = at + 2;
		return at[1] != '\0';
	}
	if (!is_digit(at[2]) || !is_digit(at[3]))
		return false;

	int value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');

	*octet = (uint8_t)value;
	*text = at + 4;
	return value <= 255;
}

size_t hf_name_from_text(const char *text, uint8_t out[HF_NAME_MAX])
{
	size_t length = 0;

	if (!*text)
		return 0;
	if (strcmp(text, ".") == 0)
		text++;
	while (*text) {
		size_t label = length++;

		while (*text && *text != '.') {
			uint8_t octet;

			/* One place is kept for the root label. */
			if (!octet_from_text(&text, &octet) || length - label > HF_LABEL_MAX ||
			    length >= HF_NAME_MAX - 1)
				return 0;
			out[length++] = octet;
		}
		if (length == label + 1)
			return 0; /* an empty label inside */
		out[label] = (uint8_t)(length - label - 1);
		if (*text == '.')
			text++;
	}
	out[length++] = 0;
	return length;
}

static char *octet_to_text(uint8_t octet, char *out)
{
	if (octet <= ' ' || octet >= 0x7f) {
		*out++ = '\\';
		*out++ = (char)('0' + octet / 100);
		*out++ = (char)('0' + octet / 10 % 10);
		*out++ = (char)('0' + octet % 10);
		return out;
	}
	if (strchr(".\"();@$\\", octet))
		*out++ = '\\';
	*out++ = (char)octet;
	return out;
}

const char *hf_name_to_text(const uint8_t *name, char out[HF_NAME_TEXT_MAX])
{
	char *at = out;

	if (!*name)
		*at++ = '.';
	for (; *name; name += *name + 1) {
		for (unsigned i = 1; i <= *name; i++)
			at = octet_to_text(name[i], at);
		*at++ = '.';
	}
	*at = '\0';
	return out;
}

const char *hf_name_cut_text(char *text, size_t length)
{
	size_t at = 0;

	while (text[at]) {
		size_t size = text[at] != '\\' ? 1 : is_digit(text[at + 1]) ? 4 : 2;

		if (at + size > length)
			break;
		at += size;
	}
	text[at] = '\0';
	return text;
}
