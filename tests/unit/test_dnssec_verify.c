// SPDX-License-Identifier: BSD-3-Clause
/* dnssec/verify.c with keys and signatures made here by OpenSSL, for every algorithm; and what must not verify. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "dnssec/algorithm.h"
#include "dnssec/canonical.h"
#include "dnssec/verify.h"

enum { NOW = 1800000000, DAY = 86400, TTL = 3600 };

static const uint64_t secret[2] = {3, 4};
static const struct hf_now now = {.mono_ns = HF_NS_PER_SECOND, .wall_s = NOW};

struct fixture {
	struct hf_arena *arena;
	struct hf_verdicts *verdicts;
	struct hf_validator *validator;
	struct hf_work work;
	uint8_t zone[HF_NAME_MAX], owner[HF_NAME_MAX];
};

struct signer {
	uint8_t algorithm;
	EVP_PKEY *pkey;
	uint8_t dnskey[600];
	uint16_t length, tag;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = hf_arena_new(1 << 22);
	f->verdicts = hf_verdicts_new(1024, secret);
	f->validator = hf_validator_new(&hf_dnssec_policy_default, &hf_costs_default, f->verdicts);
	f->work = (struct hf_work){.limit_ns = UINT64_MAX / 2, .failed_max = 8};
	hf_name_from_text("example.", f->zone);
	hf_name_from_text("WWW.Example.", f->owner);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	hf_validator_free(f->validator);
	hf_verdicts_free(f->verdicts);
	hf_arena_free(f->arena);
	free(f);
	return 0;
}

/* ---- signing ---- */

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, value >> 16);
	put_u16(at + 2, value & 0xffff);
}

static void make_signer(struct signer *signer, uint8_t algorithm, unsigned bits, unsigned flags)
{
	uint8_t *key = signer->dnskey + 4;
	size_t length = 0;

	signer->algorithm = algorithm;
	put_u16(signer->dnskey, flags);
	signer->dnskey[2] = 3;
	signer->dnskey[3] = algorithm;
	switch (algorithm) {
	case HF_ALGORITHM_ECDSAP256:
	case HF_ALGORITHM_ECDSAP384: {
		uint8_t point[1 + 96];

		signer->pkey = EVP_EC_gen(algorithm == HF_ALGORITHM_ECDSAP256 ? "P-256" : "P-384");
		assert_int_equal(EVP_PKEY_get_octet_string_param(signer->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &length), 1);
		memcpy(key, point + 1, --length);
		break;
	}
	case HF_ALGORITHM_ED25519:
	case HF_ALGORITHM_ED448:
		signer->pkey = EVP_PKEY_Q_keygen(NULL, NULL, algorithm == HF_ALGORITHM_ED25519 ? "ED25519" : "ED448");
		length = 57;
		assert_int_equal(EVP_PKEY_get_raw_public_key(signer->pkey, key, &length), 1);
		break;
	default: {
		BIGNUM *modulus = NULL;

		signer->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
		assert_int_equal(EVP_PKEY_get_bn_param(signer->pkey, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
		memcpy(key, "\x03\x01\x00\x01", 4);
		length = 4 + (size_t)BN_bn2bin(modulus, key + 4);
		BN_free(modulus);
	}
	}
	assert_non_null(signer->pkey);
	signer->length = (uint16_t)(4 + length);
	signer->tag = hf_key_tag(signer->dnskey, signer->length);
}

static const EVP_MD *digest_of(uint8_t algorithm)
{
	switch (algorithm) {
	case HF_ALGORITHM_RSASHA1:
	case HF_ALGORITHM_RSASHA1_NSEC3:
		return EVP_sha1();
	case HF_ALGORITHM_RSASHA512:
		return EVP_sha512();
	case HF_ALGORITHM_ECDSAP384:
		return EVP_sha384();
	case HF_ALGORITHM_ED25519:
	case HF_ALGORITHM_ED448:
		return NULL;
	}
	return EVP_sha256();
}

/* r and s of a DER signature, each as wide as the field. */
static size_t from_der(const uint8_t *der, size_t field, uint8_t *out)
{
	size_t at = 2;

	memset(out, 0, 2 * field);
	for (unsigned i = 0; i < 2; i++) {
		size_t length = der[at + 1];
		const uint8_t *bytes = der + at + 2;

		at += 2 + length;
		while (length > field) {
			bytes++;
			length--;
		}
		memcpy(out + (i + 1) * field - length, bytes, length);
	}
	return 2 * field;
}

struct window {
	uint32_t inception, expiration;
};

static const struct window today = {NOW - DAY, NOW + DAY};

/* The set with one more RRSIG, as `signer` makes it; `labels` -1: those of the owner. */
static struct hf_rrset *add_signature(struct fixture *f, const struct hf_rrset *set, struct signer *signer, const uint8_t *zone,
				      struct window window, int labels)
{
	const uint8_t *owner = hf_rrset_owner(set);
	uint8_t bytes[1024], signature[600], der[200];
	struct hf_rdata rdata[64];
	struct hf_canonical canonical = {0};
	struct hf_rrsig rrsig;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t length = sizeof(signature);
	unsigned count = 0;

	put_u16(bytes, set->type);
	bytes[2] = signer->algorithm;
	bytes[3] = (uint8_t)(labels < 0 ? hf_name_label_count(owner) - (owner[0] == 1 && owner[1] == '*') : (unsigned)labels);
	put_u32(bytes + 4, TTL);
	put_u32(bytes + 8, window.expiration);
	put_u32(bytes + 12, window.inception);
	put_u16(bytes + 16, signer->tag);
	struct hf_rdata own = {bytes, (uint16_t)(18 + hf_name_copy(zone, bytes + 18)), 0};
	bytes[own.length] = 0;
	own.length++; /* something stands where the signature will be */
	assert_true(hf_rrsig_read(&own, &rrsig));
	assert_true(hf_canonical_begin(&canonical, set));
	assert_true(hf_canonical_write(&canonical, &rrsig, &own));
	own.length--;
	assert_int_equal(EVP_DigestSignInit(context, NULL, digest_of(signer->algorithm), NULL, signer->pkey), 1);
	if (signer->algorithm == HF_ALGORITHM_ECDSAP256 || signer->algorithm == HF_ALGORITHM_ECDSAP384) {
		length = sizeof(der);
		assert_int_equal(EVP_DigestSign(context, der, &length, canonical.message, canonical.length), 1);
		length = from_der(der, signer->algorithm == HF_ALGORITHM_ECDSAP256 ? 32 : 48, signature);
	} else {
		assert_int_equal(EVP_DigestSign(context, signature, &length, canonical.message, canonical.length), 1);
	}
	EVP_MD_CTX_free(context);
	hf_canonical_free(&canonical);
	memcpy(bytes + own.length, signature, length);
	own.length = (uint16_t)(own.length + length);
	for (struct hf_rdata r = hf_rrset_first(set); r.bytes; r = hf_rrset_next(set, r))
		rdata[count++] = r;
	rdata[count++] = own;
	return hf_rrset_make(f->arena, owner, set->type, set->class, set->ttl, rdata, set->count, (uint16_t)(count - set->count));
}

static struct hf_rrset *plain_set(struct fixture *f)
{
	static const uint8_t addresses[][4] = {{192, 0, 2, 9}, {192, 0, 2, 1}, {10, 0, 0, 1}};
	struct hf_rdata rdata[3];

	for (unsigned i = 0; i < 3; i++)
		rdata[i] = (struct hf_rdata){addresses[i], 4, (uint16_t)i};
	return hf_rrset_make(f->arena, f->owner, HF_TYPE_A, HF_CLASS_IN, TTL, rdata, 3, 0);
}

static struct hf_rrset *key_set(struct fixture *f, const struct signer *signers, unsigned count)
{
	struct hf_rdata rdata[16];

	for (unsigned i = 0; i < count; i++)
		rdata[i] = (struct hf_rdata){signers[i].dnskey, signers[i].length, (uint16_t)i};
	return hf_rrset_make(f->arena, f->zone, HF_TYPE_DNSKEY, HF_CLASS_IN, TTL, rdata, (uint16_t)count, 0);
}

static struct hf_check check_with(struct fixture *f, const struct hf_rrset *set, const struct signer *signers, unsigned count,
				  struct hf_now when)
{
	struct hf_keys *keys = hf_keys_new(key_set(f, signers, count));
	struct hf_check check;

	assert_non_null(keys);
	hf_verify_rrset(f->validator, set, keys, &f->work, when, &check);
	hf_keys_free(keys);
	return check;
}

static void free_signer(struct signer *signer)
{
	EVP_PKEY_free(signer->pkey);
}

/* ---- signatures ---- */

static void every_algorithm_verifies_what_it_signed(void **state)
{
	static const struct {
		uint8_t algorithm;
		unsigned bits;
	} rows[] = {
		{HF_ALGORITHM_RSASHA1, 1024},	{HF_ALGORITHM_RSASHA1_NSEC3, 1024}, {HF_ALGORITHM_RSASHA256, 512},
		{HF_ALGORITHM_RSASHA256, 2048}, {HF_ALGORITHM_RSASHA256, 4096},	    {HF_ALGORITHM_RSASHA512, 1024},
		{HF_ALGORITHM_ECDSAP256, 0},	{HF_ALGORITHM_ECDSAP384, 0},	    {HF_ALGORITHM_ED25519, 0},
		{HF_ALGORITHM_ED448, 0},
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct signer signer;
		struct hf_rrset *set;
		struct hf_check check;

		make_signer(&signer, rows[i].algorithm, rows[i].bits, 256);
		set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
		check = check_with(f, set, &signer, 1, now);
		assert_int_equal(check.security, HF_SECURITY_SECURE);
		assert_false(check.expanded);
		assert_int_equal(check.labels, 2);
		assert_int_equal(check.ttl, TTL);
		/* One bit of what is signed, of the signature, or of the key. */
		for (unsigned bit = 0; bit < 3; bit++) {
			struct hf_rrset *changed = hf_rrset_copy(f->arena, set);
			struct signer other = signer;

			f->work.failed_checks = 0;
			if (bit == 0)
				changed->data[changed->owner_length + 2] ^= 1;
			else if (bit == 1)
				((uint8_t *)changed)[changed->size - 1] ^= 1;
			else
				other.dnskey[other.length - 1] ^= 1;
			check = check_with(f, changed, &other, 1, now);
			assert_int_equal(check.security, HF_SECURITY_BOGUS);
			assert_true(check.cause.ede == HF_EDE_BOGUS || check.cause.ede == HF_EDE_DNSKEY_MISSING);
		}
		free_signer(&signer);
	}
}

static void order_case_and_duplicates_do_not_matter(void **state)
{
	struct fixture *f = *state;
	struct signer signer;
	struct hf_rrset *set;
	struct hf_rdata rdata[5];
	unsigned count = 0;

	make_signer(&signer, HF_ALGORITHM_ECDSAP256, 0, 256);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	for (struct hf_rdata r = hf_rrset_first(set); r.bytes; r = hf_rrset_next(set, r))
		rdata[r.index < 3 ? 2u - r.index : r.index] = r, count++;
	hf_name_from_text("wWw.eXAMPLE.", f->owner);
	set = hf_rrset_make(f->arena, f->owner, HF_TYPE_A, HF_CLASS_IN, 17, rdata, 3, (uint16_t)(count - 3));
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_SECURE);
	assert_int_equal(check_with(f, set, &signer, 1, now).ttl, 17);
	free_signer(&signer);
}

static void every_field_of_a_signature_counts(void **state)
{
	struct fixture *f = *state;
	struct signer signer;
	const struct hf_rrset *set;
	size_t at;

	make_signer(&signer, HF_ALGORITHM_ED25519, 0, 256);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	at = set->owner_length + 3 * (2 + 4) + 2; /* the RRSIG's RDATA */
	for (unsigned field = 0; field < 18 + 9; field++) {
		struct hf_rrset *changed = hf_rrset_copy(f->arena, set);

		f->work.failed_checks = 0;
		changed->data[at + field] ^= 0x10;
		assert_int_not_equal(check_with(f, changed, &signer, 1, now).security, HF_SECURITY_SECURE);
	}
	free_signer(&signer);
}

static void windows_are_looked_at_each_time(void **state)
{
	static const struct {
		uint32_t inception, expiration;
		int64_t wall_s;
		uint16_t ede; /* 0: good */
	} rows[] = {
		{NOW - DAY, NOW + DAY, NOW, 0},
		{NOW, NOW + DAY, NOW, 0},
		{NOW - DAY, NOW, NOW, 0},
		{NOW + 1, NOW + DAY, NOW, HF_EDE_SIGNATURE_NOT_YET_VALID},
		{NOW - DAY, NOW - 1, NOW, HF_EDE_SIGNATURE_EXPIRED},
		{NOW + DAY, NOW - DAY, NOW, HF_EDE_SIGNATURE_EXPIRED_BEFORE_VALID},
		/* RFC 1982: the clock goes over 2^32 between the two. */
		{UINT32_MAX - 100, 100, INT64_C(0x100000000) + 50, 0},
		{UINT32_MAX - 100, 100, INT64_C(0x100000000) - 50, 0},
		{UINT32_MAX - 100, 100, INT64_C(0x100000000) + 101, HF_EDE_SIGNATURE_EXPIRED},
	};
	struct fixture *f = *state;
	struct signer signer;

	make_signer(&signer, HF_ALGORITHM_ED25519, 0, 256);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct window window = {rows[i].inception, rows[i].expiration};
		const struct hf_now when = {.mono_ns = 1, .wall_s = rows[i].wall_s};
		struct hf_check check =
			check_with(f, add_signature(f, plain_set(f), &signer, f->zone, window, -1), &signer, 1, when);

		assert_int_equal(check.security, rows[i].ede ? HF_SECURITY_BOGUS : HF_SECURITY_SECURE);
		assert_int_equal(check.cause.ede, rows[i].ede);
	}
	free_signer(&signer);
}

static void a_set_lives_no_longer_than_its_signature(void **state)
{
	struct fixture *f = *state;
	const struct window window = {NOW - DAY, NOW + 60};
	struct signer signer;

	make_signer(&signer, HF_ALGORITHM_ED25519, 0, 256);
	assert_int_equal(check_with(f, add_signature(f, plain_set(f), &signer, f->zone, window, -1), &signer, 1, now).ttl, 60);
	free_signer(&signer);
}

static void skew_widens_the_window(void **state)
{
	struct fixture *f = *state;
	struct hf_dnssec_policy policy = hf_dnssec_policy_default;
	const struct window window = {NOW - DAY, NOW - 30};
	struct signer signer;
	struct hf_rrset *set;

	make_signer(&signer, HF_ALGORITHM_ED25519, 0, 256);
	set = add_signature(f, plain_set(f), &signer, f->zone, window, -1);
	policy.skew_s = 60;
	hf_validator_configure(f->validator, &policy);
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_SECURE);
	assert_int_equal(check_with(f, set, &signer, 1, now).ttl, 0);
	free_signer(&signer);
}

static void wildcards_are_known_by_their_labels(void **state)
{
	struct fixture *f = *state;
	struct signer signer;
	struct hf_rrset *wildcard, *set;
	struct hf_check check;

	make_signer(&signer, HF_ALGORITHM_ECDSAP256, 0, 256);
	hf_name_from_text("*.example.", f->owner);
	wildcard = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	assert_false(check_with(f, wildcard, &signer, 1, now).expanded);
	hf_name_from_text("a.b.example.", f->owner);
	set = hf_rrset_with_owner(f->arena, f->owner, wildcard);
	check = check_with(f, set, &signer, 1, now);
	assert_int_equal(check.security, HF_SECURITY_SECURE);
	assert_true(check.expanded);
	assert_int_equal(check.labels, 1);
	/* A wildcard above the zone: it would stand for names of others (CVE-2026-44690). */
	set = add_signature(f, plain_set(f), &signer, f->zone, today, 0);
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_BOGUS);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, 4);
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_BOGUS);
	free_signer(&signer);
}

static void a_zone_signs_only_its_own(void **state)
{
	struct fixture *f = *state;
	struct signer signer;
	struct hf_rrset *set;

	make_signer(&signer, HF_ALGORITHM_ED25519, 0, 256);
	hf_name_from_text("www.example.org.", f->owner);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	assert_null(hf_verify_signer(set));
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_BOGUS);
	free_signer(&signer);
}

static void keys_of_one_tag_are_all_tried_within_the_work_allowed(void **state)
{
	struct fixture *f = *state;
	struct signer signers[12];
	struct hf_rrset *set;
	struct hf_check check;

	/* The tag of all is that of the last, which alone is right: changing a key's flags by what another octet loses keeps the sum. */
	make_signer(&signers[11], HF_ALGORITHM_ED25519, 0, 256);
	for (unsigned i = 0; i < 11; i++) {
		signers[i] = signers[11];
		signers[i].dnskey[10] = (uint8_t)(signers[11].dnskey[10] ^ (i + 1));
		signers[i].dnskey[12] = (uint8_t)(signers[11].dnskey[12] + signers[11].dnskey[10] - signers[i].dnskey[10]);
	}
	set = add_signature(f, plain_set(f), &signers[11], f->zone, today, -1);
	f->work.failed_max = 100;
	check = check_with(f, set, signers, 12, now);
	assert_int_equal(check.security, HF_SECURITY_SECURE);
	assert_true(f->work.failed_checks >= 1);
	/* Fewer are allowed, and nothing is known from before. */
	f->work = (struct hf_work){.limit_ns = UINT64_MAX / 2, .failed_max = 3};
	hf_verdicts_free(f->verdicts);
	hf_validator_free(f->validator);
	f->verdicts = hf_verdicts_new(1024, secret);
	f->validator = hf_validator_new(&hf_dnssec_policy_default, &hf_costs_default, f->verdicts);
	check = check_with(f, set, signers, 12, now);
	assert_int_equal(check.security, HF_SECURITY_UNCHECKED);
	assert_true(f->work.exhausted);
	assert_true(f->work.checks <= 4);
	free_signer(&signers[11]);
}

static void nothing_is_verified_twice(void **state)
{
	struct fixture *f = *state;
	struct hf_validator_stats stats;
	struct signer signer;
	struct hf_rrset *set, *bad;

	make_signer(&signer, HF_ALGORITHM_ECDSAP256, 0, 256);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	bad = hf_rrset_copy(f->arena, set);
	((uint8_t *)bad)[bad->size - 1] ^= 1;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_SECURE);
		assert_int_equal(check_with(f, bad, &signer, 1, now).security, HF_SECURITY_BOGUS);
	}
	hf_validator_stats(f->validator, &stats);
	assert_int_equal(stats.checks, 2);
	assert_int_equal(stats.failed_checks, 1);
	assert_int_equal(stats.repeated, 8);
	free_signer(&signer);
}

static void work_is_charged_before_it_is_done(void **state)
{
	struct fixture *f = *state;
	struct signer signer;
	struct hf_rrset *set;

	make_signer(&signer, HF_ALGORITHM_ECDSAP384, 0, 256);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	f->work.limit_ns = hf_costs_default.ecdsa_p384 / 2;
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_UNCHECKED);
	assert_int_equal(f->work.checks, 0);
	free_signer(&signer);
}

static void keys_that_cannot_be_read_are_failures(void **state)
{
	struct fixture *f = *state;
	struct signer signer;
	struct hf_rrset *set;

	make_signer(&signer, HF_ALGORITHM_ECDSAP256, 0, 256);
	memset(signer.dnskey + 4, 0xff, 64); /* no point of the curve (CVE-2025-8677) */
	signer.tag = hf_key_tag(signer.dnskey, signer.length);
	set = add_signature(f, plain_set(f), &signer, f->zone, today, -1);
	assert_int_equal(check_with(f, set, &signer, 1, now).security, HF_SECURITY_BOGUS);
	assert_int_equal(f->work.failed_checks, 1);
	free_signer(&signer);
}

/* ---- keys ---- */

static struct hf_rrset *ds_set(struct fixture *f, const struct signer *signer, uint8_t digest_type, uint8_t algorithm)
{
	uint8_t bytes[4 + 64], owner[HF_NAME_MAX];
	struct hf_rdata rdata = {bytes, 0, 0};
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned length;

	put_u16(bytes, signer->tag);
	bytes[2] = algorithm;
	bytes[3] = digest_type;
	EVP_DigestInit_ex(context, digest_type == 1 ? EVP_sha1() : digest_type == 4 ? EVP_sha384() : EVP_sha256(), NULL);
	EVP_DigestUpdate(context, owner, hf_name_lower(f->zone, owner));
	EVP_DigestUpdate(context, signer->dnskey, signer->length);
	EVP_DigestFinal_ex(context, bytes + 4, &length);
	EVP_MD_CTX_free(context);
	rdata.length = (uint16_t)(4 + length);
	return hf_rrset_make(f->arena, f->zone, HF_TYPE_DS, HF_CLASS_IN, TTL, &rdata, 1, 0);
}

static struct hf_check check_keys(struct fixture *f, const struct hf_rrset *dnskey, const struct hf_rrset *trusted)
{
	struct hf_keys *keys = hf_keys_new(dnskey);
	struct hf_check check;

	hf_verify_dnskey(f->validator, keys, &trusted, 1, &f->work, now, &check);
	hf_keys_free(keys);
	return check;
}

static void a_key_set_is_secure_by_ds_of_each_digest_or_by_an_anchor(void **state)
{
	struct fixture *f = *state;
	struct signer ksk, zsk, keys[2];
	struct hf_rrset *set, *by_zsk;

	make_signer(&ksk, HF_ALGORITHM_ECDSAP256, 0, 257);
	make_signer(&zsk, HF_ALGORITHM_ECDSAP256, 0, 256);
	keys[0] = zsk;
	keys[1] = ksk;
	set = add_signature(f, key_set(f, keys, 2), &ksk, f->zone, today, -1);
	by_zsk = add_signature(f, key_set(f, keys, 2), &zsk, f->zone, today, -1);
	for (unsigned digest = 1; digest <= 4; digest += digest == 2 ? 2 : 1) {
		struct hf_rrset *ds = ds_set(f, &ksk, (uint8_t)digest, ksk.algorithm);

		assert_int_equal(check_keys(f, set, ds).security, HF_SECURITY_SECURE);
		/* Signed, but not by the key that the DS names. */
		assert_int_equal(check_keys(f, by_zsk, ds).security, HF_SECURITY_BOGUS);
		ds->data[ds->size - offsetof(struct hf_rrset, data) - 1] ^= 1;
		assert_int_equal(check_keys(f, set, ds).security, HF_SECURITY_BOGUS);
	}
	assert_int_equal(check_keys(f, set, key_set(f, &ksk, 1)).security, HF_SECURITY_SECURE);
	free_signer(&ksk);
	free_signer(&zsk);
}

static void what_is_not_known_makes_a_zone_insecure(void **state)
{
	struct fixture *f = *state;
	struct signer ksk;
	struct hf_rrset *set;
	struct hf_check check;

	make_signer(&ksk, HF_ALGORITHM_ED25519, 0, 257);
	set = add_signature(f, key_set(f, &ksk, 1), &ksk, f->zone, today, -1);
	check = check_keys(f, set, ds_set(f, &ksk, 2, 12));
	assert_int_equal(check.security, HF_SECURITY_INSECURE);
	assert_int_equal(check.cause.ede, HF_EDE_UNSUPPORTED_KEY_ALGORITHM);
	check = check_keys(f, set, ds_set(f, &ksk, 3, ksk.algorithm));
	assert_int_equal(check.security, HF_SECURITY_INSECURE);
	assert_int_equal(check.cause.ede, HF_EDE_UNSUPPORTED_DIGEST);
	free_signer(&ksk);
}

static void revoked_keys_and_keys_of_no_zone_do_not_sign(void **state)
{
	struct fixture *f = *state;
	static const unsigned flags[] = {257 | 0x80, 1, 0};

	for (unsigned i = 0; i < 3; i++) {
		struct signer ksk;
		struct hf_rrset *set;

		make_signer(&ksk, HF_ALGORITHM_ED25519, 0, flags[i]);
		set = add_signature(f, key_set(f, &ksk, 1), &ksk, f->zone, today, -1);
		assert_int_equal(check_keys(f, set, ds_set(f, &ksk, 2, ksk.algorithm)).security, HF_SECURITY_BOGUS);
		free_signer(&ksk);
	}
}

static void a_digest_of_sha1_does_not_count_beside_a_better_one(void **state)
{
	struct fixture *f = *state;
	struct signer ksk;
	struct hf_rrset *set, *weak, *strong, *both;
	struct hf_rdata rdata[2];

	make_signer(&ksk, HF_ALGORITHM_ED25519, 0, 257);
	set = add_signature(f, key_set(f, &ksk, 1), &ksk, f->zone, today, -1);
	weak = ds_set(f, &ksk, 1, ksk.algorithm);
	strong = ds_set(f, &ksk, 2, ksk.algorithm);
	strong->data[strong->size - offsetof(struct hf_rrset, data) - 1] ^= 1;
	rdata[0] = hf_rrset_first(weak);
	rdata[1] = hf_rrset_first(strong);
	both = hf_rrset_make(f->arena, f->zone, HF_TYPE_DS, HF_CLASS_IN, TTL, rdata, 2, 0);
	assert_int_equal(check_keys(f, set, weak).security, HF_SECURITY_SECURE);
	assert_int_equal(check_keys(f, set, both).security, HF_SECURITY_BOGUS);
	free_signer(&ksk);
}

static void sha1_and_short_keys_are_the_operators_choice(void **state)
{
	struct fixture *f = *state;
	struct hf_dnssec_policy policy = hf_dnssec_policy_default;
	struct signer ksk;
	struct hf_rrset *set;

	make_signer(&ksk, HF_ALGORITHM_RSASHA1, 1024, 257);
	set = add_signature(f, key_set(f, &ksk, 1), &ksk, f->zone, today, -1);
	assert_int_equal(check_keys(f, set, ds_set(f, &ksk, 2, ksk.algorithm)).security, HF_SECURITY_SECURE);
	policy.rsa_bits_min = 2048;
	hf_validator_configure(f->validator, &policy);
	assert_int_equal(check_keys(f, set, ds_set(f, &ksk, 2, ksk.algorithm)).security, HF_SECURITY_INSECURE);
	policy.rsa_bits_min = 512;
	policy.sha1 = false;
	hf_validator_configure(f->validator, &policy);
	assert_int_equal(check_keys(f, set, ds_set(f, &ksk, 2, ksk.algorithm)).security, HF_SECURITY_INSECURE);
	free_signer(&ksk);
}

/* The DNSKEY set is not verified when its keys are too short: a strong key that DS names may have been taken out of it. */
static void a_short_key_does_not_stand_in_for_one_that_was_taken_out(void **state)
{
	struct fixture *f = *state;
	struct hf_dnssec_policy policy = hf_dnssec_policy_default;
	struct signer keys[2];
	struct hf_rrset *all, *taken, *both;
	struct hf_rdata rdata[2];
	struct hf_check check;

	make_signer(&keys[0], HF_ALGORITHM_RSASHA256, 1024, 257);
	make_signer(&keys[1], HF_ALGORITHM_ED25519, 0, 257);
	all = add_signature(f, key_set(f, keys, 2), &keys[1], f->zone, today, -1);
	taken = add_signature(f, key_set(f, keys, 1), &keys[0], f->zone, today, -1);
	for (unsigned i = 0; i < 2; i++)
		rdata[i] = hf_rrset_first(ds_set(f, &keys[i], 2, keys[i].algorithm));
	both = hf_rrset_make(f->arena, f->zone, HF_TYPE_DS, HF_CLASS_IN, TTL, rdata, 2, 0);
	policy.rsa_bits_min = 2048;
	hf_validator_configure(f->validator, &policy);
	assert_int_equal(check_keys(f, all, both).security, HF_SECURITY_SECURE);
	assert_int_equal(check_keys(f, taken, ds_set(f, &keys[0], 2, keys[0].algorithm)).security, HF_SECURITY_INSECURE);
	check = check_keys(f, taken, both);
	assert_int_equal(check.security, HF_SECURITY_BOGUS);
	assert_int_equal(check.cause.ede, HF_EDE_DNSKEY_MISSING);
	assert_non_null(strstr(check.cause.text, "shorter"));
	free_signer(&keys[0]);
	free_signer(&keys[1]);
}

/* ---- shares ---- */

static void an_allowance_fills_up_again(void **state)
{
	struct hf_allowance allowance = {0};
	struct hf_now t = {.mono_ns = HF_NS_PER_SECOND};

	(void)state;
	assert_true(hf_allowance_has(&allowance, 50, 10 * HF_NS_PER_MS, t));
	hf_allowance_take(&allowance, 15 * HF_NS_PER_MS);
	assert_false(hf_allowance_has(&allowance, 50, 10 * HF_NS_PER_MS, t));
	t.mono_ns += 50 * HF_NS_PER_MS; /* 2.5 ms come back: not enough */
	assert_false(hf_allowance_has(&allowance, 50, 10 * HF_NS_PER_MS, t));
	t.mono_ns += 60 * HF_NS_PER_MS;
	assert_true(hf_allowance_has(&allowance, 50, 10 * HF_NS_PER_MS, t));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_algorithm_verifies_what_it_signed),
		TEST(order_case_and_duplicates_do_not_matter),
		TEST(every_field_of_a_signature_counts),
		TEST(windows_are_looked_at_each_time),
		TEST(a_set_lives_no_longer_than_its_signature),
		TEST(skew_widens_the_window),
		TEST(wildcards_are_known_by_their_labels),
		TEST(a_zone_signs_only_its_own),
		TEST(keys_of_one_tag_are_all_tried_within_the_work_allowed),
		TEST(nothing_is_verified_twice),
		TEST(work_is_charged_before_it_is_done),
		TEST(keys_that_cannot_be_read_are_failures),
		TEST(a_key_set_is_secure_by_ds_of_each_digest_or_by_an_anchor),
		TEST(what_is_not_known_makes_a_zone_insecure),
		TEST(revoked_keys_and_keys_of_no_zone_do_not_sign),
		TEST(a_digest_of_sha1_does_not_count_beside_a_better_one),
		TEST(sha1_and_short_keys_are_the_operators_choice),
		TEST(a_short_key_does_not_stand_in_for_one_that_was_taken_out),
		TEST(an_allowance_fills_up_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
