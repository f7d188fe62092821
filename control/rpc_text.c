// SPDX-License-Identifier: BSD-3-Clause
/* Texts for JSON from where nobody has looked at their encoding. */
#include "control/rpc_text.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How many octets the sequence that begins here has, by its first octet (RFC 3629 section 4); 0: none begins so. */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_sequence(const char *text, size_t length)
{
	json_t *checked = json_stringn(text, length); /* jansson refuses what is not UTF-8 */

	json_decref(checked);
	return checked != NULL;
}

json_t *hf_rpc_text(const char *text)
{
	json_t *whole = json_string(text), *mended;
	size_t left = strlen(text);
	char *copy, *at;

	if (whole)
		return whole;
	at = copy = strdup(text);
	while (copy && left > 0) {
		size_t length = sequence_length((unsigned char)*at);

		if (length == 0 || length > left || !is_sequence(at, length)) {
			*at = '?';
			length = 1;
		}
		at += length;
		left -= length;
	}
	mended = copy ? json_string(copy) : NULL;
	free(copy);
	return mended;
}
