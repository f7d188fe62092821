// SPDX-License-Identifier: BSD-3-Clause
/* Classification of replies; see classify.h. Servers that forget AA are many, so AA alone decides nothing. */
#include "resolver/classify.h"

const char *hf_kind_to_text(enum hf_kind kind)
{
	static const char *const texts[] = {
		[HF_KIND_ANSWER] = "answer",	     [HF_KIND_NODATA] = "nodata",
		[HF_KIND_NXDOMAIN] = "nxdomain",     [HF_KIND_REFERRAL] = "referral",
		[HF_KIND_RECURSIVE] = "recursive-lame", [HF_KIND_EMPTY] = "empty",
		[HF_KIND_LAME] = "lame",	     [HF_KIND_ERROR] = "error",
	};

	return texts[kind];
}

enum hf_kind hf_classify_reply(const struct hf_message *message, const struct hf_scrubbed *scrubbed, bool forwarder)
{
	bool authoritative = message->flags & HF_FLAG_AA;
	bool recursive = (message->flags & HF_FLAG_RA) && !authoritative && !forwarder;

	switch (message->rcode) {
	case HF_RCODE_NXDOMAIN:
		if (recursive)
			return HF_KIND_RECURSIVE;
		return scrubbed->answered ? HF_KIND_ANSWER : HF_KIND_NXDOMAIN;
	case HF_RCODE_YXDOMAIN:
		return scrubbed->too_long ? HF_KIND_ANSWER : HF_KIND_ERROR;
	case HF_RCODE_NOERROR:
		break;
	default:
		return HF_KIND_ERROR;
	}
	if (scrubbed->chain_count)
		return recursive ? HF_KIND_RECURSIVE : HF_KIND_ANSWER;
	if (scrubbed->soa)
		return recursive ? HF_KIND_RECURSIVE : HF_KIND_NODATA;
	if (scrubbed->referral)
		return forwarder ? HF_KIND_EMPTY : HF_KIND_REFERRAL;
	if (scrubbed->ns_of_zone)
		return authoritative || forwarder ? HF_KIND_NODATA : recursive ? HF_KIND_RECURSIVE : HF_KIND_LAME;
	if (scrubbed->soa_above || scrubbed->ns_elsewhere)
		return HF_KIND_LAME;
	if (recursive)
		return HF_KIND_RECURSIVE;
	return scrubbed->proof_count ? HF_KIND_NODATA : HF_KIND_EMPTY;
}
