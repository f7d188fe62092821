// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/work.h"

const struct hf_costs hf_costs_default = {
	.rsa_2048 = 40000,
	.ecdsa_p256 = 150000,
	.ecdsa_p384 = 1500000,
	.ed25519 = 180000,
	.ed448 = 700000,
	.digest = 1500,
	.nsec3_hash = 500,
};

bool hf_allowance_has(struct hf_allowance *allowance, uint32_t share_per_mille, uint64_t burst_ns, struct hf_now now)
{
	uint64_t passed_us = (now.mono_ns - allowance->filled_ns) / 1000;

	if (!allowance->filled_ns || now.mono_ns < allowance->filled_ns || passed_us > burst_ns) {
		allowance->left_ns = (int64_t)burst_ns;
		allowance->filled_ns = now.mono_ns ? now.mono_ns : 1;
	} else if (passed_us) {
		allowance->left_ns += (int64_t)(passed_us * share_per_mille);
		if (allowance->left_ns > (int64_t)burst_ns)
			allowance->left_ns = (int64_t)burst_ns;
		allowance->filled_ns += passed_us * 1000;
	}
	return allowance->left_ns > 0;
}

void hf_allowance_take(struct hf_allowance *allowance, uint64_t ns)
{
	allowance->left_ns -= (int64_t)ns;
}

bool hf_work_spend(struct hf_work *work, uint64_t ns)
{
	if (work->spent_ns + ns > work->limit_ns) {
		work->exhausted = true;
		return false;
	}
	work->spent_ns += ns;
	for (unsigned i = 0; i < work->allowance_count; i++)
		hf_allowance_take(work->allowances[i], ns);
	return true;
}

bool hf_work_fail(struct hf_work *work)
{
	if (work->failed_checks < work->failed_max) {
		work->failed_checks++;
		return true;
	}
	work->exhausted = true;
	return false;
}
