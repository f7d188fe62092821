// SPDX-License-Identifier: BSD-3-Clause
/* DNS messages on the script's side of the wire; see message.h. */
#include <stdlib.h>
#include <string.h>
#include "message.h"

struct sim_message *sim_message_read(const uint8_t *bytes, size_t length, bool tcp, const char **fault)
{
	ldns_pkt *packet = NULL;
	ldns_status status = ldns_wire2pkt(&packet, bytes, length);

	if (status != LDNS_STATUS_OK) {
		*fault = ldns_get_errorstr_by_id(status);
		return NULL;
	}
	struct sim_message *message = calloc(1, sizeof(*message));
	message->packet = packet;
	message->bytes = malloc(length);
	memcpy(message->bytes, bytes, length);
	message->length = length;
	message->tcp = tcp;
	return message;
}

void sim_message_free(struct sim_message *message)
{
	if (!message)
		return;
	ldns_pkt_free(message->packet);
	free(message->bytes);
	free(message);
}

bool sim_message_write(const ldns_pkt *packet, uint8_t **bytes, size_t *length)
{
	return ldns_pkt2wire(bytes, packet, length) == LDNS_STATUS_OK;
}

ldns_rr_list *sim_message_section(const ldns_pkt *packet, enum sim_section section)
{
	switch (section) {
	case SIM_SECTION_ANSWER:
		return ldns_pkt_answer(packet);
	case SIM_SECTION_AUTHORITY:
		return ldns_pkt_authority(packet);
	default:
		return ldns_pkt_additional(packet);
	}
}

const ldns_rr *sim_message_question(const ldns_pkt *packet)
{
	ldns_rr_list *question = ldns_pkt_question(packet);

	return ldns_rr_list_rr_count(question) ? ldns_rr_list_rr(question, 0) : NULL;
}

unsigned sim_message_rcode(const ldns_pkt *packet)
{
	return ldns_pkt_get_rcode(packet) | (unsigned)ldns_pkt_edns_extended_rcode(packet) << 4;
}

unsigned sim_message_edes(const ldns_pkt *packet, uint16_t codes[SIM_EDE_MAX])
{
	const ldns_rdf *options = ldns_pkt_edns_data(packet);
	unsigned count = 0;

	if (!options)
		return 0;
	const uint8_t *bytes = ldns_rdf_data(options);
	size_t length = ldns_rdf_size(options);
	for (size_t at = 0; at + 4 <= length;) {
		uint16_t code = ldns_read_uint16(bytes + at), size = ldns_read_uint16(bytes + at + 2);

		if (code == 15 && size >= 2 && at + 6 <= length && count < SIM_EDE_MAX)
			codes[count++] = ldns_read_uint16(bytes + at + 4);
		at += 4u + size;
	}
	return count;
}

static ldns_rr *canonical(const ldns_rr *rr)
{
	ldns_rr *copy = ldns_rr_clone(rr);

	ldns_rr2canonical(copy);
	return copy;
}

bool sim_message_same_rr(const ldns_rr *a, const ldns_rr *b)
{
	if (ldns_rr_get_type(a) != ldns_rr_get_type(b))
		return false;
	ldns_rr *left = canonical(a), *right = canonical(b);
	bool same = ldns_rr_compare(left, right) == 0;

	ldns_rr_free(left);
	ldns_rr_free(right);
	return same;
}

static void print_name(FILE *out, char *text)
{
	fputs(text ? text : "?", out);
	free(text);
}

void sim_message_print_header(FILE *out, const ldns_pkt *packet)
{
	static const struct {
		bool (*get)(const ldns_pkt *packet);
		const char *name;
	} flags[] = {{ldns_pkt_qr, "QR"}, {ldns_pkt_aa, "AA"}, {ldns_pkt_tc, "TC"}, {ldns_pkt_rd, "RD"},
		     {ldns_pkt_ra, "RA"}, {ldns_pkt_ad, "AD"}, {ldns_pkt_cd, "CD"}};

	if (ldns_pkt_get_opcode(packet) != LDNS_PACKET_QUERY) {
		print_name(out, ldns_pkt_opcode2str(ldns_pkt_get_opcode(packet)));
		fputc(' ', out);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].get(packet))
			fprintf(out, "%s ", flags[i].name);
	unsigned rcode = sim_message_rcode(packet);
	if (rcode > 15)
		fprintf(out, "rcode %u", rcode);
	else
		print_name(out, ldns_pkt_rcode2str((ldns_pkt_rcode)rcode));
}

void sim_message_print_rrs(FILE *out, const ldns_rr_list *rrs)
{
	if (ldns_rr_list_rr_count(rrs) == 0)
		fputs("\t\tnothing\n", out);
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
		fputs("\t\t", out);
		print_name(out, ldns_rr2str(ldns_rr_list_rr(rrs, i)));
	}
}

void sim_message_print_question(FILE *out, const ldns_pkt *packet)
{
	const ldns_rr *question = sim_message_question(packet);

	if (!question) {
		fputs("no question", out);
		return;
	}
	print_name(out, ldns_rdf2str(ldns_rr_owner(question)));
	fputc(' ', out);
	print_name(out, ldns_rr_class2str(ldns_rr_get_class(question)));
	fputc(' ', out);
	print_name(out, ldns_rr_type2str(ldns_rr_get_type(question)));
}
