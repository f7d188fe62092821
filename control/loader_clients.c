// SPDX-License-Identifier: BSD-3-Clause
/* From the access rules' ranges to the kernel's, which know fewer verdicts. */
#include "control/loader_clients.h"

static __u32 client_of(struct hf_access_verdict verdict)
{
	switch ((enum hf_access_action)verdict.action) {
	case HF_ACCESS_ALLOW:
	case HF_ACCESS_ALLOW_SNOOP: /* questions without RD are the slow path's in any case */
		return verdict.dns64 ? HF_CLIENT_DNS64 : 0;
	case HF_ACCESS_DROP:
		return HF_CLIENT_DROP;
	case HF_ACCESS_REFUSE:
		break;
	}
	return HF_CLIENT_SLOW;
}

bool hf_loader_clients_fill(struct hf_client_range half[HF_CLIENT_RANGES], const struct hf_access *access, __u32 counts[2])
{
	__u32 used = 0, any = 0;

	counts[0] = counts[1] = 0;
	for (unsigned family = 0; access && family < 2; family++) {
		const __u32 first = used;

		for (size_t i = 0; i < access->counts[family]; i++) {
			const struct hf_access_range *range = &access->tables[family][i];
			const __u32 client = client_of(range->verdict);

			if (used > first && half[used - 1].client == client)
				continue;
			if (used == HF_CLIENT_RANGES)
				return false;
			half[used++] = (struct hf_client_range){.high = range->high, .low = range->low, .client = client};
			any |= client;
		}
		counts[family] = used - first;
	}
	if (!any)
		counts[0] = counts[1] = 0;
	return true;
}
