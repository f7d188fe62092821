// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/rrsig.h"
#include "wire/octets.h"
#include "wire/rdata.h"

bool hf_rrsig_read(const struct hf_rdata *rdata, struct hf_rrsig *rrsig)
{
	const uint8_t *bytes = rdata->bytes;
	size_t name;

	if (rdata->length <= HF_RRSIG_FIXED_SIZE)
		return false;
	name = hf_rdata_field_length(HF_FIELD_NAME_PLAIN, bytes + HF_RRSIG_FIXED_SIZE, rdata->length - HF_RRSIG_FIXED_SIZE);
	if (name == HF_RDATA_FAULT)
		return false;
	*rrsig = (struct hf_rrsig){
		.type_covered = hf_octets_u16(bytes),
		.algorithm = bytes[2],
		.labels = bytes[3],
		.original_ttl = hf_octets_u32(bytes + 4),
		.expiration = hf_octets_u32(bytes + 8),
		.inception = hf_octets_u32(bytes + 12),
		.key_tag = hf_octets_u16(bytes + 16),
		.signer = bytes + HF_RRSIG_FIXED_SIZE,
		.signature = bytes + HF_RRSIG_FIXED_SIZE + name,
		.signature_length = rdata->length - HF_RRSIG_FIXED_SIZE - name,
	};
	return true;
}
