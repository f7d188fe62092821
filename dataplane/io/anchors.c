// SPDX-License-Identifier: BSD-3-Clause
/* Reads trust anchors with ldns. */
#include "io/anchors.h"
#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

enum { RDATA_MAX = 65535 };

static const char *take_record(const ldns_rr *rr, struct hf_arena *arena, struct hf_anchor_records *records)
{
	uint16_t type = (uint16_t)ldns_rr_get_type(rr);
	uint8_t bytes[RDATA_MAX], owner[HF_NAME_MAX];
	struct hf_rdata rdata = {.bytes = bytes};
	const struct hf_rrset *set;
	size_t length = 0;

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return "class is not IN";
	if (type != HF_TYPE_DS && type != HF_TYPE_DNSKEY)
		return "a trust anchor is a DS or DNSKEY record";
	if (records->count == HF_ANCHOR_RECORDS_MAX)
		return "too many trust anchors";
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *field = ldns_rr_rdf(rr, i);

		if (length + ldns_rdf_size(field) > RDATA_MAX)
			return "the record is too long";
		memcpy(bytes + length, ldns_rdf_data(field), ldns_rdf_size(field));
		length += ldns_rdf_size(field);
	}
	rdata.length = (uint16_t)length;
	hf_name_lower(ldns_rdf_data(ldns_rr_owner(rr)), owner);
	set = hf_rrset_make(arena, owner, type, HF_CLASS_IN, ldns_rr_ttl(rr), &rdata, 1, 0);
	if (!set)
		return "out of memory";
	records->sets[records->count++] = set;
	return NULL;
}

const char *hf_anchors_add_line(const char *line, struct hf_arena *arena, struct hf_anchor_records *records)
{
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
	const char *fault = status == LDNS_STATUS_OK ? take_record(rr, arena, records) : ldns_get_errorstr_by_id(status);

	ldns_rr_free(rr);
	return fault;
}

bool hf_anchors_add_file(const char *path, struct hf_arena *arena, struct hf_anchor_records *records,
			 char error[HF_CONFIG_ERROR_MAX])
{
	ldns_rdf *origin = NULL, *previous = NULL;
	const unsigned before = records->count;
	const char *fault = NULL;
	uint32_t ttl = 0;
	int line = 1;
	FILE *file = fopen(path, "re");

	if (!file) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: %s", path, strerror(errno));
		return false;
	}
	while (!fault && !feof(file)) {
		int first_line = line;
		ldns_rr *rr = NULL;
		ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, &ttl, &origin, &previous, &line);

		if (status == LDNS_STATUS_OK)
			fault = take_record(rr, arena, records);
		else if (status != LDNS_STATUS_SYNTAX_EMPTY && status != LDNS_STATUS_SYNTAX_TTL &&
			 status != LDNS_STATUS_SYNTAX_ORIGIN)
			fault = ldns_get_errorstr_by_id(status);
		if (fault)
			snprintf(error, HF_CONFIG_ERROR_MAX, "%s:%d: %s", path, first_line, fault);
		ldns_rr_free(rr);
	}
	ldns_rdf_deep_free(origin);
	ldns_rdf_deep_free(previous);
	fclose(file);
	if (!fault && records->count == before) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: no DS or DNSKEY record in it", path);
		return false;
	}
	return !fault;
}
