// SPDX-License-Identifier: BSD-3-Clause
/* Prefixes as text. */
#include "base/prefix.h"
#include <arpa/inet.h>
#include <stdio.h>

/* Digits only, without leading zeros; false above `max`. */
static bool length_from_text(const char *text, unsigned max, uint8_t *length)
{
	unsigned value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return false;
	}
	*length = (uint8_t)value;
	return true;
}

static bool has_bits_behind(const struct hf_prefix *prefix)
{
	for (unsigned bit = prefix->length; bit < 128; bit++) {
		if (prefix->bytes[bit / 8] & 0x80 >> bit % 8)
			return true;
	}
	return false;
}

const char *hf_prefix_from_text(const char *text, struct hf_prefix *out)
{
	struct hf_prefix prefix = {.family = strchr(text, ':') ? 6 : 4};
	unsigned bits = prefix.family == 4 ? 32 : 128;
	const char *slash = strchr(text, '/');
	size_t address_length = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];

	if (address_length >= sizeof(address))
		return "is not an address or prefix";
	memcpy(address, text, address_length);
	address[address_length] = '\0';
	if (inet_pton(prefix.family == 4 ? AF_INET : AF_INET6, address, prefix.bytes) != 1)
		return "is not an address or prefix";
	prefix.length = (uint8_t)bits;
	if (slash && !length_from_text(slash + 1, bits, &prefix.length))
		return prefix.family == 4 ? "has no length from 0 to 32 behind the slash"
					  : "has no length from 0 to 128 behind the slash";
	if (has_bits_behind(&prefix))
		return "has bits set behind its length";
	*out = prefix;
	return NULL;
}

const char *hf_prefix_to_text(const struct hf_prefix *prefix, char out[HF_PREFIX_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN];

	if (prefix->family && inet_ntop(prefix->family == 4 ? AF_INET : AF_INET6, prefix->bytes, address, sizeof(address)))
		snprintf(out, HF_PREFIX_TEXT_MAX, "%s/%u", address, prefix->length);
	else
		snprintf(out, HF_PREFIX_TEXT_MAX, "none");
	return out;
}
