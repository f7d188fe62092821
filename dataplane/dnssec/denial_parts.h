// SPDX-License-Identifier: BSD-3-Clause
/* The two kinds of proofs behind denial.h; for the files of this directory. */
#pragma once
#include "dnssec/denial.h"

enum { HF_DENIAL_SETS_MAX = 32, HF_TYPE_NXNAME = 128 };

/* What the bitmap at a name says of a type. */
struct hf_denial_bitmap {
	const uint8_t *bytes;
	size_t length;
};
bool hf_denial_has_type(const struct hf_denial_bitmap *bitmap, uint16_t type);
/* A match at the very name denies the type: neither it nor CNAME is there, and the record is of the right side of a cut (RFC 4035 §5.4, RFC
 * 6840 §4.1, §4.3). Else `why` says what speaks against it. */
bool hf_denial_bitmap_denies(const struct hf_denial_bitmap *bitmap, uint16_t type, const char **why);

enum hf_denial hf_denial_by_nsec_nxdomain(const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause);
enum hf_denial hf_denial_by_nsec_nodata(const struct hf_denial_proofs *proofs, const uint8_t *name, uint16_t type, bool *nxname,
					struct hf_cause *cause);
enum hf_denial hf_denial_by_nsec_expansion(const struct hf_denial_proofs *proofs, const uint8_t *name, unsigned labels,
					   struct hf_cause *cause);
enum hf_denial hf_denial_by_nsec_ds(const struct hf_denial_proofs *proofs, const uint8_t *name, enum hf_cut *cut, struct hf_cause *cause);

enum hf_denial hf_denial_by_nsec3_nxdomain(const struct hf_denial_proofs *proofs, const uint8_t *name, struct hf_cause *cause);
enum hf_denial hf_denial_by_nsec3_nodata(const struct hf_denial_proofs *proofs, const uint8_t *name, uint16_t type, bool *nxname,
					 struct hf_cause *cause);
enum hf_denial hf_denial_by_nsec3_expansion(const struct hf_denial_proofs *proofs, const uint8_t *name, unsigned labels,
					    struct hf_cause *cause);
enum hf_denial hf_denial_by_nsec3_ds(const struct hf_denial_proofs *proofs, const uint8_t *name, enum hf_cut *cut, struct hf_cause *cause);
