// SPDX-License-Identifier: BSD-3-Clause
/* Reads root hints with ldns and groups them into RRsets. */
#include "io/hints.h"
#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

enum { HINT_RECORDS_MAX = 1024 };

struct hint {
	const uint8_t *owner;
	uint16_t type;
	uint32_t ttl;
	struct hf_rdata rdata;
	bool grouped;
};

/* One RR into `hint`. Returns NULL, or what is wrong with it. */
static const char *take_record(const ldns_rr *rr, struct hf_arena *arena, struct hint *hint)
{
	const ldns_rdf *owner = ldns_rr_owner(rr), *rdata;
	uint8_t lower[HF_NAME_MAX];
	size_t length;

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return "class is not IN";
	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_NS:
		if (ldns_rdf_size(owner) != 1)
			return "NS record of a name other than the root";
		break;
	case LDNS_RR_TYPE_A:
	case LDNS_RR_TYPE_AAAA:
		break;
	default:
		return "only NS, A and AAAA records belong into root hints";
	}
	length = hf_name_lower(ldns_rdf_data(owner), lower);
	rdata = ldns_rr_rdf(rr, 0);
	*hint = (struct hint){
		.owner = hf_arena_copy(arena, lower, length),
		.type = (uint16_t)ldns_rr_get_type(rr),
		.ttl = ldns_rr_ttl(rr),
		.rdata = {.bytes = hf_arena_copy(arena, ldns_rdf_data(rdata), ldns_rdf_size(rdata)),
			  .length = (uint16_t)ldns_rdf_size(rdata)},
	};
	return hint->owner && hint->rdata.bytes ? NULL : "out of memory";
}

static bool read_records(FILE *file, const char *path, struct hf_arena *arena, struct hint *hints, unsigned *count,
			 char error[HF_CONFIG_ERROR_MAX])
{
	ldns_rdf *origin = NULL, *previous = NULL;
	uint32_t ttl = 3600000;
	int line = 1;
	bool good = true;

	*count = 0;
	while (good && !feof(file)) {
		int first_line = line; /* `line` runs ahead to where the next record begins */
		ldns_rr *rr = NULL;
		ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, &ttl, &origin, &previous, &line);
		const char *fault = NULL;

		if (status == LDNS_STATUS_OK && *count == HINT_RECORDS_MAX)
			fault = "too many records";
		else if (status == LDNS_STATUS_OK)
			fault = take_record(rr, arena, &hints[(*count)++]);
		else if (status != LDNS_STATUS_SYNTAX_EMPTY && status != LDNS_STATUS_SYNTAX_TTL &&
			 status != LDNS_STATUS_SYNTAX_ORIGIN)
			fault = ldns_get_errorstr_by_id(status);
		if (fault) {
			snprintf(error, HF_CONFIG_ERROR_MAX, "%s:%d: %s", path, first_line, fault);
			good = false;
		}
		ldns_rr_free(rr);
	}
	ldns_rdf_deep_free(origin);
	ldns_rdf_deep_free(previous);
	return good;
}

/* All hints of the owner and type of hints[first], as one set. */
static const struct hf_rrset *group(struct hint *hints, unsigned count, unsigned first, struct hf_arena *arena)
{
	struct hf_rdata rdata[HINT_RECORDS_MAX];
	uint16_t members = 0;

	for (unsigned i = first; i < count; i++) {
		if (hints[i].type != hints[first].type || !hf_name_equal(hints[i].owner, hints[first].owner))
			continue;
		hints[i].grouped = true;
		rdata[members++] = hints[i].rdata;
	}
	return hf_rrset_make(arena, hints[first].owner, hints[first].type, HF_CLASS_IN, hints[first].ttl, rdata,
			     members, 0);
}

bool hf_hints_load(const char *path, struct hf_arena *arena, const struct hf_rrset *const **sets, unsigned *count,
		   char error[HF_CONFIG_ERROR_MAX])
{
	struct hint hints[HINT_RECORDS_MAX];
	const struct hf_rrset **out;
	unsigned records, servers = 0, addresses = 0;
	FILE *file = fopen(path, "re");
	bool good;

	if (!file) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: %s", path, strerror(errno));
		return false;
	}
	good = read_records(file, path, arena, hints, &records, error);
	fclose(file);
	if (!good)
		return false;
	for (unsigned i = 0; i < records; i++)
		*(hints[i].type == HF_TYPE_NS ? &servers : &addresses) += 1;
	if (servers == 0 || addresses == 0) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: no %s for the root in it", path,
			 servers == 0 ? "NS record" : "server address");
		return false;
	}
	out = hf_arena_take(arena, records * sizeof(*out));
	*count = 0;
	for (unsigned i = 0; out && i < records; i++) {
		if (hints[i].grouped)
			continue;
		out[*count] = group(hints, records, i, arena);
		if (!out[(*count)++])
			out = NULL;
	}
	if (!out) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: out of memory", path);
		return false;
	}
	*sets = out;
	return true;
}
