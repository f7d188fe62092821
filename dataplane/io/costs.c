// SPDX-License-Identifier: BSD-3-Clause
/* Each operation is done as validation does it, for some milliseconds. */
#include "io/costs.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <string.h>
#include <time.h>
#include "control/log.h"
#include "dnssec/algorithm.h"
#include "dnssec/nsec3.h"
#include "dnssec/public_key.h"

enum {
	ROUND_NS = 6 * 1000 * 1000,
	MESSAGE_SIZE = 100,
	RSA_SIZE = 256, /* octets of 2048 bits */
	NSEC3_ITERATIONS = 100,
};

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A key and what is to be checked with it. */
struct sample {
	struct hf_public_key key;
	uint8_t rdata[4 + 4 + RSA_SIZE];
	uint8_t message[MESSAGE_SIZE];
	uint8_t signature[RSA_SIZE];
	size_t signature_length;
};

/* A check that fails at its end costs as much as one that holds. */
static void make_rsa(struct sample *sample, uint16_t *length)
{
	memcpy(sample->rdata + 4, "\x03\x01\x00\x01", 4);
	memset(sample->rdata + 8, 0xc3, RSA_SIZE); /* any odd number of that size */
	memset(sample->signature + 1, 0x5a, RSA_SIZE - 1);
	sample->signature_length = RSA_SIZE;
	*length = 8 + RSA_SIZE;
}

static bool make_ec(struct sample *sample, const char *group, size_t field, uint16_t *length)
{
	EVP_PKEY *pkey = EVP_EC_gen(group);
	uint8_t point[1 + 2 * 48];
	size_t size = 0;
	bool good = pkey && EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &size) > 0 &&
		    size == 1 + 2 * field;

	if (good)
		memcpy(sample->rdata + 4, point + 1, 2 * field);
	memset(sample->signature, 0x5a, 2 * field);
	sample->signature_length = 2 * field;
	*length = (uint16_t)(4 + 2 * field);
	EVP_PKEY_free(pkey);
	return good;
}

/* Of Edwards curves a made-up signature is refused before anything is computed. */
static bool make_edwards(struct sample *sample, const char *type, size_t size, uint16_t *length)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, type);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	sample->signature_length = sizeof(sample->signature);
	good = pkey && context && EVP_PKEY_get_raw_public_key(pkey, sample->rdata + 4, &size) > 0 &&
	       EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) > 0 &&
	       EVP_DigestSign(context, sample->signature, &sample->signature_length, sample->message, MESSAGE_SIZE) > 0;
	*length = (uint16_t)(4 + size);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

static bool make_sample(struct sample *sample, uint8_t algorithm)
{
	uint16_t length;
	bool good = true;

	memset(sample, 0, sizeof(*sample));
	memset(sample->message, 'm', MESSAGE_SIZE);
	sample->rdata[0] = 1;
	sample->rdata[2] = 3;
	sample->rdata[3] = algorithm;
	switch (algorithm) {
	case HF_ALGORITHM_ECDSAP256:
		good = make_ec(sample, "P-256", 32, &length);
		break;
	case HF_ALGORITHM_ECDSAP384:
		good = make_ec(sample, "P-384", 48, &length);
		break;
	case HF_ALGORITHM_ED25519:
		good = make_edwards(sample, "ED25519", 32, &length);
		break;
	case HF_ALGORITHM_ED448:
		good = make_edwards(sample, "ED448", 57, &length);
		break;
	default:
		make_rsa(sample, &length);
	}
	return good && hf_public_key_read(&sample->key, sample->rdata, length) && hf_public_key_make_ready(&sample->key);
}

static void keep(uint32_t *cost, uint64_t measured)
{
	uint32_t standard = *cost;

	if (measured >= standard / 10 && measured <= (uint64_t)standard * 10)
		*cost = (uint32_t)measured;
}

static void measure_checks(uint32_t *cost, uint8_t algorithm, EVP_MD_CTX *digester)
{
	struct sample sample;

	if (make_sample(&sample, algorithm)) {
		uint64_t begin, end;
		unsigned count = 0;

		/* Once to fill what is computed at first use. */
		hf_public_key_check(&sample.key, digester, sample.message, MESSAGE_SIZE, sample.signature, sample.signature_length);
		begin = cpu_ns();
		do {
			hf_public_key_check(&sample.key, digester, sample.message, MESSAGE_SIZE, sample.signature,
					    sample.signature_length);
			count++;
			end = cpu_ns();
		} while (end - begin < ROUND_NS);
		keep(cost, (end - begin) / count);
	}
	hf_public_key_free(&sample.key);
}

static void measure_hashes(struct hf_costs *costs, EVP_MD_CTX *digester)
{
	const EVP_MD *md = hf_public_key_digest(HF_ALGORITHM_RSASHA256);
	uint8_t octets[MESSAGE_SIZE] = {0}, out[EVP_MAX_MD_SIZE];
	uint64_t begin = cpu_ns(), end;
	unsigned count = 0;

	do {
		EVP_DigestInit_ex(digester, md, NULL);
		EVP_DigestUpdate(digester, octets, sizeof(octets));
		EVP_DigestFinal_ex(digester, out, NULL);
		count++;
		end = cpu_ns();
	} while (end - begin < ROUND_NS / 4);
	keep(&costs->digest, (end - begin) / count);
	begin = cpu_ns();
	count = 0;
	do {
		hf_nsec3_hash((const uint8_t *)"\3www\7example", octets, 8, NSEC3_ITERATIONS, out);
		count += NSEC3_ITERATIONS + 1;
		end = cpu_ns();
	} while (end - begin < ROUND_NS / 4);
	keep(&costs->nsec3_hash, (end - begin) / count);
}

void hf_costs_measure(struct hf_costs *costs)
{
	EVP_MD_CTX *digester = EVP_MD_CTX_new();

	*costs = hf_costs_default;
	if (!digester)
		return;
	measure_checks(&costs->rsa_2048, HF_ALGORITHM_RSASHA256, digester);
	measure_checks(&costs->ecdsa_p256, HF_ALGORITHM_ECDSAP256, digester);
	measure_checks(&costs->ecdsa_p384, HF_ALGORITHM_ECDSAP384, digester);
	measure_checks(&costs->ed25519, HF_ALGORITHM_ED25519, digester);
	measure_checks(&costs->ed448, HF_ALGORITHM_ED448, digester);
	measure_hashes(costs, digester);
	EVP_MD_CTX_free(digester);
	hf_log(HF_LOG_INFO, "validation-costs", "rsa-2048=%u p-256=%u p-384=%u ed25519=%u ed448=%u digest=%u nsec3-hash=%u text=\"ns each\"",
	       costs->rsa_2048, costs->ecdsa_p256, costs->ecdsa_p384, costs->ed25519, costs->ed448, costs->digest, costs->nsec3_hash);
}
