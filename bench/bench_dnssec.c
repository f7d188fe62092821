// SPDX-License-Identifier: BSD-3-Clause
/* Signature checks per second, as validation makes them: hf_verify_rrset with the canonical form, the verdicts table
 * and the key kept. Run by bench/dnssec.py beside `openssl speed`.
 *
 *	bench_dnssec FILE SECONDS
 *
 * FILE, in hexadecimal: "ZONE DNSKEY", then "OWNER ADDRESS RRSIG" for each of the sets that are checked in turn. The
 * table of verdicts holds fewer of them, so that none is known from before. Prints checks per second of CPU; 1 when one
 * fails or was not made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "dnssec/verify.h"
#include "measure.h"

enum { SETS_MAX = 64, TTL = 3600, HEX_MAX = 1024 };

static size_t from_hex(const char *text, uint8_t *out)
{
	size_t length = 0;

	for (unsigned octet; sscanf(text + 2 * length, "%2x", &octet) == 1; length++)
		out[length] = (uint8_t)octet;
	return length;
}

int main(int argc, char **argv)
{
	static const uint64_t secret[2] = {1, 2};
	static char words[3][2 * HEX_MAX];
	static uint8_t owner[HEX_MAX], rdata[HEX_MAX], signature[HEX_MAX];
	const struct hf_now now = {.mono_ns = HF_NS_PER_SECOND, .wall_s = time(NULL)};
	struct hf_arena *arena = hf_arena_new(1 << 20);
	struct hf_verdicts *verdicts = hf_verdicts_new(4, secret);
	struct hf_validator *validator = hf_validator_new(&hf_dnssec_policy_default, &hf_costs_default, verdicts);
	struct hf_rrset *sets[SETS_MAX];
	struct hf_validator_stats stats;
	struct hf_keys *keys = NULL;
	unsigned count = 0, made = 0;
	FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
	double begin, spent;

	if (!file || !arena || !validator) {
		fprintf(stderr, "usage: bench_dnssec FILE SECONDS\n");
		return 2;
	}
	if (fscanf(file, "%2047s %2047s", words[0], words[1]) == 2) {
		struct hf_rdata key = {.bytes = rdata};

		from_hex(words[0], owner);
		key.length = (uint16_t)from_hex(words[1], rdata);
		keys = hf_keys_new(hf_rrset_make(arena, owner, HF_TYPE_DNSKEY, HF_CLASS_IN, TTL, &key, 1, 0));
	}
	while (count < SETS_MAX && fscanf(file, "%2047s %2047s %2047s", words[0], words[1], words[2]) == 3) {
		struct hf_rdata both[2] = {{.bytes = rdata}, {.bytes = signature}};

		from_hex(words[0], owner);
		both[0].length = (uint16_t)from_hex(words[1], rdata);
		both[1].length = (uint16_t)from_hex(words[2], signature);
		sets[count] = hf_rrset_make(arena, owner, HF_TYPE_A, HF_CLASS_IN, TTL, both, 1, 1);
		if (sets[count])
			count++;
	}
	fclose(file);
	if (!keys || count < SETS_MAX) {
		fprintf(stderr, "bench_dnssec: %s: not a key and %d signed sets\n", argv[1], SETS_MAX);
		return 1;
	}
	begin = measure_cpu_ns();
	do { /* the clock is read once a round: a read costs a system call, which `openssl speed` does not pay per check */
		for (unsigned set = 0; set < count; set++, made++) {
			struct hf_work work = {.limit_ns = UINT64_MAX / 2, .failed_max = 1};
			struct hf_check check;

			hf_verify_rrset(validator, sets[set], keys, &work, now, &check);
			if (check.security != HF_SECURITY_SECURE) {
				fprintf(stderr, "bench_dnssec: %s: a set does not verify\n", argv[1]);
				return 1;
			}
		}
		spent = measure_cpu_ns() - begin;
	} while (spent < atof(argv[2]) * 1e9);
	hf_validator_stats(validator, &stats);
	if (stats.checks != made) {
		fprintf(stderr, "bench_dnssec: %u sets, but %llu checks\n", made, (unsigned long long)stats.checks);
		return 1;
	}
	printf("%.1f\n", made / (spent / 1e9));
	hf_keys_free(keys);
	hf_validator_free(validator);
	hf_verdicts_free(verdicts);
	hf_arena_free(arena);
	return 0;
}
