// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/nsec3.h"
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include "wire/octets.h"

enum { FIXED_SIZE = 5, HASH_TEXT_SIZE = 32 };

bool hf_nsec3_read(const struct hf_rdata *rdata, struct hf_nsec3 *nsec3)
{
	const uint8_t *bytes = rdata->bytes;
	size_t length = rdata->length, at = FIXED_SIZE;

	if (length < FIXED_SIZE || length - at < bytes[4] + 1u)
		return false;
	nsec3->hash_algorithm = bytes[0];
	nsec3->flags = bytes[1];
	nsec3->iterations = hf_octets_u16(bytes + 2);
	nsec3->salt_length = bytes[4];
	nsec3->salt = bytes + at;
	at += nsec3->salt_length;
	nsec3->next_length = bytes[at++];
	nsec3->next = bytes + at;
	if (length - at < nsec3->next_length)
		return false;
	at += nsec3->next_length;
	nsec3->bitmap = bytes + at;
	nsec3->bitmap_length = (uint16_t)(length - at);
	return true;
}

static int digit_of(uint8_t octet)
{
	octet = hf_name_lower_octet(octet);
	if (octet >= '0' && octet <= '9')
		return octet - '0';
	if (octet >= 'a' && octet <= 'v')
		return octet - 'a' + 10;
	return -1;
}

bool hf_nsec3_owner_hash(const uint8_t *owner, uint8_t hash[HF_NSEC3_HASH_SIZE])
{
	uint32_t bits = 0;
	unsigned held = 0;

	if (owner[0] != HASH_TEXT_SIZE)
		return false;
	for (unsigned i = 0; i < HASH_TEXT_SIZE; i++) {
		int digit = digit_of(owner[1 + i]);

		if (digit < 0)
			return false;
		bits = bits << 5 | (uint32_t)digit;
		held += 5;
		if (held >= 8) {
			held -= 8;
			*hash++ = (uint8_t)(bits >> held);
		}
	}
	return true;
}

static EVP_MD *sha1;
static pthread_key_t context_key;

static void free_context(void *context)
{
	EVP_MD_CTX_free(context);
}

static void prepare(void)
{
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	if (pthread_key_create(&context_key, free_context) != 0) {
		EVP_MD_free(sha1);
		sha1 = NULL;
	}
}

/* Making a context costs as much as several hashes: each thread keeps one. */
static EVP_MD_CTX *take_context(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	EVP_MD_CTX *context;

	pthread_once(&once, prepare);
	if (!sha1)
		return NULL;
	context = pthread_getspecific(context_key);
	if (!context) {
		context = EVP_MD_CTX_new();
		if (context && pthread_setspecific(context_key, context) != 0) {
			EVP_MD_CTX_free(context);
			context = NULL;
		}
	}
	return context;
}

bool hf_nsec3_hash(const uint8_t *name, const uint8_t *salt, uint8_t salt_length, uint16_t iterations,
		   uint8_t hash[HF_NSEC3_HASH_SIZE])
{
	EVP_MD_CTX *context = take_context();
	uint8_t lowered[HF_NAME_MAX];
	const uint8_t *input = lowered;
	size_t length = hf_name_lower(name, lowered);

	if (!context)
		return false;
	for (unsigned i = 0; i <= iterations; i++) {
		if (EVP_DigestInit_ex(context, sha1, NULL) <= 0 || EVP_DigestUpdate(context, input, length) <= 0 ||
		    EVP_DigestUpdate(context, salt, salt_length) <= 0 || EVP_DigestFinal_ex(context, hash, NULL) <= 0)
			return false;
		input = hash;
		length = HF_NSEC3_HASH_SIZE;
	}
	return true;
}
