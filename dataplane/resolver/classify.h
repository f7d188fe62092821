// SPDX-License-Identifier: BSD-3-Clause
/* What kind of reply a server gave. */
#pragma once
#include "resolver/scrub.h"

enum hf_kind {
	HF_KIND_ANSWER,	   /* data, or a chain towards it */
	HF_KIND_NODATA,	   /* the name exists, the type does not (RFC 2308 §2.2) */
	HF_KIND_NXDOMAIN,  /* of the chain's final name (RFC 2308 §2.1) */
	HF_KIND_REFERRAL,
	HF_KIND_RECURSIVE, /* RA without AA from a server asked to be authoritative: the last thing to rely on */
	HF_KIND_EMPTY,	   /* NOERROR and nothing in it, with AA or not: perhaps NODATA of a poor server */
	HF_KIND_LAME,	   /* does not serve the zone */
	HF_KIND_ERROR,	   /* any other rcode */
};

const char *hf_kind_to_text(enum hf_kind kind);

/* `forwarder`: the server was asked to recurse, so RA is no fault and a referral is. */
enum hf_kind hf_classify_reply(const struct hf_message *message, const struct hf_scrubbed *scrubbed, bool forwarder);
