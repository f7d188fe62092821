// SPDX-License-Identifier: BSD-3-Clause
/* Keys and checks by OpenSSL's EVP interface; see public_key.h. */
#include "dnssec/public_key.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>
#include "dnssec/algorithm.h"
#include "wire/octets.h"

enum {
	FIXED_SIZE = 4, /* flags, protocol, algorithm */
	RSA_BITS_MAX = 4096, RSA_BITS_MIN = 512, /* RFC 5702 §2.1 */
	RSA_EXPONENT_BITS_MAX = 64, /* a check's cost grows with it; honest ones have 17 bits, a few 32 */
	EC_FIELD_MAX = 48,
	EC_DER_MAX = 2 + 2 * (2 + 1 + EC_FIELD_MAX),
};

static EVP_MD *sha1, *sha256, *sha384, *sha512;

static void fetch_digests(void)
{
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
	sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
}

const EVP_MD *hf_public_key_digest(uint8_t algorithm)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_digests);
	switch (algorithm) {
	case HF_ALGORITHM_RSASHA1:
	case HF_ALGORITHM_RSASHA1_NSEC3:
		return sha1;
	case HF_ALGORITHM_RSASHA256:
	case HF_ALGORITHM_ECDSAP256:
		return sha256;
	case HF_ALGORITHM_ECDSAP384:
		return sha384;
	case HF_ALGORITHM_RSASHA512:
		return sha512;
	}
	return NULL; /* EdDSA hashes for itself */
}

bool hf_public_key_read(struct hf_public_key *key, const uint8_t *rdata, uint16_t length)
{
	*key = (struct hf_public_key){.rdata = rdata, .length = length};
	if (length < FIXED_SIZE)
		return false;
	key->flags = hf_octets_u16(rdata);
	key->protocol = rdata[2];
	key->algorithm = rdata[3];
	key->tag = hf_key_tag(rdata, length);
	return true;
}

bool hf_public_key_may_sign(const struct hf_public_key *key)
{
	return (key->flags & HF_DNSKEY_ZONE) && !(key->flags & HF_DNSKEY_REVOKED) && key->protocol == 3;
}

void hf_public_key_free(struct hf_public_key *key)
{
	EVP_PKEY_CTX_free(key->verifier);
	EVP_PKEY_free(key->pkey);
}

/* ---- reading ---- */

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && context && EVP_PKEY_fromdata_init(context) > 0 &&
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return pkey;
}

/* RFC 3110 §2: the exponent's length in one octet, or in three where the first is 0; exponent; modulus. */
static EVP_PKEY *read_rsa(struct hf_public_key *key, const uint8_t *bytes, size_t length)
{
	OSSL_PARAM_BLD *builder;
	BIGNUM *exponent, *modulus;
	EVP_PKEY *pkey = NULL;
	size_t size, at = 1;

	if (length < 3)
		return NULL;
	size = bytes[0];
	if (size == 0) {
		size = hf_octets_u16(bytes + 1);
		at = 3;
	}
	if (size == 0 || length - at <= size)
		return NULL;
	exponent = BN_bin2bn(bytes + at, (int)size, NULL);
	modulus = BN_bin2bn(bytes + at + size, (int)(length - at - size), NULL);
	builder = OSSL_PARAM_BLD_new();
	if (exponent && modulus && builder && BN_num_bits(modulus) >= RSA_BITS_MIN && BN_num_bits(modulus) <= RSA_BITS_MAX &&
	    BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX && !BN_is_zero(exponent) && BN_is_odd(modulus) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent)) {
		key->bits = (uint16_t)BN_num_bits(modulus);
		pkey = from_params("RSA", builder);
	}
	OSSL_PARAM_BLD_free(builder);
	BN_free(exponent);
	BN_free(modulus);
	return pkey;
}

/* RFC 6605 §4: the point's coordinates, uncompressed, without the octet that says so. */
static EVP_PKEY *read_ec(const char *group, size_t field, const uint8_t *bytes, size_t length)
{
	OSSL_PARAM_BLD *builder;
	uint8_t point[1 + 2 * EC_FIELD_MAX];
	EVP_PKEY *pkey = NULL;

	if (length != 2 * field)
		return NULL;
	point[0] = 4;
	memcpy(point + 1, bytes, length);
	builder = OSSL_PARAM_BLD_new();
	if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, length + 1))
		pkey = from_params("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *read_key(struct hf_public_key *key)
{
	const uint8_t *bytes = key->rdata + FIXED_SIZE;
	size_t length = key->length - FIXED_SIZE;

	switch (key->algorithm) {
	case HF_ALGORITHM_RSASHA1:
	case HF_ALGORITHM_RSASHA1_NSEC3:
	case HF_ALGORITHM_RSASHA256:
	case HF_ALGORITHM_RSASHA512:
		return read_rsa(key, bytes, length);
	case HF_ALGORITHM_ECDSAP256:
		return read_ec("P-256", 32, bytes, length);
	case HF_ALGORITHM_ECDSAP384:
		return read_ec("P-384", 48, bytes, length);
	case HF_ALGORITHM_ED25519:
		return length == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, length) : NULL;
	case HF_ALGORITHM_ED448:
		return length == 57 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, bytes, length) : NULL;
	}
	return NULL;
}

static bool is_edwards(const struct hf_public_key *key)
{
	return key->algorithm == HF_ALGORITHM_ED25519 || key->algorithm == HF_ALGORITHM_ED448;
}

static bool make_verifier(struct hf_public_key *key)
{
	const EVP_MD *digest = hf_public_key_digest(key->algorithm);

	if (is_edwards(key))
		return true;
	key->verifier = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	return key->verifier && digest && EVP_PKEY_verify_init(key->verifier) > 0 &&
	       (!key->bits || EVP_PKEY_CTX_set_rsa_padding(key->verifier, RSA_PKCS1_PADDING) > 0) &&
	       EVP_PKEY_CTX_set_signature_md(key->verifier, digest) > 0;
}

bool hf_public_key_make_ready(struct hf_public_key *key)
{
	if (key->tried)
		return !key->broken;
	key->tried = true;
	key->pkey = read_key(key);
	key->broken = !key->pkey || !make_verifier(key);
	return !key->broken;
}

uint32_t hf_public_key_cost(const struct hf_public_key *key, const struct hf_costs *costs)
{
	switch (key->algorithm) {
	case HF_ALGORITHM_ECDSAP256:
		return costs->ecdsa_p256;
	case HF_ALGORITHM_ECDSAP384:
		return costs->ecdsa_p384;
	case HF_ALGORITHM_ED25519:
		return costs->ed25519;
	case HF_ALGORITHM_ED448:
		return costs->ed448;
	}
	return (uint32_t)((uint64_t)costs->rsa_2048 * key->bits * key->bits / (2048 * 2048)) + 1;
}

/* ---- checking ---- */

/* An INTEGER of DER, from one of fixed width. */
static size_t put_integer(uint8_t *out, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	while (length > 1 && bytes[0] == 0) {
		bytes++;
		length--;
	}
	out[at++] = 2;
	out[at++] = (uint8_t)(length + (bytes[0] >> 7));
	if (bytes[0] >> 7)
		out[at++] = 0;
	memcpy(out + at, bytes, length);
	return at + length;
}

/* RFC 6605 §4: r and s one behind the other; OpenSSL wants them in a SEQUENCE. */
static size_t to_der(const uint8_t *signature, size_t field, uint8_t out[EC_DER_MAX])
{
	size_t length = 2;

	length += put_integer(out + length, signature, field);
	length += put_integer(out + length, signature + field, field);
	out[0] = 0x30;
	out[1] = (uint8_t)(length - 2); /* at most 2 * 51: one octet holds it */
	return length;
}

bool hf_public_key_check(struct hf_public_key *key, EVP_MD_CTX *digester, const uint8_t *message, size_t length,
			 const uint8_t *signature, size_t signature_length)
{
	uint8_t digest[EVP_MAX_MD_SIZE], der[EC_DER_MAX];
	size_t field = key->algorithm == HF_ALGORITHM_ECDSAP256 ? 32 : key->algorithm == HF_ALGORITHM_ECDSAP384 ? 48 : 0;
	unsigned digest_length;

	if (is_edwards(key)) {
		bool good = EVP_DigestVerifyInit(digester, NULL, NULL, NULL, key->pkey) > 0 &&
			    EVP_DigestVerify(digester, signature, signature_length, message, length) > 0;

		EVP_MD_CTX_reset(digester); /* it would go on as the signature's for plain digests */
		return good;
	}
	if (EVP_DigestInit_ex(digester, hf_public_key_digest(key->algorithm), NULL) <= 0 ||
	    EVP_DigestUpdate(digester, message, length) <= 0 || EVP_DigestFinal_ex(digester, digest, &digest_length) <= 0)
		return false;
	if (field) {
		if (signature_length != 2 * field)
			return false;
		signature_length = to_der(signature, field, der);
		signature = der;
	}
	return EVP_PKEY_verify(key->verifier, signature, signature_length, digest, digest_length) > 0;
}
