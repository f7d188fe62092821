// SPDX-License-Identifier: BSD-3-Clause
/* Cookies towards servers; see cookie.h. */
#include "resolver/cookie.h"
#include <string.h>
#include "wire/message.h"
#include "wire/octets.h"

enum { OPTION_COOKIE = 10, RR_FIXED = 10, OPTION_FIXED = 4 };

void hf_cookie_refresh(struct hf_cookie *cookie, const struct hf_random *random, struct hf_now now)
{
	if (cookie->drawn_ns && now.mono_ns - cookie->drawn_ns < HF_COOKIE_LIFE_NS)
		return;
	random->fill(random->state, cookie->client, sizeof(cookie->client));
	cookie->drawn_ns = now.mono_ns ? now.mono_ns : 1;
	cookie->server_length = 0;
}

static void put_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

size_t hf_cookie_append(uint8_t *message, size_t length, const struct hf_cookie *cookie)
{
	size_t data = HF_COOKIE_CLIENT_SIZE + (size_t)cookie->server_length;
	uint8_t *at = message + length;

	put_u16(at - 2, OPTION_FIXED + data); /* RDLENGTH of the OPT */
	put_u16(at, OPTION_COOKIE);
	put_u16(at + 2, data);
	memcpy(at + OPTION_FIXED, cookie->client, HF_COOKIE_CLIENT_SIZE);
	memcpy(at + OPTION_FIXED + HF_COOKIE_CLIENT_SIZE, cookie->server, cookie->server_length);
	return length + OPTION_FIXED + data;
}

/* Behind the name at `at`; `length` for one that does not end. */
static size_t skip_name(const uint8_t *message, size_t length, size_t at)
{
	while (at < length) {
		uint8_t octet = message[at];

		if (octet == 0)
			return at + 1;
		if (octet >= 0xc0)
			return at + 2;
		at += octet + 1u;
	}
	return length;
}

/* The data of the OPT's first COOKIE option (RFC 7873 §5.2: others are ignored), NULL for none. A message that cannot be walked has none:
 * the parser will say what is wrong with it. */
static const uint8_t *find_option(const uint8_t *message, size_t length, size_t *data_length)
{
	size_t at = HF_HEADER_SIZE;
	unsigned questions = hf_octets_u16(message + 4), others = hf_octets_u16(message + 6) + hf_octets_u16(message + 8);
	unsigned records = others + hf_octets_u16(message + 10);

	for (; questions; questions--)
		at = skip_name(message, length, at) + 4;
	for (unsigned i = 0; i < records; i++) {
		size_t end;

		at = skip_name(message, length, at);
		if (at >= length || length - at < RR_FIXED)
			return NULL;
		end = at + RR_FIXED + hf_octets_u16(message + at + 8);
		if (end > length)
			return NULL;
		if (i >= others && hf_octets_u16(message + at) == HF_TYPE_OPT) {
			for (at += RR_FIXED; end - at >= OPTION_FIXED;) {
				size_t size = hf_octets_u16(message + at + 2);

				if (size > end - at - OPTION_FIXED)
					return NULL;
				if (hf_octets_u16(message + at) == OPTION_COOKIE) {
					*data_length = size;
					return message + at + OPTION_FIXED;
				}
				at += OPTION_FIXED + size;
			}
			return NULL;
		}
		at = end;
	}
	return NULL;
}

enum hf_cookie_verdict hf_cookie_check(const uint8_t *message, size_t length,
				       const uint8_t client[HF_COOKIE_CLIENT_SIZE], const uint8_t **server,
				       size_t *server_length)
{
	size_t data_length = 0;
	const uint8_t *data = length >= HF_HEADER_SIZE ? find_option(message, length, &data_length) : NULL;

	if (!data)
		return HF_COOKIE_ABSENT;
	/* RFC 7873 §5.3; a client cookie alone is what servers send back that give none of their own. */
	if (data_length < HF_COOKIE_CLIENT_SIZE || memcmp(data, client, HF_COOKIE_CLIENT_SIZE) != 0)
		return HF_COOKIE_WRONG;
	*server = data + HF_COOKIE_CLIENT_SIZE;
	*server_length = data_length - HF_COOKIE_CLIENT_SIZE;
	if (*server_length && (*server_length < HF_COOKIE_SERVER_MIN || *server_length > HF_COOKIE_SERVER_MAX))
		return HF_COOKIE_WRONG;
	return HF_COOKIE_GOOD;
}

void hf_cookie_learn(struct hf_cookie *cookie, const uint8_t *server, size_t server_length)
{
	memcpy(cookie->server, server, server_length);
	cookie->server_length = (uint8_t)server_length;
}
