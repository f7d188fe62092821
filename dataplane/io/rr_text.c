// SPDX-License-Identifier: BSD-3-Clause
/* RDATA through ldns, which knows the presentation form of every type. */
#include "io/rr_text.h"
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include "wire/type.h"

/* RFC 3597 §5: what ldns does not take, in the form for unknown types. */
static json_t *generic(const struct hf_rdata *rdata)
{
	size_t room = 16 + 2 * (size_t)rdata->length;
	char *text = malloc(room);
	json_t *json;
	int at;

	if (!text)
		return json_null();
	at = snprintf(text, room, "\\# %u ", rdata->length);
	for (unsigned i = 0; i < rdata->length; i++)
		at += snprintf(text + at, room - (size_t)at, "%02x", rdata->bytes[i]);
	json = json_string(text);
	free(text);
	return json;
}

static json_t *presentation(const struct hf_rdata *rdata, uint16_t type)
{
	size_t at = 0;
	ldns_rr *rr = ldns_rr_new();
	ldns_buffer *buffer = ldns_buffer_new(512);
	json_t *json = NULL;
	uint8_t *wire = malloc(2 + (size_t)rdata->length);

	if (rr && buffer && wire) {
		wire[0] = (uint8_t)(rdata->length >> 8);
		wire[1] = (uint8_t)rdata->length;
		memcpy(wire + 2, rdata->bytes, rdata->length);
		ldns_rr_set_type(rr, (ldns_rr_type)type);
		if (ldns_wire2rdf(rr, wire, 2 + (size_t)rdata->length, &at) == LDNS_STATUS_OK) {
			bool good = true;

			for (size_t i = 0; good && i < ldns_rr_rd_count(rr); i++) {
				if (i > 0)
					ldns_buffer_printf(buffer, " ");
				good = ldns_rdf2buffer_str(buffer, ldns_rr_rdf(rr, i)) == LDNS_STATUS_OK;
			}
			if (good)
				json = json_stringn((const char *)ldns_buffer_begin(buffer),
						    ldns_buffer_position(buffer));
		}
	}
	free(wire);
	ldns_buffer_free(buffer);
	ldns_rr_free(rr);
	return json;
}

json_t *hf_rr_text(const struct hf_rrset *rrset)
{
	json_t *array = json_array();

	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes; r = hf_rrset_next(rrset, r)) {
		uint16_t type = r.index < rrset->count ? rrset->type : HF_TYPE_RRSIG;
		json_t *text = presentation(&r, type);

		json_array_append_new(array, text ? text : generic(&r));
	}
	return array;
}
