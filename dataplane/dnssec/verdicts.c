// SPDX-License-Identifier: BSD-3-Clause
/* A table of verdicts without locks: an entry is two words that both have to fit. A reader that meets a half-written one sees words of
 * two entries, which fit no third. */
#include "dnssec/verdicts.h"
#include <stdlib.h>
#include <string.h>
#include "base/siphash.h"

enum { WAYS = 4 };

struct entry {
	uint64_t words[2]; /* relaxed atomics; the lowest bit of the second says good */
};

struct hf_verdicts {
	uint64_t keys[2][2]; /* of two independent hashes */
	size_t mask;	     /* of sets */
	struct entry entries[];
};

struct hf_verdicts *hf_verdicts_new(unsigned count, const uint64_t secret[2])
{
	size_t sets = 1;
	struct hf_verdicts *verdicts;

	while (sets * WAYS < count)
		sets *= 2;
	verdicts = calloc(1, sizeof(*verdicts) + sets * WAYS * sizeof(verdicts->entries[0]));
	if (!verdicts)
		return NULL;
	verdicts->mask = sets - 1;
	for (unsigned i = 0; i < 2; i++) {
		verdicts->keys[i][0] = secret[0] ^ (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		verdicts->keys[i][1] = secret[1];
	}
	return verdicts;
}

void hf_verdicts_free(struct hf_verdicts *verdicts)
{
	free(verdicts);
}

struct hf_verdict_key hf_verdicts_part(const struct hf_verdicts *verdicts, const uint8_t *bytes, size_t length)
{
	struct hf_verdict_key out;

	for (unsigned i = 0; i < 2; i++)
		out.words[i] = hf_siphash((const uint8_t *)verdicts->keys[i], bytes, length);
	return out;
}

struct hf_verdict_key hf_verdicts_key(const struct hf_verdicts *verdicts, const uint8_t *message, size_t length,
				      const uint8_t *signature, size_t signature_length, const struct hf_verdict_key *dnskey)
{
	/* Each part is hashed by itself, so that no octet can move from one to the next. */
	const struct hf_verdict_key parts[3] = {
		hf_verdicts_part(verdicts, message, length),
		hf_verdicts_part(verdicts, signature, signature_length),
		*dnskey,
	};
	struct hf_verdict_key out = hf_verdicts_part(verdicts, (const uint8_t *)parts, sizeof(parts));

	out.words[0] |= 1; /* 0 is an empty entry */
	return out;
}

static struct entry *set_of(const struct hf_verdicts *verdicts, const struct hf_verdict_key *key)
{
	return (struct entry *)&verdicts->entries[((key->words[0] >> 1) & verdicts->mask) * WAYS];
}

enum hf_verdict hf_verdicts_find(const struct hf_verdicts *verdicts, const struct hf_verdict_key *key)
{
	const struct entry *set = set_of(verdicts, key);

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t second = __atomic_load_n(&set[i].words[1], __ATOMIC_RELAXED);

		if (__atomic_load_n(&set[i].words[0], __ATOMIC_RELAXED) == key->words[0] && second >> 1 == key->words[1] >> 1)
			return second & 1 ? HF_VERDICT_GOOD : HF_VERDICT_BAD;
	}
	return HF_VERDICT_UNKNOWN;
}

void hf_verdicts_put(struct hf_verdicts *verdicts, const struct hf_verdict_key *key, bool good)
{
	struct entry *set = set_of(verdicts, key);
	unsigned place = key->words[1] >> 62; /* no bit of it chose the set */

	for (unsigned i = 0; i < WAYS; i++)
		if (!__atomic_load_n(&set[i].words[0], __ATOMIC_RELAXED)) {
			place = i;
			break;
		}
	__atomic_store_n(&set[place].words[1], (key->words[1] & ~UINT64_C(1)) | good, __ATOMIC_RELAXED);
	__atomic_store_n(&set[place].words[0], key->words[0], __ATOMIC_RELAXED);
}
