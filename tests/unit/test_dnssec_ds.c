// SPDX-License-Identifier: BSD-3-Clause
/* dnssec/verify.c: which DS sets lead on, and which make a zone insecure (RFC 4035 §5.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "dnssec/verify.h"

struct record {
	uint8_t algorithm, digest_type, digest_length;
};

static const struct row {
	const char *what;
	struct record records[2];
	unsigned count;
	bool no_sha1;
	bool usable;
	uint16_t ede;
} rows[] = {
	{"known algorithm and digest", {{13, 2, 32}}, 1, false, true, 0},
	{"unknown algorithm", {{200, 2, 32}}, 1, false, false, HF_EDE_UNSUPPORTED_KEY_ALGORITHM},
	{"unknown digest type", {{13, 200, 32}}, 1, false, false, HF_EDE_UNSUPPORTED_DIGEST},
	{"one of two is known", {{200, 2, 32}, {8, 4, 48}}, 2, false, true, 0},
	{"SHA-1 is switched off", {{5, 2, 32}}, 1, true, false, HF_EDE_UNSUPPORTED_KEY_ALGORITHM},
	/* what is known but cannot be right is a broken chain: whoever could sign it so must not be able to switch validation off */
	{"digest too short", {{13, 2, 31}}, 1, false, true, 0},
	{"no digest", {{13, 2, 0}}, 1, false, true, 0},
	{"no digest, unknown algorithm", {{200, 2, 0}}, 1, false, false, HF_EDE_UNSUPPORTED_KEY_ALGORITHM},
};

static void sets_lead_on_or_not(void **state)
{
	static const uint8_t owner[] = "\7example";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct hf_dnssec_policy policy = hf_dnssec_policy_default;
		struct hf_arena *arena = hf_arena_new(1 << 16);
		struct hf_cause cause = {0};
		struct hf_rdata rdata[2];
		uint8_t bytes[2][64] = {0};
		const struct hf_rrset *set;

		assert_non_null(arena);
		policy.sha1 = !row->no_sha1;
		for (unsigned k = 0; k < row->count; k++) {
			bytes[k][1] = (uint8_t)k; /* key tag */
			bytes[k][2] = row->records[k].algorithm;
			bytes[k][3] = row->records[k].digest_type;
			rdata[k] = (struct hf_rdata){.bytes = bytes[k], .length = (uint16_t)(4 + row->records[k].digest_length)};
		}
		set = hf_rrset_make(arena, owner, HF_TYPE_DS, HF_CLASS_IN, 3600, rdata, (uint16_t)row->count, 0);
		assert_non_null(set);
		if (hf_verify_ds_is_usable(set, &policy, &cause) != row->usable)
			fail_msg("%s: usable is not %d", row->what, row->usable);
		if (!row->usable && cause.ede != row->ede)
			fail_msg("%s: EDE %u, not %u (%s)", row->what, cause.ede, row->ede, cause.text);
		hf_arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_lead_on_or_not),
	};

	return cmocka_run_group_tests_name("dnssec ds", tests, NULL, NULL);
}
