// SPDX-License-Identifier: BSD-3-Clause
/* Server cookies: checked and made. */
#include "wire/cookie.h"
#include <endian.h>
#include <string.h>
#include "wire/octets.h"

enum { VERSION = 1, VERSION_AT = 8, RESERVED = 3, TIME_AT = 12, HASH_AT = 16, HASH = 8 };

/* Over what stands before it and the address (RFC 9018 §4.4). */
static uint64_t hash_of(const uint8_t *cookie, const struct hf_address *client, const uint8_t key[HF_SIPHASH_KEY])
{
	size_t address_length = client->family == 4 ? 4 : 16;
	uint8_t input[HASH_AT + 16];

	memcpy(input, cookie, HASH_AT);
	memcpy(input + HASH_AT, client->bytes, address_length);
	return htole64(hf_siphash(key, input, HASH_AT + address_length));
}

static bool is_ours(const uint8_t *cookie, const struct hf_address *client, const uint8_t key[HF_SIPHASH_KEY])
{
	uint64_t given;

	memcpy(&given, cookie + HASH_AT, HASH);
	/* One comparison of a whole word: its time tells nothing of where they differ. */
	return given == hash_of(cookie, client, key);
}

static void make(uint8_t cookie[HF_COOKIE_SIZE], const struct hf_address *client, uint32_t now,
		 const uint8_t key[HF_SIPHASH_KEY])
{
	uint64_t hash;

	cookie[VERSION_AT] = VERSION;
	memset(cookie + VERSION_AT + 1, 0, RESERVED);
	hf_octets_put_u32(cookie + TIME_AT, now);
	hash = hash_of(cookie, client, key);
	memcpy(cookie + HASH_AT, &hash, HASH);
}

enum hf_cookie_state hf_cookie_answer(uint8_t cookie[HF_COOKIE_MAX], size_t length, const struct hf_address *client,
				      int64_t wall_s, const struct hf_cookie_secrets *secrets)
{
	uint32_t now = (uint32_t)wall_s;
	enum hf_cookie_state state = length == HF_COOKIE_CLIENT ? HF_COOKIE_UNKNOWN : HF_COOKIE_INVALID;

	if (length == HF_COOKIE_SIZE && cookie[VERSION_AT] == VERSION) {
		int32_t age = (int32_t)(now - hf_octets_u32(cookie + TIME_AT));

		if (age <= HF_COOKIE_LIFETIME && age >= -HF_COOKIE_FUTURE) {
			for (unsigned i = 0; i < secrets->count && state != HF_COOKIE_VALID; i++) {
				if (!is_ours(cookie, client, secrets->keys[i]))
					continue;
				state = HF_COOKIE_VALID;
				if (i == 0 && age <= HF_COOKIE_RENEWAL)
					return state; /* good for another while */
			}
		}
	}
	make(cookie, client, now, secrets->keys[0]);
	return state;
}
